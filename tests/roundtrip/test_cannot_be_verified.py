"""Files that cannot be verified, and inputs in them that cannot be read: what is said, with the cell, and what is checked all the same."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import RECORD_SHEET, TINY, change_cells, command, copy_of, plant
from workbook import api

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIT = "sheets/fit.yaml"


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the tiny workbook once."""
    path = tmp_path_factory.mktemp("good") / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def unverified(path: Path, *options: object) -> str:
    """Verify a file that cannot be; give what is said."""
    result = command("verify", path, "--templates", TINY, "--engine", "ironcalc", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Traceback" not in result.stderr
    return result.stderr


def test_what_is_no_workbook_cannot_be_verified(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "any.xlsx"
    assert unverified(path) == f"{path}: cannot be read: No such file or directory\n"
    assert unverified(tmp_path) == f"{tmp_path}: cannot be read: Is a directory\n    give a file in it\n"
    path.write_text("a,b\n1,2\n")
    assert f"{path}: the file is not an .xlsx workbook" in unverified(path)
    path.write_bytes(b"")
    assert f"{path}: the file is not an .xlsx workbook" in unverified(path)
    whole = good.read_bytes()
    for length in (10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert str(path) in unverified(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")
    assert str(path) in unverified(path)


def test_a_workbook_of_another_program_cannot_be_verified(tmp_path: Path) -> None:
    path = tmp_path / "other.xlsx"
    other = openpyxl.Workbook()
    other[other.sheetnames[0]]["A1"] = 1
    other.save(path)
    assert unverified(path) == (
        f"{path}: holds no record of its build (hidden sheet {RECORD_SHEET})\n    give a file written by: workbook build\n"
    )


def test_a_workbook_of_other_templates_cannot_be_verified(good: Path, tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    result = command("verify", good)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "was built from a workbook template 'tiny' that is not among those in " in result.stderr
    plant(root, FIT, "      running:", "      runs:")
    plant(root, FIT, "previous(running)", "previous(runs)")
    api.build("tiny", tmp_path / "other.xlsx", templates=root)
    said = unverified(tmp_path / "other.xlsx")
    assert "was built from other templates or with other overlays: 2 quantities differ, such as 'fit.runn" in said
    assert "give those with --templates and --overlay, or build it again" in said


RECORDS = {
    "format": (lambda book: book[RECORD_SHEET].__setitem__("B1", "99"), "was written in format 99, this package reads"),
    "name": (lambda book: book[RECORD_SHEET].__setitem__("B2", "../../tiny"), "the record of the build is damaged"),
    "place": (
        lambda book: book[RECORD_SHEET].__setitem__("C9", "ZZ99"),
        "was built from other templates or with other overlays: 1 quantities differ",
    ),
    "hole": (lambda book: book[RECORD_SHEET].__setitem__("C9", None), f"{RECORD_SHEET}!C9: the record of the build is damaged"),
    "end": (lambda book: book[RECORD_SHEET].delete_rows(9, 999), f"{RECORD_SHEET}!A8: the record of the build is damaged"),
    "empty": (lambda book: book[RECORD_SHEET].delete_rows(1, 999), "was written in format None"),
    "gone": (lambda book: book.__delitem__(RECORD_SHEET), "holds no record of its build"),
    "sheet": (lambda book: book.__delitem__("Checks"), "lacks the sheet 'Checks'"),
    "sheet of inputs": (lambda book: book.__delitem__("Inputs"), "lacks the sheet 'Inputs'"),
    "title": (lambda book: setattr(book["Fit"], "title", "Misfit"), "lacks the sheet 'Fit'"),
}


@pytest.mark.parametrize(("change", "message"), RECORDS.values(), ids=RECORDS)
def test_a_file_whose_record_does_not_fit_cannot_be_verified(
    change: Callable[[openpyxl.Workbook], object], message: str, good: Path, tmp_path: Path
) -> None:
    path = tmp_path / "changed.xlsx"
    book = openpyxl.load_workbook(good)
    change(book)
    book.save(path)
    assert message in unverified(path)


@pytest.mark.parametrize(
    ("cell", "value", "message"),
    [
        ("run.weights", "many", "holds 'many', where a number in GB/gpu is expected"),
        ("run.weights", None, "holds nothing, where a number in GB/gpu is expected"),
        ("run.weights", True, "holds TRUE, where a number in GB/gpu is expected"),
        ("run.weights", "=TODAY()", "holds nothing, where a number in GB/gpu is expected"),
        ("run.weights", "17\u00a0", "holds the text '17[no-break space]': it was read as the number 17"),
        ("run.weights", -1, "is -1; it must be at least 0"),
        ("run.parallel", 2.5, "is 2.5; it must be a whole number"),
        ("run.gpu", 5, "holds 5, where a text is expected"),
        ("run.gpu", None, "holds nothing, where a text is expected"),
        ("run.gpu", "Smal GPU", "'Smal GPU' is not one of the gpus (did you mean 'Small GPU'?)"),
        ("run.gpu", "Large GPU ", "holds 'Large GPU ': the blanks around it were removed"),
        ("gpus.large.maker", "green", "cannot be 'green' (one of: blue, red)"),
        ("lengths.l1", 5000, "the values of list 'lengths' must increase"),
    ],
)
def test_an_input_that_was_edited_wrongly_is_a_finding_with_its_cell(
    cell: str, value: Any, message: str, good: Path, tmp_path: Path
) -> None:
    layout = api.load("tiny", TINY).layout
    sheet, _, address = layout.address(*(layout.model.find(cell) or ("", 0))).rpartition("!")
    path = tmp_path / "edited.xlsx"
    book = openpyxl.load_workbook(good)
    book[sheet.strip("'")][address] = value
    book.save(path)
    result = command("verify", path, "--templates", TINY, "--saved")
    assert (result.exit_code, result.stderr) == (1, "")
    name = sheet.strip("'")
    assert f"{name}!{address} ({cell}) {message}" in result.stdout.splitlines()


def test_one_input_that_cannot_be_read_stops_the_check_of_nothing_else(good: Path, tmp_path: Path) -> None:
    """What does not depend on it is compared all the same, and a number out of limits is calculated with."""
    book = openpyxl.load_workbook(good)
    for cell_id, value in (("run.weights", "17 GB"), ("run.parallel", 2.5)):
        sheet, _, address = api.load("tiny", TINY).layout.address(cell_id, 0).rpartition("!")
        book[sheet][address] = value
    book.save(tmp_path / "edited.xlsx")
    result = command("verify", tmp_path / "edited.xlsx", "--templates", TINY, "--engine", "ironcalc")
    assert result.exit_code == 1
    told = re.search(r"ironcalc +│ +(\d+) +│ +(\d+) +│ +0", result.stdout)
    follow = re.search(r"ironcalc: (\d+) cells follow from what was changed", result.stdout)
    assert told
    assert follow
    assert int(told[2]) + int(follow[1]) == int(told[1])
    assert int(told[2]) > 0


def test_all_inputs_that_were_edited_wrongly_are_told_at_once(good: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(good)
    for row in range(7, 12):
        book["Inputs"].cell(row, 2).value = None
    book.save(tmp_path / "edited.xlsx")
    result = command("verify", tmp_path / "edited.xlsx", "--templates", TINY, "--saved")
    assert result.stdout.count(" holds nothing, where ") == 5


def test_an_input_that_was_edited_rightly_is_verified(good: Path, tmp_path: Path) -> None:
    layout = api.load("tiny", TINY).layout
    at_cell = layout.address("run.weights", 0).split("!")
    change_cells(good, tmp_path / "edited.xlsx", [(at_cell[0], at_cell[1])], lambda cell: re.sub("<v>16</v>", "<v>17.5</v>", cell))
    result = command("verify", tmp_path / "edited.xlsx", "--templates", TINY, "--engine", "ironcalc")
    assert result.exit_code == 1  # the cached values are those of before
    assert "as saved" in result.stdout
    assert re.search(r"ironcalc +│ +(\d+) +│ +\1 +│ 0", result.stdout)
