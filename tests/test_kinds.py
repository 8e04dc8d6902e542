"""Every kind of report can be picked, advised on and sent somewhere, at every model school."""

from __future__ import annotations

import re
import tomllib
from collections import Counter

import pytest

from bot.chat.render import Wording
from bot.config import MODEL_SCHOOLS, data, model_folder, role_titles
from bot.policy.policyfile import read_policy

KINDS = data("incidents.toml")
DEFAULTS = data("routes.toml")["routes"]
ABOUT = (
    "headteacher",
    "chair-of-governors",
    "headteacher-and-chair",
    "dsl",
    "colleague",
    "pupil",
    "parent",
    "myself",
    "unsure",
)
SOURCES = {"guidance", "choice"}
LONGEST_LABEL = 75  # what Slack shows of an option
MOST_KINDS = 12  # what a frightened person can take in on one page


def settings(school):
    return tomllib.loads((model_folder(school) / "school.toml").read_text("utf-8"))


def clause_ids(school):
    files = model_folder(school).glob("policies/*.md")
    return {c.id for f in files for c in read_policy(f).clauses}


def offered(about):
    return [kind for kind, entry in KINDS.items() if about in entry["about"]]


def routed(routes, kind, about, employer="school"):
    return next(
        r
        for r in routes
        if kind in r.get("kinds", [kind])
        and about in r.get("about", [about])
        and r.get("employer", employer) == employer
    )


# --- what the form offers ------------------------------------------------------------------------------

# The incidents that five schools' policies know of, and the kind each is reported as.
INCIDENTS = {
    "I1 a colleague misuses social media": "colleague-misuse",
    "I2 the Headteacher's own use": "head-misuse",
    "I3 a parent or carer posts about school, staff or pupils": "parent-post",
    "I4 an outsider posts about a member of the school": "outsider-post",
    "I5 a member of staff is abused, threatened or harassed online": "staff-abused",
    "I6 friends post something improper about a member of staff": "friends-post",
    "I7 a complaint or grievance online names people": "complaint-online",
    "I8 a pupil makes improper contact or tries to join a staff account": "pupil-contact",
    "I9 a past pupil makes contact": "former-pupil-contact",
    "I10 a pupil is bullied online, or is bullying": "pupil-bullying",
    "I11 indecent images of children": "indecent-images",
    "I12 unsuitable, maybe lawful, material": "unsuitable-material",
    "I13 pornography on school equipment, or brought in": "adult-material",
    "I14 an adult poses as a child, or grooming": "grooming",
    "I15 filter failure, illegal content, radicalisation": "online-safety",
    "I16 phishing, shared password, impersonation, data leak": "data-security",
    "I17 defamation or libel": "defamation",
    "I18 crime, threats, racism, gross obscenity, harassment": "crime-threat",
    "I19 an incident that the press or the public ask about": "press",
    "I20 a pupil or adult on social media in the working day": "working-day-use",
    "I21 a pupil breaks the phone rule": "pupil-phone",
    "I22 an under-age account": "under-age",
    "I23 a parent shares pictures of other people's children": "others-children",
    "I24 a child without consent on an official account": "no-consent",
    "I25 an unofficial account, or the name or logo used": "unofficial-account",
    "I26 staff departed from, or must depart from, the policy": "policy-departure",
    "I27 the Headteacher is told that an adult misuses networking": "allegation-received",
    "I28 a pupil tells staff of upsetting content": "pupil-tells",
    "I29 hostile comments on the official page": "hostile-comments",
    "a low-level concern": "low-level-concern",
    "a report on oneself": "self-report",
    "a child who may be in danger": "child-danger",
}


def test_every_incident_has_a_kind_of_its_own_and_every_kind_an_incident():
    assert Counter(INCIDENTS.values()) == Counter(list(KINDS))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_can_be_picked_and_is_kept_for_a_stated_time(kind):
    entry = KINDS[kind]

    assert 0 < len(entry["label"]) <= LONGEST_LABEL
    assert entry["about"]
    assert set(entry["about"]) <= set(ABOUT)
    assert 1 <= entry["keep_years"] <= 75
    assert entry.get("sensitive", True) is True


