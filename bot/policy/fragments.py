"""Pieces of text that are no sentences: cut off, begun in the middle, or with fewer verbs than they need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.policy import forces, wordlist
from bot.policy.sentences import sentences
from bot.policy.sheet import Part, Passage, Sheet, shortened

LEAST = 4  # words: a shorter piece may be a label
LEAST_UNSTOPPED = 8  # words: a shorter line without a full stop may be a title
MOSTLY_STOPPED = 0.97  # of a policy's paragraphs, from which one without a full stop is cut off

Hit = tuple[Passage, str]

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
    r"(?:a|an|the|any|all|our|your|their|this|each|every) )(?!that\b|which\b|who\b|is\b|are\b|must\b|should\b|will\b|may\b|can\b)[\w’'-]+",
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
    r"\b(?:and|or|the|an|of|because|unless|including|such as|whether|if|than|nor|must|should|shall|our|their|your|its|"
    r"every|between|during|among|until|although|upon|via|per|towards|my|without|against)\s*[.,;]?$"
    # A sentence may end on one of these; one that does not end may not
    r"|\b(?:with|to|for|by|from|at|into|which|that|but|as|is|are|be|a|on|in|about|when|where|while|who|not|also|any|all|has|have|will|may|can)$|,$"
)
_NO_SUBJECT = re.compile(
    r"^(?:Where|If|When|Should|Before|After|Once)\b(?:(?!, )[^.;]){8,120}?, (?:should|must|will|may|can|shall|is|are|has|have)"
    r" (?:not |also |then |immediately |always )*(?:be )?(?!(?:the|a|an|any|all|they|it|we|you|staff|this|that|these|those|there|he|she|our|their|no)\b)[a-z]+",
)
_AUX = r"(?:is|are|was|were|will|must|should|may|can|cannot|shall|would|has|have|had)"
# "And will not be opened …": a verb where the subject should stand
_BEGUN = re.compile(
    rf"^(?:(?:And|Or|But|Nor|So|Then) (?:also |then |only )?{_AUX}|(?:Are|Was|Were|Will|Must|Should|Cannot|Shall|Would|Has|Had)) (?:not |never |also |only |always |be )*"
    r"(?!(?:the|a|an|any|all|they|it|we|you|staff|this|that|these|those|there|he|she|our|their|no|I|pupils|parents|my|your|neither|each|every|either)\b)[a-z]+",
)
_WHICH = re.compile(r"(?:Which|Whose|Whom) (?!of\b)")
_OPENERS = re.compile(
    r"(?<!even )(?<!as )\b(?:whether|because|although|unless|if|where|when|while|who|which)\b(?! (?:possible|necessary|appropriate|needed|asked|required|relevant|practicable|applicable|to|in|on|off|at|not|"
    r"absolutely|so|any|and|or|as|by|for|from|with|under|outside|away|\w+ing|\w+ed|else|out|up|down|possible|you|it|they|an?|there|no|feasible|alone|about|taken|seen|given|sent|made|shown|left)\b)",
    re.IGNORECASE,
)
_THAT = re.compile(r"\b(?:one|ones|those) that\b")
_ALONE = re.compile(r"^(?:Because|Unless|Although|Whereas|Until|Which) ")
_SUBORDINATE = re.compile(r"^(?:Where|If|When|Because|Unless|Although|While|Whereas|Until|Once) ")
_VERB = re.compile(r"[a-z0-9’']+")


def fragments(sheet: Sheet) -> Iterator[Hit]:
    """Find what is no sentence, with the words to quote."""
    yield from _headings(sheet)
    items = {c.id for c in sheet.clauses if c.lead_in}
    passages = [p for p in sheet.passages if p.part is Part.CLAUSE]
    sections = {c.id: c.section for c in sheet.clauses}
    stopped = _stops(passages, items)
    for at, passage in enumerate(passages):
        text = passage.text
        # Cells of a table are no sentences
        if " | " in text or "\t" in text:
            continue
        if passage.clauses[0] in items:
            # An item goes on from its lead-in, yet it does not stop in the middle
            if len(text.split()) >= LEAST and _HANGS_FLATLY.search(text):
                yield passage, shortened(text)
            continue
        if len(text.split()) < LEAST:
            continue
        if (_WHICH.match(text) and "?" not in text) or (at and _begun(text, passages, at)):
            yield passage, shortened(text)
            continue
        answers = any("?" in heading for heading in sections[passage.clauses[0]])
        for sentence in sentences(text):
            if answers and not _cut_off(sentence):
                continue  # "A first name or a face." answers the question above it
            if len(sentence.split()) >= LEAST and _is_fragment(sentence):
                yield passage, shortened(sentence)
        if stopped and _unstopped(text):
            yield passage, shortened(text[-100:])


def _headings(sheet: Sheet) -> Iterator[Hit]:
    for passage in sheet.passages:
        words = passage.text.split()
        asks = words[0].lower() in ("who", "what", "how", "where", "when")
        if (
            passage.part is Part.HEADING
            and len(words) >= LEAST
            and not asks
            and _HEADING_HANGS.search(passage.text)
        ):
            yield Passage(passage.text, passage.part, passage.clauses[:1]), shortened(passage.text)


# The words that even an item of a list does not end on
_HANGS_FLATLY = re.compile(
    r"\b(?:the|an|of|because|unless|than|our|their|your|its|every|between|during|although|via)\s*[.,;]?$"
)


def _begun(text: str, passages: Sequence[Passage], at: int) -> bool:
    """Whether a paragraph begins in the middle: in small letters, with what no sentence begins with."""
    if not text[:1].islower() or not _LOWER_VERB.match(text):
        return False
    near = [*passages[max(at - 1, 0) : at], *passages[at + 1 : at + 2]]
    # Several in a row are a list under its heading, and the first words a subtitle
    return not any(p.text[:1].islower() for p in near)


def _is_fragment(sentence: str) -> bool:
    asks = "?" in sentence or sentence.endswith(":")
    if asks:
        return False
    long = len(sentence.split()) >= 6
    return bool(
        (long and (_verbless(sentence) or _NO_SUBJECT.match(sentence)))
        or _cut_off(sentence)
        or _BEGUN.match(sentence)
        or _WHICH.match(sentence)
        or _hangs_on_nothing(sentence)
        or _too_few_verbs(sentence)
    )


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
    return len(sentence.split()) >= LEAST and bool(_HANGS.search(sentence))


def _hangs_on_nothing(sentence: str) -> bool:
    """As in "Unless they have been with us for a year.": a condition of nothing."""
    if (
        not _SUBORDINATE.match(sentence)
        or re.search("[,:]", sentence)
        or not sentence.endswith(".")
    ):
        return False
    return _finite(sentence) <= 1 or (bool(_ALONE.match(sentence)) and _clauses_of(sentence) <= 1)


def _clauses_of(sentence: str) -> int:
    """How many finite verbs a sentence surely has."""
    return len(re.findall(rf"\b{_AUX}\b", sentence))


def _may_be_verb(word: str) -> bool:
    """Whether a word may be a finite verb: generous, so that what has too few of them has too few indeed."""
    word = word.strip("'’")
    return (
        word in _FINITE
        or word in forces.COMMANDS
        or wordlist.only_verb(word)
        or word.endswith("ed")
        or not wordlist.known(word)
        or wordlist.past(word)
        or (
            word.endswith("s")
            and any(b in forces.COMMANDS or wordlist.verb(b) for b in wordlist.singulars(word))
        )
        or wordlist.verb(word)
    )


def _too_few_verbs(sentence: str) -> bool:
    """Whether a sentence opens more clauses than it has verbs for."""
    # "No exceptions unless …" is how rules are put in short
    if (
        len(sentence.split()) < 6
        or re.match(r"(?:No|Not|Never|Nothing)\b", sentence)
        or re.search(r"[:;()“”\"–—]", sentence)
        or not sentence.endswith(".")
    ):
        return False
    opened = len(_OPENERS.findall(sentence)) + len(_THAT.findall(sentence))
    return bool(opened) and _finite(sentence) < opened + 1


def _finite(sentence: str) -> int:
    """How many finite verbs a sentence may have at most."""
    words = _VERB.findall(sentence.lower())
    count = 0
    governed = False  # after "must" or "to" comes no finite verb
    for before, word in zip(["", *words], words, strict=False):
        if word in wordlist.MODALS or word in wordlist.BE | wordlist.HAVE | wordlist.DO:
            count += not governed
            governed = True
        elif word == "to":
            governed = True
        elif governed and (word in ("not", "never", "be", "been", "also") or word.endswith("ly")):
            continue
        else:
            nominal = before in wordlist.DETERMINERS | wordlist.PREPOSITIONS or wordlist.noun(word)
            if not governed and not nominal and word != "staff" and _may_be_verb(word):
                count += 1
            governed = False
    return count


def _stops(passages: Sequence[Passage], items: set[str]) -> bool:
    """Whether nearly all paragraphs of a policy end with a full stop."""
    long = [p.text for p in passages if p.clauses[0] not in items and len(p.text.split()) >= LEAST_UNSTOPPED]  # fmt: skip
    return (
        bool(long)
        and sum(t.rstrip()[-1:] in ".!?:;)”\"’'" for t in long) / len(long) >= MOSTLY_STOPPED
    )


def _unstopped(text: str) -> bool:
    words = text.split()
    ends = text.rstrip()[-1:]
    return (
        len(words) >= LEAST_UNSTOPPED
        and ends.isalpha()
        and text[0].isupper()
        and sum(w[0].islower() for w in words) * 3 > len(words) * 2
        and bool(re.search(rf"\b{_AUX}\b", text))
        and not re.match(r"[^.]{2,40}: ", text)
    )
