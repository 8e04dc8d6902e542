"""Somebody's reminders, and telling MayI of a day that others are to be reminded of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from bot.chat.model import Button, Card, Event, Field, FieldKind, Form, Option, Reply, Tone
from bot.config import data
from bot.records import items, occasions
from bot.records.items import Item
from bot.records.occasions import Told
from bot.records.store import Transaction
from bot.schedule.reminders import Each, Occurrence, coming
from bot.schedule.rules import label_of
from bot.schedule.words import when_due
from handlers.dates.digest import AT_ONCE, DIGEST
from handlers.dates.occurrences import decide, facts_of
from handlers.dates.told import part, still_asked
from handlers.fields import one, text_of
from handlers.services import Services

SNOOZED = timedelta(days=7)
FURTHEST = timedelta(days=400)
ME, TEAM, STAFF = "me", "team", "staff"


async def reminders(event: Event, rest: str, services: Services) -> Reply:
    """See your reminders, and switch off what is not a duty."""
    if services.person is None:
        return services.refuse()
    words, me = services.wording, services.person.id
    store = await services.records()
    async with store.reading() as conn:
        mine = [
            i for i in await items.open_items(conn, services.school.id, me) if _due(i, services)
        ]
        off = sorted(r for p, r in await items.off(conn, services.school.id) if p == me)
        told = await occasions.ending_after(conn, services.school.id, services.today)
    others = (Button(words.text("remind_button"), "/remind"),) if _kinds(services) else ()
    cards = [Card(words.text("reminders", number=len(mine)), buttons=others)]
    for item in mine:
        said = part(item, services)
        cards.append(Card(said.label, Tone.DO, said.quotes, said.lines, buttons=said.buttons))
    for name in off:
        label = label_of(name, services.school)
        again = Button(words.text("switch_on_button"), f"/switch-on {name}")
        cards.append(Card(words.text("reminders_off", label=label), buttons=(again,)))
    for each in told:
        if each.person == me and each.first >= services.today:
            away = Button(words.text("call_off_button"), f"/call-off {each.id}")
            text = words.text("reminders_occasion", kind=_kind(each.kind), on=each.first)
            cards.append(Card(text, buttons=(away,)))
    return Reply(tuple(cards))


async def got_it(event: Event, rest: str, services: Services) -> Reply:
    """Say that you have read a reminder."""
    item = await _mine(rest, services)
    if item is None:
        return _gone(services)
    store = await services.records()
    async with store.writing() as tx:
        await items.close(tx, [item.id], services.now)
    label = label_of(item.reminder, services.school)
    return await _settled(services.wording.text("got_it", label=label), services)


async def snooze(event: Event, rest: str, services: Services) -> Reply:
    """Be reminded of something again in a week."""
    item = await _mine(rest, services)
    if item is None:
        return _gone(services)
    words, label = services.wording, label_of(item.reminder, services.school)
    if item.duty:
        return Reply((Card(words.text("duty_stays", label=label)),))
    until = services.today + SNOOZED
    store = await services.records()
    async with store.writing() as tx:
        await items.snooze(tx, item.id, until, services.now)
    return await _settled(words.text("snoozed", label=label, until=until), services)


async def switch_off(event: Event, rest: str, services: Services) -> Reply:
    """Not be reminded of something any more."""
    return await _switch(rest, services, off=True)


async def switch_on(event: Event, rest: str, services: Services) -> Reply:
    """Be reminded of something again."""
    return await _switch(rest, services, off=False)


async def remind(event: Event, rest: str, services: Services) -> Reply:
    """Tell MayI of a trip, an event or a closure that others are to be reminded of."""
    if services.person is None:
        return services.refuse()
    if not _kinds(services):
        return Reply((Card(services.wording.text("remind_none")),))
    kind, _, on = rest.partition(" ")
    filled = {"kind": kind} if kind in dict(_kinds(services)) else {}
    if filled and on:
        filled["on"] = on
    return Reply(form=_form(services, filled))


async def set_reminder(event: Event, rest: str, services: Services) -> Reply:
    """Keep a day that others are to be reminded of."""
    if services.person is None:
        return services.refuse()
    words, today = services.wording, services.today
    filled = {name: text_of(one(event.values.get(name, ""))) for name in ("kind", "on", "to")}
    on, errors = _day(filled["on"], today), {}
    if filled["kind"] not in dict(_kinds(services)):
        errors["kind"] = words.text("remind_wrong", field="kind")
    if on is None or not today <= on <= today + FURTHEST:
        errors["on"] = words.text("remind_wrong", field="on")
    if filled["to"] not in {o.value for o in _audiences(services)}:
        errors["to"] = words.text("remind_wrong", field="to")
    if errors or on is None:
        return Reply(form=_form(services, filled, errors))
    me = services.person
    to = {ME: [me.id], TEAM: [f"team:{me.team}"], STAFF: ["staff"]}[filled["to"]]
    store = await services.records()
    async with store.writing() as tx:
        told = await _known(tx, filled["kind"], on, to, services)
        if told is None:
            made = await occasions.add(
                tx,
                services.school.id,
                kind=filled["kind"],
                first=on,
                last=on,
                person=me.id,
                to=to,
                now=services.now,
            )
            told = Told(made, filled["kind"], on, on, me.id, tuple(to))
        happens = _of_occasion(told, services)
        lines = []
        for occurrence in happens:
            people = len(services.people().members(to))
            if occurrence.due <= services.now or on == today:
                people = await _tell_now(tx, occurrence, told, services)
            lines.append(_will(occurrence, people, services))
    card = Card(
        words.text("remind_set", kind=_kind(filled["kind"]), on=on),
        lines=tuple(lines),
        buttons=(Button(words.text("call_off_button"), f"/call-off {told.id}"),),
    )
    return Reply((card,))


async def _known(
    tx: Transaction, kind: str, on: date, to: Sequence[str], services: Services
) -> Told | None:
    """The same day told by the same person before: a form that was sent twice is one occasion."""
    assert services.person is not None
    there = await occasions.ending_after(tx.conn, services.school.id, services.today)
    same = (kind, on, services.person.id, tuple(to))
    return next((t for t in there if (t.kind, t.first, t.person, t.to) == same), None)


async def call_off(event: Event, rest: str, services: Services) -> Reply:
    """Call off a day that you told MayI of."""
    if services.person is None:
        return services.refuse()
    store = await services.records()
    async with store.writing() as tx:
        told = await occasions.ending_after(tx.conn, services.school.id, services.today)
        mine = next((t for t in told if t.id == rest and t.person == services.person.id), None)
        if mine is None:
            return _gone(services)
        await occasions.cancel(tx, services.school.id, mine.id, services.now)
        left = [
            i.id
            for i in await items.open_items(tx.conn, services.school.id)
            if i.filled.get("occasion") == mine.id and i.told is None
        ]
        await items.close(tx, left, services.now, items.State.WITHDRAWN)
    text = services.wording.text("called_off", kind=_kind(mine.kind), on=mine.first)
    return Reply((Card(text),))


async def _tell_now(tx: Transaction, occurrence: Occurrence, told: Told, services: Services) -> int:
    """Decide on an occasion of today and write its messages: they wait for no digest."""
    persons = await decide(tx, occurrence, services, told.to)
    if persons is None:
        return 0
    school = services.school.id
    made = await items.of_occurrences(tx.conn, school, [f"{school}:{occurrence.id}"])
    for item in made:
        await items.told(
            tx,
            [item.id],
            occasion=f"{AT_ONCE}{item.id}",
            school=school,
            person=item.person,
            template=DIGEST,
            now=services.now,
        )
    return len(made)


def _of_occasion(told: Told, services: Services) -> list[Occurrence]:
    """What a school reminds of on an occasion."""
    facts = facts_of(services, [told])
    first = services.today - timedelta(days=60)
    return [o for o in coming(facts, first, told.last) if o.occasion == told.id]


def _will(occurrence: Occurrence, people: int, services: Services) -> str:
    return services.wording.text(
        "remind_will",
        label=label_of(occurrence.reminder, services.school),
        at=services.local(max(occurrence.due, services.now)),
        now=occurrence.due <= services.now or occurrence.on == services.today,
        people=people,
    )


async def _switch(name: str, services: Services, *, off: bool) -> Reply:
    if services.person is None:
        return services.refuse()
    words, rule = services.wording, services.reminders().rule(name)
    label = label_of(name, services.school)
    if rule is None:
        return _gone(services)
    if rule.duty:
        return Reply((Card(words.text("duty_stays", label=label)),))
    store = await services.records()
    async with store.writing() as tx:
        await items.switch(tx, services.school.id, services.person.id, name, off=off)
        if off:
            mine = await items.open_items(tx.conn, services.school.id, services.person.id)
            await items.close(tx, [i.id for i in mine if i.reminder == name], services.now)
    return await _settled(words.text("switched", label=label, off=off), services)


async def _settled(text: str, services: Services) -> Reply:
    """What was done, and what still waits: in Teams it takes the place of the card that named all of them."""
    assert services.person is not None
    words, store = services.wording, await services.records()
    async with store.reading() as conn:
        mine = await items.open_items(conn, services.school.id, services.person.id)
    left = [i for i in mine if _due(i, services) and not _hidden(i, services)]
    if not left:
        return Reply((Card(text),))
    more = words.text("reminders_more", number=len(left))
    button = Button(words.text("reminders_button"), "/reminders")
    return Reply((Card(text, lines=(more,), buttons=(button,)),))


async def _mine(item: str, services: Services) -> Item | None:
    """An open item of whoever is talking."""
    if services.person is None:
        return None
    store = await services.records()
    async with store.reading() as conn:
        found = await items.by_ids(conn, services.school.id, [item.strip()])
    return next(
        (i for i in found if i.person == services.person.id and i.state is items.State.OPEN), None
    )


def _gone(services: Services) -> Reply:
    if services.person is None:
        return services.refuse()
    return Reply((Card(services.wording.text("reminder_gone")),))


def _due(item: Item, services: Services) -> bool:
    over = item.until is not None and item.until <= services.now
    return item.due <= services.now and not over and still_asked(item, services)


def _hidden(item: Item, services: Services) -> bool:
    return item.hidden_until is not None and item.hidden_until > services.today


def _form(services: Services, filled: dict[str, str], errors: dict[str, str] | None = None) -> Form:
    words, errors = services.wording, errors or {}
    fields = (
        Field(
            "kind",
            words.text("remind_field", field="kind"),
            FieldKind.CHOICE,
            tuple(Option(name, label) for name, label in _kinds(services)),
            value=filled.get("kind", ""),
            error=errors.get("kind", ""),
        ),
        Field(
            "on",
            words.text("remind_field", field="on"),
            FieldKind.LINE,
            value=filled.get("on", ""),
            hint=words.text("remind_field", field="on_hint"),
            error=errors.get("on", ""),
        ),
        Field(
            "to",
            words.text("remind_field", field="to"),
            FieldKind.CHOICE,
            _audiences(services),
            value=filled.get("to", ""),
            error=errors.get("to", ""),
        ),
    )
    return Form(
        title=words.text("remind_field", field="title"),
        says="/set-reminder",
        fields=fields,
        submit=words.text("remind_field", field="submit"),
        lines=words.lines("remind_opening"),
    )


def _kinds(services: Services) -> list[tuple[str, str]]:
    """The occasions that the school reminds of, with their labels."""
    table = data("reminders.toml")["occasions"]
    used = dict.fromkeys(
        r.when.occasion for r in services.reminders().rules if r.when.each is Each.OCCASION
    )
    return [(name, str(table[name]["label"])) for name in table if name in used]


def _kind(name: str) -> str:
    return str(data("reminders.toml")["occasions"].get(name, {}).get("label", name))


def _audiences(services: Services) -> tuple[Option, ...]:
    """Whom somebody may have reminded: themselves, their team; all staff, where they hold a role."""
    assert services.person is not None
    words, me = services.wording, services.person
    found = [ME]
    if me.team:
        found.append(TEAM)
    if services.people().roles_of(me.id):
        found.append(STAFF)
    return tuple(
        Option(name, words.text("remind_field", field=f"to_{name}", team=me.team)) for name in found
    )


def _day(text: str, today: date) -> date | None:
    """A day as people type it: today, tomorrow, 2026-12-03, 3 December, 03/12/2026."""
    said = text.strip().casefold()
    if said in ("today", "now"):
        return today
    if said == "tomorrow":
        return today + timedelta(days=1)
    try:
        return date.fromisoformat(said)
    except ValueError:
        pass
    if not re.search(r"\b[0-3]?\d(st|nd|rd|th)?\b", said):  # a month alone is no day
        return None
    found = when_due(said)
    if found is None and (with_year := when_due(f"{said} {today.year}")) is not None:
        return with_year if with_year >= today else when_due(f"{said} {today.year + 1}")
    return found
