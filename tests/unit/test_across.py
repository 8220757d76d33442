"""Tables that run across: where their cells stand, what their formulas refer to, and what cannot run across."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import ACROSS, RECORD_SHEET, change_cells, command, copy_of, mistakes_in, plant, position, rules_by_cell
from workbook import api
from workbook.errors import WorkbookError
from workbook.layout.plan import Segment
from workbook.record.located import locate
from workbook.verify.built import book_of
from workbook.verify.run import expectations
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

CASES, RESULTS, GPUS = "sheets/cases.yaml", "sheets/results.yaml", "sheets/gpus.yaml"
EVIDENCE = ("Grade (confidence)", "Low", "High", "Source")
KNOWN = ", low: 1.1, high: 1.6, confidence: low, note: Of the site"
PARENTS = "    parents: {corrected: paper, mine: corrected, other: corrected}\n"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the workbook once."""
    return api.build("across", tmp_path_factory.mktemp("across") / "across.xlsx", templates=ACROSS).path


@pytest.fixture(scope="module")
def opened(file: Path) -> Any:
    """Give the workbook as openpyxl reads it."""
    return openpyxl.load_workbook(file)


@pytest.fixture(scope="module")
def formulas() -> dict[str, str]:
    """Give every formula by the id of its cell."""
    return {item.id: item.formula for item in expectations(api.load("across", ACROSS))}


# Where things stand.


def test_cells_of_a_segment_run_down_or_across() -> None:
    down, across = Segment("S", range(3, 6), 10, 2), Segment("S", range(3, 6), 10, 2, across=True)
    assert [down.cell(row) for row in down.rows] == [(10, 2), (11, 2), (12, 2)]
    assert [across.cell(row) for row in across.rows] == [(10, 2), (10, 3), (10, 4)]
    assert (down.last, across.last) == ((12, 2), (10, 4))


def test_keys_stand_in_the_head_and_labels_and_units_before_the_cells(opened: Any) -> None:
    rows = [[cell.value for cell in row] for row in opened["Cases"].iter_rows(min_row=7, max_row=17, max_col=11)]
    assert rows[0] == ["Case", "Unit", *EVIDENCE, "Note", "As printed", "Corrected", "My own", "Another one"]
    assert rows[1] == ["The machine", *[""] * 10]
    assert rows[4] == ["PUE", "", "assumed (low)", 1.1, 1.6, "Us, 2026-01-01", "Of the site", 1.5, 1.25, "=$I11", "=$I11"]
    assert rows[5][:8] == ["GPUs", "gpu", *[""] * 5, 8], "nothing is known of these inputs"
    assert rows[10][:8] == ["Power of the site", "kW", *[""] * 5, "=INDEX(GPUs!$C$18:$D$18,1,MATCH(H9,GPUs!$C$17:$D$17,0))*H12*H11/1000"]
    assert [row[0] for row in rows] == [
        *("Case", "The machine", "GPU", "Cooling", "PUE", "GPUs"),
        *("Its use", "Hours of a day", "Printed power", "What follows", "Power of the site"),
    ]
    assert {cell.fill.fgColor.rgb for cell in opened["Cases"][7][:11]} == {"FF1F3A5F"}
    lengths = [
        cell.value for row in opened["Results"].iter_rows(max_col=5) for cell in row if row[0].value == "Hours" and row[1].value == "h"
    ]
    assert lengths[:3] == ["Hours", "h", "=$B$89"], "the keys of a list are links, in the head"


def test_low_and_high_are_for_reference_only(opened: Any) -> None:
    low, high, value = (opened["Cases"][at] for at in ("D11", "E11", "H11"))
    assert low.number_format == high.number_format == value.number_format
    assert {cell.protection.locked for cell in (low, high)} == {True}
    assert {cell.fill.fgColor.rgb for cell in (low, high)} == {opened["Cases"]["D17"].fill.fgColor.rgb} != {value.fill.fgColor.rgb}
    assert "D11" not in rules_by_cell(opened["Cases"])


