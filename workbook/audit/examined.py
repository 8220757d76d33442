"""A file under audit: its formulas in blocks that say the same, and which cells are read by which sheet."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workbook.audit.provenance import Provenance
from workbook.audit.shapes import Facts, read_formula
from workbook.record.fingerprints import Spot, shape
from workbook.xlsx.a1 import RECORD_SHEET
from workbook.xlsx.cells import cell_position
from workbook.xlsx.saved import VISIBLE, Area

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.record.read import Baseline
    from workbook.xlsx.cells import Cell
    from workbook.xlsx.saved import SavedSheet, SavedWorkbook
    from workbook.xlsx.styles import CellFormat


class Run(NamedTuple):
    """Cells of one column, one below the other, whose formulas say the same: rows counted from 0, the last one included."""

    sheet: str
    top: int
    bottom: int
    column: int
    shape: int

    @property
    def size(self) -> int:
        """Return how many cells these are."""
        return self.bottom - self.top + 1

    @property
    def spots(self) -> Iterator[Spot]:
        """Yield the cells."""
        return (Spot(self.sheet, row, self.column) for row in range(self.top, self.bottom + 1))


class _Reads:
    """The cells of one sheet that something reads."""

    def __init__(self) -> None:
        self._spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self._merged: dict[int, tuple[list[int], list[int]]] = {}

    def add(self, area: Area, last_column: int) -> None:
        for column in range(area.left, min(area.right, last_column) + 1):
            self._spans[column].append((area.top, area.bottom))

    def holds(self, row: int, column: int) -> bool:
        if column not in self._merged:
            self._merged[column] = _merged(self._spans.get(column, []))
        tops, bottoms = self._merged[column]
        at = bisect_right(tops, row) - 1
        return at >= 0 and bottoms[at] >= row


def _merged(spans: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    tops: list[int] = []
    bottoms: list[int] = []
    for top, bottom in sorted(spans):
        if bottoms and top <= bottoms[-1] + 1:
            bottoms[-1] = max(bottoms[-1], bottom)
        else:
            tops.append(top)
            bottoms.append(bottom)
    return tops, bottoms


@dataclass(slots=True)
class Flow:
    """References from one sheet to another: how many formula cells, and the first of them."""

    cells: int = 0
    first: Spot | None = None


@dataclass
class Examined:
    """A file under audit. ``sheets`` are those that people may see or unhide: all but the record of the build."""

    saved: SavedWorkbook
    record: Baseline | None = None
    _facts: list[Facts] = field(default_factory=list)

    @cached_property
    def sheets(self) -> dict[str, SavedSheet]:
        """Return the sheets but for the record of the build."""
        return {name: sheet for name, sheet in self.saved.sheets.items() if name != RECORD_SHEET or self.record is None}

    @property
    def shown(self) -> Iterator[SavedSheet]:
        """Yield the sheets that are not hidden."""
        return (sheet for sheet in self.sheets.values() if sheet.state == VISIBLE)

    def cells(self) -> Iterator[tuple[Spot, Cell, CellFormat]]:
        """Yield every cell that holds something, with its format."""
        for name, sheet in self.sheets.items():
            for (row, column), cell in sheet.cells.items():
                if cell.is_formula or cell.value is not None:
                    yield Spot(name, row, column), cell, self.saved.format_of(cell)

    def facts(self, run: Run) -> Facts:
        """Return what the formulas of a run are made of."""
        return self.facts_of(run.shape)

    def facts_of(self, shape: int) -> Facts:
        """Return what the formulas are made of that say the same."""
        return self._facts[shape]

    @cached_property
    def shapes(self) -> dict[str, dict[tuple[int, int], int]]:
        """Return by sheet and place the number of what each formula says; formulas within arrays have none of their own."""
        known: dict[tuple[object, ...], int] = {}
        found: dict[str, dict[tuple[int, int], int]] = {}
        for name, sheet in self.sheets.items():
            here = found[name] = {}
            for (row, column), cell in sheet.cells.items():
                if cell.formula is not None:
                    home = Spot(name, row, column)
                    key = shape(cell.formula, home)
                    number = known.get(key)
                    if number is None:
                        number = known[key] = len(self._facts)
                        self._facts.append(read_formula(cell.formula, home))
                    here[row, column] = number
            for at, cell in sheet.cells.items():
                if cell.follows and (first := _place(cell.follows)) in here:
                    here[at] = here[first]
        return found

    @cached_property
    def runs(self) -> list[Run]:
        """Return the formulas in runs down the columns."""
        found: list[Run] = []
        for name, here in self.shapes.items():
            for row, column in sorted(here, key=lambda at: (at[1], at[0])):
                last = found[-1] if found else None
                number = here[row, column]
                if last and (last.sheet, last.column, last.bottom, last.shape) == (name, column, row - 1, number):
                    found[-1] = last._replace(bottom=row)
                else:
                    found.append(Run(name, row, row, column, number))
        return found

    @cached_property
    def _reads(self) -> dict[str, _Reads]:
        reads: dict[str, _Reads] = defaultdict(_Reads)
        last = {name: max((column for _, column in sheet.cells), default=0) for name, sheet in self.sheets.items()}
        used = [area for run in self.runs for area in self.used_by(run)]
        for sheet, area in (*used, *self._drawn()):
            if sheet in last:
                reads[sheet].add(area, last[sheet])
        return reads

    @cached_property
    def flows(self) -> dict[tuple[str, str], Flow]:
        """Return the calculations with cells of other sheets, by the sheet with the formulas and the other one.

        A cell that shows another one, and that nothing reads, is the end of a flow and no part of it.
        """
        flows: dict[tuple[str, str], Flow] = defaultdict(Flow)
        for run in self.runs:
            others = {sheet for sheet, _ in self.used_by(run)} - {run.sheet}
            if not others or (self.facts(run).link and not any(map(self.is_read, run.spots))):
                continue
            for sheet in others:
                flow = flows[run.sheet, sheet]
                flow.cells += run.bottom - run.top + 1
                flow.first = flow.first or Spot(run.sheet, run.top, run.column)
        return flows

    @cached_property
    def provenance(self) -> Provenance:
        """Return what the file says of the sources, units and ranges of its inputs."""
        return Provenance(self)

    def used_by(self, run: Run) -> Iterator[tuple[str, Area]]:
        """Yield the cells that the formulas of a run refer to: sheet and area."""
        facts = self.facts(run)
        for use in facts.uses:
            yield use.sheet or run.sheet, use.area(run.top, run.bottom, run.column)
        for name in facts.names:
            yield from self._named(name, run.sheet)

    def _named(self, name: str, sheet: str) -> Iterator[tuple[str, Area]]:
        table = self.saved.tables.get(name.removesuffix("[]"))
        if table is not None:
            yield table.sheet, table.area
        text = self.saved.names.get((sheet, name)) or self.saved.names.get(("", name))
        yield from self._stated(text, sheet) if text else ()

    def _stated(self, formula: str, sheet: str) -> Iterator[tuple[str, Area]]:
        """Yield the cells of a formula that stands in no cell."""
        for use in read_formula(formula, Spot(sheet, 0, 0)).uses:
            yield use.sheet or sheet, use.area(0, 0, 0)

    def _drawn(self) -> Iterator[tuple[str, Area]]:
        """Yield the cells that charts, rules on entries and conditional formats refer to."""
        for sheet in self.sheets.values():
            texts = [*(text for chart in sheet.charts for text in chart.formulas), *sheet.rules]
            for text in (*texts, *(rule.formula for rule in sheet.validations if rule.kind == "list")):
                yield from self._stated(text, sheet.name)

    def is_read(self, spot: Spot) -> bool:
        """Return whether a formula, a chart or a rule refers to a cell."""
        return self._reads[spot.sheet].holds(spot.row, spot.column)


def _place(address: str) -> tuple[int, int]:
    row, column = cell_position(address)
    return row - 1, column - 1
