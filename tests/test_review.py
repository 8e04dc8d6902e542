"""`mayi policy check` finds what a careful reviewer would, says where, and holds its tongue where nothing is wrong."""

from __future__ import annotations

import json
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.review import review_policies, write_page
from bot.chat.render import Wording
from bot.config import MODEL_SCHOOLS, Home, data, model_folder
from bot.policy.numbering import breaks
from bot.policy.policyfile import parse_policy, read_policy
from bot.policy.review import Dates, Facts, Kind, Weight, due_as_printed, lay_out, review
from tests.bench import sets
from tests.bench.review import Gold, reviewed, score, share

TODAY = date(2026, 11, 20)
FRONT = "---\ntitle: Social Media Policy\nadopted: 2026-01-05\nnext_review: 2027-01-05\nowner: headteacher\n---\n\n"
# A policy in which nothing is wrong, for a fault to stand in
SOUND = """\
# Rules

Staff must not accept pupils as friends. {#SM-90}

# Reporting

A concern about the Headteacher goes to the Chair of Governors. {#SM-91}

If the Designated Safeguarding Lead is absent, staff must tell the deputy DSL. {#SM-92}

"""


def found(body: str, *, front: str = FRONT, **facts):
    text = front + SOUND + body
    sheet = lay_out(parse_policy(text), text)
    return review(sheet, Facts(today=TODAY, **facts))


def of_kind(kind: Kind, body: str, **facts):
    return [f for f in found(body, **facts) if f.kind is kind]


def ids(kind: Kind, body: str, **facts) -> list[tuple[str, ...]]:
    return [f.clauses for f in of_kind(kind, body, **facts)]


# --- dates, owners, signatures -------------------------------------------------------------------------------


def test_a_sound_policy_lacks_nothing_but_routes():
    assert [f.kind for f in found("")] == [Kind.NO_ROUTE]


def test_an_overdue_review_comes_first():
    dates = Dates(reviewed=date(2023, 1, 1), next_review=date(2024, 11, 30))

    first = found("", dates=dates)[0]

    assert (first.kind, first.weight) == (Kind.OVERDUE, Weight.ACT)
    assert dict(first.said) == {"due": "30 November 2024", "years": "1"}


def test_a_review_due_today_is_not_overdue():
    assert of_kind(Kind.OVERDUE, "", dates=Dates(next_review=TODAY)) == []


def test_a_cycle_makes_a_review_overdue_where_no_next_date_is_printed():
    front = FRONT.replace("next_review: 2027-01-05\n", "review_cycle: yearly\n")

    assert of_kind(Kind.OVERDUE, "", front=front, dates=Dates(reviewed=date(2025, 9, 1)))
    assert not of_kind(Kind.OVERDUE, "", front=front, dates=Dates(reviewed=date(2026, 9, 1)))


def test_dates_that_stray_from_the_cycle_are_found():
    front = FRONT.replace("owner:", "review_cycle: yearly\nowner:")
    three_years = Dates(reviewed=date(2026, 1, 1), next_review=date(2029, 1, 1))
    one_year = Dates(reviewed=date(2026, 1, 1), next_review=date(2027, 2, 1))

    assert of_kind(Kind.CYCLE, "", front=front, dates=three_years)
    assert not of_kind(Kind.CYCLE, "", front=front, dates=one_year)


def test_a_policy_without_a_date_or_an_owner_is_told_what_is_missing():
    (finding,) = of_kind(Kind.UNDATED, "", front="---\ntitle: Social Media Policy\n---\n\n")

    assert finding.weight is Weight.ACT
    assert dict(finding.said)["missing"] == (
        "the date of its last review; the date of its next review; the role that owns it; who adopted it, and when"
    )


def test_a_blank_signature_is_found_and_a_signed_one_is_not():
    kept = "<!--\nFrom the document, and no clause:\n\nsignatures: Signed: {}\n-->\n"

    assert of_kind(Kind.UNSIGNED, kept.format("______ Chair of Governors"))
    assert not of_kind(Kind.UNSIGNED, kept.format("Sam Sample, Chair of Governors"))


def test_an_initial_that_is_not_the_names_is_found():
    kept = "<!--\nFrom the document, and no clause:\n\ntable of signatures: Pat Example Governor {}.Example\n-->\n"

    assert of_kind(Kind.SIGNATURE, kept.format("K"))
    assert not of_kind(Kind.SIGNATURE, kept.format("P"))


def test_a_blank_of_the_model_is_found():
    assert ids(Kind.PLACEHOLDER, "Staff of [insert name of school] must keep it. {#SM-1}") == [
        ("SM-1",)
    ]


# --- what is stale -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("This follows Keeping Children Safe in Education 2023.", Kind.EDITION),
        ("This follows KCSIE (September 2022).", Kind.EDITION),
        ("Read Working Together to Safeguard Children (2018).", Kind.EDITION),
        ("See Keeping Children Safe in Education, paragraphs 123 to 126.", Kind.EDITION_NUMBERS),
        ("See the advice Behaviour and Discipline in Schools.", Kind.STALE_GUIDANCE),
        ("The Data Protection Act 1998 applies.", Kind.STALE_LAW),
        ("The Malicious Communications Act 1988 applies.", Kind.STALE_LAW),
        ("Staff may follow the school on Twitter.", Kind.STALE_SERVICE),
        ("Governors meet on Skype.", Kind.STALE_SERVICE),
        ("Concerns about sexting go to the DSL.", Kind.STALE_NAME),
        ("CRB checks are made.", Kind.STALE_NAME),
        ("See http://www.example.org/help for more.", Kind.LINK),
        ("Instagram has a reporting tool that removes such posts.", Kind.PLATFORM_CLAIM),
    ],
)
def test_what_is_stale_is_found_with_its_clause(words, kind):
    assert ids(kind, f"{words} {{#SM-1}}") == [("SM-1",)]


@pytest.mark.parametrize(
    "words",
    [
        "This follows the current edition of Keeping Children Safe in Education.",
        "This follows Keeping Children Safe in Education 2025.",
        "The Equality Act 2010 and Keeping Children Safe in Education apply.",
        "The Data Protection Act 2018 applies.",
        "Staff may follow the school on X (formerly Twitter).",
        "Parents were asked about a vine that grows at the gate.",
        "See https://www.example.org/help for more.",
        "Staff may use Instagram in their own time.",
    ],
)
def test_what_holds_today_is_not_called_stale(words):
    stale = {
        Kind.EDITION, Kind.EDITION_NUMBERS, Kind.STALE_GUIDANCE, Kind.STALE_LAW, Kind.STALE_SERVICE, Kind.STALE_NAME,
        Kind.LINK, Kind.PLATFORM_CLAIM,
    }  # fmt: skip

    assert [f for f in found(f"{words} {{#SM-1}}") if f.kind in stale] == []


