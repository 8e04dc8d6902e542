"""A MayI of its own for one trial: a home, a database, a clock, and a journal that outlives its processes."""

from __future__ import annotations

import contextlib
import gc
import importlib
import itertools
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from bot.config import Home, model_folder
from bot.schedule.calendar import bank_holidays
from tests.stores import postgresql

SCHOOL = "model-primary"
MONDAY = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)  # half past nine in London, in winter
LONGEST = 120  # seconds that any process may take before it ends itself
_numbers = itertools.count(1)


class Journal:
    """What really happened, one line each, kept on the disk before anything goes on."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.events: list[dict[str, Any]] = []
        self._read = 0

    def note(self, event: str, **said: Any) -> None:
        line = json.dumps({"e": event, "pid": os.getpid(), **said}) + "\n"
        fd = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(fd, line.encode())
            os.fsync(fd)
        finally:
            os.close(fd)

    def look(self) -> list[dict[str, Any]]:
        """Everything that was noted so far, by whichever process."""
        if self.file.exists():
            with self.file.open("rb") as opened:
                opened.seek(self._read)
                for line in opened:
                    if not line.endswith(b"\n"):
                        break
                    self._read += len(line)
                    self.events.append(json.loads(line))
        return self.events

    def of(self, event: str) -> list[dict[str, Any]]:
        return [e for e in self.look() if e["e"] == event]


@dataclass
class World:
    """Everything that outlives a kill."""

    folder: Path
    database: str = ""  # the name of a PostgreSQL database; SQLite where empty
    began: float = field(default_factory=time.time)
    school: str = SCHOOL

    @property
    def home(self) -> Home:
        return Home(
            self.folder / "home", database=postgresql()(self.database) if self.database else ""
        )

    @property
    def journal(self) -> Journal:
        return Journal(self.folder / "journal")

    def now(self) -> datetime:
        """The school's clock: the real one, and what the trial added to it."""
        return MONDAY + self.ahead + timedelta(seconds=time.time() - self.began)

    @property
    def ahead(self) -> timedelta:
        with contextlib.suppress(FileNotFoundError, ValueError):
            return timedelta(seconds=float((self.folder / "clock").read_text()))
        return timedelta()

    @ahead.setter
    def ahead(self, to: timedelta) -> None:
        new = self.folder / f"clock.{os.getpid()}"
        new.write_text(str(to.total_seconds()))
        new.replace(self.folder / "clock")

    def flag(self, name: str, *, on: bool) -> None:
        """Something that all processes of this world see, such as `down`."""
        file = self.folder / f"flag-{name}"
        file.touch() if on else file.unlink(missing_ok=True)

    def flagged(self, name: str) -> bool:
        return (self.folder / f"flag-{name}").exists()

    def copy(self) -> World:
        """A world that is like this one, which nobody may be using."""
        folder = self.folder.parent / f"world-{os.getpid()}-{next(_numbers)}"
        shutil.copytree(self.folder, folder)
        database = ""
        if self.database:
            database = f"chaos_{os.getpid()}_{next(_numbers)}"
            _administer(f"CREATE DATABASE {database} TEMPLATE {self.database}")
        return World(folder, database, self.began, self.school)

    def end(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.database:
            _administer(f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")

    def said(self) -> str:
        """The end of what its processes printed."""
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(
                (self.folder / "printed").read_text("utf-8", "replace").splitlines()[-12:]
            )
        return ""

    def fork(self, work: Callable[[], None]) -> int:
        """Start a process that does this and ends; returns its id."""
        return fork(work, self.folder / "printed")

    def ran(self, work: Callable[[], None]) -> int:
        """Have a process do this, and wait for it: 0, or minus the signal that ended it."""
        return ended(self.fork(work))


def fork(work: Callable[[], None], printed: Path) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(LONGEST)  # whoever started it may be gone
        out = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        work()
        code = 0
    except BaseException:  # noqa: BLE001  # it must not get back into its parent's code
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def ended(pid: int, *, kill_at: float | None = None) -> int:
    """Wait for a process; kill it when that moment comes. Its status: minus the signal, if one ended it."""
    while True:
        found, status = os.waitpid(pid, 0 if kill_at is None else os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if kill_at is not None and time.monotonic() >= kill_at:
            os.kill(pid, signal.SIGKILL)
            kill_at = None
        else:
            time.sleep(0.002)


def _administer(statement: str) -> None:
    address = postgresql()("postgres").replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(statement)


def _without_dates(world: World) -> None:
    """The model school, reminding nobody and asking nobody to confirm: these trials are about reports."""
    folder = world.home.root / "schools" / SCHOOL
    shutil.copytree(model_folder(SCHOOL), folder)
    toml = folder / "school.toml"
    tables = re.split(r"(?m)^(?=\[)", toml.read_text("utf-8"))
    kept = [t for t in tables if not t.startswith(("[reminders", "[acknowledgements"))]
    toml.write_text("".join(kept), "utf-8")


@contextlib.contextmanager
def worlds(
    backend: str,
    *,
    prepare: Callable[[World], None] = _without_dates,
    school: str = SCHOOL,
    person: str = "val-mockup",
) -> Iterator[World]:
    """A world to copy: its records are made, its index is built, its work was launched once.

    `prepare` sets its school up; `person` is a member of its staff.
    """
    from tests.chaos import child

    folder = Path(tempfile.mkdtemp(prefix="mayi-chaos-"))
    try:
        (folder / "first").mkdir()
        first = World(folder / "first", school=school)
        prepare(first)
        if backend == "postgresql":
            first.database = f"chaos_first_{os.getpid()}_{next(_numbers)}"
            _administer(f"CREATE DATABASE {first.database}")
        if first.ran(lambda: child.warm(first, person)) != 0:
            raise RuntimeError(f"MayI does not start at all:\n{first.said()}")
        # What that process had to import, every other finds imported.
        for name in first.journal.of("imported")[-1]["names"]:
            importlib.import_module(name)
        bank_holidays("England", MONDAY.year)
        (first.folder / "journal").unlink()
        gc.freeze()
        yield first
    finally:
        shutil.rmtree(folder, ignore_errors=True)
