"""The records of acknowledgements: bound to the text and to the trail, kept once, never changed."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from bot.records import acks, audit, tables
from bot.records.acks import Kind, Round, Said
from bot.records.crypto import Sealer, make_key
from tests.stores import NOW, opened

pytestmark = pytest.mark.asyncio

SCHOOL = "oak"
SAID = Said("Sam Sample", ("Teacher",), "Year 3", "staff", "Phones Policy", "1", "slack", "slack:1")


async def see(store, text="One.\n", *, keeps=False, policy="phones", now=NOW):
    async with store.writing() as tx:
        return await acks.see(
            tx,
            school=SCHOOL,
            policy=policy,
            title="Phones Policy",
            version="1",
            text=text,
            keeps=lambda _: keeps,
            now=now,
        )


async def confirm(
    store, wording, person="sam-sample", *, kind=Kind.CONFIRMED, year=2026, said=SAID
):
    async with store.writing() as tx:
        return await acks.record(
            tx,
            school=SCHOOL,
            person=person,
            wording=wording,
            year=year,
            kind=kind,
            said=said,
            now=NOW,
        )


async def signed(store, **more):
    async with store.reading() as conn:
        return await acks.signed(conn, SCHOOL, **more)


# --- what is kept --------------------------------------------------------------------------------------


async def test_a_confirmation_is_the_text_the_person_and_a_line_of_the_trail(store):
    wording = await see(store, "Phones Policy\n")
    ack, made = await confirm(store, wording)
    trail = await audit.lines(store, school=SCHOOL, about=ack.reference)

    assert made
    assert ack.digest == hashlib.sha256(b"Phones Policy\n").hexdigest() == wording.digest
    (line,) = trail.lines
    assert (line.actor, line.action, line.at) == ("sam-sample", "confirmed", NOW)
    assert line.detail == f"{ack.digest[:32]}:{acks.fingerprint(ack)[:32]}"
    async with store.reading() as conn:
        assert await acks.by_reference(conn, store.sealer, SCHOOL, ack.reference) == ack
        assert await acks.all_of(conn, store.sealer, SCHOOL, person="sam-sample") == [ack]
        assert await acks.text_of(conn, SCHOOL, "phones", ack.digest) == "Phones Policy\n"


async def test_any_change_to_it_changes_its_fingerprint(store):
    ack, _ = await confirm(store, await see(store))
    before = acks.fingerprint(ack)
    others = [
        dataclasses.replace(ack, person="lee-lead"),
        dataclasses.replace(ack, at=ack.at + timedelta(seconds=1)),
        dataclasses.replace(ack, kind=Kind.EXCEPTED),
        dataclasses.replace(ack, said=dataclasses.replace(SAID, name="Lee Lead")),
    ]

    assert before not in {acks.fingerprint(other) for other in others}


async def test_twice_is_once_also_at_the_same_moment(store):
    wording = await see(store)
    both = await asyncio.gather(*(confirm(store, wording) for _ in range(6)))

    assert sorted(made for _, made in both) == [False] * 5 + [True]
    assert len({ack.reference for ack, _ in both}) == 1
    assert len(await signed(store)) == 1


async def test_a_question_is_kept_once_for_each_event(store):
    wording = await see(store)
    for event in ("slack:1", "slack:1", "slack:2"):
        await confirm(
            store,
            wording,
            kind=Kind.QUESTION,
            said=dataclasses.replace(SAID, event=event, text="Why?"),
        )

    assert [s.kind for s in await signed(store)] == [Kind.QUESTION] * 2


async def test_another_year_epoch_or_kind_is_another(store):
    one = await see(store, "One.\n")
    await confirm(store, one)
    await confirm(store, one, year=2027)
    await confirm(store, one, kind=Kind.EXCEPTED)
    await confirm(store, await see(store, "Two.\n"))

    assert len(await signed(store)) == 4
    assert len(await signed(store, since=2027)) == 1


async def test_the_database_itself_changes_none(store):
    await confirm(store, await see(store))
    for values in ({"person": "lee-lead"}, {"digest": "0" * 64}, {"at": NOW + timedelta(days=1)}):
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            async with store.writing() as tx:
                await tx.conn.execute(sa.update(tables.acks).values(values))


async def test_its_keys_can_be_renewed(records_url):
    old, new = make_key(), make_key()
    async with opened(records_url, Sealer([old])) as store:
        ack, _ = await confirm(store, await see(store))
    async with opened(records_url, Sealer([new, old])) as store, store.writing() as tx:
        sealed = await tx.conn.scalar(sa.select(tables.acks.c.sealed))
        await tx.conn.execute(sa.update(tables.acks).values(sealed=tx.sealer.rotated(sealed)))
    async with opened(records_url, Sealer([new])) as store, store.reading() as conn:
        assert await acks.all_of(conn, store.sealer, SCHOOL) == [ack]


async def test_what_is_past_keeping_goes_and_its_line_stays(store):
    ack, _ = await confirm(store, await see(store))
    async with store.writing() as tx:
        assert await acks.forget(tx, SCHOOL, NOW) == 0
        assert await acks.forget(tx, SCHOOL, NOW + timedelta(days=1)) == 1

    assert await signed(store) == []
    assert len((await audit.lines(store, school=SCHOOL, about=ack.reference)).lines) == 1


async def test_an_undone_confirmation_leaves_no_line(store):
    wording = await see(store)

    async def fail() -> None:
        async with store.writing() as tx:
            await acks.record(
                tx,
                school=SCHOOL,
                person="sam-sample",
                wording=wording,
                year=2026,
                kind=Kind.CONFIRMED,
                said=SAID,
                now=NOW,
            )
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await signed(store) == []
    assert (await audit.verify(store)).count == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("a-7k2p-3x", "A-7K2P-3X"), ("A7K2P3X", "A-7K2P-3X"), ("7k2p 3x", "A-7K2P-3X"), ("A-OI2P-LX", "A-012P-1X"), ("A-7K2P", ""), ("R-7K2P-3X", ""), ("", "")],
)  # fmt: skip
async def test_a_reference_is_understood_however_it_is_typed(typed, kept):
    assert acks.as_reference(typed) == kept


# --- texts and rounds ----------------------------------------------------------------------------------


async def test_a_text_that_voids_begins_an_epoch_and_one_that_keeps_does_not(store):
    texts = [("One.\n", False), ("Two.\n", True), ("Three.\n", False), ("One.\n", False)]
    seen = [
        await see(store, text, keeps=keeps, now=NOW + timedelta(days=n))
        for n, (text, keeps) in enumerate(texts)
    ]

    assert [w.epoch for w in seen] == [1, 1, 2, 1]
    async with store.reading() as conn:
        assert (await acks.current(conn, SCHOOL))["phones"] == seen[-1]
        assert len(await acks.held(conn, SCHOOL, "phones")) == 3
    assert (await see(store, "Four.\n", now=NOW + timedelta(days=9))).epoch == 3


async def test_processes_that_see_a_new_text_at_once_write_it_once(store):
    seen = await asyncio.gather(*(see(store, "One.\n") for _ in range(5)))

    assert len({w.epoch for w in seen}) == 1
    async with store.reading() as conn:
        assert len(await acks.held(conn, SCHOOL, "phones")) == 1


async def test_what_is_at_stake_are_people_of_the_present_text(store):
    one = await see(store, "One.\n")
    for person in ("a", "b", "c"):
        await confirm(store, one, person)
    await confirm(store, one, "d", kind=Kind.EXCEPTED)
    await confirm(store, one, "a", year=2027)
    async with store.reading() as conn:
        assert await acks.at_stake(conn, SCHOOL, "phones", 2026) == 3
        assert await acks.at_stake(conn, SCHOOL, "phones", 2027) == 1
        assert await acks.at_stake(conn, SCHOOL, "email", 2026) == 0
    await see(store, "Two.\n", now=NOW + timedelta(days=1))
    async with store.reading() as conn:
        assert await acks.at_stake(conn, SCHOOL, "phones", 2026) == 0


async def test_a_round_opens_once(store):
    round_ = Round(SCHOOL, "phones", "2026", date(2026, 9, 1), date(2026, 9, 29))
    async with store.writing() as tx:
        assert await acks.open_round(tx, round_, NOW)
        later = dataclasses.replace(round_, opens=date(2026, 9, 2))
        assert not await acks.open_round(tx, later, NOW)
    async with store.reading() as conn:
        assert await acks.rounds_of(conn, SCHOOL) == [round_]
