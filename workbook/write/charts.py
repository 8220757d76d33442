"""Native charts from declarations and layout."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbook.declare.schema import HORIZONTAL, ROLES
from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.layout.chart_places import draws, span_of
from workbook.layout.plan import DEFAULT_WIDTH, column_pixels
from workbook.layout.style import FONT, GREY, INK, LINE, SERIES_COLOURS, SERIES_DASHES, number_format
from workbook.xlsx.a1 import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.schema import Axis, Chart, Series
    from workbook.layout.plan import ChartPlace, Layout, SheetPlan
    from workbook.model.graph import Table

ROW_PIXELS = 20
GAP = 16
MOST_LABELS = 6  # numbers stand within bars that have error bars: more bars are too narrow for them
BAR_GAP = 40  # percent of a bar between two of a waterfall or a tornado
# Dark text is read on the first three; the others differ in brightness too.
ROLE_COLOURS = {"fall": "#E58A5A", "rise": "#5CB896", "total": "#8FA3B5", "low": "#F0C36D", "high": "#2F6FA8"}
SIGNS = {"fall": "-", "rise": "+", "total": ""}
TYPES = {
    "line": {"type": "scatter", "subtype": "straight_with_markers"},
    "scatter": {"type": "scatter", "subtype": "straight_with_markers"},
    "column": {"type": "column"},
    "stacked": {"type": "column", "subtype": "stacked"},
    "bar": {"type": "bar"},
    "waterfall": {"type": "bar", "subtype": "stacked"},
    "tornado": {"type": "bar"},
}
NO_NAME = "\u00a0"  # programs count the legend's entries from different ends, so that one is left blank rather than deleted
MARKERS = ("circle", "square", "diamond", "triangle", "circle", "square", "diamond", "triangle")
_SIMPLE_FORMAT = re.compile(r"[#,0]+(?:\.(0+))?(%?)")


def check_charts(layout: Layout) -> None:
    """Raise WorkbookError for charts of columns that do not exist."""
    problems: list[Diagnostic] = []
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
                    for name in series.columns
                    if name not in columns
                ]
                problems += _wrong_lines(series, table)
    if problems:
        raise WorkbookError(problems)


def _wrong_lines(series: Series, table: Table) -> Iterator[Diagnostic]:
    """Yield what is wrong with the lines that a series asks for."""
    names = [key.name for key in table.keys]
    if series.per and series.per not in names:
        yield Diagnostic(series.place, f"'per: {series.per}' is not a row key of '{series.table}'", suggest(series.per, names))
    elif not series.per and (series.only or series.without) and len(names) > 1:
        yield Diagnostic(series.place, "'only' and 'without' choose among the lines of 'per'", "name the row key with 'per'")
    elif series.per and "{" + series.per + "}" in series.name and table.keys[names.index(series.per)].cells:
        message = f"'name: {series.name}' would keep the names that '{series.per}' has when the workbook is built, and they may change"
        yield Diagnostic(series.place, message, "leave 'name' out: the lines are named by cells")
    else:
        members = dict.fromkeys(keys[names.index(series.per) if series.per else -1] for keys in table.rows)
        for member in (*series.only, *series.without):
            if member not in members:
                what = f"one of the lines that 'per: {series.per}' gives of" if series.per else "a row of"
                yield Diagnostic(series.place, f"'{member}' is not {what} '{series.table}'", suggest(member, members))
        if series.without and not any(draws(series, member) for member in members):
            yield Diagnostic(series.place, f"nothing of '{series.table}' is left to draw", "name fewer under 'without'")


def add_chart(book: Any, sheet: Any, layout: Layout, plan: SheetPlan, place: ChartPlace) -> None:
    """Add one chart to a sheet."""
    chart = book.add_chart(TYPES[place.chart.kind])
    number = 0
    order = ROLES.get(place.chart.kind, ("",))
    for series in sorted(place.chart.series, key=lambda series: order.index(series.role)):
        for name, rows in _groups(layout, series, place.member):
            chart.add_series(_series(layout, series, name, rows, number, place.chart))
            number += 1
    _dress(chart, place.chart, place.title, number, _make_room(book, chart, layout, place))
    total = sum(column_pixels(plan.widths.get(column, DEFAULT_WIDTH)) for column in range(plan.breadth))
    width = (total - GAP * (place.among - 1)) // place.among
    chart.set_size({"width": width, "height": place.height * ROW_PIXELS - 10})
    sheet.insert_chart(
        place.row,
        0,
        chart,
        {"x_offset": place.number * (width + GAP), "y_offset": 4, "object_position": 2, "description": description(place)},
    )


def _make_room(book: Any, chart: Any, layout: Layout, place: ChartPlace) -> int:
    """Add lines that are not drawn at the upper ends of error bars, and return how many: LibreOffice scales axes by values alone."""
    bounded = [(series, rows) for series in place.chart.series if series.high for _, rows in _groups(layout, series, place.member)]
    if not bounded:
        return 0
    unseen = book.add_chart({"type": "line"})
    for series, rows in bounded:
        areas = {
            name: _area(layout, f"{series.table}.{column}", rows) for name, column in (("categories", series.x), ("values", series.high))
        }
        unseen.add_series({"name": NO_NAME, **areas, "line": {"none": True}, "marker": {"type": "none"}})
    chart.combine(unseen)
    return len(bounded)


def description(place: ChartPlace) -> str:
    """Return what a chart shows for those who cannot see it: its title, its kind and its axes."""
    chart = place.chart
    axes = " by ".join(filter(None, (chart.y.title, chart.x.title)))
    lines = len({series.name or series.y for series in chart.series if series.role != "base"})
    shown = f"{lines} series" if lines > 1 else ""
    return ". ".join(filter(None, (place.title, f"A {chart.kind} chart of {axes}" if axes else f"A {chart.kind} chart", shown))) + "."


def _groups(layout: Layout, series: Series, member: str) -> Iterator[tuple[str, list[int]]]:
    """Yield the name and rows of each line: one a value of ``per``, restricted to the sheet's member.

    A line that is named after its member alone shows the cell that names it, and so another name that is typed there.
    """
    table: Table = layout.model.tables[series.table]
    rows = [row for row, keys in enumerate(table.rows) if not member or table.split == "" or keys[0] == member]
    if not series.per:
        drawn = span_of(series, [table.rows[row][-1] for row in rows])
        rows = rows[drawn.start : drawn.stop]
        yield series.name or layout.model.quantities[f"{series.table}.{series.y}"].label, rows
        return
    position = next(number for number, key in enumerate(table.keys) if key.name == series.per)
    for key in dict.fromkeys(table.rows[row][position] for row in rows):
        if not draws(series, key):
            continue
        own = [row for row in rows if table.rows[row][position] == key]
        if series.name:
            yield series.name.replace("{" + series.per + "}", _text(table.keys[position].shown[key])), own
        else:
            yield _area(layout, table.keys[position].quantity, own[:1]), own


def _text(shown: str | float) -> str:
    return shown if isinstance(shown, str) else f"{shown:g}"


def _area(layout: Layout, quantity: str, rows: list[int]) -> str:
    sheet, cells = layout.area(quantity, rows[0], rows[-1])
    if len(rows) == 1:
        cells = cells.partition(":")[0]
    return f"={quoted(sheet)}!{cells}"


def _series(layout: Layout, series: Series, name: str, rows: list[int], number: int, chart: Chart) -> dict[str, Any]:
    filled = layout.model.quantities[f"{series.table}.{series.y}"]
    if not series.role:
        present = {*filled.links, *filled.inputs, *filled.formula_rows(), *filled.constants}
        rows = [row for row in rows if row in present]
    colour = SERIES_COLOURS[number % len(SERIES_COLOURS)]
    result: dict[str, Any] = {
        "name": name,
        "categories": _area(layout, f"{series.table}.{series.x}", rows),
        "values": _area(layout, f"{series.table}.{series.y}", rows),
    }
    if series.above:
        result["y_error_bars"] = _interval(layout, series, rows)
    if series.role:
        return result | _part(series.role, number_format(filled.format, filled.unit))
    if chart.kind in {"line", "scatter"}:
        result["line"] = {"color": colour, "width": 2.0, "dash_type": SERIES_DASHES[number % len(SERIES_DASHES)]}
        marker = MARKERS[number % len(MARKERS)]
        result["marker"] = {"type": marker, "size": 5, "fill": {"color": colour}, "border": {"color": colour}}
        if chart.kind == "scatter":
            result["line"] = {"none": True}
    else:
        result.update(fill={"color": colour}, gap=80)
        if chart.kind == "stacked":
            return result
        if series.above and len(chart.series) * len(rows) > MOST_LABELS:
            return result
        if not chart.y.log:
            # On a logarithmic axis LibreOffice sets the labels of values below 1 on top of the category names.
            result["data_labels"] = {
                "value": True,
                "position": "inside_base" if series.above else "outside_end",  # error bars are drawn over the ends of bars
                "num_format": chart.y.format or "0.00",
                "font": {"name": FONT, "size": 8, **({"color": "#FFFFFF"} if series.above else {})},
            }
    return result


def _interval(layout: Layout, series: Series, rows: list[int]) -> dict[str, Any]:
    """Return error bars from the cells that say how far the values of a series may be off."""
    above, below = (_area(layout, f"{series.table}.{name}", rows) for name in (series.above, series.below))
    return {"type": "custom", "plus_values": above, "minus_values": below, "line": {"color": INK, "width": 1.0}}


def _part(role: str, shown: str) -> dict[str, Any]:
    """Return the look of a series with a role; the signs of a waterfall's labels say what its colours say."""
    if role == "base":
        return {"name": NO_NAME, "fill": {"none": True}, "gap": BAR_GAP}
    label = {"value": True, "num_format": _signed(role, shown), "font": {"name": FONT, "size": 9, "color": INK}}
    colour = ROLE_COLOURS[role]
    if role not in ROLES["tornado"]:
        return {"fill": {"color": colour}, "gap": BAR_GAP, "data_labels": {**label, "position": "inside_base"}}
    return {
        "fill": {"color": colour, "transparency": 30},  # of two effects on one side, the smaller one shines through
        "border": {"color": colour},
        "gap": BAR_GAP,
        "overlap": 100,
        "data_labels": {**label, "position": "outside_end"},
    }


