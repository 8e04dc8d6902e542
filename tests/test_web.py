"""The pages as a browser sees them: a real database, a real mail server, and a link read out of the mail."""

from __future__ import annotations

import asyncio
import email
import re
import shutil
from datetime import UTC, datetime, timedelta
from email.policy import default
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from aiosmtpd.controller import Controller
from bs4 import BeautifulSoup

from bot import web
from bot.app.carrying import carrier
from bot.app.door import Door
from bot.app.site import Site
from bot.chat.render import Wording
from bot.config import Home, Serving, model_folder
from bot.platforms.mail import Mail
from bot.records import audit, messages, reports
from bot.records.reports import Content
from bot.records.visits import IDLE, LINK_LIVES
from bot.work.sending import send
from handlers.reports import delivery

pytestmark = pytest.mark.asyncio

URL = "https://mayi.example.org"
SCHOOL = "model-primary"
MINUTE = timedelta(minutes=1)
PLANTED = "zebra-crossing-at-midnight"
OPEN = Wording().text("desk_open_button")
NASTY = "<script>alert(1)</script><b>bold</b> & \"quoted\" '{{ 7 * 7 }}'"


class Inbox:
    """A mail server that keeps what it is given."""

    def __init__(self):
        self.got = []
        self.controller = Controller(self, hostname="127.0.0.1", port=0)
        trigger = self.controller._trigger_server

        def with_the_real_port():
            self.port = self.controller.port = self.controller.server.sockets[0].getsockname()[1]
            trigger()

        self.controller._trigger_server = with_the_real_port
        self.controller.start()

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=default)
        self.got.append((envelope.rcpt_tos[0], mail))
        return "250 OK"

    def to(self, address):
        return [mail for to, mail in self.got if to == address]

    def links(self, address):
        return [
            re.search(r"https?://\S+(/in/\S+)", mail.get_content()).group(1)
            for mail in self.to(address)
        ]


class World:
    """A school with its mail and its pages, and a clock that stands until it is set."""

    def __init__(self, root: Path, inbox: Inbox, url: str = URL):
        folder = root / "schools" / SCHOOL
        if not folder.exists():
            shutil.copytree(model_folder(SCHOOL), folder)
        self.toml = folder / "school.toml"
        self.now = datetime(2026, 11, 16, 10, 0, tzinfo=UTC)
        self.inbox = inbox
        self.site = Site(Home(root), clock=lambda: self.now)
        self.settings = Serving(url)
        self.mail = Mail("127.0.0.1", inbox.port, "MayI <mayi@example.org>", tls="none")
        self.carry = carrier(self.site, self.settings, self.mail, {})
        self.door = Door(self.site, self.settings)
        self.app = web.app(self.door)

    async def report(self, about="headteacher", what=PLANTED, kind="low-level-concern", **more):
        services = self.site.services(SCHOOL, "robin-practice")
        store = await self.site.records()
        content = Content("robin-practice", about, kind, what, **more)
        async with store.writing() as tx:
            sent = await delivery.send(tx, reports.new_id(), content, services)
        return sent.reference

    async def deliver(self):
        store = await self.site.records()
        for message in await messages.waiting(store, self.now, 100):
            await send(store, message, self.carry, lambda: self.now)

    def rewrite(self, old, new):
        text = self.toml.read_text("utf-8")
        assert old in text
        self.toml.write_text(text.replace(old, new), "utf-8")

    async def trail(self, about="", school=SCHOOL):
        store = await self.site.records()
        lines = (await audit.lines(store, school=school, about=about)).lines
        return [(x.actor, x.action, x.detail) for x in lines]

    def browser(self):
        return Browser(self)


