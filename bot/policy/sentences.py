"""Plain text into sentences: careful with abbreviations, initials, numbers and quotation marks."""

from __future__ import annotations

import re

LONGEST = 900  # no piece of text is ever longer than this

_ABBREVIATIONS = frozenset(
    word
    for line in (
        "e.g i.e eg ie etc cf vs viz al mr mrs ms miss dr prof rev st no nos para paras",
        "sec fig figs ref p pp vol ed eds dept approx est tel ext inc ltd l.a h.t p.e r.e",
        "a.m p.m",
    )
    for word in line.split()
)
# "etc." and "p.m." do end sentences; the others hardly ever do
_MAY_END = frozenset({"etc", "al", "a.m", "p.m", "inc", "ltd", "l.a", "h.t", "p.e", "r.e", "no"})
_END = re.compile(r"""[.!?…]+[)\]"'”’»]*(?=\s+["'“‘«(\[]*[A-Z0-9À-Þ])""")
_LAST_WORD = re.compile(r"""([^\s("'“‘\[/]+)$""")
_INITIAL = re.compile(r"^(?:[A-Z]\.)*[A-Z]$")
_SEMICOLON = re.compile(r";\s+")
_COMMA = re.compile(r",\s+")
_SPACE = re.compile(r"\s+")


def fold(text: str) -> str:
    """Keep the words and fold the white space."""
    return " ".join(text.split())


def sentences(text: str) -> tuple[str, ...]:
    """Split `text` into its sentences in order; joined by single spaces they are `text` again."""
    pieces: list[str] = []
    start = 0
    for match in _END.finditer(text):
        if text[match.start()] == "." and not _ends_sentence(text, match):
            continue
        pieces.append(text[start : match.end()].strip())
        start = match.end()
    pieces.append(text[start:].strip())
    return tuple(piece for piece in pieces if piece)


def short_enough(text: str, longest: int = LONGEST) -> tuple[str, ...]:
    """`text` in pieces no longer than `longest`: cut at semicolons, then commas, then spaces."""
    if len(text) <= longest:
        return (text,)
    for pattern in (_SEMICOLON, _COMMA, _SPACE):
        at = _nearest_middle(text, pattern, longest)
        if at is not None:
            head, tail = text[:at].strip(), text[at:].strip()
            return short_enough(head, longest) + short_enough(tail, longest)
    return (text[:longest], *short_enough(text[longest:], longest))


def _nearest_middle(text: str, pattern: re.Pattern[str], longest: int) -> int | None:
    ends = [match.end() for match in pattern.finditer(text)]
    inside = [end for end in ends if 0 < end < len(text)]
    if not inside:
        return None
    return min(inside, key=lambda end: abs(end - min(len(text) / 2, longest * 0.8)))


def _ends_sentence(text: str, match: re.Match[str]) -> bool:
    if match.group().startswith(("..", "….")):
        return True
    found = _LAST_WORD.search(text, 0, match.start())
    if found is None:
        return True
    word = found.group(1)
    lower = word.lower()
    if lower in _MAY_END:
        return not text[match.end() :].lstrip()[:1].isdigit()
    if lower in _ABBREVIATIONS or _INITIAL.match(word):
        return False
    return not (word.isdigit() and len(word) <= 2 and found.start(1) == 0)
