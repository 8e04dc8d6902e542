"""A policy's review: when it is due, who is reminded of it, and marking it as done."""

from __future__ import annotations

from datetime import date, timedelta

from bot.chat.model import Card, Event, Field, FieldKind, Form, Option, Reply
from bot.people.roster import CHAIR, HEAD
from bot.policy.model import Front
from bot.records import items
from bot.records.audit import Action
from bot.schedule.reminders import OUTDATED, REVIEW, UNDATED, Review
from bot.schedule.terms import SchoolCalendar
from bot.schedule.words import Cycle, Every, cycle, when_due
from handlers.fields import text_of
from handlers.reports.delivery import note
from handlers.services import Services

YEARLY = Cycle(Every.MONTHS, 12)
LATEST = timedelta(days=5 * 366)  # nobody reviews a policy less often than that
OF_POLICIES = (REVIEW, UNDATED, OUTDATED)  # the reminders that go to a policy's owner
SAME, NEW = "same", "new"


def review_day(front: Front, calendar: SchoolCalendar) -> date | None:
    """When a policy is next to be reviewed, as far as it says: the date, else what it prints, else its cycle.

    None where nothing tells.
    """
    if front.next_review is not None:
        return front.next_review
    printed = when_due(front.next_review_as_printed, calendar)
    last = front.reviewed or front.adopted
    comes_round = cycle(front.review_cycle)
    if printed is None and last is not None and comes_round is not None:
        return comes_round.after(last, calendar)
    return printed


def reviews_of(services: Services) -> tuple[Review, ...]:
    """The reviews of a school's policies."""
    old = services.outdated()
    return tuple(
        Review(slug, day_of(front, services), outdated=bool(old.get(slug)))
        for slug, front in services.fronts().items()
    )


def day_of(front: Front, services: Services) -> date | None:
    """When a policy of this school is next to be reviewed."""
    return review_day(front, services.calendar())


def owners(policy: str, services: Services) -> tuple[str, ...]:
    """The ids of those who answer for a policy: who holds its owner's role, else the school's contact."""
    people = services.people()
    front = services.fronts().get(policy)
    for role in (front.owner if front else "", services.school.contact, HEAD):
        found = people.in_charge(role) if role else ()
        if found:
            return found
    return ()


def chairs(services: Services) -> tuple[str, ...]:
    """The ids of those who hear of a review that stays overdue."""
    return services.people().in_charge(CHAIR)


async def reviewed(event: Event, rest: str, services: Services) -> Reply:
    """Mark a policy as reviewed."""
    if services.person is None:
        return services.refuse()
    fronts, slug = services.fronts(), rest.strip()
    if not slug:
        mine = [each for each in fronts if _may_mark(each, services)]
        if len(mine) != 1:
            return Reply(
                (Card(services.wording.text("reviewed_which", mine=_titles(mine, services))),)
            )
        slug = mine[0]
    if slug not in fronts or not _may_mark(slug, services):
        return Reply(
            (Card(services.wording.text("reviewed_not_yours", title=_title(slug, services))),)
        )
    return Reply(form=_form(slug, services))


