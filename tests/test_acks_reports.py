"""The list and the report on acknowledgements: they add up, they tell no names, and they fit one page."""

from __future__ import annotations

import csv
import io
import string
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from io import BytesIO

import pypdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app.acks_list import COLUMNS, as_csv, check_list, listed
from bot.app.governors import governors_html
from bot.chat.render import Wording
from bot.people.roster import Person
from bot.records.acks import Ack, Kind, Said, Signed  # fmt: skip
from bot.records.acks import Wording as Kept
from bot.schedule.rounds import Standing
from handlers.acks.outstanding import Stand
from handlers.progress.figures import (
    FEWEST,
    MOST_POINTS,
    MOST_TEAMS,
    Figures,
    Line,
    added,
    by_team,
    points,
)
from handlers.progress.governors import sheet_of
from handlers.progress.governors_pdf import governors_pdf
from handlers.progress.tally import CELLS, Column, Numbers, bar, grouped, numbers, row_of, share
from tests.test_acknowledge import PHONES, oak  # noqa: F401  # a fixture

NOW = datetime(2026, 9, 20, 9, 0, tzinfo=UTC)
KEPT = Kept("oak", "phones", "d" * 64, "3", "Phones Policy", 1, NOW, NOW)
WORDS = Wording()


def stand(
    n: int, team: str, standing: Standing, asked: datetime | None, *, question: bool
) -> Stand:
    """How somebody stands."""
    signed = None
    if standing in (Standing.CONFIRMED, Standing.EXCEPTED):
        kind = Kind.CONFIRMED if standing is Standing.CONFIRMED else Kind.EXCEPTED
        signed = Signed(f"p{n}", "phones", "d" * 64, 1, 2026, kind, NOW, f"A-{n:04}-XX")
    return Stand(
        person=Person(f"p{n}", f"Person {n}", team=team),
        policy="phones",
        title="Phones Policy",
        standing=standing,
        wording=KEPT,
        signed=signed,
        asked=asked,
        due=None,
        question=question,
        again=False,
    )


moments = st.integers(0, 120 * 24).map(
    lambda hours: NOW - timedelta(days=50) + timedelta(hours=hours)
)
rolls = st.lists(
    st.tuples(
        st.sampled_from(["", "Year 1", "Year 2", "Office", "=SUM(A1)"]),
        st.sampled_from(Standing),
        st.none() | moments,
        st.lists(moments, max_size=4).map(sorted),
        st.booleans(),
    ),
    max_size=40,
)


def rows_from(roll):
    return [
        row_of(stand(n, team, standing, asked, question=question), carried)
        for n, (team, standing, asked, carried, question) in enumerate(roll)
    ]


def ack_of(signed: Signed, **said: str) -> Ack:
    filled = {
        "name": "Person", "roles": (), "team": "", "group": "staff", "title": "Phones Policy",
        "version": "3", "channel": "slack", "event": "e",
    }  # fmt: skip
    return Ack(
        "i", "oak", signed.reference, signed.person, signed.policy, signed.digest, signed.epoch,
        signed.year, signed.kind, signed.at, Said(**(filled | said)),
    )  # fmt: skip


# --- everybody is in exactly one column ----------------------------------------------------------------------


@given(rolls)
def test_the_numbers_add_up_to_the_roll_to_the_last_person(roll):
    rows = rows_from(roll)
    n = numbers(rows)

    assert n.confirmed + n.exceptions + n.questions + n.outstanding == n.roll == len(roll)
    assert n.not_reached + n.not_asked <= n.outstanding
    count = Counter(standing for _, standing, *_ in roll)
    assert n.confirmed == count[Standing.CONFIRMED]
    assert n.exceptions == count[Standing.EXCEPTED]


@given(rolls)
def test_the_teams_add_up_as_well_however_they_are_shown(roll):
    rows = rows_from(roll)

    assert added(by_team(rows)) == numbers(rows)
    assert sum(len(mine) for mine in grouped(rows, lambda r: r.team).values()) == len(rows)


