"""A flat rule, and leave that another clause gives for the same: "in no circumstances" here, "may … on visits" there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause
from bot.policy.opposites import COMMON, apart, contrasted, folded
from bot.policy.sentences import sentences
from bot.policy.sheet import Sheet, in_order, shortened
from bot.policy.stances import Stance, rule_of

MOST = 3  # findings of this kind in one policy: the nearest
ENOUGH = 1.65  # nearness (see `kinship`) and share together, from which a flat ban and a leave are of one thing
ABOUT = 0.33  # the least share of what is banned that the leave speaks of
LEAST = 3  # telling words that both have

_BAN = re.compile(
    r"\b(?:must|may|should|shall|can|will|do|does|are|is) (?:not|never)\b|\bcannot\b|\bnever\b|\b(?:under|in) no circumstances\b"
    r"|\b(?:no|nobody|no one) (?:[\w’-]+ ){0,8}?(?:may|can|must|should|shall|will|is to|are to)\b|\b(?:forbidden|prohibited|banned|barred)\b"
)
_FLAT = re.compile(
    r"\b(?:never|under no circumstances|in no circumstances|(?:in|under) any (?:circumstances?|case|event)|whether or not|"
    r"without exception|at all times|whatever the|no matter|by any(?:one| \w+)|any (?:visitor|person|pupil|parent|adult|member of staff|employee)|"
    r"no (?:person|one|pupil|parent|visitor|employee|member|adult|teacher|governor|volunteer)|nobody|none of|all (?:staff|pupils|visitors|parents|adults)|"
    r"this applies equally|(?:not|never|no)\b[^.;,]{0,60} at any (?:time|point))\b"
)
_LEAVE = re.compile(
    r"\b(?:may|can)(?! (?:not|never|be (?:subject|regarded|treated|disciplin)|lead|result|have|cause|bring|damage|be used as|take action|contact|also ask|arise|expect|be reported|be seen|be found|see))\b"
    r"|\b(?:are|is) (?:\w+ )?(?:allowed|permitted|free|welcome|encouraged)\b|\bneed not\b|\b(?:are|is) not (?:banned|forbidden|prohibited|barred)\b"
)
_IF = re.compile(r"^(?:if|where|when|once|after|in|on|at|for|during)\b[^,;]{3,80}, ")
# A ban that names what it lets through, or one that leans on what stands before it
_EXCEPTED = re.compile(
    r"\b(?:unless|except\w*|other than|apart from|save (?:for|where|that)|only|until|without|with (?:the )?(?:\w+ ){0,3}?(?:permission|consent|"
    r"approval|agreement)|rather than|instead of|for (?:this|that|such) purpose)\b"
)
_EXCEPTION = re.compile(
    r"\b(?:exceptional\w*|emergenc\w+|as an exception|the (?:one|only) exception|notwithstanding|despite|however|does not (?:then )?apply)\b"
)
_ANYBODY = re.compile(r"\b(?:any|no|every|all) (?:\w+ )?(?:visitors?|persons?|people|adults?)\b")


@dataclass(frozen=True, slots=True)
class _Side:
    clause: Clause
    sentence: str
    text: str
    units: frozenset[str]


def clashes(sheet: Sheet, kin: Kinship, known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find flat bans and the leaves that go against them; not pairs that are `known`, as pairs of ids, already."""
    bans, leaves = [], []
    for clause in sheet.clauses:
        lead = f"{clause.lead_in} " if clause.lead_in else ""
        for sentence in sentences(clause.text):
            text = folded(lead + sentence)
            if len(text.split()) < 6 or " | " in text:
                continue
            side = _Side(clause, sentence, text, _units(text))
            if _BAN.search(text) and _FLAT.search(text) and not _EXCEPTED.search(text):
                bans.append(side)
            elif _is_leave(text):
                leaves.append(side)
    found = sorted(_free_of_asking(sheet), key=lambda entry: -entry[0])
    found += sorted(
        (
            (score, ban, leave)
            for ban in bans
            for leave in leaves
            if (score := _clash(ban, leave, kin))
        ),
        key=lambda entry: -entry[0],
    )
    told = set(known)
    for _, ban, leave in found:
        pair = frozenset((ban.clause.id, leave.clause.id))
        if pair in told or any(pair & other for other in told - known):
            continue
        if len(told) - len(known) == MOST:
            return
        told.add(pair)
        yield Finding(
            Kind.RULE_AND_OPPOSITE,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, pair),
            (shortened(ban.clause.text), shortened(leave.clause.text)),
        )


