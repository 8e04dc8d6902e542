"""Event -> Route -> Reply: the first route whose word was typed, else the last one; never silence."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.chat.model import Card, Event, Reply
from bot.chat.render import Wording
from bot.errors import MayIError

Services = TypeVar("Services")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Route(Generic[Services]):
    """A word people say and the handler it goes to; the handler's first docstring line is its help.

    A route with no words takes whatever no other route took.
    """

    # (event, what followed the word, services)
    handler: Callable[[Event, str, Services], Awaitable[Reply]]
    words: tuple[str, ...] = ()
    shown: bool = True  # whether help lists it: a step of a form is no command
    private: bool = False  # whether it is only for where nobody else sees the reply

    @property
    def help(self) -> str:
        """What the route does, in one line."""
        return (self.handler.__doc__ or "").strip().splitlines()[0]


class Router(Generic[Services]):
    """Finds the route for an event and answers it, whatever happens on the way."""

    def __init__(
        self, routes: Sequence[Route[Services]], wording: Callable[[Services], Wording]
    ) -> None:
        self._routes = tuple(routes)
        self._wording = wording

    async def handle(self, event: Event, services: Services) -> Reply:
        """Answer an event. A failure becomes a plain card: the person is never left waiting."""
        route, rest = self._find(event.text)
        try:
            if route.private and not event.private:
                return Reply((Card(self._wording(services).text("in_private")),))
            return await route.handler(event, rest, services)
        except MayIError as e:
            return Reply((Card(str(e)),))
        except Exception as e:  # noqa: BLE001  # the last resort: say so and carry on
            # The type alone: an exception's text may hold what somebody typed.
            log.error("handler %s failed: %s", route.handler.__name__, type(e).__name__)  # noqa: TRY400
            return Reply((Card(self._apology(services)),))

    def _apology(self, services: Services) -> str:
        try:
            return self._wording(services).text("broken")
        except MayIError:  # the school's own copy of that very message is broken
            return Wording().text("broken")

    def _find(self, text: str) -> tuple[Route[Services], str]:
        said, _, rest = text.strip().lstrip("/").partition(" ")
        for route in self._routes:
            if said.lower() in route.words and (text.strip().startswith("/") or not rest.strip()):
                return route, rest.strip()
        return next(r for r in self._routes if not r.words), text.strip()
