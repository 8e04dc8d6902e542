"""Who a policy names and by what: people where a role should stand, and one office under several titles."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bot.config import data
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.lexicon import lexicon, words
from bot.policy.model import Strength
from bot.policy.sheet import Part, Passage, Sheet, in_order, shortened

_WORD = r"[A-Z][a-z]+(?:[-'’][A-Z][a-z]+)?"
_FULL = rf"{_WORD}(?: [A-Z]\.)? {_WORD}"
_TITLED = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Cllr|Revd?|Fr|Sir)\.? (?:[A-Z]\.? )?{_WORD}")
_ROLE = (
    r"(?i:headteacher|head teacher|head|deputy|lead|officer|coordinator|co-ordinator|governor|governors|manager|"
    r"administrators?|moderators?|staff|person|leadership|dsl|dpo|bursar|secretary|technician|senco|sendco|principal|"
    r"leader|director|chair|dsp|ddsl|slt)"
)
_WHOSE = re.compile(
    r"\b(?:lead|owner|author|written by|person responsible|responsible person|contact)\b *:",
    re.IGNORECASE,
)
_FIRST_NAME = re.compile(
    r"\b(?:to|with|see|ask|tell|email|contact) (?P<name>[A-Z][a-z]{2,}) (?=(?:in|from|at|on) (?:the )?[a-z])"
)
_ROLE_WORD = re.compile(rf"{_ROLE}|(?i:to|with|inform|tell|contact|notify|see|ask|email|and|or)")
_CONTEXTS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_ROLE}\b(?: in school)?\s*(?:[–—:,(-]|is|are|\()\s*\(?(?P<name>{_FULL})",
        rf"\((?P<name>{_FULL})(?: (?:and|&|or) (?P<other>{_FULL}))?\)",
        rf"\b(?i:to|with|inform|tell|contact|notify|see|ask|email|speak to|from|by|via|and|or)\s+(?P<name>{_FULL})\b",
        rf"(?P<name>{_FULL}),? (?:\(|the |our |is the |as (?:the )?|who is )(?:[A-Za-z]+ ){{0,4}}{_ROLE}\b",
        rf"(?P<name>{_FULL}) (?:will|is|must|has|can|should|on \d|at [a-z]+@)",
    )
)


def naming(sheet: Sheet, holders: Iterable[str]) -> Iterator[Finding]:
    """Find people named instead of roles, and offices, bodies and the policy itself named in several ways.

    `holders` are the names of people at the school, as its settings have them.
    """
    yield from _people(sheet, tuple(holders))
    yield from _mixed(sheet)
    yield from _two_titles(sheet)
    yield from _called_otherwise(sheet)


# --- people --------------------------------------------------------------------------------------------------


def common_words(sheet: Sheet) -> frozenset[str]:
    """Words that are no part of a proper name here: those the policy writes small, known ones, the school's own."""
    prose = re.sub(r"\S*(?:@|://|www\.)\S*", " ", sheet.everything())
    school = " ".join(
        [sheet.policy.front.school, sheet.policy.front.title, *sheet.kept_as("school")]
    )
    return frozenset(re.findall(r"\b[a-z]{2,}\b", prose)) | _known_words() | set(words(school))


def _people(sheet: Sheet, holders: tuple[str, ...]) -> Iterator[Finding]:
    common = common_words(sheet)
    hits: dict[str, list[Passage]] = {}
    named = list(sheet.passages)
    # Whose the policy is stands beside its clauses
    named += [Passage(t, Part.CLAUSE, ()) for _, t in sheet.kept if _WHOSE.search(t)]
    for passage in named:
        for name in _names_in(passage.text, common, holders):
            if _beside_role(passage.text, name):
                continue
            hits.setdefault(name, []).append(passage)
    if hits:
        ids = in_order(
            sheet.clauses, (i for found in hits.values() for p in found for i in p.clauses)
        )
        yield Finding(
            Kind.NAMED_PEOPLE,
            Weight.PUT_RIGHT,
            ids,
            tuple(hits),
            (("people", str(len(hits))),),
        )


def _beside_role(text: str, name: str) -> bool:
    """Whether a list of contacts gives the name to a role: a row of a table, or "Role: name" and no more."""
    rest = text.replace(name, " ")
    in_row = " | " in text or ": " in text
    return in_row and len(text.split()) < 16 and bool(re.search(_ROLE, rest))


def _names_in(text: str, common: frozenset[str], holders: tuple[str, ...]) -> Iterator[str]:
    found = {m[0] for m in _TITLED.finditer(text)}
    found |= {h for h in holders if re.search(rf"\b{re.escape(h)}\b", text)}
    for pattern in (*_CONTEXTS, _FIRST_NAME):
        for m in pattern.finditer(text):
            for name in m.groupdict().values():
                if name and not _is_of_words(name, common) and not _goes_on(text, name):
                    found.add(name)
    yield from sorted(found)


def _is_of_words(name: str, common: frozenset[str]) -> bool:
    return any(w.lower() in common for w in re.findall(r"[A-Za-z]+", name))


