"""What people added to a file besides entries and sheets, and a build leaves behind: comments, pictures, formats, widths, passwords."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

from workbook.changes.differences import Loss
from workbook.errors import Diagnostic, Place, WorkbookError, visible
from workbook.record import looks
from workbook.record.fingerprints import Spot
from workbook.record.read import KEEP
from workbook.roundtrip.own_sheets import own_names
from workbook.xlsx.a1 import RECORD_SHEET, column_letters, quoted
from workbook.xlsx.cells import UnreadableWorkbook
from workbook.xlsx.extras import COMMENT, LINK, PICTURE, SHAPE, read_extras
from workbook.xlsx.saved import read_saved
from workbook.xlsx.style_sheets import COLOUR, FILL, NUMBER_FORMAT, WEIGHT

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from workbook.record.located import Located
    from workbook.record.looks import Look, SheetLooks
    from workbook.xlsx.saved import Area, SavedSheet, SavedWorkbook
    from workbook.xlsx.styles import CellFormat

    Kept = AbstractSet[tuple[str, Spot]]

OF_PROGRAMS = ("_xlnm.", "print_area", "print_titles", "sheet_title")  # how names begin that programs write by themselves
CLOSE = 3  # pixels by which programs may round the width of a column
BROUGHT = (COMMENT, PICTURE, SHAPE, LINK)  # what sheets of people's own bring along, or tell themselves
KINDS = (NUMBER_FORMAT, FILL, COLOUR, WEIGHT)
WIDTH, HIDDEN_COLUMN, HIDDEN_ROW = "column width", "hidden column", "hidden row"
NOTHING = {NUMBER_FORMAT: ("General", "@"), FILL: ("",)}  # what shows that nobody formatted a cell


@dataclass(frozen=True, slots=True)
class Looked:
    """A file as saved, and by sheet how its build looked: nothing of builds that did not tell."""

    saved: SavedWorkbook
    built: Mapping[str, SheetLooks]


def look_at(path: Path, located: Located) -> Looked:
    """Read how a file looks; raises WorkbookError for one that is damaged."""
    try:
        saved = read_saved(path, {name: cells for name, cells in located.contents.items() if name != RECORD_SHEET})
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), error.fix)]) from None
    try:
        return Looked(saved, looks.read(located.baseline.carried) or {})
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        message = "what the record of the build says of formats is damaged"
        raise WorkbookError([Diagnostic(Place(str(path)), message, KEEP)]) from None


def uncarried(path: Path, located: Located, looked: Looked, kept: Kept = frozenset()) -> list[Loss]:
    """Return all of it with its place, by kind, but what is ``kept``: comments and formats by their cells, columns and rows by their first.

    Raises WorkbookError for a file whose drawings or comments are damaged.

    A file that was built before builds told their looks is judged by what no build writes alone. Row heights, borders, alignment and
    the rules of conditional formats are not compared, only how many rules there are: programs write these anew when they save.
    """
    try:
        extras = [item for item in read_extras(path) if item.sheet != RECORD_SHEET]
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), error.fix)]) from None
    saved, built = looked.saved, looked.built
    own = own_names(located)
    kept_at = {(spot.sheet, spot.address) for kind, spot in kept if kind == COMMENT}
    left = [item for item in extras if item.sheet not in own or item.kind not in BROUGHT]
    left = [item for item in left if item.kind != COMMENT or (item.sheet, item.address) not in kept_at]
    found = [Loss(item.kind, _place(item.sheet, item.address), visible(item.text)) for item in left]
    found += _of_book(saved, located)
    mine = _typed_into(located)
    for name, now in located.sheets.items():
        if now in saved.sheets:
            found += [*_hidden(saved.sheets[now], kept), *_rules(saved.sheets[now], mine.get(now, set()))]
            if name in built:
                found += _settings(saved.sheets[now], built[name], located, name, kept)
                found += _formats(looked, located, name, kept)
    return sorted(found, key=lambda item: item.kind)


def _place(sheet: str, address: str = "") -> str:
    return f"{quoted(sheet)}!{address}" if address else f"sheet '{sheet}'" if sheet else ""


def _of_book(saved: SavedWorkbook, located: Located) -> Iterator[Loss]:
    """Yield names of people's own for sheets of ours, and passwords."""
    own = own_names(located)
    for name, sheet in saved.sheets.items():
        if sheet.has_password and name not in own:
            yield Loss("password", _place(name), "protects the sheet")
    if saved.has_password:
        yield Loss("password", "", "protects the workbook")
    for (of, name), refers in saved.names.items():
        if of and of not in own and not name.startswith(OF_PROGRAMS):
            yield Loss("defined name", _place(of), f"{name} = {visible(refers)}")


