"""Worksheets of one package set into another, with their formats, drawings, charts, pictures and comments."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape
from typing import TYPE_CHECKING

from workbook.xlsx.package import CONTENT_TYPES
from workbook.xlsx.parts import DEFAULTS, OFFICE, AddedParts
from workbook.xlsx.sheet_formats import with_areas, with_formats
from workbook.xlsx.style_sheets import StyleSheet
from workbook.xlsx.trees import parse_tree, write_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from xml.etree.ElementTree import Element

    from workbook.xlsx.parts import Part
    from workbook.xlsx.sheet_formats import SheetFormats

WORKBOOK, STYLES = "xl/workbook.xml", "xl/styles.xml"
_BOOK_LINKS = "xl/_rels/workbook.xml.rels"


@dataclass(slots=True)
class OwnSheet:
    """A worksheet to set in: its name, the sheet that it follows (empty: it is the first), its tree, and what it brings along.

    ``styles`` are the formats of its file; the tree's cells, columns and rows have the places of theirs there.
    """

    name: str
    behind: str
    state: str
    root: Element
    styles: Element
    related: dict[str, Part] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OwnName:
    """A defined name, the sheet that it is of (empty: the workbook), and the formula that it names."""

    name: str
    sheet: str
    text: str


def graft(
    written: Mapping[str, bytes], sheets: Sequence[OwnSheet], names: Iterable[OwnName], formats: Mapping[str, SheetFormats]
) -> dict[str, bytes]:
    """Return the parts of a file as written here with worksheets and defined names added, its own with other formats."""
    parts = dict(written)
    styles = StyleSheet(parse_tree(parts[STYLES]))
    added = AddedParts(parts)
    order = re.findall(r'<sheet name="([^"]*)"', parts[WORKBOOK].decode())
    for number, name in enumerate(order, 1):
        if changed := formats.get(unescape(name)):
            path = f"xl/worksheets/sheet{number}.xml"
            parts[path] = with_formats(parts[path].decode(), changed, styles).encode()
            added.draw(path, changed.drawn)
            parts[WORKBOOK] = with_areas(parts[WORKBOOK].decode(), unescape(name), number - 1, changed).encode()
    for number, sheet in enumerate(sheets, 1):
        _restyle(sheet, styles)
        path = f"xl/worksheets/own{number}.xml"
        added.part(path, "worksheet", write_tree(sheet.root), sheet.related)
    parts[STYLES] = write_tree(styles.root)
    parts[CONTENT_TYPES] = _with_types(parts[CONTENT_TYPES].decode(), added).encode()
    parts[_BOOK_LINKS] = _with_links(parts[_BOOK_LINKS].decode(), len(sheets)).encode()
    parts[WORKBOOK] = _with_sheets(parts[WORKBOOK].decode(), order, sheets, list(names)).encode()
    return parts


def _restyle(sheet: OwnSheet, styles: StyleSheet) -> None:
    """Give cells, rows and columns, and conditional formats, the places that their formats have in the new file."""
    known: dict[str, str] = {}
    for tag, attribute in (("c", "s"), ("row", "s"), ("col", "style")):
        for element in sheet.root.iter(tag):
            index = element.get(attribute)
            if index is not None:
                if index not in known:
                    known[index] = str(styles.take(sheet.styles, int(index) if index.isdecimal() else 0))
                element.set(attribute, known[index])
    for rule in sheet.root.iter("cfRule"):
        index = rule.get("dxfId")
        if index is not None:
            taken = styles.take_rule(sheet.styles, int(index) if index.isdecimal() else -1)
            rule.attrib.pop("dxfId") if taken is None else rule.set("dxfId", str(taken))


def _with_types(text: str, added: AddedParts) -> str:
    defaults = "".join(
        f'<Default Extension="{suffix}" ContentType="{DEFAULTS[suffix]}"/>'
        for suffix in sorted(added.suffixes)
        if f'Extension="{suffix}"' not in text
    )
    overrides = "".join(f'<Override PartName="/{path}" ContentType="{kind}"/>' for path, kind in added.types.items())
    begin = text.index("<Override")
    return f"{text[:begin]}{defaults}{text[begin:]}".replace("</Types>", f"{overrides}</Types>")


def _with_links(text: str, count: int) -> str:
    links = "".join(
        f'<Relationship Id="own{number}" Type="{OFFICE}/worksheet" Target="worksheets/own{number}.xml"/>' for number in range(1, count + 1)
    )
    return text.replace("</Relationships>", f"{links}</Relationships>")


def _with_sheets(text: str, order: list[str], sheets: Sequence[OwnSheet], names: list[OwnName]) -> str:
    """Return the main part with sheets where they stand, and with names; what is counted by sheets is counted again."""
    elements = dict(zip(order, re.findall(r"<sheet [^>]*/>", text), strict=True))
    placed = list(order)
    for number, sheet in enumerate(sheets, 1):
        shown, state = escape(sheet.name), f' state="{sheet.state}"' if sheet.state else ""
        elements[shown] = f'<sheet name="{shown}" sheetId="{len(order) + number}"{state} r:id="own{number}"/>'
        behind = escape(sheet.behind)
        at = placed.index(behind) + 1 if behind in placed else 0 if not behind else len(placed) - 1
        while at < len(placed) and placed[at] not in order:
            at += 1
        placed.insert(at, shown)
    text = re.sub(r"<sheets>.*</sheets>", lambda _: f"<sheets>{''.join(elements[name] for name in placed)}</sheets>", text)
    text = re.sub(r'localSheetId="(\d+)"', lambda found: f'localSheetId="{placed.index(order[int(found[1])])}"', text)
    told = "".join(
        f'<definedName name="{escape(item.name)}"'
        + (f' localSheetId="{placed.index(escape(item.sheet))}"' if item.sheet else "")
        + f">{escape(item.text, quote=False)}</definedName>"
        for item in names
    )
    return text.replace("</definedNames>", f"{told}</definedNames>") if told else text
