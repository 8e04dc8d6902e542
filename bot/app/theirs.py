"""What on the pages is somebody's own, and where their visit begins."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.people.roles import may_hold
from bot.records import reports
from bot.records.store import Store
from handlers.services import Services

DESK, MINE = "/desk", "/mine"


async def begins_at(conn: AsyncConnection, store: Store, services: Services) -> str:
    """Where somebody's visit begins; empty where nothing here is theirs any more.

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
