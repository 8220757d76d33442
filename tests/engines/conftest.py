"""A small workbook with wrong cached values, and the engines to recompute it."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import xlsxwriter

from tests.support import require
from workbook.verify.engines import ENGINES
from workbook.verify.engines.base import CellError, CellValue, Engine
from workbook.verify.engines.libreoffice import LibreOffice, LibreOfficeSession
from workbook.verify.poison import poison

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROWS = 20
XS = [float(row + 1) for row in range(ROWS)]
YS = [1.25 * x + (7 * x % 5) / 8 for x in XS]
GROUPS = ["abc"[row % 3] for row in range(ROWS)]
SHEET = "My calc's"


@dataclass(frozen=True)
class Book:
    """The file as written, its poisoned copy, and what each formula cell must come to."""

    original: Path
    poisoned: Path
    sheet: str
    expected: dict[str, CellValue]
    poisoned_cells: int


def _formulas() -> list[tuple[str, CellValue]]:
    chosen = [y for y, group in zip(YS, GROUPS, strict=True) if group == "a"]
    slope, intercept = statistics.linear_regression(XS, YS)
    return [
        ("1/3", 1 / 3),
        ("Data!$B$3*2", YS[2] * 2),
        ("SUM(xs)", sum(XS)),
        ("1E-300*PI()", math.pi * 1e-300),
        ("EXP(-one)*LN(1+one)", math.exp(-1) * math.log(2)),
        ('SUMIFS(ys,Data!$C$1:$C$20,"a")', sum(chosen)),
        ('SUMIFS(ys,Data!$C$1:$C$20,"a",xs,">5")', sum(chosen[2:])),
        ('COUNTIFS(Data!$C$1:$C$20,"a")', float(len(chosen))),
        ('AVERAGEIFS(ys,Data!$C$1:$C$20,"a")', sum(chosen) / len(chosen)),
        ("INDEX(ys,MATCH(5,xs,0))", YS[4]),
        ("SLOPE(ys,xs)", slope),
        ("INTERCEPT(ys,xs)", intercept),
        ('"a"&"b"', "ab"),
        ('""', ""),
        ('" x "&CHAR(10)&"<&>"', " x \n<&>"),
        ('"TRUE"', "TRUE"),
        ('"#N/A"', "#N/A"),
        ('IF(one>2,"more","less")', "less"),
        ("one<2", True),
        ("one>2", False),
        ("AND(TRUE,Data!$A$21)", True),
        ("1/0", CellError("#DIV/0!")),
        ("NA()", CellError("#N/A")),
        ("MATCH(99,xs,0)", CellError("#N/A")),
        ('IFERROR(1/0,"none")', "none"),
        ("Data!$Z$99", 0.0),
        ("A1+A3", 1 / 3 + sum(XS)),
    ]


def _write(path: Path, formulas: list[tuple[str, CellValue]]) -> None:
    wrong: list[float | str | bool] = [-1, "wrong", True]
    with xlsxwriter.Workbook(path) as book:
        data = book.add_worksheet("Data")
        calculation = book.add_worksheet(SHEET)
        for row in range(ROWS):
            data.write_row(row, 0, [XS[row], YS[row], GROUPS[row]])
        data.write_boolean(ROWS, 0, boolean=True)
        book.define_name("xs", "=Data!$A$1:$A$20")
        book.define_name("ys", "=Data!$B$1:$B$20")
        book.define_name("one", "=Data!$A$1")
        for row, (formula, _) in enumerate(formulas):
            calculation.write_formula(row, 0, f"={formula}", None, wrong[row % 3])
        calculation.write_array_formula("C1:C3", "{=Data!A1:A3*2}", None, 7)
        calculation.write_array_formula("D1:D1", "{=SUM(Data!A1:A3*Data!B1:B3)}", None, 7)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Write the workbook and its poisoned copy once."""
    folder = tmp_path_factory.mktemp("book")
    formulas = _formulas()
    original, poisoned = folder / "original.xlsx", folder / "odd name %20#é.xlsx"
    _write(original, formulas)
    expected = {f"A{row}": value for row, (_, value) in enumerate(formulas, 1)}
    expected |= {"C1": 2.0, "C2": 4.0, "C3": 6.0}
    expected["D1"] = sum(x * y for x, y in zip(XS[:3], YS[:3], strict=True))
    return Book(original, poisoned, SHEET, expected, poison(original, poisoned))


@pytest.fixture(scope="session", params=list(ENGINES))
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Give each engine in turn, started once for all tests."""
    chosen = ENGINES[request.param]()
    require(chosen)
    yield chosen
    chosen.close()


@pytest.fixture(scope="session")
def session() -> Iterator[LibreOfficeSession]:
    """Give a LibreOffice session that all tests share."""
    require(LibreOffice())
    with LibreOfficeSession() as opened:
        yield opened


@pytest.fixture
def own_session() -> Iterator[LibreOfficeSession]:
    """Give a LibreOffice session that a test may destroy."""
    require(LibreOffice())
    with LibreOfficeSession() as opened:
        yield opened
