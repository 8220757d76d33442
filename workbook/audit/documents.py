"""Rules on what a file says of itself: who owns it, what changed, what is checked and how exactly."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, Found, Rule
from workbook.xlsx.saved import Area

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.audit.examined import Examined
    from workbook.xlsx.saved import SavedSheet

FRONT = 2  # sheets in which people look first
COVERS = {"cover", "start", "guide", "about", "readme", "read me", "plan"}
SAID = {"owner": r"\bowner\b", "version": r"\bversion\b", "change log": r"\bchange log\b|\bchangelog\b|\bchanges\b|\brevisions?\b"}
VERDICTS = {"pass", "ok", "fail", "true", "false", "error"}


def _front(file: Examined) -> Iterator[Found]:
    sheets = [*islice(file.shown, FRONT), *(sheet for sheet in file.shown if sheet.name.lower() in COVERS)]
    text = "\n".join(cell.value for sheet in sheets for cell in sheet.cells.values() if isinstance(cell.value, str)).lower()
    for what, words in SAID.items():
        if sheets and not re.search(words, text):
            yield Found(sheets[0].name, None, f"neither this sheet nor the next names: {what}")


def check_sheets(file: Examined) -> list[SavedSheet]:
    """Return the sheets of checks, by their names."""
    return [sheet for sheet in file.sheets.values() if "check" in sheet.name.lower()]


def _checks(file: Examined, sheet: SavedSheet) -> Iterator[tuple[int, int]]:
    """Yield the formulas of a sheet of checks that give a verdict: a word for one, a truth value, or a number shown as a word."""
    for at, cell in sheet.cells.items():
        code = file.saved.format_of(cell).code.lower()
        says = isinstance(cell.value, bool) or (isinstance(cell.value, str) and cell.value.lower() in VERDICTS)
        if cell.is_formula and (says or "pass" in code or "fail" in code):
            yield at


def _tolerances(file: Examined) -> Iterator[Found]:
    """Yield verdicts without a tolerance or limits in their row; those that a check counts, which states its own, are part of it."""
    for sheet in check_sheets(file):

        def states(row: int, name: str = sheet.name) -> bool:
            said = file.provenance.row(name, row).keys()
            return "tolerance" in said or {"low", "high"} <= said

        stating = [run for run in file.runs if run.sheet == sheet.name and states(run.top)]
        counted = [area for run in stating for name, area in file.used_by(run) if name == sheet.name]
        for row, column in _checks(file, sheet):
            within = any(area.top <= row <= area.bottom and area.left <= column <= area.right for area in counted)
            if not states(row) and not within:
                what = "neither a tolerance nor limits stand beside this check"
                yield Found(sheet.name, Area(row, column, row, column), what)


def _masters(file: Examined) -> Iterator[Found]:
    checks = check_sheets(file)
    if not checks:
        yield Found("", None, "no sheet of checks")
        return
    names = {sheet.name for sheet in checks}
    shown = {run.sheet for run in file.runs if names & {sheet for sheet, _ in file.used_by(run)}}
    for sheet in file.shown:
        if sheet.name not in names | shown and any(cell.is_formula for cell in sheet.cells.values()):
            yield Found(sheet.name, None, "shows nothing of the checks")


RULES = (
    Rule("601", "Owner, version and change log stand on a front sheet", CODE("Include user guidance"), _front),
    Rule("602", "Every check states its tolerance", CODE("Include checks"), _tolerances),
    Rule("603", "A master check is in sight on every sheet", CODE("Include a master check"), _masters),
)