def _goes_on(text: str, name: str) -> bool:
    """Whether the two words are part of something longer ("Racial and Religious Hatred Act")."""
    at = text.index(name)
    after = re.match(r" ([A-Z][a-z]+)", text[at + len(name) :])
    before = re.search(r"([A-Z][a-z]+)(?:/[A-Z][a-z]+)? $", text[:at])
    return bool(after) or bool(before and _ROLE_WORD.fullmatch(before[1]) is None)


@lru_cache(maxsize=1)
def _known_words() -> frozenset[str]:
    """Words that are no part of a person's name: those of policies, roles, brands and national guidance."""
    known: set[str] = set(data("wording.toml")["not_names"]["words"])
    for entry in data("roles.toml").values():
        known.update(w for phrase in (entry["title"], *entry["words"]) for w in words(phrase))
    for row in data("lexicon.toml")["names"].values():
        known.update(w for name in row.split(",") for w in words(name))
    for entry in (*data("stale.toml")["stale"].values(), *data("stale.toml")["editions"].values()):
        known.update(w for phrase in entry["words"] for w in words(phrase.rstrip("*")))
    return frozenset(known) | frozenset(lexicon().short)


# --- titles --------------------------------------------------------------------------------------------------


def _mixed(sheet: Sheet) -> Iterator[Finding]:
    """One office or body under titles that a reader may take for two."""
    everywhere = [p.text for p in sheet.passages]
    rules = [c.text for c in sheet.clauses if c.reading.strength is not Strength.INFORMATION]
    for group in data("wording.toml")["titles"]:
        spared = re.compile(group.get("not", r"(?!)"))
        # Several words for people are a fault where rules are for them; an introduction may speak freely
        texts = rules if group.get("rules") else everywhere
        text = "\n".join(t for t in texts if not spared.search(t))
        counts: Counter[str] = Counter()
        for title, pattern in group["as"].items():
            counts[title] = len(re.findall(pattern, text))
        used = [title for title, n in counts.items() if n >= group.get("least", 1)]
        if len(used) < 2:
            continue
        rare = min(used, key=lambda title: counts[title])
        if counts[rare] > group.get("most", counts[rare]):
            continue
        where = [
            p
            for p in sheet.passages
            if re.search(group["as"][rare], p.text) and not spared.search(p.text)
        ]
        yield Finding(
            Kind.MIXED_TITLES,
            Weight.CONSIDER,
            in_order(sheet.clauses, (i for p in where for i in p.clauses)),
            tuple(used),
            (("what", group["what"]),),
        )


_OF_ITSELF = re.compile(
    r"\b(?:[Tt]his|[Oo]ur present) ((?:[A-Z&][\w-]*|and|of|the)(?: (?:[A-Z&][\w-]*|and|of|the)){0,5} [Pp]olicy)\b"
)


# As tables of a document's details print it
_LABELLED = re.compile(
    r"(?:name of (?:the )?(?:policy|document)|(?:document|policy|file)(?: name| title)?|title)\s*[:–-]\s*"
    r"(?P<title>[^,:(]{3,70}?\bpolicy)\b",
    re.IGNORECASE,
)
_NOWHERE = Passage("", Part.HEADING, ())


def _two_titles(sheet: Sheet) -> Iterator[Finding]:
    titles = {
        t.casefold().strip(" :."): t for t in (sheet.policy.front.title, *sheet.kept_as("title"))
    }
    calls = {m[1]: p for p in sheet.passages for m in _OF_ITSELF.finditer(p.text)}
    titles |= {t.casefold(): t for t in calls}
    labelled = {m[1]: p for p in sheet.passages if (m := _LABELLED.match(p.text))}
    labelled |= {m[1]: _NOWHERE for _, t in sheet.kept if (m := _LABELLED.match(t))}
    titles |= {t.casefold().strip(" :."): t for t in labelled}
    calls |= labelled
    kinds = {_bare(t): t for t in titles.values() if "polic" in t.lower()}
    if len(kinds) > 1:
        where = (i for title, p in calls.items() if title in kinds.values() for i in p.clauses)
        quotes = tuple(kinds.values())
        yield Finding(Kind.TWO_TITLES, Weight.CONSIDER, in_order(sheet.clauses, where), quotes)


def _bare(title: str) -> str:
    """A title without the school's name, the year and little words."""
    low = re.sub(
        r"\b(?:school|schools|academy|the|our|and|staff|v?\d[\d./-]*)\b|\W", " ", title.lower()
    )
    return " ".join(low.split()[-3:])


def _called_otherwise(sheet: Sheet) -> Iterator[Finding]:
    """The policy called a procedure, a code or a protocol of itself."""
    pattern = re.compile(
        r"\b(?:comply|compliance|accordance|line|bound|agree|read|understand)\b"
        r"(?: \w+){0,3}? (?:with|of|to|by|in)? ?this (?P<other>procedure|code|protocol|handbook|statement|charter)\b",
        re.IGNORECASE,
    )
    if sheet.everything().lower().count("this policy") < 1:
        return
    hits = {shortened(p.text, m): p for p in sheet.passages if (m := pattern.search(p.text))}
    if hits:
        yield Finding(
            Kind.CALLED_OTHERWISE,
            Weight.CONSIDER,
            in_order(sheet.clauses, (i for p in hits.values() for i in p.clauses)),
            tuple(hits),
        )
