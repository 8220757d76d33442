"""Pure placement: every quantity's cells, labels, charts and widths, sheet by sheet. Nothing here writes a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from workbook.model.graph import CellRef
from workbook.xlsx.a1 import column_letters, quoted

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from workbook.declare.schema import Chart, Sheet
    from workbook.model.graph import Model

TEXT_COLUMNS = 8  # texts and pairs of charts span so many columns
DEFAULT_WIDTH = 11.0
LINE = 15.0
INDENT = 1.5  # characters that the borders of a cell take
NOTE = "note"  # the style of the cell beside an input in which users may write


def column_pixels(width: float) -> int:
    """Return the pixels of a column so many characters wide."""
    return int(width * 7 + 5)


@dataclass(frozen=True, slots=True)
class Segment:
    """Consecutive cells of a quantity: quantity rows ``rows`` run down from a cell, or across from it."""

    sheet: str
    rows: range
    row: int
    column: int
    across: bool = False

    def cell(self, index: int) -> tuple[int, int]:
        """Return the 0-based (row, column) of quantity row ``index``."""
        step = index - self.rows.start
        return (self.row, self.column + step) if self.across else (self.row + step, self.column)

    @property
    def last(self) -> tuple[int, int]:
        """Return the 0-based (row, column) of the last cell."""
        return self.cell(self.rows.stop - 1)


@dataclass(frozen=True, slots=True)
class Label:
    """Static text on a sheet; ``span`` columns are merged, ``link`` is an internal target or an address."""

    row: int
    column: int
    text: str | float
    style: str
    span: int = 1
    link: str = ""


@dataclass(frozen=True, slots=True)
class ChartPlace:
    """A chart, its title, top row, and ``number`` ``among`` those side by side; ``member`` is the sheet's own member of ``each``."""

    chart: Chart
    title: str
    row: int
    number: int
    among: int
    height: int
    member: str


@dataclass(slots=True)
class SheetPlan:
    """What stands on one sheet, but for the quantities, which know their own segments; ``merged`` are cells of these that span several.

    ``frozen`` counts the rows and columns that stay in view, ``breadth`` the columns that texts and charts span. ``extents`` are the last
    row and column once each row of blocks stands, ``printed`` those that are printed. A sheet that is ``fitted`` is printed one page wide,
    and ``high`` pages high (0: as many as it takes); ``repeated`` are the first and last of the rows that each page begins with.
    """

    name: str
    title: str
    answers: str
    member: str
    declared: Sheet
    labels: list[Label] = field(default_factory=list)
    merged: list[Label] = field(default_factory=list)
    charts: list[ChartPlace] = field(default_factory=list)
    widths: dict[int, float] = field(default_factory=dict)
    heights: dict[int, float] = field(default_factory=dict)
    last_row: int = 0
    last_column: int = 0
    starts: list[int] = field(default_factory=list)
    breaks: list[int] = field(default_factory=list)
    extents: list[tuple[int, int]] = field(default_factory=list)
    printed: tuple[int, int] = (0, 0)
    scale: int = 100
    fitted: bool = False
    high: int = 0
    repeated: tuple[int, int] = (0, 2)
    large: bool = False
    upright: bool = False
    frozen: tuple[int, int] = (3, 1)
    breadth: int = TEXT_COLUMNS

    def pixels(self, row: int) -> float:
        """Return the height of a row on screen."""
        return self.heights.get(row, LINE) * 4 / 3

    def widen(self, column: int, width: float) -> None:
        """Make a column at least so many characters wide."""
        self.widths[column] = max(self.widths.get(column, 0.0), width)


class Comment(NamedTuple):
    """What somebody wrote on a cell."""

    text: str
    author: str


@dataclass(slots=True)
class Layout:
    """The placed workbook; ``notes`` gives what users wrote beside inputs in place of the templates' notes, by sheet and row.

    ``formulas`` gives by id of an input the formula that was typed into it, with ids in place of references, and ``lost``
    why others were not kept. ``comments`` stand on cells, by sheet, row and column.
    """

    model: Model
    sheets: dict[str, SheetPlan] = field(default_factory=dict)
    segments: dict[str, list[Segment]] = field(default_factory=dict)
    names: dict[str, CellRef] = field(default_factory=dict)
    notes: dict[tuple[str, int], str] = field(default_factory=dict)
    comments: dict[tuple[str, int, int], Comment] = field(default_factory=dict)
    formulas: dict[str, str] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)
    _named: dict[CellRef, str] = field(default_factory=dict)

    def segment(self, quantity: str, row: int) -> Segment:
        """Return the segment that holds a quantity's row."""
        for segment in self.segments[quantity]:
            if row in segment.rows:
                return segment
        raise KeyError((quantity, row))

    def cell(self, quantity: str, row: int) -> tuple[str, int, int]:
        """Return (sheet, 0-based row, 0-based column) of a cell."""
        segment = self.segment(quantity, row)
        return (segment.sheet, *segment.cell(row))

    def address(self, quantity: str, row: int) -> str:
        """Return a cell as ``Sheet!B7``, the form that people type."""
        sheet, r, c = self.cell(quantity, row)
        return f"{quoted(sheet)}!{column_letters(c)}{r + 1}"

    def given_notes(self) -> dict[tuple[str, int], str]:
        """Return what the templates have in the cells beside inputs in which users may write, by sheet and row."""
        return {(plan.name, label.row): str(label.text) for plan in self.sheets.values() for label in plan.labels if label.style == NOTE}

    def noted_inputs(self, *, as_given: bool = False) -> dict[str, str]:
        """Return the note beside each input that has a cell for one; with ``as_given`` that of the templates."""
        given = self.given_notes()
        shown = given if as_given else given | self.notes
        return {name: shown[place] for name, place in self._note_places(given)}

    def _note_places(self, given: Container[tuple[str, int]]) -> Iterator[tuple[str, tuple[str, int]]]:
        for cell_id, name, row in self.model.settable():
            if name in self.segments:
                sheet, line, _ = self.cell(name, row)
                if (sheet, line) in given:
                    yield cell_id, (sheet, line)

    def note_place(self, quantity: str, row: int) -> tuple[str, int] | None:
        """Return the sheet and row of the cell beside an input in which users may write; None where there is none."""
        if quantity not in self.segments or not self.model.quantities[quantity].is_settable(row):
            return None
        sheet, r, _ = self.cell(quantity, row)
        return (sheet, r) if any(label.row == r and label.style == NOTE for label in self.sheets[sheet].labels) else None

    def notes_at(self, notes: Mapping[str, str]) -> dict[tuple[str, int], str]:
        """Return notes by the sheet and row of the cells for them beside their inputs, where there are such."""
        return {place: notes[name] for name, place in self._note_places(self.given_notes()) if name in notes}

    def area(self, quantity: str, first: int, last: int) -> tuple[str, str]:
        """Return the sheet of a quantity's rows ``first`` to ``last`` and their absolute range."""
        sheet, top, left = self.cell(quantity, first)
        _, bottom, right = self.cell(quantity, last)
        return sheet, f"${column_letters(left)}${top + 1}:${column_letters(right)}${bottom + 1}"

    def add_name(self, name: str, quantity: str, row: int) -> None:
        """Give a cell a defined name, unless another cell has it: that one is then referred to by its address."""
        if name not in self.names:
            self.names[name] = CellRef(quantity, row)
            self._named[self.names[name]] = name

    def name_of(self, quantity: str, row: int) -> str | None:
        """Return the defined name of a cell, or None."""
        return self._named.get(CellRef(quantity, row))
