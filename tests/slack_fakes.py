"""A small Slack for the tests: its Web API with every fault it can have, its signatures, its Socket Mode."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import itertools
import json
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import httpx
from aiohttp import WSMsgType, web
from starlette.applications import Starlette

from bot.app.front import Reception
from bot.app.site import Site
from bot.config import Home, SlackSettings, model_folder
from bot.platforms.slack import Slack
from bot.platforms.slack.api import Pace
from tests.stores import _template

PAYLOADS = Path(__file__).with_name("payloads") / "slack"
SECRET, BOT, APP = "8f742231b10e8888abcd99yyyzzz85a5", "xoxb-school", "xapp-school"
TEAM, PAT, KIM = "T0SCHOOL", "U0PAT", "U0KIM"
_numbers = itertools.count(1)


def payload(name: str, respond: str = "", **changes) -> dict:
    """A payload as Slack sends it, with some of it changed: `event__text="…"` reaches inside."""
    body = json.loads((PAYLOADS / f"{name}.json").read_text("utf-8"))
    if "response_url" in body:
        body["response_url"] = respond
    if "trigger_id" in body:
        body["trigger_id"] = f"trigger-{next(_numbers)}"
    for path, value in changes.items():
        *outer, last = path.split("__")
        inside = body
        for key in outer:
            inside = inside[int(key)] if key.isdigit() else inside.setdefault(key, {})
        if value is None:
            inside.pop(last, None)
        else:
            inside[last] = value
    return body


@dataclass
class Call:
    """A call that reached the Web API."""

    method: str
    sent: dict
    token: str


@dataclass
class Plan:
    """What the next call of a method meets in place of an answer."""

    status: int = 200
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0
    drop: bool = False  # the connection is closed in the middle
    taken: bool = True  # whether it did what was asked before


def refused(error: str) -> Plan:
    return Plan(body={"ok": False, "error": error})


def limited(seconds: int) -> Plan:
    return Plan(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(seconds)})


class FakeSlack:
    """Slack's side of the wire."""

    def __init__(self):
        self.calls: list[Call] = []
        self.plans: dict[str, list[Plan]] = {}
        self.answers: list[dict] = []  # what came to response_url
        self.members: list[dict] = []
        self.groups: dict[str, list[str]] = {}
        self.tokens = {BOT: (TEAM, "Model Primary", "U0BOT", "B0MAYI")}
        self.connections = 0
        self.sockets: list[web.WebSocketResponse] = []
        self.acks: dict[str, asyncio.Future] = {}

    async def start(self):
        app = web.Application(client_max_size=10**8)
        app.router.add_route("*", "/api/{method}", self._api)
        app.router.add_post("/respond/{n}", self._respond)
        app.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/api/"
        return self

    async def stop(self):
        for socket in self.sockets:
            await socket.close()
        await self._runner.cleanup()

    def plan(self, method: str, *plans: Plan):
        self.plans.setdefault(method, []).extend(plans)

    def of(self, *methods: str) -> list[dict]:
        """What was sent to these methods."""
        return [c.sent for c in self.calls if c.method in methods]

    @property
    def respond(self) -> str:
        return f"http://127.0.0.1:{self.port}/respond/{next(_numbers)}"

    async def _read(self, request) -> dict:
        if request.content_type == "application/json":
            return await request.json()
        sent = dict(request.query) | dict(await request.post())
        for key in ("blocks", "view", "prompts"):
            if isinstance(sent.get(key), str):
                sent[key] = json.loads(sent[key])
        return sent

    async def _met(self, name, request):
        plans = self.plans.get(name)
        plan = plans.pop(0) if plans else None
        if plan is None:
            return None, True
        if plan.wait:
            await asyncio.sleep(plan.wait)
        if plan.drop:
            request.transport.close()
            return web.Response(), plan.taken
        if plan.body is None and plan.status == 200:
            return None, True
        if isinstance(plan.body, dict):
            return web.json_response(plan.body, status=plan.status, headers=plan.headers), False
        return web.Response(
            text=str(plan.body or ""), status=plan.status, headers=plan.headers
        ), False

    async def _api(self, request):
        self.connections = max(self.connections, len(self._runner.server.connections))
        name = request.match_info["method"]
        sent = await self._read(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        token = token or sent.get("token", "")
        met, taken = await self._met(name, request)
        if taken:
            self.calls.append(Call(name, sent, token))
        if met is not None:
            return met
        if name == "oauth.v2.access":
            return web.json_response(self._installed(sent))
        if name == "apps.connections.open":
            return web.json_response({"ok": True, "url": f"ws://127.0.0.1:{self.port}/socket"})
        if token not in self.tokens:
            return web.json_response({"ok": False, "error": "invalid_auth"})
        return web.json_response({"ok": True, **self._answer(name, sent, token)})

    def _answer(self, name, sent, token) -> dict:
        team, workspace, user, bot = self.tokens[token]
        if name == "auth.test":
            return {"team_id": team, "team": workspace, "user_id": user, "bot_id": bot,
                    "url": "https://model-primary.slack.com/"}  # fmt: skip
        if name == "conversations.open":
            who = sent["users"] if isinstance(sent["users"], str) else sent["users"][0]
            return {"channel": {"id": who.replace("U0", "D0")}}
        if name == "users.list":
            at, limit = int(sent.get("cursor") or 0), int(sent.get("limit") or 200)
            more = str(at + limit) if at + limit < len(self.members) else ""
            return {"members": self.members[at : at + limit],
                    "response_metadata": {"next_cursor": more}}  # fmt: skip
        if name == "usergroups.users.list":
            return {"users": self.groups[sent["usergroup"]]}
        if name.startswith("views."):
            return {"view": {"id": "V0WINDOW", "hash": "1.a"}}
        if name.startswith("chat."):
            return {"ts": f"{next(_numbers)}.000100", "channel": sent.get("channel")}
        return {}

    def _installed(self, sent) -> dict:
        team = sent["code"].upper()
        token = f"xoxb-{team}-{next(_numbers)}"
        self.tokens[token] = (team, f"Workspace {team}", "U0BOT", "B0MAYI")
        return {
            "ok": True, "access_token": token, "token_type": "bot", "scope": "chat:write",
            "bot_user_id": "U0BOT", "app_id": "A0MAYI", "team": {"id": team, "name": f"Workspace {team}"},
            "enterprise": None, "authed_user": {"id": "U0ADMIN"}, "is_enterprise_install": False,
        }  # fmt: skip

    async def _respond(self, request):
        sent = await request.json()
        met, taken = await self._met("respond", request)
        if taken:
            self.answers.append(sent)
        return met or web.Response(text="ok")

    # --- Socket Mode ---

    async def _socket(self, request):
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.sockets.append(socket)
        await socket.send_json({"type": "hello", "num_connections": 1})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                told = json.loads(message.data)
                waiting = self.acks.get(told.get("envelope_id"))
                if waiting is not None and not waiting.done():
                    waiting.set_result(told.get("payload"))
        return socket

    async def envelope(self, kind: str, body: dict, *, retry: int = 0, seconds: float = 5):
        """Send an envelope and wait for its acknowledgement."""
        await until(lambda: [s for s in self.sockets if not s.closed])
        name = f"envelope-{next(_numbers)}"
        self.acks[name] = asyncio.get_running_loop().create_future()
        told = {
            "envelope_id": name,
            "type": kind,
            "payload": body,
            "accepts_response_payload": True,
        }
        if retry:
            told |= {"retry_attempt": retry, "retry_reason": "timeout"}
        await [s for s in self.sockets if not s.closed][-1].send_json(told)
        return await asyncio.wait_for(self.acks[name], seconds)


def member(user: str, name: str, email: str = "", **more) -> dict:
    return {
        "id": user, "team_id": TEAM, "name": name.lower(), "deleted": False, "is_bot": False,
        "is_restricted": False, "is_ultra_restricted": False,
        "profile": {"real_name": name, "email": email}, **more,
    }  # fmt: skip


class World:
    """MayI for one school with Slack beside it: the real front, the real handlers, a Slack of ours."""

    def __init__(self, home: Path, slack: FakeSlack, **settings):
        folder = home / "schools" / "model-primary"
        if not folder.exists():
            shutil.copytree(model_folder("model-primary"), folder)
            file = folder / "school.toml"
            table = f'\n[slack]\nworkspace = ["{TEAM}"]\nroster = "members"\n'
            file.write_text(file.read_text("utf-8") + table, "utf-8")
            (home / "data").mkdir(exist_ok=True)
            (home / "data" / "mayi.db").write_bytes(_template("sqlite"))
        self.slack = slack
        self.site = Site(Home(home))
        self.front = Reception(self.site, "https://mayi.example.org")
        self.rosters = {TEAM: ("members",)}
        given = {"bot_token": BOT, "signing_secret": SECRET} | settings
        self.settings = SlackSettings(**given, api_url=slack.url)
        self.adapter = Slack(
            self.settings, self.front, rosters=lambda: self.rosters, pace=Pace(0.01, 1)
        )
        if not slack.members:
            slack.members = [
                member(PAT, "Pat Example", "pat@example.org"),
                member(KIM, "Kim Standin", "kim@example.org"),
                member("U0ROBIN", "Robin Practice", "robin@example.org"),
                member("U0GUEST", "Gus Guest", "gus@example.org", is_restricted=True),
                member("U0BOTTY", "A bot", is_bot=True),
                member("U0GONE", "Lee Left", "left@example.org", deleted=True),
            ]

    async def start(self, *, roster: bool = True):
        await self.front.load()
        await self.adapter.start()
        app = Starlette(routes=self.adapter.routes())
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="https://mayi.example.org"
        )
        if roster:
            await until(lambda: self.site.known.get("model-primary"))
        return self

    async def stop(self):
        await self.http.aclose()
        await self.adapter.stop()
        await self.site.close()

    # --- what Slack sends ---

    async def command(self, text: str, user: str = PAT, command: str = "/mayi", **changes):
        body = payload("command", self.slack.respond, text=text, user_id=user, command=command)
        return await self.post(urlencode(body | changes))

    async def interaction(self, body: dict, **how):
        return await self.post(urlencode({"payload": json.dumps(body)}), **how)

    async def event(self, name: str, retry: int = 0, **changes):
        body = json.dumps(payload(name, **changes))
        headers = {"X-Slack-Retry-Num": str(retry), "X-Slack-Retry-Reason": "http_timeout"}
        return await self.post(body, "application/json", headers=headers if retry else {})

    async def post(
        self,
        body: str | bytes,
        kind: str = "application/x-www-form-urlencoded",
        *,
        secret: str = SECRET,
        at: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """A request, signed as Slack signs."""
        body = body.encode() if isinstance(body, str) else body
        return await self.http.post(
            "/slack/events",
            content=body,
            headers=signed(body, kind, secret, at) | dict(headers or {}),
        )

    # --- what people see ---

    async def press(self, view: dict, label: str, user: str = PAT, kind: str = "button_in_window"):
        """Press a button of a window or a message by its label."""
        found = next(
            e for b in view["blocks"] if b["type"] == "actions" for e in b["elements"]
            if e["text"]["text"] == label
        )  # fmt: skip
        body = payload(kind, self.slack.respond, actions__0__action_id=found["action_id"],
                       actions__0__value=found.get("value", ""), user__id=user)  # fmt: skip
        body["actions"][0]["block_id"] = f"b{next(_numbers)}"
        if "view" in body:
            body["view"] |= returned(view)
        return await self.interaction(body)

    async def send(self, view: dict, user: str = PAT, **values):
        """Fill in a window and send it."""
        return await self.interaction(sent(view, user, **values))


def sent(view: dict, user: str = PAT, **values) -> dict:
    """A window that was filled in and sent."""
    body = payload("window_sent", user__id=user)
    body["view"] |= returned(view, **values)
    return body


def returned(view: dict, **values) -> dict:
    """A window as Slack returns it: with ids, and what is filled in; untouched is null."""
    view = copy.deepcopy(view)
    state: dict[str, dict] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        name = element["action_id"].partition(":")[2]
        value = values.get(name)
        held: dict = {"type": element["type"]}
        if element["type"] == "plain_text_input":
            held["value"] = value if value is not None else element.get("initial_value")
        elif element["type"] in ("checkboxes", "multi_static_select"):
            chosen = (
                value
                if value is not None
                else [o["value"] for o in element.get("initial_options", ())]
            )
            held["selected_options"] = [{"value": v} for v in chosen]
        else:
            first = element.get("initial_option")
            held["selected_option"] = {"value": value} if value else first
        state[block["block_id"]] = {element["action_id"]: held}
    version = hashlib.sha256(json.dumps(view).encode()).hexdigest()[:8]
    return {**view, "id": "V0WINDOW", "hash": f"1795000600.{version}", "state": {"values": state}}


def signed(body: bytes, kind: str, secret: str = SECRET, at: int | None = None) -> dict[str, str]:
    stamp = str(int(time.time()) if at is None else at)
    base = b"v0:" + stamp.encode() + b":" + body
    digest = hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
    return {
        "Content-Type": kind,
        "X-Slack-Request-Timestamp": stamp,
        "X-Slack-Signature": f"v0={digest}",
    }


async def until(ready, seconds: float = 5):
    """Wait for something that goes on beside the test."""
    async with asyncio.timeout(seconds):
        while not (found := ready()):  # noqa: ASYNC110  # nothing there tells when
            await asyncio.sleep(0.01)
    return found


def words(shown) -> str:
    """Everything that can be read on blocks, a message or a window."""
    found = []

    def read(part):
        if isinstance(part, dict):
            if isinstance(part.get("text"), str):
                found.append(part["text"])
            for key, value in part.items():
                if key not in ("private_metadata", "value"):
                    read(value)
        elif isinstance(part, list):
            for value in part:
                read(value)

    read(shown)
    return "\n".join(found)
