"""Rules on formulas and what they come to."""

from __future__ import annotations

from collections import Counter
from math import isclose, log10
from typing import TYPE_CHECKING

from workbook.audit.rules import CODE, FAST, PROJECT, Found, Rule, grouped
from workbook.xlsx.cells import LAST_ROW, CellError
from workbook.xlsx.saved import Area

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbook.audit.examined import Examined, Run
    from workbook.audit.shapes import Facts
    from workbook.xlsx.saved import SavedSheet

MOST_CONDITIONS = 3
# Numbers that convert units or count, and are no assumptions (FAST 3.04-01.1): hours, days, weeks, months, quarters, bits, joules.
UNIVERSAL = {
    *(2.0, 4.0, 7.0, 12.0, 24.0, 52.0, 60.0, 180.0, 360.0, 365.0, 365.25, 366.0, 3600.0, 8760.0, 8766.0, 8784.0, 86400.0),
    *(8.0, 3.6, 3.6e6, *(1024.0**power for power in range(1, 5))),
}
# Those that are also scaled by a power of ten or inverted, such as 31.536 (million seconds in a year).
SCALED = {3600.0, 8760.0, 8766.0, 8784.0, 86400.0, 31_536_000.0, 31_557_600.0, 31_622_400.0}
VOLATILE = {"NOW", "TODAY", "RAND", "RANDBETWEEN", "RANDARRAY", "OFFSET", "INDIRECT", "INFO", "CELL"}
NEWER = {  # than Excel 2010; most of them also spill into the cells around
    *("FILTER", "SORT", "SORTBY", "UNIQUE", "SEQUENCE", "RANDARRAY", "XLOOKUP", "XMATCH", "LET", "LAMBDA", "MAP", "REDUCE", "SCAN"),
    *("BYROW", "BYCOL", "MAKEARRAY", "ISOMITTED", "TEXTSPLIT", "TEXTBEFORE", "TEXTAFTER", "VSTACK", "HSTACK", "TOROW", "TOCOL"),
    *("WRAPROWS", "WRAPCOLS", "TAKE", "DROP", "CHOOSEROWS", "CHOOSECOLS", "EXPAND", "TEXTJOIN", "CONCAT", "IFS", "SWITCH", "MAXIFS"),
    *("MINIFS", "ANCHORARRAY", "SINGLE", "GROUPBY", "PIVOTBY", "ISFORMULA", "FORMULATEXT", "DAYS", "NUMBERVALUE", "SHEETS"),
}
SHORTEST_BLOCK = 3  # formulas that say the same, from which on they make a rule that others break


def _errors(file: Examined) -> Iterator[Found]:
    """Yield cells that hold an error, as they were last calculated."""
    return grouped((spot, f"shows {cell.value}") for spot, cell, _ in file.cells() if isinstance(cell.value, CellError))


def _found(run: Run, what: str) -> Found:
    return Found(run.sheet, Area(run.top, run.column, run.bottom, run.column), what)


def _each(file: Examined, wrong: Callable[[Facts], str]) -> Iterator[Found]:
    """Yield formulas with what is wrong with them, where something is."""
    told = [(run, what) for run in file.runs if (what := wrong(file.facts(run)))]
    return grouped((spot, what) for run, what in told for spot in run.spots)


def _nested(file: Examined) -> Iterator[Found]:
    return _each(file, lambda facts: f"IF within IF, {facts.conditions} deep" if facts.conditions > MOST_CONDITIONS else "")


def is_universal(number: float) -> bool:
    """Return whether a number is 0, a power of ten, or one that converts units, to a unit of any prefix; its sign makes no difference."""
    size = abs(number)
    return size == 0 or size in UNIVERSAL or any(_is_power_of_ten(ratio) for unit in (1.0, *SCALED) for ratio in (size / unit, size * unit))


def _is_power_of_ten(number: float) -> bool:
    return isclose(log10(number), round(log10(number)), abs_tol=1e-12)


def _numbers(file: Examined) -> Iterator[Found]:
    def wrong(facts: Facts) -> str:
        numbers = dict.fromkeys(f"{number:.15g}" for number in facts.numbers if not is_universal(number))
        held.setdefault(what := f"the formula holds {', '.join(numbers)}", frozenset(numbers))
        return what if numbers else ""

    held: dict[str, frozenset[str]] = {}
    return (found._replace(numbers=held[found.what]) for found in _each(file, wrong))


def _using(names: set[str]) -> Callable[[Examined], Iterator[Found]]:
    """Return what finds formulas that use one of some functions."""
    return lambda file: _each(file, lambda facts: f"uses {', '.join(sorted(names & facts.functions))}" if names & facts.functions else "")


