"""Inherited cells that hold their parent's value as one of their own, as after cells were pasted as values."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from workbook.model.evaluate import Evaluator, Rows, evaluate
from workbook.roundtrip.merge import State

if TYPE_CHECKING:
    from workbook.expr.values import Array
    from workbook.layout.plan import Layout
    from workbook.model.evaluate import Values
    from workbook.model.graph import CellRef
    from workbook.record.read import Baseline
    from workbook.roundtrip.pull import Edits


def like_parents(edits: Edits, known: Baseline, layout: Layout) -> list[str]:
    """Return the ids of edits that give a cell the value that it would inherit, in order: with inheritance in their place no value differs.

    A formula, and a value with a note of its own, is meant as it stands.
    """
    parents = _Parents(edits, known, layout)
    found = []
    for name, edit in edits.edits.items():
        at = layout.model.find(name)
        if at is None or not edit.taken or edit.formula or edit.note:
            continue
        inherited = parents.value(at)
        if inherited is not None and State(edit.value, edit.unit).is_like(State(inherited, layout.model.quantities[at.quantity].unit)):
            found.append(name)
    return found


def inherit_again(edits: Edits, names: list[str]) -> None:
    """Give cells their inheritance back, each with a remark."""
    for name in names:
        edit = edits.edits.pop(name)
        edits.remarks.append(edit.finding(f"holds {edit.held}, which is its parent's value: it inherits again", edit.held))


class _Parents:
    """What cells would inherit, with all edits in place."""

    def __init__(self, edits: Edits, known: Baseline, layout: Layout) -> None:
        self.edits, self.known, self.model = edits, known, layout.model

    def value(self, at: CellRef) -> float | str | None:
        """Return what a cell would inherit; None where it inherits nothing."""
        quantity = self.model.quantities[at.quantity]
        if not quantity.takes_over(at.row):
            return None
        if at.row in quantity.links:
            return self._shown(quantity.links[at.row])
        variant = quantity.formula_rows()[at.row]
        evaluator = Evaluator(self.model, self._given, self._values)
        result = Rows(evaluator, self.model.tables[quantity.table], np.array([at.row])).value(variant.lowered)
        return _plain(np.broadcast_to(result, (1,)), 0)

    def _shown(self, at: CellRef) -> float | str | None:
        """Return what a cell shows in the file, which may be built on other templates; what the file does not tell, as it is now."""
        name = self.model.cell_id(*at)
        if name in self.edits.sets:
            return self.edits.sets[name]
        given, quantity = self.known.inputs.get(name), self.model.quantities[at.quantity]
        if given is not None and not given.taken:
            return self.edits.choices.shown(name, given.value)
        if at.row in quantity.links:
            return self._shown(quantity.links[at.row])
        return _plain(self._values[at.quantity], at.row)

    @cached_property
    def _given(self) -> dict[CellRef, float | str]:
        found = ((self.model.find(name), value) for name, value in self.edits.sets.items())
        return {at: value for at, value in found if at is not None and self.model.quantities[at.quantity].is_settable(at.row)}

    @cached_property
    def _values(self) -> Values:
        return evaluate(self.model, self._given)


def _plain(values: Array, row: int) -> float | str | None:
    value = values.tolist()[row]
    return value if isinstance(value, float | str) else None