@pytest.mark.parametrize(
    ("old", "new", "known"),
    [
        (KNOWN, "", {"Grade (confidence)": "assumed", "Source": "Us, 2026-01-01"}),
        (KNOWN, ", low: 1.1", {"Grade (confidence)": "assumed", "Low": 1.1, "Source": "Us, 2026-01-01"}),
        (KNOWN, ", low: 0", {"Grade (confidence)": "assumed", "Low": 0, "Source": "Us, 2026-01-01"}),
        (KNOWN, ", high: 2, date: '2025'", {"Grade (confidence)": "assumed", "High": 2, "Source": "Us, 2025"}),
        (KNOWN, ", doc: Of the site", {"Grade (confidence)": "assumed", "Source": "Us, 2026-01-01", "Note": "Of the site"}),
        (
            "source: own, evidence: assumed, ",
            "date: '2025', ",
            {"Grade (confidence)": "not stated (low)", "Low": 1.1, "High": 1.6, "Source": "2025", "Note": "Of the site"},
        ),
    ],
)
def test_what_is_behind_inputs_is_shown_as_far_as_it_is_known(tmp_path: Path, old: str, new: str, known: dict[str, float | str]) -> None:
    """Low, High and Note are columns only where some row has something to say there."""
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, CASES, old, new)
    book = openpyxl.load_workbook(api.build("across", tmp_path / "across.xlsx", templates=root).path)
    cells = [(head.value, cell.value) for head, cell in zip(book["Cases"][7][2:], book["Cases"][11][2:], strict=True)]
    assert cells[: len(known) + 1] == [*known.items(), ("As printed", 1.5)]


def test_a_table_of_formulas_has_no_columns_of_evidence(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    path = root / CASES
    path.write_text(path.read_text("utf-8") + "  - table: more\n" + MORE.format(title="More", key="case: cases"), "utf-8")
    book = openpyxl.load_workbook(api.build("across", tmp_path / "across.xlsx", templates=root).path)
    (head,) = [row for row in book["Cases"].iter_rows(min_row=8, max_col=4, values_only=True) if row[0] == "Case"]
    assert head == ("Case", "Unit", "As printed", "Corrected")


def test_long_names_and_texts_are_given_room(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, CASES, "corrected: Corrected, mine: My", f"corrected: {'Corrected ' * 9}, mine: My")
    plant(root, CASES, "choices: [air, water]", f"choices: [air, water, {'moving air ' * 8}]")
    plan = api.load("across", root).layout.sheets["Cases"]
    assert plan.heights[6] >= 40
    assert plan.heights[9] >= 40
    assert plan.widths[8] < 30


# What stays in view.

TEXT = "  - text: [A paragraph.]\n    title: About\n"
MORE = "    title: {title}\n    across: true\n    rows: {{{key}}}\n    columns:\n      x: {{expr: '1'}}\n"
INPUTS = "low: 1, high: 4, note: Ours, values: {paper: 1, corrected: 2, mine: 3, other: 4}"
WITHOUT_LOW = INPUTS.replace("low: 1, ", "")


@pytest.mark.parametrize(
    ("before", "after", "pane"),
    [
        ("", "", "C8"),
        (TEXT, "", "C11"),
        (TEXT * 5, "", "C4"),
        ("", "  - table: more\n" + MORE.format(title="More", key="case: cases"), "C4"),
        ("", "  - table: more\n" + MORE.format(title="More", key="case: cases").replace("expr: '1'", INPUTS), "C8"),
        ("", "  - table: more\n" + MORE.format(title="More", key="case: cases").replace("expr: '1'", WITHOUT_LOW), "C4"),
        ("", "  - table: more\n" + MORE.format(title="More", key="gpu: gpus"), "C4"),
        ("", "  - table: more\n" + MORE.format(title="More", key="case: cases").replace("across: true", "doc: Down."), "C4"),
        ("", "  - inputs: more\n    items: {a: {value: 1}}\n", "C4"),
    ],
)
def test_labels_and_units_stay_in_view_and_the_head_where_it_fits(tmp_path: Path, before: str, after: str, pane: str) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, CASES, "blocks:\n", f"blocks:\n{before}")
    path = root / CASES
    path.write_text(path.read_text("utf-8") + after, "utf-8")
    book = openpyxl.load_workbook(api.build("across", tmp_path / "across.xlsx", templates=root).path)
    assert book["Cases"].freeze_panes == pane
    assert book["Notes"].freeze_panes == "B4"
    assert book["Cases"].print_title_cols == "$A:$B"


