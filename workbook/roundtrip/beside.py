"""Where places of an edited file stand in a new book that hold no input and no result: in, beside or below the table that they go with."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from workbook.record.fingerprints import Spot
from workbook.xlsx.cells import LAST_COLUMN, LAST_ROW

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from workbook.layout.book import Book
    from workbook.record.located import Located

Cells = set[tuple[int, int]]


@dataclass(slots=True)
class Lines:
    """The rows of a table, or its columns: from ``first`` to ``last`` with inputs and results, with headings from ``begin`` to ``end``."""

    first: int
    last: int
    begin: int
    end: int

    def has(self, line: int) -> bool:
        """Whether a line is one of these, or of headings."""
        return self.begin <= line <= self.end


@dataclass(slots=True)
class Box:
    """Where a table is on a sheet; ``went`` gives for its rows, and its columns, where they stand in the new book."""

    rows: Lines
    columns: Lines
    went: tuple[dict[int, int], dict[int, int]] = field(default_factory=lambda: ({}, {}))


def _written(book: Book) -> dict[str, Cells]:
    """Return by sheet the cells in which a new book writes: of a text above several columns the first, as of an edited file."""
    found: dict[str, Cells] = {name: {(label.row, label.column) for label in plan.labels} for name, plan in book.layout.sheets.items()}
    for segments in book.layout.segments.values():
        for segment in segments:
            found[segment.sheet].update(map(segment.cell, segment.rows))
    return found


def taken_cells(book: Book) -> dict[str, Cells]:
    """Return by sheet the cells of a new book that are not free: those in which it writes, and those that texts and charts cover."""
    found = _written(book)
    for name, plan in book.layout.sheets.items():
        for label in (*plan.labels, *plan.merged):
            found[name].update((label.row, label.column + step) for step in range(label.span))
        for chart in plan.charts:
            rows = range(chart.row, chart.row + chart.height)
            found[name].update((row, column) for row in rows for column in range(plan.breadth))
    return found


def _box(cells: Collection[tuple[int, int]], used: Collection[tuple[int, int]], others: Cells) -> Box:
    """Return the box of a table's cells, grown by the headings, labels and sources that stand around it."""
    (top, bottom), (left, right) = ((min(line), max(line)) for line in zip(*cells, strict=True))

    def grown(line: int, step: int, cells_of: Callable[[int], Iterable[tuple[int, int]]]) -> int:
        while line + step >= 0 and any(cell in used for cell in cells_of(line + step)):
            if any(cell in others for cell in cells_of(line + step)):
                break
            line += step
        return line

    def in_column(column: int) -> list[tuple[int, int]]:
        return [(row, column) for row in range(top, bottom + 1)]

    begin, end = grown(left, -1, in_column), grown(right, 1, in_column)

    def in_row(row: int) -> list[tuple[int, int]]:
        return [(row, column) for column in range(begin, end + 1)]

    return Box(Lines(top, bottom, grown(top, -1, in_row), bottom), Lines(left, right, begin, end))


def _boxes(tables: Mapping[str, Cells], used: Collection[tuple[int, int]]) -> dict[str, Box]:
    """Return the boxes of the tables of one sheet."""
    everything = set().union(*tables.values())
    return {name: _box(cells, used, everything - cells) for name, cells in tables.items()}


