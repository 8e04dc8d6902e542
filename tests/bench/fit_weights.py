"""Fit the weights by which a clause is picked and an answer is given or withheld.

    python -m tests.bench.fit_weights

Reads with the half encoder (`fit_encoder`), which has not seen the questions the weights are fitted on.
Everything printed is measured on schools left out of the fit. Writes `policy_text/fitted/weights.toml`. Needs scikit-learn and scipy.
"""

from __future__ import annotations

import json
import random
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression

from bot.config import MODEL_SCHOOLS, model_folder
from bot.policy import cover, encoder, match, verdict
from bot.policy.answer import common_words
from bot.policy.importer import import_policy
from bot.policy.index import Index, open_index
from bot.policy.lexicon import Speller, Vocabulary
from bot.policy.match import Asked, Candidate
from bot.policy.weights import Weights
from tests.bench import sets
from tests.bench.sets import Labelled

RIDGE = 0.15  # how far weights are held to nought, per standard deviation of a feature
STEPS = 300
COVER_RIDGE = 0.02
TAKEN_AWAY = 0.15  # of a question's weight, where its gold clauses are taken away
VERDICT_C = 0.6
FIRST_VERDICT = 0.65
SEEN = 3  # a word in fewer examples than that is not learnt from
SMALLEST = 0.03
GROUPS = 6  # of schools, each left out in turn
HALVES = 1  # which of the made-up policies are in which half
REAL = 8.0  # times a made-up policy's question
BETA = 1.0  # of the F score, squared
LEAVE = 0.72  # from here on unsafe answers are rare; below it they rise faster than right ones
LEAVE_APPROVAL = 0.7
HALF = "half.onnx"  # the encoder that has learnt from the first half only
TO = sets.ROOT / "policy_text" / "fitted" / "weights.toml"


@dataclass(slots=True)
class Example:
    """A labelled question with its candidates: their features, and which of them hit."""

    question: Labelled
    asked: Asked
    found: list[Candidate]
    features: np.ndarray
    hits: np.ndarray

    def ranked(self, weights: Mapping[str, float]) -> list[Candidate]:
        """The candidates under other weights, best first."""
        scores = self.features @ np.array([weights.get(n, 0.0) for n in match.FEATURES])
        again = [replace(c, score=float(s)) for c, s in zip(self.found, scores, strict=True)]
        return sorted(again, key=lambda c: -c.score)


def indexes(folder: Path, wanted: Collection[str] = ()) -> dict[str, Index]:
    """An index of every school there are questions about, or of the wanted ones."""
    sources: dict[str, list[Path]] = {
        s: sorted(model_folder(s).glob("policies/*.md")) for s in MODEL_SCHOOLS
    }
    documents = {p.stem: (p, p.stem) for p in (*sets.practice_policies(), *sets.fresh_policies())}
    if sets.has_seeds():
        seeds = sets.SHARED / "seeds"
        documents |= {s: (seeds / name, "Social Media Policy") for s, name in sets.SEEDS.items()}
    for school, (path, title) in documents.items():
        if not wanted or school in wanted:
            sources[school] = [import_policy(path, folder / school, title=title).path]
    return {
        s: open_index(folder / f"{s}.db", files, "fit")
        for s, files in sources.items()
        if not wanted or s in wanted
    }


def speller(index: Index) -> Speller:
    return Speller(common_words(), Vocabulary(sorted(index.vocabulary())))


def examples(questions: Sequence[Labelled], by_school: Mapping[str, Index]) -> list[Example]:
    """Every question with its candidates; weights do not matter here."""
    spellers = {s: speller(i) for s, i in by_school.items()}
    rows = []
    for q in questions:
        if q.school in by_school:
            asked = match.prepare(q.question, spellers[q.school])
            found = match.candidates(asked, by_school[q.school], {})
            clauses = [c.entry.clause for c in found]
            hits = np.array([q.hit(c.id, c.lead_in, c.text) for c in clauses], dtype=bool)
            features = np.array([c.features for c in found]).reshape(-1, len(match.FEATURES))
            rows.append(Example(q, asked, found, features, hits))
    return rows


def share(question: Labelled) -> float:
    """How much a question counts: one on a real policy more than one on a made-up one."""
    return REAL if question.school in sets.SEEDS else 1.0


