"""When something goes wrong between MayI and Slack: nothing lost, nothing let in, nothing said twice unmarked."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.chat.front import Heard
from bot.chat.model import Card, Event, Reply
from bot.chat.render import Wording
from bot.platforms.slack.api import Pace
from bot.platforms.slack.installations import States, Workspace
from bot.records import tables
from bot.records.messages import NotSent
from tests.slack_fakes import (
    BOT,
    KIM,
    PAT,
    SECRET,
    TEAM,
    FakeSlack,
    Plan,
    World,
    limited,
    payload,
    refused,
    sent,
    signed,
    until,
    words,
)

pytestmark = pytest.mark.asyncio
WORDS = Wording().text
ACCOUNT = f"slack:{TEAM}/{KIM}"
HELLO = Card("Hello")


@pytest_asyncio.fixture
async def slack():
    fake = await FakeSlack().start()
    yield fake
    await fake.stop()


@pytest_asyncio.fixture
async def world(home, slack):
    made = await World(home, slack).start()
    yield made
    await made.stop()


# --- messages that are sent -----------------------------------------------------------------------------


async def failure(world, account=ACCOUNT) -> NotSent:
    with pytest.raises(NotSent) as e:
        await world.adapter.send(account, HELLO)
    return e.value


async def test_a_short_wait_is_waited_out(world, slack):
    slack.plan("chat.postMessage", limited(1))
    began = time.monotonic()
    await world.adapter.send(ACCOUNT, HELLO)

    assert time.monotonic() - began >= 1
    assert len(slack.of("chat.postMessage")) == 1


async def test_a_long_wait_is_handed_on_and_keeps_others_from_asking(world, slack):
    slack.plan("chat.postMessage", limited(120))
    e = await failure(world)
    assert (e.retry_after, e.for_good, e.perhaps) == (timedelta(seconds=120), False, False)

    other = await failure(world, f"slack:{TEAM}/{PAT}")
    assert other.retry_after is not None
    assert other.retry_after > timedelta(seconds=100)
    assert not slack.of("chat.postMessage")


@pytest.mark.parametrize(
    ("plan", "perhaps"),
    [
        (Plan(500, {"ok": False, "error": "internal_error"}), True),
        (Plan(500, "<html>"), True),
        (Plan(503, "later"), True),
        (refused("fatal_error"), True),
        (Plan(drop=True), True),
        (Plan(200, "not json"), True),
        (refused("account_inactive"), False),
        (refused("missing_scope"), False),
    ],
)
async def test_what_may_have_arrived_is_told_from_what_did_not(world, slack, plan, perhaps):
    slack.plan("chat.postMessage", plan)
    e = await failure(world)

    assert (e.perhaps, e.for_good) == (perhaps, False)
    assert str(e).startswith("slack: ")


@pytest.mark.parametrize("error", ["user_disabled", "msg_too_long", "cannot_dm_bot"])
async def test_what_no_time_mends_is_given_up(world, slack, error):
    slack.plan("chat.postMessage", refused(error))

    assert (await failure(world)).for_good


@pytest.mark.parametrize("plan", [Plan(500, "x"), Plan(drop=True), refused("internal_error")])
async def test_a_conversation_that_cannot_be_opened_is_no_message_that_may_have_arrived(
    world, slack, plan
):
    slack.plan("conversations.open", plan, plan)
    e = await failure(world)

    assert (e.perhaps, e.for_good) == (False, False)
    assert not slack.of("chat.postMessage")


async def test_a_connection_that_was_closed_meanwhile_is_made_anew_but_no_message_sent_twice(
    world, slack
):
    slack.plan("conversations.open", Plan(drop=True))
    await world.adapter.send(ACCOUNT, HELLO)
    assert len(slack.of("conversations.open")) == 2

    slack.plan("chat.postMessage", Plan(drop=True))
    assert (await failure(world)).perhaps
    assert len(slack.of("chat.postMessage")) == 2  # the first, and the one that may have arrived


async def test_a_call_that_takes_too_long_is_given_up(world, slack, monkeypatch):
    import aiohttp

    monkeypatch.setattr(world.adapter._api.session, "_timeout", aiohttp.ClientTimeout(total=0.2))
    slack.plan("chat.postMessage", Plan(wait=2))

    assert (await failure(world)).perhaps


async def test_without_slack_nothing_was_sent_for_certain(world, slack):
    await world.adapter.send(ACCOUNT, HELLO)
    await slack.stop()

    e = await failure(world)
    assert not e.for_good


async def test_a_broadcast_is_paced():
    pace = Pace(every=0.05, longest=0.2)
    began = time.monotonic()
    outcomes = await asyncio.gather(*(pace.turn("T1") for _ in range(8)), return_exceptions=True)
    sent_ = [o for o in outcomes if o is None]
    later = [o for o in outcomes if isinstance(o, NotSent)]

    assert len(sent_) + len(later) == 8
    assert len(sent_) >= 4
    assert time.monotonic() - began >= 0.05 * (len(sent_) - 1)
    assert all(o.retry_after is not None for o in later)
    await pace.turn("T2")  # each workspace has turns of its own


# --- who may call ---------------------------------------------------------------------------------------


async def test_a_wrong_signature_is_refused(world, slack):
    body = urlencode(payload("command", text="help"))

    assert (await world.post(body, secret="another")).status_code == 401
    assert (await world.http.post("/slack/events", content=body)).status_code == 401
    assert not slack.answers


@pytest.mark.parametrize("age", [-301, -100_000, 301])
async def test_an_old_timestamp_is_refused(world, age):
    body = urlencode(payload("command", text="help"))

    assert (await world.post(body, at=int(time.time()) + age)).status_code == 401


async def test_a_signed_request_with_another_body_is_refused(world):
    headers = signed(b"text=help", "application/x-www-form-urlencoded")
    answer = await world.http.post("/slack/events", content=b"text=desk", headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize("name", ["command", "window_sent", "message_shortcut"])
async def test_a_request_that_somebody_replays_is_refused(world, slack, name):
    body = payload(name, slack.respond, text="desk") if name == "command" else payload(name)
    raw = urlencode(body if name == "command" else {"payload": json.dumps(body)}).encode()
    headers = signed(raw, "application/x-www-form-urlencoded")
    first = await world.http.post("/slack/events", content=raw, headers=headers)
    again = await world.http.post("/slack/events", content=raw, headers=headers)

    assert first.status_code == 200
    assert (again.status_code, again.text) == (401, "")
    assert len(slack.of("views.open")) <= 1


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/json", 200),
        (b"{", "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"{" * 100_000, "application/json", 400),
        (b"payload=%7B", "application/x-www-form-urlencoded", 400),
        (b"x" * 1_000_001, "application/x-www-form-urlencoded", 413),
        (b'{"type":"event_callback"}', "application/json", 200),
        (b'{"type":"event_callback","event":{"type":"message"},"team_id":"T0SCHOOL"}', "application/json", 200),
        (b'{"type":"event_callback","event":{"type":"a_new_one"},"team_id":"T0SCHOOL"}', "application/json", 200),
        (b"text=help&command=%2Fmayi", "application/x-www-form-urlencoded", 200),
        (b"[]", "application/json", 400),
        (b"null", "application/json", 400),
    ],
)  # fmt: skip
async def test_what_nobody_expects_is_no_traceback(world, body, kind, status, caplog):
    answer = await world.post(body, kind)

    assert answer.status_code == status
    assert "Traceback" not in caplog.text


async def test_slack_may_ask_whether_the_address_is_ours(world):
    answer = await world.post('{"type":"url_verification","challenge":"3eZb"}', "application/json")

    assert (answer.status_code, answer.json()["challenge"]) == (200, "3eZb")


@pytest.mark.parametrize(
    "text", ["a" * 39_000, "🙂" * 10_000, "<!channel> " * 3000, "\u202e" * 500]
)
async def test_an_oversized_question_gets_a_plain_answer(world, slack, text):
    await world.event("message_im", event__text=text)

    (message,) = slack.of("chat.postMessage")
    assert words(message["blocks"])


# --- the same thing more than once ----------------------------------------------------------------------


async def test_the_same_event_five_times_is_answered_once(world, slack):
    answers = await asyncio.gather(*(world.event("message_im", retry=n) for n in range(5)))
    answers += [await world.event("message_im", retry=3)]

    assert [a.status_code for a in answers] == [200] * 6
    assert len(slack.of("chat.postMessage")) == 1


async def test_the_same_event_at_another_replica_is_answered_once(home, slack, world):
    await world.event("message_im")
    other = await World(home, slack).start()
    try:
        for retry, status in ((1, 503), (2, 200), (3, 200)):  # the first may be under way elsewhere
            assert (await other.event("message_im", retry=retry)).status_code == status
        assert len(slack.of("chat.postMessage")) == 1
    finally:
        await other.stop()


async def test_a_process_that_dies_over_an_event_is_followed_by_one_that_answers_it(
    home, slack, world
):
    world.adapter._listeners._in_time = 0.3
    slack.plan("chat.postMessage", Plan(wait=30, taken=False))
    assert (await world.event("message_im")).status_code == 503
    await world.stop()  # in the middle of it
    other = await World(home, slack).start()
    try:
        assert (await other.event("message_im", retry=1)).status_code == 503  # too soon to tell
        await _age(other, "slack:event:Ev0000001")
        assert (await other.event("message_im", retry=2)).status_code == 200
        (message,) = slack.of("chat.postMessage")
        assert WORDS("slack_repeat") in words(message["blocks"])
        assert (await other.event("message_im", retry=3)).status_code == 200
        assert len(slack.of("chat.postMessage")) == 1
    finally:
        await other.stop()
        world.http = other.http


async def _age(world, event: str):
    """As though an event had come a minute ago."""
    store = await world.site.records()
    async with store.writing() as tx:
        seen = tables.seen
        at = await tx.conn.scalar(sa.select(seen.c.at).where(seen.c.id == event))
        earlier = at - timedelta(minutes=1)
        await tx.conn.execute(sa.update(seen).where(seen.c.id == event).values(at=earlier))


@pytest.mark.parametrize(
    ("plan", "marked"),
    [
        (limited(60), False),
        (Plan(500, "x"), True),
        (Plan(drop=True, taken=False), True),
        (refused("internal_error"), True),
        (refused("account_inactive"), False),
    ],
)
async def test_an_answer_that_slack_did_not_take_comes_with_the_next_delivery(
    world, slack, plan, marked
):
    slack.plan("chat.postMessage", plan)
    assert (await world.event("message_im")).status_code == 503
    assert not slack.of("chat.postMessage")

    assert (await world.event("message_im", retry=1)).status_code == 200
    (message,) = slack.of("chat.postMessage")
    assert (WORDS("slack_repeat") in words(message["blocks"])) is marked
    await world.event("message_im", retry=2)
    assert len(slack.of("chat.postMessage")) == 1


async def test_an_answer_that_can_never_arrive_is_not_asked_for_again(world, slack):
    slack.plan("chat.postMessage", refused("msg_too_long"))

    assert (await world.event("message_im")).status_code == 200


async def test_a_window_sent_twice_is_taken_once(world, slack):
    await world.command("", command="/report-incident")
    view = slack.of("views.open")[-1]["view"]
    heard = []
    front = world.front.hear

    async def counted(account, event):
        heard.append(event.id)
        return await front(account, event)

    world.adapter._listeners._front = _Front(world.front, counted)
    body = sent(view, about="pupil", who="")
    first, second = await asyncio.gather(
        world.interaction(body), world.interaction(dict(body, x=1))
    )
    third = await world.interaction(dict(body, x=2))

    assert first.json() == second.json() == third.json()
    assert first.json()["response_action"] == "update"
    assert len(heard) == 1


async def test_a_window_sent_again_to_another_replica_says_that_it_was_taken(home, slack, world):
    await world.command("", command="/report-incident")
    body = sent(slack.of("views.open")[-1]["view"], about="pupil", who="")
    await world.interaction(body)
    other = await World(home, slack).start()
    try:
        answer = (await other.interaction(body)).json()
        assert words(answer["view"]["blocks"]) == WORDS("slack_again")
    finally:
        await other.stop()


async def test_a_button_pressed_twice_at_once_is_pressed_once(world, slack):
    body = payload("button_in_message", slack.respond, actions__0__value="/policies")
    again = dict(body, trigger_id="another")
    answers = await asyncio.gather(world.interaction(body), world.interaction(again))

    assert [a.status_code for a in answers] == [200, 200]
    assert len(slack.answers) == 1


# --- too late -------------------------------------------------------------------------------------------


class _Front:
    """The front, with another way of hearing."""

    def __init__(self, front, hear):
        self._front, self.hear = front, hear

    def __getattr__(self, name):
        return getattr(self._front, name)


@pytest_asyncio.fixture
async def slow(world):
    """A front that takes longer than Slack waits."""
    hear = world.front.hear

    async def slowly(account: str, event: Event) -> Heard:
        await asyncio.sleep(0.4)
        return await hear(account, event)

    world.adapter._listeners._in_time = 0.1
    world.adapter._listeners._front = _Front(world.front, slowly)
    return world


async def test_a_slow_answer_to_a_command_comes_later(slow, slack):
    answer = (await slow.command("help")).json()
    assert words(answer["blocks"]) == WORDS("slack_slow")

    await until(lambda: slack.answers)
    assert "Ask whether" in words(slack.answers[0]["blocks"])
    assert slack.answers[0]["response_type"] == "ephemeral"


async def test_a_slow_form_is_offered_later(slow, slack):
    await slow.command("", command="/report-incident")

    await until(lambda: slack.answers)
    assert WORDS("slack_open_button") in words(slack.answers[0]["blocks"])
    assert "999" not in words(slack.answers[0]["blocks"])


async def test_a_slow_window_can_be_sent_again_and_loses_nothing(slow, slack):
    await slow.command("", command="/report-incident")
    await until(lambda: slack.answers)
    slow.adapter._listeners._in_time = 2
    await slow.interaction(payload("global_shortcut"))
    view = slack.of("views.open")[-1]["view"]
    slow.adapter._listeners._in_time = 0.1
    body = sent(view, about="pupil", who="")

    assert (await slow.interaction(body)).status_code == 503
    await asyncio.sleep(0.5)
    assert (await slow.interaction(dict(body, x=1))).json()["response_action"] == "update"


async def test_a_slow_event_is_delivered_again_and_answered_once(slow, slack):
    assert (await slow.event("message_im", event__text="help")).status_code == 503
    await asyncio.sleep(0.6)

    assert (await slow.event("message_im", event__text="help", retry=1)).status_code == 200
    assert len(slack.of("chat.postMessage")) == 1


async def test_a_slow_button_is_answered_later(slow, slack):
    body = payload("button_in_message", slack.respond, actions__0__value="/policies")
    assert (await slow.interaction(body)).status_code == 200

    await until(lambda: slack.answers)


async def test_a_window_that_may_no_longer_open_is_offered(world, slack):
    slack.plan("views.open", refused("expired_trigger_id"))
    answer = (await world.command("", command="/report-incident")).json()

    assert WORDS("slack_open_button") in words(answer["blocks"])
    assert answer["response_type"] == "ephemeral"


async def test_a_window_of_the_home_page_that_may_no_longer_open_is_offered(world, slack):
    slack.plan("views.open", refused("expired_trigger_id"))
    await world.interaction(payload("button_in_home", actions__0__value="/policies"))

    (message,) = slack.of("chat.postMessage")
    assert message["channel"] == PAT
    assert WORDS("slack_open_button") in words(message["blocks"])


async def test_a_window_that_was_closed_meanwhile_opens_again(world, slack):
    slack.plan("views.update", refused("not_found"))
    await world.interaction(payload("button_in_window", actions__0__value="/policies"))

    assert len(slack.of("views.open")) == 1


async def test_an_address_for_answers_that_is_used_up_is_no_silence(world, slack):
    slack.plan("respond", Plan(404, "used_url"))
    body = payload("button_in_message", slack.respond, actions__0__value="/policies")
    await world.interaction(body)
    (message,) = slack.of("chat.postMessage")
    assert message["channel"] == "D0PAT"

    slack.plan("respond", Plan(404, "expired_url"))
    body = payload("button_in_ephemeral", slack.respond, actions__0__value="/policies")
    await world.interaction(body)
    assert len(slack.of("chat.postEphemeral")) == 1


async def test_a_card_that_cannot_be_drawn_is_a_plain_answer(world):
    world.adapter._listeners._front = _Front(world.front, _cannot_be_drawn)
    answer = (await world.command("help")).json()

    assert "went wrong" in words(answer["blocks"])


async def _cannot_be_drawn(account, event):
    return Heard(Reply((Card(None),)))  # type: ignore[arg-type]


# --- tokens and installations ---------------------------------------------------------------------------


async def test_a_revoked_token_lets_commands_be_answered_and_messages_fail(world, slack):
    slack.tokens.clear()
    answer = (await world.command("help")).json()
    assert "Ask whether" in words(answer["blocks"])

    e = await failure(world)
    assert str(e) == "slack: invalid_auth"
    assert not e.perhaps


async def test_without_slack_at_the_start_it_works_as_soon_as_slack_does(home, slack):
    slack.plan("auth.test", Plan(500, "x"), Plan(500, "x"), Plan(500, "x"))
    world = await World(home, slack).start(roster=False)
    try:
        for _ in range(4):
            answer = await world.command("help")
        assert answer.status_code == 200
        assert "blocks" in answer.json()
    finally:
        await world.stop()


@pytest_asyncio.fixture
async def many(home, slack):
    made = await World(home, slack, bot_token="", client_id="1.2", client_secret="cs").start(
        roster=False
    )
    made.rosters = {TEAM: ("members",), "T0OTHER": ("members",)}
    yield made
    await made.stop()


async def install(world, team: str):
    """Install as an administrator's browser does."""
    begun = await world.http.get("/slack/install")
    assert begun.status_code == 302
    to = urlsplit(begun.headers["location"])
    asked = {k: v[0] for k, v in parse_qs(to.query).items()}
    assert to.netloc == "slack.com"
    assert "users:read.email" in asked["scope"].split(",")
    query = urlencode({"code": team, "state": asked["state"]})
    address = f"/slack/oauth_redirect?{query}"
    return address, await world.http.get(address)


