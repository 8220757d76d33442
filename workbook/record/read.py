"""Reading the record of a build out of a file that spreadsheet programs may have saved since."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from workbook.declare.overlay import OFFERED, OVERLAYS
from workbook.declare.overlay_files import Carried, bare
from workbook.declare.packaged import directory
from workbook.declare.sheets import declarations, workbooks
from workbook.declare.yaml import MAXIMUM_BYTES
from workbook.errors import Diagnostic, Place, WorkbookError, as_typed, suggest
from workbook.record.fingerprints import GONE, Spot, prints_of, references
from workbook.record.write import (
    FIRST_PLACE,
    FORMAT_VERSION,
    HEAD,
    HEADLINE_COLUMNS,
    INPUT,
    INPUT_COLUMNS,
    PART_COLUMNS,
    PLACE_COLUMNS,
    ROWS,
    TAKEN,
    TEXT_COLUMNS,
    unguarded,
)
from workbook.xlsx.a1 import RECORD_SHEET, column_letters
from workbook.xlsx.cell import by_place
from workbook.xlsx.cells import Cell, cell_position, read_cells
from workbook.xlsx.readable import readable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from workbook.declare.schema import Declarations
    from workbook.declare.yaml import Node
    from workbook.record.fingerprints import Reference
    from workbook.xlsx.cells import Wanted

Contents = dict[str, dict[str, Cell]]
OURS = "give a file written by: workbook build"
LONGEST_NAME = 100  # of a workbook
MOST_CELLS = 2_000_000  # of all blocks, and rows of texts
_COUNT = re.compile(r"([0-9]{1,7})( across)?\Z")
KEEP = "the sheet is not for editing; take another copy of the file, or build it again"


@dataclass(frozen=True, slots=True)
class Block:
    """A run of cells as it was built: quantity rows ``first_row`` and on, from ``spot`` down or across.

    ``prints`` holds a fingerprint for each row, or is empty; ``now`` are the ends of its cells in the file as saved, None
    where the cells are gone, and empty where the file does not tell.
    """

    id: str
    spot: Spot
    size: int
    across: bool
    first_row: int
    unit: str
    prints: tuple[str, ...]
    now: tuple[Reference, ...] | None
    says: str = ""

    def at(self, step: int) -> Spot:
        """Return where a cell stood when it was built."""
        row, column = (0, step) if self.across else (step, 0)
        return Spot(self.spot.sheet, self.spot.row + row, self.spot.column + column)

    def spots(self) -> Iterator[Spot]:
        """Yield where its cells stood."""
        sheet, row, column = self.spot
        lines = range(column, column + self.size) if self.across else range(row, row + self.size)
        return map(Spot, repeat(sheet), *((repeat(row), lines) if self.across else (lines, repeat(column))))

    @property
    def place(self) -> tuple[str, ...]:
        """Return what ``record.places`` yields of a block, but for the unit."""
        rows = f"{self.size} across" if self.across else str(self.size)
        return self.id, self.spot.sheet, self.spot.address, rows, str(self.first_row)


@dataclass(frozen=True, slots=True)
class Given:
    """An input as the templates gave it. ``value`` is None where a taken-over value is not known; ``now`` as in Block.

    With ``watched`` the file watches whether the cell shows its parent's value; not so where a formula that a user typed was kept.
    """

    id: str
    spot: Spot
    value: float | str | None
    unit: str
    taken: bool
    note_spot: Spot | None
    note: str
    now: tuple[Reference, ...] | None
    behind: str = ""
    watched: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the cell holds text."""
        return self.unit == "text"


@dataclass(frozen=True, slots=True)
class Headline:
    """A headline as it was built, with its label and value. ``now`` as in Block."""

    id: str
    spot: Spot
    label: str
    unit: str
    value: float | str | None
    now: tuple[Reference, ...] | None


