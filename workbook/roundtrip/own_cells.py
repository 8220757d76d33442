"""Cells that a team filled on sheets of the model where the build wrote none: each goes with the table that it stands beside or below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workbook.changes.differences import Loss
from workbook.changes.sheets import is_account_sheet
from workbook.errors import Diagnostic, Place, WorkbookError, visible
from workbook.record.entries import held
from workbook.record.fingerprints import Spot
from workbook.roundtrip.beside import taken_cells
from workbook.roundtrip.looked import KINDS, WIDEST_RUN, WIDTH, changed_formats, is_within
from workbook.roundtrip.own_sheets import write_constant
from workbook.xlsx.a1 import quoted
from workbook.xlsx.cells import MAXIMUM_CELLS, UnreadableWorkbook
from workbook.xlsx.package import Package
from workbook.xlsx.sheet_formats import ForeignFormat, OwnCell, SheetFormats
from workbook.xlsx.trees import read_formats

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from workbook.layout.book import Book
    from workbook.record.located import Located
    from workbook.roundtrip.copies import Copy
    from workbook.roundtrip.followed import References
    from workbook.roundtrip.looked import Looked
    from workbook.xlsx.cells import Cell

OWN = "own cell"


@dataclass(slots=True)
class OwnCells:
    """How sheets of a new book are to be filled, by name; by copy where its cells went (None: nowhere), and by kind what is ``kept``.

    ``lost`` is what is left behind of their formulas.
    """

    sheets: dict[str, SheetFormats] = field(default_factory=dict)
    went: list[dict[Spot, Spot | None]] = field(default_factory=list)
    kept: list[set[tuple[str, Spot]]] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)


def own_cells(located: Located, looked: Looked) -> dict[Spot, Cell]:
    """Return the cells on sheets of the model that people filled, or formatted, where the build wrote none, by where they stand."""
    found: dict[Spot, Cell] = dict(located.own)
    for name, now in located.sheets.items():
        if now not in looked.saved.sheets or name not in looked.built:
            continue
        sheet, written = looked.saved.sheets[now], located.written[now]
        others = [(at, cell) for at, cell in sheet.cells.items() if at not in written]
        merged = looked.merged(now) if others else {}
        for at, cell in others:
            is_seen = not any(is_within(at, area) and at != area[:2] for area in merged.get(at[0], ()))
            if is_seen and changed_formats(looked.saved.format_of(cell), None):
                found.setdefault(Spot(now, *at), cell)
    return found


def said(located: Located, spot: Spot) -> str:
    """Return what a cell holds, as lists show it; empty for one that is formatted alone."""
    cell = located.cell(spot)
    if cell is None or not (cell.is_formula or cell.value not in {None, ""}):
        return ""
    return visible(f"={located.formula(spot)}" if cell.is_formula else held(cell))


def carried_cells(copies: Sequence[Copy], book: Book, followed: Sequence[References]) -> OwnCells:
    """Return the own cells of edited files for a new book, in which ``followed`` finds by copy what they refer to; told which are lost.

    None goes where the new book writes, or where another went; of equal ones of several copies one does. Raises WorkbookError for a
    file that is damaged.
    """
    found = OwnCells()
    used = taken_cells(book) if any(copy.own_cells for copy in copies) else {}
    placed: dict[Spot, str] = {}
    for copy, references in zip(copies, followed, strict=True):
        went: dict[Spot, Spot | None] = {}
        mine: set[Spot] = set()
        for spot in copy.own_cells:
            now, text = _placed(references, spot, used), said(copy.located, spot)
            went[spot] = now if now and now not in mine and placed.setdefault(now, text) == text else None
            mine.update(filter(None, [went[spot]]))
        references.lost.update(spot for spot, now in went.items() if now is None)
        found.went.append(went)
        found.kept.append({(kind, spot) for spot, now in went.items() if now for kind in (OWN, *KINDS)})
        try:
            _Reader(copy, references, found).run(went)
        except (UnreadableWorkbook, ValueError) as error:
            fix = getattr(error, "fix", "")
            raise WorkbookError([Diagnostic(Place(str(copy.path)), f"a cell that was added cannot be read: {error}", fix)]) from None
    return found


def _placed(references: References, spot: Spot, used: Mapping[str, Collection[tuple[int, int]]]) -> Spot | None:
    """Return where an own cell goes; None for one on a sheet of an account, in an inserted row, or where the book writes."""
    if is_account_sheet(references.built_as(spot.sheet)) or references.beside.is_inserted(spot):
        return None
    now = references.place(spot)
    return now if now and (now.row, now.column) not in used.get(now.sheet, ()) else None


class _Reader:
    """Takes the own cells of one file."""

    def __init__(self, copy: Copy, references: References, found: OwnCells) -> None:
        self.copy, self.located, self.references, self.found = copy, copy.located, references, found
        self.kept = found.kept[-1]

    def run(self, went: Mapping[Spot, Spot | None]) -> None:
        """Take all of them that went somewhere."""
        if not any(went.values()):
            return
        with Package(self.copy.path) as package:
            styles = read_formats(package)
            paths = {part.name: part.path for part in package.worksheets()}
            arrays = {sheet: _arrays(package, paths[sheet]) for sheet in {spot.sheet for spot in went}}
        for spot, now in went.items():
            if now is None:
                continue
            cell = self.copy.own_cells[spot]
            sheet = self.found.sheets.setdefault(now.sheet, SheetFormats())
            self.sized(sheet, spot, now)
            if (now.row, now.column) in sheet.own:
                continue  # a copy before has the same
            element = self.element(spot, now, arrays[spot.sheet].get(spot.address, ""))
            sheet.own[now.row, now.column] = OwnCell(element, ForeignFormat(styles, cell.style))

    def element(self, spot: Spot, now: Spot, array: str) -> Element:
        """Return a cell as it is to be written: a formula without its result, or a constant."""
        cell, element = self.copy.own_cells[spot], ET.Element("c", {"r": now.address})
        formula = self.located.formula(spot) if cell.is_formula else ""
        if formula and array not in {"", spot.address}:
            self.lose("array formula", spot, f"={formula}, of {array}: its value was kept")
        elif formula:
            followed = self.references.follow(formula, spot.sheet, now.sheet)
            for what in followed.gone:
                self.lose("reference", spot, f"read {what}, which is gone: #REF!")
            ET.SubElement(element, "f", {"t": "array", "ref": now.address} if array else {}).text = followed.text
            return element
        write_constant(element, cell)
        return element

    def sized(self, sheet: SheetFormats, spot: Spot, now: Spot) -> None:
        """Give the column of an own cell that is wholly people's the width that it has; rows follow with those of tables."""
        saved = self.copy.looked.saved.sheets[spot.sheet]
        plan = self.references.book.layout.sheets[now.sheet]
        run = next((each for each in saved.columns if each.first <= spot.column <= each.last), None)
        if now.column > plan.last_column and run and not run.hidden and run.width and run.last - run.first < WIDEST_RUN:
            wide = sheet.widths.setdefault(now.column, saved.width(spot.column))
            if wide == saved.width(spot.column):
                self.kept.add((WIDTH, Spot(spot.sheet, 0, spot.column)))

    def lose(self, kind: str, spot: Spot, text: str) -> None:
        place = f"{quoted(spot.sheet)}!{spot.address}"
        self.found.lost.append(Loss(kind, f"{self.copy.name}: {place}" if self.copy.name else place, text))


def _arrays(package: Package, path: str) -> dict[str, str]:
    """Return the areas of a sheet's array formulas by their first cells."""
    given = [element.attributes for element in package.marked(path, {"f"}, MAXIMUM_CELLS)]
    areas = [each.get("ref", "") for each in given if each.get("t") == "array"]
    return {area.partition(":")[0]: area for area in areas}