def _hidden(sheet: SavedSheet, kept: Kept) -> Iterator[Loss]:
    """Yield rows and columns that are hidden: no build hides any."""
    for run in sheet.columns:
        hidden = range(run.first, run.last + 1) if run.hidden else ()
        left = [column for column in hidden if (HIDDEN_COLUMN, Spot(sheet.name, 0, column)) not in kept]
        for _, together in groupby(enumerate(left), key=lambda item: item[1] - item[0]):
            columns = [column for _, column in together]
            yield Loss(HIDDEN_COLUMN, _place(sheet.name, _columns(columns[0], columns[-1])), "", len(columns))
    for row, found in sheet.rows.items():
        if found.hidden and (HIDDEN_ROW, Spot(sheet.name, row, 0)) not in kept:
            yield Loss(HIDDEN_ROW, _place(sheet.name, f"{row + 1}:{row + 1}"), "")


def _typed_into(located: Located) -> dict[str, set[tuple[int, int]]]:
    """Return by sheet the cells of inputs and notes."""
    found: dict[str, set[tuple[int, int]]] = {}
    for given in located.baseline.inputs.values():
        for spot in (located.input(given), _now(located, given.note_spot)):
            if spot is not None:
                found.setdefault(spot.sheet, set()).add((spot.row, spot.column))
    return found


def _rules(sheet: SavedSheet, mine: Collection[tuple[int, int]]) -> Iterator[Loss]:
    """Yield rules on what may be typed into cells that are not ``mine``, inputs or notes."""
    for rule in sheet.validations:
        if rule.areas and not any(_holds(area, mine) for area in rule.areas):
            first = Spot(sheet.name, *rule.areas[0][:2])
            yield Loss("validation rule", _place(sheet.name, first.address), visible(f"{rule.kind} {rule.formula}".strip()))


def resized(sheet: SavedSheet, built: SheetLooks, located: Located, name: str) -> Iterator[tuple[int, int, int, int]]:
    """Yield columns of another width than they were built with: as built and now, and the pixels of both."""
    for column, width in enumerate(built.widths):
        now = located.columns[name].now(column)
        wide = 0 if now is None else sheet.width(now)
        if now is not None and wide > 0 and abs(wide - width) > CLOSE:
            yield column, now, width, wide


def _settings(sheet: SavedSheet, built: SheetLooks, located: Located, name: str, kept: Kept) -> Iterator[Loss]:
    """Yield what of a sheet of ours is set up otherwise than it was built, or is there more often."""
    for _, now, width, wide in resized(sheet, built, located, name):
        if (WIDTH, Spot(sheet.name, 0, now)) not in kept:
            yield Loss(WIDTH, _place(sheet.name, _columns(now, now)), f"{wide} pixels, built with {width}")
    for kind, count, more in (("chart", built.charts, len(sheet.charts)), ("conditional format", built.rules, len(sheet.rules))):
        yield from (Loss(kind, _place(sheet.name), f"number {number + 1}, where {count} were built") for number in range(count, more))
    ends = [_now(located, Spot(name, *corner)) for corner in ((0, 0), built.last)]
    area = sheet.page.area.rpartition("!")[2].replace("$", "")
    if all(ends) and area != ":".join(spot.address for spot in ends if spot):
        yield Loss("print area", _place(sheet.name, area), "" if area else "none")


