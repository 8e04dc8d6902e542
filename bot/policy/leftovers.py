"""What another school left in a policy: its name, or an employer that this school does not have."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.lexicon import words
from bot.policy.naming import common_words
from bot.policy.sheet import Part, Passage, Sheet, in_order, shortened

_KINDS = (
    r"School|Academy|College|Primary|Infants?|Juniors?|Nursery|Federation|Grammar|Preschool|Pre-School|High|"
    r"Schools|Pre-school|Centre of Education|Sixth Form"
)
_WORD = r"[A-Z][\w]*(?:[’'-][A-Za-z]\w*)*"
_NAME = re.compile(
    rf"\b(?P<name>(?:(?:St\.?|{_WORD}) )(?:(?:of|the|and|&|on|upon|in|at|le) )*(?:{_WORD} (?:(?:of|the|and|&) )?){{0,5}}?(?<!\bin )(?:{_KINDS}))\b"
    rf"(?! (?:Act|Policy|Teachers|Standards|Improvement|Council|Business))|\b(?P<welsh>Ysgol(?: {_WORD}){{1,4}})"
)
_LITTLE = re.compile(
    r"^(?:(?:[A-Z][a-z]+ )?(?:at|of|in|on) (?=[A-Z])|(?:The|At|In|All|As|Our|For|When|If|Staff|Both) )+"
)
_KIND_WORDS = frozenset(
    """school schools academy college primary secondary infant infants junior juniors nursery federation grammar high
    preschool pre sixth form church of england catholic roman rc ce cofe c e vc va voluntary aided controlled community
    special st saint saints the and middle first upper lower girls boys free technical trust multi ysgol gynradd uwchradd
    gyfun babanod iau in at on our this each every all your another new local other model home whole sunday friends
    royal national staff training business film art music medical dance drama british open city cyber digital learning
    online virtual
    """.split()
)
_MAINTAINED = re.compile(
    r"\b(?:is|are) an? (?:\w+ ){0,3}?(?:community|maintained|voluntary(?:[- ]aided|[- ]controlled)?|foundation) (?:\w+ ){0,3}?school\b"
    r"|\bmaintained by the (?:local authority|council|county)|\b(?:community|voluntary (?:aided|controlled)) (?:primary |secondary |infant |junior )?school\b",
    re.IGNORECASE,
)
_OF_A_TRUST = re.compile(
    r"\b(?:the|our) (?:multi[- ])?[Aa]cademy [Tt]rust\b|\bAcademy Trust[’']s\b|\b(?:the|our) (?:[Bb]oard of )?[Tt]rustees\b|\b[Tt]he Trust[’']s\b|"
    r"\b[Tt]he Trust (?:is|has|will|must|may|expects|requires|reserves)\b|\bTrust [Bb]oard\b|\bLocal Governing Committee\b|"
    r"\b(?:by|from|with|to|of) the (?:Multi[- ])?(?:Academy )?Trust\b(?! in)"
)
_ACADEMY = re.compile(r"\b(?:academy|multi-academy|trust)\b", re.IGNORECASE)


def leftovers(sheet: Sheet, nation: str) -> Iterator[Finding]:
    """Find other schools' names, and a trust in a school that has none."""
    hits = {**_other_schools(sheet), **_other_employers(sheet, nation)}
    if hits:
        yield Finding(
            Kind.OTHER_SCHOOL,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, (i for p, _ in hits.values() for i in p.clauses)),
            tuple(hits),
            (("names", ", ".join(dict.fromkeys(name for _, name in hits.values()))),),
        )
    yield from _other_phase(sheet)


# --- pupils of another age -----------------------------------------------------------------------------------

