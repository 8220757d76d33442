"""A reader of .xlsx files that takes nothing from the file on trust.

It gives formula texts and cached values straight from the XML, so that what a spreadsheet engine wrote can be read
without the interpretation of another library. A file that can not be read safely raises ``UnreadableWorkbook``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from workbook.verification.package import Package, UnreadableWorkbook, new_parser, parse

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "ArrayRegions",
    "Cell",
    "CellError",
    "CellValue",
    "UnreadableWorkbook",
    "cell_position",
    "cell_reference",
    "read_cells",
]

MAXIMUM_CELLS = 5_000_000
MAXIMUM_OPEN_ARRAYS = 2_000

_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})")
_ESCAPED_CHARACTER = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, slots=True)
class CellError:
    """An error value of a cell; ``kind`` is its spreadsheet name, for example ``#DIV/0!``."""

    kind: str

    def __str__(self) -> str:
        """Give the name as a spreadsheet shows it."""
        return self.kind


CellValue = float | str | bool | CellError | None


class Cell(NamedTuple):
    """One cell as stored.

    ``formula`` has no leading equals sign and keeps prefixes such as ``_xlfn.``. It is None for a constant, and also
    for a follower of a shared formula and for the inner cells of an array formula, where ``is_formula`` is True.
    ``value`` is the constant or the cached result. ``follows`` names the cell whose shared formula a follower has.
    """

    formula: str | None
    value: CellValue
    is_formula: bool
    follows: str = ""


