"""The pages of the guided report: what each asks, what is wrong with what came in, and which comes next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.chat.model import Button, Field, FieldKind, Form, Option, Quote
from bot.config import data
from bot.people.matching import match
from bot.people.roles import About, Step, path
from bot.records.reports import Content, Draft
from handlers.ask import quote
from handlers.fields import many, one, text_of
from handlers.reports.delivery import matter_of, spoken
from handlers.services import Services

ABOUT, KIND, WHAT, WHO, SURE = "about", "kind", "what", "who", "sure"
ORDER = (ABOUT, KIND, WHAT, WHO, SURE)
PUPIL_CONTACT = "pupil-contact"
NOBODY = "nobody"
MAY_BE_THEM = frozenset({About.COLLEAGUE, About.UNSURE})  # said so: it may be about a recipient
LONGEST = 10_000  # characters of an account; what is longer is cut nowhere but refused
LONGEST_NAME = 200
NEEDS_A_VALUE = {ABOUT: "about", KIND: "kind", WHAT: "what", WHO: "close", SURE: "sure"}


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
        skipped=tuple(marked(filled)),
    )


def taken(values: Mapping[str, str | tuple[str, ...]], page: str) -> dict[str, Any]:
    """What came in of a page, as it is kept. Fields of other pages are not taken."""
    if page == ABOUT:
        about = one(values.get("about", ""))
        taken: dict[str, Any] = {"about": about, "who": text_of(values.get("who", ""))}
        # The short cut names the kind at once; any other choice asks for it.
        short = about == PUPIL_CONTACT
        return taken | {"short": short} | ({"about": "pupil", "kind": about} if short else {})
    if page == KIND:
        return {"kind": one(values.get("kind", ""))}
    if page == WHAT:
        return {
            "what": text_of(values.get("what", "")),
            "when": one(values.get("when", "")),
            "where": many(values.get("where", ())),
            "done": many(values.get("done", ())),
        }
    name = NEEDS_A_VALUE[page]
    return {name: many(values.get(name, ()))}


def errors_on(page: str, filled: Mapping[str, Any], services: Services) -> dict[str, str]:
    """What is wrong with a page, by field."""
    words, errors = services.wording, {}
    offered = {
        f.name: {o.value for o in f.options} for f in fields_of(page, filled, services) if f.options
    }
    needed = NEEDS_A_VALUE[page]
    if not filled.get(needed) and (needed in offered or page == WHAT):
        errors[needed] = words.text("report_missing", field=needed)
    for name, values in offered.items():
        if set(many(filled.get(name, ""))) - values:
            errors[name] = words.text("report_missing", field=name)
    if page in (WHO, SURE) and NOBODY in filled.get(needed, ()) and len(filled[needed]) > 1:
        errors[needed] = words.text("report_both")
    if page == WHAT and "what" not in errors and too_long(str(filled.get("what", "")), services):
        errors["what"] = too_long(str(filled.get("what", "")), services)
    if page == ABOUT and len(str(filled.get("who", ""))) > LONGEST_NAME:
        errors["who"] = words.text("report_too_long", most=LONGEST_NAME)
    return errors


def too_long(text: str, services: Services) -> str:
    return services.wording.text("report_too_long", most=LONGEST) if len(text) > LONGEST else ""


def reached(filled: Mapping[str, Any], services: Services) -> str:
    """The first page that is not filled in as it should be."""
    return next((p for p in (ABOUT, KIND, WHAT) if errors_on(p, filled, services)), WHO)


def after(page: str, filled: dict[str, Any], services: Services) -> str | None:
    """The page after this one; None where the report can go."""
    if page in (ABOUT, KIND, WHAT):
        if page == ABOUT and filled.get("short"):
            return WHAT
        return ORDER[ORDER.index(page) + 1]
    new = {s.person for s in line_of(filled, services)} - set(filled.get("shown", ()))
    return SURE if new else None


def before(page: str, filled: Mapping[str, Any]) -> str:
    if page == WHAT and filled.get("short"):
        return ABOUT
    return ORDER[max(ORDER.index(page) - 1, 0)]


def marked(filled: Mapping[str, Any]) -> list[str]:
    """Whom the reporter says it is about, or close to, on either page that asks."""
    both = (*filled.get("close", ()), *filled.get("sure", ()))
    return [p for p in dict.fromkeys(both) if p != NOBODY]


def line_of(filled: Mapping[str, Any], services: Services) -> tuple[Step, ...]:
    """Everybody who could get it, first to last."""
    matter = matter_of(content_of(filled, services))
    return path(matter, services.people(), services.today)


def page_of(
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
        alone = not any(step.person for step in line_of(filled, services))
        lines += words.lines("report_who", again=page == SURE, alone=alone)
        if page == WHO and not filled.get("close") and _close(page, filled, services).value:
            lines.append(words.text("report_ticked", typed=str(filled.get("who", ""))))
        lines += [
            step_line(step, n, services) for n, step in enumerate(line_of(filled, services), 1)
        ]
        if not alone:
            lines += words.lines("report_your_name")
    buttons = (
        []
        if page == ABOUT
        else [button("report_back_button", f"/report-back {draft.id} {page}", services)]
    )
    if begun:
        buttons.append(button("report_again_button", f"/report-again {draft.id}", services))
    return Form(
        title=words.text("report_title", page=page),
        says=f"/report-page {draft.id} {page}",
        fields=tuple(
            replace(f, error=errors.get(f.name, "")) for f in fields_of(page, filled, services)
        ),
        submit=words.text("report_submit", last=page in (WHO, SURE)),
        urgent=words.text("report_danger", emergency=services.school.emergency),
        quotes=quotes,
        lines=tuple(lines),
        buttons=tuple(buttons),
    )


def fields_of(page: str, filled: Mapping[str, Any], services: Services) -> tuple[Field, ...]:
    offered = data("report.toml")
    if page == ABOUT:
        options = _options(offered["first"] | offered["about"])
        return (
            field_of("about", FieldKind.CHOICE, services, options, str(filled.get("about", ""))),
            field_of(
                "who", FieldKind.LINE, services, (), str(filled.get("who", "")), optional=True
            ),
        )
    if page == KIND:
        options = _kinds(str(filled.get("about", "")))
        return (field_of("kind", FieldKind.CHOICE, services, options, str(filled.get("kind", ""))),)
    if page == WHAT:
        return (
            field_of("what", FieldKind.TEXT, services, (), str(filled.get("what", ""))),
            field_of(
                "when", FieldKind.CHOICE, services, _options(offered["when"]),
                str(filled.get("when", "")), optional=True,
            ),
            field_of(
                "where", FieldKind.CHOICES, services, _options(offered["where"]),
                tuple(filled.get("where", ())), optional=True,
            ),
            field_of(
                "done", FieldKind.CHOICES, services, _options(offered["done"]),
                tuple(filled.get("done", ())), optional=True,
            ),
        )  # fmt: skip
    field = _close(page, filled, services)
    return (field,) if len(field.options) > 1 else ()  # nobody to ask about


def _close(page: str, filled: Mapping[str, Any], services: Services) -> Field:
    """Whether it is about any of those who could get it. Whom a typed name may mean is chosen already."""
    people = services.people()
    could = [p for s in line_of(filled, services) if (p := people.person(s.person)) is not None]
    chosen: tuple[str, ...] = ()
    if page == SURE:  # somebody marked on this very page is still one of those it asks about
        line = line_of({**filled, "sure": []}, services)
        could = [p for s in line if (p := people.person(s.person)) is not None]
    if page == WHO:
        # Those marked before are out of the line by now and stay among the options.
        gone = [p for i in filled.get("close", ()) if (p := people.person(i)) and p not in could]
        maybe = [m.person for m in match(str(filled.get("who", "")), people) if m.person in could]
        could = [*gone, *could]
        chosen = tuple(p.id for p in gone or maybe)
    nobody = Option(NOBODY, services.wording.text("report_nobody"))
    options = (nobody, *(Option(p.id, p.name) for p in could))
    return field_of(NEEDS_A_VALUE[page], FieldKind.CHOICES, services, options, chosen)


def field_of(
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


def button(template: str, says: str, services: Services) -> Button:
    return Button(services.wording.text(template), says)
