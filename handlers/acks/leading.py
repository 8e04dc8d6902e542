"""Who leads whom: whose names somebody sees among those who have yet to confirm, and who sees numbers only."""

from __future__ import annotations

from dataclasses import dataclass

from bot.people.roster import GOVERNING, GOVERNORS, HEAD, SERVICE, People, Person

# Whoever holds one of these, or stands in for it, leads the whole school.
WHOLE_SCHOOL = frozenset({HEAD, "deputy", "slt"})


@dataclass(frozen=True, slots=True)
class Sight:
    """What somebody sees of others: the names of some, and the numbers of everybody."""

    named: frozenset[str] = frozenset()
    numbers: bool = False
    report: bool = False  # whether the report for governors is theirs to make

    @property
    def leads(self) -> bool:
        """Whether there is anything for them to see of others."""
        return self.numbers or bool(self.named)


def sight(person: Person, people: People) -> Sight:
    """What this person sees.

    Headteacher, deputies and senior leaders see everybody. Governors see numbers, and the Chair the names of
    those who answer to the Chair directly. Everybody else sees whoever is in their line, however far down. The
    report is for whoever leads the school or holds a governors' role.
    """
    roles = frozenset(people.roles_of(person.id))
    others = [p for p in people.persons if p.id != person.id and p.group != SERVICE]
    governor = person.group == GOVERNORS or bool(roles & GOVERNING)
    if roles & WHOLE_SCHOOL and person.group != GOVERNORS:
        return Sight(frozenset(p.id for p in (person, *others)), numbers=True, report=True)
    if governor:
        direct = frozenset(p.id for p in others if person.id in people.leaders(p.id))
        return Sight(direct, numbers=True, report=bool(roles & GOVERNING))
    return Sight(frozenset(p.id for p in others if person.id in people.lines(p.id)))
