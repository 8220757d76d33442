"""Rules on what people read on screen: nothing cut, no figure that looks like another one, units and labels that are clear."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import groupby, takewhile
from typing import TYPE_CHECKING

from workbook.audit.numerals import number_text
from workbook.audit.provenance import HEADS
from workbook.audit.rules import CODE, PROJECT, Rule, grouped
from workbook.record.fingerprints import Spot
from workbook.xlsx.glyphs import line_count, text_pixels
from workbook.xlsx.saved import VISIBLE, Area

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined
    from workbook.audit.rules import Found
    from workbook.xlsx.cells import Cell
    from workbook.xlsx.saved import SavedSheet
    from workbook.xlsx.styles import CellFormat

WIDER = 1.15  # another font in the place of Calibri
FRAME, INDENT = 4.0, 9.0  # pixels of padding and lines in a cell, and of one step of indentation
LINE, SLACK = 1.2, 2.0  # height of a line in sizes of the font, and points that a row may lack before letters are cut
SMALLEST = 1e-9  # what is smaller is what rounding leaves of zero
NO_UNIT = {"", "-", "–", "—", "1"}


class _Room:
    """The sizes of the cells of a sheet."""

    def __init__(self, sheet: SavedSheet) -> None:
        self.sheet = sheet
        self._merged = {(area.top, area.left): area for area in sheet.merged}
        self._within = (
            {
                (row, column)
                for area in sheet.merged
                for row in range(area.top, min(area.bottom, area.top + 99) + 1)
                for column in range(area.left, min(area.right, area.left + 99) + 1)
            }
            if sheet.merged
            else set()
        )
        self._widths: dict[int, float] = {}

    def width(self, column: int) -> float:
        """Return the pixels of a column; 0 where it is hidden."""
        if column not in self._widths:
            self._widths[column] = self.sheet.width(column)
        return self._widths[column]

    def area(self, at: tuple[int, int]) -> Area:
        """Return the cells that a cell is merged with, or itself."""
        return self._merged.get(at, Area(*at, *at))

    def is_free(self, row: int, column: int) -> bool:
        """Return whether a cell lets the text of the one before it run on."""
        cell = self.sheet.cells.get((row, column))
        return (cell is None or (cell.value is None and not cell.is_formula)) and (row, column) not in self._within

    def height(self, area: Area) -> float | None:
        """Return the points of an area that does not grow with its text; None where it does."""
        rows = [self.sheet.rows.get(row) for row in range(area.top, area.bottom + 1)]
        grows = area.top == area.bottom and area.left == area.right and (rows[0] is None or rows[0].height is None)
        heights = (row.height if row and row.height is not None else self.sheet.default_height for row in rows)
        return None if grows else sum(heights)


def _cut(file: Examined) -> Iterator[Found]:
    """Yield texts that are cut where they stand."""
    rooms = {sheet.name: _Room(sheet) for sheet in file.sheets.values() if sheet.state == VISIBLE}

    def wrong(spot: Spot, text: str, form: CellFormat) -> str:
        if spot.sheet not in rooms or form.shrinks or form.rotated or form.horizontal == "fill":
            return ""
        room = rooms[spot.sheet]
        if not _fits(room, spot, text, form, 1.0):
            return "the text is cut"
        return "" if _fits(room, spot, text, form, WIDER) else "the text is cut where the font is 15% wider"

    texts = ((spot, cell.value, form) for spot, cell, form in file.cells() if isinstance(cell.value, str))
    return grouped((spot, what) for spot, text, form in texts if (what := wrong(spot, text, form)))


def _fits(room: _Room, spot: Spot, text: str, form: CellFormat, wider: float) -> bool:
    area = room.area((spot.row, spot.column))
    width = sum(map(room.width, range(area.left, area.right + 1))) - FRAME - INDENT * form.indent
    size, bold = form.font.size * wider, form.font.bold
    if width <= 0 or not text.strip():
        return True
    if form.wraps:
        height = room.height(area)
        return height is None or line_count(text, width, size, bold=bold) * form.font.size * LINE <= height + SLACK
    needed = text_pixels(text, size, bold=bold)
    if form.horizontal in {"", "left", "general"} and area.left == area.right:
        column = area.right + 1
        while needed > width and room.is_free(spot.row, column) and column < area.right + 100:
            width += room.width(column)
            column += 1
    return needed <= width


def _no_room(file: Examined) -> Iterator[Found]:
    """Yield numbers that are shown as ####."""
    rooms = {sheet.name: _Room(sheet) for sheet in file.sheets.values() if sheet.state == VISIBLE}

    def wrong(spot: Spot, value: float, form: CellFormat) -> str:
        text = number_text(form.code, value) if spot.sheet in rooms and not form.shrinks else ""
        area = rooms[spot.sheet].area((spot.row, spot.column)) if text else Area(0, 0, 0, 0)
        room = sum(map(rooms[spot.sheet].width, range(area.left, area.right + 1))) - FRAME - INDENT * form.indent if text else 0.0
        needed = text_pixels(text, form.font.size, bold=form.font.bold) if text else 0.0
        if room <= 0 or needed * WIDER <= room:
            return ""
        return "shown as ####" if needed > room else "shown as #### where the font is 15% wider"

    numbers = ((spot, cell.value, form) for spot, cell, form in file.cells() if isinstance(cell.value, float))
    return grouped((spot, what) for spot, value, form in numbers if (what := wrong(spot, value, form)))


