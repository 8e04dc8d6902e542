"""Engines on labelled questions, and the table of their figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

from bot.policy.answer import Answerer
from bot.policy.index import Index
from bot.policy.weights import Weights
from tests.bench.measure import Figures, Got, measure
from tests.bench.sets import SEEDS, Labelled

Engine = Callable[[Labelled], Got]


def mayi(by_school: Mapping[str, Index], weights: Mapping[str, Weights] | None = None) -> Engine:
    """MayI itself, with the fitted weights, or with others by school."""
    answerers = {
        s: Answerer(index, "headteacher", "dsl", weights.get(s) if weights else None)
        for s, index in by_school.items()
    }

    def ask(q: Labelled) -> Got:
        answer = answerers[q.school].answer(q.question)
        clauses = [f.entry.clause for f in answer.found]
        return Got(answer.verdict.value, [(c.id, c.lead_in, c.text) for c in clauses])

    return ask


def show(engine: Engine, questions: Sequence[Labelled]) -> dict[str, Figures]:
    """Print the figures by school, by kind of school and by style; return them by kind of school."""
    rows: dict[str, Figures] = {}
    groups: dict[str, list[Labelled]] = {}
    for q in questions:
        for name in (f"  {q.school}", _kind(q), f"  style: {q.style}", "all"):
            groups.setdefault(name, []).append(q)
    for name in sorted(groups, key=lambda n: (n.startswith("  "), n)):
        rows[name] = measure(groups[name], engine)
    print_table(rows)
    return rows


def print_table(rows: Mapping[str, Figures], title: str = "") -> None:
    table = Table(title=title or None, box=None, pad_edge=False)
    table.add_column("")
    for name, figures in rows.items():
        row = figures.row()
        if len(table.columns) == 1:
            for heading in row:
                table.add_column(heading, justify="right")
        table.add_row(name, *row.values())
    Console(width=120).print(table)


def _kind(q: Labelled) -> str:
    if q.school in SEEDS:
        return "seeds"
    return "model schools" if q.school.startswith("model-") else "practice policies"
