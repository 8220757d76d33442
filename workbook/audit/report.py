"""A file audited: what each rule finds in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.audit import documents, formulas, inputs, legibility, paper, structure
from workbook.audit.examined import Examined
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record.read import baseline
from workbook.xlsx.a1 import RECORD_SHEET, column_letters
from workbook.xlsx.cells import UnreadableWorkbook
from workbook.xlsx.saved import read_saved

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.audit.rules import Found, Rule

RULES: tuple[Rule, ...] = (
    *structure.RULES,
    *formulas.RULES,
    *inputs.RULES,
    *legibility.RULES,
    *paper.RULES,
    *documents.RULES,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule finds."""

    rule: Rule
    found: tuple[Found, ...]

    @property
    def cells(self) -> int:
        """Return how many cells the findings are about."""
        return sum(found.cells for found in self.found)


@dataclass(frozen=True, slots=True)
class Audit:
    """The verdicts of all rules on a file."""

    path: Path
    verdicts: tuple[Verdict, ...]

    @property
    def passes(self) -> bool:
        """Return whether no rule finds anything."""
        return not any(verdict.found for verdict in self.verdicts)


def examine(path: Path) -> Examined:
    """Read a file for rules to look at; raises WorkbookError when it is no readable workbook."""
    try:
        saved = read_saved(path)
    except UnreadableWorkbook as error:
        raise WorkbookError([Diagnostic(Place(str(path)), str(error), error.fix or "give an .xlsx workbook")]) from None
    except OSError as error:
        raise WorkbookError([Diagnostic(Place(str(path)), f"cannot be read: {error.strerror or error}")]) from None
    if RECORD_SHEET not in saved.sheets:
        return Examined(saved)
    record = {f"{column_letters(column)}{row + 1}": cell for (row, column), cell in saved.sheets[RECORD_SHEET].cells.items()}
    return Examined(saved, baseline(path, {RECORD_SHEET: record}))


def audit_file(path: Path) -> Audit:
    """Audit a file by all rules; raises WorkbookError when it is no readable workbook."""
    file = examine(path)
    return Audit(path, tuple(Verdict(rule, tuple(rule.find(file))) for rule in RULES))
