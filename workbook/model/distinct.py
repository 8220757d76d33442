"""Keys that users can type: of each list and of each table of names that rows are looked up by, a check that no two are alike.

A lookup by a key that two rows have would take the first of them, or the mean of both, without a word. Keys that are typed
are the values of lists and the names of members; those of cards are no inputs, and all other keys are links to these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Formula
from workbook.declare.schema import Column, ListBlock, RowKey, TableBlock, ValuesBlock
from workbook.expr.nodes import Find, Name, Over, Pick, Text, walk
from workbook.expr.parse import ExpressionError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.schema import Declarations, Sheet
    from workbook.errors import Place

KEYS, DIFFER, KEY, OTHERS = "_keys", "_differ", "key", "others"


@dataclass(frozen=True, slots=True)
class _Typed:
    """Keys that are typed: the list or table of names, what one of them is called, and the sheet it is on."""

    name: str
    label: str
    sheet: str


def with_distinct(declared: Declarations) -> Declarations:
    """Return the declarations with a check for each list and table of names that rows are looked up by, and a table of its keys."""
    tables = {block.name: block for sheet in declared.sheets for block in sheet.blocks if isinstance(block, TableBlock)}
    looked_up = set().union(*(_leaves(name, tables) for name in _looked_up(declared, tables)))
    typed = [item for item in _typed(declared) if item.name in looked_up]
    return replace(declared, sheets=tuple(_with_checks(sheet, typed, tables) for sheet in declared.sheets)) if typed else declared


def _typed(declared: Declarations) -> Iterator[_Typed]:
    """Yield the lists, and the tables whose members have names that are inputs."""
    for sheet in declared.sheets:
        for block in sheet.blocks:
            if isinstance(block, ListBlock):
                yield _Typed(block.name, block.label, sheet.name)
            elif isinstance(block, TableBlock) and any(row.renamable for row in block.rows):
                yield _Typed(block.name, block.rows[0].label or block.rows[0].name.capitalize(), sheet.name)


def _looked_up(declared: Declarations, tables: dict[str, TableBlock]) -> set[str]:
    """Return the tables in which expressions find rows by a key that is not written out, or aggregate those that have a key."""
    found = set()
    keys = {name: {key.name for row in block.rows for key in (row, *row.parts)} for name, block in tables.items()}
    for formula in formulas_of(declared):
        try:
            tree = parse(formula.text)
        except ExpressionError:
            continue  # reported where it is resolved
        for node in walk(tree):
            match node:
                case Find(table=table, keys=asked) | Pick(table=table, keys=asked) if not all(isinstance(key, Text) for key in asked):
                    found.add(table)
                case Over(table=table) if not keys.get(table, set()).isdisjoint(_compared(node)):
                    found.add(table)
    return found & tables.keys()


def _compared(over: Over) -> Iterator[str]:
    """Yield the columns that the conditions of an aggregate ask to equal something."""
    for side in (side for test in over.conditions if test.function == "equal" for side in test.arguments):
        if isinstance(side, Name) and side.name.startswith(f"{over.alias}."):
            yield side.name.partition(".")[2]


def formulas_of(declared: Declarations) -> Iterator[Formula]:
    """Yield every expression of the sheets and cards."""
    for sheet in declared.sheets:
        for block in sheet.blocks:
            columns = block.columns if isinstance(block, TableBlock) else block.items if isinstance(block, ValuesBlock) else ()
            for column in columns:
                yield from filter(None, (column.expr, column.each_row, column.first, column.default, *column.case.values()))
    for catalogue in declared.catalogues.values():
        for card in catalogue.cards.values():
            yield from filter(None, (entry.formula for entry in card.entries.values()))


def _leaves(name: str, tables: dict[str, TableBlock]) -> set[str]:
    """Return the lists, catalogues and tables of members written out that the keys of a table's rows come from."""
    found: set[str] = set()
    known, left = {name}, [name]
    while left:
        one = left.pop()
        rows = tables[one].rows if one in tables else ()
        if not rows or not all(row.of for row in rows):
            found.add(one)
        more = {other for row in rows for other in row.of} - known
        known |= more
        left += more
    return found


def _with_checks(sheet: Sheet, typed: list[_Typed], tables: dict[str, TableBlock]) -> Sheet:
    """Return a sheet with checks and the tables that they count in, unchanged where it has no checks."""
    checks = next((block for block in sheet.blocks if isinstance(block, ValuesBlock) and block.checks), None)
    if checks is None:
        return sheet
    place = checks.place
    more = replace(checks, items=(*checks.items, *(_check(item, place) for item in typed)))
    blocks = [more if block is checks else block for block in sheet.blocks]
    return replace(sheet, blocks=(*blocks, *(_table(item, tables, place) for item in typed)))


def _check(item: _Typed, place: Place) -> Column:
    rows = f"k.{OTHERS} for k in {item.name}{KEYS}"
    doc = "Rows with the key of another row, between which lookups cannot choose. The table below marks them."
    text = f"count({rows}) - count({rows} if k.{OTHERS} == 0)"
    label = f"{item.label} (sheet {item.sheet}): no duplicates"
    return Column(f"{item.name}{DIFFER}", label, "1", place, expr=Formula(text, place), doc=doc, format="failures")


def _table(item: _Typed, tables: dict[str, TableBlock], place: Place) -> TableBlock:
    """Return the table of typed keys, with how many other rows have each."""
    counts = [f"count(r.{key} for r in {name} if r.{key} == {KEY})" for name, key in _counted(item.name, tables)]
    most = counts[0] if len(counts) == 1 else f"max({', '.join(counts)})"
    others = Column(OTHERS, "Other rows with this key", "1", place, expr=Formula(f"{most} - 1", place), format="failures")
    rows = (RowKey(name=KEY, label=item.label, place=place, of=(item.name,)),)
    return TableBlock(f"{item.name}{KEYS}", f"Duplicates: {item.label}", rows, (others,), place)


def _counted(name: str, tables: dict[str, TableBlock]) -> list[tuple[str, str]]:
    """Return the tables with one key, and that key, in which typed keys stand with all others that they could be mistaken for."""
    found = {other: _leaves(other, tables) for other, block in tables.items() if len(block.rows) == 1}
    widest: list[tuple[str, set[str]]] = [(f"{name}{KEYS}", {name})]
    for other, leaves in sorted(found.items(), key=lambda pair: -len(pair[1])):
        if name in leaves and not any(leaves <= known for _, known in widest):
            widest.append((other, leaves))
    kept = [(other, leaves) for other, leaves in widest if not any(leaves < known for _, known in widest)]
    return [(other, tables[other].rows[0].name if other in tables else KEY) for other, _ in kept]
