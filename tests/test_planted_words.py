"""Unusual words are typed into every field of a report, and looked for wherever they have no business to be."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import shutil
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pypdf
import pytest

from bot.app.records import back_up, rotate_keys
from bot.config import Home
from bot.records import audit, reports
from bot.work.queue import Work
from bot.work.sending import send
from tests.test_reports import BOBBY, CHAIR, DEPUTY_DSL, DSL, ROBIN, Practice, practices, words

# One for each place where somebody types; none of them is part of another, or a word of ours.
WHO, WHAT, ADDED, NOTE, REFERRAL, OUTCOME, DRAFT, LONG, WRONG, FAILED = PLANTED = (
    "Quixandra", "zephyrblot", "murkwhistle", "obsidifrond", "glimmervost", "thrumbelquay", "snorfwaddle",
    "pellucidorb", "vexillotarn", "crumblewick",
)  # fmt: skip
FEW = 3  # a word this far into the file is found as well


@pytest.fixture(scope="module")
def logged() -> Iterator[list[str]]:
    """Every log turned up as far as it goes."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(f"{self.format(record)} {record.args!r} {record.exc_info!r}")

    root, keep = logging.getLogger(), Keep(logging.DEBUG)
    before = root.level
    root.setLevel(logging.DEBUG)
    root.addHandler(keep)
    yield lines
    root.removeHandler(keep)
    root.setLevel(before)


@pytest.fixture(scope="module")
def lived(built, logged, tmp_path_factory) -> Iterator[Practice]:
    """A school where a report has gone through all that can happen to it."""
    home = tmp_path_factory.mktemp("planted")
    shutil.copytree(built.root / "data" / "index", home / "data" / "index")
    with practices(home) as open_, pytest.MonkeyPatch.context() as monkeypatch:
        here = open_("model-primary")
        _live(here, monkeypatch)
        yield here


def _live(here: Practice, monkeypatch) -> None:
    here.say("/report-incident")
    work = _with_queue(here)
    # The reporter: with a mistake, a page that is too long, a handler that fails, a restart.
    here.fill(about="nonsense", who=WHO)
    here.fill(about="pupil", who=WHO)
    here.fill(kind=WRONG)
    here.fill(kind="pupil-bullying")
    here.fill(what=LONG * 2_000)
    here.fill(what=WHAT, when=WRONG, where=(WRONG,))
    with monkeypatch.context() as m:
        m.setattr(reports, "create", _fails)
        here.say(here.forms[ROBIN].says, close=("nobody",))
    if here.page() != "who":
        here.say("/report-incident")
    while here.page() not in ("what", ""):
        here.say(here.forms[ROBIN].buttons[0].says)
    here.fill(what=WHAT, when="today", where=("facebook",), done=("nothing",))
    heard = here.fill(close=("nobody",))
    assert "is kept: R-" in heard
    reference = here.rows("SELECT reference FROM reports")[0][0]
    # The clock, the recipients, and somebody who should not.
    here.wait(days=1)
    here.wait(days=1)
    here.say(f"/open {reference}", BOBBY)
    here.say(f"/too-close {reference}", DSL)
    here.say(f"/open {reference}", DEPUTY_DSL)
    here.say(f"/handle {reference}", DEPUTY_DSL, do=WRONG, text=NOTE)
    here.say(f"/handle {reference}", DEPUTY_DSL, do="note", text=NOTE)
    here.say(f"/handle {reference}", DEPUTY_DSL, do="note", text=LONG * 2_000)
    here.say(f"/handle {reference}", DEPUTY_DSL, do="refer", text=REFERRAL)
    here.say(f"/refer {reference}", DEPUTY_DSL, to=WRONG, text=REFERRAL)
    here.say(f"/refer {reference}", DEPUTY_DSL, to="lado", text=REFERRAL)
    here.say(f"/add-to-report {reference}", text=ADDED)
    with monkeypatch.context() as m:
        m.setattr(reports, "add_entry", _fails)
        assert "went wrong" in here.say(f"/handle {reference}", DEPUTY_DSL, do="note", text=FAILED)
        assert "went wrong" in here.say(f"/add-to-report {reference}", text=FAILED)
    here.say(f"/add-to-report {WRONG}", text=FAILED)
    here.say(f"/open {WRONG}", DEPUTY_DSL)
    here.say(f"/handle {reference}", BOBBY, do="note", text=FAILED)
    here.say(f"/handle {reference}", DEPUTY_DSL, do="outcome", text=OUTCOME)
    here.say(f"/handle {reference}", DEPUTY_DSL, do="export")
    here.say("/my-reports")
    # Somebody else has only begun.
    here.say("/report-incident pupil-contact", CHAIR)
    here.fill(CHAIR, what=DRAFT)
    here.conversation.run(asyncio.sleep(0.3))  # the queue is given time to take up what waits
    here.conversation.run(work.stop())


def _with_queue(here: Practice) -> Work:
    """The work queue of a server, on the same database, with its own tables."""
    store = here.conversation.site.opened
    assert store
    work = Work(
        store,
        replica="here",
        send=lambda m: send(store, m, here.conversation._carry, lambda: here.now),
        jobs={},
        clock=lambda: here.now,
        every=timedelta(hours=1),
        poll=0.05,
    )
    here.conversation.run(work.launch())
    store.enqueue = work.enqueue
    return work


