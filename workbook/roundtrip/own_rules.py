"""Rules that a team gave cells of sheets of the model, on what may be typed into them and how they look: each as a new file has it."""

from __future__ import annotations

from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from workbook.record.fingerprints import ACTIVE
from workbook.xlsx.package import Package
from workbook.xlsx.sheet_formats import OwnCondition
from workbook.xlsx.styles import colour, look_text
from workbook.xlsx.trees import keep, read_formats, read_tree

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from workbook.roundtrip.followed import References
    from workbook.roundtrip.own_views import Views
    from workbook.xlsx.saved import SavedSheet

FORMULAS = {"formula", "formula1", "formula2"}
_TEXT = ("operator", "text")
MARKS = {
    **dict.fromkeys(("containsText", "notContainsText", "beginsWith", "endsWith"), _TEXT),
    "cellIs": ("operator",),
    "top10": ("bottom", "percent", "rank"),
    "aboveAverage": ("aboveAverage", "equalAverage", "stdDev"),
    "timePeriod": ("timePeriod",),
}
"""What says more of a conditional format, by its type; LibreOffice writes all of it for each."""
UNSET = {("stopIfTrue", "0"), ("stopIfTrue", "false")}
_USUAL = {("showValue", "1"), ("minLength", "10"), ("maxLength", "90")}
_NO_VALUE = {"min", "max"}  # kinds of ends of a scale that programs give a value, or none


def apart(own: OwnCondition) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what a conditional format asks of which cells, and what it makes of them, alike for all programs that write it."""
    asked, shown = [own.areas], [look_text(ET.fromstring(own.look))] if own.look else []  # noqa: S314 written by this package
    for part in ET.fromstring(own.rule).iter():  # noqa: S314 as above
        given = set(part.items()) - _USUAL
        if part.tag == "color":
            shown.append(colour(part.attrib))
            continue
        left_out = {"stopIfTrue", "val"} if part.get("type") in _NO_VALUE else {"stopIfTrue"}
        asked += [part.tag, *(f"{name}={value}" for name, value in sorted(given) if name not in left_out), part.text or ""]
    return tuple(asked), tuple(shown)


class Rules:
    """Takes the rules of the sheets of one file, by their numbers in it; none of which cells, or what its formulas read, are gone."""

    def __init__(self, path: Path, references: References, views: Views) -> None:
        self.path, self.references, self.views = path, references, views
        self._trees: dict[str, Element] = {}

    def _tree(self, sheet: str) -> Element:
        if sheet not in self._trees:
            with Package(self.path) as package:
                path = next(part.path for part in package.worksheets() if part.name == sheet)
                self._trees[sheet] = read_tree(package, path)
        return self._trees[sheet]

    def validation(self, sheet: SavedSheet, number: int) -> Element | None:
        """Return a rule on what may be typed, for the cells and with the references that it has in the new book."""
        found = self._tree(sheet.name).findall("dataValidations/dataValidation")
        areas = self._areas(sheet, found[number].get("sqref", "")) if number < len(found) else ""
        if not areas:
            return None
        rule = ET.Element("dataValidation", {mark: value for mark, value in found[number].items() if ":" not in mark})
        rule.set("sqref", areas)
        rule.extend(child for child in found[number] if child.tag in FORMULAS)
        return rule if self._followed(sheet, rule) else None

    def condition(self, sheet: SavedSheet, number: int, lowest: int) -> OwnCondition | None:
        """Return a conditional format for the cells and with the references that it has in the new book.

        ``lowest`` is the rank of the first that was built.
        """
        given = [(of.get("sqref", ""), rule) for of in self._tree(sheet.name).iter("conditionalFormatting") for rule in of.iter("cfRule")]
        areas = self._areas(sheet, given[number][0]) if number < len(given) else ""
        if not areas:
            return None
        rule = deepcopy(given[number][1])
        keep(rule, {*FORMULAS, "colorScale", "dataBar", "iconSet"})
        index, wanted = rule.get("dxfId", ""), {"type", "stopIfTrue", *MARKS.get(rule.get("type", ""), ())}
        rule.attrib = {name: value for name, value in sorted(rule.items()) if name in wanted and (name, value) not in UNSET}
        if not self._followed(sheet, rule):
            return None
        looks = self._styles.findall("dxfs/dxf")
        look = ET.tostring(looks[int(index)], "unicode") if index.isdecimal() and int(index) < len(looks) else ""
        return OwnCondition(areas, ET.tostring(rule, "unicode"), look, sheet.conditions[number].rank < lowest)

    def _areas(self, sheet: SavedSheet, given: str) -> str:
        """Return where the cells of a rule stand; nothing where some are gone."""
        areas = [self.views.area(sheet, area) for area in given.split()]
        return "" if None in areas else " ".join(filter(None, areas))

    def _followed(self, sheet: SavedSheet, rule: Element) -> bool:
        """Give the formulas of a rule the references that they have in the new book; False where some are gone, or reach outside."""
        name = self.references.built_as(sheet.name)
        for formula in (child for child in rule.iter() if child.tag in FORMULAS or child.get("type") == "formula"):
            text = formula.get("val", "") if formula.tag == "cfvo" else formula.text or ""
            followed = self.references.follow(text, sheet.name, name)
            if followed.gone or ACTIVE.search(followed.text):
                return False
            if formula.tag == "cfvo":
                formula.set("val", followed.text)
            else:
                formula.text = followed.text
        return True

    @cached_property
    def _styles(self) -> Element:
        with Package(self.path) as package:
            return read_formats(package)
