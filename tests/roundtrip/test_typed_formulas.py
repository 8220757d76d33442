"""A formula that was typed into an input stays one: its cells are found by their ids, and its value follows from theirs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import ACROSS, TINY, change_cells, command, copy_of, plant, require_all
from workbook import api
from workbook.check.warnings import check
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.verify.run import verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.xlsx.cells import Cell

# By id of the input: the formula, what it must read in the new file, and its value, worked out by hand.
KEPT: dict[str, tuple[str, str, float | str]] = {
    "cases.paper.count": ("=2*6", "2*6", 12.0),
    "cases.mine.pue": ("=H11*0.9", "H11*0.9", 1.35),
    "cases.other.cooling": ("=$H$10", "$H$10", "air"),
    "cases.other.gpu": ('=IF(H12>1,"Small GPU","Large GPU")', 'IF(H12>1,"Small GPU","Large GPU")', "Small GPU"),
    "cases.mine.hours": ("=SUM(H14:I14)-30", "SUM(H14:I14)-30", 10.0),
    "cases.corrected.hours": ("=AVERAGE(H14,MAX(H$14,2),$H14)", "AVERAGE(H14,MAX(H$14,2),$H14)", 20.0),
    "gpus.large.power": ("=gpus_small_power*2+1", "$B$8*2+1", 401.0),
    "hours.h6": ("=Cases!H12-200%", "Cases!H12-200%", 10.0),
    # 12 GPUs of 200 W with a PUE of 1.5 are 3.6 kW; 16 of 200 W and 1.35 are 4.32 kW, the most.
    "chosen.level": ("=over_most/-ROUND(-2.4,0)^1", "$B$14/-ROUND(-2.4,0)^1", 2.16),
}
ITS_OWN = "(it depends on its own result)"
LOST = {
    "a function": ("=12*COS(0)", "(the function COS is not kept)"),
    "another file": ("=[1]Sheet1!A1*12", "(it refers to another file)"),
    "a label": ("=12+0*LEN(A1)", "(A1 is neither an input nor a result that has an id)"),
    "an empty cell": ("=A3+12", "(A3 is neither an input nor a result that has an id)"),
    "two powers": ("=2^2^1*3", "(spreadsheet programs read two ^ in a row differently: brackets are needed)"),
    "a range by itself": ("=H12:I12", "(a range in it stands outside of SUM, AVERAGE, MIN and MAX)"),
    "a name": ("=mine*12", "('mine' is no cell that is known)"),
    "a deleted cell": ("=#REF!+12", "(it refers to cells that were deleted, #REF!)"),
    "itself": ("=H12+0", ITS_OWN),
    "its own result": ("=H17*0+12", ITS_OWN),
    "a range with its own result": ("=SUM(H17:I17)*0+12", ITS_OWN),
    "a lookup that may find it": ("=over_own*0+12", ITS_OWN),
}


def typed_in(source: Path, target: Path, formulas: Mapping[str, str | float], root: Path = ACROSS, name: str = "across") -> Path:
    """Save a file with formulas typed into inputs, as a program that does not calculate: without results."""
    book, opened = api.load(name, root), openpyxl.load_workbook(source)
    for cell_id, formula in formulas.items():
        sheet, address = place(book, cell_id)
        opened[sheet][address] = formula
    opened.save(target)
    return target


def held(path: Path, cell_id: str, root: Path = ACROSS, name: str = "across") -> Cell:
    """Give the cell of an input."""
    sheet, address = place(api.load(name, root), cell_id)
    return read_cells(path)[sheet][address]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return api.build("across", tmp_path_factory.mktemp("typed") / "built.xlsx", templates=ACROSS).path


@pytest.fixture(scope="module")
def kept(built: Path) -> Path:
    """A file with all formulas of KEPT, built again."""
    path = typed_in(built, built.with_name("edited.xlsx"), {name: formula for name, (formula, _, _) in KEPT.items()})
    result = regenerate(path, built.with_name("kept.xlsx"), templates=ACROSS)
    assert (result.left, result.remarks, sorted(result.merge.kept)) == ([], [], sorted(KEPT))
    return result.report.path


def test_formulas_stay_with_the_values_that_follow_from_them(kept: Path) -> None:
    for name, (_, text, value) in KEPT.items():
        cell = held(kept, name)
        assert (cell.formula, cell.value) == (text, pytest.approx(value) if isinstance(value, float) else value), name
    assert "Changes" not in read_cells(kept)


def test_every_engine_agrees_on_typed_formulas(kept: Path) -> None:
    report = verify(kept, require_all(), templates=ACROSS)
    assert (report.ok, report.changed, report.differences) == (True, [], [])


def test_a_second_build_changes_nothing(kept: Path, tmp_path: Path) -> None:
    regenerate(kept, tmp_path / "again.xlsx", templates=ACROSS)
    assert (tmp_path / "again.xlsx").read_bytes() == kept.read_bytes()


def test_pull_reads_them_back_and_an_overlay_builds_them_again(kept: Path, tmp_path: Path) -> None:
    found = pull(kept)
    assert (found.left, found.remarks, sorted(found.formulas)) == ([], [], sorted(KEPT))
    assert found.formulas["cases.mine.pue"] == "cases.paper.pue*0.9"
    assert found.formulas["cases.other.cooling"] == "$cases.paper.cooling$"
    assert command("pull", kept, "-o", tmp_path / "edits.yaml").exit_code == 0
    api.build("across", tmp_path / "new.xlsx", templates=ACROSS, overlay=tmp_path / "edits.yaml")
    assert pull(tmp_path / "new.xlsx").edits == found.edits
    shown = command("inputs", "across", "--templates", ACROSS, "--overlay", tmp_path / "edits.yaml", "--format", "csv").stdout
    assert "=H11*0.9" in next(line for line in shown.splitlines() if line.startswith("cases.mine.pue"))
    assert verify(tmp_path / "new.xlsx", [], templates=ACROSS, overlay=tmp_path / "edits.yaml").changed == []


def test_a_new_figure_reaches_the_formulas_that_refer_to_it(kept: Path, tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "gpus/small.yaml", "value: 200", "value: 300")
    plant(root, "sheets/cases.yaml", "  - table: cases", "  - text: [A paragraph more.]\n    title: More\n  - table: cases")
    result = regenerate(kept, tmp_path / "new.xlsx", templates=root)
    assert (result.left, result.merge.updated) == ([], ["gpus.small.power"])
    assert held(tmp_path / "new.xlsx", "gpus.large.power", root).value == 601.0
    assert held(tmp_path / "new.xlsx", "cases.mine.pue", root).formula != held(kept, "cases.mine.pue").formula
    assert held(tmp_path / "new.xlsx", "cases.mine.pue", root).value == pytest.approx(1.35)
    assert verify(tmp_path / "new.xlsx", ["gnumeric"], templates=root).ok


def test_a_constant_typed_over_a_kept_formula_is_an_edit(kept: Path, tmp_path: Path) -> None:
    typed_in(kept, tmp_path / "edited.xlsx", {"cases.mine.pue": 1.3})
    found = pull(tmp_path / "edited.xlsx")
    assert (found.sets["cases.mine.pue"], found.edits["cases.mine.pue"].formula) == (1.3, "")
    # Formulas of inputs are worked out without results in the file; what a formula of the model comes to is not known.
    assert [item.id for item in found.left] == ["chosen.level"]
    wanted = {name: value for name, (_, _, value) in KEPT.items() if name != "chosen.level"} | {"cases.mine.pue": 1.3}
    assert found.sets == pytest.approx(wanted)


def stored(source: Path, target: Path, cell_id: str, inside: str) -> Path:
    """Save a file with other XML in the cell of an input."""
    sheet, address = place(api.load("across", ACROSS), cell_id)
    change_cells(source, target, [(sheet, address)], lambda _: f'<c r="{address}">{inside}</c>')
    return target


@pytest.mark.parametrize(("formula", "why"), LOST.values(), ids=LOST)
def test_what_cannot_be_kept_is_carried_as_its_value(formula: str, why: str, built: Path, tmp_path: Path) -> None:
    """With the reason in the message; without a result it is listed, with its text."""
    edited = stored(built, tmp_path / "edited.xlsx", "cases.paper.count", f"<f>{formula[1:]}</f><v>12</v>")
    result = regenerate(edited, tmp_path / "new.xlsx", templates=ACROSS)
    assert [(item.id, item.entry) for item in result.remarks] == [("cases.paper.count", formula)]
    assert f"holds the formula {formula}: its value 12 was taken, the formula was not {why}" in result.remarks[0].text
    assert (result.left, held(tmp_path / "new.xlsx", "cases.paper.count")[:2]) == ([], (None, 12.0))
    if why == ITS_OWN and formula != LOST["itself"][0]:
        return  # what it comes to is known from the rest of the file
    edited = stored(built, tmp_path / "edited.xlsx", "cases.paper.count", f"<f>{formula[1:]}</f>")
    result = regenerate(edited, tmp_path / "new.xlsx", templates=ACROSS)
    assert [(item.id, item.entry) for item in result.left] == [("cases.paper.count", formula)]
    assert why.strip("()") in result.left[0].text
    assert (result.remarks, held(tmp_path / "new.xlsx", "cases.paper.count")[:2]) == ([], (None, 8.0))


REFUSED = {
    "out of limits": ("cases.mine.pue", "H11*3", "is 4.5; it must be at most 3; "),
    "no choice": ("cases.mine.cooling", 'IF(H12>1,"oil","air")', "cannot be 'oil'"),
    "an error": ("cases.mine.pue", "1.2/(H12-8)", "is an error, such as a division by zero: "),
    "a list that does not increase": ("hours.h6", "Cases!H12/8", "the values of list 'hours' must increase; "),
}


@pytest.mark.parametrize(("name", "formula", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_result_that_an_input_cannot_take_is_refused(name: str, formula: str, reason: str, built: Path, tmp_path: Path) -> None:
    typed_in(built, tmp_path / "edited.xlsx", {name: f"={formula}", "cases.other.hours": 23})
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, f"({name}) {reason}" in result.stderr) == (1, True), result.stderr
    assert f"={formula}" in [cell.value for cell in read_cells(tmp_path / "new.xlsx")["Conflicts"].values()]
    assert pull(tmp_path / "new.xlsx").sets == {"cases.other.hours": 23.0}


def test_formulas_that_need_each_other_are_not_all_kept(built: Path, tmp_path: Path) -> None:
    edited = stored(built, tmp_path / "one.xlsx", "cases.paper.count", "<f>J12/2</f><v>8</v>")
    edited = stored(edited, tmp_path / "two.xlsx", "cases.mine.count", "<f>H12*2</f><v>16</v>")
    result = regenerate(edited, tmp_path / "new.xlsx", templates=ACROSS)
    assert [(item.id, "(it depends on its own result)" in item.text) for item in result.remarks] == [("cases.mine.count", True)]
    assert [held(tmp_path / "new.xlsx", f"cases.{name}.count").formula for name in ("paper", "mine")] == ["J12/2", None]


def test_a_formula_may_refer_to_the_result_of_another_row(built: Path, tmp_path: Path) -> None:
    """Columns then need each other, cells do not: a third case follows a second one, which follows the first.

    The case as printed is 8 GPUs of 200 W with a PUE of 1.5: 2.4 kW. Twenty a kilowatt are 48 GPUs and, with a PUE of 1.25 and
    500 W each, 30 kW for 'other'. A quarter of its GPUs and a twentieth of its kilowatts make 'mine', with 200 W each.
    """
    of_paper = {"cases.other.count": "=H17*20", "cases.corrected.hours": "=H17*5"}
    formulas = of_paper | {"cases.mine.count": "=K12/4", "cases.mine.pue": "=K17/20"}
    typed_in(built, tmp_path / "edited.xlsx", formulas)
    result = regenerate(tmp_path / "edited.xlsx", tmp_path / "new.xlsx", templates=ACROSS)
    assert (result.left, result.remarks, sorted(result.merge.kept)) == ([], [], sorted(formulas))
    wanted = {"other.count": 48.0, "other.power": 30.0, "corrected.hours": 12.0, "mine.count": 12.0, "mine.pue": 1.5, "mine.power": 3.6}
    assert {name: held(tmp_path / "new.xlsx", f"cases.{name}").value for name in wanted} == pytest.approx(wanted)
    report = verify(tmp_path / "new.xlsx", require_all(), templates=ACROSS)
    assert (report.ok, report.changed, report.differences) == (True, [], [])


def test_a_new_figure_of_an_input_with_a_formula_is_a_conflict(kept: Path, tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "gpus/large.yaml", "value: 500", "value: 450")
    given = ("build", "--from", kept, "--templates", root, "--out", tmp_path / "new.xlsx")
    told = "gpus.large.power was edited from 500 to 401 (=$gpus.small.power$*2+1) W/gpu, but the templates now give 450 W/gpu"
    assert f"conflict: {told}; as edited in the new file" in command(*given).stdout
    assert held(tmp_path / "new.xlsx", "gpus.large.power", root).formula == "$B$8*2+1"
    assert f"conflict: {told}; as the templates have it in the new file" in command(*given, "--ours").stdout
    assert held(tmp_path / "new.xlsx", "gpus.large.power", root)[:2] == (None, 450.0)
    assert "typed into the file: =$B$8*2+1" in [cell.value for cell in read_cells(tmp_path / "new.xlsx")["Changes"].values()]


def test_rows_sheets_and_copies_in_libreoffice(built: Path, tmp_path: Path) -> None:
    """Rows were inserted, a sheet renamed and a formula copied along a row before the file was saved."""
    steps: list[list[Any]] = [
        *(["formula", "Cases", "H12", "=2*6"], ["formula", "Cases", "I11", "=$H11*0.9"], ["copy", "Cases", "I11", "K11"]),
        *(["formula", "Results", "B8", "=$Cases.H12/6"], ["formula", "Cases", "J10", '=IF(H12=12;"air";"water")']),
        *(["insert rows", "Cases", 9, 2], ["rename", "Cases", "It's ours (1)"]),
    ]
    in_libreoffice([(built, tmp_path / "edited.xlsx", steps)])
    result = regenerate(tmp_path / "edited.xlsx", tmp_path / "new.xlsx", templates=ACROSS)
    texts = {name: held(tmp_path / "new.xlsx", name)[:2] for name in ("cases.corrected.pue", "cases.other.pue", "chosen.level")}
    assert (result.remarks, texts) == (
        [],
        {"cases.corrected.pue": ("$H11*0.9", 1.35), "cases.other.pue": ("$H11*0.9", 1.35), "chosen.level": ("Cases!H12/6", 2.0)},
    )
    assert held(tmp_path / "new.xlsx", "cases.mine.cooling")[:2] == ('IF(H12=12,"air","water")', "air")


def test_a_formula_in_an_input_with_a_name_and_a_cell_of_a_card(tmp_path: Path) -> None:
    """The small templates: a card on a sheet of its own, with a blank in its name."""
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    book = api.load("tiny", TINY)
    sheet, address = place(book, "gpus.small.power")
    typed_in(tmp_path / "a.xlsx", tmp_path / "b.xlsx", {"run.weights": f"='{sheet}'!{address}*0.05"}, TINY, "tiny")
    regenerate(tmp_path / "b.xlsx", tmp_path / "c.xlsx", templates=TINY)
    assert held(tmp_path / "c.xlsx", "run.weights", TINY, "tiny").formula == f"'{sheet}'!{address}*0.05"
    assert verify(tmp_path / "c.xlsx", ["gnumeric"], templates=TINY).ok


def test_formulas_in_an_overlay_are_live_in_the_planning_workbook(tmp_path: Path) -> None:
    """By id, in the order of their needs; one that cannot be kept is a value with a warning."""
    (tmp_path / "edits.yaml").write_text(
        "sets:\n"
        '  cases.mine_2.rate: {value: 1, formula: "=$cases.mine_1.rate$*2"}\n'
        '  cases.mine_1.rate: {value: 1, formula: "=1.2*500"}\n'
        '  hardware.h200_sxm.tdp: {value: 650, formula: "=hardware.h100_sxm.tdp*0.9"}\n'
        '  cases.mine_3.rate: {value: 70, formula: "=A1*2"}\n',
        "utf-8",
    )
    book = api.load(overlay=tmp_path / "edits.yaml")
    values = {name: float(book.values[at[0]][at[1]]) for name in OVERLAID if (at := book.model.find(name))}
    assert values == pytest.approx(OVERLAID)
    assert list(book.layout.lost) == ["cases.mine_3.rate"]
    assert any("cases.mine_3.rate: its value was taken, its formula was not" in str(item) for item in check(book))


# 630 W are 700 W, less a tenth.
OVERLAID = {"cases.mine_1.rate": 600.0, "cases.mine_2.rate": 1200.0, "hardware.h200_sxm.tdp": 630.0, "cases.mine_3.rate": 70.0}


def test_a_formula_of_an_overlay_beyond_the_limits_is_told_where_it_stands(tmp_path: Path) -> None:
    built = api.build("tiny", tmp_path / "built.xlsx", templates=TINY).path
    overlay = tmp_path / "ours.yaml"
    overlay.write_text('sets:\n  run.parallel: {value: 4, formula: "=run.weights*1000"}\n', "utf-8")
    result = command("build", "--from", built, "--overlay", overlay, "--templates", TINY, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines()[0] == f"{overlay}:2:25: run.parallel is 16000; it must be at most 8"
    assert not (tmp_path / "new.xlsx").exists()
