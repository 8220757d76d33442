"""In expressions a catalogue's name stands for its cards, and for what the table of them side by side works out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mistakes.planted import Planted
from workbook import api

if TYPE_CHECKING:
    from pathlib import Path

SHEET = """
sheet: Sheet
blocks:
  - table: side_by_side
    collect: gpus
    rows: {gpu: gpus}
    columns:
      double: {label: Double, unit: GB/gpu, expr: 2 * memory}
  - inputs: choose
    items:
      gpu: {value: large, unit: text, key: gpus}
  - values: found
    items:
      field: {label: Field, unit: GB/gpu, expr: "gpus[choose.gpu].memory"}
      chosen: {label: Chosen, unit: GB/gpu, expr: "gpus[choose.gpu].double"}
      written: {label: Written, unit: GB/gpu, expr: "gpus['small'].double"}
      total: {label: Total, unit: GB/gpu, expr: "sum(g.double for g in gpus)"}
"""


def test_fields_and_columns_are_looked_up_under_one_name(tmp_path: Path) -> None:
    book = api.load("book", Planted({"sheets/sheet.yaml": SHEET}, "").write(tmp_path / "templates"))
    found = {name: float(book.values[f"found.{name}"][0]) for name in ("field", "chosen", "written", "total")}
    assert found == {"field": 78, "chosen": 156, "written": 90, "total": 246}
    assert "side_by_side.double" in book.model.quantities
