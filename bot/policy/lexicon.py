"""Policy words and what staff type, brought to one set of units that both sides share.

A unit is a word's stem, or a concept from `policy_text/lexicon.toml` written with a leading "~". Brand
names are folded into one word a kind, so that a rule about one network answers for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import Stemmer
from rapidfuzz import process
from rapidfuzz.distance import OSA

from bot.config import data

WORD = re.compile(r"[a-z0-9]+(?:\.com)?")
MIN_REPAIR = 4  # letters: shorter words have too many neighbours to be repaired safely
LONGEST_WORD = 30  # letters: what is longer is not a word
MENDED_KEPT = 10_000  # words remembered, so that a flood of nonsense cannot fill the memory


def words(text: str) -> list[str]:
    """Lower-case words of a text, apostrophes and accents of punctuation dropped ("can't" is "cant")."""
    return WORD.findall(text.lower().replace("’", "").replace("'", "").replace("‘", ""))


_stemmer = Stemmer.Stemmer("english")


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Return a word without its ending ("posting" and "posted" are both "post")."""
    return str(_stemmer.stemWord(word))


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The tables of lexicon.toml, keyed by stems."""

    short: dict[str, tuple[str, ...]]
    names: dict[tuple[str, ...], str]
    concepts: dict[tuple[str, ...], tuple[str, ...]]
    vocabulary: frozenset[str]
    stop: frozenset[str]
    longest: int  # words in the longest phrase of a concept

    def expand(self, text: str) -> list[str]:
        """Words of a text with abbreviations written out and brand names folded."""
        out: list[str] = []
        for word in words(text):
            out.extend(self.short.get(word, (word,)))
        return self._fold_names(out)

    def units(self, expanded: list[str]) -> list[str]:
        """Return stems of the words that matter, then the concepts found, each once in order."""
        stems = [stem(w) for w in expanded]
        found: dict[str, None] = {}
        for word, s in zip(expanded, stems, strict=True):
            if word not in self.stop:
                found[s] = None
        for concept in self._concepts_in(stems):
            found["~" + concept] = None
        return list(found)

    def _fold_names(self, source: list[str]) -> list[str]:
        out: list[str] = []
        at = 0
        while at < len(source):
            for size in range(min(3, len(source) - at), 0, -1):
                name = self.names.get(tuple(source[at : at + size]))
                if name:
                    out.append(name)
                    at += size
                    break
            else:
                out.append(source[at])
                at += 1
        return out

    def _concepts_in(self, stems: list[str]) -> list[str]:
        found: list[str] = []
        for at in range(len(stems)):
            for size in range(min(self.longest, len(stems) - at), 0, -1):
                found.extend(self.concepts.get(tuple(stems[at : at + size]), ()))
        return found


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Read the lexicon, once a process."""
    table = data("lexicon.toml")
    stop = frozenset(table["stop"]["words"].split())
    short = {words(k)[0]: tuple(words(v)) for k, v in table["short"].items() if len(words(k)) == 1}
    names = {tuple(words(n)): kind for kind, row in table["names"].items() for n in row.split(",")}
    concepts: dict[tuple[str, ...], tuple[str, ...]] = {}
    known = {w for v in short.values() for w in v} | stop | set(table["names"])
    for concept, row in table["concepts"].items():
        for phrase in row.split(","):
            parts = words(phrase)
            known.update(parts)
            key = tuple(stem(w) for w in parts)
            if concept not in concepts.get(key, ()):
                concepts[key] = (*concepts.get(key, ()), concept)
    known.update(w for name in names for w in name)
    return Lexicon(short, names, concepts, frozenset(known), stop, max(map(len, concepts)))


class Vocabulary:
    """Words known, the commonest first, ready to be searched for the nearest to another."""

    def __init__(self, known: Sequence[str]) -> None:
        self.known = frozenset(known)
        self._by_letter: dict[str, list[str]] = {}
        for word in dict.fromkeys(known):
            if len(word) >= MIN_REPAIR and word.isalpha():
                self._by_letter.setdefault(word[0], []).append(word)

    def nearest(self, word: str, slips: int) -> tuple[int, str] | None:
        """The nearest word with the same first letter and how many slips away it is, if that near."""
        choices = self._by_letter.get(word[0], [])
        best = process.extractOne(word, choices, scorer=OSA.distance, score_cutoff=slips)
        return (int(best[1]), str(best[0])) if best else None


class Speller:
    """Mends words nobody knows, to the nearest known word with the same first letter.

    One slip is mended in a word of four or five letters, two in a longer one; anything else is left
    alone. Vocabularies may be shared between spellers; of two words equally near the first one's wins.
    """

    def __init__(self, *vocabularies: Vocabulary) -> None:
        self._vocabularies = vocabularies
        self._mended: dict[str, str] = {}

    def mend(self, source: list[str]) -> list[str]:
        """Return the words with unknown ones repaired where a near one is known."""
        return [self._known_or_nearest(w) for w in source]

    def _known_or_nearest(self, word: str) -> str:
        if any(word in v.known for v in self._vocabularies):
            return word
        if len(word) < MIN_REPAIR or len(word) > LONGEST_WORD or not word.isalpha():
            return word
        if word not in self._mended:
            if len(self._mended) > MENDED_KEPT:
                self._mended.clear()
            slips = 1 if len(word) <= 5 else 2
            near = [n for v in self._vocabularies if (n := v.nearest(word, slips))]
            self._mended[word] = min(near, key=lambda n: n[0])[1] if near else word
        return self._mended[word]
