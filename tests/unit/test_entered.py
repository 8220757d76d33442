"""A sheet that asks and answers: values entered in another table, tables alongside one another, sentences, charts side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import ACROSS, QUICKEST, address_of, change_cells, copy_of, mistakes_in, plant, require, rules_by_cell
from workbook import api
from workbook.errors import WorkbookError
from workbook.layout.style import TABS
from workbook.record.located import locate
from workbook.verify.built import book_of
from workbook.verify.engines import find
from workbook.verify.run import verify
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from pathlib import Path

FORM = """sheet: Form
title: Form
answers: What does your machine take?
role: answers
blocks:
  - values: finding
    sentences: true
    items:
      answer: {label: Answer, unit: text, format: answer, expr: "sentence.answer"}
      remark: {label: Remark, unit: text, format: remark, expr: "'Power follows from GPU, number and PUE.'"}
  - inputs: pick
    bare: true
    items:
      case: {label: Answer for, value: mine, unit: text, key: cases, evidence: assumed}
      least: {label: Least power, value: 1, unit: kW, minimum: 0, low: 0.5, high: 2, evidence: assumed}
  - table: ask
    title: What you ask
    across: true
    rows: {case: {of: cases, only: [mine, other], label: Question}}
    parents: {other: mine}
    columns:
      asked:
        like: cases
        only: [gpu, count, hours]
        columns:
          gpu: {values: {mine: large}}
          count: {label: Number of GPUs, values: {mine: 16}}
          hours: {default: "12 [h] if gpu == 'Large GPU' else 20 [h]"}
      idle: {label: Hours off, unit: h, expr: "24 [h] - hours"}
  - table: answers
    title: Answer
    alongside: true
    rows: {what: {label: Result, members: {power: Power, energy: Energy}}}
    columns:
      value: {label: Value, unit: mixed, format: "0.0", formats: {energy: "#,##0"}, each_row: "cases[pick.case].{what}"}
  - charts:
      - title: Power
        kind: column
        x: {title: Case}
        y: {title: kW}
        series: [{table: cases, x: case, y: power}]
      - {title: Energy, kind: column, x: {title: Case}, y: {title: kWh}, series: [{table: cases, x: case, y: energy}]}
      - {title: Hours, kind: column, x: {title: Case}, y: {title: h}, series: [{table: cases, x: case, y: hours}]}
  - values: sentence
    title: In words
    items:
      power: {label: Power, unit: "1", expr: "cases[pick.case].power / 1 [kW]"}
      answer: {label: Answer, unit: text, expr: "join(cases[pick.case].case, ' takes ', decimals(power, 2), ' kW')"}
"""


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give templates with a sheet that asks for two of the cases."""
    root = copy_of(ACROSS, tmp_path_factory.mktemp("form") / "templates")
    plant(root, "across.yaml", "[cases, results,", "[form, cases, results,")
    plant(root, "sheets/cases.yaml", "    across: true\n", "    across: true\n    entered_in: ask\n")
    (root / "sheets" / "form.yaml").write_text(FORM, "utf-8")
    (root / "units_shown.txt").write_text("# Shown in place of units\nkW = kilowatts\n\n", "utf-8")
    return root


@pytest.fixture(scope="module")
def book(templates: Path) -> api.Book:
    """Load the workbook."""
    return api.load("across", templates)


