"""The faults that a school's server sees: each is made to happen to a MayI that is running."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib import metadata
from typing import Any

import psycopg
from dbos import DBOS

from bot.app import records
from bot.errors import MayIError
from bot.records import audit, store
from bot.records.audit import Action
from tests.chaos.child import Plan, Process, Spec, Ticked, run
from tests.chaos.judge import judge
from tests.chaos.life import PEOPLE, Broken, Refused, Story, people_at_work
from tests.chaos.sweep import LATER, Outcome, in_lanes
from tests.chaos.world import SCHOOL, World, ended

HOUR = timedelta(hours=1)
A = Spec("a")
BUSY = 20  # seconds that people report while something goes on beside them, at most
ROBIN, BOBBY = PEOPLE[:2]
CLONE_NEWNS, MS_PRIVATE_REC = 0x00020000, 0x44000


@dataclass(frozen=True)
class Fault:
    """Something that breaks, and what is tried with it."""

    title: str
    try_it: Callable[[World], None]
    backends: tuple[str, ...] = ("sqlite", "postgresql")


def faults(first: World, backend: str, progress: Callable[[int, int], None]) -> list[Outcome]:
    mine = [f for f in FAULTS if backend in f.backends]
    trials = [partial(_one, first, f) for f in mine]
    return in_lanes(trials, first.folder.parent, lambda n: progress(n, len(mine)))


def _one(first: World, fault: Fault) -> Iterator[Outcome]:
    world, broken = first.copy(), []
    try:
        fault.try_it(world)
    except Broken as e:
        broken.append(str(e))
    finally:
        broken += [e["why"] for e in world.journal.of("broken")]
        world.end()
    yield Outcome(fault.title, killed=False, broken=tuple(broken))


def _ran(world: World, *works: Any, spec: Spec = A, status: int = 0) -> None:
    """Have a process do this; it must end as it should."""
    found = world.ran(partial(run, world, spec, *works))
    if found != status:
        raise Broken(f"a process ended with {found}: {world.said()}")


def _story(person: str = ROBIN, n: int = 0, case: str = "pupil", **how: Any) -> Any:
    async def work(process: Process) -> None:
        await Story(process, person, n, case).report(**how)

    return work


async def _sent(process: Process) -> None:
    await process.settled()


def _is(so: object, why: str) -> None:
    if not so:
        raise Broken(why)


# --- the chat platform --------------------------------------------------------------------------------


def chat_down_for_a_day(world: World) -> None:
    world.flag("down", on=True)
    told = {}

    async def a_day(process: Process) -> None:
        for person, case in ((ROBIN, "pupil"), (BOBBY, "headteacher")):
            await Story(process, person, 0, case).report()
        for _ in range(24 * 12):  # five minutes at a time
            world.ahead += timedelta(minutes=5)
            await process.tick()
            await process.idle()
        _is(not world.journal.of("send"), "something was sent while nothing could be")
        status = await process.handle(ROBIN, "/my-reports")
        told["text"] = status.cards[0].headline
        world.flag("down", on=False)
        for _ in range(24 * 12):
            world.ahead += timedelta(minutes=5)
            await process.tick()
            await process.idle()
        for person, case in ((ROBIN, "pupil"), (BOBBY, "headteacher")):
            story = Story(process, person, 0, case)
            reached = (
                story.sent("report_new")
                or story.sent("report_outside")
                or story.sent("report_outside_reminder")
            )
            _is(reached, f"a report ({case}) reaches nobody once the platform is back")
        await _judged_as_given_up(process)

    _ran(world, a_day)


async def _judged_as_given_up(process: Process) -> None:
    """Some messages were given up; all else holds."""
    await judge(process, delivered=False)


# --- the database ------------------------------------------------------------------------------------


def database_locked(world: World) -> None:
    """Another program holds the database for three seconds; MayI is told to wait for one only."""

    async def meanwhile(process: Process) -> None:
        story = Story(process, ROBIN, 0, "pupil")
        await story.report(pages=3)
        held = await asyncio.to_thread(_hold, world)
        try:
            if not world.database:
                try:
                    await story.report()
                except Refused as e:
                    _is("try again" in str(e), f"it is not said what to do: {e}")
                else:
                    raise Broken("it went through a locked database")
                await asyncio.sleep(2)
            else:
                waiting = asyncio.create_task(story.report())
                await asyncio.sleep(3)
                _is(not waiting.done(), "it went through a locked table")
        finally:
            await asyncio.to_thread(held.close)
        if world.database:
            await waiting
        await story.report()  # the same button again

    def quick() -> None:
        store.BUSY_SECONDS = 1
        run(world, A, meanwhile, _sent, judge)

    status = world.ran(quick)
    _is(status == 0, f"it ended with {status}: {world.said()}")


def _hold(world: World) -> Any:
    if world.database:
        address = world.home.database_url.replace("+psycopg", "")
        conn = psycopg.connect(address)
        conn.execute("LOCK TABLE audit_head, drafts IN ACCESS EXCLUSIVE MODE")
        return conn
    file = world.folder / "home" / "data" / "mayi.db"
    lock = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    return lock


def disk_full(world: World) -> None:
    """A small disk of its own where this machine lets us mount one, else SQLite's own limit on pages."""
    data = world.folder / "home" / "data"
    mounted = _small_disk(data)

    async def fill(process: Process) -> None:
        story = Story(process, ROBIN, 0, "pupil")
        await story.report(pages=3)
        ballast = _fill(data) if mounted else None
        refused = ""
        try:
            for n in range(40):  # until no page is free any more
                await Story(process, BOBBY, n, "pupil").report()
        except Refused as e:
            refused = str(e)
        _is(refused, "forty reports went on to a full disk")
        _is("full" in refused or "try again" in refused, f"it is not said what to do: {refused}")
        if ballast:
            ballast.unlink()

    async def room(process: Process) -> None:
        for e in list(world.journal.of("do")):
            if e["token"].startswith(f"gooseberry-{BOBBY}"):
                await Story(process, BOBBY, int(e["token"].split("-")[3]), "pupil").report()
        await Story(process, ROBIN, 0, "pupil").report()
        await process.settled()

    def limited() -> None:
        if not mounted:
            _limit_pages(data / "mayi.db")
        run(world, Spec("a", stops=False), fill)

    status = world.ran(limited)
    _is(status == 0, f"it ended with {status}: {world.said()}")
    world.ahead += LATER
    _ran(world, room, judge)