async def mark_reviewed(event: Event, rest: str, services: Services) -> Reply:
    """Write down that a policy was reviewed."""
    if services.person is None:
        return services.refuse()
    words = services.wording
    slug, _, shown = rest.rpartition(" ")  # a file's name may hold spaces
    front = services.fronts().get(slug)
    if front is None or not _may_mark(slug, services):
        return Reply((Card(words.text("reviewed_not_yours", title=_title(slug, services))),))
    if _stamp(front) != shown:  # pressed twice, or somebody else was quicker
        return Reply((Card(words.text("reviewed_already", title=front.title, front=front)),))
    # A field that was left as it was sends nothing, and means what it showed.
    filled = {
        name: text_of(event.values.get(name, shown_there))
        for name, shown_there in _shown_first(front, services).items()
    }
    errors = {}
    following = when_due(filled["next"], services.calendar())
    if following is None or not services.today < following <= services.today + LATEST:
        errors["next"] = words.text("reviewed_wrong", field="next")
    if filled["change"] not in (SAME, NEW):
        errors["change"] = words.text("reviewed_wrong", field="change")
    version = filled["version"] if filled["change"] == NEW else front.version
    if filled["change"] == NEW and not 0 < len(version) <= 20:
        errors["version"] = words.text("reviewed_wrong", field="version")
    if errors or following is None:
        return Reply(form=_form(slug, services, filled, errors))
    services.mark_reviewed(slug, services.today, following, version)
    store = await services.records()
    async with store.writing() as tx:
        about = [
            i.id
            for i in await items.open_items(tx.conn, services.school.id)
            if i.reminder in OF_POLICIES and i.filled.get("policy") == slug
        ]
        await items.close(tx, about, services.now)
        await note(
            tx, services, Action.REVIEWED, _code(slug), detail=f"{version}:{following}"[:120]
        )
    return Reply(
        (Card(words.text("reviewed_done", title=front.title, version=version, next=following)),)
    )


def _form(
    slug: str,
    services: Services,
    filled: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Form:
    words, front = services.wording, services.fronts()[slug]
    filled, errors = filled or {}, errors or {}
    first = _shown_first(front, services)
    fields = (
        Field(
            "change",
            words.text("reviewed_field", field="change"),
            FieldKind.CHOICE,
            tuple(Option(v, words.text("reviewed_field", field=v)) for v in (SAME, NEW)),
            value=filled.get("change", ""),
            error=errors.get("change", ""),
        ),
        *(
            Field(
                name,
                words.text("reviewed_field", field=name),
                FieldKind.LINE,
                value=filled.get(name, "") or first[name],
                hint=words.text("reviewed_field", field=f"{name}_hint"),
                optional=name == "version",
                error=errors.get(name, ""),
            )
            for name in ("version", "next")
        ),
    )
    return Form(
        title=words.text("reviewed_field", field="title"),
        says=f"/mark-reviewed {slug} {_stamp(front)}",
        fields=fields,
        submit=words.text("reviewed_field", field="submit"),
        lines=words.lines(
            "reviewed_opening", front=front, due=day_of(front, services), today=services.today
        ),
    )


def _shown_first(front: Front, services: Services) -> dict[str, str]:
    """What the fields of the form hold when it opens."""
    comes_round = cycle(front.review_cycle) or YEARLY
    calendar, today = services.calendar(), services.today
    following = comes_round.after(today, calendar) or YEARLY.after(today, calendar)
    return {
        "change": "",
        "version": _next_version(front.version),
        "next": f"{following:%-d %B %Y}" if following else "",
    }


def _may_mark(slug: str, services: Services) -> bool:
    """Its owner, whoever stands in for them, the Headteacher and the Chair."""
    assert services.person is not None
    people, front = services.people(), services.fronts().get(slug)
    if services.person.id in owners(slug, services):
        return True
    allowed = {HEAD, CHAIR, front.owner if front else HEAD}
    return bool(allowed.intersection(people.roles_of(services.person.id)))


def _stamp(front: Front) -> str:
    return f"{front.reviewed or '-'}/{front.version}".replace(" ", "_")


def _title(slug: str, services: Services) -> str:
    front = services.fronts().get(slug)
    return front.title if front else slug


def _titles(slugs: list[str], services: Services) -> list[tuple[str, str]]:
    return [(slug, _title(slug, services)) for slug in slugs]


def _next_version(version: str) -> str:
    head, dot, tail = version.rpartition(".")
    return f"{head}{dot}{int(tail) + 1}" if tail.isascii() and tail.isdigit() else ""


def _code(slug: str) -> str:
    """A policy's file name as the trail takes it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in slug)[:100]
