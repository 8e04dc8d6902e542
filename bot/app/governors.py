"""The report for governors as a page of HTML that needs nothing but itself: no script, no font, no picture."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from handlers.progress.governors import Chart, Sheet
from handlers.progress.governors_pdf import positions

TEMPLATE = "pages/governors.html.j2"
WIDTH, HEIGHT = 760, 230  # of the chart, in the picture's own units
LEFT, RIGHT, TOP, BOTTOM = 52, 748, 12, 214


def governors_html(sheet: Sheet, overrides: Sequence[Path] = ()) -> str:
    """The report as HTML. `overrides` are folders with a school's own templates."""
    environment = Environment(
        loader=FileSystemLoader([*map(str, overrides), str(files("templates"))]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template(TEMPLATE).render(sheet=sheet, chart=_drawn(sheet.chart))
    return text + "\n"


def _drawn(chart: Chart) -> dict[str, Any]:
    """Where everything of the chart stands."""

    def y(share: float) -> float:
        return round(BOTTOM - share * (BOTTOM - TOP) / 100, 1)

    xs = [round(LEFT + x, 1) for x in positions(chart.points, RIGHT - LEFT)]
    dots = [(x, y(p.share)) for x, p in zip(xs, chart.points, strict=True)]
    due = None
    if chart.due:
        first, last = chart.points[0].day, chart.points[-1].day
        along = (chart.due - first).days / max(1, (last - first).days)
        due = round(LEFT + along * (RIGHT - LEFT), 1)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": RIGHT,
        "top": TOP,
        "bottom": BOTTOM,
        "levels": [{"share": s, "y": y(s)} for s in (0, 25, 50, 75, 100)],
        "dots": dots,
        "line": " ".join(f"{a},{b}" for a, b in dots),
        "due": due,
    }