def test_a_stale_name_in_many_clauses_is_one_finding():
    body = "Staff may read Twitter. {#SM-1}\n\nStaff may post on Twitter. {#SM-2}\n"

    assert ids(Kind.STALE_SERVICE, body) == [("SM-1", "SM-2")]


def test_a_change_is_not_told_before_its_day():
    text = FRONT + "Governors meet on Skype. {#SM-1}\n"
    before = review(lay_out(parse_policy(text), text), Facts(today=date(2025, 5, 4)))

    assert not [f for f in before if f.kind is Kind.STALE_SERVICE]


def test_a_welsh_policy_is_held_against_the_guidance_of_wales():
    (finding,) = of_kind(Kind.NATION_GUIDANCE, "Staff keep the EWC code. {#SM-1}")

    assert dict(finding.said)["title"] == "Keeping learners safe"
    assert not of_kind(
        Kind.NATION_GUIDANCE, "Staff keep Keeping learners safe. {#SM-1}", nation="Wales"
    )


@pytest.mark.parametrize("entry", data("stale.toml")["stale"].items(), ids=lambda e: e[0])
def test_every_stale_entry_is_found_by_each_of_its_words(entry):
    _, table = entry
    for words in table.get("exact") or table["words"]:
        said = words.replace("*", "")
        nation = table.get("nation", "England")
        # Enough of the nation's own words that a foreign name does not make it another nation's policy
        own = ", ".join(w for w in data("stale.toml")["nation"][nation]["words"][:6])
        body = f"{own}. {{#SM-2}}\n\nThe school keeps to {said} here. {{#SM-1}}"

        hits = [f for f in found(body, nation=nation) if dict(f.said).get("now") == table["now"]]

        assert [f.clauses for f in hits] == [("SM-1",)], said


# --- people and titles ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "Report it to Mrs Specimen.",
        "Report contact from pupils to Kit Mockup at once.",
        "Our Data Protection Officer – Kit Mockup will help.",
        "Moderators (Kit Mockup and Val Dummy) watch the page.",
    ],
)
def test_a_person_named_where_a_role_should_stand_is_found(words):
    assert ids(Kind.NAMED_PEOPLE, f"{words} {{#SM-1}}") == [("SM-1",)]


@pytest.mark.parametrize(
    "words",
    [
        "Report it to the Designated Safeguarding Lead.",
        "Report it to Internet Watch Foundation or to Ofsted.",
        "See the Racial and Religious Hatred Act 2006.",
        "Contact Data Protection at the county.",
        "Staff must act on Bring Your Own Device rules.",
    ],
)
def test_an_office_or_an_act_is_no_person(words):
    assert of_kind(Kind.NAMED_PEOPLE, f"{words} {{#SM-1}}") == []


def test_a_holder_of_a_role_is_known_by_name_wherever_it_stands():
    body = "When Ash Draft agrees, staff may post. {#SM-1}"

    assert ids(Kind.NAMED_PEOPLE, body, holders=("Ash Draft",)) == [("SM-1",)]


def test_one_body_under_two_titles_is_found():
    body = "Tell the SLT. {#SM-1}\n\nAsk the senior leadership team. {#SM-2}\n\nThe SMT decides. {#SM-3}"

    assert ids(Kind.MIXED_TITLES, body) == [("SM-3",)]
    assert of_kind(Kind.MIXED_TITLES, "Tell the SLT. {#SM-1}") == []


# --- how it is put together ----------------------------------------------------------------------------------


def test_a_paragraph_that_stands_twice_is_one_finding():
    twice = "Any breach of this policy by staff is looked into by the Headteacher. {{#{}}}\n\n"

    assert ids(Kind.DUPLICATE, twice.format("SM-1") + "# Later\n\n" + twice.format("SM-2")) == [
        ("SM-1", "SM-2")
    ]


def test_two_rules_that_differ_in_whom_they_speak_of_are_no_duplicate():
    rule = "Staff must not accept {} as a friend on any social media site. {{#{}}}\n\n"

    assert (
        of_kind(Kind.DUPLICATE, rule.format("a pupil", "SM-1") + rule.format("a parent", "SM-2"))
        == []
    )


def test_a_number_left_out_among_headings_is_found():
    body = "# 5.1 One\n\nStaff read it. {#SM-1}\n\n# 5.2 Two\n\nStaff sign it. {#SM-2}\n\n# 5.4 Four\n\nStaff keep it. {#SM-3}"

    (finding,) = of_kind(Kind.NUMBERING, body)

    assert finding.clauses == ("SM-3",)
    assert dict(finding.said)["breaks"] == "5.2 is followed by 5.4"
    assert of_kind(Kind.NUMBERING, body.replace("5.4", "5.3")) == []


def test_a_number_left_out_among_paragraphs_survives_the_import(mayi, tmp_path):
    document = tmp_path / "policy.txt"
    document.write_text(
        "Social Media Policy\n\n1. Rules\n1.1 Staff must read the policy.\n1.2 Staff must sign it.\n"
        "1.4 Staff must keep to it.\n",
        "utf-8",
    )
    mayi("--home", tmp_path, "policy", "import", document, "--school", "acorns")

    (one,) = review_policies(Home(tmp_path), "acorns", today=TODAY)

    (told,) = [t for t in one.found if t.kind == "numbering"]
    assert "1.2 is followed by 1.4" in told.wrong


@given(st.integers(1, 40), st.integers(2, 30))
def test_numbers_that_follow_each_other_never_break(start, count):
    numbers = [(1, n) for n in range(start, start + count)]

    assert list(breaks(numbers)) == []
    assert list(breaks(numbers[:1] + numbers[2:])) == (
        [(numbers[0], numbers[2])] if count > 2 else []
    )


def test_a_section_that_does_not_exist_is_found_and_one_of_an_act_is_not():
    body = "# 1 Aim\n\nSee section 9. {#SM-1}\n\n# 2 Law\n\nSee section 127 of the Communications Act 2003. {#SM-2}"

    assert ids(Kind.REFERENCE, body) == [("SM-1",)]


def test_items_that_are_orders_without_their_not_are_found():
    body = (
        "Staff must not:\n\n- Accept pupils as friends {#SM-1}\n- Post pictures of pupils {#SM-2}\n"
    )

    assert ids(Kind.LOST_NOT, body) == [("SM-1", "SM-2")]
    assert of_kind(Kind.LOST_NOT, body.replace("must not", "must")) == []


