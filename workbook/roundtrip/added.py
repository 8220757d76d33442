"""What a team added to edited files besides entries: what goes into the new file, and what is left behind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from workbook.roundtrip.comments import carried_comments
from workbook.roundtrip.followed import References
from workbook.roundtrip.own_cells import carried_cells
from workbook.roundtrip.own_drawings import carried_drawings
from workbook.roundtrip.own_formats import carried_formats
from workbook.roundtrip.own_sheets import called_now, read_own_sheets
from workbook.xlsx.extras import COMMENT, THREADED
from workbook.xlsx.grafts import graft

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbook.changes.differences import Loss
    from workbook.layout.book import Book
    from workbook.layout.plan import Comment
    from workbook.record.fingerprints import Spot
    from workbook.roundtrip.copies import Copy
    from workbook.roundtrip.own_cells import OwnCells
    from workbook.roundtrip.own_sheets import OwnSheets
    from workbook.xlsx.sheet_formats import SheetFormats


@dataclass(frozen=True, slots=True)
class Added:
    """Own sheets and names, own cells, comments by sheet, row and column, how sheets look; ``taken`` is by copy what these are from.

    ``undrawn`` is what charts, pictures and shapes on sheets of the model left behind.
    """

    own: OwnSheets
    cells: OwnCells
    comments: dict[tuple[str, int, int], Comment]
    formats: dict[str, SheetFormats]
    taken: list[set[tuple[str, Spot]]]
    undrawn: list[Loss]

    @property
    def grafting(self) -> Callable[[Mapping[str, bytes]], dict[str, bytes]] | None:
        """Return what sets own sheets, names and looks into a file that was written; None without any."""
        is_any = self.own.sheets or self.own.names or self.formats
        return partial(graft, sheets=self.own.sheets, names=self.own.names, formats=self.formats) if is_any else None

    def lost(self, copies: Sequence[Copy]) -> list[Loss]:
        """Return what of the copies is left behind."""
        return [
            *self.own.lost,
            *self.cells.lost,
            *self.undrawn,
            *(item for copy, taken in zip(copies, self.taken, strict=True) for item in copy.losses(taken)),
        ]


def read_added(copies: Sequence[Copy], book: Book, *, keep_active: bool = False) -> Added:
    """Return what was added to copies as it goes into a new book; raises WorkbookError for what cannot be read."""
    called = called_now(copies, book)
    followed = [References(copy.located, book, names) for copy, (names, _) in zip(copies, called, strict=True)]
    cells = carried_cells(copies, book, followed)
    comments, commented = carried_comments(copies, book.layout, cells.went)
    formats, looks = carried_formats(copies, followed, cells.sheets)
    drawn, undrawn = carried_drawings(copies, followed, formats)
    own = read_own_sheets(copies, followed, [known for _, known in called], keep_active=keep_active)
    comments_at = [{(kind, spot) for spot in spots for kind in (COMMENT, THREADED)} for spots in commented]
    taken = [set().union(*of) for of in zip(comments_at, cells.kept, looks, drawn, strict=True)]
    return Added(own, cells, comments, formats, taken, undrawn)
