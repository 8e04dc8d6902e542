"""Whether a question itself discloses something to report, and of what kind."""

from __future__ import annotations

import re

from bot.config import data
from bot.policy.index import Entry
from bot.policy.lexicon import words
from bot.policy.match import Asked

SURE = 0.2  # a topic this likely names the kind: low, since a missed incident costs more
INDECENT = "indecent-images"
OF_THE_HEAD = "report-head"
_HEAD_DOES = re.compile(
    r"\b(?:the |our |my )?(?:head|headteacher|head teacher|headmaster|headmistress|principal)"
    r"(?:s|s own)? (?:has |is |was |keeps |just |who |been |being |s |himself |herself |personally )*"
    r"(?:post(?:s|ed|ing)|messag\w+|send(?:s|ing)|sent|shar(?:es|ed|ing)|lik(?:es|ed|ing)|tweet\w*|"
    r"bull(?:y|ies|ied|ying)|add(?:s|ed|ing)|friend(?:s|ed|ing)|comment\w*|facebook|instagram|insta|account|"
    r"social media|behav\w+|conduct|misconduct|drunk|swear\w*|breaks|broke|breaking|ignor\w+|slag\w+|"
    r"messing|misus\w+|abus\w+|harass\w*)\b"
)
_CAPTURE = re.compile(
    r"\b(screen[ -]?(shots?|grabs?|captures?|prints?|shoted)|print[ -]?screen|captur\w+|keep (any |a |all )?"
    r"(records?|copies|copy|evidence)|photographs? of (any|the) (post|page|thread|message)|save (a|the) (copy|message|post))\b"
)
_NOT_THESE = re.compile(
    r"\b(not|never|unless|except|do not|must not)\b[^.]{0,80}\b(indecent|nude|image|sexual|copy|screenshot|captur)"
)
# What tells that it has happened, rather than that somebody wonders whether it may.
_HAPPENED = re.compile(
    r"\b(has|have|had|ve|just|been|keeps?|kept|was|were|got|found|saw|seen|sent|received|messaged|posted|added|"
    r"tagged|showed|told|shared|noticed|discovered|spotted|accidentally|is being|am being|are being|im being|is posting|"
    r"is messaging|is sending|are posting|are sending)\b"
)
_TOLD = re.compile(
    r"\b(me|my|i|us|our|we|child|pupil|boy|girl|kid|parent|mum|dad|colleague|head|someone|somebody|student|teacher|lad)\b"
)
_WONDERS = re.compile(
    r"^(can|may|could|am i|is it|are we|do i|should i|what (is|are|does|counts)|how often|when)\b"
)


def disclosed(asked: Asked) -> str | None:
    """Return the kind of report a question discloses, or None where it only asks."""
    text = asked.text
    if not (_HAPPENED.search(text) and _TOLD.search(text)):
        return None
    if _WONDERS.search(text) and not re.search(r"[.!,]", asked.question.text):
        return None
    kinds = data("incidents.toml")
    units = frozenset(asked.units)
    for kind, entry in kinds.items():
        if entry.get("urgent") and _looks_like(entry, units, asked):
            return str(kind)
    best = max(
        ((asked.topics.get(t, 0.0), kind) for kind, e in kinds.items() for t in e["topics"]),
        default=(0.0, ""),
    )
    if best[0] >= SURE:
        return str(best[1])
    if about_the_head(asked):
        return next((str(k) for k, e in kinds.items() if OF_THE_HEAD in e["topics"]), None)
    return next((str(k) for k, e in kinds.items() if _words(e, units)), None)


def about_indecent_images(asked: Asked) -> bool:
    """Whether indecent images of children come into a question, told or only asked about."""
    entry = data("incidents.toml")[INDECENT]
    return _words(entry, frozenset(asked.units)) or any(
        asked.topics.get(t, 0.0) >= SURE for t in entry["topics"]
    )


def for_safeguarding(asked: Asked) -> bool:
    """Whether a child's safety comes into a question, told or only asked about."""
    topics = (
        t for e in data("incidents.toml").values() if e.get("safeguarding") for t in e["topics"]
    )
    return any(asked.topics.get(t, 0.0) >= SURE for t in topics)


def about_the_head(asked: Asked) -> bool:
    """Whether a question is a worry about the Headteacher's own conduct."""
    return asked.topics.get(OF_THE_HEAD, 0.0) >= SURE or bool(
        _HEAD_DOES.search(" ".join(words(asked.question.text)))
    )


def keeps_evidence(entry: Entry) -> bool:
    """Whether a clause tells staff to capture or keep what they saw: never right for such images."""
    text = entry.clause.text.lower()
    return bool(_CAPTURE.search(text)) and not _NOT_THESE.search(text)


def _looks_like(entry: dict[str, list[str]], units: frozenset[str], asked: Asked) -> bool:
    return _words(entry, units) or any(asked.topics.get(t, 0.0) >= SURE for t in entry["topics"])


def _words(entry: dict[str, list[str]], units: frozenset[str]) -> bool:
    return any(units.issuperset(group.split("+")) for group in entry.get("words", ()))
