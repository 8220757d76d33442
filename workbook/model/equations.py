"""The equation of a quantity in words, from the same tree that makes its formula."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from workbook.declare.shown_units import shown_unit
from workbook.expr.prose import Prose

if TYPE_CHECKING:
    from workbook.model.graph import Model, Quantity


def equation(model: Model, quantity: Quantity) -> str:
    """Return how a quantity is computed; rows with expressions of their own are named, and values that may be typed over."""
    before = "of the column to the left" if model.tables[quantity.table].across else "of the row above"
    units = partial(shown_unit, model.declared.shown_units)
    writer = Prose(lambda name: _label(model, quantity, name), lambda name, row: row_label(model, name, row), before, units)
    texts: dict[str, list[int]] = {}
    for variant in quantity.variants:
        texts.setdefault(writer.write(variant.tree), []).extend(variant.rows)
    if len(texts) == 1:
        return next(iter(texts)) + (" [where no value is given]" if quantity.takes else "")
    return "; ".join(f"{text} [{_rows(model, quantity, rows)}]" for text, rows in texts.items())


def _label(model: Model, home: Quantity, name: str) -> str:
    """Return a quantity's label; single values of other blocks carry their block's name too."""
    quantity = model.quantities[name]
    table = model.tables[quantity.table]
    if quantity.table == home.table or table.kind != "table":
        return quantity.label
    return f"{quantity.label} ({quantity.table})"


def row_label(model: Model, name: str, row: int) -> str:
    """Return the names of a row's keys as people read them."""
    table = model.tables[model.quantities[name].table]
    return ", ".join(str(key.shown.get(member, member)) for key, member in zip(table.keys, table.rows[row], strict=True))


def _rows(model: Model, quantity: Quantity, rows: list[int]) -> str:
    """Name rows by the keys they share, or the first of them."""
    table = model.tables[quantity.table]
    shared = []
    for position, key in enumerate(table.keys):
        members = {table.rows[row][position] for row in rows}
        if len(members) == 1 and len({keys[position] for keys in table.rows}) > 1:
            shared.append(str(key.shown[members.pop()]))
    what = "columns" if table.across else "rows"
    return ", ".join(shared) or f"{len(rows)} {what} from {row_label(model, quantity.id, rows[0])}"
