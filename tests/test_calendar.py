"""Working time: hours, weekends, bank holidays, closures and both changes of the clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Home
from bot.errors import BadSettings
from bot.schedule.calendar import WorkingTime, bank_holidays, working_time

LONDON = ZoneInfo("Europe/London")
OFFICE = WorkingTime(LONDON, time(8), time(17))


def at(text: str) -> datetime:
    """A moment by the clock on the wall in London."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON)


def after(start: str, hours: float, calendar: WorkingTime = OFFICE) -> str:
    found = calendar.after(at(start), timedelta(hours=hours))
    assert found.tzinfo is UTC
    return found.astimezone(LONDON).strftime("%Y-%m-%d %H:%M")


@pytest.fixture
def read(tmp_path):
    def calendar(toml: str) -> WorkingTime:
        folder = tmp_path / "schools" / "oak"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "school.toml").write_text(toml, "utf-8")
        return working_time(Home(tmp_path).school("oak"))

    return calendar


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-16 07:59:59", False),
        ("2026-11-16 08:00", True),
        ("2026-11-16 16:59:59", True),
        ("2026-11-16 17:00", False),
        ("2026-11-21 10:00", False),  # Saturday
        ("2026-11-22 10:00", False),  # Sunday
        ("2026-12-25 10:00", False),
        ("2026-12-28 10:00", False),  # Boxing Day in lieu
        ("2026-05-04 10:00", False),  # early May
        ("2026-07-01 08:00", True),  # summer time
        ("2026-07-01 17:00", False),
    ],
)
def test_a_school_is_open_from_the_first_minute_up_to_the_last_on_working_days(moment, is_open):
    assert OFFICE.is_open(at(moment)) is is_open
    assert OFFICE.is_open(at(moment).astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-16 09:00", 4, "2026-11-16 13:00"),
        (
            "2026-11-16 09:00",
            8,
            "2026-11-16 17:00",
        ),  # to the last minute, and not into the next day
        ("2026-11-16 15:00", 4, "2026-11-17 10:00"),
        ("2026-11-16 17:00", 1, "2026-11-17 09:00"),
        ("2026-11-16 03:00", 1, "2026-11-16 09:00"),
        ("2026-11-16 23:30", 9, "2026-11-17 17:00"),
        ("2026-11-20 16:00", 2, "2026-11-23 09:00"),  # over a weekend
        ("2026-11-21 12:00", 1, "2026-11-23 09:00"),  # from a Saturday
        ("2026-12-24 16:00", 2, "2026-12-29 09:00"),  # over Christmas and its day in lieu
        ("2026-12-31 16:00", 2, "2027-01-04 09:00"),  # over the new year
        ("2026-11-16 20:00", 0, "2026-11-16 20:00"),
        ("2026-11-16 08:00", 45, "2026-11-20 17:00"),
    ],
)
def test_working_time_passes_only_while_the_school_is_open(start, hours, end):
    assert after(start, hours) == end


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-03-27 16:00", 2, "2026-03-30 09:00"),  # clocks go forward on 29 March
        ("2026-10-23 16:00", 2, "2026-10-26 09:00"),  # and back on 25 October
    ],
)
def test_the_hours_are_those_on_the_wall_over_both_changes_of_the_clock(start, hours, end):
    assert after(start, hours) == end


def test_on_the_day_of_a_change_itself_the_hours_that_pass_are_counted():
    # British clocks change on Sundays; Jordan's went forward in the night before a Friday.
    amman = WorkingTime(ZoneInfo("Asia/Amman"), time(0), time(12))
    start = datetime(2021, 3, 26, 0, tzinfo=UTC) - timedelta(hours=2)

    # 26 March 2021, a Friday, began at 01:00 there: eleven hours, and the twelfth is on Monday.
    assert amman.after(start, timedelta(hours=11)) == datetime(2021, 3, 26, 9, tzinfo=UTC)
    assert amman.after(start, timedelta(hours=12)) == datetime(2021, 3, 28, 22, tzinfo=UTC)


