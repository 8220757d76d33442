"""A file audited: what each rule finds in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbook.audit import documents, formulas, inputs, legibility, paper, structure
from workbook.audit.examined import Examined
from workbook.audit.rules import PROJECT, Found, Rule
from workbook.record import breaks
from workbook.record.read import baseline
from workbook.xlsx.a1 import RECORD_SHEET, column_letters
from workbook.xlsx.readable import readable
from workbook.xlsx.saved import Area, area_of, read_saved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

RULES: tuple[Rule, ...] = (
    *structure.RULES,
    *formulas.RULES,
    *inputs.RULES,
    *legibility.RULES,
    *paper.RULES,
    *documents.RULES,
)


NOWHERE = Area(-1, -1, -1, -1)
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
    with readable(path):
        saved = read_saved(path)
    if RECORD_SHEET not in saved.sheets:
        return Examined(saved)
    record = {f"{column_letters(column)}{row + 1}": cell for (row, column), cell in saved.sheets[RECORD_SHEET].cells.items()}
    return Examined(saved, baseline(path, {RECORD_SHEET: record}))


def audit_file(path: Path) -> Audit:
    """Audit a file by all rules; raises WorkbookError when it is no readable workbook."""
    file = examine(path)
    declared = [_Declared(item) for item in (breaks.read(file.record.carried) if file.record else ())]
    verdicts = [_verdict(file, rule, declared) for rule in RULES]
    return Audit(path, (*verdicts, Verdict(BROKEN_NO_MORE, tuple(item.found for item in declared if not item.met))))


def _verdict(file: Examined, rule: Rule, declared: list[_Declared]) -> Verdict:
    found: list[Found] = []
    intended: list[tuple[Found, str]] = []
    for item in rule.find(file):
        holding = [each for each in declared if each.holds(rule, item)]
        for each in holding:
            each.met = True
        if holding:
            intended.append((item, holding[0].told.reason))
        else:
            found.append(item)
    return Verdict(rule, tuple(found), tuple(intended))


def covers(areas: Sequence[Area], whole: Area) -> bool:
    """Return whether each cell of an area is in one of some others; cells are not looked at one by one, as an area may be a whole sheet."""
    open_ = [whole]
    while open_:
        part = open_.pop()
        around = next((area for area in areas if area.top <= part.top <= area.bottom and area.left <= part.left <= area.right), None)
        if around is None:
            return False
        if around.bottom < part.bottom:
            open_.append(part._replace(top=around.bottom + 1))
        if around.right < part.right:
            open_.append(part._replace(left=around.right + 1, bottom=min(part.bottom, around.bottom)))
    return True


class _Declared:
    """A rule that a workbook breaks on purpose; ``met`` once it was found broken there."""

    def __init__(self, told: breaks.IntendedBreak) -> None:
        self.told, self.met = told, False
        try:
            self.areas = [area_of(cells) for cells in told.cells.split()]
        except ValueError:
            self.areas = [NOWHERE]

    def holds(self, rule: Rule, found: Found) -> bool:
        """Return whether a finding is one of those that are intended."""
        if rule.number != self.told.rule or self.told.sheet not in {"", found.sheet}:
            return False
        if self.told.numbers and not found.numbers <= set(self.told.numbers):
            return False
        return not self.areas or (found.area is not None and covers(self.areas, found.area))

    @property
    def found(self) -> Found:
        """Return the finding that nothing is broken there any more."""
        first = self.areas[0] if self.areas else None
        return Found(self.told.sheet, first, f"rule {self.told.rule} finds nothing there: {self.told.reason}")
