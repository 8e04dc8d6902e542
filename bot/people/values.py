"""The plain values of a settings file; what cannot be meant is refused in one line, with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rapidfuzz import fuzz, process

from bot.errors import BadSettings

ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")
DAYS = "write one day (2026-11-16) or the first and the last (2026-11-16/2026-11-27)"


class Values:
    """Reads values out of one file. `places` says where a key stands that came from another file."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.places: dict[str, str] = {}  # "people.pat" or "people.pat.email" -> "staff.csv: row 7"

    def wrong(self, key: str, what: str, do: str) -> BadSettings:
        table = ".".join(key.split(".")[:2])
        place = self.places.get(key) or self.places.get(table)
        return BadSettings(f"{place or f'{self.file}: {shown(key, mark=str())}'}: {what}; {do}")

    def table(self, value: object, key: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.wrong(key, f"{shown(value)} is not a table", f"write [{key}] on a line")
        return value

    def text(self, value: object, key: str, *, empty: bool = False) -> str:
        if not isinstance(value, str):
            what = "is missing" if value is None else f"{shown(value)} is not a text"
            raise self.wrong(key, what, 'write it in quotes, as "…"')
        if not empty and not value.strip():
            raise self.wrong(key, "is empty", 'write it in quotes, as "…"')
        if len(value) > 200 or any(unicodedata.category(c) == "Cc" for c in value):
            raise self.wrong(key, f"{shown(value)} is too long", "write one line, 200 letters")
        return " ".join(value.split())

    def texts(self, value: object, key: str) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self.wrong(key, f"{shown(value)} is not a list", 'write it as ["…", "…"]')
        return tuple(self.text(v, key) for v in value)

    def flag(self, value: object, key: str) -> bool:
        if not isinstance(value, bool):
            raise self.wrong(key, f"{shown(value)} is neither true nor false", "write one of them")
        return value

    def day(self, value: object, key: str) -> date | None:
        """A date, also written as text; None where there is none."""
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        try:
            return date.fromisoformat(str(value).strip())
        except ValueError:
            raise self.wrong(
                key, f"{shown(value)} is not a date", "write one, as 2026-11-16"
            ) from None

    def periods(self, value: object, key: str) -> tuple[tuple[date, date], ...]:
        if not isinstance(value, list):
            raise self.wrong(key, f"{shown(value)} is not a list", f'in ["…"], {DAYS}')
        found = []
        for item in value:
            if isinstance(item, date) and not isinstance(item, datetime):
                found.append((item, item))
                continue
            try:
                first, _, last = str(item).partition("/")
                period = (
                    date.fromisoformat(first.strip()),
                    date.fromisoformat((last or first).strip()),
                )
            except ValueError:
                raise self.wrong(key, f"{shown(item)} is not a date", DAYS) from None
            if period[1] < period[0]:
                raise self.wrong(key, f"{shown(item)} ends before it begins", DAYS)
            found.append(period)
        return tuple(sorted(found))

    def only(self, entry: Mapping[str, Any], allowed: Sequence[str], key: str) -> None:
        """Refuse a key nobody reads: misspelt, it would quietly change who gets a report."""
        for name in entry:
            if name not in allowed:
                raise self.wrong(key, f"has no setting {shown(name)}", f"use {', '.join(allowed)}")

    def near_miss(self, entry: Mapping[str, Any], mine: Sequence[str], key: str = "") -> None:
        """Refuse what can only be one of `mine` misspelt, in a table that others read too."""
        for name in entry:
            close = process.extractOne(name, mine, scorer=fuzz.ratio, score_cutoff=80)
            if close and close[0] != name:
                raise self.wrong(
                    key or name,
                    f"there is no setting {shown(name)}",
                    f"write '{close[0]}' if that is what is meant",
                )


def hint(text: str, known: Iterable[str]) -> str:
    """What may have been meant, as the end of a complaint; empty where nothing is near."""
    close = process.extractOne(text, list(known), scorer=fuzz.ratio, score_cutoff=60)
    return f" (did you mean '{close[0]}'?)" if close else ""


def shown(value: object, mark: str = "'") -> str:
    """A value as a complaint quotes it: on one line, and not endless."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return f"{mark}{line[:60]}{mark}"
