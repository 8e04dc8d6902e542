"""The command line as other people script against it: commands, exit statuses, objects, one-line errors."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.config import MODEL_SCHOOLS
from tests.conftest import SCHOOL_TOML

QUESTION = "may I accept a friend request from a pupil on Facebook?"
KEYS = ["id", "school", "verdict", "strength", "tell", "incident", "clauses", "also"]
CLAUSE_KEYS = ["id", "policy", "section", "lead_in", "text", "score"]
VERDICTS = {"no", "yes", "only_if", "do", "not_covered"}
STRENGTHS = {"must_not", "should_not", "must", "should", "may", "needs_approval", "information"}


def objects(out: str) -> list[dict]:
    return [json.loads(line) for line in out.splitlines()]


def lines(*asked: object) -> str:
    return "".join((a if isinstance(a, str) else json.dumps(a)) + "\n" for a in asked)


def one_line_error(ran) -> str:
    """The error of a command that failed as it should: one line, nothing printed as if it were an answer."""
    assert ran.out == ""
    assert ran.err.endswith("\n")
    assert ran.err.count("\n") == 1
    assert ran.err.startswith("mayi: ")
    assert "Traceback" not in ran.err
    return ran.err


def is_answer_object(answer: dict) -> bool:
    """Whether this is the promised object, key by key and type by type; else the assertion says where."""
    assert list(answer) == KEYS
    assert isinstance(answer["school"], str)
    assert answer["verdict"] in VERDICTS
    assert answer["strength"] in {*STRENGTHS, None}
    assert answer["tell"] is None or isinstance(answer["tell"], str)
    assert answer["incident"] is None or isinstance(answer["incident"], str)
    assert len(answer["clauses"]) <= 5
    for clause in answer["clauses"]:
        assert list(clause) == CLAUSE_KEYS
        for key in ("id", "policy", "text"):
            assert clause[key], key
            assert isinstance(clause[key], str)
        assert isinstance(clause["section"], str)
        assert clause["lead_in"] is None or clause["lead_in"]
        assert isinstance(clause["score"], float)
        assert 0 <= clause["score"] <= 1
    silent = answer["verdict"] == "not_covered"
    assert silent == (answer["clauses"] == [])
    assert silent == (answer["strength"] is None)
    if silent:
        assert answer["tell"]
    assert all(is_answer_object(a) for a in answer["also"])
    return True


# --- the commands ------------------------------------------------------------------------------


def test_ask_prints_the_verdict_the_clause_and_where_it_stands(mayi, home):
    ran = mayi("--home", home, "ask", "--school", "model-primary", QUESTION)

    assert ran.status == 0
    assert ran.err == ""
    for words in ("No. The policy says this must not be done.", "'friend'", "Social Media Policy"):
        assert words in ran.out


def test_ask_json_prints_the_answer_object(mayi, home):
    ran = mayi("--home", home, "ask", "--school", "model-primary", "--json", QUESTION)
    answer = json.loads(ran.out)

    assert (ran.status, ran.err) == (0, "")
    assert is_answer_object(answer)
    assert (answer["id"], answer["school"]) == (None, "model-primary")
    assert (answer["verdict"], answer["strength"]) == ("no", "must_not")


@pytest.mark.parametrize("school", MODEL_SCHOOLS)
def test_every_model_school_answers_from_the_package(mayi, home, school):
    answer = json.loads(mayi("ask", "--json", "--school", school, QUESTION, "--home", home).out)

    assert is_answer_object(answer)
    assert answer["school"] == school
    assert answer["verdict"] in ("no", "not_covered")


def test_a_silent_policy_says_whom_to_ask(mayi, home):
    ran = mayi("--home", home, "ask", "--json", "may I park my caravan in the playground?")
    answer = json.loads(ran.out)

    assert ran.status == 0
    assert answer == {
        "id": None,
        "school": "model-primary",
        "verdict": "not_covered",
        "strength": None,
        "tell": "headteacher",
        "incident": None,
        "clauses": [],
        "also": [],
    }


def test_of_several_questions_the_strictest_leads_and_the_rest_are_also(mayi, home):
    message = (
        f"may I park my caravan in the playground? {QUESTION} how often is this policy reviewed?"
    )
    answer = json.loads(mayi("--home", home, "ask", "--json", message).out)

    assert is_answer_object(answer)
    assert [a["verdict"] for a in (answer, *answer["also"])] == ["no", "do", "not_covered"]
    assert all(a["also"] == [] for a in answer["also"])


def test_jsonl_answers_line_by_line_in_order(mayi, home):
    asked = [
        {"id": f"q{n}", "school": school, "question": QUESTION}
        for n, school in enumerate(("model-special", "model-infant", "model-special"))
    ]
    ran = mayi("--home", home, "ask", "--jsonl", stdin=lines(*asked))
    answers = objects(ran.out)

    assert (ran.status, ran.err) == (0, "")
    assert all(is_answer_object(a) for a in answers)
    assert [(a["id"], a["school"]) for a in answers] == [(a["id"], a["school"]) for a in asked]


def test_jsonl_gives_an_error_object_for_a_bad_line_and_goes_on(mayi, home):
    good = {"id": "last", "school": "model-primary", "question": QUESTION}
    bad = [
        "not json",
        "[1, 2]",
        '"text"',
        "null",
        {"id": "a", "school": "model-primary"},
        {"id": "b", "school": "model-primary", "question": 5},
        {"id": "c", "school": "hogwarts", "question": QUESTION},
        {"id": "d", "school": ["model-primary"], "question": QUESTION},
        {"id": "e", "school": "../../etc", "question": QUESTION},
        {"id": "f", "school": "model-primary/../model-infant", "question": QUESTION},
        "[" * 5000,
    ]
    ran = mayi("--home", home, "ask", "--jsonl", stdin=lines(*bad, good))
    *errors, answer = objects(ran.out)

    assert (ran.status, ran.err) == (0, "")
    assert all(list(e) == ["id", "error"] for e in errors)
    assert [e["id"] for e in errors] == [None] * 4 + [*"abcdef", None]
    assert all(e["error"] and "\n" not in e["error"] for e in errors)
    assert is_answer_object(answer)
    assert answer["id"] == "last"


def test_jsonl_survives_a_line_that_is_not_utf_8(mayi, home):
    line = json.dumps({"id": 1, "school": "model-primary", "question": QUESTION}).encode()
    ran = mayi("--home", home, "ask", "--jsonl", stdin=b'\xff\xfe{"id": 2}\n' + line + b"\n")

    assert ran.status == 0
    error, answer = objects(ran.out)
    assert list(error) == ["id", "error"]
    assert answer["id"] == 1


def test_jsonl_survives_half_a_surrogate_pair(mayi, home):
    ran = mayi(
        "--home", home, "ask", "--jsonl", stdin='{"id": "\\ud800", "question": "may I \\ud800?"}\n'
    )

    assert ran.status == 0
    assert len(objects(ran.out)) == 1


@pytest.mark.parametrize("number", ["NaN", "-Infinity", "1e999"])
def test_jsonl_prints_json_that_every_reader_takes(mayi, home, number):
    """NaN and Infinity are Python's own; other languages refuse the whole stream."""
    asked = lines(f'{{"id": {number}, "question": "may I?"}}')
    ran = mayi("--home", home, "ask", "--jsonl", stdin=asked)

    assert ran.status == 0
    assert "NaN" not in ran.out
    assert "Infinity" not in ran.out


