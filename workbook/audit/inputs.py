"""Rules on inputs: cells that people may change, or that look as if they might."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, Rule, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined
    from workbook.audit.rules import Found
    from workbook.record.fingerprints import Spot
    from workbook.xlsx.cells import Cell
    from workbook.xlsx.styles import CellFormat

CLEAR = 0x30  # how far one of red, green and blue has to exceed the others to give a colour its name


def hue(colour: str) -> str:
    """Return blue or green for a colour in which that clearly exceeds, grey for one without any, and nothing for others or black."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4)) if colour else (0, 0, 0)
    if blue - max(red, green) >= CLEAR:
        return "blue"
    if green - max(red, blue) >= CLEAR:
        return "green"
    return "grey" if max(red, green, blue) - min(red, green, blue) < CLEAR and min(red, green, blue) > CLEAR else ""


def inputs(file: Examined) -> Iterator[tuple[Spot, Cell, CellFormat]]:
    """Yield constants that are inputs: blue, or numbers that are not locked; not those in grey, which are shown for reference."""
    for spot, cell, form in file.cells():
        if cell.is_formula:
            continue
        colour = hue(form.font.colour)
        if (colour == "blue" and not form.locked) or (
            isinstance(cell.value, float) and (colour == "blue" or not form.locked) and colour != "grey"
        ):
            yield spot, cell, form


def _unread(file: Examined) -> Iterator[Found]:
    return grouped((spot, "no formula, chart or rule reads this input") for spot, _, _ in inputs(file) if not file.is_read(spot))


RULES = (Rule("301", "Every input is read", CODE("Make inputs easy to find"), _unread),)
