"""How much the reviewer's desk finds in policies whose writer had not seen its checks.

What is wrong in each stands in its gold file, marked as in the scorer: E an error, S something of the past, C a
contradiction, A an ambiguity, G a gap. When they came nothing had been fitted to them; since then the checks were
written with what they missed in view, so that they tell what must not be lost again, and no longer how much is found
in a policy that is new.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.bench.review import gold, reviewed, score, share

FAULTY = Path(__file__).parent / "faulty"
TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    found = {}
    for document in sorted(p for p in FAULTY.iterdir() if p.suffix in (".txt", ".md")):
        read = reviewed(document, tmp_path_factory.mktemp(document.stem), TODAY)
        found[document.stem] = score(read, gold(document.with_suffix(".gold.jsonl")))
    return found


def test_most_of_what_is_wrong_and_of_what_contradicts_itself_is_found(scores):
    pairs = [pair for some, _ in scores.values() for pair in some]
    for item, finding in pairs:
        print(item.mark, finding.kind if finding else "NOT FOUND", item.kind)
    (wrong, of), (opposed, pairs_of) = share(pairs, "ES"), share(pairs, "C")

    assert of == 18
    assert wrong / of >= 0.85
    assert opposed / pairs_of >= 0.8


def test_at_most_one_finding_in_five_is_nothing_that_its_writer_would_own(scores):
    found = sum(len({id(f) for _, f in some if f}) for some, _ in scores.values())
    nothing = sum(len(rest) for _, rest in scores.values())

    assert nothing / (found + nothing) <= 0.2
