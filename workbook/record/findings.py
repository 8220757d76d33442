"""What differs between a file as saved and the record of its build: structure, formulas, texts. Inputs are no findings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workbook.errors import Place, Problems, as_typed
from workbook.record import entries
from workbook.record.fingerprints import NONE, Spot
from workbook.record.write import row_print
from workbook.xlsx.a1 import column_letters, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from workbook.record.located import Located
    from workbook.xlsx.cells import Cell

GONE = "is gone"
ADDED, STRUCTURE, OTHER = range(3)  # what comes first in a list: formulas that nobody asked for, then causes
LOST = "#REF!"  # in a formula: what it referred to was deleted
MOST_LOST = 3  # such formulas that are listed one by one
MOST_MOVED = 50  # changed rows that are searched for elsewhere
FARTHEST = 20  # rows or columns that a program without references may have moved cells by


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """Something that is not as it was built: where, which id (or none), and what.

    ``entry`` is what somebody entered there that cannot be carried on, if the finding is of such; ``file`` names the file, where
    there are several.
    """

    sheet: str
    address: str
    id: str
    text: str
    entry: str = ""
    rank: int = field(default=OTHER, compare=False)
    file: str = ""

    @property
    def is_gone(self) -> bool:
        """Whether it is that a sheet is not there."""
        return self.text == GONE

    @property
    def place(self) -> str:
        """Return the cell as formulas name it, after the file."""
        return f"{self._of_file}{quoted(self.sheet)}!{self.address}"

    @property
    def _of_file(self) -> str:
        return f"{self.file}: " if self.file else ""

    def __str__(self) -> str:
        """Format as ``Sheet!A1 (id) text``."""
        place = self._of_file + (f"{self.sheet}!{self.address}" if self.address else f"sheet '{self.sheet}'")
        return f"{place} ({self.id}) {self.text}" if self.id else f"{place} {self.text}"


def arranged(findings: Iterable[Finding]) -> list[Finding]:
    """Return findings in the order to read them in: added formulas, then causes; formulas that lost cells are counted at the end."""
    left = sorted(findings, key=lambda item: (item.rank, item))
    lost = [item for item in left if LOST in item.text and item.text.startswith("holds =") and item.rank == OTHER]
    if len(lost) <= MOST_LOST or not any(item.rank == STRUCTURE for item in left):
        return left
    sheets = len({item.sheet for item in lost})
    others = f"and {len(lost) - 1:,} more formulas, on {sheets} sheet{'s' if sheets > 1 else ''} together"
    first = replace(lost[0], text=f"{others}, lost cells that were deleted ({LOST})")
    return [*(item for item in left if item not in set(lost)), first]


def structure(located: Located) -> list[Finding]:
    """Name sheets that were renamed or removed, rows and columns inserted or deleted, and cells moved or deleted."""
    return [replace(item, rank=STRUCTURE) for item in _structure(located)]


def _structure(located: Located) -> list[Finding]:
    found = []
    for built, now in located.sheets.items():
        if now is None:
            found.append(Finding(built, "", "", GONE))
        elif now != built:
            found.append(Finding(now, "", "", f"was called '{built}'"))
    for built, now in located.sheets.items():
        if now is not None:
            found += _lines(located, built, now)
    for block in located.baseline.blocks:
        if block.now is None and located.sheets[block.spot.sheet] is not None:
            found.append(Finding(located.sheets[block.spot.sheet] or "", "", block.id, f"which stood in {block.spot.address}, was deleted"))
    gone = {block.id for block in located.baseline.blocks if block.now is None}
    for given in located.baseline.inputs.values():
        sheet = located.sheets[given.spot.sheet]
        place = located.input(given)
        if sheet is not None and place is None and not any(given.id.startswith(quantity) for quantity in gone):
            found.append(Finding(sheet, "", given.id, f"which stood in {given.spot.address}, was deleted"))
        elif place is not None and place != located.now(given.spot):
            found.append(Finding(place.sheet, place.address, given.id, f"was moved here from {given.spot.address}"))
    return [*found, *_sorted(located), *_shared(located)]


def _sorted(located: Located) -> Iterator[Finding]:
    """Name tables whose rows stand in another order: formulas that refer to one of their cells now show another row's."""
    for table in located.sorted:
        where = f"{min(table.lines) + 1}:{max(table.lines) + 1}"
        yield Finding(table.sheet, where, table.name, "has its rows in another order; its inputs were read by the keys of the rows")


def _shared(located: Located) -> Iterator[Finding]:
    """Name inputs that stand in the same cell, as when one was moved onto another."""
    inputs: dict[Spot, str] = {}
    for given in located.baseline.inputs.values():
        spot = located.input(given)
        if spot is not None and inputs.setdefault(spot, given.id) != given.id:
            yield Finding(spot.sheet, spot.address, given.id, f"shares this cell with {inputs[spot]}: one was moved onto the other")


