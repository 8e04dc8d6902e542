"""Slips of number: "a pupils", "two observation a", "pupils has", "each account have"; and "a account"."""

from __future__ import annotations

import re
from collections.abc import Callable

from bot.policy import wordlist
from bot.policy.runs import Run
from bot.policy.wordlist import CLOSED, PREPOSITIONS

_COLLECTIVE = frozenset(
    """staff team body board committee group council police department family school trust office panel service majority
    number minority variety range lot couple handful pair few public press media governing leadership management class
    audience community government authority crowd union company college academy federation party youth young old
    disabled sick many rest""".split()
)
_ACTS = frozenset(
    "post picture photograph message group record document page film share form account video copy".split()
)
_PRODUCTS = frozenset("teams docs forms sheets slides windows charts classes keys dojos".split())
_HOLDERS = frozenset(
    """manager lead officer headteacher principal dsl dpo deputy chair teacher governor clerk coordinator leader executive
    trustee""".split()
)
_PEOPLE = _HOLDERS | frozenset(
    "parent carer pupil student employee visitor volunteer adult".split()
)
_ONE = frozenset("a an each every this".split())
_MANY = frozenset("these those several two three four five six both many various".split())
_BEFORE_SUBJECT = frozenset(
    "the all our some any these those most many other a an each every this no only".split()
)
_OPENS = frozenset("if when where unless because whether".split())
_IS = frozenset("is has was does".split())
_ARE = frozenset("are have were".split())


def number(run: Run, at: int) -> int:
    """In place: "A pupils", "this photographs", "two observation a"."""
    low, printed = run.low, run.printed
    if at + 1 >= len(low) or (printed[at] == "A" and at) or (printed[at + 1][0].isupper() and at):
        return 0
    word, follows = low[at], low[at + 1]
    beyond = low[at + 2] if at + 2 < len(low) else "."
    ends = beyond in CLOSED or beyond == "."
    one = wordlist.plural(follows)
    if one and wordlist.noun(one):
        if word in ("a", "an", "another", "every", "each") and ends:
            return 2
        if word == "this" and one not in _ACTS:
            return 2
    single = wordlist.noun(follows) and not one and follows not in ("staff", "people")
    if word in _MANY and ends and single:
        sure = beyond in CLOSED - {"or"} or word in ("these", "several", "two", "three", "both")
        return 2 if sure else 0
    return 0


def agreement(run: Run, at: int) -> int:
    """Verbs that do not go with their subject."""
    return next((size for rule in _AGREEMENT if (size := rule(run, at))), 0)


def _starts(run: Run, at: int) -> bool:
    """Whether a sentence or a clause opens here."""
    return (at == 0 and run.opens) or (at > 0 and run.low[at - 1] in _OPENS)


def _pronoun(run: Run, at: int) -> int:
    """In place: "They has", "it have"."""
    low = run.low
    if at + 1 >= len(low):
        return 0
    if low[at] in ("they", "we", "you", "i"):
        joined = at and low[at - 1] in (
            "of",
            "and",
            "or",
            "to",
            "with",
            "for",
            "as",
            "than",
            "what",
        )
        wrong = _IS - {"was"} if low[at] == "i" else _IS
        return 2 if low[at + 1] in wrong and not joined else 0
    if low[at] in ("he", "she", "it") and _starts(run, at):
        return 2 if low[at + 1] in ("are", "have", "do") else 0
    return 0


def _relative(run: Run, at: int) -> int:
    """In place: "pupils who has", "any member of staff who have", "a parent which"."""
    low = run.low
    if low[at : at + 3] == ["member", "of", "staff"] and at:
        single = low[at - 1] in ("any", "a", "each", "every")
        return 5 if single and low[at + 3 : at + 5] in (["who", "have"], ["who", "are"]) else 0
    if at < 1 or at + 1 >= len(low) or low[at] not in ("who", "which"):
        return 0
    before = low[at - 1]
    if low[at] == "which":
        return 2 if before in _PEOPLE and at <= 2 and _starts(run, 0) else 0
    if before == "staff":
        return 2 if low[at + 1] in _IS and low[at - 2 : at - 1] != ["of"] else 0
    # "any pupil on networking sites who is"
    if set(low[max(at - 5, 0) : at]) & {"of", "in", "on"}:
        return 0
    many = wordlist.plural(before)
    if low[at + 1] in _IS and many and wordlist.noun(many):
        return 0 if {"one", "only"} & set(low[:at]) else 2
    single = at > 1 and low[at - 2] in ("a", "any", "an", "each", "every", "another")
    return 2 if low[at + 1] in _ARE and wordlist.noun(before) and single else 0


