"""Sign-ins by mail: one-time links, the visits they open, and what was sent from the pages already.

Of a token only its digest is kept: whoever reads the records, or a backup of them, can sign in with
nothing they find there. Every function that changes something writes its audit line.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records import tables
from bot.records.audit import Action, append
from bot.records.store import Transaction

LINK_LIVES = timedelta(hours=72)
IDLE = timedelta(minutes=30)  # a visit ends when nothing is done for so long
LONGEST = timedelta(hours=4)  # and then at the latest
PRESSED_TWICE = timedelta(minutes=1)  # the same page sent again so soon is the same sign-in
KEPT = timedelta(days=30)  # what is over: so long a used link can still be exchanged for a new one

_v, _seen = tables.visits, tables.seen


class Kind(StrEnum):
    LINK = "link"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Visit:
    """A link or a session: whose it is, and how long it lasts."""

    digest: str
    kind: Kind
    school: str
    person: str
    made: datetime
    expires: datetime
    used: datetime | None  # a link: signed in with; a session: ended

    def lasts(self, now: datetime) -> bool:
        """Whether it can be used now."""
        return self.used is None and now < self.expires


def digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


async def find(conn: AsyncConnection, kind: Kind, token: str) -> Visit | None:
    """The link or session that a token belongs to, whether it lasts or not."""
    row = (
        await conn.execute(sa.select(_v).where(_v.c.digest == digest(token), _v.c.kind == kind))
    ).one_or_none()
    return None if row is None else _visit(row)


async def make_link(
    tx: Transaction, *, school: str, person: str, now: datetime, about: str = ""
) -> str:
    """A new one-time link for somebody; returns its token, which is kept nowhere."""
    token = secrets.token_urlsafe(32)
    await _add(tx, Kind.LINK, token, school, person, now, now + LINK_LIVES)
    await append(
        tx, tx.sealer, at=now, school=school, actor=person, action=Action.SIGN_IN_SENT, about=about
    )
    return token


async def links_since(conn: AsyncConnection, school: str, person: str, since: datetime) -> int:
    """How many links were made for somebody after a moment."""
    mine = sa.and_(_v.c.school == school, _v.c.person == person, _v.c.kind == Kind.LINK)
    counted = sa.select(sa.func.count()).select_from(_v).where(mine, _v.c.made > since)
    return int(await conn.scalar(counted) or 0)


async def sign_in(tx: Transaction, token: str, page: str, now: datetime) -> str | None:
    """Use a link up and open a session; returns the session's token, None where the link is no good.

    `page` is a random word of the page that was sent. The same page sent again at once (somebody
    pressed twice) gets the same session: it follows from the two, and nobody without the page has it.
    """
    session = _bound(token, page)
    used = (
        await tx.conn.execute(
            sa.update(_v)
            .where(
                _v.c.digest == digest(token),
                _v.c.kind == Kind.LINK,
                _v.c.used.is_(None),
                _v.c.expires > now,
            )
            .values(used=now)
            .returning(_v.c.school, _v.c.person)
        )
    ).one_or_none()
    if used is None:
        link = await find(tx.conn, Kind.LINK, token)
        opened = await find(tx.conn, Kind.SESSION, session)
        at_once = link is not None and link.used is not None and now - link.used < PRESSED_TWICE
        return session if at_once and opened is not None and opened.lasts(now) else None
    await _add(tx, Kind.SESSION, session, used.school, used.person, now, now + IDLE)
    await append(
        tx, tx.sealer, at=now, school=used.school, actor=used.person, action=Action.SIGNED_IN
    )
    return session


def later(session: Visit, now: datetime) -> datetime:
    """When a session that is used now ends if it is not used again."""
    return min(now + IDLE, session.made + LONGEST)


async def prolong(tx: Transaction, session: Visit, now: datetime) -> None:
    """A session is used: it lasts longer. One that ended meanwhile stays ended."""
    lasting = sa.and_(_v.c.digest == session.digest, _v.c.used.is_(None))
    await tx.conn.execute(sa.update(_v).where(lasting).values(expires=later(session, now)))


async def end(tx: Transaction, session: Visit, now: datetime, why: str) -> None:
    """End a session; `why` is a code. A second end changes nothing."""
    lasting = sa.and_(_v.c.digest == session.digest, _v.c.used.is_(None))
    ended = await tx.conn.execute(sa.update(_v).where(lasting).values(used=now))
    if ended.rowcount:
        await append(
            tx,
            tx.sealer,
            at=now,
            school=session.school,
            actor=session.person,
            action=Action.SIGNED_OUT,
            detail=why,
        )


async def refuse(tx: Transaction, visit: Visit | None, now: datetime, why: str) -> None:
    """Write down that somebody was let in nowhere; None: with a token that nobody was given."""
    await append(
        tx,
        tx.sealer,
        at=now,
        school=visit.school if visit else "",
        actor=visit.person if visit else "",
        action=Action.REFUSED,
        detail=why,
    )


async def forget(tx: Transaction, now: datetime) -> None:
    """Delete what has been over for long. The audit trail keeps its lines."""
    await tx.conn.execute(sa.delete(_v).where(_v.c.expires < now - KEPT))
    await tx.conn.execute(sa.delete(_seen).where(_seen.c.at < now - KEPT))


async def of_person(conn: AsyncConnection, school: str, person: str) -> list[Visit]:
    """Every link and session of somebody that is still kept, oldest first."""
    rows = await conn.execute(
        sa.select(_v)
        .where(_v.c.school == school, _v.c.person == person)
        .order_by(_v.c.made, _v.c.digest)
    )
    return [_visit(row) for row in rows]


async def handled(conn: AsyncConnection, event: str) -> bool:
    """Whether an event with this id has been handled."""
    return await conn.scalar(sa.select(_seen.c.id).where(_seen.c.id == event)) is not None


async def mark_handled(tx: Transaction, event: str, now: datetime) -> None:
    """An event with this id has been handled: the same one arriving again is not handled twice."""
    insert = (postgresql if tx.conn.dialect.name == "postgresql" else sqlite).insert(_seen)
    await tx.conn.execute(insert.values(id=event, at=now).on_conflict_do_nothing())


async def _add(
    tx: Transaction,
    kind: Kind,
    token: str,
    school: str,
    person: str,
    now: datetime,
    expires: datetime,
) -> None:
    await tx.conn.execute(
        sa.insert(_v).values(
            digest=digest(token), kind=kind, school=school, person=person, made=now, expires=expires
        )
    )


def _bound(token: str, page: str) -> str:
    key, word = token.encode("utf-8", "replace"), page.encode("utf-8", "replace")
    return base64.urlsafe_b64encode(hmac.digest(key, word, "sha256")).decode().rstrip("=")


def _visit(row: sa.Row[Any]) -> Visit:
    return Visit(
        row.digest, Kind(row.kind), row.school, row.person, row.made, row.expires, row.used
    )
