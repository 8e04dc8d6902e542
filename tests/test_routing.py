"""A report reaches the right person, and never the wrong one: every combination on a small school, and random ones."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.people.roles import About, Matter, Step, kept_out, may_hold, path, subjects
from bot.people.roster import Holding, Outside, People, Person, Route

MONDAY = date(2026, 11, 16)
TUESDAY, WEDNESDAY = MONDAY + timedelta(1), MONDAY + timedelta(2)

HEAD, CHAIR = "headteacher", "chair-of-governors"
EVERYBODY = ("head", "deputy", "lead", "chair", "vice", "teacher")
GOVERNORS = {"chair", "vice"}
# Who is away on which day: nobody; the head and the deputy; everybody.
AWAY = {MONDAY: set(), TUESDAY: {"head", "deputy"}, WEDNESDAY: set(EVERYBODY)}

# role -> (holders, deputies)
PLAIN = {
    HEAD: (["head"], ["deputy"]),
    CHAIR: (["chair"], ["vice"]),
    "dsl": (["lead"], ["deputy"]),
    "slt": (["head", "deputy", "lead"], []),
}
HOLDERS = {
    "one each": PLAIN,
    "the head is the DSL": PLAIN | {"dsl": (["head"], ["lead"])},
    "two heads": PLAIN | {HEAD: (["head", "deputy"], [])},
    "no head, a deputy acts": PLAIN | {HEAD: ([], ["deputy"])},
    "no chair, the vice-chair acts": PLAIN | {CHAIR: ([], ["vice"])},
    "nobody is the chair": PLAIN | {CHAIR: ([], [])},
    "the head is the chair": PLAIN | {CHAIR: (["head"], ["vice"])},
    "a teacher is the chair": PLAIN | {CHAIR: (["teacher"], ["vice"])},
    "the head stands in for all": PLAIN
    | {CHAIR: (["chair"], ["head"]), "dsl": (["lead"], ["head"])},
    "the deputy holds all else": PLAIN | {CHAIR: (["chair"], ["deputy"]), "dsl": (["deputy"], [])},
    "two chairs, the chair a DSL": PLAIN
    | {CHAIR: (["chair", "vice"], []), "dsl": (["chair", "lead"], [])},
    "nobody holds anything": {},
}
# name -> (whom each names as the person they answer to, whether the head is the proprietor)
LINES = {
    "by default": ({}, False),
    "named": ({"teacher": ["lead"], "lead": [], "deputy": []}, False),
    "the head is the proprietor": ({}, True),
    "in circles": (
        {"chair": [HEAD], "teacher": ["lead"], "lead": ["deputy"], "deputy": ["teacher"]},
        False,
    ),
    "the vice-chair to the lead": ({"vice": ["lead"], "lead": ["vice"]}, False),
}
SUBJECTS = [
    *((about, frozenset()) for about in About),
    *((About.COLLEAGUE, frozenset({person})) for person in EVERYBODY),
    (About.PUPIL, frozenset({"head"})),
    (About.UNSURE, frozenset({"lead", "chair"})),
]
SKIPPED = [frozenset(), frozenset({"head"}), frozenset({"vice"})]
# Routes of a school that got it wrong: the head's own deputy and team before anybody else.
ROUTES = (
    Route(
        None,
        frozenset({a for a in About if "head" in a or "chair" in a}),
        None,
        (HEAD, "slt", "dsl"),
        "choice",
    ),
    Route(frozenset({"pupil-contact"}), frozenset({About.PUPIL}), None, ("dsl", "slt"), "SM-48"),
)


def small_school(holders, lines, *, proprietor=False, routes=ROUTES) -> People:
    return People(
        persons=tuple(
            Person(
                id=i,
                name=f"{i} Example",
                answers_to=tuple(lines[i]) if i in lines else None,
                away=tuple((day, day) for day, gone in AWAY.items() if i in gone),
                staff=i not in GOVERNORS,
            )
            for i in EVERYBODY
        ),
        holdings=tuple(Holding(r, r, tuple(h), tuple(d)) for r, (h, d) in holders.items()),
        outside=(Outside("lado", "Officer", phone="01632 960001"),),
        routes=routes,
        head_is_proprietor=proprietor,
    )


# --- the rules said again, from issue to test, without the code under test --------------------------------


def bosses(holders, lines, proprietor) -> dict[str, set[str]]:
    """Whom each person answers to directly."""
    first = {role: set(h or d) for role, (h, d) in holders.items()}
    heads, chairs = first.get(HEAD, set()), first.get(CHAIR, set())
    found = {}
    for person in EVERYBODY:
        if person in lines:
            found[person] = set().union(*(first.get(to, {to}) for to in lines[person]))
        elif person in heads:
            found[person] = set() if proprietor else chairs
        elif person in holders.get(CHAIR, ([], []))[0]:
            found[person] = heads if proprietor else set()
        elif person in GOVERNORS:
            acting = chairs - {person}
            found[person] = acting or (heads if proprietor else set())
        else:
            found[person] = heads
    return found


def about_whom(matter, holders) -> set[str]:
    whom = set(matter.named)
    roles = {"headteacher": [HEAD], "chair-of-governors": [CHAIR], "dsl": ["dsl"]}
    roles["headteacher-and-chair"] = [HEAD, CHAIR]
    for role in roles.get(matter.about.value, []):
        for group in holders.get(role, ()):
            whom.update(group)
    if matter.about.value == "myself":
        whom.add(matter.reporter)
    return whom


def must_not_see(matter, whom, answers_to) -> set[str]:
    """Subjects, skipped and conflicted; then whoever answers to one already out, until no more are found."""
    out = whom | matter.skipped | matter.conflicts
    while more := {p for p, above in answers_to.items() if p not in out and above & out}:
        out |= more
    return out | {matter.reporter}


def check(matter, people, holders, proprietor, whom, out) -> tuple[Step, ...]:
    """Every promise about one matter on each of the three days; its path."""
    first = {role: h or d for role, (h, d) in holders.items()}
    heads, chairs = set(first.get(HEAD, ())), set(first.get(CHAIR, ()))
    about_chair = matter.about in {"chair-of-governors", "headteacher-and-chair"} or whom & chairs
    about_head = matter.about == "headteacher" or whom & heads
    for day, gone in AWAY.items():
        steps = path(matter, people, day)
        ids = [s.person for s in steps]
        assert ids[-1] == "", "ends outside the school"
        assert steps[-1].role == "lado"
        people_in_it = ids[:-1]
        assert "" not in people_in_it
        assert len(set(ids)) == len(ids), "each person once"
        assert out.isdisjoint(people_in_it), "nobody who must not see it"
        assert matter.reporter not in people_in_it
        for step in steps[:-1]:
            assert step.person in holders[step.role][step.deputy]
            assert step.away_until == (
                None if step.person not in gone else WEDNESDAY if day > MONDAY else day
            )
            assert not (step.deputy and whom & set(holders[step.role][0])), (
                "no standing in for a subject"
            )
        if about_chair or (about_head and proprietor):
            assert people_in_it == []
            continue
        holding_chair = [p for p in holders.get(CHAIR, ([], []))[0] if p not in out]
        holding_head = [p for p in holders.get(HEAD, ([], []))[0] if p not in out]
        # Nobody who may have it is forgotten: the fallback reaches both.
        assert set(holding_chair + holding_head) <= set(people_in_it)
        if about_head:
            standing_in = [p for p in holders.get(CHAIR, ([], []))[1] if p not in out]
            if holding_chair or standing_in:
                assert ids[0] == (holding_chair + standing_in)[0]
                assert steps[0].role == CHAIR
        elif holding_head and matter.about != "pupil":
            assert ids[0] == holding_head[0]
    return steps


def test_no_combination_shows_a_report_to_somebody_who_must_not_see_it_or_leaves_it_without_a_recipient():
    matters = combinations = outside_at_once = 0
    for (holders, (lines, proprietor)), reporter in itertools.product(
        itertools.product(HOLDERS.values(), LINES.values()), EVERYBODY
    ):
        people = small_school(holders, lines, proprietor=proprietor)
        answers_to = bosses(holders, lines, proprietor)
        for (about, named), skipped in itertools.product(SUBJECTS, SKIPPED):
            whom = None
            # Whoever gets it may declare a conflict, in any order, until nobody of the school is left.
            todo, seen = [frozenset()], set()
            while todo:
                conflicts = todo.pop()
                if conflicts in seen:
                    continue
                seen.add(conflicts)
                matter = Matter(about, "pupil-contact", reporter, named, skipped, conflicts)
                whom = about_whom(matter, holders) if whom is None else whom
                out = must_not_see(matter, whom, answers_to)
                assert subjects(matter, people) == whom
                assert kept_out(matter, people) == out
                steps = check(matter, people, holders, proprietor, whom, out)
                matters += 1
                combinations += len(steps) * len(AWAY)
                outside_at_once += len(steps) == 1
                todo += [conflicts | {s.person} for s in steps[:-1]]

    print(
        f"\n{combinations:,} combinations of reporter, subject, holders, lines, absences, skips, conflicts "
        f"and step ({matters:,} matters on {len(AWAY)} days): none wrong"
    )
    assert combinations >= 100_000
    # The promises are not kept by sending everything away.
    assert outside_at_once < matters * 0.75


# --- random schools ---------------------------------------------------------------------------------------

IDS = [f"p{n}" for n in range(8)]
SOME = st.lists(st.sampled_from(IDS), max_size=3, unique=True).map(tuple)
A_ROLE = st.sampled_from([HEAD, CHAIR, "dsl", "slt", "hr"])
A_DAY = st.dates(date(2026, 11, 1), date(2026, 11, 30))


@st.composite
def schools(draw) -> People:
    persons = [
        Person(
            id=i,
            name=i,
            answers_to=draw(
                st.none() | st.lists(st.sampled_from(IDS) | A_ROLE, max_size=2).map(tuple)
            ),
            away=tuple(
                (d, d + timedelta(draw(st.integers(0, 9))))
                for d in draw(st.lists(A_DAY, max_size=2))
            ),
            staff=draw(st.booleans()),
        )
        for i in IDS
    ]
    holdings = [
        Holding(role, role, draw(SOME), draw(SOME))
        for role in draw(st.lists(A_ROLE, unique=True, max_size=5))
    ]
    some_about = st.none() | st.frozensets(st.sampled_from(list(About)), min_size=1)
    to = st.lists(A_ROLE, max_size=3, unique=True)
    routes = [
        Route(
            None,
            draw(some_about),
            None,
            tuple(draw(to) + draw(st.sampled_from([[], ["lado"]]))),
            "choice",
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    return People(
        persons=tuple(persons),
        holdings=tuple(holdings),
        routes=tuple(routes),
        fallback=tuple(draw(to)),
        head_is_proprietor=draw(st.booleans()),
    )


GROUP = st.frozensets(st.sampled_from(IDS), max_size=2)
MATTERS = st.builds(
    Matter, st.sampled_from(list(About)), st.just("k"), st.sampled_from(IDS), GROUP, GROUP, GROUP
)


@settings(max_examples=60)
@given(schools(), MATTERS, A_DAY)
def test_on_any_school_a_path_has_nobody_kept_out_everybody_once_and_an_end(people, matter, today):
    steps = path(matter, people, today)
    ids = [s.person for s in steps]

    assert kept_out(matter, people).isdisjoint(ids)
    assert subjects(matter, people) | {matter.reporter} <= kept_out(matter, people)
    assert len(set(ids)) == len(ids)
    assert (ids[-1], steps[-1].role) == ("", "lado")
    assert all(may_hold(s.person, s.role, people) for s in steps[:-1])


@settings(max_examples=60)
@given(schools(), MATTERS)
def test_on_any_school_whoever_answers_to_somebody_kept_out_for_closeness_is_out_too(
    people, matter
):
    out = kept_out(matter, people)
    close = subjects(matter, people) | matter.skipped | matter.conflicts

    assert out == close | {matter.reporter} | {i for i in IDS if people.lines(i) & close}


@settings(max_examples=60)
@given(schools(), MATTERS, st.sampled_from(IDS), A_DAY)
def test_on_any_school_one_conflict_more_takes_people_out_and_brings_nobody_kept_out_in(
    people, matter, who, today
):
    more = Matter(
        matter.about,
        matter.kind,
        matter.reporter,
        matter.named,
        matter.skipped,
        matter.conflicts | {who},
    )

    assert kept_out(matter, people) | {who} <= kept_out(more, people)
    assert [
        s for s in path(matter, people, today) if s.person not in kept_out(more, people)
    ] == list(path(more, people, today))


@settings(max_examples=60)
@given(schools())
def test_on_any_school_lines_are_transitive_and_nobody_answers_to_themselves(people):
    for i in IDS:
        above = people.lines(i)
        assert i not in above
        assert all(people.lines(b) - {i} <= above for b in above)


# --- one rule at a time -----------------------------------------------------------------------------------


def walk(
    people: People, about: About, *, today=MONDAY, reporter="teacher", kind="other", **more
) -> list[str]:
    named = {k: frozenset(v) for k, v in more.items()}
    return [s.person or s.role for s in path(Matter(about, kind, reporter, **named), people, today)]


PLAIN_SCHOOL = small_school(PLAIN, {}, routes=())


def test_a_report_goes_to_the_head_then_whoever_stands_in_then_the_chair_and_at_last_outside():
    steps = path(Matter(About.PARENT, "parent-post", "teacher"), PLAIN_SCHOOL, TUESDAY)

    assert steps == (
        Step(HEAD, "head", "choice", deputy=False, away_until=WEDNESDAY),
        Step(HEAD, "deputy", "choice", deputy=True, away_until=WEDNESDAY),
        Step(CHAIR, "chair", "choice", deputy=False, away_until=None),
        Step(CHAIR, "vice", "choice", deputy=True, away_until=None),
        Step("lado", "", "guidance", deputy=False, away_until=None),
    )


@pytest.mark.parametrize(
    ("about", "named", "expected"),
    [
        (About.HEADTEACHER, "", ["chair", "vice", "lado"]),
        (About.COLLEAGUE, "head", ["chair", "vice", "lado"]),
        (About.CHAIR, "", ["lado"]),
        (About.COLLEAGUE, "chair", ["lado"]),
        (About.HEADTEACHER_AND_CHAIR, "", ["lado"]),
        (About.DSL, "", ["head", "chair", "vice", "lado"]),
        (About.COLLEAGUE, "deputy", ["head", "chair", "vice", "lado"]),
        (
            About.COLLEAGUE,
            "somebody-not-on-the-roster",
            ["head", "deputy", "chair", "vice", "lado"],
        ),
    ],
)
def test_whom_it_is_about_decides_where_it_starts(about, named, expected):
    assert walk(PLAIN_SCHOOL, about, named=[named] if named else []) == expected


@pytest.mark.parametrize(
    ("reporter", "about", "expected"),
    [
        ("head", About.COLLEAGUE, ["deputy", "chair", "vice", "lado"]),
        ("head", About.MYSELF, ["chair", "vice", "lado"]),
        ("chair", About.MYSELF, ["lado"]),
        ("chair", About.HEADTEACHER, ["vice", "lado"]),
        ("lead", About.MYSELF, ["head", "deputy", "chair", "vice", "lado"]),
        ("nobody-known", About.PARENT, ["head", "deputy", "chair", "vice", "lado"]),
    ],
)
def test_the_reporter_is_never_their_own_recipient(reporter, about, expected):
    assert walk(PLAIN_SCHOOL, about, reporter=reporter) == expected


def test_a_reporter_alone_in_the_school_is_sent_outside():
    alone = People(
        persons=(Person("only", "Only Example"),), holdings=(Holding(HEAD, "Head", ("only",)),)
    )

    assert walk(alone, About.PARENT, reporter="only") == ["lado"]
    assert walk(People(), About.PARENT, reporter="only") == ["lado"]


def test_who_stands_in_for_a_subject_does_not_get_the_report_in_that_place_though_they_answer_to_nobody():
    people = small_school(PLAIN, {"deputy": [], "chair": []}, routes=())

    assert walk(people, About.COLLEAGUE, named=["head"]) == ["chair", "vice", "lado"]


def test_a_skip_or_a_conflict_takes_out_whoever_answers_to_that_person():
    assert walk(PLAIN_SCHOOL, About.PARENT, skipped=["head"]) == ["chair", "vice", "lado"]
    assert walk(PLAIN_SCHOOL, About.PARENT, conflicts=["chair"]) == ["lado"]
    assert walk(PLAIN_SCHOOL, About.PARENT, conflicts=["deputy"]) == [
        "head",
        "chair",
        "vice",
        "lado",
    ]


def test_a_route_about_the_head_to_the_heads_own_deputy_starts_with_the_chair_all_the_same():
    wrong = Route(None, None, None, ("deputy-head", "slt"), "choice")
    people = small_school(PLAIN | {"deputy-head": (["deputy"], [])}, {}, routes=(wrong,))

    assert walk(people, About.HEADTEACHER) == ["chair", "vice", "lado"]
    assert walk(people, About.PARENT) == ["deputy", "head", "lead", "chair", "vice", "lado"]


def test_the_first_route_that_matches_kind_subject_and_employer_is_taken_with_its_source():
    routes = (
        Route(frozenset({"pupil-contact"}), frozenset({About.PUPIL}), "central", ("slt",), "SM-1"),
        Route(frozenset({"pupil-contact"}), None, None, ("dsl",), "SM-2"),
        Route(None, frozenset({About.PUPIL}), None, ("lado",), "SM-3"),
    )
    people = small_school(PLAIN, {}, routes=routes)
    central = People(
        persons=(*people.persons, Person("visitor", "Visitor Example", employer="central")),
        holdings=people.holdings,
        routes=routes,
    )

    def first(kind, about, reporter="teacher"):
        step = path(Matter(about, kind, reporter), central, MONDAY)[0]
        return step.person, step.source

    assert first("pupil-contact", About.PUPIL, "visitor") == ("head", "SM-1")
    assert first("pupil-contact", About.PUPIL) == ("lead", "SM-2")
    assert first("pupil-contact", About.UNSURE, "visitor") == ("lead", "SM-2")
    assert first("other", About.PUPIL) == ("", "SM-3")
    assert first("other", About.PARENT) == ("head", "choice")


def test_a_route_whose_roles_nobody_holds_falls_to_the_fallback_and_then_outside():
    empty = (Route(None, None, None, ("hr", "e-safety-coordinator"), "choice"),)

    assert walk(small_school(PLAIN | {"hr": ([], [])}, {}, routes=empty), About.PARENT)[0] == "head"
    assert walk(small_school({}, {}, routes=empty), About.PARENT) == ["lado"]


def test_with_the_head_away_the_leadership_team_is_next_and_the_head_keeps_their_place():
    routes = (Route(None, None, None, (HEAD, "slt"), "SM-5"),)
    people = small_school(PLAIN | {HEAD: (["head"], [])}, {}, routes=routes)
    steps = path(Matter(About.COLLEAGUE, "unsuitable-material", "teacher"), people, TUESDAY)

    assert [(s.person, s.role, s.away_until) for s in steps[:3]] == [
        ("head", HEAD, WEDNESDAY),
        ("deputy", "slt", WEDNESDAY),
        ("lead", "slt", None),
    ]


def test_absences_that_touch_are_one_and_both_ends_are_days_away():
    day = [date(2026, 11, n) for n in range(31) if n]
    person = Person(
        "a", "A", away=((day[9], day[11]), (day[4], day[6]), (day[7], day[7]), (day[10], day[10]))
    )

    assert [person.away_until(d) and person.away_until(d).day for d in day[3:13]] == [
        None, 8, 8, 8, 8, None, 12, 12, 12, None,
    ]  # fmt: skip


def test_a_former_holder_may_not_hold_and_who_stands_in_may():
    assert may_hold("head", HEAD, PLAIN_SCHOOL)
    assert may_hold("deputy", HEAD, PLAIN_SCHOOL)
    assert not may_hold("lead", HEAD, PLAIN_SCHOOL)
    assert not may_hold("head", "hr", PLAIN_SCHOOL)
