"""The same conversation in the terminal, in Slack and in Teams: the same words, or a row in docs/platforms.md."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from bot.chat.model import Card, Form, Quote, Reply
from handlers.routes import ROUTES
from tests.players import PLAYERS, ROOT, folded, seat
from tests.test_conversation import CONVERSATIONS

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

TABLE = ROOT / "docs" / "platforms.md"
OTHERS = ("slack", "teams")
ELSE = "anything else"  # the route of whatever is no command
COLUMNS = ("terminal", *OTHERS)
REFERENCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}")
ANY_REFERENCE = re.compile(r"[ADR]-[0-9A-Z]{4}-[0-9A-Z]{2}")
_ROUTE, _TYPED, _QUOTED = (re.compile(p) for p in (r"`([^`]+)`", r"\*\*([^*]+)\*\*", r"“([^”]+)”"))


# --- the table -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Row:
    """A line of the table: a route with what to type for it, or something that is not the same."""

    what: str
    cells: dict[str, str]
    why: str

    @property
    def route(self) -> str:
        found = _ROUTE.fullmatch(self.what)
        return found[1] if found else ""

    def ways(self, platform: str) -> list[str]:
        return _TYPED.findall(self.cells[platform])

    def words(self, platform: str) -> list[str]:
        return _QUOTED.findall(self.cells[platform])


@cache
def rows() -> tuple[Row, ...]:
    lines = [s for s in TABLE.read_text("utf-8").splitlines() if s.startswith("|")]
    head, rule, *body = [[c.strip() for c in s.strip("|").split("|")] for s in lines]
    assert [c.lower() for c in head] == ["what", *COLUMNS, "why"]
    assert set("".join(rule)) == {"-"}
    return tuple(Row(c[0], dict(zip(COLUMNS, c[1:4], strict=True)), c[4]) for c in body)


ROUTE_ROWS = [r for r in rows() if r.route]


@dataclass(frozen=True)
class Excuse:
    """Words of the terminal's that a platform does not say, by a row of the table."""

    row: Row
    platform: str
    words: str

    def __str__(self) -> str:
        return f"{self.row.what}, {self.platform}: “{self.words}”"


EXCEPTIONS = [
    Excuse(row, platform, words)
    for row in rows()
    for platform in OTHERS
    if not row.route and row.words(platform)
    for words in row.words("terminal")
]


# --- playing -------------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """What was seen of a conversation, turn by turn; from the terminal also what no platform has drawn yet."""

    words: list[str] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)


Played = Callable[[str, Path], Heard]


@pytest.fixture(scope="module")
def played(built, tmp_path_factory) -> Played:
    """Plays a conversation on a platform, once."""

    @cache
    def play(platform: str, file: Path) -> Heard:
        told = tomllib.loads(file.read_text("utf-8"))
        home = tmp_path_factory.mktemp(f"{platform}-{file.stem}")
        seat(home, built.root, told["school"], {t["who"] for t in told["turn"]})
        return asyncio.run(_play(platform, home, told))

    return play


async def _play(platform: str, home: Path, told: dict) -> Heard:
    heard = Heard()
    reference = "R-0000-00"
    async with PLAYERS[platform](home, told["school"]) as player:
        for turn in told["turn"]:
            if "fills" in turn:
                words = await player.fill(turn["who"], turn["fills"])
            elif "says" in turn:
                text = " ".join([turn["says"]] * turn.get("times", 1))
                words = await player.say(turn["who"], text.replace("R-…", reference))
            else:
                words = await player.told(turn["who"])
            reference = (REFERENCE.findall(words) or [reference])[0]
            heard.words.append(words)
            heard.replies.append(getattr(player, "reply", Reply()))
    return heard


def without_references(text: str) -> str:
    return ANY_REFERENCE.sub("…", folded(text))


def words_of(reply: Reply) -> Iterator[str]:
    """Everything that a reply says, piece by piece."""
    for card in reply.cards:
        yield from words_of_card(card)
    if reply.form:
        yield from words_of_form(reply.form)


def words_of_card(card: Card) -> Iterator[str]:
    yield card.headline
    yield from words_of_quotes(card.quotes)
    yield from card.lines
    yield from card.details
    yield from (b.label for b in card.buttons)


