"""The way out to Slack: one pool of connections, time-outs, short waits kept and long ones passed on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from datetime import timedelta
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.async_handler import AsyncRetryHandler
from slack_sdk.http_retry.builtin_async_handlers import (
    AsyncConnectionErrorRetryHandler,
    AsyncRateLimitErrorRetryHandler,
)
from slack_sdk.http_retry.request import HttpRequest
from slack_sdk.http_retry.response import HttpResponse
from slack_sdk.http_retry.state import RetryState
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.records.messages import NotSent

log = logging.getLogger(__name__)
# The SDK's own lines may hold what was sent; only what it cannot do without is let through.
quiet = logging.getLogger("bot.platforms.slack.sdk")
quiet.setLevel(logging.CRITICAL)

SECONDS = 8.0  # for one call, with whatever is waited for inside it
CONNECT = 3.0
CONNECTIONS = 100
SHORT, PATIENT = 1, 30  # seconds that are waited for inside a call: for an answer, for a list
PACE = 0.3  # seconds between messages nobody asked for, of one workspace: 200 a minute
QUEUE = 60.0  # seconds to wait for a turn; whoever would wait longer comes back later

# The workspace took the app away, or the token was withdrawn.
GONE = frozenset(
    {"account_inactive", "app_uninstalled", "invalid_auth", "not_authed", "token_expired",
     "token_revoked", "team_access_not_granted"}
)  # fmt: skip
# Nothing that time mends: this person or this message.
NEVER = frozenset(
    {"users_not_found", "user_not_found", "user_disabled", "cannot_dm_bot", "user_is_bot",
     "is_archived", "msg_too_long", "msg_blocks_too_long", "no_text", "invalid_blocks",
     "invalid_blocks_format", "too_many_attachments", "restricted_action", "user_not_visible"}
)  # fmt: skip
# Slack's own words for "it may have worked".
PERHAPS = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})

FAILURES = (
    SlackClientError,
    aiohttp.ClientError,
    OSError,
    TimeoutError,
    ValueError,
    AttributeError,
)


class ShortWaits(AsyncRateLimitErrorRetryHandler):
    """Waits once where Slack asks for a short while; what is longer is the caller's to plan."""

    def __init__(self, most: float) -> None:
        super().__init__(max_retry_count=1)
        self._most = most

    async def _can_retry_async(
        self,
        *,
        state: RetryState,  # noqa: ARG002  # the SDK passes all of these by name
        request: HttpRequest,  # noqa: ARG002
        response: HttpResponse | None = None,
        error: Exception | None = None,  # noqa: ARG002
    ) -> bool:
        if response is None or response.status_code != 429:
            return False
        asked = {k.lower(): v for k, v in response.headers.items()}.get("retry-after", ["1"])
        return _seconds(asked[0]) <= self._most


class Reconnects(AsyncConnectionErrorRetryHandler):
    """Tries again over a new connection, where doing it twice does no harm: never a message."""

    async def _can_retry_async(
        self,
        *,
        state: RetryState,
        request: HttpRequest,
        response: HttpResponse | None = None,
        error: Exception | None = None,
    ) -> bool:
        if "/chat." in request.url:
            return False
        return await super()._can_retry_async(
            state=state, request=request, response=response, error=error
        )


class Api:
    """Clients that share one pool. Open it in the loop that uses it."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self.session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300),
            timeout=aiohttp.ClientTimeout(total=SECONDS, connect=CONNECT),
        )

    async def close(self) -> None:
        if self.session is not None:
            await self.session.close()
            self.session = None

    def client(self, token: str | None, *, patience: float = SHORT) -> AsyncWebClient:
        """A client of a workspace. `patience`: seconds it waits where Slack asks it to."""
        handlers: list[AsyncRetryHandler] = [ShortWaits(patience), Reconnects()]
        return AsyncWebClient(
            token=token,
            base_url=self._base_url,
            timeout=int(SECONDS),
            session=self.session,
            retry_handlers=handlers,
            logger=quiet,
        )

    async def respond(self, url: str, body: dict[str, Any]) -> bool:
        """Answer at the address that came with a command or a button; whether Slack took it."""
        if not url.startswith(("https://", "http://")):
            return False
        hook = AsyncWebhookClient(
            url, session=self.session, retry_handlers=[ShortWaits(SHORT)], logger=quiet
        )
        try:
            answer = await hook.send_dict(body)
        except FAILURES as e:
            log.warning("an answer was not taken: %s", type(e).__name__)
            return False
        if answer.status_code != 200:
            log.warning("an answer was not taken: %s", answer.status_code)
        return answer.status_code == 200


class Pace:
    """Turns for messages that nobody asked for, so that a broadcast stays within what Slack takes."""

    def __init__(self, every: float = PACE, longest: float = QUEUE) -> None:
        self._every, self._longest = every, longest
        self._next: dict[str, float] = {}

    async def turn(self, team: str) -> None:
        """Wait for a turn; raises NotSent where it is too far away."""
        now = time.monotonic()
        at = max(now, self._next.get(team, 0.0))
        if at - now > self._longest:
            raise NotSent("slack: busy", retry_after=timedelta(seconds=round(at - now)))
        self._next[team] = at + self._every
        await asyncio.sleep(at - now)

    def hold(self, team: str, wait: timedelta) -> None:
        """Nothing more for so long: Slack said so."""
        until = time.monotonic() + wait.total_seconds()
        self._next[team] = max(self._next.get(team, 0.0), until)


def code(e: BaseException) -> str:
    """Slack's word for what went wrong, or the type; never what was sent."""
    if isinstance(e, SlackApiError):
        with contextlib.suppress(Exception):
            return str(e.response["error"])[:60]
        return f"http-{_status(e) or 'unreadable'}"
    return type(e).__name__


def retry_after(e: BaseException) -> timedelta | None:
    """How long Slack asks to wait."""
    if not isinstance(e, SlackApiError) or code(e) not in (
        "ratelimited",
        "rate_limited",
        "http-429",
    ):
        return None
    headers = getattr(e.response, "headers", None) or {}
    asked = next((v for k, v in headers.items() if k.lower() == "retry-after"), "30")
    return timedelta(seconds=_seconds(asked[0] if isinstance(asked, list) else asked))


def not_sent(e: BaseException, *, handed_over: bool) -> NotSent:
    """What a failure means for a message. `handed_over`: the call that failed was the one that posts it."""
    why = code(e)
    wait = retry_after(e)
    if wait is not None:
        return NotSent(f"slack: {why}", retry_after=wait)
    if isinstance(e, SlackApiError):
        perhaps = handed_over and (why in PERHAPS or why.startswith("http-") or _status(e) >= 500)
        return NotSent(f"slack: {why}", for_good=why in NEVER, perhaps=perhaps)
    never_there = isinstance(e, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return NotSent(f"slack: {why}", perhaps=handed_over and not never_there)


def _status(e: SlackApiError) -> int:
    """The HTTP status. Of what could not be read as JSON, the SDK hands on the bare response."""
    status = getattr(e.response, "status_code", None) or getattr(e.response, "status", None)
    return status if isinstance(status, int) else 0


def _seconds(asked: object) -> int:
    text = str(asked).strip()
    return min(int(text), 3600) if text.isascii() and text.isdigit() else 30
