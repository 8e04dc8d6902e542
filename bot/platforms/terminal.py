"""The terminal as a chat platform: cards as panels, a line typed as an event."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.chat.model import Card, Event, Quote, Reply, Tone

WIDTH = 100  # columns; a longer line is hard to read
COLOUR = {
    Tone.NO: "red",
    Tone.YES: "green",
    Tone.ONLY_IF: "yellow",
    Tone.DO: "cyan",
    Tone.NOT_COVERED: "magenta",
    Tone.URGENT: "bold red",
    Tone.PLAIN: "white",
}
LEAVE = frozenset({"quit", "exit", "/quit", "/exit", "q"})


class Terminal:
    """Shows replies and reads lines; with no terminal behind it, plain text in and out."""

    def __init__(
        self, out: TextIO, *, colour: bool | None = None, width: int | None = None
    ) -> None:
        self.console = Console(
            file=out, force_terminal=colour, width=width, highlight=False, emoji=False, markup=False
        )
        if not width and self.console.width > WIDTH:
            self.console.width = WIDTH

    def show(self, reply: Reply) -> None:
        for card in reply.cards:
            self.console.print(card_view(card))

    def table(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Show how clauses were read, a row each."""
        table = Table(box=None, pad_edge=False, show_lines=False)
        for heading in ("id", "strength", "binds", "to", "topics", "clause"):
            table.add_column(heading, overflow="fold")
        for row in rows:
            to = row["approver"] or row["route"] or ""
            binds, subjects = ", ".join(row["binds"]), ", ".join(row["topics"])
            own = "*" if row["by_owner"] else ""
            table.add_row(
                printable(row["id"]) + own,
                row["strength"],
                binds,
                to,
                subjects,
                printable(row["text"]),
            )
        self.console.print(table)

    def converse(self, lines: Iterator[str], handle: Callable[[Event], Reply]) -> None:
        """Answer line after line until they end or somebody leaves."""
        for line in lines:
            if line.strip().lower() in LEAVE:
                return
            self.show(handle(Event(line.strip(), conversation="terminal")))

    def ask_lines(self, prompt: str) -> Iterator[str]:
        """Lines typed at the prompt, until end of file or Ctrl-C."""
        while True:
            try:
                yield self.console.input(Text(prompt, style="bold"))
            except (EOFError, KeyboardInterrupt):
                self.console.print()
                return

    @contextmanager
    def progress(self, text: str) -> Iterator[None]:
        """Show that something takes a moment."""
        with self.console.status(text):
            yield


def printable(text: str) -> str:
    """Text without what a terminal would obey: a policy or a question may hold escape sequences."""
    return "".join(c for c in text if c.isprintable() or c == "\n")


def card_view(card: Card) -> RenderableType:
    """Draw a card."""
    colour = COLOUR[card.tone]
    parts: list[RenderableType] = [Text(printable(card.headline), style=f"bold {colour}".strip())]
    parts.extend(Padding(_quote(q), (1, 0, 0, 0)) for q in card.quotes[:1])
    if card.lines:
        parts.append(Padding(Text(printable("\n".join(card.lines))), (1, 0, 0, 0)))
    parts.extend(Padding(_quote(q, style="dim"), (1, 0, 0, 0)) for q in card.quotes[1:])
    if card.details:
        parts.append(
            Padding(Text(printable("\n".join(card.details)), style="dim italic"), (1, 0, 0, 0))
        )
    return Panel(Group(*parts), border_style=colour, padding=(0, 1))


def _quote(quote: Quote, style: str = "") -> RenderableType:
    text = Text(style=style)
    if quote.lead_in:
        text.append(printable(quote.lead_in) + "\n", style="italic")
    text.append(f"“{printable(quote.text)}”")
    text.append("\n" + printable(quote.source), style="dim")
    return Padding(text, (0, 0, 0, 2))
