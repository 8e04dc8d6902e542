"""Sending one message: taken up, carried, recorded; whatever happens in between."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import PurePath

from bot.records import messages
from bot.records.messages import Message, NotSent
from bot.records.store import RecordsUnavailable, Store

log = logging.getLogger(__name__)

CARRY_SECONDS = 120  # for all channels of a person, one after the other
RECORD_SECONDS = (
    120  # how long records that cannot be written are tried again: what was sent is not sent twice
)

# Nobody may take the message for left behind before this is over.
LONGEST = timedelta(seconds=CARRY_SECONDS + RECORD_SECONDS)

# Hands a message to whatever reaches its reader; returns the channel that took it, or raises NotSent.
Carry = Callable[[Message], Awaitable[str]]
Clock = Callable[[], datetime]


async def send(store: Store, message_id: str, carry: Carry, clock: Clock) -> None:
    """Send a message if it is to be sent now, and record what came of it.

    Only NotSent says for certain that nothing was taken. After anything else that `carry` raises, or
    when it takes too long, the message is tried again as a repeat.
    """
    message = await messages.begin(store, message_id, clock())
    if message is None:
        return
    try:
        async with asyncio.timeout(CARRY_SECONDS):
            channel = await carry(message)
    except NotSent as e:
        why = e
        log.info("message %s was not taken: %s", message_id, why)
        await _recorded(
            lambda: messages.failed(
                store,
                message_id,
                clock(),
                for_good=why.for_good,
                retry_after=why.retry_after,
                perhaps=why.perhaps,
            )
        )
    except Exception as e:  # noqa: BLE001  # whatever a channel's library raises
        log.error("message %s could not be carried: %s", message_id, said(e))  # noqa: TRY400
        await _recorded(
            lambda: messages.failed(store, message_id, clock(), for_good=False, perhaps=True)
        )
    else:
        await _recorded(lambda: messages.sent(store, message_id, channel, clock()))


async def _recorded(record: Callable[[], Awaitable[None]]) -> None:
    """Record, patiently: a message that was sent and not recorded is sent again."""
    loop = asyncio.get_running_loop()
    started, wait = loop.time(), 0.2
    while True:
        try:
            return await record()
        except RecordsUnavailable:
            if loop.time() + wait - started > RECORD_SECONDS:
                raise
        await asyncio.sleep(wait)
        wait = min(wait * 2, 20)


def said(error: BaseException) -> str:
    """What can be logged of an error: its type and where it was raised, none of its words."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