def test_a_list_of_which_only_the_first_item_says_not_is_found():
    body = (
        "Advice for staff on their own posts:\n\n- Do not write about pupils. {#SM-1}\n"
        "- Comment on colleagues or governors. {#SM-2}\n- Share pictures taken in school. {#SM-3}\n"
    )

    assert ids(Kind.LOST_NOT, body) == [("SM-2", "SM-3")]
    assert of_kind(Kind.LOST_NOT, body.replace("Share", "Report")) == []


@pytest.mark.parametrize(
    "words",
    [
        "School accounts must never be accessed by authorised persons.",
        "Pupils are never to be supervised when they use the internet.",
        "The officer makes sure that pupils on the no-consent list are included in any picture.",
        "Passwords must be shared with colleagues.",
        "Photographs must never be published with parental consent.",
        "Staff should ignore any concerns about a pupil.",
        "Posts must be disrespectful.",
        "Door codes must be given to visitors under any circumstances.",
        "A photograph may go on the website only where the parents have withheld consent.",
        "Pictures must not be published where parents have given permission.",
    ],
)
def test_a_rule_that_says_the_opposite_of_what_is_meant_is_found(words):
    (finding,) = of_kind(Kind.REVERSED, f"{words} {{#SM-1}}")

    assert (finding.clauses, finding.weight) == (("SM-1",), Weight.ACT)


@pytest.mark.parametrize(
    "words",
    [
        "School accounts must never be accessed by unauthorised persons.",
        "Pupils are never to be left unsupervised when they use the internet.",
        "Pupils on the no-consent list are not included in any picture.",
        "Passwords must not be shared with colleagues.",
        "Photographs must never be published without parental consent.",
        "Staff must not ignore any concerns about a pupil.",
        "Posts must not be disrespectful.",
        "Door codes must not be given to visitors under any circumstances.",
        "No photograph may go on the website where the parents have withheld consent.",
        "Pictures must not be published until parents have given permission.",
        "Where parents have refused consent, the office will tell the class teacher.",
        "The list will show which parents have refused consent.",
        "Posts must never be published unless they are accurate.",
        "Staff must report inappropriate comments.",
    ],
)
def test_a_rule_that_says_what_is_meant_is_left_alone(words):
    assert of_kind(Kind.REVERSED, f"{words} {{#SM-1}}") == []


def test_the_name_of_another_school_is_found_and_the_own_one_is_not():
    front = FRONT.replace("adopted:", "school: Acorns Primary School\nadopted:")
    body = "Staff at Falsebrook Academy share good news. {#SM-1}\n\nAcorns Primary School is proud. {#SM-2}"

    (finding,) = of_kind(Kind.OTHER_SCHOOL, body, front=front)

    assert finding.clauses == ("SM-1",)
    assert dict(finding.said)["names"] == "Falsebrook Academy"


def test_a_trust_in_a_school_that_has_none_is_found():
    trust = "Such matters go to the Academy Trust. {#SM-1}"
    maintained = "Acorns is a community primary school. {#SM-2}\n\n"

    assert ids(Kind.OTHER_SCHOOL, maintained + trust) == [("SM-1",)]
    assert of_kind(Kind.OTHER_SCHOOL, trust) == []


def test_a_day_that_is_in_no_calendar_is_found():
    assert ids(Kind.BAD_DATE, "Approved on 31 September 2022. {#SM-1}") == [("SM-1",)]
    assert ids(Kind.BAD_DATE, "Approved on 29 February 2023. {#SM-1}") == [("SM-1",)]
    assert of_kind(Kind.BAD_DATE, "Approved on 29 February 2024. {#SM-1}") == []


@pytest.mark.parametrize(
    ("words", "due"),
    [
        ("This policy will next be reviewed by the governing board in the Summer Term 2024.", "Summer Term 2024"),
        ("Next review due: 12 May 2024", "12 May 2024"),
        ("It will be looked at again in January 2026.", "January 2026"),
        ("The policy was last reviewed in May 2024.", ""),
        ("Exams end in May 2024.", ""),
    ],
)  # fmt: skip
def test_a_date_of_review_is_read_wherever_it_is_printed(words, due):
    text = FRONT + f"{words} {{#SM-1}}\n"

    assert due_as_printed(lay_out(parse_policy(text), text)) == due


def test_a_paragraph_number_left_out_is_found_and_hides_no_duplicate():
    rule = "{} School laptops must be locked when left and must not be lent to friends. {{#{}}}\n\n"
    body = "# 3 Devices\n\n" + rule.format("3.1", "SM-1") + rule.format("3.3", "SM-2")

    assert ids(Kind.NUMBERING, body) == [("SM-2",)]
    assert ids(Kind.DUPLICATE, body) == [("SM-1", "SM-2")]
    assert of_kind(Kind.NUMBERING, body.replace("3.3", "3.2")) == []


def test_an_appendix_left_out_is_found():
    body = "# Appendix A\n\nStaff sign. {#SM-1}\n\n# Appendix C\n\nPupils sign. {#SM-2}"

    assert ids(Kind.NUMBERING, body) == [("SM-2",)]


def test_a_letter_left_out_of_a_list_survives_the_import(mayi, tmp_path):
    document = tmp_path / "policy.txt"
    items = "(a) Staff must read it.\n(b) Staff must sign it.\n({}) Staff must keep to it.\n"
    document.write_text("Social Media Policy\n\nRules\n\n" + items.format("d"), "utf-8")
    read = reviewed(document, tmp_path / "one", TODAY)
    document.write_text("Social Media Policy\n\nRules\n\n" + items.format("c"), "utf-8")
    whole = reviewed(document, tmp_path / "two", TODAY)

    assert [f for f in read.found if f.kind is Kind.NUMBERING]
    assert not [f for f in whole.found if f.kind is Kind.NUMBERING]


def test_guidance_of_another_nation_is_found_beside_the_own():
    own = "Staff keep Keeping learners safe and the EWC code; Estyn inspects. {#SM-2}\n\n"
    foreign = "Keeping Children Safe in Education is statutory for our school. {#SM-1}"

    assert ids(Kind.NATION_GUIDANCE, own + foreign, nation="Wales") == [("SM-1",)]
    assert of_kind(Kind.NATION_GUIDANCE, own, nation="Wales") == []
    assert (
        of_kind(
            Kind.NATION_GUIDANCE,
            own + foreign.replace("for our school", "in England"),
            nation="Wales",
        )
        == []
    )


