"""Circles of formulas: whether a formula that was typed into an input depends on its own result, cell by cell.

Columns may need each other where cells do not: a case's own input may follow from another case's result.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from workbook.expr.nodes import Cell, Fixed, Lookup, Neighbour, Span, Total, Tree, children, quantities
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from workbook.model.graph import Model, Quantity

WHOLE = -1  # stands for all rows of a quantity: a range that holds them


def circle(model: Model, group: Collection[str]) -> list[CellRef]:
    """Return the typed formulas of a circle among quantities that are calculated together; none where there is no circle.

    A formula depends on all cells of a range that it refers to, whichever of them a lookup finds: so do spreadsheet programs.
    """
    cells = _Cells(model, group)
    needs: dict[CellRef, set[CellRef]] = {}
    left = [CellRef(name, row) for name in group for row in model.quantities[name].typed]
    while left:
        at = left.pop()
        if at not in needs:
            needs[at] = {used for used in cells.used(at) if used.quantity in cells.trees}
            left += needs[at]
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return [at for at in dict.fromkeys(error.args[1]) if at.row in model.quantities[at.quantity].typed]
    return []


class _Cells:
    """What the cells of some quantities refer to."""

    def __init__(self, model: Model, group: Collection[str]) -> None:
        self.model = model
        self.trees = {name: _trees(model.quantities[name]) for name in group}

    def used(self, at: CellRef) -> Iterable[CellRef]:
        """Return the cells and ranges that a cell refers to; of a range its cells with formulas and links."""
        quantity = self.model.quantities[at.quantity]
        if at.row == WHOLE:
            return [CellRef(at.quantity, row) for row in (*self.trees[at.quantity], *quantity.links)]
        if at.row in quantity.links:
            return [quantity.links[at.row]]
        tree = self.trees[at.quantity].get(at.row)
        return self._references(quantity, at.row, tree) if tree else ()

    def _references(self, quantity: Quantity, row: int, tree: Tree) -> Iterator[CellRef]:
        tables, of = self.model.tables, self.model.quantities
        match tree:
            case Cell(quantity=name):
                yield CellRef(name, row if of[name].table == quantity.table else 0)
            case Fixed(quantity=name, row=other):
                yield CellRef(name, other)
            case Neighbour(quantity=name, offset=offset):
                yield CellRef(name, row + offset)
            case Total(element=Cell(quantity=name), table=table, conditions=conditions, in_block=True) if of[name].table == table:
                rows = self.model.static_rows(tables[table], conditions, tables[quantity.table], row)
                yield from (CellRef(name, other) for other in rows or ())
            case Total():
                yield from (CellRef(name, WHOLE) for name, _ in quantities(tree))
            case Lookup(quantity=name, beside=tuple(rows_of)):
                yield CellRef(name, rows_of[row])
            case Lookup(quantity=name):
                keys = [key.quantity for key in tables[of[name].table].keys if key.quantity]
                yield from (CellRef(ranged, WHOLE) for ranged in (name, *keys))
            case Span(quantity=name, conditions=conditions):
                rows = self.model.static_rows(tables[of[name].table], conditions, tables[quantity.table], row) if conditions else None
                yield from (CellRef(name, other) for other in rows or (WHOLE,))
        for child in () if isinstance(tree, Total) else children(tree):
            yield from self._references(quantity, row, child)


def _trees(quantity: Quantity) -> dict[int, Tree]:
    """Return the expressions of a quantity's rows, typed formulas among them."""
    found = {row: variant.lowered for row, variant in quantity.formula_rows().items()}
    return found | {row: typed.tree for row, typed in quantity.typed.items()}
