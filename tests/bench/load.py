"""How many are answered at once beside an echo app, and how late an answer comes at a steady rate.

    python -m tests.bench.load echo FOLDER PORT SECONDS SLACK SERVICE
    python -m tests.bench.load cost HOME COUNT

are the two processes beside `mayi serve`: the echo app, and what one answer costs (as JSON). Everything
listens on this machine only. Figures are printed, never asserted.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp
import psutil
from rich.progress import Progress

from bot.app.answers import Engine
from bot.chat.render import Wording
from bot.config import Home, model_folder
from tests.bench.measure import Sheet, percentile
from tests.bench.sets import ROOT
from tests.bench.speed import bank_questions
from tests.slack_fakes import BOT, SECRET, TEAM, FakeSlack, member, payload, signed

PEOPLE = 200
ROUNDS = 6
RATE = 10  # questions a second: ten times what a large school asks at its busiest
SECONDS = 60
SEED = 26
SCHOOL = "model-primary"
TENANT = "22222222-2222-4222-8222-222222222222"
PAUSE = 0.8  # seconds between rounds
KEEP = 1.5  # seconds a connection is used again: uvicorn closes it after five
STARTING = 120.0  # seconds until a server must answer
LIMITS = {"Slack": 1.0, "Teams": 3.0}  # seconds in which an answer must come at the steady rate


class Request(NamedTuple):
    """What a platform posts."""

    path: str
    body: bytes
    headers: dict[str, str]


class Came(NamedTuple):
    """What came back."""

    status: int
    text: str
    seconds: float  # since it was to be sent


@dataclass(slots=True)
class Tally:
    """What came of some requests."""

    answered: int = 0
    late: int = 0  # told to wait, or to be sent again: the answer follows
    failed: int = 0
    seconds: list[float] = field(default_factory=list)
    took: float = 0.0  # from the first request to the last answer

    @property
    def asked(self) -> int:
        return self.answered + self.late + self.failed

    @property
    def throughput(self) -> float:
        """Answers a second; whoever was told to wait has none yet."""
        return self.answered / self.took

    @property
    def latest(self) -> float:
        return max(self.seconds, default=0.0)

    def count(self, came: Came, judged: str) -> None:
        self.seconds.append(came.seconds)
        setattr(self, judged, getattr(self, judged) + 1)

    def add(self, other: Tally) -> None:
        self.answered += other.answered
        self.late += other.late
        self.failed += other.failed
        self.seconds += other.seconds
        self.took += other.took


Judge = Callable[[Came], str]  # "answered", "late" or "failed"
Make = Callable[[int], Request]  # the request of the person with this number


async def post(http: aiohttp.ClientSession, request: Request, since: float) -> Came:
    """Post it; a connection that breaks came back with status 0."""
    try:
        sent = http.post(request.path, data=request.body, headers=request.headers)
        async with sent as answer:
            text = await answer.text()
            return Came(answer.status, text, time.perf_counter() - since)
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Came(0, "", time.perf_counter() - since)


async def at_once(
    http: aiohttp.ClientSession, make: Make, judge: Judge, people: int = PEOPLE
) -> Tally:
    """Everybody asks in the same moment."""
    requests = [make(n) for n in range(people)]
    began = time.perf_counter()
    found = await asyncio.gather(*(post(http, r, began) for r in requests))
    return _tally(found, judge, time.perf_counter() - began)


async def steadily(
    http: aiohttp.ClientSession,
    make: Make,
    judge: Judge,
    *,
    seconds: float,
    rate: float = RATE,
) -> Tally:
    """One after another at a steady rate, however long the answers take; late from when it was due."""
    began = time.perf_counter()

    async def ask(number: int) -> Came:
        due = began + number / rate
        await asyncio.sleep(due - time.perf_counter())
        return await post(http, make(number), due)

    found = await asyncio.gather(*(ask(n) for n in range(round(seconds * rate))))
    return _tally(found, judge, time.perf_counter() - began)


def _tally(found: Sequence[Came], judge: Judge, took: float) -> Tally:
    tally = Tally(took=took)
    for came in found:
        tally.count(came, judge(came))
    return tally


# --- what people ask, and what is an answer ---------------------------------------------------------------


class Slack:
    """What Slack posts; each with an id of its own, signed when it is made."""

    name = "Slack"

    def __init__(self, fake: FakeSlack, questions: Sequence[str]) -> None:
        self.fake, self.questions = fake, questions
        self.number = 0
        words = Wording().text
        self.slow = words("slack_slow")
        self.no = {words("stranger"), words("broken"), words("slack_not_installed")}

    def command(self, person: int) -> Request:
        self.number += 1
        body = payload(
            "command", self.fake.respond, text=self.questions[person % len(self.questions)],
            user_id=slack_user(person % PEOPLE), trigger_id=f"load-{self.number}",
        )  # fmt: skip
        return self._signed(urlencode(body), "application/x-www-form-urlencoded")

    def message(self, person: int) -> Request:
        self.number += 1
        user = slack_user(person % PEOPLE)
        body = payload(
            "message_im", event__text=self.questions[person % len(self.questions)],
            event__user=user, event__channel=user.replace("U", "D", 1),
            event_id=f"EvLOAD{self.number}",
        )  # fmt: skip
        return self._signed(json.dumps(body), "application/json")

    def either(self, number: int) -> Request:
        return self.message(number) if number % 2 else self.command(number)

    def judge(self, came: Came) -> str:
        """A command is answered in what comes back; a message before it, through the Web API."""
        if came.status == 503:
            return "late"
        if came.status != 200:
            return "failed"
        if not came.text:
            return "answered"
        try:
            said = json.loads(came.text)
        except ValueError:
            return "answered" if "echo" in came.text else "failed"
        if said.get("text") == self.slow:
            return "late"
        return "failed" if said.get("text", "").strip() in ("", *self.no) else "answered"

    def posted(self) -> int:
        """How many answers came by the Web API since this was asked; counts nothing that says sorry."""
        sent = self.fake.of("chat.postMessage")
        self.fake.calls.clear()
        return sum(s.get("text") not in self.no for s in sent)

    @staticmethod
    def _signed(text: str, kind: str) -> Request:
        body = text.encode()
        return Request("/slack/events", body, signed(body, kind))


class Teams:
    """What Teams posts, unauthenticated as it is let in on this machine."""

    name = "Teams"

    def __init__(self, connector: Any, questions: Sequence[str]) -> None:
        self.connector, self.questions = connector, questions
        self.number = 0
        words = Wording().text
        self.slow = words("teams_slow")
        self.no = [words(t) for t in ("stranger", "broken", "teams_again", "teams_unknown")]
        self.payloads = {
            name: (ROOT / "tests" / "payloads" / "teams" / f"{name}.json").read_text("utf-8")
            for name in ("execute", "message")
        }

    def pressed(self, person: int) -> Request:
        """A button that says a question: what comes back is the answer."""
        made = self._activity("execute", person)
        made["value"]["action"]["data"] = {"says": self.questions[person % len(self.questions)]}
        return self._request(made)

    def message(self, person: int) -> Request:
        made = self._activity("message", person)
        made["text"] = self.questions[person % len(self.questions)]
        return self._request(made)

    def judge(self, came: Came) -> str:
        if came.status != 200:
            return "late" if came.status == 503 else "failed"
        if not came.text:
            return "answered"
        if self.slow in came.text:
            return "late"
        return "failed" if any(no in came.text for no in self.no) else "answered"

    def posted(self) -> int:
        """How many answers the connector took since this was asked."""
        taken = self.connector.taken
        self.connector.seen.clear()
        return sum(not any(no in json.dumps(s.activity) for no in self.no) for s in taken)

    def _activity(self, name: str, person: int) -> dict[str, Any]:
        self.number += 1
        made: dict[str, Any] = json.loads(self.payloads[name])
        who = teams_user(person % PEOPLE)
        made["id"] = f"load:{self.number}"
        made["serviceUrl"] = self.connector.service
        made["from"] |= {"aadObjectId": who, "id": f"29:{who}"}
        made["conversation"]["id"] = f"a:{who}"
        return made

    @staticmethod
    def _request(made: dict[str, Any]) -> Request:
        body = json.dumps(made).encode()
        return Request("/api/messages", body, {"Content-Type": "application/json"})


def slack_user(person: int) -> str:
    return f"U0STAFF{person:03}"


def teams_user(person: int) -> str:
    return f"aaaaaaaa-0000-4000-8000-{person:012}"


def make_home(root: Path) -> None:
    """A model school of 200 staff with an account on each platform."""
    folder = root / "schools" / SCHOOL
    shutil.copytree(model_folder(SCHOOL), folder)
    lines = [f'\n[slack]\nworkspace = ["{TEAM}"]\n\n[teams]\ntenant = "{TENANT}"\n']
    lines += [
        f'[people.staff-{n:03}]\nname = "{_name(n)}"\nemail = "staff{n:03}@example.org"\n'
        f'accounts = ["teams:{TENANT}/{teams_user(n)}"]\n'
        for n in range(PEOPLE)
    ]
    file = folder / "school.toml"
    file.write_text(file.read_text("utf-8") + "\n".join(lines), "utf-8")


def _name(person: int) -> str:
    return f"Staff{chr(65 + person // 26)}{chr(97 + person % 26)} Sample{person:03}"


# --- the processes ----------------------------------------------------------------------------------------


@dataclass(slots=True)
class Server:
    """A process that serves HTTP on this machine."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def said(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text("utf-8", "replace")[-2000:]

    def cpu(self) -> float:
        """Seconds of processor time that it has used."""
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _started(command: Sequence[str], port: int, log: Path, **environ: str) -> Server:
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("MAYI_", "SLACK_"))}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=ours | environ, stdout=said, stderr=said
        )
    return Server(f"http://127.0.0.1:{port}", process, log)


