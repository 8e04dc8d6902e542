"""One disposable search file a school: its clauses, the words and topics they are found by.

The file is made from the policy files and can be deleted at any time. It is brought up to date, policy
by policy, when a policy file or the engine that read it has changed.
"""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import CannotDo, MayIError
from bot.policy import encoder, lexicon, topics
from bot.policy.model import Clause, Front, Reading, Strength

if TYPE_CHECKING:
    from sqlite_utils import Database

LAYOUT = 3  # raised when the tables change: an index of another layout is made anew
TABLES = frozenset({"policies", "clauses", "directions", "topics", "counts", "vocabulary", "words"})
PEOPLE = frozenset(
    {"~pupil", "~formerpupil", "~parent", "~colleague", "~headteacher", "~governor", "~ownchild"}
)
_EXCEPTION = re.compile(r"\b(?:unless|except|save|apart from|other than)\b", re.IGNORECASE)
CLAUSES_KEPT = 2048  # as they were read: schools of a trust share policies, and a changed one is mostly the same
BUSY_SECONDS = 30  # two processes may bring the same file up to date: the second waits


@dataclass(frozen=True, slots=True)
class PolicyInfo:
    """What an answer says of the policy a clause stands in."""

    slug: str
    title: str
    version: str
    dated: str  # when it was reviewed or adopted, as far as the policy says; may be empty


@dataclass(frozen=True, slots=True)
class Entry:
    """A clause with what it is found by."""

    rowid: int
    clause: Clause
    policy: PolicyInfo
    units: frozenset[str]  # of its text
    around: frozenset[str]  # of its lead-in and headings
    before: frozenset[str]  # of the clause before it under the same heading
    people: frozenset[str]  # whom its rule, without its exception, speaks of: concepts
    names_role: bool  # somebody at or outside the school is named in it
    topics: Mapping[str, float]  # the chief ones
    spread: array[float]  # how likely each topic is, as `topics.Subject` has it
    roots: array[float]
    direction: encoder.Floats  # where it points, read whole with its lead-in and headings


@dataclass(frozen=True, slots=True)
class Broken:
    """A policy file that could not be read; its last good version, if any, still answers."""

    path: Path
    why: str


