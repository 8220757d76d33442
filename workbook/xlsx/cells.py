"""A reader of .xlsx files that takes nothing from the file on trust.

It gives formula texts and cached values straight from the XML, so that what a spreadsheet engine wrote can be read
without the interpretation of another library. A file that can not be read safely raises ``UnreadableWorkbook``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from typing import TYPE_CHECKING

from workbook.errors import as_typed
from workbook.xlsx.cell import LAST_COLUMN, LAST_ROW, Cell, CellError, CellValue, cell_position, cell_reference, unescaped, value_of
from workbook.xlsx.number_formats import DATE
from workbook.xlsx.package import MAXIMUM_DEPTH, TOO_DEEP, Depth, Package, UnreadableWorkbook, new_parser, parse
from workbook.xlsx.plain_cells import MAXIMUM_FORMULA, plain_cells
from workbook.xlsx.styles import read_formats

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

__all__ = [
    "LAST_COLUMN",
    "LAST_ROW",
    "ArrayRegions",
    "Cell",
    "CellError",
    "CellValue",
    "UnreadableWorkbook",
    "cell_position",
    "cell_reference",
    "read_cells",
]

MAXIMUM_CELLS = 2_000_000
MAXIMUM_OPEN_ARRAYS = 500
# A book may hold several times the cells and bytes that it was built with, and any book as many as a small one.
CELLS_OF_ANY, BYTES_OF_ANY = 200_000, 32 * 2**20
CELLS_PER_CELL, BYTES_PER_CELL = 4, 400

Wanted = Callable[[dict[str, Cell], bool], "Container[str] | None"]
"""Returns the sheets to read, None for all, from the cells of the first and whether the file is sealed."""

_ROW = re.compile(r"[1-9][0-9]{0,6}")
_TAGS = {"c", "f", "v", "row", "t", "is"}  # of elements as nearly all programs write them, without a prefix


class ArrayRegions:
    """The cells covered by array formulas and data tables, asked about in the row order of a sheet.

    The top left cell of such a region carries the formula; the other cells hold only cached values.
    """

    def __init__(self) -> None:
        """Start without regions."""
        self._regions: list[tuple[int, int, int, int]] = []

    def __len__(self) -> int:
        """Return how many regions may reach the rows to come."""
        return len(self._regions)

    def add(self, region: str) -> None:
        """Remember a region such as ``B2:C9``; a single cell covers nothing besides its formula."""
        first, colon, last = region.partition(":")
        if not colon or first == last:
            return
        try:
            top, left = cell_position(first)
            bottom, right = cell_position(last)
        except ValueError as error:
            message = f"an array formula claims the range {as_typed(region)}"
            raise ValueError(message) from error
        self._regions = [kept for kept in self._regions if kept[2] >= top]
        self._regions.append((top, left, bottom, right))
        if len(self._regions) > MAXIMUM_OPEN_ARRAYS:
            message = f"more than {MAXIMUM_OPEN_ARRAYS} array formulas overlap the same rows"
            raise ValueError(message)

    def covers(self, reference: str) -> bool:
        """Whether a cell lies in one of the regions seen so far."""
        if not self._regions:
            return False
        row, column = cell_position(reference)
        return any(top <= row <= bottom and left <= column <= right for top, left, bottom, right in self._regions)


class _SheetReader:
    """Collects the cells of one sheet from parser events."""

    def __init__(self, strings: list[str], formats: list[str], before: int, most_cells: int) -> None:
        self.cells: dict[str, Cell] = {}
        self._before, self._most_cells, self._room = before, most_cells, most_cells - before
        self._open = 0
        self._strings = strings
        self._formats = dict(enumerate(formats))
        self._shows, self._style = "", 0
        self._arrays = ArrayRegions()
        self._masters: dict[str, str] = {}
        self._shared_by: str | None = None
        self._row, self._digits = 0, "0"
        self._columns: set[str] = set()  # letters of columns that a sheet has
        self._last_reference = ""
        self._reference: str | None = None
        self._kind = "n"
        self._formula: str | None = None
        self._is_formula = False
        self._stored: str | None = None
        self._inline: list[str] = []
        self._phonetic = 0
        self._pieces: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open += 1
        if self._open > MAXIMUM_DEPTH:
            raise ValueError(TOO_DEEP)
        tag = name if name in _TAGS else name.rpartition(":")[2]
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._row = _row_number(attributes.get("r") or str(self._row + 1))
            self._digits = str(self._row)
            self._last_reference = ""
        elif self._reference is None:
            return
        elif tag == "f":
            self._is_formula = True
            if attributes:
                self._start_formula(attributes)
            self._pieces = []
        elif tag in {"v", "t"}:
            self._pieces = []
        elif tag == "rPh":
            self._phonetic += 1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            column = cell_position(self._last_reference)[1] if self._last_reference else 0
            reference = cell_reference(max(1, self._row), column + 1)
        letters = reference.removesuffix(self._digits)
        if letters == reference or letters not in self._columns:  # of most cells the row has been read, and the column seen
            self._check_reference(reference, letters)
        if reference in self.cells:
            message = f"{as_typed(reference)} is given twice"
            raise ValueError(message)
        self._reference = self._last_reference = reference
        self._kind = attributes.get("t", "n")
        self._style = int(attributes.get("s") or 0)
        self._shows = DATE if self._kind == "d" else self._formats.get(self._style, "")
        self._formula = self._stored = self._shared_by = None
        self._is_formula = False
        if self._inline:
            self._inline = []

    def _check_reference(self, reference: str, letters: str) -> None:
        cell_position(reference)
        if "$" in reference:
            message = f"{as_typed(reference)} is not the reference of one cell"
            raise ValueError(message)
        if letters.isalpha():
            self._columns.add(letters)

    def _start_formula(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("t")
        if kind in {"array", "dataTable"}:
            self._arrays.add(attributes.get("ref", ""))
        self._shared_by = attributes.get("si") if kind == "shared" else None

    def characters(self, text: str) -> None:
        if self._pieces is not None:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        self._open -= 1
        if self._reference is None:
            return
        tag = name if name in _TAGS else name.rpartition(":")[2]
        if tag == "c":
            self._end_cell(self._reference)
        elif tag == "rPh":
            self._phonetic -= 1
        elif self._pieces is None:
            return
        elif tag == "v":
            self._stored = "".join(self._pieces)
        elif tag == "f":
            self._formula = "".join(self._pieces) or None
            if self._formula and len(self._formula) > MAXIMUM_FORMULA:
                message = f"the formula of the cell {self._reference} has more than {MAXIMUM_FORMULA:,} characters"
                raise ValueError(message)
        elif tag == "t" and not self._phonetic:
            self._inline.extend(self._pieces)
        self._pieces = None

    def _end_cell(self, reference: str) -> None:
        is_formula = self._is_formula or (bool(self._arrays) and self._arrays.covers(reference))
        follows = ""
        if self._shared_by is not None:
            if self._formula is None:
                follows = self._masters.get(self._shared_by, "")
            else:
                self._masters[self._shared_by] = reference
        value = None if self._stored is None and self._kind == "n" else self._value(reference)
        self.cells[reference] = Cell(self._formula, value, is_formula, follows, self._shows, self._style)
        if len(self.cells) > self._room:
            _check_count(self._before + len(self.cells), self._most_cells, "cells")
        self._reference = None

    def _value(self, reference: str) -> CellValue:
        if self._kind == "inlineStr":
            return unescaped("".join(self._inline))
        try:
            return value_of(self._kind, self._stored, self._strings)
        except (ValueError, IndexError) as error:
            message = f"the cell {reference} holds {as_typed(self._stored)}, which is no value of its type"
            raise ValueError(message) from error


def read_cells(
    path: Path,
    first: str = "",
    held: Callable[[dict[str, Cell] | None], int] | None = None,
    wanted: Wanted | None = None,
) -> dict[str, dict[str, Cell]]:
    """Read every stored cell of every worksheet: sheet name to A1 reference to cell.

    The sheet ``first`` is read before all others: from its cells (None where it is not there) ``held`` tells how many the
    book was built with, and a file with many times more is refused before it is unpacked. Only those sheets are read besides that
    ``wanted`` returns. Raises UnreadableWorkbook for a damaged or hostile file and OSError for a missing one.
    """
    most_cells = MAXIMUM_CELLS
    with Package(path) as package:
        sheets = package.worksheets()
        if held:
            package.limit(BYTES_OF_ANY)
        strings, formats = _read_shared_strings(package), [form.shows for form in read_formats(package)]
        read: dict[str, dict[str, Cell]] = {}
        names: Container[str] | None = None
        for sheet in sorted(sheets, key=lambda sheet: sheet.name != first):
            if held and not read and sheet.name != first:
                held(None)
            if names is not None and sheet.name not in names:
                continue
            data, before = package.read(sheet.path), sum(map(len, read.values()))
            cells = plain_cells(data, sheet.path, strings, formats, most_cells - before)
            if cells is None:
                cells = cells_by_element(data, sheet.path, strings, formats, before, most_cells)
            if held and not read:
                count = held(cells)
                most_cells = min(MAXIMUM_CELLS, CELLS_OF_ANY + CELLS_PER_CELL * count)
                package.limit(BYTES_OF_ANY + BYTES_PER_CELL * count)
            if wanted and not read:
                names = wanted(cells, package.is_sealed)
            read[sheet.name] = cells
        return {sheet.name: read[sheet.name] for sheet in sheets if sheet.name in read}


def cells_by_element(data: bytes, part: str, strings: list[str], formats: list[str], before: int, most: int) -> dict[str, Cell]:
    """Return the cells of the part of a sheet, however it is written; there may be ``most`` with those ``before``.

    ``strings`` are the texts of the file, ``formats`` what its number formats show of a number. Raises UnreadableWorkbook.
    """
    reader = _SheetReader(strings, formats, before, most)
    _run(reader, (piece for piece in (data,)), part)
    return reader.cells


class _SharedStringsReader:
    """Collects the shared texts; phonetic hints are not part of a text."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._depth = Depth()
        self._pieces: list[str] = []
        self._in_text = False
        self._phonetic = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        self._depth.enter()
        tag = name.rpartition(":")[2]
        if tag == "rPh":
            self._phonetic += 1
        elif tag == "t":
            self._in_text = not self._phonetic

    def characters(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        self._depth.leave()
        tag = name.rpartition(":")[2]
        if tag == "si":
            self.strings.append(unescaped("".join(self._pieces)))
            self._pieces.clear()
            _check_count(len(self.strings), MAXIMUM_CELLS, "texts")
        elif tag == "rPh":
            self._phonetic -= 1
        elif tag == "t":
            self._in_text = False


def _run(reader: _SheetReader | _SharedStringsReader, pieces: Generator[bytes], part: str) -> None:
    parser = new_parser(part)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parse(parser, pieces, part)


def _read_shared_strings(package: Package) -> list[str]:
    for kind, target in package.relationships(package.workbook_part()).values():
        if kind == "sharedStrings":
            reader = _SharedStringsReader()
            _run(reader, package.pieces(target), target)
            return reader.strings
    return []


def _row_number(text: str) -> int:
    if not _ROW.fullmatch(text) or int(text) > LAST_ROW:
        message = f"{as_typed(text)} is not the number of a row, 1 to {LAST_ROW}"
        raise ValueError(message)
    return int(text)


def _check_count(count: int, most: int, what: str) -> None:
    if count > most:
        message = f"the file holds more than {most:,} {what}"
        raise UnreadableWorkbook(message)
