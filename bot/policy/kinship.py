"""How near two sentences of one policy are in what they speak of, whatever their words."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import mul

from bot.policy import meaning, topics
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause


@dataclass(frozen=True, slots=True)
class Near:
    """Three likenesses of two sentences, each 0 (nothing in common) to 1: of words, of meanings, of topics."""

    words: float
    meaning: float
    topics: float

    @property
    def all(self) -> float:
        """The three together, 0 to 3."""
        return self.words + self.meaning + self.topics


@dataclass(frozen=True, slots=True)
class _About:
    """What a sentence is about: its weighed units, its direction, and its place among the topics."""

    units: Mapping[str, float]
    meaning: array[float]
    topics: array[float]


class Kinship:
    """The clauses of a policy, ready to be compared; rare words of the policy count for more."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._clauses = clauses
        self._place = {clause.id: at for at, clause in enumerate(clauses)}
        self._about: dict[tuple[str, str], _About] = {}

    def near(self, one: Clause, other: Clause, said: str = "", beside: str = "") -> Near:
        """How near two of the clauses are, or a sentence of the one (`said`) and one of the other (`beside`)."""
        a, b = self._of(one, said or one.text), self._of(other, beside or other.text)
        common = sum(weight * b.units[unit] for unit, weight in a.units.items() if unit in b.units)
        length = math.sqrt(
            sum(w * w for w in a.units.values()) * sum(w * w for w in b.units.values())
        )
        return Near(
            common / length if length else 0.0,
            max(meaning.likeness(a.meaning, b.meaning), 0.0),
            sum(map(mul, a.topics, b.topics)),
        )

    def place(self, clause: Clause) -> int:
        """Which clause of the policy it is."""
        return self._place[clause.id]

    def weight(self, unit: str) -> float:
        """How much a unit tells in this policy: more, the fewer clauses have it."""
        return math.log((len(self._clauses) + 1) / (self._counts[unit] + 0.5))

    def _of(self, clause: Clause, sentence: str) -> _About:
        key = clause.id, sentence
        if key not in self._about:
            lead = clause.lead_in or ""
            words = lexicon().expand(f"{lead} {sentence}")
            self._about[key] = _About(
                {u: self.weight(u) for u in set(lexicon().units(words))},
                meaning.vector(words),
                topics.of_clause(" ".join(clause.section), lead, sentence).roots,
            )
        return self._about[key]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(
            u
            for c in self._clauses
            for u in set(lexicon().units(lexicon().expand(f"{c.lead_in or ''} {c.text}")))
        )