async def _fails(*args, **values):
    raise RuntimeError(f"{args!r} {values!r}")


def found_in(data: bytes | str) -> list[str]:
    """Which planted words are there, however they are spelt in capitals or encoded in JSON."""
    raw = data.encode() if isinstance(data, str) else data
    low = raw.lower()
    return [w for w in PLANTED if w.lower().encode() in low or w.encode("utf-16-le") in raw]


def test_no_file_of_the_home_holds_a_word_that_was_typed(lived):
    """The database with its log, the queue's tables, the lists of questions, the indexes: every byte."""
    files = [f for f in lived.home.rglob("*") if f.is_file()]
    assert {"mayi.db", "mayi.db-wal"} <= {f.name for f in files}
    told = {f.name: found for f in files if (found := found_in(f.read_bytes()))}

    assert not told


def test_the_words_are_there_all_the_same_for_those_who_may_read_them(lived):
    """Or the other tests would look for what was never kept."""
    store = lived.conversation.site.opened
    sealed = [
        s
        for t in ("reports", "entries", "drafts")
        for (s,) in lived.rows(f"SELECT sealed FROM {t}")
    ]
    opened = " ".join(json.dumps(store.sealer.open(s)) for s in sealed)

    assert set(found_in(opened)) >= {WHO, WHAT, ADDED, NOTE, REFERRAL, OUTCOME, DRAFT}
    assert FAILED not in opened
    pdf, record = lived.reply.files or _export(lived)
    text = " ".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(pdf.content)).pages)
    for copy in (text, record.content):
        assert set(found_in(copy)) >= {WHO, WHAT, ADDED, NOTE, REFERRAL, OUTCOME}


def _export(here: Practice):
    (reference,) = next(iter(here.rows("SELECT reference FROM reports")))
    here.do("export", reference, DEPUTY_DSL)
    return here.reply.files


def test_no_log_holds_a_word_that_was_typed(lived, logged):
    told = "\n".join(logged)

    assert "handler report_page failed: RuntimeError" in told
    assert not found_in(told)


def test_no_message_holds_a_word_that_was_typed(lived):
    assert len(lived.delivered) > FEW
    for d in lived.delivered:
        assert not found_in(words(d.card))
    filled = lived.rows("SELECT filled, template, occasion, person FROM messages")
    assert len(filled) > FEW
    assert not found_in(repr(filled))


def test_no_work_that_was_queued_holds_a_word_that_was_typed(lived):
    tables = [name for (name,) in lived.rows("SELECT name FROM sqlite_master WHERE type = 'table'")]
    queued = [name for name in tables if name not in ("reports", "entries", "drafts", "audit")]
    assert any("workflow" in name for name in queued)
    for name in queued:
        assert not found_in(repr(lived.rows(f'SELECT * FROM "{name}"'))), name
    assert lived.rows("SELECT count(*) FROM workflow_status")[0][0] > 0


def test_the_audit_trail_holds_names_and_codes_only(lived):
    assert not found_in(repr(lived.audit()))
    store = lived.conversation.site.opened
    assert not lived.conversation.run(audit.verify(store)).findings


def test_nobody_finds_another_s_words_in_what_is_kept_about_them(lived):
    """Not the recipients either: what is in a report belongs to the report."""
    told = {}
    people = [p.id for p in lived.conversation.site.services("model-primary").people().persons]
    for person in people:
        heard = lived.say("/my-data", person)
        assert "keeps about you" in heard
        lived.say("/my-data file", person)
        assert len(lived.reply.files) == 2
        told[person] = found_in(heard + "".join(f.content.decode() for f in lived.reply.files))

    own = {ROBIN: {WHO, WHAT, ADDED}, CHAIR: {DRAFT}}
    assert {p: set(words) for p, words in told.items() if words} == own


def test_a_backup_holds_no_word_that_was_typed(lived, tmp_path):
    out = tmp_path / "backup.zip"
    asyncio.run(back_up(Home(lived.home), out))
    assert not found_in(out.read_bytes())
    with zipfile.ZipFile(out) as made:
        assert len(made.namelist()) > FEW
        for name in made.namelist():
            assert not found_in(made.read(name)), name


def test_new_keys_leave_no_word_in_the_open(lived):
    asyncio.run(rotate_keys(Home(lived.home)))
    for file in (lived.home / "data").glob("mayi.db*"):
        assert not found_in(file.read_bytes())


def test_what_cannot_be_opened_is_not_shown_in_the_refusal(lived, logged):
    """The keys are gone: neither the answers nor the logs hold a word."""
    (lived.home / "keys" / "records.keys").unlink()
    lived.restart()
    said = (("/my-reports", ROBIN), ("/desk", DEPUTY_DSL), ("/report-incident", CHAIR))
    heard = [lived.say(line, person) for line, person in said]

    assert not found_in(" ".join(heard))
    assert not found_in("\n".join(logged))