def test_jsonl_takes_the_school_of_the_command_where_a_line_names_none(mayi, home):
    asked = lines({"id": 1, "question": QUESTION})
    ran = mayi("--home", home, "ask", "--jsonl", "--school", "model-infant", stdin=asked)

    assert [a["school"] for a in objects(ran.out)] == ["model-infant"]


def test_jsonl_answers_an_empty_question_honestly(mayi, home):
    ran = mayi("--home", home, "ask", "--jsonl", stdin=lines({"id": 1, "question": ""}))

    assert is_answer_object(objects(ran.out)[0])
    assert objects(ran.out)[0]["verdict"] == "not_covered"


def test_try_reads_a_line_a_turn_and_prints_only_the_answers(home):
    ran = subprocess.run(
        [sys.executable, "-m", "bot", "--home", home, "try"],
        input=f"{QUESTION}\nmay I park my caravan in the playground?\n".encode(),
        capture_output=True,
        check=False,
        timeout=60,
    )
    out = ran.stdout.decode()

    assert (ran.returncode, ran.stderr) == (0, b"")
    assert out.startswith("╭")
    assert out.count("╭") == 2
    assert out.index("must not be done") < out.index("does not say")
    assert "practice" not in out
    assert "\x1b" not in out


def test_try_ends_quietly_with_its_input(mayi, home):
    assert mayi("--home", home, "try").status == 0
    assert mayi("--home", home, "try").out == ""


