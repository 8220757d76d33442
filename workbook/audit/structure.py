"""Rules on how a file is put together: the flow between its sheets, what is hidden, macros, other files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, FAST, Found, Rule
from workbook.xlsx.saved import VISIBLE, Area

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined
    from workbook.xlsx.saved import SavedSheet

MOST_SHEETS = 500  # of a file whose circles are looked for


def _against(file: Examined) -> Iterator[Found]:
    """Yield by pair of sheets the references to a sheet further right; what only shows another cell is no calculation."""
    order = {name: number for number, name in enumerate(file.sheets)}
    for (here, there), flow in file.flows.items():
        if there in order and order[there] > order[here] and flow.first:
            area = Area(flow.first.row, flow.first.column, flow.first.row, flow.first.column)
            yield Found(here, area, f"{flow.cells:,} formulas calculate with sheet {there}, which comes after it")


def _circles(file: Examined) -> Iterator[Found]:
    """Yield groups of sheets each of which calculates with all others, directly or not."""
    graph: dict[str, set[str]] = {name: set() for name in list(file.sheets)[:MOST_SHEETS]}
    for here, there in file.flows:
        if here in graph and there in graph:
            graph[here].add(there)
    reached = {name: _reached(graph, name) for name in graph}
    told: set[str] = set()
    for name in graph:
        circle = [other for other in graph if other in reached[name] and name in reached[other]]
        if name not in told and len(circle) > 1:
            yield Found("", None, f"these sheets calculate with each other: {', '.join(circle)}")
            told.update(circle)


def _reached(graph: dict[str, set[str]], start: str) -> set[str]:
    found: set[str] = set()
    left = [start]
    while left:
        new = graph[left.pop()] - found
        found |= new
        left += new
    return found


def _hidden(file: Examined) -> Iterator[Found]:
    """Yield hidden rows and columns, and hidden sheets that no visible sheet names."""
    texts = [cell.value for sheet in file.shown for cell in sheet.cells.values() if isinstance(cell.value, str)]
    for sheet in file.saved.sheets.values():
        if sheet.state != VISIBLE and not any(sheet.name in text for text in texts):
            yield Found(sheet.name, None, "the sheet is hidden, and no visible sheet names it")
        if sheet.state == VISIBLE:
            yield from _hidden_lines(sheet)


def _hidden_lines(sheet: SavedSheet) -> Iterator[Found]:
    last_row, last_column = (max((at[axis] for at in sheet.cells), default=0) for axis in (0, 1))
    for column in sheet.columns:
        if column.hidden and column.first <= last_column:
            yield Found(sheet.name, Area(0, column.first, last_row, min(column.last, last_column)), "hidden columns")
    for number, row in sheet.rows.items():
        if row.hidden and number <= last_row:
            yield Found(sheet.name, Area(number, 0, number, last_column), "hidden row")


def _macros(file: Examined) -> Iterator[Found]:
    return (Found("", None, f"holds macros: {part}") for part in file.saved.macros)


def _links(file: Examined) -> Iterator[Found]:
    yield from (Found("", None, f"links to another file: {part}") for part in file.saved.external)
    for run in file.runs:
        if any("[" in use.sheet for use in file.facts(run).uses):
            yield Found(run.sheet, Area(run.top, run.column, run.bottom, run.column), "the formula refers to another file")


RULES = (
    Rule("101", "Sheets calculate with sheets before them", CODE("Plan and assess the workbook layout"), _against),
    Rule("102", "No sheets calculate with each other", CODE("Avoid circular references"), _circles),
    Rule("103", "Nothing is hidden without saying so", CODE("Don't hide things"), _hidden),
    Rule("104", "No macros", CODE("Use VBA and macros sparingly"), _macros),
    Rule("105", "No links to other files", FAST("1.03, multiple workbook models"), _links),
)
