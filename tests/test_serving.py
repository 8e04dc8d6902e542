"""`mayi serve`: how a message finds its way, what the settings say, and the process itself."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa
from bs4 import BeautifulSoup

from bot import web
from bot.app import serving
from bot.app.carrying import carrier
from bot.app.serving import serve
from bot.config import Home, Serving, Smtp, model_folder
from bot.config import serving as settings_of
from bot.errors import BadSettings, CannotDo
from bot.records import messages, tables
from bot.records.messages import Message, NotSent
from tests.test_web import PLANTED, SCHOOL, URL, Inbox, World

ROOT = Path(__file__).resolve().parents[1]
SMTP = {"MAYI_SMTP_HOST": "mail.example.org", "MAYI_SMTP_FROM": "mayi@example.org"}


# --- settings -------------------------------------------------------------------------------------------


def test_without_settings_it_listens_on_this_machine_and_reaches_nobody():
    assert settings_of({}) == Serving("", "127.0.0.1", 8080, None)


def test_all_settings():
    found = settings_of(
        SMTP
        | {
            "MAYI_URL": "https://mayi.example.org/",
            "MAYI_LISTEN": "[::1]:9000",
            "MAYI_SMTP_PORT": "2525",
            "MAYI_SMTP_USER": "mayi",
            "MAYI_SMTP_PASSWORD": "a secret word",
            "MAYI_SMTP_TLS": "tls",
        }
    )

    smtp = Smtp("mail.example.org", 2525, "mayi@example.org", "mayi", "a secret word", "tls")
    assert found == Serving("https://mayi.example.org", "::1", 9000, smtp)
    assert found.https
    assert "a secret word" not in repr(found)


@pytest.mark.parametrize(
    ("tls", "port"), [("starttls", 587), ("tls", 465), ("none", 25), ("", 587)]
)
def test_the_port_of_a_mail_server_is_the_usual_one(tls, port):
    assert settings_of(SMTP | {"MAYI_SMTP_TLS": tls}).smtp.port == port


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]:80", "https://a.example"],
)
def test_addresses_that_reports_may_be_shown_at(url):
    assert settings_of({"MAYI_URL": url}).url == url


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAYI_URL", "http://mayi.example.org"),
        ("MAYI_URL", "http://127.0.0.1.example.org"),
        ("MAYI_URL", "mayi.example.org"),
        ("MAYI_URL", "https://"),
        ("MAYI_URL", "https://mayi.example.org/pages"),
        ("MAYI_URL", "https://mayi.example.org?x"),
        ("MAYI_URL", "https://me:word@mayi.example.org"),
        ("MAYI_URL", "https://mayi.example.org:port"),
        ("MAYI_URL", "ftp://127.0.0.1"),
        ("MAYI_LISTEN", "8080"),
        ("MAYI_LISTEN", "127.0.0.1"),
        ("MAYI_LISTEN", "127.0.0.1:99999"),
        ("MAYI_LISTEN", ":8080"),
        ("MAYI_LISTEN", "http://127.0.0.1:80"),
        ("MAYI_SMTP_PORT", "0"),
        ("MAYI_SMTP_PORT", "many"),
        ("MAYI_SMTP_TLS", "ssl"),
        ("MAYI_SMTP_FROM", ""),
    ],
)
def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(BadSettings, match=name):
        settings_of(SMTP | {name: value})


# --- how a message finds its way ------------------------------------------------------------------------


class Chat:
    """A chat platform that takes cards, or does not."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.got = []

    async def send(self, account, card):
        if self.failures and (e := self.failures.pop(0)):
            raise e
        self.got.append((account, card))


@pytest.fixture
def inbox():
    box = Inbox()
    yield box
    if box.controller._thread is not None:
        box.controller.stop()


@pytest_asyncio.fixture
async def world(home, inbox):
    made = World(home, inbox)
    made.rewrite(
        'email = "sam@example.org"',
        'email = "sam@example.org"\naccounts = ["slack:T1/U1", "teams:a-tenant/an-oid"]',
    )
    yield made
    await made.site.close()


async def waiting(world):
    await world.report()
    store = await world.site.records()
    (message,) = await messages.waiting(store, world.now, 10)
    return await messages.begin(store, message, world.now)


def by(world, mail=True, **channels):
    return carrier(world.site, world.settings, world.mail if mail else None, channels)


@pytest.mark.asyncio
async def test_chat_comes_first_and_its_card_holds_nothing_of_the_report(world):
    slack, teams = Chat(), Chat()

    assert await by(world, slack=slack, teams=teams)(await waiting(world)) == "slack"

    ((account, card),) = slack.got
    assert account == "slack:T1/U1"
    assert PLANTED not in str(card)
    assert not teams.got
    assert not world.inbox.got


