"""What a term must have come to: the table of the school against the records and what really went out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from bot.records import tables
from tests.chaos.child import Process
from tests.chaos.term_school import (
    AT,
    AWAY,
    CLOSES,
    EVERYBODY,
    EXPECTED,
    FIRST,
    LAST,
    LAST_OF_SCHOOL,
    LEAVES,
    LONDON,
    MOST,
    NO_CHAT,
    OFF,
    OVER,
    PRESSES,
    SCHOOL,
    STARTS,
    SWITCHED_OFF,
    TERRY,
    Row,
    at_work,
    moments,
)

DAY = timedelta(days=1)
A_WHILE = timedelta(minutes=4)  # that the first look after the digest's hour may take


@dataclass(frozen=True)
class Sent:
    """Something that really went out."""

    message: str
    person: str
    items: tuple[str, ...]
    at: datetime  # by the clock on the wall
    at_once: bool
    repeat: bool
    pid: int

    @property
    def day(self) -> date:
        return self.at.date()


async def judge(process: Process, last: date = LAST) -> None:
    """Note what came of the term up to its `last` day, and everything that is broken."""
    store = await process.site.records()
    async with store.reading() as conn:
        decided = [dict(r) for r in (await conn.execute(sa.select(tables.occurrences))).mappings()]
        items = [dict(r) for r in (await conn.execute(sa.select(tables.items))).mappings()]
        messages = [dict(r) for r in (await conn.execute(sa.select(tables.messages))).mappings()]
    events = process.journal.look()
    sends, killed = sent_digests(events), when_killed(events)
    decided = [d for d in decided if d["outcome"] != "begun"]
    broken: list[str] = []
    rows = {key: row for key, row in _rows().items() if row.due <= last}
    names = dict(_named(decided, rows, broken))
    of_item = {
        i["id"]: (names[i["occurrence"]], i["person"]) for i in items if i["occurrence"] in names
    }
    broken += _outcomes(decided, items, names)
    broken += _right_time(sends)
    broken += repeats(sends, killed)
    broken += _each_once(sends, of_item, killed, rows.values(), last)
    broken += _in_the_records(sends, messages)
    printed = (process.world.folder / "printed").read_text("utf-8", "replace")
    lines = printed.splitlines()
    broken += [
        f"{row.id}: missed, and the log does not say so"
        for row in rows.values()
        if row.missed
        and not any(f":{row.id}:" in e.replace(" ", "") and e.endswith(": missed") for e in lines)
    ]
    # Two replicas may stand in each other's way in PostgreSQL: the next minute does it.
    broken += sorted(
        {e for e in lines if e.startswith("ERROR") and "job " in e and "OperationalError" not in e}
    )
    told = {of_item[i] for s in sends for i in s.items if i in of_item}
    process.journal.note(
        "judged",
        occurrences=len(decided),
        told=len(told),
        missed=sum(i["state"] == "missed" for i in items)
        + sum(d["outcome"] == "missed" for d in decided),
        sends=len(sends),
        repeats=sum(s.repeat for s in sends),
        broken=broken,
    )


def sent_digests(events: list[dict[str, Any]]) -> list[Sent]:
    """The digests that really went out, in order."""
    return [
        Sent(
            e["message"],
            e["person"],
            tuple(e["items"]),
            datetime.fromisoformat(e["at"]).astimezone(LONDON),
            e["at_once"],
            e["says_repeat"],
            e["pid"],
        )
        for e in events
        if e["e"] == "send" and e["template"] == "digest"
    ]


def when_killed(events: list[dict[str, Any]]) -> dict[int, datetime]:
    """When each process was killed, by its id."""
    return {
        e["dead"]: datetime.fromisoformat(e["at"]).astimezone(LONDON)
        for e in events
        if e["e"] == "killed"
    }


def _rows() -> dict[tuple[str, date], Row]:
    """Everything that is expected to be decided, by its name and day: an occasion's own id is made up when told."""
    rows = [*EXPECTED, *OVER, *(p.row for p in PRESSES if p.row is not None)]
    return {(row.id, row.due): row for row in rows}


