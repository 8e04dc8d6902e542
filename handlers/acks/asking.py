"""Asking for acknowledgements: rounds open, everybody who owes one is asked, reminded at a pace, and no more.

It is looked at once on each staff day, before the digests go. Nobody is asked while they are away; what was
asked before is replaced by what is owed now, so that each person has one request at most.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

from bot.chat.model import Quote
from bot.records import acks, items
from bot.records.acks import Round
from bot.records.items import Item, NewItem, Outcome, State
from bot.records.store import Store
from bot.schedule.rounds import LEADER, Standing, asking_of, deadline, step_on
from handlers.acks.acknowledged import ACKNOWLEDGE, TEAM, why
from handlers.acks.outstanding import Picture, Stand, asking_id, leader_of, picture, step_id
from handlers.services import Services

SHOWN = 20  # names in one message
log = logging.getLogger(__name__)


async def ask_for_acknowledgements(services: Services) -> None:
    """On a staff day, once: open rounds, ask whoever owes something, remind them, tell their leaders."""
    asking = asking_of(services.school)
    if asking is None or not _time_for_it(services) or services.people().awaited:
        return
    school, now = services.school.id, services.now
    gate = f"{school}:ack-day:{services.today}"
    store = await services.records()
    async with store.reading() as conn:
        if await items.decided(conn, school, [gate]):
            return
    async with store.writing() as tx:
        found = await picture(tx, services)
        if found is None:
            return
        for round_ in _rounds(found, services):
            await acks.open_round(tx, round_, now)
        open_ = [
            i for i in await items.open_items(tx.conn, school) if i.reminder in (ACKNOWLEDGE, TEAM)
        ]
        settled = _settled(open_, found)
        await items.close(tx, settled, now, State.WITHDRAWN)
    owing: dict[str, list[Stand]] = {}
    for stand in found.stands:
        if stand.standing is Standing.OUTSTANDING:
            owing.setdefault(stand.person.id, []).append(stand)
    steps = _steps(owing, services)
    await _ask(store, owing, steps, found, services)
    await _tell_leaders(store, [p for (p, _), step in steps.items() if step == LEADER], services)
    async with store.writing() as tx:
        await items.decide(
            tx, occurrence=gate, school=school, reminder=ACKNOWLEDGE, due=now, now=now, outcome=Outcome.BEGUN
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """What a digest says of an item: its label, lines, and the clauses that ask for it."""

    label: str
    lines: tuple[str, ...]
    quotes: tuple[Quote, ...] = ()


def told(item: Item, services: Services) -> Told:
    """What a digest says of an item of ours."""
    words, people = services.wording, services.people()
    if item.reminder == TEAM:
        names = [p.name for i in item.filled["people"] if (p := people.person(i)) is not None]
        label, *lines = words.lines(
            "item_acknowledge_team", number=len(names), names=names[:SHOWN], more=len(names[SHOWN:])
        )
        return Told(label, tuple(lines))
    fronts = services.fronts()
    policies = [p for p in item.filled["policies"] if p in fronts]
    quotes = {p: q for p in policies if (q := why(p, services)) is not None}
    due = date.fromisoformat(item.filled["due"])
    label, *lines = words.lines(
        "item_acknowledge",
        titles=[fronts[p].title for p in policies],
        school=services.school.name,
        due=due,
        overdue=due < services.today,
        reminder=item.filled["step"],
        asks=[fronts[p].title for p in quotes],
        others=len(policies) - len(quotes),
        again=bool(item.filled["again"]),
    )
    return Told(label, tuple(lines), tuple(dict.fromkeys(quotes.values())))


# --- asking --------------------------------------------------------------------------------------------


async def _ask(
    store: Store,
    owing: Mapping[str, Sequence[Stand]],
    steps: Mapping[tuple[str, str], int],
    found: Picture,
    services: Services,
) -> None:
    """Ask everybody for what they were not asked for yet, or remind them where a reminder has come due."""
    ids = {
        (person, s.policy): _id(s, steps[person, s.policy], found, services)
        for person, stands in owing.items()
        for s in stands
        if steps[person, s.policy] != LEADER
    }
    async with store.reading() as conn:
        done = await items.decided(conn, services.school.id, ids.values())
    for person, stands in owing.items():
        due = [
            s for s in stands if (i := ids.get((person, s.policy))) is not None and i not in done
        ]
        if due:
            await _ask_one(store, stands, due, ids, steps, services)


async def _ask_one(
    store: Store,
    stands: Sequence[Stand],
    due: Sequence[Stand],
    ids: Mapping[tuple[str, str], str],
    steps: Mapping[tuple[str, str], int],
    services: Services,
) -> None:
    """Ask one person for all that they owe, in place of whatever they were asked for before."""
    person, school, now = stands[0].person.id, services.school.id, services.now
    first, *others = (ids[person, s.policy] for s in due)
    item = NewItem(
        person=person,
        due=now,
        filled={
            "policies": [s.policy for s in stands],
            "due": min(_due(s, services) for s in stands).isoformat(),
            "step": max(steps[person, s.policy] for s in due),
            "again": all(s.again for s in stands),
        },
    )
    async with store.writing() as tx:
        before = [
            i.id
            for i in await items.open_items(tx.conn, school, person)
            if i.reminder == ACKNOWLEDGE
        ]
        for occurrence, to in ((first, (item,)), *((other, ()) for other in others)):
            made = await items.decide(
                tx,
                occurrence=occurrence,
                school=school,
                reminder=ACKNOWLEDGE,
                due=now,
                now=now,
                outcome=Outcome.TOLD,
                to=to,
            )
            if not made and occurrence == first:
                return  # another process was quicker
        await items.close(tx, before, now, State.WITHDRAWN)


async def _tell_leaders(store: Store, late: Sequence[str], services: Services) -> None:
    """Tell each leader, once a week, who of theirs has been reminded to no avail."""
    people, school, now = services.people(), services.school.id, services.now
    theirs: dict[str, set[str]] = {}
    for person in late:
        leader = leader_of(person, people)
        if leader:
            theirs.setdefault(leader, set()).add(person)
        else:
            log.warning(
                "%s: nobody hears that %s has not confirmed: no leader is known", school, person
            )
    week = services.today.isocalendar()
    for leader, persons in theirs.items():
        async with store.writing() as tx:
            before = [
                i.id for i in await items.open_items(tx.conn, school, leader) if i.reminder == TEAM
            ]
            made = await items.decide(
                tx,
                occurrence=f"{school}:ack-team:{week.year}-W{week.week:02}:{leader}",
                school=school,
                reminder=TEAM,
                due=now,
                now=now,
                outcome=Outcome.TOLD,
                to=(NewItem(person=leader, due=now, filled={"people": sorted(persons)}),),
            )
            if made:
                await items.close(tx, before, now, State.WITHDRAWN)


# --- what is due ---------------------------------------------------------------------------------------


def _time_for_it(services: Services) -> bool:
    """Whether it is a staff day and the school is open."""
    hours = services.hours()
    local = services.local(services.now)
    open_ = hours.opens <= local.time() < hours.closes
    return open_ and services.calendar().is_staff_day(local.date())


def _rounds(found: Picture, services: Services) -> list[Round]:
    """The rounds that are to be open: one for the year, and one for a text that came after it had opened."""
    there = {(r.policy, r.cause): r for r in found.rounds}
    until = deadline(found.asking, services.calendar(), services.today)
    new = []
    for policy, text in found.texts.items():
        epoch = text.wording.epoch
        of_year = there.get((policy, str(found.year)))
        cause = str(found.year)
        if of_year is not None:
            began = services.local(text.wording.since).date()
            if epoch == 1 or began < of_year.opens:
                continue
            cause = f"e{epoch}"
        if (policy, cause) not in there:
            new.append(Round(services.school.id, policy, cause, services.today, until))
    return new


def _settled(open_: Sequence[Item], found: Picture) -> list[str]:
    """Items of ours whose person owes nothing any more, or has nobody left who does."""
    owed = {s.person.id for s in found.stands if s.owed}
    return [
        i.id
        for i in open_
        if (i.reminder == ACKNOWLEDGE and i.person not in owed)
        or (i.reminder == TEAM and not owed & set(i.filled["people"]))
    ]


def _steps(owing: Mapping[str, Sequence[Stand]], services: Services) -> dict[tuple[str, str], int]:
    """The reminder that has come due for each person and policy: 0 is the first asking."""
    calendar, today = services.calendar(), services.today
    come = cache(lambda asked: step_on(calendar, asked, today))  # most were asked on the same day
    return {
        (person, s.policy): come(services.local(s.asked).date()) if s.asked else 0
        for person, stands in owing.items()
        for s in stands
    }


def _id(stand: Stand, step: int, found: Picture, services: Services) -> str:
    told_of = (services.school, stand.person.id, stand.policy, found.year, stand.wording.epoch)
    return step_id(*told_of, step) if step else asking_id(*told_of)


def _due(stand: Stand, services: Services) -> date:
    """By when: for who is asked today, as long from today as for everybody else."""
    if stand.asked is not None and stand.due is not None:
        return stand.due
    asking = asking_of(services.school)
    own = deadline(asking, services.calendar(), services.today) if asking else services.today
    return max(own, stand.due) if stand.due else own
