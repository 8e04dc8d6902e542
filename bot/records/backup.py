"""Backups: one file with the records and the schools' folders, and never the keys.

The records are in it row by row, as text, the same from either database; what was sealed stays sealed.
So a backup made on SQLite can be restored to PostgreSQL, and one of an older version to a newer one.
What can be made anew (search indexes, work under way) is left out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import Any

import sqlalchemy as sa

from bot.errors import BadUse, CannotDo
from bot.records import audit, tables
from bot.records.crypto import SealBroken, Sealer
from bot.records.store import Store

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20
ROWS = 200  # rows that are in memory at once

# What is told by there being rows in it: this home has records.
PRECIOUS = ("reports", "drafts", "messages", "audit")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in a backup."""

    format: int
    program: str  # the version that made it
    shape: str  # of the database, see bot.records.migrate
    made: str
    tables: dict[str, int]  # rows in each, in the order in which they are restored
    audit: tuple[int, str]  # the head of the audit trail: see audit.verify(noted=…)
    schools: bool  # whether the schools' folders are in it
    files: dict[str, str]  # SHA-256 of every file in it but this one


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and whether the keys that are here open it."""

    manifest: Manifest
    opens: bool


async def backup(
    store: Store, home: Path, out: Path, *, now: datetime, actor: str = "owner"
) -> Manifest:
    """Write records and schools' folders, as they are at one moment, into a new file `out`.

    Others may go on working. The audit trail says so first. Raises CannotDo when it cannot be written;
    then there is no file.
    """
    if out.exists():  # noqa: ASYNC240  # a command's; nobody waits
        raise BadUse(f"{out}: is there already; name a new file")
    await _say(store, now, actor, audit.Action.BACKUP)
    async with store.reading() as conn:
        if conn.dialect.name == "postgresql":
            await conn.execution_options(isolation_level="REPEATABLE READ")
        return await conn.run_sync(write, home, out, now=now)


async def restore(
    file: Path,
    home: Path,
    url: str,
    sealer: Sealer,
    *,
    now: datetime,
    actor: str = "owner",
    replace: bool = False,
) -> Restored:
    """Put back what is in a backup: the records whole or not at all, then the schools' folders.

    Raises BadUse for a home that has records or schools, unless told to `replace` them; then the folders
    that were there are kept beside the new ones. Stop MayI before.
    """
    from bot.records import migrate

    with _reading(file) as archive:
        manifest = _checked(archive, file)
        if not migrate.known_shape(manifest.shape):
            raise CannotDo(
                f"{file}: was made by a newer MayI ({manifest.program}); install that one"
            )
        schools = home / "schools"
        if manifest.schools and not replace and schools.is_dir() and any(schools.iterdir()):
            raise BadUse(f"{home}: has schools already; use an empty home, or say --replace")
        unpacked = home / f".schools-{secrets.token_hex(4)}"
        try:
            _unpack(archive, manifest, unpacked)
            async with migrate.alone(url) as conn:
                sample = await conn.run_sync(_load, archive, manifest, replace=replace)
            if manifest.schools:
                _swap(unpacked / "schools", schools, now)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    opens = True
    try:
        if sample is not None:
            sealer.open(sample)
    except SealBroken:
        opens = False
    store = Store(url, sealer)
    try:
        await _say(store, now, actor, audit.Action.RESTORED)
    finally:
        await store.close()
    return Restored(manifest, opens)


async def _say(store: Store, now: datetime, actor: str, action: audit.Action) -> None:
    async with store.writing() as tx:
        await audit.append(tx, store.sealer, at=now, school="", actor=actor, action=action)


# --- writing --------------------------------------------------------------------------------------------


def write(conn: sa.Connection, home: Path | None, out: Path, *, now: datetime) -> Manifest:
    """Write a backup of what this connection's transaction sees; without a home, of the records alone."""
    made = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(made, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            with zipfile.ZipFile(opened, "w", zipfile.ZIP_DEFLATED) as archive:
                manifest = _fill(archive, conn, home, now)
            opened.flush()
            os.fsync(opened.fileno())
        made.replace(out)
    except OSError as e:
        raise CannotDo(
            f"{out}: the backup could not be written ({e.strerror}: {e.filename or out.parent}); "
            "make room, mend the permissions, or choose another place"
        ) from e
    finally:
        made.unlink(missing_ok=True)
    return manifest


def _fill(
    archive: zipfile.ZipFile, conn: sa.Connection, home: Path | None, now: datetime
) -> Manifest:
    from bot.records import migrate

    counts: dict[str, int] = {}
    files: dict[str, str] = {}
    there = _tables(conn)
    for table in there.sorted_tables:
        name = f"records/{table.name}.jsonl"
        with _entry(archive, name, files) as put:
            counts[table.name] = 0
            rows = conn.execute(sa.select(table).execution_options(yield_per=ROWS))
            for row in rows.mappings():
                line = {column: _packed(value, table.c[column]) for column, value in row.items()}
                put(json.dumps(line, separators=(",", ":")).encode("ascii") + b"\n")
                counts[table.name] += 1
    for name, path in _school_files(home):
        with _entry(archive, name, files) as put, path.open("rb") as source:
            while chunk := source.read(CHUNK):
                put(chunk)
    head = conn.execute(sa.select(tables.audit_head.c.n, tables.audit_head.c.hash)).one()
    shape = migrate.shape(conn)
    assert shape is not None
    manifest = Manifest(
        format=FORMAT,
        program=version("mayi"),
        shape=shape,
        made=now.astimezone(UTC).isoformat(timespec="seconds"),
        tables=counts,
        audit=(head.n, head.hash),
        schools=home is not None,
        files=files,
    )
    archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
    return manifest


def _school_files(home: Path | None) -> Iterator[tuple[str, Path]]:
    """The files of the schools' folders, by the name that they have in a backup."""
    if home is None or not (home / "schools").exists():
        return
    seen: set[str] = set()  # a linked folder is followed, once

    def unreadable(error: OSError) -> None:
        raise error  # or it would be left out quietly

    for folder, below, names in os.walk(home / "schools", onerror=unreadable, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file():
                yield path.relative_to(home).as_posix(), path


@contextmanager
def _entry(archive: zipfile.ZipFile, name: str, files: dict[str, str]) -> Iterator[Any]:
    digest = hashlib.sha256()
    with archive.open(name, "w", force_zip64=True) as out:

        def put(data: bytes) -> None:
            digest.update(data)
            out.write(data)

        yield put
    files[name] = digest.hexdigest()


def _tables(conn: sa.Connection) -> sa.MetaData:
    """Our tables as they are in this database, which may have the shape of another version."""
    there = sa.MetaData()
    ours = set(tables.metadata.tables)
    there.reflect(conn, only=lambda name, _: name in ours, resolve_fks=False)
    return there


def _packed(value: Any, column: sa.Column[Any]) -> Any:
    """The value as JSON can hold it, the same from either database."""
    if isinstance(column.type, sa.JSON):
        return {"json": value}
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return {"at": aware.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    return value


# --- restoring ------------------------------------------------------------------------------------------


@contextmanager
def _reading(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except FileNotFoundError as e:
        if e.filename is not None and Path(e.filename) != file:
            raise
        raise CannotDo(f"{file}: there is no such file") from e
    except (zipfile.BadZipFile, EOFError) as e:
        raise CannotDo(f"{file}: is not a backup, or is damaged; use another one") from e
    except OSError as e:
        raise CannotDo(
            f"{file}: could not be restored ({e.strerror}); check the disk and the permissions"
        ) from e


def _checked(archive: zipfile.ZipFile, file: Path) -> Manifest:
    """Read the manifest and see that everything is there, unchanged, and nothing else is."""
    damaged = CannotDo(f"{file}: is damaged or was altered; use another backup")
    try:
        found = json.loads(archive.read(MANIFEST))
        if found["format"] > FORMAT:
            raise CannotDo(
                f"{file}: was made by a newer MayI ({str(found['program'])[:20]}); install that one"
            )
        manifest = Manifest(**{**found, "audit": tuple(found["audit"])})
        rows = {f"records/{name}.jsonl" for name in manifest.tables}
    except (KeyError, TypeError, ValueError) as e:
        raise CannotDo(f"{file}: is not a backup") from e
    names = [name for name in archive.namelist() if name != MANIFEST]
    if sorted(names) != sorted(manifest.files):
        raise damaged
    for name in names:
        if name not in rows and not _inside_schools(name):
            raise CannotDo(f"{file}: would write outside the schools' folders; do not use it")
        digest = hashlib.sha256()
        try:
            with archive.open(name) as source:
                while chunk := source.read(CHUNK):
                    digest.update(chunk)
        except Exception as e:  # what a damaged archive raises depends on where it is damaged
            raise damaged from e
        if digest.hexdigest() != manifest.files[name]:
            raise damaged
    return manifest


def _inside_schools(name: str) -> bool:
    parts = name.split("/")
    return (
        len(parts) > 2
        and parts[0] == "schools"
        and not any(part in ("", ".", "..") for part in parts)
        and "\\" not in name
        and "\0" not in name
        and not PurePosixPath(name).is_absolute()
    )


def _unpack(archive: zipfile.ZipFile, manifest: Manifest, folder: Path) -> None:
    (folder / "schools").mkdir(parents=True)
    for name in manifest.files:
        if name.startswith("schools/"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(name) as source, path.open("xb") as out:
                shutil.copyfileobj(source, out, CHUNK)


def _swap(new: Path, schools: Path, now: datetime) -> None:
    if schools.exists():
        stamp = now.astimezone(UTC).strftime("%Y%m%d-%H%M%S")
        schools.rename(schools.with_name(f"schools-before-{stamp}-{secrets.token_hex(2)}"))
    new.rename(schools)


def _load(
    conn: sa.Connection, archive: zipfile.ZipFile, manifest: Manifest, *, replace: bool
) -> bytes | None:
    """Make the tables anew, fill them, and return one sealed value to try the keys on."""
    from bot.records import migrate

    if migrate.shape(conn) is not None:
        if not replace and has_records(conn):
            raise BadUse(
                "there are records in this home already; use an empty home, or say --replace"
            )
        tables.metadata.drop_all(conn)
        conn.exec_driver_sql("DROP TABLE alembic_version")
    migrate.step_to(conn, manifest.shape)
    there, sample = _tables(conn).tables, None
    sqlite = conn.dialect.name == "sqlite"
    for name in manifest.tables:
        table, batch = there[name], []
        for row in _lines(archive, name, sqlite=sqlite):
            batch.append(row)
            sample = row.get("sealed", sample)
            if len(batch) == ROWS:
                _put(conn, table, batch)
                batch = []
        _put(conn, table, batch)
    migrate.step_to(conn, migrate.newest_shape())
    return sample


def has_records(conn: sa.Connection) -> bool:
    """Whether anything is kept in a database that has our tables."""
    return any(
        conn.execute(
            sa.select(sa.literal(1)).select_from(tables.metadata.tables[name]).limit(1)
        ).first()
        for name in PRECIOUS
    )


def _put(conn: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    if table.name == "audit_head":  # the first step has made its row
        for row in rows:
            if row["n"] > 0:
                conn.execute(sa.update(table).where(table.c.id == row["id"]).values(row))
    elif rows:
        conn.execute(sa.insert(table), rows)


def _lines(archive: zipfile.ZipFile, name: str, *, sqlite: bool) -> Iterator[dict[str, Any]]:
    with archive.open(f"records/{name}.jsonl") as lines:
        for line in lines:
            yield {
                column: _unpacked(value, sqlite=sqlite)
                for column, value in json.loads(line).items()
            }


def _unpacked(value: Any, *, sqlite: bool) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "bytes":
        return base64.b64decode(held)
    if kind == "at":
        at = datetime.fromisoformat(held)
        return at.replace(tzinfo=None) if sqlite else at
    return date.fromisoformat(held) if kind == "day" else held
