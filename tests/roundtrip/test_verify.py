"""Verification of files that a spreadsheet program has saved: values it computed, values that are stale, values that are gone."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import draw, in_libreoffice, place, typed
from tests.support import ACROSS, TINY, change_cells, command, copy_of, plant
from workbook import api
from workbook.errors import WorkbookError
from workbook.verify.compare import AGREE
from workbook.verify.run import SAVED, verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the workbook once."""
    path = tmp_path_factory.mktemp("built") / "across.xlsx"
    api.build("across", path, templates=ACROSS)
    return path


def test_what_libreoffice_computed_from_random_edits_is_what_python_computes(built: Path, tmp_path: Path) -> None:
    book, dice = api.load("across", ACROSS), random.Random(5)  # noqa: S311 tests need the same numbers each time
    jobs = []
    for number in range(6):
        edits = draw(book, dice)
        try:
            api.load("across", ACROSS, edits)
        except WorkbookError:
            continue  # a question without an answer
        jobs.append((built, tmp_path / f"{number}.xlsx", [["value", *place(book, cell_id), value] for cell_id, value in edits.items()]))
    in_libreoffice(jobs)
    assert len(jobs) > 2
    for _, target, _ in jobs:
        report = verify(target, [], templates=ACROSS)
        assert (report.ok, report.changed, report.differences) == (True, [], [])
        assert report.count(SAVED, AGREE) == report.cells > 100


def test_stale_values_are_told_with_sheet_cell_and_id(built: Path, tmp_path: Path) -> None:
    """A library changed an input and left the results as they were."""
    path = tmp_path / "stale.xlsx"
    change_cells(built, path, [("Results", "B8")], lambda cell: re.sub("<v>2.6</v>", "<v>2.9</v>", cell))
    result = command("verify", path, "--saved", "--templates", ACROSS)
    assert result.exit_code == 1
    assert re.search(r"as saved: Results!B21 over.between =.*\$B\$20\)\): Python [\d.]+, engine [\d.]+ \(differ\)", result.stdout)


def test_a_file_without_results_is_told(built: Path, tmp_path: Path) -> None:
    path = typed(built, tmp_path / "typed.xlsx", api.load("across", ACROSS), {"chosen.level": 2.7})
    result = command("verify", path, "--saved", "--templates", ACROSS)
    assert result.exit_code == 1
    assert "the file holds no results: a program that does not calculate saved it" in result.stdout
    assert command("verify", path, "--saved", "--engine", "gnumeric").exit_code == 2


def test_one_result_that_is_gone_is_told(built: Path, tmp_path: Path) -> None:
    path = tmp_path / "gone.xlsx"
    change_cells(built, path, [("Results", "B12")], lambda cell: re.sub("<v>.*</v>", "", cell))
    result = command("verify", path, "--saved", "--templates", ACROSS)
    assert result.exit_code == 1
    assert "as saved: Results!B12 over.cases =COLUMNS(Cases!$H$7:$K$7): Python 4.0, engine None (differ)" in result.stdout


def test_edited_files_and_files_of_other_templates_are_told_apart(built: Path, tmp_path: Path) -> None:
    in_libreoffice([(built, tmp_path / "edited.xlsx", [["formula", "Cases", "I17", "=1+1"]])])
    result = command("verify", tmp_path / "edited.xlsx", "--saved", "--templates", ACROSS)
    assert result.exit_code == 1
    assert "Cases!I17 (cases.corrected.power) holds =1+1 in place of =INDEX(GPUs!" in result.stdout
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", '"power - previous(power)"', '"previous(power) - power"')
    result = command("verify", tmp_path / "edited.xlsx", "--saved", "--templates", root)
    assert result.exit_code == 2
    assert "was built from other templates or with other overlays: 1 formulas differ, such as 'cases.step'" in result.stderr


def test_a_build_with_edits_is_of_the_same_templates(tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY, sets={"run.weights": 17, "gpus.small.power": 190})
    assert verify(tmp_path / "a.xlsx", [], templates=TINY).ok
    api.build("across", tmp_path / "b.xlsx", templates=ACROSS, sets={"cases.mine.pue": 1.4, "cases.corrected.gpu": "large"})
    assert verify(tmp_path / "b.xlsx", [], templates=ACROSS).ok
