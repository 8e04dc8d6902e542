"""A policy laid out for review: its words in order, each with the clauses it belongs to, and what was kept beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from bot.policy.model import Clause, Policy
from bot.policy.numbering import without_number
from bot.policy.policyfile import KEPT

LONGEST_QUOTE = 110  # characters of the policy's words in a finding


class Part(StrEnum):
    """What a passage is in the policy."""

    HEADING = "heading"
    LEAD_IN = "lead-in"
    CLAUSE = "clause"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the policy, and the ids of the clauses it is part of; each heading and lead-in once."""

    text: str
    part: Part
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A policy for its checks. `kept` is what of the document is no clause, as (name, text).

    The words of `clauses` and `passages` are without the numbers that are printed before paragraphs;
    those of `policy` are as they stand.
    """

    policy: Policy
    kept: tuple[tuple[str, str], ...] = ()
    passages: tuple[Passage, ...] = field(default=())
    clauses: tuple[Clause, ...] = field(default=())
    imported: bool = False  # its file says what of the document is no clause

    def kept_as(self, name: str) -> tuple[str, ...]:
        """What was kept under a name, such as "signatures"."""
        return tuple(text for kept, text in self.kept if name in kept)

    def everything(self) -> str:
        """All words of the policy, a passage a line."""
        return "\n".join([*(p.text for p in self.passages), *(text for _, text in self.kept)])


def lay_out(policy: Policy, text: str = "") -> Sheet:
    """Lay a policy out; `text` is its file's, for what stands in the closing comment."""
    clauses = tuple(map(_bare, policy.clauses))
    return Sheet(policy, tuple(_kept(text)), tuple(_passages(clauses)), clauses, KEPT in text)


def _bare(clause: Clause) -> Clause:
    lead = without_number(clause.lead_in) if clause.lead_in else clause.lead_in
    return replace(clause, text=without_number(clause.text) or clause.text, lead_in=lead)


def _kept(text: str) -> Iterator[tuple[str, str]]:
    _, found, rest = text.partition(KEPT)
    if not found:
        return
    for line in rest.partition("-->")[0].splitlines():
        name, colon, words = line.partition(":")
        if colon and words.strip():
            yield name.strip(), words.strip()


def _passages(clauses: Iterable[Clause]) -> Iterator[Passage]:
    clauses = tuple(clauses)
    told: set[tuple[str, ...]] = set()
    leads: set[tuple[tuple[str, ...], str]] = set()
    own = {(c.section, c.text) for c in clauses}
    for clause in clauses:
        for depth in range(1, len(clause.section) + 1):
            path = clause.section[:depth]
            if path not in told:
                told.add(path)
                under = tuple(c.id for c in clauses if c.section[:depth] == path)
                yield Passage(path[-1], Part.HEADING, under)
        lead = clause.lead_in
        # A clause that became the lead-in of the next one is not said twice
        if lead and (clause.section, lead) not in leads | own:
            leads.add((clause.section, lead))
            under = tuple(
                c.id for c in clauses if c.lead_in == lead and c.section == clause.section
            )
            yield Passage(lead, Part.LEAD_IN, under)
        yield Passage(clause.text, Part.CLAUSE, (clause.id,))


def shortened(text: str, around: re.Match[str] | None = None) -> str:
    """The words as a quotation: whole where they are short, else the part about a match."""
    text = " ".join(text.split())
    if len(text) <= LONGEST_QUOTE:
        return text
    if around is None:
        return text[:LONGEST_QUOTE].rsplit(" ", 1)[0] + " …"
    spare = max(LONGEST_QUOTE - (around.end() - around.start()), 20) // 2
    start, end = max(around.start() - spare, 0), min(around.end() + spare, len(text))
    if start:
        start = text.find(" ", start) + 1
    if end < len(text):
        end = max(text.rfind(" ", 0, end), around.end())
    return ("… " if start else "") + text[start:end].strip() + (" …" if end < len(text) else "")


def in_order(clauses: Iterable[Clause], ids: Iterable[str]) -> tuple[str, ...]:
    """The ids, each once, in the policy's order."""
    wanted = set(ids)
    return tuple(c.id for c in clauses if c.id in wanted)
