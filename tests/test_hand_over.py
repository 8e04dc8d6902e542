"""What the clock does with a report that nobody takes on: it reminds, passes on, and ends at the local authority."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from bot.records.messages import NotSent
from tests.test_reports import (
    CHAIR,
    DEPUTY_DSL,
    DEPUTY_HEAD,
    DSL,
    HEAD,
    LEE,
    OUTSIDE,
    ROBIN,
    VICE_CHAIR,
    Practice,
    own_school,
    practices,
)

LINE = [DSL, DEPUTY_DSL, HEAD, DEPUTY_HEAD, CHAIR, VICE_CHAIR, OUTSIDE]
URGENT = {"about": "pupil", "kind": "child-danger"}
SATURDAY_NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


@pytest.fixture
def practice(home) -> Iterator[Callable[..., Practice]]:
    with practices(home) as open_:
        yield open_


@pytest.fixture
def primary(practice) -> Practice:
    return practice("model-primary")


@pytest.fixture
def own(home, practice) -> Practice:
    """A school whose settings can be changed while a report is under way."""
    own_school(home, "model-primary")
    return practice("model-primary")


def watch(practice: Practice, *, until: datetime) -> list[tuple[datetime, str, str]]:
    """Let time go by, and the clock look once a day and whenever something is due: who was told when, and what."""
    seen = len(practice.delivered)
    told = []
    while practice.now < until:
        ((due,),) = practice.rows("SELECT min(due) FROM reports")
        soon = practice.now + timedelta(days=1)
        if due:
            soon = min(soon, datetime.fromisoformat(due).replace(tzinfo=UTC))
        practice.now = min(until, max(practice.now + timedelta(minutes=1), soon))
        practice.conversation.tick()
        told += [(practice.now, d.person, d.card.headline) for d in practice.delivered[seen:]]
        seen = len(practice.delivered)
    return told


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


# --- nobody takes it on --------------------------------------------------------------------------------


def test_unopened_it_is_reminded_of_and_passed_on_down_the_line_to_the_local_authority(primary):
    reference = primary.send()
    told = watch(primary, until=primary.now + timedelta(days=14))

    assert primary.has(reference) == LINE
    for person in LINE[:-1]:
        mine = primary.told(person)
        assert len(mine) == 2, person
        assert "waits for you" in mine[0]
        assert "still waits for you" in mine[1]
    # Half past nine on Monday: four working hours, then four more of which one half is on Tuesday.
    first = [(when, who) for when, who, _ in told if who != ROBIN][:3]
    assert first == [
        (at(16, 13, 30), DSL),
        (at(17, 8, 30), DEPUTY_DSL),
        (at(17, 12, 30), DEPUTY_DSL),
    ]


def test_the_reporter_hears_where_it_goes_and_is_told_to_ring_in_the_end(primary):
    reference = primary.send()
    watch(primary, until=primary.now + timedelta(days=14))
    heard = primary.told(ROBIN)

    assert [h for h in heard if "has gone to the next person" in h] == heard[: len(LINE) - 2]
    assert "Kim Standin" in heard[2]  # who has it, not for whom they stand in
    assert "Pat Example" not in heard[2]
    assert "Nobody in the school can be given your report" in heard[len(LINE) - 2]
    assert "01632 960001" in heard[len(LINE) - 2]
    assert "Please ring" in primary.status(reference)
    for told in heard:
        assert "bullied" not in told


def test_an_urgent_report_does_not_wait_for_the_morning(primary):
    primary.now = SATURDAY_NIGHT
    reference = primary.send(**URGENT)
    told = watch(primary, until=SATURDAY_NIGHT + timedelta(hours=2, minutes=5))

    assert [(when, who) for when, who, _ in told if who != ROBIN] == [
        (at(21, 2, 30), DSL), (at(21, 3), DEPUTY_DSL), (at(21, 3, 30), DEPUTY_DSL), (at(21, 4), HEAD),
    ]  # fmt: skip
    assert all(headline.startswith("Urgent:") for _, who, headline in told if who != ROBIN)
    assert primary.has(reference) == [DSL, DEPUTY_DSL, HEAD]


def test_an_urgent_report_that_nobody_opens_is_with_the_reporter_again_in_six_hours(primary):
    primary.now = SATURDAY_NIGHT
    reference = primary.send(**URGENT)
    watch(primary, until=SATURDAY_NIGHT + timedelta(hours=6, minutes=5))

    assert primary.has(reference) == LINE
    assert "Please ring" in primary.told(ROBIN)[-1]


def test_a_report_that_can_wait_leaves_the_weekend_alone(primary):
    primary.now = at(20, 16, 59)  # a Friday
    primary.send()
    told = watch(primary, until=at(23, 15))

    assert [(who, when.day) for when, who, _ in told] == [(DSL, 23)]


def test_bank_holidays_do_not_count(primary):
    """Christmas Day is a Friday in 2026, and Monday is the bank holiday for Boxing Day."""
    primary.now = at(24, 16, month=12)
    primary.send()
    told = watch(primary, until=at(29, 15, month=12))

    assert [(when, who) for when, who, _ in told] == [
        (at(29, 11, month=12), DSL), (at(29, 15, month=12), ROBIN), (at(29, 15, month=12), DEPUTY_DSL),
    ] or [(when, who) for when, who, _ in told] == [
        (at(29, 11, month=12), DSL), (at(29, 15, month=12), DEPUTY_DSL), (at(29, 15, month=12), ROBIN),
    ]  # fmt: skip


def test_whoever_has_looked_at_it_gets_twice_the_time_and_keeps_it(primary):
    reference = primary.send(what="PLANTED")
    primary.say(f"/open {reference}", DSL)
    told = watch(primary, until=at(18, 9))
    times = [(when, who) for when, who, _ in told if who != ROBIN]

    assert times == [(at(17, 8, 30), DSL), (at(18, 7, 30), DEPUTY_DSL)] or times == [
        (at(17, 8, 30), DSL), (at(17, 16, 30), DEPUTY_DSL),
    ]  # fmt: skip
    assert "PLANTED" in primary.say(f"/open {reference}", DSL)
    assert "PLANTED" in primary.say(f"/open {reference}", DEPUTY_DSL)


def test_what_somebody_has_taken_on_stays_with_them(primary):
    reference = primary.send()
    primary.do("acknowledge", reference, DSL)
    told = watch(primary, until=primary.now + timedelta(days=20))

    assert not told
    assert primary.has(reference) == [DSL]


def test_the_reporter_hears_of_taking_on_and_closing_once_each(primary):
    reference = primary.send()
    for done in ("acknowledge", "note", "acknowledge"):
        primary.do(done, reference, DSL, text="Words.")
    primary.do("outcome", reference, DSL, text="Done.")
    primary.do("outcome", reference, DSL, text="Done again.")
    primary.wait(days=3)
    heard = primary.told(ROBIN)

    assert len(heard) == 2
    assert "has been taken on by" in heard[0]
    assert "Alex Specimen" in heard[0]
    assert "is closed" in heard[1]
    assert not [h for h in heard if "Words" in h or "Done" in h]


def test_the_deputy_reads_that_they_have_it_and_not_their_principal(primary):
    primary.send(HEAD, about="colleague", kind="low-level-concern")

    assert (
        "Kim Standin" in primary.told(DEPUTY_HEAD)[0] or "Pat" not in primary.told(DEPUTY_HEAD)[0]
    )


# --- not too much --------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", [{}, URGENT], ids=["can wait", "urgent"])
def test_a_year_in_which_nobody_looks_sends_at_most_thirty_messages(primary, report):
    """Six people twice, five passings-on, and a week of asking whether they rang."""
    primary.send(**report)
    for _ in range(40):
        primary.wait(days=1)
    after_forty = len(primary.delivered)
    for _ in range(25):
        primary.wait(days=13)

    assert len(primary.delivered) == after_forty <= 30
    twice = Counter((d.person, d.card) for d in primary.delivered)
    assert [
        count
        for (_, card), count in twice.items()
        if "able to ring" not in card.headline and count > 1
    ] == []


def test_looking_ten_times_is_looking_once(primary):
    primary.send()
    for _ in range(20):
        primary.now += timedelta(hours=3)
        primary.conversation.tick()
        once = len(primary.delivered)
        for _ in range(3):
            primary.conversation.tick()
        assert len(primary.delivered) == once


def test_looking_from_several_places_at_once_tells_nobody_twice(primary):
    reference = primary.send()
    primary.now += timedelta(hours=23)
    with ThreadPoolExecutor(4) as replicas:
        list(replicas.map(lambda _: primary.conversation.tick(), range(4)))

    assert primary.has(reference) == [DSL, DEPUTY_DSL]
    assert [len(primary.told(p)) for p in (DSL, DEPUTY_DSL, ROBIN)] == [1, 1, 1]


def test_a_clock_that_is_put_back_tells_nobody_twice(primary):
    primary.send()
    primary.wait(hours=4)
    primary.wait(hours=20)
    told = list(primary.delivered)
    assert len(told) == 4  # DSL twice, their deputy, the reporter
    for _ in range(8):
        primary.wait(hours=-3)
    assert primary.delivered == told
    while primary.now < at(17, 8, 30):
        primary.wait(hours=2)

    assert primary.delivered == told


def test_a_clock_years_ahead_by_mistake_and_set_right_again_still_goes_on(primary):
    reference = primary.send()
    primary.wait(days=700)
    primary.wait(days=-700)
    watch(primary, until=primary.now + timedelta(days=21))

    assert primary.has(reference) == LINE


def test_a_restart_forgets_nothing_that_is_due(primary):
    reference = primary.send()
    primary.restart()
    primary.wait(days=3)

    assert primary.has(reference) == [DSL, DEPUTY_DSL]


# --- away, gone, too close -----------------------------------------------------------------------------


def test_whoever_is_away_when_it_would_be_theirs_is_passed_over(home, practice):
    own_school(home, "model-primary", away={DEPUTY_DSL: ["2026-11-17"]})
    oak = practice("model-primary")
    reference = oak.send()
    watch(oak, until=at(17, 9))
    assert oak.has(reference) == [DSL, HEAD]
    assert not oak.told(DEPUTY_DSL)
    watch(oak, until=at(20, 17))

    assert oak.has(reference)[:4] == [DSL, HEAD, DEPUTY_HEAD, DEPUTY_DSL]  # back on the 18th


def test_everybody_away_is_better_than_nobody(home, practice):
    everybody = {person: ["2026-11-16/2026-11-27"] for person in LINE[:-1]}
    own_school(home, "model-primary", away=everybody)
    oak = practice("model-primary")

    assert oak.has(oak.send()) == [DSL]


def test_whoever_comes_after_somebody_gets_what_they_had(home, own):
    """Alex has left; not even what Alex had open is Alex's any more."""
    reference = own.send(what="PLANTED")
    own.say(f"/open {reference}", DSL)
    own_school(home, "model-primary", instead={"Alex Specimen": "Quinn Successor"})
    for line in ("/open", "/handle", "/refer", "/too-close"):
        assert "There is no report for you" in own.say(f"{line} {reference}", DSL)
    own.wait(days=1)
    status = own.status(reference)

    assert own.has(reference) == [DSL, "quinn-successor"]
    assert "opened" not in status
    assert "Quinn Successor" in status
    assert "PLANTED" in own.say(f"/open {reference}", "quinn-successor")


