"""The nodes of an expression tree.

``parse`` produces Number, Text, Call, Name, Find, Pick and Over. Resolution (``workbook.model.resolve``) replaces Name, Find,
Pick and Over by nodes that point at quantities: Cell, Fixed, Neighbour, Lookup, Span and Total. Recorded stands in no expression: the
program makes it. ``at`` is the character offset in the expression's text, for messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Text:
    """A text written in the expression."""

    value: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    """A number written in the expression, and the unit in brackets behind it, if any: ``8 [gpu/instance]``."""

    value: float
    at: int = 0
    unit: Text | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A function or operator of the registry, applied."""

    function: str
    arguments: tuple[Tree, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """``power`` or ``decode.block_size``: a column of the same row, or a single cell."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Find:
    """``table[key, ...].column``: one cell of another table, by key."""

    table: str
    keys: tuple[Tree, ...]
    column: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Pick:
    """``table[key, ...][by]``: one cell of another table, in the column that the row key ``by`` of this table names."""

    table: str
    keys: tuple[Tree, ...]
    by: Name
    at: int = 0


@dataclass(frozen=True, slots=True)
class Over:
    """``(element for alias in table if condition and ...)``, or the same in square brackets."""

    table: str
    alias: str
    element: Tree
    conditions: tuple[Call, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """The cell of a quantity on the same row, or its only cell."""

    quantity: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Fixed:
    """One known cell of a quantity: row ``row`` (0-based), whatever the row of the formula."""

    quantity: str
    row: int
    at: int = 0


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The cell ``offset`` rows away in the same group of rows."""

    quantity: str
    offset: int
    at: int = 0


@dataclass(frozen=True, slots=True)
class Lookup:
    """The cell of a quantity whose row has the given keys.

    ``beside`` is given where the rows of both tables are known to go together: the row so many below our own, or for each of
    our rows which one.
    """

    quantity: str
    keys: tuple[Tree, ...]
    at: int = 0
    beside: int | tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """All rows of a quantity, or those whose key columns equal the given values."""

    quantity: str
    conditions: tuple[tuple[str, Tree], ...] = ()
    at: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """A column that is ``less``, ``less_equal``, ``greater`` or ``greater_equal`` (names of the registry) than a value."""

    quantity: str
    relation: str
    value: Tree


@dataclass(frozen=True, slots=True)
class Total:
    """An aggregate of ``element`` over the rows of a table that meet the conditions (equalities) and lie within the bounds.

    ``in_block`` tells that these rows stand together, and which they are is known when the workbook is built.
    """

    function: str
    table: str
    element: Tree
    conditions: tuple[tuple[str, Tree], ...] = ()
    bounds: tuple[Bound, ...] = ()
    at: int = 0
    in_block: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A cell of the hidden record of the build, by its address there; ``value`` is what it holds in a file as built."""

    address: str
    value: float | str
    meaning: str
    at: int = 0


Tree = Number | Text | Call | Name | Find | Pick | Over | Cell | Fixed | Neighbour | Lookup | Span | Total | Recorded


_LEAVES = {Cell, Number, Text, Fixed, Name}  # most nodes


def walk(tree: Tree) -> Iterator[Tree]:
    """Yield the tree and every node below it, in the order in which they are written."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        if type(node) not in _LEAVES:
            left += children(node)[::-1]


def children(tree: Tree) -> tuple[Tree, ...]:
    """Return the direct children of a node."""
    match tree:
        case Call(arguments=arguments):
            return arguments
        case Find(keys=keys) | Pick(keys=keys) | Lookup(keys=keys):
            return keys
        case Over(element=element, conditions=tests):
            return (element, *tests)
        case Span(conditions=conditions):
            return tuple(value for _, value in conditions)
        case Total(element=element, conditions=conditions, bounds=bounds):
            return (element, *(value for _, value in conditions), *(bound.value for bound in bounds))
        case _:
            return ()


def quantities(tree: Tree) -> Iterator[tuple[str, Tree]]:
    """Yield (quantity id, node) for each reference in a resolved tree, columns of conditions and bounds included."""
    for node in walk(tree):
        if isinstance(node, Call | Number | Text):
            continue  # most nodes
        if isinstance(node, Cell | Fixed | Neighbour | Lookup | Span):
            yield node.quantity, node
        if isinstance(node, Span | Total):
            for quantity, _ in node.conditions:
                yield quantity, node
        if isinstance(node, Total):
            for bound in node.bounds:
                yield bound.quantity, node
