"""The best split and band: the sheet's own grid beside a finer one, from Python and from the command line."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import workbook
from tests.support import TINY, command, copy_of, plant, shipped
from workbook import WorkbookError, api
from workbook.declare.packaged import packaged
from workbook.expr.values import shown

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

ALIKE = 1e-12
COARSE = {"splits": 512.0, "bands": 0.25}
STEPS = [part for name, step in COARSE.items() for part in ("--step", f"{name}={step:g}")]
NOTHING_MEETS = {"traffic.objective": 0.001}


@cache
def loaded() -> api.Book:
    """Load the workbook once."""
    return shipped("paper")


@cache
def searched(*sets: tuple[str, str | float]) -> workbook.Optimum:
    """Search with coarse steps once for each set of edits."""
    return workbook.optimize("paper", sets=dict(sets), steps=COARSE)


def sheet_of(*sets: tuple[str, str | float]) -> tuple[api.Book, dict[str, list[Any]]]:
    """Give the workbook with edits, and the columns of its grid as the cells show them."""
    book = loaded()
    book = api.evaluated(book.model, book.layout, api.parse_sets(book.model, dict(sets)))
    names = book.model.tables["grid_outcome"].columns
    return book, {name.partition(".")[2]: shown(book.values[name]) for name in names}


def check_listed(*sets: tuple[str, str | float]) -> tuple[api.Book, pd.DataFrame]:
    """The rows of the sheet are among those of the finer grid, number by number."""
    book, columns = sheet_of(*sets)
    grid = searched(*sets).grid
    listed = grid[grid["listed"]]
    assert list(grid.columns) == [*columns, "listed"]
    assert len(listed) == len(columns["split"]) == 40 < len(grid)
    for name, values in columns.items():
        np.testing.assert_allclose(listed[name].to_numpy(dtype=float), values, rtol=ALIKE, atol=0, err_msg=name)
    return book, listed


def headline(book: api.Book, name: str) -> Any:
    """Give what a cell of the sheet's answer shows."""
    return shown(book.values[f"optimum.{name}"])[0]


EDITS: dict[str, tuple[tuple[str, str | float], ...]] = {
    "as it comes": (),
    "another workload": (("optimise.workload", "lmsys"),),
    "a workload by name": (("optimise.workload", "Agent-heavy"), ("optimise.as_coded", 1)),
    "members of lists": (("splits.s8", 12000), ("splits.s3", 1700), ("bands.b5", 1.9)),
    "an input of another sheet": (("traffic.rate", 200), ("knots.azure.p5.cumulative", 0.3)),
    "another profile": (("optimise.long_profile", "b200_projected"), ("optimise.widest", 1.5)),
}


@pytest.mark.parametrize("sets", EDITS.values(), ids=EDITS)
def test_the_finer_grid_holds_the_sheets_own_rows(sets: tuple[tuple[str, str | float], ...]) -> None:
    book, listed = check_listed(*sets)
    found = searched(*sets)
    best, cheapest = found.best(listed=True), found.best(listed=True, least=True)
    assert best is not None
    assert cheapest is not None
    # The best row of the sheet is the one that its headline cells name.
    named = {"short_window": "short_window", "gamma": "gamma", "score": "most_tok_per_j", "tok_per_w": "tok_per_w"}
    for column, item in named.items():
        assert best[column] == pytest.approx(headline(book, item), rel=ALIKE), column
    for column, item in {"short_window": "cost_window", "gamma": "cost_gamma", "cost": "least_cost"}.items():
        assert cheapest[column] == pytest.approx(headline(book, item), rel=ALIKE), column
    assert best["score"] == listed["score"].max()
    # A finer grid holds the sheet's, and so nothing that is worse.
    finer, finer_cheapest = found.best(), found.best(least=True)
    assert finer is not None
    assert finer_cheapest is not None
    assert finer["score"] >= best["score"]
    assert finer_cheapest["cost"] <= cheapest["cost"]


def test_the_rows_in_between_are_at_the_steps() -> None:
    grid = searched().grid
    splits, bands = sorted(set(grid["split"])), sorted(set(grid["band"]))
    assert splits == [512.0 * number for number in range(1, 17)]
    assert bands == [1.0, 1.25, 1.5, 1.75, 2.0]
    assert len(grid) == len(splits) * len(bands)
    own = set(grid[grid["listed"]]["split"])
    assert own == {512, 1024, 1536, 2048, 3072, 4096, 6144, 8192}


