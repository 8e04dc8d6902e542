"""Dates and version numbers that a policy prints of itself and that do not fit each other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from bot.policy.bygone import is_history, is_over
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.periods import Period, periods
from bot.policy.sheet import Sheet, in_order, shortened

_SHORT = 26  # words of a line that prints a date or a version of the policy
_VERSION = re.compile(
    r"\b(?:[Vv]ersion|VERSION|[Ii]ssue|[Rr]evision|[Rr]ev\.)\s*(?:[Nn]o\.?|[Nn]umber)?\s*[:.]?\s*(?P<number>\d{1,2}(?:\.\d{1,2})*)(?![\d/])"
    r"|\b[vV]\.?\s?(?P<short>\d{1,2}(?:\.\d{1,2})*)(?![\d/.])"
)
_NOT_OURS = re.compile(
    r"\b(?:iOS|Android|Windows|macOS|TLS|HTTP|IPv|Bluetooth|software|app|browser|system|Wi-?Fi|WPA|licen[cs]e|"
    r"Creative Commons|software|schools?['’]? version|of the (?:form|agreement|guidance|code))\b",
    re.IGNORECASE,
)
_BETWEEN = r"(?P<between>[^.;|]{0,70}?)"
_NEXT = re.compile(
    r"\bnext (?:\w+ ){0,3}?review\w*|\bnext (?:be )?(?:reviewed|revised)\b|\breview (?:is |falls )?due\b|"
    r"\bdue for (?:\w+ )?review\b|\b(?:to|will|must|shall|should) (?:next |then )?be (?:next )?(?:formally )?reviewed (?:again )?(?:in|by|on|before|no later)",
    re.IGNORECASE,
)
_LAST = re.compile(
    r"\b(?:last|most recently|previously) (?:\w+ )?(?:review\w*|revis\w+|updated?)|(?<!be )\b(?:date )?(?:reviewed|revised)\b|\bdate of (?:last )?review\b",
    re.IGNORECASE,
)
_ADOPTED = re.compile(
    r"(?<!re-)(?<!be )\b(?:adopted|approved|ratified|agreed)\b|\b(?:date of )?(?:approval|adoption|ratification)\b|\bsigned off\b",
    re.IGNORECASE,
)
_FIRST = re.compile(
    r"\b(?:first|originally|initially|previously|original|earlier|history)\b", re.IGNORECASE
)
_SIGNED = re.compile(r"^\W*(?:signed|signature)\b|\b[Ss]igned\b.{0,60}\b[Dd]ated?\b", re.IGNORECASE)
_POLICY = re.compile(r"\b(?:policy|code)\b", re.IGNORECASE)
_TITLES = frozenset({"title", "heading"})
_PART = re.compile(
    r"\b(?:appendix|annex|agreement|form|letter|slip|declaration|protocol|schedule|consent|pledge|contract|poster|checklist)\b",
    re.IGNORECASE,
)
_TITLED = re.compile(
    r"\b(?:Act|Regulations?|Education|KCSIE|KCSiE|Guidance|guidance|Order|Framework|framework|Standards)\b|\b(?:[Aa]dded|[Uu]pdated|[Rr]evised|[Rr]eviewed)\b"
)
_OTHERS = re.compile(
    r"\b(?!this\b|our\b|the\b|media\b|safety\b|use\b|acceptable\b|networking\b|phones?\b|communications?\b|online\b|ict\b|it\b)"
    r"(?:protection|safeguarding|behaviour|bullying|conduct|complaints|data|whistleblowing|exclusion|attendance|disciplinary|handbook)\b (?:policy|procedure)",
    re.IGNORECASE,
)
_STRAY = 45  # days by which two printings of one day may differ
_APPROVALS = 200  # days within which a policy passes through several hands
_SIGNING = 60  # days by which a signature may come before the policy's date
_OLD_PART = (
    240  # days by which a dated appendix may come before it: one school year's form serves the next
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    clauses: tuple[str, ...]
    kept: str = ""  # what of the document it is, where it is no clause


def disagree(sheet: Sheet, today: date) -> Iterator[Finding]:
    """Find versions, dates of review, signatures and appendices that contradict the policy's own date."""
    lines = list(_lines(sheet))
    yield from _versions(sheet, lines)
    yield from _two_dates(sheet, lines)
    yield from _order(sheet, lines, today)


def _lines(sheet: Sheet) -> Iterator[_Line]:
    """The short lines of the document, as they stand in it; a line of its history is none."""
    seen: set[str] = set()
    title = _Line(sheet.policy.front.title, (), "title")
    kept = [_Line(text, (), name) for name, text in sheet.kept]
    clauses = [_Line(c.text, (c.id,)) for c in sheet.policy.clauses]
    for line in [title, *kept, *clauses]:
        short = len(line.text.split()) <= _SHORT
        if short and line.text not in seen and not is_history(line.text):
            seen.add(line.text)
            yield line