def start_mayi(root: Path, slack: FakeSlack, service: str) -> Server:
    """`mayi serve` itself, told of both platforms."""
    port = free_port()
    settings = {
        "MAYI_LISTEN": f"127.0.0.1:{port}",
        "SLACK_BOT_TOKEN": BOT,
        "SLACK_SIGNING_SECRET": SECRET,
        "SLACK_API_URL": slack.url,
    }
    if service:
        settings |= {"MAYI_TEAMS_UNAUTHENTICATED": "development", "MAYI_TEAMS_TENANT": TENANT}
    command = ["-m", "bot", "--home", str(root), "serve"]
    return _started(command, port, root / "serve.log", **settings)


def start_echo(folder: Path, slack: FakeSlack, service: str, cost: float) -> Server:
    port = free_port()
    given = ["echo", str(folder), str(port), repr(cost), slack.url, service]
    return _started(["-m", "tests.bench.load", *given], port, folder / "echo.log")


async def until_answered(
    server: Server, http: aiohttp.ClientSession, make: Make, judge: Judge
) -> None:
    """Until the first question is answered: indexes are made and rosters fetched."""
    deadline = time.monotonic() + STARTING
    while time.monotonic() < deadline and server.process.poll() is None:
        if judge(await post(http, make(0), time.perf_counter())) == "answered":
            return
        await asyncio.sleep(0.2)
    raise SystemExit(f"make bench: a server did not start: {server.said()}")


