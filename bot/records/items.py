"""What each person is to be told of dates: decided once, told in a digest, and done or past.

An occurrence is one time that something is due: the first day of a half term for the rule on phones, four
weeks before a policy's review. Deciding on it is writing its row; whoever comes second writes nothing. For
each person it concerns stands an item, which a digest tells and the person or the clock closes.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import messages
from bot.records.store import Transaction
from bot.records.tables import items, occurrences, switched_off
from bot.records.tables import messages as sent_messages

_AT_ONCE = 500  # ids in one statement; SQLite takes some thousands


class Outcome(StrEnum):
    """What came of an occurrence."""

    TOLD = "told"  # there are items of it
    NOBODY = "nobody"  # there was nobody to tell
    MISSED = "missed"  # too late to be of use when it was looked at
    BEGUN = "begun"  # not an occurrence: since when a reminder is known


class State(StrEnum):
    """How far an item has come."""

    OPEN = "open"
    DONE = "done"  # by the person
    MISSED = "missed"  # its time was over before it could be told
    PAST = "past"  # told, and its time is over
    WITHDRAWN = "withdrawn"  # no longer asked for


@dataclass(frozen=True, slots=True)
class NewItem:
    """Something to tell one person, from `due` on, of no use after `until`."""

    person: str
    due: datetime
    filled: Mapping[str, Any] = field(default_factory=dict)  # ids and dates, never what was typed
    duty: bool = True  # cannot be snoozed or switched off
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """Something that one person is to be told, or was."""

    id: str
    school: str
    person: str
    occurrence: str
    reminder: str
    filled: Mapping[str, Any]
    duty: bool
    due: datetime
    until: datetime | None
    state: State
    told: datetime | None  # when a digest with it was written
    message: str | None  # that digest
    hidden_until: date | None


@dataclass(frozen=True, slots=True)
class Decided:
    """An occurrence that was decided."""

    id: str
    reminder: str
    due: datetime
    decided: datetime
    outcome: Outcome
    people: int


async def decide(
    tx: Transaction,
    *,
    occurrence: str,
    school: str,
    reminder: str,
    due: datetime,
    now: datetime,
    outcome: Outcome,
    to: Sequence[NewItem] = (),
) -> bool:
    """Decide an occurrence and write its items; False, and nothing written, where it was decided before."""
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert
    made = await tx.conn.scalar(
        insert(occurrences)
        .values(
            id=occurrence,
            school=school,
            reminder=reminder,
            due=due,
            decided=now,
            outcome=outcome,
            people=len(to),
        )
        .on_conflict_do_nothing(index_elements=["id"])
        .returning(occurrences.c.id)
    )
    if made is None:
        return False
    if to:
        await tx.conn.execute(
            sa.insert(items),
            [
                {
                    "id": uuid.uuid4().hex,
                    "school": school,
                    "person": each.person,
                    "occurrence": occurrence,
                    "reminder": reminder,
                    "filled": dict(each.filled),
                    "duty": each.duty,
                    "due": each.due,
                    "until": each.until,
                    "state": State.OPEN,
                    "changed": now,
                }
                for each in to
            ],
        )
    return True


async def decided(conn: AsyncConnection, school: str, ids: Iterable[str]) -> dict[str, datetime]:
    """Which of these occurrences were decided, and when."""
    wanted, found = sorted(set(ids)), {}
    for n in range(0, len(wanted), _AT_ONCE):
        rows = await conn.execute(
            sa.select(occurrences.c.id, occurrences.c.decided).where(
                occurrences.c.school == school, occurrences.c.id.in_(wanted[n : n + _AT_ONCE])
            )
        )
        found.update({row.id: row.decided for row in rows})
    return found


async def lately(conn: AsyncConnection, school: str, since: datetime) -> list[Decided]:
    """What was decided since then, oldest first."""
    rows = await conn.execute(
        sa.select(occurrences)
        .where(
            occurrences.c.school == school,
            occurrences.c.decided >= since,
            occurrences.c.outcome != Outcome.BEGUN,
        )
        .order_by(occurrences.c.decided, occurrences.c.id)
    )
    return [Decided(r.id, r.reminder, r.due, r.decided, Outcome(r.outcome), r.people) for r in rows]


async def open_items(conn: AsyncConnection, school: str, person: str = "") -> list[Item]:
    """What is open at a school, or for one person there: duties first, then the longest due."""
    mine = [items.c.person == person] if person else []
    rows = await conn.execute(
        sa.select(items)
        .where(items.c.school == school, items.c.state == State.OPEN, *mine)
        .order_by(items.c.duty.desc(), items.c.due, items.c.id)
    )
    return [_item(row) for row in rows]


async def by_ids(conn: AsyncConnection, school: str, ids: Sequence[str]) -> list[Item]:
    """These items of a school, in the order asked for; those that are gone are left out."""
    rows = await conn.execute(
        sa.select(items).where(items.c.school == school, items.c.id.in_(list(ids)))
    )
    found = {row.id: _item(row) for row in rows}
    return [found[i] for i in ids if i in found]


async def of_occurrences(conn: AsyncConnection, school: str, ids: Sequence[str]) -> list[Item]:
    """Everybody's items of these occurrences, whatever became of them."""
    rows = await conn.execute(
        sa.select(items)
        .where(items.c.school == school, items.c.occurrence.in_(list(ids)))
        .order_by(items.c.person, items.c.id)
    )
    return [_item(row) for row in rows]


async def close(
    tx: Transaction, ids: Sequence[str], now: datetime, state: State = State.DONE
) -> int:
    """Close items that are open; says how many were."""
    if not ids:
        return 0
    done = await tx.conn.execute(
        sa.update(items)
        .where(items.c.id.in_(list(ids)), items.c.state == State.OPEN)
        .values(state=state, changed=now)
    )
    return done.rowcount


