"""A conversation in the terminal: the same handlers as in Slack and Teams, and nothing leaves the machine."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from bot.app.site import Site
from bot.chat.model import Card, Event, Reply
from bot.config import Home, School

if TYPE_CHECKING:
    from bot.people.roster import People
    from bot.records.messages import Message
    from bot.work.queue import Work
    from handlers.services import Services

T = TypeVar("T")
ASKER = "robin-practice"  # who is talking until somebody says /as


def ask_once(home: Home, school: str | None, question: str) -> Reply:
    """The reply to one question. Needs neither records nor roster."""
    from handlers.ask import ask

    found = home.school(school)
    site = Site(home)
    reply = asyncio.run(ask(Event(question), question, site.services(found.id)))
    site.settle()
    return reply


@dataclass(slots=True)
class Delivered:
    """A message that was delivered inside the practice."""

    person: str
    card: Card
    template: str = ""  # of the message


class Conversation:
    """Somebody at the keyboard, who can be anybody on the school's roster. Close it when done.

    Messages that would go out are kept here, for `/as` to show from the recipient's side.
    """

    def __init__(self, home: Home, school: str | None, *, durable: bool = False) -> None:
        """With `durable`, work goes on by itself as under `mayi serve` once the records are open."""
        self.school: School = home.school(school)
        self.person = ASKER
        self.site = Site(home)
        self.delivered: list[Delivered] = []
        self._durable = durable
        self._work: Work | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        welcome = self._services().wording.lines("welcome", school=self.school.name)
        self.welcome = Reply((Card(headline=welcome[0], lines=welcome[1:]),))

    def handle(self, event: Event) -> Reply:
        """Answer an event by whoever it names, else by whoever is talking."""
        return self.run(self._handle(event))

    def close(self) -> None:
        if self._work is not None:
            self.run(self._work.stop())
        self.run(self.site.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=5)
        self._loop.close()

    def run(self, work: Awaitable[T]) -> T:
        """Do something on the conversation's own loop."""

        async def do() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(do(), self._loop).result()

    def tick(self) -> None:
        """Let the clock look at everything that is due, and deliver what that sends."""
        self.run(self._tick())

    def _services(self, person: str = "") -> Services:
        services = self.site.services(self.school.id)
        people = _with_asker(services.people())
        return replace(services, people=lambda: people, person=people.person(person))

    async def _handle(self, event: Event) -> Reply:
        from bot.chat.router import Router
        from handlers.routes import ROUTES

        said, _, rest = event.text.strip().partition(" ")
        if said == "/as":
            return self._become(rest.strip())
        router: Router[Services] = Router(ROUTES, lambda s: s.wording)
        person = event.person or self.person
        shown = tuple(
            (r.words[0] if r.words else "anything else", r.help) for r in ROUTES if r.shown
        )
        services = replace(self._services(person), routes=shown)
        reply = await router.handle(replace(event, person=person), services)
        await self._deliver()
        await self._work_on()
        self.site.settle()
        return reply

    async def _work_on(self) -> None:
        """Have the clock and what is left to send looked after, from the first report on."""
        if not self._durable or self._work is not None or self.site.opened is None:
            return
        from bot.work.queue import Work

        self._work = Work(
            self.site.opened,
            replica="practice",
            send=self._send,
            jobs={"practice": self._tick},
            clock=self.site.clock,
        )
        await self._work.launch()

    async def _tick(self) -> None:
        from handlers.jobs import JOBS

        for job in JOBS.values():
            await job(self._services())
        await self._deliver()

    def _become(self, who: str) -> Reply:
        """Speak as somebody else; shows what was delivered to them meanwhile."""
        services = self._services()
        people = services.people()
        found = people.who(who) if who else people.person(ASKER)
        if found is None:
            names = [p.name for p in people.persons]
            return Reply((Card(services.wording.text("as_unknown", who=who[:60], names=names)),))
        self.person = found.id
        roles = [services.school.role(r).title for r in people.roles_of(found.id)]
        card = Card(services.wording.text("as", name=found.name, roles=roles))
        mine = tuple(d.card for d in self.delivered if d.person == found.id)
        self.delivered = [d for d in self.delivered if d.person != found.id]
        return Reply((card, *mine))

    async def _deliver(self) -> None:
        """Send what waits to be sent, inside the practice."""
        from bot.records import messages

        store = self.site.opened
        if store is not None:
            for message in await messages.waiting(store, self.site.clock(), 100):
                await self._send(message)

    async def _send(self, message: str) -> None:
        from bot.work.sending import send

        await send(await self.site.records(), message, self._carry, self.site.clock)

    async def _carry(self, message: Message) -> str:
        from bot.records.messages import NotSent
        from handlers.notices import notice

        card = await notice(message, self._services(message.person))
        if card is None:
            raise NotSent("no-longer-theirs", for_good=True)
        self.delivered.append(Delivered(message.person, card, message.template))
        return "practice"


def _with_asker(people: People) -> People:
    """The roster, with somebody made up to ask where it has no such person."""
    from bot.people.roster import Person

    if people.person(ASKER) is not None:
        return people
    return replace(people, persons=(*people.persons, Person(ASKER, "Robin Practice")))
