"""Neutral cards and forms as Adaptive Cards 1.5, each small enough for Teams.

Texts are rich text, which Teams shows as it is: nothing that a policy says or somebody typed is taken for
markup. What does not fit is shortened with "…", quotations first and what somebody typed last.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.chat.model import Button, Card, Field, FieldKind, Form, Quote, Reply, Tone

Json = dict[str, Any]
Values = Mapping[str, str | tuple[str, ...]]

LARGEST = 80_000  # bytes of a card; Teams refuses a message of more than 100 kB
TOGETHER = 30_000  # bytes up to which several cards are one message
BUTTONS = 6  # in a row: Teams shows no more of a set
LINES = 60  # of one text, each as a block of its own
CLAUSE = 1_200  # characters of a clause that are shown at once; the whole is a press away
EXPANDED = 8  # options that are all shown; more of them fold away
FILTERED = 20  # … and more than these can be searched
SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
CONTENT_TYPE = "application/vnd.microsoft.card.adaptive"

STYLE = {
    Tone.NO: "attention",
    Tone.YES: "good",
    Tone.ONLY_IF: "warning",
    Tone.DO: "accent",
    Tone.NOT_COVERED: "emphasis",
    Tone.URGENT: "attention",
    Tone.PLAIN: "default",
}
# Before the name of a field: how its value is read when it comes back.
ONE, MANY, TYPED = "c.", "m.", "t."
SAYS = "says"

_KEPT = "\n\u200c\u200d"  # joiners: emoji and some scripts are written with them
_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")


@dataclass(frozen=True, slots=True)
class _Level:
    """How much is shown: characters of a quotation, a line and a value, and how many of each there are."""

    quote: int
    line: int
    value: int
    items: int


_NO_END = 10**9
_LEVELS = (
    _Level(_NO_END, _NO_END, _NO_END, _NO_END),
    _Level(2_000, _NO_END, _NO_END, _NO_END),
    _Level(300, 12_000, _NO_END, 100),
    _Level(200, 2_000, _NO_END, 40),
    _Level(200, 500, 8_000, 20),
    _Level(60, 100, 300, 6),
)
_LONGEST_SAYS = 2_000  # bytes of what a button says, where space is short


class Drawing:
    """Draws replies. `text` gives the few words of our own; `dialogs` are what opens a dialog when said."""

    def __init__(self, text: Callable[..., str], dialogs: Collection[str] = ()) -> None:
        self._text = text
        self._dialogs = frozenset(dialogs)

    def opens(self, says: str) -> bool:
        """Whether the answer to this is, or may be, a form."""
        said, _, rest = says.strip().lstrip("/").partition(" ")
        return said.lower() in self._dialogs and (says.strip().startswith("/") or not rest.strip())

    def messages(
        self, cards: Sequence[Card], *, opening: str = "", repeat: bool = False
    ) -> list[Json]:
        """The cards as messages, as few as they fit into. `opening`: below them, a button that opens a dialog."""
        groups: list[list[Card]] = []
        size = 0
        for card in cards:
            more = _size(list(self._card(card, _LEVELS[0], dialog=False)))
            if not groups or size + more > TOGETHER:
                groups.append([])
                size = 0
            groups[-1].append(card)
            size += more
        if opening and not groups:
            groups.append([])
        last = len(groups) - 1
        return [
            self.one(group, opening=opening if n == last else "", repeat=repeat)
            for n, group in enumerate(groups)
        ]

    def one(self, cards: Sequence[Card], *, opening: str = "", repeat: bool = False) -> Json:
        """The cards as one; `opening` as above."""

        def body(level: _Level) -> Iterator[Json]:
            yield from self._cards(cards, level, dialog=False, repeat=repeat)
            if opening:
                yield from self._opening(opening)

        return self._fitting(body)

    def dialog(self, reply: Reply, *, repeat: bool = False) -> Json:
        """What a dialog shows: cards, a form, or a form below cards."""

        def body(level: _Level) -> Iterator[Json]:
            yield from self._cards(reply.cards, level, dialog=True, repeat=repeat)
            if reply.form:
                yield from self._form(reply.form, level)

        return self._fitting(body)

    def plain(self, template: str) -> Json:
        """A card that says one thing of our own."""
        return self.one((Card(self._text(template)),))

    def _opening(self, says: str) -> Iterator[Json]:
        """What a form is in a conversation: a button that opens it."""
        yield from _texts(self._text("teams_opening"))
        title = _one_line(self._text("teams_opening_button"))
        yield _actions([_fetch(title, {SAYS: clean(says)})])

    # --- cards ----------------------------------------------------------------------------------------

    def _cards(
        self, cards: Sequence[Card], level: _Level, *, dialog: bool, repeat: bool
    ) -> Iterator[Json]:
        if repeat:
            yield from _texts(self._text("repeated"), isSubtle=True, italic=True)
        shown = cards[: level.items]
        for card in shown:
            yield from self._card(card, level, dialog=dialog)
        if len(shown) < len(cards):
            yield from _texts(self._text("teams_more"), isSubtle=True)

    def _card(self, card: Card, level: _Level, *, dialog: bool) -> Iterator[Json]:
        head = list(_texts(_cut(card.headline, level.line), weight="Bolder", size="Medium"))
        if head:
            style = STYLE[card.tone]
            yield {"type": "Container", "style": style, "spacing": "Medium", "items": head}
        quotes = card.quotes[: level.items]
        for quote in quotes[:1]:
            yield from self._quote(quote, level)
        for line in card.lines[: level.items]:
            yield from _texts(_cut(line, level.line))
        for quote in quotes[1:]:
            yield from self._quote(quote, level, subtle=True)
        if len(card.lines) > level.items or len(card.quotes) > level.items:
            yield from _texts(self._text("teams_more"), isSubtle=True)
        if card.details:
            details = [
                block
                for line in card.details[: level.items]
                for block in _texts(_cut(line, level.line), isSubtle=True)
            ]
            yield _actions([_show(self._text("teams_why_button"), details)])
        yield from self._buttons(card.buttons, level, dialog=dialog)

    def _quote(self, quote: Quote, level: _Level, *, subtle: bool = False) -> Iterator[Json]:
        look = {"isSubtle": True} if subtle else {}
        text = f"“{_cut(quote.text, level.quote)}”"
        whole = text if len(text) > CLAUSE else ""
        items = [
            *_texts(_cut(quote.lead_in, level.quote), italic=True, **look),
            *_texts(_cut(text, CLAUSE), **look),
            *_texts(_cut(quote.source, level.quote), isSubtle=True, size="Small"),
        ]
        if whole:
            items.append(_actions([_show(self._text("teams_whole_button"), list(_texts(whole)))]))
        yield {"type": "Container", "style": "emphasis", "spacing": "Medium", "items": items}

    def _buttons(
        self, buttons: Sequence[Button], level: _Level, *, dialog: bool, first: Sequence[Json] = ()
    ) -> Iterator[Json]:
        short = level.items < _NO_END
        actions = list(first) + [
            self._button(b, level, dialog=dialog)
            for b in buttons[: level.items]
            if not (short and _size(b.says) > _LONGEST_SAYS)
        ]
        for n in range(0, len(actions), BUTTONS):
            yield _actions(actions[n : n + BUTTONS])

    def _button(self, button: Button, level: _Level, *, dialog: bool) -> Json:
        title = _one_line(_cut(button.label, min(level.line, 200)))
        data: Json = {SAYS: clean(button.says)}
        if dialog:
            return {"type": "Action.Submit", "title": title, "data": data}
        if self.opens(button.says):
            return _fetch(title, data)
        return {"type": "Action.Execute", "title": title, "verb": SAYS, "data": data}

    # --- forms ----------------------------------------------------------------------------------------

    def _form(self, form: Form, level: _Level) -> Iterator[Json]:
        wrong = [f for f in form.fields if f.error]
        if wrong:
            text = self._text("teams_wrong", fields=[_cut(f.label, 100) for f in wrong])
            items = list(_texts(text, weight="Bolder"))
            yield {"type": "Container", "style": "attention", "items": items}
        if form.urgent:
            items = list(_texts(_cut(form.urgent, level.line)))
            yield {"type": "Container", "style": "warning", "items": items}
        for line in form.lines[: level.items]:
            yield from _texts(_cut(line, level.line))
        for quote in form.quotes[: level.items]:
            yield from self._quote(quote, level)
        if len(form.lines) > level.items or len(form.quotes) > level.items:
            yield from _texts(self._text("teams_more"), isSubtle=True)
        for field in form.fields:
            yield from self._field(field, level)
        send = {
            "type": "Action.Submit",
            "title": _one_line(_cut(form.submit, 200)),
            "style": "positive",
            "data": {SAYS: clean(form.says)},
        }
        # Back takes along what was filled in so far, which is what a submit does unless told otherwise.
        yield from self._buttons(form.buttons, level, dialog=True, first=(send,))

    def _field(self, field: Field, level: _Level) -> Iterator[Json]:
        label = _cut(field.label, min(level.line, 1_000))
        if field.optional:
            label = self._text("teams_optional", label=label)
        if field.error:
            yield from _texts(_cut(field.error, level.line), color="Attention", weight="Bolder")
        yield _input(field, _one_line(label), level)
        if field.hint:
            yield from _texts(_cut(field.hint, level.line), isSubtle=True, size="Small")

    # --- sizes ----------------------------------------------------------------------------------------

    def _fitting(self, body: Callable[[_Level], Iterator[Json]]) -> Json:
        """The card at the first level at which it fits."""
        for level in _LEVELS:
            card = _card(body(level))
            if _size(card) <= LARGEST:
                return card
        return _card(_texts(self._text("teams_too_large")))


def attachment(card: Json) -> Json:
    """A card as it goes into a message or a dialog."""
    return {"contentType": CONTENT_TYPE, "content": card}


def summary(cards: Sequence[Card]) -> str:
    """What a notification shows of a message: the first headline's beginning."""
    return _one_line(_cut(next((c.headline for c in cards), ""), 120))