def _signed(role: str, shown: str) -> str:
    """Return a number format with a sign; 0 shows nothing.

    The numbers of a waterfall are never negative, unless their format has a section for such; else those that a format of
    zeros rounds to 0 show nothing either.
    """
    if role not in ROLES["tornado"] and ";" in shown:
        size, below = shown.split(";")[:2]
        return f"{SIGNS[role]}{size.lstrip('+')};{SIGNS[role]}{size.lstrip('+')};" if SIGNS[role] else f"{size};{below};"
    if role in ROLES["tornado"]:
        size = shown.partition(";")[0].lstrip("+")
        return f"+{size};-{size};"
    simple = _SIMPLE_FORMAT.fullmatch(shown)
    digits = len(simple[1] or "") + 2 * len(simple[2]) if simple else 9
    return f'[<0.{"0" * digits}5]"";{SIGNS[role]}{shown}'


def _dress(chart: Any, declared: Chart, title: str, series: int, unseen: int) -> None:
    """Give a chart its title, axes and legend, which leaves out the last series, those that are not drawn."""
    chart.set_title({"name": title, "overlay": False, "name_font": {"name": FONT, "size": 12, "bold": True}})
    horizontal = declared.kind in HORIZONTAL  # XlsxWriter calls the axis along the bars x, and so the categories' axis y
    along, names = _axis(declared.y if horizontal else declared.x), _axis(declared.x if horizontal else declared.y)
    if horizontal:
        names |= {"reverse": True, "crossing": "max"}
    if declared.kind == "tornado":
        along["crossing"] = 0
    if declared.kind == "tornado" or (declared.kind == "waterfall" and declared.y.minimum is None):
        names["label_position"] = "low"  # bars may go below 0
    chart.set_x_axis(along)
    chart.set_y_axis(names)
    legend = {"position": "bottom", "font": {"name": FONT, "size": 9}, "delete_series": list(range(series, series + unseen))}
    chart.set_legend(legend if series > 1 else {"none": True})
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