def test_today_is_the_date_at_the_school():
    assert OFFICE.today(datetime(2026, 7, 1, 22, 59, tzinfo=UTC)) == date(2026, 7, 1)
    assert OFFICE.today(datetime(2026, 7, 1, 23, 0, tzinfo=UTC)) == date(2026, 7, 2)
    assert OFFICE.today(datetime(2026, 12, 1, 23, 59, tzinfo=UTC)) == date(2026, 12, 1)


def test_bank_holidays_are_the_nations_own():
    st_andrews = date(2026, 11, 30)

    assert bank_holidays("England", 2026) == bank_holidays("Wales", 2026)
    assert st_andrews not in bank_holidays("Wales", 2026)
    assert st_andrews in bank_holidays("Scotland", 2026)
    assert date(2027, 3, 29) in bank_holidays("Wales", 2027)  # Easter Monday


def test_a_moment_without_its_zone_and_a_wait_backwards_are_refused():
    naive = datetime.fromisoformat("2026-11-16 09:00")

    for call in (OFFICE.today, OFFICE.is_open, lambda n: OFFICE.after(n, timedelta(hours=1))):
        with pytest.raises(ValueError, match="needs its time zone"):
            call(naive)
    with pytest.raises(ValueError, match="forward"):
        OFFICE.after(at("2026-11-16 09:00"), timedelta(hours=-1))


def test_a_school_closed_for_ever_is_an_error_and_no_endless_wait():
    days = frozenset(date(2026, 1, 1) + timedelta(n) for n in range(1500))
    never = WorkingTime(LONDON, time(8), time(17), days)

    with pytest.raises(BadSettings, match=r"hours\.closed: leaves no working day.*take some"):
        never.after(at("2026-03-01 09:00"), timedelta(minutes=1))


def test_a_wait_of_more_than_ten_years_is_an_error():
    with pytest.raises(BadSettings, match=r"ends more than ten years later; make it shorter"):
        OFFICE.after(at("2026-03-01 09:00"), timedelta(days=10_000))
    with pytest.raises(BadSettings):
        OFFICE.after(datetime(9998, 12, 1, tzinfo=UTC), timedelta(days=100))


def test_a_school_says_its_zone_hours_closures_and_nation(read):
    calendar = read("""
nation = "Wales"
[hours]
zone = "Europe/Paris"
opens = "07:30"
closes = 16:15:00
closed = ["2026-10-26/2026-10-28", "2026-11-02", 2026-11-04]
""")

    assert calendar == WorkingTime(
        ZoneInfo("Europe/Paris"),
        time(7, 30),
        time(16, 15),
        frozenset(date(2026, 10, d) for d in (26, 27, 28)) | {date(2026, 11, 2), date(2026, 11, 4)},
        "Wales",
    )
    assert not calendar.is_open(datetime(2026, 10, 28, 12, tzinfo=UTC))
    assert calendar.is_open(datetime(2026, 10, 29, 12, tzinfo=UTC))


def test_a_school_that_says_nothing_is_open_from_eight_to_five_in_london(read):
    assert read('name = "Oak"') == OFFICE


