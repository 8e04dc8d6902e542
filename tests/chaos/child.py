"""One process under trial: the real composition, a carrier that writes down what it took, and kills at points.

The program has no hooks: the points are SQLAlchemy's own (its dialects' `do_commit`) and the carrier's.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

from bot.app.site import Site
from bot.chat.model import Event, Form, Reply
from bot.chat.router import Router
from bot.records import messages, tables
from bot.records.messages import Message, NotSent
from bot.work.queue import Job, Work
from bot.work.sending import send
from handlers.jobs import JOBS
from handlers.notices import notice
from handlers.routes import ROUTES
from handlers.services import Services
from tests.chaos.world import Journal, World

POLL = 0.02
WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "WITH")
DECIDES = tuple(f"INSERT INTO {t} " for t in ("OCCURRENCES", "ITEMS", "MESSAGES", "ACKS"))


class Ticked(Work):
    """The work, and whether its clock has looked once."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.ticked = asyncio.Event()

    async def tick(self) -> None:
        await super().tick()
        self.ticked.set()


@dataclass(frozen=True)
class Plan:
    """Where a process kills itself: before or after the n-th commit or send.

    `commit` is one of the records, `decision` one of those that writes down for good what is told or was
    said, `queue` one of the work queue's own, `send` one message.
    """

    kind: str
    n: int
    after: bool

    def __str__(self) -> str:
        return f"{'after' if self.after else 'before'} {self.kind} {self.n}"


@dataclass(frozen=True)
class Spec:
    """What a process is to do."""

    replica: str
    plan: Plan | None = None
    armed: bool = True  # count points from the start, not only when told
    every: float = 3600.0  # seconds from tick to tick
    stops: bool = True  # at the end, and is not merely gone
    work: type[Ticked] = Ticked


class Points:
    """Counts the commits and sends of this process, and ends it at the one that was chosen."""

    def __init__(self, spec: Spec, journal: Journal) -> None:
        self._plan, self._journal = spec.plan, journal
        self.armed = spec.armed
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wrote = threading.local()

    def watch(self) -> None:
        """From now on every engine of this process is watched, DBOS's too."""
        points, commit = self, DefaultDialect.do_commit

        def do_commit(dialect: DefaultDialect, connection: Any) -> None:
            wrote, points._wrote.last = getattr(points._wrote, "last", ""), ""
            if not wrote:
                commit(dialect, connection)
                return
            kinds = ["commit" if dialect.is_async else "queue"]
            kinds += ["decision"] if wrote == "decision" else []
            counted = [(kind, points.before(kind)) for kind in kinds]
            commit(dialect, connection)
            for kind, n in counted:
                points.after(kind, n)

        DefaultDialect.do_commit = do_commit
        sa.event.listen(sa.Engine, "after_cursor_execute", self._executed)
        sa.event.listen(sa.Engine, "commit", self._committing)
        sa.event.listen(sa.Engine, "rollback", lambda conn: conn.info.pop("wrote", None))

    def _executed(self, conn, cursor, statement, parameters, context, many) -> None:
        said = statement.lstrip().upper()
        # What a statement with RETURNING wrote is counted only when its rows are fetched.
        if said.startswith(WRITES) and (cursor.rowcount != 0 or "RETURNING" in said):
            decides = said.startswith(DECIDES) or conn.info.get("wrote") == "decision"
            conn.info["wrote"] = "decision" if decides else "something"

    def _committing(self, conn) -> None:
        self._wrote.last = conn.info.pop("wrote", "")

    def before(self, kind: str) -> int:
        with self._lock:
            if not self.armed:
                return 0
            self.counts[kind] += 1
            n = self.counts[kind]
        self._end_at(kind, n, after=False)
        return n

    def after(self, kind: str, n: int) -> None:
        self._end_at(kind, n, after=True)

    def _end_at(self, kind: str, n: int, *, after: bool) -> None:
        if n and Plan(kind, n, after) == self._plan:
            self._journal.note("kill", at=str(self._plan))
            os.kill(os.getpid(), signal.SIGKILL)


