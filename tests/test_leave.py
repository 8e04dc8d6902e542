"""What leave a clause gives, on what it hangs, and which questions its words do not reach."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.clauses import read
from bot.policy.leave import (
    complies,
    conditional,
    excepted,
    gives_leave,
    left_out,
    refrains,
    waives,
)
from bot.policy.lexicon import lexicon
from bot.policy.model import Clause, Cut
from bot.policy.question import understand


def clause(text, lead=None):
    """A clause as it is read from a policy for staff."""
    return Clause("T-1", (), lead, text, read(Cut((), lead, text, (1,)), ("staff",)))


@pytest.mark.parametrize(
    "text",
    [
        "Staff may use their phones in the staff room.",
        "Staff are encouraged to join professional networks.",
        "Close relatives are an exception to this rule, but the Headteacher must know of it.",
        "Nothing in this policy stops staff from raising wrongdoing.",
        "Your own children are not caught by this rule.",
        "Phones shall not be used in corridors; they may be used in the staff room.",
        "Staff must not add pupils, unless they are related.",
        "Where a former pupil writes to you, contact the Headteacher first.",
        "Selling old things online | MAY | Not on the school's own page",
    ],
)
def test_words_of_leave_are_found_wherever_they_stand(text):
    assert gives_leave(clause(text))


@pytest.mark.parametrize(
    "text",
    [
        "Staff must not accept pupils as friends.",
        "You must not post about children, even without names.",
        "Staff should set their accounts to private.",
        "A breach may lead to disciplinary action.",
        "Selling old things online | MUST NOT | The office can advise",
    ],
)
def test_a_ban_a_duty_and_a_threat_give_none(text):
    assert not gives_leave(clause(text))


@pytest.mark.parametrize(
    ("text", "hangs"),
    [
        ("Staff may use their phones in the staff room.", False),
        ("Staff may contribute to a wiki provided by a subject association.", False),
        ("Staff may use their phones provided that they are out of sight.", True),
        ("Staff must not add pupils, unless they are related.", True),
        ("Staff must ask the Headteacher before they open an account.", True),
    ],
)
def test_leave_hangs_on_a_condition_only_where_there_is_one(text, hangs):
    assert conditional(clause(text)) is hangs


@pytest.mark.parametrize(
    ("asked", "text", "why"),
    [
        (
            "May I name the school on Instagram?",
            "Staff may name the school on a professional network such as LinkedIn.",
            "network",
        ),
        (
            "Can I text him from my own phone?",
            "Staff may text a pupil from the school mobile.",
            "own",
        ),
        (
            "A leaver of seventeen has added me. May I accept?",
            "Former pupils who have turned eighteen may be accepted.",
            "age",
        ),
        (
            "She left us last summer. May I accept her request?",
            "Staff may accept a former pupil who left more than two years ago.",
            "time",
        ),
        (
            "Am I banned from talking about pupils in the staff chat?",
            "Staff may run a group chat, as long as it is not used to discuss pupils.",
            "denied",
        ),
        (
            "Can the year 9s join the Facebook group?",
            "Permission is required for any person to join the Facebook group.",
            "people",
        ),
        (
            "Can a yr 4 have a phone in school?",
            "Pupils must not bring phones to school, unless they are in Year 6.",
            "year",
        ),
    ],
)
def test_leave_does_not_reach_what_the_words_leave_out(asked, text, why):
    assert left_out(understand(asked), clause(text)) == why


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        ("May I name the school on LinkedIn?", "Staff may name the school on LinkedIn."),
        ("May I name it on Instagram?", "Staff may name the school on LinkedIn or similar sites."),
        ("Can I text him from the school mobile?", "Staff may text from the school mobile."),
        (
            "A leaver of nineteen has added me. May I accept?",
            "Former pupils who have turned eighteen may be accepted.",
        ),
        (
            "She left four years ago. May I accept her request?",
            "Staff may accept a former pupil who left more than two years ago.",
        ),
        (
            "May I use the staff chat, if no pupils are discussed?",
            "Staff may run a group chat, as long as it is not used to discuss pupils.",
        ),
        ("Can parents film the play?", "Parents may film the play."),
        ("Can a y8 keep his phone?", "Pupils in Years 7 to 9 may keep their phones in a bag."),
        (
            "Can a Year 6 have a phone in school?",
            "No pupil may have a phone, except Year 5 and Year 6.",
        ),
    ],
)
def test_leave_reaches_what_the_words_name(asked, text):
    assert left_out(understand(asked), clause(text)) == ""


@pytest.mark.parametrize(
    ("text", "nobody"),
    [
        ("A page of your own does not need to be approved by the Headteacher.", True),
        ("Staff need not ask for permission to keep a blog.", True),
        ("Staff may keep a blog.", False),
        ("Staff must not post a picture without permission.", False),
        ("Staff must ask for permission to keep a blog.", False),
    ],
)
def test_it_is_known_where_nobody_need_be_asked(text, nobody):
    assert waives(clause(text)) is nobody


RELATIVES = "Staff must not add pupils or families, unless they are the parent or a close relative."


@pytest.mark.parametrize(
    ("asked", "plainly"),
    [
        ("May I add my niece, who is a pupil?", True),
        ("May I add a pupil?", False),
        ("She is not my niece. May I add her?", False),
        ("My son is a pupil. May I add his best friend?", False),
        ("May I add my daughter's friend?", False),
    ],
)
def test_a_question_of_what_a_ban_excepts_is_known_from_one_of_what_it_forbids(asked, plainly):
    units = lexicon().units(lexicon().expand(asked))

    assert excepted(asked, units, clause(RELATIVES)) is plainly


@pytest.mark.parametrize(
    ("asked", "turned_away"),
    [
        ("Can I refuse a pupil's friend request?", True),
        ("Could I turn down a mum's invitation to connect?", True),
        ("Can I accept a pupil's friend request?", False),
        ("Can I decline her request and leave it at that?", False),
        ("Can I ignore his messages without telling the head?", False),
    ],
)
def test_turning_away_what_is_forbidden_is_no_breach(asked, turned_away):
    assert refrains(asked, clause("Staff must not be friends with pupils online.")) is turned_away


def test_turning_away_what_a_duty_is_about_is_not_the_same():
    asked = "Can I refuse a pupil's friend request?"

    assert not refrains(asked, clause("Staff must tell the DSL of a pupil's friend request."))
    assert not refrains(asked, clause("Staff must not ignore friend requests from pupils."))


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("Can I report it to the DSL?", True),
        ("Am I allowed to report a nasty post?", True),
        ("Can I report it to the DSL next week?", False),
        ("Can I report it to the parents?", False),
        ("Can I post about it?", False),
        ("May I not report it?", False),
    ],
)
def test_doing_what_a_duty_to_report_wants_keeps_the_rule(asked, kept):
    assert complies(asked, clause("Staff should report a nasty post to the DSL.")) is kept


def test_a_duty_with_a_not_in_it_is_no_simple_duty():
    rule = clause("Report it to the DSL by telephone and not by email.")

    assert not complies("Can I report it to the DSL?", rule)


@settings(max_examples=200, derandomize=True)
@given(st.integers(13, 24), st.integers(13, 24))
def test_an_age_is_left_out_exactly_when_it_is_not_reached(needed, told):
    rule = clause(f"Staff may accept former pupils who have reached the age of {needed}.")

    why = left_out(understand(f"May I accept a leaver who is {told}?"), rule)

    assert (why == "age") is (told < needed)


@settings(max_examples=200, derandomize=True)
@given(st.integers(1, 12), st.integers(1, 12))
def test_a_time_is_left_out_exactly_when_it_is_not_over(needed, told):
    rule = clause(f"Staff may accept former pupils who left at least {needed} years ago.")

    why = left_out(understand(f"He left {told} years ago. May I accept his request?"), rule)

    assert (why == "time") is (told < needed)


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=120), st.text(max_size=120))
def test_any_words_can_be_read(asked, text):
    rule = clause(text)

    assert isinstance(gives_leave(rule), bool)
    assert isinstance(left_out(understand(asked), rule), str)
