"""What people added to a file besides entries and sheets, and a build leaves behind: comments, pictures, formats, widths, passwords."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from workbook.changes.differences import Loss
from workbook.errors import Diagnostic, Place, WorkbookError, visible
from workbook.record.fingerprints import Spot
from workbook.roundtrip.looked import (
    CONDITION,
    HEIGHT,
    HIDDEN_COLUMN,
    HIDDEN_ROW,
    MERGED,
    RULE,
    WIDTH,
    own_charts,
    own_conditions,
    own_merges,
    own_rules,
    raised,
    resized,
    set_up,
)
from workbook.roundtrip.own_cells import OWN, said
from workbook.roundtrip.own_sheets import own_names
from workbook.xlsx.a1 import RECORD_SHEET, column_letters, quoted
from workbook.xlsx.cells import UnreadableWorkbook
from workbook.xlsx.extras import COMMENT, LINK, PICTURE, SHAPE, read_extras

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from workbook.record.located import Located
    from workbook.roundtrip.looked import Looked
    from workbook.xlsx.saved import Conditional, SavedSheet, SavedWorkbook, Validation

    Kept = AbstractSet[tuple[str, Spot]]

BROUGHT = (COMMENT, PICTURE, SHAPE, LINK)  # what sheets of people's own bring along, or tell themselves
OF_PROGRAMS = (
    "_xlnm.",
    "_filterdatabase",
    "print_area",
    "print_titles",
    "sheet_title",
)  # how names begin that programs write by themselves


def uncarried(path: Path, located: Located, looked: Looked, kept: Kept = frozenset()) -> list[Loss]:
    """Return all of it with its place, by kind, but what is ``kept``: comments and formats by their cells, columns and rows by their first.

    Raises WorkbookError for a file whose drawings or comments are damaged.

    A file that was built before builds told their looks is judged by what no build writes alone.
    """
    try:
        extras = [item for item in read_extras(path) if item.sheet != RECORD_SHEET]
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), error.fix)]) from None
    saved, built = looked.saved, looked.built
    own = own_names(located)
    kept_at = {(kind, spot.sheet, spot.address) for kind, spot in kept}
    left = [item for item in extras if item.sheet not in own or item.kind not in BROUGHT]
    left = [item for item in left if (item.kind, item.sheet, item.address) not in kept_at]
    found = [Loss(item.kind, _place(item.sheet, item.address), visible(item.text)) for item in left]
    found += _of_book(saved, located)
    filled = ((spot, said(located, spot)) for spot in located.own if (OWN, spot) not in kept)
    found += [Loss(OWN, _place(spot.sheet, spot.address), text) for spot, text in filled]
    for name, now in located.sheets.items():
        if now in saved.sheets:
            found += [*_hidden(saved.sheets[now], kept), *_rules(saved.sheets[now], located, kept)]
            if name in built:
                found += _settings(looked, located, name, kept)
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


def _rules(sheet: SavedSheet, located: Located, kept: Kept) -> Iterator[Loss]:
    """Yield people's rules on what may be typed into cells, and cells that they merged."""
    for number, rule in own_rules(sheet, located).items():
        if (RULE, Spot(sheet.name, number, 0)) not in kept:
            yield Loss(RULE, _place(sheet.name, _first(rule)), visible(f"{rule.kind} {rule.formula}".strip()))
    for area in own_merges(sheet, located):
        first, last = (Spot(sheet.name, *corner) for corner in (area[:2], area[2:]))
        if (MERGED, first) not in kept:
            yield Loss(MERGED, _place(sheet.name, f"{first.address}:{last.address}"), "")


def _settings(looked: Looked, located: Located, name: str, kept: Kept) -> Iterator[Loss]:
    """Yield what of a sheet of ours is sized or set up otherwise than it was built, or is there more often."""
    built, sheet = looked.built[name], looked.saved.sheets[located.sheets[name] or ""]
    for _, now, width, wide in resized(sheet, built, located, name):
        if (WIDTH, Spot(sheet.name, 0, now)) not in kept:
            yield Loss(WIDTH, _place(sheet.name, _columns(now, now)), f"{wide} pixels, built with {width}")
    for _, now, text in raised(sheet, built, located, name):
        if (HEIGHT, Spot(sheet.name, now, 0)) not in kept:
            yield Loss(HEIGHT, _place(sheet.name, f"{now + 1}:{now + 1}"), text)
    for kind, where, text in set_up(looked, located, name):
        if (kind, Spot(sheet.name, 0, 0)) not in kept:
            yield Loss(kind, _place(sheet.name, where), text)
    for number, rule in own_conditions(sheet, built, located, name).items():
        if (CONDITION, Spot(sheet.name, number, 0)) not in kept:
            yield Loss(CONDITION, _place(sheet.name, _first(rule)), visible(" ".join((rule.kind, *rule.formulas))))
    left = [number for number in sorted(own_charts(sheet, built, located)) if ("chart", Spot(sheet.name, number, 0)) not in kept]
    yield from (Loss("chart", _place(sheet.name), f"number {number + 1}, where {len(built.charts)} were built") for number in left)


def _first(rule: Validation | Conditional) -> str:
    """Return the address of the first cell of a rule."""
    return Spot("", *rule.areas[0][:2]).address


def _columns(first: int, last: int) -> str:
    return f"{column_letters(first)}:{column_letters(last)}"


def _formats(looked: Looked, located: Located, name: str, kept: Kept) -> Iterator[Loss]:
    """Yield cells that look otherwise than they were built, runs of one column together."""
    found = looked.reformatted[name]
    changed = sorted((kind, now, spot.column, spot.row) for kind, now, spot in found if (kind, spot) not in kept)
    for (kind, now, column), run in groupby(changed, key=lambda item: item[:3]):
        for _, cells in groupby(enumerate(run), key=lambda item: item[1][3] - item[0]):
            rows = [row for _, (*_, row) in cells]
            top, bottom = (Spot(located.sheets[name] or "", row, column).address for row in (rows[0], rows[-1]))
            yield Loss(kind, _place(located.sheets[name] or "", top if len(rows) == 1 else f"{top}:{bottom}"), now, len(rows))
