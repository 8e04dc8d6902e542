"""What a chat platform's adapter talks to: everything it needs to know, and nothing of any school."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.chat.model import Card, Event, Reply


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of an event. An empty reply: it was answered before, say nothing."""

    reply: Reply
    repeat: bool = False  # it came before, and whether its answer arrived is not known: say so


@dataclass(frozen=True, slots=True)
class RosterEntry:
    """Somebody as a platform knows them. Not `active`: they have left, or were switched off."""

    account: str
    name: str
    email: str = ""
    active: bool = True


class Front(Protocol):
    """What takes events from a platform. An account is "slack:<team>/<user>" or "teams:<tenant>/<object>"."""

    async def hear(self, account: str, event: Event) -> Heard:
        """Answer an event, once. Never raises; a stranger gets one plain refusal."""

    async def done(self, event_id: str) -> None:
        """Say that the answer has been shown: the same event again is not answered again."""

    async def known(self, account: str) -> bool:
        """Whether this account is on a roster that counts here."""

    async def home(self, account: str) -> Reply:
        """What stands on the person's home page."""

    def text(self, template: str, /, **values: Any) -> str:
        """Wording that the adapter itself needs."""

    async def roster(self, workspace: str, entries: Sequence[RosterEntry], *, whole: bool) -> None:
        """Take what a platform says of who works there: "slack:<team>", "teams:<tenant>".

        `whole`: whoever is known from there and not among the entries has left.
        """

    async def remember(self, account: str, key: str, value: str) -> None:
        """Keep a small thing of the adapter's own with an account; sealed."""

    async def recall(self, account: str, key: str) -> str:
        """What was kept; empty where nothing was."""


class Channel(Protocol):
    """A chat that can carry a card to somebody's account."""

    async def send(self, account: str, card: Card) -> None:
        """Hand it over, or raise NotSent."""
