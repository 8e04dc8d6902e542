"""A policy as it is read and asked for: one text in pages, what changed, check questions, who owes what and when."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.policy.model import Clause, Reading, Strength
from bot.policy.quiz import questions
from bot.policy.readable import (
    MOST_PASSAGES,
    Passage,
    Readable,
    changes,
    pages,
    read_text,
    same_rules,
    text_of,
)
from bot.policy.sentences import fold
from bot.schedule.calendar import working_time
from bot.schedule.rounds import (
    EARLY,
    LEADER,
    STEPS,
    Asking,
    Given,
    Reader,
    Standing,
    early_for,
    opening,
    standings,
    step_on,
    year_on,
)
from bot.schedule.terms import SchoolCalendar

# --- the text that is read -----------------------------------------------------------------------------

WORDS = st.text(min_size=1, max_size=12).map(fold).filter(bool)
PASSAGES = st.builds(
    Passage,
    st.from_regex(r"[A-Z]{2}-[0-9]{1,3}", fullmatch=True),
    st.lists(WORDS, max_size=3).map(tuple),
    st.one_of(st.just(""), WORDS),
    WORDS,
)
POLICIES = st.builds(Readable, WORDS, WORDS, st.lists(PASSAGES, max_size=8).map(tuple))


@given(POLICIES)
def test_the_text_holds_every_word_and_can_be_taken_apart_again(shown):
    assert read_text(text_of(shown)) == shown


@given(POLICIES, POLICIES)
def test_two_policies_have_one_text_only_where_they_are_the_same(one, other):
    assert (text_of(one) == text_of(other)) == (one == other)


@given(st.lists(PASSAGES, max_size=60))
def test_pages_leave_nothing_out_and_none_is_too_full(passages):
    made = pages(passages)

    assert [p for page in made for p in page] == passages
    assert len(made) >= 1
    assert all(len(page) <= MOST_PASSAGES for page in made)


@given(st.lists(PASSAGES, max_size=8, unique_by=lambda p: p.id), st.lists(PASSAGES, max_size=8, unique_by=lambda p: p.id))  # fmt: skip
def test_what_changed_leads_from_one_version_to_the_other(before, after):
    old, new = Readable("T", "1", tuple(before)), Readable("T", "2", tuple(after))
    found = changes(old, new)

    then = {p.id: p for p in before}
    for change in found:
        if change.after is None:
            del then[change.before.id]
        else:
            then[change.after.id] = change.after
    assert sorted(then.values(), key=lambda p: p.id) == sorted(after, key=lambda p: p.id)
    if same_rules(old, new):
        assert found == ()


def clause(text: str, strength: Strength, lead_in: str | None = None) -> Clause:
    return Clause("PH-1", (), lead_in, text, Reading(strength, ("staff",)))


@pytest.mark.parametrize(
    ("text", "strength", "gap", "right"),
    [
        ("Staff must not bring a phone into a classroom.", Strength.MUST_NOT, "Staff … bring a phone into a classroom.", "do-not"),
        ("Staff should keep their phones in a locker.", Strength.SHOULD, "Staff … keep their phones in a locker.", "do"),
        ("Staff may use their phones in the staff room.", Strength.MAY, "Staff … use their phones in the staff room.", "may"),
    ],
)  # fmt: skip
def test_a_check_question_is_the_clause_with_its_word_left_out(text, strength, gap, right):
    (question,) = questions([clause(text, strength)], 3, "seed")

    assert (question.text, question.right) == (gap, right)


@pytest.mark.parametrize(
    ("text", "strength", "lead_in"),
    [
        ("Staff must not bring a phone unless the Headteacher agrees.", Strength.MUST_NOT, None),
        ("Staff may only use their phones in the staff room.", Strength.MAY, None),
        ("Staff must lock phones away and should switch them off.", Strength.MUST, None),
        ("must not bring a phone into any classroom here.", Strength.MUST_NOT, "At no time staff"),
        ("Staff must not bring a phone into a classroom.", Strength.MUST, None),
        ("Staff must ensure phones are not seen in a classroom.", Strength.MUST, None),
        ("Phones are kept in the office during the school day.", Strength.INFORMATION, None),
    ],
)
def test_a_clause_with_a_condition_or_a_doubt_is_no_check_question(text, strength, lead_in):
    assert questions([clause(text, strength, lead_in)], 3, "seed") == ()


# --- who owes what -------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c", "d"])
TITLES = st.sampled_from(["phones", "email", "media"])
READERS = st.lists(
    st.builds(Reader, NAMES, st.frozensets(TITLES), st.booleans(), st.booleans(), st.booleans()),
    unique_by=lambda r: r.id,
)
EPOCHS = st.dictionaries(TITLES, st.integers(1, 3))
GIVEN = st.lists(
    st.builds(Given, NAMES, TITLES, st.integers(1, 3), st.integers(2025, 2027), st.booleans())
)


@given(READERS, EPOCHS, GIVEN)
def test_nobody_is_missing_and_nobody_is_asked_of_whom_nothing_is_asked(readers, epochs, given_):
    found = standings(readers, epochs, given_, 2026)

    assert found.keys() == {
        (r.id, p) for r in readers if r.here and not r.account for p in r.policies if p in epochs
    }


@given(READERS, EPOCHS, GIVEN)
def test_only_a_confirmation_of_ones_own_for_this_text_and_year_is_one(readers, epochs, given_):
    for (person, policy), standing in standings(readers, epochs, given_, 2026).items():
        good = [
            g.read
            for g in given_
            if (g.person, g.policy, g.epoch) == (person, policy, epochs[policy]) and g.year >= 2026
        ]
        reader = next(r for r in readers if r.id == person)
        if any(good):
            assert standing is Standing.CONFIRMED
        elif good:
            assert standing is Standing.EXCEPTED
        else:
            assert standing is (Standing.ABSENT if reader.away else Standing.OUTSTANDING)


@given(READERS, EPOCHS, GIVEN, NAMES, TITLES)
def test_a_confirmation_settles_its_own_policy_and_no_other(
    readers, epochs, given_, person, policy
):
    before = standings(readers, epochs, given_, 2026)
    more = [*given_, Given(person, policy, epochs.get(policy, 1), 2026)]
    after = standings(readers, epochs, more, 2026)

    assert {k for k in before if before[k] is not after[k]} <= {(person, policy)}


# --- when ----------------------------------------------------------------------------------------------


def calendar(folder) -> SchoolCalendar:
    school = SimpleNamespace(folder=folder, settings={}, nation="England")
    return SchoolCalendar(working_time(school))


DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))


@given(DAYS, st.integers(1, 12))
def test_every_day_is_in_the_one_year_whose_asking_opened_last(tmp_path, day, month):
    asking, days = Asking(day=31, month=month), calendar(tmp_path)
    year = year_on(asking, days, day)

    assert opening(asking, days, year) <= day < opening(asking, days, year + 1)
    assert days.is_staff_day(opening(asking, days, year))
    early = early_for(asking, days, day)
    near = opening(asking, days, year + 1) - day <= EARLY
    assert early == (year + 1 if near else None)


@given(DAYS, st.integers(0, 60))
def test_reminders_come_one_after_the_other_a_week_of_staff_days_apart(tmp_path, asked, later):
    days = calendar(tmp_path)
    asked = days.next_staff_day(asked)
    steps = [step_on(days, asked, asked + timedelta(days=n)) for n in range(later + 1)]

    assert steps[0] == 0
    assert steps == sorted(steps)
    assert set(steps) <= {0, *STEPS, LEADER}
    for step in set(steps) - {0}:
        first = asked + timedelta(days=steps.index(step))
        assert (first - asked).days >= step * 7 // 5
        assert days.is_staff_day(first)


def test_the_first_staff_day_on_or_after_the_first_of_september_opens_the_year(tmp_path):
    days, asking = calendar(tmp_path), Asking()

    assert opening(asking, days, 2026) == date(2026, 9, 1)
    assert opening(asking, days, 2024) == date(2024, 9, 2)  # the first is a Sunday