def fit_rank(rows: Sequence[Example]) -> dict[str, float]:
    """Weights that give the gold clauses the most of the probability among the candidates."""
    every = np.vstack([r.features for r in rows if len(r.found)])
    spread = every.std(0)
    spread[spread < 1e-9] = 1e9  # a feature that never varies says nothing
    usable = [r for r in rows if r.hits.any()]
    x = np.vstack([r.features for r in usable]) / spread
    hits = np.concatenate([r.hits for r in usable])
    sizes = np.array([len(r.hits) for r in usable])
    starts, owner = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    counts = np.array([share(r.question) for r in usable])
    counts /= counts.sum()

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        z = x @ w
        raised = np.exp(z - np.maximum.reduceat(z, starts)[owner])
        wanted = raised * hits
        total = np.add.reduceat(raised, starts)
        right = np.add.reduceat(wanted, starts) + 1e-12
        slope = x.T @ ((raised / total[owner] - wanted / right[owner]) * counts[owner])
        return float(RIDGE / 2 * w @ w - (counts * np.log(right / total)).sum()), slope + RIDGE * w

    return dict(zip(match.FEATURES, map(float, _least(loss, x.shape[1]) / spread), strict=True))


def fit_cover(
    rows: Sequence[Example], rank: Callable[[str], Mapping[str, float]]
) -> dict[str, float]:
    """Logistic weights for "some clause covers this"; `rank` gives the weights to order a school by.

    A question whose gold clauses are taken away serves as one that comes near but is not covered.
    """
    found = [
        (r.ranked(rank(r.question.school)), r, bool(r.question.gold), share(r.question))
        for r in rows
    ]
    found += [
        ([c for c in ranked if not _hit(r.question, c)], r, False, TAKEN_AWAY * counts)
        for ranked, r, covered, counts in found
        if covered and r.hits.any()
    ]
    x = np.array([cover.features(r.asked, ranked) for ranked, r, *_ in found])
    y = np.array([covered for *_, covered, _ in found], dtype=float)
    middle, spread = x.mean(0), x.std(0)
    middle[0], spread[0] = 0.0, 1.0  # the bias
    spread[spread < 1e-9] = 1e9
    z = (x - middle) / spread
    # The rarer answer counts as much as the commoner one.
    counts = np.array([c for *_, c in found])
    covered = float((counts * y).sum() / counts.sum())
    each = counts / counts.sum() * np.where(y == 1, 0.5 / covered, 0.5 / (1 - covered))

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        out = z @ w
        held = COVER_RIDGE * w
        held[0] = 0.0
        off = each * (1 / (1 + np.exp(-out)) - y)
        return float((each * (np.logaddexp(0, out) - y * out)).sum() + held @ w / 2), (
            z.T @ off + held
        )

    w = _least(loss, z.shape[1])
    plain = w / spread
    plain[0] = w[0] - float((w[1:] * middle[1:] / spread[1:]).sum())
    return dict(zip(cover.FEATURES, map(float, plain), strict=True))


def _least(loss: Callable[[np.ndarray], tuple[float, np.ndarray]], size: int) -> np.ndarray:
    """Where a loss that comes with its slope is least."""
    found = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": STEPS})
    return np.asarray(found.x)


def fit_verdict(
    rows: Sequence[Example], rank: Callable[[str], Mapping[str, float]]
) -> dict[str, list[float]]:
    """Weights of the verdicts, learnt on the gold clause and, at half weight, on the clause picked."""
    found, wanted, counts = [], [], []
    for r in rows:
        verdicts = [v for v in r.question.verdicts if v != "not_covered"]
        if not r.question.gold or not verdicts:
            continue
        for candidate, weight in _to_judge(r, rank(r.question.school)):
            features = verdict.features(r.asked, candidate)
            for n, v in enumerate(verdicts):
                found.append(features)
                wanted.append(v)
                # The first is the most fitting; a careful reader accepts the others too.
                first = 1.0 if len(verdicts) == 1 else FIRST_VERDICT
                counts.append(
                    weight
                    * share(r.question)
                    * (first if n == 0 else (1 - first) / (len(verdicts) - 1))
                )
    reader = DictVectorizer()
    matrix = reader.fit_transform(found)
    common = np.asarray((matrix != 0).sum(0)).ravel() >= SEEN
    reader.restrict(common)
    model = LogisticRegression(C=VERDICT_C, max_iter=500)
    model.fit(reader.transform(found), wanted, sample_weight=counts)
    order = [list(model.classes_).index(v.value) for v in verdict.JUDGED]
    weights = {"bias": [round(float(model.intercept_[i]), 3) for i in order]}
    for name, column in reader.vocabulary_.items():
        row = [round(float(model.coef_[i, column]), 3) for i in order]
        if max(map(abs, row)) >= SMALLEST:
            weights[name] = row
    return weights


def _to_judge(r: Example, rank: Mapping[str, float]) -> list[tuple[Candidate, float]]:
    ranked = r.ranked(rank)
    gold = [c for c in ranked if _hit(r.question, c)][:1]
    judged = [(c, 1.0) for c in gold]
    if ranked and ranked[0] not in gold:
        judged.append((ranked[0], 0.5))
    return judged


