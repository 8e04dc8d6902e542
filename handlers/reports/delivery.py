"""Who has a report, who gets it next and when; and who may look at it.

The clock and every handler decide through this module, inside one transaction, from the report as it
is and the roster as it is today. A person who may not have it is skipped here for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from bot.config import data
from bot.people.roles import About, Matter, Step, kept_out, may_hold, path
from bot.records import messages, reports
from bot.records.audit import Action, append
from bot.records.reports import Content, Delivery, Report, State
from bot.records.store import Transaction
from handlers.services import Services

_DAY = timedelta(days=1)
_HALF_A_DAY = timedelta(hours=4)  # of working time: the LADO is to be told within one working day
WORKING_DAY = timedelta(hours=8)
_ASKED_FOR = timedelta(days=7)  # how long a reporter is asked whether they rang


@dataclass(frozen=True, slots=True)
class Case:
    """A report with everybody it was delivered to."""

    report: Report
    found: tuple[Delivery, ...]

    @property
    def matter(self) -> Matter:
        """What routing needs to know of it."""
        return matter_of(
            self.report.content, frozenset(d.person for d in self.found if d.declined is not None)
        )

    @property
    def urgent(self) -> bool:
        return urgent(self.report.content.kind)


def urgent(kind: str) -> bool:
    """Whether a kind of report cannot wait for working hours."""
    return bool(data("incidents.toml").get(kind, {}).get("urgent"))


def matter_of(content: Content, conflicts: frozenset[str] = frozenset()) -> Matter:
    """What routing needs to know of a report's content."""
    return Matter(
        about=About(content.about),
        kind=content.kind,
        reporter=content.reporter,
        named=frozenset(content.named),
        skipped=frozenset(content.skipped),
        conflicts=conflicts,
    )


async def case_of(tx: Transaction, report: Report) -> Case:
    """A report with its deliveries."""
    return Case(report, tuple(await reports.deliveries_of(tx.conn, report.id)))


def readers(case: Case, services: Services) -> list[Delivery]:
    """The recipients who may look at a report today, in the order they got it."""
    people = services.people()
    out = kept_out(case.matter, people)
    return [
        d
        for d in case.found
        if d.person
        and d.declined is None
        and d.person not in out
        and may_hold(d.person, d.role, people)
    ]


def state(case: Case, services: Services) -> State:
    """How far a report has come with those who may read it today, or with the office outside."""
    able = {d.id for d in readers(case, services)}
    live = [d for d in case.found if d.id in able or not d.person]
    return reports.state_of(live, closed=case.report.state is State.CLOSED)


def spoken(role: str, person_id: str, services: Services, *, named: bool = True) -> str:
    """A role as somebody has it: its title, whether they stand in, and their name where that is wanted."""
    people = services.people()
    holding, person = people.holding(role), people.person(person_id)
    office = people.office(role) if person is None else None
    titled = services.school.role(role)
    return services.wording.text(
        "role",
        title=office.name or office.title if office else titled.title,
        article=titled.article,
        name=person.name if person and named else "",
        deputy=bool(holding and person_id not in holding.holders and person),
    )


def delivery_to(case: Case, services: Services) -> Delivery | None:
    """The delivery by which the person who is talking may look at a report, or None."""
    person = services.person.id if services.person else ""
    return next((d for d in readers(case, services) if d.person == person), None)


async def send(tx: Transaction, draft: str, content: Content, services: Services) -> Report:
    """Write a report and hand it to its first recipient. The same draft sent again is the same report."""
    before = await reports.submitted(tx, draft)
    if before is not None:
        return before
    report = await reports.create(
        tx,
        draft,
        services.school.id,
        content,
        keep_until=_years_after(services.today, keep_years(content.kind, services)),
        now=services.now,
    )
    await note(tx, services, Action.SUBMITTED, report.reference, actor=content.reporter)
    await hand_on(tx, Case(report, ()), services)
    return (await reports.by_id(tx.conn, tx.sealer, report.id)) or report


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # the 29th of February
        return date(day.year + years, 3, 1)


def keep_years(kind: str, services: Services) -> int:
    """How long a report of a kind is kept after it was sent, in years."""
    table = services.school.settings.get("reports", {}).get("kinds", {}).get(kind, {})
    years = table.get("keep_years", data("incidents.toml").get(kind, {}).get("keep_years", 7))
    return int(years)


async def look(tx: Transaction, report_id: str, services: Services) -> None:
    """Do what is due on a report: remind, pass on, hand to somebody new; then say when to look again."""
    report = await reports.by_id(tx.conn, tx.sealer, report_id)
    if report is None or report.state is State.CLOSED:
        if report is not None:
            await reports.change(tx, report.id, due=None)
        return
    case = await case_of(tx, report)
    able = [d for d in readers(case, services) if d.failed is None or d.opened is not None]
    if not able:
        await hand_on(tx, case, services)
    elif any(d.acknowledged for d in able):
        await _settle(tx, case, services, due=services.now + _DAY)
    else:
        await _wait_for(tx, case, able, services)


