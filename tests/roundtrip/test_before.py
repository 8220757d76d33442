"""A file that an earlier version built, with edits typed into it, is built again by this one: ids are what holds them together.

``files/before.xlsx`` was built from ``tests/templates/tiny`` before templates had records, parts and the rooms of today; four inputs
were typed over. Do not build it anew: that it is old is the point.
"""

from __future__ import annotations

from pathlib import Path

from tests.support import TINY, command
from workbook import api
from workbook.roundtrip.pull import pull

BEFORE = Path(__file__).with_name("files") / "before.xlsx"
EDITS: dict[str, str | float] = {"run.weights": 17.5, "run.gpu": "Large GPU", "gpus.small.memory": 46.0, "lengths.l4": 3600.0}


def test_its_edits_are_read() -> None:
    found = pull(BEFORE)
    assert (found.sets, found.left) == (EDITS, [])


def test_it_is_built_again_with_its_edits(tmp_path: Path) -> None:
    target = tmp_path / "new.xlsx"
    result = command("build", "--from", BEFORE, "--templates", TINY, "--out", target)
    assert result.exit_code == 0
    assert "4 edits kept, 0 inputs with new figures, 0 conflicts" in result.stdout.splitlines()
    assert pull(target).sets == EDITS
    wanted, now = (api.load("tiny", TINY, sets).values["result.best"].tolist() for sets in (EDITS, {}))
    assert wanted != now
    report = command("verify", target, "--templates", TINY, "--saved")
    assert report.exit_code == 0, report.stdout
