"""How much of what a careful reader marked in a policy `mayi policy check` finds.

    python -m tests.bench.review POLICY_FILE GOLD_JSONL

POLICY_FILE is a document or a policy file. A line of GOLD_JSONL is one thing marked:
{"mark": "E|S|C|A|G", "kind": "free words", "quote": "the policy's words at the place", "quote2": "...", "what": "..."}
A thing is found when a finding of a fitting nature names the clause that its quote stands in, or quotes it; a
contradiction when it names both. Prints each as found or not, the findings that match nothing, and the rates.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.policy.importer import import_policy
from bot.policy.policyfile import read_policy
from bot.policy.review import (
    Dates,
    Facts,
    Finding,
    Kind,
    Sheet,
    due_as_printed,
    lay_out,
    review,
)
from bot.schedule.words import when_due

# Kinds that concern the policy as a whole: where their gold stands is not a matter of one clause
WHOLE = frozenset(
    {
        Kind.OVERDUE, Kind.UNDATED, Kind.CYCLE, Kind.UNSIGNED, Kind.SIGNATURE, Kind.NATION_GUIDANCE,
        Kind.NUMBERING, Kind.TWO_TITLES, Kind.NO_ROUTE, Kind.NO_HEAD_ROUTE, Kind.NO_ABSENCE_RULE,
    }
)  # fmt: skip
_STALE = frozenset(
    {
        Kind.EDITION, Kind.EDITION_NUMBERS, Kind.STALE_GUIDANCE, Kind.STALE_LAW, Kind.STALE_SERVICE, Kind.STALE_NAME,
        Kind.LINK, Kind.PLATFORM_CLAIM,
    }
)  # fmt: skip
_SENTENCE = frozenset({Kind.FRAGMENT, Kind.SLIPS, Kind.QUOTES, Kind.TWO_IN_ONE})
# What a policy is silent on: never what somebody marked at a place
_SILENCES = frozenset({Kind.NO_ROUTE, Kind.NO_HEAD_ROUTE, Kind.NO_ABSENCE_RULE, Kind.UNDATED, Kind.UNANSWERED})  # fmt: skip
# What the kind of a gold line marked E or S says, and the findings that are of that nature. Words that are not here
# leave every finding at the place.
NATURES: tuple[tuple[str, frozenset[Kind]], ...] = (
    (r"number|sequence|missing section|section missing|gap", frozenset({Kind.NUMBERING})),
    (r"pandemic|covid|lockdown", _STALE),
    (r"contents|table of contents", frozenset({Kind.CONTENTS})),
    (r"phase|(?:primary|secondary|infant|junior).*(?:primary|secondary|infant|junior)|sixth form|key stage", frozenset({Kind.OTHER_PHASE, Kind.OTHER_SCHOOL})),
    (r"duplicat|twice|repeat", frozenset({Kind.DUPLICATE, Kind.SLIPS})),
    (r"double negat", frozenset({Kind.DOUBLE_NEGATIVE})),
    (r"['‘“\"]not['’”\"]|lost not|loses? (?:its|their|the) not|list items?", frozenset({Kind.LOST_NOT, Kind.REVERSED})),
    (r"revers|wrong word|opposite|polarity|inver", frozenset({Kind.REVERSED, Kind.DOUBLE_NEGATIVE, Kind.SLIPS})),
    (r"count|how many|\blist\b.*(?:empty|missing|short)", frozenset({Kind.LIST_COUNT})),
    ((r"fragment|orphan|page break|split|incomplete|unfinished|truncat|cut off|garbled|broken|grammar|missing word|"
      r"no (?:subject|verb)|nonsense|sentence"), _SENTENCE),
    (r"typo|slip|spell|misprint|punctuat|wrong word|doubled|quot|bracket", _SENTENCE),
    (r"two titles|titles?\b|called", frozenset({Kind.TWO_TITLES, Kind.CALLED_OTHERWISE, Kind.MIXED_TITLES})),
    (r"blank|signature|signed|unsigned|initial", frozenset({Kind.UNSIGNED, Kind.PLACEHOLDER, Kind.SIGNATURE})),
    (r"placeholder|template|filled in|insert|unfilled", frozenset({Kind.PLACEHOLDER, Kind.OTHER_SCHOOL})),
    (r"impossible|invalid|no such (?:date|day)|dates? (?:that|which) (?:do|does|can)", frozenset({Kind.BAD_DATE})),
    (r"another school|other school|wrong school|left[- ]?(?:in|over)|employer|template|wrong (?:type|phase)",
     frozenset({Kind.OTHER_SCHOOL, Kind.PLACEHOLDER, Kind.PLANNING_NOTES})),
    (r"wrong nation|nation\b|wales|scot|england|english|welsh|irish", frozenset({Kind.NATION_GUIDANCE})),
    (r"(?:review|date).*(?:past|passed|overdue|gone|lapsed|expired)|(?:past|overdue|lapsed|expired|missed).*(?:review|date)|out of date review",
     frozenset({Kind.OVERDUE})),
    (r"\b(?:no|missing|undated)\b.*(?:date|owner|review|version)", frozenset({Kind.UNDATED})),
    (r"cycle|dates? (?:and|against|contradict|disagree)", frozenset({Kind.CYCLE, Kind.BAD_DATE})),
    (r"mixed|inconsisten|terms?\b", frozenset({Kind.MIXED_TITLES})),
    (r"person|named", frozenset({Kind.NAMED_PEOPLE})),
    (r"reference|appendix|annex|section that|no such section|cross", frozenset({Kind.REFERENCE})),
    (r"link|url|web address|address", frozenset({Kind.LINK})),
    (r"note|planning|working", frozenset({Kind.PLANNING_NOTES})),
    (r"screenshot|evidence", frozenset({Kind.EVIDENCE})),
    ((r"supersed|stale|edition|guidance|renamed|replaced|abolished|closed|repealed|\blaw\b|\bact\b|statute|outdated|"
      r"service|platform|body|withdrawn|defunct|former|procedures|\bcode\b|old (?:name|term)|retired|revoked|obsolete"), _STALE),
)  # fmt: skip
# What the words of a gold line marked A or G say when they mean a kind
SAYS: dict[Kind, str] = {
    Kind.OVERDUE: r"overdue|review.*(?:past|passed|due|date)|past.*review|expired|out of date",
    Kind.UNDATED: r"missing.*(?:date|owner|review|version|adopt)|no.*(?:date|owner|review|version|adopt)|undated|owner",
    Kind.CYCLE: r"cycle|review.*(?:contradict|mismatch|differ)",
    Kind.UNSIGNED: r"sign|blank|adopt",
    Kind.SIGNATURE: r"signature|initial",
    Kind.PLACEHOLDER: r"placeholder|blank|template|insert|filled",
    Kind.EDITION: r"edition|supersed|kcsie|keeping|stale|guidance|outdated|old",
    Kind.EDITION_NUMBERS: r"paragraph|number|edition|kcsie",
    Kind.NATION_GUIDANCE: r"nation|wales|welsh|england|guidance",
    Kind.STALE_GUIDANCE: r"supersed|guidance|stale|outdated|replaced|withdrawn|title|past|pandemic|covid|lockdown",
    Kind.STALE_LAW: r"law|act|repeal|legislation|supersed|replaced",
    Kind.STALE_SERVICE: r"service|platform|twitter|closed|renamed|brand|stale|defunct|skype",
    Kind.STALE_NAME: r"name|renamed|term|body|title|spell|brand|stale|outdated|defunct|abolished|sexting|role",
    Kind.LINK: r"link|http|address|url|web",
    Kind.PLATFORM_CLAIM: r"claim|platform|facebook|undated|service",
    Kind.NAMED_PEOPLE: r"person|people|name",
    Kind.MIXED_TITLES: r"title|mixed|inconsisten|term|name|body|role|page",
    Kind.TWO_TITLES: r"title",
    Kind.CALLED_OTHERWISE: r"procedure|called|calls|title|term",
    Kind.DUPLICATE: r"duplicat|twice|repeat",
    Kind.NUMBERING: r"number|missing section|\bsequence",
    Kind.REFERENCE: r"refer|appendix|section|annex|missing",
    Kind.LOST_NOT: r"\bnot\b|lead|frame|list|negat",
    Kind.DOUBLE_NEGATIVE: r"double|negati",
    Kind.FRAGMENT: r"fragment|orphan|incomplete|subject|verb|sentence|truncat|cut",
    Kind.TWO_IN_ONE: r"two|joined|one (?:line|item|bullet)|merged",
    Kind.DANGLING: r"such|dangling|refer|antecedent",
    Kind.QUOTES: r"quot|bracket|punctuat|unbalanced",
    Kind.SLIPS: r"typo|spell|misprint|word|punctuat|grammar|slip|garbled|person|drafting|mistake|error|semicolon|doubled|wrong",
    Kind.PLANNING_NOTES: r"planning|notes?|faq|working|left in|question",
    Kind.NO_ROUTE: r"\broutes?\b|silent|nothing (?:says|on|about)",
    Kind.NO_HEAD_ROUTE: r"head",
    Kind.NO_ABSENCE_RULE: r"absen|away|deputy|cover|unavailable|single point",
    Kind.EVIDENCE: r"evidence|screen|copy|print|indecent|image",
    Kind.UNANSWERED: r"question|unanswered",
    Kind.BAN_AND_LEAVE: r"contradict|conflict|ban|leave|allow|forbid",
    Kind.TWO_ROUTES: r"contradict|conflict|route|report|person|two",
    Kind.TWO_NUMBERS: r"contradict|conflict|number|period|hours|days|years|age",
    Kind.CONSENT_BOTH_WAYS: r"contradict|consent|opt|permission|conflict",
    Kind.ACT_YOURSELF: r"contradict|conflict|deal|yourself|respond",
    Kind.SCOPE_WHO: r"scope|who|bound|binds|appl|contradict|conflict",
    Kind.SCOPE_WHERE: r"scope|outside|work|contradict|conflict",
    Kind.BAD_DATE: r"date|day",
    Kind.CONTENTS: r"contents",
    Kind.OTHER_PHASE: r"phase|sixth|primary|secondary|key stage",
    Kind.LIST_COUNT: r"count|how many|list",
    Kind.REVERSED: r"revers|opposite|wrong word|authoris|supervis",
    Kind.OTHER_SCHOOL: r"school|employer|left|template|trust",
    Kind.RULE_AND_OPPOSITE: r"contradict|conflict|against|disagree",
    Kind.PENALTIES: r"misconduct|informal|disciplin|breach",
}
_OPPOSED = frozenset(
    {
        Kind.BAN_AND_LEAVE, Kind.TWO_ROUTES, Kind.TWO_NUMBERS, Kind.CONSENT_BOTH_WAYS, Kind.ACT_YOURSELF, Kind.SCOPE_WHO,
        Kind.SCOPE_WHERE, Kind.CYCLE, Kind.MIXED_TITLES, Kind.RULE_AND_OPPOSITE, Kind.PENALTIES,
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """A document reviewed: its sheet, what was found, and each clause's lines in the document."""

    sheet: Sheet
    found: tuple[Finding, ...]
    lines: dict[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Gold:
    """One thing that a careful reader marked."""

    mark: str
    kind: str
    quote: str
    quote2: str
    what: str


def reviewed(document: Path, folder: Path, today: date, nation: str = "England") -> Read:
    """Import a document and review it, as `mayi policy check` does for a school with nothing but it."""
    lines: dict[str, list[int]] = {}
    path = document
    if document.suffix != ".md" or not document.read_text("utf-8").startswith("---"):
        account = import_policy(document, folder)
        path = account.path
        for line in account.lines:
            for clause in line.clauses:
                lines.setdefault(clause, []).append(line.number)
    policy = read_policy(path)
    front = policy.front
    sheet = lay_out(policy, path.read_text("utf-8"))
    dates = Dates(
        front.reviewed or front.adopted or when_due(front.reviewed_as_printed),
        front.next_review or when_due(front.next_review_as_printed or due_as_printed(sheet)),
    )
    found = review(sheet, Facts(today=today, nation=nation, dates=dates))
    return Read(sheet, found, {clause: tuple(some) for clause, some in lines.items()})


def gold(path: Path) -> list[Gold]:
    """The lines of a gold file."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    return [
        Gold(
            r["mark"],
            r.get("kind", ""),
            r.get("quote", ""),
            r.get("quote2", "") or "",
            r.get("what", ""),
        )
        for r in rows
    ]


def fits(item: Gold, finding: Finding, sheet: Sheet) -> bool:
    """Whether a finding is what was marked: of its nature, and at its place."""
    if finding.kind not in _kinds_of(item):
        return False
    if not _at(item.quote, finding, sheet):
        return False
    return not item.quote2 or "C" not in item.mark or _at(item.quote2, finding, sheet)


def _kinds_of(item: Gold) -> frozenset[Kind]:
    """The kinds of finding that can be what a gold line means, by its free words."""
    if item.mark == "C":
        return _OPPOSED
    if set(item.mark) & set("AG"):
        words = f"{item.kind} {item.what}"
        return frozenset(k for k, p in SAYS.items() if re.search(p, words, re.IGNORECASE))
    named = [kinds for p, kinds in NATURES if re.search(p, item.kind, re.IGNORECASE)]
    return frozenset().union(*named) if named else frozenset(Kind) - WHOLE - _SILENCES - _OPPOSED


def _at(quote: str, finding: Finding, sheet: Sheet) -> bool:
    if not quote or finding.kind in WHOLE:
        return True
    wanted = _plain(quote)
    texts = {c.id: f"{' '.join(c.section)} {c.lead_in or ''} {c.text}" for c in sheet.clauses}
    if any(wanted in _plain(texts[i]) or _plain(texts[i]) in wanted for i in finding.clauses):
        return True
    # A quote over several clauses counts where the finding names one that it holds most of
    bodies = [_plain(c.text) for c in sheet.clauses if c.id in finding.clauses]
    if any(len(body) > 25 and body in wanted for body in bodies):
        return True
    return any(
        (q := _plain(quoted.strip("… "))) and (q in wanted or wanted in q)
        for quoted in finding.quotes
    )


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower().replace("’", "").replace("'", "")))


def score(
    read: Read, items: Sequence[Gold]
) -> tuple[list[tuple[Gold, Finding | None]], list[Finding]]:
    """Each thing marked with the finding that is it, and the findings that are nothing that was marked."""
    pairs = [
        (item, next((f for f in read.found if fits(item, f, read.sheet)), None)) for item in items
    ]
    rest = [f for f in read.found if not any(fits(item, f, read.sheet) for item in items)]
    return pairs, rest


def share(pairs: Iterable[tuple[Gold, Finding | None]], marks: str) -> tuple[int, int]:
    """How many of the things with one of these marks were found, and of how many."""
    some = [found is not None for item, found in pairs if set(item.mark) & set(marks)]
    return sum(some), len(some)


def main(arguments: Sequence[str]) -> int:
    """Print how a policy scores against a gold file."""
    if len(arguments) != 2:
        print("give a policy and a gold file: python -m tests.bench.review POLICY_FILE GOLD_JSONL")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        read = reviewed(Path(arguments[0]), Path(folder), date.today())  # noqa: DTZ011
        pairs, rest = score(read, gold(Path(arguments[1])))
    for item, found in pairs:
        said = f"found as {found.kind}" if found else "NOT FOUND"
        print(f"{item.mark:4} {said:24} {item.kind}: {item.what or item.quote}"[:160])
    for finding in rest:
        where = ", ".join(finding.clauses) or "the policy"
        print(f"false? {finding.kind} at {where}: {' | '.join(finding.quotes)}"[:160])
    for marks in ("ES", "C", "AG"):
        found, of = share(pairs, marks)
        if of:
            print(f"{' and '.join(marks)}: {found} of {of} found, {found / of:.0%}")
    count = len(read.found)
    print(
        f"{count} findings, {len(rest)} match nothing{f', {len(rest) / count:.0%}' if count else ''}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