def test_try_leaves_at_quit(mayi, home):
    ran = mayi("--home", home, "try", stdin=f"quit\n{QUESTION}\n")

    assert (ran.status, ran.out) == (0, "")


def test_try_answers_a_line_that_is_not_utf_8(mayi, home):
    ran = mayi("--home", home, "try", stdin=b"may I \xff\xfe add a pupil?\nhelp\n")

    assert ran.status == 0
    assert "policies:" in ran.out


def test_a_reader_who_leaves_early_ends_the_stream_without_complaint(home):
    asked = lines(*[{"id": n, "question": "x"} for n in range(3000)]).encode()
    ran = subprocess.run(
        ["bash", "-c", f"set -o pipefail; '{sys.executable}' -m bot --home '{home}' ask --jsonl | head -n 1"],
        input=asked,
        capture_output=True,
        check=False,
        timeout=60,
    )  # fmt: skip

    assert ran.stderr == b""
    assert json.loads(ran.stdout)["id"] == 0
    assert ran.returncode in (0, 141)  # 1 would say that there are findings


def test_import_makes_the_school_and_it_answers_at_once(mayi, tmp_path):
    source = tmp_path / "policy.txt"
    source.write_text("Pets\n\nStaff must not bring a ferret or a hamster to school.\n", "utf-8")
    imported = mayi("policy", "import", source, "--school", "elm-road", "--home", tmp_path / "h")
    answer = json.loads(
        mayi("--home", tmp_path / "h", "ask", "--json", "may I bring my hamster to school?").out
    )

    assert imported.status == 0
    assert "New school: elm-road" in imported.out
    assert answer["school"] == "elm-road"
    assert answer["verdict"] == "no"
    assert [c["text"] for c in answer["clauses"]] == [
        "Staff must not bring a ferret or a hamster to school."
    ]


def test_policy_show_gives_every_clause_and_how_it_was_read(mayi, home):
    ran = mayi("--home", home, "policy", "show", "--school", "model-special", "--json")
    rows = objects(ran.out)
    shown = mayi("--home", home, "policy", "show", "--school", "model-special").out

    assert ran.status == 0
    assert len(rows) > 40
    assert {r["strength"] for r in rows} <= STRENGTHS
    assert all(r["id"] in shown for r in rows)


def test_init_then_check_says_what_is_missing(mayi, tmp_path):
    made = mayi("--home", tmp_path, "init", "elm-road")
    checked = mayi("--home", tmp_path, "check")

    assert made.status == 0
    assert checked.status == 1
    assert "elm-road: no policy" in checked.out
    assert "headteacher" in checked.out
    assert "dsl" in checked.out


def test_a_copy_of_a_model_school_passes_check_or_names_a_role(mayi, home):
    mayi("--home", home, "init", "elm-road", "--like", "model-secondary")
    checked = mayi("--home", home, "check")

    assert checked.status in (0, 1)
    assert "no policy" not in checked.out
    answer = json.loads(mayi("--home", home, "ask", "--json", QUESTION).out)
    assert (answer["school"], answer["verdict"]) == ("elm-road", "no")


def test_check_of_a_home_that_can_work_finds_nothing(mayi, home, make_school):
    make_school(home, "oak", phones="Staff must not use a personal phone in class. {#PH-1}")
    ran = mayi("--home", home, "check")

    assert (ran.status, ran.out.strip()) == (0, "Nothing found.")


def test_check_names_a_role_that_a_clause_sends_staff_to_and_nobody_holds(mayi, home, make_school):
    clause = "Staff must tell the Chair of Governors of any worry about the Headteacher. {#PH-1}"
    make_school(home, "oak", phones=clause)
    ran = mayi("--home", home, "check")

    assert ran.status == 1
    assert "chair-of-governors" in ran.out


RULE = "Staff must not use a personal phone in class. {#PH-1}"


