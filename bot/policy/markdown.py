"""A Markdown document, turned into HTML and read as that; its front matter is kept aside."""

from __future__ import annotations

import re

from bot.policy import html
from bot.policy.model import BlockKind, Document


def read(text: str) -> Document:
    """The document in the Markdown `text`."""
    from markdown_it import MarkdownIt

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    front: list[str] = []
    matter = re.match(r"---[ \t]*\n(.*?\n)?---[ \t]*(\n|\Z)", text, re.DOTALL)
    if matter and re.match(r"\w[\w ]*:", (matter.group(1) or "").strip()):
        front = text[: matter.end()].splitlines()
        text = text[matter.end() :]
    # "<name of school>" is a gap someone left to be filled, not mark-up
    text = re.sub(rf"<(?=[A-Za-z][\w ]*>)(?!(?:{_KNOWN_TAGS})\b)", "&lt;", text)
    reader = html.Reader()
    for line in front:
        reader.add(BlockKind.REMAINDER, line, why="front matter")
    return html.read(MarkdownIt("commonmark").enable("table").render(text), reader)


_KNOWN_TAGS = (
    "a|abbr|b|blockquote|br|code|del|details|div|em|h[1-6]|hr|i|ins|kbd|li|mark|ol|p|pre|s|"
    "small|span|strike|strong|sub|summary|sup|table|tbody|td|th|thead|tr|u|ul"
)
