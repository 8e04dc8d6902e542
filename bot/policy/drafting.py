"""Faults in how a policy's sentences are written: negatives, fragments, slips of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.config import data
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.fragments import fragments
from bot.policy.grammar import grammar
from bot.policy.notes import notes
from bot.policy.sentences import sentences
from bot.policy.sheet import Part, Passage, Sheet, in_order, shortened
from bot.policy.spelling import own_words, spelling

_MODAL = r"(?:will|must|may|should|can|could|shall|would|are|is|do|does|has|have)"
_DOUBLE = (
    # "no child will not", but not "no, you will not" nor "no one who is not"
    (
        rf"\b(?:no|neither|nobody|no one|none)\b (?!longer\b|doubt\b|matter\b|circumstances\b|reason\b)"
        rf"(?:(?!{_MODAL}\b|who\b|which\b|that\b|where\b|if\b|whose\b|unless\b|because\b)[\w/’'-]+ ){{0,6}}?"
        rf"{_MODAL} (?:not|never)\b"
    ),
    rf"\b(?:no one|nobody) {_MODAL} (?:not|never)\b",
    rf"\b(?:under|in) no circumstances,? {_MODAL} (?:(?!not\b|never\b)[\w/’'-]+ ){{0,5}}?(?:not|never)\b",
    rf"\b{_MODAL} (?:not|never) (?:\w+ ){{0,2}}?(?:never|not)\b(?! only| to\b| just| been)",
    rf"\b{_MODAL} (?:not|never) (?:\w+ ){{0,2}}?(?:no|nobody|none|nothing|neither) (?!later|more|less|longer|later)\w+",
    rf"\b{_MODAL} (?:not|never) (?:(?!but\b|if\b|that\b|because\b)[\w/’'-]+ ){{1,6}}(?:nobody|no one|no-one|none)\b",
    rf"\bnever {_MODAL}? ?not\b",
    rf"\b{_MODAL} (?:not|never) (?:refrain from|avoid) \w+ing\b",
    rf"\b{_MODAL} (?:not|never) (?:fail|neglect|forget|refuse|omit) to (?:not|never)\b",
    rf"\b{_MODAL} (?:not|never) (?:be )?(?:forbidden|prohibited|banned|barred|prevented|stopped) from not\b",
    r"\b(?:not|never) [^.;,]{3,60} without (?:no|not)\b",
    r"\b(?:cannot|can not) not\b|\bnot un(?:acceptable|authorised|permitted|suitable)\b",
    r"\bnot (?:be )?(?:dis|un)allowed\b|\bnot (?:be )?prohibited from not\b",
    r"\bwithout (?:no|not having no)\b",
)
_FORBIDS = re.compile(
    r"\b(?:not|never|cannot|can['’]t|don['’]t|forbidden|prohibited|unacceptable|banned)\b"
    r"(?: (?:to|be|allowed|permitted|do|from|any of|the following|things|ever|under any circumstances|use|it|"
    r"their|social media|in any circumstances))*\s*[:–-]*\s*$|\b(?:avoid|refrain from)\s*[:–-]*\s*$",
    re.IGNORECASE,
)
_NEGATES = re.compile(r"(?:not|never|do not|don['’]t|must not|should not|no)\b", re.IGNORECASE)
_SUCH = re.compile(r"\bsuch (?:an? )?(\w+)\b", re.IGNORECASE)
_REPEATED = re.compile(r"\b((?:[a-z]+ ){0,3}?[a-z]+) \1\b", re.IGNORECASE)


def drafting(sheet: Sheet) -> Iterator[Finding]:
    """Find sentences that say the opposite, are no sentences, point nowhere, or have slipped."""
    yield from _grouped(sheet, Kind.DOUBLE_NEGATIVE, Weight.PUT_RIGHT, _double_negatives(sheet))
    yield from _grouped(sheet, Kind.FRAGMENT, Weight.PUT_RIGHT, fragments(sheet))
    yield from _grouped(sheet, Kind.TWO_IN_ONE, Weight.CONSIDER, _two_in_one(sheet))
    yield from _grouped(sheet, Kind.DANGLING, Weight.CONSIDER, _dangling(sheet))
    yield from _grouped(sheet, Kind.QUOTES, Weight.CONSIDER, _unbalanced(sheet))
    yield from _grouped(sheet, Kind.SLIPS, Weight.CONSIDER, _slips(sheet))
    yield from _grouped(sheet, Kind.PLANNING_NOTES, Weight.PUT_RIGHT, notes(sheet))


_Hit = tuple[Passage, str]


def _grouped(sheet: Sheet, kind: Kind, weight: Weight, hits: Iterator[_Hit]) -> Iterator[Finding]:
    found = dict.fromkeys(hits)
    if found:
        ids = in_order(sheet.clauses, (i for passage, _ in found for i in passage.clauses))
        yield Finding(kind, weight, ids, tuple(dict.fromkeys(quote for _, quote in found)))


@lru_cache(maxsize=1)
def _double() -> re.Pattern[str]:
    return re.compile("|".join(_DOUBLE), re.IGNORECASE)


def _double_negatives(sheet: Sheet) -> Iterator[_Hit]:
    for passage in sheet.passages:
        for sentence in sentences(passage.text):
            if found := _double().search(sentence) or _nobody_does_not(sentence):
                yield passage, shortened(sentence, found)
    for clause in sheet.clauses:
        lead = clause.lead_in
        forbids = lead and len(lead.split()) > 2 and _FORBIDS.search(lead)
        if forbids and _NEGATES.match(clause.text):
            passage = Passage(clause.text, Part.CLAUSE, (clause.id,))
            yield passage, shortened(f"{lead} {clause.text}")


def _clauses(sheet: Sheet) -> Iterator[Passage]:
    return (p for p in sheet.passages if p.part is Part.CLAUSE)


def _two_in_one(sheet: Sheet) -> Iterator[_Hit]:
    items = {c.id for c in sheet.clauses if c.lead_in}
    for passage in _clauses(sheet):
        found = re.search(
            r"\w; [A-Z][a-z]+ (?:the|that|a|any|all|no|not|out|their|our)\b", passage.text
        )
        if found and passage.clauses[0] in items:
            yield passage, shortened(passage.text, found)


_NOBODY = re.compile(
    r"(?:No (?!longer\b|doubt\b|matter\b|circumstances\b|reason\b)\w|None of|Nobody|No one|Neither)[^.;:]*"
)
_AUX = re.compile(rf"\b(?P<opens>who|which|that|whose|where|if|when|unless|because)\b|\b{_MODAL}\b(?P<not> (?:not|never)\b)?", re.IGNORECASE)  # fmt: skip


def _nobody_does_not(sentence: str) -> re.Match[str] | None:
    """As in "No child whose parents have refused will not …": the verb of the whole sentence is denied once more."""
    found = _NOBODY.match(sentence)
    if found is None:
        return None
    waiting = 0  # clauses opened that have not had their verb
    for verb in _AUX.finditer(found[0]):
        if verb["opens"]:
            waiting += 1
        elif waiting:
            waiting -= 1
        else:
            return verb if verb["not"] else None
    return None


def _dangling(sheet: Sheet) -> Iterator[_Hit]:
    """Find "such websites" where none was spoken of under the same heading."""
    nouns = data("wording.toml")["such"]["nouns"]
    before: list[str] = []
    section: tuple[str, ...] = ()
    for clause in sheet.clauses:
        if clause.section != section:
            section, before = clause.section, []
        for found in _SUCH.finditer(clause.text):
            noun = found[1].lower()
            kin = nouns.get(noun) or nouns.get(noun.removesuffix("s"))
            ahead = clause.text[found.end() :].lstrip()
            told = " ".join(
                [*before, *section, clause.lead_in or "", clause.text[: found.start()]]
            ).lower()
            if kin and not ahead.startswith("as ") and not any(k in told for k in kin):
                yield Passage(clause.text, Part.CLAUSE, (clause.id,)), shortened(clause.text, found)
        before.append(clause.text)


def _unbalanced(sheet: Sheet) -> Iterator[_Hit]:
    whole: dict[tuple[str, ...], str] = {}
    for clause in sheet.clauses:
        whole[clause.section] = f"{whole.get(clause.section, '')} {clause.text}"
    for clause in sheet.clauses:
        for opens, closes in (("(", ")"), ("“", "”"), ("[", "]")):
            lopsided = clause.text.count(opens) != clause.text.count(closes)
            # A quotation or bracket over several clauses is whole in its section
            if lopsided and whole[clause.section].count(opens) != whole[clause.section].count(
                closes
            ):
                yield Passage(clause.text, Part.CLAUSE, (clause.id,)), shortened(clause.text)
        straight = whole[clause.section].count('"') % 2 and clause.text.count('"') % 2
        if straight or re.search(r"‘[^’]*‘", clause.text) or _single(clause.text):
            yield Passage(clause.text, Part.CLAUSE, (clause.id,)), shortened(clause.text)


def _single(text: str) -> bool:
    """Whether a single quotation mark opens a word and none closes it."""
    opened = len(re.findall(r"(?:^|[\s(])'(?=\w)", text))
    closed = len(re.findall(r"(?<=[\w.!?])'(?=[\s.,;:)!?]|$)", text))
    return opened > 0 and closed == 0


@lru_cache(maxsize=1)
def _slip_patterns() -> re.Pattern[str]:
    return re.compile(
        "|".join(f"(?:{p})" for p in data("wording.toml")["slips"]["patterns"]), re.IGNORECASE
    )


def _slips(sheet: Sheet) -> Iterator[_Hit]:
    right = frozenset(data("wording.toml")["slips"]["doubled"])
    own = own_words(sheet.everything())
    for passage in sheet.passages:
        text = _ADDRESS.sub(lambda m: "…" * len(m[0]), passage.text)
        for found in _slip_patterns().finditer(text):
            yield passage, shortened(text, found)
        for found in _REPEATED.finditer(text):
            first = found[1].lower().split()[0]
            one = " " not in found[1]
            if found[1].lower() not in right and (one or first not in _LITTLE):
                yield passage, shortened(text, found)
        # Headings and the cells of tables leave words out
        whole = passage.part is not Part.HEADING and " | " not in text and "\t" not in text
        for start, end in (*(grammar(text) if whole else ()), *spelling(text, own)):
            yield (
                passage,
                shortened(text, re.compile(rf"(?s).{{{end - start}}}").match(text, start)),
            )


_ADDRESS = re.compile(r"\S*(?:@|://|www\.|\.com|\.uk)\S*")
_LITTLE = ("the", "a", "an", "our", "their")