# --- the echo app -----------------------------------------------------------------------------------------


def burn(seconds: float) -> None:
    """Spend so much processor time."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


class Rows:
    """Durable rows, one for each event, in a database with the settings of the records."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._db: Any = None

    async def open(self) -> None:
        import aiosqlite

        self._db = await aiosqlite.connect(self.file, isolation_level=None)
        for setting in ("journal_mode = WAL", "synchronous = FULL"):
            await self._db.execute(f"PRAGMA {setting}")
        await self._db.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, at TEXT)")

    async def write(self, event: str) -> None:
        """Committed, and on the disk, when this returns."""
        at = str(time.time())
        await self._db.execute("INSERT OR IGNORE INTO seen VALUES (?, ?)", (event, at))

    async def close(self) -> None:
        await self._db.close()


def echo_slack(rows: Rows, cost: float, api: str) -> tuple[Any, Callable[[], Awaitable[None]]]:
    """slack-bolt with the settings that MayI has: the handler of requests, and what closes it."""
    import re

    from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
    from slack_bolt.async_app import AsyncApp
    from slack_bolt.authorization import AuthorizeResult
    from slack_sdk.web.async_client import AsyncWebClient

    session = aiohttp.ClientSession()

    async def authorize(enterprise_id: Any, team_id: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=TEAM, bot_token=BOT, bot_id="B0MAYI", bot_user_id="U0BOT"
        )

    app = AsyncApp(
        name="echo",
        client=AsyncWebClient(base_url=api, session=session),
        signing_secret=SECRET,
        authorize=authorize,
        process_before_response=True,
        attaching_conversation_kwargs_enabled=False,
    )

    @app.command(re.compile(".*"))
    async def command(ack: Any, body: dict[str, Any]) -> None:
        await rows.write(body["trigger_id"])
        burn(cost)
        await ack(text=f"echo {body['text']}")

    @app.event(re.compile(".*"))
    async def message(body: dict[str, Any], client: Any) -> None:
        await rows.write(body["event_id"])
        burn(cost)
        event = body["event"]
        await client.chat_postMessage(channel=event["channel"], text=f"echo {event['text']}")

    return AsyncSlackRequestHandler(app), session.close


