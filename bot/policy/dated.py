"""Whether a policy says when it was reviewed, when it is due, whose it is and who adopted it."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from bot.policy.findings import Finding, Kind, Weight
from bot.policy.sheet import Sheet, in_order, shortened

_MONTHS = {
    "termly": 4,
    "every 6 months": 6,
    "yearly": 12,
    "annually": 12,
    "every 2 years": 24,
    "every 3 years": 36,
}
_TOLD = {
    "every 2 years": r"every (?:two|2|second|other) years?|biennial(?:ly)?|two[- ]year(?:ly)?",
    "every 3 years": r"every (?:three|3|third) years?|triennial(?:ly)?|three[- ]year(?:ly)?",
    "every 6 months": r"every (?:six|6) months|twice (?:a|each) year|six[- ]monthly",
    "termly": r"termly|(?:every|each) term(?! [12]\b)",
    "yearly": r"annual(?:ly)?|yearly|(?:every|each) (?:year|12 months|twelve months)|once (?:a|each|every) year",
}
_OF_THIS = re.compile(
    r"\b(?:this|the|our|social media|acceptable use|online safety) policy\b[^.]*\breview|\breview[^.]*\b(?:this|the|our) policy\b|"
    r"^\W*review (?:cycle|frequency|period)\b|^\W*frequency of review\b",
    re.IGNORECASE,
)
# A review of something else, or of how the policy works
_OF_ANOTHER = re.compile(
    r"\b(?:risk assessments?|filtering|monitoring|training|accounts?|permissions?|consents?|lists?|logs?|records?|"
    r"effectiveness|implementation|appendix|agreements?|safeguarding policy|child protection policy|behaviour policy|"
    r"other policies|legislation|at least|minimum)\b",
    re.IGNORECASE,
)
_SLACK = 3  # months by which the printed dates may stray from the cycle
_ADOPTED = re.compile(
    r"\b(?:adopted|approved|ratified|agreed|signed off)\b[^.]{0,60}\b(?:govern\w+|board|trust\w*|committee|"
    r"headteacher)|\b(?:governors?|board|headteacher|trust)['’]?s? (?:approval|adoption)\b",
    re.IGNORECASE,
)
_ADOPTED_ON = re.compile(
    r"\b(?:adopted|approved|ratified|agreed)\b[^.;\n]{0,80}\b(?:19|20)\d\d\b", re.IGNORECASE
)
_TO_SIGN = re.compile(
    r"^(?:signed|signature|adopted|approved|ratified|date)\b|\bsigned(?: by|:|$)", re.IGNORECASE
)
_BLANK = re.compile(r"[_.…]{4,}|:\s*(?:\(|$)")
# Forms at the end of a policy are blank for whoever is to sign them
_EACH_SIGNS = re.compile(
    r"\b(?:pupils?|students?|learners?|parents?|carers?|guardians?|child|employees?|members? of staff|staff member|volunteers?|visitors?|tutor group|class)\b",
    re.IGNORECASE,
)
_IS_FORM = re.compile(
    r"\b(?:agreement|declaration|acknowledge?ments?|form|slip|contract|pledge|promise|consent)\b",
    re.IGNORECASE,
)
_ADOPTS = re.compile(
    r"\b(?:chair\w*|govern\w+|head\w*|principal|trust\w*|board|committee|adopted|approved|ratified|behalf)\b",
    re.IGNORECASE,
)
_DATE_LABEL = re.compile(r"\bdated?\b[^:]{0,30}:?\s*(?:[_.…\s]*)$", re.IGNORECASE)
_NAME = re.compile(r"\b[A-Z](?:[a-z]+|\.)\s?[A-Z][a-z]+\b|\b(?:Mr|Mrs|Ms|Miss|Dr)\b")
_NOT_NAMES = re.compile(
    r"\b(?:Signed|Chair|Governors?|Governing|Board|Body|Date|Head|Headteacher|Teacher|Adopted|Approved|Policy|"
    r"School|Position|Signature|Name|Review(?:ed)?|Committee|Trust|Local|Principal|By)\b"
)
_INITIALS = re.compile(
    r"\b(?P<first>[A-Z])[a-z]+ (?P<last>[A-Z][a-z]+)\b.*?\b(?P<initial>[A-Z])\.? ?(?P=last)\b"
)
_PLACEHOLDER = re.compile(
    r"\[(?:insert|add|delete|name|date|school|your|enter|xx+|tbc|please|role|job|contact|number|email)[^\]]*\]"
    r"|<(?:insert|add|name|date|school)[^>]*>|\b(?:TBC|TBA|XX+|xxx+)\b|\?\?+|\bdelete as (?:appropriate|applicable)\b"
    r"|\b[Ii]nsert (?:the )?(?:name|date|school|details|contact|role)\b|\b(?:name|Name) of (?:school|School)\b|_{4,}"
    r"|\[[^\]\d]{0,40}\.{2,}[^\]]*\]|\blorem ipsum\b"
)


@dataclass(frozen=True, slots=True)
class Dates:
    """What the app worked out of the dates that the policy prints: their last days."""

    reviewed: date | None = None
    next_review: date | None = None


_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WHEN = (
    rf"(?P<when>\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+\d{{4}}\b|{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}\b"
    rf"|\d{{1,2}}[/.-]\d{{1,2}}[/.-](?:\d{{4}}|\d{{2}})\b|\d{{4}}-\d{{2}}-\d{{2}}\b|{_MONTH},?\s+(?:of\s+)?\d{{4}}\b"
    r"|(?:spring|summer|autumn|lent|michaelmas|trinity|hilary)(?:\s+(?:half\s+)?term)?(?:\s+[12])?,?\s+(?:of\s+)?\d{4}\b"
    r"|\d{1,2}/(?:19|20)\d\d\b|(?:19|20)\d\d(?:\s*[-/–]\s*\d{2,4})?\b)"
)
# What is to come, as policies print it, up to the date
_DUE = re.compile(
    r"(?:\bnext (?:\w+ ){0,2}?(?:review|revision)\w*|\breview\w*\b[^.;|]{0,60}?\bnext (?:occasion|time|one|due|falls)\b|\bnext (?:be )?(?:reviewed|revised|due)\b|\breview (?:is |falls )?due\b|\b(?:due|scheduled|planned|set|date) for (?:\w+ )?(?:review|revision)\b|"
    r"\b(?:to|will|must|shall|should|is to|are to) (?:next |then |again )?be (?:next )?(?:formally )?(?:reviewed|revised|looked at again|renewed)\b|\breview(?:ed)? (?:by|before|no later than|again)\b|"
    r"\b(?:review|renewal|expiry|expires?) (?:date|by|on|in)\b|\bvalid (?:until|to)\b|\bin force until\b|\b(?:review|revisit) (?:it|this policy|the policy) (?:again )?(?:in|by|on|before)\b)"
    rf"[^.;|]{{0,90}}?\b{_WHEN}",
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:last|previous(?:ly)?|was|were|has been|have been)\b[^.;:]{0,40}$", re.IGNORECASE
)
_LONGEST_LINE = 60  # words of a line that may print a date of review
_DAY_OF = re.compile(
    rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})(?:,?\s+(?P<year>\d{{4}}))?\b",
    re.IGNORECASE,
)
_IN_NUMBERS = re.compile(r"(?<![\d./-])(?P<day>\d{1,2})(?P<by>[/.-])(?P<month>\d{1,2})(?P=by)(?P<year>(?:19|20)\d\d)(?![\d/-])")  # fmt: skip
_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FIRST_THREE = "jan feb mar apr may jun jul aug sep oct nov dec".split()


def due_as_printed(sheet: Sheet) -> str:
    """The words of a date by which the policy says, anywhere, that it is to be reviewed; empty where it says none.

    For what the front matter does not have: a sentence, a table or the lines at the end.
    """
    texts = [p.text for p in sheet.passages] + [text for _, text in sheet.kept]
    for text in texts:
        if len(text.split()) > _LONGEST_LINE:
            continue
        found = _DUE.search(text)
        if found and not _DONE.search(text[: found.start()]):
            return found["when"]
    return ""


def dated(sheet: Sheet, dates: Dates, today: date) -> Iterator[Finding]:
    """Find a review that is overdue, dates and owners that are missing, blanks that were never filled in."""
    yield from _overdue(sheet, dates, today)
    yield from _undated(sheet, dates)
    yield from _cycle(sheet, dates)
    yield from _two_cycles(sheet)
    yield from _impossible(sheet)
    yield from _unsigned(sheet)
    yield from _initials(sheet)
    yield from _placeholders(sheet)


def _overdue(sheet: Sheet, dates: Dates, today: date) -> Iterator[Finding]:
    front = sheet.policy.front
    due = dates.next_review
    printed = front.next_review_as_printed or (_day(front.next_review) if front.next_review else "")
    printed = printed or due_as_printed(sheet)
    months = _MONTHS.get(front.review_cycle)
    if due is None and dates.reviewed is not None and months is not None:
        due = _later(dates.reviewed, months)
        printed = f"{front.review_cycle}, last {front.reviewed_as_printed or _day(dates.reviewed)}"
    if due is not None and due < today:
        yield Finding(
            Kind.OVERDUE,
            Weight.ACT,
            quotes=(printed,),
            said=(("due", _day(due)), ("years", str((today - due).days // 365))),
        )


def _undated(sheet: Sheet, dates: Dates) -> Iterator[Finding]:
    front = sheet.policy.front
    reviewed = bool(dates.reviewed or front.reviewed or front.reviewed_as_printed)
    following = bool(dates.next_review or front.next_review or front.next_review_as_printed)
    everything = sheet.everything()
    adopted = front.adopted or _ADOPTED_ON.search(everything)
    missing = []
    if not (reviewed or adopted):
        missing.append("the date of its last review")
    if not following:
        missing.append("the date of its next review")
    # An owner alone is not worth a finding: many policies name the body that reviews them
    if not front.owner and (missing or not following):
        missing.append("the role that owns it")
    if not (adopted or _ADOPTED.search(everything)):
        missing.append("who adopted it, and when")
    if missing:
        weight = Weight.PUT_RIGHT if reviewed or adopted else Weight.ACT
        promise = [c for c in sheet.clauses if _promises(c.text)]
        yield Finding(
            Kind.UNDATED,
            weight,
            tuple(c.id for c in promise),
            tuple(shortened(c.text) for c in promise),
            (("missing", "; ".join(missing)), ("version", front.version)),
        )


def _promises(text: str) -> bool:
    """Know "This policy will be reviewed annually"."""
    return bool(re.search(r"\bpolicy\b[^.]{0,60}\breview(?:ed)?\b", text)) and len(text) < 200


def _cycle(sheet: Sheet, dates: Dates) -> Iterator[Finding]:
    """A cycle that says one thing and dates that say another."""
    told = dict(_cycles_told(sheet))
    cycle = next(iter(told)) if len(told) == 1 else sheet.policy.front.review_cycle
    months = _MONTHS.get(cycle)
    if len(told) > 1 or months is None or dates.reviewed is None or dates.next_review is None:
        return
    between = _months(dates.reviewed, dates.next_review)
    if abs(between - months) > _SLACK + months // 6:
        promise = [c for c in sheet.clauses if _promises(c.text)]
        yield Finding(
            Kind.CYCLE,
            Weight.PUT_RIGHT,
            tuple(c.id for c in promise),
            tuple(shortened(c.text) for c in promise),
            (("cycle", cycle), ("months", str(between)), ("other", "")),
        )


def _two_cycles(sheet: Sheet) -> Iterator[Finding]:
    """One place that says "annually" of the policy's review, and another that says "every three years"."""
    told = list(_cycles_told(sheet))
    if len({cycle for cycle, _ in told}) == 2:
        first = dict(reversed(told))
        (cycle, one), (other, two) = sorted(first.items(), key=lambda c: _MONTHS[c[0]])
        yield Finding(
            Kind.CYCLE,
            Weight.PUT_RIGHT,
            tuple(c.id for c in sheet.clauses if c.text in (one, two)),
            (shortened(one), shortened(two)),
            (("cycle", cycle), ("months", ""), ("other", other)),
        )


