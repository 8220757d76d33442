"""A workbook as it is saved, whole: cells, formats, names, what each sheet is set up like, charts, and what else the file holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from workbook.xlsx.a1 import column_letters
from workbook.xlsx.cell import by_place
from workbook.xlsx.cells import LAST_COLUMN, LAST_ROW, MAXIMUM_CELLS, Cell, cell_position, read_cells
from workbook.xlsx.package import MAXIMUM_PARTS, Element, Package, UnreadableWorkbook, part_key
from workbook.xlsx.plain_cells import without_cells
from workbook.xlsx.styles import CellFormat, read_formats

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

VISIBLE = "visible"
PRINT_AREA = "_xlnm.Print_Area"
_OF_SHEETS = {
    *("tabColor", "pageSetUpPr", "sheetFormatPr", "col", "row", "mergeCell", "sheetProtection", "dataValidation", "formula1"),
    *("conditionalFormatting", "cfRule", "formula", "sqref"),
    *("pageMargins", "pageSetup", "oddHeader", "oddFooter", "sheetView", "pane", "autoFilter"),
}
_OF_BOOKS = {"sheet", "definedName", "workbookProtection"}
PROTECTION = {
    **dict.fromkeys(("objects", "scenarios", "selectLockedCells", "selectUnlockedCells"), "0"),
    **dict.fromkeys(("formatCells", "formatColumns", "formatRows", "insertColumns", "insertRows", "insertHyperlinks"), "1"),
    **dict.fromkeys(("deleteColumns", "deleteRows", "sort", "autoFilter", "pivotTables"), "1"),
}
"""What a protected sheet may forbid, and whether it does where the file does not say."""
_PASSWORDS = {"password", "hashValue", "workbookPassword", "workbookHashValue"}


class Area(NamedTuple):
    """Cells of one sheet, rows and columns counted from 0, the last ones included."""

    top: int
    left: int
    bottom: int
    right: int


class Column(NamedTuple):
    """A run of columns, counted from 0, of one width in characters."""

    first: int
    last: int
    width: float | None
    hidden: bool


class Row(NamedTuple):
    """How a row is set up: ``height`` in points, None where it follows from what the row holds."""

    height: float | None
    hidden: bool


class Validation(NamedTuple):
    """A rule on what may be typed into cells."""

    areas: tuple[Area, ...]
    kind: str
    formula: str


class Conditional(NamedTuple):
    """A conditional format: its cells, of what kind it is, its formulas, and its rank, the lowest first.

    One ``beyond`` is in a part of the file that later programs added, in which formulas may name other sheets.
    """

    areas: tuple[Area, ...]
    kind: str = ""
    formulas: tuple[str, ...] = ()
    rank: int = 0
    beyond: bool = False


class View(NamedTuple):
    """How a sheet is shown on the screen: its size in percent, and how many rows and columns stay in view."""

    zoom: int = 100
    rows: int = 0
    columns: int = 0


USUAL_VIEW = View()


class ChartPart(NamedTuple):
    """A chart of a sheet: its name, the text for those who cannot see it, the cells that it reads as formulas, and those of its values."""

    name: str
    description: str
    formulas: tuple[str, ...]
    values: tuple[str, ...]


class TablePart(NamedTuple):
    """A table of a sheet, which formulas may name: its name and its cells."""

    name: str
    sheet: str
    area: Area


@dataclass(slots=True)
class PageSetUp:
    """How a sheet is printed; ``wide`` and ``high`` are the numbers of pages it is fitted to, None where it is not fitted.

    ``margins`` are those at the left and right together, in inches.
    """

    area: str = ""
    paper: str = ""
    scale: int = 100
    landscape: bool = False
    margins: float = 1.4
    wide: int | None = None
    high: int | None = None
    header: str = ""
    footer: str = ""


@dataclass(slots=True)
class SavedSheet:
    """One worksheet of a file.

    ``filtered`` is the area that is filtered, and ``forbidden`` what its protection does not let people do, where it has one.
    """

    name: str
    state: str = VISIBLE
    cells: dict[tuple[int, int], Cell] = field(default_factory=dict)
    columns: list[Column] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    validations: list[Validation] = field(default_factory=list)
    conditions: list[Conditional] = field(default_factory=list)
    charts: list[ChartPart] = field(default_factory=list)
    page: PageSetUp = field(default_factory=PageSetUp)
    tab: str = ""
    protected: bool = False
    has_password: bool = False
    forbidden: frozenset[str] = frozenset()
    view: View = USUAL_VIEW
    filtered: str = ""
    default_width: float = 8.43
    default_height: float = 15.0

    @property
    def rules(self) -> list[str]:
        """Return the formulas of conditional formats."""
        return [formula for condition in self.conditions for formula in condition.formulas]

    def width(self, column: int) -> int:
        """Return the pixels of a column, counted from 0, in Calibri of 11 points; 0 where it is hidden."""
        found = next((each for each in self.columns if each.first <= column <= each.last), None)
        if found and found.hidden:
            return 0
        return int(found.width * 7 + 0.5) if found and found.width is not None else self.usual_width

    @property
    def usual_width(self) -> int:
        """Return the pixels of a column without a width of its own."""
        return int((self.default_width + 0.71) * 7 + 0.5)


@dataclass(slots=True)
class SavedWorkbook:
    """A file as saved. ``names`` gives the defined names, by sheet (empty for those of the workbook) and name in lower case."""

    sheets: dict[str, SavedSheet]
    formats: list[CellFormat]
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    tables: dict[str, TablePart] = field(default_factory=dict)
    external: tuple[str, ...] = ()
    macros: tuple[str, ...] = ()
    has_password: bool = False

    def format_of(self, cell: Cell) -> CellFormat:
        """Return the format of a cell; the usual one where the file does not have it."""
        return self.formats[cell.style] if 0 <= cell.style < len(self.formats) else CellFormat()


def area_of(text: str) -> Area:
    """Return the cells of a reference such as ``B2:C9``, ``B:C`` or ``2:9``, dollar signs or none; ValueError where it is none."""
    first, _, last = text.replace("$", "").partition(":")
    last = last or first
    if first.isalpha() and last.isalpha():
        first, last = f"{first}1", f"{last}{LAST_ROW}"
    elif first.isdecimal() and last.isdecimal():
        first, last = f"A{first}", f"{column_letters(LAST_COLUMN - 1)}{last}"
    (top, left), (bottom, right) = cell_position(first), cell_position(last)
    return Area(top - 1, left - 1, bottom - 1, right - 1)


def address(area: Area) -> str:
    """Return an area as ``B2`` or ``B2:C9``."""
    first, last = (f"{column_letters(column)}{row + 1}" for row, column in ((area.top, area.left), (area.bottom, area.right)))
    return first if first == last else f"{first}:{last}"


def read_saved(path: Path, cells: Mapping[str, dict[tuple[int, int], Cell]] | None = None) -> SavedWorkbook:
    """Read a file whole, or the sheets of which ``cells`` are read already, by row and column from 0.

    Raises UnreadableWorkbook for a damaged or hostile file and OSError for a missing one.
    """
    cells = {sheet: by_place(found) for sheet, found in read_cells(path).items()} if cells is None else cells
    with Package(path) as package:
        try:
            return _read(package, cells)
        except (ValueError, IndexError) as error:
            if isinstance(error, UnreadableWorkbook):
                raise
            message = f"what the file says of its sheets is damaged: {error}"
            raise UnreadableWorkbook(message) from error


def _read(package: Package, cells: Mapping[str, dict[tuple[int, int], Cell]]) -> SavedWorkbook:
    main = package.workbook_part()
    marked = package.marked(main, _OF_BOOKS)
    order = [element.attributes for element in marked if element.tag == "sheet"]
    states = {attributes.get("name", ""): attributes.get("state", VISIBLE) for attributes in order}
    related = package.relationships(main).values()
    book = SavedWorkbook({}, read_formats(package))
    for part in (part for part in package.worksheets() if part.name in cells):
        sheet = book.sheets[part.name] = SavedSheet(part.name, states.get(part.name, VISIBLE), cells[part.name])
        _set_up(sheet, package.marked(part.path, _OF_SHEETS, MAXIMUM_CELLS, without_cells))
        _take_parts(book, sheet, package, part.path)
    for element in marked:
        if element.tag == "definedName":
            _take_name(book, element, [attributes.get("name", "") for attributes in order])
        elif element.tag == "workbookProtection":
            book.has_password = bool(_PASSWORDS & element.attributes.keys())
    book.external = tuple(target for kind, target in related if kind == "externalLink")
    book.macros = tuple(entry.filename for entry in package.entries if _is_macro(entry.filename))
    return book


def _is_macro(name: str) -> bool:
    key = part_key(name)
    return key.endswith("vbaproject.bin") or "/macrosheets/" in key


def _take_name(book: SavedWorkbook, element: Element, sheets: list[str]) -> None:
    name, local = element.attributes.get("name", ""), element.attributes.get("localSheetId", "")
    sheet = sheets[int(local)] if local.isdecimal() and int(local) < len(sheets) else ""
    book.names[sheet, name.lower()] = element.text
    if name == PRINT_AREA and sheet in book.sheets:
        book.sheets[sheet].page.area = element.text


def _set_up(sheet: SavedSheet, elements: Iterable[Element]) -> None:
    """Take what the part of a sheet says besides its cells."""
    for tag, given, text in elements:
        match tag:
            case "row":
                number = given.get("r", "")
                height = float(given["ht"]) if "ht" in given and given.get("customHeight", "0") in {"1", "true"} else None
                if number and (height is not None or "hidden" in given):
                    sheet.rows[int(number) - 1] = Row(height, _is_set(given, "hidden"))
            case "col":
                width = float(given["width"]) if "width" in given else None
                sheet.columns.append(Column(int(given["min"]) - 1, int(given["max"]) - 1, width, _is_set(given, "hidden")))
            case "mergeCell":
                sheet.merged.append(area_of(given.get("ref", "")))
            case "dataValidation":
                areas = tuple(area_of(ref) for ref in given.get("sqref", "").split())
                sheet.validations.append(Validation(areas, given.get("type", "none"), ""))
            case "formula1" if sheet.validations:
                sheet.validations[-1] = sheet.validations[-1]._replace(formula=text)
            case "conditionalFormatting" | "cfRule" | "formula" | "sqref":
                _take_condition(sheet.conditions, tag, given, text)
            case "tabColor" | "sheetFormatPr":
                sheet.tab = given.get("rgb", sheet.tab)[-6:]
                sheet.default_width = float(given.get("defaultColWidth", sheet.default_width))
                sheet.default_height = float(given.get("defaultRowHeight", sheet.default_height))
            case "sheetProtection" | "sheetView" | "pane" | "autoFilter":
                _take_use(sheet, tag, given)
            case _:
                _take_page(sheet.page, tag, given, text)


def _take_condition(found: list[Conditional], tag: str, given: dict[str, str], text: str) -> None:
    """Take conditional formats: the cells come first, or after all rules for them in the part that later programs added."""
    last = found[-1] if found else Conditional(())
    match tag:
        case "conditionalFormatting":
            if found and not last.kind:
                del found[-1]  # it has no rule
            found.append(Conditional(tuple(map(area_of, given.get("sqref", "").split())), beyond="sqref" not in given))
        case "cfRule":
            if last.kind:
                found.append(last._replace(formulas=()))
            kind = " ".join(filter(None, (given.get("type", "none"), given.get("operator", ""))))
            found[-1] = found[-1]._replace(kind=kind, rank=int(given.get("priority", "0")))
        case "formula" if found:
            found[-1] = last._replace(formulas=(*last.formulas, text))
        case "sqref":
            for number in [number for number, each in enumerate(found) if each.beyond and not each.areas]:
                found[number] = found[number]._replace(areas=tuple(map(area_of, text.split())))


def _take_use(sheet: SavedSheet, tag: str, given: dict[str, str]) -> None:
    """Take how a sheet is shown on the screen, and what people may do with it."""
    match tag:
        case "sheetProtection":
            sheet.protected = _is_set(given, "sheet")
            sheet.has_password = bool(_PASSWORDS & given.keys())
            sheet.forbidden = forbidden(given)
        case "sheetView":
            sheet.view = View(int(given.get("zoomScale", "100")))
        case "pane" if given.get("state", "") in {"frozen", "frozenSplit"}:
            sheet.view = View(sheet.view.zoom, *(int(float(given.get(split, "0"))) for split in ("ySplit", "xSplit")))
        case "autoFilter":
            sheet.filtered = given.get("ref", "")


def forbidden(given: Mapping[str, str]) -> frozenset[str]:
    """Return what a sheet's protection forbids: ECMA-376 part 1, 18.3.1.85, says what it does where it does not say so."""
    return frozenset(name for name, usual in PROTECTION.items() if given.get(name, usual) in {"1", "true"})


