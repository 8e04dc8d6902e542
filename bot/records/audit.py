"""The audit trail: a line for every view and every change, each bound to the one before by its hash.

Lines are only ever added, and the database itself refuses anything else. What a line says is sealed, so
that the trail tells no one without the keys who looked at what; its hash is over the plain text, so that
the keys may be renewed. Whoever holds both the keys and the database can write a whole new trail: against
that helps only a head (its number and hash) noted somewhere else, as every backup does.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import CannotDo
from bot.records import tables
from bot.records.crypto import SealBroken, Sealer
from bot.records.store import Store, Transaction

START = "0" * 64  # what the first line follows on
BATCH = 200  # lines that are in memory at once
DONE = "done"

# A name or a short code, never a sentence: nothing that somebody typed gets into the trail.
_CODE = re.compile(r"[A-Za-z0-9._:/@+-]{0,120}", re.ASCII)


class Action(StrEnum):
    """What happened."""

    DRAFT_SAVED = "draft-saved"
    DRAFT_OPENED = "draft-opened"
    DRAFT_DISCARDED = "draft-discarded"
    DRAFT_EXPIRED = "draft-expired"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    REMINDED = "reminded"
    PASSED_ON = "passed-on"
    LISTED = "listed"  # an inbox was shown
    STATUS_ASKED = "status-asked"  # the reporter asked what happened to it
    OPENED = "opened"  # the contents were shown
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"  # a policy was read and confirmed
    EXCEPTED = "excepted"  # a leader declared an exception for somebody
    QUESTIONED = "questioned"  # somebody asks a policy's owner before they confirm
    DISAGREED = "disagreed"  # somebody cannot agree to a policy
    DISCUSSED = "discussed"  # a policy was read and discussed together
    DECLINED = "declined"  # a recipient is too close to it
    NOTED = "noted"
    CORRECTED = "corrected"
    REFERRED = "referred"
    OUTCOME = "outcome"
    CLOSED = "closed"
    REOPENED = "reopened"
    EXPORTED = "exported"
    DATA_EXPORTED = "data-exported"  # somebody took a copy of what is kept about themselves
    REFUSED = "refused"  # somebody asked for what is not theirs to see
    HELD = "held"
    RELEASED = "released"
    EXPIRED = "expired"  # its time to be kept is over
    DELETED = "deleted"
    SIGN_IN_SENT = "sign-in-sent"
    SIGNED_IN = "signed-in"
    SIGNED_OUT = "signed-out"
    REVIEWED = "reviewed"  # a policy: by its owner
    VERIFIED = "verified"
    KEYS_ROTATED = "keys-rotated"
    BACKUP = "backup"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail, as it can be read with the keys."""

    n: int
    at: datetime
    school: str
    actor: str
    action: str  # a later version may know more actions than Action
    about: str
    detail: str


