"""Whatever handlers return is an Adaptive Card that Teams takes, and what comes back is what was filled in."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from microsoft_teams.cards import AdaptiveCard

from bot.chat.model import Button, Card, Field, FieldKind, Form, Option, Quote, Reply, Tone
from bot.chat.render import Wording
from bot.platforms.teams.cards import BUTTONS, LARGEST, Drawing, filled_in
from tests.teams_fakes import button, elements, words

drawing = Drawing(Wording().text, {"report", "open"})

# Anything at all, halves of characters and controls too; now and then a great deal of it.
some = st.text(max_size=40)
odd = st.text(st.characters(exclude_categories=()), max_size=40)
text = st.one_of(some, odd, st.builds(lambda t, n: t * n, some, st.integers(1, 3_000)))
quotes = st.builds(Quote, text, text, text)
buttons = st.builds(Button, text, text)
cards = st.builds(
    Card,
    text,
    st.sampled_from(Tone),
    quotes=st.lists(quotes, max_size=4).map(tuple),
    lines=st.lists(text, max_size=6).map(tuple),
    details=st.lists(text, max_size=3).map(tuple),
    buttons=st.lists(buttons, max_size=9).map(tuple),
)
options = st.lists(st.builds(Option, text, text), max_size=25).map(tuple)
fields = st.builds(
    Field,
    text,
    text,
    st.sampled_from(FieldKind),
    options,
    st.one_of(text, st.lists(text, max_size=3).map(tuple)),
    text,
    st.booleans(),
    text,
)
forms = st.builds(
    Form,
    text,
    text,
    st.lists(fields, max_size=6).map(tuple),
    text,
    text,
    st.lists(quotes, max_size=3).map(tuple),
    st.lists(text, max_size=5).map(tuple),
    st.lists(buttons, max_size=3).map(tuple),
)


def accepted(card) -> None:
    sent = json.dumps(card, ensure_ascii=False).encode()  # what has halves of characters fails here
    assert len(sent) <= LARGEST
    AdaptiveCard.model_validate(json.loads(sent))
    for one in elements(card):
        if one["type"] == "ActionSet":
            assert 1 <= len(one["actions"]) <= BUTTONS
        if one["type"].startswith("Action."):
            assert one.get("title") or one["type"] == "Action.OpenUrl"
        if one["type"] == "RichTextBlock":
            assert all(run["text"] for run in one["inlines"])


@given(st.lists(cards, max_size=5), st.booleans(), st.sampled_from(("", "/open R-1")))
@settings(max_examples=60)
def test_any_cards_are_accepted(shown, repeat, opening):
    for card in drawing.messages(shown, repeat=repeat, opening=opening):
        accepted(card)
    accepted(drawing.one(shown, repeat=repeat, opening=opening))
    accepted(drawing.dialog(Reply(tuple(shown)), repeat=repeat))


@given(forms)
@settings(max_examples=60)
def test_any_form_is_accepted(form):
    accepted(drawing.dialog(Reply(form=form)))


ids = st.text("abcdefghijklmnopqrstuvwxyz_-", min_size=1, max_size=12)
readable = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)


@given(
    st.lists(st.tuples(ids, st.lists(readable, unique=True, max_size=4)), unique_by=lambda f: f[0])
)
def test_what_is_shown_filled_in_comes_back_as_it_was(filled):
    form = Form(
        "T",
        "/page",
        tuple(
            Field(name, name, FieldKind.CHOICES, tuple(Option(v, v) for v in values), tuple(values))
            for name, values in filled
        ),
        "Send",
    )
    card = drawing.dialog(Reply(form=form))
    data = {e["id"]: e["value"] for e in elements(card) if "value" in e and "id" in e}

    assert filled_in(data | button(card)["data"]) == (
        "/page",
        {name: tuple(values) for name, values in filled if values},
    )


@given(
    st.dictionaries(
        st.text(max_size=6), st.recursive(st.none() | st.text() | st.integers(), st.lists)
    )
)
def test_any_data_is_read(data):
    says, values = filled_in(data)

    assert isinstance(says, str)
    assert all(isinstance(v, str | tuple) for v in values.values())


def test_what_was_typed_is_not_taken_for_markup():
    typed = "**bold** [here](https://evil.example) {{DATE(2026-01-01)}} <at>all</at>"
    card = drawing.one((Card(typed, lines=(typed,), quotes=(Quote(typed, typed, typed),)),))

    assert not [e for e in elements(card) if e["type"] == "TextBlock"]  # only those know markup
    assert "**bold** [here](" in words(card)


def test_a_link_can_be_pressed_and_reads_as_what_it_opens():
    card = drawing.one(
        (Card("x", lines=("Open https://mayi.oak.example/in/abc-_1. Then sign in",)),)
    )
    (run,) = [e for e in elements(card) if "selectAction" in e]

    assert run["text"] == run["selectAction"]["url"] == "https://mayi.oak.example/in/abc-_1"
    assert "Open https://mayi.oak.example/in/abc-_1 . Then sign in" in words(card)


def test_a_long_clause_is_shortened_and_whole_a_press_away():
    clause = "Staff must not do this. " * 200
    card = drawing.one((Card("No", Tone.NO, quotes=(Quote(clause, "RU-1"),)),))

    assert "Show the whole clause" in words(card)
    (whole,) = [e for e in elements(card) if e["type"] == "Action.ShowCard"]
    assert clause.strip() in words(whole)


def test_cards_that_are_too_much_for_one_message_are_several():
    shown = [Card(f"Card {n}", lines=("x" * 20_000,)) for n in range(6)]
    drawn = drawing.messages(shown)

    assert len(drawn) == 6
    assert [words(d)[:6] for d in drawn] == [f"Card {n}" for n in range(6)]


def test_what_somebody_typed_is_the_last_thing_to_be_shortened():
    typed = "é" * 10_000
    field = Field("what", "What happened", FieldKind.TEXT, value=typed)
    form = Form("T", "/page", (field,), "Next", quotes=(Quote("q" * 90_000, "s"),))
    card = drawing.dialog(Reply(form=form))

    assert next(e["value"] for e in elements(card) if e["type"] == "Input.Text") == typed


def test_a_repeat_says_that_it_is_one():
    assert "before" in words(drawing.one((Card("x"),), repeat=True))
    assert "before" in words(drawing.dialog(Reply((Card("x"),)), repeat=True))


def test_nothing_is_required_by_the_client():
    """Or Back would ask for what the page asks for; what is missing is said by us, with the page."""
    form = Form(
        "T", "/page", (Field("a", "A", FieldKind.LINE),), "Next", buttons=(Button("Back", "/b"),)
    )
    card = drawing.dialog(Reply(form=form))

    assert "isRequired" not in json.dumps(card)
    assert button(card, "Back").get("associatedInputs", "auto") == "auto"
