"""The mark at the end of a clause: its permanent id and what the owner set, read and written."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import Any

from bot.policy.model import Clause, Reading, Strength
from bot.policy.roles_in_text import roles
from bot.policy.sentences import fold
from bot.policy.where import Where

WHO = (
    "all",
    "school",
    "staff",
    "governors",
    "volunteers",
    "parents",
    "pupils",
    "leaders",
    "visitors",
    "headteacher",
)
"""Whom a clause can bind."""

OWNER_FIELDS = ("strength", "binds", "approver", "condition", "route", "topics")
"""What an owner can set on a clause."""

# A backslash before the brace makes it a part of the text
MARK = re.compile(r'(?<!\\)\{#((?:[^{}"]|"(?:[^"\\]|\\.)*")*)\}\s*$')
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_KEY_VALUE = r'[^{}"\s]|"(?:[^"\\]|\\.)*"'
_ALONE = "alone"


@dataclass(frozen=True, slots=True)
class Mark:
    """A clause's mark as read."""

    id: str
    owner: dict[str, Any]
    alone: bool = False  # without the lead-in of the list it stands in


def read_mark(inside: str, line: int, where: Where) -> Mark:
    """What stands between `{#` and `}`."""
    words = re.findall(rf"(?:{_KEY_VALUE})+", inside)
    if not words or not _ID.fullmatch(words[0]):
        where.bad(line, "a mark begins with the clause's id, such as {#SM-12}")
    owner: dict[str, Any] = {}
    for word in words[1:]:
        if word == _ALONE:
            continue
        key, equals, value = word.partition("=")
        if key not in OWNER_FIELDS:
            where.unknown(line, "the key", key, OWNER_FIELDS)
        if not equals:
            where.bad(line, f"{key} needs a value, such as {key}=...")
        if key in owner:
            where.bad(line, f"{key} is set twice: keep one")
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        owner[key] = _owner_value(key, value, line, where)
    return Mark(words[0], owner, _ALONE in words[1:])


def _owner_value(key: str, value: str, line: int, where: Where) -> object:
    several = tuple(part.strip() for part in value.split(",") if part.strip())
    if key == "strength":
        if value not in tuple(Strength):
            where.unknown(line, "the strength", value, [str(each) for each in Strength])
        return Strength(value)
    if key == "binds":
        for each in several:
            if each not in WHO:
                where.unknown(line, "in binds,", each, WHO)
        if not several:
            where.bad(line, f"binds needs at least one of {', '.join(WHO)}")
        return several
    if key == "topics":
        several = () if several == ("none",) else several
        for each in several:
            if not re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", each):
                where.bad(line, f"the topic {each!r} is not a topic's name, such as friend-parent")
        return several
    if value in ("", "none"):
        return None
    if key in ("approver", "route"):
        return _role(value, f"the role in {key},", line, where)
    return fold(value)


def _role(value: str, what: str, line: int, where: Where) -> str:
    known = tuple(roles())
    if value in known:
        return value
    near = [each for each in known if each.startswith(value) or value.startswith(each)]
    if near:
        where.unknown(line, what, value, near)
    if difflib.get_close_matches(value, known, n=1, cutoff=0.7) or not re.fullmatch(
        r"[a-z][a-z0-9-]*", value
    ):
        where.unknown(line, what, value, known)
    # a role of the school's own, which school.toml names
    return value


def mark_of(clause: Clause, *, alone: bool = False) -> str:
    """The mark of `clause`; `alone` where it stands in a list without the list's lead-in."""
    words = (f" {_ALONE}" if alone else "") + _owner_words(clause.reading)
    return f"{{#{clause.id}{words}}}"


def _owner_words(reading: Reading) -> str:
    out = ""
    for key in OWNER_FIELDS:
        if key not in reading.by_owner:
            continue
        value = getattr(reading, key)
        if isinstance(value, tuple):
            value = ",".join(value)
        if value is None or value == "":
            out += f" {key}=none"
        elif key == "condition":
            escaped = fold(value).replace("\\", "\\\\").replace('"', '\\"')
            out += f' {key}="{escaped}"'
        else:
            out += f" {key}={value}"
    return out
