"""Acknowledgements as they are kept: which text of a policy holds, the rounds of asking, what each person said.

What somebody confirmed is bound to the exact text they were shown, by its hash, and to the audit trail, by
its reference. It is never edited; what is wrong with it is said by another one. Every function that changes
something takes a Transaction. Who owes what is decided above; nothing here asks who is looking.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.audit import Action, append
from bot.records.crypto import Sealer
from bot.records.reports import ALPHABET, new_id
from bot.records.store import Transaction
from bot.records.tables import acks, discussions, rounds, wordings

LANGUAGE = "en-GB"
FINGERPRINT = 32  # hex digits of a hash in a line of the audit trail


class Kind(StrEnum):
    """What somebody said of a policy, or a leader in their place."""

    CONFIRMED = "confirmed"  # by the person, who has read it
    EXCEPTED = "excepted"  # declared by a leader: never the same as read
    QUESTION = "question"  # the person asks the policy's owner first
    DECLINED = "declined"  # the person cannot agree


# What frees somebody from being asked again in the same round.
SETTLES = frozenset({Kind.CONFIRMED, Kind.EXCEPTED})
_ACTION = {
    Kind.CONFIRMED: Action.CONFIRMED,
    Kind.EXCEPTED: Action.EXCEPTED,
    Kind.QUESTION: Action.QUESTIONED,
    Kind.DECLINED: Action.DISAGREED,
}


@dataclass(frozen=True, slots=True)
class Wording:
    """A text of a policy that held at some time: `since` is when it last began to."""

    school: str
    policy: str
    digest: str  # SHA-256 of `text` in UTF-8, hexadecimal
    version: str
    title: str
    epoch: int  # what confirmed an earlier text of the same epoch counts for this one as well
    first_seen: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """Everybody is asked to confirm a policy from `opens` on, by `due`."""

    school: str
    policy: str
    cause: str  # "2026" for a year of asking, "e3" for the epoch of a text
    opens: date
    due: date


@dataclass(frozen=True, slots=True)
class Said:
    """What is sealed of an acknowledgement: who they were on that day, and what was written."""

    name: str
    roles: tuple[str, ...]  # titles
    team: str
    group: str  # staff, governors, volunteers
    title: str  # of the policy
    version: str
    channel: str  # slack, teams, pages, terminal
    event: str  # the platform's own id of what they pressed; empty in the terminal
    language: str = LANGUAGE
    by: str = ""  # of an exception: the leader who declared it, by id …
    by_name: str = ""  # … and name
    reason: str = ""  # of an exception: absence, paper, other
    on: str = ""  # of one on paper: the day, as ISO date
    text: str = ""  # what they wrote


@dataclass(frozen=True, slots=True)
class Ack:
    """What somebody said of a policy, whole."""

    id: str
    school: str
    reference: str  # such as A-7K2P-3X
    person: str
    policy: str
    digest: str  # of the text they were shown
    epoch: int
    year: int  # the year of asking it counts for
    kind: Kind
    at: datetime
    said: Said


@dataclass(frozen=True, slots=True)
class Signed:
    """An acknowledgement without what is sealed of it: what decides who owes what."""

    person: str
    policy: str
    digest: str
    epoch: int
    year: int
    kind: Kind
    at: datetime
    reference: str


def new_reference() -> str:
    """A reference such as A-7K2P-3X: random, so that none can be guessed."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(6))
    return f"A-{letters[:4]}-{letters[4:]}"


def as_reference(typed: str) -> str:
    """A reference as it is kept, however somebody typed it; empty where it cannot be one."""
    letters = "".join(c for c in typed.upper() if c.isalnum())
    letters = letters.removeprefix("A") if len(letters) == 7 else letters
    letters = letters.translate(str.maketrans("OIL", "011"))
    if len(letters) != 6 or set(letters) - set(ALPHABET):
        return ""
    return f"A-{letters[:4]}-{letters[4:]}"


def digest_of(text: str) -> str:
    """The hash of a policy's text: SHA-256 of its UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def fingerprint(ack: Ack) -> str:
    """A hash over all that an acknowledgement says: another one after any change to it."""
    told = asdict(ack) | {"at": ack.at.astimezone(UTC).isoformat()}
    whole = json.dumps(told, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def in_the_trail(ack: Ack) -> str:
    """The detail of its audit line: the beginning of the text's hash, a colon, that of its own."""
    return f"{ack.digest[:FINGERPRINT]}:{fingerprint(ack)[:FINGERPRINT]}"


# --- texts ---------------------------------------------------------------------------------------------