async def echo_teams(rows: Rows, cost: float, service: str) -> Any:
    """The Teams SDK's own app and routes: the endpoint."""
    from microsoft_teams.api.models.adaptive_card import AdaptiveCardActionMessageResponse
    from starlette.responses import JSONResponse, Response

    from bot.platforms.teams.app import _Handler, _practice_token
    from bot.platforms.teams.sdk import App, HttpRequest

    kept = _Handler()
    app = App(
        client_id="00000000-0000-0000-0000-000000000000",
        tenant_id=TENANT,
        token=_practice_token,
        service_url=service,
        http_server_adapter=kept,
        dangerously_allow_unauthenticated_requests=True,
        telemetry={"agent365": False},
    )

    @app.on_message
    async def message(ctx: Any) -> None:
        await rows.write(ctx.activity.id)
        burn(cost)
        await ctx.send(f"echo {ctx.activity.text}")

    @app.on_card_action_execute
    async def pressed(ctx: Any) -> Any:
        await rows.write(ctx.activity.id)
        burn(cost)
        said = ctx.activity.value.action.data["says"]
        return AdaptiveCardActionMessageResponse(value=f"echo {said}")

    await app.initialize()

    async def endpoint(request: Any) -> Response:
        body, headers = await request.json(), dict(request.headers)
        answer = await kept.handle(HttpRequest(body=body, headers=headers))
        if answer["body"] is None:
            return Response(status_code=answer["status"])
        return JSONResponse(answer["body"], answer["status"])

    return endpoint


