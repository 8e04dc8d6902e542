"""What came in from a form, as plain values."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Control characters, and those that turn the direction of what follows: nobody types them.
_UNSEEN = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]")


def one(value: str | Sequence[str]) -> str:
    """The one value of a field, or the first of several; empty where there is none."""
    return value if isinstance(value, str) else next(iter(value), "")


def many(value: str | Sequence[str]) -> list[str]:
    """The values of a field that takes several."""
    return [value] if isinstance(value, str) and value else list(value)


def text_of(value: str | Sequence[str]) -> str:
    """What was typed, without the characters nobody types; lines stay lines."""
    kept = (" " if c.isspace() and c != "\n" else c for c in one(value))
    return "".join(c for c in kept if c == "\n" or not _UNSEEN.fullmatch(c)).strip()


def as_typed(text: str) -> str:
    """What somebody typed, marked line by line, so that none of it looks like ours."""
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())
