"""Where the cells of a build stand in a file whose rows, columns and sheets may have been moved since."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING

from workbook.record import looks
from workbook.record.fingerprints import ACTIVE, NONE, Filled, Fingerprints, Spot, fingerprint, relative, shifted
from workbook.record.read import baseline, read
from workbook.record.sorting import sorted_tables
from workbook.xlsx.a1 import RECORD_SHEET
from workbook.xlsx.cell import by_place, cell_position

if TYPE_CHECKING:
    from collections.abc import Callable, Container, KeysView
    from pathlib import Path

    from workbook.record.fingerprints import Reference
    from workbook.record.looks import Look, SheetLooks
    from workbook.record.read import Baseline, Block, Contents, Given, Headline
    from workbook.xlsx.cells import Cell

ENDS = 2  # references of a block


class Axis:
    """Rows or columns of a sheet, counted from 0: from where they stood to where they stand."""

    def __init__(self, votes: dict[int, Counter[int]], built: set[int] | None, filled: Callable[[], set[int]]) -> None:
        """Take where cells were seen to have gone, the lines that held something (if that is known), and what tells those that do."""
        pairs = [(base, counts.most_common(1)[0][0]) for base, counts in sorted(votes.items())]
        self.known = dict(_increasing(pairs))
        self._bases = sorted(self.known)
        self._built, self._filled = built, filled

    def now(self, base: int) -> int | None:
        """Return where a line stands now; None when it was deleted, or when that cannot be told."""
        if base in self.known:
            return self.known[base]
        at = bisect_left(self._bases, base)
        before = self._bases[at - 1] if at else None
        after = self._bases[at] if at < len(self._bases) else None
        if before is None or after is None:
            nearest = before if before is not None else after
            return base if nearest is None else max(0, base + self.known[nearest] - nearest)
        first, last = self.known[before], self.known[after]
        if last - first == after - before:
            return base + first - before
        # New lines are empty, as a rule: those that hold something are then the old ones, in order.
        lines, filled = range(first + 1, last), self._filled()
        kept = [line for line in range(before + 1, after) if self._built is None or line in self._built]
        old = [line for line in lines if line in filled]
        if len(old) == len(kept):
            return dict(zip(kept, old, strict=True)).get(base)
        step = base - before - 1
        return lines[step] if step < len(lines) else None

    def changes(self) -> list[tuple[int, int]]:
        """Return (line as built, how many were inserted before it; deleted when negative), in order."""
        found, shift = [], 0
        for base in self._bases:
            if (now := self.known[base] - base) != shift:
                found.append((base, now - shift))
                shift = now
        return found


def _increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest part of pairs whose second numbers increase: a cell that was moved by itself is none of it."""
    ends: list[int] = []
    chain: list[int] = []
    previous: list[int] = []
    for number, (_, now) in enumerate(pairs):
        at = bisect_left(ends, now, key=lambda end: pairs[end][1])
        previous.append(ends[at - 1] if at else -1)
        ends[at:] = [number, *ends[at + 1 :]]
    at = ends[-1] if ends else -1
    while at >= 0:
        chain.append(at)
        at = previous[at]
    return [pairs[number] for number in reversed(chain)]


