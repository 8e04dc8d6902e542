"""The recipient's desk: what waits, its contents on request, and what they did about it.

Whoever may not have a report is told the same as for a reference that does not exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from typing import Any

from bot.chat.model import Button, Card, Event, Field, FieldKind, Form, Option, Reply, Tone
from bot.config import data
from bot.records import reports
from bot.records.audit import Action
from bot.records.reports import Delivery, Entry, EntryKind, State
from bot.records.store import Transaction
from handlers.fields import as_typed, one, text_of
from handlers.reports.delivery import (
    Case,
    case_of,
    delivery_to,
    hand_on,
    note,
    readers,
    settle,
    spoken,
    state,
    tell_reporter,
)
from handlers.reports.export import copies
from handlers.reports.pages import LONGEST, checklist
from handlers.services import Services

NEEDS_WORDS = {"note": EntryKind.NOTE, "outcome": EntryKind.OUTCOME}


async def desk(event: Event, rest: str, services: Services) -> Reply:
    """See the reports that wait for you."""
    if services.person is None:
        return services.refuse()
    store = await services.records()
    cards = []
    async with store.writing() as tx:
        for report_id in await reports.delivered_to(
            tx.conn, services.school.id, services.person.id
        ):
            report = await reports.by_id(tx.conn, tx.sealer, report_id)
            case = await case_of(tx, report) if report else None
            mine = delivery_to(case, services) if case else None
            if case and mine:
                cards.append(_waiting(case, mine, services))
        await note(tx, services, Action.LISTED, "")
    if not cards:
        return Reply((Card(services.wording.text("desk_empty")),))
    return Reply(tuple(cards))


async def open_report(event: Event, rest: str, services: Services) -> Reply:
    """Open a report that waits for you."""
    async with _mine(rest, services) as (tx, case, mine):
        if tx is None or case is None or mine is None:
            return Reply((Card(services.wording.text("desk_refused")),))
        return await _opened(tx, case, mine, services)


async def handle_report(event: Event, rest: str, services: Services) -> Reply:
    """Say what you did about a report."""
    done, text = one(event.values.get("do", "")), text_of(event.values.get("text", ""))
    async with _mine(rest, services) as (tx, case, mine):
        if tx is None or case is None or mine is None:
            return Reply((Card(services.wording.text("desk_refused")),))
        if mine.opened is None and done != "conflict":  # nothing is done about what was not read
            return await _opened(tx, case, mine, services)
        if done not in data("report.toml")["do"]:
            return Reply(form=await _contents(tx, case, services, text=text, wrong="do"))
        if len(text) > LONGEST or (done in NEEDS_WORDS and not text):
            return Reply(form=await _contents(tx, case, services, do=done, text=text, wrong="text"))
        return await _do(done, text, tx, case, mine, services)


async def refer_report(event: Event, rest: str, services: Services) -> Reply:
    """Record to whom you referred a report, and when."""
    to, text = one(event.values.get("to", "")), text_of(event.values.get("text", ""))
    async with _mine(rest, services) as (tx, case, mine):
        if tx is None or case is None or mine is None:
            return Reply((Card(services.wording.text("desk_refused")),))
        if to not in data("report.toml")["to"]:
            return Reply(form=_referral(case, services, text, wrong="to"))
        if len(text) > LONGEST:
            return Reply(form=_referral(case, services, text[:LONGEST], wrong="text"))
        entry = Entry(services.now, EntryKind.REFERRAL, mine.person, text, to)
        await reports.add_entry(tx, case.report.id, entry)
        await note(tx, services, Action.REFERRED, case.report.reference, detail=to)
        await _taken_on(tx, case, mine, services)
        return _done("refer", case, services)


async def too_close(event: Event, rest: str, services: Services) -> Reply:
    """Pass a report on without reading it, because you are too close to it."""
    async with _mine(rest, services) as (tx, case, mine):
        if tx is None or case is None or mine is None:
            return Reply((Card(services.wording.text("desk_refused")),))
        return await _pass_on(tx, case, mine, services)


async def _opened(tx: Transaction, case: Case, mine: Delivery, services: Services) -> Reply:
    """Show the contents, and keep that they were shown."""
    await note(tx, services, Action.OPENED, case.report.reference)
    if mine.opened is None:
        await reports.mark(tx, mine.id, opened=services.now)
        await settle(tx, case, services)
    return Reply(form=await _contents(tx, await case_of(tx, case.report), services))


async def _do(
    done: str, text: str, tx: Transaction, case: Case, mine: Delivery, services: Services
) -> Reply:
    """One thing a recipient does with a report they have open."""
    if done == "conflict":
        return await _pass_on(tx, case, mine, services)
    if done == "refer":
        return Reply(form=_referral(case, services, text))
    if done == "export":
        await note(tx, services, Action.EXPORTED, case.report.reference)
        card = Card(services.wording.text("desk_exported", reference=case.report.reference))
        inexact = services.wording.text("desk_inexact")
        lines, record = await account(tx, case, services), await _record(tx, case, services)
        return Reply((card,), files=copies(case.report.reference, lines, record, inexact))
    if done in ("hold", "release"):
        await reports.change(tx, case.report.id, held=done == "hold")
        action = Action.HELD if done == "hold" else Action.RELEASED
        await note(tx, services, action, case.report.reference)
        return _done(done, case, services)
    if text:
        kind = NEEDS_WORDS.get(done, EntryKind.NOTE)
        await reports.add_entry(tx, case.report.id, Entry(services.now, kind, mine.person, text))
        await note(
            tx,
            services,
            Action.OUTCOME if done == "outcome" else Action.NOTED,
            case.report.reference,
        )
    await _taken_on(tx, case, mine, services)
    if done == "outcome":
        await reports.change(tx, case.report.id, state=State.CLOSED, due=None)
        await note(tx, services, Action.CLOSED, case.report.reference)
        await tell_reporter(tx, services, case, "report_closed", mine)
    return _done(done, case, services)


async def _taken_on(tx: Transaction, case: Case, mine: Delivery, services: Services) -> None:
    """Whoever does something about a report has taken it on; the reporter hears of it once."""
    if mine.acknowledged is None:
        first = not any(d.acknowledged for d in case.found)
        await reports.mark(tx, mine.id, acknowledged=services.now)
        await note(tx, services, Action.ACKNOWLEDGED, case.report.reference)
        if first and case.report.state is not State.CLOSED:
            await tell_reporter(tx, services, case, "report_acknowledged", mine)
    if case.report.state is not State.CLOSED:
        await settle(tx, case, services)


async def _pass_on(tx: Transaction, case: Case, mine: Delivery, services: Services) -> Reply:
    await reports.mark(tx, mine.id, declined=services.now)
    await note(tx, services, Action.DECLINED, case.report.reference)
    case = await case_of(tx, case.report)
    taken_on = any(d.acknowledged for d in readers(case, services))
    if case.report.state is not State.CLOSED and not taken_on:
        await hand_on(tx, case, services)
    return _done("conflict", case, services)


@asynccontextmanager
async def _mine(
    typed: str, services: Services
) -> AsyncIterator[tuple[Transaction | None, Case | None, Delivery | None]]:
    """A transaction on a report that the person may have; nothing, and an audit line, where they may not."""
    store = await services.records()
    async with store.writing() as tx:
        reference = reports.as_reference(typed)
        report = await reports.by_reference(tx.conn, tx.sealer, services.school.id, reference)
        case = await case_of(tx, report) if report else None
        mine = delivery_to(case, services) if case else None
        if case is None or mine is None:
            await note(tx, services, Action.REFUSED, report.reference if report else "")
            yield None, None, None
        else:
            yield tx, case, mine


# --- what is shown -------------------------------------------------------------------------------------


def _waiting(case: Case, mine: Delivery, services: Services) -> Card:
    words, reference = services.wording, case.report.reference
    lines = words.lines(
        "desk_waiting",
        reference=reference,
        sent=services.local(case.report.created),
        state=state(case, services),
        urgent=case.urgent,
        role=spoken(mine.role, mine.person, services, named=False),
    )
    buttons = [Button(words.text("desk_open_button"), f"/open {reference}")]
    if mine.opened is None:
        buttons.append(Button(words.text("desk_conflict_button"), f"/too-close {reference}"))
    tone = Tone.URGENT if case.urgent and not mine.acknowledged else Tone.PLAIN
    return Card(lines[0], tone, lines=lines[1:], buttons=tuple(buttons))


async def _contents(
    tx: Transaction,
    case: Case,
    services: Services,
    *,
    do: str = "",
    text: str = "",
    wrong: str = "",
) -> Form:
    """A report as its recipient reads it, with what can be done about it."""
    words = services.wording
    offered = dict(data("report.toml")["do"])
    del offered["release" if not case.report.held else "hold"]
    options = tuple(Option(value, label) for value, label in offered.items())
    fields = (
        _field("do", FieldKind.CHOICE, services, options, do, wrong),
        replace(_field("text", FieldKind.TEXT, services, (), text, wrong), optional=True),
    )
    return Form(
        title=case.report.reference,
        says=f"/handle {case.report.reference}",
        fields=fields,
        submit=words.text("desk_submit"),
        quotes=checklist(case.report.content.kind, services),
        lines=await account(tx, case, services),
    )


async def account(tx: Transaction, case: Case, services: Services) -> tuple[str, ...]:
    """Everything there is to read of a report, line by line."""
    report, content, people = case.report, case.report.content, services.people()
    offered = data("report.toml")

    def name(person: str) -> str:
        found = people.person(person)
        return found.name if found else person

    return services.wording.lines(
        "desk_report",
        reference=report.reference,
        sent=services.local(report.created),
        kind=data("incidents.toml").get(content.kind, {}).get("title", content.kind),
        about=offered["about"].get(content.about, content.about),
        who=content.who,
        named=[name(p) for p in content.named],
        reporter=name(content.reporter),
        skipped=[name(p) for p in content.skipped],
        what=as_typed(content.what),
        when=offered["when"].get(content.when, ""),
        where=[offered["where"].get(w, w) for w in content.where],
        done=[offered["done"].get(d, d) for d in content.done],
        had=[{"name": spoken(d.role, d.person, services), "delivery": d} for d in case.found],
        entries=[
            {
                "entry": e,
                "text": as_typed(e.text),
                "at": services.local(e.at),
                "name": name(e.person),
                "to": offered["to"].get(e.to, e.to),
            }
            for e in await reports.entries_of(tx.conn, tx.sealer, report.id)
        ],
        keep_until=report.keep_until,
        held=report.held,
    )


async def _record(tx: Transaction, case: Case, services: Services) -> dict[str, Any]:
    """Everything kept of a report, for another system: moments are ISO 8601 with their zone."""
    return {
        "report": asdict(case.report) | {"state": state(case, services)},
        "deliveries": [asdict(d) for d in case.found],
        "entries": [
            asdict(e) for e in await reports.entries_of(tx.conn, tx.sealer, case.report.id)
        ],
    }


def _referral(case: Case, services: Services, text: str, wrong: str = "") -> Form:
    options = tuple(Option(value, label) for value, label in data("report.toml")["to"].items())
    return Form(
        title=case.report.reference,
        says=f"/refer {case.report.reference}",
        fields=(
            _field("to", FieldKind.CHOICE, services, options, "", wrong),
            replace(_field("text", FieldKind.TEXT, services, (), text, wrong), optional=True),
        ),
        submit=services.wording.text("desk_submit"),
        quotes=checklist(case.report.content.kind, services),
        lines=services.wording.lines("desk_referring"),
    )


def _field(
    name: str,
    kind: FieldKind,
    services: Services,
    options: tuple[Option, ...],
    value: str,
    wrong: str,
) -> Field:
    label, *hint = services.wording.lines("desk_field", field=name)
    error = services.wording.text("desk_wrong", field=name, most=LONGEST) if wrong == name else ""
    return Field(name, label, kind, options, value, " ".join(hint), error=error)


def _done(done: str, case: Case, services: Services) -> Reply:
    text = services.wording.text("desk_done", done=done, reference=case.report.reference)
    return Reply((Card(text, Tone.DO),))
