"""Once, in this process: the same thing that comes again while it is done, or soon after."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Work that is begun once for each key and whose outcome is kept a while for whoever asks again.

    What failed is forgotten, and begun anew when it is asked for again.
    """

    def __init__(self, keep: float = 60, most: int = 2000) -> None:
        self._keep, self._most = keep, most
        self._tasks: OrderedDict[str, tuple[asyncio.Task[T], float]] = OrderedDict()

    def begin(self, key: str, work: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        """The work of this key, begun now unless it was before."""
        self._forget()
        if key and key in self._tasks:
            return self._tasks[key][0]
        task = asyncio.ensure_future(_awaited(work))
        if key:
            self._tasks[key] = (task, time.monotonic())
            task.add_done_callback(lambda done: self._ended(key, done))
        return task

    def forget(self, key: str) -> None:
        """Begin anew when it is asked for again."""
        self._tasks.pop(key, None)

    def running(self) -> list[asyncio.Task[T]]:
        return [t for t, _ in self._tasks.values() if not t.done()]

    def _ended(self, key: str, task: asyncio.Task[T]) -> None:
        if (task.cancelled() or task.exception()) and self._tasks.get(key, (None,))[0] is task:
            del self._tasks[key]

    def _forget(self) -> None:
        old = time.monotonic() - self._keep
        while self._tasks:
            key, (task, begun) = next(iter(self._tasks.items()))
            if not task.done() or (begun > old and len(self._tasks) < self._most):
                return
            del self._tasks[key]


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


class Seen:
    """What came lately: pressed twice, or sent again by somebody who listened."""

    def __init__(self, keep: float, most: int = 20_000) -> None:
        self._keep, self._most = keep, most
        self._at: OrderedDict[str, float] = OrderedDict()

    def first(self, key: str) -> bool:
        """Whether this did not come within the time that is kept."""
        now = time.monotonic()
        while self._at:
            oldest = next(iter(self._at))
            if self._at[oldest] > now - self._keep and len(self._at) < self._most:
                break
            del self._at[oldest]
        if key in self._at:
            return False
        self._at[key] = now
        return True


class Lately(Generic[T]):
    """A value for each key, for some seconds; the oldest go first where there are too many."""

    def __init__(self, keep: float, most: int = 5000) -> None:
        self._keep, self._most = keep, most
        self._held: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def get(self, key: str) -> T | None:
        held = self._held.get(key)
        if held is None or held[1] < time.monotonic() - self._keep:
            return None
        return held[0]

    def put(self, key: str, value: T) -> None:
        self._held[key] = (value, time.monotonic())
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)

    def drop(self, key: str) -> None:
        self._held.pop(key, None)
