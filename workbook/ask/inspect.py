"""What is in a workbook: cells and inputs as tables, and the explanation of one cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbook.check.trace import row_used
from workbook.declare.catalogues import Figure
from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.expr.nodes import Cell, Fixed, Lookup, Span, Total
from workbook.expr.values import EMPTY
from workbook.layout.formula import formulas
from workbook.model.equations import equation
from workbook.model.graph import CellRef
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from workbook.layout.book import Book
    from workbook.model.graph import Quantity

CELL_COLUMNS = ("id", "sheet", "address", "label", "kind", "value", "unit", "formula", "sources")
INPUT_COLUMNS = (
    *("id", "sheet", "address", "label", "value", "unit", "low", "high", "source", "date", "confidence", "evidence", "note", "kind"),
)
_ADDRESS = re.compile(r"(?:'?(?P<sheet>[^'!]+)'?!)\$?(?P<column>[A-Za-z]{1,3})\$?(?P<row>\d+)$")


def cells(book: Book) -> pd.DataFrame:
    """Return every input, formula, link and constant of a book, one a row, sheet by sheet.

    Columns: id, sheet, address, label, kind (input, formula, link, constant), value (NaN for an empty cell), unit,
    formula, sources.
    """
    texts = {(name, row): text for name in book.layout.segments for row, text in formulas(book.layout, book.model.quantities[name])}
    rows = []
    for cell_id, name, row in book.model.cells():
        if name not in book.layout.segments:
            continue
        quantity = book.model.quantities[name]
        sheet, r, c = book.layout.cell(name, row)
        text = texts.get((name, row), "")
        kind = "input" if row in quantity.inputs else "link" if row in quantity.links else "formula" if text else "constant"
        unit = "" if quantity.is_text else quantity.unit
        rows.append(
            (
                cell_id,
                sheet,
                f"{column_letters(c)}{r + 1}",
                quantity.label,
                kind,
                np.nan if book.values[name][row] == EMPTY else book.values[name][row],
                unit,
                f"={text}" if text else "",
                source_of(book, quantity, row),
            )
        )
    return pd.DataFrame(rows, columns=list(CELL_COLUMNS))


def inputs(book: Book) -> pd.DataFrame:
    """Return every input of a book with its provenance, one a row, and every cell that takes over another's value.

    The column kind says ``input``, ``taken over from cases.paper.pue`` (with the provenance of the value taken over), or
    ``in place of cases.paper.pue``: a value of its own where one could be taken over. For a column with ``default`` that
    is the cell that its expression names, or ``an expression``. A formula that gives the value follows.
    """
    rows = []
    for cell_id, name, row in book.model.settable():
        quantity = book.model.quantities[name]
        value = book.values[name][row]
        figure = figure_of(book, quantity, row) or Figure(value, quantity.unit, quantity.place, source=quantity.source, evidence="derived")
        sheet, r, c = book.layout.cell(name, row)
        source = book.model.declared.sources.get(figure.source)
        date = figure.date or (source.date if source else "")
        unit = "" if quantity.is_text else quantity.unit
        rows.append(
            (
                cell_id,
                sheet,
                f"{column_letters(c)}{r + 1}",
                quantity.label,
                value,
                unit,
                figure.low,
                figure.high,
                figure.source,
                date,
                figure.confidence,
                figure.evidence,
                figure.note,
                _kind(book, quantity, row),
            )
        )
    return pd.DataFrame(rows, columns=list(INPUT_COLUMNS))


def _kind(book: Book, quantity: Quantity, row: int) -> str:
    kind = descent(book, quantity, row) or "input"
    return f"{kind}: ={dict(formulas(book.layout, quantity))[row]}" if row in quantity.typed else kind


def figure_of(book: Book, quantity: Quantity, row: int) -> Figure | None:
    """Return the figure behind a cell: its own, or that of the cell whose value it takes over in the end."""
    follows = quantity.takes_over(row) and not (_is_on_card(book, quantity) and row in quantity.evidence)
    while follows and (quantity.takes_over(row) or row in quantity.links):
        found = origin(book, quantity, row) if quantity.takes_over(row) else quantity.links[row]
        if found is None:
            return None
        quantity, row = book.model.quantities[found[0]], found[1]
    return quantity.inputs.get(row) or quantity.evidence.get(row)


def origin(book: Book, quantity: Quantity, row: int) -> CellRef | None:
    """Return the cell that another takes its value over from, or has one in place of; None where there is not just one."""
    if row in quantity.parents:
        return CellRef(quantity.id, quantity.parents[row])
    own = (variant for variant in quantity.variants if row in variant.rows)
    tree = next(own, quantity.variants[0]).lowered if quantity.takes else None
    if not isinstance(tree, Cell | Fixed | Lookup):
        return None
    at = row_used(book, tree, row)
    return None if at is None else CellRef(tree.quantity, at)


def descent(book: Book, quantity: Quantity, row: int) -> str:
    """Return how a cell stands to what it takes over, or could; an empty text where that is nothing."""
    stated = _is_on_card(book, quantity) and row in quantity.inputs
    if row not in quantity.parents and (stated or not quantity.takes):
        return ""
    found = origin(book, quantity, row)
    source = book.model.cell_id(*found) if found else "an expression"
    return f"{'taken over from' if quantity.takes_over(row) else 'in place of'} {source}"


def _is_on_card(book: Book, quantity: Quantity) -> bool:
    """Tell whether a quantity is a field of cards, whose formulas have evidence of their own."""
    return book.model.tables[quantity.table].kind == "cards"


def source_of(book: Book, quantity: Quantity, row: int) -> str:
    """Return where a cell comes from: the source's reference, or an empty text."""
    figure = figure_of(book, quantity, row)
    column = "" if figure and quantity.takes and quantity.takes_over(row) else quantity.source
    source = book.model.declared.sources.get((figure.source if figure else "") or column)
    return f"{source.title} ({source.reference})" if source else ""


