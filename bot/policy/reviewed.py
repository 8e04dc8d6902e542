"""The front matter of a policy file on its own: read quickly, and written anew when the policy was reviewed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

from bot.errors import BadPolicy, CannotDo
from bot.policy.frontmatter import front_lines, read_front
from bot.policy.model import Front
from bot.policy.where import Where


def fronts_of(paths: Iterable[Path]) -> dict[str, Front]:
    """The front matter of each policy file, by the file's stem; files that cannot be read are left out."""
    found = {}
    for path in paths:
        try:
            found[path.stem] = _front(path, path.stat().st_mtime_ns, path.stat().st_size)
        except (BadPolicy, OSError):  # `mayi check` says what is wrong with it
            continue
    return found


def mark_reviewed(path: Path, *, reviewed: date, next_review: date, version: str) -> Front:
    """Write when a policy was reviewed and is to be next, and its version; its text stays as it is.

    Raises BadPolicy where the file cannot be read, CannotDo where it cannot be written.
    """
    text = _text(path)
    lines = text.split("\n")
    front, body = read_front(lines, Where(str(path)))
    new = replace(
        front,
        reviewed=reviewed,
        next_review=next_review,
        version=version,
        reviewed_as_printed="",
        next_review_as_printed="",
    )
    _write(path, "\n".join(["---", *front_lines(new), "---", *lines[body:]]))
    return new


@lru_cache(maxsize=4096)
def _front(path: Path, mtime_ns: int, size: int) -> Front:
    del mtime_ns, size  # part of the key: a changed file is read again
    return read_front(_text(path).split("\n"), Where(str(path)))[0]


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as e:
        raise BadPolicy(f"{path}: this is not UTF-8: save the file as UTF-8 text") from e


def _write(path: Path, text: str) -> None:
    """Whole or not at all: a policy file half written would answer nobody."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(path.stat().st_mode & 0o777)
        Path(name).replace(path)
    except OSError as e:
        raise CannotDo(
            f"{path} cannot be written ({e.strerror}); set reviewed, next_review and version in it by hand"
        ) from e
