"""What monitors print: dcgmi dmon and nvidia-smi dmon in columns of spaces, and lines before and between the rows of all of them."""

from __future__ import annotations

import re

SEARCHED = 20  # lines at the start of a file, among which the names of columns are looked for
_COLUMNS = re.compile(r"#\s*(entity|gpu|date|time)\b[^,]*$", re.IGNORECASE)


def names_columns(line: str) -> bool:
    """Return whether a line names columns that spaces separate: ``#Entity   POWER`` or ``# gpu   pwr``."""
    return _COLUMNS.match(line.strip()) is not None


def column_names(line: str) -> list[str]:
    """Return the names of columns in a line with them; a date and a time are one column."""
    names = line.replace("#", " ").split()
    return names[1:] if names[:2] == ["Date", "Time"] else names


def columns_of(line: str, names: list[str]) -> list[str] | None:
    """Return the cells of a line; None for one between the rows: names or units once more, or nothing.

    Units stand below the names: those of dcgmi without a sign, and without a number.
    """
    cells = line.split()
    if not cells or line.lstrip().startswith("#") or not any(sign.isdecimal() for sign in line):
        return None
    if names[0] in {"Entity", "Time"} and len(cells) == len(names) + 1:  # GPU 0; 20261128 10:00:05
        cells = [" ".join(cells[:2]), *cells[2:]]
    return cells
