"""The sheet being placed: texts, heads and widths at the current row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.declare.shown_units import shown_unit
from workbook.layout.plan import TEXT_COLUMNS, Label, Layout, SheetPlan

if TYPE_CHECKING:
    from workbook.model.graph import Model, Quantity

LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH = 34.0, 13.0, 15.0
KEY_WIDTH, NUMBER_WIDTH, CELL_WIDTH, WIDEST = 16.0, 9.0, 12.0, 60.0
TIGHT = 0.85
"""Part of the usual widths that columns have where blocks stand alongside one another, so that a page and a screen hold them."""


@dataclass(slots=True)
class Canvas:
    """One sheet, the row that comes next, the column at which blocks begin, and how many columns their headings span."""

    layout: Layout
    plan: SheetPlan
    row: int = 0
    left: int = 0
    span: int = TEXT_COLUMNS

    def fitted(self, width: float) -> float:
        """Return a usual width, narrower where blocks stand alongside one another; not that of the longest texts."""
        return TIGHT * width if self.plan.breadth > TEXT_COLUMNS and width < WIDEST else width

    def add(self, column: int, text: str | float, style: str, span: int = 1, row: int | None = None) -> None:
        """A text so many columns from the left of the block, in the current row or another one."""
        self.plan.labels.append(Label(self.row if row is None else row, self.left + column, text, style, span))
        self.reach(column + span - 1)

    def reach(self, column: int) -> None:
        """Note that the block holds a cell so many columns from its left."""
        self.plan.last_column = max(self.plan.last_column, self.left + column)

    def widen(self, column: int, width: float) -> None:
        """Make a column of the block at least so many characters wide."""
        self.plan.widen(self.left + column, self.fitted(width))

    def titled(self, text: str) -> str:
        """Fill the member's name into a text of a repeated sheet."""
        sheet = self.plan.declared
        if not sheet.each:
            return text
        card = self.layout.model.declared.catalogues[sheet.each].cards[self.plan.member]
        return text.replace(f"{{{sheet.each_key}}}", card.name).replace("{about}", card.about)

    def heading(self, text: str) -> None:
        """A bold line over the block."""
        if text:
            self.add(0, self.titled(text), "heading", self.span)
            self.plan.heights[self.row] = 20.0
            self.row += 1

    def paragraph(self, row: int, text: str, style: str) -> None:
        """A text over merged columns; its height is settled when the widths are known."""
        self.add(0, text, style, self.span, row)

    def label(self, column: int, text: str | float, style: str, width: float = 0.0) -> None:
        """A text in the current row, wrapped where it is longer than its column."""
        self.add(column, text, style)
        if width:
            self.widen(column, width)

    def header(self, texts: tuple[str, ...], widths: tuple[float, ...], spans: tuple[int, ...] = ()) -> None:
        """A row of column heads; the last ones may span columns that tables above or below need narrow."""
        column = 0
        for text, width, span in zip(texts, widths, spans or (1,) * len(texts), strict=True):
            self.add(column, text, "header", span)
            if width:
                self.widen(column, width)
            column += span
        self.row += 1

    def wide(self, column: int, text: str, span: int, style: str = "how") -> None:
        """A text in the current row over several merged columns."""
        self.add(column, text, style, span)


def unit_text(model: Model, quantity: Quantity) -> str:
    """Return what cells show for the unit of a quantity."""
    return shown_unit(model.declared.shown_units, quantity.unit)
