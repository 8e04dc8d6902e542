"""One clause that rules out what another does, requires or allows, whatever it is about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause
from bot.policy.sentences import sentences
from bot.policy.sheet import Sheet, in_order, shortened

ENOUGH = 1.88  # nearness (see `kinship`) and share together, from which a flat no and its opposite are of one thing
MORE = 2.35  # … where neither of the two says "always", "never" or the like
LEAVE = 2.2  # … where the one expressly allows what the other forbids
NEAR = 1.3  # the least nearness
ABOUT = 0.3  # the least share of what is ruled out that the other clause speaks of
MOST = 3  # findings of this kind in one policy: the nearest

_NEVER = re.compile(
    r"\b(?:not|never|cannot|no|nobody|none|nothing|nor|neither|don’t)\b|\b(?:switched|turned) off\b|\b(?:disabled|closed|banned|forbidden|prohibited|barred)\b"
    r"|\b(?:avoid|refrain|discourage[sd]?|declines?|refuses?)\b"
)
# A "no" that is of the whole sentence, not of what some word of it is told by
_BEFORE = re.compile(
    r"\b(?:that|which|who|whom|if|where|when|because|what|whether|so|or|and|but|as|to)\b|\b(?:must|may|should|shall|can|will)\b(?! (?:\w+ ){0,8}?(?:be )?(?:switched|turned|kept) off)"
)
_FLATLY = re.compile(
    r"\b(?:never|always|at all times|under no circumstances|in (?:all|any) (?:cases|circumstances)|whatever|every time|"
    r"without exception|on every|in every case|no circumstances|including (?:at |on |those )|at any (?:time|hour)|completely|strictly|"
    r"not (?:at all|under any|in any)|(?:under|in) any circumstances|alone|nowhere|no one|nobody|any member|all staff|every (?:member|lesson|post|message|pupil|picture|image))\b"
)
_EXCEPT = re.compile(
    r"\b(?:unless|except\w*|other than|apart from|save (?:for|where|that)|only (?:if|when|where|with|after|in|for)|until|"
    r"however|in (?:an )?(?:emergency|emergencies)|urgent\w*|exceptional\w*|without (?:the )?(?:\w+ ){0,3}?(?:permission|consent|approval|"
    r"agreement|knowledge)|with (?:the )?(?:\w+ ){0,3}?(?:permission|consent|approval|agreement)|instead|rather than|provided|as long as|so long as|"
    r"subject to|related|relative|family|medical|pass signed)\b"
)
# Words of which a rule about one says nothing of the other
_CONTRASTS: tuple[Mapping[str, re.Pattern[str]], ...] = (
    {
        "own": re.compile(r"\b(?:personal|private|(?<!school’s )own)\b"),
        "school": re.compile(r"\b(?:school(?:’s)? (?:\w+ )?(?:accounts?|email|e-mail|phones?|devices?|cameras?|tablets?|equipment|page|mobile|laptops?|system|network|number)|official|work (?:phone|email|account))\b"),
    },
    {
        "pupils": re.compile(r"\bpupils?\b"),
        "parents": re.compile(r"\b(?:parents?|carers?|families|family)\b"),
        "colleagues": re.compile(r"\b(?:colleagues?|governors?|staff (?:group|chat))\b"),
        "former": re.compile(r"\b(?:former|left the school|leavers|ex)\b"),
        "visitors": re.compile(r"\b(?:visitors?|contractors?|press|journalists?|media enquiries)\b"),
        "volunteers": re.compile(r"\bvolunteers?\b"),
    },
    {
        "under": re.compile(r"\bunder (?:the age of )?(?:1[0-9]|eighteen|thirteen|sixteen)\b"),
        "over": re.compile(r"\b(?:1[0-9]|eighteen|thirteen|sixteen) (?:or|and) (?:over|older)\b|\bover (?:the age of )?(?:1[0-9]|eighteen)\b"),
    },
    {
        "out of doors": re.compile(r"\b(?:playgrounds?|yard|gates?)\b"),
        "changing rooms": re.compile(r"\b(?:changing rooms?|toilets?|cloakrooms?)\b"),
        "offices": re.compile(r"\b(?:in|from) (?:the |an )?(?:staff ?rooms?|(?:school )?offices?)\b"),
    },
    {
        "lessons": re.compile(r"\b(?:lessons?|teaching|with (?:the )?(?:pupils|children)|contact time|on duty)\b"),
        "breaks": re.compile(r"\b(?:breaks?|lunch\w*|staff ?rooms?|outside (?:school|work)|own time|at home|evenings?|holidays?)\b"),
    },
)  # fmt: skip
_FOLDED = (
    (re.compile(r"\b(?:student|learner)(s?)\b(?! (?:teacher|on placement|in training))"), r"pupil\1"),
    (re.compile(r"\b(?:tele|mobile |smart)phone"), "phone"),
    (re.compile(r"\b(?:photograph|photo|image)s?\b"), "picture"),
    (re.compile(r"\b(?:saturdays?|sundays?|weekends?)\b"), "weekend"),
    (re.compile(r"\b(?:lunch ?times?|dinner ?time|lunch break)\b"), "lunch"),
    (re.compile(r"\b(?:reply|replied|replies|respond\w*|response)\b"), "answer"),
    (re.compile(r"\bcomment(?:ing|ed)\b"), "comments"),
)  # fmt: skip
# What nearly every rule has: it says nothing of what a rule is about
COMMON = frozenset(
    """staff school must not never policy member may use account pupil parent teacher will should any all person people
    work time make take keep give see day way thing one rule circumstance case other ~must ~may""".split()
)


_ITS_MODAL = re.compile(
    r"\b(?:must|may|should|shall|can|will|do|does|is|are|would)(?: (?:be|always|only))* $"
)
# What leans on the sentence before it, and what says only what a word means
_NO_RULE = re.compile(
    r"\b(?:paragraph|section|rule|point|clause|part)s? (?:[\d.]+ )?(?:do(?:es)? not|appl)|\b(?:other (?:pupils|years|staff|parents|classes|groups)|all others|everyone else|anyone else)\b|^(?:it|they|this|these|that|those|he|she|we believe)\b|\b(?:we mean|means|defined as|is meant)\b"
)
_TELLS = re.compile(r"\b(?:inform\w*|tell|told|report\w*|refer\w*|notif\w+)\b")
# What follows from the act that is forbidden
_FOLLOWS = re.compile(
    r"\b(?:is|are|be|as) (?:\w+ )?(?:treated|regarded|dealt with|seen|considered) as\b|\b(?:misconduct|disciplin\w+|breach|allegation|confiscat\w+)\b|\b(?:kept|keeps?|left|stored) (?:\w+ ){0,3}(?:in|at) (?:a |the |their )?(?:cupboard|locker|office|bag|safe|drawer|home)"
)
_THINKS = re.compile(
    r"\b(?:consider how|think (?:about|carefully|before|how)|bear in mind|remember|be (?:aware|mindful))\b"
)
_OF_PUPILS = re.compile(r"^(?:the |all |some )?pupils?\b")


def folded(text: str) -> str:
    """A text in lower case with one word for what policies call by several."""
    text = text.lower().replace("'", "’")
    for pattern, word in _FOLDED:
        text = pattern.sub(word, text)
    return text


# A sentence that goes on from the one before it, or says that it is an exception
_GOES_ON = re.compile(
    r"^(?:it|they|this|these|those|such|that|he|she|other|others|here|there|by way of exception|as an exception|the (?:one |only )?exception|however|similarly|equally)\b"
)
_MEDICAL = re.compile(r"\b(?:medical\w*|medicine|glucose|disab\w+|health|bereave\w+)\b")
_PHASE = tuple(
    re.compile(p)
    for p in (
        r"\bprimary\b", r"\bsecondary\b", r"\bsixth[- ]form(?:ers)?\b", r"\bday pupils?\b", r"\bboarders?\b|\bboarding\b",
        r"\badult learners?\b", r"\bnursery\b|\breception\b|\bearly years\b",
    )
)  # fmt: skip
_YEARS = re.compile(r"\byears? (\d{1,2})(?: ?(?:to|and|-|–|or) ?(\d{1,2}))?")


def apart(one: Clause, other: Clause, kin: Kinship, said: str = "", beside: str = "") -> bool:
    """Whether two clauses are read together by every reader, or speak of pupils of different ages or needs."""
    texts = [folded(said or one.text), folded(beside or other.text)]
    neighbours = abs(kin.place(one) - kin.place(other)) <= 1 and one.section == other.section
    if neighbours or any(_GOES_ON.search(t) for t in texts):
        return True
    if bool(_MEDICAL.search(texts[0])) != bool(_MEDICAL.search(texts[1])):
        return True
    groups = [{n for n, p in enumerate(_PHASE) if p.search(t)} for t in texts]
    years = [
        {y for m in _YEARS.finditer(t) for y in range(int(m[1]), int(m[2] or m[1]) + 1)}
        for t in texts
    ]
    named = all(groups) and not groups[0] & groups[1]
    return named or (all(years) and not years[0] & years[1])


@dataclass(frozen=True, slots=True)
class _Side:
    """A sentence of a clause: whether it denies as a whole, or in part; how flatly; and the units of what it is about."""

    clause: Clause
    sentence: str
    text: str
    denies: bool
    mixed: bool
    flat: bool
    excepted: bool
    core: frozenset[str]
    units: frozenset[str]


def opposites(sheet: Sheet, kin: Kinship, known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find pairs of clauses that cannot both be kept; not those that are `known`, as pairs of ids, already."""
    found: list[tuple[float, _Side, _Side]] = []
    sides = [s for c in sheet.clauses for s in _sides(c)]
    for no, yes in ((a, b) for a, b in combinations(sides, 2) for a, b in ((a, b), (b, a))):
        if no.denies and not (yes.denies or yes.mixed) and no.clause is not yes.clause:
            score = _opposed(no, yes, kin)
            if score:
                found.append((score, no, yes))
    found.sort(key=lambda entry: -entry[0])
    told: set[frozenset[str]] = set(known)
    count = 0
    for _, no, yes in found:
        pair = frozenset((no.clause.id, yes.clause.id))
        if pair in told or any(len(pair & other) for other in told - known) or count == MOST:
            continue
        told.add(pair)
        count += 1
        yield Finding(
            Kind.RULE_AND_OPPOSITE,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, pair),
            (shortened(no.clause.text), shortened(yes.clause.text)),
        )


