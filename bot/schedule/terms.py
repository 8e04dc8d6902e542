"""The calendar of a school: its terms, half terms, INSET days and occasions, and the days staff are at work.

It comes from [calendar] in school.toml and from the text of an iCalendar file. The clock that reports wait by is
bot.schedule.calendar: terms do not stop it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from bot.config import LOOPBACK, School
from bot.errors import BadSettings
from bot.schedule.calendar import (
    LONGEST_CLOSURE,
    WorkingTime,
    shown,
    span_of,
    working_time,
)
from bot.schedule.ical import BadCalendar, told_by
from bot.schedule.years import (
    LONGEST_TERM,
    SEASONS,
    Half,
    Occasion,
    Term,
    halves_of,
    school_year,
    season_of,
    usual_terms,
    year_name,
)

__all__ = ["BadCalendar", "Half", "Occasion", "SchoolCalendar", "Term", "school_calendar"]

SETTINGS = ("terms", "inset", "file", "feed")
_OF_A_TERM = ("name", "first", "last", "half_term")
_AT_HOME = "home-learning"  # the kind of occasion that keeps pupils away
_DATE = "write a date, such as 2026-09-03"


@dataclass(frozen=True, slots=True)
class SchoolCalendar:
    """When staff and pupils are at a school. Days are dates there; `hours` says from when to when.

    A season of which nothing is told has the term that is usual in the school's nation. Where no term is told at
    all, every working day is a staff day.
    """

    hours: WorkingTime
    terms: tuple[Term, ...] = ()
    inset: frozenset[date] = frozenset()
    occasions: tuple[Occasion, ...] = ()
    # What was worked out already: a reminder looks at the same days again and again.
    _years: dict[int, tuple[Term, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _days: dict[date, bool] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def assumed(self) -> bool:
        """Whether the school has told no term, so that terms are where they usually are."""
        return not self.terms

    @property
    def ends(self) -> date | None:
        """The last day of the last term that is told."""
        return max((term.last for term in self.terms), default=None)

    def is_staff_day(self, day: date) -> bool:
        """Whether staff are at work: an INSET day, or a working day of a term outside its half term."""
        known = self._days.get(day)
        if known is None:
            known = self._days[day] = self._has_staff(day)
        return known

    def _has_staff(self, day: date) -> bool:
        if day in self.inset:
            return True
        if not self.hours.is_working_day(day):
            return False
        return self.assumed or any(term.has(day) for term in self._around(day))

    def is_school_day(self, day: date) -> bool:
        """Whether pupils come: a staff day that is no INSET day and on which the school is not shut to them."""
        if day in self.inset or not self.is_staff_day(day):
            return False
        return not any(o.kind == _AT_HOME and o.first <= day <= o.last for o in self.occasions)

    def next_staff_day(self, day: date) -> date:
        """That day itself, or the first staff day after it.

        Raises BadSettings where there is none for more than a year.
        """
        return self._staff_day(day, 1)

    def staff_days_later(self, day: date, n: int) -> date:
        """The n-th staff day after a day, for n below 0 before it; for 0 the next one or itself.

        Raises BadSettings where there is none for more than a year.
        """
        if n == 0:
            return self.next_staff_day(day)
        step = 1 if n > 0 else -1
        for _ in range(abs(n)):
            day = self._staff_day(day + timedelta(days=step), step)
        return day

    def halves(self, first: date, last: date) -> tuple[Half, ...]:
        """The half terms, six a year, that begin between two days, both included; in order."""
        return self._between(first, last, self._halves)

    def terms_in(self, first: date, last: date) -> tuple[Half, ...]:
        """The whole terms that begin between two days, both included; in order."""
        return self._between(first, last, self._wholes)

    def term_of(self, year: int, season: str) -> Half | None:
        """The term of a season in the school year that began in `year`."""
        key = f"{year_name(year)}/{season}"
        return next((whole for whole in self._wholes(year) if whole.key == key), None)

    def _staff_day(self, day: date, step: int) -> date:
        for n in range(LONGEST_CLOSURE + 1):
            if not 2 < day.year < 9997:
                break
            at = day + timedelta(days=n * step)
            if self.is_staff_day(at):
                return at
        raise BadSettings(
            f"school.toml: calendar: there is no day at work within {LONGEST_CLOSURE} days of "
            f"{day:%-d %B %Y}; mend calendar.terms, hours.days or hours.closed"
        )

    def _in_year(self, year: int) -> tuple[Term, ...]:
        """The terms of a school year: those that are told, and the usual ones of other seasons, in order."""
        known = self._years.get(year)
        if known is None:
            known = self._years[year] = self._terms_of(year)
        return known

    def _terms_of(self, year: int) -> tuple[Term, ...]:
        told = [term for term in self.terms if school_year(term.first) == year]
        seasons = {season_of(term) for term in told}
        usual = (
            term
            for term in usual_terms(self.hours, year)
            if season_of(term) not in seasons
            and not any(t.first <= term.last and term.first <= t.last for t in self.terms)
        )
        return tuple(sorted([*told, *usual], key=lambda term: term.first))

    def _around(self, day: date) -> tuple[Term, ...]:
        year = school_year(day)
        # A summer term may end in August, when the next school year has begun.
        return self._in_year(year) + (self._in_year(year - 1) if day.month == 8 else ())

    def _seasons(self, year: int) -> Iterator[tuple[str, list[Term]]]:
        terms = self._in_year(year)
        for season in SEASONS:
            found = [term for term in terms if season_of(term) == season]
            if found:
                yield season, found

    def _wholes(self, year: int) -> Iterator[Half]:
        for season, terms in self._seasons(year):
            name = terms[0].name
            if len(terms) > 1:
                name = f"{season.capitalize()} Term {terms[0].first.year}"
            key = f"{year_name(year)}/{season}"
            yield from self._begun(key, name, terms[0].first, terms[-1].last)

    def _halves(self, year: int) -> Iterator[Half]:
        usual = {season_of(term): term for term in usual_terms(self.hours, year)}
        for season, terms in self._seasons(year):
            n = 0
            for term in terms:
                spans = halves_of(term, usual[season])
                for part, (first, last) in zip(("first", "second"), spans, strict=False):
                    n += 1
                    name = f"{term.name}, {part} half" if len(spans) > 1 else term.name
                    key = f"{year_name(year)}/{season}/{n}"
                    yield from self._begun(key, name, first, last)

    def _begun(self, key: str, name: str, first: date, last: date) -> Iterator[Half]:
        """One that begins on its first staff day; none where it has no such day."""
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        begins = next((day for day in days if self.is_staff_day(day)), None)
        if begins is not None:
            yield Half(key, name, begins, last)

    def _between(self, first: date, last: date, of: Any) -> tuple[Half, ...]:
        years = range(school_year(first) - 1, school_year(last) + 1)
        found = (half for year in years if 2 < year < 9996 for half in of(year))
        return tuple(sorted((h for h in found if first <= h.first <= last), key=lambda h: h.first))


def school_calendar(school: School, told: str | None = None) -> SchoolCalendar:
    """The calendar of a school, from its school.toml and the text of an iCalendar file.

    Terms of school.toml go before terms told of the same school year; INSET days and half terms are added to
    them. Raises BadSettings, one line, where school.toml says what cannot be meant; BadCalendar where it is the
    text.
    """
    hours = working_time(school)
    table = _table(school)
    key = f"{school.folder / 'school.toml'}: calendar"
    terms = _terms(table.get("terms", []), f"{key}.terms")
    _check(terms, hours, f"{key}.terms", BadSettings)
    inset = frozenset(_inset(table.get("inset", []), hours, f"{key}.inset"))
    source_of(school)
    if told is None:
        return SchoolCalendar(hours, terms, inset)
    where = source_of(school) or f"{key}.file"
    found = told_by(told, where, hours.zone, given=terms)
    both = tuple(sorted((*terms, *found.terms), key=lambda term: term.first))
    both = tuple(_with_half_term(term, found.half_terms) for term in both)
    _check(both, hours, where, BadCalendar)
    for day in sorted(found.inset):
        if hours.is_bank_holiday(day):
            raise BadCalendar(
                f"{where}: has an INSET day on {_on(day)}, a bank holiday; take it out of the calendar"
            )
    calendar = SchoolCalendar(hours, both, inset | found.inset)
    # What comes every week comes in the holidays as well, as far as the file goes.
    return replace(
        calendar,
        occasions=tuple(
            o
            for o in found.occasions
            if o.key not in found.repeated or calendar.is_staff_day(o.first)
        ),
    )


def source_of(school: School) -> str:
    """How the iCalendar file or feed of a school is called in a message; empty where it has none.

    Of a feed only the host: the rest of its address is often a secret. Raises BadSettings.
    """
    table = _table(school)
    key = f"{school.folder / 'school.toml'}: calendar"
    file, feed = table.get("file", ""), table.get("feed", "")
    if file and feed:
        raise BadSettings(f"{key}: has both a file and a feed; keep one of them")
    if file:
        if not isinstance(file, str) or "/" in file or "\\" in file or file.startswith("."):
            raise BadSettings(
                f"{key}.file: {shown(file)} is not the name of a file beside school.toml; "
                'write one, such as "calendar.ics"'
            )
        return f"{school.folder / file}"
    if feed:
        return f"the calendar feed of {_host(feed, f'{key}.feed')}"
    return ""


def feed_of(school: School) -> str:
    """The address of a school's feed, empty where it has none. It may hold a secret. Raises BadSettings."""
    source_of(school)
    return _address(_table(school).get("feed", ""))