def test_a_row_in_between_is_what_the_sheet_would_show_for_it() -> None:
    """A split that is typed into the sheet gives the numbers that the finer grid has for it."""
    _, columns = sheet_of(("splits.s7", 4608), ("bands.b3", 1.5))
    grid = searched().grid
    typed = next(row for row, split in enumerate(columns["split"]) if split == 4608 and columns["band"][row] == 1.5)
    (row,) = grid[(grid["split"] == 4608) & (grid["band"] == 1.5)].to_dict("records")
    assert not row.pop("listed")
    assert row == pytest.approx({name: values[typed] for name, values in columns.items()}, rel=ALIKE)


def test_the_declared_steps_find_no_less() -> None:
    fine, coarse = workbook.optimize("paper"), searched()
    best, other = fine.best(), coarse.best()
    assert best is not None
    assert other is not None
    assert best["score"] >= other["score"]
    assert len(fine.grid) > 2_000
    assert fine.units["score"] == "tok/J"
    assert (fine.most, fine.least) == ("score", "cost")


def test_where_nothing_competes_there_is_no_best_row() -> None:
    found = searched(*NOTHING_MEETS.items())
    assert [found.best(listed=listed, least=least) for listed in (True, False) for least in (True, False)] == [None] * 4
    book, _ = sheet_of(*NOTHING_MEETS.items())
    assert headline(book, "most_tok_per_j") == ""
    assert (found.grid["score"] == 0).all()


def test_a_row_that_is_not_sound_does_not_compete() -> None:
    grid = searched(("optimise.widest", 1.5)).grid
    assert (grid[grid["band"] > 1.5]["score"] == 0).all()
    assert (grid[grid["sound"] == 0]["score"] == 0).all()


# Mistakes.

MISTAKES: dict[str, tuple[dict[str, str | float], dict[str, float], str]] = {
    "an unknown list": ({}, {"split": 64}, "--step split: no such list is searched\n    did you mean 'splits'?"),
    "a list that is not searched": ({}, {"marks": 64}, "--step marks: no such list is searched\n"),
    "a step of nothing": ({}, {"splits": 0}, "--step splits: 0 is not a number above 0"),
    "a step backwards": ({}, {"bands": -0.1}, "--step bands: -0.1 is not a number above 0"),
    "a step that is no number": ({}, {"splits": float("nan")}, "--step splits: nan is not a number above 0"),
    "a step without end": ({}, {"splits": float("inf")}, "--step splits: inf is not a number above 0"),
    "too fine": ({}, {"splits": 1}, "the finer grid would have 161,301 rows, more than 20,000"),
    "far too fine": ({}, {"bands": 1e-320}, "more than 20,000"),
    "an unknown input": ({"optimise.wokload": "lmsys"}, {}, "--set optimise.wokload: there is no such input\n    did you mean"),
    "a member that is made here": ({"splits.between_1": 600}, {}, "--set splits.between_1: there is no such input"),
    "an unknown card": ({"optimise.workload": "lmsy"}, {}, "--set optimise.workload: 'lmsy' is not one of the workloads\n    did you mean"),
    "a list out of order": ({"splits.s8": 3000}, {}, "--set splits.s8: the values of list 'splits' must increase"),
    "a value out of bounds": ({"bands.b1": 0.5}, {}, "--set bands.b1 is 0.5; it must be at least 1"),
}


