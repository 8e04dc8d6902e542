"""Faults in how a policy is put together: paragraphs twice, numbers left out, lists without their "not"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bot.policy import forces
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause, Strength
from bot.policy.numbering import (
    NAME,
    Number,
    bare,
    breaks,
    lettered_breaks,
    number_of,
    paragraph_number,
    written,
)
from bot.policy.sheet import Part, Passage, Sheet, in_order, shortened
from bot.policy.strength import of_lead

SAME = 94  # likeness (0 to 100) from which two paragraphs are one
NEARLY = 88  # … and two long ones, in which a word more or less changes little
LONG = 16  # words
LEAST_WORDS = 7  # a shorter paragraph may well stand twice in other words
LEAST_SAME = 5  # … and one this long in the very same
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_MORE_NOT = re.compile(r"\b(?:not|never|no)\b", re.IGNORECASE)


def structure(sheet: Sheet) -> Iterator[Finding]:
    """Find what stands twice, what is missing in between, and what reads as its opposite when quoted alone."""
    yield from _duplicates(sheet)
    yield from _numbers(sheet)
    yield from _lost_not(sheet)


# --- twice ---------------------------------------------------------------------------------------------------


def _duplicates(sheet: Sheet) -> Iterator[Finding]:
    from rapidfuzz import fuzz

    clauses = [c for c in sheet.clauses if len(c.text.split()) >= LEAST_SAME]
    texts = [" ".join(re.findall(r"\w+", c.text.lower())) for c in clauses]
    pairs: list[tuple[int, int]] = []
    used: set[int] = set()
    for one in range(len(clauses)):
        for other in range(one + 1, len(clauses)):
            shorter = min(len(texts[n].split()) for n in (one, other))
            least = 100 if shorter < LEAST_WORDS else SAME if shorter < LONG else NEARLY
            alike = fuzz.ratio(texts[one], texts[other], score_cutoff=least)
            if other not in used and alike and _same_matter(texts[one], texts[other]):
                pairs.append((one, other))
                used.add(other)
    place = {c.id: at for at, c in enumerate(sheet.clauses)}
    runs: list[list[tuple[Clause, Clause]]] = []
    for one, other in pairs:
        a, b = clauses[one], clauses[other]
        # Sentence after sentence of a paragraph that stands twice is one finding
        if runs and all(
            0 < place[now.id] - place[was.id] <= 2
            for now, was in zip((a, b), runs[-1][-1], strict=True)
        ):
            runs[-1].append((a, b))
        else:
            runs.append([(a, b)])
    for run in runs:
        ids = in_order(sheet.clauses, (c.id for pair in run for c in pair))
        yield Finding(
            Kind.DUPLICATE, Weight.PUT_RIGHT, ids, tuple(shortened(a.text) for a, _ in run)
        )
    yield from _twice_in_a_list(sheet)


def _same_matter(one: str, other: str) -> bool:
    """Whether two nearly equal texts speak of the same: "pupils" for "families of pupils" is another rule."""
    lex = lexicon()
    a, b = (set(lex.units(lex.expand(text))) for text in (one, other))
    return len(a ^ b) <= 1 and not any(unit.startswith("~") for unit in a ^ b)


def _twice_in_a_list(sheet: Sheet) -> Iterator[Finding]:
    """A brand that neighbouring items of a list name twice."""
    brands = re.compile(
        r"\b(?:Twitter|Facebook|Instagram|TikTok|Snap ?[Cc]hat|YouTube|WhatsApp|LinkedIn|X)\b"
    )
    lists: dict[tuple[tuple[str, ...], str], dict[str, list[Clause]]] = {}
    for clause in sheet.clauses:
        if clause.lead_in and re.search(
            r"\binclud|\bexamples?\b|\bsuch as\b|\bfollowing (?:sites|platforms|apps)",
            clause.lead_in,
        ):
            for brand in set(brands.findall(clause.text)):
                lists.setdefault((clause.section, clause.lead_in), {}).setdefault(brand, []).append(
                    clause
                )
    for clause in sheet.clauses:
        named = brands.findall(clause.text)
        enumerated = len(re.findall(r",", clause.text)) >= 3
        twice = sorted({b for b in named if named.count(b) > 1}) if enumerated else []
        if twice and len(set(named)) >= 3:
            lists.setdefault((clause.section, clause.id), {})[twice[0]] = [clause, clause]
    for found in lists.values():
        for brand, where in found.items():
            if len(where) > 1:
                yield Finding(
                    Kind.DUPLICATE,
                    Weight.CONSIDER,
                    in_order(sheet.clauses, (c.id for c in where)),
                    tuple(dict.fromkeys(shortened(c.text) for c in where)) or (brand,),
                )


# --- numbers -------------------------------------------------------------------------------------------------


def _numbers(sheet: Sheet) -> Iterator[Finding]:
    headings = [p for p in sheet.passages if p.part is Part.HEADING]
    seen = [(written(a), written(b), p) for a, b, p in _number_breaks(sheet, headings)]
    roman = [(m[1].lower(), p) for p in headings if (m := re.match(r"([ivx]+)[.)]\s", p.text))]
    for (one, _), (other, passage) in pairwise(roman):
        known = one in _ROMAN and other in _ROMAN and other != "i"
        if known and _ROMAN.index(other) != _ROMAN.index(one) + 1:
            seen.append((one, other, passage))
    for one, other in lettered_breaks(p.text for p in headings):
        passage = next(p for p in headings if p.text.lower().startswith(other.lower()))
        seen.append((one, other, passage))
    kept = sheet.kept_as(NAME)
    if seen or kept:
        told = [*(f"{a} is followed by {b}" for a, b, _ in seen), *kept]
        yield Finding(
            Kind.NUMBERING,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, (i for _, _, p in seen for i in p.clauses[:1])),
            tuple(shortened(p.text) for _, _, p in seen),
            (("breaks", "; ".join(dict.fromkeys(told))),),
        )


def _number_breaks(
    sheet: Sheet, headings: Sequence[Passage]
) -> Iterator[tuple[Number, Number, Passage]]:
    """Breaks among the numbers of headings and, where the file holds them, of paragraphs."""
    numbered = [(n, p) for p in headings if (n := number_of(p.text)) is not None]
    # A list of contents says each number and title before the section does
    latest = {(n, bare(p.text)): at for at, (n, p) in enumerate(numbered)}
    numbered = [numbered[at] for at in sorted(latest.values())]
    # An import drops the numbers of items, and tells of the breaks among all of them instead
    told_below = sheet.imported or sheet.kept_as(NAME)
    if told_below:
        numbered = [(n, p) for n, p in numbered if len(n) == 1]
    else:
        place = {c.id: at for at, c in enumerate(sheet.clauses)}
        numbered += _paragraph_numbers(sheet)
        numbered.sort(key=lambda entry: place[entry[1].clauses[0]])
    said = {n for c in sheet.policy.clauses for t in (c.text, c.lead_in or "") for n in _opening(t)}
    said |= {n for name, text in sheet.kept if name != "contents" for n in _opening(text)}
    for before, after in breaks([n for n, _ in numbered]):
        # A heading that an import took for a sentence leaves nothing out
        if len(after) == 1 and any((n,) in said for n in range(before[-1] + 1, after[-1])):
            continue
        yield before, after, next(p for n, p in numbered if n == after)


def _opening(text: str) -> Iterator[Number]:
    if (number := number_of(text)) is not None and re.match(r"\d{1,2}[.)] ", text):
        yield number


def _paragraph_numbers(sheet: Sheet) -> Iterator[tuple[Number, Passage]]:
    leads: set[str] = set()
    for clause in sheet.policy.clauses:
        lead = clause.lead_in or ""
        for text in (lead if lead not in leads else "", clause.text):
            number = paragraph_number(text)
            if number is not None:
                yield number, Passage(text, Part.CLAUSE, (clause.id,))
        leads.add(lead)


# --- the lost "not" ------------------------------------------------------------------------------------------


def _lost_not(sheet: Sheet) -> Iterator[Finding]:
    """Lists whose items are orders or advice to do it, once they stand without their "not"."""
    lists: dict[tuple[tuple[str, ...], str], list[Clause]] = {}
    for clause in sheet.clauses:
        if clause.lead_in:
            lists.setdefault((clause.section, clause.lead_in), []).append(clause)
    hits: list[Clause] = []
    for (_, lead), items in lists.items():
        if not _MORE_NOT.search(lead):
            hits += _after_one_not(items)
            continue
        nested = _lost_in_nest(lead) and any(
            c.lead_in == lead.split(": ")[0] + ":" and not _MORE_NOT.search(c.text)
            for c in sheet.clauses
        )
        if of_lead(lead) not in (Strength.MUST_NOT, Strength.SHOULD_NOT) and not nested:
            continue
        # Items in small letters hang on their lead-in for any reader, unless the "not" is a list further up
        hits += [c for c in items if _reads_as_order(c.text) and (nested or c.text[:1].isupper())]
    if hits:
        yield Finding(
            Kind.LOST_NOT,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, (c.id for c in hits)),
            tuple(shortened(c.text) for c in hits[:6]),
        )


def _after_one_not(items: Sequence[Clause]) -> list[Clause]:
    """Items that only the first one's "not" makes a ban of, under a line that denies nothing."""
    if len(items) < 3 or not _DENIES.match(items[0].text):
        return []
    rest = items[1:]
    if any(_DENIES.match(c.text) for c in rest):
        return []
    harm = [c for c in rest if _first_word(c.text) in _HARM]
    # One item that is plainly good advice shows that the list mixes what to do with what not to do
    if any(_first_word(c.text) in _GOOD for c in rest) or len(harm) * 2 < len(rest):
        return []
    return list(rest) if len(harm) == len(rest) else harm