def _small_disk(folder: Any) -> bool:
    """Put a disk of four megabytes under this folder, for this process and those it starts."""
    if os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(b"none", b"/", None, MS_PRIVATE_REC, None):
        return False
    held = [(p.relative_to(folder), p.read_bytes()) for p in folder.rglob("*") if p.is_file()]
    size = sum(len(b) for _, b in held) + (4 << 20)
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", 0, f"size={size}".encode()):
        return False
    for name, content in held:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o600)
    return True


def _fill(folder: Any) -> Any:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as out:
        try:
            while True:
                out.write(b"\0" * 4096)
        except OSError:
            return ballast


def _limit_pages(file: Any) -> None:
    import sqlalchemy as sa

    conn = sqlite3.connect(file)
    most = conn.execute("PRAGMA page_count").fetchone()[0] + 4
    conn.close()

    def connected(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {most}")
        cursor.close()

    sa.event.listen(sa.Engine, "connect", connected)


# --- the clock ---------------------------------------------------------------------------------------


def clock_put_back(world: World) -> None:
    """By two hours: with a message just sent whose record is missing, and with work that waits."""
    point = Spec("a", Plan("send", 1, after=True))
    _ran(world, _story(), _sent, spec=point, status=-signal.SIGKILL)
    world.ahead -= 2 * HOUR

    async def on(process: Process) -> None:
        await Story(process, ROBIN, 0, "pupil").report()
        story = Story(process, BOBBY, 0, "headteacher")
        await story.report()
        await story.told("report_new", seconds=10)  # a new report goes out at once
        for _ in range(30):
            world.ahead += timedelta(minutes=5)
            await process.tick()
            await process.idle()
        await process.settled()

    _ran(world, on, judge)


# --- the keys ----------------------------------------------------------------------------------------


def key_missing(world: World) -> None:
    _ran(world, _story(), _sent)
    keys = world.home.keys_file
    aside = keys.with_name("aside")
    keys.rename(aside)

    def without() -> None:
        async def start() -> None:
            process = Process(world, A)
            try:
                await process.start()
            except MayIError as e:
                world.journal.note("refused", why=str(e))

        asyncio.run(start())

    status = world.ran(without)
    _is(status == 0, f"it ended with {status}: {world.said()}")
    (refused,) = world.journal.of("refused") or [{"why": ""}]
    _is(
        "key" in refused["why"] and "\n" not in refused["why"],
        "it does not say that the key is missing",
    )
    _is(not keys.exists(), "a new key was made beside records that it cannot open")
    aside.rename(keys)
    _ran(world, _story(BOBBY), _sent, judge)


def key_rotated(world: World) -> None:
    """While people report; the first rotation is killed on the way and taken up again."""
    before = world.home.keys_file.read_text()
    working = world.fork(partial(_people_for, world))
    time.sleep(0.6)
    rotate = partial(asyncio.run, records.rotate_keys(world.home))
    ended(world.fork(rotate), kill_at=time.monotonic() + 0.3)
    status = world.ran(lambda: asyncio.run(records.rotate_keys(world.home)))
    if status:
        world.journal.note("broken", why=f"the rotation ended with {status}: {world.said()}")
    world.flag("enough", on=True)
    status = ended(working)
    _is(status == 0, f"those at work ended with {status}: {world.said()}")
    _is(world.home.keys_file.read_text() != before, "the keys are the old ones")
    _ran(world, judge)


def _people_for(world: World, seed: str = "beside") -> None:
    """People report until there is enough, or for a while; each ends what they began."""

    async def work(process: Process) -> None:
        end = time.monotonic() + BUSY

        async def one(person: str) -> None:
            n = 0
            while time.monotonic() < end and not world.flagged("enough"):
                await Story(process, person, n, "pupil").report()
                n += 1

        await asyncio.gather(*(one(p) for p in PEOPLE[:3]))
        await process.settled()

    run(world, A, work)


# --- two at once -------------------------------------------------------------------------------------


def two_audit_writers(world: World) -> None:
    each = 150

    def write(name: str) -> None:
        async def lines(process: Process) -> None:
            opened = await process.site.records()
            for n in range(each):
                async with opened.writing() as tx:
                    await audit.append(
                        tx, tx.sealer, at=world.now(), school=SCHOOL, actor=name,
                        action=Action.LISTED, detail=f"line-{n}",
                    )  # fmt: skip

        run(world, Spec(name), lines)

    async def count(process: Process) -> None:
        opened = await process.site.records()
        lines = (await audit.lines(opened, school=SCHOOL, about="")).lines
        _is(sum(line.detail.startswith("line-") for line in lines) == 2 * each, "lines are lost")

    both = [world.fork(partial(write, name)) for name in ("a", "b")]
    ends = [ended(pid) for pid in both]
    _is(ends == [0, 0], f"they ended with {ends}: {world.said()}")
    _ran(world, count, judge)


def two_replicas(world: World) -> None:
    """Both carry messages; then the same last page is sent to both at the same moment."""

    def one(name: str, people: Sequence[str]) -> None:
        work = partial(people_at_work, people=tuple(people), seed="two", finish=False, seconds=4)
        run(world, Spec(name, every=0.5), work, _sent)

    both = [world.fork(partial(one, n, p)) for n, p in (("a", PEOPLE[:2]), ("b", PEOPLE[2:]))]
    ends = [ended(pid) for pid in both]
    _is(ends == [0, 0], f"they ended with {ends}: {world.said()}")
    took = {e["replica"] for e in world.journal.of("send")}
    _is(took == {"a", "b"}, f"only {took} carried messages")

    async def to_the_last_page(process: Process) -> None:
        for person in PEOPLE:
            await Story(process, person, 900, "pupil").report(pages=3)

    _ran(world, to_the_last_page)
    at = time.time() + 1.5

    def press(name: str) -> None:
        async def on_each(process: Process) -> None:
            for n, person in enumerate(PEOPLE):
                await asyncio.sleep(max(0, at + n / 5 - time.time()))
                story = Story(process, person, 900, "pupil")
                filled = story.answers("who")
                await story.press_at_once(story.form, filled)

        run(world, Spec(name, every=0.5), on_each, _sent)

    both = [world.fork(partial(press, name)) for name in ("a", "b")]
    ends = [ended(pid) for pid in both]
    _is(ends == [0, 0], f"they ended with {ends}: {world.said()}")

    async def look(process: Process) -> None:
        for person in PEOPLE:
            await Story(process, person, 900, "pupil").report()
            await Story(process, person, 901, "pupil").report()
        await process.settled()

    world.ahead += LATER
    _ran(world, partial(people_at_work, people=PEOPLE, seed="two", finish=True), look, judge)


def pressed_twice(world: World) -> None:
    """The last button, twice at the same moment; then the next report of the same person."""

    async def press(process: Process) -> None:
        for n in range(6):
            await Story(process, ROBIN, n, "pupil").report(twice=True)
        await process.settled()

    _ran(world, press, judge)


def asked_to_stop(world: World) -> None:
    """At any moment, also while the clock looks: it ends within seconds."""
    for n in range(25):

        def short(wait: float = n / 200) -> None:
            async def main() -> None:
                process = Process(world, Spec("a", every=0.05))
                await process.start()
                await asyncio.sleep(wait)
                await process.stop()

            asyncio.run(main())

        status = ended(world.fork(short), kill_at=time.monotonic() + 20)
        _is(status == 0, f"it ended with {status}: {world.said()}")
    _ran(world, _story(), _sent, judge)


# --- another version ---------------------------------------------------------------------------------


class Newer(Ticked):
    """The work as a later version may write it: of another shape, with a step that was not there."""

    def _register(self) -> None:
        @DBOS.step(name="newer step")
        def newer_step() -> None: ...

        @DBOS.workflow(name="send", max_recovery_attempts=None)
        def send_workflow(message: str) -> str:
            newer_step()
            return self._run(f"message {message}", lambda: self._send(message))

        @DBOS.workflow(name="job", max_recovery_attempts=None)
        def job_workflow(name: str) -> str:
            newer_step()
            job = self._jobs.get(name)
            return self._run(f"job {name}", job) if job else "unknown"


def upgrade_while_work_waits(world: World) -> None:
    """One message lies on the queue, one was begun; then another version starts under another name."""
    _ran(
        world, _story(), _sent, spec=Spec("a", Plan("send", 1, after=False)), status=-signal.SIGKILL
    )
    world.ahead += timedelta(seconds=30)

    async def no_more(process: Process) -> None:
        await Story(process, BOBBY, 0, "headteacher").report()
        os.kill(os.getpid(), signal.SIGKILL)

    _ran(world, no_more, status=-signal.SIGKILL)
    world.ahead += LATER

    def newer() -> None:
        real = metadata.version
        metadata.version = lambda name: "99.0" if name == "mayi" else real(name)

        async def later(process: Process) -> None:
            for _ in range(10):
                world.ahead += timedelta(minutes=1)
                await process.tick()
                await process.idle()
            await process.settled()

        run(world, Spec("b", every=60, work=Newer), later, judge)

    status = world.ran(newer)
    _is(status == 0, f"it ended with {status}: {world.said()}")


FAULTS = (
    Fault("chat platform down for a day", chat_down_for_a_day),
    Fault("database locked by another program", database_locked),
    Fault("disk full, then room again", disk_full, ("sqlite",)),
    Fault("clock put back two hours", clock_put_back),
    Fault("key file missing at the start", key_missing),
    Fault("keys rotated while people report, once cut short", key_rotated),
    Fault("two writers of the audit trail", two_audit_writers),
    Fault("two replicas", two_replicas, ("postgresql",)),
    Fault("the last button pressed twice at once", pressed_twice),
    Fault("asked to stop at any moment", asked_to_stop),
    Fault("an upgrade while work waits", upgrade_while_work_waits),
)
