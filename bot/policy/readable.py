"""A policy as people read it before they confirm it: one plain text, in pages, and what changed in it.

    Social Media Policy
    Version 2

    # Code of conduct
    ## Friends and followers

    > Staff must never:
      [SM-7] add a pupil as a friend.
    [SM-8] Staff should keep their accounts private.

The text holds every word that is shown and nothing else, so its hash is a hash of what was read; reading it
back gives the same passages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from bot.errors import BadPolicy
from bot.policy.model import Policy
from bot.policy.sentences import fold

# A page that fits a window of Slack's and a card of Teams' with room to spare, and is read in a minute or two.
MOST_PASSAGES, MOST_CHARACTERS = 12, 3_500
_PASSAGE = re.compile(r"(  )?\[([^\]]+)\] (.*)")
_HEADING = re.compile(r"(#+)(?: (.*))?")


@dataclass(frozen=True, slots=True)
class Passage:
    """One clause as it is read: under its headings and its lead-in (empty where it has none)."""

    id: str
    section: tuple[str, ...]
    lead_in: str
    text: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A version of a policy as it is read."""

    title: str
    version: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """What became of one clause: nothing before, it is new; nothing after, it was withdrawn."""

    before: Passage | None
    after: Passage | None


def policies_of(paths: Iterable[Path]) -> dict[str, Policy]:
    """Each policy file as it is read, by the file's stem; files that cannot be read are left out."""
    found = {}
    for path in paths:
        try:
            found[path.stem] = _policy(path, path.stat().st_mtime_ns, path.stat().st_size)
        except (BadPolicy, OSError):  # `mayi check` says what is wrong with it
            continue
    return found


@lru_cache(maxsize=1024)
def _policy(path: Path, mtime_ns: int, size: int) -> Policy:
    del mtime_ns, size  # part of the key: a changed file is read again
    from bot.policy.policyfile import read_policy  # slow to import, and not needed for an answer

    return read_policy(path)


@lru_cache(maxsize=1024)
def readable(policy: Policy) -> Readable:
    """A policy as it is read."""
    return Readable(
        fold(policy.front.title),
        fold(policy.front.version),
        tuple(
            Passage(
                c.id, tuple(filter(None, map(fold, c.section))), fold(c.lead_in or ""), fold(c.text)
            )
            for c in policy.clauses
        ),
    )


def text_of(shown: Readable) -> str:
    """The text of it, which is what is hashed."""
    out = [shown.title, f"Version {shown.version}"]
    section: tuple[str, ...] = ()
    lead_in = ""
    for passage in shown.passages:
        if passage.section != section:
            out += ["", *_headings(section, passage.section), ""]
            section, lead_in = passage.section, ""
        if passage.lead_in and passage.lead_in != lead_in:
            out.append(f"> {passage.lead_in}")
            lead_in = passage.lead_in
        out.append(f"{'  ' if passage.lead_in else ''}[{passage.id}] {passage.text}")
    return "\n".join(out) + "\n"


def read_text(text: str) -> Readable:
    """The passages that a text was made of; raises ValueError where it is no such text."""
    title, version, *lines = text.split("\n")
    section: tuple[str, ...] = ()
    lead_in = ""
    found = []
    for line in filter(None, lines):
        if heading := _HEADING.fullmatch(line):
            section = (*section[: len(heading[1]) - 1], heading[2]) if heading[2] else ()
            lead_in = ""
        elif line.startswith("> "):
            lead_in = line.removeprefix("> ")
        elif passage := _PASSAGE.fullmatch(line):
            found.append(Passage(passage[2], section, lead_in if passage[1] else "", passage[3]))
        else:
            raise ValueError("not the text of a policy")
    return Readable(title, version.removeprefix("Version "), tuple(found))


def same_rules(before: Readable, after: Readable) -> bool:
    """Whether two versions say the same, word for word and in the same places; title and number aside."""
    return [_said(p) for p in before.passages] == [_said(p) for p in after.passages]


def changes(before: Readable, after: Readable) -> tuple[Changed, ...]:
    """What is new, worded otherwise or elsewhere, and withdrawn, clause by clause in the order of reading."""
    then = {p.id: p for p in before.passages}
    now = {p.id for p in after.passages}
    found = [
        Changed(old, p)
        for p in after.passages
        if (old := then.get(p.id)) is None or _said(old) != _said(p)
    ]
    return (*found, *(Changed(p, None) for p in before.passages if p.id not in now))


def pages(passages: Sequence[Passage]) -> tuple[tuple[Passage, ...], ...]:
    """The passages in pages, none of them in two and none left out; one empty page where there are none."""
    found: list[list[Passage]] = [[]]
    room = MOST_CHARACTERS
    for passage in passages:
        length = len(passage.text) + len(passage.lead_in)
        if found[-1] and (len(found[-1]) == MOST_PASSAGES or length > room):
            found.append([])
            room = MOST_CHARACTERS
        found[-1].append(passage)
        room -= length
    return tuple(map(tuple, found))


def _said(passage: Passage) -> tuple[tuple[str, ...], str, str]:
    return passage.section, passage.lead_in, passage.text


def _headings(old: tuple[str, ...], new: tuple[str, ...]) -> list[str]:
    """The headings down to a section, from the first that differs; a lone # where it has none."""
    if not new:
        return ["#"]
    shared = next(
        (n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b),
        min(len(old), len(new)),
    )
    shared = min(shared, len(new) - 1)  # back to a heading that is open: said again, its parts end
    return [f"{'#' * (n + 1)} {new[n]}" for n in range(shared, len(new))]
