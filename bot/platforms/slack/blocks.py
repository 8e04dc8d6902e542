"""Cards and forms as Slack's blocks: whatever a handler returns, Slack takes it.

Everything is built with slack_sdk's own model classes, which check Slack's limits when they are turned into
JSON; what they do not check (the size of a view, of a message, blank text) is met here. Clauses and all other
text are plain text in Slack, where no character means anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    CheckboxesElement,
    ContextBlock,
    DividerBlock,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    Option,
    OptionGroup,
    PlainTextInputElement,
    PlainTextObject,
    RadioButtonsElement,
    SectionBlock,
    StaticMultiSelectElement,
    StaticSelectElement,
)
from slack_sdk.models.blocks.basic_components import DispatchActionConfig
from slack_sdk.models.views import View

from bot.chat.model import Button, Card, Field, FieldKind, Form, Quote, Reply, Tone

# Slack's limits, in characters or pieces.
TEXT, HEADER, LABEL, BUTTON, VALUE, TITLE = 3000, 150, 2000, 75, 2000, 24
OPTION, OPTION_VALUE, OPTIONS, BOXES = 75, 150, 100, 10
MESSAGE_BLOCKS, VIEW_BLOCKS, VIEW_BYTES, METADATA = 50, 100, 250_000, 3000
APART = 24  # lines of a window that stand apart from one another

# Ours, below them. A message is read, not studied: what is longer opens whole in a window.
QUOTES_SHOWN, QUOTE_SHOWN, SOURCE_SHOWN = 4, 1200, 250
HEADLINE_SHOWN, LINES_SHOWN, DETAILS_SHOWN, FALLBACK = 1500, 2800, 800, 3000
MESSAGE_TEXT = 11_000  # of all blocks of a message together
BUTTONS, ROW = 20, 5
MESSAGES = 5  # that often an address for answers (response_url) can be used
FIELDS = 40
VIEW_ROOM = 240_000  # bytes of a view, with some to spare

SAY, WHOLE, ASK, ASK_OPEN = "say", "whole", "ask", "ask-open"  # what an action's id begins with
FORM, SHOW = "form", "show"  # a window's callback id

ICON = {
    Tone.NO: "⛔ ",
    Tone.YES: "✅ ",
    Tone.ONLY_IF: "⚠️ ",
    Tone.DO: "➡️ ",
    Tone.NOT_COVERED: "❔ ",
    Tone.URGENT: "🚨 ",
    Tone.PLAIN: "",
}
_LINK = re.compile(r"https?://[^\s<>|]+[^\s<>|.,;:!?)\]}'\"”]")
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
Words = Callable[..., str]  # template and values -> text


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its blocks, and the same in plain text for notifications and screen readers."""

    blocks: list[dict[str, Any]]
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """Messages, and what their buttons will ask for: the whole text of what was shortened, by its key."""

    messages: tuple[Message, ...]
    kept: Mapping[str, str] = field(default_factory=dict)


# --- text ------------------------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Text without what cannot be shown: control characters, halves of characters, turned directions."""
    return _UNSEEN.sub(lambda c: " " if c.group() in "\t\r\x0b\x0c" else "", text)


def visible(text: str) -> bool:
    """Whether there is anything to see; Slack refuses text where there is not."""
    return any(c.isprintable() and not c.isspace() for c in text)


def size(text: str) -> int:
    """How long a text is for Slack, at worst: `&` counts as `&amp;`, and an emoji twice."""
    return (
        len(text)
        + sum(c > "\uffff" for c in text)
        + 4 * text.count("&")
        + 3 * (text.count("<") + text.count(">"))
    )


def cut(text: str, most: int) -> str:
    """A text that is too long, shortened at a word, with an ellipsis."""
    if size(text) <= most:
        return text
    head = _head(text, most - 1)
    word = max(head.rfind(" "), head.rfind("\n"))
    return (head[:word] if word > len(head) * 0.8 else head).rstrip() + "…"


def pieces(text: str, most: int) -> list[str]:
    """A text in pieces of at most this size, which make up the text again."""
    found = []
    while size(text) > most:
        head = _head(text, most)
        line, word = head.rfind("\n") + 1, head.rfind(" ") + 1
        end = line if line > len(head) * 0.5 else word if word > len(head) * 0.5 else len(head)
        found.append(text[:end])
        text = text[end:]
    return [*found, text]