class Process:
    """MayI as it runs, with a carrier of our own in place of a chat platform."""

    def __init__(self, world: World, spec: Spec) -> None:
        self.world, self.spec = world, spec
        self.journal = world.journal
        self.points = Points(spec, self.journal)
        self.site = Site(world.home, world.now)
        self.router: Router[Services] = Router(ROUTES, lambda s: s.wording)
        self.work: Ticked | None = None

    async def start(self) -> None:
        self.points.watch()
        store = await self.site.records()
        self.work = self.spec.work(
            store,
            replica=self.spec.replica,
            send=lambda m: send(store, m, self._carry, self.world.now),
            jobs=self.jobs(),
            clock=self.world.now,
            every=timedelta(seconds=self.spec.every),
            poll=POLL,
        )
        await self.work.launch()
        await self.work.ticked.wait()

    def jobs(self) -> Mapping[str, Job]:
        """What the clock runs, by name: here all of it, one after the other."""
        return {"school": self._jobs}

    async def stop(self) -> None:
        if self.work is not None:
            await self.work.stop()
        await self.site.close()

    async def handle(self, person: str, says: str, **values: str | tuple[str, ...]) -> Reply:
        """What MayI answers to somebody."""
        event = Event(says, person, conversation=person, values=values)
        return await self.router.handle(event, self.site.services(self.world.school, person))

    async def tick(self) -> None:
        assert self.work is not None
        await self.work.tick()

    async def settled(self, seconds: float = 60, *, failed: bool = False) -> None:
        """Wait until every message was sent (or has failed) and no work is under way or waits."""
        store = await self.site.records()
        m = tables.messages
        done = [messages.State.SENT, messages.State.FAILED] if failed else [messages.State.SENT]
        left = sa.select(m.c.id).where(m.c.state.not_in(done)).limit(1)
        end = asyncio.get_running_loop().time() + seconds
        while True:
            async with store.reading() as conn:
                waits = await conn.scalar(left) is not None or await self._busy(conn)
            if not waits:
                return
            if asyncio.get_running_loop().time() > end:
                async with store.reading() as conn:
                    rows = await conn.execute(sa.select(m.c.template, m.c.state))
                    found = Counter(f"{row.template} {row.state}" for row in rows)
                raise TimeoutError(f"not everything is sent after {seconds} s: {found}")
            await asyncio.sleep(0.01)

    async def idle(self) -> None:
        """Wait until no work is under way or waits on the queue, whatever became of it."""
        store = await self.site.records()
        for _ in range(3000):
            async with store.reading() as conn:
                if not await self._busy(conn):
                    return
            await asyncio.sleep(0.01)
        raise TimeoutError("work is still under way")

    async def _busy(self, conn: Any) -> bool:
        schema = "dbos." if self.world.database else ""
        found = await conn.scalar(
            sa.text(
                f"SELECT 1 FROM {schema}workflow_status WHERE status IN ('ENQUEUED', 'PENDING') LIMIT 1"
            )
        )
        return found is not None

    async def _jobs(self) -> None:
        for job in JOBS.values():
            await job(self.site.services(self.world.school))

    async def _carry(self, message: Message) -> str:
        if self.world.flagged("down"):
            raise NotSent("down")
        card = await notice(message, self.site.services(self.world.school, message.person))
        if card is None:
            raise NotSent("no-longer-theirs", for_good=True)
        n = self.points.before("send")
        self.journal.note(
            "send",
            message=message.id,
            occasion=message.occasion,
            person=message.person,
            template=message.template,
            reference=message.filled.get("reference", ""),
            says_repeat=any("You may have had this message before" in line for line in card.lines),
            replica=self.spec.replica,
        )
        self.points.after("send", n)
        return "chaos"


def shown(reply: Reply) -> str:
    """The words of a reply."""
    cards = [w for c in reply.cards for w in (c.headline, *c.lines)]
    return "\n".join([*cards, *((reply.form.title,) if reply.form else ())])


def values(form: Form) -> dict[str, str | tuple[str, ...]]:
    """What a form holds when it opens."""
    return {f.name: f.value for f in form.fields}


def run(world: World, spec: Spec, *works: Any, made: type[Process] = Process) -> None:
    """Run a process: start, do these one after the other (each is given the process), wait, stop."""
    logging.basicConfig(level=logging.WARNING)

    async def main() -> None:
        process = made(world, spec)
        await process.start()
        try:
            await process.idle()
            for work in works:
                await work(process)
            world.journal.note("points", counts=dict(process.points.counts))
        finally:
            if spec.stops:
                await process.stop()
            else:
                sys.stdout.flush()
                os._exit(0 if sys.exc_info()[0] is None else 1)

    asyncio.run(main())


def warm(world: World, person: str) -> None:
    """Make the records, launch the work once, report something and throw it away; note what that imports."""
    before = set(sys.modules)

    async def once(process: Process) -> None:
        form = (await process.handle(person, "/report-incident")).form
        assert form is not None
        await process.handle(person, f"/report-again {form.says.split()[1]}")
        new = sorted(m for m in set(sys.modules) - before if not m.startswith("_"))
        world.journal.note("imported", names=new)

    run(world, Spec("a"), once)


__all__ = ["Plan", "Process", "Spec", "replace", "run", "shown", "values"]
