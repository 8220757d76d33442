"""Native charts from declarations and layout."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.layout import DEFAULT_WIDTH, TEXT_COLUMNS, column_pixels
from workbook.names import quoted
from workbook.style import FONT, GREY, LINE, SERIES_COLOURS, SERIES_DASHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.layout import ChartPlace, Layout, SheetPlan
    from workbook.model import Table
    from workbook.schema import Axis, Chart, Series

ROW_PIXELS = 20
GAP = 16
MARKERS = ("circle", "square", "diamond", "triangle", "circle", "square", "diamond", "triangle")


def check_charts(layout: Layout) -> None:
    """Raise WorkbookError for charts of columns that do not exist."""
    problems = []
    for plan in layout.sheets.values():
        for place in plan.charts:
            for series in place.chart.series:
                table = layout.model.tables.get(series.table)
                if table is None:
                    problems.append(
                        Diagnostic(series.place, f"chart of an unknown table '{series.table}'", suggest(series.table, layout.model.tables))
                    )
                    continue
                columns = [name.partition(".")[2] for name in table.columns]
                problems += [
                    Diagnostic(series.place, f"'{series.table}' has no column '{name}'", suggest(name, columns))
                    for name in (series.x, series.y)
                    if name not in columns
                ]
                if series.per and series.per not in [key.name for key in table.keys]:
                    problems.append(Diagnostic(series.place, f"'per: {series.per}' is not a row key of '{series.table}'"))
    if problems:
        raise WorkbookError(problems)


def add_chart(book: Any, sheet: Any, layout: Layout, plan: SheetPlan, place: ChartPlace) -> None:
    """Add one chart to a sheet."""
    chart_type = (
        {"type": "scatter", "subtype": "straight_with_markers"} if place.chart.kind in {"line", "scatter"} else {"type": place.chart.kind}
    )
    chart = book.add_chart(chart_type)
    number = 0
    for series in place.chart.series:
        for name, rows in _groups(layout, series, place.member):
            chart.add_series(_series(layout, series, name, rows, number, place.chart))
            number += 1
    _dress(chart, place.chart, place.title, number)
    total = sum(column_pixels(plan.widths.get(column, DEFAULT_WIDTH)) for column in range(TEXT_COLUMNS))
    width = (total - GAP * (place.width - 1)) // place.width
    chart.set_size({"width": width, "height": place.height * ROW_PIXELS - 10})
    offset = width + GAP if place.column < 0 else 0
    sheet.insert_chart(place.row, 0, chart, {"x_offset": offset, "y_offset": 4, "object_position": 2})


def _groups(layout: Layout, series: Series, member: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the name and rows of each line: one a value of ``per``, restricted to the sheet's member."""
    table: Table = layout.model.tables[series.table]
    rows = [row for row, keys in enumerate(table.rows) if not member or table.split == "" or keys[0] == member]
    if not series.per:
        yield series.name or layout.model.quantities[f"{series.table}.{series.y}"].label, rows
        return
    position = next(number for number, key in enumerate(table.keys) if key.name == series.per)
    for key in dict.fromkeys(table.rows[row][position] for row in rows):
        if series.only and key not in series.only:
            continue
        shown = _text(table.keys[position].shown[key])
        name = series.name.replace("{" + series.per + "}", shown) if series.name else shown
        yield name, [row for row in rows if table.rows[row][position] == key]


def _text(shown: str | float) -> str:
    return shown if isinstance(shown, str) else f"{shown:g}"


def _area(layout: Layout, quantity: str, rows: list[int]) -> str:
    sheet, cells = layout.area(quantity, rows[0], rows[-1])
    return f"={quoted(sheet)}!{cells}"


def _series(layout: Layout, series: Series, name: str, rows: list[int], number: int, chart: Chart) -> dict[str, Any]:
    filled = layout.model.quantities[f"{series.table}.{series.y}"]
    present = {*filled.links, *filled.inputs, *filled.formula_rows(), *filled.constants}
    rows = [row for row in rows if row in present]
    colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
    result: dict[str, Any] = {
        "name": name,
        "categories": _area(layout, f"{series.table}.{series.x}", rows),
        "values": _area(layout, f"{series.table}.{series.y}", rows),
    }
    if chart.kind in {"line", "scatter"}:
        result["line"] = {"color": colour, "width": 2.0, "dash_type": SERIES_DASHES[number % len(SERIES_DASHES)]}
        marker = MARKERS[number % len(MARKERS)]
        result["marker"] = {"type": marker, "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
        if chart.kind == "scatter":
            result["line"] = {"none": True}
    else:
        result.update(fill={"color": colour}, gap=80)
        if not chart.y.log:
            # On a logarithmic axis LibreOffice sets the labels of values below 1 on top of the category names.
            result["data_labels"] = {"value": True, "position": "outside_end", "num_format": "0.00", "font": {"name": FONT, "size": 8}}
    return result


def _dress(chart: Any, declared: Chart, title: str, series: int) -> None:
    chart.set_title({"name": title, "overlay": False, "name_font": {"name": FONT, "size": 12, "bold": True}})
    lying = declared.kind == "bar"  # XlsxWriter calls the axis along the bars x, and so the categories' axis y
    chart.set_x_axis(_axis(declared.y if lying else declared.x))
    chart.set_y_axis(_axis(declared.x) | {"reverse": True, "crossing": "max"} if lying else _axis(declared.y))
    if series > 1:
        chart.set_legend({"position": "bottom", "font": {"name": FONT, "size": 9}})
    else:
        chart.set_legend({"none": True})
    chart.set_chartarea({"border": {"color": LINE}})


def _axis(axis: Axis) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": axis.title,
        "name_font": {"name": FONT, "size": 10, "bold": False, "color": GREY},
        "num_font": {"name": FONT, "size": 9},
        "major_gridlines": {"visible": True, "line": {"color": LINE, "width": 0.5}},
    }
    if axis.log:
        result["log_base"] = axis.log
        result["major_unit"] = axis.log
    if axis.minimum is not None:
        result["min"] = axis.minimum
        result["crossing"] = "min"
    if axis.maximum is not None:
        result["max"] = axis.maximum
    if axis.format:
        result["num_format"] = axis.format
    return result