@given(rolls)
def test_what_was_sent_is_never_read_and_what_was_not_carried_never_sent(roll):
    for row, (_, standing, asked, carried, _) in zip(rows_from(roll), roll, strict=True):
        if standing not in (Standing.CONFIRMED, Standing.EXCEPTED):
            assert row.column not in (Column.CONFIRMED, Column.EXCEPTION)
        if row.column is Column.SENT:
            assert row.sent in carried
            assert asked is not None
            assert row.sent >= asked
        if asked is None:
            assert row.sent is None
            assert row.column not in (Column.SENT, Column.NOT_REACHED)
        assert 0 <= row.reminded <= max(0, len(carried) - 1)


@given(rolls)
def test_the_list_names_everybody_once(roll):
    rows = rows_from(roll)
    whole = {r.stand.signed.reference: ack_of(r.stand.signed) for r in rows if r.stand.signed}
    read = list(csv.DictReader(io.StringIO(as_csv(listed(rows, (), whole, WORDS)))))

    assert [line["name"] for line in read] == [f"Person {n}" for n in range(len(roll))]
    assert Counter(line["state"] for line in read if line["state"].startswith("confirmed")) == (
        {"confirmed": numbers(rows).confirmed} if numbers(rows).confirmed else {}
    )
    assert all(bool(line["reference"]) == bool(line["digest"]) for line in read)


@given(rolls)
def test_no_number_for_governors_is_of_one_or_two_where_there_are_more(roll):
    rows = rows_from(roll)
    lines = by_team(rows)

    if len(rows) >= FEWEST:
        assert all(line.numbers.roll >= FEWEST for line in lines)
    assert len(lines) <= MOST_TEAMS


def test_very_many_teams_are_at_most_so_many_lines():
    rows = rows_from([(f"Team {n:02}", Standing.OUTSTANDING, None, [], False) for n in range(60) for _ in range(4)])  # fmt: skip
    lines = by_team(rows)

    assert len(lines) == MOST_TEAMS
    assert added(lines).roll == 240


@given(st.integers(0, 500), st.integers(0, 500))
def test_a_bar_is_full_only_where_nobody_is_missing_and_empty_only_where_nobody_is_there(
    part, more
):
    whole = part + more
    drawn = bar(part, whole)

    assert len(drawn) == CELLS
    assert (drawn == "▰" * CELLS) == (part > 0 and more == 0)
    assert (drawn == "▱" * CELLS) == (part == 0)
    assert (share(part, whole) == 100) == (part > 0 and more == 0)
    assert (share(part, whole) == 0) == (part == 0)


@given(st.lists(st.integers(-60, 400)), st.integers(0, 400), st.integers(0, 20))
def test_the_chart_never_falls_and_ends_with_the_share_of_today(days, length, more):
    opens = date(2026, 9, 1)
    today = opens + timedelta(days=length)
    given_ = [opens + timedelta(days=d) for d in days if d <= length]
    drawn = points(given_, len(given_) + more, opens, today)

    assert 1 <= len(drawn) <= MOST_POINTS
    assert (drawn[0].day, drawn[-1].day) == (opens, today)
    assert [p.day for p in drawn] == sorted({p.day for p in drawn})
    assert [p.confirmed for p in drawn] == sorted(p.confirmed for p in drawn)
    assert drawn[-1].confirmed == len(given_)
    assert drawn[-1].share == share(len(given_), len(given_) + more)


# --- the list ------------------------------------------------------------------------------------------------

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    "＝1",
    '=HYPERLINK("http://x.example")',
]


@pytest.mark.parametrize("name", FORMULAS)
def test_no_cell_is_a_formula(name):
    row = row_of(stand(1, name, Standing.CONFIRMED, None, question=False), [])
    whole = {row.stand.signed.reference: ack_of(row.stand.signed, title=name, channel=name)}
    text = as_csv(listed([row], (), whole, WORDS))
    (line,) = list(csv.DictReader(io.StringIO(text, newline="")))

    for cell in line.values():
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝"))
    assert line["team"] == f"'{name}"


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_a_list_of_any_names_is_read_back_and_holds(name):
    row = row_of(stand(1, name, Standing.CONFIRMED, None, question=False), [])
    ack = ack_of(row.stand.signed, name="Person 1", title=name, version=name)
    text = as_csv(listed([row], (), {ack.reference: ack}, WORDS))

    assert check_list(text, {ack.reference: ack}, {"p1": "Person 1"}) == (1, [])


