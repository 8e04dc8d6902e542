"""What the tests share: a home with the model schools indexed once, the command run in this process, a talk."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.app.answers import Engine
from bot.app.talk import Conversation
from bot.chat.model import Event, Form, Reply
from bot.cli import run
from bot.config import MODEL_SCHOOLS, Home
from bot.platforms.terminal import Terminal, field_view

pytest_plugins = ["tests.stores"]
settings.register_profile(
    "house",
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("house")

FRAME = re.compile(r"[╭╮╰╯│─]")
REFERENCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}")


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it printed."""

    status: int
    out: str
    err: str


def unframed(screen: str) -> str:
    """The words on a screen, without frames, line breaks and the columns they fell in."""
    return " ".join(FRAME.sub(" ", screen).split())


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    """A test's home and school are what the test says, whatever this machine has set."""
    ours = [n for n in os.environ if n.startswith(("MAYI_", "SLACK_", "TEAMS_", "GRAPH_"))]
    for name in (*ours, "COLUMNS", "FORCE_COLOR"):
        if name == "MAYI_SHARED":
            continue
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Home:
    """A home in which every model school's index is built; not to be written to."""
    home = Home(tmp_path_factory.mktemp("built"))
    engine = Engine(home)
    for school in MODEL_SCHOOLS:
        engine.index(home.school(school))
    engine.close()
    return home


@pytest.fixture(scope="session")
def engine(built) -> Engine:
    """An engine that answers for the model schools."""
    return Engine(built)


@pytest.fixture
def home(built, tmp_path) -> Path:
    """The folder of a home of one's own, with the model schools' indexes there already."""
    folder = tmp_path / "home"
    shutil.copytree(built.root / "data" / "index", folder / "data" / "index")
    return folder


@pytest.fixture
def mayi(monkeypatch) -> Callable[..., Ran]:
    """Runs `mayi` with these arguments and says how it ended; what escapes as a traceback fails the test."""

    def command(*arguments: object, stdin: bytes | str = b"") -> Ran:
        typed = stdin.encode() if isinstance(stdin, str) else stdin
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed), "utf-8"))
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                run([str(a) for a in arguments])
            except SystemExit as e:
                status = e.code
        out.flush()
        err.flush()
        assert isinstance(status, int), status
        return Ran(status, out.buffer.getvalue().decode(), err.buffer.getvalue().decode())

    return command


SCHOOL_TOML = """name = "{name}"
[roles.headteacher]
holder = "Robin Head"
[roles.dsl]
holder = "Lee Lead"
[outside.lado]
phone = "01632 960001"
"""

POLICY = """---
title: {title}
version: "3"
reviewed: 2026-09-01
next_review: 2099-09-01
owner: headteacher
code: {code}
next_id: 90
---

# Rules

"""


@pytest.fixture
def make_school() -> Callable[..., Path]:
    """Writes a school with its policies (file name -> clauses, a line each) and returns its folder."""

    def make(home: Path, school: str, settings: str = "", /, **policies: str) -> Path:
        folder = home / "schools" / school
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        toml = settings or SCHOOL_TOML.format(name=school.title())
        (folder / "school.toml").write_text(toml, "utf-8")
        for slug, clauses in policies.items():
            write_policy(folder, slug, clauses)
        return folder

    return make


def write_policy(folder: Path, slug: str, clauses: str) -> Path:
    """Write a policy file whose clauses are these paragraphs."""
    file = folder / "policies" / f"{slug}.md"
    head = POLICY.format(title=f"{slug.title()} Policy", code=slug[:2].upper())
    file.write_text(head + "\n\n".join(clauses.strip().splitlines()) + "\n", "utf-8")
    return file


@pytest.fixture
def rewrite() -> Callable[[Path, str, str], Path]:
    """Writes a policy file of a school anew."""
    return write_policy


class Talk:
    """A conversation with a school. Saying a line, or filling in the form that was shown, gives the words on
    the screen."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.forms: dict[str, Form | None] = {}
        self.references: list[str] = []  # of the reports that were sent, as they were shown

    def __call__(self, text: str, who: str = "sam", /, **values: str | tuple[str, ...]) -> str:
        reply = self.conversation.handle(Event(text, who, conversation=who, values=values))
        assert reply.cards or reply.form, f"silence after {text!r}"
        self.forms[who] = reply.form
        if reply.form:  # Slack takes no more in a dialog's heading and on its button
            assert max(len(reply.form.title), len(reply.form.submit)) <= 24
        screen = io.StringIO()
        terminal = Terminal(screen, colour=False, width=100)
        terminal.show(Reply(reply.cards, reply.form))
        for field in reply.form.fields if reply.form else ():
            terminal.console.print(field_view(field))
        words = unframed(screen.getvalue())
        self.references += [r for r in REFERENCE.findall(words) if r not in self.references]
        return words

    def fill(self, who: str, /, **values: str | tuple[str, ...]) -> str:
        """Fill in the form that was shown to this person, and send it."""
        form = self.forms[who]
        assert form, f"no form was shown to {who}"
        assert set(values) <= {f.name for f in form.fields}
        return self(form.says, who, **values)

    def reference(self) -> str:
        """The reference of the report that was sent last in this conversation."""
        return self.references[-1] if self.references else "R-0000-00"

    def told(self, who: str) -> str:
        """What was delivered to this person so far, as they see it."""
        screen = io.StringIO()
        cards = tuple(d.card for d in self.conversation.delivered if d.person == who)
        Terminal(screen, colour=False, width=100).show(Reply(cards))
        return unframed(screen.getvalue())


@pytest.fixture
def talk() -> Iterator[Callable[..., Talk]]:
    """Opens a conversation with a school."""
    opened: list[Conversation] = []

    def open_(home: Path, school: str | None = None) -> Talk:
        opened.append(Conversation(Home(home), school))
        return Talk(opened[-1])

    yield open_
    for conversation in opened:
        conversation.close()
