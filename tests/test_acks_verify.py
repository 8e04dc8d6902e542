"""What people confirmed and discussed can be checked: whatever is changed, added or taken away behind MayI's back is found."""

from __future__ import annotations

import contextlib
import csv
import io
import sqlite3
import zlib
from dataclasses import asdict, replace
from datetime import date, timedelta

import pypdf
import pytest
import pytest_asyncio
import sqlalchemy as sa

from bot.records import acks, audit, discussions, proofs, tables
from bot.records.acks import Kind, Said
from bot.records.discussions import There, Told
from bot.records.proofs import Checked
from tests.stores import NOW
from tests.test_acknowledge import PHONES, oak  # noqa: F401  # a fixture

SCHOOL, LONG_AGO = "oak", NOW - timedelta(days=7 * 366)
SAID = Said(
    "Sam Sample", ("Class teacher",), "Year 3", "staff", "Phones Policy", "3", "slack", "e1"
)


async def confirm(store, person, kind=Kind.CONFIRMED, *, at=NOW, text="Phones Policy\n", **said):
    """Have somebody confirm a text; the acknowledgement."""
    async with store.writing() as tx:
        wording = await acks.see(
            tx, school=SCHOOL, policy="phones", title="Phones Policy", version="3", text=text,
            keeps=lambda before: True, now=at,
        )  # fmt: skip
        ack, _ = await acks.record(
            tx, school=SCHOOL, person=person, wording=wording, year=at.year, kind=kind,
            said=replace(SAID, **said), now=at,
        )  # fmt: skip
    return ack


async def discuss(store, points="We switch them off."):
    async with store.writing() as tx:
        kept, made = await discussions.add(
            tx,
            school=SCHOOL,
            policy="phones",
            digest=acks.digest_of("Phones Policy\n"),
            on=date(2026, 9, 3),
            person="lee-lead",
            told=Told(
                "Phones Policy", "3", "Lee Lead", (There("sam", "Sam", "Year 3"),), "", points
            ),
            once=points,
            now=NOW,
        )
    return kept, made


@pytest_asyncio.fixture
async def kept(store):
    """Two confirmations, an exception, a question and a discussion."""
    made = [
        await confirm(store, "sam"),
        await confirm(store, "kim", text="Phones Policy\nVersion 4\n"),
        await confirm(store, "jo", Kind.EXCEPTED, by="lee-lead", by_name="Lee Lead", reason="absence"),
        await confirm(store, "ny", Kind.QUESTION, text="Phones Policy\n"),
    ]  # fmt: skip
    return [*made, (await discuss(store))[0]]


async def tamper(store, *statements):
    """Change rows as somebody with the database's password would, triggers or not."""
    async with store.engine.begin() as conn:
        if conn.dialect.name == "sqlite":
            for name in ("acks_add_only", "acks_stay", "discussions_add_only", "discussions_stay"):
                await conn.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            for table in ("acks", "discussions"):
                await conn.exec_driver_sql(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
        for statement in statements:
            await conn.execute(statement)


async def found(store, since=LONG_AGO) -> tuple[str, ...]:
    return (await proofs.check(store, SCHOOL, kept_since=since)).findings


def of(ack) -> sa.ColumnElement[bool]:
    return tables.acks.c.reference == ack.reference


@pytest.mark.asyncio
async def test_nothing_is_found_where_nothing_was_touched(store, kept):
    assert await proofs.check(store, SCHOOL, kept_since=LONG_AGO) == Checked(4, 1, 2, ())


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("digest", acks.digest_of("Phones Policy\nVersion 4\n")),
        ("person", "alex"),
        ("kind", "excepted"),
        ("year", 2027),
        ("epoch", 2),
        ("at", NOW - timedelta(days=30)),
    ],
)
async def test_a_column_that_was_changed_is_found(store, kept, column, value):
    await tamper(store, sa.update(tables.acks).where(of(kept[0])).values({column: value}))

    (finding,) = await found(store)
    assert finding.startswith(f"{kept[0].reference}: was altered after line 1 of the audit trail")


