"""Microsoft Teams as a chat platform.

The adapter is `Teams`; it brings the Teams SDK along when it is first asked for, so that `package` does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.platforms.teams.app import Teams

__all__ = ["Teams"]


def __getattr__(name: str) -> Any:
    if name != "Teams":
        raise AttributeError(name)
    from bot.platforms.teams.app import Teams

    return Teams
