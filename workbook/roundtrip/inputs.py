"""One side of a comparison, opened: a file as it was saved, or templates; with its book where the templates are at hand."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.api import evaluated, load, parse_sets, prepared, save
from workbook.changes.sheets import is_of_account, telling
from workbook.declare.overlay_files import overlays_of
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record.located import locate
from workbook.record.read import overlays
from workbook.roundtrip.contents import sheets_of, side_of_book, side_of_file
from workbook.roundtrip.pull import edits_of, without_results
from workbook.verify.built import book_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.changes.differences import Account
    from workbook.declare.overlay import Given
    from workbook.declare.overlay_files import Files
    from workbook.layout.book import Book
    from workbook.layout.plan import Layout
    from workbook.roundtrip.pull import Edits


def edited(layout: Layout, sets: Mapping[str, float | str | Given], notes: Mapping[tuple[str, int], str]) -> Book:
    """Return the evaluated book with values by id, and with notes by the sheet and row of their cells."""
    layout.notes.update(notes)
    return evaluated(layout.model, layout, parse_sets(layout.model, sets))


class Opened:
    """One side of a comparison, and the book that it was built from where its templates are at hand; ``why`` they are not."""

    def __init__(self, what: str | Path, templates: Path | str | None, overlay: Files) -> None:
        """Read a file, or load a template."""
        self.path, self.templates, self.overlay = Path(what), templates, overlay
        self.why, self._book, self._sought = "", None, False
        self.edits: Edits | None = None
        if self.path.suffix.lower() != ".xlsx" and not self.path.is_file():
            self._book, self._sought = load(str(what), templates, overlay=overlay), True
            self.side = side_of_book(self._book)
            return
        self.located = located = locate(self.path, sheets_of)
        self.overlay = overlays_of(overlay).unless_given(overlays(self.path, located.baseline))
        self.edits = edits_of(self.path, located)
        without_results(self.edits, located)
        self.side = side_of_file(located, self.edits)

    def book(self) -> Book | None:
        """Return the book, or None where a file was built from other templates."""
        if not self._sought:
            self._sought = True
            try:
                self._book = book_of(self.path, self.located, self.templates, self.overlay)
            except WorkbookError as error:
                self.why = error.diagnostics[0].message
        return self._book

    def write(self, out: Path, account: Account) -> None:
        """Write the book with its edits and notes, and with an account on sheets."""
        book, start = self.book(), time.perf_counter()
        if book is None:
            raise WorkbookError([Diagnostic(Place(str(self.path)), self.why, "give its templates with --templates to write it again")])
        model, name = book.given, book.given.declared.name
        sets = {model.cell_id(*at): value for at, value in book.edits.items() if not is_of_account(at[0])}
        layout, _ = prepared(name, self.templates, overlay=self.overlay, extend=telling(account))
        layout.formulas = {name: text for name, text in book.layout.formulas.items() if not is_of_account(name)}
        save(edited(layout, sets, self.edits.notes(layout) if self.edits else {}), out, start)

    def calculate(self) -> None:
        """Take the headlines of a file without results from its book."""
        if not self.side.is_calculated and (book := self.book()):
            self.side.headlines, self.side.is_calculated = side_of_book(book).headlines, True