def locate(book: Book, what: str) -> CellRef:
    """Return the quantity and row of a cell id or of ``Sheet!A1``; raises WorkbookError."""
    match = _ADDRESS.match(what)
    if match:
        return _at(book, what, match)
    found = book.model.find(what)
    if found:
        return found
    if what in book.model.quantities:
        return CellRef(what, 0)
    known = [cell_id for cell_id, _, _ in book.model.cells()]
    raise WorkbookError([Diagnostic(None, f"there is no cell '{what}'", suggest(what, known) or "list them with: workbook cells")])


def _at(book: Book, what: str, match: re.Match[str]) -> CellRef:
    names = {name.lower(): name for name in book.layout.sheets}
    sheet = names.get(match["sheet"].lower())
    if sheet is None:
        raise WorkbookError([Diagnostic(None, f"there is no sheet '{match['sheet']}'", suggest(match["sheet"], book.layout.sheets))])
    wanted = (sheet, f"{match['column'].upper()}{match['row']}")
    for _, name, row in book.model.cells():
        if name in book.layout.segments:
            own, r, c = book.layout.cell(name, row)
            if (own, f"{column_letters(c)}{r + 1}") == wanted:
                return CellRef(name, row)
    raise WorkbookError([Diagnostic(None, f"{what} holds neither an input nor a formula", "list the cells with: workbook cells")])


def explain(book: Book, what: str) -> str:
    """Return the equation of a cell, what it depends on with values and sources, and what depends on it."""
    name, row = locate(book, what)
    quantity = book.model.quantities[name]
    unit = "" if quantity.is_text or quantity.unit == "1" or book.values[name][row] == EMPTY else f" {quantity.unit}"
    lines = [
        f"{quantity.label}  [{book.model.cell_id(name, row)}, {book.layout.address(name, row)}]",
        f"  value     {_shown(book, name, row)}{unit}",
    ]
    if quantity.doc:
        lines.append(f"  meaning   {quantity.doc}")
    variant = quantity.formula_rows().get(row)
    if variant:
        text = dict(formulas(book.layout, quantity))[row]
        lines += [f"  equation  {equation(book.model, quantity)}", f"  formula   ={text}"]
    if row in quantity.typed:
        lines.append(f"  formula   ={dict(formulas(book.layout, quantity))[row]}")
    if text := descent(book, quantity, row):
        found = origin(book, quantity, row)
        where = f" ({book.layout.address(*found)}) = {_shown(book, *found)}" if found else f": {equation(book.model, quantity)}"
        lines.append(f"  {'parent' if row in quantity.parents else 'takes'.ljust(6)}    {text}{where}")
    elif row in quantity.links:
        lines.append(f"  link to   {book.layout.address(*quantity.links[row])}")
    figure = figure_of(book, quantity, row)
    if figure and figure.evidence:
        lines.append(f"  evidence  {figure.evidence}, confidence {figure.confidence or 'not stated'}")
    if source := source_of(book, quantity, row):
        lines.append(f"  source    {source}")
    if figure and figure.note:
        lines.append(f"  note      {figure.note}")
    lines += _neighbours(book, quantity, row)
    return "\n".join(lines)


def _shown(book: Book, name: str, row: int) -> str:
    value = book.values[name][row]
    return str(value) if isinstance(value, str) else "empty" if value == EMPTY else f"{float(value):.12g}"


def _neighbours(book: Book, quantity: Quantity, row: int) -> list[str]:
    """List the cells that a cell uses, and the quantities that use it."""
    lines: list[str] = []
    variant = quantity.formula_rows().get(row)
    if variant:
        lines.append("  uses")
        for name, node in variant.refers:
            at = row_used(book, node, row) if not isinstance(node, Span | Total) else None
            lines.append(_used(book, name, at))
    takers = [child for child, parent in quantity.parents.items() if parent == row and quantity.takes_over(child)]
    users = [other for other in book.model.quantities.values() if quantity.id in book.model.needs(other)]
    if takers or users:
        lines.append("  used by")
        lines += [f"    {book.model.cell_id(quantity.id, child)}  {quantity.label}, taken over" for child in takers]
        lines += [f"    {other.id}  {other.label}" for other in users]
    return list(dict.fromkeys(lines))


def _used(book: Book, name: str, at: int | None) -> str:
    other = book.model.quantities[name]
    if at is None:
        return f"    {name}  {other.label} ({other.size} rows)"
    unit = "" if other.is_text or other.unit == "1" else f" {other.unit}"
    source = source_of(book, other, at)
    shown = f"    {book.model.cell_id(name, at)}  {other.label} = {_shown(book, name, at)}{unit}"
    return shown + (f"  [{source}]" if source else "")
