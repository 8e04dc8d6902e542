"""Slack in a browser: a question, a report from its first page to its recipient's desk, App Home."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clients import InSlack
from tests.e2e.conftest import SlackServer

WHAT = "He asked me on Instagram at nine in the evening to follow him back."


@pytest.fixture
def client(page: Page, slack: SlackServer) -> InSlack:
    return InSlack(page, slack)


def test_a_question_is_answered_to_the_asker_alone(client, shot):
    client.type("/mayi may I add a parent on Facebook?")

    expect(client.last).to_contain_text("Social Media Policy")
    expect(client.last).to_contain_text("SM-59")
    expect(client.last).to_contain_text("only visible to you")
    shot("slack-answer")
    client.last.get_by_role("button", name="Not what I asked").click()
    expect(client.page.locator(".msg").last).to_contain_text("on the list")


def test_somebody_who_is_not_on_the_roster_gets_one_plain_refusal(client):
    client.be("Not Staff")
    client.type("/mayi may I add a parent on Facebook?")

    expect(client.last).to_contain_text("staff roster")
    expect(client.last).not_to_contain_text("SM-")


def test_a_report_goes_from_its_first_page_to_its_recipients_desk(client, shot):
    client.type("/report-incident")
    expect(client.modal).to_contain_text("Ring 999 first")
    shot("slack-report-1")
    client.submit("Next")
    expect(client.modal).to_contain_text("Choose one of these")
    client.choose("A pupil has contacted me, or tried to")
    client.submit("Next")
    expect(client.modal).to_contain_text("do not reply")
    client.modal.locator("input.bk-plain-input, textarea").first.fill(WHAT)
    shot("slack-report-2")
    client.submit("Next")
    expect(client.modal).to_contain_text("Alex Specimen")
    client.choose("No, none of them")
    shot("slack-report-3")
    client.submit("Send")
    expect(client.modal).to_contain_text("Your report is kept")
    reference = re.search(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}", client.modal.inner_text()).group()
    client.submit("Close")

    client.be("Alex Specimen")
    note = client.message_in("Alex Specimen", reference)
    expect(note).to_contain_text("confidential report waits")
    assert "Instagram" not in client.page.locator("body").inner_text()
    shot("slack-notice")
    note.get_by_role("button", name="Open").click()
    expect(client.modal).to_contain_text(WHAT)
    shot("slack-desk")
    client.choose("I have taken this on")
    client.submit("Record it")
    expect(client.modal).to_contain_text("You have taken it on")


def test_app_home_shows_what_awaits_somebody(client, shot):
    client.go("🏠")

    expect(client.page.locator(".home")).to_contain_text("may I …?")
    expect(
        client.page.locator(".home").get_by_role("button", name="Report a worry")
    ).to_be_visible()
    shot("slack-home")