async def test_several_workspaces_install_it_and_each_has_its_token(many, slack):
    for team in (TEAM, "T0OTHER"):
        _, answer = await install(many, team)
        assert answer.status_code == 200
        assert f"Workspace {team}" in answer.text
    await until(lambda: len(slack.of("users.list")) == 2)
    await many.event("message_im", event_id="Ev1")
    await many.event("message_im", event_id="Ev2", team_id="T0OTHER",
                     authorizations=[{"team_id": "T0OTHER"}], event__team="T0OTHER")  # fmt: skip

    used = [c.token for c in slack.calls if c.method == "chat.postMessage"]
    assert [slack.tokens[t][0] for t in used] == [TEAM, "T0OTHER"]
    assert len(slack.of("auth.test")) == 2  # when each was installed, and never for an event


async def test_tokens_are_sealed_where_they_are_kept(many, slack):
    await install(many, TEAM)
    token = next(t for t in slack.tokens if t != BOT)
    (folder,) = {many.site.home.root / "data"}

    assert await many.front.recall(f"slack:{TEAM}", "installation")
    for file in folder.glob("mayi.db*"):
        assert token.encode() not in file.read_bytes()
    assert token not in repr(Workspace(TEAM, token=token))


async def test_an_installation_is_there_after_a_restart(home, many, slack):
    await install(many, TEAM)
    other = await World(home, slack, bot_token="", client_id="1.2", client_secret="cs").start()
    try:
        await other.adapter.send(ACCOUNT, HELLO)
        assert len(slack.of("chat.postMessage")) == 1
    finally:
        await other.stop()


