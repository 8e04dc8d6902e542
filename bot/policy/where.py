"""A policy file to complain about: every mistake names the file, the line and what to do."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from bot.errors import BadPolicy
from bot.policy.sentences import fold


@dataclass(frozen=True)
class Where:
    """A file to complain about."""

    name: str

    def bad(self, line: int, words: str) -> NoReturn:
        raise BadPolicy(f"{self.name}, line {line}: {words}")

    def unknown(self, line: int, what: str, value: str, known: Sequence[str]) -> NoReturn:
        near = difflib.get_close_matches(value, known, n=1) or known[: len(known) == 1]
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
        self.bad(line, f"{what} {fold(value)!r} is not known: {hint}")
