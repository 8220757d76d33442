"""A file audited: what each rule finds in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.audit import documents, formulas, inputs, legibility, paper, structure
from workbook.audit.examined import Examined
from workbook.audit.rules import PROJECT, Found, Rule
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.record.read import baseline
from workbook.record.write import BREAKS
from workbook.xlsx.a1 import RECORD_SHEET, column_letters
from workbook.xlsx.cells import UnreadableWorkbook
from workbook.xlsx.saved import Area, area_of, read_saved

if TYPE_CHECKING:
    from pathlib import Path

RULES: tuple[Rule, ...] = (
    *structure.RULES,
    *formulas.RULES,
    *inputs.RULES,
    *legibility.RULES,
    *paper.RULES,
    *documents.RULES,
)


BROKEN_NO_MORE = Rule("604", "What is broken on purpose is still broken", PROJECT("docs/howto/audit_a_workbook.md"), lambda _: ())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule finds; ``intended`` are findings that the workbook declares with their reasons."""

    rule: Rule
    found: tuple[Found, ...]
    intended: tuple[tuple[Found, str], ...] = ()

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
        """Return whether no rule finds anything that is not broken on purpose."""
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
    breaks = [IntendedBreak.read(item) for item in broken_on_purpose(file)]
    verdicts = [_verdict(file, rule, breaks) for rule in RULES]
    over = tuple(Found(item.sheet, item.area, f"rule {item.rule} finds nothing there: {item.reason}") for item in breaks if not item.met)
    return Audit(path, (*verdicts, Verdict(BROKEN_NO_MORE, over)))


def broken_on_purpose(file: Examined) -> list[dict[str, str]]:
    """Return what the record of a build says is broken on purpose; nothing where it is damaged, or there is none."""
    told = file.record.carried.get(BREAKS, []) if file.record else []
    return [item for item in told if isinstance(item, dict)] if isinstance(told, list) else []


def _verdict(file: Examined, rule: Rule, breaks: list[IntendedBreak]) -> Verdict:
    found: list[Found] = []
    intended: list[tuple[Found, str]] = []
    for item in rule.find(file):
        declared = [each for each in breaks if each.holds(rule, item)]
        for each in declared:
            each.met = True
        if declared:
            intended.append((item, declared[0].reason))
        else:
            found.append(item)
    return Verdict(rule, tuple(found), tuple(intended))


@dataclass(slots=True)
class IntendedBreak:
    """A rule that a workbook breaks on purpose; ``met`` once it was found broken there."""

    rule: str
    sheet: str
    area: Area | None
    reason: str
    met: bool = False

    @classmethod
    def read(cls, told: dict[str, str]) -> IntendedBreak:
        """Read what a record says; cells that are none stand for none."""
        try:
            area = area_of(told["cells"]) if told.get("cells") else None
        except ValueError:
            area = Area(-1, -1, -1, -1)
        return cls(str(told.get("rule", "")), str(told.get("sheet", "")), area, str(told.get("reason", "")))

    def holds(self, rule: Rule, found: Found) -> bool:
        """Return whether a finding is one of those that are intended."""
        if rule.number != self.rule or self.sheet not in {"", found.sheet}:
            return False
        here, there = self.area, found.area
        return here is None or (
            there is not None
            and here.top <= there.top
            and here.left <= there.left
            and here.bottom >= there.bottom
            and here.right >= there.right
        )
