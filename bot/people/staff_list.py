"""A school's staff list as a CSV file: read row by row, and laid beside the people of its school.toml."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bot.config import School, data
from bot.errors import BadSettings
from bot.people.names import folded, name_key, slug
from bot.people.roster import GOVERNING, GOVERNORS, new_id
from bot.people.values import ADDRESS, hint, shown

DELIMITERS = (",", ";", "\t")
TITLE_LINES = 10  # an export may begin with its own title: the header is looked for in so many rows
WRITTEN = (
    "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%Y",
    "%d/%m/%y", "%d-%b-%y",
)  # fmt: skip
_DAY = r"\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}"
_PERIOD = re.compile(rf"({_DAY})(?:\s*(?:/|-|–|to)\s*({_DAY}))?")


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the list: `entry` as a table of [people] has it, and what roles it gives them."""

    number: int  # as a spreadsheet counts: the header is a row too
    entry: Mapping[str, Any]
    roles: tuple[str, ...] = ()
    post: str = ""  # a role by the person's job title, which says so by the way


@dataclass(frozen=True, slots=True)
class StaffList:
    """A list as it was read; a line for each mistake in it."""

    file: Path
    rows: tuple[Row, ...]
    wrong: tuple[str, ...]


@dataclass(slots=True)
class Both:
    """[people] and [roles] of a school.toml with a list beside them.

    `places` says of each key that comes from the list where it stands there; `notes` what of the list
    does not count, since school.toml says otherwise.
    """

    people: dict[str, Any]
    roles: dict[str, Any]
    wrong: list[str]
    places: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    alike: frozenset[str] = frozenset()  # names that several people of the list have


def file_of(school: School) -> Path | None:
    """Where the school's staff list is, beside its school.toml; None where none is named."""
    named = school.settings.get("roster")
    usable = isinstance(named, str) and named.strip() and named.isprintable()
    return school.folder / str(named) if usable else None


def stamp(school: School) -> tuple[int, int]:
    """What changes when the list does."""
    file = file_of(school)
    try:
        found = file.stat() if file else None
    except OSError:
        found = None
    return (found.st_mtime_ns, found.st_size) if found else (0, 0)


def read(file: Path, titles: Mapping[str, str]) -> StaffList:
    """Read a list; `titles` are the roles there are, with the title of each.

    Raises BadSettings where it is no list at all.
    """
    found = _records(_text(file), file)
    number, columns, width = next(_headers(found), (0, {}, 0))
    if not columns:
        raise BadSettings(
            f"{file}: no row of it names the columns; "
            'write name (or "Forename" and "Surname"), email, team … in the first row'
        )
    roles = {_plain(t): role for role, title in titles.items() for t in (role, title)}
    rows: list[Row] = []
    wrong: dict[int, str] = {}
    for n, record in enumerate(found[number:], number + 1):
        cells = [" ".join(c.split()) for c in record]
        if not any(cells):
            continue
        try:
            rows.append(_row(n, columns, cells, width, roles))
        except _Wrong as e:
            wrong[n] = f"{e.what}; {e.do}"
    kept = _told_apart(rows, wrong)
    return StaffList(file, kept, tuple(f"{file}: row {n}: {wrong[n]}" for n in sorted(wrong)))


def joined(
    people: Mapping[str, Any],
    roles: Mapping[str, Any],
    listed: StaffList,
    *,
    is_role: Callable[[str], bool],
) -> Both:
    """Lay a list beside the tables of a school.toml, key by key; where both say something, school.toml counts.

    A row and an entry of one address are one person; so are those of one name where one has no address.
    """
    both = Both(dict(people), dict(roles), list(listed.wrong))
    tables = {i: t for i, t in people.items() if isinstance(t, Mapping)}
    addresses = {e: i for i, t in tables.items() if (e := str(t.get("email", "")).casefold())}
    names = {name_key(str(t.get("name", ""))): i for i, t in tables.items()}
    keys = [name_key(r.entry["name"]) for r in listed.rows]
    both.alike = frozenset(k for k, rows in Counter(keys).items() if rows > 1)
    given: dict[str, int] = {}  # the person -> the row that is theirs
    for row, key in zip(listed.rows, keys, strict=True):
        place = f"{listed.file}: row {row.number}"
        name, email = row.entry["name"], str(row.entry.get("email", ""))
        person = addresses.get(email.casefold()) if email else None
        if person is None and (person := names.get(key)) is not None:
            theirs = str(tables[person].get("email", ""))
            if (email and theirs) or person in given:
                other = f"row {given[person]}" if person in given else "another address"
                both.wrong.append(
                    f"{place}: {shown(name)} is also the name of '{person}' in school.toml, "
                    f"with {other}; write the same address in both, or tell the two apart in their names"
                )
                continue
        if person is None:
            words = email or slug(name)
            person = new_id(
                words, hashlib.sha256(words.casefold().encode()).hexdigest(), both.people
            )
            person += "-person" if is_role(person) or not person else ""
            both.places[f"people.{person}"] = place
        given[person] = row.number
        own = tables.get(person, {})
        entry = {k: v for k, v in row.entry.items() if not (k == "group" and "staff" in own)}
        both.places.update({f"people.{person}.{k}": f"{place}: {k}" for k in entry if k not in own})
        both.people[person] = {**entry, **own}
        _take_roles(both, roles, person, row, place)
    return both


