"""The calendar file and feed of a school as they come: fetched, checked, and the last good one kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bot.app import feeds
from bot.app.calendars import calendar_of, refresh
from bot.app.checks import check
from bot.app.serving import _read_calendars
from bot.app.site import Site
from bot.config import Home
from bot.errors import BadSettings
from bot.schedule.ical import LARGEST
from bot.schedule.terms import BadCalendar, feed_of, source_of
from tests.test_ical import event, ics

NOW = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
SECRET = "private-0123456789abcdef"
AUTUMN = event("Autumn Term 2026", "20260903", "20261219")
GOOD = ics(AUTUMN, event("INSET", "20260901"))
OTHER = ics(AUTUMN, event("INSET", "20260902"))


@dataclass
class Feed:
    """A calendar that a web server publishes, and how that server behaves just now."""

    url: str = ""
    body: str | bytes = GOOD
    status: int = 200
    to: str = ""  # where it sends whoever asks
    times: int = 99  # how often it does
    drips: bool = False  # a header now and then, and never an end
    asked: int = 0
    stop: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def feed() -> Iterator[Feed]:
    served = Feed()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served.asked += 1
            if served.drips:
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not served.stop.wait(0.02):
                    try:
                        self.wfile.write(b"X-Wait: yes\r\n")
                        self.wfile.flush()
                    except OSError:
                        return
                return
            body = served.body.encode() if isinstance(served.body, str) else served.body
            sends_on = served.to and served.asked <= served.times
            self.send_response(302 if sends_on else served.status)
            if sends_on:
                self.send_header("Location", served.to)
            self.send_header("Content-Type", "text/calendar; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served.url = f"http://127.0.0.1:{server.server_port}/{SECRET}/calendar.ics"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.stop.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def write(tmp_path):
    """Writes the [calendar] of a school that lacks nothing else, and gives its home."""

    def write(calendar: str) -> Home:
        folder = tmp_path / "schools" / "oak"
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        (folder / "school.toml").write_text(f'name = "Oak"\n[calendar]\n{calendar}\n', "utf-8")
        changed(folder / "school.toml")
        return Home(tmp_path)

    return write


def changed(path: Path) -> None:
    """What is written twice in one tick of the disk's clock is another file all the same."""
    changed.ticks += 1
    os.utime(path, ns=(changed.ticks, 1_800_000_000_000_000_000 + changed.ticks))


changed.ticks = 0


def inset(home: Home) -> set[date]:
    return set(calendar_of(home, home.school("oak")).inset)


def fetched(home: Home, now: datetime = NOW) -> set[date]:
    asyncio.run(refresh(home, home.school("oak"), now))
    return inset(home)


def found(home: Home, now: datetime = NOW) -> list[str]:
    """What `mayi check` finds in the calendar."""
    return [f for f in check(home, now) if "calendar" in f]


FIRST, SECOND = {date(2026, 9, 1)}, {date(2026, 9, 2)}


# --- a feed ------------------------------------------------------------------------------------------------


def test_a_feed_is_fetched_and_found_again_after_a_restart(write, feed):
    home = write(f'feed = "{feed.url}"')

    assert inset(home) == set()  # nothing is fetched while somebody waits
    assert feed.asked == 0
    assert fetched(home) == FIRST
    assert (home.root / "data" / "calendar" / "oak.ics").read_bytes() == GOOD.encode()
    assert inset(Home(home.root)) == FIRST


def test_a_feed_is_fetched_once_a_day_and_followed(write, feed):
    home = write(f'feed = "{feed.url}"')
    fetched(home)
    feed.body = OTHER

    assert fetched(home, NOW + timedelta(hours=23)) == FIRST
    assert feed.asked == 1
    assert fetched(home, NOW + timedelta(hours=24)) == SECOND
    assert feed.asked == 2


def test_a_feed_that_failed_is_asked_again_after_an_hour(write, feed):
    home = write(f'feed = "{feed.url}"')
    feed.status = 500

    assert fetched(home) == set()
    assert fetched(home, NOW + timedelta(minutes=59)) == set()
    assert feed.asked == 1
    feed.status = 200
    assert fetched(home, NOW + timedelta(minutes=60)) == FIRST


def test_another_address_is_fetched_at_once(write, feed):
    home = write(f'feed = "{feed.url}"')
    fetched(home)
    feed.body = OTHER

    assert fetched(write(f'feed = "{feed.url}?v=2"'), NOW + timedelta(minutes=1)) == SECOND