@dataclass(slots=True)
class Baseline:
    """What the templates gave when the file was built; ``columns`` tells by sheet where each column is now, None where it is gone."""

    workbook: str
    version: str
    basis: str
    package: str
    blocks: list[Block] = field(default_factory=list)
    inputs: dict[str, Given] = field(default_factory=dict)
    headlines: dict[str, Headline] = field(default_factory=dict)
    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    columns: dict[str, tuple[Reference | None, ...]] = field(default_factory=dict)
    carried: dict[str, object] = field(default_factory=dict)


def read(path: Path, wanted: Wanted | None = None) -> Contents:
    """Read all cells of a file, or those of the record and of the sheets that ``wanted`` returns from it.

    Raises WorkbookError when it is no readable workbook.
    """

    def held(record: dict[str, Cell] | None) -> int:
        if record is None:
            raise _no_record(path)
        return cells_of(record)

    with readable(path, OURS):
        return read_cells(path, RECORD_SHEET, held, wanted)


def _no_record(path: Path) -> WorkbookError:
    return WorkbookError([Diagnostic(Place(str(path)), f"holds no record of its build (hidden sheet {RECORD_SHEET})", OURS)])


def cells_of(record: dict[str, Cell]) -> int:
    """Return about how many cells a book was built with: those of its record, and of the blocks that this lists."""
    sizes = (_COUNT.match(str(cell.value)) for address, cell in record.items() if address.startswith("D") and isinstance(cell.value, str))
    return len(record) + sum(int(size[1]) for size in sizes if size)


def baseline(path: Path, contents: Contents) -> Baseline:
    """Return the record of a file's build; raises WorkbookError when there is none, or none that can be read."""
    sheet = contents.get(RECORD_SHEET)
    if sheet is None:
        raise _no_record(path)
    told, name, version, basis, package = (
        _text(sheet.get(f"B{row}")) if _text(sheet.get(f"A{row}")) == word else "" for row, word in enumerate(HEAD, 1)
    )
    if told != FORMAT_VERSION:
        message = f"was written in format {told or None}, this package reads {FORMAT_VERSION}"
        raise WorkbookError([Diagnostic(Place(str(path)), message, "build it again")])
    held = sheet.get("B2")
    if held is None or not isinstance(held.value, str) or not name.isprintable() or len(name) > LONGEST_NAME or {"/", "\\"} & set(name):
        raise WorkbookError([Diagnostic(Place(f"{path}: {RECORD_SHEET}!B2"), "the record of the build is damaged", KEEP)])
    reader = _Reader(path, sheet, Baseline(name, version, basis, package))
    reader.run()
    return reader.found


def declared_for(path: Path, known: Baseline, templates: Path | str | None, cards: Sequence[Node] = ()) -> Declarations:
    """Return today's declarations of the workbook that a file is of, with ``cards`` of its own; raises WorkbookError with every problem."""
    root = directory(templates)
    names = workbooks(root)
    if known.workbook not in names:
        message = f"was built from a workbook template {as_typed(known.workbook)} that is not among those in {root}"
        fix = suggest(known.workbook, names) or "give its templates with --templates"
        raise WorkbookError([Diagnostic(Place(str(path)), message, fix)])
    return declarations(root, known.workbook, cards=cards)


def overlays(path: Path, known: Baseline) -> tuple[Carried, ...]:
    """Return the overlays that a file carries, to be laid again in their order; raises WorkbookError when they are damaged."""
    told: Any = known.carried.get(OVERLAYS, [])
    try:
        texts = [(bare("" + item["name"]), item["text"]) for item in told]
        damaged = sum(len(text.encode()) for _, text in texts) > MAXIMUM_BYTES
    except (TypeError, KeyError, ValueError, AttributeError):
        damaged = True
    if damaged:
        message = f"the overlays that the hidden sheet {RECORD_SHEET} carries are damaged"
        raise WorkbookError([Diagnostic(Place(str(path)), message, KEEP)])
    return tuple(Carried(name, text, f"{path}: {RECORD_SHEET}: {name}") for name, text in texts)


