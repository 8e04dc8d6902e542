"""The table: what the clock runs. Each job is done once a tick for each school."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from bot.records import reports
from bot.records.audit import Action
from handlers.acks.asking import ask_for_acknowledgements
from handlers.dates.digest import send_digests
from handlers.dates.occurrences import decide_what_is_due
from handlers.forgetting import forget_what_is_old
from handlers.reports import delivery
from handlers.roll import keep_the_roll
from handlers.services import Services
from handlers.watch import watch_the_sending

DRAFTS_KEPT = timedelta(days=7)  # a report nobody sent
log = logging.getLogger(__name__)


async def look_at_reports(services: Services) -> None:
    """Remind of reports, pass them on, hand them to whoever came after somebody."""
    store = await services.records()
    async with store.reading() as conn:
        waiting = await reports.due(conn, services.school.id, services.now)
    for report in waiting:
        async with store.writing() as tx:
            await delivery.look(tx, report, services)


async def forget_what_is_past(services: Services) -> None:
    """Delete closed reports whose time is over, and drafts nobody came back to."""
    store = await services.records()
    async with store.reading() as conn:
        past = await reports.past_keeping(conn, services.school.id, services.today)
    for report, reference in past:
        async with store.writing() as tx:
            await delivery.note(tx, services, Action.DELETED, reference, actor="")
            await reports.delete(tx, report)
    async with store.writing() as tx:
        await reports.drop_drafts_before(tx, services.school.id, services.now - DRAFTS_KEPT)


async def tell_of_dates(services: Services) -> None:
    """Decide what has come due and what is owed, then write the day's digests.

    One after the other: there is one digest a day, and what is decided a moment after it waits for the next.
    """
    for decide in (decide_what_is_due, ask_for_acknowledgements):
        try:
            await decide(services)
        except Exception as e:  # noqa: BLE001  # what was decided before is told all the same
            log.error("%s: %s failed: %s", services.school.id, decide.__name__, type(e).__name__)  # noqa: TRY400
    await send_digests(services)


JOBS: Mapping[str, Callable[[Services], Awaitable[None]]] = {
    "reports": look_at_reports,
    "retention": forget_what_is_past,
    "roll": keep_the_roll,
    "dates": tell_of_dates,
    "forgetting": forget_what_is_old,
    "watch": watch_the_sending,
}
