"""What must hold at the end, whatever broke on the way."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bot.records import audit, reports, tables
from bot.records.store import Store
from tests.chaos.child import Process
from tests.chaos.life import CASES
from tests.chaos.world import SCHOOL, World

READERS = ("report_new", "report_reminder", "report_added")


async def judge(process: Process, *, delivered: bool = True) -> None:
    """Note everything that is broken. Nothing may be under way."""
    world, store = process.world, await process.site.records()
    found = await violations(world, store, delivered=delivered)
    for why in found:
        process.journal.note("broken", why=why)
    async with store.reading() as conn:
        kept = len(await reports.all_of(conn, store.sealer, SCHOOL))
    process.journal.note("judged", reports=kept, violations=len(found))


async def violations(world: World, store: Store, *, delivered: bool = True) -> list[str]:
    events = world.journal.look()
    async with store.reading() as conn:
        kept = await reports.all_of(conn, store.sealer, SCHOOL)
        had = {r.id: await reports.deliveries_of(conn, r.id) for r in kept}
        messages = (await conn.execute(sa.select(tables.messages))).mappings().all()
        drafts = set(await conn.scalars(sa.select(tables.drafts.c.id)))
        sent_drafts = set(await conn.scalars(sa.select(tables.reports.c.draft)))
    out: list[str] = []
    out += _once(events, kept)
    sends = [e for e in events if e["e"] == "send"]
    out += _sends(sends, messages, delivered=delivered)
    out += _right_people(events, sends, kept, had, delivered=delivered)
    out += [f"audit: {f}" for f in (await audit.verify(store)).findings]
    out += await _one_submission(store, kept)
    if drafts & sent_drafts:
        out.append(
            f"{len(drafts & sent_drafts)} reports that were sent are still offered as drafts"
        )
    if not world.database:
        out += _readable(world.folder / "home")
    return out


def _once(events: list[dict[str, Any]], kept: list[reports.Report]) -> list[str]:
    """Every report whose receipt was shown is there, once."""
    out = []
    by_token = Counter(_token(r) for r in kept)
    references = {r.reference: r for r in kept}
    out += [f"{t}: is kept {n} times" for t, n in by_token.items() if n != 1]
    for e in events:
        if e["e"] == "done" and e["reference"]:
            report = references.get(e["reference"])
            if report is None:
                out.append(f"{e['token']}: its receipt was shown and it is not there")
            elif _token(report) != e["token"]:
                out.append(f"{e['token']}: the receipt shown was another report's")
    return out


def _token(report: reports.Report) -> str:
    return report.content.what.split()[0]


def _sends(
    sends: list[dict[str, Any]], messages: list[sa.RowMapping], *, delivered: bool
) -> list[str]:
    """Nothing is sent again except as a repeat that says so, and nothing is lost."""
    out = []
    by_message: dict[str, list[bool]] = defaultdict(list)
    for e in sends:
        by_message[e["message"]].append(e["says_repeat"])
    rows = {m["id"]: m for m in messages}
    for message, repeats in by_message.items():
        if not all(repeats[1:]):
            out.append(f"a message was sent {len(repeats)} times and did not say so")
        if message not in rows:
            out.append("something was sent that is not in the records")
    for m in messages:
        if m["state"] == "sent" and m["id"] not in by_message:
            out.append(f"{m['template']}: counts as sent and never was")
        if delivered and m["state"] != "sent":
            out.append(f"{m['template']}: was not sent ({m['state']})")
    occasions = Counter(m["occasion"] for m in messages)
    out += ["two messages of one occasion" for n in occasions.values() if n > 1]
    return out


def _right_people(
    events: list[dict[str, Any]],
    sends: list[dict[str, Any]],
    kept: list[reports.Report],
    had: dict[str, list[reports.Delivery]],
    *,
    delivered: bool,
) -> list[str]:
    """It reaches somebody who may have it, and nobody who may not was ever sent anything."""
    out = []
    cases = {e["token"]: CASES[e["case"]] for e in events if "case" in e}
    for r in kept:
        case = cases.get(_token(r))
        if case is None:
            out.append("a report that nobody wrote")
            continue
        mine = [e for e in sends if e["reference"] == r.reference]
        told = {e["person"] for e in mine if e["template"] in READERS}
        if told - case.may:
            out.append(f"{_token(r)}: {', '.join(sorted(told - case.may))} was told of it")
        if {d.person for d in had[r.id] if d.person} - case.may:
            out.append(f"{_token(r)}: somebody kept out can open it")
        others = {e["person"] for e in mine if e["template"] not in READERS}
        if others - {r.content.reporter}:
            out.append(f"{_token(r)}: somebody else was told how it goes on")
        if not delivered:
            continue
        if case.may and not any(e["template"] == "report_new" for e in mine):
            out.append(f"{_token(r)}: nobody was told of it")
        if case.may and not any(d.sent for d in had[r.id] if d.person):
            out.append(f"{_token(r)}: no delivery counts as sent")
        if not case.may and not any(e["template"] == "report_outside" for e in mine):
            out.append(f"{_token(r)}: the reporter was not asked to ring")
    return out


async def _one_submission(store: Store, kept: list[reports.Report]) -> list[str]:
    """The trail says of every report that it was sent, once."""
    said: Counter[str] = Counter()
    async with store.reading() as conn:
        for row in await conn.execute(sa.select(tables.audit.c.sealed)):
            line = store.sealer.open(row.sealed)
            said[line["about"]] += line["action"] == audit.Action.SUBMITTED
    return [
        f"the trail says {said[r.reference]} times that it was sent"
        for r in kept
        if said[r.reference] != 1
    ]


def _readable(home: Path) -> list[str]:
    """No word that somebody typed can be read in a file."""
    files = [p for p in home.rglob("*") if p.is_file()]
    return [f"{p.name}: holds what was typed" for p in files if b"gooseberry" in p.read_bytes()]
