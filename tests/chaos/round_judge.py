"""What a round must have come to: what people did and saw, against the records and what the platforms took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sqlalchemy as sa

from bot.records import acks, tables
from handlers.acks.outstanding import picture
from handlers.progress.tally import Column, rows_of
from tests.chaos.round_school import ENDS, POLICY, Somebody, staff_days

if TYPE_CHECKING:
    from tests.chaos.round import Round

STEPS = (5, 10, 15)  # days at work after which somebody is reminded, as docs/reminders.md says


@dataclass(frozen=True)
class Totals:
    """How a round ended."""

    states: dict[str, int] = field(default_factory=dict)
    roll: int = 0
    schools: int = 0
    prompts: int = 0
    sent: int = 0
    repeats: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()


async def judged(round_: Round) -> Totals:
    states: Counter[str] = Counter()
    prompts, roll = 0, 0
    broken = list(round_.broken)
    for school in round_.site.home.own_schools():
        mine = [p for p in round_.people if p.school == school]
        found, said, ids = await _records_of(round_, school)
        columns = {person: _state(column) for person, column in found.items()}
        wanted = {p.id: _state(_expected(p, round_)) for p in mine if p.at_work(ENDS)}
        if sum(Counter(columns.values()).values()) != len(wanted):
            broken.append(f"{school}: {len(columns)} people in columns, {len(wanted)} on the roll")
        broken += [
            f"{i}: stands as {columns.get(i)}, not {wanted.get(i)}"
            for i in columns.keys() | wanted.keys()
            if columns.get(i) != wanted.get(i)
        ]
        broken += _confirmations(mine, said)
        expected = Counter(
            f"{school}:ack:{POLICY}:2026:e1:{p.id}{step}" for p in mine for step in _prompts(p)
        )
        broken += [f"{i}: was decided, and nobody expects it" for i in ids.keys() - expected.keys()]
        broken += [f"{i}: was never decided" for i in expected.keys() - ids.keys()]
        broken += [f"{i}: was decided {n} times" for i, n in ids.items() if n != 1]
        states += Counter(columns.values())
        roll += len(wanted)
        prompts += len(ids)
    broken += await _sendings(round_)
    every = [t for taken in round_.taken.values() for t in taken.by.values()]
    faults = sum((taken.faults for taken in round_.taken.values()), Counter[str]())
    return Totals(
        dict(states), roll, len(round_.site.home.own_schools()), prompts, sum(map(len, every)),
        sum(map(sum, every)), dict(faults), tuple(broken),
    )  # fmt: skip


async def _records_of(
    round_: Round, school: str
) -> tuple[dict[str, Column], list[acks.Ack], Counter[str]]:
    """Who is in which column, what was said, and how many items each prompt led to."""
    services = round_.site.services(school)
    async with round_.store.writing() as tx:
        found = await picture(tx, services)
        assert found is not None
        rows = await rows_of(tx, found, services)
        said = await acks.all_of(tx.conn, tx.sealer, school)
        o, i = tables.occurrences, tables.items
        decided = await tx.conn.scalars(
            sa.select(o.c.id).where(
                o.c.school == school, o.c.reminder == "acknowledge", o.c.outcome == "told"
            )
        )
        ids = Counter(decided)
        made = Counter(await tx.conn.scalars(
            sa.select(i.c.occurrence).where(i.c.school == school, i.c.reminder == "acknowledge")))  # fmt: skip
    assert set(made) <= set(ids)
    return {r.stand.person.id: r.column for r in rows}, said, ids | made


STATES = {
    Column.CONFIRMED: "confirmed",
    Column.EXCEPTION: "excepted",
    Column.QUESTION: "question",
    Column.SENT: "outstanding",
    Column.NOT_REACHED: "not reached",
    Column.AWAY: "away",
    Column.NOT_ASKED: "not asked yet",
}


def _state(column: Column) -> str:
    return STATES[column]


def _expected(p: Somebody, round_: Round) -> Column:
    """Where somebody must stand, by what they did and what reached them."""
    if p.confirmed:
        return Column.CONFIRMED
    if p.excepted:
        return Column.EXCEPTION
    if p.asked:
        return Column.QUESTION
    if round_.taken_of(p):
        return Column.SENT
    if any(True for _ in _prompts(p)):
        return Column.NOT_REACHED
    return Column.AWAY if not p.there(ENDS) else Column.NOT_ASKED


def _prompts(p: Somebody) -> Iterable[str]:
    """The prompts that somebody must have had: the first day they are there, then after 5, 10 and 15 at work."""
    first, had = None, set[int]()
    for n, day in enumerate(days := list(staff_days())):
        settled = min((d for d in (p.confirmed, p.excepted) if d), default=None)
        if not p.there(day) or (settled and settled < day):
            continue
        if first is None:
            first = n
            yield ""
            continue
        step = max((s for s in STEPS if n - first >= s), default=0)
        if n - first < 20 and step and step not in had:
            had.add(step)
            yield f":{step}d"
    del days


def _confirmations(mine: list[Somebody], said: list[acks.Ack]) -> Iterable[str]:
    """Every confirmation that somebody saw is in the records, and no other."""
    kept = Counter((a.person, a.reference) for a in said if a.kind is acks.Kind.CONFIRMED)
    saw = Counter((p.id, r) for p in mine for r in p.references)
    yield from (f"{person}: {r} was shown to them and is not kept" for person, r in saw - kept)
    yield from (f"{person}: {r} is kept and nobody saw it" for person, r in kept - saw)


async def _sendings(round_: Round) -> list[str]:
    """What counts as sent was taken; what was taken again says so."""
    async with round_.store.reading() as conn:
        m = tables.messages
        rows = (await conn.execute(sa.select(m.c.id, m.c.person, m.c.state))).all()
    out = []
    for r in rows:
        took = round_.took.get(r.id, [])
        if r.state == "sent" and not took:
            out.append(f"{r.person}: a message counts as sent and was never taken")
        if not all(took[1:]):
            out.append(f"{r.person}: a message was taken {len(took)} times and did not say so")
    there = sum(len(took) for took in round_.took.values())
    taken = sum(len(marks) for t in round_.taken.values() for marks in t.by.values())
    return out if there == taken else [*out, f"{taken} messages were taken, {there} were sent"]