FAULTS = [
    ({"status": 500}, "answered 500 in place of a calendar; check its address"),
    ({"status": 404}, "answered 404 in place of a calendar"),
    ({"status": 403}, "refused (403); publish the calendar, or write its secret address"),
    ({"body": "<html><body>Sign in"}, "answered with a web page in place of a calendar; write the address"),
    ({"body": ""}, "is not an iCalendar (one begins with BEGIN:VCALENDAR); save or publish"),
    ({"body": GOOD[:-40]}, "stops before its end; save or publish the calendar again"),
    ({"body": b"\xff\xfe\x00"}, "is not an iCalendar"),
    ({"body": "BEGIN:VCALENDAR\r\n" + "x" * LARGEST}, "is larger than 2 MB; publish a calendar of the school's own"),
    ({"body": ics(event("Autumn term begins", "20260903"))}, "begins a term that has no end; add an event"),
    ({"body": ics(AUTUMN, event("INSET", "20261228"))}, "has an INSET day on 28 December 2026, a bank holiday; take it"),
    ({"body": ics(event("Lunch", "20260903"))}, "has no term, half term, INSET day or occasion that MayI understands"),
    ({"body": ics()}, "has no term, half term, INSET day or occasion"),
    ({"to": "http://example.org/x.ics"}, "sends MayI on to an address that does not begin with https://"),
    ({"to": "file:///etc/passwd"}, "sends MayI on to an address that does not begin with https://"),
    ({"to": "again.ics"}, "sends MayI on more than 3 times; write the calendar's own address"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_a_feed_that_is_no_good_is_a_finding_and_the_last_good_one_stays(
    write, feed, fault, said, caplog
):
    home = write(f'feed = "{feed.url}"')
    fetched(home)
    for name, value in fault.items():
        setattr(feed, name, value)
    with caplog.at_level(logging.DEBUG):
        stayed = fetched(home, NOW + timedelta(days=1))
    lines = [r.getMessage() for r in caplog.records if r.name.startswith("bot.")]
    (finding,) = found(home, NOW + timedelta(days=2))

    assert stayed == FIRST
    assert said in finding
    assert finding.startswith("oak: the calendar feed of 127.0.0.1: ")
    assert finding.endswith("; the last good one, of 16 November 2026, is still used")
    assert len(lines) == 1
    assert said in lines[0]
    assert SECRET not in finding + lines[0]
    assert inset(home) == FIRST


def test_a_feed_that_never_was_good_leaves_what_school_toml_says(write, feed):
    feed.status = 500
    home = write(f'inset = [2026-09-07]\nfeed = "{feed.url}"')

    (finding,) = found(home)
    assert finding.endswith("; until then only school.toml counts")
    assert inset(home) == {date(2026, 9, 7)}


def test_nobody_at_the_address_is_a_finding(write, feed):
    home = write('feed = "http://127.0.0.1:9/private/calendar.ics"')

    (finding,) = found(home)
    assert (
        "oak: the calendar feed of 127.0.0.1: could not be reached (ConnectError); check" in finding
    )


def test_a_server_that_never_comes_to_an_end_is_left(feed):
    feed.drips = True

    with pytest.raises(BadCalendar, match=r"^it: did not answer within 0.3 seconds; try"):
        feeds.fetch(feed.url, "it", seconds=0.3)


def test_a_feed_that_sends_on_is_followed_for_a_while(feed):
    feed.to, feed.times = "moved.ics", feeds.REDIRECTS

    assert feeds.fetch(feed.url, "it") == GOOD


def test_a_copy_that_is_damaged_on_the_disk_is_not_used(write, feed):
    home = write(f'feed = "{feed.url}"')
    fetched(home)
    kept = home.root / "data" / "calendar" / "oak.ics"
    kept.write_bytes(b"\x00garbage")
    (home.root / "data" / "calendar" / "oak.json").write_bytes(b"[1")

    assert inset(home) == set()
    assert fetched(home) == FIRST


def test_where_nothing_can_be_written_a_feed_is_not_asked_and_a_line_says_so(write, feed, caplog):
    home = write(f'feed = "{feed.url}"')
    (home.root / "data").mkdir()
    (home.root / "data" / "calendar").write_text("in the way", "utf-8")

    assert fetched(home) == set()
    assert feed.asked == 0
    assert "cannot be written" in caplog.text
    (finding,) = found(home)
    assert "oak.json: cannot be written (" in finding
    assert "make room, or check the folder" in finding


def test_an_address_for_calendar_programs_is_https(write):
    home = write('feed = "webcal://calendar.example.org/secret/oak.ics"')

    assert feed_of(home.school("oak")) == "https://calendar.example.org/secret/oak.ics"
    assert source_of(home.school("oak")) == "the calendar feed of calendar.example.org"


# --- a file ------------------------------------------------------------------------------------------------


def put(home: Home, text: str | bytes) -> None:
    path = home.root / "schools" / "oak" / "calendar.ics"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    changed(path)


def test_a_calendar_file_is_read_whenever_it_changes(write):
    home = write('file = "calendar.ics"')
    put(home, GOOD)
    assert inset(home) == FIRST
    put(home, OTHER)
    assert inset(home) == SECOND


def test_a_calendar_is_read_once_for_as_long_as_nothing_changes(write):
    home = write('file = "calendar.ics"')
    put(home, GOOD)

    assert calendar_of(home, home.school("oak")) is calendar_of(home, home.school("oak"))


@pytest.mark.parametrize("bad", ["", "<html>", GOOD[:-40], b"\xff\xff", ics(event("Term begins", "20260903"))])  # fmt: skip
def test_a_malformed_file_is_a_finding_and_the_last_good_one_stays(write, bad, caplog):
    home = write('file = "calendar.ics"')
    put(home, GOOD)
    fetched(home)
    put(home, bad)

    (finding,) = found(home)
    assert "schools/oak/calendar.ics: " in finding
    assert ", is still used" in finding
    assert inset(home) == FIRST
    put(home, OTHER)
    assert inset(home) == SECOND
    assert found(home) == []


def test_a_file_that_is_too_large_is_a_finding(write):
    home = write('file = "calendar.ics"')
    put(home, GOOD + "x" * LARGEST)

    (finding,) = found(home)
    assert "calendar.ics: is larger than 2 MB; save the school's own dates only" in finding


def test_a_file_that_is_not_there_is_a_finding(write):
    home = write('file = "calendar.ics"\ninset = [2026-09-07]')

    (finding,) = found(home)
    assert "calendar.ics: cannot be read (No such file or directory); put the iCalendar file there" in finding  # fmt: skip
    assert inset(home) == {date(2026, 9, 7)}


# --- school.toml -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slip",
    [
        "inset = [2027-05-03]",
        "inset = 3",
        'terms = [ { name = "A", first = 2026-09-03 } ]',
        'file = "../x"',
    ],
)
def test_a_slip_in_school_toml_is_a_finding_and_the_last_good_calendar_stays(write, slip):
    home = write("inset = [2026-09-01]")
    fetched(home)
    write(slip)

    assert inset(home) == FIRST
    (finding,) = found(home)
    assert "school.toml: calendar" in finding
    assert finding.endswith("; the last good calendar is still used")
    assert inset(Home(home.root)) == FIRST
    assert inset(write("inset = [2026-09-02]")) == SECOND
    assert found(home) == []


def test_a_finding_is_not_said_a_second_time_in_the_log(write, caplog):
    write("inset = [2026-09-01]")
    home = write('inset = [2027-05-03]\nfile = "calendar.ics"')

    assert len(found(home)) == 1
    assert [r for r in caplog.records if r.name.startswith("bot.")] == []


def test_a_slip_with_nothing_good_before_is_an_error_and_one_finding(write):
    home = write("inset = [2027-05-03]")

    with pytest.raises(BadSettings, match="3 May 2027 is a bank holiday in England; take it out"):
        inset(home)
    assert len(found(home)) == 1


def test_terms_that_are_over_are_a_finding(write):
    home = write('terms = [ { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18 } ]')

    assert found(home, datetime(2026, 12, 18, 20, tzinfo=UTC)) == []
    (finding,) = found(home, datetime(2026, 12, 19, 8, tzinfo=UTC))
    assert finding.startswith("oak: the calendar ends on 18 December 2026, ")
    assert finding.endswith("add the next school year's terms under [calendar] in school.toml")


def test_a_school_that_sets_no_calendar_has_no_finding_and_nothing_is_kept(write):
    home = write("")

    assert found(home) == []
    assert not fetched(home)
    assert not (home.root / "data" / "calendar").exists()


def test_what_serves_people_is_given_the_calendar(write, feed):
    home = write(f'feed = "{feed.url}"')
    site = Site(home)
    fetched(home)

    assert site.services("oak").calendar().inset == FIRST
    site.engine.close()


def test_a_school_that_cannot_be_read_keeps_no_other_from_its_calendar(write, feed):
    home = write(f'feed = "{feed.url}"')
    broken = home.root / "schools" / "ash"
    broken.mkdir()
    (broken / "school.toml").write_text("[calendar", "utf-8")
    site = Site(home, clock=lambda: NOW)

    asyncio.run(_read_calendars(site))

    assert inset(home) == FIRST
    site.engine.close()