def test_the_file_opens_in_a_spreadsheet_and_the_printed_one_in_a_program(oak, mayi, tmp_path):  # noqa: F811
    says = oak("", phones=PHONES)
    says.talk.conversation.tick()
    says.confirm()
    home = ("--home", says.folder.parents[1])
    ran = mayi("acks", "--csv", tmp_path / "list.csv", *home)
    printed = mayi("acks", "--csv", "-", *home)
    held = (tmp_path / "list.csv").read_bytes()

    assert (ran.status, ran.out) == (0, "")
    assert held.startswith(b"\xef\xbb\xbfname,team,")
    assert held[3:].decode() == printed.out
    lines = list(csv.DictReader(io.StringIO(printed.out)))
    assert tuple(lines[0]) == COLUMNS
    (mine,) = [line for line in lines if line["name"] == "Sam Sample"]
    assert (mine["team"], mine["group"], mine["state"]) == ("Year 3", "staff", "confirmed")
    assert (mine["policy"], mine["version"], mine["channel"]) == ("Phones Policy", "3", "terminal")
    assert mine["at"] == mine["asked"] == "2026-09-01T08:30:00+00:00"
    assert len(mine["digest"]) == 64


def test_somebody_who_left_stays_in_the_list_as_that(oak, mayi):  # noqa: F811
    says = oak("", phones=PHONES)
    says.talk.conversation.tick()
    says.confirm()
    toml = says.folder / "school.toml"
    toml.write_text(toml.read_text().replace('name = "Sam Sample"', 'name = "Sam Sample"\nleaves = 2026-09-04'))  # fmt: skip
    ran = mayi("acks", "--csv", "-", "--home", says.folder.parents[1])
    lines = list(csv.DictReader(io.StringIO(ran.out)))

    assert [(line["name"], line["state"]) for line in lines if line["reference"]] == [
        ("Sam Sample", "confirmed, left the school")
    ]


def test_the_command_prints_numbers_and_no_names(oak, mayi):  # noqa: F811
    says = oak("", phones=PHONES)
    says.confirm()
    ran = mayi("acks", "--home", says.folder.parents[1])

    assert ran.status == 0
    assert "Phones Policy" in " ".join(ran.out.split())
    assert "Sam" not in ran.out
    assert "people on the roll of Oak School" in ran.out


def test_bad_use_is_said_in_a_line(oak, mayi, make_school, tmp_path):  # noqa: F811
    says = oak("", phones=PHONES)
    home = ("--home", says.folder.parents[1])

    assert "there is no policy 'x' to confirm here; there are: phones" in mayi("acks", "--policy", "x", *home).err  # fmt: skip
    assert mayi("acks", "--policy", "x", *home).status == 2
    assert mayi("acks", "--pdf", tmp_path / "no" / "where.pdf", *home).status == 3
    assert mayi("acks", "--school", "oak", "verify", *home).status == 2
    make_school(says.folder.parents[1], "elm")
    ran = mayi("acks", "--school", "elm", *home)
    assert (ran.status, ran.out) == (3, "")
    assert "asks nobody to confirm a policy: write [acknowledgements]" in ran.err


# --- the report ----------------------------------------------------------------------------------------------


