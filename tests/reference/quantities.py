"""What every calculated quantity of the workbook should be, from its inputs alone.

An expectation is a plain function of the inputs and of a row's keys. It is registered
under the ids of the quantities that it holds for, and returns the row's value in the
unit of the cell: a number, a text, or None where the cell stays blank. It can read input
cells only, since nothing else is in `Inputs`; a ValueError or a division by zero says
that the inputs have no answer.
"""

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TypeVar, cast

Value = float | str | None
Rule = Callable[..., object]
SomeRule = TypeVar("SomeRule", bound=Rule)

RULES: dict[str, Rule] = {}
"""The expectation of each quantity id."""

DIFFERENCES: set[str] = set()
"""Quantities that subtract like from like, so that an absolute tolerance is needed."""

TINY: set[str] = set()
"""Probabilities that may lie where floating point runs out, so that it has no digits left to compare."""


class Inputs:
    """Input cells by id, in the units of the cells; a cell that names a card holds the card's key."""

    def __init__(self, cells: Mapping[str, float | str], names: Mapping[str, str]) -> None:
        """``names`` gives each card's key the name that cells show."""
        self._cells, self._names = dict(cells), dict(names)

    def __getitem__(self, cell: str) -> float:
        """Return a number; raises KeyError unless ``cell`` is an input, TypeError if it holds text."""
        value = self._cells[cell]
        if isinstance(value, str):
            message = f"{cell} holds the text {value!r}"
            raise TypeError(message)
        return value

    def text(self, cell: str) -> str:
        """Return a text, or the key of the card that the cell names."""
        return str(self._cells[cell])

    def shown(self, card: str) -> str:
        """Return the name that cells show for the key of a card."""
        return self._names[card]

    def members(self, group: str) -> tuple[str, ...]:
        """Return the members of a list, a catalogue, or a card's points (``catalogue.card``), in order."""
        start = f"{group}."
        return tuple(dict.fromkeys(cell.removeprefix(start).partition(".")[0] for cell in self._cells if cell.startswith(start)))


def expect(*quantities: str, difference: bool = False, tiny: bool = False) -> Callable[[SomeRule], SomeRule]:
    """Register a function as the expectation of the quantities named, and keep its answers.

    Raises:
        ValueError: if a quantity has one already.

    """

    def register(rule: SomeRule) -> SomeRule:
        kept = cast("SomeRule", cache(rule))
        for quantity in quantities:
            if quantity in RULES:
                message = f"{quantity} has two expectations"
                raise ValueError(message)
            RULES[quantity] = kept
            if difference:
                DIFFERENCES.add(quantity)
            if tiny:
                TINY.add(quantity)
        return kept

    return register


def expected(inputs: Inputs, quantity: str, keys: tuple[str, ...] = ()) -> Value:
    """Return what one row of a quantity should be.

    Raises:
        ValueError, ZeroDivisionError: where the inputs have no answer.

    """
    value = RULES[quantity](inputs, *keys)
    return value if value is None or isinstance(value, str) else float(value)  # type: ignore[arg-type] # a number of NumPy or Python


def number(inputs: Inputs, quantity: str, *keys: str) -> float:
    """Return what a row that holds a number should be; raises as `expected`, and TypeError for other rows."""
    value = expected(inputs, quantity, keys)
    if not isinstance(value, float):
        message = f"{quantity} is no number"
        raise TypeError(message)
    return value


def register_all() -> None:
    """Import every module of expectations beside this one."""
    for module in sorted(Path(__file__).parent.glob("expect_*.py")):
        import_module(f"{__package__}.{module.stem}")
