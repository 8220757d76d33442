"""Unit rules: what a function asks of its arguments' units and what unit it gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.expr.nodes import Call, Number, Text, Tree
from workbook.expr.units import Unit, UnknownUnitError, show

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbook.expr.units import Units


class UnitError(Exception):
    """An expression whose units or kinds do not fit; ``at`` is the character offset."""

    def __init__(self, at: int, message: str, fix: str = "") -> None:
        """Keep the parts for the caller to place."""
        super().__init__(message)
        self.at, self.message, self.fix = at, message, fix


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is: its kind, and the unit of a number (None: a bare number, which fits its neighbours)."""

    kind: str = "number"
    unit: Unit | None = None


NUMBER = Type()
TEXT = Type("text")
BOOLEAN = Type("boolean")

Argument = tuple[Tree, Type]
if TYPE_CHECKING:
    Rule = Callable[[Units, Sequence[Argument], int], Type]


def _numbers(arguments: Sequence[Argument]) -> None:
    for tree, kind in arguments:
        if kind.kind != "number":
            raise UnitError(tree.at, f"a number is needed here, not a {kind.kind}")


def _common(units: Units, arguments: Sequence[Argument]) -> Type:
    """Return the unit shared by all arguments; bare numbers take it on."""
    kinds = {kind.kind for _, kind in arguments}
    if len(kinds) > 1:
        raise UnitError(arguments[0][0].at, f"a {' and a '.join(sorted(kinds))} do not go together")
    known = [(tree, kind.unit) for tree, kind in arguments if kind.unit is not None]
    for tree, unit in known[1:]:
        first = known[0][1]
        if not units.same(first, unit):
            raise UnitError(tree.at, f"'{show(first)}' and '{show(unit)}' do not go together", units.missing(first, unit))
    return Type(kinds.pop(), known[0][1] if known else None)


