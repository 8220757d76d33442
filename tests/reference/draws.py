"""Random edits of a workbook's inputs, within their bounds and coherent with one another."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from workbook.declare.catalogues import Figure
from workbook.model.graph import Model, Quantity

FACTORS = (0.7, 1.4)
SHARE_EDITED = 0.35
TRIES = 50

STRUCTURAL = ("experts", "experts_per_token", "shared_experts")
"""Fields whose zero makes a model dense: never moved off it."""

Values = dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Knob:
    """An input: its value in the template, its bounds (NaN for none), and the few values it may hold, as texts."""

    cell: str
    value: float | str
    minimum: float
    above: float
    maximum: float
    whole: bool
    choices: tuple[str, ...]
    peers: float
    """The largest value of the same field, the scale for one that is 0."""

    listed: str
    """The list it belongs to, whose values increase (those of a field of points do not fall), or an empty text."""

    ends: bool = False
    """Whether it is the end of its list, which stays where it is."""

    def allows(self, value: float) -> bool:
        """Tell whether a number lies within the bounds."""
        return not (value < self.minimum or value <= self.above or value > self.maximum)

    def edited(self, random: np.random.Generator) -> float | str:
        """Return another value within the bounds, or the template's where none is found."""
        if self.ends:
            return self.value
        if isinstance(self.value, str):
            return str(random.choice(self.choices)) if self.choices else self.value
        if self.choices:
            return float(random.choice(self.choices))
        for _ in range(TRIES):
            value = self.value * random.uniform(*FACTORS) if self.value else self._off_zero(random)
            value = self._whole(value) if self.whole else float(f"{value:.15g}")
            if self.allows(value):
                return value
        return self.value

    def _whole(self, value: float) -> float:
        """Round, and step up where that leads back to where it started: a small number would never move."""
        rounded = float(round(value))
        return rounded + 1.0 if rounded == self.value and self.value else rounded

    def _off_zero(self, random: np.random.Generator) -> float:
        if self.cell.rpartition(".")[2] in STRUCTURAL:
            return 0.0
        return float(random.uniform(0.0, 0.5) * (self.peers or 10.0))


def knob_of(model: Model, cell: str, name: str, row: int, value: float | str) -> Knob:
    """Return a cell as a thing to turn, from ``value``: its bounds, the choices that it offers, and the list that it belongs to."""
    quantity = model.quantities[name]
    bounds = quantity.bounds
    minimum, above, maximum = (math.nan if limit is None else limit for limit in (bounds.minimum, bounds.above, bounds.maximum))
    peers = max((figure.value for figure in quantity.inputs.values() if isinstance(figure.value, float)), default=0.0)
    choices = tuple(model.choices(bounds)) or bounds.choices
    return Knob(cell, value, minimum, above, maximum, bounds.whole, choices, peers, *_listed(model, quantity, row))


def _listed(model: Model, quantity: Quantity, row: int) -> tuple[str, bool]:
    """Return the list or the card's points that an input belongs to, if any, and whether it is their fixed end."""
    table = model.tables[quantity.table]
    if table.kind == "list":
        return quantity.table, False
    for catalogue in model.declared.catalogues.values():
        field = catalogue.points.fields.get(quantity.name) if catalogue.points else None
        if field and field.order and len(table.keys) > 1:
            last = max(number for number, keys in enumerate(table.rows) if keys[0] == table.rows[row][0])
            return f"{quantity.id}.{table.rows[row][0]}", field.ends_at is not None and row == last
    return "", False


def figure_of(quantity: Quantity, row: int) -> Figure | None:
    """Return the figure of an input, or of a choice that shows the name of the case that the templates choose."""
    follows = row in quantity.links and quantity.bounds.key
    return quantity.inputs.get(row) or (quantity.evidence.get(row) if follows else None)


def draw(random: np.random.Generator, knobs: Sequence[Knob]) -> Values:
    """Return edits of a third of the inputs: lists put back in order, and the incoherent ones left out.

    Lists with an end may be edited as a whole: of several equal values before the end, all must move for the last to.
    """
    moved = {knob.listed for knob in knobs if knob.ends and random.random() < SHARE_EDITED}
    edits = {knob.cell: knob.edited(random) for knob in knobs if random.random() < SHARE_EDITED or knob.listed in moved}
    whole = {knob.cell: knob.value for knob in knobs}
    for listed in dict.fromkeys(knob.listed for knob in knobs if knob.listed):
        cells = [knob.cell for knob in knobs if knob.listed == listed]
        values = sorted(float(edits.get(cell, whole[cell])) for cell in cells)
        repeats = len(set(values)) < len({whole[cell] for cell in cells})
        edits.update(zip(cells, [whole[cell] for cell in cells] if repeats else values, strict=True))
    for cell in list(incoherent({**whole, **edits})):
        edits.pop(cell, None)
    return {cell: value for cell, value in edits.items() if value != whole[cell]}


def incoherent(values: Values) -> Iterable[str]:
    """Yield the inputs of each group that contradicts itself, for which the model has no meaning.

    A curve must not fall, and a mixture's published counts must leave something for
    what every token runs through, beside the experts that follow from its shape.
    """
    for card in (*_cards(values, "power_curves"), *_cards(values, "power_fits")):
        ends = [f"{card}.p_nominal", f"{card}.p_idle"]
        if ends[0] in values and _number(values, ends[0]) < _number(values, ends[1]):
            yield from ends
    for card in _cards(values, "models"):
        fields = [f"{card}.{field}" for field in ("experts", "experts_per_token", "total_parameters", "active_parameters")]
        experts, taken, total = (_number(values, field) for field in fields[:3])
        active = float(values.get(fields[3], total))
        if experts and not (taken < experts and total * taken / experts <= active <= total):
            yield from fields
        shape = [f"{card}.{field}" for field in ("experts", "total_parameters", "moe_layers", "hidden", "moe_intermediate")]
        if shape[2] in values:
            routed, billions, *size = (_number(values, field) for field in shape)
            if 3.0 * routed * math.prod(size) > 1e9 * billions:
                yield from shape


def _cards(values: Values, catalogue: str) -> list[str]:
    return list(dict.fromkeys(cell.rpartition(".")[0] for cell in values if cell.startswith(f"{catalogue}.")))


def _number(values: Values, cell: str) -> float:
    return float(values[cell])
