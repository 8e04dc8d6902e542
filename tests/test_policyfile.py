"""The editable policy file: what it holds, what it forgives, and what it says of a mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BadPolicy
from bot.policy import policyfile
from bot.policy.model import Clause, Front, Reading, Strength
from bot.policy.policyfile import OWNER_FIELDS, WHO, parse_policy, read_policy, write_policy

FRONT = """---
title: Social Media Policy
school: Model Infant School
version: "1"
adopted: 2026-09-01
reviewed: 2026-09-01
next_review: 2027-09-01
review_cycle: yearly
owner: headteacher
audience: [staff, governors, volunteers]
code: SM
next_id: 74
withdrawn: [SM-9]
---
"""

BODY = """
# Using social media yourself

Staff are advised:

- Learn how each site's privacy controls work. {#SM-12}
- Do not let friends show you in a way that may:

  - embarrass the school. {#SM-13}

One rule in a paragraph. {#SM-14 strength=should_not binds=staff,governors approver=headteacher \
route=chair-of-governors topics=friend-parent}
"""


def triples(policy):
    return [(clause.id, clause.lead_in, clause.text) for clause in policy.clauses]


def read(body):
    return parse_policy(FRONT + body, "social.md")


def test_front_matter_is_read_with_its_dates_and_lists():
    assert read(BODY).front == Front(
        title="Social Media Policy",
        school="Model Infant School",
        version="1",
        adopted=date(2026, 9, 1),
        reviewed=date(2026, 9, 1),
        next_review=date(2027, 9, 1),
        review_cycle="yearly",
        owner="headteacher",
        audience=("staff", "governors", "volunteers"),
        code="SM",
        next_id=74,
        withdrawn=("SM-9",),
    )


def test_clauses_stand_under_their_headings_and_all_their_lead_ins():
    policy = read(BODY)

    assert triples(policy) == [
        ("SM-12", "Staff are advised:", "Learn how each site's privacy controls work."),
        (
            "SM-13",
            "Staff are advised: Do not let friends show you in a way that may:",
            "embarrass the school.",
        ),
        ("SM-14", None, "One rule in a paragraph."),
    ]
    assert {("Using social media yourself",)} == {clause.section for clause in policy.clauses}


def test_what_the_owner_set_lies_over_what_was_derived_and_is_named():
    reading = read(BODY).clauses[-1].reading

    assert reading == Reading(
        strength=Strength.SHOULD_NOT,
        binds=("staff", "governors"),
        approver="headteacher",
        condition=reading.condition,
        route="chair-of-governors",
        topics=("friend-parent",),
        by_owner=frozenset({"strength", "binds", "approver", "route", "topics"}),
    )


def test_a_clause_without_settings_has_none_by_its_owner():
    assert read(BODY).clauses[0].reading.by_owner == frozenset()


def test_a_setting_can_be_taken_away_with_none():
    clause = read(
        "Ask first. {#SM-1 approver=none route=none topics=none condition=none}\n"
    ).clauses[0]

    assert clause.reading == replace(
        clause.reading, approver=None, route=None, topics=(), condition=None
    )
    assert len(clause.reading.by_owner) == 4


def test_a_clause_added_by_hand_gets_the_same_provisional_id_each_time():
    first = read("A new rule.\n\n- another\n").clauses
    second = read("- another\n\nA new rule.\n").clauses

    assert {clause.id for clause in first} == {clause.id for clause in second}
    assert all(clause.id.startswith("SM-x") and len(clause.id) == 8 for clause in first)


def test_two_hand_added_clauses_of_the_same_words_have_two_ids():
    assert len({clause.id for clause in read("- same\n- same\n").clauses}) == 2


HAND_EDITS = {
    "other bullets": "Staff must:\n\n* a rule {#SM-1}\n* other rule {#SM-2}\n",
    "no empty line before the list": "Staff must:\n- a rule {#SM-1}\n- other rule {#SM-2}\n",
    "numbers": "Staff must:\n\n1. a rule {#SM-1}\n2. other rule {#SM-2}\n",
    "wrapped lines": "Staff\nmust:\n\n- a\n  rule {#SM-1}\n- other\nrule\n  {#SM-2}\n",
    "a mark over two lines": "Staff must:\n\n- a rule {#SM-1}\n- other rule {#SM-2\n  strength=must}\n",
    "an indented list": "Staff must:\n\n   - a rule {#SM-1}\n   - other rule {#SM-2}\n",
    "empty lines between items": "Staff must:\n\n\n- a rule {#SM-1}\n\n\n- other rule {#SM-2}\n",
    "Windows line ends": "Staff must:\r\n\r\n- a rule {#SM-1}\r\n- other rule {#SM-2}\r\n",
    "a comment": "<!-- not -->\nStaff must:\n\n- a rule {#SM-1}\n<!-- a\n\n- b\n-->\n- other rule {#SM-2}\n",
    "a line across": "Staff must:\n\n- a rule {#SM-1}\n- other rule {#SM-2}\n\n***\n",
}


@pytest.mark.parametrize("body", HAND_EDITS.values(), ids=HAND_EDITS.keys())
def test_sensible_hand_edits_are_read(body):
    assert triples(read(body)) == [
        ("SM-1", "Staff must:", "a rule"),
        ("SM-2", "Staff must:", "other rule"),
    ]


@pytest.mark.parametrize("indent", ["  ", "    ", "\t"])
def test_nesting_is_read_at_any_usual_indent(indent):
    body = (
        f"Staff:\n\n- must:\n{indent}- a {{#SM-1}}\n{indent * 2}- deeper {{#SM-2}}\n- b {{#SM-3}}\n"
    )

    assert triples(read(body)) == [
        ("SM-1", "Staff: must:", "a"),
        ("SM-2", "Staff: must:", "deeper"),
        ("SM-3", "Staff:", "b"),
    ]


def test_a_paragraph_right_after_a_marked_clause_is_a_clause_of_its_own():
    assert triples(read("- a {#SM-1}\nB. {#SM-2}\n")) == [("SM-1", None, "a"), ("SM-2", None, "B.")]


def test_a_paragraph_ends_what_its_lead_in_reaches():
    body = "Staff must:\n\n- a {#SM-1}\n\nB. {#SM-2}\n\n- c {#SM-3}\n"

    assert [clause.lead_in for clause in read(body).clauses] == ["Staff must:", None, None]


def test_a_lead_in_without_a_colon_is_marked_as_one():
    assert triples(read("Staff should not {lead-in}\n\n- a {#SM-1}\n")) == [
        ("SM-1", "Staff should not", "a")
    ]


def test_a_clause_marked_alone_stands_without_the_lead_in_of_its_list():
    body = "Staff must:\n\n- a {#SM-1}\n- Pupils may b. {#SM-2 alone}\n- c {#SM-3}\n"

    assert [clause.lead_in for clause in read(body).clauses] == ["Staff must:", None, "Staff must:"]


def test_headings_nest_and_close():
    body = "# A\n\n## B\n\nx {#SM-1}\n\n# C\n\ny {#SM-2}\n\n#\n\nz {#SM-3}\n"

    assert [clause.section for clause in read(body).clauses] == [("A", "B"), ("C",), ()]


MISTAKES = {
    "no front matter": ("A rule.\n", 1, "begins with ---"),
    "front matter never closed": ("---\ntitle: A\n", 1, "never closed"),
    "front matter that is no YAML": ("---\ntitle: A\nschool: [x\n---\n", 4, "key: value"),
    "no title": ("---\nschool: A\n---\n", 1, "no title"),
    "an unknown key": ("---\ntitle: A\nreviewd: 2026-01-01\n---\n", 3, "did you mean reviewed?"),
    "a key set twice": ("---\ntitle: A\ntitle: B\n---\n", 3, "set twice"),
    "a date that is none": ("---\ntitle: A\nadopted: May 2026\n---\n", 3, "2027-09-01"),
    "a date that cannot be": ("---\ntitle: A\nadopted: 2026-02-30\n---\n", 3, "2027-09-01"),
    "a next_id that is no number": ("---\ntitle: A\nnext_id: many\n---\n", 3, "whole number"),
    "an unknown audience": ("---\ntitle: A\naudience: [staf]\n---\n", 3, "did you mean staff?"),
    "a list for a title": ("---\ntitle: [A]\n---\n", 2, "one value"),
    "an unknown attribute": (FRONT + "x {#SM-1 strenght=must}\n", 15, "did you mean strength?"),
    "an unknown strength": (FRONT + "x {#SM-1 strength=shoud}\n", 15, "did you mean should?"),
    "an unknown party": (FRONT + "x {#SM-1 binds=staff,pupil}\n", 15, "did you mean pupils?"),
    "a role spelled wrong": (
        FRONT + "x {#SM-1 route=headtecher}\n",
        15,
        "did you mean headteacher?",
    ),
    "half a role": (FRONT + "x {#SM-1 route=chair}\n", 15, "did you mean chair-of-governors?"),
    "an attribute without a value": (FRONT + "x {#SM-1 route}\n", 15, "needs a value"),
    "an attribute set twice": (FRONT + "x {#SM-1 route=dsl route=dpo}\n", 15, "set twice"),
    "a topic in words": (FRONT + "x {#SM-1 topics=Friend!}\n", 15, "not a topic"),
    "the same id twice": (FRONT + "x {#SM-1}\n\ny {#SM-1}\n", 17, "also on line 15"),
    "a mark in the middle": (FRONT + "x {#SM-1} and more\n", 15, "very end"),
    "a mark never closed": (FRONT + "x {#SM-1\n", 15, "very end"),
    "a mark alone": (FRONT + "{#SM-1}\n", 15, "no text before it"),
    "a mark without an id": (FRONT + "x {#}\n", 15, "begins with the clause's id"),
    "a lead-in without a list": (FRONT + "x {lead-in}\n\ny\n", 15, "no list under it"),
    "a comment never closed": (FRONT + "x\n\n<!-- y\n\nz\n", 17, "never closed"),
}


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_one_line_with_the_file_and_the_line_number(text, line, words):
    with pytest.raises(BadPolicy) as caught:
        parse_policy(text, "social.md")

    said = str(caught.value)
    assert said.startswith(f"social.md, line {line}: ")
    assert words in said
    assert "\n" not in said


def test_a_role_of_the_schools_own_is_allowed():
    assert read("x {#SM-1 route=wellbeing-lead}\n").clauses[0].reading.route == "wellbeing-lead"


def test_a_file_that_is_missing_or_not_utf8_is_one_line(tmp_path):
    with pytest.raises(BadPolicy, match="is not there"):
        read_policy(tmp_path / "none.md")
    (tmp_path / "a.md").write_bytes(FRONT.encode() + b"\nSchool\x92s\n")
    with pytest.raises(BadPolicy, match="line 16: this is not UTF-8"):
        read_policy(tmp_path / "a.md")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "a.md").write_bytes(b"\xef\xbb\xbf" + (FRONT + BODY).encode())

    assert len(read_policy(tmp_path / "a.md").clauses) == 3


def test_the_audience_can_be_given():
    text = FRONT + "Keep passwords secret. {#SM-1}\n"

    assert parse_policy(text, audience=("pupils",)).clauses[0].reading.binds != ("staff",)


def test_a_version_is_what_was_typed():
    assert parse_policy("---\ntitle: A\nversion: 1.10\n---\n").front.version == "1.10"


def test_writing_and_reading_the_example_gives_the_file_back():
    policy = read(BODY)
    items = {"SM-12", "SM-13"}

    written = write_policy(policy.front, policy.clauses, items=items)

    assert written == FRONT + BODY


def test_the_remainder_is_kept_in_a_comment_that_is_not_read():
    policy = read(BODY)

    written = write_policy(policy.front, policy.clauses, [("title", "A --> B"), ("menu", "# Home")])

    assert "title: A -- > B\nmenu: # Home\n-->\n" in written
    assert parse_policy(written) == policy


def test_two_thousand_clauses_are_read_quickly():
    rules = "\n".join(
        f"- Staff must not share rule number {n} online. {{#SM-{n}}}" for n in range(2000)
    )
    text = f"{FRONT}\n# A\n\nStaff are told:\n\n{rules}\n"
    read("- warm\n")
    blocks = policyfile._blocks(text.split("\n"), 14, policyfile.Where("a"))

    assert len(blocks) == 2001


# Whatever is written reads back the same

words = st.text(
    st.one_of(
        st.sampled_from("ab12 .:#-*+_<>!{}\\\"'|`=()[]&·•’é"),
        st.characters(exclude_categories=("Cs",)),
    ),
    min_size=1,
    max_size=30,
)
awkward = st.sampled_from(
    [
        "# a",
        "- a",
        "1. a",
        "12) b",
        "{#SM-1}",
        "a {#x",
        "{lead-in}",
        "---",
        "<!-- a",
        "\\# a",
        "a:",
        "\\{#a}",
        "* * *",
        "a \\",
        "1\\. a",
        "- - a",
        "-->",
        "a {#b} c",
        "C:\\{x}",
        "+",
        "•",
        "_ _ _:",
    ]
)
folded = st.one_of(words, awkward).map(lambda text: " ".join(text.split())).filter(bool)
leads = st.lists(folded, min_size=0, max_size=3)
names = st.sampled_from(["a", "b-c", "friend-parent"])
owner = st.fixed_dictionaries(
    {},
    optional={
        "strength": st.sampled_from(Strength),
        "binds": st.lists(st.sampled_from(WHO), min_size=1, max_size=3).map(tuple),
        "approver": st.sampled_from([None, "headteacher", "dsl"]),
        "condition": st.one_of(st.none(), folded.filter(lambda text: text != "none")),
        "route": st.sampled_from([None, "chair-of-governors", "dpo"]),
        "topics": st.lists(names, max_size=2).map(tuple),
    },
)


@st.composite
def written_clauses(draw):
    """Clauses in order, some under lead-ins that share their beginnings."""
    pool = draw(st.lists(leads, min_size=1, max_size=4))
    sections = draw(st.lists(st.lists(folded, max_size=4).map(tuple), min_size=1, max_size=3))
    clauses, items = [], set()
    for number in range(draw(st.integers(0, 8))):
        lead = " ".join(draw(st.sampled_from(pool))[: draw(st.integers(0, 3))]) or None
        settings_ = draw(owner)
        reading = Reading(
            **{"strength": Strength.MAY, "binds": (), **settings_}, by_owner=frozenset(settings_)
        )
        section = draw(st.sampled_from(sections))
        clauses.append(Clause(f"SM-{number}", section, lead, draw(folded), reading))
        if draw(st.booleans()):
            items.add(f"SM-{number}")
    return clauses, items


fronts = st.builds(
    Front,
    title=folded,
    school=folded,
    version=folded,
    adopted=st.none() | st.dates(),
    next_review=st.none() | st.dates(),
    review_cycle=folded,
    owner=folded,
    audience=st.lists(st.sampled_from(WHO), min_size=1).map(tuple),
    code=st.sampled_from(["SM", "P2"]),
    next_id=st.integers(1, 10**6),
    withdrawn=st.lists(st.sampled_from(["SM-9", "SM-x2ab"])).map(tuple),
    reviewed_as_printed=folded,
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fronts, written_clauses(), st.lists(st.tuples(folded, folded), max_size=3))
def test_whatever_is_written_reads_back_the_same(front, clauses_and_items, remainder):
    clauses, items = clauses_and_items

    back = parse_policy(write_policy(front, clauses, remainder, items=items))

    def shape(clause):
        return clause.id, clause.section, clause.lead_in, clause.text

    def set_by_owner(clause):
        return {
            key: getattr(clause.reading, key)
            for key in OWNER_FIELDS
            if key in clause.reading.by_owner
        }

    assert back.front == front
    assert [shape(clause) for clause in back.clauses] == [shape(clause) for clause in clauses]
    assert [set_by_owner(c) for c in back.clauses] == [set_by_owner(c) for c in clauses]


def refusal(text):
    try:
        parse_policy(text)
    except BadPolicy as refused:
        return str(refused)
    return ""


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from('ab:#-*+1. {}\\"=\n\t<!>_'), max_size=80))
def test_any_body_is_read_or_refused_in_one_line(body):
    assert "\n" not in refusal(FRONT + body)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab:-[]{}'\"&*!|>%@,\n title2026"), max_size=60))
def test_any_front_matter_is_read_or_refused_in_one_line(matter):
    assert "\n" not in refusal(f"---\n{matter}\n---\n")
