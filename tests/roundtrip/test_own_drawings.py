"""Charts, pictures, rules and merged cells that a team put on sheets of the model: they go with their table, or are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.worksheet.datavalidation import DataValidation
from openxml_audit import OpenXmlValidator

from tests.roundtrip.edits import change_part, in_libreoffice
from tests.roundtrip.test_own_cells import newer
from tests.roundtrip.test_own_sheets import add_budget, with_picture
from tests.support import ACROSS
from workbook import api
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.extras import PICTURE, read_extras
from workbook.xlsx.saved import Area, read_saved

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.roundtrip.regenerate import Regeneration

__all__ = ["newer"]  # a fixture
BUILT = 2  # charts of sheet Results


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with charts on a sheet without any and on one with some, a picture, a rule and merged cells; see test_own_cells."""
    folder = tmp_path_factory.mktemp("drawn")
    opened: Any = openpyxl.load_workbook(api.build("across", folder / "built.xlsx", templates=ACROSS).path)
    for sheet, at in (("Cases", "M12"), ("Results", "Q5")):
        chart = BarChart()
        chart.add_data(Reference(opened["Cases"], min_col=8, min_row=12, max_row=14))
        opened[sheet].add_chart(chart, at)
    rule = DataValidation(type="list", formula1="$H$11:$H$12")
    rule.add("M14:M15")
    opened["Cases"].add_data_validation(rule)
    opened["Cases"]["M17"] = "of ours"
    opened["Cases"].merge_cells("M17:N18")
    opened.save(folder / "edited.xlsx")
    with_picture(folder / "edited.xlsx", "drawing1.xml")
    return add_budget(folder / "edited.xlsx", folder / "with_budget.xlsx")


def drawn(path: Path) -> dict[str, Any]:
    """Give the formulas of people's charts by sheet, where pictures are, and people's rules."""
    saved = read_saved(path)
    charts = {name: [chart.formulas for chart in saved.sheets[name].charts] for name in ("Cases", "Results")}
    own = [(rule.areas, rule.formula) for rule in saved.sheets["Cases"].validations if rule.areas[0].left > 11]
    pictures = [(extra.sheet, extra.address) for extra in read_extras(path) if extra.kind == PICTURE]
    return {
        "Cases": charts["Cases"],
        "Results": charts["Results"][BUILT:],
        "pictures": pictures,
        "rules": own,
        "merged": [area for area in saved.sheets["Cases"].merged if area.left > 11],
    }


def build(source: Path | list[Path], templates: Path, target: Path) -> Regeneration:
    return regenerate(source, target, templates=templates)


def test_they_go_with_their_tables_and_stay(edited: Path, newer: Path, tmp_path: Path) -> None:
    in_libreoffice([(edited, tmp_path / "office.xlsx", [])])
    for path in (edited, tmp_path / "office.xlsx"):
        assert build(path, newer, tmp_path / "new.xlsx").lost == []
        now = [("Cases!$H$13:$H$15",)]
        rules = [((Area(14, 13, 15, 13),), "$H$11:$H$13")]
        assert drawn(tmp_path / "new.xlsx") == {
            "Cases": now,
            "Results": now,
            "pictures": [("Cases", "E22")],
            "rules": rules,
            "merged": [Area(17, 13, 18, 14)],
        }
        assert [str(error) for error in OpenXmlValidator(strict=True).validate(tmp_path / "new.xlsx").errors] == []
        assert len(read_saved(tmp_path / "new.xlsx").sheets["Results"].charts) == BUILT + 1
        build(tmp_path / "new.xlsx", newer, tmp_path / "second.xlsx")
        assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()
    in_libreoffice([(tmp_path / "new.xlsx", tmp_path / "shown.xlsx", [])])
    assert [len(found) for found in drawn(tmp_path / "shown.xlsx").values()] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("place", [1, 2])  # openpyxl reads those of people first: they are fixed at one cell
def test_a_chart_in_place_of_one_of_the_build_is_people_s(place: int, edited: Path, tmp_path: Path) -> None:
    """Of three one is deleted that was built: the others are known by the cells that they draw, also after rows were inserted."""
    opened: Any = openpyxl.load_workbook(edited)
    del opened["Results"]._charts[place]  # noqa: SLF001 it has no public form
    opened.save(tmp_path / "two.xlsx")
    in_libreoffice([(tmp_path / "two.xlsx", tmp_path / "moved.xlsx", [["insert rows", "Cases", 5, 2]])])
    for path in (tmp_path / "two.xlsx", tmp_path / "moved.xlsx"):
        build(path, ACROSS, tmp_path / "new.xlsx")
        assert drawn(tmp_path / "new.xlsx")["Results"] == [("Cases!$H$12:$H$14",)]


def test_a_chart_with_a_series_of_one_that_was_deleted_is_people_s(edited: Path, tmp_path: Path) -> None:
    opened: Any = openpyxl.load_workbook(edited)
    sheet, (mine, deleted, other) = opened["Results"], opened["Results"]._charts  # noqa: SLF001 as above
    sheet._charts, other.anchor = [mine, other], "B40"  # noqa: SLF001 as above
    values = (deleted.series[0].val or deleted.series[0].yVal).numRef.f
    mine.add_data(Reference(range_string=values), from_rows=True)
    opened.save(tmp_path / "edited.xlsx")
    build(tmp_path / "edited.xlsx", ACROSS, tmp_path / "new.xlsx")
    build(edited, ACROSS, tmp_path / "alone.xlsx")
    charts, alone = (read_saved(tmp_path / f"{name}.xlsx").sheets["Results"].charts for name in ("new", "alone"))
    assert charts[:BUILT] == alone[:BUILT]  # what was deleted or moved is as the templates have it
    assert [chart.values for chart in charts[BUILT:]] == [("Cases!$H$12:$H$14", values.replace("'", ""))]


def test_of_copies_each_is_there_once(edited: Path, tmp_path: Path) -> None:
    in_libreoffice([(edited, tmp_path / "office.xlsx", [])])
    (tmp_path / "copy.xlsx").write_bytes(edited.read_bytes())
    build([edited, tmp_path / "copy.xlsx", tmp_path / "office.xlsx"], ACROSS, tmp_path / "new.xlsx")
    build(edited, ACROSS, tmp_path / "alone.xlsx")
    assert drawn(tmp_path / "new.xlsx") == drawn(tmp_path / "alone.xlsx")


def test_what_refers_to_parts_that_are_not_carried_is_listed(edited: Path, tmp_path: Path) -> None:
    part = "xl/drawings/_rels/drawing1.xml.rels"
    linked = change_part(edited, tmp_path / "linked.xlsx", part, "relationships/image", "relationships/video")
    assert [(item.kind, item.place) for item in build(linked, ACROSS, tmp_path / "new.xlsx").lost] == [("picture", "Cases!E21")]
    assert drawn(tmp_path / "new.xlsx")["pictures"] == []
