"""When a school is open: working days and hours, bank holidays and the days it is closed.

This is the clock that a report waits by, so the holidays of pupils do not stop it; bot.schedule.terms knows those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from bot.config import School
from bot.errors import BadSettings

NATIONS = {"England": "ENG", "Wales": "WLS", "Scotland": "SCT", "Northern Ireland": "NIR"}
LONGEST_CLOSURE = 400  # days: a school closed for longer is closed for ever
FURTHEST = 3660  # days: nothing is due in more than ten years
SETTINGS = ("zone", "opens", "closes", "closed", "days", "bank_holidays")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RANGE = "write one day (2026-12-21) or the first and the last (2026-12-21/2027-01-01)"


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The hours in which people at a school can be expected to read what waits for them.

    A day runs from `opens` up to, not including, `closes` by the clock on the wall there.
    """

    zone: ZoneInfo
    opens: time
    closes: time
    closed: frozenset[date] = frozenset()
    nation: str = "England"
    days: frozenset[int] = frozenset(range(5))  # working days, Monday is 0
    works_on_bank_holidays: bool = False

    def today(self, now: datetime) -> date:
        """The date at the school at the moment `now`."""
        return _aware(now).astimezone(self.zone).date()

    def is_open(self, at: datetime) -> bool:
        """Whether the moment `at` is working time."""
        span = self._span(self.today(at))
        return span is not None and span[0] <= at < span[1]

    def after(self, start: datetime, hours: timedelta) -> datetime:
        """The first moment, in UTC, by which `hours` of working time have passed since `start`.

        Raises BadSettings where the school is closed for longer than a year, or it would be more than
        ten years off.
        """
        if hours < timedelta():
            raise ValueError("working time runs forward only")
        at, left = _aware(start).astimezone(UTC), hours
        if not left:
            return at
        day, shut = self.today(start), 0
        for _ in range(FURTHEST):
            span = self._span(day)
            if span is not None:
                shut = 0
                here = max(at, span[0])
                if left <= span[1] - here:
                    return here + left
                left -= max(span[1] - here, timedelta())
            else:
                shut += 1
                if shut > LONGEST_CLOSURE:
                    raise BadSettings(
                        f"school.toml: hours.closed: leaves no working day in the {LONGEST_CLOSURE} "
                        f"days before {day}; take some of the days out"
                    )
            if day == date.max:
                break
            day += timedelta(days=1)
        raise BadSettings(
            f"school.toml: a wait of {hours // timedelta(hours=1)} working hours ends more than ten "
            "years later; make it shorter under reports.clock, or open for longer under hours"
        )

    def is_bank_holiday(self, day: date) -> bool:
        """Whether a day is a bank holiday that the school keeps."""
        return not self.works_on_bank_holidays and day in bank_holidays(self.nation, day.year)

    def is_working_day(self, day: date) -> bool:
        """Whether the school is open at all on a day."""
        # The days next to the calendar's ends may not exist in UTC.
        if day.weekday() not in self.days or day in self.closed or not 1 < day.year < 9999:
            return False
        return not self.is_bank_holiday(day)

    def _span(self, day: date) -> tuple[datetime, datetime] | None:
        """From when to when the school is open on a day, in UTC; None where it is closed."""
        if not self.is_working_day(day):
            return None
        opens, closes = (
            datetime.combine(day, t, self.zone).astimezone(UTC) for t in (self.opens, self.closes)
        )
        return (opens, closes) if opens < closes else None


@lru_cache(maxsize=64)
def bank_holidays(nation: str, year: int) -> frozenset[date]:
    """The bank holidays of a nation in a year, with the days kept in lieu."""
    from holidays import country_holidays  # heavy, and needed only where a clock runs

    return frozenset(country_holidays("GB", subdiv=NATIONS[nation], years=year))


