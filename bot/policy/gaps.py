"""What a policy leaves open: reports with no route, the Headteacher as the subject, people who are away, questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from bot.config import data
from bot.policy import topics
from bot.policy.findings import Finding, Kind, Weight
from bot.policy.model import Clause
from bot.policy.roles_in_text import mentions
from bot.policy.sheet import Sheet, shortened

LIKELY = 0.15  # a clause this likely to be on a topic is on it
MOST_QUESTIONS = 12
_HEAD = r"(?:head ?-?teacher|head|principal|headmaster|headmistress)"
_TOP = r"(?:chair|governors?|governing|lado|local authority|designated officer|trust|ceo|board)"
_HEAD_IS_SUBJECT = re.compile(
    rf"\b(?:about|concerns?|concerning|regarding|relates? to|against|involv\w+|conduct of|behaviour of|implicat\w+|actions of|"
    rf"subject (?:of [^.;]{{0,30}})?is|person (?:[^.;]{{0,30}})?is|if it is|where it is|is about) (?:the )?{_HEAD}\b(?! or\b|,? and\b|, )"
    rf"[^.;]{{0,140}}\b{_TOP}\b"
    rf"|\b{_TOP}\b[^.;]{{0,110}}\b(?:about|concerns?|concerning|against|regarding|relates? to|where|if|involv\w+|is) (?:the )?{_HEAD}\b"
    rf"|\b{_HEAD}[’']s (?:own )?(?:use|conduct|behaviour|actions|account|posts?)\b[^.;]{{0,140}}\b{_TOP}\b",
    re.IGNORECASE,
)
_ABSENCE = re.compile(
    r"\babsen(?:ce|t)\b|\b(?:is|are|being) (?:not available|unavailable|away|off work|on leave)\b|\bunavailable\b|\bin (?:his|her|their) place\b|"
    r"\bdeputy (?:headteacher|head|dsl|designated)|\bdeputis\w+|\bif (?:neither|nobody)\b[^.]{0,60}\b(?:available|there)\b|\bnot (?:in school|contactable)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(
    r"\b(?:report\w*|inform\w*|refer\w*|tell|told|notif\w*|contact\w*|seek advice|speak to|raise[ds]?|alert\w*|direct\w*)\b",
    re.IGNORECASE,
)
# Kinds of report that a policy must not be silent on, gravest first
_GRAVE = (
    "indecent-images", "grooming", "pupil-contact", "pupil-tells", "colleague-misuse", "staff-abused", "parent-post",
    "pupil-bullying", "data-security",
)  # fmt: skip
_WORDS = {
    "indecent-images": r"\b(?:indecent|nudes?|semi-nudes?|sexting|sexual imagery|child sexual abuse material)\b",
    "grooming": r"\b(?:groom\w*|child protection|safeguarding concerns?|radicalis\w+|posing as a child|disclosures?)\b",
    "pupil-contact": r"\b(?:contact(?:ed)?|friend requests?|messages?|attempts?)\b.{0,60}\b(?:pupils?|students?|child)|\bpupils? attempt",
    "pupil-tells": r"\b(?:pupils?|child|children|students?)\b.{0,50}\b(?:tells?|discloses?|reports?|upset|worried)|\bdisclosures?\b",
    "colleague-misuse": r"\b(?:colleagues?|employees?|staff|adults?)\b.{0,80}\b(?:inappropriate|misuse|breach|concerns?|activity|use)|inappropriate use by",
    "staff-abused": r"\b(?:victim|target|abuse[ds]?|abusive|harass\w*|threat\w*|bull\w+)\b",
    "parent-post": r"\b(?:parents?|carers?)\b.{0,120}\b(?:post\w*|comment\w*)|\bposted by\b|\bcomplaint",
    "pupil-bullying": r"\b(?:cyber|online).{0,3}bull|\bbully",
    "data-security": r"\b(?:data breach|password|phishing|hacked|lost (?:device|phone)|loss of|breach of data|compromised|stolen)\b",
}  # fmt: skip


def gaps(sheet: Sheet, asked: Sequence[str]) -> Iterator[Finding]:
    """Find what staff would look for and not find; `asked` are the questions they asked in vain."""
    yield from _no_route(sheet)
    if not any(_HEAD_IS_SUBJECT.search(c.text) for c in sheet.clauses):
        yield Finding(Kind.NO_HEAD_ROUTE, Weight.ACT)
    if not any(_ABSENCE.search(c.text) and _sends(c) for c in sheet.clauses):
        yield Finding(Kind.NO_ABSENCE_RULE, Weight.PUT_RIGHT)
    yield from _evidence(sheet)
    if asked:
        more = len(asked) - MOST_QUESTIONS
        yield Finding(
            Kind.UNANSWERED,
            Weight.CONSIDER,
            quotes=tuple(asked[:MOST_QUESTIONS]),
            said=(("count", str(len(asked))), ("more", str(max(more, 0)))),
        )


_CAPTURES = re.compile(
    r"\b(?:screen[ -]?(?:shot|grab|capture|print)\w*|print(?:ed)?(?: out| off)?|cop(?:y|ied)|save[ds]?|forward(?:ed)?|photograph(?:ed)?|"
    r"keep (?:any |a |all )?(?:records?|cop(?:y|ies)|evidence))\b",
    re.IGNORECASE,
)
_SCREENS = re.compile(
    r"\bscreen[ -]?(?:shot|grab|capture|print)\w*|\bkeep (?:any |a |all )?(?:cop(?:y|ies)|evidence)\b",
    re.IGNORECASE,
)
_INDECENT = re.compile(
    r"\b(?:indecent|nudes?|semi-nudes?|sexual images?|youth produced)\b", re.IGNORECASE
)
_NOT = re.compile(
    r"\b(?:not|never|no|nobody|without|unless|except|illegal|offence)\b", re.IGNORECASE
)


def _evidence(sheet: Sheet) -> Iterator[Finding]:
    """Staff told to copy what must never be copied, or to capture what they see with no word of that."""
    worst = [c for c in sheet.clauses if _INDECENT.search(c.text) and _CAPTURES.search(c.text)]
    worst = [c for c in worst if not _NOT.search(f"{c.lead_in or ''} {c.text}")]
    spared = any(_INDECENT.search(c.text) and _CAPTURES.search(c.text) for c in sheet.clauses)
    loose = [c for c in sheet.clauses if _SCREENS.search(c.text) and not _NOT.search(c.text)]
    found = worst or ([] if spared else loose)
    if found:
        yield Finding(
            Kind.EVIDENCE,
            Weight.ACT,
            tuple(c.id for c in found),
            tuple(shortened(c.text, _CAPTURES.search(c.text)) for c in found),
            (("worst", "yes" if worst else ""),),
        )


def _no_route(sheet: Sheet) -> Iterator[Finding]:
    incidents = data("incidents.toml")
    routed = [(c, _topics(c)) for c in sheet.clauses if _sends(c)]
    missing = [kind for kind in _GRAVE if not any(_tells_of(kind, c, found) for c, found in routed)]
    if missing:
        told = "; ".join(_small(incidents[kind]["title"]) for kind in missing)
        weight = Weight.ACT if missing[0] in _GRAVE[:4] else Weight.PUT_RIGHT
        yield Finding(Kind.NO_ROUTE, weight, said=(("kinds", told), ("count", str(len(missing)))))


def _small(title: str) -> str:
    return title[:1].lower() + title[1:]


def _tells_of(kind: str, clause: Clause, found: dict[str, float]) -> bool:
    on_topic = any(found.get(t, 0.0) >= LIKELY for t in data("incidents.toml")[kind]["topics"])
    words = f"{clause.lead_in or ''} {clause.text}"
    return bool(re.search(_WORDS[kind], words, re.IGNORECASE)) or (
        on_topic and kind not in ("data-security", "staff-abused")
    )


def _sends(clause: Clause) -> bool:
    """Whether the clause tells somebody to go to somebody."""
    if clause.reading.route is not None:
        return True
    return bool(_TELLS.search(clause.text)) and any(
        m.role not in ("parents", "platform") for m in mentions(clause.text)
    )


def _topics(clause: Clause) -> dict[str, float]:
    return dict(topics.of_clause(" ".join(clause.section), clause.lead_in or "", clause.text).chief)
