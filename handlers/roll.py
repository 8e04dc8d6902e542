"""The roll of a school, kept by the clock: who came, moved and left."""

from __future__ import annotations

import logging
from datetime import date, timedelta

from bot.people.roster import SERVICE
from bot.records import members
from handlers.services import Services

LATELY = timedelta(days=28)  # whoever starts on a day of the list's is put on it about then

log = logging.getLogger(__name__)
_said: dict[str, tuple[date, str]] = {}  # what the log was told of a school's roll, and when


async def keep_the_roll(services: Services) -> None:
    """Note who came, moved and left. A platform's list that has yet to come is not taken for leavers."""
    people, today = services.people(), services.today
    if people.awaited:
        return
    there = {p.id: p for p in people.persons if p.group != SERVICE and p.at_work(today)}
    new = {i for i, p in there.items() if p.starts and today - p.starts <= LATELY}
    gone = {p.id for p in (*people.persons, *people.left)} - there.keys()
    checked = str(services.school.settings.get("roll_checked", "")) == today.isoformat()
    store = await services.records()
    async with store.writing() as tx:
        change = await members.reconcile(
            tx,
            services.school.id,
            [(p.id, p.team, p.group) for p in there.values()],
            today,
            dated=new | gone,
            sure=checked,
        )
    if change.suspicious and _said.get(services.school.id) != (today, change.suspicious):
        _said[services.school.id] = (today, change.suspicious)
        log.error(
            "%s: %s; look whether the list is whole. If they have left, write roll_checked = %s at the "
            "top of school.toml, today",
            services.school.id,
            change.suspicious,
            today,
        )
