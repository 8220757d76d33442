"""Random edits of the inputs: what a user types moves Python and the engines alike, in every formula cell."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest

from tests.engines.storm import SEED, Edits, asked_of, check, check_undone, place, storm
from tests.support import TINY, recorded_formulas, require, shipped, shipped_file
from workbook import api
from workbook.model.evaluate import evaluate, quantise
from workbook.model.graph import CellRef
from workbook.verify.compare import AGREE, RELATIVE, verdict
from workbook.verify.engines.ironcalc import IronCalc
from workbook.verify.poison import poison
from workbook.verify.run import SAVED, expectations, verify
from workbook.write.writer import write

if TYPE_CHECKING:
    from pathlib import Path

    from workbook.model.graph import Quantity
    from workbook.verify.engines.base import CellValue, Engine
    from workbook.verify.engines.libreoffice import LibreOfficeSession

ROUNDS, STORM_ROUNDS, EDITS = 17, 167, 12


@pytest.fixture(scope="module")
def built() -> tuple[Path, api.Book]:
    """Build the paper workbook once, as a file and as Python has it."""
    return shipped_file("paper").path, shipped("paper")


# Drawing edits.


class Editor:
    """Draws values that the templates allow: numbers within 40% of what they are, whole where they must be, and choices."""

    def __init__(self, book: api.Book, seed: int) -> None:
        """Remember the inputs of a book."""
        self.model, self.random = book.model, random.Random(seed)  # noqa: S311 tests need the same numbers each time
        self.ids = {CellRef(name, row): cell_id for cell_id, name, row in book.model.cells() if row in book.model.quantities[name].inputs}
        self.start = {at: book.values[at.quantity].tolist()[at.row] for at in self.ids}

    def draw(self, count: int) -> dict[str, float | str]:
        """Give new values of some inputs, by id; each differs from the old one."""
        edits: Edits = {}
        for at in self.random.sample(sorted(self.ids), len(self.ids)):
            value = self.value(at, edits)
            if value is not None and value != self.start[at]:
                edits[at] = value
            if len(edits) == count:
                break
        return {self.ids[at]: value for at, value in edits.items()}

    def value(self, at: CellRef, edits: Edits) -> float | str | None:
        """Give a value for one input, or None where nothing else is allowed."""
        quantity = self.model.quantities[at[0]]
        choices = list(self.model.choices(quantity.bounds).values()) or list(quantity.bounds.choices)
        if choices:
            pick = self.random.choice(choices)
            return pick if quantity.is_text else float(pick)
        if quantity.is_text:
            return f"note {self.random.randrange(1000)}"
        old = float(self.start[at])
        new = old * self.random.uniform(0.6, 1.4) if old else self.random.uniform(0, 20)
        low, high = self.limits(quantity, at[1], edits)
        new = min(max(new, low), high)
        digits = self.random.randrange(2, 16)
        new = float(round(new)) if quantity.bounds.whole else quantise(float(f"{new:.{digits}g}"))
        allowed = low <= new <= high and (quantity.bounds.above is None or new > quantity.bounds.above)
        return new if allowed else None

    def limits(self, quantity: Quantity, row: int, edits: Edits) -> tuple[float, float]:
        """Give the bounds of an input; the values of a list lie between their neighbours."""
        bounds = quantity.bounds
        low = -math.inf if bounds.minimum is None else bounds.minimum
        high = math.inf if bounds.maximum is None else bounds.maximum
        if self.model.tables[quantity.table].kind == "list":
            others = [CellRef(quantity.id, other) for other in (row - 1, row + 1)]
            near = [float(edits.get(other, self.start.get(other, math.nan))) for other in others]
            gap = 1.0 if bounds.whole else 1e-3
            low = low if math.isnan(near[0]) else max(low, near[0] + gap)
            high = high if math.isnan(near[1]) else min(high, near[1] - gap)
        return low, high


# Comparing.


def close_as_difference(book: api.Book, cell_id: str, got: CellValue) -> bool:
    """Tell whether live less printed agrees to 1e-9 of the printed number: its own digits are those that the two do not share."""
    table, _, column = cell_id.rpartition(".")
    at = book.model.find(f"{table}.printed") if column in {"deviation", "relative"} and cell_id.startswith("printed_") else None
    own = book.model.find(cell_id)
    if at is None or own is None or not isinstance(got, float):
        return False
    scale = abs(float(book.values[at[0]][at[1]])) if column == "deviation" else 1.0
    return abs(got - float(book.values[own[0]][own[1]])) <= RELATIVE * scale


def test_edits_in_place_agree_in_every_cell(session: LibreOfficeSession, built: tuple[Path, api.Book]) -> None:
    file, book = built
    tally = storm(session, file, book, Editor(book, SEED), ROUNDS, EDITS)
    assert tally.edits == ROUNDS * EDITS >= 200
    check(tally, ROUNDS, len(expectations(book)))
    assert tally.errors == 0
    check_undone(session, book)


@pytest.mark.storm
def test_thousands_of_edits_in_place_agree_in_every_cell(session: LibreOfficeSession, built: tuple[Path, api.Book]) -> None:
    file, book = built
    tally = storm(session, file, book, Editor(book, SEED), STORM_ROUNDS, EDITS)
    assert tally.edits == STORM_ROUNDS * EDITS >= 2_000
    check(tally, STORM_ROUNDS, len(expectations(book)))
    assert tally.errors == 0


# Rebuilt files.


@pytest.fixture(scope="module")
def rebuilt(built: tuple[Path, api.Book]) -> tuple[Path, api.Book]:
    """Build a file with edits given as --set would give them, and poison what it has cached."""
    book = api.load("paper", sets=Editor(built[1], SEED + 1).draw(EDITS))
    assert len(book.edits) == EDITS
    file = built[0].with_name("rebuilt.xlsx")
    write(book.layout, book.values, file, api.package_version())
    assert poison(file, file.with_suffix(".poisoned.xlsx")) == len(expectations(book)) + recorded_formulas(file)
    return file, book


def test_a_rebuilt_file_agrees_in_every_cell(engine: Engine, rebuilt: tuple[Path, api.Book]) -> None:
    file, book = rebuilt
    computed = engine.recalculate(file.with_suffix(".poisoned.xlsx"), asked_of(book))
    pairs = [(item, computed[item.sheet][item.address]) for item in expectations(book)]
    wrong = [(item, got) for item, got in pairs if verdict(item.value, got) != AGREE and not close_as_difference(book, item.id, got)]
    assert not wrong, (book.edits, wrong[:10])


def test_verify_reads_the_inputs_of_a_rebuilt_file(rebuilt: tuple[Path, api.Book]) -> None:
    require(IronCalc())
    report = verify(rebuilt[0], ["ironcalc"])
    assert report.ok, report.frame
    assert {engine: report.count(engine, AGREE) for engine in report.engines} == dict.fromkeys([SAVED, "ironcalc"], report.cells)


# Knife's edges: quotients that are whole numbers on paper and not in binary.


def test_a_floor_at_a_whole_number_is_that_number_everywhere(session: LibreOfficeSession, tmp_path: Path) -> None:
    book = api.load("tiny", TINY)
    file = tmp_path / "tiny.xlsx"
    api.build("tiny", file, templates=TINY)
    session.open(file)
    chance = random.Random(SEED)  # noqa: S311 as above
    inexact = 0
    for _ in range(200):
        tenths, count, weights = chance.randrange(1, 400), chance.randrange(1, 2000), chance.randrange(0, 500)
        sets = {
            "run.per_token": tenths / 10,
            "run.weights": weights / 10,
            "gpus.small.memory": (weights + tenths * count) / 10,
            "gpus.large.memory": (weights + tenths * count * 4) / 10,
        }
        edits = api.parse_sets(book.model, sets)
        values = evaluate(book.model, edits)
        inexact += (sets["gpus.small.memory"] - sets["run.weights"]) / sets["run.per_token"] != count
        session.set_values({place(book.layout, at): value for at, value in edits.items()})
        session.recalculate()
        for row, expected in ((0, count), (3, 4 * count), (5, count)):
            sheet, address = place(book.layout, CellRef("fit.n", row))
            assert values["fit.n"][row] == expected, sets
            assert session.read({sheet: [address]})[sheet][address] == expected, sets
    assert inexact > 20  # or the test would show nothing
