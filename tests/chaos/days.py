"""Day after day of a school with kills at random, MayI running as `mayi serve` runs it.

One process sets the clock from moment to moment and starts again whatever was killed; one or two run MayI with
its own jobs and its own sending. Each says when it has done what a moment asks of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from bot.app.carrying import carrier
from bot.chat.model import Card
from bot.config import Serving
from bot.records.messages import Message, NotSent
from handlers.jobs import JOBS
from tests.chaos.child import Plan, Process, Spec, run
from tests.chaos.world import Journal, World

END = -1
PATIENCE = 60  # seconds for one moment
MOST = {"decision": 6, "send": 4, "commit": 60, "queue": 200}
_carried: ContextVar[Message] = ContextVar("carried")


class Served(Process):
    """MayI with the jobs of `mayi serve`, and its own carrier to a chat that writes down what it is given."""

    def jobs(self) -> Mapping[str, Callable[[], Awaitable[None]]]:
        return {name: partial(self._job, name) for name in JOBS}

    async def _job(self, name: str) -> None:
        await JOBS[name](self.site.services(self.world.school))

    async def _carry(self, message: Message) -> str:
        _carried.set(message)
        return await carrier(self.site, Serving(), None, {"slack": self})(message)

    async def send(self, account: str, card: Card) -> None:
        """What a chat platform is handed."""
        if self.world.flagged("down"):
            raise NotSent("down")
        message = _carried.get()
        n = self.points.before("send")
        self.journal.note(
            "send",
            message=message.id,
            person=message.person,
            template=message.template,
            items=list(message.filled.get("items", ())),
            at_once=message.occasion.startswith("now:"),
            at=self.world.now().isoformat(),
            says_repeat=any("You may have had this message before" in w for w in card.lines),
        )
        self.points.after("send", n)

    async def idle(self) -> None:
        """Wait until nothing is to be done but what somebody had begun who is dead and not back yet."""
        store = await self.site.records()
        schema = "dbos." if self.world.database else ""
        left = sa.text(f"SELECT status, executor_id FROM {schema}workflow_status "
                       "WHERE status IN ('ENQUEUED', 'PENDING')")  # fmt: skip
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            async with store.reading() as conn:
                found = (await conn.execute(left)).all()
            if not any(s == "ENQUEUED" or not self.world.flagged(f"dead-{e}") for s, e in found):
                return
            await asyncio.sleep(0.01)
        raise TimeoutError("work is still under way")


async def follow(process: Process, plot: Plot) -> None:
    """Do what each moment asks, until there is none any more."""
    done = None
    while (number := moment_of(process.world)) != END:
        if number != done and number < len(plot.moments):
            await plot.people(process, plot.moments[number])
            await process.tick()
            await process.idle()
            process.journal.note("did", number=number)
            done = number
        await asyncio.sleep(0.005)


def moment_of(world: World) -> int:
    """The number of the moment that the clock stands at."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        return int((world.folder / "moment").read_text())
    return END


def put(world: World, moment: datetime) -> None:
    """Set the school's clock."""
    world.ahead += moment.astimezone(UTC) - world.now()


def _set_moment(world: World, number: int) -> None:
    new = world.folder / "moment.new"
    new.write_text(str(number))
    new.replace(world.folder / "moment")


async def nobody(process: Process, moment: datetime) -> None:
    """People who do nothing."""


@dataclass(frozen=True)
class Plot:
    """What happens: the moments at which the clock stands, what changes before one, what people do at it.

    At a `strict` moment everybody is there in the end, and what is due is done; `off` says when the machine is.
    """

    moments: tuple[datetime, ...]
    strict: Callable[[datetime], bool]
    change: Callable[[World, datetime], None] = lambda world, moment: None
    people: Callable[[Process, datetime], Awaitable[None]] = nobody
    off: datetime | None = None


@dataclass
class Replica:
    """One running process."""

    name: str
    born: int  # at which moment
    lives: int  # so many moments
    plan: Plan | None


