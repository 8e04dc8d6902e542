"""A question and a school's index -> an Answer: the clause, the verdict, whom to tell, or that none covers it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from bot.policy import incident, match, topics
from bot.policy.cover import likelihood
from bot.policy.index import Entry, Index
from bot.policy.lexicon import Speller, Vocabulary, lexicon, words
from bot.policy.question import LONGEST, MOST_QUESTIONS, Form, clean, questions
from bot.policy.verdict import Verdict, conflicting, of
from bot.policy.weights import Weights, fitted

MOST_CLAUSES = 5
HEAD = "headteacher"
ABOVE_THE_HEAD = "chair-of-governors"
POINTERS = 8  # clauses looked at for the name of another document
POINTS_THERE = 0.2  # the share of topics a clause must have in common with the question
_DOCUMENT = re.compile(
    r"\b((?:[A-Z][\w'’-]+ (?:(?:of|and|for|the|to|&) )*(?:Your )?)+"
    r"(?:Policy|Procedures?|Agreement|Code of Conduct|Handbook|Notice))\b"
)

__all__ = ["Answer", "Answerer", "Found", "Verdict", "as_object"]


@dataclass(frozen=True, slots=True)
class Found:
    """A clause of an answer: how sure it is (0 to 1), and the words it was found by."""

    entry: Entry
    score: float
    matched: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the policy says to one question. `found` is empty exactly when it is not covered."""

    question: str
    verdict: Verdict
    found: tuple[Found, ...] = ()
    tell: str | None = None  # the role to go to
    incident: str | None = None  # the kind of report the question itself discloses
    skips: bool = False  # it asks whether something may be left undone
    careful: bool = False  # indecent images of children come into it
    of_head: bool = False  # the worry is about the Headteacher: nothing goes to the Headteacher
    elsewhere: tuple[str, ...] = ()  # the school's other documents that a silent policy points to
    conflict: bool = False  # two clauses contradict each other; the stricter is first
    position: int = 0  # 1, 2, … where a message asked several questions
    also: tuple[Answer, ...] = ()
    unread: tuple[str, ...] = ()  # questions of the message beyond those answered

    @property
    def strength(self) -> str | None:
        """The first clause's own strength."""
        return self.found[0].entry.clause.reading.strength.value if self.found else None


# The strictest first: of several answers this one leads.
_STRICTNESS = (Verdict.NO, Verdict.ONLY_IF, Verdict.DO, Verdict.NOT_COVERED, Verdict.YES)


class Answerer:
    """Answers questions from one school's index."""

    def __init__(
        self,
        index: Index,
        contact: str,
        safeguarding_contact: str,
        weights: Weights | None = None,
    ) -> None:
        self._index = index
        self._weights = weights or fitted()
        self._contact = contact
        self._safeguarding = safeguarding_contact
        self._speller = Speller(common_words(), Vocabulary(sorted(index.vocabulary())))

    def answer(self, message: str) -> Answer:
        """Answer a message; of several questions in it the strictest answer leads, the rest are `also`."""
        asked = questions(clean(message[:LONGEST]))
        if len(asked) == 1:
            return self._one(asked[0])
        several = [
            replace(self._one(text), position=n) for n, text in enumerate(asked[:MOST_QUESTIONS], 1)
        ]
        several.sort(key=lambda a: _STRICTNESS.index(a.verdict))
        return replace(several[0], also=tuple(several[1:]), unread=tuple(asked[MOST_QUESTIONS:]))

    def _one(self, text: str) -> Answer:
        asked = match.prepare(text, self._speller)
        disclosed, careful = incident.disclosed(asked), incident.about_indecent_images(asked)
        found = match.candidates(asked, self._index, self._weights.rank) if _has_word(text) else []
        of_head = incident.about_the_head(asked)
        if careful:
            found = [c for c in found if not incident.keeps_evidence(c.entry)]
        if of_head:  # a clause that sends worries to the Headteacher does not answer this one
            found = [c for c in found if c.entry.clause.reading.route != HEAD]
        sure = likelihood(asked, found, self._weights.cover)
        answer = Answer(
            text,
            Verdict.NOT_COVERED,
            incident=disclosed,
            careful=careful,
            of_head=of_head,
            skips=asked.question.form is Form.SKIP,
        )
        if not found or sure < self._weights.threshold:
            return replace(
                answer,
                tell=self._whom(answer, child=incident.for_safeguarding(asked)),
                elsewhere=elsewhere(asked, found),
            )
        best, conflict = conflicting(found[:MOST_CLAUSES])
        first = best[0].entry.clause.reading
        verdict = of(asked, best, sure, self._weights)
        if careful and verdict in (Verdict.YES, Verdict.ONLY_IF):
            # Nobody is given leave to handle such an image, whatever the clause.
            verdict = Verdict.NO
        return replace(
            answer,
            verdict=verdict,
            found=_found(best, sure),
            tell=_never_the_subject(
                first.route
                or first.approver
                or (self._whom(answer, child=True) if disclosed else None),
                answer,
            ),
            conflict=conflict,
        )

    def _whom(self, answer: Answer, *, child: bool) -> str:
        """Whom to ask where the policy names nobody: of the Headteacher, nobody who answers to them."""
        if answer.of_head:
            return ABOVE_THE_HEAD
        if child or answer.incident or answer.careful:
            return self._safeguarding
        return self._contact


@lru_cache(maxsize=1)
def common_words() -> Vocabulary:
    """The words every school shares: those of the lexicon and the bank."""
    return Vocabulary([*topics.known_words(), *sorted(lexicon().vocabulary)])


def as_object(answer: Answer, *, school: str, number: str | None = None) -> dict[str, Any]:
    """The answer object that `--json` and `--jsonl` promise."""
    return {
        "id": number,
        "school": school,
        "verdict": answer.verdict.value,
        "strength": answer.strength,
        "tell": answer.tell,
        "incident": answer.incident,
        "clauses": [
            {
                "id": f.entry.clause.id,
                "policy": f.entry.policy.title,
                "section": " › ".join(f.entry.clause.section),
                "lead_in": f.entry.clause.lead_in,
                "text": f.entry.clause.text,
                "score": f.score,
            }
            for f in answer.found
        ],
        "also": [as_object(a, school=school, number=number) for a in answer.also],
    }


def _has_word(text: str) -> bool:
    return any(len(word) > 1 for word in words(text))


def _never_the_subject(role: str | None, answer: Answer) -> str | None:
    """The role to go to, past the Headteacher where the question is about the Headteacher."""
    if answer.of_head and role in (None, HEAD, "deputy", "slt"):
        return ABOVE_THE_HEAD
    return role


def elsewhere(asked: match.Asked, found: Sequence[match.Candidate]) -> tuple[str, ...]:
    """Other documents of the school that its policy names for what is asked."""
    names: dict[str, None] = {}
    for candidate in found[:POINTERS]:
        shared = sum(min(p, asked.topics.get(t, 0.0)) for t, p in candidate.entry.topics.items())
        if shared >= POINTS_THERE:
            names.update(dict.fromkeys(_DOCUMENT.findall(candidate.entry.clause.text)))
    return tuple(names)


def _found(best: Sequence[match.Candidate], sure: float) -> tuple[Found, ...]:
    top = max(c.score for c in best)
    return tuple(Found(c.entry, round(sure / (1 + top - c.score), 3), c.matched) for c in best)
