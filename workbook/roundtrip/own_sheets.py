"""Sheets that a team added to an edited file, as they are to stand in the new one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workbook.changes.differences import Loss
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record.fingerprints import ACTIVE, NEVER_KEPT
from workbook.record.located import spot_of
from workbook.roundtrip.own_parts import PartReader
from workbook.xlsx.a1 import RECORD_SHEET, quoted
from workbook.xlsx.cells import CellError
from workbook.xlsx.grafts import OwnName, OwnSheet
from workbook.xlsx.package import Package, UnreadableWorkbook
from workbook.xlsx.parts import Part
from workbook.xlsx.trees import keep, read_formats, read_tree

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from xml.etree.ElementTree import Element

    from workbook.layout.book import Book
    from workbook.record.located import Located
    from workbook.roundtrip.copies import Copy
    from workbook.roundtrip.followed import References
    from workbook.xlsx.cells import Cell

KEPT = (
    *(
        "sheetPr",
        "sheetViews",
        "sheetFormatPr",
        "cols",
        "sheetData",
        "sheetProtection",
        "autoFilter",
        "mergeCells",
        "conditionalFormatting",
    ),
    *("dataValidations", "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks"),
    *("drawing", "legacyDrawing"),
)
_ESCAPABLE = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)")


@dataclass(slots=True)
class OwnSheets:
    """What is to be set into the new file, what of it is left behind, and what of it reaches outside and is kept."""

    sheets: list[OwnSheet] = field(default_factory=list)
    names: list[OwnName] = field(default_factory=list)
    lost: list[Loss] = field(default_factory=list)
    active: list[Loss] = field(default_factory=list)


def own_names(located: Located) -> list[str]:
    """Return the names of the sheets of a file that the model does not have."""
    known = {RECORD_SHEET, *located.sheets.values()}
    return [name for name in located.contents if name not in known]


def called_now(copies: Sequence[Copy], book: Book) -> list[tuple[dict[str, str], set[str]]]:
    """Return for each edited file what its own sheets are called in a new book, and which of them a file before has with the same cells.

    A name that the new book, or a file before, has with others is numbered.
    """
    found: list[tuple[dict[str, str], set[str]]] = []
    taken = {name.lower() for name in (*book.layout.sheets, RECORD_SHEET)}
    seen: dict[str, list[tuple[object, str]]] = {}
    for copy in copies:
        names, known = dict[str, str](), set[str]()
        for name in own_names(copy.located):
            said = _said(copy.located, name)
            same = next((now for other, now in seen.get(name, []) if other == said), "")
            choices = [name, *(f"{name[:27]} ({number})" for number in range(2, len(taken) + 3))]
            now = same or next(each for each in choices if each.lower() not in taken)
            taken.add(now.lower())
            seen.setdefault(name, []).append((said, now))
            names[name] = now
            if same:
                known.add(name)
        found.append((names, known))
    return found


def read_own_sheets(
    copies: Sequence[Copy], followed: Sequence[References], known: Sequence[Collection[str]], *, keep_active: bool = False
) -> OwnSheets:
    """Return the own sheets, and the names, of edited files for a new book, in which ``followed`` finds by file what they refer to.

    A sheet that is ``known``, as a file before has it with the same cells, is there once. With ``keep_active`` formulas that call what
    is outside, and links to it, are kept. Raises WorkbookError for a file that cannot be read.
    """
    found = OwnSheets()
    for copy, references, alike in zip(copies, followed, known, strict=True):
        try:
            with Package(copy.path) as package:
                _Reader(package, copy.located, references, copy.name, found, keep_active=keep_active).run(alike)
        except (UnreadableWorkbook, ET.ParseError, ValueError) as error:
            fix = getattr(error, "fix", "")
            raise WorkbookError([Diagnostic(Place(str(copy.path)), f"a sheet that was added cannot be read: {error}", fix)]) from None
    return found


def _said(located: Located, name: str) -> object:
    """Return what the cells of a sheet hold, but for results."""
    held = {at: cell for at, cell in located.contents[name].items() if cell.is_formula or cell.value is not None}
    return {at: located.formula(spot_of(name, at)) if cell.is_formula else cell.value for at, cell in held.items()}


class _Reader:
    """Takes the own sheets of one file."""

    def __init__(
        self, package: Package, located: Located, references: References, file: str, found: OwnSheets, *, keep_active: bool
    ) -> None:
        self.package, self.located, self.references = package, located, references
        self.names, self.file, self.found = references.own, file, found
        self.sheet, self.keep_active = "", keep_active

    def run(self, known: Collection[str]) -> None:
        """Take all sheets but those that are ``known``."""
        main = self.package.workbook_part()
        formats = read_formats(self.package) if self.names.keys() - known else ET.Element("styleSheet")
        states = {item.get("name", ""): item.get("state", "") for item in self.package.elements(main, "sheet")}
        behind = ""
        for part in self.package.worksheets():
            if part.name in self.names and part.name not in known:
                self.sheet, self.outside = part.name, self.package.outside(part.path)
                root = self.tree(part.path)
                related = self.related(part.path, root)
                kept = {link.get("r:id", "") for link in root.iter("hyperlink")} & self.outside.keys()
                related |= {name: Part("hyperlink", "", b"", outside=self.outside[name]) for name in sorted(kept)}
                state = "hidden" if states.get(part.name) in {"hidden", "veryHidden"} else ""
                self.found.sheets.append(OwnSheet(self.names[part.name], behind, state, root, formats, related))
            now = self.names.get(part.name) or self.built(part.name)
            behind = now if now in self.references.book.layout.sheets or part.name in self.names else behind
        self.defined(main)

    def built(self, name: str) -> str:
        """Return what a sheet of the model was built as."""
        return next((built for built, now in self.located.sheets.items() if now == name), "")

    def lose(self, kind: str, address: str, text: str = "") -> None:
        self.found.lost.append(self.told(kind, address, text))

    def told(self, kind: str, address: str, text: str) -> Loss:
        place = f"{quoted(self.sheet)}!{address}" if address else f"sheet '{self.sheet}'" if self.sheet else ""
        return Loss(kind, ": ".join(filter(None, (self.file, place))), text)

    def is_kept(self, formula: str, address: str) -> bool:
        """Whether a formula stays one: it reaches nothing outside, or what is to be kept, which is then listed."""
        if not ACTIVE.search(formula):
            return True
        if not self.keep_active or NEVER_KEPT.search(formula):
            return False
        self.found.active.append(self.told("active formula", address, f"={formula}"))
        return True

    def followed(self, formula: str, address: str) -> str:
        """Return a formula with its references in the new book; tell those that are gone."""
        found = self.references.follow(formula)
        for what in found.gone:
            self.lose("reference", address, f"read {what}, which is gone: #REF!")
        return found.text

    def tree(self, path: str) -> Element:
        """Return the tree of a sheet as it is to be written."""
        root = read_tree(self.package, path)
        gone = keep(root, KEPT)
        if "picture" in gone:
            self.lose("background picture", "")
        if "extLst" in gone:
            self.lose("extension", "", "such as sparklines, and rules that read other sheets as newer programs write them")
        for parent in list(root.iter()):
            keep(parent, {child.tag for child in parent} - {"extLst"})
        for view in root.iter("sheetView"):
            view.attrib.pop("tabSelected", None)
        for setup in root.iter("pageSetup"):
            setup.attrib.pop("r:id", None)
        self.links(root)
        for row in root.iter("row"):
            for element in row.findall("c"):
                self.cell(element)
        for element in [*root.iter("formula"), *root.iter("formula1"), *root.iter("formula2")]:
            element.text = self.ruled(element.text or "")
        return root

    def ruled(self, formula: str) -> str:
        """Return the formula of a rule: of one that reaches outside, that it never holds."""
        if not ACTIVE.search(formula):
            return self.followed(formula, "")
        self.lose("active formula", "", f"={formula}, of a rule")
        return "FALSE"

    def links(self, root: Element) -> None:
        """Leave out links that lead out of the file, unless they are to be kept."""
        for links in root.findall("hyperlinks"):
            for link in [link for link in links if link.get("r:id")]:
                if target := self.outside.get(link.get("r:id", "")) if self.keep_active else "":
                    self.found.active.append(self.told("external link", link.get("ref", ""), target))
                    continue
                self.lose("external link", link.get("ref", ""))
                links.remove(link)
            if not len(links):
                root.remove(links)

    def cell(self, element: Element) -> None:
        """Write one cell anew: a constant, or a formula without its result, which every program works out when it opens the file."""
        address = element.get("r", "")
        held = self.located.contents[self.sheet].get(address)
        form = element.find("f")
        is_array = form is not None and form.get("t") == "array"
        region = form.get("ref", address) if form is not None else address
        style = element.get("s")
        for child in list(element):
            element.remove(child)
        element.attrib.clear()
        element.set("r", address)
        if style is not None:
            element.set("s", style)
        if held is None:
            return
        formula = self.located.formula(spot_of(self.sheet, address)) if held.is_formula else ""
        if formula and not self.is_kept(formula, address):
            self.lose("active formula", address, f"={formula}: its value was kept")
        elif formula:
            written = ET.SubElement(element, "f", {"t": "array", "ref": region} if is_array else {})
            written.text = self.followed(formula, address)
            return
        write_constant(element, held)

    def related(self, path: str, root: Element) -> dict[str, Part]:
        """Return the parts that a sheet refers to, by id; what cannot be carried is taken out of the tree."""
        named = {element.get("r:id", ""): element for tag in ("drawing", "legacyDrawing") for element in root.findall(tag)}
        reader = PartReader(
            self.package, lambda formula: self.followed(formula, ""), lambda: self.lose("external link", "", "of a picture or a shape")
        )
        parts = reader.parts(path)
        for name, element in named.items():
            if name not in parts:
                root.remove(element)
                self.lose("drawing", "")
        comments = {name: part for name, part in parts.items() if part.kind == "comments"}
        if comments and not any(parts[name].kind == "vmlDrawing" for name in named if name in parts):
            self.lose("comment", "")
            parts = {name: part for name, part in parts.items() if name not in comments}
        return {name: part for name, part in parts.items() if name in named or part.kind == "comments"}

    def defined(self, main: str) -> None:
        """Take the names that people defined: those of the workbook, and those of own sheets alone."""
        order = [item.get("name", "") for item in self.package.elements(main, "sheet")]
        built = {name.replace(".", "_").lower() for name in (*self.located.baseline.inputs, *self.located.baseline.headlines)}
        for element in self.package.marked(main, {"definedName"}):
            name, local = element.attributes.get("name", ""), element.attributes.get("localSheetId", "")
            self.sheet = order[int(local)] if local.isdecimal() and int(local) < len(order) else ""
            is_own = self.sheet in self.names if self.sheet else not (name.lower() in built or name.startswith("_"))
            if is_own:
                self.name(name, element.text)

    def name(self, name: str, formula: str) -> None:
        """Take a name, unless it reaches outside, or stands for something else already."""
        if ACTIVE.search(formula):
            self.lose("defined name", "", f"{name} = {formula}")
            return
        new = OwnName(name, self.names.get(self.sheet, ""), self.followed(formula, ""))
        known = {item.name.lower(): item for item in self.found.names if item.sheet == new.sheet}
        is_model = not self.sheet and name.lower() in map(str.lower, self.references.book.layout.names)
        if is_model or known.get(name.lower(), new).text != new.text:
            self.lose("defined name", "", f"{name} = {formula}: the name stands for something else")
        elif name.lower() not in known:
            self.found.names.append(new)


def write_constant(element: Element, held: Cell) -> None:
    """Write the value of a cell."""
    value = held.value
    if value is None:
        return
    if isinstance(value, bool):
        element.set("t", "b")
        ET.SubElement(element, "v").text = str(int(value))
    elif isinstance(value, CellError):
        element.set("t", "e")
        ET.SubElement(element, "v").text = value.kind
    elif isinstance(value, str):
        element.set("t", "inlineStr")
        text = ET.SubElement(ET.SubElement(element, "is"), "t", {"xml:space": "preserve"})
        text.text = _ESCAPABLE.sub("_x005F_x", value)
    else:
        ET.SubElement(element, "v").text = f"{value:.17G}"
