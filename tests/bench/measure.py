"""How good the answers are: the figures of one engine on one set of questions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.bench.sets import Labelled


@dataclass(slots=True)
class Got:
    """What an engine answered, in the terms of the figures."""

    verdict: str | None  # None where the engine has no verdicts
    clauses: Sequence[tuple[str, str | None, str]]  # (id, lead-in, text), best first


@dataclass(slots=True)
class Figures:
    """Counts over a set of questions, and the ratios people read."""

    asked: int = 0
    answerable: int = 0
    first: int = 0
    three: int = 0
    verdicts: int = 0
    right: int = 0
    unsafe: list[str] = field(default_factory=list)
    yes: int = 0
    yes_found: int = 0
    silent: int = 0  # questions no clause covers
    said_silent: int = 0
    rightly_silent: int = 0
    first_length: int = 0
    firsts: int = 0
    longest: int = 0

    def row(self) -> dict[str, str]:
        """The figures as the table shows them."""
        return {
            "asked": str(self.asked),
            "hit@1": _ratio(self.first, self.answerable),
            "hit@3": _ratio(self.three, self.answerable),
            "verdict": _ratio(self.right, self.verdicts),
            "unsafe": str(len(self.unsafe)) if self.verdicts else "-",
            "yes recall": _ratio(self.yes_found, self.yes) if self.verdicts else "-",
            "n.c. precision": _ratio(self.rightly_silent, self.said_silent)
            if self.verdicts
            else "-",
            "n.c. recall": _ratio(self.rightly_silent, self.silent) if self.verdicts else "-",
            "length": str(round(self.first_length / self.firsts)) if self.firsts else "-",
            "longest": str(self.longest) if self.firsts else "-",
        }


class Sheet(NamedTuple):
    """A table as it is printed: a title, rows of the same columns, and what a reader must know of them."""

    title: str
    rows: list[dict[str, str]]
    notes: tuple[str, ...] = ()


def times(value: float, unit: float) -> str:
    """How many units a value is."""
    ratio = value / unit
    return f"{ratio:.1f}" if ratio < 20 else f"{ratio:.0f}"


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the values do not exceed."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(questions: Iterable[Labelled], engine: Callable[[Labelled], Got]) -> Figures:
    """Ask every question and count."""
    f = Figures()
    for q in questions:
        got = engine(q)
        f.asked += 1
        if got.clauses:
            f.firsts += 1
            f.first_length += len(got.clauses[0][2])
            f.longest = max(f.longest, *(len(c[2]) for c in got.clauses))
        if q.gold:
            hits = [q.hit(*c) for c in got.clauses[:3]]
            f.answerable += 1
            f.first += bool(hits and hits[0])
            f.three += any(hits)
        if got.verdict is not None:
            _verdict(f, q, got.verdict)
    return f


def _verdict(f: Figures, q: Labelled, verdict: str) -> None:
    f.verdicts += 1
    f.right += verdict in q.verdicts
    # Unsafe: leave given where no careful reader gives it.
    if verdict == "yes" and "yes" not in q.verdicts:
        f.unsafe.append(q.id)
    if verdict == "only_if" and not {"only_if", "yes"} & set(q.verdicts):
        f.unsafe.append(q.id)
    if "yes" in q.verdicts:
        f.yes += 1
        f.yes_found += verdict in ("yes", "only_if") and verdict in q.verdicts
    silent = not q.gold and "not_covered" in q.verdicts
    f.silent += silent
    f.said_silent += verdict == "not_covered"
    f.rightly_silent += silent and verdict == "not_covered"


def _ratio(part: int, whole: int) -> str:
    return f"{part / whole:.2f}" if whole else "-"
