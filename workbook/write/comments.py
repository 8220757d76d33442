"""Comments on cells, in boxes as high as their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbook.xlsx.glyphs import line_count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.layout.plan import Layout

WIDTH, LINE, POINTS = 240, 16, 8.0  # pixels of a box and of a line, and the size of Tahoma, in which comments are written
WIDER, MARGINS = 1.2, 16.0  # Tahoma over Calibri, and the pixels of a box beside its text
LINES = 4, 40  # in the lowest box and in the highest


def add_comments(sheets: Mapping[str, Any], layout: Layout) -> None:
    """Write the comments of a layout on sheets by their names; texts stay as they are, whatever programs do.

    A box that would be higher than the highest is wider instead, so that none of its text is cut.
    """
    for (sheet, row, column), comment in sorted(layout.comments.items()):
        width = next((wide for wide in range(WIDTH, 4 * WIDTH, WIDTH // 2) if _lines(comment.text, wide) <= LINES[1]), 4 * WIDTH)
        height = LINE * max(_lines(comment.text, width), LINES[0])
        sheets[sheet].write_comment(row, column, comment.text, {"author": comment.author, "width": width, "height": height})


def _lines(text: str, width: int) -> int:
    """Return how many lines a text takes in a box, with one to spare."""
    return line_count(text, (width - MARGINS) / WIDER, POINTS, bold=False) + 1