async def see(
    tx: Transaction,
    *,
    school: str,
    policy: str,
    title: str,
    version: str,
    text: str,
    keeps: Callable[[str], bool],
    now: datetime,
) -> Wording:
    """Have this text of a policy hold from now on, where another does; return it with its epoch.

    A new text for which `keeps`, given the one before, is false begins an epoch. A text that held before
    has its old one again.
    """
    await _alone(tx, school)
    before = await current(tx.conn, school, policy)
    digest = digest_of(text)
    latest = before.get(policy)
    if latest is not None and latest.digest == digest:
        return latest
    again = await _known(tx.conn, school, policy, digest)
    since = max(now, latest.since) if latest else now
    if again is not None:
        where = sa.and_(
            wordings.c.school == school, wordings.c.policy == policy, wordings.c.digest == digest
        )
        await tx.conn.execute(sa.update(wordings).where(where).values(since=since))
        return replace(_wording(again), since=since)
    epoch = 1
    if latest is not None:
        kept = keeps(await text_of(tx.conn, school, policy, latest.digest) or "")
        epoch = latest.epoch if kept else await _last_epoch(tx.conn, school, policy) + 1
    made = Wording(school, policy, digest, version, title, epoch, now, since)
    packed = zlib.compress(text.encode("utf-8", "replace"), 9)
    await tx.conn.execute(
        sa.insert(wordings).values(asdict(made) | {"id": new_id(), "text": packed})
    )
    return made


async def current(conn: AsyncConnection, school: str, policy: str = "") -> dict[str, Wording]:
    """The text that holds of each policy of a school, as it was last seen, by the policy."""
    mine = [wordings.c.policy == policy] if policy else []
    rows = await conn.execute(
        _HEADS.where(wordings.c.school == school, *mine).order_by(
            wordings.c.since, wordings.c.first_seen, wordings.c.epoch
        )
    )
    return {row.policy: _wording(row) for row in rows.mappings()}


async def held(conn: AsyncConnection, school: str, policy: str) -> list[Wording]:
    """Every text of a policy that held at some time, in the order they were first seen."""
    rows = await conn.execute(
        _HEADS.where(wordings.c.school == school, wordings.c.policy == policy).order_by(
            wordings.c.first_seen, wordings.c.epoch
        )
    )
    return [_wording(row) for row in rows.mappings()]


async def text_of(conn: AsyncConnection, school: str, policy: str, digest: str) -> str | None:
    """The exact text with this hash, or None."""
    packed = await conn.scalar(
        sa.select(wordings.c.text).where(
            wordings.c.school == school, wordings.c.policy == policy, wordings.c.digest == digest
        )
    )
    return None if packed is None else zlib.decompress(packed).decode("utf-8")


async def at_stake(conn: AsyncConnection, school: str, policy: str, year: int) -> int:
    """How many people's confirmation of this year or later a change that keeps none would void."""
    latest = (await current(conn, school, policy)).get(policy)
    if latest is None:
        return 0
    return int(
        await conn.scalar(
            sa.select(sa.func.count(acks.c.person.distinct())).where(
                acks.c.school == school,
                acks.c.policy == policy,
                acks.c.epoch == latest.epoch,
                acks.c.year >= year,
                acks.c.kind == Kind.CONFIRMED.value,
            )
        )
        or 0
    )


# --- rounds --------------------------------------------------------------------------------------------


async def open_round(tx: Transaction, round_: Round, now: datetime) -> bool:
    """Write down that a round is open; False, and nothing changed, where it was before."""
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert
    made = await tx.conn.scalar(
        insert(rounds)
        .values(asdict(round_) | {"made": now})
        .on_conflict_do_nothing(index_elements=["school", "policy", "cause"])
        .returning(rounds.c.cause)
    )
    return made is not None


async def rounds_of(conn: AsyncConnection, school: str) -> list[Round]:
    """Every round of a school that was opened, oldest first."""
    rows = await conn.execute(
        sa.select(rounds)
        .where(rounds.c.school == school)
        .order_by(rounds.c.opens, rounds.c.policy, rounds.c.cause)
    )
    return [Round(r.school, r.policy, r.cause, r.opens, r.due) for r in rows]


# --- what was said -------------------------------------------------------------------------------------


async def record(
    tx: Transaction,
    *,
    school: str,
    person: str,
    wording: Wording,
    year: int,
    kind: Kind,
    said: Said,
    now: datetime,
) -> tuple[Ack, bool]:
    """Keep what somebody said, with its audit line; the one there is, and False, where it was said before.

    A confirmation or an exception is the same again for the same person, epoch and year; a question is
    where it came with the same event. Append nothing else to the audit trail before this.
    """
    whose = (said.event or new_id(),) if kind not in SETTLES else (str(wording.epoch), str(year))
    once = hashlib.sha256(
        "\0".join((kind, wording.policy, person, *whose)).encode("utf-8", "replace")
    ).hexdigest()
    await _alone(tx, school)
    before = sa.and_(acks.c.school == school, acks.c.once == once)
    row = (await tx.conn.execute(sa.select(acks).where(before))).one_or_none()
    if row is not None:
        return _ack(row, tx.sealer), False
    taken = sa.select(sa.func.count()).select_from(acks).where(acks.c.school == school)
    reference = new_reference()
    while await tx.conn.scalar(taken.where(acks.c.reference == reference)):
        reference = new_reference()
    ack = Ack(
        id=new_id(),
        school=school,
        reference=reference,
        person=person,
        policy=wording.policy,
        digest=wording.digest,
        epoch=wording.epoch,
        year=year,
        kind=kind,
        at=now.astimezone(UTC),
        said=said,
    )
    row_ = asdict(ack) | {"kind": kind.value, "once": once, "sealed": tx.sealer.seal(asdict(said))}
    del row_["said"]
    await tx.conn.execute(sa.insert(acks).values(row_))
    await append(
        tx,
        tx.sealer,
        at=now,
        school=school,
        actor=said.by or person,
        action=_ACTION[kind],
        about=reference,
        detail=in_the_trail(ack),
    )
    return ack, True


