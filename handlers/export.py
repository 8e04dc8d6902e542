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
        Attachment(f"{reference}.pdf", _pdf(reference, lines, inexact)),
        Attachment(f"{reference}.json", text.encode("utf-8", "surrogatepass")),
    )


def _pdf(reference: str, lines: Sequence[str], inexact: str) -> bytes:
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer

    font = TTFont(FONT, str(files("templates") / "fonts" / f"{FONT}.ttf"))
    pdfmetrics.registerFont(font)
    styles = getSampleStyleSheet()
    for style in ("Title", "BodyText"):
        styles[style].fontName = FONT
    shown = [_shown(line, font.face.charToGlyph) for line in lines]
    if shown != list(lines):
        shown.append(inexact)
    story: list[Any] = [Paragraph(escape(reference), styles["Title"])]
    for line in shown:
        story += [Paragraph(escape(line), styles["BodyText"]), Spacer(1, 4)]
    out = BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=reference, author="MayI").build(story)
    return out.getvalue()


def _shown(line: str, has: Mapping[int, int]) -> str:
    """A line in the letters the font has: a letter without its accent rather than none."""
    return "".join(
        c if ord(c) in has else (b if ord(b := unicodedata.normalize("NFD", c)[0]) in has else "?")
        for c in line
    )
