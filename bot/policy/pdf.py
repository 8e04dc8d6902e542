"""A PDF read into lines as its pages show them, and those into blocks; page furniture is set aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bot.errors import BadDocument
from bot.policy import plaintext
from bot.policy.model import Block, BlockKind

if TYPE_CHECKING:
    from pypdf import PageObject


def read(data: bytes, name: str) -> tuple[tuple[str, ...], list[Block]]:
    """The lines and blocks of the PDF `data` of a file called `name`; BadDocument where it has none."""
    import io
    import logging

    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, WrongPasswordError

    if b"%PDF-" not in data[:1024]:
        raise BadDocument(
            f"{name} is not a PDF: open it and save it as .pdf again, or import the Word document"
        )
    # pypdf tells the log of every small fault; what matters is said in one line below
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    locked = f"{name} is password-protected: take the password off and import it again"
    try:
        pdf = PdfReader(io.BytesIO(data))
        if pdf.is_encrypted and not pdf.decrypt(""):
            raise BadDocument(locked)
        pages = [_page_lines(page) for page in pdf.pages]
    except (DependencyError, FileNotDecryptedError, WrongPasswordError) as e:
        raise BadDocument(locked) from e
    if not any(line.strip() for page in pages for line in page):
        raise BadDocument(
            f"{name} is a scan without text: import the document it was made from, "
            "or run text recognition on it first"
        )
    lines: list[str] = []
    aside: dict[int, str] = {}  # line numbers that are no text of the policy, and why
    body: list[int] = []  # line numbers to read as text; 0 where a paragraph ends
    for number, (page, extra) in enumerate(zip(pages, _furniture(pages), strict=True), start=1):
        if not any(line.strip() for line in page):
            if _has_pictures(pdf.pages[number - 1]):
                lines.append(f"[page {number}: a picture with no text that can be read]")
                aside[len(lines)] = "picture"
            continue
        own = [index for index, line in enumerate(page) if line.strip() and index not in extra]
        for index, line in enumerate(page):
            lines.append(line)
            if index in extra:
                aside[len(lines)] = "page furniture"
            elif line.strip():
                # A sentence that the page's end cuts goes on overleaf, whatever stands between
                if index == own[0] and body and lines[body[-1] - 1].rstrip()[-1] in ".!?:;":
                    body.append(0)
                body.append(len(lines))
            elif own and own[0] < index < own[-1] and body and body[-1]:
                body.append(0)
    found = plaintext.blocks([lines[number - 1] if number else "" for number in body])
    blocks = [replace(block, lines=tuple(body[at - 1] for at in block.lines)) for block in found]
    blocks += [
        Block(BlockKind.REMAINDER, " ".join(lines[number - 1].split()), (number,), why=why)
        for number, why in aside.items()
    ]
    blocks.sort(key=lambda block: block.lines)
    return tuple(lines), blocks


def _page_lines(page: PageObject) -> list[str]:
    """The lines of a page, with blank lines and indents where the page shows them."""
    text = ""
    try:
        text = page.extract_text(extraction_mode="layout")
    except Exception:  # noqa: BLE001  it gives up on some fonts that the plain reader can read
        text = ""
    plain = page.extract_text()
    # and it leaves turned or odd text out without a word
    if len("".join(text.split())) < 0.98 * len("".join(plain.split())):
        text = plain
    # WinAnsi fonts show a bullet for their unused codes, which arrive as DEL
    text = text.replace("\t", "    ").replace("\x7f", "•")
    text = "".join(c if c == "\n" or c >= " " else " " for c in text)
    heads = _heads(page)
    lines: list[str] = []
    for line in text.splitlines():
        head = " ".join(line.split()) in heads
        # Bold or large lines stand apart even where the page leaves no gap
        if lines and lines[-1].strip() and head != (" ".join(lines[-1].split()) in heads):
            lines.append("")
        lines.append(line.rstrip())
    return lines


def _heads(page: PageObject) -> set[str]:
    """The lines of a page that are all in bold, or larger than most of its text."""
    rows: dict[int, list[tuple[str, float, bool]]] = {}

    def see(text: str, cm: Sequence[float], tm: Sequence[float], font: Any, size: float) -> None:
        if text.strip():
            bold = "bold" in str((font or {}).get("/BaseFont", "")).lower()
            real = round(size * abs(tm[3] or 1) * abs(cm[3] or 1), 1)
            rows.setdefault(round(cm[5] + tm[5] * cm[3]), []).append((text, real, bold))

    try:
        page.extract_text(visitor_text=see)
    except Exception:  # noqa: BLE001  without it headings are told by their words alone
        return set()
    sizes: Counter[float] = Counter()
    for row in rows.values():
        for text, size, _ in row:
            sizes[size] += len(text)
    most = sizes.most_common(1)[0][0] if sizes else 0
    return {
        " ".join("".join(text for text, _, _ in row).split())
        for row in rows.values()
        if all(bold or size > most * 1.1 for _, size, bold in row)
    }


def _has_pictures(page: PageObject) -> bool:
    try:
        return any(True for _ in page.images)
    except Exception:  # noqa: BLE001  a damaged picture is still a picture
        return True


_PAGE_NUMBER = re.compile(
    r"(?:page|p\.?)?\s*[-–|]?\s*(?:\d{1,3}|[ivx]{1,5})\s*(?:(?:of|/)\s*\d{1,3})?\s*[-–|]?",
    re.IGNORECASE,
)
_EDGE = 4  # how many lines at the top or foot of a page may be furniture


def _furniture(pages: Sequence[Sequence[str]]) -> list[set[int]]:
    """For each page the indices of its page numbers and of lines that repeat at that edge."""

    def plain(line: str) -> str:
        return re.sub(r"\d+", "#", " ".join(line.split()).lower())

    edges = []
    for page in pages:
        filled = [i for i, line in enumerate(page) if line.strip()]
        edges.append((filled[:_EDGE], filled[::-1][:_EDGE]))
    with_text = sum(1 for page in pages if any(line.strip() for line in page))
    found: list[set[int]] = [set() for _ in pages]
    for side in (0, 1):
        seen = Counter(
            text
            for page, edge in zip(pages, edges, strict=True)
            for text in {plain(page[i]) for i in edge[side]}
        )
        for number, page in enumerate(pages):
            for index in edges[number][side]:
                line = page[index].strip()
                repeated = with_text > 1 and seen[plain(line)] >= max(2, 0.6 * with_text)
                if not repeated and not _PAGE_NUMBER.fullmatch(line):
                    break  # furniture stands outside the text, so the first line of text ends it
                found[number].add(index)
    return found