def _cycles_told(sheet: Sheet) -> Iterator[tuple[str, str]]:
    """How often this policy is reviewed, as often as it is said, with the text that says it."""
    for text in [c.text for c in sheet.clauses] + [text for _, text in sheet.kept]:
        for sentence in re.split(r"(?<=[.;])\s+", text):
            if not _OF_THIS.search(sentence) or _OF_ANOTHER.search(sentence):
                continue
            for cycle, words in _TOLD.items():
                near = rf"\breview\w*\b.{{0,60}}?\b(?:{words})\b|\b(?:{words})\b.{{0,25}}?\breview"
                if re.search(near, sentence, re.IGNORECASE):
                    yield cycle, text
                    break


def _impossible(sheet: Sheet) -> Iterator[Finding]:
    """A date that is in no calendar, such as the 31st of a month with thirty days."""
    hits: dict[str, tuple[str, ...]] = {}
    lines = [(p.text, p.clauses) for p in sheet.passages] + [(t, ()) for _, t in sheet.kept]
    for text, ids in lines:
        for pattern in (_DAY_OF, _IN_NUMBERS):
            for found in pattern.finditer(text):
                if not _is_a_day(found):
                    hits[shortened(text, found)] = ids
    if hits:
        ids = in_order(sheet.clauses, (i for some in hits.values() for i in some))
        yield Finding(Kind.BAD_DATE, Weight.PUT_RIGHT, ids, tuple(hits))


