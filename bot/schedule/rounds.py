"""Rounds of acknowledgement: what a school.toml asks for, when a year of asking opens, who owes what.

Pure functions over plain values. A signature counts for an epoch of a policy's text and a year of asking; it
holds as long as the epoch is the present one and the year has not been followed by another.
"""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bot.config import School
from bot.errors import BadSettings
from bot.schedule.terms import SchoolCalendar

# The product's own choice: three reminders after the first asking, then the leader. Counted in staff days,
# so that five are a week in term and none pass in the holidays.
STEPS = (5, 10, 15)
LEADER = 20
EARLY = timedelta(days=60)  # how long before a round opens somebody may confirm for it
MOST_QUESTIONS = 3
_SETTINGS = (
    "from", "within_days", "policies", "who", "clause", "discussion", "questions", "off",
)  # fmt: skip
_MONTHS = {name.lower(): n for n, name in enumerate(months.month_name) if name}
_FROM = re.compile(r"(\d{1,2}) ([a-z]+)")


@dataclass(frozen=True, slots=True)
class Asking:
    """What a school asks its people to confirm each year; `who` by policy, "" for all others."""

    day: int = 1
    month: int = 9
    within: timedelta = timedelta(days=28)
    policies: tuple[str, ...] = ()  # file stems; empty: all
    who: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: {"": ("staff",)})
    clauses: Mapping[str, str] = field(
        default_factory=dict
    )  # by policy: what asks for it each year
    discussions: Mapping[str, str] = field(
        default_factory=dict
    )  # by policy: the clause that asks for it to be discussed each year
    questions: int = 0

    def wants(self, policy: str) -> bool:
        """Whether this policy is one to confirm."""
        return not self.policies or policy in self.policies

    def whom(self, policy: str) -> tuple[str, ...]:
        """Who is to confirm it, as a list of groups, roles, people and teams."""
        return self.who.get(policy, self.who[""])


class Standing(StrEnum):
    """How somebody stands with a policy."""

    CONFIRMED = "confirmed"  # they have read and confirmed it
    EXCEPTED = "excepted"  # a leader declared an exception: not read
    ABSENT = "absent"  # away, and owing it
    OUTSTANDING = "outstanding"


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody of the roster, as far as it decides what they owe."""

    id: str
    policies: frozenset[str]  # what is asked of them
    here: bool = True  # has started and not left
    away: bool = False
    account: bool = False  # no person: a service account


@dataclass(frozen=True, slots=True)
class Given:
    """A signature or an exception."""

    person: str
    policy: str
    epoch: int
    year: int
    read: bool = True  # false: an exception


def asking_of(school: School) -> Asking | None:
    """What a school.toml says under [acknowledgements]; None where it does not. Raises BadSettings."""
    table = school.settings.get("acknowledgements")
    if table is None:
        return None
    key = f"{school.folder / 'school.toml'}: acknowledgements"
    if not isinstance(table, Mapping):
        raise BadSettings(f"{key}: is not a table; write [acknowledgements] on a line")
    for name in table:
        if name not in _SETTINGS:
            raise BadSettings(f"{key}: has no setting '{name}'; use {', '.join(_SETTINGS)}")
    if _flag(table.get("off", False), f"{key}.off"):
        return None
    known = {p.stem for p in school.policies}
    policies = _names(table.get("policies", []), f"{key}.policies")
    clauses = _clauses(table.get("clause", {}), f"{key}.clause")
    discussions = _clauses(table.get("discussion", {}), f"{key}.discussion")
    who = _who(table.get("who", ["staff"]), f"{key}.who")
    for name in (*policies, *clauses, *discussions, *filter(None, who)):
        if name not in known:
            raise BadSettings(
                f"{key}: there is no policy '{name}' here; its policies are "
                f"{', '.join(sorted(known)) or 'none yet'}"
            )
    day, month = _from(table.get("from", "1 September"), f"{key}.from")
    return Asking(
        day=day,
        month=month,
        within=timedelta(days=_number(table, "within_days", 28, 1, 200, key)),
        policies=policies,
        who=who,
        clauses=clauses,
        discussions=discussions,
        questions=_number(table, "questions", 0, 0, MOST_QUESTIONS, key),
    )


# --- when ----------------------------------------------------------------------------------------------


def opening(asking: Asking, calendar: SchoolCalendar, year: int) -> date:
    """The day on which the asking of a year opens: the school's own, or the first staff day after it."""
    day = date(year, asking.month, min(asking.day, months.monthrange(year, asking.month)[1]))
    try:
        return calendar.next_staff_day(day)
    except BadSettings:  # the terms of that year are not known yet
        return day


