"""One running MayI: its engine, its records and what it knows of each school, for whoever carries the talk."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from bot.app.answers import Engine
from bot.app.schools import mark_reviewed, wording_of
from bot.chat.memory import Memory
from bot.config import Home, School, data
from bot.errors import CannotDo, MayIError
from bot.policy.asked import Asked, Listed, Why
from bot.policy.reviewed import fronts_of
from handlers.services import Services

if TYPE_CHECKING:
    from bot.app.rosters import Rosters
    from bot.people.roster import Known, People
    from bot.policy.outdated import Edition
    from bot.records.store import Enqueue, Store

log = logging.getLogger(__name__)


def the_time() -> datetime:
    """Now. Nothing else in MayI reads the clock."""
    return datetime.now(tz=UTC)


@dataclass(slots=True)
class Site:
    """Everything that lives as long as the process. Close it when done."""

    home: Home
    clock: Callable[[], datetime] = the_time
    enqueue: Enqueue | None = None  # puts a message on the work queue, where there is one
    engine: Engine = field(init=False)
    _schools: dict[str, Services] = field(default_factory=dict)
    # What chat platforms tell of who works at a school; see bot.app.front.
    known: dict[str, tuple[Known, ...]] = field(default_factory=dict)
    _people: Rosters | None = None
    _store: Store | None = None
    _writer: ThreadPoolExecutor | None = None
    _side: list[Future[None]] = field(default_factory=list)
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        self.engine = Engine(self.home)

    def services(self, school_id: str, person: str = "") -> Services:
        """A school's surroundings for one event by this person, as its files are now."""
        school = self.home.school(school_id)
        base = self._schools.get(school.id)
        if base is None or base.school is not school:
            base = self._schools[school.id] = self._surroundings(school, base)
        known = self.people(school).person(person) if person else None
        return replace(base, now=self.clock(), person=known)

    def people(self, school: School) -> People:
        """The school's roster as of today there; raises BadSettings where it cannot be read."""
        from bot.app.rosters import Rosters

        self._people = self._people or Rosters()
        return self._people.of(school, self.known.get(school.id, ()), self.clock())

    async def records(self) -> Store:
        """The records, opened and brought up to date when first needed."""
        async with self._opening:
            if self._store is None:
                from bot.app.records import open_store

                self._store = await open_store(self.home, self.enqueue)
            return self._store

    @property
    def opened(self) -> Store | None:
        """The records, if something has needed them."""
        return self._store

    async def close(self) -> None:
        if self._store is not None:
            await self._store.close()
            self._store = None
        if self._writer is not None:
            self._writer.shutdown(wait=True)
        self.engine.close()

    def settle(self) -> None:
        """Wait until what is written on the side is written."""
        while self._side:
            self._side.pop().result()

    def _later(self, work: Callable[..., None], *given: object) -> None:
        """Do something on the side, one after the other: it waits for a disk, and no answer waits for it."""
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="on-the-side")
        self._side = [f for f in self._side if not f.done()]
        self._side.append(self._writer.submit(work, *given))

    def _surroundings(self, school: School, before: Services | None) -> Services:
        from bot.app.calendars import calendar_of
        from bot.schedule.calendar import working_time
        from bot.schedule.handover import patience_of
        from bot.schedule.rules import reminders_of

        asked = Asked(self.home.questions_file(school.id))
        return Services(
            school=school,
            wording=wording_of(school),
            memory=before.memory if before else Memory(),
            answer=lambda text: self.engine.answer(school, text),
            policies=lambda: self.engine.policies(school),
            clause=lambda clause: self.engine.index(school).by_id(clause),
            note=lambda text, why: self._later(_note, asked, school, text, why, self.clock()),
            decided=lambda text: _decided(asked, text),
            forget_questions=lambda: self._later(_forget, asked, school, self.clock()),
            guidance=data("guidance.toml").get(school.nation, data("guidance.toml")["England"]),
            people=lambda: self.people(school),
            records=self.records,
            hours=lambda: working_time(school),
            patience=lambda: patience_of(school),
            calendar=lambda: calendar_of(self.home, school),
            reminders=lambda: reminders_of(school),
            fronts=lambda: fronts_of(school.policies),
            outdated=lambda: _outdated(school, working_time(school).today(self.clock())),
            mark_reviewed=lambda *given: mark_reviewed(self.home, school, *given),
            now=self.clock(),
        )


def _decided(asked: Asked, text: str) -> Listed | None:
    """What the school decided on a question; a list that cannot be read stops no answer."""
    try:
        return asked.own_answer(text)
    except MayIError as e:
        log.warning("%s", e)
        return None


def _forget(asked: Asked, school: School, now: datetime) -> None:
    """Forget the questions whose time is over: all of them, where the school keeps none any more."""
    before = now.date() - timedelta(days=school.keep_questions or -1)
    with contextlib.suppress(CannotDo):  # whoever asks next hears of a list that cannot be read
        asked.forget_before(before)


def _outdated(school: School, today: date) -> Mapping[str, tuple[Edition, ...]]:
    from bot.policy.outdated import outdated  # slow to import, and no answer needs it

    return outdated(school.policies, school.nation, today)


def _note(asked: Asked, school: School, text: str, why: Why, now: datetime) -> None:
    if not school.keep_questions:
        return
    with contextlib.suppress(CannotDo):  # the list is a convenience: the answer goes out
        asked.note(text, why, now, timedelta(days=school.keep_questions))