@pytest.fixture(scope="module")
def file(templates: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the workbook once."""
    return api.build("across", tmp_path_factory.mktemp("form") / "form.xlsx", templates=templates).path


@pytest.fixture(scope="module")
def opened(file: Path) -> Any:
    """Give the workbook as openpyxl reads it."""
    return openpyxl.load_workbook(file)


# Values entered in another table.


def test_a_case_has_what_is_entered_for_it_or_for_its_parent_or_follows(book: api.Book) -> None:
    values = book.values
    assert values["cases.gpu"].tolist() == ["Small GPU", "Small GPU", "Large GPU", "Large GPU"]
    assert values["cases.count"].tolist() == [8, 8, 16, 16]
    assert values["cases.hours"].tolist() == [20, 20, 12, 12]
    assert values["cases.cooling"].tolist() == ["air", "water", "water", "water"], "not asked, so inherited from the parent of sheet Cases"
    assert values["cases.power"].tolist()[2:] == pytest.approx([500 * 16 * 1.25 / 1e3] * 2)


@pytest.mark.parametrize(
    ("sets", "column", "wanted"),
    [
        ({"ask.mine.count": 4}, "cases.count", [8, 8, 4, 4]),
        ({"ask.other.count": 4}, "cases.count", [8, 8, 16, 4]),
        ({"ask.mine.gpu": "small"}, "cases.hours", [20, 20, 20, 20]),
        ({"ask.other.gpu": "Small GPU"}, "cases.hours", [20, 20, 12, 20]),
        ({"ask.other.gpu": "small", "ask.other.hours": 6}, "cases.hours", [20, 20, 12, 6]),
        ({"cases.corrected.count": 5}, "cases.count", [8, 5, 16, 16]),
        ({"cases.mine.pue": 2}, "cases.pue", [1.5, 1.25, 2, 1.25]),
    ],
)
def test_what_is_set_where_it_is_asked_is_the_value_of_the_case(
    templates: Path, sets: dict[str, str | float], column: str, wanted: list[float]
) -> None:
    assert api.load("across", templates, sets).values[column].tolist() == wanted


@pytest.mark.parametrize("text", ["cases: {mine: {§count: 4}}", "sets: {§cases.mine.count: 4}"])
def test_what_is_entered_elsewhere_is_refused_with_the_place_where_it_is(templates: Path, tmp_path: Path, text: str) -> None:
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(text.replace("§", ""), "utf-8")
    (found,) = mistakes_in("across", templates, overlay=overlay)
    assert (found.message, found.fix) == ("cases.mine.count: there is no such input", "it is entered as ask.mine.count; set that")
    assert found.place is not None
    assert found.place.column == text.index("§") + 1
    with pytest.raises(WorkbookError, match=r"it is entered as ask\.mine\.count; set that"):
        api.load("across", templates, {"cases.mine.count": 4})


def test_what_follows_from_what_is_asked_is_no_input_anywhere(templates: Path) -> None:
    with pytest.raises(WorkbookError, match="it is a formula or a constant; only inputs can be set"):
        api.load("across", templates, {"ask.mine.idle": 4})


def test_cells_of_the_case_are_locked_links_and_those_that_ask_are_inputs(book: api.Book, opened: Any) -> None:
    for case, name in (("mine", "gpu"), ("mine", "count"), ("other", "gpu"), ("other", "count"), ("other", "hours")):
        link, asked = opened["Cases"][address_of(book, f"cases.{case}.{name}")], opened["Form"][address_of(book, f"ask.{case}.{name}")]
        assert (link.value, link.protection.locked) == (f"=Form!${asked.column_letter}${asked.row}", True), name
        assert not asked.protection.locked
    allowed = rules_by_cell(opened["Cases"])
    assert address_of(book, "cases.paper.count") in allowed
    assert address_of(book, "cases.mine.count") not in allowed
    assert address_of(book, "ask.mine.count") in rules_by_cell(opened["Form"])


def test_an_edit_of_the_form_is_read_back_and_one_of_the_link_is_none(book: api.Book, file: Path, templates: Path, tmp_path: Path) -> None:
    asked, link = address_of(book, "ask.mine.count"), address_of(book, "cases.mine.count")
    change_cells(file, tmp_path / "asked.xlsx", [("Form", asked)], lambda _: f'<c r="{asked}"><v>4</v></c>')
    change_cells(tmp_path / "asked.xlsx", tmp_path / "both.xlsx", [("Cases", link)], lambda _: f'<c r="{link}"><v>5</v></c>')
    read = book_of(tmp_path / "both.xlsx", locate(tmp_path / "both.xlsx"), templates)
    assert read.edits == {("ask.count", 0): 4.0}
    assert read.values["cases.count"].tolist() == [8, 8, 4, 4]


def test_an_engine_that_recalculates_agrees(file: Path, templates: Path) -> None:
    (engine,) = (require(each) for each in find() if each.name == QUICKEST)
    report = verify(file, [engine.name], templates=templates)
    assert report.ok, (report.frame, report.changed)


# Where things stand.


def rows_of(sheet: Any) -> list[list[object]]:
    """Give the cells of a sheet by row, without what is empty at the end."""
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_a_table_alongside_stands_to_the_right_of_the_block_before(book: api.Book, opened: Any) -> None:
    plan = book.layout.sheets["Form"]
    columns = {name: book.layout.cell(f"{name}", 0)[1:] for name in ("ask.gpu", "answers.value")}
    assert columns["answers.value"][1] > columns["ask.gpu"][1] + 2, "two cases, and a gap"
    (head,) = [row for row in rows_of(opened["Form"]) if "Question" in row]
    assert [cell for cell in head if cell] == ["Question", "Unit", "My own", "Another one", "Result", "Value"]
    titles = [row for row in rows_of(opened["Form"]) if "What you ask" in row]
    assert [cell for cell in titles[0] if cell] == ["What you ask", "Answer"]
    below = next(label.row for label in plan.labels if label.text == "In words")
    assert below > columns["ask.gpu"][0] + 5
    assert below > columns["answers.value"][0] + 2


def test_inputs_that_are_bare_have_no_columns_of_evidence(book: api.Book, opened: Any) -> None:
    rows = {row[0]: row for row in rows_of(opened["Form"]) if row[0]}
    assert rows["Least power"][:4] == ["Least power", "kilowatts", 1, None]
    assert rows["Number of GPUs"][:4] == [
        "Number of GPUs",
        "gpu",
        16,
        f"=${address_of(book, 'ask.mine.count')[0]}{rows_at(opened, 'Number of GPUs')}",
    ]
    assert not {"Low", "High", "Source", "Grade (confidence)"} & {cell for row in rows.values() for cell in row}


def rows_at(opened: Any, label: str) -> int:
    """Give the number of the row of a label."""
    return int(next(row[0].row for row in opened["Form"].iter_rows() if row[0].value == label))


def test_sentences_are_as_wide_as_the_sheet_and_have_no_label(book: api.Book, opened: Any) -> None:
    sheet = opened["Form"]
    first, second = (sheet[address_of(book, f"finding.{name}")] for name in ("answer", "remark"))
    assert (first.coordinate, second.coordinate) == ("A5", "A6")
    merged = {str(area) for area in sheet.merged_cells.ranges}
    last = column_letters(book.layout.sheets["Form"].breadth - 1)
    assert {f"A5:{last}5", f"A6:{last}6"} <= merged
    assert first.font.size > second.font.size
    assert book.values["finding.answer"].tolist() == ["My own takes 10.00 kW"]


def test_single_rows_have_formats_of_their_own(book: api.Book, opened: Any) -> None:
    power, energy = (opened["Form"][address_of(book, f"answers.{what}.value")].number_format for what in ("power", "energy"))
    assert (power, energy) == ("0.0", "#,##0")


def test_three_charts_stand_side_by_side_and_say_what_they_show(opened: Any) -> None:
    charts = opened["Form"]._charts  # noqa: SLF001 openpyxl offers no other way
    assert [chart.title.tx.rich.p[0].r[0].t for chart in charts] == ["Power", "Energy", "Hours"]
    anchors = [(chart.anchor._from.row, chart.anchor._from.col) for chart in charts]  # noqa: SLF001 as above
    assert len({row for row, _ in anchors}) == 1
    assert anchors == sorted(set(anchors))


def test_a_tab_has_the_colour_of_the_role_of_its_sheet(opened: Any) -> None:
    assert opened["Form"].sheet_properties.tabColor.rgb == f"FF{TABS['answers'].lstrip('#')}"
    assert opened["Cases"].sheet_properties.tabColor is None


def test_units_are_shown_as_people_write_them_and_the_rest_as_they_are(opened: Any) -> None:
    shown = {row[0]: row[1] for row in rows_of(opened["Cases"]) if row[0] in {"Power of the site", "Hours of a day", "Energy of a day"}}
    assert shown == {"Power of the site": "kilowatts", "Hours of a day": "h", "Energy of a day": "kWh"}


def test_a_table_without_units_has_no_row_for_them(opened: Any) -> None:
    head = next(row[0].row for row in opened["Results"].iter_rows() if row[0].value == "Case" and row[1].value == "Energy of a day")
    assert opened["Results"].cell(head + 1, 2).value == "kWh"
    result = next(cell for row in opened["Form"].iter_rows() for cell in row if cell.value == "Result")
    assert opened["Form"].cell(result.row + 1, result.column).value == "Power"