def _is_a_day(found: re.Match[str]) -> bool:
    day, named, year = int(found["day"]), found["month"], found["year"]
    month = int(named) if named.isdigit() else _FIRST_THREE.index(named[:3].lower()) + 1
    if not 1 <= month <= 12:
        return False
    leap = month == 2 and day == 29 and year and monthrange(int(year), 2)[1] != 29
    return 1 <= day <= _LENGTHS[month - 1] and not leap


def _on_a_form(text: str, *, forms: bool) -> bool:
    """Whether a signature is asked of each who reads the policy, not of who adopts it."""
    if _EACH_SIGNS.search(text):
        return True
    return forms and not _ADOPTS.search(text)


def _unsigned(sheet: Sheet) -> Iterator[Finding]:
    forms = any(_IS_FORM.search(heading) for c in sheet.clauses for heading in c.section)
    blank = [
        text
        for text in sheet.kept_as("signature")
        if _is_blank(text) and not _on_a_form(text, forms=forms)
    ]
    ids: list[str] = []
    for clause in sheet.clauses:
        opens = re.match(r"(?:Signed|Adopted|Approved|Date)\b", clause.text)
        heading = " ".join(clause.section)
        form = _on_a_form(clause.text, forms=bool(_IS_FORM.search(heading)))
        if opens and len(clause.text) < 160 and _is_blank(clause.text) and not form:
            blank.append(clause.text)
            ids.append(clause.id)
    if blank:
        yield Finding(
            Kind.UNSIGNED, Weight.PUT_RIGHT, tuple(ids), tuple(shortened(t) for t in blank)
        )


