"""A made-up school and one term of it, with what is to go out written down by hand.

No day below is asked of the program: the table was made with a wall calendar. `due` and `until` are days there,
by the calendar as it stood when `due` came: from the school's hour of the one to the same hour of the other
something is of use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.chaos.days import put
from tests.chaos.world import World

SCHOOL = "wharf-lane"
LONDON = ZoneInfo("Europe/London")
AT, CLOSES, SOON = time(8, 15), time(17), time(8, 20)
MOST = 3
FIRST, LAST = date(2027, 1, 4), date(2027, 4, 16)

PAT, SAM, LEE, ROBIN = "pat-example", "sam-sample", "lee-office", "robin-practice"
KIM, MAX, SUE, JO, VIC, TERRY = (
    "kim-away", "max-longer", "sue-leaver", "jo-starter", "vic-later", "terry-imaginary",
)  # fmt: skip
AWAY = {
    KIM: (date(2027, 2, 23), date(2027, 2, 26)),
    MAX: (date(2027, 1, 4), date(2027, 1, 22)),
    TERRY: (date(2027, 1, 27), date(2027, 1, 27)),
}
STARTS = {JO: date(2027, 1, 18), VIC: date(2027, 2, 17)}
LEAVES = {SUE: date(2027, 2, 12), TERRY: date(2027, 4, 30)}
TEAMS = {ROBIN: "Year 3", KIM: "Year 3", JO: "Year 3", MAX: "Year 5", SUE: "Year 5",
         TERRY: "Year 5", LEE: "Office", VIC: "Office"}  # fmt: skip
EVERYBODY = (PAT, SAM, LEE, ROBIN, KIM, MAX, SUE, JO, VIC, TERRY)

# The calendar as it was first told, and as it was edited: half term a day longer, decided the evening before it;
# the Easter holidays longer at both ends; and, once summer term had begun, its first day put off.
HALF, BEGAN, FIRST_INSET = "2027-02-15/2027-02-19", "2027-04-12", '"2027-01-04"'
CALENDARS: tuple[tuple[datetime, str], ...] = tuple(
    (
        datetime.combine(day, at, LONDON),
        f"""[calendar]
