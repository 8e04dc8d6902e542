"""The table of what people say: read it and you know everything the conversation can do."""

from __future__ import annotations

from bot.chat.router import Route
from handlers.ask import ask, not_that
from handlers.help import show_help, show_policies
from handlers.services import Services

ROUTES: tuple[Route[Services], ...] = (
    Route(show_help, ("help", "?")),
    Route(show_policies, ("policies",)),
    Route(not_that, ("not-that",)),
    Route(ask),
)