# Where one sentence holds two rules: "must be written by you, and we do not allow …"
_TURN = re.compile(r"; (?:and |but )?|(?:, (?:and|but) )(?=(?:for now |then )?(?:we|they|you|it|staff|pupils|parents|no|nobody|the|a|all)\b)|, (?=not (?:from|on|by|in|with|to)\b)")  # fmt: skip
_LEAST_PART = 6  # words of a part that stands for itself


def _parts(sentence: str) -> list[str]:
    parts = [p for p in _TURN.split(sentence) if p]
    return parts if all(len(p.split()) >= _LEAST_PART for p in parts) else [sentence]


def _sides(clause: Clause) -> Iterator[_Side]:
    lead = f"{clause.lead_in} " if clause.lead_in else ""
    for sentence in (part for whole in sentences(clause.text) for part in _parts(whole)):
        text = folded(lead + sentence)
        if (
            len(text.split()) < 6
            or " | " in text
            or text.count(";") > 2
            or _NO_RULE.search(folded(sentence))
        ):
            continue
        denied = _NEVER.search(folded(sentence)) or _NEVER.search(text)
        before = denied.string[: denied.start()] if denied else ""
        before = _ITS_MODAL.sub("", before)
        mixed = bool(denied and _BEFORE.search(before))
        lex = lexicon()
        units = frozenset(lex.units(lex.expand(text)))
        core = units - COMMON
        yield _Side(
            clause,
            sentence,
            text,
            bool(denied) and not mixed,
            mixed,
            bool(_FLATLY.search(text)),
            bool(_EXCEPT.search(text)),
            core,
            units,
        )


