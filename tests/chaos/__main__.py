"""Run the kills and the faults, and print what came of them.

    python -m tests.chaos [--kills N] [--backend sqlite|postgresql] [--seed S] [--markdown] [--points]
                           [--term] [--round]

Exit status 1 where a promise was broken. With `--points` only the kills before and after every commit and
send of one report's life. Everything stays on this machine, and every process ends by itself.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.chaos import faults, kills, morning, round_kills, sweep, term
from tests.chaos.round import the_round
from tests.chaos.round_judge import STATES, Totals
from tests.chaos.sweep import Outcome
from tests.chaos.world import worlds

BACKENDS = ("sqlite", "postgresql")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
IN_A_TERM = 80  # kills, about


@dataclass
class Sheet:
    """What is printed at the end."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    terms: list[tuple[str, ...]] = field(default_factory=list)
    rounds: list[tuple[str, ...]] = field(default_factory=list)
    totals: Totals | None = None
    faults: dict[str, dict[str, str]] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)


def progress(title: str) -> Callable[[int, int], None]:
    """A line that says how far it is, on standard error."""
    began, live, last = time.monotonic(), sys.stderr.isatty(), [-1]

    def at(done: int, of: int) -> None:
        seconds = int(time.monotonic() - began)
        if live:
            print(f"\r{title}: {done} of {of}, {seconds} s ", end="", file=sys.stderr, flush=True)
        elif done * 4 // max(of, 1) != last[0]:
            last[0] = done * 4 // max(of, 1)
            print(f"{title}: {done} of {of}, {seconds} s", file=sys.stderr, flush=True)
        if live and done >= of:
            print(file=sys.stderr)

    return at


def points(
    sheet: Sheet, backend: str, kinds: Sequence[str], steps: Sequence[str], *, whole: bool
) -> None:
    name = NAMES[backend]
    with worlds(backend) as first:
        told = progress(f"{name}, every commit and send")
        found = sweep.sweep(first, kinds, told, steps, whole=whole)
    _noted(sheet, f"{name}: every commit and send of one report", found, "")


def random_kills(sheet: Sheet, backend: str, count: int, seed: int) -> None:
    name, replicas = NAMES[backend], 1 if backend == "sqlite" else 2
    with worlds(backend) as first:
        found = kills.kills(first, count, seed, replicas, progress(f"{name}, random kills"))
    trials = [o for o in found if not o.what.startswith("=")]
    figures = [tuple(map(int, o.what[1:].split())) for o in found if o.what.startswith("=")]
    kept, sent, repeats, _, offered = (sum(f[n] for f in figures) for n in range(5))
    what = f"{name}: at random, {'one process' if replicas == 1 else 'two replicas'}"
    _noted(sheet, what, trials, f"{kept} | {sent} | {repeats} | {offered}")
    sheet.broken += [f"{what}: {b}" for o in found if o.what.startswith("=") for b in o.broken]


def a_term(sheet: Sheet, backend: str, count: int, seed: int) -> None:
    name = NAMES[backend]
    what = f"{name}: {'one process' if backend == 'sqlite' else 'two replicas'}"
    found = term.term(backend, count, seed, progress(f"{name}, a term"))
    figures = (found.kills, found.occurrences, found.told, found.missed, found.sends, found.repeats)
    sheet.terms.append((what, *map(str, figures)))
    sheet.broken += [f"{what}, a term: {b}" for b in found.broken]


def a_round(sheet: Sheet, backend: str, count: int, seed: int) -> None:
    name = NAMES[backend]
    what = f"{name}: {'one process' if backend == 'sqlite' else 'two replicas'}"
    found = round_kills.round_kills(backend, count, seed, progress(f"{name}, confirming"))
    figures = (found.kills, found.confirmed, found.prompts, found.sends, found.repeats)
    sheet.rounds.append((what, *map(str, figures)))
    sheet.broken += [f"{what}, confirming: {b}" for b in found.broken]


def many_schools(sheet: Sheet, seed: int) -> None:
    """The simulation, in this process: nothing is forked after it."""
    sheet.totals = asyncio.run(the_round(seed, progress("2,000 people in 20 schools")))
    sheet.broken += [f"20 schools: {b}" for b in sheet.totals.broken]


def all_faults(sheet: Sheet, backend: str) -> None:
    with worlds(backend) as first:
        found = faults.faults(first, backend, progress(f"{NAMES[backend]}, faults"))
    for o in found:
        sheet.faults.setdefault(o.what, {})[backend] = "broken" if o.broken else "held"
        sheet.broken += [f"{NAMES[backend]}: {o.what}: {b}" for b in o.broken]


def _noted(sheet: Sheet, what: str, found: list[Outcome], figures: str) -> None:
    killed = sum(o.killed for o in found)
    sheet.rows.append((what, str(killed), *(figures.split(" | ") if figures else [""] * 4)))
    sheet.broken += [f"{o.what}: {b}" for o in found for b in o.broken]
    sheet.missed += [o.what for o in found if not o.killed and not o.broken]