def test_items_that_hang_on_their_lead_in_for_any_reader_are_left_alone():
    items = "Staff must not:\n\n- {}ccept pupils as friends {{#SM-1}}\n- {}ost pictures of pupils {{#SM-2}}\n"

    assert of_kind(Kind.LOST_NOT, items.format("A", "P"))
    assert of_kind(Kind.LOST_NOT, items.format("a", "p")) == []


def test_items_that_are_no_orders_are_left_alone():
    body = "The following must not happen:\n\n- The use of the school's name {#SM-1}\n- Posting racist remarks {#SM-2}\n"

    assert of_kind(Kind.LOST_NOT, body) == []


# --- how it is written ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("No children will not be able to bring phones.", Kind.DOUBLE_NEGATIVE),
        ("Staff must not share passwords with nobody.", Kind.DOUBLE_NEGATIVE),
        ("Under no circumstances should staff not report it.", Kind.DOUBLE_NEGATIVE),
        ("are all kept in line with this policy", Kind.FRAGMENT),
        ("The result of a check made by the office in the autumn.", Kind.FRAGMENT),
        ("Staff who follow such websites put pupils in danger.", Kind.DANGLING),
        ("Think of what you ‘like, ‘share’ or ‘follow’ online.", Kind.QUOTES),
        ("Staff must (where they can report it at once.", Kind.QUOTES),
        ("This detrimentally effects the school.", Kind.SLIPS),
        ("Staff must must report it.", Kind.SLIPS),
        ("Staff should ensure that the must be kept safe.", Kind.SLIPS),
        ("Where a post breaches this rule, should be asked for its removal.", Kind.FRAGMENT),
        ("Staff may do so if they do not link the campaign with the", Kind.FRAGMENT),
        ("Incidents must reported to the DSL.", Kind.SLIPS),
        ("We are excited to be starting this page.", Kind.PLANNING_NOTES),
    ],
)
def test_a_fault_of_drafting_is_found_with_its_clause(words, kind):
    assert ids(kind, f"{words} {{#SM-1}}") == [("SM-1",)]


@pytest.mark.parametrize(
    "words",
    [
        "No member of staff may accept a pupil as a friend.",
        "Staff must not fail to report it to the DSL.",
        "No, staff should not do so.",
        "Staff may use phones at lunch, and they should not be seen with them in class.",
        "The school welcomes questions.",
        "Staff who visit websites of that sort, or such sites at home, put pupils in danger.",
        "Think of what you ‘like’, ‘share’ or ‘follow’ online.",
        "The school's rules and the governors' decision hold.",
        "They said that that was right, and had had it checked.",
        "Staff may, of course, ask.",
    ],
)
def test_a_sound_sentence_is_left_alone(words):
    drafting = {
        Kind.DOUBLE_NEGATIVE, Kind.FRAGMENT, Kind.TWO_IN_ONE, Kind.DANGLING, Kind.QUOTES, Kind.SLIPS,
        Kind.PLANNING_NOTES,
    }  # fmt: skip

    assert [f for f in found(f"{words} {{#SM-1}}") if f.kind in drafting] == []


def test_a_not_under_a_not_is_a_double_negative():
    body = "Staff must not:\n\n- do not share passwords {#SM-1}\n- accept pupils {#SM-2}\n"

    assert ids(Kind.DOUBLE_NEGATIVE, body) == [("SM-1",)]


# --- what it leaves open -------------------------------------------------------------------------------------


def test_no_route_about_the_headteacher_and_nobody_in_place_of_the_absent_are_found():
    text = (
        FRONT
        + "Staff must report posts by parents to the Headteacher or Chair of Governors. {#SM-1}\n"
    )
    kinds = {f.kind for f in review(lay_out(parse_policy(text), text), Facts(today=TODAY))}

    assert {Kind.NO_HEAD_ROUTE, Kind.NO_ABSENCE_RULE} <= kinds
    assert not {Kind.NO_HEAD_ROUTE, Kind.NO_ABSENCE_RULE} & {f.kind for f in found("")}


def test_kinds_of_report_with_no_route_are_named_and_one_with_a_route_is_not():
    (silent,) = of_kind(Kind.NO_ROUTE, "")
    (told,) = of_kind(
        Kind.NO_ROUTE, "Staff must report indecent images of children to the DSL. {#SM-1}"
    )

    assert "indecent images of children" in dict(silent.said)["kinds"]
    assert "indecent images of children" not in dict(told.said)["kinds"]


def test_staff_told_to_copy_what_must_never_be_copied_are_found():
    capture = "Staff should take screenshots of abusive posts. {#SM-1}\n\n"
    spared = "Staff must never copy, print or save an indecent image of a child. {#SM-2}"

    assert ids(Kind.EVIDENCE, "Indecent images should be printed for the Headteacher. {#SM-1}") == [
        ("SM-1",)
    ]
    assert ids(Kind.EVIDENCE, capture) == [("SM-1",)]
    assert of_kind(Kind.EVIDENCE, capture + spared) == []


def test_questions_asked_in_vain_are_told():
    (finding,) = of_kind(Kind.UNANSWERED, "", asked=("may I vape online?",))

    assert finding.quotes == ("may I vape online?",)


# --- what contradicts itself ---------------------------------------------------------------------------------


def test_a_ban_and_a_leave_on_one_matter_are_found():
    body = (
        "# Names\n\nStaff must never mention the school on social media. {#SM-1}\n\n# Posts\n\n"
        "Staff may mention the school on their own pages with the permission of the Headteacher. {#SM-2}"
    )

    assert ids(Kind.BAN_AND_LEAVE, body) == [("SM-1", "SM-2")]


@pytest.mark.parametrize(
    ("ban", "leave"),
    [
        (
            "Staff must not use their own phones in lessons.",
            "Staff may use their own phones at lunch.",
        ),
        ("Staff must not use personal phones.", "In an emergency staff may use personal phones."),
        ("Staff must not befriend pupils.", "Staff may befriend former pupils over 18."),
        ("Pupils must not use their phones in school.", "Staff may use their own phones at break."),
    ],
)
def test_rules_for_other_times_people_or_emergencies_do_not_contradict(ban, leave):
    body = f"# One\n\n{ban} {{#SM-1}}\n\n# Two\n\n{leave} {{#SM-2}}"

    assert of_kind(Kind.BAN_AND_LEAVE, body) == []


def test_two_people_for_one_report_are_found():
    body = (
        "Staff must report online bullying to the Headteacher. {#SM-1}\n\n# Later\n\n"
        "Cyberbullying must be reported to the Online Safety Lead. {#SM-2}"
    )

    assert ids(Kind.TWO_ROUTES, body) == [("SM-1", "SM-2")]


