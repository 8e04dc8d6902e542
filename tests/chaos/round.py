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
from bot.records import messages
from bot.records.messages import Message
from bot.records.store import Store
from bot.work.queue import AT_ONCE
from bot.work.sending import send
from handlers.jobs import JOBS
from tests import slack_fakes
from tests.chaos.round_judge import Totals, judged
from tests.chaos.round_school import (
    OPENS,
    SCHOOLS,
    STAFF,
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
    # Of each message, how often it was taken, and whether it said then that it may be a repeat.
    took: dict[str, list[bool]] = field(default_factory=lambda: defaultdict(list))
    turns: dict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    events: int = 0
    broken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_id = {p.id: p for p in self.people}

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
        lanes, tried = asyncio.Semaphore(AT_ONCE), set[str]()

        async def one(message: str) -> None:
            async with lanes:
                await send(self.store, message, self._carry, lambda: self.now)

        while due := [
            m for m in await messages.waiting(self.store, self.now, 500) if m not in tried
        ]:
            tried.update(due)
            await asyncio.gather(*map(one, due))

    async def _carry(self, message: Message) -> str:
        """The real way out, and what of it was really taken."""
        person = self.by_id[message.person]
        async with self.turns[person.id]:
            there = self.taken_of(person)
            before = len(there)
            try:
                return await carrier(self.site, Serving(), None, self.channels)(message)
            finally:
                self.took[message.id] += there[before:]

    def taken_of(self, p: Somebody) -> list[bool]:
        """What was taken for somebody."""
        return self.taken[p.account.partition(":")[0]].by[p.account]

    async def hear(self, p: Somebody, says: str, **values: str | tuple[str, ...]) -> Reply:
        """What MayI answers to somebody through the front door."""
        self.events += 1
        event = Event(says, conversation=p.account, id=f"{p.account}:{self.events}", values=values)
        heard = await self.front.hear(p.account, event)
        await self.front.done(event.id)
        return heard.reply

    async def people_act(self, day: date) -> None:
        for p in self.people:
            if p.reached is None and self.taken_of(p):
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


# --- setting it up -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _under_way(folder: Path, people: list[Somebody]) -> AsyncIterator[Round]:
    settle(folder, people)
    (folder / "data").mkdir()
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
    site = Site(Home(folder), lambda: made["round"].now if made else first)
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


async def the_round(
    seed: int,
    progress: Callable[[int, int], None],
    schools: int = SCHOOLS,
    staff: int = STAFF,
) -> Totals:
    """Five weeks of it, on SQLite."""
    folder = Path(tempfile.mkdtemp(prefix="mayi-round-"))
    people = everybody(seed, schools, staff)
    quiet = logging.root.manager.disable
    logging.disable(logging.ERROR)  # every refusal is a line
    try:
        async with _under_way(folder, people) as under_way:
            await under_way.run(progress)
            return await judged(under_way)
    finally:
        logging.disable(quiet)
        shutil.rmtree(folder, ignore_errors=True)
