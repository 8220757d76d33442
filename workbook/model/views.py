"""Tables that only show other cells: views, and the banner with the master check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Formula
from workbook.declare.names import sheet_names
from workbook.expr.nodes import Recorded
from workbook.model.builder import NAME, NAMED
from workbook.model.graph import CellRef, Key, Quantity, Table, Variant
from workbook.xlsx.a1 import COUNT_CELL, ERRORS_CELL, FIRST_CELL, FIRST_ERROR_CELL, PARENT_COUNT, PARENT_FIRST, sheet_key

if TYPE_CHECKING:
    from workbook.declare.schema import Sheet, ViewBlock
    from workbook.model.builder import Maker

CHECKS, BANNER, OTHER_PARENT, FAILURES = "checks", "banner", "other_parent", "failures"
MOST_TERMS = 10  # of a sum of checks
PART_OF_SUM = "Failures in these checks, in the order above; a check that meets an error counts as one."
HOLDS, FAILS = "All checks pass", "CHECK FAILS: see sheet Checks"
WHO_CAN_TELL = "Excel from 2013 on, LibreOffice and Google Sheets count them; Excel 2010 and Gnumeric show 0: use workbook verify"


@dataclass(frozen=True, slots=True)
class Watch:
    """Cells that the record of the build counts: the check that shows how many are not as built, and the place of the first."""

    name: str
    label: str
    doc: str
    first_label: str
    first_doc: str
    count: str
    first: str
    says: str


WATCHES = (
    Watch(
        name="typed_over",
        label="Overwritten formula cells",
        doc=f"Cells that hold no formula any more. {WHO_CAN_TELL}, which reports changed formulas, too.",
        first_label="Where the first of them is",
        first_doc="The first block of cells with an overwritten one, as it was built; empty where no cell was overwritten.",
        count=COUNT_CELL,
        first=FIRST_CELL,
        says="formula cells that hold no formula any more",
    ),
    Watch(
        name=OTHER_PARENT,
        label="Cells that inherit from another case than declared",
        doc=f"Cells that show another value than the case they inherit from, as after one case was copied over another. {WHO_CAN_TELL}.",
        first_label="Which cell is the first of them",
        first_doc="Its place when the workbook was built, and its id; empty where all are as declared.",
        count=PARENT_COUNT,
        first=PARENT_FIRST,
        says="cells that inherit from another case than declared",
    ),
    Watch(
        name="error_blocks",
        label="Blocks of cells that show an error",
        doc="Blocks of cells, on any sheet, in which a cell shows an error such as #DIV/0!.",
        first_label="Where the first error is",
        first_doc="The first block with an error, as it was built; empty without errors.",
        count=ERRORS_CELL,
        first=FIRST_ERROR_CELL,
        says="blocks of cells that show an error",
    ),
)


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
    if any(key.renamable for key in getattr(owner.model.tables.get(right.of), "keys", ())):
        message = f"view '{block.name}' would keep the names that '{right.of}' has when the workbook is built in its heads"
        owner.problems.add(block.place, message, "exchange 'rows' and 'columns': names may be changed in the workbook, and rows follow")
    table = owner.add_table(
        Table(
            block.name,
            "table",
            (Key(down.name, down.of, f"{block.name}.{down.name}", down.shown, cells=down.cells),),
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
                quantity.links[row] = CellRef(column.id, found)


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
    _check_names(owner, checks)
    items = [name.partition(".")[2] for name in checks.columns]
    items += _watch(owner, checks)
    _count_failures(owner, checks, items)
    status = owner.add(
        Quantity(CHECKS, "status", "Master check", "text", 1, checks.place, "What every sheet shows beside its title.", headline=True)
    )
    owner.pending.append((status, Formula(f"otherwise('{HOLDS}' if {FAILURES} == 0 else '{FAILS}', '{FAILS}')", checks.place), (0,)))
    owner.model.tables[BANNER] = Table(BANNER, "single", (), [()], checks.place)
    for name, _, _ in sheet_names(owner.model.declared):
        owner.add(Quantity(BANNER, sheet_key(name), "Master check", "text", 1, checks.place)).links[0] = CellRef(status.id, 0)


def _count_failures(owner: Maker, checks: Table, items: list[str]) -> None:
    """The number of failures in all checks, by way of sums of so many as a formula can be read with."""
    doc = "Number of failures in all checks above; a check that meets an error counts as one."
    terms = [f"otherwise(abs({item}), 1)" for item in items]
    if len(terms) > MOST_TERMS:
        parts = range(0, len(terms), MOST_TERMS)
        for number, start in enumerate(parts, start=1):
            some = terms[start : start + MOST_TERMS]
            label = f"Failures in checks {start + 1} to {start + len(some)}"
            part = owner.add(Quantity(CHECKS, f"{FAILURES}_{number}", label, "1", 1, checks.place, PART_OF_SUM, format="0"))
            owner.pending.append((part, Formula(" + ".join(some), checks.place), (0,)))
        terms = [f"{FAILURES}_{number}" for number in range(1, len(parts) + 1)]
    failures = owner.add(Quantity(CHECKS, FAILURES, "Failed checks", "1", 1, checks.place, doc, format="0", headline=True))
    owner.pending.append((failures, Formula(" + ".join(terms), checks.place), (0,)))


def _check_names(owner: Maker, checks: Table) -> None:
    """How many members of a table whose names are inputs have none of their own."""
    for table in [item for item in owner.model.tables.values() if any(key.renamable for key in item.keys)]:
        what = owner.model.quantities[f"{table.name}.{NAME}"].label.lower()
        label = f"Every {what} on sheet {_sheet_of(owner, table)} has a name of its own"
        doc = f"A {what} without a name, or with another's, is shown by its key on other sheets, so that lookups find it."
        count = owner.add(Quantity(CHECKS, f"{table.name}_{NAMED}", label, "1", 1, checks.place, doc, format="failures"))
        owner.pending.append((count, Formula(f"count(r.{NAME} for r in {table.name} if r.{NAMED} == 0)", checks.place), (0,)))


def _sheet_of(owner: Maker, table: Table) -> str:
    return next(sheet.name for sheet in owner.model.declared.sheets for block in sheet.blocks if getattr(block, "name", "") == table.name)


def _watch(owner: Maker, checks: Table) -> list[str]:
    """Show what the record of the build watches: how many cells are not as they were built, and the first; return the counts."""
    inherits = any(table.parents for table in owner.model.tables.values())
    watches = [watch for watch in WATCHES if inherits or watch.name != OTHER_PARENT]
    for watch in watches:
        count = Quantity(CHECKS, watch.name, watch.label, "1", 1, checks.place, watch.doc, format="failures")
        first = Quantity(CHECKS, f"first_{watch.name.removesuffix('_blocks')}", watch.first_label, "text", 1, checks.place, watch.first_doc)
        for quantity, tree in (
            (count, Recorded(watch.count, 0.0, f"number of {watch.says}")),
            (first, Recorded(watch.first, "", f"the first of {watch.says}")),
        ):
            owner.add(quantity).variants.append(Variant(tree, tree, (0,), Formula("", checks.place)))
    return [watch.name for watch in watches]
