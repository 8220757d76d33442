"""How exactly a check takes what it compares: read from its expression, and from those of the columns whose rows it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.expr.nodes import Call, Number, Tree, quantities, walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.model.graph import Model, Quantity

COMPARISONS = {"less", "less_equal", "greater", "greater_equal"}
EXACT = "exact"


def tolerance(model: Model, quantity: Quantity) -> str:
    """Return the tolerances of a check in words: numbers that differences or multiples are compared with, or that it is exact."""
    if quantity.is_text:
        return ""
    trees = [variant.tree for variant in quantity.variants]
    counted = dict.fromkeys(name for tree in trees for name, _ in quantities(tree))
    columns = [model.quantities[name] for name in counted if name in model.quantities]
    judged = [column for column in columns if column.format in {"pass", "failures"} and column.table != quantity.table]
    trees += [variant.tree for column in judged for variant in column.variants]
    limits = [limit for tree in trees for limit in _limits(tree)]
    multiples = [limit for limit in limits if isinstance(limit, float)]
    words = [limit for limit in limits if isinstance(limit, str)]
    words += [f"{min(multiples):.3g} to {max(multiples):.3g} times"] if multiples else []
    return ", ".join(dict.fromkeys(words)) or EXACT


def _limits(tree: Tree) -> Iterator[str | float]:
    for node in walk(tree):
        if isinstance(node, Call) and node.function in COMPARISONS:
            one, other = node.arguments
            yield from _of(one, other)
            yield from _of(other, one)


def _of(compared: Tree, limit: Tree) -> Iterator[str | float]:
    """Yield what a limit allows: of a difference, in words, or a multiple of a value."""
    numbers = [node.value for node in walk(limit) if isinstance(node, Number) and node.value]
    is_difference = any(isinstance(node, Call) and node.function == "abs" for node in walk(compared))
    is_multiple = isinstance(limit, Call) and limit.function == "multiply" and isinstance(limit.arguments[0], Number)
    if numbers and is_difference:
        digits = any(isinstance(node, Call) and node.function == "power" for node in walk(limit))
        parts = " of the last digit" if digits else " of the value" if any(quantities(limit)) else ""
        yield f"±{numbers[0]:.3g}{parts}"
    elif numbers and is_multiple and not isinstance(compared, Number):
        yield numbers[0]
