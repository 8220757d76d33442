"""The limits of units: read, refused where they make no sense, and kept by what the ranges of cases say."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support import TINY, shipped
from workbook import api
from workbook.declare.catalogues import Bounds
from workbook.declare.limits import limits_by_unit, limits_of, within
from workbook.errors import Problems, WorkbookError

if TYPE_CHECKING:
    from pathlib import Path

ENDS = (0.1, 1000.0)


@pytest.mark.parametrize(
    ("declared", "low", "high"),
    [
        (Bounds(above=0), 0.1, 1000),
        (Bounds(above=0, maximum=1), 0.1, 1),
        (Bounds(minimum=0), 0, 1000),
        (Bounds(above=5), 5, 1000),
        (Bounds(above=0, whole=True), 1, 1000),
        (Bounds(), -1000, 1000),
    ],
)
def test_a_declaration_that_says_no_more_has_the_limits_of_its_unit(declared: Bounds, low: float, high: float) -> None:
    assert limits_of(within(declared, ENDS))[:2] == (low, high)


def test_figures_beyond_the_limits_of_their_unit_are_mistakes_with_a_place(tmp_path: Path) -> None:
    root = shutil.copytree(TINY, tmp_path / "templates")
    (root / "limits.yaml").write_text("GB/gpu: [0.1, 50]\n", encoding="utf-8")
    with pytest.raises(WorkbookError) as caught:
        api.load("tiny", root)
    assert "gpus/large.yaml" in str(caught.value)
    assert "it must be at most 50" in str(caught.value)


@pytest.mark.parametrize("text", ["W: [0, 5]", "W: [5, 1]", "W: 5", "W: [1, 2, 3]", "W: [a, 2]"])
def test_limits_are_two_numbers_above_0(text: str, tmp_path: Path) -> None:
    (tmp_path / "limits.yaml").write_text(text + "\n", encoding="utf-8")
    problems = Problems()
    assert limits_by_unit(tmp_path, problems) == {}
    assert "the limits of 'W' are not two numbers" in str(problems.found[-1])


def test_ranges_are_kept_within_what_cases_take() -> None:
    model = shipped("planning").model
    for row, (name,) in enumerate(model.tables["ranges"].rows):
        low, high, _ = limits_of(model.quantities[f"cases.{name}"].bounds)
        assert (model.quantities["ranges.least"].constants[row], model.quantities["ranges.most"].constants[row]) == (low, high), name
