"""The record of a build: a hidden sheet that says which template made a file and where the cells of each quantity stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.names import column_letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.layout import Layout

RECORD_SHEET = "_workbook"
FORMAT_VERSION = "1"
HEAD_ROWS = 4
FIRST_PLACE = HEAD_ROWS + 3  # after an empty row and the heads, counted from 1
PLACE_COLUMNS = ("id", "sheet", "first cell", "rows", "first row", "unit")


def places(layout: Layout) -> Iterator[tuple[str, ...]]:
    """Yield what the record says of each run of cells, column by column; ``rows`` tells those that run across."""
    for quantity_id, segments in layout.segments.items():
        unit = layout.model.quantities[quantity_id].unit
        for segment in segments:
            first = f"{column_letters(segment.column)}{segment.row + 1}"
            rows = f"{len(segment.rows)} across" if segment.across else str(len(segment.rows))
            yield quantity_id, segment.sheet, first, rows, str(segment.rows.start), unit


def record(layout: Layout, version: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield the rows of the record sheet, each with its 0-based number."""
    declared = layout.model.declared
    yield from enumerate(
        (("format", FORMAT_VERSION), ("workbook", declared.name), ("version", version), ("basis", declared.basis)),
    )
    yield HEAD_ROWS + 1, PLACE_COLUMNS
    yield from enumerate(places(layout), FIRST_PLACE - 1)
