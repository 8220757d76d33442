"""Shared parts of templates with names replaced."""

from pathlib import Path

from workbook.declare.include import with_shared_parts
from workbook.declare.yaml import Mapping, Scalar, read
from workbook.errors import Problems

PART = """columns:
  state: {label: State, expr: "'knots out of order' if knots[card].falls > 0 else 'ok'"}
"""
TABLE = "use: part.yaml\nwith: {knots: trace_knots}\n"


def test_names_are_replaced_and_texts_in_quotes_stay(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text(PART, encoding="utf-8")
    (tmp_path / "table.yaml").write_text(TABLE, encoding="utf-8")
    node, problems = read(tmp_path / "table.yaml", "table.yaml"), Problems()
    for key in ("columns", "state", "expr"):
        node = with_shared_parts(tmp_path, node, problems)
        assert isinstance(node, Mapping)
        node = node.items[key]
    problems.raise_if_any()
    assert isinstance(node, Scalar)
    assert node.text == "'knots out of order' if trace_knots[card].falls > 0 else 'ok'"
