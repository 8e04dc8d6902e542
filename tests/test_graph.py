"""Graph: msgraph-sdk itself against a Graph of our own that pages, throttles and refuses."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from bot.config import TeamsSettings
from bot.people import graph as module
from bot.people.graph import Graph, GraphFailed, StaffList
from bot.platforms.teams.reach import GraphMail, Installer
from bot.records.messages import NotSent
from tests.teams_fakes import (
    BOT,
    CATALOGUE,
    GROUP,
    SAM,
    TENANT,
    FakeCredential,
    FakeGraph,
    Served,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
SETTINGS = TeamsSettings(
    BOT, "secret", tenant=TENANT, tenants=frozenset({TENANT}), app=CATALOGUE, group=GROUP,
    mail_from="mayi@oak.example",
)  # fmt: skip
NAMES = ["Sam Teacher", "Lee Lead", "Kim Cook", "Ash Aide", "Jo Janitor"]


@pytest.fixture
def fake():
    made = FakeGraph()
    for number, name in enumerate(NAMES):
        made.add(f"{number:08}-0000-4000-8000-000000000000", name)
    served = Served(made.app)
    made.url = served.url
    yield made
    served.close()


@pytest_asyncio.fixture
async def graph(fake, monkeypatch):
    monkeypatch.setattr(module, "BACK_OFF", 0.01)
    made = Graph(SETTINGS, url=f"{fake.url}/v1.0", credential=FakeCredential())
    await made.start()
    yield made
    await made.stop()


async def test_everybody_of_the_group_page_by_page(graph, fake):
    fake.people[fake.staff[2]] |= {
        "accountEnabled": False,
        "mail": None,
        "userPrincipalName": "kim@x",
    }
    members = await graph.members(GROUP)

    assert [m.name for m in members] == NAMES
    assert [m.active for m in members] == [True, True, False, True, True]
    assert members[2].email == "kim@x"
    assert len(fake.asked) == 3


async def test_changes_leavers_and_everybody_again(graph, fake):
    staff = StaffList(graph, GROUP)
    assert (await staff.read()).whole

    off, gone = fake.staff[:2]
    fake.changes = [
        {"id": off, "accountEnabled": False},
        {"id": gone, "@removed": {"reason": "deleted"}},
        {"id": "99999999-0000-4000-8000-000000000000", "displayName": "A Pupil"},
    ]
    changes = await staff.read()
    assert not changes.whole
    assert [(m.id, m.active, m.name) for m in changes.members] == [
        (off, False, NAMES[0]),
        (gone, False, NAMES[1]),
    ]
    assert await staff.read() == module.Changes((), whole=False)

    fake.group_changed = True  # somebody left a group inside the group
    fake.staff.pop()
    changes = await staff.read()
    assert changes.whole
    assert [m.name for m in changes.members] == NAMES[:-1]


async def test_a_delta_link_that_is_too_old_reads_everybody_again(graph, fake):
    staff = StaffList(graph, GROUP)
    await staff.read()
    fake.faults = [410]

    assert (await staff.read()).whole


async def test_throttling_is_waited_for(graph, fake):
    fake.faults = [(429, {"Retry-After": "1"}), None, 503]
    began = time.monotonic()

    assert len(await graph.members(GROUP)) == len(NAMES)
    assert 1.0 <= time.monotonic() - began < 3


async def test_a_long_wait_is_the_callers(graph, fake):
    fake.faults = [(429, {"Retry-After": "90"})]
    with pytest.raises(NotSent) as e:
        await Installer(graph)(TENANT, SAM)

    assert e.value.retry_after.total_seconds() == 90
    assert not e.value.for_good


async def test_a_token_that_ended_is_renewed_once(fake, monkeypatch):
    fake.good_tokens = {"token-2"}
    credential = FakeCredential(["token-1", "token-2"])
    graph = Graph(SETTINGS, url=f"{fake.url}/v1.0", credential=credential)
    await graph.start()
    await graph.members(GROUP)
    await graph.members(GROUP)
    assert credential.given == 2

    fake.good_tokens = set()
    with pytest.raises(GraphFailed) as e:
        await graph.members(GROUP)
    await graph.stop()
    assert not e.value.for_good
    assert e.value.why == "401 InvalidAuthenticationToken"


async def test_a_token_is_asked_for_again_before_it_ends(fake):
    credential = FakeCredential(lasts=60)
    graph = Graph(SETTINGS, url=f"{fake.url}/v1.0", credential=credential)
    await graph.start()
    await graph.members(GROUP)
    await graph.stop()

    assert credential.given == 3  # each page


@pytest.mark.parametrize(
    ("status", "for_good"), [(403, True), (404, True), (400, True), (500, False)]
)
async def test_a_refusal_names_a_code_and_nobody(graph, fake, status, for_good):
    fake.faults = [status]
    with pytest.raises(GraphFailed) as e:
        await graph.members(GROUP)

    assert e.value.for_good is for_good
    assert e.value.why == f"{status} Refused"
    assert "Kim" not in str(e.value)


async def test_installing_and_finding_the_conversation(graph, fake):
    first = await Installer(graph)(TENANT, SAM)
    again = await Installer(graph)(TENANT, SAM)  # 409: it is there

    assert first == again == f"19:{SAM}@unq.gbl.spaces"


async def test_nothing_is_installed_in_another_tenant(graph, fake):
    with pytest.raises(NotSent) as e:
        await Installer(graph)("other", SAM)
    assert e.value.for_good
    assert fake.asked == []


async def test_mail_goes_out_once_with_its_own_id(graph, fake):
    await GraphMail(graph).send(
        "lee@oak.example", "Something waits", "Open it.", message_id="m-1", at=datetime.now(UTC)
    )

    (mail,) = fake.mails
    assert mail["from"] == "mayi@oak.example"
    message = mail["Message"]
    assert message["internetMessageId"] == "<m-1@oak.example>"
    assert message["toRecipients"][0]["emailAddress"]["address"] == "lee@oak.example"
    assert message["body"] == {"contentType": "text", "content": "Open it."}
    assert mail["SaveToSentItems"] is False


@pytest.mark.parametrize("status", [500, 504])
async def test_a_mail_that_may_have_gone_is_not_sent_twice(graph, fake, status):
    fake.faults = [status]
    with pytest.raises(NotSent) as e:
        await GraphMail(graph).send("lee@x.example", "s", "t", message_id="m", at=datetime.now(UTC))

    assert e.value.perhaps
    assert len(fake.asked) == 1


async def test_a_link_to_another_host_gets_no_token(graph):
    with pytest.raises(GraphFailed):
        await graph.changed("users", "https://elsewhere.example/v1.0/users/delta?$deltatoken=x")


async def test_the_first_call_holds_nobody_up():
    """In a process of its own: here everything was imported long ago."""
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", STALL], capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr[-2000:]
    imports, start, first = (float(s) for s in ran.stdout.split())
    assert imports == 0  # msgraph came with `start`
    assert start < 1.0
    assert first < 0.4


STALL = """
import asyncio, sys, time
from tests.teams_fakes import *
from tests.test_graph import SETTINGS, GROUP
from bot.people.graph import Graph

async def stalls(what):
    worst, done = 0.0, asyncio.ensure_future(what)
    while not done.done():
        at = time.monotonic()
        await asyncio.sleep(0.01)
        worst = max(worst, time.monotonic() - at - 0.01)
    await done
    return worst

async def main():
    fake = FakeGraph(); fake.add(SAM, "Sam Teacher")
    served = Served(fake.app); fake.url = served.url
    graph = Graph(SETTINGS, url=f"{fake.url}/v1.0", credential=FakeCredential())
    print(int("msgraph" in sys.modules))
    print(await stalls(graph.start()))
    print(await stalls(graph.members(GROUP)))
    await graph.stop(); served.close()

asyncio.run(main())
"""
