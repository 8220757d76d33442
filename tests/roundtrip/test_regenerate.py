"""Building again from an edited file: edits stay, figures nobody touched are new, and what both changed is told."""

from __future__ import annotations

import random
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.roundtrip.edits import differing, draw, in_libreoffice, place, typed
from tests.support import ACROSS, TINY, command, copy_of, plant
from workbook import api
from workbook.errors import WorkbookError
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

CASES, RESULTS = "sheets/cases.yaml", "sheets/results.yaml"
EDITS = {"cases.mine.pue": 1.3, "cases.paper.count": 9.0, "hours.h6": 7.0}


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """Build a workbook and type edits into it."""
    api.build("across", tmp_path / "built.xlsx", templates=ACROSS)
    return typed(tmp_path / "built.xlsx", tmp_path / "edited.xlsx", api.load("across", ACROSS), EDITS)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give templates to change."""
    return copy_of(ACROSS, tmp_path / "templates")


def again(edited: Path, root: Path, *options: str) -> tuple[int, list[str], list[str], Path]:
    """Build again; give the exit status, what was said (but for the counts of the build), and the new file."""
    target = edited.with_name("new.xlsx")
    result = command("build", "--from", edited, *options, "--templates", root, "--out", target)
    return result.exit_code, result.stdout.splitlines()[1:], result.stderr.splitlines(), target


def test_with_the_same_templates_only_the_edits_are_there(edited: Path, tmp_path: Path) -> None:
    status, said, wrong, target = again(edited, ACROSS)
    assert (status, said, wrong) == (0, ["3 edits kept, 0 inputs with new figures, 0 conflicts"], [])
    api.build("across", tmp_path / "set.xlsx", templates=ACROSS, sets=EDITS)
    assert target.read_bytes() == (tmp_path / "set.xlsx").read_bytes()


def test_inputs_nobody_touched_take_the_new_figures(edited: Path, root: Path) -> None:
    plant(root, CASES, "paper: 1.5, corrected: 1.25", "paper: 1.45, corrected: 1.25")
    plant(root, RESULTS, "value: 2.6", "value: 2.8")
    status, said, _, target = again(edited, root)
    assert (status, said) == (
        0,
        [
            "3 edits kept, 2 inputs with new figures, 0 conflicts",
            "new figure: chosen.level: 2.6 -> 2.8 kW",
            "new figure: cases.paper.pue: 1.5 -> 1.45 (own, assumed, low)",
            "no headline moved: see sheet Changes, or workbook diff",
            "built on other templates than the file: 2 changed (sheets/cases.yaml, sheets/results.yaml)",
        ],
    )
    assert pull(target).sets == EDITS
    assert pull(target).left == []


BOTH = {
    "theirs": ([], 9.0, "as edited"),
    "theirs, said": (["--theirs"], 9.0, "as edited"),
    "ours": (["--ours"], 10.0, "as the templates have it"),
}


@pytest.mark.parametrize(("options", "value", "kept"), BOTH.values(), ids=BOTH)
def test_what_both_changed_is_a_conflict(options: list[str], value: float, kept: str, edited: Path, root: Path) -> None:
    plant(root, CASES, "values: {paper: 8, mine: 16}", "values: {paper: 10, mine: 16}")
    status, said, _, target = again(edited, root, *options)
    assert status == 0
    assert said[:-2] == [
        "2 edits kept, 0 inputs with new figures, 1 conflict",
        f"conflict: cases.paper.count was edited from 8 to 9 gpu, but the templates now give 10 gpu; {kept} in the new file",
    ]
    assert pull(target).sets.get("cases.paper.count", 10.0) == value


def test_a_second_time_changes_nothing(edited: Path, root: Path) -> None:
    plant(root, CASES, "values: {paper: 8, mine: 16}", "values: {paper: 10, mine: 16}")
    _, _, _, target = again(edited, root)
    second = edited.with_name("second.xlsx")
    shutil.copy(target, second)
    status, said, wrong, target = again(second, root)
    assert (status, said, wrong) == (0, ["3 edits kept, 0 inputs with new figures, 0 conflicts"], [])
    assert target.read_bytes() == second.read_bytes()


def test_conflicts_can_stop_the_build(edited: Path, root: Path) -> None:
    plant(root, CASES, "values: {paper: 8, mine: 16}", "values: {paper: 10, mine: 16}")
    status, said, wrong, target = again(edited, root, "--fail")
    assert (status, said) == (2, [])
    assert wrong[0].startswith(f"{edited}: Cases!H12: cases.paper.count was edited from 8 to 9 gpu, but")
    assert not target.exists()


def test_an_input_that_was_removed_is_told_with_what_it_was_edited_to(edited: Path, root: Path) -> None:
    plant(root, RESULTS, "{h1: 1, h2: 2, h6: 6}", "{h1: 1, h2: 2, h5: 5}")
    status, said, wrong, target = again(edited, root)
    assert (status, said[:2]) == (1, ["2 edits kept, 0 inputs with new figures, 0 conflicts", "new figure: hours.h5 is new: 5 h"])
    assert wrong == ["not carried: hours.h6 is no input any more; it was edited to 7 h"]
    assert pull(target).sets == {name: value for name, value in EDITS.items() if name != "hours.h6"}


def test_a_number_is_not_carried_into_another_unit(edited: Path, root: Path) -> None:
    plant(root, RESULTS, "    unit: h\n    above: 0", "    unit: s\n    above: 0")
    plant(root, RESULTS, "convert(power * hours, 'kWh')\"}\n      below", "convert(power * hours, 'kWh')\"}\n      below")
    _, said, _, _ = again(edited, root)
    assert "conflict: hours.h6 was edited to 7 h, but the templates now have it in s: 6; as the templates have it in the new file" in said


def test_templates_with_other_rows_take_the_edits_by_id(edited: Path, root: Path) -> None:
    plant(root, CASES, "title: Assumptions, one case a column", "title: Assumptions")
    plant(root, CASES, "      pue: {", "      extra: {label: Extra, unit: kW, values: {paper: 3}}\n      pue: {")
    plant(root, CASES, "mine: My own, other", "between: Between, mine: My own, other")
    plant(root, CASES, "mine: corrected, other", "between: corrected, mine: corrected, other")
    plant(root, CASES, "corrected: 20, mine", "corrected: 20, between: 20, mine")
    status, said, _, target = again(edited, root)
    assert (status, said[0]) == (0, "3 edits kept, 0 inputs with new figures, 0 conflicts")
    assert pull(target).sets == EDITS


def test_an_edit_that_templates_refuse_now_is_listed_with_its_cell(edited: Path, root: Path) -> None:
    plant(root, CASES, "minimum: 1, maximum: 3", "minimum: 1.5, maximum: 3")
    plant(root, CASES, "paper: 1.5, corrected: 1.25", "paper: 1.5, corrected: 1.5")
    status, said, wrong, target = again(edited, root)
    assert (status, said[0]) == (1, "2 edits kept, 1 input with new figures, 0 conflicts")
    told = "is 1.3; it must be at least 1.5; it inherits its value again"
    assert wrong == [f"not carried: Cases!J11 (cases.mine.pue) {told}"]
    assert "cases.mine.pue" not in pull(target).sets


def test_the_edited_file_is_not_replaced_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    api.build("across", templates=ACROSS)
    result = command("build", "--from", "output/across.xlsx", "--templates", ACROSS)
    assert result.exit_code == 2
    assert "would be replaced by what is built from it" in result.stderr


def test_from_goes_alone(tmp_path: Path) -> None:
    for extra in (["across"], ["--set", "a=1"]):
        result = command("build", *extra, "--from", tmp_path / "a.xlsx")
        assert (result.exit_code, "give no NAME" in result.stderr) == (2, True)


def test_notes_and_scratch_cells_after_libreoffice(tmp_path: Path) -> None:
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    book = api.load("tiny", TINY)
    sheet, address = place(book, "run.weights")
    steps: list[list[Any]] = [
        ["value", sheet, f"L{address[1:]}", "agreed"],
        ["value", sheet, address, 17],
        ["value", sheet, "T3", "scratch"],
    ]
    in_libreoffice([(tmp_path / "a.xlsx", tmp_path / "b.xlsx", steps)])
    found = regenerate(tmp_path / "b.xlsx", tmp_path / "c.xlsx", templates=TINY)
    assert (found.left, read_cells(tmp_path / "c.xlsx")[sheet]["T3"].value) == ([], "scratch")
    edit = pull(tmp_path / "c.xlsx").edits["run.weights"]
    assert (edit.value, edit.note) == (17, "agreed")


def test_random_edits_stay_while_templates_change(tmp_path: Path, root: Path) -> None:
    plant(root, CASES, "paper: 1.5, corrected: 1.25", "paper: 1.45, corrected: 1.2")
    book, dice = api.load("across", ACROSS), random.Random(11)  # noqa: S311 tests need the same numbers each time
    done = 0
    for _ in range(25):
        edits = draw(book, dice)
        try:
            api.build("across", tmp_path / "a.xlsx", templates=ACROSS, sets=edits)
            regenerate(tmp_path / "a.xlsx", tmp_path / "b.xlsx", templates=root)
        except WorkbookError:
            continue  # a question without an answer
        assert pull(tmp_path / "b.xlsx").sets == differing(api.load("across", root), differing(book, edits))
        done += 1
    assert done > 10
