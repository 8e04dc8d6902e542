"""What one clause keeps for some people, or for one of a kind, and another gives to others: "only the Headteacher may"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause
from bot.policy.opposites import apart, contrasted, folded
from bot.policy.sentences import sentences
from bot.policy.sheet import Sheet, in_order, shortened

MOST = 2  # findings of this kind in one policy: the nearest
ABOUT = 0.34  # the least share of what is kept for some that the other clause speaks of
NEAR = 0.9  # the least nearness (see `kinship`)

_VERB = r"(?P<verb>[a-z-]+)"
_KEPT = (
    re.compile(rf"\bonly (?P<who>(?:the |a |an |our )?[^.;:]{{3,80}}?) (?:may|can|must|should|will|is allowed to|are allowed to) {_VERB}\b(?P<rest>[^.;]*)"),
    re.compile(rf"\b(?:nobody|no one|no-one) (?:but|except|other than|apart from) (?P<who>[^.;:]{{3,80}}?) (?:may|can|must|should|will) {_VERB}\b(?P<rest>[^.;]*)"),
    re.compile(r"(?P<verb>[a-z-]+)ing\b(?P<rest>[^.;]{3,60}?) (?:is|are) (?:a matter )?for (?P<who>[^.;,]{3,40}?) (?:alone|only|to decide)\b"),
)  # fmt: skip
_GIVEN = re.compile(
    rf"^(?P<who>[^.;:]{{3,90}}?) (?:may|can|is allowed to|are allowed to|are free to|is free to|are welcome to) (?:also |then |always )*{_VERB}\b(?P<rest>[^.;]*)"
)
_ASKS = re.compile(
    r"\b(?:with|without) (?:the )?(?:\w+ ){0,4}(?:agreement|permission|consent|approval)\b|\bask\b|\bif agreed\b"
)


@dataclass(frozen=True, slots=True)
class _Said:
    clause: Clause
    sentence: str
    text: str
    who: str
    verb: str
    units: frozenset[str]


def only(sheet: Sheet, kin: Kinship, known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find acts that one clause keeps for some and another lets others do; not pairs that are `known` already."""
    kept = [s for c in sheet.clauses for s in _said(c, _KEPT)]
    given = [s for c in sheet.clauses for s in _said(c, (_GIVEN,))]
    found = []
    for some in kept:
        for others in given:
            near = _against(some, others, kin)
            if near:
                found.append((near, some, others))
    found.sort(key=lambda entry: -entry[0])
    told = set(known)
    for _, some, others in found:
        pair = frozenset((some.clause.id, others.clause.id))
        if pair in told or len(told) - len(known) == MOST:
            continue
        told.add(pair)
        yield Finding(
            Kind.RULE_AND_OPPOSITE,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, pair),
            (shortened(some.clause.text), shortened(others.clause.text)),
        )


def _said(clause: Clause, patterns: tuple[re.Pattern[str], ...]) -> Iterator[_Said]:
    for sentence in sentences(clause.text):
        text = folded(sentence)
        for pattern in patterns:
            found = pattern.search(text)
            if found and "not" not in found["who"].split():
                lex = lexicon()
                units = frozenset(lex.units(lex.expand(found["rest"])))
                verb = next(iter(lex.units([found["verb"]])), found["verb"])
                yield _Said(clause, sentence, text, found["who"], verb, units)


def _against(some: _Said, others: _Said, kin: Kinship) -> float:
    """How near the two are, where what is kept for some is given to others; 0 where it is not."""
    if (
        some.clause is others.clause
        or some.verb != others.verb
        or apart(some.clause, others.clause, kin, some.sentence, others.sentence)
    ):
        return 0.0
    lex = lexicon()
    mine, theirs = (set(lex.units(lex.expand(s.who))) for s in (some, others))
    if mine & theirs or "only" in others.text or _ASKS.search(others.text):
        return 0.0
    shared = some.units & others.units
    whole = min(len(some.units), len(others.units))
    if not shared or len(shared) < ABOUT * whole or contrasted(some.text, others.text):
        return 0.0
    near = kin.near(some.clause, others.clause, some.sentence, others.sentence).all
    return near if near >= NEAR else 0.0
