"""Rules on what people print, and on the text of charts for those who cannot see them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, PROJECT, Found, Rule
from workbook.xlsx.saved import area_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined
    from workbook.xlsx.saved import SavedSheet

A4, SHORT, LONG = "9", 8.27, 11.69  # its number, and its sides in inches
DOTS = 96  # pixels in an inch
_CODES = re.compile(r"&(?:\"[^\"]*\"|[0-9]+|K[0-9A-F]{6}|[A-Za-z])")
_PAGE, _FILE = "&P", "&F"


def _areas(file: Examined) -> Iterator[Found]:
    return (Found(sheet.name, None, "has no print area") for sheet in file.shown if sheet.cells and not sheet.page.area)


def _fitted(file: Examined) -> Iterator[Found]:
    for sheet in file.shown:
        wrong = [] if sheet.page.paper == A4 else [f"paper {sheet.page.paper or 'not chosen'}, not A4 ({A4})"]
        wrong += [] if sheet.page.wide == 1 or _holds(sheet) else ["not one page wide"]
        if wrong and sheet.cells:
            yield Found(sheet.name, None, ", ".join(wrong))


def _holds(sheet: SavedSheet) -> bool:
    """Return whether the scale of a sheet that is not fitted to pages makes it one page wide."""
    area = area_of(sheet.page.area.rpartition("!")[2]) if sheet.page.area and "," not in sheet.page.area else None
    last = area.right if area else max((column for _, column in sheet.cells), default=0)
    inches = sum(map(sheet.width, range(area.left if area else 0, last + 1))) / DOTS * sheet.page.scale / 100
    return inches <= (LONG if sheet.page.landscape else SHORT) - sheet.page.margins


def _headers(file: Examined) -> Iterator[Found]:
    for sheet in file.shown:
        text = sheet.page.header + sheet.page.footer
        words = _CODES.sub(" ", text)
        missing = [] if _FILE in text or words.strip(" /0123456789") else ["workbook"]
        missing += [] if "version" in words.lower() else ["version"]
        missing += [] if _PAGE in text else ["page"]
        if missing and sheet.cells:
            yield Found(sheet.name, None, f"header and footer lack: {', '.join(missing)}")


def _described(file: Examined) -> Iterator[Found]:
    for sheet in file.shown:
        for chart in sheet.charts:
            if not chart.description.strip():
                yield Found(sheet.name, None, f"{chart.name or 'a chart'} has no alternative text")


RULES = (
    Rule("501", "Every sheet has a print area", CODE("Use clear formatting"), _areas),
    Rule("502", "Every sheet prints one page wide on A4", CODE("Use clear formatting"), _fitted),
    Rule("503", "Header or footer name workbook, version and page", PROJECT("docs/howto/audit_a_workbook.md"), _headers),
    Rule("504", "Every chart has alternative text", "WCAG 2.2, 1.1.1 Non-text content", _described),
)