def year_on(asking: Asking, calendar: SchoolCalendar, day: date) -> int:
    """The year of asking that a day is in, by the calendar year in which it opened."""
    return day.year if opening(asking, calendar, day.year) <= day else day.year - 1


def early_for(asking: Asking, calendar: SchoolCalendar, day: date) -> int | None:
    """The next year of asking, where it is near enough for somebody to confirm for it already."""
    following = year_on(asking, calendar, day) + 1
    return following if opening(asking, calendar, following) - day <= EARLY else None


def deadline(asking: Asking, calendar: SchoolCalendar, opened: date) -> date:
    """By when what was asked on a day is to be confirmed: a staff day."""
    day = opened + asking.within
    try:
        return calendar.next_staff_day(day)
    except BadSettings:
        return day


def step_on(calendar: SchoolCalendar, asked: date, day: date) -> int:
    """The last reminder that has come due by a day after the first asking: 0, one of STEPS, or LEADER."""
    reached = 0
    for step in (*STEPS, LEADER):
        try:
            come = calendar.staff_days_later(asked, step) <= day
        except BadSettings:  # the calendar ends before it
            break
        if come:
            reached = step
    return reached


# --- who -----------------------------------------------------------------------------------------------


def standings(
    readers: Iterable[Reader], epochs: Mapping[str, int], given: Sequence[Given], year: int
) -> dict[tuple[str, str], Standing]:
    """How everybody who is at work stands with every policy asked of them: (person, policy), none left out.

    `epochs` holds the present epoch of each policy, `year` is the year of asking.
    """
    read: dict[tuple[str, str], bool] = {}
    for g in given:
        if epochs.get(g.policy) == g.epoch and g.year >= year:
            read[g.person, g.policy] = read.get((g.person, g.policy), False) or g.read
    found = {}
    for reader in readers:
        if reader.account or not reader.here:
            continue
        for policy in sorted(reader.policies & epochs.keys()):
            settled = read.get((reader.id, policy))
            if settled is not None:
                standing = Standing.CONFIRMED if settled else Standing.EXCEPTED
            else:
                standing = Standing.ABSENT if reader.away else Standing.OUTSTANDING
            found[reader.id, policy] = standing
    return found


# --- settings ------------------------------------------------------------------------------------------


def _from(value: object, key: str) -> tuple[int, int]:
    found = _FROM.fullmatch(value.strip().lower()) if isinstance(value, str) else None
    month = _MONTHS.get(found[2], 0) if found else 0
    if found and month and 1 <= int(found[1]) <= months.monthrange(2024, month)[1]:
        return int(found[1]), month
    raise BadSettings(f'{key}: write a day and a month, such as "1 September"')


def _who(value: object, key: str) -> dict[str, tuple[str, ...]]:
    """One list for all policies, or one for each of some, with the staff for the others."""
    if isinstance(value, Mapping):
        return {"": ("staff",)} | {str(p): _names(v, key, least=1) for p, v in value.items()}
    return {"": _names(value, key, least=1)}


def _clauses(value: object, key: str) -> dict[str, str]:
    """The clause of each of some policies."""
    if isinstance(value, Mapping) and all(isinstance(c, str) for c in value.values()):
        return {str(policy): clause for policy, clause in value.items()}
    raise BadSettings(f'{key}: write it as {{ social-media = "SM-11" }}')


def _names(value: object, key: str, *, least: int = 0) -> tuple[str, ...]:
    if (
        isinstance(value, list)
        and len(value) >= least
        and all(isinstance(v, str) and v.strip() for v in value)
    ):
        return tuple(v.strip() for v in value)
    raise BadSettings(f'{key}: write a list in quotes, such as ["staff"] or ["team:Year 3"]')


def _flag(value: object, key: str) -> bool:
    if isinstance(value, bool):
        return value
    raise BadSettings(f"{key}: write true or false")


def _number(
    table: Mapping[str, object], name: str, default: int, least: int, most: int, key: str
) -> int:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise BadSettings(f"{key}.{name}: write a number from {least} to {most}")
    return value
