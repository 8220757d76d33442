"""Rules of an audit: for each a small workbook that complies and one that does not, drawn here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import xlsxwriter

from tests.support import command, shipped_file
from workbook.audit.report import RULES, audit_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BLUE: dict[str, Any] = {"font_color": "#0000FF"}
INPUT: dict[str, Any] = {**BLUE, "locked": False}


class Drawing:
    """A small workbook being drawn: cells by address, on the sheet Model until another is named."""

    def __init__(self, path: Path) -> None:
        """Start with one sheet."""
        self.book = xlsxwriter.Workbook(path)
        self.sheet: Any = None
        self.on("Model")

    def on(self, name: str) -> None:
        """Go on with another sheet."""
        self.sheet = self.book.get_worksheet_by_name(name) or self.book.add_worksheet(name)

    def put(self, cell: str, content: float | str, value: float | str = 1, **style: Any) -> None:
        """Write a number, a text or a formula with the value that it was last calculated to."""
        form = self.book.add_format(style)
        if isinstance(content, str) and content.startswith("="):
            self.sheet.write_formula(cell, content, form, value)
        else:
            self.sheet.write(cell, content, form)

    def chart(self, **options: Any) -> None:
        """Draw a chart of A1:A3."""
        chart = self.book.add_chart({"type": "line"})
        chart.add_series({"values": "=Model!$A$1:$A$3"})
        self.sheet.insert_chart("D2", chart, options)


# Each draws its workbook well, or with what the rule is to find.


def errors(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    for row in (2, 3, 5):
        draw.put(f"B{row}", "=1/A1", "#DIV/0!" if bad else 1)


def nested(draw: Drawing, *, bad: bool) -> None:
    inner = "IF(A1>2,IF(A1>3,IF(A1>4,1,0),0),0)"
    draw.put("A1", 1)
    draw.put("B1", f"=IF(A1>1,{inner},0)" if bad else f"={inner}+IF(A1>1,1,0)")
    draw.put("B2", '="IF(IF(IF(IF("', "IF(IF(IF(IF(")


def unread(draw: Drawing, *, bad: bool) -> None:
    for cell in ("B1", "B2", "B3", "D7"):
        draw.put(cell, 5, **INPUT)
    draw.put("E1", 7, font_color="#888888", locked=False)
    draw.put("C1", "=SUM(B1:B2)+D7" if bad else "=SUM(B:B)+named")
    draw.book.define_name("named", "=Model!$D$7")


def headers(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.sheet.set_footer("&LPlan&C&A" if bad else "&LPlan, version 3&R&P / &N")


def described(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.chart(description="" if bad else "Watts by hour")


CASES: dict[str, tuple[Callable[..., None], list[str]]] = {
    "201": (errors, ["Model!B2:B3", "Model!B5"]),
    "202": (nested, ["Model!B1"]),
    "301": (unread, ["Model!B3"]),
    "503": (headers, ["Model"]),
    "504": (described, ["Model"]),
}


def drawn(draw: Callable[..., None], path: Path, *, bad: bool) -> Path:
    drawing = Drawing(path)
    draw(drawing, bad=bad)
    drawing.book.close()
    return path


def findings(path: Path, number: str) -> list[str]:
    return [found.where for verdict in audit_file(path).verdicts if verdict.rule.number == number for found in verdict.found]


def test_every_rule_has_a_workbook_that_complies_and_one_that_does_not() -> None:
    assert [rule.number for rule in RULES] == sorted(CASES)


@pytest.mark.parametrize("number", CASES)
def test_a_rule_finds_nothing_where_it_is_complied_with(tmp_path: Path, number: str) -> None:
    assert findings(drawn(CASES[number][0], tmp_path / "good.xlsx", bad=False), number) == []


@pytest.mark.parametrize("number", CASES)
def test_a_rule_finds_the_cells_where_it_is_not(tmp_path: Path, number: str) -> None:
    draw, expected = CASES[number]
    assert findings(drawn(draw, tmp_path / "bad.xlsx", bad=True), number) == expected


# The command.


def test_the_command_lists_rules_and_cells_and_tells_by_its_status(tmp_path: Path) -> None:
    result = command("audit", drawn(errors, tmp_path / "bad.xlsx", bad=True))
    assert result.exit_code == 1
    assert "201         2 found  No cell shows an error\n" in result.output
    assert "  Model!B2:B3: shows #DIV/0!\n" in result.output


def test_a_file_that_is_no_workbook_is_refused(tmp_path: Path) -> None:
    (tmp_path / "no.xlsx").write_text("no workbook")
    for name, words in (("no.xlsx", "is not an .xlsx workbook"), ("none.xlsx", "cannot be read")):
        result = command("audit", tmp_path / name)
        assert result.exit_code == 2
        assert words in result.output


@pytest.mark.parametrize("name", ["paper", "planning"])
def test_the_workbooks_of_the_package_hold_no_error_and_no_input_that_nothing_reads(name: str) -> None:
    found = {verdict.rule.number: verdict.found for verdict in audit_file(shipped_file(name).path).verdicts}
    assert not found["201"]
    assert not found["301"]
