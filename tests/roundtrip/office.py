"""Runs under LibreOffice's Python: opens files, changes them as a user would, and saves them as .xlsx.

Steps: ["value", sheet, "B7", 5], ["formula", sheet, "B7", "=1+1"], ["clear", sheet, "B7"], ["insert rows", sheet, first row
from 0, count], ["delete rows", ...], ["insert columns", ...], ["rename", sheet, name], ["add sheet", name],
["remove sheet", name], ["move", sheet, "B7", "F7"], ["copy", sheet, "B7:B20", "F7"], ["sort", sheet, "A7:F20",
column from 0], ["order", sheet, place from 0].
"""

import ast
import importlib
import runpy
import sys
from pathlib import Path
from typing import Any

worker_file = Path(__file__).parents[2] / "workbook" / "verify" / "engines" / "libreoffice_worker.py"
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
    elif what == "sort":
        _sort(sheet.getCellRangeByName(first), rest[0])
    else:
        _fill(sheet.getCellRangeByName(first), what, *rest)


def _sort(cells: Any, column: int) -> None:
    """Sort rows by a column, the greatest first."""
    uno = importlib.import_module("uno")
    field = uno.createUnoStruct("com.sun.star.table.TableSortField")
    field.Field, field.IsAscending = column, False
    fields = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
    fields.Name, fields.Value = "SortFields", uno.Any("[]com.sun.star.table.TableSortField", (field,))
    cells.sort((fields,))


def _fill(cell: Any, what: str, value: Any = "") -> None:
    """Type a formula, a text or a number, or clear a cell."""
    if what in {"formula", "clear"}:
        cell.setFormula(value)
    elif isinstance(value, str):
        cell.setString(value)
    else:
        cell.setValue(value)


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
