"""What MayI can do, and which policies it answers from."""

from __future__ import annotations

from bot.chat.model import Card, Event, Reply
from handlers.services import Services


async def show_help(event: Event, rest: str, services: Services) -> Reply:
    """Show what you can say."""
    lines = services.wording.lines(
        "help",
        school=services.school.name,
        routes=[{"says": says, "help": text} for says, text in services.routes],
    )
    return Reply((Card(headline=lines[0], lines=lines[1:]),))


async def show_policies(event: Event, rest: str, services: Services) -> Reply:
    """List the policies the answers come from."""
    lines = services.wording.lines(
        "policies",
        school=services.school.name,
        id=services.school.id,
        policies=services.policies(),
    )
    return Reply((Card(headline=lines[0], lines=lines[1:]),))
