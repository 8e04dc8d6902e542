"""Reports as they are kept: drafts, what was sent, who has it, and what was added since.

Nothing is edited after sending: a correction is one more entry. Every function that changes something
takes a Transaction, so that a change, its audit line and the messages it causes are one commit. What
somebody may see is decided above; nothing here asks who is looking.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.crypto import Sealer
from bot.records.store import Transaction
from bot.records.tables import deliveries, drafts, entries, reports

# Crockford's base 32: no letter that is taken for a figure on a phone or read out wrongly.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


# No wait is that long: a date so far off was written by a clock that ran ahead.
FAR = timedelta(days=120)


class State(StrEnum):
    """How far a report has come; a small closed set."""

    RECEIVED = "received"  # stored; no message about it has reached anyone yet
    DELIVERED = "delivered"  # a message that it waits has reached a recipient
    OPENED = "opened"  # a recipient has looked at it
    ACKNOWLEDGED = "acknowledged"  # a recipient has said that they have taken it on
    CLOSED = "closed"  # a recipient has recorded the outcome
    UNDELIVERABLE = "undeliverable"  # nobody in the school can have it: the reporter rings


class EntryKind(StrEnum):
    """What was added to a report after it was sent."""

    CORRECTION = "correction"  # by the reporter
    NOTE = "note"
    REFERRAL = "referral"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class Content:
    """What is sealed of a report: everything that says who or what."""

    reporter: str  # a person's id
    about: str
    kind: str
    what: str
    when: str = ""
    where: tuple[str, ...] = ()
    done: tuple[str, ...] = ()
    who: str = ""  # the name as it was typed
    named: tuple[str, ...] = ()  # the people of the roster it surely means, by id
    skipped: tuple[str, ...] = ()  # whom the reporter says it is about, or close to, by id


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was sent."""

    id: str
    school: str
    reference: str
    state: State
    created: datetime
    due: datetime | None
    keep_until: date
    held: bool
    content: Content


@dataclass(frozen=True, slots=True)
class Delivery:
    """One recipient of a report and how far it has come with them. No person: an office outside."""

    id: str
    report: str
    n: int
    person: str
    role: str
    created: datetime
    sent: datetime | None = None
    opened: datetime | None = None
    acknowledged: datetime | None = None
    reminded: datetime | None = None
    failed: datetime | None = None
    declined: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """Something added after sending; never changed."""

    at: datetime
    kind: EntryKind
    person: str
    text: str
    to: str = ""  # of a referral: the office


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has typed and not yet sent. One a person."""

    id: str
    school: str
    person: str
    changed: datetime
    filled: Mapping[str, Any]


def new_id() -> str:
    """An id that nobody can guess."""
    return secrets.token_hex(16)


def new_reference() -> str:
    """A reference such as R-7KQ4-M2: random, because a gap in numbers would tell."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"R-{letters[:4]}-{letters[4:]}"


def as_reference(typed: str) -> str:
    """A reference as it is kept, however somebody typed it; empty where it cannot be one."""
    letters = "".join(c for c in typed.upper() if c.isalnum())
    letters = letters.removeprefix("R") if len(letters) == 7 else letters
    letters = letters.translate(str.maketrans("OIL", "011"))
    if len(letters) != 6 or set(letters) - set(ALPHABET):
        return ""
    return f"R-{letters[:4]}-{letters[4:]}"


# --- drafts --------------------------------------------------------------------------------------------


async def draft_of(conn: AsyncConnection, sealer: Sealer, school: str, person: str) -> Draft | None:
    """What this person has begun, or None."""
    found = await conn.execute(
        sa.select(drafts).where(drafts.c.school == school, drafts.c.person == person)
    )
    row = found.mappings().first()
    if row is None:
        return None
    filled = sealer.open(row["sealed"])
    return Draft(row["id"], row["school"], row["person"], row["changed"], filled)


async def save_draft(tx: Transaction, draft: Draft) -> None:
    """Keep a draft, in place of what this person had begun before; not one that was sent meanwhile."""
    if await submitted(tx, draft.id) is not None:
        return
    row = {
        "id": draft.id,
        "school": draft.school,
        "person": draft.person,
        "changed": draft.changed,
        "sealed": tx.sealer.seal(dict(draft.filled)),
    }
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert(drafts)
    await tx.conn.execute(
        insert.values(row).on_conflict_do_update(
            index_elements=["school", "person"],
            set_={key: row[key] for key in ("id", "changed", "sealed")},
        )
    )