@contextlib.asynccontextmanager
async def echo_app(
    folder: Path, cost: float, api: str, service: str
) -> AsyncIterator[tuple[Any, Rows]]:
    """The ASGI app: for each platform it writes one durable row, spends the cost and echoes."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    rows = Rows(folder / "echo.db")
    await rows.open()
    slack, close = echo_slack(rows, cost, api)
    routes = [Route("/slack/events", slack.handle, methods=["POST"])]
    if service:
        teams = await echo_teams(rows, cost, service)
        routes.append(Route("/api/messages", teams, methods=["POST"]))
    try:
        yield Starlette(routes=routes), rows
    finally:
        await close()
        await rows.close()


async def _serve_echo(folder: Path, port: int, cost: float, api: str, service: str) -> None:
    import uvicorn

    async with echo_app(folder, cost, api, service) as (app, _):
        config = uvicorn.Config(
            app, port=port, log_config=None, access_log=False, server_header=False,
            lifespan="off", ws="none",
        )  # fmt: skip
        await uvicorn.Server(config).serve()


# --- measuring --------------------------------------------------------------------------------------------


def questions_of(count: int) -> list[str]:
    """What the staff ask: each their own question."""
    return random.Random(SEED).sample(bank_questions(5 * count), count)


def costs(root: Path, count: int) -> list[float]:
    """The processor time of each answer, in a process of its own."""
    engine, found = Engine(Home(root)), []
    school = engine.home.school(SCHOOL)
    for question in (*questions_of(count), *questions_of(count)):
        began = time.thread_time()
        engine.answer(school, question)
        found.append(time.thread_time() - began)
    engine.close()
    return found[count:]


@dataclass(slots=True)
class Beside:
    """MayI and the echo app, asked in turn."""

    mayi: Tally = field(default_factory=Tally)
    echo: Tally = field(default_factory=Tally)
    ratios: list[float] = field(default_factory=list)
    cpu: dict[str, float] = field(default_factory=lambda: {"mayi": 0.0, "echo": 0.0})


async def beside(
    mayi: Server, echo: Server, make: Make, judge: Judge, rounds: int, posted: Callable[[], int]
) -> Beside:
    """Rounds of everybody at once, in turn, so that whatever else the machine does slows both."""
    found = Beside()
    async with _session(mayi) as one, _session(echo) as other:
        for number in range(rounds + 1):
            both: dict[str, Tally] = {}
            order = [("mayi", mayi, one), ("echo", echo, other)]
            for name, server, http in order if number % 2 else reversed(order):
                posted()
                before = server.cpu()
                tally = both[name] = await at_once(http, make, judge)
                shown = posted()
                if _by_message(make):  # what was acknowledged was posted first
                    tally.failed += max(0, tally.answered - shown)
                    tally.answered = min(tally.answered, shown)
                if number:  # the first round warms both up
                    found.cpu[name] += server.cpu() - before
                    getattr(found, name).add(tally)
                await asyncio.sleep(PAUSE)  # what follows a round is done before the next
            if number:
                found.ratios.append(both["mayi"].throughput / both["echo"].throughput)
    return found


def _by_message(make: Make) -> bool:
    return getattr(make, "__name__", "") == "message"


@contextlib.asynccontextmanager
async def _session(server: Server) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(
        server.url,
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP),
        timeout=aiohttp.ClientTimeout(total=60),
    ) as http:
        yield http


async def _measured(
    folder: Path, seconds: float, rounds: int, cost: float, tell: Callable[[str], None]
) -> tuple[dict[str, Beside], dict[str, Tally]]:
    questions = questions_of(PEOPLE)
    fake = await FakeSlack().start()
    fake.members = [
        member(slack_user(n), _name(n), f"staff{n:03}@example.org") for n in range(PEOPLE)
    ]
    connector, served = _connector()
    service = connector.service if connector else ""
    slack = Slack(fake, questions)
    teams = Teams(connector, questions) if connector else None
    (folder / "echo").mkdir()
    mayi = start_mayi(folder / "home", fake, service)
    echo = start_echo(folder / "echo", fake, service, cost)
    loads: dict[str, Beside] = {}
    steady: dict[str, Tally] = {}
    try:
        for server in (mayi, echo):
            async with _session(server) as http:
                await until_answered(server, http, slack.command, slack.judge)
        kinds: list[tuple[str, Slack | Teams, Make]] = [
            ("Slack, commands", slack, slack.command),
            ("Slack, direct messages", slack, slack.message),
        ]
        if teams:
            kinds += [
                ("Teams, buttons", teams, teams.pressed),
                ("Teams, messages", teams, teams.message),
            ]
        for name, chat, make in kinds:
            tell(f"{PEOPLE} at once: {name}")
            loads[name] = await beside(mayi, echo, make, chat.judge, rounds, chat.posted)
        for chat, make in ((slack, slack.either), *(((teams, teams.pressed),) if teams else ())):
            tell(f"{RATE} a second for {seconds:g} s: {chat.name}")
            async with _session(mayi) as http:
                steady[chat.name] = await steadily(http, make, chat.judge, seconds=seconds)
    finally:
        mayi.stop()
        echo.stop()
        await fake.stop()
        if served:
            served.close()
    return loads, steady


def _connector() -> tuple[Any, Any]:
    """The service that Teams' answers go to; nothing where the SDK is not installed."""
    try:
        from tests.teams_fakes import Connector, Served
    except ImportError:
        return None, None
    connector = Connector()
    served = Served(connector.app)
    connector.url = served.url
    return connector, served


