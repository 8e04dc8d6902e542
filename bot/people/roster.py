"""The roster of a school: who works there, who holds which role, who answers to whom."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.config import School, data, role_titles
from bot.errors import BadSettings

HEAD = "headteacher"
CHAIR = "chair-of-governors"
LADO = "lado"
# Whoever is named only as one of these is a governor, not a member of staff.
GOVERNING = frozenset({CHAIR, "governors", "safeguarding-governor"})
ELSEWHERE = frozenset({"outside", "unnamed"})  # kinds of role that nobody at the school holds

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")
DAYS = "write one day (2026-11-16) or the first and the last (2026-11-16/2026-11-27)"


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
            (p for p in self.persons if _folded(p.name) == _folded(wanted)), None
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


# --- who a chat platform says works there ----------------------------------------------------------------


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


# --- reading school.toml ----------------------------------------------------------------------------------


def people_of(school: School) -> People:
    """The people and routes that a school.toml names.

    Raises BadSettings, in one line, where it says what cannot be meant.
    """
    return _Reader(school).people()


class _Reader:
    """One school.toml being read: every complaint names the file and the key."""

    def __init__(self, school: School) -> None:
        self.school = school
        self.file = school.folder / "school.toml"
        self.persons: dict[str, Person] = {}
        self.names: dict[str, str] = {}  # a name's key -> the person's id
        self.titles: dict[str, str] = {}  # a person's id -> the form of address written for them
        self.governing: dict[str, bool] = {}  # implied entries: named as nothing but a governor?

    def people(self) -> People:
        settings = self.school.settings
        self.near_miss(settings, ("people", "outside", "reports"))
        reports = self.table(settings.get("reports", {}), "reports")
        self.near_miss(reports, ("head_is_proprietor", "fallback", "routes"), "reports")
        self.roster(self.table(settings.get("people", {}), "people"))
        holdings = tuple(self.holdings(self.table(settings.get("roles", {}), "roles")))
        for person_id, governor in self.governing.items():
            self.persons[person_id] = replace(self.persons[person_id], staff=not governor)
        return People(
            persons=tuple(self.checked(p) for p in self.persons.values()),
            holdings=holdings,
            outside=tuple(self.outside(self.table(settings.get("outside", {}), "outside"))),
            routes=tuple(self.routes(reports.get("routes", data("routes.toml")["routes"]))),
            fallback=self.route_roles(reports.get("fallback", [HEAD, CHAIR]), "reports.fallback"),
            head_is_proprietor=self.flag(
                reports.get("head_is_proprietor", False), "reports.head_is_proprietor"
            ),
        )

    # the parts

    def roster(self, table: Mapping[str, Any]) -> None:
        taken: dict[str, str] = {}
        for person_id, value in table.items():
            key = f"people.{person_id}"
            if not SLUG.fullmatch(person_id):
                raise self.wrong(
                    key, "is not an id", "use lower-case letters, digits and single hyphens"
                )
            if self.role_known(person_id):
                raise self.wrong(key, "is the name of a role", "give the person an id of their own")
            entry = self.table(value, key)
            self.only(
                entry,
                ("name", "email", "accounts", "answers_to", "away", "employer", "staff"),
                key,
            )
            name = self.text(entry.get("name"), f"{key}.name")
            self.add(person_id, name, f"{key}.name")
            email = self.text(entry.get("email", ""), f"{key}.email", empty=True)
            if email and not ADDRESS.fullmatch(email):
                raise self.wrong(
                    f"{key}.email",
                    f"{_shown(email)} is not a mail address",
                    "write one, as pat@example.org",
                )
            accounts = self.texts(entry.get("accounts", []), f"{key}.accounts")
            for account in accounts:
                if not re.fullmatch(r"[a-z]+:\S+", account):
                    raise self.wrong(
                        f"{key}.accounts",
                        f"{_shown(account)} is not an account",
                        "write the platform, a colon and the id there, as slack:T1/U1",
                    )
            # Whoever shares an account or a mailbox with a colleague could open what is theirs.
            for mark in {m.casefold() for m in (*accounts, email) if m}:
                if taken.setdefault(mark, person_id) != person_id:
                    raise self.wrong(
                        key,
                        f"{_shown(mark)} is also that of '{taken[mark]}'",
                        "give it to one of them only",
                    )
            lines = entry.get("answers_to")
            self.persons[person_id] = Person(
                id=person_id,
                name=name,
                email=email,
                accounts=accounts,
                answers_to=None if lines is None else self.texts(lines, f"{key}.answers_to"),
                away=self.periods(entry.get("away", []), f"{key}.away"),
                employer=self.text(entry.get("employer", "school"), f"{key}.employer"),
                staff=self.flag(entry.get("staff", True), f"{key}.staff"),
            )

    def add(self, person_id: str, name: str, key: str) -> None:
        """Note whose name this is; two entries of one name could be one person."""
        known = self.names.setdefault(_name_key(name), person_id)
        if known != person_id:
            raise self.wrong(
                key,
                f"{_shown(name)} is also the name of '{known}'",
                "keep one entry for one person; tell two apart in their names",
            )
        self.titles[person_id] = _titled(name)[0]

    def checked(self, person: Person) -> Person:
        """The person with whom they answer to as ids, now that everybody is known."""
        if person.answers_to is None:
            return person
        key = f"people.{person.id}.answers_to"
        lines = []
        for entry in person.answers_to:
            found = entry if self.role_known(entry) else self.known(entry)
            if found is None or _kind(found) in ELSEWHERE:
                raise self.wrong(
                    key,
                    f"{_shown(entry)} is nobody here",
                    f"name a person or a role of this school{self.hint(entry, self.persons)}",
                )
            lines.append(found)
        return replace(person, answers_to=tuple(dict.fromkeys(lines)))

    def holdings(self, table: Mapping[str, Any]) -> Iterator[Holding]:
        for role, value in table.items():
            key = f"roles.{role}"
            entry = self.table(value, key)
            self.only(entry, ("title", "holder", "holders", "deputies"), key)
            if "holder" in entry and "holders" in entry:
                raise self.wrong(key, "has both a holder and holders", "keep one of the two")
            if "holders" in entry:
                names = self.texts(entry["holders"], f"{key}.holders")
            else:
                one = self.text(entry.get("holder", ""), f"{key}.holder", empty=True)
                names = (one,) if one else ()
            standing_in = self.texts(entry.get("deputies", []), f"{key}.deputies")
            if _kind(role) in ELSEWHERE:
                continue  # an office outside is shown by its name and number, not on the roster
            holders = tuple(self.holder(n, role, f"{key}.holders") for n in names)
            deputies = tuple(self.holder(n, role, f"{key}.deputies") for n in standing_in)
            everybody = (*holders, *deputies)
            for person_id in everybody:
                if everybody.count(person_id) > 1:
                    raise self.wrong(
                        key,
                        f"'{self.persons[person_id].name}' is named twice",
                        "name each holder and deputy once",
                    )
            yield Holding(role, self.school.role(role).title, holders, deputies)

    def holder(self, name: str, role: str, key: str) -> str:
        """The id of a holder: of the roster where they are on it, else an implied entry."""
        found = self.known(name)
        if found is None:
            several = [p for p in re.split(r"\s*(?:[,;/&]|\band\b)\s*", name) if p]
            if len(several) > 1 and any(self.known(p) for p in several):
                raise self.wrong(
                    key,
                    f"{_shown(name)} names several people",
                    'write holders = ["…", "…"], one name each',
                )
            found = _slug(name)
            if not found:
                raise self.wrong(key, f"{_shown(name)} is not a name", "write the person's name")
            while found in self.persons or self.role_known(found):
                found += "-person"
            self.add(found, name, key)
            self.persons[found] = Person(found, name)
            self.governing[found] = True
        title = _titled(name)[0]
        if _opposed(title, self.titles.get(found, "")):
            raise self.wrong(
                key,
                f"{_shown(name)} may be '{self.persons[found].name}' or somebody else",
                "write both names in full, without Mr or Mrs",
            )
        self.titles[found] = self.titles[found] or title
        if role not in GOVERNING and found in self.governing:
            self.governing[found] = False
        return found

    def outside(self, table: Mapping[str, Any]) -> Iterator[Outside]:
        for office, value in {LADO: {}, **table}.items():
            key = f"outside.{office}"
            entry = self.table(value, key)
            self.only(entry, ("title", "name", "phone"), key)
            role = self.school.role(office)
            title, name, phone = (
                self.text(entry.get(k, default), f"{key}.{k}", empty=True)
                for k, default in (("title", role.title), ("name", role.holder), ("phone", ""))
            )
            yield Outside(office, title, name, phone)

    def routes(self, value: object) -> Iterator[Route]:
        if not isinstance(value, list):
            raise self.wrong("reports.routes", "is not a list", "write [[reports.routes]] for each")
        for n, item in enumerate(value, 1):
            key = f"reports.routes[{n}]"
            entry = self.table(item, key)
            self.only(entry, ("kinds", "about", "employer", "to", "source"), key)
            for needed, why in (
                ("to", "name the roles it goes to"),
                ("source", 'name the clause, or write "choice" or "guidance"'),
            ):
                if needed not in entry:
                    raise self.wrong(key, f"has no {needed}", why)
            employer = entry.get("employer")
            yield Route(
                kinds=self.some_of(entry, "kinds", tuple(data("incidents.toml")), key),
                about=self.some_of(entry, "about", tuple(About), key),
                employer=None if employer is None else self.text(employer, f"{key}.employer"),
                to=self.route_roles(entry["to"], f"{key}.to"),
                source=self.text(entry["source"], f"{key}.source"),
            )

    def some_of(
        self, entry: Mapping[str, Any], name: str, allowed: Sequence[str], key: str
    ) -> frozenset[str] | None:
        if name not in entry:
            return None
        found = self.texts(entry[name], f"{key}.{name}")
        if not found:
            raise self.wrong(f"{key}.{name}", "is empty", "leave it out to match every report")
        for value in found:
            if value not in allowed:
                raise self.wrong(
                    f"{key}.{name}",
                    f"there is no {_shown(value)}",
                    f"use {', '.join(allowed)}"
                    if len(allowed) < 10
                    else f"use a kind of policy_text/incidents.toml{self.hint(value, allowed)}",
                )
        return frozenset(found)

    def route_roles(self, value: object, key: str) -> tuple[str, ...]:
        roles = self.texts(value, key)
        for role in roles:
            if not self.role_known(role):
                raise self.wrong(
                    key,
                    f"{_shown(role)} is not a role",
                    f"use a role of policy_text/roles.toml{self.hint(role, self.roles())}",
                )
            if role != LADO and _kind(role) in ELSEWHERE:
                raise self.wrong(
                    key, f"nobody at the school holds {_shown(role)}", f"name a role, or '{LADO}'"
                )
        if LADO in roles[:-1]:
            raise self.wrong(key, f"goes on after '{LADO}'", f"'{LADO}' is where a path ends")
        return tuple(dict.fromkeys(roles))

    # the plain values

    def wrong(self, key: str, what: str, do: str) -> BadSettings:
        return BadSettings(f"{self.file}: {_shown(key, mark='')}: {what}; {do}")

    def table(self, value: object, key: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self.wrong(key, f"{_shown(value)} is not a table", f"write [{key}] on a line")
        return value

    def text(self, value: object, key: str, *, empty: bool = False) -> str:
        if not isinstance(value, str):
            what = "is missing" if value is None else f"{_shown(value)} is not a text"
            raise self.wrong(key, what, 'write it in quotes, as "…"')
        if not empty and not value.strip():
            raise self.wrong(key, "is empty", 'write it in quotes, as "…"')
        if len(value) > 200 or any(unicodedata.category(c) == "Cc" for c in value):
            raise self.wrong(key, f"{_shown(value)} is too long", "write one line, 200 letters")
        return " ".join(value.split())

    def texts(self, value: object, key: str) -> tuple[str, ...]:
        if not isinstance(value, list):
            raise self.wrong(key, f"{_shown(value)} is not a list", 'write it as ["…", "…"]')
        return tuple(self.text(v, key) for v in value)

    def flag(self, value: object, key: str) -> bool:
        if not isinstance(value, bool):
            raise self.wrong(key, f"{_shown(value)} is neither true nor false", "write one of them")
        return value

    def periods(self, value: object, key: str) -> tuple[tuple[date, date], ...]:
        if not isinstance(value, list):
            raise self.wrong(key, f"{_shown(value)} is not a list", f'in ["…"], {DAYS}')
        found = []
        for item in value:
            if isinstance(item, date) and not isinstance(item, datetime):
                found.append((item, item))
                continue
            try:
                first, _, last = str(item).partition("/")
                period = (
                    date.fromisoformat(first.strip()),
                    date.fromisoformat((last or first).strip()),
                )
            except ValueError:
                raise self.wrong(key, f"{_shown(item)} is not a date", DAYS) from None
            if period[1] < period[0]:
                raise self.wrong(key, f"{_shown(item)} ends before it begins", DAYS)
            found.append(period)
        return tuple(sorted(found))

    def only(self, entry: Mapping[str, Any], allowed: Sequence[str], key: str) -> None:
        """Refuse a key nobody reads: misspelt, it would quietly change who gets a report."""
        for name in entry:
            if name not in allowed:
                raise self.wrong(key, f"has no setting {_shown(name)}", f"use {', '.join(allowed)}")

    def near_miss(self, entry: Mapping[str, Any], mine: Sequence[str], key: str = "") -> None:
        """Refuse what can only be one of `mine` misspelt, in a table that others read too."""
        for name in entry:
            close = process.extractOne(name, mine, scorer=fuzz.ratio, score_cutoff=80)
            if close and close[0] != name:
                raise self.wrong(
                    key or name,
                    f"there is no setting {_shown(name)}",
                    f"write '{close[0]}' if that is what is meant",
                )

    # who and what is known

    def roles(self) -> tuple[str, ...]:
        return (*role_titles(), *self.school.roles)

    def role_known(self, role: str) -> bool:
        return role in role_titles() or role in self.school.roles

    def known(self, text: str) -> str | None:
        """The id of somebody by their id or their name."""
        if text in self.persons:
            return text
        found = self.names.get(_name_key(text))
        slug = _slug(text)
        return found or (slug if slug in self.persons else None)

    def hint(self, text: str, known: Iterable[str]) -> str:
        close = process.extractOne(text, list(known), scorer=fuzz.ratio, score_cutoff=60)
        return f" (did you mean '{close[0]}'?)" if close else ""


def _kind(role: str) -> str:
    return str(data("roles.toml").get(role, {}).get("kind", ""))


def _shown(value: object, mark: str = "'") -> str:
    """A value as a complaint quotes it: on one line, and not endless."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return f"{mark}{line[:60]}{mark}"


