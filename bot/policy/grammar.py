"""Slips that neighbouring words show, whatever they say: "must reported", "the of", "a pupils", "in accordance the".

Each rule looks at two or three words that follow each other with nothing but spaces between, asks only what kinds of
words they are, and says how many of them are wrong together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.policy.agreement import a_an, agreement, number
from bot.policy.noun_rules import adverb_to, article, partner, preposition
from bot.policy.runs import Run, runs
from bot.policy.verb_rules import asked, be, modal, to, twice

_RULES: tuple[Callable[[Run, int], int], ...] = (
    modal, to, be, article, preposition, asked, adverb_to, partner, number, agreement, a_an, twice,
)  # fmt: skip


def grammar(text: str) -> Iterator[tuple[int, int]]:
    """Find, in a passage, stretches that no English sentence has, as (start, end)."""
    for run in runs(text):
        for at in range(len(run.low)):
            size = next((size for rule in _RULES if (size := rule(run, at))), 0)
            if size:
                last = min(at + size, len(run.spans)) - 1
                yield run.spans[at][0], run.spans[last][1]
