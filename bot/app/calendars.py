"""The school's calendar as it is now: school.toml, the iCalendar file beside it, the feed's last good copy.

What was good last is kept under <home>/data/calendar: `<school>.ics`, the file or feed, and `<school>.json`, the
[calendar] table and how the last fetch went. So a slip in a calendar stops no reminder: `mayi check` names it,
and what was known before goes on. Nothing is fetched while somebody waits for an answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from bot.config import Home, School
from bot.errors import BadSettings, CannotDo, MayIError
from bot.schedule.ical import LARGEST
from bot.schedule.terms import BadCalendar, SchoolCalendar, feed_of, school_calendar, source_of

log = logging.getLogger(__name__)

EVERY = timedelta(days=1)  # between two fetches of a feed
AGAIN = timedelta(hours=1)  # after one that failed


@dataclass(frozen=True, slots=True)
class _Made:
    """A calendar, what it was made of, and what of that was wrong."""

    of: tuple[object, ...]
    calendar: SchoolCalendar
    wrong: str = ""


_made: dict[tuple[Path, Path], _Made] = {}


def calendar_of(home: Home, school: School) -> SchoolCalendar:
    """The calendar of a school, or the last good one where what is there now cannot be meant.

    Raises BadSettings where [calendar] or [hours] of school.toml is wrong and nothing good is known.
    """
    return _look(home, school).calendar


def wrong_with(home: Home, school: School, now: datetime) -> str:
    """What is wrong with a school's calendar, in one line that says what is used instead; empty where nothing is.

    Fetches the feed, where there is one.
    """
    try:
        if _feed(school):
            _fetch(home, school, now)
        wrong = _look(home, school, aloud=False).wrong or _failed(home, school)
        _keep(home, school, now)
    except MayIError as e:
        return str(e)
    return wrong


async def refresh(home: Home, school: School, now: datetime) -> None:
    """Fetch a school's feed where that is due, and keep what is good. What goes wrong is logged, in one line."""
    await asyncio.to_thread(_refresh, home, school, now)


def _refresh(home: Home, school: School, now: datetime) -> None:
    try:
        feed = _feed(school)
        if feed and _due(_state(home, school), feed, now):
            _fetch(home, school, now)
            failed = _failed(home, school)
            if failed:
                log.warning("%s: %s", school.id, failed)
        _keep(home, school, now)
    except MayIError as e:
        log.warning("%s", e)


# --- what there is -----------------------------------------------------------------------------------------


def _look(home: Home, school: School, *, aloud: bool = True) -> _Made:
    """The calendar from what is there now; made anew, and what is wrong logged, when any of that has changed."""
    kept, state = _kept(home, school), _state_file(home, school)
    own = _file(school)
    stamps = tuple(_stamp(path) for path in (kept, state, own) if path is not None)
    of = (school, *stamps)
    made = _made.get((home.root, school.folder))
    # The school itself is compared: it is a new one whenever its school.toml has changed.
    if made is None or made.of[0] is not school or made.of[1:] != of[1:]:
        made = _make(home, school, of)
        _made[home.root, school.folder] = made
        if made.wrong and aloud:
            log.warning("%s: %s", school.id, made.wrong)
    return made


def _make(home: Home, school: School, of: tuple[object, ...]) -> _Made:
    before, wrong = _read(_kept(home, school)), ""
    try:
        texts = [before, None] if source_of(school) else [None]
        try:
            own = _told(school)
        except BadCalendar as e:
            wrong = str(e)
        else:
            texts = [own, *texts] if own is not None else texts
        for text in dict.fromkeys(texts):
            try:
                calendar = school_calendar(school, text)
            except BadCalendar as e:
                wrong = wrong or str(e)
            else:
                return _Made(of, calendar, wrong and f"{wrong}; {_instead(home, school, text)}")
    except BadSettings as e:
        calendar = _last_good(home, school, before, e)
        return _Made(of, calendar, f"{e}; the last good calendar is still used")
    raise AssertionError("without a text no text is wrong")


def _told(school: School) -> str | None:
    """The text of the iCalendar file beside school.toml; None where it names none."""
    path = _file(school)
    if path is None:
        return None
    try:
        if path.stat().st_size > LARGEST:
            raise BadCalendar(
                f"{path}: is larger than {LARGEST // 1_000_000} MB; save the school's own dates only"
            )
        return path.read_bytes().decode("utf-8", "replace")
    except OSError as e:
        raise BadCalendar(
            f"{path}: cannot be read ({e.strerror}); put the iCalendar file there, or take "
            "calendar.file out of school.toml"
        ) from e