class Index:
    """The open search file of one school."""

    def __init__(self, connection: sqlite3.Connection, broken: tuple[Broken, ...]) -> None:
        self._connection = connection
        self.broken = broken
        self._size = int(connection.execute("select count(*) from clauses").fetchone()[0])
        rows = connection.execute("select slug, title, version, dated from policies")
        self._policies = {str(r[0]): PolicyInfo(*map(str, r)) for r in rows}

    @property
    def policies(self) -> tuple[PolicyInfo, ...]:
        """The policies in it, by file name."""
        return tuple(self._policies[slug] for slug in sorted(self._policies))

    def close(self) -> None:
        self._connection.close()

    def __len__(self) -> int:
        return self._size

    def entries(self, rowids: Iterable[int]) -> list[Entry]:
        """The clauses of these rows, in row order."""
        wanted = ",".join(str(int(r)) for r in rowids)
        rows = self._connection.execute(
            f"select rowid, policy, data, spread, roots, direction from clauses where rowid in ({wanted}) order by rowid"  # noqa: S608
        )
        return [self._entry(*row) for row in rows]

    def by_id(self, clause_id: str) -> Entry | None:
        """The clause of this id, the first where two policies use it."""
        return next((e for e in self.all() if e.clause.id == clause_id), None)

    def all(self) -> list[Entry]:
        """Every clause, in the order of the policies."""
        rows = self._connection.execute(
            "select rowid, policy, data, spread, roots, direction from clauses order by policy, rowid"
        )
        return [self._entry(*row) for row in rows]

    def matching(self, units: Sequence[str], limit: int) -> dict[int, float]:
        """Rows that share units with a question, best first: row -> relevance (higher is better)."""
        if not units:
            return {}
        query = " OR ".join(f'"{_token(u)}"' for u in units)
        rows = self._connection.execute(
            # A word of the rule itself counts for more than one of its headings.
            "select rowid, -bm25(words, 1.0, 0.5) from words where words match ? order by rank limit ?",
            (query, limit),
        )
        return {int(rowid): float(relevance) for rowid, relevance in rows}

    def about(self, wanted: Sequence[str], limit: int) -> list[int]:
        """Rows about any of these topics, the most to the point first."""
        marks = ",".join("?" * len(wanted))
        rows = self._connection.execute(
            f"select clause from topics where topic in ({marks}) order by weight desc limit ?",  # noqa: S608
            (*wanted, limit),
        )
        return list(dict.fromkeys(int(r[0]) for r in rows))

    def likenesses(self, direction: encoder.Floats) -> dict[int, float]:
        """How near every row's clause is to a question that points there: row -> 1 the same, 0 unrelated."""
        found: dict[int, float] = {}
        for rows, kept in self._connection.execute("select clauses, kept from directions"):
            like = encoder.likenesses(direction, kept)
            found.update(zip(array("q", rows), like.tolist(), strict=True))
        return found

    def commonness(self, units: Sequence[str]) -> dict[str, int]:
        """In how many clauses each unit stands."""
        marks = ",".join("?" * len(units))
        query = f"select unit, clauses from counts where unit in ({marks})"  # noqa: S608
        rows = self._connection.execute(query, tuple(units))
        return {str(unit): int(n) for unit, n in rows}

    def vocabulary(self) -> frozenset[str]:
        """Every word of the clauses, for mending what staff type."""
        return frozenset(
            str(r[0]) for r in self._connection.execute("select distinct word from vocabulary")
        )

    def _entry(
        self, rowid: int, policy: str, data: str, spread: bytes, roots: bytes, direction: bytes
    ) -> Entry:
        d = json.loads(data)
        reading = d["reading"]
        return Entry(
            rowid,
            Clause(
                d["id"],
                tuple(d["section"]),
                d["lead_in"],
                d["text"],
                Reading(
                    Strength(reading["strength"]),
                    tuple(reading["binds"]),
                    reading["approver"],
                    reading["condition"],
                    reading["route"],
                    tuple(reading["topics"]),
                    frozenset(reading["by_owner"]),
                ),
            ),
            self._policies[policy],
            frozenset(d["units"]),
            frozenset(d["around"]),
            frozenset(d["before"]),
            frozenset(d["people"]),
            d["names_role"],
            d["topics"],
            array("f", spread),
            array("f", roots),
            encoder.unkept(direction),
        )


