"""What is sealed stays closed without its key, and keys can be renewed while everybody works."""

from __future__ import annotations

import asyncio
import itertools
import resource
import signal
import time
import traceback

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from bot.errors import BadSettings, CannotDo
from bot.records import audit, tables
from bot.records.crypto import (
    SealBroken,
    Sealer,
    add_key,
    make_key,
    read_keys,
    retired_file,
    rotate,
    sealer,
)
from tests.stores import NOW, everything, fresh_url, keep, opened, python

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=5,
)


@pytest.fixture
def key_file(tmp_path):
    """A key file with one key."""
    file = tmp_path / "keys" / "keys"
    read_keys(file, create=True)
    return file


# --- sealing --------------------------------------------------------------------------------------------


@examples(max_examples=50)
@given(anything)
def test_what_is_sealed_is_opened_as_it_was(value):
    here = Sealer([make_key()])

    assert here.open(here.seal(value)) == value


def test_half_a_surrogate_pair_is_sealed_and_opened_as_it_was(sealer):
    assert sealer.open(sealer.seal({"text": "\ud83d"})) == {"text": "\ud83d"}


def test_a_sealed_word_cannot_be_read_and_is_never_sealed_alike_twice(sealer):
    one, two = sealer.seal("plover"), sealer.seal("plover")

    assert b"plover" not in one
    assert one != two


def test_without_its_key_a_seal_stays_closed_and_the_error_says_how_to_bring_the_key_back(sealer):
    token = Sealer([make_key()]).seal("plover")

    with pytest.raises(SealBroken) as e:
        sealer.open(token)

    said = str(e.value)
    assert "put the missing key" in said
    assert "\n" not in said
    assert token.decode() not in "".join(traceback.format_exception(e.value))


def test_an_altered_seal_stays_closed(sealer):
    token = bytearray(sealer.seal("plover"))
    token[40] ^= 1

    with pytest.raises(SealBroken):
        sealer.open(bytes(token))


def test_a_value_that_cannot_be_sealed_is_not_quoted_in_the_error(sealer):
    with pytest.raises(TypeError) as e:
        sealer.seal({"text": {"plover"}})

    assert "plover" not in str(e.value)


def test_what_an_old_key_sealed_is_opened_and_can_be_sealed_anew():
    old, new = make_key(), make_key()
    token = Sealer([old]).seal("plover")
    both = Sealer([new, old])

    again = both.rotated(token)

    assert (both.is_newest(token), both.is_newest(again)) == (False, True)
    assert both.open(token) == both.open(again) == Sealer([new]).open(again) == "plover"
    assert both.rotated(again) == again


# --- the key file ---------------------------------------------------------------------------------------


def test_the_first_key_is_made_only_when_asked_for(tmp_path):
    file = tmp_path / "keys" / "keys"

    with pytest.raises(BadSettings, match="there is no key file; bring it back from your copy"):
        read_keys(file)
    assert not file.parent.exists()

    assert read_keys(file, create=True) == read_keys(file, create=True) == read_keys(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in file.parent.iterdir()] == ["keys"]


def test_processes_that_start_at_once_make_one_key(tmp_path):
    code = (
        "import sys; from pathlib import Path; from bot.records.crypto import read_keys\n"
        "print(*read_keys(Path(sys.argv[1]), create=True))"
    )
    started = [python(code, tmp_path / "keys" / "keys") for _ in range(2)]

    assert len({process.communicate()[0] for process in started}) == 1
    assert [process.returncode for process in started] == [0, 0]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_key_file_that_others_may_read_is_refused(key_file, mode):
    key_file.chmod(mode)

    with pytest.raises(
        BadSettings, match="other users of this machine may read the keys; run chmod"
    ):
        read_keys(key_file)


def test_a_line_that_is_no_key_is_named_by_its_number_and_not_shown(key_file):
    key_file.write_text(f"# ours\n\n{make_key()}  # this year's\nplover\n")

    with pytest.raises(BadSettings) as e:
        read_keys(key_file)

    assert f"{key_file}: line 4 is not a key" in str(e.value)
    assert "plover" not in "".join(traceback.format_exception(e.value))


