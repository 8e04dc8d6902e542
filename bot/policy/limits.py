"""One thing for which a policy sets two limits: how long, by when, how often, from what age, how many, at what hours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.kinship import Kinship
from bot.policy.model import Clause
from bot.policy.opposites import apart, contrasted, folded
from bot.policy.sentences import sentences
from bot.policy.sheet import Sheet, in_order, shortened

MOST = 4  # findings of this kind in one policy: the nearest

_N = r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|thirteen|fourteen|sixteen|eighteen|twenty|thirty|twenty-four|twenty-eight|forty-eight|seventy-two|forty|fifty|sixty|ninety|fifteen|seventeen|nineteen|eleven)"
_WORDS = {
    w: str(n)
    for w, n in zip(
        ("one two three four five six seven eight nine ten twelve thirteen fourteen sixteen eighteen twenty thirty "
         "twenty-four twenty-eight forty-eight seventy-two forty fifty sixty ninety fifteen seventeen nineteen eleven").split(),
        (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 16, 18, 20, 30, 24, 28, 48, 72, 40, 50, 60, 90, 15, 17, 19, 11),
        strict=True,
    )
}  # fmt: skip
_PERIOD = (
    rf"{_N} (?:full |complete |working |school |calendar |academic )?(?:hours?|days?|weeks?|months?|years?|terms?)"
    r"|(?:the )?end of (?:the|each|that|every) (?:school year|academic year|summer term|half term|term|week|day|month|year)"
    r"|(?:the )?pupil (?:leaves|has left)|\b(?:one|a) year"
)
_KEEP = r"\b(?:kept|keep|keeps|retain\w*|stored|held|delet\w*|destroy\w*|erased?|removed|wiped|disposed|archived)\b"
NEAR = 1.5  # nearness (see `kinship`) from which two limits of one sort are of one thing
_AGREES = r"\b(?:at once|immediately|straight away|without delay|as soon as [^,.;]{3,30}|the same (?:working |school )?day|the next (?:working|school) day|by the end of the (?:next )?(?:working |school )?day)"


@dataclass(frozen=True, slots=True)
class _Sort:
    """A sort of limit: how its sentence is known, the limit itself, and how near two clauses must be."""

    is_of: re.Pattern[str]
    limit: re.Pattern[str]
    near: float = 1.5
    not_of: re.Pattern[str] = re.compile(r"(?!)")


_SORTS = {
    "kept": _Sort(
        re.compile(_KEEP), re.compile(rf"\b(?:{_PERIOD})\b"), NEAR,
        re.compile(r"\bwithin\b|\bfrom the (?:camera|device|tablet|phone)|\b(?:consent|permission) (?:is|can|may)\b"),
    ),
    "by when": _Sort(
        re.compile(r"\b(?:report\w*|tell\w*|told|decision|given|send|sent|repl\w+|inform\w*|notif\w*|answer\w*|acknowledged?|taken down|taken off|remove[ds]?|moved|uploaded|passed|declare[ds]?|delet\w*|recorded)\b"),
        re.compile(rf"\bwithin (?:{_PERIOD})|{_AGREES}|\bno later than [^,.;]{{3,30}}|\bin {_N} (?:working |school )?(?:hours?|days?|weeks?)\b|\bthe same evening\b|\bwait (?:a|{_N}) (?:hours?|days?|weeks?)\b"), NEAR,
    ),
    "how often": _Sort(
        re.compile(r"\b(?:review\w*|train\w*|check\w*|chang\w*|sign\w*|read|ask\w*|renew\w*|report\w*|audit\w*|test\w*|looked at|updated?|collected|sought)\b"),
        re.compile(rf"\bevery {_N} (?:years?|months?|weeks?|terms?|days?)|\b(?:annual(?:ly)?|yearly|termly|monthly|weekly|daily|fortnightly|each (?:year|term|half term|week|day|month|september)|every (?:year|term|half term|week|(?:school )?day|month|september)|once a (?:year|term|week|day|month|half term)|twice a (?:year|term|week|day))\b"), NEAR,
        re.compile(r"\bonly once\b"),
    ),
    "age": _Sort(
        re.compile(r"\b(?:under|over|aged?|reached|turned|until|from|at|below|above|least)\b"),
        re.compile(r"\b(?:under(?: the age of)?|over(?: the age of)?|aged?(?: of)?|reach(?:ed|es)?(?: the age of)?|turn(?:ed|s)?|below|above) (?:1[0-9]|2[01]|thirteen|fourteen|sixteen|eighteen)\b"), 1.6,
    ),
    "former": _Sort(
        re.compile(r"\b(?:former|ex-|past pupils?|left|leav\w+|attended|used to be)\b"),
        re.compile(rf"\b(?:age of|aged|under|until|turn(?:ed|s)?|reach(?:ed|es)?|over|is) (?:1[0-9]|21|eighteen)\b|\b(?:{_N}) (?:full |whole |complete )?years\b|\b(?:sixteen|seventeen|eighteen|nineteen|twenty-first)(?:th)? birthday|\bas soon as (?:they|the pupil)\b|\bfrom the (?:day|moment)\b|\bthe day (?:they|after)\b|\bonce they (?:start|move|leave|have left)\b|\bwhen they leave\b"), 1.45,
    ),
    "how many": _Sort(
        re.compile(r"\b(?:at least|minimum|fewer|no more than|up to|only|must)\b"),
        re.compile(rf"\b{_N} (?:characters|members? of staff|adults?|people|persons|staff|letters|devices|accounts|pictures|posts)\b"), 1.5,
    ),
    "hours": _Sort(
        re.compile(r"\b(?:message\w*|email\w*|answer\w*|contact\w*|comment\w*|post\w*|call\w*|phones?)\b"),
        re.compile(r"\b(?:before|after|between|until|from|by|than) \d{1,2}(?:[.:]\d\d)? ?(?:am|pm)?(?: and \d{1,2}(?:[.:]\d\d)? ?[ap]m)?\b"), 1.7,
    ),
    "in what month": _Sort(
        re.compile(r"\b(?:train\w*|review\w*|sign\w*|report\w*|renew\w*|session|meeting|briefing)\b"),
        re.compile(r"\b(?:january|february|march|april|june|july|august|september|october|november|december)\b"), NEAR,
        re.compile(r"\b(?:20\d\d|between|from)\b"),
    ),
    "any time": _Sort(re.compile(""), re.compile(rf"\b{_N} (?:full |complete |working |school |calendar )?(?:hours?|days?|weeks?|months?|years?)\b"), 1.8),
}  # fmt: skip
# Records that policies keep for a time and call by many words
_RECORDS = (
    re.compile(
        r"\b(?:browsing|internet|web\w*|sites?)\b.{0,25}\b(?:logs?|history|records?)\b|\b(?:logs?|records?|history) of\b.{0,20}\b(?:websites?|web ?pages|sites|browsing|internet)\b"
    ),
    re.compile(r"\b(?:consent|permission) (?:forms?|slips?|records?)\b"),
    re.compile(r"\b(?:incident|concern|online safety) (?:logs?|forms?|records?|reports?|book)\b|\b(?:logs?|records?) of (?:\w+ )?(?:incidents?|concerns?)\b"),
    re.compile(r"\b(?:recordings?|recorded lessons?)\b"),
    re.compile(r"\bcctv\b"),
)  # fmt: skip
NEAR_ENOUGH = 1.2  # nearness of two clauses that keep one such record
_RARE = re.compile(
    r"\b(?:unless|except\w*|urgent\w*|emergenc\w+|other than|where (?:this|that) is not)\b"
)


@dataclass(frozen=True, slots=True)
class _Set:
    clause: Clause
    sentence: str
    text: str
    values: frozenset[str]
    printed: str


def limits(sheet: Sheet, kin: Kinship, known: frozenset[frozenset[str]]) -> Iterator[Finding]:
    """Find pairs of clauses that set different limits for one thing; not those that are `known` already."""
    found: list[tuple[float, _Set, _Set]] = []
    for sort in _SORTS.values():
        those = [s for c in sheet.clauses for s in _limits_of(c, sort)]
        for a, b in combinations(those, 2):
            if (
                a.clause is b.clause
                or a.values & b.values
                or contrasted(a.text, b.text)
                or _RARE.search(a.text + b.text)
            ):
                continue
            near = kin.near(a.clause, b.clause, a.sentence, b.sentence).all
            least = NEAR_ENOUGH if sort is _SORTS["kept"] and _one_record(a, b) else sort.near
            if near >= least and not apart(a.clause, b.clause, kin, a.sentence, b.sentence):
                found.append((near - least, a, b))
    found += _two_counts(sheet, kin)
    found.sort(key=lambda entry: -entry[0])
    told = set(known)
    for _, a, b in found:
        pair = frozenset((a.clause.id, b.clause.id))
        if pair in told or len(told) - len(known) == MOST:
            continue
        told.add(pair)
        yield Finding(
            Kind.TWO_NUMBERS,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, pair),
            (shortened(a.clause.text), shortened(b.clause.text)),
            (("one", a.printed), ("other", b.printed)),
        )


_MANY = re.compile(rf"\b(?P<n>{_N}) (?:\w+ )?(?P<what>[a-z]{{4,}})\b")
_TIMES = re.compile(
    r"(?:hour|day|week|month|year|term|minute|time|school|working|part|copie|way|thing|people|pound)"
)
ABOUT_ONE = 1.35  # nearness from which two numbers of one thing are of the same one


def _two_counts(sheet: Sheet, kin: Kinship) -> Iterator[tuple[float, _Set, _Set]]:
    """As in "Two administrators" here and "one administrator" there."""
    counted: list[tuple[_Set, str, str]] = []
    for clause in sheet.clauses:
        for sentence in sentences(clause.text):
            text = folded(f"{clause.lead_in or ''} {sentence}")
            for found in _MANY.finditer(text):
                what = found["what"].removesuffix("s")
                # "one of them" and "one member" count nothing
                if not _TIMES.match(what) and (found["n"] != "one" or _ENOUGH.search(text)):
                    n = _WORDS.get(found["n"], found["n"])
                    counted.append(
                        (_Set(clause, sentence, text, frozenset({n}), found[0]), n, what)
                    )
    for (a, n, what), (b, m, other) in combinations(counted, 2):
        if what == other and n != m and a.clause is not b.clause and not contrasted(a.text, b.text):
            near = kin.near(a.clause, b.clause, a.sentence, b.sentence).all
            if near >= ABOUT_ONE and not apart(a.clause, b.clause, kin, a.sentence, b.sentence):
                yield near - ABOUT_ONE, a, b


_ENOUGH = re.compile(r"\b(?:enough|only one|just one|each|every|sufficient|single|one new)\b")


def _one_record(a: _Set, b: _Set) -> bool:
    return any(p.search(a.text) and p.search(b.text) for p in _RECORDS)


def _limits_of(clause: Clause, sort: _Sort) -> Iterator[_Set]:
    lead = f"{clause.lead_in} " if clause.lead_in else ""
    for sentence in sentences(clause.text):
        text = folded(lead + sentence)
        if sort.is_of.search(text) and not sort.not_of.search(text):
            found = [m[0].strip() for m in sort.limit.finditer(folded(sentence))]
            if found:
                yield _Set(clause, sentence, text, frozenset(map(_same, found)), found[0])


def _same(limit: str) -> str:
    """One way of writing a limit: "within twenty-four hours" is "24 hour"."""
    limit = re.sub(r"^(?:within|the|every|a minimum of) ", "", limit)
    limit = re.sub(r"(\w+)th birthday", r"turn \1", limit)
    limit = " ".join(_WORDS.get(w, w) for w in limit.split())
    if aged := re.search(
        r"\b(?:age|aged|under|over|until|turn(?:ed|s)?|reach(?:ed|es)?|is|above|below)\b.*?(\d\d)$",
        limit,
    ):
        return f"at {aged[1]}"
    limit = re.sub(
        r"\b(?:each|every|once a) (year|september)\b|\b(?:annual|annually|yearly|1 year)\b",
        "year",
        limit,
    )
    limit = re.sub(r"\b(?:each|every|once a) (week|day|month|term|half term)\b", r"\1", limit)
    limit = re.sub(r"\b(?:daily|(?:school )?day)\b", "day", limit)
    limit = re.sub(
        r"\b(?:at once|immediately|straight away|without delay|as soon as .*)$", "at once", limit
    )
    return re.sub(
        r"\b(?:full|working|school|calendar|complete|whole)\b ?|s\b|ly\b", "", limit
    ).strip()
