"""A round of acknowledgements at twenty schools, five weeks of it: 2,000 people on Slack and Teams.

The adapters, the sender and the handlers are the real ones; Slack and Teams are the tests' own, which refuse,
throttle, break off and take what they then say they did not. What people do goes through the front door, what
they saw is written down beside, and both are laid against the records at the end.
"""

from __future__ import annotations

import asyncio
import logging
import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import jwt
import sqlalchemy as sa
from aiohttp import web
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bot.app.carrying import carrier
from bot.app.front import Reception
from bot.app.site import Site
from bot.chat.model import Event, Form, Reply
from bot.config import Home, Serving, SlackSettings, TeamsSettings
from bot.platforms.slack import Slack
from bot.platforms.slack.api import Pace
from bot.platforms.teams import Teams
from bot.records import acks, messages, tables
from bot.records.store import Store
from bot.work.queue import AT_ONCE
from bot.work.sending import send
from handlers.jobs import JOBS
from handlers.outstanding import picture
from handlers.tally import Column, rows_of
from tests import slack_fakes
from tests.chaos.round_school import (
    ENDS,
    OPENS,
    POLICY,
    Somebody,
    Will,
    at,
    everybody,
    settle,
    staff_days,
)
from tests.slack_fakes import FakeSlack, limited
from tests.stores import _template
from tests.teams_fakes import BOT, TENANT, Connector, Served, cloud

REFERENCE = re.compile(r"A-[0-9A-Z]{4}-[0-9A-Z]{2}")
REPEATED = "You may have had this message before"
DONE_DAILY = ("roll", "dates", "watch")  # the jobs that a round needs
STEPS = (5, 10, 15)  # days at work after which somebody is reminded, as docs/reminders.md says
EXCEPTED_ON = date(2026, 9, 25)


@dataclass
class Trouble:
    """What a platform does to the next messages: how many of each."""

    throttled: int = 0  # 429 with Retry-After
    broken: int = 0  # an error that says nothing of whether it was taken; it was not
    taken: int = 0  # the same, and it was
    down: bool = False  # nothing is taken

    def next(self) -> str:
        for name in ("throttled", "broken", "taken"):
            if getattr(self, name):
                setattr(self, name, getattr(self, name) - 1)
                return name
        return "down" if self.down else ""


@dataclass
class Taken:
    """What a platform really took, by account: whether each says that it may be a repeat."""

    by: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    faults: Counter[str] = field(default_factory=Counter)
    trouble: Trouble = field(default_factory=Trouble)
    blocked: frozenset[str] = frozenset()


