"""A workbook of random expressions that goes the whole way: templates, model, NumPy values, written file."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tests.property.grammar import Grammar, python_text
from tests.property.stability import EVENTS_OF, GAPS, Array, Noisy
from workbook.declare.sheets import declarations
from workbook.expr.parse import parse
from workbook.layout.place import place
from workbook.model.compile import compile_model
from workbook.model.evaluate import Values, evaluate
from workbook.verify.engines.base import CellError, CellValue, Engine
from workbook.verify.poison import is_poison, poison
from workbook.write.writer import write
from workbook.xlsx.cells import cell_reference

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from workbook.expr.nodes import Tree
    from workbook.layout.plan import Layout

TOLERANCE = 1e-9

# Positive, negative, zero, whole, negative whole, large, small, below one: single cells hold the first of each.
CELLS = {
    "rate": (3.7, 0.82, 41.5, 1.0, 260.25, 7.125),
    "loss": (-2.25, -0.4, -17.0, -1e-3, -900.5, -3.0),
    "none": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "whole": (12.0, 3.0, 1.0, 2.0, 64.0, 5.0),
    "debt": (-3.0, -1.0, -2.0, -8.0, -5.0, -27.0),
    "huge": (6.02e12, 1.7e9, 3.3e15, 2.5e7, 8e10, 1e100),
    "tiny": (1.6e-9, 4.1e-12, 2e-5, 7e-8, 1e-15, 3e-100),
    "share": (0.35, 0.5, 0.999, 0.01, 0.75, 0.125),
}
LARGEST = max(map(max, CELLS.values()))  # beyond what an input may be where templates say no more
DELAY, WORD = (250.0, 3.0, 0.07, 1e6, 12.5, 1.0), "H100"
ROWS = {f"r{number}": number for number in range(len(DELAY))}
UNITS = "second = [time] = s\nmillisecond = 1e-3 * second = ms\n"


@dataclass(frozen=True)
class Drawn:
    """One expression: the quantity that holds it, its tree as drawn, its text."""

    quantity: str
    tree: Tree
    text: str


@dataclass(frozen=True)
class RandomBook:
    """A built workbook of random expressions."""

    drawn: tuple[Drawn, ...]
    layout: Layout
    values: Values
    path: Path

    @cached_property
    def judged(self) -> list[tuple[Drawn, int, set[str]]]:
        """The stable cells, as (expression, row, events)."""
        noisy = Noisy(self.values)
        found: list[tuple[Drawn, int, set[str]]] = []
        for item in self.drawn:
            same, events = noisy.judge(self.layout.model.quantities[item.quantity])
            found.extend((item, row, _happened(events, row)) for row in np.flatnonzero(same).tolist())
        return found

    def comparable(self, engine: str) -> list[tuple[Drawn, int]]:
        """The stable cells without an event that the engine is known to treat otherwise."""
        return [(item, row) for item, row, events in self.judged if not events & EVENTS_OF[engine]]

    def expected(self, quantity: str, row: int) -> float | str | None:
        """The value of one cell by NumPy; None for an error."""
        value = self.values[quantity][row]
        return value if isinstance(value, str) else None if value is None or np.isnan(value) else float(value)

    @property
    def cells(self) -> list[tuple[str, int]]:
        """All formula cells, as (quantity, row)."""
        names = [*(item.quantity for item in self.drawn), *(f"gaps.t{number}" for number in range(len(GAPS)))]
        return [(name, row) for name in names for row in range(self.layout.model.quantities[name].size)]

    def reference(self, quantity: str, row: int) -> tuple[str, str]:
        """The sheet and A1 reference of a cell."""
        sheet, r, c = self.layout.cell(quantity, row)
        return sheet, cell_reference(r + 1, c + 1)

    def computed(self, engine: Engine, cells: Sequence[tuple[str, int]]) -> list[CellValue]:
        """Let an engine compute the poisoned file, and return the values of cells given as (quantity, row)."""
        poisoned = self.path.with_name(f"poisoned for {engine.name}.xlsx")
        poison(self.path, poisoned)
        places = [self.reference(*cell) for cell in cells]
        asked: dict[str, list[str]] = {}
        for sheet, reference in places:
            asked.setdefault(sheet, []).append(reference)
        found = engine.recalculate(poisoned, asked)
        return [found[sheet][reference] for sheet, reference in places]


def _happened(events: dict[str, Array], row: int) -> set[str]:
    return {event for event, where in events.items() if where[row]}


def disagrees(expected: float | str | None, computed: CellValue) -> bool:
    """Whether an engine's value is another one than NumPy's: errors of any kind count as equal."""
    if is_poison(computed):
        return True
    if expected is None:
        return not isinstance(computed, CellError)
    if isinstance(expected, str) or not isinstance(computed, float | int):
        return computed != expected
    return not abs(computed - expected) <= TOLERANCE * abs(expected)


def build(folder: Path, seed: int, singles: int = 1_500, texts: int = 150, columns: int = 150) -> RandomBook:
    """Draw expressions with numbers and texts over single cells, and with numbers over the rows of a table; build them."""
    chance = random.Random(seed)  # noqa: S311 repeatable draws
    over_cells, over_rows = Grammar(chance, CELLS, "cells."), Grammar(chance, CELLS, "")
    trees = {f"singles.t{number}": over_cells.number(chance.randint(1, 5)) for number in range(singles)}
    trees |= {f"texts.t{number}": over_cells.text(chance.randint(1, 4)) for number in range(texts)}
    trees |= {f"grid.t{number}": over_rows.number(chance.randint(1, 4)) for number in range(columns)}
    trees |= {f"gaps.t{number}": parse(gap.expression) for number, gap in enumerate(GAPS)}
    drawn = [Drawn(name, tree, python_text(tree)) for name, tree in trees.items()]

    root = folder / "templates"
    (root / "sheets").mkdir(parents=True)
    _write_templates(root, drawn)
    model = compile_model(declarations(root, "random"))
    layout = place(model)
    values = evaluate(model)
    path = folder / "random.xlsx"
    write(layout, values, path, "0")
    return RandomBook(tuple(item for item in drawn if not item.quantity.startswith("gaps.")), layout, values, path)


def _write_templates(root: Path, drawn: Sequence[Drawn]) -> None:
    """Write templates as JSON, which YAML takes: all inputs of unit 1 but for a time and a text."""
    given: dict[str, object] = {name: {"value": values[0], "maximum": LARGEST} for name, values in CELLS.items()}
    given |= {"delay": {"value": DELAY[0], "unit": "ms"}, "word": {"value": WORD, "unit": "text"}}
    columns: dict[str, object] = {
        name: {"values": dict(zip(ROWS, values, strict=True)), "maximum": LARGEST} for name, values in CELLS.items()
    }
    columns["delay"] = {"unit": "ms", "values": dict(zip(ROWS, DELAY, strict=True))}
    columns["word"] = {"unit": "text", "values": dict.fromkeys(ROWS, WORD)}
    single = [
        {"inputs": "cells", "items": given},
        {"values": "singles", "items": _items(drawn, "singles")},
        {"values": "texts", "items": _items(drawn, "texts", unit="text")},
        {"values": "gaps", "items": _items(drawn, "gaps")},
    ]
    table = {"table": "grid", "rows": {"case": {"members": ROWS}}, "columns": columns | _items(drawn, "grid")}
    files: dict[str, object] = {
        "random.yaml": {"workbook": "random", "sheets": ["single", "rows"]},
        "sources.yaml": {},
        "sheets/single.yaml": {"sheet": "Single cells", "blocks": single},
        "sheets/rows.yaml": {"sheet": "Rows", "blocks": [table]},
    }
    for name, content in files.items():
        (root / name).write_text(json.dumps(content, indent=1), encoding="utf-8")
    (root / "units.txt").write_text(UNITS, encoding="utf-8")


def _items(drawn: Sequence[Drawn], table: str, unit: str = "1") -> dict[str, object]:
    return {item.quantity.partition(".")[2]: {"unit": unit, "expr": item.text} for item in drawn if item.quantity.startswith(f"{table}.")}
