"""Outgoing messages: kept until something has carried them, or nothing will.

A message is written in the transaction that decided on it and carried afterwards. Before it is carried it
is marked as being sent, afterwards as sent; a process that dies in between leaves the mark, so that whoever
takes the message up later knows that its reader may have it already.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import tables
from bot.records.store import Store, Transaction

# How long to wait after each attempt that failed; after one more the message is given up. Seven attempts
# in seven hours and a half: a mail server that was down for a working day's morning still gets it.
PACE = tuple(timedelta(minutes=m) for m in (1, 5, 15, 60, 120, 240))

# A message marked as being sent for longer than this was left behind by a process that died. Carrying one
# and recording it takes at most `bot.work.sending.LONGEST`, which is less.
STALE = timedelta(minutes=5)

# One that was given up longer ago says nothing of today.
GIVEN_UP_FOR = timedelta(days=2)

# The channel of a message that may have been carried, nobody knows by what.
UNSURE = "?"

_t = tables.messages


class State(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


class NotSent(Exception):
    """A channel did not take the message.

    `for_good`: trying again would end the same way. `retry_after`: not before so much time has passed.
    `perhaps`: it may have been taken all the same (the line broke after it was handed over). `why` is
    for the log: a code, never a word of the message or a name.
    """

    def __init__(
        self,
        why: str = "",
        *,
        for_good: bool = False,
        retry_after: timedelta | None = None,
        perhaps: bool = False,
    ) -> None:
        super().__init__(why)
        self.for_good = for_good
        self.retry_after = retry_after
        self.perhaps = perhaps


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person: which template, filled with what."""

    id: str
    occasion: str
    school: str
    person: str
    template: str
    filled: Mapping[str, Any]
    delivery: str | None
    created: datetime
    attempts: int  # this one included
    repeat: bool  # the reader may have it already: say so


async def add(
    tx: Transaction,
    *,
    occasion: str,
    school: str,
    person: str,
    template: str,
    filled: Mapping[str, Any],
    now: datetime,
    delivery: str | None = None,
    not_before: datetime | None = None,
) -> str | None:
    """Write a message, to be sent once this transaction is committed; return its id.

    None where there is a message of this occasion already, whatever became of it. With a `not_before`
    later than `now` it waits in the records until a tick finds it due.
    """
    insert = sqlite.insert if tx.conn.dialect.name == "sqlite" else postgresql.insert
    due = max(now, not_before or now)
    made = await tx.conn.scalar(
        insert(_t)
        .values(
            id=uuid.uuid4().hex,
            occasion=occasion,
            school=school,
            person=person,
            template=template,
            filled=dict(filled),
            delivery=delivery,
            created=now,
            not_before=due,
            state=State.PENDING,
            attempts=0,
            changed=now,
        )
        .on_conflict_do_nothing(index_elements=[_t.c.occasion])
        .returning(_t.c.id)
    )
    if made is None:
        return None
    if due <= now:
        await tx.hand_over(made)
    return str(made)


async def begin(store: Store, message: str, now: datetime) -> Message | None:
    """Take a message up for sending, so that nobody else does; None where there is nothing to do.

    There is nothing to do where it is sent, given up, not yet due or being sent by somebody who may
    still be alive. A message whose senders died at every attempt is given up here.
    """
    async with store.writing() as tx:
        row = (
            await tx.conn.execute(sa.select(_t).where(_t.c.id == message).with_for_update())
        ).one_or_none()
        if row is None or not _can_begin(row, now):
            return None
        left_behind = row.state == State.SENDING
        if left_behind and row.attempts > len(PACE):
            await _give_up(tx, row, now, row.channel)
            return None
        repeat = left_behind or row.channel == UNSURE
        await _change(
            tx,
            message,
            state=State.SENDING,
            attempts=row.attempts + 1,
            changed=now,
            channel=UNSURE if repeat else None,
        )
    return _message(row, attempts=row.attempts + 1, repeat=repeat)


async def sent(store: Store, message: str, channel: str, now: datetime) -> None:
    """Record that `channel` carried it; the delivery it belongs to counts as sent from the first."""
    async with store.writing() as tx:
        delivery = await tx.conn.scalar(
            sa.update(_t)
            .where(_t.c.id == message, _t.c.state != State.SENT)
            .values(state=State.SENT, channel=channel, changed=now)
            .returning(_t.c.delivery)
        )
        if delivery is not None:
            d = tables.deliveries
            await tx.conn.execute(
                sa.update(d).where(d.c.id == delivery, d.c.sent.is_(None)).values(sent=now)
            )


