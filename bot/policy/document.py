"""A policy document of any kind, read into lines and blocks that leave nothing out.

`load` is the door. Plain text goes to `plaintext`; a PDF becomes lines first; Word and Markdown
become HTML first, so that lists, tables and headings are read in one place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.errors import BadDocument
from bot.policy import layout
from bot.policy.model import Block, BlockKind, Document

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement
    from pypdf import PageObject

LARGEST = 20 * 1024 * 1024
SUFFIXES = (".txt", ".md", ".markdown", ".docx", ".pdf", ".html", ".htm")


def load(path: Path) -> Document:
    """The document at `path`; every non-blank line of its `lines` is in exactly one of its blocks.

    Raises BadDocument, one line that says what is wrong and what to do, where it cannot be read.
    """
    name = _one_line(path)
    data = _bytes(path, name)
    readers: dict[str, Callable[[bytes, str], Document]] = {
        ".txt": _from_text,
        ".md": _from_markdown,
        ".markdown": _from_markdown,
        ".docx": _from_docx,
        ".pdf": _from_pdf,
        ".html": _from_html,
        ".htm": _from_html,
    }
    try:
        document = readers[path.suffix.lower()](data, name)
    except BadDocument:
        raise
    except RecursionError as e:
        raise BadDocument(f"{name} is nested too deeply to be read: save it again as .docx") from e
    except Exception as e:  # the libraries raise anything on a damaged file
        raise BadDocument(
            f"{name} is damaged or not really a {path.suffix.lower()} file: "
            "open it, save it again and import that"
        ) from e
    if not any(line.strip() for line in document.lines):
        raise BadDocument(f"{name} has no text in it: check that it is the right file")
    return document


def _one_line(path: Path) -> str:
    return " ".join(str(path).split())


def _bytes(path: Path, name: str) -> bytes:
    suffix = path.suffix.lower()
    try:
        if not path.exists():
            raise BadDocument(f"{name} is not there: check the name of the file")
        if path.is_dir():
            raise BadDocument(f"{name} is a folder: name one document in it")
        if not path.is_file():
            raise BadDocument(f"{name} is not an ordinary file: name a document")
        if suffix not in SUFFIXES:
            kinds = ", ".join(SUFFIXES)
            raise BadDocument(f"{name} is not one of {kinds}: save the policy as one of these")
        size = path.stat().st_size
        if size > LARGEST:
            megabytes = size // (1024 * 1024)
            raise BadDocument(
                f"{name} is {megabytes} MB and the most is 20 MB: "
                "take the pictures out, or save the text alone"
            )
        data = path.read_bytes()
    except (OSError, ValueError) as e:
        reason = getattr(e, "strerror", None) or "bad file name"
        raise BadDocument(
            f"{name} cannot be read ({reason}): check the name and who may open it"
        ) from e
    if not data.strip():
        raise BadDocument(f"{name} is empty: check that it is the right file")
    for start, kind, ours in _SIGNATURES:
        if data.startswith(start) and suffix not in ours:
            if not ours:
                raise BadDocument(
                    f"{name} is {kind}: open it in Word, take off any password and save it as .docx"
                )
            raise BadDocument(f"{name} is really {kind}: rename it to end in {ours[0]}")
    return data


_SIGNATURES: tuple[tuple[bytes, str, tuple[str, ...]], ...] = (
    (b"%PDF-", "a PDF", (".pdf",)),
    (b"PK\x03\x04", "a Word document or other packed file", (".docx",)),
    # Word wraps a password-protected .docx in the same container as an old .doc
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "password-protected or an old .doc", ()),
    (b"{\\rtf", "rich text (.rtf)", ()),
)


# Plain text


def _from_text(data: bytes, name: str) -> Document:
    from bot.policy import plaintext

    lines = tuple(_decode(data, name).splitlines())
    return _with_title(lines, plaintext.blocks(lines))


def _with_title(lines: tuple[str, ...], blocks: Iterable[Block]) -> Document:
    ordered = tuple(blocks)
    title = next((block.text for block in ordered if block.why == "title"), None)
    return Document(lines, ordered, title)


def _decode(data: bytes, name: str) -> str:
    """The text of `data`: what its byte order mark says, else UTF-8, else the Windows code page."""
    text = None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", errors="replace")
    elif data.count(0) * 4 > len(data):
        # UTF-16 without its mark: English has a zero in every other byte
        text = data.decode("utf-16-le" if data[1:2] == b"\0" else "utf-16-be", errors="replace")
    else:
        for encoding in ("utf-8-sig", "cp1252"):
            try:
                text = data.decode(encoding)
                break
            except UnicodeDecodeError:
                continue
    if text is None or _junk(text):
        raise BadDocument(f"{name} is not text: save the policy as .docx, .pdf or plain text")
    return text.replace("\ufeff", "")


def _junk(text: str) -> bool:
    strange = sum(1 for c in text if c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v"))
    return strange * 50 > len(text)


# HTML, and what is turned into it


def _from_html(data: bytes, name: str) -> Document:
    return _html(_decode(data, name))


def _from_markdown(data: bytes, name: str) -> Document:
    from markdown_it import MarkdownIt

    text = _decode(data, name).replace("\r\n", "\n").replace("\r", "\n")
    front: list[str] = []
    matter = re.match(r"---[ \t]*\n(.*?\n)?---[ \t]*(\n|\Z)", text, re.DOTALL)
    if matter and re.match(r"\w[\w ]*:", (matter.group(1) or "").strip()):
        front = text[: matter.end()].splitlines()
        text = text[matter.end() :]
    # "<name of school>" is a gap someone left to be filled, not mark-up
    text = re.sub(rf"<(?=[A-Za-z][\w ]*>)(?!(?:{_KNOWN_TAGS})\b)", "&lt;", text)
    reader = _Reader()
    for line in front:
        reader.add(BlockKind.REMAINDER, line, why="front matter")
    return _html(MarkdownIt("commonmark").enable("table").render(text), reader)


_KNOWN_TAGS = (
    "a|abbr|b|blockquote|br|code|del|details|div|em|h[1-6]|hr|i|ins|kbd|li|mark|ol|p|pre|s|"
    "small|span|strike|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul"
)

_WORD_STYLES = "\n".join(
    [
        "p[style-name='Title'] => h1.title:fresh",
        "p[style-name='Subtitle'] => p:fresh",
        "p[style-name='TOC Heading'] => p.contents:fresh",
        *(f"p[style-name='toc {n}'] => p.contents:fresh" for n in range(1, 10)),
        *(f"p[style-name='heading {n}'] => h6:fresh" for n in (7, 8, 9)),
        # these built-in styles say their depth only in their name
        *(
            f"p[style-name='List {style} {n}'] => {'ul|ol > li > ' * (n - 1)}{tag} > li:fresh"
            for style, tag in (("Bullet", "ul"), ("Number", "ol"))
            for n in (2, 3)
        ),
    ]
)


def _from_docx(data: bytes, name: str) -> Document:
    import io
    import zipfile

    import mammoth

    unreadable = f"{name} is not a Word document: open it in Word and save it as .docx"
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            inside = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as e:
        raise BadDocument(unreadable) from e
    if not any(part.filename.startswith("word/") for part in inside):
        raise BadDocument(unreadable)
    if sum(part.file_size for part in inside if part.filename.endswith(".xml")) > 8 * LARGEST:
        raise BadDocument(f"{name} unpacks to more than can be read: save the text alone as .docx")
    result = mammoth.convert_to_html(
        io.BytesIO(data),
        style_map=_WORD_STYLES,
        include_embedded_style_map=False,
        convert_image=mammoth.images.img_element(lambda _image: {}),
    )
    return _html(str(result.value))


def _html(text: str, reader: _Reader | None = None) -> Document:
    import warnings

    from bs4 import BeautifulSoup

    reader = reader or _Reader()
    with warnings.catch_warnings():
        # it warns of pages that look like an address or like XML, and reads them all the same
        warnings.simplefilter("ignore", UserWarning)
        soup = BeautifulSoup(text, "html.parser")
    reader.read(soup)
    named = soup.find_all("title")[:1]
    # "Social media policy | Hill School": the site's name is not the policy's
    page_title = re.split(r"\s+[|»·]\s+", _words(named[0]))[0] if named else ""
    return reader.document(page_title or None)


_BLOCK_TAGS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "button",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "label",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "textarea",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)
_NOT_TEXT = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "noscript",
        "svg",
        "math",
        "iframe",
        "object",
        "canvas",
        "audio",
        "video",
    ]
)
_MENU_TAGS = frozenset(["nav", "footer", "aside", "form", "button", "select", "dialog", "menu"])
_MENU_ROLES = frozenset(
    [
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "complementary",
        "dialog",
        "menu",
        "menubar",
        "toolbar",
    ]
)
_MENU_NAME = re.compile(
    r"(?:^|[-_])(?:nav|navbar|navigation|menus?|breadcrumbs?|cookies?|cookieconsent|"
    r"sidebar|footer|masthead|skiplinks?|skip|pagination|share|sharing|topbar)(?:[-_]|$)",
    re.IGNORECASE,
)
_DOT = "•·●▪◦‣∙■□➢✓✔\uf0b7\uf0a7"
_DOTTED = re.compile(rf"([{_DOT}])\s+(.*)", re.DOTALL)
_BREAK = "\v"
_CONTROLS = {n: " " for n in range(32) if n != 10}


@dataclass(frozen=True, slots=True)
class _At:
    """Where the walk through a page is."""

    depth: int = 0  # of lists
    why: str = ""  # set inside what is not the policy
    bold: bool = False
    main: bool = False  # inside main or article: a header there is the policy's own


class _Reader:
    """Walks a parsed page and keeps one line and one block for each stretch of text."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._blocks: list[Block] = []
        self._buffer: list[tuple[str, bool]] = []
        self._marker = ""
        self._heading = 0  # level of the last real heading
        self._seen_h1 = False
        self._all_text = 1
        self._named_title: int | None = None  # index of a block styled as the title

    def add(
        self, kind: BlockKind, text: str, *, level: int = 0, marker: str = "", why: str = ""
    ) -> None:
        """Keep one stretch of text as one line and one block."""
        text = " ".join(text.split())
        if not text:
            return
        if kind is not BlockKind.REMAINDER and not any(c.isalnum() for c in text):
            kind, level, marker, why = BlockKind.REMAINDER, 0, "", "ornament"
        self._lines.append(f"{'  ' * (level - 1)}{marker} {text}" if marker else text)
        self._blocks.append(Block(kind, text, (len(self._lines),), level, marker, why))

    def read(self, soup: BeautifulSoup) -> None:
        self._all_text = max(1, len(_words(soup)))
        at = _At()
        self._walk(soup, at)
        self._flush(at)

    def document(self, page_title: str | None) -> Document:
        """What was read, with the title told apart from the headings."""
        title = self._title_index()
        titles: list[int] = [] if title is None else [title]
        for index in self._opening(title):
            if layout.names_school(self._blocks[index].text):
                self._set_aside(index, "school name")
            elif title is None and layout.names_document(self._blocks[index].text):
                titles.append(index)
        for index in titles:
            self._set_aside(index, "title")
        words = self._blocks[titles[0]].text if titles else page_title
        return Document(tuple(self._lines), tuple(self._blocks), words)

    def _set_aside(self, index: int, why: str) -> None:
        block = self._blocks[index]
        self._blocks[index] = Block(BlockKind.REMAINDER, block.text, block.lines, why=why)

    def _opening(self, title: int | None) -> list[int]:
        """The short lines before the body, as on a cover; not the last heading, which opens it."""
        opening: list[int] = []
        for index, block in enumerate(self._blocks):
            if block.kind is BlockKind.REMAINDER or index == title:
                continue
            rule = layout.has_duty(block.text) or layout.reads_as_sentence(block.text)
            if rule or block.kind is BlockKind.ITEM or not _like_heading(block.text):
                break
            opening.append(index)
        else:
            return []  # nothing but short lines: there is no body to tell them from
        while opening and self._blocks[opening[-1]].kind is BlockKind.HEADING:
            opening.pop()
        return opening

    def _title_index(self) -> int | None:
        if self._named_title is not None:
            return self._named_title
        own = [i for i, block in enumerate(self._blocks) if block.kind is not BlockKind.REMAINDER]
        tops = [
            i
            for i in own
            if self._blocks[i].kind is BlockKind.HEADING and self._blocks[i].level == 1
        ]
        if not tops or tops[0] != own[0]:
            return None
        after = own[1] if len(own) > 1 else None
        if len(tops) == 1:
            return tops[0]
        # Of several headings of the first level one is the title only if it stands over nothing
        if after is not None and self._blocks[after].kind is BlockKind.HEADING:
            return tops[0]
        return None

    def _walk(self, node: Tag, at: _At) -> None:
        from bs4 import Tag

        for child in node.children:
            if isinstance(child, Tag):
                self._tag(child, at)
            elif _is_text(child):
                self._buffer.append((str(child).translate(_CONTROLS), at.bold))

    def _tag(self, tag: Tag, at: _At) -> None:
        name = tag.name.lower()
        if name in _NOT_TEXT:
            return
        if name == "br":
            self._buffer.append((_BREAK, at.bold))
            return
        if _footnote_mark(tag):
            return
        inner = at
        if not at.why and self._is_menu(tag, name, at):
            inner = replace(at, why="menu", depth=0)
        if not at.why and "contents" in _attribute(tag, "class").split():
            inner = replace(inner, why="contents")
        if name in ("b", "strong") or re.search(
            r"font-weight:\s*(?:bold|[6-9]00)", _attribute(tag, "style")
        ):
            inner = replace(inner, bold=True)
        if name in ("main", "article"):
            inner = replace(inner, main=True)
        if name not in _BLOCK_TAGS and inner.why == at.why:
            self._walk(tag, inner)
            return
        self._flush(at)
        if name in ("ul", "ol", "menu"):
            self._list(tag, inner, name)
        elif name == "table":
            self._table(tag, inner)
        elif name == "dl":
            self._definitions(tag, inner)
        elif re.fullmatch(r"h[1-6]", name):
            self._heading_tag(tag, int(name[1]), inner)
        elif name == "summary":
            self._put_heading(_words(tag), min(6, self._heading + 1), inner)
        else:
            self._walk(tag, inner)
            self._flush(inner)

    def _is_menu(self, tag: Tag, name: str, at: _At) -> bool:
        if name in ("html", "body", "main", "article"):
            return False
        names = [*_attribute(tag, "class").split(), *_attribute(tag, "id").split()]
        menu = (
            name in _MENU_TAGS
            or (name == "header" and not at.main)
            or _attribute(tag, "role") in _MENU_ROLES
            or any(_MENU_NAME.search(each) for each in names)
            or (name == "ul" and not self._blocks_of_policy() and _only_short_links(tag))
        )
        # Some sites wrap the whole page in a form, or call its wrapper "with-sidebar"
        return (
            menu
            and (tag.find(["main", "article"]) is None)
            and len(_words(tag)) * 2 < self._all_text
        )

    def _blocks_of_policy(self) -> bool:
        return any(block.kind is not BlockKind.REMAINDER for block in self._blocks)

    def _heading_tag(self, tag: Tag, level: int, at: _At) -> None:
        words = _words(tag)
        if not words:
            return
        if at.why:
            self.add(BlockKind.REMAINDER, words, why=at.why)
            return
        if "title" in _attribute(tag, "class").split() and not self._blocks_of_policy():
            self._named_title = len(self._blocks)
        self._heading = level
        self._put_heading(words, level, at)

    def _put_heading(self, words: str, level: int, at: _At) -> None:
        if at.why:
            self.add(BlockKind.REMAINDER, words, why=at.why)
        else:
            self.add(BlockKind.HEADING, words, level=level)

    def _list(self, tag: Tag, at: _At, name: str) -> None:
        from bs4 import Tag

        inner = replace(at, depth=at.depth + 1, bold=False)
        number = _whole(_attribute(tag, "start"), 1)
        form = _attribute(tag, "type")
        for child in tag.children:
            if isinstance(child, Tag) and child.name == "li":
                if _attribute(child, "id").startswith(("footnote-", "endnote-")):
                    self.add(BlockKind.REMAINDER, _words(child).rstrip("↑ "), why="footnote")
                    continue
                self._flush(inner)  # words that stand in the list and in none of its items
                self._marker = _number(number, form) if name == "ol" else "-"
                number += 1
                self._walk(child, inner)
                self._flush(inner)
            elif isinstance(child, Tag):
                self._tag(child, at if child.name in ("ul", "ol") else inner)
            elif _is_text(child):
                self._buffer.append((str(child).translate(_CONTROLS), False))
        self._flush(inner)
        self._marker = ""

    def _definitions(self, tag: Tag, at: _At) -> None:
        from bs4 import Tag

        term = ""
        for child in tag.find_all(["dt", "dd"]):
            if not isinstance(child, Tag) or child.find_parent("dl") is not tag:
                continue
            words = _words(child)
            if child.name == "dt":
                if term:
                    self._paragraph(term, at)
                term = words
            else:
                self._paragraph(_labelled(term, words), at)
                term = ""
        if term:
            self._paragraph(term, at)

    def _paragraph(self, words: str, at: _At) -> None:
        if at.why:
            self.add(BlockKind.REMAINDER, words, why=at.why)
        elif at.depth:
            self.add(BlockKind.ITEM, words, level=at.depth, marker=self._marker)
            self._marker = ""
        elif aside := layout.remainder_of(words, tabbed=False):
            self.add(BlockKind.REMAINDER, words, why=aside)
        else:
            self.add(BlockKind.PARAGRAPH, words)

    def _flush(self, at: _At) -> None:
        """Turn the text gathered so far into blocks."""
        buffer, self._buffer = self._buffer, []
        text = "".join(part for part, _ in buffer)
        if not text.strip():
            return
        bold = all(is_bold for part, is_bold in buffer if part.strip())
        # Two breaks end a paragraph; a dot at the start of a line is a bullet someone typed
        for piece in re.split(rf"{_BREAK}\s*{_BREAK}|[{_BREAK}\n]\s*(?=[{_DOT}]\s)", text):
            words = " ".join(piece.split())
            dotted = _DOTTED.match(words)
            if at.why or not words:
                self.add(BlockKind.REMAINDER, words, why=at.why)
            elif dotted and dotted.group(2):
                self.add(
                    BlockKind.ITEM, dotted.group(2), level=max(1, at.depth), marker=dotted.group(1)
                )
            elif bold and not at.depth and _like_heading(words):
                self.add(BlockKind.HEADING, words, level=min(6, self._heading + 1))
            else:
                self._paragraph(words, at)

    # Tables

    def _table(self, table: Tag, at: _At) -> None:
        at = replace(at, bold=False)
        loose = _loose_text(table)
        if loose:
            self.add(BlockKind.REMAINDER, loose, why=at.why or "table caption")
        grid = _grid(table)
        rows = [[_words(cell) if cell is not None else "" for cell in row] for row in grid]
        wide = max((len(row) for row in rows), default=0)
        if wide < 2 or table.find("table") is not None:
            once = {id(cell): cell for row in grid for cell in row if cell is not None}
            for cell in once.values():
                self._walk(cell, at)
                self._flush(at)
            return
        why = at.why or _paperwork(rows)
        head = rows[0] if len(rows) > 1 and _is_head(grid[0]) else None
        if head is not None and not why:
            self.add(BlockKind.REMAINDER, " | ".join(filter(None, head)), why="table heading")
        elif head is not None:
            self.add(BlockKind.REMAINDER, " | ".join(filter(None, head)), why=why)
        start = 0 if head is None else 1
        for cells, texts in zip(grid[start:], rows[start:], strict=True):
            self._row(cells, texts, head, why, at)

    def _row(
        self,
        cells: Sequence[Tag | None],
        row: Sequence[str],
        head: Sequence[str] | None,
        why: str,
        at: _At,
    ) -> None:
        filled = [i for i, words in enumerate(row) if words]
        distinct = list(dict.fromkeys(id(cells[i]) for i in filled))
        if why:
            if head is not None:
                text = "; ".join(_labelled(_cell(head, i), row[i]) for i in filled)
            else:
                text = (
                    _labelled(row[filled[0]], "; ".join(row[i] for i in filled[1:]))
                    if filled
                    else ""
                )
            self.add(BlockKind.REMAINDER, text, why=why)
            return
        if not filled:
            return
        first = cells[filled[0]]
        if len(distinct) == 1 and first is not None:
            if _is_head([first]) and _like_heading(row[filled[0]]):
                self._put_heading(row[filled[0]], min(6, self._heading + 1), at)
            else:
                self._walk(first, at)
                self._flush(at)
            return
        second = cells[filled[1]]
        if len(filled) == 2 and second is not None and second.find(["ul", "ol"]) is not None:
            self._paragraph(_labelled(row[filled[0]], "").rstrip(), at)
            self._walk(second, at)
            self._flush(at)
            return
        rest = [
            _labelled(_cell(head, i), row[i]) if head is not None and len(row) > 2 else row[i]
            for i in filled[1:]
        ]
        self._paragraph(_labelled(row[filled[0]], "; ".join(rest)), at)


