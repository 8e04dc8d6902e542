"""The digest: what one person is to be told on one day, in one message, duties first.

It goes on a staff day, from the school's hour on and in working hours, to whoever is at work and not away;
what does not fit waits for the next one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from bot.chat.model import Button, Card, Tone
from bot.people.roster import Person
from bot.records import items
from bot.records.items import Item, State
from bot.records.messages import Message, NotSent
from handlers.dates.told import part, still_asked
from handlers.services import Services

DIGEST = "digest"
AT_ONCE = "now:"  # the occasion of a message begins with it that waits for no digest
DAY = timedelta(days=1)
log = logging.getLogger(__name__)


async def send_digests(services: Services) -> None:
    """Close what is over or no longer asked for; on a working day, tell everybody what is new for them."""
    store, now, today = await services.records(), services.now, services.today
    school = services.school.id
    async with store.reading() as conn:
        open_ = await items.open_items(conn, school)
        off = await items.off(conn, school) if open_ else frozenset()
    if not open_:
        return
    withdrawn = [i.id for i in open_ if not still_asked(i, services)]
    over = any(i.until is not None and i.until <= now for i in open_)
    if withdrawn or over or any(i.message for i in open_):
        async with store.writing() as tx:
            await items.close(tx, withdrawn, now, State.WITHDRAWN)
            missed = await items.pass_by(tx, school, now)
            again = await items.take_back(tx, school, now)
            open_ = await items.open_items(tx.conn, school)
        if missed:
            log.warning("%s: %d items were too late to be told", school, missed)
        if again:
            log.warning("%s: %d items are told again: their message did not go", school, again)
    if not _time_for_it(services):
        return
    for person, waiting in _by_person(open_):
        told = [i for i in waiting if _now(i, services, off)]
        if told and _there(services.people().person(person), today):
            chosen = told[: services.reminders().most]
            async with store.writing() as tx:
                await items.told(
                    tx,
                    [i.id for i in chosen],
                    occasion=f"{DIGEST}:{short(school, person)}:{today}",
                    school=school,
                    person=person,
                    template=DIGEST,
                    now=now,
                )


async def card(message: Message, services: Services) -> Card | None:
    """The card of a digest, without what was settled meanwhile; None where nothing is left to tell.

    Raises NotSent where it came too late for the day, or its reader is not there any more: what it tells goes
    into their next digest.
    """
    _hold_back(message, services)
    store = await services.records()
    async with store.reading() as conn:
        found = await items.by_ids(conn, services.school.id, message.filled.get("items", ()))
    left = [i for i in found if i.state is State.OPEN and still_asked(i, services)]
    if not left:
        return None
    words = services.wording
    parts = [part(i, services) for i in left]
    alone = len(parts) == 1
    lines: list[str] = []
    buttons: list[Button] = []
    for number, each in enumerate(parts, 1):
        if alone:
            lines += each.lines
            buttons += each.buttons
        else:  # each with its own clause: of several quotations nobody knows whose they are
            lines.append(words.text("digest_line", number=number, part=each))
            buttons += [_named(b, each.about) for b in each.buttons[:1]]
    if not alone:
        buttons.append(Button(words.text("reminders_button"), "/reminders"))
    if message.repeat:
        lines.append(words.text("repeated"))
    labels = [p.label for p in parts]
    return Card(
        words.text("digest", labels=labels, school=services.school.name),
        Tone.DO,
        quotes=parts[0].quotes if alone else (),
        lines=tuple(lines),
        buttons=tuple(buttons),
    )


def _time_for_it(services: Services) -> bool:
    """Whether digests go out at this moment."""
    calendar, now = services.calendar(), services.now
    hours = services.hours()
    local = now.astimezone(hours.zone)
    return (
        calendar.is_staff_day(local.date())
        and services.reminders().at <= local.time() < hours.closes
    )


def _hold_back(message: Message, services: Services) -> None:
    """Raise NotSent where a digest may not reach its reader at this moment."""
    person, today = services.people().person(message.person), services.today
    at_once = message.occasion.startswith(AT_ONCE)
    if person is None or (_there(person, today) and (at_once or _time_for_it(services))):
        return
    if not message.repeat:
        raise NotSent("not-now", for_good=True)
    # It may have arrived: only this very message can say so, when the time has come.
    back = person.away_until(today)
    calendar, at = services.calendar(), services.reminders().at
    early = services.local(services.now).time() < at
    day = back + DAY if back else today if early else today + DAY
    moment = datetime.combine(calendar.next_staff_day(day), at, services.hours().zone)
    raise NotSent("not-now", retry_after=moment - services.now)


def _by_person(open_: Sequence[Item]) -> Iterable[tuple[str, list[Item]]]:
    """Everybody's open items; each person's stay in their order."""
    for person, mine in groupby(sorted(open_, key=lambda i: i.person), key=lambda i: i.person):
        yield person, list(mine)


def _now(item: Item, services: Services, off: frozenset[tuple[str, str]]) -> bool:
    """Whether an item belongs into a digest of this moment."""
    return (
        item.told is None
        and item.due <= services.now
        and (item.hidden_until is None or item.hidden_until <= services.today)
        and (item.duty or (item.person, item.reminder) not in off)
    )


def _there(person: Person | None, today: date) -> bool:
    return person is not None and person.at_work(today) and person.away_until(today) is None


def _named(button: Button, about: str) -> Button:
    """A button that says what it belongs to, where it stands among others."""
    return Button(f"{button.label}: {about}"[:75], button.says) if about else button


def short(*names: str) -> str:
    """A name for several that is always as long: the occasion of a message has room for no more."""
    return hashlib.blake2b("\n".join(names).encode(), digest_size=16).hexdigest()
