"""Verification of a written workbook: its inputs are read, Python and spreadsheet engines compute, and all must agree."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbook.api import Book, evaluated, parse_sets, prepared
from workbook.errors import Diagnostic, Place, Problems, WorkbookError
from workbook.expr.values import shown
from workbook.formula import formulas
from workbook.names import column_letters
from workbook.overlay import Given
from workbook.record import FIRST_PLACE, FORMAT_VERSION, HEAD_ROWS, RECORD_SHEET, places
from workbook.verification.compare import AGREE, DIFFER, SURVIVED, UNKNOWN, Expected, verdict
from workbook.verification.engines import find
from workbook.verification.engines.base import EngineFailure
from workbook.verification.poison import poison
from workbook.verification.xlsx import UnreadableWorkbook, read_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbook.api import Files
    from workbook.layout import Layout
    from workbook.verification.engines.base import CellValue
    from workbook.verification.xlsx import Cell

SAVED = "as saved"
COLUMNS = ("engine", "sheet", "address", "id", "formula", "expected", "got", "verdict")
Contents = dict[str, dict[str, "Cell"]]


@dataclass(slots=True)
class VerifyReport:
    """The outcome: a row for each engine and cell that does not agree, and counts for all."""

    path: Path
    cells: int
    engines: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    differences: list[tuple[object, ...]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether every engine that was asked ran and agrees on every cell, and no formula was changed."""
        return not self.differences and not self.missing and not self.changed and bool(self.engines)

    @property
    def frame(self) -> pd.DataFrame:
        """Return the differences as a table."""
        return pd.DataFrame(self.differences, columns=list(COLUMNS))

    def count(self, engine: str, kind: str) -> int:
        """Return how many cells of an engine got a verdict."""
        return self.counts.get((engine, kind), 0)


def verify(
    path: Path | str,
    engines: Sequence[str] | None = None,
    *,
    templates: Path | str | None = None,
    overlay: Files = None,
    progress: Callable[[str], None] | None = None,
) -> VerifyReport:
    """Verify every formula cell of a workbook.

    The inputs found in the file are evaluated in Python; a copy with poisoned cached values is recalculated by each
    engine (all three by default). ``overlay`` gives the files whose cases were added to the templates; their values are
    those of the file. Raises WorkbookError when the file cannot be read or was not written by this package from the same
    templates and cases, and ValueError for an unknown engine.
    """
    path = Path(path)
    tell = progress or (lambda _: None)
    chosen = find(None if engines is None else list(dict.fromkeys(engines)))
    contents = _read(path)
    book = book_of(path, contents, templates, overlay)
    expected = expectations(book)
    report = VerifyReport(path, len(expected), changed=_changed_formulas(expected, contents))
    saved = {(item.sheet, item.address): contents[item.sheet].get(item.address) for item in expected}
    if any(cell is not None and cell.value is not None for cell in saved.values()):
        _compare(report, SAVED, expected, {key: cell.value if cell else None for key, cell in saved.items()})
    with tempfile.TemporaryDirectory(prefix="workbook-verify-") as folder:
        copy = Path(folder) / path.name
        poison(path, copy)
        asked: dict[str, list[str]] = {}
        for item in expected:
            asked.setdefault(item.sheet, []).append(item.address)
        for engine in chosen:
            tell(f"recalculating in {engine.name}")
            reason = engine.unavailable()
            if reason:
                report.missing[engine.name] = reason
                continue
            try:
                sheets = engine.recalculate(copy, asked)
            except EngineFailure as error:
                report.missing[engine.name] = str(error)
                continue
            finally:
                engine.close()
            _compare(
                report,
                engine.name,
                expected,
                {(sheet, address): value for sheet, found in sheets.items() for address, value in found.items()},
            )
    return report


def _read(path: Path) -> Contents:
    try:
        return read_cells(path)
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), "give a file written by: workbook build")]) from None
    except OSError as error:
        raise WorkbookError([Diagnostic(Place(str(path)), f"cannot be read: {error.strerror or error}")]) from None


def book_of(path: Path, contents: Contents, templates: Path | str | None, overlay: Files = None) -> Book:
    """Return the book that a file was built from, with the file's own inputs; raises WorkbookError."""
    record = contents.get(RECORD_SHEET)
    if record is None:
        raise WorkbookError(
            [
                Diagnostic(
                    Place(str(path)),
                    f"holds no record of its build (hidden sheet {RECORD_SHEET})",
                    "give a file written by: workbook build",
                )
            ]
        )
    head = {
        str(record[f"A{row}"].value): str(record[f"B{row}"].value)
        for row in range(1, HEAD_ROWS + 1)
        if f"A{row}" in record and f"B{row}" in record
    }
    if head.get("format") != FORMAT_VERSION:
        raise WorkbookError(
            [
                Diagnostic(
                    Place(str(path)), f"was written in format {head.get('format')}, this package reads {FORMAT_VERSION}", "build it again"
                )
            ]
        )
    layout, _ = prepared(head.get("workbook", ""), templates, overlay=overlay)  # the values of overlays are in the file
    book = evaluated(layout.model, layout, {})
    _check_places(path, record, book.layout)
    for sheet in book.layout.sheets:
        if sheet not in contents:
            raise WorkbookError([Diagnostic(Place(str(path)), f"lacks the sheet '{sheet}'", "sheets keep their names; build it again")])
    _check_cases(path, contents, book.layout)
    sets = _edits(path, contents, book)
    return evaluated(book.model, book.layout, sets)