def _hit(q: Labelled, c: Candidate) -> bool:
    clause = c.entry.clause
    return q.hit(clause.id, clause.lead_in, clause.text)


def best_threshold(sure: Sequence[tuple[float, bool]]) -> float:
    """The likelihood from which answering serves best: as many silences right as answers lost."""
    best, at = -1.0, 0.5
    for candidate in np.linspace(0.1, 0.9, 81):
        said = [not covered for s, covered in sure if s < candidate]
        silent = sum(not covered for _, covered in sure)
        if said:
            precision, recall = sum(said) / len(said), sum(said) / max(1, silent)
            # Recall counts for a little more: a wrong answer is worse than a missing one.
            score = (1 + BETA) * precision * recall / (BETA * precision + recall + 1e-9)
            if score > best:
                best, at = score, float(candidate)
    return at


def first_half(schools: Iterable[str]) -> frozenset[str]:
    """The schools whose questions the half encoder has learnt from; the weights are fitted on the others."""
    order = sorted(set(schools))
    random.Random(HALVES).shuffle(order)
    return frozenset(order[::2])


def left_out(rows: Sequence[Example]) -> dict[str, Weights]:
    """For each school: weights fitted on others, threshold included; a group of schools is left out at a time."""
    schools = sorted({r.question.school for r in rows})
    group = {school: n % GROUPS for n, school in enumerate(schools)}
    covered = [r for r in rows if r.question.gold]
    ranks = [fit_rank([r for r in covered if group[r.question.school] != n]) for n in range(GROUPS)]

    def rank(school: str) -> Mapping[str, float]:
        return ranks[group[school]]

    found = []
    for n in range(GROUPS):
        others = [r for r in rows if group[r.question.school] != n]
        weights = fit_cover(others, rank)
        sure = [
            (cover.likelihood(r.asked, r.ranked(rank(r.question.school)), weights), bool(r.question.gold))
            for r in others
        ]  # fmt: skip
        judged = fit_verdict(others, rank)
        found.append(
            Weights(ranks[n], weights, best_threshold(sure), judged, LEAVE, LEAVE_APPROVAL)
        )
    return {school: found[group[school]] for school in schools}


def fit_all(rows: Sequence[Example], held: Mapping[str, Weights]) -> Weights:
    """Weights fitted on every school, the threshold on likelihoods of schools left out."""
    rank = fit_rank([r for r in rows if r.question.gold])
    weights = fit_cover(rows, lambda school: held[school].rank)
    threshold = float(np.mean([w.threshold for w in held.values()]))
    judged = fit_verdict(rows, lambda school: held[school].rank)
    return Weights(rank, weights, threshold, judged, LEAVE, LEAVE_APPROVAL)


def main() -> None:
    from tests.bench.answers import mayi, show

    half = TO.parent / HALF
    if not half.exists():
        raise SystemExit(f"{half.name} is missing; first: python -m tests.bench.fit_encoder")
    encoder.use(half)
    learnt = first_half({q.school for q in sets.fitting()})
    with tempfile.TemporaryDirectory() as folder:
        by_school = indexes(Path(folder))
        asked = [q for q in (*sets.fitting(), *sets.dev()) if q.school not in learnt]
        rows = examples(asked, by_school)
        covered = [r for r in rows if r.question.gold]
        reached = sum(r.hits.any() for r in covered)
        print(f"{len(covered)} questions with an answer; among the candidates of {reached}")
        held = left_out(rows)
        show(mayi(by_school, held), asked)
        write(fit_all(rows, held))


def write(weights: Weights) -> None:
    lines = [
        "# Written by `make fit`: what each feature counts for in picking a clause (`bot/policy/match.py`)",
        "# and in judging whether one covers the question (`bot/policy/cover.py`).",
        f"threshold = {weights.threshold:.3f}",
        f"leave = {weights.leave:.3f}",
        f"leave_approval = {weights.leave_approval:.3f}",
        "",
        "[rank]",
        *(f"{name} = {w:.4f}" for name, w in weights.rank.items()),
        "",
        "[cover]",
        *(f"{name} = {w:.4f}" for name, w in weights.cover.items()),
    ]
    TO.write_text("\n".join(lines) + "\n", "utf-8")
    rows = (
        f"{json.dumps(name)}: {json.dumps(row)}" for name, row in sorted(weights.verdict.items())
    )
    (TO.parent / "verdict.json").write_text("{\n" + ",\n".join(rows) + "\n}\n", "utf-8")


if __name__ == "__main__":
    main()
