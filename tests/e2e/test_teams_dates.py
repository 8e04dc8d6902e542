"""Reminders in Teams in the Playground: a review and rules for the Headteacher, and what can be done about them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clients import InTeams
from tests.e2e.conftest import Playground
from tests.e2e.schools import NEXT_TICKS, due_now, make_head, policy_of, today


@pytest.fixture
def oak(oak: Path) -> Path:
    """The Playground's one user is the Headteacher, and the one who is reminded."""
    make_head(oak, "Robin Practice")
    due_now(oak, phones='["headteacher"]', privacy='["headteacher"]')
    return oak


@pytest.fixture
def client(page: Page, playground: Playground) -> InTeams:
    return InTeams(page, playground)


def test_reminders_arrive_and_are_settled_where_they_are_told(client, oak, shot):
    page = client.page
    expect(page.get_by_text("3 reminders from Model Primary School")).to_be_visible(
        timeout=NEXT_TICKS * 1000
    )
    expect(page.get_by_text("review overdue since").last).to_be_visible()
    expect(page.get_by_role("button", name="Mark as reviewed: Social Media Policy")).to_be_visible()
    shot("teams-digest")
    page.get_by_role("button", name="Got it: Phones off and away").click()
    expect(page.get_by_text("noted: Phones off and away")).to_be_visible()
    expect(page.get_by_text("2 more reminders for you")).to_be_visible()
    shot("teams-got-it")
    page.get_by_role("button", name="All my reminders").click()
    expect(page.get_by_text("You have 2 reminders")).to_be_visible()
    page.get_by_role("button", name="Not again").click()
    expect(page.get_by_text("you are not reminded of it any more")).to_be_visible()

    client.open("/reviewed social-media")
    expect(client.dialog).to_contain_text("its review was due on")
    client.dialog.get_by_text("It is a new version", exact=True).click()
    shot("teams-review")
    client.dialog.get_by_role("textbox").last.fill("1 March")
    client.press("It is reviewed")
    expect(client.dialog).to_contain_text("Write a day with its year")
    shot("teams-reviewed-wrong")
    following = today().replace(day=1, month=3, year=today().year + 2)
    client.dialog.get_by_role("textbox").last.fill(f"{following:%-d %B %Y}")
    client.press("It is reviewed")
    expect(client.dialog).to_contain_text(f"version 2, next review {following:%-d %B %Y}")
    client.close()
    written = policy_of(oak).read_text("utf-8")
    assert f"\nnext_review: {following}\n" in written
    assert f"\nreviewed: {today()}\n" in written
    client.type("reminders")
    expect(page.get_by_text("Nothing is waiting for you")).to_be_visible()


def test_a_rule_for_a_post_of_today_arrives_at_once(client, shot):
    client.open("/remind official-post today")
    expect(client.dialog).to_contain_text("Who is to be reminded?")
    client.dialog.get_by_text("Only me", exact=True).click()
    shot("teams-remind")
    client.press("Set the reminder")
    expect(client.dialog).to_contain_text("goes out now, to 1 person")
    shot("teams-remind-set")
    client.close()

    expect(client.page.get_by_text("Before an official post", exact=True)).to_be_visible()
    shot("teams-reminder")
    client.page.get_by_role("button", name="Got it", exact=True).click()
    expect(client.page.get_by_text("noted: Before an official post")).to_be_visible()
