"""A case copied over another: its cells inherit from the parent of the case that was copied, and that is reported and carried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.roundtrip.edits import in_libreoffice
from tests.support import ACROSS, command
from workbook import api
from workbook.roundtrip.pull import pull
from workbook.roundtrip.regenerate import regenerate
from workbook.verify.run import verify
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

OTHER_PARENT = "from another case than declared"
POWER = 0.2 * 4 * 1.25  # kW of 4 small GPUs of 200 W, times PUE


@pytest.fixture(scope="module")
def pasted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case 'corrected', which inherits from 'paper', copied over 'mine', which inherits from 'corrected'."""
    folder = tmp_path_factory.mktemp("pasted")
    built = api.build("across", folder / "built.xlsx", templates=ACROSS).path
    steps: list[list[Any]] = [["copy", "Cases", "I7:I30", "J7"], ["value", "Cases", "H12", 4], ["value", "Cases", "K12", 6]]
    in_libreoffice([(built, folder / "pasted.xlsx", steps)])
    return folder / "pasted.xlsx"


def cell(path: Path, sheet: str, address: str) -> object:
    """Give what a cell of a file shows."""
    return read_cells(path)[sheet][address].value


def test_a_copied_case_follows_the_parent_of_the_original(pasted: Path) -> None:
    cells = read_cells(pasted)["Cases"]
    assert [(cells[at].formula, cells[at].value) for at in ("I9", "J9", "I12", "J12")] == [
        ("$H9", "Small GPU"),
        ("$H9", "Small GPU"),
        ("$H12", 4.0),
        ("$H12", 4.0),
    ]


def test_a_link_to_another_parent_lights_a_check(tmp_path: Path) -> None:
    built = api.build("across", tmp_path / "built.xlsx", templates=ACROSS).path
    labels = read_cells(built)["Checks"]
    row = next(row for row in range(7, 12) if labels[f"A{row}"].value == "Cells that inherit from another case than declared")
    assert cell(built, "Checks", f"B{row}") == 0
    # The GPU of 'mine' comes from 'paper', where it is the same: the link has to lead to another value to be seen in cells.
    in_libreoffice([(built, tmp_path / "other.xlsx", [["formula", "Cases", "J11", "=$H11"]])])
    assert cell(tmp_path / "other.xlsx", "Checks", f"B{row}") == 1
    assert cell(tmp_path / "other.xlsx", "Checks", f"B{row + 1}") == "Cases!J11 (cases.mine.pue)"
    assert "CHECK FAILS" in str(cell(tmp_path / "other.xlsx", "Cases", "B3"))


def test_pull_reads_a_pasted_case_as_what_it_is(pasted: Path, tmp_path: Path) -> None:
    found = pull(pasted)
    assert found.inherited.parents == {("cases", "mine"): "paper"}
    assert "cases.mine.gpu" not in found.edits
    assert found.sets["cases.mine.pue"] == 1.25
    assert command("pull", pasted, "-o", tmp_path / "edits.yaml")
    assert "cases:\n  mine: {parent: paper}\n" in (tmp_path / "edits.yaml").read_text("utf-8")
    book = api.load("across", ACROSS, overlay=tmp_path / "edits.yaml")
    assert book.values["cases.power"].tolist()[2] == pytest.approx(POWER)


def test_a_build_carries_what_a_pasted_case_inherits_from(pasted: Path, tmp_path: Path) -> None:
    regenerate(pasted, tmp_path / "new.xlsx", templates=ACROSS)
    before, after = read_cells(pasted)["Cases"], read_cells(tmp_path / "new.xlsx")["Cases"]
    assert [after[f"J{row}"].value for row in (9, 10, 11, 12, 14)] == [before[f"J{row}"].value for row in (9, 10, 11, 12, 14)]
    assert after["J9"].formula == "$H9"
    again = pull(tmp_path / "new.xlsx")
    assert not again.left
    assert not again.inherited.findings


def test_verify_reports_the_case_once_and_agrees_on_its_values(pasted: Path) -> None:
    report = verify(pasted, ["libreoffice"], templates=ACROSS)
    assert [line for line in report.changed if OTHER_PARENT in line] == [
        f"Cases!J9 (cases.mine) 1 cell inherits {OTHER_PARENT}: 1 from cases.paper, as after one case was copied over another"
    ]
