"""The best rows of a table over lists, on the sheet's own grid and on a finer one.

The finer grid is the same declared model with longer lists, evaluated in NumPy: nothing is written or placed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbook.api import parse_sets
from workbook.declare.packaged import directory
from workbook.declare.schema import ListBlock
from workbook.declare.sheets import declarations
from workbook.errors import Diagnostic, WorkbookError, suggest
from workbook.expr.values import shown
from workbook.model.compile import compile_model
from workbook.model.evaluate import evaluate
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.declare.schema import Block, Declarations, Search
    from workbook.model.evaluate import Values
    from workbook.model.graph import Model

SEARCHED = "paper"  # the packaged workbook that declares a search
MOST_ROWS = 20_000
AS_LISTED = 1e-12  # relative; a step may land beside a listed value


@dataclass(frozen=True, slots=True)
class Optimum:
    """All rows of the finer grid, and the best ones.

    ``grid`` has a column for each of the table's columns and ``listed``: whether the row is one of the sheet's own.
    ``most`` and ``least`` name the columns sought; a row that does not compete has nothing to make most of.
    """

    grid: pd.DataFrame
    most: str
    least: str
    units: dict[str, str]

    def best(self, *, listed: bool = False, least: bool = False) -> pd.Series | None:
        """Return the row with most (or least) among all rows or the ``listed`` ones, or None where no row competes."""
        rows = self.grid[self.grid["listed"]] if listed else self.grid
        rows = rows[rows[self.most] > 0]
        if rows.empty:
            return None
        column = rows[self.least] if least else -rows[self.most]
        return rows.iloc[int(column.argmin())]


def optimize(
    name: str = SEARCHED,
    templates: Path | str | None = None,
    sets: Mapping[str, str | float] | None = None,
    steps: Mapping[str, float] | None = None,
) -> Optimum:
    """Search the table that a sheet declares, over its lists and over finer ones from their least to their greatest value.

    ``steps`` gives the step of a list in place of the declared one. Raises WorkbookError for bad templates, sets or steps.
    """
    declared = declarations(directory(templates), name)
    search = _declared_search(declared)
    model = compile_model(declared)
    edits = parse_sets(model, sets or {})
    chosen = {**search.over, **_checked(steps or {}, search)}
    listed = {key: _listed(model, edits, key) for key in search.over}
    fine = {key: _refined(members, chosen[key]) for key, members in listed.items()}
    rows = prod(len(values) for values in fine.values())
    if rows > MOST_ROWS:
        raise _too_fine(rows)
    larger = compile_model(_with_lists(declared, fine))
    kept = {cell: value for cell, value in (sets or {}).items() if cell.partition(".")[0] not in fine}
    names = larger.tables[search.table].columns
    values = evaluate(larger, parse_sets(larger, kept), wanted=names)
    return _optimum(larger, values, search, listed)


def _listed(model: Model, edits: dict[CellRef, float | str], name: str) -> dict[str, float]:
    """Return the members of a list and their values after edits."""
    quantity = model.quantities[f"{name}.value"]
    keys = [row[0] for row in model.tables[name].rows]
    return {key: float(edits.get(CellRef(quantity.id, row), quantity.inputs[row].value)) for row, key in enumerate(keys)}


def _declared_search(declared: Declarations) -> Search:
    for sheet in declared.sheets:
        if sheet.search:
            return sheet.search
    raise WorkbookError([Diagnostic(declared.place, f"'{declared.name}' declares no search", "add 'search:' to one of its sheets")])


def _checked(steps: Mapping[str, float], search: Search) -> dict[str, float]:
    found = []
    for key, step in steps.items():
        if key not in search.over:
            hint = suggest(key, search.over) or f"one of {', '.join(search.over)}"
            found.append(Diagnostic(None, f"--step {key}: no such list is searched", hint))
        elif not step > 0 or not np.isfinite(step):
            found.append(Diagnostic(None, f"--step {key}: {step:g} is not a number above 0"))
    if found:
        raise WorkbookError(found)
    return dict(steps)


def _too_fine(rows: int | None = None) -> WorkbookError:
    found = f"{rows:,} rows, more than {MOST_ROWS:,}" if rows else f"more than {MOST_ROWS:,} rows"
    return WorkbookError([Diagnostic(None, f"the finer grid would have {found}", "choose larger steps: --step LIST=STEP")])


def _refined(listed: dict[str, float], step: float) -> dict[str, float]:
    """Return the members of a list and others at every step from the least to the greatest, in order of value."""
    low, high = min(listed.values()), max(listed.values())
    if not (high - low) / step <= MOST_ROWS:
        raise _too_fine()
    between = [float(f"{low + number * step:.12g}") for number in range(int((high - low) / step + AS_LISTED) + 1)]
    apart = [value for value in between if not any(abs(value - known) <= AS_LISTED * known for known in listed.values())]
    members = listed | {f"between_{number}": value for number, value in enumerate(apart, 1)}
    return dict(sorted(members.items(), key=lambda member: member[1]))


def _with_lists(declared: Declarations, lists: dict[str, dict[str, float]]) -> Declarations:
    """Return the declarations with other members in some lists."""

    def longer(block: Block) -> Block:
        if not isinstance(block, ListBlock) or block.name not in lists:
            return block
        like = next(iter(block.members.values()))
        return replace(block, members={key: replace(like, value=value) for key, value in lists[block.name].items()})

    sheets = tuple(replace(sheet, blocks=tuple(map(longer, sheet.blocks))) for sheet in declared.sheets)
    return replace(declared, sheets=sheets)


def _optimum(model: Model, values: Values, search: Search, listed: dict[str, dict[str, float]]) -> Optimum:
    table = model.tables[search.table]
    columns = {name.partition(".")[2]: values[name] for name in table.columns}
    grid = pd.DataFrame({name: shown(column) for name, column in columns.items()})
    grid["listed"] = [all(key in listed[of.of] for of, key in zip(table.keys, keys, strict=True)) for keys in table.rows]
    units = {name.partition(".")[2]: model.quantities[name].unit for name in table.columns}
    return Optimum(grid, search.most, search.least, units)
