"""The audit trail has every line in its order, and tells when somebody was at it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import traceback
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from bot.errors import CannotDo
from bot.records import audit, tables
from bot.records.audit import Action
from bot.records.crypto import Sealer, make_key
from bot.records.store import RecordsUnavailable
from tests.stores import NOW, everything, fresh_url, keep, opened, python

pytestmark = pytest.mark.asyncio

WHO = {"school": "example-school", "actor": "pat-example"}


async def say(store, count=1, at=NOW, action=Action.OPENED, about="R-7KQ4-M2", **more):
    for _ in range(count):
        async with store.writing() as tx:
            await audit.append(
                tx, store.sealer, at=at, action=action, about=about, **{**WHO, **more}
            )


async def tamper(store, *statements):
    """What somebody with the database's own password could do: take the triggers off first."""
    async with store.writing() as tx:
        if store.engine.dialect.name == "postgresql":
            await tx.conn.execute(sa.text("ALTER TABLE audit DISABLE TRIGGER ALL"))
            await tx.conn.execute(sa.text("ALTER TABLE audit_head DISABLE TRIGGER ALL"))
        else:
            names = await tx.conn.execute(
                sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            )
            for name in names.scalars().all():
                await tx.conn.execute(sa.text(f"DROP TRIGGER {name}"))
        for statement in statements:
            await tx.conn.execute(sa.text(statement) if isinstance(statement, str) else statement)


async def findings(store, **how):
    return (await audit.verify(store, **how)).findings


# --- what is written ------------------------------------------------------------------------------------


async def test_every_line_has_its_number_and_a_report_gets_its_own(store):
    await say(store, 2)
    await say(store, about="R-0000-AA", action=Action.REFUSED, actor="sam-sample")
    await say(store, school="another-school")
    await say(store, action=Action.REFERRED, detail="lado")

    assert (await audit.verify(store)).count == 5
    trail = await audit.lines(store, school="example-school", about="R-7KQ4-M2")
    assert [(line.n, line.at, line.actor, line.action, line.detail) for line in trail.lines] == [
        (1, NOW, "pat-example", "opened", ""),
        (2, NOW, "pat-example", "opened", ""),
        (5, NOW, "pat-example", "referred", "lado"),
    ]
    assert trail.unopened == 0


async def test_an_empty_trail_is_in_order(store):
    assert await audit.verify(store) == audit.Verified(0, "0" * 64, ())


async def test_a_line_of_a_transaction_that_fails_was_never_written(store):
    await say(store)
    with pytest.raises(DBAPIError):
        await say_twice(store)

    await say(store)
    assert await findings(store) == ()
    assert (await audit.verify(store)).count == 2


async def say_twice(store):
    """A line, and a second one with its number, in one transaction."""
    async with store.writing() as tx:
        n = await audit.append(tx, store.sealer, at=NOW, action=Action.CLOSED, **WHO)
        await tx.conn.execute(sa.insert(tables.audit).values(n=n, at=NOW, sealed=b"", hash=""))


@pytest.mark.parametrize("where", ["school", "actor", "about", "detail"])
async def test_no_sentence_gets_into_the_trail(sqlite_store, where):
    with pytest.raises(ValueError, match="names and codes") as e:
        await say(sqlite_store, **{where: "he saw a plover"})

    assert "plover" not in str(e.value)
    assert (await audit.verify(sqlite_store)).count == 0


async def test_the_trail_says_nothing_to_who_has_no_keys(sqlite_store, tmp_path):
    await say(sqlite_store)
    (file,) = tmp_path.glob("*.db")

    held = b"".join(p.read_bytes() for p in tmp_path.iterdir())
    assert file.stat().st_mode & 0o777 == 0o600
    for word in (b"pat-example", b'opened"', b"R-7KQ4-M2", b"example-school"):
        assert word not in held


async def test_a_clock_that_was_put_back_is_no_finding(store):
    await say(store, at=NOW)
    await say(store, at=NOW - timedelta(days=400))
    await say(store, at=NOW.astimezone(tz=None))

    assert await findings(store) == ()


# --- several writers ------------------------------------------------------------------------------------


async def test_writers_at_once_lose_and_double_no_line(records_url, sealer):
    async with opened(records_url, sealer) as one, opened(records_url, sealer) as two:
        await asyncio.gather(*(say(store, 10) for store in (one, two, one, two)))

        assert (await audit.verify(one)).count == 40
        assert await findings(two) == ()