@pytest.mark.asyncio
async def test_a_kind_or_a_hash_that_is_none_is_found(store, kept):
    await tamper(
        store,
        sa.update(tables.acks).where(of(kept[0])).values(kind="read"),
        sa.update(tables.acks).where(of(kept[1])).values(digest="0" * 64),
    )
    told = await found(store)

    assert f"{kept[0].reference}: cannot be opened: its key is missing, or it was altered" in told
    assert f"{kept[1].reference}: the text of phones that it is about, 000000000000…, is not kept" in told  # fmt: skip


@pytest.mark.asyncio
@pytest.mark.parametrize(
    "change",
    [{"name": "Alex Other"}, {"by": "pat", "by_name": "Pat"}, {"version": "4"}, {"text": "x"}],
)
async def test_sealed_words_that_were_changed_with_the_key_are_found(store, kept, change):
    sealed = store.sealer.seal(asdict(kept[2].said) | change)
    await tamper(store, sa.update(tables.acks).where(of(kept[2])).values(sealed=sealed))

    (finding,) = await found(store)
    assert finding.startswith(f"{kept[2].reference}: was altered")


@pytest.mark.asyncio
@pytest.mark.parametrize("sealed", [b"nothing that opens", b""])
async def test_sealed_words_that_open_no_more_are_found_and_hide_no_other(store, kept, sealed):
    await tamper(
        store,
        sa.update(tables.acks).where(of(kept[0])).values(sealed=sealed),
        sa.delete(tables.acks).where(of(kept[1])),
    )
    told = await found(store)

    assert [f[:9] for f in told] == [kept[0].reference, kept[1].reference]
    assert "cannot be opened" in told[0]
    assert "was taken away" in told[1]


@pytest.mark.asyncio
async def test_one_that_was_taken_away_is_found(store, kept):
    await tamper(store, sa.delete(tables.acks).where(of(kept[2])))

    assert await found(store) == (
        f"{kept[2].reference}: is in the audit trail (line 3, excepted, by lee-lead, 16 November 2026) and not in the records: it was taken away",
    )


@pytest.mark.asyncio
async def test_one_whose_time_is_over_may_be_gone_and_a_later_one_may_not(store):
    old = await confirm(store, "sam", at=LONG_AGO - timedelta(days=1))
    new = await confirm(store, "kim")
    async with store.writing() as tx:
        assert await acks.forget(tx, SCHOOL, LONG_AGO) == 1
    assert await found(store) == ()

    await tamper(store, sa.delete(tables.acks).where(of(new)))
    (finding,) = await found(store)
    assert old.reference not in finding
    assert new.reference in finding


@pytest.mark.asyncio
async def test_a_discussion_is_kept_from_when_it_was_recorded(store):
    await discuss(store)  # of 3 September, recorded on 16 November
    async with store.writing() as tx:
        assert await discussions.forget(tx, SCHOOL, NOW.date()) == 0
        assert await discussions.forget(tx, SCHOOL, NOW.date() + timedelta(days=1)) == 1

    assert await found(store, NOW + timedelta(days=1)) == ()
    assert len(await found(store)) == 1


@pytest.mark.asyncio
async def test_one_that_was_added_is_found(store, kept):
    async with store.reading() as conn:
        row = dict((await conn.execute(sa.select(tables.acks).where(of(kept[0])))).mappings().one())
    row |= {"id": "f" * 32, "once": "f" * 64, "reference": "A-FFFF-FF", "person": "alex"}
    await tamper(store, sa.insert(tables.acks).values(row))

    assert await found(store) == (
        "A-FFFF-FF: is not in the audit trail: it was not recorded by MayI",
    )


@pytest.mark.asyncio
async def test_a_text_that_was_changed_is_found_with_all_that_rest_on_it(store, kept):
    other = zlib.compress(b"Phones Policy, other words\n")
    where = tables.wordings.c.digest == kept[0].digest
    await tamper(store, sa.update(tables.wordings).where(where).values(text=other))
    told = await found(store)

    assert told[0].startswith(
        f"phones: the text kept under {kept[0].digest[:12]}… has another hash"
    )
    rest = {a.reference for a in kept if a.digest == kept[0].digest}
    assert {f[:9] for f in told[1:]} == rest
    assert all("is not the one it is about" in f for f in told[1:])