def _opposed(no: _Side, yes: _Side, kin: Kinship) -> float:
    """How surely the two contradict each other; 0 where they do not."""
    shared = no.core & yes.units
    if no.excepted or yes.excepted or len(shared) < 3:
        return 0.0
    whole = sum(kin.weight(u) for u in no.core)
    share = sum(kin.weight(u) for u in shared) / whole if whole else 0.0
    flat = no.flat or yes.flat
    if (
        share < ABOUT
        or contrasted(no.text, yes.text)
        or apart(no.clause, yes.clause, kin, no.sentence, yes.sentence)
    ):
        return 0.0
    if _OF_PUPILS.search(yes.text) and "pupil" not in no.text:
        return 0.0
    # To think about an act is no act
    if _THINKS.search(yes.text) or (_FOLLOWS.search(yes.text) and not _FOLLOWS.search(no.text)):
        return 0.0
    # Whom to tell of what must not be is no contradiction
    if _TELLS.search(yes.text) and not _TELLS.search(no.text):
        return 0.0
    # A writer sees what stands in one list or paragraph
    listed = no.clause.lead_in is not None and no.clause.lead_in == yes.clause.lead_in
    if listed and not (no.flat and yes.flat):
        return 0.0
    near = kin.near(no.clause, yes.clause, no.sentence, yes.sentence).all
    enough = ENOUGH if flat else LEAVE if _ALLOWS.search(yes.text) else MORE
    return near + share if near >= NEAR and near + share >= enough else 0.0


_ALLOWS = re.compile(
    r"\b(?:may|can)(?! (?:not|never|be (?:subject|regarded|treated|disciplin)|lead|result|have|cause|bring|damage|arise|expect|ask|also ask|find|see|tell|contact)\b)"
    r"|\b(?:are|is) (?:\w+ )?(?:allowed|permitted|free|welcome|encouraged) to\b"
)


def contrasted(one: str, other: str) -> bool:
    """Whether two folded texts speak of different people, places or things, each of its own."""
    for group in _CONTRASTS:
        a = {name for name, p in group.items() if p.search(one)}
        b = {name for name, p in group.items() if p.search(other)}
        if a and b and not a & b:
            return True
    return False
