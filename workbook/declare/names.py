"""Names: those that expressions and ids are made of, and those of a workbook's sheets, repeated sheets expanded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, WorkbookError
from workbook.xlsx.a1 import RECORD_SHEET, sheet_key

if TYPE_CHECKING:
    from workbook.declare.schema import Declarations, Sheet
    from workbook.errors import Place, Problems

_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_WORDS_OF_EXPRESSIONS = {"and", "or", "not", "if", "else", "for", "in", "is", "lambda", "previous", "next", "true", "false"}
NAMES_ARE = "lower-case letters, digits and _, starting with a letter"
MAXIMUM_SHEET_NAME = 31
BAD_IN_SHEET_NAME = set("[]:*?/\\'")
RESERVED_SHEET_NAMES = {"history", RECORD_SHEET}  # Excel's own, and ours


def is_name(text: str) -> bool:
    """Tell whether a text can stand in an expression or an identifier."""
    return bool(_NAME.match(text)) and text not in _WORDS_OF_EXPRESSIONS


def check_name(name: str, place: Place, what: str, problems: Problems) -> None:
    """Record a name that cannot stand in an expression or an identifier."""
    if not is_name(name):
        problems.add(place, f"{what} '{name}' is not a usable name", NAMES_ARE)


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