class Beside:
    """The tables of an edited file and of a new book, and what stands beside them."""

    def __init__(
        self,
        located: Located,
        book: Book,
        names: Mapping[Spot, str],
        went: Callable[[Spot], Spot | None],
    ) -> None:
        """``names`` gives the quantities, or inputs, of cells of the build, ``went`` where such a cell stands in the new book."""
        self.located, self.book, self.names, self.went = located, book, names, went
        self._targets: dict[tuple[str, str], str] = {}

    @cached_property
    def _new(self) -> dict[str, dict[str, Box]]:
        """Return the boxes of the new book by table and sheet."""
        tables: dict[str, dict[str, Cells]] = defaultdict(lambda: defaultdict(set))
        for name, segments in self.book.layout.segments.items():
            for segment in segments:
                tables[segment.sheet][name.partition(".")[0]].update(map(segment.cell, segment.rows))
        used = _written(self.book)
        found: dict[str, dict[str, Box]] = defaultdict(dict)
        for sheet, of in tables.items():
            for table, box in _boxes(of, used[sheet]).items():
                found[table][sheet] = box
        return found

    @cached_property
    def _tables(self) -> dict[str, dict[str, dict[tuple[int, int], Spot]]]:
        """Return by sheet of the file, and by table, its inputs and results: by where they stand, where they were built."""
        tables: dict[str, dict[str, dict[tuple[int, int], Spot]]] = defaultdict(lambda: defaultdict(dict))
        for built, name in self.names.items():
            now = self.located.place(built)
            if now is not None:
                tables[now.sheet][name.partition(".")[0]][now.row, now.column] = built
        return tables

    @cached_property
    def _old(self) -> dict[str, dict[str, Box]]:
        """Return by sheet of the file the boxes of its tables."""
        written = self.located.written
        found = {
            sheet: _boxes({name: set(cells) for name, cells in of.items()}, written.get(sheet, ())) for sheet, of in self._tables.items()
        }
        return defaultdict(dict, found)

    def _taken(self, sheet: str, table: str) -> str:
        """Note where the rows and columns of a table went; return the sheet of the new book on which it stands, empty where it is gone."""
        if (sheet, table) not in self._targets:
            name, box = next((built for built, now in self.located.sheets.items() if now == sheet), ""), self._old[sheet][table]
            target = name if name in self._new.get(table, {}) else ""
            for (row, column), built in self._tables[sheet][table].items():
                now = self.went(built)
                if now is not None and now.sheet == (target := target or now.sheet):
                    box.went[0].setdefault(row, now.row)
                    box.went[1].setdefault(column, now.column)
            self._targets[sheet, table] = target
        return self._targets[sheet, table]

    def place(self, spot: Spot) -> Spot | None:
        """Return where a place of the file stands in the new book; None where its table, or its row or column in it, is gone."""
        table = self._table(spot)
        if table is None:
            name = next((built for built, now in self.located.sheets.items() if now == spot.sheet), "")
            return spot._replace(sheet=name) if name in self.book.layout.sheets else None
        old, sheet = self._old[spot.sheet][table], self._taken(spot.sheet, table)
        new = self._new.get(table, {}).get(sheet)
        if new is None:
            return None
        row, column = _followed(spot.row, old.rows, new.rows, old.went[0]), _followed(spot.column, old.columns, new.columns, old.went[1])
        is_there = row is not None and column is not None and 0 <= row < LAST_ROW and 0 <= column < LAST_COLUMN
        return Spot(sheet, row or 0, column or 0) if is_there else None

    @cached_property
    def _rows(self) -> dict[str, set[int]]:
        """Return by sheet of the file the rows in which the build wrote."""
        return {sheet: {row for row, _ in written} for sheet, written in self.located.written.items()}

    def is_inserted(self, spot: Spot) -> bool:
        """Whether a place is in a row that was inserted into a table."""
        boxes = self._old[spot.sheet].values()
        return spot.row not in self._rows.get(spot.sheet, ()) and any(box.rows.first < spot.row < box.rows.last for box in boxes)

    def _table(self, spot: Spot) -> str | None:
        """Return the table that a place is in, beside or below, the nearest one; None for one that is above all."""
        boxes = self._old[spot.sheet]
        in_rows = {name: box for name, box in boxes.items() if box.rows.has(spot.row)}
        if in_rows:
            return min(in_rows, key=lambda name: _away(spot.column, in_rows[name].columns))
        above = {name: box for name, box in boxes.items() if box.rows.end < spot.row}
        return min(above, key=lambda name: (spot.row - above[name].rows.end, _away(spot.column, above[name].columns)), default=None)


def _away(line: int, of: Lines) -> tuple[int, int]:
    """Return how far a line is from those of a table, and how many these are."""
    return max(of.begin - line, line - of.end, 0), of.end - of.begin


def _followed(line: int, old: Lines, new: Lines, went: Mapping[int, int]) -> int | None:
    """Return where a row, or a column, of a table or beside it stands; None for one of a table that is gone."""
    if line > old.end:
        return new.end + line - old.end
    if line < old.begin:
        return new.begin - (old.begin - line)
    if line in went:
        return went[line]
    if line < old.first:
        return new.first - (old.first - line)
    if line > old.last:
        return new.last + line - old.last
    before = max((each for each in went if each < line), default=None)
    return None if before is None else went[before] + line - before
