"""Small workbooks for the rules of an audit: each drawn well, or with what a rule is to find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xlsxwriter

if TYPE_CHECKING:
    from pathlib import Path


BLUE: dict[str, Any] = {"font_color": "#0000FF"}
INPUT: dict[str, Any] = {**BLUE, "locked": False}


class Drawing:
    """A small workbook being drawn: cells by address, on the sheet Model until another is named; ``parts`` go into the file as they are."""

    def __init__(self, path: Path) -> None:
        """Start without sheets."""
        self.book = xlsxwriter.Workbook(path)
        self.sheet: Any = None
        self.parts: dict[str, str] = {}

    def on(self, name: str) -> None:
        """Go on with another sheet."""
        self.sheet = self.book.get_worksheet_by_name(name) or self.book.add_worksheet(name)

    def put(self, cell: str, content: float | str, value: float | str = 1, **style: Any) -> None:
        """Write a number, a text or a formula with the value that it was last calculated to."""
        if self.sheet is None:
            self.on("Model")
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


def against(draw: Drawing, *, bad: bool) -> None:
    draw.on("Answers" if bad else "Model")
    draw.put("A1", "=Inputs!A1*2" if bad else 1)
    draw.put("A2", "=A1")
    draw.put("B9", "=Inputs!A1")  # shows a cell, and nothing reads it
    draw.on("Inputs")
    draw.put("A1", 5)
    draw.on("Later")
    draw.put("A1", "=Inputs!A1*2")


def circles(draw: Drawing, *, bad: bool) -> None:
    for number in (1, 2, 3):
        draw.on(f"S{number}")
        draw.put("A1", f"=S{(number - 2) % 3 + 1}!A2+1" if bad or number > 1 else 1)


def hidden(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", "Sheet Details is hidden: workings" if not bad else "Model")
    draw.put("C5", 1)
    draw.sheet.set_column("B:B", 5, None, {"hidden": bad})
    draw.sheet.set_row(2, 20, None, {"hidden": bad})
    draw.on("Details")
    draw.put("A1", 1)
    draw.sheet.hide()


def macros(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.parts = {"xl/vbaProject.bin": "code"} if bad else {}


def links(draw: Drawing, *, bad: bool) -> None:
    draw.on("Costs")
    draw.on("Model")
    draw.put("A1", "='[other.xlsx]Costs'!A1" if bad else "=Costs!A1")


def errors(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    for row in (2, 3, 5):
        draw.put(f"B{row}", "=1/A1", "#DIV/0!" if bad else 1)


def nested(draw: Drawing, *, bad: bool) -> None:
    inner = "IF(A1>2,IF(A1>3,IF(A1>4,1,0),0),0)"
    draw.put("A1", 1)
    draw.put("B1", f"=IF(A1>1,{inner},0)" if bad else f"={inner}+IF(A1>1,1,0)")
    draw.put("B2", '="IF(IF(IF(IF("', "IF(IF(IF(IF(")


def numbers(draw: Drawing, *, bad: bool) -> None:
    factor = "0.85" if bad else "1000"
    for row in (1, 2, 3):
        draw.put(f"A{row}", row)
        draw.put(f"B{row}", f"=ROUND(A{row}*{factor}/3600,7)-1+A{row}^3-100+MATCH(1,A1:A3,0)*0")
        draw.put(f"E{row}", f"=A{row}*31.536+A{row}/114.155251141553*(1-SQRT(0.6))+2^(13-{row})")  # units, a root, halvings
        draw.put(f"F{row}", f'=IF(A{row}=6{"*A1" if bad else ""},"late",IF(A{row}<>15{"%" if bad else ""},1,0))')  # codes of states
        draw.put(f"G{row}", f"=A{row}*{'32.536' if bad else '8.76'}+{'3^(2-5)' if bad else 'A1^3'}")
    draw.put("C1", '="0.85"&LOG10(A1)', "0.85")
    draw.put("C2", f"=SUMIFS(A1:A3,A1:A3,3)+MATCH(3,A1:A3,0)+A1^2/{'5' if bad else '3'}")  # rows that are sought, the integral of a square
    draw.put("D1", "=INDEX(A1:C3,3,2)+A1*(1-15%)" if bad else "=INDEX(A1:C3,3,2)*(1-10%)")


def replaced(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.put("B1", "=IFERROR(1/A1,0)" if bad else "=IF(A1=0,0,1/A1)")


def breaks(draw: Drawing, *, bad: bool) -> None:
    for row in range(1, 7):
        draw.put(f"A{row}", row)
        draw.put(f"B{row}", "=A4+1" if bad and row == 4 else f"=A{row}*$A$1")
    for column in "DEF":
        draw.put(f"{column}1", f"={column}3")  # a block that goes on across
        draw.put(f"{column}2", f"=SUM({column}3:{column}9)")
    for row in range(1, 7):
        draw.put(f"H{row}", f"=A{row}*$A$1" if row <= 3 else f"=A{row}+$A$1")  # two blocks


def volatile(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", "=TODAY()" if bad else "=DATE(2026,1,1)")


def newer(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", "=_xlfn.XLOOKUP(1,B1:B3,C1:C3)" if bad else "=_xlfn.POISSON.DIST(1,2,TRUE)")


def unused(draw: Drawing, *, bad: bool) -> None:
    for row in (1, 2, 3):
        for column, formula in {"A": row, "B": f"=A{row}*2", "C": f"=B{row}*3", "D": f"=A{row}-1"}.items():
            draw.put(f"{column}{row}", formula)
    draw.on("Results")
    draw.put("A1", "=SUM(Model!C1:C3)" if bad else "=SUM(Model!C1:D3)")


def twice(draw: Drawing, *, bad: bool) -> None:
    for row, key in enumerate(("a", "b", "A" if bad else "c", ""), 1):
        draw.put(f"A{row}", key)
        draw.put(f"B{row}", "=LEN(A1)", 1.0)
    draw.put("D1", '=MATCH("a",A1:A4,0)+MATCH("a",A1:A4)+MATCH(MAX(B1:B4),B1:B4,0)')


def unread(draw: Drawing, *, bad: bool) -> None:
    for cell in ("B1", "B2", "B3", "D7"):
        draw.put(cell, 5, **INPUT)
    draw.put("E1", 7, font_color="#888888", locked=False)
    draw.put("C1", "=SUM(B1:B2)+D7" if bad else "=SUM(B:B)+named")
    draw.book.define_name("named", "=Model!$D$7")


def unchecked(draw: Drawing, *, bad: bool) -> None:
    draw.put("B1", 5, **INPUT)
    draw.put("B2", 6, **INPUT)
    draw.sheet.data_validation("B1" if bad else "B1:B2", {"validate": "decimal", "criteria": ">", "value": 0})


def unsourced(draw: Drawing, *, bad: bool) -> None:
    for cell, text in zip(("A1", "B1", "C1", "D1", "E1"), ("Input", "Value", "Unit", "Source", "Date"), strict=True):
        draw.put(cell, text)
    draw.put("A2", "Price")
    draw.put("B2", 5, **INPUT)
    draw.put("C2", "" if bad else "$")
    draw.put("D2", "Price list" if bad else "Price list of 2026")
    draw.put("A5", "Loads")
    draw.put("B5", "Price")
    draw.put("B6", 9, **INPUT)  # said of its column: the row with its label
    draw.put("D9", 4, **INPUT)
    draw.put("D8", "Elsewhere" if bad else "Price")


def coloured(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1, **INPUT)
    draw.put("A2", 1, locked=False, **({} if bad else BLUE))
    draw.put("A3", 1, locked=False, font_color="#808080")
    draw.put("A4", 1, **(BLUE if bad else {}))
    draw.sheet.protect()


def typed(draw: Drawing, *, bad: bool) -> None:
    for row in range(1, 5):
        draw.put(f"A{row}", row, **INPUT)
        draw.put(f"B{row}", 7 if bad and row == 3 else f"=A{row}")
    draw.put("B5", 7, bold=True)


def not_green(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.on("Other")
    draw.put("A1", "=Model!A1", **({} if bad else {"font_color": "#008000"}))
    draw.put("A2", "=Model!A1", font_color="#FFFFFF", bg_color="#000080")
    draw.put("A3", "=A1")


def cut(draw: Drawing, *, bad: bool) -> None:
    text = "Twenty-four characters of"
    draw.put("A1", text)
    if bad:
        draw.put("B1", "next")
    draw.put("A2", text, text_wrap=True)
    draw.put("A3", text, text_wrap=True)
    draw.sheet.set_row(2, 14 if bad else 70)
    draw.put("A5", "MMMMl" if bad else "MMMM")  # fits, but for a font that is wider
    draw.put("B5", "next")
    draw.sheet.merge_range("A7:B7", text, draw.book.add_format({"text_wrap": True}))
    draw.sheet.set_row(6, 14 if bad else 40)


def no_room(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1234567890123 if bad else 1234, num_format="#,##0.00")
    draw.put("A2", 1234567890123456)
    draw.put("A3", 45000, num_format="yyyy-mm-dd")


def like_zero(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 0.0004, num_format="0.00" if bad else "0.0000")
    draw.put("A2", 0, num_format="0.00")
    draw.put("A3", -1e-13, num_format="0.00")
    draw.put("A4", 0.004 if bad else 0.006, num_format='_-* #,##0.00" kW"_-;[Red]\\-#,##0.00')


def formats(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", "Unit")
    for row, (unit, value) in enumerate((("kW", 1), ("kW", 2), ("kW", 3), ("h", 4), ("\N{EN DASH}", 5)), 2):
        draw.put(f"A{row}", unit)
        draw.put(f"B{row}", value, num_format="0.0" if bad and row == 3 else "0.00" if unit == "kW" else "0")


def labels(draw: Drawing, *, bad: bool) -> None:
    for row, name in enumerate(("Cost", "Rent", "Cost" if bad else "Price"), 1):
        draw.put(f"A{row}", name)
        draw.put(f"B{row}", "=1+1", 2)
    draw.put("A5", "Cost")  # of another block
    draw.put("B5", "=2+1", 3)
    for row in (7, 8):
        draw.put(f"A{row}", "H100")
        draw.put(f"B{row}", row, bold=True)
        draw.put(f"C{row}", "=1+1", 2)


def areas(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    if not bad:
        draw.sheet.print_area("A1:B2")


def fitted(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.sheet.set_paper(8 if bad else 9)
    draw.sheet.fit_to_pages(1, 0)
    draw.on("Second")
    draw.put("A1", 1)
    draw.sheet.set_paper(9)
    draw.sheet.set_column("A:A", 200)
    draw.sheet.set_print_scale(90 if bad else 45)


def headers(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.sheet.set_footer("&LPlan&C&A" if bad else "&LPlan, version 3&R&P / &N")


def described(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", 1)
    draw.chart(description="" if bad else "Watts by hour")


def front(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", "Owner: finance" if not bad else "Downer")
    draw.put("A2", "Version 3")
    draw.put("A3", "Change log")


def tolerances(draw: Drawing, *, bad: bool) -> None:
    draw.on("Checks")
    for cell, text in zip(("A1", "B1", "C1", "D1"), ("Check", "Passes", "Unit", "Note" if bad else "Tolerance"), strict=True):
        draw.put(cell, text)
    draw.put("A2", "The sum closes")
    draw.put("B2", "=IF(ABS(1)<2,1,0)", num_format='[=1]"pass";[=0]"FAIL"')
    draw.put("C2", "kW")
    draw.put("D2", 0.001)


def masters(draw: Drawing, *, bad: bool) -> None:
    draw.put("A1", "=Checks!A1" if not bad else "=1+1")
    draw.on("Checks")
    draw.put("A1", "=1+1")
