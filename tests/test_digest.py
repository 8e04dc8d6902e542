"""What people hear of dates: once, in school time, few at a time, and not any more when it is done."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.app.site import the_time
from bot.chat.model import Event
from bot.config import model_folder
from bot.records import messages
from handlers.jobs import JOBS
from tests.test_reports import Practice, practices, words

HEAD, CHAIR, ROBIN, LEE, SAM = "pat-example", "sam-sample", "robin-practice", "lee-office", "jo-new"
DAY = timedelta(days=1)
FIRST_DAY = datetime(2027, 1, 5, 8, 10, tzinfo=UTC)  # the Tuesday that spring term begins on

SCHOOL = """name = "Oak School"
[answers]
contact = "headteacher"
[roles.headteacher]
holder = "Pat Example"
[roles.chair-of-governors]
holder = "Sam Sample"
[roles.office]
holder = "Lee Office"
[people.pat-example]
name = "Pat Example"
[people.sam-sample]
name = "Sam Sample"
staff = false
[people.robin-practice]
name = "Robin Practice"
team = "Year 3"
[people.lee-office]
name = "Lee Office"
team = "Office"
[people.jo-new]
name = "Jo New"
starts = 2027-01-12
team = "Year 3"
[outside.lado]
phone = "01632 960001"
[calendar]
terms = [
  { name = "Autumn Term 2026", first = 2026-09-03, last = 2026-12-18, half_term = "2026-10-26/2026-10-30" },
  { name = "Spring Term 2027", first = 2027-01-05, last = 2027-03-25, half_term = "2027-02-15/2027-02-19" },
  { name = "Summer Term 2027", first = 2027-04-12, last = 2027-07-21, half_term = "2027-05-31/2027-06-04" },
]
"""

PHONES = """
[reminders.phones-away]
clause = "SO-1"
"""
PRIVACY = """
[reminders.own-privacy]
clause = "SO-2"
source = "choice"
"""
POLICY = """---
title: Social Media Policy
version: "1"
{dates}
review_cycle: yearly
owner: headteacher
code: SO
next_id: 10
---

# Rules

