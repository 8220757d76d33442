"""The planning workbook stays small, and what a case adds to it is bounded."""

from pathlib import Path

from tests.support import shipped_file
from workbook import api

MOST_BYTES = 4_000_000
MOST_FORMULAS_OF_A_CASE = 2_000


def test_file_and_cost_of_a_case_are_bounded(tmp_path: Path) -> None:
    overlay = tmp_path / "one_more.yaml"
    overlay.write_text("cases: {one_more: {parent: mine_1}}\n")
    without = shipped_file("planning")
    with_it = api.build("planning", tmp_path / "with.xlsx", overlay=overlay)
    assert without.path.stat().st_size < MOST_BYTES
    assert 0 < with_it.formulas - without.formulas < MOST_FORMULAS_OF_A_CASE
    assert with_it.inputs == without.inputs + 1, "its name"