def words_of_form(form: Form) -> Iterator[str]:
    yield from (form.title, form.urgent, form.submit, *form.lines)
    yield from words_of_quotes(form.quotes)
    for one in form.fields:
        yield from (one.label, one.hint, one.error)
        yield from (o.label for o in one.options)
    yield from (b.label for b in form.buttons)


def words_of_quotes(quotes: tuple[Quote, ...]) -> Iterator[str]:
    for quote in quotes:
        yield from (quote.lead_in, quote.text, quote.source)


def missing(turn: dict, heard: str) -> list[str]:
    """What a turn expects and is not there."""
    begins = turn.get("begins", "")
    found = [] if heard.startswith(begins) else [begins]
    return found + [w for w in turn.get("contains", ()) if w not in heard]


def excuse(words: str, heard: str, platform: str) -> Excuse | None:
    """The exception that names these words of the terminal's, where what it says in their place is there."""
    for excuse in EXCEPTIONS:
        if excuse.platform == platform and excuse.words in words:
            return excuse if any(w in heard for w in excuse.row.words(platform)) else None
    return None


def judged(played: Played, platform: str, file: Path) -> set[Excuse]:
    """Check a conversation against what its turns expect; returns the exceptions it needed."""
    turns = tomllib.loads(file.read_text("utf-8"))["turn"]
    here, there = played(platform, file), played("terminal", file)
    used = set()
    for n, (turn, heard) in enumerate(zip(turns, here.words, strict=True)):
        about = f"turn {n + 1}, {turn.get('says', turn.get('fills'))} → {heard}"
        lost = missing(turn, heard)
        if not lost and platform in OTHERS and {"says", "fills"} & set(turn):
            shown = without_references(heard)
            pieces = map(without_references, words_of(there.replies[n]))
            lost = [w for w in pieces if w not in shown]
        for words in lost:
            found = excuse(words, heard, platform)
            assert found, f"“{words}” is not there. {about}"
            used.add(found)
        for words in turn.get("lacks", ()):
            assert words not in heard, f"“{words}” is there. {about}"
    return used


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda f: f.stem)
@pytest.mark.parametrize("platform", COLUMNS)
def test_a_conversation_is_the_same_everywhere(played, platform, file):
    judged(played, platform, file)


# --- the table and the code ------------------------------------------------------------------------------------


def test_every_exception_is_needed(played):
    used = {u for platform in OTHERS for f in CONVERSATIONS for u in judged(played, platform, f)}

    assert sorted(map(str, used)) == sorted(map(str, EXCEPTIONS))


def test_every_row_says_something_and_why():
    for row in rows():
        if row.route:
            assert all(row.ways(p) for p in COLUMNS), row.what
        else:
            assert row.words("terminal"), row.what
            assert any(row.words(p) for p in OTHERS), row.what
            assert all(row.words(p) or row.cells[p] == "the same" for p in OTHERS), row.what
            assert row.why


def test_every_route_stands_in_the_table():
    shown = [r.words[0] if r.words else ELSE for r in ROUTES if r.shown]

    assert [r.route for r in ROUTE_ROWS] == shown


WHO = "robin-practice"
QUESTION = "may I message a pupil on Instagram?"


@pytest.mark.parametrize("platform", COLUMNS)
def test_what_the_table_says_to_type_does_what_its_route_does(built, tmp_path, platform):
    def home(name: str) -> Path:
        seat(tmp_path / name, built.root, "model-primary", ())
        return tmp_path / name

    async def alike() -> None:
        async with (
            PLAYERS["terminal"](home("first"), "model-primary") as first,
            PLAYERS[platform](home("other"), "model-primary") as other,
        ):
            for row in ROUTE_ROWS:
                for way in row.ways(platform):
                    for player in (first, other):
                        await player.write(WHO, QUESTION)
                    said = f"/{row.route}" if row.route != ELSE else row.ways("terminal")[0]
                    await first.write(WHO, said)
                    heard = await other.write(WHO, way)
                    meant = [folded(w) for w in words_of(first.reply)]
                    if platform == "terminal":
                        assert [folded(w) for w in words_of(other.reply)] == meant, way
                    else:
                        assert not [w for w in meant if w not in heard], f"{way} → {heard}"

    asyncio.run(alike())
