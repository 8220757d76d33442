"""Rows of a table that a user sorted in a spreadsheet program: found again by key, and all that was typed is carried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, copy_of
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.verify.run import verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

TABLES = """
  - table: sites
    title: Sites
    rows: {site: {members: {north: North, south: South, west: West}}}
    columns:
      load: {unit: kW, values: {north: 10, south: 30, west: 20}}
      double: {unit: kW, expr: 2 * load}
      town: {unit: text, values: {north: Oslo, south: Rome, west: Brest}}
  - table: over_cases
    title: Cases again
    rows: {case: {of: cases}}
    columns:
      watts: {unit: kW, expr: "cases[case].power"}
"""


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Templates with tables whose rows run down: one of inputs, and one over cases that may be renamed."""
    root = copy_of(ACROSS, tmp_path_factory.mktemp("rows") / "templates")
    cases, checks = root / "sheets/cases.yaml", root / "sheets/checks.yaml"
    cases.write_text(cases.read_text("utf-8").replace("label: Case, members", "label: Case, renamable: true, members"), "utf-8")
    checks.write_text(checks.read_text("utf-8") + TABLES.strip("\n") + "\n", "utf-8")
    return root


@pytest.fixture(scope="module")
def edited(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook with both tables sorted in LibreOffice by their second column, greatest first, and two inputs typed."""
    folder = tmp_path_factory.mktemp("sorted")
    book = api.load("across", templates)
    built = api.build("across", folder / "built.xlsx", templates=templates).path
    (sites, _, first), (cases, _, other) = (book.layout.address(name, 0).partition("!") for name in ("sites.site", "over_cases.case"))
    top, start = int(first[1:]), int(other[1:])
    steps = [
        ["value", sites, f"B{top}", 12],
        ["sort", sites, f"A{top}:D{top + 2}", 1],
        ["value", sites, f"B{top}", 31],
        ["sort", cases, f"A{start}:B{start + 3}", 1],
        ["value", "Cases", "H14", 9],
    ]
    in_libreoffice([(built, folder / "sorted.xlsx", steps)])
    return folder / "sorted.xlsx"


def test_edits_of_sorted_rows_are_read_by_key(edited: Path) -> None:
    found = pull(edited)
    assert found.sets == {"sites.north.load": 12, "sites.south.load": 31, "cases.paper.count": 9}
    assert [(item.id, item.text.split(";")[0]) for item in found.left] == [
        ("sites", "has its rows in another order"),
        ("over_cases", "has its rows in another order"),
    ]


def test_a_build_puts_sorted_rows_back_with_their_edits(edited: Path, templates: Path, tmp_path: Path) -> None:
    regenerate(edited, tmp_path / "new.xlsx", templates=templates)
    book = api.load("across", templates)
    sheet, _, first = book.layout.address("sites.site", 0).partition("!")
    cells, top = read_cells(tmp_path / "new.xlsx")[sheet], int(first[1:])
    rows = [[cells[f"{column}{top + step}"].value for column in "ABCD"] for step in range(3)]
    assert rows == [["North", 12, 24, "Oslo"], ["South", 31, 62, "Rome"], ["West", 20, 40, "Brest"]]


def test_sorted_formulas_still_agree_with_python(edited: Path, templates: Path) -> None:
    report = verify(edited, ["libreoffice"], templates=templates)
    assert not report.differences
    assert all("in another order" in line for line in report.changed)