inset = [{inset}]
terms = [
  {{ name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18, half_term = "2026-10-26/2026-10-30" }},
  {{ name = "Spring Term 2027", first = 2027-01-04, last = {last}, half_term = "{half}" }},
  {{ name = "Summer Term 2027", first = {summer}, last = 2027-07-21, half_term = "2027-05-31/2027-06-04" }},
]
""",
    )
    for day, at, inset, last, half, summer in (
        (FIRST, time(0), '"2027-01-04", "2027-02-22"', "2027-03-25", HALF, BEGAN),
        (date(2027, 2, 12), time(19), FIRST_INSET, "2027-03-25", "2027-02-15/2027-02-22", BEGAN),
        (date(2027, 3, 18), time(11), FIRST_INSET, "2027-03-24", "2027-02-15/2027-02-22", "2027-04-14"),
        (date(2027, 4, 14), time(19), FIRST_INSET, "2027-03-24", "2027-02-15/2027-02-22", "2027-04-15"),
    )
)  # fmt: skip
# The days on which staff were at work in the end, from the first to the last; 14 April came before its edit.
AT_WORK = (
    (date(2027, 1, 4), date(2027, 2, 12)),
    (date(2027, 2, 23), date(2027, 3, 24)),
    (date(2027, 4, 14), LAST),
)
# The machine is off from the evening of 1 March until after the digest's hour on the 3rd; the chat platform
# takes nothing on the 8th from before the digest until after school.
OFF = (datetime(2027, 3, 1, 18, tzinfo=LONDON), datetime(2027, 3, 3, 9, tzinfo=LONDON))
NO_CHAT = (datetime(2027, 3, 8, 8, tzinfo=LONDON), datetime(2027, 3, 8, 19, tzinfo=LONDON))


@dataclass(frozen=True)
class Row:
    """One time that something is due, and to whom it is to go."""

    id: str
    due: date
    until: date
    to: tuple[str, ...]
    nudge: bool = False
    missed: bool = False  # it was over before MayI could look at it: nobody is told
    known: date | None = (
        None  # the first morning after it was known, where that is later than `due`
    )

    def __post_init__(self) -> None:
        assert self.due < self.until


def _d(text: str) -> date:
    return date.fromisoformat(f"2027-{text}")


def _row(name: str, due: str, until: str, *to: str, nudge: bool = False) -> Row:
    return Row(name, _d(due), _d(until), to, nudge)


_JANUARY = (PAT, LEE, ROBIN, KIM, MAX, SUE, TERRY)
_FROM_HALF_TERM = (PAT, LEE, ROBIN, KIM, MAX, JO, VIC, TERRY)
_YEAR_3 = (ROBIN, KIM, JO)
# Mondays, and what was the first day at work in other weeks; each is of use for five days at work after it.
_WEEKS = (
    ("01", "01-04", "01-11"), ("02", "01-11", "01-18"), ("03", "01-18", "01-25"), ("04", "01-25", "02-01"),
    ("05", "02-01", "02-08"), ("06", "02-08", "02-22"), ("08", "02-23", "03-02"), ("09", "03-01", "03-08"),
    ("10", "03-08", "03-15"), ("11", "03-15", "03-22"), ("12", "03-22", "04-16"), ("15", "04-14", "04-21"),
)  # fmt: skip
# Over before school began again: decided while they were of use, told nobody.
OVER = (
    Row("own-week:2026-W51", date(2026, 12, 14), date(2027, 1, 4), (LEE,)),
    Row("undated:visits:2026-27/autumn/2", date(2026, 11, 2), date(2027, 1, 4), (PAT,)),
)
EXPECTED: tuple[Row, ...] = (
    _row("phones-away:2026-27/spring/1", "01-04", "01-11", *_JANUARY),
    _row("phones-away:2026-27/spring/2", "02-23", "03-02", *_FROM_HALF_TERM),
    _row("phones-away:2026-27/summer/1", "04-14", "04-21", *_FROM_HALF_TERM),
    _row("own-privacy:2026-27/spring", "01-04", "01-11", *_JANUARY, nudge=True),
    _row("own-privacy:2026-27/summer", "04-14", "04-21", *_FROM_HALF_TERM, nudge=True),
    *(_row(f"own-week:2027-W{n}", due, until, LEE) for n, due, until in _WEEKS),
    _row("own-month:2027-01", "01-04", "01-11", ROBIN, KIM),
    _row("own-month:2027-02", "02-01", "02-08", *_YEAR_3),
    _row("own-month:2027-03", "03-01", "03-08", *_YEAR_3),
    _row("own-month:2027-04", "04-14", "04-21", *_YEAR_3),
    _row("in-half-term:2027", "02-23", "03-02", PAT),  # 13 February is a Saturday before it
    _row("while-off:2027", "03-02", "03-09", *_FROM_HALF_TERM),
    _row(f"profile-check:{JO}:2027-01-18", "01-18", "02-15", JO, nudge=True),
    _row(f"profile-check:{VIC}:2027-02-17", "02-23", "03-17", VIC, nudge=True),
    _row(f"reporting-procedure:{JO}:2027-01-18", "01-18", "02-15", JO),
    _row(f"reporting-procedure:{VIC}:2027-02-17", "02-23", "03-17", VIC),
    _row(f"account-handover:{SUE}:2027-02-12", "01-29", "02-13", SUE),
    _row(f"account-handover:{TERRY}:2027-04-30", "04-16", "05-01", TERRY),
    _row("review:social:2027-02-26:-3", "01-04", "01-29", PAT),  # eight weeks before is New Year's Day
    _row("review:social:2027-02-26:-2", "01-29", "02-22", PAT),
    _row("review:social:2027-02-26:-1", "02-23", "02-26", PAT),  # a week before is in half term
    _row("review:social:2027-02-26:+0", "02-26", "03-12", PAT),
    _row("review:social:2027-02-26:+1", "03-12", "04-12", PAT),
    # The second and the third fortnight end in the Easter holidays: one reminder, the Chair's too.
    _row("review:social:2027-02-26:+3", "04-14", "04-23", PAT, SAM),
    _row("undated:visits:2026-27/spring/1", "01-04", "02-22", PAT),
    _row("undated:visits:2026-27/spring/2", "02-23", "04-12", PAT),
    _row("undated:visits:2026-27/summer/1", "04-14", "06-07", PAT),
)  # fmt: skip
SWITCHED_OFF = (LEE, "own-privacy")


@dataclass(frozen=True)
class Press:
    """Somebody tells MayI of a day, or switches something off; `says` and what they fill in then."""

    at: datetime
    person: str
    says: str
    kind: str = ""
    on: date | None = None
    to: str = ""
    row: Row | None = None  # what comes of it; its id goes on with the occasion's own
    at_once: bool = False


def _at(day: str, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(_d(day), time(hour, minute), LONDON)


PRESSES = (
    Press(_at("01-04", 7, 30), LEE, "/switch-off own-privacy"),
    # Snow, before the school opens: everybody who is at work hears at once, by whatever hour.
    Press(_at("01-27", 7, 30), PAT, "/remind", "home-learning", _d("01-27"), "staff",
          _row("device-loans", "01-27", "01-28", PAT, LEE, ROBIN, KIM, MAX, SUE, JO), at_once=True),
    Press(_at("02-03", 12), ROBIN, "/remind", "trip", _d("02-10"), "team",
          _row("visit-phone", "02-09", "02-11", *_YEAR_3)),
    # The day before it was an INSET day when this was told; the longer half term makes it the last day before.
    Press(_at("02-12", 12), ROBIN, "/remind", "trip", _d("02-23"), "team",
          Row("visit-phone", _d("02-12"), _d("02-24"), _YEAR_3, known=_d("02-23"))),
    Press(_at("02-24", 12), PAT, "/remind", "home-learning", _d("03-02"), "staff",
          Row("device-loans", _d("03-02"), _d("03-03"), (), missed=True)),
)  # fmt: skip

_POLICY = """---
title: {title}
version: "1"
{dates}
owner: headteacher
code: {code}
next_id: 10
---

