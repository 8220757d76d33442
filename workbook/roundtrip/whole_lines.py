"""Whole columns and rows of sheets of the model that formulas of a team name: where what they hold stands in a new book."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from workbook.record.fingerprints import Spot
from workbook.xlsx.a1 import column_letters, column_number
from workbook.xlsx.cells import LAST_COLUMN, LAST_ROW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbook.layout.book import Book
    from workbook.record.located import Located

WIDEST = 20_000  # rows of a reference: more of them are a sheet from top to bottom


class Line(NamedTuple):
    """A row (``across``), or a column, of a sheet, counted from 0."""

    sheet: str
    number: int
    across: bool


def _lines(spot: Spot) -> tuple[Line, Line]:
    return Line(spot.sheet, spot.row, across=True), Line(spot.sheet, spot.column, across=False)


class WholeLines:
    """Columns and rows of an edited file, by the tables that they hold cells of, and where these went."""

    def __init__(self, located: Located, book: Book, names: Mapping[Spot, str], place: Callable[[Spot], Spot | None]) -> None:
        """``names`` gives the quantities, or inputs, of cells of the build, ``place`` where a cell of the file stands in the new book."""
        self.located, self.book, self.names, self.place = located, book, names, place

    @cached_property
    def _old(self) -> tuple[dict[Line, set[Line]], dict[Line, set[str]]]:
        """Return by line of the file where its inputs and results went, else its texts and own cells, and the tables that they are of."""
        went, tables = defaultdict[Line, set[Line]](set), defaultdict[Line, set[str]](set)
        for built, name in self.names.items():
            spot = self.located.place(built)
            for line in _lines(spot) if spot else ():
                tables[line].add(name.partition(".")[0])
        for sheet, written in self.located.written.items():
            for spot in {*(Spot(sheet, *cell) for cell in written), *(spot for spot in self.located.own if spot.sheet == sheet)}:
                is_known = self.located.origin(spot) in self.names
                wanted = [line for line in _lines(spot) if is_known or line not in tables]
                now = self.place(spot) if wanted else None
                for there in _lines(now) if now else ():
                    for line in wanted:
                        went[line].update([there] if line.across == there.across else [])
        return went, tables

    @cached_property
    def _new(self) -> dict[Line, set[str]]:
        """Return the tables of which lines of the new book hold cells."""
        found = defaultdict[Line, set[str]](set)
        for name, segments in self.book.layout.segments.items():
            for segment in segments:
                for row in segment.rows:
                    for line in _lines(Spot(segment.sheet, *segment.cell(row))):
                        found[line].add(name.partition(".")[0])
        return found

    def follow(self, sheet: str, text: str) -> tuple[str, str] | None:
        """Return the sheet, and the lines, that hold in the new book what ``text``, such as $A:$C or 2:9, of a sheet of the file holds.

        None where the cells of a line, or the lines of several, went different ways, or would be with those of other tables.
        """
        ends = text.split(":")
        across = ends[0].strip("$").isdecimal()
        first, last = sorted(int(end.strip("$")) - 1 if across else column_number(end.strip("$")) for end in ends)
        if last - first > WIDEST:
            return None
        lines = [Line(sheet, number, across) for number in range(first, last + 1)]
        found = [self._went(line) for line in dict.fromkeys((lines[0], *(line for line in lines if self._old[0].get(line)), lines[-1]))]
        kept = [line for line in found if line]
        rising = all(one.sheet == next_.sheet and one.number < next_.number for one, next_ in pairwise(kept))
        if len(kept) < len(found) or not rising:
            return None
        tables = set[str]().union(*(self._old[1].get(line, ()) for line in lines))
        there = (self._new.get(kept[0]._replace(number=number), set()) for number in range(kept[0].number, kept[-1].number + 1))
        if not all(of <= tables for of in there):
            return None
        names = [str(line.number + 1) if across else column_letters(line.number) for line in (kept[0], kept[-1])]
        return kept[0].sheet, ":".join(f"{'$' * end.startswith('$')}{name}" for end, name in zip(ends, names, strict=True))

    def _went(self, line: Line) -> Line | None:
        """Return where a line went; one that holds nothing is as far from the one before it, or else after it."""
        places = self._old[0].get(line, set())
        if places or line in self._old[1]:
            return next(iter(places)) if len(places) == 1 else None
        filled = [each.number for each in self._old[0] if each[::2] == line[::2]]
        before = max((number for number in filled if number < line.number), default=None)
        nearest = min(filled, default=None) if before is None else before
        now = None if nearest is None else self._went(line._replace(number=nearest))
        if now is None or nearest is None:
            return None
        return now._replace(number=min(max(now.number + line.number - nearest, 0), (LAST_ROW if line.across else LAST_COLUMN) - 1))
