"""How a build looks, as the file carries it: what users made of formats, widths and charts is told apart without the templates."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from workbook.record.fingerprints import NONE, prints_of, runs_of
from workbook.xlsx.cells import LAST_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PART = "looks"  # its name among what a file carries


class Look(NamedTuple):
    """What shows of a cell's format: the code of its number format, its fill and the colour of its font ("" or RRGGBB), and bold."""

    code: str
    fill: str
    colour: str
    bold: bool


@dataclass(slots=True)
class SheetLooks:
    """How a sheet of a build looks: each cell by row and column from 0, widths of columns in pixels.

    ``charts`` and ``rules`` count charts and formulas of conditional formats, ``last`` is the last cell that is printed.
    """

    cells: dict[int, dict[int, Look]] = field(default_factory=dict)
    widths: list[int] = field(default_factory=list)
    last: tuple[int, int] = (0, 0)
    charts: int = 0
    rules: int = 0

    def placed(self) -> Iterator[tuple[int, int, Look]]:
        """Yield each cell with its row and column."""
        for row, looks in self.cells.items():
            yield from ((row, column, look) for column, look in looks.items())


def look(properties: Mapping[str, Any]) -> Look:
    """Return what shows of a format by its properties, as XlsxWriter names them."""
    fill, colour = (str(properties.get(name, "")).removeprefix("#") for name in ("bg_color", "font_color"))
    return Look(str(properties.get("num_format", "General")), fill, colour or "000000", bool(properties.get("bold")))


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
        numbers = {"last": sheet.last, "charts": sheet.charts, "rules": sheet.rules}
        found[name] = {"rows": runs_of(lines), "widths": runs_of(map(str, sheet.widths)), **numbers}
    return {"looks": list(looks), "patterns": list(patterns), "sheets": found}


def read(carried: Mapping[str, Any]) -> dict[str, SheetLooks] | None:
    """Return by sheet what a file carries of its looks; None where it was built without.

    Raises AttributeError, IndexError, KeyError, TypeError or ValueError for what ``told`` did not write.
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
        found[name] = SheetLooks(cells, widths, (row, column), *(int(given[number]) for number in ("charts", "rules")))
    return found


def _pattern(text: str, looks: list[Look]) -> dict[int, Look]:
    numbers = prints_of(text)
    if len(numbers) > LAST_COLUMN:
        raise ValueError(text)
    return {column: looks[int(number)] for column, number in enumerate(numbers) if number != NONE}