def offered(path: Path, known: Baseline) -> tuple[dict[str, float | str], dict[str, str]]:
    """Return the values and the notes that overlays gave when a file was built, by input; raises WorkbookError when they are damaged."""
    told: Any = known.carried.get(OFFERED, {"values": {}, "notes": {}})
    try:
        values, notes = told["values"].items(), told["notes"].items()
        damaged = not all(type(value) in {int, float, str} for _, value in values) or not all(type(note) is str for _, note in notes)
    except (AttributeError, KeyError, TypeError):
        damaged = True
    if damaged:
        message = f"what overlays gave, on the hidden sheet {RECORD_SHEET}, is damaged"
        raise WorkbookError([Diagnostic(Place(str(path)), message, KEEP)])
    return dict(values), dict(notes)


def cell_ids(known: Baseline) -> dict[Spot, str]:
    """Return the ids of the cells of a build, by where they stood: of inputs, headlines, and tables with one key or none."""
    found = {given.spot: given.id for given in known.inputs.values()} | {item.spot: item.id for item in known.headlines.values()}
    rows = known.carried.get(ROWS)
    for block in known.blocks:
        table, _, column = block.id.partition(".")
        keys = rows.get(table) if isinstance(rows, dict) else None
        for spot, key in zip(block.spots(), keys[block.first_row :] if isinstance(keys, list) else (), strict=False):
            found.setdefault(spot, ".".join(filter(None, (table, str(key), column))))
    return found


def _text(cell: Cell | None) -> str:
    return "" if cell is None or cell.value is None else str(cell.value)


@lru_cache(maxsize=1 << 15)  # copies of a file say the same
def _cells_of(formula: str) -> tuple[Reference, ...] | None:
    """Return the cells that a formula of the record refers to; None where they are gone."""
    found = tuple(references(formula))
    return None if not found or GONE in formula.upper() else found


