"""Slips about what nouns and phrases want: "the of", "of inform", "in accordance the", "responsible the"."""

from __future__ import annotations

from functools import lru_cache

from bot.config import data
from bot.policy import wordlist
from bot.policy.runs import Run
from bot.policy.wordlist import BE, DETERMINERS, HAVE, MODALS, PREPOSITIONS

_OF_EACH = frozenset("of is has was to with from by at for and or must should does".split())


def article(run: Run, at: int) -> int:
    """An article wants a noun: not "the of", "a the", "the must", "our and", "the ensure"."""
    low, printed = run.low, run.printed
    word = low[at]
    if word not in DETERMINERS or at + 1 >= len(low):
        return 0
    if word == "a" and printed[at] == "A" and at:
        return 0  # Part A
    if word == "his" or (at and low[at - 1] in ("a", "the") and word in ("every", "each")):
        return 0
    follows = low[at + 1]
    wrong = (
        (MODALS - {"will", "may", "can", "might"})
        | (BE - {"being"})
        | (HAVE - {"having"})
        | {"does"}
    )
    wrong |= {
        "of",
        "and",
        "or",
        "but",
        "because",
        "if",
        "which",
        "who",
        "they",
        "we",
        "he",
        "to",
        "for",
        "with",
        "by",
        "from",
        "at",
        "into",
    }
    if follows in wrong or (follows in DETERMINERS - {"every"} and word != "every"):
        if (
            follows == "his"
            or printed[at + 1][0].isupper()
            or (word in ("each", "every") and (follows in _OF_EACH or follows in MODALS))
        ):
            return 0
        return 2
    return (
        2
        if wordlist.surely_verb(follows)
        and not printed[at + 1][0].isupper()
        and word not in ("each", "every")
        else 0
    )


def preposition(run: Run, at: int) -> int:
    """A preposition wants a noun or "-ing": not "of inform", "for to"."""
    low, printed = run.low, run.printed
    if low[at] not in PREPOSITIONS - {
        "to",
        "before",
        "until",
        "after",
        "than",
        "since",
        "outside",
        "inside",
        "near",
        "on",
        "in",
        "about",
        "up",
        "over",
    }:
        return 0
    if at + 1 >= len(low):
        return 0
    follows = low[at + 1]
    if wordlist.surely_verb(follows) and not printed[at + 1].isupper():
        return 2
    pairs = {
        ("of", "of"),
        ("of", "to"),
        ("of", "with"),
        ("with", "of"),
        ("for", "of"),
        ("for", "to"),
        ("by", "of"),
        ("from", "to"),
        ("for", "for"),
        ("onto", "to"),
        ("into", "to"),
        ("by", "member"),
        ("from", "member"),
        ("of", "member"),
    }
    pairs |= {(p, m) for p in ("of", "with", "from", "by") for m in ("must", "should")}
    return (
        2
        if (low[at], follows) in pairs and at and not (low[at] == "from" and follows == "to")
        else 0
    )


def adverb_to(run: Run, at: int) -> int:
    """In place: "Responsible the", "responsible to ensure", "subject the", "prior the"."""
    low = run.low
    follows = low[at + 1 : at + 3]
    if not follows:
        return 0
    word = low[at]
    if word == "responsible" and (
        follows[0] in DETERMINERS | {"ensuring", "making", "keeping", "checking"}
        or (len(follows) > 1 and follows[0] == "to" and wordlist.only_verb(follows[1]))
    ):
        return 2
    if (
        word == "subject"
        and at
        and low[at - 1] in BE | {"be"}
        and follows[0] in DETERMINERS | {"disciplinary"}
    ):
        return 2
    if word == "prior" and follows[0] in DETERMINERS | {"of", "being"}:
        return 2
    return 0


def partner(run: Run, at: int) -> int:
    """Phrases that want one word after them: "in accordance with", "regardless of"."""
    low = run.low
    for size in (3, 2, 1):
        wanted = _partners().get(" ".join(low[at : at + size])) if at + size <= len(low) else None
        if wanted is None:
            continue
        if at + size >= len(low):
            return 0
        follows = low[at + size]
        wrong = follows in wanted.split() if isinstance(wanted, str) else follows not in wanted
        return size + 1 if wrong else 0
    return 0


@lru_cache(maxsize=1)
def _partners() -> dict[str, str | list[str]]:
    return dict(data("english.toml")["partners"])