class Browser:
    """Somebody with a browser, who presses what is on the page."""

    def __init__(self, world: World):
        transport = httpx.ASGITransport(app=world.app)
        base = world.settings.url or URL
        self.http = httpx.AsyncClient(transport=transport, base_url=base)

    async def open(self, path, **headers):
        return self._shown(await self.http.get(path, headers=headers, follow_redirects=True))

    async def press(self, label, **values):
        """Press a button, with what its form holds and what was filled in."""
        (button, *_) = [b for b in self.page.find_all("button") if b.get_text(strip=True) == label]
        return await self.submit(button.find_parent("form"), **values)

    async def submit(self, form, **values):
        sent = [
            (i["name"], i.get("value", ""))
            for i in form.find_all("input")
            if (i["type"] not in ("radio", "checkbox") or i.has_attr("checked"))
            and i["name"].removeprefix("f.") not in values
        ]
        sent += [
            (t["name"], t.get_text().removeprefix("\n"))
            for t in form.find_all("textarea")
            if t["name"].removeprefix("f.") not in values
        ]
        for name, value in values.items():
            sent += [(f"f.{name}", v) for v in ((value,) if isinstance(value, str) else value)]
        return await self.post(form["action"], sent)

    async def post(self, path, pairs, **headers):
        content = httpx.QueryParams(pairs)
        return self._shown(
            await self.http.post(
                path,
                content=str(content),
                headers={"Content-Type": "application/x-www-form-urlencoded"} | headers,
                follow_redirects=True,
            )
        )

    def _shown(self, response):
        self.response = response
        self.status = response.status_code
        if response.headers.get("content-type", "").startswith("text/html"):
            self.page = BeautifulSoup(response.text, "html.parser")
            self.text = " ".join(self.page.body.get_text(" ").split())
            self.heading = self.page.h1.get_text(strip=True)
            check_page(self.page, response.text)
        return self

    async def sign_in(self, link):
        await self.open(link)
        return await self.press("Read it")


def check_page(page, html):
    """What holds of every page, for whoever looks at it and however."""
    assert html.startswith("<!doctype html>")
    assert page.html["lang"] == "en-GB"
    assert page.title.get_text(strip=True)
    assert len(page.find_all("h1")) == 1
    assert not page.find_all(["script", "iframe", "img", "object", "link"])
    ids = [e["id"] for e in page.find_all(id=True)]
    assert len(ids) == len(set(ids)), ids
    for e in page.find_all(True):
        assert not [a for a in e.attrs if a.startswith("on") or a == "style"], e
        if e.get("aria-describedby"):
            assert set(e["aria-describedby"].split()) <= set(ids), e
    for control in page.find_all(["input", "textarea"]):
        if control.get("type") != "hidden":
            assert page.find("label", attrs={"for": control["id"]}), control
    for anchor in page.find_all("a", href=re.compile("^#")):
        assert anchor["href"][1:] in ids, anchor
    for form in page.find_all("form"):
        assert form["method"] == "post"
        assert form["action"].startswith("/")


@pytest.fixture
def inbox():
    box = Inbox()
    yield box
    box.controller.stop()


@pytest_asyncio.fixture
async def world(home, inbox):
    made = World(home, inbox)
    yield made
    await made.site.close()


@pytest_asyncio.fixture
async def chair(world):
    """The Chair, who got a report about the Headteacher by mail and has signed in."""
    world.reference = await world.report()
    await world.deliver()
    browser = world.browser()
    await browser.sign_in(world.inbox.links("sam@example.org")[0])
    return browser


# --- the whole path -------------------------------------------------------------------------------------


