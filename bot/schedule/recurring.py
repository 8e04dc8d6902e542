"""On which days an event of an iCalendar file repeats, for the rules that school calendars use.

Days are tried one after the other up to a limit, so that no rule, however it is written, takes for ever.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

MOST_TIMES = 400  # of one event: the latest are kept
FURTHEST_BACK = 4 * 366  # days before the end: where nothing is counted, earlier ones are of no use
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FOLLOWED = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTH", "BYMONTHDAY", "BYSETPOS", "WKST"}  # fmt: skip


class Unfollowed(ValueError):
    """A rule that is none, or of a sort that no school calendar needs."""


@dataclass(slots=True)
class Patience:
    """How many days may still be tried for all the events of a file together."""

    days: int = 1_000_000


@dataclass(frozen=True, slots=True)
class Rule:
    """How an event repeats, from its first day on."""

    every: str  # DAILY, WEEKLY, MONTHLY, YEARLY
    interval: int = 1
    count: int | None = None
    until: date | None = None
    weekdays: tuple[
        tuple[int, int], ...
    ] = ()  # which one in the month (0: each; -1: the last), weekday
    months: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()

    def fits(self, start: date, day: date) -> bool:
        """Whether an event that first is on `start` is also on `day`."""
        if self.months and day.month not in self.months:
            return False
        return self._periods(start, day) % self.interval == 0 and self._in_period(start, day)

    def _periods(self, start: date, day: date) -> int:
        """Days, weeks, months or years between the two."""
        if self.every == "DAILY":
            return (day - start).days
        if self.every == "WEEKLY":
            return ((day - start).days + start.weekday()) // 7
        if self.every == "MONTHLY":
            return (day.year - start.year) * 12 + day.month - start.month
        return day.year - start.year

    def _in_period(self, start: date, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        if self.month_days and not self.month_days & {day.day, day.day - length - 1}:
            return False
        if self.weekdays:
            here = {0, (day.day + 6) // 7, -((length - day.day) // 7 + 1)}
            return any(day.weekday() == w and n in here for n, w in self.weekdays)
        if self.month_days or self.every == "DAILY":
            return True
        if self.every == "WEEKLY":
            return day.weekday() == start.weekday()
        if self.every == "YEARLY" and not self.months and day.month != start.month:
            return False
        return day.day == start.day


def rule_from(recur: Mapping[str, Sequence[Any]]) -> Rule:
    """The rule of an RRULE as the library reads it; raises Unfollowed."""
    parts = {str(k).upper(): list(v) for k, v in recur.items()}
    every = str(parts.get("FREQ", [""])[0]).upper()
    if set(parts) - _FOLLOWED or every not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise Unfollowed(every)
    weekdays = tuple(_weekday(str(v).upper()) for v in parts.get("BYDAY", []))
    if every == "YEARLY" and weekdays and "BYMONTH" not in parts:
        raise Unfollowed(every)  # the twentieth Monday of a year
    if "BYSETPOS" in parts:
        # "The second Tuesday", as some programs write it.
        if len(parts["BYSETPOS"]) != 1 or len(weekdays) != 1 or every in ("DAILY", "WEEKLY"):
            raise Unfollowed(every)
        weekdays = ((int(parts["BYSETPOS"][0]), weekdays[0][1]),)
    interval = int(parts.get("INTERVAL", [1])[0])
    if interval < 1:
        raise Unfollowed(every)
    until = parts.get("UNTIL", [None])[0]
    return Rule(
        every,
        interval,
        int(parts["COUNT"][0]) if "COUNT" in parts else None,
        until.date() if isinstance(until, datetime) else until,
        weekdays,
        frozenset(int(v) for v in parts.get("BYMONTH", [])),
        frozenset(int(v) for v in parts.get("BYMONTHDAY", [])),
    )


def _weekday(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)", text)
    if found is None:
        raise Unfollowed(text)
    return int(found[1] or 0), _WEEKDAYS.index(found[2])


def days_of(rule: Rule, start: date, end: date, patience: Patience) -> list[date]:
    """The days from `start` to `end` on which the event is; the first of them is always `start`.

    Raises Unfollowed where too many days would have to be tried.
    """
    last = min(end, rule.until) if rule.until else end
    found: deque[date] = deque([start], maxlen=MOST_TIMES)
    day = start + timedelta(days=1)
    if rule.count is None:
        day = max(day, last - timedelta(days=FURTHEST_BACK))
    times = 1
    while day <= last and (rule.count is None or times < rule.count):
        patience.days -= 1
        if patience.days < 0:
            raise Unfollowed("too many repeated events")
        if rule.fits(start, day):
            found.append(day)
            times += 1
        day += timedelta(days=1)
    return list(found)
