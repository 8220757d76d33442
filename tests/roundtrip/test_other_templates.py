"""A file built again on other templates than those that built it: the build says so, and lists what goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.roundtrip.edits import typed
from tests.support import ACROSS, RECORD_SHEET, command, copy_of, plant
from workbook import api
from workbook.record.read import baseline, read
from workbook.roundtrip.regenerate import regenerate

if TYPE_CHECKING:
    from pathlib import Path

TEAM = """sheet: Team
title: Team
answers: What does the team pay?
blocks:
  - inputs: team
    title: Prices
    items:
      price: {label: Price, value: 2, unit: "1", reference: true}
      share: {label: Share, value: 0.5, unit: "1", reference: true}
      paid: {label: Paid, value: 3, unit: "1", reference: true}
"""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make templates of a team's own, with a sheet and a card that the others lack."""
    root = copy_of(ACROSS, tmp_path_factory.mktemp("team") / "templates")
    plant(root, "across.yaml", "sheets: [cases,", "sheets: [team, cases,")
    (root / "sheets" / "team.yaml").write_text(TEAM, "utf-8")
    small = (root / "gpus" / "small.yaml").read_text("utf-8")
    (root / "gpus" / "huge.yaml").write_text(small.replace("small", "huge").replace("Small", "Huge"), "utf-8")
    return root


@pytest.fixture(scope="module")
def built(team: Path) -> Path:
    """Build with them, and edit one of the inputs on the sheet."""
    path = api.build("across", team.parent / "built.xlsx", templates=team).path
    return typed(path, team.parent / "edited.xlsx", api.load("across", team), {"team.paid": 4.0})


def again(file: Path, root: Path, tmp_path: Path) -> tuple[int, list[str], list[str]]:
    """Build a file again; give the exit status, what was said after the counts of the build, and the errors."""
    result = command("build", "--from", file, "--templates", root, "--out", tmp_path / "new.xlsx")
    return result.exit_code, result.stdout.splitlines()[1:], result.stderr.splitlines()


def test_what_other_templates_lack_is_listed(built: Path, tmp_path: Path) -> None:
    status, said, wrong = again(built, ACROSS, tmp_path)
    assert status == 1
    assert said[-1] == "built on other templates than the file: 2 missing (gpus/huge.yaml, sheets/team.yaml); 1 changed (across.yaml)"
    assert wrong == [
        "not carried: team.paid is no input any more; it was edited to 4",
        "not in the templates: sheet 'Team'",
        "not in the templates: card 'Huge GPU' (gpus/huge)",
        "not in the templates: inputs team.price, team.share",
        "If the file was built on templates of your own, give them with --templates DIR",
    ]


def test_the_same_templates_elsewhere_are_the_same(built: Path, team: Path, tmp_path: Path) -> None:
    root = copy_of(team, tmp_path / "elsewhere")
    path = root / "sheets" / "team.yaml"
    path.write_text(path.read_text("utf-8"), "utf-8", newline="\r\n")
    assert again(built, root, tmp_path) == (0, ["1 edit kept, 0 inputs with new figures, 0 conflicts"], [])


def test_templates_that_changed_and_lack_nothing_are_no_finding(built: Path, team: Path, tmp_path: Path) -> None:
    root = copy_of(team, tmp_path / "later")
    plant(root, "sheets/team.yaml", "value: 0.5", "value: 0.6")
    status, said, wrong = again(built, root, tmp_path)
    assert (status, wrong) == (0, [])
    assert "built on other templates than the file: 1 changed (sheets/team.yaml)" in said


def test_the_record_names_files_and_cards_and_no_folder(built: Path, team: Path) -> None:
    cells = read(built)
    part = baseline(built, cells).carried["templates"]
    assert isinstance(part, dict)
    assert set(part["files"]) == {path.relative_to(team).as_posix() for path in team.rglob("*") if path.is_file()}
    assert part["cards"] == {"gpus": {"large": "Large GPU", "small": "Small GPU", "huge": "Huge GPU"}}
    assert not [cell for cell in cells[RECORD_SHEET].values() if str(team.parent) in str(cell.value)]


def test_other_templates_are_named_where_a_file_cannot_be_verified(built: Path) -> None:
    result = command("verify", built, "--saved", "--templates", ACROSS)
    assert result.exit_code == 2
    assert "template files: 2 missing (gpus/huge.yaml, sheets/team.yaml); 1 changed (across.yaml)" in result.stderr


def test_a_record_of_templates_that_is_spoiled_is_none(team: Path, tmp_path: Path) -> None:
    path = api.build("across", tmp_path / "built.xlsx", templates=team).path
    for text in ("5", "[]", '{"files": 3, "cards": {}}', '{"files": {}, "cards": {"gpus": 1}}'):
        opened = openpyxl.load_workbook(path)
        (row,) = (cell.row for cell in opened[RECORD_SHEET]["A"] if cell.value == "templates")
        opened[RECORD_SHEET].cell(row, 2).value = text
        opened.save(tmp_path / "bad.xlsx")
        found = regenerate(tmp_path / "bad.xlsx", tmp_path / "new.xlsx", templates=ACROSS)
        assert (found.templates, found.gone[0]) == ("", "sheet 'Team'"), text
