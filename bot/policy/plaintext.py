"""Plain text into blocks: headings, paragraphs and list items that carry no mark-up.

`blocks` reads the text in three passes: lines into stretches (a sentence broken over lines or over
a page is one stretch), stretches into kinds, and the kinds into levels. It knows how documents are
laid out and nothing of what any one school's policy says.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.policy import layout
from bot.policy.model import Block, BlockKind
from bot.policy.sentences import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.policy.layout import Marker

_FURNITURE_LENGTH = 90  # a running header or footer is no longer than this
_FURNITURE_TIMES = 3
_UNWRAPPED_LENGTH = 160  # a line longer than this was not wrapped by hand or by a page
_FULL_LINE = 0.78  # of the page's width


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    text: str
    indent: int
    tabbed: bool
    gap: bool  # a blank line stands before it


@dataclass(frozen=True, slots=True)
class _Stretch:
    """One or more lines that belong together, with what stood before them."""

    text: str
    numbers: tuple[int, ...]
    indent: int
    gap: bool
    marker: Marker | None = None
    why: str = ""  # set: a remainder
    last: str = ""  # its last line, for the width


@dataclass(frozen=True, slots=True)
class _Kinded:
    stretch: _Stretch
    kind: BlockKind
    why: str = ""


def blocks(lines: Sequence[str]) -> tuple[Block, ...]:
    """Read a plain text into blocks; every line that is not blank is in exactly one of them."""
    stretches = _stretches(_lines(lines))
    return _levels(_titles(_kinds(stretches)))


# --- lines into stretches ----------------------------------------------------------------------


def _lines(lines: Sequence[str]) -> list[_Line]:
    found: list[_Line] = []
    gap = True
    for number, raw in enumerate(lines, start=1):
        text = fold(raw)
        if not text:
            gap = True
            continue
        expanded = raw.expandtabs(4)
        indent = len(expanded) - len(expanded.lstrip())
        found.append(_Line(number, text, indent, layout.has_columns(raw), gap))
        gap = False
    return found


def _stretches(lines: list[_Line]) -> list[_Stretch]:
    running = _running_lines(lines)
    width = _page_width(lines)
    done: list[_Stretch] = []
    open_at: int | None = None  # the stretch that the next line may continue
    for line in lines:
        if layout.is_page_furniture(line.text) or line.text in running:
            done.append(_remainder(line, "page furniture"))
            continue
        if open_at is not None and _continues(done[open_at], line, width):
            done[open_at] = _joined(done[open_at], line)
            continue
        fresh = _fresh(line)
        done.append(fresh)
        open_at = None if fresh.why else len(done) - 1
    return done


def _running_lines(lines: list[_Line]) -> frozenset[str]:
    times = Counter(line.text for line in lines if len(line.text) <= _FURNITURE_LENGTH)
    return frozenset(
        text
        for text, count in times.items()
        if count >= _FURNITURE_TIMES
        and layout.marker_of(text) is None
        and not layout.reads_as_sentence(text)
        and not text.endswith(":")
    )


def _page_width(lines: list[_Line]) -> int | None:
    """How wide the page is if its paragraphs were wrapped into lines; None if they were not."""
    lengths = sorted(line.indent + len(line.text) for line in lines)
    if len(lengths) < 6 or lengths[-1] > _UNWRAPPED_LENGTH:
        return None
    width = lengths[int(len(lengths) * 0.95)] if len(lengths) >= 20 else lengths[-1]
    return width if width >= 50 else None


def _remainder(line: _Line, why: str) -> _Stretch:
    return _Stretch(line.text, (line.number,), line.indent, line.gap, why=why, last=line.text)


def _fresh(line: _Line) -> _Stretch:
    why = layout.remainder_of(line.text, tabbed=line.tabbed)
    if why:
        return _remainder(line, why)
    marker = layout.marker_of(line.text)
    text = line.text if marker is None else line.text[len(marker.printed) :].strip()
    return _Stretch(text, (line.number,), line.indent, line.gap, marker=marker, last=line.text)


def _continues(before: _Stretch, line: _Line, width: int | None) -> bool:
    if line.tabbed or layout.remainder_of(line.text, tabbed=False):
        return False
    if layout.marker_of(line.text) is not None:
        return False
    if not before.text:  # a bullet alone on its line
        return True
    goes_on = layout.starts_lower(line.text) and not layout.ends_whole(before.text)
    if goes_on and not layout.is_bare_heading(before.text, before.marker):
        return True
    if line.gap:
        return False
    if before.marker is not None and line.indent >= before.indent + 2:
        return not layout.ends_lead(before.text)
    return width is not None and _is_full(before, line, width)


def _is_full(before: _Stretch, line: _Line, width: int) -> bool:
    """Tell whether the next line's first word would not have fitted on the line before."""
    first = line.text.split(" ", 1)[0]
    length = before.indent + len(before.last)
    if layout.ends_lead(before.text):
        return False
    slack = 0.9 if layout.ends_whole(before.text) else _FULL_LINE
    return length + 1 + len(first) > width * slack and length > width * 0.6


