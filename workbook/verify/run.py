"""Verification of a written workbook: its inputs are read, Python and spreadsheet engines compute, and all must agree."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbook.collector import without_collector
from workbook.expr.values import shown
from workbook.layout.formula import formulas
from workbook.record.findings import arranged, changed_formulas, changed_texts, structure
from workbook.record.inherited import inherited
from workbook.record.located import locate, spot_of
from workbook.verify.built import read_book
from workbook.verify.compare import AGREE, DIFFER, SURVIVED, UNKNOWN, Expected, verdict
from workbook.verify.engines import find
from workbook.verify.engines.base import EngineFailure
from workbook.verify.poison import poison
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbook.declare.overlay_files import Files
    from workbook.layout.book import Book
    from workbook.verify.engines.base import CellValue, Engine

SAVED, FOLLOWS = "as saved", "follows"
COLUMNS = ("engine", "sheet", "address", "id", "formula", "expected", "got", "verdict")


@dataclass(slots=True)
class VerifyReport:
    """The outcome: a row for each engine and cell that does not agree, and counts for all.

    Of a file that is not as it was built, cells that differ as they show the check for formulas typed over only count, as
    FOLLOWS; so do those that depend on an input that holds what it cannot take. ``changed`` says in words what is not as it
    was built; ``unsaved`` whether the file holds no results at all.
    """

    path: Path
    cells: int
    engines: list[str] = field(default_factory=list)
    missing: dict[str, str] = field(default_factory=dict)
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    differences: list[tuple[object, ...]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unsaved: bool = False

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


@without_collector()
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
    engine (all three by default). The file tells itself which cases overlays added to the templates, unless ``overlay``
    gives others; their values are those of the file. Raises WorkbookError when the file cannot be read or was not written by
    this package from the same templates and cases, and ValueError for an unknown engine.
    """
    path = Path(path)
    tell = progress or (lambda _: None)
    chosen = find(None if engines is None else list(dict.fromkeys(engines)))
    located = locate(path)
    book, inputs = read_book(path, located, templates, overlay, is_every=True)
    expected = expectations(book)
    named = {spot_of(item.sheet, item.address): (item.id, item.formula) for item in expected}
    links = inherited(located)
    # What users typed into inputs is recalculated, too.
    kept = {(spot.sheet, spot.address) for name in inputs.formulas if (spot := located.input(located.baseline.inputs[name]))}
    formulas_now = [item for item in changed_formulas(located, named) if (item.sheet, item.address) not in links.places | kept]
    found = arranged([*inputs.findings, *structure(located), *links.findings, *links.partly, *formulas_now, *changed_texts(path, located)])
    report = VerifyReport(path, len(expected), changed=[str(item) for item in found])
    model = book.model
    # Python always finds that no formula was typed over, and calculates with the templates' value where it cannot read one.
    followers = (model.watching() if found else set()) | model.following(inputs.unread)
    following = {model.cell_id(name, row) for name in followers for row in range(model.quantities[name].size)}
    expected = [
        replace(item, sheet=spot.sheet, address=spot.address)
        for item, spot in zip(expected, map(located.place, named), strict=True)
        if spot
    ]
    saved = {(item.sheet, item.address): located.contents[item.sheet].get(item.address) for item in expected}
    if any(cell is not None and cell.value is not None for cell in saved.values()):
        _compare(report, SAVED, expected, {key: cell.value if cell else None for key, cell in saved.items()}, following)
    else:
        report.unsaved = True
    if chosen:
        with tempfile.TemporaryDirectory(prefix="workbook-verify-") as folder:
            copy = Path(folder) / path.name
            poison(path, copy)
            for engine in chosen:
                tell(f"recalculating in {engine.name}")
                _ask(report, engine, copy, expected, following)
    return report


def _ask(report: VerifyReport, engine: Engine, copy: Path, expected: list[Expected], following: set[str]) -> None:
    """Let an engine recalculate a poisoned copy and compare, or report why it could not."""
    reason = engine.unavailable()
    if reason:
        report.missing[engine.name] = reason
        return
    asked: dict[str, list[str]] = {}
    for item in expected:
        asked.setdefault(item.sheet, []).append(item.address)
    try:
        sheets = engine.recalculate(copy, asked)
    except EngineFailure as error:
        report.missing[engine.name] = str(error)
        return
    finally:
        engine.close()
    got = {(sheet, address): value for sheet, found in sheets.items() for address, value in found.items()}
    _compare(report, engine.name, expected, got, following)


def expectations(book: Book) -> list[Expected]:
    """Return every formula cell of a book with Python's value."""
    found = []
    for name in book.layout.segments:
        values = shown(book.values[name])
        for row, text in formulas(book.layout, book.model.quantities[name]):
            sheet, r, c = book.layout.cell(name, row)
            found.append(Expected(sheet, f"{column_letters(c)}{r + 1}", book.model.cell_id(name, row), text, values[row]))
    return found


def _compare(
    report: VerifyReport, engine: str, expected: list[Expected], got: dict[tuple[str, str], CellValue], following: set[str]
) -> None:
    report.engines.append(engine)
    for item in expected:
        value = got.get((item.sheet, item.address))
        kind = verdict(item.value, value)
        if kind == DIFFER and item.id in following:
            kind = FOLLOWS
        report.counts[engine, kind] = report.counts.get((engine, kind), 0) + 1
        if kind not in {AGREE, FOLLOWS}:
            report.differences.append((engine, item.sheet, item.address, item.id, f"={item.formula}", item.value, value, kind))


KINDS = (AGREE, DIFFER, UNKNOWN, SURVIVED)
