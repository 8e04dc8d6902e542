"""Check questions: a policy's own clauses with the word of strength left out, to be put back.

Only a clause that speaks once, plainly and without a condition becomes a question, so that its own words
decide what is right.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.policy.model import Clause, Strength

SHORTEST, LONGEST = 30, 240  # characters of a clause that can be taken in at a glance
BLANK = "…"
_MODAL = re.compile(
    r"\b(must not|must never|should not|should never|must|should|may not|may|cannot|can|shall|never)\b",
    re.IGNORECASE,
)
_CONDITION = re.compile(
    r"\b(unless|except|only|if|where|when|without|until|whether|not|no)\b|[:;]", re.IGNORECASE
)


class Says(StrEnum):
    """What a clause says of what it speaks of."""

    DO = "do"
    DO_NOT = "do-not"
    MAY = "may"


_SAYS = {
    Strength.MUST: Says.DO,
    Strength.SHOULD: Says.DO,
    Strength.MUST_NOT: Says.DO_NOT,
    Strength.SHOULD_NOT: Says.DO_NOT,
    Strength.MAY: Says.MAY,
}
_WORDS = {
    "must": Says.DO,
    "should": Says.DO,
    "must not": Says.DO_NOT,
    "must never": Says.DO_NOT,
    "should not": Says.DO_NOT,
    "should never": Says.DO_NOT,
    "may": Says.MAY,
}


@dataclass(frozen=True, slots=True)
class Question:
    """A clause with a gap, and what belongs there."""

    clause: Clause
    text: str
    right: Says


def questions(clauses: Sequence[Clause], number: int, seed: str) -> tuple[Question, ...]:
    """So many questions from these clauses, fewer where they allow no more; the same for the same seed."""
    can = [q for c in clauses if (q := _question(c)) is not None]
    chosen = random.Random(seed).sample(can, min(number, len(can)))  # noqa: S311  # no secret
    return tuple(chosen)


def _question(clause: Clause) -> Question | None:
    reading, text = clause.reading, clause.text
    if clause.lead_in or not SHORTEST <= len(text) <= LONGEST or reading.condition:
        return None
    if not {"staff", "all"} & set(reading.binds) or text.rstrip(" .").count(". "):
        return None
    found = list(_MODAL.finditer(text))
    right = _WORDS.get(found[0][1].lower()) if len(found) == 1 else None
    if right is None or _SAYS.get(reading.strength) is not right:
        return None
    gap = text[: found[0].start()] + BLANK + text[found[0].end() :]
    return None if _CONDITION.search(gap) else Question(clause, gap, right)