def test_what_was_taken_on_by_somebody_who_left_is_not_shown_as_taken_on(home, own):
    reference = own.send()
    own.do("acknowledge", reference, DSL)
    own_school(home, "model-primary", instead={"Alex Specimen": "Quinn Successor"})
    own.wait(days=2)
    status = own.status(reference)

    assert own.has(reference) == [DSL, "quinn-successor"]
    assert "taken on" not in status
    assert "Quinn Successor" in status
    assert "Quinn Successor" in own.told(ROBIN)[-1]


def test_between_two_holders_nobody_is_sent_to_the_local_authority(home, own):
    """Somebody has left, and the clock has not looked yet."""
    reference = own.send()
    own_school(home, "model-primary", instead={"Alex Specimen": "Quinn Successor"})

    assert "Please ring" not in own.status(reference)


def test_a_former_holder_who_is_still_at_the_school_no_longer_reads_it(home, own):
    reference = own.send(what="PLANTED")
    own_school(home, "model-primary", instead={
        '[roles.dsl]\nholder = "Alex Specimen"': '[roles.dsl]\nholder = "Lee Template"',
    })  # fmt: skip
    own.wait(days=1)
    told = len(own.told(DSL))
    own.say(f"/add-to-report {reference}", text="More.")
    own.wait(days=20)

    assert "There is no report for you" in own.say(f"/open {reference}", DSL)
    assert "No report waits" in own.say("/desk", DSL)
    assert len(own.told(DSL)) == told
    assert own.has(reference)[:2] == [DSL, LEE]