def _columns(first: int, last: int) -> str:
    return f"{column_letters(first)}:{column_letters(last)}"


def _is_within(cell: tuple[int, int], area: Area) -> bool:
    top, left, bottom, right = area
    return top <= cell[0] <= bottom and left <= cell[1] <= right


def _holds(area: Area, cells: Collection[tuple[int, int]]) -> bool:
    """Whether one of the cells is in an area: most areas are of one cell."""
    top, left, bottom, right = area
    if (top, left) == (bottom, right):
        return (top, left) in cells
    return any(_is_within(cell, area) for cell in cells)


def _now(located: Located, spot: Spot | None) -> Spot | None:
    return located.now(spot) if spot else None


def reformatted(looked: Looked, located: Located, name: str) -> list[tuple[str, str, Spot]]:
    """Return the cells of a sheet of the build that look otherwise now: in what kind, how, and where they stand."""
    built, sheet = looked.built[name], looked.saved.sheets[located.sheets[name] or ""]
    wanted = _wanted(built, located, name)
    lines = {line for row in range(max(built.last[0], *built.cells, 0) + 1) if (line := located.line(name, row)) is not None}
    last = max(lines, default=-1)
    changed: list[tuple[str, str, Spot]] = []
    for cell, held in sheet.cells.items():
        if cell[0] not in lines and cell[0] < last:
            continue  # an inserted row, which looks like the one above it and is reported as such
        for kind, now in changed_formats(looked.saved.format_of(held), wanted.get(cell)):
            # Of merged cells the first shows alone; programs drop the formats of the others.
            if not any(_is_within(cell, area) and cell != area[:2] for area in sheet.merged):
                changed.append((kind, now, Spot(sheet.name, *cell)))
    return changed


def _formats(looked: Looked, located: Located, name: str, kept: Kept) -> Iterator[Loss]:
    """Yield cells that look otherwise than they were built, runs of one column together."""
    found = reformatted(looked, located, name)
    changed = sorted((kind, now, spot.column, spot.row) for kind, now, spot in found if (kind, spot) not in kept)
    for (kind, now, column), run in groupby(changed, key=lambda item: item[:3]):
        for _, cells in groupby(enumerate(run), key=lambda item: item[1][3] - item[0]):
            rows = [row for _, (*_, row) in cells]
            top, bottom = (Spot(located.sheets[name] or "", row, column).address for row in (rows[0], rows[-1]))
            yield Loss(kind, _place(located.sheets[name] or "", top if len(rows) == 1 else f"{top}:{bottom}"), now, len(rows))


def _wanted(built: SheetLooks, located: Located, name: str) -> dict[tuple[int, int], Look]:
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


@lru_cache(maxsize=1 << 12)
def changed_formats(now: CellFormat, built: Look | None) -> tuple[tuple[str, str], ...]:
    """Return by kind what a cell's format is now, where it is not as built; in cells of nobody's, where somebody formatted it."""
    shown = (now.code, now.fill, now.font.colour, "bold" if now.font.bold else "not bold")
    if built is None:
        return tuple((kind, text) for kind, text in zip(KINDS, shown, strict=True) if kind in NOTHING and text not in NOTHING[kind])
    was = (built.code, built.fill, built.colour, "bold" if built.bold else "not bold")
    pairs = zip(KINDS, shown, was, strict=True)
    return tuple((kind, text or "none") for kind, text, given in pairs if text != given and _plain(text) != _plain(given))


def _plain(code: str) -> str:
    """Return a number format as programs write it alike: some escape signs that others leave as they are."""
    return code.replace("\\", "").replace('"', "")
