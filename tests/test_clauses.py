"""Cutting documents into clauses, and reading them, in the English of many schools' policies."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.policy.clauses import cut, read
from bot.policy.model import BlockKind, Cut, Document, Strength
from bot.policy.plaintext import blocks
from bot.policy.roles_in_text import mentions, roles
from bot.policy.sentences import LONGEST, sentences, short_enough

STAFF = ("staff",)


def cuts(text: str) -> tuple[Cut, ...]:
    lines = tuple(text.split("\n"))
    return cut(Document(lines, blocks(lines)))


def reading(text: str, lead: str | None = None, *section: str):
    return read(Cut(section, lead, text, (1,)), STAFF)


# strength, whom it binds, whom it says to tell; sentences of the kinds schools publish
MADE_UP = [
    ("must_not", "staff", None, "Staff must not lend their school laptop to anyone."),
    ("must_not", "staff", None, "Employees may not use their own email for school business."),
    ("must_not", "staff", None, "It is forbidden for teachers to take work tablets abroad."),
    ("must_not", "pupils", None, "Pupils are not allowed to bring smart speakers into school."),
    ("must_not", "staff", None, "Do not charge personal devices in classrooms."),
    ("must_not", "staff", None, "Never leave a logged-in computer unattended."),
    ("must_not", "staff", None, "Under no circumstances may staff share a building fob."),
    ("must_not", "staff", None, "Refrain from commenting on league tables online."),
    ("must_not", "staff", None, "Using a pupil's account to play games is strictly prohibited."),
    ("must_not", "visitors", None, "Visitors are prohibited from filming in the nursery rooms."),
    ("must_not", "staff", None, "No member of staff may accept gifts from suppliers."),
    ("must_not", "staff", None, "Personal cameras cannot be used in the baby room."),
    ("must_not", "staff", None, "Smart watches must never be worn during intimate care."),
    ("must_not", "staff", None, "At no time should memory sticks be used for pupil records."),
    ("must_not", "volunteers", None, "Volunteers shall not be left alone with a class."),
    ("must_not", "staff", None, "Swearing in front of learners will not be tolerated."),
    ("must_not", "staff", None, "If in any doubt, do not send the message."),
    ("should_not", "staff", None, "Staff should not discuss salaries on public forums."),
    ("should_not", "staff", None, "Avoid posting late at night when tired."),
    ("should_not", "staff", None, "Teachers are advised not to accept invitations from leavers."),
    ("should_not", "staff", None, "We strongly discourage staff from joining parents' chat groups."),
    ("should_not", "staff", None, "No employee should be seen to favour one supplier."),
    ("should_not", "staff", None, "It would not be appropriate to wear a political badge in class."),
    ("should_not", "parents", None, "Parents are asked not to park on the zigzag lines."),
    ("should_not", "staff", None, "Staff should refrain from using nicknames for learners."),
    ("should_not", "staff", None, "It is not recommended that colleagues share lifts with students."),
    ("must", "staff", None, "Staff must wear their lanyard at all times."),
    ("must", "staff", "dsl", "Any concern must be reported to the Designated Safeguarding Lead."),
    ("must", "staff", "headteacher", "Report any loss of keys to the Head Teacher immediately."),
    ("must", "staff", "line-manager", "Employees are required to inform their line manager of absence."),
    ("must", "leaders", None, "Line managers will discuss this code at induction."),
    ("must", "staff", None, "All employees are responsible for keeping passwords safe."),
    ("must", "staff", None, "Teachers have a duty to set homework on the agreed platform."),
    ("must", "staff", None, "It is essential that registers are taken promptly."),
    ("must", "staff", None, "Keep evidence of every conversation with an agency."),
    ("must", "staff", None, "Photographs can only be stored on the trust's server."),
    ("must", "pupils", None, "Students in the sixth form will sign in at reception."),
    ("must", "staff", "lado", "Allegations must be referred to the LADO within one working day."),
    ("must", "staff", "police", "If you find a weapon, call the police and inform the Principal."),
    ("should", "staff", None, "Staff should lock their screens when they leave a room."),
    ("should", "staff", None, "Where possible, staff should use a school camera."),
    ("should", "staff", "slt", "Staff are advised to seek advice from a member of SLT."),
    ("should", "staff", None, "It is recommended that passwords are changed each term."),
    ("should", "parents", "office", "Parents are asked to inform the school office of absence."),
    ("should", "staff", None, "Be mindful of how humour may be read by others."),
    ("should", "staff", "headteacher", "Please speak to the Headteacher if you are unsure."),
    ("should", "staff", None, "It is important that colleagues treat one another kindly."),
    ("should", "staff", None, "The academy expects employees to dress smartly."),
    ("should", "staff", "chair-of-governors",
     "Concerns about the Headteacher should be raised with the Chair of Governors."),
    ("should", "staff", "named-person", "Problems with logins should be passed to Jo Farthing."),
    ("should", "staff", "dsl", "The DSL should be informed if a learner mentions self-harm."),
    ("may", "staff", None, "Staff may use the staff room computer at lunch."),
    ("may", "staff", None, "Teachers are permitted to use their own tablets for planning."),
    ("may", "pupils", None, "Sixth form students may use phones in the common room."),
    ("may", "staff", None, "Employees may only use personal phones if the site radio fails."),
    ("may", "staff", None, "Prior approval is not required: you do not need permission to read news."),
    ("may", "school", None, "The school may monitor traffic on its network."),
    ("needs_approval", "staff", None, "Trips must be approved by the Headteacher in advance."),
    ("needs_approval", "staff", None, "Staff may work from home only with written permission."),
    ("needs_approval", "staff", None,
     "Personal data must not leave the site unless the Data Protection Officer has given consent."),
    ("needs_approval", "staff", None, "Filming is allowed only following parental consent."),
    ("needs_approval", "staff", None, "Obtain permission from your line manager before booking."),
    ("needs_approval", "visitors", None,
     "Visitors must not photograph displays without the prior agreement of the Principal."),
    # the present tense as a rule
    ("must", "staff", None, "Desk keys are handed in before the gates are closed."),
    ("must", "staff", None, "Radios stay in the charging rack overnight; equipment stays on site."),
    ("must", "staff", None, "All staff complete the fire course by the end of October."),
    ("must", "staff", "business-manager", "Complaints about parking go to the Business Manager."),
    ("must_not", "staff", None, "Keys are never left in doors."),
    ("must_not", "all", None, "Nobody brings a pet into the kitchen."),
    ("must_not", "staff", None, "No jokes about inspection results on the staff page."),
    ("must_not", "staff", None, "Nothing about a family's money worries."),
    ("must_not", "staff", None, "The boiler room is out of bounds at all times."),
    ("must_not", "staff", None, "It is a criminal offence to read another person's sealed post."),
    ("must_not", "staff", None, "No club, class or person may sell raffle tickets at the gate."),
    ("must_not", "staff", None, "Employees must write nothing that mocks a rival college."),
    ("must_not", "staff", None, "Staff must not lend keys, even with the agreement of their tutors."),
    ("should_not", "staff", None, "Long replies at night are to be avoided."),
    ("should", "staff", None, "Where possible staff should walk the site in pairs, unless it rains."),
    ("must", "staff", None, "When a theft is found the school must look into it, even if small."),
    ("may", "staff", None, "Fitness bands are fine with the sound turned off."),
    ("may", "staff", None, "This rule does not prevent an employee from joining a union."),
    ("may", "staff", None, "You do not need the college's permission to keep a diary."),
    ("may", "staff", None, "Bicycles are not banned, and the shed is open all day."),
    ("may", "parents", None, "Parents and other relatives may film the parade, provided that they stay seated."),
    ("needs_approval", "staff", None,
     "Minibus keys may be lent out only once the Business Manager has agreed."),
    ("needs_approval", "staff", None, "Selling crafts on site requires the Head's consent."),
    ("needs_approval", "staff", None,
     "Teachers who wish to hire the hall must apply to the site team."),
    ("information", "staff", None, "A locked drawer is not safe either: other users may have a key."),
    ("information", "parents", None, "Parents who ignore these rules may be asked to stay outside."),
    ("information", "staff", None, "Ignoring this code counts as gross misconduct."),
    ("information", "staff", None, "Nothing can be unsaid once a crowd has heard it."),
    ("information", "staff", None,
     "For the purposes of this code a gift means anything that you receive, share or keep."),
    ("information", "staff", None, "A breach of this code may lead to disciplinary action."),
    ("information", "staff", None, "Failure to comply may result in dismissal."),
    ("information", "staff", None, "This policy applies to all staff at the academy."),
    ("information", "staff", None, "Podcasts are audio programmes shared over the internet."),
    ("information", "school", None, "The school cannot accept liability for loss of devices."),
]  # fmt: skip


@pytest.mark.parametrize(("strength", "bound", "told", "text"), MADE_UP, ids=lambda v: str(v)[:60])
def test_reads_sentences_that_schools_write(
    strength: str, bound: str, told: str | None, text: str
) -> None:
    found = reading(text)

    assert (found.strength.value, bound in found.binds, found.route) == (strength, True, told)


@pytest.mark.parametrize(
    ("lead", "text", "strength"),
    [
        ("Staff must not:", "share passwords with pupils", "must_not"),
        ("Staff must not:", "Use their own phones in lessons.", "must_not"),
        ("Staff must:", "keep their passwords safe", "must"),
        ("Staff must:", "not lend their keys", "must_not"),
        ("Staff must ensure that they:", "Never add a pupil as a contact", "must_not"),
        ("Employees should:", "Check their privacy settings", "should"),
        ("Employees should:", "Avoid arguments online", "should_not"),
        ("You may:", "use the gym after school", "may"),
        ("The following are not acceptable:", "The sale of goods to parents", "must_not"),
        ("The following is forbidden:", "Gossip about colleagues", "must_not"),
        ("Parents are asked to:", "Collect children promptly", "should"),
        ("The trust will then consider one of these steps:", "Write to the parent", "may"),
        ("The aims of this policy are to:", "Encourage kindness online", "information"),
        ("These steps must be kept to; the rules should be followed:", "Do not shout.", "must_not"),
        ("Don't:", "Share your password", "must_not"),
        ("Staff must not:", "take photographs unless the Headteacher has given permission",
         "needs_approval"),
        ("Staff are advised as follows:", "Staff must report threats.", "must"),
        ("Staff must: keep a record of messages which may:", "cause alarm", "must"),
        ("On public forums staff must not, for example:", "sell tickets", "must_not"),
        ("On hearing of a fire, the Headteacher:", "should, if it is safe, ring the bell", "should"),
        ("Our aims are:", "to encourage parents to walk to school", "information"),
        ("Staff may hold a stall at the fair.", "They must not sell raffle tickets.", "must_not"),
        ("The following are perfectly all right:", "Baking for the staff room", "may"),
        ("Laws that may matter:", "Theft Act: taking goods without authority", "information"),
    ],
)  # fmt: skip
def test_an_item_has_the_force_of_its_lead_in(lead: str, text: str, strength: str) -> None:
    assert reading(text, lead).strength.value == strength


@pytest.mark.parametrize(
    ("text", "approver"),
    [
        ("New accounts must be approved by the Headteacher first.", "headteacher"),
        ("Loans need the written permission of the Business Manager.", "business-manager"),
        ("Staff may leave early only with the agreement of their line manager.", "line-manager"),
        ("Photographs may only be taken with parental consent.", "parents"),
        ("Filming is not permitted unless authorised by the Principal.", "headteacher"),
        ("Only with the approval of SLT may phones be kept on.", "slt"),
        ("No gifts may be kept unless permission has been given by the Chair of Trustees.",
         "chair-of-governors"),
        ("Images must not be posted without consent.", None),
        ("Portraits may be taken only after their parents have consented.", "parents"),
        ("In a snow emergency the Principal may agree that the gym opens late.", "headteacher"),
    ],
)  # fmt: skip
def test_names_the_role_whose_leave_is_asked(text: str, approver: str | None) -> None:
    found = reading(text)

    assert (found.strength, found.approver) == (Strength.NEEDS_APPROVAL, approver)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("Phones may be used provided that no child is present.",
         "provided that no child is present"),
        ("Staff must not film unless the Principal has agreed.",
         "unless the Principal has agreed"),
        ("Employees may only use phones if the radio fails.", "if the radio fails"),
        ("If you are locked out, you may ring the site team.", "If you are locked out"),
        ("Staff must not lend keys, apart from the shed key.", "apart from the shed key"),
        ("Nothing may be sold other than tickets to the fair.", "other than tickets to the fair"),
        ("No one may leave until the register has been called.",
         "until the register has been called"),
        ("Staff should photograph any damage, unless it is unsafe.", "unless it is unsafe"),
        ("Except on trips, staff must not use radios.", "Except on trips"),
        ("Parents may visit once the class has been told, and the owner must stay.",
         "once the class has been told"),
        ("Good manners matter in places other than the classroom.", None),
        ("Staff must wait outside if the alarm sounds.", None),
        ("Resources provided by the trust are listed.", None),
    ],
)  # fmt: skip
def test_keeps_the_clause_s_own_words_for_only_if(text: str, condition: str | None) -> None:
    assert reading(text).condition == condition


def test_a_person_s_name_never_becomes_a_route() -> None:
    for text in (
        "Report spills to Wendel Oakes straight away.",
        "Contact Mrs P. Lindqvist before booking.",
        "Any theft must be reported to Tamsin O'Dare.",
    ):
        assert reading(text).route == "named-person"


@pytest.mark.parametrize(
    ("section", "text", "bound"),
    [
        (("Guidance for pupils",), "Do not share your password.", ("pupils",)),
        (("Use of networks by parents and carers",), "Please keep comments kind.", ("parents",)),
        (("Mobile phones",), "Do not share your password.", ("staff",)),
        ((), "Everyone must sign in.", ("all",)),
        ((), "Staff, governors and volunteers must sign in.", ("staff", "governors", "volunteers")),
        ((), "The Data Protection Officer will keep the register.", ("dpo",)),
        ((), "The headteacher will decide.", ("headteacher",)),
    ],
)
def test_binds_the_subject_or_those_the_heading_names(
    section: tuple[str, ...], text: str, bound: tuple[str, ...]
) -> None:
    assert reading(text, None, *section).binds == bound


def test_the_policy_s_audience_is_meant_where_nobody_is_named() -> None:
    found = read(Cut((), None, "Do not run.", (1,)), ("pupils", "parents"))

    assert found.binds == ("pupils", "parents")


# --- cutting -----------------------------------------------------------------------------------


def test_items_stand_under_their_lead_in_and_headings() -> None:
    found = cuts("Phones\n\nStaff must:\n\n- lock phones away\n- sign them out\n\nThat is all.")

    assert [(c.section, c.lead_in, c.text, c.lines) for c in found] == [
        (("Phones",), "Staff must:", "lock phones away", (5,)),
        (("Phones",), "Staff must:", "sign them out", (6,)),
        (("Phones",), None, "That is all.", (8,)),
    ]


def test_a_nested_lead_in_is_joined_outermost_first() -> None:
    found = cuts(
        "Staff must:\n1. when on trips:\n   a. carry a radio\n   b. carry a list\n2. sign in\n"
    )

    assert [(c.lead_in, c.text) for c in found] == [
        ("Staff must: when on trips:", "carry a radio"),
        ("Staff must: when on trips:", "carry a list"),
        ("Staff must:", "sign in"),
    ]


def test_flattened_sub_bullets_get_the_nested_lead_in_until_an_item_restates() -> None:
    found = cuts(
        "Coaches are reminded:\n\n"
        "· That they do not speak to the press in ways which might:\n"
        "· upset the families of players;\n"
        "· reveal the medical history of players;\n"
        "· that they do not offer players lifts home;\n"
        "· lend players money;\n"
        "· It is recommended that coaches keep a diary.\n"
    )
    nested = "Coaches are reminded: That they do not speak to the press in ways which might:"

    assert [(c.lead_in, c.text) for c in found] == [
        (nested, "upset the families of players;"),
        (nested, "reveal the medical history of players;"),
        ("Coaches are reminded:", "that they do not offer players lifts home;"),
        ("Coaches are reminded: that they do not", "lend players money;"),
        ("Coaches are reminded:", "It is recommended that coaches keep a diary."),
    ]
    strengths = [read(c, STAFF).strength for c in found]
    assert strengths == [Strength.SHOULD_NOT] * 4 + [Strength.SHOULD]


def test_a_heading_that_commands_is_the_lead_in_of_its_items() -> None:
    found = cuts("Lockers\n\nAll lockers are new.\n\nDo not:\n\n- lend a key\n- copy a key\n")

    assert [(c.lead_in, read(c, STAFF).strength.value) for c in found[1:]] == [
        ("Do not:", "must_not"),
        ("Do not:", "must_not"),
    ]


def test_rules_under_sub_headings_keep_the_sentence_that_introduced_them() -> None:
    found = cuts(
        "These rules should be followed on every visit:\n\n"
        "i. Be safe:\n\n· Wear a helmet.\n\nii. Be on time:\n\n· Do not dawdle.\n"
    )

    assert [(c.section, c.lead_in, read(c, STAFF).strength.value) for c in found] == [
        (("i. Be safe:",), "These rules should be followed on every visit:", "must"),
        (("ii. Be on time:",), "These rules should be followed on every visit:", "must_not"),
    ]


def test_only_the_sentence_that_introduces_a_list_is_its_lead_in() -> None:
    found = cuts("Trips are fun. Leaders must carry:\n\n- a radio\n- a list\n")

    assert [(c.lead_in, c.text) for c in found] == [
        (None, "Trips are fun."),
        ("Leaders must carry:", "a radio"),
        ("Leaders must carry:", "a list"),
    ]


def test_a_paragraph_of_several_rules_is_cut_at_its_sentences() -> None:
    found = cuts(
        "Drivers must hold a licence. They must show it each year. Passengers should wear a belt. "
        "This includes adults."
    )

    assert [c.text for c in found] == [
        "Drivers must hold a licence. They must show it each year.",
        "Passengers should wear a belt. This includes adults.",
    ]


def test_a_leaning_sentence_of_another_force_has_the_sentence_it_leans_on_as_lead_in() -> None:
    found = cuts("Drivers must carry a licence. They may leave a copy at the desk.")

    assert [(c.lead_in, c.text) for c in found] == [
        (None, "Drivers must carry a licence."),
        ("Drivers must carry a licence.", "They may leave a copy at the desk."),
    ]


def test_an_item_s_second_rule_does_not_borrow_the_lead_in() -> None:
    found = cuts(
        "Clubs must not:\n\n- run after six. The Principal may close a club.\n- sell food\n"
    )

    assert [(c.lead_in, c.text) for c in found] == [
        ("Clubs must not:", "run after six."),
        (None, "The Principal may close a club."),
        ("Clubs must not:", "sell food"),
    ]


def test_a_duplicated_paragraph_is_two_clauses() -> None:
    rule = "Any breach of the parking rules will be looked into by the site team."
    found = cuts(f"{rule}\n\nCars park at the back.\n\n{rule}\n")

    assert [c.lines for c in found if c.text == rule] == [(1,), (5,)]


def test_each_clause_cites_the_lines_its_words_came_from() -> None:
    found = cuts(
        "Cyclists must wear a bright vest whenever they ride through the\n\n\n"
        "school gates in the dark. Scooters should be walked.\n"
    )

    assert [c.lines for c in found] == [(1, 4), (4,)]


def test_a_very_long_sentence_is_cut_below_the_cap() -> None:
    found = cuts(
        "Staff must " + "; ".join(f"carry item number {n} at all times" for n in range(60))
    )

    assert max(len(c.text) for c in found) <= LONGEST
    assert " ".join(c.text for c in found).count("carry item number") == 60


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Use a tool, e.g. Teams. It is safe.", 2),
        ("See para. 5.5 and Mr. J. P. Tull. Then sign.", 2),
        ("The L.A. will help. They are kind.", 2),
        ("It costs 5.50 pounds, i.e. Little.", 1),
        ("Is it safe? Is it kind? “Yes.” Go on!", 4),
        ("Apps such as X, Y etc. are covered.", 1),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text: str, count: int) -> None:
    assert len(sentences(text)) == count
    assert " ".join(sentences(text)) == text


# --- roles -------------------------------------------------------------------------------------


def test_every_role_is_found_by_each_of_its_words() -> None:
    for role in roles().values():
        for word in role.words:
            assert [m.role for m in mentions(f"see {word} now")] == [role.id], word


def test_capitals_are_matched_in_capitals_only() -> None:
    assert mentions("la la land, ht, hr") == ()
    assert [m.role for m in mentions("the LA and HR")] == ["local-authority", "hr"]


# --- properties --------------------------------------------------------------------------------

_TYPICAL = """
    staff must not should may Pupils The headteacher if unless · - • 1. (a) iv. : ; . ? !
    share Permission DSL never 5.1 “quoted” don’t This They reported to Jo Bloggs Contents
