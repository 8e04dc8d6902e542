"""Slack as people use it: signed requests like Slack's own, the real front and handlers, a Slack of ours."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest
import pytest_asyncio

from bot.chat.model import Button, Card, Quote, Tone
from bot.chat.render import Wording
from bot.config import SlackSettings, slack_settings
from bot.errors import BadSettings
from bot.platforms.slack.incoming import permalink, plain
from bot.records.messages import NotSent
from tests.slack_fakes import (
    BOT,
    KIM,
    PAT,
    TEAM,
    FakeSlack,
    World,
    member,
    payload,
    refused,
    returned,
    sent,
    until,
    words,
)
from tests.test_slack_blocks import check_blocks, check_view

pytestmark = pytest.mark.asyncio
WORDS = Wording().text
LINK = "https://model-primary.slack.com/archives/C0STAFF/p1795000050000700"
PHOTO = "May I post a photo of my class on my own Facebook page?"


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


def shown(response) -> dict:
    """What an acknowledgement shows; Slack would take it."""
    assert response.status_code == 200, response.text
    body = response.json()
    if "view" in body:
        from slack_sdk.models.views import View

        check_view(View(**body["view"]))
    if "blocks" in body:
        check_blocks(body["blocks"], 50)
    return body


# --- questions ------------------------------------------------------------------------------------------


async def test_a_question_is_answered_at_once_for_its_asker_alone(world, slack):
    answer = shown(await world.command(PHOTO))

    assert answer["response_type"] == "ephemeral"
    assert "photo" in words(answer["blocks"]).lower()
    assert "Policy" in words(answer["blocks"])
    assert answer["text"].startswith(("⛔", "⚠️", "✅"))
    assert not slack.of("chat.postMessage", "chat.postEphemeral")


@pytest.mark.parametrize(
    ("typed", "says"),
    [("", "Ask whether you may"), ("help", "Ask whether you may"), ("policies", "Policy"),
     ("home", "Good"), ("desk", "No report waits"), ("my-reports", "")],
)  # fmt: skip
async def test_what_the_command_knows(world, typed, says):
    answer = shown(await world.command(typed))

    assert words(answer["blocks"])
    if says != "Good":
        assert says in words(answer["blocks"])


async def test_a_direct_message_is_answered_in_the_conversation(world, slack):
    assert (await world.event("message_im", event__text=PHOTO)).status_code == 200

    (message,) = slack.of("chat.postMessage")
    assert message["channel"] == "D0PAT"
    check_blocks(message["blocks"], 50)
    assert "photo" in words(message["blocks"]).lower()
    assert message["text"]
    assert message["unfurl_links"] is False


async def test_a_mention_is_answered_to_its_writer_alone(world, slack):
    await world.event("app_mention", event__thread_ts="1795000000.1")

    (message,) = slack.of("chat.postEphemeral")
    assert (message["channel"], message["user"]) == ("C0STAFF", PAT)
    assert message["thread_ts"] == "1795000000.1"
    assert not slack.of("chat.postMessage")


async def test_a_mention_where_it_may_not_speak_is_answered_in_private(world, slack):
    slack.plan("chat.postEphemeral", refused("not_in_channel"))
    await world.event("app_mention")

    (message,) = slack.of("chat.postMessage")
    assert message["channel"] == PAT


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("<@U0BOT> may I?", "may I?"),
        ("may I write to <@U7|pat> in <#C1|staff>?", "may I write to pat in #staff?"),
        ("see <https://a.example/x?a=1&amp;b=2|this>", "see this"),
        ("see <https://a.example/x?a=1&amp;b=2>", "see https://a.example/x?a=1&b=2"),
        ("<!here> 2 &lt; 3 &amp;&amp; 4 &gt; 3", "@here 2 < 3 && 4 > 3"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!subteam^S1|@teachers> <!date^1^{date}|today>", "@teachers today"),
        ("", ""),
    ],
)
async def test_what_was_typed_is_read_without_slacks_marks(typed, read):
    assert plain(typed, "U0BOT") == read


@pytest.mark.parametrize(
    "changes",
    [{"event__bot_id": "B1"}, {"event__subtype": "bot_message"}, {"event__subtype": "message_changed"},
     {"event__subtype": "message_deleted"}, {"event__hidden": True}, {"event__channel_type": "channel"},
     {"event__user": None}],
)  # fmt: skip
async def test_bots_edits_and_channels_get_nothing(world, slack, changes):
    assert (await world.event("message_im", **changes)).status_code == 200

    assert not slack.of("chat.postMessage", "chat.postEphemeral")


async def test_its_own_messages_get_nothing(world, slack):
    await world.event("message_im", event__user="U0BOT", event__bot_id="B0MAYI")

    assert not slack.of("chat.postMessage")


@pytest.mark.parametrize("user", ["U0GUEST", "U0GONE", "U0BOTTY", "U0NOBODY"])
async def test_guests_and_whoever_has_left_get_one_plain_refusal(world, user):
    answer = shown(await world.command(PHOTO, user))

    assert words(answer["blocks"]) == WORDS("stranger")


@pytest.mark.parametrize("key", ["event__user_team", "event__source_team"])
async def test_somebody_of_another_workspace_gets_one_plain_refusal(world, slack, key):
    await world.event("app_mention", **{key: "T0OTHER", "is_ext_shared_channel": True})

    (message,) = slack.of("chat.postEphemeral")
    assert words(message["blocks"]) == WORDS("stranger")


async def test_a_button_pressed_by_somebody_of_another_workspace_does_nothing(world, slack):
    body = payload("button_in_ephemeral", slack.respond, user__team_id="T0OTHER")
    await world.interaction(body)

    assert words(slack.answers[-1]["blocks"]) == WORDS("stranger")
    assert not slack.of("views.open")


async def test_a_workspace_that_does_not_have_mayi_is_told_so(world, slack):
    response = await world.command(PHOTO, team_id="T0OTHER")

    assert response.status_code == 200
    assert slack.answers[-1]["text"] == WORDS("slack_not_installed")


async def test_a_long_clause_opens_whole(world, slack):
    long = Card("No.", Tone.NO, (Quote("Think before you post. " * 200, "1.2"),))
    await world.adapter.send(f"slack:{TEAM}/{PAT}", long)
    (message,) = slack.of("chat.postMessage")

    await world.press(message, WORDS("slack_whole_button"), kind="button_in_message")

    (opened,) = slack.of("views.open")
    assert words(opened["view"]["blocks"]).count("Think before you post.") == 200


# --- reports --------------------------------------------------------------------------------------------


async def begin(world, slack) -> dict:
    """Open the report; the window that opened."""
    response = await world.command("", command="/report-incident")
    assert response.status_code == 200
    assert response.text == ""
    opened = slack.of("views.open")[-1]
    assert opened["trigger_id"].startswith("trigger-")
    return opened["view"]


async def test_the_whole_report_and_the_recipients_desk(world, slack):
    view = await begin(world, slack)
    assert "999" in words(view["blocks"])
    view = shown(await world.send(view, about="pupil", who="Robin"))["view"]
    kinds = next(b for b in view["blocks"] if b["type"] == "input")["element"]
    options = kinds.get("options") or kinds["option_groups"][0]["options"]
    view = shown(await world.send(view, kind=options[0]["value"]))["view"]
    wrong = shown(await world.send(view))
    assert wrong["response_action"] == "errors"
    (place,) = wrong["errors"]
    assert place in {b.get("block_id") for b in view["blocks"]}
    view = shown(await world.send(view, what="A secret thing I saw", when="today"))["view"]
    view = shown(await world.send(view, close=["nobody"]))["view"]
    while "submit" in view:  # asked again where a name may mean somebody
        view = shown(await world.send(view, sure=["nobody"]))["view"]

    receipt = words(view["blocks"])
    assert "R-" in receipt
    everything = json.dumps([c.sent for c in slack.calls if c.method.startswith("chat.")])
    assert "secret thing" not in everything + json.dumps(slack.answers)


async def test_back_is_a_button_that_keeps_what_was_typed(world, slack):
    view = await begin(world, slack)
    view = shown(await world.send(view, about="colleague", who="Somebody"))["view"]

    response = await world.press(view, WORDS("report_back_button"))

    assert response.status_code == 200
    (updated,) = slack.of("views.update")
    assert updated["view_id"] == "V0WINDOW"
    who = [b["element"] for b in updated["view"]["blocks"] if b["type"] == "input"][1]
    assert who["initial_value"] == "Somebody"


async def test_a_message_is_reported_by_its_address_and_never_copied(world, slack):
    body = payload("message_shortcut", slack.respond)
    assert (await world.interaction(body)).status_code == 200

    (opened,) = slack.of("views.open")
    assert opened["trigger_id"] == body["trigger_id"]
    assert "nobody else's business" not in json.dumps(opened)
    assert permalink(body) == LINK


async def test_the_address_of_the_message_begins_what_is_reported(world, slack):
    await world.interaction(payload("message_shortcut", slack.respond))
    view = slack.of("views.open")[0]["view"]
    view = shown(await world.send(view, about="pupil-contact", who=""))["view"]

    first = next(b["element"] for b in view["blocks"] if b["type"] == "input")
    assert first["action_id"] == "0:what"
    assert first["initial_value"].splitlines()[0] == LINK


@pytest.mark.parametrize(
    ("changes", "link"),
    [
        ({"message__thread_ts": "1795000000.000100"},
         f"{LINK}?thread_ts=1795000000.000100&cid=C0STAFF"),
        ({"team__domain": None}, "https://slack.com/archives/C0STAFF/p1795000050000700"),
        ({"channel": None}, ""),
    ],
)  # fmt: skip
async def test_the_address_of_a_message(changes, link):
    assert permalink(payload("message_shortcut", **changes)) == link


async def test_the_global_shortcut_opens_the_report(world, slack):
    assert (await world.interaction(payload("global_shortcut"))).status_code == 200

    (opened,) = slack.of("views.open")
    assert "999" in words(opened["view"]["blocks"])


async def test_a_report_asked_for_in_a_message_is_offered_a_window(world, slack):
    await world.event("message_im", event__text="report")

    (message,) = slack.of("chat.postMessage")
    assert "999" not in words(message["blocks"])
    await world.press(message, WORDS("slack_open_button"), kind="button_in_message")
    (opened,) = slack.of("views.open")
    assert "999" in words(opened["view"]["blocks"])


# --- buttons and the home page --------------------------------------------------------------------------


async def test_a_button_is_answered_beside_its_message(world, slack):
    body = payload("button_in_message", slack.respond, actions__0__value="/policies")
    await world.interaction(body)

    assert slack.answers[0]["replace_original"] is False
    assert slack.answers[0]["response_type"] == "in_channel"  # the conversation is theirs alone


async def test_a_button_of_what_one_alone_sees_is_answered_to_them_alone(world, slack):
    body = payload("button_in_ephemeral", slack.respond, actions__0__value="/policies")
    await world.interaction(body)

    assert slack.answers[0]["response_type"] == "ephemeral"


@pytest.mark.parametrize("name", ["button_in_message", "button_in_ephemeral"])
async def test_a_button_of_an_old_card_gets_a_plain_answer(world, slack, name):
    body = payload(name, slack.respond, actions__0__action_id="acknowledge_v0")
    assert (await world.interaction(body)).status_code == 200

    assert words(slack.answers[-1]["blocks"]) == WORDS("slack_gone")


@pytest.mark.parametrize("name", ["button_in_home", "button_in_window"])
async def test_a_button_of_an_old_window_gets_a_plain_answer(world, slack, name):
    body = payload(name, actions__0__action_id="acknowledge_v0")
    assert (await world.interaction(body)).status_code == 200

    (opened,) = slack.of("views.open", "views.update")
    assert words(opened["view"]["blocks"]) == WORDS("slack_gone")


async def test_the_home_page_is_shown_when_it_is_opened(world, slack):
    await world.event("app_home_opened")

    (page,) = await until(lambda: slack.of("views.publish"))
    assert page["user_id"] == PAT
    assert "/report-incident" in json.dumps(page["view"])
    assert WORDS("slack_ask_button") in words(page["view"])


async def test_the_home_page_is_shown_again_when_it_changes_and_only_then(world, slack):
    await world.event("app_home_opened")
    await until(lambda: slack.of("views.publish"))
    await world.command(PHOTO)
    await asyncio.sleep(0.8)
    assert len(slack.of("views.publish")) == 1

    view = await begin(world, slack)
    await world.send(view, about="pupil", who="")
    await until(lambda: len(slack.of("views.publish")) == 2)


async def test_nobodys_home_page_is_made_who_never_looked_at_it(world, slack):
    await world.command(PHOTO)
    await world.adapter.send(f"slack:{TEAM}/{PAT}", Card("Hello"))
    await asyncio.sleep(0.8)

    assert not slack.of("views.publish")


async def test_the_box_on_the_home_page_answers_in_a_window(world, slack):
    box = {"ask.1": {"ask": {"type": "plain_text_input", "value": PHOTO}}}
    body = payload("button_in_home", actions__0__action_id="ask-open", actions__0__value=None,
                   view__state__values=box)  # fmt: skip
    await world.interaction(body)

    (opened,) = slack.of("views.open")
    assert "photo" in words(opened["view"]["blocks"]).lower()


async def test_enter_in_the_box_on_the_home_page_answers_as_well(world, slack):
    body = payload("button_in_home", actions__0__action_id="ask", actions__0__value=PHOTO,
                   actions__0__type="plain_text_input")  # fmt: skip
    await world.interaction(body)

    (opened,) = slack.of("views.open")
    assert "photo" in words(opened["view"]["blocks"]).lower()


async def test_with_an_empty_box_a_window_asks_for_the_question(world, slack):
    body = payload("button_in_home", actions__0__action_id="ask-open", view=None)
    body["container"], body["channel"] = (
        {"type": "message"},
        {"id": ""},
    )  # as a local stand-in has it
    await world.interaction(body)

    (opened,) = slack.of("views.open")
    answer = shown(await world.send(opened["view"], ask=PHOTO))
    assert answer["response_action"] == "update"
    assert "photo" in words(answer["view"]["blocks"]).lower()


async def test_questions_to_begin_with_are_offered_where_slack_has_that(world, slack):
    await world.event("app_home_opened", event__tab="messages")

    (offered,) = await until(lambda: slack.of("assistant.threads.setSuggestedPrompts"))
    assert offered["channel_id"] == "D0PAT"
    assert 0 < len(offered["prompts"]) <= 4


async def test_where_slack_has_no_prompts_it_is_not_asked_again(world, slack):
    slack.plan("assistant.threads.setSuggestedPrompts", refused("unknown_method"))
    for number in range(3):
        await world.event("app_home_opened", event__tab="messages", event_id=f"Ev{number}")
        await asyncio.sleep(0.05)

    assert not slack.of("assistant.threads.setSuggestedPrompts")
    assert not slack.plans["assistant.threads.setSuggestedPrompts"]


# --- messages that MayI sends ---------------------------------------------------------------------------


async def test_a_notice_reaches_its_reader_in_one_conversation(world, slack):
    notice = Card(
        "A report waits for you: R-7KQ4-M2",
        Tone.URGENT,
        buttons=(Button("Open", "/open R-7KQ4-M2"),),
    )
    for _ in range(3):
        await world.adapter.send(f"slack:{TEAM}/{KIM}", notice)

    assert len(slack.of("conversations.open")) == 1
    assert [m["channel"] for m in slack.of("chat.postMessage")] == ["D0KIM"] * 3
    assert "R-7KQ4-M2" in slack.of("chat.postMessage")[0]["text"]


async def test_a_conversation_that_is_no_more_is_opened_anew(world, slack):
    await world.adapter.send(f"slack:{TEAM}/{KIM}", Card("one"))
    slack.plan("chat.postMessage", refused("channel_not_found"))
    await world.adapter.send(f"slack:{TEAM}/{KIM}", Card("two"))

    assert len(slack.of("conversations.open")) == 2
    assert words(slack.of("chat.postMessage")[-1]["blocks"]) == "two"


async def test_the_contents_of_a_report_are_never_sent(world, slack):
    with pytest.raises(NotSent) as e:
        await world.adapter.send(f"slack:{TEAM}/{KIM}", Card("what was seen", confidential=True))

    assert e.value.for_good
    assert not slack.of("chat.postMessage")


async def test_nothing_is_sent_to_a_workspace_that_does_not_have_mayi(world):
    with pytest.raises(NotSent):
        await world.adapter.send("slack:T0OTHER/U1", Card("x"))


async def test_all_calls_share_one_pool(world, slack):
    for n in range(15):
        await world.event("message_im", event_id=f"Ev{n}", event__text="help")

    assert len(slack.of("chat.postMessage")) == 15
    assert slack.connections <= 2


# --- who works there ------------------------------------------------------------------------------------


def known(world) -> dict[str, bool]:
    return {k.account.rpartition("/")[2]: k.active for k in world.site.known["model-primary"]}


async def test_the_roster_is_the_workspaces_members_without_guests_and_bots(world):
    assert known(world) == {PAT: True, KIM: True, "U0ROBIN": True, "U0GONE": False}


async def test_a_large_workspace_comes_in_pages(home, slack):
    slack.members = [member(f"U{n:04}", f"Person {n}") for n in range(450)]
    world = await World(home, slack).start()
    try:
        assert len(known(world)) == 450
        assert len(slack.of("users.list")) == 3
    finally:
        await world.stop()


async def test_the_roster_can_be_a_user_group(home, slack):
    slack.groups = {"S0STAFF": [PAT, "U0GUEST"]}
    world = World(home, slack)
    world.rosters = {TEAM: ("S0STAFF",)}
    await world.start()
    try:
        assert known(world) == {PAT: True}
        slack.groups["S0STAFF"].append(KIM)
        await world.event("subteam_members_changed")
        await until(lambda: known(world) == {PAT: True, KIM: True})
        await world.event("team_join")  # not of the group
        assert "U0NEW" not in known(world)
    finally:
        await world.stop()


async def test_a_roster_that_school_toml_lists_is_not_asked_for(home, slack):
    world = World(home, slack)
    world.rosters = {TEAM: ()}
    await world.start(roster=False)
    try:
        await world.event("team_join")
        await asyncio.sleep(0.1)
        assert not slack.of("users.list")
        assert not world.site.known.get("model-primary")
    finally:
        await world.stop()


async def test_whoever_joins_is_served_and_whoever_leaves_is_not(world):
    assert WORDS("stranger") in words(shown(await world.command(PHOTO, "U0NEW"))["blocks"])
    await world.event("team_join")
    assert WORDS("stranger") not in words(shown(await world.command(PHOTO, "U0NEW"))["blocks"])
    await world.event("user_change")
    assert WORDS("stranger") in words(shown(await world.command(PHOTO, "U0NEW"))["blocks"])


async def test_whoever_becomes_a_guest_is_served_no_more(world):
    body = {"event__user": member(PAT, "Pat Example", "pat@example.org", is_restricted=True)}
    await world.event("user_change", **body)

    assert words(shown(await world.command(PHOTO))["blocks"]) == WORDS("stranger")


# --- Socket Mode ----------------------------------------------------------------------------------------


async def test_socket_mode_answers_over_a_connection_of_its_own(home, slack):
    slack.tokens["xapp-school"] = slack.tokens[BOT]
    world = await World(home, slack, app_token="xapp-school", signing_secret="").start()
    try:
        assert world.adapter.routes() == []
        body = payload("command", slack.respond, text=PHOTO)
        answer = await slack.envelope("slash_commands", body)
        assert answer["response_type"] == "ephemeral"
        assert "photo" in words(answer["blocks"]).lower()
        await slack.envelope("events_api", payload("message_im", event__text="help"))
        assert len(slack.of("chat.postMessage")) == 1
        await slack.envelope("slash_commands", payload("command", command="/report-incident"))
        view = slack.of("views.open")[-1]["view"]
        update = await slack.envelope("interactive", sent(view, about="pupil", who=""))
        assert update["response_action"] == "update"
        slack.plan("chat.postMessage", refused("internal_error"))
        with pytest.raises(TimeoutError):  # not acknowledged: Slack delivers it again
            await slack.envelope("events_api", payload("message_im", event_id="EvX"), seconds=1)
        await slack.envelope("events_api", payload("message_im", event_id="EvX"), retry=2)
    finally:
        await world.stop()


# --- what is configured ---------------------------------------------------------------------------------


async def test_without_a_word_of_slack_there_is_no_slack():
    assert slack_settings({}) is None
    assert slack_settings({"SLACK_API_URL": "http://localhost:1/api"}) is None


@pytest.mark.parametrize(
    ("environ", "mode", "many", "missing"),
    [
        ({"BOT_TOKEN": "xoxb-1", "APP_TOKEN": "xapp-1"}, "socket", False, 0),
        ({"BOT_TOKEN": "xoxb-1", "SIGNING_SECRET": "s"}, "http", False, 0),
        ({"SIGNING_SECRET": "s", "CLIENT_ID": "1", "CLIENT_SECRET": "2"}, "http", True, 0),
        ({"BOT_TOKEN": "xoxb-1"}, "socket", False, 1),
        ({"APP_TOKEN": "xapp-1"}, "socket", False, 1),
        ({"SIGNING_SECRET": "s", "CLIENT_ID": "1"}, "http", False, 2),
        ({"CLIENT_SECRET": "1"}, "socket", False, 3),
    ],
)
async def test_what_is_set_and_what_is_missing(environ, mode, many, missing, world):
    found = slack_settings({f"SLACK_{k}": v for k, v in environ.items()})

    assert (found.mode, found.many, len(found.missing)) == (mode, many, missing)
    from bot.platforms.slack import Slack

    said = Slack(found, world.front).said()
    assert len(said) == 1
    assert said[0].startswith("Slack: not started" if missing else "Slack: ")
    for secret in ("xoxb-1", "xapp-1"):
        assert secret not in repr(found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BOT_TOKEN", "xapp-1"),
        ("APP_TOKEN", "xoxb-1"),
        ("API_URL", "http://slack.example/api"),
        ("API_URL", "slack.com"),
        ("API_URL", "https://slack.com:port/"),
        ("API_URL", "ftp://127.0.0.1/"),
    ],
)
async def test_a_wrong_setting_is_named(name, value):
    with pytest.raises(BadSettings, match=f"SLACK_{name}"):
        slack_settings({"SLACK_SIGNING_SECRET": "s", f"SLACK_{name}": value})


async def test_the_address_of_a_stand_in_may_be_on_this_machine():
    found = slack_settings({"SLACK_BOT_TOKEN": "x", "SLACK_API_URL": "http://127.0.0.1:9/api"})

    assert found.api_url == "http://127.0.0.1:9/api/"
    assert slack_settings({"SLACK_BOT_TOKEN": "x"}).api_url == "https://slack.com/api/"
    assert SlackSettings().missing


async def test_the_log_holds_nothing_that_anybody_typed(world, slack, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "zebra crossing 4711"
    await world.command(f"May I {secret}?")
    await world.event("message_im", event__text=secret)
    slack.plan("chat.postMessage", refused("internal_error"))
    await world.event("message_im", event__text=secret, event_id="Ev9")
    view = await begin(world, slack)
    await world.send(view, about="pupil", who=secret)
    ours = [r for r in caplog.records if r.name.startswith(("bot", "handlers", "slack"))]

    assert ours
    for record in ours:
        text = record.getMessage() + str(record.exc_info or "")
        assert secret not in text
        assert BOT not in text
        assert PAT not in text


async def test_a_window_is_named_without_telling_what_is_in_it():
    from bot.platforms.slack.incoming import of_window

    view = {"blocks": [], "private_metadata": json.dumps({"says": "/x"})}
    one = payload("window_sent")
    one["view"] |= returned(view)
    other = json.loads(json.dumps(one))
    other["view"]["state"]["values"] = {"b": {"0:what": {"value": "another"}}}

    assert of_window(one, b"k").id == of_window(one, b"k").id
    assert of_window(one, b"k").id != of_window(other, b"k").id
    assert of_window(one, b"k").id != of_window(one, b"l").id
    assert "another" not in of_window(other, b"k").id
