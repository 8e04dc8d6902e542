"""The table: what the clock runs. Each job is done once a tick for each school."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

from bot.records import reports
from bot.records.audit import Action
from handlers import delivery
from handlers.services import Services

DRAFTS_KEPT = timedelta(days=7)  # a report nobody sent


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


JOBS: Mapping[str, Callable[[Services], Awaitable[None]]] = {
    "reports": look_at_reports,
    "retention": forget_what_is_past,
}