def sheets(
    progress: Progress, *, seconds: float = SECONDS, rounds: int = ROUNDS
) -> Iterator[Sheet]:
    """The tables: everybody at once beside an echo app, and a steady rate."""
    task = progress.add_task("what one answer costs", total=None)
    busy = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="mayi-load-") as name:
        folder = Path(name)
        make_home(folder / "home")
        command = ["-m", "tests.bench.load", "cost", str(folder / "home"), str(PEOPLE)]
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.PIPE
        )
        answers = json.loads(done.stdout)
        cost = statistics.median(answers)

        def tell(doing: str) -> None:
            progress.update(task, description=doing)

        loads, steady = asyncio.run(_measured(folder, seconds, rounds, cost, tell))
    progress.remove_task(task)
    yield Sheet(
        f"{PEOPLE} staff asking at once, beside an echo app",
        [_beside_row(name, found) for name, found in loads.items()],
        (
            f"Each asks once a round; {rounds} rounds, MayI and the echo app in turn, after one to warm up.",
            "The echo app is slack-bolt's, or the Teams SDK's, with MayI's settings; Slack's signature is checked by both.",
            (
                f"For each question it commits a row to SQLite and spends {cost * 1e3:.1f} ms, the median processor time"
                f" of an answer (mean {statistics.fmean(answers) * 1e3:.1f} ms), before it echoes."
            ),
            f"MayI, the echo app and who asks share {os.cpu_count()} cores; the load average before was {busy:.1f}.",
            "ratio: of throughput, the median over the rounds; the aim is 0.80. cpu: processor time for each question.",
            "latest: from asking to the last acknowledgement.",
            "waits: told that the answer follows, or to send the question again. failed: any other that is no answer.",
        ),
    )
    yield Sheet(
        f"{RATE} questions a second for {seconds:g} seconds",
        [
            {
                "platform": name,
                "asked": str(t.asked),
                "p50": f"{percentile(t.seconds, 0.5) * 1e3:.0f} ms",
                "p99": f"{percentile(t.seconds, 0.99) * 1e3:.0f} ms",
                "latest": f"{t.latest * 1e3:.0f} ms",
                "allowed": f"{LIMITS[name] * 1e3:.0f} ms",
                "waits": str(t.late),
                "failed": str(t.failed),
            }
            for name, t in steady.items()
        ],
        (
            "From when the question was due to when its acknowledgement, and with it the answer, was there.",
            "Slack: commands and direct messages in turn. Teams: buttons, whose answer takes the card's place.",
        ),
    )


def _beside_row(name: str, found: Beside) -> dict[str, str]:
    return {
        "asked by": name,
        "asked": str(found.mayi.asked),
        "MayI": f"{found.mayi.throughput:.0f}/s",
        "echo": f"{found.echo.throughput:.0f}/s",
        "ratio": f"{statistics.median(found.ratios):.2f}",
        "MayI cpu": f"{found.cpu['mayi'] / found.mayi.asked * 1e3:.1f} ms",
        "echo cpu": f"{found.cpu['echo'] / found.echo.asked * 1e3:.1f} ms",
        "latest": f"{found.mayi.latest:.2f} s",
        "waits": str(found.mayi.late),
        "failed": str(found.mayi.failed + found.echo.failed),
    }


def _main(what: str, *given: str) -> None:
    if what == "cost":
        print(json.dumps(costs(Path(given[0]), int(given[1]))))
    elif what == "echo":
        folder, port, cost, api, service = given
        asyncio.run(_serve_echo(Path(folder), int(port), float(cost), api, service))
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    _main(*sys.argv[1:])
