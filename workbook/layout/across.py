"""Tables that run across: keys in the head, quantities down, before each row of cells its label, unit and evidence."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from workbook.declare.schema import ChartsBlock, TableBlock, TextBlock
from workbook.layout.canvas import CELL_WIDTH, LABEL_WIDTH, UNIT_WIDTH, unit_text
from workbook.layout.paper import TITLE_ROWS, height_of, lines, longest_text, text_width
from workbook.layout.plan import TEXT_COLUMNS, Segment
from workbook.layout.style import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbook.declare.catalogues import Figure
    from workbook.declare.schema import Block
    from workbook.layout.canvas import Canvas
    from workbook.layout.plan import Layout, SheetPlan
    from workbook.model.graph import Model, Quantity, Table

LEADING = 2  # columns that stay in view: label and unit
EVIDENCE = {"Grade (confidence)": 11.0, "Low": 9.0, "High": 9.0, "Source": 22.0, "Note": 40.0}  # before the cells, with their widths
ALWAYS = ("Grade (confidence)", "Source")  # where some cells are inputs; the others where a row has something to say there
LONG_NAME = "A name that is as long as any that one of us would give it"  # a head has room for such, where names may be changed
WIDEST_CELL, WIDEST_OF_MANY, MANY, WIDEST_BARE = (
    26.0,
    16.0,
    8,
    22.0,
)  # characters; longer texts are wrapped, in tables of many columns sooner
FROZEN_PIXELS, FROZEN_WIDTH = 276.0, 75.0  # more rows, or more characters of labels and units, would leave too little to scroll


def place_across(canvas: Canvas, table: Table) -> None:
    """Place a table at the canvas's current row: a head with the keys, and a row for each quantity under its headings.

    Before the cells stand label and unit, and where the table holds inputs what is behind them.
    """
    model = canvas.layout.model
    key, *quantities = (model.quantities[name] for name in table.columns)
    widest = WIDEST_OF_MANY if len(table.rows) > MANY else WIDEST_CELL
    width = max(min(widest, _width(model, quantity)) for quantity in (key, *quantities))
    heads = _evidence_heads(model, quantities)
    first = LEADING + len(heads)
    for column in range(first, first + len(table.rows)):
        canvas.widen(column, width)
    canvas.reach(first + len(table.rows) - 1)
    canvas.label(0, key.label, "header", LABEL_WIDTH)
    canvas.label(1, unit_text(model, key) or "Unit", "header", UNIT_WIDTH)
    for column, head in enumerate(heads, LEADING):
        canvas.label(column, head, "header", EVIDENCE[head])
    names = [str(name) for name in table.keys[0].shown.values()]
    if key.bounds.names:
        names.append(LONG_NAME)
    _cells(canvas, key, first, max((lines(name, canvas.fitted(width), bold=True) for name in names), default=1))
    for quantity in quantities:
        if quantity.section:
            _section(canvas, quantity.section, first + len(table.rows))
        canvas.label(0, quantity.label, "label")
        canvas.label(1, unit_text(canvas.layout.model, quantity), "unit")
        _evidence(canvas, quantity, heads)
        _cells(canvas, quantity, first, ceil(1.1 * longest_text(model, quantity.id) / canvas.fitted(width)) if quantity.is_text else 1)


def place_bare(canvas: Canvas, quantities: list[Quantity]) -> None:
    """Place single inputs at the canvas's current row as a table across has its own: label, unit, value."""
    for quantity in quantities:
        canvas.label(0, quantity.label, "label", LABEL_WIDTH)
        canvas.label(1, unit_text(canvas.layout.model, quantity), "unit", UNIT_WIDTH)
        canvas.widen(LEADING, min(WIDEST_BARE, _width(canvas.layout.model, quantity)))
        _cells(canvas, quantity, LEADING, 1)


def _width(model: Model, quantity: Quantity) -> float:
    """Return the width that the cells of a quantity ask for."""
    width = quantity.width or WIDTHS.get(quantity.unit, CELL_WIDTH)
    if quantity.width or not quantity.is_text:
        return width
    return max(width, min(WIDEST_CELL, text_width(model, quantity.id)))