def _like_zero(file: Examined) -> Iterator[Found]:
    """Yield numbers whose format leaves nothing but zeros of them."""

    def is_hidden(value: float, code: str) -> bool:
        return {sign for sign in number_text(code, value) if sign.isdigit()} == {"0"}

    numbers = ((spot, cell.value, form.code) for spot, cell, form in file.cells() if isinstance(cell.value, float))
    return grouped((spot, f"shown as 0 by {code}") for spot, value, code in numbers if abs(value) > SMALLEST and is_hidden(value, code))


def _formats(file: Examined) -> Iterator[Found]:
    """Yield numbers of a unit in another format than most of that unit, where units stand beside numbers in a column of their own."""
    columns: dict[tuple[str, int, str], list[tuple[Spot, str]]] = defaultdict(list)
    for sheet in file.shown:
        for spot, unit, code in _beside_units(file, sheet):
            columns[sheet.name, spot.column, unit].append((spot, code))
    for (_, _, unit), cells in columns.items():
        codes = Counter(code for _, code in cells)
        usual, count = codes.most_common(1)[0]
        if count < len(cells):
            yield from grouped((spot, f"{unit} in the format {code}, others in {usual}") for spot, code in cells if code != usual)


def _beside_units(file: Examined, sheet: SavedSheet) -> Iterator[tuple[Spot, str, str]]:
    """Yield the number beside each unit, with the unit and its format."""
    column, last = None, -1
    for (row, at), cell in sorted(sheet.cells.items()):
        if isinstance(cell.value, str) and HEADS.get(cell.value.lower()) == "unit":
            column, last = at, row
        elif column == at and row == last + 1 and isinstance(cell.value, str) and cell.value not in NO_UNIT:
            last = row
            for near in (at + 1, at - 1):
                number = sheet.cells.get((row, near))
                if number and isinstance(number.value, float):
                    yield Spot(sheet.name, row, near), cell.value, file.saved.format_of(number).code
                    break
        elif column == at and row == last + 1:
            last = row


def _labels(file: Examined) -> Iterator[Found]:
    """Yield rows with the label of one above in the same block: the texts, typed numbers and bold numbers they start with."""

    def twice() -> Iterator[tuple[Spot, str]]:
        for sheet in file.shown:
            known: dict[tuple[object, ...], int] = {}
            last = -1
            for row, cells in _rows(sheet):
                known = known if row == last + 1 else {}
                keys = takewhile(lambda item: _is_key(file, *item), ((Spot(sheet.name, row, column), cell) for column, cell in cells))
                label = tuple((spot.column, cell.value) for spot, cell in keys)
                if label and len(label) < len(cells):
                    if label in known:
                        yield Spot(sheet.name, row, label[0][0]), f"the label of row {known[label] + 1} again"
                    known.setdefault(label, row)
                last = row

    return grouped(twice())


def _rows(sheet: SavedSheet) -> Iterator[tuple[int, list[tuple[int, Cell]]]]:
    held = ((at, cell) for at, cell in sorted(sheet.cells.items()) if cell.value is not None and cell.value != "")
    for row, cells in groupby(held, key=lambda item: item[0][0]):
        yield row, [(column, cell) for (_, column), cell in cells]


def _is_key(file: Examined, spot: Spot, cell: Cell) -> bool:
    """Return whether a cell is part of the label of its row: a text, or a number that is bold, typed, or that of another cell."""
    form = file.saved.format_of(cell)
    shape = file.shapes[spot.sheet].get((spot.row, spot.column))
    shows = shape is not None and file.facts_of(shape).link is not None
    return isinstance(cell.value, str) or form.font.bold or shows or (not cell.is_formula and form.locked)


RULES = (
    Rule("401", "No text is cut", CODE("Use clear formatting"), _cut),
    Rule("402", "Every number has room", CODE("Use clear formatting"), _no_room),
    Rule("403", "No number that is not 0 is shown as 0", PROJECT("docs/howto/audit_a_workbook.md"), _like_zero),
    Rule("404", "Numbers of a unit have one format", CODE("Use clear units"), _formats),
    Rule("405", "Labels differ", CODE("Use clear and meaningful labels"), _labels),
)
