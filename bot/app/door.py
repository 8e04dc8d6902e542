"""Who comes in at the pages, by a one-time link, and what they can say inside. Nothing here knows HTTP."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from bot.app.carrying import NEW_LINK
from bot.app.site import Site
from bot.app.theirs import begins_at
from bot.chat.model import Event, Reply
from bot.chat.router import Route, Router
from bot.config import School, Serving
from bot.errors import CannotDo, MayIError
from bot.people.roster import Person
from bot.records import messages, visits
from bot.records.visits import Kind, Visit
from bot.work.sending import said
from handlers.routes import ROUTES
from handlers.services import Services

log = logging.getLogger(__name__)

# What can be said on the pages: the recipient's desk, what became of one's own reports, reading and confirming
# policies, who confirmed what, and what is kept about oneself.
ON_PAGES = frozenset(
    {
        *("desk", "open", "handle", "refer", "too-close", "my-reports", "add-to-report", "rang"),
        *("acks", "acknowledgements", "acks-report", "certificate"),
        *("acknowledge", "acknowledge-read", "acknowledge-page"),
        *("acknowledge-question", "acknowledge-asked"),
        *("acknowledge-except", "discussion", "keep-discussion"),
        "my-data",
    }
)
LONGEST_SAID = 500  # characters of what a button says: it may name a policy's file and a person

# New links for one person: so soon after another it is on its way already, and so many are enough.
_LINK_PAUSE, _LINKS_A_DAY = timedelta(minutes=2), 20
# Tokens that nobody was given: so many an hour are written down, so that nobody can fill the trail.
_UNKNOWN_AN_HOUR = 60


class NoVisit(Exception):
    """Nobody is signed in. `kind` is what to say: "sign-in", or "no-longer" to who was signed out."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    school: School
    person: Person
    token: str = field(repr=False)


