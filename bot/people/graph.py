"""Microsoft Graph: who is on the staff, MayI in somebody's Teams, mail. The only module that knows msgraph-sdk.

The SDK is imported in a thread when `Graph.start` is called, for it takes seconds; whoever has nothing set up
never pays for it. What it raises becomes GraphFailed, which holds a status and a code and no name.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import quote, urlsplit

import httpx

from bot.config import TeamsSettings
from bot.errors import CannotDo

if TYPE_CHECKING:
    from msgraph.graph_service_client import GraphServiceClient

T = TypeVar("T")
log = logging.getLogger(__name__)

URL = "https://graph.microsoft.com/v1.0"
SCOPE = "https://graph.microsoft.com/.default"
TIMEOUT = 30.0  # seconds for one request
TRIES = 6
SHORT, LONG = (
    8.0,
    120.0,
)  # seconds to wait in all: with somebody's message in hand, and for a roster
BACK_OFF = 0.5
LATER = {429, 503, 504}  # throttled, or a moment's trouble
EXPIRED = {410}  # a delta link: everything is read again
FIELDS = ("id", "displayName", "mail", "userPrincipalName", "accountEnabled")
NESTED = 40  # groups inside the staff's whose changes are followed: a filter takes 50


class GraphFailed(CannotDo):
    """Graph did not do it. `for_good`: asking again would end the same way. `perhaps`: it may have been done."""

    def __init__(
        self,
        why: str,
        *,
        for_good: bool = False,
        retry_after: timedelta | None = None,
        perhaps: bool = False,
    ) -> None:
        super().__init__(f"Microsoft Graph: {why}; see docs/teams.md for what it needs")
        self.why = why
        self.for_good = for_good
        self.retry_after = retry_after
        self.perhaps = perhaps


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of a group. Not `active`: switched off, or no longer there."""

    id: str  # the object id
    name: str
    email: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Changes:
    """Members as Graph tells of them. `whole`: these are all; whoever is not among them has left."""

    members: tuple[Member, ...]
    whole: bool


class Credential(Protocol):
    """Gives tokens; may take its time, so it is asked in a thread. What azure-identity's are."""

    def get_token(self, *scopes: str) -> Any:
        """A token and when it ends: `token`, `expires_on`."""


