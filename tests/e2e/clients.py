"""The pages of the chat clients: what somebody does in them."""

from __future__ import annotations

import json

from playwright.sync_api import Locator, Page, Route, expect
from playwright.sync_api import TimeoutError as NotYet

from tests.e2e.conftest import PATIENCE, Playground, SlackServer

# Slack keeps the line ends of a plain text; the local page would run the lines together.
AS_SLACK_DOES = ".plain { white-space: pre-wrap }"


class InSlack:
    """What somebody does in the local Slack's page."""

    def __init__(self, page: Page, server: SlackServer) -> None:
        self.page = page
        page.goto(server.url)
        expect(page.locator(".composer-input")).to_be_visible()
        page.add_style_tag(content=AS_SLACK_DOES)

    def be(self, name: str) -> None:
        self.page.get_by_label("Act as").or_(self.page.locator("select").first).select_option(
            label=name
        )

    def go(self, place: str) -> None:
        self.page.locator(".sidebar-item", has_text=place).first.click()

    def type(self, text: str) -> None:
        box = self.page.locator(".composer-input")
        box.fill(text)
        box.press("Enter")

    def message_in(self, place: str, text: str, patience: float = PATIENCE) -> Locator:
        """A message that has arrived in a conversation, which is there from its first message on.

        What the page was fetching for the place before is drawn over a conversation that was opened
        too soon; so it is opened again until its message stands there.
        """
        there = self.page.locator(".sidebar-item", has_text=place).first
        there.wait_for(timeout=patience * 1000)
        found = self.page.locator(".msg", has_text=text)
        for _ in range(8):
            self.go(place)
            try:
                found.first.wait_for(timeout=2000)
            except NotYet:
                continue
            break
        return found.first

    @property
    def last(self) -> Locator:
        return self.page.locator(".msg").last

    @property
    def modal(self) -> Locator:
        return self.page.locator(".modal")

    def choose(self, label: str) -> None:
        self.modal.get_by_text(label, exact=True).click()

    def submit(self, button: str) -> None:
        self.modal.get_by_role("button", name=button, exact=True).click()


class InTeams:
    """What somebody does in the Playground's page."""

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
        self._open_extension()

    def open(self, says: str) -> None:
        """Open the dialog that a button with these words opens in Teams.

        The Playground opens none from a card, only from the message extension: the words go into its request.
        """

        def said(route: Route) -> None:
            asked = route.request.post_data_json
            asked["value"]["data"] = {"says": says}
            route.continue_(post_data=json.dumps(asked))

        self.page.route("**/_conversation/v1/invoke", said, times=1)
        self._open_extension()

    def close(self) -> None:
        """Close a dialog that is done: its last page stays until then."""
        self.press("Close")
        expect(self.dialog).to_have_count(0)

    def _open_extension(self) -> None:
        self.page.get_by_label("Trigger Message Extension App").click()
        self.page.get_by_role("menuitem", name="Action Command").click()
        self.dialog.get_by_placeholder("Input command id or leave blanks").fill("report-incident")
        self.dialog.get_by_role("button", name="Create").click()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def press(self, name: str) -> None:
        self.dialog.get_by_role("button", name=name, exact=True).click()
