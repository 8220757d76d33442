"""The sheet being placed: texts, heads and widths at the current row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.layout.plan import TEXT_COLUMNS, Label, Layout, SheetPlan

if TYPE_CHECKING:
    from workbook.model.graph import Quantity

LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH = 34.0, 13.0, 16.0
KEY_WIDTH, CELL_WIDTH, WIDEST = 16.0, 12.0, 60.0


@dataclass(slots=True)
class Canvas:
    """One sheet and the row that comes next."""

    layout: Layout
    plan: SheetPlan
    row: int = 0

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
            self.plan.labels.append(Label(self.row, 0, self.titled(text), "heading", TEXT_COLUMNS))
            self.plan.heights[self.row] = 20.0
            self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS - 1)
            self.row += 1

    def paragraph(self, row: int, text: str, style: str) -> None:
        """A text over merged columns; its height is settled when the widths are known."""
        self.plan.labels.append(Label(row, 0, text, style, TEXT_COLUMNS))
        self.plan.last_column = max(self.plan.last_column, TEXT_COLUMNS - 1)

    def label(self, column: int, text: str | float, style: str, width: float = 0.0) -> None:
        """A text in the current row, wrapped where it is longer than its column."""
        self.plan.labels.append(Label(self.row, column, text, style))
        if width:
            self.plan.widen(column, width)
        self.plan.last_column = max(self.plan.last_column, column)

    def header(self, texts: tuple[str, ...], widths: tuple[float, ...], spans: tuple[int, ...] = ()) -> None:
        """A row of column heads; the last ones may span columns that tables above or below need narrow."""
        column = 0
        for text, width, span in zip(texts, widths, spans or (1,) * len(texts), strict=True):
            self.label(column, text, "header", width)
            if span > 1:
                self.plan.labels[-1] = Label(self.row, column, text, "header", span)
                self.plan.last_column = max(self.plan.last_column, column + span - 1)
            column += span
        self.row += 1

    def wide(self, column: int, text: str, span: int, style: str = "how") -> None:
        """A text in the current row over several merged columns."""
        self.plan.labels.append(Label(self.row, column, text, style, span))
        self.plan.last_column = max(self.plan.last_column, column + span - 1)


def unit_text(quantity: Quantity) -> str:
    """Return a unit as cells show it: nothing for texts and for units that differ by row, a dash for plain numbers."""
    return {"text": "", "1": "–", "mixed": ""}.get(quantity.unit, quantity.unit)