# Rules

Staff must keep their phones off and out of sight while they are with pupils. {{#{code}-1}}

Staff should look at their privacy settings now and then. {{#{code}-2}}

On a visit staff must take the school phone. {{#{code}-3}}
"""
_RULES = """
[reminders]
owner_to_chair_after = 3
[reminders.phones-away]
clause = "WL-1"
[reminders.own-privacy]
clause = "WL-2"
source = "choice"
[reminders.visit-phone]
clause = "WL-3"
[reminders.device-loans]
[reminders.profile-check]
[reminders.reporting-procedure]
[reminders.account-handover]
[reminders.training]
to = ["headteacher"]
[reminders.own-week]
text = "The register of visitors."
when = "week"
to = ["office"]
[reminders.own-month]
text = "The shared tablets."
when = "month"
to = ["team:Year 3"]
[reminders.in-half-term]
text = "Safer Internet Day is over: what did pupils say?"
when = "13 February"
to = ["headteacher"]
[reminders.while-off]
text = "The photo consents of the new intake."
when = "2 March"
to = ["staff"]
"""


def settings(calendar: str) -> str:
    """The school.toml with this calendar."""
    lines = [
        'name = "Wharf Lane School"', "[answers]", 'contact = "headteacher"',
        "[roles.headteacher]", 'holder = "Pat Example"', "[roles.chair-of-governors]", 'holder = "Sam Sample"',
        "[roles.office]", 'holder = "Lee Office"', "[outside.lado]", 'phone = "01632 960001"',
    ]  # fmt: skip
    for person in EVERYBODY:
        name = person.replace("-", " ").title()
        lines += [
            f"[people.{person}]",
            f'name = "{name}"',
            f'accounts = ["slack:T0WHARF/{person}"]',
        ]
        lines += [f'team = "{TEAMS[person]}"'] if person in TEAMS else []
        lines += ["staff = false"] if person == SAM else []
        lines += [f"starts = {STARTS[person]}"] if person in STARTS else []
        lines += [f"leaves = {LEAVES[person]}"] if person in LEAVES else []
        if person in AWAY:
            lines.append(f'away = ["{AWAY[person][0]}/{AWAY[person][1]}"]')
    return "\n".join(lines) + "\n" + _RULES + calendar


def prepare(world: World) -> None:
    """Set the school up, the day before it comes back."""
    folder = world.home.root / "schools" / SCHOOL
    (folder / "policies").mkdir(parents=True)
    (folder / "school.toml").write_text(settings(CALENDARS[0][1]), "utf-8")
    for name, title, code, dates in (
        ("social", "Social Media Policy", "WL", "next_review: 2027-02-26\nreview_cycle: yearly"),
        ("visits", "Visits Policy", "VP", "adopted:"),
    ):
        text = _POLICY.format(title=title, code=code, dates=dates)
        (folder / "policies" / f"{name}.md").write_text(text, "utf-8")
    put(world, datetime(2027, 1, 3, 12, tzinfo=LONDON))


# Of each day at work: before the digest, at its hour, in the day, before the school closes, in the evening.
_WORKING = ((7, 30), (8, 10), (8, 16), (12, 0), (16, 50), (16, 56), (20, 0))
_OTHER = ((8, 30),)
LAST_OF_SCHOOL = time(16, 56)


def at_work(day: date) -> bool:
    """Whether staff were at work on a day, as it turned out."""
    return day.weekday() < 5 and any(first <= day <= last for first, last in AT_WORK)


def moments(first: date = FIRST, last: date = LAST) -> Iterator[datetime]:
    """The moments at which the clock of the world stands, in order; none while the machine is off."""
    day = first
    while day <= last:
        for hour, minute in _WORKING if at_work(day) else _OTHER:
            moment = datetime.combine(day, time(hour, minute), LONDON)
            if not OFF[0] <= moment < OFF[1]:
                yield moment
        day += timedelta(days=1)
