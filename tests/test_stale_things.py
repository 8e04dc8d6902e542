"""What is out of date in a policy is found: law, guidance, names, services, rules and plans whose day has passed, and
dates that do not fit each other. What is named as the past of something else is left alone."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import data
from bot.policy.periods import periods
from bot.policy.policyfile import parse_policy
from bot.policy.review import Dates, Facts, Kind, lay_out, review
from tests.bench.review import reviewed

TODAY = date(2026, 11, 20)
AGREED = date(2026, 1, 5)
FRONT = "---\ntitle: Social Media Policy\nadopted: 2026-01-05\nnext_review: 2027-01-05\nowner: headteacher\n---\n\n"
STALE = frozenset(
    {
        Kind.EDITION, Kind.EDITION_NUMBERS, Kind.STALE_GUIDANCE, Kind.STALE_LAW, Kind.STALE_SERVICE, Kind.STALE_NAME,
        Kind.LINK, Kind.PAST_DATE, Kind.DATES_DISAGREE, Kind.CYCLE,
    }
)  # fmt: skip


def told(words: str, *, nation: str = "England", agreed: date | None = AGREED, today: date = TODAY):
    """What is found out of date in a policy of one sentence: kind and clauses."""
    text = f"{FRONT}# Rules\n\n{words} {{#SM-1}}\n"
    facts = Facts(today=today, nation=nation, dates=Dates(reviewed=agreed))
    return [
        (f.kind, f.clauses)
        for f in review(lay_out(parse_policy(text), text), facts)
        if f.kind in STALE
    ]


def of_document(text: str, tmp_path, kind: Kind, name: str = "policy.txt"):
    """The findings of a kind in a document that is imported, as somebody hands it in for the first time."""
    path = tmp_path / name
    path.write_text(text, "utf-8")
    out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    return [f for f in reviewed(path, out, TODAY).found if f.kind is kind]


# --- what has been replaced ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Staff keep to the eight data protection principles.", Kind.STALE_LAW),
        ("A subject access request is answered within 40 days.", Kind.STALE_LAW),
        ("Sharing such images breaks the Criminal Justice and Courts Act 2015.", Kind.STALE_LAW),
        ("Force is used under section 550A of the Education Act 1996.", Kind.STALE_LAW),
        ("The Children's Wellbeing and Schools Bill will change this.", Kind.STALE_LAW),
        ("Nobody is disqualified by association unknown to us.", Kind.STALE_LAW),
        ("The guidance is Use of Reasonable Force in Schools.", Kind.STALE_GUIDANCE),
        ("The Governance Handbook says what governors do.", Kind.STALE_GUIDANCE),
        ("Monitoring follows the ICO Employment Practices Code.", Kind.STALE_GUIDANCE),
        ("The minimum age for WhatsApp is 16.", Kind.STALE_GUIDANCE),
        ("During the first lockdown such calls were allowed.", Kind.STALE_GUIDANCE),
        ("Fraud is reported to Action Fraud.", Kind.STALE_NAME),
        ("NQTs have a mentor for this.", Kind.STALE_NAME),
        ("A pupil with a statement of SEN may keep a device.", Kind.STALE_NAME),
        ("A fair processing notice is on the website.", Kind.STALE_NAME),
        ("A fixed-term exclusion may follow.", Kind.STALE_NAME),
        ("Samaritans answer on 08457 90 90 90.", Kind.STALE_NAME),
        ("Older pupils are on MySpace.", Kind.STALE_SERVICE),
        ("Homework is set on Show My Homework.", Kind.STALE_SERVICE),
        ("The office computers run Windows 7.", Kind.STALE_SERVICE),
        ("The laptops run Windows 10.", Kind.STALE_SERVICE),
        ("Office 2016 is on every machine.", Kind.STALE_SERVICE),
        ("Google Bard may be used with care.", Kind.STALE_SERVICE),
        ("Help is at www.ceop.gov.uk for everybody.", Kind.LINK),
    ],
)  # fmt: skip
def test_what_was_replaced_is_found(words, kind):
    assert told(words) == [(kind, ("SM-1",))]


@pytest.mark.parametrize(
    "words",
    [
        "The Data Protection Act 2018 replaced the Data Protection Act 1998.",
        "The Malicious Communications Act 1988 was repealed in part by newer law.",
        "Twitter became X in 2023.",
        "Skype has closed, and calls are made on Teams.",
        "Teams is used instead of Skype.",
        "Staff no longer use Edmodo.",
        "UKCIS (formerly UKCCIS) gives advice.",
        "The LSCB was replaced by the safeguarding partners.",
        "This replaces the guidance in KCSIE 2023.",
        "Version 1.0, September 2021: updated for KCSIE 2021.",
        "Pupils pick fruit with Blackberry Class.",
        "The lockdown procedure is practised each term.",
        "In the event of a lockdown nobody rings parents.",
        "A member of staff may raise online safety with the governors.",
        "Pupils may take action; fraud is a crime.",
        "Windows 11 is on all machines.",
        "PDA is explained in the SEND policy.",
    ],
)
def test_what_is_named_as_the_past_or_is_something_else_is_left_alone(words):
    assert told(words) == []


def test_law_of_one_nation_is_held_against_that_nation_only():
    assert told("ASBOs may be sought.") == [(Kind.STALE_LAW, ("SM-1",))]
    assert told("ASBOs may be sought.", nation="Scotland") == []


def test_a_term_that_another_nation_still_uses_is_not_stale_there():
    words = "NQTs have a mentor for this."

    assert told(words)
    assert Kind.STALE_NAME not in [kind for kind, _ in told(words, nation="Wales")]


@pytest.mark.parametrize("name", data("stale.toml")["stale"])
def test_every_entry_says_what_stands_in_its_place(name):
    entry = data("stale.toml")["stale"][name]

    assert entry["now"] or entry["kind"] == "link"
    assert not {"nation", "nations"} <= set(entry), "of one nation or of several, not both"
    assert {entry.get("nation", "England"), *entry.get("nations", ())} <= {
        "England", "Wales", "Scotland", "Northern Ireland",
    }  # fmt: skip


# --- editions ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "Staff read Part 1 of KCSIE (2021) each year.",
        "Staff read KCSiE, September 2020, when they join.",
        "We keep to the September 2022 edition of Keeping Children Safe in Education.",
        "Keeping Children Safe in Education (published by the DfE in September 2022) applies.",
        "This takes account of Working Together 2018.",
        "Behaviour in Schools: advice for headteachers and school staff (DfE, 2022) applies.",
        "The DfE's Mobile Phones in Schools (February 2024) applies.",
        "RSHE (2019) covers online safety.",
        "The EYFS Framework 2021 says where phones are kept.",
        "The SEND Code of Practice 2014 applies.",
    ],
)
def test_an_edition_that_was_followed_by_another_is_found(words):
    assert told(words) == [(Kind.EDITION, ("SM-1",))]


@pytest.mark.parametrize(
    "words",
    [
        "KCSIE and the Equality Act 2010 apply.",
        "Keeping Children Safe in Education, the Data Protection Act 2018 and the Prevent duty apply.",
        "Staff were trained in Keeping Children Safe in Education in September 2024.",
        "We have kept to Working Together since 2015.",
        "Working Together to Safeguard Children and Keeping Children Safe in Education 2025 apply.",
        "Mental health and behaviour in schools (2018) is read by the SENCO.",
        "Working together to improve school attendance is read with the SEND team of 2019.",
    ],
)
def test_the_year_of_something_else_is_not_that_of_an_edition(words):
    assert told(words) == []


# --- rules and plans whose day has passed --------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "Until September 2023, trip leaders may use their own phones.",
        "Until the new system is in place in January 2024, staff may text parents.",
        "From January 2022 we will use Teams for all meetings.",
        "With effect from 1 September 2020 all pupils must hand in phones.",
        "A new filtering system will be introduced in September 2022.",
        "The school plans to move to another system by Easter 2024.",
        "All staff will have completed training by July 2023.",
        "In the academic year 2022-23 the school is piloting tablets in Year 5.",
        "As a temporary measure, parents may email teachers until the end of the summer term 2021.",
        "This year (2023/24) pupils in Year 6 may bring phones.",
        "The school is moving to a new email system during 2021-22.",
        "The UK GDPR will come into force on 25 May 2018.",
        "Parents were told that accounts will be switched on in October 2023.",
        "For the 2021/22 year only, Year 7 may bring tablets.",
        "The site manager, who retires in July 2024, keeps the lost phones.",
        "The trust is trialling phone pouches until 20 December 2024.",
    ],
)
def test_a_rule_or_a_plan_whose_day_has_passed_is_found(words):
    assert told(words) == [(Kind.PAST_DATE, ("SM-1",))]


@pytest.mark.parametrize(
    "words",
    [
        "From September 2026 pupils hand in phones.",
        "Until July 2027, trip leaders may use their own phones.",
        "Records are kept until the pupil is 25.",
        "Staff must not contact pupils until two years after they leave.",
        "Until further notice, phones are banned.",
        "From Year 7, pupils may bring phones.",
        "Guidance published in July 2025 will be followed.",
        "The Online Safety Act 2023 will be followed.",
        "From 2019 to 2022 the school was part of a pilot.",
        "The policy was introduced in September 2022.",
        "In 2023 the trust agreed that phones are locked away.",
        "The school joined the trust in September 2022 and uses its systems.",
        "Photographs taken before 2018 may be used only with new consent.",
        "Ofsted's report of May 2023 is on the website, and staff must not comment on it.",
        "Staff may use the hall from 2000 to 2100.",
        "Since September 2021 all calls are made through Teams.",
    ],
)
def test_what_still_holds_or_is_told_of_the_past_is_no_lapsed_rule(words):
    assert told(words) == []


def test_a_start_that_was_to_come_when_the_policy_was_agreed_is_left_alone():
    words = "From September 2024 pupils must hand in phones."

    assert told(words, agreed=date(2024, 7, 1)) == []
    assert told(words, agreed=date(2025, 12, 1)) == [(Kind.PAST_DATE, ("SM-1",))]


def test_a_day_to_come_lapses_when_it_is_over():
    words = "Until 31 August 2027, trip leaders may use their own phones."

    assert told(words, today=date(2027, 8, 31)) == []
    assert told(words, today=date(2027, 9, 1)) == [(Kind.PAST_DATE, ("SM-1",))]


# --- dates that do not fit each other ------------------------------------------------------------------------

HEAD = """Acorns Primary School
Social Media Policy

