"""Excel workbooks of LLM-inference power, capacity and cost, with live formulas, from declarative templates.

>>> import workbook
>>> book = workbook.load("paper", sets={"decode.window": 16384})
>>> workbook.cells(book)             # a pandas DataFrame of every cell, with id, value, unit and formula
>>> workbook.build("paper")          # writes output/paper.xlsx
>>> workbook.results("planning", cases=["mine_1"], overlay="my_cases.yaml")   # a row for each case
>>> workbook.verify("output/paper.xlsx").frame   # the cells on which an engine disagrees: none
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbook.api import BuildReport, build, load
from workbook.declare.overlay_files import Overlays
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.layout.book import Book

if TYPE_CHECKING:
    from workbook.ask.inspect import cells, explain, inputs
    from workbook.ask.results import results
    from workbook.ask.search import Optimum, optimize
    from workbook.audit.report import Audit, audit_file
    from workbook.importers.benchmark import Benchmark, Setup, import_benchmark
    from workbook.importers.card import Card
    from workbook.importers.model import import_model
    from workbook.importers.power import Instance, import_power
    from workbook.importers.trace import import_trace
    from workbook.roundtrip.diff import diff
    from workbook.roundtrip.pull import Edits, pull
    from workbook.roundtrip.regenerate import Regeneration, regenerate
    from workbook.validation.errors import validate
    from workbook.verify.run import VerifyReport, verify

__all__ = [
    "Audit",
    "Benchmark",
    "Book",
    "BuildReport",
    "Card",
    "Diagnostic",
    "Edits",
    "Instance",
    "Optimum",
    "Overlays",
    "Place",
    "Regeneration",
    "Setup",
    "VerifyReport",
    "WorkbookError",
    "audit_file",
    "build",
    "cells",
    "diff",
    "drift",
    "explain",
    "import_benchmark",
    "import_model",
    "import_power",
    "import_trace",
    "inputs",
    "load",
    "optimize",
    "pull",
    "regenerate",
    "results",
    "validate",
    "verify",
]

# pandas and the engines take longer to import than a build takes to run: they are loaded when asked for.
_LATER = {
    "Audit": "workbook.audit.report",
    "Benchmark": "workbook.importers.benchmark",
    "Setup": "workbook.importers.benchmark",
    "import_benchmark": "workbook.importers.benchmark",
    "Card": "workbook.importers.card",
    "audit_file": "workbook.audit.report",
    "import_model": "workbook.importers.model",
    "Instance": "workbook.importers.power",
    "import_power": "workbook.importers.power",
    "import_trace": "workbook.importers.trace",
    "cells": "workbook.ask.inspect",
    "explain": "workbook.ask.inspect",
    "inputs": "workbook.ask.inspect",
    "diff": "workbook.roundtrip.diff",
    "drift": "workbook.ask.drift",
    "Edits": "workbook.roundtrip.pull",
    "pull": "workbook.roundtrip.pull",
    "Regeneration": "workbook.roundtrip.regenerate",
    "regenerate": "workbook.roundtrip.regenerate",
    "Optimum": "workbook.ask.search",
    "optimize": "workbook.ask.search",
    "results": "workbook.ask.results",
    "validate": "workbook.validation.errors",
    "VerifyReport": "workbook.verify.run",
    "verify": "workbook.verify.run",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
