"""The roll: who joined, moved and left, from one day's roster to the next."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.app.rosters import Rosters
from bot.app.site import Site
from bot.config import Home
from bot.people.roster import Known
from bot.records import members, tables
from bot.records.members import Change, Member
from handlers import roll as by_the_clock
from tests.stores import NOW

pytestmark = pytest.mark.asyncio

DAY = date(2026, 11, 16)


def on(*names: str, team: str = "", group: str = "staff") -> list[tuple[str, str, str]]:
    return [(name, team, group) for name in names]


STAFF = on(*(f"p{n}" for n in range(12)))


@pytest.fixture
def roll(store):
    """Brings the roll of a school in line with a roster, so many days after the first."""

    async def reconcile(persons, days=0, school="oak", **more) -> Change:
        async with store.writing() as tx:
            return await members.reconcile(tx, school, persons, DAY + timedelta(days=days), **more)

    return reconcile


@pytest.fixture
def kept(store):
    async def all_of(school="oak") -> list[Member]:
        async with store.reading() as conn:
            return await members.all_of(conn, school)

    return all_of


async def test_whoever_is_there_when_a_roll_begins_is_no_joiner(roll, kept):
    assert await roll(STAFF) == Change()
    assert {m.joined for m in await kept()} == {None}
    assert {m.seen for m in await kept()} == {DAY}


async def test_joiners_movers_leavers_and_who_comes_back_are_told_and_kept(roll, kept, store):
    await roll([*on("pat", "sam"), *on("robin", team="Year 3")])

    assert await roll([*on("pat", "kim"), *on("robin", team="Year 4")], 1) == Change(
        joined=("kim",), left=("sam",), moved=("robin",)
    )
    assert await roll([*on("pat", "kim", "sam"), *on("robin", team="Year 4")], 2) == Change(
        returned=("sam",)
    )
    assert await roll(on("pat", "kim", "sam"), 3) == Change(left=("robin",))
    assert await kept() == [
        Member("kim", DAY + timedelta(1), DAY + timedelta(1)),
        Member("pat", DAY),
        Member("robin", DAY, None, DAY + timedelta(3), "Year 4"),
        Member("sam", DAY),
    ]
    async with store.reading() as conn:
        assert [m.person for m in await members.starters(conn, "oak", DAY + timedelta(1))] == [
            "kim"
        ]
        assert await members.starters(conn, "oak", DAY + timedelta(2)) == []


async def test_whoever_comes_back_after_a_long_time_has_joined_anew(roll, kept):
    await roll(on("pat", "sam"))
    await roll(on("pat"), 1)

    assert await roll(on("pat", "sam"), 200) == Change(returned=("sam",))
    assert [m.joined for m in await kept()] == [None, DAY + timedelta(200)]


async def test_a_starter_who_has_left_is_no_starter_any_more(roll, store):
    await roll(on("pat"))
    await roll(on("pat", "kim"), 1)
    await roll(on("pat"), 2)

    async with store.reading() as conn:
        assert await members.starters(conn, "oak", DAY) == []


@pytest.mark.parametrize("rest", [[], STAFF[:5]])
async def test_a_list_that_is_empty_or_cut_off_changes_nothing_and_is_told(roll, kept, rest):
    await roll(STAFF)
    before = await kept()

    change = await roll([*rest, *on("kim")], 1)

    assert change == Change(
        suspicious=f"{12 - len(rest)} of 12 people on the roll are not on the roster of today"
    )
    assert await kept() == before


async def test_many_leave_at_once_where_the_school_says_so_by_dates_or_by_word(roll, kept):
    await roll(STAFF)

    gone = {f"p{n}" for n in range(10)}
    assert len((await roll(STAFF[10:], 1, dated=gone)).left) == 10
    await roll(STAFF, 2)
    assert len((await roll(STAFF[10:], 3, sure=True)).left) == 10
    assert [m.person for m in await kept() if m.left is None] == ["p10", "p11"]


async def test_few_people_or_half_of_them_may_leave_at_once(roll):
    await roll(STAFF)
    assert len((await roll(STAFF[6:], 1)).left) == 6
    assert len((await roll(STAFF[11:], 2)).left) == 5


async def test_a_list_that_is_new_here_brings_nobody_who_is_new_to_the_school(roll, kept):
    await roll(on("pat", "sam"))
    new = on("starter")

    assert await roll([*on("pat", "sam"), *STAFF, *new], 1, dated={"starter"}) == Change(
        joined=("starter",)
    )
    assert {m.person for m in await kept() if m.joined} == {"starter"}


async def test_schools_have_a_roll_each(roll, kept):
    await roll(on("pat"))
    await roll(on("sam"), 1, school="elm")

    assert [m.person for m in await kept("oak")] == ["pat"]
    assert [(m.person, m.left) for m in await kept("elm")] == [("sam", None)]


async def test_a_day_like_the_one_before_writes_nothing(roll, store):
    written = []
    sa.event.listen(
        store.engine.sync_engine,
        "before_cursor_execute",
        lambda *call: written.append(call[2]) if call[2].startswith("INSERT") else None,
    )
    await roll(STAFF)
    assert len(written) == 12
    await roll(STAFF, 1)
    assert len(written) == 12


ROSTERS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.lists(
            st.tuples(
                st.sampled_from([f"p{n}" for n in range(14)]),
                st.sampled_from(["", "A"]),
                st.sampled_from(["staff", "governors"]),
            ),
            max_size=20,
        ),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(days=ROSTERS)
async def test_whatever_the_rosters_everybody_of_today_is_current_once_and_nobody_who_left(
    sqlite_store, days
):
    async with sqlite_store.writing() as tx:
        await tx.conn.execute(sa.delete(tables.members))
    today, ever = DAY, set()
    for later, roster, sure in days:
        today += timedelta(later)
        async with sqlite_store.writing() as tx:
            change = await members.reconcile(tx, "oak", roster, today, sure=sure)
        async with sqlite_store.reading() as conn:
            found = await members.all_of(conn, "oak")
        names = {p for p, _, _ in roster}
        current = [m.person for m in found if m.left is None]
        if change.suspicious:
            assert not sure
            continue
        ever |= names
        assert sorted(current) == sorted(names)
        assert {m.person for m in found} == ever
        assert all(m.joined is None or m.seen <= m.joined <= today for m in found)
        assert all(m.left is None or m.left <= today for m in found)
        assert names.issuperset((*change.joined, *change.moved, *change.returned))
        assert names.isdisjoint(change.left)


# --- the job, on a school's own files ---------------------------------------------------------------------

SCHOOL = """
name = "Oak"
roster = "staff.csv"
[people.pat]
name = "Pat Example"
[people.printer]
name = "Printer Account"
group = "service"
[people.toni]
name = "Toni Teacher"
starts = 2026-11-23
[people.sam]
name = "Sam Sample"
leaves = 2026-11-17
away = ["2026-11-16/2026-11-17"]
"""


class World:
    """A school in a home, with the job run on days of its own."""

    def __init__(self, home: Home) -> None:
        self.now = NOW
        self.folder = home.root / "schools" / "oak"
        self.folder.mkdir(parents=True)
        self.site = Site(home, clock=lambda: self.now)
        self.list("Vic Volunteer,volunteer")

    def list(self, *rows: str, toml: str = SCHOOL) -> None:
        (self.folder / "school.toml").write_text(toml, "utf-8")
        (self.folder / "staff.csv").write_text("\n".join(["name,group", *rows]), "utf-8")

    async def roll(self, days: int = 0) -> list[str]:
        self.now = NOW + timedelta(days=days)
        await by_the_clock.keep_the_roll(self.site.services("oak"))
        async with (await self.site.records()).reading() as conn:
            found = await members.all_of(conn, "oak")
        return [m.person for m in found if m.left is None]

    async def starters(self) -> list[str]:
        async with (await self.site.records()).reading() as conn:
            return [m.person for m in await members.starters(conn, "oak", date.min)]


@pytest_asyncio.fixture
async def oak(records_url, tmp_path):
    url = records_url if records_url.startswith("postgresql") else ""
    world = World(Home(tmp_path / "home", database=url))
    yield world
    await world.site.close()


async def test_the_roll_follows_the_school_files_from_day_to_day(oak):
    assert await oak.roll() == ["pat", "sam", "vic-volunteer"]
    assert await oak.roll(1) == ["pat", "sam", "vic-volunteer"]
    assert await oak.roll(2) == ["pat", "vic-volunteer"]
    assert await oak.roll(7) == ["pat", "toni", "vic-volunteer"]
    assert await oak.starters() == ["toni"]
    oak.list("Kim New,")
    assert await oak.roll(7) == ["kim-new", "pat", "toni"]
    assert await oak.starters() == ["kim-new", "toni"]


async def test_a_platform_whose_list_has_not_come_makes_nobody_leave_or_join(oak):
    oak.list(toml=SCHOOL + '[slack]\nworkspace = "T1"\nroster = "members"\n')
    assert await oak.roll() == []

    oak.site.known["oak"] = (Known("slack:T1/U1", "Kim New", "kim@example.org"),)
    assert await oak.roll() == ["kim-example-org", "pat", "sam"]
    oak.site.known["oak"] = ()
    assert await oak.roll(1) == ["kim-example-org", "pat", "sam"]
    assert await oak.starters() == []


async def test_somebody_who_is_gone_from_slack_leaves_the_roll(oak):
    oak.list(toml=SCHOOL + '[slack]\nworkspace = "T1"\nroster = "members"\n')
    both = [Known(f"slack:T1/U{n}", f"N {n}", f"n{n}@example.org") for n in (1, 2)]
    oak.site.known["oak"] = tuple(both)
    assert await oak.roll() == ["n1-example-org", "n2-example-org", "pat", "sam"]

    oak.site.known["oak"] = (both[0], Known("slack:T1/U2", "N 2", "n2@example.org", active=False))
    assert await oak.roll(1) == ["n1-example-org", "pat", "sam"]


async def test_a_list_that_is_cut_off_is_logged_once_a_day_until_somebody_has_looked(oak, caplog):
    by_the_clock._said.clear()
    everybody = [f"Person N{n}," for n in range(20)]
    oak.list(*everybody)
    whole = await oak.roll()
    oak.list(*everybody[:3])

    with caplog.at_level(logging.ERROR, "handlers.roll"):
        assert [await oak.roll() for _ in range(3)] == [whole] * 3
        assert await oak.roll(1) == whole
    assert [r.getMessage().partition(";")[0] for r in caplog.records] == [
        "oak: 17 of 22 people on the roll are not on the roster of today"
    ] * 2
    assert "roll_checked = 2026-11-17" in caplog.records[-1].getMessage()
    oak.list(*everybody[:3], toml="roll_checked = 2026-11-17\n" + SCHOOL)
    assert await oak.roll(1) == ["pat", "person-n0", "person-n1", "person-n2", "sam"]


async def test_a_holder_who_left_is_not_served_and_the_next_one_holds_the_role(oak):
    oak.list(
        toml='[people.old]\nname = "Old Head"\naccounts = ["slack:T1/U1"]\nleaves = 2026-11-30\n'
        '[people.new]\nname = "New Head"\nstarts = 2026-12-01\naccounts = ["slack:T1/U2"]\n'
        '[people.toni]\nname = "Toni Teacher"\nanswers_to = ["old"]\n'
        '[roles.headteacher]\nholders = ["Old Head", "New Head"]\n'
        '[roles.chair-of-governors]\nholder = "Sam Sample"\n'
    )
    school, rosters = oak.site.home.school("oak"), Rosters()

    def people(day: int):
        return rosters.of(school, (), NOW + timedelta(days=day))

    last, after = people(14), people(15)
    assert [p.id for p in last.holders("headteacher")] == ["old"]
    assert last.by_account("slack:t1/u1").id == "old"
    assert [p.id for p in after.holders("headteacher")] == ["new"]
    assert after.by_account("slack:T1/U1") is None
    assert after.who("Old Head") is None
    # Whoever answered to somebody who left still answers to whoever they answered to.
    assert after.lines("toni") == {"old", "new", "sam-sample"}
    assert people(14) is not after
    assert people(15).holders("headteacher") == after.holders("headteacher")
