"""A certificate of what somebody confirmed: for themselves, and to be checked against the records by anybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.chat.model import Attachment, Card, Event, Reply, Tone
from bot.chat.render import Wording
from bot.records import acks
from bot.records.acks import Ack, Kind
from handlers.reports.export import pdf
from handlers.services import Services

FINGERPRINT = 32  # hex digits of it: those that stand in the audit trail


async def certificate(event: Event, rest: str, services: Services) -> Reply:
    """Get a certificate of what you confirmed."""
    if services.person is None:
        return services.refuse()
    words, school = services.wording, services.school
    store = await services.records()
    async with store.reading() as conn:
        reference = acks.as_reference(rest)
        ack = await acks.by_reference(conn, store.sealer, school.id, reference)
        current = await acks.current(conn, school.id, ack.policy) if ack else {}
    if ack is None or ack.person != services.person.id or ack.kind is not Kind.CONFIRMED:
        return Reply((Card(words.text("certificate_refused")),))
    newer = ack.policy in current and current[ack.policy].digest != ack.digest
    title, lines = words_of(ack, school.name, words, services.hours().zone, newer=newer)
    text = "\n\n".join((title, *lines)) + "\n"
    return Reply(
        (Card(words.text("certificate_made", reference=ack.reference), Tone.DO),),
        files=(
            Attachment(f"{ack.reference}.pdf", drawn(title, lines, words)),
            Attachment(f"{ack.reference}.txt", text.encode("utf-8", "replace")),
        ),
    )


def words_of(
    ack: Ack, school: str, words: Wording, zone: ZoneInfo, *, newer: bool
) -> tuple[str, tuple[str, ...]]:
    """The certificate's title and lines. `newer`: another wording holds by now."""
    local: datetime = ack.at.astimezone(zone)
    return (
        words.text("certificate", part="title", ack=ack),
        words.lines(
            "certificate",
            part="lines",
            ack=ack,
            school=school,
            local=local,
            zone=local.tzname() or str(zone),
            fingerprint=acks.fingerprint(ack)[:FINGERPRINT],
            newer=newer,
        ),
    )


def drawn(title: str, lines: Sequence[str], words: Wording) -> bytes:
    """A certificate as PDF."""
    return pdf(title, lines, words.text("certificate_inexact"))
