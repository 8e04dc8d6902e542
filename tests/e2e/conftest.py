"""The real thing: `mayi serve` as a process, a chat server beside it, and its page in a headless Chromium."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.app.schools import init
from bot.config import Home

HERE = Path(__file__).resolve().parent
SHOTS = HERE / "screenshots"
PATIENCE = 30.0  # seconds to wait for something to appear on a busy machine
expect.set_options(timeout=PATIENCE * 1000)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextlib.contextmanager
def running(*command: object, env: dict[str, str] | None = None, log: Path) -> Iterator[None]:
    """A process of ours, ended by its own id."""
    with (
        log.open("wb") as out,
        subprocess.Popen(
            [str(c) for c in command],
            env={**os.environ, **(env or {})},
            stdout=out,
            stderr=out,
            cwd=log.parent
            if command[0] == "node"
            else None,  # the Playground leaves a folder behind
        ) as process,
    ):
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def until_answers(url: str, log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.2)
    raise AssertionError(f"{url} does not answer:\n{log.read_text('utf-8')[-3000:]}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, which talks to this machine alone."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        pytest.skip("Chromium is not installed (Debian: apt install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page that may call nothing but loopback."""
    context = chromium.new_context(viewport={"width": 900, "height": 820})
    context.set_default_timeout(PATIENCE * 1000)

    def only_here(route):
        host = route.request.url.split("/")[2].rsplit(":", 1)[0]
        route.continue_() if host in ("localhost", "127.0.0.1") else route.abort()

    context.route("**/*", only_here)
    yield context.new_page()
    context.close()


@pytest.fixture
def shot(page: Page):
    """Keeps a picture of the page, for people to look at."""
    SHOTS.mkdir(exist_ok=True)

    def take(name: str) -> None:
        page.wait_for_timeout(300)
        page.screenshot(path=SHOTS / f"{name}.png")

    return take


@pytest.fixture
def oak(tmp_path) -> Path:
    """The home of one school, like model-primary."""
    home = tmp_path / "home"
    init(Home(home), "oak", "model-primary")
    return home


def tell_school(home: Path, more: str) -> None:
    with (home / "schools" / "oak" / "school.toml").open("a", encoding="utf-8") as toml:
        toml.write(f"\n{more}\n")


@dataclass
class SlackServer:
    """A local Slack: what only its control interface can do."""

    url: str

    def control(self, verb: str, **body: object) -> None:
        request = urllib.request.Request(
            f"{self.url}/_control/{verb}",
            json.dumps(body).encode(),
            {"content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10):
            pass


WORKSPACE = {
    "workspace": {"name": "Model Primary School", "domain": "model", "teamId": "T01MAYI"},
    "app": {
        "appId": "A01MAYI",
        "botUserId": "U0MAYI",
        "botName": "mayi",
        "botToken": "xoxb-test-token",
        "appToken": "xapp-test-token",
        "signingSecret": "test-signing-secret",
        "mode": "socket",
    },
    "users": [
        {"id": "U0ROBIN", "name": "robin", "real_name": "Robin Practice", "email": "robin@example.org"},
        {"id": "U0ALEX", "name": "alex", "real_name": "Alex Specimen", "email": "alex@example.org"},
        {"id": "U0PAT", "name": "pat", "real_name": "Pat Example", "email": "pat@example.org"},
        {"id": "U0GUEST", "name": "guest", "real_name": "Not Staff", "email": "guest@example.com"},
    ],
    "channels": [
        {"id": "C01STAFF", "name": "staff-room", "members": ["U0ROBIN", "U0ALEX", "U0MAYI"]}
    ],
}  # fmt: skip


@pytest.fixture
def slack(oak: Path, tmp_path: Path) -> Iterator[SlackServer]:
    """A local Slack with `mayi serve` connected to it."""
    binary = HERE / "node_modules" / "local-slack-linux-x64" / "bin" / "local-slack"
    if not binary.exists():
        pytest.skip("the local Slack is not installed: make e2e does it")
    tell_school(oak, '[slack]\nworkspace = "T01MAYI"\nroster = "list"')
    config, port, ours = tmp_path / "slack.json", free_port(), free_port()
    config.write_text(json.dumps(WORKSPACE), "utf-8")
    slack_log, mayi_log = tmp_path / "slack.log", tmp_path / "mayi.log"
    env = {
        "SLACK_BOT_TOKEN": "xoxb-test-token",
        "SLACK_APP_TOKEN": "xapp-test-token",
        "SLACK_API_URL": f"http://localhost:{port}/api/",
        "MAYI_LISTEN": f"127.0.0.1:{ours}",
        "MAYI_URL": f"http://127.0.0.1:{ours}",
    }
    with running(binary, "--config", config, "--port", port, log=slack_log):
        until_answers(f"http://localhost:{port}/", slack_log)
        serve = (sys.executable, "-m", "bot", "--home", oak, "serve")
        with running(*serve, env=env, log=mayi_log):
            until_answers(f"http://127.0.0.1:{ours}/healthz", mayi_log)
            end = time.monotonic() + PATIENCE
            while "the roster of" not in mayi_log.read_text("utf-8"):
                assert time.monotonic() < end, mayi_log.read_text("utf-8")
                time.sleep(0.2)
            yield SlackServer(f"http://localhost:{port}")
            assert "Traceback" not in mayi_log.read_text("utf-8")


# As the Playground makes them up: neither is a GUID, which is why `mayi serve` takes them only in development.
TENANT = "00000000-0000-0000-0000-0000000000001"
ALEX_WILBER = f"teams:{TENANT}/00000000-0000-0000-0000-0000000000020"


@dataclass
class Playground:
    """Microsoft's Agents Playground with `mayi serve` behind it."""

    url: str
    mayi: str  # where MayI answers


@pytest.fixture
def playground(oak: Path, tmp_path: Path) -> Iterator[Playground]:
    """The Playground's one user is Robin Practice, a teaching assistant."""
    program = HERE / "node_modules" / "@microsoft" / "m365agentsplayground" / "cli.js"
    if not program.exists():
        pytest.skip("the Agents Playground is not installed: make e2e does it")
    toml = oak / "schools" / "oak" / "school.toml"
    named = 'name = "Robin Practice"'
    text = toml.read_text("utf-8").replace(named, f'{named}\naccounts = ["{ALEX_WILBER}"]')
    toml.write_text(text, "utf-8")
    tell_school(oak, f'[teams]\ntenant = "{TENANT}"\nroster = "list"')
    port, ours = free_port(), free_port()
    play_log, mayi_log = tmp_path / "playground.log", tmp_path / "mayi.log"
    env = {
        "MAYI_TEAMS_UNAUTHENTICATED": "development",
        "MAYI_TEAMS_TENANT": TENANT,
        "MAYI_LISTEN": f"127.0.0.1:{ours}",
    }
    endpoint = f"http://127.0.0.1:{ours}/api/messages"
    play = ("node", program, "start", "-e", endpoint, "-c", "msteams", "-p", port)
    with running(sys.executable, "-m", "bot", "--home", oak, "serve", env=env, log=mayi_log):
        until_answers(f"http://127.0.0.1:{ours}/healthz", mayi_log)
        with running(*play, "--conversation-id", "personal-1", "--disable-telemetry", log=play_log):
            until_answers(f"http://127.0.0.1:{port}/", play_log)
            yield Playground(f"http://127.0.0.1:{port}", endpoint)
            assert "Traceback" not in mayi_log.read_text("utf-8")
