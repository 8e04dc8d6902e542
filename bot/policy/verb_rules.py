"""Slips about verbs: "must reported", "to ensures", "will be make", "are required ensure"."""

from __future__ import annotations

from functools import lru_cache

from bot.config import data
from bot.policy import wordlist
from bot.policy.runs import Run, after
from bot.policy.wordlist import BE, DETERMINERS, HAVE, MODALS, PREPOSITIONS

_AUX = MODALS | BE | HAVE | {"does", "did"}
# After these an auxiliary stands before its subject: "in no circumstances may a pupil"
_TURNS = frozenset(
    """no not never nor neither only under so how what when where why which who whom often few rarely
    than""".split()
)
_ASKED = frozenset(
    """required expected asked allowed permitted encouraged advised reminded invited authorised forbidden instructed
    obliged entitled able unable willing liable likely""".split()
)
_WANTS = frozenset(
    "ought wish wishes fail fails refuse refuses agree agrees intend intends aims decides wants".split()
)
_TOLD_BY = frozenset(
    "aware able unable responsible accountable eligible mindful careful liable".split()
)
_NOT_AFTER_TO = frozenset("is are was were must should been has of to".split())


def modal(run: Run, at: int) -> int:
    """After "must" stands a plain form: not "must reported", "must the", "must ensures", "must of"."""
    low, printed = run.low, run.printed
    if (
        low[at] not in MODALS
        or printed[at][0].isupper()
        or (at and low[at - 1] in _AUX | DETERMINERS)
    ):
        return 0
    there = after(low, at)
    if there >= len(low):
        return 0
    word, size = low[there], there - at + 1
    sure = low[at] in ("must", "should", "shall", "would", "could", "cannot")
    turned = bool(set(low[:at]) & _TURNS) or at == 0
    if word == "to" and low[:at] and ("what" in low[:at] or "all" in low[:at]):
        return 0  # "does what it can to help"
    if (
        wordlist.participle(word)
        or wordlist.third_person(word)
        or (wordlist.plural(word) and word not in PREPOSITIONS)
        or word in ("are", "is", "was", "were", "been", "has", "had", "being")
    ):
        return 0 if turned else size
    if word in MODALS - {"may", "might", "will"} or (word == "to" and low[at] != "will"):
        return size
    if word in DETERMINERS - {"every", "each"} and sure and not turned and size == 2:
        return size
    if (
        word in ("of", "for")
        and sure
        and size == 2
        and low[there + 1 : there + 2] != ["course"]
        and word == "of"
    ):
        return size
    return size if word in _TOLD_BY and not turned else 0


def to(run: Run, at: int) -> int:
    """After "to": no "ensures", and no "reported the"."""
    low, printed = run.low, run.printed
    if low[at] != "to" or at + 1 >= len(low):
        return 0
    word, follows = low[at + 1], low[at + 2 : at + 3]
    if wordlist.third_person(word):
        return 2
    if word in _NOT_AFTER_TO:
        # "those whom we have written to are told", "owned up to are"
        ends = at and (wordlist.participle(low[at - 1]) or low[at - 1] in ("up", "on"))
        return 0 if ends or "what" in low[:at] else 2
    past = wordlist.participle(word) and word not in ("given", "seen", "held", "put")
    noun_next = bool(follows) and follows[0] in DETERMINERS | {
        "to",
        "it",
        "them",
        "any",
        "all",
        "that",
    }
    before = low[at - 1] if at else ""
    return (
        2
        if past
        and noun_next
        and not printed[at + 1][0].isupper()
        and before not in ("due", "regard", "relation")
        else 0
    )


def be(run: Run, at: int) -> int:
    """After "be": no plain form, and no second auxiliary."""
    low = run.low
    if low[at] not in BE or low[at] == "being":
        return 0
    if low[at + 1 : at + 2] == ["is"] and low[at] == "be":
        return 0  # "where it will next be is"
    there = after(low, at)
    if there >= len(low):
        return 0
    word = low[there]
    if wordlist.surely_verb(word) or wordlist.third_person(word):
        inverted = at == 0 or low[at - 1] in ("what", "all", "do", "how", "where", "that", "who")
        # "what staff must do is tell somebody"
        return 0 if inverted or "do" in low[:at] or "what" in low[:at] else there - at + 1
    if (
        low[at] == "be"
        and word in _after_be()
        and there + 1 < len(low)
        and (low[there + 1] in PREPOSITIONS | {"to"} or wordlist.plural(low[there + 1]))
    ):
        return there - at + 1
    if (
        low[at] == "be"
        and low[at + 1 : at + 2] == ["not"]
        and there < len(low)
        and wordlist.participle(word)
        and at
        and low[at - 1] in MODALS
    ):
        return there - at + 1
    if word in MODALS or (word in BE - {"being", "been"} and low[at] != "been" and word != "be"):
        return (
            0
            if low[at] == "been"
            or "what" in low[:at]
            or ("who" in low[:at] and at > 2 and low[at - 1] != "who" and word in BE)
            else there - at + 1
        )
    return there - at + 1 if word == "be" and low[at] in BE and there == at + 1 else 0


def asked(run: Run, at: int) -> int:
    """What is asked of people has its "to": not "are required ensure", "fails inform"."""
    low = run.low
    there = at + 1
    if there >= len(low) or not wordlist.surely_verb(low[there]):
        return 0
    asked = (
        low[at] in _ASKED and at > 0 and low[at - 1] in BE | {"not", "also", "strongly", "normally"}
    )
    return 2 if asked or low[at] in _WANTS else 0


_WHO = frozenset("staff pupils parents anyone those everyone people".split())
_LACKS_IS = frozenset("based located situated entitled authorised designated".split())


def twice(run: Run, at: int) -> int:
    """Pairs that no sentence has: "not must", "staff who to", "which based at", "and nobody to", "that that their"."""
    low = run.low
    if at + 1 >= len(low):
        return 0
    before = low[at - 1] if at else ""
    beyond = low[at + 2] if at + 2 < len(low) else ""
    one, other = low[at], low[at + 1]
    wrong = (
        (one == "not" and other in ("must", "should", "shall"))
        or (one == "who" and other == "to" and before in _WHO)
        or (one in ("which", "who") and other in _LACKS_IS and beyond in PREPOSITIONS)
        or (one in ("nobody", "everyone", "anyone") and other == "to" and before in ("and", "but"))
        or (one == other == "that" and beyond in DETERMINERS | {"all", "any", "they", "staff"})
    )
    return 2 if wrong else 0


@lru_cache(maxsize=1)
def _after_be() -> frozenset[str]:
    return frozenset(data("english.toml")["verbs"]["after_be"].split())
