"""The roll of a school: who came, who moved and who left, as its roster said from day to day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.store import Transaction
from bot.records.tables import members

AT_ONCE = (
    5  # more than so many, and more than half of the roll: a list that is cut off, or a new one
)
GAP = timedelta(days=28)  # whoever is back sooner was never away from the school


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody on the roll. `joined` is None where they were there before MayI or their list was.

    `left` is the first day on which they were gone; None: they are there.
    """

    person: str
    seen: date  # the first day MayI knew of them
    joined: date | None = None
    left: date | None = None
    team: str = ""
    group: str = "staff"


@dataclass(frozen=True, slots=True)
class Change:
    """What is new since the roll was last looked at; person ids. `suspicious`: why nothing was changed."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()  # another team or group
    returned: tuple[str, ...] = ()
    suspicious: str = ""


async def reconcile(
    tx: Transaction,
    school: str,
    persons_today: Sequence[tuple[str, str, str]],
    today: date,
    *,
    dated: Collection[str] = (),
    sure: bool = False,
) -> Change:
    """Bring the roll in line with today's roster, whose entries are (id, team, group).

    Whoever is there when a school's roll begins was there before MayI. So was everybody of a list that
    adds more than half of the roll at once. Where more than half would leave at once nothing is changed,
    unless somebody is `sure`: a list that is cut off looks just so. Whoever's coming or going is `dated`
    by the school itself is no surprise and not counted.
    """
    before = {m.person: m for m in await all_of(tx.conn, school)}
    now: dict[str, Member] = {}
    joined, moved, returned = [], [], []
    for person, team, group in persons_today:
        if person in now:
            continue
        known = before.get(person)
        if known is None:
            joined.append(person)
            now[person] = Member(person, today, today, None, team, group)
            continue
        now[person] = replace(known, left=None, team=team, group=group)
        if known.left is not None:
            returned.append(person)
            if today - known.left > GAP:
                now[person] = replace(now[person], joined=today)
        elif (known.team, known.group) != (team, group):
            moved.append(person)
    left = [m.person for m in before.values() if m.left is None and m.person not in now]
    there = sum(m.left is None for m in before.values())
    if not sure and _too_many([p for p in left if p not in dated], there):
        return Change(
            suspicious=f"{len(left)} of {there} people on the roll are not on the roster of today"
        )
    if not before or _too_many([p for p in joined if p not in dated], there):
        # A roll that begins, or a list that is new here, brings nobody who is new to the school.
        known_before = [p for p in joined if not before or p not in dated]
        now |= {p: replace(now[p], joined=None) for p in known_before}
        joined = [p for p in joined if p not in set(known_before)]
    now |= {p: replace(before[p], left=today) for p in left}
    await _write(tx, school, [m for m in now.values() if m != before.get(m.person)])
    return Change(tuple(joined), tuple(left), tuple(moved), tuple(returned))


async def all_of(conn: AsyncConnection, school: str) -> list[Member]:
    """Everybody who is or was on the roll of a school."""
    rows = await conn.execute(
        sa.select(members).where(members.c.school == school).order_by(members.c.person)
    )
    return [Member(r.person, r.seen, r.joined, r.left, r.team, r.group) for r in rows]


async def of_person(conn: AsyncConnection, school: str, person: str) -> Member | None:
    """What the roll says of one person."""
    return next((m for m in await all_of(conn, school) if m.person == person), None)


async def forget(tx: Transaction, school: str, before: date) -> list[str]:
    """Delete whoever left before that day from the roll; says who, by id."""
    gone = await tx.conn.scalars(
        sa.delete(members)
        .where(members.c.school == school, members.c.left < before)
        .returning(members.c.person)
    )
    return sorted(str(person) for person in gone)


async def starters(conn: AsyncConnection, school: str, since: date) -> list[Member]:
    """Whoever joined on that day or later and is still there."""
    found = (m for m in await all_of(conn, school) if m.left is None)
    return [m for m in found if m.joined is not None and m.joined >= since]


def _too_many(people: Sequence[str], of: int) -> bool:
    return len(people) > AT_ONCE and 2 * len(people) > of


async def _write(tx: Transaction, school: str, changed: Sequence[Member]) -> None:
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert(members)
    for m in sorted(changed, key=lambda m: m.person):
        row = {
            "school": school,
            "person": m.person,
            "seen": m.seen,
            "joined": m.joined,
            "left": m.left,
            "team": m.team,
            "group": m.group,
        }
        await tx.conn.execute(
            insert.values(row).on_conflict_do_update(index_elements=["school", "person"], set_=row)
        )
