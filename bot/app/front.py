"""Who is talking, and to which school: what stands between the chat platforms and the handlers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.app.site import Site
from bot.chat.front import Heard, RosterEntry
from bot.chat.model import Button, Card, Event, Reply
from bot.chat.render import Wording
from bot.chat.router import Router
from bot.config import School
from bot.errors import MayIError
from bot.people.roster import Known
from bot.records import accounts, visits
from bot.records.accounts import Came, OnRoster
from bot.work.sending import said
from handlers.routes import ROUTES
from handlers.services import Services

log = logging.getLogger(__name__)
CHOSEN = "school"  # the keepsake of somebody who works at two schools
AT_ONCE = 20  # events in one transaction: the first need not wait for the last of a crowd
SHOWN = tuple((r.words[0] if r.words else "anything else", r.help) for r in ROUTES if r.shown)


@dataclass(slots=True)
class Reception:
    """Takes events from chat platforms (a `bot.chat.front.Front`). Load it before the first event."""

    site: Site
    url: str = ""  # where people reach the pages, for what chat cannot carry
    _router: Router[Services] = field(init=False)
    _book: _Book = field(init=False)

    def __post_init__(self) -> None:
        self._router = Router(ROUTES, lambda s: s.wording)
        self._book = _Book(self.site)

    async def load(self) -> None:
        """Read what the platforms have told before of who works where."""
        for school in self._schools():
            await self._load(school)

    async def known(self, account: str) -> bool:
        """Whether this account is somebody's on a roster that counts here."""
        return bool(self._at(account))

    async def hear(self, account: str, event: Event) -> Heard:
        """Answer an event once; a stranger gets one plain refusal. Never raises."""
        try:
            came = await self._came(event)
            if came is Came.ANSWERED:
                return Heard(Reply())
            return Heard(await self._answer(account, event), repeat=came is Came.AGAIN)
        except Exception as e:  # noqa: BLE001  # the last resort: say so and carry on
            log.error("an event of %s failed: %s", account.partition(":")[0], said(e))  # noqa: TRY400
            text = str(e) if isinstance(e, MayIError) else Wording().text("broken")
            return Heard(Reply((Card(text),)))

    async def done(self, event_id: str) -> None:
        """The answer has been shown."""
        if event_id:
            await self._book.done(event_id)

    async def home(self, account: str) -> Reply:
        """What stands on the person's home page."""
        return (await self.hear(account, Event("/home"))).reply

    def text(self, template: str, /, **values: Any) -> str:
        """Wording that an adapter itself needs, of no one school."""
        return Wording().text(template, **values)

    async def roster(self, workspace: str, entries: Sequence[RosterEntry], *, whole: bool) -> None:
        """Take what a platform says of who works there."""
        found = [OnRoster(e.account, e.name, e.email, e.active) for e in entries]
        async with (await self.site.records()).writing() as tx:
            await accounts.take_roster(tx, workspace, found, whole=whole)
        for school in self._schools():
            if workspace in workspaces(school):
                await self._load(school)

    async def remember(self, account: str, key: str, value: str) -> None:
        """Keep a small thing of an adapter's own, sealed."""
        async with (await self.site.records()).writing() as tx:
            await accounts.keep(tx, account, key, value)

    async def recall(self, account: str, key: str) -> str:
        """What was kept; empty where nothing was."""
        store = await self.site.records()
        async with store.reading() as conn:
            return await accounts.kept(conn, store.sealer, account, key)

    async def _came(self, event: Event) -> Came:
        return await self._book.came(event.id) if event.id else Came.NEW

    async def _answer(self, account: str, event: Event) -> Reply:
        places = self._at(account)
        if not places:
            return Reply((Card(Wording().text("stranger")),))
        place = await self._chosen(account, event, places)
        if isinstance(place, Reply):
            return place
        school, person = place
        services = replace(self.site.services(school.id, person), routes=SHOWN)
        conversation = event.conversation or account
        event = replace(
            event,
            person=person,
            conversation=f"{school.id}:{conversation}",
            via=account.partition(":")[0],
        )
        reply = await self._router.handle(event, services)
        return await self._without_files(reply, services)

    def _at(self, account: str) -> list[tuple[School, str]]:
        """The schools that an account is on the roster of, with the person's id at each."""
        workspace = account.rpartition("/")[0]
        found = []
        for school in self._schools():
            if workspace in workspaces(school):
                person = self.site.people(school).by_account(account)
                if person is not None:
                    found.append((school, person.id))
        return found

    async def _chosen(
        self, account: str, event: Event, places: list[tuple[School, str]]
    ) -> tuple[School, str] | Reply:
        """The school that is meant; where there are two, what asks which."""
        if len(places) == 1:
            return places[0]
        by_id = {school.id: (school, person) for school, person in places}
        said_, _, rest = event.text.strip().partition(" ")
        if said_.lstrip("/").lower() == CHOSEN:
            place = by_id.get(rest.strip())
            await self.remember(account, CHOSEN, rest.strip() if place else "")
            if place:
                text = Wording().text("school_chosen", school=place[0].name)
                return Reply((Card(text),))
        place = by_id.get(await self.recall(account, CHOSEN))
        if place is not None:
            return place
        buttons = tuple(Button(s.name, f"/{CHOSEN} {s.id}") for s, _ in places)
        return Reply((Card(Wording().text("which_school"), buttons=buttons),))

    async def _without_files(self, reply: Reply, services: Services) -> Reply:
        """Files never go through a chat: a link to the pages, where the same can be made."""
        if not reply.files or services.person is None:
            return reply
        link = ""
        if self.url:
            async with (await self.site.records()).writing() as tx:
                token = await visits.make_link(
                    tx, school=services.school.id, person=services.person.id, now=services.now
                )
            link = f"{self.url}/in/{token}"
        lines = services.wording.lines("export_on_page", link=link)
        return Reply((Card(lines[0], lines=lines[1:]),))

    async def _load(self, school: School) -> None:
        store = await self.site.records()
        found: list[Known] = []
        async with store.reading() as conn:
            for workspace in workspaces(school):
                found += [
                    Known(k.account, k.name, k.email, k.active)
                    for k in await accounts.known_at(conn, store.sealer, workspace)
                ]
        self.site.known[school.id] = tuple(found)

    def _schools(self) -> list[School]:
        schools = []
        for name in self.site.home.own_schools():
            try:
                schools.append(self.site.home.school(name))
            except MayIError as e:  # a school.toml being mended keeps nobody from another school
                log.warning("%s", e)
        return schools


