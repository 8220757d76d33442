"""Every input at the ends of what it may be: which values, and in which rounds they are typed so that one cannot hide another."""

from __future__ import annotations

import random
from itertools import count
from typing import TYPE_CHECKING

from workbook.limits import LONGEST_TEXT, limits_of
from workbook.member_names import MOST_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.engines.storm import Edits
    from workbook.api import Book
    from workbook.model import Model, Quantity

INSIDE = 1e-6  # of the way from an end, or of the number itself
Probe = tuple[tuple[str, int], float | str]


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
                found.setdefault(family, {}).setdefault(owner, []).extend(((name, row), value) for value in values)
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


def scene(book: Book) -> Edits:
    """Give every card a case of your own that uses it, and rules and pools of every kind."""
    if "cases" not in book.model.tables or "mine_1" not in {row[0] for row in book.model.tables["cases"].rows}:
        return {}
    model, edits = book.model, {}
    for number in count(1):
        where = model.find(f"cases.mine_{number}.model")
        if where is None:
            break
        for name in ("model", "workload", "gpu_1", "gpu_2", "curve_1", "curve_2", "server_1", "site", "pools", "prefill_rule", "time_rule"):
            quantity = model.quantities[f"cases.{name}"]
            choices = list(model.choices(quantity.bounds).values()) or list(quantity.bounds.choices)
            step = number if name != "curve_2" else number + 2
            choice = choices[step % len(choices)]
            edits[quantity.id, where[1]] = choice if quantity.is_text else float(choice)
        edits["cases.weight_bytes", where[1]] = 0.5
    return edits
