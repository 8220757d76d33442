"""Cells that a team filled beside and below tables of the model: `build --from` sets them by the same table, or lists what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, copy_of, plant
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.roundtrip.regenerate import Regeneration

ADDED = {
    "M7": "Ours",
    "M12": "=H12*2",
    "M14": "=SUM(H14:K14)+M12",
    "A25": "R&D",
    "H25": "=H20+I20",
    "H26": 7.5,
    "I26": "=Budget!A1",
}
"""Beside and below the table of cases, which ends in K21: H12 is cases.paper.count."""
THERE = {
    "N7": "Ours",
    "N13": "=H13*2",
    "N15": "=SUM(H15:L15)+N13",
    "A26": "R&D",
    "H26": "=H21+I21",
    "H27": 7.5,
    "I27": "=Budget!A1",
}
"""The same where the table has a case and a row more."""


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with such cells, and a sheet that reads them, as a library saves it."""
    folder = tmp_path_factory.mktemp("cells")
    opened: Any = openpyxl.load_workbook(api.build("across", folder / "built.xlsx", templates=ACROSS).path)
    sheet = opened["Cases"]
    for address, value in ADDED.items():
        sheet[address] = value
    sheet["M12"].fill, sheet["M12"].comment = PatternFill("solid", "FFFFFF00"), Comment("why", "Finance")
    sheet.column_dimensions["M"].width, sheet.row_dimensions[25].height = 30.0, 33.0
    opened.create_sheet("Budget")["A1"] = "=Cases!M12+Cases!H25"
    opened.save(folder / "edited.xlsx")
    return folder / "edited.xlsx"


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Templates with a case and a row more."""
    root, one = copy_of(ACROSS, tmp_path_factory.mktemp("newer") / "templates"), "      count: {label: GPUs, unit: gpu,"
    plant(root, "sheets/cases.yaml", one, f'      spare: {{label: Spare, unit: "1", above: 0, values: {{paper: 1}}}}\n{one}')
    plant(root, "sheets/cases.yaml", "mine: My own", "extra: One more, mine: My own")
    plant(root, "sheets/cases.yaml", "parents: {corrected: paper,", "parents: {corrected: paper, extra: paper,")
    return root


def own(path: Path) -> dict[str, Any]:
    """Give what a library finds right of the table and below it."""
    sheet = openpyxl.load_workbook(path)["Cases"]
    return {cell.coordinate: cell.value for row in sheet.iter_rows() for cell in row if cell.value is not None and _is_outside(cell)}


def _is_outside(cell: Any) -> object:
    return cell.column > 12 or cell.row > 22


def lost(found: Regeneration) -> list[tuple[str, str, str]]:
    return [(item.kind, item.place, item.text) for item in found.lost]


def test_they_go_with_their_table_and_stay(edited: Path, newer: Path, tmp_path: Path) -> None:
    found = regenerate(edited, tmp_path / "new.xlsx", templates=newer)
    assert (lost(found), found.left, pull(edited).left) == ([], [], [])
    assert own(tmp_path / "new.xlsx") == THERE
    opened: Any = openpyxl.load_workbook(tmp_path / "new.xlsx")
    sheet = opened["Cases"]
    assert opened["Budget"]["A1"].value == "=Cases!N13+Cases!H26"
    assert (sheet["N13"].fill.fgColor.rgb, sheet["N13"].comment.text) == ("FFFFFF00", "why")
    assert (sheet.column_dimensions["N"].width, sheet.row_dimensions[26].height) == (30.0, 33.0)
    regenerate(tmp_path / "new.xlsx", tmp_path / "second.xlsx", templates=newer)
    assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()
    in_libreoffice([(tmp_path / "new.xlsx", tmp_path / "saved.xlsx", [])])
    cells = read_cells(tmp_path / "saved.xlsx")
    assert cells["Cases"]["N13"].value == 16
    regenerate(tmp_path / "saved.xlsx", tmp_path / "third.xlsx", templates=newer)
    assert own(tmp_path / "third.xlsx") == THERE


def test_what_has_no_place_is_listed_with_what_it_holds(edited: Path, tmp_path: Path) -> None:
    opened: Any = openpyxl.load_workbook(edited)
    opened["Cases"]["M12"].comment = None
    opened["Cases"]["M12"], opened["Cases"]["O9"] = 3, "=SUM(H:I)+SUM(H12:I12)"
    opened.save(tmp_path / "other.xlsx")
    found = regenerate([edited, tmp_path / "other.xlsx"], tmp_path / "new.xlsx", templates=ACROSS)
    place = "other.xlsx: Cases!"
    assert sorted(lost(found)) == [
        ("cell fill", f"{place}M12", "FFFF00"),
        ("own cell", f"{place}M12", "3"),
    ]
    assert own(tmp_path / "new.xlsx") == {**ADDED, "O9": "=SUM(H:I)+SUM(H12:I12)"}


def test_what_stands_in_an_inserted_row_is_listed(edited: Path, tmp_path: Path) -> None:
    in_libreoffice([(edited, tmp_path / "moved.xlsx", [["insert rows", "Cases", 11, 1], ["value", "Cases", "M12", "new"]])])
    found = regenerate(tmp_path / "moved.xlsx", tmp_path / "new.xlsx", templates=ACROSS)
    assert ("own cell", "Cases!M12", "'new'") in lost(found)
    assert own(tmp_path / "new.xlsx") == ADDED