async def snooze(tx: Transaction, item: str, until: date, now: datetime) -> None:
    """Have an item told again in the first digest from that day on."""
    await tx.conn.execute(
        sa.update(items)
        .where(items.c.id == item, items.c.state == State.OPEN, items.c.duty.is_(False))
        .values(hidden_until=until, told=None, message=None, changed=now)
    )


async def pass_by(tx: Transaction, school: str, now: datetime) -> int:
    """Close what is of no use any more; says how many were never told."""
    over = sa.and_(items.c.school == school, items.c.state == State.OPEN, items.c.until <= now)
    await tx.conn.execute(
        sa.update(items)
        .where(over, items.c.told.is_not(None))
        .values(state=State.PAST, changed=now)
    )
    missed = await tx.conn.execute(
        sa.update(items).where(over).values(state=State.MISSED, changed=now)
    )
    return missed.rowcount


async def told(
    tx: Transaction,
    ids: Sequence[str],
    *,
    occasion: str,
    school: str,
    person: str,
    template: str,
    now: datetime,
) -> str | None:
    """Write one message that tells these items; None, and nothing changed, where there is one of this occasion."""
    message = await messages.add(
        tx,
        occasion=occasion,
        school=school,
        person=person,
        template=template,
        filled={"items": list(ids)},
        now=now,
    )
    if message is not None:
        await tx.conn.execute(
            sa.update(items)
            .where(items.c.id.in_(list(ids)))
            .values(told=now, message=message, changed=now)
        )
    return message


async def take_back(tx: Transaction, school: str, now: datetime) -> int:
    """Have open items told again whose digest could not be sent; says how many."""
    failed = sa.select(sent_messages.c.id).where(
        sent_messages.c.school == school, sent_messages.c.state == messages.State.FAILED
    )
    again = await tx.conn.execute(
        sa.update(items)
        .where(
            items.c.school == school,
            items.c.state == State.OPEN,
            items.c.message.in_(failed),
        )
        .values(told=None, message=None, changed=now)
    )
    return again.rowcount


async def switch(tx: Transaction, school: str, person: str, reminder: str, *, off: bool) -> None:
    """Have somebody not reminded of something any more, or again."""
    row = {"school": school, "person": person, "reminder": reminder}
    if off:
        insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert
        await tx.conn.execute(insert(switched_off).values(row).on_conflict_do_nothing())
        return
    await tx.conn.execute(
        sa.delete(switched_off).where(
            *(switched_off.c[name] == value for name, value in row.items())
        )
    )


async def off(conn: AsyncConnection, school: str) -> frozenset[tuple[str, str]]:
    """Who does not want which reminder: (person, reminder)."""
    rows = await conn.execute(
        sa.select(switched_off.c.person, switched_off.c.reminder).where(
            switched_off.c.school == school
        )
    )
    return frozenset((row.person, row.reminder) for row in rows)


async def of_person(conn: AsyncConnection, school: str, person: str) -> list[Item]:
    """Every item of one person that is still kept, whatever became of it; the longest due first."""
    rows = await conn.execute(
        sa.select(items)
        .where(items.c.school == school, items.c.person == person)
        .order_by(items.c.due, items.c.id)
    )
    return [_item(row) for row in rows]


async def naming(conn: AsyncConnection, school: str, person: str) -> list[str]:
    """The kinds of other people's items that name this person, one for each item."""
    said = sa.cast(items.c.filled, sa.Text).contains(json.dumps(person), autoescape=True)
    rows = await conn.scalars(
        sa.select(items.c.reminder)
        .where(items.c.school == school, items.c.person != person, said)
        .order_by(items.c.reminder, items.c.id)
    )
    return [str(reminder) for reminder in rows]


async def decided_of(conn: AsyncConnection, school: str, person: str) -> list[Decided]:
    """What was decided of one person alone, as its id says, oldest first."""
    rows = await conn.execute(
        sa.select(occurrences)
        .where(occurrences.c.school == school, _names(person))
        .order_by(occurrences.c.decided, occurrences.c.id)
    )
    return [Decided(r.id, r.reminder, r.due, r.decided, Outcome(r.outcome), r.people) for r in rows]


async def forget_people(tx: Transaction, school: str, persons: Sequence[str]) -> None:
    """Delete all that is kept here of people: their items, what they switched off, what was decided of them."""
    for person in persons:
        for table in (items, switched_off):
            await tx.conn.execute(
                sa.delete(table).where(table.c.school == school, table.c.person == person)
            )
        await tx.conn.execute(
            sa.delete(occurrences).where(occurrences.c.school == school, _names(person))
        )


def _names(person: str) -> sa.ColumnElement[bool]:
    """Whether an occurrence's id has this person as one of its parts."""
    part = f":{person}"
    return sa.or_(
        occurrences.c.id.endswith(part, autoescape=True),
        occurrences.c.id.contains(f"{part}:", autoescape=True),
    )


async def forget(tx: Transaction, school: str, before: datetime) -> int:
    """Delete closed items that changed last before then; the decisions stay, so that none is taken again."""
    gone = await tx.conn.execute(
        sa.delete(items).where(
            items.c.school == school, items.c.state != State.OPEN, items.c.changed < before
        )
    )
    return gone.rowcount


def _item(row: sa.Row[Any]) -> Item:
    return Item(
        id=row.id,
        school=row.school,
        person=row.person,
        occurrence=row.occurrence,
        reminder=row.reminder,
        filled=row.filled,
        duty=row.duty,
        due=row.due,
        until=row.until,
        state=State(row.state),
        told=row.told,
        message=row.message,
        hidden_until=row.hidden_until,
    )
