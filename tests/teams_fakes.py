"""What Teams is to the tests: tokens signed with keys of our own, a connector that takes messages or refuses
them, a school with a tenant, and activities as Teams sends them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import copy
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.app.front import Reception
from bot.app.site import Site
from bot.config import Home, TeamsSettings
from bot.platforms.teams.app import Teams
from bot.platforms.teams.sdk import PUBLIC

BOT = "11111111-1111-4111-8111-111111111111"
TENANT = "22222222-2222-4222-8222-222222222222"
OTHER_TENANT = "33333333-3333-4333-8333-333333333333"
SAM = "aaaaaaaa-0000-4000-8000-000000000001"  # a teacher
LEE = "aaaaaaaa-0000-4000-8000-000000000002"  # the safeguarding lead
ROBIN = "aaaaaaaa-0000-4000-8000-000000000003"  # the Headteacher
PUPIL = "bbbbbbbb-0000-4000-8000-000000000009"  # in the same tenant, on no roster
ISSUER = "https://api.botframework.example"
PAYLOADS = Path(__file__).with_name("payloads") / "teams"

SCHOOL = f"""name = "Oak"
[teams]
tenant = "{TENANT}"
[answers]
keep_questions = 30
[roles.headteacher]
holder = "robin"
[roles.dsl]
holder = "lee"
[outside.lado]
phone = "01632 960001"
[people.robin]
name = "Robin Head"
accounts = ["teams:{TENANT}/{ROBIN}"]
[people.lee]
name = "Lee Lead"
accounts = ["teams:{TENANT}/{LEE}"]
[people.sam]
name = "Sam Teacher"
accounts = ["teams:{TENANT}/{SAM}"]
"""
POLICY = """Staff must not message a pupil on a personal account. {#RU-1}
Staff must report a worry about a child to the safeguarding lead at once. {#RU-2}
"""


def account(person: str, tenant: str = TENANT) -> str:
    return f"teams:{tenant}/{person}"


@lru_cache
def signing_key(number: int = 0) -> Any:
    """A key to sign with; each number has its own."""
    del number
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


# --- servers on this machine -------------------------------------------------------------------------------


class Served:
    """An ASGI app at a port of 127.0.0.1, in a thread of its own."""

    def __init__(self, app: Any) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", ws="none")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._server.serve([self._socket])), daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            time.sleep(0.005)

    def close(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(timeout=5)


@dataclass
class Sent:
    """A message that the connector took or refused."""

    conversation: str
    activity: dict[str, Any]
    targeted: bool
    token: str
    status: int

    @property
    def card(self) -> dict[str, Any]:
        return self.activity["attachments"][0]["content"]

    @property
    def words(self) -> str:
        return words(self.card)


@dataclass
class Connector:
    """The service behind `serviceUrl`, and the keys of the Bot Framework.

    `faults` answer the next requests, in order: a status, (status, headers), or seconds to hang.
    """

    seen: list[Sent] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    opened: list[dict[str, Any]] = field(default_factory=list)
    refuses_targeted: bool = False
    installed: bool = True  # whether conversations can be opened
    key_delay: float = 0.0
    key_fetches: int = 0
    keys_down: bool = False
    url: str = ""

    def __post_init__(self) -> None:
        self.private = signing_key()
        self.app = Starlette(
            routes=[
                Route("/v1/.well-known/openidconfiguration", self._metadata),
                Route("/v1/.well-known/keys", self._keys),
                Route("/teams/v3/conversations", self._open, methods=["POST"]),
                Route(
                    "/teams/v3/conversations/{conversation:path}/activities",
                    self._post,
                    methods=["POST"],
                ),
            ]
        )

    @property
    def service(self) -> str:
        return f"{self.url}/teams"

    @property
    def taken(self) -> list[Sent]:
        return [s for s in self.seen if s.status == 201]

    async def _metadata(self, _: Request) -> Response:
        if self.keys_down:
            return Response(status_code=503)
        return JSONResponse({"jwks_uri": f"{self.url}/v1/.well-known/keys"})

    async def _keys(self, _: Request) -> Response:
        self.key_fetches += 1
        await asyncio.sleep(self.key_delay)
        public = self.private.public_key()
        jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(public))
        return JSONResponse({"keys": [jwk | {"kid": "key-1", "use": "sig", "alg": "RS256"}]})

    async def _open(self, request: Request) -> Response:
        body = await request.json()
        self.opened.append(body)
        if not self.installed:
            return JSONResponse({"error": {"code": "BotNotInConversationRoster"}}, 403)
        return JSONResponse({"id": f"a:{body['members'][0]['id']}"}, 201)

    async def _post(self, request: Request) -> Response:
        fault = self.faults.pop(0) if self.faults else 201
        status, headers = fault if isinstance(fault, tuple) else (fault, {})
        targeted = request.query_params.get("isTargetedActivity") == "true"
        if targeted and self.refuses_targeted:
            status = 405
        if isinstance(status, float):
            await asyncio.sleep(status)
            status = 201
        sent = Sent(
            request.path_params["conversation"],
            await request.json(),
            targeted,
            request.headers.get("authorization", ""),
            status,
        )
        self.seen.append(sent)
        if status != 201:
            return JSONResponse({"error": {"code": "no"}}, status, headers=headers)
        return JSONResponse({"id": f"m{len(self.seen)}"}, 201)

    def token(self, *, key: Any = None, algorithm: str = "RS256", **claims: Any) -> str:
        """A token as the Bot Framework gives one; `claims` replace its own."""
        now = int(time.time())
        of = {"iss": ISSUER, "aud": BOT, "serviceurl": self.service}
        of |= {"iat": now, "nbf": now, "exp": now + 3600} | claims
        said = {k: v for k, v in of.items() if v is not None}
        return jwt.encode(said, key or self.private, algorithm, headers={"kid": "key-1"})


# --- MayI behind Teams -------------------------------------------------------------------------------------


@dataclass
class Chat:
    """Teams with a school behind it. `say` and the others post activities and return the HTTP answer."""

    teams: Teams
    connector: Connector
    front: Reception
    http: httpx.AsyncClient
    site: Site
    number: int = 0

    async def post(
        self, activity: Any, *, token: str | None = None, **headers: str
    ) -> httpx.Response:
        auth = {"Authorization": f"Bearer {token or self.connector.token()}"}
        content = activity if isinstance(activity, bytes | str) else json.dumps(activity)
        return await self.http.post("/api/messages", content=content, headers=auth | headers)

    def activity(self, name: str, who: str = SAM, **changes: Any) -> dict[str, Any]:
        """One of `payloads/teams`, from this person, with an id of its own."""
        self.number += 1
        made = payload(name)
        made["id"] = f"f:{self.number}"
        made["serviceUrl"] = self.connector.service
        made["from"] |= {"aadObjectId": who, "id": f"29:{who}"}
        if made["conversation"].get("conversationType") == "personal":
            made["conversation"]["id"] = f"a:{who}"
        return merged(made, changes)

    async def say(self, text: str, who: str = SAM, **changes: Any) -> httpx.Response:
        return await self.post(self.activity("message", who, text=text, **changes))

    async def press(self, says: str, who: str = SAM) -> dict[str, Any]:
        value = {"action": {"type": "Action.Execute", "verb": "says", "data": {"says": says}}}
        return (await self.post(self.activity("execute", who, value=value))).json()

    async def open(self, says: str, who: str = SAM) -> dict[str, Any]:
        value = {"data": {"says": says, "msteams": {"type": "task/fetch"}}}
        return page(await self.post(self.activity("task_fetch", who, value=value)))

    async def fill(
        self, card: dict[str, Any], sender: str = SAM, press: str = "", /, **values: Any
    ) -> Any:
        """Fill in the fields of a dialog by their names and send it, by the first button or a named one."""
        data = dict(button(card, press)["data"])
        inputs = {i["id"][2:]: i for i in elements(card) if i["type"].startswith("Input.")}
        for name, field_ in inputs.items():
            if name in values:
                data[field_["id"]] = values[name]
            elif field_.get("value"):  # the client sends what it was shown
                data[field_["id"]] = field_["value"]
        assert set(values) <= set(inputs), (set(values), set(inputs))
        return page(await self.post(self.activity("task_submit", sender, value={"data": data})))

    @property
    def answers(self) -> list[str]:
        return [s.words for s in self.connector.taken]


@contextlib.asynccontextmanager
async def chat(
    folder: Path,
    make_school: Callable[..., Path],
    *,
    fresh: Connector | None = None,
    **options: Any,
) -> AsyncIterator[Chat]:
    """A school on Teams; `options` go to the adapter, those that are settings into its settings."""
    make_school(folder, "oak", SCHOOL, rules=POLICY)
    connector = fresh or Connector()
    served = Served(connector.app)
    connector.url = served.url
    site = Site(Home(folder))
    front = Reception(site)
    await front.load()
    known = {f for f in TeamsSettings.__dataclass_fields__ if f in options}
    settings = replace(
        TeamsSettings(
            BOT, "not used", tenant=TENANT, tenants=frozenset({TENANT}),
            service_url=connector.service,
        ),
        **{name: options.pop(name) for name in known},
    )  # fmt: skip
    options.setdefault("pace", (0.05, 0.05))
    wrapped = options.pop("front", lambda f: f)(front)
    teams = Teams(
        replace(settings, client_secret="" if settings.client_secret == "not used" else "x",
                managed_identity="system"),
        wrapped,
        cloud=cloud(connector),
        token=lambda *_: jwt.encode({"exp": 4_102_444_800}, "k" * 32),
        **options,
    )  # fmt: skip
    await teams.start()
    app = Starlette(routes=teams.routes())
    transport = httpx.ASGITransport(app, client=("127.0.0.1", 5))
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://mayi.test") as http:
            yield Chat(teams, connector, front, http, site)
    finally:
        await teams.stop()
        await site.close()
        served.close()


def cloud(connector: Connector) -> Any:
    metadata = f"{connector.url}/v1/.well-known/openidconfiguration"
    return replace(PUBLIC, openid_metadata_url=metadata, token_issuer=ISSUER)


# --- reading and making JSON -------------------------------------------------------------------------------


def payload(name: str) -> dict[str, Any]:
    return json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))


def merged(into: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Changes to an activity: mappings are merged, None removes."""
    made = copy.deepcopy(into)
    for key, value in changes.items():
        name = {"from_": "from"}.get(key, key)
        if value is None:
            made.pop(name, None)
        elif isinstance(value, dict) and isinstance(made.get(name), dict) and name != "value":
            made[name] = merged(made[name], value)
        else:
            made[name] = value
    return made


def page(response: httpx.Response) -> dict[str, Any]:
    """The card of a dialog's page."""
    assert response.status_code == 200, response.text
    value = response.json()["task"]["value"]
    return value["card"]["content"] | {"title": value["title"]}


def elements(card: Any) -> list[dict[str, Any]]:
    """Everything in a card that has a type, in order, cards inside it too."""
    found = []
    if isinstance(card, dict):
        if "type" in card:
            found.append(card)
        for value in card.values():
            found += elements(value)
    elif isinstance(card, list):
        for one in card:
            found += elements(one)
    return found


def words(card: Any) -> str:
    """What there is to read on a card."""
    shown = []
    for one in elements(card):
        for key in ("text", "label", "title", "value"):
            if isinstance(one.get(key), str):
                shown.append(one[key])
        shown += [c["title"] for c in one.get("choices", ())]
    return " ".join(" ".join(shown).split())


def button(card: Any, title: str = "") -> dict[str, Any]:
    """A button by its title, or the first."""
    found = [e for e in elements(card) if e["type"] in ("Action.Submit", "Action.Execute")]
    named = [b for b in found if b["title"] == title] if title else found
    assert named, (title, [b["title"] for b in found])
    return named[0]


def forged(token: str) -> str:
    """A token whose claims were changed after it was signed."""
    head, body, sign = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["aud"] = BOT
    claims["extra"] = "x"
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"{head}.{body}.{sign}"


# --- Microsoft Graph ---------------------------------------------------------------------------------------

GROUP = "44444444-4444-4444-8444-444444444444"
INSIDE = "44444444-4444-4444-8444-444444444445"  # a group inside that one
CATALOGUE = "55555555-5555-4555-8555-555555555555"


@dataclass
class FakeGraph:
    """Graph as far as we use it: pages of two, throttling, tokens that end, OData errors.

    `faults` answer the next requests, in order: a status, (status, headers), or a whole body with a status.
    """

    people: dict[str, dict[str, Any]] = field(default_factory=dict)
    staff: list[str] = field(default_factory=list)  # the ids of those in the group
    faults: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    mails: list[dict[str, Any]] = field(default_factory=list)
    installed: dict[str, str] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    group_changed: bool = False
    good_tokens: set[str] = field(default_factory=lambda: {"token-1"})
    url: str = ""

    def __post_init__(self) -> None:
        user = "/v1.0/users/{person}"
        self.app = Starlette(
            routes=[
                Route("/v1.0/groups/delta", self._answer(self._group_delta)),
                Route("/v1.0/users/delta", self._answer(self._user_delta)),
                Route(
                    "/v1.0/groups/{group}/transitiveMembers/graph.user", self._answer(self._users)
                ),
                Route(
                    "/v1.0/groups/{group}/transitiveMembers/graph.group", self._answer(self._groups)
                ),
                Route(f"{user}/sendMail", self._answer(self._mail), methods=["POST"]),
                Route(
                    f"{user}/teamwork/installedApps",
                    self._answer(self._install),
                    methods=["GET", "POST"],
                ),
                Route(f"{user}/teamwork/installedApps/{{one}}/chat", self._answer(self._chat)),
            ]
        )

    def add(self, person: str, name: str, **more: Any) -> None:
        self.people[person] = {
            "id": person,
            "displayName": name,
            "mail": f"{name.partition(' ')[0].lower()}@oak.example",
            "accountEnabled": True,
        } | more
        self.staff.append(person)

    def _answer(self, handler: Any) -> Any:
        async def answer(request: Request) -> Response:
            self.asked.append(f"{request.method} {request.url.path}")
            token = request.headers.get("authorization", "").removeprefix("Bearer ")
            if token not in self.good_tokens:
                return _odata(401, "InvalidAuthenticationToken")
            if self.faults:
                fault = self.faults.pop(0)
                if isinstance(fault, float):
                    await asyncio.sleep(fault)
                elif fault is not None:
                    status, headers = fault if isinstance(fault, tuple) else (fault, {})
                    return _odata(status, "Refused", headers)
            return await handler(request)

        return answer

    async def _users(self, request: Request) -> Response:
        assert request.headers.get("consistencylevel") == "eventual"
        at = int(request.query_params.get("skip", 0))
        found = [self.people[p] for p in self.staff][at : at + 2]
        more = {}
        if at + 2 < len(self.staff):
            more = {"@odata.nextLink": f"{self.url}{request.url.path}?skip={at + 2}"}
        return JSONResponse({"value": found} | more)

    async def _groups(self, _: Request) -> Response:
        return JSONResponse({"value": [{"id": INSIDE}]})

    async def _group_delta(self, request: Request) -> Response:
        link = {"@odata.deltaLink": f"{self.url}/v1.0/groups/delta?$deltatoken=g"}
        if request.query_params["$deltatoken"] == "latest":
            wanted = request.query_params["$filter"]
            assert GROUP in wanted
            assert INSIDE in wanted
            return JSONResponse({"value": []} | link)
        changed = [{"id": INSIDE, "members@delta": [{"id": "x"}]}] if self.group_changed else []
        self.group_changed = False
        return JSONResponse({"value": changed} | link)

    async def _user_delta(self, request: Request) -> Response:
        link = {"@odata.deltaLink": f"{self.url}/v1.0/users/delta?$deltatoken=u"}
        if request.query_params["$deltatoken"] == "latest":
            return JSONResponse({"value": []} | link)
        found, self.changes = self.changes, []
        return JSONResponse({"value": found} | link)

    async def _mail(self, request: Request) -> Response:
        self.mails.append(await request.json() | {"from": request.path_params["person"]})
        return Response(status_code=202)

    async def _install(self, request: Request) -> Response:
        person = request.path_params["person"]
        if request.method == "POST":
            assert CATALOGUE in (await request.json())["teamsApp@odata.bind"]
            if person in self.installed:
                return _odata(409, "Conflict")
            self.installed[person] = f"inst-{person}"
            return Response(status_code=201)
        assert request.query_params["$filter"] == f"teamsApp/id eq '{CATALOGUE}'"
        found = [{"id": self.installed[person]}] if person in self.installed else []
        return JSONResponse({"value": found})

    async def _chat(self, request: Request) -> Response:
        return JSONResponse({"id": f"19:{request.path_params['person']}@unq.gbl.spaces"})


@dataclass
class FakeCredential:
    """Gives tokens, one after another."""

    tokens: list[str] = field(default_factory=lambda: ["token-1"])
    lasts: float = 3600.0
    given: int = 0

    def get_token(self, *_: str) -> Any:
        token = self.tokens[min(self.given, len(self.tokens) - 1)]
        self.given += 1

        @dataclass
        class Token:
            token: str
            expires_on: float

        return Token(token, time.time() + self.lasts)


def _odata(status: int, code: str, headers: Any = None) -> Response:
    error = {"code": code, "message": "A message that names Kim Pupil"}
    return JSONResponse({"error": error}, status, headers=headers)