def _cell(row: Sequence[str], index: int) -> str:
    return row[index] if index < len(row) else ""


def _labelled(label: str, words: str) -> str:
    if not label or not words:
        return f"{label}:" if label and label[-1] not in ".!?:;" else label or words
    return f"{label} {words}" if label[-1] in ".!?:;" else f"{label}: {words}"


def _grid(table: Tag) -> list[list[Tag | None]]:
    """The table's own rows, with a cell that spans several rows or columns repeated in each."""
    rows: list[list[Tag | None]] = []
    hanging: dict[int, tuple[int, Tag]] = {}
    for tr in table.find_all("tr"):
        if tr.find_parent("table") is not table:
            continue
        row: list[Tag | None] = []
        cells = [c for c in tr.find_all(["td", "th"]) if c.find_parent("tr") is tr]
        for cell in cells:
            while len(row) in hanging:
                row.append(_take(hanging, len(row)))
            down = min(200, _whole(_attribute(cell, "rowspan"), 1))
            for _ in range(max(1, min(50, _whole(_attribute(cell, "colspan"), 1)))):
                if down > 1:
                    hanging[len(row)] = (down - 1, cell)
                # a cell across several columns is said once
                row.append(None if any(cell is c for c in row) else cell)
        while len(row) in hanging:
            row.append(_take(hanging, len(row)))
        if row:
            rows.append(row)
    return rows


