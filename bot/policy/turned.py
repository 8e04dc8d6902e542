"""Rules that say the opposite of what is surely meant, because a word was lost or put in its place.

No school forbids supervision, orders passwords to be shared, or publishes pictures of those who refused. The
words and patterns are in `policy_text/wording.toml` under [turned].
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from bot.config import data
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.model import Strength
from bot.policy.roles_in_text import mentions, roles
from bot.policy.sentences import sentences
from bot.policy.sheet import Part, Sheet, in_order, shortened
from bot.policy.strength import of_lead

_BAN = (
    r"(?:(?:must|should|may|shall|can|will) (?:not|never)|cannot|never|under no circumstances(?: may| must| should)?|"
    r"in no circumstances|(?:are|is) (?:not|never) to|(?:are|is) (?:forbidden|prohibited) (?:to|from))"
)
_DUTY = r"(?:must|should|shall|(?:are|is) (?:expected|required|encouraged|asked|free|allowed|permitted|welcome|advised) to|have to|has to|need to)"
_BETWEEN = r"(?: (?!not\b|no\b|unless\b|except\b|without\b|only\b|but\b|until\b|if\b|where\b|when\b|and\b|or\b|other\b|than\b|that\b|which\b|who\b|because\b|so\b|before\b)[\w’'-]+)"
_SPARED = re.compile(
    r"\b(?:unless|except\w*|other than|apart from|until|even (?:with|if|where|when)|only|not even|solely|alone|"
    r"instead|rather than|no substitute)\b",
    re.IGNORECASE,
)


def turned(sheet: Sheet) -> Iterator[Finding]:
    """Find rules that forbid what keeps people safe, or order or allow what harms them."""
    hits: dict[str, tuple[str, ...]] = {}
    for passage in sheet.passages:
        if passage.part is not Part.CLAUSE:
            continue
        for sentence in sentences(passage.text):
            if found := _found(sentence):
                hits[shortened(sentence, found)] = passage.clauses
    for clause in sheet.clauses:
        lead = clause.lead_in or ""
        if lead and (found := _in_list(lead, clause.text)):
            hits[shortened(clause.text, found)] = (clause.id,)
    if hits:
        ids = in_order(sheet.clauses, (i for some in hits.values() for i in some))
        yield Finding(Kind.REVERSED, Weight.ACT, ids, tuple(hits))


def _found(sentence: str) -> re.Match[str] | None:
    text = sentence.replace("’", "'")
    for pattern, spared in _patterns():
        found = pattern.search(text)
        if found and not (spared and _SPARED.search(text)):
            return found
    return None


def _in_list(lead: str, item: str) -> re.Match[str] | None:
    """An item of a list under its lead-in: what must not be, and is good; what must be, and is bad."""
    strength = of_lead(lead)
    banned = strength in (Strength.MUST_NOT, Strength.SHOULD_NOT)
    asked = strength in (Strength.MUST, Strength.SHOULD)
    if not (banned or asked) or re.match(r"(?:not|never|do not|don't|no)\b", item, re.IGNORECASE):
        return None
    be = re.search(r"\bbe\s*:?\s*$", lead)
    table = data("wording.toml")["turned"]
    if be:
        wrong = table["good"] if banned else table["bad"]
        return re.match(rf"(?:{'|'.join(wrong)})\b", item, re.IGNORECASE)
    wrong = table["protects"] if banned else table["harms"]
    found = re.match(rf"(?:{'|'.join(wrong)})\b", item, re.IGNORECASE)
    if not found and banned:
        found = _tells_a_role(item) or _CARES.match(item)
    return None if found and _SPARED.search(item) else found


# What nobody forbids, whatever follows
_CARES = re.compile(
    r"(?:check|ensure|make sure|remember|review|read|consider|obtain|seek|log (?:out|off)|lock|encrypt|attend|complete|follow (?:this|the (?:policy|school|guidance))|"
    r"keep a (?:record|note|copy)|save the evidence|turn off|switch off|take responsibility|be (?:aware|mindful|careful|polite|respectful))\b(?! (?:up|out|on) )",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"(?:tell|inform|notify|alert|report|pass|refer|let|show|hand|bring)\b[^.;]{0,90}",
    re.IGNORECASE,
)


def _tells_a_role(item: str) -> re.Match[str] | None:
    """An item that has somebody of the school told: nobody forbids that."""
    found = _TELLS.match(item)
    kinds = roles()
    told = found and any(
        kinds[m.role].kind == "school" for m in mentions(found[0]) if m.role in kinds
    )
    return found if told else None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], bool], ...]:
    """The patterns over a sentence, and whether a word of exception spares it."""
    table: Mapping[str, Any] = data("wording.toml")["turned"]
    parts = {
        "BAN": _BAN, "DUTY": _DUTY, "W": _BETWEEN,
        "GOOD": f"(?:{'|'.join(table['good'])})", "BAD": f"(?:{'|'.join(table['bad'])})",
        "PROTECTS": f"(?:{'|'.join(table['protects'])})", "HARMS": f"(?:{'|'.join(table['harms'])})",
    }  # fmt: skip
    made = []
    for key, spared in (("spared", True), ("plain", False)):
        for pattern in table[key]:
            whole = re.sub(r"<([A-Z]+)>", lambda m: parts[m[1]], pattern)
            made.append((re.compile(whole, re.IGNORECASE), spared))
    return tuple(made)
