"""Edits typed into an open workbook round by round, recalculated, and compared with Python in every formula cell."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from workbook import api
from workbook.expr.values import EMPTY, shown
from workbook.model.evaluate import Values, evaluate
from workbook.model.graph import CellRef
from workbook.verify.compare import AGREE, verdict
from workbook.verify.engines.base import CellError, CellValue
from workbook.verify.run import expectations
from workbook.xlsx.a1 import column_letters

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.layout.plan import Layout
    from workbook.model.graph import Model
    from workbook.verify.engines.libreoffice import LibreOfficeSession

SEED = 20260317
NUDGE, JUMP = 1e-12, 1e-6  # a cell that jumps when inputs are nudged is on a knife's edge that no engine can be held to
FEW = 1e-5  # the share of cells that may be
Edits = dict[CellRef, float | str]
Sets = dict[str, float | str]


class Drawer(Protocol):
    """Draws new values of inputs, by id."""

    def draw(self, count: int) -> Sets:
        """Give ``count`` edits, or as many as count as that to the drawer."""


@dataclass
class Tally:
    """What was compared, and what was not."""

    edits: int = 0
    cells: int = 0
    errors: int = 0
    moved: list[int] = field(default_factory=list)  # cells that each round changed
    excluded: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def place(layout: Layout, at: CellRef) -> tuple[str, str]:
    """Give sheet and A1 address of a quantity's row."""
    sheet, row, column = layout.cell(*at)
    return sheet, f"{column_letters(column)}{row + 1}"


@lru_cache(maxsize=2)
def places_of(book: api.Book) -> dict[tuple[str, str], CellRef]:
    """Give quantity and row of every formula cell, by sheet and address."""
    return {(item.sheet, item.address): found for item in expectations(book) if (found := book.model.find(item.id))}


@lru_cache(maxsize=2)
def asked_of(book: api.Book) -> dict[str, list[str]]:
    """Give the addresses of all formula cells, by sheet."""
    asked: dict[str, list[str]] = {}
    for sheet, address in places_of(book):
        asked.setdefault(sheet, []).append(address)
    return asked


def is_error(value: CellValue) -> bool:
    """Tell whether a value of Python's or of an engine is an error value."""
    return value is None or isinstance(value, CellError) or (isinstance(value, float) and math.isnan(value))


def same(expected: float | str | None, got: CellValue) -> bool:
    """Apply the verdict of ``verify``; where Python has an error value, any error of the engine will do."""
    if expected is None or (isinstance(expected, float) and math.isnan(expected)):
        return isinstance(got, CellError)
    return verdict(expected, got) == AGREE


def nudges(model: Model, edits: Edits, values: Values) -> list[Values]:
    """Evaluate with numbers among the inputs moved by 1e-12: up, down, and some each way.

    Whole numbers, choices and lists stay: formulas may ask whether they equal something. A column moves as one, and so keeps its order.
    """
    chance = random.Random(SEED)  # noqa: S311 tests need the same numbers each time
    exact = {
        q.id for q in model.quantities.values() if q.is_text or q.bounds.whole or q.bounds.choices or model.tables[q.table].kind == "list"
    }
    found = []
    for direction in (1.0, -1.0, 0.0, 0.0, 0.0, 0.0):
        nudged = dict(edits)
        for quantity in model.quantities.values():
            sign = direction or chance.choice((1.0, -1.0))
            for row in () if quantity.id in exact else quantity.inputs:
                nudged[CellRef(quantity.id, row)] = float(values[quantity.id][row]) * (1 + NUDGE * sign)
        found.append(evaluate(model, nudged))
    return found


def jumps(at: CellRef, values: Values, nudged: list[Values]) -> bool:
    """Tell whether Python's own value moves by more than 1e-6 when the inputs are nudged."""
    now = values[at[0]][at[1]]
    for other in nudged:
        then = other[at[0]][at[1]]
        if isinstance(now, str) or isinstance(then, str) or EMPTY in {now, then}:
            moved = now != then
        else:
            moved = math.isnan(now) != math.isnan(then) or abs(then - now) > JUMP * max(abs(now), JUMP)
        if moved:
            return True
    return False


def typed(session: LibreOfficeSession, book: api.Book, edits: Edits, asked: dict[str, list[str]]) -> dict[str, dict[str, CellValue]]:
    """Type edits into the open workbook, recalculate, and read what was asked."""
    session.set_values({place(book.layout, at): value for at, value in edits.items()})
    session.recalculate()
    return {sheet: dict(cells) for sheet, cells in session.read(asked).items()}


def storm(session: LibreOfficeSession, file: Path, book: api.Book, drawer: Drawer, rounds: int, count: int) -> Tally:
    """Type edits into the open workbook round by round, recalculate, compare every formula cell, and undo.

    The watches count what an engine shows, blocks with errors among them; Python tells them of the file as it was built.
    """
    tally = Tally()
    cells, asked, watching = places_of(book), asked_of(book), book.model.watching()
    before = {name: shown(array) for name, array in book.values.items()}
    session.open(file)
    for _ in range(rounds):
        sets = drawer.draw(count)
        edits = api.parse_sets(book.model, sets)
        tally.edits += len(edits)
        values = evaluate(book.model, edits)
        computed = typed(session, book, edits, asked)
        lists = {name: shown(array) for name, array in values.items()}
        failing = any(is_error(value) for column in lists.values() for value in column if not isinstance(value, str))
        told = watching if failing else set()
        nudged: list[Values] = []
        moved = 0
        for (sheet, address), at in cells.items():
            expected, got = lists[at[0]][at[1]], computed[sheet][address]
            tally.cells += 1
            tally.errors += not isinstance(expected, str) and is_error(expected)
            moved += expected != before[at[0]][at[1]]
            if not (at[0] in told and not is_error(got)) and not same(expected, got):
                note = f"{sheet}!{address} {book.model.cell_id(*at)}: Python {expected!r}, LibreOffice {got!r}, after {sets}"
                nudged = nudged or nudges(book.model, edits, values)
                (tally.excluded if jumps(at, values, nudged) else tally.wrong).append(note)
        tally.moved.append(moved)
        session.undo()
    return tally


def check(tally: Tally, rounds: int, cells: int) -> None:
    """Nothing may differ, next to nothing may be excused, and every round must have changed something."""
    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert tally.cells == rounds * cells
    assert len(tally.excluded) <= FEW * tally.cells, "\n".join(tally.excluded)
    assert len(tally.moved) == rounds


def check_undone(session: LibreOfficeSession, book: api.Book) -> None:
    """All edits are undone: the open workbook is as it was."""
    session.recalculate()
    computed = session.read(asked_of(book))
    assert not [item for item in expectations(book) if verdict(item.value, computed[item.sheet][item.address]) != AGREE]
