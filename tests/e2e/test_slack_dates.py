"""Reminders in Slack in a browser: a review for the Headteacher, a rule on devices, what can be done about them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.clients import InSlack
from tests.e2e.conftest import SlackServer
from tests.e2e.schools import NEXT_TICKS, due_now, policy_of, today


@pytest.fixture
def oak(oak: Path) -> Path:
    """Staff are told of the rule; Alex Specimen, the DSL, hears of the nudge as well."""
    due_now(oak, phones='["staff"]', privacy='["dsl"]')
    return oak


@pytest.fixture
def client(page: Page, slack: SlackServer) -> InSlack:
    return InSlack(page, slack)


def test_a_review_and_a_rule_reach_people_and_are_settled_where_they_are_told(client, oak, shot):
    client.be("Pat Example")
    told = client.message_in("Pat Example", "review overdue since", NEXT_TICKS)
    expect(told).to_contain_text("2 reminders from Model Primary School")
    expect(told).to_contain_text("SM-47")
    shot("slack-digest")
    told.get_by_role("button", name="Mark as reviewed: Social Media Policy").click()
    expect(client.modal).to_contain_text("its review was due on")
    shot("slack-reviewed-1")
    client.choose("Nothing: the text stays as it is")
    shown = client.modal.locator("input.bk-plain-input").last.input_value()
    client.submit("It is reviewed")  # the next review is left as it is shown
    expect(client.modal).to_contain_text(f"next review {shown}")
    shot("slack-reviewed-2")
    client.submit("Close")
    following = datetime.strptime(f"{shown} +0000", "%d %B %Y %z").date()
    written = policy_of(oak).read_text("utf-8")
    assert f"\nnext_review: {following}\n" in written
    assert f"\nreviewed: {today()}\n" in written

    client.be("Robin Practice")
    told = client.message_in("Robin Practice", "Phones off and away")
    expect(told).to_contain_text("SM-47")
    expect(told).not_to_contain_text("review")
    shot("slack-reminder")
    told.get_by_role("button", name="Got it").click()
    expect(client.last).to_contain_text("noted: Phones off and away")

    client.be("Alex Specimen")
    told = client.message_in("Alex Specimen", "Your own privacy settings")
    shot("slack-two")
    told.get_by_role("button", name="All my reminders").click()
    expect(client.last).to_contain_text("You have 2 reminders")
    shot("slack-reminders")
    client.last.get_by_role("button", name="Not again").click()
    expect(client.last).to_contain_text("you are not reminded of it any more")
    expect(client.last).to_contain_text("1 more reminder for you")
    client.last.get_by_role("button", name="All my reminders").click()
    expect(client.last).to_contain_text("Switched off by you: Your own privacy settings")
    shot("slack-switched-off")
