"""Texts of templates that look like formulas stay texts, and names that a lookup would misread are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.support import TINY, copy_of, formula_cells, mistakes_in, plant
from workbook import api
from workbook.verify.run import expectations
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("a")', "'=1", "_x0041_", "<b>&amp;</b>"]


@pytest.mark.parametrize("text", HOSTILE)
def test_texts_that_look_like_formulas_stay_texts(text: str, tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    quoted = '"' + "".join(f"\\x{ord(c):02x}" if ord(c) < 32 or c in '"\\' else c for c in text) + '"'
    plant(root, "sheets/fit.yaml", "label: Sequences so far", f"label: {quoted}, doc: {quoted}")
    plant(root, "sheets/fit.yaml", "title: What fits\nanswers: How many sequences fit, and", f"title: {quoted}\nanswers: Which fit, and")
    plant(root, "sheets/fit.yaml", "title: Sequences that fit", f"title: {quoted}")
    plant(root, "sheets/inputs.yaml", "label: Weights,", f"label: {quoted}, note: {quoted},")
    plant(root, "sheets/cover.yaml", "title: About", f"title: {quoted}")
    plant(root, "sources.yaml", "reference: page 1", f"reference: {quoted}")
    plant(root, "gpus/small.yaml", "about: The lesser one.", f"about: {quoted}")
    plant(root, "catalogues/gpus.yaml", "label: Power,", f"label: {quoted},")
    path = tmp_path / "tiny.xlsx"
    report = api.build("tiny", path, templates=root)
    shown = 0
    for sheet, cells in read_cells(path).items():
        for address, cell in cells.items():
            if isinstance(cell.value, str) and cell.value.strip("' \t\r") == text.strip("' \t\r"):
                assert not cell.is_formula, (sheet, address)
                assert cell.value == text, (sheet, address)
                shown += 1
    assert shown >= 8
    assert report.formulas == len(formula_cells(path)) == len(expectations(api.load("tiny", TINY)))
    strings = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row if cell.value == text]
    assert all(cell.data_type == "s" for cell in strings)


NO_NAMES = ["=1+1", "+1", "-1", "@SUM", "<b>", "a:b", "a/b", "a\\b", "a?b", "a*b", "[a]", "'a", 'a"b', "a~b", "a" * 29]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_card_cannot_have_a_name_that_a_sheet_or_a_lookup_would_misread(name: str, tmp_path: Path) -> None:
    root = copy_of(TINY, tmp_path / "templates")
    plant(root, "gpus/small.yaml", "name: Small GPU", "name: '" + name.replace("'", "''") + "'")
    [diagnostic] = mistakes_in("tiny", root)
    assert diagnostic.place is not None
    assert (diagnostic.place.file, diagnostic.place.line) == ("gpus/small.yaml", 2)
    assert "not starting with = + - @" in diagnostic.fix
