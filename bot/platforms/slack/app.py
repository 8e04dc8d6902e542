"""Slack: what is configured, connected to the front; the addresses Slack calls, and messages to people."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
from collections.abc import Coroutine
from typing import Any, cast

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.starlette.async_handler import (
    to_async_bolt_request,
    to_starlette_response,
)
from slack_bolt.async_app import AsyncApp
from slack_bolt.response import BoltResponse
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.chat.front import Front
from bot.chat.model import Card
from bot.config import SlackSettings
from bot.platforms.slack import blocks
from bot.platforms.slack.api import FAILURES, PATIENT, Api, Pace, code, not_sent, quiet
from bot.platforms.slack.incoming import of_account
from bot.platforms.slack.installations import Authorize, Flow, Workspace, Workspaces, oauth
from bot.platforms.slack.listeners import Listeners
from bot.platforms.slack.once import Lately, Seen
from bot.platforms.slack.people import Rosters, Wanted
from bot.records.messages import NotSent

log = logging.getLogger(__name__)

LARGEST = 1_000_000  # bytes of a request; Slack's own are far smaller
REPLAYED = 360.0  # seconds: longer than a signature is good for
WATCH = 20.0  # seconds between looks at the connection of Socket Mode
LEAVE = 5.0  # seconds for what is under way when MayI stops
DM = "dm"  # the keepsake of the conversation with somebody
ANY = re.compile(".*", re.DOTALL)


class Slack:
    """Slack as a chat platform.

    `rosters` says for each workspace where its staff are listed in Slack: ("members",), the ids of user
    groups, or () where school.toml lists them.
    """

    name = "slack"

    def __init__(
        self,
        settings: SlackSettings,
        front: Front,
        *,
        rosters: Wanted = dict,
        pace: Pace | None = None,
    ) -> None:
        self._settings, self._front = settings, front
        self._api = Api(settings.api_url)
        self._workspaces = Workspaces(
            front, self._api, token=settings.bot_token, many=settings.many
        )
        self._rosters = Rosters(front, self._api, self._workspaces, rosters)
        self._pace = pace or Pace()
        self._listeners = Listeners(
            front, self._api, self._workspaces, self._rosters, self.begin, _key(settings)
        )
        self._dms: Lately[str] = Lately(24 * 3600.0)
        self._signatures = Seen(REPLAYED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._bolt: AsyncApp | None = None
        self._oauth: Flow | None = None
        self._socket: AsyncSocketModeHandler | None = None

    def said(self) -> list[str]:
        """What is configured and what is missing, a line each."""
        text = self._front.text(
            "slack_said",
            mode=self._settings.mode,
            many=self._settings.many,
            missing=self._settings.missing,
        )
        return [s for line in text.splitlines() if (s := line.strip())]

    def routes(self) -> list[Route]:
        """The addresses Slack calls; none of events in Socket Mode."""
        routes = []
        if self._settings.mode == "http":
            routes.append(Route("/slack/events", self._events, methods=["POST"]))
        if self._settings.many:
            routes.append(Route("/slack/install", self._install, methods=["GET"]))
            routes.append(Route("/slack/oauth_redirect", self._redirected, methods=["GET"]))
        return routes

    async def start(self) -> None:
        """Connect. Slack may be out of reach: that is tried again for as long as it takes."""
        await self._api.open()
        self._oauth = self._flow() if self._settings.many else None
        self._bolt = self._app()
        if self._settings.mode == "socket":
            self._socket = AsyncSocketModeHandler(
                self._bolt,
                self._settings.app_token,
                logger=_socket_log(),
                web_client=self._api.client(self._settings.app_token, patience=PATIENT),
            )
            self.begin(self._socket.client.connect())  # type: ignore[no-untyped-call]
            self.begin(self._watch(self._socket))
        self.begin(self._rosters.keep())

    async def stop(self) -> None:
        """Let go: no more events, and a moment for what is under way."""
        if self._socket is not None:
            with contextlib.suppress(Exception):
                await self._socket.client.close()  # type: ignore[no-untyped-call]
            self._socket = None
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=LEAVE)
        await self._api.close()
        self._bolt = None

    def begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Something that goes on by itself; what fails is written down, by its type."""
        task = asyncio.ensure_future(_logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # stopped before it began
        return task

    # --- messages that MayI sends by itself ---

    async def send(self, account: str, card: Card) -> None:
        """Hand a card to somebody; raises NotSent."""
        team, user = of_account(account)
        if card.confidential:  # never in a conversation
            raise NotSent("slack: confidential", for_good=True)
        workspace = await self._workspaces.find(team)
        if workspace is None or self._api.session is None:
            raise NotSent("slack: not installed")
        try:
            drawn = blocks.messages([card], self._front.text)
            message = drawn.messages[0]
        except Exception as e:  # noqa: BLE001  # whatever was wrong with it, it will be again
            log.error("a card could not be drawn: %s", type(e).__name__)  # noqa: TRY400
            raise NotSent("slack: cannot be drawn", for_good=True) from None
        await self._listeners.keep(account, drawn.kept)
        await self._pace.turn(team)
        await self._deliver(workspace, account, user, message)
        self._listeners.homes.touch(account)

    async def _deliver(
        self, workspace: Workspace, account: str, user: str, message: blocks.Message
    ) -> None:
        client = self._api.client(workspace.token)
        handed_over = False
        for attempt in range(2):
            try:
                channel = await self._dm(workspace, account, user)
                handed_over = True
                await client.chat_postMessage(
                    channel=channel,
                    text=message.text,
                    blocks=message.blocks,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            except FAILURES as e:
                if code(e) == "channel_not_found" and attempt == 0:  # as it was before a reinstall
                    self._dms.drop(account)
                    await self._front.remember(account, DM, "")
                    handed_over = False
                    continue
                await self._listeners.failed(workspace.team, e)
                failed = not_sent(e, handed_over=handed_over)
                if failed.retry_after is not None:
                    self._pace.hold(workspace.team, failed.retry_after)
                raise failed from None
            else:
                return

    async def _dm(self, workspace: Workspace, account: str, user: str) -> str:
        """The conversation with somebody, opened once."""
        channel = self._dms.get(account) or await self._front.recall(account, DM)
        if not channel:
            client = self._api.client(workspace.token)
            opened = await client.conversations_open(users=[user])
            channel = str(opened["channel"]["id"])
            await self._front.remember(account, DM, channel)
        self._dms.put(account, channel)
        return channel

    # --- what Slack calls ---

    async def _events(self, request: Request) -> Response:
        """Whatever Slack sends: signed, of a sensible size, and a command or a click only once."""
        if self._bolt is None:
            return PlainTextResponse("", 503)
        try:
            body = await _body(request)
            text = body.decode("utf-8")
            bolt_request = to_async_bolt_request(request, text.encode())
        except ClientDisconnect:
            return PlainTextResponse("", 400)
        except _TooLarge:
            return PlainTextResponse("", 413)
        except (
            ValueError,
            RecursionError,
            AttributeError,
            TypeError,
            KeyError,
        ):  # nothing of Slack's
            return PlainTextResponse("", 400)
        answer = await self._bolt.async_dispatch(bolt_request)
        return to_starlette_response(answer)

    async def _once_signed(self, request: Any, next_: Any) -> BoltResponse | None:
        """After the signature was found good: the very same command or click again is somebody's copy.

        Events are let through: Slack itself delivers them again, and they are told apart by their id.
        """
        kind = next(iter(request.headers.get("content-type") or ()), "")
        signature = next(iter(request.headers.get("x-slack-signature") or ()), "")
        once = request.mode != "socket_mode" and "json" not in kind
        if once and not (signature and self._signatures.first(signature)):
            log.warning("a request came twice and was refused")
            return BoltResponse(status=401, body="")
        await next_()
        return None

    async def _install(self, request: Request) -> Response:
        if self._oauth is None:
            return PlainTextResponse("", 503)
        return to_starlette_response(
            await self._oauth.handle_installation(to_async_bolt_request(request, b""))
        )

    async def _redirected(self, request: Request) -> Response:
        if self._oauth is None:
            return PlainTextResponse("", 503)
        return to_starlette_response(
            await self._oauth.handle_callback(to_async_bolt_request(request, b""))
        )

    def _flow(self) -> Flow:
        return oauth(
            self._workspaces,
            self._api.client(None),
            self._settings.client_id,
            self._settings.client_secret,
            self._front.text,
            lambda team: self.begin(self._rosters.refresh(team)),
        )

    def _app(self) -> AsyncApp:
        app = AsyncApp(
            name="mayi",
            logger=quiet,
            client=self._api.client(None),
            signing_secret=self._settings.signing_secret,
            authorize=cast("Any", Authorize(self._workspaces)),
            oauth_flow=self._oauth,
            before_authorize=_middleware(self._once_signed),
            process_before_response=True,
            user_facing_authorize_error_message=self._front.text("slack_not_installed"),
            attaching_conversation_kwargs_enabled=False,
        )
        does = self._listeners
        app.command(ANY)(does.command)
        app.shortcut(ANY)(does.shortcut)
        app.view(ANY)(does.window)
        app.action(ANY)(does.button)
        app.event(ANY)(does.event)

        @app.error
        async def failed(error: Exception) -> BoltResponse:
            log.error("what Slack sent could not be handled: %s", type(error).__name__)
            return BoltResponse(status=500, body="")

        return app

    async def _watch(self, socket: AsyncSocketModeHandler) -> None:
        """An address that Slack gave is good for seconds: a connection that fails needs a new one."""
        while True:
            await asyncio.sleep(WATCH)
            if not await socket.client.is_connected():
                log.warning("not connected to Slack; trying again")
                socket.client.wss_uri = None


class _TooLarge(Exception):
    pass


def _middleware(method: Any) -> Any:
    """slack-bolt passes what a function's parameters are called: `next` is one of them."""

    async def once(req: Any, next: Any) -> BoltResponse | None:  # noqa: A002
        found: BoltResponse | None = await method(req, next)
        return found

    return once


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise _TooLarge
    return bytes(body)


async def _logged(work: Coroutine[Any, Any, Any]) -> None:
    try:
        await work
    except asyncio.CancelledError:
        raise
    except Exception as e:  # noqa: BLE001  # what it says may hold what was sent
        log.error("something that Slack caused failed: %s", type(e).__name__)  # noqa: TRY400


def _key(settings: SlackSettings) -> bytes:
    """What names windows: the same after a restart, and known to nobody else."""
    secret = settings.signing_secret or settings.app_token
    return hashlib.sha256(f"windows:{secret}".encode()).digest()


def _socket_log() -> logging.Logger:
    """The connection's own lines, without addresses (they hold a ticket) and without tracebacks."""
    found = logging.getLogger("bot.platforms.slack.socket")
    found.setLevel(logging.WARNING)

    def short(record: logging.LogRecord) -> bool:
        record.msg = str(record.msg).partition("(")[0].partition(":")[0]
        record.args, record.exc_info = None, None
        return True

    if not found.filters:
        found.addFilter(short)
    return found
