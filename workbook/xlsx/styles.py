"""The formats of cells, as the styles of a file give them: number format, font, fill, alignment, protection."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from workbook.xlsx.number_formats import BUILT_IN, kind_of
from workbook.xlsx.package import MAXIMUM_DEPTH, new_parser, parse

if TYPE_CHECKING:
    from collections.abc import Mapping
    from xml.etree.ElementTree import Element

    from workbook.xlsx.package import Package

T = TypeVar("T")
Sides = dict[str, tuple[str, str]]
_NO_SIDES: Sides = {}
_MARKS = {"b", "i", "strike"}
MOST_FORMATS = 65_490  # of cells, that Excel takes
GENERAL = "General"
ALL_SIDES = 4
# ECMA-376 part 1, 18.8.30: number formats that a file may name by number alone, but for dates.
_CODES = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    48: "##0.0E+0",
    49: "@",
}
# The colours of the theme that Office, openpyxl and XlsxWriter give a file without one of its own, by number.
_THEME = ("FFFFFF", "000000", "EEECE1", "1F497D", "4F81BD", "C0504D", "9BBB59", "8064A2", "4BACC6", "F79646")
_SIDES = {
    "left": "left",
    "start": "left",
    "right": "right",
    "end": "right",
    "top": "top",
    "bottom": "bottom",
}  # start, end: as Gnumeric writes
_INDEXED = {2: "FF0000", 3: "00FF00", 4: "0000FF", 5: "FFFF00", 10: "FF0000", 11: "00FF00", 12: "0000FF", 13: "FFFF00", 17: "008000"}


class Font(NamedTuple):
    """The font of a cell: its size in points, its colour as six hexadecimal digits, and whether it is bold."""

    name: str = "Calibri"
    size: float = 11.0
    colour: str = "000000"
    bold: bool = False


class CellFormat(NamedTuple):
    """How a cell is shown. ``shows`` is what the number format makes of a number: see ``number_formats``.

    ``fill`` is the colour of the ground as six hexadecimal digits, or empty; ``indent`` counts widths of three blanks;
    ``border`` is what ``border_text`` makes of its sides.
    """

    code: str = GENERAL
    shows: str = ""
    font: Font = Font()
    fill: str = ""
    locked: bool = True
    wraps: bool = False
    shrinks: bool = False
    horizontal: str = ""
    indent: int = 0
    rotated: bool = False
    vertical: str = ""
    border: str = ""

    @property
    def alignment(self) -> str:
        """Return how a cell is aligned, in words."""
        return alignment_text(self.horizontal, self.vertical, self.indent, wraps=self.wraps, shrinks=self.shrinks, rotated=self.rotated)


def alignment_text(horizontal: str, vertical: str, indent: int, *, wraps: bool, shrinks: bool = False, rotated: bool = False) -> str:
    """Return how a cell is aligned, in words; empty where nobody aligned it. Text that is indented alone stands at the left."""
    horizontal = "" if horizontal == "general" else horizontal
    across = "left" if indent and not horizontal else horizontal
    marks = {"wrapped": wraps, "shrunk": shrinks, "rotated": rotated, f"indent {indent}": bool(indent)}
    return ", ".join(filter(None, (across, "" if vertical == "bottom" else vertical, *(mark for mark, is_set in marks.items() if is_set))))


def border_text(sides: Sides) -> str:
    """Return borders in words, by side the line and its colour: ``left thin CBD2D9``, ``thin 000000`` where all sides are the same."""
    drawn = {side: f"{line} {colour or '000000'}" for side, (line, colour) in sides.items() if line not in {"", "none"}}
    lines = {*drawn.values()}
    return lines.pop() if len(drawn) == ALL_SIDES and len(lines) == 1 else ", ".join(f"{side} {drawn[side]}" for side in sorted(drawn))


class StylesReader:
    """Collects the formats of cells from the events of a styles part."""

    def __init__(self) -> None:
        """Start before the first element."""
        self._codes: dict[str, str] = {}
        self._fonts: list[Font] = []
        self._fills: list[str] = []
        self._borders: list[Sides] = []
        self._formats: list[tuple[dict[str, str], CellFormat]] = []
        self._parts: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take an element; ValueError where elements are nested deeper, or formats are more, than those of any workbook."""
        tag = name.rpartition(":")[2]
        within = self._parts[-1] if self._parts else ""
        self._parts.append(tag)
        if (
            max(map(len, (self._formats, self._codes, self._fonts, self._fills, self._borders))) > MOST_FORMATS
            or len(self._parts) > MAXIMUM_DEPTH
        ):
            message = f"there are more than {MOST_FORMATS:,} formats, or elements nested deeper than {MAXIMUM_DEPTH} levels"
            raise ValueError(message)
        match within, tag:
            case "numFmts", "numFmt":
                self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
            case "fonts", "font":
                self._fonts.append(Font())
            case "font", _ if "fonts" in self._parts:
                self._fonts[-1] = _with(self._fonts[-1], tag, attributes)
            case "fills", "fill":
                self._fills.append("")
            case "patternFill", "fgColor" if "fills" in self._parts:
                self._fills[-1] = colour(attributes)
            case "borders", "border":
                self._borders.append({})
            case "border", _ if tag in _SIDES and "borders" in self._parts:
                self._borders[-1][_SIDES[tag]] = (attributes.get("style", ""), "")
            case _, "color" if within in _SIDES and "borders" in self._parts:
                self._borders[-1][_SIDES[within]] = (self._borders[-1][_SIDES[within]][0], colour(attributes))
            case "cellXfs", "xf":
                self._formats.append((attributes, CellFormat()))
            case "xf", _ if "cellXfs" in self._parts:
                self._take(tag, attributes)

    def _take(self, tag: str, attributes: dict[str, str]) -> None:
        given, form = self._formats[-1]
        if tag == "protection":
            form = form._replace(locked=_is_true(attributes.get("locked", "1")))
        elif tag == "alignment":
            form = form._replace(
                wraps=_is_true(attributes.get("wrapText", "0")),
                shrinks=_is_true(attributes.get("shrinkToFit", "0")),
                horizontal=attributes.get("horizontal", ""),
                indent=int(attributes.get("indent") or 0),
                rotated=attributes.get("textRotation", "0") != "0",
                vertical=attributes.get("vertical", ""),
            )
        self._formats[-1] = given, form

    def characters(self, text: str) -> None:
        """Styles hold no text."""

    def end(self, _: str) -> None:
        """Leave an element."""
        self._parts.pop()

    def formats(self) -> list[CellFormat]:
        """Return the formats of cells, by the number that cells name them by."""
        return [self._whole(given, form) for given, form in self._formats]

    def _whole(self, given: dict[str, str], form: CellFormat) -> CellFormat:
        number, font, fill, border = (given.get(name, "0") for name in ("numFmtId", "fontId", "fillId", "borderId"))
        built_in = int(number) if number.isdecimal() else 0
        code = self._codes.get(number, _CODES.get(built_in, GENERAL))
        shows = kind_of(code) if number in self._codes else BUILT_IN.get(built_in, "")
        font_of, drawn = _at(self._fonts, font, Font()), border_text(_at(self._borders, border, _NO_SIDES))
        return form._replace(code=code, shows=shows, font=font_of, fill=_at(self._fills, fill, ""), border=drawn)


