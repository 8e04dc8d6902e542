"""How long things are kept: the settings, and the notice that tells people of them."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import Home, data
from bot.errors import BadSettings
from bot.records import tables, visits
from bot.schedule.keep import DAY, TERMS, YEAR, Keep, keep_of
from handlers.jobs import DRAFTS_KEPT

ROOT = Path(__file__).resolve().parents[1]
NOTICE = (ROOT / "docs" / "privacy.md").read_text("utf-8")
SCHOOL = Home(Path("nowhere")).school("model-primary")


def having(**keep):
    return replace(SCHOOL, settings={**SCHOOL.settings, "keep": keep})


def rows() -> dict[str, str]:
    """The notice's table: a setting, and how long it says."""
    told = [
        [c.strip() for c in line.strip("|").split("|")]
        for line in NOTICE.splitlines()
        if line.startswith("| ")
    ]
    assert told[0] == ["what", "why", "how long", "setting"]
    return {row[3].strip("`"): row[2] for row in told[1:] if row[3]}


# --- the notice -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("term", TERMS, ids=lambda t: t.name)
def test_the_notice_tells_the_terms_that_hold_and_why(term):
    said = rows()[f"keep.{term.name}"]
    unit = "years" if term.unit == YEAR else "days"

    assert f"{term.default} {unit}" in said
    assert term.why in " ".join(NOTICE.split())


def test_the_notice_tells_of_no_setting_that_there_is_not():
    named = {n for n in rows() if n.startswith("keep.")}
    (example,) = re.findall(r"```toml\n(\[keep\].*?)```", NOTICE, re.DOTALL)

    assert named == {f"keep.{t.name}" for t in TERMS}
    assert tomllib.loads(example)["keep"] == {t.name: t.default for t in TERMS}


def test_the_notice_is_right_about_what_no_setting_changes():
    years = [entry["keep_years"] for entry in data("incidents.toml").values()]

    assert f"{min(years)} to {max(years)} years" in rows()["reports.kinds.KIND.keep_years"]
    assert f"{SCHOOL.keep_questions} days" in rows()["answers.keep_questions"]
    assert f"{DRAFTS_KEPT.days} days after you last changed it" in NOTICE
    assert timedelta(days=30) == visits.KEPT
    assert "30 days after they have ended" in NOTICE


def test_the_notice_says_what_a_notice_has_to():
    for said in (
        "is the controller", "Data Protection Officer", "subject access request", "within one month",
        "Information Commissioner", "No decision about anybody is made by a machine",
        "Nothing is sent to an outside model", "Why the school may", "Who sees it", "Where it is",
        "cannot be taken out", "`my-data`",
    ):  # fmt: skip
        assert said in " ".join(NOTICE.split()), said


def test_the_notice_is_linked_from_where_people_look():
    for file in ("README.md", "docs/security.md"):
        assert "privacy.md" in (ROOT / file).read_text("utf-8"), file


# --- the settings ------------------------------------------------------------------------------------------


def test_without_settings_the_product_s_own_terms_hold():
    assert keep_of(SCHOOL) == Keep(
        acknowledgements=7 * YEAR, reminders=400 * DAY, messages=400 * DAY, leavers=365 * DAY
    )


def test_a_school_sets_its_own():
    kept = keep_of(having(acknowledgements_years=3, leavers_days=100))

    assert (kept.acknowledgements, kept.leavers, kept.messages) == (3 * YEAR, 100 * DAY, 400 * DAY)


@pytest.mark.parametrize(
    ("keep", "says"),
    [
        ({"messages": 3}, "keep: has no setting 'messages'; use acknowledgements_years, "),
        ({"messages_days": 1}, "keep.messages_days: write a whole number from 100 to 3650"),
        ({"messages_days": True}, "keep.messages_days: write a whole number from 100 to 3650"),
        ({"leavers_days": "a year"}, "keep.leavers_days: write a whole number from 28 to 3650"),
        ({"acknowledgements_years": 7.5}, "keep.acknowledgements_years: write a whole number from 1 to 50"),
        ({"acknowledgements_years": 51}, "keep.acknowledgements_years: write a whole number from 1 to 50"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_meant_is_told_in_one_line(keep, says):
    with pytest.raises(BadSettings) as told:
        keep_of(having(**keep))

    assert says in str(told.value)
    assert "school.toml" in str(told.value)
    assert "\n" not in str(told.value)


def test_what_is_no_table_is_told_in_one_line():
    with pytest.raises(BadSettings, match=r"keep: is not a table; write \[keep\] on a line"):
        keep_of(replace(SCHOOL, settings={**SCHOOL.settings, "keep": 7}))


OAK = """name = "Oak"
[keep]
acknowledgements_years = 2
[reports.kinds.grooming]
keep_years = 6
[roles.headteacher]
holder = "Pat Example"
[roles.dsl]
holder = "Sam Sample"
"""


def test_check_tells_of_terms_that_are_shorter_than_usual(tmp_path, make_school, mayi):
    make_school(tmp_path, "oak", OAK, phones="Staff must not phone. {#PH-1}")
    ran = mayi("check", "--home", tmp_path)
    told = " ".join((ran.out + ran.err).split())

    assert ran.status == 1
    assert (
        "oak: keep.acknowledgements_years is 2, and usually it is 6 or more: a claim under a contract can be "
        "brought for six years"
    ) in told
    assert "oak: reports.kinds.grooming.keep_years is 6, and usually it is 25 or more" in told


def test_check_has_nothing_to_say_of_the_terms_of_the_product(tmp_path, make_school, mayi):
    make_school(tmp_path, "oak", OAK.replace("2\n", "6\n", 1).replace("keep_years = 6", ""))

    assert "usually" not in mayi("check", "--home", tmp_path).out


def test_a_term_that_cannot_be_meant_is_told_by_check(tmp_path, make_school, mayi):
    make_school(tmp_path, "oak", OAK.replace("years = 2", "years = 0"))

    assert "keep.acknowledgements_years" in mayi("check", "--home", tmp_path).out


# --- every table has its term --------------------------------------------------------------------------------

# What becomes of the rows of each table; a new one belongs here, and in the notice.
TERM_OF = {
    "reports": "reports.kinds.KIND.keep_years",
    "deliveries": "reports.kinds.KIND.keep_years",  # with their report
    "entries": "reports.kinds.KIND.keep_years",
    "drafts": "a report that you have begun",
    "messages": "keep.messages_days",
    "audit": "cannot be taken out",
    "audit_head": "cannot be taken out",
    "seen": "the numbers of events",
    "roster": "until your account is closed",
    "keepsakes": "with your account",
    "visits": "links by mail and visits",
    "members": "keep.leavers_days",
    "occurrences": "keep.leavers_days",  # those that name somebody; no person is in the others
    "items": "keep.reminders_days",
    "switched_off": "keep.reminders_days",
    "occasions": "keep.reminders_days",
    "wordings": "keep.acknowledgements_years",
    "rounds": "",  # days, and no person
    "acks": "keep.acknowledgements_years",
    "discussions": "keep.acknowledgements_years",
}


def test_the_notice_tells_what_becomes_of_every_table():
    assert set(TERM_OF) == set(tables.metadata.tables)
    for name, said in TERM_OF.items():
        assert said in NOTICE, name
