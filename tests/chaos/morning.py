"""The first morning of a term, killed at what decides and at what is sent: the short form of `term`."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime, time, timedelta
from functools import partial

from tests.chaos.child import Plan, Process, Spec, run
from tests.chaos.days import Served, put
from tests.chaos.sweep import Outcome, in_lanes
from tests.chaos.term_judge import judge
from tests.chaos.term_school import AT, FIRST, LONDON, PRESSES, ROBIN, SCHOOL, prepare
from tests.chaos.world import World, worlds

KINDS = ("decision", "send")
DIGEST = datetime.combine(FIRST, AT, LONDON) + timedelta(minutes=1)
LATER = (DIGEST + timedelta(minutes=6), datetime.combine(FIRST, time(12), LONDON))


def morning(backend: str, progress: Callable[[int, int], None], *, quick: bool) -> list[Outcome]:
    """Kills before and after the first, a middle and the last of each kind of point; `quick`: the middle."""
    with worlds(backend, prepare=prepare, school=SCHOOL, person=ROBIN) as first:
        put(first, PRESSES[0].at)
        _ran(first, None, _switch_off)
        dry = first.copy()
        _ran(dry, None, partial(_at, moment=DIGEST))
        counts = dry.journal.of("points")[-1]["counts"]
        dry.end()
        points = [
            Plan(kind, n, after)
            for kind in KINDS
            for middle in (counts[kind] // 2 + 1,)
            for n in sorted({middle} if quick else {1, middle, counts[kind]})
            for after in (False, True)
        ]
        trials = [partial(_trial, first, point) for point in points]
        return in_lanes(trials, first.folder.parent, lambda n: progress(n, len(points)))


async def _switch_off(process: Process) -> None:
    await process.handle(PRESSES[0].person, PRESSES[0].says)


async def _look(process: Process) -> None:
    process.points.armed = True
    await process.tick()
    await process.idle()


def _ran(world: World, plan: Plan | None, *works: object) -> int:
    spec = Spec("a", plan, armed=False, every=60)
    return world.ran(partial(run, world, spec, *works, made=Served))


def _trial(first: World, point: Plan) -> list[Outcome]:
    world = first.copy()
    try:
        put(world, PRESSES[0].at + timedelta(minutes=30))
        status = _ran(world, point, partial(_at, moment=DIGEST))
        killed = status == -signal.SIGKILL
        for e in world.journal.of("kill"):
            world.journal.note("killed", dead=e["pid"], at=world.now().isoformat(), plan=str(point))
        later = [partial(_at, moment=moment) for moment in LATER]
        _ran(world, None, *later, partial(judge, last=FIRST))
        judged = world.journal.of("judged")
        broken = judged[-1]["broken"] if judged else [f"it does not come up again: {world.said()}"]
        return [Outcome(f"a morning, {point}", killed, tuple(broken))]
    finally:
        world.end()


async def _at(process: Process, moment: datetime) -> None:
    put(process.world, moment)
    await _look(process)
