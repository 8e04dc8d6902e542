"""Durable work with real processes: what is committed happens once, whoever dies."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import logging
import re
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.records import messages, tables
from bot.records import store as store_module
from bot.records.messages import PACE, STALE, NotSent
from bot.records.store import RecordsUnavailable
from bot.work import queue
from bot.work.queue import Work, WorkUnavailable
from bot.work.sending import send
from tests.stores import fresh_url, opened, python

pytest_plugins = ["tests.stores"]
pytestmark = pytest.mark.asyncio

MINUTE = timedelta(minutes=1)
POLL = 0.05

# Another process: its carrier writes a line to a file, then does what the third argument says.
CHILD = """
import asyncio, os, signal, sys
from datetime import UTC, datetime, timedelta
from bot.records import messages
from bot.records.crypto import Sealer, make_key
from bot.records.store import Store
from bot.work.queue import Work
from bot.work.sending import send

url, replica, does, out = sys.argv[1:5]

def note(*words):
    fd = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, (" ".join(map(str, words)) + "\\n").encode())
    os.close(fd)

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def clock():
    return datetime.now(UTC)

async def carry(message):
    note(message.occasion, replica, message.repeat)
    if does == "die between":
        die()
    await asyncio.sleep(0.01)
    return "slack"

async def job():
    note("job", replica)
    if does == "die in job":
        die()

async def main():
    store = Store(url, Sealer([make_key()]))
    quick = does in ("die between", "die in job", "serve")
    work = Work(
        store,
        replica=replica,
        send=lambda m: send(store, m, carry, clock),
        jobs={"look": job},
        clock=clock,
        every=timedelta(seconds=0.3 if does == "serve" else 3600),
        poll=0.05 if quick else 1,
    )
    await work.launch()
    if does.startswith("die"):
        if does != "die in job":
            async with store.writing() as tx:
                await messages.add(tx, occasion="o1", school="s", person="p", template="t",
                                   filled={}, now=clock())
                if does == "die before commit":
                    die()
        if does == "die after commit":
            die()
        await asyncio.sleep(30)
        return
    note("ready", replica)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    await work.stop()
    await store.close()
    note("stopped", replica)

