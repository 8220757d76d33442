"""Every input at the ends of what it may be: which values, in which rounds they are typed, and what becomes an error by them."""

from __future__ import annotations

import math
import random
from functools import cache
from itertools import chain, count
from typing import TYPE_CHECKING

from tests.support import shipped
from workbook import api
from workbook.declare.limits import LONGEST_TEXT, limits_of
from workbook.declare.members import MOST_CHARACTERS
from workbook.expr.values import missing
from workbook.model.evaluate import evaluate
from workbook.model.graph import CellRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.storm import Edits, Sets
    from workbook.api import Book
    from workbook.model.graph import Model, Quantity

INSIDE = 1e-6  # of the way from an end, or of the number itself
Probe = tuple[CellRef, float | str]


def ends(model: Model, quantity: Quantity, row: int) -> list[float | str]:
    """Give both admissible ends of an input and values just inside; all choices, where it is one of a list."""
    choices = list(model.choices(quantity.bounds).values()) or list(quantity.bounds.choices)
    if choices:
        return list(choices) if quantity.is_text else [float(choice) for choice in choices]
    if quantity.bounds.names:
        return [f"x{row}", f"{row}".rjust(MOST_CHARACTERS, "x")]
    if quantity.is_text:
        return ["x" * LONGEST_TEXT]
    low, high, open_low = limits_of(quantity.bounds)
    if model.tables[quantity.table].kind == "list":
        low, high = _between(quantity, row, low, high)
        open_low = False
    step = 1.0 if quantity.bounds.whole else INSIDE * min(1.0, abs(low) or 1.0, high - low)
    down = 1.0 if quantity.bounds.whole else INSIDE * min(max(1.0, abs(high)), high - low)
    found = [*([] if open_low else [low]), low + step, high - down, high]
    return list(dict.fromkeys(value for value in found if low <= value <= high))


def _between(quantity: Quantity, row: int, low: float, high: float) -> tuple[float, float]:
    """Narrow the ends of a list's value to just inside its neighbours."""
    step = 1.0 if quantity.bounds.whole else 1e-9
    values = {other: float(figure.value) for other, figure in quantity.inputs.items()}
    return max(low, values.get(row - 1, low - step) + step), min(high, values.get(row + 1, high + step) - step)


def probes(book: Book) -> dict[str, dict[str, list[Probe]]]:
    """Give what is typed into the inputs, by family and within it by owner: a case, a card, or a table of single inputs."""
    found: dict[str, dict[str, list[Probe]]] = {}
    for name, quantity in book.model.quantities.items():
        table = book.model.tables[quantity.table]
        if name not in book.layout.segments:
            continue
        for row in range(quantity.size):
            if quantity.is_settable(row):
                key = table.rows[row][0] if table.rows[row] else ""
                family = f"{table.name}{' of your own' if key.startswith('mine_') else ''}"
                owner = key if len(table.rows) > 1 and table.kind != "list" else ""
                values = ends(book.model, quantity, row)
                found.setdefault(family, {}).setdefault(owner, []).extend((CellRef(name, row), value) for value in values)
    return found


def rounds(book: Book, seed: int = 1) -> Iterator[tuple[str, Edits]]:
    """Yield edits so that every value of every input is typed once: one for each owner of a family at a time.

    Owners start at different places of their lists, so that no two cases or cards meet at the same assumption.
    """
    for family, owners in probes(book).items():
        longest = max(map(len, owners.values()))
        shuffled = {owner: random.Random(f"{seed} {owner}").sample(items, len(items)) for owner, items in owners.items()}  # noqa: S311 repeatable
        for number in range(longest):
            yield family, dict(items[number] for items in shuffled.values() if number < len(items))


def sample(book: Book, together: int) -> Iterator[Edits]:
    """Yield an end of one input for every unit and kind of limits in every kind of block, so many ``together``; lowest, highest in turn."""
    chosen: dict[tuple[object, ...], dict[CellRef, list[float | str]]] = {}
    for owners in probes(book).values():
        for at, value in chain(*owners.values()):
            quantity = book.model.quantities[at[0]]
            kind = book.model.tables[quantity.table].kind, quantity.unit, quantity.bounds
            chosen.setdefault(kind, {}).setdefault(at, []).append(value)
    found: list[Probe] = []
    for number, inputs in enumerate(chosen.values()):
        at, values = list(inputs.items())[number % len(inputs)]
        found.append((at, values[-(number % 2)]))
    step = math.ceil(len(found) / together)  # those typed together are of different blocks
    yield from (dict(found[number::step]) for number in range(step))


def scene(book: Book) -> Sets:
    """Give every card a case of your own that uses it, and rules and pools of every kind."""
    sets: Sets = {}
    for number in count(1):
        case = f"cases.mine_{number}"
        if book.model.find(f"{case}.model") is None:
            return sets
        for name in ("model", "workload", "gpu_1", "gpu_2", "curve_1", "curve_2", "server_1", "site", "pools", "prefill_rule", "time_rule"):
            bounds = book.model.quantities[f"cases.{name}"].bounds
            choices = list(book.model.choices(bounds)) or list(bounds.choices)
            sets[f"{case}.{name}"] = choices[(number if name != "curve_2" else number + 2) % len(choices)]
        sets[f"{case}.weights"] = "nvfp4"
    return sets


@cache
def staged(name: str) -> Book:
    """Return a workbook with the scene set."""
    return api.load(name, sets=scene(shipped(name)))


class Errors:
    """Finds what becomes an error in Python when inputs of a workbook are typed over; only what follows from them is calculated."""

    def __init__(self, book: Book) -> None:
        """Note what each quantity depends on, the keys of tables included, and which cells hold nothing to begin with."""
        self.book, self.blank = book, {name: missing(column) for name, column in book.values.items()}
        model, self.needs = book.model, dict[str, set[str]]()
        keys = {name: {key.quantity for key in table.keys if key.quantity} for name, table in model.tables.items()}
        for name, quantity in model.quantities.items():
            needs = model.needs(quantity)
            self.needs[name] = {*needs}.union(*(keys[model.quantities[each].table] for each in (name, *needs)))

    def following(self, first: set[str]) -> set[str]:
        """Return quantities and all that follow from them."""
        found = set(first)
        for group in self.book.model.order:
            if any(not found.isdisjoint(self.needs[name]) for name in group):
                found.update(group)
        return found

    def of(self, edits: Edits) -> dict[str, int]:
        """Return how many cells of each quantity become an error, in order of calculation."""
        changed = self.following({name for name, _ in edits})
        known = {name: column for name, column in self.book.values.items() if name not in changed}
        values = evaluate(self.book.model, {**self.book.edits, **edits}, known=known)
        wrong = {name: int((missing(values[name]) & ~self.blank[name]).sum()) for name in values if name in changed}
        return {name: number for name, number in wrong.items() if number}
