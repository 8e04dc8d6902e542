"""The verdict on the act a question is about: from the clause's own strength and what is asked of it.

What speaks for a verdict is weighed by weights fitted on labelled questions. Leave (`yes`, `only_if`)
is given only where the clause itself has words of leave, whatever the weights say.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from operator import mul

from bot.policy.beyond import beyond, silent
from bot.policy.encoder import likeness
from bot.policy.failing import fails
from bot.policy.leave import (
    ASKS_FIRST,
    CONDITION,
    EXEMPTS,
    WORDS_OF_LEAVE,
    complies,
    condition_unmet,
    conditional,
    denies,
    excepted,
    gives_leave,
    in_exception,
    left_out,
    qualified,
    refrains,
    waives,
)
from bot.policy.lexicon import stem, words
from bot.policy.match import FEATURES, Asked, Candidate
from bot.policy.model import Strength
from bot.policy.question import Form
from bot.policy.weights import Weights


class Verdict(StrEnum):
    """What the policy says of the act."""

    NO = "no"  # forbidden or advised against
    YES = "yes"  # allowed as it is
    ONLY_IF = "only_if"  # allowed under a condition or approval that the clause names
    DO = "do"  # a duty, procedure, person, date or meaning is asked for, and the clause says it
    NOT_COVERED = "not_covered"


JUDGED = (Verdict.NO, Verdict.YES, Verdict.ONLY_IF, Verdict.DO)
WORD = 0.35  # a single word counts for less than what is known of the clause
RIVALS = 3  # clauses looked at for one that contradicts the first
CLOSE = 1.0  # how near in score both must be: further apart, one of them is not about the question
PLAIN = 0.6  # how likely a rule covers a question for keeping to it to be plainly allowed
EXCEPTED = (
    0.5  # how likely leave must be where the question names what a ban's exception alone names
)
NEIGHBOURS = 5  # clauses asked whether leave is likely, the best among them
NEARNESS = 1.5  # in score: a clause this much further off counts for a third
FORBIDDERS = 4  # clauses among which a plain ban withholds leave …
FORBIDDEN_NEAR = (
    0.2  # … where it is as near to the question in meaning as the best clause, or nearly
)
ALIKE = 0.55  # how like in meaning (1 the same): below it they speak of different things
_BAN = (Strength.MUST_NOT, Strength.SHOULD_NOT)
_DUTY = (Strength.MUST, Strength.SHOULD)
_NEGATIVE = re.compile(
    r"\b(not|never|no one|nobody|no|neither|nor|dont|cannot|avoid|refrain|prohibit\w*|forbid\w*|"
    r"unacceptable|illegal|banned|discourag\w*)\b"
)
_OWN = re.compile(r"\b(own|my|personal|private)\b")
_SCHOOLS = re.compile(r"\b(school|official|college|nursery|trust|work)\b")
_TURNED_ROUND = re.compile(
    r"\b(banned|barred|forbidden|prohibited|problem|wrong|trouble|harm|bad|matter|issue|against)\b"
)
_LEFT_UNDONE = re.compile(
    r"\b(not|never|without|instead|rather|ignore|skip|leave|refuse|decline|delete|silent|turn down|dont|wont|cant)\b"
)
_SUPPOSES = re.compile(
    r"\b(if|provided|as long as|once|after|when|permission|consent|agreed|approv\w*|signed|asked)\b"
)
_OBLIGED = re.compile(r"\b(must|have to|need to|require\w*)\b")


def of(asked: Asked, found: Sequence[Candidate], sure: float, fitted: Weights) -> Verdict:
    """The verdict of the best clause, the first of `found`.

    `sure` is how likely the clause covers the question. Leave is given only where that, the verdict
    itself and what the next clauses say are likely: what is doubtful is not a yes.
    """
    best, form = found[0], asked.question.form
    clause = best.entry.clause
    p = probabilities(asked, best, fitted.verdict)
    if form in (Form.MAY, Form.SKIP) and sure >= PLAIN and _keeps_the_rule(asked, found):
        return Verdict.YES
    if form in (Form.MAY, Form.SKIP) and gives_leave(clause):
        enough = fitted.leave
        if clause.reading.strength is Strength.NEEDS_APPROVAL:
            enough = fitted.leave_approval  # somebody is asked first: a mistake is found in time
        if excepted(asked.question.text, asked.units, clause):
            enough = EXCEPTED
        if math.sqrt(_leave_likely(asked, found, fitted) * sure) >= enough:
            if _withheld(asked, found):
                return Verdict.NO
            hangs = conditional(clause) or qualified(clause) or silent(asked.question, clause)
            return Verdict.ONLY_IF if hangs else Verdict.YES
    if form in (Form.WHO, Form.WHEN):
        return Verdict.DO
    return Verdict.NO if p[Verdict.NO] >= p[Verdict.DO] else Verdict.DO


def _withheld(asked: Asked, found: Sequence[Candidate]) -> bool:
    """Whether what is asked is not what the best clause gives leave for, whatever its words allow."""
    clause, text = found[0].entry.clause, asked.question.text
    if not waives(clause) and (condition_unmet(text) or fails(text, clause)):
        return True
    if denies(text, clause):
        return True
    if _forbidden_as_likely(found):
        return True
    rivals = [c.entry.clause for c in found[1:NEIGHBOURS]]
    return bool(left_out(asked.question, clause) or beyond(asked.question, clause, rivals))


def _forbidden_as_likely(found: Sequence[Candidate]) -> bool:
    """Whether a plain ban among the next clauses says nearly what is asked, as the best clause does."""
    near = FEATURES.index("meaning")
    return any(
        c.entry.clause.reading.strength in _BAN
        and not gives_leave(c.entry.clause)
        and c.features[near] > found[0].features[near] - FORBIDDEN_NEAR
        for c in found[1:FORBIDDERS]
    )


def _keeps_the_rule(asked: Asked, found: Sequence[Candidate]) -> bool:
    """Whether it is asked to do what a duty wants, or to leave be what is forbidden.

    The second only where no duty near by says whom to tell of it.
    """
    text, best = asked.question.text, found[0]
    if complies(text, best.entry.clause):
        return not beyond(asked.question, best.entry.clause)
    return refrains(text, best.entry.clause) and not any(
        c.entry.clause.reading.route and c.entry.clause.reading.strength in _DUTY
        for c in found[1:RIVALS]
        if best.score - c.score < CLOSE
    )


def _leave_likely(asked: Asked, found: Sequence[Candidate], fitted: Weights) -> float:
    """How likely leave is by the best clause and those that come near it, each as much as it is near."""
    each, near = [], []
    for candidate in found[:NEIGHBOURS]:
        p = probabilities(asked, candidate, fitted.verdict)
        each.append(p[Verdict.YES] + p[Verdict.ONLY_IF])
        near.append(math.exp((candidate.score - found[0].score) / NEARNESS))
    return float(sum(map(mul, each, near)) / sum(near))


def probabilities(
    asked: Asked, best: Candidate, weights: Mapping[str, Sequence[float]]
) -> dict[Verdict, float]:
    """How likely each verdict is."""
    total = list(weights.get("bias", (0.0,) * len(JUDGED)))
    for name, value in features(asked, best).items():
        for i, weight in enumerate(weights.get(name, ())):
            total[i] += value * weight
    top = max(total)
    raised = [math.exp(z - top) for z in total]
    return {v: r / sum(raised) for v, r in zip(JUDGED, raised, strict=True)}


def features(asked: Asked, best: Candidate) -> dict[str, float]:
    """What speaks for a verdict, by name; each also beside the clause's strength."""
    clause, form = best.entry.clause, asked.question.form
    strength = clause.reading.strength.value
    found = {f"form={form}": 1.0, f"strength={strength}": 1.0, f"{form}|{strength}": 1.0}
    if form in (Form.MAY, Form.SKIP):
        for name, value in _particulars(asked, best).items():
            if value:
                found[name] = found[f"{name}|{strength}"] = float(value)
    for topic, p in list(asked.topics.items())[:2]:
        found[f"topic={topic}"] = p
    for word in set(words(clause.text)):
        found[f"clause: {stem(word)}"] = WORD
    for word in set(words(asked.question.text)):
        found[f"question: {stem(word)}"] = WORD
    return found


