"""Which results can be compared between engines, and what each engine is known to do otherwise than Excel.

**Stable results.** Engines may differ in the last digit of every operation. Near a jump (a comparison of nearly equal
numbers, a floor beside an edge) or under cancellation that is enough for a different result, and no engine is wrong. So
an expression is computed ``DRAWS`` times with a random relative error of up to ``NOISE`` in the result of every operation
that rounds (the first draw has none), and is stable where all draws agree to ``AGREEMENT`` or are all errors. What an
operation gives exactly gets no error: inputs, written numbers, choices such as MIN and IF, whole numbers from FLOOR.

**Events.** What happens inside an expression that a known gap of an engine would make visible. A result with such an
event is not compared with the engines that have the gap, and each gap has an expected failure of its own, so that it is
taken off the list when an engine mends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbook.expr.functions import FUNCTIONS
from workbook.expr.nodes import Call, Cell, Number, Text, Tree
from workbook.expr.values import missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.model.evaluate import Values
    from workbook.model.graph import Quantity

DRAWS, NOISE, AGREEMENT = 24, 1e-13, 1e-10
SMALLEST, LARGEST = 1e-290, 1e290
EDGE = "edge"  # numbers compared that are nearly equal, or a negative number to a power that is nearly whole

Array = NDArray[Any]


@dataclass(frozen=True)
class Gap:
    """One thing that one engine does otherwise: the function, an expression that shows it, and why."""

    engine: str
    event: str
    function: str
    expression: str
    reason: str


GAPS = (
    Gap("libreoffice", "zero to zero", "power", "cells.none ** cells.none", "LibreOffice gives 1 for 0^0 where Excel gives #NUM!"),
    Gap("libreoffice", "odd root", "power", "cells.debt ** 0.2", "LibreOffice takes odd roots of negative numbers"),
    Gap("libreoffice", "underflow", "power", "cells.share ** 12345", "LibreOffice gives #NUM! for a power too small for a double"),
    Gap("gnumeric", "underflow", "multiply", "1e-200 * 1e-200 * 1e300", "Gnumeric holds numbers too small for a double inside a formula"),
    Gap("gnumeric", "overflow", "exp", "exp(800) * exp(-300)", "Gnumeric holds numbers too large for a double inside a formula"),
    Gap("gnumeric", "floating edge", "floor", "floor(300000000 * 0.3 - 2e-8)", "Gnumeric does not round to 15 digits"),
    Gap("gnumeric", "large exponent", "power", "(-1) ** 1e16", "Gnumeric refuses exponents from 2^31 on for negative numbers"),
    Gap("ironcalc", "odd root", "power", "cells.debt ** 0.2", "ironcalc takes odd roots of negative numbers"),
    Gap("ironcalc", "overflow", "exp", "1 / exp(800)", "ironcalc computes on with infinity"),
    Gap("ironcalc", "short circuit", "and", "indicator(1 > 2 and 1 / cells.none > 1)", "ironcalc stops at the first part that decides"),
    Gap("ironcalc", "short circuit", "or", "indicator(1 < 2 or 1 / cells.none > 1)", "ironcalc stops at the first part that decides"),
    Gap("ironcalc", "close to each other", "equal", "indicator(1e-17 == 0)", "ironcalc takes numbers within 2.2e-16 for equal"),
    Gap("ironcalc", "no events", "poisson", "poisson(0, cells.none)", "ironcalc takes a mean of zero, which others refuse"),
    Gap("ironcalc", "lost brackets", "negative", "1 / -(cells.rate * 2)", "ironcalc drops the brackets of -(a*b) and -(a/b)"),
    Gap("ironcalc", "lost brackets", "add", "1 + (1e20 - 1e20)", "ironcalc drops the brackets of a+(b-c)"),
    Gap("ironcalc", "lost brackets", "equal", "indicator((1 < 2) == (3 < 4))", "ironcalc drops the brackets of (a<b)=(c<d)"),
)
EVENTS_OF = {engine: {gap.event for gap in GAPS if gap.engine == engine} for engine in ("libreoffice", "gnumeric", "ironcalc")}

# The bare operations: values.py turns their infinities into errors, which hides why a result is one.
ROUNDING: dict[str, Callable[..., Array] | None] = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "power": np.power,
    "exp": np.exp,
    "ln": None,
    "log2": None,
    "log10": None,
    "sqrt": None,
    "round": None,
    "poisson": None,
    "poisson_cumulative": None,
}
COMPARING = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal"}


class Noisy:
    """Computes the expressions of one evaluated model with small random errors."""

    def __init__(self, values: Values) -> None:
        """Use ``values``, by quantity, for the cells that expressions refer to."""
        self.values = values
        self.chance = np.random.default_rng(7)
        self.events: dict[str, Array] = {}
        self.rows = 1

    def judge(self, quantity: Quantity) -> tuple[Array, dict[str, Array]]:
        """Tell for each row whether the result is stable, and which events led to it."""
        expected = self.values[quantity.id]
        self.rows, self.events = quantity.size, {}
        with np.errstate(all="ignore"):
            drawn = np.broadcast_to(self.value(quantity.variants[0].lowered), (DRAWS, self.rows))
            if quantity.is_text:
                same = (drawn == expected).all(axis=0)
            else:
                close = np.abs(drawn - expected) <= AGREEMENT * np.abs(expected)
                same = (close | (np.isnan(drawn) & np.isnan(expected))).all(axis=0)
        return same & ~self.events.pop(EDGE, np.zeros(self.rows, dtype=bool)), self.events

    def value(self, tree: Tree) -> Array:
        """Return the value of a tree: an array that broadcasts to (draws, rows)."""
        match tree:
            case Number(value=value):
                return np.asarray(value)
            case Text(value=text):
                return np.array(text, dtype=object)
            case Cell(quantity=quantity):
                return self.values[quantity]
            case Call(function=function, arguments=arguments):
                parts = [self.value(argument) for argument in arguments]
                result = FUNCTIONS[function].value(*parts)
                self.note_syntax(tree)
                self.note_logic(function, parts)
                if function in ROUNDING:
                    self.note_range(function, parts, result)
                    errors = NOISE * self.chance.uniform(-1, 1, (DRAWS, self.rows))
                    errors[0] = 0.0
                    result = result * (1 + errors)
                return result
            case _:
                raise TypeError(tree)

    def note(self, event: str, where: Array) -> None:
        """Remember an event for the rows where it happens in any draw."""
        happened = np.broadcast_to(where, (DRAWS, self.rows)).any(axis=0)
        self.events[event] = self.events.get(event, np.zeros(self.rows, dtype=bool)) | happened

    def note_syntax(self, tree: Call) -> None:
        """Note what an engine that reads a formula wrongly would stumble over."""
        inner = {argument.function for argument in tree.arguments if isinstance(argument, Call)}
        last = tree.arguments[-1].function if isinstance(tree.arguments[-1], Call) else ""
        regrouped = tree.function == "add" and last in {"add", "subtract"}
        turned = tree.function == "negative" and inner & {"multiply", "divide"}
        if regrouped or turned or (tree.function in COMPARING and inner & COMPARING):
            self.note("lost brackets", np.ones((), dtype=bool))

    def note_logic(self, function: str, parts: list[Array]) -> None:
        """Note comparisons of numbers that are close in absolute terms, and conditions that decide before an error."""
        if function in COMPARING and parts[0].dtype != object:
            distance = np.abs(parts[0] - parts[1])
            self.note("close to each other", (distance > 0) & (distance < 1e-15))
            self.note(EDGE, (distance > 0) & (distance < 10 * NOISE * np.maximum(np.abs(parts[0]), np.abs(parts[1]))))
        if function in {"and", "or"}:
            decided: Array = np.zeros(())
            for part in parts:
                self.note("short circuit", (decided != 0) & missing(part))
                decided = np.maximum(decided, part == (function == "or"))

    def note_range(self, function: str, parts: list[Array], result: Array) -> None:
        """Note results that leave the range of a double, and powers that Excel refuses."""
        operation = ROUNDING[function]
        bare = np.asarray(operation(*parts) if operation else result)
        finite = np.logical_and.reduce(np.broadcast_arrays(*(np.isfinite(part) for part in parts)))
        by_zero = (parts[-1] if function == "divide" else parts[0]) == 0 if function in {"divide", "power"} else np.zeros((), dtype=bool)
        self.note("overflow", finite & ~by_zero & (np.abs(bare) > LARGEST))
        if function in {"multiply", "divide", "power", "exp"}:
            vanished = np.logical_and.reduce(np.broadcast_arrays(*(part != 0 for part in parts))) if function != "exp" else finite
            self.note("underflow", finite & (np.abs(bare) < SMALLEST) & vanished)
        if function.startswith("poisson"):
            self.note("underflow", np.abs(bare) < SMALLEST)
        if function == "power":
            self.note("zero to zero", (parts[0] == 0) & (parts[1] == 0))
            self.note("large exponent", (parts[0] < 0) & (np.abs(parts[1]) >= 2.0**31))
            broken = (parts[0] < 0) & (parts[1] != np.rint(parts[1]))
            self.note(EDGE, broken & _near_whole(parts[1]))
            root = 1 / np.where(broken, parts[1], np.nan)
            self.note("odd root", _near_whole(root) & (np.rint(root) % 2 == 1))


def _near_whole(value: Array) -> Array:
    return np.asarray(np.abs(value - np.rint(value)) < 1e-9 * np.abs(value))