def test_a_wait_passes_over_a_closed_range(read):
    calendar = read('[hours]\nclosed = ["2026-12-21/2027-01-01"]')

    assert after("2026-12-18 16:00", 2, calendar) == "2027-01-04 09:00"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("hours = 3", "hours: is not a table; write [hours]"),
        ('[hours]\nopen = "08:00"', "hours: has no setting 'open'; use zone"),
        ('[hours]\nzone = "Mars/Base"', "hours.zone: 'Mars/Base' is not a time zone; write one"),
        ('[hours]\nzone = "../../etc/passwd"', "hours.zone: '../../etc/passwd' is not a time zone"),
        ('[hours]\nzone = "Europe"', "hours.zone: 'Europe' is not a time zone"),
        ("[hours]\nzone = 3", "hours.zone: '3' is not a time zone"),
        ('[hours]\nopens = "8"', "hours.opens: '8' is not a time; write one as 08:00"),
        ('[hours]\ncloses = "25:00"', "hours.closes: '25:00' is not a time; write one as 17:00"),
        ("[hours]\ncloses = 17", "hours.closes: '17' is not a time"),
        ('[hours]\nopens = "17:00"\ncloses = "08:00"', "hours.closes: 08:00 is not after 17:00"),
        ('[hours]\nclosed = "2026-12-21"', "hours.closed: '2026-12-21' is not a list"),
        ('[hours]\nclosed = ["Christmas"]', "hours.closed: 'Christmas' is not a date; write"),
        ('[hours]\nclosed = ["2026-12-21/"]\nopens = "x"', "hours.opens: 'x' is not a time"),
        ("[hours]\nclosed = [3]", "hours.closed: '3' is not a date"),
        ('[hours]\nclosed = ["2027-01-01/2026-12-21"]', "ends before it begins; write"),
        ('[hours]\nclosed = ["2026-01-01/9999-12-31"]', "is longer than a year; write"),
        ('nation = "Narnia"', "nation: 'Narnia' has no bank holidays; use England, Wales"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line_with_file_key_and_what_to_do(read, toml, said):
    with pytest.raises(BadSettings) as error:
        read(toml)

    assert f"schools/oak/school.toml: {said}" in str(error.value) or said in str(error.value)
    assert "school.toml: " in str(error.value)
    assert "\n" not in str(error.value)


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
WAITS = st.timedeltas(timedelta(minutes=1), timedelta(hours=60))


@given(MOMENTS, WAITS)
def test_a_wait_ends_at_work_and_just_when_that_much_working_time_has_passed(start, wait):
    end = OFFICE.after(start, wait)
    moment = timedelta(microseconds=1)

    assert end > start
    assert OFFICE.is_open(end - moment)
    # Counted day by day on the wall clock, the time between is the wait.
    passed, day = timedelta(), OFFICE.today(start)
    while day <= OFFICE.today(end):
        noon = datetime.combine(day, time(12), LONDON)
        if OFFICE.is_open(noon):
            opens, closes = (noon.replace(hour=h).astimezone(UTC) for h in (8, 17))
            passed += max(min(closes, end) - max(opens, start), timedelta())
        day += timedelta(days=1)
    assert passed == wait


@given(MOMENTS, WAITS, WAITS)
def test_two_waits_one_after_the_other_are_one_long_wait(start, first, second):
    assert OFFICE.after(OFFICE.after(start, first), second) == OFFICE.after(start, first + second)


def test_a_school_that_works_on_other_days_says_which(read):
    boarding = read(
        '[hours]\ndays = ["mon", "tue", "wed", "thu", "fri", "sat"]\nbank_holidays = "open"'
    )

    assert boarding.is_open(at("2026-11-21 10:00"))  # a Saturday
    assert not boarding.is_open(at("2026-11-22 10:00"))
    assert boarding.is_open(at("2026-05-04 10:00"))  # early May
    assert boarding.is_working_day(date(2026, 12, 25))
    assert not OFFICE.is_working_day(date(2026, 12, 25))


def test_a_wait_passes_only_on_the_days_that_a_school_works(read):
    three_days = read('[hours]\ndays = ["mon", "wed", "fri"]')

    assert after("2026-11-16 16:00", 2, three_days) == "2026-11-18 09:00"


def test_holidays_of_pupils_do_not_stop_the_clock_that_reports_wait_by(read):
    hours = read("""
[calendar]
terms = [ { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18, half_term = "2026-10-26/2026-10-30" } ]
inset = [2026-10-23]
""")

    assert hours == OFFICE
    assert after("2026-10-23 16:00", 2, hours) == "2026-10-26 09:00"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("[hours]\ndays = []", "hours.days: '[]' is not a list of days; write the days"),
        ('[hours]\ndays = "mon"', "hours.days: 'mon' is not a list of days"),
        (
            '[hours]\ndays = ["Montag"]',
            "is not a list of days; write the days the school works, as",
        ),
        ("[hours]\ndays = [1]", "hours.days: '[1]' is not a list of days"),
        (
            "[hours]\nbank_holidays = true",
            "hours.bank_holidays: 'True' is neither; write \"closed\"",
        ),
    ],
)
def test_working_days_that_cannot_be_meant_are_refused(read, toml, said):
    with pytest.raises(BadSettings) as error:
        read(toml)

    assert said in str(error.value)
    assert "school.toml: " in str(error.value)
