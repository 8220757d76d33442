"""What a file carries of the rules of good spreadsheets that it breaks on purpose: for each the rule, the sheet, the cells and why."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any, NamedTuple

from workbook.xlsx.saved import Area, address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbook.declare.schema import Break
    from workbook.layout.plan import Layout

PART = "breaks"


class IntendedBreak(NamedTuple):
    """A rule that is broken on purpose, by its number, on a sheet, in some areas of cells, by some numbers (any, where one is empty)."""

    rule: str
    sheet: str
    cells: str
    reason: str
    numbers: tuple[str, ...] = ()


def told(layout: Layout) -> dict[str, object]:
    """Return the part that a file carries: nothing where nothing is broken on purpose."""
    found = [
        IntendedBreak(item.rule, sheet, cells, item.reason, item.numbers)._asdict()
        for item in layout.model.declared.breaks
        for sheet, cells in _places(item, layout)
    ]
    return {PART: found} if found else {}


def _places(item: Break, layout: Layout) -> list[tuple[str, str]]:
    """Return the sheets on which a rule is broken, each with its areas of cells."""
    if not item.columns:
        return [(sheet, item.cells) for sheet in item.sheets or ("",)]
    found: dict[str, set[Area]] = {}
    for pattern, _ in item.columns:
        for segment in (each for name in fnmatch.filter(layout.segments, pattern) for each in layout.segments[name]):
            found.setdefault(segment.sheet, set()).add(Area(*segment.cell(segment.rows.start), *segment.last))
    joined = {sheet: _turned(_joined(_turned(_joined(areas)))) for sheet, areas in found.items()}
    return [(sheet, " ".join(map(address, areas))) for sheet, areas in joined.items()]


def _joined(areas: Iterable[Area]) -> list[Area]:
    """Return areas in order of columns, with those below each other that span the same columns as one."""
    found: list[Area] = []
    for area in sorted(areas, key=lambda each: (each.left, each.right, each.top)):
        last = found[-1] if found else None
        if last and (last.left, last.right, last.bottom + 1) == (area.left, area.right, area.top):
            found[-1] = last._replace(bottom=area.bottom)
        else:
            found.append(area)
    return found


def _turned(areas: Iterable[Area]) -> list[Area]:
    """Return areas with rows for columns, and columns for rows."""
    return [Area(area.left, area.top, area.right, area.bottom) for area in areas]


def read(carried: Mapping[str, Any]) -> list[IntendedBreak]:
    """Return what a file carries; nothing where that is damaged."""
    try:
        return [_read(item) for item in carried.get(PART, ())]
    except (KeyError, TypeError):
        return []


def _read(item: Mapping[str, Any]) -> IntendedBreak:
    rule, sheet, cells, reason = (str(item[name]) for name in ("rule", "sheet", "cells", "reason"))
    return IntendedBreak(rule, sheet, cells, reason, tuple(map(str, item.get("numbers", ()))))
