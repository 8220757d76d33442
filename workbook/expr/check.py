"""Kinds and units of a resolved tree, and its lowered form without unit functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.expr.functions import AGGREGATES, ARITHMETIC, FUNCTIONS, RANGES, without_ones
from workbook.expr.nodes import Bound, Call, Cell, Fixed, Lookup, Neighbour, Number, Span, Text, Total, Tree, walk
from workbook.expr.rules import NUMBER, TEXT, Type, UnitError, written_unit

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.expr.units import Units


class Checker:
    """Infers types bottom-up; ``type_of`` gives the declared type of a quantity."""

    def __init__(self, units: Units, type_of: Callable[[str], Type]) -> None:
        """Keep what every check needs."""
        self.units, self.type_of = units, type_of

    def check(self, tree: Tree) -> tuple[Type, Tree]:
        """Return the type of a tree and the tree lowered; raises UnitError."""
        match tree:
            case Number(unit=unit):
                return Type("number", written_unit(self.units, unit)) if unit else NUMBER, tree
            case Text():
                return TEXT, tree
            case Cell(quantity=quantity) | Fixed(quantity=quantity) | Neighbour(quantity=quantity):
                return self.type_of(quantity), tree
            case Lookup(quantity=quantity, keys=keys):
                return self.type_of(quantity), replace(tree, keys=tuple(map(self._key, keys)))
            case Total():
                return self._total(tree)
            case Call():
                return self._call(tree)
            case _:
                raise UnitError(tree.at, f"a range stands only inside {', '.join(RANGES)}")

    def _key(self, tree: Tree) -> Tree:
        kind, lowered = self.check(tree)
        if kind.kind == "boolean":
            raise UnitError(tree.at, "a key is a number or a text, not a boolean")
        return lowered

    def _conditions(self, conditions: tuple[tuple[str, Tree], ...]) -> tuple[tuple[str, Tree], ...]:
        return tuple((quantity, self._compared(quantity, "equal", value)) for quantity, value in conditions)

    def _bounds(self, bounds: tuple[Bound, ...]) -> tuple[Bound, ...]:
        return tuple(Bound(bound.quantity, bound.relation, self._compared(bound.quantity, bound.relation, bound.value)) for bound in bounds)

    def _compared(self, quantity: str, relation: str, value: Tree) -> Tree:
        """Return a value lowered that a column can be compared with."""
        kind, lowered = self.check(value)
        FUNCTIONS[relation].rule(self.units, [(Cell(quantity, value.at), self.type_of(quantity)), (value, kind)], value.at)
        return lowered

    def _total(self, tree: Total) -> tuple[Type, Tree]:
        kind, element = self.check(tree.element)
        if AGGREGATES[tree.function].counts:
            kind = Type("number", self.units.one)
        elif kind.kind != "number":
            raise UnitError(tree.at, f"'{tree.function}' needs numbers, not {kind.kind}s")
        elif not isinstance(element, Cell) or not _belongs(element, tree.table):
            self._check_products(tree, element)
        return kind, replace(tree, element=element, conditions=self._conditions(tree.conditions), bounds=self._bounds(tree.bounds))

    @staticmethod
    def _check_products(tree: Total, element: Tree) -> None:
        """Refuse what SUMPRODUCT, which adds up expressions, cannot compute row by row in every engine."""
        nodes = list(walk(element))
        plain = all(isinstance(node, Number | Cell | Fixed) or (isinstance(node, Call) and node.function in ARITHMETIC) for node in nodes)
        adds = AGGREGATES[tree.function].adds
        if not adds or not plain:
            wanted = "one column, or arithmetic over columns" if adds else "one column"
            raise UnitError(tree.at, f"'{tree.function}' takes {wanted} of '{tree.table}'", "compute it in a column of that table first")
        if not any(_belongs(node, tree.table) for node in nodes):
            raise UnitError(tree.at, f"'{tree.function}' needs a column of '{tree.table}'")

    def _call(self, tree: Call) -> tuple[Type, Tree]:
        if tree.function in AGGREGATES and len(tree.arguments) == 1:
            raise UnitError(tree.at, f"'{tree.function}' needs 'row.column for row in table'")
        entry = FUNCTIONS[tree.function]
        checked = [(argument, *self._argument(tree, argument, wanted=n in entry.ranges)) for n, argument in enumerate(tree.arguments)]
        kind = entry.rule(self.units, [(argument, kind) for argument, kind, _ in checked], tree.at)
        lowered = tuple(low for _, _, low in checked)
        if entry.lower:
            return kind, entry.lower(self.units, lowered[0], checked[0][1], kind)
        return kind, without_ones(Call(tree.function, lowered, tree.at))

    def _argument(self, tree: Call, argument: Tree, *, wanted: bool) -> tuple[Type, Tree]:
        """Check one argument, which must be a range where one is ``wanted`` and nowhere else."""
        if isinstance(argument, Span) != wanted:
            needs = "a range, [row.column for row in table]" if wanted else "single values, not a range"
            raise UnitError(argument.at, f"'{tree.function}' takes {needs}")
        if isinstance(argument, Span):
            return self.type_of(argument.quantity), Span(argument.quantity, self._conditions(argument.conditions), argument.at)
        return self.check(argument)


def _belongs(node: Tree, table: str) -> bool:
    return isinstance(node, Cell) and node.quantity.partition(".")[0] == table