{facts}

1. Phones

Staff must keep phones away in lessons. A member of staff who is ill rings the office before eight.

2. Reporting

Concerns go to the Designated Safeguarding Lead on the same day, and those about the Headteacher to the Chair of Governors.

{tail}
"""
SOUND = "Version: 3.1\nApproved by the governing board: 12 March 2026\nNext review: March 2027"


def document(facts: str = SOUND, tail: str = "") -> str:
    return HEAD.format(facts=facts, tail=tail)


@pytest.mark.parametrize(
    ("facts", "tail", "what"),
    [
        (SOUND, "Acorns Primary School Social Media Policy v2.4", "version 3.1 in one place and version 2.4 in another"),
        (SOUND, "Social Media Policy September 2023 Page 4 of 4", "the foot of the page prints September 2023"),
        (SOUND, "Signed: Pat Example, Chair of Governors   Date: 14 May 2023", "a signature of 14 May 2023"),
        (SOUND, "3. Review\n\nThis policy will next be reviewed in September 2028.", "as the date of its next review"),
        (SOUND, "Appendix 1: Staff acceptable use agreement (September 2021)\n\nI will keep my phone in my locker.", "a part of September 2021"),
        (SOUND.replace("March 2027", "March 2025"), "", "the next review (March 2025) comes before"),
        (SOUND.replace("2026", "2028").replace("2027", "2029"), "", "on a day to come"),
    ],
)  # fmt: skip
def test_dates_and_versions_that_contradict_each_other_are_found(facts, tail, what, tmp_path):
    (finding,) = of_document(document(facts, tail), tmp_path, Kind.DATES_DISAGREE)

    assert what in dict(finding.said)["what"]


@pytest.mark.parametrize(
    ("facts", "tail"),
    [
        (SOUND, "Signed: Pat Example, Chair of Governors   Date: 12 March 2026"),
        (SOUND, "Acorns Primary School Social Media Policy version 3.1 Page 4"),
        (SOUND, "Appendix 1: Staff agreement 2025/26\n\nI will keep my phone in my locker."),
        (SOUND + "\nThis version replaces version 2.4", ""),
        (SOUND.replace("Next review", "Date of review"), ""),
        (SOUND.replace("Next review", "To be reviewed"), ""),
        (SOUND, "The Child Protection Policy was approved by the governing board on 2 March 2024."),
        ("Version 1: September 2021, first issued\nVersion 2: September 2023, updated\n" + SOUND.replace("3.1", "3"), ""),
        ("Approved by the Resources Committee on 2 March 2026, ratified by the governing board on 30 March 2026.", ""),
    ],
)  # fmt: skip
def test_dates_that_fit_each_other_are_left_alone(facts, tail, tmp_path):
    assert of_document(document(facts, tail), tmp_path, Kind.DATES_DISAGREE) == []


def test_the_rows_of_a_version_table_are_a_history(tmp_path):
    table = (
        "# Acorns Primary School\n\n## Social Media Policy\n\n| Version | Date | Change |\n|---|---|---|\n"
        "| 1.0 | September 2021 | First issued |\n| 2.0 | March 2026 | Rewritten |\n\n"
        "# Rules\n\nStaff must keep phones away in lessons.\n\n{}\n"
    )

    assert of_document(table.format(""), tmp_path, Kind.DATES_DISAGREE, "one.md") == []
    (finding,) = of_document(
        table.format("This is version 3.1 of the policy."), tmp_path, Kind.DATES_DISAGREE, "two.md"
    )
    # The newest row says which version this is
    assert dict(finding.said)["what"] == "version 2 in one place and version 3.1 in another"


def test_an_annual_review_with_a_date_three_years_on_is_found(tmp_path):
    promise = "3. Review\n\nThis policy is reviewed annually by the governing board."

    assert of_document(document(SOUND.replace("2027", "2029"), promise), tmp_path, Kind.CYCLE)
    assert not of_document(document(SOUND, promise), tmp_path, Kind.CYCLE)


def test_two_cycles_for_one_policy_are_found(tmp_path):
    facts = SOUND + "\nReview cycle: every two years"
    promise = "3. Review\n\n{} is reviewed annually by the governing board."

    (finding,) = of_document(document(facts, promise.format("This policy")), tmp_path, Kind.CYCLE)

    assert dict(finding.said) == {"cycle": "yearly", "months": "", "other": "every 2 years"}
    other = promise.format("The list of accounts")
    assert of_document(document(SOUND, other), tmp_path, Kind.CYCLE) == []


def test_a_next_occasion_that_has_passed_is_overdue(tmp_path):
    promise = "3. Review\n\nThe committee reviews this policy every two years, the next occasion being the Spring Term 2026."
    facts = "Approved by the governing board: 12 March 2024"

    assert of_document(document(facts, promise), tmp_path, Kind.OVERDUE)


# --- dates as they are printed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("on 3rd March 2024", date(2024, 3, 3), date(2024, 3, 3)),
        ("on 03/09/24", date(2024, 9, 3), date(2024, 9, 3)),
        ("in February 2024", date(2024, 2, 1), date(2024, 2, 29)),
        ("in the autumn term 2024", date(2024, 9, 1), date(2024, 12, 31)),
        ("by Christmas 2024", date(2024, 12, 1), date(2025, 1, 31)),
        ("in 2023-24", date(2023, 9, 1), date(2024, 8, 31)),
        ("in 2023", date(2023, 1, 1), date(2023, 12, 31)),
    ],
)
def test_a_printed_date_is_the_days_it_can_mean(words, first, last):
    (period,) = periods(words)

    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("words", ["45/13/2024", "for £2,000", "0844 381 2019", "2024/31"])
def test_what_is_in_no_calendar_is_no_date(words):
    assert [p for p in periods(words) if p.exact] == []


@given(st.dates(date(1990, 1, 1), date(2079, 12, 31)), st.sampled_from(["%d %B %Y", "%d/%m/%Y", "%Y-%m-%d", "%B %d, %Y"]))  # fmt: skip
def test_a_full_date_is_read_whichever_way_it_is_written(day, form):
    (period,) = periods(f"It is done by {day.strftime(form)}, all of it.")

    assert (period.first, period.last) == (day, day)


@given(st.text(max_size=200))
def test_any_words_at_all_are_looked_through(text):
    for period in periods(text):
        assert period.first <= period.last
        assert 0 <= period.start < period.end <= len(text)
        assert period.apart(period) == 0
