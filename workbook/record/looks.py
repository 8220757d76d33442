"""How a build looks, as the file carries it: what users made of formats, widths and charts is told apart without the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from workbook.record.fingerprints import NONE, Spot, fingerprint, prints_of, relative, runs_of
from workbook.xlsx.cells import LAST_COLUMN
from workbook.xlsx.saved import View, forbidden
from workbook.xlsx.styles import alignment_text, border_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from workbook.record.located import Located

DAMAGED = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What ``read`` raises for what ``told`` did not write."""
PART = "looks"  # its name among what a file carries
ALLOWED = {
    "format_cells": "formatCells",
    "format_columns": "formatColumns",
    "format_rows": "formatRows",
    "sort": "sort",
    "autofilter": "autoFilter",
}
"""What people may do on a protected sheet, as XlsxWriter and as files name it."""
FORBIDDEN = forbidden({"objects": "1", "scenarios": "1", **dict.fromkeys(ALLOWED.values(), "0")})
_SIDES = ("left", "right", "top", "bottom")
_LINES = ("", "thin", "medium")  # by XlsxWriter's number
_VERTICAL = {"vcenter": "center", "top": "top"}  # by XlsxWriter's name


class Look(NamedTuple):
    """What shows of a cell's format: the code of its number format, its fill and the colour of its font ("" or RRGGBB), and bold.

    ``border`` and ``alignment`` are in words, None in builds that did not tell them.
    """

    code: str
    fill: str
    colour: str
    bold: bool
    border: str | None = None
    alignment: str | None = None


@dataclass(slots=True)
class SheetLooks:
    """How a sheet of a build looks: each cell by row and column from 0, widths of columns in pixels.

    ``charts`` gives for each chart the fingerprints of the cells that it draws, with blanks between (none of builds that did not tell
    them), ``conditions`` gives for conditional formats, by what they say, their cells (None of builds that did not
    tell them), ``last`` is the last cell that is printed.
    ``heights`` of rows are in points, None of builds that did not tell them, as ``view`` is; ``forbidden`` is by protection.
    """

    cells: dict[int, dict[int, Look]] = field(default_factory=dict)
    widths: list[int] = field(default_factory=list)
    last: tuple[int, int] = (0, 0)
    charts: list[str] = field(default_factory=list)
    conditions: dict[str, list[str]] | None = None
    heights: dict[int, float] | None = None
    view: View | None = None
    forbidden: frozenset[str] = FORBIDDEN

    def placed(self) -> Iterator[tuple[int, int, Look]]:
        """Yield each cell with its row and column."""
        for row, looks in self.cells.items():
            yield from ((row, column, look) for column, look in looks.items())


def standing(built: SheetLooks, located: Located, name: str) -> dict[tuple[int, int], Look]:
    """Return how each cell of a sheet was built to look, by where it stands now."""
    rows = {row: located.line(name, row) for row in built.cells}
    last = max((max(line, default=-1) for line in built.cells.values()), default=-1)
    columns = [located.columns[name].now(column) for column in range(last + 1)]
    found = {}
    for row, column, look in built.placed():
        at, across = rows[row], columns[column]
        if at is not None and across is not None:
            found[at, across] = look
    return found


def look(properties: Mapping[str, Any]) -> Look:
    """Return what shows of a format by its properties, as XlsxWriter names them."""
    fill, colour = (_colour(properties, name) for name in ("bg_color", "font_color"))
    indent, vertical = int(properties.get("indent", 0)), _VERTICAL.get(str(properties.get("valign", "")), "")
    aligned = alignment_text(str(properties.get("align", "")), vertical, indent, wraps=bool(properties.get("text_wrap")))
    return Look(
        str(properties.get("num_format", "General")), fill, colour or "000000", bool(properties.get("bold")), _border(properties), aligned
    )


def _colour(properties: Mapping[str, Any], name: str) -> str:
    return str(properties.get(name, "")).removeprefix("#")


