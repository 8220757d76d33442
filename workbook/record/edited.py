"""What inputs were built with in place of what templates give: a file carries it, so that copies show which of them changed it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from workbook.expr.values import shown
from workbook.record.write import given_value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.layout.plan import Layout
    from workbook.model.evaluate import Values
    from workbook.model.graph import Model

PART = "edited"  # of the record of a build


class BuiltWith(NamedTuple):
    """What an input was built with: its value, the formula of that with ids, if it has one, and its note.

    None stands for what templates give.
    """

    value: float | str | None = None
    formula: str = ""
    note: str | None = None


def told(layout: Layout, values: Values, given: Model) -> dict[str, Any]:
    """Return what a file carries of inputs that are not as templates give them; nothing where all are."""
    notes, given_notes = layout.noted_inputs(), layout.noted_inputs(as_given=True)
    found: dict[str, BuiltWith] = {}
    for cell_id, name, row in given.settable():
        if name not in layout.segments:
            continue
        now = layout.model.quantities[name]
        base = None if given.quantities[name].takes_over(row) else given_value(given, given.quantities[name], row)
        value = None if now.takes_over(row) else shown(values[name][row : row + 1])[0]
        note = None if notes.get(cell_id) == given_notes.get(cell_id) else notes.get(cell_id)
        formula = layout.formulas.get(cell_id, "")
        if value != base or formula or note is not None:
            found[cell_id] = BuiltWith(None if value == base and not formula else value, formula, note)
    return {PART: found} if found else {}


def read(carried: Mapping[str, Any]) -> dict[str, BuiltWith]:
    """Return by id what inputs were built with; nothing of a file that does not tell."""
    part = carried.get(PART)
    found = {}
    for name, item in part.items() if isinstance(part, dict) else ():
        if isinstance(item, list) and len(item) == len(BuiltWith._fields):
            found[str(name)] = BuiltWith(*item)
    return found
