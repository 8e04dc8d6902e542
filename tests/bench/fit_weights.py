"""Fit the weights by which a clause is picked, leaving out one policy at a time to measure.

    python -m tests.bench.fit_weights

Writes `policy_text/fitted/weights.toml`. Needs numpy.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bot.config import MODEL_SCHOOLS, model_folder
from bot.policy import match, topics
from bot.policy.importer import import_policy
from bot.policy.index import Index, open_index
from bot.policy.lexicon import Speller, lexicon
from tests.bench import sets
from tests.bench.sets import Labelled

RIDGE = 0.15  # how far weights are held to nought, per standard deviation of a feature
STEPS = 300

Example = tuple[Labelled, np.ndarray, np.ndarray]  # question, features of its candidates, which hit


def indexes(folder: Path) -> dict[str, Index]:
    """An index of every school there are questions about."""
    sources: dict[str, list[Path]] = {
        s: sorted(model_folder(s).glob("policies/*.md")) for s in MODEL_SCHOOLS
    }
    for path in sets.practice_policies():
        sources[path.stem] = [import_policy(path, folder / path.stem, title=path.stem).path]
    if sets.has_seeds():
        for school, name in sets.SEEDS.items():
            source = sets.SHARED / "seeds" / name
            sources[school] = [
                import_policy(source, folder / school, title="Social Media Policy").path
            ]
    return {s: open_index(folder / f"{s}.db", files, "fit") for s, files in sources.items()}


def examples(questions: Sequence[Labelled], by_school: dict[str, Index]) -> list[Example]:
    """Features of every candidate of every question that has an answer."""
    spellers = {
        s: Speller(lexicon().vocabulary | topics.known_words() | i.vocabulary())
        for s, i in by_school.items()
    }
    rows = []
    for q in questions:
        if q.gold and q.school in by_school:
            asked = match.prepare(q.question, spellers[q.school])
            found = match.candidates(asked, by_school[q.school])
            clauses = [c.entry.clause for c in found]
            hits = np.array([q.hit(c.id, c.lead_in, c.text) for c in clauses], dtype=bool)
            rows.append(
                (q, np.array([c.features for c in found]).reshape(-1, len(match.FEATURES)), hits)
            )
    return rows


def fit(rows: Sequence[Example]) -> np.ndarray:
    """Weights that give the gold clauses the most of the probability among the candidates."""
    every = np.vstack([x for _, x, _ in rows])
    spread = every.std(0) + 1e-6
    spread[every.std(0) < 1e-9] = 1e9  # a feature that never varies says nothing
    usable = [(x / spread, h) for _, x, h in rows if h.any()]
    w, first, second = (np.zeros(every.shape[1]) for _ in range(3))
    for step in range(1, STEPS + 1):
        gradient = -RIDGE * w
        for x, hits in usable:
            z = x @ w
            p = np.exp(z - z.max())
            p /= p.sum()
            wanted = p * hits
            gradient += x.T @ (wanted / (wanted.sum() + 1e-12) - p) / len(usable)
        first = 0.9 * first + 0.1 * gradient
        second = 0.99 * second + 0.01 * gradient**2
        w += 0.05 * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
    return w / spread


def hits(rows: Sequence[Example], weights: np.ndarray) -> tuple[int, int, int]:
    """(right first, right among three, asked)."""
    one = three = 0
    for _, x, h in rows:
        order = np.argsort(-(x @ weights), kind="stable")[:3]
        one += bool(len(h) and h[order[0]])
        three += bool(len(h) and h[order].any())
    return one, three, len(rows)


def left_out(rows: Sequence[Example]) -> dict[str, tuple[int, int, int]]:
    """For each school: how it does with weights fitted on all the others."""
    scores = {}
    for school in sorted({q.school for q, _, _ in rows}):
        weights = fit([r for r in rows if r[0].school != school])
        scores[school] = hits([r for r in rows if r[0].school == school], weights)
    return scores


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        by_school = indexes(Path(folder))
        rows = examples([*sets.fitting(), *sets.dev()], by_school)
        reached = sum(h.any() for _, _, h in rows)
        print(f"{len(rows)} questions with an answer; it is among the candidates of {reached}")
        for school, (one, three, asked) in left_out(rows).items():
            print(
                f"  without {school:22} hit@1 {one / asked:.2f}  hit@3 {three / asked:.2f}  of {asked}"
            )
        weights = fit(rows)
        write(weights)
        print(
            "fitted on all: hit@1 {:.2f} hit@3 {:.2f}".format(
                *(n / len(rows) for n in hits(rows, weights)[:2])
            )
        )


def write(weights: np.ndarray) -> None:
    lines = [
        "# Written by `make fit`: what each feature of `bot/policy/match.py` counts for.",
        "[rank]",
    ]
    lines += [f"{name} = {w:.4f}" for name, w in zip(match.FEATURES, weights, strict=True)]
    (sets.ROOT / "policy_text" / "fitted" / "weights.toml").write_text(
        "\n".join(lines) + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()