def _take(hanging: dict[int, tuple[int, Tag]], column: int) -> Tag:
    left, cell = hanging.pop(column)
    if left > 1:
        hanging[column] = (left - 1, cell)
    return cell


def _loose_text(table: Tag) -> str:
    """Text of a table that stands in none of its cells, which browsers show above it."""
    return " ".join(
        " ".join(str(piece).split())
        for piece in table.find_all(string=True)
        if _is_text(piece)
        and piece.strip()
        and piece.find_parent(["td", "th", *_NOT_TEXT]) is None
        and piece.find_parent("table") is table
    )


def _is_head(cells: Sequence[Tag | None]) -> bool:
    from bs4 import Tag

    found = [cell for cell in cells if cell is not None and _words(cell)]
    return bool(found) and all(
        cell.name == "th"
        or cell.find_parent("thead") is not None
        or (
            isinstance(strong := cell.find(["strong", "b"]), Tag)
            and len(_words(strong)) == len(_words(cell))
        )
        for cell in found
    )


_SIGNING = re.compile(r"\bsign(?:ed|ature)", re.IGNORECASE)
_PAPERWORK = re.compile(
    r"\b(?:sign(?:ed|ature)|version|author|date|review|approved|adopted|ratified|amend|"
    r"changes?|revision|status|owner|position|reference|policy (?:no|number|lead)|committee|"
    r"print name)",
    re.IGNORECASE,
)


