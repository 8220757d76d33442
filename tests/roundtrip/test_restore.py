"""Inherited cells that were pasted as values: counted, and with --restore they inherit again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.roundtrip.edits import Values, typed
from tests.support import ACROSS, TAKES, command
from workbook import api
from workbook.changes.sheets import is_account_sheet
from workbook.expr.values import shown
from workbook.roundtrip.regenerate import Keeping, regenerate
from workbook.xlsx.a1 import RECORD_SHEET
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path


def inherited(book: api.Book, sets: Values) -> Values:
    """Give what all cells show that inherit, and are not given a value of their own."""
    taking = [item for item in book.given.settable() if book.given.quantities[item[1]].takes_over(item[2]) and item[0] not in sets]
    return {name: shown(book.values[quantity])[row] for name, quantity, row in taking}


def cells(path: Path) -> dict[str, dict[str, tuple[object, object]]]:
    """Give what the cells of a file say, but for its record, what tells of an update, and the sheets that list both."""
    left_out = {RECORD_SHEET, "Checks", "Notes"}
    found = {name: of for name, of in read_cells(path).items() if name not in left_out and not is_account_sheet(name)}
    return {name: {address: cell[:2] for address, cell in of.items()} for name, of in found.items()}


@pytest.mark.parametrize(
    ("root", "edits"),
    [(ACROSS, {}), (ACROSS, {"cases.paper.pue": 1.4, "cases.mine.count": 5.0}), (TAKES, {})],
    ids=["as built", "after edits of parents", "taken from formulas"],
)
def test_pasted_values_inherit_again(tmp_path: Path, root: Path, edits: Values) -> None:
    built = api.build(root.name, tmp_path / "built.xlsx", templates=root).path
    book = api.load(root.name, root, sets=edits)
    values = inherited(book, edits)
    plain = regenerate(typed(built, tmp_path / "edited.xlsx", book, edits), tmp_path / "plain.xlsx", templates=root)
    pasted = typed(built, tmp_path / "pasted.xlsx", book, edits | values)
    found = regenerate(pasted, tmp_path / "again.xlsx", templates=root, keeping=Keeping(restore=True))
    assert sorted(found.pasted) == sorted(values) != []
    assert found.is_whole
    assert cells(found.report.path) == cells(plain.report.path)
    assert {item.id for item in found.remarks} == values.keys()
    told = {str(cell.value) for name, of in read_cells(found.report.path).items() if is_account_sheet(name) for cell in of.values()}
    assert all(any(name in text for text in told) for name in values)


def test_what_differs_from_its_parent_stays(tmp_path: Path) -> None:
    built = api.build("across", tmp_path / "built.xlsx", templates=ACROSS).path
    book = api.load("across", ACROSS)
    pue = float(book.values["cases.pue"][(book.model.find("cases.mine.pue") or ("", 0))[1]])
    file = typed(built, tmp_path / "edited.xlsx", book, {"cases.corrected.pue": pue + 0.1, "cases.mine.pue": pue})
    done = command("build", "--from", str(file), "-o", str(tmp_path / "new.xlsx"), "--templates", str(ACROSS), "--restore")
    assert done.exit_code == 0, done.output
    assert "2 edits kept" in done.output
    assert "parent's value" not in done.output
    same = typed(built, tmp_path / "same.xlsx", book, {"cases.mine.pue": pue})
    done = command("build", "--from", str(same), "-o", str(tmp_path / "new.xlsx"), "--templates", str(ACROSS))
    assert "1 edit kept" in done.output
    assert "1 cell equals the parent's value: --restore gives inheritance back" in done.output
    assert command("build", "planning", "--restore").exit_code == 2
