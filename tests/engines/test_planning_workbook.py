"""The planning workbook, recomputed cell by cell by three engines, as it comes and with cases of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import QUICKEST, require_all, shipped_file
from workbook import api
from workbook.verify.compare import AGREE, DIFFER, SURVIVED, UNKNOWN
from workbook.verify.engines import ENGINES
from workbook.verify.run import SAVED, VerifyReport, verify

if TYPE_CHECKING:
    from pathlib import Path

OWN: dict[str, str | float] = {
    "cases.mine_1.gpu_1": "b200_sxm",
    "cases.mine_1.pue": 1.15,
    "cases.mine_1.rate": 350,
    "cases.mine_2.model": "qwen3_235b_a22b",
    "cases.mine_2.workload": "mooncake_conversation",
    "cases.mine_2.long_window": 131072,
    "cases.mine_3.pools": 3,
    "cases.mine_3.objective": 40,
    "cases.mine_4.model": "llama_3_1_405b",
    "cases.mine_5.compression": "as coded",
    "cases.mine_5.discount": 0,
    "cases.mine_6.model": "gpt_oss_120b",
    "cases.mine_6.tensor_parallel": 1,
    "cases.mine_7.model": "qwen3_next_80b_a3b",
    "models.gpt_oss_120b.attention_window": 40000,
    "models.llama_3_1_8b.state_bytes": 1e9,
    "cases.corrected.electricity": 0.0815,
}
"""Cases as a user makes them: one does not fit its GPUs, one cannot meet its objective; a window between 8,192 and 131,072 tokens."""


@pytest.mark.parametrize(("sets", "engines"), [({}, list(ENGINES)), (OWN, [QUICKEST])], ids=["as it comes", "with cases of one's own"])
def test_engines_agree_on_every_cell(sets: dict[str, str | float], engines: list[str], tmp_path: Path) -> None:
    """All as it comes, and the quickest after edits: `test_case_edits` types cases over in LibreOffice."""
    require_all()
    built = api.build("planning", tmp_path / "planning.xlsx", sets=sets) if sets else shipped_file("planning")
    report: VerifyReport = verify(built.path, engines)
    assert report.engines == [SAVED, *engines]
    counts = {(engine, kind): report.count(engine, kind) for engine in report.engines for kind in (AGREE, DIFFER, UNKNOWN, SURVIVED)}
    assert counts == {(engine, kind): report.cells if kind == AGREE else 0 for engine, kind in counts}
    assert report.ok
    assert report.cells == built.formulas > 40_000