def _take_roles(both: Both, own: Mapping[str, Any], person: str, row: Row, place: str) -> None:
    """Give somebody the roles of their row, but for those whose holder school.toml names."""
    for role in dict.fromkeys((*row.roles, *filter(None, (row.post,)))):
        table = own.get(role, {})
        if not isinstance(table, Mapping):
            continue
        named = [table.get("holder"), *_list(table.get("holders")), *_list(table.get("deputies"))]
        known = {name_key(str(n)) for n in named if n}
        if known & {
            person,
            name_key(row.entry["name"]),
            name_key(both.people[person].get("name", "")),
        }:
            continue
        if table.get("holder") or table.get("holders"):
            if role in row.roles:
                both.notes.append(
                    f"{place}: {row.entry['name']} has the role {role} there and not in school.toml, "
                    f"which counts; take it out of the row, or out of [roles.{role}]"
                )
            continue
        before = both.roles.get(role, {})
        rest = {k: v for k, v in before.items() if k != "holder"}
        both.roles[role] = {**rest, "holders": [*_list(before.get("holders")), person]}


class _Wrong(Exception):
    """A row that cannot be meant: what is wrong with it, and what to do."""

    def __init__(self, what: str, do: str) -> None:
        super().__init__(what)
        self.what, self.do = what, do


def _text(file: Path) -> str:
    try:
        raw = file.read_bytes()
    except OSError as e:
        raise BadSettings(
            f"{file}: cannot be read ({e.strerror}); put the staff list there, or take roster "
            "out of school.toml"
        ) from e
    for encoding in (
        ("utf-16",) if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp1252")
    ):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadSettings(f"{file}: is not a text file; save it as CSV UTF-8")


def _records(text: str, file: Path) -> list[list[str]]:
    """The cells of each row, taken apart by whatever its header is separated with."""
    best: tuple[int, list[list[str]], str] = (-1, [], "")
    for delimiter in DELIMITERS:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True
        )
        records: list[list[str]] = []
        broken = ""
        try:
            records.extend(reader)
        except csv.Error as e:
            broken = f"row {len(records) + 1} cannot be taken apart ({e})"
        columns = next(_headers(records), (0, {}, 0))[1]
        if len(columns) > best[0]:
            best = (len(columns), records, broken)
    if best[2]:
        raise BadSettings(f"{file}: {best[2]}; look for a quotation mark that is not closed")
    return best[1]


def _headers(records: Sequence[Sequence[str]]) -> Iterator[tuple[int, dict[str, list[int]], int]]:
    """Rows that can be the header: the row's number, what stands in which of its columns, how many it has."""
    known: Mapping[str, Sequence[str]] = data("roster.toml")["columns"]
    for n, record in enumerate(records[:TITLE_LINES], 1):
        heads = [re.sub(r"[\W_]+", " ", folded(h)).strip() for h in record]
        columns = {
            column: [i for name in names for i, head in enumerate(heads) if head == name]
            for column, names in known.items()
        }
        columns = {column: places for column, places in columns.items() if places}
        if "name" in columns or {"forename", "surname"} <= columns.keys():
            yield n, columns, len(record)