def test_a_second_role_for_when_the_first_is_away_is_no_contradiction():
    body = (
        "Staff must report online bullying to the Headteacher. {#SM-1}\n\n"
        "In the Headteacher's absence online bullying is reported to the Deputy Headteacher. {#SM-2}"
    )

    assert of_kind(Kind.TWO_ROUTES, body) == []


def test_two_periods_for_one_thing_are_found():
    body = (
        "Staff must report a lost device to the office within 24 hours of the loss. {#SM-1}\n\n# Later\n\n"
        "Staff must report a lost device to the office within 48 hours of the loss. {#SM-2}"
    )

    assert ids(Kind.TWO_NUMBERS, body) == [("SM-1", "SM-2")]
    assert (
        of_kind(Kind.TWO_NUMBERS, body.replace("48", "24").replace("# Later", "# Later on")) == []
    )


def test_leave_that_must_be_asked_for_and_leave_that_need_not_be_are_found():
    body = (
        "# One\n\nStaff must ask the Headteacher for approval before opening an account for their class. {#SM-1}\n\n"
        "# Two\n\nTeachers may open an account for their class without asking anybody. {#SM-2}"
    )

    assert ids(Kind.BAN_AND_LEAVE, body) == [("SM-1", "SM-2")]


def test_the_policy_called_by_another_title_in_its_own_text_is_found():
    assert ids(Kind.TWO_TITLES, "This Acceptable Use Policy binds all staff. {#SM-1}") == [
        ("SM-1",)
    ]
    assert of_kind(Kind.TWO_TITLES, "This Social Media Policy binds all staff. {#SM-1}") == []


def test_consent_by_silence_and_consent_asked_for_are_found():
    body = (
        "Parents who do not want pictures of their child shown should inform the office. {#SM-1}\n\n"
        "Pictures are used only with written parental consent. {#SM-2}"
    )

    assert ids(Kind.CONSENT_BOTH_WAYS, body) == [("SM-1", "SM-2")]


def test_deal_with_it_and_do_not_deal_with_it_are_found():
    body = (
        "Staff should ask the person who posted a comment to remove it. {#SM-1}\n\n"
        "Staff must not attempt to deal with abusive posts. {#SM-2}"
    )

    assert ids(Kind.ACT_YOURSELF, body) == [("SM-1", "SM-2")]


def test_scopes_that_name_different_people_are_found():
    body = (
        "This policy applies to all staff, governors and volunteers. {#SM-1}\n\n"
        "All staff are expected to follow this policy. {#SM-2}"
    )

    assert ids(Kind.SCOPE_WHO, body) == [("SM-1", "SM-2")]


def test_a_scope_narrower_than_the_rules_is_found():
    body = (
        "This policy relates to social networking outside work. {#SM-1}\n\n"
        "Staff must not use social media on school equipment. {#SM-2}"
    )

    assert ids(Kind.SCOPE_WHERE, body) == [("SM-1", "SM-2")]


NEAR = "# One\n\n{} {{#SM-1}}\n\n# Two\n\nThe school has a website. {{#SM-3}}\n\n# Three\n\n{} {{#SM-2}}"


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        (
            Kind.RULE_AND_OPPOSITE,
            "Comments under the posts on our Facebook page are switched off at all times.",
            "The office reads the comments that visitors leave under the posts on our Facebook page twice a day.",
        ),
        (
            Kind.RULE_AND_OPPOSITE,
            "Lessons that are taught online are recorded every time.",
            "Under no circumstances may a lesson that is taught online be recorded.",
        ),
        (
            Kind.TWO_NUMBERS,
            "Pictures of pupils are deleted from the staff drive at the end of the school year.",
            "Pictures of pupils on the staff drive are kept for three years.",
        ),
        (
            Kind.TWO_NUMBERS,
            "All staff complete training on online safety every year.",
            "Training on online safety for all staff takes place every three years.",
        ),
        (
            Kind.TWO_ROUTES,
            "New accounts for a class are authorised by the Communications Officer, whose decision is final.",
            "A new account for a class must be authorised by the Headteacher, who alone may do so.",
        ),
        (
            Kind.RULE_AND_OPPOSITE,
            "Under no circumstances may a pupil be given a lift home in a teacher's own car, and this applies equally after fixtures.",
            "After an away fixture a teacher may give a pupil a lift home in their own car.",
        ),
        (
            Kind.RULE_AND_OPPOSITE,
            "Pupils hand their phones to the class teacher, who locks them in the class box until home time.",
            "Pupils switch their phones off and keep them in their bags until they go home.",
        ),
        (
            Kind.RULE_AND_OPPOSITE,
            "Every post must be approved by the Headteacher before it goes on the Facebook page.",
            "Year leaders may post on the Facebook page as they see fit and need no further approval.",
        ),
        (
            Kind.TWO_NUMBERS,
            "The technician deletes the internet history of each user at the end of every term.",
            "Logs of the websites that users open are kept for three years.",
        ),
        (
            Kind.SCOPE_WHO,
            "This policy applies to staff, governors and volunteers.",
            "Volunteers are not covered by this policy.",
        ),
        (
            Kind.PENALTIES,
            "Every breach of this policy, however small, is treated as gross misconduct.",
            "A first breach that is minor is settled informally by the line manager.",
        ),
    ],
)
def test_two_clauses_of_one_thing_that_cannot_both_be_kept_are_found(kind, one, other):
    assert ids(kind, NEAR.format(one, other)) == [("SM-1", "SM-2")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "Comments under the posts on our Facebook page are switched off at all times.",
            "The office reads the letters that visitors leave at the gate twice a day.",
        ),
        (
            "Under no circumstances may staff use a private account to write to parents.",
            "Staff write to parents from the school’s email account every week.",
        ),
        (
            "Pictures of pupils are deleted from the staff drive at the end of the school year.",
            "The minutes of governors are kept for ten years.",
        ),
        (
            "New accounts for a class are authorised by the Headteacher.",
            "Leave of absence is authorised by the Chair of Governors.",
        ),
        (
            "This policy applies to staff, governors and volunteers.",
            "Parents are not covered by this policy.",
        ),
        (
            "Pupils in Years 7 to 9 hand their phones to the tutor, who locks them in a box.",
            "Pupils in Years 10 and 11 keep their phones in their bags all day.",
        ),
        (
            "Pupils in other years do not bring phones to school.",
            "Pupils in Year 6 who walk home may bring a phone to school.",
        ),
        (
            "Every post must be approved by the Headteacher before it goes on the Facebook page.",
            "Staff may book the hall as they see fit and need no further approval.",
        ),
        (
            "Under no circumstances may pupils use phones in lessons unless a teacher has asked for it.",
            "Pupils may use phones in lessons where their teacher has asked for it.",
        ),
        (
            "A serious breach of this policy may be treated as gross misconduct.",
            "A first breach that is minor is settled informally by the line manager.",
        ),
    ],
)
def test_two_clauses_of_different_things_do_not_contradict_each_other(one, other):
    opposed = {
        Kind.RULE_AND_OPPOSITE, Kind.TWO_NUMBERS, Kind.TWO_ROUTES, Kind.SCOPE_WHO, Kind.PENALTIES,
        Kind.BAN_AND_LEAVE,
    }  # fmt: skip

    assert [f for f in found(NEAR.format(one, other)) if f.kind in opposed] == []


