"""What a document prints about itself: its dates, how often it is reviewed, its owner, its school."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bot.policy.model import Document
from bot.policy.roles_in_text import mentions


@dataclass(frozen=True, slots=True)
class When:
    """A date as printed: the day if it is a full date, else its words."""

    day: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """What a document says of itself; empty where it does not."""

    adopted: date | None
    reviewed: When
    next_review: When
    cycle: str
    owner: str
    school: str


_MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|"
    r"aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WHEN = (
    rf"(?P<when>\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}\b"
    rf"|\d{{1,2}}[/.]\d{{1,2}}[/.](?:\d{{4}}|\d{{2}})\b|\d{{4}}-\d{{2}}-\d{{2}}\b"
    rf"|{_MONTH},?\s+\d{{4}}\b"
    r"|(?:spring|summer|autumn|lent|michaelmas|trinity)(?:\s+term)?,?\s+\d{4}\b"
    r"|\d{4}(?:\s*[-/–]\s*\d{2,4})?\b)"
)
_LINK = r"(?:\s+(?:date|due|is|was|on|in|by|term))*\s*[:–-]?\s*"
_NEXT = re.compile(
    r"\b(?:next\s+(?:policy\s+)?review|review\s+due|due\s+for\s+review|"
    rf"to\s+be\s+reviewed|will\s+be\s+reviewed(?:\s+again)?){_LINK}{_WHEN}",
    re.IGNORECASE,
)
_LAST = re.compile(
    rf"\b(?:last\s+review(?:ed)?|date\s+of\s+(?:last\s+)?review|(?:policy\s+)?reviewed)"
    rf"{_LINK}{_WHEN}",
    re.IGNORECASE,
)
_REVIEW = re.compile(rf"\breview(?:\s+date)?{_LINK}{_WHEN}", re.IGNORECASE)
_ADOPTED = re.compile(
    rf"\b(?:date\s+)?(?:adopted|approved|ratified|agreed)(?:\s+by\s+[^.:;\n]{{1,80}}?)?"
    rf"{_LINK}{_WHEN}",
    re.IGNORECASE,
)


def printed_in(document: Document) -> Printed:
    """The dates, cycle, owner and school that the document prints."""
    # A date in a long paragraph is about something else
    texts = [block.text for block in document.blocks if len(block.text.split()) <= 30]
    following, texts = _first(_NEXT, texts)
    reviewed, texts = _first(_LAST, texts)
    adopted, texts = _first(_ADOPTED, texts)
    plain, texts = _first(_REVIEW, texts)
    if plain != When():
        # "Review date" is the last one where the next is printed too, and after a date of adoption
        # the next
        if reviewed == When() and (following != When() or adopted == When()):
            reviewed = plain
        elif following == When():
            following = plain
    return Printed(
        adopted.day, reviewed, following, _cycle(document), _owner(document), _school(document)
    )


def _first(pattern: re.Pattern[str], texts: Sequence[str]) -> tuple[When, list[str]]:
    """What the pattern finds first, and the texts without any of its finds."""
    found = next((m for text in texts if (m := pattern.search(text))), None)
    return _when(found["when"]) if found else When(), [pattern.sub(" ", text) for text in texts]


def _when(words: str) -> When:
    folded = " ".join(words.split())
    day = month = year = 0
    if numeric := re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{2,4})", folded):
        day, month, year = (int(part) for part in numeric.groups())
        year += 2000 if year < 100 else 0
    elif iso := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", folded):
        year, month, day = (int(part) for part in iso.groups())
    elif named := re.match(
        r"(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([a-z]{3})[a-z.]*,?\s+(\d{4})",
        folded,
        re.IGNORECASE,
    ):
        day, year = int(named[1]), int(named[3])
        month = next(i for i, name in enumerate(_MONTHS, 1) if name.startswith(named[2].lower()))
    with contextlib.suppress(ValueError):
        return When(day=date(year, month, day))
    return When(words=folded)


_CYCLES = (
    (r"every\s+(?:two|2)\s+years|biennial(?:ly)?|two[- ]yearly", "every 2 years"),
    (r"every\s+(?:three|3)\s+years|triennial(?:ly)?|three[- ]yearly", "every 3 years"),
    (r"every\s+(?:six|6)\s+months|twice\s+a\s+year|six[- ]monthly", "every 6 months"),
    (r"termly|every\s+term|each\s+term", "termly"),
    (
        r"annual(?:ly)?|yearly|every\s+(?:year|12\s+months|twelve\s+months)|(?:each|once\s+a)\s+year",
        "yearly",
    ),
)
_OF_POLICY = re.compile(
    r"\b(?:policy|document)\b[^.]*\breview|\breview[^.]*\b(?:policy|document)\b", re.IGNORECASE
)
_CYCLE_LABEL = re.compile(
    r"\breview\s+(?:cycle|frequency|period)\b|\bfrequency\s+of\s+review\b", re.IGNORECASE
)


def _cycle(document: Document) -> str:
    for block in document.blocks:
        for sentence in re.split(r"(?<=[.;])\s+", block.text):
            if len(sentence) > 400 or not (
                _CYCLE_LABEL.search(sentence) or _OF_POLICY.search(sentence)
            ):
                continue
            for words, cycle in _CYCLES:
                # "reviewed annually", "annual review": the cycle stands near the word
                near = rf"\breview\w*\b.{{0,80}}?\b(?:{words})\b|\b(?:{words})\b.{{0,30}}?\breview"
                if re.search(near, sentence, re.IGNORECASE):
                    return cycle
    return ""


_OWNER_LABEL = re.compile(
    r"\b(?:policy\s+(?:owner|lead|holder)|owner(?:\s+of\s+(?:this\s+)?policy)?|"
    r"person\s+responsible|member\s+of\s+staff\s+responsible|responsible\s+person|lead\s+person)"
    r"\s*[:–-]\s*(?P<who>.{2,60})",
    re.IGNORECASE,
)
_OWNER_SENTENCE = re.compile(
    r"(?P<who>[^.]{2,60}?)\s+(?:is|has)\s+(?:overall\s+)?(?:responsib(?:le|ility))\s+for\s+"
    r"(?:reviewing|maintaining|updating|the\s+review\s+of)\s+this\s+policy",
    re.IGNORECASE,
)


def _owner(document: Document) -> str:
    for block in document.blocks:
        for pattern in (_OWNER_LABEL, _OWNER_SENTENCE):
            if (found := pattern.search(block.text)) and (named := mentions(found["who"])):
                return named[0].role
    return ""


def _school(document: Document) -> str:
    return next((block.text for block in document.blocks if block.why == "school name"), "")
