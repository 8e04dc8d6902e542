"""Fit which words are near each other in meaning: word vectors, bank, statements and labelled clauses -> near.db.

    python -m tests.bench.fit_near [--leave-out SCHOOL ...] [--to FILE]

The word vectors are where it starts from; they move as a small network learns topics from them. Needs numpy and
scipy; what it writes is read with the standard library alone.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Collection, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix

from bot.policy import bank, meaning, near_words
from bot.policy.lexicon import lexicon, stem
from tests.bench.fit_topics import (
    QUESTION_FOR_CLAUSES,
    SECOND_TOPIC,
    STATEMENT_FOR_QUESTIONS,
    labelled_clauses,
)
from tests.bench.sets import ROOT

TO = ROOT / "policy_text" / near_words.FILE
SIDES = ("question", "clause")
HIDDEN = 128  # 192 and 256 pick no better and take longer
ROUNDS = 12
AT_ONCE = 256
PACE = 2e-3
DROPPED = 0.3  # of the words and of the hidden units, at random, so that it leans on no single one
SPREAD = 0.05  # of the wanted probability goes to all topics alike: no text is beyond doubt
CONCEPT = 5.0  # the weight of a concept, about that of a middling word
SEED = 0
NEAR = 0.5  # the cosine from which two words count as near in meaning
NEAREST = 15  # near words kept of each


def tokens(expanded: Sequence[str]) -> list[str]:
    """What the network reads of a text: its words, and the concepts found in it."""
    return [*expanded, *(u for u in lexicon().units(list(expanded)) if u[0] == "~")]


def examples(leave_out: Collection[str]) -> list[tuple[list[str], Sequence[str], float, float]]:
    """(tokens, topics, weight for questions, weight for clauses) of everything labelled."""
    lex = lexicon()

    def read(text: str) -> list[str]:
        return tokens(lex.expand(text))

    return [
        *((read(e.text), e.topics, 1.0, QUESTION_FOR_CLAUSES) for e in bank.questions()),
        *((read(e.text), e.topics, STATEMENT_FOR_QUESTIONS, 1.0) for e in bank.statements()),
        *((read(text), found, 0.5, 1.0) for text, found in labelled_clauses(leave_out)),
    ]


class Start:
    """The words the network knows and the vectors it starts from."""

    def __init__(self, rows: Sequence[tuple[list[str], Sequence[str], float, float]]) -> None:
        db = sqlite3.connect(Path(str(files("policy_text"))) / meaning.FILE)
        rare = db.execute("select rare from about").fetchone()[0]
        known = db.execute("select word, weight, vector from words order by word").fetchall()
        concepts = sorted({t for found, *_ in rows for t in found if t[0] == "~"})
        self.weights = {w: float(rare if weight is None else weight) for w, weight, _ in known}
        self.weights.update(dict.fromkeys(concepts, CONCEPT))
        self.at = {w: i for i, w in enumerate(self.weights)}
        raw = np.array([np.frombuffer(v, dtype=np.int8) for *_, v in known], dtype=float)
        self.vectors = np.vstack(
            [raw / (np.sqrt((raw**2).mean()) * 4), np.zeros((len(concepts), raw.shape[1]))]
        )

    def matrix(self, texts: Sequence[Sequence[str]]) -> csr_matrix:
        """A row a text, of length 1: the weights of its tokens."""
        row, column, value = [], [], []
        for i, text in enumerate(texts):
            found = [t for t in text if t in self.at]
            length = np.sqrt(sum(self.weights[t] ** 2 for t in found)) or 1.0
            row += [i] * len(found)
            column += [self.at[t] for t in found]
            value += [self.weights[t] / length for t in found]
        return csr_matrix((value, (row, column)), shape=(len(texts), len(self.at)))


def train(
    start: Start, rows: Sequence[tuple[list[str], Sequence[str], float, float]], ids: Sequence[str]
) -> dict[str, np.ndarray]:
    """Gradient descent on both sides at once: questions and clauses share all but the last layer."""
    random = np.random.default_rng(SEED)
    place = {t: i for i, t in enumerate(ids)}
    wanted = np.zeros((len(rows), len(ids)))
    for i, (_, found, *_) in enumerate(rows):
        for topic, part in zip(found, SECOND_TOPIC, strict=False):
            wanted[i, place[topic]] += part
    wanted = wanted / wanted.sum(1, keepdims=True) * (1 - SPREAD) + SPREAD / len(ids)
    share = {side: np.array([r[2 + n] for r in rows], dtype=float) for n, side in enumerate(SIDES)}
    x = start.matrix([r[0] for r in rows])
    width = start.vectors.shape[1]
    net = {
        "vectors": start.vectors.copy(),
        "hidden": random.normal(0, np.sqrt(2 / width), (width, HIDDEN)),
        "hidden bias": np.zeros(HIDDEN),
    }
    for side in SIDES:
        net[side] = random.normal(0, np.sqrt(1 / HIDDEN), (HIDDEN, len(ids)))
        net[f"{side} bias"] = np.zeros(len(ids))
    descent = _Descent(net)
    for turn in range(ROUNDS):
        pace = PACE * (0.5 * (1 + np.cos(np.pi * turn / ROUNDS)) + 0.02)
        order = random.permutation(len(rows))
        for begin in range(0, len(rows), AT_ONCE):
            some = order[begin : begin + AT_ONCE]
            part = x[some].copy()
            part.data = part.data * (random.random(len(part.data)) > DROPPED) / (1 - DROPPED)
            kept = (random.random((len(some), HIDDEN)) > DROPPED) / (1 - DROPPED)
            descent.step(_slopes(net, part, kept, wanted[some], share, some), pace)
    return net


def _slopes(
    net: dict[str, np.ndarray],
    x: csr_matrix,
    kept: np.ndarray,
    wanted: np.ndarray,
    share: dict[str, np.ndarray],
    some: np.ndarray,
) -> dict[str, np.ndarray]:
    directions = x @ net["vectors"]
    raw = directions @ net["hidden"] + net["hidden bias"]
    hidden = np.maximum(raw, 0) * kept
    slopes: dict[str, np.ndarray] = {}
    back = np.zeros_like(hidden)
    for side in SIDES:
        out = hidden @ net[side] + net[f"{side} bias"]
        p = np.exp(out - out.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        counts = share[side][some]
        off = (p - wanted) * counts[:, None] / counts.sum()
        slopes[side] = hidden.T @ off
        slopes[f"{side} bias"] = off.sum(0)
        back += off @ net[side].T
    back = back * kept * (raw > 0)
    slopes["hidden"] = directions.T @ back
    slopes["hidden bias"] = back.sum(0)
    slopes["vectors"] = np.asarray(x.T @ (back @ net["hidden"].T))
    return slopes


class _Descent:
    """Adam; the word vectors move at half the pace, for they start from somewhere good."""

    def __init__(self, net: dict[str, np.ndarray]) -> None:
        self._net = net
        self._first = {k: np.zeros_like(v) for k, v in net.items()}
        self._second = {k: np.zeros_like(v) for k, v in net.items()}
        self._steps = 0

    def step(self, slopes: dict[str, np.ndarray], pace: float) -> None:
        self._steps += 1
        for k, slope in slopes.items():
            first, second = self._first[k], self._second[k]
            first += 0.1 * (slope - first)
            second += 0.01 * (slope * slope - second)
            move = first / (1 - 0.9**self._steps)
            move /= np.sqrt(second / (1 - 0.99**self._steps)) + 1e-8
            self._net[k] -= (pace / 2 if k == "vectors" else pace) * move


def near_words_of(start: Start, vectors: np.ndarray, seen: Collection[str]) -> dict[str, str]:
    """Of each word the stems of words seen in the examples that point nearly its way, the nearest first."""
    stop = lexicon().stop
    words = [w for w in start.at if w[0] != "~" and w not in stop]
    targets = [w for w in words if w in seen]
    long = vectors / (np.linalg.norm(vectors.astype(float), axis=1, keepdims=True) + 1e-9)
    theirs = long[[start.at[w] for w in targets]].T
    stems = [stem(w) for w in targets]
    found = {}
    for word in words:
        like = long[start.at[word]] @ theirs
        nearest: dict[str, int] = {}
        for i in np.argsort(-like, kind="stable")[: 3 * NEAREST]:
            if like[i] > NEAR and stems[i] != stem(word) and len(nearest) < NEAREST:
                nearest.setdefault(stems[i], round(100 * float(like[i])))
        if nearest:
            found[word] = " ".join(f"{s} {n}" for s, n in nearest.items())
    return found


def write(to: Path, start: Start, net: dict[str, np.ndarray], seen: Collection[str]) -> None:
    """Write the table that `bot.policy.near_words` reads."""
    near = near_words_of(start, net["vectors"], seen)
    to.unlink(missing_ok=True)
    db = sqlite3.connect(to)
    db.execute("create table words(word text primary key, weight real, near) without rowid")
    db.executemany(
        "insert into words values (?, ?, ?)",
        sorted((w, start.weights[w], near.get(w, "")) for w in start.at if w[0] != "~"),
    )
    db.commit()
    db.execute("vacuum")
    db.close()


def fit(leave_out: Collection[str], to: Path) -> None:
    """Fit on everything but the schools left out, and write the table to `to`."""
    rows = examples(leave_out)
    ids = bank.topics()
    start = Start(rows)
    seen = {t for found, *_ in rows for t in found}
    write(to, start, train(start, rows, ids), seen)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="SCHOOL")
    parser.add_argument("--to", type=Path, default=TO)
    given = parser.parse_args()
    fit(given.leave_out, given.to)
    print(f"{given.to.name}: {given.to.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main()