def test_whoever_comes_to_answer_to_the_subject_loses_it(home, own):
    reference = own.send(who="Lee Template", what="PLANTED")
    assert own.has(reference) == [DSL]
    own_school(home, "model-primary", instead={
        "[people.alex-specimen]\n": '[people.alex-specimen]\nanswers_to = ["lee-template"]\n',
    })  # fmt: skip
    told = len(own.told(DSL))
    own.wait(days=3)
    own.say(f"/add-to-report {reference}", text="More.")
    own.wait(days=20)

    assert "PLANTED" not in own.say(f"/open {reference}", DSL)
    assert len(own.told(DSL)) == told
    assert not own.told(LEE)
    assert own.has(reference)[1] == DEPUTY_DSL


def test_a_subject_who_becomes_the_next_in_line_is_left_out(home, own):
    reference = own.send(who="Lee Template")
    own_school(home, "model-primary", instead={
        '[roles.dsl]\nholder = "Alex Specimen"': '[roles.dsl]\nholder = "Lee Template"',
    })  # fmt: skip
    watch(own, until=own.now + timedelta(days=20))

    assert LEE not in own.has(reference)
    assert not own.told(LEE)
    assert own.has(reference)[-1] == OUTSIDE


def test_one_after_another_is_too_close_until_the_reporter_rings(primary):
    reference = primary.send(what="PLANTED")
    for person in (DSL, DEPUTY_DSL, HEAD, CHAIR):
        assert primary.has(reference)[-1] == person
        primary.say(f"/too-close {reference}", person)

    assert primary.has(reference) == [DSL, DEPUTY_DSL, HEAD, CHAIR, OUTSIDE]
    assert "Please ring" in primary.told(ROBIN)[-1]
    assert "nobody in the school can be given it" in primary.status(reference)
    for person in LINE[:-1]:
        assert "PLANTED" not in primary.say(f"/open {reference}", person)


