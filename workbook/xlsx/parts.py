"""Parts that are added to a package which this one wrote: what sheets bring along, and what is drawn on them."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CHARTS = "http://schemas.microsoft.com/office/2011/relationships"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NO_LINKS = f'{_HEAD}<Relationships xmlns="{_LINKS}"></Relationships>'.encode()
_DRAWINGS = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_END = b"</xdr:wsDr>"
_NOTHING_DRAWN = f'{_HEAD}<xdr:wsDr xmlns:xdr="{_DRAWINGS}">'.encode() + _END
_AFTER_DRAWING = re.compile(rb"<legacyDrawing\b|<tableParts\b|<extLst\b|</worksheet>")
_OWN_ID = re.compile(rb'"own:([0-9]+)"')
_TYPES = {
    "worksheet": "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml",
    "drawing": "application/vnd.openxmlformats-officedocument.drawing+xml",
    "chart": "application/vnd.openxmlformats-officedocument.drawingml.chart+xml",
    "comments": "application/vnd.openxmlformats-officedocument.spreadsheetml.comments+xml",
    "chartStyle": "application/vnd.ms-office.chartstyle+xml",
    "chartColorStyle": "application/vnd.ms-office.chartcolorstyle+xml",
}
DEFAULTS = {
    "vml": "application/vnd.openxmlformats-officedocument.vmlDrawing",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "emf": "image/x-emf",
}
PICTURES = tuple(suffix for suffix in DEFAULTS if suffix != "vml")
CARRIED = ("drawing", "comments", "vmlDrawing", "chart", "image", "chartStyle", "chartColorStyle")
"""Kinds of parts that a sheet may bring along."""


@dataclass(slots=True)
class Part:
    """A part that a sheet brings along: its kind, the ending of its name, its bytes, and by id what it refers to itself.

    One that is ``outside`` is no part, but the address of a link.
    """

    kind: str
    suffix: str
    data: bytes
    related: dict[str, Part] = field(default_factory=dict)
    outside: str = ""


class Drawn(NamedTuple):
    """What is drawn at one place of a sheet: its XML, in which ids are the places of what it refers to, counted from 0 after ``own``."""

    data: bytes
    related: tuple[Part, ...]


class AddedParts:
    """Parts that are added, under names that no other part has."""

    def __init__(self, parts: dict[str, bytes]) -> None:
        self.parts = parts
        self.types: dict[str, str] = {}
        self.suffixes: set[str] = set()
        self._count = 0

    def part(self, path: str, kind: str, data: bytes, related: dict[str, Part]) -> None:
        """Add a part and those that it refers to."""
        self.parts[path] = data
        if kind in _TYPES:
            self.types[path] = _TYPES[kind]
        self.link(path, [self._linked(name, other) for name, other in related.items()])

    def link(self, path: str, links: Sequence[str]) -> None:
        """Add to what a part refers to."""
        if not links:
            return
        folder, _, last = path.rpartition("/")
        name = f"{folder}/_rels/{last}.rels"
        old = self.parts.get(name, _NO_LINKS).decode()
        self.parts[name] = old.replace("</Relationships>", f"{''.join(links)}</Relationships>").encode()

    def _linked(self, name: str, other: Part) -> str:
        """Add a part; return the reference to it by a name."""
        if other.outside:
            to = f'Target="{escape(other.outside)}" TargetMode="External"'
            return f'<Relationship Id="{escape(name)}" Type="{OFFICE}/{other.kind}" {to}/>'
        self._count += 1
        target = f"xl/own/{other.kind}{self._count}.{other.suffix}"
        if other.suffix in DEFAULTS:
            self.suffixes.add(other.suffix)
        family = _CHARTS if other.kind.startswith("chart") and other.kind != "chart" else OFFICE
        self.part(target, other.kind, other.data, other.related)
        return f'<Relationship Id="{escape(name)}" Type="{family}/{other.kind}" Target="/{target}"/>'

    def draw(self, path: str, drawn: Sequence[Drawn]) -> None:
        """Add to the drawing of a sheet, behind what it has; a sheet without a drawing gets one."""
        if not drawn:
            return
        drawing = self._drawing(path)
        count = 0
        for item in drawn:
            first = count
            data = _OWN_ID.sub(lambda match, first=first: b'"own%d"' % (first + int(match[1])), item.data)  # type: ignore[misc] # its default
            self.parts[drawing] = self.parts[drawing].replace(_END, data + _END)
            self.link(drawing, [self._linked(f"own{first + place}", part) for place, part in enumerate(item.related)])
            count += len(item.related)

    def _drawing(self, path: str) -> str:
        """Return the path of the drawing of a sheet, a new one where it has none."""
        folder, _, last = path.rpartition("/")
        links = self.parts.get(f"{folder}/_rels/{last}.rels", b"").decode()
        found = re.search(r'/drawing" Target="([^"]*)"', links)
        if found:
            return posixpath.normpath(posixpath.join(folder, found[1]))
        self._count += 1
        drawing = f"xl/own/drawing{self._count}.xml"
        self.part(drawing, "drawing", _NOTHING_DRAWN, {})
        self.link(path, [f'<Relationship Id="own" Type="{OFFICE}/drawing" Target="/{drawing}"/>'])
        self.parts[path] = _AFTER_DRAWING.sub(rb'<drawing r:id="own"/>\g<0>', self.parts[path], count=1)
        return drawing
