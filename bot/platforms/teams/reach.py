"""Graph as the ways to reach somebody: MayI installed for them in Teams, or a mail from a mailbox of the school."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.people.graph import Graph, GraphFailed
from bot.records.messages import NotSent


@dataclass(frozen=True, slots=True)
class Installer:
    """Installs MayI for somebody: what the adapter calls where nobody has spoken to it yet."""

    graph: Graph

    async def __call__(self, tenant: str, person: str) -> str:
        """The id of their conversation with MayI; raises NotSent."""
        try:
            return await self.graph.install(tenant, person)
        except GraphFailed as e:
            raise _not_sent(e) from None


@dataclass(frozen=True, slots=True)
class GraphMail:
    """Mail through Graph, for a school without a mail server of its own: sends as `bot.platforms.mail.Mail` does."""

    graph: Graph

    async def send(
        self,
        to: str,
        subject: str,
        text: str,
        *,
        message_id: str,
        at: datetime,  # noqa: ARG002  # Exchange dates a mail itself
    ) -> None:
        """Hand one message over, or raise NotSent."""
        try:
            await self.graph.mail(to, subject, text, message_id=message_id)
        except GraphFailed as e:
            raise _not_sent(e) from None


def _not_sent(e: GraphFailed) -> NotSent:
    return NotSent(
        f"graph: {e.why}", for_good=e.for_good, retry_after=e.retry_after, perhaps=e.perhaps
    )
