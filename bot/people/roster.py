"""The roster of a school: who works there, who holds which role, who answers to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from bot.people.names import folded

HEAD = "headteacher"
CHAIR = "chair-of-governors"
LADO = "lado"
# Whoever is named only as one of these is a governor, not a member of staff.
GOVERNING = frozenset({CHAIR, "governors", "safeguarding-governor"})
ELSEWHERE = frozenset({"outside", "unnamed"})  # kinds of role that nobody at the school holds


class About(StrEnum):
    """Whose conduct a report is about, or whom it concerns."""

    HEADTEACHER = "headteacher"
    CHAIR = "chair-of-governors"
    HEADTEACHER_AND_CHAIR = "headteacher-and-chair"
    DSL = "dsl"
    COLLEAGUE = "colleague"
    PUPIL = "pupil"
    PARENT = "parent"  # a parent, a carer or somebody else from outside
    MYSELF = "myself"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody at the school. `answers_to` holds person and role ids; None is the default line."""

    id: str
    name: str
    email: str = ""
    accounts: tuple[str, ...] = ()
    answers_to: tuple[str, ...] | None = None
    away: tuple[tuple[date, date], ...] = ()  # both days included
    employer: str = "school"
    staff: bool = True

    def away_until(self, today: date) -> date | None:
        """The last day of the absence that `today` falls in; absences that touch are one."""
        last = None
        for first, until in sorted(self.away):
            if first <= (last + timedelta(days=1) if last else today) and until >= (last or today):
                last = until
        return last


