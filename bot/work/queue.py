"""Work that outlives a process: messages to be sent, and what the clock runs, on DBOS.

A message is put on the queue in the transaction that wrote it. Once a minute every process beats, asks for
the jobs of this minute (the same job of the same minute is one, whoever asks), puts back on the queue what
the records say is due, and takes over what a process that no longer beats had begun. So nothing depends on
any one process, and nothing waits in a workflow: each is short and its input is an id.

The interval is our own and not DBOS's scheduler: every process has to beat anyway, a schedule would be one
more row to outlive an upgrade, and it starts up to six seconds late.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import ClassVar

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, EnqueueOptions, WorkflowSerializationFormat
from dbos import error as dbos_error
from sqlalchemy.schema import CreateTable

from bot.errors import CannotDo
from bot.records import messages, tables
from bot.records.store import Store
from bot.work.sending import said

log = logging.getLogger(__name__)

# Fixed for ever: DBOS runs only work of its own version, and an upgrade must not strand what waits.
APP, VERSION = "mayi", "1"
MESSAGES, JOBS = "messages", "jobs"  # queues
AT_ONCE = 8  # messages carried by one process at the same time
BATCH = 500  # messages put back on the queue by one tick
BEATS_MISSED = 3  # after so many a process counts as dead
KEEP_FINISHED = timedelta(days=1)
GRACE_SECONDS = 5  # for what is under way when the process is asked to stop

# After so long DBOS lets go of work whose process lives but lost it, so that a tick can ask for it anew.
_SEND_SECONDS = messages.STALE.total_seconds()
_JOB_SECONDS = 900.0
_TIDY = "work.tidy"
_FINISHED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

# Made at launch, as DBOS makes its own tables: it is no record, and no backup needs it.
heartbeats = sa.Table(
    "heartbeats",
    sa.MetaData(),
    sa.Column("replica", sa.String(80), primary_key=True),
    sa.Column("at", tables.Instant, nullable=False),
)

Job = Callable[[], Awaitable[None]]


class WorkUnavailable(CannotDo):
    """The queue in the records' database could not be opened."""


