"""The door to the records: one database, SQLite or PostgreSQL, and the two ways through it.

`reading()` sees one state of things. `writing()` commits all of what was done in it or nothing, and no
other writer comes between what it reads and what it writes.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bot.errors import CannotDo
from bot.records.crypto import Sealer

BUSY_SECONDS = 30  # how long SQLite waits for another writer before it gives up

# Puts the sending of a message on the work queue, in the transaction that wrote the message.
Enqueue = Callable[[sa.Connection, str], None]


class RecordsUnavailable(CannotDo):
    """The records could not be read or written just now; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """A writing transaction under way."""

    conn: AsyncConnection
    sealer: Sealer
    enqueue: Enqueue | None

    async def hand_over(self, message: str) -> None:
        """Have the message with this id sent as soon as the transaction is committed.

        Without a queue (a command, a test) it stays in the records as pending; the next tick of
        whoever has one finds it there.
        """
        if self.enqueue is not None:
            enqueue = self.enqueue
            await self.conn.run_sync(lambda conn: enqueue(conn, message))


class Store:
    """The records of one installation. Close it when done."""

    def __init__(self, url: str, sealer: Sealer, enqueue: Enqueue | None = None) -> None:
        self.sealer = sealer
        self.enqueue = enqueue
        self.engine = engine(url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection that only reads."""
        with _said_plainly():
            async with self.engine.connect() as conn:
                yield conn

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Transaction]:
        """A transaction: committed whole at the end, undone whole by any exception."""
        with _said_plainly():
            async with self.engine.connect() as conn:
                await conn.execution_options(mayi_writes=True)
                async with conn.begin():
                    yield Transaction(conn, self.sealer, self.enqueue)

    async def reach(self) -> None:
        """Raise RecordsUnavailable where the database cannot be had."""
        async with self.reading() as conn:
            await conn.execute(sa.select(1))

    async def close(self) -> None:
        await self.engine.dispose()


def engine(url: str) -> AsyncEngine:
    """An engine that takes real write locks and keeps bound values out of its messages."""
    # This driver logs every statement with its values when a log is turned up to DEBUG.
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)
    # A connection to a server may have gone away meanwhile; one to a file has not.
    ping = sa.make_url(url).get_backend_name() != "sqlite"
    made = create_async_engine(url, hide_parameters=True, pool_pre_ping=ping)
    if made.dialect.name == "sqlite":
        event.listen(made.sync_engine, "connect", _prepare_sqlite)
        event.listen(made.sync_engine, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver leaves BEGIN to us
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _keep_a_log_of_writes(cursor)
    cursor.execute("PRAGMA synchronous = FULL")  # a report that was received survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA secure_delete = ON")  # what retention deletes is overwritten
    cursor.close()


def _keep_a_log_of_writes(cursor: Any) -> None:
    """Turn write-ahead logging on. Two that do so at once on a new file: SQLite does not wait here, so we do."""
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


def _begin_sqlite(conn: sa.Connection) -> None:
    # A deferred transaction that reads first and writes later loses to any other writer.
    writes = conn.get_execution_options().get("mayi_writes", False)
    conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class _said_plainly:  # noqa: N801  # used as a with-statement reads
    """Turns what a database says into one line without any of the values involved."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OperationalError | PoolTimeout) or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        ):
            raise RecordsUnavailable(_why(error)) from error


def _why(error: BaseException) -> str:
    """What to do about records that cannot be had, by what the database itself says."""
    said = str(getattr(error, "orig", error)).lower()
    if "full" in said:
        return (
            "the disk with the records is full and nothing was changed; make room, then try again"
        )
    if "no such" in said or "does not exist" in said:
        return "the records are not in the shape this version needs; restore a backup"
    return "the records cannot be reached just now and nothing was changed; try again in a minute"
