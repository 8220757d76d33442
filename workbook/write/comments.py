"""Comments on cells, in boxes as high as their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.layout.plan import Layout

WIDTH, LINE, ALONG = 240, 16, 36  # pixels of a box and of a line, characters of a line
LINES = 4, 40  # in the lowest box and in the highest


def add_comments(sheets: Mapping[str, Any], layout: Layout) -> None:
    """Write the comments of a layout on sheets by their names; texts stay as they are, whatever programs do."""
    for (sheet, row, column), comment in sorted(layout.comments.items()):
        lines = sum(1 + len(line) // ALONG for line in comment.text.splitlines()) + 1
        height = LINE * min(max(lines, LINES[0]), LINES[1])
        sheets[sheet].write_comment(row, column, comment.text, {"author": comment.author, "width": WIDTH, "height": height})