Staff must keep their phones off and out of sight while they are with pupils. {{#SO-1}}

Staff should look at their privacy settings now and then. {{#SO-2}}

On a visit staff must take the school phone. {{#SO-3}}
"""


@pytest.fixture
def oak(home) -> Iterator:
    """A school with these reminders, its clock set; the policy's next review is far off unless it is said."""
    opened = []

    def open_(
        reminders: str = "", *, dates: str = "next_review: 2030-09-01", at=FIRST_DAY
    ) -> Practice:
        folder = home / "schools" / "oak"
        (folder / "policies").mkdir(parents=True, exist_ok=True)
        (folder / "school.toml").write_text(SCHOOL + reminders, "utf-8")
        (folder / "policies" / "social.md").write_text(POLICY.format(dates=dates), "utf-8")
        manager = practices(home)
        make = manager.__enter__()
        opened.append(manager)
        practice = make("oak")
        practice.now, practice.dates = at, True
        return practice

    yield open_
    for manager in opened:
        manager.__exit__(None, None, None)


def on(day: int, hour: int = 8, minute: int = 20, month: int = 1) -> datetime:
    return datetime(2027, month, day, hour, minute, tzinfo=UTC)


def at(practice: Practice, moment: datetime) -> None:
    practice.now = moment
    practice.conversation.tick()


def press(practice: Practice, person: str, label: str) -> str:
    """Press the first button with this label on what reached somebody last."""
    card = [d.card for d in practice.delivered if d.person == person][-1]
    says = next(b.says for b in card.buttons if b.label.startswith(label))
    return practice.say(says, person)


def test_a_rule_reaches_every_member_of_staff_on_the_first_morning_of_the_half_term(oak):
    practice = oak(PHONES)
    at(practice, on(5, 8, 10))
    assert not practice.delivered

    at(practice, on(5))

    assert sorted(d.person for d in practice.delivered) == [LEE, HEAD, ROBIN]
    (told,) = practice.told(ROBIN)
    assert "Phones off and away" in told
    assert "while they are with pupils" in told
    assert "SO-1" in told
    assert "your policy's own" in told


def test_a_reminder_that_the_school_chose_says_so(oak):
    practice = oak(PRIVACY)
    at(practice, on(5))

    (told,) = practice.told(ROBIN)
    assert "Your school chose" in told
    assert "your policy's own" not in told


def test_nothing_is_said_twice_however_often_the_clock_looks_and_whoever_restarts(oak):
    practice = oak(PHONES)
    for minute in range(15, 40):
        at(practice, on(5, 8, minute))
    told = practice.told(ROBIN)
    practice.restart()
    for day in range(6, 15):
        at(practice, on(day))

    assert len(told) == 1
    assert [t for t in practice.told(ROBIN) if "Phones" in t] == []


def test_two_things_of_a_day_are_one_message_and_a_fourth_waits_for_the_next_day(oak):
    four = (
        PHONES
        + PRIVACY
        + "".join(
            f"[reminders.own-{n}]\ntext = 'Own rule {n}.'\nwhen = 'half-term'\nto = ['staff']\n"
            for n in (1, 2)
        )
    )
    practice = oak(four)
    at(practice, on(5))
    at(practice, on(5, 14))

    assert len(practice.told(ROBIN)) == 1
    assert "3 reminders" in practice.told(ROBIN)[0]
    assert "privacy" not in practice.told(ROBIN)[0]  # duties come first

    at(practice, on(6))
    assert len(practice.told(ROBIN)) == 2
    assert "privacy" in practice.told(ROBIN)[1]


@pytest.mark.parametrize(
    "moment", [on(4), on(5, 7), on(5, 17, 30), on(9), on(17, month=2)],
    ids=["holiday", "early", "evening", "Saturday", "half term"],
)  # fmt: skip
def test_outside_school_time_nothing_goes_out(oak, moment):
    practice = oak(PHONES, at=moment - timedelta(days=3))
    at(practice, moment)
    assert not practice.delivered


def test_a_day_of_downtime_loses_nothing_and_ten_days_are_logged_as_missed(oak, mayi):
    practice = oak(PHONES)
    at(practice, datetime(2026, 12, 18, 9, tzinfo=UTC))
    at(practice, on(6))
    assert len(practice.told(ROBIN)) == 1

    late = oak(PRIVACY)
    at(late, datetime(2027, 3, 25, 9, tzinfo=UTC))
    at(late, datetime(2027, 4, 28, 9, tzinfo=UTC))
    assert late.told(ROBIN) == []
    assert late.rows(
        "SELECT outcome FROM occurrences WHERE id = 'oak:own-privacy:2026-27/summer'"
    ) == [("missed",)]


def test_whoever_is_away_hears_of_it_when_they_are_back_if_it_is_still_of_use(oak):
    practice = oak(PHONES + "[people.kim-away]\nname = 'Kim Away'\naway = ['2027-01-05/2027-01-07']\n"
                   "[people.max-longer]\nname = 'Max Longer'\naway = ['2027-01-05/2027-01-29']\n")  # fmt: skip
    for day in (5, 6, 7):
        at(practice, on(day))
    assert practice.told("kim-away") == []
    for day in (8, 11, 12, 13):
        at(practice, on(day))
    assert len(practice.told("kim-away")) == 1
    for day in (1, 2, 3):
        at(practice, on(day, month=2))
    assert practice.told("max-longer") == []


def test_got_it_settles_a_reminder_and_only_ones_own(oak):
    practice = oak(PHONES)
    at(practice, on(5))
    card = next(d.card for d in practice.delivered if d.person == ROBIN)
    says = next(b.says for b in card.buttons if b.label == "Got it")

    assert "not yours" in practice.say(says, LEE)
    assert "noted" in practice.say(says, ROBIN)
    assert "settled already" in practice.say(says, ROBIN)
    assert "Nothing is waiting" in practice.say("/reminders", ROBIN)


def test_whoever_settles_one_of_several_is_told_what_still_waits(oak):
    practice = oak(PHONES + PRIVACY)
    at(practice, on(5))

    assert "1 more reminder for you" in press(practice, ROBIN, "Got it: Phones")
    assert [b.says for b in practice.reply.cards[0].buttons] == ["/reminders"]
    assert "more reminder" not in press(practice, ROBIN, "Got it: Your own privacy")


def test_a_nudge_can_wait_a_week_and_be_switched_off_and_on_and_a_duty_cannot(oak):
    practice = oak(PHONES + PRIVACY)
    at(practice, on(5))
    said = practice.say("/reminders", ROBIN)
    assert "In a week" in said
    buttons = [b for card in practice.reply.cards for b in card.buttons]
    duty = next(b.says.split()[1] for b in buttons if b.says.startswith("/got-it"))
    later = next(b.says for b in buttons if b.says.startswith("/snooze"))
    assert "cannot be put off" in practice.say(f"/snooze {duty}", ROBIN)
    assert "cannot be put off" in practice.say("/switch-off phones-away", ROBIN)
    practice.say(later, ROBIN)
    at(practice, on(11))
    assert len(practice.told(ROBIN)) == 1
    at(practice, on(12))
    assert len(practice.told(ROBIN)) == 1  # of no use any more: its five days are over

    practice.say("/switch-off own-privacy", ROBIN)
    at(practice, on(12, month=4))
    assert "privacy" not in " ".join(practice.told(ROBIN)[1:])
    assert "Switched off by you" in practice.say("/reminders", ROBIN)
    assert "reminded of it again" in practice.say("/switch-on own-privacy", ROBIN)


def test_a_new_starter_hears_what_is_for_starters_on_their_first_day(oak):
    practice = oak("[reminders.profile-check]\nclause = 'SO-2'\n")
    at(practice, on(11))
    assert practice.told(SAM) == []
    at(practice, on(12))
    assert len(practice.told(SAM)) == 1
    assert practice.told(ROBIN) == []


def test_the_owner_hears_of_a_review_in_time_and_the_chair_when_it_stays_overdue(oak):
    practice = oak(dates="next_review: 2027-01-25", at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    day = datetime(2026, 11, 20, 9, tzinfo=UTC)
    while day < datetime(2027, 4, 30, tzinfo=UTC):
        at(practice, day)
        day += timedelta(days=1)

    told = practice.told(HEAD)
    heard = [t for t in told if "review due on" in t]
    assert len(heard) == 3  # eight, four and one week before; the holidays moved one
    assert len([t for t in told if "due today" in t]) == 1
    assert len([t for t in told if "overdue" in t]) >= 5
    assert practice.told(ROBIN) == []
    first, *_ = practice.told(CHAIR)
    assert "overdue since 25 January 2027" in first


def test_a_policy_marked_as_reviewed_is_written_and_its_reminders_stop(oak, home):
    practice = oak(dates="next_review: 2027-01-01")
    at(practice, on(5))
    assert "Mark as reviewed" in words([d.card for d in practice.delivered][-1])
    press(practice, HEAD, "Mark as reviewed")

    again = practice.fill(HEAD, change="same", next="1 January")
    assert "Write a day with its year" in again or "next" in again
    said = practice.fill(HEAD, change="new", version="2", next="2028-01-10")

    assert "version 2, next review 10 January 2028" in said
    file = (home / "schools" / "oak" / "policies" / "social.md").read_text("utf-8")
    assert "next_review: 2028-01-10" in file
    assert "reviewed: 2027-01-05" in file
    assert "{#SO-1}" in file
    assert ("reviewed", "social") in {(a, about) for _, a, about in practice.audit()}
    for day in range(6, 30):
        at(practice, on(day))
    assert len(practice.told(HEAD)) == 1
    assert "was marked meanwhile" in practice.say(
        "/mark-reviewed social -/1", HEAD, change="same", next="2028-01-10"
    )


def test_a_next_review_that_is_left_as_it_was_shown_is_taken(oak, home):
    practice = oak(dates="next_review: 2027-01-01")
    practice.say("/reviewed social", HEAD)
    form = practice.forms[HEAD]

    said = practice.say(form.says, HEAD, change="same")

    assert "version 1, next review 5 January 2028" in said
    file = (home / "schools" / "oak" / "policies" / "social.md").read_text("utf-8")
    assert "next_review: 2028-01-05" in file


def test_a_policy_whose_file_has_spaces_in_its_name_is_marked_like_any_other(oak, home):
    practice = oak(dates="next_review: 2027-01-01")
    folder = home / "schools" / "oak" / "policies"
    file = (folder / "social.md").rename(folder / "Social media 2026.md")
    at(practice, on(5))
    press(practice, HEAD, "Mark as reviewed")

    said = practice.fill(HEAD, change="same", next="2028-01-10")

    assert "version 1, next review 10 January 2028" in said
    assert "next_review: 2028-01-10" in file.read_text("utf-8")
    assert ("reviewed", "Social-media-2026") in {(a, about) for _, a, about in practice.audit()}


def test_the_policy_of_a_model_school_is_nobodys_to_mark(home):
    (file,) = model_folder("model-primary").glob("policies/*.md")
    before = file.read_bytes()
    with practices(home) as open_:
        practice = open_("model-primary")
        assert practice.say("/reviewed", HEAD).startswith("Mark as reviewed")
        said = practice.say(practice.forms[HEAD].says, HEAD, change="same")
        after = file.read_bytes()
        if after != before:  # every other test reads it
            file.write_bytes(before)

        assert "Model Primary School is a model school: its policy stays as it is" in said
        assert after == before
        assert practice.rows("SELECT 1 FROM audit") == []


def test_each_of_two_reminders_stands_with_its_own_clause(oak):
    practice = oak(PHONES, dates="next_review: 2027-01-01")
    at(practice, on(5))

    (card,) = [d.card for d in practice.delivered if d.person == HEAD]
    assert card.quotes == ()
    assert [line[:3] for line in card.lines] == ["1. ", "2. "]
    phones, review = sorted(line[3:] for line in card.lines)
    assert phones.startswith("Phones off and away.\n“Staff must keep their phones off")
    assert "SO-1" in phones
    assert review.startswith("Social Media Policy: review")
    assert "SO-1" not in review
    assert {b.label for b in card.buttons} == {
        "Mark as reviewed: Social Media Policy", "Got it: Phones off and away", "All my reminders",
    }  # fmt: skip


def test_only_those_who_answer_for_a_policy_mark_it(oak):
    practice = oak(dates="next_review: 2027-01-01")
    assert "only its owner" in practice.say("/reviewed social", ROBIN)
    assert "only its owner" in practice.say("/mark-reviewed social -/1", ROBIN, change="same")
    assert practice.say("/reviewed social", CHAIR).startswith("Mark as reviewed")


def test_a_policy_without_a_date_is_told_on_day_one_and_asks_for_one(oak):
    practice = oak(dates="adopted:\nreviewed:", at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    at(practice, datetime(2026, 11, 20, 12, 5, tzinfo=UTC))

    (told,) = practice.told(HEAD)
    assert "no review date" in told


def test_the_owner_hears_when_the_guidance_a_policy_cites_is_superseded(oak, home):
    practice = oak(PHONES)
    file = home / "schools" / "oak" / "policies" / "social.md"
    cites = "It follows Keeping Children Safe in Education 2022."
    file.write_text(file.read_text("utf-8") + f"\n{cites} {{#SO-4}}\n", "utf-8")
    at(practice, on(5))

    told = [t for t in practice.told(HEAD) if "national guidance has changed" in t]
    assert len(told) == 1
    assert "Keeping Children Safe in Education in an older edition" in told[0]
    file.write_text(file.read_text("utf-8").replace(" 2022", ""), "utf-8")
    assert "national guidance" not in practice.say("/reminders", HEAD)
    for day in range(6, 30):
        at(practice, on(day))
    assert len([t for t in practice.told(HEAD) if "national guidance" in t]) == 1


def test_a_trip_reminds_the_day_before_and_a_called_off_one_does_not(oak):
    practice = oak("[reminders.visit-phone]\nclause = 'SO-3'\n")
    practice.say("/remind", ROBIN)
    said = practice.fill(ROBIN, kind="trip", on="2027-01-14", to="team")
    assert "goes out on Wednesday 13 January at 08:15, to 2 people" in said
    practice.say("/remind", ROBIN)
    practice.fill(ROBIN, kind="trip", on="21 January", to="me")
    off = next(b.says for b in practice.reply.cards[0].buttons)
    assert "Called off" in practice.say(off, ROBIN)

    for day in range(5, 25):
        at(practice, on(day))

    assert len(practice.told(ROBIN)) == 1
    assert "Thursday 14 January 2027" in practice.told(ROBIN)[0]
    assert len(practice.told(SAM)) == 1
    assert practice.told(LEE) == []


def test_a_form_that_is_sent_twice_is_one_day_and_its_button_calls_that_one_off(oak):
    practice = oak("[reminders.visit-phone]\nclause = 'SO-3'\n")
    practice.say("/remind", ROBIN)
    form, trip = practice.forms[ROBIN], {"kind": "trip", "on": "2027-01-14", "to": "team"}
    heard = [practice.say(form.says, ROBIN, **trip)]
    (before,) = [b.says for b in practice.reply.cards[0].buttons]
    heard.append(practice.say(form.says, ROBIN, **trip))
    (again,) = [b.says for b in practice.reply.cards[0].buttons]

    ((kept,),) = practice.rows("SELECT id FROM occasions")
    assert heard[0] == heard[1]
    assert before == again == f"/call-off {kept}"

    assert "Called off" in practice.say(again, ROBIN)
    assert "settled already" in practice.say(before, ROBIN)
    for day in range(5, 25):
        at(practice, on(day))
    assert practice.told(ROBIN) == []


def test_another_day_kind_audience_or_person_is_another_day_told(oak):
    practice = oak(
        "[reminders.visit-phone]\nclause = 'SO-3'\n[reminders.event-pictures]\nclause = 'SO-2'\n"
    )
    trip = {"kind": "trip", "on": "2027-01-14", "to": "me"}
    for who, changed in (
        (ROBIN, {}),
        (ROBIN, {"on": "2027-01-15"}),
        (ROBIN, {"kind": "performance"}),
        (ROBIN, {"to": "team"}),
        (SAM, {"to": "team"}),  # of the same team
    ):
        practice.say("/remind", who)
        practice.fill(who, **(trip | changed))

    assert practice.rows("SELECT count(*) FROM occasions") == [(5,)]


def test_a_closure_of_today_goes_out_at_once_before_school(oak):
    practice = oak("[reminders.device-loans]\nclause = 'SO-3'\n")
    practice.now = on(20, 6, 30)
    practice.say("/remind home-learning today", LEE)
    said = practice.fill(LEE, to="staff")

    assert "goes out now, to 4 people" in said
    assert len(practice.told(ROBIN)) == 1
    at(practice, on(20))
    assert len(practice.told(ROBIN)) == 1


def test_only_who_holds_a_role_reminds_all_staff(oak):
    practice = oak("[reminders.visit-phone]\nclause = 'SO-3'\n")
    practice.say("/remind", ROBIN)
    assert set(practice.offered("to", ROBIN)) == {"me", "team"}
    assert "Choose one" in practice.fill(ROBIN, kind="trip", on="tomorrow", to="staff")


def test_a_school_without_occasions_says_so(oak):
    assert "switched on no reminder" in oak(PHONES).say("/remind", ROBIN)


def test_a_rule_taken_out_of_school_toml_is_told_no_more(oak, home):
    practice = oak(PHONES + PRIVACY.replace("own-privacy", "training") + "[reminders]\nmost = 1\n")
    at(practice, on(5))
    toml = home / "schools" / "oak" / "school.toml"
    toml.write_text(SCHOOL + "[reminders]\nmost = 1\n" + PHONES, "utf-8")
    at(practice, on(6))
    at(practice, on(7))
    assert len(practice.told(ROBIN)) == 1


def test_when_nothing_gets_through_for_a_day_somebody_is_told(oak):
    practice = oak(PHONES)

    async def down(message):
        raise messages.NotSent("down")

    practice.conversation._carry = down
    at(practice, on(5))
    at(practice, on(6, 9))
    waiting = practice.rows("SELECT person FROM messages WHERE template = 'nothing_sent'")
    assert waiting == [(HEAD,)]
    at(practice, on(6, 10))
    assert len(practice.rows("SELECT 1 FROM messages WHERE template = 'nothing_sent'")) == 1


def test_one_person_whom_nothing_reaches_is_no_reason_to_say_that_nothing_gets_through(oak):
    practice = oak(PHONES + PRIVACY)
    carry = practice.conversation._carry

    async def blocked(message):
        if message.person == ROBIN:
            raise messages.NotSent("blocked", for_good=True)
        return await carry(message)

    practice.conversation._carry = blocked
    for day in (5, 6, 7, 8):
        at(practice, on(day))
        at(practice, on(day, 16))
    assert len(practice.told(LEE)) == 1
    assert practice.rows("SELECT 1 FROM messages WHERE template = 'nothing_sent'") == []


def test_a_stranger_hears_nothing_of_anybodys_reminders(oak):
    practice = oak(PHONES)
    for line in (
        "/reminders",
        "/remind",
        "/reviewed social",
        "/got-it x",
        "/switch-off own-privacy",
    ):
        assert "roster" in words(practice.conversation.handle(Event(line, "nobody-here")))


def test_what_will_go_out_is_listed_with_whom_and_why(oak, mayi, home):
    oak(PHONES + PRIVACY + "[reminders.training]\n", dates="next_review: 2027-02-01")
    ran = mayi("--home", home, "reminders", "--school", "oak", "--next", "400d")

    assert ran.status == 0, ran.err
    listed = " ".join(ran.out.split())
    assert "policy, SO-1" in listed
    assert "SO-2" in listed
    assert "reminders at Oak School in the next 400 days" in listed
    assert "Read and confirm" not in listed


def test_what_came_too_late_in_the_last_month_is_named_below_the_list(oak, mayi, home):
    practice, now = oak(), the_time()  # the command's clock is the real one
    term = f"{{ name = 'Autumn Term', first = {now - 100 * DAY:%F}, last = {now + 20 * DAY:%F} }}"
    weekly = "[reminders.pond]\ntext = 'No phones by the pond.'\nwhen = 'week'\nto = ['staff']\n"
    toml = SCHOOL.partition("[calendar]")[0] + f"[calendar]\nterms = [{term}]\n" + weekly
    (home / "schools" / "oak" / "school.toml").write_text(toml, "utf-8")
    missed: list[list[str]] = []
    for days_ago in (70, 35, 0):  # a long time without MayI, twice
        at(practice, now - days_ago * DAY)
        found = practice.rows("SELECT id FROM occurrences WHERE outcome = 'missed' ORDER BY due")
        missed.append([name.removeprefix("oak:") for (name,) in found])
    _, before, after = missed
    lately = after[len(before) :]
    assert len(before) > 2
    assert len(lately) > 2

    ran = mayi("--home", home, "reminders", "--school", "oak", "--next", "12w")

    listed = " ".join(ran.out.split())
    assert f"Too late to be sent, in the last 30 days: {', '.join(lately)}." in listed
    assert not [name for name in before if name in listed]


def test_the_next_round_of_acknowledgements_is_listed_too(oak, mayi, home):
    oak("[acknowledgements]\n")
    ran = mayi("--home", home, "reminders", "--school", "oak", "--next", "400d")

    assert "Read and confirm: Social Media" in " ".join(ran.out.split())
    assert mayi("--home", home, "reminders", "--next", "soon").status == 2


def test_a_digest_that_could_not_go_in_school_time_goes_the_next_morning_and_not_at_night(oak):
    practice = oak(PHONES)
    carry = practice.conversation._carry

    async def down(message):
        raise messages.NotSent("down")

    practice.conversation._carry = down
    for hour, minute in ((8, 16), (8, 20), (12, 0), (16, 50)):
        at(practice, on(5, hour, minute))
    practice.conversation._carry = carry
    for hour in (20, 23):
        at(practice, on(5, hour))
    assert practice.told(ROBIN) == []
    at(practice, on(6, 7))
    assert practice.told(ROBIN) == []
    at(practice, on(6))
    assert len(practice.told(ROBIN)) == 1


def test_a_digest_that_may_have_arrived_says_so_when_it_goes_the_next_morning(oak):
    practice = oak(PHONES)
    carry = practice.conversation._carry

    async def broke_off(message):
        raise messages.NotSent("broke off", perhaps=True)

    at(practice, on(5, 8, 10))
    practice.conversation._carry = broke_off
    at(practice, on(5, 16, 50))
    practice.conversation._carry = carry
    at(practice, on(5, 20))
    assert practice.told(ROBIN) == []
    at(practice, on(6))
    (told,) = practice.told(ROBIN)
    assert "You may have had this message before" in told


def test_a_closure_told_at_once_does_not_reach_whoever_is_away(oak):
    practice = oak("[reminders.device-loans]\nclause = 'SO-3'\n"
                   "[people.kim-away]\nname = 'Kim Away'\naway = ['2027-01-20']\n")  # fmt: skip
    practice.now = on(20, 6, 30)
    practice.say("/remind home-learning today", LEE)
    practice.fill(LEE, to="staff")
    assert len(practice.told(ROBIN)) == 1
    assert practice.told("kim-away") == []
    at(practice, on(21))
    assert practice.told("kim-away") == []


def test_what_comes_due_in_a_morning_is_in_its_digest_in_whatever_order_jobs_run(oak):
    practice = oak(
        "[reminders]\nmost = 1\n" + PHONES + PRIVACY
        + "[reminders.own-sixth]\ntext = 'Of the sixth.'\nwhen = '6 January'\nto = ['staff']\n"
    )  # fmt: skip
    at(practice, on(5))
    practice.now, conversation = on(6), practice.conversation
    for job in reversed(JOBS.values()):
        conversation.run(job(conversation._services()))
    conversation.tick()

    assert "Of the sixth." in practice.told(ROBIN)[1]  # a nudge was waiting, and duties come first
