"""What a new version of a policy would do to the confirmations there are, told to its owner beforehand."""

from __future__ import annotations

import asyncio

from bot.app.records import open_store
from bot.config import Home, School
from bot.policy.model import Policy
from bot.records import acks
from bot.schedule.rounds import asking_of
from handlers.acks.outstanding import keeps_signatures


def signatures_at_stake(home: Home, school: School, slug: str, policy: Policy) -> int:
    """How many people would have to confirm a policy again if its file said this.

    None of them where the school asks nobody, the change is minor or no rule is changed.
    """
    if asking_of(school) is None or not (
        home.database or (home.root / "data" / "mayi.db").exists()
    ):
        return 0

    async def count() -> int:
        store = await open_store(home)
        try:
            async with store.reading() as conn:
                now = (await acks.current(conn, school.id, slug)).get(slug)
                before = await acks.text_of(conn, school.id, slug, now.digest) if now else None
                if before is None or keeps_signatures(before, policy):
                    return 0
                rounds = await acks.rounds_of(conn, school.id)
                years = [int(r.cause) for r in rounds if r.policy == slug and r.cause.isdigit()]
                return await acks.at_stake(conn, school.id, slug, max(years, default=0))
        finally:
            await store.close()

    return asyncio.run(count())