class _Book:
    """Which events came and which were answered, written down before anybody goes on.

    What comes while a transaction is under way shares the next one.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._came: dict[str, asyncio.Future[Came]] = {}
        self._done: dict[str, asyncio.Future[None]] = {}
        self._writing: asyncio.Task[None] | None = None

    async def came(self, event: str) -> Came:
        """Take an event up."""
        if event in self._came:  # twice in one moment
            return Came.ANSWERED
        waiting: asyncio.Future[Came] = asyncio.get_running_loop().create_future()
        self._came[event] = waiting
        self._go_on()
        return await waiting

    async def done(self, event: str) -> None:
        """An event's answer was shown."""
        waiting = self._done.get(event)
        if waiting is None or waiting.cancelled():
            waiting = self._done[event] = asyncio.get_running_loop().create_future()
        self._go_on()
        await asyncio.shield(waiting)

    def _go_on(self) -> None:
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        while self._came or self._done:
            came = {e: self._came.pop(e) for e in list(self._came)[:AT_ONCE]}
            done = {e: self._done.pop(e) for e in list(self._done)[:AT_ONCE]}
            try:
                await self._write(came, done)
            except Exception as e:  # noqa: BLE001  # theirs to say, who wait for it
                if len(came) + len(done) == 1:
                    _fail((*came.values(), *done.values()), e)
                else:
                    await self._one_by_one(came, done)

    async def _one_by_one(
        self, came: dict[str, asyncio.Future[Came]], done: dict[str, asyncio.Future[None]]
    ) -> None:
        """Whatever was wrong with one of them is wrong with none of the others."""
        for event, taken_up in came.items():
            try:
                await self._write({event: taken_up}, {})
            except Exception as e:  # noqa: BLE001
                _fail((taken_up,), e)
        for event, shown in done.items():
            try:
                await self._write({}, {event: shown})
            except Exception as e:  # noqa: BLE001
                _fail((shown,), e)

    async def _write(
        self, came: dict[str, asyncio.Future[Came]], done: dict[str, asyncio.Future[None]]
    ) -> None:
        async with (await self._site.records()).writing() as tx:
            found = await accounts.came(tx, came, self._site.clock())
            await accounts.done(tx, done)
        for event, taken_up in came.items():
            if not taken_up.done():
                taken_up.set_result(found[event])
        for shown in done.values():
            if not shown.done():
                shown.set_result(None)


def _fail(waiting: Iterable[asyncio.Future[Any]], e: Exception) -> None:
    for one in waiting:
        if not one.done():
            one.set_exception(e)


def workspaces(school: School) -> tuple[str, ...]:
    """Where a school's staff talk: "slack:<team>" and "teams:<tenant>", as school.toml names them."""
    found = []
    for platform, key in (("slack", "workspace"), ("teams", "tenant")):
        table = school.settings.get(platform, {})
        named = table.get(key, ()) if isinstance(table, dict) else ()
        found += [f"{platform}:{n}" for n in ([named] if isinstance(named, str) else named)]
    return tuple(found)
