"""The picture in the README: a real conversation, as the terminal showed it.

    python -m tests.bench.picture [--school S] [QUESTION ...]

Writes `docs/images/conversation.svg`. Nothing in it is drawn by hand: the questions go through the
same door as in `mayi try`, and what came back is saved.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from bot.app.talk import Conversation
from bot.chat.model import Event
from bot.config import home
from bot.platforms.terminal import card_view
from tests.bench.sets import ROOT

TO = ROOT / "docs" / "images" / "conversation.svg"
SCHOOL = "model-infant"
QUESTIONS = (
    "can I accept a friend request from a Year 2 mum?",
    "may I set up an Instagram for my class?",
    "may I use my phone at lunch?",
)
WIDTH = 88  # columns: wide enough for a clause, narrow enough for a page
FONTS = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
THEME = TerminalTheme(
    (24, 26, 31),
    (222, 224, 228),
    [
        (24, 26, 31),
        (240, 113, 120),
        (126, 201, 126),
        (230, 190, 105),
        (122, 162, 247),
        (198, 146, 233),
        (98, 198, 214),
        (222, 224, 228),
    ],
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.picture", description=__doc__)
    parser.add_argument("--school", default=SCHOOL)
    parser.add_argument("question", nargs="*", default=QUESTIONS)
    given = parser.parse_args()
    screen = Console(
        file=io.StringIO(),
        record=True,
        width=WIDTH,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        emoji=False,
        markup=False,
    )
    with tempfile.TemporaryDirectory() as folder:
        talk = Conversation(home(folder, {}), given.school)
        for question in given.question:
            screen.print(Text(f"{talk.school.id} > {question}", style="bold"))
            for card in talk.handle(Event(question, conversation="picture")).cards:
                print(f"{question} -> {card.headline}")
                screen.print(card_view(card))
        talk.close()
    # The same file from the same conversation; and no font is fetched from anywhere.
    svg = screen.export_svg(title="mayi try", theme=THEME, unique_id="mayi")
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face\s*\{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r"font-family:[^;]*;", f"font-family: {FONTS};", svg)
    svg = "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"
    TO.parent.mkdir(parents=True, exist_ok=True)
    TO.write_text(svg, "utf-8")
    print(f"{TO.relative_to(ROOT)}: {len(svg) // 1024} kB")


if __name__ == "__main__":
    main()
