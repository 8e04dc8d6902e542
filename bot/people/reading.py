"""Reading the people, roles, offices and routes of a school.toml; every mistake in one line, with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.config import School, data, role_titles
from bot.errors import BadSettings
from bot.people import staff_list
from bot.people.names import name_key, opposed, slug, titled
from bot.people.roster import (
    CHAIR,
    ELSEWHERE,
    GOVERNING,
    GOVERNORS,
    GROUPS,
    HEAD,
    LADO,
    About,
    Holding,
    Outside,
    People,
    Person,
    Route,
)
from bot.people.values import ADDRESS, Values, hint, shown

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
PERSON_KEYS = tuple(
    "name email team group starts leaves accounts answers_to away employer staff".split()
)


def people_of(school: School) -> People:
    """The people and routes that a school.toml names.

    Raises BadSettings, in one line, where it says what cannot be meant.
    """
    return _Reader(school).people()


def list_findings(school: School) -> staff_list.Both | None:
    """What the school's staff list and its school.toml come to, mistakes and all; None without a list.

    Raises BadSettings where the file cannot be read at all.
    """
    if "roster" not in school.settings:
        return None
    reader = _Reader(school)
    tables = (reader.table(school.settings.get(k, {}), k) for k in ("people", "roles"))
    return reader.list_read(*tables)


class _Reader(Values):
    """One school.toml being read: every complaint names the file and the key, or the staff list's row."""

    def __init__(self, school: School) -> None:
        super().__init__(school.folder / "school.toml")
        self.school = school
        self.persons: dict[str, Person] = {}
        self.names: dict[str, str] = {}  # a name's key -> the person's id
        self.titles: dict[str, str] = {}  # a person's id -> the form of address written for them
        self.alike: frozenset[str] = frozenset()  # names that several rows of the staff list have
        self.governing: dict[str, bool] = {}  # implied entries: named as nothing but a governor?

    def people(self) -> People:
        settings = self.school.settings
        self.near_miss(settings, ("people", "outside", "reports", "roster", "roll_checked"))
        self.day(settings.get("roll_checked"), "roll_checked")
        reports = self.table(settings.get("reports", {}), "reports")
        self.near_miss(reports, ("head_is_proprietor", "fallback", "routes"), "reports")
        people = self.table(settings.get("people", {}), "people")
        roles = self.table(settings.get("roles", {}), "roles")
        if "roster" in settings:
            both = self.with_list(people, roles)
            people, roles, self.alike = both.people, both.roles, both.alike
            self.places.update(both.places)
        self.roster(people)
        holdings = tuple(self.holdings(roles))
        for person_id, governor in self.governing.items():
            self.persons[person_id] = replace(self.persons[person_id], staff=not governor, group="")
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

    def with_list(self, people: Mapping[str, Any], roles: Mapping[str, Any]) -> staff_list.Both:
        """What school.toml says of people and roles, with the staff list beside it; or its first mistake."""
        both = self.list_read(people, roles)
        if both.wrong:
            more = len(both.wrong) - 1
            raise BadSettings(
                both.wrong[0] + (f" (and {more} more; see them with: mayi check)" if more else "")
            )
        return both

    def list_read(self, people: Mapping[str, Any], roles: Mapping[str, Any]) -> staff_list.Both:
        file = staff_list.file_of(self.school)
        if file is None:
            raise self.wrong("roster", "is not the name of a file", 'write it as "staff.csv"')
        titles = {r: self.school.role(r).title for r in self.roles() if _kind(r) not in ELSEWHERE}
        return staff_list.joined(
            people, roles, staff_list.read(file, titles), is_role=self.role_known
        )

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
            self.only(entry, PERSON_KEYS, key)
            name = self.text(entry.get("name"), f"{key}.name")
            self.add(person_id, name, f"{key}.name")
            email = self.text(entry.get("email", ""), f"{key}.email", empty=True)
            if email and not ADDRESS.fullmatch(email):
                raise self.wrong(
                    f"{key}.email",
                    f"{shown(email)} is not a mail address",
                    "write one, as pat@example.org",
                )
            accounts = self.texts(entry.get("accounts", []), f"{key}.accounts")
            for account in accounts:
                if not re.fullmatch(r"[a-z]+:\S+", account):
                    raise self.wrong(
                        f"{key}.accounts",
                        f"{shown(account)} is not an account",
                        "write the platform, a colon and the id there, as slack:T1/U1",
                    )
            # Whoever shares an account or a mailbox with a colleague could open what is theirs.
            for mark in {m.casefold() for m in (*accounts, email) if m}:
                if taken.setdefault(mark, person_id) != person_id:
                    raise self.wrong(
                        key,
                        f"{shown(mark)} is also that of '{taken[mark]}'",
                        "give it to one of them only",
                    )
            lines = entry.get("answers_to")
            group = self.text(entry.get("group", ""), f"{key}.group", empty=True)
            if group and group not in GROUPS:
                raise self.wrong(
                    f"{key}.group",
                    f"there is no group {shown(group)}",
                    f"use {', '.join(GROUPS)}{hint(group, GROUPS)}",
                )
            starts, leaves = (self.day(entry.get(k), f"{key}.{k}") for k in ("starts", "leaves"))
            if starts and leaves and leaves < starts:
                raise self.wrong(
                    f"{key}.leaves",
                    f"they leave on {leaves}, before they start on {starts}",
                    "correct one of the two",
                )
            self.persons[person_id] = Person(
                id=person_id,
                name=name,
                email=email,
                accounts=accounts,
                answers_to=None if lines is None else self.texts(lines, f"{key}.answers_to"),
                away=self.periods(entry.get("away", []), f"{key}.away"),
                employer=self.text(entry.get("employer", "school"), f"{key}.employer"),
                staff=self.flag(entry.get("staff", group != GOVERNORS), f"{key}.staff"),
                team=self.text(entry.get("team", ""), f"{key}.team", empty=True),
                group=group,
                starts=starts,
                leaves=leaves,
            )

    def add(self, person_id: str, name: str, key: str) -> None:
        """Note whose name this is; two entries of one name could be one person."""
        known = self.names.setdefault(name_key(name), person_id)
        if known != person_id and name_key(name) not in self.alike:
            raise self.wrong(
                key,
                f"{shown(name)} is also the name of '{known}'",
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
            self.one_only(entry, key)
            found = entry if self.role_known(entry) else self.known(entry)
            if found is None or _kind(found) in ELSEWHERE:
                raise self.wrong(
                    key,
                    f"{shown(entry)} is nobody here",
                    f"name a person or a role of this school{hint(entry, self.persons)}",
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
        self.one_only(name, key)
        found = self.known(name)
        if found is None:
            several = [p for p in re.split(r"\s*(?:[,;/&]|\band\b)\s*", name) if p]
            if len(several) > 1 and any(self.known(p) for p in several):
                raise self.wrong(
                    key,
                    f"{shown(name)} names several people",
                    'write holders = ["…", "…"], one name each',
                )
            found = slug(name)
            if not found:
                raise self.wrong(key, f"{shown(name)} is not a name", "write the person's name")
            while found in self.persons or self.role_known(found):
                found += "-person"
            self.add(found, name, key)
            self.persons[found] = Person(found, name)
            self.governing[found] = True
        title = titled(name)[0]
        if opposed(title, self.titles.get(found, "")):
            raise self.wrong(
                key,
                f"{shown(name)} may be '{self.persons[found].name}' or somebody else",
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
                    f"there is no {shown(value)}",
                    f"use {', '.join(allowed)}"
                    if len(allowed) < 10
                    else f"use a kind of policy_text/incidents.toml{hint(value, allowed)}",
                )
        return frozenset(found)

    def route_roles(self, value: object, key: str) -> tuple[str, ...]:
        roles = self.texts(value, key)
        for role in roles:
            if not self.role_known(role):
                raise self.wrong(
                    key,
                    f"{shown(role)} is not a role",
                    f"use a role of policy_text/roles.toml{hint(role, self.roles())}",
                )
            if role != LADO and _kind(role) in ELSEWHERE:
                raise self.wrong(
                    key, f"nobody at the school holds {shown(role)}", f"name a role, or '{LADO}'"
                )
        if LADO in roles[:-1]:
            raise self.wrong(key, f"goes on after '{LADO}'", f"'{LADO}' is where a path ends")
        return tuple(dict.fromkeys(roles))

    # who and what is known

    def roles(self) -> tuple[str, ...]:
        return (*role_titles(), *self.school.roles)

    def role_known(self, role: str) -> bool:
        return role in role_titles() or role in self.school.roles

    def one_only(self, text: str, key: str) -> None:
        """Refuse a name that two people on the staff list have."""
        if text not in self.persons and name_key(text) in self.alike:
            ids = [p.id for p in self.persons.values() if name_key(p.name) == name_key(text)]
            raise self.wrong(
                key, f"{shown(text)} is the name of several people", f"write {' or '.join(ids)}"
            )

    def known(self, text: str) -> str | None:
        """The id of somebody by their id or their name."""
        if text in self.persons:
            return text
        found = self.names.get(name_key(text))
        by_slug = slug(text)
        return found or (by_slug if by_slug in self.persons else None)


def _kind(role: str) -> str:
    return str(data("roles.toml").get(role, {}).get("kind", ""))
