"""Slack as a chat platform: payloads to events, replies to blocks, over Socket Mode or HTTP."""

from bot.platforms.slack.app import Slack

__all__ = ["Slack"]
