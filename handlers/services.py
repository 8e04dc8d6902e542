"""What handlers are given: the school, who is talking, the answering engine, the records, the wording.

Never a socket or a clock: `now` is when the event arrived.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from bot.chat.memory import Memory
from bot.chat.model import Card, Reply
from bot.chat.render import Wording
from bot.config import School
from bot.policy.answer import Answer
from bot.policy.asked import Listed, Why
from bot.policy.index import Entry, PolicyInfo
from bot.policy.model import Front

if TYPE_CHECKING:  # one question needs none of these, and they take a moment to import
    from bot.people.roster import People, Person
    from bot.policy.outdated import Edition
    from bot.records.store import Store
    from bot.schedule.calendar import WorkingTime
    from bot.schedule.handover import Patience
    from bot.schedule.rules import Reminders
    from bot.schedule.terms import SchoolCalendar


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
    forget_questions: Callable[[], None]  # those on the list whose time is over
    guidance: Mapping[str, Mapping[str, str]]  # national guidance for this school's nation
    people: Callable[[], People]  # raises BadSettings where school.toml cannot be read for it
    records: Callable[[], Awaitable[Store]]  # opened when first needed
    hours: Callable[[], WorkingTime]
    patience: Callable[[], Patience]
    calendar: Callable[[], SchoolCalendar]  # with the last good calendar file or feed
    reminders: Callable[[], Reminders]  # what the school reminds its people of; raises BadSettings
    fronts: Callable[[], Mapping[str, Front]]  # each policy's front matter, by its file's stem
    # The national guidance that each policy cites in a superseded edition, by its file's stem.
    outdated: Callable[[], Mapping[str, tuple[Edition, ...]]]
    # Writes when a policy was reviewed, when it is to be next, and its version; raises CannotDo.
    mark_reviewed: Callable[[str, date, date, str], None]
    now: datetime  # aware, UTC
    person: Person | None = None  # who is talking, where they are on the roster
    routes: tuple[tuple[str, str], ...] = field(default=())  # what people can say, what it does

    def role(self, role: str) -> str:
        """A role as it is shown: this school's title and present holder."""
        return str(self.school.role(role))

    def local(self, moment: datetime) -> datetime:
        """A moment by the school's own clock."""
        return moment.astimezone(self.hours().zone)

    def refuse(self) -> Reply:
        """What everybody hears who is not on the roster."""
        return Reply((Card(self.wording.text("only_staff", school=self.school.name)),))

    @property
    def today(self) -> date:
        """The date at the school."""
        return self.hours().today(self.now)
