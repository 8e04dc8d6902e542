"""Who may get a report, first to last, and who must never see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.people.roster import CHAIR, HEAD, LADO, About, People, Route

__all__ = ["About", "Matter", "Step", "kept_out", "may_hold", "path", "subjects"]

NOBODY: frozenset[str] = frozenset()
CHOICE, GUIDANCE = "choice", "guidance"
ROLES_ABOUT = {
    About.HEADTEACHER: (HEAD,),
    About.CHAIR: (CHAIR,),
    About.HEADTEACHER_AND_CHAIR: (HEAD, CHAIR),
    About.DSL: ("dsl",),
}


@dataclass(frozen=True, slots=True)
class Matter:
    """What decides where a report goes; everybody is a person id.

    `named` is everybody the typed name surely means; whom it may mean, the reporter is asked about.
    `skipped` the reporter asked to pass over; `conflicts` said themselves that they are too close.
    """

    about: About
    kind: str
    reporter: str
    named: frozenset[str] = NOBODY
    skipped: frozenset[str] = NOBODY
    conflicts: frozenset[str] = NOBODY


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody who can get a report, and why. `person` is empty for an office outside the school."""

    role: str
    person: str
    source: str
    deputy: bool = False
    away_until: date | None = None


def subjects(matter: Matter, people: People) -> frozenset[str]:
    """Whom a report is about: those named, and whoever holds or stands in for the role it is about."""
    found = matter.named
    for role in ROLES_ABOUT.get(matter.about, ()):
        if holding := people.holding(role):
            found = found.union(holding.holders, holding.deputies)
    return found | {matter.reporter} if matter.about is About.MYSELF else found


def kept_out(matter: Matter, people: People) -> frozenset[str]:
    """Everybody who must never see a report: not its text, not that it exists.

    The reporter is nobody's recipient; a subject, somebody skipped and somebody with a conflict are out
    together with all who answer to them, however far down.
    """
    return _out(matter, people, subjects(matter, people))


def path(matter: Matter, people: People, today: date) -> tuple[Step, ...]:
    """Who can get a report, first to last, each person once; the office outside the school is last.

    Whoever is away today stays in their place, marked: they are passed over, not left out.
    """
    concerned = subjects(matter, people)
    done = set(_out(matter, people, concerned))
    steps = []
    last = GUIDANCE
    for role, source in _roles(matter, people, concerned):
        if role == LADO:
            last = source
            break
        holding = people.holding(role)
        if holding is None:
            continue
        # A report about the holder of a role does not go to whoever stands in for them in it.
        deputies = holding.deputies if concerned.isdisjoint(holding.holders) else ()
        for deputy, ids in ((False, holding.holders), (True, deputies)):
            for person_id in ids:
                person = people.person(person_id)
                if person is not None and person_id not in done:
                    done.add(person_id)
                    away = person.away_until(today) if person.away else None
                    steps.append(Step(role, person_id, source, deputy, away))
    steps.append(Step(LADO, "", last))
    return tuple(steps)


def may_hold(person_id: str, role: str, people: People) -> bool:
    """Whether somebody holds `role` now, or stands in for it."""
    holding = people.holding(role)
    return holding is not None and (person_id in holding.holders or person_id in holding.deputies)


def _out(matter: Matter, people: People, concerned: frozenset[str]) -> frozenset[str]:
    shunned = concerned | matter.skipped | matter.conflicts
    below = (p.id for p in people.persons if not shunned.isdisjoint(people.lines(p.id)))
    return shunned.union(below, (matter.reporter,))


def _roles(matter: Matter, people: People, concerned: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The roles a report goes to in turn, with what says so. No school.toml undoes the first two rules."""
    route = _route(matter, people)
    own = dict.fromkeys(route.to, route.source) if route else {}
    chair = matter.about in (About.CHAIR, About.HEADTEACHER_AND_CHAIR) or not (
        concerned.isdisjoint(people.in_charge(CHAIR))
    )
    head = matter.about is About.HEADTEACHER or not concerned.isdisjoint(people.in_charge(HEAD))
    if chair or (head and people.head_is_proprietor):
        yield LADO, own.get(LADO, GUIDANCE)
        return
    if head:
        yield CHAIR, own.get(CHAIR, GUIDANCE)
    yield from own.items()
    for role in people.fallback:
        yield role, CHOICE


def _route(matter: Matter, people: People) -> Route | None:
    """The first route that matches a report."""
    reporter = people.person(matter.reporter)
    employer = reporter.employer if reporter else "school"
    for route in people.routes:
        if (
            (route.kinds is None or matter.kind in route.kinds)
            and (route.about is None or matter.about in route.about)
            and (route.employer is None or route.employer == employer)
        ):
            return route
    return None