def _hour(day: date) -> datetime:
    return datetime.combine(day, AT, LONDON).astimezone(UTC)


def _named(
    decided: Iterable[dict[str, Any]], rows: dict[tuple[str, date], Row], broken: list[str]
) -> Iterable[tuple[str, Row]]:
    """Each decided occurrence and what was expected; what was not, and what is lacking, is broken."""
    left = dict(rows)
    for d in decided:
        id_, due = d["id"].removeprefix(f"{SCHOOL}:"), d["due"].astimezone(LONDON).date()
        row = left.pop((id_, due), None) or left.pop((id_.partition(":")[0], due), None)
        if row is None:
            broken.append(f"{id_}, due {due}: decided, and nobody expects it")
        else:
            yield d["id"], row
    broken += [f"{row.id}, due {row.due}: was never decided" for row in left.values()]


def _outcomes(
    decided: list[dict[str, Any]], items: list[dict[str, Any]], names: dict[str, Row]
) -> list[str]:
    """Each is decided for whom it is, with its own moments; what was too late counts as missed."""
    out = []
    whose = defaultdict(list)
    for i in items:
        whose[i["occurrence"]].append(i)
    for d in decided:
        row = names.get(d["id"])
        if row is None:
            continue
        if d["outcome"] != ("missed" if row.missed else "told"):
            out.append(f"{row.id}: came out as {d['outcome']}")
        people = Counter(i["person"] for i in whose[d["id"]])
        # Whoever is away on the day of a closure is not told of it, but counts.
        if people - Counter(row.to) - Counter([TERRY]) or Counter(row.to) - people:
            out.append(f"{row.id}: is for {sorted(people.elements())}, not {sorted(row.to)}")
        if d["due"] != _hour(row.due):
            out.append(f"{row.id}: due {d['due']}")
        out += [
            f"{row.id}: of use until {i['until']}"
            for i in whose[d["id"]]
            if i["until"] != _hour(row.until)
        ]
    return out


def _right_time(sends: list[Sent]) -> list[str]:
    """In school time, to whoever is there; one digest a person a day."""
    out = []
    for s in sends:
        if s.day < STARTS.get(s.person, s.day) or s.day > LEAVES.get(s.person, s.day):
            out.append(f"{s.person}: was told on {s.at:%d %b}, when they were not on the staff")
        if _away(s.person, s.day):
            out.append(f"{s.person}: was told on {s.at:%d %b}, away")
        if not s.at_once and not (at_work(s.day) and AT <= s.at.time() < CLOSES):
            out.append(f"{s.person}: was told at {s.at:%d %b %H:%M}, out of hours")
    digests = Counter((s.person, s.day) for s in sends if not s.at_once and not s.repeat)
    out += [f"{person}: had {n} digests on {day}" for (person, day), n in digests.items() if n > 1]
    return out


def repeats(sends: list[Sent], killed: dict[int, datetime]) -> list[str]:
    """Sent again is only what a kill kept from being recorded, and it says so."""
    out = []
    by_message: dict[str, list[Sent]] = defaultdict(list)
    for s in sends:
        by_message[s.message].append(s)
    for found in by_message.values():
        for before, again in pairwise(found):
            if before.pid not in killed:
                out.append(f"{again.person}: a message was sent twice, and nobody was killed")
            if not again.repeat:
                out.append(f"{again.person}: a message was sent twice and did not say so")
    return out


