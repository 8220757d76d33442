"""What one cell of a sheet is: where it stands, what it holds, and how a file writes that."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from workbook.errors import as_typed
from workbook.xlsx.a1 import column_letters, column_number

if TYPE_CHECKING:
    from collections.abc import Mapping

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
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
    ``shows`` is what the number format makes of a number: see ``number_formats``. ``style`` is the number of its format
    in the list of the file: see ``styles``.
    """

    formula: str | None
    value: CellValue
    is_formula: bool
    follows: str = ""
    shows: str = ""
    style: int = 0


@lru_cache(maxsize=1 << 18)  # the sheets of a book, and its copies, have most of their cells in the same places
def cell_position(reference: str) -> tuple[int, int]:
    """Row and column, both counted from 1, of an A1 reference such as ``AB12``; ValueError when a sheet has no such cell."""
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        message = f"{as_typed(reference)} is not a cell reference such as B7"
        raise ValueError(message)
    letters, digits = match.groups()
    row, column = int(digits), column_number(letters) + 1
    if row > LAST_ROW or column > LAST_COLUMN:
        message = f"{as_typed(reference)} is beyond the last cell of a sheet, {cell_reference(LAST_ROW, LAST_COLUMN)}"
        raise ValueError(message)
    return row, column


def cell_reference(row: int, column: int) -> str:
    """Write row and column, both counted from 1, as an A1 reference."""
    return f"{column_letters(column - 1)}{row}"


def by_place(cells: Mapping[str, Cell]) -> dict[tuple[int, int], Cell]:
    """Return cells by row and column, counted from 0, in place of their addresses."""
    columns: dict[str, int] = {}
    found = {}
    for address, cell in cells.items():
        letters = address.rstrip("0123456789")
        column = columns.get(letters)
        if column is None:
            column = columns[letters] = column_number(letters)
        found[int(address[len(letters) :]) - 1, column] = cell
    return found


def value_of(kind: str, stored: str | None, strings: list[str]) -> CellValue:
    """Return the value of a cell from what is stored of it and the kind that it is said to be.

    Raises ValueError or IndexError for what is no value of its kind.
    """
    if kind == "str":
        return unescaped(stored or "")
    if not stored:
        return None
    match kind:
        case "n":
            return number_of(stored)
        case "s":
            index = int(stored)
            if index < 0:  # Python would count from the end
                raise IndexError(index)
            return strings[index]
        case "b":
            return stored in {"1", "true"}
        case "e":
            return CellError(stored)
    # Only the ISO date type is left; its text is kept as it is.
    return stored


def number_of(stored: str) -> CellValue:
    """Return a number as a spreadsheet takes it: what has none is an error value there."""
    if "_" in stored:
        raise ValueError(stored)
    number = float(stored)
    return number if math.isfinite(number) else CellError("#NUM!")


def unescaped(text: str) -> str:
    """Resolve the escapes ``_xHHHH_``, each one UTF-16 unit, that stand for characters XML can not hold."""
    if "_x" not in text or not _ESCAPED_CHARACTER.search(text):
        return text
    units = _ESCAPED_CHARACTER.sub(lambda match: chr(int(match[1], 16)), text)
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
