"""A case that an overlay adds: every engine agrees on every cell, with the overlay and with the file's own edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import ACROSS, require_all
from workbook import api
from workbook.verify.compare import AGREE
from workbook.verify.run import SAVED, verify

if TYPE_CHECKING:
    from pathlib import Path

# Cases: five results, cooling and hours taken over; by_case: four; nested: a link to the hours and the energy, three times;
# nested_view: three links.
FORMULAS_OF_A_CASE = 7 + 4 + 6 + 3


@pytest.mark.parametrize("label", ["Berlin, liquid cooled", "May 2027", "1 Finance's [EU/US] & <all>"])
def test_every_engine_agrees_on_an_added_case(tmp_path: Path, label: str) -> None:
    engines = require_all()
    overlay = tmp_path / "mine.yaml"
    overlay.write_text(f'cases:\n  berlin: {{label: "{label}", parent: corrected, gpu: large, pue: 1.1, count: 10}}\n', "utf-8")
    path = api.build("across", tmp_path / "across.xlsx", templates=ACROSS, sets={"chosen.case": "berlin"}, overlay=overlay).path
    report = verify(path, engines, templates=ACROSS, overlay=overlay)
    assert report.ok, (report.frame, report.changed)
    assert {engine: report.count(engine, AGREE) for engine in report.engines} == dict.fromkeys([SAVED, *engines], report.cells)
    plain = verify(api.build("across", tmp_path / "plain.xlsx", templates=ACROSS).path, [], templates=ACROSS)
    assert report.cells == plain.cells + FORMULAS_OF_A_CASE
