"""Microsoft Graph beside Teams: the staff list from Entra, kept up to date, and other ways to reach people."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from bot.app.front import Reception
from bot.chat.front import RosterEntry
from bot.config import TeamsSettings
from bot.people.graph import Graph, GraphFailed, StaffList
from bot.work.sending import said

log = logging.getLogger(__name__)
EVERY = 15 * 60.0  # seconds between two looks at the staff group


class Entra:
    """Reads the staff group from the start, and again and again. Runs beside the chats."""

    def __init__(self, settings: TeamsSettings, front: Reception) -> None:
        self.graph = Graph(settings)
        self._settings, self._front = settings, front
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        await self.graph.start()
        if self._settings.group:
            self._reading = asyncio.create_task(self._keep_reading(), name="entra: staff")

    async def stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        await self.graph.stop()

    async def _keep_reading(self) -> None:
        staff = StaffList(self.graph, self._settings.group)
        workspace = f"teams:{self._settings.tenant}"
        while True:
            try:
                changes = await staff.read()
                entries = [
                    RosterEntry(f"{workspace}/{m.id}", m.name, m.email, m.active)
                    for m in changes.members
                ]
                await self._front.roster(workspace, entries, whole=changes.whole)
            except GraphFailed as e:
                log.warning("the staff group could not be read: %s", e.why)
            except Exception as e:  # noqa: BLE001  # the next look tries again
                log.error("the staff group could not be read: %s", said(e))  # noqa: TRY400
            await asyncio.sleep(EVERY)
