"""Teams: what comes in as events, what goes out as cards and dialogs. The school decides elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict
from collections.abc import Callable, Collection, Coroutine, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
import jwt
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.chat.front import Front, Heard
from bot.chat.model import Card, Event, Reply
from bot.config import LOOPBACK, TeamsSettings
from bot.errors import BadSettings
from bot.platforms.teams.activity import Came, What, read
from bot.platforms.teams.cards import CONTENT_TYPE, Drawing, Json, attachment, summary
from bot.platforms.teams.door import Door, Keys, Refused
from bot.platforms.teams.post import Gone, Place, Post
from bot.platforms.teams.sdk import (
    PUBLIC,
    ActivityEvent,
    App,
    Client,
    ClientOptions,
    CloudEnvironment,
    HttpRequest,
    HttpRouteHandler,
    InvokeResponse,
)
from bot.records.messages import NotSent

log = logging.getLogger(__name__)

ENDPOINT = "/api/messages"
# What may be answered by a form, and so opens a dialog when pressed.
DIALOGS = frozenset(
    {"report", "report-incident", "report-page", "report-back", "report-again",
     "add-to-report", "open", "handle", "refer", "acknowledge-read", "acknowledge-page",
     "acknowledge-question", "acknowledge-asked", "acknowledge-except", "discussion",
     "keep-discussion", "remind", "set-reminder", "reviewed", "mark-reviewed"}
)  # fmt: skip
# The commands of the message extension, by their ids in the manifest, and what picking one says.
COMMANDS = {"report-incident": "/report-incident"}

REQUEST_TIMEOUT = 10.0  # seconds for one request to Teams
INVOKE_TIMEOUT = (
    4.0  # seconds until something is said to somebody who waits: Teams gives up after 5
)
PACE = (5.0, 20.0, 60.0, 180.0)  # seconds to wait before an answer that was not taken is sent again
REMEMBERED = 5_000  # accounts and events kept in memory; the least lately used are forgotten first
PLACE, GREETED = "place", "greeted"  # what is kept with an account
REMOVED = "removed"  # in place of a place: they took MayI away, or blocked it
DIALOG_WIDTH, DIALOG_HEIGHT = "medium", "large"


class Install(Protocol):
    """Installs MayI for somebody (through Graph)."""

    async def __call__(self, tenant: str, person: str) -> str:
        """The id of their conversation with MayI; raises NotSent."""


class _Recent:
    """The last few thousand things, by key."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, str] = OrderedDict()

    def get(self, key: str) -> str | None:
        return self._kept.get(key)

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)

    def put(self, key: str, value: str = "") -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        while len(self._kept) > REMEMBERED:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Said:
    """What answers an event in a conversation."""

    cards: tuple[Card, ...]
    opening: str = ""  # what the button says that opens a dialog, where the answer is a form


@dataclass(slots=True)
class _Letter:
    """An answer on its way, perhaps in several messages."""

    came: Came
    said: _Said
    once: str
    repeat: bool  # it may have arrived before: it says so
    sent: int = 0  # how many of its messages were taken


class _Handler:
    """Takes the SDK's route, which is called once our own door has looked."""

    def __init__(self) -> None:
        self.handle: HttpRouteHandler | None = None

    def register_route(self, method: str, path: str, handler: HttpRouteHandler) -> None:  # noqa: ARG002
        self.handle = handler

    def serve_static(self, path: str, directory: str) -> None: ...

    async def start(self, port: int) -> None: ...

    async def stop(self) -> None: ...


_shown: ContextVar[list[str] | None] = ContextVar("shown", default=None)


