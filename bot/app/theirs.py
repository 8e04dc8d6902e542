"""What on the pages is somebody's own, and where their visit begins."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.people.roles import may_hold
from bot.records import accounts, acks, items, reports
from bot.records.store import Store
from bot.records.visits import LINK_LIVES, LONGEST
from bot.schedule.rounds import asking_of
from handlers.acks.acknowledged import ACKNOWLEDGE
from handlers.acks.leading import sight
from handlers.kept import ASKED, pages_account
from handlers.services import Services

DESK, MINE, READ, ACKS, KEPT = "/desk", "/mine", "/acknowledge", "/acks", "/my-data"
# So long after asking in chat for a copy of what is kept about them somebody can come for it: as a link lives.
ASKED_LATELY = LINK_LIVES + LONGEST


async def begins_at(conn: AsyncConnection, store: Store, services: Services) -> str:
    """Where somebody's visit begins; empty where nothing here is theirs any more.

    Theirs are reports, as `reports_at` has it, policies, as `policies_at` has it, what they confirmed, how those
    whom they lead stand, and a copy of what is kept about them, where they asked for it lately: a link alone
    shows that to nobody.
    """
    place = await reports_at(conn, store, services) or await policies_at(conn, services)
    person = services.person
    if place or person is None:
        return place
    sees = sight(person, services.people())
    leads = bool(sees.named or sees.report) and asking_of(services.school) is not None
    if leads or await acks.signed(conn, services.school.id, person=person.id):
        return ACKS
    mine = pages_account(services.school.id, person.id)
    asked = await accounts.kept(conn, store.sealer, mine, ASKED)
    if asked and services.now - datetime.fromisoformat(asked) < ASKED_LATELY:
        return KEPT
    return ""


async def reports_at(conn: AsyncConnection, store: Store, services: Services) -> str:
    """Where somebody finds reports that are theirs; empty where none is.

    Theirs is what came to them in a role that they still hold, and what they reported themselves.
    """
    person, school, people = services.person, services.school.id, services.people()
    if person is None:
        return ""
    for report in await reports.delivered_to(conn, school, person.id):
        for d in await reports.deliveries_of(conn, report):
            if d.person == person.id and may_hold(d.person, d.role, people):
                return DESK
    own = await reports.all_of(conn, store.sealer, school)
    return MINE if any(r.content.reporter == person.id for r in own) else ""


async def policies_at(conn: AsyncConnection, services: Services) -> str:
    """Where somebody reads and confirms what they were asked to; empty where none of it is theirs any more.

    Theirs is what they were asked for and have not settled, as long as the school asks them for it. Raises
    BadSettings.
    """
    person, school = services.person, services.school
    if person is None:
        return ""
    open_ = await items.open_items(conn, school.id, person.id)
    asked = {p for i in open_ if i.reminder == ACKNOWLEDGE for p in i.filled["policies"]}
    asking = asking_of(school) if asked else None
    if asking is None:
        return ""
    people, there = services.people(), {p.stem for p in school.policies}
    for policy in asked & there:
        if asking.wants(policy) and person in people.members(asking.whom(policy)):
            return READ
    return ""