_PHASES = {
    "primary": re.compile(
        r"\b(?:primary|infants?|juniors?|first|nursery|gynradd|babanod|iau)\b", re.IGNORECASE
    ),
    "secondary": re.compile(
        r"\b(?:secondary|high|upper|grammar|sixth form|uwchradd)\b", re.IGNORECASE
    ),
}
_ALL_AGES = re.compile(
    r"\b(?:all-through|through school|middle|special|primary and secondary|federation|trust|3-1[5-9])\b",
    re.IGNORECASE,
)
# What only schools of the other phase have
_NOT_IN = {
    "primary": re.compile(
        r"\b(?:[Ss]ixth[- ][Ff]orm(?:ers?)?|[Kk]ey [Ss]tages? [345]|KS[345]|GCSEs?|A[- ][Ll]evels?|[Yy]ears? (?:7|8|9|10|11|12|13)\b|[Pp]refects?|[Hh]eads? of [Yy]ear)\b"
    ),
    "secondary": re.compile(
        r"\b(?:[Rr]eception (?:class|pupils|children)|[Nn]ursery (?:class|children|pupils|staff)|EYFS|[Ee]arly [Yy]ears|[Ff]oundation [Ss]tage|[Ff]oundation [Pp]hase|[Kk]ey [Ss]tages? [12]|KS[12]|[Ii]nfants?|[Yy]ears? [1-6]\b(?! (?:days|months)))"
    ),
}  # fmt: skip
_MOVES = re.compile(
    r"\b(?:secondary|high|primary|infant|junior|feeder|partner|next|other|previous|former|neighbouring|local) schools?\b|\b(?:transition|transfer\w*|moves?|moving|leave|left|leavers|siblings?|"
    r"former|ex-|work experience|placements?|joining|induction|buddies|teaching practice)\b",
    re.IGNORECASE,
)
_OFTEN = 3  # what is spoken of this often is no slip: the school has it


def _other_phase(sheet: Sheet) -> Iterator[Finding]:
    """A sixth form in a primary school, a reception class in a high school."""
    front = sheet.policy.front
    name = " ".join([front.school, front.title, *sheet.kept_as("school"), *sheet.kept_as("title")])
    own = [phase for phase, pattern in _PHASES.items() if pattern.search(name)]
    if len(own) != 1 or _ALL_AGES.search(name):
        return
    hits = {
        shortened(p.text, m): (p, m[0])
        for p in sheet.passages
        if p.part is not Part.HEADING and not _MOVES.search(p.text)
        for m in [_NOT_IN[own[0]].search(p.text)]
        if m
    }
    if hits and len(hits) <= _OFTEN:
        yield Finding(
            Kind.OTHER_PHASE,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, (i for p, _ in hits.values() for i in p.clauses)),
            tuple(hits),
            (("names", ", ".join(dict.fromkeys(m for _, m in hits.values()))), ("own", own[0])),
        )


# --- another school, another employer ------------------------------------------------------------------------


def _other_schools(sheet: Sheet) -> dict[str, tuple[Passage, str]]:
    own = _own_words(sheet)
    common = common_words(sheet)
    named: list[tuple[Passage, str, frozenset[str], re.Match[str]]] = []
    for passage in sheet.passages:
        if passage.part is not Part.CLAUSE:
            continue  # the words of a heading are often written with capitals
        for found in _NAME.finditer(passage.text):
            name = re.sub(_LITTLE, "", found[0])
            telling = frozenset(words(name)) - _KIND_WORDS
            proper = {w for w in telling if w not in common and len(w) > 2}
            if proper:
                named.append((passage, name, telling, found))
    if not own and named:
        # A policy that does not print whose it is tells it by the name it uses most
        counts = Counter(telling for _, _, telling, _ in named)
        own = set(counts.most_common(1)[0][0])
    return {
        shortened(passage.text, found): (passage, name)
        for passage, name, telling, found in named
        if not telling & own and not _is_initials(name, own)
    }


def _own_words(sheet: Sheet) -> set[str]:
    front = sheet.policy.front
    said = [front.school, *sheet.kept_as("school")]
    own = {w for text in said for w in words(text)} - _KIND_WORDS
    if not own:
        # The first lines of a document are often kept as headings
        said = [front.title, *sheet.kept_as("title"), *sheet.kept_as("heading")]
        found = (m for text in said for m in [_NAME.search(text)] if m)
        own = {w for m in found for w in words(m[0])} - _KIND_WORDS
    return own


def _is_initials(name: str, own: set[str]) -> bool:
    return any(w.isupper() and len(w) <= 5 for w in name.split()) or not own


def _other_employers(sheet: Sheet, nation: str) -> dict[str, tuple[Passage, str]]:
    text = sheet.everything()
    titles = f"{sheet.policy.front.school} {sheet.policy.front.title}"
    maintained = nation != "England" or _MAINTAINED.search(text)
    if not maintained or _ACADEMY.search(titles):
        return {}
    hits = [(p, m) for p in sheet.passages if (m := _OF_A_TRUST.search(p.text))]
    # What is spoken of again and again is no slip
    if len(hits) > 3:
        return {}
    return {shortened(p.text, m): (p, m[0].removeprefix("the ")) for p, m in hits}
