"""From a document's blocks to clauses, and from a clause's words to what it says.

`cut` makes one clause of each list item and paragraph, under its headings and lead-in; a long one
is cut at its sentences, and a sentence that leans on the one before ("This ...", "They ...") stays
with it. `read` derives strength, audience, approver, condition and route from the words alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.policy import audience as whom
from bot.policy import strength as force
from bot.policy.model import Block, BlockKind, Cut, Document, Reading, Strength
from bot.policy.route import route
from bot.policy.sentences import fold, sentences, short_enough

if TYPE_CHECKING:
    from collections.abc import Callable

_TOGETHER = 420  # a leaning sentence stays with the one before up to this length
_MERGE = 45  # a scrap shorter than this never stands alone
_LONG = 640  # a single sentence longer than this is cut at a semicolon

_LEANS = re.compile(
    r"(?!(?:This|The|These) (?:policy|policies|document|procedure|procedures|guidance|"
    r"school|code)\b)"
    r"(?:This|These|Those|That|They|Them|Their|It|Its|He|She|Such|Failure|However|Therefore|"
    r"Otherwise|Neither|Nor|Instead|Both|Either|Similarly|Likewise|Also|In addition|"
    r"Additionally|Furthermore|Moreover|Examples?|For example|For instance|E\.g\.|"
    r"In (?:this|these|such|"
    r"some|both) (?:case|cases|circumstances|instances|situations?)|"
    r"Doing so|To do so|If (?:so|not|they|this|it|necessary)|Where (?:this|they)|"
    r"When (?:this|they)|"
    r"Even (?:so|then)|Only then|But|And|Or|Exceptions?|The same|As such|Once (?:this|done)|"
    r"Note|N\.?B\.?)(?![\w'’-])|\("
)
_PRONOUN = re.compile(r"(?:This|These|Those|They|It|Such|He|She)\b")
_LEAD_END = re.compile(
    r"""(?::[\s\-–—]*|\b(?:following|as follows|must|should|not|that|to|by|if|will)[\s\-–—.]*)$"""
)
_ANNOUNCES = re.compile(
    r"\b(?:the following|as follows|these (?:rules|guidelines|points|principles|standards|"
    r"steps)|below)\b",
    re.IGNORECASE,
)
_FRAMES = re.compile(
    r"^(?:do not|don['’]?ts?|do|dos|do['’]s|never|always|avoid)\W*$"
    r"|\b(?:must|should|shall|may|can|cannot|will|are|is)\b(?:[^.]*\b)?(?:not|never|to)?\W*$",
    re.IGNORECASE,
)
_RESTATES = re.compile(
    r"^(?P<opening>(?:that|to|by|for)\s+(?:(?:they|staff|you|we|pupils|parents|employees)\s+)?"
    r"(?:(?:do|must|should|will|shall)\s+)?(?:not\s+|never\s+)?)\S",
    re.IGNORECASE,
)


def cut(document: Document) -> tuple[Cut, ...]:
    """Cut a document into clauses, in order."""
    walk = _Walk(document)
    for at, block in enumerate(document.blocks):
        walk.take(block, _next_of(document.blocks, at))
    return tuple(walk.all())


def read(cut: Cut, audience: tuple[str, ...]) -> Reading:
    """Read a clause from its words, lead-in and headings alone."""
    strength = force.of_text(cut.text, cut.lead_in, cut.section[-1] if cut.section else "")
    asks = strength is Strength.NEEDS_APPROVAL
    leave = asks or strength is Strength.MAY
    return Reading(
        strength=strength,
        binds=whom.binds(cut.text, cut.lead_in, cut.section, audience),
        approver=whom.approver(cut.text) or _of_lead(cut, whom.approver) if asks else None,
        condition=whom.condition(cut.text, leave=leave) or _condition_of_lead(cut, asks=asks),
        route=route(cut.text),
    )


def _of_lead(cut: Cut, find: Callable[[str], str | None]) -> str | None:
    return find(cut.lead_in) if cut.lead_in else None


def _condition_of_lead(cut: Cut, *, asks: bool) -> str | None:
    """Find what "Staff must not, unless ...:" says of all its items; a sentence before lends none."""
    opens = cut.lead_in is not None and _ends_colon(cut.lead_in)
    return _of_lead(cut, whom.condition) if opens or asks else None


# --- walking the blocks ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Lead:
    """An open lead-in for the items that follow."""

    text: str
    level: int  # of the item that it was; 0 for a paragraph or heading
    flat: bool = False  # its items stand at its own level
    lower: bool = False  # its items go on in lower case


@dataclass(slots=True)
class _Walk:
    document: Document
    cuts: list[Cut] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    leads: list[_Lead] = field(default_factory=list)
    carried: str | None = None  # a lead-in that reaches over the headings after it
    carried_level: int = 0
    runs_on: bool = False  # the lead-in introduces paragraphs, not items
    pending: list[tuple[str, list[Cut]]] = field(default_factory=list)  # lead-ins not yet used

    def all(self) -> list[Cut]:
        """Give the clauses; a lead-in that turned out to introduce nothing is one itself."""
        self._settle("")
        return self.cuts

    def take(self, block: Block, after: Block | None) -> None:
        if block.kind is BlockKind.HEADING:
            self._heading(block, after)
        elif block.kind is BlockKind.PARAGRAPH:
            self._paragraph(block, after)
        elif block.kind is BlockKind.ITEM:
            self._item(block, after)

    def _heading(self, block: Block, after: Block | None) -> None:
        level = max(block.level, 1)
        while self.headings and self.headings[-1][0] >= level:
            self.headings.pop()
        self.headings.append((level, block.text))
        if self.carried is not None and level <= self.carried_level:
            self.carried = None
        self.leads = []
        if _is(after, BlockKind.ITEM) and _FRAMES.search(block.text) and not _is_question(block):
            self.leads = [_Lead(block.text, 0)]

    def _paragraph(self, block: Block, after: Block | None) -> None:
        over = self._lead_text() if self.runs_on and _goes_on(block) else None
        self.runs_on = over is not None
        if over is not None:
            self._emit(block, block.text, over, 0)
            return
        self.leads = []
        self.carried = None
        lead = _lead_of(block.text, after)
        body = block.text if lead is None else block.text[: len(block.text) - len(lead)].rstrip()
        if body:
            self._emit(block, body, None, 0)
        if lead is None:
            return
        self.pending.append((lead, self._cuts_of(block, lead, None, 0)))
        if not _is(after, BlockKind.HEADING):
            self.leads = [_Lead(lead, 0)]
            self.runs_on = _is(after, BlockKind.PARAGRAPH)
        else:
            self.carried, self.carried_level = lead, self._level()

    def _item(self, block: Block, after: Block | None) -> None:
        self.runs_on = False
        level = max(block.level, 1)
        while self.leads and self.leads[-1].level > level:
            self.leads.pop()
        while self.leads and self.leads[-1].level == level and not self._is_under(block):
            self.leads.pop()
        lead = self._lead_text()
        opens = _opens_list(block, after)
        if opens:
            self._open(block, after, level)
        else:
            self._emit(block, block.text, lead, level)
            self._restate(block, level)

    def _is_under(self, block: Block) -> bool:
        """Tell whether the item goes on with the flat list that its neighbour opened."""
        lead = self.leads[-1]
        if not lead.flat or _restatement(block.text) is not None:
            return False
        return not (lead.lower and block.text[:1].isupper())

    def _open(self, block: Block, after: Block | None, level: int) -> None:
        flat = _is(after, BlockKind.ITEM) and after is not None and max(after.level, 1) <= level
        while flat and self.leads and self.leads[-1].level == level:
            self.leads.pop()
        lower = after is not None and after.text[:1].islower()
        whole, tail = _split_lead(block.text)
        if whole:
            self._emit(block, whole, self._lead_text(), level)
        self.pending.append((tail, self._cuts_of(block, tail, self._lead_text(), level)))
        self.leads.append(_Lead(tail, level, flat=flat, lower=lower))
        self.runs_on = _is(after, BlockKind.PARAGRAPH)

    def _restate(self, block: Block, level: int) -> None:
        """Let fragments after "that they do not ..." go on under the same opening."""
        opening = _restatement(block.text)
        if opening is not None and block.text[:1].islower():
            self.leads.append(_Lead(opening, level, flat=True, lower=True))

    def _lead_text(self) -> str | None:
        parts = [lead.text for lead in self.leads]
        if self.carried is not None and not parts:
            parts = [self.carried]
        return " ".join(parts) or None

    def _level(self) -> int:
        return self.headings[-1][0] if self.headings else 0

    def _emit(self, block: Block, body: str, lead: str | None, depth: int) -> None:
        cuts = self._cuts_of(block, body, lead, depth)
        self._settle(lead or "")
        self.cuts += cuts

    def _settle(self, lead: str) -> None:
        for opened, unused in self.pending:
            if opened not in lead:
                self.cuts += unused
        self.pending = []

    def _cuts_of(self, block: Block, body: str, lead: str | None, depth: int) -> list[Cut]:
        section = tuple(text for _, text in self.headings)
        spans = _Spans.of(block, self.document)
        at = max(block.text.rfind(body), 0)
        cuts: list[Cut] = []
        for piece, own_lead in _pieces(body, lead):
            at = block.text.find(piece, at)
            lines = spans.lines(at, at + len(piece))
            at += len(piece)
            cuts.append(Cut(section, own_lead, piece, lines, depth))
        return cuts


def _next_of(blocks: tuple[Block, ...], at: int) -> Block | None:
    return next((b for b in blocks[at + 1 :] if b.kind is not BlockKind.REMAINDER), None)


def _is(block: Block | None, kind: BlockKind) -> bool:
    return block is not None and block.kind is kind


def _is_question(block: Block) -> bool:
    return block.text.endswith("?")


# --- lead-ins ----------------------------------------------------------------------------------


def _lead_of(text: str, after: Block | None) -> str | None:
    """Find the end of a paragraph that introduces what follows it."""
    if after is None:
        return None
    _, tail = _split_lead(text)
    colon = _ends_colon(tail)
    if after.kind is BlockKind.PARAGRAPH:
        return tail if colon and _goes_on(after) else None
    if after.kind is BlockKind.HEADING:
        return tail if colon and _ANNOUNCES.search(tail) else None
    open_ended = not re.search(r"""[.!?]["'”’)]*$""", tail)
    announced = _ANNOUNCES.search(tail) is not None and force.of_sentence(tail) is not None
    return tail if colon or open_ended or announced else None


