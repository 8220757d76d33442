"""How people made a worksheet look, set upon one that this package wrote: formats of cells, sizes, what is hidden, how it is set up."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from workbook.xlsx.a1 import column_letters, quoted
from workbook.xlsx.filled import with_cells
from workbook.xlsx.saved import PRINT_AREA

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from xml.etree.ElementTree import Element

    from workbook.xlsx.parts import Drawn
    from workbook.xlsx.style_sheets import StyleSheet

PIXELS = 7  # of a digit in Calibri of 11 points
CLOSE = 3  # pixels by which programs may round the width of a column
CLOSE_ROWS = 1.0  # points by which they may round the height of a row
USUAL_HEIGHT = 15.0  # points
HIDDEN, FILTER_NAME = ' hidden="1"', "_xlnm._FilterDatabase"
_FIXED = re.compile(r"([A-Z]+)([0-9]+)")
_CELL = re.compile(r'<c r="([A-Z]+[0-9]+)" s="([0-9]+)"')
_ROW = re.compile(r'<row r="([0-9]+)"([^>]*)>')
_HEIGHT = re.compile(r' ht="([^"]*)"')
_HEIGHTS = re.compile(r' (?:ht|customHeight)="[^"]*"')
_ZOOM = re.compile(r' (zoomScale|zoomScaleNormal)="[0-9]+"')
_VIEW = re.compile(r"(<sheetView [^>]*?)(?:/>|>.*?</sheetView>)", re.DOTALL)
_PROTECTION = re.compile(r"<sheetProtection [^>]*/>")
_PANES = {(True, True): "bottomRight", (True, False): "bottomLeft", (False, True): "topRight"}
_REST = "hyperlinks|printOptions|pageMargins|pageSetup|headerFooter|drawing|legacyDrawing|extLst"
_AFTER = {  # what follows a list in a part
    "mergeCells": re.compile(rf"<(?:phoneticPr|conditionalFormatting|dataValidations|{_REST})\b|</worksheet>"),
    "conditionalFormatting": re.compile(rf"<(?:dataValidations|{_REST})\b|</worksheet>"),
    "dataValidations": re.compile(rf"<(?:{_REST})\b|</worksheet>"),
}
_RANK = re.compile(r'(<cfRule [^>]*?priority=")([0-9]+)')
_COLUMNS = re.compile(r"<cols>(.*?)</cols>")
_RUN = re.compile(r'<col min="([0-9]+)" max="([0-9]+)" width="([^"]*)"([^>]*)/>')


class ForeignFormat(NamedTuple):
    """A format of another file: the tree of its formats, and the place in their list."""

    styles: Element
    place: int


class OwnCell(NamedTuple):
    """A cell to set into a sheet: its tree, and the format of another file that it has."""

    element: Element
    format: ForeignFormat


class OwnCondition(NamedTuple):
    """A conditional format to set into a sheet: its cells, the XML of its rule without the number of its look and its rank, its look.

    The look is XML, too, empty where there is none. One that ``is_first`` ranks before those of the sheet.
    """

    areas: str
    rule: str
    look: str
    is_first: bool


@dataclass(slots=True)
class SheetFormats:
    """How a sheet is to look otherwise than written: cells by address and kind, widths in pixels and what is hidden, from 0.

    ``heights`` are in points, None where they follow from what a row holds. ``frozen`` counts the rows and columns that stay in view,
    ``protection`` gives its attributes (none: the sheet has none), ``printed`` the area that is printed (empty: all), without the sheet.
    ``merged`` areas are one cell each, ``rules`` by first cell say what may be typed. ``own`` cells stand, by row and column, where
    the sheet has none; ``drawn`` are charts, pictures and shapes, ``conditions`` conditional formats.
    """

    cells: dict[str, dict[str, ForeignFormat]] = field(default_factory=dict)
    widths: dict[int, int] = field(default_factory=dict)
    hidden_columns: set[int] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    heights: dict[int, float | None] = field(default_factory=dict)
    zoom: int | None = None
    frozen: tuple[int, int] | None = None
    filtered: Element | None = None
    protection: Mapping[str, str] | None = None
    printed: str | None = None
    own: dict[tuple[int, int], OwnCell] = field(default_factory=dict)
    merged: set[str] = field(default_factory=set)
    rules: dict[str, str] = field(default_factory=dict)
    conditions: list[OwnCondition] = field(default_factory=list)
    drawn: list[Drawn] = field(default_factory=list)


def with_formats(text: str, formats: SheetFormats, styles: StyleSheet) -> str:
    """Return the part of a sheet that this package wrote with other formats; ``styles`` are those of its file, which may grow."""

    def cell(found: re.Match[str]) -> str:
        index = int(found[2])
        for kind, own in formats.cells.get(found[1], {}).items():
            index = styles.vary(index, kind, own.styles, own.place)
        return f'<c r="{found[1]}" s="{index}"'

    def row(found: re.Match[str]) -> str:
        number, more = int(found[1]) - 1, found[2]
        height, written = formats.heights.get(number), _HEIGHT.search(more)
        if number in formats.heights and not _is_close(height, float(written[1]) if written else USUAL_HEIGHT):
            more = ("" if height is None else f' ht="{height:.10g}" customHeight="1"') + _HEIGHTS.sub("", more)
        return f'<row r="{found[1]}"{HIDDEN if number in formats.hidden_rows else ""}{more}>'

    text = _CELL.sub(cell, text) if formats.cells else text
    text = _ROW.sub(row, text) if formats.hidden_rows or formats.heights else text
    text = _COLUMNS.sub(lambda found: f"<cols>{''.join(_columns(found[1], formats))}</cols>", text, count=1)
    text = _longer(_used(text, formats), "mergeCells", (f'<mergeCell ref="{area}"/>' for area in sorted(formats.merged)))
    text = _conditioned(text, formats.conditions, styles) if formats.conditions else text
    text = _longer(text, "dataValidations", formats.rules.values())
    return with_cells(text, formats.own, styles, formats.heights) if formats.own or formats.heights else text


def _conditioned(text: str, conditions: list[OwnCondition], styles: StyleSheet) -> str:
    """Return the part with more conditional formats, those first that rank so."""
    before, after = ([each for each in conditions if each.is_first == first] for first in (True, False))
    text = _RANK.sub(lambda found: f"{found[1]}{int(found[2]) + len(before)}", text)
    last = max((int(found[2]) for found in _RANK.finditer(text)), default=len(before))
    new = []
    for rank, own in [*enumerate(before, 1), *enumerate(after, last + 1)]:
        rule = ET.fromstring(own.rule)  # noqa: S314 written by this package
        rule.set("priority", str(rank))
        if own.look:
            rule.set("dxfId", str(styles.take_look(ET.fromstring(own.look))))  # noqa: S314 as above
        new.append(f'<conditionalFormatting sqref="{own.areas}">{ET.tostring(rule, "unicode")}</conditionalFormatting>')
    following = _AFTER["conditionalFormatting"].search(text)
    at = following.start() if following else len(text)
    return f"{text[:at]}{''.join(new)}{text[at:]}"


def _longer(text: str, name: str, items: Iterable[str]) -> str:
    """Return the part with more items in a list of it, which may be new."""
    new = list(items)
    if not new:
        return text
    found = re.search(rf'<{name} count="([0-9]+)">(.*?)</{name}>', text, re.DOTALL)
    count, known = (int(found[1]), found[2]) if found else (0, "")
    written = f'<{name} count="{count + len(new)}">{known}{"".join(new)}</{name}>'
    after = _AFTER[name].search(text)
    start, end = found.span() if found else (after.start(), after.start()) if after else (len(text), len(text))
    return f"{text[:start]}{written}{text[end:]}"


def _is_close(height: float | None, written: float) -> bool:
    """Tell whether a row is written as high as it is to be: other heights count as people's when the file is read again."""
    return height is not None and abs(height - written) <= CLOSE_ROWS


