"""How often the derived strength and audience agree with a hand-made inventory of five policies.

The inventory and the policies are read from the folder named by MAYI_SHARED (default: `shared`
beside the project); without them these tests are skipped. A row counts for strength when it states
a rule and its "Binds" column names staff in some way: staff, employees, all, adults, volunteers,
governors or "representatives" (a collective of those). It agrees when some clause cut from the last
place it cites, or standing under it as its lead-in, has that strength; a row marked with a dagger
counts as printed. For audience every row that states a rule counts, and it agrees when the clause
and the row are both about staff or both not; named offices of staff (an account's administrator)
count as staff.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from bot.policy.clauses import cut, read
from bot.policy.model import Cut, Document, Reading, Strength
from bot.policy.plaintext import blocks

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("MAYI_SHARED", ROOT.parent / "shared"))
INVENTORY = SHARED / "obligations.md"
SEEDS = sorted((SHARED / "seeds").glob("*.txt"))

pytestmark = pytest.mark.skipif(
    not (INVENTORY.is_file() and len(SEEDS) == 5),
    reason=f"the inventory and the five policies are not in {SHARED} (set MAYI_SHARED)",
)

_STRENGTHS = (
    ("must not", Strength.MUST_NOT),
    ("should not", Strength.SHOULD_NOT),
    ("needs approval", Strength.NEEDS_APPROVAL),
    ("must", Strength.MUST),
    ("should", Strength.SHOULD),
    ("may", Strength.MAY),
    ("information", Strength.INFORMATION),
)
_STAFF = re.compile(r"\b(?:staff|employees|all|adults|volunteers|governors|representatives)\b")
_OFFICES = re.compile(r"\b(?:named role|governing)\b")
_STAFF_GROUPS = {"staff", "all", "volunteers", "governors", "administrator", "moderator"}


@dataclass(frozen=True)
class Row:
    """One row of the inventory that states a rule."""

    id: str
    seed: str
    lines: frozenset[int]
    binds: str
    strength: Strength

    @property
    def binds_staff(self) -> bool:
        return _STAFF.search(self.binds) is not None


@cache
def rows() -> tuple[Row, ...]:
    found = []
    for line in INVENTORY.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not re.match(r"\| [A-Z]{2}-\d{3} \|", line) or len(cells) < 9:
            continue
        seed, places = cells[1].split(" ", 1)
        first, last = re.findall(r"L(\d+)(?:-(\d+))?", places)[-1]
        cited = frozenset(range(int(first), int(last or first) + 1))
        strength = next(value for name, value in _STRENGTHS if cells[5].startswith(name))
        if strength is not Strength.INFORMATION:
            found.append(Row(cells[0], seed, cited, cells[4].lower(), strength))
    return tuple(found)


@cache
def seeds() -> dict[str, tuple[str, ...]]:
    names = dict.fromkeys(row.seed for row in rows())
    texts = (tuple(path.read_text("utf-8").split("\n")) for path in SEEDS)
    return dict(zip(names, texts, strict=True))


@cache
def clauses(seed: str) -> tuple[tuple[Cut, Reading], ...]:
    lines = seeds()[seed]
    return tuple((c, read(c, ("staff",))) for c in cut(Document(lines, blocks(lines))))


def candidates(row: Row) -> list[Reading]:
    """The clauses cut from the cited lines, or standing under them as their lead-in."""
    leads = {" ".join(seeds()[row.seed][number - 1].split()) for number in row.lines} - {""}
    return [
        reading
        for clause, reading in clauses(row.seed)
        if row.lines & set(clause.lines) or any(lead in (clause.lead_in or "") for lead in leads)
    ]


def strength_agrees(row: Row) -> bool:
    return any(reading.strength is row.strength for reading in candidates(row))


def audience_agrees(row: Row) -> bool:
    found = candidates(row)
    same = [reading for reading in found if reading.strength is row.strength] or found
    staff = row.binds_staff or _OFFICES.search(row.binds) is not None
    return any(bool(_STAFF_GROUPS & set(reading.binds)) is staff for reading in same)


def shares() -> dict[str, tuple[float, float]]:
    table = {}
    for seed in seeds():
        mine = [row for row in rows() if row.seed == seed]
        staff = [row for row in mine if row.binds_staff]
        table[seed] = (
            sum(map(strength_agrees, staff)) / len(staff),
            sum(map(audience_agrees, mine)) / len(mine),
        )
    return table


def test_strength_and_audience_agree_with_the_inventory(capsys: pytest.CaptureFixture[str]) -> None:
    staff = [row for row in rows() if row.binds_staff]
    overall = sum(map(strength_agrees, staff)) / len(staff)
    audience = sum(map(audience_agrees, rows())) / len(rows())

    with capsys.disabled():
        print(f"\n{'policy':12}{'rows':>6}{'strength':>10}{'audience':>10}")
        for seed, (force, whom) in shares().items():
            count = sum(row.seed == seed for row in staff)
            print(f"{seed:12}{count:>6}{force:>10.0%}{whom:>10.0%}")
        print(f"{'all':12}{len(staff):>6}{overall:>10.0%}{audience:>10.0%}")
        missed = ", ".join(row.id for row in staff if not strength_agrees(row))
        print(f"strength differs: {missed}")

    assert overall >= 0.92
    assert audience >= 0.85
    assert min(force for force, _ in shares().values()) >= 0.75


def test_every_line_of_the_policies_is_in_exactly_one_block() -> None:
    for lines in seeds().values():
        held = Counter(number for block in blocks(lines) for number in block.lines)

        assert held == Counter(n for n, line in enumerate(lines, start=1) if line.strip())


def test_clauses_are_short() -> None:
    lengths = [len(clause.text) for seed in seeds() for clause, _ in clauses(seed)]

    assert max(lengths) <= 900
    assert sum(lengths) / len(lengths) < 260
