"""Faults in how a policy's sentences are written: negatives, fragments, slips of the pen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from bot.config import data
from bot.policy import forces
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.sentences import sentences
from bot.policy.sheet import Part, Passage, Sheet, in_order, shortened

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
_FINITE = frozenset(
    """
    is are was were be been am isn't aren't will would shall should must may might can could cannot won't can't has have had
    do does did don't doesn't need needs ought let apply applies remain remains include includes take takes make makes
    give gives use uses work works support supports expect expects recognise recognises understand believe believes
    provide provides set sets follow follows keep keeps report reports contact inform know knows say says tell tells
    mean means lead leads come comes go goes see sees think feel want wants belong belongs contain contains cover covers
    help helps aim aims seek seeks rest rests lie lies stand stands depend depends share shares hold holds get gets put
    puts receive act acts become becomes begin begins end ends continue continues refer relate relates require requires
    allow allows ensure ensures consider agree agrees accept accepts ask asks call show shows bring brings happen
    happens exist exists follow fall falls sign signs meet meets review reviews run runs own owns
    """.split()
)
_RELATIVE = re.compile(
    r"\b(?:that|which|who|whom|you|we|they|I|he|she) (?:(?:have|has|had|may|might|can|could|will|would|should|must|"
    r"are|is|were|was|do|does) ){1,2}(?:\w+ed|made|given|sent|seen|done|had|put|taken|been|use|make|send|post)\b",
    re.IGNORECASE,
)
_AFTER_ARTICLE = re.compile(
    r"\b(?:(?:of|to|in|for|on|by|with|from|at) (?:(?:a|an|the|any|all|our|your|their|this|each|every) )?|"
    r"(?:a|an|the|any|all|our|your|their|this|each|every) )(?!that\b|which\b|who\b)[\w’'-]+",
    re.IGNORECASE,
)
_NOUNS = re.compile(r"(?:lines|ists|ings|ities|[’']s)$")
_HEADING_HANGS = re.compile(
    r"\b(?:to be|are|is|the|of|and|or|a|an|which|that|must|should|will|with|by|because|who)$"
)
_NOUN_FIRST = re.compile(r"(?:The|A|An|Any|All|Each|Every|Our|Your|Their) [a-z]")
_LOWER_VERB = re.compile(
    r"(?:are|is|was|were|will|must|should|may|can|has|have|and|or|but|which|who|that|to be|of|for|by|with|in accordance)\b"
)
_HANGS = re.compile(
    r"\b(?:and|or|the|an|of|because|unless|including|such as|whether|if|than|nor|must|should|shall|our|their|your|its)\s*[.,]?$"
    # A sentence may end on one of these; one that does not end may not
    r"|\b(?:with|to|for|by|from|at|into|which|that|but|as|is|are|be)$"
)
_NO_SUBJECT = re.compile(
    r"^(?:Where|If|When|Should|Before|After|Once)\b(?:(?!, )[^.;]){8,120}?, (?:should|must|will|may|can|shall|is|are|has|have)"
    r" (?:not |also |then |immediately |always )*(?:be )?(?!(?:the|a|an|any|all|they|it|we|you|staff|this|that|these|those|there|he|she|our|their|no)\b)[a-z]+",
)
_SUCH = re.compile(r"\bsuch (?:an? )?(\w+)\b", re.IGNORECASE)
_REPEATED = re.compile(r"\b((?:[a-z]+ ){0,3}?[a-z]+) \1\b", re.IGNORECASE)
_WORKING = re.compile(
    r"\b(?:excited|delighted|keen|happy) to be\b|\bhas agreed to help\b"
    r"|\b(?:to be (?:discussed|agreed|decided|confirmed) (?:at|with|by)|we need to (?:check|ask|discuss|decide|decide whether)|"
    r"we could (?:also|maybe)|do we (?:want|need)|(?:I am|I'm|I’m|we are|we're|we’re) not sure (?:if|whether)|note to self|draft only|ask \w+ about)\b",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"\?\s*$")
_PLANS = re.compile(
    r"\b(?:are we (?:going|putting|ready|happy)|what are we|why (?:are|do|should) we|should we|how will we|will we be|"
    r"will (?:it|this) (?:take|put|cost|mean|work)|could this be|do we (?:need|want)|who (?:will|is going to) (?:do|run|look after))\b",
    re.IGNORECASE,
)


def drafting(sheet: Sheet) -> Iterator[Finding]:
    """Find sentences that say the opposite, are no sentences, point nowhere, or have slipped."""
    yield from _grouped(sheet, Kind.DOUBLE_NEGATIVE, Weight.PUT_RIGHT, _double_negatives(sheet))
    yield from _grouped(sheet, Kind.FRAGMENT, Weight.PUT_RIGHT, _fragments(sheet))
    yield from _grouped(sheet, Kind.TWO_IN_ONE, Weight.CONSIDER, _two_in_one(sheet))
    yield from _grouped(sheet, Kind.DANGLING, Weight.CONSIDER, _dangling(sheet))
    yield from _grouped(sheet, Kind.QUOTES, Weight.CONSIDER, _unbalanced(sheet))
    yield from _grouped(sheet, Kind.SLIPS, Weight.CONSIDER, _slips(sheet))
    yield from _grouped(sheet, Kind.PLANNING_NOTES, Weight.PUT_RIGHT, _planning(sheet))


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
            if found := _double().search(sentence):
                yield passage, shortened(sentence, found)
    for clause in sheet.clauses:
        lead = clause.lead_in
        forbids = lead and len(lead.split()) > 2 and _FORBIDS.search(lead)
        if forbids and _NEGATES.match(clause.text):
            passage = Passage(clause.text, Part.CLAUSE, (clause.id,))
            yield passage, shortened(f"{lead} {clause.text}")


def _fragments(sheet: Sheet) -> Iterator[_Hit]:
    items = {c.id for c in sheet.clauses if c.lead_in}
    passages = list(_clauses(sheet))
    for passage in sheet.passages:
        words = passage.text.split()
        asks = words[0].lower() in ("who", "what", "how", "where", "when")
        if (
            passage.part is Part.HEADING
            and len(words) >= 4
            and not asks
            and _HEADING_HANGS.search(passage.text)
        ):
            yield Passage(passage.text, passage.part, passage.clauses[:1]), shortened(passage.text)
    for at, passage in enumerate(passages):
        text = passage.text
        # Cells of a table are no sentences
        if passage.clauses[0] in items or len(text.split()) < 4 or " | " in text:
            continue
        if re.match(r"(?:Which|Whose|Whom) ", text) and "?" not in text:
            yield passage, shortened(text)
            continue
        if text[:1].islower() and _LOWER_VERB.match(text):
            near = passages[max(at - 1, 0) : at] + passages[at + 1 : at + 2]
            # Several in a row are a list under its heading, and the first words a subtitle
            if at and not any(p.text[:1].islower() for p in near):
                yield passage, shortened(text)
            continue
        for sentence in sentences(text):
            if len(sentence.split()) >= 6 and (
                _verbless(sentence) or _cut_off(sentence) or _NO_SUBJECT.match(sentence)
            ):
                yield passage, shortened(sentence)


def _verbless(sentence: str) -> bool:
    if not _NOUN_FIRST.match(sentence) or not sentence.endswith(".") or ", including" in sentence:
        return False
    main = _AFTER_ARTICLE.sub(" ", _RELATIVE.sub(" ", sentence))
    words = re.findall(r"[a-z’']+", main.lower())
    # Any word on -ed or -s may be its verb: only a sentence without one is surely none
    return not any(
        w in _FINITE
        or w in forces.COMMANDS
        or (re.search(r"(?:ed|(?<![su])s)$", w) and not _NOUNS.search(w))
        for w in words
    )


def _cut_off(sentence: str) -> bool:
    return bool(_HANGS.search(sentence)) and not sentence.rstrip().endswith(":")


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
    for passage in sheet.passages:
        text = re.sub(r"\S*(?:@|://|www\.|\.com|\.uk)\S*", "…", passage.text)
        for found in _slip_patterns().finditer(text):
            yield passage, shortened(text, found)
        for found in _REPEATED.finditer(text):
            first = found[1].lower().split()[0]
            one = " " not in found[1]
            if found[1].lower() not in right and (one or first not in _LITTLE):
                yield passage, shortened(text, found)


_LITTLE = ("the", "a", "an", "our", "their")


def _planning(sheet: Sheet) -> Iterator[_Hit]:
    """Questions and answers of whoever planned it, left in what is published."""
    for passage in sheet.passages:
        asks = passage.part is Part.HEADING and _QUESTION.search(passage.text)
        if asks and _PLANS.search(passage.text):
            yield passage, shortened(passage.text)
        elif passage.part is Part.CLAUSE and (found := _WORKING.search(passage.text)):
            yield passage, shortened(passage.text, found)
