"""Quantities that only pass another cell's value on, as their declarations say: a bare reference, or one that is empty without an answer.

They are read from the text of the declaration and from the values of the workbook, with nothing of the package in between that
understands expressions. Such a quantity needs no expectation of its own: its value is that of the cell it names. One that nothing is
computed from, such as a column of a view, must have the name of what it shows, or an expectation: a slip would be seen nowhere else.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.reference.quantities import EMPTY
from workbook.api import Book
from workbook.model.graph import Quantity

KEY = r"(?:[a-z_]\w*(?:\.\w+)?|'[^']*')"
REFERENCE = rf"(?P<table>[a-z_]\w*)(?:\[(?P<keys>{KEY}(?:, *{KEY})*)\])?(?:\.(?P<column>\w+)|\[(?P<by>[a-z_]\w*)\])?"
PASSED_ON = re.compile(rf"\s*(?P<only>only\()?{REFERENCE}(?(only),\s*(?P<test>[a-z_]\w*)\s*==\s*(?:'(?P<text>\w+)'|(?P<number>\d+))\))\s*")


@dataclass(frozen=True)
class Pass:
    """What rows of a quantity pass on, by the words of the declaration; the column is named, or the one that the row key ``by`` names."""

    rows: tuple[int, ...]
    table: str
    column: str
    by: str
    keys: tuple[str, ...]
    test: str
    wanted: str | float


def passes(quantity: Quantity) -> list[Pass]:
    """Return what a quantity passes on in all of its formula rows; nothing where it computes anything."""
    found = []
    for variant in quantity.variants:
        match = PASSED_ON.fullmatch(variant.formula.text)
        if match is None:
            return []
        named, by = match["column"] or "", match["by"] or ""
        table, column = (match["table"], named) if named or by else (quantity.table, match["table"])
        keys = tuple(key.strip() for key in match["keys"].split(",")) if match["keys"] else ()
        wanted = match["text"] or float(match["number"] or 0)
        found.append(Pass(variant.rows, table, column, by, keys, match["test"] or "", wanted))
    return found


def passed_on(book: Book) -> dict[str, list[Pass]]:
    """Return the quantities that need no expectation: others are calculated from them, or they have the name of what they show."""
    model = book.model
    passing = {name: found for name, quantity in model.quantities.items() if (found := passes(quantity))}
    used = {each for name, item in model.quantities.items() if name not in passing for each in model.needs(item)}
    return {
        name: found for name, found in passing.items() if name in used or all(item.column == model.quantities[name].name for item in found)
    }


def value_of(book: Book, name: str, row: int) -> object:
    """Return what a cell holds."""
    return book.values[name].tolist()[row]


def shown(book: Book, quantity: Quantity, row: int, what: Pass) -> object:
    """Return the value of the cell that a row names."""
    own = book.model.tables[quantity.table]
    named = dict(zip((key.name for key in own.keys), own.rows[row], strict=True))
    column = named[what.by] if what.by else what.column
    has_it = f"{what.table}.{column}" in book.model.quantities
    table = book.model.tables[what.table if has_it else book.model.collected[what.table]]  # that of a catalogue's cards side by side
    target = f"{table.name}.{column}"
    if not what.keys:
        return value_of(book, target, row if what.table == quantity.table and len(table.rows) > 1 else 0)
    written = {f"'{{{key}}}'": member for key, member in named.items()}  # as formulas for each row name members
    wanted = [(named | written).get(key) or _key(book, quantity, row, key) for key in what.keys]
    owners = {member: owner for key in table.keys for member, owner in key.shares.items()}  # whose row stands for theirs
    wanted = [owners.get(str(each), each) for each in wanted]
    rows = [number for number, keys in enumerate(_keys_of(book, table.name)) if all(map(_same_key, keys, wanted))]
    assert len(rows) == 1, (quantity.id, row, wanted)
    return value_of(book, target, rows[0])


def _key(book: Book, quantity: Quantity, row: int, key: str) -> object:
    """Return the key that a row looks up by, other than its own: a text as written, or what another column of the row holds."""
    if key.startswith("'"):
        return key.strip("'")
    table, _, column = key.rpartition(".")
    name = f"{table or quantity.table}.{column}"
    return value_of(book, name, row if not table or table == quantity.table else 0)


def _keys_of(book: Book, name: str) -> list[list[tuple[object, str]]]:
    """Return for each row of a table what its key cells show, and its keys."""
    table = book.model.tables[name]
    by_key = zip(table.keys, zip(*table.rows, strict=True), strict=True)
    columns = [book.values[key.quantity].tolist() if key.quantity else [key.shown[name] for name in keys] for key, keys in by_key]
    return [list(zip(cells, keys, strict=True)) for cells, keys in zip(zip(*columns, strict=True), table.rows, strict=True)]


def _same_key(has: tuple[object, str], wanted: object) -> bool:
    return wanted in has


def wrong(book: Book) -> Iterator[str]:
    """Yield the cells that do not hold the value of the cell they name."""
    for name, found in passed_on(book).items():
        quantity = book.model.quantities[name]
        for what in found:
            for row in what.rows:
                value, target = value_of(book, name, row), shown(book, quantity, row, what)
                if what.test and value_of(book, f"{quantity.table}.{what.test}", row) != what.wanted:
                    target = "" if quantity.is_text else EMPTY
                if value != target and not (value != value and target != target):  # noqa: PLR0124 what tells NaN
                    yield f"{book.model.cell_id(name, row)}: {value!r} is not {target!r}"