class Strict(HTMLParser):
    """Fails on a tag that is not closed or never opened; keeps the words and what a page would fetch."""

    VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.tags: list[tuple[str, dict]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


def figures(teams: int = 12, policies: int = 5, *, name: str = "Team {}", days: int = 60, **more):
    """What governors are shown of a school of this size."""
    n = Numbers(roll=9, confirmed=5, exceptions=1, questions=1, outstanding=2, not_reached=1)
    lines = tuple(Line(name.format(i), n) for i in range(teams))
    opens = date(2026, 9, 1)
    filled = {
        "school": "Oak & Ash <School>", "at": datetime(2026, 11, 20, 9, tzinfo=UTC), "year": 2026,
        "opens": opens, "due": opens + timedelta(28), "people": 9 * teams, "total": added(lines),
        "policies": tuple(Line(name.format(f"P{i}"), n, 4) for i in range(policies)), "teams": lines,
        "time": points([opens + timedelta(i) for i in range(40)], 90, opens, opens + timedelta(days)),
        "left": 1, "discussions": 2, "discussed": True,
    }  # fmt: skip
    return Figures(**(filled | more))


def html_of(f: Figures) -> Strict:
    parser = Strict()
    parser.feed(governors_html(sheet_of(f, WORDS)))
    parser.close()
    assert parser.open == []
    return parser


LONG = "A very long name of a team or a policy that somebody wrote out in full, {}, and more of it"


@pytest.mark.parametrize(
    ("teams", "policies", "name", "days"),
    [
        (12, 5, "Team {}", 60),
        (12, 5, LONG, 364),
        (MOST_TEAMS, 12, LONG, 364),
        (1, 1, "Team {}", 0),
        (0, 0, "", 0),
        (12, 5, "ŵŷ Łódź 漢字 {}", 60),
    ],
)
def test_the_pdf_is_one_a4_page(teams, policies, name, days):
    drawn = governors_pdf(sheet_of(figures(teams, policies, name=name, days=days), WORDS))
    (page,) = pypdf.PdfReader(BytesIO(drawn)).pages
    words = page.extract_text()

    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    assert "Oak & Ash <School>" in words
    assert words.count("45%") == 0
    assert words.count("56%") >= teams + policies


def test_page_and_pdf_say_the_same_numbers():
    f = figures()
    sheet = sheet_of(f, WORDS)
    drawn = pypdf.PdfReader(BytesIO(governors_pdf(sheet))).pages[0].extract_text()
    page = html_of(f)
    both = (" ".join(drawn.split()), " ".join(" ".join(page.text).split()))

    for words in both:
        for line in (*sheet.lines, *sheet.notes):
            assert line in words
        for table in sheet.tables:
            assert " ".join(table.total) in words
            for row in table.rows:
                assert " ".join(row) in words
        for point in sheet.chart.points:
            assert f"{point.day:%-d %b}" in words


def test_the_page_needs_nothing_but_itself():
    page = html_of(figures())
    names = {tag for tag, _ in page.tags}

    assert not names & {"script", "link", "img", "iframe", "form", "object"}
    assert not [a for _, attrs in page.tags for a in attrs if a.startswith("on") or a in ("src", "href", "style")]  # fmt: skip


def test_the_page_can_be_heard():
    """The picture has a name and a description, each table a caption and headings, and the points a table."""
    page = html_of(figures())
    (picture,) = [attrs for tag, attrs in page.tags if tag == "svg"]
    ids = {attrs["id"] for _, attrs in page.tags if "id" in attrs}

    assert picture["role"] == "img"
    assert {picture["aria-labelledby"], picture["aria-describedby"]} <= ids
    assert [tag for tag, _ in page.tags].count("caption") == 2
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in page.tags if tag == "th")
    assert dict(page.tags)["html"]["lang"] == "en-GB"


@given(st.text(string.ascii_letters + "<>&\"'{}%\\ é漢\u202e\x00", min_size=1, max_size=40))
def test_a_name_of_a_team_is_shown_as_it_is_and_makes_no_tag(name):
    f = figures(teams=1, policies=1, name="x", school=name)
    page = html_of(f)

    assert {tag for tag, _ in page.tags} == {
        tag for tag, _ in html_of(figures(1, 1, name="x")).tags
    }
    assert any(name.strip() in text for text in page.text) or "\x00" in name


def test_the_command_writes_both(oak, mayi, tmp_path):  # noqa: F811
    says = oak("", phones=PHONES)
    says.talk.conversation.tick()
    says.confirm()
    ran = mayi("acks", "--html", tmp_path / "r.html", "--pdf", tmp_path / "r.pdf", "--home", says.folder.parents[1])  # fmt: skip

    assert (ran.status, ran.out, ran.err) == (0, "", "")
    page = Strict()
    page.feed((tmp_path / "r.html").read_text("utf-8"))
    assert "Sam" not in " ".join(page.text)
    assert len(pypdf.PdfReader(tmp_path / "r.pdf").pages) == 1
