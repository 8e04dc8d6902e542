"""One player a platform: each says a turn as somebody would there, and reads what they see.

Words are what is compared, not how they are laid out: options are read with their numbers, as the terminal
draws them, and a button is read as its label and what pressing it says.
"""

from __future__ import annotations

import contextlib
import html
import re
import shutil
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import yaml

from bot.app.carrying import carrier
from bot.app.front import Reception
from bot.app.site import Site
from bot.app.talk import Conversation
from bot.chat.model import Event, Reply
from bot.config import Home, Serving, SlackSettings, model_folder
from bot.platforms.slack import Slack
from bot.platforms.slack.api import Pace
from bot.platforms.slack.blocks import ICON, SAY
from bot.records import messages
from bot.work.sending import send
from tests import slack_fakes, teams_fakes
from tests.conftest import Talk
from tests.slack_fakes import TEAM, FakeSlack, World
from tests.stores import NOW, _template
from tests.teams_fakes import TENANT, Chat, page

ROOT = Path(__file__).parents[1]
GUEST = "guest"  # who has accounts on every platform and is on nobody's roster
REQUIRED = "Please complete this required field."  # Slack's own words
_PERSON = re.compile(r"^\[people\.([a-z-]+)\]$", re.MULTILINE)
_BOLD = re.compile(r"^\*(.*)\*$", re.MULTILINE)


def folded(text: str) -> str:
    return " ".join(text.split())


def clock():
    """The same moment for everybody, so that what is said of times is the same."""
    return NOW


# --- the same people everywhere ----------------------------------------------------------------------------


def slack_user(who: str) -> str:
    return "U0" + who.replace("-", "").upper()


def slack_dm(who: str) -> str:
    return slack_user(who).replace("U0", "D0")


def teams_person(who: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_DNS, who))


def seat(home: Path, built: Path, school: str, speakers: Iterable[str]) -> None:
    """Set a home up with a copy of a model school whose people have an account on each platform.

    Whoever speaks and is on no list becomes one of the staff, but for the guest.
    """
    folder = home / "schools" / school
    shutil.copytree(model_folder(school), folder)
    file = folder / "school.toml"
    text = file.read_text("utf-8")
    listed = set(_PERSON.findall(text))
    for who in sorted(set(speakers) - listed - {GUEST}):
        text += f'\n[people.{who}]\nname = "{who.title()} Asker"\n'
    text = _PERSON.sub(lambda found: f"{found[0]}\n{_accounts(found[1])}", text)
    text += f'\n[slack]\nworkspace = ["{TEAM}"]\n\n[teams]\ntenant = "{TENANT}"\n'
    file.write_text(text, "utf-8")
    (home / "data" / "index").mkdir(parents=True)
    shutil.copy(built / "data" / "index" / f"{school}.db", home / "data" / "index")
    (home / "data" / "mayi.db").write_bytes(_template("sqlite"))


def _accounts(who: str) -> str:
    return f'accounts = ["slack:{TEAM}/{slack_user(who)}", "teams:{TENANT}/{teams_person(who)}"]'


async def deliver(site: Site, channels: Mapping[str, Any]) -> None:
    """Send what waits to be sent, as `mayi serve` does."""
    if site.opened is None:
        return
    carry = carrier(site, Serving(), None, channels)
    for message in await messages.waiting(site.opened, clock(), 100):
        await send(site.opened, message, carry, clock)


# --- the terminal --------------------------------------------------------------------------------------------


class _Kept(Conversation):
    """Keeps the last reply, as no platform has drawn it yet."""

    reply = Reply()

    def handle(self, event: Event) -> Reply:
        self.reply = super().handle(event)
        return self.reply


class TerminalPlayer:
    name = "terminal"

    def __init__(self, conversation: _Kept) -> None:
        self._conversation = conversation
        self._talk = Talk(conversation)

    @property
    def reply(self) -> Reply:
        return self._conversation.reply

    async def write(self, who: str, text: str) -> str:
        return self._talk(text, who)

    say = write

    async def fill(self, who: str, values: Mapping[str, Any]) -> str:
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return self._talk.fill(who, **given)

    async def told(self, who: str) -> str:
        return self._talk.told(who)


@contextlib.asynccontextmanager
async def terminal(home: Path, school: str) -> AsyncIterator[TerminalPlayer]:
    conversation = _Kept(Home(home), school)
    conversation.site.clock = clock
    try:
        yield TerminalPlayer(conversation)
    finally:
        conversation.close()


# --- Slack ---------------------------------------------------------------------------------------------------


