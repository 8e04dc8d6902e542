"""Whether a policy covers a question at all: a fitted likelihood, held against a tested threshold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from bot.policy import match
from bot.policy.match import Asked, Candidate
from bot.policy.question import Form

MEANING = match.FEATURES.index("meaning")
OUTSIDE = ("off-topic",)  # topics no policy of this kind rules on
FEATURES = (
    "bias", "score", "margin", "topic_sure", "topic_match", "coverage", "coverage_concepts", "words",
    "wording", "outside", "units", "meaning",
    "topic_there", "topic_first", "for_others", "rarest", "second_meaning", "form_may",
)  # fmt: skip


def features(asked: Asked, found: Sequence[Candidate]) -> tuple[float, ...]:
    """What speaks for an answer: how well the best clause fits, and how clear the question is."""
    if not found:
        return (1.0, *(0.0 for _ in FEATURES[1:]))
    best = dict(zip(match.FEATURES, found[0].features, strict=True))
    fourth = found[min(3, len(found) - 1)].score
    return (
        1.0,
        found[0].score,
        found[0].score - fourth,
        max(asked.topics.values()),
        best["topic_root"],
        best["coverage"],
        best["coverage_concepts"],
        best["words"],
        best["wording"],
        sum(asked.topics.get(t, 0.0) for t in OUTSIDE),
        min(len(asked.units), 15) / 10,
        best["meaning"],
        sum(p * max(c.entry.topics.get(t, 0.0) for c in found) for t, p in asked.topics.items()),
        best["topic_first"],
        best["for_others"],
        best["rarest"],
        max(c.features[MEANING] for c in found[:5]),
        float(asked.question.form in (Form.MAY, Form.SKIP)),
    )


def likelihood(asked: Asked, found: Sequence[Candidate], weights: Mapping[str, float]) -> float:
    """How likely it is, 0 to 1, that the best clause covers the question."""
    if not found:
        return 0.0
    total = sum(
        weights.get(name, 0.0) * x for name, x in zip(FEATURES, features(asked, found), strict=True)
    )
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))
