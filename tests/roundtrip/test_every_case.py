"""What moved is reported for every case by its name, largest first; notes that changed are differences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.roundtrip.edits import place
from tests.support import ACROSS, command, copy_of, plant
from workbook import api
from workbook.changes.differences import HeadlineMove
from workbook.cli.text import SHOWN_MOVES, text_of
from workbook.declare import packaged
from workbook.declare.schema import TableBlock
from workbook.declare.sheets import declarations
from workbook.record.read import baseline, read
from workbook.roundtrip.diff import diff
from workbook.roundtrip.regenerate import regenerate

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.changes.differences import Account


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make templates whose results of each case are headlines."""
    root = copy_of(ACROSS, tmp_path_factory.mktemp("cases") / "templates")
    old = "energy: {label: Energy of a day, unit: kWh, expr"
    plant(root, "sheets/results.yaml", old, old.replace("expr", "headline: true, expr"))
    return root


def test_a_case_that_nobody_picked_is_in_the_account(root: Path, tmp_path: Path) -> None:
    api.build("across", tmp_path / "a.xlsx", templates=root)
    api.build("across", tmp_path / "b.xlsx", templates=root, sets={"cases.other.count": 32, "cases.mine.hours": 20})
    account = diff(tmp_path / "a.xlsx", tmp_path / "b.xlsx", templates=root)
    moves = {move.id: (move.label, move.before, move.after) for move in account.headlines}
    # 8 GPUs of 500 W with a PUE of 1.25 for 24 hours, and 32 of them; 16 of 200 W for 22 hours, and for 20.
    assert moves["by_case.other.energy"] == ("Another one: Energy of a day", 120.0, 480.0)
    assert moves["by_case.mine.energy"] == ("My own: Energy of a day", 88.0, 80.0)
    assert list(moves)[-1] == "by_case.mine.energy"


@pytest.mark.parametrize(("name", "table"), [("planning", "results"), ("paper", "cases")])
def test_the_packaged_workbooks_report_every_case(name: str, table: str) -> None:
    sheets = declarations(packaged.packaged(), name).sheets
    (block,) = (block for sheet in sheets for block in sheet.blocks if isinstance(block, TableBlock) and block.name == table)
    assert {column.name for column in block.columns if column.headline} >= {"gpus", "state"}


def move(number: int, label: str, after: float) -> HeadlineMove:
    """Give a move of a case from 100 GPUs."""
    return HeadlineMove(f"results.c{number}.gpus", f"{label}: GPUs", "gpu/fleet", 100.0, after, {"Prices (sites)": after - 100.0})


def told(account: Account, *moves: HeadlineMove) -> list[str]:
    """Give the text of an account with these moves."""
    return text_of(replace(account, headlines=moves)).splitlines()


def test_cases_with_the_same_move_are_named_together_and_the_text_is_limited(root: Path) -> None:
    empty = diff("across", "across", templates=root)
    said = told(empty, move(1, "Ours", 110.0), move(2, "Spare", 110.0), move(3, "Other", 105.0))
    assert said[2:] == [
        "3 headlines moved:",
        "  Ours: GPUs: 100 -> 110 gpu/fleet (+10.00%)",
        "    the same: Spare",
        "    +10  Prices (sites)",
        "  Other: GPUs: 100 -> 105 gpu/fleet (+5.00%)",
        "    +5  Prices (sites)",
    ]
    said = told(empty, *(move(number, f"Case {number}", 200.0 - number) for number in range(SHOWN_MOVES + 7)))
    assert said[-1] == "  ... and 7 that moved less; all with --format json"


def test_notes_that_changed_are_differences(tmp_path: Path) -> None:
    built = api.build("across", tmp_path / "a.xlsx", templates=ACROSS).path
    note = baseline(built, read(built)).inputs["chosen.level"].note_spot
    assert note
    opened = openpyxl.load_workbook(built)
    sheet, _ = place(api.load("across", ACROSS), "chosen.level")
    opened[sheet][note.address].value = "as agreed in May"
    opened.save(tmp_path / "b.xlsx")
    result = command("diff", built, tmp_path / "b.xlsx", "--templates", ACROSS)
    assert result.exit_code == 1
    assert result.stdout.splitlines()[2:] == ["1 note differs:", "  chosen.level: '' -> 'as agreed in May'"]
    # A note of the templates that changed is on sheet Changes, and the user's stays.
    root = copy_of(ACROSS, tmp_path / "templates")
    plant(root, "sheets/results.yaml", "value: 2.6, unit: kW", "value: 2.6, note: by contract, unit: kW")
    found = regenerate(tmp_path / "b.xlsx", tmp_path / "c.xlsx", templates=root)
    assert [(item.id, item.base.value, item.ours.value) for item in found.notes.conflicts] == [("chosen.level", "", "by contract")]
    cells = read(tmp_path / "c.xlsx")
    assert cells[sheet][note.address].value == "as agreed in May"
    assert {"as agreed in May", "by contract"} <= {cell.value for cell in cells["Conflicts"].values()}
