"""Whom of the roster a typed name means, and how surely."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from bot.config import data
from bot.people.names import opposed, titled, tokens
from bot.people.roster import People, Person

# What stands before a name ("I think it was …") and what begins a description of its bearer.
LEADING = frozenset("i think it is was its maybe probably perhaps possibly called named".split())
TRAILING = frozenset("from in at of the who that on with our my teaches teaching works".split())


@dataclass(frozen=True, slots=True)
class Match:
    """Somebody who may be meant. `sure`: it can be nobody else on the roster; else plausible."""

    person: Person
    sure: bool


class _Fit(IntEnum):
    """How near a typed word comes to a word of a name."""

    EQUAL = 0
    INITIAL = 1
    SHORT = 2  # Pat for Patricia, or the other way round
    TYPO = 3
    TYPOS = 4
    NONE = 9


def match(text: str, people: People) -> tuple[Match, ...]:
    """Whom on the roster a typed name can mean, the likeliest first; nobody where it fits nobody.

    Sure are a full name in any order, with or without its title, an initial with a surname, and a
    title with a surname, where nobody else's name comes near. A first name alone, a misspelling, a
    role's words or a name within a sentence are plausible.
    """
    text = unicodedata.normalize("NFKC", text[:500]).strip()
    for person in people.persons:
        if text and text.casefold() == person.email.casefold():
            return (Match(person, sure=True),)
    whole = _one(text, people)
    if any(m.sure for m in whole):
        return whole
    parts = re.split(r"[,;/&\n]|\b(?:and|or)\b", text, flags=re.IGNORECASE)
    found: dict[str, Match] = {}
    if len(parts) > 1:
        # "Pat or Kim" is sure of neither, and "Mr and Mrs Example" says more than one Example.
        in_doubt = re.search(r"\bor\b", text, re.IGNORECASE) or not all(
            tokens(titled(p)[1]) for p in parts
        )
        for each in (m for p in parts for m in _one(p, people)):
            best = found.get(each.person.id)
            if best is None or (each.sure and not best.sure):
                found[each.person.id] = Match(each.person, each.sure and not in_doubt)
    for each in (*whole, *_by_role(text, people)):
        found.setdefault(each.person.id, Match(each.person, sure=False))
    return tuple(sorted(found.values(), key=lambda m: not m.sure))


def _one(text: str, people: People) -> tuple[Match, ...]:
    """Whom a text can mean that names one person at most."""
    title, bare = titled(text)
    loose = bool(re.search(r"['’]s\b|[(\[]", bare))  # Pat's brother; Pat (the other one)
    typed = tokens(re.sub(r"['’]s\b", "", re.sub(r"[(\[].*", "", bare)))
    words = _name_in(typed)
    if len(words) != len(typed):
        loose = True
        # "I think it was Mr Example": the title shows once the words before it are off.
        inner, rest = titled(" ".join(words))
        title, words = title or inner, tokens(rest)
    if not any(len(w) > 1 for w in words):
        return ()
    strong: list[tuple[int, Person]] = []
    near: list[tuple[int, Person]] = []
    far: list[tuple[int, Person]] = []
    for person in people.persons:
        evidence = _weigh(words, person, formal=bool(title))
        if evidence is not None:
            score, sort = evidence
            (strong if sort == "strong" else near if sort == "near" else far).append(
                (score, person)
            )
    found = strong + near
    if len(found) == len(strong) == 1 and not loose:
        person = strong[0][1]
        own = titled(person.name)[0]
        return (Match(person, sure=not opposed(title, own)),)
    found.sort(key=lambda f: f[0])
    far.sort(key=lambda f: f[0])
    # Where a name fits outright, a mere namesake of its surname is not asked about; where it fits but
    # for a slip or a short form, a second slip or a sentence's stray word is not.
    limit = 50 if strong else 80 if near else 1000
    kin = [f for f in far if f[0] < limit]
    return tuple(Match(p, sure=False) for _, p in (*found, *kin))


def _weigh(words: tuple[str, ...], person: Person, *, formal: bool) -> tuple[int, str] | None:
    """How well typed words fit a person's name: a score (0 is best) and the sort of evidence.

    "strong" may be sure; "near" is somebody whom a slip of the finger or a short form could mean, and
    so stands against anybody else's being sure; "far" is plausible only. None is no match.
    """
    name = tokens(titled(person.name)[1]) or tokens(person.name)
    if not name:
        return None
    fits = _aligned(words, name)
    kinds = [fit for _, _, fit in fits]
    stray = [w for i, w in enumerate(words) if i not in {t for t, _, _ in fits}]
    surname = next((fit for _, n, fit in fits if n == len(name) - 1), _Fit.NONE)
    score = sum(kinds) + 2 * (len(name) - len(fits))
    if not stray:
        exact = all(k is _Fit.EQUAL for k in kinds)
        initials = all(k <= _Fit.INITIAL for k in kinds) and surname is _Fit.EQUAL
        if (len(words) > 1 and initials) or (exact and len(words) == len(name)):
            return score, "strong"
        if formal and exact and words == name[-len(words) :]:
            return score, "strong"
        slips = sum(k >= _Fit.TYPO for k in kinds) + sum(k is _Fit.TYPOS for k in kinds)
        if any(k is not _Fit.INITIAL for k in kinds):
            # A lone short word is a name misspelt only where it is long enough to know.
            if len(words) == 1 and slips and len(words[0]) < 4:
                return None
            return (10 + score, "near") if slips <= 1 else (80 + score, "far")
    if len(fits) == len(name) > 1 and _Fit.INITIAL not in kinds:
        return 20 + score, "far"  # the whole name, among other words
    if fuzz.ratio("".join(words), "".join(name)) >= 88:
        return 30 + score, "far"
    if len(words) == 1 and words[0] == "".join(w[0] for w in name):
        return 40 + score, "far"  # PE for Pat Example
    if surname is _Fit.EQUAL and len(name[-1]) > 2:
        # The surname with another first name: Bob for Robert, a middle name, or a namesake.
        return (45 if all(len(w) == 1 for w in stray) else 60) + score, "far"
    if len(words) > 3 and any(fit is _Fit.EQUAL and len(words[t]) > 2 for t, _, fit in fits):
        return 90 + score, "far"
    return None


def _aligned(words: Sequence[str], name: Sequence[str]) -> list[tuple[int, int, _Fit]]:
    """Typed words set against the words of a name, each used once, the best fits first."""
    pairs = sorted(
        (fit, t, n)
        for t, word in enumerate(words)
        for n, own in enumerate(name)
        if (fit := _fit(word, own)) is not _Fit.NONE
    )
    found: list[tuple[int, int, _Fit]] = []
    for fit, t, n in pairs:
        if all(t != other_t and n != other_n for other_t, other_n, _ in found):
            found.append((t, n, fit))
    return found


def _fit(word: str, own: str) -> _Fit:
    if word == own:
        return _Fit.EQUAL
    shorter = min(len(word), len(own))
    if shorter == 1:
        return _Fit.INITIAL if word[0] == own[0] else _Fit.NONE
    if shorter > 2 and (word.startswith(own) or own.startswith(word)):
        return _Fit.SHORT
    slips = OSA.distance(word, own, score_cutoff=2)
    if slips == 1 and shorter > 2:
        return _Fit.TYPO
    return _Fit.TYPOS if slips == 2 and shorter > 5 else _Fit.NONE


def _by_role(text: str, people: People) -> Iterator[Match]:
    """Those in a role that the text speaks of: "the head", "our DSL"."""
    for holding in people.holdings:
        spoken = (holding.title, *data("roles.toml").get(holding.role, {}).get("words", ()))
        for words in spoken:
            how = 0 if str(words).isupper() and len(words) < 3 else re.IGNORECASE
            if re.search(rf"\b{re.escape(str(words))}\b", text, how):
                for person_id in (*holding.holders, *holding.deputies):
                    if person := people.person(person_id):
                        yield Match(person, sure=False)
                break


def _name_in(typed: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a name, without what leads up to it and what describes its bearer."""
    first = 0
    while first < len(typed) and typed[first] in LEADING | TRAILING:
        first += 1
    last = first
    while last < len(typed) and typed[last] not in TRAILING:
        last += 1
    return typed[first:last]