def _border(properties: Mapping[str, Any]) -> str:
    whole, colour = int(properties.get("border", 0)), _colour(properties, "border_color")
    return border_text(
        {side: (_LINES[int(properties.get(side, whole))], _colour(properties, f"{side}_color") or colour) for side in _SIDES}
    )


def told(sheets: Mapping[str, SheetLooks]) -> dict[str, Any]:
    """Return looks as JSON can hold them: rows that look alike, as most of a table do, are told once."""
    looks: dict[Look, int] = {}
    patterns: dict[str, int] = {}
    found = {}
    for name, sheet in sheets.items():
        lines = []
        for row in range(max(sheet.cells, default=-1) + 1):
            cells = sheet.cells.get(row, {})
            line = [str(looks.setdefault(cells[at], len(looks))) if at in cells else NONE for at in range(max(cells, default=-1) + 1)]
            pattern = runs_of(line)
            lines.append(str(patterns.setdefault(pattern, len(patterns))) if pattern else NONE)
        numbers = {
            "last": sheet.last,
            "charts": sheet.charts,
            "conditions": sheet.conditions,
            "view": sheet.view,
            "forbidden": sorted(sheet.forbidden),
        }
        heights = sheet.heights or {}
        high = [f"{heights[row]:g}" if row in heights else NONE for row in range(max(heights, default=-1) + 1)]
        found[name] = {"rows": runs_of(lines), "widths": runs_of(map(str, sheet.widths)), "heights": runs_of(high), **numbers}
    return {"looks": list(looks), "patterns": list(patterns), "sheets": found}


def read(carried: Mapping[str, Any]) -> dict[str, SheetLooks] | None:
    """Return by sheet what a file carries of its looks; None where it was built without.

    Raises one of ``DAMAGED`` for what ``told`` did not write.
    """
    if PART not in carried:
        return None
    part = carried[PART]
    looks = [Look(*given) for given in part["looks"]]
    patterns = [_pattern(text, looks) for text in part["patterns"]]
    found = {}
    for name, given in part["sheets"].items():
        cells = {row: patterns[int(number)] for row, number in enumerate(prints_of(given["rows"])) if number != NONE}
        widths = [int(width) for width in prints_of(given["widths"])]
        row, column = map(int, given["last"])
        found[name] = SheetLooks(cells, widths, (row, column), _charts(given["charts"]), _conditions(given.get("conditions")))
        if "heights" in given:  # builds before did not tell them
            high = enumerate(prints_of(given["heights"]))
            found[name].heights = {row: float(height) for row, height in high if height != NONE}
            found[name].view, found[name].forbidden = View(*map(int, given["view"])), frozenset(map(str, given["forbidden"]))
    return found


def _charts(told: int | list[str]) -> list[str]:
    return [""] * told if isinstance(told, int) else [str(cells) for cells in told]


def drawn(cells: str, origin: Callable[[Spot], Spot | None] | None = None) -> str:
    """Return the fingerprint of cells that a chart draws; ``origin`` tells where they stood when the file was built."""
    return fingerprint(relative(cells.removeprefix("="), Spot("", 0, 0), origin))


def _conditions(told: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    return None if told is None else {str(print_): [str(area) for area in areas] for print_, areas in told.items()}


def condition(kind: str, formulas: Iterable[str], first: Spot) -> str:
    """Return the fingerprint of what a conditional format says, wherever it stands; ``first`` is the first of its cells."""
    said = (relative(formula.removeprefix("="), first).replace("FALSE", "0").replace("TRUE", "1") for formula in formulas)
    return fingerprint(" ".join((kind, *said)))  # LibreOffice writes 0 and 1


def _pattern(text: str, looks: list[Look]) -> dict[int, Look]:
    numbers = prints_of(text)
    if len(numbers) > LAST_COLUMN:
        raise ValueError(text)
    return {column: looks[int(number)] for column, number in enumerate(numbers) if number != NONE}