def _particulars(asked: Asked, best: Candidate) -> dict[str, float]:
    clause, question = best.entry.clause, " ".join(words(asked.question.text))
    reading, text = clause.reading, " ".join(words(clause.text))
    condition = CONDITION.search(text)
    known = dict(zip(FEATURES, best.features, strict=True))
    theirs = frozenset(reading.binds)
    return {
        "condition": bool(condition or reading.condition),
        # how much of the question stands in the exception alone
        "meets exception": min(3, len(in_exception(asked.units, clause))),
        "only": " only " in f" {text} ",
        "negative": bool(_NEGATIVE.search(text)),
        "words of leave": bool(WORDS_OF_LEAVE.search(text)),
        "gives leave": gives_leave(clause),
        "exempts": bool(EXEMPTS.search(text)),
        "asks first": bool(ASKS_FIRST.search(text)),
        "left out": bool(left_out(asked.question, clause)),
        "unmet": condition_unmet(asked.question.text),
        "own": bool(_OWN.search(question)),
        "own for school's": bool(
            _OWN.search(question) and _SCHOOLS.search(text) and not _OWN.search(text)
        ),
        "turned round": bool(_TURNED_ROUND.search(question)),
        "left undone": bool(_LEFT_UNDONE.search(question)),
        "supposes": bool(_SUPPOSES.search(question)),
        "obliged": bool(_OBLIGED.search(question)),
        "coverage": known["coverage"],
        "meaning": known["meaning"],
        "of others": asked.question.about != "staff",
        "binds school": theirs == {"school"},
        "binds others": not theirs & {"staff", "all"},
        "approver": reading.approver is not None,
        "route": reading.route is not None,
    }


def conflicting(found: Sequence[Candidate]) -> tuple[list[Candidate], bool]:
    """The clauses with the stricter of two contradicting ones first, and whether two do contradict.

    Two clauses of one policy contradict when they speak of the same thing to the same people, and one
    forbids what the other allows without either being the other's exception.
    """
    best = found[0]
    for other in found[1:RIVALS]:
        if _contradict(best, other):
            strict = best if best.entry.clause.reading.strength in _BAN else other
            rest = [c for c in found if c is not strict]
            return [strict, *rest], True
    return list(found), False


def _contradict(one: Candidate, other: Candidate) -> bool:
    a, b = one.entry, other.entry
    strengths = {a.clause.reading.strength, b.clause.reading.strength}
    return (
        bool(strengths & set(_BAN))
        and bool(strengths & {Strength.MAY, Strength.NEEDS_APPROVAL})
        and a.policy == b.policy
        and bool(set(a.clause.reading.binds) & set(b.clause.reading.binds))
        and abs(one.score - other.score) < CLOSE
        and next(iter(a.topics)) == next(iter(b.topics))
        and likeness(a.direction, b.direction) >= ALIKE
        and not any(CONDITION.search(e.clause.text.lower()) for e in (a, b))
    )
