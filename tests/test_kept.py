"""What MayI keeps about somebody: all of it, for them alone, and never a sign of what others reported."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.app.door import Door, NoVisit
from bot.app.front import Reception
from bot.app.site import Site
from bot.chat.model import Event
from bot.config import Home, Serving
from bot.records import (
    accounts,
    acks,
    audit,
    discussions,
    items,
    members,
    messages,
    tables,
)
from bot.records.accounts import OnRoster
from bot.records.acks import Kind, Said
from bot.records.discussions import There, Told
from bot.records.items import NewItem, Outcome
from tests.stores import NOW
from tests.test_reports import (
    BOBBY,
    CHAIR,
    DEPUTY_DSL,
    DSL,
    HEAD,
    ROBIN,
    Practice,
    own_school,
    practices,
)  # fmt: skip

SCHOOL = "model-primary"
FRAN = "fran-fictional"  # who leads nobody, confirmed nothing and has no report
EVERYBODY = (
    ROBIN, BOBBY, HEAD, "kim-standin", CHAIR, "jo-proxy", DSL, DEPUTY_DSL, "lee-template", "val-mockup",
    "fran-fictional", "ash-draft", "terry-imaginary", "vic-notional",
)  # fmt: skip


@pytest.fixture
def practice(home) -> Iterator[Callable[..., Practice]]:
    with practices(home) as open_:
        yield open_


@pytest.fixture
def primary(practice) -> Practice:
    return practice(SCHOOL)


def copy_of(practice: Practice, person: str) -> dict:
    """The file for machines that somebody gets."""
    practice.say("/my-data file", person)
    return json.loads(next(f.content for f in practice.reply.files if f.name == "my-data.json"))


def everything(practice: Practice, person: str) -> str:
    """All that somebody gets to see: the answer and both files."""
    heard = practice.say("/my-data", person)
    practice.say("/my-data file", person)
    return heard + "".join(f.content.decode() for f in practice.reply.files)


def without_own_copies(practice: Practice, person: str) -> tuple[str, dict]:
    """The answer and the copy, without when it was made and how often one was taken."""
    made = copy_of(practice, person)
    heard = practice.say("/my-data", person).partition("The audit trail")[0]
    del made["made"]
    made["audit_trail"]["what_you_did"].pop("data-exported", None)
    del made["chat"]["kept_with_accounts"]  # when they asked for it last
    return heard, made


# --- all of it -------------------------------------------------------------------------------------------

# Every table with every column of it, and where a person's part of it is in their copy; or why nowhere. A column
# that is new belongs here, after somebody has looked whether it says something of a person.
NEVER = "a report that somebody else sent, or the part of it that is its recipients'"
NOBODY = "no person in it"
REPORTED = "reports_sent"
WHERE: dict[str, tuple[str, str]] = {
    "reports": (
        REPORTED,
        "id draft school reference state created due keep_until held sealed",
    ),
    # As a recipient: a number of those that their desk shows.
    "deliveries": (
        "reports_at_your_desk",
        "id report n person role created sent opened acknowledged reminded failed declined",
    ),
    "entries": (f"{REPORTED}.added", "id report at kind sealed"),
    "drafts": ("report_begun", "id school person changed sealed"),
    "messages": (
        "messages",
        "id occasion school person template filled delivery created not_before state attempts changed channel",
    ),
    "audit": ("audit_trail.what_you_did", "n at sealed hash"),
    "audit_head": (NOBODY, "id n hash"),
    "seen": (NOBODY, "id at done"),
    "roster": ("chat.told_by_platforms", "account workspace active sealed"),
    "keepsakes": ("chat.kept_with_accounts", "id sealed"),
    "visits": ("sign_ins", "digest kind school person made expires used"),
    "members": ("roll", "school person seen joined left team group"),
    "occurrences": (
        "reminders.decided_of_you",
        "id school reminder due decided outcome people",
    ),
    "items": (
        "reminders.yours",
        "id school person occurrence reminder filled duty due until state told message hidden_until changed",
    ),
    "switched_off": ("reminders.switched_off", "school person reminder"),
    "occasions": ("days_you_told_of", "id school kind first last person made cancelled to"),
    "wordings": (
        NOBODY,
        "id school policy digest version title epoch first_seen since text",
    ),
    "rounds": (NOBODY, "school policy cause opens due made"),
    "acks": (
        "acknowledgements",
        "id once school reference person policy digest epoch year kind at sealed",
    ),
    "discussions": (
        "discussions",
        "id once school reference policy digest on person made sealed",
    ),
}


def test_every_column_of_the_records_was_looked_at():
    assert {
        name: sorted(table.columns.keys()) for name, table in tables.metadata.tables.items()
    } == {name: sorted(columns.split()) for name, (_, columns) in WHERE.items()}


def at(path: str, made: object) -> object:
    for key in path.split("."):
        made = made[0] if isinstance(made, list) else made
        made = made[key]
    return made


@pytest.fixture
def lived(home, practice) -> Practice:
    """A school where one person has left something in every table; they work in chat on both platforms."""
    own_school(home, SCHOOL, instead={
        'email = "robin@example.org"': 'email = "robin@example.org"\naccounts = ["slack:T1/U1"]',
        "[roles.deputy-dsl]": '[roles.designated-teacher]\nholder = "Robin Practice"\n[roles.deputy-dsl]',
    })  # fmt: skip
    oak = practice(SCHOOL)
    oak.dates = True
    sent = oak.send(what="MINE-AND-SENT")
    oak.say(f"/add-to-report {sent}", text="MINE-AND-ADDED")
    oak.do("note", sent, DSL, text="THEIR-NOTE")
    oak.say("/report-incident pupil-contact")
    oak.fill(what="MINE-AND-BEGUN")
    oak.say("/switch-off own-privacy")
    oak.say("/remind")
    oak.fill(kind="trip", on="today", to="me")
    oak.conversation.run(_plant(oak))
    return oak


async def _plant(oak: Practice) -> None:
    """What chats, pages, leaders and the clock leave behind."""
    from bot.records import reports, visits  # the handlers write these on other days

    store = await oak.conversation.site.records()
    async with store.writing() as tx:
        await accounts.take_roster(
            tx, "slack:T1", [OnRoster("slack:T1/U1", "Robin In Slack", "robin@example.org", True)],
            whole=True,
        )  # fmt: skip
        await accounts.keep(tx, "slack:T1/u1", "dm", "D0ROBIN")
        await accounts.keep(tx, "slack:T1/U1", "whole:x", "a long text")
        await accounts.keep(tx, "slack:T1/U12", "dm", "D0SOMEBODY")
        await visits.make_link(tx, school=SCHOOL, person=ROBIN, now=oak.now)
        await members.reconcile(tx, SCHOOL, [(ROBIN, "Year 3", "staff")], oak.now.date())
        await items.decide(
            tx, occurrence=f"{SCHOOL}:ack:social-media:2026:e1:{ROBIN}", school=SCHOOL,
            reminder="acknowledge", due=oak.now, now=oak.now, outcome=Outcome.TOLD,
            to=[NewItem(ROBIN, oak.now, {"policies": []})],
        )  # fmt: skip
        await items.decide(
            tx, occurrence=f"{SCHOOL}:ack-team:2026-W47:{BOBBY}", school=SCHOOL,
            reminder="acknowledge-team", due=oak.now, now=oak.now, outcome=Outcome.TOLD,
            to=[NewItem(BOBBY, oak.now, {"people": [ROBIN]})],
        )  # fmt: skip
        for person, text in ((ROBIN, "MINE-AND-ASKED"), (BOBBY, "ASKED-BY-ANOTHER")):
            await _ack(tx, person, oak.now, text, Kind.QUESTION)
        there = (There(ROBIN, "Robin Practice", "Year 3"),)
        for by, points in ((BOBBY, "POINTS-OF-ANOTHER"), (ROBIN, "MINE-AND-AGREED")):
            told = Told("Social Media Policy", "1", by, there, points=points)
            await discussions.add(
                tx, school=SCHOOL, policy="social-media", digest="0" * 64, on=oak.now.date(), person=by,
                told=told, once=by, now=oak.now,
            )  # fmt: skip
        report = (await reports.all_of(tx.conn, tx.sealer, SCHOOL))[0]
        other = replace(
            report.content, reporter=BOBBY, what="ANOTHERS-REPORT", named=(), skipped=()
        )
        made = await reports.create(
            tx, "other", SCHOOL, other, keep_until=date(2040, 1, 1), now=oak.now
        )
        await reports.deliver(tx, made.id, person=ROBIN, role="designated-teacher", now=oak.now)


async def _ack(tx, person, now, text="", kind=Kind.CONFIRMED, policy="social-media", year=2026):
    wording = await acks.see(
        tx, school=SCHOOL, policy=policy, title="Social Media Policy", version="1", text="words",
        keeps=lambda _: True, now=now,
    )  # fmt: skip
    said = Said(person, (), "", "staff", "Social Media Policy", "1", "slack", "e", text=text)
    return await acks.record(
        tx, school=SCHOOL, person=person, wording=wording, year=year, kind=kind, said=said, now=now
    )


def test_whoever_is_in_a_table_finds_it_in_their_copy(lived):
    made = copy_of(lived, ROBIN)

    for name, (where, _) in WHERE.items():
        if where != NOBODY:
            assert at(where, made), name
    assert lived.rows("SELECT count(*) FROM occurrences WHERE id LIKE '%robin-practice'") == [(1,)]


def test_the_copy_holds_what_somebody_wrote_and_nothing_that_another_did(lived):
    seen = everything(lived, ROBIN)

    for mine in ("SENT", "ADDED", "BEGUN", "ASKED", "AGREED"):
        assert f"MINE-AND-{mine}" in seen
    for theirs in ("THEIR-NOTE", "ANOTHERS-REPORT", "ASKED-BY-ANOTHER", "POINTS-OF-ANOTHER"):
        assert theirs not in seen
    assert "D0ROBIN" in seen
    assert "D0SOMEBODY" not in seen


def test_nobody_else_finds_any_of_it(lived):
    for person in set(EVERYBODY) - {ROBIN}:
        assert "MINE-AND" not in everything(lived, person), person


def test_the_answer_says_in_plain_words_what_there_is(lived):
    heard = lived.say("/my-data")

    for said in (
        "Robin Practice, robin@example.org, team Year 3; staff",
        "Your accounts in chat: Slack.",
        "Reports that you sent (1): R-",
        "A report that you began and have not sent",
        "Reports at your desk that you can open as a recipient: 1.",
        "you had a question, 16 November 2026",
        "switched off by you: Your own privacy settings",
        "Reminders to others that name you: Acknowledge team (1)",
        "Days that you told MayI of: trip, 16 November 2026",
        "Links and visits to the pages in the last weeks: 1",
        "kept without your name",
        "the Data Protection Officer (Val Mockup) answers it",
    ):
        assert said in heard, said


def test_the_keys_of_the_copy_stay(lived):
    """Others read it by program: a key is added, never renamed; a change of meaning raises the format."""
    made = copy_of(lived, ROBIN)

    assert made["format"] == 1
    assert list(made) == [
        "format", "made", "school", "roster", "roll", "chat", "reports_sent", "report_begun",
        "reports_at_your_desk", "acknowledgements", "discussions", "reminders", "days_you_told_of",
        "messages", "sign_ins", "audit_trail",
    ]  # fmt: skip
    assert list(made["reports_sent"][0]) == [
        "reference", "sent", "state", "kept_until_at_least", "written", "added",
    ]  # fmt: skip


def test_taking_a_copy_is_on_record_and_looking_is_not(primary):
    primary.say("/my-data")
    assert primary.rows("SELECT count(*) FROM audit") == [(0,)]

    primary.say("/my-data file")
    assert primary.audit() == [(ROBIN, "data-exported", "")]


def test_letters_of_every_kind_arrive(primary):
    written = "Siân 🙂 \ud800 {{ 7 * 7 }}\n# not a heading"
    primary.send(what=written)
    seen = everything(primary, ROBIN)

    assert "Siân 🙂" in seen
    assert "{{ 7 * 7 }}" in seen
    assert "> # not a heading" in seen


# --- never what others reported --------------------------------------------------------------------------


def test_whoever_a_report_is_about_gets_the_same_answer_through_its_whole_life(primary):
    """And whoever answers to them, is named in it, or is close to it."""
    watched = (HEAD, "kim-standin", "lee-template", BOBBY)
    before = {p: without_own_copies(primary, p) for p in watched}
    reference = primary.send(
        about="colleague", kind="colleague-misuse", who="Pat Example", what="Lee Template saw it.",
    )  # fmt: skip
    assert primary.has(reference) == [CHAIR]
    for step in (
        lambda: primary.say(f"/open {reference}", CHAIR),
        lambda: primary.do("note", reference, CHAIR, text="Pat did."),
        lambda: primary.say(f"/add-to-report {reference}", text="Pat again."),
        lambda: primary.do("export", reference, CHAIR),
        lambda: primary.do("outcome", reference, CHAIR, text="Pat was told."),
    ):
        step()
        for person in watched:
            assert without_own_copies(primary, person) == before[person], person


def test_trying_a_reference_leaves_the_same_mark_whether_it_is_one_or_not(practice, home):
    """The audit trail counts that somebody was refused, and that is all they see of it."""
    oak = practice(SCHOOL)
    reference = oak.send(about="headteacher", kind="head-misuse")
    told = []
    for tried in (reference, "R-0000-00"):
        before = copy_of(oak, HEAD)["audit_trail"]["what_you_did"].get("refused", 0)
        oak.say(f"/open {tried}", HEAD)
        after = copy_of(oak, HEAD)["audit_trail"]["what_you_did"]
        told.append(after["refused"] - before)
        assert reference not in everything(oak, HEAD)

    assert told == [1, 1]


def test_a_recipient_is_told_a_number_and_nothing_of_what_is_in_it(primary):
    reference = primary.send(what="PLANTED", who="Morgan Nobody")
    primary.do("note", reference, DSL, text="NOTED")
    heard = everything(primary, DSL)

    assert "as a recipient: 1." in heard
    for secret in ("PLANTED", "NOTED", "Morgan", reference, "bullying", "Robin", "report new"):
        assert secret not in heard
    assert "as a recipient: none." in primary.say("/my-data", BOBBY)


def test_whoever_is_kept_out_since_is_told_the_number_their_desk_shows(home, practice):
    """They had it, and now answer to somebody whom it is about: neither number nor message tells of it."""
    own_school(home, SCHOOL)
    oak = practice(SCHOOL)
    before = without_own_copies(oak, DSL)
    reference = oak.send(who="Fran Fictional")
    assert oak.has(reference) == [DSL]
    assert "as a recipient: 1." in oak.say("/my-data", DSL)
    own_school(home, SCHOOL, instead={
        'email = "alex@example.org"': 'email = "alex@example.org"\nanswers_to = ["fran-fictional"]',
    })  # fmt: skip
    heard, made = without_own_copies(oak, DSL)
    made["roster"]["answers_to"] = None

    assert reference not in oak.say("/desk", DSL)
    assert (heard, made["messages"], made["reports_at_your_desk"]) == (
        before[0],
        before[1]["messages"],
        0,
    )
    assert "delivered" not in made["audit_trail"]["what_you_did"]


def test_a_former_holder_and_a_report_that_was_passed_on_unread_count_for_nothing(primary):
    reference = primary.send()
    primary.say(f"/too-close {reference}", DSL)

    assert "as a recipient: none." in primary.say("/my-data", DSL)
    assert "as a recipient: 1." in primary.say("/my-data", DEPUTY_DSL)


# --- for oneself alone -----------------------------------------------------------------------------------


def test_nobody_gets_somebody_elses_answer_whatever_they_send(primary):
    primary.send(what="PLANTED")
    own = primary.say("/my-data", BOBBY)
    for line, values in (
        (f"/my-data {ROBIN}", {}),
        ("/my-data", {"person": ROBIN, "school": "model-infant"}),
        (f"/my-data file {ROBIN}", {}),
        (f"/my-data ../{ROBIN}", {}),
    ):
        assert primary.say(line, BOBBY, **values) == own
        assert not primary.reply.files
    event = Event("/my-data file", BOBBY, conversation=ROBIN, values={"person": ROBIN})
    files = primary.conversation.handle(event).files

    assert b"PLANTED" not in b"".join(f.content for f in files)
    assert b"bobby@example.org" in files[0].content


def test_nothing_of_it_is_said_where_others_can_read_it(lived):
    heard = lived.say("/my-data", private=False) + lived.say("/my-data file", private=False)

    assert not lived.reply.files
    for secret in ("Robin", "robin@", "R-", "Slack"):
        assert secret not in heard


@pytest.mark.parametrize("person", ["guest-7", "ROBIN-PRACTICE", "%"])
def test_a_stranger_is_refused(lived, person):
    assert "staff roster" in lived.say("/my-data file", person)
    assert not lived.reply.files


def test_a_leaver_is_refused_and_whoever_starts_later_is_answered(home, practice):
    own_school(home, SCHOOL, instead={
        'email = "bobby@example.org"': 'email = "bobby@example.org"\nleaves = 2026-11-13',
        '[roles.class-teacher]\nholders = ["Bobby Figment"]': "[roles.class-teacher]",
        'email = "vic@example.org"': 'email = "vic@example.org"\nstarts = 2026-12-01',
    })  # fmt: skip
    oak = practice(SCHOOL)

    assert "staff roster" in oak.say("/my-data file", BOBBY)
    assert not oak.reply.files
    assert copy_of(oak, "vic-notional")["roster"]["starts"] == "2026-12-01"


@pytest.mark.parametrize("person", ["terry-imaginary", CHAIR, "vic-notional"])
def test_governors_and_volunteers_are_answered_as_staff_are(primary, person):
    assert "What MayI keeps about you" in primary.say("/my-data", person)
    assert copy_of(primary, person)["roster"]["id"] == person


def test_an_account_that_several_people_may_use_is_told_whom_to_ask(home, practice):
    own_school(home, SCHOOL, instead={
        'email = "office@example.org"\nteam = "Office"': 'email = "office@example.org"\ngroup = "service"',
        '[roles.office]\nholder = "Ash Draft"': "[roles.office]",
    })  # fmt: skip
    oak = practice(SCHOOL)
    oak.send("ash-draft", what="PLANTED")
    heard = everything(oak, "ash-draft")

    assert "several people may use" in heard
    assert "Val Mockup" in heard
    assert "PLANTED" not in heard
    assert not oak.reply.files


def test_where_nobody_is_data_protection_officer_the_schools_contact_answers(home, practice):
    own_school(home, SCHOOL, instead={'[roles.dpo]\nholder = "Val Mockup"': "[roles.dpo]"})

    assert "the Headteacher (Pat Example) answers it" in practice(SCHOOL).say("/my-data")


def test_another_school_of_the_same_installation_tells_nothing_of_this_one(practice):
    primary, infant = practice(SCHOOL), practice("model-infant")
    reference = primary.send(what="PLANTED")
    made = copy_of(infant, ROBIN)

    assert not made["reports_sent"]
    assert reference not in everything(infant, ROBIN)
    assert set(made["audit_trail"]["what_you_did"]) <= {"data-exported"}


# --- through a chat, and on the pages ----------------------------------------------------------------------


@pytest.fixture
def site(home) -> Iterator[Site]:
    own_school(home, SCHOOL, instead={
        'email = "fran@example.org"': 'email = "fran@example.org"\naccounts = ["slack:T1/U2"]',
        'nation = "England"': 'nation = "England"\nslack = { workspace = "T1" }',
    })  # fmt: skip
    made = Site(Home(home), clock=lambda: NOW)
    yield made
    asyncio.run(made.close())


def test_in_chat_the_copy_is_a_link_that_leads_to_ones_own_page_and_to_nothing_else(site):
    """Somebody who has no report and confirmed nothing, for whom the pages hold nothing else."""

    async def walk() -> None:
        front, door = Reception(site, "https://mayi.example.org"), Door(site, Serving())
        store = await site.records()
        from bot.records import visits

        async with store.writing() as tx:
            unasked = await visits.make_link(tx, school=SCHOOL, person=FRAN, now=NOW)
        with pytest.raises(NoVisit):
            await door.enter(unasked, "page")
        reply = (await front.hear("slack:T1/U2", Event("/my-data file", id="e1"))).reply
        assert not reply.files
        link = " ".join(reply.cards[0].lines).split("/in/")[1].split()[0]
        session, place = await door.enter(link, "page") or ("", "")
        assert place == "/my-data"
        visitor = await door.visitor(session)
        assert "keeps about you" in (await door.say(visitor, "/my-data")).cards[0].headline
        copy = await door.say(visitor, "/my-data file")
        assert json.loads(copy.files[0].content)["roster"]["id"] == FRAN

    asyncio.run(walk())


# --- for how long ------------------------------------------------------------------------------------------


def forgotten(practice: Practice, **time: float) -> None:
    """The clock, so much later."""
    practice.now += timedelta(**time)
    practice.conversation.run(practice.conversation._tick())


def test_what_was_confirmed_goes_after_its_term_with_a_line_that_says_how_many(home, practice):
    own_school(
        home, SCHOOL, instead={"\n[answers]": "\n[keep]\nacknowledgements_years = 2\n[answers]"}
    )
    oak = practice(SCHOOL)

    async def confirm() -> None:
        store = await oak.conversation.site.records()
        async with store.writing() as tx:
            for person in (ROBIN, BOBBY):
                await _ack(tx, person, oak.now)

    oak.conversation.run(confirm())
    forgotten(oak, days=731)
    assert oak.rows("SELECT count(*) FROM acks") == [(2,)]
    forgotten(oak, days=2)

    assert oak.rows("SELECT count(*) FROM acks") == [(0,)]
    store = oak.conversation.site.opened
    (line,) = oak.conversation.run(audit.lines(store, school=SCHOOL, actions=("expired",))).lines
    assert (line.actor, line.about, line.detail) == ("", "", "acknowledgements:2")


@pytest.mark.asyncio
async def test_a_text_stays_while_something_refers_to_it_while_it_holds_and_while_it_counts(store):
    async def see(text, days, *, keeps):
        async with store.writing() as tx:
            await acks.see(
                tx, school=SCHOOL, policy="p", title="P", version="1", text=text,
                keeps=lambda _: keeps, now=NOW + timedelta(days=days),
            )  # fmt: skip

    for text, day in (("first", 0), ("second", 1), ("third", 2), ("fourth", 3)):
        await see(text, day, keeps=False)
    await see("third", 4, keeps=True)  # come back to
    async with store.writing() as tx:
        second = (await acks.held(tx.conn, SCHOOL, "p"))[1]
        said = Said(ROBIN, (), "", "staff", "P", "1", "slack", "e")
        await acks.record(
            tx, school=SCHOOL, person=ROBIN, wording=second, year=2026, kind=Kind.CONFIRMED, said=said,
            now=NOW,
        )  # fmt: skip
        assert await acks.forget_texts(tx, SCHOOL, NOW + timedelta(days=100)) == 1
        texts = [
            await acks.text_of(tx.conn, SCHOOL, "p", w.digest)
            for w in await acks.held(tx.conn, SCHOOL, "p")
        ]
    # The second is what Robin confirmed, the third holds, and the fourth has the last epoch.
    assert texts == ["second", "third", "fourth"]


@pytest.mark.asyncio
async def test_messages_go_after_their_term_but_not_what_waits_or_a_reminder_was_told_in(store):
    async with store.writing() as tx:
        sent = {}
        for name in ("old", "new", "waits"):
            sent[name] = await messages.add(
                tx, occasion=name, school=SCHOOL, person=ROBIN, template="x", filled={}, now=NOW
            )
        await items.decide(
            tx, occurrence="o", school=SCHOOL, reminder="r", due=NOW, now=NOW, outcome=Outcome.TOLD,
            to=[NewItem(ROBIN, NOW)],
        )  # fmt: skip
        (item,) = await items.open_items(tx.conn, SCHOOL)
        sent["told"] = await items.told(
            tx, [item.id], occasion="told", school=SCHOOL, person=ROBIN, template="digest", now=NOW
        )
    later = NOW + timedelta(days=300)
    for name in ("old", "told"):
        await messages.begin(store, sent[name], NOW)
        await messages.sent(store, sent[name], "slack", NOW)
    await messages.begin(store, sent["new"], later)
    await messages.sent(store, sent["new"], "slack", later)
    async with store.writing() as tx:
        assert await messages.forget(tx, SCHOOL, NOW + timedelta(days=1)) == 1
        left = await messages.of_person(tx.conn, SCHOOL, ROBIN)
    assert sorted((m.template, m.state, m.channel) for m in left) == [
        ("digest", "sent", "slack"), ("x", "pending", ""), ("x", "sent", "slack"),
    ]  # fmt: skip


def test_a_leaver_is_gone_from_everything_a_year_after_but_for_what_they_confirmed(lived, home):
    own_school(home, SCHOOL, instead={
        '\n[people.robin-practice]\nname = "Robin Practice"\nemail = "robin@example.org"\nteam = "Year 3"\nanswers_to = ["bobby-figment"]\n': "",
    })  # fmt: skip
    oak = lived

    async def leave() -> None:
        store = await oak.conversation.site.records()
        async with store.writing() as tx:
            # Conversation adds whoever asks in the terminal to its roster: the roll is told by hand.
            await members.reconcile(tx, SCHOOL, [], oak.now.date(), sure=True)

    async def forget(days: int) -> None:
        from handlers.forgetting import forget_what_is_old

        services = oak.conversation.site.services(SCHOOL)
        await forget_what_is_old(replace(services, now=oak.now + timedelta(days=days)))

    kept = (
        "members", "switched_off",
        "items", "occurrences",
    )  # fmt: skip
    count = lambda: [  # noqa: E731
        oak.rows(
            f"SELECT count(*) FROM {t} WHERE {'id' if t == 'occurrences' else 'person'} LIKE '%{ROBIN}'"
        )[0][0]
        for t in kept
    ]
    oak.conversation.run(leave())
    oak.conversation.run(forget(365))
    assert all(count())
    oak.conversation.run(forget(367))

    assert count() == [0, 0, 0, 0]
    assert oak.rows(f"SELECT count(*) FROM acks WHERE person = '{ROBIN}'") == [(1,)]
    assert oak.rows(f"SELECT count(*) FROM items WHERE person = '{BOBBY}'") == [(1,)]


@pytest.mark.asyncio
async def test_of_whoever_left_a_chat_only_the_account_is_kept(store):
    async def tell(*people, whole):
        async with store.writing() as tx:
            await accounts.take_roster(tx, "slack:T1", people, whole=whole)

    pat = OnRoster("slack:T1/U1", "Pat Example", "pat@example.org", True)
    sam = OnRoster("slack:T1/U2", "Sam Sample", "sam@example.org", True)
    await tell(pat, sam, whole=True)
    await tell(pat, whole=True)
    await tell(replace(pat, active=False), whole=False)
    async with store.reading() as conn:
        assert await accounts.known_at(conn, store.sealer, "slack:T1") == [
            OnRoster("slack:T1/U1", "", "", False),
            OnRoster("slack:T1/U2", "", "", False),
        ]
    await tell(pat, whole=False)
    async with store.reading() as conn:
        assert (await accounts.known_at(conn, store.sealer, "slack:T1"))[0] == pat


@pytest.mark.parametrize(("keep", "days", "left"), [(30, 29, 1), (30, 32, 0), (0, 0, 0)])
def test_questions_go_after_their_term_without_a_next_one(home, practice, keep, days, left):
    own_school(home, SCHOOL)
    oak = practice(SCHOOL)
    oak.say("may I park my caravan in the playground?")
    oak.conversation.site.settle()
    own_school(home, SCHOOL, instead={"[answers]": f"[answers]\nkeep_questions = {keep}"})
    forgotten(oak, days=days)
    oak.conversation.site.settle()

    listed = _questions(oak)
    assert len(listed) == left


def _questions(oak: Practice) -> list:
    from bot.policy.asked import Asked

    return Asked(Home(oak.home).questions_file(SCHOOL)).listed()


def test_days_and_reminders_go_after_their_term(lived):
    lived.conversation.run(_close_all(lived))
    forgotten(lived, days=399)
    assert lived.rows("SELECT count(*) FROM occasions") == [(1,)]
    forgotten(lived, days=3)

    assert lived.rows("SELECT count(*) FROM occasions") == [(0,)]
    assert lived.rows(
        f"SELECT count(*) FROM items WHERE changed < '{lived.now - timedelta(days=401)}'"
    ) == [(0,)]


async def _close_all(oak: Practice) -> None:
    store = await oak.conversation.site.records()
    async with store.writing() as tx:
        open_ = await items.open_items(tx.conn, SCHOOL)
        await items.close(tx, [i.id for i in open_], oak.now)


@pytest.mark.asyncio
async def test_people_are_found_and_forgotten_by_their_whole_id(store):
    """Not by a part of it, nor by what stands for anything in a search."""
    people = ("pat", "pat-e", "p%t", "p_t")
    async with store.writing() as tx:
        for person in people:
            for told, filled in ((person, {}), ("lee", {"people": [person], "n": 1})):
                await items.decide(
                    tx, occurrence=f"oak:r:{told}:{person}:5d", school="oak", reminder="r", due=NOW,
                    now=NOW, outcome=Outcome.TOLD, to=[NewItem(told, NOW, filled)],
                )  # fmt: skip
            await items.switch(tx, "oak", person, "r", off=True)
            await accounts.keep(tx, f"pages:oak/{person}", "asked", person)
        await members.reconcile(tx, "oak", [(p, "", "staff") for p in people], NOW.date())
        await members.reconcile(tx, "oak", [], NOW.date(), sure=True)
        for person in people:
            assert await items.naming(tx.conn, "oak", person) == ["r"]
            assert len(await items.decided_of(tx.conn, "oak", person)) == 2
            kept = await accounts.kept_with(tx.conn, tx.sealer, [f"Pages:OAK/{person}"])
            assert [k.value for k in kept] == [person]
        assert await members.forget(tx, "oak", NOW.date()) == []
        assert await members.forget(tx, "oak", NOW.date() + timedelta(1)) == sorted(people)
        for n, person in enumerate(people, 1):
            await items.forget_people(tx, "oak", [person])
            await accounts.forget_kept(tx, [f"pages:oak/{person}"])
            for left in people:
                there = left not in people[:n]
                assert bool(await items.of_person(tx.conn, "oak", left)) == there
                assert bool(await items.decided_of(tx.conn, "oak", left)) == there
                assert (
                    bool(await accounts.kept_with(tx.conn, tx.sealer, [f"pages:oak/{left}"]))
                    == there
                )
            assert len(await items.off(tx.conn, "oak")) == len(people) - n
