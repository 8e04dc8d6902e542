"""Kills at random: several people report at once, processes end at any moment and come back."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from tests.chaos.child import Plan, Spec, run
from tests.chaos.judge import judge
from tests.chaos.life import PEOPLE, people_at_work
from tests.chaos.sweep import LATER, Outcome, in_lanes
from tests.chaos.world import World

A_WORLD = 20  # kills that one database goes through
EVERY = 0.5  # seconds from tick to tick
AT_LATEST = 4.0  # a point that is not reached by then: killed all the same
MOST = {"commit": 60, "queue": 50, "send": 12}


def kills(
    first: World, count: int, seed: int, replicas: int, progress: Callable[[int, int], None]
) -> list[Outcome]:
    """This many kills, in as many worlds as that takes."""
    sizes = [min(A_WORLD, count - n) for n in range(0, count, A_WORLD)]
    trials = [
        partial(one_world, first, size, f"{seed}-{n}", replicas) for n, size in enumerate(sizes)
    ]
    return in_lanes(trials, first.folder.parent, lambda n: progress(n, count + len(sizes)))


def one_world(first: World, count: int, seed: str, replicas: int) -> Iterator[Outcome]:
    """Kill whoever runs, again and again; then let everything come to its end, and judge."""
    world, dice = first.copy(), random.Random(seed)
    names = ["a", "b"][:replicas]
    people = {name: PEOPLE[n::replicas] for n, name in enumerate(names)}
    running: dict[int, tuple[str, float, str]] = {}
    try:
        for _ in range(count):
            for name in names:
                if name not in [r[0] for r in running.values()]:
                    pid, at, what = _started(world, name, people[name], seed, dice)
                    running[pid] = (name, at, what)
            pid, status = _next_end(running)
            name, _, what = running.pop(pid)
            world.ahead += timedelta(hours=5) if dice.random() < 0.15 else LATER
            killed = status == -signal.SIGKILL
            broken = () if killed else (f"ended by itself ({status}): {world.said()}",)
            yield Outcome(f"{seed} {name} {what}", killed, broken)
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        running.clear()
        world.ahead += LATER
        yield _finished(world, people, seed)
    finally:
        for pid in running:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        world.end()


def _started(
    world: World, name: str, people: tuple[str, ...], seed: str, dice: random.Random
) -> tuple[int, float, str]:
    """A process that will be killed: at a point, or at a moment."""
    plan, seconds = None, dice.uniform(0.05, 1.5)
    if dice.random() < 0.6:
        kind = dice.choice([*MOST])
        plan = Plan(kind, dice.randint(1, MOST[kind]), dice.random() < 0.5)
        seconds = AT_LATEST
    work = partial(people_at_work, people=people, seed=seed, finish=False)
    pid = world.fork(partial(run, world, Spec(name, plan, every=EVERY), work))
    return pid, time.monotonic() + seconds, str(plan or f"after {seconds:.2f} s")


def _next_end(running: dict[int, tuple[str, float, str]]) -> tuple[int, int]:
    """The next of these that ends; those whose time has come are killed."""
    while True:
        for pid, (_, at, _) in running.items():
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return pid, os.waitstatus_to_exitcode(status)
            if time.monotonic() >= at:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)


def _finished(world: World, people: dict[str, tuple[str, ...]], seed: str) -> Outcome:
    """Everybody ends what they began, and the last one judges."""
    pids = [
        world.fork(
            partial(
                run,
                world,
                Spec(name, every=EVERY),
                partial(people_at_work, people=who, seed=seed, finish=True),
            )
        )
        for name, who in people.items()
    ]
    ends = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
    ends.append(world.ran(partial(run, world, Spec("a"), judge)))
    broken = [e["why"] for e in world.journal.of("broken")]
    if any(ends) and not broken:
        broken = [f"it does not come to its end ({ends}): {world.said()}"]
    judged = world.journal.of("judged")
    sends = world.journal.of("send")
    repeats = sum(e["says_repeat"] for e in sends)
    offered = sum(e["pages"] for e in world.journal.of("offered"))
    kept = judged[-1]["reports"] if judged else 0
    # The figures of the world, for the table.
    what = f"={kept} {len(sends)} {repeats} {len(world.journal.of('offered'))} {offered}"
    return Outcome(what, killed=False, broken=tuple(f"{seed}: {b}" for b in broken))