def _each_once(
    sends: list[Sent],
    of_item: dict[str, tuple[Row, str]],
    killed: dict[int, datetime],
    rows: Iterable[Row],
    last: date,
) -> list[str]:
    """Everybody hears of everything once: on the first day they can, most pressing first."""
    out = []
    first: dict[tuple[Row, str], Sent] = {}
    for s in sends:
        for pair in {of_item[i] for i in s.items if i in of_item}:
            before = first.setdefault(pair, s)
            if before.message != s.message:
                out.append(f"{pair[0].id}: {pair[1]} was told of it in two messages")
    rows = list(rows)
    at_once = {p.row for p in PRESSES if p.at_once} & set(rows)
    for person in EVERYBODY:
        waiting = [r for r in rows if person in r.to and r not in at_once
                   and (person, r.id.partition("/")[0].partition(":")[0]) != SWITCHED_OFF]  # fmt: skip
        day = FIRST
        while day <= last:
            told = [
                r for (r, p), s in first.items() if p == person and s.day == day and not s.at_once
            ]
            out += [f"{r.id}: {person} was told of it on {day}" for r in told if r not in waiting]
            waiting = [r for r in waiting if r in told or day < r.until]
            now = (
                [r for r in waiting if (r.known or r.due) <= day] if _can_hear(person, day) else []
            )
            out += _chosen(person, day, now, told, _hurt(day, killed))
            waiting = [r for r in waiting if r not in told]
            day += DAY
    out += [
        f"{r.id}: {p} did not hear at once"
        for r in at_once
        if r
        for p in r.to
        if (r, p) not in first
    ]
    for (row, person), s in first.items():
        if not s.at_once and not any(k.date() == s.day and k < s.at for k in killed.values()):
            begins = min(m for m in moments(s.day, s.day) if m.time() >= AT)
            if s.at >= begins + A_WHILE:
                out.append(f"{row.id}: {person} heard at {s.at:%d %b %H:%M}, though nothing broke")
    return out


def _chosen(person: str, day: date, now: list[Row], told: list[Row], hurt: bool) -> list[str]:
    """What of that which waits is told on a day: as much as fits, duties first, then the longest due."""
    out = []
    if not hurt and len(told) != min(MOST, len(now)):
        waits = ", ".join(r.id for r in now if r not in told)
        out.append(f"{person}, {day}: told {len(told)} of {len(now)} that wait ({waits})")
    if len(told) > MOST:
        out.append(f"{person}, {day}: {len(told)} in one digest")
    for r in now:
        for t in told:
            if r not in told and (r.nudge, r.due) < (t.nudge, t.due):
                out.append(f"{person}, {day}: {t.id} went before {r.id}")
    return out


def _can_hear(person: str, day: date) -> bool:
    hears = STARTS.get(person, day) <= day <= LEAVES.get(person, day) and not _away(person, day)
    return (
        hears
        and at_work(day)
        and day != NO_CHAT[0].date()
        and not OFF[0].date() < day < OFF[1].date()
    )


def _away(person: str, day: date) -> bool:
    span = AWAY.get(person)
    return span is not None and span[0] <= day <= span[1]


def _hurt(day: date, killed: dict[int, datetime]) -> bool:
    """Whether somebody was killed so late on a day (or the school day before) that a message waits overnight."""
    late = time(LAST_OF_SCHOOL.hour, LAST_OF_SCHOOL.minute - 6)
    days = {day, *(d for n in range(1, 25) if at_work(d := day - n * DAY))}
    last_two = sorted(days)[-2:]
    return any(k.date() in last_two and late <= k.time() < CLOSES for k in killed.values())


def _in_the_records(sends: list[Sent], messages: list[dict[str, Any]]) -> list[str]:
    out = []
    went = {s.message for s in sends}
    rows = {m["id"]: m for m in messages}
    out += ["something was sent that is not in the records" for m in went if m not in rows]
    for m in messages:
        if m["template"] == "digest" and m["state"] == "sent" and m["id"] not in went:
            out.append(f"{m['person']}: a digest counts as sent and never was")
        if m["template"] == "digest" and m["state"] in ("pending", "sending"):
            out.append(f"{m['person']}: a digest is still {m['state']}")
    return out