def _take_page(page: PageSetUp, tag: str, given: dict[str, str], text: str) -> None:
    match tag:
        case "pageSetUpPr" if _is_set(given, "fitToPage"):
            page.wide = page.high = 1
        case "pageMargins":
            page.margins = float(given.get("left", "0.7")) + float(given.get("right", "0.7"))
        case "pageSetup":
            page.paper, page.scale = given.get("paperSize", ""), int(given.get("scale", "100"))
            page.landscape = given.get("orientation", "") == "landscape"
            if page.wide is not None:
                page.wide, page.high = int(given.get("fitToWidth", "1")), int(given.get("fitToHeight", "1"))
        case "oddHeader":
            page.header = text
        case "oddFooter":
            page.footer = text


def _is_set(given: dict[str, str], name: str) -> bool:
    return given.get(name, "0") in {"1", "true"}


def _take_parts(book: SavedWorkbook, sheet: SavedSheet, package: Package, path: str) -> None:
    """Take the charts and tables of a sheet."""
    for kind, target in package.related(path):
        if kind == "drawing":
            sheet.charts += _charts(package, target)
        elif kind == "table":
            for element in package.marked(target, {"table"}):
                name = element.attributes.get("displayName", "")
                book.tables[name.lower()] = TablePart(name, sheet.name, area_of(element.attributes.get("ref", "")))


def _charts(package: Package, drawing: str) -> Iterator[ChartPart]:
    """Yield the charts of a drawing: frames with a name each, and a reference to a part with what is drawn."""
    related = package.relationships(drawing) if package.has_relationships(drawing) else {}
    named: Element | None = None
    is_frame = False
    for element in package.marked(drawing, {"graphicFrame", "pic", "sp", "cNvPr", "chart"}, MAXIMUM_PARTS):
        if element.tag == "cNvPr":
            named = element if is_frame else named
        elif element.tag == "chart":
            kind, target = related.get(element.attributes.get("id", ""), ("", ""))
            drawn = package.marked(target, {"tx", "cat", "xVal", "val", "yVal", "f"}) if kind == "chart" and package.has(target) else []
            about = named.attributes if named else {}
            values = (after.text for before, after in pairwise(drawn) if before.tag in {"val", "yVal"} and after.tag == "f")
            formulas = tuple(found.text for found in drawn if found.tag == "f")
            yield ChartPart(about.get("name", ""), about.get("descr", ""), formulas, tuple(values))
        else:
            is_frame = element.tag == "graphicFrame"
