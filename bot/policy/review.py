"""The reviewer's desk: what a careful reader would tell the owner of a policy, weightiest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from bot.policy.clashes import clashes
from bot.policy.conflicts import conflicts
from bot.policy.dated import Dates, dated, due_as_printed
from bot.policy.disagree import disagree
from bot.policy.drafting import drafting
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.gaps import gaps
from bot.policy.kinship import Kinship
from bot.policy.lapsed import lapsed
from bot.policy.leftovers import leftovers
from bot.policy.limits import limits
from bot.policy.lists import lists
from bot.policy.naming import naming
from bot.policy.only import only
from bot.policy.opposites import opposites
from bot.policy.places import places
from bot.policy.posts import posts
from bot.policy.references import references
from bot.policy.scope import scope
from bot.policy.sheet import Sheet, lay_out
from bot.policy.stale import nation_of, stale
from bot.policy.structure import structure
from bot.policy.turned import turned

__all__ = [
    "Dates",
    "Facts",
    "Finding",
    "Kind",
    "Sheet",
    "Weight",
    "due_as_printed",
    "lay_out",
    "review",
]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a review needs to know beside the policy; `today` is the school's own date."""

    today: date
    nation: str = "England"
    dates: Dates = field(default_factory=Dates)
    holders: Sequence[str] = ()  # names of people at the school
    asked: Sequence[str] = ()  # questions that got no answer


def review(sheet: Sheet, facts: Facts) -> tuple[Finding, ...]:
    """Review a policy: each fault once, with every clause it stands in, the weightiest first."""
    place = {c.id: at for at, c in enumerate(sheet.clauses)}
    kinds = list(Kind)

    def order(finding: Finding) -> tuple[int, int, int]:
        first = place[finding.clauses[0]] if finding.clauses else -1
        return finding.weight, kinds.index(finding.kind), first

    return tuple(sorted(dict.fromkeys(_all(sheet, facts)), key=order))


def _all(sheet: Sheet, facts: Facts) -> Iterator[Finding]:
    yield from dated(sheet, facts.dates, facts.today)
    yield from disagree(sheet, facts.today)
    yield from lapsed(sheet, facts.dates.reviewed, facts.today)
    nation = nation_of(sheet, facts.nation)
    yield from stale(sheet, nation, facts.today)
    yield from leftovers(sheet, nation)
    yield from naming(sheet, facts.holders)
    yield from structure(sheet)
    yield from references(sheet)
    yield from lists(sheet)
    yield from turned(sheet)
    yield from drafting(sheet)
    yield from gaps(sheet, facts.asked)
    yield from _contradictions(sheet)


def _contradictions(sheet: Sheet) -> Iterator[Finding]:
    """What contradicts itself: by known matters first, then whatever is near enough to be one thing."""
    kin = Kinship(sheet.clauses)
    told: list[Finding] = [*conflicts(sheet, kin), *scope(sheet)]
    for check in (posts, limits, only, clashes, places, opposites):
        known = frozenset(
            frozenset(pair) for finding in told for pair in combinations(finding.clauses, 2)
        )
        told += check(sheet, kin, known)
    yield from told
