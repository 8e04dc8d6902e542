"""What MayI keeps about somebody: a plain answer for themselves, and a copy of all of it.

Never a report that somebody else sent, and nothing that tells whether there is one: the answer is the same
for whoever one is about and whoever none is about.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.model import Attachment, Button, Card, Event, Reply, Tone
from bot.people.roster import SERVICE, Person
from bot.records import accounts, kept, reports
from bot.records.acks import Ack
from bot.records.audit import Action
from bot.records.crypto import Sealer
from bot.records.discussions import Discussion
from bot.records.items import Item
from bot.records.kept import Kept, Sent
from bot.records.messages import Written
from bot.records.reports import Draft
from bot.schedule.rules import label_of
from handlers.fields import as_typed
from handlers.notices import FOR_READERS
from handlers.reports.delivery import Case, delivery_to, note, state
from handlers.services import Services

FORMAT = 1  # of the file; raised when a key of it changes its meaning
FILE = "file"
ASKED = (
    "asked"  # the keepsake of when somebody asked in chat for a copy, which they get on the pages
)
DPO = "dpo"
NAME = "my-data"


async def my_data(event: Event, rest: str, services: Services) -> Reply:
    """See what MayI keeps about you."""
    if services.person is None:
        return services.refuse()
    words, person = services.wording, services.person
    # Several people may use an account, and what one of them reported is no business of the others.
    if person.group == SERVICE:
        return Reply((Card(words.text("my_data_service", dpo=_whom_to_ask(services))),))
    record = await _record(person, services)
    shown = {"record": record, "dpo": _whom_to_ask(services), "local": services.local}
    if rest.strip().lower() != FILE:
        lines = words.lines("my_data", **shown)
        button = Button(words.text("my_data_button"), f"/{NAME} {FILE}")
        return Reply((Card(lines[0], Tone.PLAIN, lines=lines[1:], buttons=(button,)),))
    text = words.text("my_data_file", typed=as_typed, **shown) + "\n"
    store = await services.records()
    async with store.writing() as tx:
        if event.via != "pages":
            mine = pages_account(services.school.id, person.id)
            await accounts.keep(tx, mine, ASKED, services.now.isoformat())
        await note(tx, services, Action.DATA_EXPORTED, "")
    whole = json.dumps(record, ensure_ascii=False, indent=1, default=_plain) + "\n"
    return Reply(
        (Card(words.text("my_data_made"), Tone.DO),),
        files=(
            Attachment(f"{NAME}.json", whole.encode("utf-8", "replace")),
            Attachment(f"{NAME}.txt", text.encode("utf-8", "replace")),
        ),
    )


def pages_account(school: str, person: str) -> str:
    """What is kept with somebody on the pages stands under this account."""
    return f"pages:{school}/{person}"


def _whom_to_ask(services: Services) -> str:
    """Who answers a subject access request, as it is shown."""
    held = services.people().in_charge(DPO)
    return services.role(DPO if held else services.school.contact)


async def _record(person: Person, services: Services) -> dict[str, Any]:
    """All that is held on somebody, under keys that stay the same: what the file is."""
    school, store = services.school, await services.records()
    known_by = (*person.accounts, pages_account(school.id, person.id))
    async with store.reading() as conn:
        found = await kept.of_person(conn, store.sealer, school.id, person.id, known_by)
        at_desk = await _at_the_desk(conn, store.sealer, person.id, services)
    return {
        "format": FORMAT,
        "made": services.now,
        "school": {"id": school.id, "name": school.name},
        "roster": _roster(person, services),
        "roll": None if found.roll is None else asdict(found.roll),
        "chat": {
            "told_by_platforms": [asdict(each) for each in found.told],
            # A long text that was shown shortened is in the conversation; here it is only named.
            "kept_with_accounts": [
                {"account": k.account, "what": k.key.partition(":")[0]}
                | ({} if ":" in k.key else {"value": k.value})
                for k in found.keepsakes
            ],
        },
        "reports_sent": [_sent(each, services) for each in found.sent],
        "report_begun": None if found.draft is None else _begun(found.draft),
        "reports_at_your_desk": at_desk,
        "acknowledgements": [_ack(each) for each in found.acks],
        "discussions": [_discussion(each, person.id) for each in found.discussions],
        "reminders": {
            "yours": [_item(each, services) for each in found.items],
            "decided_of_you": [asdict(each) for each in found.decided],
            "switched_off": [_reminder(name, services) for name in found.off],
            "of_others_that_name_you": [
                _reminder(name, services) | {"number": n}
                for name, n in Counter(found.naming).items()
            ],
        },
        "days_you_told_of": [
            asdict(each.told) | {"made": each.made, "cancelled": each.cancelled}
            for each in found.occasions
        ],
        "messages": [asdict(m) for m in _messages(found)],
        "sign_ins": [
            {"kind": v.kind, "made": v.made, "expires": v.expires, "used": v.used}
            for v in found.visits
        ],
        "audit_trail": {"what_you_did": dict(found.acts.of), "unopened": found.acts.unopened},
    }


async def _at_the_desk(
    conn: AsyncConnection, sealer: Sealer, person: str, services: Services
) -> int:
    """How many reports somebody can open as a recipient today: what their desk shows, and no other."""
    number = 0
    for report_id in await reports.delivered_to(conn, services.school.id, person):
        report = await reports.by_id(conn, sealer, report_id)
        if report is not None:
            case = Case(report, tuple(await reports.deliveries_of(conn, report_id)))
            number += delivery_to(case, services) is not None
    return number


def _messages(found: Kept) -> list[Written]:
    """Those that are no part of a report for its recipient, which they may not read any more by now."""
    return [m for m in found.messages if m.template not in FOR_READERS]


def _roster(person: Person, services: Services) -> dict[str, Any]:
    roles = services.people().roles_of(person.id)
    return asdict(person) | {
        "roles": [{"id": r, "title": services.school.role(r).title} for r in roles],
    }


def _sent(each: Sent, services: Services) -> dict[str, Any]:
    """A report as its reporter sent it, and what they added; how it stands, in neutral words."""
    report = each.report
    written = asdict(report.content)
    # Not theirs: whom MayI took the name that they typed to mean.
    del written["reporter"], written["named"]
    return {
        "reference": report.reference,
        "sent": report.created,
        "state": state(Case(report, each.deliveries), services),
        "kept_until_at_least": report.keep_until,
        "written": written,
        "added": [{"at": e.at, "text": e.text} for e in each.added],
    }


def _begun(draft: Draft) -> dict[str, Any]:
    filled = {k: v for k, v in draft.filled.items() if k != "shown"}  # whom the last page named
    return {"changed": draft.changed, "filled": filled}


def _ack(ack: Ack) -> dict[str, Any]:
    return {k: v for k, v in asdict(ack).items() if k not in ("id", "school", "person")}


def _discussion(each: Discussion, person: str) -> dict[str, Any]:
    """That somebody was there or recorded it; what was agreed, where they wrote it down themselves."""
    own = each.person == person
    return {
        "reference": each.reference,
        "policy": each.policy,
        "title": each.told.title,
        "version": each.told.version,
        "on": each.on,
        "there": any(t.id == person for t in each.told.there),
        "recorded_by_you": own,
        "made": each.made if own else None,
        "points": each.told.points if own else None,
    }


def _item(each: Item, services: Services) -> dict[str, Any]:
    """A reminder, without what it was filled with: that may name somebody else."""
    return _reminder(each.reminder, services) | {
        "duty": each.duty,
        "due": each.due,
        "until": each.until,
        "state": each.state,
        "told": each.told,
        "hidden_until": each.hidden_until,
    }


def _reminder(name: str, services: Services) -> dict[str, Any]:
    return {"reminder": name, "label": label_of(name, services.school)}


def _plain(value: object) -> str:
    """What JSON has no kind of its own for: moments are ISO 8601 with their zone."""
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