def common(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """All arguments are numbers of one unit, and so is the result (min, max)."""
    del at
    _numbers(arguments)
    return _common(units, arguments)


def alternative(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Both arguments are of one kind and unit, and so is the result (otherwise)."""
    del at
    return _common(units, arguments)


def add(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Add and subtract: like ``common``, but a bare number other than 0 is dimensionless."""
    _numbers(arguments)
    strict = []
    for tree, kind in arguments:
        bare = kind.unit is None and not (isinstance(tree, Number) and tree.value == 0)
        strict.append((tree, Type(kind.kind, units.one) if bare else kind))
    if all(kind.unit is None for _, kind in arguments):
        return NUMBER
    return common(units, strict, at)


def multiply(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Units multiply."""
    del at
    _numbers(arguments)
    left, right = (kind.unit for _, kind in arguments)
    if left is None and right is None:
        return NUMBER
    return Type("number", (units.one if left is None else left) * (units.one if right is None else right))


def divide(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Units divide."""
    del at
    _numbers(arguments)
    left, right = (kind.unit for _, kind in arguments)
    if left is None and right is None:
        return NUMBER
    return Type("number", (units.one if left is None else left) / (units.one if right is None else right))


def power(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A unit can be raised to a written number only."""
    _numbers(arguments)
    (_, base), (tree, exponent) = arguments
    plain(units, [arguments[1]], at)
    if base.unit is None or units.same(base.unit, units.one):
        return NUMBER if base.unit is None and exponent.unit is None else Type("number", units.one)
    minus = isinstance(tree, Call) and tree.function == "negative"
    number = tree.arguments[0] if isinstance(tree, Call) and minus else tree
    if not isinstance(number, Number):
        raise UnitError(tree.at, f"'{show(base.unit)}' can only be raised to a written number")
    return Type("number", base.unit ** (-number.value if minus else number.value))


def plain(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Arguments and result are dimensionless (exp, log)."""
    del at
    _numbers(arguments)
    for tree, kind in arguments:
        if kind.unit is not None and not units.same(kind.unit, units.one):
            unit = show(kind.unit)
            raise UnitError(tree.at, f"a plain number is needed here, not '{unit}'", f"divide by a reference, or by 1 [{unit}]")
    return Type("number", units.one)


def keep(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """The first argument's unit is kept (floor, negative, round); the others are plain."""
    _numbers(arguments)
    plain(units, arguments[1:], at)
    return arguments[0][1]


def square_root(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """The unit's root."""
    del units, at
    _numbers(arguments)
    unit = arguments[0][1].unit
    return Type("number", None if unit is None else unit**0.5)


def comparison(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Both sides have one unit; the result is true or false."""
    del at
    _common(units, arguments)
    return BOOLEAN


def order(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Both sides are numbers of one unit: programs sort texts differently."""
    _numbers(arguments)
    return comparison(units, arguments, at)


def logic(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """All arguments and the result are true or false."""
    del units, at
    for tree, kind in arguments:
        if kind.kind != "boolean":
            raise UnitError(tree.at, f"a comparison is needed here, not a {kind.kind}")
    return BOOLEAN


def condition(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """IF: a comparison, then two values of one unit."""
    logic(units, arguments[:1], at)
    return _common(units, arguments[1:])


def only(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A number and a comparison: the number's unit (only)."""
    logic(units, arguments[1:], at)
    return keep(units, arguments[:1], at)


def join(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Texts, and so is the result (join)."""
    del units, at
    for tree, kind in arguments:
        if kind.kind != "text":
            raise UnitError(tree.at, f"a text is needed here, not a {kind.kind}", "text(x) writes a number in digits")
    return TEXT


def text(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A number turned into a text, whose unit is for the words around it; a text stays (text)."""
    del units, at
    if arguments[0][1] != TEXT:
        _numbers(arguments)
    return TEXT


def decimals(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A plain number turned into a text (decimals): the words around it give its scale."""
    plain(units, arguments, at)
    return TEXT


def indicator(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A comparison turned into 1 or 0."""
    logic(units, arguments, at)
    return Type("number", units.one)


def written_unit(units: Units, tree: Tree) -> Unit:
    """Return the unit that a text in an expression names."""
    if not isinstance(tree, Text):
        raise UnitError(tree.at, "a unit is written as a 'text'")
    try:
        return units.parse(tree.value)
    except UnknownUnitError as error:
        raise UnitError(tree.at, str(error), units.guess(tree.value)) from None


def convert(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """Same thing, another scale."""
    _numbers(arguments[:1])
    target = written_unit(units, arguments[1][0])
    source = arguments[0][1].unit
    if source is None or units.factor(source, target) is None:
        raise UnitError(
            at,
            f"'{show(source) if source is not None else '1'}' cannot be converted to '{show(target)}'",
            "" if source is None else units.missing(source, target),
        )
    return Type("number", target)


def value_of(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A number of any unit, taken as a plain one."""
    del at
    _numbers(arguments)
    return Type("number", units.one)


def locate(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A value among knots of its own unit gives a plain position."""
    del at
    _numbers(arguments)
    _common(units, arguments)
    return Type("number", units.one)


def position(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """A number among cells of its own unit, or a text among texts, gives a plain position."""
    comparison(units, arguments, at)
    return Type("number", units.one)


def interpolate(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """(x, segment, xs, ys): the unit of ys."""
    _numbers(arguments)
    _common(units, [arguments[0], arguments[2]])
    plain(units, [arguments[1]], at)
    return arguments[3][1]


def at(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """(cells, place): a number of the cells' unit, or a text."""
    plain(units, [arguments[1]], at)
    return arguments[0][1]


def slope(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """(ys, xs): units divide."""
    return divide(units, arguments, at)


def intercept(units: Units, arguments: Sequence[Argument], at: int) -> Type:
    """(ys, xs): the unit of ys."""
    del units, at
    _numbers(arguments)
    return arguments[0][1]
