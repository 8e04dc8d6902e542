"""The chat platforms that are configured, connected to the front."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from starlette.routing import BaseRoute

from bot.app.front import Reception
from bot.chat.model import Card
from bot.chat.render import Wording
from bot.config import Home, slack_settings, teams_settings
from bot.errors import MayIError


class Running(Protocol):
    """Something that runs as long as MayI does."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Take nothing more, and disconnect."""


class Chat(Running, Protocol):
    """A chat platform's adapter."""

    name: str  # what its accounts begin with

    def routes(self) -> Sequence[BaseRoute]:
        """What the platform calls over HTTP."""

    async def send(self, account: str, card: Card) -> None:
        """Hand a card to somebody, or raise NotSent."""

    def said(self) -> list[str]:
        """What is configured, and what is missing."""


class Mailer(Protocol):
    """What can send a mail."""

    async def send(
        self, to: str, subject: str, text: str, *, message_id: str, at: datetime
    ) -> None:
        """Hand one mail over, or raise NotSent."""


@dataclass(slots=True)
class Configured:
    """What the environment sets up."""

    chats: list[Chat] = field(default_factory=list)
    beside: list[Running] = field(default_factory=list)  # what they lean on: starts before them
    lines: list[str] = field(default_factory=list)  # on each chat that is set up or could be
    mail: Mailer | None = None  # where there is no mail server


def configured(front: Reception) -> Configured:
    """The chats that the environment sets up, and a line on each that could be."""
    made = Configured()
    found, lines = made.chats, made.lines
    slack = slack_settings()
    if slack is None:
        lines += Wording().lines("chat_missing", name="Slack", guide="docs/slack.md")
    else:
        from bot.platforms.slack import Slack

        chat = Slack(slack, front, rosters=lambda: slack_rosters(front.site.home))
        lines += chat.said()
        if not slack.missing:
            found.append(chat)
    teams = teams_settings()
    if teams is None:
        lines += Wording().lines("chat_missing", name="Teams", guide="docs/teams.md")
    else:
        from bot.platforms.teams import Teams

        install = None
        if teams.graph:
            from bot.app.entra import Entra
            from bot.platforms.teams.reach import GraphMail, Installer

            entra = Entra(teams, front)
            made.beside.append(entra)
            install = Installer(entra.graph) if teams.app else None
            made.mail = GraphMail(entra.graph) if teams.mail_from else None
        teams_chat = Teams(teams, front, install=install)
        lines += teams_chat.said()
        found.append(teams_chat)
    return made


def slack_rosters(home: Home) -> Mapping[str, Sequence[str]]:
    """Where each Slack workspace lists a school's staff: its members, or the id of a user group."""
    wanted: dict[str, list[str]] = {}
    for name in home.own_schools():
        try:
            table = home.school(name).settings.get("slack", {})
        except MayIError:  # a school.toml being mended: its list stays as it was
            continue
        if not isinstance(table, dict):
            continue
        named, roster = table.get("workspace", ()), str(table.get("roster", "list"))
        for workspace in [named] if isinstance(named, str) else named:
            groups = wanted.setdefault(str(workspace), [])
            # A list in school.toml still needs its people's accounts, found by their mail addresses.
            groups.append("members" if roster in ("list", "members") else roster)
    return wanted
