"""One thing that a policy has kept in two places: phones in a locked box here, in the pupil's bag there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.model import Clause
from bot.policy.opposites import folded
from bot.policy.sentences import sentences
from bot.policy.sheet import Sheet, in_order, shortened

MOST = 2  # findings of this kind in one policy

_PUTS = re.compile(
    r"\b(?:keeps?|kept|hand(?:s|ed)?|lock(?:s|ed)?|puts?|placed?|leave|left|stored?|stays?|remains?|given? in|collected|held)\b"
)
_THINGS: Mapping[str, re.Pattern[str]] = {
    "phones": re.compile(r"\b(?:phones?|mobiles)\b(?! (?:number|call))"),
    "smart watches": re.compile(r"\b(?:smart ?)?watch(?:es)?\b"),
    "tablets and laptops": re.compile(r"\b(?:tablets?|laptops?|ipads?|chromebooks?)\b"),
    "cameras": re.compile(r"\bcameras?\b"),
}
_PLACES: Mapping[str, re.Pattern[str]] = {
    "box": re.compile(r"\b(?:in|into|to) (?:the |a |an |their )?(?:[\w’-]+ ){0,3}(?:box(?:es)?|trays?|pouch(?:es)?|safe|crates?|basket)\b|\bhand(?:s|ed)? (?:[\w’]+ ){1,3}(?:in\b|into\b|to (?:the|their))"),
    "bag": re.compile(r"\bin (?:the |a |their |my |his or her )?(?:\w+ )?(?:bags?|coats?|pockets?|rucksacks?)\b"),
    "locker": re.compile(r"\bin (?:the |a |their |my )?(?:\w+ )?(?:lockers?)\b"),
    "home": re.compile(r"\bat home\b"),
}  # fmt: skip
_WHO: Mapping[str, re.Pattern[str]] = {
    "pupils": re.compile(r"\bpupils?\b|\bsixth form|\byears? \d"),
    "staff": re.compile(r"\b(?:staff|teachers?|employees?|adults?|colleagues)\b(?! (?:room|locks?))"),
    "visitors": re.compile(r"\b(?:visitors?|contractors?)\b"),
}  # fmt: skip
_RARE = re.compile(
    r"\b(?:unless|except\w*|confiscat\w*|found|seen or heard|or (?:in|at)|medical|visits?|trips?|residential|overnight|"
    r"if (?!it\b)|examination|exams?|p\.?e\.?|own risk)\b"
)
_YEAR = re.compile(r"\byears? (\d{1,2})(?: (?:to|and|-|–) (\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class _Kept:
    clause: Clause
    thing: str
    places: frozenset[str]
    who: frozenset[str]
    years: frozenset[int]


def places(sheet: Sheet, kin: Kinship, known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find things that the same people are to keep in two places; not pairs that are `known` already."""
    kept = [k for clause in sheet.clauses for k in _kept(clause)]
    told = set(known)
    for a, b in combinations(kept, 2):
        pair = frozenset((a.clause.id, b.clause.id))
        one_thing = a.thing == b.thing and bool(a.who & b.who) and len(pair) == 2
        if not one_thing or a.places & b.places or pair in told:
            continue
        if a.years and b.years and not a.years & b.years:
            continue
        if abs(kin.place(a.clause) - kin.place(b.clause)) == 1 or len(told) - len(known) == MOST:
            continue
        told.add(pair)
        yield Finding(
            Kind.RULE_AND_OPPOSITE,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, pair),
            (shortened(a.clause.text), shortened(b.clause.text)),
        )


def _kept(clause: Clause) -> Iterator[_Kept]:
    heading = folded(" ".join(clause.section[-1:]))
    for sentence in sentences(clause.text):
        text = folded(f"{clause.lead_in or ''} {sentence}")
        if (
            not _PUTS.search(text)
            or _RARE.search(text)
            or re.search(r"\bnot\b|\bnever\b|\bmay\b", text)
        ):
            continue
        where = frozenset(name for name, p in _PLACES.items() if p.search(text))
        # In an agreement "I" is whom its heading names
        said = heading if re.search(r"\b(?:i|my)\b", text) else text
        who = frozenset(name for name, p in _WHO.items() if p.search(said))
        if "pupils" in who and re.search(r"\bpupils?\b.{0,40}\bhand\b", said):
            who = frozenset({"pupils"})
        years = {
            year for m in _YEAR.finditer(text) for year in range(int(m[1]), int(m[2] or m[1]) + 1)
        }
        for thing, pattern in _THINGS.items():
            if where and pattern.search(text):
                yield _Kept(clause, thing, where, who, frozenset(years))
