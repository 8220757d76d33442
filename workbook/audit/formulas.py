"""Rules on formulas and what they come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, FAST, Found, Rule, grouped
from workbook.xlsx.cells import CellError
from workbook.xlsx.saved import Area

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbook.audit.examined import Examined
    from workbook.audit.shapes import Facts

MOST_CONDITIONS = 3


def _errors(file: Examined) -> Iterator[Found]:
    """Yield cells that hold an error, as they were last calculated."""
    return grouped((spot, f"shows {cell.value}") for spot, cell, _ in file.cells() if isinstance(cell.value, CellError))


def _each(file: Examined, wrong: Callable[[Facts], str]) -> Iterator[Found]:
    """Yield runs of formulas with what is wrong with them, where something is."""
    for run in file.runs:
        if what := wrong(file.facts(run)):
            yield Found(run.sheet, Area(run.top, run.column, run.bottom, run.column), what)


def _nested(file: Examined) -> Iterator[Found]:
    return _each(file, lambda facts: f"IF within IF, {facts.conditions} deep" if facts.conditions > MOST_CONDITIONS else "")


RULES = (
    Rule("201", "No cell shows an error", CODE("Include checks"), _errors),
    Rule(
        "202",
        f"IF is nested at most {MOST_CONDITIONS} deep",
        f"{FAST('3.03-07')} allows none; this project at most {MOST_CONDITIONS}, as guards of questions without an answer",
        _nested,
    ),
)
