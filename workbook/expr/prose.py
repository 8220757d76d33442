"""Trees as readable mathematics for the Notes sheet and ``explain``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.expr.functions import ADDING, AGGREGATES, ATOM, FUNCTIONS, RAISING, without_ones
from workbook.expr.nodes import Bound, Call, Cell, Fixed, Lookup, Neighbour, Number, Recorded, Span, Text, Total, Tree

if TYPE_CHECKING:
    from collections.abc import Callable

_JOINED = re.compile(r"\{\*: (.+) \}")


class Prose:
    """Writes trees with the labels of quantities in place of names."""

    def __init__(
        self,
        label: Callable[[str], str],
        row_label: Callable[[str, int], str],
        before: str = "of the row above",
        unit: Callable[[str], str] = str,
    ) -> None:
        """``label`` names a quantity, ``row_label`` the row of one known cell; ``before`` says where previous cells are.

        ``unit`` returns how a unit is written.
        """
        self.label, self.row_label, self.before, self.unit = label, row_label, before, unit

    def write(self, tree: Tree) -> str:
        """Return the tree as text."""
        return self._write(tree)[0]

    def _write(self, tree: Tree) -> tuple[str, int]:
        match tree:
            case Number(value=value, unit=unit):
                return f"{value:.12g} {self.unit(unit.value)}".rstrip() if unit else f"{value:.12g}", ATOM
            case Text(value=text):
                return f"“{text}”", ATOM
            case Cell(quantity=quantity):
                return self.label(quantity), ATOM
            case Fixed(quantity=quantity, row=row):
                where = self.row_label(quantity, row)
                return self.label(quantity) + (f" [{where}]" if where else ""), ATOM
            case Neighbour(quantity=quantity):
                return f"{self.label(quantity)} {self.before}", ATOM
            case Lookup(quantity=quantity, keys=keys):
                return f"{self.label(quantity)} [{', '.join(map(self.write, keys))}]", ATOM
            case Span(quantity=quantity, conditions=conditions):
                return f"{self.label(quantity)}{self._where(conditions)}", ATOM
            case Total(function=function, element=element, conditions=conditions, bounds=bounds):
                return AGGREGATES[function].prose.format(self.write(element)) + self._where(conditions, bounds), RAISING
            case Recorded(meaning=meaning):
                return meaning, ATOM
            case Call():
                return self._call(tree)
            case _:
                return "?", ATOM

    def _where(self, conditions: tuple[tuple[str, Tree], ...], bounds: tuple[Bound, ...] = ()) -> str:
        parts = [f"{self.label(quantity)} = {self.write(value)}" for quantity, value in conditions]
        parts += [FUNCTIONS[bound.relation].prose.format(self.label(bound.quantity), self.write(bound.value)) for bound in bounds]
        return f" where {' and '.join(parts)}" if parts else ""

    def _call(self, tree: Call) -> tuple[str, int]:
        kept = without_ones(tree)
        if kept is not tree:
            return self._write(kept)
        entry = FUNCTIONS[tree.function]
        operator = entry.operator
        if operator and operator.symbol:
            needs = (operator.left, operator.right)
            parts = [self._bracketed(argument, need) for argument, need in zip(tree.arguments, needs, strict=False)]
            return entry.prose.format(*parts), operator.level
        parts = [self.write(argument) for argument in tree.arguments]
        if entry.prose == "{0}":
            return self._write(tree.arguments[0])
        joined = _JOINED.match(entry.prose)
        if joined:
            return f" {joined.group(1)} ".join(parts), ADDING
        if entry.prose:
            return entry.prose.format(*parts), operator.level if operator else ATOM
        return f"{tree.function}({', '.join(parts)})", ATOM

    def _bracketed(self, tree: Tree, need: int) -> str:
        text, level = self._write(tree)
        return text if level >= need else f"({text})"