def _head(text: str, most: int) -> str:
    """As much from the beginning as has this size."""
    room = most
    for n, c in enumerate(text):
        room -= 5 if c == "&" else 4 if c in "<>" else 2 if c > "\uffff" else 1
        if room < 0:
            return text[:n]
    return text


def escape(text: str) -> str:
    """Text for where Slack reads marks: nothing in it is a mention, a link or a command."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def digest(*parts: str) -> str:
    """A short name for a text."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _plain(text: str) -> PlainTextObject:
    return PlainTextObject(text=text, emoji=False)


def _label(text: str, most: int, otherwise: str = "…") -> PlainTextObject:
    """A label of one line; never blank."""
    line = " ".join(clean(text).split())
    return _plain(cut(line, most) if visible(line) else otherwise)


# --- pieces of a card ------------------------------------------------------------------------------------


def _sections(text: str, *, bold: bool = False) -> list[Block]:
    """A text in as many sections as it needs."""
    text = clean(text).strip("\n")
    most = TEXT * 2 // 5 if bold else TEXT  # the marks around every line count as well
    return [_section(p, bold=bold) for p in pieces(text, most) if visible(p)]


def _section(text: str, *, bold: bool = False) -> Block:
    if bold:
        return SectionBlock(text=MarkdownTextObject(text=_bold(text), verbatim=True))
    if _LINK.search(text):
        return SectionBlock(text=MarkdownTextObject(text=escape(text)))
    return SectionBlock(text=_plain(text))


def _bold(text: str) -> str:
    """Every line in bold; its own asterisks become look-alikes, for Slack knows no escape."""
    shown = text.replace("*", "∗")
    return "\n".join(
        f"*{escape(s)}*" if visible(s := line.strip()) else "" for line in shown.split("\n")
    )


def _headline(card: Card, *, whole: bool) -> list[Block]:
    text = clean(card.headline).strip()
    if not visible(text):
        return []
    text = ICON[card.tone] + text
    if "\n" not in text and size(text) <= HEADER:
        return [HeaderBlock(text=_plain(text))]
    return _sections(text if whole else cut(text, HEADLINE_SHOWN), bold=True)


def _quote(quote: Quote, *, whole: bool) -> list[Block]:
    text = clean(quote.text).strip()
    if visible(quote.lead_in):
        text = f"{clean(quote.lead_in).strip()}\n“{text}”" if visible(text) else quote.lead_in
    elif visible(text):
        text = f"“{text}”"
    blocks = _sections(text if whole else cut(text, QUOTE_SHOWN))
    if visible(quote.source):
        source = " ".join(clean(quote.source).split())
        blocks.append(ContextBlock(elements=[_plain(cut(source, SOURCE_SHOWN))]))
    return blocks


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(s for line in lines if visible(s := clean(line).strip()))


def _apart(lines: Sequence[str]) -> list[Block]:
    """Lines with room between them, each its own section; many of them as one text."""
    if len(lines) > APART:
        return _sections(_lines(lines))
    return [block for line in lines for block in _sections(line)]


def _buttons(
    buttons: Sequence[Button], first: Sequence[ButtonElement] = (), *, plain: bool = False
) -> list[Block]:
    """Buttons in rows; what a button says is its whole value. The first of several stands out."""
    elements = list(first)
    for n, button in enumerate(buttons[:BUTTONS]):
        elements.append(
            ButtonElement(
                text=_label(button.label, BUTTON),
                action_id=f"{SAY}.{n}",
                value=_head(clean(button.says), VALUE) or " ",
                style="primary" if n == 0 and len(buttons) > 1 and not (first or plain) else None,
            )
        )
    return [ActionsBlock(elements=elements[n : n + ROW]) for n in range(0, len(elements), ROW)]


def _card(card: Card, *, whole: bool) -> list[Block]:
    """A card without its buttons: headline, first quotation, lines, the others, details."""
    quotes = card.quotes if whole else card.quotes[:QUOTES_SHOWN]
    blocks = _headline(card, whole=whole)
    for quote in quotes[:1]:
        blocks += _quote(quote, whole=whole)
    lines = _lines(card.lines)
    blocks += _sections(lines if whole else cut(lines, LINES_SHOWN))
    for quote in quotes[1:]:
        blocks += _quote(quote, whole=whole)
    details = " ".join(_lines(card.details).split("\n"))
    if details:
        blocks.append(ContextBlock(elements=[_plain(cut(details, DETAILS_SHOWN))]))
    return blocks


