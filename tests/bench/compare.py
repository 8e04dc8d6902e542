"""MayI beside the other engines: the tables, by set, by policy and by style of question."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from bot.config import MODEL_SCHOOLS
from bot.policy.index import Index
from bot.policy.weights import Weights
from tests.bench import engines, sets
from tests.bench.answers import Engine, mayi
from tests.bench.fit_weights import examples, indexes, left_out
from tests.bench.measure import Got, Sheet, measure, percentile, times
from tests.bench.sets import Labelled

MAYI = "MayI"
NOTES = (
    "hit@1, hit@3: of the questions a clause answers, how many have such a clause first, among the first three.",
    "verdict: the verdict is one a careful reader accepts. unsafe: leave given where no careful reader gives it.",
    "yes recall: of what is plainly allowed, how much is answered with yes. n.c.: not covered.",
    "length, longest: letters of the first clause on average, and of the longest one shown.",
    "p50, p99: time a question, in plain FTS5 queries (the median of the FTS5 row of the same table).",
)


@dataclass(slots=True)
class Run:
    """One engine's answers to a set, and how long each took."""

    name: str
    got: dict[Labelled, Got]
    seconds: list[float]

    def row(self, questions: Sequence[Labelled]) -> dict[str, str]:
        return measure(questions, self.got.__getitem__).row()

    def hits(self, questions: Sequence[Labelled]) -> float:
        figures = measure(questions, self.got.__getitem__)
        return figures.first / (figures.answerable or 1)


def run(name: str, engine: Engine, questions: Sequence[Labelled]) -> Run:
    """Ask an engine every question, once each."""
    got, seconds = {}, []
    for q in questions[:5]:
        engine(q)  # what is read once a process is not the cost of a question
    for q in questions:
        began = time.perf_counter()
        got[q] = engine(q)
        seconds.append(time.perf_counter() - began)
    return Run(name, got, seconds)


def _left_out(questions: Sequence[Labelled], by_school: Mapping[str, Index]) -> dict[str, Weights]:
    return left_out(examples(questions, by_school))


def question_sets(*, quick: bool) -> dict[str, list[Labelled]]:
    """The sets by name; those the weights are fitted on only where there is time to fit without each policy."""
    every: dict[str, list[Labelled]] = {}
    if not quick:
        fitting = sets.fitting()
        every["development"] = sets.dev()
        every["fitting, model schools"] = [q for q in fitting if q.school in MODEL_SCHOOLS]
        every["fitting, practice policies"] = [q for q in fitting if q.school not in MODEL_SCHOOLS]
    fresh = sets.fresh()
    every["fresh, seed policies"] = [q for q in fresh if q.school in sets.SEEDS]
    every["fresh, model schools"] = [q for q in fresh if q.school in MODEL_SCHOOLS]
    return {name: questions for name, questions in every.items() if questions}


def sheets(progress: Progress, *, quick: bool) -> Iterator[Sheet]:
    """The tables: by set beside the other engines, then MayI by policy and by style."""
    with tempfile.TemporaryDirectory() as folder:
        task = progress.add_task("reading the policies", total=None)
        by_school = indexes(Path(folder))
        corpora = {s: engines.Corpus.of(i) for s, i in by_school.items()}
        every = question_sets(quick=quick)
        fitted = [q for name, qs in every.items() if not name.startswith("fresh") for q in qs]
        held = None
        if fitted:
            progress.update(task, description="fitting the weights without each policy in turn")
            held = _left_out(fitted, by_school)
        progress.update(task, description="making the other engines ready")
        ready = {name: make() for name, make in engines.others(corpora)}
        progress.update(task, description="asking", total=len(every), completed=0)
        runs: dict[str, list[Run]] = {}
        for name, questions in every.items():
            own = mayi(by_school, None if name.startswith("fresh") else held)
            runs[name] = [
                *(run(engine, ask, questions) for engine, ask in ready.items()),
                _best_scorer(corpora, questions),
                run(MAYI, own, questions),
            ]
            progress.advance(task)
        progress.remove_task(task)
        yield from _by_set(every, runs)
        yield from _by_group(every, runs)
        for index in by_school.values():
            index.close()


def _best_scorer(corpora: Mapping[str, engines.Corpus], questions: Sequence[Labelled]) -> Run:
    tried = [
        run(f"rapidfuzz {s}", engines.rapidfuzz(corpora, s), questions) for s in engines.SCORERS
    ]
    return max(tried, key=lambda r: r.hits(questions))


def _weights_note(name: str) -> str:
    if name.startswith("fresh"):
        return "MayI with the weights it ships; these questions were never fitted on."
    return "MayI with weights fitted without any question on the policy asked of."


def _by_set(
    every: Mapping[str, Sequence[Labelled]], runs: Mapping[str, Sequence[Run]]
) -> Iterator[Sheet]:
    for number, (name, questions) in enumerate(every.items()):
        unit = percentile(runs[name][0].seconds, 0.5)
        rows = [
            {
                "engine": r.name,
                **r.row(questions),
                "p50": times(percentile(r.seconds, 0.5), unit),
                "p99": times(percentile(r.seconds, 0.99), unit),
            }
            for r in runs[name]
        ]
        unsafe = measure(questions, runs[name][-1].got.__getitem__).unsafe
        notes = [_weights_note(name), f"One plain FTS5 query took {unit * 1e6:.0f} µs."]
        if unsafe:
            notes.append(f"Unsafe: {', '.join(unsafe)}.")
        yield Sheet(f"Questions: {name}", rows, (*notes, *(NOTES if number == 0 else ())))


def _by_group(
    every: Mapping[str, Sequence[Labelled]], runs: Mapping[str, Sequence[Run]]
) -> Iterator[Sheet]:
    for fresh in (False, True):
        names = [n for n in every if n.startswith("fresh") is fresh]
        if not names:
            continue
        what = "fresh questions" if fresh else "weights fitted without the policy"
        for title, key in (("policy", _school), ("style", _style)):
            groups: dict[str, list[tuple[str, Labelled]]] = {}
            for name in names:
                for q in every[name]:
                    groups.setdefault(key(q), []).append((name, q))
            groups.pop("unknown", None)  # some sets do not say the style
            rows = [_group_row(title, g, members, runs) for g, members in groups.items()]
            yield Sheet(
                f"MayI by {title}: {what}",
                rows,
                ("The last columns are the hit@1 of the other engines.",),
            )


def _group_row(
    title: str,
    group: str,
    members: Sequence[tuple[str, Labelled]],
    runs: Mapping[str, Sequence[Run]],
) -> dict[str, str]:
    questions = [q for _, q in members]
    row = {title: group}
    rest = {}
    for number, one in enumerate(runs[members[0][0]]):
        got = {q: runs[name][number].got[q] for name, q in members}
        figures = measure(questions, got.__getitem__).row()
        if one.name == MAYI:
            row |= figures
        else:
            rest[one.name.split()[0].replace("SQLite", "FTS5")] = figures["hit@1"]
    return row | rest


def _school(q: Labelled) -> str:
    return q.school


def _style(q: Labelled) -> str:
    return q.style