# What formulas, charts and rules refer to.


@pytest.mark.parametrize(
    ("cell", "formula"),
    [
        ("cases.mine.power", "INDEX(GPUs!$C$18:$D$18,1,MATCH(J9,GPUs!$C$17:$D$17,0))*J12*J11/1000"),
        ("cases.corrected.step", "I17-H17"),
        ("cases.paper.total", "H17"),
        ("cases.other.total", "J19+K17"),
        ("over.cases", "COLUMNS(Cases!$H$7:$K$7)"),
        ("over.cool", 'COUNTIFS(Cases!$H$10:$K$10,"water")'),
        ("over.mean", 'AVERAGEIFS(Cases!$H$17:$K$17,Cases!$H$10:$K$10,"water")'),
        ("over.high", 'SUMIFS(Cases!$H$17:$K$17,Cases!$H$17:$K$17,">"&chosen_level)'),
        ("over.daily", "SUMPRODUCT((Cases!$H$17:$K$17*Cases!$H$14:$K$14))"),
        ("over.fixed", "Cases!$H$10"),
        ("over.second", "INDEX(Cases!$H$17:$K$17,1,2)"),
        (
            "over.segment",
            "MAX(1,MIN(MATCH(MAX(chosen_level,INDEX(Cases!$H$19:$K$19,1,1)),Cases!$H$19:$K$19,1),COLUMNS(Cases!$H$19:$K$19)-1))",
        ),
        ("by_case.other.energy", "INDEX(Cases!$H$20:$K$20,1,MATCH(A55,Cases!$H$7:$K$7,0))"),
        ("by_length.h2.energy", "D59*D58"),
    ],
)
def test_formulas_refer_to_rows_of_cells(formulas: dict[str, str], cell: str, formula: str) -> None:
    assert formulas[cell] == formula


def test_values_are_those_worked_out_by_hand() -> None:
    values = api.load("across", ACROSS).values
    assert values["cases.power"].tolist() == pytest.approx([200 * 8 * 1.5 / 1e3, 200 * 8 * 1.25 / 1e3, 4, 5])
    assert values["cases.total"].tolist() == pytest.approx([2.4, 4.4, 8.4, 13.4])
    assert values["by_case.energy"].tolist() == pytest.approx([48, 40, 88, 120])
    assert values["over.high"].tolist() == [9]
    assert values["over.between"].tolist() == pytest.approx([48 + (2.6 - 2.4) / (4.4 - 2.4) * (40 - 48)])


def test_charts_rules_and_names_cover_rows_of_cells(opened: Any, file: Path) -> None:
    scatter, columns = opened["Results"]._charts  # noqa: SLF001 openpyxl offers no other way
    assert (scatter.series[0].xVal.numRef.f, scatter.series[0].yVal.numRef.f) == ("Cases!$H$17:$K$17", "Cases!$H$20:$K$20")
    assert columns.series[0].val.numRef.f == "Cases!$H$17:$K$17"
    rules = {str(area.sqref): [rule.type for rule in found] for area, found in opened["Cases"].conditional_formatting._cf_rules.items()}  # noqa: SLF001 as above
    assert rules == {"H21:K21": ["expression", "expression"], "H20:K20": ["colorScale"]}
    assert opened.defined_names["by_length_h6_energy"].attr_text == "Results!$E$60"
    assert rules_by_cell(opened["Results"])["B7"][2] == "Cases!$H$7:$K$7"
    assert read_cells(file)["Results"]["B7"].value == "My own"


def test_explanations_speak_of_columns(formulas: dict[str, str]) -> None:
    shown = command("explain", "Cases!I19", "--workbook", "across", "--templates", ACROSS).stdout
    assert "[cases.corrected.total, Cases!I19]" in shown
    assert "Power so far of the column to the left" in shown
    assert "[3 columns from Corrected]" in shown
    assert f"formula   ={formulas['cases.corrected.total']}" in shown
    assert "cases.paper.total  Power so far = 2.4 kW" in shown


