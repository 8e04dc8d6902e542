"""What is due, when, and for how long it is of use: pure functions of a school's calendar and its rules.

Nothing here knows whom a reminder goes to or whether it went. Each time something is due it is an
Occurrence, with an id that stays the same when the days of the calendar are edited, so that whoever decides
on it decides once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from bot.schedule.terms import Occasion, SchoolCalendar

DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
FORTNIGHT = timedelta(weeks=2)

# The product's own choice: how long after its day a reminder is still of use, in staff days.
STILL_USEFUL = 5
STARTER_WEEKS = 4  # a new starter's first tasks
LEAVER_DAYS = 10  # how long before the last day, in staff days
REVIEW_BEFORE = (timedelta(weeks=8), timedelta(weeks=4), timedelta(weeks=1), timedelta())
TO_CHAIR_AFTER = 4  # fortnights overdue


class Each(StrEnum):
    """How often something comes round, or on what occasion."""

    YEAR = "year"  # the first staff day of the school year
    TERM = "term"  # the first staff day of each term
    HALF_TERM = "half-term"  # the first staff day of each half term
    MONTH = "month"  # the first staff day of each month in term
    WEEK = "week"  # the first staff day of each week in term
    DATE = "date"  # each year on a day and month, or the first staff day after
    START = "start"  # somebody's first staff day
    LEAVING = "leaving"  # some staff days before somebody's last
    OCCASION = "occasion"  # a trip, a performance, a closure


@dataclass(frozen=True, slots=True)
class When:
    """When a reminder is due; `occasion` and `before` (staff days) belong to Each.OCCASION."""

    each: Each
    day: int = 0
    month: int = 0
    occasion: str = ""
    before: int = 1


@dataclass(frozen=True, slots=True)
class Rule:
    """One reminder of a school: what, when, to whom, and who asks for it.

    `clause` is what it quotes; `by_policy` is whether the policy itself asks for the reminder, and not only
    for what it reminds of.
    """

    name: str
    when: When
    to: tuple[str, ...]
    clause: str = ""
    by_policy: bool = False
    duty: bool = True  # cannot be snoozed or switched off
    text: str = ""  # the school's own sentence


@dataclass(frozen=True, slots=True)
class Review:
    """A policy's review: when it is due, None where nobody has said."""

    policy: str
    due: date | None
    outdated: bool = False  # it cites national guidance in a superseded edition


