"""Kills at random while a school confirms its policies: no confirmation lost, no prompt twice but for marked repeats.

Everybody presses in every process that is there at that moment, as somebody does who presses twice and whose
two requests reach two replicas.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bot.records import acks, audit, tables
from tests.chaos.child import Process, Spec, run, shown
from tests.chaos.days import Days, Plot, Served, put
from tests.chaos.term_judge import repeats, sent_digests, when_killed
from tests.chaos.world import World, worlds

LONDON = ZoneInfo("Europe/London")
SCHOOL, HEAD = "lock-side", "p00"
PEOPLE = tuple(f"p{n:02}" for n in range(14))
POLICIES = ("phones", "pictures", "visits")
OPENS, ENDS = date(2026, 9, 1), date(2026, 9, 30)
STRICT, PRESSED = time(16), time(16, 30)
STEPS = (5, 10, 15)
REFERENCE = re.compile(r"A-[0-9A-Z]{4}-[0-9A-Z]{2}")
_POLICY = """---
title: {title} Policy
version: "1"
next_review: 2030-09-01
owner: headteacher
code: {code}
next_id: 10
---

# Rules

Staff must keep to what is said here of {title} while they are with pupils. {{#{code}-1}}

Staff may ask about {title} at any time. {{#{code}-2}}
"""


def staff_days() -> list[date]:
    """The days at work; no bank holiday is among them."""
    days = (OPENS + timedelta(days=n) for n in range((ENDS - OPENS).days + 1))
    return [d for d in days if d.weekday() < 5]


def moments() -> Iterator[datetime]:
    """Four looks on each day at work; people press at the last."""
    for day in staff_days():
        for at in (time(8, 20), time(12), STRICT, PRESSED):
            yield datetime.combine(day, at, LONDON)


def confirms_on(person: str, policy: str) -> date | None:
    """When somebody confirms a policy; some never do."""
    dice = random.Random(f"{person} {policy}")
    return None if dice.random() < 0.1 else dice.choice(staff_days()[:-1])


def prepare(world: World) -> None:
    """Set the school up, in the holidays."""
    folder = world.home.root / "schools" / SCHOOL
    (folder / "policies").mkdir(parents=True)
    lines = [
        'name = "Lock Side School"', "[roles.headteacher]", 'holder = "Sample P00"',
        "[outside.lado]", 'phone = "01632 960001"', "[calendar]", "inset = [2026-09-01, 2026-09-02]",
        'terms = [ { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18 } ]',
        "[acknowledgements]",
    ]  # fmt: skip
    for person in PEOPLE:
        lines += [f"[people.{person}]", f'name = "Sample {person.upper()}"',
                  f'accounts = ["slack:T0LOCK/{person}"]']  # fmt: skip
    (folder / "school.toml").write_text("\n".join(lines) + "\n", "utf-8")
    for n, policy in enumerate(POLICIES):
        text = _POLICY.format(title=policy.title(), code=f"L{'ABC'[n]}")
        (folder / "policies" / f"{policy}.md").write_text(text, "utf-8")
    put(world, datetime.combine(OPENS - timedelta(days=1), time(12), LONDON))


async def people(process: Process, moment: datetime) -> None:
    """Whoever confirms that day reads and confirms; after a kill they look at what still awaits them."""
    if moment.time() != PRESSED:
        return
    for person in PEOPLE:
        for policy in POLICIES:
            if confirms_on(person, policy) == moment.date():
                await _confirm(process, person, policy)


async def _confirm(process: Process, person: str, policy: str) -> None:
    journal, about = process.journal, {"person": person, "policy": policy}
    if any(e["person"] == person and e["policy"] == policy for e in journal.of("confirmed")):
        return
    reply = await process.handle(person, "/acknowledge")
    wanted = ["/acknowledge-read", policy]
    offered = [b.says for c in reply.cards for b in c.buttons]
    says = next((o for o in offered if o.split()[:2] == wanted), "")
    journal.note("pressing", **about, offered=bool(says))
    if not says:  # it was kept before somebody was killed, or in the other process just now
        return
    reply = await process.handle(person, says)
    while reply.form is not None:
        reply = await process.handle(person, reply.form.says)
    found = REFERENCE.search(shown(reply))
    journal.note(
        "confirmed" if found else "settled", **about, reference=found.group() if found else ""
    )


async def judge(process: Process) -> None:
    """Note what came of it, and everything that is broken."""
    store, events = await process.site.records(), process.journal.look()
    async with store.reading() as conn:
        kept = await acks.all_of(conn, store.sealer, SCHOOL)
        o, i = tables.occurrences, tables.items
        decided = list(await conn.scalars(
            sa.select(o.c.id).where(o.c.reminder == "acknowledge", o.c.outcome == "told")))  # fmt: skip
        items = {r.id: r.occurrence for r in await conn.execute(
            sa.select(i.c.id, i.c.occurrence).where(i.c.reminder == "acknowledge"))}  # fmt: skip
        trail = [store.sealer.open(s) for s in await conn.scalars(sa.select(tables.audit.c.sealed))]
    broken = list(
        _kept(kept, events, [line["about"] for line in trail if line["action"] == "confirmed"])
    )
    broken += [f"audit: {f}" for f in (await audit.verify(store)).findings]
    broken += list(_prompts(decided, items))
    sends, killed = sent_digests(events), when_killed(events)
    broken += repeats(sends, killed)
    told: dict[str, set[str]] = {}
    for s in sends:
        for item in s.items:
            told.setdefault(item, set()).add(s.message)
    broken += [f"{items[item]}: was told in {len(m)} messages" for item, m in told.items()
               if item in items and len(m) > 1]  # fmt: skip
    broken += [f"{items[item]}: nobody was told of it" for item in items if item not in told]
    process.journal.note(
        "judged",
        confirmed=len(kept),
        prompts=len(decided),
        sends=len(sends),
        repeats=sum(s.repeat for s in sends),
        broken=broken,
    )


def _kept(kept: list[acks.Ack], events: list[dict[str, object]], trail: list[str]) -> Iterator[str]:
    """Every confirmation that was made is kept once, under the reference that was shown."""
    wanted = Counter((p, policy) for p in PEOPLE for policy in POLICIES if confirms_on(p, policy))
    there = Counter((a.person, a.policy) for a in kept)
    yield from (f"{pair}: was confirmed and is not kept" for pair in wanted - there)
    yield from (f"{pair}: is kept {there[pair]} times" for pair in there - wanted)
    references = {(a.person, a.policy, a.reference) for a in kept}
    for e in events:
        if e["e"] == "confirmed" and (e["person"], e["policy"], e["reference"]) not in references:
            yield f"{e['person']}: the receipt {e['reference']} was shown and is not kept"
    if Counter(trail) != Counter(a.reference for a in kept):
        yield "the trail does not say of each confirmation, once, that it was made"


def _prompts(decided: Iterable[str], items: dict[str, str]) -> Iterator[str]:
    """Each was asked on the first day and reminded as long as they owed it, each time once."""
    days = staff_days()
    wanted = set()
    for person in PEOPLE:
        for policy in POLICIES:
            done = confirms_on(person, policy)
            asked = f"{SCHOOL}:ack:{policy}:2026:e1:{person}"
            wanted |= {asked} | {
                f"{asked}:{s}d" for s in STEPS if s < len(days) and not (done and done < days[s])
            }
    there = set(decided)
    yield from (f"{id_}: was never decided" for id_ in sorted(wanted - there))
    yield from (f"{id_}: was decided, and nobody expects it" for id_ in sorted(there - wanted))
    # One item tells of all that a person owes.
    one = Counter((i.rsplit(":", 2)[-1] if not i.endswith("d") else ":".join(i.rsplit(":", 2)[-2:]))
                  for i in items.values())  # fmt: skip
    yield from (f"{who}: has {n} items of one asking" for who, n in one.items() if n > 1)


@dataclass(frozen=True)
class Kept:
    """What came of a round with kills."""

    kills: int = 0
    confirmed: int = 0
    prompts: int = 0
    sends: int = 0
    repeats: int = 0
    broken: tuple[str, ...] = ()


def round_kills(backend: str, kills: int, seed: int, progress: Callable[[int, int], None]) -> Kept:
    """A month of it with about as many kills; two replicas on PostgreSQL."""
    names = ["a"] if backend == "sqlite" else ["a", "b"]
    with worlds(backend, prepare=prepare, school=SCHOOL, person=HEAD) as world:
        plot = Plot(tuple(moments()), lambda m: m.time() in (STRICT, PRESSED), people=people)
        days = Days(world, plot, names, random.Random(seed), kills, progress)
        try:
            days.run()
        except (TimeoutError, RuntimeError) as e:
            return Kept(days.kills, broken=(str(e),))
        finally:
            days.end()
        status = world.ran(partial(run, world, Spec("a", every=60), judge, made=Served))
        judged = world.journal.of("judged")
        if status or not judged:
            return Kept(days.kills, broken=(f"it cannot be judged: {world.said()}",))
        found = {k: v for k, v in judged[-1].items() if k in Kept.__dataclass_fields__}
        found["broken"] = tuple(found["broken"])
        return replace(Kept(**found), kills=days.kills)
