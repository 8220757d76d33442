"""What people type into a cell, read as what the cell takes: a number, a text or a note."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from workbook.errors import as_typed
from workbook.model.evaluate import quantise
from workbook.xlsx.cells import CellError
from workbook.xlsx.number_formats import PERCENT, shown

if TYPE_CHECKING:
    from workbook.record.read import Given
    from workbook.xlsx.cells import Cell

_BLANKS = "\u200b\u2060\ufeff"  # characters without width that come with pasted text; Python does not count them as blanks
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[Ee][+-]?[0-9]{1,3})?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}")  # 1.500: 1500 in many countries


class Entry(NamedTuple):
    """A cell as read: its value, or the reason why it has none that can be taken; ``remark`` says what was changed in reading."""

    value: float | str | None
    reason: str = ""
    remark: str = ""


def trimmed(text: str) -> str:
    """Return a text without blanks at its ends, no-break spaces and characters without width among them."""
    before = ""
    while text != before:
        before, text = text, text.strip().strip(_BLANKS)
    return text


def held(cell: Cell | None) -> str:
    """Say what a cell holds; a date, a time or a percentage as it is shown and as the number that it is stored as."""
    value = cell.value if cell else None
    if value is None or cell is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, CellError):
        return f"the error {value}"
    if isinstance(value, str):
        return f"the {cell.shows} {value}" if cell.shows else as_typed(value)
    told = shown(value, cell.shows) if cell.shows else ""
    return f"the {cell.shows} {told} (as a number: {value:.15g})" if told else f"{value:.15g}"


def wanted(given: Given) -> str:
    """Say what belongs into an input."""
    return "a text" if given.is_text else "a number" if given.unit == "1" else f"a number in {given.unit}"


def read(given: Given, cell: Cell | None) -> Entry:
    """Return what an input holds.

    A value that stands as the templates gave it is no entry, whatever its format: it is taken as it is. A cell without
    one where they gave 0 is as they gave it, too: to every formula it is 0.
    """
    value = cell.value if cell else None
    if value is None and given.value == 0 and not given.taken:
        return Entry(given.value)
    if cell is not None and isinstance(value, str | float) and not isinstance(value, bool) and value == given.value:
        return Entry(value)
    taken = _text(value, cell) if given.is_text else _number(value, cell, given.unit)
    if taken.value is None and not taken.reason:
        return Entry(None, f"holds {held(cell)}, where {wanted(given)} is expected")
    return taken


def _text(value: object, cell: Cell | None) -> Entry:
    if not isinstance(value, str) or (cell and cell.shows and not cell.is_formula):
        return Entry(None)
    text = trimmed(value)
    if not text:
        return Entry(None)
    return Entry(text, remark="" if text == value else f"holds {as_typed(value)}: the blanks around it were removed")


def _number(value: object, cell: Cell | None, unit: str) -> Entry:
    if isinstance(value, str) and cell and not cell.shows:
        text = trimmed(value)
        if not _NUMBER.fullmatch(text):
            return Entry(None)
        if _THOUSANDS.fullmatch(text):
            either = f"{float(text):.15g} or {float(text.replace('.', '')):.15g}"
            return Entry(None, f"holds the text {as_typed(value)}, which may be {either}: type it as a number")
        return _finite(float(text), f"holds the text {as_typed(value)}: it was read as the number {float(text):.15g}")
    if isinstance(value, bool) or not isinstance(value, float):
        return Entry(None)
    if cell and cell.shows and not (cell.shows == PERCENT and (unit == "1" or unit.startswith("1/"))):
        return Entry(None)
    return _finite(value)


def _finite(value: float, remark: str = "") -> Entry:
    return Entry(quantise(value), remark=remark) if abs(value) < float("inf") else Entry(None)


def read_note(cell: Cell | None) -> Entry:
    """Return a note: a text as it stands, and what is none as the text that it shows; an error is no note."""
    value = cell.value if cell else None
    if cell is None or value is None:
        return Entry("")
    if isinstance(value, CellError):
        return Entry(None, f"holds {held(cell)}, where a note is expected")
    text = _note_text(value, cell.shows)
    if cell.is_formula:
        return Entry(
            text, remark=f"holds the formula ={cell.formula or ''}, where a note is expected: it was read as the text {as_typed(text)}"
        )
    told = f"holds {held(cell)}, where a note is expected: it was read as the text {as_typed(text)}"
    return Entry(text, remark="" if isinstance(value, str) and not cell.shows else told)


def _note_text(value: str | float | bool, shows: str) -> str:  # noqa: FBT001 what a cell holds
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    return (shown(value, shows) if shows else "") or f"{value:.15g}"
