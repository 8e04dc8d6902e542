"""Every date, term and recurrence that five policies print is kept by something in the school modelled on each.

The table of dates is read from the folder named by MAYI_SHARED (default: `shared` beside the project); without it
the comparison is skipped. What keeps a row is a reminder, a review, a check, a report's urgency or its checklist.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.app.site import Site
from bot.config import data
from bot.records.items import Item, State
from bot.schedule.reminders import Each, Occurrence, coming
from bot.schedule.terms import Occasion
from handlers.dates.digest import part
from handlers.dates.occurrences import facts_of, filled, recipients

SHARED = Path(os.environ.get("MAYI_SHARED", Path(__file__).resolve().parents[2] / "shared"))
NOW = datetime(2026, 11, 20, 9, tzinfo=ZoneInfo("Europe/London"))

# (first word of the row's school, beginning of what it is): what keeps it.
# A reminder by its name; "review", "undated" or "edition" of the policy; "acknowledge", the yearly round;
# "urgent" and "hold", of reports. "policy" or "choice" says who asks for the reminder.
KEPT = {
    ("westfield", "Policy review"): ("review", ""),
    ("westfield", "Adoption and signature"): ("check", ""),
    ("westfield", "Read and discuss"): ("acknowledge", ""),
    ("westfield", "Training"): ("training", "choice"),
    ("westfield", "KCSIE"): ("edition", ""),
    ("westfield", "Tell parents"): ("admission-checklist", "policy"),
    ("westfield", "Consent booklet"): ("admission-checklist", "policy"),
    ("westfield", "Privacy settings"): ("own-privacy", "choice"),
    ("secondary", "Policy date"): ("undated", ""),
    ("secondary", "School-account privacy"): ("account-privacy", "policy"),
    ("secondary", "Own privacy"): ("own-privacy", "choice"),
    ("secondary", "No private use"): ("working-hours", "policy"),
    ("secondary", "Reporting procedure"): ("reporting-procedure", "choice"),
    ("secondary", "Leaders ensure"): ("acknowledge", ""),
    ("secondary", "Pupil contact"): ("urgent", ""),
    ("secondary", "KCSIE"): ("edition", ""),
    ("datepalm", "Last review"): ("review", ""),
    ("datepalm", "KCSIE"): ("edition", ""),
    ("datepalm", "Own profile"): ("profile-check", "policy"),
    ("datepalm", "Phones away"): ("phones-away", "policy"),
    ("datepalm", "Phones in public"): ("public-areas", "policy"),
    ("datepalm", "School mobile"): ("visit-phone", "policy"),
    ("datepalm", "Police"): ("urgent", ""),
    ("oakfield", "Policy date"): ("undated", ""),
    ("oakfield", "Own devices"): ("working-hours", "policy"),
    ("oakfield", "Pupil phones"): ("pupils-phones", "policy"),
    ("oakfield", "Devices out"): ("device-loans", "policy"),
    ("oakfield", "Parents kept aware"): ("parents-informed", "choice"),
    ("oakfield", "Suspension"): ("hold", "SN-79"),
    ("oakfield", "Child disclosure"): ("hold", "SN-77"),
    ("wightwick", "Last review"): ("review", ""),
    ("wightwick", "Administrator and"): ("account-talk", "policy"),
    ("wightwick", "Access handover"): ("account-handover", "policy"),
    ("wightwick", "Restricted-list"): ("before-posting", "policy"),
    ("wightwick", "Cyber-bullying"): ("urgent", ""),
    ("wightwick", "Tone message"): ("tone-message", "policy"),
    ("wightwick", "Group age"): ("group-settings", "policy"),
}
SCHOOLS = {
    "westfield": "model-infant",
    "secondary": "model-secondary",
    "datepalm": "model-primary",
    "oakfield": "model-primary-wales",
    "wightwick": "model-special",
}
REMINDERS = [(row, *kept) for row, kept in KEPT.items() if kept[1] in ("policy", "choice")]


def table() -> list[tuple[str, str, str]]:
    """School, what, and the reminder to build, of each row of the table of dates."""
    text = (SHARED / "obligations.md").read_text("utf-8")
    part_b = text.split("### (b) ")[1].split("### (c)")[0]
    rows = (re.split(r"\s*\|\s*", line.strip("| ")) for line in part_b.splitlines() if "|" in line)
    return [(r[0], r[1], r[5]) for r in rows if len(r) == 6 and r[0] in SCHOOLS]


@pytest.mark.skipif(
    not (SHARED / "obligations.md").is_file(),
    reason=f"the table of dates is not in {SHARED} (set MAYI_SHARED)",
)
def test_every_row_of_the_table_with_something_to_build_is_kept():
    asked = [(school, what) for school, what, build in table() if not build.startswith("none")]
    assert len(asked) > 30
    lost = [
        (school, what)
        for school, what in asked
        if not any(school == s and what.startswith(begins) for s, begins in KEPT)
    ]
    assert not lost


@pytest.mark.parametrize(
    ("row", "name", "asked_by"), REMINDERS, ids=[f"{r[0][0]}-{r[1]}" for r in REMINDERS]
)
def test_a_reminder_of_the_model_school_comes_to_somebody_and_quotes_its_clause(
    row, name, asked_by, built
):
    """From the day that it is due on, whom it reaches, and what they read."""
    site = Site(built, clock=lambda: NOW)
    services = site.services(SCHOOLS[row[0]])
    rule = services.reminders().rule(name)
    assert rule is not None
    assert rule.by_policy == (asked_by == "policy")
    found = coming(_facts(services, rule), date(2026, 9, 1), date(2027, 8, 31))
    mine = [o for o in found if o.reminder == name]
    assert mine
    people = recipients(mine[0], services)
    assert people

    said = part(_item(mine[0], people[0].id), services)
    text = " ".join((said.label, *said.lines))
    if rule.clause:
        assert [q.text for q in said.quotes] == [services.clause(rule.clause).clause.text]
    assert ("your policy's own" in text) == rule.by_policy
    assert ("Your school chose" in text) == (not rule.by_policy)
    assert {b.says.split()[0] for b in said.buttons} >= {"/got-it"}


@pytest.mark.parametrize("school", SCHOOLS.values())
def test_every_model_schools_review_comes_to_its_owner(school, built):
    services = Site(built, clock=lambda: NOW).services(school)
    found = coming(facts_of(services), date(2026, 9, 1), date(2027, 12, 31))
    reviews = [o for o in found if o.reminder == "review"]

    assert len(reviews) >= 4
    assert {p.id for o in reviews if o.step <= 0 for p in recipients(o, services)} == {
        "pat-example"
    }
    late = [o for o in reviews if o.step >= 4]
    assert {p.id for p in recipients(late[0], services)} == {"pat-example", "sam-sample"}


@pytest.mark.parametrize(("row", "kept"), [(r, k) for r, k in KEPT.items() if k[0] == "hold"])
def test_what_must_wait_stands_on_the_checklist_of_the_report(row, kept, built):
    school = built.school(SCHOOLS[row[0]])
    lists = [k.get("checklist", []) for k in school.settings["reports"]["kinds"].values()]
    assert any(kept[1] in each for each in lists)


def test_what_the_policies_want_at_once_is_urgent_or_first_on_the_form():
    kinds = data("incidents.toml")
    assert kinds["child-danger"]["urgent"]
    assert kinds["grooming"]["urgent"]
    assert kinds["indecent-images"]["urgent"]


def _facts(services, rule):
    facts = facts_of(services)
    day = date(2026, 12, 8)
    more = {
        Each.START: {"starters": (("robin-practice", day),)},
        Each.LEAVING: {"leavers": (("robin-practice", day),)},
        Each.OCCASION: {"occasions": (_occasion(rule.when.occasion, day),)},
    }.get(rule.when.each, {})
    return replace(facts, **more)


def _occasion(kind, day):
    return Occasion("one", kind, day, day)


def _item(o: Occurrence, person: str) -> Item:
    return Item(
        "i", "s", person, o.id, o.reminder, filled(o), o.rule.duty, o.due, o.until, State.OPEN, None, None, None
    )  # fmt: skip
