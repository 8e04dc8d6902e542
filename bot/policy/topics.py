"""What a question or a clause is about: topics with probabilities, by a fitted linear model.

The model is `policy_text/fitted/topics.db`, made from the question bank and the policy statements by
`make fit`. It is a table from a word or concept to weights, so that any answer can be traced to words.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from bot.policy.lexicon import lexicon, stem

KEPT = 10  # topics kept of a question or clause: together they hold nearly all the probability
HEADING_SHARE = 0.25  # of a clause's topics come from reading it with its headings …
BEFORE_SHARE = 0.2  # … and from reading it with the clause before it, which it may lean on
ASKS_SHARE = 0.3  # of a question's topics come from the sentence that asks
FILE = "fitted/topics.db"


def features(expanded: Sequence[str]) -> list[str]:
    """What the model reads of a text: every stem, and the concepts found, with repeats."""
    return [*map(stem, expanded), *(u for u in lexicon().units(list(expanded)) if u[0] == "~")]


def of_question(expanded: Sequence[str], asks: Sequence[str] = ()) -> dict[str, float]:
    """Topics a question is about, most likely first.

    `asks` is its last sentence, where others before it tell the situation: it counts as much as the whole.
    """
    model = _model()
    logits = model.logits(features(expanded), "question")
    if asks and len(asks) < len(expanded):
        last = model.logits(features(asks), "question")
        logits = {t: (1 - ASKS_SHARE) * z + ASKS_SHARE * last[t] for t, z in logits.items()}
    return _kept(_probabilities(logits))


def of_clause(heading: str, lead_in: str, text: str, before: str = "") -> dict[str, float]:
    """Topics a clause rules on, most likely first; what stands around it counts for less."""
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
    return _kept(_probabilities(mixed))


def known_words() -> tuple[str, ...]:
    """Every word of the bank, the commonest first, for mending what staff type."""
    return _model().words()


class _Model:
    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(
            f"file:{quote(str(file))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        rows = self._db.execute("select id, question, clause, scale from topics order by position")
        table = rows.fetchall()
        self._ids = [str(r[0]) for r in table]
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
        return dict(zip(self._ids, total, strict=True))

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


def _kept(probabilities: dict[str, float]) -> dict[str, float]:
    best = sorted(probabilities.items(), key=lambda item: -item[1])[:KEPT]
    return {t: round(p, 4) for t, p in best}
