"""Whatever handlers return, Slack takes: within its limits, never blank, and nothing in it obeyed."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.chat.model import Button, Card, Field, FieldKind, Form, Option, Quote, Reply, Tone
from bot.chat.render import Wording
from bot.platforms.slack import blocks
from tests.slack_fakes import returned, words

WORDS = Wording().text
TEXT = st.one_of(
    st.text(max_size=60),
    st.text("ab &<>*_~`@#:\n", max_size=200),
    st.sampled_from(["", " ", "\n", "\u200b", "\x00", "\ud800", "🙂" * 1200, "a" * 9000, "a b " * 4000,
                     "<!channel> <@U1> &amp;", "https://example.org/a?b=c&d=e", "*" * 5000, "\n" * 4000]),
)  # fmt: skip
SHORT = st.text("abcxyz-", min_size=1, max_size=30)
BUTTON = st.builds(Button, TEXT, TEXT)
QUOTE = st.builds(Quote, TEXT, TEXT, TEXT)
CARD = st.builds(
    Card, TEXT, st.sampled_from(Tone), st.lists(QUOTE, max_size=7).map(tuple),
    st.lists(TEXT, max_size=8).map(tuple), st.lists(TEXT, max_size=3).map(tuple),
    st.lists(BUTTON, max_size=30).map(tuple),
)  # fmt: skip
OPTIONS = st.one_of(
    st.lists(st.builds(Option, st.one_of(SHORT, TEXT), TEXT), max_size=14).map(tuple),
    st.integers(90, 210).map(lambda n: tuple(Option(f"v{i}", f"Option {i}") for i in range(n))),
)
FIELD = st.builds(
    Field, SHORT, TEXT, st.sampled_from(FieldKind), OPTIONS,
    st.one_of(TEXT, st.lists(TEXT, max_size=3).map(tuple)), TEXT, st.booleans(), TEXT,
)  # fmt: skip
FORM = st.builds(
    Form, TEXT, TEXT, st.lists(FIELD, max_size=8).map(tuple), TEXT, TEXT,
    st.lists(QUOTE, max_size=5).map(tuple), st.lists(TEXT, max_size=8).map(tuple),
    st.lists(BUTTON, max_size=6).map(tuple),
)  # fmt: skip


# --- Slack's limits, as its documentation has them ------------------------------------------------------

MOST = {"header": 150, "section": 3000, "context": 3000}


def seen(text: str) -> bool:
    return any(c.isprintable() and not c.isspace() for c in text)


def check_text(text: dict, most: int):
    assert text["type"] in ("plain_text", "mrkdwn")
    assert seen(text["text"])
    assert len(text["text"].encode("utf-16-le", "surrogatepass")) // 2 <= most
    text["text"].encode()
    if text["type"] == "mrkdwn":
        for mark in ("<!", "<@", "<#"):
            assert mark not in text["text"]


def check_blocks(shown: list[dict], most: int):
    assert 0 < len(shown) <= most
    for block in shown:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.to_dict()  # the SDK's own validators
        assert len(block.get("block_id", "")) <= 255
        if block["type"] in ("header", "section"):
            check_text(block["text"], MOST[block["type"]])
        elif block["type"] == "context":
            assert 0 < len(block["elements"]) <= 10
            for element in block["elements"]:
                check_text(element, 3000)
        elif block["type"] == "actions":
            assert 0 < len(block["elements"]) <= 25
            ids = [e["action_id"] for e in block["elements"]]
            assert len(set(ids)) == len(ids)
            for element in block["elements"]:
                check_text(element["text"], 75)
                assert 0 < len(element.get("value", "x")) <= 2000
        elif block["type"] == "input":
            check_input(block)
        else:
            assert block["type"] == "divider"
    ids = [b["block_id"] for b in shown if "block_id" in b]
    assert len(set(ids)) == len(ids)


def check_input(block: dict):
    check_text(block["label"], 2000)
    if "hint" in block:
        check_text(block["hint"], 2000)
    element = block["element"]
    assert len(element["action_id"]) <= 255
    if element["type"] == "plain_text_input":
        assert len(element.get("initial_value", "")) <= element["max_length"] <= 3000
        return
    groups = element.get("option_groups") or [{"options": element["options"]}]
    assert len(groups) <= 100
    options = [o for g in groups for o in g["options"]]
    for group in groups:
        assert 0 < len(group["options"]) <= (100 if "select" in element["type"] else 10)
    for option in options:
        check_text(option["text"], 75)
        assert 0 < len(option["value"]) <= 150
        if "description" in option:
            check_text(option["description"], 75)
    values = [o["value"] for o in options]
    assert len(set(values)) == len(values)
    chosen = element.get("initial_options") or filter(None, [element.get("initial_option")])
    assert all(o in options for o in chosen)


def check_message(message: blocks.Message):
    check_blocks(message.blocks, 50)
    assert seen(message.text)
    assert len(message.text) <= 4000
    assert "<!" not in message.text
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 40_000
    assert not [b for b in message.blocks if b["type"] == "input"]


def check_view(view: View):
    made = view.to_dict()
    assert len(json.dumps(made)) <= 250_000
    check_blocks(made["blocks"], 100)
    if made["type"] == "modal":
        for name in ("title", "close", "submit"):
            if name in made:
                check_text(made[name], 24)
        assert len(made.get("private_metadata", "")) <= 3000
        if any(b["type"] == "input" for b in made["blocks"]):
            assert "submit" in made  # Slack takes no inputs without


@settings(max_examples=40)
@given(st.lists(CARD, min_size=1, max_size=12), st.booleans())
def test_any_cards_make_messages_that_slack_takes(cards, repeat):
    drawn = blocks.messages(cards, WORDS, repeat=repeat)

    assert len(drawn.messages) <= 5
    for message in drawn.messages:
        check_message(message)
    pressed = [
        e["value"] for m in drawn.messages for b in m.blocks if b["type"] == "actions"
        for e in b["elements"] if e["action_id"] == blocks.WHOLE
    ]  # fmt: skip
    assert set(pressed) <= set(drawn.kept)


@settings(max_examples=60)
@given(st.lists(CARD, max_size=4).map(tuple), st.one_of(st.none(), FORM), st.booleans())
def test_any_reply_makes_a_window_that_slack_takes(cards, form, repeat):
    names = set()
    if form:  # a form has each field once
        fields = tuple(f for f in form.fields if not (f.name in names or names.add(f.name)))
        form = Form(form.title, form.says, fields, form.submit, form.urgent, form.quotes,
                    form.lines, form.buttons)  # fmt: skip
    check_view(blocks.window(Reply(cards, form), WORDS, repeat=repeat))
    for text in blocks.errors(form).values() if form else ():
        assert seen(text)
        assert len(text) <= 2000


@settings(max_examples=30)
@given(st.lists(CARD, max_size=30).map(tuple))
def test_any_reply_makes_a_home_page_that_slack_takes(cards):
    view, kept = blocks.home(Reply(cards), WORDS, "nonce")

    check_view(view)
    assert all(kept.values())


@given(TEXT)
def test_any_text_makes_a_window_that_slack_takes(text):
    check_view(blocks.text_window(text, WORDS))


@given(st.text(), st.integers(10, 300))
def test_pieces_make_up_the_text_again(text, most):
    found = blocks.pieces(text, most)

    assert "".join(found) == text
    assert all(blocks.size(p) <= most for p in found)


@given(st.text("abc <&>\n🙂é", max_size=12_000))
def test_a_long_text_that_is_not_touched_comes_back_as_it_was(text):
    form = Form("t", "/x", (Field("what", "What", FieldKind.TEXT, value=text),), "Send")
    view = blocks.window(Reply(form=form), WORDS).to_dict()

    assert blocks.filled(returned(view)).get("what", "") == text


@pytest.mark.parametrize("count", [1, 10, 11, 100, 101, 450])
@pytest.mark.parametrize("kind", [FieldKind.CHOICE, FieldKind.CHOICES])
def test_every_option_can_be_chosen_however_many_there_are(kind, count):
    options = tuple(Option(f"v{n}", f"Option {n}") for n in range(count))
    form = Form("t", "/x", (Field("pick", "Pick", kind, options, "v0"),), "Send")
    view = blocks.window(Reply(form=form), WORDS).to_dict()
    check_view(View(**view))
    (block,) = [b for b in view["blocks"] if b["type"] == "input"]
    groups = block["element"].get("option_groups") or [block["element"]]

    assert [o["value"] for g in groups for o in g["options"]] == [o.value for o in options]
    expected = "v0" if kind is FieldKind.CHOICE else ("v0",)
    assert blocks.filled(returned(view)) == {"pick": expected}


def test_a_clause_is_shown_word_for_word_with_nothing_obeyed():
    clause = "Staff *must not* post <@U1> or <!channel> & friends :smile: ~ever~ _at all_ `code`"
    (message,) = blocks.messages([Card("No.", quotes=(Quote(clause, "1.2"),))], WORDS).messages

    (shown,) = [b["text"] for b in message.blocks if b["type"] == "section"]
    assert shown == {"type": "plain_text", "text": f"“{clause}”", "emoji": False}
    assert "<!channel>" not in message.text
    assert "&lt;!channel&gt;" in message.text


def test_a_long_clause_is_shortened_with_a_way_to_see_it_whole():
    clause = "Staff must think before they post. " * 200
    drawn = blocks.messages([Card("No.", quotes=(Quote(clause, "1.2"),))], WORDS)

    assert "…" in words(drawn.messages[0].blocks)
    assert WORDS("slack_whole_button") in words(drawn.messages[0].blocks)
    (whole,) = drawn.kept.values()
    assert clause.strip() in whole
    shown = blocks.text_window(whole, WORDS).to_dict()
    assert "".join(b["text"]["text"] for b in shown["blocks"]).count("before they post") == 200


def test_links_can_be_followed_and_nothing_else_is_marked_up():
    card = Card("See", lines=("A page: https://example.org/in/abc?x=1&y=2 (once)", "2 < 3 & *4*"))
    (message,) = blocks.messages([card], WORDS).messages

    (text,) = [b["text"] for b in message.blocks if b["type"] == "section"]
    assert text["type"] == "mrkdwn"
    assert "https://example.org/in/abc?x=1&amp;y=2" in text["text"]
    assert "2 &lt; 3" in text["text"]


def test_the_contents_of_a_report_are_refused_for_a_message():
    with pytest.raises(ValueError, match="not for a message"):
        blocks.messages([Card("R-1", confidential=True)], WORDS)


def test_a_confidential_card_is_not_on_the_home_page():
    view, _ = blocks.home(Reply((Card("what was seen", confidential=True), Card("ok"))), WORDS, "")

    assert "what was seen" not in words(view.to_dict())
    assert "ok" in words(view.to_dict())


def test_another_page_or_other_options_is_another_place():
    field = Field("pick", "Pick", FieldKind.CHOICE, (Option("a", "A"), Option("b", "B")))
    other = Field("pick", "Pick", FieldKind.CHOICE, (Option("a", "A"),))
    places = [
        blocks.block_id(field, Form("t", "/x", (field,), "Send")),
        blocks.block_id(field, Form("t", "/y", (field,), "Send")),
        blocks.block_id(other, Form("t", "/x", (other,), "Send")),
    ]

    assert all(a != b for a, b in pairwise(places))


def test_what_is_not_ours_in_a_window_is_no_harm():
    odd = {"state": {"values": {"b": {"x": {"value": "1"}, "y:z": {"value": "2"}, "0:n": None}}}}

    assert blocks.filled(odd) == {}
    assert blocks.filled({}) == {}
    assert blocks.says({"private_metadata": "not json"}) == ""
    assert blocks.says({"private_metadata": "[1]"}) == ""


@given(st.text(max_size=3000))
def test_what_sending_a_window_types_comes_back(said):
    said = said[:350]
    form = Form("t", said, (Field("a", "A", FieldKind.LINE),), "Send")

    assert blocks.says(blocks.window(Reply(form=form), WORDS).to_dict()) == said
