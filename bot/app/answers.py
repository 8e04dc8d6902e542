"""Answering for the schools of a home: their indexes kept open, one question or a stream of them."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from bot.config import Home, School
from bot.errors import BadUse, MayIError
from bot.policy.answer import Answer, Answerer, as_object
from bot.policy.index import Index, PolicyInfo, open_index, stamp

MOST_OPEN = 64  # schools whose index is kept open; the least lately asked closes first


@dataclass(slots=True)
class _Open:
    index: Index
    answerer: Answerer
    stamps: tuple[str, ...]


@dataclass(slots=True)
class Engine:
    """Answers for any school of a home; keeps the indexes lately used open and up to date."""

    home: Home
    _open: OrderedDict[str, _Open] = field(default_factory=OrderedDict)

    def answer(self, school: School, question: str) -> Answer:
        """Answer a question from the policies of one school."""
        return self._for(school).answerer.answer(question)

    def index(self, school: School) -> Index:
        """The school's index, up to date with its policy files."""
        return self._for(school).index

    def policies(self, school: School) -> tuple[PolicyInfo, ...]:
        return self._for(school).index.policies

    def close(self) -> None:
        while self._open:
            self._open.popitem()[1].index.close()

    def _for(self, school: School) -> _Open:
        key = str(school.folder)
        stamps = tuple(f"{p.name} {stamp(p)}" for p in school.policies)
        kept = self._open.get(key)
        if kept is None or kept.stamps != stamps:
            if kept:
                kept.index.close()
            file = self.home.index_folder / f"{school.id}.db"
            index = open_index(file, school.policies, engine_version())
            answerer = Answerer(index, school.contact, school.safeguarding_contact)
            kept = self._open[key] = _Open(index, answerer, stamps)
        self._open.move_to_end(key)
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].index.close()
        return kept


@lru_cache(maxsize=1)
def engine_version() -> str:
    """A name for the code and data that read a policy: when it changes, indexes are made anew."""
    digest = hashlib.blake2b(digest_size=8)
    for package, folder, suffixes in (
        ("bot", "policy", (".py",)),
        ("policy_text", "", (".toml",)),
        ("policy_text", "fitted", (".db",)),
    ):
        for file in _files(files(package) / folder if folder else files(package), suffixes):
            digest.update(file.name.encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _files(folder: Traversable, suffixes: tuple[str, ...]) -> list[Traversable]:
    return sorted((f for f in folder.iterdir() if f.name.endswith(suffixes)), key=lambda f: f.name)


def answer_object(home: Home, school: str | None, question: str) -> dict[str, Any]:
    """The answer object for one question."""
    found = home.school(school)
    return as_object(Engine(home).answer(found, question), school=found.id)


def answer_lines(
    home: Home, school: str | None, lines: Iterable[bytes]
) -> Iterator[dict[str, Any]]:
    """An answer object a line, in order; a bad line or unknown school gives {"id", "error"}."""
    engine = Engine(home)
    for line in lines:
        if line.strip():
            yield _answer_line(engine, school, line)


def _answer_line(engine: Engine, school: str | None, line: bytes) -> dict[str, Any]:
    number = None
    try:
        asked = json.loads(
            line.decode("utf-8-sig"), parse_constant=_no_such_number, parse_float=_number
        )
        if not isinstance(asked, dict):
            raise BadUse("give a JSON object with id, school and question")
        number = asked.get("id")
        question = asked.get("question")
        if not isinstance(question, str):
            raise BadUse("give the question as text")
        named = asked.get("school") or school
        if named is not None and not isinstance(named, str):
            raise BadUse("give the school as text")
        found = engine.home.school(named)
        return as_object(engine.answer(found, question), school=found.id, number=number)
    except (ValueError, RecursionError):  # not JSON, or not UTF-8
        return {"id": number, "error": 'not a line of JSON; give {"id", "school", "question"}'}
    except MayIError as e:
        return {"id": number, "error": str(e)}


def _number(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        _no_such_number(digits)
    return number


def _no_such_number(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