@pytest.mark.parametrize(
    ("reminder", "says"),
    [
        (
            "[reminders.phones-away]\nclause = 'PH-9'\n",
            "oak: reminders.phones-away quotes clause PH-9, which no policy has; correct it",
        ),
        (
            "[reminders.own-privacy]\nto = ['volunteers']\n",
            "oak: reminders.own-privacy is for nobody: there is no volunteers; change its to, or write off = true",
        ),
    ],
    ids=["quotes nothing", "reaches nobody"],
)
def test_check_names_a_reminder_that_quotes_nothing_or_reaches_nobody(
    mayi, home, make_school, reminder, says
):
    make_school(home, "oak", SCHOOL_TOML.format(name="Oak") + reminder, phones=RULE)
    ran = mayi("--home", home, "check")

    assert (ran.status, " ".join(ran.out.split())) == (1, says)


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        (
            "next_review: 2099-09-01\n",
            "",
            "oak: policies/phones.md says nowhere when it is to be reviewed; write next_review: and a date in it",
        ),
        (
            "owner: headteacher\n",
            "",
            "oak: policies/phones.md has no owner, so the Headteacher (Robin Head) is reminded of its review; write owner: and a role in it",
        ),
        (
            "owner: headteacher\n",
            "owner: dpo\n",
            "oak: policies/phones.md is owned by the Data Protection Officer, and nobody holds that role; add a holder under [roles.dpo] in school.toml",
        ),
    ],
    ids=["no date", "no owner", "an owner that nobody is"],
)
def test_check_names_a_policy_whose_review_nobody_would_be_reminded_of(
    mayi, home, make_school, line, instead, says
):
    file = make_school(home, "oak", phones=RULE) / "policies" / "phones.md"
    file.write_text(file.read_text("utf-8").replace(line, instead), "utf-8")
    ran = mayi("--home", home, "check")

    assert (ran.status, " ".join(ran.out.split())) == (1, says)


def test_check_of_an_empty_home_is_a_finding(mayi, tmp_path):
    ran = mayi("check", "--home", tmp_path)

    assert ran.status == 1
    assert "mayi init" in ran.out


def test_the_version_and_the_help_are_printed(mayi):
    assert mayi("--version").status == 0
    for command in ("try", "ask", "policy", "init", "check"):
        assert command in mayi("--help").out
        assert mayi(command, "--help").status == 0


def test_mayi_alone_shows_what_it_can_do(mayi):
    """On a screen of its own lines, not one line a kilometre long."""
    ran = mayi()

    assert "\n  ask" in ran.out + ran.err


# --- questions nobody answered -------------------------------------------------------------------


CARAVAN = "may I park my caravan in the playground?"


def test_an_unanswered_question_is_listed_once_and_counted(mayi, home):
    for _ in range(2):
        mayi("--home", home, "ask", CARAVAN)
    ran = mayi("--home", home, "policy", "questions")

    assert ran.status == 0
    assert ran.out.count(CARAVAN) == 1
    assert "2 x" in ran.out


def test_the_school_can_answer_it_in_its_own_words(mayi, home):
    mayi("--home", home, "ask", CARAVAN)
    decided = mayi(
        "--home", home, "policy", "questions", "--number", 1, "--answer", "Only in August."
    )

    assert decided.status == 0
    assert "Only in August." in mayi("--home", home, "ask", CARAVAN.upper()).out


def test_or_point_it_to_a_clause(mayi, home):
    mayi("--home", home, "ask", CARAVAN)
    decided = mayi("--home", home, "policy", "questions", "--number", 1, "--clause", "SM-18")

    assert decided.status == 0
    assert "SM-18" in mayi("--home", home, "ask", CARAVAN).out


def test_or_forget_it(mayi, home):
    mayi("--home", home, "ask", CARAVAN)
    mayi("--home", home, "policy", "questions", "--number", 1, "--forget")

    assert mayi("--home", home, "policy", "questions").out == ""


def test_a_question_that_discloses_an_incident_is_not_kept(mayi, home):
    """The list is read by whoever owns the policy, who may be the very person it is about."""
    told = "The headteacher has been messaging a pupil on Snapchat, who do I tell?"
    asked = json.loads(mayi("--home", home, "ask", "--json", told).out)
    assert asked["incident"]

    mayi("--home", home, "ask", told)

    assert mayi("--home", home, "policy", "questions").out == ""


def test_nor_is_it_kept_when_its_answer_was_not_what_was_asked(mayi, home):
    told = "A pupil has sent me a friend request on Facebook, what do I do?"
    assert json.loads(mayi("--home", home, "ask", "--json", told).out)["incident"]

    mayi("--home", home, "try", stdin=f"{told}\n/not-that\n")

    assert mayi("--home", home, "policy", "questions").out == ""


