"""All mistakes of a file of points at once, though some hide others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from workbook.errors import Diagnostic, WorkbookError

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.validation.points import Points


def without_mistakes(data: Path, read: Callable[[Path], Points]) -> Points:
    """Return what a file of points gives.

    A mistake in a cell hides those that only show once all cells are read. So lines with mistakes are left out and the others are
    read again, until none is found or none is left.

    Raises:
        WorkbookError: with the mistakes of all lines, as those of ``data``.

    """
    found: list[Diagnostic] = []
    left_out: set[int] = set()
    while True:
        with TemporaryDirectory() as folder:
            path = _without(data, left_out, Path(folder)) if left_out else data
            try:
                points = read(path)
            except WorkbookError as error:
                said = [_of(data, path, item) for item in error.diagnostics]
            else:
                break
        lines = {item.place.line for item in said if item.place and item.place.file == str(data)} - {0}
        if left_out and not lines:  # what is said of a file that has lost its lines
            break
        found += said
        if not lines or lines <= left_out | {_names(data)}:
            break
        left_out |= lines
    if found:
        raise WorkbookError(found)
    return points


def _names(data: Path) -> int:
    """Return the number of the line of names, which cannot be left out."""
    lines = data.read_bytes().decode("utf-8", "replace").splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.strip() and not line.startswith("#")), 0)


def _without(data: Path, lines: set[int], folder: Path) -> Path:
    """Write a file in a folder without some of its lines, under its name, all others at their numbers."""
    kept = ["" if number in lines else line for number, line in enumerate(data.read_text("utf-8").splitlines(), 1)]
    path = folder / data.name
    path.write_text("\n".join(kept), "utf-8")
    return path


def _of(data: Path, path: Path, item: Diagnostic) -> Diagnostic:
    """Return what is said of a copy as said of the file itself."""
    return replace(item, place=replace(item.place, file=str(data))) if item.place and item.place.file == str(path) else item
