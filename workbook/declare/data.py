"""Reading columns of constants from a CSV file: a header of names, then numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.names import check_name
from workbook.declare.origin import note_file
from workbook.declare.schema import DataColumn
from workbook.errors import Place

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.errors import Problems

MAXIMUM_BYTES = 16 * 1024 * 1024


def data_columns(path: Path, shown_as: str, problems: Problems) -> tuple[DataColumn, ...]:
    """Read a file of numbers; records every line that does not fit."""
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            problems.add(Place(shown_as), f"is larger than {MAXIMUM_BYTES:,} bytes")
            return ()
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        problems.add(Place(shown_as), f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return ()
    note_file(shown_as, text)
    lines = text.splitlines()
    names = lines[0].split(",") if lines else []
    for name in names:
        check_name(name, Place(shown_as, 1, 1, lines[0]), "column", problems)
    rows: list[list[float]] = []
    for number, line in enumerate(lines[1:], start=2):
        cells = _numbers(line)
        if len(cells) != len(names):
            problems.add(Place(shown_as, number, 1, line), f"{len(names)} finite numbers are needed here", "separate them by commas")
            return ()
        rows.append(cells)
    return tuple(
        DataColumn(name, tuple(column), Place(shown_as, 1, 1)) for name, column in zip(names, zip(*rows, strict=True), strict=False)
    )


def _numbers(line: str) -> list[float]:
    try:
        return [float(cell) for cell in line.split(",") if abs(float(cell)) < float("inf")]
    except ValueError:
        return []
