"""What people read where a cell has a unit: ``tokens/s`` for ``tok/s/fleet``. Templates may do without the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.yaml import is_file, text_of
from workbook.errors import Place

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.errors import Problems

FILE = "units_shown.txt"
UNIT = "unit"
"""The format of texts that are units: constants in such a column are written as templates write units, and shown as people do."""


def shown_unit(known: Mapping[str, str], unit: str) -> str:
    """Return what people read in place of a unit: nothing for texts, plain numbers, and units that differ by row."""
    return "" if unit in {"text", "1", "mixed"} else known.get(unit, unit)


def shown_units(root: Path, problems: Problems) -> dict[str, str]:
    """Return what is shown for each unit that the file of the templates lists; nothing where there is no file."""
    found: dict[str, str] = {}
    lines = text_of(root / FILE, FILE).splitlines() if is_file(root / FILE) else []
    for number, line in enumerate(lines, 1):
        unit, equals, text = (part.strip() for part in line.partition("="))
        if not unit or unit.startswith("#"):
            continue
        if not equals or unit in found:
            message = f"'{unit}' is listed twice" if equals else f"'{unit}' is no line 'unit = text'"
            problems.add(Place(FILE, number, 1), message, "keep one" if equals else "tok/s/fleet = tokens/s")
        found.setdefault(unit, text)
    return found
