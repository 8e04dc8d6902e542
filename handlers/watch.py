"""Looking after the sending itself: somebody hears of it when nothing gets through for a day."""

from __future__ import annotations

import logging
from datetime import timedelta

from bot.people.roster import HEAD
from bot.records import messages
from handlers.dates.digest import short
from handlers.services import Services

A_DAY = timedelta(days=1)
ADMINISTRATOR = "administrator"
log = logging.getLogger(__name__)


async def watch_the_sending(services: Services) -> None:
    """Tell the administrator, once a day, when messages wait and none has got through for a day."""
    store, school = await services.records(), services.school
    async with store.reading() as conn:
        waiting = await messages.stuck(conn, school.id, services.now - A_DAY)
    if not waiting:
        return
    people = services.people()
    roles = (ADMINISTRATOR, school.contact, HEAD)
    to = next((found for r in roles if (found := people.in_charge(r))), ())
    for person in to:
        async with store.writing() as tx:
            told = await messages.add(
                tx,
                occasion=f"nothing-sent:{short(school.id, person)}:{services.today}",
                school=school.id,
                person=person,
                template="nothing_sent",
                filled={"school": school.name, "waiting": waiting},
                now=services.now,
            )
        if told is not None:
            log.error(
                "%s: %d messages wait and none got through for a day; see what Slack, Teams or the mail "
                "server say",
                school.id,
                waiting,
            )
