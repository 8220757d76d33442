"""The file that a build leaves: repeatable, and made of nothing that a spreadsheet could refuse."""

from __future__ import annotations

import itertools
import math
import re
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.support import ACROSS, RECORD_SHEET, TINY, environment, filled, formula_cells, functions_of, process, r1c1, shipped, shipped_file
from workbook import api
from workbook.declare.packaged import packaged
from workbook.expr.nodes import Lookup
from workbook.expr.values import shown
from workbook.xlsx.a1 import column_letters, quoted
from workbook.xlsx.cells import cell_position, read_cells

if TYPE_CHECKING:
    from collections.abc import Iterable

    from openpyxl.worksheet.worksheet import Worksheet

    from workbook.expr.nodes import Tree


OTHERS = {"sources", "limits", "validation"}  # no workbooks, and one that is evaluated and not built
BOOKS = {path.stem: packaged() for path in sorted(packaged().glob("*.yaml")) if path.stem not in OTHERS} | {"across": ACROSS}
# Functions of Excel 2007 that compute the same at every recalculation: nothing newer, nothing volatile.
PORTABLE = {
    *("ABS", "AND", "AVERAGE", "AVERAGEIFS", "CHOOSE", "COLUMNS", "CONCATENATE", "COUNTIFS", "EXP", "IF", "IFERROR", "LARGE", "NA"),
    *("INDEX", "INT", "INTERCEPT", "LN", "LOG", "LOG10", "MATCH", "MAX", "MIN", "NOT", "OR", "POISSON", "ROUND", "ROWS", "SLOPE"),
    *("SQRT", "SUM", "SUMIFS", "SUMPRODUCT", "TEXT", "TRUNC", "FIXED"),
}
LONGEST = 250
TERMS_OF_STEPS = {
    *("measured.experts", "measured.uc"),
    *("cases.server_price", "cases.server_price_2"),
    *(f"{table}.{name}" for table in ("case_hardware", "series_list") for name in ("offered", "expert_factor", "floors", "sent_token")),
    *("models.kept_8", "case_pools.w_alone", "case_pools.state"),
    *("worked.pre_attention", "worked_steps.experts", "worked_steps.uc", "load_pools.spares", "loads.gpu"),
}
"""Columns with longer formulas, up to 600 characters: each is one equation of step times, and a case may cost only so many formulas."""

_BLOCK = re.compile(r"R\d+(C\d+):R\d+\1\b")  # fixed rows of one column, as r1c1 writes them
BLOCKS = {
    *("fleets.trouble", "fleets.first_token", "design_totals.first_token", "ladder.first_token"),
    *(f"case_remarks.{name}" for name in ("gpus", "over", "objective", "tpot", "instances", "window")),
    *("sweep_levels.longest_wait", "flex.longest", "flex.lowest_served"),
    *("headline_ranges.worst", "results.tpot"),
    "headline_ranges.widest_size",
    "headline_ranges.first",
    "case_power.rack",
}  # each row has a block of another table's rows to itself