async def _wait_for(
    tx: Transaction, case: Case, able: Sequence[Delivery], services: Services
) -> None:
    """Somebody has it and has not taken it on: remind them when due, then pass it on."""
    last = max(able, key=_since)
    since, opened = _since(last), last.opened is not None
    if since > services.now:  # a clock ran ahead meanwhile and was put right
        since = min(case.report.created, services.now)
    hours, patience = services.hours(), services.patience()
    pass_on = patience.pass_on_at(since, hours, urgent=case.urgent, opened=opened)
    remind = patience.remind_at(since, hours, urgent=case.urgent, opened=opened)
    reminded = last.reminded is not None and last.reminded >= since
    if services.now >= pass_on:
        await hand_on(tx, case, services)
        return
    if services.now >= remind and not reminded:
        await reports.mark(tx, last.id, reminded=services.now)
        await note(tx, services, Action.REMINDED, case.report.reference, actor="", detail=last.role)
        occasion = f"{last.id}:reminder:{int(since.timestamp())}"
        await _tell_reader(tx, services, case, last, "report_reminder", occasion)
        reminded = True
    due = pass_on if reminded else remind
    await _settle(tx, case, services, due=max(due, services.now + timedelta(minutes=1)))


def _since(delivery: Delivery) -> datetime:
    return delivery.opened or delivery.created


def _next(case: Case, services: Services) -> Step | None:
    """The next in line who has not had it: those present before those away; None once the line is through."""
    had = {d.person for d in case.found}
    left = [
        step
        for step in path(case.matter, services.people(), services.today)
        if step.person not in had
    ]
    inside = [step for step in left if step.person]
    present = [step for step in inside if step.away_until is None]
    return next(iter(present or inside or left), None)


async def hand_on(tx: Transaction, case: Case, services: Services) -> None:
    """Give a report to the next in line, tell them, and tell the reporter in neutral words."""
    step = _next(case, services)
    if step is None:
        await _outside(tx, case, services)
        return
    first = not case.found
    made = await reports.deliver(
        tx, case.report.id, person=step.person, role=step.role, now=services.now
    )
    case = replace(case, found=(*case.found, made))
    action = Action.DELIVERED if first else Action.PASSED_ON
    await note(tx, services, action, case.report.reference, actor=step.person, detail=step.role)
    if not step.person:
        await _outside(tx, case, services)
        return
    await _tell_reader(tx, services, case, made, "report_new", f"{made.id}:new", delivery=made.id)
    if not first:
        await tell_reporter(tx, services, case, "report_passed_on", made)
    hours, patience = services.hours(), services.patience()
    due = patience.remind_at(services.now, hours, urgent=case.urgent, opened=False)
    await _settle(tx, case, services, due=due)


async def _outside(tx: Transaction, case: Case, services: Services) -> None:
    """Nobody in the school can have it: the reporter rings, and is asked within a working day whether they did."""
    office = next(d for d in case.found if not d.person)
    if office.sent is not None or any(d.acknowledged for d in readers(case, services)):
        await _settle(tx, case, services, due=services.now + _DAY)
        return
    hours = services.hours()
    again = hours.after(office.reminded or office.created, _HALF_A_DAY)
    if office.reminded is None:
        await reports.mark(tx, office.id, reminded=services.now)
        await tell_reporter(tx, services, case, "report_outside", office)
    elif services.now >= again and services.now < office.created + _ASKED_FOR:
        await reports.mark(tx, office.id, reminded=services.now)
        await tell_reporter(
            tx, services, case, "report_outside_reminder", office, again=services.now
        )
    await _settle(tx, case, services, due=hours.after(services.now, _HALF_A_DAY))


async def _settle(tx: Transaction, case: Case, services: Services, *, due: datetime) -> None:
    """Write how far a report has come and when the clock looks again."""
    now = await case_of(tx, case.report)
    await reports.change(tx, case.report.id, state=state(now, services), due=due)


async def settle(tx: Transaction, case: Case, services: Services) -> None:
    """After somebody did something: write how far it has come, and have the clock look at once."""
    await _settle(tx, case, services, due=services.now)


async def _tell_reader(
    tx: Transaction,
    services: Services,
    case: Case,
    to: Delivery,
    template: str,
    occasion: str,
    *,
    delivery: str | None = None,
) -> None:
    role = spoken(to.role, to.person, services, named=False)
    await _tell(tx, services, case, to.person, template, occasion, role, delivery)


async def _tell(
    tx: Transaction,
    services: Services,
    case: Case,
    person: str,
    template: str,
    occasion: str,
    role: str,
    delivery: str | None = None,
) -> None:
    await messages.add(
        tx,
        occasion=occasion,
        school=services.school.id,
        person=person,
        template=template,
        filled={
            "reference": case.report.reference,
            "role": role,
            "urgent": case.urgent,
        },
        now=services.now,
        delivery=delivery,
    )


async def tell_reporter(
    tx: Transaction,
    services: Services,
    case: Case,
    template: str,
    delivery: Delivery,
    *,
    again: datetime | None = None,
) -> None:
    """Tell the reporter how their report goes on, in words that give nothing away."""
    occasion = f"{delivery.id}:{template}" + (f":{int(again.timestamp())}" if again else "")
    role = spoken(delivery.role, delivery.person, services)
    await _tell(tx, services, case, case.report.content.reporter, template, occasion, role)


async def tell_readers(
    tx: Transaction, services: Services, case: Case, template: str, occasion: str
) -> None:
    """Tell everybody who has a report that something was added to it."""
    for d in readers(case, services):
        await _tell_reader(tx, services, case, d, template, f"{d.id}:{occasion}")


async def note(
    tx: Transaction,
    services: Services,
    action: Action,
    reference: str,
    *,
    actor: str | None = None,
    detail: str = "",
) -> None:
    """Write a line of the audit trail; by default the person who is talking did it."""
    person = services.person.id if services.person else ""
    await append(
        tx,
        tx.sealer,
        at=services.now,
        school=services.school.id,
        actor=person if actor is None else actor,
        action=action,
        about=reference,
        detail=detail,
    )