def _lines(located: Located, built: str, now: str) -> Iterator[Finding]:
    """Name rows and columns of a sheet that were inserted or deleted."""
    for what, axis, across in (("row", located.rows[built], False), ("column", located.columns[built], True)):
        for line, count in axis.changes():
            name = column_letters(line) if across else str(line + 1)
            number = f"{abs(count)} {what}{'s' if abs(count) > 1 else ''}"
            side = "left of" if across else "above"
            text = f"has {number} {'more' if count > 0 else 'fewer'} {side} what was {what} {name}"
            first = next(
                (
                    block.id
                    for block in located.baseline.blocks
                    if block.spot.sheet == built and line in (block.spot.row, block.spot.column)
                ),
                "",
            )
            yield Finding(now, "", "", f"{text} ({first})" if first else text)


def changed_formulas(located: Located, expected: Mapping[Spot, tuple[str, str]] | None = None) -> list[Finding]:
    """Name formula cells that hold something else now.

    ``expected`` gives for cells as built their id and formula, where those are known: else the id is the quantity's. A
    value in a cell that took one over is an edit, no finding.
    """
    found = []
    settable = {given.spot for given in located.baseline.inputs.values()}
    for block in located.baseline.blocks:
        for step, wanted in enumerate(() if located.is_as_built(block) else block.prints):
            built = block.at(step)
            spot = located.place(built) if wanted != NONE else None
            if spot is None:
                continue
            cell = located.cell(spot)
            name, text = (expected or {}).get(built, (block.id, ""))
            instead = f"={text}" if text else "its formula"
            if cell is None or not cell.is_formula:
                if built not in settable:
                    held = "nothing" if cell is None or cell.value is None else f"the constant {entries.held(cell)}"
                    found.append(Finding(spot.sheet, spot.address, name, f"holds {held} in place of {instead}", entries.held(cell)))
            elif located.print(spot) != wanted:
                held = f"={located.formula(spot)}" if located.formula(spot) else "a part of an array formula"
                found.append(Finding(spot.sheet, spot.address, name, f"holds {held} in place of {instead}", held))
    return found


class _Texts:
    """The texts of one sheet, row by row, as built and now."""

    def __init__(self, located: Located, built: str, own: Collection[Spot] = ()) -> None:
        """Cells of people's ``own`` count for nothing but where rows that a library moved are searched for."""
        self.own: dict[int, set[int]] = defaultdict(set)
        self.located, self.built, self.now = located, built, located.sheets[built] or ""
        self.wanted = located.baseline.texts.get(built, ())
        self.cells: dict[int, dict[int, Cell]] = defaultdict(dict)
        moved = {spot[1:] for spot in located.moved_inputs if spot.sheet == self.now}
        for at, cell in located.cells.get(self.now, {}).items():
            if (cell.is_formula or cell.value not in {None, ""}) and at not in moved:
                self.cells[at[0]][at[1]] = cell
        for row, column in (spot[1:] for spot in own if spot.sheet == self.now):
            if column in self.cells.get(row, ()):
                self.own[row].add(column)
        axis, width = located.columns[built], max((max(row) for row in self.cells.values()), default=0)
        self.columns = {axis.now(column): column for column in range(width + FARTHEST)}
        self.skipped: dict[int, set[int]] = defaultdict(set)
        baseline = located.baseline
        blocks = [block for block in baseline.blocks if block.spot.sheet == built]
        spots = [spot for block in blocks for spot, text in zip(block.spots(), block.prints, strict=False) if text != NONE]
        spots += [spot for given in baseline.inputs.values() if given.spot.sheet == built for spot in (given.spot, given.note_spot) if spot]
        for _, row, column in spots:
            self.skipped[row].add(column)

    def told(self, row: int, line: int, right: int = 0, start: int = 0) -> dict[int, str | float]:
        """Return what a row as built tells when it stands at ``line`` now, and from column ``start`` on ``right`` columns further."""
        cells = self.cells.get(line, {})
        # What stands in new columns belongs to no column of the build.
        told = {
            (at - right if at >= start + right else at) if right else self.columns.get(at, -1 - at): _value(cell)
            for at, cell in cells.items()
        }
        return {column: value for column, value in told.items() if column not in self.skipped.get(row, ())}

    def left(self, row: int, line: int) -> dict[int, str | float]:
        """Return what a row tells besides people's own cells."""
        own = {self.columns.get(at, -1 - at) for at in self.own.get(line, ())}
        return {column: value for column, value in self.told(row, line).items() if column not in own}

    def changed(self) -> Iterator[tuple[int, int]]:
        """Yield each row that tells something else now: as built, and where it stands."""
        lines = set()
        for row in range(max(len(self.wanted), max(self.skipped, default=-1) + 1)):
            line = self.located.line(self.built, row)
            if line is not None:
                lines.add(line)
                if row_print(self.left(row, line)) != self.print(row):
                    yield row, line
        for line in sorted(self.cells.keys() - lines):
            if self.left(-1, line):
                yield -1, line

    def formulas(self, row: int, line: int) -> dict[int, str]:
        """Return the formulas where the build wrote none, by the column in which they stand."""
        own = self.own.get(line, set())
        added = {at: cell for at, cell in self.cells.get(line, {}).items() if cell.is_formula and at not in own}
        outside = [at for at in added if self.columns.get(at, -1 - at) not in self.skipped.get(row, ())]
        return {at: self.located.formula(Spot(self.now, line, at)) for at in outside}

    def print(self, row: int) -> str:
        """Return the fingerprint of a row as built."""
        return self.wanted[row] if 0 <= row < len(self.wanted) else NONE

    def moved(self, row: int) -> tuple[int, int] | None:
        """Return by how many rows and columns a row with cells was moved without its references, if it was."""
        wanted = self.print(row)
        if wanted == NONE or row not in self.skipped or self.wanted.count(wanted) > 1:
            return None
        steps = [step for size in range(1, FARTHEST + 1) for step in (size, -size)]
        found = [(step, 0) for step in steps if row_print(self.told(row, row + step)) == wanted]
        # Texts must have moved too: a cell that was added where nothing else moved is no sign of it.
        texts = [at for at in self.cells.get(row, {}) if at not in self.skipped[row]]
        for step in steps:
            for start in {max(0, at - step) for at in texts} if not found else ():
                if start > max(self.skipped[row], default=0):
                    continue  # no input, formula or note was moved
                if any(at >= start + step and at - step not in self.skipped[row] for at in texts):
                    found += [(0, step)] if row_print(self.told(row, row, step, start)) == wanted else []
        return found[0] if found else None


