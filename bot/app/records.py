"""The records of an installation: opened, counted, checked, re-keyed, backed up and brought back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from bot.app.schools import wording_of
from bot.app.site import the_time
from bot.chat.render import Wording
from bot.config import Home
from bot.errors import BadUse
from bot.records import audit, backup, migrate, reports
from bot.records.crypto import rotate, sealer
from bot.records.reports import State
from bot.records.store import Enqueue, Store

T = TypeVar("T")
FEW = 5  # fewer than this might tell whom it is about, so it is shown as "fewer than five"


async def open_store(home: Home, enqueue: Enqueue | None = None) -> Store:
    """The records, made or brought up to date first, with the keys of this installation."""
    # A key is made only with the records: beside records that are there, a new one would open nothing.
    new = await migrate.untouched(home.database_url)
    sealed = sealer(home.keys_file, home.keys, create=new)
    await migrate.upgrade(home.database_url, home.backup_folder, now=the_time())
    return Store(home.database_url, sealed, enqueue)


async def _with_store(home: Home, work: Callable[[Store], Awaitable[T]]) -> T:
    store = await open_store(home)
    try:
        return await work(store)
    finally:
        await store.close()


async def report_counts(home: Home, school: str | None) -> str:
    """How many reports a school has, in words; small numbers are not told."""
    found = home.school(school)

    async def count(store: Store) -> dict[State, int]:
        async with store.reading() as conn:
            return await reports.counts(conn, found.id)

    counts = await _with_store(home, count)
    closed = counts.get(State.CLOSED, 0)
    return wording_of(found).text(
        "report_counts",
        school=found.name,
        few=FEW,
        closed=closed,
        open=sum(counts.values()) - closed,
    )


async def verify_audit(home: Home, noted: str = "") -> tuple[str, bool]:
    """What a check of the audit trail found, in words, and whether all is well.

    `noted` is a head (number:hash) that was written down somewhere else.
    """
    number, _, digest = noted.partition(":")
    if noted and not (number.isdecimal() and digest):
        raise BadUse("write the head as it was printed: number:hash")
    head = (int(number), digest) if noted else None
    verified = await _with_store(home, lambda store: audit.verify(store, noted=head))
    text = Wording().text(
        "audit_verified", count=verified.count, head=verified.head, findings=verified.findings
    )
    return text, not verified.findings


async def rotate_keys(home: Home) -> str:
    """Seal all records with a new key; says what was done."""

    async def turn(store: Store) -> str:
        done = await rotate(store, None if home.keys else home.keys_file, now=the_time())
        return Wording().text("keys_rotated", done=done, file=home.keys_file)

    return await _with_store(home, turn)


async def back_up(home: Home, out: Path) -> str:
    """Write a backup; says what is in it."""

    async def write(store: Store) -> str:
        manifest = await backup.backup(store, home.root, out, now=the_time())
        return Wording().text("backed_up", out=out, manifest=manifest, keys=home.keys_file)

    return await _with_store(home, write)


async def bring_back(home: Home, file: Path, *, replace: bool) -> str:
    """Put back what is in a backup; says what was put back."""
    keys = sealer(home.keys_file, home.keys, create=False)
    done = await backup.restore(
        file, home.root, home.database_url, keys, now=the_time(), replace=replace
    )
    return Wording().text("restored", file=file, done=done)
