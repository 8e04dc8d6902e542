"""Every occurrence once, at the right time by the clock on the wall, through ten years of terms and clock changes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Home
from bot.errors import BadSettings
from bot.schedule.calendar import WorkingTime
from bot.schedule.reminders import (
    Each,
    Facts,
    Occurrence,
    Review,
    Rule,
    When,
    coming,
    due,
    when_of,
)
from bot.schedule.rules import reminders_of
from bot.schedule.terms import Occasion, SchoolCalendar, Term

LONDON = ZoneInfo("Europe/London")
HOURS = WorkingTime(LONDON, time(8), time(17))
AT = time(8, 15)
BACK = timedelta(days=45)
FIRST, LAST = date(2024, 1, 1), date(2034, 12, 31)
DAY = timedelta(days=1)

RULES = (
    Rule("halves", When(Each.HALF_TERM), ("staff",)),
    Rule("terms", When(Each.TERM), ("staff",)),
    Rule("years", When(Each.YEAR), ("staff",)),
    Rule("months", When(Each.MONTH), ("staff",)),
    Rule("weeks", When(Each.WEEK), ("staff",)),
    Rule("leap", When(Each.DATE, day=29, month=2), ("staff",)),
    Rule("trips", When(Each.OCCASION, occasion="trip", before=1), ("staff",)),
    Rule("snow", When(Each.OCCASION, occasion="snow", before=0), ("staff",)),
    Rule("starts", When(Each.START), ("starter",)),
    Rule("leaves", When(Each.LEAVING), ("leaver",)),
)


def years(late: int = 0, short: int = 0) -> tuple[Term, ...]:
    """The terms of twelve school years, all of them some days later, and some days shorter, than the usual."""
    found = []
    shift, cut = timedelta(days=late), timedelta(days=short)
    for year in range(2023, 2035):
        for name, first, last, half in (
            ("Autumn Term", (year, 9, 3), (year, 12, 19), (year, 10, 25)),
            ("Spring Term", (year + 1, 1, 5), (year + 1, 3, 27), (year + 1, 2, 14)),
            ("Summer Term", (year + 1, 4, 14), (year + 1, 7, 20), (year + 1, 5, 26)),
        ):
            begins = date(*half) + shift
            found.append(
                Term(
                    f"{name} {first[0]}",
                    date(*first) + shift,
                    date(*last) + shift - cut,
                    (begins, begins + timedelta(days=4)),
                )
            )
    return tuple(found)


CALENDARS = {
    "usual": SchoolCalendar(HOURS, years()),
    "late": SchoolCalendar(HOURS, years(late=6, short=3)),
    "inset": SchoolCalendar(
        HOURS, years(), frozenset(t.first for t in years() if t.first.weekday() < 5)
    ),
    "none told": SchoolCalendar(HOURS),
}


def facts(calendar: SchoolCalendar, **more) -> Facts:
    trips = tuple(
        Occasion(f"trip-{y}-{m}", kind, date(y, m, 17), date(y, m, 18))
        for y in range(2024, 2035)
        for m, kind in ((3, "trip"), (10, "trip"), (2, "snow"))
    )
    given = {
        "rules": RULES,
        "reviews": (Review("social-media", date(2027, 7, 25)), Review("undated", None)),
        "occasions": trips,
        "starters": (("pat", date(2026, 9, 1)), ("sam", date(2028, 2, 29))),
        "leavers": (("kim", date(2029, 7, 20)),),
    }
    return Facts(calendar, AT, **(given | more))


def decade(of: Facts, ticks: tuple[time, ...] = (time(8, 16),)):
    """What a clock that looks at these times of every day decides, each with the moment of the deciding."""
    decided: dict[str, tuple[Occurrence, datetime]] = {}
    day = FIRST
    while day <= LAST:
        for at in ticks:
            now = datetime.combine(day, at, LONDON).astimezone(UTC)
            for o in due(of, now, timedelta(days=3)):
                decided.setdefault(o.id, (o, now))
        day += DAY
    return decided


@pytest.mark.parametrize("name", CALENDARS)
def test_ten_years_bring_every_occurrence_once_on_a_staff_day_at_the_schools_own_time(name):
    calendar = CALENDARS[name]
    decided = decade(facts(calendar))

    counts = Counter(o.reminder for o, _ in decided.values())
    whole = range(2024, 2034)  # school years that lie in the decade whole
    halves = {
        f"halves:{y}-{(y + 1) % 100:02}/{s}/{n}" for y in whole for s in SEASONS for n in (1, 2)
    }
    assert halves <= set(decided)
    assert counts["leap"] == 11
    assert counts["starts"] == 2
    assert counts["leaves"] == 1
    assert counts["trips"] == 22
    assert counts["snow"] == 11
    for o, now in decided.values():
        local = o.due.astimezone(LONDON)
        assert local.time() == AT
        assert o.due <= now < o.until
        if o.reminder != "snow":
            assert calendar.is_staff_day(local.date()), o.id
    # The first staff day of each half term, told another way.
    for o, _ in decided.values():
        if o.reminder == "halves":
            day = o.due.astimezone(LONDON).date()
            term = next((t for t in calendar.terms if t.first <= day <= t.last), None)
            if term is not None:
                starts = {term.first, term.half_term[1] + DAY}
                assert any(
                    s <= day
                    and not any(calendar.is_staff_day(s + DAY * n) for n in range((day - s).days))
                    for s in starts
                ), o.id


SEASONS = ("autumn", "spring", "summer")


def test_both_clock_changes_and_a_leap_day_leave_the_wall_clock_alone():
    weekly = facts(SchoolCalendar(HOURS), rules=RULES[4:6], reviews=(), occasions=())
    for changed in (date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)):
        around = coming(weekly, changed - 8 * DAY, changed + 8 * DAY)
        assert around
        assert {o.due.astimezone(LONDON).time() for o in around} == {AT}
    before = datetime(2026, 3, 23, 8, 15, tzinfo=UTC)
    after = datetime(2026, 3, 30, 7, 15, tzinfo=UTC)
    assert {o.due for o in coming(weekly, date(2026, 3, 23), date(2026, 3, 30))} == {before, after}


@given(st.dates(date(2025, 1, 1), date(2033, 1, 1)), st.sampled_from(sorted(CALENDARS)))
@settings(max_examples=60)
def test_a_review_is_told_eight_four_and_one_week_before_on_the_day_and_fortnightly_after(
    day, name
):
    calendar = CALENDARS[name]
    only = facts(calendar, rules=(), occasions=(), reviews=(Review("p", day),))
    steps = coming(only, day - timedelta(weeks=12), day + timedelta(weeks=40))

    # At each moment one step and no more is the one to tell, and no two on one day.
    assert [o.due for o in steps] == sorted({o.due for o in steps})
    for before, after in pairwise(steps):
        assert before.until == after.due
        assert before.step < after.step
    wanted = [day - timedelta(weeks=w) for w in (8, 4, 1, 0)] + [
        day + timedelta(weeks=2 * n) for n in range(1, 21)
    ]
    on = {calendar.next_staff_day(d) for d in wanted}
    assert {o.due.astimezone(LONDON).date() for o in steps} == {
        d for d in on if d <= day + timedelta(weeks=40)
    }


def test_a_review_years_overdue_is_told_from_where_it_stands():
    only = facts(
        CALENDARS["usual"], rules=(), occasions=(), reviews=(Review("p", date(2023, 4, 1)),)
    )
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    found = [o for o in due(only, now, BACK) if o.until > now]

    assert len(found) == 1
    assert found[0].step > 80


@given(st.integers(-6, 6), st.integers(0, 40))
@settings(max_examples=60)
def test_a_calendar_edited_at_the_last_minute_moves_an_occurrence_and_makes_no_second_one(
    moved, seen
):
    """The terms of 2027 are edited when the old calendar has been looked at up to some day of January."""
    only = facts(SchoolCalendar(HOURS, years()), rules=RULES[:3], reviews=(), occasions=())
    new = facts(
        SchoolCalendar(
            HOURS,
            tuple(
                Term(t.name, t.first + moved * DAY, t.last, t.half_term) if "Spring" in t.name else t
                for t in years()
            ),
        ),
        rules=RULES[:3], reviews=(), occasions=(),
    )  # fmt: skip
    edited = date(2027, 1, 1) + seen * DAY
    decided: Counter[str] = Counter()
    day = date(2026, 12, 1)
    while day < date(2027, 3, 1):
        now = datetime.combine(day, time(9), LONDON).astimezone(UTC)
        for o in due(only if day < edited else new, now, BACK):
            if not decided[o.id]:
                decided[o.id] += 1
        day += DAY
    assert decided["halves:2026-27/spring/1"] == 1
    assert decided["terms:2026-27/spring"] == 1
    assert set(decided.values()) == {1}


def test_nothing_is_due_in_the_holidays_and_all_of_it_on_the_first_day_back():
    calendar = CALENDARS["usual"]
    only = facts(calendar, rules=(), occasions=(), reviews=(Review("p", date(2028, 8, 10)),))
    told = [
        o.due.astimezone(LONDON).date() for o in coming(only, date(2028, 7, 21), date(2028, 9, 30))
    ]

    # On the first staff day of the autumn term the latest of the steps that the holidays held back.
    assert told == [date(2028, 9, 4), date(2028, 9, 7), date(2028, 9, 21)]


@pytest.mark.parametrize(
    ("written", "each"),
    [
        ("term", Each.TERM),
        ("Each half-term", Each.HALF_TERM),
        ("every week", Each.WEEK),
        ("1 September", Each.DATE),
        ("29th Feb", Each.DATE),
        ("trip", Each.OCCASION),
        ("a trip, 3 days before", Each.OCCASION),
        ("trip, on the day", Each.OCCASION),
        ("start", Each.START),
        ("leaving", Each.LEAVING),
    ],
)
def test_when_is_written_as_people_write_it(written, each):
    assert when_of(written, frozenset({"trip"})).each is each


@pytest.mark.parametrize(
    "written", ["", "31 February", "fortnightly", "holiday", "trip 500 days before", "1 Ma"]
)
def test_what_cannot_be_told_is_not_guessed(written):
    assert when_of(written, frozenset({"trip"})) is None


@given(st.text(max_size=40))
def test_no_words_make_it_fail(written):
    found = when_of(written)
    assert found is None or found.each in Each


def school(tmp_path, toml: str):
    folder = tmp_path / "schools" / "oak"
    folder.mkdir(parents=True)
    (folder / "school.toml").write_text(f'name = "Oak"\n{toml}\n', "utf-8")
    return Home(tmp_path).school("oak")


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("reminders = 3", "is not a table"),
        ("[reminders]\nat = '04:00'", "in the school's hours"),
        ("[reminders]\nmost = 0", "a number from 1 to 10"),
        ("[reminders.phones-away]\nwehn = 'term'", "no setting 'wehn'"),
        ("[reminders.phones-away]\nwhen = 'now and then'", "cannot be told"),
        ("[reminders.phones-away]\nto = 'staff'", "write a list"),
        ("[reminders.phones-away]\nsource = 'policy'", "together with the clause"),
        ("[reminders.own-thing]\nwhen = 'term'\nto = ['staff']", "needs text"),
        ("[reminders]\nphones-away = true", "write [reminders.phones-away]"),
        ("[reminders.'Phones Away']\ntext = 'x'", "is not a name"),
    ],
)
def test_what_cannot_be_meant_is_said_in_a_line(tmp_path, toml, says):
    with pytest.raises(BadSettings, match=says.replace("[", r"\[")) as e:
        reminders_of(school(tmp_path, toml))
    assert "\n" not in str(e.value)


def test_a_school_switches_on_one_of_the_kinds_by_naming_its_clause(tmp_path):
    oak = school(tmp_path, "[reminders.phones-away]\nclause = 'SM-47'\n[reminders.own-privacy]")
    found = reminders_of(oak)

    phones, privacy = found.rules
    assert (phones.clause, phones.by_policy, phones.duty) == ("SM-47", True, True)
    assert (privacy.clause, privacy.by_policy, privacy.duty) == ("", False, False)
    assert found.at == AT


def test_a_school_writes_a_reminder_of_its_own_and_switches_one_off(tmp_path):
    oak = school(
        tmp_path,
        "[reminders.pond]\ntext = 'No phones by the pond.'\nwhen = 'week'\nto = ['office']\n"
        "[reminders.phones-away]\noff = true",
    )
    (pond,) = reminders_of(oak).rules
    assert (pond.name, pond.text, pond.when.each) == ("pond", "No phones by the pond.", Each.WEEK)
