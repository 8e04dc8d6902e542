"""A web page read into blocks: its headings, lists and tables, its menus set aside.

Word documents become HTML first, and so does Markdown in its own module.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.policy import layout
from bot.policy.model import Block, BlockKind, Document

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement


def read(text: str, reader: Reader | None = None) -> Document:
    """The document in the page `text`, after what `reader` has already."""
    import warnings

    from bs4 import BeautifulSoup

    reader = reader or Reader()
    with warnings.catch_warnings():
        # it warns of pages that look like an address or like XML, and reads them all the same
        warnings.simplefilter("ignore", UserWarning)
        soup = BeautifulSoup(text, "html.parser")
    reader.read(soup)
    named = soup.find_all("title")[:1]
    # "Social media policy | Hill School": the site's name is not the policy's
    page_title = re.split(r"\s+[|»·]\s+", _words(named[0]))[0] if named else ""
    return reader.document(page_title or None)


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


def read_word(data: bytes) -> Document:
    """The document in the Word file `data`, which is known to be one."""
    import io

    import mammoth

    result = mammoth.convert_to_html(
        io.BytesIO(data),
        style_map=_WORD_STYLES,
        include_embedded_style_map=False,
        convert_image=mammoth.images.img_element(lambda _image: {}),
    )
    return read(str(result.value))


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


class Reader:
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
    from bs4.element import NavigableString, PreformattedString

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