class Graph:
    """Graph for one tenant. Start it before use."""

    def __init__(
        self, settings: TeamsSettings, *, url: str = URL, credential: Credential | None = None
    ) -> None:
        self._settings = settings
        self._url = url.rstrip("/")
        self._credential = credential
        self._tokens: _Tokens | None = None
        self._http: httpx.AsyncClient | None = None
        self._client: GraphServiceClient | None = None

    async def start(self) -> None:
        """Import the SDK and make ready; nothing is asked of Graph yet."""
        self._client = await asyncio.to_thread(self._made)

    async def stop(self) -> None:
        if self._http is not None:
            await self._http.aclose()
        self._client = None

    # --- who is on the staff -----------------------------------------------------------------------------

    async def members(self, group: str) -> tuple[Member, ...]:
        """Everybody in a group and the groups inside it, switched-off accounts too."""
        users = self._graph.groups.by_group_id(group).transitive_members.graph_user
        return tuple([_member(u) async for u in self._pages(users, select=FIELDS) if u.id])

    async def nested(self, group: str) -> tuple[str, ...]:
        """The ids of the groups inside a group."""
        groups = self._graph.groups.by_group_id(group).transitive_members.graph_group
        return tuple([g.id async for g in self._pages(groups, select=("id",)) if g.id])

    async def since_now(self, path: str, **query: str) -> str:
        """A link that tells what changes from now on: of "users" or "groups"."""
        asked = "&".join(f"${k}={quote(v, safe=',')}" for k, v in query.items())
        start = f"{self._url}/{path}/delta?{asked}&$deltatoken=latest"
        _, link = await self.changed(path, start)
        return link

    async def changed(self, path: str, link: str) -> tuple[list[Any], str]:
        """What changed since a link was given, and the next link."""
        builder = self._graph.users.delta if path == "users" else self._graph.groups.delta
        found: list[Any] = []
        while True:
            page: Any = await self._asked(builder.with_url(self._ours(link)).get, LONG)
            if page is None:
                raise GraphFailed("no page")
            found += page.value or []
            if page.odata_next_link:
                link = page.odata_next_link
                continue
            return found, page.odata_delta_link or ""

    # --- reaching somebody -------------------------------------------------------------------------------

    async def install(self, tenant: str, person: str) -> str:
        """Install MayI for somebody, where it is not, and return the id of their conversation with it.

        Raises GraphFailed.
        """
        from msgraph.generated.models.user_scope_teams_app_installation import (
            UserScopeTeamsAppInstallation,
        )

        app = self._settings.app
        if not app or tenant != self._settings.tenant:
            raise GraphFailed("no app to install", for_good=True)
        apps = self._graph.users.by_user_id(person).teamwork.installed_apps
        bind = {"teamsApp@odata.bind": f"{self._url}/appCatalogs/teamsApps/{app}"}
        wanted = UserScopeTeamsAppInstallation(additional_data=bind)
        try:
            await self._asked(lambda: apps.post(wanted), SHORT)
        except GraphFailed as e:
            if e.why.partition(" ")[0] != "409":  # it is there already
                raise
        query = {"expand": ["teamsApp"], "filter": f"teamsApp/id eq '{app}'"}
        found = [i async for i in self._pages(apps, SHORT, **query)]
        if not found or not found[0].id:
            raise GraphFailed("installed and not found")
        one = apps.by_user_scope_teams_app_installation_id(found[0].id)
        chat = await self._asked(one.chat.get, SHORT)
        if chat is None or not chat.id:
            raise GraphFailed("no conversation")
        return str(chat.id)

    async def mail(self, to: str, subject: str, text: str, *, message_id: str) -> None:
        """Send a mail from the configured mailbox. Raises GraphFailed. A repeat has the same Message-ID."""
        from msgraph.generated.models.body_type import BodyType
        from msgraph.generated.models.email_address import EmailAddress
        from msgraph.generated.models.item_body import ItemBody
        from msgraph.generated.models.message import Message
        from msgraph.generated.models.recipient import Recipient
        from msgraph.generated.users.item.send_mail.send_mail_post_request_body import (
            SendMailPostRequestBody,
        )

        sender = self._settings.mail_from
        if not sender:
            raise GraphFailed("no mailbox to send from", for_good=True)
        domain = sender.rpartition("@")[2]
        body = SendMailPostRequestBody(
            message=Message(
                subject=subject,
                body=ItemBody(content_type=BodyType.Text, content=text),
                to_recipients=[Recipient(email_address=EmailAddress(address=to))],
                internet_message_id=f"<{message_id}@{domain}>",
            ),
            save_to_sent_items=False,
        )
        post = self._graph.users.by_user_id(sender).send_mail.post
        await self._asked(lambda: post(body), SHORT, once=True)

    # --- how it is asked ---------------------------------------------------------------------------------

    @property
    def _graph(self) -> GraphServiceClient:
        if self._client is None:
            raise GraphFailed("not started")
        return self._client

    async def _pages(
        self, builder: Any, patience: float = LONG, **query: Any
    ) -> AsyncIterator[Any]:
        """Everything of a list, page by page."""
        from kiota_abstractions.base_request_configuration import RequestConfiguration

        if "select" in query:  # a list cast to one kind is an advanced query
            query |= {"count": True, "top": 999}
        names = {f"{k}": list(v) if isinstance(v, tuple) else v for k, v in query.items()}
        parameters = next(
            getattr(type(builder), n) for n in dir(builder) if n.endswith("GetQueryParameters")
        )(**names)
        configuration: Any = RequestConfiguration(query_parameters=parameters)
        configuration.headers.add("ConsistencyLevel", "eventual")
        page = await self._asked(lambda: builder.get(configuration), patience)
        while page is not None:
            for one in page.value or ():
                yield one
            if not page.odata_next_link:
                return
            more = builder.with_url(self._ours(page.odata_next_link))
            onward: Any = RequestConfiguration()  # the link holds the query, and not the header
            onward.headers.add("ConsistencyLevel", "eventual")
            page = await self._asked(partial(more.get, onward), patience)

    def _ours(self, link: str) -> str:
        """A link of Graph's own; a token goes to no other host."""
        if urlsplit(link).netloc != urlsplit(self._url).netloc:
            raise GraphFailed("a link to elsewhere", for_good=True)
        return link

    async def _asked(
        self, request: Callable[[], Awaitable[T]], patience: float, *, once: bool = False
    ) -> T:
        """Ask, again while Graph says later and there is patience. `once`: not where it may have been done."""
        from kiota_abstractions.api_error import APIError

        renewed = False
        tried = 0
        while True:
            tried += 1
            try:
                return await request()
            except APIError as e:
                status = e.response_status_code or 0
                if status == 401 and not renewed and self._tokens is not None:
                    self._tokens.forget()  # revoked, or a clock is wrong
                    renewed = True
                    continue
                failed = _failed(e, status)
                again = status in (LATER - {504} if once else LATER)
            except httpx.HTTPError as e:
                failed = GraphFailed(type(e).__name__, perhaps=not _unsent(e))
                again = _unsent(e) or not once
            except GraphFailed:
                raise
            except Exception as e:  # noqa: BLE001  # no token; an answer that cannot be read
                raise GraphFailed(type(e).__name__) from None
            wait = (
                failed.retry_after.total_seconds()
                if failed.retry_after is not None
                else BACK_OFF * 2.0 ** (tried - 1) * random.uniform(0.8, 1.4)  # noqa: S311
            )
            if not again or tried == TRIES or wait > patience:
                raise failed from None
            patience -= wait
            await asyncio.sleep(wait)

    def _made(self) -> GraphServiceClient:
        """The client, with what it imports while answering imported beforehand. Runs in a thread."""
        from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider
        from kiota_http.middleware.options import RetryHandlerOption
        from msgraph.generated.models.chat import Chat
        from msgraph.generated.models.group import Group
        from msgraph.generated.models.o_data_errors.o_data_error import ODataError
        from msgraph.generated.models.user import User
        from msgraph.generated.models.user_scope_teams_app_installation import (
            UserScopeTeamsAppInstallation,
        )
        from msgraph.graph_request_adapter import GraphRequestAdapter, options
        from msgraph.graph_service_client import GraphServiceClient
        from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

        for model in (User, Group, Chat, UserScopeTeamsAppInstallation, ODataError):
            model().get_field_deserializers()
        # We wait ourselves: theirs waits three minutes with somebody's message in hand.
        ours = {RetryHandlerOption.get_key(): RetryHandlerOption(max_retries=0, should_retry=False)}
        self._http = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(timeout=TIMEOUT), options={**options, **ours}
        )
        credential = self._credential or _credential(self._settings)
        self._tokens = _Tokens(credential)
        provider = _provider(self._tokens, urlsplit(self._url).hostname or "")
        adapter = GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(provider), self._http)
        adapter.base_url = self._url
        client = GraphServiceClient(request_adapter=adapter)
        # Each of these imports what it builds.
        member = client.groups.by_group_id("x").transitive_members
        user = client.users.by_user_id("x")
        for built in (member.graph_user, member.graph_group, client.users.delta, user.send_mail):
            built.with_url(self._url)
        _ = client.groups.delta, user.teamwork.installed_apps
        return client