class TroubledSlack(FakeSlack):
    """Slack in trouble."""

    def __init__(self, taken: Taken) -> None:
        super().__init__()
        self.taken = taken

    async def _api(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["method"] != "chat.postMessage":
            return await super()._api(request)
        sent = await self._read(request)
        user = str(sent["channel"]).replace("D0", "U0", 1)
        account = f"slack:{slack_fakes.TEAM}/{user}"
        if account in self.taken.blocked:
            self.taken.faults["blocked"] += 1
            return web.json_response({"ok": False, "error": "user_disabled"})
        trouble = self.taken.trouble.next()
        if trouble:
            self.taken.faults[trouble] += 1
        if trouble in ("", "taken"):
            self.taken.by[account].append(REPEATED in str(sent["blocks"]))
        if trouble == "throttled":
            plan = limited(1)
            return web.json_response(plan.body, status=429, headers=dict(plan.headers))
        if trouble:
            return web.json_response({"ok": False, "error": "internal_error"}, status=503)
        return web.json_response({"ok": True, "ts": "1.0", "channel": sent["channel"]})


class TroubledTeams(Connector):
    """Teams in trouble."""

    did: Taken

    async def _post(self, request: Request) -> Response:
        body = await request.json()
        account = f"teams:{TENANT}/{request.path_params['conversation'].removeprefix('a:')}"
        if account in self.did.blocked:
            self.did.faults["blocked"] += 1
            return JSONResponse({"error": {"code": "ConversationBlockedByUser"}}, 403)
        trouble = self.did.trouble.next()
        if trouble:
            self.did.faults[trouble] += 1
        if trouble in ("", "taken"):
            self.did.by[account].append(REPEATED in str(body))
        if trouble in ("throttled", "down"):
            wait = "1" if trouble == "throttled" else "3600"
            return JSONResponse({"error": {"code": "no"}}, 429, headers={"Retry-After": wait})
        if trouble:
            return JSONResponse({"error": {"code": "no"}}, 502)
        return JSONResponse({"id": "m1"}, 201)


# What breaks on which days at work of the round, from its first: on Slack, on Teams.
TROUBLES: dict[int, tuple[Trouble, Trouble]] = {
    0: (Trouble(throttled=3, broken=25, taken=25), Trouble(throttled=5, broken=25, taken=25)),
    1: (Trouble(taken=5), Trouble(throttled=3, taken=5)),
    5: (Trouble(down=True), Trouble(broken=10, taken=10)),
    10: (Trouble(broken=10, taken=10), Trouble(down=True)),
    15: (Trouble(down=True), Trouble(down=True)),
}


@dataclass
class Round:
    """The round under way."""

    site: Site
    store: Store
    front: Reception
    channels: dict[str, Any]
    taken: dict[str, Taken]
    people: list[Somebody]
    now: datetime
    events: int = 0
    broken: list[str] = field(default_factory=list)

    async def run(self, progress: Callable[[int, int], None]) -> None:
        """Every day at work until the end."""
        days = list(staff_days())
        for n, day in enumerate(days):
            slack, teams = TROUBLES.get(n, (Trouble(), Trouble()))
            self.taken["slack"].trouble, self.taken["teams"].trouble = slack, teams
            self.now = at(day, 8, 20)
            await self.look(DONE_DAILY)
            slack.down = teams.down = False
            self.now = at(day, 13)
            await self.look(("dates",))
            await self.people_act(day)
            self.now = at(day, 15)
            await self.deliver()
            progress(n + 1, len(days))

    async def look(self, jobs: Iterable[str]) -> None:
        """What the clock does, and what that sends."""
        for school in self.site.home.own_schools():
            for job in jobs:
                await JOBS[job](self.site.services(school))
        await self.deliver()

    async def deliver(self) -> None:
        """Send what is due, as many at a time as one process does."""
        carry = carrier(self.site, Serving(), None, self.channels)
        lanes, tried = asyncio.Semaphore(AT_ONCE), set[str]()

        async def one(message: str) -> None:
            async with lanes:
                await send(self.store, message, carry, lambda: self.now)

        while due := [
            m for m in await messages.waiting(self.store, self.now, 500) if m not in tried
        ]:
            tried.update(due)
            await asyncio.gather(*map(one, due))

    async def hear(self, p: Somebody, says: str, **values: str | tuple[str, ...]) -> Reply:
        """What MayI answers to somebody through the front door."""
        self.events += 1
        event = Event(says, conversation=p.account, id=f"{p.account}:{self.events}", values=values)
        heard = await self.front.hear(p.account, event)
        await self.front.done(event.id)
        return heard.reply

    async def people_act(self, day: date) -> None:
        for p in self.people:
            if p.reached is None and self.taken[p.account.partition(":")[0]].by.get(p.account):
                p.reached = day
            if not p.there(day):
                continue
            # Somebody whom nothing reaches may still think of it by themselves.
            since = p.reached or (OPENS if p.blocked and p.wait % 3 == 0 else None)
            if since is None or (day - since).days < p.wait:
                continue
            if p.will is Will.CONFIRMS and p.confirmed is None:
                await self.confirms(p, day)
            elif p.will in (Will.ASKS, Will.DECLINES) and p.asked is None:
                await self.asks(p, day)
            elif p.will is Will.ASKS and p.asked and (day - p.asked).days >= 6 and not p.confirmed:
                await self.confirms(p, day)
        if day == EXCEPTED_ON:
            for p in self.people:
                if p.away and not p.there(day) and p.at_work(day) and p.confirmed is None:
                    await self.excepts(p, day)

    async def _opened(self, p: Somebody) -> Form | None:
        says = _button(await self.hear(p, "/acknowledge"), "/acknowledge-read")
        form = (await self.hear(p, says)).form if says else None
        if form is None:
            self.broken.append(f"{p.id}: cannot read the policy")
        return form

    async def confirms(self, p: Somebody, day: date) -> None:
        form, reply = await self._opened(p), Reply()
        while form is not None:
            reply = await self.hear(p, form.says)
            form = reply.form
        found = REFERENCE.search(_words(reply))
        if found is None:
            self.broken.append(f"{p.id}: sees no receipt: {_words(reply)[:80]}")
        else:
            p.confirmed = day
            p.references.append(found.group())

    async def asks(self, p: Somebody, day: date) -> None:
        form = await self._opened(p)
        says = next((b.says for b in form.buttons if "question" in b.says), "") if form else ""
        asking = (await self.hear(p, says)).form
        kind = "question" if p.will is Will.ASKS else "declined"
        if asking is not None:
            reply = await self.hear(p, asking.says, kind=kind, text="What of the staff room?")
            p.asked = day if REFERENCE.search(_words(reply)) else None
        if p.asked is None:
            self.broken.append(f"{p.id}: cannot ask")

    async def excepts(self, p: Somebody, day: date) -> None:
        head = next(h for h in self.people if h.school == p.school)
        form = (await self.hear(head, f"/acknowledge-except {p.id}")).form
        if form is None:
            self.broken.append(f"{p.id}: cannot be excepted")
            return
        values = {f.name: f.value for f in form.fields} | {"reason": "absence"}
        reply = await self.hear(head, form.says, **values)
        if p.id.upper() in _words(reply):
            p.excepted = day
        else:
            self.broken.append(f"{p.id}: was not excepted: {_words(reply)[:80]}")


def _button(reply: Reply, begins: str) -> str:
    return next((b.says for c in reply.cards for b in c.buttons if b.says.startswith(begins)), "")


def _words(reply: Reply) -> str:
    return "\n".join(w for c in reply.cards for w in (c.headline, *c.lines))


# --- what must have come of it ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Totals:
    """How a round ended."""

    states: dict[str, int] = field(default_factory=dict)
    roll: int = 0
    schools: int = 0
    prompts: int = 0
    sent: int = 0
    repeats: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    broken: tuple[str, ...] = ()


async def _judged(round_: Round) -> Totals:
    states: Counter[str] = Counter()
    prompts, roll = 0, 0
    broken = list(round_.broken)
    for school in round_.site.home.own_schools():
        mine = [p for p in round_.people if p.school == school]
        found, said, ids = await _records_of(round_, school)
        columns = {person: _state(column) for person, column in found.items()}
        wanted = {p.id: _state(_expected(p, round_)) for p in mine if p.at_work(ENDS)}
        if sum(Counter(columns.values()).values()) != len(wanted):
            broken.append(f"{school}: {len(columns)} people in columns, {len(wanted)} on the roll")
        broken += [
            f"{i}: stands as {columns.get(i)}, not {wanted.get(i)}"
            for i in columns.keys() | wanted.keys()
            if columns.get(i) != wanted.get(i)
        ]
        broken += _confirmations(mine, said)
        expected = Counter(
            f"{school}:ack:{POLICY}:2026:e1:{p.id}{step}" for p in mine for step in _prompts(p)
        )
        broken += [f"{i}: was decided, and nobody expects it" for i in ids.keys() - expected.keys()]
        broken += [f"{i}: was never decided" for i in expected.keys() - ids.keys()]
        broken += [f"{i}: was decided {n} times" for i, n in ids.items() if n != 1]
        states += Counter(columns.values())
        roll += len(wanted)
        prompts += len(ids)
    broken += await _sendings(round_)
    every = [t for taken in round_.taken.values() for t in taken.by.values()]
    faults = sum((taken.faults for taken in round_.taken.values()), Counter[str]())
    return Totals(
        dict(states), roll, len(round_.site.home.own_schools()), prompts, sum(map(len, every)),
        sum(map(sum, every)), dict(faults), tuple(broken),
    )  # fmt: skip


async def _records_of(
    round_: Round, school: str
) -> tuple[dict[str, Column], list[acks.Ack], Counter[str]]:
    """Who is in which column, what was said, and how many items each prompt led to."""
    services = round_.site.services(school)
    async with round_.store.writing() as tx:
        found = await picture(tx, services)
        assert found is not None
        rows = await rows_of(tx, found, services)
        said = await acks.all_of(tx.conn, tx.sealer, school)
        o, i = tables.occurrences, tables.items
        decided = await tx.conn.scalars(
            sa.select(o.c.id).where(
                o.c.school == school, o.c.reminder == "acknowledge", o.c.outcome == "told"
            )
        )
        ids = Counter(decided)
        made = Counter(await tx.conn.scalars(
            sa.select(i.c.occurrence).where(i.c.school == school, i.c.reminder == "acknowledge")))  # fmt: skip
    assert set(made) <= set(ids)
    return {r.stand.person.id: r.column for r in rows}, said, ids | made


_STATES = {
    Column.CONFIRMED: "confirmed",
    Column.EXCEPTION: "excepted",
    Column.QUESTION: "question",
    Column.SENT: "outstanding",
    Column.NOT_REACHED: "not reached",
    Column.AWAY: "away",
    Column.NOT_ASKED: "not asked yet",
}


def _state(column: Column) -> str:
    return _STATES[column]


def _expected(p: Somebody, round_: Round) -> Column:
    """Where somebody must stand, by what they did and what reached them."""
    if p.confirmed:
        return Column.CONFIRMED
    if p.excepted:
        return Column.EXCEPTION
    if p.asked:
        return Column.QUESTION
    if round_.taken[p.account.partition(":")[0]].by.get(p.account):
        return Column.SENT
    if any(True for _ in _prompts(p)):
        return Column.NOT_REACHED
    return Column.AWAY if not p.there(ENDS) else Column.NOT_ASKED


def _prompts(p: Somebody) -> Iterable[str]:
    """The prompts that somebody must have had: the first day they are there, then after 5, 10 and 15 at work."""
    first, had = None, set[int]()
    for n, day in enumerate(days := list(staff_days())):
        settled = min((d for d in (p.confirmed, p.excepted) if d), default=None)
        if not p.there(day) or (settled and settled < day):
            continue
        if first is None:
            first = n
            yield ""
            continue
        step = max((s for s in STEPS if n - first >= s), default=0)
        if n - first < 20 and step and step not in had:
            had.add(step)
            yield f":{step}d"
    del days


def _confirmations(mine: list[Somebody], said: list[acks.Ack]) -> Iterable[str]:
    """Every confirmation that somebody saw is in the records, and no other."""
    kept = Counter((a.person, a.reference) for a in said if a.kind is acks.Kind.CONFIRMED)
    saw = Counter((p.id, r) for p in mine for r in p.references)
    yield from (f"{person}: {r} was shown to them and is not kept" for person, r in saw - kept)
    yield from (f"{person}: {r} is kept and nobody saw it" for person, r in kept - saw)


async def _sendings(round_: Round) -> list[str]:
    """What counts as sent was taken; what was taken twice says so."""
    async with round_.store.reading() as conn:
        m = tables.messages
        rows = (await conn.execute(sa.select(m.c.person, m.c.state, m.c.channel))).all()
    sent = Counter(r.person for r in rows if r.state == "sent")
    tried = Counter(r.person for r in rows)
    out = []
    for p in round_.people:
        took = round_.taken[p.account.partition(":")[0]].by.get(p.account, [])
        if len(took) < sent[p.id]:
            out.append(f"{p.id}: {sent[p.id]} messages count as sent, {len(took)} were taken")
        if len(took) - sum(took) > tried[p.id]:
            out.append(f"{p.id}: {len(took)} were taken, of {tried[p.id]}; not all repeats say so")
        if len(took) > sent[p.id] and len(took) - sent[p.id] > sum(took) + tried[p.id] - sent[p.id]:
            out.append(f"{p.id}: something was sent twice and did not say so")
    return out


# --- setting it up -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _under_way(folder: Path, seed: int, database: str) -> AsyncIterator[Round]:
    people = everybody(seed)
    settle(folder, people)
    (folder / "data").mkdir()
    if not database:
        (folder / "data" / "mayi.db").write_bytes(_template("sqlite"))
    blocked = frozenset(p.account for p in people if p.blocked)
    taken = {name: Taken(blocked=blocked) for name in ("slack", "teams")}
    slack_side = await TroubledSlack(taken["slack"]).start()
    teams_side = TroubledTeams()
    teams_side.did = taken["teams"]
    served = Served(teams_side.app)
    teams_side.url = served.url
    made: dict[str, Round] = {}
    first = at(OPENS, 7)
    site = Site(Home(folder, database=database), lambda: made["round"].now if made else first)
    front = Reception(site)
    await front.load()
    slack = Slack(
        SlackSettings(bot_token=slack_fakes.BOT, signing_secret=slack_fakes.SECRET, api_url=slack_side.url),
        front, pace=Pace(0, 30),
    )  # fmt: skip
    teams = Teams(
        TeamsSettings(BOT, "", tenant=TENANT, tenants=frozenset({TENANT}), service_url=teams_side.service,
                      managed_identity="system"),
        front, cloud=cloud(teams_side), token=lambda *_: jwt.encode({"exp": 4_102_444_800}, "k" * 32),
    )  # fmt: skip
    await slack.start()
    await teams.start()
    try:
        made["round"] = Round(
            site,
            await site.records(),
            front,
            {"slack": slack, "teams": teams},
            taken,
            people,
            first,
        )
        yield made["round"]
    finally:
        await slack.stop()
        await teams.stop()
        await site.close()
        await slack_side.stop()
        served.close()


async def the_round(seed: int, progress: Callable[[int, int], None], database: str = "") -> Totals:
    """Five weeks of it."""
    logging.disable(logging.WARNING)  # every refusal is a line
    folder = Path(tempfile.mkdtemp(prefix="mayi-round-"))
    try:
        async with _under_way(folder, seed, database) as under_way:
            await under_way.run(progress)
            return await _judged(under_way)
    finally:
        logging.disable(logging.NOTSET)
        shutil.rmtree(folder, ignore_errors=True)