async def signed(
    conn: AsyncConnection, school: str, *, person: str = "", since: int = 0
) -> list[Signed]:
    """What was said at a school, or by one person, for the year `since` or later; oldest first, unopened."""
    mine = [acks.c.person == person] if person else []
    rows = await conn.execute(
        sa.select(
            acks.c.person, acks.c.policy, acks.c.digest, acks.c.epoch, acks.c.year, acks.c.kind,
            acks.c.at, acks.c.reference,
        )
        .where(acks.c.school == school, acks.c.year >= since, *mine)
        .order_by(acks.c.at, acks.c.id)
    )  # fmt: skip
    return [
        Signed(r.person, r.policy, r.digest, r.epoch, r.year, Kind(r.kind), r.at, r.reference)
        for r in rows
    ]


async def all_of(
    conn: AsyncConnection, sealer: Sealer, school: str, *, person: str = "", policy: str = ""
) -> list[Ack]:
    """What was said at a school, by a person, of a policy: whole, oldest first."""
    only = [
        column == value
        for column, value in ((acks.c.person, person), (acks.c.policy, policy))
        if value
    ]
    rows = await conn.execute(
        sa.select(acks).where(acks.c.school == school, *only).order_by(acks.c.at, acks.c.id)
    )
    return [_ack(row, sealer) for row in rows]


async def by_reference(
    conn: AsyncConnection, sealer: Sealer, school: str, reference: str
) -> Ack | None:
    """The acknowledgement of this school under a reference, or None."""
    rows = await conn.execute(
        sa.select(acks).where(acks.c.school == school, acks.c.reference == reference)
    )
    row = rows.one_or_none()
    return None if row is None else _ack(row, sealer)


async def forget(tx: Transaction, school: str, before: datetime) -> int:
    """Delete what was said before that moment; its audit lines stay. Says how many."""
    gone = await tx.conn.execute(sa.delete(acks).where(acks.c.school == school, acks.c.at < before))
    return gone.rowcount


async def forget_texts(tx: Transaction, school: str, before: datetime) -> int:
    """Delete texts that held before that moment only and that nothing refers to any more; says how many.

    The text that holds stays, and so does every one of a policy's last epoch: the next is counted from it.
    """
    w, later = wordings, wordings.alias()
    same = sa.and_(later.c.school == w.c.school, later.c.policy == w.c.policy)
    referred = [
        sa.exists().where(
            t.c.school == w.c.school, t.c.policy == w.c.policy, t.c.digest == w.c.digest
        )
        for t in (acks, discussions)
    ]
    gone = await tx.conn.execute(
        sa.delete(w).where(
            w.c.school == school,
            w.c.since < before,
            sa.exists().where(same, later.c.since > w.c.since),
            sa.exists().where(same, later.c.epoch > w.c.epoch),
            *(~r for r in referred),
        )
    )
    return gone.rowcount


# --- rows ----------------------------------------------------------------------------------------------

_HEADS = sa.select(
    wordings.c.school,
    wordings.c.policy,
    wordings.c.digest,
    wordings.c.version,
    wordings.c.title,
    wordings.c.epoch,
    wordings.c.first_seen,
    wordings.c.since,
)


async def _alone(tx: Transaction, school: str) -> None:
    """Until the transaction ends, nobody else records anything of this school; SQLite has one writer anyhow."""
    if tx.conn.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock(sa.func.hashtext(f"acks:{school}"))
        await tx.conn.execute(sa.select(lock))


async def _known(
    conn: AsyncConnection, school: str, policy: str, digest: str
) -> sa.RowMapping | None:
    rows = await conn.execute(
        _HEADS.where(
            wordings.c.school == school, wordings.c.policy == policy, wordings.c.digest == digest
        )
    )
    return rows.mappings().one_or_none()


async def _last_epoch(conn: AsyncConnection, school: str, policy: str) -> int:
    last = sa.select(sa.func.max(wordings.c.epoch)).where(
        wordings.c.school == school, wordings.c.policy == policy
    )
    return int(await conn.scalar(last) or 0)


def _wording(row: sa.RowMapping) -> Wording:
    return Wording(**row)


def _ack(row: sa.Row[Any], sealer: Sealer) -> Ack:
    opened: Mapping[str, Any] = sealer.open(row.sealed)
    found: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in opened.items()}
    return Ack(
        id=row.id,
        school=row.school,
        reference=row.reference,
        person=row.person,
        policy=row.policy,
        digest=row.digest,
        epoch=row.epoch,
        year=row.year,
        kind=Kind(row.kind),
        at=row.at,
        said=Said(**found),
    )
