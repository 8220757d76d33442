"""Kinds and units of a resolved tree, and its lowered form without unit functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.expr.functions import AGGREGATES, FUNCTIONS
from workbook.expr.nodes import Call, Cell, Fixed, Lookup, Neighbour, Number, Span, Text, Total, Tree
from workbook.expr.rules import NUMBER, TEXT, Type, UnitError

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
            case Number():
                return NUMBER, tree
            case Text():
                return TEXT, tree
            case Cell(quantity=quantity) | Fixed(quantity=quantity) | Neighbour(quantity=quantity):
                return self.type_of(quantity), tree
            case Lookup(quantity=quantity, keys=keys, at=at):
                return self.type_of(quantity), Lookup(quantity, tuple(self.check(key)[1] for key in keys), at)
            case Span(quantity=quantity, conditions=conditions, at=at):
                return self.type_of(quantity), Span(quantity, self._conditions(conditions), at)
            case Total():
                return self._total(tree)
            case Call():
                return self._call(tree)
            case _:
                raise UnitError(tree.at, "cannot stand here")

    def _conditions(self, conditions: tuple[tuple[str, Tree], ...]) -> tuple[tuple[str, Tree], ...]:
        lowered = []
        for quantity, value in conditions:
            kind, tree = self.check(value)
            FUNCTIONS["equal"].rule(self.units, [(Cell(quantity, value.at), self.type_of(quantity)), (value, kind)], value.at)
            lowered.append((quantity, tree))
        return tuple(lowered)

    def _total(self, tree: Total) -> tuple[Type, Tree]:
        kind, element = self.check(tree.element)
        if tree.function == "count":
            kind = Type("number", self.units.one)
        elif kind.kind != "number":
            raise UnitError(tree.at, f"'{tree.function}' needs numbers, not {kind.kind}s")
        return kind, Total(tree.function, tree.table, element, self._conditions(tree.conditions), tree.at)

    def _call(self, tree: Call) -> tuple[Type, Tree]:
        if tree.function in AGGREGATES and len(tree.arguments) == 1:
            raise UnitError(tree.at, f"'{tree.function}' needs 'row.column for row in table'")
        checked = [(argument, *self.check(argument)) for argument in tree.arguments]
        for argument, _, _ in checked:
            if isinstance(argument, Span) and tree.function not in RANGES:
                raise UnitError(argument.at, f"'{tree.function}' takes single values, not a range")
        kind = FUNCTIONS[tree.function].rule(self.units, [(argument, kind) for argument, kind, _ in checked], tree.at)
        lowered = tuple(low for _, _, low in checked)
        if tree.function == "relabel":
            return kind, lowered[0]
        if tree.function == "convert":
            return kind, self._scaled(lowered[0], self.units.factor(checked[0][1].unit, kind.unit) or 1.0, tree.at)
        return kind, Call(tree.function, lowered, tree.at)

    @staticmethod
    def _scaled(tree: Tree, factor: float, at: int) -> Tree:
        """Multiply by 1000 or divide by 1000: never by 0.001, which floats cannot hold."""
        if factor == 1.0:
            return tree
        if factor > 1.0:
            return Call("multiply", (tree, Number(float(f"{factor:.15g}"), at)), at)
        return Call("divide", (tree, Number(float(f"{1.0 / factor:.15g}"), at)), at)


RANGES = {"slope", "intercept", "locate", "interpolate"}