async def drop_draft(tx: Transaction, draft: str) -> None:
    """Forget a draft."""
    await tx.conn.execute(sa.delete(drafts).where(drafts.c.id == draft))


async def drop_drafts_before(tx: Transaction, school: str, moment: datetime) -> int:
    """Forget drafts of a school that nobody has touched since; says how many."""
    old = sa.and_(drafts.c.school == school, drafts.c.changed < moment)
    return (await tx.conn.execute(sa.delete(drafts).where(old))).rowcount


# --- reports -------------------------------------------------------------------------------------------


async def submitted(tx: Transaction, draft: str) -> Report | None:
    """The report that this draft became, if it was sent already.

    Until the transaction ends nobody else saves this draft or sends it.
    """
    if tx.conn.dialect.name == "postgresql":
        await tx.conn.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(draft))))
    return await _one(tx.conn, tx.sealer, reports.c.draft == draft)


async def create(
    tx: Transaction, draft: str, school: str, content: Content, *, keep_until: date, now: datetime
) -> Report:
    """Write a new report under a reference of its own, and forget its draft."""
    taken = sa.select(sa.func.count()).select_from(reports)
    reference = new_reference()
    while await tx.conn.scalar(taken.where(reports.c.reference == reference)):
        reference = new_reference()
    report = Report(
        new_id(),
        school,
        reference,
        State.RECEIVED,
        now,
        now,
        keep_until,
        held=False,
        content=content,
    )
    row = asdict(report) | {"draft": draft, "sealed": tx.sealer.seal(asdict(content))}
    row["state"] = report.state.value
    del row["content"]
    await tx.conn.execute(sa.insert(reports).values(row))
    await drop_draft(tx, draft)
    return report


async def by_reference(
    conn: AsyncConnection, sealer: Sealer, school: str, reference: str
) -> Report | None:
    """The report of this school under a reference, or None."""
    return await _one(
        conn, sealer, sa.and_(reports.c.school == school, reports.c.reference == reference)
    )


async def by_id(conn: AsyncConnection, sealer: Sealer, report: str) -> Report | None:
    """The report with this id, or None where it has been deleted."""
    return await _one(conn, sealer, reports.c.id == report)


async def all_of(conn: AsyncConnection, sealer: Sealer, school: str) -> list[Report]:
    """Every report of a school, newest first."""
    found = await conn.execute(
        sa.select(reports).where(reports.c.school == school).order_by(reports.c.created.desc())
    )
    return [_report(row, sealer) for row in found.mappings()]


async def sent_by(conn: AsyncConnection, sealer: Sealer, school: str, person: str) -> list[Report]:
    """The reports that this person sent and that are still kept, newest first."""
    return [r for r in await all_of(conn, sealer, school) if r.content.reporter == person]


async def due(conn: AsyncConnection, school: str, now: datetime) -> list[str]:
    """Ids of a school's reports that the clock should look at, longest overdue first."""
    found = await conn.execute(
        sa.select(reports.c.id)
        .where(reports.c.school == school, sa.or_(reports.c.due <= now, reports.c.due > now + FAR))
        .order_by(reports.c.due)
    )
    return list(found.scalars())


async def past_keeping(conn: AsyncConnection, school: str, today: date) -> list[tuple[str, str]]:
    """Ids and references of a school's closed reports whose time is over and that no hold keeps."""
    found = await conn.execute(
        sa.select(reports.c.id, reports.c.reference).where(
            reports.c.school == school,
            reports.c.keep_until < today,
            reports.c.held.is_(False),
            reports.c.state == State.CLOSED.value,
        )
    )
    return [(r.id, r.reference) for r in found]


async def counts(conn: AsyncConnection, school: str) -> dict[State, int]:
    """How many reports of a school stand in each state."""
    found = await conn.execute(
        sa.select(reports.c.state, sa.func.count())
        .where(reports.c.school == school)
        .group_by(reports.c.state)
    )
    return {State(state): number for state, number in found}