@dataclass(frozen=True, slots=True)
class Holding:
    """A role of the school, and the ids of those who hold it and of those who stand in for them."""

    role: str
    title: str
    holders: tuple[str, ...] = ()
    deputies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outside:
    """An office outside the school, with its number."""

    office: str
    title: str
    name: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """Where reports of some kinds go. What is None matches every report."""

    kinds: frozenset[str] | None
    about: frozenset[str] | None
    employer: str | None
    to: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class People:
    """Everybody a report can come from, be about or go to, and the school's routes.

    Who answers to whom is worked out once for each person, so keep one of these for as long as the
    school's settings stay as they are.
    """

    persons: tuple[Person, ...] = ()
    holdings: tuple[Holding, ...] = ()
    outside: tuple[Outside, ...] = ()
    routes: tuple[Route, ...] = ()
    fallback: tuple[str, ...] = (HEAD, CHAIR)
    head_is_proprietor: bool = False

    _persons: dict[str, Person] = field(init=False, repr=False, compare=False)
    _holdings: dict[str, Holding] = field(init=False, repr=False, compare=False)
    _accounts: dict[str, Person] = field(init=False, repr=False, compare=False)
    _lines: dict[str, frozenset[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        look_ups: dict[str, Any] = {
            "_persons": {p.id: p for p in self.persons},
            "_holdings": {h.role: h for h in self.holdings},
            "_accounts": {a.casefold(): p for p in self.persons for a in p.accounts},
            "_lines": {},
        }
        for name, value in look_ups.items():
            object.__setattr__(self, name, value)

    def person(self, person_id: str) -> Person | None:
        """Whoever has this id."""
        return self._persons.get(person_id)

    def holding(self, role: str) -> Holding | None:
        """Who holds `role` and stands in for it; None where the school does not have it."""
        return self._holdings.get(role)

    def office(self, office: str) -> Outside | None:
        """An office outside the school."""
        return next((o for o in self.outside if o.office == office), None)

    def holders(self, role: str) -> tuple[Person, ...]:
        """Those who hold `role` now, without those who stand in for them."""
        holding = self._holdings.get(role)
        return tuple(filter(None, map(self._persons.get, holding.holders))) if holding else ()

    def in_charge(self, role: str) -> tuple[str, ...]:
        """The ids of the holders of `role`; where nobody holds it, of those who stand in."""
        holding = self._holdings.get(role)
        return (holding.holders or holding.deputies) if holding else ()

    def roles_of(self, person_id: str, *, deputies: bool = True) -> tuple[str, ...]:
        """The roles somebody holds, and those they stand in for unless `deputies` is false."""
        return tuple(
            h.role
            for h in self.holdings
            if person_id in h.holders or (deputies and person_id in h.deputies)
        )

    def by_account(self, account: str) -> Person | None:
        """Whoever has this chat account."""
        return self._accounts.get(account.casefold())

    def who(self, text: str) -> Person | None:
        """Whoever is meant by a role id (its first holder), a person id or an exact name."""
        wanted = text.strip()
        if found := self.holders(wanted):
            return found[0]
        return self._persons.get(wanted) or next(
            (p for p in self.persons if folded(p.name) == folded(wanted)), None
        )

    def lines(self, person_id: str) -> frozenset[str]:
        """Everybody this person answers to, and whoever those answer to, up to the top.

        Never the person themselves, also where the lines run in a circle.
        """
        known = self._lines.get(person_id)
        if known is None:
            found: set[str] = set()
            todo = [person_id]
            while todo:
                for above in self._above(todo.pop()):
                    if above not in found:
                        found.add(above)
                        todo.append(above)
            known = self._lines[person_id] = frozenset(found - {person_id})
        return known

    def _above(self, person_id: str) -> Iterable[str]:
        """Whom somebody answers to directly: as they name it, else by the default line."""
        person = self._persons.get(person_id)
        if person is None:
            return ()
        if person.answers_to is not None:
            return (
                i
                for entry in person.answers_to
                for i in ((entry,) if entry in self._persons else self.in_charge(entry))
            )
        heads, chairs = self.in_charge(HEAD), self.in_charge(CHAIR)
        to_the_head = heads if self.head_is_proprietor else ()
        if person_id in heads:
            return () if self.head_is_proprietor else chairs
        if person in self.holders(CHAIR) or (person_id in chairs and not person.staff):
            return to_the_head
        return heads if person.staff else (chairs or to_the_head)


def with_known(people: People, known: Iterable[Known], *, all_are_staff: bool) -> People:
    """The roster with what a chat platform tells joined to it.

    An account belongs to whoever has the same mail address; never to whoever has the same name, which
    anybody can give themselves. Whoever is on no list yet is staff only where the platform's own list is the
    school's (`all_are_staff`). The account of somebody who has left is nobody's.
    """
    told = tuple(known)
    gone = {k.account.casefold() for k in told if not k.active}
    persons = {
        p.id: replace(p, accounts=tuple(a for a in p.accounts if a.casefold() not in gone))
        for p in people.persons
    }
    by_address = {p.email.casefold(): p.id for p in people.persons if p.email}
    taken = {a.casefold() for p in persons.values() for a in p.accounts}
    for k in told:
        if not k.active or k.account.casefold() in taken:
            continue
        person_id = by_address.get(k.email.casefold()) if k.email else None
        if person_id is not None:
            person = persons[person_id]
            persons[person_id] = replace(person, accounts=(*person.accounts, k.account))
        elif all_are_staff:
            person_id = _new_id(k, persons)
            persons[person_id] = Person(person_id, k.name, k.email, (k.account,))
            if k.email:
                by_address[k.email.casefold()] = person_id
    return replace(people, persons=tuple(persons.values()))


@dataclass(frozen=True, slots=True)
class Known:
    """Somebody as a chat platform knows them; not `active`: they have left."""

    account: str
    name: str
    email: str = ""
    active: bool = True


def _new_id(known: Known, persons: Mapping[str, Person]) -> str:
    """An id that stays the same as long as their address does."""
    slug = re.sub(r"[^a-z0-9]+", "-", (known.email or known.account).casefold()).strip("-")[:60]
    return slug if slug not in persons else f"{slug}-{known.account.casefold()[-8:]}"
