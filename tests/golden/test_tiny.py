"""The tiny workbook against values and formulas worked out by hand."""

from __future__ import annotations

import ast
import csv
import operator
import re
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import RECORD_SHEET, TINY, command
from workbook import api
from workbook.verify.run import expectations
from workbook.xlsx.cells import cell_position, read_cells

if TYPE_CHECKING:
    from workbook.verify.compare import Expected

HERE = Path(__file__).parent
CELLS = list(csv.DictReader((HERE / "tiny_cells.csv").read_text("utf-8").splitlines()))
OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
REFERENCE = re.compile(
    r"""("[^"]*")|(?:'([^']+)'!|\b([A-Za-z]+)!)?(?<![A-Za-z_])\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?(?![\w(])"""
)


def exactly(text: str) -> Fraction:
    """Work out plain arithmetic without rounding: 0.045 is 45 thousandths here."""

    def value(node: ast.expr) -> Fraction:
        match node:
            case ast.Constant():
                return Fraction(ast.get_source_segment(text, node) or "")
            case ast.BinOp(left=left, op=op, right=right):
                return Fraction(OPERATORS[type(op)](value(left), value(right)))
            case _:
                raise ValueError(text)

    return value(ast.parse(text, mode="eval").body)


@pytest.fixture(scope="module")
def book() -> api.Book:
    """Give the tiny workbook."""
    return api.load("tiny", TINY)


# Values.


@pytest.mark.parametrize("row", [row for row in CELLS if row["by hand"]], ids=lambda row: row["id"])
def test_the_listing_follows_from_its_arithmetic(row: dict[str, str]) -> None:
    assert float(row["value"]) == pytest.approx(float(exactly(row["by hand"])), rel=1e-14)


def test_every_cell_has_the_value_worked_out_by_hand() -> None:
    listed = command("cells", "tiny", "--templates", TINY, "--format", "csv")
    rows = list(csv.DictReader(listed.stdout.splitlines()))
    assert [row["id"] for row in rows] == [row["id"] for row in CELLS]
    for row, wanted in zip(rows, CELLS, strict=True):
        assert (row["kind"], row["unit"]) == (wanted["kind"], wanted["unit"]), row["id"]
        if wanted["unit"]:
            exact = float(exactly(wanted["by hand"] or wanted["value"]))
            assert float(row["value"]) == pytest.approx(exact, rel=1e-14, abs=0), row["id"]
        else:
            assert row["value"] == wanted["value"], row["id"]


def test_the_file_holds_those_values(book: api.Book, tmp_path: Path) -> None:
    path = tmp_path / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    cells = read_cells(path)
    by_id = {row["id"]: row for row in CELLS}
    for cell_id, quantity, row in book.model.cells():
        sheet, _, address = book.layout.address(quantity, row).rpartition("!")
        held = cells[sheet.strip("'")][address].value
        wanted = by_id[cell_id]
        if wanted["unit"]:
            assert held == pytest.approx(float(exactly(wanted["by hand"] or wanted["value"])), rel=1e-14, abs=0), cell_id
        else:
            assert held == wanted["value"], cell_id


# Formulas.


def _spelt(book: api.Book, item: Expected) -> str:
    """Write a formula with what its references mean in place of where they lie."""
    if RECORD_SHEET in item.formula:
        return item.formula
    model, layout = book.model, book.layout
    at = {(sheet, r + 1, c + 1): (name, row) for _, name, row in model.cells() for sheet, r, c in [layout.cell(name, row)]}
    home = model.find(item.id)
    assert home
    own = model.quantities[home[0]].table

    def cell(sheet: str, reference: str) -> tuple[str, int]:
        return at[(sheet, *cell_position(reference))]

    def single(name: str, row: int, *, fixed: bool) -> str:
        quantity = model.quantities[name]
        steps = home[1] - row
        if not fixed and quantity.table == own and steps in {0, 1}:
            return f"[@{quantity.name} above]" if steps else f"[@{quantity.name}]"
        return f"{{{model.cell_id(name, row)}}}"

    def replaced(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        sheet = match[2] or match[3] or item.sheet
        name, row = cell(sheet, match[4] + match[5])
        if not match[6]:
            return single(name, row, fixed="$" in match[0])
        last, last_row = cell(sheet, match[6] + match[7])
        assert last == name
        if (row, last_row) == (0, model.quantities[name].size - 1):
            return f"[{name}]"
        return f"{{{model.cell_id(name, row)}}}:{{{model.cell_id(name, last_row)}}}"

    return REFERENCE.sub(replaced, item.formula)


def test_every_formula_is_the_one_written_by_hand(book: api.Book) -> None:
    lines = [line for line in (HERE / "tiny_formulas.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    wanted = dict(re.split(r" {2,}", line) for line in lines)
    items = {item.id: item for item in expectations(book)}
    found = {}
    for quantity in book.model.quantities.values():
        for variant in quantity.variants:
            by_sheet: dict[str, list[Expected]] = defaultdict(list)
            for row in variant.rows:
                item = items[book.model.cell_id(quantity.id, row)]
                by_sheet[item.sheet].append(item)
            for column in by_sheet.values():
                texts = {_spelt(book, item) for item in column}
                assert len(texts) == 1, quantity.id
                found[column[0].id] = texts.pop()
    assert found == wanted
