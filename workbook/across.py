"""Tables that run across: keys in the head, quantities down, before each row of cells its label and its unit."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from workbook.canvas import CELL_WIDTH, LABEL_WIDTH, UNIT_WIDTH, unit_text
from workbook.fit import TITLE_ROWS, height_of, lines, longest_text, text_width
from workbook.layout import Segment
from workbook.schema import ChartsBlock, TableBlock, TextBlock
from workbook.style import WIDTHS

if TYPE_CHECKING:
    from workbook.canvas import Canvas
    from workbook.layout import Layout, SheetPlan
    from workbook.model import Model, Quantity, Table

LEADING = 2  # columns before the cells: label and unit
WIDEST_CELL = 26.0  # characters; longer texts are wrapped
FROZEN_PIXELS, FROZEN_WIDTH = 240.0, 75.0  # more rows, or more characters of labels and units, would leave too little to scroll


def place_across(canvas: Canvas, table: Table) -> None:
    """Place a table at the canvas's current row: a head with the keys, and a row for each quantity under its headings."""
    model, plan = canvas.layout.model, canvas.plan
    key, *quantities = (model.quantities[name] for name in table.columns)
    width = max(_width(model, quantity) for quantity in (key, *quantities))
    for column in range(LEADING, LEADING + len(table.rows)):
        plan.widen(column, width)
    plan.last_column = max(plan.last_column, LEADING + len(table.rows) - 1)
    canvas.label(0, key.label, "header", LABEL_WIDTH)
    canvas.label(1, "Unit" if key.unit in {"text", "1"} else key.unit, "header", UNIT_WIDTH)
    names = [str(name) for name in table.keys[0].shown.values()]
    _cells(canvas, key, max((lines(name, width) for name in names), default=1))
    for quantity in quantities:
        if quantity.section:
            _section(canvas, quantity.section, len(table.rows))
        canvas.label(0, quantity.label, "label")
        canvas.label(1, unit_text(quantity), "unit")
        _cells(canvas, quantity, ceil(1.1 * longest_text(model, quantity.id) / width) if quantity.is_text else 1)


def _width(model: Model, quantity: Quantity) -> float:
    """Return the width that the cells of a quantity ask for."""
    width = WIDTHS.get(quantity.unit, CELL_WIDTH)
    if not quantity.is_text:
        return width
    return max(width, min(WIDEST_CELL, text_width(model, quantity.id)))


def _cells(canvas: Canvas, quantity: Quantity, needed: int) -> None:
    """The cells of a quantity in the current row, which is made high enough for ``needed`` lines of text."""
    rows = range(quantity.size)
    canvas.layout.segments[quantity.id] = [Segment(canvas.plan.name, rows, canvas.row, LEADING, across=True)]
    if needed > 1:
        canvas.plan.heights[canvas.row] = height_of(needed)
    canvas.row += 1


def _section(canvas: Canvas, text: str, cells: int) -> None:
    """A heading line over the quantities below it, as wide as the table."""
    canvas.label(0, text, "section")
    for column in range(1, LEADING + cells):
        canvas.label(column, "", "section")
    canvas.row += 1


def frozen(layout: Layout, plan: SheetPlan) -> tuple[int, int]:
    """Return how many rows and columns of a sheet stay in view: with a table across, its labels, units and head.

    The head stays where it stands high enough, and where no table below it has other columns.
    """
    blocks = [block for block in plan.declared.blocks if not isinstance(block, TextBlock | ChartsBlock)]
    first = next((number for number, block in enumerate(blocks) if isinstance(block, TableBlock) and block.across), None)
    if first is None:
        return plan.frozen
    tables = [layout.model.tables[block.name] for block in blocks[first:] if isinstance(block, TableBlock)]
    alike = len(tables) == len(blocks) - first and all(table.across and table.rows == tables[0].rows for table in tables)
    head = layout.segments[tables[0].columns[0]][0].row
    high = sum(plan.pixels(row) for row in range(head + 1))
    labels = sum(plan.widths[column] for column in range(LEADING))
    return head + 1 if alike and high <= FROZEN_PIXELS else TITLE_ROWS, LEADING if labels <= FROZEN_WIDTH else 1