def test_the_record_tells_what_runs_across(opened: Any, file: Path, tmp_path: Path) -> None:
    record = {row[0].value: [cell.value for cell in row[1:4]] for row in opened[RECORD_SHEET].iter_rows(min_row=8)}
    assert record["cases.pue"] == ["Cases", "H11", "4 across"]
    assert record["by_case.energy"] == ["Results", "B52", "4"]
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, RESULTS, "title: One length a column\n    across: true", "title: One length a column")
    with pytest.raises(WorkbookError, match="was built from other templates"):
        book_of(file, locate(file), root)


def test_a_changed_file_is_read_back_by_its_places(file: Path, tmp_path: Path) -> None:
    edited = tmp_path / "edited.xlsx"
    change_cells(file, edited, [("Cases", "K12")], lambda _: '<c r="K12"><v>10</v></c>')
    change_cells(edited, tmp_path / "twice.xlsx", [("Cases", "H11")], lambda _: '<c r="H11"><v>2</v></c>')
    book = book_of(tmp_path / "twice.xlsx", locate(tmp_path / "twice.xlsx"), ACROSS)
    assert book.edits == {("cases.pue", 0): 2.0, ("cases.count", 3): 10.0}


# What cannot run across.


@pytest.mark.parametrize(
    ("file_name", "old", "new", "message", "fix"),
    [
        (
            RESULTS,
            "    rows: {hours: hours}",
            "    rows: {hours: hours, case: cases}",
            "has 2 row keys; a table that runs across has one",
            "'across'",
        ),
        (
            RESULTS,
            "    across: true\n    rows: {hours: hours}",
            "    §across: true",
            "has no row keys; a table that runs across has one",
            "'across'",
        ),
        (RESULTS, "    across: true\n    rows: {hours", "    across: §sideways\n    rows: {hours", "must be true or false", ""),
        (
            RESULTS,
            "      share: {",
            "      §share: {section: S, ",
            "'share' has a 'section', but its table does not run across",
            "add 'across: true'",
        ),
        (
            RESULTS,
            "      cool: {",
            "      §cool: {section: S, ",
            "'cool' has a 'section', but its table does not run across",
            "add 'across: true'",
        ),
        (CASES, ', first: power, expr: "previous', ', expr: "§previous', "the first column has none to its left", "'first:'"),
        (
            RESULTS,
            '"slope([r.hours for r in cases]',
            '"§slope([r.energy for r in by_case]',
            "'slope' needs ranges that run the same way: 'cases' runs across, 'by_case' down",
            "take both from one table",
        ),
    ],
)
def test_what_cannot_run_across_is_told_at_its_place(tmp_path: Path, file_name: str, old: str, new: str, message: str, fix: str) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    place = plant(root, file_name, old, new)
    (found,) = [item for item in mistakes_in("across", root) if message in item.message]
    assert fix in found.fix
    assert place is None or position(found) == place


def test_a_table_on_a_repeated_sheet_does_not_run_across(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    text = 'sheet: "{gpu}"\neach: {gpu: gpus}\nblocks:\n  - cards: gpus\n  - table: own\n    across: true\n    rows: {case: cases}\n'
    (root / "sheets" / "each.yaml").write_text(text + '    columns: {x: {expr: "1"}}\n', "utf-8")
    plant(root, "across.yaml", "[cases, results, gpus,", "[cases, results, gpus, each,")
    (found,) = [item for item in mistakes_in("across", root) if "runs across on a sheet that is repeated" in item.message]
    assert (str(found.place), found.fix) == ("sheets/each.yaml:5:5", "put it on a sheet of its own")


def test_a_table_too_wide_for_a_sheet_is_told(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, RESULTS, "    rows: {hours: hours}", "    rows: {hours: {count: 16001}}")
    with pytest.raises(WorkbookError, match="has 16,001 rows, too many to run across"):
        api.load("across", root)


def test_a_table_that_runs_down_is_the_same_model(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    path = root / CASES
    text = path.read_text("utf-8").replace("    across: true\n", "")
    for heading in ("The machine", "Its use", "What follows"):
        text = text.replace(f"section: {heading}, ", "")
    path.write_text(text, "utf-8")
    down, across = api.load("across", root), api.load("across", ACROSS)
    assert down.values.keys() == across.values.keys()
    assert all(
        down.values[name].tolist() == pytest.approx(across.values[name].tolist(), nan_ok=True) for name in down.values if "x" not in name
    )
    assert {item.id: item.value for item in expectations(down)} == {item.id: item.value for item in expectations(across)}