@pytest.mark.asyncio
async def test_a_text_that_is_no_text_or_gone_is_found(store, kept):
    of_first = tables.wordings.c.digest == kept[0].digest
    await tamper(
        store,
        sa.update(tables.wordings).where(of_first).values(text=b"no such thing"),
        sa.delete(tables.wordings).where(~of_first),
    )
    told = "\n".join(await found(store))

    assert "has another hash" in told
    assert f"{kept[1].reference}: the text of phones that it is about" in told


@pytest.mark.asyncio
async def test_a_trail_that_was_changed_is_said_as_well(store, kept):
    async with store.engine.begin() as conn:
        if conn.dialect.name == "sqlite":
            for (name,) in (
                await conn.exec_driver_sql(
                    "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
                )
            ).all():
                await conn.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            await conn.exec_driver_sql("ALTER TABLE audit DISABLE TRIGGER ALL")
        await conn.execute(sa.delete(tables.audit).where(tables.audit.c.n == 1))
    told = await found(store)

    assert "audit trail: line 1 is missing" in told
    assert f"{kept[0].reference}: is not in the audit trail: it was not recorded by MayI" in told


@pytest.mark.asyncio
async def test_a_discussion_that_was_changed_added_or_taken_away_is_found(store, kept):
    held, row = kept[-1], tables.discussions
    other, _ = await discuss(store, "Lockers.")
    sealed = store.sealer.seal(asdict(held.told) | {"points": "Nothing was agreed."})
    async with store.reading() as conn:
        copy = dict((await conn.execute(sa.select(row))).mappings().first())
    copy |= {"id": "f" * 32, "once": "f" * 64, "reference": "D-FFFF-FF"}
    await tamper(
        store,
        sa.update(row).where(row.c.reference == held.reference).values(sealed=sealed),
        sa.delete(row).where(row.c.reference == other.reference),
        sa.insert(row).values(copy),
    )
    told = sorted(await found(store))

    assert {f[:9] for f in told} == {held.reference, other.reference, "D-FFFF-FF"}
    assert any("was altered after line 5" in f for f in told)
    assert any("was taken away" in f for f in told)


@pytest.mark.asyncio
async def test_what_was_recorded_is_not_changed_by_a_slip(store, kept):
    for table, column, value in (
        (tables.acks, "person", "alex"),
        (tables.discussions, "on", date(2026, 1, 1)),
        (tables.discussions, "digest", "0" * 64),
    ):
        with pytest.raises(sa.exc.DBAPIError, match="never changed"):
            async with store.engine.begin() as conn:
                await conn.execute(sa.update(table).values({column: value}))
    assert await found(store) == ()


@pytest.mark.asyncio
async def test_the_same_discussion_twice_is_once(store):
    first, made = await discuss(store)
    again, added = await discuss(store)

    assert (made, added) == (True, False)
    assert again == first
    trail = await audit.lines(store, school=SCHOOL, actions=("discussed",))
    assert [(line.actor, line.about) for line in trail.lines] == [("lee-lead", first.reference)]


# --- the command -----------------------------------------------------------------------------------------


@pytest.fixture
def school(oak, mayi):  # noqa: F811
    """A school where two have confirmed; runs `mayi acks` there."""
    says = oak("", phones=PHONES)
    references = {
        who: says.confirm(who).split("Reference ")[1][:9] for who in ("sam-sample", "lee-lead")
    }
    says.references = references
    says.mayi = lambda *a: mayi("acks", *a, "--home", says.folder.parents[1])

    def change(*statements: str) -> None:
        with contextlib.closing(
            sqlite3.connect(says.folder.parents[1] / "data" / "mayi.db")
        ) as conn:
            for name in ("acks_add_only", "acks_stay"):
                conn.execute(f"DROP TRIGGER IF EXISTS {name}")
            for statement in statements:
                conn.execute(statement)
            conn.commit()

    says.change = change
    return says


def test_the_check_of_an_untouched_school_finds_nothing(school):
    ran = school.mayi("verify")

    assert ran.status == 0, ran.out + ran.err
    assert "2 acknowledgements, 0 discussions, 1 kept text." in ran.out
    assert (
        "Phones Policy, version 3: this text is kept; 2 people confirmed it word for word."
        in ran.out
    )
    assert "Nothing found." in ran.out


def test_nothing_is_found_after_the_keys_were_changed(school, mayi):
    assert mayi("keys", "rotate", "--home", school.folder.parents[1]).status == 0

    ran = school.mayi("verify")
    assert (ran.status, "Nothing found." in ran.out) == (0, True)