def test_a_rule_of_the_pandemic_is_found():
    words = "Meetings are held online until the current restrictions have been lifted. {#SM-1}"

    assert ids(Kind.STALE_GUIDANCE, words) == [("SM-1",)]


# --- forms, tables and lists of contents ---------------------------------------------------------------------

PRIMARY = FRONT.replace("title:", "school: Acorns Primary School\ntitle:")


def test_pupils_whom_the_school_does_not_have_are_found():
    words = "Sixth formers may use theirs in the common room. {#SM-1}"

    assert ids(Kind.OTHER_PHASE, words, front=PRIMARY) == [("SM-1",)]
    assert ids(Kind.OTHER_PHASE, words) == []


def test_pupils_who_move_on_to_another_school_are_no_leftover():
    words = "In the summer term Year 6 meet pupils of Year 7 before they transfer. {#SM-1}"

    assert ids(Kind.OTHER_PHASE, words, front=PRIMARY) == []


CONTENTS = "# Contents\n\n- Rules {{#SM-1}}\n- Reporting {{#SM-2}}\n- {} {{#SM-3}}\n- Photographs {{#SM-4}}\n\n# Photographs\n\nStaff use school cameras. {{#SM-5}}\n"


def test_a_line_of_the_contents_without_its_section_is_found():
    assert ids(Kind.CONTENTS, CONTENTS.format("Games and headsets")) == [("SM-3",)]
    assert ids(Kind.CONTENTS, CONTENTS.format("Photographs ........ 4")) == []


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        ("Pupil agreement", "Signed ______ (pupil)"),
        ("Staff declaration", "Signed ______ Date ____"),
    ],
)
def test_a_form_for_each_to_sign_is_not_an_unsigned_policy(heading, line):
    kept = f"# {heading}\n\nI keep my password to myself. {{#SM-1}}\n\n<!--\nFrom the document, and no clause:\n\nsignatures: {line}\n-->\n"

    assert of_kind(Kind.UNSIGNED, kept) == []


def test_a_row_of_contacts_names_who_holds_a_role():
    assert ids(Kind.NAMED_PEOPLE, "Digital lead | Mrs Pat Placeholder {#SM-1}") == []
    assert ids(Kind.NAMED_PEOPLE, "Staff must ask Mrs Pat Placeholder before they post. {#SM-1}")


def test_two_words_for_pupils_count_only_where_rules_are_for_both():
    rules = "Pupils must log off. {#SM-1}\n\nPupils must not share. {#SM-2}\n\n"
    other = "Students must {} {{#SM-3}}\n\nStudents {} ask. {{#SM-4}}\n"

    assert ids(Kind.MIXED_TITLES, rules + other.format("lock doors.", "must"))
    assert not ids(
        Kind.MIXED_TITLES,
        rules + other.format("sign out of the sixth form.", "in the sixth form must"),
    )


# --- the command ---------------------------------------------------------------------------------------------


def test_the_command_prints_what_is_wrong_where_and_what_to_do_and_says_so_by_its_status(
    mayi, tmp_path
):
    folder = tmp_path / "schools" / "acorns"
    (folder / "policies").mkdir(parents=True)
    (folder / "school.toml").write_text('name = "Acorns"\n', "utf-8")
    (folder / "policies" / "one.md").write_text(
        FRONT + SOUND + "Governors meet on Skype. {#SM-1}\n", "utf-8"
    )

    ran = mayi("--home", tmp_path, "policy", "check", "--school", "acorns")

    assert ran.status == 1
    assert "SM-1" in ran.out
    assert "Skype" in ran.out
    assert "In its place" in ran.out
    assert "2 findings in Social Media Policy: 1 act now, 1 put right." in " ".join(ran.out.split())


def test_the_json_has_an_object_a_finding(mayi, home):
    ran = mayi("--home", home, "policy", "check", "--school", "model-primary", "--json")

    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert rows
    keys = ["policy", "kind", "weight", "wrong", "do", "clauses", "quotes", "source"]
    assert all(list(row) == keys for row in rows)
    assert all(row["kind"] in set(Kind) and row["wrong"] and row["do"] for row in rows)


def test_the_page_holds_every_finding_and_takes_nothing_of_a_policy_for_markup(mayi, tmp_path):
    folder = tmp_path / "schools" / "acorns"
    (folder / "policies").mkdir(parents=True)
    (folder / "school.toml").write_text('name = "Acorns <b>"\n', "utf-8")
    body = "Governors meet on Skype. {#SM-1}\n\nStaff must must not <script>alert(1)</script> post. {#SM-2}\n"
    (folder / "policies" / "one.md").write_text(FRONT + SOUND + body, "utf-8")
    page = tmp_path / "review.html"

    ran = mayi("--home", tmp_path, "policy", "check", "--school", "acorns", "--html", page)

    html = page.read_text("utf-8")
    assert ran.status == 1
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "Acorns &lt;b&gt;" in html
    assert html.count("<article") == len(review_policies(Home(tmp_path), "acorns")[0].found)
    assert not re.findall(r"(?:src|href)=", html)


def test_a_page_that_cannot_be_written_is_one_line(mayi, home, tmp_path):
    ran = mayi(
        "--home",
        home,
        "policy",
        "check",
        "--school",
        "model-primary",
        "--html",
        tmp_path / "no" / "x.html",
    )

    assert ran.status == 3
    assert ran.err.count("\n") == 1


def test_one_policy_is_chosen_by_its_code_and_another_name_is_bad_use(mayi, home):
    chosen = mayi(
        "--home", home, "policy", "check", "--school", "model-primary", "--policy", "SM", "--json"
    )
    unknown = mayi("--home", home, "policy", "check", "--school", "model-primary", "--policy", "ZZ")

    assert chosen.out
    assert unknown.status == 2
    assert "SM" in unknown.err


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_finding_has_its_words(kind):
    values = {
        "due": "1 May 2025", "years": "1", "missing": "x", "version": "1", "cycle": "yearly", "months": "24", "title": "T",
        "newest": "2025", "since": "1 May 2025", "nation": "Wales", "foreign": "", "now": "X", "people": "2",
        "what": "w", "breaks": "1 is followed by 3", "kinds": "k", "count": "2", "more": "0", "bans": "A-1", "leaves": "A-2",
        "names": "N", "roles": "r", "who": "governors", "one": "1 day", "other": "2 days", "worst": "", "own": "primary",
    }  # fmt: skip

    said = Wording().lines(f"review/{kind}", quotes=("q",), clauses=("A-1",), **values)

    assert len(said) == 2
    assert all(line.endswith((".", "!", "?")) for line in said)


