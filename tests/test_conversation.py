"""Conversations as they are held: played from `conversations/*.toml` through the router to the terminal."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest

from bot.chat.model import Card, Event, Reply
from bot.chat.render import Wording
from bot.chat.router import Route, Router
from handlers.routes import ROUTES

CONVERSATIONS = sorted(Path(__file__).with_name("conversations").glob("*.toml"))
TURN_KEYS = {"who", "says", "fills", "times", "begins", "contains", "lacks"}


def turns(file: Path) -> list[dict]:
    return tomllib.loads(file.read_text("utf-8"))["turn"]


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda f: f.stem)
def test_conversation(home, talk, file):
    says = talk(home, tomllib.loads(file.read_text("utf-8"))["school"])
    for turn in turns(file):
        heard = play(says, turn)

        assert heard.startswith(turn.get("begins", ""))
        for words in turn.get("contains", ()):
            assert words in heard, turn.get("says", turn.get("fills"))
        for words in turn.get("lacks", ()):
            assert words not in heard, turn.get("says", turn.get("fills"))


def play(says, turn: dict) -> str:
    """One turn: something is said, the form that was shown is filled in, or the clock goes on."""
    if "fills" in turn:
        filled = {k: tuple(v) if isinstance(v, list) else v for k, v in turn["fills"].items()}
        return says.fill(turn["who"], **filled)
    if "says" not in turn:
        return says.told(turn["who"])
    text = " ".join([turn["says"]] * turn.get("times", 1))
    return says(text.replace("R-…", says.reference()), turn["who"])


@pytest.mark.parametrize("file", CONVERSATIONS, ids=lambda f: f.stem)
def test_a_conversation_file_says_only_what_is_played(file):
    told = tomllib.loads(file.read_text("utf-8"))

    assert set(told) == {"title", "school", "turn"}
    for turn in told["turn"]:
        assert set(turn) <= TURN_KEYS
        assert {"begins", "contains", "lacks"} & set(turn)


# --- what holds for every route ------------------------------------------------------------------------

ANYTHING = ("", " ", "x", "🙂", "a" * 10_000, "{{ x }}", "[red]", "\x00", "1", "help", "/", "?")


@pytest.mark.parametrize("rest", ANYTHING, ids=lambda r: repr(r)[:12])
@pytest.mark.parametrize("route", ROUTES, ids=lambda r: r.words[0] if r.words else "else")
def test_every_route_answers_anything(home, talk, route, rest):
    says = talk(home, "model-infant")
    heard = says(f"/{route.words[0]} {rest}" if route.words else rest)

    assert heard
    assert "went wrong" not in heard


@pytest.mark.parametrize(
    "route", [r for r in ROUTES if r.shown], ids=lambda r: r.words[0] if r.words else "else"
)
def test_every_route_says_in_one_sentence_what_it_does(home, talk, route):
    assert route.help.endswith(".")
    assert route.help in talk(home, "model-infant")("help")


def test_no_word_belongs_to_two_routes():
    words = [w for r in ROUTES for w in r.words]

    assert len(words) == len(set(words))
    assert sum(not r.words for r in ROUTES) == 1


async def fails(event: Event, rest: str, services: None) -> Reply:
    """Fail."""
    raise RuntimeError(rest)


def test_a_handler_that_fails_still_answers_and_what_was_typed_is_not_logged(caplog):
    router = Router([Route(fails)], lambda _: Wording())
    reply = asyncio.run(router.handle(Event("a secret about a child"), None))

    assert "Something went wrong" in reply.cards[0].headline
    assert "secret" not in caplog.text
    assert "RuntimeError" in caplog.text


def test_even_a_school_that_spoilt_that_message_is_answered(tmp_path):
    (tmp_path / "broken.j2").write_text("{{ nothing.like.this }}")
    router = Router([Route(fails)], lambda _: Wording([tmp_path]))

    assert asyncio.run(router.handle(Event("hello"), None)).cards


def test_a_button_is_the_same_as_typing_what_it_says(home, talk):
    handle = talk(home, "model-primary").conversation.handle
    card: Card = handle(Event("may I message a pupil on Instagram?", conversation="sam")).cards[0]
    (button,) = card.buttons

    assert button.label == "Not what I asked"
    assert "on the list" in handle(Event(button.says, conversation="sam")).cards[0].headline


def test_what_is_kept_of_an_unanswered_question_is_said_truly(home, make_school, talk):
    """A school that keeps no questions does not say that it did."""
    make_school(home, "oak", 'name = "Oak"\n[answers]\nkeep_questions = 0\n', phones=PHONES)
    says = talk(home, "oak")

    assert "on the list" not in says("may I park my caravan in the playground?")
    assert "on the list" not in says("/not-that")
    assert not (home / "data" / "questions" / "oak.db").exists()


PHONES = "Staff must not use a personal phone in a classroom. {#PH-1}"


def test_an_answer_survives_a_damaged_list_of_questions(home, talk):
    """The list is a convenience; the policy still answers."""
    (home / "data" / "questions").mkdir(parents=True)
    (home / "data" / "questions" / "model-primary.db").write_bytes(b"no database" * 500)
    heard = talk(home, "model-primary")("may I message a pupil on Instagram?")

    assert "must not be done" in heard


def test_a_school_without_a_policy_says_so(home, make_school, talk):
    make_school(home, "oak")
    says = talk(home, "oak")

    assert "does not say" in says("may I message a pupil?")
    assert "no policy yet" in says("policies")
