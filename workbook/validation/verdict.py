"""How far the model is from the points of one file, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.errors import some
from workbook.validation.errors import ALL, validate

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.declare.overlay_files import Files


def verdict(data: Path, templates: Path | str | None = None, overlay: Files = None) -> str:
    """Return how far the model is from measured points, by result: the signed median of its errors, and the median error.

    Raises:
        WorkbookError: for mistakes in the file or the templates.

    """
    frame = validate(data, (), templates, overlay)
    rows = frame[frame["by"] == ALL].to_dict("records")
    parts = [f"{row['result']} {row['signed']:+.0%} (median error {row['in_sample']:.0%}, {some(row['points'], 'point')})" for row in rows]
    return f"the model against them: {', '.join(parts)}"
