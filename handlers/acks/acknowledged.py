"""What is kept when somebody confirms a policy, asks about it or is excepted from it; and why it is asked for."""

from __future__ import annotations

from bot.chat.model import Event, Quote
from bot.people.roster import Person
from bot.records import items
from bot.records.acks import Said
from bot.records.store import Transaction
from bot.schedule.rounds import asking_of
from handlers.acks.outstanding import Picture, Stand
from handlers.ask import quote
from handlers.services import Services

ACKNOWLEDGE, TEAM = "acknowledge", "acknowledge-team"  # the reminders that its items are of


def said(
    person: Person,
    stand: Stand,
    event: Event,
    services: Services,
    *,
    by: Person | None = None,
    reason: str = "",
    on: str = "",
    text: str = "",
) -> Said:
    """Who somebody is today and what was written, to be kept with the text they were shown."""
    roles = services.people().roles_of(person.id)
    return Said(
        name=person.name,
        roles=tuple(services.school.role(r).title for r in roles),
        team=person.team,
        group=person.group,
        title=stand.wording.title,
        version=stand.wording.version,
        channel=event.via,
        event=event.id,
        by=by.id if by else "",
        by_name=by.name if by else "",
        reason=reason,
        on=on,
        text=text,
    )


async def close_items(
    tx: Transaction, services: Services, person: str, found: Picture, settled: tuple[str, ...]
) -> tuple[Stand, ...]:
    """What somebody owes besides what was just settled; owing nothing, they are reminded no more."""
    left = tuple(s for s in found.owed_by(person) if s.policy not in settled)
    if not left:
        open_ = await items.open_items(tx.conn, services.school.id, person)
        mine = [i.id for i in open_ if i.reminder == ACKNOWLEDGE]
        await items.close(tx, mine, services.now)
    return left


def why(policy: str, services: Services) -> Quote | None:
    """The clause by which the policy itself asks to be confirmed each year; None where the school does."""
    asking = asking_of(services.school)
    entry = services.clause(asking.clauses[policy]) if asking and policy in asking.clauses else None
    return quote(entry, services) if entry else None