@cache
def slash_commands() -> frozenset[str]:
    """What Slack sends to MayI when it begins with a slash; anything else it refuses by itself."""
    manifest = yaml.safe_load((ROOT / "deploy" / "slack" / "manifest.yaml").read_text("utf-8"))
    return frozenset(c["command"] for c in manifest["features"]["slash_commands"])


class _SlackWorld(World):
    """Slack with any school behind it."""

    def __init__(self, home: Path, slack: FakeSlack) -> None:
        self.slack = slack
        self.site = Site(Home(home), clock=clock)
        self.front = Reception(self.site, "https://mayi.example.org")
        settings = SlackSettings(
            bot_token=slack_fakes.BOT, signing_secret=slack_fakes.SECRET, api_url=slack.url
        )
        self.adapter = Slack(settings, self.front, pace=Pace(0.01, 1))


class SlackPlayer:
    """Commands where something begins with a slash, a direct message where not, buttons where there are some."""

    name = "slack"

    def __init__(self, world: _SlackWorld) -> None:
        self._world, self._slack = world, world.slack
        self._window: dict[str, dict] = {}
        self._messages: dict[str, list[dict]] = defaultdict(list)  # by conversation, newest last
        self._told: dict[str, list[str]] = defaultdict(list)
        self._count = 0

    async def say(self, who: str, text: str) -> str:
        for surface in [self._window.get(who), *reversed(self._messages[slack_dm(who)])]:
            for button in _slack_buttons(surface or {}):
                if button.get("value") == text:
                    return await self._press(who, surface, button)
        slash = text.startswith("/") and text.split(maxsplit=1)[0] not in slash_commands()
        return await self.write(who, f"/mayi {text}" if slash else text)

    async def write(self, who: str, text: str) -> str:
        """Type something into one's conversation with MayI; where it is nothing, mention MayI in a channel."""
        self._window.pop(who, None)
        self._count += 1
        user, seen = slack_user(who), self._seen()
        if text.startswith("/"):
            command, _, rest = text.partition(" ")
            assert command in slash_commands(), f"Slack would refuse {command}"
            # Its own address, so that a follow-up is read with what was said in the conversation.
            answer = await self._world.command(rest, user, command, channel_id=slack_dm(who))
        else:
            made = {"event_id": f"Ev{self._count}", "event__user": user}
            typed = {"event__text": html.escape(text, quote=False), "event__channel": slack_dm(who)}
            if text:
                answer = await self._world.event("message_im", **made, **typed)
            else:
                answer = await self._world.event("app_mention", **made, event__text="<@U0BOT>")
        words = await self._shown(who, answer, seen)
        offers = [b for m in self._messages[slack_dm(who)][-1:] for b in _slack_buttons(m)]
        for button in offers:  # what opens a window, in a message
            if who not in self._window and button["value"] in (text, text.partition(" ")[2]):
                return await self._press(who, self._messages[slack_dm(who)][-1], button)
        return words

    async def fill(self, who: str, values: Mapping[str, Any]) -> str:
        """Fill in the window and send it, if Slack lets it be sent."""
        view = self._window[who]
        inputs = {_input_name(b): b for b in view["blocks"] if b["type"] == "input"}
        assert set(values) <= set(inputs), (set(values), set(inputs))
        if not view.get("submit"):
            return f"{_slack_read(view)} (nothing to send it with)"
        body = slack_fakes.sent(view, slack_user(who), **values)
        for name, block in inputs.items():
            (held,) = body["view"]["state"]["values"][block["block_id"]].values()
            filled = (
                held.get("value") or held.get("selected_option") or held.get("selected_options")
            )
            if not filled and not block.get("optional"):
                return f"{_slack_read(view)} {REQUIRED} {name}"
        self._count += 1
        body["view"]["hash"] = f"1795000600.{self._count}"
        seen = self._seen()
        return await self._shown(who, await self._world.interaction(body), seen)

    async def told(self, who: str) -> str:
        return folded(" ".join(self._told[slack_dm(who)]))

    async def _press(self, who: str, surface: dict, button: dict) -> str:
        self._count += 1
        window = surface.get("type") == "modal"
        changes: dict[str, Any] = {} if window else {
            "container__message_ts": f"1795.{self._count}", "container__channel_id": slack_dm(who),
            "channel__id": slack_dm(who),
        }  # fmt: skip
        body = slack_fakes.payload(
            "button_in_window" if window else "button_in_message", self._slack.respond,
            user__id=slack_user(who), actions__0__action_id=button["action_id"],
            actions__0__value=button["value"], actions__0__block_id=f"b{self._count}", **changes,
        )  # fmt: skip
        if window:
            body["view"] |= slack_fakes.returned(surface)
        seen = self._seen()
        return await self._shown(who, await self._world.interaction(body), seen)

    def _seen(self) -> tuple[int, int]:
        return len(self._slack.calls), len(self._slack.answers)

    async def _shown(self, who: str, answer: httpx.Response, seen: tuple[int, int]) -> str:
        """What somebody sees now; then whatever MayI sends by itself goes out."""
        assert answer.status_code == 200, answer.text
        body = answer.json() if answer.content else {}
        calls, answers = self._slack.calls[seen[0] :], self._slack.answers[seen[1] :]
        windows = [c.sent["view"] for c in calls if c.method in ("views.open", "views.update")]
        said = [c.sent for c in calls if c.method.startswith("chat.post")] + answers
        wrong = ""
        if body.get("response_action") == "update":
            windows.append(body["view"])
        elif body.get("response_action") == "errors":
            windows.append(self._window[who])
            wrong = " ".join(body["errors"].values())
        elif "blocks" in body:
            said.append(body)
        self._messages[slack_dm(who)] += said
        if windows:
            self._window[who] = windows[-1]
        words = folded(f"{' '.join(map(_slack_read, windows[-1:] or said))} {wrong}")
        count = len(self._slack.calls)
        await deliver(self._world.site, {"slack": self._world.adapter})
        for call in self._slack.calls[count:]:
            if call.method == "chat.postMessage":
                reader = call.sent["channel"]
                self._told[reader].append(_slack_read(call.sent))
                self._messages[reader].append(call.sent)
        return words