def _subject(run: Run, at: int) -> int:
    """In place: "Pupils has", "each account have", "members of staff has", "the headteacher decide"."""
    low = run.low
    if not _starts(run, at):
        return 0
    size = 2 if low[at : at + 2] == ["only", "the"] else int(low[at] in _BEFORE_SUBJECT)
    if at + size + 1 >= len(low):
        return 0
    noun, verb, first = low[at + size], low[at + size + 1], low[at]
    many = wordlist.plural(noun)
    counted = bool(many and wordlist.noun(many))
    bare = size == 0 and many and noun not in _PRODUCTS and not run.printed[at].isupper()
    if bare and verb in ("has", "was"):
        return 2
    if verb == "of" and at + size + 3 < len(low):
        its = low[at + size + 3]
        acts = noun in ("use", "misuse", "sharing", "posting", "taking")
        if (counted and its in _IS) or (
            acts and wordlist.plural(low[at + size + 2]) and its in _ARE
        ):
            return size + 4
    if noun == "staff" and verb in _IS:
        return 0 if low[at + size + 2 : at + size + 3] == ["defined"] else size + 2
    if counted and first not in _ONE:
        return size + 2 if verb in _IS or wordlist.third_person(verb) else 0
    return _single(run, at, size)


def _single(run: Run, at: int, size: int) -> int:
    """A subject of one, with the verb of many."""
    low, first = run.low, run.low[at]
    if not size or first not in _ONE | {"the", "no", "only", "our"}:
        return 0
    near = range(at + size, min(at + size + 3, len(low) - 1))
    holder = next((n for n in near if low[n] in _HOLDERS), None)
    if holder is not None and wordlist.surely_verb(low[holder + 1]):
        return holder + 2 - at
    for place in (at + size, at + size + 1):
        if place + 1 >= len(low) or not wordlist.noun(low[place]) or low[place] in _COLLECTIVE:
            continue
        if low[place + 1] in _ARE and first in _ONE | {"no"} and low[place - 1] not in _COLLECTIVE:
            return place + 2 - at
        if place == at + size and wordlist.surely_verb(low[place + 1]):
            return size + 2
    return 0


def _owned(run: Run, at: int) -> int:
    """In place: "their privacy settings is"."""
    low = run.low
    if low[at] not in ("their", "our", "your", "these", "those", "all"):
        return 0
    if at and (
        low[at - 1] in PREPOSITIONS or low[at - 1] in ("to", "and", "or", "than", "as", "with")
    ):
        return 0
    for place in (at + 1, at + 2):
        if place + 1 < len(low) and low[place + 1] in ("is", "has", "was"):
            governed = set(low[max(at - 5, 0) : at]) & (PREPOSITIONS | {"what", "how", "to"})
            acts = any(w.endswith("ing") for w in low[max(at - 3, 0) : at])
            if wordlist.plural(low[place]) and not governed and not acts:
                return place + 2 - at
    return 0


_AGREEMENT: tuple[Callable[[Run, int], int], ...] = (_pronoun, _relative, _subject, _owned)


def a_an(run: Run, at: int) -> int:
    """In place: "A account", "an pupil": by the sound of the word that follows."""
    low, printed = run.low, run.printed
    if low[at] not in ("a", "an") or at + 1 >= len(low) or (printed[at] == "A" and at):
        return 0
    word = printed[at + 1]
    # Letters and names are read as nobody can tell
    if len(word) < 3 or any(c.isupper() for c in word[1:]) or any(c.isdigit() for c in word):
        return 0
    said = word.lower()
    vowel = said[0] in "aeiou"
    if re.match(r"(?:uni(?!n)|us[aeiu]|ur[aei]|ut[ie]|eu|one|once|ewe|ub|uk)", said):
        vowel = False
    if re.match(r"(?:hour|honest|honou?r|heir)", said):
        vowel = True
    if low[at] == "an" and said.startswith(("hist", "hotel", "habit")):
        return 0
    return 2 if vowel != (low[at] == "an") else 0
