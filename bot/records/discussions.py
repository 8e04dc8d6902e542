"""That a policy was read and discussed: when, by whom, and what they agreed. Never edited."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.audit import Action, append
from bot.records.crypto import Sealer
from bot.records.reports import ALPHABET, new_id
from bot.records.store import Transaction
from bot.records.tables import discussions as _t

_CUT = 32  # hex digits of a hash in a line of the audit trail


@dataclass(frozen=True, slots=True)
class There:
    """Somebody who was there, as they were called that day."""

    id: str
    name: str
    team: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is sealed of a discussion."""

    title: str  # of the policy
    version: str
    by_name: str  # who recorded it
    there: tuple[There, ...]
    clause: str = ""  # the one that asks for it; empty: the school's own records do
    points: str = ""  # what was agreed, as it was typed


@dataclass(frozen=True, slots=True)
class Discussion:
    """One discussion of a policy, whole."""

    id: str
    school: str
    reference: str  # such as D-7K2P-3X
    policy: str
    digest: str  # of the text that held when it was recorded
    on: date
    person: str  # who recorded it
    made: datetime
    told: Told


def new_reference() -> str:
    """A reference such as D-7K2P-3X: random, so that none can be guessed."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"D-{letters[:4]}-{letters[4:]}"


def in_the_trail(discussion: Discussion) -> str:
    """The detail of its audit line: the beginning of the text's hash, a colon, that of all it says."""
    said = asdict(discussion) | {
        "made": discussion.made.astimezone(UTC).isoformat(),
        "on": discussion.on.isoformat(),
    }
    whole = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    own = hashlib.sha256(whole.encode()).hexdigest()
    return f"{discussion.digest[:_CUT]}:{own[:_CUT]}"


async def add(
    tx: Transaction,
    *,
    school: str,
    policy: str,
    digest: str,
    on: date,
    person: str,
    told: Told,
    once: str,
    now: datetime,
) -> tuple[Discussion, bool]:
    """Keep a discussion, with its audit line; the one there is, and False, where `once` was used before.

    Append nothing else to the audit trail before this.
    """
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert
    made = Discussion(
        new_id(), school, new_reference(), policy, digest, on, person, now.astimezone(UTC), told
    )
    row = asdict(made) | {"once": once, "sealed": tx.sealer.seal(asdict(told))}
    del row["told"]
    kept = await tx.conn.scalar(
        insert(_t)
        .values(row)
        .on_conflict_do_nothing(index_elements=["school", "once"])
        .returning(_t.c.id)
    )
    if kept is None:
        before = await tx.conn.execute(
            sa.select(_t).where(_t.c.school == school, _t.c.once == once)
        )
        return _discussion(before.one(), tx.sealer), False
    await append(
        tx,
        tx.sealer,
        at=now,
        school=school,
        actor=person,
        action=Action.DISCUSSED,
        about=made.reference,
        detail=in_the_trail(made),
    )
    return made, True


async def since(
    conn: AsyncConnection, sealer: Sealer, school: str, day: date = date.min
) -> list[Discussion]:
    """The discussions of a school on that day or later, in order."""
    rows = await conn.execute(
        sa.select(_t).where(_t.c.school == school, _t.c.on >= day).order_by(_t.c.on, _t.c.made)
    )
    return [_discussion(row, sealer) for row in rows]


async def of_person(
    conn: AsyncConnection, sealer: Sealer, school: str, person: str
) -> list[Discussion]:
    """The discussions that somebody recorded or was at, in order."""
    return [
        d
        for d in await since(conn, sealer, school)
        if d.person == person or any(t.id == person for t in d.told.there)
    ]


async def by_reference(
    conn: AsyncConnection, sealer: Sealer, school: str, reference: str
) -> Discussion | None:
    """The discussion of this school under a reference, or None."""
    rows = await conn.execute(
        sa.select(_t).where(_t.c.school == school, _t.c.reference == reference)
    )
    row = rows.one_or_none()
    return None if row is None else _discussion(row, sealer)


async def forget(tx: Transaction, school: str, before: date) -> int:
    """Delete what was recorded before that day began, in UTC; its audit lines stay. Says how many."""
    began = datetime.combine(before, time.min, UTC)
    gone = await tx.conn.execute(sa.delete(_t).where(_t.c.school == school, _t.c.made < began))
    return gone.rowcount


def _discussion(row: sa.Row[Any], sealer: Sealer) -> Discussion:
    opened: dict[str, Any] = sealer.open(row.sealed)
    there = tuple(There(**each) for each in opened.pop("there"))
    return Discussion(
        id=row.id,
        school=row.school,
        reference=row.reference,
        policy=row.policy,
        digest=row.digest,
        on=row.on,
        person=row.person,
        made=row.made,
        told=Told(there=there, **opened),
    )
