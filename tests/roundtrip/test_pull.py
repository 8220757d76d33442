"""What users change comes back as they changed it, whoever saved the file; the rest of a file is accounted for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import differing, draw, in_libreoffice, place, read_back, typed
from tests.support import ACROSS, RECORD_SHEET, TINY, command
from workbook import api
from workbook.errors import WorkbookError
from workbook.roundtrip.edits_file import text_of
from workbook.roundtrip.pull import pull
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

BOOKS = {"tiny": TINY, "across": ACROSS}
SEED, ROUNDS, OFFICE_ROUNDS = 20260, 40, 6


@pytest.fixture(scope="module", params=BOOKS)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, api.Book, Path]:
    """Build each small workbook without edits."""
    path = tmp_path_factory.mktemp(request.param) / f"{request.param}.xlsx"
    api.build(request.param, path, templates=BOOKS[request.param])
    return request.param, api.load(request.param, BOOKS[request.param]), path


# Edits come back.


def test_a_file_as_built_holds_no_edits(made: tuple[str, api.Book, Path]) -> None:
    name, _, path = made
    found = pull(path)
    assert (found.workbook, found.edits, found.left) == (name, {}, [])


def test_edits_of_a_build_are_pulled_and_build_the_same_file(made: tuple[str, api.Book, Path], tmp_path: Path) -> None:
    name, book, _ = made
    dice = random.Random(SEED)  # noqa: S311 tests need the same numbers each time
    for number in range(ROUNDS):
        edits = draw(book, dice)
        path, file = tmp_path / f"{number}.xlsx", tmp_path / "edits.yaml"
        try:
            api.build(name, path, templates=BOOKS[name], sets=edits)
        except WorkbookError:
            continue  # a question without an answer: none of the cases cooled by water
        found = pull(path)
        assert found.sets == differing(book, edits)
        assert found.left == []
        file.write_text(text_of(found), "utf-8")
        assert read_back(name, BOOKS[name], file) == found.sets
        api.build(name, tmp_path / "again.xlsx", templates=BOOKS[name], overlay=file)
        again, cells = read_cells(tmp_path / "again.xlsx"), read_cells(path)
        # The record of the one says what an overlay gave.
        del again[RECORD_SHEET], cells[RECORD_SHEET]
        assert again == cells


def test_edits_typed_into_a_file_that_a_library_saved_are_pulled(made: tuple[str, api.Book, Path], tmp_path: Path) -> None:
    _, book, path = made
    dice = random.Random(SEED + 1)  # noqa: S311 as above
    for _ in range(ROUNDS):
        edits = draw(book, dice)
        found = pull(typed(path, tmp_path / "typed.xlsx", book, edits))
        assert found.sets == differing(book, edits)
        assert found.left == []


def test_edits_typed_in_libreoffice_are_pulled(made: tuple[str, api.Book, Path], tmp_path: Path) -> None:
    _, book, path = made
    dice = random.Random(SEED + 2)  # noqa: S311 as above
    drawn = [draw(book, dice) for _ in range(OFFICE_ROUNDS)]
    targets = [tmp_path / f"{number}.xlsx" for number in range(OFFICE_ROUNDS)]
    steps = [[["value", *place(book, cell_id), value] for cell_id, value in edits.items()] for edits in drawn]
    in_libreoffice([(path, target, taken) for target, taken in zip(targets, steps, strict=True)])
    for edits, target in zip(drawn, targets, strict=True):
        found = pull(target)
        # LibreOffice keeps 15 digits.
        assert found.sets == {
            name: value if isinstance(value, str) else float(f"{value:.15G}") for name, value in differing(book, edits).items()
        }
        assert found.left == []


def test_pull_and_edits_go_round_once_more(tmp_path: Path) -> None:
    """Edits that a build was given are edits still when its file is edited again."""
    api.build("across", tmp_path / "one.xlsx", templates=ACROSS, sets={"cases.mine.pue": 1.2, "cases.paper.count": 9})
    book = api.load("across", ACROSS)
    two = typed(tmp_path / "one.xlsx", tmp_path / "two.xlsx", book, {"cases.mine.pue": 1.3, "cases.other.hours": 23})
    assert pull(two).sets == {"cases.mine.pue": 1.3, "cases.paper.count": 9, "cases.other.hours": 23}


# The file of edits.


def test_the_file_of_edits_reads_as_it_should(tmp_path: Path) -> None:
    api.build("across", tmp_path / "a.xlsx", templates=ACROSS)
    book = api.load("across", ACROSS)
    path = typed(tmp_path / "a.xlsx", tmp_path / "b.xlsx", book, {"cases.mine.pue": 1.3, "chosen.case": "Corrected", "hours.h6": 7})
    result = command("pull", path, "-o", tmp_path / "edits.yaml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{tmp_path / 'edits.yaml'}: 3 edits\n", "")
    assert (tmp_path / "edits.yaml").read_text("utf-8").split("\n")[3:] == [
        'workbook: "across"',
        'version: "1"',
        "sets:",
        '  cases.mine.pue: {value: 1.3, took_over: 1.25, unit: "1"}',
        '  chosen.case: {value: "corrected", shown: "Corrected", was: "My own", unit: "text"}',
        '  hours.h6: {value: 7, was: 6, unit: "h"}',
        "",
    ]
    assert command("pull", path).stdout == (tmp_path / "edits.yaml").read_text("utf-8")


def test_a_note_is_pulled_and_built_and_pulled_again(tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    book = api.load("tiny", TINY)
    sheet, address = place(book, "run.weights")
    note = f"L{address[1:]}"
    in_libreoffice([(tmp_path / "a.xlsx", tmp_path / "b.xlsx", [["value", sheet, note, 'as "agreed" \\ on: #1\nfor §3']])])
    found = pull(tmp_path / "b.xlsx")
    assert {name: edit.note for name, edit in found.edits.items()} == {"run.weights": 'as "agreed" \\ on: #1\nfor §3'}
    assert (found.sets, found.left) == ({}, [])
    (tmp_path / "edits.yaml").write_text(text_of(found), "utf-8")
    api.build("tiny", tmp_path / "c.xlsx", templates=TINY, overlay=tmp_path / "edits.yaml")
    assert pull(tmp_path / "c.xlsx").edits == found.edits


def test_a_formula_typed_into_an_input_is_told_with_its_value(tmp_path: Path) -> None:
    api.build("across", tmp_path / "a.xlsx", templates=ACROSS)
    book = api.load("across", ACROSS)
    mine, paper, source = (place(book, name) for name in ("cases.mine.pue", "cases.paper.count", "cases.paper.pue"))
    steps = [["formula", *mine, f"={source[1]}*1.1"], ["formula", *paper, "=2*8"]]
    in_libreoffice([(tmp_path / "a.xlsx", tmp_path / "b.xlsx", steps)])
    found = pull(tmp_path / "b.xlsx")
    assert found.sets == pytest.approx({"cases.mine.pue": 1.65, "cases.paper.count": 16})
    assert [found.edits[name].formula for name in ("cases.mine.pue", "cases.paper.count")] == [f"{source[1]}*1.1", "2*8"]
    assert found.left == []


EDITS = 'workbook: across\nsets:\n  cases.mine.pue: {value: 1.3, unit: "1"}\n'
WRONG = {
    "id": ("cases.mine.pue", "cases.mine.pu", "edits.yaml:3:3: cases.mine.pu: there is no such input"),
    "value": ("1.3", "much", "edits.yaml:3:27: cases.mine.pue: 'much' is not a finite number"),
    "bounds": ("1.3", "0.5", "edits.yaml:3:27: cases.mine.pue is 0.5; it must be at least 1"),
    "unit": ('unit: "1"', "unit: kW", "edits.yaml:3:3: cases.mine.pue is given in kW, the templates have it in 1"),
    "key": ("value: 1.3", "value: 1.3, valeu: 1", "edits.yaml:3:32: unknown key 'valeu' in the edit of 'cases.mine.pue'"),
    "nothing": ("value: 1.3, ", "", "edits.yaml:3:19: the edit of 'cases.mine.pue' has neither 'value' nor 'note'"),
    "list": ('{value: 1.3, unit: "1"}', "[1]", "edits.yaml:3:19: the value of 'cases.mine.pue' must be a number or a text"),
    "workbook": ("across", "paper", "edits.yaml:1:11: holds edits of the workbook 'paper', not of 'across'"),
    "yaml": ("sets:", "sets: [", "edits.yaml:2:7: is not valid YAML"),
}


@pytest.mark.parametrize(("old", "new", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_file_of_edits_is_told_with_its_place(old: str, new: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "edits.yaml"
    file.write_text(EDITS.replace(old, new, 1), "utf-8")
    result = command("build", "across", "--templates", ACROSS, "--overlay", file, "--out", tmp_path / "a.xlsx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert not (tmp_path / "a.xlsx").exists()


def test_set_goes_before_a_file_of_edits(tmp_path: Path) -> None:
    file = tmp_path / "edits.yaml"
    file.write_text(EDITS + "  cases.paper.count: 9\n", "utf-8")
    api.build("across", tmp_path / "a.xlsx", templates=ACROSS, overlay=file, sets={"cases.mine.pue": 1.4})
    assert pull(tmp_path / "a.xlsx").sets == {"cases.mine.pue": 1.4, "cases.paper.count": 9}
