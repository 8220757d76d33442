"""Formulas that were typed into inputs, put into a model: they take part in the order of calculation as all formulas do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.expr.functions import may_be_empty
from workbook.expr.nodes import Fixed
from workbook.expr.typed import NUMBER, TEXT, NotKeptError, kind_of, parse, resolved
from workbook.layout.circles import circle
from workbook.model.graph import CellRef, Typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.expr.nodes import Tree
    from workbook.layout.plan import Layout
    from workbook.model.graph import Model

MOST_CELLS = 200  # of a range


def with_formulas(layout: Layout, model: Model, formulas: Mapping[str, str]) -> tuple[Model, dict[str, str]]:
    """Return a model with formulas in inputs, by id, and by id why others cannot be kept; ``layout`` tells which cells are placed.

    A cell that takes a value over becomes an input.
    """
    found: dict[CellRef, Typed] = {}
    reasons: dict[str, str] = {}
    for cell_id, text in formulas.items():
        try:
            at, tree = _resolved(layout, model, cell_id, text)
        except NotKeptError as error:
            reasons[cell_id] = str(error)
        else:
            found[at] = Typed(text, tree)
    changed = _with(model, found) if found else model
    while last := _last_of_a_circle(changed, list(found)):
        reasons[model.cell_id(*last)] = "it depends on its own result"
        del found[last]
        changed = _with(model, found)
    return changed, reasons


def _with(model: Model, found: Mapping[CellRef, Typed]) -> Model:
    """Return a model with formulas in inputs."""
    quantities = dict(model.quantities)
    for (name, row), typed in found.items():
        quantity = quantities[name]
        if row not in quantity.inputs:
            quantity = quantity.with_own(row, "" if quantity.is_text else 0.0)
        quantities[name] = replace(quantity, typed={**quantity.typed, row: typed})
    changed = replace(model, quantities=quantities)
    changed.order = changed.sorted()
    return changed


def _last_of_a_circle(model: Model, typed: list[CellRef]) -> CellRef | None:
    """Return the last of the formulas that depend on their own results, in the order in which they were given."""
    columns = {at.quantity for at in typed}
    circles = (circle(model, group) for group in model.order if not columns.isdisjoint(group))
    return next((max(found, key=typed.index) for found in circles if found), None)


def _resolved(layout: Layout, model: Model, cell_id: str, text: str) -> tuple[CellRef, Tree]:
    """Return the place of an input and its formula as a tree of cells of the model; raises NotKeptError."""
    at = model.find(cell_id)
    if at is None or at.quantity not in layout.segments or not model.quantities[at.quantity].is_settable(at.row):
        raise NotKeptError(f"{cell_id} is no input")
    quantity = model.quantities[at.quantity]
    if quantity.bounds.names:
        raise NotKeptError("a name is typed as a text")

    def cell(name: str) -> Tree:
        return _cell(layout, model, name)

    def between(first: str, last: str) -> list[Tree]:
        return _between(layout, model, cell(first), cell(last))

    tree = resolved(parse(text), cell, between)
    kind = kind_of(tree, lambda node: isinstance(node, Fixed) and model.quantities[node.quantity].is_text)
    if kind != (TEXT if quantity.is_text else NUMBER):
        raise NotKeptError(f"it gives a {kind}")
    return at, tree


def _cell(layout: Layout, model: Model, name: str) -> Fixed:
    at = model.find(name)
    if at is None or at.quantity not in layout.segments:
        raise NotKeptError(f"it refers to {name}, which the templates do not have")
    quantity, row = model.quantities[at.quantity], at.row
    if not (row in quantity.constants or row in quantity.links or quantity.is_settable(row) or row in quantity.formula_rows()):
        raise NotKeptError(f"it refers to {name}, which is empty")
    if _can_be_empty(model, at):
        raise NotKeptError(f"it refers to {name}, which may be empty")
    return Fixed(*at)


def _can_be_empty(model: Model, at: CellRef) -> bool:
    """Whether a cell shows nothing at times: engines add, count and compare empty texts differently."""
    quantity = model.quantities[at.quantity]
    if at.row in quantity.links:
        return _can_be_empty(model, quantity.links[at.row])
    return any(may_be_empty(variant.tree) for variant in quantity.variants)


def _between(layout: Layout, model: Model, first: Tree, last: Tree) -> list[Tree]:
    """Return the cells of a range: a part of one column that stands together."""
    if not isinstance(first, Fixed) or not isinstance(last, Fixed) or first.quantity != last.quantity:
        raise NotKeptError("a range in it is no part of one column")
    start, end = sorted((first.row, last.row))
    if layout.segment(first.quantity, start) != layout.segment(first.quantity, end):
        raise NotKeptError("a range in it is no part of one column")
    if end - start >= MOST_CELLS:
        raise NotKeptError(f"a range in it has more than {MOST_CELLS} cells")
    return [_cell(layout, model, model.cell_id(first.quantity, row)) for row in range(start, end + 1)]