@dataclass(slots=True)
class StaffList:
    """The people of an Entra group, and what changes among them."""

    graph: Graph
    group: str
    _known: dict[str, Member] = field(default_factory=dict)
    _links: dict[str, str] = field(default_factory=dict)

    async def read(self) -> Changes:
        """Everybody at first; then who changed. Everybody again when the group did. Raises GraphFailed."""
        if self._links:
            with contextlib.suppress(_Anew):
                return await self._since()
        return await self._whole()

    async def _whole(self) -> Changes:
        # From before the reading: what changes in between is told twice and never missed.
        nested = await self.graph.nested(self.group)
        links: dict[str, str] = {}
        if len(nested) < NESTED:
            named = " or ".join(f"id eq '{g}'" for g in (self.group, *nested))
            links["groups"] = await self.graph.since_now("groups", select="members", filter=named)
            links["users"] = await self.graph.since_now("users", select=",".join(FIELDS))
        members = await self.graph.members(self.group)
        self._links = links if all(links.values()) else {}
        self._known = {m.id: m for m in members}
        return Changes(members, whole=True)

    async def _since(self) -> Changes:
        links, changed = {}, {}
        for path, link in self._links.items():
            try:
                changed[path], links[path] = await self.graph.changed(path, link)
            except GraphFailed as e:
                if e.why.partition(" ")[0] in map(str, EXPIRED):
                    raise _Anew from None
                raise
        if changed["groups"] or not all(links.values()):
            raise _Anew
        self._links = links
        known = [(u, self._known.get(str(u.id).lower())) for u in changed["users"]]
        members = [_changed(user, before) for user, before in known if before is not None]
        self._known |= {m.id: m for m in members}
        return Changes(tuple(members), whole=False)