def _split_lead(text: str) -> tuple[str, str]:
    """Part a paragraph's last sentence, with the one it leans on, from what stands before."""
    parts = list(sentences(text))
    tail = parts.pop()
    while parts and _leans(tail) and len(parts[-1]) + len(tail) < _TOGETHER:
        tail = f"{parts.pop()} {tail}"
    return text[: len(text) - len(tail)].rstrip(), tail


def _ends_colon(text: str) -> bool:
    return text.rstrip(" -–—").endswith(":")


def _goes_on(block: Block) -> bool:
    """Tell whether a lead-in introduced the paragraph: a fragment, a quotation, a command."""
    text = block.text
    if text[:1].islower() or text[:1] in "“\"‘'":
        return True
    return len(text) <= _TOGETHER and not _ends_colon(text) and force.stated(text) is None


def _opens_list(block: Block, after: Block | None) -> bool:
    if _is(after, BlockKind.PARAGRAPH) and after is not None:
        return _ends_colon(block.text) and _goes_on(after)
    if after is None or after.kind is not BlockKind.ITEM:
        return False
    if _ends_colon(block.text):
        return True
    deeper = max(after.level, 1) > max(block.level, 1)
    return deeper and _LEAD_END.search(block.text) is not None


def _restatement(text: str) -> str | None:
    found = _RESTATES.match(text)
    return found["opening"].strip() if found and " " in found["opening"].strip() else None


