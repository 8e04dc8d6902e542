"""A database gets the shape that the tables say, once, after a backup, and never by an older program."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from bot.errors import CannotDo
from bot.records import audit, migrate, tables
from bot.records.crypto import Sealer, make_key
from bot.records.migrate import alone, untouched, upgrade
from bot.records.store import RecordsUnavailable
from tests.stores import NOW, empty_url, everything, keep, opened, python

pytestmark = pytest.mark.asyncio


@pytest.fixture
def url(database, tmp_path):
    """The address of a database that nobody has used."""
    return empty_url(database, tmp_path / "data")


def unlike(conn):
    def ours(thing, name, kind, *_):
        return kind != "table" or name in tables.metadata.tables

    context = MigrationContext.configure(conn, opts={"compare_type": True, "include_object": ours})
    return compare_metadata(context, tables.metadata)


async def test_the_steps_lead_to_the_tables(store):
    async with store.reading() as conn:
        assert await conn.run_sync(unlike) == []


async def test_an_empty_database_is_made_without_a_backup_and_only_once(url, tmp_path):
    assert await untouched(url)
    assert await upgrade(url, tmp_path / "backups", now=NOW) is True
    assert await upgrade(url, tmp_path / "backups", now=NOW) is False
    assert await untouched(url)
    assert not (tmp_path / "backups").exists()
    async with opened(url) as store:
        assert await audit.verify(store) == audit.Verified(0, "0" * 64, ())


async def test_the_file_of_the_records_is_its_owners_alone(tmp_path):
    url = empty_url("sqlite", tmp_path / "data")

    await upgrade(url, tmp_path / "backups", now=NOW)

    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "data").iterdir()} == {0o600}


async def test_processes_that_start_at_once_make_the_database_once(url, tmp_path):
    code = (
        "import asyncio, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from bot.records.migrate import upgrade\n"
        "print(asyncio.run(upgrade(sys.argv[1], Path(sys.argv[2]), now=datetime.now(UTC))))"
    )
    started = [python(code, url, tmp_path) for _ in range(2)]
    said = [await asyncio.to_thread(process.communicate) for process in started]

    assert sorted(out.strip() for out, _ in said) == ["False", "True"]


async def test_records_are_backed_up_before_a_step_and_survive_it(
    store, records_url, tmp_path, monkeypatch
):
    await keep(store, 3)
    assert not await untouched(records_url)
    before = await everything(store)
    (tmp_path / "steps").mkdir()
    steps = tmp_path / "steps" / "migrations"
    further(steps)
    monkeypatch.setattr(migrate, "STEPS", steps)
    migrate._steps.cache_clear()
    try:
        assert await upgrade(records_url, tmp_path / "backups", now=NOW) is True
        assert await upgrade(records_url, tmp_path / "backups", now=NOW + timedelta(1)) is False
    finally:
        monkeypatch.undo()
        migrate._steps.cache_clear()

    (made,) = (tmp_path / "backups").iterdir()
    assert made.name == "records-20261116-093000-r0004.zip"
    assert made.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(made) as archive:
        assert archive.read("records/reports.jsonl").count(b"\n") == 3
    assert await everything(store) == before

    # And now the program is the older one.
    with pytest.raises(CannotDo, match="last used by a newer MayI"):
        await upgrade(records_url, tmp_path / "backups", now=NOW)


def further(steps):
    """The steps there are, and one more: it makes a table that others refer to anew, as SQLite must."""
    shutil.copytree(migrate.STEPS, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "r9999_more.py").write_text(
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        "revision, down_revision = 'r9999', 'r0004'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('reports', recreate='auto') as table:\n"
        "        table.alter_column('reference', type_=sa.String(20), existing_nullable=False)\n"
    )


async def test_a_step_that_fails_leaves_everything_as_it_was(
    store, records_url, tmp_path, monkeypatch
):
    await keep(store, 1)
    before = await everything(store)
    steps = tmp_path / "migrations"
    further(steps)
    with (steps / "versions" / "r9999_more.py").open("a") as step:
        step.write("    op.execute('DELETE FROM drafts')\n    raise ZeroDivisionError\n")
    monkeypatch.setattr(migrate, "STEPS", steps)
    migrate._steps.cache_clear()
    try:
        with pytest.raises(ZeroDivisionError):
            await upgrade(records_url, tmp_path / "backups", now=NOW)
    finally:
        monkeypatch.undo()
        migrate._steps.cache_clear()

    assert await everything(store) == before
    assert await upgrade(records_url, tmp_path / "backups", now=NOW) is False


async def test_a_database_of_something_else_is_refused(url, tmp_path):
    async with alone(url) as conn:
        await conn.execute(sa.text("CREATE TABLE reports (id INTEGER)"))

    with pytest.raises(CannotDo, match="give MayI a database of its own"):
        await upgrade(url, tmp_path, now=NOW)


async def test_other_tables_in_the_database_are_let_be(url, tmp_path):
    async with alone(url) as conn:
        await conn.execute(sa.text("CREATE TABLE workflow_status (id INTEGER)"))

    assert await upgrade(url, tmp_path, now=NOW) is True
    async with alone(url) as conn:
        assert await conn.run_sync(lambda c: sa.inspect(c).has_table("workflow_status"))


async def test_a_database_that_cannot_be_used_is_said_in_a_line(tmp_path):
    no_database = tmp_path / "notes.db"
    no_database.write_text("These are notes, and nothing that SQLite could read. " * 50)
    with pytest.raises(CannotDo, match="is not a sound database; restore it"):
        await upgrade(f"sqlite+aiosqlite:///{no_database}", tmp_path, now=NOW)

    (tmp_path / "file").touch()
    with pytest.raises(CannotDo, match="cannot be opened"):
        await upgrade(f"sqlite+aiosqlite:///{tmp_path}/file/records.db", tmp_path, now=NOW)

    nobody = "postgresql+psycopg://mayi@127.0.0.1:1/mayi"
    with pytest.raises(RecordsUnavailable, match="see that the database runs"):
        await upgrade(nobody, tmp_path, now=NOW)


async def test_a_locked_database_is_waited_for(tmp_path):
    url = empty_url("sqlite", tmp_path)
    file = url.removeprefix("sqlite+aiosqlite:///")
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("PRAGMA journal_mode = WAL")
    holder.execute("BEGIN IMMEDIATE")
    working = asyncio.create_task(upgrade(url, tmp_path, now=NOW))
    await asyncio.sleep(0.2)
    assert not working.done()
    holder.execute("COMMIT")
    holder.close()

    assert await working is True


async def test_a_deleted_report_takes_its_entries_with_it_and_leaves_the_trail(store):
    await keep(store, 2)
    async with store.writing() as tx:
        await audit.append(
            tx, store.sealer, at=NOW, school="s", actor="clock", action=audit.Action.DELETED
        )
        await tx.conn.execute(sa.delete(tables.reports).where(tables.reports.c.id == f"{0:032x}"))

    held = await everything(store)
    assert [len(held[t]) for t in ("reports", "entries", "deliveries", "audit")] == [1, 1, 1, 1]


async def test_a_key_made_here_fits_nothing_there(records_url):
    async with opened(records_url, Sealer([make_key()])) as store:
        await keep(store, 1)
    async with opened(records_url, Sealer([make_key()])) as store:
        with pytest.raises(CannotDo, match="cannot be opened"):
            await everything(store)