def _last_good(home: Home, school: School, told: str | None, error: BadSettings) -> SchoolCalendar:
    """The calendar as school.toml last said it sensibly; raises the error where that is not known."""
    table = _state(home, school).get("calendar")
    if not isinstance(table, dict):
        raise error
    before = replace(school, settings={**school.settings, "calendar": table})
    for text in (told if source_of(before) else None, None):
        with contextlib.suppress(BadCalendar):
            return school_calendar(before, text)
    raise error


def _instead(home: Home, school: School, kept: str | None) -> str:
    """What is used in place of a file or feed that is no good."""
    if kept is None:
        return "until then only school.toml counts"
    with contextlib.suppress(ValueError):
        good = date.fromisoformat(str(_state(home, school).get("good", ""))[:10])
        return f"the last good one, of {good:%-d %B %Y}, is still used"
    return "the last good one is still used"


# --- what is fetched and kept --------------------------------------------------------------------------------


def _feed(school: School) -> str:
    """The address of a school's feed; empty where it has none, or school.toml has to be mended first."""
    with contextlib.suppress(BadSettings):
        school_calendar(school)
        return feed_of(school)
    return ""


def _due(state: Mapping[str, Any], feed: str, now: datetime) -> bool:
    if state.get("source") != _digest(feed):
        return True
    with contextlib.suppress(KeyError, TypeError, ValueError):
        tried = datetime.fromisoformat(state["tried"])
        return not timedelta() <= now - tried < (AGAIN if state.get("wrong") else EVERY)
    return True


def _fetch(home: Home, school: School, now: datetime) -> None:
    """Fetch the feed; keep it where it is good, and else what is wrong with it. Raises BadSettings, CannotDo."""
    from bot.app.feeds import fetch

    feed = feed_of(school)
    state = {**_state(home, school), "source": _digest(feed), "tried": now.isoformat()}
    # Before it is asked: where nothing can be written, it is not asked again every minute.
    _write(_state_file(home, school), json.dumps(state))
    try:
        text = fetch(feed, source_of(school))
        school_calendar(school, text)
    except BadCalendar as e:
        state["wrong"] = str(e)
    else:
        if text != _read(_kept(home, school)):
            _write(_kept(home, school), text)
        state |= {"good": now.isoformat(), "wrong": ""}
    _write(_state_file(home, school), json.dumps(state))


def _keep(home: Home, school: School, now: datetime) -> None:
    """Keep what is good now of school.toml and of the file beside it."""
    if _look(home, school).wrong:
        return
    state = _state(home, school)
    table = json.loads(json.dumps(school.settings.get("calendar", {}), default=str))
    told = _told(school)
    if told is not None and told != _read(_kept(home, school)):
        _write(_kept(home, school), told)
        state = {**state, "good": now.isoformat()}
    if table != state.get("calendar") and (table or "calendar" in state):
        state = {**state, "calendar": table}
    if state != _state(home, school):
        _write(_state_file(home, school), json.dumps(state))


def _failed(home: Home, school: School) -> str:
    """How the last fetch of a feed failed; empty where it did not."""
    wrong = _state(home, school).get("wrong") if _feed(school) else ""
    return f"{wrong}; {_instead(home, school, _read(_kept(home, school)))}" if wrong else ""


def _digest(feed: str) -> str:
    return hashlib.sha256(feed.encode()).hexdigest()[:16]


def _kept(home: Home, school: School) -> Path:
    return home.root / "data" / "calendar" / f"{school.id}.ics"


def _state_file(home: Home, school: School) -> Path:
    return home.root / "data" / "calendar" / f"{school.id}.json"


def _file(school: School) -> Path | None:
    """The iCalendar file beside a school.toml; None where it names none, or what can be none."""
    table = school.settings.get("calendar", {})
    name = table.get("file") if isinstance(table, Mapping) else None
    return school.folder / name if isinstance(name, str) and name == Path(name).name else None


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return None


def _state(home: Home, school: School) -> dict[str, Any]:
    path = _state_file(home, school)
    return _parsed(path, _stamp(path))


@lru_cache(maxsize=1024)
def _parsed(path: Path, stamp: tuple[int, int]) -> dict[str, Any]:
    del stamp  # part of the key: a changed file is read again
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, text: str) -> None:
    """Whole or not at all: somebody may be reading it."""
    name = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as e:
        if name is not None:
            with contextlib.suppress(OSError):
                Path(name).unlink()
        raise CannotDo(
            f"{path}: cannot be written ({e.strerror}); make room, or check the folder and its permissions"
        ) from e
