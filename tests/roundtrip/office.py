"""Runs under LibreOffice's Python: opens files, changes them as a user would, and saves them as .xlsx.

Steps: ["value", sheet, "B7", 5], ["formula", sheet, "B7", "=1+1"], ["clear", sheet, "B7"], ["insert rows", sheet, first row
from 0, count], ["delete rows", ...], ["insert columns", ...], ["rename", sheet, name], ["add sheet", name],
["remove sheet", name], ["move", sheet, "B7", "F7"], ["copy", sheet, "B7:B20", "F7"], ["order", sheet, place from 0].
"""

import ast
import runpy
import sys
from pathlib import Path
from typing import Any

worker_file = Path(__file__).parents[2] / "workbook" / "verification" / "engines" / "libreoffice_worker.py"
worker = runpy.run_path(str(worker_file), run_name="libreoffice_worker")


def step(document: Any, what: str, *arguments: Any) -> None:
    sheets = document.Sheets
    if what == "add sheet":
        sheets.insertNewByName(arguments[0], sheets.Count)
        return
    if what == "remove sheet":
        sheets.removeByName(arguments[0])
        return
    name, first, *rest = arguments
    sheet = sheets.getByName(name)
    if what == "rename":
        sheet.setName(first)
        return
    if what == "order":
        sheets.moveByName(name, first)
        return
    sheet.unprotect("")
    if what == "insert rows":
        sheet.Rows.insertByIndex(first, rest[0])
    elif what == "delete rows":
        sheet.Rows.removeByIndex(first, rest[0])
    elif what == "insert columns":
        sheet.Columns.insertByIndex(first, rest[0])
    elif what in {"move", "copy"}:
        source = sheet.getCellRangeByName(first).getRangeAddress()
        act = sheet.moveRange if what == "move" else sheet.copyRange
        act(sheet.getCellRangeByName(rest[0]).getCellAddress(), source)
    elif what == "formula":
        sheet.getCellRangeByName(first).setFormula(rest[0])
    elif what == "clear":
        sheet.getCellRangeByName(first).setFormula("")
    elif isinstance(rest[0], str):
        sheet.getCellRangeByName(first).setString(rest[0])
    else:
        sheet.getCellRangeByName(first).setValue(rest[0])


def main(program: str, folder: str, request: str) -> None:
    office = worker["Office"](program, Path(folder))
    try:
        for source, target, steps in ast.literal_eval(Path(request).read_text("utf-8")):
            document = office.load(source)
            for one in steps:
                step(document, *one)
            document.calculateAll()
            document.storeToURL(Path(target).as_uri(), office.properties(FilterName=worker["XLSX_FILTER"]))
            document.close(True)  # noqa: FBT003
    finally:
        office.stop()


main(*sys.argv[1:])
