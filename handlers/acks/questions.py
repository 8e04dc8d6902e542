"""A question about a policy before it is confirmed, or that somebody cannot agree: kept, and taken to its owner.

The message that tells the owner holds a reference; what was written is read only where it leaves no copy.
"""

from __future__ import annotations

from bot.chat.model import Button, Card, Event, Field, FieldKind, Form, Option, Reply, Tone
from bot.records import acks, messages
from bot.records.acks import Ack, Kind
from bot.records.audit import Action
from bot.records.store import Transaction
from handlers.acks.acknowledge import acknowledge, reading_at
from handlers.acks.acknowledged import said
from handlers.acks.outstanding import leader_of
from handlers.acks.pages import Place, Reading
from handlers.fields import one, text_of
from handlers.reports.delivery import note
from handlers.reviews import owners
from handlers.services import Services

LONGEST = 3_000  # characters of a question
KINDS = (Kind.QUESTION, Kind.DECLINED)


async def acknowledge_question(event: Event, rest: str, services: Services) -> Reply:
    """Ask the owner of a policy something, or say that you cannot agree."""
    place = Place.of(rest)
    if services.person is None or place is None:
        return await acknowledge(event, "", services)
    kind, text = one(event.values.get("kind", "")), text_of(event.values.get("text", ""))
    store = await services.records()
    async with store.writing() as tx:
        reading = await reading_at(tx, place, services)
        if isinstance(reading, Reply):
            return reading
        if "kind" not in event.values and not text:
            return Reply(form=_form(place, reading, services))
        wrong = {"kind"} if kind not in KINDS else set()
        wrong |= {"text"} if not 0 < len(text) <= LONGEST else set()
        if wrong:
            return Reply(form=_form(place, reading, services, kind, text, wrong))
        return await _keep(tx, event, reading, Kind(kind), text, services)


async def acknowledge_asked(event: Event, rest: str, services: Services) -> Reply:
    """Read what somebody asked about a policy of yours."""
    if services.person is None:
        return services.refuse()
    store, words = await services.records(), services.wording
    async with store.writing() as tx:
        ack = await acks.by_reference(
            tx.conn, tx.sealer, services.school.id, acks.as_reference(rest)
        )
        if (
            ack is None
            or ack.kind not in KINDS
            or services.person.id not in _readers(ack, services)
        ):
            await note(tx, services, Action.REFUSED, ack.reference if ack else "")
            return Reply((Card(words.text("acknowledge_asked_refused")),))
        await note(tx, services, Action.OPENED, ack.reference)
    lines = words.lines(
        "acknowledge_asked",
        ack=ack,
        at=services.local(ack.at),
        text="\n".join(f"> {line}".rstrip() for line in ack.said.text.splitlines()),
    )
    return Reply((Card(lines[0], Tone.DO, lines=lines[1:], confidential=True),))


async def _keep(
    tx: Transaction, event: Event, reading: Reading, kind: Kind, text: str, services: Services
) -> Reply:
    stand, words = reading.stand, services.wording
    ack, made = await acks.record(
        tx,
        school=services.school.id,
        person=stand.person.id,
        wording=reading.text.wording,
        year=reading.year,
        kind=kind,
        said=said(stand.person, stand, event, services, text=text),
        now=services.now,
    )
    to = _readers(ack, services)
    for person in to if made else ():
        await messages.add(
            tx,
            occasion=f"ack:{ack.id}:{person}",
            school=services.school.id,
            person=person,
            template="acknowledge_question",
            filled={
                "reference": ack.reference,
                "title": ack.said.title,
                "declined": kind is Kind.DECLINED,
            },
            now=services.now,
        )
    people = services.people()
    lines = words.lines(
        "acknowledge_question_kept",
        ack=ack,
        to=[p.name for i in to if (p := people.person(i)) is not None],
        due=stand.due,
    )
    to_list = (Button(words.text("acknowledge_button"), "/acknowledge"),)
    return Reply((Card(lines[0], Tone.DO, lines=lines[1:], buttons=to_list),))


def _readers(ack: Ack, services: Services) -> tuple[str, ...]:
    """Who answers for the policy; where that is the one who asks, whoever they answer to."""
    found = tuple(i for i in owners(ack.policy, services) if i != ack.person)
    return found or tuple(filter(None, (leader_of(ack.person, services.people()),)))


def _form(
    place: Place,
    reading: Reading,
    services: Services,
    kind: str = "",
    text: str = "",
    wrong: set[str] | frozenset[str] = frozenset(),
) -> Form:
    words = services.wording

    def error(name: str) -> str:
        if name not in wrong:
            return ""
        return words.text("acknowledge_question_wrong", field=name, most=LONGEST)

    options = tuple(Option(k, words.text("acknowledge_field", field=k.value)) for k in KINDS)
    return Form(
        title=words.text("acknowledge_title"),
        says=f"/acknowledge-question {place}",
        fields=(
            Field(
                "kind",
                words.text("acknowledge_field", field="kind"),
                FieldKind.CHOICE,
                options,
                kind,
                error=error("kind"),
            ),
            Field(
                "text",
                words.text("acknowledge_field", field="text"),
                FieldKind.TEXT,
                value=text[:LONGEST],
                error=error("text"),
            ),
        ),
        submit=words.text("acknowledge_question_submit"),
        lines=words.lines("acknowledge_asking", title=reading.text.shown.title),
        buttons=(Button(words.text("report_back_button"), f"/acknowledge-read {place}"),),
    )
