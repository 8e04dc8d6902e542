"""One term of a school, day by day, with kills at random: what is due goes out once, at the right time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from tests.chaos.child import Process, Spec, run, shown, values
from tests.chaos.days import Days, Plot, Served
from tests.chaos.term_judge import judge
from tests.chaos.term_school import (
    CALENDARS,
    LAST_OF_SCHOOL,
    NO_CHAT,
    OFF,
    PRESSES,
    ROBIN,
    SCHOOL,
    moments,
    prepare,
    settings,
)
from tests.chaos.world import World, worlds


def change(world: World, moment: datetime) -> None:
    """What is different from this moment on: the calendar, and whether the chat platform takes anything."""
    text = settings([c for at, c in CALENDARS if at <= moment][-1])
    file = world.home.root / "schools" / SCHOOL / "school.toml"
    if file.read_text("utf-8") != text:
        new = file.with_suffix(".new")
        new.write_text(text, "utf-8")
        new.replace(file)
    world.flag("down", on=NO_CHAT[0] <= moment < NO_CHAT[1])


def _strict(moment: datetime) -> bool:
    return moment.time() == LAST_OF_SCHOOL


async def press(process: Process, moment: datetime) -> None:
    """What people do at a moment. After a kill they look at their reminders first, and press again if need be."""
    for n, each in enumerate(PRESSES):
        if each.at != moment or process.spec.replica != "a":
            continue
        if any(e["n"] == n for e in process.journal.of("pressed")):
            continue
        begun = any(e["n"] == n for e in process.journal.of("press"))
        process.journal.note("press", n=n)
        there = shown(await process.handle(each.person, "/reminders")) if begun else ""
        if each.on is None:
            await process.handle(each.person, each.says)
        elif f"{each.on:%-d %B %Y}" not in there:
            form = (await process.handle(each.person, each.says)).form
            assert form is not None
            filled = {"kind": each.kind, "on": str(each.on), "to": each.to}
            reply = await process.handle(each.person, form.says, **(values(form) | filled))
            assert "Noted" in shown(reply), shown(reply)
        process.journal.note("pressed", n=n)


@dataclass(frozen=True)
class Figures:
    """What came of one term."""

    kills: int = 0
    moments: int = 0
    occurrences: int = 0
    told: int = 0  # (occurrence, person)
    missed: int = 0
    sends: int = 0
    repeats: int = 0
    broken: tuple[str, ...] = ()


def term(backend: str, kills: int, seed: int, progress: Callable[[int, int], None]) -> Figures:
    """One term with about as many kills; two replicas on PostgreSQL."""
    names = ["a"] if backend == "sqlite" else ["a", "b"]
    with worlds(backend, prepare=prepare, school=SCHOOL, person=ROBIN) as world:
        plot = Plot(tuple(moments()), _strict, change, press, off=OFF[0])
        under_way = Days(world, plot, names, random.Random(seed), kills, progress)
        try:
            under_way.run()
        except (TimeoutError, RuntimeError) as e:
            return Figures(under_way.kills, broken=(str(e),))
        finally:
            under_way.end()
        status = world.ran(partial(run, world, Spec("a", every=60), judge, made=Served))
        judged = world.journal.of("judged")
        if status or not judged:
            return Figures(under_way.kills, broken=(f"it cannot be judged: {world.said()}",))
        found = {k: v for k, v in judged[-1].items() if k in Figures.__dataclass_fields__}
        found["broken"] = tuple(found["broken"])
        return replace(Figures(**found), kills=under_way.kills, moments=len(plot.moments))