class _Anew(Exception):
    """Everything is to be read again."""


class _Tokens:
    """A token, kept until shortly before it ends."""

    SOON = 300  # seconds before its end at which a token counts as ended

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self._token, self._ends = "", 0.0
        self._asking = asyncio.Lock()

    async def get(self) -> str:
        async with self._asking:
            if time.time() > self._ends - self.SOON:
                found = await asyncio.to_thread(self._credential.get_token, SCOPE)
                self._token, self._ends = found.token, float(found.expires_on)
            return self._token

    def forget(self) -> None:
        self._ends = 0.0


def _provider(tokens: _Tokens, host: str) -> Any:
    from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator

    class Provider(AccessTokenProvider):
        def __init__(self) -> None:
            self._hosts = AllowedHostsValidator(
                [host]
            )  # a bare name: with a port it matches nothing

        async def get_authorization_token(
            self,
            uri: str,
            additional_authentication_context: dict[str, Any] | None = None,  # noqa: ARG002
        ) -> str:
            return await tokens.get() if self._hosts.is_url_host_valid(uri) else ""

        def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
            return self._hosts

    return Provider()


def _credential(settings: TeamsSettings) -> Credential:
    from azure.identity import ClientSecretCredential, ManagedIdentityCredential

    if settings.client_secret:
        return ClientSecretCredential(
            settings.tenant, settings.client_id, settings.client_secret, connection_timeout=10
        )
    identity = settings.managed_identity
    return ManagedIdentityCredential(client_id=None if identity == "system" else identity)


def _member(user: Any) -> Member:
    return Member(
        str(user.id).lower(),
        user.display_name or "",
        user.mail or user.user_principal_name or "",
        active=user.account_enabled is not False,
    )


def _changed(user: Any, before: Member) -> Member:
    """A member after a change: only what changed is told of, and whoever was deleted has a mark."""
    removed = "@removed" in (user.additional_data or {})
    enabled = before.active if user.account_enabled is None else bool(user.account_enabled)
    return Member(
        before.id,
        user.display_name or before.name,
        user.mail or before.email,
        active=enabled and not removed,
    )


def _failed(e: Any, status: int) -> GraphFailed:
    code = getattr(getattr(e, "error", None), "code", None) or ""
    return GraphFailed(
        f"{status} {code[:60]}".strip(),
        for_good=400 <= status < 500 and status not in (401, 408, 429),
        retry_after=_asked_for(e.response_headers or {}) if status in LATER else None,
        perhaps=status in (500, 502, 504),
    )


def _asked_for(headers: Mapping[str, str]) -> timedelta | None:
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdigit():
        return timedelta(seconds=int(value[:6]))
    try:
        at = email.utils.parsedate_to_datetime(value)
        return max(at - datetime.now(tz=at.tzinfo or UTC), timedelta())
    except (ValueError, TypeError):
        return None


def _unsent(e: httpx.HTTPError) -> bool:
    """Whether nothing can have arrived."""
    return isinstance(e, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
