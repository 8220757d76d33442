"""Sheet Checks tells formula cells that were typed over, by itself, in a program that can tell; others show that none was."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import ACROSS, RECORD_SHEET, TINY, command, functions_of, require, shipped, shipped_file
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.verify.engines import ENGINES
from workbook.verify.poison import poison
from workbook.verify.run import FOLLOWS, SAVED, verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.verify.engines.base import CellValue

HOLDS, FAILS = "All checks pass", "CHECK FAILS: see sheet Checks"
CHECKS = ("checks.typed_over", "checks.first_typed_over", "checks.failures", "checks.status", "banner.inputs")

# In the workbook 'tiny' the table fit stands in Fit!A54:H59; fit.step in D, fit.halving in G without the first row of each
# GPU. Its row for a length of 2,000 on the small GPU takes (16 + 0.001 * 2000 * 14) / 1000 = 0.044 s.
STEP = "Fit: Step, D54:D59 as built"
CHANGES: dict[str, tuple[list[list[Any]], int, str]] = {
    "nothing": ([], 0, ""),
    "another number": ([["value", "Fit", "D55", 7]], 1, STEP),
    "the same number": ([["value", "Fit", "D55", 0.044]], 1, STEP),
    "a text": ([["value", "Fit", "D55", "many"]], 1, STEP),
    "emptied": ([["clear", "Fit", "D55"]], 1, STEP),
    "undone": ([["value", "Fit", "D55", 7], ["formula", "Fit", "D55", "=(run_weights+run_per_token*B55/1000*C55)/1000"]], 0, ""),
    "several": ([["value", "Fit", "D55", 7], ["value", "Fit", "D58", 7], ["clear", "Fit", "C54"]], 3, "Fit: Sequences, C54:C59 as built"),
    "among empty cells": ([["value", "Fit", "G56", 1]], 1, "Fit: Ratio to the row above, G54:G59 as built"),
    "one on a sheet of a card": ([["value", "Small GPU", "B19", 3]], 1, "Small GPU: Power of an instance, B19 as built"),
    "an input": ([["value", "Inputs", "B7", 17], ["formula", "Inputs", "B8", "=2/4"]], 0, ""),
    "rows inserted": ([["insert rows", "Fit", 56, 2]], 0, ""),
    "rows inserted, typed over below": ([["insert rows", "Fit", 56, 2], ["value", "Fit", "D60", 7]], 1, STEP),
    "a sheet renamed": ([["rename", "Fit", "R&D (x)"], ["value", "R&D (x)", "D55", 7]], 1, STEP),
    "a row deleted": ([["delete rows", "Fit", 57, 1]], 7, "Fit: Length, B54:B59 as built"),
}


OTHERS_FAIL = {"several", "an input", "a row deleted", "a text", "emptied"}  # or cells that show an error then


def told(path: Path, book: api.Book) -> list[CellValue]:
    """Give what a file as saved tells of formulas typed over."""
    cells = read_cells(path)
    return [cells[sheet][address].value for sheet, address in (place(book, name) for name in CHECKS if book.model.find(name))]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Make all changes in LibreOffice, each in a file of its own."""
    folder = tmp_path_factory.mktemp("typed")
    built = api.build("tiny", folder / "tiny.xlsx", templates=TINY).path
    targets = {name: folder / f"{number}.xlsx" for number, name in enumerate(CHANGES)}
    in_libreoffice([(built, targets[name], steps) for name, (steps, _, _) in CHANGES.items()])
    return targets


@pytest.mark.parametrize("name", CHANGES)
def test_libreoffice_counts_what_was_typed_over(name: str, saved: dict[str, Path]) -> None:
    _, count, first = CHANGES[name]
    found = told(saved[name], api.load("tiny", TINY))
    assert found[:2] == [count, first]
    if name not in OTHERS_FAIL:
        assert found[2:] == [count, *([FAILS if count else HOLDS] * 2)]


@pytest.mark.parametrize("engine", ["gnumeric", "ironcalc"])
def test_a_program_that_cannot_tell_shows_none_and_no_error(engine: str, saved: dict[str, Path], tmp_path: Path) -> None:
    program = require(ENGINES[engine]())
    book = api.load("tiny", TINY)
    copy = tmp_path / "copy.xlsx"
    poison(saved["the same number"], copy)
    asked: dict[str, list[str]] = {}
    for sheet, address in (place(book, name) for name in CHECKS):
        asked.setdefault(sheet, []).append(address)
    found = program.recalculate(copy, asked)
    program.close()
    assert [value for cells in found.values() for value in cells.values()] == [0, "", 0, HOLDS, HOLDS]