"""
_WORDS = st.sampled_from([*_TYPICAL.split(), "\t", "\f", "\x1f", ""])
_LINES = st.lists(
    st.one_of(st.text(max_size=40), st.lists(_WORDS, max_size=14).map(" ".join)), max_size=14
)


@settings(max_examples=150, deadline=None)
@given(_LINES)
def test_any_text_can_be_cut_and_read_and_no_word_is_made_up(lines: list[str]) -> None:
    document = Document(tuple(lines), blocks(lines))

    for each in cut(document):
        source = "".join("".join(document.lines[n - 1].split()) for n in each.lines)
        assert "".join(each.text.split()) in source
        assert len(each.text) <= LONGEST
        assert each.lines
        read(each, STAFF)


@settings(max_examples=150, deadline=None)
@given(_LINES)
def test_no_sentence_of_the_body_is_lost(lines: list[str]) -> None:
    document = Document(tuple(lines), blocks(lines))
    found = cut(document)
    texts = "".join("".join(each.text.split()) for each in found)
    leads = "".join("".join((each.lead_in or "").split()) for each in found)

    for block in document.blocks:
        if block.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM):
            for sentence in sentences(block.text):
                bare = "".join(sentence.split())
                assert bare in texts or bare in leads


def test_a_lead_in_that_introduces_nothing_is_a_clause() -> None:
    found = cuts("- Boats must carry:\n- Crews must wear:\n- a vest\n\nSwimmers must bring:\n")

    assert [(c.lead_in, c.text) for c in found] == [
        (None, "Boats must carry:"),
        ("Crews must wear:", "a vest"),
        (None, "Swimmers must bring:"),
    ]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=400), st.integers(min_value=5, max_value=80))
def test_short_pieces_keep_every_word(text: str, longest: int) -> None:
    pieces = short_enough(text, longest)

    assert all(len(piece) <= longest for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("row", "strength"),
    [
        ("Old things for sale | MAY | Collection must not be from school", Strength.MAY),
        (
            "Coaching our families | MUST NOT | The Headteacher may agree to clubs",
            Strength.MUST_NOT,
        ),
        ("A phone in class | No | Use the class tablet", Strength.MUST_NOT),
        ("A new page | With permission | The form is in the office", Strength.NEEDS_APPROVAL),
    ],
)
def test_a_row_of_a_table_speaks_as_strongly_as_its_own_cell_says(
    row: str, strength: Strength
) -> None:
    assert reading(row).strength is strength