class Teams:
    """The adapter. `install` reaches people who never spoke to MayI; `token` stands in for the secret in tests."""

    name = "teams"

    def __init__(
        self,
        settings: TeamsSettings,
        front: Front,
        *,
        install: Install | None = None,
        dialogs: Collection[str] = DIALOGS,
        cloud: CloudEnvironment = PUBLIC,
        token: Callable[..., Any] | None = None,
        pace: Sequence[float] = PACE,
    ) -> None:
        _check(settings)
        self._pace = pace
        self._settings = settings
        self._front = front
        self._install = install
        self._draw = Drawing(front.text, dialogs)
        self._handler = _Handler()
        if settings.unauthenticated and token is None:
            token = _practice_token
        # Everything the SDK would look up in the environment is given here.
        self._app = App(
            client_id=settings.client_id,
            client_secret=settings.client_secret or None,
            tenant_id=settings.tenant or None,
            token=token,
            managed_identity_client_id=settings.managed_identity or None,
            service_url=settings.service_url,
            cloud=cloud,
            client=Client(ClientOptions(timeout=REQUEST_TIMEOUT)),
            http_server_adapter=self._handler,
            dangerously_allow_unauthenticated_requests=settings.unauthenticated,
            telemetry={"agent365": False},
        )
        self._http = httpx.AsyncClient(timeout=REQUEST_TIMEOUT)
        self._keys = Keys(cloud.openid_metadata_url, self._http)
        self._door = Door(settings, cloud, self._keys)
        self._post = Post(self._app.api, settings.client_id)
        self._doing: dict[str, asyncio.Task[InvokeResponse[Any]]] = {}
        self._later: set[asyncio.Task[None]] = set()
        self._places, self._opened = _Recent(), _Recent()
        self._untargeted = _Recent()  # conversations that take no message for one member alone

    # --- what the application calls ----------------------------------------------------------------------

    def routes(self) -> list[Route]:
        """Where Teams calls."""
        return [Route(ENDPOINT, self._endpoint, methods=["POST"])]

    async def start(self) -> None:
        """Get ready: raises CannotDo where the settings or the SDK do not allow it."""
        _check(self._settings)
        await self._app.initialize()
        self._app.server.on_request = self._arrived
        if not self._settings.unauthenticated:
            self._door.guard(self._app)
            await self._keys.fetch()

    async def stop(self) -> None:
        """Let go of everything."""
        for task in (*self._later, *self._doing.values()):
            task.cancel()
        await asyncio.gather(*self._later, *self._doing.values(), return_exceptions=True)
        self._keys.close()
        await self._http.aclose()
        for client in (self._app.api.http, self._app.http_client):
            await client.http.aclose()

    async def send(self, account: str, card: Card) -> None:
        """Send somebody a card of our own accord, or raise NotSent."""
        try:
            await self._send(account, card)
        except NotSent:
            raise
        except Exception as e:  # noqa: BLE001  # the records out of reach, say: the next try may find them
            raise NotSent(f"teams: {type(e).__name__}") from None

    async def _send(self, account: str, card: Card) -> None:
        tenant, _, person = account.removeprefix("teams:").partition("/")
        if tenant not in self._settings.tenants:
            raise NotSent("teams: another tenant", for_good=True)
        if card.confidential:
            raise NotSent("teams: not for a conversation", for_good=True)
        if not await self._front.known(account):
            raise NotSent("teams: not on the roster", for_good=True)
        kept = await self._front.recall(account, PLACE)
        if kept == REMOVED:
            raise Gone("teams: removed", for_good=True)
        place = _place(kept)
        if place is None:
            place = await self._reach(tenant, person)
            await self._keep(account, place)
        try:
            for drawn in self._draw.messages((card,)):
                await self._post.send(place, drawn, summary((card,)))
        except Gone:
            await self._keep(account, None)
            raise

    def said(self) -> list[str]:
        """What is configured, for `mayi serve`."""
        text = self._front.text(
            "teams_said",
            tenants=len(self._settings.tenants),
            unauthenticated=self._settings.unauthenticated,
            installs=self._install is not None,
            endpoint=ENDPOINT,
        )
        return [line for line in text.splitlines() if line.strip()]

    # --- what comes in -------------------------------------------------------------------------------------

    async def _endpoint(self, request: Request) -> Response:
        shown: list[str] = []
        _shown.set(shown)
        try:
            status, body = await self._let_in(request)
        except Refused as e:
            log.warning("an activity was refused: %s %s", e.status, e)
            headers = {"Retry-After": "5"} if e.status == 503 else {}
            return JSONResponse({"error": str(e)}, e.status, headers=headers)
        # Answered only once it is on its way: a crash before this has it answered again, and marked so.
        done = BackgroundTask(self._done, shown)
        if body is None:
            return Response(status_code=status, background=done)
        return JSONResponse(body, status, background=done)

    async def _let_in(self, request: Request) -> tuple[int, object]:
        """Have the SDK look at what our own door let through; raises Refused."""
        if self._handler.handle is None:
            raise Refused(503, "not-started")
        raw = await self._door.read(request)
        await self._door.token(request, raw)
        headers = {k.lower(): v for k, v in request.headers.items()}
        answer = await self._handler.handle(HttpRequest(body=raw, headers=headers))
        if answer["status"] == 401:
            raise Refused(401, "token")
        if answer["status"] >= 500:  # we never answer that: something in the SDK broke
            raise Refused(503, "sdk")
        return answer["status"], answer["body"]

    async def _arrived(self, event: ActivityEvent) -> InvokeResponse[Any]:
        """Answer an activity whose token was good. The same one, while it is being answered: once."""
        came = read(event.body.model_dump(exclude_none=True), COMMANDS)
        try:
            self._door.tenant(came.tenant)
        except Refused as e:
            log.warning("an activity was refused: %s %s", e.status, e)
            return InvokeResponse(status=e.status)
        once = _once(came)
        doing = self._doing.get(once) if once else None
        if doing is None:
            doing = asyncio.create_task(self._act(came, once))
            if once:
                self._doing[once] = doing
                doing.add_done_callback(lambda _: self._doing.pop(once, None))
        if not came.is_invoke:
            return await asyncio.shield(doing)
        await asyncio.wait({doing}, timeout=INVOKE_TIMEOUT)
        return doing.result() if doing.done() else self._plainly(came, "teams_slow")

    async def _act(self, came: Came, once: str) -> InvokeResponse[Any]:
        try:
            if came.what is What.MESSAGE:
                await self._message(came, once)
            elif came.what is What.PRESSED:
                return await self._pressed(came, once)
            elif came.what in (What.OPENING, What.SENT):
                return await self._dialog(came, once)
            elif came.what is What.UNKNOWN_INVOKE:
                log.warning("an invoke that is not offered")
                return self._plainly(came, "teams_unknown")
            elif came.what is What.ADDED:
                await self._added(came)
            elif came.what is What.REMOVED and came.personal:
                await self._removed(came)
        except Exception as e:  # noqa: BLE001  # the last resort: somebody waits
            log.error("%s failed: %s", came.what.name.lower(), type(e).__name__)  # noqa: TRY400
            return self._plainly(came, "broken")
        return InvokeResponse(status=200)

    async def _message(self, came: Came, once: str) -> None:
        said, repeat = await self._heard(came, once)
        if said.cards or said.opening:
            await self._answer(_Letter(came, said, once, repeat))
        if came.personal and await self._front.known(came.account):
            await self._keep(came.account, Place(came.conversation, came.service))

    async def _pressed(self, came: Came, once: str) -> InvokeResponse[Any]:
        if not came.says:
            return self._plainly(came, "teams_unknown")
        said, repeat = await self._heard(came, once)
        if not said.cards and not said.opening:
            return self._plainly(came, "teams_again")
        self._will_be_shown(once)
        return _replaced(self._draw.one(said.cards, opening=said.opening, repeat=repeat))

    async def _dialog(self, came: Came, once: str) -> InvokeResponse[Any]:
        if not came.says:
            return self._plainly(came, "teams_unknown")
        heard = await self._front.hear(came.account, _event(came, once))
        reply = heard.reply
        if not reply.cards and not reply.form:
            return self._plainly(came, "teams_again")
        self._will_be_shown(once)
        title = reply.form.title if reply.form else self._front.text("teams_name")
        return _continued(title, self._draw.dialog(reply, repeat=heard.repeat))

    async def _heard(self, came: Came, once: str) -> tuple[_Said, bool]:
        """What a conversation may hold of an answer: never a form, nor the contents of a report.

        What opens a dialog is not done before the dialog is open: a report that nobody saw was not opened.
        """
        if came.private and self._draw.opens(came.says) and await self._front.known(came.account):
            if once and self._opened.get(once) is not None:
                return _Said(()), False
            self._opened.put(once)
            return _Said((), opening=came.says), False
        heard = await self._front.hear(came.account, _event(came, once))
        return _for_conversation(heard, came.says), heard.repeat

    def _plainly(self, came: Came, template: str) -> InvokeResponse[Any]:
        """Say one thing of our own, in whatever way is waited for."""
        if came.what is What.PRESSED:
            body = {
                "statusCode": 200,
                "type": "application/vnd.microsoft.activity.message",
                "value": self._front.text(template),
            }
            return InvokeResponse(status=200, body=body)
        if came.what in (What.OPENING, What.SENT):
            return _continued(self._front.text("teams_name"), self._draw.plain(template))
        if came.what is What.UNKNOWN_INVOKE:
            error = {"code": "BadRequest", "message": self._front.text(template)}
            body = {"statusCode": 400, "type": "application/vnd.microsoft.error", "value": error}
            return InvokeResponse(status=400, body=body)
        return InvokeResponse(status=200)

    # --- installed and removed -----------------------------------------------------------------------------

    async def _added(self, came: Came) -> None:
        """Greet, once: Teams says in two ways, in either order, that somebody has us now."""
        account = came.account
        if not await self._front.known(account):
            return
        key = GREETED if came.personal else f"{GREETED}:{_digest(came.conversation)[:16]}"
        mark = f"{account} {key}"
        if self._opened.get(mark) is not None:
            return
        self._opened.put(mark)  # before anything is waited for: both ways may come at once
        if await self._front.recall(account, key):
            return
        place = Place(came.conversation, came.service)
        await self._front.remember(account, key, "yes")
        if came.personal:
            await self._keep(account, place)
        greeting = Card(
            self._front.text("teams_greeting" if came.personal else "teams_greeting_group")
        )
        home = await self._front.home(account) if came.personal else Reply()
        try:
            for drawn in self._draw.messages((greeting, *home.cards)):
                await self._post.send(place, drawn, summary((greeting,)))
        except NotSent as e:
            log.warning("a greeting was not taken: %s", e)

    async def _removed(self, came: Came) -> None:
        if await self._front.known(came.account):
            await self._keep(came.account, None)
            await self._front.remember(came.account, GREETED, "")
        self._opened.forget(f"{came.account} {GREETED}")

    # --- what goes out ---------------------------------------------------------------------------------------

    async def _answer(self, letter: _Letter) -> None:
        """Answer a message: at once, else a little later."""
        try:
            await self._deliver(letter)
        except NotSent as e:
            log.warning("an answer was not taken: %s", e)
            if not e.for_good:
                letter.repeat |= e.perhaps
                self._keep_on(self._deliver_later(letter))
            return
        await self._done([letter.once])

    async def _deliver_later(self, letter: _Letter) -> None:
        for pause in self._pace:
            await asyncio.sleep(pause)
            try:
                await self._deliver(letter)
            except NotSent as e:
                letter.repeat |= e.perhaps
                if e.for_good:
                    break
            else:
                return await self._done([letter.once])
        log.error("an answer was given up")
        return None

    async def _deliver(self, letter: _Letter) -> None:
        """Send what was not taken yet. Raises NotSent."""
        came = letter.came
        place = Place(came.conversation, came.service)
        if came.personal:
            return await self._post_all(letter, place)
        if self._settings.targeted and self._untargeted.get(came.conversation) is None:
            try:
                return await self._post_all(letter, place, only_to=came.user)
            except NotSent as e:
                if not e.for_good:
                    raise
                self._untargeted.put(came.conversation)
        if await self._front.known(came.account):
            try:
                return await self._post_all(letter, await self._own_place(came))
            except NotSent as e:
                if not e.for_good:
                    raise
        where = self._front.text("teams_ask_in_chat")
        await self._post.send(place, self._draw.plain("teams_ask_in_chat"), where)
        return None

    async def _post_all(self, letter: _Letter, place: Place, *, only_to: str = "") -> None:
        said = letter.said
        about = summary(said.cards) if said.cards else self._front.text("teams_opening")
        drawn = self._draw.messages(said.cards, opening=said.opening, repeat=letter.repeat)
        for card in drawn[letter.sent :]:
            await self._post.send(place, card, about, only_to=only_to)
            letter.sent += 1

    async def _own_place(self, came: Came) -> Place:
        """Where somebody is reached alone, who spoke to us in company. Raises NotSent."""
        kept = await self._front.recall(came.account, PLACE)
        if kept == REMOVED:
            raise Gone("teams: removed", for_good=True)
        place = _place(kept)
        if place is None:
            place = await self._reach(came.tenant, came.person, came.service)
            await self._keep(came.account, place)
        return place

    async def _reach(self, tenant: str, person: str, service: str = "") -> Place:
        """The conversation with somebody who may never have spoken to us. Raises NotSent."""
        service = service or self._settings.service_url
        try:
            return await self._post.open(tenant, person, service)
        except NotSent as e:
            if not e.for_good or self._install is None:
                raise
        return Place(await self._install(tenant, person), service)

    async def _keep(self, account: str, place: Place | None) -> None:
        """Remember where somebody is reached; None: nowhere, for they took us away."""
        value = json.dumps([place.conversation, place.service]) if place else REMOVED
        if self._places.get(account) != value:
            await self._front.remember(account, PLACE, value)
            self._places.put(account, value)

    def _will_be_shown(self, once: str) -> None:
        shown = _shown.get()
        if shown is not None and once:
            shown.append(once)

    async def _done(self, events: list[str]) -> None:
        for event in events:
            try:
                if event:
                    await self._front.done(event)
            except Exception as e:  # noqa: BLE001  # it is shown; at worst it is shown again, marked
                log.warning("not marked as answered: %s", type(e).__name__)

    def _keep_on(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._later.add(task)
        task.add_done_callback(self._later.discard)


def _for_conversation(heard: Heard, says: str) -> _Said:
    """What may stand in a conversation; a button opens the rest."""
    reply = heard.reply
    cards = tuple(c for c in reply.cards if not c.confidential)
    hidden = reply.form is not None or len(cards) < len(reply.cards)
    return _Said(cards, says if hidden else "")


def _event(came: Came, once: str) -> Event:
    return Event(
        came.says,
        conversation=f"{came.conversation}/{came.person}",
        id=once,
        values=came.values,
        private=came.private,
    )


def _once(came: Came) -> str:
    """What tells an activity from every other: its own id is one of its conversation's only."""
    if not came.id:
        return ""
    return "teams:" + _digest(came.account, came.conversation, came.what.name, came.id)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:40]


