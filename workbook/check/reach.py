"""Which inputs move something: from which of them a headline, a check, a chart or another result can be reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.schema import ChartsBlock
from workbook.declare.usual import USUAL
from workbook.model.views import CHECKS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.errors import Problems
    from workbook.model.graph import Model


def check_reach(model: Model, problems: Problems) -> None:
    """Record inputs that no output depends on and that do not say so, and those that say so although one does.

    Sheets that tell of others again choose what they show: that is no input of the model.
    """
    retold = _retold(model)
    reached = _reached(model, retold)
    for quantity in model.quantities.values():
        if not quantity.inputs or quantity.table in retold or (quantity.id not in reached) == quantity.reference:
            continue
        if quantity.reference:
            message = f"'{quantity.id}' ({quantity.label}) is declared for reference, but results depend on it"
            problems.add(quantity.place, message, "leave out 'reference'")
        else:
            message = f"no result depends on the input '{quantity.id}' ({quantity.label})"
            problems.add(quantity.place, message, "use it in a formula, or declare it 'reference: true': it is shown in grey then")


def _retold(model: Model) -> set[str]:
    """Return the tables of sheets that tell of others again."""
    return {getattr(block, "name", "") for sheet in model.declared.sheets if sheet.is_report for block in sheet.blocks}


def _reached(model: Model, retold: set[str]) -> set[str]:
    """Return the outputs and all that they depend on. That a figure is of a usual size, or is shown again, is no use of it."""
    needs = {name: model.needs(quantity) for name, quantity in model.quantities.items() if quantity.table not in {USUAL, *retold}}
    used = {target for targets in needs.values() for target in targets}
    found: set[str] = set()
    left = [name for name in _outputs(model, used) if name in needs]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += needs.get(name, ())
    return found


def _outputs(model: Model, used: set[str]) -> Iterator[str]:
    """Yield the quantities that people read.

    These are headlines, checks, the declared results, what charts draw, and formulas that no other uses; but for those in
    the lists of cards side by side, which repeat figures rather than use them.
    """
    lists = set(model.collected.values())
    for quantity in model.quantities.values():
        is_last = quantity.variants and quantity.id not in used and quantity.table not in lists
        if quantity.headline or is_last or quantity.table in {CHECKS, model.declared.results}:
            yield quantity.id
    for block in (block for sheet in model.declared.sheets for block in sheet.blocks if isinstance(block, ChartsBlock)):
        for series in (series for chart in block.charts for series in chart.series):
            yield from (f"{series.table}.{name}" for name in series.columns)