@contextlib.asynccontextmanager
async def slack(home: Path, school: str) -> AsyncIterator[SlackPlayer]:
    del school  # the home has no other
    fake = await FakeSlack().start()
    world = await _SlackWorld(home, fake).start(roster=False)
    try:
        yield SlackPlayer(world)
    finally:
        await world.stop()
        await fake.stop()


def _input_name(block: dict) -> str:
    return block["element"]["action_id"].partition(":")[2]


def _slack_buttons(surface: dict) -> list[dict]:
    """The buttons that say something."""
    actions = (b for b in surface.get("blocks", ()) if b["type"] == "actions")
    return [e for b in actions for e in b["elements"] if e["action_id"].startswith(SAY)]


def _slack_read(surface: dict) -> str:
    """A message or a window from top to bottom; a window's title and its button last."""
    found: list[str] = []
    for block in surface["blocks"]:
        if block["type"] == "context":
            found += [_slack_text(e) for e in block["elements"]]
        elif block["type"] == "actions":
            found += [f"{_slack_text(e['text'])} {e.get('value', '')}" for e in block["elements"]]
        elif block["type"] == "input":
            found += _slack_input(block)
        elif "text" in block:
            found.append(_slack_text(block["text"]))
    found += [_slack_text(surface[k]) for k in ("title", "submit") if surface.get(k)]
    return folded(" ".join(found))


def _slack_input(block: dict) -> list[str]:
    element = block["element"]
    options = list(element.get("options", ()))
    for group in element.get("option_groups", ()):
        options += group["options"]
    found = [_slack_text(block["label"])]
    if block.get("hint"):
        found.append(_slack_text(block["hint"]))
    found.append(element.get("initial_value") or "")
    for n, option in enumerate(options, 1):
        rest = option.get("description")
        label = _slack_text(option["text"])
        found.append(f"{n} {label}" + (f" {_slack_text(rest)}" if rest else ""))
    return found


def _slack_text(text: dict) -> str:
    shown = text["text"]
    if text["type"] == "mrkdwn":
        shown = html.unescape(_BOLD.sub(r"\1", shown))
    for icon in filter(None, ICON.values()):
        shown = shown.removeprefix(icon)
    return shown


# --- Teams ---------------------------------------------------------------------------------------------------


