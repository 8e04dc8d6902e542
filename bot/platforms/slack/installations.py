"""Which workspaces have MayI, and with which token; how another comes to have it (OAuth).

Tokens are kept sealed by whoever keeps things for us, under "slack:<team>"; nothing here knows where.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from logging import Logger
from typing import Any, Protocol

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.oauth.async_callback_options import (
    AsyncCallbackOptions,
    AsyncFailureArgs,
    AsyncSuccessArgs,
)
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.response import BoltResponse
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from bot.platforms.slack.api import FAILURES, GONE, Api, code, quiet
from bot.platforms.slack.once import Lately, Seen

log = logging.getLogger(__name__)

# What MayI asks a workspace for; the manifest says the same, and a test holds them together.
SCOPES = (
    "app_mentions:read",
    "assistant:write",
    "chat:write",
    "commands",
    "im:history",
    "im:write",
    "usergroups:read",
    "users:read",
    "users:read.email",
)
TOKEN, TEAMS, EVERYWHERE = "installation", "teams", "slack:"
CACHED = 60.0  # seconds that another process's uninstall may go unseen
STATE_SECONDS = 600


class Kept(Protocol):
    """Small sealed strings by owner and key."""

    async def remember(self, account: str, key: str, value: str) -> None: ...

    async def recall(self, account: str, key: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace that has MayI."""

    team: str
    name: str = ""
    bot_id: str = ""
    bot_user: str = ""
    token: str = field(default="", repr=False)


class Workspaces(AsyncInstallationStore):
    """The workspaces that have MayI: the one of SLACK_BOT_TOKEN, and those that installed it by OAuth."""

    def __init__(self, kept: Kept, api: Api, *, token: str = "", many: bool = False) -> None:
        self._kept, self._api, self._token, self._many = kept, api, token, many
        self._own: Workspace | None = None
        self._asking = asyncio.Lock()
        self._listing = asyncio.Lock()
        self._found: Lately[Workspace] = Lately(CACHED)

    @property
    def logger(self) -> Logger:
        return quiet

    async def find(self, team: str) -> Workspace | None:
        """The workspace, if it has MayI."""
        own = await self.own()
        if own is not None and own.team == team:
            return own
        if not self._many or not team:
            return None
        found = self._found.get(team)
        if found is None:
            found = _read(await self._kept.recall(f"slack:{team}", TOKEN))
            if found is not None:
                self._found.put(team, found)
        return found

    async def own(self) -> Workspace | None:
        """The workspace of SLACK_BOT_TOKEN; None where there is none, or Slack cannot say just now."""
        if self._own is None and self._token:
            async with self._asking:
                if self._own is None:
                    self._own = await self._ask(self._token)
        return self._own

    async def everywhere(self) -> list[Workspace]:
        """Every workspace that has MayI."""
        own = await self.own()
        teams = await self._teams() if self._many else []
        found = [w for t in teams if (w := await self.find(t)) is not None]
        return [own, *(w for w in found if w.team != own.team)] if own else found

    async def add(self, workspace: Workspace) -> None:
        """A workspace has MayI from now on."""
        await self._kept.remember(f"slack:{workspace.team}", TOKEN, json.dumps(asdict(workspace)))
        await self._list(workspace.team, there=True)
        self._found.put(workspace.team, workspace)

    async def withdrawn(self, team: str) -> bool:
        """Slack says that a workspace took MayI away: forget its token, unless it works after all.

        It works where the workspace has installed MayI again since.
        """
        if not self._many:
            return False
        self._found.drop(team)
        workspace = _read(await self._kept.recall(f"slack:{team}", TOKEN))
        if workspace is None:
            return True
        try:
            await self._api.client(workspace.token).auth_test()
        except FAILURES as e:
            if code(e) in GONE:
                await self._kept.remember(f"slack:{team}", TOKEN, "")
                await self._list(team, there=False)
                self._found.drop(team)
                log.info("workspace %s no longer has MayI", team)
                return True
        return False

    async def _ask(self, token: str) -> Workspace | None:
        try:
            told = await self._api.client(token).auth_test()
        except FAILURES as e:
            log.error("Slack did not accept SLACK_BOT_TOKEN: %s", code(e))  # noqa: TRY400
            return None
        return Workspace(
            str(told.get("team_id") or ""),
            str(told.get("team") or ""),
            str(told.get("bot_id") or ""),
            str(told.get("user_id") or ""),
            token,
        )

    async def _teams(self) -> list[str]:
        listed = await self._kept.recall(EVERYWHERE, TEAMS)
        return listed.split() if listed else []

    async def _list(self, team: str, *, there: bool) -> None:
        async with self._listing:
            teams = set(await self._teams())
            changed = teams | {team} if there else teams - {team}
            if changed != teams:
                await self._kept.remember(EVERYWHERE, TEAMS, " ".join(sorted(changed)))

    # --- what slack-bolt's OAuth asks of a store ---

    async def async_save(self, installation: Installation) -> None:
        """Keep what OAuth gave, sealed."""
        if not installation.team_id or not installation.bot_token:
            raise ValueError("an installation without a workspace or a token")
        await self.add(
            Workspace(
                installation.team_id,
                installation.team_name or "",
                installation.bot_id or "",
                installation.bot_user_id or "",
                installation.bot_token,
            )
        )

    async def async_save_bot(self, bot: Bot) -> None:
        """Not used: tokens do not rotate."""
        raise NotImplementedError