# --- which home, which school --------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ("--home", "{home}", "policy", "show", "--json"),
        ("policy", "--home", "{home}", "show", "--json"),
        ("policy", "show", "--json", "--home", "{home}"),
    ],
)
def test_home_may_stand_before_or_after_the_command(mayi, home, make_school, arguments):
    make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    ran = mayi(*(a.format(home=home) for a in arguments))

    assert [r["text"] for r in objects(ran.out)] == ["Staff must not bring a llama."]


def test_home_is_taken_from_mayi_home_unless_the_command_names_one(
    mayi, home, tmp_path, make_school, monkeypatch
):
    make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    make_school(tmp_path / "other", "ash", phones="Staff must not bring a goat. {#PH-1}")
    monkeypatch.setenv("MAYI_HOME", str(home))

    assert "llama" in mayi("policy", "show").out
    assert "goat" in mayi("policy", "show", "--home", tmp_path / "other").out


def asked_school(mayi, home: Path, *arguments: str) -> str:
    return json.loads(mayi("--home", home, "ask", "--json", *arguments, "may I?").out)["school"]


def test_the_default_school_of_an_empty_home_is_model_primary(mayi, home):
    assert asked_school(mayi, home) == "model-primary"


def test_the_only_school_of_a_home_is_the_default(mayi, home, make_school):
    make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")

    assert asked_school(mayi, home) == "oak"


def test_the_only_school_of_a_home_comes_before_mayi_school(mayi, home, make_school, monkeypatch):
    """The promised order: the only one in the home, else MAYI_SCHOOL, else model-primary."""
    make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    monkeypatch.setenv("MAYI_SCHOOL", "model-infant")

    assert asked_school(mayi, home) == "oak"


def test_mayi_school_names_the_default_of_several_and_of_none(mayi, home, make_school, monkeypatch):
    monkeypatch.setenv("MAYI_SCHOOL", "model-infant")
    assert asked_school(mayi, home) == "model-infant"

    make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    make_school(home, "ash", phones="Staff must not bring a goat. {#PH-1}")
    monkeypatch.setenv("MAYI_SCHOOL", "ash")

    assert asked_school(mayi, home) == "ash"
    assert asked_school(mayi, home, "--school", "oak") == "oak"


def test_several_schools_and_none_named_is_bad_use(mayi, home, make_school):
    for school in ("oak", "ash"):
        make_school(home, school, phones="Staff must not bring a llama. {#PH-1}")
    ran = mayi("--home", home, "ask", QUESTION)

    assert ran.status == 2
    assert "--school: ash, oak" in one_line_error(ran)


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("frobnicate",), "frobnicate"),
        (("ask",), "mayi ask"),
        (("ask", ""), "mayi ask"),
        (("ask", " \n "), "mayi ask"),
        (("ask", "may", "I", "do", "it"), "argument"),
        (("ask", "--jason", QUESTION), "--jason"),
        (("ask", "--school", "hogwarts", QUESTION), "model-primary"),
        (("ask", "--school", "../../etc", QUESTION), "no school"),
        (("ask", "--json", "--school", "Model-Primary", QUESTION), "no school"),
        (("try", "--school", "hogwarts"), "hogwarts"),
        (("policy", "show", "--school", "hogwarts"), "hogwarts"),
        (("policy", "questions", "--forget"), "--number"),
        (("policy", "questions", "--number", "1"), "--forget"),
        (("policy", "questions", "--number", "9", "--answer", "No."), "question 9"),
        (("policy", "questions", "--number", "9", "--forget"), "question 9"),
        (("policy", "questions", "--number", "9", "--clause", "NO-1"), "NO-1"),
        (("policy", "import"), "FILE"),
        (("policy", "import", "x.txt"), "--school"),
        (("policy", "import", "x.txt", "--school", "Elm Road"), "lower-case"),
        (("policy", "import", "x.txt", "--school", "../elm"), "lower-case"),
        (("init", "Elm Road"), "lower-case"),
        (("init", "elm", "--like", "hogwarts"), "model-primary"),
    ],
)
def test_bad_use_is_one_line_that_says_what_to_do_and_exit_2(mayi, home, arguments, says):
    ran = mayi("--home", home, *arguments)

    assert ran.status == 2
    assert says in one_line_error(ran)
    assert not (home / "schools").exists()


def test_a_school_outside_the_home_is_not_reached_by_its_path(mayi, home, make_school):
    folder = make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    folder.rename(home / "outside")
    for path in ("../outside", str(home / "outside"), "../../home/outside", "."):
        ran = mayi("--home", home, "ask", "--school", path, QUESTION)

        assert ran.status == 2
        assert "no school" in one_line_error(ran)


