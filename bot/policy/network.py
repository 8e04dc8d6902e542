"""A second opinion on what a text is about, from the meaning of its words rather than the words.

A small network over word vectors: it reads a word that the question bank lacks as its nearest relatives.
It is `policy_text/fitted/network.db`, made by `make fit` and read with the standard library alone.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import mul
from pathlib import Path
from urllib.parse import quote

from bot.policy.lexicon import lexicon, stem

FILE = "fitted/network.db"
SIDES = ("question", "clause")


@dataclass(frozen=True, slots=True)
class Near:
    """A word of a question: how telling it is, and the stems near it, with how near (1 the same)."""

    weight: float
    stems: Mapping[str, float]


def tokens(expanded: Sequence[str]) -> list[str]:
    """What the network reads of a text: its words, and the concepts found in it."""
    return [*expanded, *(u for u in lexicon().units(list(expanded)) if u[0] == "~")]


def direction(found: Iterable[str]) -> list[float]:
    """Where the tokens of a text point, as the network sees them; nought where none is known."""
    return _network().direction(found)


def logits(at: Sequence[float], side: str) -> dict[str, float]:
    """How much speaks for each topic of a text that points there, a question or a clause."""
    return _network().logits(at, side)


def near(expanded: Sequence[str]) -> list[Near]:
    """The words of a text that say something of its subject, each with those near it in meaning."""
    stop = lexicon().stop
    return _network().near([w for w in dict.fromkeys(expanded) if w not in stop])


class _Network:
    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(
            f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._ids = [str(r[0]) for r in self._db.execute("select id from topics order by position")]
        self._scale, self._width = self._db.execute("select scale, width from about").fetchone()
        self._bias, self._hidden = self._layer("hidden")
        self._heads = {side: self._layer(side) for side in SIDES}

    def direction(self, found: Iterable[str]) -> list[float]:
        found = list(found)
        marks = ",".join("?" * len(found))
        known = {
            word: (weight, blob)
            for word, weight, blob in self._db.execute(
                f"select word, weight, vector from words where word in ({marks})",  # noqa: S608
                tuple(found),
            )
        }
        total, squares = [0.0] * self._width, 0.0
        for token in found:
            if token in known:
                weight, blob = known[token]
                squares += weight * weight
                total = [t + weight * b for t, b in zip(total, array("b", blob), strict=True)]
        scaled = self._scale / (math.sqrt(squares) or 1.0)
        return [t * scaled for t in total]

    def logits(self, at: Sequence[float], side: str) -> dict[str, float]:
        hidden = [
            max(0.0, b + sum(map(mul, row, at)))
            for b, row in zip(self._bias, self._hidden, strict=True)
        ]
        bias, rows = self._heads[side]
        total = [b + sum(map(mul, row, hidden)) for b, row in zip(bias, rows, strict=True)]
        return dict(zip(self._ids, total, strict=True))

    def near(self, words: Sequence[str]) -> list[Near]:
        marks = ",".join("?" * len(words))
        rows = self._db.execute(
            f"select word, weight, near from words where word in ({marks})",  # noqa: S608
            tuple(words),
        )
        found = {word: Near(weight, _stems(word, near)) for word, weight, near in rows}
        return [found[w] for w in words if w in found]

    def _layer(self, name: str) -> tuple[list[float], list[list[float]]]:
        rows = self._db.execute(
            "select bias, weights from units where layer = ? order by position", (name,)
        ).fetchall()
        return [float(r[0]) for r in rows], [array("f", r[1]).tolist() for r in rows]


def _stems(word: str, near: str) -> dict[str, float]:
    """The stems a row names, each followed by how near it is in hundredths; its own stem is nearest."""
    parts = near.split()
    found = dict(zip(parts[::2], (int(n) / 100 for n in parts[1::2]), strict=True))
    return {**found, stem(word): 1.0}


@lru_cache(maxsize=1)
def _network() -> _Network:
    return _Network(Path(str(files("policy_text"))) / FILE)