@pytest.mark.asyncio
async def test_a_chat_that_is_down_leaves_it_to_the_next_way(world):
    slack, teams = Chat(NotSent("down")), Chat()

    assert await by(world, slack=slack, teams=teams)(await waiting(world)) == "teams"
    assert "before" not in str(teams.got[0][1])


@pytest.mark.asyncio
async def test_what_may_have_arrived_already_says_so_on_the_next_way(world):
    slack = Chat(NotSent("cut off", perhaps=True))

    assert await by(world, slack=slack)(await waiting(world)) == "mail"
    assert "You may have had this mail before" in world.inbox.got[0][1].get_content()


@pytest.mark.asyncio
async def test_a_chat_that_nobody_configured_is_passed_over(world):
    assert await by(world)(await waiting(world)) == "mail"


@pytest.mark.asyncio
async def test_each_mail_has_a_link_of_its_own(world):
    message = await waiting(world)
    await by(world)(message)
    await by(world)(message)

    first, second = world.inbox.links("sam@example.org")
    assert first != second


async def failure(carry, message):
    with pytest.raises(NotSent) as e:
        await carry(message)
    return e.value


@pytest.mark.asyncio
async def test_who_can_be_reached_by_nothing(world):
    why = await failure(by(world, mail=False), await waiting(world))

    assert (str(why), why.for_good) == ("no-channel", True)


@pytest.mark.asyncio
async def test_all_ways_failing_is_final_only_if_each_is(world):
    message = await waiting(world)
    later = NotSent("busy", retry_after=timedelta(minutes=7))
    gone = NotSent("account gone", for_good=True)

    why = await failure(by(world, mail=False, slack=Chat(gone), teams=Chat(later)), message)
    assert (why.for_good, why.retry_after) == (False, timedelta(minutes=7))
    why = await failure(by(world, mail=False, slack=Chat(gone), teams=Chat(gone)), message)
    assert why.for_good


@pytest.mark.asyncio
async def test_without_a_public_address_no_mail_is_sent(world):
    carry = carrier(world.site, Serving(), world.mail, {})

    assert (await failure(carry, await waiting(world))).for_good
    assert not world.inbox.got


@pytest.mark.asyncio
async def test_somebody_off_the_roster_gets_nothing(world):
    message = await waiting(world)
    gone = Message(**{f: getattr(message, f) for f in message.__slots__} | {"person": "nobody"})

    assert str(await failure(by(world, slack=Chat()), gone)) == "not-on-roster"


@pytest.mark.asyncio
async def test_a_former_holder_gets_no_link(world):
    message = await waiting(world)
    world.rewrite('holder = "Sam Sample"', 'holder = "Max Newcomer"')

    why = await failure(by(world), message)
    assert (str(why), why.for_good) == ("no-longer-theirs", True)
    assert not world.inbox.got


@pytest.mark.asyncio
async def test_a_school_toml_being_mended_only_delays(world):
    message = await waiting(world)
    world.toml.write_text("name = ", "utf-8")

    assert not (await failure(by(world), message)).for_good


@pytest.mark.asyncio
async def test_a_mail_server_that_is_down_is_tried_again(world):
    message = await waiting(world)
    world.inbox.controller.stop()

    assert not (await failure(by(world), message)).for_good


@pytest.mark.asyncio
async def test_one_school_that_fails_keeps_no_other_from_its_jobs(world, monkeypatch, caplog):
    shutil.copytree(world.toml.parent, world.toml.parent.parent / "a-school")
    (world.toml.parent.parent / "a-school" / "school.toml").write_text("name =", "utf-8")
    done = []

    async def job(services):
        done.append(services.school.id)

    monkeypatch.setattr(serving, "JOBS", {"look": job})
    await serving._each_school(world.site, "look")

    assert done == [SCHOOL]
    assert "job look of a-school failed: BadSettings" in caplog.text


# --- where it cannot work -------------------------------------------------------------------------------


def refused(home, settings=None):
    with pytest.raises(CannotDo) as e:
        asyncio.run(serve(Home(home), web.app, settings or Serving(port=0)))
    return str(e.value)


def test_a_home_without_a_school(tmp_path):
    assert "mayi init" in refused(tmp_path)


def test_a_school_that_cannot_be_read(home):
    (home / "schools" / "a-school").mkdir(parents=True)
    (home / "schools" / "a-school" / "school.toml").write_text('[people]\nsam = "x"', "utf-8")

    assert "school.toml" in refused(home)


def test_a_port_in_use(home, tmp_path):
    shutil.copytree(model_folder(SCHOOL), home / "schools" / SCHOOL)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()

        why = refused(home, Serving(port=taken.getsockname()[1]))
    assert "MAYI_LISTEN" in why
    assert not (home / "data" / "mayi.db").exists()  # nothing was begun