def _place(kept: str) -> Place | None:
    try:
        conversation, service = json.loads(kept)
    except (ValueError, TypeError):
        return None
    return Place(str(conversation), str(service))


def _replaced(card: Json) -> InvokeResponse[Any]:
    """The answer to a press: a card in place of the one that was pressed."""
    body = {"statusCode": 200, "type": CONTENT_TYPE, "value": card}
    return InvokeResponse(status=200, body=body)


def _continued(title: str, card: Json) -> InvokeResponse[Any]:
    """A dialog's page."""
    page = {
        "title": title,
        "width": DIALOG_WIDTH,
        "height": DIALOG_HEIGHT,
        "card": attachment(card),
    }
    return InvokeResponse(status=200, body={"task": {"type": "continue", "value": page}})


def _practice_token(*_: object) -> str:
    """What the SDK takes for a token where nobody checks one."""
    return jwt.encode({"exp": 4_102_444_800}, "practice" * 4)


def _check(settings: TeamsSettings) -> None:
    """Refuse what would let anybody in. Raises BadSettings."""
    if settings.unauthenticated:
        if settings.host not in LOOPBACK or settings.published:
            raise BadSettings(
                "MAYI_TEAMS_UNAUTHENTICATED is for trying things out on this machine: it needs MAYI_LISTEN "
                "on 127.0.0.1 and no MAYI_URL of another machine"
            )
    elif not settings.client_secret and not settings.managed_identity:
        raise BadSettings("MAYI_TEAMS_CLIENT_SECRET: set the secret of the app registration")
    if not settings.tenants:
        raise BadSettings("MAYI_TEAMS_TENANT: set the id of the school's Microsoft 365 tenant")