async def test_the_end_of_an_installation_belongs_to_its_beginning(many, slack):
    address, _ = await install(many, TEAM)
    before = len(slack.of("oauth.v2.access"))
    forged = f"/slack/oauth_redirect?{urlencode({'code': 'T0EVIL', 'state': 'made-up-0-0'})}"
    many.http.cookies.set("slack-app-oauth-state", "made-up-0-0")

    for wrong in (address, forged, "/slack/oauth_redirect", "/slack/oauth_redirect?code=x"):
        answer = await many.http.get(wrong)
        assert answer.status_code in (400, 401)
        assert answer.text == WORDS("slack_not_added")
    assert len(slack.of("oauth.v2.access")) == before
    assert (await many.http.get("/slack/oauth_redirect?error=access_denied")).status_code == 200


async def test_the_word_of_an_installation_is_young_ours_and_good_once():
    now = [1000.0]
    states = States("secret", lambda: now[0])
    word = await states.async_issue()

    assert not await States("another", lambda: now[0]).async_consume(word)
    assert await states.async_consume(word)
    assert not await states.async_consume(word)
    late = await states.async_issue()
    now[0] += 601
    assert not await states.async_consume(late)
    for odd in ("", "-", "a-b-c", late + "é", "1" * 5000):
        assert not await states.async_consume(odd)