def _name_key(name: str) -> str:
    """What two spellings of one person's name have in common: no case, no Mr or Mrs."""
    title, bare = _titled(name)
    return _folded(bare if title and len(bare.split()) > 1 else name)


def _slug(name: str) -> str:
    return "-".join(_tokens(_name_key(name)))


# --- matching what somebody typed to the roster -----------------------------------------------------------

TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "mx",
        "miss",
        "dr",
        "prof",
        "professor",
        "sir",
        "dame",
        "rev",
        "reverend",
        "fr",
    ]
)
HIS, HERS = frozenset({"mr", "sir", "fr"}), frozenset({"mrs", "ms", "miss", "dame"})
# What stands before a name ("I think it was …") and what begins a description of its bearer.
LEADING = frozenset(
    [
        "i",
        "think",
        "it",
        "is",
        "was",
        "its",
        "maybe",
        "probably",
        "perhaps",
        "possibly",
        "called",
        "named",
    ]
)
TRAILING = frozenset(
    [
        "from",
        "in",
        "at",
        "of",
        "the",
        "who",
        "that",
        "on",
        "with",
        "our",
        "my",
        "teaches",
        "teaching",
        "works",
    ]
)


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody who may be meant. `sure`: it can be nobody else on the roster; else plausible."""

    person: Person
    sure: bool


class _Fit(IntEnum):
    """How near a typed word comes to a word of a name."""

    EQUAL = 0
    INITIAL = 1
    SHORT = 2  # Pat for Patricia, or the other way round
    TYPO = 3
    TYPOS = 4
    NONE = 9


def match(text: str, people: People) -> tuple[Match, ...]:
    """Whom on the roster a typed name can mean, the likeliest first; nobody where it fits nobody.

    Sure are a full name in any order, with or without its title, an initial with a surname, and a
    title with a surname, where nobody else's name comes near. A first name alone, a misspelling, a
    role's words or a name within a sentence are plausible.
    """
    text = unicodedata.normalize("NFKC", text[:500]).strip()
    for person in people.persons:
        if text and text.casefold() == person.email.casefold():
            return (Match(person, sure=True),)
    whole = _one(text, people)
    if any(m.sure for m in whole):
        return whole
    parts = re.split(r"[,;/&\n]|\b(?:and|or)\b", text, flags=re.IGNORECASE)
    found: dict[str, Match] = {}
    if len(parts) > 1:
        # "Pat or Kim" is sure of neither, and "Mr and Mrs Example" says more than one Example.
        in_doubt = re.search(r"\bor\b", text, re.IGNORECASE) or not all(
            _tokens(_titled(p)[1]) for p in parts
        )
        for each in (m for p in parts for m in _one(p, people)):
            best = found.get(each.person.id)
            if best is None or (each.sure and not best.sure):
                found[each.person.id] = Match(each.person, each.sure and not in_doubt)
    for each in (*whole, *_by_role(text, people)):
        found.setdefault(each.person.id, Match(each.person, sure=False))
    return tuple(sorted(found.values(), key=lambda m: not m.sure))


def _one(text: str, people: People) -> tuple[Match, ...]:
    """Whom a text can mean that names one person at most."""
    title, bare = _titled(text)
    loose = bool(re.search(r"['’]s\b|[(\[]", bare))  # Pat's brother; Pat (the other one)
    typed = _tokens(re.sub(r"['’]s\b", "", re.sub(r"[(\[].*", "", bare)))
    words = _name_in(typed)
    if len(words) != len(typed):
        loose = True
        # "I think it was Mr Example": the title shows once the words before it are off.
        inner, rest = _titled(" ".join(words))
        title, words = title or inner, _tokens(rest)
    if not any(len(w) > 1 for w in words):
        return ()
    strong: list[tuple[int, Person]] = []
    near: list[tuple[int, Person]] = []
    far: list[tuple[int, Person]] = []
    for person in people.persons:
        evidence = _weigh(words, person, titled=bool(title))
        if evidence is not None:
            score, sort = evidence
            (strong if sort == "strong" else near if sort == "near" else far).append(
                (score, person)
            )
    found = strong + near
    if len(found) == len(strong) == 1 and not loose:
        person = strong[0][1]
        own = _titled(person.name)[0]
        return (Match(person, sure=not _opposed(title, own)),)
    found.sort(key=lambda f: f[0])
    far.sort(key=lambda f: f[0])
    # Where a name fits outright, a mere namesake of its surname is not asked about; where it fits but
    # for a slip or a short form, a second slip or a sentence's stray word is not.
    limit = 50 if strong else 80 if near else 1000
    kin = [f for f in far if f[0] < limit]
    return tuple(Match(p, sure=False) for _, p in (*found, *kin))


def _weigh(words: tuple[str, ...], person: Person, *, titled: bool) -> tuple[int, str] | None:
    """How well typed words fit a person's name: a score (0 is best) and the sort of evidence.

    "strong" may be sure; "near" is somebody whom a slip of the finger or a short form could mean, and
    so stands against anybody else's being sure; "far" is plausible only. None is no match.
    """
    name = _tokens(_titled(person.name)[1]) or _tokens(person.name)
    if not name:
        return None
    fits = _aligned(words, name)
    kinds = [fit for _, _, fit in fits]
    stray = [w for i, w in enumerate(words) if i not in {t for t, _, _ in fits}]
    surname = next((fit for _, n, fit in fits if n == len(name) - 1), _Fit.NONE)
    score = sum(kinds) + 2 * (len(name) - len(fits))
    if not stray:
        exact = all(k is _Fit.EQUAL for k in kinds)
        initials = all(k <= _Fit.INITIAL for k in kinds) and surname is _Fit.EQUAL
        if (len(words) > 1 and initials) or (exact and len(words) == len(name)):
            return score, "strong"
        if titled and exact and words == name[-len(words) :]:
            return score, "strong"
        slips = sum(k >= _Fit.TYPO for k in kinds) + sum(k is _Fit.TYPOS for k in kinds)
        if any(k is not _Fit.INITIAL for k in kinds):
            # A lone short word is a name misspelt only where it is long enough to know.
            if len(words) == 1 and slips and len(words[0]) < 4:
                return None
            return (10 + score, "near") if slips <= 1 else (80 + score, "far")
    if len(fits) == len(name) > 1 and _Fit.INITIAL not in kinds:
        return 20 + score, "far"  # the whole name, among other words
    if fuzz.ratio("".join(words), "".join(name)) >= 88:
        return 30 + score, "far"
    if len(words) == 1 and words[0] == "".join(w[0] for w in name):
        return 40 + score, "far"  # PE for Pat Example
    if surname is _Fit.EQUAL and len(name[-1]) > 2:
        # The surname with another first name: Bob for Robert, a middle name, or a namesake.
        return (45 if all(len(w) == 1 for w in stray) else 60) + score, "far"
    if len(words) > 3 and any(fit is _Fit.EQUAL and len(words[t]) > 2 for t, _, fit in fits):
        return 90 + score, "far"
    return None


def _aligned(words: Sequence[str], name: Sequence[str]) -> list[tuple[int, int, _Fit]]:
    """Typed words set against the words of a name, each used once, the best fits first."""
    pairs = sorted(
        (fit, t, n)
        for t, word in enumerate(words)
        for n, own in enumerate(name)
        if (fit := _fit(word, own)) is not _Fit.NONE
    )
    found: list[tuple[int, int, _Fit]] = []
    for fit, t, n in pairs:
        if all(t != other_t and n != other_n for other_t, other_n, _ in found):
            found.append((t, n, fit))
    return found


def _fit(word: str, own: str) -> _Fit:
    if word == own:
        return _Fit.EQUAL
    shorter = min(len(word), len(own))
    if shorter == 1:
        return _Fit.INITIAL if word[0] == own[0] else _Fit.NONE
    if shorter > 2 and (word.startswith(own) or own.startswith(word)):
        return _Fit.SHORT
    slips = OSA.distance(word, own, score_cutoff=2)
    if slips == 1 and shorter > 2:
        return _Fit.TYPO
    return _Fit.TYPOS if slips == 2 and shorter > 5 else _Fit.NONE


def _by_role(text: str, people: People) -> Iterator[Match]:
    """Those in a role that the text speaks of: "the head", "our DSL"."""
    for holding in people.holdings:
        spoken = (holding.title, *data("roles.toml").get(holding.role, {}).get("words", ()))
        for words in spoken:
            how = 0 if str(words).isupper() and len(words) < 3 else re.IGNORECASE
            if re.search(rf"\b{re.escape(str(words))}\b", text, how):
                for person_id in (*holding.holders, *holding.deputies):
                    if person := people.person(person_id):
                        yield Match(person, sure=False)
                break


def _name_in(typed: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a name, without what leads up to it and what describes its bearer."""
    first = 0
    while first < len(typed) and typed[first] in LEADING | TRAILING:
        first += 1
    last = first
    while last < len(typed) and typed[last] not in TRAILING:
        last += 1
    return typed[first:last]


def _opposed(title: str, other: str) -> bool:
    """Whether two forms of address cannot be one person's: Mr and Mrs."""
    return (title in HIS and other in HERS) or (title in HERS and other in HIS)


def _titled(name: str) -> tuple[str, str]:
    """A name's form of address, in small letters, and the rest of it."""
    first, _, rest = name.strip().partition(" ")
    title = first.rstrip(".").casefold()
    return (title, rest.strip()) if title in TITLES else ("", name.strip())


@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    """The words of a name, without case, accents and punctuation."""
    plain = re.sub(r"['’`]", "", _folded(text))
    return tuple(re.findall(r"[^\W_]+", plain))


@lru_cache(maxsize=4096)
def _folded(text: str) -> str:
    bare = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in bare if not unicodedata.combining(c)).split())