def _shared(quantity: Quantity) -> Figure | None:
    """Return a figure that tells what is behind all inputs of a quantity, or None where it has none."""
    return next(iter(quantity.inputs.values()), None)


def breadth(model: Model, block: Block) -> int:
    """Return how many columns a block takes, where others stand alongside."""
    if not isinstance(block, TableBlock):
        return TEXT_COLUMNS
    table = model.tables[block.name]
    if not table.across:
        return len(table.columns)
    quantities = [model.quantities[name] for name in table.columns[1:]]
    return LEADING + len(_evidence_heads(model, quantities)) + len(table.rows)


def in_rows(blocks: Sequence[Block]) -> list[list[Block]]:
    """Return blocks in rows of those that stand alongside one another."""
    rows: list[list[Block]] = []
    for block in blocks:
        if rows and isinstance(block, TableBlock) and block.alongside:
            rows[-1].append(block)
        else:
            rows.append([block])
    return rows


def _evidence_heads(model: Model, quantities: list[Quantity]) -> list[str]:
    """Return the heads of the columns that tell what is behind inputs.

    None where all cells are formulas, or where they are entered for another table, which tells it.
    """
    if not any(quantity.inputs for quantity in quantities) or _is_form(model, quantities[0].table):
        return []
    told = [_known(model, quantity) for quantity in quantities]
    return [head for head in EVIDENCE if head in ALWAYS or any(known.get(head, "") != "" for known in told)]


def _is_form(model: Model, table: str) -> bool:
    """Whether another table is entered in this one."""
    blocks = (block for sheet in model.declared.sheets for block in sheet.blocks)
    return any(isinstance(block, TableBlock) and block.entered_in == table for block in blocks)


def _known(model: Model, quantity: Quantity) -> dict[str, float | str]:
    """Return what there is to tell of the inputs of a row, by head; of values taken over from an expression, what they are."""
    figure = _shared(quantity)
    if figure is None:
        return {"Note": quantity.doc} if quantity.takes else {}
    source = model.declared.sources.get(figure.source)
    known = (source.publisher or source.title, figure.date or source.date) if source else (figure.date,)
    return {
        "Grade (confidence)": f"{figure.evidence or 'not stated'} ({figure.confidence})" if figure.confidence else figure.evidence,
        "Low": "" if figure.low is None else figure.low,
        "High": "" if figure.high is None else figure.high,
        "Source": ", ".join(filter(None, known)),
        "Note": figure.note or quantity.doc,
    }


def _evidence(canvas: Canvas, quantity: Quantity, heads: list[str]) -> None:
    """What is behind the inputs of a row; rows of formulas keep the frame."""
    known = _known(canvas.layout.model, quantity)
    for column, head in enumerate(heads, LEADING):
        cell = known.get(head, "")
        style = "provenance" if isinstance(cell, str) else f"muted_value|{quantity.format}|{quantity.unit}"
        canvas.label(column, cell, style)


def _cells(canvas: Canvas, quantity: Quantity, first: int, needed: int) -> None:
    """The cells of a quantity in the current row, which is made high enough for ``needed`` lines of text."""
    rows = range(quantity.size)
    canvas.layout.segments[quantity.id] = [Segment(canvas.plan.name, rows, canvas.row, canvas.left + first, across=True)]
    if needed > 1:
        canvas.plan.heights[canvas.row] = height_of(needed)
    canvas.row += 1


def _section(canvas: Canvas, text: str, columns: int) -> None:
    """A heading line over the quantities below it, as wide as the table."""
    canvas.label(0, text, "section")
    for column in range(1, columns):
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
    heads = [layout.segments[table.columns[0]][0] for table in tables]
    alike = len(tables) == len(blocks) - first and all(
        table.across and table.rows == tables[0].rows and head.column == heads[0].column for table, head in zip(tables, heads, strict=True)
    )
    head = heads[0].row
    high = sum(plan.pixels(row) for row in range(head + 1))
    labels = sum(plan.widths[column] for column in range(LEADING))
    return head + 1 if alike and high <= FROZEN_PIXELS else TITLE_ROWS, LEADING if labels <= FROZEN_WIDTH else 1