@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60), max_size=6
    )
)
def test_any_words_can_be_reviewed_and_every_finding_names_clauses_that_exist(texts):
    lines = [re.sub(r"[{}<#\\]", " ", t).strip() for t in texts]
    text = FRONT + "\n\n".join(f"Staff: {t} {{#SM-{n}}}" for n, t in enumerate(lines, 1)) + "\n"
    policy = parse_policy(text)
    known = {c.id for c in policy.clauses}

    for finding in review(lay_out(policy, text), Facts(today=TODAY)):
        assert set(finding.clauses) <= known


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_a_model_policy_has_few_findings_and_nothing_that_is_plainly_wrong(school):
    """What they leave open is their models' silence, which they keep on purpose."""
    plain = {
        Kind.OVERDUE, Kind.UNDATED, Kind.PLACEHOLDER, Kind.EDITION, Kind.NAMED_PEOPLE, Kind.NUMBERING, Kind.REFERENCE,
        Kind.DOUBLE_NEGATIVE, Kind.FRAGMENT, Kind.SLIPS, Kind.QUOTES, Kind.PLANNING_NOTES, Kind.STALE_LAW, Kind.UNSIGNED,
    }  # fmt: skip
    for path in model_folder(school).glob("policies/*.md"):
        policy = read_policy(path)
        dates = Dates(policy.front.reviewed, policy.front.next_review)
        told = review(lay_out(policy, path.read_text("utf-8")), Facts(today=TODAY, dates=dates))

        assert [f for f in told if f.kind in plain] == []
        assert len(told) <= 7


def test_the_page_is_written_for_every_model_school(home, tmp_path):
    for school in MODEL_SCHOOLS:
        write_page(
            Home(home),
            school,
            review_policies(Home(home), school, today=TODAY),
            tmp_path / "p.html",
        )

        assert (tmp_path / "p.html").read_text("utf-8").endswith("</html>\n")


# --- the scorer ----------------------------------------------------------------------------------------------


def test_a_gold_line_is_found_only_by_a_finding_of_its_nature_at_its_place(tmp_path):
    document = tmp_path / "one.md"
    document.write_text(FRONT + SOUND + "Governors meet on Skype. {#SM-1}\n", "utf-8")
    read = reviewed(document, tmp_path, TODAY)
    right = Gold("S", "closed service", "Governors meet on Skype", "", "")
    elsewhere = Gold("S", "closed service", "Staff must not accept pupils", "", "")
    otherwise = Gold("E", "duplicated paragraph", "Governors meet on Skype", "", "")

    pairs, rest = score(read, [right, elsewhere, otherwise])

    assert [found is not None for _, found in pairs] == [True, False, False]
    assert [f.kind for f in rest] == [Kind.NO_ROUTE]
    assert share(pairs, "S") == (1, 2)


def test_a_gap_in_the_numbers_is_no_report_without_a_route(tmp_path):
    document = tmp_path / "one.md"
    document.write_text(FRONT + SOUND, "utf-8")
    read = reviewed(document, tmp_path, TODAY)

    pairs, _ = score(read, [Gold("E", "gap in section numbers", "Reporting", "", "no section 7")])

    assert [f.kind for f in read.found] == [Kind.NO_ROUTE]
    assert [found for _, found in pairs] == [None]


# --- the five seeds ------------------------------------------------------------------------------------------

