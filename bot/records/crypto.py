"""The keys of the records: what is sealed with them, where they are kept, and how they are renewed.

Whatever people typed is sealed before it reaches the database. The keys are never in the database and
never in a backup, so neither can be read by whoever finds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.errors import BadSettings, CannotDo

if TYPE_CHECKING:
    import sqlalchemy as sa

    from bot.records.store import Store

VARIABLE = "MAYI_KEYS"  # what the setting is called where keys do not come from a file

HEAD = """\
# The keys that MayI's records are sealed with, newest first.
# Keep a copy of this file somewhere safe and apart from the backups: without it no report can be read.
"""

# A replica that still writes with an old key after this many passes has not been told of the new one.
MOST_PASSES = 20


class SealBroken(CannotDo):
    """What was sealed cannot be opened with the keys that are here."""


class Sealer:
    """Seals values with the newest key and opens what any of the keys sealed.

    `reload` says what the keys are now. It is asked before every sealing, so that a process that was
    started before a rotation does not go on with the old key, and once when no key opens a token.
    """

    def __init__(
        self, keys: Sequence[str], *, reload: Callable[[], Sequence[str]] | None = None
    ) -> None:
        self._reload = reload
        self.take(keys)

    def take(self, keys: Sequence[str]) -> None:
        """From now on these are the keys, newest first."""
        ring = tuple(dict.fromkeys(keys))
        if not ring:
            raise BadSettings("there is no key to seal the records with")
        opened = [Fernet(key) for key in ring]
        # One assignment: another thread sees the old ring or the new one, never half of each.
        self._ring = (ring, opened[0], MultiFernet(opened))

    def seal(self, value: object) -> bytes:
        """Seal a value that JSON can hold."""
        self._refresh()
        # ASCII: whatever was typed, half a surrogate pair included, goes in and comes out as it was.
        return self._ring[1].encrypt(json.dumps(value, separators=(",", ":")).encode("ascii"))

    def open(self, token: bytes) -> Any:
        """Return what was sealed. Raises SealBroken when no key here opens it."""
        return json.loads(self._opened(token))

    def rotated(self, token: bytes) -> bytes:
        """Return the same value sealed with the newest key; what is so already comes back as it is."""
        if self.is_newest(token):
            return token
        plain = self._opened(token)
        return self._ring[1].encrypt(plain)

    def is_newest(self, token: bytes) -> bool:
        """Whether it was sealed with the newest key."""
        try:
            self._ring[1].decrypt(token)
        except InvalidToken:
            return False
        return True

    def _opened(self, token: bytes) -> bytes:
        with contextlib.suppress(InvalidToken):
            return self._ring[2].decrypt(token)
        if self._refresh():
            with contextlib.suppress(InvalidToken):
                return self._ring[2].decrypt(token)
        raise SealBroken(
            "a record cannot be opened: the key that sealed it is missing, or the record was altered; "
            "put the missing key (see your copy, or keys.retired) on a line of its own at the end of "
            "the key file and try again"
        )

    def _refresh(self) -> bool:
        """Whether the keys are others than before."""
        if self._reload is None:
            return False
        now = tuple(dict.fromkeys(self._reload()))
        if now == self._ring[0]:
            return False
        self.take(now)
        return True


def sealer(file: Path, from_environment: str | None = None, *, create: bool = False) -> Sealer:
    """Return a sealer with the keys of this installation, which follows changes of the key file."""
    keys = read_keys(file, from_environment, create=create)
    if from_environment and from_environment.strip():
        return Sealer(keys)
    return Sealer(keys, reload=_Followed(file, keys))


class _Followed:
    """The keys in a file, read again only when the file is another one."""

    def __init__(self, file: Path, keys: tuple[str, ...]) -> None:
        self._file, self._keys = file, keys
        self._seen: tuple[int, int, int] | None = None

    def __call__(self) -> tuple[str, ...]:
        with contextlib.suppress(OSError):  # read_keys says it better
            found = self._file.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
            if seen == self._seen:
                return self._keys
            self._keys = read_keys(self._file, None)
            self._seen = seen
            return self._keys
        return read_keys(self._file, None)


# --- the key file ---------------------------------------------------------------------------------------


def make_key() -> str:
    """Return a new key."""
    return Fernet.generate_key().decode("ascii")


def read_keys(
    file: Path, from_environment: str | None = None, *, create: bool = False
) -> tuple[str, ...]:
    """Return the keys, newest first: those of the environment, else those of the file.

    With `create`, a file that is not there is made with one key; two processes that do so at once end
    up with the same one. Ask for it only where there are no records yet: a new key opens no old record.
    """
    if from_environment and from_environment.strip():
        keys = _parsed(re.split(r"[,\n]", from_environment), f"{VARIABLE}: key")
        if not keys:
            raise BadSettings(f"{VARIABLE} holds no key; put the newest key first, commas between")
        return keys
    try:
        text = _read(file)
    except FileNotFoundError:
        if not create:
            raise BadSettings(
                f"{file}: there is no key file; bring it back from your copy, or set {VARIABLE}"
            ) from None
        _create(file)
        text = _read(file)
    keys = _parsed(text.splitlines(), f"{file}: line")
    if not keys:
        raise BadSettings(f"{file}: holds no key; bring the file back from your copy")
    return keys


def add_key(file: Path) -> tuple[str, ...]:
    """Put a new key before the others in the file, all at once, and return them all."""
    with _alone(file):
        keys = (make_key(), *read_keys(file))
        _replace(file, HEAD + "".join(f"{key}\n" for key in keys))
    return keys


def retire_keys(file: Path, newest: str, *, on: str) -> int:
    """Move all keys but the newest to keys.retired beside the file; return how many those were.

    They are kept because a backup made before still needs them. Nothing is done when `newest` is no
    longer the first: a later rotation has begun.
    """
    with _alone(file):
        first, *old = read_keys(file)
        if first != newest or not old:
            return 0
        retired = retired_file(file)
        before = (
            _read(retired)
            if retired.exists()
            else "# Keys no longer in use; old backups need them.\n"
        )
        # First kept there, then gone from here: a crash in between leaves them in both.
        _replace(retired, f"{before}# retired {on}\n" + "".join(f"{key}\n" for key in old))
        _replace(file, HEAD + f"{first}\n")
    return len(old)


def retired_file(file: Path) -> Path:
    """Where the keys go that are no longer in use."""
    return file.with_name("keys.retired")


def _parsed(lines: Sequence[str], where: str) -> tuple[str, ...]:
    keys = []
    for n, line in enumerate(lines, 1):
        key = line.partition("#")[0].strip()
        if not key:
            continue
        try:
            Fernet(key)
        except ValueError:
            # Without the key itself, and without the error that may quote it.
            raise BadSettings(
                f"{where} {n} is not a key; a key is 44 letters and digits, one a line"
            ) from None
        keys.append(key)
    return tuple(dict.fromkeys(keys))


def _read(file: Path) -> str:
    try:
        with file.open(encoding="utf-8") as opened:
            if os.fstat(opened.fileno()).st_mode & 0o077:
                raise BadSettings(
                    f"{file}: other users of this machine may read the keys; run chmod 600 on it"
                )
            return opened.read()
    except FileNotFoundError:
        raise
    except UnicodeDecodeError:
        raise BadSettings(f"{file}: is not a key file; bring it back from your copy") from None
    except OSError as e:
        raise BadSettings(f"{file}: cannot be read ({e.strerror}); check its permissions") from e


def _create(file: Path) -> None:
    with _saving(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = _written_beside(file, f"{HEAD}{make_key()}\n")
        try:
            # Unlike a rename, a link never takes the place of what another process put there.
            with contextlib.suppress(FileExistsError):
                os.link(made, file)
        finally:
            made.unlink()
        _keep_folder(file.parent)


def _replace(file: Path, text: str) -> None:
    with _saving(file):
        made = _written_beside(file, text)
        made.replace(file)
        _keep_folder(file.parent)


def _written_beside(file: Path, text: str) -> Path:
    made = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        try:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        except OSError:
            made.unlink()
            raise
    return made


def _keep_folder(folder: Path) -> None:
    """Have the folder's new entry survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _saving(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as e:
        raise BadSettings(
            f"{file}: cannot be written ({e.strerror}); check the disk and the folder's permissions"
        ) from e


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Nobody else changes the keys meanwhile; the lock ends with the process, however it ends."""
    try:
        handle = os.open(file.parent, os.O_RDONLY)
    except OSError as e:
        raise BadSettings(f"{file}: cannot be read ({e.strerror}); check its permissions") from e
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


# --- rotation -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rotated:
    """What a rotation did."""

    resealed: int  # rows that have the new key now
    unopened: int  # rows that none of the keys opens; they were left alone
    retired: int  # keys taken out of use


async def rotate(
    store: Store,
    file: Path | None,
    *,
    now: datetime,
    actor: str = "owner",
    batch: int = 50,
    settle: float = 2.0,
) -> Rotated:
    """Seal all records with a new key and take the old keys out of use.

    Others may read and write meanwhile. A rotation that was cut short is taken up where it was: a file
    with several keys gets no further one. The old keys are retired only when, `settle` seconds after
    the last row was sealed anew, still nothing sealed with them has been written.

    Without a file the keys come from the environment: the new one has to be first there already, and
    taking the old ones out is left to whoever sets them.
    """
    from bot.records import audit

    keys = () if file is None else read_keys(file)
    begun = len(keys) == 1
    if file is not None:
        keys = add_key(file) if begun else keys
        store.sealer.take(keys)
    if begun:
        await _noted(store, now, actor, "begun")

    resealed, settled = 0, False
    for _ in range(MOST_PASSES):
        changed, unopened = 0, 0
        for table in _sealed_tables():
            done, left = await _reseal(store, table, batch)
            changed, unopened = changed + done, unopened + left
        resealed += changed
        if not changed:
            if settled:
                break
            await asyncio.sleep(settle)
        settled = not changed
    else:
        raise CannotDo(
            "something still writes with an old key, so the old keys were kept; "
            "restart every MayI with the new keys, then rotate again"
        )
    retired = 0
    if file is not None:
        retired = retire_keys(file, keys[0], on=now.date().isoformat())
        store.sealer.take(read_keys(file))
    if retired or resealed:
        await _noted(store, now, actor, audit.DONE)
    return Rotated(resealed, unopened, retired)


async def _noted(store: Store, now: datetime, actor: str, detail: str) -> None:
    from bot.records import audit

    async with store.writing() as tx:
        await audit.append(
            tx,
            store.sealer,
            at=now,
            school="",
            actor=actor,
            action=audit.Action.KEYS_ROTATED,
            detail=detail,
        )


def _sealed_tables() -> list[sa.Table]:
    from bot.records import tables

    return [table for table in tables.metadata.sorted_tables if "sealed" in table.c]


async def _reseal(store: Store, table: sa.Table, batch: int) -> tuple[int, int]:
    """Go through a table once; return how many rows were sealed anew and how many cannot be opened."""
    import sqlalchemy as sa

    (key,) = table.primary_key.columns
    last, done, left = None, 0, 0
    while True:
        page = sa.select(key, table.c.sealed).order_by(key).limit(batch)
        async with store.reading() as conn:
            rows = (await conn.execute(page if last is None else page.where(key > last))).all()
        if not rows:
            return done, left
        last = rows[-1][0]
        stale = [row[0] for row in rows if not store.sealer.is_newest(row[1])]
        if not stale:
            continue
        async with store.writing() as tx:
            # Read again under the lock: what somebody changed since then must not be undone.
            again = sa.select(key, table.c.sealed).where(key.in_(stale)).order_by(key)
            for row in (await tx.conn.execute(again.with_for_update())).all():
                try:
                    sealed = store.sealer.rotated(row[1])
                except SealBroken:
                    left += 1
                    continue
                if sealed != row[1]:
                    done += 1
                    await tx.conn.execute(
                        sa.update(table).where(key == row[0]).values(sealed=sealed)
                    )