def _finding(sheet: Sheet, what: str, lines: Iterable[_Line]) -> Finding:
    some = tuple(lines)
    return Finding(
        Kind.DATES_DISAGREE,
        Weight.PUT_RIGHT,
        in_order(sheet.clauses, (i for line in some for i in line.clauses)),
        tuple(dict.fromkeys(shortened(line.text) for line in some)),
        (("what", what),),
    )


def _versions(sheet: Sheet, lines: list[_Line]) -> Iterator[Finding]:
    """Two version numbers; three or more are a history that is told somewhere."""
    told: dict[str, _Line] = {}
    for line in lines:
        for found in _VERSION.finditer(line.text):
            number = found["number"] or found["short"]
            if _NOT_OURS.search(line.text) or is_over(line.text, *found.span()):
                continue
            told.setdefault(re.sub(r"(?:\.0+)+$", "", number), line)
    # Of the rows of a table with the versions of the document, the newest says which this is
    rows = [n for n, line in told.items() if "table" in line.kept and any(periods(line.text))]
    for number in sorted(rows, key=lambda n: [int(part) for part in n.split(".")])[:-1]:
        del told[number]
    if len(told) == 2 and len({line.text for line in told.values()}) == 2:
        one, other = told
        what = f"version {one} in one place and version {other} in another"
        yield _finding(sheet, what, told.values())


def _dates(lines: list[_Line], label: re.Pattern[str]) -> list[tuple[Period, _Line]]:
    """The dates that lines print after a label, the nearest to it."""
    found = []
    for line in lines:
        if _OTHERS.search(line.text) or _FIRST.search(line.text):
            continue
        for said in label.finditer(line.text):
            after = next((p for p in periods(line.text) if 0 <= p.start - said.end() <= 70), None)
            between = line.text[said.end() : after.start] if after else ""
            if after and not re.search(r"[.;|]", between) and not _labels(between, label):
                found.append((after, line))
    return found


def _labels(between: str, label: re.Pattern[str]) -> bool:
    """Whether another label stands before the date, whose it is."""
    return any(
        other is not label and other.search(between) for other in (_NEXT, _LAST, _ADOPTED, _SIGNED)
    )


def _two_dates(sheet: Sheet, lines: list[_Line]) -> Iterator[Finding]:
    for label, what, stray in (
        (_NEXT, "its next review", _STRAY),
        (_ADOPTED, "its adoption", _APPROVALS),
    ):
        told = _dates(lines, label)
        for at, (one, line) in enumerate(told):
            other = next(
                (
                    o
                    for o in told[at + 1 :]
                    # The rows of a table tell a history
                    if o[0].apart(one) > stray
                    and not ("table" in line.kept and "table" in o[1].kept)
                ),
                None,
            )
            if other:
                words = f"{one.words} in one place and {other[0].words} in another as the date of {what}"
                yield _finding(sheet, words, (line, other[1]))
                break


def _order(sheet: Sheet, lines: list[_Line], today: date) -> Iterator[Finding]:
    """What cannot have been in that order, such as a signature older than what it signs."""
    adopted, following = _dates(lines, _ADOPTED), _dates(lines, _NEXT)
    for when, line in adopted:
        if when.first > today + timedelta(days=1):
            what = f"it is said to have been adopted on a day to come ({when.words})"
            yield _finding(sheet, what, (line,))
            return
    # A "date of review" to come is the next one
    reviewed = [
        (when, line)
        for when, line in _dates(lines, _LAST)
        if when.first <= today and not _NEXT.search(line.text[: when.start])
    ]
    known = [*adopted, *reviewed]
    if not known:
        return
    dated, line = max(known, key=lambda d: d[0].last)
    for when, other in following:
        if when.last < min(d[0].first for d in known):
            yield _finding(
                sheet,
                f"the next review ({when.words}) comes before the policy ({dated.words})",
                (other, line),
            )
            return
    for part in lines:
        for when in periods(part.text):
            before = (dated.first - when.last).days
            if _SIGNED.search(part.text) and before > _SIGNING and part is not line:
                what = f"a signature of {when.words} under a policy of {dated.words}"
            elif (
                part.kept == "page furniture" or re.search(r"\b[Pp]age \d", part.text)
            ) and before > _SIGNING:
                what = f"the foot of the page prints {when.words}, the policy is of {dated.words}"
            elif part.kept in _TITLES and _POLICY.search(part.text) and before > _SIGNING:
                what = f"the title prints {when.words}, the policy is of {dated.words}"
            else:
                continue
            yield _finding(sheet, what, (part, line))
            return
    yield from _old_parts(sheet, dated, line)


def _old_parts(sheet: Sheet, dated: Period, line: _Line) -> Iterator[Finding]:
    headings = {h: c.id for c in reversed(sheet.clauses) for h in c.section}
    for heading, clause in headings.items():
        if not _PART.search(heading) or _TITLED.search(heading):
            continue
        for when in periods(heading):
            if (dated.first - when.last).days > _OLD_PART:
                what = f"a part of {when.words} in a policy of {dated.words}"
                yield _finding(sheet, what, (_Line(heading, (clause,)), line))
                return
