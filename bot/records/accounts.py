"""What chat platforms tell: which events came, who works where, and what an adapter keeps with an account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.crypto import Sealer
from bot.records.store import Transaction
from bot.records.tables import keepsakes, roster, seen

# An event without its answer that came less than so long ago is being answered by somebody.
UNDER_WAY = timedelta(seconds=30)


class Came(Enum):
    """Whether an event is to be answered."""

    NEW = "new"
    AGAIN = "again"  # it came before, and nobody knows whether its answer arrived
    ANSWERED = "answered"  # or is being answered


@dataclass(frozen=True, slots=True)
class OnRoster:
    """A row of a platform's roster. Not `active`: they have left."""

    account: str
    name: str
    email: str
    active: bool


async def came(tx: Transaction, events: Iterable[str], now: datetime) -> dict[str, Came]:
    """Take events up, so that nobody else answers them; what each of them is."""
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert(seen)
    # In one order everywhere: two that take up the same events never wait for each other.
    ids = sorted(set(events))
    if not ids:
        return {}
    new = await tx.conn.execute(
        insert.on_conflict_do_nothing(index_elements=["id"]).returning(seen.c.id),
        [{"id": event, "at": now, "done": False} for event in ids],
    )
    taken = {str(event) for event in new.scalars()}
    return {e: Came.NEW if e in taken else await _again(tx, e, now) for e in ids}


async def _again(tx: Transaction, event: str, now: datetime) -> Came:
    before = (
        await tx.conn.execute(sa.select(seen).where(seen.c.id == event).with_for_update())
    ).one_or_none()
    if before is None or before.done or now - before.at < UNDER_WAY:
        return Came.ANSWERED
    await tx.conn.execute(sa.update(seen).where(seen.c.id == event).values(at=now))
    return Came.AGAIN


async def done(tx: Transaction, events: Iterable[str]) -> None:
    """The answers to events were shown."""
    ids = sorted(set(events))
    if ids:
        await tx.conn.execute(sa.update(seen).where(seen.c.id.in_(ids)).values(done=True))


async def forget_events(tx: Transaction, before: datetime) -> None:
    """Forget events that no platform sends again."""
    await tx.conn.execute(sa.delete(seen).where(seen.c.at < before))


async def known_at(conn: AsyncConnection, sealer: Sealer, workspace: str) -> list[OnRoster]:
    """Everybody a platform has told of at a workspace, those who left included."""
    rows = await conn.execute(
        sa.select(roster).where(roster.c.workspace == workspace).order_by(roster.c.account)
    )
    return [OnRoster(r.account, active=r.active, **sealer.open(r.sealed)) for r in rows]


async def of_accounts(
    conn: AsyncConnection, sealer: Sealer, accounts: Sequence[str]
) -> list[OnRoster]:
    """What platforms have told of these accounts, however they are written."""
    wanted = [a.lower() for a in accounts]
    rows = await conn.execute(
        sa.select(roster)
        .where(sa.func.lower(roster.c.account).in_(wanted))
        .order_by(roster.c.account)
    )
    return [OnRoster(r.account, active=r.active, **sealer.open(r.sealed)) for r in rows]


async def take_roster(
    tx: Transaction, workspace: str, people: Iterable[OnRoster], *, whole: bool
) -> None:
    """Keep what a platform tells of a workspace; `whole`: whoever is not named has left.

    Of whoever has left only the account is kept, so that it lets nobody in; not their name or address.
    """
    nameless = tx.sealer.seal({"name": "", "email": ""})
    if whole:
        await tx.conn.execute(
            sa.update(roster)
            .where(roster.c.workspace == workspace)
            .values(active=False, sealed=nameless)
        )
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert(roster)
    for person in people:
        row = {
            "account": person.account,
            "workspace": workspace,
            "active": person.active,
            "sealed": tx.sealer.seal({"name": person.name, "email": person.email})
            if person.active
            else nameless,
        }
        await tx.conn.execute(
            insert.values(row).on_conflict_do_update(index_elements=["account"], set_=row)
        )


async def keep(tx: Transaction, account: str, key: str, value: str) -> None:
    """Keep a small thing with an account, in place of what was kept; nothing kept for an empty value."""
    mine = f"{account} {key}"
    await tx.conn.execute(sa.delete(keepsakes).where(keepsakes.c.id == mine))
    if value:
        await tx.conn.execute(sa.insert(keepsakes).values(id=mine, sealed=tx.sealer.seal(value)))


async def kept(conn: AsyncConnection, sealer: Sealer, account: str, key: str) -> str:
    """What was kept; empty where nothing was."""
    mine = keepsakes.c.id == f"{account} {key}"
    sealed = await conn.scalar(sa.select(keepsakes.c.sealed).where(mine))
    return "" if sealed is None else str(sealer.open(sealed))


@dataclass(frozen=True, slots=True)
class Keepsake:
    """A small thing that is kept with an account."""

    account: str
    key: str
    value: str


async def kept_with(
    conn: AsyncConnection, sealer: Sealer, accounts: Sequence[str]
) -> list[Keepsake]:
    """Everything that is kept with these accounts, however they are written."""
    found = []
    for account in accounts:
        begins = f"{account.lower()} "
        mine = sa.func.lower(keepsakes.c.id).startswith(begins, autoescape=True)
        rows = await conn.execute(sa.select(keepsakes).where(mine).order_by(keepsakes.c.id))
        found += [
            Keepsake(r.id[: len(account)], r.id[len(begins) :], str(sealer.open(r.sealed)))
            for r in rows
        ]
    return found


async def forget_kept(tx: Transaction, accounts: Sequence[str]) -> None:
    """Delete everything that is kept with these accounts."""
    for account in accounts:
        mine = sa.func.lower(keepsakes.c.id).startswith(f"{account.lower()} ", autoescape=True)
        await tx.conn.execute(sa.delete(keepsakes).where(mine))
