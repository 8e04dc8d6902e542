"""The roster of a school: who works there, who holds which role, who answers to whom."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Sequence
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
# What somebody is at the school. A service account is no person: no list means it.
STAFF, GOVERNORS, VOLUNTEERS, SERVICE = "staff", "governors", "volunteers", "service"
GROUPS = (STAFF, GOVERNORS, VOLUNTEERS, SERVICE)
TEAM = "team:"  # before the name of a team, where a list names who is meant


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
    """Somebody at the school. `answers_to` holds person and role ids; None is the default line.

    `group` is one of GROUPS; left empty it is "staff", or "governors" where `staff` is false. A volunteer
    answers to the Headteacher as staff do.
    """

    id: str
    name: str
    email: str = ""
    accounts: tuple[str, ...] = ()
    answers_to: tuple[str, ...] | None = None
    away: tuple[tuple[date, date], ...] = ()  # both days included
    employer: str = "school"
    staff: bool = True
    team: str = ""
    group: str = ""
    starts: date | None = None  # the first day
    leaves: date | None = None  # the last day

    def __post_init__(self) -> None:
        if not self.group:
            object.__setattr__(self, "group", STAFF if self.staff else GOVERNORS)

    def at_work(self, day: date) -> bool:
        """Whether somebody has started and not left on that day; away or not."""
        return (self.starts is None or self.starts <= day) and not self.gone(day)

    def gone(self, day: date) -> bool:
        """Whether their last day was before that day."""
        return self.leaves is not None and self.leaves < day

    def away_on(self, day: date) -> bool:
        """Whether that day is in an absence."""
        return self.away_until(day) is not None

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

    `left` are those `as_of` took off: nobody's colleague any more, and still part of who answered to whom.
    Who answers to whom is worked out once for each person, so keep one of these for as long as the
    school's settings stay as they are.
    """

    persons: tuple[Person, ...] = ()
    holdings: tuple[Holding, ...] = ()
    outside: tuple[Outside, ...] = ()
    routes: tuple[Route, ...] = ()
    fallback: tuple[str, ...] = (HEAD, CHAIR)
    head_is_proprietor: bool = False
    awaited: bool = False  # a platform's list, which is this school's roster, has yet to come
    left: tuple[Person, ...] = ()

    _persons: dict[str, Person] = field(init=False, repr=False, compare=False)
    _holdings: dict[str, Holding] = field(init=False, repr=False, compare=False)
    _accounts: dict[str, Person] = field(init=False, repr=False, compare=False)
    _lines: dict[str, frozenset[str]] = field(init=False, repr=False, compare=False)
    _ever: dict[str, Person] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        look_ups: dict[str, Any] = {
            "_persons": {p.id: p for p in self.persons},
            "_holdings": {h.role: h for h in self.holdings},
            "_accounts": {a.casefold(): p for p in self.persons for a in p.accounts},
            "_lines": {},
            "_ever": {p.id: p for p in (*self.left, *self.persons)},
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

    def members(self, groups_or_names: Sequence[str]) -> tuple[Person, ...]:
        """Everybody a list means, each once, in the roster's order; those who have yet to start included.

        An entry is "staff", "governors" or "volunteers", a role (whoever holds it, else stands in for
        it), a person's id, or "team:" and a team's name in any case. A service account is meant by its
        id only.
        """
        meant = {i for name in groups_or_names for i in self._meant(name)}
        return tuple(p for p in self.persons if p.id in meant)

    def unknown_members(self, names: Sequence[str]) -> tuple[str, ...]:
        """The entries of such a list that can mean nobody here: no group, role, person or team."""
        return tuple(
            n
            for n in names
            if not (n in GROUPS and n != SERVICE) and n not in self._holdings and not self._meant(n)
        )

    def _meant(self, name: str) -> tuple[str, ...]:
        if name.casefold().startswith(TEAM):
            team = folded(name[len(TEAM) :])
            found = (p for p in self.persons if team and folded(p.team) == team)
            return tuple(p.id for p in found if p.group != SERVICE)
        group = (p.id for p in self.persons if p.group == name != SERVICE)
        person = (name,) if name in self._persons else ()
        return (*group, *self.in_charge(name), *person)

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

    def leaders(self, person_id: str) -> tuple[str, ...]:
        """Whom somebody answers to directly, of those who are here; never themselves."""
        found = (i for i in self._above(person_id) if i in self._persons and i != person_id)
        return tuple(dict.fromkeys(found))

    def _above(self, person_id: str) -> Iterable[str]:
        """Whom somebody answers to directly: as they name it, else by the default line."""
        person = self._ever.get(person_id)
        if person is None:
            return ()
        if person.answers_to is not None:
            return (
                i
                for entry in person.answers_to
                for i in ((entry,) if entry in self._ever else self.in_charge(entry))
            )
        heads, chairs = self.in_charge(HEAD), self.in_charge(CHAIR)
        to_the_head = heads if self.head_is_proprietor else ()
        if person_id in heads:
            return () if self.head_is_proprietor else chairs
        if person in self.holders(CHAIR) or (person_id in chairs and not person.staff):
            return to_the_head
        return heads if person.staff else (chairs or to_the_head)


def as_of(people: People, day: date) -> People:
    """The roster on that day: without those who have left; a role is held from the first day to the last.

    Whoever has yet to start is on it, without a role. Who answers to whom still runs through those who
    left, so that nobody gets a report about whoever they answered to because a colleague between them went.
    """
    working = {p.id for p in people.persons if p.at_work(day)}
    if len(working) == len(people.persons):
        return people

    def there(ids: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(i for i in ids if i in working)

    return replace(
        people,
        persons=tuple(p for p in people.persons if not p.gone(day)),
        left=(*people.left, *(p for p in people.persons if p.gone(day))),
        holdings=tuple(
            replace(h, holders=there(h.holders), deputies=there(h.deputies))
            for h in people.holdings
        ),
    )


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
            person_id = new_id(k.email or k.account, k.account, persons)
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


def new_id(words: str, tail: str, taken: Container[str]) -> str:
    """An id that stays the same as long as their address does; `tail` tells two apart that read the same."""
    slug = re.sub(r"[^a-z0-9]+", "-", words.casefold()).strip("-")[:60]
    return slug if slug not in taken else f"{slug}-{tail.casefold()[-8:]}"