async def failed(
    store: Store,
    message: str,
    now: datetime,
    *,
    for_good: bool,
    retry_after: timedelta | None = None,
    perhaps: bool = False,
) -> None:
    """Record that this attempt failed: it is tried again at its pace, or given up.

    Given up, its delivery counts as failed and its report is due at once, so that the clock looks for
    another way. `perhaps`: it may have arrived all the same, so that the next attempt is a repeat.
    """
    async with store.writing() as tx:
        row = (
            await tx.conn.execute(sa.select(_t).where(_t.c.id == message).with_for_update())
        ).one_or_none()
        if row is None or row.state != State.SENDING:  # somebody else has settled it meanwhile
            return
        channel = UNSURE if perhaps else row.channel
        if for_good or row.attempts > len(PACE):
            await _give_up(tx, row, now, channel)
            return
        wait = max(PACE[row.attempts - 1], retry_after or timedelta())
        await _change(
            tx,
            message,
            state=State.PENDING,
            not_before=now + wait,
            changed=now,
            channel=channel,
        )


async def waiting(store: Store, now: datetime, limit: int) -> list[str]:
    """The messages that somebody should take up now: due, or left behind; the longest due first."""
    due = sa.and_(_t.c.state == State.PENDING, _t.c.not_before <= now)
    left_behind = sa.and_(_t.c.state == State.SENDING, _t.c.changed <= now - STALE)
    async with store.reading() as conn:
        found = await conn.scalars(
            sa.select(_t.c.id)
            .where(sa.or_(due, left_behind))
            .order_by(_t.c.not_before, _t.c.id)
            .limit(limit)
        )
        return [str(message) for message in found]


async def unsent_to(store: Store, school: str, person: str) -> list[Message]:
    """What has been written to this person and has not reached them, given up or not; oldest first."""
    async with store.reading() as conn:
        rows = await conn.execute(
            sa.select(_t)
            .where(_t.c.school == school, _t.c.person == person, _t.c.state != State.SENT)
            .order_by(_t.c.created, _t.c.id)
        )
        return [
            _message(r, attempts=r.attempts, repeat=r.channel == UNSURE or r.state == State.SENDING)
            for r in rows
        ]


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it stands in the records, without what it is filled with."""

    template: str
    created: datetime
    state: State
    changed: datetime  # of one that was sent: when
    channel: str  # what carried it; empty where nothing has


async def of_person(conn: AsyncConnection, school: str, person: str) -> list[Written]:
    """Every message that was written to somebody and is still kept, oldest first."""
    rows = await conn.execute(
        sa.select(_t)
        .where(_t.c.school == school, _t.c.person == person)
        .order_by(_t.c.created, _t.c.id)
    )
    return [
        Written(
            r.template,
            r.created,
            State(r.state),
            r.changed,
            (r.channel or "") if r.state == State.SENT else "",
        )
        for r in rows
    ]


async def forget(tx: Transaction, school: str, before: datetime) -> int:
    """Delete messages that were sent or given up before then; says how many.

    One that somebody's reminder was told in stays as long as the reminder.
    """
    told_in = sa.exists().where(tables.items.c.message == _t.c.id)
    gone = await tx.conn.execute(
        sa.delete(_t).where(
            _t.c.school == school,
            _t.c.state.in_((State.SENT, State.FAILED)),
            _t.c.changed < before,
            ~told_in,
        )
    )
    return gone.rowcount


async def stuck(conn: AsyncConnection, school: str, since: datetime) -> int:
    """How many messages of a school have waited since then, or were given up, while none got through."""
    through = sa.exists().where(
        _t.c.school == school, _t.c.state == State.SENT, _t.c.changed >= since
    )
    waits = sa.and_(_t.c.state != State.SENT, _t.c.created < since)
    # Refused for good at once is something about one person, not about the way there.
    given_up = sa.and_(
        _t.c.state == State.FAILED,
        sa.or_(_t.c.attempts <= len(PACE), _t.c.changed < since - GIVEN_UP_FOR),
    )
    return (
        await conn.scalar(
            sa.select(sa.func.count()).where(_t.c.school == school, waits, ~given_up, ~through)
        )
    ) or 0


def _can_begin(row: sa.Row[Any], now: datetime) -> bool:
    if row.state == State.PENDING:
        return bool(row.not_before <= now)
    return bool(row.state == State.SENDING and row.changed <= now - STALE)


async def _change(tx: Transaction, message: str, **values: Any) -> None:
    await tx.conn.execute(sa.update(_t).where(_t.c.id == message).values(**values))


async def _give_up(tx: Transaction, row: sa.Row[Any], now: datetime, channel: str | None) -> None:
    await _change(tx, row.id, state=State.FAILED, changed=now, channel=channel)
    if row.delivery is None:
        return
    d, r = tables.deliveries, tables.reports
    await tx.conn.execute(
        sa.update(d).where(d.c.id == row.delivery, d.c.failed.is_(None)).values(failed=now)
    )
    report = sa.select(d.c.report).where(d.c.id == row.delivery).scalar_subquery()
    await tx.conn.execute(sa.update(r).where(r.c.id == report).values(due=now))


def _message(row: sa.Row[Any], *, attempts: int, repeat: bool) -> Message:
    return Message(
        id=row.id,
        occasion=row.occasion,
        school=row.school,
        person=row.person,
        template=row.template,
        filled=row.filled,
        delivery=row.delivery,
        created=row.created,
        attempts=attempts,
        repeat=repeat,
    )
