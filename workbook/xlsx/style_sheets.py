"""The formats of one file taken into the list of formats of another."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

NUMBER_FORMAT, FILL, COLOUR, WEIGHT = "number format", "cell fill", "font colour", "font weight"
BORDER, ALIGNMENT = "border", "alignment"
"""What of a cell's format can be taken by itself."""

FIRST_OWN_CODE = 164  # number formats below are the same in all files that do not say otherwise
_LISTS = ("numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs")
_OF_FONTS = {COLOUR: "color", WEIGHT: "b"}
_FONT = (
    "b",
    "i",
    "strike",
    "condense",
    "extend",
    "outline",
    "shadow",
    "u",
    "vertAlign",
    "sz",
    "color",
    "name",
    "family",
    "charset",
    "scheme",
)
"""The parts of a font in the order in which Excel reads them; a library writes them in another."""
_SIDES = {"start": "left", "end": "right"}  # as Gnumeric calls them; Excel knows them in strict files only
_PARTS = {"fontId": "fonts", "fillId": "fills", "borderId": "borders"}


class StyleSheet:
    """The formats of a file, to which those of others are added; equal ones once."""

    def __init__(self, root: Element) -> None:
        """Take the root of a part with formats; see ``trees``."""
        self.root = root
        self._lists = {name: self._list(name) for name in _LISTS if root.find(name) is not None or name in {"numFmts", "dxfs"}}
        self._known = {name: {_said(child): at for at, child in enumerate(found)} for name, found in self._lists.items()}

    def _list(self, name: str) -> Element:
        found = self.root.find(name)
        if found is None:
            found = ET.Element(name)
            before = _LISTS[: _LISTS.index(name)]
            self.root.insert(sum(child.tag in before for child in self.root), found)
        return found

    def _add(self, name: str, item: Element) -> int:
        """Return the place of an item in a list, after adding it if it is new."""
        found, said = self._lists[name], _said(item)
        if said not in self._known[name]:
            self._known[name][said] = len(found)
            found.append(item)
            found.set("count", str(len(found)))
        return self._known[name][said]

    def take(self, source: Element, index: int) -> int:
        """Return the place here of a cell's format there; that of the usual one where the other file does not have it."""
        formats = source.find("cellXfs")
        if formats is None or not 0 <= index < len(formats):
            return 0
        taken = deepcopy(formats[index])
        taken.set("xfId", "0")
        for attribute, name in _PARTS.items():
            taken.set(attribute, str(self._take_part(source, name, int(taken.get(attribute, "0")))))
        taken.set("numFmtId", str(self._take_code(source, int(taken.get("numFmtId", "0")))))
        for attribute in ("applyNumberFormat", "applyFont", "applyFill", "applyBorder", "applyAlignment", "applyProtection"):
            taken.set(attribute, "1")
        return self._add("cellXfs", taken)

    def vary(self, index: int, kind: str, source: Element, other: int) -> int:
        """Return the place of a format that is as the one at ``index`` here, but in one kind as the one at ``other`` there."""
        formats = source.find("cellXfs")
        if formats is None or not 0 <= other < len(formats):
            return index
        given, varied = formats[other], deepcopy(self._lists["cellXfs"][index])
        if kind == NUMBER_FORMAT:
            varied.set("numFmtId", str(self._take_code(source, int(given.get("numFmtId", "0")))))
            varied.set("applyNumberFormat", "1")
        elif kind == FILL:
            varied.set("fillId", str(self._take_part(source, "fills", int(given.get("fillId", "0")))))
            varied.set("applyFill", "1")
        elif kind == BORDER:
            varied.set("borderId", str(self._take_part(source, "borders", int(given.get("borderId", "0")))))
            varied.set("applyBorder", "1")
        elif kind == ALIGNMENT:
            _align(varied, given)
        else:
            font = self._vary_font(int(varied.get("fontId", "0")), _OF_FONTS[kind], source, int(given.get("fontId", "0")))
            varied.set("fontId", str(font))
            varied.set("applyFont", "1")
        return self._add("cellXfs", varied)

    def _vary_font(self, index: int, tag: str, source: Element, other: int) -> int:
        """Return the place of a font with the colour, or the weight, of one there."""
        font = deepcopy(self._lists["fonts"][index])
        for old in font.findall(tag):
            font.remove(old)
        new = source.find(f"fonts/font[{other + 1}]/{tag}")
        if new is not None:
            font.append(deepcopy(new))
        _in_order(font)
        return self._add("fonts", font)

    def _take_part(self, source: Element, name: str, index: int) -> int:
        found = source.find(name)
        if found is None or not 0 <= index < len(found):
            return 0
        part = deepcopy(found[index])
        if name == "fonts":
            _in_order(part)
        for side in part if name == "borders" else ():
            side.tag = _SIDES.get(side.tag, side.tag)
        return self._add(name, part)

    def _take_code(self, source: Element, number: int) -> int:
        """Return the number here of a number format there; Gnumeric numbers its own below those of others, too."""
        text = next(
            (item.get("formatCode", "General") for item in source.iterfind("numFmts/numFmt") if item.get("numFmtId") == str(number)), ""
        )
        if not text:
            return number if number < FIRST_OWN_CODE else 0
        known = self._lists["numFmts"]
        for item in known:
            if item.get("formatCode") == text:
                return int(item.get("numFmtId", "0"))
        new = max((int(item.get("numFmtId", "0")) for item in known), default=FIRST_OWN_CODE - 1) + 1
        self._add("numFmts", ET.Element("numFmt", {"numFmtId": str(new), "formatCode": text}))
        return new

    def take_rule(self, source: Element, index: int) -> int | None:
        """Return the place here of the format of a conditional format there, None where the other file does not have it."""
        found = source.find("dxfs")
        return self.take_look(found[index]) if found is not None and 0 <= index < len(found) else None

    def take_look(self, look: Element) -> int:
        """Return the place here of what a conditional format makes of a cell."""
        return self._add("dxfs", deepcopy(look))


def _in_order(font: Element) -> None:
    """Put the parts of a font in order; leave out what is none."""
    font[:] = sorted((part for part in font if part.tag in _FONT), key=lambda part: _FONT.index(part.tag))


def _align(varied: Element, given: Element) -> None:
    """Align a format as another: the alignment is the first part of it, before what is protected."""
    for old in varied.findall("alignment"):
        varied.remove(old)
    varied.set("applyAlignment", "1")
    new = given.find("alignment")
    if new is not None:
        varied.insert(0, deepcopy(new))


def _said(item: Element) -> bytes:
    said: bytes = ET.tostring(item)
    return said
