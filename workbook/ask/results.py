"""The results of cases as a table: one row for each case, from the table that the workbook's template names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from rich.table import Table as Printed

from workbook.api import evaluated, parse_sets, prepared
from workbook.declare.shown_units import shown_unit
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest
from workbook.expr.values import shown
from workbook.files import WORKBOOK_SUFFIX
from workbook.model.graph import CellRef
from workbook.roundtrip.inputs import Opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from workbook.declare.overlay_files import Files
    from workbook.layout.plan import Layout
    from workbook.model.graph import Model, Table

Names = dict[str, str | float]
Edits = dict[CellRef, float | str]
PLANNING = "planning"
MILLION = 1e6
NARROWEST, BORDER = 12, 3  # characters of a case's column, and between two


def results(
    name: str = PLANNING,
    cases: Sequence[str] | str | None = None,
    templates: Path | str | None = None,
    sets: Mapping[str, str | float] | None = None,
    overlay: Files = None,
) -> pd.DataFrame:
    """Return the results of cases, one row a case: of all, or of ``cases`` (keys, or names as shown) in that order.

    ``name`` is a template's, or a file that was built and perhaps edited: its cases are those of the file, by the names typed there.

    The index holds the keys; the columns are ``case`` (the name) and the quantities of the table of results: floats, NaN
    for an empty cell; texts, None for an empty one. ``frame.attrs`` has ``units``, ``shown_units`` (as people write them)
    and ``labels`` (by column; no unit for texts), ``table``, the name of the table, and ``remarks``, what of a file's edits
    is not in the results. Only what the results need is calculated. Raises WorkbookError for bad templates, overlays, sets,
    files or cases, and for a workbook whose template names no ``results``.
    """
    layout, edits, remarks = _asked(name, templates, sets, overlay)
    table = _table(layout.model)
    former, called = table.keys[0].shown, _table(layout.model.renamed(edits)).keys[0].shown
    rows = _rows(table, called, former, [cases] if isinstance(cases, str) else cases)
    book = evaluated(layout.model, layout, edits, table.columns)
    key, *quantities = (book.model.quantities[name] for name in table.columns)
    names = book.values[key.id]
    columns = {"case": pd.Series([names[row] for row in rows.values()], dtype=object)}
    for quantity in quantities:
        values = [shown(book.values[quantity.id])[row] for row in rows.values()]
        empty = None if quantity.is_text else float("nan")
        columns[quantity.name] = pd.Series(
            [empty if value == "" else value for value in values], dtype=object if quantity.is_text else float
        )
    frame = pd.DataFrame(columns).set_index(pd.Index(rows, name="key"))
    frame.attrs["table"], frame.attrs["remarks"] = table.name, remarks
    frame.attrs["units"] = {quantity.name: "" if quantity.is_text else quantity.unit for quantity in quantities}
    known = book.model.declared.shown_units
    frame.attrs["shown_units"] = {quantity.name: shown_unit(known, quantity.unit) for quantity in quantities}
    frame.attrs["labels"] = {quantity.name: quantity.label for quantity in quantities}
    return frame


def _asked(
    name: str, templates: Path | str | None, sets: Mapping[str, str | float] | None, overlay: Files
) -> tuple[Layout, Edits, list[str]]:
    """Return the placed model and the edits of a template or of a file, and what of the file is not among them."""
    if Path(name).suffix.lower() != WORKBOOK_SUFFIX:
        return *prepared(name, templates, sets, overlay), []
    opened = Opened(name, templates, overlay)
    book = opened.book()
    if book is None or opened.edits is None:
        raise WorkbookError([Diagnostic(Place(name), opened.why, "give the templates that it was built from with --templates")])
    edits = book.edits | parse_sets(book.model, sets or {})
    formulas = {cell_id: text for cell_id, text in book.layout.formulas.items() if cell_id not in (sets or {})}
    return (
        replace(book.layout, model=book.given, formulas=formulas),
        edits,
        [str(item) for item in (*opened.edits.left, *opened.edits.remarks)],
    )


def _table(model: Model) -> Table:
    declared = model.declared
    if not declared.results:
        message = f"'{declared.name}' does not say which table holds the results of its cases"
        raise WorkbookError([Diagnostic(declared.place, message, "add 'results: TABLE', the table with a row for each case")])
    return model.tables[declared.results]


def _rows(table: Table, names: Names, former: Names, cases: Sequence[str] | None) -> dict[str, int]:
    """Return the rows of some cases by key, in the order asked for; raises WorkbookError for unknown cases.

    ``names`` are those of now by key, ``former`` those that the templates give.
    """
    row_of = {key: row for row, (key,) in enumerate(table.rows)}
    if cases is None:
        return row_of
    known = {str(names[key]).lower(): key for key in row_of} | {key.lower(): key for key in row_of}
    renamed = {str(former[key]).lower(): names[key] for key in row_of}
    problems = Problems()
    for case in cases:
        if case.lower() not in known:
            hint = suggest(case, [*row_of, *(str(names[key]) for key in row_of)])
            hint = f"it is now called '{renamed[case.lower()]}'" if case.lower() in renamed else hint
            problems.add(None, f"there is no case '{case}'", hint if hint.startswith(("did", "it is")) else f"one of: {', '.join(row_of)}")
    problems.raise_if_any()
    return {key: row_of[key] for key in (known[case.lower()] for case in cases)}


def show(frame: pd.DataFrame, console: Console) -> None:
    """Print results with cases as columns, as many side by side as there is room for."""
    units = frame.attrs["shown_units"]
    heads = [f"{label} ({units[name]})" if units[name] else label for name, label in frame.attrs["labels"].items()]
    names = {str(key): str(name) for key, name in frame["case"].items()}
    shown_cells = {key: [_shown(frame[name][key]) for name in units] for key in names}
    widths = {key: _width(names[key], cells) for key, cells in shown_cells.items()}
    room = console.width - max(map(len, heads), default=0) - 4
    for keys in _side_by_side(widths, room):
        table = Printed("")
        for key in keys:
            table.add_column(names[key], justify="right", width=widths[key])
        for number, head in enumerate(heads):
            table.add_row(head, *(shown_cells[key][number] for key in keys))
        console.print(table)


def _shown(value: object) -> str:
    """Return a value to six digits, and all digits before the decimal point."""
    if not isinstance(value, float):
        return str(value or "")
    return "" if value != value else f"{value:,.0f}" if abs(value) >= MILLION else f"{value:,.6g}"  # noqa: PLR0124 not a number


def _width(name: str, cells: list[str]) -> int:
    """Return the width of a case's column: its figures on one line, its name and texts between words on several."""
    words = [len(word) for text in (name, *cells) for word in text.split()]
    return max(min(NARROWEST, len(name)), *words)


def _side_by_side(widths: dict[str, int], room: int) -> Iterator[list[str]]:
    """Yield cases that go side by side into a width, at least one at a time."""
    part: list[str] = []
    used = 0
    for key, width in widths.items():
        if part and used + width + BORDER > room:
            yield part
            part, used = [], 0
        part.append(key)
        used += width + BORDER
    if part:
        yield part


def cells_of(frame: pd.DataFrame) -> pd.DataFrame:
    """Return results one cell a row: id, case, label, value (NaN or None for an empty cell), unit."""
    units, labels = frame.attrs["units"], frame.attrs["labels"]
    rows = [
        (f"{frame.attrs['table']}.{key}.{name}", row["case"], labels[name], row[name], unit)
        for key, row in frame.iterrows()
        for name, unit in units.items()
    ]
    return pd.DataFrame(rows, columns=["id", "case", "label", "value", "unit"], dtype=object)
