"""A school calendar as other programs publish it: what its words mean, its times, and what is malformed."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Home
from bot.errors import MayIError
from bot.schedule.ical import LARGEST, MOST_EVENTS, BadCalendar, Told, told_by
from bot.schedule.terms import Occasion, SchoolCalendar, Term, school_calendar

LONDON = ZoneInfo("Europe/London")


def event(summary: str, first: str, after: str = "", *more: str, uid: str = "") -> str:
    """An event of whole days; `after` is the day after its last."""
    lines = [
        "BEGIN:VEVENT",
        f"UID:{uid or summary + first}",
        f"SUMMARY:{summary}",
        f"DTSTART;VALUE=DATE:{first}",
    ]
    if after:
        lines.append(f"DTEND;VALUE=DATE:{after}")
    return "\r\n".join([*lines, *more, "END:VEVENT"])


def ics(*events: str) -> str:
    return "\r\n".join(
        ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example//EN", *events, "END:VCALENDAR", ""]
    )


def told(*events: str) -> Told:
    return told_by(ics(*events), "calendar.ics", LONDON)


TRIP = event("Year 3 trip to the sea", "20261105")


# --- what words mean ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "summary",
    [
        "INSET Day",
        "INSET – school closed to pupils",
        "Inset day 3 (2026)",
        "Staff Training Day",
        "Non-pupil day",
        "In-service day",
        "Staff only",
    ],
)
def test_an_inset_day_is_known_by_many_names(summary):
    assert told(event(summary, "20270104")).inset == {date(2027, 1, 4)}


def test_inset_days_of_several_days_leave_the_weekend_out():
    found = told(event("INSET days", "20260903", "20260908"))

    assert found.inset == {date(2026, 9, d) for d in (3, 4, 7)}


def test_categories_count_as_the_summary_does():
    found = told(event("Twilight", "20270104", "", "CATEGORIES:Whole school,INSET"))

    assert found.inset == {date(2027, 1, 4)}


@pytest.mark.parametrize(
    "summary", ["Half term", "Half-Term Holiday", "Autumn half term", "October half term - school closed", "Mid-term break"]
)  # fmt: skip
def test_a_half_term_is_known_by_many_names_and_ends_the_day_before_its_end(summary):
    assert told(event(summary, "20261026", "20261031"), TRIP).half_terms == (
        (date(2026, 10, 26), date(2026, 10, 30)),
    )


@pytest.mark.parametrize(
    "summary",
    ["Half term football", "Break up for half term", "Half-term holiday club", "Half term menu"],
)
def test_what_only_speaks_of_half_term_is_none(summary):
    assert told(event(summary, "20261026", "20261031"), TRIP).half_terms == ()


def test_a_half_term_of_single_days_or_of_a_beginning_and_an_end_is_one():
    days = [event("Half term", f"202610{d}") for d in range(26, 31)]
    ends = [event("Half term begins", "20270215"), event("Half term ends", "20270219")]

    assert told(*days, *ends).half_terms == (
        (date(2026, 10, 26), date(2026, 10, 30)),
        (date(2027, 2, 15), date(2027, 2, 19)),
    )


@pytest.mark.parametrize(
    ("begins", "ends", "name"),
    [
        ("Autumn Term begins", "Autumn Term ends", "Autumn Term 2026"),
        ("Start of term", "Last day of term", "Autumn Term 2026"),
        ("First day of the Autumn Term", "School breaks up", "Autumn Term 2026"),
        ("Term starts 2026", "End of term - break up for Christmas", "Autumn Term 2026"),
        ("Michaelmas Term starts", "Michaelmas term closes", "Michaelmas Term 2026"),
    ],
)
def test_a_term_is_what_lies_between_its_beginning_and_its_end(begins, ends, name):
    (term,) = told(event(begins, "20260903"), event(ends, "20261218")).terms

    assert (term.first, term.last) == (date(2026, 9, 3), date(2026, 12, 18))
    assert term.name in (name, "Autumn Term 2026")


def test_a_term_may_be_one_event():
    found = told(event("Autumn Term 2026", "20260903", "20261219"), event("Spring Term clubs", "20270104", "20270326"))  # fmt: skip

    assert found.terms == (Term("Autumn Term 2026", date(2026, 9, 3), date(2026, 12, 18)),)


def test_a_second_beginning_or_end_within_days_is_the_same_one():
    found = told(
        event("Autumn term begins", "20260901"),
        event("Pupils return", "20260903"),
        event("Last day of term for Year 6", "20261216"),
        event("End of term", "20261218"),
    )

    assert [(t.first, t.last) for t in found.terms] == [(date(2026, 9, 1), date(2026, 12, 18))]


def test_an_end_whose_beginning_was_cut_off_is_passed_over():
    found = told(event("End of term", "20260721"), TRIP)

    assert found.terms == ()


@pytest.mark.parametrize(
    ("summary", "kind"),
    [
        ("Year 3 trip to the sea", "trip"),
        ("Reception visit to the farm", "trip"),
        ("Y6 residential", "trip"),
        ("KS1 Nativity", "performance"),
        ("Sports Day", "performance"),
        ("Year 4 class assembly", "performance"),
        ("SNOW DAY", "home-learning"),
        ("School closed: snow", "home-learning"),
        ("New intake meeting", "admission"),
    ],
)
def test_an_occasion_is_of_the_kind_that_its_words_say(summary, kind):
    (found,) = told(event(summary, "20261105")).occasions

    assert (found.kind, found.first, found.last, found.title) == (
        kind, date(2026, 11, 5), date(2026, 11, 5), summary,
    )  # fmt: skip


@pytest.mark.parametrize(
    "summary",
    [
        "Trip payment deadline",
        "Performance management reviews",
        "Nativity rehearsal",
        "School closed for Christmas",
        "Bank holiday - school closed",
        "Author in school",
        "Trip letters home: information evening",
        "Governors",
    ],
)
def test_what_is_no_occasion_is_passed_over(summary):
    assert [o.title for o in told(event(summary, "20261106"), TRIP).occasions] == ["Year 3 trip to the sea"]  # fmt: skip


def test_what_is_called_off_is_passed_over():
    off = event("Sports Day", "20270622", "", "STATUS:CANCELLED")

    assert [o.kind for o in told(off, TRIP).occasions] == ["trip"]


# --- days and times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("times", "first", "last"),
    [
        (["DTSTART;VALUE=DATE:20261105", "DTEND;VALUE=DATE:20261108"], 5, 7),
        (["DTSTART:20261105T090000", "DTEND:20261105T150000"], 5, 5),  # by the clock at the school
        (["DTSTART;TZID=Europe/London:20261105T090000", "DTEND;TZID=Europe/London:20261106T000000"], 5, 5),
        (["DTSTART;TZID=GMT Standard Time:20261105T090000", "DURATION:PT5H"], 5, 5),
        (["DTSTART;TZID=Nowhere/Known:20261105T230000"], 5, 5),
        (["DTSTART;VALUE=DATE:20261105", "DURATION:P2D"], 5, 6),
        (["DTSTART:20261105T233000Z", "DTEND:20261106T003000Z"], 5, 6),
        (["DTSTART;TZID=America/New_York:20261104T210000"], 5, 5),
        (["DTSTART:20261105T090000Z", "DTEND:20261101T090000Z"], 5, 5),  # ends before it begins
    ],
)  # fmt: skip
def test_an_event_is_on_its_days_at_the_school(times, first, last):
    text = "\r\n".join(["BEGIN:VEVENT", "UID:1", "SUMMARY:Museum trip", *times, "END:VEVENT"])
    (found,) = told(text).occasions

    assert (found.first, found.last) == (date(2026, 11, first), date(2026, 11, last))


def test_in_summer_time_a_day_begins_an_hour_earlier():
    late = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Trip\r\nDTSTART:20260630T231500Z\r\nEND:VEVENT"

    assert told(late).occasions[0].first == date(2026, 7, 1)


@pytest.mark.parametrize("ends", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff", "\n\n"])
def test_byte_order_marks_and_any_line_ends_are_read(ends, mark):
    text = mark + ics(TRIP).replace("\r\n", ends)

    assert told_by(text, "calendar.ics", LONDON) == told(TRIP)


def test_folded_lines_are_one():
    folded = TRIP.replace("to the sea", "to \r\n the \r\n\tsea")

    assert told(folded).occasions[0].title == "Year 3 trip to the sea"


def test_a_definition_of_a_time_zone_changes_no_other_calendar():
    zone = (
        "BEGIN:VTIMEZONE\r\nTZID:Europe/London\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+1200\r\nTZOFFSETTO:+1200\r\nEND:STANDARD\r\nEND:VTIMEZONE"
    )
    at_nine = "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Trip\r\nDTSTART;TZID=Europe/London:20261105T230000\r\nEND:VEVENT"

    assert told(zone, at_nine).occasions[0].first == date(2026, 11, 5)


# --- what comes again --------------------------------------------------------------------------------------

SPAN = event("Autumn Term", "20260903", "20261219")


def days(*rule: str, start: str = "20260904", more: tuple[str, ...] = ()) -> list[str]:
    found = told(event("Class assembly", start, "", *rule, uid="a"), *more)
    return [o.first.isoformat()[5:] for o in found.occasions]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=WEEKLY;COUNT=3", ["09-04", "09-11", "09-18"]),
        ("FREQ=WEEKLY;INTERVAL=2;UNTIL=20261005", ["09-04", "09-18", "10-02"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR;UNTIL=20260914T120000Z", ["09-04", "09-07", "09-11", "09-14"]),
        ("FREQ=DAILY;COUNT=3", ["09-04", "09-05", "09-06"]),
        ("FREQ=DAILY;BYDAY=MO,TU;COUNT=3", ["09-04", "09-07", "09-08"]),
        ("FREQ=MONTHLY;COUNT=3", ["09-04", "10-04", "11-04"]),
        ("FREQ=MONTHLY;BYDAY=1FR;COUNT=3", ["09-04", "10-02", "11-06"]),
        ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=2", ["09-04", "09-25"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=2;COUNT=2", ["09-04", "09-11"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", ["09-04", "09-30"]),
        ("FREQ=YEARLY;UNTIL=20280101", ["09-04", "09-04"]),
        ("FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=11;COUNT=2", ["09-04", "12-11"]),
    ],
)
def test_repeated_events_are_followed(rule, expected):
    later = event("Trip", "20271001", "20271002")
    found = told(event("Class assembly", "20260904", "", f"RRULE:{rule}", uid="a"), later)

    assert [o.first.isoformat()[5:] for o in found.occasions if o.kind == "performance"] == expected


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;BYDAY=XX", "nonsense"])  # fmt: skip
def test_a_rule_that_is_not_followed_leaves_the_first_day(rule):
    assert days(f"RRULE:{rule}") == ["09-04"]


def test_without_an_end_it_is_followed_to_the_end_of_the_last_school_year_told():
    found = told(event("Class assembly", "20260904", "", "RRULE:FREQ=MONTHLY", uid="a"), SPAN)

    assert found.occasions[-1].first == date(2027, 7, 4)


def test_days_taken_out_and_days_moved_keep_the_keys_of_the_others():
    weekly = event("Class assembly", "20260904", "", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;VALUE=DATE:20260911", uid="a")  # fmt: skip
    moved = event("Class assembly", "20260917", "", "RECURRENCE-ID;VALUE=DATE:20260918", uid="a")
    before = told(event("Class assembly", "20260904", "", "RRULE:FREQ=WEEKLY;COUNT=4", uid="a"))
    found = told(weekly, moved)

    assert sorted(o.first for o in found.occasions) == [
        date(2026, 9, 4), date(2026, 9, 17), date(2026, 9, 25),
    ]  # fmt: skip
    keys = {o.key for o in before.occasions}
    assert {o.key for o in found.occasions} < keys


def test_the_key_of_an_event_stays_when_its_day_is_edited():
    (before,) = told(event("Trip", "20261105", uid="x")).occasions
    (after,) = told(event("Trip", "20261112", uid="x")).occasions

    assert before.key == after.key
    assert before.first != after.first


def test_events_that_share_an_id_are_all_there():
    found = told(event("Trip", "20261105", uid="0"), event("Concert", "20261210", uid="0"))

    assert len({o.key for o in found.occasions}) == 2


# --- with school.toml --------------------------------------------------------------------------------------


@pytest.fixture
def read(tmp_path):
    def calendar(toml: str, *events: str) -> SchoolCalendar:
        folder = tmp_path / "schools" / "oak"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "school.toml").write_text(f'[calendar]\nfile = "calendar.ics"\n{toml}', "utf-8")
        return school_calendar(Home(tmp_path).school("oak"), ics(*events))

    return calendar


def test_terms_of_school_toml_go_before_those_told_and_what_is_told_is_added(read):
    calendar = read(
        'terms = [ { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18 } ]\ninset = [2026-09-01]',
        event("Autumn Term begins", "20260907"),  # no end: it is not asked
        event("Half term", "20261026", "20261031"),
        event("INSET", "20260902"),
        event("Autumn Term 2027", "20270902", "20271218"),
        TRIP,
    )

    assert calendar.terms == (
        Term("Autumn Term 2026", date(2026, 9, 3), date(2026, 12, 18), (date(2026, 10, 26), date(2026, 10, 30))),
        Term("Autumn Term 2027", date(2027, 9, 2), date(2027, 12, 17)),
    )  # fmt: skip
    assert calendar.inset == {date(2026, 9, 1), date(2026, 9, 2)}
    assert [type(o) for o in calendar.occasions] == [Occasion]


def test_what_comes_every_week_is_left_out_in_the_holidays(read):
    calendar = read(
        "",
        SPAN,
        event("Half term", "20261026", "20261031"),
        event("Class assembly", "20261016", "", "RRULE:FREQ=WEEKLY;COUNT=4"),
    )

    assert [o.first.day for o in calendar.occasions] == [16, 23, 6]


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([event("Autumn term begins", "20260903")], "'Autumn term begins' on 3 September 2026 begins a term that has no end; add"),
        ([event("Term begins", "20260903"), event("Spring term begins", "20270104"), event("Term ends", "20270325")],
         "'Term begins' on 3 September 2026 begins a term that has no end"),
        ([event("Autumn Term", "20260903", "20261219"), event("Spring Term", "20261214", "20270326")],
         "'Spring Term' begins on 14 December 2026, before 'Autumn Term' has ended on 18 December 2026"),
        ([event("Term begins", "20260903"), event("Term ends", "20270325")], "longer than six months"),
        ([SPAN, event("Half term", "20261215", "20261226")], "has a half term, 15 December 2026 to 25 December 2026, that is not inside"),
        ([event("INSET day", "20270503")], "has an INSET day on 3 May 2027, a bank holiday; take it out of the calendar"),
        ([event("Governors meet", "20270504")], "has no term, half term, INSET day or occasion that MayI understands"),
    ],
)  # fmt: skip
def test_a_calendar_that_contradicts_itself_is_one_line_with_the_file_and_what_to_do(
    read, events, said
):
    with pytest.raises(BadCalendar) as error:
        read("", *events)

    assert said in str(error.value)
    assert "schools/oak/calendar.ics: " in str(error.value)
    assert ";" in str(error.value)
    assert "\n" not in str(error.value)


# --- what is malformed -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is not an iCalendar (one begins with BEGIN:VCALENDAR); save or publish"),
        ("<!doctype html><title>Sign in</title>", "is not an iCalendar"),
        ("name,first,last\nAutumn,2026-09-03,2026-12-18", "is not an iCalendar"),
        (ics(TRIP)[:-30], "stops before its end; save or publish"),
        ("BEGIN:VCALENDAR\r\nno colon here\r\nEND:VCALENDAR", "cannot be read as an iCalendar ("),
        ("BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR", "cannot be read as an iCalendar ("),
        ("BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 20_000 + "END:VEVENT\r\n" * 20_000 + "END:VCALENDAR", "calendar.ics: "),
        ("BEGIN:VCALENDAR" + "x" * LARGEST, "has more than 2 million characters; publish"),
        (ics(*["BEGIN:VEVENT\r\nEND:VEVENT"] * (MOST_EVENTS + 1)), "has more than 5000 events; publish"),
        (ics("BEGIN:VEVENT\r\nSUMMARY:Trip\r\nDTSTART:tomorrow\r\nEND:VEVENT"), "has no term, half term"),
        (ics("BEGIN:VEVENT\r\nSUMMARY:Trip\r\nEND:VEVENT"), "has no term, half term"),
        (ics(event("Trip", "99991231")), "has no term, half term"),
        (ics(event("Trip", "00010101", "99991231")), "has no term, half term"),
    ],
)  # fmt: skip
def test_what_is_no_calendar_is_one_line_that_says_so(text, said):
    with pytest.raises(BadCalendar) as error:
        told_by(text, "calendar.ics", LONDON)

    assert str(error.value).startswith("calendar.ics: ")
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_broken_event_leaves_the_others():
    broken = "BEGIN:VEVENT\r\nUID:b\r\nSUMMARY:Concert\r\nDTSTART:soon\r\nDTEND;VALUE=DATE:20261345\r\nEND:VEVENT"

    assert [o.kind for o in told(broken, TRIP).occasions] == ["trip"]


def test_a_great_many_repeated_events_come_to_an_end():
    never = "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=SU;BYMONTH=2;BYMONTHDAY=30"
    many = [event("Trip", "20000104", "", never, uid=f"{n}") for n in range(MOST_EVENTS - 1)]

    assert len(told(*many, event("Trip", "20991231")).occasions) == MOST_EVENTS


def test_a_title_is_kept_short_and_printable():
    (found,) = told(event("Trip " + "\\n" + "x" * 5000 + "\u202e", "20261105")).occasions

    assert len(found.title) <= 120
    assert found.title.isprintable()


LINES = st.sampled_from(
    [
        "BEGIN:VEVENT", "END:VEVENT", "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VTIMEZONE", "END:VTIMEZONE",
        "BEGIN:VALARM", "END:VALARM", "SUMMARY:Year 3 trip", "SUMMARY:INSET", "SUMMARY:Term begins", "SUMMARY:Half term",
        "SUMMARY:Term ends", "SUMMARY:Autumn Term", "DTSTART:20260903", "DTSTART;VALUE=DATE:20260903", "DTEND;VALUE=DATE:20261219",
        "DTSTART:20261105T230000Z", "DTSTART;TZID=Europe/London:20261025T013000", "DTSTART:", "DTSTART:00010101T000000Z",
        'DTSTART;TZID="":20260101T000000', "DURATION:P1W", "DURATION:-P9999999D", "RRULE:FREQ=WEEKLY", "RRULE:FREQ=DAILY;COUNT=-1",
        "RRULE:", "RRULE:FREQ=MONTHLY;BYDAY=9MO;BYSETPOS=x", "RRULE:FREQ=YEARLY;UNTIL=1", "EXDATE:20260903", "EXDATE:x", "RECURRENCE-ID:20260903",
        "CATEGORIES:a,b", "CATEGORIES", "UID:1", "UID:1", "STATUS:CANCELLED", " folded", ":", ";", 'X-A;B="', "SUMMARY;LANGUAGE=en:INSET",
    ]
) | st.text(max_size=20)  # fmt: skip


@settings(max_examples=1000)
@given(st.lists(LINES, max_size=40))
def test_whatever_the_lines_are_there_is_a_calendar_or_one_line_that_says_what_is_wrong(lines):
    found, error = read_or_told(ics("BEGIN:VEVENT", *lines, "END:VEVENT"))

    if found is None:
        assert error.startswith("calendar.ics: ")
        assert "\n" not in error
    else:
        assert found.terms or found.half_terms or found.inset or found.occasions
        assert all(o.first <= o.last for o in found.occasions)


def read_or_told(text: str) -> tuple[Told | None, str]:
    try:
        return told_by(text, "calendar.ics", LONDON), ""
    except MayIError as e:
        return None, str(e)
