"""A round of acknowledgements in Teams in the Playground: asked, read in the dialog, confirmed; the leader's card."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clients import InTeams
from tests.e2e.conftest import Playground
from tests.e2e.schools import NEXT_TICKS, make_head, round_open


@pytest.fixture
def oak(oak: Path) -> Path:
    """The Playground's one user is the Headteacher, who confirms as everybody does."""
    make_head(oak, "Robin Practice")
    round_open(oak)
    return oak


@pytest.fixture
def client(page: Page, playground: Playground) -> InTeams:
    return InTeams(page, playground)


def test_a_policy_is_asked_for_read_and_confirmed_and_stands_in_the_leaders_card(client, shot):
    page = client.page
    asked = page.get_by_text("Social Media Policy: read and confirm by")
    expect(asked.last).to_be_visible(timeout=NEXT_TICKS * 1000)
    shot("teams-round-asked")
    expect(page.get_by_role("button", name="Read and confirm", exact=True).last).to_be_visible()

    client.open("/acknowledge-read social-media")
    expect(client.dialog).to_contain_text("page 1 of 7")
    expect(client.dialog).to_contain_text("SM-1")
    shot("teams-round-page")
    client.press("Next")
    expect(client.dialog).to_contain_text("page 2 of 7")
    client.press("Back")
    expect(client.dialog).to_contain_text("page 1 of 7")
    for number in range(2, 8):
        client.press("Next")
        expect(client.dialog).to_contain_text(f"page {number} of 7")
    shot("teams-round-last")
    client.press("I have read and confirm")
    expect(client.dialog).to_contain_text("It is recorded that you have read and confirmed")
    shot("teams-round-done")
    reference = re.search("A-[0-9A-Z]{4}-[0-9A-Z]{2}", client.dialog.inner_text())[0]
    client.close()

    client.type("acks")
    expect(page.get_by_text("Social Media Policy: 1 of 10 have confirmed")).to_be_visible()
    expect(page.get_by_text("Year 3: 1 of 2")).to_be_visible()
    expect(page.get_by_text(re.compile("^Kim Standin: asked on"))).to_be_visible()
    expect(page.get_by_text(reference)).to_be_visible()
    shot("teams-round-leader")