@pytest.mark.parametrize(("sets", "steps", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_told_in_one_message(sets: dict[str, str | float], steps: dict[str, float], message: str) -> None:
    options = [f"--set={name}={value}" for name, value in sets.items()] + [f"--step={name}={value}" for name, value in steps.items()]
    result = command("optimize", *options)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert result.stderr.startswith(("--", "the finer grid"))
    assert sum(not line.startswith("    ") for line in result.stderr.splitlines()) == 1


def test_all_mistakes_in_steps_are_told_at_once() -> None:
    with pytest.raises(WorkbookError) as caught:
        workbook.optimize("paper", steps={"split": 64, "bands": 0})
    assert len(caught.value.diagnostics) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nosuch"], "there is no workbook template 'nosuch'"),
        (["tiny", "--templates", TINY], "'tiny' declares no search\n"),
        (["--step", "splits=fine"], "Invalid value for --step: "),
        (["--step", "splits"], "Invalid value for --step: 'splits' is not of the form LIST=STEP"),
        (["--step", "splits=64", "--step", "splits=32"], "Invalid value for --step: 'splits' is set twice"),
        (["--set", "traffic.rate"], "Invalid value for --set: 'traffic.rate' is not of the form ID=VALUE"),
        (["--format", "xml"], "Invalid value for '--format'"),
    ],
)
def test_a_mistake_on_the_command_line_is_told(arguments: list[object], message: str) -> None:
    result = command("optimize", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


# Formats.


def test_csv_and_json_hold_every_row() -> None:
    grid = searched().grid
    rows = list(csv.DictReader(io.StringIO(command("optimize", *STEPS, "--format", "csv").stdout, newline="")))
    objects = json.loads(command("optimize", *STEPS, "--format", "json").stdout)
    assert len(rows) == len(objects) == len(grid)
    for row, item, expected in zip(rows, objects, grid.to_dict("records"), strict=True):
        assert item == expected
        assert {name: value == "True" if name == "listed" else float(value) for name, value in row.items()} == expected


def test_text_shows_the_best_rows_with_their_units() -> None:
    result = command("optimize", *STEPS, "--set", "optimise.workload=lmsys")
    assert (result.exit_code, result.stderr) == (0, "")
    found = searched(("optimise.workload", "lmsys"))
    best = [found.best(listed=listed, least=least) for least in (False, True) for listed in (True, False)]
    lines = [[part.strip() for part in line.split("│")[1:-1]] for line in result.stdout.splitlines() if "│" in line]
    shown_rows = {line[0]: line[1:] for line in lines}
    assert shown_rows["score (tok/J)"] == [f"{row['score']:,.6g}" for row in best if row is not None]
    assert shown_rows["split (tok/seq)"] == [f"{row['split']:,.6g}" for row in best if row is not None]
    assert "40 rows on the sheet, 80 on the finer grid" in result.stdout


def test_text_says_none_where_nothing_competes() -> None:
    result = command("optimize", *STEPS, "--set", "traffic.objective=0.001")
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line for line in result.stdout.splitlines() if "│ score" in line or "│ cost" in line]
    assert [line.count(" none ") for line in lines] == [4, 4]


def test_changed_templates_are_searched(tmp_path: Path) -> None:
    assert command("templates", tmp_path / "mine").exit_code == 0
    sheet = tmp_path / "mine" / "sheets" / "optimizer.yaml"
    text = sheet.read_text("utf-8")
    declared = "over: {splits: 64, bands: 0.05}"
    assert declared in text
    sheet.write_text(text.replace(declared, "over: {splits: 2048, bands: 0.5}"), "utf-8")
    result = command("optimize", "--templates", tmp_path / "mine")
    assert (result.exit_code, result.stderr) == (0, "")
    assert "40 rows on the sheet, " in result.stdout
    # Steps start at the least value: 2,560, 4,608 and 6,656 are new among the splits.
    assert f"{(8 + 3) * 5} on the finer grid" in result.stdout


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{table: nowhere, most: score, least: cost, over: {splits: 64, bands: 0.05}}", "unknown table 'nowhere'"),
        ("{table: grid_outcome, most: scores, least: cost, over: {splits: 64, bands: 0.05}}", "no column 'scores'"),
        ("{table: grid_outcome, most: score, least: cost, over: {splits: 64}}", "names the lists"),
        ("{table: grid_outcome, most: score, least: cost, over: {splits: 64, curves: 1}}", "names the lists"),
    ],
)
def test_a_search_that_cannot_be_is_told_when_templates_are_checked(written: str, told: str, tmp_path: Path) -> None:
    root = copy_of(packaged(), tmp_path / "templates")
    plant(root, "sheets/optimizer.yaml", "{table: grid_outcome, most: score, least: cost, over: {splits: 64, bands: 0.05}}", written)
    result = command("check", "paper", "--templates", root)
    assert result.exit_code == 1
    assert told in result.stdout
    assert "sheets/optimizer.yaml:6:" in result.stdout
