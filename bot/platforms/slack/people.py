"""Who works there, as Slack knows it: the members of a workspace, or of its user groups."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.front import Front, RosterEntry
from bot.platforms.slack.api import FAILURES, PATIENT, Api, code
from bot.platforms.slack.incoming import account
from bot.platforms.slack.installations import Workspace, Workspaces

log = logging.getLogger(__name__)

PAGE = 200  # people at a time, as Slack recommends
MOST_PAGES = 500
MEMBERS = "members"
EVERY = 24 * 3600.0

# For each workspace: MEMBERS, or the ids of user groups; nothing where school.toml lists its people.
Wanted = Callable[[], Mapping[str, Sequence[str]]]


def entry(team: str, user: Mapping[str, Any]) -> RosterEntry | None:
    """A member as the roster has them; None for a bot, a guest or somebody of another workspace."""
    if not user.get("id") or user.get("id") == "USLACKBOT" or user.get("is_bot"):
        return None
    if user.get("is_restricted") or user.get("is_ultra_restricted") or user.get("is_stranger"):
        return None
    if user.get("is_app_user") or user.get("is_workflow_bot"):
        return None
    own = str(user.get("team_id") or team)
    if own.startswith("T") and own != team:
        return None
    profile = user.get("profile") or {}
    name = profile.get("real_name") or user.get("real_name") or user.get("name") or ""
    email = str(profile.get("email") or "")
    return RosterEntry(
        account(team, str(user["id"])), str(name), email, active=not user.get("deleted")
    )


class Rosters:
    """Tells the front who works where: at the start, every day, and when somebody comes, goes or changes."""

    def __init__(self, front: Front, api: Api, workspaces: Workspaces, wanted: Wanted) -> None:
        self._front, self._api, self._workspaces, self._wanted = front, api, workspaces, wanted
        self._known: dict[str, RosterEntry] = {}
        self._groups: dict[str, set[str]] = {}  # the people of a workspace's groups
        self._turns: dict[str, asyncio.Lock] = {}

    async def keep(self) -> None:
        """Fetch every roster now and each day. What fails is tried again sooner."""
        while True:
            failed = [w for w in await self._all() if not await self.refresh(w.team)]
            await asyncio.sleep(600 if failed else EVERY)

    async def refresh(self, team: str) -> bool:
        """Fetch the roster of a workspace, and tell the front; whether it could be had."""
        sources = tuple(self._wanted().get(team, ()))
        workspace = await self._workspaces.find(team)
        if not sources or workspace is None:
            return True
        async with self._turns.setdefault(team, asyncio.Lock()):
            try:
                entries = await self._fetch(workspace, sources)
            except FAILURES as e:
                log.warning("the roster of %s could not be fetched: %s", team, code(e))
                return False
            await self._front.roster(f"slack:{team}", entries, whole=True)
            for known in entries:
                self._known[known.account] = known
        log.info("the roster of %s: %d", team, len(entries))
        return True

    async def changed(self, team: str, user: Mapping[str, Any]) -> None:
        """Somebody came, left, became a guest or changed their name or address."""
        sources = self._wanted().get(team, ())
        if not sources or not user.get("id"):
            return
        if MEMBERS not in sources and str(user["id"]) not in self._groups.get(team, ()):
            return
        name = account(team, str(user["id"]))
        known = entry(team, user)
        if known is None:  # a guest from now on: nobody of the school's
            if name not in self._known:
                return
            known = RosterEntry(name, self._known[name].name, self._known[name].email, active=False)
        if self._known.get(name) == known:  # a picture or a status: nothing to us
            return
        await self._front.roster(f"slack:{team}", [known], whole=False)
        self._known[name] = known

    async def _all(self) -> list[Workspace]:
        try:
            return await self._workspaces.everywhere()
        except Exception as e:  # noqa: BLE001  # records out of reach: the next round
            log.warning("the workspaces could not be listed: %s", type(e).__name__)
            return []

    async def _fetch(self, workspace: Workspace, sources: Sequence[str]) -> list[RosterEntry]:
        client = self._api.client(workspace.token, patience=PATIENT)
        found = await _members(client, workspace.team)
        if MEMBERS in sources:
            return found
        ids: set[str] = set()
        for group in sources:
            told = await client.usergroups_users_list(usergroup=group)
            ids.update(map(str, told.get("users") or ()))
        self._groups[workspace.team] = ids
        wanted = {account(workspace.team, i) for i in ids}
        return [e for e in found if e.account in wanted]


async def _members(client: AsyncWebClient, team: str) -> list[RosterEntry]:
    """Everybody of a workspace, page by page."""
    found: list[RosterEntry] = []
    cursor = ""
    for _ in range(MOST_PAGES):
        told = await client.users_list(limit=PAGE, cursor=cursor or None)
        for user in told.get("members") or ():
            known = entry(team, user)
            if known is not None:
                found.append(known)
        cursor = str((told.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return found
