"""The question bank and the policy statements, by topic, as `policy_text/` keeps them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from bot.config import data
from bot.errors import BadSettings


@dataclass(frozen=True, slots=True)
class Example:
    """A staff-worded question or a policy-worded statement, and the topics it is about."""

    text: str
    topics: tuple[str, ...]  # the first is the one it was written for


def topics() -> tuple[str, ...]:
    """Every topic, in the order of topics.toml."""
    return tuple(data("topics.toml"))


@lru_cache(maxsize=1)
def questions() -> tuple[Example, ...]:
    """The question bank: what staff ask, by topic."""
    return tuple(_examples("questions"))


@lru_cache(maxsize=1)
def statements() -> tuple[Example, ...]:
    """Policy statements: how policies word a rule, by topic."""
    return tuple(_examples("statements"))


def sources() -> list[Traversable]:
    """The files the bank is read from."""
    root = files("policy_text")
    return [
        f
        for folder in ("questions", "statements")
        for f in sorted((root / folder).iterdir(), key=lambda f: f.name)
        if f.name.endswith(".txt")
    ]


def _examples(folder: str) -> Iterator[Example]:
    known = set(topics())
    for file in sorted((files("policy_text") / folder).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".txt"):
            yield from _read(file, known)


def _read(file: Traversable, known: set[str]) -> Iterator[Example]:
    topic = ""
    for number, raw in enumerate(file.read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        if line.startswith("# "):
            topic = line[2:].strip()
        elif line:
            words = line.split()
            also = tuple(w[1:] for w in words if w[0] == "+" and w[1:] in known)
            text = " ".join(w for w in words if not (w[0] == "+" and w[1:] in known))
            if topic not in known:
                raise BadSettings(f"{file.name} line {number}: '{topic}' is not in topics.toml")
            yield Example(text, (topic, *also))
