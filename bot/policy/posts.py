"""One thing that two clauses give to two different people: to decide, to be told, to keep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.model import Clause
from bot.policy.opposites import apart, contrasted, folded
from bot.policy.sentences import sentences
from bot.policy.sheet import Sheet, in_order, shortened

MOST = 3  # findings of this kind in one policy: the nearest
NEAR = 1.5  # nearness (see `kinship`) from which what is given to two people is one thing
_ALONE = 0.3  # nearness that words such as "and nobody else" make up for

_POST = (
    r"(?:(?:the |our |a |an )?(?:deputy |assistant |acting )?(?:head ?teacher|heads? of (?:school|year|department|centre|faculty)|principal|headmaster|headmistress)"
    r"|(?:the )?chair of (?:the )?govern\w+|(?:the )?(?:full )?governing (?:body|board)|(?:the )?board of (?:governors|trustees)|(?:the )?governors|(?:the )?trust board"
    r"|(?:the )?(?:deputy )?(?:dsl|dsp|designated safeguarding (?:lead|person|officer))|(?:the )?(?:dpo|slt|senco|alnco|bursar|ceo)|(?:the )?senior leadership team"
    r"|(?:mr|mrs|ms|miss|dr) [a-z]+(?:-[a-z]+)?|(?:the )?owner|(?:the )?clerk|(?:trust |school )?hr\b|human resources|it (?:services|support|helpdesk)|(?:the )?chief executive|(?:the )?governance professional"
    r"|(?:the |their |a )?(?:[a-z-]+ ){1,2}?(?:officer|lead|leader|manager|co-?ordinator|administrator|secretary|technician|director|team)|(?:the )?(?:school )?office)"
)
_P = rf"(?P<post>{_POST})"
_OR = re.compile(rf"^,? ?(?:or|and|/) (?P<other>{_POST})")
_DECIDES = (
    rf"\b(?:authoris|approv|agreed|permitted|sanction|granted|decided|signed off)\w* (?:\w+ ){{0,3}}?by {_P}",
    rf"\b(?:permission|approval|consent|agreement|authorisation|leave) (?:\w+ )?(?:of|from|by) {_P}",
    rf"{_P} (?:alone )?(?:must |will |may |shall |can )?(?:first |alone )?(?:decides?|authorises?|approves?|agrees?|determines?|gives? (?:permission|leave|approval)|has the final (?:say|decision))\b",
    rf"{_P}’s (?:\w+ ){{0,2}}?(?:permission|approval|consent|agreement|decision)\b",
    rf"\b(?:must|should|will|needs? to|asks?) (?:first )?(?:ask )?{_P} (?:in writing|for (?:leave|permission|approval)|first|before)\b",
    rf"\bask {_P}\b",
)
_TOLD = (
    rf"\b(?:report\w*|referred|passed|sent|taken|go|goes|handed|raised|notified|made known|escalated|forwarded|brought|directed) (?:it |this |them |any |\w+ ){{0,6}}?(?:to|with) {_P}",
    rf"\b(?:tell|tells|told|inform|informs|notify|notifies|contact|contacts|alert|alerts|ring|rings|telephone|telephones|phone|email|see|ask) {_P}\b",
    rf"{_P} (?:is|are|must be|should be|will be) (?:\w+ )?(?:told|informed|notified|contacted)\b",
)
_KEEPS = (
    rf"\b(?:kept|held|maintained|looked after|managed|run|monitored|reviewed|updated|owned|read|checked) (?:\w+ )?by {_P}",
    rf"{_P} (?:\w+ly )?(?:keeps?|holds?|maintains?|looks after|is responsible for|runs|manages|monitors|updates|owns)\b",
)
_LEADS = (
    rf"\b(?:investigated|led|handled|dealt with|carried out|chaired|trained|taught|signed|sent|announced|issued) (?:\w+ )?by {_P}",
    rf"{_P} (?:\w+ly )?(?:investigates?|leads?|handles?|deals? with|carries out|chairs?|trains?|announces?|issues?)\b",
)
_FUNCTIONS: Mapping[str, tuple[re.Pattern[str], float, str]] = {
    "decide": (re.compile("|".join(p.replace("<post>", f"<p{n}>") for n, p in enumerate(_DECIDES))), NEAR, "leave or a decision on one thing"),
    "told": (re.compile("|".join(p.replace("<post>", f"<p{n}>") for n, p in enumerate(_TOLD))), NEAR, "one kind of report"),
    "keeps": (re.compile("|".join(p.replace("<post>", f"<p{n}>") for n, p in enumerate(_KEEPS))), NEAR, "the care of one thing"),
    "leads": (re.compile("|".join(p.replace("<post>", f"<p{n}>") for n, p in enumerate(_LEADS))), NEAR, "one task"),
}  # fmt: skip
_EXCLUSIVE = re.compile(
    r"\b(?:nobody else|no one else|no-one else|anyone else|alone|final|solely|in the first instance|in all cases|no other|and not)\b"
)
_OTHERWISE = re.compile(
    r"\b(?:absen\w+|away|unavailable|not available|out of school|if (?:the )?(?:\w+ ){0,3}(?:is|are) (?:about|involved|not)|(?:about|against|concern\w*|involv\w+|conduct of|target of) (?:the )?head\w*|"
    r"appeal|unless|if unhappy|unhappy with|does not involve|other than)\b"
)
_SAME = (
    (re.compile(r"^(?:the|our|a|an|their) "), ""),
    (re.compile(r"^(?:headteacher|head teacher|principal|headmaster|headmistress|heads? of (?:school|centre))$"), "head"),
    (re.compile(r"^(?:dsl|dsp|designated safeguarding \w+|safeguarding (?:lead|team))$"), "dsl"),
    (re.compile(r"^(?:dpo|data protection (?:officer|lead))$"), "dpo"),
    (re.compile(r"^(?:school )?(business manager)$"), r"\1"),
    (re.compile(r"^(?:full )?(?:governing (?:body|board)|governors|board of \w+|trust board)$"), "governors"),
)  # fmt: skip
_NO_POST = re.compile(
    r"\b(?:any|same|another|each|every|no|one|who|senior|this|that|team|with|by|from|to|of|in|for|and|or)\b"
)


@dataclass(frozen=True, slots=True)
class _Gives:
    clause: Clause
    sentence: str
    text: str
    posts: frozenset[str]
    printed: str
    exclusive: bool


def posts(sheet: Sheet, kin: Kinship, known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find pairs of clauses that give one thing to two people; not those that are `known` already."""
    found: list[tuple[float, str, _Gives, _Gives]] = []
    for pattern, least, what in _FUNCTIONS.values():
        those = [g for c in sheet.clauses for g in _given(c, pattern)]
        for a, b in combinations(those, 2):
            if a.clause is b.clause or a.posts & b.posts or contrasted(a.text, b.text):
                continue
            if _OTHERWISE.search(a.text) or _OTHERWISE.search(b.text):
                continue
            wanted = least - (_ALONE if a.exclusive or b.exclusive else 0.0)
            near = kin.near(a.clause, b.clause, a.sentence, b.sentence).all
            if near >= wanted and not apart(a.clause, b.clause, kin, a.sentence, b.sentence):
                found.append((near - wanted, what, a, b))
    found += _two_holders(sheet)
    found.sort(key=lambda entry: -entry[0])
    told = set(known)
    for _, what, a, b in found:
        pair = frozenset((a.clause.id, b.clause.id))
        if pair in told or len(told) - len(known) == MOST:
            continue
        told.add(pair)
        yield Finding(
            Kind.TWO_ROUTES,
            Weight.ACT,
            in_order(sheet.clauses, pair),
            (shortened(a.clause.text), shortened(b.clause.text)),
            (("what", what), ("roles", f"{a.printed}, {b.printed}")),
        )


