"""The manifest asks for what the code uses, and for nothing else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
import yaml

from bot.platforms.slack import incoming
from bot.platforms.slack.installations import SCOPES

ROOT = Path(__file__).resolve().parents[1]
MANIFEST = yaml.safe_load((ROOT / "deploy" / "slack" / "manifest.yaml").read_text("utf-8"))
SOURCES = sorted((ROOT / "bot" / "platforms" / "slack").glob("*.py"))
GUIDE = (ROOT / "docs" / "slack.md").read_text("utf-8")

# What Slack's documentation asks for each method and event.
METHODS = {
    "assistant_threads_setSuggestedPrompts": {"assistant:write"},
    "auth_test": set(),
    "chat_postEphemeral": {"chat:write"},
    "chat_postMessage": {"chat:write"},
    "conversations_open": {"im:write"},
    "usergroups_users_list": {"usergroups:read"},
    "users_list": {"users:read", "users:read.email"},  # the second for addresses
    "views_open": set(),
    "views_publish": set(),
    "views_update": set(),
}
EVENTS = {
    "app_home_opened": set(),
    "app_mention": {"app_mentions:read"},
    "app_uninstalled": set(),
    "message.im": {"im:history"},
    "subteam_members_changed": {"usergroups:read"},
    "team_join": {"users:read"},
    "tokens_revoked": set(),
    "user_change": {"users:read"},
}


def strings() -> set[str]:
    return {
        n.value for f in SOURCES for n in ast.walk(ast.parse(f.read_text("utf-8")))
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    }  # fmt: skip


def called() -> set[str]:
    """The methods of Slack's Web API that the code calls."""
    families = {m.split("_")[0] for m in METHODS} | {
        "admin", "apps", "bookmarks", "bots", "canvases", "dialog", "dnd", "emoji", "files", "pins",
        "reactions", "reminders", "search", "stars", "team", "oauth", "workflows", "usergroups",
    }  # fmt: skip
    return {
        n.func.attr for f in SOURCES for n in ast.walk(ast.parse(f.read_text("utf-8")))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)
        and n.func.attr.split("_")[0] in families and "_" in n.func.attr
    }  # fmt: skip


def test_the_methods_in_the_code_are_those_known_here():
    assert called() == set(METHODS)


def test_the_scopes_are_what_methods_events_and_commands_need():
    needed = {"commands"}.union(*METHODS.values(), *EVENTS.values())

    assert MANIFEST["oauth_config"] == {"scopes": {"bot": sorted(needed)}}
    assert tuple(sorted(needed)) == SCOPES


def test_the_events_are_those_the_code_handles():
    asked = MANIFEST["settings"]["event_subscriptions"]["bot_events"]

    assert asked == sorted(EVENTS)
    assert {e.partition(".")[0] for e in asked} <= strings()
    listeners = (ROOT / "bot" / "platforms" / "slack" / "listeners.py").read_text("utf-8")
    handled = set(re.findall(r'kind (?:==|in) \(?((?:"\w+"(?:, )?)+)', listeners))
    names = {n for found in handled for n in re.findall(r'"(\w+)"', found)}
    assert names == {e.partition(".")[0] for e in asked}


def test_the_commands_are_those_the_code_knows():
    commands = [c["command"] for c in MANIFEST["features"]["slash_commands"]]

    assert commands == ["/mayi", incoming.REPORT]
    assert set(commands) <= strings()


def test_there_is_one_shortcut_of_each_kind():
    kinds = [s["type"] for s in MANIFEST["features"]["shortcuts"]]

    assert sorted(kinds) == ["global", "message"]
    assert "message_action" in strings()
    ids = [s["callback_id"] for s in MANIFEST["features"]["shortcuts"]]
    assert len(set(ids)) == 2


def test_what_the_manifest_turns_on_is_used():
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True
    assert MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"] is False
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert MANIFEST["settings"]["token_rotation_enabled"] is False
    assert set(MANIFEST["features"]) == {
        "app_home", "agent_view", "bot_user", "shortcuts", "slash_commands",
    }  # fmt: skip


def test_slack_takes_the_names_and_descriptions():
    about = MANIFEST["display_information"]

    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 174 <= len(about["long_description"]) <= 4000
    for shortcut in MANIFEST["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
    for command in MANIFEST["features"]["slash_commands"]:
        assert len(command["description"]) <= 2000
        assert len(command.get("usage_hint", "")) <= 1000


@pytest.mark.parametrize("scope", SCOPES)
def test_the_guide_says_what_each_scope_is_for(scope):
    assert re.search(rf"^\| `{re.escape(scope)}` \| .+ \|$", GUIDE, re.MULTILINE)


def test_the_guide_explains_no_scope_that_is_not_asked_for():
    assert set(re.findall(r"^\| `([a-z_]+:[a-z.]+)` \|", GUIDE, re.MULTILINE)) <= set(SCOPES)
    assert "SLACK_BOT_TOKEN" in GUIDE
