"""Reading the people, roles, offices and routes of a school.toml; every mistake in one line, with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from rapidfuzz import fuzz, process

from bot.config import School, data, role_titles
from bot.errors import BadSettings
from bot.people.names import folded, opposed, titled, tokens
from bot.people.roster import (
    CHAIR,
    ELSEWHERE,
    GOVERNING,
    HEAD,
    LADO,
    About,
    Holding,
    Outside,
    People,
    Person,
    Route,
)

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
ADDRESS = re.compile(r"[^@\s<>,;:\"]+@[^@\s<>,;:\"]+\.[^@\s<>,;:\"]+")
DAYS = "write one day (2026-11-16) or the first and the last (2026-11-16/2026-11-27)"


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
        self.titles[person_id] = titled(name)[0]

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
        title = titled(name)[0]
        if opposed(title, self.titles.get(found, "")):
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
    title, bare = titled(name)
    return folded(bare if title and len(bare.split()) > 1 else name)


def _slug(name: str) -> str:
    return "-".join(tokens(_name_key(name)))