def _shortened(card: Card) -> bool:
    """Whether a message shows less than the card says."""
    if not visible(whole_of(card)):
        return False
    return (
        len(card.quotes) > QUOTES_SHOWN
        or size(clean(card.headline).strip()) + 4 > HEADLINE_SHOWN
        or size(_lines(card.lines)) > LINES_SHOWN
        or any(size(q.lead_in) + size(q.text) + 3 > QUOTE_SHOWN for q in card.quotes)
    )


def text_of(card: Card, most: int = FALLBACK) -> str:
    """A card in plain text, with nothing in it that Slack would obey."""
    parts = [ICON[card.tone] + card.headline]
    for quote in card.quotes:
        parts += [quote.lead_in, f"“{quote.text}”", quote.source]
    shown = _lines((*parts, *card.lines))
    return escape(cut(shown, most)) or "…"


def whole_of(card: Card) -> str:
    """All that a card says, as text to keep."""
    parts = [card.headline]
    for quote in card.quotes:
        parts += ["", quote.lead_in, f"“{quote.text}”", quote.source]
    return clean("\n".join((*parts, "", *card.lines))).strip()


# --- messages --------------------------------------------------------------------------------------------


def messages(cards: Sequence[Card], words: Words, *, repeat: bool = False) -> Drawn:
    """Cards as messages, as few as may be. Nothing confidential: that is only ever drawn in a window."""
    kept: dict[str, str] = {}
    drawn: list[tuple[list[Block], str]] = []
    if repeat:
        note = words("slack_repeat")
        drawn.append(([ContextBlock(elements=[_plain(note)])], escape(note)))
    for card in cards:
        if card.confidential:
            raise ValueError("contents of a report are not for a message")
        first: list[ButtonElement] = []
        if _shortened(card):
            whole = whole_of(card)
            key = digest(whole)
            kept[key] = whole
            first = [
                ButtonElement(
                    text=_label(words("slack_whole_button"), BUTTON), action_id=WHOLE, value=key
                )
            ]
        blocks = _card(card, whole=False) + _buttons(card.buttons, first)
        if blocks:
            drawn.append((blocks, text_of(card)))
    return Drawn(tuple(_packed(drawn, words)), kept)


def _packed(drawn: Sequence[tuple[list[Block], str]], words: Words) -> list[Message]:
    """Cards together in one message as long as there is room, and no more messages than can be sent."""
    packs: list[tuple[list[Block], list[str], int]] = []
    for blocks, text in drawn:
        # Weighing draws every block once more; a card on its own need not be weighed.
        weight = sum(_weight(b) for b in blocks) if len(drawn) > 1 else 0
        if packs:
            held, texts, total = packs[-1]
            if len(held) + len(blocks) < MESSAGE_BLOCKS - 1 and total + weight <= MESSAGE_TEXT:
                held += [DividerBlock(), *blocks]
                packs[-1] = (held, [*texts, text], total + weight)
                continue
        packs.append((list(blocks), [text], weight))
    if len(packs) > MESSAGES:
        packs = packs[:MESSAGES]
        held, texts, total = packs[-1]
        more = words("slack_more")
        packs[-1] = ([*held[: MESSAGE_BLOCKS - 1], *_sections(more)], [*texts, more], total)
    return [Message([b.to_dict() for b in held], _together(texts)) for held, texts, _ in packs]


def _together(texts: Sequence[str]) -> str:
    """As many of the texts as a notification has room for, and the first at least."""
    shown = texts[0]
    for text in texts[1:]:
        if len(shown) + len(text) > FALLBACK:
            break
        shown += f"\n\n{text}"
    return shown


def _weight(block: Block) -> int:
    """The text of a block."""
    return len(json.dumps(block.to_dict(), ensure_ascii=False))


# --- windows ---------------------------------------------------------------------------------------------


