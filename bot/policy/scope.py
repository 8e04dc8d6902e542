"""Whom and what a policy says it is about, where it says so twice or rules on more."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.model import Strength
from bot.policy.sheet import Part, Sheet, in_order, shortened
from bot.policy.stances import rule_of

_GROUPS: Mapping[str, re.Pattern[str]] = {
    "staff": re.compile(r"\b(?:staff|employees?|teachers?|all adults|colleagues)\b"),
    "governors": re.compile(r"\b(?:governors?|trustees)\b"),
    "volunteers": re.compile(r"\bvolunteers?\b"),
    "pupils": re.compile(r"\b(?:pupils?|students?|learners)\b"),
    "parents": re.compile(r"\bparents?\b"),
    "visitors": re.compile(r"\b(?:visitors?|contractors?|supply (?:staff|teachers)|agency)\b"),
}  # fmt: skip
_SCOPE = re.compile(
    r"\b(?:policy|document|code|principles|guidance|procedure|rules)\b.{0,60}\b(?:appl(?:y|ies) to|covers?|is for|binds?|relates to)\b(?P<one>.*)"
    r"|\bcode of conduct\b.{0,60}\bexpect(?:ed)? of(?P<two>.*)|\bprinciples that(?P<three>.*)\bare expected to follow\b"
    r"|^(?P<four>all .{3,60}) (?:are|is) (?:expected|required) to (?:comply with|follow|adhere to|read) this (?:policy|document|procedure)\b"
    r"|^(?P<five>.{3,70}) must (?:all )?(?:comply with|follow|adhere to|sign|keep to) this (?:policy|document)\b"
)
_LISTED = re.compile(
    r"\buse of (?:social \w+(?: sites)?|social networking sites)\b.{0,20}\bby (?P<who>.*)"
)


def scope(sheet: Sheet) -> Iterator[Finding]:
    """Find statements of scope that name different people, and a scope narrower than the rules."""
    yield from _scope_who(sheet)
    yield from _scope_where(sheet)
    yield from _left_out(sheet)
    yield from _penalties(sheet)


def _scope_who(sheet: Sheet) -> Iterator[Finding]:
    """Statements of whom the policy binds that name different people."""
    told: dict[frozenset[str], list[tuple[tuple[str, ...], str]]] = {}
    for passage in sheet.passages:
        low = passage.text.lower()
        found = _SCOPE.search(low) if passage.part is Part.CLAUSE else None
        if passage.part is not Part.HEADING:
            found = found or _LISTED.search(low)
        if not found:
            continue
        named = " ".join(part for part in found.groups() if part)[:160]
        people = frozenset(g for g, pattern in _GROUPS.items() if pattern.search(named))
        if "staff" in people:
            told.setdefault(people, []).append((passage.clauses, shortened(passage.text)))
    broad = [p for p in told if len(p) > 1]
    if len(told) > 1 and broad:
        every = [one for some in told.values() for one in some]
        ids = in_order(sheet.clauses, (i for found_ids, _ in every for i in found_ids[:1]))
        only = sorted(set().union(*told) - frozenset.intersection(*told))
        yield Finding(
            Kind.SCOPE_WHO,
            Weight.PUT_RIGHT,
            ids,
            tuple(quote for _, quote in every)[:4],
            (("who", ", ".join(only)),),
        )


_ONLY_OUT = re.compile(
    r"\b(?:policy|document|guidance|code)\b.{0,30}\b(?:relates|applies|covers|is limited|is concerned)\b(?: only| solely)?(?: to| with)?(?P<what>.{0,70})"
    r"\b(?:outside (?:of )?(?:work|school)|personal (?:use|capacity)|private (?:use|lives)|own time|out of (?:work|school))\b(?P<rest>.{0,60})"
)
_AT_WORK = re.compile(
    r"\b(?:at work|work time|working (?:hours|day)|contact time|during (?:the )?(?:school day|lessons)|school (?:equipment|devices|computers?)|official (?:school )?accounts?|on the premises)\b"
)


def _scope_where(sheet: Sheet) -> Iterator[Finding]:
    """A policy that says it is about life outside work, and rules on work."""
    rules = [rule_of(c) for c in sheet.clauses]
    narrow = []
    for rule in rules:
        found = _ONLY_OUT.search(rule.text)
        if found and not re.search(
            r"\b(?:and|or|both|well as|whether|including)\b", found["what"] + found["rest"]
        ):
            narrow.append(rule)
    at_work = [
        r
        for r in rules
        if _AT_WORK.search(r.text)
        and (r.stance or r.clause.reading.strength is Strength.MUST)
        and r not in narrow
    ]
    if narrow and at_work:
        ids = in_order(sheet.clauses, (r.clause.id for r in (*narrow, *at_work[:4])))
        quotes = tuple(shortened(r.clause.text) for r in (*narrow[:1], *at_work[:3]))
        yield Finding(Kind.SCOPE_WHERE, Weight.PUT_RIGHT, ids, quotes)


# --- taken in here, left out there ---------------------------------------------------------------------------

_OUT = re.compile(
    r"\b(?:is|are) (?:not (?:covered|bound|subject|included|required|affected)|exempt|excluded|outside the scope)\b|\b(?:do|does|shall|will) not (?:apply|extend|cover|bind|relate|include)\b"
    r"|\bneed not (?:follow|read|keep to)\b|\bno part of this policy (?:applies|binds)\b|\boutside the scope\b|\bfall outside\b|\b(?:is|are) a private matter\b(?! and)"
)
_OF_IT = re.compile(r"\b(?:policy|part \w|document|code|it|these rules|this guidance|scope)\b")
_WHAT: Mapping[str, re.Pattern[str]] = {
    "private accounts": re.compile(r"\b(?:private|personal|own) (?:\w+ )?(?:accounts?|use|social media|profiles?|pages?)\b"),
    "own time": re.compile(r"\b(?:own time|out of (?:hours|school|work)|outside (?:of )?(?:work|school|working hours|it|school hours)|off site|holidays|at any hour|weekends?)\b"),
    "own devices": re.compile(r"\b(?:own|personal|private) (?:\w+ )?(?:devices?|phones?|telephones?|computers?)\b"),
    "the school's accounts": re.compile(r"\b(?:school|official)(?:’s)? (?:\w+ )?accounts?\b"),
    "messaging": re.compile(r"\b(?:whatsapp|messaging (?:apps?|groups?|services?)|group chats?)\b"),
    "games": re.compile(r"\b(?:online |multi-?player )?gam(?:es|ing)\b"),
    "email": re.compile(r"\b(?:e-?mails?)\b"),
    "trips": re.compile(r"\b(?:trips?|visits?|residentials?)\b"),
    "former pupils": re.compile(r"\bformer (?:pupils?|students?)\b"),
}  # fmt: skip
_IN = re.compile(
    r"\b(?:policy|document|code|it|rules|guidance)\b.{0,40}\b(?:appl(?:y|ies)|covers?|binds?|extends?|includes?|is for|relates?)\b|\bapplies? (?:alike|equally|to all|in full)\b|\b(?:must|should|will)? ?(?:follow|keep to|comply with|sign|read)s? (?:this|the) policy\b|\bfollows? part \w+\b"
    r"|\b(?:is|are) bound by (?:this|the) policy\b|\b(?:social media|online service)\b.{0,20}\b(?:means|includes)\b"
)
_STAFF_LIKE = {
    **_GROUPS,
    "visitors": re.compile(r"\b(?:visitors?|contractors?)\b"),
    "supply staff": re.compile(r"\b(?:supply (?:staff|teachers?)|agency (?:staff|workers?|teachers?)|peripatetic)\b"),
    "trainees": re.compile(r"\b(?:trainees?|trainee teachers|students? (?:on placement|in training)|student teachers)\b"),
}  # fmt: skip


def _left_out(sheet: Sheet) -> Iterator[Finding]:
    """People, accounts or times that one clause takes in and another leaves out."""
    rules = [(c, f"{c.lead_in or ''} {c.text}".lower().replace("'", "’")) for c in sheet.clauses]
    for out, text in rules:
        found = _OUT.search(text)
        of_it = found and (_OF_IT.search(text) or "private matter" in text)
        if (
            not found
            or not of_it
            or re.search(r"\b(?:rule in|rules? \d|section \d|first two rules)\b", text)
        ):
            continue
        # "It does not extend to own accounts in own time": what follows the words, else what stands before them
        after, before = text[found.end() :], text[: found.start()]
        told = _named_in(after) or _named_in(before[-90:])
        if "private matter" in found[0]:
            told = _named_in(before[-90:]) - {"staff"}
        took = [
            c
            for c, other in rules
            if c is not out
            and not _OUT.search(other)
            and _IN.search(other)
            and told & _named_in(other)
        ]
        if told and took:
            yield Finding(
                Kind.SCOPE_WHO,
                Weight.PUT_RIGHT,
                in_order(sheet.clauses, (out.id, *(c.id for c in took))),
                (shortened(out.text), *(shortened(c.text) for c in took[:2])),
                (
                    (
                        "who",
                        ", ".join(sorted(told & _named_in(" ".join(c.text.lower() for c in took)))),
                    ),
                ),
            )


def _named_in(text: str) -> frozenset[str]:
    text = text.replace("'", "’")
    named = {name for name, p in {**_STAFF_LIKE, **_WHAT}.items() if p.search(text)}
    return frozenset(named - {"staff"} or named)


# --- what follows a breach -----------------------------------------------------------------------------------

_BREACH = re.compile(
    r"\b(?:breach\w*|break\w*|broken|misuse|failure|fails?|not (?:follow|keep|comply)|contraven\w+|offence|misconduct)\b"
)
_STRICT = re.compile(
    r"\b(?:every|any|all|each|always|however (?:small|minor)|whatever|without exception|even (?:if|a|the)|in all cases|automatic\w*|will (?:always )?be (?:treated|regarded|dismissed))\b"
)
_SEVERE = re.compile(
    r"\b(?:gross misconduct|dismiss\w*|summar\w+|police|terminat\w+|removed from (?:the|their) post)\b"
)
_MILD = re.compile(
    r"\b(?:informal\w*|words? of advice|a reminder|no (?:formal|further|disciplinary) action|verbal(?:ly)?|quiet word|"
    r"supportive conversation|will not (?:normally |usually )?(?:lead to|result in) (?:formal|disciplinary)|(?:further )?training rather than)\b"
)
_MAY_BE = re.compile(
    r"\b(?:may|can|could|might|depend\w*|serious breach\w*|in serious cases|most serious)\b"
)


def _penalties(sheet: Sheet) -> Iterator[Finding]:
    """Every breach is the gravest of all, and a small one a matter for a quiet word."""
    rules = [(c, f"{c.lead_in or ''} {c.text}".lower()) for c in sheet.clauses]
    strict = [
        c
        for c, t in rules
        if _BREACH.search(t) and _SEVERE.search(t) and _STRICT.search(t) and not _MAY_BE.search(t)
    ]
    mild = [c for c, t in rules if _MILD.search(t) and _BREACH.search(t) and c not in strict]
    if strict and mild:
        yield Finding(
            Kind.PENALTIES,
            Weight.PUT_RIGHT,
            in_order(sheet.clauses, (c.id for c in (*strict, *mild))),
            tuple(shortened(c.text) for c in (*strict[:2], *mild[:2])),
        )
