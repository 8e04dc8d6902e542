"""Policies read and confirmed on the pages by whoever has a mail address and no chat account."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from bot.records import acks
from handlers.jobs import tell_of_dates
from tests.test_web import SCHOOL, Inbox, World

pytestmark = pytest.mark.asyncio

TERRY, VIC = "terry-imaginary", "vic-notional"  # a governor and a volunteer: mail alone
CONFIRM = "I have read and confirm"
REFERENCE = re.compile(r"A-[0-9A-Z]{4}-[0-9A-Z]{2}")
LINK = re.compile(r"https://mayi\.example\.org(/in/\S+)")
PHONES_DAY = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)  # the first day after half term


@pytest.fixture
def inbox():
    box = Inbox()
    yield box
    box.controller.stop()


@pytest.fixture
def asking(home, inbox):
    """Makes a school that asks governors and volunteers, and nobody else, at pages of this address."""
    made = []

    def open_(url="https://mayi.example.org", questions=0) -> World:
        world = World(home, inbox, url)
        world.rewrite('who = ["staff"]', 'who = ["governors", "volunteers"]')
        world.rewrite("questions = 2", f"questions = {questions}")
        made.append(world)
        return world

    return open_


@pytest_asyncio.fixture
async def world(asking):
    made = asking()
    yield made
    await made.site.close()


async def digests(world: World) -> None:
    """The clock looks at what is due, and what was written goes out."""
    await tell_of_dates(world.site.services(SCHOOL))
    await world.deliver()


def mail_to(world: World, name: str) -> str:
    return world.inbox.to(f"{name}@example.org")[-1].get_content()


def link_to(world: World, name: str) -> str:
    return LINK.search(mail_to(world, name))[1]


async def to_the_end(browser) -> None:
    """Read page by page, up to the one that confirms."""
    if "Read and confirm" in labels(browser):
        await browser.press("Read and confirm")
    while CONFIRM not in labels(browser):
        await browser.press("Next")


def labels(browser) -> list[str]:
    return [b.get_text(strip=True) for b in browser.page.find_all("button")]


async def kept(world: World) -> list[acks.Ack]:
    store = await world.site.records()
    async with store.reading() as conn:
        return await acks.all_of(conn, store.sealer, SCHOOL)


# --- the whole path -------------------------------------------------------------------------------------


async def test_a_governor_with_mail_alone_reads_a_policy_and_confirms_it(world):
    await digests(world)
    mail = mail_to(world, "terry")
    assert "Social Media Policy: read and confirm by" in world.inbox.to("terry@example.org")[0]["Subject"]  # fmt: skip
    assert "Read and confirm here; the link works once, for three days:" in mail

    terry = world.browser()
    await terry.sign_in(link_to(world, "terry"))
    assert terry.response.url.path == "/acknowledge"
    assert terry.heading == "Policies to read and confirm"
    assert "Signed in as Terry Imaginary" in terry.text

    await terry.press("Read and confirm")
    assert "Social Media Policy, version 1 · page 1 of" in terry.text
    assert not await kept(world)
    await to_the_end(terry)
    await terry.press(CONFIRM)
    assert "It is recorded that you have read and confirmed Social Media Policy" in terry.text

    (ack,) = await kept(world)
    assert (ack.person, ack.kind, ack.said.channel) == (TERRY, acks.Kind.CONFIRMED, "pages")
    assert ack.said.event.startswith("pages:")
    assert REFERENCE.search(terry.text)[0] == ack.reference
    assert [x[:2] for x in await world.trail(ack.reference)] == [(TERRY, "confirmed")]


async def test_what_was_confirmed_is_there_afterwards_with_its_certificate(world):
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    await to_the_end(terry)
    await terry.press(CONFIRM)
    (ack,) = await kept(world)

    await terry.open("/acknowledge")
    assert "Nothing awaits you: you have confirmed every policy" in terry.text
    await terry.open("/acks")
    assert ack.reference in terry.text
    assert "Policies to confirm" not in labels(terry)
    await terry.press("Certificate")
    await terry.press(f"Save {ack.reference}.pdf")
    assert terry.response.content.startswith(b"%PDF")


async def test_check_questions_are_asked_on_the_page_too(asking):
    world = asking(questions=1)
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    await to_the_end(terry)
    options = [i["value"] for i in terry.page.find_all("input", type="radio")]
    await terry.press(CONFIRM)
    assert "There is a problem" in terry.text
    assert not await kept(world)

    for option in options:
        if not await kept(world):
            await terry.press(CONFIRM, **{"check-1": option})
    assert len(await kept(world)) == 1
    await world.site.close()


# --- the link -------------------------------------------------------------------------------------------


async def test_the_link_works_once_and_a_new_one_comes_while_the_policy_waits(world):
    await digests(world)
    first = link_to(world, "terry")
    await world.browser().sign_in(first)

    again = await world.browser().open(first)
    assert again.status == 410
    world.now += timedelta(minutes=5)
    await again.press("Send me a new link")
    await world.deliver()
    second = link_to(world, "terry")
    assert second != first
    terry = await world.browser().sign_in(second)
    assert terry.response.url.path == "/acknowledge"
    assert "Terry Imaginary" in terry.text


async def test_a_link_lets_nobody_in_for_whom_nothing_is_there_any_more(world):
    await digests(world)
    link = link_to(world, "terry")
    inside = await world.browser().sign_in(link_to(world, "vic"))
    world.rewrite('who = ["governors", "volunteers"]', 'who = ["staff"]')

    terry = await world.browser().sign_in(link)
    assert terry.status == 403
    assert terry.heading == "There is nothing here for you any more"
    await inside.press("Read and confirm")
    assert inside.heading == "There is nothing here for you any more"


async def test_without_an_address_of_the_pages_the_mail_has_no_link(asking):
    world = asking(url="")
    await digests(world)

    assert "Social Media Policy" in world.inbox.to("terry@example.org")[0]["Subject"]
    assert "/in/" not in mail_to(world, "terry")
    assert "Read and confirm here" not in mail_to(world, "terry")
    assert not [x for x in await world.trail() if x[1] == "sign-in-sent"]
    await world.site.close()


async def test_a_digest_of_something_else_has_no_link_though_a_policy_still_waits(world):
    world.rewrite('"governors", "volunteers"]', '"robin-practice"]')
    world.now = datetime(2026, 10, 22, 10, 0, tzinfo=UTC)
    await digests(world)
    assert "/in/" in mail_to(world, "robin")

    world.now = PHONES_DAY
    await digests(world)
    assert len(world.inbox.to("robin@example.org")) == 2
    assert "phone" in mail_to(world, "robin")
    assert "/in/" not in mail_to(world, "robin")
    assert [x[0] for x in await world.trail() if x[1] == "sign-in-sent"] == ["robin-practice"]


async def test_whoever_has_a_report_as_well_begins_with_it_and_finds_the_policies(world):
    world.rewrite('"governors", "volunteers"]', '"sam-sample"]')
    await world.report()
    await digests(world)
    mails = [m.get_content() for m in world.inbox.to("sam@example.org")]
    (asked,) = [m for m in mails if "Read and confirm here" in m]

    sam = await world.browser().sign_in(LINK.search(asked)[1])
    assert sam.response.url.path == "/desk"
    await sam.open("/acknowledge")
    await to_the_end(sam)
    await sam.press(CONFIRM)
    assert [a.person for a in await kept(world)] == ["sam-sample"]


# --- what is refused ------------------------------------------------------------------------------------


async def test_nobody_confirms_with_the_form_of_somebody_else(world):
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    vic = await world.browser().sign_in(link_to(world, "vic"))
    await to_the_end(terry)
    form = terry.page.find("form", attrs={"novalidate": True})

    await vic.submit(form)
    assert vic.status == 403

    await vic.open("/acknowledge")
    own = vic.page.find("form", attrs={"action": "/do"}).find("input", attrs={"name": "csrf"})
    form.find("input", attrs={"name": "csrf"})["value"] = own["value"]
    await vic.submit(form)
    assert "made for somebody else, so nothing was recorded" in vic.text
    assert not await kept(world)


async def test_a_text_that_changed_while_it_was_read_is_not_confirmed(world):
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    await to_the_end(terry)
    file = world.toml.parent / "policies" / "social-media.md"
    text = file.read_text("utf-8").replace("must not use mobile phones", "must not hold mobile phones")  # fmt: skip
    file.write_text(text, "utf-8")

    await terry.press(CONFIRM)
    assert "The policy changed while you were reading. Nothing was recorded" in terry.text
    assert not await kept(world)
    await to_the_end(terry)
    await terry.press(CONFIRM)
    assert len(await kept(world)) == 1


async def test_a_confirmation_that_is_sent_twice_is_kept_once(world):
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    await to_the_end(terry)
    form = terry.page.find("form", attrs={"novalidate": True})
    await terry.submit(form)
    await terry.submit(form)

    assert "You confirmed Social Media Policy on 16 November 2026" in terry.text
    assert len(await kept(world)) == 1


# --- on the way -----------------------------------------------------------------------------------------


async def test_a_question_on_the_way_is_answered_without_a_button_that_does_nothing_there(world):
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    await terry.press("Read and confirm")
    await terry.press("Next", ask="A pupil sent me a message on Instagram. What do I do?")

    assert "page 1 of" in terry.text
    asked = terry.page.find_all("input", attrs={"name": "says"})
    assert asked
    assert all(i["value"].startswith("/acknowledge-") for i in asked)


async def test_whoever_cannot_agree_says_so_on_the_page(world):
    await digests(world)
    terry = await world.browser().sign_in(link_to(world, "terry"))
    await terry.press("Read and confirm")
    await terry.press("I have a question, or cannot agree")
    await terry.press("Send it", kind="declined", text="Rule 18 is too strict for me.")

    (ack,) = await kept(world)
    assert (ack.kind, ack.said.channel) == (acks.Kind.DECLINED, "pages")
    await terry.open("/acknowledge")
    assert "1 policy to read and confirm" in terry.text
