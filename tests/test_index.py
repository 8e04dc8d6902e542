"""One disposable search file a school: up to date with the policy files, mended when broken, never shared."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app.answers import Engine
from bot.app.answers import answer_object as answer
from bot.config import MODEL_SCHOOLS, Home, model_folder

PHONES = """Staff must not use a personal phone in a classroom. {#PH-1}
Staff should not give their personal phone number to a parent. {#PH-2}
Staff may use a personal phone in the staffroom at lunchtime. {#PH-3}
Every phone must be kept in a locker during lessons. {#PH-4}"""
PETS = """Staff must not bring a ferret or a hamster to school. {#PE-1}
Staff must ask the Headteacher before they bring a dog to school. {#PE-2}"""
ASKED = (
    "may I use my phone in a classroom?",
    "can I give a parent my phone number?",
    "may I use my phone in the staffroom at lunchtime?",
    "may I bring my hamster?",
    "may I bring my dog to school?",
    "may I park my caravan in the playground?",
    "what about a llama?",
)


def answers(home: Path, school: str) -> list[dict]:
    """Whole answer objects, from an engine that opens the files as a new process would."""
    return [answer(Home(home), school, q) for q in ASKED]


def clauses(home: Path, school: str) -> dict[str, str]:
    engine = Engine(Home(home))
    return {e.clause.id: e.clause.text for e in engine.index(engine.home.school(school)).all()}


def index_file(home: Path, school: str) -> Path:
    return home / "data" / "index" / f"{school}.db"


def mark_row(home: Path, school: str, clause_id: str, text: str) -> None:
    """Write into a row of the index itself; the text stays only as long as the row is not made anew."""
    with sqlite3.connect(index_file(home, school)) as db:
        for rowid, data in db.execute("select rowid, data from clauses").fetchall():
            row = json.loads(data)
            if row["id"] == clause_id:
                row["text"] = text
                db.execute("update clauses set data = ? where rowid = ?", (json.dumps(row), rowid))
    db.close()


@pytest.fixture
def oak(home, make_school) -> Path:
    return make_school(home, "oak", phones=PHONES, pets=PETS)


# --- up to date, and only what changed --------------------------------------------------------------


def test_an_edited_policy_answers_at_once_and_the_other_is_not_read_again(home, oak, rewrite):
    assert answer(Home(home), "oak", ASKED[0])["verdict"] == "no"
    mark_row(home, "oak", "PE-1", "kept")
    rewrite(oak, "phones", PHONES.replace("personal phone in a classroom", "pager in a classroom"))
    found = clauses(home, "oak")

    assert found["PH-1"] == "Staff must not use a pager in a classroom."
    assert found["PE-1"] == "kept"
    assert len(found) == 6


def test_nothing_is_read_again_while_nothing_changed(home, oak):
    clauses(home, "oak")
    mark_row(home, "oak", "PE-1", "kept")

    assert clauses(home, "oak")["PE-1"] == "kept"


def test_a_running_engine_sees_an_edited_policy(home, oak, rewrite):
    engine = Engine(Home(home))
    school = engine.home.school("oak")
    before = engine.answer(school, ASKED[0]).found[0].entry.clause.text
    rewrite(oak, "phones", PHONES.replace("in a classroom", "in any classroom"))
    after = engine.answer(engine.home.school("oak"), ASKED[0]).found[0].entry.clause.text

    assert before == "Staff must not use a personal phone in a classroom."
    assert after == "Staff must not use a personal phone in any classroom."


def test_another_version_of_the_engine_reads_every_policy_again(home, oak):
    clauses(home, "oak")
    mark_row(home, "oak", "PE-1", "an old reading")
    with sqlite3.connect(index_file(home, "oak")) as db:
        db.execute("update policies set stamp = 'older ' || stamp")
    db.close()

    assert clauses(home, "oak")["PE-1"].startswith("Staff must not bring a ferret")


def test_a_removed_policy_no_longer_answers(home, oak):
    assert "PE-1" in clauses(home, "oak")
    (oak / "policies" / "pets.md").unlink()

    assert set(clauses(home, "oak")) == {"PH-1", "PH-2", "PH-3", "PH-4"}
    assert answer(Home(home), "oak", "may I bring my hamster?")["clauses"] == []


def test_an_index_brought_up_to_date_answers_as_one_made_anew(home, oak, rewrite):
    """Whatever was added, changed and removed on the way leaves nothing behind."""
    answers(home, "oak")
    rewrite(oak, "parking", "Caravans, llamas and lorries must not be parked. {#PA-1}")
    answers(home, "oak")
    rewrite(oak, "phones", PHONES.replace("locker", "cupboard"))
    (oak / "policies" / "parking.md").unlink()
    updated = answers(home, "oak")
    index_file(home, "oak").unlink()

    assert updated == answers(home, "oak")


def test_a_slip_that_a_removed_policy_had_is_mended_again(home, oak, rewrite):
    """Its words are forgotten with it: what it spelt wrongly is not a word any more."""
    asked = "may I use my fone in a clasroom?"
    before = answer(Home(home), "oak", asked)
    rewrite(oak, "slips", "Every clasroom has a fone beside its door, it is said. {#SL-1}")
    answer(Home(home), "oak", asked)
    (oak / "policies" / "slips.md").unlink()

    assert answer(Home(home), "oak", asked) == before


def test_a_policy_that_did_not_change_between_two_starts_costs_no_writing(home, oak):
    clauses(home, "oak")
    before = index_file(home, "oak").stat().st_mtime_ns
    answers(home, "oak")

    assert index_file(home, "oak").stat().st_mtime_ns == before


def test_a_school_without_a_policy_says_that_it_does_not_say(home, make_school):
    make_school(home, "ash")

    assert {a["verdict"] for a in answers(home, "ash")} == {"not_covered"}
    assert {a["tell"] for a in answers(home, "ash")} == {"headteacher"}


# --- one school and another ----------------------------------------------------------------------------


def test_a_school_never_sees_anothers_clauses(home, oak, make_school):
    make_school(home, "ash", pets="Staff may bring a hamster to school. {#PE-1}")
    oaks, ashes = set(clauses(home, "oak").values()), set(clauses(home, "ash").values())
    quoted = {
        s: {c["text"] for a in answers(home, s) for c in a["clauses"]} for s in ("oak", "ash")
    }

    assert quoted["oak"] <= oaks
    assert quoted["ash"] <= ashes
    assert quoted["oak"]
    assert quoted["ash"]


def test_adding_a_school_changes_no_answer_of_another(home, oak, make_school):
    models = ("model-primary", "model-infant")
    before = {s: answers(home, s) for s in ("oak", *models)}
    make_school(home, "ash", phones=PHONES.replace("must not", "may"), pets=PETS * 1)
    make_school(home, "elm", phones="Phones phones phones: staff must never phone. {#PH-1}")
    for new in ("ash", "elm"):
        answers(home, new)

    assert {s: answers(home, s) for s in ("oak", *models)} == before


def test_a_model_school_copied_into_the_home_answers_from_the_copy(home, rewrite):
    assert "PH-1" not in clauses(home, "model-primary")
    folder = home / "schools" / "model-primary"
    shutil.copytree(model_folder("model-primary"), folder)
    rewrite(folder, "phones", "Staff must not lend a personal phone to a pupil. {#PH-1}")
    asked = "may I lend my personal phone to a pupil?"
    (first, *_) = answer(Home(home), "model-primary", asked)["clauses"]

    assert first["id"] == "PH-1"


def test_one_engine_answers_for_more_schools_than_it_keeps_open(home, make_school):
    engine = Engine(Home(home))
    for n in range(70):
        make_school(home, f"school-{n}", pets=f"Staff must not bring hamster {n}. {{#PE-{n}}}")
    for n in (*range(70), 0, 1, 69, 35):
        index = engine.index(engine.home.school(f"school-{n}"))
        assert [e.clause.id for e in index.all()] == [f"PE-{n}"]
    engine.close()


# --- what breaks ---------------------------------------------------------------------------------------


def spoil_all(file: Path) -> None:
    file.write_bytes(b"this is no database" * 100)


def spoil_a_page(file: Path) -> None:
    """Every page but the first, as a bad disk might."""
    data = file.read_bytes()
    file.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))


def spoil_the_end(file: Path) -> None:
    """What is read first is whole; what is searched is not."""
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2] + b"\xa5" * (len(data) - len(data) // 2))


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9000])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def from_an_older_version(file: Path) -> None:
    """Tables as an earlier version had them, with fewer columns."""
    file.unlink()
    with sqlite3.connect(file) as db:
        db.execute("create table policies(slug text primary key, stamp text, title text)")
        db.execute("create table clauses(rowid integer primary key, policy text, data text)")
        db.execute("insert into policies values ('phones', 'old', 'Phones')")
    db.close()


