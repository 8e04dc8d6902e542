"""What handlers are given: the school, the answering engine, the wording. Never a socket or a clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.chat.memory import Memory
from bot.chat.render import Wording
from bot.config import School
from bot.policy.answer import Answer
from bot.policy.asked import Listed, Why
from bot.policy.index import Entry, PolicyInfo


@dataclass(frozen=True, slots=True)
class Services:
    """One school's surroundings for one event."""

    school: School
    wording: Wording
    memory: Memory
    answer: Callable[[str], Answer]
    policies: Callable[[], tuple[PolicyInfo, ...]]
    clause: Callable[[str], Entry | None]  # by its id
    note: Callable[[str, Why], None]  # puts a question on the policy owner's list
    decided: Callable[[str], Listed | None]  # what the school decided on such a question
    guidance: Mapping[str, Mapping[str, str]]  # national guidance for this school's nation
    routes: tuple[tuple[str, str], ...] = field(default=())  # what people can say, what it does

    def role(self, role: str) -> str:
        """A role as it is shown: this school's title and present holder."""
        return str(self.school.role(role))
