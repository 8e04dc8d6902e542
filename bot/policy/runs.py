"""A run of words with nothing but spaces between them, as the rules of grammar look at it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.config import data

_RUN = re.compile(r"[A-Za-z][\w’'-]*(?: [A-Za-z][\w’'-]*)*")
_WORD = re.compile(r"[\w’'-]+")
_NO_ADVERBS = frozenset("rally tally ally reply apply supply family comply rely multiply".split())


@dataclass(frozen=True, slots=True)
class Run:
    """Words that follow each other: in lower case, as printed, where each stands; and whether they open a sentence."""

    low: Sequence[str]
    printed: Sequence[str]
    spans: Sequence[tuple[int, int]]
    opens: bool


def runs(text: str) -> Iterator[Run]:
    """The runs of words of a passage."""
    for found in _RUN.finditer(text):
        tokens = list(_WORD.finditer(found[0]))
        before = text[: found.start()].rstrip(" \"'“‘(•-–")
        yield Run(
            [t[0].lower().replace("’", "'") for t in tokens],
            [t[0] for t in tokens],
            [(found.start() + t.start(), found.start() + t.end()) for t in tokens],
            not before or before[-1] in ".!?:;",
        )


def after(low: Sequence[str], at: int) -> int:
    """The place after `at` where adverbs end."""
    at += 1
    while at < len(low) and (
        low[at] in _between() or (low[at].endswith("ly") and low[at] not in _NO_ADVERBS)
    ):
        at += 1
    return at


@lru_cache(maxsize=1)
def _between() -> frozenset[str]:
    return frozenset(data("english.toml")["between"]["words"].split())
