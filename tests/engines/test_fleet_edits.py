"""Random questions about fleets: what a planner types moves Python and LibreOffice alike, in every formula cell.

Distributions keep their order and end at one, lists and windows rise, and choices are those that cells offer.
"""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import SEED, Sets, check, check_undone, storm
from tests.support import shipped, shipped_file
from workbook.verify.run import expectations

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbook import api
    from workbook.verify.engines.libreoffice import LibreOfficeSession

ROUNDS, EDITS = 20, 12
LAST_KNOT = 18
TRAFFIC: dict[str, tuple[float, float]] = {
    "objective": (40, 2000),
    "cap": (0.3, 0.95),
    "half_token": (0, 1),
    "lost": (0, 1),
    "cut_time": (0, 30),
    "cut_power": (1, 50),
}
LONG_WINDOWS = (65536.0, 80000.0, 98304.0, 131072.0)
LISTS = {"split": ("splits", "bands", "marks"), "ladder": ("loads_tried", "levels", "failures"), "cut": ("cuts",)}
WHOLE = {"splits", "marks"}
OPTIMISE = ("workload", "short_profile", "long_profile", "compressible", "widest", "as_coded")


class Planner:
    """Draws edits of the fleet's inputs kind by kind, so that every kind comes up as often as every other."""

    def __init__(self, book: api.Book, seed: int) -> None:
        """Remember what the inputs hold."""
        self.model, self.random = book.model, random.Random(seed)  # noqa: S311 tests need the same numbers each time
        inputs = {cell_id: (name, row) for cell_id, name, row in book.model.settable()}
        self.start: Sets = {cell_id: book.values[name].tolist()[row] for cell_id, (name, row) in inputs.items()}
        self.kinds: dict[str, Callable[[], Sets]] = {
            "knot": self._knot,
            "share": self._share,
            "rate": lambda: {"traffic.rate": self.about(20, 8000)},
            "objective": lambda: {"traffic.objective": self.about(*TRAFFIC["objective"])},
            "traffic": self._traffic,
            "short window": self._card,
            "fleet": self._fleet,
            "case": self._case,
            "case windows": self._windows,
            "case profile": self._profile,
            "split": lambda: self._member("split"),
            "ladder": lambda: self._member("ladder"),
            "cut": lambda: self._member("cut"),
            "question": self._question,
            "optimise": self._optimise,
        }
        self.drawn: Counter[str] = Counter()
        self.waiting: list[str] = []
        self.now: Sets = {}

    def draw(self, count: int) -> Sets:
        """Give edits of ``count`` kinds; one of a kind may take several cells, such as the windows of a case."""
        self.now = {}
        kinds = 0
        while kinds < count:
            self.waiting = self.waiting or self.random.sample(list(self.kinds), len(self.kinds))
            kind = self.waiting.pop()
            new = {cell_id: value for cell_id, value in self.kinds[kind]().items() if value != self.held(cell_id)}
            self.now |= new
            self.drawn[kind] += bool(new)
            kinds += bool(new)
        return self.now

    def held(self, cell_id: str) -> float | str:
        """Give what a cell holds in this round so far."""
        return self.now.get(cell_id, self.start[cell_id])

    def number(self, cell_id: str) -> float:
        """Give the number that a cell holds in this round so far."""
        return float(self.held(cell_id))

    def about(self, low: float, high: float) -> float:
        """Draw a number of two to twelve digits, small ones as often as large ones where both ends are above zero."""
        value = low * (high / low) ** self.random.random() if low > 0 else self.random.uniform(low, high)
        return min(max(float(f"{value:.{self.random.randrange(2, 13)}g}"), low), high)

    def between(self, low: float, high: float) -> float:
        """Draw a number that keeps its distance from both ends."""
        return float(f"{low + (high - low) * self.random.uniform(0.02, 0.98):.12g}")

    def one_of(self, cell_id: str) -> float | str:
        """Draw one of the values that a cell offers."""
        found = self.model.find(cell_id)
        assert found
        bounds = self.model.quantities[found[0]].bounds
        choices = list(self.model.choices(bounds).values()) or list(bounds.choices)
        return self.random.choice(choices)

    def some_of(self, table: str) -> str:
        """Draw a key of a table's rows."""
        return self.random.choice([".".join(row) for row in self.model.tables[table].rows])

    # One method for each kind.

    def _knot(self) -> Sets:
        card, row = self.some_of("loads"), self.random.randrange(1, LAST_KNOT)
        low = self.number(f"knots.{card}.p{row - 1}.upper") if row > 1 else 0.0
        name = f"knots.{card}.p{row}.upper"
        return {name: self.between(low, self.number(f"knots.{card}.p{row + 1}.upper"))}

    def _share(self) -> Sets:
        card, row = self.some_of("loads"), self.random.randrange(1, LAST_KNOT)
        low = self.number(f"knots.{card}.p{row - 1}.cumulative") if row > 1 else 0.0
        high = self.number(f"knots.{card}.p{row + 1}.cumulative")
        name = f"knots.{card}.p{row}.cumulative"
        return {name: self.between(low, high) if high > low else low}

    def _traffic(self) -> Sets:
        name = self.random.choice([*TRAFFIC, "long_window", "reach", "from_zero"])
        if name == "long_window":
            return {"traffic.long_window": self.random.choice(LONG_WINDOWS)}
        if name == "reach":
            return {"traffic.reach": float(self.random.choice([1, 2, 15, 64, 1000, 4095]))}
        return {f"traffic.{name}": self.one_of("traffic.from_zero") if name == "from_zero" else self.about(*TRAFFIC[name])}

    def _card(self) -> Sets:
        card = self.some_of("loads")
        draws: dict[str, Callable[[], float]] = {
            "short_window": lambda: float(round(self.about(512, 24000))),
            "band": lambda: self.about(1, 2.5),
            "output_share": lambda: self.about(0.02, 0.9),
        }
        field = self.random.choice(["short_window", *draws])
        return {f"workloads.{card}.{field}": draws[field]()}

    def _fleet(self) -> Sets:
        name = f"fleets.{self.some_of('fleets')}.{self.random.choice(['workload', 'topology', 'short_profile', 'long_profile'])}"
        return {name: self.one_of(name)}

    def _case(self) -> Sets:
        design = f"designs.{self.some_of('designs')}"
        field = self.random.choice(["workload", "pools", "band", "compressible", "accepted"])
        if field in {"workload", "pools"}:
            return {f"{design}.{field}": self.one_of(f"{design}.{field}")}
        return {f"{design}.{field}": self.about(1, 3) if field == "band" else self.about(0, 1)}

    def _windows(self) -> Sets:
        design = f"designs.{self.some_of('designs')}"
        windows = sorted(self.random.sample(range(300, 40000), 3))
        return {f"{design}.window_{number}": float(window) for number, window in enumerate(windows, 1)}

    def _profile(self) -> Sets:
        name = f"designs.{self.some_of('designs')}.profile_{self.random.randrange(1, 5)}"
        return {name: self.one_of(name)}

    def _member(self, kind: str) -> Sets:
        """A value of a list, between its neighbours."""
        table = self.random.choice(LISTS[kind])
        keys = [row[0] for row in self.model.tables[table].rows]
        place = self.random.randrange(1, len(keys) - 1)
        before, after = (self.number(f"{table}.{keys[place + side]}") for side in (-1, 1))
        new = self.between(before, after)
        return {f"{table}.{keys[place]}": float(round(new)) if table in WHOLE else new}

    def _question(self) -> Sets:
        name = self.random.choice(["whatif.design", "whatif.comparison"])
        return {name: self.one_of(name)} if self.random.random() < 0.8 else {"whatif.repair": self.about(1, 200)}

    def _optimise(self) -> Sets:
        field = self.random.choice(OPTIMISE)
        drawn = {"compressible": self.about(0, 1), "widest": self.about(1, 3)}
        return {f"optimise.{field}": drawn[field] if field in drawn else self.one_of(f"optimise.{field}")}