async def test_the_chair_reads_a_report_about_the_headteacher_and_sees_it_through(world):
    reference = await world.report(who="Pat Example")
    await world.deliver()

    (mail,) = world.inbox.to("sam@example.org")
    assert not world.inbox.to("pat@example.org")
    words = f"{mail['Subject']} {mail.get_content()}"
    for planted in (PLANTED, reference, "Pat", "Headteacher", "Robin", "low-level"):
        assert planted not in mail.as_string(), planted
    assert "confidential" in words
    assert "Model Primary School" in words

    chair = world.browser()
    await chair.open(world.inbox.links("sam@example.org")[0])
    assert chair.status == 200
    assert PLANTED not in chair.text
    await chair.press("Read it")
    assert chair.response.url.path == "/desk"
    assert chair.heading == "What waits for you"
    assert reference in chair.text
    assert PLANTED not in chair.text
    assert "Sam Sample" in chair.text

    await chair.press(OPEN)
    assert PLANTED in chair.text
    assert "Robin Practice" in chair.text

    await chair.press(submit_label(chair), do="note")
    assert "There is a problem" in chair.text
    assert chair.page.title.get_text().startswith("Error: ")
    assert chair.page.find(id="f-text")["aria-invalid"] == "true"

    await chair.press(submit_label(chair), do="note", text=f"Rang the county.\n{NASTY}")
    assert chair.heading.startswith("Your note is kept")

    await chair.open("/desk")
    await chair.press(OPEN)
    assert "Rang the county." in chair.text
    assert NASTY in chair.text
    await chair.press(submit_label(chair), do="refer")
    await chair.press(submit_label(chair), to="lado", text="By telephone")
    assert "referral is kept" in chair.heading

    await chair.open("/desk")
    await chair.press(OPEN)
    await chair.press(submit_label(chair), do="outcome", text="Passed to the county")
    assert "is closed" in chair.heading

    await world.deliver()
    did = [(actor, action) for actor, action, _ in await world.trail(reference)]
    for action in ("sign-in-sent", "opened", "noted", "acknowledged", "referred", "closed"):
        assert ("sam-sample", action) in did, action
    assert ("sam-sample", "signed-in", "") in await world.trail()


def submit_label(browser):
    """What the button says that sends the form on the page."""
    form = browser.page.find("form", attrs={"novalidate": True})
    return form.find("button").get_text(strip=True)


async def test_the_school_s_copy_of_a_report_is_saved_by_pressing_its_name(world, chair):
    await chair.press(OPEN)
    await chair.press(submit_label(chair), do="export")
    pdf, record = f"{world.reference}.pdf", f"{world.reference}.json"
    assert PLANTED not in chair.text

    await chair.press(f"Save {pdf}")
    assert chair.response.headers["content-type"] == "application/pdf"
    assert chair.response.headers["content-disposition"] == f'attachment; filename="{pdf}"'
    assert chair.response.content.startswith(b"%PDF")
    await chair.press(f"Save {record}")
    assert chair.response.json()["report"]["content"]["what"] == PLANTED
    assert (await world.trail(world.reference))[-1] == ("sam-sample", "exported", "")


async def test_whoever_reported_sees_what_became_of_it_and_can_add_to_it(world):
    reference = await world.report()
    await world.deliver()
    chair = await world.browser().sign_in(world.inbox.links("sam@example.org")[0])
    await chair.press(OPEN)
    await chair.press(submit_label(chair), do="acknowledge")
    await world.deliver()

    (mail,) = world.inbox.to("robin@example.org")
    assert PLANTED not in mail.as_string()
    robin = await world.browser().sign_in(world.inbox.links("robin@example.org")[0])
    assert robin.response.url.path == "/mine"
    assert reference in robin.text
    assert "taken on" in robin.text
    (add,) = [b.get_text(strip=True) for b in robin.page.find_all("button") if "dd" in b.get_text()]
    await robin.press(add)
    await robin.press(submit_label(robin), text="One thing more")
    assert ("robin-practice", "corrected", "") in await world.trail(reference)
    await robin.open("/desk")
    assert reference not in robin.text


async def test_somebody_too_close_to_it_passes_it_on_unread(world, chair):
    await chair.press(Wording().text("desk_conflict_button"))
    assert "gone to the next person" in chair.text

    await chair.open("/desk")
    assert world.reference not in chair.text
    assert chair.status == 200


# --- the link -------------------------------------------------------------------------------------------


async def test_a_mail_scanner_that_follows_the_link_uses_nothing_up(world):
    await world.report()
    await world.deliver()
    (link,) = world.inbox.links("sam@example.org")
    scanner = world.browser()
    for _ in range(3):
        await scanner.open(link)
        assert (await scanner.http.head(link)).status_code == 200
    assert not scanner.http.cookies
    assert (await scanner.http.get("/desk")).status_code == 403

    assert (await world.browser().sign_in(link)).heading == "What waits for you"