def working_time(school: School) -> WorkingTime:
    """The working time that a school.toml sets under [hours].

    Raises BadSettings, in one line, where it says what cannot be meant.
    """
    file = school.folder / "school.toml"
    hours = school.settings.get("hours", {})
    if not isinstance(hours, Mapping):
        raise BadSettings(f"{file}: hours: is not a table; write [hours] on a line")
    for name in hours:
        if name not in SETTINGS:
            raise BadSettings(
                f"{file}: hours: has no setting {shown(name)}; use {', '.join(SETTINGS)}"
            )
    if school.nation not in NATIONS:
        raise BadSettings(
            f"{file}: nation: {shown(school.nation)} has no bank holidays; use {', '.join(NATIONS)}"
        )
    opens = _time(hours, "opens", "08:00", f"{file}")
    closes = _time(hours, "closes", "17:00", f"{file}")
    if not opens < closes:
        raise BadSettings(
            f"{file}: hours.closes: {closes:%H:%M} is not after {opens:%H:%M}, when the school opens; "
            "write a later time of the same day"
        )
    return WorkingTime(
        zone=_zone(hours.get("zone", "Europe/London"), f"{file}"),
        opens=opens,
        closes=closes,
        closed=frozenset(_closed(hours.get("closed", []), f"{file}")),
        nation=school.nation,
        days=_days(hours.get("days", list(DAYS[:5])), f"{file}"),
        works_on_bank_holidays=_bank_holidays(hours.get("bank_holidays", "closed"), f"{file}"),
    )


def _zone(value: object, file: str) -> ZoneInfo:
    try:
        if isinstance(value, str) and value:
            return ZoneInfo(value)
    except (ValueError, OSError, KeyError):  # what ZoneInfo raises for names that are none
        pass
    raise BadSettings(
        f"{file}: hours.zone: {shown(value)} is not a time zone; write one as Europe/London"
    )


def _time(hours: Mapping[str, Any], name: str, default: str, file: str) -> time:
    value = hours.get(name, default)
    if isinstance(value, time):
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        return time.fromisoformat(value)
    raise BadSettings(
        f"{file}: hours.{name}: {shown(value)} is not a time; write one as {default}, in quotes"
    )


def _days(value: object, file: str) -> frozenset[int]:
    if isinstance(value, list) and value and all(day in DAYS for day in value):
        return frozenset(DAYS.index(day) for day in value)
    raise BadSettings(
        f"{file}: hours.days: {shown(value)} is not a list of days; "
        'write the days the school works, as ["mon", "tue", "wed", "thu", "fri"]'
    )


def _bank_holidays(value: object, file: str) -> bool:
    if value in ("open", "closed"):
        return value == "open"
    raise BadSettings(
        f"{file}: hours.bank_holidays: {shown(value)} is neither; "
        'write "closed", or "open" where staff work on them, as in a boarding school'
    )


def _closed(value: object, file: str) -> Iterator[date]:
    key = f"{file}: hours.closed:"
    if not isinstance(value, list):
        raise BadSettings(f'{key} {shown(value)} is not a list; in ["…"], {RANGE}')
    for item in value:
        first, last = span_of(item, key)
        yield from days_from(first, last)


def span_of(value: object, key: str) -> tuple[date, date]:
    """The first and the last day that somebody wrote, as a date, "2026-12-21" or "2026-12-21/2027-01-01".

    Raises BadSettings, which begins with `key`, where it cannot be meant.
    """
    if isinstance(value, date) and not isinstance(value, datetime):
        return value, value
    try:
        begin, _, end = str(value).partition("/")
        first = date.fromisoformat(begin.strip())
        last = date.fromisoformat((end or begin).strip())
    except ValueError:
        raise BadSettings(f"{key} {shown(value)} is not a date; {RANGE}") from None
    if last < first:
        raise BadSettings(f"{key} {shown(value)} ends before it begins; {RANGE}")
    if (last - first).days > LONGEST_CLOSURE:
        raise BadSettings(f"{key} {shown(value)} is longer than a year; {RANGE}")
    return first, last


def days_from(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return at


def shown(value: object) -> str:
    """What somebody wrote, short and on one line, to be quoted in an error."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return f"'{line[:60]}'"
