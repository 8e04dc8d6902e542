"""What `mayi policy check` finds by the kinds of words and the shapes of lists alone, and what it leaves alone."""

from __future__ import annotations

import pytest

from bot.policy.grammar import grammar
from bot.policy.review import Kind
from bot.policy.spelling import spelling
from tests.test_review import ids, of_kind


@pytest.mark.parametrize(
    "words",
    [
        "Concerns must reported to the DSL.",
        "Staff should therefore locked their accounts.",
        "Teachers must ensures that the page is kept up to date.",
        "The headteacher must to be told.",
        "Staff are required ensure that pupils are safe.",
        "Staff are recommend to set their accounts to private.",
        "Photographs should be not taken.",
        "Concerns will be report to the office.",
        "Another adult is asked to reads it through.",
        "The form is for the of the school.",
        "Pictures are kept in accordance the consent list.",
        "The office is responsible the consent list.",
        "Taking one abroad needs the agreement the headteacher.",
        "A pupils must not bring a phone.",
        "Key staff write at least two observation a month.",
        "Pupils has no account of their own.",
        "Each account have two administrators.",
        "Only the Business Manager install programs.",
        "The helpdesk, which based at the main site, answers by post.",
        "Use of a account is logged.",
    ],
)
def test_words_that_no_english_sentence_puts_side_by_side_are_found(words):
    assert ids(Kind.SLIPS, f"{words} {{#SM-1}}") == [("SM-1",)]


@pytest.mark.parametrize(
    "words",
    [
        "A worker who is the subject of a compliant will be heard.",
        "Repeated breeches go to the governors.",
        "The consent list is on the shared drive eech day.",
        "An employer who breaks this policy may be disciplined.",
        "Posts must not show a personnel view as the view of the school.",
        "The assistant principle decides.",
        "Staff must seek advise before they post.",
        "This may effect the reputation of the school.",
        "Staff keep the key on there own ring.",
        "No later then Friday, the page is cleared.",
    ],
)
def test_a_word_that_is_none_or_another_than_was_meant_is_found(words):
    assert ids(Kind.SLIPS, f"{words} {{#SM-1}}") == [("SM-1",)]


@pytest.mark.parametrize(
    "words",
    [
        "In no circumstances may a pupil use a phone in class.",
        "Nor should the office be asked to do so.",
        "Mistakes that are owned up to are dealt with by a conversation.",
        "What staff must do is tell the DSL.",
        "The school will do what it can to help.",
        "A breach may lead to disciplinary action, up to and including dismissal.",
        "A Year 6 pupil may bring a phone if it is handed in at the office.",
        "An HR adviser and an MP came to a one-hour meeting at a university.",
        "Each of the governors has a school account, and staff who are parents have one too.",
        "The employer is the governing body, and employees are told so.",
        "The principal aim is a policy based on the principle of trust.",
        "Staff practise this at a practice day, and take advice from those who advise schools.",
        "Posts are made from a school phone, whether or not the office is open.",
    ],
)
def test_sound_english_is_left_alone(words):
    assert list(grammar(words)) == []
    assert list(spelling(words, frozenset())) == []


@pytest.mark.parametrize(
    "words",
    [
        "And will not be opened on the premises unless there is a reason of that kind.",
        "Which is why the worker on duty.",
        "Unless they have been with us for more than a year.",
        "Agency staff who breach the policy may have their booking ended without notice and the",
        "Staff should consider whether the content is one that families who would not be suitable to be reading.",
    ],
)
def test_a_piece_of_a_sentence_is_found(words):
    assert ids(Kind.FRAGMENT, f"{words} {{#SM-1}}") == [("SM-1",)]


@pytest.mark.parametrize(
    "words",
    [
        "Staff who are parents may stay in their class group.",
        "If you see something that worries you, tell the DSL before you leave.",
        "Pupils in Years 7 to 9 hand their phones to the tutor, who locks them in a box.",
        "Should a parent ask, the office has the form.",
        "Whoever finds it hands it in.",
        "No exceptions unless the headteacher agrees.",
    ],
)
def test_a_whole_sentence_is_no_fragment(words):
    assert of_kind(Kind.FRAGMENT, f"{words} {{#SM-1}}") == []


