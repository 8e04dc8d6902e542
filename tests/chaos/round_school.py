"""Twenty made-up schools of a hundred people each, half on Slack and half on Teams, and what each person does."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from tests.slack_fakes import TEAM
from tests.teams_fakes import TENANT

LONDON = ZoneInfo("Europe/London")
SCHOOLS, STAFF = 20, 100
OPENS, ENDS = date(2026, 9, 1), date(2026, 10, 6)
INSET = (date(2026, 9, 1), date(2026, 9, 2))
DAY = timedelta(days=1)
POLICY, CODE = "phones", "RD"


class Will(StrEnum):
    """What somebody does once they have been asked."""

    CONFIRMS = "confirms"
    ASKS = "asks"  # and confirms later
    DECLINES = "declines"
    NOTHING = "nothing"


@dataclass
class Somebody:
    """One member of staff, and what they did."""

    id: str
    school: str
    account: str
    will: Will
    wait: int  # days from being reached to doing it
    starts: date | None = None
    leaves: date | None = None
    away: tuple[date, date] | None = None
    blocked: bool = False  # has switched MayI off: nothing reaches them
    reached: date | None = None
    asked: date | None = None  # they asked, or cannot agree
    confirmed: date | None = None
    excepted: date | None = None
    references: list[str] = field(default_factory=list)  # what their receipts said

    def at_work(self, day: date) -> bool:
        """On the staff that day, away or not."""
        return (self.starts or day) <= day <= (self.leaves or day)

    def there(self, day: date) -> bool:
        """On the staff and not away."""
        return self.at_work(day) and not (self.away and self.away[0] <= day <= self.away[1])


def staff_days(first: date = OPENS, last: date = ENDS) -> Iterator[date]:
    """Every day on which staff are at work: no bank holiday is among these weeks."""
    day = first
    while day <= last:
        if day.weekday() < 5:
            yield day
        day += DAY


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment by the clock on the wall."""
    return datetime.combine(day, time(hour, minute), LONDON)


def everybody(seed: int, schools: int, staff: int) -> list[Somebody]:
    """All of them; the first of each school is its Headteacher, who answers for the policy and confirms it."""
    dice = random.Random(seed)
    return [_somebody(dice, s, n) for s in range(schools) for n in range(staff)]


def _somebody(dice: random.Random, s: int, n: int) -> Somebody:
    person = f"s{s:02}-p{n:03}"
    if s % 2:
        account = f"teams:{TENANT}/{uuid.uuid5(uuid.NAMESPACE_DNS, person)}"
    else:
        account = f"slack:{TEAM}/U0S{s:02}P{n:03}"
    made = Somebody(person, f"school-{s:02}", account, Will.CONFIRMS, int(dice.expovariate(1 / 3)))
    if not n:
        return made
    drawn, life = dice.random(), dice.random()
    for share, will in ((0.82, Will.CONFIRMS), (0.87, Will.ASKS), (0.9, Will.DECLINES), (1, Will.NOTHING)):  # fmt: skip
        if drawn < share:
            made.will = will
            break
    if life < 0.03:
        made.starts = OPENS + timedelta(days=dice.randint(3, 30))
    elif life < 0.06:
        made.leaves = OPENS + timedelta(days=dice.randint(2, 30))
    elif life < 0.08:
        made.away = (OPENS - DAY, ENDS + 60 * DAY)
    elif life < 0.13:
        first = OPENS + timedelta(days=dice.randint(-5, 25))
        made.away = (first, first + timedelta(days=dice.randint(1, 12)))
    made.blocked = dice.random() < 0.02
    return made


def settle(home: Path, people: list[Somebody]) -> None:
    """Write the schools."""
    for school in sorted({p.school for p in people}):
        folder = home / "schools" / school
        (folder / "policies").mkdir(parents=True)
        mine = [p for p in people if p.school == school]
        (folder / "school.toml").write_text(_settings(school, mine), "utf-8")
        (folder / "policies" / f"{POLICY}.md").write_text(_POLICY, "utf-8")


_POLICY = f"""---
title: Phones Policy
version: "1"
next_review: 2030-09-01
owner: headteacher
code: {CODE}
next_id: 10
---

# Rules

Staff must keep their phones off and out of sight while they are with pupils. {{#{CODE}-1}}

Staff may use their own phones in the staff room at any time. {{#{CODE}-2}}

Staff must read this policy each year. {{#{CODE}-3}}
"""


def _settings(school: str, people: list[Somebody]) -> str:
    lines = [
        f'name = "{school.title()}"', "[roles.headteacher]", f'holder = "{_name(people[0])}"',
        "[outside.lado]", 'phone = "01632 960001"',
        "[slack]", f'workspace = ["{TEAM}"]', "[teams]", f'tenant = "{TENANT}"',
        "[calendar]", f"inset = [{', '.join(map(str, INSET))}]",
        'terms = [ { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18 } ]',
        "[acknowledgements]", f'clause = {{ {POLICY} = "{CODE}-3" }}',
    ]  # fmt: skip
    for n, p in enumerate(people):
        lines += [f"[people.{p.id}]", f'name = "{_name(p)}"', f'accounts = ["{p.account}"]']
        lines += [f'team = "Team {n % 8}"', f"starts = {p.starts}" if p.starts else ""]
        lines += [f"leaves = {p.leaves}" if p.leaves else ""]
        lines += [f'away = ["{p.away[0]}/{p.away[1]}"]' if p.away else ""]
    return "\n".join(filter(None, lines)) + "\n"


def _name(p: Somebody) -> str:
    return f"Sample {p.id.upper()}"
