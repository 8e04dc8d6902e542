"""Teams, from the activity to the card: the real SDK, signed tokens, a connector and a school of our own."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import pytest_asyncio

from bot.config import teams_settings
from bot.errors import BadSettings
from bot.platforms.teams.app import DIALOGS, Teams
from bot.records.messages import NotSent
from handlers.routes import ROUTES
from tests.teams_fakes import (
    BOT,
    OTHER_TENANT,
    PUPIL,
    ROBIN,
    SAM,
    TENANT,
    account,
    button,
    chat,
    elements,
    page,
    payload,
    words,
)

pytestmark = [pytest.mark.asyncio, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
REFERENCE = re.compile(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}")
CLOSE = (resources.files("templates") / "desk_conflict_button.j2").read_text("utf-8").strip()


@pytest_asyncio.fixture
async def teams(tmp_path, make_school):
    async with chat(tmp_path, make_school) as opened:
        yield opened


# --- questions ---------------------------------------------------------------------------------------------


async def test_a_question_is_answered_with_the_clause(teams):
    response = await teams.say("may I message a pupil on Instagram?")

    assert (response.status_code, response.content) == (200, b"")
    (sent,) = teams.connector.taken
    assert "must not be done" in sent.words
    assert "Staff must not message a pupil" in sent.words
    assert sent.conversation == f"a:{SAM}"
    assert sent.card["version"] == "1.5"
    assert sent.activity["summary"]
    assert sent.token.startswith("Bearer ey")


async def test_a_plain_submit_is_what_its_button_says(teams):
    await teams.post(teams.activity("message_submit"))

    assert "Ask me whether" in teams.answers[0]


@pytest.mark.parametrize("kind", ["channel_mention", "group_mention"])
async def test_a_question_in_company_is_answered_to_one_alone(teams, kind):
    activity = teams.activity(kind)
    await teams.post(activity)

    (sent,) = teams.connector.taken
    assert sent.targeted
    assert sent.activity["recipient"]["id"] == activity["from"]["id"]
    assert sent.conversation == activity["conversation"]["id"]
    assert "must not be done" in sent.words


async def test_where_a_channel_takes_no_such_message_it_is_the_persons_own_chat(teams):
    teams.connector.refuses_targeted = True
    for _ in range(2):
        await teams.post(teams.activity("channel_mention"))

    assert [s.conversation for s in teams.connector.taken] == [f"a:{SAM}"] * 2
    assert len(teams.connector.opened) == 1  # and it is remembered
    assert [s.status for s in teams.connector.seen] == [405, 201, 201]


async def test_where_neither_can_be_it_is_said_where_to_ask_and_nothing_else(teams):
    teams.connector.refuses_targeted = True
    teams.connector.installed = False
    await teams.post(teams.activity("channel_mention"))

    (sent,) = teams.connector.taken
    assert "I answer in private" in sent.words
    assert "pupil" not in sent.words


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("<at>MayI</at> help", "help"),
        ("help <at>MayI</at>", "help"),
        ("he<at>MayI</at>lp", "help"),
        ("<at>MayI</at><at>MayI</at>\n help\u00a0", "help"),
        ("<AT id='0'>MayI</AT> help", "MayI help"),
        ("may I message <at>Kim Pupil</at> &amp; others?", "may I message Kim Pupil & others?"),
        ("<at>MayI", "<at>MayI"),
        ("</at>", "</at>"),
    ],
)
async def test_our_mention_is_taken_out_and_other_names_stay(text, heard):
    from bot.platforms.teams.activity import read

    raw = payload("channel_mention") | {"text": text}

    assert read(raw, {}).says == heard


async def test_a_report_does_not_begin_in_company(teams):
    await teams.post(teams.activity("channel_mention", text="<at>MayI</at> report"))

    (sent,) = teams.connector.taken
    assert "private" in sent.words
    assert "task/fetch" not in str(sent.card)


# --- buttons -----------------------------------------------------------------------------------------------


async def test_a_pressed_button_takes_the_cards_place(teams):
    await teams.say("may I message a pupil on Instagram?")
    not_that = button(teams.connector.taken[0].card, "Not what I asked")
    assert not_that["type"] == "Action.Execute"

    answer = await teams.press(not_that["data"]["says"])

    assert answer["statusCode"] == 200
    assert answer["type"] == "application/vnd.microsoft.card.adaptive"
    assert "on the list" in words(answer["value"])
    assert len(teams.connector.taken) == 1


async def test_home_shows_what_awaits_somebody(teams):
    await teams.say("home")

    (sent,) = teams.connector.taken
    assert button(sent.card)["data"]["msteams"] == {
        "type": "task/fetch"
    }  # the report opens a dialog


async def test_a_button_of_an_older_version_is_told_so(teams):
    pressed = teams.activity("execute", value={"action": {"type": "Action.Execute", "data": {}}})
    fetched = teams.activity("task_fetch", value={"data": {"opens": "report_v0"}})

    answer = (await teams.post(pressed)).json()
    assert "older version" in answer["value"]
    assert "older version" in words(page(await teams.post(fetched)))


async def test_a_form_in_a_conversation_is_a_button_that_opens_it(teams):
    """Contents are in dialogs only, whatever was typed or pressed."""
    await teams.say("report")
    opening = button(teams.connector.taken[0].card)
    pressed = await teams.press("/report-incident")

    assert opening["data"] == {"says": "report", "msteams": {"type": "task/fetch"}}
    assert button(pressed["value"])["data"]["says"] == "/report-incident"
    for card in (teams.connector.taken[0].card, pressed["value"]):
        assert not [e for e in elements(card) if e["type"].startswith("Input.")]


# --- reports -----------------------------------------------------------------------------------------------


async def write(teams, card, who=SAM):
    card = await teams.fill(card, who, about="pupil", who="Kim")
    kind = next(i for i in elements(card) if i["type"] == "Input.ChoiceSet")["choices"][0]["value"]
    card = await teams.fill(card, who, kind=kind)
    card = await teams.fill(card, who, what="A secret about a child")
    return await teams.fill(card, who, close="nobody")


async def test_a_report_by_a_dialog_from_a_card(teams):
    card = await write(teams, await teams.open("/report-incident"))

    assert "R-" in words(card)
    assert not teams.connector.taken  # nothing of it stands in a conversation

    waiting = await teams.press("/desk", ROBIN)
    opens = button(waiting, "Open")
    assert opens["data"]["msteams"] == {"type": "task/fetch"}
    shown = await teams.open(opens["data"]["says"], ROBIN)
    assert "A secret about a child" in words(shown)


async def test_a_report_by_the_message_extension(teams):
    card = page(await teams.post(teams.activity("extension_fetch")))
    data = button(card)["data"] | {"c.about": "pupil"}
    activity = teams.activity(
        "extension_submit", value={"commandId": "report-incident", "data": data}
    )
    card = page(await teams.post(activity))

    assert button(card)["data"]["says"].endswith(" kind")


async def test_untouched_fields_come_back_with_what_is_wrong(teams):
    card = await teams.open("/report-incident")
    data = button(card)["data"]  # untouched: no key at all
    again = page(await teams.post(teams.activity("task_submit", value={"data": data})))

    assert button(again)["data"] == data
    assert "Please look again at" in words(again)
    assert any(r.get("color") == "Attention" for r in elements(again))


async def test_back_keeps_what_was_typed(teams):
    card = await teams.fill(await teams.open("/report-incident"), about="pupil", who="Kim")
    back = await teams.fill(card, SAM, "Back")

    fields = {e["id"]: e.get("value") for e in elements(back) if e["type"].startswith("Input.")}
    assert fields["c.about"] == "pupil"
    assert fields["t.who"] == "Kim"


async def test_a_dialog_sent_twice_is_one_report(teams):
    card = await teams.open("/report-incident")
    card = await teams.fill(card, about="pupil", who="Kim")
    kind = next(i for i in elements(card) if i["type"] == "Input.ChoiceSet")["choices"][0]["value"]
    card = await teams.fill(card, kind=kind)
    card = await teams.fill(card, what="Something")
    activity = teams.activity(
        "task_submit", value={"data": button(card)["data"] | {"m.close": "nobody"}}
    )
    first, second = [await teams.post(activity) for _ in range(2)]

    assert "R-" in words(page(first))
    assert "already" in words(page(second))
    listed = await teams.press("/my-reports")
    assert words(listed).count("R-") == words(listed["value"]).count("R-")
    assert len([e for e in elements(listed) if e.get("title") == "Add something"]) <= 1


async def test_a_report_that_nobody_saw_was_not_opened(teams):
    """A typed /open shows the button of a dialog; only the dialog opens the report."""
    card = await write(teams, await teams.open("/report-incident"))
    reference = REFERENCE.search(words(card))[0]
    await teams.say(f"/open {reference}", ROBIN)
    pressed = await teams.press(f"/open {reference}", ROBIN)
    desk = await teams.press("/desk", ROBIN)

    assert "A secret" not in teams.answers[-1] + words(pressed)
    assert button(desk, CLOSE)  # it can still be passed on unread
    assert "A secret" in words(await teams.open(f"/open {reference}", ROBIN))
    assert CLOSE not in words(await teams.press("/desk", ROBIN))


# --- who is served -----------------------------------------------------------------------------------------


async def test_a_pupil_gets_one_refusal_at_every_entry(teams):
    await teams.say("may I message a pupil?", PUPIL)
    pressed = await teams.press("/desk", PUPIL)
    opened = await teams.open("/report-incident", PUPIL)
    fetched = page(await teams.post(teams.activity("extension_fetch", PUPIL)))
    await teams.post(teams.activity("channel_mention", PUPIL))
    typed = [await teams.say("report", PUPIL)]

    for card in (pressed, opened, fetched, *(s.card for s in teams.connector.taken)):
        assert "Staff must not" not in words(card)
        assert not [e for e in elements(card) if e["type"].startswith("Input.")]
        assert "roster" in words(card) or "staff" in words(card)
    assert typed[0].status_code == 200
    with pytest.raises(NotSent) as e:
        await teams.teams.send(account(PUPIL), card_of("x"))
    assert e.value.for_good


async def test_a_pupil_is_neither_greeted_nor_remembered_nor_installed(tmp_path, make_school):
    installed = []

    async def install(tenant, person):
        installed.append(person)
        return f"a:{person}"

    async with chat(tmp_path, make_school, install=install) as teams:
        teams.connector.installed = False
        teams.connector.refuses_targeted = True
        await teams.post(teams.activity("installed", PUPIL))
        await teams.post(teams.activity("channel_mention", PUPIL))
        with pytest.raises(NotSent):
            await teams.teams.send(account(PUPIL), card_of("x"))

        assert installed == []
        assert await teams.front.recall(account(PUPIL), "place") == ""
        assert [s.words for s in teams.connector.taken] == [
            "I answer in private. Open a chat with me and ask there."
        ]


async def test_somebody_without_an_account_in_the_tenant_is_refused(teams):
    response = await teams.post(
        teams.activity("message", from_={"aadObjectId": None, "id": "29:x"})
    )

    assert response.status_code == 200
    assert "Staff must not" not in teams.answers[0]


# --- greeting, and reaching people -------------------------------------------------------------------------


def card_of(text):
    from bot.chat.model import Button, Card

    return Card(text, buttons=(Button("Open", "/open R-1234-56"),))


@pytest.mark.parametrize("order", [("installed", "members_added"), ("members_added", "installed")])
async def test_one_greeting(teams, order):
    for name in (*order, *order):
        assert (await teams.post(teams.activity(name))).status_code == 200

    assert len(teams.connector.taken) == 1
    assert "Hello" in teams.answers[0]


async def test_whoever_takes_it_away_and_adds_it_again_is_greeted_again(teams):
    for name in ("installed", "removed", "installed"):
        await teams.post(teams.activity(name))

    assert len(teams.connector.taken) == 2


async def test_a_message_of_our_own_goes_to_where_somebody_spoke_to_us(teams):
    await teams.say("help")
    await teams.teams.send(account(SAM), card_of("Something waits for you"))

    assert teams.connector.taken[-1].conversation == f"a:{SAM}"
    assert "Something waits" in teams.answers[-1]
    assert teams.connector.opened == []


async def test_whoever_never_spoke_to_us_has_it_installed_first(tmp_path, make_school):
    installed = []

    async def install(tenant, person):
        installed.append((tenant, person))
        return f"19:{person}@unq.gbl.spaces"

    async with chat(tmp_path, make_school, install=install) as teams:
        teams.connector.installed = False
        for _ in range(2):
            await teams.teams.send(account(SAM), card_of("Something waits"))

        assert installed == [(TENANT, SAM)]
        assert {s.conversation for s in teams.connector.taken} == {f"19:{SAM}@unq.gbl.spaces"}


async def test_whoever_blocked_or_removed_it_is_left_to_mail(teams):
    await teams.say("help")
    teams.connector.faults = [403]
    for _ in range(2):
        with pytest.raises(NotSent) as e:
            await teams.teams.send(account(SAM), card_of("x"))
        assert e.value.for_good
    assert len(teams.connector.seen) == 2  # the second did not even ask

    await teams.say("help")  # they are back
    await teams.teams.send(account(SAM), card_of("Hello again"))
    assert "Hello again" in teams.answers[-1]


async def test_a_message_for_another_tenant_is_not_sent(teams):
    with pytest.raises(NotSent) as e:
        await teams.teams.send(account(SAM, OTHER_TENANT), card_of("x"))
    assert e.value.for_good


# --- settings ----------------------------------------------------------------------------------------------

SET = {
    "MAYI_TEAMS_CLIENT_ID": BOT,
    "MAYI_TEAMS_CLIENT_SECRET": "s",
    "MAYI_TEAMS_TENANT": TENANT.upper(),
}
OPEN = {"MAYI_TEAMS_UNAUTHENTICATED": "development", "MAYI_TEAMS_TENANT": TENANT}


async def test_settings_are_read():
    found = teams_settings(SET | {"MAYI_TEAMS_TENANTS": OTHER_TENANT})

    assert teams_settings({}) is None
    assert found.tenants == {TENANT, OTHER_TENANT}
    assert "client_secret" not in repr(found)


@pytest.mark.parametrize(
    "environ",
    [
        SET | {"MAYI_TEAMS_CLIENT_SECRET": ""},
        SET | {"MAYI_TEAMS_TENANT": ""},
        SET | {"MAYI_TEAMS_TENANT": "oak.example"},
        SET | {"MAYI_TEAMS_GROUP": "staff"},
        SET | {"MAYI_TEAMS_UNAUTHENTICATED": "1"},
        OPEN | {"MAYI_LISTEN": "0.0.0.0:8080"},
        OPEN | {"MAYI_URL": "https://mayi.oak.example"},
        OPEN | {"MAYI_TEAMS_TENANT": ""},
    ],
)
async def test_settings_that_would_not_do_are_refused(environ, teams):
    with pytest.raises(BadSettings, match="MAYI_"):
        Teams(teams_settings(environ), teams.front)


async def test_unauthenticated_it_answers_this_machine_alone(tmp_path, make_school):
    async with chat(tmp_path, make_school, unauthenticated=True) as teams:
        ours = await teams.say("help")
        proxied = await teams.post(teams.activity("message"), **{"X-Forwarded-For": "192.0.2.1"})
        outward = await teams.post(
            teams.activity("message", serviceUrl="https://elsewhere.example/")
        )

        assert ours.status_code == 200
        assert "Ask me whether" in teams.answers[0]
        assert (proxied.status_code, outward.status_code) == (403, 403)


async def test_the_sdk_takes_no_settings_from_elsewhere(tmp_path, make_school, monkeypatch):
    monkeypatch.setenv("DANGEROUSLY_ALLOW_UNAUTHENTICATED_REQUESTS", "true")
    monkeypatch.setenv("CLIENT_ID", "other")
    monkeypatch.setenv("SERVICE_URL", "https://elsewhere.example")
    async with chat(tmp_path, make_school) as teams:
        activity = teams.activity("message")

        assert (await teams.post(activity, token="none")).status_code == 401


async def test_the_sdk_reads_no_file_of_settings(tmp_path):
    (tmp_path / ".env").write_text("CLIENT_ID=other\n", "utf-8")
    code = "import os, bot.platforms.teams.sdk; print(os.environ.get('CLIENT_ID'))"
    ran = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True,
        check=True, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
    )  # fmt: skip

    assert ran.stdout.strip() == "None"


async def test_what_is_configured_is_said(teams):
    assert any("/api/messages" in line for line in teams.teams.said())


async def test_every_word_that_opens_a_dialog_is_a_route():
    known = {w for r in ROUTES for w in r.words}

    assert known >= DIALOGS


async def test_the_same_message_five_times_at_once_is_answered_once(teams):
    activity = teams.activity("message")
    await asyncio.gather(*(teams.post(activity) for _ in range(5)))

    assert len(teams.connector.taken) == 1
