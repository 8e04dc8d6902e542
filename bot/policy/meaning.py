"""What words mean, as vectors: near meanings point the same way, whatever the words are.

The vectors are `policy_text/fitted/words.db`: one a word, made once from a small sentence model by
`tests/bench/fit_words.py` and read here with the standard library alone.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from operator import mul
from pathlib import Path
from urllib.parse import quote

FILE = "fitted/words.db"


def vector(expanded: Sequence[str]) -> array[float]:
    """The direction a text's words point in, of length 1; empty where no word is known."""
    return _words().vector(expanded)


def likeness(one: array[float], other: array[float]) -> float:
    """How near two texts are: 1 the same, 0 unrelated or unknown."""
    return sum(map(mul, one, other)) if one and other else 0.0


def words() -> frozenset[str]:
    """Every word, in lower case, whose meaning is known."""
    return _words().known()


def everyday() -> frozenset[str]:
    """Those of them that texts of our kind have."""
    return _words().known(everyday=True)


class _Words:
    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(
            f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        middle, self._rare = self._db.execute("select middle, rare from about").fetchone()
        self._middle = array("f", middle)

    def known(self, *, everyday: bool = False) -> frozenset[str]:
        only = " where weight is not null" if everyday else ""
        return frozenset(w for (w,) in self._db.execute(f"select word from words{only}"))  # noqa: S608

    def vector(self, expanded: Sequence[str]) -> array[float]:
        marks = ",".join("?" * len(expanded))
        known = {
            word: (weight, blob)
            for word, weight, blob in self._db.execute(
                f"select word, weight, vector from words where word in ({marks})",  # noqa: S608
                tuple(expanded),
            )
        }
        total = [0.0] * len(self._middle)
        for word in expanded:
            if word in known:
                weight, blob = known[word]
                scaled = self._rare if weight is None else weight
                total = [t + scaled * b for t, b in zip(total, array("b", blob), strict=True)]
        length = math.sqrt(sum(map(mul, total, total)))
        if not length:
            return array("f")
        # What all texts have in common says nothing; it is taken away before comparing.
        moved = [t / length - m for t, m in zip(total, self._middle, strict=True)]
        length = math.sqrt(sum(map(mul, moved, moved))) or 1.0
        return array("f", (x / length for x in moved))


@lru_cache(maxsize=1)
def _words() -> _Words:
    return _Words(Path(str(files("policy_text"))) / FILE)
