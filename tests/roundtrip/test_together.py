"""Edits that inputs can take one by one but that together make an error: the rest is built, and they are listed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import typed
from tests.support import ACROSS, command, copy_of, plant
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

# A line through the hours over the counts has no slope where all counts are the same: 'paper' and the cases that inherit
# from it have 8 GPUs, 'mine' has 16.
EDITS = {
    "two": ({"cases.paper.count": 12.0, "cases.mine.count": 12.0}, ["cases.mine.count"], "makes an error with other edits: Results!B"),
    "one": ({"cases.mine.count": 8.0}, ["cases.mine.count"], "makes an error: Results!B"),
}


@pytest.mark.parametrize(("edits", "refused", "reason"), EDITS.values(), ids=EDITS)
def test_edits_that_make_an_error_together_are_listed(
    edits: dict[str, float | str], refused: list[str], reason: str, tmp_path: Path
) -> None:
    api.build("across", tmp_path / "built.xlsx", templates=ACROSS)
    others: dict[str, float | str] = {"cases.other.hours": 23.0, "chosen.level": 2.5}
    typed(tmp_path / "built.xlsx", tmp_path / "edited.xlsx", api.load("across", ACROSS), edits | others)
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", ACROSS, "--out", tmp_path / "new.xlsx")
    lines = [line for line in result.stderr.splitlines() if line.startswith("not carried: ")]
    assert (result.exit_code, len(lines)) == (1, len(refused))
    assert all(f"({name}) {reason}" in line for name, line in zip(refused, lines, strict=True)), lines
    told = [str(cell.value) for cell in read_cells(tmp_path / "new.xlsx")["Conflicts"].values()]
    assert all(name in told for name in refused)
    assert pull(tmp_path / "new.xlsx").sets == {name: value for name, value in (edits | others).items() if name not in refused}


def test_an_error_of_the_templates_is_no_edits_fault(tmp_path: Path) -> None:
    api.build("across", tmp_path / "built.xlsx", templates=ACROSS)
    typed(tmp_path / "built.xlsx", tmp_path / "edited.xlsx", api.load("across", ACROSS), {"cases.other.hours": 23.0})
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/cases.yaml", "count: {label: GPUs, unit: gpu, above: 0, whole: true, values: {paper: 8, mine: 16}}", COUNT)
    result = command("build", "--from", tmp_path / "edited.xlsx", "--templates", root, "--out", tmp_path / "new.xlsx")
    assert (result.exit_code, "would be an error" in result.stderr, (tmp_path / "new.xlsx").exists()) == (2, True, False)


COUNT = "count: {label: GPUs, unit: gpu, above: 0, whole: true, values: {paper: 8}}"
