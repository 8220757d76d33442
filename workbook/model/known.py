"""Choices that rows are looked up by: a check that each is the name of a row, where no expression answers for others.

A list offers the names, and a text that is none of them can be pasted all the same: what is looked up by it is then an error. A
choice that all look-ups guard (``otherwise(cases[choose.case].case, ...)``) needs no check.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Formula
from workbook.declare.schema import Column, InputsBlock, TableBlock, ValuesBlock
from workbook.expr.functions import CATCHING
from workbook.expr.nodes import Call, Find, Name, children
from workbook.expr.parse import ExpressionError, parse
from workbook.model.distinct import formulas_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.schema import Declarations, Sheet
    from workbook.expr.nodes import Tree


def with_known(declared: Declarations) -> Declarations:
    """Return the declarations with a check for each single input that chooses a row of a table with one key."""
    tables = {
        block.name: (block, sheet.name)
        for sheet in declared.sheets
        for block in sheet.blocks
        if isinstance(block, TableBlock) and len(block.rows) == 1
    }
    asked = set(_asked(declared))
    choices = [
        (block.name, column, sheet.name)
        for sheet in declared.sheets
        if not sheet.is_report  # what an update reports adds no check to those of the model
        for block in sheet.blocks
        if isinstance(block, InputsBlock)
        for column, _ in block.items
        if (column.bounds.key, f"{block.name}.{column.name}") in asked and column.bounds.key in tables
    ]
    checks = [_check(block, column, sheet, *tables[column.bounds.key]) for block, column, sheet in choices]
    return replace(declared, sheets=tuple(_with(sheet, checks) for sheet in declared.sheets)) if checks else declared


def _with(sheet: Sheet, checks: list[Column]) -> Sheet:
    """Return a sheet with checks beside its own, unchanged where it has none."""
    blocks = [
        replace(block, items=(*block.items, *(replace(item, place=block.place) for item in checks)))
        if isinstance(block, ValuesBlock) and block.checks
        else block
        for block in sheet.blocks
    ]
    return replace(sheet, blocks=tuple(blocks))


def _asked(declared: Declarations) -> Iterator[tuple[str, str]]:
    """Yield the tables, and the single inputs that they are looked up by without a guard."""
    for formula in formulas_of(declared):
        try:
            left = [parse(formula.text)]
        except ExpressionError:
            continue  # reported where it is resolved
        while left:
            node: Tree = left.pop()
            if isinstance(node, Find):
                yield from ((node.table, key.name) for key in node.keys if isinstance(key, Name))
            left += children(node)[1:] if isinstance(node, Call) and node.function in CATCHING else children(node)


def _check(block: str, column: Column, sheet: str, table: TableBlock, home: str) -> Column:
    key = table.rows[0].name
    text = f"indicator(count(r.{key} for r in {table.name} if r.{key} == {block}.{column.name}) == 0)"
    label = f"{column.label} (sheet {sheet}): one of sheet {home}"
    doc = "A text that is no name there: pick one from the list. What is looked up by it is an error."
    return Column(f"{block}_{column.name}_known", label, "1", table.place, expr=Formula(text, table.place), doc=doc, format="failures")