async def test_a_failed_installation_leaves_nothing_in_the_log(many, slack, caplog):
    slack.plan("oauth.v2.access", refused("invalid_code"))
    _, answer = await install(many, "T-SECRET-CODE")

    assert answer.status_code == 401
    assert "T-SECRET-CODE" not in caplog.text


async def test_a_workspace_that_takes_it_away_is_forgotten(many, slack):
    await install(many, TEAM)
    (token,) = [t for t in slack.tokens if t != BOT]
    del slack.tokens[token]
    assert (await many.event("app_uninstalled")).status_code == 200

    assert not await many.front.recall(f"slack:{TEAM}", "installation")
    assert str(await failure(many)) == "slack: not installed"
    assert (await many.command("help")).status_code == 200
    assert slack.answers[-1]["text"] == WORDS("slack_not_installed")


async def test_a_late_word_of_an_uninstall_does_not_undo_a_new_installation(many, slack):
    await install(many, TEAM)
    await many.event("tokens_revoked")

    await many.adapter.send(ACCOUNT, HELLO)
    assert len(slack.of("chat.postMessage")) == 1


async def test_a_token_revoked_in_mid_flight_is_believed(many, slack):
    await install(many, TEAM)
    (token,) = [t for t in slack.tokens if t != BOT]
    del slack.tokens[token]

    assert str(await failure(many)) == "slack: invalid_auth"
    assert not await many.front.recall(f"slack:{TEAM}", "installation")
    await install(many, TEAM)
    await many.adapter.send(ACCOUNT, HELLO)


async def test_a_roster_that_cannot_be_had_changes_nothing(home, slack):
    slack.plan("users.list", Plan(500, "x"))
    world = await World(home, slack).start(roster=False)
    try:
        await until(lambda: not slack.plans["users.list"])
        assert await world.adapter._rosters.refresh(TEAM)
        slack.plan("users.list", *[Plan(drop=True)] * 6)
        assert not await world.adapter._rosters.refresh(TEAM)
        assert len(world.site.known["model-primary"]) == 4
    finally:
        await world.stop()


async def test_before_it_is_started_slack_is_asked_to_come_again(home, slack):
    world = World(home, slack, client_id="1", client_secret="2")
    routes = {r.path: r for r in world.adapter.routes()}

    assert set(routes) == {"/slack/events", "/slack/install", "/slack/oauth_redirect"}
    for route in routes.values():
        assert (await route.endpoint(None)).status_code == 503
    await world.site.close()


async def test_the_same_body_signed_anew_is_another_request(world):
    body = urlencode(payload("command", text="help"))
    now = int(time.time())

    assert (await world.post(body, at=now, secret=SECRET)).status_code == 200
    assert (await world.post(body, at=now - 1, secret=SECRET)).status_code == 200
