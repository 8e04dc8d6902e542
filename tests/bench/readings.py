"""How often clauses are read as careful readers labelled them: `python -m tests.bench.readings`.

The model policies have a label for every clause; of the practice policies, a label belongs to the
clause that holds its words. With `-v` every clause whose strength differs is listed.
"""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.policy import document
from bot.policy.clauses import cut, read
from bot.policy.model import Cut, Reading, Strength
from bot.policy.policyfile import read_policy
from tests.bench.sets import DATA, ROOT, practice_policies

LABELS = Path(__file__).parent / "labels"
SCHOOLS = ROOT / "policy_text" / "schools"
COARSE = {
    Strength.MUST_NOT: "ban",
    Strength.SHOULD_NOT: "ban",
    Strength.MUST: "duty",
    Strength.SHOULD: "duty",
    Strength.MAY: "leave",
    Strength.NEEDS_APPROVAL: "leave",
    Strength.INFORMATION: "information",
}
STAFF = frozenset({"all", "staff", "volunteers", "governors", "administrator", "moderator"})
_COLUMNS = ("strength", "coarse", "staff", "route")
_WORDS_OF_A_LABEL = 8


@dataclass(frozen=True, slots=True)
class Judged:
    """A clause as it was read, and as it was labelled."""

    school: str
    name: str  # a clause id or the first words of the rule
    text: str
    lead_in: str | None
    reading: Reading
    strength: Strength
    binds: frozenset[str]
    route: str | None  # None: not labelled; "": nobody is told

    @property
    def agrees(self) -> dict[str, bool]:
        """Which of the things measured agree."""
        found = {
            "strength": self.reading.strength is self.strength,
            "coarse": COARSE[self.reading.strength] == COARSE[self.strength],
            "staff": bool(STAFF & set(self.reading.binds)) is bool(STAFF & self.binds),
        }
        if self.route is not None:
            found["route"] = (self.reading.route or "") == self.route
        return found


def model() -> Iterator[Judged]:
    """Read every labelled clause of the model policies."""
    for path in sorted(LABELS.glob("model-*.tsv")):
        clauses = {
            clause.id: clause
            for policy in sorted((SCHOOLS / path.stem / "policies").glob("*.md"))
            for clause in read_policy(policy).clauses
        }
        for row in _rows(path):
            if (clause := clauses.get(row[0])) is not None:
                yield Judged(
                    path.stem,
                    clause.id,
                    clause.text,
                    clause.lead_in,
                    clause.reading,
                    Strength(row[2]),
                    frozenset(row[3].split(",")),
                    row[4].replace("-", "") and row[4],
                )


def practice() -> Iterator[Judged]:
    """Read the clauses of the practice policies that a label speaks of."""
    texts = {path.stem: path for path in practice_policies()}
    cuts = {name: list(cut(document.load(path))) for name, path in texts.items()}
    for school, words, strength, bound, *_ in _rows(DATA / "practice-labels.tsv"):
        if (found := _holding(cuts.get(school, []), words)) is not None:
            yield Judged(
                school,
                words,
                found.text,
                found.lead_in,
                read(found, ("staff",)),
                Strength(strength),
                frozenset(bound.split(",")),
                None,
            )


def table(judged: Iterable[Judged]) -> list[str]:
    """Lines of shares that agree, for each school and for all."""
    groups: dict[str, list[Judged]] = {}
    for each in judged:
        groups.setdefault(each.school, []).append(each)
    groups["all"] = [each for group in list(groups.values()) for each in group]
    lines = [f"{'':22}{'rules':>6}" + "".join(f"{name:>10}" for name in _COLUMNS)]
    for school, group in groups.items():
        lines.append(f"{school:22}{len(group):>6}" + "".join(_share(group, c) for c in _COLUMNS))
    return lines


def _share(group: Sequence[Judged], column: str) -> str:
    known = [each.agrees[column] for each in group if column in each.agrees]
    return f"{sum(known) / len(known):>10.1%}" if known else f"{'-':>10}"


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row]


def _holding(cuts: Sequence[Cut], words: str) -> Cut | None:
    """Find the clause that begins with the words, or else one that holds them."""
    wanted = _plain(" ".join(words.split()[:_WORDS_OF_A_LABEL]))
    texts = [(each, _plain(each.text)) for each in cuts]
    begins = (each for each, text in texts if text.startswith(wanted))
    return next(begins, None) or next((each for each, text in texts if wanted in text), None)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def main(arguments: Sequence[str]) -> None:
    """Print the tables, and with -v what differs in strength; -b: in whom it binds, -r: in route."""
    chosen = {"-v": "strength", "-b": "staff", "-r": "route"}
    wanted = [chosen[each] for each in arguments if each in chosen]
    for name, judged in (
        ("model policies", list(model())),
        ("practice policies", list(practice())),
    ):
        print(name)
        print("\n".join(table(judged)))
        for column in wanted:
            missed = [each for each in judged if not each.agrees.get(column, True)]
            print("\n".join(_told(each, column) for each in missed))
        pairs = Counter(
            (each.strength, each.reading.strength)
            for each in judged
            if each.strength is not each.reading.strength
        )
        print(
            "labelled > read: " + ", ".join(f"{a} > {b} {n}" for (a, b), n in pairs.most_common(8))
        )


def _told(each: Judged, column: str) -> str:
    labelled = {"strength": each.strength, "staff": sorted(each.binds), "route": each.route}[column]
    got = {
        "strength": each.reading.strength,
        "staff": each.reading.binds,
        "route": each.reading.route,
    }[column]
    lead = f"({each.lead_in}) " if each.lead_in else ""
    return f"{each.school} {each.name[:30]}: {labelled} > {got}: {lead}{each.text}"


if __name__ == "__main__":
    main(sys.argv[1:])
