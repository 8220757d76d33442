"""How a team made sheets of the model look: `build --from` gives it to the cells and columns of the same ids, and to nothing else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import openpyxl
import openpyxl.formatting.rule
import pytest
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.worksheet.cell_range import MultiCellRange
from openpyxl.worksheet.datavalidation import DataValidation

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, command
from workbook import api
from workbook.record.located import locate

if TYPE_CHECKING:
    from pathlib import Path

KINDS: Any = openpyxl.formatting.rule
RED = "FFFF0000"
AT, YELLOW = "H12", PatternFill("solid", "FFFFFF00")  # cases.paper.count
CHANGED = ("FFFFFF00", "0.000", True, "FFFF0000", False, "double", "right", "top", 33, True, True, 44.0)
USED = (140, "B12", "'Cases'!$A$1:$H$12", "A11:H14", [(7, ["3"])], True, False)


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
    cell.border, cell.alignment = Border(bottom=Side("double", "FF00AA00")), Alignment("right", "top", wrap_text=True)
    opened["Cases"].row_dimensions[cell.row + 1].height = 44.0
    set_up(opened["Cases"], cell.row)
    opened.save(target)
    return target


def set_up(sheet: Any, row: int) -> None:
    """Set up a sheet otherwise than it was built: what stands on its cells ends in a row of inputs."""
    sheet.sheet_view.zoomScale, sheet.freeze_panes, sheet.print_area = 140, f"B{row}", f"A1:H{row}"
    sheet.auto_filter.ref = f"A{row - 1}:H{row + 2}"
    sheet.auto_filter.add_filter_column(7, ["3"])
    sheet.protection.insertRows = False


def looks(path: Path, address: str = AT) -> tuple[object, ...]:
    opened: Any = openpyxl.load_workbook(path)
    sheet = opened["Cases"]
    cell, columns = sheet[address], sheet.column_dimensions
    shown = cell.fill.fgColor.rgb, cell.number_format, cell.font.b, cell.font.color.rgb, cell.protection.locked
    drawn = cell.border.bottom.style, cell.alignment.horizontal, cell.alignment.vertical
    sized = round(columns[cell.column_letter].width), columns["C"].hidden, sheet.row_dimensions[cell.row].hidden
    return *shown, *drawn, *sized, sheet.row_dimensions[cell.row + 1].height


def use(path: Path) -> tuple[object, ...]:
    sheet: Any = openpyxl.load_workbook(path)["Cases"]
    columns = [(column.colId, column.filters.filter) for column in sheet.auto_filter.filterColumn]
    shown = sheet.sheet_view.zoomScale, sheet.freeze_panes, sheet.print_area, sheet.auto_filter.ref, columns
    return *shown, sheet.protection.sheet, sheet.protection.insertRows


def built_again(target: Path, *files: Path, templates: Path = ACROSS) -> tuple[int, str]:
    given = [each for file in files for each in ("--from", file)]
    result = command("build", *given, "--templates", templates, "--out", target)
    return result.exit_code, result.stderr


def test_formats_widths_and_hiding_are_carried_and_stay(built: Path, tmp_path: Path) -> None:
    assert looks(built) != CHANGED
    assert built_again(tmp_path / "new.xlsx", with_formats(built, tmp_path / "edited.xlsx")) == (0, "")
    assert looks(tmp_path / "new.xlsx") == CHANGED
    assert looks(tmp_path / "new.xlsx", "H13")[:8] == looks(built, "H13")[:8]
    assert use(tmp_path / "new.xlsx") == USED
    assert built_again(tmp_path / "second.xlsx", tmp_path / "new.xlsx") == (0, "")
    assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()
    in_libreoffice([(tmp_path / "new.xlsx", tmp_path / "saved.xlsx", [])])
    assert looks(tmp_path / "saved.xlsx")[:8] == CHANGED[:8]
    assert use(tmp_path / "saved.xlsx")[2:] == USED[2:]  # a program without a screen keeps no views


def test_they_follow_their_cell(built: Path, tmp_path: Path) -> None:
    in_libreoffice([(built, tmp_path / "moved.xlsx", [["insert rows", "Cases", 5, 2]])])
    located = locate(tmp_path / "moved.xlsx")
    now = located.input(located.baseline.inputs["cases.paper.count"])
    assert now is not None
    assert now.address != AT
    built_again(tmp_path / "new.xlsx", with_formats(tmp_path / "moved.xlsx", tmp_path / "edited.xlsx", now.address))
    assert (looks(tmp_path / "new.xlsx"), use(tmp_path / "new.xlsx")[:5]) == (CHANGED, USED[:5])


def test_what_copies_made_otherwise_is_told(built: Path, tmp_path: Path) -> None:
    one = with_formats(built, tmp_path / "one.xlsx")
    opened: Any = openpyxl.load_workbook(one)
    opened["Cases"][AT].fill = PatternFill("solid", "FF00FF00")
    opened.save(tmp_path / "two.xlsx")
    told = built_again(tmp_path / "new.xlsx", one, tmp_path / "two.xlsx")[1]
    assert told.splitlines()[-1] == "not carried: 1 cell fill: see sheet Changes"
    assert looks(tmp_path / "new.xlsx") == CHANGED


def with_rules(source: Path, target: Path) -> Path:
    """Save a file with conditional formats before and after those of the build, and two rules for what may be typed into one cell."""
    opened: Any = openpyxl.load_workbook(source)
    sheet = opened["Cases"]
    for rule in (rule for of in sheet.conditional_formatting for rule in of.rules):
        rule.priority += 1
    first = KINDS.FormulaRule(formula=["$H$12>H13"], fill=PatternFill(bgColor="FFFF0000"), stopIfTrue=True)
    first.priority = 1
    scale = KINDS.ColorScaleRule(start_type="min", start_color="FF0000", end_type="max", end_color="00FF00")
    smaller = KINDS.CellIsRule("lessThan", ["J12"], font=Font(bold=True))
    for areas, own in (("H12:H13 Z40", first), ("Z40:Z44", scale), ("H20:K20", smaller)):
        sheet.conditional_formatting.add(areas, own)
    for choices in ('"yes,no"', '"one,two"'):
        sheet.add_data_validation(DataValidation("list", formula1=choices, sqref=MultiCellRange("Z40")))
    opened.save(target)
    return target


def rules(path: Path) -> list[tuple[object, ...]]:
    """Return the conditional formats of a sheet by rank, and the rules on what may be typed into cells of people's own."""
    sheet: Any = openpyxl.load_workbook(path)["Cases"]
    found = sorted((rule.priority, str(of.sqref), rule) for of in sheet.conditional_formatting for rule in of.rules)
    looks = [rule.dxf and (rule.dxf.fill and rule.dxf.fill.bgColor.rgb, rule.dxf.font and rule.dxf.font.b) for *_, rule in found]
    said = [(areas, rule.type, rule.operator, rule.formula, bool(rule.stopIfTrue)) for _, areas, rule in found]
    typed = [("typed", str(rule.sqref), rule.formula1) for rule in sheet.data_validations.dataValidation if "Z" in str(rule.sqref)]
    return [*((*one, look) for one, look in zip(said, looks, strict=True)), *typed]


