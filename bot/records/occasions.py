"""Days that somebody told MayI of: a trip, a performance, a closure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.store import Transaction
from bot.records.tables import occasions as _t


@dataclass(frozen=True, slots=True)
class Told:
    """An occasion, both days included, and whom to remind of what goes with it."""

    id: str
    kind: str
    first: date
    last: date
    person: str  # who told MayI
    to: tuple[str, ...]


async def add(
    tx: Transaction,
    school: str,
    *,
    kind: str,
    first: date,
    last: date,
    person: str,
    to: Sequence[str],
    now: datetime,
) -> str:
    """Keep an occasion; its id."""
    made = uuid.uuid4().hex
    await tx.conn.execute(
        sa.insert(_t).values(
            id=made,
            school=school,
            kind=kind,
            first=first,
            last=last,
            person=person,
            to=list(to),
            made=now,
        )
    )
    return made


async def cancel(tx: Transaction, school: str, occasion: str, now: datetime) -> bool:
    """Call an occasion off; False where there is none, or it is called off already."""
    gone = await tx.conn.execute(
        sa.update(_t)
        .where(_t.c.id == occasion, _t.c.school == school, _t.c.cancelled.is_(None))
        .values(cancelled=now)
    )
    return gone.rowcount == 1


async def ending_after(conn: AsyncConnection, school: str, day: date) -> list[Told]:
    """The occasions of a school that end on this day or later and are not called off, in order."""
    rows = await conn.execute(
        sa.select(_t)
        .where(_t.c.school == school, _t.c.last >= day, _t.c.cancelled.is_(None))
        .order_by(_t.c.first, _t.c.id)
    )
    return [_told(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Set:
    """An occasion as whoever told MayI of it set it."""

    told: Told
    made: datetime
    cancelled: datetime | None


async def of_person(conn: AsyncConnection, school: str, person: str) -> list[Set]:
    """Every occasion that somebody told MayI of and that is still kept, in order."""
    rows = await conn.execute(
        sa.select(_t)
        .where(_t.c.school == school, _t.c.person == person)
        .order_by(_t.c.first, _t.c.id)
    )
    return [Set(_told(row), row.made, row.cancelled) for row in rows]


async def forget(tx: Transaction, school: str, before: date) -> int:
    """Delete occasions that ended before this day; says how many."""
    return (
        await tx.conn.execute(sa.delete(_t).where(_t.c.school == school, _t.c.last < before))
    ).rowcount


def _told(row: sa.Row[Any]) -> Told:
    return Told(row.id, row.kind, row.first, row.last, row.person, tuple(row.to))
