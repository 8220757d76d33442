"""Tables that only show other cells: views, and the banner with the master check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.expr.nodes import Recorded
from workbook.model import Key, Quantity, Table, Variant
from workbook.names import COUNT_CELL, FIRST_CELL, sheet_key
from workbook.schema import Formula
from workbook.sheet_names import sheet_names

if TYPE_CHECKING:
    from workbook.maker import Maker
    from workbook.schema import Sheet, ViewBlock

CHECKS, BANNER = "checks", "banner"
TYPED_OVER = (
    "Cells that hold no formula any more. Excel from 2013 on, LibreOffice and Google Sheets can tell; Excel 2010 and Gnumeric "
    "cannot and show 0: use workbook verify, which tells changed formulas, too."
)
FIRST_OF_THEM = "The first block of cells in which one was typed over, as it was built; empty where there is none."


def add_view(owner: Maker, block: ViewBlock, sheet: Sheet) -> None:
    """A long table's column as rows by columns: every cell a link."""
    source = owner.model.tables.get(block.table)
    column = owner.model.quantities.get(f"{block.table}.{block.column}")
    names = [key.name for key in source.keys] if source else []
    if source is None or column is None or sorted(names) != sorted([block.rows, block.columns]) or sheet.each:
        owner.problems.add(
            block.place,
            f"view '{block.name}' needs 'of: table.column' of a table with the keys 'rows' and 'columns'",
            f"'{block.table}' has the keys {', '.join(names)}" if names else "",
        )
        return
    down, right = (source.keys[names.index(name)] for name in (block.rows, block.columns))
    table = owner.add_table(
        Table(
            block.name,
            "table",
            (Key(down.name, down.of, f"{block.name}.{down.name}", down.shown),),
            _members(source, down),
            block.place,
        )
    )
    if table is None:
        return
    owner.key_column(table, table.keys[0])
    for (member,) in _members(source, right):
        if block.only and member not in block.only:
            continue
        quantity = owner.add(
            Quantity(
                block.name,
                member,
                _head(owner, right, member),
                column.unit,
                len(table.rows),
                block.place,
                column.doc,
                format=column.format,
            )
        )
        for row, (key,) in enumerate(table.rows):
            found = source.index.get((key, member) if names[0] == block.rows else (member, key))
            if found is not None:
                quantity.links[row] = (column.id, found)


def _head(owner: Maker, key: Key, member: str) -> str:
    """Return the head of a view's column: a name, or a number or member of a list with what it counts."""
    shown = key.shown[member]
    source = owner.model.tables.get(key.of)
    if source and source.kind == "list":
        return f"{key.label or owner.model.quantities[f'{key.of}.value'].label} {member}"
    return shown if isinstance(shown, str) else f"{key.label or key.name} {shown:g}"


def _members(table: Table, key: Key) -> list[tuple[str, ...]]:
    """Return the members of a key in the order of a table's rows."""
    position = table.keys.index(key)
    return [(member,) for member in dict.fromkeys(keys[position] for keys in table.rows)]


def add_banner(owner: Maker) -> None:
    """The number of failed checks, in words on the Checks sheet and on every sheet."""
    checks = next((table for table in owner.model.tables.values() if table.name == CHECKS), None)
    if checks is None:
        return
    items = [*(name.partition(".")[2] for name in checks.columns), "typed_over"]
    _watch(owner, checks)
    failures = owner.add(
        Quantity(
            CHECKS,
            "failures",
            "Checks that do not hold",
            "1",
            1,
            checks.place,
            "Number of failures in all checks above.",
            format="0",
            headline=True,
        )
    )
    status = owner.add(
        Quantity(CHECKS, "status", "Master check", "text", 1, checks.place, "What every sheet shows beside its title.", headline=True)
    )
    owner.pending.append((failures, Formula(" + ".join(items), checks.place), (0,)))
    owner.pending.append((status, Formula("'All checks hold' if failures == 0 else 'CHECK FAILS: see sheet Checks'", checks.place), (0,)))
    owner.model.tables[BANNER] = Table(BANNER, "single", (), [()], checks.place)
    for name, _, _ in sheet_names(owner.model.declared):
        owner.add(Quantity(BANNER, sheet_key(name), "Master check", "text", 1, checks.place)).links[0] = (status.id, 0)


def _watch(owner: Maker, checks: Table) -> None:
    """How many formula cells were typed over, which the record of the build counts, and where the first of them is."""
    place = checks.place
    count = owner.add(Quantity(CHECKS, "typed_over", "Formula cells that were typed over", "1", 1, place, TYPED_OVER, format="failures"))
    first = owner.add(Quantity(CHECKS, "first_typed_over", "Where the first of them is", "text", 1, place, FIRST_OF_THEM))
    for quantity, tree in (
        (count, Recorded(COUNT_CELL, 0.0, "number of formula cells that hold no formula any more")),
        (first, Recorded(FIRST_CELL, "", "the first place where one was typed over")),
    ):
        quantity.variants.append(Variant(tree, tree, (0,), Formula("", place)))
