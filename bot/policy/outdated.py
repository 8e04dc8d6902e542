"""Which national guidance a policy cites in an edition that has been followed by a newer one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from bot.errors import BadPolicy
from bot.policy.findings import Kind
from bot.policy.policyfile import read_policy
from bot.policy.sheet import lay_out
from bot.policy.stale import stale


@dataclass(frozen=True, slots=True)
class Edition:
    """Guidance that appears in editions, the newest of them and since when it has been in force."""

    title: str
    newest: str
    since: str


def outdated(paths: Iterable[Path], nation: str, today: date) -> dict[str, tuple[Edition, ...]]:
    """The superseded guidance that each policy file cites, by the file's stem; files that cannot be read are left out."""
    found = {}
    for path in paths:
        try:
            status = path.stat()
            found[path.stem] = _in(path, status.st_mtime_ns, status.st_size, nation, today)
        except (BadPolicy, OSError):  # `mayi check` says what is wrong with it
            continue
    return found


@lru_cache(maxsize=4096)
def _in(path: Path, mtime_ns: int, size: int, nation: str, today: date) -> tuple[Edition, ...]:
    del mtime_ns, size  # part of the key: a changed file is read again
    findings = stale(lay_out(read_policy(path)), nation, today)
    said = (dict(f.said) for f in findings if f.kind is Kind.EDITION)
    return tuple(Edition(s["title"], s["newest"], s["since"]) for s in said)