def _paperwork(rows: Sequence[Sequence[str]]) -> str:
    """The name of a table that is about the document and not a rule of it; else nothing."""
    cells = [words for row in rows for words in row if words]
    if not cells or sum(len(words.split()) for words in cells) > 8 * len(cells):
        return ""
    columns = [words for words in rows[0] if words]
    labels = [row[0] for row in rows if row[0]]
    for names in (columns, labels):
        if sum(
            1 for words in names if _PAPERWORK.search(words) and len(words.split()) <= 6
        ) * 2 > len(names):
            return (
                "signatures" if any(_SIGNING.search(words) for words in cells) else "version table"
            )
    return ""


def _is_text(node: PageElement) -> bool:
    from bs4 import NavigableString
    from bs4.element import PreformattedString

    # comments, doctypes and declarations are preformatted strings
    return isinstance(node, NavigableString) and not isinstance(node, PreformattedString)


def _words(node: Tag) -> str:
    """The text of `node` with white space folded; words that touch stay one word, blocks do not."""
    from bs4 import Tag

    parts: list[str] = []
    for child in node.descendants:
        if isinstance(child, Tag):
            if child.name in _BLOCK_TAGS or child.name == "br":
                parts.append(" ")
        elif _is_text(child):
            parent = child.parent
            if parent is not None and parent.name in _NOT_TEXT - {"head"}:
                continue
            if parent is not None and _footnote_mark(parent):
                continue
            parts.append(str(child).translate(_CONTROLS))
            if parent is not None and parent.name in _BLOCK_TAGS and child.next_sibling is None:
                parts.append(" ")
    return " ".join("".join(parts).split())


