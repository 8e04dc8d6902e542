"""How the acknowledgements stand, as leaders, governors and everybody else see it; and discussions of a policy."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pypdf
import pytest

from bot.app.front import Reception
from bot.chat.model import Event
from bot.records import acks, visits
from handlers.acks.outstanding import picture
from tests.test_acknowledge import PHONES, Oak, button, oak  # noqa: F401  # a fixture
from tests.test_web import SCHOOL, Inbox, World

HEAD, LEE, SAM, CHAIR = "robin-head", "lee-lead", "sam-sample", "chris-chair"
MORE = """
[roles.slt]
holders = ["Terry Senior"]
[people.terry-senior]
name = "Terry Senior"
[people.gill-governor]
name = "Gill Governor"
group = "governors"
"""
IN_ALL = re.compile(r"(\d+) confirmed, (\d+) excepted, (\d+) with a question first, (\d+) outstanding: (\d+) in all")  # fmt: skip


@pytest.fixture
def school(oak) -> Oak:  # noqa: F811
    """A school on the day everybody is asked, before anybody has confirmed."""
    says = oak(MORE)
    says.talk.conversation.tick()
    return says


def files(says: Oak, text: str, who: str):
    """The files that saying this makes."""
    return says.talk.conversation.handle(Event(text, who, conversation=who)).files


def told(pdf: bytes) -> str:
    """The words of a PDF."""
    return " ".join(" ".join(p.extract_text() for p in pypdf.PdfReader(BytesIO(pdf)).pages).split())


def columns(heard: str) -> tuple[int, ...]:
    """The numbers of the first policy: confirmed, excepted, question, outstanding, all."""
    found = IN_ALL.search(heard)
    assert found, heard
    return tuple(map(int, found.groups()))


def except_(says: Oak, who: str, by: str = HEAD, **values) -> str:
    says(f"/acknowledge-except {who}", by)
    filled = {"policies": ("phones",), "reason": "absence"} | values
    return says.fill(by, **filled)


# --- who sees what -----------------------------------------------------------------------------------------


def test_the_headteacher_sees_everybody_with_a_bar_a_team(school):
    school.confirm(SAM)
    heard = school("/acks", HEAD)

    assert "Phones Policy: 1 of 6 have confirmed" in heard
    assert "Year 3: 1 of 1 ▰▰▰▰▰▰▰▰▰▰" in heard
    assert "Without a team: 0 of 5 ▱▱▱▱▱▱▱▱▱▱" in heard
    assert "Lee Lead: asked on 1 September, sent on 1 September" in heard
    assert "Sam Sample:" not in heard
    assert "The last day is 29 September 2026." in heard


def test_a_senior_leader_sees_everybody_too(school):
    heard = school("/acks", "terry-senior")

    assert "Lee Lead: asked" in heard
    assert columns(heard)[-1] == 6


def test_somebody_others_answer_to_sees_their_own_and_nobody_else(school):
    heard = school("/acks", LEE)

    assert "Phones Policy: 0 of 1 has confirmed" in heard
    assert "Sam Sample: asked on 1 September" in heard
    for name in ("Robin Head", "Jo Away", "Terry Senior", "Lee Lead:"):
        assert name not in heard
    assert "/acks-report" not in heard


def test_governors_see_numbers_and_no_names(school):
    school.confirm(SAM)
    heard = school("/acks", "gill-governor")

    assert columns(heard) == (1, 0, 0, 5, 6)
    for name in ("Sam Sample", "Lee Lead", "Robin Head", "Jo Away", "Year 3"):
        assert name not in heard
    assert "Other teams: 1 of 6" in heard
    assert "/discussion" not in heard
    assert "/acknowledge-except" not in heard


def test_the_chair_sees_by_name_only_who_answers_to_the_chair(school):
    heard = school("/acks", CHAIR)

    assert "Robin Head: asked on 1 September" in heard
    for name in ("Sam Sample", "Lee Lead", "Jo Away"):
        assert name not in heard


def test_somebody_who_leads_nobody_sees_what_is_their_own(school):
    before = school("/acks", SAM)
    assert "Still to confirm: Phones Policy." in before
    assert "in all" not in before

    school.confirm(SAM)
    heard = school("/acks", SAM)
    assert re.search(r"Phones Policy, version 3: 1 September 2026, 09:30 \(A-\w{4}-\w{2}\)", heard)
    assert "/certificate A-" in heard
    for name in ("Lee Lead", "Robin Head", "in all"):
        assert name not in heard


def test_names_of_a_policy_are_for_who_leads(school):
    assert "Lee Lead" not in school("/acks phones", SAM)
    assert "Lee Lead" not in school("/acks phones", "gill-governor")
    assert "Lee Lead" in school("/acks phones", HEAD)
    assert "There is no policy “<b>”" in school("/acks <b>", HEAD)


def test_whoever_is_on_no_roster_is_refused(school):
    for said in ("/acks", "/acks-report", "/certificate A-0000-00", "/discussion", "/keep-discussion"):  # fmt: skip
        assert "staff roster" in school(said, "nobody-at-all")
    assert "staff roster" in school("/acks", "ex-staff")


def test_a_school_that_asks_nobody_says_so(oak, talk, home, make_school):  # noqa: F811
    make_school(home, "elm")
    says = talk(home, "elm")

    assert "does not ask anybody to confirm policies here" in says("/acks", "robin-practice")
    assert "how it stands" not in says("/home", "robin-practice")


# --- every person is in one column -------------------------------------------------------------------------


def test_the_columns_add_up_to_the_roll_to_the_last_person(school):
    school.confirm(SAM)
    except_(school, LEE)
    reply = school.talk.conversation.handle(Event("/acknowledge", "terry-senior"))
    school(button(reply, "phones"), "terry-senior")
    ask = next(b.says for b in school.form("terry-senior").buttons if "question" in b.says)
    school(ask, "terry-senior")
    school.fill("terry-senior", kind="declined", text="I do not see why.")
    heard = school("/acks", HEAD)

    assert columns(heard) == (1, 1, 1, 3, 6)
    assert "Terry Senior: has a question or does not agree yet" in heard
    assert "Jo Away: away, not asked yet" in heard
    assert "Year 3: 1 of 1" in heard
    assert "Without a team: 0 of 5 ▱▱▱▱▱▱▱▱▱▱ (1 excepted)" in heard


def test_an_exception_is_never_counted_as_read(school):
    except_(school, SAM, LEE)
    heard = school("/acks", LEE)

    assert columns(heard) == (0, 1, 0, 0, 1)
    assert "0 of 1 ▱▱▱▱▱▱▱▱▱▱ (1 excepted)" in heard
    own = school("/acks", SAM)
    assert "An exception was declared for you, which is not a confirmation: Phones Policy." in own
    assert "/certificate" not in own


def test_asked_is_not_sent_and_sent_is_not_read(oak):  # noqa: F811
    says = oak(MORE)
    assert "Sam Sample: not asked yet" in says("/acks", LEE)

    says.now = datetime(
        2026, 9, 1, 7, 5, tzinfo=UTC
    )  # asked, and the digest goes at a quarter past
    says.talk.conversation.tick()
    heard = says("/acks", LEE)
    assert "Sam Sample: asked on 1 September, and no message has reached them" in heard

    says.now = datetime(2026, 9, 1, 7, 20, tzinfo=UTC)
    says.talk.conversation.tick()
    heard = says("/acks", LEE)
    assert "Sam Sample: asked on 1 September, sent on 1 September" in heard
    assert columns(heard) == (0, 0, 0, 1, 1)


def test_reminders_are_counted_as_they_are_sent(school):
    school.days(8)
    assert "Sam Sample: asked on 1 September, sent on 1 September, reminded once" in school("/acks", LEE)  # fmt: skip
    school.days(14)
    assert "reminded 3 times" in school("/acks", LEE)


def test_a_starter_is_on_the_roll_from_their_first_day(school):
    assert columns(school("/acks", HEAD))[-1] == 6
    school.now = datetime(2026, 11, 2, 7, 30, tzinfo=UTC)  # before anything is sent that day
    heard = school("/acks", HEAD)

    assert columns(heard)[-1] == 7
    assert "Ny New: not asked yet" in heard


def test_whoever_leaves_is_off_the_roll_and_counted_apart(school):
    school.confirm(SAM)
    toml = school.folder / "school.toml"
    toml.write_text(toml.read_text().replace('name = "Sam Sample"', 'name = "Sam Sample"\nleaves = 2026-09-04'))  # fmt: skip
    school.now += timedelta(days=10)

    assert columns(school("/acks", HEAD)) == (0, 0, 0, 5, 5)
    assert "1 more person confirmed and has left the school since" in told(
        files(school, "/acks-report", HEAD)[0].content
    )


def test_many_names_are_a_button_away(oak):  # noqa: F811
    people = "\n".join(f'[people.p{n}]\nname = "Person {n:02}"\nteam = "Team {n % 2}"' for n in range(30))  # fmt: skip
    says = oak(people)
    says.talk.conversation.tick()
    heard = says("/acks", HEAD)

    assert "… and 23 more. /acks phones All 35 names" in heard
    whole = says("/acks phones", HEAD)
    assert "Who has not confirmed Phones Policy: 35" in whole
    assert all(f"Person {n:02}: asked" in whole for n in range(30))
    assert whole.index("Team 0") < whole.index("Team 1") < whole.index("Without a team")


def test_home_shows_how_it_stands_to_whoever_leads(school):
    school.confirm(SAM)

    assert "Policies to confirm: how it stands Phones Policy: 1 of 6 ▰▱▱▱▱▱▱▱▱▱" in school("/home", HEAD)  # fmt: skip
    assert "Phones Policy: 1 of 1 ▰▰▰▰▰▰▰▰▰▰" in school("/home", LEE)
    assert "how it stands" not in school("/home", SAM)


def test_home_is_shown_where_the_settings_are_wrong(school):
    toml = school.folder / "school.toml"
    toml.write_text(toml.read_text().replace("[acknowledgements]", "[acknowledgements]\nwithin_days = 0"))  # fmt: skip

    assert "ask me “may I …?”" in school("/home", HEAD)
    assert "write a number from 1 to 200" in school("/acks", HEAD)


# --- certificates and the report ---------------------------------------------------------------------------


def test_a_certificate_names_person_policy_version_time_and_text(school):
    reference = re.search(r"A-\w{4}-\w{2}", school.confirm(SAM)).group()
    pdf, text = files(school, f"/certificate {reference}", SAM)

    ((digest,),) = school.rows("SELECT digest FROM acks")
    for words in (told(pdf.content), " ".join(text.content.decode().split())):
        assert (
            "Sam Sample confirmed that they have read this policy: Phones Policy, version 3."
            in words
        )
        assert "1 September 2026, 09:30 (BST), which is 2026-09-01 08:30:00 UTC" in words
        assert reference in words
        assert digest in words.replace(" ", "")
        assert f"mayi acks verify --reference {reference}" in words
    assert (pdf.name, text.name) == (f"{reference}.pdf", f"{reference}.txt")


def test_nobody_gets_the_certificate_of_somebody_else(school):
    reference = re.search(r"A-\w{4}-\w{2}", school.confirm(SAM)).group()

    for who in (HEAD, LEE, CHAIR):
        assert "You have no confirmation under that reference" in school(f"/certificate {reference}", who)  # fmt: skip
    for typed in ("", "A-0000-00", "x" * 300, "D-0000-00"):
        assert "You have no confirmation" in school(f"/certificate {typed}", SAM)


def test_an_exception_gives_no_certificate(school):
    except_(school, SAM)
    ((reference,),) = school.rows("SELECT reference FROM acks")

    assert "You have no confirmation" in school(f"/certificate {reference}", SAM)


def test_the_report_is_one_page_of_numbers_for_leaders_and_governors_roles(school):
    school.confirm(SAM)
    for who in (HEAD, "terry-senior", CHAIR):
        (file,) = files(school, "/acks-report", who)
        words = told(file.content)
        assert "1 of 6 confirmations are there (17%)" in words
        for name in ("Sam Sample", "Lee Lead", "Robin Head", "Jo Away"):
            assert name not in words
    for who in (SAM, LEE, "gill-governor"):
        assert "The report is for governors and senior leaders" in school("/acks-report", who)
        assert files(school, "/acks-report", who) == ()


# --- discussions -------------------------------------------------------------------------------------------


def discuss(says: Oak, who: str = LEE, **values) -> str:
    """Record a discussion, with what stands in the form where nothing else is said."""
    says("/discussion", who)
    if "there" not in {f.name for f in says.form(who).fields}:
        says.fill(who, team="all")
    standing = {f.name: f.value for f in says.form(who).fields if f.value}
    return says.fill(who, **(standing | values))


def test_a_leader_records_who_was_there_with_their_own_ticked(school):
    school("/discussion", LEE)
    fields = {f.name: f for f in school.form(LEE).fields}
    if "team" in fields:
        school.fill(LEE, team="all")
        fields = {f.name: f for f in school.form(LEE).fields}

    assert {o.value for o in fields["there"].options} == {SAM, LEE}
    assert set(fields["there"].value) == {SAM, LEE}
    assert fields["on"].value == "2026-09-01"

    heard = discuss(school, there=(SAM,), points="Phones stay in the lockers.")
    assert "It is recorded that Phones Policy was read and discussed." in heard
    assert "On 1 September 2026, 1 person there. Reference D-" in heard
    assert "1 of them has still to confirm it." in heard
    assert "Discussed this year: 1 of 6 took part." in school("/acks", HEAD)
    ((actor, action, about),) = [a for a in school.audit() if a[1] == "discussed"]
    assert (actor, action) == (LEE, "discussed")
    assert about in heard


def test_a_discussion_confirms_nothing(school):
    discuss(school)

    assert school.kept() == []
    assert columns(school("/acks", LEE)) == (0, 0, 0, 1, 1)


def test_what_was_agreed_is_sealed(school):
    discuss(school, points="Phones stay in the lockers.")
    everything = (school.folder.parents[1] / "data").glob("mayi.db*")

    assert all(b"lockers" not in file.read_bytes() for file in everything)
    assert "lockers" not in school("/acks", HEAD)


def test_sent_twice_it_is_recorded_once(school):
    discuss(school)
    heard = discuss(school)

    assert "That was recorded already; nothing was added." in heard
    assert len(school.rows("SELECT id FROM discussions")) == 1


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("today", "2026-09-01"),
        ("yesterday", "2026-08-31"),
        ("28 August", "2026-08-28"),
        ("3 December", "2025-12-03"),
        ("2025-09-01", "2025-09-01"),
        ("28/08/2026", "2026-08-28"),
    ],
)
def test_the_day_is_taken_as_people_type_it(school, typed, kept):
    discuss(school, on=typed)

    assert school.rows('SELECT "on" FROM discussions') == [(kept,)]


@pytest.mark.parametrize("typed", ["tomorrow", "2026-09-02", "2025-08-31", "2024-01-01", "August", "x", "31 June"])  # fmt: skip
def test_a_day_to_come_or_too_long_ago_is_not_taken(school, typed):
    heard = discuss(school, on=typed, points="Phones stay in the lockers.")

    assert "Write a day from 1 September 2025 to today" in heard
    assert "Phones stay in the lockers." in heard  # nothing typed is lost
    assert school.rows("SELECT id FROM discussions") == []
    assert "It is recorded" in school.fill(LEE, on="today", there=(SAM,))


def test_a_discussion_without_anybody_or_with_strangers_is_not_taken(school):
    assert "Choose at least one person." in discuss(school, there=())
    assert "Choose at least one person." in discuss(school, there=(HEAD, "nobody"))
    assert "at most 2000 characters" in discuss(school, points="x" * 2001)
    assert school.rows("SELECT id FROM discussions") == []


def test_whoever_leads_nobody_records_none(school):
    for who in (SAM, "gill-governor"):
        for said in ("/discussion", "/keep-discussion phones all"):
            assert "A discussion is recorded by whoever leads people" in school(said, who)


def test_the_headteacher_chooses_the_team(school):
    school("/discussion", HEAD)
    (team,) = school.form(HEAD).fields
    assert [o.label for o in team.options] == ["Everybody (6)", "Without a team", "Year 3"]

    school.fill(HEAD, team=team.options[2].value)
    there = next(f for f in school.form(HEAD).fields if f.name == "there")
    assert [o.label for o in there.options] == ["Sam Sample"]


def test_a_discussion_of_a_policy_whose_file_has_spaces_in_its_name_is_recorded(oak):  # noqa: F811
    says = oak(MORE, **{"phones and watches": PHONES})

    assert "was read and discussed" in discuss(says, there=(SAM,))
    assert says.rows("SELECT policy FROM discussions") == [("phones and watches",)]


def test_a_form_of_before_still_works_or_begins_again(school):
    assert "Record a discussion" in school("/keep-discussion", HEAD)
    assert "Record a discussion" in school("/keep-discussion no-such all", HEAD)
    assert "Record a discussion" in school("/keep-discussion phones no-such", HEAD)


def test_the_clause_that_asks_for_it_is_quoted_and_else_the_schools_records(oak):  # noqa: F811
    says = oak('discussion = { phones = "PH-4" }')
    says("/discussion", LEE)
    heard = says.fill(LEE, team="all") if len(says.form(LEE).fields) == 1 else says("/discussion", LEE)  # fmt: skip
    assert "Staff must read this policy each year." in heard
    assert "school records" not in heard
    assert "Discussed this year: 0 of 5 took part." in says("/acks", HEAD)

    other = oak("", phones=PHONES)
    other("/discussion", LEE)
    heard = other.fill(LEE, team="all") if len(other.form(LEE).fields) == 1 else ""
    assert "goes into your school records" in heard


@pytest.mark.parametrize(("model", "clause"), [("model-infant", "SM-15"), ("model-secondary", "SM-12")])  # fmt: skip
def test_the_model_schools_whose_policy_asks_for_it_quote_it(talk, home, model, clause):
    says = talk(home, model)
    says("/discussion social-media", "bobby-figment")
    heard = says.fill("bobby-figment", team="all") if says.forms["bobby-figment"].fields[0].name == "team" else says("/discussion", "bobby-figment")  # fmt: skip

    assert clause in heard


# --- on the pages, where chat sends people for a file --------------------------------------------------------


@pytest.fixture
def inbox():
    box = Inbox()
    yield box
    box.controller.stop()


@pytest.fixture
def world(tmp_path, inbox):
    return World(tmp_path, inbox)


async def link_for(world: World, person: str) -> str:
    """A link such as chat gives in place of a file."""
    store = await world.site.records()
    async with store.writing() as tx:
        token = await visits.make_link(tx, school=SCHOOL, person=person, now=world.now)
    return f"/in/{token}"


@pytest.mark.asyncio
async def test_a_leader_saves_the_report_from_the_page(world):
    browser = world.browser()
    await browser.sign_in(await link_for(world, "pat-example"))
    assert browser.heading == "Policies read and confirmed"
    assert "in all" in browser.text

    await browser.press("Report as PDF")
    assert "numbers only, no names" in browser.text
    (save,) = [b.get_text() for b in browser.page.find_all("button") if b.get_text().startswith("Save")]  # fmt: skip
    await browser.press(save)
    assert browser.response.headers["content-type"] == "application/pdf"
    assert "report for governors" in told(browser.response.content)
    await world.site.close()


@pytest.mark.asyncio
@pytest.mark.parametrize("account", ["slack:T1/UPAT", "teams:T2/pat"])
async def test_chat_gives_a_link_to_the_page_in_place_of_the_file(world, account):
    account_line = 'name = "Pat Example"\naccounts = ["slack:T1/UPAT", "teams:T2/pat"]'
    world.rewrite('name = "Pat Example"', account_line)
    world.toml.write_text(
        world.toml.read_text() + '[slack]\nworkspace = "T1"\n[teams]\ntenant = "T2"\n'
    )
    reception = Reception(world.site, world.settings.url)
    await reception.load()

    heard = await reception.hear(account, Event("/acks-report", id="e1"))
    assert heard.reply.files == ()
    link = re.search(r"/in/\S+", " ".join(heard.reply.cards[0].lines)).group()
    browser = world.browser()
    await browser.sign_in(link)
    await browser.press("Report as PDF")
    assert "numbers only, no names" in browser.text
    await world.site.close()


@pytest.mark.asyncio
async def test_somebody_saves_their_certificate_from_the_page(world):
    store = await world.site.records()
    services = world.site.services(SCHOOL, "robin-practice")
    async with store.writing() as tx:
        found = await picture(tx, services, "robin-practice")
        (stand,) = [s for s in found.stands if s.policy == next(iter(found.texts))]
        ack, _ = await acks.record(
            tx, school=SCHOOL, person="robin-practice", wording=stand.wording, year=found.year,
            kind=acks.Kind.CONFIRMED, now=world.now,
            said=acks.Said("Robin Practice", (), "", "staff", "A Policy", "1", "slack", "e"),
        )  # fmt: skip
    browser = world.browser()
    await browser.sign_in(await link_for(world, "robin-practice"))
    await browser.press("Certificate")
    await browser.press(f"Save {ack.reference}.pdf")

    assert f"Reference: {ack.reference}" in told(browser.response.content)
    await world.site.close()


@pytest.mark.asyncio
async def test_who_has_nothing_there_is_not_let_in(world):
    browser = world.browser()
    await browser.sign_in(await link_for(world, "terry-imaginary"))

    assert browser.status == 403
    await world.site.close()
