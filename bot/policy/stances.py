"""What a clause does to what it speaks of: forbids it, allows it, or has it asked for; when and where."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bot.policy.model import Clause, Strength

_FORBIDS = (Strength.MUST_NOT, Strength.SHOULD_NOT)
_EXCEPT = re.compile(
    r"\b(?:unless|except\w*|other than|apart from|save (?:for|where|that)|without (?:\w+ ){0,4}?(?:permission|consent|"
    r"approval|agreement|authoris\w+|leave)|only (?:if|when|where|with|after|following|once)|until (?!\d|(?:they|pupils?) (?:leave|go)|the (?:end|bell|last|final))|subject to)\b"
)
_LEAVE = re.compile(
    r"\b(?:are (?:allowed|permitted|free|welcome|encouraged) to|is (?:allowed|permitted|encouraged)|"
    r"will be able to|might use to|need not|do(?:es)? not need|acceptable to|with (?:the )?(?:prior |written )*"
    r"(?:permission|consent|approval|agreement)|provided|providing|as long as|if agreed|once agreed)\b"
)
_UNASKED = re.compile(
    r"\b(?:needs?|requires?|seek|without) (?:no|any) (?:further |other |prior )?(?:approval|permission|consent|leave|agreement)\b|\b(?:whenever|as often as|as) (?:they|you|she|he) (?:wish|like|choose|see fit|please)\b|\b(?:no (?:approval|permission|consent|leave) is (?:needed|required|necessary)|without (?:asking|needing|seeking|having to ask|"
    r"first asking|obtaining)|(?:need|do) not (?:need to )?(?:ask|seek|obtain)|do(?:es)? not (?:need|require) (?:to be approved|"
    r"(?:the )?(?:\w+’s )?(?:approval|permission|consent)))\b"
)
_ASKED = re.compile(
    r"\b(?:needs?|requires?|obtain|must have) (?:the |a )?(?:[\w’-]+ ){0,4}(?:agreement|permission|approval|authorisation)\b"
)
_ONLY_SCHOOLS = re.compile(
    r"\bonly (?:the )?school(?:’s)?[ -](?:\w+ )?(?:cameras?|devices?|equipment|phones?|tablets?|ipads?) (?:may|can|should|must|are|is)\b"
)
_PUT_AWAY = re.compile(
    r"\b(?:keep|stay|remain|kept|stays|stored|left)\b.{0,40} (?:in (?:the |their |a |school )?(?:lockers?|bags?|cupboards?|office)|switched off|turned off|locked)\b|\b(?:handed in|handed into|switched off|turned off|locked away|left (?:at home|in (?:the |their |a )?(?:lockers?|bags?|office|cupboards?))|kept (?:off|in (?:their )?(?:bags?|lockers?))|not be (?:seen|used))\b"
)
_NOT_LEAVE = re.compile(
    r"\b(?:may|can|could) (?:not|be (?:subject|regarded|treated|disciplin)|lead|result|have|cause|bring|damage|also report|be used as|take|contact)\b|\bcannot\b"
)
# When and where a rule holds; two rules for different times or places do not contradict each other
_WHEN: Mapping[str, re.Pattern[str]] = {
    "contact": re.compile(
        r"\b(?:contact time|lessons?|in class|classrooms?|teaching|in front of pupils|with (?:the )?(?:pupils|children)|supervis\w+|children are present|pupils are present)\b"
    ),
    "day": re.compile(
        r"\b(?:school day|working (?:day|hours|time)|work time|at work|on duty|school hours|on (?:the )?(?:school )?(?:site|premises)|directed time|in school time)\b"
    ),
    "break": re.compile(
        r"\b(?:breaks?(?: ?times?)?|lunch\w*|non-contact|staff ?room|personal times?|free periods?|before (?:and after )?school|after school|office)\b"
    ),
    "out": re.compile(
        r"\b(?:outside (?:of )?(?:work|school)|out of (?:work|school|hours)|own time|at home|evenings?|weekends?)\b"
    ),
    "trips": re.compile(r"\b(?:trips?|visits?|residential)\b"),
    "public": re.compile(r"\bpublic areas?\b|\bcorridors?\b|\bplayground\b"),
    "own": re.compile(r"\b(?:personal|private|own|their) (?:\w+ ){0,2}?(?:accounts?|pages?|profiles?|social)\b"),
    "official": re.compile(
        r"\b(?:official|school(?:’s)?|class|approved|authorised) (?:\w+ ){0,2}?(?:accounts?|pages?|website|platforms?|channels?|cameras?|devices?|equipment|app)\b"
    ),
}  # fmt: skip


# Words that policies use for the same people and things
_ONE_WORD = (
    (re.compile(r"\b(?:student|learner)(s?)\b(?! (?:teacher|on placement|in training|union))"), r"pupil\1"),
    (re.compile(r"\btelephone(s?)\b(?! (?:number|call))"), r"phone\1"),
)  # fmt: skip


class Stance(StrEnum):
    """What a clause does to an act."""

    BAN = "ban"
    ASK = "ask"  # leave that somebody must give
    LEAVE = "leave"
    FREE = "free"  # leave that nobody need give


@dataclass(frozen=True, slots=True)
class Rule:
    """A clause, and what it does."""

    clause: Clause
    text: str  # with its lead-in, in lower case and one kind of apostrophe
    stance: Stance | None
    when: frozenset[str]
    excepted: frozenset[str]  # the times and places its own exception lets through


def rule_of(clause: Clause) -> Rule:
    """Read what a clause does, from its words with its lead-in and how strongly it speaks."""
    text = f"{clause.lead_in or ''} {clause.text}".strip().lower().replace("'", "’")
    for pattern, word in _ONE_WORD:
        text = pattern.sub(word, text)
    exception = _EXCEPT.search(text)
    main = text[: exception.start()] if exception else text
    after = text[exception.start() :] if exception else ""
    return Rule(
        clause, text, _stance(clause, text, excepted=bool(exception)), _when(main), _when(after)
    )


def _when(text: str) -> frozenset[str]:
    return frozenset(name for name, pattern in _WHEN.items() if pattern.search(text))


def _stance(clause: Clause, text: str, *, excepted: bool) -> Stance | None:
    strength = clause.reading.strength
    if _UNASKED.search(text):
        return Stance.FREE
    if strength is Strength.NEEDS_APPROVAL or _ASKED.search(text):
        return Stance.ASK
    if _ONLY_SCHOOLS.search(text):
        return Stance.BAN
    if strength in (Strength.MUST, Strength.SHOULD) and _PUT_AWAY.search(text) and not excepted:
        return Stance.BAN
    if strength in _FORBIDS or re.search(r"\bnever (?:appropriate|acceptable|permitted)\b", text):
        # A ban with an exception in time still bans; one that leave lifts gives leave
        lifted = excepted and re.search(
            r"\b(?:permission|consent|approv\w+|agree\w*|authoris\w+)\b", text
        )
        return Stance.ASK if lifted else Stance.BAN
    if (strength is Strength.MAY or _LEAVE.search(text)) and not _NOT_LEAVE.search(text):
        return Stance.LEAVE
    return None
