"""A year of a team's life with one file: edits by several people, a sheet of their own, updates of hardware and templates, a review."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference

from tests.roundtrip.edits import in_libreoffice, place, typed
from tests.support import ACROSS, command, copy_of, plant
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.xlsx.cells import read_cells
from workbook.xlsx.saved import read_saved

if TYPE_CHECKING:
    from pathlib import Path

PUE, COUNT, LEVEL, TOTAL = "cases.mine.pue", "cases.mine.count", "chosen.level", "cases.mine.total"
EDITED = {PUE: 1.15, COUNT: 24.0, LEVEL: 2.2}


def run(*line: object, status: int = 0) -> str:
    """Run a command, which ends with a status; give what it said."""
    result = command(*line)
    assert result.exit_code == status, result.output
    return result.stdout


def with_budget(source: Path, target: Path, book: api.Book) -> None:
    """Save a file with an edit and a budget of one's own, with a chart, which read a total of the model and all of them."""
    typed(source, target, book, {LEVEL: EDITED[LEVEL]})
    opened = openpyxl.load_workbook(target)
    sheet, address = place(book, TOTAL)
    budget, drawn = opened.create_sheet("Budget"), BarChart()
    budget["B2"], budget["B3"] = f"='{sheet}'!{address}*0.25", f"=SUM({sheet}!{address[0]}:{address[0]})"
    drawn.add_data(Reference(range_string=f"{sheet}!${address[0]}${address[1:]}:${address[0]}${address[1:]}"))
    budget.add_chart(drawn, "D2")
    opened.save(target)


def test_nothing_is_lost_in_a_year(tmp_path: Path) -> None:
    root = copy_of(ACROSS, tmp_path / "templates")
    built, book = tmp_path / "january.xlsx", api.load("across", root)
    run("build", "across", "--templates", root, "--out", built)
    # Three people edit three copies; one of them adds a sheet.
    typed(built, tmp_path / "anna.xlsx", book, {PUE: EDITED[PUE]})
    typed(built, tmp_path / "boris.xlsx", book, {COUNT: EDITED[COUNT]})
    with_budget(built, tmp_path / "clara.xlsx", book)
    copies = [option for name in ("anna", "boris", "clara") for option in ("--from", tmp_path / f"{name}.xlsx")]
    run("build", *copies, "--templates", root, "--out", tmp_path / "march.xlsx")
    assert pull(tmp_path / "march.xlsx").sets == EDITED

    # A hardware update: the GPU draws less.
    plant(root, "gpus/small.yaml", "200", "180")
    said = run("build", "--from", tmp_path / "march.xlsx", "--templates", root, "--out", tmp_path / "june.xlsx")
    assert "3 edits kept, 1 input with new figures, 0 conflicts" in said

    # The templates get a case, in front of theirs: all their columns move.
    plant(root, "sheets/cases.yaml", "mine: My own", "extra: One more, mine: My own")
    plant(root, "sheets/cases.yaml", "parents: {corrected: paper,", "parents: {corrected: paper, extra: paper,")
    run("build", "--from", tmp_path / "june.xlsx", "--templates", root, "--out", tmp_path / "september.xlsx")
    assert pull(tmp_path / "september.xlsx").sets == EDITED

    # Two copies again, which do not agree on one input.
    book = api.load("across", root)
    typed(tmp_path / "september.xlsx", tmp_path / "anna.xlsx", book, {COUNT: 30.0})
    typed(tmp_path / "september.xlsx", tmp_path / "boris.xlsx", book, {COUNT: 28.0, "hours.h6": 7.0})
    copies = [option for name in ("anna", "boris") for option in ("--from", tmp_path / f"{name}.xlsx")]
    run("build", *copies, "--prefer", tmp_path / "anna.xlsx", "--templates", root, "--out", tmp_path / "december.xlsx")
    assert pull(tmp_path / "december.xlsx").sets == {**EDITED, COUNT: 30.0, "hours.h6": 7.0}

    # The review, and the budget as a program shows it.
    said = run("diff", tmp_path / "june.xlsx", tmp_path / "december.xlsx", "--templates", root, status=1)
    assert f"{COUNT}: 24 -> 30 gpu" in said
    assert run("verify", tmp_path / "december.xlsx", "--saved", "--templates", root)
    in_libreoffice([(tmp_path / "december.xlsx", tmp_path / "saved.xlsx", [])])
    cells, edited = read_cells(tmp_path / "saved.xlsx"), api.load("across", root, sets={**EDITED, COUNT: 30.0, "hours.h6": 7.0})
    at = edited.model.find(TOTAL)
    assert at is not None
    assert cells["Budget"]["B2"].value == pytest.approx(0.25 * float(edited.values[at[0]][at[1]]))
    assert [name for name in cells if name.startswith("Budget")] == ["Budget"]
    sheet, address = place(edited, TOTAL)
    assert read_cells(tmp_path / "december.xlsx")["Budget"]["B3"].formula == f"SUM({sheet}!{address[0]}:{address[0]})"
    charts = read_saved(tmp_path / "december.xlsx").sheets["Budget"].charts
    assert [chart.formulas for chart in charts] == [(f"{sheet}!${address[0]}${address[1:]}",)]