def lost_a_table(file: Path) -> None:
    with sqlite3.connect(file) as db:
        db.execute("drop table words")
    db.close()


@pytest.mark.parametrize(
    "spoil",
    [spoil_all, spoil_a_page, spoil_the_end, cut_short, empty, from_an_older_version, lost_a_table],
)
def test_a_damaged_index_is_made_anew(home, oak, mayi, spoil):
    before = answers(home, "oak")
    spoil(index_file(home, "oak"))
    ran = mayi("--home", home, "ask", "--json", "--school", "oak", ASKED[0])

    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out) == before[0]
    assert answers(home, "oak") == before


@pytest.mark.parametrize(
    "broken",
    [
        b"no front matter",
        b"---\ntitle: [\n---\n\nStaff must not. {#PH-1}\n",
        b"\xff\xfe\x00binary",
        b"",
        PHONES.replace("PH-2", "PH-1").encode(),
    ],
)
def test_a_broken_policy_leaves_its_last_good_version_answering_and_check_says_so(
    home, oak, mayi, broken
):
    before = answers(home, "oak")
    (oak / "policies" / "phones.md").write_bytes(broken)
    checked = mayi("--home", home, "check")

    assert answers(home, "oak") == before
    assert checked.status == 1
    assert "phones.md" in checked.out
    assert checked.out.count("\n") == 1