def test_a_no_at_the_head_of_a_sentence_that_is_denied_once_more_is_a_double_negative():
    turned = "No child whose parents have refused consent will not be pictured. {#SM-1}"
    right = "No child whose parents have not agreed will be pictured. {#SM-1}"

    assert ids(Kind.DOUBLE_NEGATIVE, turned) == [("SM-1",)]
    assert of_kind(Kind.DOUBLE_NEGATIVE, right) == []


@pytest.mark.parametrize(
    "words",
    [
        "The page is public. (Gareth – is this section staying in?)",
        "[JP to confirm wording with the union] The page is public.",
        "The page is public (check with HR before publishing).",
    ],
)
def test_a_note_of_whoever_wrote_it_is_found(words):
    assert ids(Kind.PLANNING_NOTES, f"{words} {{#SM-1}}") == [("SM-1",)]


def test_a_bracket_that_speaks_to_the_reader_is_no_note():
    body = "Think before you post (would you be happy for your own child to read it?). {#SM-1}"

    assert of_kind(Kind.PLANNING_NOTES, body) == []


def test_a_list_with_fewer_items_than_it_says_is_found():
    body = "Parents are asked to do three things:\n\n- sign the form {#SM-1}\n- read the policy {#SM-2}\n"

    assert ids(Kind.LIST_COUNT, body) == [("SM-1", "SM-2")]
    assert of_kind(Kind.LIST_COUNT, body.replace("three", "two")) == []
    assert of_kind(Kind.LIST_COUNT, body.replace("three", "at least three")) == []


def test_a_ban_on_telling_somebody_in_charge_says_the_opposite_of_what_is_meant():
    body = "Staff must not:\n\n- follow pupils {#SM-1}\n- tell the Designated Safeguarding Lead if a pupil writes to them {#SM-2}\n"

    assert ids(Kind.REVERSED, body) == [("SM-2",)]


def test_a_section_under_another_title_than_the_one_given_is_found():
    body = "# 1 Photographs\n\nSee section 2 (Passwords). {#SM-1}\n\n# 2 Visitors\n\nThey sign in. {#SM-2}"

    assert ids(Kind.REFERENCE, body) == [("SM-1",)]
    assert of_kind(Kind.REFERENCE, body.replace("(Passwords)", "(Visitors)")) == []


def test_a_number_in_the_middle_of_a_sentence_is_kept():
    body = "# 4 Friends\n\nNo exceptions are made for cousins unless 4.5 applies to them. {#SM-1}"

    assert of_kind(Kind.FRAGMENT, body) == []


# --- contradictions ------------------------------------------------------------------------------------------

APART = "# One\n\n{} {{#SM-1}}\n\n# Two\n\nThe school has a website. {{#SM-3}}\n\n# Three\n\n{} {{#SM-2}}"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (
            Kind.TWO_ROUTES,
            "The Designated Safeguarding Lead is the Deputy Manager.",
            "The Owner is the Designated Safeguarding Lead.",
        ),
        (
            Kind.RULE_AND_OPPOSITE,
            "Only the Principal or the DSL may search a pupil's phone.",
            "Any tutor may search a pupil's phone where harm is feared.",
        ),
        (
            Kind.TWO_NUMBERS,
            "Each official account has two administrators.",
            "One administrator is enough for an official account.",
        ),
        (
            Kind.RULE_AND_OPPOSITE,
            "Reports are written by the teacher, and for now we do not allow AI tools for school reports.",
            "The first draft of school reports may be produced with AI tools.",
        ),
    ],
)
def test_what_cannot_both_hold_is_found_in_clauses_far_apart(kind, one, other):
    assert ids(kind, APART.format(one, other)) == [("SM-1", "SM-2")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Only the Principal may search a pupil's phone.",
            "Any tutor may take a pupil's phone.",
        ),
        (
            "In primary academies no personal phone may be used for photographs in any circumstances.",
            "In secondary academies staff may use a personal phone for photographs.",
        ),
        (
            "Pupils must not use their phones in school.",
            "Pupils may use their phones in school for a medical reason.",
        ),
    ],
)
def test_rules_of_different_acts_ages_and_needs_do_not_contradict_each_other(one, other):
    opposed = (Kind.RULE_AND_OPPOSITE, Kind.BAN_AND_LEAVE, Kind.TWO_NUMBERS, Kind.TWO_ROUTES)

    assert [f for kind in opposed for f in of_kind(kind, APART.format(one, other))] == []
