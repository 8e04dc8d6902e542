"""Deletes what a school need not keep any longer, by the clock. Reports and drafts have a job of their own."""

from __future__ import annotations

import logging

from bot.records import accounts, acks, discussions, items, members, messages, occasions
from bot.records.audit import Action
from bot.schedule.keep import keep_of
from handlers.kept import pages_account
from handlers.reports.delivery import note
from handlers.services import Services

log = logging.getLogger(__name__)


async def forget_what_is_old(services: Services) -> None:
    """Delete what is past its term. The audit trail is told how many acknowledgements and discussions went."""
    school, now, today = services.school.id, services.now, services.today
    keep = keep_of(services.school)
    services.forget_questions()
    store = await services.records()
    async with store.writing() as tx:
        confirmed = await acks.forget(tx, school, now - keep.acknowledgements)
        discussed = await discussions.forget(tx, school, today - keep.acknowledgements)
        await acks.forget_texts(tx, school, now - keep.acknowledgements)
        await items.forget(tx, school, now - keep.reminders)
        await occasions.forget(tx, school, today - keep.reminders)
        await messages.forget(tx, school, now - keep.messages)
        left = await members.forget(tx, school, today - keep.leavers)
        await items.forget_people(tx, school, left)
        await accounts.forget_kept(tx, [pages_account(school, person) for person in left])
        for what, number in (("acknowledgements", confirmed), ("discussions", discussed)):
            if number:
                detail = f"{what}:{number}"
                await note(tx, services, Action.EXPIRED, "", actor="", detail=detail)
    if left:
        log.info("%s: %d leavers were taken off the roll, their time being over", school, len(left))
