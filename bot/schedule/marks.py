"""Terms from the days on which a calendar says that one begins or ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bot.schedule.years import Term, season_of

SAME = timedelta(days=10)  # "Term begins" and, some days later, "Pupils return": one beginning


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A day on which a term begins or ends."""

    day: date
    begins: bool
    title: str
    season: str = ""


def pair(marks: Sequence[Mark]) -> list[Term]:
    """The terms between beginnings and ends, in order.

    An end that nothing begins is passed over: calendars are often cut off there. Raises ValueError, whose text
    says what to do, where a term does not end before another begins.
    """
    terms: list[Term] = []
    open_: Mark | None = None
    for mark in sorted(marks):
        if mark.begins:
            if open_ is None:
                open_ = mark
            elif mark.day - open_.day > SAME:
                raise ValueError(_unended(open_))
        elif open_ is not None:
            terms.append(Term(_name(open_, mark), open_.day, mark.day))
            open_ = None
        elif terms and mark.day - terms[-1].last <= SAME:
            # "Last day of term for Year 6", and a few days later everybody's.
            terms[-1] = Term(terms[-1].name, terms[-1].first, mark.day)
    if open_ is not None:
        raise ValueError(_unended(open_))
    return terms


def _unended(mark: Mark) -> str:
    return (
        f"'{mark.title}' on {mark.day:%-d %B %Y} begins a term that has no end; "
        "add an event 'Term ends' on its last day"
    )


def _name(begin: Mark, end: Mark) -> str:
    unnamed = Term("", begin.day, end.day)
    season = begin.season or end.season or season_of(unnamed)
    return f"{season.capitalize()} Term {begin.day.year}"