def window(reply: Reply, words: Words, *, repeat: bool = False) -> View:
    """A reply as a window: its cards whole, then its form."""
    form = reply.form
    blocks: list[Block] = []
    if repeat:
        blocks.append(ContextBlock(elements=[_plain(words("slack_repeat"))]))
    for n, card in enumerate(reply.cards):
        blocks += [DividerBlock()] if n else []
        blocks += _card(card, whole=True) + _buttons(card.buttons, plain=n > 0)
    if form is None:
        return _fitted(words("slack_title"), blocks, [], words)
    if visible(form.urgent):
        blocks += _sections(ICON[Tone.URGENT] + form.urgent.strip(), bold=True)
    blocks += _apart(form.lines)
    for quote in form.quotes:
        blocks += _quote(quote, whole=True)
    fields = [b for f in form.fields[:FIELDS] for b in _field(f, form)]
    fields = fields[: VIEW_BLOCKS // 2]
    ways = _buttons(form.buttons, plain=True)
    return _fitted(form.title, blocks, [*fields, *ways], words, form)


def text_window(text: str, words: Words) -> View:
    """The whole of something that a message shows shortened."""
    return _fitted(words("slack_whole_title"), _sections(text), [], words)


def ask_window(words: Words) -> View:
    """A window to ask a question in."""
    question = Field(ASK, words("slack_ask_label"), FieldKind.TEXT)
    form = Form(words("slack_title"), "", (question,), words("slack_ask_button"))
    return window(Reply(form=form), words)


def home(reply: Reply, words: Words, nonce: str) -> tuple[View, Mapping[str, str]]:
    """The home page: a box to ask in, then the cards. The box is empty again when `nonce` changes."""
    box = InputBlock(
        label=_label(words("slack_ask_label"), LABEL),
        block_id=f"{ASK}.{nonce}",
        dispatch_action=True,
        optional=True,
        element=PlainTextInputElement(
            action_id=ASK,
            max_length=VALUE,
            dispatch_action_config=DispatchActionConfig(trigger_actions_on=["on_enter_pressed"]),
        ),
    )
    button = ButtonElement(
        text=_label(words("slack_ask_button"), BUTTON), action_id=ASK_OPEN, style="primary"
    )
    top: list[Block] = [box, ActionsBlock(elements=[button])]
    kept: dict[str, str] = {}
    blocks: list[Block] = []
    for card in (c for c in reply.cards if not c.confidential):
        blocks += [DividerBlock(), *_card(card, whole=False)]
        first: list[ButtonElement] = []
        if _shortened(card):
            kept[digest(whole_of(card))] = whole_of(card)
            label = _label(words("slack_whole_button"), BUTTON)
            first = [ButtonElement(text=label, action_id=WHOLE, value=digest(whole_of(card)))]
        blocks += _buttons(card.buttons, first, plain=True)
    return _sized(lambda shown: View(type="home", blocks=[*top, *shown]), blocks, 2, words), kept


def _fitted(
    title: str, blocks: list[Block], after: list[Block], words: Words, form: Form | None = None
) -> View:
    """A window that Slack takes: as much text as has room before the fields, and a word if that is not all."""

    def view(shown: list[Block]) -> View:
        return View(
            type="modal",
            callback_id=FORM if form else SHOW,
            title=_label(title, TITLE, "MayI"),
            close=_label(words("slack_close"), TITLE),
            submit=_label(form.submit, TITLE) if form else None,
            private_metadata=_metadata(form) if form else None,
            blocks=[*shown, *after] or [SectionBlock(text=_plain("…"))],
        )

    return _sized(view, blocks, len(after), words)


def _sized(
    view: Callable[[list[Block]], View], blocks: list[Block], others: int, words: Words
) -> View:
    room = VIEW_BLOCKS - others
    made = view(blocks[:room])
    if len(blocks) <= room and _bytes(made) <= VIEW_ROOM:
        return made
    more = _sections(words("slack_more"))
    shown = blocks[: room - len(more)]
    while _bytes(made := view([*shown, *more])) > VIEW_ROOM and shown:
        shown = shown[: len(shown) * 9 // 10]
    return made


def _bytes(view: View) -> int:
    return len(json.dumps(view.to_dict()))


def _metadata(form: Form) -> str:
    return json.dumps({"says": _head(form.says, METADATA // 7)})  # at worst six bytes a character


# --- fields ----------------------------------------------------------------------------------------------


def block_id(field: Field, form: Form, part: int = 0) -> str:
    """A field's place on its page.

    Another page or other options: another place, for Slack keeps what was filled in where it stays the same.
    """
    page = digest(form.says, field.name, *(o.value for o in field.options))
    return f"{page}.{part}"


def errors(form: Form) -> dict[str, str]:
    """What is wrong, by where it is shown."""
    return {block_id(f, form): cut(clean(f.error), LABEL) for f in form.fields if visible(f.error)}


def _field(field: Field, form: Form) -> list[Block]:
    """A field as it is filled in; above it, what is wrong and what Slack has no room for in an option."""
    blocks: list[Block] = []
    if visible(field.error):
        blocks += _sections(f"⚠️ {cut(field.error, LABEL)}", bold=True)
    if field.kind in (FieldKind.CHOICE, FieldKind.CHOICES):
        options = _options(field)
        if not options:
            return [*blocks, *_sections(cut(field.label, TEXT))]
        long = [o.label for o in field.options if size(clean(o.label)) > 2 * OPTION - 2]
        blocks += _sections(_lines(long))
        return [*blocks, _input(field, form, _choice(field, options), 0, 1)]
    value = field.value if isinstance(field.value, str) else "\n".join(field.value)
    parts = pieces(clean(value), TEXT)[:10]
    for n, part in enumerate(parts):
        element = PlainTextInputElement(
            action_id=_action(field, n),
            multiline=field.kind is FieldKind.TEXT,
            initial_value=part or None,
            max_length=TEXT,
        )
        blocks.append(_input(field, form, element, n, len(parts)))
    return blocks


def _input(field: Field, form: Form, element: Any, n: int, count: int) -> Block:
    number = f" ({n + 1}/{count})" if count > 1 else ""
    return InputBlock(
        label=_plain(_label(field.label, LABEL - 10, field.name[:200] or "…").text + number),
        hint=_label(field.hint, LABEL) if visible(field.hint) else None,
        element=element,
        optional=field.optional or n > 0,
        block_id=block_id(field, form, n),
    )


def _action(field: Field, part: int) -> str:
    return f"{part}:{field.name}"[:255]


def _options(field: Field) -> list[Option]:
    """The options, each value once. One that is too long is cut: sending it comes back as not offered."""
    made: dict[str, Option] = {}
    for option in field.options:
        value = clean(option.value)[:OPTION_VALUE]
        label = " ".join(clean(option.label).split())
        shown = cut(label, OPTION) if visible(label) else cut(value, OPTION)
        if not visible(value) or value in made:
            continue
        rest = label[len(shown) - 1 :].strip() if shown.endswith("…") else ""
        described = _plain(cut(rest, OPTION)) if visible(rest) else None
        made[value] = Option(value=value, text=_plain(shown), description=described)
    return list(made.values())


def _choice(field: Field, options: list[Option]) -> Any:
    """Buttons or boxes for a few options, a menu for more."""
    held = (field.value,) if isinstance(field.value, str) else field.value
    chosen = [o for o in options if o.value in held]
    action = _action(field, 0)
    if field.kind is FieldKind.CHOICE:
        first = chosen[0] if chosen else None
        if len(options) <= BOXES:
            return RadioButtonsElement(action_id=action, options=options, initial_option=first)
        return StaticSelectElement(action_id=action, **_menu(options), initial_option=first)
    if len(options) <= BOXES:
        return CheckboxesElement(action_id=action, options=options, initial_options=chosen or None)
    return StaticMultiSelectElement(
        action_id=action, **_menu(options), initial_options=chosen or None
    )


def _menu(options: list[Option]) -> dict[str, Any]:
    """The options of a menu; more than a hundred in groups, by their numbers."""
    if len(options) <= OPTIONS:
        return {"options": options}
    groups = [options[n : n + OPTIONS] for n in range(0, len(options), OPTIONS)][:OPTIONS]
    return {
        "option_groups": [
            OptionGroup(label=_plain(f"{n * OPTIONS + 1}–{n * OPTIONS + len(g)}"), options=g)
            for n, g in enumerate(groups)
        ]
    }


def filled(view: Mapping[str, Any]) -> dict[str, str | tuple[str, ...]]:
    """What was filled in, by field name; nothing for a field that holds nothing."""
    parts: dict[str, dict[int, str]] = {}
    values: dict[str, str | tuple[str, ...]] = {}
    for actions in ((view.get("state") or {}).get("values") or {}).values():
        for action, element in actions.items():
            number, colon, name = action.partition(":")
            if not colon or not number.isdigit() or not isinstance(element, Mapping):
                continue
            if chosen := element.get("selected_options"):
                values[name] = tuple(str(o.get("value", "")) for o in chosen)
            elif option := element.get("selected_option"):
                values[name] = str(option.get("value", ""))
            elif text := element.get("value"):
                parts.setdefault(name, {})[int(number)] = str(text)
    for name, text in parts.items():
        values[name] = "".join(text[n] for n in sorted(text))
    return values


def says(view: Mapping[str, Any]) -> str:
    """What sending a window types."""
    try:
        return str(json.loads(view.get("private_metadata") or "{}").get("says", ""))
    except (ValueError, AttributeError):
        return ""