def _footnote_mark(tag: Tag) -> bool:
    return tag.name == "a" and _attribute(tag, "href").startswith(("#footnote-", "#endnote-"))


def _attribute(tag: Tag, name: str) -> str:
    value = tag.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else " ".join(value)


def _whole(text: str, otherwise: int) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,6}", text) else otherwise


def _number(number: int, form: str) -> str:
    if form in ("a", "A") and 1 <= number <= 26:
        return f"{chr(ord(form) + number - 1)}."
    if form in ("i", "I") and 1 <= number < 40:
        roman = "x" * (number // 10)
        roman += ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")[number % 10]
        return f"{roman if form == 'i' else roman.upper()}."
    return f"{number}."


def _only_short_links(tag: Tag) -> bool:
    items = tag.find_all("li")
    return len(items) >= 3 and all(
        (link := item.find("a")) is not None
        and len(_words(item)) == len(_words(link))
        and len(_words(item).split()) <= 5
        for item in items
    )


def _like_heading(words: str) -> bool:
    return len(words.split()) <= 12 and words[-1] not in ".;,:"


# PDF


def _from_pdf(data: bytes, name: str) -> Document:
    import io
    import logging

    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError, WrongPasswordError

    from bot.policy import plaintext

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
    read = plaintext.blocks([lines[number - 1] if number else "" for number in body])
    blocks = [replace(block, lines=tuple(body[at - 1] for at in block.lines)) for block in read]
    blocks += [
        Block(BlockKind.REMAINDER, " ".join(lines[number - 1].split()), (number,), why=why)
        for number, why in aside.items()
    ]
    blocks.sort(key=lambda block: block.lines)
    return _with_title(tuple(lines), blocks)


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