def _at(found: list[T], number: str, usual: T) -> T:
    return found[int(number)] if number.isdecimal() and int(number) < len(found) else usual


def _with(font: Font, tag: str, attributes: dict[str, str]) -> Font:
    value = attributes.get("val", "")
    match tag:
        case "name":
            return font._replace(name=value)
        case "sz":
            return font._replace(size=float(value))
        case "color":
            return font._replace(colour=colour(attributes) or font.colour)
        case "b":
            return font._replace(bold=_is_true(value or "1"))
    return font


def _is_true(text: str) -> bool:
    return text in {"1", "true"}


def look_text(look: Element) -> str:
    """Return what a conditional format makes of cells, in words: without the colours of borders, which programs drop."""
    marks = [part.tag for part in look.findall("font/*") if part.tag in _MARKS and _is_true(part.get("val", "1"))]
    lines = [f"underlined {part.get('val', 'single')}" for part in look.findall("font/u")]
    fonts = [f"font {colour(part.attrib)}" for part in look.findall("font/color")]
    grounds = [colour(part.attrib) for name in ("bgColor", "fgColor") for part in look.findall(f"fill/patternFill/{name}")]
    sides = [f"{_SIDES[side.tag]} {side.get('style')}" for side in look.findall("border/*") if side.tag in _SIDES and side.get("style")]
    codes = [part.get("formatCode", "") for part in look.findall("numFmt")]
    return ", ".join((*sorted(marks), *lines, *fonts, *grounds[:1], *sorted(sides), *codes))


def colour(attributes: Mapping[str, str]) -> str:
    """Return a colour as six hexadecimal digits; empty where it is none, or one that cannot be told."""
    rgb, theme, indexed = (attributes.get(name, "") for name in ("rgb", "theme", "indexed"))
    if rgb:
        return rgb[-6:].upper()
    if theme.isdecimal() and int(theme) < len(_THEME):
        return _THEME[int(theme)]
    return _INDEXED.get(int(indexed), "") if indexed.isdecimal() else ""


def read_formats(package: Package) -> list[CellFormat]:
    """Return the formats of a file's cells; none where it has no styles."""
    for kind, target in package.relationships(package.workbook_part()).values():
        if kind == "styles":
            reader = StylesReader()
            parser = new_parser(target)
            parser.StartElementHandler, parser.EndElementHandler = reader.start, reader.end
            parse(parser, package.pieces(target), target)
            return reader.formats()
    return []