def _joined(before: _Stretch, line: _Line) -> _Stretch:
    hyphen = layout.ends_with_hyphen(before.text)
    between = "" if hyphen or not before.text else " "
    return replace(
        before,
        text=before.text + between + line.text,
        numbers=(*before.numbers, line.number),
        last=line.text,
    )


# --- stretches into kinds ----------------------------------------------------------------------


def _kinds(stretches: list[_Stretch]) -> list[_Kinded]:
    done: list[_Kinded] = []
    for at, stretch in enumerate(stretches):
        before = next((kinded for kinded in reversed(done) if not _is_furniture(kinded)), None)
        after = next((other for other in stretches[at + 1 :] if not other.why), None)
        done.append(_kind(stretch, before, after))
    return done


def _is_furniture(kinded: _Kinded) -> bool:
    return kinded.why == "page furniture"


def _kind(stretch: _Stretch, before: _Kinded | None, after: _Stretch | None) -> _Kinded:
    if stretch.why:
        return _Kinded(stretch, BlockKind.REMAINDER, stretch.why)
    if not re.search(r"\w", stretch.text):
        return _Kinded(stretch, BlockKind.REMAINDER, "marks")
    if _belongs_to_details(stretch, before):
        return _Kinded(stretch, BlockKind.REMAINDER, before.why if before else "")
    if _is_heading(stretch, before, after):
        return _Kinded(stretch, BlockKind.HEADING)
    if stretch.marker is not None and not stretch.marker.is_paragraph_number:
        return _Kinded(stretch, BlockKind.ITEM)
    if stretch.marker is None and _is_unmarked_item(stretch, before):
        return _Kinded(stretch, BlockKind.ITEM)
    return _Kinded(stretch, BlockKind.PARAGRAPH)


def _belongs_to_details(stretch: _Stretch, before: _Kinded | None) -> bool:
    """Know a short line that touches a line of dates or signatures, such as a committee's name."""
    return (
        before is not None
        and before.why in layout.DETAILS
        and not stretch.gap
        and stretch.marker is None
        and layout.is_short_label(stretch.text)
    )


def _is_unmarked_item(stretch: _Stretch, before: _Kinded | None) -> bool:
    """Know a line of a list that lost its bullets by the semicolons that its lines end in."""
    if before is None or stretch.gap or before.kind is BlockKind.HEADING:
        return False
    introduced = before.kind is BlockKind.PARAGRAPH and layout.ends_lead(before.stretch.text)
    running = before.kind is BlockKind.ITEM and before.stretch.marker is None
    if introduced:
        return stretch.text.endswith((";", ","))
    return running and before.stretch.text.rstrip(" andor").endswith((";", ","))


def _is_heading(stretch: _Stretch, before: _Kinded | None, after: _Stretch | None) -> bool:
    if after is None:
        return False
    text, marker = stretch.text, stretch.marker
    if marker is None:
        return _is_plain_heading(stretch, before, after)
    if marker.is_symbol or not layout.could_head(text) or layout.starts_lower(text):
        return False
    if marker.style == "dotted":
        return not layout.reads_as_sentence(text) and not _introduces(text, after)
    if after.marker is not None and after.marker.style == marker.style:
        return False
    if before is not None and layout.ends_lead(before.stretch.text) and _same_list(before, marker):
        return False
    if after.marker is not None and after.marker.is_symbol:
        return not layout.has_duty(text)
    return not layout.reads_as_sentence(text)


def _same_list(before: _Kinded, marker: Marker) -> bool:
    """Keep to the list: an introduced numbered list starts at its first number."""
    return before.kind is BlockKind.PARAGRAPH and not marker.is_first