def _value(cell: Cell) -> str | float:
    if cell.is_formula:
        return f"={cell.formula or ''}"
    return float(cell.value) if isinstance(cell.value, float | int) else str(cell.value)


def changed_texts(path: Path, located: Located, own: Collection[Spot] = ()) -> list[Finding]:
    """Name rows whose texts, or numbers that are neither inputs nor results, differ from the build's, but for people's ``own`` cells.

    Raises WorkbookError for a file in which cells were moved but no formula followed, as libraries do that only write
    cells: what stands where an input stood may then be another's.
    """
    found: list[Finding] = []
    problems = Problems()
    for built, now in located.sheets.items():
        if now is None:
            continue
        sheet = _Texts(located, built, own)
        changes = list(sheet.changed())
        for row, _ in changes[:MOST_MOVED]:
            if step := sheet.moved(row):
                what = f"{abs(step[0])} rows {'down' if step[0] > 0 else 'up'}" if step[0] else f"{abs(step[1])} columns aside"
                message = f"the cells of row {row + 1} were moved {what}, but no formula followed them"
                problems.add(Place(f"{path}: {now}"), message, "insert, delete and sort rows in a spreadsheet program, not in a library")
                break
        for row, line in changes:
            found += _changed_row(sheet, row, line)
    problems.raise_if_any()
    return found


def _changed_row(sheet: _Texts, row: int, line: int) -> Iterator[Finding]:
    """Name the formulas that were added to a row, and what else it holds that the build did not write."""
    added = sheet.formulas(row, line)
    for column, formula in sorted(added.items()):
        yield _added(Spot(sheet.now, line, column), formula)
    apart = {sheet.columns.get(at, -1 - at) for at in added}
    left = {column: value for column, value in sheet.left(row, line).items() if column not in apart}
    if sheet.print(row) == NONE and left:
        column, value = min((column, value) for column, value in left.items())
        spot = Spot(sheet.now, line, column if column >= 0 else -1 - column)
        shown = as_typed(value) if isinstance(value, str) else f"{value:.15g}"
        yield Finding(sheet.now, spot.address, "", f"holds {shown}, which the build did not write", str(value))
    elif row_print(left) != sheet.print(row):
        text = "has other texts, or numbers that are neither inputs nor results, than the build wrote"
        yield Finding(sheet.now, f"{line + 1}:{line + 1}", "", text)


def _added(spot: Spot, formula: str) -> Finding:
    what = f"the formula ={formula}" if formula else "a part of an array formula"
    return Finding(spot.sheet, spot.address, "", f"holds {what}, which the build did not write", f"={formula}", ADDED)
