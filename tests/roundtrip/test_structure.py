"""Rows inserted and deleted, sheets renamed, cells moved and typed over: all is told, and inputs are found where they went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import ACROSS, TINY, command
from workbook import api
from workbook.errors import WorkbookError
from workbook.roundtrip.pull import Edits, pull

if TYPE_CHECKING:
    from pathlib import Path

    from openpyxl.worksheet.worksheet import Worksheet

# In the workbook 'across': cases.mine.count stands in Cases!J12, chosen.level in Results!B8, hours.h2 in Results!B90,
# the table by_case in Results!A52:E55.
EDIT = ["value", "Cases", "J12", 17]
CHANGES: dict[str, tuple[list[list[Any]], list[str]]] = {
    "nothing": ([], []),
    "rows inserted above": ([["insert rows", "Cases", 8, 2]], ["sheet 'Cases' has 2 rows more above what was row 9 (cases.gpu)"]),
    "rows inserted between texts": ([["insert rows", "Cases", 4, 1]], ["sheet 'Cases' has 1 row more above what was row 7 (cases.case)"]),
    "rows inserted in a table": (
        [["insert rows", "Results", 53, 2]],
        ["sheet 'Results' has 2 rows more above what was row 55"],
    ),
    "a row inserted in a list": (
        [["insert rows", "Results", 89, 1]],
        ["sheet 'Results' has 1 row more above what was row 90"],
    ),
    "a column inserted": (
        [["insert columns", "Cases", 9, 1]],
        ["sheet 'Cases' has 1 column more left of what was column J (cases.cooling)"],
    ),
    "a sheet renamed": ([["rename", "Cases", "Our cases"]], ["sheet 'Our cases' was called 'Cases'"]),
    "a sheet added": ([["add sheet", "Scratch"]], []),
    "sheet renamed and rows inserted": (
        [["insert rows", "Results", 5, 3], ["rename", "Results", "R&D (x)"], ["insert rows", "Cases", 8, 1]],
        [
            "sheet 'Cases' has 1 row more above what was row 9 (cases.gpu)",
            "sheet 'R&D (x)' has 3 rows more above what was row 7 (chosen.case)",
            "sheet 'R&D (x)' was called 'Results'",
        ],
    ),
    "an input moved": ([["move", "Results", "B8", "H3"]], ["Results!H3 (chosen.level) was moved here from B8"]),
    "a sheet of texts renamed": ([["rename", "Notes", "It's ours"]], ["sheet 'It's ours' was called 'Notes'"]),
    "the columns of texts moved": (
        [["insert columns", "Results", 3, 2]],
        ["sheet 'Results' has 2 columns more left of what was column D (by_case.share)"],
    ),
    "a formula typed over": ([["value", "Results", "B12", 5]], ["Results!B12 (over.cases) holds the constant 5 in place of its formula"]),
    "a formula changed": (
        [["formula", "Cases", "I17", "=1+I12"]],
        ["Cases!I17 (cases.power) holds =1+I12 in place of its formula"],
    ),
    "a formula emptied": ([["clear", "Cases", "I17"]], ["Cases!I17 (cases.power) holds nothing in place of its formula"]),
    "an input emptied": (
        [["clear", "Results", "B8"]],
        ["Results!B8 (chosen.level) holds nothing, where a number in kW is expected; the templates give 2.6"],
    ),
    "a text in place of a number": (
        [["value", "Results", "B8", "many"]],
        ["Results!B8 (chosen.level) holds 'many', where a number in kW is expected; the templates give 2.6"],
    ),
    "a label": (
        [["value", "Results", "A8", "Our power"]],
        ["Results!8:8 has other texts, or numbers that are neither inputs nor results, than the build wrote"],
    ),
    "cells of one's own, which a build carries": ([["value", "Results", "J40", "=mine"], ["value", "Cases", "H60", 4]], []),
}


@pytest.fixture(scope="module")
def pulled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Edits]]:
    """Make all changes in LibreOffice, each in a file of its own beside one edit, and pull."""
    folder = tmp_path_factory.mktemp("structure")
    built = folder / "across.xlsx"
    api.build("across", built, templates=ACROSS)
    targets = {name: folder / f"{number}.xlsx" for number, name in enumerate(CHANGES)}
    # The edit comes first: the change then carries it along.
    in_libreoffice([(built, targets[name], [EDIT, *steps]) for name, (steps, _) in CHANGES.items()])
    return {name: (target, pull(target)) for name, target in targets.items()}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_told_and_the_edit_is_found_all_the_same(name: str, pulled: dict[str, tuple[Path, Edits]]) -> None:
    found = pulled[name][1]
    assert [str(item) for item in found.left] == CHANGES[name][1]
    assert found.sets == {"cases.mine.count": 17}


VERIFIED = [
    "nothing",
    "rows inserted above",
    "rows inserted in a table",
    "sheet renamed and rows inserted",
    "an input moved",
]


@pytest.mark.parametrize("name", VERIFIED)
def test_a_file_whose_cells_moved_is_verified_where_they_stand(name: str, pulled: dict[str, tuple[Path, Edits]]) -> None:
    result = command("verify", pulled[name][0], "--templates", ACROSS, "--engine", "libreoffice")
    assert result.exit_code == (1 if CHANGES[name][1] else 0), result.output
    for text in CHANGES[name][1]:
        assert text in result.stdout
    assert "(differ)" not in result.stdout


def test_a_typed_over_formula_is_verified_with_what_it_was(pulled: dict[str, tuple[Path, Edits]]) -> None:
    result = command("verify", pulled["a formula typed over"][0], "--templates", ACROSS, "--engine", "gnumeric")
    assert result.exit_code == 1
    assert "Results!B12 (over.cases) holds the constant 5 in place of =COLUMNS(Cases!$H$7:$K$7)" in result.stdout


def test_a_deleted_row_is_told_with_its_inputs(tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    book = api.load("tiny", TINY)
    sheet, address = place(book, "run.parallel")
    in_libreoffice([(tmp_path / "a.xlsx", tmp_path / "b.xlsx", [["delete rows", sheet, int(address[1:]) - 1, 1]])])
    found = [str(item) for item in pull(tmp_path / "b.xlsx").left]
    assert any(f"(run.parallel) which stood in {address}, was deleted" in text for text in found), found
    assert pull(tmp_path / "b.xlsx").sets == {}


def test_an_input_that_was_moved_onto_another_is_told(tmp_path: Path) -> None:
    """Both would be read from the one cell."""
    api.build("across", tmp_path / "a.xlsx", templates=ACROSS)
    in_libreoffice([(tmp_path / "a.xlsx", tmp_path / "b.xlsx", [["move", "Results", "B89", "B90"]])])
    found = [str(item) for item in pull(tmp_path / "b.xlsx").left]
    assert "Results!B90 (hours.h2) shares this cell with hours.h1: one was moved onto the other" in found
    assert "Results!B90 (hours.h1) was moved here from B89" in found


# A program that moves cells and lets no formula follow.


def _rows(sheet: Worksheet) -> None:
    sheet.insert_rows(8)


def _columns(sheet: Worksheet) -> None:
    sheet.insert_cols(2)


@pytest.mark.parametrize("change", [_rows, _columns])
def test_cells_that_moved_without_their_references_are_not_read(change: Any, tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    opened = openpyxl.load_workbook(tmp_path / "a.xlsx")
    change(opened["Inputs"])
    opened.save(tmp_path / "b.xlsx")
    with pytest.raises(WorkbookError, match=r"were moved .*, but no formula followed them"):
        pull(tmp_path / "b.xlsx")