def _is_blank(text: str) -> bool:
    if _DATE_LABEL.search(text) and not re.search(r"\d", text):
        return True
    # A date beside it says that it was done, and when
    if not _TO_SIGN.search(text) or (re.search(r"\d{4}", text) and not _BLANK.search(text)):
        return False
    return bool(_BLANK.search(text)) or not _NAME.search(_NOT_NAMES.sub("", text))


def _initials(sheet: Sheet) -> Iterator[Finding]:
    """A signature whose initial is not that of the name beside it."""
    wrong = [
        text
        for text in sheet.kept_as("signature")
        if (m := _INITIALS.search(text)) and m["first"] != m["initial"]
    ]
    if wrong:
        yield Finding(Kind.SIGNATURE, Weight.CONSIDER, (), tuple(shortened(t) for t in wrong))


def _placeholders(sheet: Sheet) -> Iterator[Finding]:
    hits = {
        shortened(p.text, m): p
        for p in sheet.passages
        if (m := _PLACEHOLDER.search(p.text)) and not _is_blank(p.text)
    }
    if hits:
        ids = tuple(dict.fromkeys(i for p in hits.values() for i in p.clauses))
        yield Finding(Kind.PLACEHOLDER, Weight.ACT, ids, tuple(hits))


def _months(start: date, end: date) -> int:
    return (end.year - start.year) * 12 + end.month - start.month


def _later(day: date, months: int) -> date:
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, min(day.day, 28))


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
