"""A small round of acknowledgements on Slack and Teams with all their faults; `make chaos` has 2,000 people."""

from __future__ import annotations

import pytest

from tests.chaos.round import the_round


@pytest.mark.asyncio
async def test_the_roll_adds_up_to_the_last_person_whatever_slack_and_teams_do():
    found = await the_round(3, lambda *_: None, schools=2, staff=12)

    assert found.broken == ()
    assert sum(found.states.values()) == found.roll
    assert found.roll >= 20
    assert {"throttled", "broken", "taken", "down"} <= set(found.faults)
