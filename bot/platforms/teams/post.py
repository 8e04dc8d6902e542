"""What goes out to Teams: into a conversation, or to somebody who has none yet.

Nothing waits long: what Teams asks to be sent later, within seconds, is tried again here; anything else is
the caller's to repeat. An answer that may have arrived all the same is never sent again unmarked.
"""

from __future__ import annotations

import asyncio
import email.utils
import random
import warnings
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import httpx

from bot.platforms.teams.cards import Json, attachment
from bot.platforms.teams.sdk import (
    Account,
    ApiClient,
    CreateConversationParams,
    ExperimentalWarning,
    MessageActivityInput,
)
from bot.records.messages import NotSent

T = TypeVar("T")
LONGEST = 12.0  # seconds one request may take with everything it waits for, a token included
TRIES = 4
PATIENCE = 5.0  # seconds that are waited here; longer waits are the caller's
FIRST_PAUSE = 0.3
LATER = {429, 412, 503}  # it was not taken and may be in a moment
UNSURE = {500, 502, 504}  # it may have been taken
OURS = {401, 408}  # nothing of this message's: the secret ran out, or the line is slow
GONE = {403, 404}  # blocked, uninstalled, or the conversation is not there any more
AT_ONCE = 20  # requests on the way; Teams takes 50 a second of an app and tenant


class Gone(NotSent):
    """The conversation is closed to us."""


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation, and the address of the service it is reached by."""

    conversation: str
    service: str


class Post:
    """Sends, one pooled connection for all."""

    def __init__(self, api: ApiClient, bot: str) -> None:
        self._bot = Account(id=f"28:{bot}")
        self._lanes = asyncio.Semaphore(AT_ONCE)
        # Teams has a service address for each region; a client for one takes a moment to make.
        self._talks = lru_cache(maxsize=50)(
            lambda service: api.clone(service_url=service).conversations
        )

    async def send(self, place: Place, card: Json, summary: str, *, only_to: str = "") -> None:
        """Put a card into a conversation; `only_to`: one member of it alone sees it. Raises NotSent."""
        # The summary is what a notification shows; the SDK's class passes it on without naming it.
        message = MessageActivityInput.model_validate(
            {"summary": summary, "attachments": [attachment(card)]}
        )
        message.from_ = self._bot
        talks = self._talks(place.service)
        if only_to:
            message.recipient = Account(id=only_to, is_targeted=True)

        async def go() -> None:
            with warnings.catch_warnings():  # targeted messages are a preview to the SDK
                warnings.simplefilter("ignore", ExperimentalWarning)
                if only_to:
                    await talks.create_targeted_activity(place.conversation, message)
                else:
                    await talks.create_activity(place.conversation, message)

        await self._paced(go)

    async def open(self, tenant: str, person: str, service: str) -> Place:
        """The conversation of somebody who has MayI installed. Raises NotSent."""
        wanted = CreateConversationParams(
            members=[Account(id=person)],
            tenant_id=tenant,
            channel_data={"tenant": {"id": tenant}},
        )
        talks = self._talks(service)
        made = await self._paced(lambda: talks.create(wanted))
        return Place(made.id, made.service_url or service)

    async def _paced(self, request: Callable[[], Awaitable[T]]) -> T:
        """Do a request, again while Teams says that it was not taken and waiting is short."""
        left, tried = PATIENCE, 0
        while True:
            tried += 1
            try:
                async with self._lanes, asyncio.timeout(LONGEST):
                    return await request()
            except Exception as e:  # noqa: BLE001  # the SDK's token errors have no common type
                failed = _not_sent(e)
                wait = _wait(e, tried)
                again = isinstance(e, httpx.ConnectError) or _status(e) in LATER
                if not again or tried == TRIES or wait > left:
                    raise failed from None
                left -= wait
                await asyncio.sleep(wait)


def _not_sent(e: Exception) -> NotSent:
    status = _status(e)
    if status in GONE:
        return Gone(f"teams: {status}", for_good=True)
    if status in LATER:
        asked = _asked_for(e)
        return NotSent(f"teams: {status}", retry_after=asked)
    if status:
        for_good = 400 <= status < 500 and status not in OURS
        return NotSent(f"teams: {status}", for_good=for_good, perhaps=status in UNSURE)
    on_the_way = isinstance(e, httpx.TransportError | TimeoutError) and not isinstance(
        e, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    )
    # What failed before anything was sent (no token, no connection) cannot have arrived.
    return NotSent(f"teams: {type(e).__name__}", perhaps=on_the_way)


def _wait(e: Exception, tried: int) -> float:
    """Seconds to wait: as long as was asked for, else longer each time and never in step with others."""
    asked = _asked_for(e)
    if asked is not None:
        return asked.total_seconds()
    return FIRST_PAUSE * 2.0 ** (tried - 1) * random.uniform(0.8, 1.6)  # noqa: S311


def _asked_for(e: Exception) -> timedelta | None:
    if not isinstance(e, httpx.HTTPStatusError):
        return None
    value = e.response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=min(int(value[:6]), 86_400))
    try:
        at = email.utils.parsedate_to_datetime(value)
        return max(at - datetime.now(tz=at.tzinfo or UTC), timedelta())
    except (ValueError, TypeError):
        return None


def _status(e: Exception) -> int:
    return e.response.status_code if isinstance(e, httpx.HTTPStatusError) else 0
