"""What is left of a call when its units are checked: functions about units leave no trace in a cell but a factor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.expr.nodes import Call, Number, Tree

if TYPE_CHECKING:
    from workbook.expr.rules import Type
    from workbook.expr.units import Units


def dropped(units: Units, argument: Tree, given: Type, result: Type) -> Tree:
    """Leave the argument."""
    del units, given, result
    return argument


def digits(units: Units, argument: Tree, given: Type, result: Type) -> Tree:
    """Leave a text as it is."""
    del units
    return argument if given == result else Call("text", (argument,), argument.at)


def scaled(units: Units, argument: Tree, given: Type, result: Type) -> Tree:
    """Multiply by 1000 or divide by 1000: never by 0.001, which floats cannot hold."""
    factor = units.factor(given.unit, result.unit) or 1.0
    if factor == 1.0:
        return argument
    if factor > 1.0:
        return Call("multiply", (argument, Number(float(f"{factor:.15g}"), argument.at)), argument.at)
    return Call("divide", (argument, Number(float(f"{1.0 / factor:.15g}"), argument.at)), argument.at)
