"""The load bench counts right. How fast anything is, no test says."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import aiohttp
import httpx
import pytest
from aiohttp import web

from bot.chat.render import Wording
from tests.bench import load
from tests.slack_fakes import FakeSlack

pytestmark = pytest.mark.asyncio


async def serving(handler):
    """A server for the bench to ask: its address, and what stops it."""
    app = web.Application()
    app.router.add_post("/{path:.*}", handler)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}", runner


async def test_what_is_an_answer_and_what_is_not():
    slack = load.Slack(FakeSlack(), ["May I?"])
    words = Wording().text

    def judged(status, text):
        return slack.judge(load.Came(status, text, 0.1))

    assert judged(200, json.dumps({"text": "⛔ No", "blocks": []})) == "answered"
    assert judged(200, "") == "answered"
    assert judged(200, "echo May I?") == "answered"
    assert judged(200, json.dumps({"text": words("slack_slow")})) == "late"
    assert judged(503, "") == "late"
    assert judged(200, json.dumps({"text": words("stranger")})) == "failed"
    assert judged(200, json.dumps({"text": words("broken")})) == "failed"
    assert judged(401, "") == judged(0, "") == judged(500, "") == "failed"


async def test_everybody_asks_once_and_each_answer_is_counted():
    seen = []

    async def handler(request):
        seen.append((await request.post())["trigger_id"])
        await asyncio.sleep(0.01 if len(seen) > 1 else 0.05)
        return web.Response(status=503 if len(seen) % 5 == 0 else 200)

    fake = await FakeSlack().start()
    url, runner = await serving(handler)
    slack = load.Slack(fake, ["May I?", "Can I?"])
    try:
        async with aiohttp.ClientSession(url) as http:
            tally = await load.at_once(http, slack.command, slack.judge, people=20)
            ran = await load.steadily(http, slack.either, slack.judge, seconds=0.2, rate=50)
    finally:
        await runner.cleanup()
        await fake.stop()

    assert len(seen) == len(set(seen)) == 20 + 5  # every other one of the second lot is a message
    assert (tally.asked, ran.asked) == (20, 10)
    assert tally.answered + tally.late == 20
    assert tally.late > 0
    assert tally.took >= tally.latest >= 0.05
    assert tally.throughput == pytest.approx(tally.answered / tally.took)
    assert len(tally.seconds) == 20


async def test_the_echo_app_checks_the_signature_and_writes_one_row(tmp_path):
    fake = await FakeSlack().start()
    slack = load.Slack(fake, ["May I?"])
    try:
        async with (
            load.echo_app(tmp_path, 0.0, fake.url, "") as (app, _),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app), base_url="http://echo.test"
            ) as http,
        ):
            command, message = slack.command(0), slack.message(1)
            for request in (command, message):
                answer = await http.post(
                    request.path, content=request.body, headers=request.headers
                )
                came = load.Came(answer.status_code, answer.text, 0.0)
                assert slack.judge(came) == "answered"
            forged = await http.post(
                command.path, content=command.body + b"x", headers=command.headers
            )
    finally:
        await fake.stop()

    assert forged.status_code == 401
    assert slack.posted() == 1
    with sqlite3.connect(tmp_path / "echo.db") as db:
        assert db.execute("SELECT count(*) FROM seen").fetchone() == (2,)


async def test_a_home_of_two_hundred_with_an_account_each(tmp_path):
    from bot.app.front import workspaces
    from bot.app.site import Site
    from bot.config import Home

    load.make_home(tmp_path)
    site = Site(Home(tmp_path))
    school = site.home.school(load.SCHOOL)
    people = site.people(school)

    assert f"teams:{load.TENANT}" in workspaces(school)
    found = {
        people.by_account(f"teams:{load.TENANT}/{load.teams_user(n)}").id
        for n in range(load.PEOPLE)
    }
    assert len(found) == load.PEOPLE


async def test_a_cost_is_spent():
    import time

    before = time.thread_time()
    load.burn(0.01)

    assert time.thread_time() - before >= 0.01
