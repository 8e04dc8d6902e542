"""Home: what awaits somebody, and what they can say."""

from __future__ import annotations

from bot.chat.model import Button, Card, Event, Reply, Tone
from bot.records import items, reports
from bot.records.reports import State
from handlers.acks.acknowledge import home_card
from handlers.progress.view import home_progress
from handlers.reports.delivery import case_of, delivery_to
from handlers.services import Services


async def home(event: Event, rest: str, services: Services) -> Reply:
    """See what awaits you."""
    if services.person is None:
        return services.refuse()
    words, store = services.wording, await services.records()
    waiting = urgent = mine = 0
    async with store.writing() as tx:  # its reads are of one moment
        for report_id in await reports.delivered_to(
            tx.conn, services.school.id, services.person.id
        ):
            report = await reports.by_id(tx.conn, tx.sealer, report_id)
            case = await case_of(tx, report) if report else None
            if case and case.report.state is not State.CLOSED and delivery_to(case, services):
                waiting += 1
                urgent += case.urgent
        for report in await reports.all_of(tx.conn, tx.sealer, services.school.id):
            mine += report.content.reporter == services.person.id
        due = [
            i
            for i in await items.open_items(tx.conn, services.school.id, services.person.id)
            if i.told is not None and (i.until is None or i.until > services.now)
        ]
        draft = await reports.draft_of(tx.conn, tx.sealer, services.school.id, services.person.id)
    lines = words.lines("home", school=services.school.name, name=services.person.name)
    cards = [
        Card(
            lines[0],
            lines=lines[1:],
            buttons=(
                Button(words.text("home_report_button"), "/report-incident"),
                Button(words.text("home_policies_button"), "/policies"),
                Button(words.text("home_help_button"), "/help"),
            ),
        )
    ]
    if draft is not None and draft.filled:
        goes_on = Button(words.text("home_draft_button"), "/report-incident")
        cards.append(Card(words.text("home_draft"), buttons=(goes_on,)))
    if waiting:
        tone = Tone.URGENT if urgent else Tone.DO
        button = Button(words.text("home_desk_button"), "/desk")
        text = words.text("home_desk", waiting=waiting, urgent=urgent)
        cards.append(Card(text, tone, buttons=(button,)))
    to_confirm = await home_card(services)
    if to_confirm is not None:
        cards.append(to_confirm)
    progress = await home_progress(services)
    if progress is not None:
        cards.append(progress)
    if due:
        button = Button(words.text("home_reminders_button"), "/reminders")
        cards.append(Card(words.text("home_reminders", number=len(due)), buttons=(button,)))
    if mine:
        button = Button(words.text("home_mine_button"), "/my-reports")
        cards.append(Card(words.text("home_mine", mine=mine), buttons=(button,)))
    return Reply(tuple(cards))