def test_a_policy_broken_from_the_start_leaves_the_other_answering(home, make_school, mayi):
    folder = make_school(home, "oak", pets=PETS)
    (folder / "policies" / "phones.md").write_bytes(b"no front matter")

    assert set(clauses(home, "oak")) == {"PE-1", "PE-2"}
    assert "phones.md" in mayi("--home", home, "check").out


def test_a_policy_that_is_a_folder_or_a_dead_link_does_not_stop_the_others(home, oak, mayi):
    (oak / "policies" / "folder.md").mkdir()
    (oak / "policies" / "link.md").symlink_to(oak / "nowhere.md")
    ran = mayi("--home", home, "ask", "--json", "--school", "oak", ASKED[0])

    assert (ran.status, ran.err) == (0, "")
    assert json.loads(ran.out)["verdict"] == "no"


def test_a_locked_index_is_waited_for_by_processes_that_open_it_at_once(tmp_path):
    asked = [
        subprocess.Popen(
            [sys.executable, "-m", "bot", "--home", tmp_path, "ask", "--json", "--school", school, q],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for school, q in [(MODEL_SCHOOLS[0], "may I message a pupil on Instagram?")] * 3
    ]  # fmt: skip
    ended = [(p.communicate(timeout=60), p.returncode) for p in asked]

    assert {(err, status) for (_, err), status in ended} == {(b"", 0)}
    assert len({out for (out, _), _ in ended}) == 1
    assert json.loads(ended[0][0][0])["verdict"] == "no"


def test_an_index_that_is_a_folder_could_not_be_done(home, mayi):
    file = index_file(home, "model-primary")
    file.unlink()
    file.mkdir()
    ran = mayi("--home", home, "ask", "--json", ASKED[0])

    assert ran.status == 3
    assert ran.err.count("\n") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_home_that_may_only_be_read_still_answers_from_its_index(home, oak, mayi):
    before = answers(home, "oak")
    (home / "data" / "index").chmod(0o555)
    try:
        assert answers(home, "oak") == before
    finally:
        (home / "data" / "index").chmod(0o755)


# --- what the owner sets by hand ------------------------------------------------------------------------


def test_a_strength_set_by_the_owner_is_the_answers_strength(home, oak, rewrite):
    before = answer(Home(home), "oak", ASKED[0])
    rewrite(oak, "phones", PHONES.replace("{#PH-1}", "{#PH-1 strength=should_not}"))
    after = answer(Home(home), "oak", ASKED[0])

    assert (before["strength"], after["strength"]) == ("must_not", "should_not")
    assert (before["clauses"][0]["id"], after["clauses"][0]["id"]) == ("PH-1", "PH-1")
    assert after["verdict"] == "no"


def test_a_route_set_by_the_owner_is_whom_to_tell(home, oak, rewrite):
    rewrite(oak, "phones", PHONES.replace("{#PH-1}", "{#PH-1 route=chair-of-governors}"))

    assert answer(Home(home), "oak", ASKED[0])["tell"] == "chair-of-governors"


def test_a_clause_added_by_hand_needs_no_id(home, oak, rewrite):
    rewrite(oak, "pets", PETS + "\nStaff must not bring a tarantula into school.")
    (first, *_) = answer(Home(home), "oak", "can I bring my tarantula into school?")["clauses"]

    assert first["text"] == "Staff must not bring a tarantula into school."
    assert first["id"]


def test_topics_that_the_owner_emptied_do_no_harm(home, oak, rewrite, mayi):
    clause = (
        "Staff {how} use a personal phone in a classroom at lunchtime. {{#{id} topics={topic}}}"
    )
    rewrite(
        oak,
        "phones",
        "\n".join(
            clause.format(how=how, id=f"PH-{n}", topic=topic)
            for n, (how, topic) in enumerate(
                (("must not", "own-phones"), ("may", "own-phones"), ("may", "no-such-topic")), 1
            )
        ),
    )
    ran = mayi("--home", home, "ask", "--json", "--school", "oak", ASKED[0])

    assert ran.status in (0, 3)
    assert ran.err.count("\n") <= 1