def _is_plain_heading(stretch: _Stretch, before: _Kinded | None, after: _Stretch) -> bool:
    text = stretch.text
    if layout.is_question(text):
        return True
    if not layout.could_head(text) or layout.starts_lower(text) or _introduces(text, after):
        return False
    if layout.is_title_case(text):
        return True
    if layout.reads_as_sentence(text):
        return False
    return stretch.gap or before is None or layout.ends_whole(before.stretch.text)


def _introduces(text: str, after: _Stretch) -> bool:
    """Tell whether this line opens the sentence that the list after it goes on with."""
    if layout.announces(text) or layout.is_left_open(text):
        return True
    if after.marker is None or after.marker.style == "dotted":
        return False
    if text.endswith(":"):
        return layout.opens_sentence(text)
    return layout.starts_lower(after.text) or layout.starts_with_duty(after.text)


# --- titles ------------------------------------------------------------------------------------


def _titles(kinded: list[_Kinded]) -> list[_Kinded]:
    """Make a title of the headings before the body that name the school and the document."""
    done = list(kinded)
    heads: list[int] = []
    for at, each in enumerate(kinded):
        if each.kind is BlockKind.HEADING and each.stretch.marker is None:
            heads.append(at)
        elif each.kind is not BlockKind.REMAINDER:
            break
    body_heading = heads[-1:] if len(heads) > 1 else []
    for at in heads:
        text = kinded[at].stretch.text
        if layout.names_school(text):
            done[at] = _Kinded(kinded[at].stretch, BlockKind.REMAINDER, "school name")
        elif layout.names_document(text) and at not in body_heading:
            done[at] = _Kinded(kinded[at].stretch, BlockKind.REMAINDER, "title")
    return done


# --- levels ------------------------------------------------------------------------------------


def _levels(kinded: list[_Kinded]) -> tuple[Block, ...]:
    base = _least_number(kinded)
    heading_level = 0
    numbered_level = 0
    stack: list[tuple[int, str]] = []
    done: list[Block] = []
    for each in kinded:
        stretch, marker = each.stretch, each.stretch.marker
        level = 0
        if each.kind is BlockKind.HEADING:
            level = _heading_level(stretch, base, heading_level, numbered_level)
            if marker is None or marker.style in ("dotted", "decimal"):
                heading_level = level
                numbered_level = level if marker is not None else numbered_level
            stack = []
        elif each.kind is BlockKind.ITEM:
            stack = _nested(stack, stretch)
            level = len(stack)
        elif each.kind is BlockKind.PARAGRAPH:
            stack = []
        done.append(_block(each, level))
    return tuple(done)


def _least_number(kinded: list[_Kinded]) -> int:
    depths = [
        each.stretch.marker.depth
        for each in kinded
        if each.kind is BlockKind.HEADING
        and each.stretch.marker is not None
        and each.stretch.marker.style in ("dotted", "decimal")
    ]
    return min(depths, default=1)


def _heading_level(stretch: _Stretch, base: int, last: int, numbered: int) -> int:
    marker = stretch.marker
    if marker is not None and marker.style in ("dotted", "decimal"):
        return min(1 + marker.depth - base, 6)
    if marker is not None:
        return min(last + 1, 6)
    if layout.names_annex(stretch.text):
        return 1
    if numbered or (stretch.text.endswith(":") and last):
        return min(max(numbered, 1) + 1, 6)
    return 1


def _nested(stack: list[tuple[int, str]], stretch: _Stretch) -> list[tuple[int, str]]:
    """List the open lists, outermost first, with this item's own list last."""
    style = "none" if stretch.marker is None else stretch.marker.style
    if (
        stack
        and stretch.marker is not None
        and stretch.marker.printed == "i."
        and (stack[-1][1] == "alpha")
    ):
        style = "alpha"
    for depth in range(len(stack) - 1, -1, -1):
        indent, known = stack[depth]
        if known == style and abs(indent - stretch.indent) <= 1:
            return stack[: depth + 1]
    while stack and stretch.indent < stack[-1][0] - 1:
        stack = stack[:-1]
    if stack and stack[-1][1] == style and stretch.indent <= stack[-1][0] + 1:
        return stack
    return [*stack, (stretch.indent, style)]


def _block(each: _Kinded, level: int) -> Block:
    stretch = each.stretch
    printed = "" if stretch.marker is None else stretch.marker.printed.strip()
    if each.kind in (BlockKind.HEADING, BlockKind.REMAINDER):
        text = fold(f"{printed} {stretch.text}")
        return Block(each.kind, text, stretch.numbers, level=level, why=each.why)
    return Block(each.kind, stretch.text, stretch.numbers, level=level, marker=printed)
