"""The model's values in NumPy: one array per quantity, in order of calculation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from workbook.expr.functions import AGGREGATES, FUNCTIONS
from workbook.expr.nodes import Call, Cell, Fixed, Lookup, Neighbour, Number, Recorded, Span, Text, Total, Tree
from workbook.expr.typed import value_of
from workbook.expr.values import Array, missing
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from workbook.model.graph import Model, Quantity, Table

Values = dict[str, Array]
RELATIONS = {"less": np.less, "less_equal": np.less_equal, "greater": np.greater, "greater_equal": np.greater_equal}
COMPARED_AT_ONCE = 4_000_000  # pairs of rows, so that two long tables fit into memory


def quantise(value: float) -> float:
    """Return a number as a spreadsheet file stores it: 16 significant digits."""
    return float(f"{value:.16G}")


def evaluate(
    model: Model,
    edits: Mapping[CellRef, float | str] | None = None,
    wanted: Collection[str] | None = None,
    known: Mapping[str, Array] | None = None,
) -> Values:
    """Return the values of all quantities: float64 of shape (rows,), NaN for errors and blanks, objects for text.

    ``wanted`` names quantities to stop at: only those and what they need are calculated. Values that are ``known`` are not
    calculated again.

    A cell that ``only`` left empty holds ``values.EMPTY``.

    ``edits`` replaces inputs, and values taken over, by (quantity id, row). Text edits are the text that the cell shows.
    """
    model = model.overridden(edits or {})
    evaluator = Evaluator(model, edits or {}, known)
    with np.errstate(all="ignore"):
        needed = None if wanted is None else _needed(model, wanted)
        for group in model.order:
            if (needed is not None and needed.isdisjoint(group)) or all(name in evaluator.values for name in group):
                continue
            evaluator.run([model.quantities[name] for name in group])
    return evaluator.values


def reevaluate(model: Model, values: Values, edits: Mapping[CellRef, float | str], wanted: Collection[str]) -> Values:
    """Return the values after edits, from ``values`` without them: only what follows from edited cells is calculated again."""
    changed = {at.quantity for at in edits}
    for group in model.order:
        if any(not changed.isdisjoint(model.needs(model.quantities[name])) for name in group):
            changed.update(group)
    return evaluate(model, edits, wanted, {name: array for name, array in values.items() if name not in changed})


def _needed(model: Model, wanted: Collection[str]) -> set[str]:
    """Return the quantities and all that they lean on, rows' keys included."""
    found: set[str] = set()
    left = list(wanted)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            quantity = model.quantities[name]
            left += [*model.needs(quantity), *(key.quantity for key in model.tables[quantity.table].keys if key.quantity)]
    return found


class Evaluator:
    """Fills in the values of a model, quantity by quantity."""

    def __init__(self, model: Model, edits: Mapping[CellRef, float | str], known: Mapping[str, Array] | None = None) -> None:
        """Start with the values that are known."""
        self.model, self.edits = model, edits
        self.values: Values = dict(known or {})
        self.typed: dict[CellRef, float | str | None] = {}  # what typed formulas come to so far; None for errors
        self.indexes: dict[str, dict[tuple[Any, ...], list[int]]] = {}
        self.firsts: dict[str, Array] = {}

    def run(self, group: list[Quantity]) -> None:
        """Fill in quantities that are calculated together: one, or several that use each other's earlier rows or typed formulas."""
        typed = {CellRef(quantity.id, row): formula.tree for quantity in group for row, formula in quantity.typed.items()}
        if not typed:
            self.fill(group)
            return
        parts = self.model.declared_order([quantity.id for quantity in group])
        # No cell depends on itself (``layout.circles``): each pass settles at least one formula more.
        for _ in range(1 + len(typed)):
            self.indexes.clear()
            for names in parts:
                self.fill([self.model.quantities[name] for name in names])
            before = dict(self.typed)
            self.typed |= {at: value_of(tree, lambda node: self.values[node.quantity][node.row]) for at, tree in typed.items()}
            if before == self.typed:
                return

    def fill(self, group: list[Quantity]) -> None:
        """Fill in quantities by what is declared, with the results that typed formulas have so far."""
        for quantity in group:
            self.start(quantity)
        table = self.model.tables[group[0].table]
        recurs = len(group) > 1 or group[0].id in self.model.recurring
        for wave in _waves(table) if recurs else [None]:
            for quantity in group:
                for variant in quantity.variants:
                    rows = np.array(variant.rows if wave is None else [row for row in variant.rows if row in wave], dtype=int)
                    if len(rows):
                        self.values[quantity.id][rows] = Rows(self, table, rows).value(variant.lowered)

    def start(self, quantity: Quantity) -> None:
        """Fill in what is not a formula: inputs, constants, links."""
        array: Array = np.full(quantity.size, "" if quantity.is_text else np.nan, dtype=object if quantity.is_text else float)
        self.values[quantity.id] = array
        for row, figure in quantity.inputs.items():
            value = self.edits.get(CellRef(quantity.id, row), self.shown(quantity, figure.value))
            array[row] = value if isinstance(value, str) else quantise(value)
        for row in quantity.typed:
            result = self.typed.get(CellRef(quantity.id, row))
            array[row] = np.nan if result is None and not quantity.is_text else result
        for row, constant in quantity.constants.items():
            array[row] = constant
        for row in quantity.links:
            target, index = quantity.links[row]
            while target == quantity.id and index in quantity.links:  # a member may inherit from one that inherits, in any order
                target, index = quantity.links[index]
            array[row] = self.values[target][index]

    def shown(self, quantity: Quantity, value: float | str) -> float | str:
        """Return an input as its cell shows it: a card by its name."""
        return self.model.choices(quantity.bounds).get(value, value) if isinstance(value, str) else value

    def starts(self, table: Table) -> Array:
        """Tell for each row of a table whether a group starts with it."""
        if table.name not in self.firsts:
            self.firsts[table.name] = np.isin(np.arange(len(table.rows)), [group.start for group in table.groups()])
        return self.firsts[table.name]

    def index(self, table: Table) -> dict[tuple[Any, ...], list[int]]:
        """Return the rows of each tuple of key values, texts without case."""
        if table.name not in self.indexes:
            found: dict[tuple[Any, ...], list[int]] = {}
            columns = [
                self.values[key.quantity] if key.quantity else np.array(list(key.shown.values()), dtype=object) for key in table.keys
            ]
            for row, key in enumerate(zip(*(plain(column) for column in columns), strict=True)):
                found.setdefault(key, []).append(row)
            self.indexes[table.name] = found
        return self.indexes[table.name]


