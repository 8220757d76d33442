"""Names of sheets and columns as spreadsheets need them."""

from __future__ import annotations

import re
from functools import cache

RECORD_SHEET = "_workbook"  # hidden: the record of the build; see the module record
COUNT_CELL, FIRST_CELL = "$E$3", "$E$5"  # of the record: how many formula cells were typed over, and where the first of them is
PARENT_COUNT, PARENT_FIRST = "$I$3", "$I$5"  # of the record, too: of cells that inherit from another parent than the declared one
ERRORS_CELL, FIRST_ERROR_CELL = "$K$3", "$K$5"  # of the record, too: how many blocks of cells hold an error, and which is the first
_PLAIN = re.compile(r"(?!(?:r|c|rc|true|false)\Z)[a-z_]+\Z", re.IGNORECASE | re.ASCII)  # R, C and RC are rows and columns


@cache
def column_letters(column: int) -> str:
    """Return the letters of a 0-based column."""
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@cache
def column_number(letters: str) -> int:
    """Return the 0-based column of its letters (A to Z)."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


def quoted(sheet: str) -> str:
    """Return a sheet name as formulas need it: in quotes unless it is one plain word."""
    return sheet if _PLAIN.match(sheet) else "'" + sheet.replace("'", "''") + "'"


def sheet_key(name: str) -> str:
    """Return a sheet's name as part of an id."""
    return "".join(character if character.isalnum() else "_" for character in name.lower())
