"""What every calculated quantity of a workbook should be, from its inputs alone.

An expectation is a plain function of the inputs and of a row's keys. It is registered
under the ids of the quantities that it holds for, in the registry of its workbook, and returns the row's value in the
unit of the cell: a number, a text, or None where the cell stays blank. It can read input
cells only, since nothing else is in `Inputs`; a ValueError or a division by zero says
that the inputs have no answer.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from dis import get_instructions
from functools import cache, cached_property
from importlib import import_module
from inspect import isfunction
from pathlib import Path
from typing import Any, TypeVar, cast

from tests.reference.borrowed import lenders
from tests.reference.own_points import OF_OWN_POINTS
from tests.reference.own_traffic import OF_OWN_TRAFFIC

Value = float | str | None
Rule = Callable[..., object]
SomeRule = TypeVar("SomeRule", bound=Rule)
Item = TypeVar("Item")

EMPTY = -math.inf
"""What a workbook's values hold for a cell that stays empty where it has no answer."""

RELATIVE = 1e-9
ABSOLUTE_OF_DIFFERENCES = 1e-9
ABSOLUTE_OF_TINY = 1e-290


class Inputs:
    """Input cells by id, in the units of the cells; a cell that names a card holds the card's key."""

    def __init__(self, cells: Mapping[str, float | str], names: Mapping[str, str]) -> None:
        """``names`` gives each card's key the name that cells show."""
        self._cells, self._names = dict(cells), dict(names)

    def __getitem__(self, cell: str) -> float:
        """Return a number; raises KeyError unless ``cell`` is an input or follows from its card, TypeError if it holds text."""
        card, _, field = cell.rpartition(".")
        if cell not in self._cells and cell in FROM_MEASUREMENTS:
            return FROM_MEASUREMENTS[cell](self)
        if cell not in self._cells and field in OF_THE_CARD:
            return OF_THE_CARD[field](self, card)
        value = self._held(cell)
        if isinstance(value, str):
            message = f"{cell} holds the text {value!r}"
            raise TypeError(message)
        return value

    def __contains__(self, cell: str) -> bool:
        """Tell whether a cell is an input."""
        return cell in self._cells

    def text(self, cell: str) -> str:
        """Return a text, or the key of the card that the cell names."""
        return str(self._held(cell))

    def _held(self, cell: str) -> float | str:
        """Return what a cell holds, or what the card holds that its card borrows it from."""
        return self._held(lenders()[cell]) if cell not in self._cells and cell in lenders() else self._cells[cell]

    def shown(self, card: str) -> str:
        """Return the name that cells show for the key of a card."""
        return self._names[card]

    def members(self, group: str) -> tuple[str, ...]:
        """Return the members of a list, a catalogue, or a card's points (``catalogue.card``), in order."""
        return tuple(self._members.get(group, ()))

    @cached_property
    def _members(self) -> dict[str, dict[str, None]]:
        """The members of each group, in order: what follows the group in the ids of cells."""
        found: dict[str, dict[str, None]] = {}
        for cell in self._cells:
            parts = cell.split(".")
            for size in range(1, len(parts)):
                found.setdefault(".".join(parts[:size]), {})[parts[size]] = None
        return found


def feed_forward_matrices(i: Inputs, card: str) -> float:
    """Return the matrices of a feed-forward part: gate, up and down, or the last two."""
    return 3.0 if i.text(f"{card}.feed_forward") == "gated" else 2.0


def _output_layer(i: Inputs, card: str) -> float:
    """Return the output layer over all parameters outside routed experts and the input's embedding."""
    embedding = i[f"{card}.vocabulary"] * i[f"{card}.hidden"]
    routed = (
        feed_forward_matrices(i, card)
        * i[f"{card}.experts"]
        * i[f"{card}.expert_width"]
        * i[f"{card}.moe_intermediate"]
        * i[f"{card}.moe_layers"]
    )
    return min(1.0, embedding / max(1.0, i[f"{card}.total_parameters"] * 1e9 - routed - embedding))


def _layer_kernels(i: Inputs, card: str) -> float:
    """Return the matrix kernels of a layer: most with latent attention, else fewer beside experts."""
    kind = "latent" if i.text(f"{card}.attention") != "GQA" else "experts" if i[f"{card}.experts"] else "dense"
    return i[f"step_constants.kernels_{kind}"]


