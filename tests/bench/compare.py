"""MayI beside the other engines: the tables, by set, by policy and by style of question."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from bot.config import MODEL_SCHOOLS
from tests.bench import engines, sets
from tests.bench.answers import Engine, mayi
from tests.bench.fit_weights import indexes
from tests.bench.measure import Got, Sheet, measure, percentile, times
from tests.bench.sets import Labelled

MAYI = "MayI"
DEVELOPMENT = "development"
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


def question_sets(*, quick: bool) -> dict[str, list[Labelled]]:
    """The sets by name: fresh ones, and where there is time the development questions."""
    every: dict[str, list[Labelled]] = {}
    if not quick:
        every[DEVELOPMENT] = sets.dev()
    fresh, unseen = sets.fresh(), {p.stem for p in sets.fresh_policies()}
    every["fresh, unseen policies"] = [q for q in fresh if q.school in unseen]
    every["fresh, seed policies"] = [q for q in fresh if q.school in sets.SEEDS]
    every["fresh, model schools"] = [q for q in fresh if q.school in MODEL_SCHOOLS]
    return {name: questions for name, questions in every.items() if questions}


def sheets(progress: Progress, *, quick: bool) -> Iterator[Sheet]:
    """The tables: by set beside the other engines, then MayI by policy and by style."""
    with tempfile.TemporaryDirectory() as folder:
        task = progress.add_task("reading the policies", total=None)
        every = question_sets(quick=quick)
        asked = {q.school for questions in every.values() for q in questions}
        by_school = indexes(Path(folder), asked)
        corpora = {s: engines.Corpus.of(i) for s, i in by_school.items()}
        progress.update(task, description="making the other engines ready")
        ready = {name: make() for name, make in engines.others(corpora)}
        progress.update(task, description="asking", total=len(every), completed=0)
        own = mayi(by_school)
        runs: dict[str, list[Run]] = {}
        for name, questions in every.items():
            runs[name] = [
                *(run(engine, ask, questions) for engine, ask in ready.items()),
                _best_scorer(corpora, questions),
                run(MAYI, own, questions),
            ]
            progress.advance(task)
        progress.remove_task(task)
        yield from _by_set(every, runs)
        yield from _by_group({n: qs for n, qs in every.items() if n != DEVELOPMENT}, runs)
        for index in by_school.values():
            index.close()


def _best_scorer(corpora: Mapping[str, engines.Corpus], questions: Sequence[Labelled]) -> Run:
    tried = [
        run(f"rapidfuzz {s}", engines.rapidfuzz(corpora, s), questions) for s in engines.SCORERS
    ]
    return max(tried, key=lambda r: r.hits(questions))


def _weights_note(name: str) -> str:
    if name == DEVELOPMENT:
        return (
            "The weights, not the encoder, have seen these; `make fit` prints them cross-validated."
        )
    return "Neither the weights nor the encoder were ever fitted on these questions."


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
    for title, key in (("policy", _school), ("style", _style)):
        groups: dict[str, list[tuple[str, Labelled]]] = {}
        for name, questions in every.items():
            for q in questions:
                groups.setdefault(key(q), []).append((name, q))
        groups.pop("unknown", None)  # some sets do not say the style
        rows = [_group_row(title, g, members, runs) for g, members in groups.items()]
        note = "The last columns are the hit@1 of the other engines."
        yield Sheet(f"MayI by {title}: fresh questions", rows, (note,))


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
