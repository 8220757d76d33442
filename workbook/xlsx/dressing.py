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


class Worn(NamedTuple):
    """One kind of a cell's format, as the format at a place of another file's list has it."""

    kind: str
    styles: Element
    place: int


@dataclass(slots=True)
class Dress:
    """How a sheet is to look otherwise than written: cells by address, widths in pixels by column, what is hidden; counted from 0."""

    cells: dict[str, list[Worn]] = field(default_factory=dict)
    widths: dict[int, int] = field(default_factory=dict)
    hidden_columns: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)


def dressed(text: str, dress: Dress, styles: StyleSheet) -> str:
    """Return the part of a sheet that this package wrote with a dress on; ``styles`` are the formats of its file, which may grow."""

    def cell(found: re.Match[str]) -> str:
        index = int(found[2])
        for worn in dress.cells.get(found[1], ()):
            index = styles.vary(index, worn.kind, worn.styles, worn.place)
        return f'<c r="{found[1]}" s="{index}"'

    def row(found: re.Match[str]) -> str:
        return f'{found[0]} hidden="1"' if int(found[1]) - 1 in dress.hidden_rows else found[0]

    text = _CELL.sub(cell, text) if dress.cells else text
    text = _ROW.sub(row, text) if dress.hidden_rows else text
    return _COLUMNS.sub(lambda found: f"<cols>{''.join(_columns(found[1], dress))}</cols>", text, count=1)


def _columns(text: str, dress: Dress) -> Iterator[str]:
    """Yield the columns of a sheet one by one."""
    for first, last, width, more in _RUN.findall(text):
        for column in range(int(first) - 1, int(last)):
            wide = f"{dress.widths[column] / PIXELS:.10g}" if column in dress.widths else width
            hidden = ' hidden="1"' if column in dress.hidden_columns else ""
            yield f'<col min="{column + 1}" max="{column + 1}" width="{wide}"{hidden}{more}/>'
