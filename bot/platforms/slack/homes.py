"""Home pages: published when they are opened, and again when something may have changed on them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.front import Front
from bot.platforms.slack import blocks
from bot.platforms.slack.api import FAILURES, code, retry_after
from bot.platforms.slack.incoming import of_account
from bot.platforms.slack.once import Lately

log = logging.getLogger(__name__)

SOON = 0.5  # seconds in which several changes are one
OPENED = "home"  # the keepsake of somebody who has opened their home page
DAY = 24 * 3600.0

Begin = Callable[[Coroutine[Any, Any, None]], object]


class Homes:
    """Publishes home pages, and only to those who have opened theirs."""

    def __init__(
        self,
        front: Front,
        client: Callable[[str], Coroutine[Any, Any, AsyncWebClient | None]],
        keep: Callable[[str, Any], Coroutine[Any, Any, None]],
        begin: Begin,
    ) -> None:
        self._front, self._client, self._keep, self._begin = front, client, keep, begin
        self._opened: Lately[bool] = Lately(DAY)
        self._shown: Lately[str] = Lately(DAY)
        self._due: set[str] = set()

    def touch(self, account: str, *, asked: bool = False) -> None:
        """Something may have changed for somebody. `asked`: their box is to be emptied."""
        if asked:
            self._shown.drop(account)
        if account not in self._due and self._opened.get(account) is not False:
            self._due.add(account)
            self._begin(self._soon(account))

    async def open(self, account: str) -> None:
        """Somebody looks at their home page."""
        self._shown.drop(account)
        await self.publish(account)
        if not self._opened.get(account):
            self._opened.put(account, True)
            await self._front.remember(account, OPENED, "1")

    async def _soon(self, account: str) -> None:
        await asyncio.sleep(SOON)
        self._due.discard(account)
        opened = self._opened.get(account)
        if opened is None:
            opened = bool(await self._front.recall(account, OPENED))
            self._opened.put(account, opened)
        if opened:
            await self.publish(account)

    async def publish(self, account: str) -> None:
        """Show the page as it is now, unless that is what is shown."""
        team, user = of_account(account)
        client = await self._client(team)
        if client is None:
            return
        reply = await self._front.home(account)
        plain, _ = blocks.home(reply, self._front.text, "")
        now = hashlib.sha256(json.dumps(plain.to_dict()).encode()).hexdigest()
        if self._shown.get(account) == now:
            return
        view, kept = blocks.home(reply, self._front.text, format(time.time_ns(), "x"))
        await self._keep(account, kept)
        for _ in range(2):
            try:
                await client.views_publish(user_id=user, view=view)
            except FAILURES as e:
                wait = retry_after(e)
                if wait is None:
                    log.warning("a home page was not published: %s", code(e))
                    return
                await asyncio.sleep(wait.total_seconds())
            else:
                self._shown.put(account, now)
                return
