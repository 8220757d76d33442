"""Parts of an edited file that its sheets refer to, as a new file takes them: drawings, charts, pictures, comments."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING, NamedTuple

from workbook.xlsx.parts import CARRIED, PICTURES, Part

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from workbook.xlsx.package import Package

_CHARTED = re.compile(rb"(<(?:\w+:)?f>)([^<]*)(</(?:\w+:)?f>)")
_EXTERNAL_DATA = re.compile(rb"<(?:\w+:)?externalData\b.*?(?:/>|</(?:\w+:)?externalData>)", re.DOTALL)
_SHOWN = re.compile(rb"""( textlink=["'])([^"']+)(["'])""")
CLICKS = re.compile(rb"<(?:\w+:)?hlink(?:Click|Hover)\b[^>]*?(?:/>|>.*?</(?:\w+:)?hlink(?:Click|Hover)>)", re.DOTALL)


class PartReader(NamedTuple):
    """Reads parts of a package: ``followed`` returns a formula as the new file has it, ``lose`` is called for links to the outside."""

    package: Package
    followed: Callable[[str], str]
    lose: Callable[[], None]

    def parts(self, path: str, above: tuple[str, ...] = (), wanted: Container[str] | None = None) -> dict[str, Part]:
        """Return the parts that a part refers to, by id (those ``wanted``), with theirs; none that leads back, or is not carried."""
        found = {}
        for name, (kind, target) in (self.package.relationships(path) if self.package.has_relationships(path) else {}).items():
            suffix = target.rpartition(".")[2].lower()
            if kind not in CARRIED or not self.package.has(target) or (kind == "image" and suffix not in PICTURES):
                continue
            if target in above or (wanted is not None and name not in wanted):
                continue
            related = self.parts(target, (*above, path, target))
            data = self.package.read(target)
            if kind != "image":
                self.package.marked(target, ())  # refuses document types and what is no XML
                data = self.rewritten(kind, target, data)
            needed = self.package.relationships(target) if self.package.has_relationships(target) else {}
            if kind == "drawing" and needed.keys() != related.keys():
                continue  # it would refer to a part that is not there
            found[name] = Part(kind, suffix, data, related)
        return found

    def rewritten(self, kind: str, target: str, data: bytes) -> bytes:
        """Return a chart with its references in the new book, and a drawing without links to the outside."""
        if kind == "chart":
            data = _EXTERNAL_DATA.sub(b"", data)
            return _CHARTED.sub(lambda match: match[1] + self.charted(match[2]) + match[3], data)
        if kind != "drawing":
            return data
        if self.package.outside(target):
            self.lose()
            data = CLICKS.sub(b"", data)
        return self.linked(data)

    def linked(self, drawn: bytes) -> bytes:
        """Return a drawing, or a part of one, whose shapes show the text of the cells that they did."""
        return _SHOWN.sub(lambda match: match[1] + self.charted(match[2]) + match[3], drawn)

    def charted(self, text: bytes) -> bytes:
        """Return a formula of a chart in the new book."""
        return escape(self.followed(unescape(text.decode())), quote=False).encode()
