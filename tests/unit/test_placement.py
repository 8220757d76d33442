"""Where things stand: nothing on top of anything else, nothing left out, and names that spreadsheets accept."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import openpyxl
import pytest

from tests.support import ACROSS, RECORD_SHEET, TINY, copy_of, filled, plant
from workbook import api
from workbook.declare.packaged import packaged
from workbook.declare.schema import TableBlock
from workbook.layout.style import printed_format
from workbook.layout.widths import display
from workbook.xlsx.a1 import column_letters, quoted, sheet_key
from workbook.xlsx.cells import Cell, cell_position, cell_reference, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOOKS = {"tiny": TINY, "across": ACROSS} | {
    path.stem: packaged() for path in sorted(packaged().glob("*.yaml")) if path.stem not in {"sources", "limits", "validation"}
}
Built = tuple[api.Book, Any, "Path"]


@pytest.fixture(scope="module", params=BOOKS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    """Place and write each workbook once; give it as openpyxl reads it too."""
    path = tmp_path_factory.mktemp("placed") / "book.xlsx"
    api.build(request.param, path, templates=BOOKS[request.param])
    return api.load(request.param, BOOKS[request.param]), openpyxl.load_workbook(path), path


def placed(book: api.Book) -> Iterator[tuple[str, int, int, str]]:
    """Give every cell that a label or a quantity takes: sheet, row, column, and what takes it."""
    for plan in book.layout.sheets.values():
        for label in plan.labels:
            for column in range(label.column, label.column + label.span):
                yield plan.name, label.row, column, f"label {label.text!r}"
    for name, segments in book.layout.segments.items():
        for segment in segments:
            for index in segment.rows:
                yield segment.sheet, *segment.cell(index), name


def test_no_two_things_share_a_cell(built: Built) -> None:
    taken: dict[tuple[str, int, int], str] = {}
    for sheet, row, column, what in placed(built[0]):
        assert (sheet, row, column) not in taken, f"{sheet}!{column_letters(column)}{row + 1}: {what} on {taken[sheet, row, column]}"
        taken[sheet, row, column] = what


def test_everything_stands_on_its_sheet(built: Built) -> None:
    plans = built[0].layout.sheets
    for sheet, row, column, what in placed(built[0]):
        assert 0 <= row <= plans[sheet].last_row, (sheet, row, what)
        assert 0 <= column <= plans[sheet].last_column, (sheet, column, what)


def test_every_cell_of_the_model_is_placed_once(built: Built) -> None:
    book = built[0]
    for quantity in book.model.quantities.values():
        rows = Counter(row for segment in book.layout.segments.get(quantity.id, ()) for row in segment.rows)
        filled = {*quantity.inputs, *quantity.links, *quantity.constants, *quantity.formula_rows()}
        assert filled <= set(rows), f"{quantity.id}: rows {sorted(filled - set(rows))} stand nowhere"
        assert set(rows.values()) <= {1}, f"{quantity.id} stands in two places"


def test_the_file_holds_what_was_placed_and_nothing_else(built: Built) -> None:
    book, _, path = built
    taken = {(sheet, f"{column_letters(column)}{row + 1}") for sheet, row, column, _ in placed(book)}
    cells = {
        (sheet, address): cell for sheet, found in read_cells(path).items() if sheet != RECORD_SHEET for address, cell in found.items()
    }
    assert {at for at, cell in cells.items() if cell.is_formula or cell.value is not None} <= taken
    for plan in book.layout.sheets.values():
        for label in plan.labels:
            cell = cells[plan.name, f"{column_letters(label.column)}{label.row + 1}"]
            assert ("" if cell.value is None else cell.value) == label.text
            assert not cell.is_formula


def test_merged_cells_do_not_overlap(built: Built) -> None:
    for sheet in built[1].worksheets:
        taken: set[tuple[int, int]] = set()
        for area in sheet.merged_cells.ranges:
            cells = {(row, column) for row in range(area.min_row, area.max_row + 1) for column in range(area.min_col, area.max_col + 1)}
            assert not taken & cells, (sheet.title, area)
            taken |= cells


# Numbers and the widths of their columns.

# Advance widths of Calibri, which Carlito has too, in parts of the font's size; other signs of the formats are narrower than "m".
GLYPHS = {**dict.fromkeys("0123456789", 0.507), ",": 0.25, ".": 0.252, "-": 0.306, "+": 0.498, "E": 0.488, "%": 0.715, " ": 0.226}
PIXELS, FRAME, WIDER = 10 / 0.75, 4.0, 1.15  # of the font's size, of padding and lines in a cell; how much wider another font may be


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("#,##0.00", 1234567.891, "1,234,567.89"),
        ("#,##0.00", -1234.5, "-1,234.50"),
        ("#,##0.######", 1234.5678912, "1,234.567891"),
        ("#,##0.####", 8.0, "8."),
        ("0.0#", 1.5, "1.5"),
        ("0.0%", 0.1234, "12.3%"),
        ("+0%;-0%;0%", 0.25, "+25%"),
        ("+0%;-0%;0%", -0.25, "-25%"),
        ("+0%;-0%;0%", 0.0, "0%"),
        ("0.000E+00", 1234567.0, "1.235E+06"),
        ("[>=100000]0.0E+00;#,##0.00", 123456.0, "1.2E+05"),
        ("[>=100000]0.0E+00;#,##0.00", 99999.0, "99,999.00"),
        ("[>=100]#,##0;[>=1]0.00;0.0000", 2.5, "2.50"),
        ("[>=100]#,##0;[>=1]0.00;0.0000", -2.5, "-2.5000"),
        ('[=1]"pass";[=0]"FAIL";General', 1.0, "pass"),
        ('[=1]"pass";[=0]"FAIL";General', 0.0, "FAIL"),
        ('[=0]"pass";0" failing"', 12.0, "12 failing"),
        ("#,##0", 0.5, "1"),
        ("[>=0.05]#,##0.0;[=0]0;0.0E+00", 0.035, "3.5E-02"),
        ("[>=0.05]#,##0.0;[=0]0;0.0E+00", 0.0, "0"),
        ("General", 12345.678, "12346"),
        ('[>=1000000]0.00,," M";[>=100]#,##0;0.00', 25_480_000.0, "25.48 M"),
        ('[>=1000000]0.00,," M";[>=100]#,##0;0.00', 714.2, "714"),
    ],
)
def test_numbers_are_measured_as_spreadsheets_show_them(code: str, value: float, text: str) -> None:
    assert display(code, value) == text


@pytest.mark.parametrize(
    ("raw", "given", "code"), [("0.086", "0.0%", "0.0%"), ("0.77", "0.0%", "0%"), ("0.0123", "0%", "0.00%"), ("1.50", "0.0", "#,##0.00")]
)
def test_a_printed_figure_keeps_its_decimals_in_one_percentage(raw: str, given: str, code: str) -> None:
    assert printed_format(raw, given) == code


def test_every_number_has_room_in_its_column(built: Built) -> None:
    _, book, path = built
    values = read_cells(path)
    shown = {}
    for sheet in book.worksheets:
        for row in sheet.iter_rows() if sheet.title != RECORD_SHEET else ():
            for cell in row:
                found = values[sheet.title].get(cell.coordinate)
                if found and isinstance(found.value, float) and not isinstance(cell, openpyxl.cell.cell.MergedCell):
                    shown[sheet.title, cell.column, cell.number_format, found.value] = cell.coordinate
    widths = {
        (sheet.title, column): run.width
        for sheet in book.worksheets
        for run in sheet.column_dimensions.values()
        for column in range(run.min, run.max + 1)
    }
    for (sheet, column, code, value), address in shown.items():
        text = display(code, value)
        needed = WIDER * PIXELS * sum(GLYPHS.get(sign, 0.8) for sign in text) + FRAME
        room = int(widths[sheet, column] * 7 + 5)
        assert needed <= room, f"{sheet}!{address} shows {text} in {room} pixels"


# What is behind inputs.

OWN = """  - table: sites
    title: Sites
    rows: {site: {label: Site, members: {north: North, south: South}}}
    columns:
      pue:
        {label: PUE, source: datasheet, low: 1.1, high: 1.5, date: "2025-06", confidence: low, evidence: vendor,
         values: {north: 1.25, south: 2}}
      price: {label: Price, unit: W, format: "0.000", evidence: assumed, doc: Of a year, values: {south: 2}}
      double: {label: Double, expr: 2 * pue}
