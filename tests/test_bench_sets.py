"""The question sets that answers are measured on: well-formed, and kept apart from what is learnt from."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from bot.config import MODEL_SCHOOLS, model_folder
from bot.policy import bank
from bot.policy.policyfile import read_policy
from tests.bench import sets
from tests.bench.sets import SEEDS, Labelled

VERDICTS = {"no", "yes", "only_if", "do", "not_covered"}
STYLES = {"new", "experienced", "adversary", "unknown"}


def everything() -> list[Labelled]:
    return [*sets.dev(), *sets.fresh(), *sets.fitting()]


def bare(question: str) -> str:
    """A question without case, punctuation and the spaces between words."""
    return re.sub(r"[\W_]+", "", question.lower())


def test_every_question_is_of_a_known_school_and_has_known_verdicts():
    schools = {
        *SEEDS,
        *MODEL_SCHOOLS,
        *(p.stem for p in (*sets.practice_policies(), *sets.fresh_policies())),
    }
    for q in everything():
        assert q.school in schools, q.id
        assert q.question.strip(), q.id
        assert q.verdicts, q.id
        assert set(q.verdicts) <= VERDICTS, q.id
        assert q.style in STYLES, q.id


def test_gold_is_empty_only_where_the_policy_may_be_silent():
    for q in everything():
        assert all(g.strip() for g in q.gold), q.id
        if q.verdicts == ("not_covered",):
            assert not q.gold, q.id
        if not q.gold:
            assert "not_covered" in q.verdicts, q.id


def test_ids_are_used_once():
    twice = [i for i, n in Counter(q.id for q in everything()).items() if n > 1]
    assert not twice


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_gold_ids_are_clauses_of_the_model_schools(school: str):
    clauses = [
        c for path in model_folder(school).glob("policies/*.md") for c in read_policy(path).clauses
    ]
    for q in everything():
        if q.school == school and q.gold:
            assert any(q.hit(c.id, c.lead_in, c.text) for c in clauses), q.id
            assert set(q.gold) <= {c.id for c in clauses}, q.id


def test_gold_pieces_of_the_practice_policies_stand_in_them():
    texts = {p.stem: sets.plain(p.read_text("utf-8")) for p in sets.practice_policies()}
    for q in everything():
        if q.school in texts:
            assert all(sets.plain(g) in texts[q.school] for g in q.gold), q.id


def test_no_test_question_stands_in_the_bank():
    known = {bare(e.text) for e in bank.questions()}
    assert len(known) > 1000  # the bank was read
    assert [q.id for q in (*sets.dev(), *sets.fresh()) if bare(q.question) in known] == []


def test_fresh_questions_are_not_among_those_fitted_on():
    fitted = {bare(q.question) for q in (*sets.fitting(), *sets.dev())}
    assert [q.id for q in sets.fresh() if bare(q.question) in fitted] == []
