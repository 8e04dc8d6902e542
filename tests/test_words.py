"""Dates and cycles as policies print them."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.schedule.calendar import WorkingTime
from bot.schedule.terms import SchoolCalendar, Term
from bot.schedule.words import Cycle, Every, cycle, when_due

OFFICE = WorkingTime(ZoneInfo("Europe/London"), time(8), time(17))
SCHOOL = SchoolCalendar(
    OFFICE,
    (
        Term("Autumn Term 2026", date(2026, 9, 3), date(2026, 12, 17), (date(2026, 10, 26), date(2026, 10, 30))),
        Term("Spring Term 2027", date(2027, 1, 4), date(2027, 3, 25), (date(2027, 2, 15), date(2027, 2, 19))),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Spring Term 2023", "2023-03-31"),
        ("spring term, 2023", "2023-03-31"),
        ("November 2024", "2024-11-30"),
        ("Autumn 2025", "2025-12-20"),
        ("Michaelmas Term 2025", "2025-12-20"),
        ("Summer term 2024", "2024-07-21"),
        ("Summer Term 2024/25", "2025-07-21"),
        ("Autumn Term 2024-25", "2024-12-20"),
        ("September 2024/25", "2024-09-30"),
        ("March 2024/25", "2025-03-31"),
        ("2024-25", "2025-08-31"),
        ("2024/2025", "2025-08-31"),
        ("2024 – 2025", "2025-08-31"),
        ("2025", "2025-12-31"),
        ("31st March 2025", "2025-03-31"),
        ("the 1st of September 2026", "2026-09-01"),
        ("March 5, 2025", "2025-03-05"),
        ("03/2025", "2025-03-31"),
        ("31/03/2025", "2025-03-31"),
        ("1.9.26", "2026-09-01"),
        ("2025-03-31", "2025-03-31"),
        ("Sept. 2026", "2026-09-30"),
        ("February 2028", "2028-02-29"),
        ("Next review: Spring Term 2023", "2023-03-31"),
        ("by 31 March 2025 (31/03/2025)", "2025-03-31"),
    ],
)
def test_a_date_in_words_is_its_last_day(text, day):
    assert when_due(text) == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "Spring Term",
        "November",
        "31 February 2025",
        "29 February 2023",
        "13/2025",
        "2024-13-01",
        "2021-24",  # no school year
        "Term 3 2024",  # of three, four or six
        "November 2023 and November 2024",
        "Reviewed: 1 May 2023; next review: 1 May 2024",
        "01632 960001",
        "version 2.1",
    ],
)
def test_what_tells_no_one_date_is_none(text):
    assert when_due(text) is None


def test_a_schools_own_calendar_knows_its_terms_and_the_usual_ones_fill_in():
    assert when_due("Autumn Term 2026", SCHOOL) == date(2026, 12, 17)
    assert when_due("Spring Term 2026-27", SCHOOL) == date(2027, 3, 25)
    assert when_due("Spring Term 2023", SCHOOL) == date(2023, 3, 31)
    assert when_due("Autumn Term 2026") == date(2026, 12, 20)


@given(st.text())
def test_no_text_is_an_error_for_a_date_or_a_cycle(text):
    assert when_due(text) is None or isinstance(when_due(text), date)
    assert cycle(text) is None or cycle(text).number > 0


PIECES = st.sampled_from(
    "2024 25 2025 /25 - / . 31 0 13 March September Autumn Spring term Term half every each two 3 years "
    "annually termly months new edition of , ( ) st 99".split()
)


@given(st.lists(PIECES, max_size=8).map(" ".join) | st.lists(PIECES, max_size=8).map("".join))
def test_the_year_of_what_is_found_stands_in_the_text(text):
    found = when_due(text)
    cycle(text)

    if found is not None:
        years = {int(y) for y in re.findall(r"(?<!\d)\d{4}", text)} | {2000 + int(y) for y in re.findall(r"\d\d", text)}  # fmt: skip
        assert found.year in years | {y + 1 for y in years if re.search(r"[-/–]", text)}


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_a_day_is_that_day_however_it_is_printed(day):
    for form in ("%-d %B %Y", "%d/%m/%Y", "%-d.%-m.%Y", "%Y-%m-%d", "%A %-d %b %Y"):
        assert when_due(day.strftime(form)) == day
    following = when_due(day.strftime("%B %Y"))
    assert (following.year, following.month) == (day.year, day.month)
    assert (following + timedelta(1)).day == 1


# --- cycles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "every", "number"),
    [
        ("annually", Every.MONTHS, 12),
        ("This policy will be reviewed annually.", Every.MONTHS, 12),
        ("yearly", Every.MONTHS, 12),
        ("every year", Every.MONTHS, 12),
        ("once a year", Every.MONTHS, 12),
        ("at least once every school year", Every.MONTHS, 12),
        ("every 12 months", Every.MONTHS, 12),
        ("every two years", Every.MONTHS, 24),
        ("biennially", Every.MONTHS, 24),
        ("every other year", Every.MONTHS, 24),
        ("two-yearly", Every.MONTHS, 24),
        ("every 3 years", Every.MONTHS, 36),
        ("3-year cycle", Every.MONTHS, 36),
        ("twice a year", Every.MONTHS, 6),
        ("every 6 months", Every.MONTHS, 6),
        ("quarterly", Every.MONTHS, 3),
        ("monthly", Every.MONTHS, 1),
        ("termly", Every.TERM, 1),
        ("each term", Every.TERM, 1),
        ("once a term", Every.TERM, 1),
        ("every two terms", Every.TERM, 2),
        ("each half term", Every.HALF_TERM, 1),
        ("Half-termly", Every.HALF_TERM, 1),
        ("with each new edition", Every.EDITION, 1),
    ],
)
def test_a_cycle_in_words_is_so_many_months_or_terms(text, every, number):
    found = cycle(text)

    assert found == Cycle(every, number)
    assert found.months == (number if every is Every.MONTHS else None)


@pytest.mark.parametrize(
    "text",
    ["", "from time to time", "biannually", "annually or every two years", "every 0 years", "every 99 years", "term"],
)  # fmt: skip
def test_what_tells_no_one_cycle_is_none(text):
    assert cycle(text) is None


def test_what_comes_round_by_months_is_due_on_the_same_day_or_the_last_of_the_month():
    assert Cycle(Every.MONTHS, 12).after(date(2026, 11, 20), SCHOOL) == date(2027, 11, 20)
    assert Cycle(Every.MONTHS, 12).after(date(2028, 2, 29), SCHOOL) == date(2029, 2, 28)
    assert Cycle(Every.MONTHS, 1).after(date(2026, 12, 31), SCHOOL) == date(2027, 1, 31)
    assert Cycle(Every.MONTHS, 24).after(date(2026, 1, 5), SCHOOL) == date(2028, 1, 5)


def test_what_comes_round_by_terms_is_due_by_the_end_of_the_next():
    assert Cycle(Every.TERM).after(date(2026, 9, 10), SCHOOL) == date(2027, 3, 25)
    assert Cycle(Every.HALF_TERM).after(date(2026, 9, 10), SCHOOL) == date(2026, 12, 17)
    assert Cycle(Every.TERM, 2).after(date(2026, 9, 10), SCHOOL) == date(2027, 7, 21)
    assert Cycle(Every.EDITION).after(date(2026, 9, 10), SCHOOL) is None