@dataclass
class Days:
    """Days under way, with one process for each name, killed again and again."""

    world: World
    plot: Plot
    names: Sequence[str]
    dice: random.Random
    kills_wanted: int
    progress: Callable[[int, int], None]
    running: dict[int, Replica] = field(default_factory=dict)
    back: dict[str, int] = field(default_factory=dict)  # who is dead, and from when on back
    kills: int = 0
    at: int = 0

    def __post_init__(self) -> None:
        self.journal = Journal(self.world.folder / "journal")

    def run(self) -> None:
        """Every moment, one after the other."""
        before = None
        for number, moment in enumerate(self.plot.moments):
            self.at = number
            if before and self.plot.off and before < self.plot.off <= moment:
                for pid in list(self.running):
                    self._kill(pid)
            before = moment
            self.plot.change(self.world, moment)
            put(self.world, moment)
            _set_moment(self.world, number)
            self._let_work(moment)
            self.progress(number + 1, len(self.plot.moments))
        _set_moment(self.world, END)
        for pid in self.running:
            os.waitpid(pid, 0)
        self.running.clear()

    def end(self) -> None:
        for pid in list(self.running):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        self.running.clear()

    def _let_work(self, moment: datetime) -> None:
        """Wait until every process that lives has done what is to be done now, and kill those whose time has come."""
        number = self.at
        strict = self.plot.strict(moment)
        for name in self.names:
            if self.back.get(name, number) <= number or strict:
                self._there(name)
        if not self.running:
            self._there(self.names[0])
        doomed = {
            pid: time.monotonic() + self.dice.uniform(0.0, 0.4)
            for pid, r in self.running.items()
            if number - r.born >= r.lives and not strict
        }
        end = time.monotonic() + PATIENCE
        while True:
            self._bury(strict=strict)
            for pid, when in list(doomed.items()):
                if time.monotonic() >= when and pid in self.running:
                    self._kill(pid)
                    self._next(self.dice.choice((0, 0, 1, 2)), strict=strict)
            done = {
                e["pid"] for e in self.journal.look() if e["e"] == "did" and e["number"] == number
            }
            if self.running.keys() <= done and not (doomed.keys() & self.running.keys()):
                return
            if time.monotonic() > end:
                raise TimeoutError(f"moment {moment} takes too long: {self.world.said()}")
            time.sleep(0.003)

    def _bury(self, *, strict: bool) -> None:
        for pid in list(self.running):
            found, status = os.waitpid(pid, os.WNOHANG)
            if not found:
                continue
            replica = self.running.pop(pid)
            if os.waitstatus_to_exitcode(status) not in (-signal.SIGKILL, -signal.SIGALRM):
                raise RuntimeError(
                    f"{replica.name} ended by itself ({status}): {self.world.said()}"
                )
            self._noted_dead(pid, replica)
            self._next(self.dice.choice((0, 0, 1, 2)), strict=strict)

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        self._noted_dead(pid, self.running.pop(pid))

    def _noted_dead(self, pid: int, replica: Replica) -> None:
        self.kills += 1
        self.journal.note(
            "killed", dead=pid, at=self.world.now().isoformat(), plan=str(replica.plan)
        )
        self.world.flag(f"dead-{replica.name}", on=True)
        self.back[replica.name] = self.at

    def _next(self, later: int, *, strict: bool) -> None:
        """Start again whoever is dead: now, or some moments later; now, where nobody else is there."""
        for name in self.names:
            if name in {r.name for r in self.running.values()}:
                continue
            if later and not strict and self.back[name] == self.at and self.running:
                self.back[name] = self.at + later
            elif self.back[name] <= self.at:
                self._there(name, armed=not strict)

    def _there(self, name: str, *, armed: bool = True) -> None:
        if name in {r.name for r in self.running.values()}:
            return
        self.world.flag(f"dead-{name}", on=False)
        self.back.pop(name, None)
        plan = None
        if armed and self.dice.random() < 0.7:
            kind = self.dice.choice([*MOST])
            plan = Plan(kind, self.dice.randint(1, MOST[kind]), self.dice.random() < 0.5)
        work = partial(follow, plot=self.plot)
        pid = self.world.fork(
            partial(run, self.world, Spec(name, plan, every=60), work, made=Served)
        )
        about = len(self.plot.moments) * len(self.names) / max(self.kills_wanted, 1)
        lives = max(1, round(self.dice.uniform(0.3, 1.7) * about))
        self.running[pid] = Replica(name, self.at, lives, plan)
