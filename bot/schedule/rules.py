"""What a school reminds its people of, as its school.toml says under [reminders]."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from bot.config import School, data
from bot.errors import BadSettings
from bot.schedule.calendar import WorkingTime, working_time
from bot.schedule.reminders import HOW_WRITTEN, TO_CHAIR_AFTER, Rule, when_of

_OWN = ("at", "most", "owner_to_chair_after")
_OF_A_RULE = ("clause", "source", "when", "to", "text", "off", "nudge", "label")
_AFTER_OPENING = timedelta(minutes=15)
_MOST = 3  # items in one digest: the product's own choice, as many as are read
NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
STARTER, LEAVER = "starter", "leaver"
OF_ONE = (STARTER, LEAVER)  # in `to`: whoever the occurrence itself is about


@dataclass(frozen=True, slots=True)
class Reminders:
    """What one school has switched on, and how its digest goes out."""

    at: time  # by the clock on the school's wall
    most: int = _MOST
    to_chair_after: int = TO_CHAIR_AFTER  # fortnights
    rules: tuple[Rule, ...] = ()

    def rule(self, name: str) -> Rule | None:
        """The rule of this name, if the school has it on."""
        return next((r for r in self.rules if r.name == name), None)


def label_of(name: str, school: School) -> str:
    """What a reminder is called."""
    table = school.settings.get("reminders", {})
    own = table.get(name, {}) if isinstance(table, Mapping) else {}
    if isinstance(own, Mapping) and own.get("label"):
        return str(own["label"])
    kind = data("reminders.toml")["kinds"].get(name)
    return str(kind["label"]) if kind else name.replace("-", " ").capitalize()


def reminders_of(school: School) -> Reminders:
    """The reminders that a school.toml sets under [reminders]; raises BadSettings, in one line."""
    table = school.settings.get("reminders", {})
    file = school.folder / "school.toml"
    if not isinstance(table, Mapping):
        raise BadSettings(f"{file}: reminders: is not a table; write [reminders] on a line")
    rules = (_rule(name, entry, f"{file}") for name, entry in table.items() if name not in _OWN)
    return Reminders(
        at=_at(table, working_time(school), f"{file}"),
        most=_number(table, "most", _MOST, 10, f"{file}"),
        to_chair_after=_number(table, "owner_to_chair_after", TO_CHAIR_AFTER, 26, f"{file}"),
        rules=tuple(rule for rule in rules if rule is not None),
    )


def _rule(name: str, entry: object, file: str) -> Rule | None:
    key = f"{file}: reminders.{name}:"
    if not isinstance(entry, Mapping):
        raise BadSettings(
            f"{key} is not a table; write [reminders.{name}] on a line. The settings of all of them "
            f"are {', '.join(_OWN)}"
        )
    if not NAME.fullmatch(name):
        raise BadSettings(f"{key} is not a name; use lower-case letters, digits and hyphens")
    for setting in entry:
        if setting not in _OF_A_RULE:
            raise BadSettings(f"{key} has no setting '{setting}'; use {', '.join(_OF_A_RULE)}")
    catalogue = data("reminders.toml")
    kind: Mapping[str, Any] = catalogue["kinds"].get(name, {})
    merged = {**kind, **entry}
    if merged.get("off") is True:
        return None
    clause = _text(merged, "clause", key)
    text = _text(merged, "text", key)
    if not text:
        raise BadSettings(
            f"{key} is none of MayI's own reminders, so it needs text = \"…\"; MayI's own are "
            f"{', '.join(catalogue['kinds'])}"
        )
    source = merged.get("source", "policy" if clause else "choice")
    if source not in ("policy", "choice") or (source == "policy" and not clause):
        raise BadSettings(
            f'{key} source is "policy", together with the clause that says so, or "choice"'
        )
    return Rule(
        name=name,
        when=_when(merged, frozenset(catalogue["occasions"]), key),
        to=_to(merged, key),
        clause=clause,
        by_policy=source == "policy",
        duty=not _flag(merged, "nudge", key),
        text=text,
    )


def _when(merged: Mapping[str, Any], occasions: frozenset[str], key: str) -> Any:
    said = _text(merged, "when", key)
    when = when_of(said, occasions)
    if when is None:
        raise BadSettings(f"{key} when: '{said[:40]}' cannot be told; {HOW_WRITTEN}")
    return when


def _to(merged: Mapping[str, Any], key: str) -> tuple[str, ...]:
    to = merged.get("to", ())
    if (
        not isinstance(to, list | tuple)
        or not to
        or not all(isinstance(each, str) and each.strip() for each in to)
    ):
        raise BadSettings(
            f'{key} to: write a list such as ["staff"], ["office"] or ["team:Year 3"]'
        )
    return tuple(to)


def _text(merged: Mapping[str, Any], name: str, key: str) -> str:
    value = merged.get(name, "")
    if not isinstance(value, str):
        raise BadSettings(f"{key} {name}: write words in quotes")
    return value.strip()


def _flag(merged: Mapping[str, Any], name: str, key: str) -> bool:
    value = merged.get(name, False)
    if not isinstance(value, bool):
        raise BadSettings(f"{key} {name}: write true or false")
    return value


def _number(table: Mapping[str, Any], name: str, default: int, most: int, file: str) -> int:
    value = table.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise BadSettings(f"{file}: reminders.{name}: write a number from 1 to {most}")
    return value


def _at(table: Mapping[str, Any], hours: WorkingTime, file: str) -> time:
    value = table.get("at")
    if value is None:
        return (datetime.combine(date.min, hours.opens) + _AFTER_OPENING).time()
    if isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        at = time.fromisoformat(value)
        if hours.opens <= at < hours.closes:
            return at
    raise BadSettings(
        f'{file}: reminders.at: write a time in the school\'s hours in quotes, such as "08:15"'
    )
