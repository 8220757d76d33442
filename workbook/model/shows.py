"""Columns that show cells found by id, and columns beside them: filled in when all tables are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbook.declare.schema import Column
    from workbook.model.builder import Maker
    from workbook.model.graph import CellRef, Quantity


def show_cells(owner: Maker, columns: list[tuple[Column, Quantity]]) -> None:
    """Link the rows of columns that show cells, and drop the expressions of columns beside them where they show none.

    Rows stay blank where no cell has the id, or where it holds a text and the column numbers.
    """
    filled: dict[str, set[int]] = {}
    for quantity, _, rows in owner.pending:
        filled.setdefault(quantity.id, set()).update(rows)
    shown = {quantity.id: _links(owner, column, quantity, filled) for column, quantity in columns if column.shows}
    for column, quantity in columns:
        quantity.links.update(shown.get(quantity.id, {}))
        quantity.leads.update(shown.get(f"{quantity.table}.{column.leads}", {}))
        if column.beside:
            kept = shown.get(f"{quantity.table}.{column.beside}", {})
            owner.pending[:] = [item for item in owner.pending if item[0] is not quantity or kept.keys() >= set(item[2])]


def _links(owner: Maker, column: Column, quantity: Quantity, filled: dict[str, set[int]]) -> dict[int, CellRef]:
    """Return by row the cells that a column shows."""
    found = {}
    for row, keys in enumerate(owner.model.tables[quantity.table].rows):
        target = owner.model.find(column.shows.get(keys[-1], ""))
        if target is None:
            continue
        other = owner.model.quantities[target[0]]
        holds = target[1] in {*other.inputs, *other.links, *other.constants, *filled.get(other.id, ())}
        if holds and other.is_text == quantity.is_text:
            found[row] = target
    return found
