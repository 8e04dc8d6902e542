"""Who comes in at `/api/messages`: size and shape, tokens and the keys they are signed with, tenants.

The Teams SDK checks a token's signature, issuer, audience, age and service address. Here is what it leaves
open: whose tenant an activity is of, and where the keys come from (its own fetching would hold everybody up).
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx
import jwt
from starlette.requests import Request

from bot.config import LOOPBACK, TeamsSettings
from bot.errors import CannotDo
from bot.platforms.teams.sdk import App, CloudEnvironment

log = logging.getLogger(__name__)

LARGEST = 512 * 1024  # bytes of an activity: Teams' own have up to about 100 kB
TEXTS = ("type", "id", "serviceUrl")  # what the SDK reads of an activity before anything of ours


class Refused(Exception):
    """Somebody does not come in: the HTTP status, and a code for the log."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Keys:
    """The keys that Microsoft signs with: fetched beside everything else, and kept while none can be had.

    Stands in for PyJWT's own client, which fetches in the midst of answering.
    """

    FRESH = 6 * 3600.0  # seconds until they are fetched anew
    KEPT = 5 * 24 * 3600.0  # … and for which they are used while that fails
    PAUSE = 30.0  # between two fetches for keys that are not there: anybody can name one

    def __init__(self, metadata_url: str, http: httpx.AsyncClient) -> None:
        self._url = metadata_url
        self._http = http
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = float("-inf")
        self._fetching = asyncio.Lock()
        self._renewal: asyncio.Task[None] | None = None

    async def ready(self, kid: str) -> None:
        """See to it that this key is here if there is such a key. Raises Refused where none can be had."""
        age = time.monotonic() - self._fetched
        if kid in self._keys and age < self.KEPT:
            if age > self.FRESH and (self._renewal is None or self._renewal.done()):
                self._renewal = asyncio.create_task(self.fetch())
            return
        async with self._fetching:
            pause = time.monotonic() - self._tried
            if kid not in self._keys and pause > self.PAUSE:
                await self._fetch()
        if not self._keys or time.monotonic() - self._fetched > self.KEPT:
            raise Refused(503, "no-keys")

    async def fetch(self) -> None:
        """Fetch them now; a failure leaves those that are here."""
        async with self._fetching:
            await self._fetch()

    def get_signing_key_from_jwt(self, token: str) -> jwt.PyJWK:
        """The key a token is signed with; what the SDK asks for."""
        key = self._keys.get(key_of(token))
        if key is None:
            raise jwt.InvalidTokenError("signed with no key of theirs")
        return key

    def close(self) -> None:
        if self._renewal is not None:
            self._renewal.cancel()

    async def _fetch(self) -> None:
        self._tried = time.monotonic()
        try:
            where = (await self._http.get(self._url)).raise_for_status().json()["jwks_uri"]
            found = (await self._http.get(where)).raise_for_status().json()
            keys = {k.key_id: k for k in jwt.PyJWKSet.from_dict(found).keys if k.key_id}
        except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError, TypeError) as e:
            log.warning("the keys of the Bot Framework cannot be had: %s", type(e).__name__)
            return
        self._keys, self._fetched = keys, self._tried


class Door:
    """Lets activities in."""

    def __init__(self, settings: TeamsSettings, cloud: CloudEnvironment, keys: Keys) -> None:
        self._settings = settings
        self._issuer = cloud.token_issuer
        self._keys = keys

    def guard(self, app: App) -> None:
        """Have the SDK check tokens with our keys. Raises CannotDo where it has changed underneath us."""
        checks: Any = app.server
        for name in ("_token_validator", "_service_validator"):
            checks = getattr(checks, name, None)
        if getattr(checks, "_jwks_client", None) is None:
            raise CannotDo(
                "this version of microsoft-teams-apps checks tokens in another way; "
                "install the one that requirements.txt names"
            )
        checks._jwks_client = self._keys  # noqa: SLF001

    async def read(self, request: Request) -> dict[str, Any]:
        """The activity of a request, as JSON. Raises Refused for anything else."""
        if self._settings.unauthenticated and not _from_here(request):
            raise Refused(403, "unauthenticated-from-elsewhere")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                raise Refused(413, "too-large")
        try:
            found = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, "no-json") from None
        if not isinstance(found, dict) or any(
            not isinstance(found.get(key), str | None) for key in TEXTS
        ):
            raise Refused(400, "no-activity")
        return found

    async def token(self, request: Request, activity: Mapping[str, Any]) -> None:
        """Fetch what a token is checked with, and refuse what the SDK would let pass or go and ask about."""
        service = str(activity.get("serviceUrl") or "")
        if self._settings.unauthenticated:
            if urlsplit(service).hostname not in LOOPBACK:
                raise Refused(403, "service-elsewhere")
            return
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            raise Refused(401, "no-token")
        if not service:  # the SDK compares it with the token only where there is one
            raise Refused(401, "no-service")
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            kid = key_of(token)
        except (jwt.PyJWTError, ValueError):
            raise Refused(401, "no-token") from None
        if claims.get("iss") != self._issuer:
            raise Refused(401, "wrong-issuer")
        await self._keys.ready(kid)

    def tenant(self, tenant: str) -> None:
        """Refuse whom we do not work for."""
        if tenant not in self._settings.tenants:
            raise Refused(403, "wrong-tenant")


def key_of(token: str) -> str:
    """The name of the key that a token says it is signed with."""
    name = jwt.get_unverified_header(token).get("kid")
    return name if isinstance(name, str) else ""


def _from_here(request: Request) -> bool:
    # A proxy on this machine passes on what comes from elsewhere, and says so.
    passed_on = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers.keys())
    return not passed_on and request.client is not None and request.client.host in LOOPBACK