# What makes a bullet of section 9 found: (school, which of its bullets) -> kinds of finding, each with the lines of
# the seed of which the finding must name one; no lines where the fault is of the policy as a whole.
MAIN: dict[tuple[str, int], list[tuple[Kind, set[int]]]] = {
    ("westfield", 1): [(Kind.LOST_NOT, {50, 51, 52, 53})],
    ("westfield", 4): [(Kind.BAN_AND_LEAVE, {74})],
    ("westfield", 5): [(Kind.CONSENT_BOTH_WAYS, {118})],
    ("westfield", 6): [(Kind.SCOPE_WHO, {28})],
    ("westfield", 11): [(Kind.UNDATED, {123}), (Kind.UNSIGNED, set())],
    ("westfield", 12): [(Kind.EDITION, {18})],
    ("westfield", 13): [(Kind.STALE_GUIDANCE, {100, 101, 102})],  # the lead-in above these three
    ("westfield", 14): [(Kind.STALE_SERVICE, {30}), (Kind.STALE_NAME, {50})],
    ("westfield", 15): [(Kind.LINK, {120})],
    ("westfield", 16): [(Kind.QUOTES, {58}), (Kind.SLIPS, {30})],
    ("secondary", 1): [(Kind.NUMBERING, set())],
    ("secondary", 2): [(Kind.CALLED_OTHERWISE, {9})],
    ("secondary", 5): [(Kind.TWO_ROUTES, {124})],
    ("secondary", 6): [(Kind.ACT_YOURSELF, {121})],
    ("secondary", 7): [(Kind.BAN_AND_LEAVE, {62})],
    ("secondary", 14): [(Kind.EDITION_NUMBERS, {118})],
    ("secondary", 15): [(Kind.STALE_NAME, {118})],
    ("secondary", 16): [(Kind.STALE_LAW, {135}), (Kind.STALE_LAW, {143})],
    ("secondary", 17): [(Kind.STALE_SERVICE, {2})],
    ("secondary", 18): [(Kind.NAMED_PEOPLE, {20})],
    ("datepalm", 1): [(Kind.OVERDUE, set())],
    ("datepalm", 2): [(Kind.SIGNATURE, set())],
    ("datepalm", 3): [(Kind.DUPLICATE, {111})],
    ("datepalm", 5): [(Kind.SCOPE_WHERE, {55})],
    ("datepalm", 6): [(Kind.BAN_AND_LEAVE, {77})],
    ("datepalm", 7): [(Kind.BAN_AND_LEAVE, {54})],
    ("datepalm", 8): [(Kind.BAN_AND_LEAVE, {126})],
    ("datepalm", 12): [(Kind.DANGLING, {142})],
    ("datepalm", 15): [(Kind.STALE_SERVICE, {40})],
    ("oakfield", 1): [(Kind.UNDATED, set())],
    ("oakfield", 2): [(Kind.FRAGMENT, {55})],
    ("oakfield", 3): [(Kind.DOUBLE_NEGATIVE, {136})],
    ("oakfield", 4): [(Kind.BAN_AND_LEAVE, {75})],
    ("oakfield", 5): [(Kind.BAN_AND_LEAVE, {99})],
    ("oakfield", 6): [(Kind.BAN_AND_LEAVE, {49})],
    ("oakfield", 7): [(Kind.BAN_AND_LEAVE, {136})],
    ("oakfield", 8): [(Kind.BAN_AND_LEAVE, {21})],
    ("oakfield", 10): [(Kind.BAN_AND_LEAVE, {96})],
    ("oakfield", 18): [(Kind.LINK, {94})],
    ("oakfield", 19): [(Kind.STALE_SERVICE, {142})],
    ("oakfield", 20): [(Kind.STALE_GUIDANCE, {145})],
    ("oakfield", 21): [(Kind.SLIPS, {77})],
    ("wightwick", 1): [(Kind.OVERDUE, set())],
    ("wightwick", 2): [(Kind.DUPLICATE, {84, 85})],
    ("wightwick", 3): [(Kind.SLIPS, {80})],
    ("wightwick", 4): [(Kind.TWO_TITLES, set())],
    ("wightwick", 5): [(Kind.SLIPS, {60})],
    ("wightwick", 6): [(Kind.TWO_IN_ONE, {27})],
    ("wightwick", 7): [(Kind.BAN_AND_LEAVE, {45})],
    ("wightwick", 10): [(Kind.MIXED_TITLES, {76, 79})],
    ("wightwick", 18): [(Kind.PLATFORM_CLAIM, {68})],
    ("wightwick", 19): [(Kind.NAMED_PEOPLE, {72})],
}
# Findings that a bullet speaks of beside its main fault, or that a bullet marked A or G speaks of.
BESIDE: dict[str, list[tuple[Kind, set[int]]]] = {
    "westfield": [(Kind.NO_ROUTE, set()), (Kind.NO_ABSENCE_RULE, set())],
    "secondary": [
        (Kind.UNDATED, set()), (Kind.SLIPS, {35}), (Kind.SCOPE_WHO, {9}), (Kind.NO_ROUTE, set()),
        (Kind.NO_HEAD_ROUTE, set()), (Kind.NO_ABSENCE_RULE, set()), (Kind.STALE_LAW, {133}), (Kind.STALE_NAME, {146}),
        (Kind.EVIDENCE, {122}),
    ],
    "datepalm": [
        (Kind.UNDATED, set()), (Kind.EDITION, {33}), (Kind.STALE_NAME, {40}), (Kind.MIXED_TITLES, {124}),
        (Kind.NO_HEAD_ROUTE, set()), (Kind.NO_ROUTE, set()),
    ],
    "oakfield": [
        (Kind.NATION_GUIDANCE, set()), (Kind.STALE_NAME, {90}), (Kind.DUPLICATE, {45}), (Kind.STALE_GUIDANCE, {139}),
        (Kind.NO_HEAD_ROUTE, set()), (Kind.NO_ABSENCE_RULE, set()), (Kind.NO_ROUTE, set()), (Kind.PLATFORM_CLAIM, {25}),
        (Kind.STALE_SERVICE, {44, 45}),
    ],
    "wightwick": [
        (Kind.UNDATED, set()), (Kind.FRAGMENT, {68}), (Kind.PLANNING_NOTES, {103}), (Kind.NO_ABSENCE_RULE, set()),
        (Kind.NO_HEAD_ROUTE, set()), (Kind.NO_ROUTE, set()), (Kind.STALE_SERVICE, {20}), (Kind.MIXED_TITLES, {29}),
        (Kind.EVIDENCE, {89}),
    ],
}  # fmt: skip
_BULLET = re.compile(r"^- \*\*([EACSG](?:/[EACSG])?)\*\* (.*)", re.MULTILINE)


def bullets() -> dict[tuple[str, int], tuple[str, str]]:
    """Section 9, a mark and its text by school and place."""
    text = (sets.SHARED / "obligations.md").read_text("utf-8")
    section = re.search(r"^## 9\. .*?(?=^## 10\.)", text, re.MULTILINE | re.DOTALL)
    assert section
    parts = re.split(r"^### (\w+)$", section.group(), flags=re.MULTILINE)
    return {
        (school, n): (m[1], m[2])
        for school, body in zip(parts[1::2], parts[2::2], strict=True)
        for n, m in enumerate(_BULLET.finditer(body), 1)
    }


@pytest.mark.skipif(
    not sets.has_seeds(), reason="the seed policies are not here; set MAYI_SHARED to their folder"
)
def test_most_of_what_a_careful_reviewer_found_in_the_seeds_is_found(tmp_path):
    """Section 9 of the obligations, every bullet marked E, S or C printed as found or not."""
    reads = {
        school: reviewed(sets.SHARED / "seeds" / name, tmp_path / school, TODAY)
        for school, name in sets.SEEDS.items()
    }

    def is_one(finding, school, wanted):
        kind, lines = wanted
        there = {line for clause in finding.clauses for line in reads[school].lines[clause]}
        return finding.kind is kind and (not lines or bool(lines & there))

    counts = {"ES": [0, 0], "C": [0, 0]}
    for (school, n), (mark, text) in bullets().items():
        if not set(mark) & set("ESC"):
            continue
        wanted = MAIN.get((school, n), [])
        hit = any(is_one(f, school, w) for w in wanted for f in reads[school].found)
        print(f"{'found    ' if hit else 'NOT FOUND'} {mark:3} {school} {n}: {text[:40]}")
        count = counts["C" if mark == "C" else "ES"]
        count[0] += hit
        count[1] += 1
    told = [(school, f) for school, read in reads.items() for f in read.found]
    false = [
        (school, f)
        for school, f in told
        if not any(
            is_one(f, school, w)
            for w in [
                *BESIDE[school],
                *(w for (s, _), ws in MAIN.items() if s == school for w in ws),
            ]
        )
    ]
    for school, finding in false:
        print(f"in no bullet: {school} {finding.kind} {', '.join(finding.clauses)}")
    print(
        f"E and S: {counts['ES']}, C: {counts['C']}; {len(told)} findings, {len(false)} in no bullet"
    )

    assert counts["ES"][0] / counts["ES"][1] >= 0.70
    assert counts["C"][0] / counts["C"][1] >= 0.25
    assert len(false) / len(told) <= 1 / 5