asyncio.run(main())
"""


class Clock:
    """The real time, and what a test adds to it."""

    def __init__(self, ahead=timedelta()):
        self.ahead = ahead

    def __call__(self):
        return datetime.now(UTC) + self.ahead


@contextlib.asynccontextmanager
async def working(store, carry=None, *, jobs=None, clock=None, replica="here", every=60 * MINUTE):
    clock = clock or Clock()
    work = Work(
        store,
        replica=replica,
        send=lambda m: send(store, m, carry, clock),
        jobs=jobs or {},
        clock=clock,
        every=every,
        poll=POLL,
    )
    await work.launch()
    try:
        yield work
    finally:
        await work.stop()


@pytest.fixture(scope="module")
def launched_before(tmp_path_factory):
    """A SQLite file in which the work has been launched once: the next launch is quicker."""
    url = fresh_url("sqlite", tmp_path_factory.mktemp("launched"))

    async def once():
        async with opened(url) as store, working(store):
            pass
        async with opened(url) as store, store.reading() as conn:
            await conn.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))

    with ThreadPoolExecutor(1) as aside:  # a test's own loop may be running here
        aside.submit(asyncio.run, once()).result()
    return Path(sa.make_url(url).database).read_bytes()


@pytest_asyncio.fixture
async def sqlite_store(launched_before, tmp_path):
    file = tmp_path / "records.db"
    file.write_bytes(launched_before)
    async with opened(f"sqlite+aiosqlite:///{file}") as store:
        yield store


@pytest.fixture(params=["sqlite_store", "postgres_store"])
def store(request):
    return request.getfixturevalue(request.param)


class Carrier:
    """Takes every message and remembers it."""

    def __init__(self):
        self.took = []
        self.down = False

    async def __call__(self, message):
        if self.down:
            raise NotSent("down")
        self.took.append((message.occasion, message.repeat))
        return "slack"


async def add(store, occasion="o1", now=None):
    async with store.writing() as tx:
        return await messages.add(
            tx,
            occasion=occasion,
            school="s",
            person="p",
            template="t",
            filled={},
            now=now or datetime.now(UTC),
        )


async def until(there, seconds=10.0):
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while True:
        found = there()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, "it did not happen"
        await asyncio.sleep(0.02)


async def states(store):
    async with store.reading() as conn:
        return sorted(await conn.scalars(sa.select(tables.messages.c.state)))


async def settled(store, state="sent"):
    """Whether every message has come to this."""
    return set(await states(store)) == {state}


async def workflows(store, name):
    """What DBOS has of work of this name: id, how it ended, of which version."""
    schema = "dbos." if store.engine.dialect.name == "postgresql" else ""
    async with store.reading() as conn:
        found = await conn.execute(
            sa.text(
                "SELECT workflow_uuid, status, application_version, executor_id"
                f" FROM {schema}workflow_status WHERE name = :name ORDER BY created_at"
            ),
            {"name": name},
        )
        return [tuple(r) for r in found]


async def ended(child):
    """Wait for a child to end; its exit status."""
    return await asyncio.to_thread(child.wait, 20)


def lines(file):
    return file.read_text().splitlines() if file.exists() else []


async def test_what_is_committed_is_sent_once_and_what_is_undone_never(store):
    carrier = Carrier()

    async def undone():
        async with store.writing() as tx:
            await messages.add(
                tx,
                occasion="undone",
                school="s",
                person="p",
                template="t",
                filled={},
                now=datetime.now(UTC),
            )
            raise RuntimeError

    async with working(store, carrier) as work:
        with pytest.raises(RuntimeError):
            await undone()
        await add(store, "committed")
        await until(lambda: settled(store))
        await work.tick()
        await asyncio.sleep(5 * POLL)
    assert carrier.took == [("committed", False)]
    assert [(status, of) for _, status, of, _ in await workflows(store, "send")] == [
        ("SUCCESS", queue.VERSION)
    ]
    assert store.enqueue is None


async def test_what_was_written_without_a_queue_is_sent_when_there_is_one(sqlite_store):
    carrier = Carrier()
    await add(sqlite_store, "o1")
    await add(sqlite_store, "o2", now=datetime.now(UTC) + MINUTE)  # not due yet
    async with working(sqlite_store, carrier):
        await until(lambda: carrier.took)
    assert carrier.took == [("o1", False)]


async def test_a_carrier_that_comes_back_delivers_what_waited(sqlite_store):
    carrier, clock = Carrier(), Clock()
    carrier.down = True
    async with working(sqlite_store, carrier, clock=clock) as work:
        await add(sqlite_store)
        for pause in PACE[:2]:
            await until(lambda: settled(sqlite_store, "pending"))
            clock.ahead += pause + timedelta(seconds=1)
            await until(lambda: messages.waiting(sqlite_store, clock(), 1))
            await work.tick()
            await until(lambda: not_waiting(sqlite_store, clock))
        carrier.down = False
        clock.ahead += PACE[2]
        await work.tick()
        await until(lambda: settled(sqlite_store))
    assert carrier.took == [("o1", False)]


async def not_waiting(store, clock):
    return await settled(store, "pending") and not await messages.waiting(store, clock(), 1)


async def test_killed_between_sending_and_recording_it_is_sent_again_and_says_so(
    sqlite_store, tmp_path
):
    out, carrier, clock = tmp_path / "out", Carrier(), Clock()
    url = str(sqlite_store.engine.url)
    child = python(CHILD, url, "here", "die between", out)
    assert await ended(child) == -signal.SIGKILL
    assert "o1 here False" in lines(out)
    assert await states(sqlite_store) == ["sending"]
    async with working(sqlite_store, carrier, clock=clock) as work:
        await until(
            lambda: nothing_begun(sqlite_store)
        )  # resumed, and found that it is not its turn
        await work.tick()
        await asyncio.sleep(5 * POLL)
        assert carrier.took == []
        clock.ahead = STALE
        await work.tick()
        await until(lambda: settled(sqlite_store))
    assert carrier.took == [("o1", True)]


async def nothing_begun(store):
    found = await workflows(store, "send")
    return found and all(status == "SUCCESS" for _, status, _, _ in found)


async def test_killed_before_the_commit_nothing_was_ever_to_be_sent(sqlite_store, tmp_path):
    child = python(
        CHILD, str(sqlite_store.engine.url), "here", "die before commit", tmp_path / "out"
    )
    assert await ended(child) == -signal.SIGKILL
    assert await states(sqlite_store) == []
    assert await workflows(sqlite_store, "send") == []


async def test_what_waits_on_the_queue_survives_its_process_and_an_upgrade(sqlite_store, tmp_path):
    child = python(
        CHILD, str(sqlite_store.engine.url), "older", "die after commit", tmp_path / "out"
    )
    assert await ended(child) == -signal.SIGKILL
    ((waiting, status, of, _),) = await workflows(sqlite_store, "send")
    assert (status, of) == ("ENQUEUED", "1")  # for ever: what an older version enqueued is run
    assert of == queue.VERSION != version("mayi")
    carrier = Carrier()
    async with working(sqlite_store, carrier, replica="newer"):
        await until(lambda: settled(sqlite_store))
        await until(lambda: nothing_begun(sqlite_store))
    assert carrier.took == [("o1", False)]
    assert (waiting, "SUCCESS", "1", "newer") in await workflows(sqlite_store, "send")


async def test_work_of_a_process_that_died_is_taken_over_by_another(sqlite_store, tmp_path):
    out = tmp_path / "out"
    child = python(CHILD, str(sqlite_store.engine.url), "dead", "die in job", out)
    assert await ended(child) == -signal.SIGKILL
    assert lines(out) == ["job dead"]
    ran, clock = [], Clock()

    async def job():
        ran.append(1)

    begun = ("PENDING", queue.VERSION, "dead")
    async with working(sqlite_store, jobs={"look": job}, clock=clock, every=MINUTE) as work:
        await work.tick()
        await asyncio.sleep(5 * POLL)
        assert begun in [w[1:] for w in await workflows(sqlite_store, "job")]  # it may yet live
        assert ran == []
        clock.ahead = 4 * MINUTE
        await work.tick()
        await until(lambda: ran)
        await until(lambda: no_job_pending(sqlite_store))
        clock.ahead += MINUTE
        await work.tick()
        await until(lambda: len(ran) == 2)


async def no_job_pending(store):
    return all(w[1] != "PENDING" for w in await workflows(store, "job"))


async def test_two_processes_send_each_message_once_and_run_each_job_once_a_tick(
    postgres_store, tmp_path
):
    out = tmp_path / "out"
    url = postgres_store.engine.url.render_as_string(hide_password=False)
    two = [python(CHILD, url, name, "serve", out) for name in ("a", "b")]
    try:
        await until(lambda: {"ready a", "ready b"} <= set(lines(out)), 20)
        async with postgres_store.writing() as tx:
            for n in range(25):
                await messages.add(
                    tx,
                    occasion=f"o{n}",
                    school="s",
                    person="p",
                    template="t",
                    filled={},
                    now=datetime.now(UTC),
                )
        await asyncio.gather(*(add(postgres_store, f"o{n}") for n in range(25, 50)))
        await until(lambda: settled(postgres_store), 20)
        await until(lambda: sum(line.startswith("job ") for line in lines(out)) >= 5, 20)
    finally:
        for child in two:
            child.send_signal(signal.SIGTERM)
        ends = [await ended(child) for child in two]
    assert ends == [0, 0], [child.stdout.read() for child in two]
    took = [line.split() for line in lines(out) if line.startswith("o")]
    assert sorted(int(o[1:]) for o, _, _ in took) == list(range(50))
    assert {repeat for _, _, repeat in took} == {"False"}
    assert {replica for _, replica, _ in took} == {"a", "b"}
    jobs = [w for w in await workflows(postgres_store, "job") if w[0].startswith("job-look-")]
    slots = {int(w[0].rpartition("-")[2]) for w in jobs}
    ran = [line for line in lines(out) if line.startswith("job ")]
    assert len(ran) == len([w for w in jobs if w[1] == "SUCCESS"])
    assert len(ran) <= max(slots) - min(slots) + 1


async def test_no_word_of_what_goes_wrong_reaches_the_database_or_the_log(
    sqlite_store, caplog, tmp_path
):
    caplog.set_level(logging.DEBUG)
    tried = []

    async def job():
        tried.append("job")
        raise LookupError("gooseberry")

    work = Work(
        sqlite_store,
        replica="here",
        send=carry_raw(tried),
        jobs={"look": job},
        clock=Clock(),
        poll=POLL,
    )
    await work.launch()
    try:
        await add(sqlite_store)
        await until(lambda: len(tried) >= 2)
        await until(lambda: nothing_begun(sqlite_store))
        await until(lambda: no_job_pending(sqlite_store))
    finally:
        await work.stop()
    outcomes = {w[1] for w in await workflows(sqlite_store, "send")}
    assert outcomes == {"SUCCESS"}
    await sqlite_store.close()
    raw = b"".join(p.read_bytes() for p in tmp_path.glob("records*"))
    unpacked = b"".join(
        base64.b64decode(m[: len(m) // 4 * 4]) for m in re.findall(rb"[A-Za-z0-9+/]{16,}", raw)
    )
    for word in (b"gooseberry", b"Sam Sample", b"ValueError", b"LookupError"):
        assert word not in raw
        assert word not in unpacked
    assert b"failed" in raw
    assert "gooseberry" not in caplog.text
    assert "ValueError at test_work.py" in caplog.text


def carry_raw(tried):
    async def carry(message):
        tried.append(message)
        raise ValueError("Sam Sample wrote gooseberry")

    return carry


async def test_a_job_asked_for_again_in_the_same_slot_is_not_done_again(sqlite_store):
    ran, clock = [], Clock()

    async def job():
        ran.append(1)

    minute = datetime.now(UTC).replace(second=5, microsecond=0)
    async with working(
        sqlite_store, jobs={"look": job}, clock=lambda: minute + clock.ahead, every=MINUTE
    ) as work:
        for slot in range(3):
            for seconds in (0, 20, 40):  # as processes would that tick at different moments
                clock.ahead = slot * MINUTE + timedelta(seconds=seconds)
                await work.tick()
                await until(lambda: no_job_waiting(sqlite_store))
            assert len(ran) == slot + 1


async def no_job_waiting(store):
    return all(w[1] == "SUCCESS" for w in await workflows(store, "job"))


async def test_a_job_that_takes_longer_than_a_tick_does_not_overlap_itself(sqlite_store):
    clock, running, most, done = Clock(), 0, 0, []

    async def slow():
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.3)
        running -= 1
        done.append(1)

    async with working(sqlite_store, jobs={"slow": slow}, clock=clock, every=MINUTE) as work:
        await until(lambda: running)
        for _ in range(3):
            clock.ahead += MINUTE
            await work.tick()
        await until(lambda: done)
        await until(lambda: no_job_pending(sqlite_store))
        clock.ahead += MINUTE
        await work.tick()
        await until(lambda: len(done) == 2)
    assert most == 1


async def test_stopping_cuts_short_what_takes_too_long(sqlite_store, monkeypatch):
    monkeypatch.setattr(queue, "GRACE_SECONDS", 0.1)
    begun = []

    async def endless(message):
        begun.append(message.id)
        await asyncio.sleep(60)
        return "slack"

    async with working(sqlite_store, endless):
        await add(sqlite_store)
        await until(lambda: begun)
    # Not a minute later: the endless one was left.
    assert await states(sqlite_store) == ["sending"]  # whoever runs next finds it left behind


async def test_finished_work_is_forgotten_after_a_day(sqlite_store):
    carrier, clock = Carrier(), Clock()
    async with working(sqlite_store, carrier, clock=clock) as work:
        await add(sqlite_store)
        await until(lambda: settled(sqlite_store))
        await until(lambda: nothing_begun(sqlite_store))
        await until(lambda: no_job_pending(sqlite_store))
        clock.ahead = queue.KEEP_FINISHED + 60 * MINUTE
        await work.tick()
        await until(lambda: no_send(sqlite_store))
    assert carrier.took == [("o1", False)]


async def no_send(store):
    return not await workflows(store, "send")


async def test_asking_twice_for_a_message_leaves_the_transaction_whole(postgres_store):
    store = postgres_store
    carrier = Carrier()
    async with working(store, carrier) as work:
        async with store.writing() as tx:
            message = await messages.add(
                tx,
                occasion="o1",
                school="s",
                person="p",
                template="t",
                filled={},
                now=datetime.now(UTC),
            )
            await tx.hand_over(message)
            await tx.conn.execute(sa.update(tables.messages).values(attempts=1))
            await tx.hand_over(message)  # on the queue already, under the other attempt's id
        await until(lambda: settled(store))
        await work.tick()
    assert carrier.took == [("o1", False)]


async def test_a_database_that_cannot_be_used_is_said_in_one_line(
    sqlite_store, tmp_path, monkeypatch, capfd
):
    async with opened(fresh_url("sqlite", tmp_path)) as strange:
        async with strange.writing() as tx:
            await tx.conn.execute(sa.text("CREATE TABLE workflow_status (id INTEGER)"))
        with pytest.raises(WorkUnavailable, match="workflow_status") as e:
            async with working(strange):
                pass
    assert "\n" not in str(e.value)
    assert capfd.readouterr().err == ""

    monkeypatch.setattr(store_module, "BUSY_SECONDS", 1)
    other = sqlite3.connect(sqlite_store.engine.url.database)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(RecordsUnavailable):
        async with working(sqlite_store):
            pass
    other.close()
    carrier = Carrier()
    async with working(sqlite_store, carrier):  # nothing of the failed launches stands in its way
        await add(sqlite_store)
        await until(lambda: settled(sqlite_store))
    assert carrier.took == [("o1", False)]