_OFFICE = (
    r"(?P<office>(?:designated safeguarding (?:lead|person)|data protection (?:officer|lead)|online safety (?:lead|co-?ordinator|officer)|"
    r"computing lead|prevent lead|senior mental health lead|policy owner|owner of this policy|communications officer|e-safety (?:lead|officer))(?: \([a-z ]+\))?)"
)
_HOLDS = (
    re.compile(
        rf"(?:the|our) {_OFFICE}(?: (?:for|at|in|of) [^.;,]{{3,40}}?)? is (?:the |our |currently )*(?P<holder>[^.;,]{{4,50}})"
    ),
    re.compile(
        rf"^(?P<holder>(?:the |our )?[^.;,]{{4,50}}?) (?:is|acts as|serves as) (?:the |our )(?:school’s )?{_OFFICE}(?=[.;,]|$| for| at)"
    ),
)
_NO_HOLDER = re.compile(
    r"\b(?:responsible|told|informed|available|absent|away|contact\w*|a member|trained|not|also|to be|the person|who|aware|involved|out|named|one of|if|where|when|any|part|asked|able|there|always|happy|still|listed|on|in)\b"
)


_LITTLE = frozenset("of the head school deputy lead at in for our".split())


def _two_holders(sheet: Sheet) -> Iterator[tuple[float, str, _Gives, _Gives]]:
    """One office that two clauses say is held by two people."""
    told: list[tuple[str, str, _Gives]] = []
    for clause in sheet.clauses:
        for sentence in sentences(clause.text):
            text = folded(sentence)
            for pattern in _HOLDS:
                found = pattern.search(text)
                if found and not _NO_HOLDER.search(found["holder"]):
                    holder = re.sub(r"^(?:the|our|a) ", "", found["holder"])
                    office = re.sub(r" \(.*", "", found["office"])
                    given = _Gives(
                        clause, sentence, text, frozenset({holder}), holder, exclusive=False
                    )
                    told.append((office, holder, given))
    for (office, one, a), (same, other, b) in combinations(told, 2):
        alike = set(one.split()) & set(other.split()) - _LITTLE
        if office == same and a.clause is not b.clause and not alike and one != other:
            yield 9.0, f"the office of {office}", a, b


def _given(clause: Clause, pattern: re.Pattern[str]) -> Iterator[_Gives]:
    lead = f"{clause.lead_in} " if clause.lead_in else ""
    for sentence in sentences(clause.text):
        text = folded(lead + sentence)
        here: dict[str, str] = {}
        for found in pattern.finditer(text):
            printed = next(v for k, v in found.groupdict().items() if v)
            name = _named(printed)
            if name and not _NO_POST.search(name.removesuffix(" team")):
                here[name] = printed
                if other := _OR.match(text[found.end() :]):
                    here[_named(other["other"])] = other["other"]
        if here:
            whole = folded(clause.text)
            yield _Gives(
                clause,
                sentence,
                text,
                frozenset(here),
                next(iter(here.values())),
                bool(_EXCLUSIVE.search(whole)),
            )


def _named(post: str) -> str:
    for pattern, name in _SAME:
        post = pattern.sub(name, post.strip())
    return post
