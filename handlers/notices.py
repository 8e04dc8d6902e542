"""A message of the records -> the card that reaches somebody's chat, or the mail that does instead.

Neither holds a word of any report: a reference, a role, and where to go.
"""

from __future__ import annotations

from bot.chat.model import Button, Card, Tone
from bot.records import reports
from bot.records.messages import Message
from handlers.dates.digest import DIGEST
from handlers.dates.digest import card as digest_card
from handlers.reports.delivery import case_of, delivery_to
from handlers.services import Services

# What can be pressed under each message: (template of the label, what it says).
BUTTONS: dict[str, tuple[tuple[str, str], ...]] = {
    "report_new": (("desk_open_button", "/open"), ("desk_conflict_button", "/too-close")),
    "report_reminder": (("desk_open_button", "/open"), ("desk_conflict_button", "/too-close")),
    "report_added": (("desk_open_button", "/open"),),
    "report_passed_on": (("report_status_button", "/my-reports"),),
    "report_acknowledged": (("report_status_button", "/my-reports"),),
    "report_closed": (("report_status_button", "/my-reports"),),
    "report_outside": (("report_rang_button", "/rang"), ("report_status_button", "/my-reports")),
    "report_outside_reminder": (
        ("report_rang_button", "/rang"),
        ("report_status_button", "/my-reports"),
    ),
    "acknowledge_question": (("acknowledge_asked_button", "/acknowledge-asked"),),
}


ACKNOWLEDGE_WORD = "/acknowledge"  # what the buttons that lead to confirming begin with

# What only a recipient gets.
FOR_READERS = frozenset({"report_new", "report_reminder", "report_added"})
# What a mail may say whole, since none of it is confidential.
OPEN = frozenset({DIGEST, "nothing_sent", "acknowledge_question"})


async def notice(message: Message, services: Services) -> Card | None:
    """The card of a message; one that may have been sent before says so.

    None where it may no longer go to its reader: one that waited can be to somebody kept out since, or
    about what is settled.
    """
    if message.template == DIGEST:
        return await digest_card(message, services)
    if message.template in FOR_READERS and not await _still_theirs(message, services):
        return None
    office = services.people().office("lado")
    lines = services.wording.lines(message.template, office=office, **message.filled)
    if message.repeat:
        lines = (*lines, services.wording.text("repeated"))
    reference = str(message.filled.get("reference", ""))
    buttons = tuple(
        Button(services.wording.text(label), f"{says} {reference}".strip())
        for label, says in BUTTONS.get(message.template, ())
    )
    tone = Tone.URGENT if message.filled.get("urgent") else Tone.PLAIN
    return Card(lines[0], tone, lines=lines[1:], buttons=buttons)


async def _still_theirs(message: Message, services: Services) -> bool:
    store = await services.records()
    reference = str(message.filled.get("reference", ""))
    async with store.writing() as tx:
        report = await reports.by_reference(tx.conn, tx.sealer, services.school.id, reference)
        return report is not None and delivery_to(await case_of(tx, report), services) is not None


def asks_to_confirm(card: Card) -> bool:
    """Whether a message asks its reader to confirm policies: a mail has no button for it."""
    return any(b.says.startswith(ACKNOWLEDGE_WORD) for b in card.buttons)


def open_mail(card: Card, services: Services, link: str = "") -> tuple[str, str]:
    """Subject and text of a mail that says what the card says: nothing of it is confidential.

    `link` is where its reader confirms the policies that it names; empty: nowhere on the pages.
    """
    text = services.wording.text(
        "mail_reminders",
        headline=card.headline,
        quotes=card.quotes,
        lines=card.lines,
        school=services.school.name,
        link=link,
    )
    return card.headline, text + "\n"


def mail(message: Message, services: Services, link: str) -> tuple[str, str]:
    """Subject and text of a mail that says only that something waits, and where it is read."""
    subject, *text = services.wording.text(
        "mail_waiting",
        school=services.school.name,
        link=link,
        repeat=message.repeat,
        urgent=bool(message.filled.get("urgent")),
    ).splitlines()
    return subject, "\n".join(text).strip() + "\n"
