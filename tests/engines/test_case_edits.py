"""Random edits of cases of the planning workbook, typed over what they take over: Python and LibreOffice agree in every cell.

Edits stay as later ones come, as a planner's do: a cell that took over another's is an input from then on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import FEW, SEED, Edits, Sets, asked_of, is_error, jumps, nudges, places_of, same, typed
from tests.reference.expect.planning_declared import CASES
from tests.support import shipped, shipped_file
from workbook import api
from workbook.expr.values import shown
from workbook.model.evaluate import Values, evaluate

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.model.graph import CellRef
    from workbook.verify.engines.libreoffice import LibreOfficeSession

ROUNDS, EDITS, FRESH = 10, 16, 5
FACTOR = 2.0
WINDOWS = (256, 131_072)
SPANS: dict[str, tuple[float, float]] = {
    "rate": (1, 20_000),
    "objective": (5, 10_000),
    "cap": (0.05, 0.99),
    "engine_cap": (1, 2000),
    "window_1": WINDOWS,
    "window_2": WINDOWS,
    "long_window": WINDOWS,
    "band": (1, 4),
    "compressible": (0, 1),
    "availability": (0.3, 1),
    "pue": (1, 2),
    "life": (0.5, 15),
    "discount": (0, 0.4),
}
"""Where numbers are drawn from; others are drawn about what they are."""

STATES = {
    "ok",
    "no kernels for this precision",
    "windows out of order",
    "requests exceed the last window",
    "the weights do not fit",
    "a window holds no sequence",
    "objective shorter than prefill",
    "no answer within reach",
}
POOL_STATES = {
    "ok",
    "no kernels for this precision",
    "unused",
    "the weights do not fit",
    "the window holds no sequence",
    "objective shorter than prefill",
    "no answer within reach",
}
BUSY: Sets = {
    "cases.published.rate": 100,
    **{f"cases.{case}.engine_cap": 4 for case in CASES},
    "cases.published.cap": 0.99,
    "search_limits.reach": 1,
}
"""Small and full instances, of which many cases need more than may be tried."""

NARROW: Sets = {
    "cases.mine_12.workload": "azure_2023",
    "cases.mine_12.model": "llama_3_1_70b",
    "cases.mine_12.gpu_1": "h100_sxm",
    "cases.mine_12.tensor_parallel": 2,
    "cases.mine_12.weights": "bf16",
    "cases.mine_12.cache": "fp16",
    "cases.mine_12.pools": 1,
    "cases.mine_12.long_window": 131_072,
    "cases.mine_12.slots_rule": "whole windows",
    "cases.mine_12.capacity_rule": "of the hardware",
    "cases.mine_12.memory_share": 0.9,
}
"""Weights that leave some 40,000 tokens to the cache, which is less than a window."""

WRONG: Sets = {"cases.mine_11.pools": 2, "cases.mine_11.window_1": 131_000, "cases.mine_10.pools": 1, "cases.mine_10.long_window": 300}
LARGE: Sets = {
    **{f"cases.mine_{number}.capacity_rule": "of the hardware" for number in (8, 9)},
    **{f"cases.mine_{number}.gpu_{pool}": "h100_sxm" for number in (8, 9) for pool in (1, 2)},
    "cases.mine_9.model": "llama_3_1_405b",
    "cases.mine_9.weights": "bf16",
    "cases.mine_9.tensor_parallel": 2,
    "cases.mine_9.time_rule": "as fitted",
    "cases.mine_8.weights": "nvfp4",
    "cases.mine_8.time_rule": "by kernels",
}
"""Weights that two H100 do not hold, and weights in a precision for which an H100 has no kernels."""
"""Windows out of order, and requests longer than the last window."""

LOOKS = ("choose.case", "choose.comparison", "look.headline", "two_way.down", "two_way.right")


class Planner:
    """Draws edits of cases: every assumption as often as every other, and in each round of different cases; names stay."""

    def __init__(self, book: api.Book) -> None:
        """Remember what the cases hold."""
        self.model, self.values = book.model, book.values
        self.random = random.Random(SEED)  # noqa: S311 tests need the same numbers each time
        columns = [book.model.quantities[name] for name in book.model.tables["cases"].columns]
        self.names = [column.id for column in columns if any(map(column.is_settable, range(2))) and not column.bounds.names]
        self.waiting: list[str] = []

    def draw(self, count: int) -> Sets:
        """Give edits of as many cases, and what the Dashboard and the sensitivity look at."""
        edits: Sets = {cell: self.one_of(cell) for cell in LOOKS}
        for row in self.random.sample(range(len(self.model.tables["cases"].rows)), count):
            self.waiting = self.waiting or self.random.sample(self.names, len(self.names))
            name, at = self.entered(self.waiting.pop(), row)
            edits[self.model.cell_id(name, at)] = self.value(name, at)
        return edits

    def entered(self, name: str, row: int) -> tuple[str, int]:
        """Give where an assumption of a case is entered: on sheet Plan what that asks, which is typed over there."""
        asked = self.model.quantities[name].links.get(row)
        if row not in self.model.quantities[name].entered or asked is None:
            return name, row
        return (asked.quantity if self.model.quantities[asked.quantity].is_settable(asked.row) else "service.topology"), asked.row

    def value(self, name: str, row: int) -> float | str:
        """Draw a value that the cell may hold."""
        quantity = self.model.quantities[name]
        bounds = quantity.bounds
        if self.model.choices(bounds) or bounds.choices:
            return self.one_of(self.model.cell_id(name, row))
        now = float(self.values[name][row])
        low, high = SPANS.get(quantity.name, (now / FACTOR, now * FACTOR))
        low, high = max(low, bounds.minimum or 0.0), min(high, bounds.maximum or high)
        drawn = low * (high / low) ** self.random.random() if low > 0 else self.random.uniform(low, high)
        return float(round(drawn)) if bounds.whole else float(f"{drawn:.{self.random.randrange(2, 13)}g}")

    def one_of(self, cell_id: str) -> float | str:
        """Draw one of the values that a cell offers."""
        found = self.model.find(cell_id)
        assert found
        bounds = self.model.quantities[found[0]].bounds
        return self.random.choice(list(self.model.choices(bounds)) or list(bounds.choices))


@dataclass
class Tally:
    """The cells to read and compare, and what the rounds showed."""

    asked: dict[str, list[str]]
    places: dict[tuple[str, str], CellRef]
    edits: int = 0
    cells: int = 0
    moved: list[int] = field(default_factory=list)
    states: set[str] = field(default_factory=set)
    pool_states: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)


def compare(session: LibreOfficeSession, book: api.Book, edits: Edits, new: Edits, tally: Tally) -> None:
    """Type new edits, and compare every cell that is still a formula with Python after all edits so far."""
    values = evaluate(book.model, edits)
    computed = typed(session, book, new, tally.asked)
    lists = {name: shown(array) for name, array in values.items()}
    nudged: list[Values] = []
    moved = 0
    for (sheet, address), at in tally.places.items():
        if at in edits:
            continue
        expected, got = lists[at[0]][at[1]], computed[sheet][address]
        tally.cells += 1
        moved += expected != book.values[at[0]][at[1]]
        if is_error(expected) or is_error(got):
            kind = tally.errors
        elif same(expected, got):
            continue
        else:
            nudged = nudged or nudges(book.model, edits, values)
            kind = tally.excluded if jumps(at, values, nudged) else tally.wrong
        kind.append(f"{sheet}!{address} {book.model.cell_id(*at)}: Python {expected!r}, LibreOffice {got!r}, after {edits}")
    tally.edits += sum(name.startswith(("cases.", "service.")) for name, _ in new)
    tally.moved.append(moved)
    tally.states |= set(lists["case_totals.state"])
    tally.pool_states |= set(lists["case_pools.state"])


@pytest.fixture(scope="module")
def built() -> tuple[Path, api.Book]:
    """Build the planning workbook once, as a file and as Python has it."""
    return shipped_file("planning").path, shipped("planning")


def test_cases_typed_over_agree_in_every_cell(session: LibreOfficeSession, built: tuple[Path, api.Book]) -> None:
    file, book = built
    planner, tally = Planner(book), Tally(asked_of(book), places_of(book))
    edits: Edits = {}
    for number in range(ROUNDS):
        if number % FRESH == 0:
            session.open(file)
            edits = {}
        new = api.parse_sets(book.model, planner.draw(EDITS) | (BUSY | NARROW | WRONG | LARGE if number % FRESH == FRESH - 1 else {}))
        edits |= new
        compare(session, book, edits, new, tally)
    assert not tally.errors, "\n".join(tally.errors[:20])
    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert len(tally.excluded) <= FEW * tally.cells, "\n".join(tally.excluded)
    assert tally.edits >= ROUNDS * EDITS
    assert tally.cells > ROUNDS * (len(tally.places) - FRESH * EDITS - 1)
    assert min(tally.moved) > 1000
    assert tally.states == STATES
    assert tally.pool_states == POOL_STATES
