"""Dates as policies print them: "Spring Term 2023", "November 2024", "2024-25", "annually", "each half term"."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from bot.config import data
from bot.schedule.terms import SchoolCalendar
from bot.schedule.years import BEGINS_IN

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
# A year, or a school year: 2024, 2024/25, 2024-2025.
_YEAR = r"(?P<year>(?:19|20)\d\d)(?:\s*[-/–]\s*(?P<to>(?:20)?\d\d)(?!\d|\s*[-/–.]\s*\d))?(?!\d)"
_SEASONS = {
    word: season for season, words in data("calendar.toml")["term"]["seasons"].items() for word in words
}  # fmt: skip
_SEASON = rf"(?P<season>{'|'.join(_SEASONS)})"
_BEFORE = r"(?<![\d/.-])"
# What is found first is taken out of the text, so that "31 March 2025" is no "March 2025" as well.
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        rf"{_BEFORE}(?P<year>(?:19|20)\d\d)-(?P<m>\d\d)-(?P<d>\d\d)(?!\d)",
        rf"{_BEFORE}(?P<d>\d{{1,2}})\s*[/.-]\s*(?P<m>\d{{1,2}})\s*[/.-]\s*(?P<year>(?:19|20)?\d\d)(?!\d)",
        rf"{_BEFORE}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}",
        rf"\b{_MONTH}\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+{_YEAR}",
        rf"\b{_MONTH},?\s*(?:of\s+)?{_YEAR}",
        rf"\b{_SEASON}(?:\s+(?:half\s+)?term)?(?:\s+[12])?,?\s*(?:of\s+)?{_YEAR}",
        rf"\bterms?\s+(?P<nth>[1-6]),?\s+{_YEAR}",
        rf"{_BEFORE}(?P<m>0?[1-9]|1[0-2])\s*[/.]\s*(?P<year>(?:19|20)\d\d)(?!\d|\s*[-/–.]\s*\d)",
        rf"{_BEFORE}{_YEAR}",
    )
)
_LONGEST = 400  # characters: what is longer is no date


def when_due(text: str, calendar: SchoolCalendar | None = None) -> date | None:
    """The last day by which something that is printed as due then is due.

    "Spring Term 2023" is its last day: as the school's calendar has it, else as it usually is; "November 2024" is
    30 November, "2024-25" the 31 August in which that school year ends. None where the text holds no such date, or
    several that differ.
    """
    days = set(_days(text[:_LONGEST], calendar))
    return days.pop() if len(days) == 1 else None


def _days(text: str, calendar: SchoolCalendar | None) -> Iterator[date | None]:
    for form in _FORMS:
        for found in form.finditer(text):
            yield _day(found, calendar)
        text = form.sub(" ; ", text)


def _day(found: re.Match[str], calendar: SchoolCalendar | None) -> date | None:
    parts = found.groupdict()
    year = int(parts["year"])
    year += 2000 if year < 100 else 0
    to = int(parts.get("to") or year + 1) % 100
    if parts.get("nth"):
        return None  # whether a year has three terms, four or six is not said
    if parts.get("to") and to != (year + 1) % 100:
        return None  # 2021-24 is no school year
    of_school_year = bool(parts.get("to"))
    if parts.get("season"):
        return _term_ends(_SEASONS[parts["season"].lower()], year, of_school_year, calendar)
    month = int(parts.get("m") or 0)
    if parts.get("month"):
        month = _MONTHS.index(parts["month"][:3].lower()) + 1
    if not month:
        return date(year + 1, BEGINS_IN, 31) if of_school_year else date(year, 12, 31)
    if of_school_year and month < BEGINS_IN:
        year += 1
    try:
        return date(year, month, int(parts.get("d") or monthrange(year, month)[1]))
    except ValueError:  # no such month or day
        return None


def _term_ends(
    season: str, year: int, of_school_year: bool, calendar: SchoolCalendar | None
) -> date:
    begins = year if season == "autumn" or of_school_year else year - 1
    term = calendar.term_of(begins, season) if calendar else None
    if term is not None:
        return term.last
    usual = data("calendar.toml")["usual"]["England"][season]["last"]
    return date.fromisoformat(f"{begins + (season != 'autumn')}-{usual}")


class Every(StrEnum):
    """What comes round."""

    MONTHS = "months"
    TERM = "term"
    HALF_TERM = "half-term"
    EDITION = "edition"  # with each new edition of something, on no date


@dataclass(frozen=True, slots=True)
class Cycle:
    """How often something comes round: every `number` months, terms or half terms."""

    every: Every
    number: int = 1

    @property
    def months(self) -> int | None:
        """The months between two times, where it goes by months."""
        return self.number if self.every is Every.MONTHS else None

    def after(self, day: date, calendar: SchoolCalendar) -> date | None:
        """The last day by which it is due again, when it was done on `day`; None where no date is set.

        A year after 29 February is 28 February. What is due each term is due by the end of the next one.
        """
        if self.every is Every.EDITION:
            return None
        if self.every is Every.MONTHS:
            months = day.year * 12 + day.month - 1 + self.number
            year, month = months // 12, months % 12 + 1
            return date(year, month, min(day.day, monthrange(year, month)[1]))
        ahead = day + timedelta(days=1), day + timedelta(days=400 * self.number)
        found = calendar.terms_in(*ahead) if self.every is Every.TERM else calendar.halves(*ahead)
        return found[self.number - 1].last if len(found) >= self.number else None


_NUMBERS = {
    **{word: n for n, word in enumerate("one two three four five six seven eight nine ten".split(), 1)},
    "other": 2, "second": 2, "third": 3, "twelve": 12, "eighteen": 18, "twenty four": 24,
}  # fmt: skip
_N = rf"(?P<n>\d{{1,2}}|{'|'.join(_NUMBERS)})"
_EACH = r"(?:each|every|per|once (?:a|an|each|every|per|in each|in every))"
# The words, what comes round, and of how many such (months of a year, say) one is made. What is found first is
# taken out. "Biannually" is none of them: some mean twice a year by it, others every two years.
_CYCLES = tuple(
    (re.compile(rf"(?<!\w)(?:{words})(?!\w)"), every, of)
    for words, every, of in (
        (r"(?:each|every|any|a) new (?:edition|version)|(?:each|every) edition", Every.EDITION, 1),
        (rf"every {_N} half terms?", Every.HALF_TERM, 1),
        (rf"half termly|{_EACH} half term", Every.HALF_TERM, 1),
        (rf"(?:each|every) {_N} terms?", Every.TERM, 1),
        (rf"termly|{_EACH} (?:school )?term", Every.TERM, 1),
        (rf"(?:each|every) {_N} (?:school |academic )?years?", Every.MONTHS, 12),
        (rf"{_N} year(?:ly)?(?: cycle| basis| review| programme)*", Every.MONTHS, 12),
        (rf"(?:(?:each|every) )?{_N} month(?:s|ly)?", Every.MONTHS, 1),
        (r"biennial(?:ly)?", Every.MONTHS, 24),
        (r"triennial(?:ly)?", Every.MONTHS, 36),
        (r"half yearly|twice (?:a|each|every|per) (?:school |academic )?year|twice yearly", Every.MONTHS, 6),
        (r"quarterly|(?:each|every) quarter", Every.MONTHS, 3),
        (rf"monthly|{_EACH} month", Every.MONTHS, 1),
        (rf"annual(?:ly)?|yearly|{_EACH} (?:school |academic |calendar )?year", Every.MONTHS, 12),
    )
)  # fmt: skip
_MOST_MONTHS = 120


def cycle(text: str) -> Cycle | None:
    """How often, from words such as "annually", "every two years", "each half term", "with each new edition".

    None where they do not tell, or tell of two cycles that differ.
    """
    plain = " ".join(re.sub(r"[\W_]+", " ", text[:_LONGEST].lower()).split())
    found: set[Cycle] = set()
    for form, every, of in _CYCLES:
        for match in form.finditer(plain):
            said = match.groupdict().get("n")
            number = of * (
                int(said) if said and said.isdecimal() else _NUMBERS.get(said or "one", 1)
            )
            found.add(Cycle(every, number))
        plain = form.sub(" ; ", plain)
    only = found.pop() if len(found) == 1 else None
    return only if only and 0 < only.number <= _MOST_MONTHS else None