def _single(values: Array, row: int) -> Array:
    """Return one of some values, of shape () and of their kind: a text stays in an array, a number is quicker without one."""
    return values[row] if values.dtype == float else values[row : row + 1].reshape(())


def plain(column: Array) -> list[Any]:
    """Return keys as they compare: texts without case; a missing one (None) equals no text."""
    return [item if item is None else str(item).lower() for item in column] if column.dtype == object else [float(item) for item in column]


def _waves(table: Table) -> list[set[int]]:
    """Split rows by their position in the group, so that a row can use the one above it."""
    waves: dict[int, set[int]] = {}
    for group in table.groups():
        for place, row in enumerate(group):
            waves.setdefault(place, set()).add(row)
    return [waves[place] for place in sorted(waves)]


class Rows:
    """Evaluates trees for some rows of a table; results have shape (rows,) or ()."""

    def __init__(self, owner: Evaluator, table: Table, rows: Array) -> None:
        """Take the values of an evaluator."""
        self.owner, self.table, self.rows = owner, table, rows

    def value(self, tree: Tree) -> Array:
        """Return the values of a tree."""
        match tree:  # those that most nodes are stand first
            case Call(function=function, arguments=arguments):
                if Span in map(type, arguments):
                    return self._over_spans(function, arguments)
                return FUNCTIONS[function].value(*map(self.value, arguments))
            case Cell(quantity=quantity):
                return self._cell(quantity)
            case Number(value=value):
                return np.float64(value)  # type: ignore[return-value] # a NumPy scalar serves as an array of shape ()
            case Text(value=text):
                return np.array(text, dtype=object)
            case Fixed(quantity=quantity, row=row):
                return _single(self.owner.values[quantity], row)
            case Lookup():
                return self._lookup(tree)
            case Neighbour(quantity=quantity, offset=offset):
                return self._neighbour(quantity, offset)
            case Total():
                return self._total(tree)
            case Recorded(value=recorded):
                return np.array(recorded, dtype=object if isinstance(recorded, str) else float)
            case _:
                raise TypeError(f"{type(tree).__name__} has no value")

    def _cell(self, quantity: str) -> Array:
        values = self.owner.values[quantity]
        if self.owner.model.quantities[quantity].table == self.table.name:
            return np.asarray(values[self.rows])
        return _single(values, 0)

    def _neighbour(self, quantity: str, offset: int) -> Array:
        """The rows above ours; an error where that is a row of another group, or the table's header."""
        values = self.owner.values[quantity]
        none_above = self.owner.starts(self.table)[self.rows]
        return np.where(none_above, np.array(None if values.dtype == object else np.nan), values[self.rows + offset])

    def keys(self, trees: list[Tree]) -> list[tuple[Any, ...]]:
        """Return the values of trees on each row, as keys compare."""
        columns = [np.broadcast_to(self.value(tree), self.rows.shape) for tree in trees]
        return list(zip(*(plain(column) for column in columns), strict=True))

    def _lookup(self, tree: Lookup) -> Array:
        if tree.beside is not None:
            rows = self.rows + tree.beside if isinstance(tree.beside, int) else np.asarray(tree.beside)[self.rows]
            return np.asarray(self.owner.values[tree.quantity][rows])
        target = self.owner.model.quantities[tree.quantity]
        index = self.owner.index(self.owner.model.tables[target.table])
        values = self.owner.values[tree.quantity]
        found = [index.get(key, []) for key in self.keys(list(tree.keys))]
        if target.is_text:
            return np.array([values[rows[0]] if rows else None for rows in found], dtype=object)
        one = len(tree.keys) == 1
        return np.array([np.nan if not rows else values[rows[0]] if one or len(rows) == 1 else values[rows].mean() for rows in found])

    def _total(self, tree: Total) -> Array:
        table = self.owner.model.tables[tree.table]
        everything = np.arange(len(table.rows))
        entry = AGGREGATES[tree.function]
        reduce = entry.value
        element = np.broadcast_to(Rows(self.owner, table, everything).value(tree.element), everything.shape)
        own = isinstance(tree.element, Cell) and self.owner.model.quantities[tree.element.quantity].table == tree.table
        ranked = bool(entry.ranked[0]) and not tree.in_block and bool(tree.conditions or tree.bounds)
        cell_by_cell = ranked or (not own and not entry.counts)
        if cell_by_cell:
            compared = [self.owner.values[name] for name in (*dict(tree.conditions), *(bound.quantity for bound in tree.bounds))]
            if any(missing(column).any() for column in [element, *compared]):
                return np.asarray(np.nan)  # SUMPRODUCT computes every row, and multiplies those that do not count by 0
        if tree.bounds:
            return self._total_within(tree, element, reduce)
        if not tree.conditions:
            return np.asarray(reduce(element))
        found, wrong = self._totals_of_equals(tree, element, reduce)
        return np.where(wrong, np.nan, found) if cell_by_cell else found

    def _totals_of_equals(self, tree: Total, element: Array, reduce: Callable[[Array], Array]) -> tuple[Array, Array]:
        """Total the rows whose columns equal values of ours; return the totals, and where such a value is an error."""
        columns = [plain(self.owner.values[quantity]) for quantity, _ in tree.conditions]
        rows_of: dict[tuple[Any, ...], list[int]] = {}
        for row, key in enumerate(zip(*columns, strict=True)):
            rows_of.setdefault(key, []).append(row)
        totals = {key: float(reduce(element[rows])) for key, rows in rows_of.items()}
        empty = float(reduce(element[:0]))
        values = [np.broadcast_to(self.value(value), self.rows.shape) for _, value in tree.conditions]
        found = np.array([totals.get(key, empty) for key in zip(*map(plain, values), strict=True)])
        return found, np.any([missing(value) for value in values], axis=0)

    def _total_within(self, tree: Total, element: Array, reduce: Callable[[Array], Array]) -> Array:
        """Total the rows that meet the conditions and lie within the bounds; a bound that is an error gives one."""
        limits = [np.broadcast_to(self.value(bound.value), self.rows.shape) for bound in tree.bounds]
        wanted, own = self._groups(tree)
        result = np.full(self.rows.shape, np.nan)
        step = max(1, COMPARED_AT_ONCE // max(1, element.size))
        for start in range(0, len(self.rows), step):
            block = slice(start, start + step)
            kept = wanted[block, None] == own
            for bound, limit in zip(tree.bounds, limits, strict=True):
                kept &= RELATIONS[bound.relation](self.owner.values[bound.quantity], limit[block, None])
            result[block] = [float(reduce(element[row])) for row in kept]
        return np.where(np.isnan(limits).any(axis=0), np.nan, result)

    def _groups(self, tree: Total) -> tuple[Array, Array]:
        """Number the values that the conditions compare: for our rows, and for the rows of the other table."""
        size = len(self.owner.model.tables[tree.table].rows)
        if not tree.conditions:
            return np.zeros(self.rows.shape, dtype=int), np.zeros(size, dtype=int)
        columns = [plain(self.owner.values[quantity]) for quantity, _ in tree.conditions]
        number: dict[tuple[Any, ...], int] = {}
        own = np.array([number.setdefault(key, len(number)) for key in zip(*columns, strict=True)], dtype=int)
        return np.array([number.get(key, -1) for key in self.keys([value for _, value in tree.conditions])], dtype=int), own

    def _over_spans(self, function: str, arguments: tuple[Tree, ...]) -> Array:
        """Apply a function of ranges; ranges with conditions differ from row to row."""
        entry = FUNCTIONS[function].value
        if all(not argument.conditions for argument in arguments if isinstance(argument, Span)):
            return entry(*(self.owner.values[a.quantity] if isinstance(a, Span) else self.value(a) for a in arguments))
        singles = {n: np.broadcast_to(self.value(a), self.rows.shape) for n, a in enumerate(arguments) if not isinstance(a, Span)}
        result: list[Array] = []
        for number, row in enumerate(self.rows):
            parts = [self._span(a, int(row)) if isinstance(a, Span) else singles[n][number] for n, a in enumerate(arguments)]
            result.append(np.asarray(entry(*parts)))
        return np.array([item.item() for item in result], dtype=result[0].dtype)

    def _span(self, span: Span, row: int) -> Array:
        table = self.owner.model.tables[self.owner.model.quantities[span.quantity].table]
        rows = self.owner.model.static_rows(table, span.conditions, self.table, row)
        return np.asarray(self.owner.values[span.quantity][rows])
