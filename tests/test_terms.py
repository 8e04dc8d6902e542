"""The school's calendar: terms, halves, staff days and school days, and what cannot be meant."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import MODEL_SCHOOLS, Home
from bot.errors import BadSettings
from bot.schedule.calendar import NATIONS, WorkingTime
from bot.schedule.terms import Half, Occasion, SchoolCalendar, Term, school_calendar

GUIDE = Path(__file__).resolve().parents[1] / "docs" / "reminders.md"
LONDON = ZoneInfo("Europe/London")
OFFICE = WorkingTime(LONDON, time(8), time(17))
AUTUMN = Term(
    "Autumn Term 2026",
    date(2026, 9, 3),
    date(2026, 12, 18),
    (date(2026, 10, 26), date(2026, 10, 30)),
)
YEAR = SchoolCalendar(
    OFFICE,
    (
        AUTUMN,
        Term(
            "Spring Term 2027",
            date(2027, 1, 4),
            date(2027, 3, 25),
            (date(2027, 2, 15), date(2027, 2, 19)),
        ),
        Term(
            "Summer Term 2027",
            date(2027, 4, 12),
            date(2027, 7, 21),
            (date(2027, 5, 31), date(2027, 6, 4)),
        ),
    ),
    frozenset({date(2026, 9, 1), date(2027, 1, 4), date(2027, 7, 22)}),
)
ASSUMED = SchoolCalendar(OFFICE)


@pytest.fixture
def read(tmp_path):
    def calendar(toml: str, told: str | None = None) -> SchoolCalendar:
        folder = tmp_path / "schools" / "oak"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "school.toml").write_text(toml, "utf-8")
        return school_calendar(Home(tmp_path).school("oak"), told)

    return calendar


# --- days --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "staff", "pupils"),
    [
        ("2026-08-28", False, False),  # a Friday in the holidays
        ("2026-09-01", True, False),  # INSET before the term
        ("2026-09-02", False, False),  # neither
        ("2026-09-03", True, True),
        ("2026-09-05", False, False),  # a Saturday
        ("2026-10-23", True, True),
        ("2026-10-26", False, False),  # half term
        ("2026-10-30", False, False),
        ("2026-11-02", True, True),
        ("2026-12-18", True, True),  # the last day
        ("2026-12-21", False, False),
        ("2027-01-04", True, False),  # INSET in the term
        ("2027-05-03", False, False),  # a bank holiday in the term
    ],
)
def test_staff_are_at_work_in_term_and_on_inset_days_and_pupils_come_on_the_others(
    day, staff, pupils
):
    assert YEAR.is_staff_day(date.fromisoformat(day)) is staff
    assert YEAR.is_school_day(date.fromisoformat(day)) is pupils


def test_on_a_day_of_learning_at_home_staff_work_and_pupils_do_not_come():
    snow = Occasion("snow", "home-learning", date(2026, 12, 1), date(2026, 12, 2), "Snow day")
    snowed = SchoolCalendar(OFFICE, YEAR.terms, YEAR.inset, (snow,))

    assert snowed.is_staff_day(date(2026, 12, 1))
    assert not snowed.is_school_day(date(2026, 12, 2))
    assert snowed.is_school_day(date(2026, 12, 3))


def test_the_next_staff_day_is_after_the_holidays():
    assert YEAR.next_staff_day(date(2026, 9, 3)) == date(2026, 9, 3)
    assert YEAR.next_staff_day(date(2026, 10, 24)) == date(2026, 11, 2)
    assert YEAR.next_staff_day(date(2026, 12, 19)) == date(2027, 1, 4)


def test_staff_days_are_counted_over_holidays_both_ways():
    assert YEAR.staff_days_later(date(2026, 10, 22), 2) == date(2026, 11, 2)
    assert YEAR.staff_days_later(date(2026, 10, 24), 1) == date(2026, 11, 2)
    assert YEAR.staff_days_later(date(2026, 10, 24), 0) == date(2026, 11, 2)
    assert YEAR.staff_days_later(date(2026, 11, 2), -2) == date(2026, 10, 22)


def test_a_school_that_is_never_at_work_is_an_error_and_no_endless_look():
    days = frozenset(date(2026, 1, 1) + timedelta(n) for n in range(1500))
    shut = SchoolCalendar(WorkingTime(LONDON, time(8), time(17), days))

    with pytest.raises(BadSettings, match=r"no day at work within 400 days of 1 March 2026; mend"):
        shut.next_staff_day(date(2026, 3, 1))


@pytest.mark.parametrize("day", [date.min, date.max, date(9998, 1, 1), date(2, 1, 1)])
def test_at_the_ends_of_time_there_is_an_error_and_no_traceback(day):
    for calendar in (YEAR, ASSUMED):
        with pytest.raises(BadSettings, match="no day at work"):
            calendar.next_staff_day(day)
        assert calendar.halves(day, day) == ()


# --- halves and terms --------------------------------------------------------------------------------------


def test_a_year_has_six_halves_that_each_begin_on_a_staff_day():
    assert YEAR.halves(date(2026, 8, 1), date(2027, 7, 31)) == (
        Half("2026-27/autumn/1", "Autumn Term 2026, first half", date(2026, 9, 3), date(2026, 10, 25)),
        Half("2026-27/autumn/2", "Autumn Term 2026, second half", date(2026, 11, 2), date(2026, 12, 18)),
        Half("2026-27/spring/1", "Spring Term 2027, first half", date(2027, 1, 4), date(2027, 2, 14)),
        Half("2026-27/spring/2", "Spring Term 2027, second half", date(2027, 2, 22), date(2027, 3, 25)),
        Half("2026-27/summer/1", "Summer Term 2027, first half", date(2027, 4, 12), date(2027, 5, 30)),
        Half("2026-27/summer/2", "Summer Term 2027, second half", date(2027, 6, 7), date(2027, 7, 21)),
    )  # fmt: skip


def test_the_bounds_of_a_search_for_halves_are_included():
    begins = date(2026, 11, 2)

    assert [h.key for h in YEAR.halves(begins, begins)] == ["2026-27/autumn/2"]
    assert YEAR.halves(begins + timedelta(1), date(2027, 1, 3)) == ()


def test_whole_terms_are_three_a_year():
    assert YEAR.terms_in(date(2026, 8, 1), date(2027, 7, 31)) == (
        Half("2026-27/autumn", "Autumn Term 2026", date(2026, 9, 3), date(2026, 12, 18)),
        Half("2026-27/spring", "Spring Term 2027", date(2027, 1, 4), date(2027, 3, 25)),
        Half("2026-27/summer", "Summer Term 2027", date(2027, 4, 12), date(2027, 7, 21)),
    )


def test_keys_stay_when_days_are_edited():
    later = Term("Autumn Term 2026", date(2026, 9, 7), date(2026, 12, 16), (date(2026, 10, 19), date(2026, 10, 30)))  # fmt: skip
    edited = SchoolCalendar(OFFICE, (later, *YEAR.terms[1:]))
    span = date(2026, 8, 1), date(2027, 7, 31)

    assert [h.key for h in edited.halves(*span)] == [h.key for h in YEAR.halves(*span)]
    assert edited.halves(*span)[0].first == date(2026, 9, 7)
    assert edited.halves(*span)[1].first == date(2026, 11, 2)


def test_a_year_of_six_short_terms_has_the_same_keys():
    days = [
        "09-03/10-16",
        "11-02/12-18",
        "01-05/02-12",
        "02-22/03-25",
        "04-12/05-28",
        "06-07/07-22",
    ]
    terms = []
    for n, entry in enumerate(days, 1):
        year = 2026 if n < 3 else 2027
        first, last = (date.fromisoformat(f"{year}-{d}") for d in entry.split("/"))
        terms.append(Term(f"Term {n}", first, last))
    six = SchoolCalendar(OFFICE, tuple(terms))
    span = date(2026, 8, 1), date(2027, 7, 31)

    assert [h.key for h in six.halves(*span)] == [h.key for h in YEAR.halves(*span)]
    assert [h.name for h in six.halves(*span)] == [f"Term {n}" for n in range(1, 7)]
    assert [t.key for t in six.terms_in(*span)] == ["2026-27/autumn", "2026-27/spring", "2026-27/summer"]  # fmt: skip
    assert six.terms_in(*span)[1] == Half("2026-27/spring", "Spring Term 2027", date(2027, 1, 5), date(2027, 3, 25))  # fmt: skip


def test_a_term_that_does_not_tell_its_half_term_is_divided_where_that_usually_is():
    plain = SchoolCalendar(OFFICE, (Term("Autumn Term 2026", AUTUMN.first, AUTUMN.last),))

    assert [h.first for h in plain.halves(date(2026, 8, 1), date(2026, 12, 31))] == [
        date(2026, 9, 3),
        date(2026, 11, 2),
    ]
    assert plain.is_staff_day(date(2026, 10, 28))


# --- what is not told --------------------------------------------------------------------------------------


def test_a_school_without_terms_is_at_work_on_every_working_day_and_says_that_it_is_assumed():
    assert ASSUMED.assumed
    assert not YEAR.assumed
    assert ASSUMED.ends is None
    assert YEAR.ends == date(2027, 7, 21)
    assert ASSUMED.is_staff_day(date(2026, 8, 4))
    assert not ASSUMED.is_staff_day(date(2026, 8, 31))
    assert [(h.key, h.first) for h in ASSUMED.halves(date(2026, 8, 1), date(2027, 7, 31))] == [
        ("2026-27/autumn/1", date(2026, 9, 3)),
        ("2026-27/autumn/2", date(2026, 11, 2)),
        ("2026-27/spring/1", date(2027, 1, 4)),
        ("2026-27/spring/2", date(2027, 2, 22)),
        ("2026-27/summer/1", date(2027, 4, 15)),
        ("2026-27/summer/2", date(2027, 6, 1)),
    ]


def test_after_the_last_term_that_is_told_terms_are_where_they_usually_are():
    span = date(2027, 8, 1), date(2028, 7, 31)

    assert [h.key for h in YEAR.halves(*span)][:2] == ["2027-28/autumn/1", "2027-28/autumn/2"]
    assert YEAR.next_staff_day(date(2027, 7, 23)) == date(2027, 9, 3)


def test_a_season_that_is_not_told_is_where_it_usually_is():
    only = SchoolCalendar(OFFICE, (AUTUMN,))

    assert only.next_staff_day(date(2026, 12, 19)) == date(2027, 1, 4)
    assert [t.key for t in only.terms_in(date(2026, 8, 1), date(2027, 7, 31))] == [
        "2026-27/autumn",
        "2026-27/spring",
        "2026-27/summer",
    ]


# --- school.toml -------------------------------------------------------------------------------------------

TERMS = """
[calendar]
terms = [
  { name = "Spring Term 2027", first = 2027-01-04, last = 2027-03-25 },
  { name = "Autumn Term 2026", first = 2026-09-03, last = "2026-12-18", half_term = "2026-10-26/2026-10-30" },
]
inset = [2026-09-01, "2027-01-04", 2026-11-21]
"""


def test_a_school_writes_its_terms_and_inset_days(read):
    calendar = read(TERMS)

    assert calendar == SchoolCalendar(
        OFFICE,
        (AUTUMN, Term("Spring Term 2027", date(2027, 1, 4), date(2027, 3, 25))),
        frozenset({date(2026, 9, 1), date(2027, 1, 4), date(2026, 11, 21)}),
    )
    assert calendar.is_staff_day(date(2026, 11, 21))  # INSET on a Saturday


def term(text: str) -> str:
    return f"[calendar]\nterms = [ {{ {text} }} ]"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("calendar = 3", "calendar: is not a table; write [calendar] on a line"),
        ("[calendar]\nholidays = []", "calendar: has no setting 'holidays'; use terms, inset"),
        ('[calendar]\nterms = "autumn"', "calendar.terms: is not a list; write a line for each term"),
        ("[calendar]\nterms = [3]", "calendar.terms[1]: is not a term; write { name ="),
        (term('name = "", first = 2026-09-03, last = 2026-12-18'), "terms[1]: has no name; add one"),
        (term('name = "A", last = 2026-12-18'), "terms[1] ('A'): has no beginning; add its first day"),
        (term('name = "A", first = 2026-09-03'), "terms[1] ('A'): has no end; add its last day, as last ="),
        (term('name = "A", first = 2026-09-03, last = "Christmas"'), "last: 'Christmas' is not a date"),
        (term('name = "A", first = 2026-09-03, last = "2026-12-01/2026-12-18"'), "is more than a day; write a date"),
        (term('name = "A", first = 2026-09-03, last = 2026-09-01'), "'A' ends on 1 September 2026, before it begins"),
        (term('name = "A", first = 2026-09-03, last = 2027-07-21'), "'A' is longer than six months (3 September 2026"),
        (term('name = "A", start = 2026-09-03'), "terms[1]: has no setting 'start'; use name, first"),
        (term('name = "A", first = 2026-09-03, last = 2026-12-18, half_term = "2026-12-14/2026-12-25"'),
         "'A' has a half term, 14 December 2026 to 25 December 2026, that is not inside it"),
        (term('name = "A", first = 2026-09-03, last = 2026-12-18, half_term = "October"'), "half_term: 'October' is not a date"),
        (term('name = "A", first = 2026-12-26, last = 2026-12-27'), "'A' has no working day; mend it"),
        ("[calendar]\ninset = 2026-09-01", "calendar.inset: '2026-09-01' is not a list; write ["),
        ("[calendar]\ninset = [2027-05-03]", "calendar.inset: 3 May 2027 is a bank holiday in England; take it out"),
        ('nation = "Scotland"\n[calendar]\ninset = [2026-11-30]', "30 November 2026 is a bank holiday in Scotland"),
        ('[calendar]\nfile = "../../etc/passwd"', "calendar.file: '../../etc/passwd' is not the name of a file beside"),
        ("[calendar]\nfile = 3", "calendar.file: '3' is not the name of a file beside school.toml"),
        ('[calendar]\nfeed = "http://calendar.example.org/secret-1"', "calendar.feed: is not an address that begins with https://"),
        ('[calendar]\nfeed = "https://["', "calendar.feed: is not an address that begins with https://"),
        ("[calendar]\nfeed = 3", "calendar.feed: is not an address"),
        ('[calendar]\nfile = "a.ics"\nfeed = "https://example.org/a.ics"', "calendar: has both a file and a feed; keep one"),
        ("""[calendar]
