"""Parts of a package as trees of plain names, to be changed and written again: no namespaces of programs' own, no document types."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from collections.abc import Container
    from xml.etree.ElementTree import Element

    from workbook.xlsx.package import Package

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT = ("http://purl.oclc.org/ooxml/spreadsheetml/main", "http://purl.oclc.org/ooxml/officeDocument/relationships")
_SPACE = "{http://www.w3.org/XML/1998/namespace}"
_ID = "r:id"


def read_tree(package: Package, part: str) -> Element:
    """Return a part with the elements of spreadsheets only, by their plain names.

    References to other parts are attributes ``r:id``. Raises UnreadableWorkbook for what is no XML, declares a document type, or is
    nested too deeply.
    """
    package.marked(part, ())  # refuses what a parser that builds trees would believe
    return _plain(ET.fromstring(package.read(part)))  # noqa: S314 as above


def read_formats(package: Package) -> Element:
    """Return the tree of a file's formats, empty where it has none; raises UnreadableWorkbook as ``read_tree`` does."""
    part = next((target for kind, target in package.related(package.workbook_part()) if kind == "styles"), "")
    return read_tree(package, part) if part else ET.Element("styleSheet")


def parse_tree(data: bytes) -> Element:
    """Return a part that this package wrote, as ``read_tree`` does."""
    return _plain(ET.fromstring(data))  # noqa: S314 our own file


def _plain(element: Element) -> Element:
    found = ET.Element(element.tag.rpartition("}")[2], _attributes(element))
    found.text = element.text
    for child in element:
        if child.tag.startswith((f"{{{MAIN}}}", f"{{{STRICT[0]}}}")):
            found.append(_plain(child))
    return found


def _attributes(element: Element) -> dict[str, str]:
    found = {}
    for name, value in element.attrib.items():
        space, _, plain = name.rpartition("}")
        if not space:
            found[name] = value
        elif space in {f"{{{RELATED}", f"{{{STRICT[1]}"} and plain == "id":
            found[_ID] = value
        elif name.startswith(_SPACE):
            found[f"xml:{plain}"] = value
    return found


def write_tree(root: Element) -> bytes:
    """Return the XML of a part."""
    root.set("xmlns", MAIN)
    root.set("xmlns:r", RELATED)
    text: str = ET.tostring(root, "unicode")
    return f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n{text}'.encode()


def keep(root: Element, wanted: Container[str]) -> list[str]:
    """Remove all direct children but those wanted; return the names of what went, each once."""
    gone = [child for child in root if child.tag not in wanted]
    for child in gone:
        root.remove(child)
    return list(dict.fromkeys(child.tag for child in gone))
