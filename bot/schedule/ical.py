"""A school's calendar from an iCalendar file (RFC 5545): terms, half terms, INSET days, occasions.

What an event means is told by the words of its summary and its categories; the words are in
policy_text/calendar.toml. What says nothing that MayI knows is passed over.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bot.config import data
from bot.errors import BadSettings
from bot.schedule.calendar import days_from
from bot.schedule.marks import Mark, pair
from bot.schedule.recurring import Patience, Rule, Unfollowed, days_of, rule_from
from bot.schedule.years import BEGINS_IN, Occasion, Term, school_year, season_named

LARGEST = 2_000_000  # characters
MOST_EVENTS = 5_000
_YEARS = range(2000, 2100)
_LONGEST = 200  # days of one event: a term is one
_LONGEST_OCCASION = 31
_SHORTEST_SPAN = 14  # days: what is called "Autumn term" and is shorter is something in it
_TOGETHER = 6  # days: single days of a half term that lie so near are one


class BadCalendar(BadSettings):
    """An iCalendar file or feed says what cannot be meant, or is none."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a calendar says that MayI understands."""

    terms: tuple[Term, ...] = ()
    half_terms: tuple[tuple[date, date], ...] = ()
    inset: frozenset[date] = frozenset()
    occasions: tuple[Occasion, ...] = ()
    repeated: frozenset[str] = (
        frozenset()
    )  # keys of those that come every so often, in holidays as well


@dataclass(frozen=True, slots=True)
class _Event:
    """An event on its own days, both included."""

    key: str
    title: str
    words: str  # of title and categories, spaced, without punctuation and years
    first: date
    last: date
    rule: Rule | None = None
    not_on: frozenset[date] = frozenset()  # days left out of the rule

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


def told_by(text: str, where: str, zone: ZoneInfo, *, given: Sequence[Term] = ()) -> Told:
    """What an iCalendar text says, its times read by the school's clock.

    `given` are terms known from elsewhere: of their school years no others are read. `where` is what an error
    calls it. Raises BadCalendar, one line, where it is no iCalendar, is too large, contradicts itself or says
    nothing that MayI understands.
    """
    events = [
        e for e in _events(_parsed(text, where), zone) if not _any(e.words, _words("ignored"))
    ]
    single = list(_unrepeated(events))
    terms = _terms(single, {school_year(t.first) for t in given}, where)
    known = [t.last for t in (*given, *terms)] or [e.last for e in single]
    days = list(_repeated(events, _horizon(known)))
    found = Told(
        terms=tuple(terms),
        half_terms=tuple(_half_terms(e for e in single if _is_half_term(e.words))),
        inset=frozenset(_inset(days)),
        occasions=tuple(_occasions(days)),
        repeated=frozenset(e.key for e in days if e.rule),
    )
    if not (found.terms or found.half_terms or found.inset or found.occasions):
        raise BadCalendar(
            f"{where}: has no term, half term, INSET day or occasion that MayI understands; "
            "name the events as docs/reminders.md shows, or write the terms in school.toml"
        )
    return found


# --- reading -----------------------------------------------------------------------------------------------


