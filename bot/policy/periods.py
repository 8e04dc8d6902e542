"""Dates as policies print them, found in running text, each with the days it can mean."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_SINGLE = rf"{_YEAR}(?![\d/]|\s?[-–]\s?\d)"
# Names of parts of a year, with the months in which they begin and end; a month past 12 is in the next year
_PARTS = {
    "spring": (1, 4), "lent": (1, 4), "hilary": (1, 4), "easter": (3, 4), "summer": (4, 8), "trinity": (4, 8),
    "autumn": (9, 12), "michaelmas": (9, 12), "winter": (11, 14), "christmas": (12, 13), "whitsun": (5, 6),
}  # fmt: skip
# What is found first is taken, so that "31 March 2025" is no "March 2025" as well
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<![\d-])(?P<year>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)",
        r"(?<![\d/.-])(?P<d>\d{1,2})(?P<by>[/.-])(?P<m>\d{1,2})(?P=by)(?P<year>(?:19|20)\d\d|\d\d)(?![\d/.-]*\d)",
        rf"(?<!\d)(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_SINGLE}",
        rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_SINGLE}",
        rf"\b{_MONTH},?\s*(?:of\s+)?{_SINGLE}",
        rf"\b(?P<part>{'|'.join(_PARTS)})(?:\s+half)?(?:\s+term)?(?:\s+[12])?,?\s*(?:of\s+)?{_SINGLE}",
        r"(?<![\d/.-])(?P<year>(?:19|20)\d\d)\s?[-/–]\s?(?P<to>(?:20)?\d\d)(?![\d/.-]*\d)",
        rf"(?<![\d/.£-]){_SINGLE}",
    )
)


@dataclass(frozen=True, slots=True)
class Period:
    """A printed date: where it stands in the text, its words, and the first and last day it can mean."""

    start: int
    end: int
    words: str
    first: date
    last: date
    exact: bool  # more than a year alone

    def apart(self, other: Period) -> int:
        """The days between the two; 0 where they can mean the same day."""
        return max((other.first - self.last).days, (self.first - other.last).days, 0)


def periods(text: str) -> Iterator[Period]:
    """The dates printed in a text, in their order; what is in no calendar is left out."""
    found: list[Period] = []
    for form in _FORMS:
        for match in form.finditer(text):
            if any(match.start() < p.end and p.start < match.end() for p in found):
                continue
            days = _days(match)
            if days:
                whole = " ".join(match[0].split())
                alone = match.re is _FORMS[-1]
                found.append(Period(match.start(), match.end(), whole, *days, not alone))
    yield from sorted(found, key=lambda p: p.start)


def _days(found: re.Match[str]) -> tuple[date, date] | None:
    parts = found.groupdict()
    year = int(parts["year"])
    year += 2000 if year < 100 else 0
    if parts.get("part"):
        begins, ends = _PARTS[parts["part"].lower()]
        return date(year, begins, 1), _end_of(year, ends)
    if parts.get("to"):
        to = int(parts["to"]) % 100 + year // 100 * 100
        if not 0 < to - year <= 5:
            return None
        # A school year, or several of them
        return date(year, 9, 1), date(to, 8, 31)
    month = _MONTHS.index(parts["month"][:3].lower()) + 1 if parts.get("month") else 0
    month = month or int(parts.get("m") or 0)
    if not month:
        return date(year, 1, 1), date(year, 12, 31)
    if month > 12:
        return None
    day = int(parts.get("d") or 0)
    if not day:
        return date(year, month, 1), _end_of(year, month)
    if day > monthrange(year, month)[1]:
        return None
    return date(year, month, day), date(year, month, day)


def _end_of(year: int, month: int) -> date:
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return date(year, month, 1) + timedelta(days=monthrange(year, month)[1] - 1)
