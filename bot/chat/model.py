"""A conversation as plain data, whoever carries it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Event:
    """What arrived: a typed line, or a pressed button, which is the same as typing its `says`."""

    text: str
    person: str = ""  # who, in the platform's own words; empty in the terminal
    conversation: str = ""  # what a short follow-up belongs to


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


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the person, card by card."""

    cards: tuple[Card, ...] = field(default=())
