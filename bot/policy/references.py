"""What a policy sends its readers to: sections and appendices that it does not have, or that bear another title."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.numbering import bare, number_of, paragraph_number
from bot.policy.sheet import Part, Passage, Sheet, in_order, shortened

_CITED = re.compile(
    r"\b(?P<what>section|paragraph|para|clause|part|appendix|annex|schedule)s? (?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|(?-i:[A-Z]\d{0,2})\b)",
    re.IGNORECASE,
)
# "see E4", "unless 4.15 applies": a label on its own, where the policy labels its paragraphs so
_BARE = re.compile(
    r"\b(?:see|unless|under|per)(?: also)? (?P<number>[A-Z]\d{1,2}|\d{1,2}\.\d{1,2})\b(?! ?(?:%|am|pm|p\.m|a\.m|o'clock|hours|GB|MB|metres|years|p\b))"
)
_LABEL = re.compile(
    r"(?:(?:part|section|annex|appendix|schedule)\s+)?(?P<label>[A-Z]\d{0,2}|\d{1,2})(?:[.):–—-]|\s|$)",
    re.IGNORECASE,
)
_TITLED = re.compile(r"^,? ?[(“‘\"'](?P<title>[A-Z][a-z]+(?: [\w’'-]+){0,6})[)”’\"']")
LIKE = 60  # likeness (0 to 100) from which a title that is given is that of the section

_ELSEWHERE = re.compile(
    r"\bAct\b|\b(?:KCSIE|Keeping Children|Working Together|Guidance|guidance|Regulations|Standards|Code|handbook|Education|Learners)\b"
)
_ELSEWHERE_POLICY = re.compile(r"\b[A-Z]\w+ (?:Policy|Procedure)\b")


def references(sheet: Sheet) -> Iterator[Finding]:
    """Find references to what is not there, and lines of the contents without their section."""
    yield from _references(sheet)
    yield from _contents(sheet)


def _references(sheet: Sheet) -> Iterator[Finding]:
    hits: dict[str, Passage] = {}
    known = _Known(sheet)
    for passage in sheet.passages:
        if passage.part is Part.HEADING:
            continue
        for pattern in (_CITED, _BARE):
            for found in pattern.finditer(passage.text):
                around = passage.text[max(found.start() - 70, 0) : found.end() + 70]
                if _ELSEWHERE.search(around) or _ELSEWHERE_POLICY.search(around):
                    continue
                what = found.groupdict().get("what") or ""
                title = _TITLED.match(passage.text[found.end() :])
                if known.lacks(what.lower(), found["number"]) or (
                    title and known.titled_otherwise(found["number"], title["title"])
                ):
                    hits[shortened(passage.text, found)] = passage
    if hits:
        ids = in_order(sheet.clauses, (i for p in hits.values() for i in p.clauses))
        yield Finding(Kind.REFERENCE, Weight.PUT_RIGHT, ids, tuple(hits))


class _Known:
    """The sections and appendices that a policy has."""

    def __init__(self, sheet: Sheet) -> None:
        self._headings = [p.text for p in sheet.passages if p.part is Part.HEADING]
        self._headings += [text for _, text in sheet.kept]
        self._numbers = {n for text in self._headings if (n := number_of(text)) is not None}
        printed = (paragraph_number(c.text) for c in sheet.policy.clauses)
        self._numbers |= {n for n in printed if n is not None}
        self._deep = any(len(n) > 1 for n in self._numbers)
        self._labels = {m["label"].upper() for h in self._headings if (m := _LABEL.match(h))}
        # How many paragraphs a numbered section can have at most, where their own numbers were not kept
        self._holds: dict[int, int] = {}
        for clause in sheet.clauses:
            for heading in clause.section[:1]:
                if number := number_of(heading):
                    self._holds[number[0]] = self._holds.get(number[0], 0) + 1
        # What is printed before a clause as a letter and number
        self._labels |= {
            m["label"].upper()
            for c in sheet.policy.clauses
            if (m := re.match(r"(?P<label>[A-Z]\d{1,2})[.)]?\s", c.text))
        }

    def lacks(self, what: str, number: str) -> bool:
        """Whether the policy has no such section or appendix, as far as its headings tell."""
        if what in ("appendix", "annex", "schedule"):
            return not any(
                re.match(rf"{what}\s+{number}\b", h, re.IGNORECASE) for h in self._headings
            )
        if number[0].isalpha():
            kin = [
                x
                for x in self._labels
                if x[0].isalpha() and x[1:].isdigit() == number[1:].isdigit()
            ]
            return len(kin) > 1 and number.upper() not in self._labels
        if not self._numbers:
            return False
        wanted = tuple(int(n) for n in number.split("."))
        if wanted in self._numbers:
            return False
        if len(wanted) == 1:
            return bool(what)
        if wanted[:1] not in self._numbers:
            return bool(what) or wanted[0] > max(n[0] for n in self._numbers)
        return bool(what) if self._deep else wanted[1] > self._holds.get(wanted[0], 99)

    def titled_otherwise(self, number: str, title: str) -> bool:
        """Whether the section of this number bears another title than the one that is given."""
        from rapidfuzz import fuzz

        own = [
            h
            for h in self._headings
            if (m := _LABEL.match(h)) and m["label"].upper() == number.upper()
        ]
        wanted = set(bare(title).split())
        return bool(own) and not any(
            fuzz.partial_ratio(bare(title), bare(h)) >= LIKE or wanted & set(bare(h).split())
            for h in own
        )


_LISTS_SECTIONS = re.compile(r"(?:table of |list of )?contents", re.IGNORECASE)
_LINE_OF_CONTENTS = re.compile(
    r"^(?:\d+(?:\.\d+)*|[a-z]|[ivx]+)[.):]?\s+|[\s.…_]*(?:page )?\d{0,3}\s*$", re.IGNORECASE
)
TITLED_SO = 80  # likeness (0 to 100) from which a line of the contents is a heading


def _contents(sheet: Sheet) -> Iterator[Finding]:
    """A line of the contents for which the policy has no section."""
    from rapidfuzz import fuzz

    listed = [
        c
        for c in sheet.clauses
        if any(
            _LISTS_SECTIONS.fullmatch(said.strip(" :.")) for said in (*c.section, c.lead_in or "")
        )
    ]
    titles = [
        bare(p.text)
        for p in sheet.passages
        if p.part is Part.HEADING or (p.part is Part.CLAUSE and len(p.text.split()) < 12)
        if not set(p.clauses) & {c.id for c in listed}
    ]
    titles += [bare(text) for name, text in sheet.kept if name != "contents"]
    lines: list[tuple[str, str, tuple[str, ...]]] = [
        (bare(_LINE_OF_CONTENTS.sub("", c.text)), c.text, (c.id,)) for c in listed
    ]
    lines += [(bare(_LINE_OF_CONTENTS.sub("", t)), t, ()) for t in sheet.kept_as("contents")]
    lines = [line for line in lines if line[0] and not _LISTS_SECTIONS.fullmatch(line[0])]
    lost = [
        line
        for line in lines
        if not any(fuzz.ratio(line[0], t) >= TITLED_SO or line[0] in t for t in titles)
    ]
    # Where most lines are no headings the titles were lost on the way in, not in the policy
    if lost and len(lost) * 3 <= len(lines):
        ids = in_order(sheet.clauses, (i for _, _, some in lost for i in some))
        yield Finding(Kind.CONTENTS, Weight.PUT_RIGHT, ids, tuple(shortened(t) for _, t, _ in lost))
