"""`mayi serve`: the work that goes on by itself, how messages reach people, and who comes in at the pages."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from bot import config
from bot.app import calendars
from bot.app.carrying import carrier
from bot.app.chats import Running, configured
from bot.app.door import Door
from bot.app.front import Reception
from bot.app.site import Site
from bot.chat.front import Channel
from bot.chat.render import Wording
from bot.config import Home, School, Serving
from bot.errors import CannotDo, MayIError
from bot.platforms.mail import Mail
from bot.records import visits
from bot.records.store import Store
from bot.work.queue import Work
from bot.work.sending import Carry, said, send
from handlers.jobs import JOBS

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

log = logging.getLogger(__name__)


async def serve(
    home: Home,
    web: Callable[[Door, Sequence[BaseRoute]], ASGIApp],
    settings: Serving | None = None,
    *,
    channels: Mapping[str, Channel] | None = None,
    tell: Callable[[str], None] = lambda line: print(line, file=sys.stderr, flush=True),  # noqa: T201
) -> None:
    """Serve a home until SIGTERM or SIGINT; raises CannotDo, one line, where it cannot work.

    The chats are those that the environment sets up, and `channels` besides. What is configured and what
    is missing goes to `tell`, a line at a time.
    """
    settings = settings or config.serving()
    site = Site(home)
    front = Reception(site, settings.url)
    setup = configured(front)
    chats = setup.chats
    channels = {**{chat.name: chat for chat in chats}, **(channels or {})}
    schools = _schools(home, site)
    mail = _mail(settings) or setup.mail
    door = Door(site, settings)
    with _listening(settings) as listener:
        address = _shown(listener)
        try:
            store = await site.records()
            await front.load()
            async with _working(site, store, carrier(site, settings, mail, channels), address) as (
                alive
            ):
                door.alive = alive
                for line in Wording().lines(
                    "serving",
                    schools=schools,
                    records="PostgreSQL" if home.database else home.root / "data" / "mayi.db",
                    url=settings.url,
                    listening=f"http://{address}",
                    smtp=settings.smtp,
                    graph_mail=setup.mail is not None,
                    chats=setup.lines,
                    channels=sorted(channels),
                ):
                    tell(line)
                routes = [route for chat in chats for route in chat.routes()]
                async with _running([*setup.beside, *chats]):
                    await _until_told_to_stop(web(door, routes), listener)
        finally:
            await site.close()


@contextlib.asynccontextmanager
async def _running(parts: Sequence[Running]) -> AsyncIterator[None]:
    """All of them started, one after the other; stopped the other way round, whatever the others do."""
    async with contextlib.AsyncExitStack() as stack:
        for part in parts:
            stack.push_async_callback(part.stop)
            await part.start()
        yield


def log_to_standard_error() -> None:
    """What happens, a line each, on standard error; libraries only when something is wrong."""
    logging.basicConfig(
        level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for ours in ("bot", "handlers"):
        logging.getLogger(ours).setLevel(logging.INFO)


def _schools(home: Home, site: Site) -> list[School]:
    """The schools of a home, each of which can be read with its roster."""
    schools = [home.school(name) for name in home.own_schools()]
    if not schools:
        raise CannotDo(f"{home.root}: no school is set up; make one with: mayi init SCHOOL")
    for school in schools:
        site.people(school)
    return schools


def _mail(settings: Serving) -> Mail | None:
    smtp = settings.smtp
    if smtp is None:
        return None
    return Mail(smtp.host, smtp.port, smtp.sender, smtp.user, smtp.password, smtp.tls)


@contextlib.contextmanager
def _listening(settings: Serving) -> Iterator[socket.socket]:
    """A socket at the address to listen at, taken before anything is begun."""
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as e:
        raise _cannot_listen(settings, e) from e
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(128)
            listener.setblocking(False)
        except OSError as e:
            raise _cannot_listen(settings, e) from e
        yield listener


def _cannot_listen(settings: Serving, e: OSError) -> CannotDo:
    return CannotDo(
        f"cannot listen at {settings.host}:{settings.port} ({e.strerror}); "
        "stop what uses it, or name another address in MAYI_LISTEN"
    )


def _shown(listener: socket.socket) -> str:
    host, port, *_ = listener.getsockname()
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextlib.asynccontextmanager
async def _working(
    site: Site, store: Store, carry: Carry, address: str
) -> AsyncIterator[Callable[[], Awaitable[bool]]]:
    """The work going on; gives what tells whether it does."""
    # The same after a restart, and another for each process on a machine: two cannot listen at one port.
    host = re.sub(r"[^A-Za-z0-9.-]", "-", socket.gethostname())[:60]
    replica = f"{host}-{address.rpartition(':')[2]}"
    work = Work(
        store,
        replica=replica,
        send=lambda message: send(store, message, carry, site.clock),
        jobs={name: partial(_each_school, site, name) for name in JOBS}
        | {"visits": partial(_forget_visits, site), "calendars": partial(_read_calendars, site)},
        clock=site.clock,
    )

    await work.launch()
    try:
        yield work.alive
    finally:
        await work.stop()


async def _each_school(site: Site, job: str) -> None:
    """One job for every school there is now. One that fails keeps it from no other."""
    for school in site.home.own_schools():
        try:
            await JOBS[job](site.services(school))
        except Exception as e:  # noqa: BLE001  # whatever it was, the next minute tries again
            log.error("job %s of %s failed: %s", job, school, said(e))  # noqa: TRY400


async def _forget_visits(site: Site) -> None:
    store = await site.records()
    async with store.writing() as tx:
        await visits.forget(tx, site.clock())


async def _read_calendars(site: Site) -> None:
    """Fetch the calendars that schools publish, where a day has passed, and keep what is good."""
    for name in site.home.own_schools():
        try:
            await calendars.refresh(site.home, site.home.school(name), site.clock())
        except MayIError as e:
            log.warning("%s", e)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Uvicorn raises a signal again when it is done: the work would not be stopped in order.
        yield


async def _until_told_to_stop(app: ASGIApp, listener: socket.socket) -> None:
    """Answer HTTP until SIGTERM or SIGINT; then finish what is under way."""
    server = _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # it would hold tokens; the pages write their own
            server_header=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=5,
        )
    )
    loop = asyncio.get_running_loop()
    told = (signal.SIGTERM, signal.SIGINT)
    for number in told:
        loop.add_signal_handler(number, partial(setattr, server, "should_exit", True))
    try:
        await server.serve([listener])
    finally:
        for number in told:
            loop.remove_signal_handler(number)
