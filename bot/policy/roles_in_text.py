"""Which roles a stretch of text names: the words come from policy_text/roles.toml."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Role:
    """A role a policy can name."""

    id: str
    title: str
    kind: str  # school, outside, people or unnamed
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A role named in a text, and where."""

    role: str
    start: int
    end: int


NAMED_PERSON = "named-person"


@cache
def roles() -> dict[str, Role]:
    """Every role of policy_text/roles.toml by id, in the file's order."""
    table = tomllib.loads(files("policy_text").joinpath("roles.toml").read_text("utf-8"))
    return {
        key: Role(key, entry["title"], entry["kind"], tuple(entry["words"]))
        for key, entry in table.items()
    }


def mentions(text: str) -> tuple[Mention, ...]:
    """Find the roles `text` names, in order; the longest name wins where two overlap."""
    any_case, capitals = _patterns()
    found = [
        Mention(_role_of(match.group()), match.start(), match.end())
        for pattern in (any_case, capitals)
        for match in pattern.finditer(text)
    ]
    found.sort(key=lambda mention: (mention.start, -mention.end))
    kept: list[Mention] = []
    for mention in found:
        if not kept or mention.start >= kept[-1].end:
            kept.append(mention)
    return tuple(kept)


def _key(word: str) -> str:
    return re.sub(r"[\s-]+", " ", word.replace("’", "'").lower())


@cache
def _by_word() -> dict[str, str]:
    return {_key(word): role.id for role in roles().values() for word in role.words}


def _role_of(words: str) -> str:
    return _by_word()[_key(words)]


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = [word for role in roles().values() for word in role.words]
    capitals = [word for word in words if word.rstrip("s").isupper()]
    others = [word for word in words if word not in capitals]
    return (
        re.compile(rf"\b(?:{_alternatives(others)})\b(?!-)", re.IGNORECASE),
        re.compile(rf"\b(?:{_alternatives(capitals)})\b(?!-)"),
    )


def _alternatives(words: list[str]) -> str:
    longest_first = sorted(words, key=len, reverse=True)
    escaped = (re.escape(word).replace(r"\ ", r"[\s-]+") for word in longest_first)
    return "|".join(word.replace("'", "['’]") for word in escaped)
