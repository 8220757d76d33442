"""Which cell a reference of one row points at, and which input stands at the end of references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.expr.nodes import Cell, Fixed, Lookup, Neighbour, Number, Text, quantities
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from workbook.expr.nodes import Tree
    from workbook.layout.book import Book


def row_used(book: Book, node: Tree, row: int) -> int | None:
    """Return the row that a reference points at, following lookups; None when it cannot be told."""
    match node:
        case Fixed(row=fixed):
            return fixed
        case Cell(quantity=name):
            return row if book.model.quantities[name].size > 1 else 0
        case Neighbour(offset=offset):
            return row + offset
        case Lookup(beside=int(below)):
            return row + below
        case Lookup(beside=tuple(rows)):
            return rows[row]
        case Lookup(quantity=name, keys=keys):
            table = book.model.tables[book.model.quantities[name].table]
            wanted = [_key_value(book, key, row) for key in keys]
            columns = [book.values[key.quantity].tolist() if key.quantity else list(key.shown.values()) for key in table.keys]
            return next((at for at, found in enumerate(zip(*columns, strict=True)) if list(found) == wanted), None)
        case _:
            return None


def _key_value(book: Book, key: Tree, row: int) -> float | str | None:
    if isinstance(key, Text | Number):
        return key.value
    at = row_used(book, key, row)
    found = next(quantities(key), None)
    return None if at is None or found is None else book.values[found[0]].tolist()[at]


def stated(book: Book, name: str, row: int) -> CellRef | None:
    """Return the input that a cell shows, through links and formulas that only refer to another cell; None where it computes."""
    quantity = book.model.quantities[name]
    if row in quantity.inputs:
        return CellRef(name, row)
    if row in quantity.links:
        return stated(book, *quantity.links[row])
    variant = quantity.formula_rows().get(row)
    tree = variant.lowered if variant else None
    if not isinstance(tree, Cell | Fixed | Lookup):
        return None
    at = row_used(book, tree, row)
    return None if at is None else stated(book, tree.quantity, at)
