"""Where a file says what is behind its inputs: columns of units, sources, dates and ranges, on whatever sheet."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbook.audit.examined import Examined
    from workbook.record.fingerprints import Spot
    from workbook.xlsx.cells import CellValue
    from workbook.xlsx.saved import SavedSheet

HEADS = {
    **dict.fromkeys(("unit", "units"), "unit"),
    **dict.fromkeys(("source", "sources", "reference"), "source"),
    **dict.fromkeys(("evidence", "basis", "grade (confidence)"), "evidence"),
    **dict.fromkeys(("date", "as of", "year", "dated"), "date"),
    **dict.fromkeys(("low", "minimum", "lower", "least", "usually from"), "low"),
    **dict.fromkeys(("high", "maximum", "upper", "most", "usually to"), "high"),
    **dict.fromkeys(("confidence", "grade"), "confidence"),
    **dict.fromkeys(("tolerance", "threshold"), "tolerance"),
    **dict.fromkeys(("note", "notes", "comment", "comments"), "note"),
}
NEAR = 2  # texts above a cell that may be the head of its column
FEWEST = 2  # heads in a row, from which on it is one of heads: the word "low" alone may grade an input
Entry = dict[str, "float | str"]


class Provenance:
    """What the columns under such heads say of rows, found by row or by label."""

    def __init__(self, file: Examined) -> None:
        """Look through all sheets."""
        self._rows: dict[tuple[str, int], Entry] = {}
        self._labels: dict[tuple[str, str], Entry] = {}
        self._anywhere: dict[str, Entry] = {}
        self._first: dict[tuple[str, int], str] = {}
        self._texts: dict[str, dict[int, list[tuple[int, str]]]] = {}
        for sheet in file.sheets.values():
            self._take(sheet)

    def _take(self, sheet: SavedSheet) -> None:
        rows: dict[int, list[tuple[int, CellValue]]] = defaultdict(list)
        columns: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for (row, column), cell in sorted(sheet.cells.items()):
            if cell.value is not None and cell.value != "":
                rows[row].append((column, cell.value))
                if isinstance(cell.value, str):
                    columns[column].append((row, cell.value))
                    self._first.setdefault((sheet.name, row), cell.value)
        self._texts[sheet.name] = columns
        heads: dict[int, str] = {}
        for row, cells in rows.items():
            found = {column: HEADS[value.lower()] for column, value in cells if isinstance(value, str) and value.lower() in HEADS}
            if len(found) >= FEWEST:
                heads = found
                continue
            if row - 1 not in rows:
                heads = {}
            entry: Entry = {heads[column]: value for column, value in cells if column in heads and isinstance(value, str | float)}
            if entry and "unit" in heads.values():
                entry.setdefault("unit", "")  # a plain number
            if entry:
                self._rows[sheet.name, row] = entry
                label = self._first.get((sheet.name, row), "")
                self._labels.setdefault((sheet.name, label), entry)
                self._anywhere.setdefault(label, entry)

    def of(self, spot: Spot) -> Entry:
        """Return all that is said of a cell: in its row, of its label, of the head of its column; the nearest wins."""
        labels = [*self._heads(spot), *filter(None, [self._row_label(spot)])]
        found: Entry = {}
        for label in labels:
            found = self._anywhere.get(label, {}) | found
        for label in labels:
            found |= self._labels.get((spot.sheet, label), {})
        return found | self._rows.get((spot.sheet, spot.row), {})

    def _row_label(self, spot: Spot) -> str:
        """Return the first text to the left of a cell."""
        return self._first.get((spot.sheet, spot.row), "")

    def _heads(self, spot: Spot) -> list[str]:
        """Return the nearest texts above a cell: the name of its column is one of them, the unit below it perhaps another."""
        column = self._texts[spot.sheet].get(spot.column, [])
        at = bisect_left(column, (spot.row, ""))
        return [text for _, text in column[max(0, at - NEAR) : at]]

    def row(self, sheet: str, row: int) -> Entry:
        """Return what the columns say of a row."""
        return self._rows.get((sheet, row), {})
