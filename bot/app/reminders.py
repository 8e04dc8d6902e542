"""`mayi reminders`: what will go out, when, to whom and why; and what came too late."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from operator import itemgetter
from typing import Any

from bot.app.site import Site
from bot.config import Home
from bot.errors import BadUse
from bot.records import items, occasions
from bot.schedule.reminders import Occurrence, coming
from bot.schedule.rounds import asking_of, opening
from bot.schedule.rules import label_of
from handlers.dates.occurrences import facts_of, recipients
from handlers.dates.told import WORDS
from handlers.reviews import OF_POLICIES
from handlers.services import Services

FURTHEST = 400  # days
NAMED = 3  # more people than that are counted
MISSED_SINCE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    when: str
    to: str
    what: str
    why: str


async def coming_up(home: Home, school: str | None, ahead: str) -> tuple[list[Row], str]:
    """What goes out within a time such as "90d" or "12w", and a closing line; raises BadUse."""
    days = _days(ahead)
    site = Site(home)
    try:
        services = site.services(home.school(school).id)
        store = await site.records()
        async with store.reading() as conn:
            told = await occasions.ending_after(conn, services.school.id, services.today)
            late = await items.lately(conn, services.school.id, services.now - MISSED_SINCE)
        first, last = services.today, services.today + timedelta(days=days)
        found = coming(facts_of(services, told), first, last)
        to = {t.id: t.to for t in told}
        dated = [
            (o.due, _row(o, services, to.get(o.occasion))) for o in found if o.until > services.now
        ]
        rows = [
            row for _, row in sorted([*dated, *_rounds(services, first, last)], key=itemgetter(0))
        ]
        missed = [d.id.partition(":")[2] for d in late if d.outcome is items.Outcome.MISSED]
        text = services.wording.text(
            "reminders_coming",
            school=services.school.name,
            number=len(rows),
            days=days,
            missed=missed,
            assumed=services.calendar().assumed,
        )
    finally:
        await site.close()
    return rows, text


def _row(occurrence: Occurrence, services: Services, to: tuple[str, ...] | None) -> Row:
    names = [p.name for p in recipients(occurrence, services, to)]
    words = services.wording
    why: dict[str, Any] = {"rule": occurrence.rule, "policy": "", "step": occurrence.step}
    if occurrence.reminder in OF_POLICIES:
        front = services.fronts()[occurrence.policy]
        what = words.lines(
            WORDS[occurrence.reminder],
            title=front.title,
            editions=services.outdated().get(occurrence.policy, ()),
            on=occurrence.on,
            step=occurrence.step,
            today=services.local(occurrence.due).date(),
        )[0]
        why["policy"] = front.title
    else:
        what = label_of(occurrence.reminder, services.school)
    return Row(
        when=f"{services.local(occurrence.due):%a %-d %b %Y %H:%M}",
        to=", ".join(names) if 0 < len(names) <= NAMED else words.text("people", number=len(names)),
        what=what,
        why=words.text("reminders_why", **why),
    )


def _rounds(services: Services, first: date, last: date) -> Iterator[tuple[datetime, Row]]:
    """The rounds of acknowledgement that open between two days, both included."""
    asking, calendar, hours = asking_of(services.school), services.calendar(), services.hours()
    if asking is None:
        return
    for year in range(first.year, last.year + 1):
        day = opening(asking, calendar, year)
        if not first <= day <= last:
            continue
        at = datetime.combine(day, services.reminders().at, hours.zone)
        for policy, front in services.fronts().items():
            if asking.wants(policy):
                people = services.people().members(asking.whom(policy))
                clause = asking.clauses.get(policy, "")
                rule = {"by_policy": bool(clause), "clause": clause}
                yield (
                    at,
                    Row(
                        when=f"{at:%a %-d %b %Y %H:%M}",
                        to=services.wording.text("people", number=len(people)),
                        what=services.wording.text("reminders_round", title=front.title),
                        why=services.wording.text("reminders_why", rule=rule, policy="", step=0),
                    ),
                )


def _days(ahead: str) -> int:
    found = re.fullmatch(r"(\d{1,3})([dw]?)", ahead.strip().lower())
    days = int(found[1]) * (7 if found[2] == "w" else 1) if found else 0
    if not 0 < days <= FURTHEST:
        raise BadUse(f"--next: write how far to look, such as 90d or 12w, at most {FURTHEST}d")
    return days