# What is done, for which one clause has everybody ask and another nobody
_ACTS: Mapping[str, re.Pattern[str]] = {
    "post": re.compile(r"\b(?:each|every|all|any|no|new) (?:\w+ )?(?:posts?|messages?|stor(?:y|ies))\b|\bposts? must\b|\b(?:add|post|publish|write|put \w+)\b[^.;]{0,30}\b(?:page|site|website|facebook|account|feed)\b"),
    "account": re.compile(r"\b(?:open\w*|set(?:ting)? up|creat\w+|start\w*)\b[^.;]{0,40}\b(?:accounts?|pages?|groups?|blogs?|channels?)\b|\b(?:accounts?|pages?|groups?|blogs?|channels?)\b[^.;]{0,40}\b(?:opened|set up|created|started)\b"),
    "app": re.compile(r"\b(?:new )?(?:apps?|websites?|services?|software|tools?)\b[^.;]{0,40}\b(?:used?|installed|brought|tried)\b|\b(?:use|install|try)\b[^.;]{0,30}\b(?:apps?|websites?|services?|software|tools?)\b"),
    "picture": re.compile(r"\b(?:photograph\w*|photos?|pictures?|images?|videos?)\b[^.;]{0,60}\b(?:use[ds]?|publish\w*|posted|newsletter|website|consent)\b"),
    "press": re.compile(r"\b(?:press|media|journalists?|reporters?)\b"),
}  # fmt: skip
_ALL_OF_IT = re.compile(r"\b(?:each|every|all|any|no|whatever|however|always|before)\b")


def _free_of_asking(sheet: Sheet) -> Iterator[tuple[float, _Side, _Side]]:
    """What everybody must have agreed first, and somebody need ask nobody for."""
    rules = [rule_of(c) for c in sheet.clauses]
    asks = [
        r
        for r in rules
        if r.stance is Stance.ASK and _ALL_OF_IT.search(r.text) and not _LET_THROUGH.search(r.text)
    ]
    for free in (r for r in rules if r.stance is Stance.FREE):
        for ask in asks:
            one_act = any(p.search(ask.text) and p.search(free.text) for p in _ACTS.values())
            if one_act and not contrasted(ask.text, free.text):
                yield (
                    1.0,
                    _Side(ask.clause, ask.clause.text, ask.text, frozenset()),
                    _Side(free.clause, free.clause.text, free.text, frozenset()),
                )


_LET_THROUGH = re.compile(r"\b(?:unless|except\w*|other than|apart from|save for)\b")


def _is_leave(text: str) -> bool:
    main = _IF.sub("", text)
    found = _LEAVE.search(main)
    return bool(found) and not _BAN.search(main[: found.end()] if found else "")


def _units(text: str) -> frozenset[str]:
    lex = lexicon()
    return frozenset(lex.units(lex.expand(text))) - COMMON


_WHO: Mapping[str, re.Pattern[str]] = {
    "pupils": re.compile(r"\bpupils?\b"),
    "parents": re.compile(r"\b(?:parents?|carers?|famil(?:y|ies))\b"),
    "staff": re.compile(r"\b(?:staff|teachers?|employees?|leaders?|adults?|colleagues|employed)\b"),
}  # fmt: skip
_MODAL = re.compile(
    r"(?<!\bwho )(?<!\bwhich )(?<!\bthat )\b(?:must|may|should|shall|can|cannot|will|do|does|are|is|need)\b"
)


def _subject(text: str) -> str:
    """What stands before the first verb of leave or duty, without a condition before it."""
    main = _IF.sub("", text)
    found = _MODAL.search(main)
    return main[: found.start()] if found else ""


def _apart(groups: Mapping[str, re.Pattern[str]], one: str, other: str) -> bool:
    """Whether both texts name some of the groups, and none of them in common."""
    a, b = ({name for name, p in groups.items() if p.search(text)} for text in (one, other))
    return bool(a and b and not a & b)


def _clash(ban: _Side, leave: _Side, kin: Kinship) -> float:
    """How surely the leave goes against the ban; 0 where it does not."""
    if (
        ban.clause is leave.clause
        or _EXCEPTION.search(leave.text)
        or apart(ban.clause, leave.clause, kin, ban.sentence, leave.sentence)
    ):
        return 0.0
    shared = ban.units & leave.units
    if len(shared) < LEAST or contrasted(_ANYBODY.sub(" ", ban.text), leave.text):
        return 0.0
    if _apart(_WHO, _subject(ban.text), _subject(leave.text)):
        return 0.0
    whole = min(sum(map(kin.weight, side.units)) for side in (ban, leave))
    share = sum(map(kin.weight, shared)) / whole if whole else 0.0
    score = kin.near(ban.clause, leave.clause, ban.sentence, leave.sentence).all + share
    return score if share >= ABOUT and score >= ENOUGH else 0.0