@dataclass(slots=True)
class Door:
    """Lets people in by a one-time link, and answers what they say inside.

    Every refusal has its line in the audit trail. Nothing here knows HTTP.
    """

    site: Site
    settings: Serving = field(default_factory=Serving)
    alive: Callable[[], Awaitable[bool]] | None = None  # whether the work goes on
    _unknown: deque[datetime] = field(default_factory=deque)
    _turns: weakref.WeakValueDictionary[str, asyncio.Lock] = field(
        default_factory=weakref.WeakValueDictionary
    )

    async def healthy(self) -> bool:
        """Whether the records can be reached and the work goes on."""
        try:
            await (await self.site.records()).reach()
            return self.alive is None or await self.alive()
        except Exception as e:  # noqa: BLE001  # whatever it is, the answer is no
            log.warning("not healthy: %s", said(e))
            return False

    async def knock(self, token: str) -> School | None:
        """The school a link belongs to, if the link can be used now. Uses nothing up."""
        store = await self.site.records()
        async with store.reading() as conn:
            link = await visits.find(conn, Kind.LINK, token)
        if link is None or not link.lasts(self.site.clock()):
            return None
        services = self._services(link)
        return services.school if services else None

    async def enter(self, token: str, page: str) -> tuple[str, str] | None:
        """Sign in by a link: the session's token and where to begin; None where the link is no good.

        Raises NoVisit where it was good and nothing is there any more for whom it was sent to.
        """
        store, now = await self.site.records(), self.site.clock()
        async with store.writing() as tx:
            link = await visits.find(tx.conn, Kind.LINK, token)
            services = self._services(link)
            place = await begins_at(tx.conn, store, services) if services else ""
            session = await visits.sign_in(tx, token, page, now) if place else None
            if link is not None and session is None:
                why = "link-used" if link.used else "link-expired"
                await visits.refuse(tx, link, now, why if place else "no-longer")
        if session is not None:
            return session, place
        if link is None:
            await self._unknown_token("link-unknown")
        elif not place and link.lasts(now):
            raise NoVisit("no-longer")
        return None

    async def ask_again(self, token: str) -> None:
        """Mail a new link to whoever this one was sent to, if something here is still theirs.

        Nothing is returned: whoever asks hears the same, whatever came of it.
        """
        store, now = await self.site.records(), self.site.clock()
        async with store.writing() as tx:
            link = await visits.find(tx.conn, Kind.LINK, token)
            services = self._services(link)
            if link is None or services is None:
                return
            since = partial(visits.links_since, tx.conn, link.school, link.person)
            if (
                await since(now - _LINK_PAUSE)
                or await since(now - timedelta(days=1)) >= _LINKS_A_DAY
                or not await begins_at(tx.conn, store, services)
            ):
                await visits.refuse(tx, link, now, "no-new-link")
                return
            pause = int(_LINK_PAUSE.total_seconds())
            await messages.add(
                tx,
                # One of these at a time, however often and fast somebody asks.
                occasion=f"link:{link.digest[:32]}:{int(now.timestamp()) // pause}",
                school=link.school,
                person=link.person,
                template=NEW_LINK,
                filled={},
                now=now,
            )

    async def visitor(self, token: str) -> Visitor:
        """Who is signed in with a session's token; raises NoVisit. It lasts longer for being used."""
        store, now = await self.site.records(), self.site.clock()
        async with store.reading() as conn:
            session = await visits.find(conn, Kind.SESSION, token) if token else None
            services = self._services(session)
            lasts = session is not None and session.lasts(now)
            place = await begins_at(conn, store, services) if services and lasts else ""
        if session is None:
            if token:
                await self._unknown_token("session-unknown")
            raise NoVisit("sign-in")
        if not lasts or services is None or services.person is None or not place:
            async with store.writing() as tx:
                if lasts:
                    await visits.refuse(tx, session, now, "no-longer")
                await visits.end(tx, session, now, "no-longer" if lasts else "expired")
            raise NoVisit("no-longer" if lasts else "sign-in")
        if visits.later(session, now) - session.expires > timedelta(minutes=1):
            async with store.writing() as tx:
                await visits.prolong(tx, session, now)
        return Visitor(services.school, services.person, token)

    async def leave(self, visitor: Visitor) -> None:
        """Sign out."""
        store, now = await self.site.records(), self.site.clock()
        async with store.writing() as tx:
            session = await visits.find(tx.conn, Kind.SESSION, visitor.token)
            if session is not None:
                await visits.end(tx, session, now, "asked")

    async def forged(self, visitor: Visitor) -> None:
        """Write down that a form came without the word that binds it to the session."""
        store, now = await self.site.records(), self.site.clock()
        async with store.writing() as tx:
            session = await visits.find(tx.conn, Kind.SESSION, visitor.token)
            await visits.refuse(tx, session, now, "form-forged")

    async def say(
        self,
        visitor: Visitor,
        text: str,
        values: Mapping[str, str | tuple[str, ...]] | None = None,
        *,
        once: str = "",
    ) -> Reply | None:
        """Answer what somebody says on the pages; None where the very same was sent and done before.

        `once` is a random word of the page it was sent from.
        """
        store = await self.site.records()
        turn = self._turns.setdefault(visitor.token, asyncio.Lock())
        async with turn:  # pressed twice: one after the other
            event_id = _event_id(visitor, once, text, values) if once else ""
            filled = bool(event_id and values)  # a button alone may be pressed again
            if filled:
                async with store.reading() as conn:
                    if await visits.handled(conn, event_id):
                        return None
            services = self.site.services(visitor.school.id, visitor.person.id)
            event = Event(
                text[:LONGEST_SAID],
                visitor.person.id,
                conversation=f"pages:{visitor.school.id}:{visitor.person.id}",
                id=event_id,
                values={k: _clean(v) for k, v in (values or {}).items()},
                via="pages",
            )
            done: list[Reply] = []
            reply = await _router(done).handle(event, services)
            # A form that came back or a copy can be asked for again; what was written cannot.
            if filled and done and not reply.form and not reply.files:
                async with store.writing() as tx:
                    await visits.mark_handled(tx, event_id, services.now)
            return reply

    def _services(self, visit: Visit | None) -> Services | None:
        if visit is None:
            return None
        try:
            return self.site.services(visit.school, visit.person)
        except (
            CannotDo
        ):  # its school.toml cannot be read just now: nobody is to be signed out for that
            raise
        except MayIError:  # the school is no longer here
            return None

    async def _unknown_token(self, why: str) -> None:
        now = self.site.clock()
        while self._unknown and self._unknown[0] <= now - timedelta(hours=1):
            self._unknown.popleft()
        if len(self._unknown) >= _UNKNOWN_AN_HOUR:
            return
        self._unknown.append(now)
        store = await self.site.records()
        async with store.writing() as tx:
            await visits.refuse(tx, None, now, why)


def _router(done: list[Reply]) -> Router[Services]:
    """The routes of the pages; `done` gets the reply of a handler that came to its end."""

    def noted(route: Route[Services]) -> Route[Services]:
        async def handler(event: Event, rest: str, services: Services) -> Reply:
            reply = await route.handler(event, rest, services)
            done.append(reply)
            return reply

        handler.__name__ = route.handler.__name__
        return replace(route, handler=handler)

    routes = [noted(r) for r in ROUTES if ON_PAGES.issuperset(r.words) and r.words]
    return Router((*routes, Route(_elsewhere)), lambda s: s.wording)


async def _elsewhere(event: Event, rest: str, services: Services) -> Reply:
    """Say that this is no place for it."""
    del event, rest, services
    raise CannotDo("That cannot be done on this page; go back to what waits for you")


def _event_id(
    visitor: Visitor, once: str, text: str, values: Mapping[str, str | tuple[str, ...]] | None
) -> str:
    """Known by what was sent and from which page, without telling any of it."""
    sent = json.dumps([once, text, sorted((values or {}).items())])
    return f"pages:{hmac.new(visitor.token.encode(), sent.encode(), hashlib.sha256).hexdigest()}"


def _clean(value: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """What was filled in, with line ends of one kind and nothing that cannot be seen."""
    if not isinstance(value, str):
        return tuple(str(_clean(v)) for v in value)
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c.isprintable() or c in "\n\t")


def new_word() -> str:
    """A random word for a page."""
    return secrets.token_urlsafe(16)
