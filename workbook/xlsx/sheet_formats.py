"""How people made a worksheet look, set upon one that this package wrote: formats of cells, widths, hidden columns and rows."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from workbook.xlsx.style_sheets import StyleSheet

PIXELS = 7  # of a digit in Calibri of 11 points
_CELL = re.compile(r'<c r="([A-Z]+[0-9]+)" s="([0-9]+)"')
_ROW = re.compile(r'<row r="([0-9]+)"')
_COLUMNS = re.compile(r"<cols>(.*?)</cols>")
_RUN = re.compile(r'<col min="([0-9]+)" max="([0-9]+)" width="([^"]*)"([^>]*)/>')


class ForeignFormat(NamedTuple):
    """A format of another file: the tree of its formats, and the place in their list."""

    styles: Element
    place: int


@dataclass(slots=True)
class SheetFormats:
    """How a sheet is to look otherwise than written: cells by address and kind, widths in pixels and what is hidden, from 0."""

    cells: dict[str, dict[str, ForeignFormat]] = field(default_factory=dict)
    widths: dict[int, int] = field(default_factory=dict)
    hidden_columns: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)


def with_formats(text: str, formats: SheetFormats, styles: StyleSheet) -> str:
    """Return the part of a sheet that this package wrote with other formats; ``styles`` are those of its file, which may grow."""

    def cell(found: re.Match[str]) -> str:
        index = int(found[2])
        for kind, own in formats.cells.get(found[1], {}).items():
            index = styles.vary(index, kind, own.styles, own.place)
        return f'<c r="{found[1]}" s="{index}"'

    def row(found: re.Match[str]) -> str:
        return f'{found[0]} hidden="1"' if int(found[1]) - 1 in formats.hidden_rows else found[0]

    text = _CELL.sub(cell, text) if formats.cells else text
    text = _ROW.sub(row, text) if formats.hidden_rows else text
    return _COLUMNS.sub(lambda found: f"<cols>{''.join(_columns(found[1], formats))}</cols>", text, count=1)


def _columns(text: str, formats: SheetFormats) -> Iterator[str]:
    """Yield the columns of a sheet one by one."""
    for first, last, width, more in _RUN.findall(text):
        for column in range(int(first) - 1, int(last)):
            wide = f"{formats.widths[column] / PIXELS:.10g}" if column in formats.widths else width
            hidden = ' hidden="1"' if column in formats.hidden_columns else ""
            yield f'<col min="{column + 1}" max="{column + 1}" width="{wide}"{hidden}{more}/>'
