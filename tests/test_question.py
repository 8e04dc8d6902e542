"""What a question's grammar says: its form, whose act it is about, and where one question ends."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.question import LONGEST, Form, questions, understand


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("may I message a pupil?", Form.MAY),
        ("is it ok to message a pupil", Form.MAY),
        ("am I banned from adding pupils?", Form.MAY),
        ("Is it against the rules to add a pupil?", Form.MAY),
        ("would it be a problem if I added a parent?", Form.MAY),
        ("can I skip signing the policy?", Form.SKIP),
        ("is it ok not to sign?", Form.SKIP),
        ("what if I don't sign it?", Form.SKIP),
        ("do I have to sign it?", Form.DUTY),
        ("must I report it?", Form.DUTY),
        ("am I required to declare it?", Form.DUTY),
        ("is it compulsory?", Form.DUTY),
        ("who do I tell?", Form.WHO),
        ("whose permission do I need?", Form.WHO),
        ("who is allowed to post on the page?", Form.WHO),
        ("when is it reviewed?", Form.WHEN),
        ("how often is it reviewed?", Form.WHEN),
        ("how old must a child be for an account?", Form.WHEN),
        ("what happens if I break the policy?", Form.OUTCOME),
        ("will I be sacked if I post about work?", Form.OUTCOME),
        ("what is social media?", Form.WHAT),
        ("what am I allowed to post?", Form.WHAT),
        ("how do I report a post?", Form.WHAT),
        ("why can't I add parents?", Form.WHAT),
        ("I run a page for my department. What makes it official?", Form.WHAT),
        ("Someone posted a warning about us. Can we write to them?", Form.MAY),
        ("A lady whose son has just started sent me a request. May I accept?", Form.MAY),
        ("can I film it for the ones who missed it?", Form.MAY),
        ("what about leavers, can I add them", Form.MAY),
        ("found something nasty on a laptop, who do I ring", Form.WHO),
        ("Is it the deputy I should be telling?", Form.WHO),
        ("A boy is fifteen and hates the picture; how fast does it come down?", Form.WHEN),
        ("Could a breach cost me my registration?", Form.OUTCOME),
        ("do i hafta check my profiles", Form.DUTY),
        ("Ought he to have been told?", Form.DUTY),
        ("Is there somebody I need to tell?", Form.DUTY),
        ("does a free period count as working time", Form.WHAT),
    ],
)
def test_the_form_of_a_question(text, form):
    assert understand(text).form is form


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("may I message a pupil?", "staff"),
        ("Can parents take photos at the play?", "parents"),
        ("can my mum come in?", "parents"),
        ("are pupils allowed phones?", "pupils"),
        ("can a governor post about the school?", "governors"),
        ("as a governor, may I post about the school?", "governors"),
        ("I'm a parent, may I take photos?", "parents"),
        ("I'm a parent helper, may I take photos?", "volunteers"),
        ("do visitors have to hand in their phones?", "visitors"),
        ("may I post photos of the headteacher?", "staff"),
        ("can I use the school logo?", "staff"),
        ("can I tell a parent when their child is late?", "staff"),
        ("does the school page need approval?", "staff"),
        ("Some dads will be at the show. May they film it?", "parents"),
        ("A pupil has lost his tablet. Can he borrow another?", "pupils"),
        ("My pupils sent me a request. May I accept, or must they go?", "staff"),
    ],
)
def test_whose_act_a_question_is_about(text, about):
    assert understand(text).about == about


@pytest.mark.parametrize("text", ["MAY I MESSAGE A PUPIL", "may i message a pupil?!", "May I…?"])
def test_case_and_marks_do_not_matter_to_the_form(text):
    assert understand(text).form is Form.MAY


@pytest.mark.parametrize("tale", ["A parent asked who runs it.", "Nobody said when it happens."])
def test_the_tale_before_a_question_does_not_change_its_form(tale):
    assert understand(f"{tale} May I post about it?").form is Form.MAY


def test_curly_and_straight_apostrophes_are_the_same():
    straight, curly = understand("why can't I add them?"), understand("why can’t I add them?")

    assert (straight.form, straight.about) == (curly.form, curly.about)


@pytest.mark.parametrize(
    ("message", "asked"),
    [
        ("may I add a pupil", ["may I add a pupil"]),
        ("Hi. May I add a pupil? Thanks!", ["Hi. May I add a pupil? Thanks!"]),
        (
            "I run a page. May I post on it? And may I add parents?",
            ["I run a page. May I post on it?", "And may I add parents?"],
        ),
        ("Really?? May I add a pupil??", ["Really?? May I add a pupil??"]),
        ("May I add Mr. Smith?", ["May I add Mr. Smith?"]),
        ("may I\nadd   a pupil?", ["may I add a pupil?"]),
        (
            "may I open https://example.org/page?id=4 in class?",
            ["may I open https://example.org/page?id=4 in class?"],
        ),
        ("", [""]),
        ("???", ["???"]),
    ],
)
def test_a_message_is_split_where_one_question_ends(message, asked):
    assert questions(message) == asked


@settings(max_examples=200, derandomize=True)
@given(st.text(max_size=300) | st.lists(st.sampled_from([*"abc ?.!\n", "may I "])).map("".join))
def test_splitting_loses_no_letter_and_makes_none_up(message):
    asked = questions(message)

    assert asked
    assert "".join("".join(asked).split()) == "".join(message[:LONGEST].split())
    for text in asked:
        assert understand(text).form in Form
