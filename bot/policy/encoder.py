"""What a text says, read whole: a small transformer turns it into a direction, and into topics.

Texts that mean nearly the same point nearly the same way, whatever their words. The network is
`policy_text/fitted/encoder.onnx` with its vocabulary beside it, made by `make fit` and run on this machine's
processor by ONNX Runtime; it looks nothing up and nothing leaves the process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from bot.policy.lexicon import lexicon

FILE = "fitted/encoder.onnx"
VOCABULARY = "encoder.txt"
LONGEST = 128  # word pieces that are read of a text: what is longer is cut
EXACT = 127  # a direction is kept in steps of 1/127
# A folded brand name is read as the plain words for what it is.
_PLAIN = {
    "socialnetwork": "social media",
    "videosite": "video site",
    "chatapp": "chat app",
    "gameservice": "online game",
    "meetingtool": "video call",
    "learningplatform": "learning platform",
    "parentapp": "parent app",
    "datingapp": "dating app",
    "aitool": "ai tool",
    "marketplace": "online marketplace",
}
_START, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"

_used = [Path(str(files("policy_text"))) / FILE]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Read:
    """A text as the network reads it."""

    direction: Floats  # of length 1
    question: Floats  # how much speaks for each topic, were it a question
    clause: Floats  # … and were it a clause


def use(file: Path) -> None:
    """Read with the network in this file from now on: for fitting and measuring."""
    _used[0] = file
    _network.cache_clear()


def read(text: str) -> Read:
    """Read a text; alone, so that what is read beside it changes nothing."""
    return _network().read(text)


def knows(word: str) -> bool:
    """Whether a word is one the network reads whole, not in pieces."""
    return _network().knows(word)


def kept(direction: Floats) -> bytes:
    """A direction as the index keeps it: a signed byte a number."""
    return np.round(direction * EXACT).astype(np.int8).tobytes()


def unkept(direction: bytes) -> Floats:
    """The direction that was kept so."""
    return np.frombuffer(direction, dtype=np.int8).astype(np.float32) / np.float32(EXACT)


def likenesses(direction: Floats, several: bytes) -> Floats:
    """How near each of several kept directions, one behind the other, is to this one: 1 the same."""
    found: Floats = unkept(several).reshape(-1, len(direction)) @ direction
    return found


def likeness(one: Floats, other: Floats) -> float:
    """How near two texts are: 1 the same, 0 unrelated."""
    return float(one @ other)


def normal(text: str) -> str:
    """A text as the network reads it: abbreviations written out, brand names as what they are."""
    return " ".join(_PLAIN.get(w, w) for w in lexicon().expand(text))


class _Network:
    def __init__(self, file: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors only: its warnings are of no use to a school
        options.intra_op_num_threads = 2
        # It was made ready when it was fitted, which would else take every start as long as reading it.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        self._session = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        pieces = (file.parent / VOCABULARY).read_text("utf-8").splitlines()
        self._number = {piece: n for n, piece in enumerate(pieces)}

    def read(self, text: str) -> Read:
        numbers = np.array([self._numbers(text)], dtype=np.int64)
        found = self._session.run(None, {"numbers": numbers, "mask": np.ones_like(numbers)})
        return Read(*(part[0] for part in found))

    def knows(self, word: str) -> bool:
        return word in self._number

    def _numbers(self, text: str) -> list[int]:
        pieces = [p for word in normal(text).split() for p in self._pieces(word)]
        shown = [_START, *pieces[: LONGEST - 2], _END]
        return [self._number[p] for p in shown]

    def _pieces(self, word: str) -> list[str]:
        """A word in the longest pieces the vocabulary has, from the left (WordPiece)."""
        found: list[str] = []
        at = 0
        while at < len(word):
            for end in range(len(word), at, -1):
                piece = f"{'##' if at else ''}{word[at:end]}"
                if piece in self._number:
                    found.append(piece)
                    at = end
                    break
            else:
                return [_UNKNOWN]
        return found


@lru_cache(maxsize=1)
def _network() -> _Network:
    return _Network(_used[0])
