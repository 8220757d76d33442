"""Excel workbooks of LLM-inference power, capacity and cost, with live formulas, from declarative templates.

>>> import workbook
>>> book = workbook.load("paper", sets={"decode.window": 16384})
>>> workbook.cells(book)             # a pandas DataFrame of every cell, with id, value, unit and formula
>>> workbook.build("paper")          # writes output/paper.xlsx
>>> workbook.verify(Path("output/paper.xlsx")).frame   # the cells on which an engine disagrees: none
"""

from workbook.api import Book, BuildReport, build, load
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.inspect import cells, explain, inputs
from workbook.verify.run import VerifyReport, verify

__all__ = [
    "Book",
    "BuildReport",
    "Diagnostic",
    "Place",
    "VerifyReport",
    "WorkbookError",
    "build",
    "cells",
    "explain",
    "inputs",
    "load",
    "verify",
]
