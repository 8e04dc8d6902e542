"""What became of a report, for whoever sent it: in neutral words, with what they can still do."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.model import Card, Event, FieldKind, Form, Reply, Tone
from bot.people.roster import LADO
from bot.records import reports
from bot.records.audit import Action
from bot.records.reports import Delivery, Entry, EntryKind, State
from handlers.fields import text_of
from handlers.reports.delivery import (
    WORKING_DAY,
    Case,
    case_of,
    note,
    readers,
    settle,
    spoken,
    state,
    tell_readers,
    urgent,
)
from handlers.reports.pages import button, field_of, too_long
from handlers.services import Services


async def my_reports(event: Event, rest: str, services: Services) -> Reply:
    """See what became of what you reported."""
    if services.person is None:
        return services.refuse()
    wanted = (reports.as_reference(rest) or "none") if rest else ""
    store = await services.records()
    cards = []
    async with store.writing() as tx:
        for mine in await reports.all_of(tx.conn, tx.sealer, services.school.id):
            if mine.content.reporter == services.person.id and wanted in ("", mine.reference):
                cards.append(_status(await case_of(tx, mine), services))
                await note(tx, services, Action.STATUS_ASKED, mine.reference)
    if not cards:
        return Reply((Card(services.wording.text("report_none", wanted=bool(rest))),))
    return Reply(tuple(cards))


async def add_to_report(event: Event, rest: str, services: Services) -> Reply:
    """Add to or correct a report that you sent."""
    reference = reports.as_reference(rest)
    if services.person is None:
        return services.refuse()
    store = await services.records()
    text = text_of(event.values.get("text", ""))
    async with store.writing() as tx:
        mine = await reports.by_reference(tx.conn, tx.sealer, services.school.id, reference)
        if mine is None or mine.content.reporter != services.person.id:
            return Reply((Card(services.wording.text("report_not_yours")),))
        case = await case_of(tx, mine)
        error = too_long(text, services)
        if not text or error:
            await note(tx, services, Action.STATUS_ASKED, mine.reference)
            return Reply(form=_addition(case, services, text, error))
        entry = Entry(services.now, EntryKind.CORRECTION, services.person.id, text)
        await reports.add_entry(tx, mine.id, entry)
        await note(tx, services, Action.CORRECTED, mine.reference)
        await tell_readers(
            tx, services, case, "report_added", f"added:{int(services.now.timestamp())}"
        )
    return Reply((Card(services.wording.text("report_added_receipt", reference=mine.reference)),))


async def rang(event: Event, rest: str, services: Services) -> Reply:
    """Say that you have told the office outside the school."""
    reference = reports.as_reference(rest)
    if services.person is None:
        return services.refuse()
    store = await services.records()
    async with store.writing() as tx:
        mine = await reports.by_reference(tx.conn, tx.sealer, services.school.id, reference)
        if mine is None or mine.content.reporter != services.person.id:
            return Reply((Card(services.wording.text("report_not_yours")),))
        case = await case_of(tx, mine)
        office = next((d for d in case.found if not d.person), None)
        if office is not None and office.sent is None:
            await reports.mark(tx, office.id, sent=services.now)
            await note(tx, services, Action.REFERRED, mine.reference, detail=office.role)
            await settle(tx, case, services)
            case = await case_of(tx, await reports.by_id(tx.conn, tx.sealer, mine.id) or mine)
    return Reply((_status(case, services),))


def _addition(case: Case, services: Services, text: str, error: str) -> Form:
    """A page to add something; where the reporter rings themselves, with what they wrote, to read out."""
    mine = case.report
    rings = any(not d.person for d in case.found)
    field = replace(field_of("text", FieldKind.TEXT, services, (), text), error=error)
    return Form(
        title=services.wording.text("report_title", page="add"),
        says=f"/add-to-report {mine.reference}",
        fields=(field,),
        submit=services.wording.text("report_submit", last=True),
        urgent=services.wording.text("report_danger", emergency=services.school.emergency),
        lines=services.wording.lines("report_yours", what=mine.content.what) if rings else (),
    )


def receipt(case: Case, services: Services) -> Card:
    return _card("report_receipt", case, services)


def _status(case: Case, services: Services) -> Card:
    return _card("report_status", case, services)


def _card(template: str, case: Case, services: Services) -> Card:
    """How a report stands, in neutral words: who has it, and what the reporter can do."""
    last = _holder(case, services)
    outside = last is not None and not last.person
    office = services.people().office(LADO)
    lines = services.wording.lines(
        template,
        reference=case.report.reference,
        state=state(case, services),
        sent=case.report.created.astimezone(services.hours().zone),
        holder="" if last is None or outside else spoken(last.role, last.person, services),
        outside=outside,
        rang=bool(last and outside and last.sent),
        office=office,
        until=services.local(services.hours().after(case.report.created, WORKING_DAY)),
        urgent=urgent(case.report.content.kind),
    )
    buttons = [button("report_status_button", f"/my-reports {case.report.reference}", services)]
    add = "report_read_button" if outside else "report_add_button"
    if case.report.state is not State.CLOSED:
        buttons.append(button(add, f"/add-to-report {case.report.reference}", services))
    to_ring = outside and last is not None and not last.sent
    if to_ring:
        buttons.insert(0, button("report_rang_button", f"/rang {case.report.reference}", services))
    return Card(
        lines[0], Tone.URGENT if to_ring else Tone.DO,
        lines=lines[1:], buttons=tuple(buttons),
    )  # fmt: skip


def _holder(case: Case, services: Services) -> Delivery | None:
    """Who has it, as the reporter is told: who took it on, else the last it went to."""
    able = readers(case, services)
    taken = [d for d in able if d.acknowledged]
    outside = [d for d in case.found if not d.person]
    return next(iter(reversed(taken or outside or able)), None)
