"""Brings the database to the shape that this version of the program needs."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import CannotDo
from bot.records import backup
from bot.records.store import RecordsUnavailable, engine

STEPS = Path(__file__).parent / "migrations"

_LOCK = 7_741_902  # any number that nothing else in the database uses: the lock's name


async def upgrade(url: str, backup_folder: Path, *, now: datetime) -> bool:
    """Make the database, or bring an older one up to date; return whether anything was to do.

    Records that are there already are backed up first, into a file named by the moment. It happens
    whole or not at all, and of several processes one does it while the others wait. Raises CannotDo for a
    database that a newer version of the program has used.
    """
    async with alone(url) as conn:
        return await conn.run_sync(_upgrade, backup_folder, now)


async def untouched(url: str) -> bool:
    """Whether nothing has been kept in this database yet, so that a first key may be made for it."""
    async with alone(url) as conn:
        return await conn.run_sync(lambda sync: shape(sync) is None or not backup.has_records(sync))


def _upgrade(conn: sa.Connection, backup_folder: Path, now: datetime) -> bool:
    found, newest = shape(conn), newest_shape()
    if found == newest:
        return False
    if found is not None:
        stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
        backup.write(conn, None, backup_folder / f"records-{stamp}-{found}.zip", now=now)
    step_to(conn, newest)
    return True


def newest_shape() -> str:
    """The shape that this version of the program works with."""
    newest = _steps().get_current_head()
    assert newest is not None
    return newest


def known_shape(name: str) -> bool:
    """Whether this version of the program has heard of that shape."""
    return any(step.revision == name for step in _steps().walk_revisions())


def shape(conn: sa.Connection) -> str | None:
    """The shape that a database has; None for an empty one.

    Raises CannotDo when this version of the program cannot work with it.
    """
    found = MigrationContext.configure(conn).get_current_revision()
    if found is None and sa.inspect(conn).has_table("reports"):
        raise CannotDo(
            "the database holds a table 'reports' that is not MayI's; give MayI a database of its own"
        )
    if found is not None and not known_shape(found):
        raise CannotDo(
            f"the records were last used by a newer MayI (their shape is {found}); "
            "install that version, or a newer one"
        )
    return found


def step_to(conn: sa.Connection, name: str) -> None:
    """Take all steps up to this shape, within the connection's transaction."""
    config = Config()
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    config.attributes["connection"] = conn
    command.upgrade(config, name)


@lru_cache(maxsize=1)
def _steps() -> ScriptDirectory:
    return ScriptDirectory(str(STEPS))


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[AsyncConnection]:
    """A transaction in which nobody else changes the shape of the database, or restores one."""
    _make_room(url)
    made = engine(url)
    if made.dialect.name == "sqlite":
        event.listen(made.sync_engine, "connect", _leave_references)
    try:
        async with made.connect() as conn:
            await conn.execution_options(mayi_writes=True)
            async with conn.begin():
                if made.dialect.name == "postgresql":
                    await conn.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
                yield conn
                if made.dialect.name == "sqlite":
                    await conn.run_sync(_check_references)
    except OperationalError as e:
        raise RecordsUnavailable(
            "the records cannot be reached or changed just now and nothing was changed; "
            "see that the database runs, that its disk has room, and that its address is right"
        ) from e
    except DBAPIError as e:
        if type(e.orig) is sqlite3.DatabaseError:
            raise CannotDo(
                f"{sa.make_url(url).database}: is not a sound database; restore it from a backup"
            ) from e
        raise
    finally:
        await made.dispose()


def _make_room(url: str) -> None:
    """Make a SQLite file that only its owner may read; others are the database server's business."""
    parsed = sa.make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database:
        return
    file = Path(parsed.database)
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as e:
        raise CannotDo(
            f"{file}: cannot be opened ({e.strerror}); check the folder and its permissions"
        ) from e


def _leave_references(connection: Any, _: object) -> None:
    # SQLite changes most of a table by making it anew and dropping the old one, and with references
    # enforced that drop deletes every row that refers to it. They are checked at the end instead.
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.close()


def _check_references(conn: sa.Connection) -> None:
    if conn.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        raise CannotDo("the records refer to something that is not there, so nothing was changed")