def test_a_conflict_goes_on_at_once_also_past_somebody_who_never_looked(primary):
    reference = primary.send()
    watch(primary, until=at(17, 9))
    assert primary.has(reference) == [DSL, DEPUTY_DSL]
    heard = primary.say(f"/too-close {reference}", DEPUTY_DSL)

    assert "has gone to the next person" in heard
    assert primary.has(reference) == [DSL, DEPUTY_DSL, HEAD]


def test_a_conflict_of_one_leaves_it_with_whoever_took_it_on(primary):
    reference = primary.send()
    primary.say(f"/open {reference}", DSL)
    watch(primary, until=at(18, 9))
    primary.do("acknowledge", reference, DSL)
    primary.say(f"/too-close {reference}", DEPUTY_DSL)
    primary.wait(days=5)

    assert primary.has(reference) == [DSL, DEPUTY_DSL]
    assert "taken on" in primary.status(reference)


def test_whoever_cannot_be_reached_is_passed_over_at_once(primary):
    carry = primary.conversation._carry

    async def not_to_alex(message):
        if message.person == DSL:
            raise NotSent("no account", for_good=True)
        return await carry(message)

    primary.conversation._carry = not_to_alex
    reference = primary.send()
    primary.wait(minutes=1)

    assert primary.has(reference) == [DSL, DEPUTY_DSL]
    assert primary.told(DEPUTY_DSL)


# --- outside the school --------------------------------------------------------------------------------


def test_the_reporter_is_asked_within_a_working_day_whether_they_rang_and_not_for_ever(primary):
    primary.send(about="chair-of-governors", kind="head-misuse")
    told = watch(primary, until=primary.now + timedelta(days=20))
    when = [moment for moment, _, _ in told]

    assert {who for _, who, _ in told} == {ROBIN}
    assert when[0] <= at(17, 9, 30)
    assert when[-1] <= at(16, 9, 30) + timedelta(days=8)
    assert len(when) <= 14
    assert all(8 <= moment.hour <= 17 for moment in when)


def test_having_rung_ends_the_asking(primary):
    reference = primary.send(about="chair-of-governors", kind="head-misuse")
    primary.say(f"/rang {reference}")
    before = len(primary.delivered)
    watch(primary, until=primary.now + timedelta(days=14))

    assert len(primary.delivered) == before


def test_nobody_in_the_school_hears_of_a_report_about_the_chair(primary):
    primary.send(about="chair-of-governors", kind="head-misuse")
    watch(primary, until=primary.now + timedelta(days=14))

    assert {d.person for d in primary.delivered} == {ROBIN}


def test_a_line_through_marked_people_never_reaches_them(primary):
    reference = primary.send(close=(DEPUTY_DSL, CHAIR))
    watch(primary, until=primary.now + timedelta(days=14))

    # The Headteacher answers to the Chair, everybody else to the Headteacher.
    assert primary.has(reference) == [OUTSIDE]
    assert {d.person for d in primary.delivered} == {ROBIN}
