"""Whether acknowledgements and discussions are what was recorded: against their texts and the audit trail.

Each kept text is hashed anew; each acknowledgement is compared with the line that the trail has of it, and
each line with what it is about, so that one that was changed, added or taken away in the database is found.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import acks, audit, discussions
from bot.records.acks import Ack
from bot.records.audit import Action, Line
from bot.records.crypto import SealBroken
from bot.records.discussions import Discussion
from bot.records.store import Store
from bot.records.tables import acks as _acks
from bot.records.tables import discussions as _discussions
from bot.records.tables import wordings as _wordings

SAID = (Action.CONFIRMED, Action.EXCEPTED, Action.QUESTIONED, Action.DISAGREED)
BROKEN = (SealBroken, ValueError, TypeError, KeyError, AttributeError)  # what altered rows lead to


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong with it: a line each, which names the reference."""

    acknowledgements: int
    discussions: int
    texts: int
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Recorded:
    """A row as it is now, or None where it cannot be opened."""

    reference: str
    whole: Ack | Discussion | None
    detail: str = ""  # what its audit line would have to say
    actor: str = ""
    text: tuple[str, str] = ("", "")  # policy and digest


async def check(store: Store, school: str, *, kept_since: datetime) -> Checked:
    """Go through all that a school's people confirmed and discussed.

    What was said before `kept_since` may have been deleted, its time being over; all else has to be there.
    """
    trail = await audit.verify(store)
    findings = [f"audit trail: {f}" for f in trail.findings]
    told = await audit.lines(store, school=school, actions=(*SAID, Action.DISCUSSED))
    by_reference: dict[str, list[Line]] = defaultdict(list)
    for line in told.lines:
        by_reference[line.about].append(line)
    async with store.reading() as conn:
        texts = await _texts(conn, school)
        confirmed = await _all(
            conn, school, _acks, lambda r: acks.by_reference(conn, store.sealer, school, r)
        )
        discussed = await _all(
            conn, school, _discussions,
            lambda r: discussions.by_reference(conn, store.sealer, school, r),
        )  # fmt: skip
    rows = (*confirmed, *discussed)
    findings += [f"{policy}: {wrong}" for (policy, _), wrong in texts.items() if wrong]
    for row in rows:
        findings += _of(row, by_reference.pop(row.reference, []), texts)
    for reference, lines in by_reference.items():
        findings += [
            f"{reference}: is in the audit trail (line {line.n}, {line.action}, by {line.actor}, "
            f"{line.at:%-d %B %Y}) and not in the records: it was taken away"
            for line in lines
            if line.at >= kept_since
        ]
    return Checked(len(confirmed), len(discussed), len(texts), tuple(findings))


def wrong_with(ack: Ack, text: str | None, lines: tuple[Line, ...]) -> str:
    """What is wrong with one acknowledgement, given its text and its audit lines; empty where it holds."""
    row = _of_ack(ack)
    wrong = "" if text is not None and acks.digest_of(text) == ack.digest else "altered"
    texts = {} if text is None else {(ack.policy, ack.digest): wrong}
    return "; ".join(f.partition(": ")[2] for f in _of(row, list(lines), texts))


def _of(row: _Recorded, lines: list[Line], texts: Mapping[tuple[str, str], str]) -> list[str]:
    """What is wrong with one row."""
    if row.whole is None:
        return [f"{row.reference}: cannot be opened: its key is missing, or it was altered"]
    found = []
    policy, digest = row.text
    if row.text not in texts:
        found.append(f"the text of {policy} that it is about, {digest[:12]}…, is not kept")
    elif texts[row.text]:
        found.append(f"the text of {policy} that is kept is not the one it is about")
    if not lines:
        found.append("is not in the audit trail: it was not recorded by MayI")
    elif len(lines) > 1:
        found.append(f"is in the audit trail {len(lines)} times")
    elif (lines[0].detail, lines[0].actor) != (row.detail, row.actor):
        found.append(f"was altered after line {lines[0].n} of the audit trail recorded it")
    return [f"{row.reference}: {f}" for f in found]


async def _texts(conn: AsyncConnection, school: str) -> dict[tuple[str, str], str]:
    """Every kept text by its policy and digest, with what is wrong with it."""
    rows = await conn.execute(
        sa.select(_wordings.c.policy, _wordings.c.digest, _wordings.c.text)
        .where(_wordings.c.school == school)
        .order_by(_wordings.c.policy, _wordings.c.first_seen)
    )
    found = {}
    for row in rows:
        wrong = f"the text kept under {row.digest[:12]}… has another hash: it was altered"
        try:
            if acks.digest_of(zlib.decompress(row.text).decode()) == row.digest:
                wrong = ""
        except (zlib.error, ValueError):
            pass
        found[row.policy, row.digest] = wrong
    return found


async def references(conn: AsyncConnection, school: str, table: sa.Table = _acks) -> list[str]:
    """The reference of every row of a school, in order; of acknowledgements unless another table is named."""
    found = await conn.scalars(
        sa.select(table.c.reference).where(table.c.school == school).order_by(table.c.reference)
    )
    return list(found)


async def _all(
    conn: AsyncConnection,
    school: str,
    table: sa.Table,
    read: Callable[[str], Awaitable[Ack | Discussion | None]],
) -> list[_Recorded]:
    """Every row of a table, one by one: one that is altered keeps none of the others from being read."""
    found = []
    for reference in await references(conn, school, table):
        try:
            whole = await read(reference)
            found.append(_recorded(reference, whole))
        except BROKEN:
            found.append(_Recorded(reference, None))
    return found


def _recorded(reference: str, whole: Ack | Discussion | None) -> _Recorded:
    if isinstance(whole, Ack):
        return _of_ack(whole)
    if whole is None:
        return _Recorded(reference, None)
    return _Recorded(
        reference,
        whole,
        discussions.in_the_trail(whole),
        whole.person,
        (whole.policy, whole.digest),
    )


def _of_ack(ack: Ack) -> _Recorded:
    actor = ack.said.by or ack.person
    return _Recorded(ack.reference, ack, acks.in_the_trail(ack), actor, (ack.policy, ack.digest))