def allowed(address: str) -> bool:
    """Whether a calendar may be fetched from an address: over https, or from this machine."""
    try:
        split = urlsplit(address)
        host, _ = split.hostname, split.port
    except ValueError:
        return False
    return bool(host) and (split.scheme == "https" or (split.scheme == "http" and host in LOOPBACK))


def _address(feed: object) -> str:
    address = feed if isinstance(feed, str) else ""
    # As calendars are often published; it is https.
    return re.sub(r"^webcal://", "https://", address)


def _host(feed: object, key: str) -> str:
    address = _address(feed)
    if not allowed(address) or any(c.isspace() or not c.isprintable() for c in address):
        # What stands there is not repeated: it may be a secret all the same.
        raise BadSettings(f"{key}: is not an address that begins with https://; write one")
    return urlsplit(address).hostname or ""


# --- reading school.toml -----------------------------------------------------------------------------------


def _table(school: School) -> Mapping[str, Any]:
    file = school.folder / "school.toml"
    table = school.settings.get("calendar", {})
    if not isinstance(table, Mapping):
        raise BadSettings(f"{file}: calendar: is not a table; write [calendar] on a line")
    for name in table:
        if name not in SETTINGS:
            raise BadSettings(
                f"{file}: calendar: has no setting {shown(name)}; use {', '.join(SETTINGS)}"
            )
    return table