def _row(
    number: int,
    columns: Mapping[str, Sequence[int]],
    cells: Sequence[str],
    width: int,
    roles: Mapping[str, str],
) -> Row:
    if len(cells) < width or any(cells[width:]):
        raise _Wrong(
            f"has {len(cells)} cells and the header {width}",
            "give every column a cell, and put what holds a comma or a semicolon in quotation marks",
        )

    def of(column: str) -> str:
        return next((cells[i] for i in columns.get(column, ()) if cells[i]), "")

    def several(column: str) -> list[str]:
        return [part for p in of(column).split(";") if (part := p.strip())]

    name = of("name") or " ".join(filter(None, (of("forename"), of("surname"))))
    last, comma, first = name.partition(",")
    name = f"{first.strip()} {last.strip()}" if comma and first.strip() else name
    if not slug(name):
        raise _Wrong(f"{shown(name)} is not a name" if name else "has no name", "write one")
    email = of("email").removeprefix("mailto:")
    if email and not ADDRESS.fullmatch(email):
        raise _Wrong(f"{shown(email)} is not a mail address", "write one, as pat@example.org")
    held = []
    for word in several("role"):
        role = roles.get(_plain(word))
        if role is None:
            raise _Wrong(
                f"there is no role {shown(word)}",
                f"use a role of policy_text/roles.toml{hint(word.casefold(), roles)}",
            )
        held.append(role)
    post = roles.get(_plain(of("job")), "")
    group = _group(of("group"))
    if not group and held and GOVERNING.issuperset((*held, *filter(None, (post,)))):
        group = GOVERNORS
    entry: dict[str, Any] = {
        "name": name,
        "email": email,
        "team": of("team"),
        "group": group,
        "starts": _day(of("starts")) if of("starts") else None,
        "leaves": _day(of("leaves")) if of("leaves") else None,
        "answers_to": several("answers_to"),
        "accounts": of("accounts").replace(";", " ").split(),
        "away": [_period(p) for p in several("away")],
    }
    return Row(number, {k: v for k, v in entry.items() if v}, tuple(held), post)


def _told_apart(rows: Sequence[Row], wrong: dict[int, str]) -> tuple[Row, ...]:
    """The rows of which it is sure whose they are; two that could be one person are a mistake."""
    found: list[Row] = []
    by_address: dict[str, int] = {}
    by_name: dict[str, list[tuple[int, str]]] = {}
    for row in rows:
        name, email = name_key(row.entry["name"]), str(row.entry.get("email", "")).casefold()
        namesakes = by_name.setdefault(name, [])
        other = next((n for n, theirs in namesakes if not (email and theirs)), 0)
        if email in by_address:
            what = f"{shown(email)} is also the address of row {by_address[email]}"
            do = "give it to one of them only, or keep one row for one person"
        elif other:
            what = f"{shown(row.entry['name'])} is also the name of row {other}"
            do = "keep one row for one person, or give both their own address"
        else:
            found.append(row)
            namesakes.append((row.number, email))
            if email:
                by_address[email] = row.number
            continue
        wrong[row.number] = f"{what}; {do}"
    return tuple(found)


def _group(word: str) -> str:
    for group, words in data("roster.toml")["groups"].items():
        if word.casefold() in words:
            return str(group)
    if word:
        groups = ", ".join(data("roster.toml")["groups"])
        raise _Wrong(f"there is no group {shown(word)}", f"use {groups}")
    return ""


def _day(word: str) -> date:
    bare = re.sub(r"[T ]\d{1,2}:\d\d.*$", "", word)
    for form in WRITTEN:
        try:
            return datetime.strptime(bare, form).date()  # noqa: DTZ007  # a date, of no zone
        except ValueError:
            continue
    raise _Wrong(f"{shown(word)} is not a date", "write it as 23/11/2026 or 2026-11-23")


def _period(word: str) -> str:
    """One day or two, as school.toml writes an absence."""
    found = _PERIOD.fullmatch(word)
    if found is None:
        raise _Wrong(
            f"{shown(word)} is not an absence",
            "write the first and the last day, as 16/11/2026 - 27/11/2026",
        )
    first, last = _day(found[1]), _day(found[2] or found[1])
    if last < first:
        raise _Wrong(f"the absence {shown(word)} ends before it begins", "correct one of the days")
    return f"{first}/{last}"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _plain(title: str) -> str:
    """What a role's title has in common however it is spaced: "Head Teacher"."""
    return re.sub(r"[\W_]+", "", folded(title))