class _Reader:
    """Walks the rows of the record sheet."""

    def __init__(self, path: Path, sheet: dict[str, Cell], found: Baseline) -> None:
        self.path, self.found = path, found
        self.rows: dict[int, dict[int, Cell]] = defaultdict(dict)  # by column, from 0
        for (row, column), cell in by_place(sheet).items():
            self.rows[row + 1][column] = cell
        self.row, self.held, self.cells = FIRST_PLACE - 1, dict[int, Cell](), 0
        self.parts: dict[str, str] = {}
        self.sheets: set[str] = set()  # of blocks

    def run(self) -> None:
        """Take the sections in order; an empty row ends one, and heads begin it."""
        sections = (
            (PLACE_COLUMNS, self.block),
            (INPUT_COLUMNS, self.input),
            (HEADLINE_COLUMNS, self.headline),
            (TEXT_COLUMNS, self.texts),
            (PART_COLUMNS, self.part),
        )
        left: Iterator[tuple[tuple[str, ...], Callable[[], None]]] = iter(sections)
        take: Callable[[], None] | None = None
        for row in range(FIRST_PLACE - 1, max(self.rows, default=0) + 1):
            self.row, self.held = row, self.rows.get(row, {})
            if not any(self.text(number) for number in range(len(PLACE_COLUMNS))):
                take = None
            elif take:
                take()
            else:
                columns, take = next(left, ((), None))
                if take is None or tuple(self.text(number) for number in range(len(columns))) != columns:
                    raise self.damaged(0)
        if next(left, None):
            raise self.damaged(0)
        try:
            self.found.carried = {name: json.loads(text) for name, text in self.parts.items()}
        except (ValueError, RecursionError):
            raise self.damaged(1) from None

    def text(self, column: int) -> str:
        return _text(self.held.get(column))

    def damaged(self, column: int) -> WorkbookError:
        place = Place(f"{self.path}: {RECORD_SHEET}!{column_letters(column)}{self.row}")
        return WorkbookError([Diagnostic(place, "the record of the build is damaged", KEEP)])

    def spot(self, sheet: str, column: int) -> Spot:
        try:
            row, at = cell_position(self.text(column))
        except ValueError:
            raise self.damaged(column) from None
        return Spot(sheet, row - 1, at - 1)

    def now(self, column: int) -> tuple[Reference, ...] | None:
        """Return the cells that a formula of the record refers to: none where it is gone, None where they are."""
        cell = self.held.get(column)
        return () if cell is None or cell.formula is None else _cells_of(cell.formula)

    def block(self) -> None:
        blocks = self.found.blocks
        quantity, sheet, _, rows, first_row, unit, runs = (self.text(number) for number in range(7))
        quantity = unguarded(quantity)
        if not quantity and sheet:
            raise self.damaged(0)
        try:
            prints = tuple(prints_of(runs))
            if not quantity:
                if len(blocks[-1].prints) + len(prints) > blocks[-1].size:
                    raise self.damaged(6)
                blocks[-1] = replace(blocks[-1], prints=blocks[-1].prints + prints)
                return
            count, _, across = rows.partition(" ")
            size, start = int(count), int(first_row)
        except (ValueError, IndexError):
            raise self.damaged(3) from None
        self.cells += size
        if len(prints) > size or size < 1 or self.cells > MOST_CELLS:
            raise self.damaged(3)
        self.sheets.add(sheet)
        blocks.append(
            Block(quantity, self.spot(sheet, 2), size, across == "across", start, unit, prints, self.now(7), unguarded(self.text(8)))
        )

    def input(self) -> None:
        cell_id, sheet, _, _, unit, kind, note_cell, note = (self.text(number) for number in range(8))
        cell_id = unguarded(cell_id)
        if "." not in cell_id or kind not in {INPUT, TAKEN}:  # an id is that of a table's column
            raise self.damaged(0 if "." not in cell_id else 5)
        if sheet not in self.sheets:
            raise self.damaged(1)
        cell = self.held.get(INPUT_COLUMNS.index("value"))
        value = cell.value if cell else None
        known = isinstance(value, str) if unit == "text" else isinstance(value, float)
        if unit == "text" and kind == INPUT and value is None:
            value, known = "", True
        if not known and (kind == INPUT or value is not None):
            raise self.damaged(3)
        given = value if isinstance(value, str | float) and not isinstance(value, bool) else None
        note_spot = self.spot(sheet, 6) if note_cell else None
        parent, behind = self.held.get(len(INPUT_COLUMNS)), unguarded(self.text(9))
        is_watched = parent is not None and parent.is_formula
        self.found.inputs[cell_id] = Given(
            cell_id, self.spot(sheet, 2), given, unit, kind == TAKEN, note_spot, note, self.now(8), behind, is_watched
        )

    def headline(self) -> None:
        cell_id, sheet, _, label, unit = (self.text(number) for number in range(5))
        cell_id = unguarded(cell_id)
        cell = self.held.get(HEADLINE_COLUMNS.index("value"))
        value = cell.value if cell and isinstance(cell.value, str | float) else None
        self.found.headlines[cell_id] = Headline(cell_id, self.spot(sheet, 2), unguarded(label), unit, value, self.now(6))

    def part(self) -> None:
        self.parts[self.text(0)] = self.parts.get(self.text(0), "") + self.text(1)

    def texts(self) -> None:
        try:
            prints = tuple(prints_of(self.text(1)))
        except ValueError:
            raise self.damaged(1) from None
        self.cells += len(prints)
        if self.cells > MOST_CELLS:
            raise self.damaged(1)
        if self.text(0) not in self.found.columns:
            now = [self.now(at) for at in range(2, max(self.held, default=1) + 1)]
            self.found.columns[self.text(0)] = tuple(found[0] if found and len(found) == 1 else None for found in now)
        self.found.texts[self.text(0)] = self.found.texts.get(self.text(0), ()) + prints
