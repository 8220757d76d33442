"""The groups over which moves are shared out: the inputs, and formulas of cards, that are not the same on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.record.write import BETWEEN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.changes.differences import Account
    from workbook.layout.book import Book
    from workbook.model.graph import CellRef, Model
    from workbook.roundtrip.contents import Held, Side


def groups_of(account: Account, other: Side, book: Book) -> dict[str, list[str]]:
    """Return the changed cells that both sides can have, by card, case, list or, for single inputs, one by one.

    A formula that came with a card, or went, is the card's change: it is worth the value that it had or has.
    """
    model = book.given
    found: dict[str, list[str]] = {}
    names = dict.fromkeys([*_changed_inputs(account), *_changed_formulas(account, model)])
    for cell_id in names:
        at, held = model.find(cell_id), other.held(cell_id)
        if at is None or held is None or not _is_usable(book, at, held):
            continue
        found.setdefault(_group(model, *at), []).append(cell_id)
    return found


def _changed_inputs(account: Account) -> Iterator[str]:
    return (item.id for item in account.inputs if item.was != item.now and item.unit_was == item.unit)


def _changed_formulas(account: Account, model: Model) -> Iterator[str]:
    """Yield the fields of cards whose formula is another one; which of two it is on the side at hand does not matter."""
    for item in account.formulas:
        quantity = model.quantities.get(item.id)
        if quantity is None or model.tables[quantity.table].kind != "cards":
            continue
        texts = {*item.before.split(BETWEEN), *item.after.split(BETWEEN)}
        for row, variant in quantity.formula_rows().items():
            if variant.formula.declared in texts:
                yield model.cell_id(quantity.id, row)


def _is_usable(book: Book, at: CellRef, held: Held) -> bool:
    """Whether a cell of the side at hand can hold what it holds on the other."""
    name, row = at
    quantity = book.given.quantities[name]
    if held.value is None:
        return at in book.edits and quantity.takes_over(row)
    choices = book.given.choices(quantity.bounds).values()
    is_cell = row in quantity.inputs or quantity.takes_over(row) or row in quantity.formula_rows()
    return is_cell and (not choices or held.value in choices)


def _group(model: Model, name: str, row: int) -> str:
    """Return what people call the group of an input."""
    quantity = model.quantities[name]
    table = model.tables[quantity.table]
    if not table.keys or table.kind == "list":
        return f"{quantity.label} ({table.name.replace('_', ' ')})"
    key = table.keys[0]
    catalogue = model.declared.catalogues.get(key.of) or model.declared.catalogues.get(table.name)
    what = catalogue.title if catalogue and table.kind == "cards" else table.name.replace("_", " ")
    shown = key.shown[table.rows[row][0]]
    return f"{shown if isinstance(shown, str) else format(shown, 'g')} ({what})"