def test_the_check_names_what_it_finds_and_ends_with_one(school):
    school.change(f"DELETE FROM acks WHERE reference = '{school.references['sam-sample']}'")
    ran = school.mayi("verify")

    assert ran.status == 1
    assert ran.out.splitlines()[0].startswith(
        f"{school.references['sam-sample']}: is in the audit trail"
    )
    assert "Nothing found." not in ran.out


def test_a_policy_that_was_worded_anew_since_is_said_and_is_no_finding(school, rewrite):
    rewrite(school.folder, "phones", PHONES.replace("in a classroom", "anywhere"))
    ran = school.mayi("verify")

    assert ran.status == 0
    assert "this text is newer than any that was put before anybody" in ran.out


def test_a_reference_is_printed_anew_with_its_certificate_and_its_text(school, tmp_path):
    reference = school.references["sam-sample"]
    typed = reference.lower().replace("-", " ")
    ran = school.mayi("verify", "--reference", typed, "--pdf", tmp_path / "c.pdf", "--text", tmp_path / "t.txt")  # fmt: skip

    assert ran.status == 0
    assert (
        "Sam Sample confirmed that they have read this policy: Phones Policy, version 3." in ran.out
    )
    assert "It holds:" in ran.out
    text = (tmp_path / "t.txt").read_text("utf-8")
    assert "[PH-1] Staff must not keep a personal phone switched on in a classroom." in text
    assert acks.digest_of(text) in ran.out
    drawn = " ".join(pypdf.PdfReader(tmp_path / "c.pdf").pages[0].extract_text().split())
    assert reference in drawn
    assert "It holds" not in drawn  # paper says what it is, the records whether it holds


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE acks SET year = 2030", "It does not hold: was altered after line"),
        ("UPDATE acks SET sealed = x'00'", "cannot be opened"),
        ("UPDATE wordings SET text = x'00'", "It does not hold: the text of phones that is kept"),
        ("DELETE FROM wordings", "It does not hold: the text of phones that it is about"),
    ],
)
def test_a_reference_that_does_not_hold_is_said(school, statement, says):
    school.change(statement)
    ran = school.mayi("verify", "--reference", school.references["sam-sample"])

    assert ran.status == 1
    assert says in ran.out


def test_a_reference_that_nobody_has_is_bad_use(school):
    for typed in ("A-0000-00", "R-7K2P-3X", "nonsense", "\x1b[2J"):
        ran = school.mayi("verify", "--reference", typed)
        assert (ran.status, ran.out) == (2, "")
        assert "there is no acknowledgement" in ran.err
    assert "say which one" in school.mayi("verify", "--pdf", "x.pdf").err


def test_a_list_that_was_made_before_is_checked_against_the_records(school, tmp_path):
    file = tmp_path / "list.csv"
    assert school.mayi("--csv", file).status == 0
    ran = school.mayi("verify", "--list", file)
    assert (ran.status, "2 lines of the list" in ran.out) == (0, True)

    lines = list(csv.DictReader(io.StringIO(file.read_text("utf-8-sig"))))
    sam, lee = (school.references[who] for who in ("sam-sample", "lee-lead"))
    for line in lines:
        if line["reference"] == sam:
            line |= {"name": "Alex Other", "digest": "0" * 64}
        if line["reference"] == lee:
            line["state"] = "exception, not read"
    lines.append(lines[-1] | {"reference": "A-0000-00"})
    out = io.StringIO()
    writer = csv.DictWriter(out, lines[0])
    writer.writeheader()
    writer.writerows(lines)
    file.write_text(out.getvalue(), "utf-8")
    ran = school.mayi("verify", "--list", file)

    assert ran.status == 1
    assert set(ran.out.splitlines()[:4]) == {
        f"{sam}: the list has another name than the records",
        f"{sam}: the list has another digest than the records",
        f"{lee}: the list has another state than the records",
        "A-0000-00: is in the list and not in the records",
    }


def test_what_is_no_list_is_bad_use(school, tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    assert school.mayi("verify", "--list", tmp_path / "x.csv").status == 2
    assert school.mayi("verify", "--list", tmp_path / "none.csv").status == 3
