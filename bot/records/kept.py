"""Everything that the records hold on one person, gathered from the modules that own it.

Never a report that somebody else sent, nor a number that one is part of: neither whether there is one about
this person, nor that they are named in one. What a recipient may read today is decided above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import (
    accounts,
    acks,
    audit,
    discussions,
    items,
    members,
    messages,
    occasions,
    reports,
    visits,
)
from bot.records.accounts import Keepsake, OnRoster
from bot.records.acks import Ack
from bot.records.audit import Action, Counts
from bot.records.crypto import Sealer
from bot.records.discussions import Discussion
from bot.records.items import Decided, Item
from bot.records.members import Member
from bot.records.messages import Written
from bot.records.occasions import Set
from bot.records.reports import Delivery, Draft, Entry, EntryKind, Report
from bot.records.visits import Visit

# Lines that name a recipient for what happened to a report, not for what they did: part of the report.
NOT_THEIR_DOING = frozenset({Action.DELIVERED, Action.PASSED_ON})


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that the person sent, who has it, and what the person added to it."""

    report: Report
    deliveries: tuple[Delivery, ...]
    added: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is held on one person at one school."""

    roll: Member | None
    told: tuple[OnRoster, ...]  # by chat platforms
    keepsakes: tuple[Keepsake, ...]
    sent: tuple[Sent, ...]
    draft: Draft | None
    acks: tuple[Ack, ...]
    discussions: tuple[Discussion, ...]
    items: tuple[Item, ...]
    naming: tuple[str, ...]  # the kinds of other people's reminders that name them
    decided: tuple[Decided, ...]
    off: tuple[str, ...]  # reminders they switched off
    occasions: tuple[Set, ...]
    messages: tuple[Written, ...]
    visits: tuple[Visit, ...]
    acts: Counts  # lines of the audit trail that name them as who did it


async def of_person(
    conn: AsyncConnection, sealer: Sealer, school: str, person: str, known_by: Sequence[str]
) -> Kept:
    """Gather it. `known_by`: the accounts by which chats and pages know this person."""
    sent = []
    for report in await reports.sent_by(conn, sealer, school, person):
        entries = await reports.entries_of(conn, sealer, report.id)
        own = [e for e in entries if e.kind is EntryKind.CORRECTION and e.person == person]
        deliveries = await reports.deliveries_of(conn, report.id)
        sent.append(Sent(report, tuple(deliveries), tuple(own)))
    off = await items.off(conn, school)
    acts = await audit.acts_of(conn, sealer, school, person)
    return Kept(
        roll=await members.of_person(conn, school, person),
        told=tuple(await accounts.of_accounts(conn, sealer, known_by)),
        keepsakes=tuple(await accounts.kept_with(conn, sealer, known_by)),
        sent=tuple(sent),
        draft=await reports.draft_of(conn, sealer, school, person),
        acks=tuple(await acks.all_of(conn, sealer, school, person=person)),
        discussions=tuple(await discussions.of_person(conn, sealer, school, person)),
        items=tuple(await items.of_person(conn, school, person)),
        naming=tuple(await items.naming(conn, school, person)),
        decided=tuple(await items.decided_of(conn, school, person)),
        off=tuple(sorted(reminder for who, reminder in off if who == person)),
        occasions=tuple(await occasions.of_person(conn, school, person)),
        messages=tuple(await messages.of_person(conn, school, person)),
        visits=tuple(await visits.of_person(conn, school, person)),
        acts=Counts({a: n for a, n in acts.of.items() if a not in NOT_THEIR_DOING}, acts.unopened),
    )