def _of_the_curve(i: Inputs, card: str) -> float:
    """Return the TDP of the GPU whose measured power curve a GPU borrows: that of the H100 or of the B200."""
    lender = lenders()[f"{card}.curve"].split(".")[1]
    return i["hardware.b200_sxm.tdp" if lender in {"b200_sxm", "gb200_nvl72"} else "hardware.h100_sxm.tdp"]


OF_THE_CARD: dict[str, Callable[[Inputs, str], float]] = {
    "active_parameters": lambda i, card: i[f"{card}.total_parameters"],
    "kv_bytes_per_token": lambda i, card: 2.0 * i[f"{card}.layers"] * i[f"{card}.kv_heads"] * i[f"{card}.head_dim"] * 2.0,
    "kv_shards_max": lambda i, card: i[f"{card}.kv_heads"] if i.text(f"{card}.attention") == "GQA" else 1.0,
    "kept_8": _output_layer,
    "kept_4": lambda i, card: 1.0 if i[f"{card}.experts"] else i[f"{card}.kept_8"],
    "layer_kernels": _layer_kernels,
    "attention_layers": lambda i, card: i[f"{card}.layers"],
    "value_dim": lambda i, card: i[f"{card}.head_dim"],
    "expert_width": lambda i, card: i[f"{card}.hidden"],
    "window_row": lambda i, card: (
        i[f"{card}.kv_heads"] * (i[f"{card}.head_dim"] + i[f"{card}.value_dim"])
        if i.text(f"{card}.attention") == "GQA"
        else i[f"{card}.latent_rank"] + i[f"{card}.latent_rotary"]
    ),
    **dict.fromkeys(("latent_rank", "latent_rotary"), lambda *_: 0.0),
    "curve_scale": lambda i, card: i[f"{card}.tdp"] / _of_the_curve(i, card),
}
"""Fields of a card that follow from others unless it states them.

A model is dense, with key and value of every head in 16 bit, a head a GPU, a latent row on every GPU; a GPU has a borrowed curve's
watts in the ratio of the TDPs.
"""

FROM_MEASUREMENTS = {**OF_OWN_POINTS, **OF_OWN_TRAFFIC}
"""What cells of cards hold that follow from measurements people paste, by id."""

OF_PLANNING = {
    *("kept_8", "kept_4", "layer_kernels", "attention_layers", "value_dim", "latent_rank", "latent_rotary"),
    *("expert_width", "window_row"),
}
"""Those that the paper's workbook does not have."""


def held_by(kind: Any) -> tuple[str, ...]:
    """Return the fields of a data class, or what the methods of another class store: named once, where it is computed."""
    if is_dataclass(kind):
        return tuple(field.name for field in fields(kind))
    methods = [item for each in kind.__mro__[:-1] for item in vars(each).values() if isfunction(item)]
    steps = [step for method in methods for step in get_instructions(method)]
    return tuple({step.argval: None for step in steps if step.opname == "STORE_ATTR"})


def _attribute(name: str) -> Callable[[Inputs, object], Value]:
    """Return the rule of what a row's object holds under a name."""
    return lambda _, item: getattr(item, name)