def test_a_school_is_never_made_over_another(mayi, home, make_school):
    folder = make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    before = (folder / "school.toml").read_text()
    ran = mayi("--home", home, "init", "oak")

    assert ran.status == 2
    assert "nothing was changed" in one_line_error(ran)
    assert (folder / "school.toml").read_text() == before


def test_a_home_that_is_a_file_could_not_be_done(mayi, tmp_path):
    (tmp_path / "file").write_text("x")
    ran = mayi("--home", tmp_path / "file", "ask", QUESTION)

    assert ran.status == 3
    assert "--home" in one_line_error(ran)


@pytest.mark.parametrize(
    "arguments",
    [("ask", "--json", QUESTION), ("policy", "show"), ("init", "oak"), ("policy", "questions")],
)
def test_a_home_under_a_file_could_not_be_done(mayi, tmp_path, arguments):
    (tmp_path / "file").write_text("x")
    ran = mayi("--home", tmp_path / "file" / "home", *arguments)

    if arguments == ("policy", "questions"):
        assert (ran.status, ran.out) == (0, "")  # nothing was asked there
        return
    assert ran.status == 3
    assert str(tmp_path / "file") in one_line_error(ran)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes anywhere")
def test_a_home_that_cannot_be_written_could_not_be_done(mayi, tmp_path):
    (tmp_path / "home").mkdir(mode=0o555)
    ran = mayi("--home", tmp_path / "home", "ask", "--json", QUESTION)

    assert ran.status == 3
    assert "permission" in one_line_error(ran)


@pytest.mark.parametrize(
    "text",
    [
        "name = ",
        "name = \xff",
        'answers = "headteacher"',
        'roles = "headteacher"',
        '[answers]\ncontact = "wizard"',
        '[answers]\nkeep_questions = "soon"',
        '[roles]\nheadteacher = "Pat"',
    ],
)
def test_a_wrong_school_toml_names_the_file(mayi, home, make_school, text):
    folder = make_school(home, "oak", phones="Staff must not bring a llama. {#PH-1}")
    (folder / "school.toml").write_bytes(text.encode("latin-1"))
    ran = mayi("--home", home, "ask", QUESTION)

    assert ran.status == 3
    assert "school.toml" in one_line_error(ran)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02\xff" * 50, None])
def test_a_failed_import_could_not_be_done_and_makes_no_school(mayi, tmp_path, content):
    source = tmp_path / "policy.txt"
    if content is not None:
        source.write_bytes(content)
    ran = mayi("policy", "import", source, "--school", "oak", "--home", tmp_path / "h")

    assert ran.status == 3
    assert "policy.txt" in one_line_error(ran)
    assert not (tmp_path / "h" / "schools" / "oak" / "school.toml").exists()


# --- what a question costs -----------------------------------------------------------------------

NEVER = [
    "slack_bolt",
    "slack_sdk",
    "slack",
    "microsoft_teams",
    "microsoft",
    "botbuilder",
    "dbos",
    "msgraph",
    "azure",
    "sqlalchemy",
    "alembic",
    "torch",
    "sklearn",
    "scipy",
    "transformers",
    "bs4",
    "mammoth",
    "pypdf",
    "markdown_it",
    "sqlite_utils",
    "pytest",
    "hypothesis",
]


@pytest.mark.parametrize(("how", "more"), [(["--json"], ["rich", "jinja2"]), ([], [])])
def test_a_question_loads_nothing_it_does_not_need(home, how, more):
    """No chat kit, no document reader: the index is built, so a question is read, looked up and judged."""
    program = (
        "import sys\nfrom bot.cli import run\n"
        "try: run(sys.argv[1:])\nexcept SystemExit as e: assert e.code == 0\n"
        "print(*{m.partition('.')[0] for m in sys.modules}, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, "--home", home, "ask", *how, QUESTION],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    loaded = set(ran.stderr.split())

    assert "bot" in loaded
    assert sorted(loaded & {*NEVER, *more}) == []


def test_a_stream_is_answered_while_it_is_still_being_typed(home):
    """A program that asks one question at a time and waits for its answer is not left waiting."""
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "--home", home, "ask", "--jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as asking:
        asking.stdin.write(lines({"id": 1, "question": QUESTION}).encode())
        asking.stdin.flush()
        answer = json.loads(asking.stdout.readline())  # comes although nothing more was typed
        asking.stdin.close()

        assert answer["id"] == 1
