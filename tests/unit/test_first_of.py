"""Ordered lists of conditions: the first that holds gives a text, a value, a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
  - table: pools
    rows: {pool: {members: {p1: One, p2: Two, p3: Three, p4: Four}}}
    columns:
      share: {values: {p1: 0, p2: 2, p3: 0.5, p4: 0.25}}
      tokens: {unit: tok, values: {p1: 7, p2: 8, p3: 9, p4: 10}}
      code: {code_of: state}
      state:
        unit: text
        first_of:
          - {when: "share == 0", text: unused}
          - {when: "share > 1", text: "{pool}'s share is {share}, its {tokens} tokens {'few' if tokens < 9 [tok] else 'many'}", code: 2}
          - {when: "share < 0.5", text: "{pool}", code: 1.5}
          - {otherwise: 'it says "ok"'}
      level:
        unit: tok
        first_of:
          - {when: "share > 1", value: tokens * 2}
          - {otherwise: "tokens + 1 [tok]"}
"""


@pytest.fixture
def model(tmp_path: Path) -> Model:
    """Compile the sheet."""
    return compile_model(declarations(write_templates(tmp_path, SHEET), "book"))


def test_the_first_condition_that_holds_gives_the_answer(model: Model) -> None:
    values = evaluate(model)
    assert values["pools.state"].tolist() == ["unused", "Two's share is 2, its 8 tokens few", 'it says "ok"', "Four"]
    assert values["pools.code"].tolist() == [0, 2, 0, 1.5]
    assert values["pools.level"].tolist() == [8, 16, 10, 11]


def test_the_formula_asks_one_condition_after_the_other(model: Model) -> None:
    layout = place(model)
    sheet, row, _ = layout.cell("pools.share", 0)
    texts = {name: dict(formulas(layout, model.quantities[f"pools.{name}"]))[0] for name in ("state", "code", "level")}
    number = row + 1
    assert sheet == "Sheet"
    assert texts["code"] == f"IF(B{number}=0,0,IF(B{number}>1,2,IF(B{number}<0.5,1.5,0)))"
    assert texts["level"] == f"IF(B{number}>1,C{number}*2,C{number}+1)"
    assert texts["state"].endswith(f',IF(B{number}<0.5,A{number},"it says ""ok""")))')
    assert f'CONCATENATE(A{number},"\'s share is ",TEXT(ROUND(B{number},0),"0"),", its "' in texts["state"]
