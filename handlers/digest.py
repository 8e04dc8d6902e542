"""The digest: what one person is to be told on one day, in one message, duties first.

It goes on a staff day, from the school's hour on and in working hours, to whoever is at work and not away;
what does not fit waits for the next one.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from bot.chat.model import Button, Card, Quote, Tone
from bot.config import data
from bot.people.roster import Person
from bot.records import items
from bot.records.items import Item, State
from bot.records.messages import Message, NotSent
from bot.schedule.reminders import OUTDATED, REVIEW, UNDATED
from bot.schedule.rounds import asking_of
from bot.schedule.rules import label_of
from handlers import asking
from handlers.acknowledged import ACKNOWLEDGE, TEAM
from handlers.ask import quote
from handlers.reviews import OF_POLICIES, day_of
from handlers.services import Services

DIGEST = "digest"
AT_ONCE = "now:"  # the occasion of a message begins with it that waits for no digest
DAY = timedelta(days=1)
log = logging.getLogger(__name__)

# What can be pressed under an item that is no rule of the school: (template of the label, what it says).
BUTTONS: dict[str, tuple[tuple[str, str], ...]] = {
    REVIEW: (("reviewed_button", "/reviewed {policy}"),),
    UNDATED: (("reviewed_button", "/reviewed {policy}"),),
    OUTDATED: (("got_it_button", "/got-it {id}"),),
    ACKNOWLEDGE: (("acknowledge_read_button", "/acknowledge"),),
    TEAM: (("except_button", "/acknowledge-except"),),
}


# What is said of a policy's own dates.
ITEM = {REVIEW: "item_review", UNDATED: "item_undated", OUTDATED: "item_outdated"}


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one item."""

    label: str
    lines: tuple[str, ...]
    quotes: tuple[Quote, ...]
    buttons: tuple[Button, ...]
    about: str = ""  # what its first button is told apart by, where it stands among others


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


def still_asked(item: Item, services: Services) -> bool:
    """Whether an item is still asked for: the review is still due then, the school still has the rule."""
    if item.reminder in OF_POLICIES:
        policy = str(item.filled.get("policy", ""))
        front = services.fronts().get(policy)
        if front is None:
            return False
        if item.reminder == OUTDATED:
            return bool(services.outdated().get(policy))
        day = day_of(front, services)
        if item.reminder == UNDATED:
            return day is None
        return str(day) == item.filled.get("on")
    if item.reminder in (ACKNOWLEDGE, TEAM):
        return asking_of(services.school) is not None
    if item.reminder in BUTTONS:
        return True
    return services.reminders().rule(item.reminder) is not None


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


def part(item: Item, services: Services) -> Part:
    """What is said of an item, with the clause it rests on and what can be done about it."""
    words = services.wording
    values: dict[str, Any] = dict(item.filled)
    if item.reminder in BUTTONS:
        if item.reminder in OF_POLICIES:
            policy = str(values.get("policy", ""))
            front = services.fronts().get(policy)
            values |= {
                "id": item.id,
                "title": front.title if front else policy,
                "editions": services.outdated().get(policy, ()),
                "on": _date(values.get("on")),
                "today": services.today,
            }
        if item.reminder in (ACKNOWLEDGE, TEAM):
            told = asking.told(item, services)
            buttons = tuple(
                Button(words.text(name, title=""), says) for name, says in BUTTONS[item.reminder]
            )
            return Part(told.label, told.lines, told.quotes, buttons)
        label, *lines = words.lines(
            ITEM[item.reminder], school=services.school.name, **({"step": 0} | values)
        )
        buttons = tuple(
            Button(words.text(name), says.format(**values)) for name, says in BUTTONS[item.reminder]
        )
        return Part(label, tuple(lines), (), buttons, str(values.get("title", "")))
    rule = services.reminders().rule(item.reminder)
    label = label_of(item.reminder, services.school)
    if rule is None:  # taken out of school.toml since
        return Part(label, (), (), ())
    clause = services.clause(rule.clause) if rule.clause else None
    kind = str(values.get("kind", ""))
    about = services.people().person(str(values.get("about", "")))
    lines = list(
        words.lines(
            "item_rule",
            text=rule.text,
            by_policy=rule.by_policy and clause is not None,
            quoted=clause is not None,
            occasion=data("reminders.toml")["occasions"].get(kind, {}).get("label", kind),
            on=_date(values.get("on")) if kind else None,
            about=about.name if about is not None and about.id != item.person else "",
        )
    )
    buttons = (Button(words.text("got_it_button"), f"/got-it {item.id}"),)
    if not item.duty:
        buttons += (
            Button(words.text("snooze_button"), f"/snooze {item.id}"),
            Button(words.text("switch_off_button"), f"/switch-off {item.reminder}"),
        )
    quotes = (quote(clause, services),) if clause else ()
    return Part(label, tuple(lines), quotes, buttons, label)


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


def _date(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
