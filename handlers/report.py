"""The guided report: a few short pages, kept as they are filled in, sent to whoever the school's policy names.

Every page is saved before it is checked, so nothing typed is lost. The pages: whom it is about, what kind,
what happened, who will get it; and who gets it instead, where the answer to that changed it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.chat.model import Button, Card, Event, Field, FieldKind, Form, Option, Quote, Reply, Tone
from bot.config import data
from bot.people.roles import About, Step, path
from bot.people.roster import LADO, match
from bot.records import reports
from bot.records.audit import Action
from bot.records.reports import Content, Delivery, Draft, Entry, EntryKind, State
from handlers.ask import quote
from handlers.delivery import (
    WORKING_DAY,
    Case,
    case_of,
    matter_of,
    note,
    readers,
    send,
    settle,
    spoken,
    state,
    tell_readers,
    urgent,
)
from handlers.services import Services

ABOUT, KIND, WHAT, WHO, SURE = "about", "kind", "what", "who", "sure"
ORDER = (ABOUT, KIND, WHAT, WHO, SURE)
PUPIL_CONTACT = "pupil-contact"
NOBODY = "nobody"
MAY_BE_THEM = frozenset({About.COLLEAGUE, About.UNSURE})  # said so: it may be about a recipient
LONGEST = 10_000  # characters of an account; what is longer is cut nowhere but refused
LONGEST_NAME = 200
# Control characters, and those that turn the direction of what follows: nobody types them.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
NEEDS_A_VALUE = {ABOUT: "about", KIND: "kind", WHAT: "what", WHO: "close", SURE: "sure"}


async def report(event: Event, rest: str, services: Services) -> Reply:
    """Report something that worries you, in private."""
    if services.person is None:
        return only_staff(services)
    draft = await _draft(services)
    begun = draft is not None and _worth_keeping(draft)
    if draft is None or not begun:
        new = _new_draft(services, rest if rest in data("incidents.toml") else "")
        # Begun from a message: its address stands where the account goes, never a copy of it.
        if pointed := _text(event.values.get("what", "")):
            new = replace(new, filled={**new.filled, "what": pointed})
        # A form that is open already stays good: the draft behind it keeps its id.
        draft = replace(new, id=draft.id, filled={**draft.filled, **new.filled}) if draft else new
    return await _present(draft, _reached(draft.filled, services), services, begun=begun)


async def report_page(event: Event, rest: str, services: Services) -> Reply:
    """Fill in a page of a report."""
    number, _, page = rest.partition(" ")
    if services.person is None:
        return only_staff(services)
    draft = await _draft(services)
    if draft is None or draft.id != number or page not in NEEDS_A_VALUE:
        return await _sent_before(number, services)
    # Kept before it is looked at: whatever goes wrong after this, what was typed is there.
    draft = await _kept(draft, event, page, services)
    filled = dict(draft.filled)
    errors = _errors(page, filled, services)
    following = page if errors else _after(page, filled, services)
    first = _reached(filled, services)
    if first != WHO and (following is None or ORDER.index(first) < ORDER.index(following)):
        following, errors = first, _errors(first, filled, services)  # sent from another window
    if following:
        return await _present(draft, following, services, errors)
    store = await services.records()
    async with store.writing() as tx:
        content = content_of(filled, services, last=True)
        case = await case_of(tx, await send(tx, draft.id, content, services))
    services.memory.reports(draft.person, on=False)
    return Reply((_receipt(case, services),))


async def _kept(draft: Draft, event: Event, page: str, services: Services) -> Draft:
    """The draft with what came in of a page, written down. A choice that was not offered is no choice."""
    filled = dict(draft.filled) | _taken(event.values, page)
    for field in _fields(page, filled, services):
        if field.options:
            offered = {o.value for o in field.options}
            chosen = [v for v in _many(filled.get(field.name, "")) if v in offered]
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
    form = _page(draft, page, services, errors, begun=begun)
    filled = dict(draft.filled)
    if page in (WHO, SURE):
        line = {step.person for step in _line(filled, services)}
        filled["shown"] = sorted(line.union(filled.get("shown", ())))
    if page == SURE and not errors:
        filled |= {"close": _marked(filled), "sure": []}
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
    return Reply((_receipt(case, services),))


async def report_back(event: Event, rest: str, services: Services) -> Reply:
    """Go back a page in a report."""
    number, _, page = rest.partition(" ")
    draft = await _draft(services)
    if draft is None or draft.id != number or page not in NEEDS_A_VALUE:
        return Reply((Card(services.wording.text("report_gone")),))
    if event.values:
        draft = await _kept(draft, event, page, services)
    return await _present(draft, _before(page, draft.filled), services)


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


async def my_reports(event: Event, rest: str, services: Services) -> Reply:
    """See what became of what you reported."""
    if services.person is None:
        return only_staff(services)
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
        return only_staff(services)
    store = await services.records()
    text = _text(event.values.get("text", ""))
    async with store.writing() as tx:
        mine = await reports.by_reference(tx.conn, tx.sealer, services.school.id, reference)
        if mine is None or mine.content.reporter != services.person.id:
            return Reply((Card(services.wording.text("report_not_yours")),))
        case = await case_of(tx, mine)
        error = _too_long(text, services)
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
        return only_staff(services)
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


# --- what was filled in --------------------------------------------------------------------------------


def content_of(filled: Mapping[str, Any], services: Services, *, last: bool = False) -> Content:
    """What a filled-in draft says; a page not yet reached is empty.

    A name that may mean somebody keeps them out when it is sent (`last`), unless the reporter was
    asked about that person and said no.
    """
    person = services.person.id if services.person else ""
    asked = set(filled.get("shown", ()))
    found = match(str(filled.get("who", "")), services.people())
    return Content(
        reporter=person,
        about=str(filled.get("about") or About.UNSURE.value),
        kind=str(filled.get("kind", "")),
        what=str(filled.get("what", "")),
        when=str(filled.get("when", "")),
        where=tuple(filled.get("where", ())),
        done=tuple(filled.get("done", ())),
        who=str(filled.get("who", "")),
        named=tuple(m.person.id for m in found if m.sure or (last and m.person.id not in asked)),
        skipped=tuple(_marked(filled)),
    )


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


def _taken(values: Mapping[str, str | tuple[str, ...]], page: str) -> dict[str, Any]:
    """What came in of a page, as it is kept. Fields of other pages are not taken."""
    if page == ABOUT:
        about = _one(values.get("about", ""))
        taken: dict[str, Any] = {"about": about, "who": _text(values.get("who", ""))}
        # The short cut names the kind at once; any other choice asks for it.
        short = about == PUPIL_CONTACT
        return taken | {"short": short} | ({"about": "pupil", "kind": about} if short else {})
    if page == KIND:
        return {"kind": _one(values.get("kind", ""))}
    if page == WHAT:
        return {
            "what": _text(values.get("what", "")),
            "when": _one(values.get("when", "")),
            "where": _many(values.get("where", ())),
            "done": _many(values.get("done", ())),
        }
    name = NEEDS_A_VALUE[page]
    return {name: _many(values.get(name, ()))}


def _one(value: str | Sequence[str]) -> str:
    return value if isinstance(value, str) else next(iter(value), "")


def _many(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) and value else list(value)


def _text(value: str | Sequence[str]) -> str:
    kept = (" " if c.isspace() and c != "\n" else c for c in _one(value))
    return "".join(c for c in kept if c == "\n" or not _UNSEEN.fullmatch(c)).strip()


def _errors(page: str, filled: Mapping[str, Any], services: Services) -> dict[str, str]:
    """What is wrong with a page, by field."""
    words, errors = services.wording, {}
    offered = {
        f.name: {o.value for o in f.options} for f in _fields(page, filled, services) if f.options
    }
    needed = NEEDS_A_VALUE[page]
    if not filled.get(needed) and (needed in offered or page == WHAT):
        errors[needed] = words.text("report_missing", field=needed)
    for name, values in offered.items():
        if set(_many(filled.get(name, ""))) - values:
            errors[name] = words.text("report_missing", field=name)
    if page in (WHO, SURE) and NOBODY in filled.get(needed, ()) and len(filled[needed]) > 1:
        errors[needed] = words.text("report_both")
    if page == WHAT and "what" not in errors and _too_long(str(filled.get("what", "")), services):
        errors["what"] = _too_long(str(filled.get("what", "")), services)
    if page == ABOUT and len(str(filled.get("who", ""))) > LONGEST_NAME:
        errors["who"] = words.text("report_too_long", most=LONGEST_NAME)
    return errors


def _too_long(text: str, services: Services) -> str:
    return services.wording.text("report_too_long", most=LONGEST) if len(text) > LONGEST else ""


# --- which page comes next -----------------------------------------------------------------------------


def _reached(filled: Mapping[str, Any], services: Services) -> str:
    """The first page that is not filled in as it should be."""
    return next((p for p in (ABOUT, KIND, WHAT) if _errors(p, filled, services)), WHO)


def _after(page: str, filled: dict[str, Any], services: Services) -> str | None:
    """The page after this one; None where the report can go."""
    if page in (ABOUT, KIND, WHAT):
        if page == ABOUT and filled.get("short"):
            return WHAT
        return ORDER[ORDER.index(page) + 1]
    new = {s.person for s in _line(filled, services)} - set(filled.get("shown", ()))
    return SURE if new else None


def _before(page: str, filled: Mapping[str, Any]) -> str:
    if page == WHAT and filled.get("short"):
        return ABOUT
    return ORDER[max(ORDER.index(page) - 1, 0)]


def _marked(filled: Mapping[str, Any]) -> list[str]:
    """Whom the reporter says it is about, or close to, on either page that asks."""
    both = (*filled.get("close", ()), *filled.get("sure", ()))
    return [p for p in dict.fromkeys(both) if p != NOBODY]


def _line(filled: Mapping[str, Any], services: Services) -> tuple[Step, ...]:
    """Everybody who could get it, first to last."""
    matter = matter_of(content_of(filled, services))
    return path(matter, services.people(), services.today)


# --- the pages -----------------------------------------------------------------------------------------


def _page(
    draft: Draft,
    page: str,
    services: Services,
    errors: Mapping[str, str] = {},
    *,
    begun: bool = False,
) -> Form:
    words, filled = services.wording, draft.filled
    lines: list[str] = []
    quotes: tuple[Quote, ...] = ()
    if begun:
        at = draft.changed.astimezone(services.hours().zone)
        lines.append(words.text("report_begun", at=at))
    if page == ABOUT:
        lines += words.lines("report_opening")
    if page == WHAT:
        lines += _advice(str(filled["kind"]), filled, services)
        quotes = _clauses(str(filled["kind"]), "now", services)
    if page in (WHO, SURE):
        alone = not any(step.person for step in _line(filled, services))
        lines += words.lines("report_who", again=page == SURE, alone=alone)
        if page == WHO and not filled.get("close") and _close(page, filled, services).value:
            lines.append(words.text("report_ticked", typed=str(filled.get("who", ""))))
        lines += [step_line(step, n, services) for n, step in enumerate(_line(filled, services), 1)]
        if not alone:
            lines += words.lines("report_your_name")
    buttons = (
        []
        if page == ABOUT
        else [_button("report_back_button", f"/report-back {draft.id} {page}", services)]
    )
    if begun:
        buttons.append(_button("report_again_button", f"/report-again {draft.id}", services))
    return Form(
        title=words.text("report_title", page=page),
        says=f"/report-page {draft.id} {page}",
        fields=tuple(
            replace(f, error=errors.get(f.name, "")) for f in _fields(page, filled, services)
        ),
        submit=words.text("report_submit", last=page in (WHO, SURE)),
        urgent=words.text("report_danger", emergency=services.school.emergency),
        quotes=quotes,
        lines=tuple(lines),
        buttons=tuple(buttons),
    )


def _fields(page: str, filled: Mapping[str, Any], services: Services) -> tuple[Field, ...]:
    offered = data("report.toml")
    if page == ABOUT:
        options = _options(offered["first"] | offered["about"])
        return (
            _field("about", FieldKind.CHOICE, services, options, str(filled.get("about", ""))),
            _field("who", FieldKind.LINE, services, (), str(filled.get("who", "")), optional=True),
        )
    if page == KIND:
        options = _kinds(str(filled.get("about", "")))
        return (_field("kind", FieldKind.CHOICE, services, options, str(filled.get("kind", ""))),)
    if page == WHAT:
        return (
            _field("what", FieldKind.TEXT, services, (), str(filled.get("what", ""))),
            _field(
                "when", FieldKind.CHOICE, services, _options(offered["when"]),
                str(filled.get("when", "")), optional=True,
            ),
            _field(
                "where", FieldKind.CHOICES, services, _options(offered["where"]),
                tuple(filled.get("where", ())), optional=True,
            ),
            _field(
                "done", FieldKind.CHOICES, services, _options(offered["done"]),
                tuple(filled.get("done", ())), optional=True,
            ),
        )  # fmt: skip
    field = _close(page, filled, services)
    return (field,) if len(field.options) > 1 else ()  # nobody to ask about


def _close(page: str, filled: Mapping[str, Any], services: Services) -> Field:
    """Whether it is about any of those who could get it. Whom a typed name may mean is chosen already."""
    people = services.people()
    could = [p for s in _line(filled, services) if (p := people.person(s.person)) is not None]
    chosen: tuple[str, ...] = ()
    if page == SURE:  # somebody marked on this very page is still one of those it asks about
        line = _line({**filled, "sure": []}, services)
        could = [p for s in line if (p := people.person(s.person)) is not None]
    if page == WHO:
        # Those marked before are out of the line by now and stay among the options.
        gone = [p for i in filled.get("close", ()) if (p := people.person(i)) and p not in could]
        maybe = [m.person for m in match(str(filled.get("who", "")), people) if m.person in could]
        could = [*gone, *could]
        chosen = tuple(p.id for p in gone or maybe)
    nobody = Option(NOBODY, services.wording.text("report_nobody"))
    options = (nobody, *(Option(p.id, p.name) for p in could))
    return _field(NEEDS_A_VALUE[page], FieldKind.CHOICES, services, options, chosen)


def _field(
    name: str,
    kind: FieldKind,
    services: Services,
    options: tuple[Option, ...],
    value: str | tuple[str, ...],
    *,
    optional: bool = False,
) -> Field:
    label, *hint = services.wording.lines("report_field", field=name)
    return Field(name, label, kind, options, value, " ".join(hint), optional)


def _options(offered: Mapping[str, str]) -> tuple[Option, ...]:
    return tuple(Option(value, label) for value, label in offered.items())


def _kinds(about: str) -> tuple[Option, ...]:
    return tuple(
        Option(kind, entry["label"])
        for kind, entry in data("incidents.toml").items()
        if about in entry["about"]
    )


def _advice(kind: str, filled: Mapping[str, Any], services: Services) -> list[str]:
    """What to do now, from national guidance and the school's own policy; and why no file is taken."""
    entry = data("incidents.toml")[kind]
    # Nobody is named here whom the typed name may mean: the page that asks about them comes later.
    matter = matter_of(content_of(filled, services, last=True))
    first = path(matter, services.people(), services.today)[0]
    advice = services.wording.lines(
        entry.get("advice", "now_report"),
        role=spoken(first.role, first.person, services),
        guidance=services.guidance[entry.get("guidance", "safeguarding")],
    )
    if first.person and matter.about in MAY_BE_THEM:
        advice = (*advice, services.wording.text("unless_about_them"))
    ours = () if "guidance" in entry else services.wording.lines("report_our_advice")
    no_files = services.wording.lines("report_no_files", evidence=entry.get("evidence", False))
    return [*advice, *ours, *no_files]


