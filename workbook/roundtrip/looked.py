"""How an edited file looks, beside how its own record says that its build looked: what people formatted, sized and set up."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record import looks
from workbook.record.fingerprints import Spot
from workbook.record.looks import condition, drawn
from workbook.record.read import KEEP
from workbook.xlsx.cells import UnreadableWorkbook
from workbook.xlsx.saved import PROTECTION as MAY_FORBID
from workbook.xlsx.saved import Area, View, area_of, read_saved
from workbook.xlsx.sheet_formats import CLOSE, CLOSE_ROWS, USUAL_HEIGHT
from workbook.xlsx.style_sheets import ALIGNMENT, BORDER, COLOUR, FILL, NUMBER_FORMAT, WEIGHT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from workbook.record.located import Located
    from workbook.record.looks import Look, SheetLooks
    from workbook.xlsx.saved import Conditional, SavedSheet, SavedWorkbook, Validation
    from workbook.xlsx.styles import CellFormat

WHITE = "FFFFFF"
WIDEST_RUN = 256  # columns: programs fill up to the last column of a sheet with runs of their own
RULE, MERGED, CONDITION = "validation rule", "merged cells", "conditional format"
KINDS = (NUMBER_FORMAT, FILL, COLOUR, WEIGHT, BORDER, ALIGNMENT)
WIDTH, HIDDEN_COLUMN, HIDDEN_ROW, HEIGHT = "column width", "hidden column", "hidden row", "row height"
ZOOM, FROZEN, FILTER, PRINTED, PROTECTION = "zoom", "frozen panes", "filter", "print area", "sheet protection"
NOTHING = {NUMBER_FORMAT: ("General", "@"), FILL: ("",), BORDER: ("",)}  # what shows that nobody formatted a cell


@dataclass(frozen=True)
class Looked:
    """A file as saved, where its cells are, and by sheet how its build looked: nothing of builds that did not tell."""

    saved: SavedWorkbook
    located: Located
    built: Mapping[str, SheetLooks]

    @cached_property
    def reformatted(self) -> dict[str, list[tuple[str, str, Spot]]]:
        """Return by sheet of the build the cells that look otherwise now: in what kind, how, and where they stand."""
        return {name: _reformatted(self, name) for name in self.built if self.located.sheets.get(name) in self.saved.sheets}

    @cached_property
    def has_views(self) -> bool:
        """Whether the program that saved the file kept how sheets stand on the screen: one that works without a screen keeps nothing."""
        return any(sheet.view != View() for sheet in self.saved.sheets.values())

    def merged(self, name: str) -> dict[int, list[Area]]:
        """Return the merged cells of a sheet by row, of those rows in which there are cells."""
        sheet, found = self.saved.sheets[name], defaultdict[int, list[Area]](list)
        last = max((row for row, _ in sheet.cells), default=-1)
        for area in sheet.merged:
            for row in range(area.top, min(area.bottom, last) + 1):
                found[row].append(area)
        return found


def look_at(path: Path, located: Located) -> Looked:
    """Read how a file looks; raises WorkbookError for one that is damaged."""
    try:
        saved = read_saved(path, located.cells)
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), error.fix)]) from None
    try:
        return Looked(saved, located, located.looks)
    except looks.DAMAGED:
        message = "what the record of the build says of formats is damaged"
        raise WorkbookError([Diagnostic(Place(str(path)), message, KEEP)]) from None


def resized(sheet: SavedSheet, built: SheetLooks, located: Located, name: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield columns of another width than they were built with, and of no build's: as built and now, and the pixels of both."""
    for column, width in enumerate(built.widths):
        now = located.columns[name].now(column)
        wide = 0 if now is None else sheet.width(now)
        if now is not None and wide > 0 and abs(wide - width) > CLOSE:
            yield column, now, width, wide
    ours = {now for column in range(len(built.widths)) if (now := located.columns[name].now(column)) is not None}
    for run in sheet.columns:
        is_own = run.width is not None and not run.hidden and run.last - run.first < WIDEST_RUN
        for now in range(run.first, run.last + 1) if is_own else ():
            if now not in ours and abs(sheet.width(now) - sheet.usual_width) > CLOSE:
                yield now, now, sheet.usual_width, sheet.width(now)


