"""The numbers a document prints before its headings and paragraphs, and where they leave something out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from bot.policy.model import BlockKind, Document

NAME = "numbering"  # what the policy file calls a break in the numbers of paragraphs
NUMBER = re.compile(
    r"(?:section |part |article |chapter )?(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})(?:[.):–-]|\s|$)",
    re.IGNORECASE,
)
_MARKER = re.compile(r"\(?(?P<number>\d{1,2}(?:\.\d{1,2}){1,3})[.)]?$")
_PRINTED = re.compile(r"\(?(?P<number>\d{1,2}(?:\.\d{1,2}){1,3})[.)]?\s+(?=\S)")
_LISTED = re.compile(r"\(?(?P<mark>\d{1,2}|[a-z]|[ivx]{2,4})[.)]$", re.IGNORECASE)
_LETTERED = re.compile(r"(?P<what>appendix|annex|schedule)\s+(?P<mark>[A-Z]|\d{1,2})\b", re.IGNORECASE)  # fmt: skip
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv")

Number = tuple[int, ...]


def number_of(text: str) -> Number | None:
    """The number a heading begins with: "5.2 Scope" is (5, 2)."""
    found = NUMBER.match(text)
    return _parts(found["number"]) if found else None


def paragraph_number(text: str) -> Number | None:
    """The number a paragraph begins with, of two parts or more: "8.7 Staff must not …" is (8, 7)."""
    found = _PRINTED.match(text)
    return _parts(found["number"]) if found else None


def without_number(text: str) -> str:
    """A paragraph without the number printed before it."""
    found = _PRINTED.match(text)
    return text[found.end() :] if found else text


def bare(heading: str) -> str:
    """The words of a heading, in lower case, without its number or punctuation."""
    return " ".join(re.findall(r"[a-z]+", heading.lower()))


def breaks(numbers: Sequence[Number]) -> Iterator[tuple[Number, Number]]:
    """Neighbours at one level of which the second does not follow the first."""
    last: dict[Number, Number] = {}
    for number in numbers:
        over = number[:-1]
        before = last.get(over)
        if before is not None and number[-1] != before[-1] + 1:
            yield before, number
        last[over] = number


def lettered_breaks(headings: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Appendices that do not follow each other: "Appendix A", then "Appendix C"."""
    last: dict[str, tuple[int, str]] = {}
    for heading in headings:
        if found := _LETTERED.match(heading):
            what, mark = found["what"].lower(), found["mark"]
            at = int(mark) if mark.isdigit() else ord(mark.upper())
            before = last.get(what)
            if before is not None and at > before[0] + 1 and mark.isdigit() == before[1].isdigit():
                yield f"{what.capitalize()} {before[1]}", f"{what.capitalize()} {mark}"
            last[what] = at, mark


def kept_breaks(document: Document) -> Iterable[tuple[str, str]]:
    """Breaks among numbered paragraphs and items: a policy file does not keep the numbers themselves."""
    numbers: list[Number] = []
    for block in document.blocks:
        if block.kind is BlockKind.REMAINDER:
            continue
        marked = _MARKER.match(block.marker)
        number = _parts(marked["number"]) if marked else None
        if number is None and not block.marker:
            heads = block.kind is BlockKind.HEADING
            number = number_of(block.text) if heads else paragraph_number(block.text)
        # Headings with one number stand in the policy file themselves
        if number is not None and len(number) > 1:
            numbers.append(number)
    told = [f"{written(a)} is followed by {written(b)}" for a, b in breaks(_said_once(numbers))]
    told += [f"{a} is followed by {b}" for a, b in _breaks_in_lists(document)]
    return [(NAME, words) for words in dict.fromkeys(told)]


def _said_once(numbers: Sequence[Number]) -> list[Number]:
    """Without a list of contents: numbers that run through the document once before they begin again."""
    first: dict[Number, int] = {}
    for at, number in enumerate(numbers):
        if number[-1] == 1 and number in first and first[number] < at:
            return _said_once(numbers[at:])
        first.setdefault(number, at)
    return list(numbers)


def _breaks_in_lists(document: Document) -> Iterator[tuple[str, str]]:
    """Markers of a list that leave one out: "(a)", "(b)", "(d)"."""
    last: dict[tuple[int, str], tuple[int, str]] = {}
    for block in document.blocks:
        if block.kind is BlockKind.HEADING:
            last.clear()
        found = _LISTED.match(block.marker) if block.kind is BlockKind.ITEM else None
        if found is None:
            continue
        mark = found["mark"].lower()
        for style, at in _styles(mark):
            before = last.get((block.level, style))
            if at == 1:
                last = {k: v for k, v in last.items() if k[0] < block.level}
            elif before is not None and at == before[0] + 2:
                yield before[1], block.marker
            if at == 1 or before is not None:
                last[block.level, style] = at, block.marker
                break


def _styles(mark: str) -> Iterator[tuple[str, int]]:
    """What a marker may count in: "i" is the first of its kind, or the ninth letter."""
    if mark.isdigit():
        yield "number", int(mark)
        return
    if len(mark) == 1 and mark != "i":
        yield "letter", ord(mark) - ord("a") + 1
    if mark in _ROMAN:
        yield "roman", _ROMAN.index(mark) + 1
    if mark == "i":
        yield "letter", 9


def written(number: Number) -> str:
    """A number as policies print it."""
    return ".".join(map(str, number))


def _parts(text: str) -> Number:
    return tuple(int(part) for part in text.strip(".").split("."))
