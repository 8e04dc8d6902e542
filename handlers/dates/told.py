"""What is said of something that a person is told: its words, the clause it rests on, what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from bot.chat.model import Button, Quote
from bot.config import data
from bot.records.items import Item
from bot.schedule.reminders import OUTDATED, REVIEW, UNDATED
from bot.schedule.rounds import asking_of
from bot.schedule.rules import label_of
from handlers.acks import asking
from handlers.acks.acknowledged import ACKNOWLEDGE, TEAM
from handlers.ask import quote
from handlers.reviews import OF_POLICIES, day_of
from handlers.services import Services

# A policy's own dates: what is said of each.
WORDS = {REVIEW: "item_review", UNDATED: "item_undated", OUTDATED: "item_outdated"}


@dataclass(frozen=True, slots=True)
class Part:
    """What is said of one item."""

    label: str
    lines: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()
    buttons: tuple[Button, ...] = ()
    about: str = ""  # what its first button is told apart by, where it stands among others


def part(item: Item, services: Services) -> Part:
    """What is said of an item."""
    if item.reminder in OF_POLICIES:
        return _of_policy(item, services)
    if item.reminder in (ACKNOWLEDGE, TEAM):
        return _of_acknowledgements(item, services)
    return _of_rule(item, services)


def still_asked(item: Item, services: Services) -> bool:
    """Whether an item is still asked for: the review is still due then, the school still has the rule."""
    if item.reminder in (ACKNOWLEDGE, TEAM):
        return asking_of(services.school) is not None
    if item.reminder not in OF_POLICIES:
        return services.reminders().rule(item.reminder) is not None
    policy = str(item.filled.get("policy", ""))
    front = services.fronts().get(policy)
    if front is None:
        return False
    if item.reminder == OUTDATED:
        return bool(services.outdated().get(policy))
    day = day_of(front, services)
    return day is None if item.reminder == UNDATED else str(day) == item.filled.get("on")


def _of_policy(item: Item, services: Services) -> Part:
    words, policy = services.wording, str(item.filled.get("policy", ""))
    front = services.fronts().get(policy)
    title = front.title if front else policy
    label, *lines = words.lines(
        WORDS[item.reminder],
        title=title,
        on=_date(item.filled.get("on")),
        today=services.today,
        step=item.filled.get("step", 0),
        editions=services.outdated().get(policy, ()),
    )
    done = Button(words.text("reviewed_button"), f"/reviewed {policy}")
    if item.reminder == OUTDATED:
        done = Button(words.text("got_it_button"), f"/got-it {item.id}")
    return Part(label, tuple(lines), (), (done,), title)


def _of_acknowledgements(item: Item, services: Services) -> Part:
    words, told = services.wording, asking.told(item, services)
    if item.reminder == TEAM:
        button = Button(words.text("home_acks_button"), "/acks")
    elif len(item.filled["policies"]) == 1:
        read = words.text("acknowledge_read_button", title="")
        button = Button(read, f"/acknowledge-read {item.filled['policies'][0]}")
    else:
        button = Button(words.text("acknowledge_button"), "/acknowledge")
    return Part(told.label, told.lines, told.quotes, (button,))


def _of_rule(item: Item, services: Services) -> Part:
    words, rule = services.wording, services.reminders().rule(item.reminder)
    label = label_of(item.reminder, services.school)
    if rule is None:  # taken out of school.toml since
        return Part(label)
    clause = services.clause(rule.clause) if rule.clause else None
    values: dict[str, Any] = dict(item.filled)
    kind = str(values.get("kind", ""))
    about = services.people().person(str(values.get("about", "")))
    lines = words.lines(
        "item_rule",
        text=rule.text,
        by_policy=rule.by_policy and clause is not None,
        quoted=clause is not None,
        occasion=data("reminders.toml")["occasions"].get(kind, {}).get("label", kind),
        on=_date(values.get("on")) if kind else None,
        about=about.name if about is not None and about.id != item.person else "",
    )
    buttons = [Button(words.text("got_it_button"), f"/got-it {item.id}")]
    if not item.duty:
        buttons += [
            Button(words.text("snooze_button"), f"/snooze {item.id}"),
            Button(words.text("switch_off_button"), f"/switch-off {item.reminder}"),
        ]
    quotes = (quote(clause, services),) if clause else ()
    return Part(label, lines, quotes, tuple(buttons), label)


def _date(value: object) -> date | None:
    return date.fromisoformat(str(value)) if value else None