def _terms(value: object, key: str) -> tuple[Term, ...]:
    if not isinstance(value, list):
        raise BadSettings(
            f"{key}: is not a list; write a line for each term in [ ], "
            'as { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18 }'
        )
    terms = (_term(entry, f"{key}[{n}]") for n, entry in enumerate(value, 1))
    return tuple(sorted(terms, key=lambda term: term.first))


def _term(entry: object, key: str) -> Term:
    if not isinstance(entry, Mapping):
        raise BadSettings(
            f'{key}: is not a term; write {{ name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18 }}'
        )
    for name in entry:
        if name not in _OF_A_TERM:
            raise BadSettings(f"{key}: has no setting {shown(name)}; use {', '.join(_OF_A_TERM)}")
    name = entry.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadSettings(f'{key}: has no name; add one, such as name = "Autumn Term 2026"')
    key = f"{key} ({shown(name)})"
    for end, what, day in (("first", "beginning", "2026-09-03"), ("last", "end", "2026-12-18")):
        if end not in entry:
            raise BadSettings(f"{key}: has no {what}; add its {end} day, as {end} = {day}")
    first, last = (_day(entry[end], f"{key}: {end}:") for end in ("first", "last"))
    half_term = entry.get("half_term")
    if half_term is None:
        return Term(name.strip(), first, last)
    return Term(name.strip(), first, last, span_of(half_term, f"{key}: half_term:"))


def _day(value: object, key: str) -> date:
    first, last = span_of(value, key)
    if first != last:
        raise BadSettings(f"{key} {shown(value)} is more than a day; {_DATE}")
    return first


def _inset(value: object, hours: WorkingTime, key: str) -> Iterator[date]:
    if not isinstance(value, list):
        raise BadSettings(f'{key}: {shown(value)} is not a list; write [2026-09-01, "2027-01-04"]')
    for item in value:
        day = _day(item, f"{key}:")
        if hours.is_bank_holiday(day):
            raise BadSettings(
                f"{key}: {_on(day)} is a bank holiday in {hours.nation}; take it out of the list"
            )
        yield day


# --- what holds wherever terms come from -------------------------------------------------------------------


def _with_half_term(term: Term, half_terms: Iterable[tuple[date, date]]) -> Term:
    """A term with the half term that is told for it, where it has none of its own."""
    if term.half_term is not None:
        return term
    inside = (h for h in half_terms if term.first <= h[1] and h[0] <= term.last)
    return replace(term, half_term=next(inside, None))


def _check(terms: Sequence[Term], hours: WorkingTime, where: str, error: type[BadSettings]) -> None:
    """Raise where terms cannot all be meant; they are in the order of their first days."""
    before: Term | None = None
    for term in terms:
        named = f"{where}: {shown(term.name)}"
        if term.last < term.first:
            raise error(f"{named} ends on {_on(term.last)}, before it begins; mend first or last")
        if (term.last - term.first).days > LONGEST_TERM:
            raise error(
                f"{named} is longer than six months ({_on(term.first)} to {_on(term.last)}); "
                "mend first or last"
            )
        half = term.half_term
        if half is not None and not term.first < half[0] <= half[1] < term.last:
            raise error(
                f"{named} has a half term, {_on(half[0])} to {_on(half[1])}, that is not inside it "
                f"({_on(term.first)} to {_on(term.last)}); mend one of the two"
            )
        if before is not None and term.first <= before.last:
            raise error(
                f"{named} begins on {_on(term.first)}, before {shown(before.name)} has ended "
                f"on {_on(before.last)}; mend one of the two"
            )
        if not any(
            hours.is_working_day(term.first + timedelta(days=n))
            for n in range((term.last - term.first).days + 1)
        ):
            raise error(f"{named} has no working day; mend it, hours.days or hours.closed")
        before = term


def _on(day: date) -> str:
    return f"{day:%-d %B %Y}"
