"""Reading policies and confirming them: one list of what is outstanding, read in place, each confirmed by oneself.

What is confirmed is the text that was shown, and by whoever it was shown to: a page carries both, and neither
is taken from anywhere else.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.chat.model import Button, Card, Event, Reply, Tone
from bot.errors import BadSettings
from bot.policy.readable import read_text
from bot.records import acks
from bot.records.acks import Kind
from bot.records.store import Transaction
from bot.schedule.rounds import Standing
from handlers.acks.acknowledged import close_items, said, why
from handlers.acks.outstanding import Picture, Stand, picture
from handlers.acks.pages import (
    ASK,
    Place,
    Reading,
    checks_of,
    page_form,
    wrong_answers,
)
from handlers.ask import ask
from handlers.fields import one, text_of
from handlers.services import Services

log = logging.getLogger(__name__)


async def acknowledge(event: Event, rest: str, services: Services) -> Reply:
    """Read and confirm the policies that await you."""
    if services.person is None:
        return services.refuse()
    me, words = services.person.id, services.wording
    store = await services.records()
    async with store.writing() as tx:
        found = await picture(tx, services, me)
    if found is None:
        return Reply((Card(words.text("acknowledge_off", school=services.school.name)),))
    owed = found.owed_by(me)
    if not owed:
        early = tuple(s for s in found.stands if counts_for(s, found) is not None)
        lines = words.lines(
            "acknowledge_none",
            stands=found.stands,
            early=early,
            year=found.early,
            local=services.local,
        )
        buttons = _to_read(early, services)
        return Reply((Card(lines[0], Tone.YES, lines=lines[1:], buttons=buttons),))
    quotes = {s.policy: why(s.policy, services) for s in owed}
    lines = words.lines(
        "acknowledge_list",
        school=services.school.name,
        owed=owed,
        asks=[policy for policy, clause in quotes.items() if clause],
        today=services.today,
    )
    return Reply(
        (
            Card(
                lines[0],
                Tone.DO,
                quotes=tuple(dict.fromkeys(filter(None, quotes.values()))),
                lines=lines[1:],
                buttons=_to_read(owed, services),
            ),
        )
    )


async def home_card(services: Services) -> Card | None:
    """What stands at home of the policies that await the person who is talking; None where nothing does."""
    if services.person is None:
        return None
    try:
        store = await services.records()
        async with store.writing() as tx:
            found = await picture(tx, services, services.person.id)
    except BadSettings as e:  # home shows the rest
        log.warning("%s", e)
        return None
    owed = found.owed_by(services.person.id) if found else ()
    if not owed:
        return None
    words = services.wording
    due = min((s.due for s in owed if s.due), default=None)
    to_list = Button(words.text("acknowledge_button"), "/acknowledge")
    return Card(words.text("home_acknowledge", owed=owed, due=due), Tone.DO, buttons=(to_list,))


async def acknowledge_read(event: Event, rest: str, services: Services) -> Reply:
    """Read a policy, from a page on; where only the policy is named, from its beginning."""
    if services.person is None:
        return await acknowledge(event, "", services)
    place = Place.of(rest) or Place(rest.strip(), "", 0, services.person.id)
    store = await services.records()
    async with store.writing() as tx:
        reading = await reading_at(tx, place, services)
    if isinstance(reading, Reply):
        return reading
    moved = bool(place.digest) and reading.digest != place.digest
    return Reply(form=page_form(reading, 0 if moved else place.page, services, moved=moved))


async def acknowledge_page(event: Event, rest: str, services: Services) -> Reply:
    """Go on reading, ask something on the way, or confirm what you have read."""
    place = Place.of(rest)
    if services.person is None or place is None:
        return await acknowledge(event, "", services)
    question = text_of(event.values.get(ASK, ""))
    store = await services.records()
    async with store.writing() as tx:
        reading = await reading_at(tx, place, services)
        if isinstance(reading, Reply):
            return reading
        if reading.digest != place.digest:
            return Reply(form=page_form(reading, 0, services, moved=True))
        last = place.page >= reading.last
        wrong = wrong_answers(reading.checks, event.values, services) if last else {}
        if last and not question and not wrong:
            return await _confirm(tx, event, reading, services)
    filled = {name: one(value) for name, value in event.values.items() if name != ASK}
    if question:
        answered = await ask(replace(event, text=question, values={}), question, services)
        form = page_form(reading, place.page, services, asked=place.asked + 1, filled=filled)
        return Reply(tuple(_on_the_way(c, event) for c in answered.cards), form)
    if wrong:
        return Reply(
            form=page_form(
                reading, place.page, services, asked=place.asked, filled=filled, errors=wrong
            )
        )
    return Reply(form=page_form(reading, place.page + 1, services))


async def reading_at(tx: Transaction, place: Place, services: Services) -> Reading | Reply:
    """The policy at a place as the person who is talking reads it; else what they are told instead."""
    words, person = services.wording, services.person
    to_list = (Button(words.text("acknowledge_button"), "/acknowledge"),)
    if person is None or place.person != person.id:
        return Reply((Card(words.text("acknowledge_not_yours"), buttons=to_list),))
    found = await picture(tx, services, person.id)
    stand = next((s for s in found.stands if s.policy == place.policy), None) if found else None
    if found is None or stand is None:
        return Reply((Card(words.text("acknowledge_not_asked"), buttons=to_list),))
    year = counts_for(stand, found)
    if year is None:
        lines = words.lines("acknowledge_settled", stand=stand, local=services.local)
        return Reply((Card(lines[0], Tone.YES, lines=lines[1:], buttons=to_list),))
    text = found.texts[stand.policy]
    mine = await acks.all_of(
        tx.conn, tx.sealer, services.school.id, person=person.id, policy=stand.policy
    )
    last = next((a for a in reversed(mine) if a.kind is Kind.CONFIRMED), None)
    before = None
    if last is not None and last.digest != text.wording.digest:
        kept = await acks.text_of(tx.conn, services.school.id, stand.policy, last.digest)
        before = read_text(kept) if kept else None
    checks = checks_of(text, found.asking.questions, person.id, year)
    return Reading(stand, text, before, last is not None, checks, year, found)


def counts_for(stand: Stand, found: Picture) -> int | None:
    """The year of asking that a confirmation would count for today; None where there is nothing to confirm."""
    if stand.owed or stand.standing is Standing.EXCEPTED:
        return found.year
    if found.early is None or (stand.signed is not None and stand.signed.year >= found.early):
        return None
    return found.early


async def _confirm(tx: Transaction, event: Event, reading: Reading, services: Services) -> Reply:
    """Keep that the person who is talking has read this very text."""
    stand, words = reading.stand, services.wording
    person = stand.person
    left = await close_items(tx, services, person.id, reading.found, (stand.policy,))
    ack, made = await acks.record(
        tx,
        school=services.school.id,
        person=person.id,
        wording=reading.text.wording,
        year=reading.year,
        kind=Kind.CONFIRMED,
        said=said(person, stand, event, services),
        now=services.now,
    )
    lines = words.lines(
        "acknowledge_receipt",
        ack=ack,
        at=services.local(ack.at),
        made=made,
        due=stand.due if stand.owed and stand.due and stand.due < services.today else None,
        early=reading.year if reading.year != reading.found.year else None,
        left=left,
    )
    keep = Button(words.text("certificate_button", title=""), f"/certificate {ack.reference}")
    buttons = (*_to_read(left, services), keep)
    return Reply((Card(lines[0], Tone.YES, lines=lines[1:], buttons=buttons),))


def _on_the_way(card: Card, event: Event) -> Card:
    """An answer above the page: without the buttons that would lead away from it, but for a report."""
    reports = event.via != "pages"  # nobody writes a report there
    return replace(card, buttons=tuple(b for b in card.buttons if reports and "report" in b.says))


def _to_read(stands: Sequence[Stand], services: Services) -> tuple[Button, ...]:
    """A button for each policy that is to be read."""
    several = len(stands) > 1
    return tuple(
        Button(
            services.wording.text("acknowledge_read_button", title=s.title if several else ""),
            f"/acknowledge-read {s.policy}",
        )
        for s in stands
    )
