"""The report for governors: what stands on its one page, whoever draws it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from bot.chat.render import Wording
from handlers.progress.figures import FEWEST, MOST_TEAMS, Figures, Line, Point, added
from handlers.progress.tally import Numbers, share


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first column names, the others are numbers; its last row is the sum."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """The share over time, with its numbers in words."""

    caption: str
    described: str
    points: tuple[Point, ...]
    due: date | None  # where it is within the chart
    due_label: str
    heading: str  # of the row of days
    share_heading: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """The report, in words and numbers."""

    title: str
    subtitle: str
    lines: tuple[str, ...]
    chart: Chart
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def sheet_of(f: Figures, words: Wording) -> Sheet:
    """The report on these figures."""

    def said(part: str) -> str:
        return words.text("governors_report", part=part)

    first, last = f.time[0], f.time[-1]
    chart = Chart(
        caption=said("chart"),
        described=words.text("governors_report", part="chart_described", first=first, last=last),
        points=f.time,
        due=f.due if f.due and first.day < f.due <= last.day else None,
        due_label=said("due"),
        heading=said("day"),
        share_heading=said("share"),
    )
    together = any(not line.name for line in f.teams)
    return Sheet(
        title=said("title"),
        subtitle=words.text("governors_report", part="subtitle", f=f),
        lines=words.lines(
            "governors_report",
            part="lines",
            f=f,
            t=f.total,
            share=share(f.total.confirmed, f.total.roll),
        ),
        chart=chart,
        tables=(
            _table(f.policies, "policies", "policy", words, discussed=f.discussed),
            _table(f.teams, "teams", "team", words),
        ),
        notes=words.lines(
            "governors_report",
            part="notes",
            f=f,
            together=together,
            fewest=FEWEST,
            most=MOST_TEAMS - 1,
        ),
    )


def _table(
    lines: tuple[Line, ...], caption: str, first: str, words: Wording, *, discussed: bool = False
) -> Table:
    def said(part: str) -> str:
        return words.text("governors_report", part=part)

    names = ["roll", "confirmed", "share", "exceptions", "questions", "outstanding"]
    if discussed:
        names.append("discussed")
    return Table(
        caption=said(caption),
        headings=(said(first), *map(said, names)),
        rows=tuple(
            (line.name or said("together"), *_cells(line.numbers, line.discussed, names))
            for line in lines
        ),
        total=(
            said("total"),
            *_cells(added(lines), sum(line.discussed for line in lines), names),
        ),
    )


def _cells(n: Numbers, discussed: int, names: list[str]) -> list[str]:
    values = {
        "roll": n.roll,
        "confirmed": n.confirmed,
        "share": f"{share(n.confirmed, n.roll)}%",
        "exceptions": n.exceptions,
        "questions": n.questions,
        "outstanding": n.outstanding,
        "discussed": discussed,
    }
    return [str(values[name]) for name in names]
