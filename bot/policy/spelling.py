"""Words that are none, and words that are another than was meant: "recieve", "the school principle", "a compliant"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from bot.config import data
from bot.policy import wordlist

SHORTEST = 4  # letters: shorter words that are unknown are as often abbreviations
OFTEN = 3  # a word that a policy has this often is its own
_SMALL = re.compile(r"(?<![\w’'.@/:#&-])[a-z]{4,}(?![\w’'@/&]|-\w|\.\w)")


def own_words(text: str) -> frozenset[str]:
    """Words that a policy uses again and again, or also as part of a name: they are right here, whatever they are."""
    counts = Counter(re.findall(r"[a-z]+", text.lower()))
    named = {w.lower() for w in re.findall(r"(?<![.!?] )\b[A-Z][a-z]+", text)}
    return frozenset(w for w, n in counts.items() if n >= OFTEN) | named


def spelling(text: str, own: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Find misspelt words and words in the wrong place, as (start, end)."""
    for found in _SMALL.finditer(text):
        word = found[0]
        if word not in own and not wordlist.known(word) and wordlist.near(word):
            yield found.span()
    for found in _unlikely().finditer(text):
        yield found.span()
    for pattern in _confused():
        for found in pattern.finditer(text):
            yield found.span()


@lru_cache(maxsize=1)
def _unlikely() -> re.Pattern[str]:
    return re.compile(rf"(?<![\w’'-])(?:{'|'.join(data('english.toml')['unlikely'])})(?![\w’'-])")


@lru_cache(maxsize=1)
def _confused() -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(p, re.IGNORECASE) for p, _ in data("english.toml")["confused"]["places"]
    )