def test_no_two_kinds_read_alike():
    labels = Counter(entry["label"].casefold() for entry in KINDS.values())

    assert max(labels.values()) == 1


@pytest.mark.parametrize("about", ABOUT)
def test_nobody_has_to_read_a_long_list(about):
    assert 5 <= len(offered(about)) <= MOST_KINDS


@pytest.mark.parametrize(
    ("about", "first"),
    [
        ("headteacher", "head-misuse"),
        ("chair-of-governors", "head-misuse"),
        ("headteacher-and-chair", "head-misuse"),
        ("dsl", "colleague-misuse"),
        ("colleague", "colleague-misuse"),
        ("pupil", "staff-abused"),
        ("parent", "staff-abused"),
        ("myself", "self-report"),
        ("unsure", "staff-abused"),
    ],
)
def test_the_likeliest_kind_is_offered_first(about, first):
    assert offered(about)[0] == first


@pytest.mark.parametrize("about", ABOUT)
def test_indecent_images_can_be_reported_whoever_they_concern(about):
    assert "indecent-images" in offered(about)


@pytest.mark.parametrize("about", [a for a in ABOUT if a != "myself"])
def test_a_child_in_danger_can_be_reported_whoever_it_concerns(about):
    assert "child-danger" in offered(about)


def test_contact_by_a_pupil_can_be_about_nobody_but_a_pupil():
    """The form goes to it in one step from the command, without asking whom it is about."""
    assert KINDS["pupil-contact"]["about"] == ["pupil"]


def test_a_title_of_a_report_on_the_head_shows_nothing_over_a_shoulder():
    title = KINDS["head-misuse"]["title"].lower()

    for told in ("head", "chair", "misuse", "wrong", "improper", "allegation"):
        assert told not in title


def test_what_cannot_wait_until_morning_is_urgent():
    urgent = [kind for kind, entry in KINDS.items() if entry.get("urgent")]

    # The order counts: a question that looks like two of them is taken for the first.
    assert urgent == ["indecent-images", "grooming", "child-danger", "pupil-tells"]
    assert all(KINDS[kind]["safeguarding"] for kind in urgent)


def test_what_concerns_a_child_is_sensitive_and_kept_longest():
    longest = max(entry["keep_years"] for entry in KINDS.values())
    for kind, entry in KINDS.items():
        if entry.get("safeguarding"):
            assert entry["sensitive"], kind
            assert entry["keep_years"] == longest, kind


# --- what to do now ------------------------------------------------------------------------------------


def advice(kind, nation="England"):
    entry = KINDS[kind]
    cited = data("guidance.toml")[nation][entry.get("guidance", "safeguarding")]
    template = entry.get("advice", "now_report")
    return Wording().lines(template, role="the Headteacher (Pat Example)", guidance=cited)


@pytest.mark.parametrize("nation", ["England", "Wales"])
def test_guidance_says_what_it_is_who_issued_it_and_which_edition(nation):
    assert set(data("guidance.toml")[nation]) == {"images", "safeguarding", "allegations"}
    for told in data("guidance.toml")[nation].values():
        assert all(told[key].strip() for key in ("title", "by", "edition"))


@pytest.mark.parametrize("nation", ["England", "Wales"])
@pytest.mark.parametrize("kind", KINDS)
def test_advice_is_short_and_says_whom_to_tell(kind, nation):
    lines = advice(kind, nation)

    assert 1 <= len(lines) <= 4
    assert all(len(line) <= 300 for line in lines)
    assert sum("the Headteacher (Pat Example)" in line for line in lines) == 1


def test_wales_is_never_told_of_englands_guidance():
    for kind in KINDS:
        assert "Keeping Children Safe in Education" not in " ".join(advice(kind, "Wales")), kind


