"""What staff asked and got no answer to, without their names; and the answers a school wrote itself.

One small SQLite file a school. Nothing here says who asked, and it is forgotten after the time the
school sets.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from rapidfuzz.fuzz import token_sort_ratio

from bot.errors import BadUse, CannotDo
from bot.policy.lexicon import lexicon, words

SAME = 90  # likeness (0 to 100) of two wordings from which they are one question
BUSY_SECONDS = 30
MOST_LETTERS = 500  # of a question that is kept


_LISTED = "select number, text, why, times, last, clause, answer from asked"
_ORDER = "order by times desc, number"


class Why(StrEnum):
    """How a question came onto the list."""

    UNANSWERED = "unanswered"
    NOT_THAT = "not what was asked"


@dataclass(frozen=True, slots=True)
class Listed:
    """A question on the owner's list."""

    number: int
    text: str
    why: Why
    times: int
    last: str  # the day it was last asked, ISO
    clause: str  # the clause the owner pointed it to, or empty
    answer: str  # the answer the owner wrote, or empty


class Asked:
    """The list of one school."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, text: str, why: Why, now: datetime, keep: timedelta) -> None:
        """Put a question on the list, or count it again; forget what is older than `keep`."""
        text = " ".join(text.split())[:MOST_LETTERS]
        with self._open() as db:
            old = (now - keep).date().isoformat()
            db.execute("delete from asked where last < ? and clause = '' and answer = ''", (old,))
            today = now.date().isoformat()
            for number, known in db.execute("select number, text from asked").fetchall():
                if _same(text, known):
                    db.execute(
                        "update asked set times = times + 1, last = ? where number = ?",
                        (today, number),
                    )
                    return
            db.execute(
                "insert into asked(text, why, times, last, clause, answer) values (?, ?, 1, ?, '', '')",
                (text, why.value, today),
            )

    def forget_before(self, day: date) -> None:
        """Forget what was asked last before that day and was not decided on."""
        if not self._file.exists():
            return
        past = "from asked where last < ? and clause = '' and answer = ''"
        with self._open(to_read=True) as db:  # every minute: no lock is taken for nothing
            if not db.execute(f"select 1 {past} limit 1", (day.isoformat(),)).fetchone():
                return
        with self._open() as db:
            db.execute(f"delete {past}", (day.isoformat(),))

    def listed(self) -> list[Listed]:
        """The list, the most often asked first."""
        if not self._file.exists():
            return []
        with self._open() as db:
            rows = db.execute(f"{_LISTED} {_ORDER}").fetchall()
        return [_listed(row) for row in rows]

    def decide(self, number: int, *, clause: str = "", answer: str = "") -> None:
        """Point a question to a clause, or give it the school's own answer.

        Raises BadUse where the number is not on the list.
        """
        with self._open() as db:
            done = db.execute(
                "update asked set clause = ?, answer = ? where number = ?", (clause, answer, number)
            )
            if not done.rowcount:
                raise BadUse(
                    f"there is no question {number} on the list; see: mayi policy questions"
                )

    def forget(self, number: int) -> None:
        """Take a question off the list."""
        with self._open() as db:
            done = db.execute("delete from asked where number = ?", (number,))
            if not done.rowcount:
                raise BadUse(
                    f"there is no question {number} on the list; see: mayi policy questions"
                )

    def own_answer(self, text: str) -> Listed | None:
        """The decision the school made on this question, whatever its exact wording."""
        if not self._file.exists():
            return None
        with self._open(to_read=True) as db:  # every question comes by here: no lock is taken
            rows = db.execute(f"{_LISTED} where clause <> '' or answer <> '' {_ORDER}").fetchall()
        return next((q for q in map(_listed, rows) if _same(text, q.text)), None)

    @contextlib.contextmanager
    def _open(self, *, to_read: bool = False) -> Iterator[sqlite3.Connection]:
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self._file, timeout=BUSY_SECONDS, isolation_level=None)
        except (OSError, sqlite3.OperationalError) as e:
            raise CannotDo(f"{self._file}: cannot be opened; check the folder's permissions") from e
        try:
            if to_read:
                yield connection
                return
            connection.execute("begin immediate")
            connection.execute(
                "create table if not exists asked(number integer primary key autoincrement, text, why, "
                "times integer, last, clause, answer)"
            )
            yield connection
            connection.execute("commit")
        except sqlite3.DatabaseError as e:
            raise CannotDo(
                f"{self._file}: the list of questions cannot be read ({e}); restore it or remove it"
            ) from e
        finally:
            connection.close()


def _listed(row: tuple[int, str, str, int, str, str, str]) -> Listed:
    number, text, why, times, last, clause, answer = row
    return Listed(number, text, Why(why), times, last, clause, answer)


def _same(one: str, other: str) -> bool:
    return token_sort_ratio(_told(one), _told(other)) >= SAME


@lru_cache(maxsize=8192)  # the whole list is gone through for every question that is put on it
def _told(text: str) -> str:
    """The words of a question that tell what it is about."""
    lex = lexicon()
    return " ".join(w for w in lex.expand(text) if w not in lex.stop) or " ".join(words(text))