# --- pieces ------------------------------------------------------------------------------------


def _pieces(body: str, lead: str | None) -> list[tuple[str, str | None]]:
    """Cut one block into clauses, each with its lead-in."""
    done: list[tuple[str, str | None]] = []
    for group in _groups(body):
        for piece in short_enough(group, _LONG):
            done.append((piece, _lead_of_piece(piece, lead, done)))
    return done


def _lead_of_piece(piece: str, lead: str | None, done: list[tuple[str, str | None]]) -> str | None:
    """Give a later piece no lead-in if it states a rule of its own, save one that says "They"."""
    if not done:
        return lead
    if force.stated(piece) is None:
        return lead
    leans = _leans(piece) and _PRONOUN.match(piece) is not None
    return done[-1][0] if leans and len(done[-1][0]) <= _TOGETHER else None


def _groups(body: str) -> list[str]:
    groups: list[str] = []
    for sentence in sentences(body):
        if groups and _stays(groups[-1], sentence):
            groups[-1] = f"{groups[-1]} {sentence}"
        else:
            groups.append(sentence)
    return groups


def _stays(before: str, sentence: str) -> bool:
    together = len(before) + 1 + len(sentence)
    if len(sentence) < _MERGE and force.of_sentence(sentence) is None:
        return together <= _LONG
    if len(before) < _MERGE and force.of_sentence(before) is None:
        return together <= _TOGETHER and force.stated(sentence) is None
    return _leans(sentence) and together <= _TOGETHER and not _rules_otherwise(before, sentence)


def _rules_otherwise(before: str, sentence: str) -> bool:
    """Tell whether the sentence rules with another force than the one it leans on."""
    said, first = force.of_sentence(sentence), force.of_text(before, None)
    quiet = (None, Strength.INFORMATION)
    return said not in quiet and first not in quiet and said is not first


def _leans(sentence: str) -> bool:
    return _LEANS.match(sentence) is not None


# --- which lines a piece came from -------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Spans:
    """Where in a block's text each of its source lines ends."""

    ends: tuple[tuple[int, int], ...]  # (end of the line's words, line number)
    all: tuple[int, ...]

    @classmethod
    def of(cls, block: Block, document: Document) -> _Spans:
        if len(block.lines) < 2:
            return cls((), block.lines)
        ends: list[tuple[int, int]] = []
        at = 0
        for number in block.lines:
            words = fold(document.lines[number - 1]) if 0 < number <= len(document.lines) else ""
            if number == block.lines[0] and block.marker and words.startswith(block.marker):
                words = words[len(block.marker) :].strip()
            found = block.text.find(words, at)
            if not 0 <= found - at <= 1:
                return cls((), block.lines)
            at = found + len(words)
            ends.append((at, number))
        return cls(tuple(ends), block.lines)

    def lines(self, start: int, end: int) -> tuple[int, ...]:
        if not self.ends or start < 0:
            return self.all
        begins = [0, *(at for at, _ in self.ends)]
        return (
            tuple(
                number
                for begin, (stop, number) in zip(begins, self.ends, strict=False)
                if begin < end and stop > start
            )
            or self.all
        )
