"""A kill before and after every commit and every send of one report's life."""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.chaos.child import Plan, Spec, run
from tests.chaos.judge import judge
from tests.chaos.life import life
from tests.chaos.world import World, fork

REPLICA = "a"
LATER = timedelta(minutes=6)  # what was being sent counts as left behind


@dataclass(frozen=True)
class Point:
    """A kill in one step of the life."""

    step: str
    plan: Plan

    def __str__(self) -> str:
        return f"{self.step}: {self.plan}"


@dataclass(frozen=True)
class Outcome:
    """What came of one trial."""

    what: str
    killed: bool
    broken: tuple[str, ...]


def points_of(
    first: World, kinds: Sequence[str], steps: Sequence[str] = ()
) -> tuple[list[Point], dict[str, World]]:
    """A dry run: every point of the life, and the world as it is before each step."""
    world, before, points = first.copy(), {}, []
    for name, step in life().items():
        before[name] = world.copy()
        status = world.ran(partial(run, world, Spec(REPLICA, armed=False), _armed, step))
        if status != 0:
            raise RuntimeError(f"the dry run ended at '{name}':\n{world.said()}")
        counts: Counter[str] = Counter(world.journal.of("points")[-1]["counts"])
        if steps and name not in steps:
            continue
        points += [
            Point(name, Plan(kind, n, after))
            for kind in kinds
            for n in range(1, counts[kind] + 1)
            for after in (False, True)
        ]
    world.end()
    return points, before


async def _armed(process) -> None:
    process.points.armed = True


def trial(point: Point, before: World, *, whole: bool) -> Outcome:
    """Kill at this point, start again, let the step (or the `whole` life) be done to its end, and judge."""
    world = before.copy()
    steps = life()
    try:
        spec = Spec(REPLICA, point.plan, armed=False)
        status = world.ran(partial(run, world, spec, _armed, steps[point.step]))
        killed = status == -signal.SIGKILL and bool(world.journal.of("kill"))
        world.ahead += LATER
        left = steps.values() if whole else [steps[point.step]]
        status = world.ran(partial(run, world, Spec(REPLICA, stops=whole), *left, judge))
        broken = [e["why"] for e in world.journal.of("broken")]
        if status != 0 and not broken:
            broken = [f"it does not come up again: {world.said()}"]
        return Outcome(str(point), killed, tuple(broken))
    finally:
        world.end()


def in_lanes(
    trials: Sequence[Callable[[], Iterable[Outcome]]], folder: Path, progress: Callable[[int], None]
) -> list[Outcome]:
    """Run trials on every core, each in a process that runs no thread; outcomes in no order."""
    lanes = max(2, os.cpu_count() or 2)
    files = [folder / f"lane-{os.getpid()}-{n}" for n in range(lanes)]
    for file in files:
        file.write_text("")

    def lane(n: int) -> None:
        signal.alarm(0)
        with files[n].open("a") as out:
            for mine in trials[n::lanes]:
                for o in mine():
                    out.write(json.dumps([o.what, o.killed, o.broken]) + "\n")
                    out.flush()

    left = {fork(partial(lane, n), folder / f"lane-{n}-printed"): n for n in range(lanes)}
    failed = []
    while left:
        for pid in list(left):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found and status:
                said = (folder / f"lane-{left[pid]}-printed").read_text()[-2000:]
                failed.append(Outcome("a lane", killed=False, broken=(f"it ended: {said}",)))
            if found:
                del left[pid]
        progress(sum(f.read_text().count("\n") for f in files))
        time.sleep(0.2)
    lines = [json.loads(line) for f in files for line in f.read_text().splitlines()]
    return failed + [Outcome(w, k, tuple(b)) for w, k, b in lines]


def sweep(
    first: World,
    kinds: Sequence[str],
    progress: Callable[[int, int], None],
    steps: Sequence[str] = (),
    *,
    whole: bool = True,
) -> list[Outcome]:
    points, before = points_of(first, kinds, steps)
    trials = [partial(_one, p, before[p.step], whole=whole) for p in points]
    return in_lanes(trials, first.folder.parent, lambda n: progress(n, len(points)))


def _one(point: Point, before: World, *, whole: bool) -> list[Outcome]:
    return [trial(point, before, whole=whole)]
