"""What a file holds besides cells and charts: comments, pictures, shapes, links to outside, embedded objects, macros."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workbook.xlsx.a1 import column_letters
from workbook.xlsx.package import Package, UnreadableWorkbook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbook.xlsx.package import Element

THREAD = "threadedComment"
COMMENT, THREADED, PICTURE, SHAPE, LINK = "comment", "threaded comment", "picture", "shape", "external link"
_DRAWN = {"pic": PICTURE, "sp": SHAPE, "cxnSp": SHAPE}
_EMBEDDED = {
    "oleObject": "embedded object",
    "package": "embedded object",
    "control": "control",
    "pivotTable": "pivot table",
    "slicer": "slicer",
    "timeline": "timeline",
    "table": "table",
    "externalLink": "workbook link",
    "vbaProject": "macro project",
    "xlMacrosheet": "macro sheet",
    "chartsheet": "chart sheet",
    "dialogsheet": "dialog sheet",
    "connections": "data connection",
}
_CORNER = 2  # numbers of a cell


class Extra(NamedTuple):
    """One of these: its kind, the sheet (empty for the file as a whole) and cell where it has them, its text or name, and who wrote it."""

    kind: str
    sheet: str = ""
    address: str = ""
    text: str = ""
    author: str = ""


def read_extras(path: Path) -> list[Extra]:
    """Return them sheet by sheet. Raises UnreadableWorkbook for a damaged or hostile file and OSError for a missing one."""
    with Package(path) as package:
        try:
            found = [extra for sheet in package.worksheets() for extra in _of_sheet(package, sheet.name, sheet.path)]
        except ValueError as error:
            if isinstance(error, UnreadableWorkbook):
                raise
            message = f"what the file says of its comments and drawings is damaged: {error}"
            raise UnreadableWorkbook(message) from error
        found += [Extra(_EMBEDDED[kind], text=target) for kind, target in package.related(package.workbook_part()) if kind in _EMBEDDED]
        return found


def _of_sheet(package: Package, sheet: str, path: str) -> Iterator[Extra]:
    related = package.related(path)
    threads = [element for kind, target in related if kind == THREAD for element in package.marked(target, {"threadedComment", "text"})]
    notes = [element for kind, target in related if kind == "comments" for element in package.marked(target, {"author", "comment", "t"})]
    own = list(_comments(sheet, THREADED, threads))
    places = {extra.address for extra in own}
    yield from own
    # Programs that know no threads are given each as a comment, too.
    yield from (extra for extra in _comments(sheet, COMMENT, notes) if extra.address not in places)
    for kind, target in related:
        if kind == "drawing":
            yield from _drawn(package, sheet, target)
        elif kind in _EMBEDDED:
            yield Extra(_EMBEDDED[kind], sheet, text=target.rpartition("/")[2])
    outside = package.outside(path)
    for given in package.elements(path, "hyperlink") if outside else ():
        if given.get("id", "") in outside:
            yield Extra(LINK, sheet, given.get("ref", "").partition(":")[0], outside[given["id"]])


def _comments(sheet: str, kind: str, elements: list[Element]) -> Iterator[Extra]:
    """Yield the comments of a sheet: elements with a cell each, and the pieces of their texts after them."""
    authors: list[str] = []
    found: list[tuple[str, str, list[str]]] = []
    for tag, given, text in elements:
        if tag == "author":
            authors.append(text)
        elif "ref" in given:
            found.append((given["ref"], given.get("authorId", ""), []))
        elif found and tag in {"t", "text"}:
            found[-1][2].append(text)
    by_number = {str(number): author for number, author in enumerate(authors)}
    yield from (Extra(kind, sheet, address, "".join(pieces), by_number.get(author, "")) for address, author, pieces in found)


def _drawn(package: Package, sheet: str, drawing: str) -> Iterator[Extra]:
    """Yield the pictures and shapes of a drawing, each with the cell of its upper left corner if it is fixed to one."""
    corner: list[int] = []
    kind = ""
    for tag, given, text in package.marked(drawing, {*_DRAWN, "from", "row", "col", "graphicFrame", "cNvPr"}):
        if tag == "from":
            corner, kind = [], ""
        elif tag in {"row", "col"}:
            corner += [int(text)] if len(corner) < _CORNER else []
        elif tag == "cNvPr":
            address = f"{column_letters(corner[0])}{corner[1] + 1}" if len(corner) == _CORNER else ""
            if kind:
                yield Extra(kind, sheet, address, given.get("name", ""))
            kind = ""
        else:
            kind = _DRAWN.get(tag, "")
