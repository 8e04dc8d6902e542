"""How near two clauses of one policy are in what they speak of, whatever their words."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul

from bot.policy import meaning, topics
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause


@dataclass(frozen=True, slots=True)
class Near:
    """Three likenesses of two clauses, each 0 (nothing in common) to 1: of words, of meanings, of topics."""

    words: float
    meaning: float
    topics: float

    @property
    def all(self) -> float:
        """The three together, 0 to 3."""
        return self.words + self.meaning + self.topics


class Kinship:
    """The clauses of a policy, ready to be compared; rare words of the policy count for more."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = clauses
        self._place = {clause.id: at for at, clause in enumerate(clauses)}

    def near(self, one: Clause, other: Clause) -> Near:
        """How near two of the clauses are."""
        a, b = self._place[one.id], self._place[other.id]
        mine, theirs = self._weighed[a], self._weighed[b]
        common = sum(weight * theirs[unit] for unit, weight in mine.items() if unit in theirs)
        length = math.sqrt(sum(w * w for w in mine.values()) * sum(w * w for w in theirs.values()))
        return Near(
            common / length if length else 0.0,
            max(meaning.likeness(self._meanings[a], self._meanings[b]), 0.0),
            sum(map(mul, self._topics[a], self._topics[b])),
        )

    def place(self, clause: Clause) -> int:
        """Which clause of the policy it is."""
        return self._place[clause.id]

    def weight(self, unit: str) -> float:
        """How much a unit tells in this policy: more, the fewer clauses have it."""
        return math.log((len(self._clauses) + 1) / (self._counts[unit] + 0.5))

    @cached_property
    def _expanded(self) -> list[list[str]]:
        return [lexicon().expand(f"{c.lead_in or ''} {c.text}") for c in self._clauses]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(u for words in self._expanded for u in set(lexicon().units(words)))

    @cached_property
    def _weighed(self) -> list[dict[str, float]]:
        return [
            {u: self.weight(u) for u in set(lexicon().units(words))} for words in self._expanded
        ]

    @cached_property
    def _meanings(self) -> list[array[float]]:
        return [meaning.vector(words) for words in self._expanded]

    @cached_property
    def _topics(self) -> list[array[float]]:
        return [
            topics.of_clause(" ".join(c.section), c.lead_in or "", c.text).roots
            for c in self._clauses
        ]