def _parsed(text: str, where: str) -> list[Any]:
    """The events of an iCalendar text, as the library reads them."""
    from icalendar import Calendar  # heavy, and needed only where a school has such a file

    if len(text) > LARGEST:
        raise BadCalendar(
            f"{where}: has more than {LARGEST // 1_000_000} million characters; "
            "publish a calendar of the school's own dates only"
        )
    text = text.lstrip("\ufeff \t\r\n")
    if not text[:15].upper().startswith("BEGIN:VCALENDAR"):
        raise BadCalendar(
            f"{where}: is not an iCalendar (one begins with BEGIN:VCALENDAR); "
            "save or publish the calendar as iCalendar (.ics)"
        )
    if "END:VCALENDAR" not in text.upper():
        raise BadCalendar(f"{where}: stops before its end; save or publish the calendar again")
    try:
        calendars = Calendar.from_ical(_without_zones(text), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except Exception as e:  # whatever a library makes of a text that anybody may have written
        raise BadCalendar(
            f"{where}: cannot be read as an iCalendar ({_short(e)}); save or publish it again"
        ) from e
    if len(events) > MOST_EVENTS:
        raise BadCalendar(
            f"{where}: has more than {MOST_EVENTS} events; publish a calendar of the school's own dates only"
        )
    return events


def _without_zones(text: str) -> str:
    """The text without definitions of time zones: the library would keep those for every other calendar."""
    kept, inside = [], False
    for line in re.split(r"\r\n|\r|\n", text):
        name = line.strip().upper()
        inside = inside or name == "BEGIN:VTIMEZONE"
        if not inside:
            kept.append(line)
        elif name == "END:VTIMEZONE":
            inside = False
    return "\r\n".join(kept)


def _short(e: Exception) -> str:
    line = "".join(c if c.isprintable() else " " for c in str(e).partition("\n")[0])
    return line[:80] or type(e).__name__


def _events(parsed: Iterable[Any], zone: ZoneInfo) -> Iterator[_Event]:
    found: dict[str, _Event] = {}
    moved: dict[
        str, set[date]
    ] = {}  # of a repeated event, the days that have an event of their own
    for item in parsed:
        uid = hashlib.sha256(str(item.get("UID") or item.get("SUMMARY", "")).encode()).hexdigest()
        uid, instead = uid[:16], _start(item.get("RECURRENCE-ID"), zone)
        if instead is not None:
            moved.setdefault(uid, set()).add(instead)
        if str(item.get("STATUS", "")).upper() == "CANCELLED":
            continue
        event = _event(item, uid if instead is None else f"{uid}/{instead}", zone)
        if event is None:
            continue
        if event.key in found:  # some programs give every event the same id
            event = replace(event, key=f"{uid}/{event.first}")
        found[event.key] = event
    for key, event in found.items():
        yield replace(event, not_on=event.not_on | moved.get(key, set())) if event.rule else event


def _event(item: Any, key: str, zone: ZoneInfo) -> _Event | None:
    """An event with its days; None where they cannot be read or are no days of a school's life."""
    start, span = item.get("DTSTART"), item.get("DURATION")
    first = _start(start, zone)
    if first is None or first.year not in _YEARS:
        return None
    last = _end(item.get("DTEND"), zone)
    duration = _part(span, "dt")
    if last is None and isinstance(duration, timedelta) and timedelta() < duration < _TOO_LONG:
        last = _day(start.dt + duration, zone, end=True)
    last = max(first, last or first)
    if last.year not in _YEARS or (last - first).days >= _LONGEST:
        return None
    title = " ".join(str(item.get("SUMMARY", ""))[:300].split())
    categories = item.get("CATEGORIES", [])
    categories = categories if isinstance(categories, list) else [categories]
    named = [str(c) for category in categories for c in _part(category, "cats") or []]
    rule = None
    if "RRULE" in item:
        try:
            rule = rule_from(item["RRULE"])
        except (ValueError, TypeError, AttributeError, IndexError):
            rule = None  # it is on its first day at least
    return _Event(
        key,
        "".join(c for c in title if c.isprintable())[:120],
        plain(" | ".join([title, *named])[:600]),
        first,
        last,
        rule,
        frozenset(_excepted(item.get("EXDATE"), zone)) if rule else frozenset(),
    )


_A_YEAR = timedelta(days=366)
_TOO_LONG = timedelta(days=_LONGEST)


def _start(value: Any, zone: ZoneInfo) -> date | None:
    return _day(_part(value, "dt"), zone)


def _end(value: Any, zone: ZoneInfo) -> date | None:
    return _day(_part(value, "dt"), zone, end=True)


def _part(value: Any, name: str) -> Any:
    """A part of a property; None where it is not there, is there twice or cannot be read."""
    try:
        return getattr(value, name, None)
    except ValueError:
        return None


def _day(value: Any, zone: ZoneInfo, *, end: bool = False) -> date | None:
    """The day at the school; of an end, which is not included, the last day before it."""
    try:
        if isinstance(value, datetime):
            local = value.astimezone(zone) if value.tzinfo else value
            midnight = end and local.time() == time()
            return local.date() - timedelta(days=midnight)
        if isinstance(value, date):
            return value - timedelta(days=end)
    except OverflowError:
        pass
    return None


def _excepted(value: Any, zone: ZoneInfo) -> Iterator[date]:
    for part in value if isinstance(value, list) else [value]:
        for item in _part(part, "dts") or []:
            day = _start(item, zone)
            if day is not None:
                yield day


def _horizon(known: Sequence[date]) -> date | None:
    """The end of the last school year that is told of: a repeated event is followed so far."""
    if not known:
        return None
    last = max(known)
    return date(last.year + (last.month >= BEGINS_IN), BEGINS_IN, 1) - timedelta(days=1)


def _unrepeated(events: Iterable[_Event]) -> Iterator[_Event]:
    return (e for e in events if e.rule is None)


def _repeated(events: Iterable[_Event], end: date | None) -> Iterator[_Event]:
    """Every event on each of its days up to the end."""
    patience = Patience()
    for event in events:
        if event.rule is None:
            yield event
            continue
        if not (_is_inset(event.words) or _kind(event.words)):
            continue
        length = timedelta(days=event.days - 1)
        try:
            days = days_of(event.rule, event.first, end or event.first + _A_YEAR, patience)
        except Unfollowed:
            days = [event.first]
        for day in days:
            if day not in event.not_on:
                yield replace(event, key=f"{event.key}/{day}", first=day, last=day + length)


# --- what the words mean -----------------------------------------------------------------------------------


def plain(text: str) -> str:
    """A text's words with a space around each, without capitals, punctuation, "the", and years."""
    spaced = re.sub(r"[\W_]+", " ", text.casefold())
    spaced = re.sub(r"\b20\d\d(?: (?:20)?\d\d)?\b|\bthe\b", " ", spaced)
    return f" {' '.join(spaced.split())} "


def _any(words: str, phrases: Iterable[str]) -> bool:
    return any(f" {phrase} " in words for phrase in phrases)


def _words(meaning: str) -> list[str]:
    found: list[str] = data("calendar.toml")[meaning]["words"]
    return found


def _is_inset(words: str) -> bool:
    return _any(words, _words("inset"))


def _is_half_term(words: str) -> bool:
    table = data("calendar.toml")["half_term"]
    for phrase in table["words"]:
        if f" {phrase} " in words:
            return not set(words.replace(f" {phrase} ", " ").split()) - set(table["filler"])
    return False


def _kind(words: str) -> str:
    """The kind of occasion that an event is; empty where it is none."""
    if _is_inset(words) or _is_half_term(words):
        return ""
    for kind, table in data("calendar.toml")["occasions"].items():
        if _any(words, table["words"]) and not _any(words, table.get("not", ())):
            return str(kind)
    return ""


@lru_cache(maxsize=4)
def _term_phrases(edge: str) -> tuple[str, ...]:
    """The ways to say that a term begins or ends, with each season and with none."""
    table = data("calendar.toml")["term"]
    seasons = ["", *(name for names in table["seasons"].values() for name in names)]
    return tuple(
        " ".join(phrase.replace("{season}", season).split())
        for phrase in table[edge]
        for season in seasons
    )


def _spans_term(words: str) -> bool:
    """Whether the words are a season and "term", or "term" and a number, and no more."""
    rest = set(words.split())
    table = data("calendar.toml")["term"]
    seasons = {name for names in table["seasons"].values() for name in names}
    named, numbers = rest & seasons, {w for w in rest if w.isdigit()}
    rest -= named | numbers
    plain_term = bool(rest & {"term", "dates", "time"}) and not rest - {"term", "dates", "time"}
    return (plain_term and bool(named or numbers)) or (bool(named) and not rest)


def _inset(events: Iterable[_Event]) -> Iterator[date]:
    for event in events:
        if _is_inset(event.words) and event.days <= _LONGEST_OCCASION:
            yield from (
                d for d in days_from(event.first, event.last) if event.days == 1 or d.weekday() < 5
            )


def _occasions(events: Iterable[_Event]) -> Iterator[Occasion]:
    for e in events:
        kind = _kind(e.words)
        if kind and e.days <= _LONGEST_OCCASION:
            yield Occasion(e.key, kind, e.first, e.last, e.title)


def _half_terms(events: Iterable[_Event]) -> Iterator[tuple[date, date]]:
    """Half terms, whether each is one event, one for each day, or one for either end."""
    spans = sorted((e.first, e.last) for e in events if e.days <= _LONGEST_OCCASION)
    while spans:
        first, last = spans.pop(0)
        while spans and (spans[0][0] - last).days <= _TOGETHER:
            last = max(last, spans.pop(0)[1])
        yield first, last


def _terms(events: Sequence[_Event], given: set[int], where: str) -> list[Term]:
    """Terms, from events that are one and from pairs of events that begin and end one."""
    spans, marks = [], []
    for e in events:
        if school_year(e.first) in given or _any(e.words, _words("half_term")):
            continue
        if e.days >= _SHORTEST_SPAN:
            if _spans_term(e.words):
                spans.append(Term(e.title, e.first, e.last))
        else:
            for begins, edge in ((True, "begins"), (False, "ends")):
                if _any(e.words, _term_phrases(edge)):
                    day = e.first if begins else e.last
                    marks.append(Mark(day, begins, e.title, season_named(e.words)))
    covered = [m for m in marks if not any(t.first <= m.day <= t.last for t in spans)]
    try:
        return sorted([*spans, *pair(covered)], key=lambda t: t.first)
    except ValueError as e:
        raise BadCalendar(f"{where}: {e}") from e