async def change(tx: Transaction, report: str, **values: Any) -> None:
    """Set `state`, `due`, `keep_until` or `held` of a report."""
    if set(values) - {"state", "due", "keep_until", "held"}:
        raise ValueError("what was sent is never edited")
    if "state" in values:
        values["state"] = State(values["state"]).value
    await tx.conn.execute(sa.update(reports).where(reports.c.id == report).values(values))


async def delete(tx: Transaction, report: str) -> None:
    """Delete a report with everything that was said of it. The audit trail keeps its stub."""
    await tx.conn.execute(sa.delete(reports).where(reports.c.id == report))


# --- who has it ----------------------------------------------------------------------------------------


async def deliveries_of(conn: AsyncConnection, report: str) -> list[Delivery]:
    """Who has got a report, in the order they got it."""
    found = await conn.execute(
        sa.select(deliveries).where(deliveries.c.report == report).order_by(deliveries.c.n)
    )
    return [Delivery(**row) for row in found.mappings()]


async def delivered_to(conn: AsyncConnection, school: str, person: str) -> list[str]:
    """Ids of the reports of a school that were ever delivered to this person."""
    found = await conn.execute(
        sa.select(reports.c.id)
        .join(deliveries, deliveries.c.report == reports.c.id)
        .where(reports.c.school == school, deliveries.c.person == person)
        .order_by(reports.c.created.desc())
    )
    return list(found.scalars())


async def deliver(
    tx: Transaction, report: str, *, person: str, role: str, now: datetime
) -> Delivery:
    """Make somebody a recipient. They are told by a message, which is not written here."""
    last = await tx.conn.scalar(
        sa.select(sa.func.coalesce(sa.func.max(deliveries.c.n), 0)).where(
            deliveries.c.report == report
        )
    )
    made = Delivery(new_id(), report, int(last or 0) + 1, person, role, now)
    await tx.conn.execute(sa.insert(deliveries).values(asdict(made)))
    return made


async def mark(tx: Transaction, delivery: str, **moments: datetime) -> None:
    """Set `sent`, `opened`, `acknowledged`, `reminded`, `failed` or `declined` of a delivery."""
    await tx.conn.execute(sa.update(deliveries).where(deliveries.c.id == delivery).values(moments))


# --- what was added ------------------------------------------------------------------------------------


async def add_entry(tx: Transaction, report: str, entry: Entry) -> None:
    """Add a correction, note, referral or outcome."""
    sealed = tx.sealer.seal({"person": entry.person, "text": entry.text, "to": entry.to})
    await tx.conn.execute(
        sa.insert(entries).values(
            id=new_id(), report=report, at=entry.at, kind=entry.kind.value, sealed=sealed
        )
    )


async def entries_of(conn: AsyncConnection, sealer: Sealer, report: str) -> list[Entry]:
    """What was added to a report, oldest first."""
    found = await conn.execute(
        sa.select(entries).where(entries.c.report == report).order_by(entries.c.at, entries.c.id)
    )
    return [
        Entry(row["at"], EntryKind(row["kind"]), **sealer.open(row["sealed"]))
        for row in found.mappings()
    ]


async def _one(
    conn: AsyncConnection, sealer: Sealer, where: sa.ColumnElement[bool]
) -> Report | None:
    row = (await conn.execute(sa.select(reports).where(where))).mappings().first()
    return None if row is None else _report(row, sealer)


def _report(row: sa.RowMapping, sealer: Sealer) -> Report:
    return Report(
        id=row["id"],
        school=row["school"],
        reference=row["reference"],
        state=State(row["state"]),
        created=row["created"],
        due=row["due"],
        keep_until=row["keep_until"],
        held=row["held"],
        content=_content(sealer.open(row["sealed"])),
    )


def _content(opened: Mapping[str, Any]) -> Content:
    found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in opened.items()}
    return Content(**found)


def state_of(found: Iterable[Delivery], *, closed: bool) -> State:
    """How far a report has come with the one who has come furthest."""
    live = [d for d in found if d.declined is None]
    if closed:
        return State.CLOSED
    for state, reached in (
        (State.ACKNOWLEDGED, any(d.acknowledged for d in live)),
        (State.OPENED, any(d.opened for d in live)),
        (State.UNDELIVERABLE, any(not d.person and not d.sent for d in live)),
        (State.DELIVERED, any(d.sent for d in live)),
    ):
        if reached:
            return state
    return State.RECEIVED