"""


def test_below_a_table_stands_what_is_behind_its_inputs(tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    path = root / "sheets" / "inputs.yaml"
    path.write_text(path.read_text("utf-8") + OWN, "utf-8")
    sheet = openpyxl.load_workbook(api.build("tiny", tmp_path / "tiny.xlsx", templates=root).path)["Inputs"]
    rows = [[cell.value for cell in row[:14]] for row in sheet.iter_rows()]
    head = next(number for number, row in enumerate(rows) if row[0] == "Inputs of this table")
    assert [row[0] for row in rows[head - 3 : head]] == ["North", "South", None]
    assert rows[head][:8] == ["Inputs of this table", "Unit", "Low", "High", "Date", "Confidence", "Evidence", "Source"]
    assert rows[head + 1][:8] == ["PUE", "", 1.1, 1.5, "2025-06", "low", "vendor", "page 1"]
    assert [rows[head + 2][column] for column in (0, 1, 2, 3, 6, 10)] == ["Price", "W", "", "", "assumed", "Of a year"]
    assert len(rows) == head + 3, "a formula has none"


def test_every_table_of_inputs_tells_what_is_behind_them(built: Built) -> None:
    blocks = [block for sheet in built[0].model.declared.sheets for block in sheet.blocks]
    forms = {block.entered_in for block in blocks if isinstance(block, TableBlock)}  # the table that they fill tells it
    for plan in built[0].layout.sheets.values():
        tables = [block for block in plan.declared.blocks if isinstance(block, TableBlock)]
        columns = [column for block in tables if block.name not in forms for column in block.columns]
        for column in columns:
            if column.constants or not column.figures:
                continue
            figure = next(iter(column.figures.values()))
            heads = [(label.row, label.column) for label in plan.labels if label.text == column.label]
            told = [{label.text for label in plan.labels if label.row == row and label.column > at + 1} for row, at in heads]
            wanted = {text for text in (figure.low, figure.high, figure.note or column.doc) if text not in {None, ""}}
            grades = {figure.evidence, f"{figure.evidence} ({figure.confidence})"}
            assert any(wanted <= texts and grades & texts for texts in told), (plan.name, column.name)


# Charts, as the file has them.


class Area(NamedTuple):
    """The cells that a chart covers, counted from 0; left and right with the share of the cell in drawing units."""

    top: int
    bottom: int
    left: tuple[int, int]
    right: tuple[int, int]


def _areas(sheet: Any) -> list[Area]:
    anchors = [(chart.anchor._from, chart.anchor.to) for chart in sheet._charts]  # noqa: SLF001 openpyxl offers no other way
    return sorted(Area(start.row, end.row, (start.col, start.colOff), (end.col, end.colOff)) for start, end in anchors)


def test_charts_cover_no_cell_and_no_other_chart(built: Built) -> None:
    book, opened, _ = built
    taken: dict[str, dict[tuple[int, int], str]] = {name: {} for name in book.layout.sheets}
    for sheet, row, column, what in placed(book):
        taken[sheet][row, column] = what
    charts = 0
    for plan in book.layout.sheets.values():
        areas = _areas(opened[plan.name])
        assert len(areas) == len(plan.charts)
        charts += len(areas)
        for area in areas:
            rows, columns = range(area.top, area.bottom + 1), range(area.left[0], area.right[0] + 1)
            covered = [what for (row, column), what in taken[plan.name].items() if row in rows and column in columns]
            assert not covered, (plan.name, area, covered[:3])
        for one, other in pairwise(areas):
            assert other.top > one.bottom or (other.top == one.top and other.left >= one.right), (plan.name, one, other)
    assert charts > 1


def may_be_empty(cell: Cell) -> bool:
    """Tell whether a cell is left empty on purpose; charts draw nothing, or 0, there."""
    return cell.value == "" and (cell.formula or "").endswith(',"")')


def test_charts_show_cells_that_hold_numbers(built: Built) -> None:
    book, opened, path = built
    cells = read_cells(path)
    for plan in book.layout.sheets.values():
        for chart in opened[plan.name]._charts:  # noqa: SLF001 as above
            assert chart.series
            for series in chart.series:
                values = series.yVal or series.val
                for area in (values.numRef.f, *([series.xVal.numRef.f] if series.xVal and series.xVal.numRef else [])):
                    sheet, _, address = area.rpartition("!")
                    first, _, last = address.replace("$", "").partition(":")
                    (top, left), (bottom, right) = cell_position(first), cell_position(last or first)
                    places = [(row, column) for row in range(top, bottom + 1) for column in range(left, right + 1)]
                    shown = [filled(cells[sheet.strip("'")], cell_reference(*place)) for place in places]
                    assert all(isinstance(cell.value, float) or may_be_empty(cell) for cell in shown), (plan.name, area)
                    assert any(isinstance(cell.value, float) for cell in shown), (plan.name, area)


# Names.


def test_names_of_sheets_are_legal_and_differ(built: Built) -> None:
    names = [plan.name for plan in built[0].layout.sheets.values()]
    assert built[1].sheetnames == [*names, RECORD_SHEET]
    assert len({name.lower() for name in names}) == len({sheet_key(name) for name in names}) == len(names)
    for name in names:
        assert 1 <= len(name) <= 31
        assert not set("[]:*?/\\'") & set(name)
        assert name.lower() not in {"history", RECORD_SHEET}


def test_defined_names_are_legal_and_differ(built: Built) -> None:
    book, opened, _ = built
    names = [name for name in opened.defined_names if not name.startswith("_xlnm")]
    assert set(names) == set(book.layout.names)
    assert len({name.lower() for name in names}) == len(names) > 5
    for name in names:
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.]{0,254}", name)
        assert not re.fullmatch(r"(?i)[a-z]{1,3}[0-9]+|r[0-9]*|c[0-9]*|r[0-9]*c[0-9]*|true|false", name)


def test_defined_names_point_at_their_cells(built: Built) -> None:
    book, opened, path = built
    cells = read_cells(path)
    for name, (quantity, row) in book.layout.names.items():
        sheet, r, c = book.layout.cell(quantity, row)
        assert opened.defined_names[name].attr_text == f"{quoted(sheet)}!${column_letters(c)}${r + 1}"
        value = cells[sheet][f"{column_letters(c)}{r + 1}"].value
        assert (
            value == pytest.approx(book.values[quantity].tolist()[row]) if isinstance(value, float) else value == book.values[quantity][row]
        )


def test_two_cells_never_share_a_name(tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    extra = "  - inputs: run_per\n    items: {token: {label: Another, value: 5, unit: MB/tok}}\n  - list: lengths"
    plant(root, "sheets/inputs.yaml", "  - list: lengths", extra)
    layout = api.load("tiny", root).layout
    cells = [("run.per_token", 0), ("run_per.token", 0)]
    names = [name for at in cells if (name := layout.name_of(*at))]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        *(("Fit", "Fit"), ("_a", "_a"), ("RD", "RD")),
        *(("H100 SXM", "'H100 SXM'"), ("A1", "'A1'"), ("Q4", "'Q4'"), ("2026", "'2026'"), ("é", "'é'"), ("a-b", "'a-b'")),
        *(("R", "'R'"), ("c", "'c'"), ("Rc", "'Rc'"), ("TRUE", "'TRUE'"), ("\u212a", "'\u212a'"), ("a\n", "'a\n'")),
    ],
)
def test_names_of_sheets_are_quoted_where_a_formula_would_misread_them(name: str, written: str) -> None:
    assert quoted(name) == written


def test_columns_are_lettered_as_spreadsheets_do() -> None:
    assert [column_letters(column) for column in (0, 25, 26, 51, 52, 701, 702, 16383)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]


def test_links_lead_to_sheets_that_exist(built: Built) -> None:
    book = built[0]
    links = [label.link for plan in book.layout.sheets.values() for label in plan.labels if label.link]
    assert len(links) >= 2 * (len(book.layout.sheets) - 1)
    for link in links:
        match = re.fullmatch(r"internal:'([^']+)'!A1", link)
        assert match, link
        assert match[1] in book.layout.sheets
