"""How a team made sheets of the model look: `build --from` gives it to the cells and columns of the same ids, and to nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from openpyxl.styles import Font, PatternFill

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, command
from workbook import api
from workbook.record.located import locate

if TYPE_CHECKING:
    from pathlib import Path

AT, YELLOW = "H12", PatternFill("solid", "FFFFFF00")  # cases.paper.count
CHANGED = ("FFFFFF00", "0.000", True, "FFFF0000", False, 33, True, True)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a small workbook."""
    target = tmp_path_factory.mktemp("formats") / "built.xlsx"
    api.build("across", target, templates=ACROSS)
    return target


def with_formats(source: Path, target: Path, address: str = AT) -> Path:
    """Save a file with a cell, its column and its row made to look otherwise, and another column hidden."""
    opened: Any = openpyxl.load_workbook(source)
    cell = opened["Cases"][address]
    cell.fill, cell.number_format, cell.font = YELLOW, "0.000", Font(bold=True, color="FFFF0000")
    opened["Cases"].column_dimensions[cell.column_letter].width = 33.0
    opened["Cases"].column_dimensions["C"].hidden = True
    opened["Cases"].row_dimensions[cell.row].hidden = True
    opened.save(target)
    return target


def looks(path: Path, address: str = AT) -> tuple[object, ...]:
    opened: Any = openpyxl.load_workbook(path)
    sheet = opened["Cases"]
    cell, columns = sheet[address], sheet.column_dimensions
    shown = cell.fill.fgColor.rgb, cell.number_format, cell.font.b, cell.font.color.rgb, cell.protection.locked
    return *shown, round(columns[cell.column_letter].width), columns["C"].hidden, sheet.row_dimensions[cell.row].hidden


def built_again(target: Path, *files: Path, templates: Path = ACROSS) -> tuple[int, str]:
    given = [each for file in files for each in ("--from", file)]
    result = command("build", *given, "--templates", templates, "--out", target)
    return result.exit_code, result.stderr


def test_formats_widths_and_hiding_are_carried_and_stay(built: Path, tmp_path: Path) -> None:
    assert looks(built) != CHANGED
    assert built_again(tmp_path / "new.xlsx", with_formats(built, tmp_path / "edited.xlsx")) == (0, "")
    assert looks(tmp_path / "new.xlsx") == CHANGED
    assert looks(tmp_path / "new.xlsx", "H13")[:5] == looks(built, "H13")[:5]
    assert built_again(tmp_path / "second.xlsx", tmp_path / "new.xlsx") == (0, "")
    assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()
    in_libreoffice([(tmp_path / "new.xlsx", tmp_path / "saved.xlsx", [])])
    assert looks(tmp_path / "saved.xlsx")[:5] == CHANGED[:5]


def test_they_follow_their_cell(built: Path, tmp_path: Path) -> None:
    in_libreoffice([(built, tmp_path / "moved.xlsx", [["insert rows", "Cases", 5, 2]])])
    located = locate(tmp_path / "moved.xlsx")
    now = located.input(located.baseline.inputs["cases.paper.count"])
    assert now is not None
    assert now.address != AT
    built_again(tmp_path / "new.xlsx", with_formats(tmp_path / "moved.xlsx", tmp_path / "edited.xlsx", now.address))
    assert looks(tmp_path / "new.xlsx") == CHANGED


def test_what_copies_made_otherwise_is_told(built: Path, tmp_path: Path) -> None:
    one = with_formats(built, tmp_path / "one.xlsx")
    opened: Any = openpyxl.load_workbook(one)
    opened["Cases"][AT].fill = PatternFill("solid", "FF00FF00")
    opened.save(tmp_path / "two.xlsx")
    told = built_again(tmp_path / "new.xlsx", one, tmp_path / "two.xlsx")[1]
    assert told.splitlines()[-1] == "not carried: 1 cell fill: see sheet Changes"
    assert looks(tmp_path / "new.xlsx") == CHANGED


def test_a_new_look_of_the_templates_is_theirs(built: Path, tmp_path: Path) -> None:
    """The cell goes a row down, what is new above it and looks otherwise now, looks as the templates say."""
    shutil.copytree(ACROSS, tmp_path / "templates")
    path, one = tmp_path / "templates" / "sheets" / "cases.yaml", "      count: {label: GPUs, unit: gpu,"
    text = path.read_text().replace("h, minimum: 0, maximum: 24,", "h, format: thousandths, minimum: 0, maximum: 24,")
    path.write_text(text.replace(one, f'      spare: {{label: Spare, unit: "1", above: 0, values: {{paper: 1}}}}\n{one}'))
    fresh = tmp_path / "fresh.xlsx"
    api.build("across", fresh, templates=tmp_path / "templates")
    built_again(tmp_path / "new.xlsx", with_formats(built, tmp_path / "edited.xlsx"), templates=tmp_path / "templates")
    assert looks(tmp_path / "new.xlsx", "H13") == CHANGED
    assert [looks(tmp_path / "new.xlsx", at)[:5] for at in ("H12", "H15")] == [looks(fresh, at)[:5] for at in ("H12", "H15")]
    assert looks(fresh, "H15")[1] != looks(built, "H14")[1]
