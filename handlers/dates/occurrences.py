"""Deciding what has come due: once each, and for whom. What it leads to is told by the digest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from datetime import timedelta

from bot.people.roster import Person
from bot.records import items, occasions
from bot.records.items import NewItem, Outcome
from bot.records.occasions import Told
from bot.records.store import Transaction
from bot.schedule.reminders import OUTDATED, REVIEW, UNDATED, Facts, Occurrence, due
from bot.schedule.rules import OF_ONE
from bot.schedule.terms import Occasion
from handlers.reviews import chairs, owners, reviews_of
from handlers.services import Services

LOOK_BACK = timedelta(days=70)  # longer than a half term: as long as anything is of use
log = logging.getLogger(__name__)


async def decide_what_is_due(services: Services) -> None:
    """Write down, once, everything that has come due, with an item for each person it is for."""
    store = await services.records()
    # Once a day each policy is read for the guidance it cites, which takes a moment: on the side.
    await asyncio.to_thread(services.outdated)
    async with store.reading() as conn:
        told = await occasions.ending_after(conn, services.school.id, services.today - LOOK_BACK)
        facts = facts_of(services, told)
        found = due(facts, services.now, LOOK_BACK)
        known = {key: _id(services, key) for key in _known(facts)}
        wanted = [*known.values(), *(_id(services, o.id) for o in found)]
        done = await items.decided(conn, services.school.id, wanted)
    for key, begun in known.items():
        if begun not in done:
            async with store.writing() as tx:
                await _begin(tx, key, services)
            done[begun] = services.now
    to = {t.id: t.to for t in told}
    for occurrence in found:
        # It was over before MayI knew of the reminder: nothing was missed.
        before = (
            occurrence.until <= services.now
            and occurrence.due < done[_known_by(occurrence, services)]
        )
        if _id(services, occurrence.id) not in done and not before:
            async with store.writing() as tx:
                await decide(tx, occurrence, services, to.get(occurrence.occasion))


async def decide(
    tx: Transaction,
    occurrence: Occurrence,
    services: Services,
    to: Iterable[str] | None = None,
) -> list[Person] | None:
    """Decide one occurrence; for whom, None where that was done before.

    `to` is whom an occasion is for, where whoever told MayI of it said so.
    """
    school, now = services.school.id, services.now
    persons: list[Person] = []
    outcome = Outcome.MISSED
    if occurrence.until > now:
        persons = recipients(occurrence, services, to)
        outcome = Outcome.TOLD if persons else Outcome.NOBODY
    if not await items.decide(
        tx,
        occurrence=_id(services, occurrence.id),
        school=school,
        reminder=occurrence.reminder,
        due=occurrence.due,
        now=now,
        outcome=outcome,
        to=[
            NewItem(
                person=p.id,
                due=occurrence.due,
                filled=filled(occurrence),
                duty=occurrence.rule is None or occurrence.rule.duty,
                until=occurrence.until,
            )
            for p in persons
        ],
    ):
        return None
    if outcome is not Outcome.TOLD:
        log.warning("%s: %s: %s", school, occurrence.id, outcome.value)
    return persons


def facts_of(services: Services, told: Iterable[Told] = ()) -> Facts:
    """What the reminders of a school follow from, as its files and its people are now."""
    reminders, people = services.reminders(), services.people()
    return Facts(
        calendar=services.calendar(),
        at=reminders.at,
        rules=reminders.rules,
        reviews=reviews_of(services),
        occasions=tuple(Occasion(t.id, t.kind, t.first, t.last) for t in told),
        starters=tuple((p.id, p.starts) for p in people.persons if p.starts is not None),
        leavers=tuple((p.id, p.leaves) for p in people.persons if p.leaves is not None),
        to_chair_after=reminders.to_chair_after,
    )


def recipients(
    occurrence: Occurrence, services: Services, to: Iterable[str] | None = None
) -> list[Person]:
    """Whom an occurrence is for: at work there, on the roster, and no service account."""
    people, rule = services.people(), occurrence.rule
    if rule is None:
        found = list(owners(occurrence.policy, services))
        if occurrence.reminder == REVIEW and occurrence.step >= services.reminders().to_chair_after:
            found += chairs(services)
    else:
        names = tuple(to) if to is not None else rule.to
        found = [p.id for p in people.members([n for n in names if n not in OF_ONE])]
        if occurrence.person and set(names) & set(OF_ONE):
            found.append(occurrence.person)
    persons = (people.person(each) for each in dict.fromkeys(found))
    return [p for p in persons if p is not None and p.at_work(services.today)]


def filled(occurrence: Occurrence) -> Mapping[str, object]:
    """What an item needs to be told: ids and dates."""
    known = {
        "on": occurrence.on.isoformat(),
        "policy": occurrence.policy,
        "step": occurrence.step,
        "occasion": occurrence.occasion,
        "about": occurrence.person,
        "kind": occurrence.rule.when.occasion if occurrence.rule else "",
    }
    return {key: value for key, value in known.items() if value not in ("", 0)}


def _known(facts: Facts) -> list[str]:
    """What MayI is to know of from now on: the school's rules, its policies' reviews."""
    reviews = [f"{kind}:{r.policy}" for r in facts.reviews for kind in (REVIEW, UNDATED, OUTDATED)]
    return [rule.name for rule in facts.rules] + reviews


def _known_by(occurrence: Occurrence, services: Services) -> str:
    """The row that says since when the reminder behind an occurrence is known."""
    policy = f":{occurrence.policy}" if occurrence.policy else ""
    return _id(services, f"{occurrence.reminder}{policy}")


async def _begin(tx: Transaction, key: str, services: Services) -> None:
    await items.decide(
        tx,
        occurrence=_id(services, key),
        school=services.school.id,
        reminder=key.partition(":")[0],
        due=services.now,
        now=services.now,
        outcome=Outcome.BEGUN,
    )


def _id(services: Services, occurrence: str) -> str:
    return f"{services.school.id}:{occurrence}"
