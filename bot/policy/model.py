"""The words of a policy as plain data: blocks of a document, clauses of a policy, how a clause was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class BlockKind(StrEnum):
    """What a stretch of a source document is."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    REMAINDER = "remainder"


@dataclass(frozen=True, slots=True)
class Block:
    """One stretch of a source document, in reading order.

    `text` is the source's own words with white space folded. `lines` are the 1-based numbers of the
    source lines it was made from (for docx and html: of the document's own blocks of text).
    """

    kind: BlockKind
    text: str
    lines: tuple[int, ...]
    level: int = 0  # headings 1 to 6; items: nesting depth from 1
    marker: str = ""  # what stood before an item: "·", "-", "1.", "iv."
    why: str = (
        ""  # a remainder's name: "title", "table", "page furniture", "menu", "signatures" ...
    )


@dataclass(frozen=True, slots=True)
class Document:
    """A source document read into blocks; every non-blank line of `lines` is in exactly one block's `lines`."""

    lines: tuple[str, ...]
    blocks: tuple[Block, ...]
    title: str | None = None


class Strength(StrEnum):
    """How strongly a clause speaks, in the policy's own terms."""

    MUST_NOT = "must_not"
    SHOULD_NOT = "should_not"
    MUST = "must"
    SHOULD = "should"
    MAY = "may"
    NEEDS_APPROVAL = "needs_approval"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a clause says, derived from its text unless the owner set it (`by_owner` names those fields)."""

    strength: Strength
    binds: tuple[
        str, ...
    ]  # of: all school staff governors volunteers parents pupils leaders visitors headteacher
    approver: str | None = None  # the role that decides, where the clause needs approval
    condition: str | None = None  # the clause's own words for "only if"
    route: str | None = None  # the role the clause says to tell
    topics: tuple[str, ...] = ()
    by_owner: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Cut:
    """A clause as cut from a document: one list item or paragraph, or some sentences of a long one."""

    section: tuple[str, ...]  # heading path, outermost first
    lead_in: str | None
    text: str
    lines: tuple[int, ...]
    depth: int = 0  # 0 for a paragraph, else the item's nesting depth


@dataclass(frozen=True, slots=True)
class Clause:
    """A numbered rule of a policy: verbatim text under its headings and lead-in, and how it was read."""

    id: str
    section: tuple[str, ...]
    lead_in: str | None
    text: str
    reading: Reading


@dataclass(frozen=True, slots=True)
class Front:
    """A policy's front matter. Dates may be unknown: a policy without one is still a policy."""

    title: str
    school: str = ""
    version: str = "1"
    adopted: date | None = None
    reviewed: date | None = None
    next_review: date | None = None
    review_cycle: str = ""
    owner: str = ""  # a role
    audience: tuple[str, ...] = ("staff",)
    code: str = "P"  # what clause ids begin with
    next_id: int = 1  # the next number never used
    withdrawn: tuple[str, ...] = ()
    reviewed_as_printed: str = ""  # where the document gives a month or a term and no full date
    next_review_as_printed: str = ""
    minor: str = (
        ""  # the version that changes wording only: who confirmed the one before need not again
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy file as read: front matter and clauses in order."""

    front: Front
    clauses: tuple[Clause, ...] = field(default=())
