"""Whom a clause says to tell."""

from __future__ import annotations

import re

from bot.policy.roles_in_text import NAMED_PERSON, Mention, mentions
from bot.policy.sentences import sentences

_TELL = re.compile(
    r"\b(?:report(?:ed|ing)?|refer(?:red|ring)?|inform(?:ed|ing)?|tell|told|"
    r"(?<!ensure )(?<!maintain )(?<!any )(?<!in )contact(?:ed|ing)?(?! with| between| from)|"
    r"notif(?:y|ied)|advise|alert(?:ed)?|consult(?:ed)?|direct(?:ed)?|address(?:ed)?|"
    r"speak(?:ing)?|"
    r"talk|discuss(?:ed)?|raise[ds]?|pass(?:ed)?|escalate[ds]?|made known|known|known to|"
    r"(?<!a )call|handed|bring|brought|submit(?:ted)?|seek|sought|ask|forward(?:ed)?|"
    r"disclose[ds]?|go(?:es)?|take[ns]?|"
    r"assistance|provide further guidance)\b"
    r"|\b(?:concerns?|incidents?|disclosures?|allegations?|suspicions?|worr(?:y|ies))\b"
    r"[^.;]{0,40}\bshared\b",
    re.IGNORECASE,
)
PASSIVE_TELL = re.compile(
    r"^[^.;]{0,60}?\b(?:must|should|will|need to|needs to|is to|are to|to) (?:also |"
    r"then )?be (?:\w+ly |\w+ly and \w+ly )?"
    r"(?:informed|told|notified|contacted|consulted|alerted|advised|made aware)",
    re.IGNORECASE,
)
_HELPER = re.compile(
    r"^[^.;]{0,40}? (?:will|can|is available to) (?:also )?(?:provide|offer|"
    r"give) (?:\w+ ){0,3}?(?:help|"
    r"assistance|advice|guidance|support)",
    re.IGNORECASE,
)
_TO_NAME = re.compile(
    r"\b(?i:to|with|inform|tell|contact|notify|see|alert|ask|consult|email|(?<!a )call|"
    r"via) (?:the )?(?:(?:Mr|Mrs|Ms|Miss|Dr|Mx)\.? "
    r"(?:[A-Z][\w'’-]*\.? ?)+|[A-Z][a-z][\w'’-]* (?:[A-Z]\.? )?[A-Z][\w'’-]*[a-z](?![\w-]))"
)
_NOT_A_NAME = re.compile(
    r"\b(?:School|Policy|Policies|Team|Lead|Officer|Board|Body|Council|Authority|Trust|"
    r"Academy|Code|"
    r"Act|Service|Services|Staff|Head|Teacher|Governors?|Keeping|Data|Social|Media|Year|Key|"
    r"Child|"
    r"Protection|Safeguarding|Online|Safety|Education|Google|Microsoft|Facebook|Class|Complaints|"
    r"Procedure|Procedures|Manager|Department|Committee|Human|Resources|Support|Agreement|Office|"
    r"Spring|Autumn|Summer|Internet|Watch|Equality|Health|Privacy|Acceptable|Use|Bring|"
    r"Disciplinary|"
    r"Terms|Home|Information|Commissioner|Foundation|United|Kingdom|England|Wales|Safer)\b"
)
_NEAR = 90


def route(text: str) -> str | None:
    """Find the role the clause says to tell; a person named with no role is `named-person`."""
    for sentence in sentences(text):
        if found := _route_in(sentence):
            return found
    return None


def _route_in(sentence: str) -> str | None:
    if _OF_THE_POLICY.match(sentence):
        return None
    named = [mention for mention in mentions(sentence) if not _is_owner(sentence, mention)]
    for tell in _TELL.finditer(sentence):
        for mention in named:
            if _is_told(sentence, tell, mention):
                return mention.role
        person = _TO_NAME.search(sentence, max(tell.start() - 1, 0), tell.end() + _NEAR)
        if person is not None and _NOT_A_NAME.search(person.group()) is None:
            return NAMED_PERSON
    for mention in named:
        if mention.role not in _NEVER_TOLD and _HELPER.match(sentence[mention.end :]):
            return mention.role
        if mention.role not in _NEVER_TOLD and PASSIVE_TELL.match(sentence[mention.end :]):
            return mention.role
    return None


_OF_THE_POLICY = re.compile(r"(?:This|The|Our) (?:\w+ ){0,3}?(?:policy|document|guidance)\b")
_NEVER_TOLD = frozenset({"parents", "administrator", "moderator"})
_TELL_DIRECTLY = re.compile(
    r"(?:inform|tell|call|contact|notify|advise|alert|consult|ask|seek|contacting|informing|"
    r"telling|notifying)\b",
    re.IGNORECASE,
)
_THING_BETWEEN = re.compile(
    r"\b(?:to|with|by|from|via|through|or|and)\b[^.;]*$|^\s*(?:the|their|your|our|an?|any|"
    r"named|relevant|appropriate|\W)*\s*$",
    re.IGNORECASE,
)
_STOPS = re.compile(
    r"\b(?:if|because|which|who|that|when|whether|about|regarding|concerning|before)\b",
    re.IGNORECASE,
)


def _is_told(sentence: str, tell: re.Match[str], mention: Mention) -> bool:
    if mention.role in _NEVER_TOLD or mention.start < tell.end():
        return False
    between = sentence[tell.end() : mention.start]
    if len(between) > _NEAR * 2 or _STOPS.search(between):
        return False
    if _TELL_DIRECTLY.fullmatch(tell.group()) and len(between) <= 40:
        return (
            re.search(
                r"(?<!member )(?<!members )(?<!advice )(?<!guidance )\b(?:of|about)\b", between
            )
            is None
        )
    if re.search(r"\bby\b", between) and not re.search(r"\bto\b", between):
        return False
    return re.search(r"\b(?:to|with)\b[^.;]{0,40}$", between, re.IGNORECASE) is not None


def _is_owner(sentence: str, mention: Mention) -> bool:
    """Know the one talked of ("the Headteacher's use") from the one told."""
    return re.match(r"['’]s?\b", sentence[mention.end : mention.end + 3]) is not None