def raised(sheet: SavedSheet, built: SheetLooks, located: Located, name: str) -> Iterator[tuple[int, int, str]]:
    """Yield rows that people made of another height than they were built with: as built and now, and what it is.

    A height that follows from what a row holds is none of people's, unless the row was built with one of its own.
    """
    heights = built.heights or {}
    for row in range(max(*built.cells, *heights, 0) + 1) if built.heights is not None else ():
        now, was = located.line(name, row), heights.get(row)
        held = None if now is None else sheet.rows.get(now)
        height = held.height if held else None
        is_as_built = height == was or (height is not None and abs(height - (was or USUAL_HEIGHT)) <= CLOSE_ROWS)
        if now is not None and not is_as_built and not (held and held.hidden):
            what = "as high as the text needs" if height is None else f"{height:g} points"
            yield row, now, f"{what}, built with {was or USUAL_HEIGHT:g}"
    known = {located.line(name, row) for row in range(max(*built.cells, *heights, 0) + 1)} if built.heights is not None else sheet.rows
    for now, held in sheet.rows.items():
        if now not in known and held.height and not held.hidden and abs(held.height - USUAL_HEIGHT) > CLOSE_ROWS:
            yield now, now, f"{held.height:g} points, built with {USUAL_HEIGHT:g}"


