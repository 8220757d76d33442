"""Excel workbooks of LLM-inference power, capacity and cost, with live formulas, from declarative templates.

>>> import workbook
>>> book = workbook.load("paper")
>>> workbook.cells(book)  # a pandas DataFrame of every cell
"""

from workbook.api import Book, BuildReport, build, load
from workbook.errors import Diagnostic, Place, WorkbookError

__all__ = ["Book", "BuildReport", "Diagnostic", "Place", "WorkbookError", "build", "load"]