@pytest.mark.parametrize("content", [b"", b"# nothing yet\n", b"\xff\xfe\x00"])
def test_a_file_without_a_key_is_refused(key_file, content):
    key_file.write_bytes(content)

    with pytest.raises(BadSettings, match=r"bring (it|the file) back from your copy"):
        read_keys(key_file)


def test_keys_of_the_environment_win_over_the_file(key_file):
    one, two = make_key(), make_key()

    assert read_keys(key_file, f"{one},{two}") == (one, two)
    assert read_keys(key_file, f"\n{one}\n{two}\n{one}\n") == (one, two)
    assert read_keys(key_file, "  ") == read_keys(key_file)
    with pytest.raises(BadSettings, match="MAYI_KEYS: key 2 is not a key"):
        read_keys(key_file, f"{one},plover")
    with pytest.raises(BadSettings, match="MAYI_KEYS holds no key"):
        read_keys(key_file, ",")


def test_a_new_key_comes_first_and_the_old_ones_stay(key_file):
    before = read_keys(key_file)

    after = add_key(key_file)

    assert after == read_keys(key_file)
    assert after[1:] == before
    assert key_file.stat().st_mode & 0o777 == 0o600


def test_a_running_process_follows_the_key_file(key_file):
    here, there = sealer(key_file), sealer(key_file)
    before = here.seal("plover")

    add_key(key_file)
    after = there.seal("lapwing")

    assert there.is_newest(after)
    assert here.open(after) == "lapwing"  # opened with a key that it did not start with
    assert Sealer(read_keys(key_file)[:1]).open(here.seal("curlew")) == "curlew"
    assert here.open(before) == "plover"


def test_nothing_is_sealed_with_a_key_that_is_no_longer_kept_anywhere(key_file):
    here = sealer(key_file)
    token = here.seal("plover")
    key_file.unlink()

    with pytest.raises(BadSettings, match="there is no key file"):
        here.seal("lapwing")
    assert here.open(token) == "plover"


# --- rotation -------------------------------------------------------------------------------------------


async def seals(store, key) -> tuple[int, int]:
    """How many rows this key opens, and how many it does not."""
    only, yes, no = Sealer([key]), 0, 0
    async with store.reading() as conn:
        for table in (tables.reports, tables.entries, tables.drafts, tables.audit):
            for token in (await conn.execute(sa.select(table.c.sealed))).scalars():
                yes, no = (yes + 1, no) if only.is_newest(token) else (yes, no + 1)
    return yes, no


@pytest.mark.asyncio
async def test_a_rotation_seals_everything_anew_and_retires_the_old_key(records_url, key_file):
    (old,) = read_keys(key_file)
    async with opened(records_url, sealer(key_file)) as store:
        await keep(store, 60)
        before = await everything(store)

        done = await rotate(store, key_file, now=NOW, settle=0)

        (new,) = read_keys(key_file)
        assert new != old
        assert (done.resealed, done.unopened, done.retired) == (180, 0, 1)
        assert await seals(store, new) == (182, 0)
        after = await everything(store)
        assert {t: after[t] for t in ("reports", "entries", "drafts")} == {
            t: before[t] for t in ("reports", "entries", "drafts")
        }
        assert (await audit.verify(store)).findings == ()
        trail = await audit.lines(store, school="", about="")
        assert [(line.action, line.detail) for line in trail.lines] == [
            ("keys-rotated", "begun"),
            ("keys-rotated", "done"),
        ]
    kept = retired_file(key_file)
    assert f"# retired 2026-11-16\n{old}\n" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.asyncio
async def test_others_write_and_read_all_through_a_rotation(records_url, key_file):
    (old,) = read_keys(key_file)
    async with (
        opened(records_url, sealer(key_file)) as store,
        opened(records_url, sealer(key_file)) as other,
        opened(records_url, Sealer([old])) as behind,  # was never told where the key file is
    ):
        await keep(store, 20)
        over, number, read = asyncio.Event(), itertools.count(1000), 0

        async def write():
            while not over.is_set():
                await keep(other, 1, start=next(number))
                await asyncio.sleep(0.002)

        async def look():
            nonlocal read
            while not over.is_set():
                await everything(other)
                read += 1
                await asyncio.sleep(0.01)

        working = [asyncio.create_task(write()), asyncio.create_task(look())]
        await rotate(store, key_file, now=NOW, batch=5, settle=0.05)
        over.set()
        await asyncio.gather(*working)

        (new,) = read_keys(key_file)
        written = next(number) - 1000
        assert written > 1
        assert read > 1
        assert await seals(store, new) == (3 * (20 + written) + 2, 0)
        with pytest.raises(SealBroken, match="put the missing key"):
            await everything(behind)