def open_index(file: Path, policies: Sequence[Path], engine: str) -> Index:
    """Open a school's index, bringing it up to date with its policy files first.

    `engine` names the version of the engine that reads the policies; another one reads them all again.
    A policy file that cannot be read leaves its last good version in place and is named in `broken`.
    A damaged index file is made anew.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return _open(file, policies, engine)
    except OSError as e:
        raise CannotDo(f"{file.parent}: {e.strerror}; check the path and its permissions") from e
    except sqlite3.OperationalError as e:
        raise CannotDo(
            f"{file}: {e}; check the folder's permissions and the space on the disk"
        ) from e
    except sqlite3.DatabaseError:
        file.unlink(missing_ok=True)
        return _open(file, policies, engine)


def stamp(path: Path) -> str:
    """What changes when a policy file changes."""
    status = path.stat()
    return f"{status.st_mtime_ns}-{status.st_size}"


def _open(file: Path, policies: Sequence[Path], engine: str) -> Index:
    connection = sqlite3.connect(file, timeout=BUSY_SECONDS, check_same_thread=False)
    try:
        broken: tuple[Broken, ...] = ()
        if not _whole(connection):
            connection.close()
            file.unlink(missing_ok=True)
            connection = sqlite3.connect(file, timeout=BUSY_SECONDS, check_same_thread=False)
        if not _tables(connection) or _stamps(connection) != {
            p.stem: f"{engine} {stamp(p)}" for p in policies
        }:
            from sqlite_utils import Database  # only where there is something to write

            broken = _bring_up_to_date(Database(connection), policies, engine)
        return Index(connection, broken)
    except sqlite3.DatabaseError:
        connection.close()
        raise


def _tables(connection: sqlite3.Connection) -> frozenset[str]:
    rows = connection.execute("select name from sqlite_master where type = 'table'")
    return frozenset(str(r[0]) for r in rows)


def _whole(connection: sqlite3.Connection) -> bool:
    """Whether an index file is new, or sound and laid out as this version lays it out."""
    tables = _tables(connection)
    if not tables:
        return True
    if connection.execute("pragma user_version").fetchone()[0] != LAYOUT:
        return False
    sound: bool = connection.execute("pragma quick_check(1)").fetchone()[0] == "ok"
    return sound and tables >= TABLES


def _stamps(connection: sqlite3.Connection) -> dict[str, str]:
    with contextlib.suppress(sqlite3.OperationalError):  # no such table: a new file
        return dict(connection.execute("select slug, stamp from policies").fetchall())
    return {}


def _bring_up_to_date(
    database: Database, policies: Sequence[Path], engine: str
) -> tuple[Broken, ...]:
    connection = database.conn
    connection.isolation_level = None
    connection.execute("begin immediate")  # a second process waits here, then finds nothing to do
    try:
        _create(database)
        connection.execute(f"pragma user_version = {LAYOUT}")
        broken = _update(database, policies, engine, _stamps(connection))
        connection.execute("commit")
    except BaseException:
        connection.execute("rollback")
        raise
    return broken


def _update(
    database: Database, policies: Sequence[Path], engine: str, before: Mapping[str, str]
) -> tuple[Broken, ...]:
    broken: list[Broken] = []
    for slug in before.keys() - {p.stem for p in policies}:
        _forget(database, slug)
    for path in policies:
        now = f"{engine} {stamp(path)}"
        if before.get(path.stem) == now:
            continue
        from bot.policy.policyfile import read_policy  # slow to import, and seldom needed

        try:
            policy = read_policy(path)
        except MayIError as e:
            broken.append(Broken(path, str(e)))
            continue
        _forget(database, path.stem)
        _add(database, path.stem, now, policy.front, policy.clauses)
    _count(database.conn)
    return tuple(broken)


def _create(database: Database) -> None:
    database.table("policies").create(
        {"slug": str, "stamp": str, "title": str, "version": str, "dated": str},
        pk="slug",
        if_not_exists=True,
    )
    database.table("clauses").create(
        {
            "rowid": int,
            "policy": str,
            "data": str,
            "spread": bytes,
            "roots": bytes,
            "direction": bytes,
        },
        pk="rowid",
        if_not_exists=True,
    )
    database.table(
        "directions"
    ).create(  # all of a policy's at once: every question looks at them all
        {"policy": str, "clauses": bytes, "kept": bytes}, pk="policy", if_not_exists=True
    )
    database.table("topics").create(
        {"topic": str, "weight": float, "clause": int},
        pk=("topic", "weight", "clause"),
        if_not_exists=True,
    )
    database.table("counts").create({"unit": str, "clauses": int}, pk="unit", if_not_exists=True)
    database.table("vocabulary").create(
        {"word": str, "policy": str}, pk=("word", "policy"), if_not_exists=True
    )
    database.conn.execute(
        "create virtual table if not exists words using fts5(own, around, tokenize='unicode61')"
    )


def people(text: str) -> frozenset[str]:
    """Whom a rule speaks of, its exception ("unless they are the pupil's parent") left out."""
    lex = lexicon.lexicon()
    rule = _EXCEPTION.split(text, maxsplit=1)[0]
    return PEOPLE & frozenset(lex.units(lex.expand(rule)))


def _forget(database: Database, slug: str) -> None:
    old = "(select rowid from clauses where policy = ?)"
    for table, column in (("topics", "clause"), ("words", "rowid")):
        database.conn.execute(f"delete from {table} where {column} in {old}", (slug,))  # noqa: S608
    database.conn.execute("delete from clauses where policy = ?", (slug,))
    database.conn.execute("delete from directions where policy = ?", (slug,))
    database.conn.execute("delete from vocabulary where policy = ?", (slug,))
    database.conn.execute("delete from policies where slug = ?", (slug,))


def _add(database: Database, slug: str, now: str, front: Front, clauses: Sequence[Clause]) -> None:
    from bot.policy.roles_in_text import mentions

    lex = lexicon.lexicon()
    words: set[str] = set()
    connection = database.conn
    last: Clause | None = None
    reads = [_read(_whole_text(c)) for c in clauses]
    rows: list[int] = []
    for clause, read in zip(clauses, reads, strict=True):
        heading = " ".join(clause.section)
        before = last.text if last and last.section == clause.section else ""
        last = clause
        own_words = lex.expand(clause.text)
        around_words = lex.expand(f"{clause.lead_in or ''} {heading}")
        words.update(own_words, around_words)
        own, around = lex.units(own_words), lex.units(around_words)
        found = (
            topics.given(clause.reading.topics)
            if "topics" in clause.reading.by_owner
            else topics.of_clause(heading, clause.lead_in or "", clause.text, before, read)
        )
        near = lex.units(lex.expand(before))
        row = connection.execute(
            "insert into clauses(policy, data, spread, roots, direction) values (?, ?, ?, ?, ?)",
            (
                slug,
                json.dumps(
                    _clause_data(
                        clause,
                        own,
                        around,
                        near,
                        found.chief,
                        names_role=bool(mentions(clause.text)),
                    )
                ),
                found.spread.tobytes(),
                found.roots.tobytes(),
                encoder.kept(read.direction),
            ),
        ).lastrowid
        rows.append(int(row or 0))
        connection.execute(
            "insert into words(rowid, own, around) values (?, ?, ?)",
            (row, " ".join(map(_token, own)), " ".join(map(_token, around))),
        )
        database.table("topics").insert_all(
            ({"topic": t, "weight": w, "clause": row} for t, w in found.chief.items())
        )
    database.table("directions").insert(
        {
            "policy": slug,
            "clauses": array("q", rows).tobytes(),
            "kept": b"".join(encoder.kept(read.direction) for read in reads),
        }
    )
    database.table("vocabulary").insert_all({"word": w, "policy": slug} for w in sorted(words))
    dated = front.reviewed or front.adopted
    database.table("policies").insert(
        {
            "slug": slug,
            "stamp": now,
            "title": front.title,
            "version": front.version,
            "dated": dated.isoformat() if dated else front.reviewed_as_printed,
        }
    )


@lru_cache(maxsize=CLAUSES_KEPT)
def _read(clause: str) -> encoder.Read:
    return encoder.read(clause)


def _whole_text(clause: Clause) -> str:
    """What is read of a clause: its lead-in, its words, its headings."""
    return f"{clause.lead_in or ''} {clause.text} {' '.join(clause.section)}"


def _count(connection: sqlite3.Connection) -> None:
    connection.execute("delete from counts")
    counts: dict[str, int] = {}
    for (blob,) in connection.execute("select data from clauses"):
        for unit in {*(d := json.loads(blob))["units"], *d["around"]}:
            counts[unit] = counts.get(unit, 0) + 1
    connection.executemany("insert into counts values (?, ?)", counts.items())


def _clause_data(
    clause: Clause,
    own: Sequence[str],
    around: Sequence[str],
    before: Sequence[str],
    found: Mapping[str, float],
    *,
    names_role: bool,
) -> dict[str, Any]:
    data = asdict(clause)
    data["reading"]["by_owner"] = sorted(clause.reading.by_owner)
    return {
        **data,
        "units": own,
        "around": around,
        "before": before,
        "people": sorted(people(f"{clause.lead_in or ''} {clause.text}")),
        "names_role": names_role,
        "topics": found,
    }


def _token(unit: str) -> str:
    """A unit as FTS5 can hold it: concepts keep apart from words of the same letters."""
    return unit.replace("~", "concept")
