"""Teams when things go wrong: who may not come in, what cannot be read, and a connector in trouble.

Nothing gets in, nothing is lost, and nothing is said twice but what says so itself.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.front import Heard
from bot.chat.model import Card, Reply
from bot.errors import CannotDo
from bot.platforms.teams import app as module
from bot.platforms.teams import post
from bot.platforms.teams.activity import read
from bot.platforms.teams.cards import LARGEST
from bot.records.messages import NotSent
from tests.teams_fakes import (
    OTHER_TENANT,
    PAYLOADS,
    SAM,
    Connector,
    account,
    chat,
    forged,
    page,
    payload,
    signing_key,
    words,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
REPEATED = "may have had this"


@pytest_asyncio.fixture
async def teams(tmp_path, make_school, monkeypatch):
    monkeypatch.setattr(post, "FIRST_PAUSE", 0.01)
    async with chat(tmp_path, make_school) as opened:
        yield opened


async def until(true) -> None:
    for _ in range(200):
        if true():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not come")


# --- who may not come in -----------------------------------------------------------------------------------

HOUR = 3600


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "99999999-0000-4000-8000-000000000000"},
        {"iss": "https://elsewhere.example"},
        {"iss": "https://login.microsoftonline.com/x/v2.0", "tid": "x"},
        {"iss": "https://sts.windows.net/x/", "tid": "x"},
        {"exp": int(time.time()) - HOUR},
        {"nbf": int(time.time()) + HOUR},
        {"serviceurl": "https://elsewhere.example"},
        {"serviceurl": None},
        {"exp": None, "iss": None},
    ],
    ids=str,
)
async def test_a_token_that_is_not_for_us(teams, claims, caplog):
    token = teams.connector.token(**claims)
    response = await teams.post(teams.activity("message"), token=token)

    assert response.status_code == 401
    assert teams.connector.seen == []
    assert token not in caplog.text
    assert "pupil" not in caplog.text


async def test_a_token_that_nobody_of_theirs_signed(teams):
    good = teams.connector.token()
    bad = [
        forged(good),
        good[:-4] + "AAAA",
        teams.connector.token(key=signing_key(1)),
        teams.connector.token(key="k" * 64, algorithm="HS256"),
        good.split(".")[0] + "." + good.split(".")[1] + ".",
        "x", "a.b.c", "é",
    ]  # fmt: skip
    none = "eyJhbGciOiJub25lIn0.e30."
    for token in (*bad, none):
        activity = teams.activity("message")
        headers = {"Authorization": f"Bearer {token}".encode()}
        response = await teams.http.post("/api/messages", json=activity, headers=headers)
        assert response.status_code == 401, token
    assert (
        await teams.http.post("/api/messages", json=teams.activity("message"))
    ).status_code == 401
    assert teams.connector.seen == []


async def test_an_activity_without_its_service_is_not_compared_and_so_not_taken(teams):
    response = await teams.post(teams.activity("message", serviceUrl=None))

    assert response.status_code == 401


@pytest.mark.parametrize("name", ["message", "execute", "task_fetch", "task_submit", "installed"])
@pytest.mark.parametrize(
    "where",
    [
        {
            "conversation": {"tenantId": OTHER_TENANT},
            "channelData": {"tenant": {"id": OTHER_TENANT}},
        },
        {"conversation": {"tenantId": OTHER_TENANT}},  # two tenants are none
        {"conversation": {"tenantId": None}, "channelData": None},
    ],
    ids=["another", "two", "none"],
)
async def test_another_tenant_gets_nothing(teams, name, where):
    response = await teams.post(teams.activity(name, **where))

    assert response.status_code == 403
    assert response.content == b""
    assert teams.connector.seen == []


async def test_keys_are_fetched_without_holding_anybody_up(tmp_path, make_school):
    connector = Connector()
    async with chat(tmp_path, make_school, fresh=connector) as teams:
        fetched = connector.key_fetches
        teams.teams._keys._keys = {}
        teams.teams._keys._tried = float("-inf")
        connector.key_delay = 0.4
        asked = asyncio.ensure_future(teams.say("help"))
        worst = 0.0
        while not asked.done():
            at = time.monotonic()
            await asyncio.sleep(0.01)
            worst = max(worst, time.monotonic() - at)
        assert asked.result().status_code == 200
        assert worst < 0.2
        for _ in range(5):  # … and a key that does not exist is not fetched each time
            other = teams.connector.token()
            head = other.split(".")
            await teams.post(
                teams.activity("message"),
                token="eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ." + ".".join(head[1:]),
            )
        assert connector.key_fetches == fetched + 1


async def test_old_keys_do_while_new_ones_cannot_be_had(teams):
    teams.connector.keys_down = True
    teams.teams._keys._fetched -= 7 * HOUR

    assert (await teams.say("help")).status_code == 200
    teams.teams._keys._fetched -= 6 * 24 * HOUR
    response = await teams.say("help")
    assert response.status_code == 503  # so that it comes again
    assert response.headers["retry-after"]


async def test_an_sdk_that_checks_otherwise_is_noticed(teams):
    class Changed:
        server = object()

    with pytest.raises(CannotDo, match="microsoft-teams-apps"):
        teams.teams._door.guard(Changed())


# --- what cannot be read -----------------------------------------------------------------------------------

ODD = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"x"',
    b"\xff\xfe",
    b"[" * 100_000,
    b'{"type": 5}',
    b'{"id": []}',
]


@pytest.mark.parametrize("body", ODD, ids=lambda b: repr(b[:8]))
async def test_what_is_no_activity_is_refused(teams, body):
    assert (await teams.post(body)).status_code == 400


async def test_what_is_too_large_is_refused(teams):
    assert (await teams.post(teams.activity("message", text="x" * 600_000))).status_code == 413


async def test_unknown_invokes_get_a_refusal_and_other_news_none(teams):
    response = await teams.post(teams.activity("unknown_invoke"))

    assert response.status_code == 400
    assert "type help" in response.json()["value"]["message"]
    for change in (
        {"type": "messageReaction"},
        {"type": "typing"},
        {"type": "new"},
        {"type": None},
    ):
        assert (await teams.post(teams.activity("reaction", **change))).status_code == 200
    assert teams.connector.seen == []


NAMES = sorted(p.stem for p in PAYLOADS.glob("*.json"))
KEYS = [
    "type",
    "name",
    "from",
    "conversation",
    "recipient",
    "value",
    "entities",
    "channelData",
    "text",
    "id",
]
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(NAMES), st.dictionaries(st.sampled_from(KEYS), junk, max_size=3))
@settings(max_examples=200)
def test_anything_is_read_somehow(name, changes):
    came = read(payload(name) | changes, {})

    assert isinstance(came.says, str)
    assert len(came.id) <= 300


test_anything_is_read_somehow.pytestmark = []


async def test_an_activity_that_lacks_something_is_answered_or_refused(teams):
    for name, key, value in itertools.product(NAMES, KEYS, (None, [], {}, 7, "x")):
        activity = teams.activity(name)
        activity[key] = value
        response = await teams.post(activity)
        about = (name, key, value, response.text)
        assert response.status_code in (200, 400, 403), about
        if activity.get("type") == "invoke" and response.status_code == 200:
            assert response.json(), about  # somebody waits: never silence


@pytest.mark.parametrize(
    "says", ["", "\ud800", "\x00", "x" * 100_000, "/", "/report-page", "/nothing"]
)
async def test_odd_values_are_answered(teams, says):
    data = {
        "says": says,
        "c.about": "\ud83d",
        "m.x": ",,",
        "t.": "x",
        "t.who": "y" * 90_000,
        "z": [1],
    }
    pressed = teams.activity("execute", value={"action": {"data": data}})
    sent = teams.activity("task_submit", value={"data": data})
    typed = teams.activity("message", text=says)
    for activity in (pressed, sent, typed):
        response = await teams.post(activity)
        assert response.status_code == 200
        assert "went wrong" not in response.text
        assert len(response.content) <= LARGEST + 1_000
    assert teams.answers or not says.strip()


async def test_what_was_typed_at_length_comes_back(teams):
    card = await teams.fill(await teams.open("/report-incident"), about="pupil-contact")
    typed = "word " * 12_000
    again = await teams.fill(card, what=typed)

    assert typed.strip() in words(again)


# --- once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["message", "channel_mention", "installed"])
async def test_the_same_activity_five_times_is_answered_once(teams, name):
    activity = teams.activity(name)
    for _ in range(5):
        assert (await teams.post(activity)).status_code == 200

    assert len(teams.connector.taken) == 1


async def test_the_same_press_five_times_is_done_once(teams):
    for name in ("execute", "task_submit"):
        activity = teams.activity(name)
        first, *others = [(await teams.post(activity)).json() for _ in range(5)]
        assert all("already" in json.dumps(o) for o in others)
        assert "already" not in json.dumps(first)


async def test_ids_are_of_one_conversation_only(teams):
    for number in range(2):
        activity = teams.activity("channel_mention", conversation={"id": f"19:{number}"})
        activity["id"] = "1700000000001"
        await teams.post(activity)

    assert len(teams.connector.taken) == 2


# --- a connector in trouble --------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [429, 412, 503])
async def test_what_was_not_taken_is_sent_again_unmarked(teams, status):
    teams.connector.faults = [status, (status, {"Retry-After": "0"})]
    await teams.say("help")

    assert len(teams.connector.taken) == 1
    assert REPEATED not in teams.answers[0]


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_what_may_have_been_taken_is_sent_again_marked(teams, status):
    teams.connector.faults = [status, status]
    response = await teams.say("help")
    assert response.status_code == 200
    await until(lambda: teams.connector.taken)

    assert REPEATED in teams.answers[0]
    assert len(teams.connector.taken) == 1


async def test_a_connector_that_hangs_holds_nobody_up(teams, monkeypatch):
    monkeypatch.setattr(post, "LONGEST", 0.2)
    teams.connector.faults = [1.0]
    slow = asyncio.ensure_future(teams.say("help"))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    assert "statusCode" in await teams.press("/help")
    assert time.monotonic() - began < 1
    assert (await slow).status_code == 200
    await until(lambda: len(teams.answers) >= 1)
    await until(lambda: any(REPEATED in a for a in teams.answers))


async def test_an_answer_in_several_messages_goes_on_where_it_stopped(teams, monkeypatch):
    cards = tuple(Card(f"Card {n}", lines=("x" * 25_000,)) for n in range(3))

    async def hear(*_):
        return Heard(Reply(cards))

    monkeypatch.setattr(type(teams.front), "hear", lambda self, a, e: hear())
    teams.connector.faults = [201, 503, 503, 503, 503, 201, 201]
    await teams.say("anything")
    await until(lambda: len(teams.connector.taken) == 3)

    assert [a[:6] for a in teams.answers] == ["Card 0", "Card 1", "Card 2"]


async def test_what_can_never_be_sent_is_given_up(teams, caplog):
    teams.connector.faults = [403]
    await teams.say("help")
    await asyncio.sleep(0.2)

    assert len(teams.connector.seen) == 1
    assert "was not taken: teams: 403" in caplog.text


async def test_a_message_that_was_not_answered_is_answered_when_it_comes_again(teams):
    teams.connector.faults = [403]
    activity = teams.activity("message")
    await teams.post(activity)
    teams.site.clock = lambda: datetime.now(UTC) + timedelta(hours=1)
    await teams.post(activity)

    assert len(teams.connector.taken) == 1
    assert REPEATED in teams.answers[0]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ((429, {"Retry-After": "600"}), {"for_good": False, "perhaps": False, "wait": 600}),
        (500, {"for_good": False, "perhaps": True}),
        (502, {"for_good": False, "perhaps": True}),
        (401, {"for_good": False, "perhaps": False}),
        (403, {"for_good": True, "perhaps": False}),
        (404, {"for_good": True, "perhaps": False}),
        (413, {"for_good": True, "perhaps": False}),
    ],
    ids=str,
)
async def test_what_becomes_of_a_message_of_our_own(teams, fault, expected):
    await teams.say("help")
    teams.connector.faults = [fault]
    with pytest.raises(NotSent) as e:
        await teams.teams.send(account(SAM), Card("Something waits"))

    assert e.value.for_good == expected["for_good"]
    assert e.value.perhaps == expected["perhaps"]
    if "wait" in expected:
        assert e.value.retry_after.total_seconds() == expected["wait"]


async def test_no_connection_is_no_delivery(teams):
    await teams.front.remember(account(SAM), "place", json.dumps(["a:x", "http://127.0.0.1:9"]))
    with pytest.raises(NotSent) as e:
        await teams.teams.send(account(SAM), Card("x"))

    assert not e.value.perhaps
    assert not e.value.for_good


async def test_records_out_of_reach_are_no_delivery(teams, monkeypatch):
    async def broken(*_):
        raise OSError

    monkeypatch.setattr(type(teams.front), "known", broken)
    with pytest.raises(NotSent) as e:
        await teams.teams.send(account(SAM), Card("x"))
    assert not e.value.for_good

    opened = page(await teams.post(teams.activity("task_fetch")))
    assert words(opened)
    assert (await teams.say("report")).status_code == 200


# --- time --------------------------------------------------------------------------------------------------


async def test_whoever_waits_hears_something_in_time(teams, monkeypatch):
    monkeypatch.setattr(module, "INVOKE_TIMEOUT", 0.1)
    hear = type(teams.front).hear

    async def slowly(self, account, event):
        await asyncio.sleep(0.3)
        return await hear(self, account, event)

    monkeypatch.setattr(type(teams.front), "hear", slowly)
    card = page(await teams.post(teams.activity("task_submit")))
    assert "longer than usual" in words(card)
    assert "longer than usual" in (await teams.press("/help"))["value"]


async def test_nothing_typed_is_logged(teams, caplog):
    caplog.set_level(logging.INFO)
    teams.connector.faults = [500]
    await teams.say("a secret about Kim Pupil")
    await teams.press("/open a secret")
    await teams.post(teams.activity("unknown_invoke", value={"secret": "Kim"}))
    await until(lambda: teams.connector.taken)

    ours = "".join(str(r.msg) + str(r.args) for r in caplog.records if "uvicorn" not in r.name)
    assert "was not taken" in ours
    for word in ("secret", "Kim", SAM):
        assert word not in ours
