"""What handlers are given: the school, the answering engine, the wording. Never a socket or a clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from bot.chat.render import Wording
from bot.config import School
from bot.policy.answer import Answer
from bot.policy.index import PolicyInfo


@dataclass(frozen=True, slots=True)
class Services:
    """One person's surroundings for one event."""

    school: School
    wording: Wording
    answer: Callable[[str], Answer]
    policies: Callable[[], tuple[PolicyInfo, ...]]
    routes: tuple[tuple[str, str], ...] = field(default=())  # what people can say, and what it does

    def role(self, role: str) -> str:
        """A role as it is shown: this school's title and present holder."""
        return str(self.school.role(role))

    def with_routes(self, routes: tuple[tuple[str, str], ...]) -> Services:
        return replace(self, routes=routes)
