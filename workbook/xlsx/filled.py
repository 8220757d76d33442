"""Cells of people's own set into the part of a sheet that this package wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workbook.xlsx.a1 import column_letters, column_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.xlsx.sheet_formats import OwnCell
    from workbook.xlsx.style_sheets import StyleSheet

_DATA = re.compile(r"<sheetData/>|<sheetData>(.*)</sheetData>", re.DOTALL)
_ROW = re.compile(r'<row r="([0-9]+)"([^>]*?)(?:/>|>(.*?)</row>)', re.DOTALL)
_CELL = re.compile(r'<c r="([A-Z]+)[0-9]+"[^>]*?(?:/>|>.*?</c>)', re.DOTALL)
_SPANS = re.compile(r' spans="[^"]*"')
_DIMENSION = re.compile(r'<dimension ref="([A-Z]+[0-9]+)(?::([A-Z]+)([0-9]+))?"/>')


def with_cells(text: str, own: Mapping[tuple[int, int], OwnCell], styles: StyleSheet, heights: Mapping[int, float | None]) -> str:
    """Return the part of a sheet with cells, by row and column, where it has none; new rows have the ``heights`` in points."""
    rows: dict[int, dict[int, str]] = {}
    for (row, column), cell in own.items():
        cell.element.set("s", str(styles.take(*cell.format)))
        rows.setdefault(row + 1, {})[column] = ET.tostring(cell.element, "unicode")
    found = _DATA.search(text)
    if found is None:
        return text
    written = {int(match[1]): match for match in _ROW.finditer(found[1] or "")}
    for row in (row for row, height in heights.items() if height and row + 1 not in written):
        rows.setdefault(row + 1, {})
    if not rows:
        return text
    lines = []
    for number in sorted({*written, *rows}):
        old = written.get(number)
        if number not in rows:
            lines.append(old[0] if old else "")
            continue
        height = None if old else heights.get(number - 1)
        given = _SPANS.sub("", old[2]) if old else f' ht="{height:.10g}" customHeight="1"' if height else ""
        cells = {column_number(match[1]): match[0] for match in _CELL.finditer(old[3] or "" if old else "")} | rows[number]
        lines.append(f'<row r="{number}"{given}>{"".join(cells[column] for column in sorted(cells))}</row>')
    text = f"{text[: found.start()]}<sheetData>{''.join(lines)}</sheetData>{text[found.end() :]}"
    return _DIMENSION.sub(lambda match: _dimension(match, max(rows), max((column for _, column in own), default=0)), text, count=1)


def _dimension(match: re.Match[str], row: int, column: int) -> str:
    """Return the area that a sheet uses, down to a row from 1 and a column from 0."""
    first, last, bottom = match[1], match[2], int(match[3] or 1)
    right = max(column_number(last) if last else 0, column)
    return f'<dimension ref="{first}:{column_letters(right)}{max(bottom, row)}"/>'