async def test_a_link_works_once(world, chair):
    (link,) = world.inbox.links("sam@example.org")
    other = world.browser()

    await other.open(link)
    assert other.status == 410
    assert other.heading == "This link no longer works"
    await other.post(link, [("page", "x")])
    assert other.status == 410
    assert not other.http.cookies
    assert ("sam-sample", "refused", "link-used") in await world.trail()
    assert (await chair.open("/desk")).status == 200  # who came first is still in


async def test_pressed_twice_is_signed_in_once(world):
    await world.report()
    await world.deliver()
    browser = world.browser()
    await browser.open(world.inbox.links("sam@example.org")[0])
    form = browser.page.find("form")

    for _ in range(2):
        assert (await browser.submit(form)).heading == "What waits for you"
    assert [x[1] for x in await world.trail()].count("signed-in") == 1


async def test_an_expired_link_is_exchanged_for_a_new_one_by_mail(world):
    await world.report()
    await world.deliver()
    (link,) = world.inbox.links("sam@example.org")
    world.now += LINK_LIVES
    browser = world.browser()

    await browser.open(link)
    assert browser.status == 410
    await browser.press("Send me a new link")
    assert browser.heading == "Look at your mail"
    await browser.open(link)
    await browser.press("Send me a new link")
    await world.deliver()

    first, second = world.inbox.links("sam@example.org")
    assert first != second
    assert PLANTED not in world.inbox.to("sam@example.org")[1].as_string()
    assert (await browser.sign_in(second)).heading == "What waits for you"


async def test_who_asks_for_a_new_link_hears_the_same_whoever_it_is(world, chair):
    (link,) = world.inbox.links("sam@example.org")
    said = set()

    world.now += 5 * MINUTE
    for path in (link, "/in/forged", "/in/" + "x" * 43):
        other = world.browser()
        await other.open(path)
        assert other.status == 410
        await other.press("Send me a new link")
        said.add(re.sub("/in/[^/]+/", "", other.response.text))
    world.rewrite('holder = "Sam Sample"', 'holder = "Max Newcomer"')
    other = world.browser()
    await other.post(f"{link}/again", [])
    said.add(other.response.text)

    assert len(said) == 1
    await world.deliver()
    assert len(world.inbox.to("sam@example.org")) == 1  # the role was gone when it was to be sent


async def test_nobody_is_flooded_with_links(world, chair):
    (link,) = world.inbox.links("sam@example.org")
    for _ in range(200):
        world.now += timedelta(seconds=20)
        await chair.post(f"{link}/again", [])
        await world.deliver()

    assert len(world.inbox.to("sam@example.org")) <= 21


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "..%2f..%2fdesk", "é", "a" * 5000])
async def test_a_forged_link_opens_nothing_and_says_nothing(world, token):
    await world.report()
    browser = world.browser()

    await browser.open(f"/in/{token}")
    assert browser.status in (404, 410)
    await browser.post(f"/in/{token}", [("page", "x")])
    assert browser.status in (404, 410)
    assert not browser.http.cookies


async def test_forged_links_cannot_fill_the_trail(world):
    await world.report()
    browser = world.browser()
    for n in range(70):
        await browser.post(f"/in/forged-{n}", [("page", "x")])

    refused = await world.trail(school="")
    assert refused == [("", "refused", "link-unknown")] * 60


# --- who may see what -----------------------------------------------------------------------------------


async def test_somebody_else_s_reference_is_refused_as_one_that_does_not_exist(world, chair):
    other = await world.report(about="colleague", what="another matter", named=("bobby-figment",))
    form = chair.page.find("form", attrs={"action": "/do"})

    said = []
    for reference in (other, "R-0000-00", "nonsense"):
        for word in ("/open", "/handle", "/refer", "/too-close", "/add-to-report", "/rang"):
            form.find("input", attrs={"name": "says"})["value"] = f"{word} {reference}"
            await chair.submit(form, do="note", text="x y")
            assert "another matter" not in chair.response.text
            said.append((word, chair.heading))
    assert len(set(said)) == 6  # for each word the same, whatever the reference
    assert ("sam-sample", "refused", "") in await world.trail(other)