@pytest.fixture(scope="module", params=BOOKS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[api.Book, api.BuildReport]:
    """Build each packaged workbook once, and the one with tables across."""
    name: str = request.param
    if name == "across":
        return api.load(name, ACROSS), api.build(name, tmp_path_factory.mktemp("built") / "across.xlsx", templates=ACROSS)
    return shipped(name), shipped_file(name)


@pytest.fixture(scope="module")
def opened(built: tuple[api.Book, api.BuildReport]) -> openpyxl.Workbook:
    """Give the workbook as openpyxl reads it."""
    return openpyxl.load_workbook(built[1].path)


def tiny(path: Path, **sets: float) -> api.BuildReport:
    """Build the tiny workbook; ``weights=3`` sets run.weights."""
    return api.build("tiny", path, templates=TINY, sets={f"run.{key}": value for key, value in sets.items()})


# Repeatable.


def test_two_builds_give_the_same_bytes(built: tuple[api.Book, api.BuildReport], tmp_path: Path) -> None:
    again = tmp_path / "another name.xlsx"
    name = built[0].model.declared.name
    api.build(name, again, templates=BOOKS[name])
    assert again.read_bytes() == built[1].path.read_bytes()


@pytest.mark.parametrize(("seed", "zone", "locale"), [("1", "Asia/Kathmandu", "C"), ("random", "America/St_Johns", "C.UTF-8")])
def test_a_new_process_gives_the_same_bytes(seed: str, zone: str, locale: str, tmp_path: Path) -> None:
    elsewhere = tmp_path / "else where"
    elsewhere.mkdir()
    env = environment(PYTHONHASHSEED=seed, TZ=zone, LC_ALL=locale, TMPDIR=str(elsewhere))
    result = process("build", "paper", "--out", "there.xlsx", cwd=elsewhere, env=env)
    assert (result.returncode, result.stderr) == (0, "")
    assert (elsewhere / "there.xlsx").read_bytes() == shipped_file("paper").path.read_bytes()
    assert [path.name for path in elsewhere.iterdir()] == ["there.xlsx"]


def test_without_a_name_the_file_goes_to_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report = api.build("tiny", templates=TINY)
    assert report.path == Path("output/tiny.xlsx")
    assert report.path.is_file()


# Whole or not there.


# What is in the file.


def test_set_values_reach_the_file_and_all_that_depends_on_them(tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    sets: dict[str, str | float] = {"run.weights": "20.5", "run.gpu": "large", "lengths.l2": 2500, "gpus.small.maker": "blue"}
    api.build("tiny", path, templates=TINY, sets=sets)
    book = api.load("tiny", TINY, sets)
    values = _by_id(book, path)
    assert values["run.weights"] == 20.5
    assert values["run.gpu"] == "Large GPU"
    assert values["lengths.l2"] == 2500
    assert values["gpus.small.maker"] == "blue"
    assert values["fit.small.l1.n"] == 24  # 45 - 20.5 = 24.5 GB, 1 GB each
    assert values["fit.small.l2.length"] == 2500
    assert values["result.chosen"] == 78


def _by_id(book: api.Book, path: Path) -> dict[str, Any]:
    cells = read_cells(path)
    found = {}
    for cell_id, quantity, row in book.model.cells():
        sheet, address = _at(book, quantity, row)
        found[cell_id] = cells[sheet][address].value
    return found


def _at(book: api.Book, quantity: str, row: int) -> tuple[str, str]:
    sheet, _, address = book.layout.address(quantity, row).rpartition("!")
    return sheet.strip("'"), address


def test_every_value_of_python_is_in_its_cell(built: tuple[api.Book, api.BuildReport]) -> None:
    book, report = built
    values = _by_id(book, report.path)
    for cell_id, quantity, row in book.model.cells():
        expected = shown(book.values[quantity])[row]
        same = values[cell_id] == expected if isinstance(expected, str) else math.isclose(values[cell_id], expected, rel_tol=1e-14)
        assert same, cell_id


def test_the_counts_are_those_of_the_file(built: tuple[api.Book, api.BuildReport], opened: openpyxl.Workbook) -> None:
    book, report = built
    assert report.formulas == len(formula_cells(report.path))
    assert report.sheets == len(opened.sheetnames) - 1
    unlocked = [cell for sheet in _sheets(opened) for row in sheet.iter_rows() for cell in row if not cell.protection.locked]
    taken_over = [row for quantity in book.model.quantities.values() for row in range(quantity.size) if quantity.takes_over(row)]
    notes = [address for sheet in book.layout.sheets for address in _notes(book, sheet)]
    assert report.inputs == len(unlocked) - len(taken_over) - len(notes)
    assert 0 < report.seconds < 60


def _notes(book: api.Book, sheet: str) -> set[str]:
    """Give the cells beside inputs in which users may write: those of the merged column Note."""
    labels = [label for label in book.layout.sheets[sheet].labels if label.style == "note"]
    return {f"{column_letters(label.column + step)}{label.row + 1}" for label in labels for step in range(label.span)}


def _sheets(opened: openpyxl.Workbook) -> list[Worksheet]:
    return [opened[name] for name in opened.sheetnames if name != RECORD_SHEET]


def test_the_record_is_hidden_and_nothing_else_is(opened: openpyxl.Workbook) -> None:
    assert [name for name in opened.sheetnames if opened[name].sheet_state != "visible"] == [RECORD_SHEET]


def test_every_formula_has_a_cached_value(built: tuple[api.Book, api.BuildReport]) -> None:
    assert not {at: cell for at, cell in formula_cells(built[1].path).items() if not isinstance(cell.value, float | str)}


def test_formulas_use_portable_functions_only(built: tuple[api.Book, api.BuildReport]) -> None:
    used = set().union(*(functions_of(cell.formula or "") for cell in formula_cells(built[1].path).values()))
    assert used <= PORTABLE
    assert "IF" in used


def test_formulas_need_no_newer_syntax_and_no_other_file(built: tuple[api.Book, api.BuildReport]) -> None:
    with zipfile.ZipFile(built[1].path) as package:
        names = package.namelist()
        sheets = "".join(package.read(name).decode() for name in names if name.startswith("xl/worksheets/sheet"))
    assert not [name for name in names if "external" in name.lower() or "vba" in name.lower() or "calcChain" in name]
    sheets = sheets.replace("_xlfn.ISFORMULA(", "")  # in the record of the build, which does without where it fails
    assert not re.findall(r"_xlfn|_xlws|<f (?!t=\"shared\")[^>]*>|\bt=\"array\"|#REF!", sheets)
    texts = [cell.formula or "" for cell in formula_cells(built[1].path).values()]
    assert not re.findall(r'<f t="shared"[^>]*>[^<]*![^<]*</f>', sheets), "Excel takes no shared formula that names another sheet"
    assert not [text for text in texts if re.search(r"[\[\]{}@#]", re.sub(r'"[^"]*"', "", text))]


def test_formulas_are_short_enough_to_read(built: tuple[api.Book, api.BuildReport]) -> None:
    book, report = built
    names = {_at(book, name, row): name for _, name, row in book.model.cells() if book.model.quantities[name].variants}
    long = {names[at] for at, cell in formula_cells(report.path).items() if len(cell.formula or "") > LONGEST}
    assert long == (TERMS_OF_STEPS if book.model.declared.name == "planning" else set())
    assert max(len(cell.formula or "") for cell in formula_cells(report.path).values()) < 600


def _without_own_cells(book: api.Book, refers: Iterable[tuple[str, Tree]], home: str, row: int, text: str) -> str:
    """Return a formula with what they are of in place of the cells that each row looks up for itself."""
    for quantity, node in refers:
        if isinstance(node, Lookup) and isinstance(node.beside, tuple):
            sheet, line, column = book.layout.cell(quantity, node.beside[row])
            before = "(?<!!)" if sheet == home else re.escape(f"{quoted(sheet)}!")
            text = re.sub(rf"{before}\bR{line + 1}C{column + 1}\b", quantity, text)
    return text


def test_a_column_holds_one_formula(built: tuple[api.Book, api.BuildReport]) -> None:
    """Rows of one expression hold the same formula relative to their own cell; first rows and cases are expressions of their own."""
    book, report = built
    formulas = {at: cell.formula or "" for at, cell in formula_cells(report.path).items()}
    compared = 0
    for quantity in book.model.quantities.values():
        for variant in quantity.variants:
            texts: dict[str, set[str]] = defaultdict(set)
            for row in variant.rows:
                sheet, address = _at(book, quantity.id, row)
                text = r1c1(formulas[sheet, address], address)
                text = _without_own_cells(book, variant.refers, sheet, row, text)
                texts[sheet].add(_BLOCK.sub(r"\1:\1", text) if quantity.id in BLOCKS else text)
            compared += len(variant.rows)
            assert all(len(found) == 1 for found in texts.values()), (quantity.id, texts)
    links = sum(len(quantity.links) for quantity in book.model.quantities.values())
    assert compared + links == report.formulas


@pytest.mark.parametrize(
    ("formula", "address", "relative"),
    [
        ("B2+C$3*$D4", "B5", "R[-3]C+R3C[1]*R[-1]C4"),
        ("$A$1", "Z9", "R1C1"),
        ("SUM(A1:A3)+LOG10(AA1)", "A4", "SUM(R[-3]C:R[-1]C)+LOG10(R[-3]C[26])"),
        ("'H100 SXM'!B9&\"B9\"&Fit!B9", "B9", "'H100 SXM'!RC&\"B9\"&Fit!RC"),
        ("windows_b2+b2_windows*1E5", "B2", "windows_b2+b2_windows*1E5"),
    ],
)
def test_the_relative_form_of_a_formula(formula: str, address: str, relative: str) -> None:
    assert r1c1(formula, address) == relative


# Inputs can be edited and nothing else can.


def _is_free(book: api.Book, name: str) -> bool:
    quantity = book.model.quantities[name]
    return quantity.is_text and not quantity.bounds.choices and not quantity.bounds.key


def _validated(sheet: Worksheet) -> set[str]:
    cells: set[str] = set()
    for rule in sheet.data_validations.dataValidation:
        assert rule.showErrorMessage, rule.sqref
        for area in rule.sqref.ranges:
            for row, column in itertools.product(range(area.min_row, area.max_row + 1), range(area.min_col, area.max_col + 1)):
                cells.add(sheet.cell(row, column).coordinate)
    return cells


def test_inputs_are_unlocked_and_validated_and_formulas_locked(built: tuple[api.Book, api.BuildReport], opened: openpyxl.Workbook) -> None:
    book, _ = built
    inputs: dict[str, dict[str, str]] = defaultdict(dict)
    taken_over: set[tuple[str, str]] = set()
    for cell_id, name, row in book.model.cells():
        quantity = book.model.quantities[name]
        if quantity.is_settable(row):
            sheet, address = _at(book, name, row)
            inputs[sheet][address] = cell_id
            if quantity.takes_over(row):
                taken_over.add((sheet, address))
    for page in _sheets(opened):
        title = page.title
        assert page.protection.sheet, title
        assert not page.protection.password, title
        cells = [cell for row in page.iter_rows() for cell in row]
        assert {cell.coordinate for cell in cells if not cell.protection.locked} == set(inputs[title]) | _notes(book, title)
        open_formulas = {cell.coordinate for cell in cells if cell.data_type == "f" and not cell.protection.locked}
        assert open_formulas == {address for name, address in taken_over if name == title}, title
        assert set(inputs[title]) <= _validated(page) <= set(inputs[title]) | _notes(book, title), title


def test_a_text_input_stays_a_text(tmp_path: Path) -> None:
    path = tmp_path / "paper.xlsx"
    book = shipped("paper")
    free = next(cell_id for cell_id, name, row in book.model.cells() if row in book.model.quantities[name].inputs and _is_free(book, name))
    api.build("paper", path, sets={free: "=1+1"})
    sheet, address = _at(book, *(book.model.find(free) or ("", 0)))
    assert read_cells(path)[sheet][address][:3] == (None, "=1+1", False)


def test_openpyxl_reads_what_was_written(built: tuple[api.Book, api.BuildReport], opened: openpyxl.Workbook) -> None:
    for name, cells in read_cells(built[1].path).items():
        for address, cell in cells.items():
            row, column = cell_position(address)
            shown = f"={filled(cells, address).formula}" if cell.is_formula else cell.value
            assert opened[name].cell(row, column).value == shown or shown == "", (name, address)