_DENIES = re.compile(
    r"(?:please )?(?:do not|don['’]t|never|avoid|refrain from|no )\b", re.IGNORECASE
)


def _first_word(text: str) -> str:
    return next(iter(re.findall(r"[a-z'’-]+", text.lower())), "")


def _lost_in_nest(lead: str) -> bool:
    """Know a lead-in whose "not" stands in an item of its own, not in the line that opens the list."""
    first, colon, rest = lead.partition(": ")
    return bool(colon) and not _MORE_NOT.search(first) and bool(_MORE_NOT.search(rest))


def _reads_as_order(text: str) -> bool:
    words = re.findall(r"[a-z'’-]+", text.lower())
    if len(words) < 2 or _MORE_NOT.match(text):
        return False
    return words[0] in forces.COMMANDS or words[0] in _MORE_COMMANDS


_HARM = frozenset(
    "accept add post publish upload share comment write mention give discuss disclose reveal criticise complain argue "
    "befriend follow tag like use name identify take film photograph record message text swap join invite contact send "
    "set express make play gamble browse search link engage respond reply retweet repost forward access download lend "
    "leave let allow store open create pass tell copy advertise promote endorse sell buy meet show display speak talk".split()
)
_GOOD = frozenset(
    "keep check report ask think remember be ensure read consider respect protect log lock seek follow-up review update "
    "choose maintain inform save note turn switch understand stay act always treat change make-sure delete remove block "
    "decline refuse refer wait".split()
)
_MORE_COMMANDS = frozenset(
    "accept add engage discuss disclose bring contravene befriend tag like comment criticise name identify upload "
    "message text email use access give take film photograph create respond reply post share send request form "
    "become exchange meet enter express make play gamble browse reveal link invite search swap".split()
)
