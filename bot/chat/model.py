"""A conversation as plain data, whoever carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Event:
    """What arrived: a typed line, a pressed button or a form that was sent.

    Pressing a button is the same as typing its `says`; so is sending a form, with what was filled in.
    """

    text: str
    person: str = ""  # who: a person's id on the school's roster, or empty
    conversation: str = ""  # what a short follow-up belongs to
    id: str = ""  # the platform's own; one that was handled before is not handled twice
    values: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)  # by field name
    private: bool = True  # whether nobody but this person sees the reply
    via: str = "terminal"  # what carried it: terminal, slack, teams, pages


class Tone(StrEnum):
    """What a card is for; adapters choose a colour or an icon by it."""

    NO = "no"
    YES = "yes"
    ONLY_IF = "only_if"
    DO = "do"
    NOT_COVERED = "not_covered"
    URGENT = "urgent"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press: `says` is what pressing it types."""

    label: str
    says: str


@dataclass(frozen=True, slots=True)
class Quote:
    """A clause, verbatim, with where it stands."""

    text: str
    source: str
    lead_in: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One message: a headline, quotations, plain lines and buttons, in that order."""

    headline: str
    tone: Tone = Tone.PLAIN
    quotes: tuple[Quote, ...] = ()
    lines: tuple[str, ...] = ()
    details: tuple[str, ...] = ()  # what only the curious open: why this clause
    buttons: tuple[Button, ...] = ()
    # Contents of a report: shown where it leaves no copy in the conversation (a dialog, a page).
    confidential: bool = False


class FieldKind(StrEnum):
    """How something is filled in."""

    CHOICE = "choice"  # one of the options
    CHOICES = "choices"  # any number of them
    LINE = "line"  # one typed line
    TEXT = "text"  # some typed lines


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose: `value` is what choosing it sends."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing to fill in. An untouched field sends nothing."""

    name: str
    label: str
    kind: FieldKind
    options: tuple[Option, ...] = ()
    value: str | tuple[str, ...] = ""  # what it holds when the form opens
    hint: str = ""
    optional: bool = False
    error: str = ""  # what is wrong with what was filled in


@dataclass(frozen=True, slots=True)
class Form:
    """One page to fill in. Sending it types `says`, with the values of its fields."""

    title: str  # at most 24 characters, which is what Slack shows
    says: str
    fields: tuple[Field, ...]
    submit: str
    urgent: str = ""  # shown before everything else
    quotes: tuple[Quote, ...] = ()
    lines: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()  # other ways on: back, start again


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file made for the person who asked for it."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the person: cards one after another, or a form to fill in."""

    cards: tuple[Card, ...] = field(default=())
    form: Form | None = None
    files: tuple[Attachment, ...] = ()
