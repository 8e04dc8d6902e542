"""Whether what somebody was to be told reached them: written into a message, and that message carried.

Carried is what a chat or a mail server says; whether anybody read it is nowhere known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.records.messages import State
from bot.records.tables import items, messages


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that one person was to be told. `sent` is None until a channel has taken the message."""

    person: str
    occurrence: str
    filled: Mapping[str, Any]
    due: datetime
    sent: datetime | None
    channel: str  # what carried it; empty where nothing has


async def tellings(conn: AsyncConnection, school: str, reminder: str) -> list[Telling]:
    """What everybody of a school was to be told of one kind, the longest due first."""
    rows = await conn.execute(
        sa.select(
            items.c.person,
            items.c.occurrence,
            items.c.filled,
            items.c.due,
            messages.c.state,
            messages.c.changed,
            messages.c.channel,
        )
        .select_from(items.outerjoin(messages, items.c.message == messages.c.id))
        .where(items.c.school == school, items.c.reminder == reminder)
        .order_by(items.c.due, items.c.id)
    )
    found = []
    for r in rows:
        sent = r.state == State.SENT
        found.append(
            Telling(
                person=r.person,
                occurrence=r.occurrence,
                filled=r.filled,
                due=r.due,
                sent=r.changed if sent else None,
                channel=(r.channel or "") if sent else "",
            )
        )
    return found