def tables(sheet: Sheet, backends: Sequence[str], seed: int, seconds: float) -> str:
    lines = [
        (
            f"Seed {seed}, {os.cpu_count()} cores, Python {platform.python_version()}, "
            f"SQLite {sqlite3.sqlite_version}; {seconds / 60:.0f} minutes."
        ),
        "",
    ]
    if sheet.rows:
        lines += [
            "| kills | number | reports | messages sent | of them marked repeats | confirmed pages looked for |",
            "|---|---:|---:|---:|---:|---:|",
            *(f"| {' | '.join(row)} |" for row in sheet.rows),
            "",
        ]
    if sheet.terms:
        lines += [
            (
                "| a school term, day by day | kills | occurrences | told, each person once | missed "
                "| messages sent | of them marked repeats |"
            ),
            "|---|---:|---:|---:|---:|---:|---:|",
            *(f"| {' | '.join(row)} |" for row in sheet.terms),
            "",
        ]
    if sheet.rounds:
        lines += [
            "| while policies are confirmed | kills | confirmations | prompts | messages sent | marked repeats |",
            "|---|---:|---:|---:|---:|---:|",
            *(f"| {' | '.join(row)} |" for row in sheet.rounds),
            "",
        ]
    if sheet.totals is not None:
        t = sheet.totals
        troubles = ", ".join(f"{name} {n}" for name, n in sorted(t.faults.items()))
        lines += [
            f"| {t.schools} schools after five weeks | people |",
            "|---|---:|",
            *(f"| {state} | {t.states.get(state, 0):,} |" for state in STATES.values()),
            f"| together, the roll | {t.roll:,} |",
            "",
            (
                f"{t.prompts:,} prompts, each decided once; {t.sent:,} messages taken by Slack and Teams, "
                f"{t.repeats} of them marked repeats. Answers that were faults: {troubles}."
            ),
            "",
        ]
    if sheet.faults:
        lines += [
            f"| fault | {' | '.join(NAMES[b] for b in backends)} |",
            f"|---|{'---|' * len(backends)}",
            *(
                f"| {what} | {' | '.join(by.get(b, 'not tried') for b in backends)} |"
                for what, by in ((f.title, sheet.faults.get(f.title, {})) for f in faults.FAULTS)
                if by
            ),
            "",
        ]
    lines.append(f"Promises broken: {len(sheet.broken)}. Points not reached: {len(sheet.missed)}.")
    return "\n".join(lines)


def plain(text: str) -> str:
    """The same for a terminal: columns instead of bars."""
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in text.splitlines()]
    out = []
    for _n, row in enumerate(rows):
        if len(row) == 1 or set("".join(row)) <= set("-:"):
            out += [] if len(row) > 1 else row
            continue
        near = [r for r in rows if len(r) == len(row)]
        width = [max(len(r[k]) for r in near) for k in range(len(row))]
        out.append(
            "  ".join(
                c.ljust(w) if not k else c.rjust(w)
                for k, (c, w) in enumerate(zip(row, width, strict=True))
            )
        )
    return "\n".join(out)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--kills", type=int, default=200, help="random kills on each database")
    parser.add_argument("--backend", choices=BACKENDS, help="this database only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--points", action="store_true", help="every commit and send, nothing else")
    parser.add_argument("--round", action="store_true", help="confirming policies, nothing else")
    parser.add_argument("--morning", action="store_true", help="one morning of it, nothing else")
    parser.add_argument("--term", action="store_true", help="a school term, nothing else")
    parser.add_argument("--step", action="append", default=[], help="of --points: this step only")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="of --points: no commits of the queue's own; of --morning: fewer",
    )
    asked = parser.parse_args()
    backends = (asked.backend,) if asked.backend else BACKENDS
    sheet, began = Sheet(), time.monotonic()
    for backend in backends:
        if asked.points:
            kinds = ("commit", "send") if asked.quick else ("commit", "send", "queue")
            points(sheet, backend, kinds, asked.step, whole=not asked.quick)
            continue
        if asked.morning:
            told = progress(f"{NAMES[backend]}, a morning")
            found = morning.morning(backend, told, quick=asked.quick)
            _noted(sheet, f"{NAMES[backend]}: the first morning of a term", found, "")
            continue
        whole = not (asked.term or asked.round)
        if whole:
            all_faults(sheet, backend)
        if whole and asked.kills:
            random_kills(sheet, backend, asked.kills, asked.seed)
        if asked.kills and not asked.round:
            a_term(sheet, backend, min(asked.kills, IN_A_TERM), asked.seed)
        if asked.kills and not asked.term:
            a_round(sheet, backend, min(asked.kills, IN_A_TERM), asked.seed)
    if not (asked.points or asked.morning or asked.term):
        many_schools(sheet, asked.seed)
    text = tables(sheet, backends, asked.seed, time.monotonic() - began)
    print(text if asked.markdown else plain(text))
    for line in dict.fromkeys(sheet.broken):
        print(f"broken: {line}")
    for line in sheet.missed:
        print(f"not reached: {line}")
    return 1 if sheet.broken else 0


if __name__ == "__main__":
    sys.exit(main())