def test_of_indecent_images_nothing_is_ever_copied():
    first, *rest = advice("indecent-images")

    for act in ("view", "copy", "print", "forward", "share", "save", "screenshot"):
        assert re.search(rf"do not [^.]*\b{act}\b", first), act
    assert "11 March 2024" in first
    assert "Do not investigate, and do not delete" in rest[0]
    assert "999" in " ".join(rest)


@pytest.mark.parametrize("kind", [k for k in KINDS if "capture" in " ".join(advice(k)).lower()])
def test_nobody_is_told_to_capture_without_being_told_what_never_to(kind):
    assert "Never" in " ".join(advice(kind))
    assert re.search(
        r"Never (copy or )?capture anything that shows a child", " ".join(advice(kind))
    )


@pytest.mark.parametrize("kind", ["staff-abused", "pupil-contact", "parent-post", "outsider-post"])
def test_whoever_is_written_to_does_not_reply(kind):
    assert "do not reply" in advice(kind)[0]


def test_a_childs_disclosure_is_heard_not_questioned():
    said = " ".join(advice("pupil-tells"))

    for told in ("listen", "do not promise to keep it secret", "do not question", "write down"):
        assert told in said


# --- where it goes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("about", ABOUT)
def test_every_report_has_a_route_at_a_school_that_set_none(about):
    for kind in offered(about):
        found = routed(DEFAULTS, kind, about)
        assert found["source"] in SOURCES
        assert set(found["to"]) <= set(role_titles())


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_every_route_of_a_model_school_names_kinds_roles_and_clauses_there_are(school):
    told = settings(school)
    ids = clause_ids(school)
    for route in told["reports"]["routes"]:
        assert set(route) <= {"kinds", "about", "employer", "to", "source"}
        assert set(route.get("kinds", ())) <= set(KINDS)
        assert set(route.get("about", ())) <= set(ABOUT)
        assert route["source"] in ids | SOURCES, route
        for role in route["to"]:
            entry = told["roles"].get(role, {})
            assert entry.get("holder") or entry.get("holders"), f"{role}: nobody holds it"


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_no_route_of_a_model_school_is_hidden_behind_another(school):
    routes = settings(school)["reports"]["routes"]
    taken = {
        id(routed(routes, kind, about, employer))
        for about in ABOUT
        for kind in offered(about)
        for employer in ("school", "central")
    }

    assert [r for r in routes if id(r) not in taken] == []


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_what_a_policy_says_to_do_is_in_that_policy(school):
    ids = clause_ids(school)
    for kind, entry in settings(school)["reports"]["kinds"].items():
        assert kind in KINDS
        assert set(entry) <= {"now", "checklist", "keep_years"}
        named = [*entry.get("now", ()), *entry.get("checklist", ())]
        assert named, kind
        assert set(named) <= ids, kind


# What each policy prints: the kind, whom it is about, the reporter's employer, the roles and the clause.
PRINTED = [
    ("model-infant", "head-misuse", "headteacher", "school", ["chair-of-governors"], "SM-37"),
    ("model-infant", "colleague-misuse", "colleague", "school", ["headteacher"], "SM-36"),
    ("model-infant", "outsider-post", "parent", "school", ["headteacher"], "SM-52"),
    ("model-secondary", "pupil-contact", "pupil", "school", ["dsl"], "SM-56"),
    ("model-secondary", "former-pupil-contact", "pupil", "school", ["headteacher"], "SM-71"),
    ("model-secondary", "friends-post", "myself", "school", ["headteacher"], "SM-88"),
    ("model-secondary", "parent-post", "parent", "school", ["headteacher"], "SM-91"),
    ("model-secondary", "complaint-online", "parent", "school", ["headteacher"], "SM-96"),
    ("model-secondary", "colleague-misuse", "colleague", "school", ["dsl"], "SM-97"),
    ("model-primary", "unsuitable-material", "colleague", "school", ["headteacher", "slt"], "SM-71"),
    ("model-primary", "policy-departure", "myself", "school", ["headteacher"], "SM-14"),
    ("model-primary-wales", "working-day-use", "pupil", "school", ["dsl"], "SN-57"),
    ("model-primary-wales", "pupil-contact", "pupil", "school", ["headteacher"], "SN-45"),
    ("model-primary-wales", "former-pupil-contact", "pupil", "school", ["slt"], "SN-41"),
    ("model-primary-wales", "allegation-received", "colleague", "school", ["headteacher"], "SN-73"),
    ("model-special", "staff-abused", "parent", "school", ["headteacher"], "SM-76"),
    ("model-special", "staff-abused", "parent", "central", ["hr"], "SM-77"),
    ("model-special", "pupil-bullying", "pupil", "central", ["hr"], "SM-77"),
]  # fmt: skip


