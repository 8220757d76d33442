"""The record of a build: what formulas say whatever their spelling, what it holds, and formulas that were filled down."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import openpyxl
import pytest

from tests.roundtrip.edits import change_part
from tests.support import ACROSS, RECORD_SHEET, TINY
from workbook import api
from workbook.record.fingerprints import Fingerprints, Spot, fingerprint, prints_of, references, relative, shifted
from workbook.record.write import guarded, unguarded
from workbook.roundtrip.pull import pull
from workbook.xlsx.cells import read_cells

if TYPE_CHECKING:
    from pathlib import Path

HOME = Spot("My sheet", 6, 1)  # B7

SAYS = {
    "A7+$A$7+A$7+$A7": "R[0]C[-1]+R7C1+R7C[-1]+R[0]C1",
    "SUM($B$11:$B$16)": "SUM(R11C2:R16C2)",
    "'Other one'!B7*2": "OTHER ONE!R[0]C[0]*2",
    "'My sheet'!B6": "R[-1]C[0]",
    "Other!$A$1:$A$3&A1": "OTHER!R1C1:OTHER!R3C1&R[-6]C[-1]",
    "Other!run_x+A1": "OTHER!RUN_X+R[-6]C[-1]",
    'IF(A1="A1 x ""y""",LOG10(2),0.10)': 'IF(R[-6]C[-1]="A1 x ""y""",LOG10(2),0.1)',
    "1E-300+1e-300": "1E-300+1E-300",
    "POISSON(1,2,FALSE())": "POISSON(1,2,FALSE)",
    "_xlfn.POISSON.DIST(1,2,TRUE)": "POISSON(1,2,TRUE)",
    "gpus_b200_x8+XFD1048576": "GPUS_B200_X8+R[1048569]C[16382]",
}


@pytest.mark.parametrize(("formula", "said"), SAYS.items())
def test_what_a_formula_says_is_written_by_hand(formula: str, said: str) -> None:
    assert relative(formula, HOME) == said


def test_formulas_that_were_filled_down_have_one_fingerprint_and_others_their_own() -> None:
    found = Fingerprints()
    for formula in SAYS:
        assert found.of(formula, HOME) == found.of(formula, HOME) == fingerprint(relative(formula, HOME))
    assert found.of("A7*2", HOME) == found.of("A8*2", Spot("My sheet", 7, 1))
    for one, other in (('"A7"&B7', '"A8"&B8'), ("'A7'!B7", "'A8'!B8"), ("A7!B7", "A8!B8"), ("$A7", "$A$8"), ("LOG10(A7)", "LOG11(A8)")):
        assert found.of(one, HOME) != found.of(other, Spot("My sheet", 7, 1))


def test_what_a_formula_says_does_not_depend_on_spelling_or_on_where_it_stands() -> None:
    assert relative(" sum( $b$1 : B2 ) *1.50".upper(), HOME) == relative("SUM($B$1:B2)*1.5", HOME)
    assert relative("A7*2", HOME) == relative("D9*2", Spot("My sheet", 8, 4))
    assert relative("A7*2", HOME) != relative("A8*2", HOME)
    assert relative("A7*2", HOME) != relative("Other!A7*2", HOME)
    assert relative("A7-(B1-C1)", HOME) != relative("A7-B1-C1", HOME)


def test_a_formula_that_was_moved_says_what_it_said() -> None:
    """Two rows were inserted above row 5 of a sheet that was renamed."""

    def origin(spot: Spot) -> Spot | None:
        if spot.row in {4, 5}:
            return None
        return Spot("My sheet", spot.row - 2 * (spot.row > 5), spot.column)

    assert relative("A9+$A$1", Spot("Renamed", 8, 1), origin) == relative("A7+$A$1", HOME)
    assert relative("A6", Spot("Renamed", 8, 1), origin) == "(NEW)RENAMED!A6"


def test_references_and_copies() -> None:
    assert [(item.sheet, item.row, item.column) for item in references("ROWS('a''b'!$B$7:$B$17)")] == [("a'b", 6, 1), ("a'b", 16, 1)]
    assert references('"A1"&LOG10(2)&x1y') == []
    assert shifted('A1+$A1+A$1+$A$1+"A1"+Sheet!B2', 2, 1) == 'B3+$A3+B$1+$A$1+"A1"+Sheet!C4'
    assert shifted("A1", -1, 0) == "#REF!"
    assert [item.sheet for item in references("#REF!+B5*Cases!#REF!-C6")] == ["", ""]
    assert relative("1+#REF!", HOME) != relative("1+", HOME)


def test_runs_of_fingerprints_are_bounded() -> None:
    assert prints_of("2:aa 1:-") == ["aa", "aa", "-"]
    for wrong in ("0:aa", "-1:aa", "x:aa", "1048577:aa", "1048576:aa 1:b"):
        with pytest.raises(ValueError, match=r"."):
            prints_of(wrong)


def test_ids_that_look_like_escapes_come_back() -> None:
    for name in ("gpus.b200_x1_a.power", "a_x0041_.b", "plain.id"):
        assert unguarded(guarded(name)) == name
        assert "_x" not in guarded(name)


def test_the_record_holds_what_the_templates_gave_and_not_what_was_set(tmp_path: Path) -> None:
    api.build("across", tmp_path / "a.xlsx", templates=ACROSS, sets={"cases.paper.pue": 1.7, "cases.mine.count": 20, "cases.mine.pue": 2})
    cells = read_cells(tmp_path / "a.xlsx")[RECORD_SHEET]
    rows = {cell.value: int(address[1:]) for address, cell in cells.items() if address[0] == "A"}
    given = {
        name: [cells.get(f"{column}{rows[name]}") for column in "DEF"] for name in ("cases.paper.pue", "cases.mine.count", "cases.mine.pue")
    }
    assert [[cell.value if cell else None for cell in row] for row in given.values()] == [
        [1.5, "1", "input"],
        [16.0, "gpu", "input"],
        [None, "1", "taken over"],
    ]


def test_a_formula_that_was_filled_down_over_others_is_told(tmp_path: Path) -> None:
    """A formula that is filled down is stored once, and its copies as followers."""
    api.build("tiny", tmp_path / "a.xlsx", templates=TINY)
    opened = openpyxl.load_workbook(tmp_path / "a.xlsx")
    part = f"xl/worksheets/sheet{opened.sheetnames.index('Fit') + 1}.xml"
    book = api.load("tiny", TINY)
    cells = [book.layout.address("fit.throughput", row).partition("!")[2] for row in range(book.model.quantities["fit.throughput"].size)]
    formula = opened["Fit"][cells[0]].value[1:]
    edited = change_part(tmp_path / "a.xlsx", tmp_path / "b.xlsx", part, f"(?<=>{re.escape(formula)})</f>", "*2</f>")
    found = pull(edited).left
    assert [(item.address, item.text.partition(" in place")[0]) for item in found] == [
        (cell, f"holds {opened['Fit'][cell].value}*2") for cell in cells
    ]
