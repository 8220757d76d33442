"""Charts, pictures and shapes that a team put on sheets of the model: each goes with the table that it is on, next to or below."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree as ET

from workbook.changes.differences import Loss
from workbook.changes.sheets import is_account_sheet
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record.fingerprints import Spot
from workbook.roundtrip.looked import own_charts
from workbook.roundtrip.own_parts import CLICKS, PartReader
from workbook.xlsx.a1 import quoted
from workbook.xlsx.extras import PICTURE, SHAPE
from workbook.xlsx.package import Package, UnreadableWorkbook
from workbook.xlsx.parts import Drawn
from workbook.xlsx.sheet_formats import SheetFormats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from workbook.roundtrip.copies import Copy
    from workbook.roundtrip.followed import References

CHART = "chart"
Taken = set[tuple[str, Spot]]
_ANCHOR = re.compile(rb"<((?:\w+:)?(?:two|one)CellAnchor)\b([^>]*)>.*?</\1>", re.DOTALL)
_ENDS = re.compile(rb"<((?:\w+:)?(?:from|to))>.*?</\1>", re.DOTALL)
_LINE = re.compile(rb"(<(?:\w+:)?(col|row)>)\s*([0-9]+)\s*(?=<)")
_ID = re.compile(rb"""( \w+:(?:id|embed|link|pict)=)["']([^"']*)["']""")
_ROOT = re.compile(rb"<(?:\w+:)?wsDr\b([^>]*)>")
_SPACE = re.compile(rb"""xmlns(?::(\w+))?=["']([^"']*)["']""")
_CHARTS = re.compile(rb"<(?:\w+:)?chart\s")
_KINDS = {PICTURE: re.compile(rb"<(?:\w+:)?pic>"), SHAPE: re.compile(rb"<(?:\w+:)?(?:sp|cxnSp)\b")}
_UNKNOWN = re.compile(rb"<(?:\w+:)?(?:AlternateContent|contentPart)\b")


class _Anchor(NamedTuple):
    """What is drawn at one place: its XML, the cell of its upper left corner, and the numbers of the charts in it."""

    data: bytes
    corner: Spot
    charts: range

    @property
    def marks(self) -> Taken:
        """Return by what a list of what is left behind names it."""
        kinds = {(kind, self.corner) for kind, drawn in _KINDS.items() if drawn.search(self.data)}
        return kinds | {(CHART, Spot(self.corner.sheet, number, 0)) for number in self.charts}


def carried_drawings(
    copies: Sequence[Copy], followed: Sequence[References], formats: dict[str, SheetFormats]
) -> tuple[list[Taken], list[Loss]]:
    """Set what was drawn on sheets of the model into ``formats`` of a new book; return for each copy what that is, and what it lost.

    ``followed`` finds by copy where its cells are there. The same in several copies is there once. Raises WorkbookError for a file that is
    damaged.
    """
    taken: list[Taken] = []
    lost: list[Loss] = []
    for copy, references in zip(copies, followed, strict=True):
        try:
            with Package(copy.path) as package:
                reader = _Reader(package, copy, references)
                left: Taken = set()
                taken.append(set())
                for anchor, sheet, drawn in reader.found():
                    (taken[-1] if drawn else left).update(anchor.marks)
                    known = formats.setdefault(sheet, SheetFormats()).drawn if drawn else []
                    if drawn and not any(_is_same(drawn, other) for other in known):
                        known.append(drawn)
                taken[-1] -= left
                lost += reader.lost
        except (UnreadableWorkbook, ValueError) as error:
            fix = getattr(error, "fix", "")
            raise WorkbookError([Diagnostic(Place(str(copy.path)), f"a drawing that was added cannot be read: {error}", fix)]) from None
    return taken, lost


def _is_same(one: Drawn, other: Drawn) -> bool:
    """Whether two are the same but for how programs write them: at one cell, of the same kinds, with the same formulas and pictures."""
    return _said(one) == _said(other)


def _said(drawn: Drawn) -> tuple[object, ...]:
    corner = [line[3] for line in _LINE.finditer(drawn.data)][:2]
    parts = [(part.kind, re.findall(rb"<(?:\w+:)?f>([^<]*)<", part.data) if part.kind == CHART else part.data) for part in drawn.related]
    texts = re.findall(rb"<(?:\w+:)?t>([^<]*)<", drawn.data)
    return corner, [kind for kind, is_in in _KINDS.items() if is_in.search(drawn.data)], texts, parts


class _Reader:
    """Takes what is drawn on the sheets of the model in one file."""

    def __init__(self, package: Package, copy: Copy, references: References) -> None:
        self.package, self.copy, self.references = package, copy, references
        self.lost: list[Loss] = []
        self.sheet = ""

    def found(self) -> Iterator[tuple[_Anchor, str, Drawn | None]]:
        """Yield what people drew, and the sheet where it goes and how it is written there; None where it has no place."""
        for part in self.package.worksheets():
            name = self.references.built_as(part.name)
            if not name or name not in self.copy.looked.built or is_account_sheet(name):
                continue
            self.sheet, count = part.name, 0
            looked = self.copy.looked
            own = own_charts(looked.saved.sheets[part.name], looked.built[name], looked.located)
            for target, spaces, match in self.anchors(part.path):
                corner = [int(line[3]) for line in _LINE.finditer(match[0])][:2]
                charts = range(count, count + len(_CHARTS.findall(match[0])))
                count = charts.stop
                if len(corner) < len("ab") or (charts and not own.issuperset(charts)):
                    continue
                anchor = _Anchor(match[0], Spot(self.sheet, corner[1], corner[0]), charts)
                now = self.references.place(anchor.corner)
                yield anchor, now.sheet if now else "", self.drawn(anchor, now, target, _spaced(match, spaces)) if now else None

    def anchors(self, path: str) -> Iterator[tuple[str, Sequence[tuple[bytes, bytes]], re.Match[bytes]]]:
        """Yield what is drawn on a sheet: the path of the drawing, the prefixes that it declares, and each place."""
        for target in [target for kind, target in self.package.related(path) if kind == "drawing"]:
            self.package.marked(target, ())  # refuses document types and what is no XML
            data = self.package.read(target)
            root = _ROOT.search(data)
            yield from ((target, _SPACE.findall(root[1]) if root else [], match) for match in _ANCHOR.finditer(data))

    def drawn(self, anchor: _Anchor, now: Spot, target: str, data: bytes) -> Drawn | None:
        """Return an anchor as it is to be written: None for one that refers to what is not carried."""
        reader = PartReader(self.package, self.followed, lambda: None)
        data, unlinked = CLICKS.sub(b"", data), data
        wanted = dict.fromkeys(match[2].decode() for match in _ID.finditer(data))
        related = reader.parts(target, wanted=wanted) if wanted else {}
        if wanted.keys() != related.keys() or _UNKNOWN.search(data) or not anchor.marks:
            return None
        if data != unlinked:
            self.lose("external link", f"{anchor.corner.address}", "of a picture or a shape")
        places = {name: place for place, name in enumerate(wanted)}
        data = _ID.sub(lambda match: match[1] + b'"own:%d"' % places[match[2].decode()], data)
        steps = {b"row": now.row - anchor.corner.row, b"col": now.column - anchor.corner.column}
        moved = _ENDS.sub(lambda end: _LINE.sub(lambda line: line[1] + b"%d" % max(int(line[3]) + steps[line[2]], 0), end[0]), data)
        return Drawn(reader.linked(moved), tuple(related[name] for name in wanted))

    def followed(self, formula: str) -> str:
        """Return a formula with its references in the new book; note those that are gone."""
        found = self.references.follow(formula)
        for what in found.gone:
            self.lose("reference", "", f"read {what}, which is gone: #REF!")
        return found.text

    def lose(self, kind: str, address: str, text: str) -> None:
        place = f"{quoted(self.sheet)}!{address}" if address else f"sheet '{self.sheet}'"
        self.lost.append(Loss(kind, f"{self.copy.name}: {place}" if self.copy.name else place, text))


def _spaced(anchor: re.Match[bytes], spaces: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return an anchor that declares itself what prefixes in it stand for, as it is to stand in another drawing."""
    if _is_whole(anchor[0]):
        return anchor[0]
    known = {prefix for prefix, _ in _SPACE.findall(anchor[2])}
    used = {*re.findall(rb"[<\s](\w+):", anchor[0]), *([] if b":" in anchor[1] else [b""])} - known
    new = [b' xmlns%s="%s"' % (b":" + prefix if prefix else b"", name) for prefix, name in spaces if prefix in used]
    return b"<" + anchor[1] + b"".join(new) + anchor[0][len(anchor[1]) + 1 :]


def _is_whole(anchor: bytes) -> bool:
    """Whether all that stands for a namespace in an anchor is declared in it."""
    try:
        return str(ET.fromstring(anchor).tag).startswith("{")  # noqa: S314 of a part without a document type
    except ET.ParseError:
        return False