async def test_a_former_chair_is_signed_out_and_told_why(world, chair):
    await chair.press(OPEN)
    form = chair.page.find("form", attrs={"novalidate": True})
    world.rewrite('holder = "Sam Sample"', 'holder = "Max Newcomer"')

    await chair.submit(form, do="note", text="once more")
    assert chair.status == 403
    assert chair.heading == "There is nothing here for you any more"
    assert not chair.http.cookies
    await chair.open("/desk")
    assert chair.heading == "You are not signed in"
    assert [x for x in await world.trail() if x[0] == "sam-sample"][-2:] == [
        ("sam-sample", "refused", "no-longer"),
        ("sam-sample", "signed-out", "no-longer"),
    ]
    assert not [x for x in await world.trail(world.reference) if x[1] == "noted"]


async def test_a_former_chair_s_link_lets_nobody_in(world):
    await world.report()
    await world.deliver()
    (link,) = world.inbox.links("sam@example.org")
    world.rewrite('holder = "Sam Sample"', 'holder = "Max Newcomer"')
    browser = world.browser()

    await browser.open(link)
    await browser.press("Read it")
    assert browser.heading == "There is nothing here for you any more"
    assert not browser.http.cookies
    assert ("sam-sample", "refused", "no-longer") in await world.trail()


async def test_somebody_off_the_roster_is_signed_out(world, chair):
    text = world.toml.read_text("utf-8")
    world.toml.write_text(text.replace("Sam Sample", "Max Newcomer").replace("sam-sample", "max"))

    await chair.open("/desk")
    assert chair.heading == "There is nothing here for you any more"


@pytest.mark.parametrize(
    "says",
    ["/report", "report", "/help", "/policies", "may I use WhatsApp?", "", "/report-page x about",
     "/not-that", "/as headteacher", "open", "x" * 5000],
)  # fmt: skip
async def test_only_the_desk_and_one_s_own_reports_are_reachable(world, chair, says):
    form = chair.page.find("form", attrs={"action": "/do"})
    form.find("input", attrs={"name": "says"})["value"] = says

    await chair.submit(form)
    assert chair.status == 200
    assert PLANTED not in chair.text
    if says != "open":
        assert chair.heading.startswith("That cannot be done on this page")


# --- sessions and forms ---------------------------------------------------------------------------------


async def test_a_form_without_its_word_does_nothing(world, chair):
    await chair.press(OPEN)
    form = chair.page.find("form", attrs={"novalidate": True})
    says = form.find("input", attrs={"name": "says"})["value"]
    for csrf in ("", "x", "é", "0" * 64):
        pairs = [("says", says), ("csrf", csrf), ("f.do", "acknowledge")]
        await chair.post("/do", pairs)
        assert chair.status == 403
        assert chair.heading == "That page was out of date"
        await chair.post("/out", [("csrf", csrf)])
        assert chair.status == 403

    did = [x[1] for x in await world.trail(world.reference)]
    assert "acknowledged" not in did
    assert ("sam-sample", "refused", "form-forged") in await world.trail()
    assert (await chair.open("/desk")).status == 200


async def test_the_word_of_one_session_is_of_no_use_in_another(world, chair):
    await world.report()
    world.now += 5 * MINUTE
    await world.deliver()
    second = await world.browser().sign_in(world.inbox.links("sam@example.org")[1])
    form = chair.page.find("form", attrs={"action": "/do"})

    await second.submit(form)
    assert second.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_a_form_of_another_site_does_nothing(world, chair, site):
    csrf = chair.page.find("input", attrs={"name": "csrf"})["value"]

    await chair.post("/out", [("csrf", csrf)], **{"Sec-Fetch-Site": site})
    assert chair.status == 403
    assert (await chair.open("/desk")).status == 200


async def test_two_tabs_of_one_session_both_work(world, chair):
    first = chair.page.find("form", attrs={"action": "/do"})
    await chair.open("/desk")
    second = chair.page.find("form", attrs={"action": "/do"})

    for form in (first, second, first):
        await chair.submit(form)
        assert PLANTED in chair.text


