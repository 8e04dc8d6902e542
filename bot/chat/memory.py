"""What was asked last in a conversation, so that a short follow-up is understood; never on disk."""

from __future__ import annotations

import re
from collections import OrderedDict

KEPT = 2_000  # conversations remembered; the least lately used is forgotten first
SHORT = 6  # words: what is longer stands for itself
_FOLLOWS = re.compile(
    r"^(and|or|but|what about|how about|what if|even|also|then|same)\b", re.IGNORECASE
)


class Memory:
    """The last question of each conversation, and who is in the middle of a report."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, str] = OrderedDict()
        self._reporting: OrderedDict[str, None] = OrderedDict()

    def complete(self, conversation: str, text: str) -> str:
        """Return the text, behind the question it follows up where it is a follow-up."""
        before = self._last.get(conversation)
        if before and _FOLLOWS.match(text) and len(text.split()) <= SHORT:
            return f"{before.rstrip(' ?')}, {text}"
        return text

    def reporting(self, person: str) -> bool:
        """Whether somebody has a report open that they have not sent."""
        return person in self._reporting

    def reports(self, person: str, *, on: bool) -> None:
        """Remember that somebody has a report open, or no longer."""
        self._reporting.pop(person, None)
        if on:
            self._reporting[person] = None
            while len(self._reporting) > KEPT:
                self._reporting.popitem(last=False)

    def last(self, conversation: str) -> str:
        """The last question of a conversation, or empty."""
        return self._last.get(conversation, "")

    def keep(self, conversation: str, text: str) -> None:
        """Remember the question a next one may follow up."""
        if conversation:
            self._last[conversation] = text
            self._last.move_to_end(conversation)
            while len(self._last) > KEPT:
                self._last.popitem(last=False)