def _check_places(path: Path, record: dict[str, Cell], layout: Layout) -> None:
    """The file must place its cells where today's templates do."""
    written = set()
    row = FIRST_PLACE
    while f"A{row}" in record:
        written.add(tuple(str(record[at].value) if (at := f"{column}{row}") in record else "" for column in "ABCDE"))
        row += 1
    current = {place[:5] for place in places(layout)}
    if written != current:
        changed = sorted({item[0] for item in written ^ current})
        raise _built_otherwise(path, f"{len(changed)} quantities differ, such as '{changed[0]}'")


def _built_otherwise(path: Path, how: str) -> WorkbookError:
    message = f"was built from other templates or with other overlays: {how}"
    return WorkbookError([Diagnostic(Place(str(path)), message, "give those with --templates and --overlay, or build it again")])


def _check_cases(path: Path, contents: Contents, layout: Layout) -> None:
    """The members of tables with parents must be those of the file, by name: an overlay may have as many others."""
    for table in (table for table in layout.model.tables.values() if table.parents):
        quantity = layout.model.quantities[table.keys[0].quantity]
        for row, name in quantity.constants.items():
            sheet, r, c = layout.cell(quantity.id, row)
            address = f"{column_letters(c)}{r + 1}"
            cell = contents[sheet].get(address)
            held = cell.value if cell else None
            if held != name:
                raise _built_otherwise(path, f"{sheet}!{address} holds {held!r}, not {name!r}")


def _edits(path: Path, contents: Contents, book: Book) -> dict[tuple[str, int], float | str]:
    """Return the inputs of a file as edits; raises WorkbookError naming each cell that holds no usable value.

    A cell that takes over a value holds a formula; a value in its place is one of its own.
    """
    sets: dict[str, Given] = {}
    problems = Problems()

    def place_of(name: str, row: int) -> Place:
        return Place(f"{path}: {book.layout.address(name, row)}")

    for cell_id, name, row in book.model.cells():
        quantity = book.model.quantities[name]
        takes_over = quantity.takes_over(row)
        if not quantity.is_settable(row) or name not in book.layout.segments:
            continue
        sheet, r, c = book.layout.cell(name, row)
        cell = contents.get(sheet, {}).get(f"{column_letters(c)}{r + 1}")
        if takes_over and cell is not None and cell.is_formula:
            continue
        value = cell.value if cell else None
        usable = isinstance(value, str) if quantity.is_text else isinstance(value, float | int) and not isinstance(value, bool)
        if not usable or isinstance(value, bool) or value is None or not isinstance(value, str | float | int):
            problems.add(
                place_of(name, row),
                f"{cell_id} holds {'nothing' if value is None else repr(value)}",
                f"enter {'a text' if quantity.is_text else 'a number in ' + quantity.unit}",
            )
        elif takes_over or value != book.values[name][row]:
            sets[cell_id] = Given(value, place_of(name, row))
    problems.raise_if_any()
    return parse_sets(book.model, sets)


def expectations(book: Book) -> list[Expected]:
    """Return every formula cell of a book with Python's value."""
    found = []
    for name in book.layout.segments:
        values = shown(book.values[name])
        for row, text in formulas(book.layout, book.model.quantities[name]):
            sheet, r, c = book.layout.cell(name, row)
            found.append(Expected(sheet, f"{column_letters(c)}{r + 1}", book.model.cell_id(name, row), text, values[row]))
    return found


def _changed_formulas(expected: list[Expected], contents: Contents) -> list[str]:
    """Name formula cells that hold something else now (spreadsheet programs may respell a formula; blanks are ignored)."""
    changed = []
    for item in expected:
        cell = contents.get(item.sheet, {}).get(item.address)
        if cell is None or not cell.is_formula:
            held = "nothing" if cell is None or cell.value is None else f"the constant {cell.value!r}"
            changed.append(f"{item.sheet}!{item.address} ({item.id}) holds {held} in place of ={item.formula}")
        elif cell.formula is not None and _plain(cell.formula) != _plain(item.formula):
            changed.append(f"{item.sheet}!{item.address} ({item.id}) holds ={cell.formula} in place of ={item.formula}")
    return changed


def _plain(text: str) -> str:
    return text.replace(" ", "").replace("'", "").replace("$", "").upper()


def _compare(report: VerifyReport, engine: str, expected: list[Expected], got: dict[tuple[str, str], CellValue]) -> None:
    report.engines.append(engine)
    for item in expected:
        value = got.get((item.sheet, item.address))
        kind = verdict(item.value, value)
        report.counts[engine, kind] = report.counts.get((engine, kind), 0) + 1
        if kind != AGREE:
            report.differences.append((engine, item.sheet, item.address, item.id, f"={item.formula}", item.value, value, kind))


KINDS = (AGREE, DIFFER, UNKNOWN, SURVIVED)
