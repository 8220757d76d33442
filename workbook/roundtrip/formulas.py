"""Formulas of an edited file that a new build keeps: what they come to, and which cannot be kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.api import checked_sets, formula_values
from workbook.declare.overlay import Given as Value
from workbook.errors import Diagnostic, WorkbookError
from workbook.layout.typed import with_formulas
from workbook.model.evaluate import evaluate
from workbook.record import entries
from workbook.record import limits as carried_limits
from workbook.record.choices import by_key
from workbook.roundtrip.pull import not_kept
from workbook.roundtrip.refuse import is_of, refuse, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.errors import Place
    from workbook.layout.plan import Layout
    from workbook.model.graph import CellRef
    from workbook.record.read import Baseline
    from workbook.roundtrip.pull import Edits

NO_RESULT = "is an error, such as a division by zero"


def keep_formulas(found: Edits, layout: Layout) -> None:
    """Let edits keep those of their formulas that the templates at hand can calculate; of others the value, with a remark."""
    known = {name: text for name, text in found.formulas.items() if is_of(layout.model, found.edits[name])}
    _, reasons = with_formulas(layout, layout.model, known)
    opened = {name: why for name, why in reasons.items() if found.edits[name].is_open}
    refuse(found, {name: f"holds a formula without a result that cannot be kept ({why})" for name, why in opened.items()})
    for name, why in reasons.items():
        if name not in opened:
            _keep_value(found, name, why)


def _keep_value(found: Edits, name: str, why: str) -> None:
    """Let an edit keep the value of its formula, with a remark."""
    edit = found.edits[name]
    found.edits[name] = replace(edit, ids="")
    found.remarks.append(edit.finding(not_kept(edit.formula, shown(edit.value), why), f"={edit.formula}"))


def refuse_formulas(found: Edits, layout: Layout, reasons: Mapping[str, str], sets: Mapping[str, Value]) -> None:
    """Set aside formulas whose values inputs cannot take; a choice is kept that is only called otherwise now.

    Raises WorkbookError for those that overlays give: ``sets`` tells where.
    """
    model = layout.model
    others = [Diagnostic(sets[name].place, f"{name} {why}") for name, why in reasons.items() if name not in found.formulas]
    if others:
        raise WorkbookError(others)
    for name in reasons:
        quantity, _ = model.find(name) or ("", 0)
        if found.edits[name].value in model.choices(model.quantities[quantity].bounds).values():
            _keep_value(found, name, reasons[name])
    refuse(found, {name: why for name, why in reasons.items() if found.edits[name].ids})


def calculate_formulas(found: Edits, known: Baseline, layout: Layout) -> None:
    """Give formulas without a result in the file the one that follows from its other edits and the templates at hand."""
    opened = [name for name, edit in found.edits.items() if edit.is_open]
    if not opened:
        return
    model = layout.model
    own = {name: by_key(model, name, value) for name, value in found.sets.items() if not found.edits[name].ids}
    edits, _ = checked_sets(model, {name: value for name, value in own.items() if is_of(model, found.edits[name])})
    results = _results(layout, edits, found.formulas)
    for name in opened:
        value = results.get(name)
        if value is None:
            reason = NO_RESULT if name in results else f"holds nothing, where {entries.wanted(known.inputs[name])} is expected"
            refuse(found, {name: f"{reason}: the result of ={found.edits[name].formula}"})
        else:
            found.edits[name] = replace(found.edits[name], value=value)


def wrong_formulas(layout: Layout, sets: Mapping[str, Value], formulas: Mapping[str, str], places: Mapping[str, Place]) -> dict[str, str]:
    """Return by id why inputs cannot take what formulas come to with all that is set."""
    if not formulas:
        return {}
    edits, _ = checked_sets(layout.model, sets)
    results = _results(layout, edits, formulas)
    values = {name: Value(value, places.get(name)) for name, value in results.items() if value is not None}
    _, wrong = checked_sets(layout.model, {**sets, **values})
    reasons = {name: carried_limits.reason(wrong[name][0], name) for name in results if name in wrong}
    return reasons | {name: NO_RESULT for name, value in results.items() if value is None}


def _results(layout: Layout, edits: Mapping[CellRef, float | str], formulas: Mapping[str, str]) -> dict[str, float | str | None]:
    """Return by id what formulas come to; None for errors, and nothing of those that cannot be kept."""
    model, _ = with_formulas(layout, layout.model.overridden(edits), formulas)
    values = evaluate(model, edits, [quantity.id for quantity in model.quantities.values() if quantity.typed])
    found = formula_values(model, values)
    return {model.cell_id(*at): value if value == value else None for at, value in found.items()}  # noqa: PLR0124 NaN is an error