@pytest.mark.parametrize(("school", "kind", "about", "employer", "to", "source"), PRINTED)
def test_a_report_goes_where_the_schools_policy_prints(school, kind, about, employer, to, source):
    found = routed(settings(school)["reports"]["routes"], kind, about, employer)

    assert (found["to"], found["source"]) == (to, source)


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_about_the_head_a_model_school_goes_to_the_chair_first(school):
    for kind in offered("headteacher"):
        found = routed(settings(school)["reports"]["routes"], kind, "headteacher")
        assert found["to"] == ["chair-of-governors"]


def test_where_the_policy_says_the_police_the_reporter_is_shown_that_clause():
    told = settings("model-primary")["reports"]

    assert told["kinds"]["indecent-images"]["now"][0] == "SM-68"
    assert routed(told["routes"], "indecent-images", "pupil")["source"] == "choice"


def test_a_clause_that_says_to_keep_a_capture_is_never_shown_beside_indecent_images():
    for school in MODEL_SCHOOLS:
        entry = settings(school)["reports"]["kinds"].get("indecent-images", {})
        assert school == "model-primary" or not entry.get("now")


# --- who is there --------------------------------------------------------------------------------------


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_a_model_school_has_its_people_and_the_one_who_practises(school):
    told = settings(school)
    people = told["people"]
    held = {
        name
        for entry in told["roles"].values()
        for name in (entry.get("holder"), *entry.get("holders", ()), *entry.get("deputies", ()))
        if name
    }

    assert held <= {p["name"] for p in people.values()}
    assert people["robin-practice"]["name"] == "Robin Practice"
    for person, entry in people.items():
        assert person == entry["name"].lower().replace(" ", "-")
        assert entry.get("email", "x@example.org").endswith("@example.org")
        assert set(entry.get("answers_to", ())) <= {*people, *told["roles"]}


def test_the_same_names_hold_the_same_roles_at_every_model_school():
    for role in ("headteacher", "deputy", "chair-of-governors", "dsl", "deputy-dsl", "dpo"):
        assert len({settings(school)["roles"][role]["holder"] for school in MODEL_SCHOOLS}) == 1


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_the_last_resort_of_a_model_school_has_a_number_that_is_nobodys(school):
    outside = settings(school)["outside"]

    assert re.fullmatch(r"01632 960\d{3}", outside["lado"]["phone"])
    assert outside["lado"]["name"]
    assert "999" in outside["police"]["phone"]


# --- what a new school is given ------------------------------------------------------------------------


def test_the_examples_a_new_school_is_given_can_be_taken_as_they_are():
    text = Wording().text("school.toml", name="X")
    told = tomllib.loads(re.sub(r"(?m)^#(?=\S)", "", text))

    assert set(told["roles"]) <= set(role_titles())
    assert {k for r in told["reports"]["routes"] for k in r.get("kinds", ())} <= set(KINDS)
    assert {r for route in told["reports"]["routes"] for r in route["to"]} <= set(told["roles"])
    assert {"people", "outside", "reports", "hours"} <= set(told)
    assert set(told["reports"]) == {"head_is_proprietor", "fallback", "routes", "kinds", "clock"}
