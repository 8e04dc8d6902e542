"""Teams in Microsoft's Agents Playground: a question, a card replaced in place, a report through its dialog."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Playground

WHAT = "He asked me on Instagram at nine in the evening to follow him back."


class Client:
    """What somebody does in the page."""

    def __init__(self, page: Page, playground: Playground) -> None:
        self.page = page
        page.set_viewport_size({"width": 1100, "height": 900})  # its log would lie over the rest
        page.goto(playground.url)
        # It greets whoever opens it; a message that comes later would clear what is being typed.
        expect(page.get_by_text("ring 999").first).to_be_visible()

    def type(self, text: str) -> None:
        box = self.page.locator("[data-lexical-editor=true]").first
        box.click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def open_report(self) -> None:
        """By the action message extension, which in Teams is /report-incident in the box or the menu."""
        self.page.get_by_label("Trigger Message Extension App").click()
        self.page.get_by_role("menuitem", name="Action Command").click()
        self.dialog.get_by_placeholder("Input command id or leave blanks").fill("report-incident")
        self.dialog.get_by_role("button", name="Create").click()

    @property
    def dialog(self):
        return self.page.get_by_role("dialog")

    def press(self, name: str) -> None:
        self.dialog.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def client(page: Page, playground: Playground) -> Client:
    return Client(page, playground)


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