terms = [ { name = "A", first = 2026-09-03, last = 2026-12-18 }, { name = "B", first = 2026-12-14, last = 2027-03-25 } ]""",
         "calendar.terms: 'B' begins on 14 December 2026, before 'A' has ended on 18 December 2026; mend one"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_line_with_file_key_and_what_to_do(read, toml, said):
    with pytest.raises(BadSettings) as error:
        read(toml)

    assert said in str(error.value)
    assert "schools/oak/school.toml: calendar" in str(error.value)
    assert ";" in str(error.value)
    assert "\n" not in str(error.value)
    assert "secret" not in str(error.value)


EXAMPLES = re.findall(
    r"^```toml\n(\[(?:calendar|hours)\]\n.*?)^```",
    GUIDE.read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_guide_can_be_read(read, example):
    assert len(EXAMPLES) >= 4
    assert isinstance(read(example), SchoolCalendar)


def test_an_inset_day_on_a_bank_holiday_is_no_error_where_the_school_works_on_them(read):
    calendar = read('[hours]\nbank_holidays = "open"\n[calendar]\ninset = [2027-05-03]')

    assert calendar.is_staff_day(date(2027, 5, 3))


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_a_model_school_has_a_whole_year_of_its_own(school, tmp_path):
    calendar = school_calendar(Home(tmp_path).school(school))
    days = [date(2026, 8, 1) + timedelta(n) for n in range(365)]

    assert len(calendar.halves(date(2026, 8, 1), date(2027, 7, 31))) == 6
    assert 5 <= len(calendar.inset) <= 6
    assert 185 <= sum(map(calendar.is_school_day, days)) <= 191
    assert all(calendar.is_staff_day(day) for day in calendar.inset)


def test_no_two_model_schools_have_the_same_year(tmp_path):
    calendars = [school_calendar(Home(tmp_path).school(s)) for s in MODEL_SCHOOLS]

    assert len({(c.terms, c.inset) for c in calendars}) == len(MODEL_SCHOOLS)


# --- a decade ----------------------------------------------------------------------------------------------

DECADE = st.dates(date(2024, 1, 1), date(2034, 12, 31))


@st.composite
def calendars(draw) -> SchoolCalendar:
    """A school of any nation with terms, or without, or with some."""
    nation = draw(st.sampled_from(sorted(NATIONS)))
    days = draw(st.sampled_from([range(5), range(6), (0, 2, 4)]))
    hours = WorkingTime(
        LONDON,
        time(8),
        time(17),
        nation=nation,
        days=frozenset(days),
        works_on_bank_holidays=draw(st.booleans()),
    )
    terms = []
    for year in range(2024, 2034) if draw(st.booleans()) else ():
        for name, first, weeks in (("Autumn", f"{year}-09-01", 14), ("Spring", f"{year + 1}-01-02", 11), ("Summer", f"{year + 1}-04-14", 13)):  # fmt: skip
            if draw(st.integers(0, 9)) == 0:
                continue
            begins = date.fromisoformat(first) + timedelta(draw(st.integers(0, 6)))
            ends = begins + timedelta(weeks=weeks, days=draw(st.integers(0, 6)))
            week = begins + timedelta(weeks=6, days=draw(st.integers(0, 6)))
            half = (
                (week, week + timedelta(draw(st.integers(0, 10)))) if draw(st.booleans()) else None
            )
            terms.append(Term(f"{name} Term", begins, ends, half))
    inset = draw(st.frozensets(DECADE, max_size=5))
    return SchoolCalendar(hours, tuple(terms), inset)


@given(calendars())
def test_through_a_decade_every_half_begins_on_one_staff_day_in_order_and_no_key_comes_twice(
    school,
):
    halves = school.halves(date(2024, 8, 1), date(2034, 7, 31))

    assert all(school.is_staff_day(h.first) and h.first <= h.last for h in halves)
    assert len({h.key for h in halves}) == len(halves)
    assert all(a.last < b.first for a, b in pairwise(halves))
    assert {len([h for h in halves if h.key.startswith(f"{y}-{(y + 1) % 100}/")]) for y in range(2024, 2034)} == {6}  # fmt: skip
    # Asked for a year at a time or all at once: the same.
    yearly = [
        h for y in range(2024, 2034) for h in school.halves(date(y, 8, 1), date(y + 1, 7, 31))
    ]
    assert yearly == list(halves)


@given(calendars(), DECADE)
def test_pupils_come_only_when_staff_do_and_the_next_staff_day_is_its_own_next(school, day):
    assert school.is_staff_day(day) or not school.is_school_day(day)
    following = school.next_staff_day(day)
    assert following >= day
    assert school.is_staff_day(following)
    assert school.next_staff_day(following) == following
    assert not any(school.is_staff_day(day + timedelta(n)) for n in range((following - day).days))


@given(calendars(), DECADE, st.integers(1, 30))
def test_staff_days_counted_there_and_back_come_to_where_they_began(school, day, n):
    begin = school.next_staff_day(day)

    assert school.staff_days_later(school.staff_days_later(begin, n), -n) == begin


CHANGES = [date(y, m, 31) - timedelta((date(y, m, 31).weekday() + 1) % 7) for y in range(2024, 2035) for m in (3, 10)]  # fmt: skip


@given(calendars(), DECADE | st.sampled_from(CHANGES) | st.just(date(2028, 2, 29)))
def test_a_quarter_past_eight_on_a_staff_day_is_that_by_the_clock_on_the_wall(school, day):
    at = datetime.combine(school.next_staff_day(day), time(8, 15), school.hours.zone)
    moment = at.astimezone(UTC)

    assert moment.astimezone(LONDON).strftime("%H:%M") == "08:15"
    assert school.hours.today(moment) == school.next_staff_day(day)
    summer = any(s <= at.date() < e for s, e in zip(CHANGES[::2], CHANGES[1::2], strict=True))
    assert moment.strftime("%H:%M") == ("07:15" if summer else "08:15")


def test_the_clock_changes_of_the_decade_are_sundays_when_the_wall_clock_moves():
    for day in CHANGES:
        midnight = datetime.combine(day, time(), LONDON)
        assert day.weekday() == 6
        assert midnight.utcoffset() != (midnight + timedelta(hours=12)).utcoffset()
