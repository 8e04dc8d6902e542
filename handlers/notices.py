"""A message of the records -> the card that reaches somebody's chat, or the mail that does instead.

Neither holds a word of any report: a reference, a role, and where to go.
"""

from __future__ import annotations

from bot.chat.model import Button, Card, Tone
from bot.records import reports
from bot.records.messages import Message
from handlers.delivery import case_of, delivery_to
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
}


# What only a recipient gets.
FOR_READERS = frozenset({"report_new", "report_reminder", "report_added"})


async def still_theirs(message: Message, services: Services) -> bool:
    """Whether a message may still go to its reader: one that waited can be to somebody kept out since."""
    if message.template not in FOR_READERS:
        return True
    store = await services.records()
    reference = str(message.filled.get("reference", ""))
    async with store.writing() as tx:
        report = await reports.by_reference(tx.conn, tx.sealer, services.school.id, reference)
        return report is not None and delivery_to(await case_of(tx, report), services) is not None


def notice(message: Message, services: Services) -> Card:
    """The card of a message. One that may have been sent before says so."""
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
