"""Which of several changes the value of each cell can depend on: marks of changed cells, carried along all references."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

import numpy as np

from workbook.expr.nodes import Call, Cell, Fixed, Lookup, Neighbour, Span, Total
from workbook.model.evaluate import Evaluator, Rows, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbook.expr.nodes import Tree
    from workbook.expr.values import Array
    from workbook.model.evaluate import Values
    from workbook.model.graph import CellRef, Model, Quantity, Table


def reaching(model: Model, values: Values, edits: Mapping[CellRef, float | str], marks: Mapping[CellRef, int]) -> dict[str, Array]:
    """Return by quantity which marks reach each of its cells: integers with a bit for each mark, shape (rows,).

    ``values`` are those of the model with ``edits``. Rows are looked up in them where no mark reaches what they are looked up
    by; where one does, any row may be the one. A cell that a mark does not reach has the same value whatever marked cells
    hold, unless one of them makes an error of a cell that a total counts as 0.
    """
    everywhere = reduce(or_, (mark for at, mark in marks.items() if model.quantities[at.quantity].bounds.names), 0)
    carrier = _Carrier(model, Evaluator(model.overridden(edits), edits, values), marks)
    for group in model.order:
        carrier.fill([model.quantities[name] for name in group])
    return {name: found | everywhere for name, found in carrier.found.items()} if everywhere else carrier.found


def _any(marks: Iterable[Any]) -> Any:
    """Return all marks together."""
    return reduce(or_, marks, 0)


class _Carrier:
    def __init__(self, model: Model, evaluator: Evaluator, marks: Mapping[CellRef, int]) -> None:
        self.model, self.evaluator = model, evaluator
        self.found: dict[str, Array] = {}
        self.marks: dict[str, dict[int, int]] = {}
        for (name, row), mark in marks.items():
            self.marks.setdefault(name, {})[row] = mark

    def fill(self, group: list[Quantity]) -> None:
        """Mark the cells of quantities that are calculated together."""
        for quantity in group:
            self.start(quantity)
        if not (len(group) > 1 or group[0].id in self.model.recurring):
            self.formulas(group[0])
            return
        before: dict[str, list[int]] = {}
        while before != (now := {quantity.id: self.found[quantity.id].tolist() for quantity in group}):
            before = now
            for quantity in group:
                self.formulas(quantity)
                # A row may depend on all above it, of its group of rows.
                for rows in self.model.tables[quantity.table].groups():
                    self.found[quantity.id][rows.start : rows.stop] = _any(self.found[quantity.id][rows.start : rows.stop])

    def start(self, quantity: Quantity) -> None:
        """Mark what is not a formula: marked cells, and links to cells."""
        marks = np.zeros(quantity.size, dtype=object)
        self.found[quantity.id] = marks
        own = self.marks.get(quantity.id, {})
        for row, mark in own.items():
            marks[row] = mark
        for row in quantity.links:
            target, index = quantity.links[row]
            while target == quantity.id and index in quantity.links:
                marks[row] |= own.get(index, 0)
                target, index = quantity.links[index]
            marks[row] |= own.get(index, 0) if target == quantity.id else self.found[target][index]

    def formulas(self, quantity: Quantity) -> None:
        """Mark the formulas of a quantity by what they refer to."""
        for variant in quantity.variants:
            if variant.rows:
                rows = np.array(variant.rows, dtype=int)
                self.found[quantity.id][rows] |= self.of(variant.lowered, self.model.tables[quantity.table], rows)

    def of(self, tree: Tree, table: Table, rows: Array) -> Any:
        """Return the marks that reach a tree on some rows of a table: an array, or one integer for all of them."""
        match tree:
            case Call(arguments=arguments):
                return _any(self.of(argument, table, rows) for argument in arguments)
            case Cell(quantity=name):
                return self.found[name][rows] if self.model.quantities[name].table == table.name else self.found[name][0]
            case Fixed(quantity=name, row=row):
                return self.found[name][row]
            case Neighbour(quantity=name, offset=offset):
                return self.found[name][rows + offset]
            case Lookup():
                return self.lookup(tree, table, rows)
            case Span():
                return self.span(tree, table, rows)
            case Total():
                return self.total(tree, table, rows)
            case _:
                return 0

    def lookup(self, tree: Lookup, table: Table, rows: Array) -> Any:
        """Return the marks of the rows that are looked up, and of what they are looked up by."""
        found = self.found[tree.quantity]
        if tree.beside is not None:
            return found[rows + tree.beside if isinstance(tree.beside, int) else np.asarray(tree.beside)[rows]]
        target = self.model.tables[self.model.quantities[tree.quantity].table]
        index = self.evaluator.index(target)
        matched = [_any(found[index.get(key, [])]) for key in Rows(self.evaluator, table, rows).keys(list(tree.keys))]
        by = _any(self.of(key, table, rows) for key in tree.keys) | _any(
            _any(self.found[key.quantity]) for key in target.keys if key.quantity
        )
        return _where(by, _any(found), np.array(matched, dtype=object))

    def span(self, tree: Span, table: Table, rows: Array) -> Any:
        """Return the marks of the rows of a range."""
        if not tree.conditions:
            return _any(self.found[tree.quantity])
        other = self.model.tables[self.model.quantities[tree.quantity].table]
        spans = [self.model.static_rows(other, tree.conditions, table, int(row)) for row in rows]
        return np.array(
            [_any(self.found[tree.quantity] if found is None else self.found[tree.quantity][found]) for found in spans], dtype=object
        )

    def total(self, tree: Total, table: Table, rows: Array) -> Any:
        """Return the marks of the rows that count for a total, and of what tells which do."""
        other = self.model.tables[tree.table]
        everything = np.arange(len(other.rows))
        element = np.broadcast_to(self.of(tree.element, other, everything), everything.shape)
        columns = [name for name, _ in tree.conditions] + [bound.quantity for bound in tree.bounds]
        by = _any(self.of(value, table, rows) for value in [*dict(tree.conditions).values(), *(bound.value for bound in tree.bounds)])
        by = by | _any(_any(self.found[name]) for name in columns)
        if tree.bounds or not tree.conditions:
            return by | _any(element)
        matched: dict[tuple[Any, ...], int] = {}
        for key, marks in zip(zip(*(plain(self.evaluator.values[name]) for name in columns), strict=True), element, strict=True):
            matched[key] = matched.get(key, 0) | marks
        wanted = Rows(self.evaluator, table, rows).keys([value for _, value in tree.conditions])
        return _where(by, _any(element), np.array([matched.get(key, 0) for key in wanted], dtype=object))


def _where(by: Any, everything: int, matched: Array) -> Array:
    """Return the marks of what was found, of all that might have been where a mark reaches what it is found by."""
    by = np.broadcast_to(np.asarray(by, dtype=object), matched.shape)
    return np.array([mark | everything if mark else found for mark, found in zip(by, matched, strict=True)], dtype=object)
