"""What is done about each thing Slack sends.

It is heard by the front, shown where it came from, and only then acknowledged, so that it is sent again to a
process that died in between.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.models.views import View
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.front import Front, Heard
from bot.chat.model import Button, Card, Event, Reply
from bot.platforms.slack import blocks, incoming
from bot.platforms.slack.api import FAILURES, GONE, Api, code, not_sent
from bot.platforms.slack.blocks import Drawn, Message
from bot.platforms.slack.homes import Homes
from bot.platforms.slack.incoming import Asker, Body
from bot.platforms.slack.installations import Workspaces
from bot.platforms.slack.once import Lately, Seen, Shared
from bot.platforms.slack.people import Rosters
from bot.records.messages import NotSent

log = logging.getLogger(__name__)

IN_TIME = 2.2  # seconds until Slack is told to wait; it gives up after three
DOUBLE_CLICK = 2.0
REMEMBERED = 600.0  # seconds: longer than Slack goes on delivering an event again
PROMPTS = 4
NOT_THERE = frozenset(
    {"channel_not_found", "not_in_channel", "user_not_in_channel", "is_archived", "no_permission",
     "channel_is_archived", "restricted_action", "ekm_access_denied"}
)  # fmt: skip
WHOLE = "whole:"  # the keepsake of a text that a message shows shortened


class _Later(Exception):
    """Not now: Slack is to deliver it again."""


class Listeners:
    """The front on one side, Slack on the other. `key` names windows without telling what is in them."""

    def __init__(
        self,
        front: Front,
        api: Api,
        workspaces: Workspaces,
        rosters: Rosters,
        begin: Callable[[Coroutine[Any, Any, None]], object],
        key: bytes,
        in_time: float = IN_TIME,
    ) -> None:
        self._front, self._api, self._workspaces, self._rosters = front, api, workspaces, rosters
        self._begin, self._key, self._in_time = begin, key, in_time
        self.homes = Homes(front, self.client, self.keep, begin)
        self._heard: Shared[Heard] = Shared(REMEMBERED)
        self._answers: Shared[None] = Shared(REMEMBERED)
        self._windows: Shared[dict[str, Any]] = Shared(60)
        self._perhaps: Lately[bool] = Lately(REMEMBERED)
        self._clicks = Seen(DOUBLE_CLICK)
        self._kept: Lately[bool] = Lately(24 * 3600.0)
        self._no_prompts: Lately[bool] = Lately(24 * 3600.0)

    # --- commands and shortcuts ---

    async def command(self, ack: AsyncAck, body: Body) -> None:
        """A slash command: the acknowledgement carries the answer, for the asker's eyes only."""
        who, event, url = incoming.asker(body), incoming.of_command(body), _url(body)
        task = self._hear(who, event)
        heard = await self._soon(task)
        if heard is None:
            self._begin(self._late(task, who, event, url))
            await ack(**_ephemeral(self._note("slack_slow")))
            return
        if _empty(heard.reply):
            await ack()
            return
        if _for_window(heard.reply):
            if await self._open(who, body, self._window(heard)):
                await ack()
            else:
                await ack(**_ephemeral(self._offer(event)))
        else:
            first, *others = await self._messages(who, heard)
            if not others or not await self._api.respond(url, _ephemeral(first)):
                await ack(**_ephemeral(first))
            else:
                await ack()
            for message in others:
                await self._api.respond(url, _ephemeral(message))
        await self._done(who, event)

    async def _late(self, task: asyncio.Task[Heard], who: Asker, event: Event, url: str) -> None:
        """The answer to a command that took longer than Slack waits."""
        heard = await task
        if _empty(heard.reply):
            return
        shown = (
            [self._offer(event)] if _for_window(heard.reply) else await self._messages(who, heard)
        )
        if all([await self._api.respond(url, _ephemeral(m)) for m in shown]):
            await self._done(who, event)

    async def shortcut(self, ack: AsyncAck, body: Body) -> BoltResponse | None:
        """A shortcut opens a window at once."""
        who, event = incoming.asker(body), incoming.of_shortcut(body)
        return await self._acknowledged(ack, self._shortcut(who, event, body))

    async def _shortcut(self, who: Asker, event: Event, body: Body) -> bool:
        heard = await self._hear(who, event)
        if _empty(heard.reply):
            return True
        return await self._in_window(who, event, body, heard)

    # --- buttons ---

    async def button(self, ack: AsyncAck, body: Body) -> BoltResponse | None:
        """A pressed button. Pressed twice at once, it is pressed once."""
        action: Body = next(iter(body.get("actions") or ()), {})
        view = body.get("view") or {}
        container = body.get("container") or {}
        pressed = (
            incoming.asker(body).account,
            container.get("message_ts") or f"{view.get('id')}:{view.get('hash')}",
            action.get("block_id"),
            action.get("action_id"),
            str(action.get("value"))[:200],
        )
        if not self._clicks.first(repr(pressed)):
            await ack()
            return None
        return await self._acknowledged(ack, self._pressed(body, action))

    async def _pressed(self, body: Body, action: Body) -> bool:
        who, event = incoming.asker(body), incoming.of_button(body, action)
        kind = str(action.get("action_id") or "").partition(".")[0]
        view = body.get("view") or {}
        if kind == blocks.WHOLE:
            text = await self._front.recall(who.account, WHOLE + event.text)
            text = text or self._front.text("slack_gone")
            return await self._open(who, body, blocks.text_window(text, self._front.text))
        if kind in (blocks.ASK, blocks.ASK_OPEN):
            typed = event.text if kind == blocks.ASK else _in_box(view)
            if not blocks.visible(typed):
                return await self._open(who, body, blocks.ask_window(self._front.text))
            event = Event(typed, conversation=event.conversation, id=event.id)
            self.homes.touch(who.account, asked=True)
        elif kind != blocks.SAY:
            if action.get("type") != "button":  # something chosen in a form that is still open
                return True
            heard = Heard(Reply((Card(self._front.text("slack_gone")),)))
            return await self._show(who, event, body, heard)
        heard = await self._hear(who, event)
        return _empty(heard.reply) or await self._show(who, event, body, heard)

    async def _show(self, who: Asker, event: Event, body: Body, heard: Heard) -> bool:
        """The answer to a button: in its window, in a new one, or beside its message."""
        view = body.get("view") or {}
        if view.get("type") == "modal":
            if await self._replace(who, view, self._window(heard)):
                await self._done(who, event)
                return True
            return await self._in_window(who, event, body, heard)
        if incoming.in_home(body) or _for_window(heard.reply):
            return await self._in_window(who, event, body, heard)
        only_theirs = not who.channel.startswith("D") or (body.get("container") or {}).get(
            "is_ephemeral"
        )
        for message in await self._messages(who, heard):
            sent = _ephemeral(message) | {"replace_original": False}
            if not only_theirs:
                sent["response_type"] = "in_channel"
            if who.thread:
                sent["thread_ts"] = who.thread
            if not await self._api.respond(_url(body), sent):
                await self._post(who, message, only_theirs=bool(only_theirs))
        await self._done(who, event)
        return True

    # --- windows ---

    async def window(self, ack: AsyncAck, body: Body) -> BoltResponse | None:
        """A window that was sent. Sent twice, it gets the same answer twice and is taken once."""
        event = incoming.of_window(body, self._key)
        task = self._windows.begin(event.id, lambda: self._sent(body, event))
        answer = await self._soon(task)
        if answer is None:
            return BoltResponse(status=503)  # Slack tells them to try again; nothing typed is lost
        await ack(answer)
        return None

    async def _sent(self, body: Body, event: Event) -> dict[str, Any]:
        who, view = incoming.asker(body), body.get("view") or {}
        if not event.text:  # the window to ask in
            event = Event(
                str(event.values.get(blocks.ASK, "")), conversation=event.conversation, id=event.id
            )
        heard = await self._front.hear(who.account, event)
        form = heard.reply.form
        if _empty(heard.reply):
            heard = Heard(Reply((Card(self._front.text("slack_again")),)))
        elif form is not None and not heard.reply.cards and form.says == blocks.says(view):
            wrong = blocks.errors(form)
            there = {b.get("block_id") for b in view.get("blocks") or ()}
            if wrong and there.issuperset(wrong):
                await self._done(who, event)
                return {"response_action": "errors", "errors": wrong}
        shown = self._window(heard).to_dict()
        await self._done(who, event)
        return {"response_action": "update", "view": shown}

    def _window(self, heard: Heard) -> View:
        try:
            view = blocks.window(heard.reply, self._front.text, repeat=heard.repeat)
            view.to_dict()
        except Exception as e:  # noqa: BLE001  # a card Slack would not take is never a traceback
            log.error("a window could not be drawn: %s", type(e).__name__)  # noqa: TRY400
            view = blocks.window(Reply((Card(self._front.text("broken")),)), self._front.text)
        return view

    async def _in_window(self, who: Asker, event: Event, body: Body, heard: Heard) -> bool:
        """Open a window; where that is too late, leave a message with a button that opens one."""
        if not await self._open(who, body, self._window(heard)):
            offer = self._offer(event)
            if not await self._api.respond(_url(body), _ephemeral(offer)):
                await self._post(who, offer, only_theirs=True)
        await self._done(who, event)
        return True

    async def _open(self, who: Asker, body: Body, view: View) -> bool:
        client = await self.client(who.team)
        trigger = body.get("trigger_id")
        if client is None or not trigger:
            return False
        try:
            await client.views_open(trigger_id=str(trigger), view=view)
        except FAILURES as e:
            await self.failed(who.team, e)
            return False
        return True

    async def _replace(self, who: Asker, view: Body, new: View) -> bool:
        client = await self.client(who.team)
        if client is None:
            return False
        try:
            await client.views_update(view_id=str(view.get("id")), view=new)
        except FAILURES as e:
            await self.failed(who.team, e)
            return False
        return True

    # --- events ---

    async def event(self, body: Body, request: AsyncBoltRequest) -> BoltResponse:
        """An event of the Events API. Anything but 200, and Slack delivers it again."""
        event = body.get("event") or {}
        kind, team = event.get("type"), incoming.asker_of_event(body).team
        if kind in ("message", "app_mention"):
            return await self._said(body, _retry(request))
        if kind == "app_home_opened":
            self._begin(self._opened(incoming.asker_of_event(body), event))
        elif kind in ("team_join", "user_change") and isinstance(event.get("user"), Mapping):
            await self._rosters.changed(team, event["user"])
        elif kind == "subteam_members_changed":
            self._begin(self._again(team))
        elif kind == "app_uninstalled" or (
            kind == "tokens_revoked" and (event.get("tokens") or {}).get("bot")
        ):
            await self._workspaces.withdrawn(team)
        return BoltResponse(status=200)

    async def _again(self, team: str) -> None:
        await self._rosters.refresh(team)

    async def _said(self, body: Body, retry: str) -> BoltResponse:
        event = body.get("event") or {}
        who = incoming.asker_of_event(body)
        mention = event.get("type") == "app_mention"
        if incoming.bot_or_change(event) or not who.user:
            return BoltResponse(status=200)
        if not mention and event.get("channel_type", "im") != "im":
            return BoltResponse(status=200)
        workspace = await self._workspaces.find(who.team)
        heard = incoming.of_message(body, workspace.bot_user if workspace else "")
        task = self._answers.begin(
            heard.id, lambda: self._answer(who, heard, retry, mention=mention)
        )
        try:
            done, _ = await asyncio.wait({task}, timeout=self._in_time)
            if done:
                task.result()
                return BoltResponse(status=200)
        except (*FAILURES, _Later, NotSent) as e:
            log.warning("an event is to come again: %s", type(e).__name__)
        return BoltResponse(status=503)

    async def _answer(self, who: Asker, event: Event, retry: str, *, mention: bool) -> None:
        """Answer a message where it stands: in the conversation with MayI, or to its writer alone."""
        heard = await self._hear(who, event)
        if _empty(heard.reply):
            self._heard.forget(event.id)
            if retry == "1":  # somebody answers it, or died over it: Slack's next delivery tells
                raise _Later
            return
        perhaps = bool(self._perhaps.get(event.id))
        if _for_window(heard.reply):
            shown: Sequence[Message] = [self._offer(event)]
        else:
            shown = await self._messages(who, Heard(heard.reply, heard.repeat or perhaps))
        try:
            for message in shown:
                await self._post(who, message, only_theirs=mention)
                self._perhaps.put(event.id, value=True)  # what follows may fail: this one is there
        except NotSent as e:
            if e.perhaps:
                self._perhaps.put(event.id, value=True)
            if not e.for_good:
                raise
            log.warning("an answer cannot be delivered: %s", e)
        await self._done(who, event)

    async def _opened(self, who: Asker, event: Body) -> None:
        if event.get("tab", "home") == "home":
            await self.homes.open(who.account)
        else:
            await self._prompts(who)

    async def _prompts(self, who: Asker) -> None:
        """Offer questions to begin with, where the workspace has that."""
        client = await self.client(who.team)
        if client is None or not who.channel or self._no_prompts.get(who.team):
            return
        title, *lines = self._front.text("slack_prompts").splitlines()
        prompts = [{"title": s, "message": s} for line in lines if (s := line.strip())]
        try:
            await client.assistant_threads_setSuggestedPrompts(
                channel_id=who.channel, title=title, prompts=prompts[:PROMPTS]
            )
        except FAILURES as e:
            self._no_prompts.put(who.team, value=True)
            log.info("no suggested prompts in %s: %s", who.team, code(e))

    # --- what they share ---

    async def client(self, team: str) -> AsyncWebClient | None:
        """A client of a workspace that has MayI."""
        workspace = await self._workspaces.find(team)
        return self._api.client(workspace.token) if workspace else None

    async def keep(self, account: str, kept: Mapping[str, str]) -> None:
        """Keep the whole of what is shown shortened, for the button under it."""
        for key, text in kept.items():
            if not self._kept.get(f"{account} {key}"):
                await self._front.remember(account, WHOLE + key, text)
                self._kept.put(f"{account} {key}", value=True)

    async def failed(self, team: str, e: BaseException) -> None:
        """A call failed; where the reason is that the workspace took MayI away, that is believed."""
        why = code(e)
        log.warning("a call failed: %s", why)
        if why in GONE:
            await self._workspaces.withdrawn(team)

    def _hear(self, who: Asker, event: Event) -> asyncio.Task[Heard]:
        return self._heard.begin(event.id, lambda: self._front.hear(who.account, event))

    async def _soon(self, task: asyncio.Task[Any]) -> Any:
        """What a task comes to, if it does so in time."""
        done, _ = await asyncio.wait({task}, timeout=self._in_time)
        return task.result() if done else None

    async def _acknowledged(
        self, ack: AsyncAck, work: Coroutine[Any, Any, bool]
    ) -> BoltResponse | None:
        """Acknowledge when the work is done, or when Slack would not wait any longer for it."""
        task = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({task}, timeout=self._in_time)
        if not done:
            self._begin(_finish(task))
        elif (failed := task.exception()) is not None or not task.result():
            log.warning("an answer could not be shown: %s", type(failed).__name__)
            return BoltResponse(status=503)
        await ack()
        return None

    async def _messages(self, who: Asker, heard: Heard) -> tuple[Message, ...]:
        try:
            drawn = blocks.messages(heard.reply.cards, self._front.text, repeat=heard.repeat)
            await self.keep(who.account, drawn.kept)
        except Exception as e:  # noqa: BLE001  # a card Slack would not take is never a traceback
            log.error("a card could not be drawn: %s", type(e).__name__)  # noqa: TRY400
            drawn = Drawn(())
        return drawn.messages or (self._note("broken"),)

    def _note(self, template: str) -> Message:
        card = Card(self._front.text(template))
        return blocks.messages([card], self._front.text).messages[0]

    def _offer(self, event: Event) -> Message:
        """A message in place of a window: its button opens it."""
        button = Button(self._front.text("slack_open_button"), event.text)
        card = Card(self._front.text("slack_open"), buttons=(button,))
        return blocks.messages([card], self._front.text).messages[0]

    async def _post(self, who: Asker, message: Message, *, only_theirs: bool) -> None:
        """Post an answer; raises NotSent."""
        client = await self.client(who.team)
        if client is None:
            raise NotSent("slack: not installed", for_good=True)
        sent: dict[str, Any] = {"text": message.text, "blocks": message.blocks}
        if who.thread:
            sent["thread_ts"] = who.thread
        try:
            if only_theirs and who.channel:
                try:
                    await client.chat_postEphemeral(channel=who.channel, user=who.user, **sent)
                except FAILURES as e:
                    if code(e) not in NOT_THERE:
                        raise
                else:
                    return
                sent.pop("thread_ts", None)
                await client.chat_postMessage(channel=who.user, unfurl_links=False, **sent)
            else:
                await client.chat_postMessage(
                    channel=who.channel or who.user, unfurl_links=False, **sent
                )
        except FAILURES as e:
            await self.failed(who.team, e)
            raise not_sent(e, handed_over=True) from None

    async def _done(self, who: Asker, event: Event) -> None:
        """The answer is there: the same event again is answered no more."""
        if event.id:
            await self._front.done(event.id)
            self._heard.forget(event.id)  # it may be the contents of a report
        self.homes.touch(who.account)


async def _finish(task: asyncio.Task[bool]) -> None:
    await task


def _empty(reply: Reply) -> bool:
    return not reply.cards and reply.form is None


def _for_window(reply: Reply) -> bool:
    """Whether a reply may only be shown where it leaves no copy in the conversation."""
    return reply.form is not None or any(c.confidential for c in reply.cards)


def _ephemeral(message: Message) -> dict[str, Any]:
    return {
        "text": message.text,
        "blocks": message.blocks,
        "response_type": "ephemeral",
        "unfurl_links": False,
    }


def _url(body: Body) -> str:
    return str(body.get("response_url") or "")


def _in_box(view: Body) -> str:
    """What stands in the box of the home page."""
    for actions in ((view.get("state") or {}).get("values") or {}).values():
        if blocks.ASK in actions:
            return str(actions[blocks.ASK].get("value") or "")
    return ""


def _retry(request: AsyncBoltRequest) -> str:
    return str(next(iter(request.headers.get("x-slack-retry-num") or ()), ""))
