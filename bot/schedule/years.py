"""School years: terms, their halves, and when terms usually are at a school that has not said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, cast

from bot.config import data
from bot.schedule.calendar import WorkingTime

SEASONS = ("autumn", "spring", "summer")
BEGINS_IN = 8  # August: Scottish schools come back in its middle
SUMMER_FROM = (3, 21)  # a term without a season in its name that begins later is a summer term
ONE_HALF = 63  # days: a term as short as that is half of one, as where a school year has six
LONGEST_TERM = 184


@dataclass(frozen=True, slots=True)
class Term:
    """A term from its first day to its last, both included; so is its half term."""

    name: str
    first: date
    last: date
    half_term: tuple[date, date] | None = None

    def has(self, day: date) -> bool:
        """Whether a day is in the term and not in its half term."""
        if self.half_term and self.half_term[0] <= day <= self.half_term[1]:
            return False
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Half:
    """Half a term, or a whole one, as it is reckoned with.

    `first` is a day on which staff are at work. `key` stays the same when the days are edited:
    "2026-27/autumn/1", for a whole term "2026-27/autumn".
    """

    key: str
    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something in the school's calendar that a reminder can hang on, both days included.

    `kind` is one of policy_text/reminders.toml. `key` stays the same when the days are edited.
    """

    key: str
    kind: str
    first: date
    last: date
    title: str = ""


def school_year(day: date) -> int:
    """The year in which the school year of a day began."""
    return day.year if day.month >= BEGINS_IN else day.year - 1


def year_name(year: int) -> str:
    """A school year by the year it began in: "2026-27"."""
    return f"{year}-{(year + 1) % 100:02}"


def season_named(text: str) -> str:
    """The season that a name holds ("Lent Term" is spring); empty where it holds none."""
    words = set(re.findall(r"[a-z]+", text.lower()))
    seasons = cast("dict[str, list[str]]", data("calendar.toml")["term"]["seasons"])
    return next((season for season, names in seasons.items() if words & set(names)), "")


def season_of(term: Term) -> str:
    """The season of a term: by its name, so that it stays when the days are edited, else by its first day."""
    named = season_named(term.name)
    if named:
        return named
    if term.first.month >= BEGINS_IN:
        return "autumn"
    return "summer" if (term.first.month, term.first.day) >= SUMMER_FROM else "spring"


@lru_cache(maxsize=256)
def usual_terms(hours: WorkingTime, year: int) -> tuple[Term, ...]:
    """The three terms of a school year as they usually are in the school's nation."""
    return tuple(_usual(hours, year))


def _usual(hours: WorkingTime, year: int) -> Iterator[Term]:
    usual: dict[str, Any] = data("calendar.toml")["usual"][hours.nation]
    for season in SEASONS:
        entry = usual[season]
        in_year = year if season == "autumn" else year + 1
        first, last = (_on(in_year, entry[end]) for end in ("first", "last"))
        begin, _, end = entry["half_term"].partition("/")
        while not hours.is_working_day(first) and first < last:
            first += timedelta(days=1)
        name = f"{season.capitalize()} Term {in_year}"
        yield Term(name, first, last, (_on(in_year, begin), _on(in_year, end)))


def _on(year: int, month_and_day: str) -> date:
    return date.fromisoformat(f"{year:04}-{month_and_day}")


def halves_of(term: Term, usual: Term | None) -> tuple[tuple[date, date], ...]:
    """A term in its halves: at its half term, else where the usual half term is."""
    gap = term.half_term
    if gap is None and usual is not None and (term.last - term.first).days > ONE_HALF:
        gap = usual.half_term
    if gap is None or not term.first < gap[0] <= gap[1] < term.last:
        return ((term.first, term.last),)
    return (term.first, gap[0] - timedelta(days=1)), (gap[1] + timedelta(days=1), term.last)