class Located:
    """A file as saved beside the record of its build: where each cell stands now, and what it says."""

    def __init__(self, baseline: Baseline, contents: Contents, *, is_sealed: bool = False) -> None:
        """Compare the references of the record with the places that it states, and the rows of tables with what they were.

        All stands where it was built, and says what it did, in a file that ``is_sealed``.
        """
        self.is_sealed = is_sealed
        self._lines: dict[tuple[str, int], int] = {}
        self._unsorted: dict[tuple[str, int], int] = {}
        self.baseline, self.contents = baseline, contents
        self._fingerprints = Fingerprints()
        self._shared_prints: dict[tuple[str, str], str] = {}
        self.sheets = self._sheets()
        self.rows, self.columns = self._unmoved() if is_sealed else self._axes()
        self.moved = any(name != now for name, now in self.sheets.items()) or any(
            axis.changes() for axes in (self.rows, self.columns) for axis in axes.values()
        )
        self.moved = self.moved or any(self.input(given) != given.spot for given in baseline.inputs.values())
        self.sorted = [] if is_sealed else list(sorted_tables(self))
        self._lines = {(table.sheet, line): now for table in self.sorted for line, now in table.lines.items()}
        self._unsorted = {(sheet, now): line for (sheet, line), now in self._lines.items()}
        self.__dict__.pop("_places", None)  # found before it was known which tables were sorted

    def _anchors(self) -> list[tuple[tuple[Spot, ...], tuple[Reference, ...]]]:
        """Return the ends of blocks and the inputs: as built, and as the file has them."""
        found: list[tuple[tuple[Spot, ...], tuple[Reference, ...]]] = [
            ((block.spot, block.at(block.size - 1)), block.now) for block in self.baseline.blocks if block.now and len(block.now) == ENDS
        ]
        found += [((given.spot,), given.now) for given in self.baseline.inputs.values() if given.now and len(given.now) == 1]
        return found

    def _sheets(self) -> dict[str, str | None]:
        """Return for each sheet of the build its name now, or None where it is gone."""
        votes: dict[str, Counter[str]] = defaultdict(Counter)
        for built, now in self._anchors():
            votes[built[0].sheet][now[0].sheet] += 1
        for name, columns in self.baseline.columns.items():
            votes[name].update(at.sheet for at in columns if at)
        names = dict.fromkeys([*self.baseline.texts, *(block.spot.sheet for block in self.baseline.blocks)])
        if self.is_sealed:
            return {name: name for name in names}
        result: dict[str, str | None] = {}
        for name in names:
            said = votes[name].most_common(1)[0][0] if votes[name] else name
            result[name] = said if said in self.contents else None
        return result

    def _axes(self) -> tuple[dict[str, Axis], dict[str, Axis]]:
        rows: dict[str, dict[int, Counter[int]]] = {name: defaultdict(Counter) for name in self.sheets}
        columns: dict[str, dict[int, Counter[int]]] = {name: defaultdict(Counter) for name in self.sheets}
        for name, found in self.baseline.columns.items():
            for column, at in enumerate(found):
                if at and name in self.sheets and self.sheets[name] == at.sheet:
                    columns[name][column][at.column] += 1
        for built, now in self._anchors():
            for spot, reference in zip(built, now, strict=True):
                if self.sheets[spot.sheet] == now[0].sheet:
                    rows[spot.sheet][spot.row][reference.row] += 1
                    columns[spot.sheet][spot.column][reference.column] += 1
        lines = {name: {row for row, text in enumerate(self.baseline.texts.get(name, ())) if text != NONE} for name in self.sheets}
        for block in self.baseline.blocks:
            lines[block.spot.sheet].update(range(block.spot.row, block.at(block.size - 1).row + 1))
        return (
            {name: Axis(votes, lines[name], partial(self._filled, name, across=False)) for name, votes in rows.items()},
            {name: Axis(votes, None, partial(self._filled, name, across=True)) for name, votes in columns.items()},
        )

    def _unmoved(self) -> tuple[dict[str, Axis], dict[str, Axis]]:
        unmoved = dict.fromkeys(self.sheets, Axis({}, None, set))
        return unmoved, unmoved

    def _filled(self, name: str, *, across: bool) -> set[int]:
        """Return the rows, or the columns, of a sheet that hold something now."""
        cells = self.contents.get(self.sheets[name] or "", {})
        spots = [spot_of(name, address) for address, cell in cells.items() if cell.is_formula or cell.value is not None]
        return {spot.column if across else spot.row for spot in spots}

    def now(self, spot: Spot) -> Spot | None:
        """Return where a cell of the build stands by the rows and columns around it; None where it is gone."""
        sheet = self.sheets.get(spot.sheet)
        if sheet is None:
            return None
        row, column = self.line(spot.sheet, spot.row), self.columns[spot.sheet].now(spot.column)
        return None if row is None or column is None else Spot(sheet, row, column)

    def line(self, built: str, row: int) -> int | None:
        """Return where a row of a sheet stands, also of a table that was sorted; None where it is gone."""
        now = self.rows[built].now(row)
        return now if now is None else self._lines.get((self.sheets[built] or "", now), now)

    def _sorted(self, spot: Spot | None) -> Spot | None:
        """Return where a cell stands that would stand here if no table was sorted."""
        return spot if spot is None else spot._replace(row=self._lines.get((spot.sheet, spot.row), spot.row))

    def block(self, block: Block, step: int) -> Spot | None:
        """Return where a cell of a block stands; None where it is gone."""
        given = self._given.get(block.at(step))
        if given is not None:
            return self.input(given)
        if block.now is None:
            return None
        if len(block.now) != ENDS:
            return self.now(block.at(step))
        first, last = block.now
        count = last.column - first.column + 1 if block.across else last.row - first.row + 1
        if count == block.size and first.sheet in self.contents:
            row, column = (0, step) if block.across else (step, 0)
            return self._sorted(Spot(first.sheet, first.row + row, first.column + column))
        return self.now(block.at(step))

    def input(self, given: Given | Headline) -> Spot | None:
        """Return where an input or a headline stands; None where it is gone."""
        if given.now is None:
            return None
        if len(given.now) != 1:
            return self.now(given.spot)
        reference = given.now[0]
        return self._sorted(Spot(reference.sheet, reference.row, reference.column)) if reference.sheet in self.contents else None

    @cached_property
    def as_built(self) -> dict[Spot, str]:
        """Return the fingerprint of the formula of each cell as built, on sheets with inputs."""
        sheets = {given.spot.sheet for given in self.baseline.inputs.values()}
        blocks = (block for block in self.baseline.blocks if block.spot.sheet in sheets)
        found = chain.from_iterable(zip(block.spots(), block.prints, strict=False) for block in blocks)
        return {spot: text for spot, text in found if text != NONE}

    @cached_property
    def moved_inputs(self) -> set[Spot]:
        """Return where inputs stand that are not where they were built."""
        found = ((given.spot, self.input(given)) for given in self.baseline.inputs.values())
        return {now for built, now in found if now is not None and now != built}

    @cached_property
    def entries(self) -> dict[str, set[tuple[int, int]]]:
        """Return by sheet of the file the cells of inputs and notes."""
        found: dict[str, set[tuple[int, int]]] = defaultdict(set)
        for given in self.baseline.inputs.values():
            for spot in (self.input(given), self.now(given.note_spot) if given.note_spot else None):
                if spot is not None:
                    found[spot.sheet].add((spot.row, spot.column))
        return found

    @cached_property
    def _given(self) -> dict[Spot, Given]:
        return {given.spot: given for given in self.baseline.inputs.values()}

    def given_at(self, spot: Spot) -> Given | None:
        """Return the input that stands in a cell of the file."""
        origin = self.origin(spot)
        return self._given.get(origin) if origin else None

    def cell(self, spot: Spot | None) -> Cell | None:
        """Return what a place of the file holds."""
        return None if spot is None else self.contents.get(spot.sheet, {}).get(spot.address)

    def formula(self, spot: Spot) -> str:
        """Return the formula of a cell, also where it shares another's; empty where there is none, or none is stored."""
        cell = self.cell(spot)
        if cell is None or cell.formula is not None or not cell.follows:
            return (cell.formula if cell else None) or ""
        master = spot_of(spot.sheet, cell.follows)
        first = self.cell(master)
        return shifted(first.formula, spot.row - master.row, spot.column - master.column) if first and first.formula else ""

    @cached_property
    def _places(self) -> dict[Spot, Spot]:
        """Return for each cell of the build that is still there where it stands."""
        found = {}
        for block in self.baseline.blocks:
            for step in range(block.size):
                if (now := self.block(block, step)) is not None:
                    found[block.at(step)] = now
        return found

    @cached_property
    def _origins(self) -> dict[Spot, Spot]:
        found = self._places.items()
        return {now._replace(row=self._unsorted.get((now.sheet, now.row), now.row)): built for built, now in found}

    def place(self, built: Spot) -> Spot | None:
        """Return where a cell of a block stands; None where it is gone."""
        return built if self.is_unmoved else self._places.get(built)

    @property
    def is_unmoved(self) -> bool:
        """Whether all cells stand where they were built."""
        return not (self.moved or self._lines)

    def origin(self, spot: Spot) -> Spot | None:
        """Return where the cell that stands here stood when the file was built; None for one that is new.

        Formulas refer to places: that a table was sorted makes no difference to what they say.
        """
        return self._origins.get(spot) if self.moved and spot.sheet != RECORD_SHEET else spot

    @cached_property
    def cells(self) -> dict[str, dict[tuple[int, int], Cell]]:
        """Return by sheet of the file, but for that of the record, its cells by row and column from 0."""
        return {sheet: by_place(cells) for sheet, cells in self.contents.items() if sheet != RECORD_SHEET}

    @cached_property
    def looks(self) -> dict[str, SheetLooks]:
        """Return by sheet of the build how it looked, nothing of a build that did not tell; raises one of ``looks.DAMAGED``."""
        return looks.read(self.baseline.carried) or {}

    @cached_property
    def standing(self) -> dict[str, dict[tuple[int, int], Look]]:
        """Return by sheet of the file how each cell of the build was to look, by where it stands; raises as ``looks`` does."""
        built = self.looks
        return {now: looks.standing(built[name], self, name) for name, now in self.sheets.items() if now and name in built}

    @cached_property
    def written(self) -> dict[str, KeysView[tuple[int, int]]]:
        """Return by sheet of the file where the cells stand that the build wrote; none of a build that did not tell how it looks."""
        try:
            return {sheet: cells.keys() for sheet, cells in self.standing.items()}
        except looks.DAMAGED:  # reported where looks are compared
            return {}

    @cached_property
    def own(self) -> dict[Spot, Cell]:
        """Return the cells that people filled on sheets of the model where the build wrote none, but for formulas that reach outside."""
        known = self.baseline.inputs.values()
        placed = {self.input(given) for given in known} | {self.now(given.note_spot) for given in known if given.note_spot}
        placed |= set(self._places.values()) if self.moved else set()
        found = {}
        for sheet, written in self.written.items():
            cells = self.cells[sheet]
            for spot in [Spot(sheet, *at) for at in cells if at not in written]:
                cell = cells[spot[1:]]
                if spot in placed or not (cell.is_formula or cell.value not in {None, ""}):
                    continue
                if not (cell.is_formula and ACTIVE.search(self.formula(spot))):
                    found[spot] = cell
        return found

    def print(self, spot: Spot) -> str:
        """Return the fingerprint of what the formula of a cell says in the terms of the build, or NONE."""
        cell = self.cell(spot)
        if cell is not None and cell.follows and cell.formula is None and not self.moved:
            return self._shared_print(spot.sheet, cell.follows)
        formula = self.formula(spot)
        if not formula:
            return NONE
        return fingerprint(relative(formula, spot, self.origin)) if self.moved else self._fingerprints.of(formula, spot)

    def is_as_built(self, block: Block) -> bool:
        """Whether the formulas of a block say what they said when it was built; False where cells were moved, too: that takes longer."""
        if not self.is_unmoved:
            return False
        sheet, cells = block.spot.sheet, self.cells.get(block.spot.sheet, {})
        known: dict[str, Filled] = {}
        for spot, wanted in zip(block.spots(), block.prints, strict=False):
            if wanted == NONE:
                continue
            cell = cells.get(spot[1:])
            if cell is None or not cell.is_formula:
                return False
            if cell.formula is None:
                found = self._shared_print(sheet, cell.follows) if cell.follows else NONE
            else:  # what the build did not fill down is not sought as filled down
                above = None if block.across else known.get(wanted)
                if above is None or above.reads(spot.row) != cell.formula:
                    above = known[wanted] = Filled(cell.formula, spot)
                found = above.print
            if found != wanted:
                return False
        return True

    def _shared_print(self, sheet: str, master: str) -> str:
        """Return the fingerprint of a formula that is stored once: it says the same wherever it is shared."""
        found = self._shared_prints.get((sheet, master))
        if found is None:
            spot = spot_of(sheet, master)
            first = self.cell(spot)
            found = self._fingerprints.of(first.formula, spot) if first and first.formula else NONE
            self._shared_prints[sheet, master] = found
        return found


def locate(path: Path, wanted: Callable[[Baseline], Container[str]] | None = None) -> Located:
    """Read a file with the record of its build; raises WorkbookError when it is no workbook, or has no such record.

    Of a file that is as it was built only the cells of those sheets are read that ``wanted`` returns.
    """
    found: list[tuple[Baseline, bool]] = []

    def sheets(record: dict[str, Cell], is_sealed: bool) -> Container[str] | None:  # noqa: FBT001 the reader calls it
        found.append((baseline(path, {RECORD_SHEET: record}), is_sealed))
        return wanted(found[0][0]) if wanted and is_sealed else None

    contents = read(path, sheets)
    known, is_sealed = found[0]
    return Located(known, contents, is_sealed=is_sealed)


def spot_of(sheet: str, address: str) -> Spot:
    """Return the spot of an A1 address of the file."""
    row, column = cell_position(address)
    return Spot(sheet, row - 1, column - 1)