def _read(kept: str) -> Workspace | None:
    try:
        return Workspace(**json.loads(kept)) if kept else None
    except (ValueError, TypeError):
        return None


class Authorize(AsyncAuthorize):
    """Tells slack-bolt which token an event's workspace has, without asking Slack each time."""

    def __init__(self, workspaces: Workspaces) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._workspaces = workspaces

    async def __call__(
        self, *, team_id: str | None, enterprise_id: str | None, user_id: str | None, **_: Any
    ) -> AuthorizeResult | None:
        found = await self._workspaces.find(team_id or "")
        if found is None:
            log.warning("an event of workspace %s, which does not have MayI", team_id)
            return None
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=found.team,
            bot_user_id=found.bot_user,
            bot_id=found.bot_id,
            bot_token=found.token,
            user_id=user_id,
        )


class States(AsyncOAuthStateStore):
    """The word that binds the end of an installation to its beginning: signed, short-lived, good once.

    Nothing is stored for it: whoever asks for the installation page a million times fills no disk.
    """

    def __init__(self, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._key = hashlib.sha256(f"state:{secret}".encode()).digest()
        self._clock = clock
        self._used = Seen(STATE_SECONDS)

    @property
    def logger(self) -> Logger:
        return quiet

    async def async_issue(self, *_: Any, **__: Any) -> str:
        """A new word."""
        begun = f"{secrets.token_hex(8)}-{int(self._clock())}"
        return f"{begun}-{self._sign(begun)}"

    async def async_consume(self, state: str) -> bool:
        """Whether it is ours, young enough and not used before."""
        begun, _, signed = str(state).rpartition("-")
        at = begun.rpartition("-")[2]
        return (
            hmac.compare_digest(self._sign(begun).encode(), signed.encode("utf-8", "replace"))
            and at.isdigit()
            and 0 <= self._clock() - int(at) <= STATE_SECONDS
            and self._used.first(state)
        )

    def _sign(self, begun: str) -> str:
        return hmac.new(self._key, begun.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


class Flow(AsyncOAuthFlow):
    """slack-bolt's installation, which logs the one-time code when it fails; this one does not."""

    async def run_installation(self, code: str) -> Installation | None:
        try:
            return await super().run_installation(code)
        except FAILURES as e:
            log.warning("an installation failed: %s", type(e).__name__)
            return None


def oauth(
    workspaces: Workspaces,
    client: AsyncWebClient,
    client_id: str,
    client_secret: str,
    said: Callable[..., str],
    installed: Callable[[str], object],
) -> Flow:
    """The installation of MayI in another workspace. `installed` hears of each."""

    async def success(args: AsyncSuccessArgs) -> BoltResponse:
        installed(args.installation.team_id or "")
        return page(200, said("slack_installed", workspace=args.installation.team_name or ""))

    async def failure(args: AsyncFailureArgs) -> BoltResponse:
        log.warning("an installation was refused: %s", args.reason[:60])
        return page(args.suggested_status_code, said("slack_not_added"))

    def page(status: int, text: str) -> BoltResponse:
        gone = settings.state_utils.build_set_cookie_for_deletion()
        headers: dict[str, str | Sequence[str]] = {
            "Content-Type": "text/plain; charset=utf-8",
            "Set-Cookie": gone,
        }
        return BoltResponse(status=status, body=text, headers=headers)

    settings = AsyncOAuthSettings(
        client_id=client_id,
        client_secret=client_secret,
        scopes=SCOPES,
        user_scopes=[],
        install_page_rendering_enabled=False,
        installation_store=workspaces,
        state_store=States(client_secret),
        state_expiration_seconds=STATE_SECONDS,
        callback_options=AsyncCallbackOptions(success, failure),
        logger=quiet,
    )
    return Flow(client=client, logger=quiet, settings=settings)
