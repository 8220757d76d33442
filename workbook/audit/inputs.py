"""Rules on inputs: cells that people may change, or that look as if they might."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, FAST, PROJECT, Rule, grouped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined
    from workbook.audit.rules import Found
    from workbook.record.fingerprints import Spot
    from workbook.xlsx.cells import Cell
    from workbook.xlsx.saved import Area, SavedSheet
    from workbook.xlsx.styles import CellFormat

CLEAR = 0x30  # how far one of red, green and blue has to exceed the others to give a colour its name
BRIGHT = 0xC0  # from which on letters are white, on a dark ground
_YEAR = re.compile(r"\b(?:19|20)[0-9]{2}\b")
UNCERTAIN = {"assumed", "low", "scenario"}  # words of the record of a build on the evidence of an input


def hue(colour: str) -> str:
    """Return blue, green, grey, white, black or other for a colour of letters, given as six hexadecimal digits."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (0, 2, 4)) if colour else (0, 0, 0)
    least, most = min(red, green, blue), max(red, green, blue)
    if least >= BRIGHT:
        return "white"
    if blue - max(red, green) >= CLEAR:
        return "blue"
    if green - max(red, blue) >= CLEAR:
        return "green"
    if most - least >= CLEAR:
        return "other"
    return "grey" if least > CLEAR else "black"


def inputs(file: Examined) -> Iterator[tuple[Spot, Cell, CellFormat]]:
    """Yield constants that are inputs: in blue, or numbers that are not locked; not those in grey, which are shown for reference."""
    for spot, cell, form in file.cells():
        if not cell.is_formula and is_input(cell, form):
            yield spot, cell, form


def is_input(cell: Cell, form: CellFormat) -> bool:
    """Return whether a constant is an input."""
    colour = hue(form.font.colour)
    if isinstance(cell.value, float):
        return colour == "blue" or (not form.locked and colour != "grey")
    return colour == "blue" and not form.locked


def _unread(file: Examined) -> Iterator[Found]:
    return grouped((spot, "no formula, chart or rule reads this input") for spot, _, _ in inputs(file) if not file.is_read(spot))


def _unchecked(file: Examined) -> Iterator[Found]:
    """Yield cells that may be changed and take whatever is typed."""
    checked = {sheet.name: _Checked(sheet) for sheet in file.sheets.values()}
    return grouped((spot, "takes any entry") for spot, _, form in file.cells() if not form.locked and not checked[spot.sheet].holds(spot))


class _Checked:
    """The cells of a sheet with a rule on what may be typed."""

    def __init__(self, sheet: SavedSheet) -> None:
        self._single: set[tuple[int, int]] = set()
        self._areas: list[Area] = []
        for area in (area for rule in sheet.validations if rule.kind != "none" for area in rule.areas):
            if (area.top, area.left) == (area.bottom, area.right):
                self._single.add((area.top, area.left))
            else:
                self._areas.append(area)

    def holds(self, spot: Spot) -> bool:
        at = spot.row, spot.column
        return at in self._single or any(a.top <= at[0] <= a.bottom and a.left <= at[1] <= a.right for a in self._areas)


def _unsourced(file: Examined) -> Iterator[Found]:
    """Yield numbers that are inputs, and of which neither row nor label nor head leads to a source, a date of it and a unit."""

    def missing(spot: Spot) -> str:
        said = file.provenance.of(spot)
        found = [] if {"source", "evidence", "note"} & said.keys() else ["source"]
        found += [] if "unit" in said else ["unit"]
        dated = "date" in said or any(_YEAR.search(str(said.get(head, ""))) for head in ("source", "note"))
        return ", ".join([*found, "date"] if "source" in said and not dated else found)

    numbers = (spot for spot, cell, _ in inputs(file) if isinstance(cell.value, float))
    return grouped((spot, f"nothing says its {lacking}") for spot in numbers if (lacking := missing(spot)))


def _unranged(file: Examined) -> Iterator[Found]:
    """Yield inputs that the record of the build calls uncertain, and whose range stands nowhere."""

    def uncertain() -> Iterator[tuple[Spot, str]]:
        for given in file.record.inputs.values() if file.record else ():
            spot = given.spot
            words = UNCERTAIN & set(given.behind.split(", "))
            cell = file.sheets[spot.sheet].cells.get((spot.row, spot.column)) if spot.sheet in file.sheets else None
            if words and cell and isinstance(cell.value, float):
                yield spot, " and ".join(sorted(words))

    return grouped(
        (spot, f"{words}, without low and high") for spot, words in uncertain() if not {"low", "high"} <= file.provenance.of(spot).keys()
    )


def _not_blue(file: Examined) -> Iterator[Found]:
    """Yield numbers that may be changed and are not blue, and those in blue that may not."""
    protected = {sheet.name for sheet in file.sheets.values() if sheet.protected}
    for_change = ((spot, form) for spot, cell, form in inputs(file) if isinstance(cell.value, float))
    return grouped(
        (spot, "may be changed, but is not blue" if hue(form.font.colour) != "blue" else "is blue, but locked")
        for spot, form in for_change
        if hue(form.font.colour) != "blue" or (form.locked and spot.sheet in protected)
    )


def _like_formulas(file: Examined) -> Iterator[Found]:
    """Yield numbers among formulas that look like them: above or below stands a formula in the same format."""

    def between(spot: Spot, cell: Cell) -> bool:
        cells = file.sheets[spot.sheet].cells
        near = [cells.get((spot.row + step, spot.column)) for step in (-1, 1)]
        return any(other is not None and other.is_formula and other.style == cell.style for other in near)

    numbers = ((spot, cell) for spot, cell, form in file.cells() if isinstance(cell.value, float) and not cell.is_formula and form.locked)
    return grouped((spot, "a number typed among formulas, in their format") for spot, cell in numbers if between(spot, cell))


def _not_green(file: Examined) -> Iterator[Found]:
    """Yield cells that show one of another sheet and are not green; not those that may be overwritten, nor heads."""
    for run in file.runs:
        link = file.facts(run).link
        if link is None or link.sheet in {"", run.sheet}:
            continue
        cells = file.sheets[run.sheet].cells
        forms = ((spot, file.saved.format_of(cells[spot.row, spot.column])) for spot in run.spots)
        yield from grouped(
            (spot, f"shows a cell of {link.sheet}, but is not green")
            for spot, form in forms
            if form.locked and hue(form.font.colour) not in {"green", "white"}
        )


RULES = (
    Rule("301", "Every input is read", CODE("Make inputs easy to find"), _unread),
    Rule("302", "Cells that may be changed refuse what makes no sense", CODE("Consider including restrictions"), _unchecked),
    Rule("303", "Every input has a source, a unit and a date", CODE("Use clear units"), _unsourced),
    Rule("304", "Uncertain inputs have a range", PROJECT("CONTRIBUTING.md"), _unranged),
    Rule("305", "Inputs are blue, and what is blue is an input", FAST("appendix A, FAST formatting"), _not_blue),
    Rule("306", "No number looks like a formula", CODE("Avoid hardcoding"), _like_formulas),
    Rule("307", "Cells of other sheets are shown in green", FAST("3.06, links"), _not_green),
)
