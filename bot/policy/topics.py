"""What a question or a clause is about: topics with probabilities, by two fitted models that are averaged.

One is `policy_text/fitted/topics.db`, made from the question bank and the policy statements by `make fit`:
a table from a word or concept to weights, sure of words it knows. The other is `encoder`, which reads the
text whole, and words it has never seen by their meaning. Together they pick better than either.
"""

from __future__ import annotations

import math
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from bot.policy import encoder
from bot.policy.encoder import Floats, Read
from bot.policy.lexicon import lexicon, stem

CHIEF = 10  # topics a text is said to be about; what is left of the probability is spread thinly
HEADING_SHARE = 0.25  # of a clause's topics come from reading it with its headings …
BEFORE_SHARE = 0.2  # … and from reading it with the clause before it, which it may lean on
FILE = "fitted/topics.db"


def features(expanded: Sequence[str]) -> list[str]:
    """What the model reads of a text: every stem, and the concepts found, with repeats."""
    return [*map(stem, expanded), *(u for u in lexicon().units(list(expanded)) if u[0] == "~")]


@dataclass(frozen=True, slots=True)
class Subject:
    """What a text is about: its chief topics, most likely first, and the probability of every topic."""

    chief: Mapping[str, float]
    spread: array[float]  # in the order of the model
    roots: array[float]  # the square root of each


def of_question(expanded: Sequence[str], read: Read) -> Subject:
    """What a question is about: its words, mended, and the question as it was read whole."""
    found = _model().logits(features(expanded), "question")
    return _subject(_probabilities(_averaged(found, read.question)))


def of_clause(
    heading: str, lead_in: str, text: str, before: str = "", read: Read | None = None
) -> Subject:
    """What a clause rules on; what stands around it counts for less.

    `read` is the clause with its lead-in and heading as it was read whole, where that is known.
    """
    lex, model = lexicon(), _model()
    views = (
        (1 - HEADING_SHARE - BEFORE_SHARE, f"{lead_in} {text}"),
        (HEADING_SHARE, f"{lead_in} {text} {heading}"),
        (BEFORE_SHARE, f"{lead_in} {text} {before}"),
    )
    mixed: dict[str, float] = {}
    for share, view in views:
        for topic, logit in model.logits(features(lex.expand(view)), "clause").items():
            mixed[topic] = mixed.get(topic, 0.0) + share * logit
    whole = read or encoder.read(f"{lead_in} {text} {heading}")
    return _subject(_probabilities(_averaged(mixed, whole.clause)))


def given(ids: Iterable[str]) -> Subject:
    """What a clause is about where its policy's owner says so: of every topic named as much."""
    named = dict.fromkeys(ids, 1.0)
    spread = [named.get(t, 0.0) for t in _model().ids]
    return Subject(named, array("f", spread), array("f", spread))


def known_words() -> tuple[str, ...]:
    """Every word of the bank, the commonest first, for mending what staff type."""
    return _model().words()


def _averaged(one: dict[str, float], other: Floats) -> dict[str, float]:
    """Both opinions; the encoder's topics stand in the same order."""
    return {t: (z + float(o)) / 2 for (t, z), o in zip(one.items(), other, strict=True)}


class _Model:
    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(
            f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        rows = self._db.execute("select id, question, clause, scale from topics order by position")
        table = rows.fetchall()
        self.ids = [str(r[0]) for r in table]
        self._bias = {"question": [r[1] for r in table], "clause": [r[2] for r in table]}
        self._scale = float(table[0][3])

    def logits(self, found: Iterable[str], side: str) -> dict[str, float]:
        counts: dict[str, int] = {}
        for f in found:
            counts[f] = counts.get(f, 0) + 1
        marks = ",".join("?" * len(counts))
        rows = self._db.execute(
            f"select feature, idf, {side} from features where feature in ({marks})",  # noqa: S608
            tuple(counts),
        ).fetchall()
        weighed = [((1 + math.log(counts[f])) * idf, blob) for f, idf, blob in rows]
        length = math.sqrt(sum(w * w for w, _ in weighed)) or 1.0
        total = list(self._bias[side])
        for weight, blob in weighed:
            scaled = weight / length * self._scale
            # Pairs of bytes: the topic's position, its weight as a signed byte.
            for position, byte in zip(blob[::2], blob[1::2], strict=True):
                total[position] += scaled * (byte - 256 if byte > 127 else byte)
        return dict(zip(self.ids, total, strict=True))

    def words(self) -> tuple[str, ...]:
        rows = self._db.execute("select word from words order by times desc, word")
        return tuple(str(r[0]) for r in rows)


@lru_cache(maxsize=1)
def _model() -> _Model:
    return _Model(Path(str(files("policy_text"))) / FILE)


def _probabilities(logits: dict[str, float]) -> dict[str, float]:
    top = max(logits.values())
    raised = {t: math.exp(z - top) for t, z in logits.items()}
    total = sum(raised.values())
    return {t: r / total for t, r in raised.items()}


def _subject(probabilities: dict[str, float]) -> Subject:
    chief = sorted(probabilities.items(), key=lambda item: -item[1])[:CHIEF]
    spread = probabilities.values()
    return Subject(
        {t: round(p, 4) for t, p in chief}, array("f", spread), array("f", map(math.sqrt, spread))
    )