def set_up(looked: Looked, located: Located, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield what of a sheet people set up otherwise than it was built: the kind, where, and what it is."""
    built, sheet = looked.built[name], looked.saved.sheets[located.sheets[name] or ""]
    if built.view and looked.has_views and sheet.view.zoom != built.view.zoom:
        yield ZOOM, "", f"{sheet.view.zoom}%, built with {built.view.zoom}%"
    if built.view and looked.has_views and sheet.view[1:] not in {built.view[1:], _frozen_now(built.view, located, name)}:
        yield FROZEN, "", f"above and left of {Spot(name, *sheet.view[1:]).address}" if any(sheet.view[1:]) else "none"
    if sheet.filtered:
        yield FILTER, sheet.filtered, ""
    ends = [located.now(Spot(name, *corner)) for corner in ((0, 0), built.last)]
    area = sheet.page.area.rpartition("!")[2].replace("$", "")
    if all(ends) and area != ":".join(spot.address for spot in ends if spot):
        yield PRINTED, area, "" if area else "none"
    if built.view and not sheet.has_password and not (sheet.protected and sheet.forbidden == built.forbidden):
        allowed = ", ".join(sorted(MAY_FORBID.keys() - sheet.forbidden))
        yield PROTECTION, "", f"allows {allowed or 'nothing'}" if sheet.protected else "none"


def own_rules(sheet: SavedSheet, located: Located) -> dict[int, Validation]:
    """Return the rules on what may be typed into cells of a sheet that hold no input and no note: no build writes any there.

    They go by their number among the rules of the sheet.
    """
    mine = located.entries.get(sheet.name, set())
    rules = enumerate(sheet.validations)
    return {number: rule for number, rule in rules if rule.areas and not any(_holds(area, mine) for area in rule.areas)}


def own_conditions(sheet: SavedSheet, built: SheetLooks, located: Located, name: str) -> dict[int, Conditional]:
    """Return the conditional formats of a sheet, by their number, that say what none does that was built for their first cell.

    None of a build that did not tell its own; the second half of a data bar, for programs of today, goes with the first.
    """
    axes = located.rows[name], located.columns[name]
    cells: dict[str, list[Area]] = {}
    for said, areas in (built.conditions or {}).items():
        for area in map(area_of, areas):
            ends = [axis.now(line) for axis, line in zip((*axes, *axes), area, strict=True)]
            cells.setdefault(said, []).extend([] if None in ends else [Area(*(end or 0 for end in ends))])

    def is_built(rule: Conditional) -> bool:
        first = rule.areas[0][:2]
        said = condition(rule.kind, rule.formulas, Spot(sheet.name, *first))
        return any(is_within(first, area) for area in cells.get(said, ()))

    rules = enumerate(sheet.conditions) if built.conditions is not None else ()
    whole = {number: rule for number, rule in rules if rule.areas and rule.kind and not (rule.beyond and rule.kind == "dataBar")}
    return {number: rule for number, rule in whole.items() if not is_built(rule)}


def own_charts(sheet: SavedSheet, built: SheetLooks, located: Located) -> set[int]:
    """Return the numbers of the charts of a sheet that are none of those that were built: each of these draws the values that one drew."""
    origin = located.origin if located.moved else None
    left = {number: {drawn(cells, origin) for cells in chart.values} for number, chart in enumerate(sheet.charts)}
    for cells in (set(told.split()) for told in built.charts):
        left.pop(next((number for number, found in left.items() if not cells or cells == found), -1), None)
    return set(left)


def own_merges(sheet: SavedSheet, located: Located) -> list[Area]:
    """Return merged cells of a sheet of which the build wrote none; none of a build that did not tell what it wrote."""
    written = located.written.get(sheet.name)
    return [] if written is None else [area for area in sheet.merged if not _holds(area, written)]


def _holds(area: Area, cells: AbstractSet[tuple[int, int]]) -> bool:
    """Whether one of the cells is in an area, whichever of both has fewer."""
    top, left, bottom, right = area
    if (bottom - top + 1) * (right - left + 1) > len(cells):
        return any(is_within(cell, area) for cell in cells)
    return any((row, column) in cells for row in range(top, bottom + 1) for column in range(left, right + 1))


def _frozen_now(view: View, located: Located, name: str) -> tuple[int, int]:
    """Return how many rows and columns would stay in view after others were inserted among them."""
    row, column = (axis.now(line) for axis, line in ((located.rows[name], view.rows), (located.columns[name], view.columns)))
    return row or 0, column or 0


def is_within(cell: tuple[int, int], area: Area) -> bool:
    """Whether an area holds a cell, by row and column from 0."""
    top, left, bottom, right = area
    return top <= cell[0] <= bottom and left <= cell[1] <= right


def _reformatted(looked: Looked, name: str) -> list[tuple[str, str, Spot]]:
    """Return the cells of one sheet that look otherwise now."""
    located, built = looked.located, looked.built[name]
    sheet = looked.saved.sheets[located.sheets[name] or ""]
    wanted = located.standing[sheet.name]
    lines = {line for row in range(max(built.last[0], *built.cells, 0) + 1) if (line := located.line(name, row)) is not None}
    last = max(lines, default=-1)
    changed: list[tuple[str, str, Spot]] = []
    merged = looked.merged(sheet.name)
    for cell, held in sheet.cells.items():
        if cell[0] not in lines and cell[0] < last:
            continue  # an inserted row, which looks like the one above it and is reported as such
        for kind, now in changed_formats(looked.saved.format_of(held), wanted.get(cell)):
            # Of merged cells the first shows alone; programs drop the formats of the others, and give each a border of its own.
            if not any(is_within(cell, area) and (cell != area[:2] or kind == BORDER) for area in merged.get(cell[0], ())):
                changed.append((kind, now, Spot(sheet.name, *cell)))
    return changed


@lru_cache(maxsize=1 << 12)
def changed_formats(now: CellFormat, built: Look | None) -> tuple[tuple[str, str], ...]:
    """Return by kind what a cell's format is now, where it is not as built; in cells of nobody's, where somebody formatted it."""
    shown = (now.code, _ground(now.fill), now.font.colour, _weight(now.font.bold), now.border, now.alignment)
    if built is None:
        return tuple((kind, text) for kind, text in zip(KINDS, shown, strict=True) if kind in NOTHING and text not in NOTHING[kind])
    was = (built.code, _ground(built.fill), built.colour, _weight(built.bold), built.border, built.alignment)
    pairs = [(kind, text, given) for kind, text, given in zip(KINDS, shown, was, strict=True) if given is not None]
    return tuple((kind, text or "none") for kind, text, given in pairs if text != given and _plain(text) != _plain(given))


def _ground(fill: str) -> str:
    """Return the colour of a ground; white is none: sheets have no grid, and Gnumeric writes a fill without a pattern as white."""
    return "" if fill == WHITE else fill


def _weight(is_bold: bool) -> str:  # noqa: FBT001 it is named
    return "bold" if is_bold else "not bold"


def _plain(code: str) -> str:
    """Return a number format as programs write it alike: some escape signs that others leave as they are."""
    return code.replace("\\", "").replace('"', "")