async def test_two_processes_write_one_trail(records_url):
    key = make_key()
    code = (
        "import asyncio, sys; from datetime import datetime, UTC\n"
        "from bot.records import audit; from bot.records.crypto import Sealer; from bot.records.store import Store\n"
        "async def main():\n"
        "    store = Store(sys.argv[1], Sealer([sys.argv[2]]))\n"
        "    for _ in range(25):\n"
        "        async with store.writing() as tx:\n"
        "            await audit.append(tx, store.sealer, at=datetime.now(UTC), school='s', actor='a', action=audit.Action.LISTED)\n"
        "    await store.close()\n"
        "asyncio.run(main())"
    )
    started = [python(code, records_url, key) for _ in range(2)]
    async with opened(records_url, Sealer([key])) as store:
        await say(store, 20)
        said = [await asyncio.to_thread(process.communicate) for process in started]

        assert [out for out, _ in said] == ["", ""]
        assert (await audit.verify(store)).count == 70
        assert await findings(store) == ()


async def test_a_check_sees_one_state_while_others_write(store):
    await say(store, 205)  # more than is in memory at once
    over = asyncio.Event()

    async def write():
        while not over.is_set():
            await say(store)

    working = asyncio.create_task(write())
    for _ in range(3):
        assert await findings(store) == ()
    over.set()
    await working


# --- tampering ------------------------------------------------------------------------------------------


async def test_the_database_itself_refuses_to_change_the_trail(store):
    await say(store, 3)

    for statement in (
        "DELETE FROM audit WHERE n = 2",
        "DELETE FROM audit",
        "UPDATE audit SET n = 9 WHERE n = 2",
        "UPDATE audit SET hash = 'x'",
        "UPDATE audit SET at = '2020-01-01 00:00:00'",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET n = 1",
        "UPDATE audit_head SET hash = 'x'",
    ):
        with pytest.raises(DBAPIError, match="the audit trail is only added to"):
            await done(store, sa.text(statement))
    assert await findings(store) == ()


async def test_a_line_is_not_quietly_replaced(sqlite_store, postgres_store):
    for store, statement in (
        (
            sqlite_store,
            "INSERT OR REPLACE INTO audit SELECT n, at, sealed, 'x' FROM audit WHERE n = 2",
        ),
        (postgres_store, "TRUNCATE audit"),
    ):
        await say(store, 3)
        with pytest.raises(DBAPIError, match="the audit trail is only added to"):
            await done(store, sa.text(statement))


SWAP = (
    "UPDATE audit SET n = -1 WHERE n = 3",
    "UPDATE audit SET n = 3 WHERE n = 4",
    "UPDATE audit SET n = 4 WHERE n = -1",
)


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        (["DELETE FROM audit WHERE n = 3"], ["line 3 is missing"]),
        (["DELETE FROM audit WHERE n IN (1, 2, 5)"], ["lines 1 to 2 are missing", "line 5 is missing"]),
        (["DELETE FROM audit WHERE n = 6"], ["line 6 is missing: the trail ends before it"]),
        (["DELETE FROM audit"], ["lines 1 to 6 are missing: the trail ends before them"]),
        (["DELETE FROM audit_head"], ["the head of the trail is missing"]),
        (["UPDATE audit SET hash = 'x' WHERE n = 6"], ["line 6 was changed, or the one before it", "the head of the trail does not fit its last line, 6"]),
        (["UPDATE audit SET at = '2020-01-01 00:00:00' WHERE n = 4"], ["line 4 was changed, or the one before it"]),
        (["UPDATE audit_head SET n = 4"], ["the head of the trail does not fit its last line, 6"]),
        (SWAP, ["lines 3 to 4 are out of their places", "line 5 was changed, or the one before it"]),
        (["UPDATE audit SET sealed = (SELECT b.sealed FROM audit b WHERE b.n = 1) WHERE n = 2"], ["line 2 is out of its place"]),
        ([sa.update(tables.audit).where(tables.audit.c.n.in_([2, 3])).values(sealed=b"x")], ["lines 2 to 3 cannot be opened: their key is missing, or they were altered"]),
    ],
)  # fmt: skip
async def test_whoever_was_at_the_trail_is_found_out(store, statements, found):
    await say(store, 6)

    await tamper(store, *statements)

    assert list(await findings(store)) == found


async def test_a_line_sealed_anew_with_another_content_is_found(store):
    await say(store, 3)
    said = {"n": 2, "salt": "", "about": "R-7KQ4-M2", "action": "opened", "detail": "", **WHO}

    await tamper(
        store,
        sa.update(tables.audit).where(tables.audit.c.n == 2).values(sealed=store.sealer.seal(said)),
    )

    assert await findings(store) == ("line 2 was changed, or the one before it",)


