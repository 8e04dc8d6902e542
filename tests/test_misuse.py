"""Everybody who should not see a report, trying to; the answer tells them nothing."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bot.app.records import report_counts
from bot.config import Home
from bot.records import reports
from tests.test_reports import (
    BOBBY,
    CHAIR,
    DEPUTY_DSL,
    DEPUTY_HEAD,
    DSL,
    HEAD,
    ROBIN,
    VICE_CHAIR,
    Practice,
    own_school,
    practices,
    words,
)

UNKNOWN = "R-0000-00"
WAYS = (
    ("/open {}", {}),
    ("/handle {}", {}),
    ("/handle {}", {"do": "acknowledge"}),
    ("/handle {}", {"do": "note", "text": "x"}),
    ("/handle {}", {"do": "outcome", "text": "x"}),
    ("/handle {}", {"do": "export"}),
    ("/handle {}", {"do": "hold"}),
    ("/handle {}", {"do": "conflict"}),
    ("/handle {}", {"do": "nonsense"}),
    ("/refer {}", {}),
    ("/refer {}", {"to": "lado", "text": "x"}),
    ("/too-close {}", {}),
    ("/my-reports {}", {}),
    ("/add-to-report {}", {}),
    ("/add-to-report {}", {"text": "x"}),
    ("/rang {}", {}),
    ("/desk {}", {}),
)
AT_THE_DESK = tuple(
    w for w in WAYS if w[0].split()[0] in ("/open", "/handle", "/refer", "/too-close")
)
QUICK = (("/open {}", {}), ("/my-reports {}", {}), ("/desk {}", {}))
STRANGERS = ("guest-7", "SAM-SAMPLE", "%")  # the Chair's id in capitals, and what matches anything


@pytest.fixture
def practice(home) -> Iterator[Callable[..., Practice]]:
    with practices(home) as open_:
        yield open_


@pytest.fixture
def primary(practice) -> Practice:
    return practice("model-primary")


def tries(practice: Practice, person: str, reference: str, ways=WAYS) -> dict[str, str]:
    """Everything somebody hears who tries every way to a report, where it differs from one that is not there."""
    differs = {}
    for line, values in ways:
        there = practice.say(line.format(reference), person, **values)
        files = practice.reply.files
        asked = (person, line, *values)
        if asked not in practice.missing:  # it does not change, and every refusal is written down
            practice.missing[asked] = practice.say(line.format(UNKNOWN), person, **values)
        if there != practice.missing[asked] or files:
            differs[f"{line} {values}"] = there
    return differs


def state_of(practice: Practice) -> list[tuple]:
    """What no attempt may change."""
    return [
        *practice.rows("SELECT * FROM deliveries ORDER BY id"),
        *practice.rows("SELECT * FROM entries ORDER BY id"),
        *practice.rows("SELECT id, state, held, keep_until, sealed FROM reports ORDER BY id"),
        *practice.rows("SELECT id, person, template FROM messages ORDER BY id"),
    ]


def test_whoever_it_is_not_for_hears_the_same_as_if_there_were_none(primary):
    """A report about the Headteacher, which the Chair has: refused word for word alike, and nothing is changed."""
    reference = primary.send(about="headteacher", kind="head-misuse", what="PLANTED")
    before = state_of(primary)
    for person in (BOBBY, HEAD, DEPUTY_HEAD, VICE_CHAIR, DSL, *STRANGERS):
        assert not tries(primary, person, reference), person

    assert state_of(primary) == before


def test_the_reporter_is_not_at_the_desk(primary):
    """Not even for their own report, nor where they hold the very role."""
    for reporter in (ROBIN, DSL, HEAD):
        reference = primary.send(reporter, about="pupil", kind="pupil-bullying")
        assert not tries(primary, reporter, reference, AT_THE_DESK)
        assert reference not in primary.say("/desk", reporter)


def test_a_recipient_is_not_its_reporter(primary):
    reference = primary.send()
    before = state_of(primary)

    assert not tries(
        primary,
        DSL,
        reference,
        tuple(w for w in WAYS if w not in AT_THE_DESK and "desk" not in w[0]),
    )
    assert state_of(primary) == before


def test_the_subject_sees_no_sign_through_the_whole_life_of_a_report(primary):
    """Named, and the Headteacher: opened, noted, referred, corrected, left lying, exported, closed."""
    before = primary.say("/my-reports", HEAD), primary.say("/desk", HEAD)
    reference = primary.send(about="colleague", kind="colleague-misuse", who="Pat Example")
    for step in (
        lambda: primary.say(f"/open {reference}", CHAIR),
        lambda: primary.wait(days=3),
        lambda: primary.do("note", reference, CHAIR, text="Pat did."),
        lambda: primary.say(f"/refer {reference}", CHAIR, to="lado", text="Rang."),
        lambda: primary.say(f"/add-to-report {reference}", text="Pat again."),
        lambda: primary.wait(days=30),
        lambda: primary.do("export", reference, CHAIR),
        lambda: primary.do("outcome", reference, CHAIR, text="Pat was told."),
        lambda: primary.wait(days=30),
    ):
        step()
        for person in (HEAD, DEPUTY_HEAD):
            assert not tries(primary, person, reference, QUICK), person
            assert not primary.told(person)
    assert not tries(primary, HEAD, reference)
    assert (primary.say("/my-reports", HEAD), primary.say("/desk", HEAD)) == before
    told = {d.person for d in primary.delivered if primary.told(d.person)}
    assert told == {CHAIR, VICE_CHAIR, ROBIN}


def test_a_subject_who_stands_in_for_the_recipient_sees_nothing(primary):
    reference = primary.send(about="pupil", kind="pupil-bullying", who="Chris Placeholder")
    for _ in range(10):
        primary.wait(days=1)

    assert not primary.told(DEPUTY_DSL)
    assert not tries(primary, DEPUTY_DSL, reference)


def test_a_card_that_was_forwarded_opens_nothing(primary):
    """Its buttons type their line; whoever presses them is who counts."""
    reference = primary.send(what="PLANTED")
    (card,) = [d.card for d in primary.delivered if d.person == DSL]
    for button in card.buttons:
        assert reference in button.says
        for person in (BOBBY, ROBIN, HEAD, "guest-7"):
            heard = primary.say(button.says, person)
            assert heard == primary.say(button.says.replace(reference, UNKNOWN), person)
    primary.say(f"/open {reference}", DSL)
    form = primary.forms[DSL]
    primary.say(form.says, BOBBY, do="outcome", text="Closed by somebody else")

    assert "closed" not in primary.status(reference)


def test_the_reporters_buttons_are_the_reporters(primary):
    primary.to_the_last_page()
    primary.fill(close=("nobody",))
    (card,) = primary.reply.cards
    before = state_of(primary)
    for button in card.buttons:
        reference = button.says.split()[-1]
        there = primary.say(button.says, BOBBY, text="x")
        assert there == primary.say(button.says.replace(reference, UNKNOWN), BOBBY, text="x")

    assert state_of(primary) == before


def test_a_former_holder_is_anybody(home, practice):
    own_school(home, "model-primary")
    oak = practice("model-primary")
    reference = oak.send()
    oak.say(f"/open {reference}", DSL)
    own_school(home, "model-primary", instead={
        '[roles.dsl]\nholder = "Alex Specimen"': '[roles.dsl]\nholder = "Lee Template"',
    })  # fmt: skip
    before = state_of(oak)

    assert not tries(oak, DSL, reference)
    assert state_of(oak) == before


def test_a_report_of_another_school_is_not_there(practice):
    primary, infant = practice("model-primary"), practice("model-infant")
    reference = primary.send()

    assert not tries(infant, DSL, reference)
    assert reference not in infant.say("/my-reports", ROBIN)
    assert infant.say("/desk", DSL) == infant.say("/desk", BOBBY)


SPELLED = (
    str.lower,
    lambda r: r.replace("-", ""),
    lambda r: r.replace("-", " "),
    lambda r: r[2:],
    lambda r: r.replace("0", "O").replace("1", "l"),
    lambda r: f" {r.lower()} ",
    lambda r: r.replace("-", "–"),
)


def test_however_it_is_typed_it_is_for_the_same_people(primary):
    """In small letters, without its dashes, with an O for a nought; three references, since they are random."""
    for reference in [primary.send(what="PLANTED") for _ in range(3)]:
        for spelled in (spell(reference) for spell in SPELLED):
            assert "PLANTED" in primary.say(f"/open {spelled}", DSL), spelled
            assert reference in primary.say(f"/my-reports {spelled}"), spelled
            assert "PLANTED" not in primary.say(f"/open {spelled}", BOBBY), spelled


NO_REFERENCES = (
    "", " ", "R", "R-", "R-UUUU-UU", "x" * 5_000, "%", "_", "R-____-__", "*", "🙂", "\x00",
    "R-0000-00' OR '1'='1", "../../etc", "{{ x }}", "R-0000-000",
)  # fmt: skip


def test_what_is_no_reference_is_refused_like_an_unknown_one(primary):
    primary.send(what="PLANTED")
    for line, values in AT_THE_DESK[:2] + AT_THE_DESK[-3:]:
        unknown = primary.say(line.format(UNKNOWN), DSL, **values)
        for typed in NO_REFERENCES:
            assert primary.say(line.format(typed), DSL, **values) == unknown, typed


def test_every_refusal_is_on_record_with_who_tried(primary):
    reference = primary.send()
    for line in ("/open", "/handle", "/refer", "/too-close"):
        primary.say(f"{line} {reference}", BOBBY)
    primary.say(f"/open {UNKNOWN}", BOBBY)

    refused = [(actor, about) for actor, action, about in primary.audit() if action == "refused"]
    assert refused == [(BOBBY, reference)] * 4 + [(BOBBY, "")]


# --- where others can read it --------------------------------------------------------------------------


def test_nothing_of_a_report_is_said_where_others_can_read_it(primary):
    """A reply that is not private: no draft, no contents, no holder, no reference."""
    reference = primary.send(what="PLANTED", who="Morgan Nobody")
    primary.to_the_last_page(what="DRAFTED", who="Morgan Nobody")
    draft = primary.forms[ROBIN].says.split()[1]
    before = primary.rows("SELECT sealed FROM drafts")
    lines = [
        (ROBIN, "/report-incident", {}), (ROBIN, f"/report-page {draft} what", {}),
        (ROBIN, f"/report-page {draft} who", {"close": "x"}), (ROBIN, f"/report-back {draft} who", {}),
        (ROBIN, f"/report-again {draft}", {}), (ROBIN, f"/report-again x{draft}", {}),
        (ROBIN, "/my-reports", {}), (ROBIN, f"/my-reports {reference}", {}),
        (ROBIN, f"/add-to-report {reference}", {}), (ROBIN, f"/rang {reference}", {}),
        (DSL, "/desk", {}), (DSL, f"/open {reference}", {}), (DSL, f"/handle {reference}", {}),
        (DSL, f"/handle {reference}", {"do": "export"}), (DSL, f"/refer {reference}", {}),
        (DSL, f"/too-close {reference}", {}),
    ]  # fmt: skip
    told = {}
    for person, line, values in lines:
        heard = primary.say(line, person, private=False, **values)
        for secret in ("PLANTED", "DRAFTED", "Morgan", "Alex Specimen", reference, "pupil"):
            if secret in heard or primary.reply.files:
                told[line] = secret

    assert not told
    assert primary.rows("SELECT sealed FROM drafts") == before
    assert primary.has(reference) == [DSL]


def test_no_message_says_more_than_that_something_waits(primary):
    """Who, what and of what kind stay out of everything that is pushed."""
    primary.send(about="colleague", kind="unsuitable-material", who="Lee Template", what="PLANTED")
    for _ in range(20):
        primary.wait(days=1)
    for d in primary.delivered:
        for secret in ("PLANTED", "Lee Template", "nsuitable", "Robin", "colleague"):
            assert secret not in words(d.card)


# --- counts and references -----------------------------------------------------------------------------


def test_a_count_tells_nobody_that_there_is_one(primary):
    """From none to four it reads the same."""
    told = []
    for _ in range(6):
        primary.conversation.run(asyncio.sleep(0))
        told.append(asyncio.run(report_counts(Home(primary.home), "model-primary")))
        primary.send()

    assert len(set(told[:5])) == 1
    assert "5 open" in told[5]


def test_a_count_tells_not_what_was_closed_either(primary):
    first = asyncio.run(report_counts(Home(primary.home), "model-primary"))
    reference = primary.send()
    primary.do("outcome", reference, DSL, text="Done.")

    assert asyncio.run(report_counts(Home(primary.home), "model-primary")) == first


def test_references_are_random_and_use_every_letter():
    made = [reports.new_reference() for _ in range(3_000)]

    assert len(set(made)) > 2_990
    assert all(re.fullmatch(r"R-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{2}", r) for r in made)
    for place in (2, 3, 4, 5, 7, 8):
        assert {r[place] for r in made} == set(reports.ALPHABET)
    rising = sum(a < b for a, b in itertools.pairwise(made))
    assert 1_300 < rising < 1_700


def test_two_reports_of_one_moment_have_references_that_tell_no_order(primary):
    made = [primary.send() for _ in range(6)]

    assert len(set(made)) == 6
    assert {r[:4] for r in made} != {made[0][:4]}


def test_somebody_off_the_roster_is_told_so_and_nothing_is_kept(primary):
    for line in (
        "/report-incident",
        "/my-reports",
        "/desk",
        "/add-to-report R-0000-00",
        "/rang R-0000-00",
    ):
        assert "staff roster" in primary.say(line, "guest-7")
    primary.say("/report-page x who", "guest-7", close=("nobody",))

    assert primary.rows("SELECT count(*) FROM drafts") == [(0,)]
    assert primary.rows("SELECT count(*) FROM reports") == [(0,)]


def test_a_reporter_who_has_left_no_longer_sees_what_became_of_it(home, practice):
    own_school(home, "model-primary")
    oak = practice("model-primary")
    reference = oak.send(BOBBY)
    own_school(home, "model-primary", instead={
        '[roles.class-teacher]\nholders = ["Bobby Figment"]': "[roles.class-teacher]",
        '[people.bobby-figment]\nname = "Bobby Figment"\nemail = "bobby@example.org"\nteam = "Year 3"\n': "",
        '\nanswers_to = ["bobby-figment"]': "",
    })  # fmt: skip

    assert "staff roster" in oak.say(f"/my-reports {reference}", BOBBY)
    oak.wait(days=1)
    assert oak.has(reference)[0] == DSL


def test_trying_many_references_finds_none(primary):
    primary.send()
    primary.now += timedelta(minutes=1)
    heard = {primary.say(f"/open {reports.new_reference()}", BOBBY) for _ in range(50)}

    assert len(heard) == 1