def test_an_address_that_this_machine_does_not_have(home):
    shutil.copytree(model_folder(SCHOOL), home / "schools" / SCHOOL)

    assert "192.0.2.1" in refused(home, Serving(host="192.0.2.1", port=0))


def test_a_sender_that_is_no_address(home):
    shutil.copytree(model_folder(SCHOOL), home / "schools" / SCHOOL)

    assert "sender" in refused(home, Serving(URL, port=0, smtp=Smtp("localhost", 25, "nobody")))


def test_the_command_says_in_one_line_why_it_cannot(mayi, home, monkeypatch):
    monkeypatch.setenv("MAYI_URL", "http://mayi.example.org")
    shutil.copytree(model_folder(SCHOOL), home / "schools" / SCHOOL)

    ran = mayi("--home", home, "serve")

    assert ran.status == 3
    assert ran.err.count("\n") == 1
    assert "https://" in ran.err


# --- the process ----------------------------------------------------------------------------------------


class Process:
    """`mayi serve` in a process of its own."""

    def __init__(self, home, log, **settings):
        self.log = log
        clean = {k: v for k, v in os.environ.items() if not k.startswith("MAYI_")}
        with log.open("w") as out:
            self.run = subprocess.Popen(
                [sys.executable, "-m", "bot", "--home", str(home), "serve"],
                cwd=ROOT,
                env=clean | {"MAYI_LISTEN": "127.0.0.1:0"} | settings,
                stderr=out,
                stdout=out,
            )
        (found,) = self.until(r"answered at (http://\S+?)[;\s]")
        self.address = found

    def until(self, pattern, seconds=40):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, self.log.read_text("utf-8") + "\n"):
                return found.groups()
            assert self.run.poll() is None, self.log.read_text("utf-8")
            time.sleep(0.05)
        raise AssertionError(self.log.read_text("utf-8"))

    def stop(self, number=signal.SIGTERM):
        self.run.send_signal(number)
        return self.run.wait(20)


@pytest.fixture
def process(tmp_path):
    started = []

    def start(home, **settings):
        started.append(Process(home, tmp_path / f"serve-{len(started)}.log", **settings))
        return started[-1]

    yield start
    for one in started:
        if one.run.poll() is None:
            one.run.kill()
            one.run.wait()


@pytest.mark.asyncio
async def test_a_report_reaches_the_chair_through_the_real_thing(home, inbox, process):
    made = World(home, inbox)
    made.now = made.now.now(tz=made.now.tzinfo)
    reference = await made.report()
    await made.site.close()

    running = process(
        home,
        MAYI_URL="http://127.0.0.1:8080",
        MAYI_SMTP_HOST="127.0.0.1",
        MAYI_SMTP_PORT=str(inbox.port),
        MAYI_SMTP_FROM="MayI <mayi@example.org>",
        MAYI_SMTP_TLS="none",
    )
    for _ in range(400):
        if inbox.got:
            break
        await asyncio.sleep(0.05)
    (link,) = inbox.links("sam@example.org")
    async with httpx.AsyncClient(base_url=running.address, follow_redirects=True) as http:
        assert (await http.get("/healthz")).text == "ok\n"
        page = await http.post(link, data={"page": "x"})
        assert reference in page.text
        form = BeautifulSoup(page.text, "html.parser").find("form", attrs={"action": "/do"})
        sent = {i["name"]: i["value"] for i in form.find_all("input")}
        assert PLANTED in (await http.post("/do", data=sent)).text

    assert running.stop() == 0
    log = running.log.read_text("utf-8")
    assert link.removeprefix("/in/") not in log
    assert PLANTED not in log
    assert "POST /in/… 303" in log
    assert "Traceback" not in log
    assert "Model Primary School" in log
    assert "Mail: 127.0.0.1" in log

    made = World(home, inbox)
    store = await made.site.records()
    async with store.reading() as conn:
        (state,) = await conn.scalars(sa.select(tables.messages.c.state))
    assert state == "sent"
    await made.site.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_what_is_missing_and_stops_when_told(home, process, number):
    shutil.copytree(model_folder(SCHOOL), home / "schools" / SCHOOL)
    running = process(home)

    running.until("Nobody can be reached yet")
    assert httpx.get(f"{running.address}/healthz").status_code == 200
    assert httpx.get(f"{running.address}/desk").status_code == 403
    assert running.stop(number) == 0
    log = running.log.read_text("utf-8")
    for missing in ("MAYI_URL", "MAYI_SMTP_HOST"):
        assert missing in log
    assert "Traceback" not in log


def test_started_again_it_goes_on(home, process):
    shutil.copytree(model_folder(SCHOOL), home / "schools" / SCHOOL)
    first = process(home)
    first.run.kill()
    first.run.wait()

    second = process(home)
    assert httpx.get(f"{second.address}/healthz").status_code == 200
    assert second.stop() == 0