class Work:
    """The durable work of this process. Launch it once; stop it before the store is closed.

    `replica` names this process among those that share the database: a restarted process best keeps
    its name (it then resumes its own work at once), two that run at the same time must differ.
    `send` is given the id of a message; it and `jobs` run on the loop that launched. Whatever they
    raise is logged by type and never stored.
    """

    _launched: ClassVar[bool] = False  # DBOS is one a process

    def __init__(
        self,
        store: Store,
        *,
        replica: str,
        send: Callable[[str], Awaitable[None]],
        jobs: Mapping[str, Job] = MappingProxyType({}),
        clock: Callable[[], datetime],
        every: timedelta = timedelta(minutes=1),
        poll: float = 0.5,
    ) -> None:
        self._store = store
        self._replica = replica
        self._send = send
        self._jobs: Mapping[str, Job] = {**jobs, _TIDY: self._tidy}
        self._clock = clock
        self._every = every
        self._poll = poll
        self._client: DBOSClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._under_way: set[asyncio.Task[str]] = set()
        self._stopping = False
        self._end = asyncio.Event()

    async def launch(self) -> None:
        """Start: from now on what the store writes is handed over, and the clock runs.

        Raises WorkUnavailable or RecordsUnavailable, one line each, where the database is not to be had.
        """
        if Work._launched:
            raise RuntimeError("the work is launched in this process already")
        self._loop = asyncio.get_running_loop()
        self._stopping = False
        self._end.clear()
        # Before DBOS: work may only be claimed under a name that beats. It also finds a database that
        # is locked or gone, which DBOS would wait for without end.
        await self._make_heartbeats()
        await self._beat(self._clock())
        try:
            await asyncio.to_thread(self._start_dbos)
        except BaseException as e:
            await asyncio.to_thread(self._end_dbos)
            if not isinstance(e, sa.exc.SQLAlchemyError | dbos_error.DBOSException | OSError):
                raise
            reason = (str(e).splitlines() or [""])[0][:160]
            raise WorkUnavailable(
                f"the work queue could not be opened in the records' database ({type(e).__name__}: {reason}); "
                "check that it is whole and of this version, or restore a backup"
            ) from e
        self._store.enqueue = self.enqueue
        self._ticking = asyncio.create_task(self._tick_on(), name="work: tick")

    def enqueue(self, conn: sa.Connection, message: str) -> None:
        """Put a message on the queue in the caller's transaction; once for each attempt."""
        if self._client is None:
            raise RuntimeError("the work is not launched")
        attempts = conn.scalar(
            sa.select(tables.messages.c.attempts).where(tables.messages.c.id == message)
        )
        options = _to_send(message, f"send-{message}-{attempts or 0}")
        # One that is on the queue already violates a constraint; that must not end the transaction.
        with contextlib.suppress(dbos_error.DBOSQueueDeduplicatedError), conn.begin_nested():
            self._client.enqueue_in_transaction(conn, options, message)

    async def tick(self) -> None:
        """Do what each minute asks of this process. A part that fails leaves the others alone."""
        now = self._clock()
        for part in (self._beat, self._ask_for_jobs, self._requeue, self._take_over):
            if self._stopping:
                return
            try:
                await part(now)
            except Exception as e:  # noqa: BLE001  # the next tick tries again
                log.error("work: %s failed: %s", part.__name__.strip("_"), said(e))  # noqa: TRY400

    async def alive(self) -> bool:
        """Whether this process still beats: one that does not is taken for dead by the others."""
        async with self._store.reading() as conn:
            at = await conn.scalar(
                sa.select(heartbeats.c.at).where(heartbeats.c.replica == self._replica)
            )
        return at is not None and self._clock() - at < BEATS_MISSED * self._every

    async def stop(self) -> None:
        """Take nothing more up, let what is under way finish for a few seconds, and end.

        What is cut short is found by whoever runs next, as after a crash.
        """
        if self._client is None:
            return
        self._stopping = True
        self._store.enqueue = None
        self._end.set()
        if self._ticking is not None:
            # Not cut short: a transaction that is cancelled may swallow it and the tick goes on.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ticking, GRACE_SECONDS)
            self._ticking = None
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await asyncio.to_thread(self._end_dbos)
        # Without its row the others need not wait for its death.
        with contextlib.suppress(CannotDo):
            async with self._store.writing() as tx:
                await tx.conn.execute(
                    sa.delete(heartbeats).where(heartbeats.c.replica == self._replica)
                )

    # DBOS, always away from the loop: its calls block.

    def _start_dbos(self) -> None:
        url = _plain(self._store.engine.url)
        _quiet()
        Work._launched = True
        DBOS(
            config={
                "name": APP,
                "system_database_url": url,
                "application_version": VERSION,
                "executor_id": self._replica,
                "log_level": "WARNING",
                "enable_otlp": False,
                "use_listen_notify": False,  # nothing here waits for a notification
                "notification_listener_polling_interval_sec": self._poll,
                "sys_db_pool_size": AT_ONCE + 4,
                "db_engine_kwargs": {"hide_parameters": True},
            }
        )
        self._register()
        DBOS.launch()
        DBOS.register_queue(MESSAGES, worker_concurrency=AT_ONCE, polling_interval_sec=self._poll)
        DBOS.register_queue(JOBS, worker_concurrency=AT_ONCE, polling_interval_sec=self._poll)
        # The tick must not hang on a database that went away: the client raises where DBOS waits.
        self._client = DBOSClient(
            system_database_url=url,
            application_name=APP,
            system_database_pool_size=2,
            retry_connection_errors=False,
            lazy=True,
        )

    def _end_dbos(self) -> None:
        DBOS.destroy(destroy_registry=True)
        Work._launched = False
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def _register(self) -> None:
        # A recovered workflow has no attempts to run out of: what it does is counted in the records.
        @DBOS.workflow(name="send", max_recovery_attempts=None)
        def send_workflow(message: str) -> str:
            return self._run(f"message {message}", lambda: self._send(message))

        @DBOS.workflow(name="job", max_recovery_attempts=None)
        def job_workflow(name: str) -> str:
            job = self._jobs.get(name)
            return self._run(f"job {name}", job) if job else "unknown"  # an older version's

    def _run(self, what: str, work: Job) -> str:
        """Run `work` on the caller's loop and wait for it; only a code comes back to be stored."""
        if self._stopping or self._loop is None:
            return "stopped"
        return asyncio.run_coroutine_threadsafe(self._coded(what, work), self._loop).result()

    async def _coded(self, what: str, work: Job) -> str:
        if self._stopping:
            return "stopped"
        task = asyncio.current_task()
        assert task is not None  # a coroutine that runs has one
        self._under_way.add(task)
        try:
            await work()
        except asyncio.CancelledError:
            return "stopped"
        except Exception as e:  # noqa: BLE001  # whatever the caller's code raises
            log.error("work: %s failed: %s", what, said(e))  # noqa: TRY400
            return "failed"
        else:
            return "done"
        finally:
            self._under_way.discard(task)

    # The tick and its parts.

    async def _tick_on(self) -> None:
        while not self._stopping:
            await self.tick()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), self._every.total_seconds())

    async def _make_heartbeats(self) -> None:
        for last in (False, True):
            try:
                async with self._store.writing() as tx:
                    await tx.conn.execute(CreateTable(heartbeats, if_not_exists=True))
            except sa.exc.DBAPIError:  # PostgreSQL: two processes made it at the same moment
                if last:
                    raise
            else:
                return

    async def _beat(self, now: datetime) -> None:
        mine = heartbeats.c.replica == self._replica
        async with self._store.writing() as tx:
            beaten = await tx.conn.execute(sa.update(heartbeats).where(mine).values(at=now))
            if not beaten.rowcount:
                await tx.conn.execute(sa.insert(heartbeats).values(replica=self._replica, at=now))

    async def _ask_for_jobs(self, now: datetime) -> None:
        slot = int(now.timestamp() // self._every.total_seconds())
        hour = int(now.timestamp() // 3600)
        asked = {
            # The job's name keeps it from overlapping itself, the slot from being done twice.
            name: f"job-{name}-{hour if name == _TIDY else slot}"
            for name in self._jobs
        }
        await asyncio.to_thread(
            self._put, [(_to_run(name, workflow), name) for name, workflow in asked.items()]
        )

    async def _requeue(self, now: datetime) -> None:
        due = await messages.waiting(self._store, now, BATCH)
        # A new id each time: work that ended without doing anything must not stand in the way. What is
        # still on the queue or being sent is known by its deduplication id.
        stamp = int(now.timestamp() * 1000)
        await asyncio.to_thread(self._put, [(_to_send(m, f"send-{m}-at-{stamp}"), m) for m in due])

    def _put(self, asked: list[tuple[EnqueueOptions, str]]) -> None:
        for options, argument in asked:
            if self._client is None:
                return
            with contextlib.suppress(dbos_error.DBOSQueueDeduplicatedError):
                self._client.enqueue(options, argument)

    async def _take_over(self, now: datetime) -> None:
        alive_since = now - BEATS_MISSED * self._every
        async with self._store.reading() as conn:
            alive = set(
                await conn.scalars(
                    sa.select(heartbeats.c.replica).where(heartbeats.c.at >= alive_since)
                )
            )
        await asyncio.to_thread(self._recover, alive | {self._replica})

    def _recover(self, alive: set[str]) -> None:
        if self._client is None:
            return
        begun = self._client.list_workflows(status="PENDING", load_input=False, load_output=False)
        dead = {w.executor_id for w in begun if w.executor_id} - alive
        if dead:
            log.warning("work: taking over from %s", ", ".join(sorted(dead)))
            # The public resume_workflow would run a workflow twice that another process took over first.
            DBOS._recover_pending_workflows(sorted(dead))  # noqa: SLF001

    async def _tidy(self) -> None:
        """Forget finished work and processes that are long gone."""
        before = self._clock() - KEEP_FINISHED
        await asyncio.to_thread(self._forget, before)
        async with self._store.writing() as tx:
            await tx.conn.execute(sa.delete(heartbeats).where(heartbeats.c.at < before))

    def _forget(self, before: datetime) -> None:
        while self._client is not None and not self._stopping:
            old = self._client.list_workflows(
                status=_FINISHED,
                completed_before=before.isoformat(),
                limit=BATCH,
                load_input=False,
                load_output=False,
            )
            if old:
                self._client.delete_workflows([w.workflow_id for w in old])
            if len(old) < BATCH:
                return


def _to_send(message: str, workflow: str) -> EnqueueOptions:
    return _options("send", MESSAGES, workflow, message, _SEND_SECONDS)


def _to_run(job: str, workflow: str) -> EnqueueOptions:
    return _options("job", JOBS, workflow, job, _JOB_SECONDS)


def _options(name: str, queue: str, workflow: str, one: str, seconds: float) -> EnqueueOptions:
    return {
        "workflow_name": name,
        "queue_name": queue,
        "workflow_id": workflow,
        "deduplication_id": one,
        "app_version": VERSION,
        "workflow_timeout": seconds,
        # JSON: nothing that is read back from the database is unpickled.
        "serialization_type": WorkflowSerializationFormat.PORTABLE,
    }


def _plain(url: sa.URL) -> str:
    """The same database for DBOS, which is not async."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)


class _OneLine(logging.Handler):
    """What DBOS warns of, in our log: its first line, without the trace it may carry."""

    def emit(self, record: logging.LogRecord) -> None:
        if (
            not record.exc_info
        ):  # a launch that fails is raised, work that fails is logged by its type
            line = (record.getMessage().splitlines() or [""])[0]
            log.log(record.levelno, "work queue: %s", line[:200])


def _quiet() -> None:
    theirs = logging.getLogger("dbos")
    if not any(isinstance(h, _OneLine) for h in theirs.handlers):
        theirs.handlers[:] = [
            _OneLine()
        ]  # DBOS adds its own, to standard error, only where there is none
        theirs.propagate = False
