"""Exceptions: a leader declares that somebody need not confirm this time. It is marked as that, and is never "read"."""

from __future__ import annotations

from datetime import date

from bot.chat.model import Card, Event, Field, FieldKind, Form, Option, Reply, Tone
from bot.people.roster import Person
from bot.records import acks
from bot.records.acks import Kind
from bot.records.audit import Action
from bot.schedule.words import when_due
from handlers.acks.acknowledged import close_items, said
from handlers.acks.outstanding import Picture, Stand, may_except, picture
from handlers.fields import many, one, text_of
from handlers.reports.delivery import note
from handlers.services import Services

ABSENCE, PAPER, OTHER = "absence", "paper", "other"
REASONS = (ABSENCE, PAPER, OTHER)
LONGEST = 1_000  # characters of a reason


async def acknowledge_except(event: Event, rest: str, services: Services) -> Reply:
    """Declare that somebody of yours need not confirm a policy this time."""
    if services.person is None:
        return services.refuse()
    words, leader = services.wording, services.person
    store = await services.records()
    whom = rest.strip() or one(event.values.get("person", ""))
    async with store.writing() as tx:
        found = await picture(tx, services)
        if found is None:
            return Reply((Card(words.text("acknowledge_off", school=services.school.name)),))
        if not whom:
            return _choose(found, leader, services)
        person = services.people().person(whom)
        if person is None or not may_except(leader.id, person.id, services.people()):
            await note(tx, services, Action.REFUSED, "")
            return Reply((Card(words.text("except_refused")),))
        owed = found.owed_by(person.id)
        if not owed:
            return Reply((Card(words.text("except_nothing", name=person.name)),))
        if "reason" not in event.values:
            return Reply(form=_form(person, owed, services))
        filled: dict[str, str | tuple[str, ...]] = {
            "policies": tuple(many(event.values.get("policies", ()))),
            "reason": one(event.values.get("reason", "")),
            "on": text_of(event.values.get("on", "")),
            "text": text_of(event.values.get("text", "")),
        }
        wrong = _wrong(filled, owed, services.today)
        if wrong:
            return Reply(form=_form(person, owed, services, filled, wrong))
        chosen = [s for s in owed if s.policy in filled["policies"]]
        await close_items(tx, services, person.id, found, tuple(s.policy for s in chosen))
        day = when_due(str(filled["on"])) if filled["reason"] == PAPER else None
        made = []
        for stand in chosen:
            ack, _ = await acks.record(
                tx,
                school=services.school.id,
                person=person.id,
                wording=stand.wording,
                year=found.year,
                kind=Kind.EXCEPTED,
                said=said(
                    person,
                    stand,
                    event,
                    services,
                    by=leader,
                    reason=str(filled["reason"]),
                    on=day.isoformat() if day else "",
                    text=str(filled["text"]),
                ),
                now=services.now,
            )
            made.append(ack)
    lines = words.lines("except_kept", name=person.name, made=made, by=leader.name)
    return Reply((Card(lines[0], Tone.DO, lines=lines[1:]),))


def _choose(found: Picture, leader: Person, services: Services) -> Reply:
    """Whom it is for: everybody who owes something and answers to this person."""
    people = services.people()
    owing = {s.person.id: s.person for s in found.stands if s.owed}
    mine = [p for p in owing.values() if may_except(leader.id, p.id, people)]
    if not mine:
        return Reply((Card(services.wording.text("except_nobody")),))
    options = tuple(Option(p.id, p.name) for p in mine)
    field = Field(
        "person", services.wording.text("except_field", field="person"), FieldKind.CHOICE, options
    )
    return Reply(
        form=Form(
            title=services.wording.text("except_title"),
            says="/acknowledge-except",
            fields=(field,),
            submit=services.wording.text("acknowledge_submit", last=False),
        )
    )  # fmt: skip


def _wrong(
    filled: dict[str, str | tuple[str, ...]], owed: tuple[Stand, ...], today: date
) -> set[str]:
    wrong = set()
    if not filled["policies"] or set(filled["policies"]) - {s.policy for s in owed}:
        wrong.add("policies")
    if filled["reason"] not in REASONS:
        wrong.add("reason")
    day = when_due(str(filled["on"]))
    if filled["reason"] == PAPER and (day is None or day > today):
        wrong.add("on")
    if len(filled["text"]) > LONGEST or (filled["reason"] == OTHER and not filled["text"]):
        wrong.add("text")
    return wrong


def _form(
    person: Person,
    owed: tuple[Stand, ...],
    services: Services,
    filled: dict[str, str | tuple[str, ...]] | None = None,
    wrong: set[str] | frozenset[str] = frozenset(),
) -> Form:
    words = services.wording
    held = filled or {"policies": tuple(s.policy for s in owed)}

    def field(name: str, kind: FieldKind, options: tuple[Option, ...] = ()) -> Field:
        label, *hint = words.lines("except_field", field=name)
        error = words.text("except_wrong", field=name, most=LONGEST) if name in wrong else ""
        return Field(
            name, label, kind, options, held.get(name, ""), " ".join(hint),
            optional=name in ("on", "text"), error=error,
        )  # fmt: skip

    policies = tuple(Option(s.policy, s.title) for s in owed)
    reasons = tuple(Option(r, words.text("except_reason", reason=r)) for r in REASONS)
    return Form(
        title=words.text("except_title"),
        says=f"/acknowledge-except {person.id}",
        fields=(
            field("policies", FieldKind.CHOICES, policies),
            field("reason", FieldKind.CHOICE, reasons),
            field("on", FieldKind.LINE),
            field("text", FieldKind.TEXT),
        ),
        submit=words.text("except_submit"),
        lines=words.lines("except_form", name=person.name),
    )