def cell_position(reference: str) -> tuple[int, int]:
    """Row and column, both counted from 1, of an A1 reference such as ``AB12``; ValueError when it is not one."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        message = f"{reference!r} is not a cell reference such as B7"
        raise ValueError(message)
    column = 0
    for letter in match[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(match[2]), column


def cell_reference(row: int, column: int) -> str:
    """Write row and column, both counted from 1, as an A1 reference."""
    letters = ""
    while column > 0:
        column, remainder = divmod(column - 1, 26)
        letters = chr(ord("A") + remainder) + letters
    return f"{letters}{row}"


class ArrayRegions:
    """The cells covered by array formulas and data tables, asked about in the row order of a sheet.

    The top left cell of such a region carries the formula; the other cells hold only cached values.
    """

    def __init__(self) -> None:
        """Start without regions."""
        self._regions: list[tuple[int, int, int, int]] = []

    def add(self, region: str) -> None:
        """Remember a region such as ``B2:C9``; a single cell covers nothing besides its formula."""
        first, colon, last = region.partition(":")
        if not colon or first == last:
            return
        try:
            top, left = cell_position(first)
            bottom, right = cell_position(last)
        except ValueError as error:
            message = f"an array formula claims the range {region!r}"
            raise UnreadableWorkbook(message) from error
        self._regions = [kept for kept in self._regions if kept[2] >= top]
        self._regions.append((top, left, bottom, right))
        if len(self._regions) > MAXIMUM_OPEN_ARRAYS:
            message = f"more than {MAXIMUM_OPEN_ARRAYS} array formulas overlap the same rows"
            raise UnreadableWorkbook(message)

    def covers(self, reference: str) -> bool:
        """Whether a cell lies in one of the regions seen so far."""
        if not self._regions:
            return False
        row, column = cell_position(reference)
        return any(top <= row <= bottom and left <= column <= right for top, left, bottom, right in self._regions)


class _SheetReader:
    """Collects the cells of one sheet from parser events."""

    def __init__(self, part: str, strings: list[str]) -> None:
        self.cells: dict[str, Cell] = {}
        self._part = part
        self._strings = strings
        self._arrays = ArrayRegions()
        self._masters: dict[str, str] = {}
        self._shared_by: str | None = None
        self._row = 0
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
        tag = name.rpartition(":")[2]
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._last_reference = ""
        elif self._reference is None:
            return
        elif tag == "f":
            self._is_formula = True
            if attributes.get("t") in {"array", "dataTable"}:
                self._arrays.add(attributes.get("ref", ""))
            self._shared_by = attributes.get("si") if attributes.get("t") == "shared" else None
            self._pieces = []
        elif tag in {"v", "t"}:
            self._pieces = []
        elif tag == "rPh":
            self._phonetic += 1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        if reference is None:
            column = cell_position(self._last_reference)[1] if self._last_reference else 0
            reference = cell_reference(self._row, column + 1)
        self._reference = self._last_reference = reference
        self._kind = attributes.get("t", "n")
        self._formula = self._stored = self._shared_by = None
        self._is_formula = False
        self._inline = []

    def characters(self, text: str) -> None:
        if self._pieces is not None:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        if self._reference is None:
            return
        tag = name.rpartition(":")[2]
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
        elif tag == "t" and not self._phonetic:
            self._inline.extend(self._pieces)
        self._pieces = None

    def _end_cell(self, reference: str) -> None:
        is_formula = self._is_formula or self._arrays.covers(reference)
        follows = ""
        if self._shared_by is not None:
            if self._formula is None:
                follows = self._masters.get(self._shared_by, "")
            else:
                self._masters[self._shared_by] = reference
        self.cells[reference] = Cell(self._formula, self._value(reference), is_formula, follows)
        _check_count(len(self.cells), "cells")
        self._reference = None

    def _value(self, reference: str) -> CellValue:
        if self._kind in {"inlineStr", "str"}:
            return _unescape("".join(self._inline) if self._kind == "inlineStr" else self._stored or "")
        if not self._stored:
            return None
        try:
            return self._converted(self._stored)
        except (ValueError, IndexError) as error:
            message = f"the cell {reference} of {self._part} holds {self._stored!r}, which is no value of its type"
            raise UnreadableWorkbook(message) from error

    def _converted(self, stored: str) -> CellValue:
        match self._kind:
            case "n":
                return float(stored)
            case "s":
                return self._shared(int(stored))
            case "b":
                return stored in {"1", "true"}
            case "e":
                return CellError(stored)
        # Only the ISO date type is left; its text is kept as it is.
        return stored

    def _shared(self, index: int) -> str:
        # Python would count a negative index from the end.
        if index < 0:
            raise IndexError(index)
        return self._strings[index]


def read_cells(path: Path) -> dict[str, dict[str, Cell]]:
    """Read every stored cell of every worksheet: sheet name to A1 reference to cell.

    Raises UnreadableWorkbook for a damaged or hostile file and OSError for a missing one.
    """
    with Package(path) as package:
        strings = _read_shared_strings(package)
        sheets = {}
        for sheet in package.worksheets():
            reader = _SheetReader(sheet.path, strings)
            try:
                _run(reader, package, sheet.path)
            except UnreadableWorkbook:
                raise
            except ValueError as error:
                message = f"the part {sheet.path} names a cell that can not exist ({error})"
                raise UnreadableWorkbook(message) from error
            sheets[sheet.name] = reader.cells
            _check_count(sum(map(len, sheets.values())), "cells")
        return sheets


class _SharedStringsReader:
    """Collects the shared texts; phonetic hints are not part of a text."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._pieces: list[str] = []
        self._in_text = False
        self._phonetic = 0

    def start(self, name: str, _: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if tag == "rPh":
            self._phonetic += 1
        elif tag == "t":
            self._in_text = not self._phonetic

    def characters(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)

    def end(self, name: str) -> None:
        tag = name.rpartition(":")[2]
        if tag == "si":
            self.strings.append(_unescape("".join(self._pieces)))
            self._pieces.clear()
            _check_count(len(self.strings), "texts")
        elif tag == "rPh":
            self._phonetic -= 1
        elif tag == "t":
            self._in_text = False


def _run(reader: _SheetReader | _SharedStringsReader, package: Package, part: str) -> None:
    parser = new_parser(part)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parse(parser, package.read(part), part)


def _read_shared_strings(package: Package) -> list[str]:
    for kind, target in package.relationships(package.workbook_part()).values():
        if kind == "sharedStrings":
            reader = _SharedStringsReader()
            _run(reader, package, target)
            return reader.strings
    return []


def _unescape(text: str) -> str:
    """Resolve the escapes ``_xHHHH_``, each one UTF-16 unit, that stand for characters XML can not hold."""
    if "_x" not in text or not _ESCAPED_CHARACTER.search(text):
        return text
    units = _ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _check_count(count: int, what: str) -> None:
    if count > MAXIMUM_CELLS:
        message = f"the file holds more than {MAXIMUM_CELLS} {what}"
        raise UnreadableWorkbook(message)