@dataclass(frozen=True, slots=True)
class Facts:
    """What reminders of a school follow from."""

    calendar: SchoolCalendar
    at: time  # of the day by the clock on the school's wall
    rules: tuple[Rule, ...] = ()
    reviews: tuple[Review, ...] = ()
    occasions: tuple[Occasion, ...] = ()  # besides those of the calendar
    starters: tuple[tuple[str, date], ...] = ()  # person, first day
    leavers: tuple[tuple[str, date], ...] = ()  # person, last day
    to_chair_after: int = TO_CHAIR_AFTER


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One time that something is due: from `due` on, of no use from `until` on. Both in UTC."""

    due: datetime
    until: datetime
    id: str
    reminder: str
    on: date  # the day it is about: of the review, the trip, the half term
    person: str = ""  # whom it concerns alone: a starter, a leaver
    policy: str = ""  # whose review it is
    step: int = 0  # of a review: fortnights overdue; before its day negative
    occasion: str = ""  # which one
    rule: Rule | None = field(default=None, compare=False)


REVIEW = "review"
UNDATED = "undated"  # a policy without a date of review
OUTDATED = "outdated"  # one that cites superseded guidance


def coming(facts: Facts, first: date, last: date) -> tuple[Occurrence, ...]:
    """What is due from the day `first` to the day `last`, both included, in the order of its moments."""
    found = [
        each
        for some in (_of_rules(facts, first, last), _of_reviews(facts, first, last))
        for each in some
        if first <= _day(facts, each.due) <= last
    ]
    return tuple(sorted(found))


def due(facts: Facts, now: datetime, back: timedelta) -> tuple[Occurrence, ...]:
    """What has come due in the time `back` up to now, whatever was decided on it, oldest first."""
    today = facts.calendar.hours.today(now)
    return tuple(o for o in coming(facts, today - back, today) if o.due <= now)


# --- rules ---------------------------------------------------------------------------------------------


def _of_rules(facts: Facts, first: date, last: date) -> Iterator[Occurrence]:
    # What falls on a closed day is due on the next open one, so that what began earlier counts too.
    early = first - timedelta(days=70)
    for rule in facts.rules:
        for key, day, person, occasion, until in _days(facts, rule, early, last):
            due_day = facts.calendar.next_staff_day(day)
            end = until or facts.calendar.staff_days_later(due_day, STILL_USEFUL)
            if rule.when.each is Each.OCCASION:
                due_day = min(due_day, day)  # a closure is told on its own day
            if end <= due_day and rule.when.each is not Each.OCCASION:
                continue
            yield Occurrence(
                due=_moment(facts, due_day),
                until=_moment(facts, max(end, due_day + DAY)),
                id=f"{rule.name}:{key}",
                reminder=rule.name,
                on=occasion.first if occasion else day,
                person=person,
                occasion=occasion.key if occasion else "",
                rule=rule,
            )


# What a rule yields: its key, the day, whom alone it concerns, of which occasion, of no use from.
_Day = tuple[str, date, str, Occasion | None, date | None]


def _days(facts: Facts, rule: Rule, first: date, last: date) -> Iterator[_Day]:
    calendar, when = facts.calendar, rule.when
    match when.each:
        case Each.HALF_TERM:
            for half in calendar.halves(first, last):
                yield half.key, half.first, "", None, None
        case Each.TERM:
            for term in calendar.terms_in(first, last):
                yield term.key, term.first, "", None, None
        case Each.YEAR:
            for term in calendar.terms_in(first, last):
                if term.key.endswith("/autumn"):
                    yield term.key, term.first, "", None, None
        case Each.DATE:
            for year in range(first.year, last.year + 1):
                yield str(year), _in_year(year, when.month, when.day), "", None, None
        case Each.MONTH | Each.WEEK:
            yield from _regularly(calendar, when.each, first, last)
        case Each.START:
            for person, began in facts.starters:
                if first <= began <= last:
                    until = began + STARTER_WEEKS * WEEK
                    yield f"{person}:{began}", began, person, None, until
        case Each.LEAVING:
            for person, ends in facts.leavers:
                day = _staff_days_before(calendar, ends, LEAVER_DAYS)
                if day <= last and ends >= first:
                    yield f"{person}:{ends}", day, person, None, ends + DAY
        case Each.OCCASION:
            for occasion in (*calendar.occasions, *facts.occasions):
                if occasion.kind == when.occasion and occasion.last >= first:
                    day = _staff_days_before(calendar, occasion.first, when.before)
                    if day <= last:
                        yield occasion.key, day, "", occasion, occasion.last + DAY


def _regularly(calendar: SchoolCalendar, each: Each, first: date, last: date) -> Iterator[_Day]:
    """The first staff day of each week or month in which there is one."""
    day = first - timedelta(days=31)
    before = ""
    while day <= last:
        iso = day.isocalendar()
        key = f"{day:%Y-%m}" if each is Each.MONTH else f"{iso.year}-W{iso.week:02}"
        if key != before and calendar.is_staff_day(day):
            before = key
            if day >= first:
                yield key, day, "", None, None
        day += DAY


def _staff_days_before(calendar: SchoolCalendar, day: date, number: int) -> date:
    """The staff day that comes so many before `day`; with 0, `day` itself."""
    looked = 0
    while number and looked < 60:
        day -= DAY
        looked += 1
        number -= calendar.is_staff_day(day)
    return day


def _in_year(year: int, month: int, day: int) -> date:
    """A day and month in a year; 29 February is the 28th where there is none."""
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, month, 28)


# --- reviews -------------------------------------------------------------------------------------------


def _of_reviews(facts: Facts, first: date, last: date) -> Iterator[Occurrence]:
    for review in facts.reviews:
        for kind, holds in ((UNDATED, review.due is None), (OUTDATED, review.outdated)):
            if holds:
                yield from _each_half(facts, kind, review.policy, first, last)
        if review.due is None:
            continue
        steps = list(_steps(facts, review.due, first, last))
        for (step, day), (_, following) in pairwise(steps):
            if day < following:  # two that the holidays bring to one day are one: the later
                yield Occurrence(
                    due=_moment(facts, day),
                    until=_moment(facts, following),
                    id=f"{REVIEW}:{review.policy}:{review.due}:{step:+d}",
                    reminder=REVIEW,
                    on=review.due,
                    policy=review.policy,
                    step=step,
                )


def _each_half(
    facts: Facts, kind: str, policy: str, first: date, last: date
) -> Iterator[Occurrence]:
    """Once a half term, for as long as it holds: on its first day, or whenever in it that comes out."""
    halves = facts.calendar.halves(first - timedelta(days=70), last + timedelta(days=120))
    for half, next_half in pairwise(halves):
        yield Occurrence(
            due=_moment(facts, half.first),
            until=_moment(facts, next_half.first),
            id=f"{kind}:{policy}:{half.key}",
            reminder=kind,
            on=half.first,
            policy=policy,
        )


def _steps(facts: Facts, day: date, first: date, last: date) -> Iterator[tuple[int, date]]:
    """The steps around a review's day that can matter between two days, and one more; with their days."""
    for n, before in enumerate(REVIEW_BEFORE):
        yield n - len(REVIEW_BEFORE) + 1, facts.calendar.next_staff_day(day - before)
    # Holidays move a step by some weeks at most; what is long past is not asked for.
    step = max(1, (first - day).days // FORTNIGHT.days - 6)
    while True:
        at = day + step * FORTNIGHT
        yield step, facts.calendar.next_staff_day(at)
        if at > last:
            return
        step += 1


# --- moments -------------------------------------------------------------------------------------------


def _moment(facts: Facts, day: date) -> datetime:
    return datetime.combine(day, facts.at, facts.calendar.hours.zone).astimezone(UTC)


def _day(facts: Facts, moment: datetime) -> date:
    return facts.calendar.hours.today(moment)


# --- words ---------------------------------------------------------------------------------------------

_MONTHS = (
    "january february march april may june july august september october november december".split()
)
HOW_WRITTEN = (
    "write year, term, half-term, month, week, start, leaving, a day such as '1 September', "
    "or an occasion such as 'trip' or 'trip, 2 days before'"
)


def when_of(text: str, occasions: frozenset[str] = frozenset()) -> When | None:
    """When a reminder is due, as somebody writes it; None where it cannot be told (see HOW_WRITTEN)."""
    words = " ".join(text.casefold().replace(",", " ").split())
    words = re.sub(r"^(each|every|on|a)\s+", "", words)
    if words in {e.value for e in Each} - {Each.DATE, Each.OCCASION}:
        return When(Each(words))
    if found := re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)? ([a-z]+)", words):
        month = next(
            (
                n
                for n, name in enumerate(_MONTHS, 1)
                if len(found[2]) > 2 and name.startswith(found[2])
            ),
            0,
        )
        try:
            date(2024, month, int(found[1]))  # a leap year: 29 February is a day
        except ValueError:
            return None
        return When(Each.DATE, day=int(found[1]), month=month)
    found = re.fullmatch(r"([a-z-]+)(?: (\d{1,2}) days? before| (on the day))?", words)
    if found and found[1] in occasions:
        before = 0 if found[3] else int(found[2] or 1)
        return When(Each.OCCASION, occasion=found[1], before=before)
    return None
