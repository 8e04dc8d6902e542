"""The report for governors as a PDF of exactly one A4 page."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from handlers.progress.figures import Point
from handlers.progress.governors import Chart, Sheet, Table
from handlers.reports.export import FONT, register, shown

INK, GREY, LINE, BAND, DUE = "#16191d", "#3d4650", "#9aa3ad", "#eef1f4", "#8a5a00"
CONFIRMED = "#0b4a8f"
MARGIN, WIDTH = 45, 505  # points: A4 is 595 wide
HIGH = 110  # of the chart
LEFT, RIGHT = 30, 12  # of the chart's own room beside its lines


def governors_pdf(sheet: Sheet) -> bytes:
    """The report, drawn. What does not fit is drawn smaller, never on a second page."""
    from reportlab.lib.colors import HexColor
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import KeepInFrame, Paragraph, SimpleDocTemplate, Spacer

    glyphs = register()
    styles = {
        name: ParagraphStyle(
            name, fontName=FONT, fontSize=size, leading=size * 1.3, textColor=HexColor(colour)
        )
        for name, size, colour in (
            ("title", 16, INK),
            ("subtitle", 10, GREY),
            ("caption", 10, INK),
            ("body", 8.5, INK),
            ("note", 7, GREY),
        )
    }

    def said(text: str, style: str) -> Paragraph:
        return Paragraph(escape(shown(text, glyphs)), styles[style])

    story: list[Any] = [said(sheet.title, "title"), Spacer(1, 3), said(sheet.subtitle, "subtitle")]
    story.append(Spacer(1, 8))
    for line in sheet.lines:
        story += [said(line, "body"), Spacer(1, 3)]
    story += [Spacer(1, 6), said(sheet.chart.caption, "caption"), Spacer(1, 4)]
    story += [_chart(sheet.chart), _points(sheet.chart), Spacer(1, 10)]
    for table in sheet.tables:
        story += [said(table.caption, "caption"), Spacer(1, 3)]
        story += [_table(table, glyphs, styles["body"]), Spacer(1, 10)]
    for note in sheet.notes:
        story += [said(note, "note"), Spacer(1, 2)]
    out = BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=MARGIN - 6,
        rightMargin=MARGIN - 6,
        topMargin=MARGIN - 6,
        bottomMargin=MARGIN - 6,
        title=f"{sheet.title}, {sheet.subtitle}",
        author="MayI",
        lang="en-GB",
    )
    height = A4[1] - 2 * MARGIN
    document.build([KeepInFrame(WIDTH, height, story, mode="shrink")])
    return out.getvalue()


def _chart(chart: Chart) -> Any:
    from reportlab.graphics.shapes import Circle, Drawing, Line, PolyLine, String
    from reportlab.lib.colors import HexColor

    drawing = Drawing(WIDTH, HIGH + 16)
    at = positions(chart.points, WIDTH - LEFT - RIGHT)

    def x(n: int) -> float:
        return LEFT + at[n]

    def y(share: float) -> float:
        return 8 + share * HIGH / 100

    def text(where: tuple[float, float], words: str, colour: str = GREY) -> String:
        return String(
            *where,
            words,
            fontName=FONT,
            fontSize=7,
            fillColor=HexColor(colour),
            textAnchor="end",
        )

    for share in (0, 25, 50, 75, 100):
        drawing.add(
            Line(
                LEFT, y(share), WIDTH - RIGHT, y(share),
                strokeColor=HexColor(LINE), strokeWidth=0.8 if share == 0 else 0.4,
            )
        )  # fmt: skip
        drawing.add(text((LEFT - 4, y(share) - 2.5), f"{share}%"))
    if chart.due:
        first, last = chart.points[0].day, chart.points[-1].day
        along = (chart.due - first).days / max(1, (last - first).days)
        due = LEFT + along * (WIDTH - LEFT - RIGHT)
        drawing.add(
            Line(
                due, y(0), due, y(100),
                strokeColor=HexColor(DUE), strokeWidth=0.8, strokeDashArray=(3, 2),
            )
        )  # fmt: skip
        drawing.add(text((due - 3, y(0) + 4), chart.due_label, DUE))
    line = [c for n, p in enumerate(chart.points) for c in (x(n), y(p.share))]
    if len(chart.points) > 1:
        drawing.add(PolyLine(line, strokeColor=HexColor(CONFIRMED), strokeWidth=1.6))
    for n, point in enumerate(chart.points):
        drawing.add(
            Circle(x(n), y(point.share), 2.2, fillColor=HexColor(CONFIRMED), strokeColor=None)
        )
    return drawing


def positions(points: Sequence[Point], width: float) -> list[float]:
    """Where each point stands along a width, by its day."""
    first, last = points[0].day, points[-1].day
    span = max(1, (last - first).days)
    return [(p.day - first).days / span * width for p in points]


def _points(chart: Chart) -> Any:
    """The numbers of the chart, as a table of two rows."""
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Table as Grid
    from reportlab.platypus import TableStyle

    heads = [chart.heading, *(f"{p.day:%-d %b}" for p in chart.points)]
    shares = [chart.share_heading, *(f"{p.share}%" for p in chart.points)]
    first = 60
    width = (WIDTH - first) / len(chart.points)
    grid = Grid([heads, shares], colWidths=[first, *([min(width, 60)] * len(chart.points))])
    grid.hAlign = "LEFT"
    grid.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, 6.5),
                ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(GREY)),
                ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return grid


def _table(table: Table, glyphs: Any, style: Any) -> Any:
    from reportlab.lib.colors import HexColor
    from reportlab.platypus import Paragraph, TableStyle
    from reportlab.platypus import Table as Grid

    rows: list[list[Any]] = [list(table.headings)]
    rows += (
        [Paragraph(escape(shown(row[0], glyphs)), style), *row[1:]]
        for row in (*table.rows, table.total)
    )
    numbers = len(table.headings) - 1
    each = 54.0
    grid = Grid(rows, colWidths=[WIDTH - each * numbers, *([each] * numbers)], repeatRows=1)
    grid.hAlign = "LEFT"
    grid.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), FONT, 8),
                ("FONT", (0, 0), (-1, 0), FONT, 7.5),
                ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(INK)),
                ("BACKGROUND", (0, 0), (-1, 0), HexColor(BAND)),
                ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("LINEBELOW", (0, 0), (-1, -2), 0.4, HexColor(LINE)),
                ("LINEABOVE", (0, -1), (-1, -1), 1, HexColor(INK)),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.5),
                ("LEFTPADDING", (0, 0), (-1, -1), 4),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
            ]
        )
    )
    return grid
