"""A round of acknowledgements in Slack in a browser: asked, read, confirmed, kept; and as whoever leads sees it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clients import InSlack
from tests.e2e.conftest import SHOTS, SlackServer
from tests.e2e.schools import NEXT_TICKS, round_open


@pytest.fixture
def oak(oak: Path) -> Path:
    round_open(oak, questions=1)
    return oak


@pytest.fixture
def client(page: Page, slack: SlackServer) -> InSlack:
    return InSlack(page, slack)


def test_a_policy_is_asked_for_read_and_confirmed_and_stands_in_the_leaders_card(client, shot):
    asked = client.message_in("Robin Practice", "read and confirm by", NEXT_TICKS)
    shot("slack-round-asked")
    asked.get_by_role("button", name="Read and confirm").click()
    expect(client.modal).to_contain_text("page 1 of 7")
    expect(client.modal).to_contain_text("SM-1")
    shot("slack-round-page")
    for number in range(2, 8):
        client.submit("Next")
        expect(client.modal).to_contain_text(f"page {number} of 7")
    expect(client.modal).to_contain_text("What belongs in the gap?")
    shot("slack-round-last")
    reference = answered(client)
    shot("slack-round-done")
    client.submit("Close")

    client.type("/mayi acks")
    expect(client.last).to_contain_text("What you have confirmed")
    expect(client.last).to_contain_text(reference)
    shot("slack-round-own")
    client.last.get_by_role("button", name="Certificate").click()
    expect(client.last).to_contain_text("The link works once")
    link = re.search(r"http://127\.0\.0\.1:\d+/in/[\w-]+", client.last.inner_text())[0]
    certificate = saved(client.page, link, reference)
    assert certificate.startswith(b"%PDF")

    client.be("Pat Example")
    client.go("staff-room")
    client.type("/mayi acks")
    expect(client.last).to_contain_text("Social Media Policy: 1 of 10 have confirmed")
    expect(client.last).to_contain_text("Year 3: 1 of 2")
    expect(client.last).to_contain_text("Kim Standin")
    expect(client.last).not_to_contain_text("Robin Practice")
    shot("slack-round-leader")


def answered(client: InSlack) -> str:
    """Answer the question on the last page; where that is wrong, as the clause says that is shown then."""
    client.choose("may")
    client.submit("I have read and confirm")
    wrong, done = "Look at the clause again, then choose: (.*)", "It is recorded that"
    expect(client.modal.get_by_text(re.compile(f"{wrong}|{done}")).first).to_be_visible()
    clause = re.search(wrong, client.modal.inner_text())
    if clause:
        forbids = re.search("(must|should) not", clause[1])
        client.choose("must not or should not" if forbids else "must or should")
        client.submit("I have read and confirm")
    expect(client.modal).to_contain_text(done)
    return re.search("A-[0-9A-Z]{4}-[0-9A-Z]{2}", client.modal.inner_text())[0]


def saved(page: Page, link: str, reference: str) -> bytes:
    """The certificate, from the page that a link in the chat leads to."""
    door = page.context.new_page()
    door.goto(link)
    door.get_by_role("button", name="Read it").click()
    door.get_by_role("button", name="Certificate").click()
    door.screenshot(path=SHOTS / "slack-round-certificate.png")
    with door.expect_download() as download:
        door.get_by_role("button", name=f"Save {reference}.pdf").click()
    content = Path(download.value.path()).read_bytes()
    door.close()
    return content
