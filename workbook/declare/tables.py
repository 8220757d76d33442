"""What the tables of a workbook take from one another, written out before any of them is read.

Records become members and values, rows picked by what their records say become lists of members, ``count: TABLE`` becomes as
many members as that table has, and columns like another table's become columns of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.evidence import with_evidence_of_block
from workbook.declare.like import with_columns_like
from workbook.declare.nodes import changed_columns, columns_of, mapping, named, replaced, without
from workbook.declare.picked import PICKS, Picker
from workbook.declare.records import RECORD, read_records, with_records
from workbook.declare.yaml import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.errors import Problems

Sheets = dict[str, Node]
Tables = dict[str, Mapping]


def with_tables_written_out(sheets: Sheets, problems: Problems) -> Sheets:
    """Return the sheets of a workbook with all that their tables take from one another written out."""
    given = _tables(sheets)
    records = {name: found for name, table in given.items() if (found := read_records(table, given, problems))}
    sheets = _changed(sheets, lambda name, table: with_records(table, records[name], problems) if name in records else table)
    tables = _tables(sheets)
    picker = Picker(tables, records, problems)
    sheets = _changed(sheets, lambda _, table: _with_rows(table, picker))
    sheets = _changed(sheets, lambda _, table: with_columns_like(table, tables, problems))
    for name, found in records.items():
        found.check_used(name, problems)
    _check_records_taken(given, {found.of for found in records.values()}, problems)
    sheets = _changed(sheets, lambda _, table: _without_records(table))
    return _changed(sheets, lambda name, block: with_evidence_of_block(block, problems, has_records=name in records), ("table", "inputs"))


def _blocks(sheet: Node) -> tuple[Node, ...]:
    blocks = sheet.items.get("blocks") if isinstance(sheet, Mapping) else None
    return blocks.items if isinstance(blocks, Sequence) else ()


def _tables(sheets: Sheets) -> Tables:
    """Return the tables of all sheets by name."""
    blocks = (block for sheet in sheets.values() for block in _blocks(sheet))
    return {named(block.items["table"]): block for block in blocks if isinstance(block, Mapping) and "table" in block.items}


def _changed(sheets: Sheets, change: Callable[[str, Mapping], Mapping], kinds: tuple[str, ...] = ("table",)) -> Sheets:
    """Return the sheets with every table, or every block of these kinds, as ``change`` returns it."""

    def block(node: Node) -> Node:
        kind = next((kind for kind in kinds if isinstance(node, Mapping) and kind in node.items), "")
        return change(named(node.items[kind]), node) if kind and isinstance(node, Mapping) else node

    def sheet(node: Node) -> Node:
        blocks = node.items.get("blocks") if isinstance(node, Mapping) else None
        if not isinstance(node, Mapping) or not isinstance(blocks, Sequence):
            return node
        return replaced(node, {"blocks": Sequence(tuple(map(block, blocks.items)), blocks.place)})

    return {key: sheet(node) for key, node in sheets.items()}


def _check_records_taken(tables: Tables, taken: set[str], problems: Problems) -> None:
    """Record the records of columns that no table has as rows."""
    for name, table in tables.items():
        for key, column in columns_of(table).items() if name not in taken else ():
            if RECORD in column.items:
                message = f"no table has the columns of '{name}' as its rows, so nothing reads the record of '{key}'"
                problems.add(column.keys[RECORD], message, f"records: {{of: {name}.columns}} in a table takes it")


def _without_records(table: Mapping) -> Mapping:
    columns = table.items.get("columns")
    if not isinstance(columns, Mapping) or not any(RECORD in column.items for column in columns_of(table).values()):
        return table
    return replaced(table, {"columns": changed_columns(columns, lambda _, column: without(column, {RECORD}))})


def _with_rows(table: Mapping, picker: Picker) -> Mapping:
    """Return a table with its row keys written out: picked by records, or counted."""
    rows = table.items.get("rows")
    if not isinstance(rows, Mapping):
        return table
    keys = [(name, _row_key(name, node, picker), rows.keys[name]) for name, node in rows]
    return replaced(table, {"rows": mapping(keys, rows.place)})


def _row_key(name: str, node: Node, picker: Picker) -> Node:
    if not isinstance(node, Mapping):
        return node
    others: dict[str, Node] = {}
    for word in PICKS:
        pick = node.items.get(word)
        if isinstance(pick, Mapping):
            others[word] = picker.picked(node, pick)
    counted = named(node.items.get("count"))
    if counted in picker.records:
        prefix = named(node.items.get("prefix")) or name
        numbers = range(1, len(picker.records[counted].rows) + 1)
        place = node.items["count"].place
        others["members"] = mapping([(f"{prefix}{n}", Scalar(float(n), str(n), place), place) for n in numbers], place)
        node = without(node, {"count", "prefix"})
    return replaced(node, others)
