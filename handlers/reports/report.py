"""The guided report: a few short pages, kept as they are filled in, sent to whoever the school's policy names.

What was typed is kept before it is looked at, so nothing typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.chat.model import Card, Event, FieldKind, Reply
from bot.config import data
from bot.records import reports
from bot.records.audit import Action
from bot.records.reports import Draft
from handlers.fields import many, text_of
from handlers.reports.delivery import case_of, note, send
from handlers.reports.mine import receipt
from handlers.reports.pages import (
    NEEDS_A_VALUE,
    ORDER,
    SURE,
    WHO,
    after,
    before,
    content_of,
    errors_on,
    fields_of,
    line_of,
    marked,
    page_of,
    reached,
    taken,
)
from handlers.services import Services


async def report(event: Event, rest: str, services: Services) -> Reply:
    """Report something that worries you, in private."""
    if services.person is None:
        return services.refuse()
    draft = await _draft(services)
    begun = draft is not None and _worth_keeping(draft)
    if draft is None or not begun:
        new = _new_draft(services, rest if rest in data("incidents.toml") else "")
        # Begun from a message: its address stands where the account goes, never a copy of it.
        if pointed := text_of(event.values.get("what", "")):
            new = replace(new, filled={**new.filled, "what": pointed})
        # A form that is open already stays good: the draft behind it keeps its id.
        draft = replace(new, id=draft.id, filled={**draft.filled, **new.filled}) if draft else new
    return await _present(draft, reached(draft.filled, services), services, begun=begun)


async def report_page(event: Event, rest: str, services: Services) -> Reply:
    """Fill in a page of a report."""
    number, _, page = rest.partition(" ")
    if services.person is None:
        return services.refuse()
    draft = await _draft(services)
    if draft is None or draft.id != number or page not in NEEDS_A_VALUE:
        return await _sent_before(number, services)
    # Kept before it is looked at: whatever goes wrong after this, what was typed is there.
    draft = await _kept(draft, event, page, services)
    filled = dict(draft.filled)
    errors = errors_on(page, filled, services)
    following = page if errors else after(page, filled, services)
    first = reached(filled, services)
    if first != WHO and (following is None or ORDER.index(first) < ORDER.index(following)):
        following, errors = first, errors_on(first, filled, services)  # sent from another window
    if following:
        return await _present(draft, following, services, errors)
    store = await services.records()
    async with store.writing() as tx:
        content = content_of(filled, services, last=True)
        case = await case_of(tx, await send(tx, draft.id, content, services))
    services.memory.reports(draft.person, on=False)
    return Reply((receipt(case, services),))


async def _kept(draft: Draft, event: Event, page: str, services: Services) -> Draft:
    """The draft with what came in of a page, written down. A choice that was not offered is no choice."""
    filled = dict(draft.filled) | taken(event.values, page)
    for field in fields_of(page, filled, services):
        if field.options:
            offered = {o.value for o in field.options}
            chosen = [v for v in many(filled.get(field.name, "")) if v in offered]
            filled[field.name] = chosen if field.kind is FieldKind.CHOICES else "".join(chosen[:1])
    kept = replace(draft, changed=services.now, filled=filled)
    store = await services.records()
    async with store.writing() as tx:
        await reports.save_draft(tx, kept)
        await note(tx, services, Action.DRAFT_SAVED, "")
    return kept


async def _present(
    draft: Draft,
    page: str,
    services: Services,
    errors: Mapping[str, str] = {},
    *,
    begun: bool = False,
) -> Reply:
    """Show a page, and remember whom it names."""
    form = page_of(draft, page, services, errors, begun=begun)
    filled = dict(draft.filled)
    if page in (WHO, SURE):
        line = {step.person for step in line_of(filled, services)}
        filled["shown"] = sorted(line.union(filled.get("shown", ())))
    if page == SURE and not errors:
        filled |= {"close": marked(filled), "sure": []}
    store = await services.records()
    async with store.writing() as tx:
        await reports.save_draft(tx, replace(draft, filled=filled))
    services.memory.reports(draft.person, on=True)
    return Reply(form=form)


async def _sent_before(draft: str, services: Services) -> Reply:
    """What to say of a page whose draft is not there: it was sent already, or thrown away."""
    store = await services.records()
    async with store.writing() as tx:
        sent = await reports.submitted(tx, draft)
        if sent is None or services.person is None or sent.content.reporter != services.person.id:
            return Reply((Card(services.wording.text("report_gone")),))
        case = await case_of(tx, sent)
    return Reply((receipt(case, services),))


async def report_back(event: Event, rest: str, services: Services) -> Reply:
    """Go back a page in a report."""
    number, _, page = rest.partition(" ")
    draft = await _draft(services)
    if draft is None or draft.id != number or page not in NEEDS_A_VALUE:
        return Reply((Card(services.wording.text("report_gone")),))
    if event.values:
        draft = await _kept(draft, event, page, services)
    return await _present(draft, before(page, draft.filled), services)


async def report_again(event: Event, rest: str, services: Services) -> Reply:
    """Throw away what you had begun to report, and begin again."""
    draft = await _draft(services)
    if draft is not None and draft.id == rest:
        store = await services.records()
        async with store.writing() as tx:
            await reports.drop_draft(tx, draft.id)
            await note(tx, services, Action.DRAFT_DISCARDED, "")
        services.memory.reports(draft.person, on=False)
    return await report(event, "", services)


def _new_draft(services: Services, kind: str) -> Draft:
    person = services.person.id if services.person else ""
    filled: dict[str, Any] = {}
    if kind:
        abouts = data("incidents.toml")[kind]["about"]
        filled = {"kind": kind} | ({"about": abouts[0]} if len(abouts) == 1 else {})
    return Draft(reports.new_id(), services.school.id, person, services.now, filled)


def _worth_keeping(draft: Draft) -> bool:
    """Whether somebody has got so far with a draft that they would miss it."""
    return bool(set(draft.filled) - {"kind", "about"}) or draft.filled.get("kind") not in (None, "")


async def _draft(services: Services) -> Draft | None:
    if services.person is None:
        return None
    store = await services.records()
    async with store.reading() as conn:
        return await reports.draft_of(conn, store.sealer, services.school.id, services.person.id)
