"""The numbers of a round for governors: by team, by policy and over time. No names, and no number that is one person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta

from bot.records import discussions
from bot.records.acks import Kind
from bot.records.discussions import Discussion
from bot.records.store import Transaction
from bot.schedule.rounds import opening
from handlers.acks.outstanding import Picture
from handlers.progress.tally import Numbers, Row, apart_of, grouped, numbers, rows_of, share
from handlers.services import Services

FEWEST = 3  # people: a smaller team is shown together with others
MOST_TEAMS = 14  # lines of the table; further teams are shown together
STEPS = (1, 7, 28)  # days between two points of the chart
MOST_POINTS = 14


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table. `name` is empty for teams that are shown together, and for people without one."""

    name: str
    numbers: Numbers
    discussed: int = 0  # people who took part in a discussion of the policy this year


@dataclass(frozen=True, slots=True)
class Point:
    """The share that was confirmed by the end of a day."""

    day: date
    confirmed: int
    share: int  # in whole per cents


@dataclass(frozen=True, slots=True)
class Figures:
    """What governors are shown of the acknowledgements of a school at one moment."""

    school: str
    at: datetime  # by the school's clock
    year: int  # of asking: the calendar year in which it opened
    opens: date
    due: date | None
    people: int  # on the roll of at least one policy
    total: Numbers  # of people and policies: somebody who is asked for two counts twice
    policies: tuple[Line, ...]
    teams: tuple[Line, ...]
    time: tuple[Point, ...]
    left: int  # confirmed this year, and at the school no more
    discussions: int
    discussed: bool  # whether a policy asks for a discussion, or there was one


async def figures(tx: Transaction, found: Picture, services: Services) -> Figures:
    """The numbers of the present year of asking."""
    rows = await rows_of(tx, found, services)
    opens = began(found, services)
    held = await discussions.since(tx.conn, tx.sealer, services.school.id, opens)
    apart = await apart_of(tx, found, services)
    return Figures(
        school=services.school.name,
        at=services.local(services.now),
        year=found.year,
        opens=opens,
        due=max((r.stand.due for r in rows if r.stand.due), default=None),
        people=len({r.stand.person.id for r in rows}),
        total=numbers(rows),
        policies=by_policy(rows, found, held),
        teams=by_team(rows),
        time=over_time(rows, opens, services.today, services),
        left=len({a.signed.person for a in apart if a.left}),
        discussions=len(held),
        discussed=bool(held or found.asking.discussions),
    )


def began(found: Picture, services: Services) -> date:
    """The day on which the asking of this year began: a school may have come to MayI after its own day."""
    opened = [r.opens for r in found.rounds if r.cause == str(found.year)]
    return min(opened, default=opening(found.asking, services.calendar(), found.year))


def by_policy(rows: Iterable[Row], found: Picture, held: Sequence[Discussion]) -> tuple[Line, ...]:
    """A line for each policy, with how many of its roll took part in a discussion of it."""
    lines = []
    for policy, mine in grouped(rows, lambda r: r.stand.policy).items():
        there = {t.id for d in held if d.policy == policy for t in d.told.there}
        took_part = sum(r.stand.person.id in there for r in mine)
        title = found.texts[policy].shown.title
        lines.append(Line(title, numbers(mine), took_part))
    return tuple(sorted(lines, key=lambda line: line.name.casefold()))


def by_team(rows: Iterable[Row]) -> tuple[Line, ...]:
    """A line for each team. Teams too small to be a number, and those that are too many, are one line, the last."""
    teams = grouped(rows, lambda r: r.team)
    together = set(small(teams))
    lines = [Line(name, numbers(mine)) for name, mine in teams.items() if name not in together]
    if together:
        rest = numbers(r for name in together for r in teams[name])
        lines.append(Line("", rest))
    return tuple(lines)


def small(teams: Mapping[str, Sequence[Row]]) -> list[str]:
    """The teams that are shown together: those without a name, under FEWEST people, and beyond MOST_TEAMS.

    Where that would be under FEWEST people still, the smallest other team is shown with them.
    """
    people = {name: len({r.stand.person.id for r in mine}) for name, mine in teams.items()}
    by_size = sorted(people, key=lambda name: (people[name], name))
    together = [name for name in by_size if not name or people[name] < FEWEST]
    others = [name for name in by_size if name not in together]
    most = MOST_TEAMS - 1 if together or len(others) > MOST_TEAMS else MOST_TEAMS
    while others and (
        len(others) > most or (together and sum(people[n] for n in together) < FEWEST)
    ):
        together.append(others.pop(0))
    return together


def over_time(
    rows: Sequence[Row], opens: date, today: date, services: Services
) -> tuple[Point, ...]:
    """How the share grew from the day the round opened until today, of the roll as it is today."""
    days = sorted(
        services.local(r.stand.signed.at).date()
        for r in rows
        if r.stand.signed is not None and r.stand.signed.kind is Kind.CONFIRMED
    )
    return points(days, len(rows), opens, today)


def points(days: Sequence[date], roll: int, opens: date, today: date) -> tuple[Point, ...]:
    """At most MOST_POINTS points from `opens` to `today`; `days` are those on which one was confirmed."""
    opens = min(opens, today)
    length = (today - opens).days
    step = next((s for s in STEPS if length // s + 2 <= MOST_POINTS), STEPS[-1])
    step = max(step, -(-length // (MOST_POINTS - 1)))
    at = [opens + timedelta(days=n) for n in range(0, length, step)] + [today]
    found = []
    for day in at:
        confirmed = sum(d <= day for d in days)
        found.append(Point(day, confirmed, share(confirmed, roll)))
    return tuple(found)


def added(lines: Iterable[Line]) -> Numbers:
    """The sum of some lines."""
    total = Numbers()
    for line in lines:
        sums = {
            f.name: getattr(total, f.name) + getattr(line.numbers, f.name) for f in fields(Numbers)
        }
        total = replace(total, **sums)
    return total
