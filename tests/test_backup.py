"""A backup brings back what was there, on either database, and nothing that somebody slipped into it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import sqlite3
import zipfile

import pytest

from bot.errors import BadUse, CannotDo
from bot.records import audit, tables
from bot.records.backup import MANIFEST, backup, restore
from bot.records.crypto import Sealer, make_key
from tests.stores import DATABASES, NOW, empty_url, everything, fresh_url, keep, opened

pytestmark = pytest.mark.asyncio


@pytest.fixture
def home(tmp_path):
    """A home with a school, a key and an index."""
    root = tmp_path / "home"
    for name, content in {
        "schools/example-school/school.toml": 'name = "Example School"\n',
        "schools/example-school/policies/phones.md": "# Phones\n",
        "schools/example-school/templates/empty.j2": "",
        "data/keys": "not for a backup\n",
        "data/index/example-school.db": "made anew\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return root


def files(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def saved(home, tmp_path, sealer):
    """Makes a backup of three reports on the database named, and says what was in the records."""

    async def make(database="sqlite"):
        async with opened(fresh_url(database, tmp_path), sealer) as store:
            await keep(store, 3)
            out = tmp_path / "backup.zip"
            await backup(store, home, out, now=NOW)
            return out, await everything(store)

    return make


@pytest.mark.parametrize("there", DATABASES)
@pytest.mark.parametrize("here", DATABASES)
async def test_a_backup_brings_everything_back(saved, home, tmp_path, sealer, here, there):
    out, before = await saved(here)
    other, url = tmp_path / "other", empty_url(there, tmp_path / "elsewhere")

    done = await restore(out, other, url, sealer, now=NOW)

    async with opened(url, sealer) as store:
        after = await everything(store)
        trail = await audit.lines(store, school="", about="")
        noted = done.manifest.audit
        assert (await audit.verify(store, noted=noted)).findings == ()
    assert [line.action for line in trail.lines] == ["backup", "restored"]
    for table in before.keys() - {"audit", "audit_head"}:
        assert after[table] == before[table], table
    assert after["audit"][:-1] == before["audit"]
    assert files(other / "schools") == files(home / "schools")
    assert done.opens


async def test_a_backup_holds_no_key_and_no_readable_word(saved, tmp_path):
    out, _ = await saved()

    assert out.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(out) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert not [name for name in held if "key" in name or "index" in name]
    for content in held.values():
        assert b"what was seen" not in content
        assert b"not for a backup" not in content
    manifest = json.loads(held[MANIFEST])
    assert set(manifest["tables"]) == set(tables.metadata.tables)
    assert {name: number for name, number in manifest["tables"].items() if number} == {
        "audit": 1,
        "audit_head": 1,
        "deliveries": 3,
        "drafts": 3,
        "entries": 3,
        "messages": 3,
        "reports": 3,
    }
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


async def test_a_home_with_records_is_left_alone_unless_told_otherwise(
    saved, tmp_path, sealer, database
):
    out, before = await saved()
    url = fresh_url(database, tmp_path)
    async with opened(url, sealer) as store:
        await keep(store, 7, start=50)
        there = await everything(store)
    new = tmp_path / "new"

    with pytest.raises(BadUse, match="there are records in this home already"):
        await restore(out, new, url, sealer, now=NOW)
    async with opened(url, sealer) as store:
        assert await everything(store) == there
    assert files(new) == {}

    await restore(out, new, url, sealer, now=NOW, replace=True)
    async with opened(url, sealer) as store:
        assert (await everything(store))["reports"] == before["reports"]
        assert (await audit.verify(store)).findings == ()


async def test_schools_that_are_there_are_kept_beside_those_restored(saved, home, tmp_path, sealer):
    out, _ = await saved()
    old = files(home / "schools")
    (home / "schools" / "example-school" / "school.toml").write_text("changed since\n")
    url = empty_url("sqlite", tmp_path / "elsewhere")

    with pytest.raises(BadUse, match="has schools already"):
        await restore(out, home, url, sealer, now=NOW)

    await restore(out, home, url, sealer, now=NOW, replace=True)
    assert files(home / "schools") == old
    (kept,) = home.glob("schools-before-20261116-093000-*")
    assert files(kept)["example-school/school.toml"] == b"changed since\n"


async def test_a_restore_without_the_keys_says_so(saved, tmp_path):
    out, _ = await saved()
    url = empty_url("sqlite", tmp_path / "elsewhere")

    done = await restore(out, tmp_path / "other", url, Sealer([make_key()]), now=NOW)

    assert not done.opens


async def test_a_linked_folder_is_saved_and_one_that_leads_in_a_circle_is_walked_once(
    home, tmp_path, sqlite_store, sealer
):
    policies = home / "schools" / "example-school" / "policies"
    policies.rename(tmp_path / "shared")
    policies.symlink_to(tmp_path / "shared")
    (tmp_path / "shared" / "round").symlink_to(home / "schools")
    out = tmp_path / "backup.zip"

    manifest = await backup(sqlite_store, home, out, now=NOW)

    assert [name for name in manifest.files if name.startswith("schools/")] == [
        "schools/example-school/school.toml",
        "schools/example-school/policies/phones.md",
        "schools/example-school/templates/empty.j2",
    ]


async def test_a_home_without_schools_is_saved_and_restored(tmp_path, sqlite_store, sealer):
    await keep(sqlite_store, 1)
    out = tmp_path / "backup.zip"
    await backup(sqlite_store, tmp_path / "home", out, now=NOW)

    done = await restore(
        out, tmp_path / "new", empty_url("sqlite", tmp_path / "elsewhere"), sealer, now=NOW
    )

    assert done.manifest.tables["reports"] == 1


async def test_a_file_that_is_there_is_not_written_over(home, tmp_path, sqlite_store):
    out = tmp_path / "backup.zip"
    out.write_text("precious")

    with pytest.raises(BadUse, match="is there already"):
        await backup(sqlite_store, home, out, now=NOW)
    assert out.read_text() == "precious"


async def test_a_full_disk_leaves_no_half_backup(home, tmp_path, store):
    (home / "schools" / "example-school" / "policies" / "long.md").write_bytes(
        os.urandom(3_000_000)
    )
    out = tmp_path / "out" / "backup.zip"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(CannotDo, match=r"the backup could not be written .*; make room"):
            await backup(store, home, out, now=NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(out.parent.iterdir()) == []


async def test_a_full_disk_at_a_restore_changes_nothing(home, tmp_path, sqlite_store, sealer):
    (home / "schools" / "example-school" / "policies" / "long.md").write_bytes(
        os.urandom(3_000_000)
    )
    await keep(sqlite_store, 2)
    out = tmp_path / "backup.zip"
    await backup(sqlite_store, home, out, now=NOW)
    url = fresh_url("sqlite", tmp_path)
    new = tmp_path / "new"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(CannotDo, match="could not be restored"):
            await restore(out, new, url, sealer, now=NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(new.iterdir()) == []
    with sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///")) as conn:
        assert conn.execute("SELECT count(*) FROM reports").fetchone() == (0,)
    conn.close()


async def refusal(file, tmp_path, sealer):
    url = empty_url("sqlite", tmp_path / "elsewhere")
    with pytest.raises(CannotDo) as e:
        await restore(file, tmp_path / "other", url, sealer, now=NOW)
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / "other").exists()
    said = str(e.value)
    assert "\n" not in said
    return said.removeprefix(f"{file}: ")


def rewritten(out, change, *, honest=True):
    """The backup with its content changed; `honest` mends the checksums, as a forger would."""
    with zipfile.ZipFile(out) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(held.pop(MANIFEST))
    change(held, manifest)
    if honest:
        manifest["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in held.items()}
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in (held | {MANIFEST: json.dumps(manifest).encode()}).items():
            archive.writestr(name, content)


async def test_a_backup_that_would_write_elsewhere_is_refused(saved, tmp_path, sealer):
    out, _ = await saved()
    good = out.read_bytes()

    for name in (
        "../outside.toml",
        "schools/../../outside.toml",
        "/etc/outside.toml",
        "schools//outside/x",
        "schools/a/../../../x",
        "schools/a\\..\\x",
        "data/keys",
        "schools/loose",
        "records/other.jsonl",
    ):
        out.write_bytes(good)
        rewritten(out, lambda held, _, name=name: held.update({name: b"x"}))
        assert (
            await refusal(out, tmp_path, sealer)
            == "would write outside the schools' folders; do not use it"
        )


async def test_a_damaged_altered_or_strange_backup_is_refused(saved, tmp_path, sealer):
    altered = "is damaged or was altered; use another backup"
    out, _ = await saved()
    good = out.read_bytes()

    async def said(change=None, **how):
        if change:
            out.write_bytes(good)
            rewritten(out, change, **how)
        return await refusal(out, tmp_path, sealer)

    toml = "schools/example-school/school.toml"
    assert await said(lambda held, _: held.update({toml: b"x"}), honest=False) == altered
    assert await said(lambda held, _: held.update({"schools/a/b": b"x"}), honest=False) == altered
    assert await said(lambda held, _: held.pop(toml), honest=False) == altered
    newer = "was made by a newer MayI"
    assert newer in await said(lambda _, manifest: manifest.update(format=2))
    assert newer in await said(lambda _, manifest: manifest.update(shape="r8888"))
    assert await said(lambda _, manifest: manifest.pop("tables")) == "is not a backup"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("readme.txt", "something else")
    assert await said() == "is not a backup"
    out.write_text("something else")
    assert await said() == "is not a backup, or is damaged; use another one"
    out.write_bytes(good[: len(good) // 2])
    assert await said() == "is not a backup, or is damaged; use another one"
    middle = len(good) // 3
    out.write_bytes(good[:middle] + bytes(64) + good[middle + 64 :])
    assert await said() in (altered, "is not a backup, or is damaged; use another one")
    out.unlink()
    assert await said() == "there is no such file"


async def test_a_backup_of_one_moment_while_others_write(home, tmp_path, records_url, sealer):
    async with opened(records_url, sealer) as store, opened(records_url, sealer) as other:
        await keep(store, 20)
        over = asyncio.Event()

        async def write():
            start = 1000
            while not over.is_set():
                await keep(other, 1, start=start)
                start += 1

        working = asyncio.create_task(write())
        for n in range(3):
            manifest = await backup(store, home, tmp_path / f"{n}.zip", now=NOW)
            counts = {manifest.tables[t] for t in ("reports", "drafts", "entries", "messages")}
            assert len(counts) == 1
        over.set()
        await working