@pytest.fixture(scope="module")
def built() -> tuple[Path, api.Book]:
    """Build the paper workbook once, as a file and as Python has it."""
    return shipped_file("paper").path, shipped("paper")


def _rising(values: Sequence[float], *, strictly: bool) -> bool:
    return all(before < after or (before == after and not strictly) for before, after in pairwise(values))


def test_the_drawn_distributions_are_in_order(built: tuple[Path, api.Book]) -> None:
    planner = Planner(built[1], SEED)
    for _ in range(200):
        planner.draw(EDITS)
        for card in ("azure", "lmsys", "agent"):
            ids = [f"knots.{card}.p{row}" for row in range(1, LAST_KNOT + 1)]
            shares = [planner.number(f"{name}.cumulative") for name in ids]
            assert _rising([0.0, *(planner.number(f"{name}.upper") for name in ids)], strictly=True)
            assert _rising([0.0, *shares], strictly=False)
            assert shares[-1] == 1.0


def test_questions_about_fleets_agree_in_every_cell(session: LibreOfficeSession, built: tuple[Path, api.Book]) -> None:
    file, book = built
    planner = Planner(book, SEED)
    tally = storm(session, file, book, planner, ROUNDS, EDITS)
    check(tally, ROUNDS, len(expectations(book)))
    assert tally.edits >= ROUNDS * EDITS >= 200
    assert tally.errors == 0
    assert set(planner.drawn) == set(planner.kinds)
    assert min(planner.drawn.values()) >= 10, planner.drawn
    assert min(tally.moved) > 100
    check_undone(session, book)
