"""What came from Teams, read from the JSON of an activity.

Nothing is taken for granted: a key that is missing or holds something else reads as empty.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from bot.platforms.teams.cards import Values, filled_in

LONGEST_ID = 300  # characters of an id that is kept; Teams' own have up to about 200
_AT = re.compile(r"<at[^>]*>(.*?)</at>", re.IGNORECASE | re.DOTALL)


class What(Enum):
    """What an activity is about."""

    MESSAGE = auto()  # typed, or a card's plain submit
    PRESSED = auto()  # a button whose answer takes the card's place
    OPENING = auto()  # a dialog is wanted
    SENT = auto()  # a dialog was sent
    ADDED = auto()  # MayI was installed, for somebody or in a group
    REMOVED = auto()
    UNKNOWN_INVOKE = auto()  # somebody waits for an answer to something that we do not offer
    OTHER = auto()  # nobody waits for anything


_INVOKES = {
    "adaptiveCard/action": What.PRESSED,
    "task/fetch": What.OPENING,
    "task/submit": What.SENT,
    "composeExtension/fetchTask": What.OPENING,
    "composeExtension/submitAction": What.SENT,
}


@dataclass(frozen=True, slots=True)
class Came:
    """One activity."""

    what: What
    tenant: str  # empty where it names none, or two
    person: str  # the object id in the tenant's directory; empty for whoever has none
    user: str  # Teams' own id of that person
    conversation: str
    service: str  # the address that answers go to
    id: str
    personal: bool  # a chat of this person with MayI alone
    private: bool  # whether nobody but this person sees the reply
    says: str = ""
    values: Values = field(default_factory=dict)

    @property
    def account(self) -> str:
        """Who it is, to the front."""
        return f"teams:{self.tenant}/{self.person or '-'}"

    @property
    def is_invoke(self) -> bool:
        """Whether what we return is itself the answer."""
        return self.what in (What.PRESSED, What.OPENING, What.SENT, What.UNKNOWN_INVOKE)


def read(raw: Mapping[str, Any], commands: Mapping[str, str]) -> Came:
    """Read an activity. `commands`: what picking a command of the message extension says."""
    value, name = _map(raw, "value"), _text(raw, "name")
    talk, sender, to = _map(raw, "conversation"), _map(raw, "from"), _map(raw, "recipient")
    what = _what(raw, name)
    personal = _text(talk, "conversationType") == "personal"
    says = ""
    values: Values = {}
    if what is What.MESSAGE:
        says, values = filled_in(value)
        says = says or _typed(raw, _text(to, "id"))
    elif what is What.PRESSED:
        says, values = filled_in(_map(_map(value, "action"), "data"))
    elif what in (What.OPENING, What.SENT):
        says, values = filled_in(_map(value, "data"))
        if name == "composeExtension/fetchTask" and not says:
            says = commands.get(_text(value, "commandId"), "")
    return Came(
        what,
        tenant=_tenant(raw, talk),
        person=_id(sender, "aadObjectId").lower(),
        user=_id(sender, "id"),
        conversation=_id(talk, "id"),
        service=_text(raw, "serviceUrl"),
        id=_id(raw, "id"),
        personal=personal,
        private=personal or what in (What.OPENING, What.SENT) or to.get("isTargeted") is True,
        says=says,
        values=values,
    )


def _what(raw: Mapping[str, Any], name: str) -> What:
    kind = _text(raw, "type")
    if kind == "invoke":
        return _INVOKES.get(name, What.UNKNOWN_INVOKE)
    if kind == "message":
        return What.MESSAGE
    if kind == "installationUpdate":
        return What.REMOVED if _text(raw, "action").startswith("remove") else What.ADDED
    if kind == "conversationUpdate":
        ours = _text(_map(raw, "recipient"), "id")
        if ours and any(_text(m, "id") == ours for m in _maps(raw, "membersAdded")):
            return What.ADDED
    return What.OTHER


def _tenant(raw: Mapping[str, Any], talk: Mapping[str, Any]) -> str:
    """The tenant; empty where two places name different ones."""
    named = {
        _id(talk, "tenantId").lower(),
        _id(_map(_map(raw, "channelData"), "tenant"), "id").lower(),
    } - {""}
    return named.pop() if len(named) == 1 else ""


def _typed(raw: Mapping[str, Any], ours: str) -> str:
    """What somebody typed: without the mention of MayI, and with the names of others that are mentioned."""
    about_us = {
        _text(entity, "text")
        for entity in _maps(raw, "entities")
        if _text(entity, "type") == "mention" and _text(_map(entity, "mentioned"), "id") == ours
    }

    def name(found: re.Match[str]) -> str:
        return "" if found[0] in about_us else found[1]

    return html.unescape(_AT.sub(name, _text(raw, "text"))).replace("\xa0", " ").strip()


def _map(value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = value.get(key)
    return found if isinstance(found, Mapping) else {}


def _maps(value: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = value.get(key)
    yield from (f for f in found if isinstance(f, Mapping)) if isinstance(found, list) else ()


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value.get(key)
    return found if isinstance(found, str) else ""


def _id(value: Mapping[str, Any], key: str) -> str:
    """An id; one that is too long, or has in it what no id has, is none."""
    found = _text(value, key)
    return found if len(found) <= LONGEST_ID and found.isprintable() else ""