class TeamsPlayer:
    """Messages, buttons where there are some, and dialogs; a report begins in the message extension."""

    name = "teams"

    def __init__(self, chat: Chat) -> None:
        self._chat = chat
        self._dialog: dict[str, dict] = {}
        self._sends: dict[str, str] = {}  # what sending the open dialog is called
        self._cards: dict[str, list[dict]] = defaultdict(list)  # newest last
        self._told: dict[str, list[str]] = defaultdict(list)

    async def say(self, who: str, text: str) -> str:
        for card in [self._dialog.get(who), *reversed(self._cards[teams_person(who)])]:
            for button in _teams_buttons(card):
                if button["data"].get("says") == text:
                    return await self._press(who, button, inside=card is self._dialog.get(who))
        if text == "/report-incident":
            self._sends[who] = "extension_submit"
            return await self._opened(who, self._made("extension_fetch", who))
        return await self.write(who, text)

    async def write(self, who: str, text: str) -> str:
        """Write a message; where it is nothing, mention MayI in a channel."""
        self._dialog.pop(who, None)
        typed = html.escape(text, quote=False)
        made = self._made("message", who, text=typed)
        if not text:
            made = self._made("channel_mention", who, text="<at>MayI</at>")
        seen = len(self._chat.connector.taken)
        response = await self._chat.post(made)
        assert (response.status_code, response.content) == (200, b""), response.text
        cards = [s.card for s in self._chat.connector.taken[seen:]]
        self._cards[teams_person(who)] += cards
        for button in [b for c in cards for b in _teams_buttons(c)]:
            if button["data"].get("says") == text and _opens(button):
                return await self._press(who, button, inside=False)
        await self._deliver()
        return folded(" ".join(map(_teams_read, cards)))

    async def fill(self, who: str, values: Mapping[str, Any]) -> str:
        """Fill in the dialog and send it."""
        card = self._dialog[who]
        button = teams_fakes.button(card)
        return await self._send(who, button, values)

    async def told(self, who: str) -> str:
        return folded(" ".join(self._told[f"a:{teams_person(who)}"]))

    async def _press(self, who: str, button: dict, *, inside: bool) -> str:
        if inside:
            return await self._send(who, button, {})
        if _opens(button):
            self._sends[who] = "task_submit"
            made = self._made("task_fetch", who, value={"data": button["data"]})
            return await self._opened(who, made)
        self._dialog.pop(who, None)
        answer = await self._chat.press(button["data"]["says"], teams_person(who))
        card = answer["value"]
        assert isinstance(card, dict), card
        self._cards[teams_person(who)].append(card)
        await self._deliver()
        return _teams_read(card)

    async def _send(self, who: str, button: dict, values: Mapping[str, Any]) -> str:
        data = dict(button["data"])
        elements = teams_fakes.elements(self._dialog[who])
        inputs = {e["id"][2:]: e for e in elements if e["type"].startswith("Input.")}
        assert set(values) <= set(inputs), (set(values), set(inputs))
        for name, field in inputs.items():
            value = values.get(name, field.get("value"))  # untouched, it sends what it shows
            if value:
                data[field["id"]] = ",".join(value) if isinstance(value, list) else value
        value = {"commandId": "report-incident", "data": data}
        return await self._opened(who, self._made(self._sends[who], who, value=value))

    async def _opened(self, who: str, made: dict) -> str:
        card = self._dialog[who] = page(await self._chat.post(made))
        await self._deliver()
        return folded(f"{_teams_read(card)} {card['title']}")

    def _made(self, name: str, who: str, **changes: Any) -> dict:
        return self._chat.activity(name, teams_person(who), **changes)

    async def _deliver(self) -> None:
        seen = len(self._chat.connector.taken)
        await deliver(self._chat.site, {"teams": self._chat.teams})
        for sent in self._chat.connector.taken[seen:]:
            self._told[sent.conversation].append(_teams_read(sent.card))
            self._cards[sent.conversation.removeprefix("a:")].append(sent.card)


@contextlib.asynccontextmanager
async def teams(home: Path, school: str) -> AsyncIterator[TeamsPlayer]:
    del school  # the home has no other
    async with teams_fakes.chat(home, lambda *_, **__: None) as chat:
        chat.site.clock = clock
        yield TeamsPlayer(chat)


def _opens(button: dict) -> bool:
    return button["data"].get("msteams") == {"type": "task/fetch"}


def _teams_buttons(card: dict | None) -> list[dict]:
    kinds = ("Action.Submit", "Action.Execute")
    return [e for e in teams_fakes.elements(card) if e["type"] in kinds]


def _teams_read(card: dict) -> str:
    """A card from top to bottom, with what it shows on request."""
    found: list[str] = []
    for one in teams_fakes.elements(card):
        if one["type"] == "RichTextBlock":
            found.append("".join(run["text"] for run in one["inlines"]))
        elif one["type"].startswith("Action."):
            found.append(one.get("title", ""))
            said = one.get("data", {}).get("says", "")
            found.append("" if one.get("style") == "positive" else said)
        elif one["type"].startswith("Input."):
            found.append(one["label"])
            found.append(one.get("value", "") if one["type"] == "Input.Text" else "")
            found += [f"{n} {c['title']}" for n, c in enumerate(one.get("choices", ()), 1)]
    return folded(" ".join(found))


PLAYERS = {"terminal": terminal, "slack": slack, "teams": teams}