@dataclass(frozen=True, slots=True)
class Trail:
    """What the trail says of something; `unopened` lines of the whole trail could not be read."""

    lines: tuple[Line, ...]
    unopened: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How many lines there are of each action; `unopened` lines of the whole trail could not be read."""

    of: Mapping[str, int]
    unopened: int


@dataclass(frozen=True, slots=True)
class Verified:
    """What a check of the trail found: how many lines, the hash at its head, and what is wrong."""

    count: int
    head: str
    findings: tuple[str, ...]


async def append(
    tx: Transaction,
    sealer: Sealer,
    *,
    at: datetime,
    school: str,
    actor: str,
    action: Action,
    about: str = "",
    detail: str = "",
) -> int:
    """Add a line within this transaction and return its number; it stands if the transaction does.

    `about` is the reference of a report or an acknowledgement, `detail` a short code of our own. Append last in a transaction:
    until it ends every other writer of the trail waits.
    """
    for value in (school, actor, about, detail):
        if not _CODE.fullmatch(value):
            raise ValueError("the audit trail takes names and codes, not text")
    at = at.astimezone(UTC)
    head = (
        await tx.conn.execute(
            sa.select(tables.audit_head.c.n, tables.audit_head.c.hash)
            .where(tables.audit_head.c.id == 1)
            .with_for_update()
        )
    ).one_or_none()
    if head is None:
        raise CannotDo("the head of the audit trail is missing; run: mayi audit verify")
    n = int(head.n) + 1
    # The salt keeps the hash from telling what the line says; the number tells a line that was moved.
    said = {
        "n": n,
        "salt": secrets.token_hex(16),
        "school": school,
        "actor": actor,
        "action": str(action),
        "about": about,
        "detail": detail,
    }
    hash_ = _hash(head.hash, n, at, said)
    await tx.conn.execute(
        sa.insert(tables.audit).values(n=n, at=at, sealed=sealer.seal(said), hash=hash_)
    )
    await tx.conn.execute(
        sa.update(tables.audit_head).where(tables.audit_head.c.id == 1).values(n=n, hash=hash_)
    )
    return n


async def lines(
    store: Store, *, school: str, about: str | None = None, actions: Collection[str] = ()
) -> Trail:
    """Return what the trail says of one report or acknowledgement, or of some actions, in order."""
    found, unopened = [], 0
    async with store.reading() as conn:
        async for row in _rows(conn):
            try:
                said = store.sealer.open(row.sealed)
            except SealBroken:
                unopened += 1
                continue
            if (
                said["school"] == school
                and (about is None or said["about"] == about)
                and (not actions or said["action"] in actions)
            ):
                found.append(
                    Line(
                        row.n,
                        row.at,
                        school,
                        said["actor"],
                        said["action"],
                        said["about"],
                        said["detail"],
                    )
                )
    return Trail(tuple(found), unopened)


async def acts_of(conn: AsyncConnection, sealer: Sealer, school: str, actor: str) -> Counts:
    """How many lines of each action name somebody of a school as who did it; never what they are about."""
    found: Counter[str] = Counter()
    unopened = 0
    async for row in _rows(conn):
        try:
            said = sealer.open(row.sealed)
        except SealBroken:
            unopened += 1
            continue
        if said["school"] == school and said["actor"] == actor:
            found[said["action"]] += 1
    return Counts(dict(sorted(found.items())), unopened)


async def verify(store: Store, *, noted: tuple[int, str] | None = None) -> Verified:
    """Go through the whole trail, as it is at this moment, and say what is wrong with it.

    `noted` is a number and hash that stood at the head once and were written down elsewhere (every
    backup's manifest has them): it tells a trail that was cut short or written anew.
    """
    findings = _Findings()
    count, last, before = 0, 0, START
    whole = True  # whether `before` is what the next line has to follow on
    kept = noted is None or noted == (0, START)
    async with store.reading() as conn:
        await _one_state(conn)
        head = (
            await conn.execute(
                sa.select(tables.audit_head.c.n, tables.audit_head.c.hash).where(
                    tables.audit_head.c.id == 1
                )
            )
        ).one_or_none()
        async for row in _rows(conn):
            count += 1
            if row.n > last + 1:
                findings.add("missing", last + 1, row.n - 1)
                whole = False
            try:
                said = store.sealer.open(row.sealed)
            except SealBroken:
                findings.add("unopened", row.n, row.n)
            else:
                fits = isinstance(said, dict)
                if fits and said.get("n") != row.n:
                    findings.add("moved", row.n, row.n)
                elif not fits or (whole and _hash(before, row.n, row.at, said) != row.hash):
                    findings.add("changed", row.n, row.n)
            if noted is not None and row.n == noted[0]:
                kept = row.hash == noted[1]
            last, before, whole = row.n, row.hash, True
    told = findings.lines()
    if head is None:
        told.append("the head of the trail is missing")
    elif head.n > last:
        told.append(
            f"line {head.n} is missing: the trail ends before it"
            if head.n == last + 1
            else f"lines {last + 1} to {head.n} are missing: the trail ends before them"
        )
    elif (head.n, head.hash) != (last, before):
        told.append(f"the head of the trail does not fit its last line, {last}")
    if noted is not None and not kept:
        told.append(
            f"line {noted[0]} is not what it was when it was noted: the trail was written anew"
        )
    return Verified(count, before, tuple(told))


class _Findings:
    """What is wrong, with neighbouring lines told as one."""

    WORDS = {  # noqa: RUF012
        "missing": ("line {} is missing", "lines {} to {} are missing"),
        "unopened": (
            "line {} cannot be opened: its key is missing, or it was altered",
            "lines {} to {} cannot be opened: their key is missing, or they were altered",
        ),
        "moved": ("line {} is out of its place", "lines {} to {} are out of their places"),
        "changed": (
            "line {} was changed, or the one before it",
            "lines {} to {} were changed, or the one before them",
        ),
    }

    def __init__(self) -> None:
        self._found: list[tuple[str, int, int]] = []

    def add(self, kind: str, first: int, last: int) -> None:
        if self._found and self._found[-1][0] == kind and self._found[-1][2] == first - 1:
            self._found[-1] = (kind, self._found[-1][1], last)
        else:
            self._found.append((kind, first, last))

    def lines(self) -> list[str]:
        return [
            self.WORDS[kind][0].format(first)
            if first == last
            else self.WORDS[kind][1].format(first, last)
            for kind, first, last in self._found
        ]


def _hash(before: str, n: int, at: datetime, said: object) -> str:
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(f"{before}\n{n}\n{moment}\n{plain}".encode("ascii")).hexdigest()


async def _one_state(conn: AsyncConnection) -> None:
    # SQLite's reading transaction sees one state anyway.
    if conn.dialect.name == "postgresql":
        await conn.execution_options(isolation_level="REPEATABLE READ")


async def _rows(conn: AsyncConnection) -> AsyncIterator[sa.Row[Any]]:
    trail = tables.audit
    page = sa.select(trail).order_by(trail.c.n).limit(BATCH)
    rows = (await conn.execute(page)).all()
    while rows:
        for row in rows:
            yield row
        rows = (await conn.execute(page.where(trail.c.n > rows[-1].n))).all()