def test_rules_go_with_their_cells(built: Path, tmp_path: Path) -> None:
    edited = with_rules(built, tmp_path / "edited.xlsx")
    status, told = built_again(tmp_path / "new.xlsx", edited)
    assert (status, told.splitlines()[-1]) == (1, "not carried: 1 validation rule: see sheet Changes")  # a cell has one
    assert rules(tmp_path / "new.xlsx") == rules(edited)[:-1]
    assert [rule[0] for rule in rules(edited)] == ["H12:H13 Z40", "H21:K21", "H21:K21", "H20:K20", "Z40:Z44", "H20:K20", "typed", "typed"]
    built_again(tmp_path / "second.xlsx", tmp_path / "new.xlsx")
    assert (tmp_path / "second.xlsx").read_bytes() == (tmp_path / "new.xlsx").read_bytes()
    in_libreoffice([(tmp_path / "new.xlsx", tmp_path / "saved.xlsx", [["insert rows", "Cases", 5, 2]])])
    built_again(tmp_path / "third.xlsx", tmp_path / "saved.xlsx")
    assert sorted(rule[:2] for rule in rules(tmp_path / "third.xlsx")) == sorted(rule[:2] for rule in rules(tmp_path / "new.xlsx"))


def with_condition(source: Path, target: Path, *colours: str) -> Path:
    """Save a file with conditional formats of one condition, and with a scale from the first colour."""
    opened: Any = openpyxl.load_workbook(source)
    for colour in colours:
        look = {"fill": PatternFill("solid", colour, colour), "font": Font(bold=True), "border": Border(top=Side("thin", colour))}
        opened["Cases"].conditional_formatting.add("H12", KINDS.FormulaRule(formula=["H13>2"], **look))
    scale = KINDS.ColorScaleRule(start_type="min", start_color=colours[0], end_type="max", end_color="FF00FF00")
    opened["Cases"].conditional_formatting.add("H12:H13", scale)
    opened.save(target)
    return target


def test_copies_with_one_condition_in_other_colours_are_told_apart(built: Path, tmp_path: Path) -> None:
    red, both = (with_condition(built, tmp_path / f"{name}.xlsx", *of) for name, of in (("a", [RED]), ("b", [RED, YELLOW.bgColor.rgb])))
    other = with_condition(built, tmp_path / "c.xlsx", "FF00FFFF")
    in_libreoffice([(red, tmp_path / "again.xlsx", [])])
    assert built_again(tmp_path / "one.xlsx", red) == (0, "")
    assert built_again(tmp_path / "same.xlsx", red, tmp_path / "again.xlsx")[0] == 0
    assert rules(tmp_path / "same.xlsx") == rules(tmp_path / "one.xlsx")
    assert built_again(tmp_path / "two.xlsx", both) == (0, "")  # one person's, who wanted both
    assert len(rules(tmp_path / "two.xlsx")) == len(rules(tmp_path / "one.xlsx")) + 1
    status, told = built_again(tmp_path / "new.xlsx", red, other)
    assert (status, told.splitlines()[-1]) == (1, "not carried: 2 conditional formats: see sheet Changes")
    assert rules(tmp_path / "new.xlsx") == rules(tmp_path / "one.xlsx")


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
    assert use(tmp_path / "new.xlsx")[1:4] == ("B13", "'Cases'!$A$1:$H$13", "A11:H15")
    assert [looks(tmp_path / "new.xlsx", at)[:8] for at in ("H12", "H15")] == [looks(fresh, at)[:8] for at in ("H12", "H15")]
    assert looks(fresh, "H15")[1] != looks(built, "H14")[1]
