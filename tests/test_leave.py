"""What leave a clause gives, on what it hangs, and which questions its words do not reach."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.beyond import beyond, silent
from bot.policy.clauses import read
from bot.policy.failing import fails
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


# --- what a question adds to the leave a clause gives ----------------------------------------------

LIMITED = (
    ("in the staff room", ("in the corridor", "in the canteen", "on the playground", "with my class")),
    ("at lunch", ("at break", "at playtime", "in my free period", "in class", "on duty", "after lunch")),
    ("on visits", ("in class", "in the corridor", "in the office")),
)  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "elsewhere"), [(one, other) for one, others in LIMITED for other in others]
)
def test_leave_for_one_time_or_place_is_none_for_another(limit, elsewhere):
    rule = clause(f"Staff may use their own tablets {limit}.")
    within, without = (
        understand(f"Can I use my tablet {limit}?"),
        understand(f"Can I use my tablet {elsewhere}?"),
    )

    assert beyond(within, rule) == ""
    assert not silent(within, rule)
    assert beyond(without, rule) == "limit"
    assert beyond(understand(f"Can I use my tablet {limit} {elsewhere}?"), rule) == "limit"


def test_a_question_that_does_not_name_the_limit_gets_no_plain_yes():
    rule = clause("Staff may use their own tablets in the staff room.")

    assert silent(understand("Can I use my tablet?"), rule)
    assert silent(
        understand("Can I use my tablet?"),
        clause("use their own tablets.", "When the bell has gone, staff may:"),
    )


def test_a_limit_that_is_only_a_sample_limits_nothing():
    rule = clause("Staff may read on their own tablets, in the staff room for instance.")

    assert beyond(understand("Can I read on my tablet in the office?"), rule) == ""


def test_a_limit_the_question_denies_is_not_met():
    rule = clause("Staff may use a personal phone in an emergency.")

    assert beyond(understand("It is not an emergency, can I use my phone?"), rule) == "limit"


@pytest.mark.parametrize(
    ("asked", "text", "why"),
    [
        (
            "Can I use my tablet to order a pizza?",
            "Staff may use a tablet to keep in touch with the nurse.",
            "purpose",
        ),
        (
            "Can I use my tablet to ring my husband?",
            "Staff may use a tablet to keep in touch with the nurse.",
            "purpose",
        ),
        ("Can I use my laptop?", "Staff may use their own phones.", "device"),
        ("Can I use the class tablet?", "Staff may use their own devices.", "device"),
        ("Can I use a pupil's phone?", "Staff may use their own phones.", "device"),
        (
            "I'm not a librarian, can I lock the page?",
            "The librarian may lock the page.",
            "actor",
        ),
        ("Can I ring the council?", "The school may ring the council.", "actor"),
        ("Can pupils use their phones?", "Staff may use their phones.", "actor"),
        (
            "Can I paint my niece?",
            "Families may paint a picture of their own child.",
            "actor",
        ),
        (
            "Can a mum draw her son and the other children?",
            "Families may draw their own child.",
            "subject",
        ),
        (
            "Can I add my nephew and his mates?",
            "Staff must not add pupils, unless they are close relatives.",
            "subject",
        ),
        (
            "Can I befriend a dad and his daughter?",
            "Staff may befriend a parent they grew up with.",
            "subject",
        ),
        (
            "Can I post it on my own blog?",
            "Staff may post it on the school's website.",
            "page",
        ),
        (
            "Can I post it on TikTok?",
            "Staff may post it on the school's channel.",
            "page",
        ),
        (
            "Can I take a picture of the wall and post it?",
            "Staff may take pictures of the wall.",
            "act",
        ),
        (
            "Can I draw on the board and sing to the ducks?",
            "Staff may draw on the board.",
            "act",
        ),
        (
            "Can I join a choir and discuss pupils?",
            "Staff may join a choir.",
            "act",
        ),
    ],
)
def test_leave_is_none_for_more_than_its_words(asked, text, why):
    assert beyond(understand(asked), clause(text)) == why


def test_what_another_clause_forbids_where_it_is_asked_for_is_not_allowed():
    rule = clause("A phone may be used once the Headteacher has agreed.")
    ban = clause("Phones must not be used in the corridor.")
    asked = understand("The head agreed, can I use my phone in the corridor?")

    assert beyond(asked, rule) == ""
    assert beyond(asked, rule, [ban]) == "rival"


HEAD = "A raffle must be approved in writing by the Headteacher beforehand."
FAMILY = "A picture may be hung up only if parents have given permission."


@pytest.mark.parametrize(
    ("asked", "text", "failing"),
    [
        ("Can I hold a raffle if the head approves?", HEAD, False),
        ("Can I hold a raffle if the caretaker approves?", HEAD, True),
        ("Can I hold a raffle, the head approved it verbally?", HEAD, True),
        ("Can I hold a raffle and ask the head afterwards?", HEAD, True),
        ("Can I hold a raffle, approval is pending?", HEAD, True),
        ("Can I hang up a picture if mum gave permission?", FAMILY, False),
        ("Can I hang up a picture with permission from his gran?", FAMILY, True),
        ("Can I hang up a picture if the child agrees?", FAMILY, True),
        ("Can I hang up a picture, most of the parents agreed?", FAMILY, True),
        ("Can I hang up a picture? The parents haven't replied.", FAMILY, True),
    ],
)
def test_a_condition_holds_only_by_those_it_names_and_in_time(asked, text, failing):
    assert fails(asked, clause(text)) is failing


@pytest.mark.parametrize(
    "turned", ["accept it and then block her", "block her but follow her again", "decline and message her"]
)  # fmt: skip
def test_to_turn_away_and_let_in_all_the_same_is_no_keeping_of_the_rule(turned):
    rule = clause("Staff must not be friends with pupils online.")

    assert not refrains(f"Can I get her friend request and {turned}?", rule)
    assert not refrains(f"Can I block her requests then {turned}?", rule)


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=120), st.text(max_size=120), st.text(max_size=120))
def test_no_words_break_the_reading_of_what_goes_beyond(asked, text, other):
    rule, question = clause(text, other), understand(asked)

    assert isinstance(beyond(question, rule, [clause(other)]), str)
    assert isinstance(silent(question, rule), bool)
    assert isinstance(fails(asked, rule), bool)
