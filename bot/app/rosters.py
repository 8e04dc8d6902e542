"""Each school's roster as of today there, read anew when something of it changes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from bot.config import School
from bot.errors import BadSettings
from bot.people import staff_list
from bot.people.reading import people_of
from bot.people.roster import Known, People, as_of, with_known
from bot.schedule.calendar import WorkingTime, working_time

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    """What was read of a school, and what came of it."""

    school: School
    stamp: tuple[int, int]  # of its staff list
    hours: WorkingTime
    own: People  # its school.toml and its staff list
    known: tuple[Known, ...] | None = None
    whole: People = field(default_factory=People)  # with what the platforms tell
    day: date | None = None
    today: People = field(default_factory=People)


class Rosters:
    """The rosters of a running MayI."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def of(self, school: School, known: tuple[Known, ...], now: datetime) -> People:
        """The roster as of the moment `now`; raises BadSettings where it cannot be read.

        A staff list that was spoilt while MayI ran is left alone: the last good one counts until it is
        mended, and the log says so, once.
        """
        kept = self._kept.get(school.id)
        stamp = staff_list.stamp(school)
        if kept is None or kept.school is not school:
            kept = _Kept(school, stamp, working_time(school), people_of(school))
            self._kept[school.id] = kept
        elif kept.stamp != stamp:
            kept.stamp = stamp
            try:
                kept.own, kept.known = people_of(school), None
            except BadSettings as e:
                log.error("the staff list of before is used for %s: %s", school.id, e)  # noqa: TRY400
        if kept.known is not known:
            kept.known, kept.day = known, None
            kept.whole = with_known(kept.own, known, all_are_staff=staff_by_platform(school))
            kept.whole = replace(kept.whole, awaited=_awaited(school, known))
        day = kept.hours.today(now)
        if kept.day != day:
            kept.day, kept.today = day, as_of(kept.whole, day)
        return kept.today


def staff_by_platform(school: School) -> bool:
    """Whether a platform's own list of members is the school's roster: roster is not "list"."""
    return any(_lists(school, name) for name in ("slack", "teams"))


def _lists(school: School, platform: str) -> bool:
    return str(school.settings.get(platform, {}).get("roster", "list")) != "list"


def _awaited(school: School, known: tuple[Known, ...]) -> bool:
    """Whether a platform whose list is the school's roster has told of nobody yet."""
    told = {k.account.partition(":")[0] for k in known}
    return any(_lists(school, p) and p not in told for p in ("slack", "teams"))
