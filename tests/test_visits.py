"""One-time links and sessions in the records: used once, over in time, and nothing there to sign in with."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.records import audit, tables, visits
from bot.records.visits import IDLE, KEPT, LINK_LIVES, LONGEST, Kind
from tests.stores import NOW

pytestmark = pytest.mark.asyncio
MINUTE = timedelta(minutes=1)


async def link(store, now=NOW, person="sam-sample"):
    async with store.writing() as tx:
        return await visits.make_link(
            tx, school="a-school", person=person, now=now, about="R-AAAA-AA"
        )


async def sign_in(store, token, page="page", now=NOW):
    async with store.writing() as tx:
        return await visits.sign_in(tx, token, page, now)


async def session(store, token):
    async with store.reading() as conn:
        return await visits.find(conn, Kind.SESSION, token)


async def trail(store, about=""):
    return [
        (x.actor, x.action, x.detail)
        for x in (await audit.lines(store, school="a-school", about=about)).lines
    ]


async def test_a_link_opens_one_session(store):
    token = await link(store)

    opened = await sign_in(store, token)

    assert (await session(store, opened)).person == "sam-sample"
    assert await sign_in(store, token, "another page") is None
    assert await trail(store) == [("sam-sample", "signed-in", "")]
    assert await trail(store, "R-AAAA-AA") == [("sam-sample", "sign-in-sent", "")]


async def test_pressed_twice_is_one_sign_in(store):
    token = await link(store)

    first = await sign_in(store, token)

    assert await sign_in(store, token, now=NOW + timedelta(seconds=3)) == first
    assert await sign_in(store, token, now=NOW + 2 * MINUTE) is None
    assert await trail(store) == [("sam-sample", "signed-in", "")]


async def test_of_two_who_press_at_the_same_moment_one_comes_in(store):
    token = await link(store)

    came = await asyncio.gather(*(sign_in(store, token, f"page {n}") for n in range(6)))

    assert sum(c is not None for c in came) == 1


async def test_the_same_page_after_signing_out_opens_nothing(store):
    token = await link(store)
    opened = await sign_in(store, token)
    async with store.writing() as tx:
        await visits.end(tx, await session(store, opened), NOW, "asked")

    assert await sign_in(store, token) is None


@pytest.mark.parametrize("token", ["", "x", "é" * 300, "\ud800", "' OR 1=1 --", "a" * 10_000])
async def test_a_token_that_nobody_was_given(store, token):
    await link(store)

    assert await sign_in(store, token) is None
    assert await session(store, token) is None


async def test_a_link_ends_after_three_days(store):
    early, late = await link(store), await link(store)

    assert await sign_in(store, late, now=NOW + LINK_LIVES) is None
    assert await sign_in(store, early, now=NOW + LINK_LIVES - MINUTE)


async def test_a_link_is_no_session_and_a_session_no_link(store):
    token = await link(store)
    assert await session(store, token) is None

    opened = await sign_in(store, token)

    assert await sign_in(store, opened) is None


async def test_a_session_lasts_while_it_is_used_and_four_hours_at_most(store):
    opened = await sign_in(store, await link(store))
    now = NOW
    while now < NOW + LONGEST - IDLE:
        now += IDLE - MINUTE
        found = await session(store, opened)
        assert found.lasts(now)
        async with store.writing() as tx:
            await visits.prolong(tx, found, now)

    found = await session(store, opened)
    assert found.expires == NOW + LONGEST
    assert not found.lasts(NOW + LONGEST)


async def test_a_session_that_ended_is_not_prolonged(store):
    opened = await sign_in(store, await link(store))
    found = await session(store, opened)
    async with store.writing() as tx:
        await visits.end(tx, found, NOW, "asked")
        await visits.end(tx, found, NOW, "asked")
        await visits.prolong(tx, found, NOW + MINUTE)

    assert not (await session(store, opened)).lasts(NOW)
    assert (await trail(store))[1:] == [("sam-sample", "signed-out", "asked")]


async def test_the_records_hold_nothing_to_sign_in_with(store):
    token = await link(store)
    opened = await sign_in(store, token)

    async with store.reading() as conn:
        rows = (await conn.execute(sa.select(tables.visits))).all()

    assert len(rows) == 2
    assert token not in str(rows)
    assert opened not in str(rows)
    assert len(token) >= 43  # 256 bits
    assert len(opened) >= 43


async def test_what_is_over_for_long_is_forgotten_and_the_trail_stands(store):
    old = await link(store)
    fresh = await link(store, NOW + KEPT)
    async with store.writing() as tx:
        await visits.mark_handled(tx, "an-event", NOW)
        await visits.mark_handled(tx, "an-event", NOW)
        await visits.forget(tx, NOW + LINK_LIVES + KEPT + MINUTE)

    async with store.reading() as conn:
        assert await visits.find(conn, Kind.LINK, old) is None
        assert await visits.find(conn, Kind.LINK, fresh)
        assert not await visits.handled(conn, "an-event")
    assert not (await audit.verify(store)).findings
    assert len(await trail(store, "R-AAAA-AA")) == 2


async def test_links_are_counted_by_person(store):
    await link(store)
    await link(store, NOW + MINUTE)
    await link(store, person="jo-proxy")

    async with store.reading() as conn:
        assert await visits.links_since(conn, "a-school", "sam-sample", NOW - MINUTE) == 2
        assert await visits.links_since(conn, "a-school", "sam-sample", NOW) == 1
        assert await visits.links_since(conn, "b-school", "sam-sample", NOW - MINUTE) == 0