def _used(text: str, formats: SheetFormats) -> str:
    """Return the part with another view, protection or filter."""
    if formats.zoom is not None:
        text = _ZOOM.sub(rf' \1="{formats.zoom}"', text, count=2)
    if formats.frozen is not None:
        text = _VIEW.sub(rf"\1>{_pane(*formats.frozen)}</sheetView>", text, count=1)
    if formats.protection is not None:
        given = "".join(f' {name}="{value}"' for name, value in formats.protection.items())
        text = _PROTECTION.sub(f"<sheetProtection{given}/>" if given else "", text, count=1)
    if formats.filtered is not None:
        protection = _PROTECTION.search(text)
        end = protection.end() if protection else text.index("</sheetData>") + len("</sheetData>")
        text = f"{text[:end]}{ET.tostring(formats.filtered, 'unicode')}{text[end:]}"
    return text


def _pane(rows: int, columns: int) -> str:
    """Return what keeps rows and columns in view; nothing for none."""
    if not (rows or columns):
        return ""
    active = _PANES[bool(rows), bool(columns)]
    splits = "".join(f' {name}="{count}"' for name, count in (("xSplit", columns), ("ySplit", rows)) if count)
    corner = f"{column_letters(columns)}{rows + 1}"
    return f'<pane{splits} topLeftCell="{corner}" activePane="{active}" state="frozen"/><selection pane="{active}"/>'


def with_areas(text: str, sheet: str, place: int, formats: SheetFormats) -> str:
    """Return the main part of a package with other names for what a sheet prints and filters; ``place`` is its number from 0."""

    def named(name: str, area: str, more: str = "") -> str:
        cells = ",".join(f"{quoted(sheet)}!{each}" for each in _FIXED.sub(r"$\1$\2", area).split(","))
        return f'<definedName name="{name}" localSheetId="{place}"{more}>{escape(cells, quote=False)}</definedName>'

    if formats.printed is not None:
        old = re.compile(f'<definedName name="{PRINT_AREA}" localSheetId="{place}">[^<]*</definedName>')
        new = named(PRINT_AREA, formats.printed) if formats.printed else ""
        text = old.sub(lambda _: new, text, count=1)
    if formats.filtered is not None:
        name = named(FILTER_NAME, formats.filtered.get("ref", ""), HIDDEN)
        text = text.replace("<definedNames>", f"<definedNames>{name}", 1)
    return text


def _columns(text: str, formats: SheetFormats) -> Iterator[str]:
    """Yield the columns of a sheet one by one."""
    for first, last, width, more in _RUN.findall(text):
        for column in range(int(first) - 1, int(last)):
            wanted = formats.widths.get(column)
            wide = width if wanted is None or abs(int(float(width) * PIXELS + 0.5) - wanted) <= CLOSE else f"{wanted / PIXELS:.10g}"
            hidden = HIDDEN if column in formats.hidden_columns else ""
            yield f'<col min="{column + 1}" max="{column + 1}" width="{wide}"{hidden}{more}/>'
    last = max((int(last) for _, last, *_ in _RUN.findall(text)), default=0)
    for column in sorted(column for column in formats.widths if column >= last):
        yield f'<col min="{column + 1}" max="{column + 1}" width="{formats.widths[column] / PIXELS:.10g}" customWidth="1"/>'