async def test_a_note_that_is_sent_twice_is_kept_once(world, chair):
    await chair.press(OPEN)
    form = chair.page.find("form", attrs={"novalidate": True})
    both = await asyncio.gather(
        *(
            chair.http.post(
                "/do",
                data={i["name"]: i["value"] for i in form.find_all("input", type="hidden")}
                | {"f.do": "note", "f.text": "a note of mine"},
            )
            for _ in range(2)
        )
    )
    assert sorted("done already" in r.text for r in both) == [False, True]
    await chair.submit(form, do="note", text="another note")
    assert "Your note is kept" in chair.text

    await chair.open("/desk")
    await chair.press(OPEN)
    assert chair.text.count("a note of mine") == 1
    assert chair.text.count("another note") == 1


async def test_a_visit_ends_when_nothing_is_done_and_what_was_typed_is_shown_once_more(
    world, chair
):
    await chair.press(OPEN)
    form = chair.page.find("form", attrs={"novalidate": True})
    world.now += IDLE

    await chair.submit(form, do="note", text="A long note\nthat took <b>half</b> an hour")
    assert chair.status == 403
    assert chair.heading == "You are not signed in"
    assert chair.page.find(id="kept").get_text().strip() == (
        "A long note\nthat took <b>half</b> an hour"
    )
    assert not chair.http.cookies
    assert ("sam-sample", "signed-out", "expired") in await world.trail()


async def test_nobody_without_the_session_is_shown_what_a_form_holds(world, chair):
    other = world.browser()
    await other.post("/do", [("says", "/open x"), ("csrf", "x"), ("f.text", "buy this now")])

    assert other.status == 403
    assert "buy this" not in other.response.text


async def test_a_visit_lasts_while_it_is_used(world, chair):
    for _ in range(7):
        world.now += IDLE - MINUTE
        assert (await chair.open("/desk")).status == 200
    world.now += 2 * IDLE
    assert (await chair.open("/desk")).status == 403


async def test_signing_out_ends_the_session_itself(world, chair):
    token = dict(chair.http.cookies)

    await chair.press("Sign out")
    assert chair.heading == "You are signed out"
    chair.http.cookies.update(token)
    assert (await chair.open("/desk")).heading == "You are not signed in"
    assert ("sam-sample", "signed-out", "asked") in await world.trail()


# --- headers, odd input, failures -----------------------------------------------------------------------


async def test_every_answer_carries_the_headers(world, chair):
    answers = [
        await chair.http.get(path) for path in ("/desk", "/in/x", "/nowhere", "/healthz", "/")
    ]
    answers.append(await chair.http.post("/do", data={"says": "x"}))
    for answer in answers:
        h = answer.headers
        assert h["cache-control"] == "no-store"
        policy = h["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert policy.endswith("form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
        assert "unsafe" not in policy
        assert h["referrer-policy"] == "no-referrer"
        assert h["x-content-type-options"] == "nosniff"
        assert h["strict-transport-security"] == "max-age=31536000"
        assert "server" not in h


async def test_the_cookie_is_out_of_reach(world):
    await world.report()
    await world.deliver()
    browser = world.browser()
    await browser.open(world.inbox.links("sam@example.org")[0])
    await browser.press("Read it")

    cookie = browser.response.history[0].headers["set-cookie"]
    assert cookie.startswith("__Host-mayi=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=strict"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_on_this_machine_alone_the_pages_work_without_encryption(home, inbox):
    world = World(home, inbox, "http://127.0.0.1:8080")
    await world.report()
    await world.deliver()

    chair = await world.browser().sign_in(world.inbox.links("sam@example.org")[0])

    assert chair.heading == "What waits for you"
    assert "strict-transport-security" not in chair.response.headers
    await world.site.close()


async def test_what_was_typed_is_shown_and_never_obeyed(world):
    await world.report(what=NASTY, who=NASTY)
    await world.deliver()
    chair = await world.browser().sign_in(world.inbox.links("sam@example.org")[0])

    await chair.press(OPEN)
    assert NASTY in chair.text
    assert "<script" not in chair.response.text
    await chair.press(submit_label(chair), do="nonsense", text="</textarea><script>x</script>")
    assert "<script" not in chair.response.text
    assert chair.page.find(id="f-text").get_text().strip() == "</textarea><script>x</script>"


async def test_too_much_is_refused(world, chair):
    csrf = chair.page.find("input", attrs={"name": "csrf"})["value"]

    await chair.post("/do", [("csrf", csrf), ("f.text", "x" * 300_000)])
    assert chair.status == 413

    async def endless():
        for _ in range(1000):
            yield b"x" * 1024

    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await chair.http.post("/do", content=endless(), headers=kind)
    assert answer.status_code == 413
    await chair.post("/do", [(f"f.{n}", "x") for n in range(500)])
    assert chair.status == 400


async def test_the_longest_text_comes_through_whole_in_any_script(world, chair):
    await chair.press(OPEN)
    text = "𓀀" * 10_000
    await chair.press(submit_label(chair), do="note", text=text)
    assert "Your note is kept" in chair.text

    await chair.open("/desk")
    await chair.press(OPEN)
    await chair.press(submit_label(chair), do="note", text=text + "x")
    assert "There is a problem" in chair.text


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x", "", "x"])
async def test_only_forms_are_read(world, chair, kind):
    answer = await chair.http.post(
        "/do", content=b'{"says": "/desk"}', headers={"Content-Type": kind}
    )
    assert answer.status_code == 415
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("GET", "/desk/", 404), ("GET", "/do", 405), ("PUT", "/desk", 405),
     ("POST", "/desk", 405), ("GET", "/out", 405), ("DELETE", "/in/x", 405), ("GET", "/in/", 404),
     ("GET", "/in/x/y", 404), ("GET", "/desk", 403), ("GET", "/mine", 403)],
)  # fmt: skip
async def test_what_is_not_there_is_a_plain_page(world, method, path, status):
    browser = world.browser()
    answer = await browser.http.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    browser._shown(answer)


