"""How a team set up sheets of the model: zoom, frozen panes, filters, print areas and protection, as a new file has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.record.fingerprints import Spot
from workbook.roundtrip.looked import FILTER, FROZEN, PRINTED, ZOOM
from workbook.xlsx.package import Package
from workbook.xlsx.saved import PROTECTION as MAY_FORBID
from workbook.xlsx.saved import area_of
from workbook.xlsx.trees import keep, read_tree

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from workbook.roundtrip.followed import References
    from workbook.xlsx.saved import SavedSheet
    from workbook.xlsx.sheet_formats import SheetFormats

_BETWEEN = re.compile(r",(?=(?:[^']*'[^']*')*[^']*$)")  # commas in names of sheets stand between apostrophes


class Views:
    """Takes how the sheets of one file are set up."""

    def __init__(self, path: Path, references: References) -> None:
        self.path, self.references = path, references

    def follows(self, kind: str, sheet: SavedSheet) -> bool:
        """Whether what a sheet is set up with has a place in the new book."""
        return {
            FROZEN: lambda: self.frozen(sheet) is not None,
            FILTER: lambda: self.filtered(sheet) is not None,
            PRINTED: lambda: self.printed(sheet) is not None,
        }.get(kind, lambda: True)()

    def area(self, sheet: SavedSheet, text: str) -> str | None:
        """Return where an area of a sheet stands; None for one that is gone, or not whole on its sheet."""
        try:
            top, left, bottom, right = area_of(text)
        except ValueError:
            return None
        ends = [self.references.place(Spot(sheet.name, *corner)) for corner in ((top, left), (bottom, right))]
        name = self.references.built_as(sheet.name)
        is_whole = all(end and end.sheet == name for end in ends)
        return ":".join(end.address for end in ends if end) if is_whole else None

    def printed(self, sheet: SavedSheet) -> str | None:
        """Return what a sheet is to print: nothing for all of it, None where that has no place."""
        areas = [part.rpartition("!")[2].replace("$", "") for part in _BETWEEN.split(sheet.page.area)] if sheet.page.area else []
        found = [self.area(sheet, text) for text in areas]
        return None if None in found else ",".join(filter(None, found))

    def frozen(self, sheet: SavedSheet) -> tuple[int, int] | None:
        """Return how many rows and columns are to stay in view."""
        _, rows, columns = sheet.view
        at = self.references.place(Spot(sheet.name, rows, columns))
        return (at.row if rows else 0, at.column if columns else 0) if at and at.sheet == self.references.built_as(sheet.name) else None

    def filtered(self, sheet: SavedSheet) -> Element | None:
        """Return the filter of a sheet with its area and columns in the new book."""
        area = self.area(sheet, sheet.filtered)
        if area is None:
            return None
        with Package(self.path) as package:
            path = next(part.path for part in package.worksheets() if part.name == sheet.name)
            found = read_tree(package, path).find("autoFilter")
        if found is None:
            return None
        keep(found, {"filterColumn"})
        old, new = area_of(sheet.filtered), area_of(area)
        for column in list(found):
            at = self.references.place(Spot(sheet.name, old.top, old.left + int(column.get("colId", "0"))))
            if at is None or not new.left <= at.column <= new.right:
                return None
            column.set("colId", str(at.column - new.left))
        found.set("ref", area)
        return found

    def put(self, formats: SheetFormats, kind: str, sheet: SavedSheet) -> None:
        """Set up a sheet as that of the copy is."""
        if kind == ZOOM:
            formats.zoom = sheet.view.zoom
        elif kind == FROZEN:
            formats.frozen = self.frozen(sheet)
        elif kind == FILTER:
            formats.filtered = self.filtered(sheet)
        elif kind == PRINTED:
            formats.printed = self.printed(sheet)
        else:
            marks = {name: str(int(name in sheet.forbidden)) for name in MAY_FORBID}
            formats.protection = {"sheet": "1", **marks} if sheet.protected else {}