async def test_a_trail_cut_short_with_its_head_is_told_by_a_head_noted_elsewhere(store):
    await say(store, 6)
    before = await audit.verify(store)
    await tamper(
        store,
        "DELETE FROM audit WHERE n > 4",
        "UPDATE audit_head SET n = 4, hash = (SELECT hash FROM audit WHERE n = 4)",
    )

    assert await findings(store) == ()
    assert await findings(store, noted=(6, before.head)) == (
        "line 6 is not what it was when it was noted: the trail was written anew",
    )


async def test_without_the_keys_the_lines_are_named_and_none_is_shown(records_url, sealer):
    async with opened(records_url, sealer) as store:
        await say(store, 3)
    async with opened(records_url, Sealer([make_key()])) as store:
        await say(store)

        assert await findings(store) == (
            "lines 1 to 3 cannot be opened: their key is missing, or they were altered",
        )
        trail = await audit.lines(store, school="example-school", about="R-7KQ4-M2")
        assert ([line.n for line in trail.lines], trail.unopened) == ([4], 3)


async def test_a_trail_without_its_head_takes_no_line(store):
    await tamper(store, "DELETE FROM audit_head")

    with pytest.raises(CannotDo, match="mayi audit verify"):
        await say(store)


# --- faults ---------------------------------------------------------------------------------------------


async def test_a_locked_database_is_said_in_a_line_and_nothing_is_written(records_url, sealer):
    async with opened(records_url, sealer) as holder, opened(records_url, sealer) as store:
        impatient(store)
        async with holder.writing() as tx:
            await audit.append(tx, sealer, at=NOW, action=Action.LISTED, **WHO)
            with pytest.raises(RecordsUnavailable, match="nothing was changed"):
                await say(store)
        await say(store)

        assert (await audit.verify(store)).count == 2
        assert await findings(store) == ()


def impatient(store):
    """Gives up on a lock after a moment."""
    sqlite = store.engine.dialect.name == "sqlite"

    def set_(connection, _):
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 100" if sqlite else "SET lock_timeout = 100")
        cursor.close()
        connection.commit()

    event.listen(store.engine.sync_engine, "connect", set_)


async def test_a_full_disk_loses_the_transaction_and_nothing_else(tmp_path, sealer):
    url = fresh_url("sqlite", tmp_path)
    (file,) = tmp_path.glob("*.db")
    with sqlite3.connect(file) as conn:
        (pages,) = conn.execute("PRAGMA page_count").fetchone()
    conn.close()

    def small(connection, _):
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA max_page_count = {pages + 20}")
        cursor.close()

    async with opened(url, sealer) as store:
        event.listen(store.engine.sync_engine, "connect", small)
        await say(store, 5)
        with pytest.raises(RecordsUnavailable, match="nothing was changed"):
            await fill(store)
    async with opened(url, sealer) as store:
        count = (await audit.verify(store)).count
        held = {name: len(rows) for name, rows in (await everything(store)).items()}
        assert held["reports"] == held["entries"] == held["drafts"] == held["messages"] > 0
        assert held["reports"] % 5 == 0
        assert await findings(store) == ()
        await say(store)
        assert (await audit.verify(store)).count == count + 1


async def fill(store):
    for start in range(0, 1000, 5):
        await keep(store, 5, start=start, words="plover" * 50)
        await say(store)


async def test_no_bound_value_reaches_an_error_or_a_log(store, caplog):
    caplog.set_level(logging.DEBUG)
    word = "revolp"[::-1]  # so that a traceback that quotes this line does not have it
    await keep(store, 1, words=word)
    entry = {"id": "1", "at": NOW, "kind": "note", "sealed": word.encode()}
    statements = (
        sa.select(tables.reports).where(sa.func.no_such_function(word) == word),
        sa.insert(tables.entries).values(entry | {"report": "nowhere"}),
        sa.insert(tables.reports).values(id="2", sealed=store.sealer.seal(word), created=NOW),
    )
    for statement in statements:
        with pytest.raises((SQLAlchemyError, RecordsUnavailable)) as e:
            await done(store, statement)
        assert word not in "".join(traceback.format_exception(e.value))
    assert word not in caplog.text


async def done(store, statement):
    async with store.writing() as tx:
        await tx.conn.execute(statement)