def _clauses(kind: str, key: str, services: Services) -> tuple[Quote, ...]:
    """The clauses of the school's policy set for a kind, as quotations."""
    table = services.school.settings.get("reports", {}).get("kinds", {}).get(kind, {})
    found = (services.clause(clause) for clause in table.get(key, ()))
    return tuple(quote(entry, services) for entry in found if entry is not None)


def checklist(kind: str, services: Services) -> tuple[Quote, ...]:
    """The steps the school's policy sets for a kind, for its recipient."""
    return _clauses(kind, "checklist", services)


def step_line(step: Step, n: int, services: Services) -> str:
    """One person who could get a report, as it is shown."""
    people = services.people()
    person = people.person(step.person)
    office = people.office(step.role) if person is None else None
    return services.wording.text(
        "report_step",
        n=n,
        who=spoken(step.role, step.person, services),
        phone=office.phone if office else "",
        away_until=step.away_until,
        outside=person is None,
    )


def _button(template: str, says: str, services: Services) -> Button:
    return Button(services.wording.text(template), says)


def _addition(case: Case, services: Services, text: str, error: str) -> Form:
    """A page to add something; where the reporter rings themselves, with what they wrote, to read out."""
    mine = case.report
    rings = any(not d.person for d in case.found)
    field = replace(_field("text", FieldKind.TEXT, services, (), text), error=error)
    return Form(
        title=services.wording.text("report_title", page="add"),
        says=f"/add-to-report {mine.reference}",
        fields=(field,),
        submit=services.wording.text("report_submit", last=True),
        urgent=services.wording.text("report_danger", emergency=services.school.emergency),
        lines=services.wording.lines("report_yours", what=mine.content.what) if rings else (),
    )


# --- what the reporter sees ----------------------------------------------------------------------------


def _receipt(case: Case, services: Services) -> Card:
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
        until=_local(services.hours().after(case.report.created, WORKING_DAY), services),
        urgent=urgent(case.report.content.kind),
    )
    buttons = [_button("report_status_button", f"/my-reports {case.report.reference}", services)]
    add = "report_read_button" if outside else "report_add_button"
    if case.report.state is not State.CLOSED:
        buttons.append(_button(add, f"/add-to-report {case.report.reference}", services))
    to_ring = outside and last is not None and not last.sent
    if to_ring:
        buttons.insert(0, _button("report_rang_button", f"/rang {case.report.reference}", services))
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


def _local(moment: datetime, services: Services) -> datetime:
    return moment.astimezone(services.hours().zone)


def only_staff(services: Services) -> Reply:
    return Reply((Card(services.wording.text("only_staff", school=services.school.name)),))
