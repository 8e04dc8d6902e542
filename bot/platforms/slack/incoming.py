"""What Slack sends, read: who it is from, where it happened, and the event it means."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.chat.model import Event
from bot.platforms.slack import blocks

Body = Mapping[str, Any]

REPORT = "/report-incident"
_MARK = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Asker:
    """Who did something, as which account, and in which workspace and channel they did it."""

    team: str  # the workspace that has the app
    user: str
    account: str  # of the workspace they belong to, which another's may be
    channel: str = ""
    thread: str = ""

    @property
    def conversation(self) -> str:
        """What a short follow-up belongs to."""
        return f"{self.account}:{self.channel}:{self.thread}" if self.channel else self.account


def asker(body: Body) -> Asker:
    """Whoever sent a command, pressed a button or sent a window."""
    user, team = body.get("user"), body.get("team")
    if isinstance(user, Mapping):  # an interaction
        here = str((team or {}).get("id") or user.get("team_id") or "")
        own = str(user.get("team_id") or here)
        name = str(user.get("id", ""))
    else:  # a command
        here = own = str(body.get("team_id", ""))
        name = str(body.get("user_id", ""))
    channel = body.get("channel")
    found = channel.get("id") if isinstance(channel, Mapping) else body.get("channel_id")
    thread = (body.get("message") or {}).get("thread_ts")
    return Asker(here, name, account(_home(own, here), name), str(found or ""), str(thread or ""))


def asker_of_event(body: Body) -> Asker:
    """Whoever an event of the Events API is about."""
    event = body.get("event") or {}
    installed: Body = next(iter(body.get("authorizations") or ()), {})
    here = str(installed.get("team_id") or body.get("team_id") or "")
    own = str(event.get("user_team") or event.get("source_team") or event.get("team") or here)
    user = event.get("user")
    name = str(user.get("id", "") if isinstance(user, Mapping) else user or "")
    return Asker(
        here,
        name,
        account(_home(own, here), name),
        str(event.get("channel") or ""),
        str(event.get("thread_ts") or ""),
    )


def _home(own: str, here: str) -> str:
    """A workspace. An organisation stands for the workspace the app is in."""
    return own if own.startswith("T") else here


def account(team: str, user: str) -> str:
    return f"slack:{team}/{user}"


def of_account(name: str) -> tuple[str, str]:
    """The workspace and the user of an account."""
    team, _, user = name.removeprefix("slack:").partition("/")
    return team, user


def plain(text: str, bot_user: str = "") -> str:
    """What somebody typed, without Slack's marks: a link as its label, a mention as a name."""

    def shown(mark: re.Match[str]) -> str:
        target, _, label = mark.group(1).partition("|")
        if bot_user and target == f"@{bot_user}":
            return " "
        if label:
            return f"#{label}" if target.startswith("#") else label
        if target.startswith("!"):
            return "@" + target[1:].partition("^")[0]
        return target.removeprefix("mailto:")

    text = _MARK.sub(shown, text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def bot_or_change(event: Body) -> bool:
    """Whether an event is no message of a person: a bot's, an edit, a deletion, somebody who joined."""
    if event.get("bot_id") or event.get("hidden"):
        return True
    return event.get("subtype") not in (None, "file_share", "thread_broadcast")


def of_command(body: Body) -> Event:
    """A slash command. `/mayi` alone asks for help; `/report-incident` is what it says."""
    who = asker(body)
    typed = plain(str(body.get("text") or ""))
    said = typed or "help" if body.get("command") == "/mayi" else f"{REPORT} {typed}".strip()
    return Event(said, conversation=who.conversation, id=_once("command", body))


def of_shortcut(body: Body) -> Event:
    """A shortcut. One on a message carries where the message is, never what it says."""
    link = permalink(body)
    return Event(
        REPORT,
        conversation=asker(body).conversation,
        id=_once("shortcut", body),
        values={"what": link} if link else {},
    )


def permalink(body: Body) -> str:
    """Where a message is."""
    if body.get("type") != "message_action":
        return ""
    message = body.get("message") or {}
    ts = str(body.get("message_ts") or message.get("ts") or "")
    channel = str((body.get("channel") or {}).get("id") or "")
    if not ts or not channel:
        return ""
    domain = re.sub(r"[^a-z0-9-]", "", str((body.get("team") or {}).get("domain") or "").lower())
    host = f"{domain}.slack.com" if domain else "slack.com"
    link = f"https://{host}/archives/{channel}/p{ts.replace('.', '')}"
    thread = message.get("thread_ts")
    return f"{link}?thread_ts={thread}&cid={channel}" if thread and thread != ts else link


def of_message(body: Body, bot_user: str) -> Event:
    """A direct message or a mention."""
    event = body.get("event") or {}
    return Event(
        plain(str(event.get("text") or ""), bot_user),
        conversation=asker_of_event(body).conversation,
        id=f"slack:event:{body.get('event_id') or event.get('ts')}",
    )


def of_button(body: Body, action: Body) -> Event:
    """A pressed button; in a window, with what is filled in so far."""
    return Event(
        str(action.get("value") or "").strip(),
        conversation=asker(body).conversation,
        id=_once("button", body),
        values=blocks.filled(body.get("view") or {}),
    )


def of_window(body: Body, key: bytes) -> Event:
    """A window that was sent. The same from the same page is the same event; its id tells none of it."""
    view = body.get("view") or {}
    values = blocks.filled(view)
    sent = json.dumps(
        [view.get("id"), view.get("hash"), blocks.says(view), sorted(values.items())], default=str
    )
    return Event(
        blocks.says(view),
        conversation=asker(body).conversation,
        id=f"slack:window:{hmac.new(key, sent.encode(), hashlib.sha256).hexdigest()[:40]}",
        values=values,
    )


def in_home(body: Body) -> bool:
    """Whether a button was pressed on the home page, where there is no conversation to answer in."""
    view = body.get("view") or {}
    if view:
        return view.get("type") == "home"
    return not (body.get("channel") or {}).get("id")


def _once(kind: str, body: Body) -> str:
    trigger = body.get("trigger_id")
    return f"slack:{kind}:{trigger}" if trigger else ""
