"""The roll laid against what was asked, sent and said: everybody who is to confirm a policy, in exactly one column.

Asked, sent and read are three things. What was sent is never counted as read, and an exception never as a
confirmation; the columns add up to the roll, to the last person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.records import acks, reached
from bot.records.acks import Kind, Signed
from bot.records.store import Transaction
from bot.schedule.rounds import Standing
from handlers.acks.acknowledged import ACKNOWLEDGE
from handlers.acks.outstanding import Picture, Stand
from handlers.services import Services


class Column(StrEnum):
    """Where somebody stands with a policy. Everybody is in one of them."""

    CONFIRMED = "confirmed"
    EXCEPTION = "exception"  # declared by a leader: not read
    QUESTION = "question"  # they asked about it or cannot agree, and have not confirmed
    SENT = "sent"  # outstanding: they were asked, and a message about it was carried to them
    NOT_REACHED = "not-reached"  # outstanding: asked, and no message was carried
    AWAY = "away"  # outstanding: not asked yet, because they are away
    NOT_ASKED = "not-asked"  # outstanding: not asked yet, because they have just come or it is new


OUTSTANDING = (Column.SENT, Column.NOT_REACHED, Column.AWAY, Column.NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Row:
    """One person and one policy."""

    stand: Stand
    column: Column
    sent: datetime | None  # when the first message about it was carried to them
    reminded: int  # how many more were carried after it

    @property
    def team(self) -> str:
        """The person's team; empty where they have none."""
        return self.stand.person.team


@dataclass(frozen=True, slots=True)
class Apart:
    """A confirmation of this year by somebody who is not on the roll of that policy."""

    signed: Signed
    left: bool  # they are no longer at the school; else it is not asked of them


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many people are in each column."""

    roll: int = 0
    confirmed: int = 0
    exceptions: int = 0
    questions: int = 0
    outstanding: int = 0
    not_reached: int = 0  # of the outstanding: asked, and nothing carried to them
    not_asked: int = 0  # of the outstanding: not asked yet


async def rows_of(tx: Transaction, found: Picture, services: Services) -> tuple[Row, ...]:
    """Everybody of a picture, with what was sent to them."""
    carried: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for told in await reached.tellings(tx.conn, services.school.id, ACKNOWLEDGE):
        if told.sent is not None:
            for policy in told.filled["policies"]:
                carried[told.person, policy].append(told.sent)
    return tuple(row_of(s, sorted(carried.get((s.person.id, s.policy), ()))) for s in found.stands)


def row_of(stand: Stand, carried: Sequence[datetime]) -> Row:
    """The row of one stand, given when messages about it were carried to the person, in order.

    Only what came after they were asked this time counts.
    """
    after = [at for at in carried if stand.asked is not None and at >= stand.asked]
    if stand.standing is Standing.CONFIRMED:
        column = Column.CONFIRMED
    elif stand.standing is Standing.EXCEPTED:
        column = Column.EXCEPTION
    elif stand.question:
        column = Column.QUESTION
    elif after:
        column = Column.SENT
    elif stand.asked is not None:
        column = Column.NOT_REACHED
    else:
        column = Column.AWAY if stand.standing is Standing.ABSENT else Column.NOT_ASKED
    settled = stand.signed.at if stand.signed else None
    before = [at for at in after if settled is None or at <= settled]
    return Row(stand, column, after[0] if after else None, max(0, len(before) - 1))


async def apart_of(tx: Transaction, found: Picture, services: Services) -> tuple[Apart, ...]:
    """Who confirmed this year and is not on the roll of that policy now: leavers first."""
    people = services.people()
    here = {p.id for p in people.persons}
    on_the_roll = {(s.person.id, s.policy) for s in found.stands}
    signed = await acks.signed(tx.conn, services.school.id, since=found.year)
    apart = [
        Apart(s, s.person not in here)
        for s in signed
        if s.kind is Kind.CONFIRMED and (s.person, s.policy) not in on_the_roll
    ]
    return tuple(sorted(apart, key=lambda a: (not a.left, a.signed.at)))


def numbers(rows: Iterable[Row]) -> Numbers:
    """How many of these rows are in each column."""
    count = Counter(r.column for r in rows)
    return Numbers(
        roll=count.total(),
        confirmed=count[Column.CONFIRMED],
        exceptions=count[Column.EXCEPTION],
        questions=count[Column.QUESTION],
        outstanding=sum(count[c] for c in OUTSTANDING),
        not_reached=count[Column.NOT_REACHED],
        not_asked=count[Column.AWAY] + count[Column.NOT_ASKED],
    )


def grouped(rows: Iterable[Row], by: Callable[[Row], str]) -> dict[str, tuple[Row, ...]]:
    """The rows by team or by policy, in name order; those without a name last."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[by(row)].append(row)
    names = sorted(found, key=lambda name: (not name, name.casefold(), name))
    return {name: tuple(found[name]) for name in names}


def share(part: int, whole: int) -> int:
    """A share in whole per cents: 100 only where nobody is missing, 0 only where there is nobody."""
    if not whole or not part:
        return 0
    return 100 if part >= whole else min(99, max(1, round(100 * part / whole)))


CELLS = 10


def bar(part: int, whole: int) -> str:
    """A share as a row of signs: full only where nobody is missing, empty only where there is nobody."""
    full = share(part, whole) * CELLS // 100
    full = max(1, full) if part else 0
    return "▰" * full + "▱" * (CELLS - full)
