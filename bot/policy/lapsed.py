"""Rules and plans whose day has passed: "until September 2023", "will be introduced in September 2022"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from bot.policy.bygone import is_history
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.periods import Period, periods
from bot.policy.sheet import Part, Passage, Sheet, in_order

_SENTENCE = re.compile(r"(?<=[.;!?])\s+(?=[A-Z“\"'‘(])")
_AT = (
    r"(?:(?:the )?(?:start|beginning|end|first week|second half|middle) of |(?:early|late|mid)[- ]|the |"
    r"(?:the )?(?:academic|school|financial) year |(?:the )?(?:whole )?of )*"
)
_OPEN = r"[\s(,]*$"
# Up to the date
_UNTIL = re.compile(
    r"\b(?:until|till|up to and including|through to|up to|pending|prior to)\b[^.;]{0,70}$",
    re.IGNORECASE,
)
_FROM = re.compile(
    rf"\b(?:from|as of|as from|with effect from|w\.e\.f\.|starting|beginning|commencing|effective)\s+(?:in |from |on )?{_AT}$",
    re.IGNORECASE,
)
_IN = re.compile(
    rf"\b(?:in|on|by|during|before|at|for|within|over|this|not later than|no later than)\s+{_AT}$",
    re.IGNORECASE,
)
_THIS = re.compile(
    rf"\b(?:this|current|present|coming|next|new|the) (?:academic |school |financial )?(?:year|term|summer|autumn|spring)\b[\s(,:–-]*{_AT}$",
    re.IGNORECASE,
)
# What a plan or a rule of today says, and what is told of the past
_PLAN = re.compile(
    r"\b(?:will|shall|is to|are to|is due to|are due to|plans? to|planned|intends? to|aims? to|hopes? to|expects? to|"
    r"(?:is|are) (?:currently )?being|(?:is|are) going to|to be (?:\w+ed|built|bought|held|sent|begun|put|made|set)|proposed|scheduled|is expected|are expected|"
    r"(?:is|are) (?:moving|changing|replacing|introducing|rolling|phasing|testing|trying|looking|working|planning|hoping|"
    r"intending|preparing|considering|setting|switching|migrating)|"
    r"retires|leaves|ends|expires|runs out|takes (?:up|over|effect)|starts|opens|closes|goes live|finishes|"
    r"come into (?:force|effect)|comes? into (?:force|effect))\b",
    re.IGNORECASE,
)
_RULE = re.compile(
    r"\b(?:must|may|can|should|shall|will|is|are|do not|does not|has to|have to|need to|needs to|cannot|remains?|"
    r"continues?|applies|apply|keep|use|uses|tell|ask|hand|stays?|goes|go|wear|carry|bring|send|take|leave)\b",
    re.IGNORECASE,
)
_FOR_NOW = re.compile(
    r"\b(?:pilot\w*|trial(?:s|led|ling)?|temporar\w*|interim|currently|at present|for now|for the time being|"
    r"for the moment|(?:year|term|\d) only|provisional\w*|transition\w*|short[- ]term|this year|this term)\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|had|did|used to|came into|took effect|(?<!be )(?<!been )(?<!are )(?<!is )introduced (?:in|on)|since|began|became|agreed|decided|"
    r"(?:has|have) been (?!asked|told|given|agreed|extended|allowed))\b",
    re.IGNORECASE,
)
# A review of the policy itself is told elsewhere; a record's period or a birth date is no rule of its own
_OTHER = re.compile(
    r"\b(?:next review\w*|review (?:date|is due|due)|reviewed|re-?approved|valid until|born|date of birth|licen[cs]e expires|"
    r"examples?|e\.g\.|such as a post|for instance)\b",
    re.IGNORECASE,
)
_DONE_AT = re.compile(
    r"\b(?:published|issued|updated|revised|dated|approved|adopted|agreed|ratified|amended|launched|signed|passed|"
    r"enacted|released|written|produced|reissued|version|edition|opened|joined|became|closed|ended|appointed|"
    r"guidance|act|regulations|framework|strategy|report|code|education|toolkit|standards|schools)"
    rf"[\s(,:–-]*(?:\w+ )?(?:(?:in|on|of|from|by|dated) )?{_AT}[\s(]*$",
    re.IGNORECASE,
)
_BE = re.compile(
    r"\b(?:be|been|being|is|are) (?:\w+ )?(?:published|issued|updated|revised|approved|adopted|agreed|ratified|"
    r"amended|launched|signed|released|written|produced|reissued|opened|closed|ended|appointed)\b",
    re.IGNORECASE,
)
_AGREED_AFTER = (
    60  # days before the policy's own date from which a start was already past when it was agreed
)
_EARLIEST = 2005  # what reads as an earlier year is a time of day or a number
_LONG_AGO = 365  # days after which a start reads as news, where the policy has no date


def lapsed(sheet: Sheet, agreed: date | None, today: date) -> Iterator[Finding]:
    """Find rules for a time that is over, and plans for a day that has passed.

    `agreed` is when the policy was last reviewed or adopted, where that is known.
    """
    hits: dict[str, Passage] = {}
    for passage in sheet.passages:
        if passage.part is Part.HEADING or is_history(passage.text):
            continue
        for sentence in _SENTENCE.split(passage.text):
            if any(_has_passed(sentence, p, agreed, today) for p in periods(sentence)):
                hits.setdefault(_quoted(sentence), passage)
    if hits:
        ids = in_order(sheet.clauses, (i for p in hits.values() for i in p.clauses))
        yield Finding(Kind.PAST_DATE, Weight.PUT_RIGHT, ids, tuple(hits))


def _has_passed(sentence: str, when: Period, agreed: date | None, today: date) -> bool:
    if not date(_EARLIEST, 1, 1) <= when.first <= when.last < today or _OTHER.search(sentence):
        return False
    before, after = sentence[: when.start], sentence[when.end :]
    if _DONE_AT.search(before) and not _BE.search(before):
        return False
    told = _PAST.search(sentence)
    if _UNTIL.search(before):
        # A bare number may be anything; "until 2023" is plain
        near = when.exact or re.search(
            rf"(?:until|till|up to|of|in)\s+{_AT}$", before, re.IGNORECASE
        )
        return bool(near and _RULE.search(sentence)) and not (told and not _PLAN.search(sentence))
    # "Parents were told that it will be switched on in October 2023"
    plan = next(reversed(list(_PLAN.finditer(before))), None)
    if plan and _IN.search(before) and not _PAST.search(before[plan.start() :]):
        return True
    if told:
        return False
    if _FOR_NOW.search(sentence) and (
        _IN.search(before) or _THIS.search(before) or _FROM.search(before)
    ):
        return bool(_RULE.search(sentence))
    if _THIS.search(before) and when.exact:
        return bool(_RULE.search(sentence))
    if _FROM.search(before):
        if not _RULE.search(sentence):
            return False
        if agreed:
            return when.last < agreed - timedelta(days=_AGREED_AFTER)
        return when.last < today - timedelta(days=_LONG_AGO)
    return bool(_IN.search(before) and _PLAN.search(before + after))


def _quoted(sentence: str) -> str:
    text = " ".join(sentence.split())
    return text if len(text) <= 160 else text[:160].rsplit(" ", 1)[0] + " …"
