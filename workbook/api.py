"""The public operations: load, build, and tables of what is in a workbook."""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbook.cards import check_bounds
from workbook.charts import check_charts
from workbook.compile import compile_model
from workbook.declare import declarations
from workbook.errors import Diagnostic, Problems, WorkbookError, suggest
from workbook.evaluate import Values, evaluate, quantise
from workbook.place import place
from workbook.templates import directory
from workbook.write import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.layout import Layout
    from workbook.model import Model

Edits = Mapping[tuple[str, int], float | str]
DEFAULT = "paper"


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook ready to be written: model, placement, and values with the edits applied."""

    model: Model
    layout: Layout
    values: Values
    edits: dict[tuple[str, int], float | str]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build wrote."""

    path: Path
    sheets: int
    inputs: int
    formulas: int
    seconds: float


def package_version() -> str:
    """Return the installed version of the package."""
    try:
        return version("workbook")
    except PackageNotFoundError:
        return "0"


def load(name: str = DEFAULT, templates: Path | None = None, sets: Mapping[str, str | float] | None = None) -> Book:
    """Read templates, apply ``sets`` (input id to value), place and evaluate.

    Raises WorkbookError with every problem found: in templates, in ``sets``, or cells that would hold an error.
    """
    model = compile_model(declarations(directory(templates), name))
    layout = place(model)
    check_charts(layout)
    edits = parse_sets(model, sets or {})
    return evaluated(model, layout, edits)


def evaluated(model: Model, layout: Layout, edits: dict[tuple[str, int], float | str]) -> Book:
    """Evaluate a placed model with edits; raises WorkbookError when a cell would hold an error value."""
    values = evaluate(model, edits)
    check_values(layout, values)
    return Book(model, layout, values, edits)


def parse_sets(model: Model, sets: Mapping[str, str | float]) -> dict[tuple[str, int], float | str]:
    """Turn ``id=value`` pairs into edits; raises WorkbookError for unknown ids and impossible values."""
    problems = Problems()
    edits: dict[tuple[str, int], float | str] = {}
    inputs = {cell_id: (quantity, row) for cell_id, quantity, row in model.cells() if row in model.quantities[quantity].inputs}
    for cell_id, given in sets.items():
        where = inputs.get(cell_id)
        if where is None:
            known = model.find(cell_id)
            hint = (
                "it is a formula or a constant; only inputs can be set"
                if known
                else suggest(cell_id, inputs) or "list them with: workbook inputs"
            )
            problems.add(None, f"--set {cell_id}: there is no such input", hint)
            continue
        value = _set_value(model, cell_id, where[0], given, problems)
        if value is not None:
            edits[where] = value
    problems.raise_if_any()
    return edits


def _set_value(model: Model, cell_id: str, quantity_id: str, given: str | float, problems: Problems) -> float | str | None:
    quantity = model.quantities[quantity_id]
    if quantity.is_text:
        catalogue = model.declared.catalogues.get(quantity.bounds.key)
        if catalogue is None:
            check_bounds(str(given), quantity.bounds, None, f"--set {cell_id}", problems)
            return str(given)
        by_name = {card.name.lower(): card.name for card in catalogue.cards.values()}
        shown = catalogue.cards[str(given)].name if str(given) in catalogue.cards else by_name.get(str(given).lower())
        if shown is None:
            problems.add(
                None, f"--set {cell_id}: '{given}' is not one of the {catalogue.title.lower()}", suggest(str(given), catalogue.cards)
            )
        return shown
    try:
        number = quantise(float(given))
    except (ValueError, OverflowError):
        number = float("nan")
    if not np.isfinite(number):
        problems.add(None, f"--set {cell_id}: '{given}' is not a finite number", f"give it in {quantity.unit}")
        return None
    check_bounds(number, quantity.bounds, None, f"--set {cell_id}", problems)
    return number


def check_values(layout: Layout, values: Values) -> None:
    """Raise WorkbookError for every formula cell that would hold an error, earliest causes first."""
    problems: list[Diagnostic] = []
    for name in layout.model.order:
        quantity = layout.model.quantities[name]
        array = values[name]
        bad = [
            row
            for row in {**quantity.formula_rows(), **quantity.links}
            if (array[row] is None if quantity.is_text else not np.isfinite(array[row]))
        ]
        if bad and not problems:
            where = layout.address(name, bad[0]) if name in layout.segments else name
            formula = quantity.formula_rows().get(bad[0])
            text = f"{where} ({layout.model.cell_id(name, bad[0])}) would be an error, such as a division by zero or a missing key"
            problems.append(
                Diagnostic(
                    formula.formula.place if formula else None, text, "change the input, or guard the expression with 'x if test else y'"
                )
            )
    if problems:
        raise WorkbookError(problems)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Pause the garbage collector: a build makes many small objects and frees none before it ends."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def build(
    name: str = DEFAULT,
    out: Path | None = None,
    *,
    templates: Path | None = None,
    sets: Mapping[str, str | float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> BuildReport:
    """Write a workbook and return what was written; raises WorkbookError. The file appears whole or not at all."""
    start = time.perf_counter()
    tell = progress or (lambda _: None)
    tell("reading templates and evaluating")
    path = out or Path("output") / f"{name}.xlsx"
    with _without_collector():
        book = load(name, templates, sets)
        tell(f"writing {path}")
        counts = write(book.layout, book.values, path, package_version())
    return BuildReport(path, counts["sheets"], counts["inputs"], counts["formulas"], time.perf_counter() - start)