@pytest.mark.asyncio
async def test_the_old_key_stays_while_somebody_writes_with_it(tmp_path, key_file):
    url = fresh_url("sqlite", tmp_path)
    (old,) = read_keys(key_file)
    async with opened(url, sealer(key_file)) as store, opened(url, Sealer([old])) as behind:
        over = asyncio.Event()

        async def write():
            for start in itertools.count():
                await keep(behind, 1, start=start)
                await asyncio.sleep(0.01)
                if over.is_set():
                    return

        working = asyncio.create_task(write())
        with pytest.raises(CannotDo, match="something still writes with an old key"):
            await rotate(store, key_file, now=NOW, settle=0.05)
        over.set()
        await working
        assert read_keys(key_file)[1:] == (old,)

        done = await rotate(store, key_file, now=NOW, settle=0)  # taken up again, with no third key
        assert done.retired == 1
        assert (await seals(store, read_keys(key_file)[0]))[1] == 0


@pytest.mark.asyncio
async def test_a_killed_rotation_is_taken_up_again(records_url, key_file):
    code = (
        "import asyncio, sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from bot.records.crypto import rotate, sealer; from bot.records.store import Store\n"
        "file = Path(sys.argv[2])\n"
        "asyncio.run(rotate(Store(sys.argv[1], sealer(file)), file, now=datetime.now(UTC), batch=1))"
    )
    (old,) = read_keys(key_file)
    async with opened(records_url, sealer(key_file)) as store:
        await keep(store, 60)
        process = python(code, records_url, key_file)
        patience = time.monotonic() + 20
        while (await seals(store, old))[1] < 40:
            assert time.monotonic() < patience
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        new, *rest = read_keys(key_file)
        assert rest == [old]
        assert (await seals(store, old))[0] > 0
        assert len((await everything(store))["reports"]) == 60  # all of it can be read meanwhile

        await rotate(store, key_file, now=NOW, settle=0)

        assert read_keys(key_file) == (new,)
        assert (await seals(store, new))[1] == 0
        assert (await audit.verify(store)).findings == ()


@pytest.mark.asyncio
async def test_a_row_that_no_key_opens_is_left_alone_and_counted(records_url, key_file):
    async with opened(records_url, Sealer([make_key()])) as lost:
        await keep(lost, 1)
    async with opened(records_url, sealer(key_file)) as store:
        await keep(store, 1, start=1)

        done = await rotate(store, key_file, now=NOW, settle=0)

    assert (done.resealed, done.unopened, done.retired) == (3, 3, 1)


@pytest.mark.asyncio
async def test_keys_of_the_environment_are_rotated_to_and_left_where_they_are(tmp_path):
    old, new = make_key(), make_key()
    url = fresh_url("sqlite", tmp_path)
    async with opened(url, Sealer([old])) as store:
        await keep(store, 2)
    async with opened(url, Sealer([new, old])) as store:
        done = await rotate(store, None, now=NOW, settle=0)

        assert (done.resealed, done.retired) == (6, 0)
        assert (await seals(store, new))[1] == 0


def test_two_rotations_at_once_lose_no_key(key_file):
    code = (
        "import sys; from pathlib import Path; from bot.records.crypto import add_key\n"
        "for _ in range(20): add_key(Path(sys.argv[1]))"
    )
    started = [python(code, key_file) for _ in range(2)]

    assert [process.communicate()[0] for process in started] == ["", ""]
    assert len(read_keys(key_file)) == 41


def test_a_full_disk_leaves_the_old_key_file_as_it_was(key_file):
    before = key_file.read_text()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        with pytest.raises(BadSettings) as e:
            add_key(key_file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    assert "keys: cannot be written" in str(e.value)
    assert key_file.read_text() == before
    assert [p.name for p in key_file.parent.iterdir()] == ["keys"]