def filled_in(data: Mapping[str, Any]) -> tuple[str, Values]:
    """What was said by pressing a button or sending a form, and what was filled in.

    Teams leaves out the key of whatever was not touched; an empty value means the same.
    """
    says = data.get(SAYS)
    values: dict[str, str | tuple[str, ...]] = {}
    for key, value in data.items():
        kind, name = key[: len(ONE)], key[len(ONE) :]
        if not name or not isinstance(value, str) or not value:
            continue
        if kind == MANY:
            chosen = tuple(_unpacked(v) for v in value.split(",") if v)
            values[name] = chosen
        elif kind == ONE:
            values[name] = _unpacked(value)
        elif kind == TYPED:
            values[name] = clean(value)
    return (clean(says) if isinstance(says, str) else ""), values


def clean(text: str) -> str:
    """Text without halves of characters, which no JSON and no database takes."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _input(field: Field, label: str, level: _Level) -> Json:
    if field.kind in (FieldKind.LINE, FieldKind.TEXT):
        value = field.value if isinstance(field.value, str) else ", ".join(field.value)
        text: Json = {"type": "Input.Text", "id": TYPED + clean(field.name), "label": label}
        if field.kind is FieldKind.TEXT:
            text["isMultiline"] = True
        if value:
            text["value"] = _cut(_readable(value), level.value)
        return text
    several = field.kind is FieldKind.CHOICES
    chosen = (field.value,) if isinstance(field.value, str) else field.value
    choices: Json = {
        "type": "Input.ChoiceSet",
        "id": (MANY if several else ONE) + clean(field.name),
        "label": label,
        "wrap": True,
        "isMultiSelect": several,
        "style": _choice_style(field),
        "choices": [
            {"title": _one_line(_cut(o.label, min(level.line, 500))), "value": _packed(o.value)}
            for o in field.options
        ],
    }
    if any(chosen):
        choices["value"] = ",".join(_packed(c) for c in chosen if c)
    return choices


def _choice_style(field: Field) -> str:
    if len(field.options) <= EXPANDED or field.kind is FieldKind.CHOICES:
        return "expanded"
    return "filtered" if len(field.options) > FILTERED else "compact"


def _packed(value: str) -> str:
    """A value without commas: they stand between the values of one field."""
    return clean(value).replace("%", "%25").replace(",", "%2C")


def _unpacked(value: str) -> str:
    return clean(value).replace("%2C", ",").replace("%25", "%")


def _texts(text: str, **look: Any) -> Iterator[Json]:
    """A text, a block for each line; with a great many of them, all in one."""
    lines = [line for line in _readable(text).split("\n") if line.strip()]
    if len(lines) > LINES:
        lines = ["\n".join(lines)]
    for number, line in enumerate(lines):
        yield {
            "type": "RichTextBlock",
            "spacing": "Small" if number else "Default",
            "inlines": list(_runs(line, look)),
        }


def _runs(line: str, look: Mapping[str, Any]) -> Iterator[Json]:
    """A line, with its links to press."""
    at = 0
    for link in _LINK.finditer(line):
        if before := line[at : link.start()]:
            yield {"type": "TextRun", "text": before, **look}
        opens = {"type": "Action.OpenUrl", "url": link[0]}
        yield {"type": "TextRun", "text": link[0], "selectAction": opens, **look}
        at = link.end()
    if at < len(line):
        yield {"type": "TextRun", "text": line[at:], **look}


def _readable(text: str) -> str:
    """Text as it may be shown: without control characters and what turns the direction of writing."""
    text = clean(text).replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    return "".join(c for c in text if c in _KEPT or c.isprintable() or c.isspace())


def _one_line(text: str) -> str:
    return " ".join(_readable(text).split()) or "…"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def _fetch(title: str, data: Json) -> Json:
    """A button that opens a dialog."""
    return {
        "type": "Action.Submit",
        "title": title,
        "data": data | {"msteams": {"type": "task/fetch"}},
    }


def _show(title: str, items: list[Json]) -> Json:
    inside = {"type": "AdaptiveCard", "body": items}
    return {"type": "Action.ShowCard", "title": title, "card": inside}


def _actions(actions: Sequence[Json]) -> Json:
    return {"type": "ActionSet", "actions": list(actions)}


def _card(body: Iterator[Json]) -> Json:
    return {
        "type": "AdaptiveCard",
        "$schema": SCHEMA,
        "version": "1.5",
        "lang": "en-GB",
        "msteams": {"width": "full"},
        "body": list(body),
    }


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
