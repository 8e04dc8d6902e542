"""Whether a policy covers a question at all: a fitted likelihood, held against a tested threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bot.policy import match
from bot.policy.match import Asked, Candidate
from bot.policy.question import Form

OUTSIDE = ("off-topic",)  # topics no policy of this kind rules on
CLEAR = 0.2  # how likely the chief topic of a question is at least, where it is about one
NEAREST = 5  # candidates that may fit one way or another
FEATURES = (
    "bias", "score", "margin", "doubt", "topic_sure", "topic_mass", "topic_match", "topic_there",
    "topic_first", "topic_best", "coverage", "coverage_before", "coverage_near", "near_best", "wording",
    "meaning", "meaning_best", "outside", "units", "unknown", "for_others", "form_may",
)  # fmt: skip


def features(asked: Asked, found: Sequence[Candidate]) -> tuple[float, ...]:
    """What speaks for an answer: how well the best clause fits, and how clear the question is."""
    if not found:
        return (1.0, *(0.0 for _ in FEATURES[1:]))
    best = dict(zip(match.FEATURES, found[0].features, strict=True))
    return (
        1.0,
        found[0].score,
        found[0].score - found[min(1, len(found) - 1)].score,
        _doubt(found),
        max(asked.topics.values()),
        sum(asked.topics.values()),
        best["topic_root"],
        sum(p * max(c.entry.topics.get(t, 0.0) for c in found) for t, p in asked.topics.items()),
        best["topic_first"],
        _most(found, "topic_root"),
        best["coverage"],
        best["coverage_before"],
        best["coverage_near"],
        _most(found, "coverage_near"),
        best["wording"],
        best["meaning"],
        _most(found, "meaning"),
        sum(asked.topics.get(t, 0.0) for t in OUTSIDE),
        min(len(asked.units), 15) / 10,
        _unknown(asked, found),
        best["for_others"],
        float(asked.question.form in (Form.MAY, Form.SKIP)),
    )


def _says_nothing(asked: Asked, found: Sequence[Candidate]) -> bool:
    """Whether a question has no word, nor one near in meaning, with a likely clause, and no clear topic."""
    shared = max(_most(found, "coverage"), _most(found, "coverage_near"))
    return not shared and max(asked.topics.values()) < CLEAR


def _doubt(found: Sequence[Candidate]) -> float:
    """How many clauses are about as good as the best one: the entropy of their scores."""
    raised = [math.exp(c.score - found[0].score) for c in found]
    total = sum(raised)
    return -sum(r / total * math.log(r / total) for r in raised if r)


def _most(found: Sequence[Candidate], name: str) -> float:
    at = match.FEATURES.index(name)
    return max(c.features[at] for c in found[:NEAREST])


def _unknown(asked: Asked, found: Sequence[Candidate]) -> float:
    """The share of the question that no candidate has a word of."""
    there = frozenset().union(*(c.entry.units | c.entry.around for c in found))
    missing = [u for u in asked.units if u[0] != "~" and u not in there]
    return len(missing) / max(1, len(asked.units))


def likelihood(asked: Asked, found: Sequence[Candidate], weights: Mapping[str, float]) -> float:
    """How likely it is, 0 to 1, that the best clause covers the question."""
    if not found or _says_nothing(asked, found):
        return 0.0
    total = sum(
        weights.get(name, 0.0) * x for name, x in zip(FEATURES, features(asked, found), strict=True)
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
