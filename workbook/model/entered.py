"""Values of a table that people enter in another one, such as the assumptions of a case on the sheet that asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.errors import suggest
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from workbook.declare.schema import TableBlock
    from workbook.model.builder import Maker
    from workbook.model.graph import Quantity, Table


def link_entered(maker: Maker, block: TableBlock) -> None:
    """Make cells of a table links to those of the table in which they are entered: for each row, the columns that both have."""
    table, other = maker.model.tables[block.name], maker.model.tables.get(block.entered_in)
    if other is None or other.kind != "table":
        maker.problems.add(
            block.place,
            f"'{block.name}' is entered in an unknown table '{block.entered_in}'",
            suggest(block.entered_in, maker.model.tables),
        )
        return
    keys, rows = {key.quantity for key in other.keys}, _rows(maker, table, other)
    for entered in (maker.model.quantities[name] for name in other.columns if name not in keys):
        quantity = maker.model.quantities.get(f"{table.name}.{entered.name}")
        if quantity is None:
            continue
        if quantity.unit == entered.unit:
            _link(maker, quantity, entered, rows)
        else:
            message = f"'{quantity.id}' is entered as '{entered.id}', which has the unit '{entered.unit}', not '{quantity.unit}'"
            maker.problems.add(entered.place, message, f"like: {table.name}, so that it has the same")


def _rows(maker: Maker, table: Table, other: Table) -> dict[int, int]:
    """Return for each row that is entered the row of the other table that it is entered in."""
    found = {}
    for number, keys in enumerate(other.rows):
        if keys in table.index:
            found[table.index[keys]] = number
        else:
            maker.problems.add(
                other.place,
                f"'{' '.join(keys)}' of '{other.name}' is not a row of '{table.name}'",
                suggest(" ".join(keys), [" ".join(row) for row in table.rows]),
            )
    return found


def _link(maker: Maker, quantity: Quantity, entered: Quantity, rows: dict[int, int]) -> None:
    for row, number in rows.items():
        for given in (quantity.inputs, quantity.parents):
            given.pop(row, None)
        quantity.links[row] = CellRef(entered.id, number)
    quantity.entered.update(rows)
    maker.pending = [
        (of, text, tuple(row for row in kept if row not in rows) if of is quantity else kept) for of, text, kept in maker.pending
    ]
