"""Teams in Microsoft's Agents Playground: a question, a card replaced in place, a report through its dialog."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clients import InTeams
from tests.e2e.conftest import Playground

WHAT = "He asked me on Instagram at nine in the evening to follow him back."


@pytest.fixture
def client(page: Page, playground: Playground) -> InTeams:
    return InTeams(page, playground)


def test_a_question_is_answered_with_the_clause(client, shot):
    client.type("may I add a parent on Facebook?")

    expect(client.page.get_by_text("SM-59").last).to_be_visible()
    shot("teams-answer")


def test_a_pressed_button_is_answered(client):
    client.type("may I add a parent on Facebook?")
    client.page.get_by_role("button", name="Not what I asked").last.click()

    expect(client.page.get_by_text("on the list").last).to_be_visible()


def test_a_report_is_sent_through_the_dialog(client, shot):
    client.open_report()
    expect(client.dialog).to_contain_text("Ring 999 first")
    shot("teams-report-1")
    client.press("Next")
    expect(client.dialog).to_contain_text("Choose one of these")
    client.dialog.get_by_role("combobox").first.click()
    client.page.get_by_role("option", name="A pupil has contacted me, or tried to").click()
    client.press("Next")
    expect(client.dialog).to_contain_text("do not reply")
    client.dialog.locator("textarea").first.fill(WHAT)
    client.press("Next")
    expect(client.dialog).to_contain_text("Alex Specimen")
    client.dialog.get_by_text("No, none of them", exact=True).click()
    shot("teams-report-3")
    client.press("Send")
    expect(client.page.get_by_text(re.compile("R-[0-9A-Z]{4}-[0-9A-Z]{2}")).first).to_be_visible()
    assert WHAT not in client.page.locator("body").inner_text()
    shot("teams-receipt")


def test_a_message_that_nobody_asked_for_arrives(client):
    """About the Chair nobody in the school can be given it, and MayI tells the reporter so by itself."""
    client.open_report()
    client.dialog.get_by_role("combobox").first.click()
    client.page.get_by_role("option", name="The Chair of Governors", exact=True).click()
    client.press("Next")
    client.dialog.get_by_role("combobox").first.click()
    client.page.get_by_role("option").first.click()
    client.press("Next")
    client.dialog.locator("textarea").first.fill(WHAT)
    client.press("Next")
    expect(client.dialog).to_contain_text("you ring this office yourself")
    client.press("Send")

    told = client.page.get_by_text("Nobody in the school can be given your report")
    expect(told.first).to_be_visible()
