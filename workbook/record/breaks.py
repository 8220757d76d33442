"""What a file carries of the rules of good spreadsheets that it breaks on purpose: for each the rule, the sheet, the cells and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbook.declare.schema import Break

PART = "breaks"


class IntendedBreak(NamedTuple):
    """A rule that is broken on purpose, by its number, on a sheet, in some cells, by some numbers (any, where one is empty)."""

    rule: str
    sheet: str
    cells: str
    reason: str
    numbers: tuple[str, ...] = ()


def told(breaks: Iterable[Break]) -> dict[str, object]:
    """Return the part that a file carries: nothing where nothing is broken on purpose."""
    found = [
        IntendedBreak(item.rule, sheet, item.cells, item.reason, item.numbers)._asdict()
        for item in breaks
        for sheet in item.sheets or ("",)
    ]
    return {PART: found} if found else {}


def read(carried: Mapping[str, Any]) -> list[IntendedBreak]:
    """Return what a file carries; nothing where that is damaged."""
    try:
        return [_read(item) for item in carried.get(PART, ())]
    except (KeyError, TypeError):
        return []


def _read(item: Mapping[str, Any]) -> IntendedBreak:
    rule, sheet, cells, reason = (str(item[name]) for name in ("rule", "sheet", "cells", "reason"))
    return IntendedBreak(rule, sheet, cells, reason, tuple(map(str, item.get("numbers", ()))))