class Registry:
    """The expectations of a workbook's quantities.

    ``rules`` holds the expectation of each quantity id; ``differences`` those that subtract like from like, so that an
    absolute tolerance is needed; ``tiny`` probabilities that may lie where floating point runs out, so that no digits are
    left to compare.
    """

    def __init__(self) -> None:
        """Expect nothing yet."""
        self.rules: dict[str, Rule] = {}
        self.differences: set[str] = set()
        self.tiny: set[str] = set()

    def expect(self, *quantities: str, difference: bool = False, tiny: bool = False) -> Callable[[SomeRule], SomeRule]:
        """Register a function as the expectation of the quantities named, and keep its answers.

        Raises:
            ValueError: if a quantity has one already.

        """

        def register(rule: SomeRule) -> SomeRule:
            kept = cast("SomeRule", cache(rule))
            for quantity in quantities:
                self.add(quantity, kept)
                if difference:
                    self.differences.add(quantity)
                if tiny:
                    self.tiny.add(quantity)
            return kept

        return register

    def rows(self, table: str, columns: Mapping[str, Rule]) -> None:
        """Register columns of a table, each a function of the inputs and of a row's keys, and keep their answers."""
        for column, rule in columns.items():
            self.expect(f"{table}.{column}")(rule)

    def columns(self, table: str, of: Callable[..., Item], columns: Mapping[str, Callable[[Inputs, Item], Value]]) -> None:
        """Register columns of a table, each a function of the inputs and of the row's object, which ``of`` gives."""

        def rule(value: Callable[[Inputs, Item], Value]) -> Rule:
            return lambda i, *keys: value(i, of(i, *keys))

        for column, value in columns.items():
            self.add(f"{table}.{column}", rule(value))

    def attributes(self, table: str, of: Callable[..., object], *names: str) -> None:
        """Register columns of a table that the row's object holds under the same names."""
        for name in names:
            self.columns(table, of, {name: _attribute(name)})

    def fields(self, table: str, of: Callable[..., object], kind: Any, *but: str) -> None:
        """Register what the row's object holds, of a class or data class, as the columns of the same names, but for those named."""
        self.attributes(table, of, *(name for name in held_by(kind) if name not in but))

    def add(self, quantity: str, rule: Rule) -> None:
        """Register an expectation whose answers need not be kept; raises ValueError if the quantity has one already."""
        if quantity in self.rules:
            message = f"{quantity} has two expectations"
            raise ValueError(message)
        self.rules[quantity] = rule

    def expected(self, inputs: Inputs, quantity: str, keys: tuple[str, ...] = ()) -> Value:
        """Return what one row of a quantity should be.

        Raises:
            ValueError, ZeroDivisionError: where the inputs have no answer.

        """
        value = self.rules[quantity](inputs, *keys)
        return value if value is None or isinstance(value, str) else float(value)  # type: ignore[arg-type] # a number of NumPy or Python

    def agree(self, quantity: str, value: object, wanted: Value) -> bool:
        """Tell whether a cell holds what it should, numbers to a billionth."""
        if wanted is None:
            return value == "" or (isinstance(value, float) and (math.isnan(value) or value == EMPTY))
        if isinstance(wanted, str) or not isinstance(value, float):
            return value == wanted
        absolute = ABSOLUTE_OF_DIFFERENCES if quantity in self.differences else ABSOLUTE_OF_TINY if quantity in self.tiny else 0.0
        # A probability far out in a tail moves by its logarithm times what its mean moves by.
        tail = abs(math.log(wanted)) if quantity in self.tiny and wanted > 0 else 1.0
        return math.isclose(value, wanted, rel_tol=RELATIVE * max(1.0, tail), abs_tol=absolute)


PAPER = Registry()
PLANNING = Registry()

for _registry in (PAPER, PLANNING):
    for _field in OF_THE_CARD.keys() - {"curve_scale"} - (OF_PLANNING if _registry is PAPER else set()):
        _registry.add(f"models.{_field}", lambda i, model, field=_field: i[f"models.{model}.{field}"])
for _field in (cell.rpartition(".")[2] for cell in OF_OWN_POINTS):
    PLANNING.add(f"power_fits.{_field}", lambda i, curve, field=_field: i[f"power_fits.{curve}.{field}"])
PLANNING.add("hardware.curve_scale", lambda i, gpu: i[f"hardware.{gpu}.curve_scale"])

RULES, DIFFERENCES, TINY = PAPER.rules, PAPER.differences, PAPER.tiny
expect, expect_rows, expected = PAPER.expect, PAPER.rows, PAPER.expected


def number(inputs: Inputs, quantity: str, *keys: str) -> float:
    """Return what a row that holds a number should be; raises as `expected`, and TypeError for other rows."""
    value = expected(inputs, quantity, keys)
    if not isinstance(value, float):
        message = f"{quantity} is no number"
        raise TypeError(message)
    return value


def register_all() -> None:
    """Import every module of expectations."""
    for module in sorted((Path(__file__).parent / "expect").glob("expect_*.py")):
        import_module(f"{__package__}.expect.{module.stem}")