async def test_a_failure_is_a_plain_page_and_tells_nothing(world, chair, monkeypatch, caplog):
    async def fails(*_, **__):
        raise RuntimeError(PLANTED)

    monkeypatch.setattr(Door, "say", fails)
    transport = httpx.ASGITransport(app=world.app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        http.cookies = chair.http.cookies
        answer = await http.get("/desk")

    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert PLANTED not in answer.text + caplog.text
    assert "RuntimeError" in caplog.text


async def test_a_broken_school_toml_signs_nobody_out(world, chair):
    whole = world.toml.read_text("utf-8")
    world.toml.write_text("name = ", "utf-8")
    await chair.open("/desk")
    assert chair.status == 503
    assert "school.toml" not in chair.text

    world.toml.write_text(whole, "utf-8")
    assert (await chair.open("/desk")).status == 200


async def test_a_school_s_own_words_are_used_unless_they_are_broken(world, chair):
    own = world.toml.parent / "templates" / "pages"
    own.mkdir(parents=True)
    base = '{% extends "pages/base.html.j2" %}{% block main %}<h1>'
    (own / "sign_in.html.j2").write_text(base + "Ours{% endblock %}")
    (own / "reply.html.j2").write_text(base + "{{ nothing }}{% endblock %}")

    assert (await chair.open("/desk")).heading == "What waits for you"


async def test_the_log_holds_no_token_and_no_word(world, chair, caplog):
    caplog.set_level("DEBUG")
    (link,) = world.inbox.links("sam@example.org")
    await chair.open(link)
    await chair.open(link.upper())
    await chair.open(f"/nowhere{link}?x={link}")
    await chair.open("/desk")
    await chair.press(OPEN)
    await chair.press(submit_label(chair), do="note", text=PLANTED)
    logged = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("httpx"))

    assert "GET /in/… 410" in logged
    assert "POST /do 200" in logged
    token = link.removeprefix("/in/")
    assert token not in logged
    assert token.upper() not in logged
    assert PLANTED not in logged


async def test_health_is_one_word(world):
    browser = world.browser()
    answer = await browser.http.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")

    async def dead():
        return False

    world.door.alive = dead
    answer = await browser.http.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "not ok\n")

    async def gone():
        raise OSError("a disk")

    world.door.alive = gone
    answer = await browser.http.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "not ok\n")
