"""Charts on a sheet: where they stand, and how high they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.schema import HORIZONTAL
from workbook.layout.plan import ChartPlace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook.declare.schema import ChartsBlock, Series
    from workbook.layout.canvas import Canvas
    from workbook.model.graph import Model

CHART_ROWS, BESIDE_BARS = 22, 6


def place_charts(canvas: Canvas, block: ChartsBlock) -> None:
    """Place up to three charts side by side at the canvas's current row; bars that lie need a line for each."""
    model, plan = canvas.layout.model, canvas.plan
    bars = [
        _bars(model, series) * (len(chart.series) if chart.kind == "bar" else 1)
        for chart in block.charts
        if chart.kind in HORIZONTAL
        for series in chart.series
    ]
    height = max([block.rows or CHART_ROWS, *(count + BESIDE_BARS for count in bars)])
    plan.charts.extend(
        ChartPlace(chart, canvas.titled(chart.title), canvas.row, number, len(block.charts), height, plan.member)
        for number, chart in enumerate(block.charts)
    )
    canvas.row += height


def draws(series: Series, member: str) -> bool:
    """Whether a series draws a member, or has a line for it."""
    return member not in series.without and (not series.only or member in series.only)


def span_of(series: Series, members: Sequence[str]) -> range:
    """Return which rows of a table are drawn where there is no ``per``: one range, from the first that is chosen to the last."""
    chosen = [row for row, member in enumerate(members) if draws(series, member)]
    return range(chosen[0], chosen[-1] + 1) if chosen else range(0)


def _bars(model: Model, series: Series) -> int:
    """Return how many bars a series has; one of a table that is not there is reported where charts are checked."""
    table = model.tables.get(series.table)
    return len(span_of(series, [keys[-1] for keys in table.rows])) if table else 0
