"""The words of a text, each with others that mean much the same, and how telling it is.

A table, `policy_text/fitted/near.db`, made by `make fit` and read with the standard library alone: a clause
that says "mobile" holds something of a question about a "handset".
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from bot.policy.lexicon import lexicon, stem

FILE = "fitted/near.db"


@dataclass(frozen=True, slots=True)
class Near:
    """A word of a question: how telling it is, and the stems near it, with how near (1 the same)."""

    weight: float
    stems: Mapping[str, float]


def near(expanded: Sequence[str]) -> list[Near]:
    """The words of a text that say something of its subject, each with those near it in meaning."""
    stop = lexicon().stop
    words = [w for w in dict.fromkeys(expanded) if w not in stop]
    marks = ",".join("?" * len(words))
    rows = _table().execute(
        f"select word, weight, near from words where word in ({marks})",  # noqa: S608
        tuple(words),
    )
    found = {word: Near(weight, _stems(word, near)) for word, weight, near in rows}
    return [found[w] for w in words if w in found]


def _stems(word: str, near: str) -> dict[str, float]:
    """The stems a row names, each followed by how near it is in hundredths; its own stem is nearest."""
    parts = near.split()
    found = dict(zip(parts[::2], (int(n) / 100 for n in parts[1::2]), strict=True))
    return {**found, stem(word): 1.0}


@lru_cache(maxsize=1)
def _table() -> sqlite3.Connection:
    file = Path(str(files("policy_text"))) / FILE
    return sqlite3.connect(
        f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True, check_same_thread=False
    )
