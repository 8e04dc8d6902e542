"""How long a report waits for its recipient before they are reminded, and before it goes on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.config import School
from bot.errors import BadSettings
from bot.schedule.calendar import WorkingTime

# The product's own defaults: half a working day, a working day; for what cannot wait, minutes.
_DEFAULTS = {
    "remind_after_hours": 4,
    "pass_on_after_hours": 8,
    "urgent_remind_after_minutes": 30,
    "urgent_pass_on_after_minutes": 60,
}
_LONGEST = 200
_OPENED = 2  # somebody who has looked at it has this many times as long to take it on


@dataclass(frozen=True, slots=True)
class Patience:
    """The waits of one school: working time, and by the clock, day and night, for what is urgent."""

    remind: timedelta
    pass_on: timedelta
    urgent_remind: timedelta
    urgent_pass_on: timedelta

    def remind_at(
        self, since: datetime, hours: WorkingTime, *, urgent: bool, opened: bool
    ) -> datetime:
        """When somebody who has had it, or has had it open, since then is reminded."""
        times = _OPENED if opened else 1
        if urgent:
            return since + self.urgent_remind * times
        return hours.after(since, self.remind * times)

    def pass_on_at(
        self, since: datetime, hours: WorkingTime, *, urgent: bool, opened: bool
    ) -> datetime:
        """When it goes to the next person."""
        times = _OPENED if opened else 1
        if urgent:
            return since + self.urgent_pass_on * times
        return hours.after(since, self.pass_on * times)


def patience_of(school: School) -> Patience:
    """The waits that a school has set under [reports.clock]; raises BadSettings."""
    file = school.folder / "school.toml"
    reports = school.settings.get("reports", {})
    table = reports.get("clock", {}) if isinstance(reports, dict) else {}
    if not isinstance(table, dict):
        raise BadSettings(f"{file}: write [reports.clock] on a line of its own")
    unknown = set(table) - set(_DEFAULTS)
    if unknown:
        raise BadSettings(
            f"{file}: [reports.clock] has no '{min(unknown)}'; it has: {', '.join(_DEFAULTS)}"
        )
    waits = _DEFAULTS | table
    for key, value in waits.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _LONGEST:
            raise BadSettings(
                f"{file}: {key} under [reports.clock] is a number from 1 to {_LONGEST}"
            )
    if (
        waits["remind_after_hours"] > waits["pass_on_after_hours"]
        or waits["urgent_remind_after_minutes"] > waits["urgent_pass_on_after_minutes"]
    ):
        raise BadSettings(
            f"{file}: [reports.clock] passes a report on before it reminds; swap the two numbers"
        )
    return Patience(
        timedelta(hours=waits["remind_after_hours"]),
        timedelta(hours=waits["pass_on_after_hours"]),
        timedelta(minutes=waits["urgent_remind_after_minutes"]),
        timedelta(minutes=waits["urgent_pass_on_after_minutes"]),
    )
