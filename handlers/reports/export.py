"""A copy of one report for its recipient: PDF to read and file, JSON for another system."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from importlib.resources import files
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from bot.chat.model import Attachment

FONT = "DejaVuSans"  # Latin with all its accents (Welsh among them), Greek, Cyrillic


def copies(
    reference: str, lines: Sequence[str], record: Mapping[str, Any], inexact: str
) -> tuple[Attachment, ...]:
    """The two files, named by the reference. `inexact` is added to the PDF where it cannot show every letter."""
    text = json.dumps(record, ensure_ascii=False, indent=1, default=str) + "\n"
    return (
        Attachment(f"{reference}.pdf", pdf(reference, lines, inexact)),
        Attachment(f"{reference}.json", text.encode("utf-8", "surrogatepass")),
    )


def pdf(title: str, lines: Sequence[str], inexact: str) -> bytes:
    """A document of a title and some lines."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    glyphs = register()
    styles = getSampleStyleSheet()
    for style in ("Title", "BodyText"):
        styles[style].fontName = FONT
    drawn = [shown(line, glyphs) for line in lines]
    if drawn != list(lines):
        drawn.append(inexact)
    story: list[Any] = [Paragraph(escape(shown(title, glyphs)), styles["Title"])]
    for line in drawn:
        story += [Paragraph(escape(line), styles["BodyText"]), Spacer(1, 4)]
    out = BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=title, author="MayI", lang="en-GB").build(story)
    return out.getvalue()


def register() -> Mapping[int, int]:
    """Make the font known to what draws; the letters it has."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = TTFont(FONT, str(files("templates") / "fonts" / f"{FONT}.ttf"))
    pdfmetrics.registerFont(font)
    glyphs: Mapping[int, int] = font.face.charToGlyph
    return glyphs


def shown(line: str, has: Mapping[int, int]) -> str:
    """A line in the letters the font has: a letter without its accent rather than none."""
    return "".join(
        c if ord(c) in has else (b if ord(b := unicodedata.normalize("NFD", c)[0]) in has else "?")
        for c in line
    )
