"""Names of sheets and columns as spreadsheets need them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, WorkbookError

if TYPE_CHECKING:
    from workbook.schema import Declarations, Sheet

MAXIMUM_SHEET_NAME = 31
BAD_IN_SHEET_NAME = set("[]:*?/\\'")
RECORD_SHEET = "_workbook"  # hidden: the record of the build; see the module record
COUNT_CELL, FIRST_CELL = "$E$3", "$E$5"  # of the record: how many formula cells were typed over, and where the first of them is
RESERVED_SHEET_NAMES = {"history", RECORD_SHEET}  # Excel's own, and ours
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


def column_number(letters: str) -> int:
    """Return the 0-based column of its letters (A to Z)."""
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


def quoted(sheet: str) -> str:
    """Return a sheet name as formulas need it: in quotes unless it is one plain word."""
    return sheet if _PLAIN.match(sheet) else f"'{sheet}'"


def sheet_key(name: str) -> str:
    """Return a sheet's name as part of an id."""
    return "".join(character if character.isalnum() else "_" for character in name.lower())


def sheet_names(declared: Declarations) -> list[tuple[str, Sheet, str]]:
    """Return (sheet name, declaration, member) for every sheet, repeated sheets expanded; raises WorkbookError."""
    result: list[tuple[str, Sheet, str]] = []
    problems = []
    for sheet in declared.sheets:
        catalogue = declared.catalogues.get(sheet.each)
        members = [(card.key, card.name) for card in catalogue.cards.values()] if catalogue else [("", "")]
        for member, shown in members:
            name = sheet.name.replace(f"{{{sheet.each_key}}}", shown) if sheet.each else sheet.name
            if not 0 < len(name) <= MAXIMUM_SHEET_NAME or BAD_IN_SHEET_NAME & set(name):
                problems.append(
                    Diagnostic(sheet.place, f"'{name}' cannot be the name of a sheet", "1 to 31 characters, none of [ ] : * ? / \\ '")
                )
            if name.lower() in RESERVED_SHEET_NAMES:
                problems.append(Diagnostic(sheet.place, f"'{name}' is a reserved name of a sheet", "choose another name"))
            same = next((earlier for earlier in result if sheet_key(earlier[0]) == sheet_key(name)), None)
            if same:
                problems.append(_twice(declared, name, (sheet, member), same[1:]))
            result.append((name, sheet, member))
    if problems:
        raise WorkbookError(problems)
    return result


def _twice(declared: Declarations, name: str, *both: tuple[Sheet, str]) -> Diagnostic:
    """Say that two sheets have one name: at a card with a sheet of its own, if it is one's."""
    for sheet, member in both:
        if member:
            card = declared.catalogues[sheet.each].cards[member]
            return Diagnostic(card.place, f"card '{card.key}' has the name of another sheet, '{name}'", "give it another name")
    return Diagnostic(both[0][0].place, f"two sheets are called '{name}'", "rename one")
