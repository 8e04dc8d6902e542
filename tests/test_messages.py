"""Outgoing messages: written once an occasion, carried at a pace, given up in the end, never lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa

from bot.records import messages, tables
from bot.records.messages import PACE, STALE, NotSent
from bot.records.store import RecordsUnavailable
from bot.work import sending

pytest_plugins = ["tests.stores"]  # every test that takes a store runs on SQLite and on PostgreSQL
pytestmark = pytest.mark.asyncio

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Clock:
    def __init__(self, now=NOW):
        self.now = now

    def __call__(self):
        return self.now


async def written(store, occasion="new", now=NOW, **more):
    values = {
        "occasion": occasion,
        "school": "model-primary",
        "person": "pat-example",
        "template": "notice",
        "filled": {"reference": "R-1"},
        **more,
    }
    async with store.writing() as tx:
        return await messages.add(tx, now=now, **values)


async def row(store, message):
    async with store.reading() as conn:
        t = tables.messages
        return (await conn.execute(sa.select(t).where(t.c.id == message))).one()


async def with_report(store):
    """A report that was delivered to somebody; the ids of both."""
    async with store.writing() as tx:
        await tx.conn.execute(
            sa.insert(tables.reports).values(
                id="r1",
                draft="d1",
                school="model-primary",
                reference="R-1",
                state="open",
                created=NOW,
                due=NOW + timedelta(days=1),
                keep_until=date(2030, 1, 1),
                held=False,
                sealed=b"",
            )
        )
        await tx.conn.execute(
            sa.insert(tables.deliveries).values(
                id="v1", report="r1", n=1, person="pat-example", role="headteacher", created=NOW
            )
        )


async def of_report(store):
    async with store.reading() as conn:
        d, r = tables.deliveries, tables.reports
        found = await conn.execute(sa.select(d.c.sent, d.c.failed, r.c.due).join(r))
        return tuple(found.one())


async def test_the_second_message_of_an_occasion_is_refused_whatever_became_of_the_first(store):
    first = await written(store)
    assert first is not None
    assert await written(store, person="sam-sample") is None
    await messages.begin(store, first, NOW)
    await messages.sent(store, first, "slack", NOW)
    assert await written(store) is None


async def test_a_message_of_a_transaction_that_is_undone_was_never_there(store):
    async def undone():
        async with store.writing() as tx:
            await messages.add(
                tx, occasion="o", school="s", person="p", template="t", filled={}, now=NOW
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await undone()
    assert await messages.waiting(store, NOW, 10) == []


async def test_what_is_added_is_handed_over_unless_it_is_to_wait(store):
    given = []
    store.enqueue = lambda conn, message: given.append(message)
    at_once = await written(store, "a")
    at_its_hour = await written(store, "b", not_before=NOW)
    later = await written(store, "c", not_before=NOW + MINUTE)
    assert given == [at_once, at_its_hour]
    assert later not in await messages.waiting(store, NOW, 10)
    assert await messages.begin(store, later, NOW) is None
    assert later in await messages.waiting(store, NOW + MINUTE, 10)


async def test_taking_up_a_message_keeps_it_from_everybody_else(store):
    message = await written(store)
    begun = await messages.begin(store, message, NOW)
    assert (begun.person, begun.filled, begun.attempts, begun.repeat) == (
        "pat-example",
        {"reference": "R-1"},
        1,
        False,
    )
    assert await messages.begin(store, message, NOW + STALE - MINUTE) is None
    assert await messages.waiting(store, NOW + STALE - MINUTE, 10) == []
    assert await messages.begin(store, "nothing", NOW) is None


async def test_of_many_who_take_it_up_at_once_one_gets_it(store):
    message = await written(store)
    got = await asyncio.gather(*(messages.begin(store, message, NOW) for _ in range(8)))
    assert [g is not None for g in got].count(True) == 1


async def test_a_message_left_behind_is_taken_up_as_a_repeat_and_stays_one(store):
    message = await written(store)
    await messages.begin(store, message, NOW)  # and the process dies
    later = NOW + STALE
    assert await messages.waiting(store, later, 10) == [message]
    again = await messages.begin(store, message, later)
    assert (again.attempts, again.repeat) == (2, True)
    await messages.failed(store, message, later, for_good=False)
    third = await messages.begin(store, message, later + PACE[1])
    assert (third.attempts, third.repeat) == (3, True)
    await messages.sent(store, message, "mail", later + PACE[1])
    assert (await row(store, message)).channel == "mail"


async def test_a_message_whose_senders_all_die_is_given_up(store):
    message, now = await written(store), NOW
    for _ in range(len(PACE) + 1):
        assert await messages.begin(store, message, now) is not None
        now += STALE
    assert await messages.begin(store, message, now) is None
    assert (await row(store, message)).state == "failed"


async def test_a_message_that_was_sent_makes_its_delivery_sent_the_first_time(store):
    await with_report(store)
    for n, occasion in enumerate(("new", "reminder")):
        message = await written(store, occasion, delivery="v1")
        await messages.begin(store, message, NOW)
        await messages.sent(store, message, "slack", NOW + n * MINUTE)
    assert await of_report(store) == (NOW, None, NOW + timedelta(days=1))
    assert await messages.begin(store, message, NOW + STALE) is None


async def test_a_carrier_that_is_down_for_a_while_is_tried_at_the_pace(sqlite_store):
    store = sqlite_store
    message, clock, tried = await written(store), Clock(), []

    async def carry(m):
        tried.append((clock.now - NOW, m.repeat))
        if clock.now < NOW + timedelta(hours=1):
            raise NotSent("down")
        return "slack"

    for _ in range(200):
        for due in await messages.waiting(store, clock.now, 10):
            await sending.send(store, due, carry, clock)
        clock.now += MINUTE
    assert tried == [(n * MINUTE, False) for n in (0, 1, 6, 21, 81)]
    assert (await row(store, message)).state == "sent"


async def test_a_channel_that_asks_for_more_time_gets_it(store):
    message = await written(store)
    await messages.begin(store, message, NOW)
    await messages.failed(store, message, NOW, for_good=False, retry_after=timedelta(minutes=9))
    assert (await row(store, message)).not_before == NOW + 9 * MINUTE


async def test_what_nothing_takes_is_given_up_and_the_clock_looks_at_its_report(sqlite_store):
    store = sqlite_store
    await with_report(store)
    message, clock, tried = await written(store, delivery="v1"), Clock(), []

    async def carry(m):
        tried.append(m.id)
        raise NotSent("down")

    for _ in range(60 * 10):
        for due in await messages.waiting(store, clock.now, 10):
            await sending.send(store, due, carry, clock)
        clock.now += MINUTE
    end = NOW + sum(PACE, timedelta())
    assert len(tried) == len(PACE) + 1
    assert (await row(store, message)).state == "failed"
    assert await of_report(store) == (None, end, end)


async def test_what_is_refused_for_good_is_given_up_at_once(store):
    await with_report(store)
    message = await written(store, delivery="v1")

    async def carry(m):
        raise NotSent("no such user", for_good=True)

    await sending.send(store, message, carry, Clock())
    assert (await row(store, message)).state == "failed"
    assert await of_report(store) == (None, NOW, NOW)


async def test_an_error_nobody_thought_of_is_tried_again_as_a_repeat_and_logged_by_its_type(
    store, caplog
):
    message, clock = await written(store), Clock()

    async def carry(m):
        raise KeyError("Pat Example wrote gooseberry")

    await sending.send(store, message, carry, clock)
    assert "KeyError at test_messages.py" in caplog.text
    assert "gooseberry" not in caplog.text
    assert (await messages.begin(store, message, NOW + PACE[0])).repeat


async def test_a_carrier_that_never_answers_is_not_waited_for(store, monkeypatch):
    monkeypatch.setattr(sending, "CARRY_SECONDS", 0.05)
    message = await written(store)
    await sending.send(store, message, lambda m: asyncio.sleep(60), Clock())
    found = await row(store, message)
    assert (found.state, found.not_before) == ("pending", NOW + PACE[0])


async def test_what_was_sent_is_recorded_as_soon_as_the_records_can_be_written(store):
    message, refused = await written(store), []
    real = store.writing

    def busy():
        if len(refused) < 2:
            refused.append(1)
            raise RecordsUnavailable("busy")
        return real()

    async def carry(m):
        store.writing = busy
        return "slack"

    await sending.send(store, message, carry, Clock())
    assert (len(refused), (await row(store, message)).state) == (2, "sent")


async def test_a_sender_that_was_thought_dead_changes_nothing_that_was_settled_since(store):
    message = await written(store)
    await messages.begin(store, message, NOW)
    await messages.begin(store, message, NOW + STALE)
    await messages.sent(store, message, "slack", NOW + STALE)
    await messages.failed(store, message, NOW + STALE, for_good=True)
    found = await row(store, message)
    assert (found.state, found.channel) == ("sent", "slack")


async def test_what_has_not_reached_a_person_can_be_listed(store):
    reached = await written(store, "a")
    await messages.begin(store, reached, NOW)
    await messages.sent(store, reached, "slack", NOW)
    await written(store, "b", now=NOW + MINUTE)
    await written(store, "c", now=NOW, not_before=NOW + 9 * MINUTE)
    await written(store, "d", person="sam-sample")
    found = await messages.unsent_to(store, "model-primary", "pat-example")
    assert [m.occasion for m in found] == ["c", "b"]


async def test_nobody_takes_a_message_for_left_behind_while_it_may_still_be_recorded():
    assert sending.LONGEST + timedelta(seconds=30) < STALE