def _breaks(file: Examined) -> Iterator[Found]:
    """Yield formulas that differ from a block above or below them, and from those on either side, and are no block of their own."""
    found: dict[Run, Run] = {}
    for before, run in zip(file.runs, file.runs[1:], strict=False):
        if (before.sheet, before.column, before.bottom) == (run.sheet, run.column, run.top - 1):
            short, long = sorted((before, run), key=lambda each: each.size)
            if short.size < SHORTEST_BLOCK <= long.size and not _beside(file, short):
                found.setdefault(short, long)
    return (_found(short, f"says something else than the formulas in {_found(long, '').address}") for short, long in found.items())


def _beside(file: Examined, run: Run) -> bool:
    """Return whether the formula of a run goes on in the next column."""
    here = file.shapes[run.sheet]
    return any(here.get((run.top, run.column + step)) == run.shape for step in (-1, 1))


def _unused(file: Examined) -> Iterator[Found]:
    """Yield columns of formulas none of which anything reads, on sheets of calculation: those most of whose formulas are read."""
    sheets: dict[str, Counter[bool]] = {}
    unread: list[Found] = []
    for runs in _columns(file):
        read = sum(map(file.is_read, (spot for run in runs for spot in run.spots)))
        first, last = runs[0], runs[-1]
        size = last.bottom - first.top + 1
        sheets.setdefault(first.sheet, Counter()).update({True: read, False: size - read})
        if not read and not all(file.facts(run).link for run in runs):
            what = "no formula, chart or rule reads these"
            unread.append(Found(first.sheet, Area(first.top, first.column, last.bottom, first.column), what))
    return (found for found in unread if sheets[found.sheet][True] > sheets[found.sheet][False])


def _columns(file: Examined) -> Iterator[list[Run]]:
    """Yield formulas one below the other, whatever they say."""
    found: list[Run] = []
    for run in file.runs:
        if found and (found[-1].sheet, found[-1].column, found[-1].bottom) != (run.sheet, run.column, run.top - 1):
            yield found
            found = []
        found.append(run)
    if found:
        yield found


def _twice(file: Examined) -> Iterator[Found]:
    """Yield the cells in which keys are sought, where one of them stands twice: only the first is found.

    Numbers that are calculated are no keys: the largest of them is sought to tell where it stands.
    """
    told: set[tuple[str, Area]] = set()
    for run in file.runs:
        for use in file.facts(run).lookups:
            sheet = file.sheets.get(use.sheet or run.sheet)
            area = use.area(run.top, run.top, run.column)
            if sheet is None or (sheet.name, area) in told:
                continue
            told.add((sheet.name, area))
            keys = Counter(_keys(sheet, area))
            twice = [str(key) for key, count in keys.items() if count > 1]
            if twice:
                yield Found(sheet.name, area, f"keys that stand there twice: {', '.join(twice[:5])}")


def _keys(sheet: SavedSheet, area: Area) -> Iterator[str | float]:
    if area.bottom - area.top > LAST_ROW // 2:
        area = area._replace(bottom=max(row for row, _ in sheet.cells))
    for row in range(area.top, area.bottom + 1):
        cell = sheet.cells.get((row, area.left))
        if cell and isinstance(cell.value, str) and cell.value:
            yield cell.value.lower()
        elif cell and isinstance(cell.value, float) and not cell.is_formula:
            yield cell.value


RULES = (
    Rule("201", "No cell shows an error", CODE("Include checks"), _errors),
    Rule(
        "202",
        f"IF is nested at most {MOST_CONDITIONS} deep",
        f"{FAST('3.03-07')} allows none; {PROJECT('docs/howto/audit_a_workbook.md')}, allows {MOST_CONDITIONS}",
        _nested,
    ),
    Rule("203", "Formulas hold no assumptions", f"{FAST('3.04-01')}; {CODE('Avoid hardcoding')}", _numbers),
    Rule("204", "No error is replaced unseen", FAST("4.01, Excel functions"), _using({"IFERROR", "IFNA"})),
    Rule("205", "One formula a block", CODE("Use consistent formulas"), _breaks),
    Rule("206", "No volatile functions", FAST("4.01, Excel functions"), _using(VOLATILE)),
    Rule("207", "Functions of Excel 2010, no dynamic arrays", PROJECT("README.md"), _using(NEWER)),
    Rule("208", "Every calculation is used", CODE("Minimise calculation complexity"), _unused),
    Rule("209", "No key that is looked up stands twice", CODE("Avoid duplication"), _twice),
)