def test_verify_names_the_cell_and_not_every_banner(saved: dict[str, Path]) -> None:
    path = saved["the same number"]
    result = command("verify", path, "--templates", TINY, "--engine", "libreoffice")
    assert result.exit_code == 1
    assert "Fit!D55 (fit.small.l2.step) holds the constant 0.044 in place of =(run_weights+" in result.stdout
    assert "(differ)" not in result.stdout
    assert "libreoffice: 11 cells follow from what was changed: not counted as differing" in result.stdout
    report = verify(path, [], templates=TINY)
    assert report.count(SAVED, FOLLOWS) == len(["count", "first", "failures", "status"]) + len(["banner"] * 7)


def test_a_check_that_fails_without_a_cause_is_a_difference(tmp_path: Path) -> None:
    """The record itself was changed: nothing else in the file tells why the check fails."""
    path = api.build("tiny", tmp_path / "a.xlsx", templates=TINY).path
    opened = openpyxl.load_workbook(path)
    opened[RECORD_SHEET]["E3"].value = 1
    opened.save(path)
    report = verify(path, [require(ENGINES["ironcalc"]()).name], templates=TINY)
    assert not report.ok
    assert "checks.typed_over" in set(report.frame["id"])


def test_pull_reads_a_file_that_tells(saved: dict[str, Path]) -> None:
    found = pull(saved["rows inserted, typed over below"])
    assert found.sets == {}
    assert [str(item).partition(" in place")[0] for item in found.left] == [
        "sheet 'Fit' has 2 rows more above what was row 59",
        "Fit!D60 (fit.step) holds the constant 7",
    ]


def test_a_value_in_place_of_one_taken_over_is_not_counted(tmp_path: Path) -> None:
    built = api.build("across", tmp_path / "across.xlsx", templates=ACROSS).path
    in_libreoffice(
        [
            (built, tmp_path / "taken.xlsx", [["value", "Cases", "K11", 1.1], ["value", "Cases", "J12", 17]]),
            (built, tmp_path / "typed.xlsx", [["value", "Cases", "K11", 1.1], ["value", "Cases", "I17", 5]]),
        ]
    )
    book = api.load("across", ACROSS)
    assert told(tmp_path / "taken.xlsx", book)[:2] == [0, ""]
    assert told(tmp_path / "typed.xlsx", book)[:2] == [1, "Cases: Power of the site, H17:K17 as built"]


def test_all_formulas_are_watched_but_those_that_may_be_typed_over_and_the_check_itself(tmp_path: Path) -> None:
    """Watching what shows the check would be a circular reference."""
    book = api.load("across", ACROSS)
    api.build("across", tmp_path / "a.xlsx", templates=ACROSS)
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx")[RECORD_SHEET]
    rows = {str(row[0].value): row for row in sheet.iter_rows(min_row=8) if "SUMPRODUCT" in str(row[10].value)}
    wanted = {
        quantity.id
        for quantity in book.model.quantities.values()
        if (quantity.links or quantity.variants) and not any(quantity.is_settable(row) for row in range(quantity.size))
    }
    watches = {"checks.typed_over", "checks.first_typed_over", "checks.other_parent", "checks.first_other_parent"}
    watches |= {"checks.error_blocks", "checks.first_error"}
    shows = {*watches, "checks.failures", "checks.status"}
    assert set(rows) == {name for name in wanted - shows if not name.startswith("banner.")}
    used = set().union(*(functions_of(str(row[10].value)) for row in rows.values()))
    assert used == {"IF", "MAX", "IFERROR", "SUMPRODUCT", "_xlfn.ISFORMULA"}


def test_the_planning_workbook_tells(tmp_path: Path) -> None:
    book, built = shipped("planning"), tmp_path / "planning.xlsx"
    shutil.copy(shipped_file("planning").path, built)
    own, typed = place(book, "cases.mine_1.pue"), place(book, "results.mine_1.gpus")
    name, row = book.model.find("results.mine_1.gpus") or ("", 0)
    same = float(book.values[name][row])
    in_libreoffice(
        [
            (built, tmp_path / "own.xlsx", [["value", *own, 1.1]]),
            (built, tmp_path / "typed.xlsx", [["value", *typed, same]]),
        ]
    )
    assert told(tmp_path / "own.xlsx", book) == [0, "", 0, HOLDS]
    count, first, failures, status = told(tmp_path / "typed.xlsx", book)
    assert (count, failures, status) == (1, 1, FAILS)
    assert str(first).startswith(f"{typed[0]}: {book.model.quantities[name].label}, ")
