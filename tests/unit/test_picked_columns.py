"""A column of another table chosen by a row key: each row's own formula, value and unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.support import write_templates
from workbook.declare.sheets import declarations
from workbook.layout.formula import formulas
from workbook.layout.place import place
from workbook.model.compile import compile_model
from workbook.model.evaluate import evaluate

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.model.graph import Model

SHEET = """
sheet: Sheet
blocks:
  - table: sites
    rows: {site: {members: {north: North, south: South}}}
    columns:
      time: {unit: ms, values: {north: 1, south: 2}}
      rate: {unit: tok/s, values: {north: 3, south: 4}}
      name: {unit: text, values: {north: N, south: S}}
  - table: ends
    rows: {site: {of: sites}, assumption: {members: {time: Time, rate: Rate}}}
    columns:
      base: {unit: mixed, expr: "sites[site][assumption]"}
      plain: {unit: "1", expr: "1 + value_of(sites[site][assumption])"}
      written: {unit: mixed, switch: assumption, case: {time: "sites[site].time", rate: "sites[site].rate"}}
      named: {unit: text, expr: "sites[site]['name']"}
"""


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """Compile the sheet."""
    return compile_model(declarations(write_templates(tmp_path, SHEET), "book"))


def test_each_row_has_the_column_that_its_key_names(model: Model) -> None:
    values = evaluate(model)
    assert values["ends.base"].tolist() == [1, 3, 2, 4]
    assert values["ends.plain"].tolist() == [2, 4, 3, 5]
    assert values["ends.named"].tolist() == ["N", "N", "S", "S"]


def test_the_formula_is_that_of_the_column_written_out(model: Model) -> None:
    layout = place(model)
    chosen, written = (dict(formulas(layout, model.quantities[name])) for name in ("ends.base", "ends.written"))
    assert chosen == written
    assert chosen[0] != chosen[1]


BY_PATTERN = """
sheet: Sheet
blocks:
  - table: pools
    rows: {pool: {members: {short_a: Short, long_a: Long, long_b: Longer, other: Other}}}
    columns:
      size: {values: {short_a: 1, long_a: 2, long_b: 3, other: 4}}
      case: {switch: pool, case: {long_b: "30", "long_*": "20 + pools['{pool}'].size", "*_?": "10"}}
"""


def test_the_first_pattern_that_matches_a_member_gives_its_expression(tmp_path: Path) -> None:
    model = compile_model(declarations(write_templates(tmp_path, BY_PATTERN), "book"))
    assert np.array_equal(evaluate(model)["pools.case"], [10, 22, 30, np.nan], equal_nan=True)
