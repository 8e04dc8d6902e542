"""Fit the topic model: question bank, policy statements and labelled model clauses -> topics.db.

    python -m tests.bench.fit_topics [--leave-out SCHOOL ...] [--to FILE]

Needs scikit-learn; what it writes is read with the standard library alone.
"""

from __future__ import annotations

import argparse
import sqlite3
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from bot.config import MODEL_SCHOOLS, model_folder
from bot.policy import bank, topics
from bot.policy.lexicon import lexicon
from bot.policy.policyfile import read_policy
from tests.bench.sets import DATA, ROOT

TO = ROOT / "policy_text" / topics.FILE
LABELS = Path(__file__).parent / "labels"
REGULARISATION = 8.0  # the inverse, as scikit-learn has it
SMALLEST = 0.12  # weights below it are left out, to keep the file small
STATEMENT_FOR_QUESTIONS = 0.7  # a policy-worded example counts less for questions …
QUESTION_FOR_CLAUSES = 0.35  # … and a staff-worded one less for clauses
SECOND_TOPIC = (1.0, 0.5, 0.33)


def examples(leave_out: Collection[str]) -> list[tuple[list[str], str, float, float]]:
    """(features, topic, weight for questions, weight for clauses) of everything labelled."""
    lex = lexicon()
    rows: list[tuple[list[str], str, float, float]] = []
    for example in bank.questions():
        found = topics.features(lex.expand(example.text))
        for topic, share in zip(example.topics, SECOND_TOPIC, strict=False):
            rows.append((found, topic, share, share * QUESTION_FOR_CLAUSES))
    for example in bank.statements():
        found = topics.features(lex.expand(example.text))
        for topic, share in zip(example.topics, SECOND_TOPIC, strict=False):
            rows.append((found, topic, share * STATEMENT_FOR_QUESTIONS, share))
    for text, labels in labelled_clauses(leave_out):
        found = topics.features(lex.expand(text))
        for topic, share in zip(labels, SECOND_TOPIC, strict=False):
            rows.append((found, topic, share * 0.5, share))
    return rows


def labelled_clauses(leave_out: Collection[str]) -> Iterator[tuple[str, list[str]]]:
    """Every clause of the model schools with its headings, and its topics, the chief one first."""
    for school in MODEL_SCHOOLS:
        if school in leave_out:
            continue
        lines = (LABELS / f"{school}.tsv").read_text("utf-8").splitlines()
        labels = dict(line.split("\t")[:2] for line in lines)
        for path in sorted(model_folder(school).glob("policies/*.md")):
            for clause in read_policy(path).clauses:
                text = f"{clause.lead_in or ''} {clause.text} {' '.join(clause.section)}"
                yield text, labels[clause.id].split(",")


def fit(leave_out: Collection[str], to: Path) -> None:
    """Fit on everything but the schools left out, and write the model to `to`."""
    rows = examples(leave_out)
    reader = TfidfVectorizer(analyzer=lambda found: found, sublinear_tf=True)
    matrix = reader.fit_transform([r[0] for r in rows])
    answers = np.array([r[1] for r in rows])
    models = {}
    for side, column in (("question", 2), ("clause", 3)):
        model = LogisticRegression(C=REGULARISATION, max_iter=300)
        models[side] = model.fit(matrix, answers, sample_weight=np.array([r[column] for r in rows]))
    write(to, reader, models, _words(e.text for e in (*bank.questions(), *bank.statements())))


def _words(texts: Iterable[str]) -> dict[str, int]:
    """How often each word stands in the texts; words only the lexicon has count for nothing."""
    lex = lexicon()
    counts = Counter(word for text in texts for word in lex.expand(text))
    return {**dict.fromkeys(lex.vocabulary, 0), **counts}


def write(
    to: Path,
    reader: TfidfVectorizer,
    models: dict[str, LogisticRegression],
    words: Mapping[str, int],
) -> None:
    """Write the model as the small database that `bot.policy.topics` reads."""
    scale = max(np.abs(m.coef_).max() for m in models.values()) / 127
    ids = [str(c) for c in models["question"].classes_]
    to.parent.mkdir(parents=True, exist_ok=True)
    to.unlink(missing_ok=True)
    db = sqlite3.connect(to)
    db.execute(
        "create table topics(position integer primary key, id, question real, clause real, scale real)"
    )
    db.execute(
        "create table features(feature text primary key, idf real, question blob, clause blob) without rowid"
    )
    db.execute("create table words(word text primary key, times integer) without rowid")
    bias = {side: m.intercept_ - m.intercept_.mean() for side, m in models.items()}
    db.executemany(
        "insert into topics values (?, ?, ?, ?, ?)",
        (
            (i, t, float(bias["question"][i]), float(bias["clause"][i]), float(scale))
            for i, t in enumerate(ids)
        ),
    )
    packed = {side: _pack(m.coef_, scale) for side, m in models.items()}
    db.executemany(
        "insert into features values (?, ?, ?, ?)",
        (
            (
                feature,
                float(reader.idf_[column]),
                packed["question"][column],
                packed["clause"][column],
            )
            for feature, column in sorted(reader.vocabulary_.items())
        ),
    )
    db.executemany("insert into words values (?, ?)", sorted(words.items()))
    db.commit()
    db.execute("vacuum")
    db.close()


def _pack(weights: np.ndarray, scale: float) -> list[bytes]:
    small = np.round(weights / scale).astype(int)
    small[np.abs(weights) < SMALLEST] = 0
    return [
        bytes(b for p in np.flatnonzero(column) for b in (int(p), int(column[p]) % 256))
        for column in small.T
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="SCHOOL")
    parser.add_argument("--to", type=Path, default=TO)
    given = parser.parse_args()
    fit(given.leave_out, given.to)
    print(
        f"{given.to.name}: {given.to.stat().st_size // 1024} kB, from {DATA.parent.name} labels and the bank"
    )


if __name__ == "__main__":
    main()
