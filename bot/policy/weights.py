"""The fitted numbers an answer is made with, as `policy_text/fitted/weights.toml` keeps them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from bot.config import data


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature counts for: in picking a clause, and in judging whether one covers a question."""

    rank: Mapping[str, float]
    cover: Mapping[str, float]
    threshold: float  # the likelihood (0 to 1) from which a question counts as covered
    verdict: Mapping[
        str, Sequence[float]
    ]  # a feature's weight for each verdict, as `verdict.JUDGED`
    leave: float  # how likely leave must be, and the clause to cover the question, for it to be given …
    leave_approval: float  # … and where it hangs on somebody's approval


@lru_cache(maxsize=1)
def fitted() -> Weights:
    """Return the weights that come with this version, written by `make fit`."""
    file = files("policy_text") / "fitted" / "verdict.json"
    return parse(data("fitted/weights.toml"), json.loads(file.read_text("utf-8")))


def parse(table: Mapping[str, Any], verdict: Mapping[str, Sequence[float]]) -> Weights:
    """Read weights from their table; a feature that is not in it counts for nothing."""
    return Weights(
        {k: float(v) for k, v in table["rank"].items()},
        {k: float(v) for k, v in table.get("cover", {}).items()},
        float(table.get("threshold", 0.0)),
        verdict,
        float(table.get("leave", 1.0)),
        float(table.get("leave_approval", 1.0)),
    )
