"""The public operations: load, build, and tables of what is in a workbook."""

from __future__ import annotations

import gc
import stat
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbook.charts import check_charts
from workbook.compile import compile_model
from workbook.declare import declarations
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, suggest
from workbook.evaluate import Values, evaluate, quantise
from workbook.expr.values import EMPTY
from workbook.figures import check_bounds
from workbook.packaged import directory
from workbook.place import place
from workbook.write import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from workbook.layout import Layout
    from workbook.model import Model

DEFAULT = "paper"


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook ready to be written: model, placement, and values with the edits applied; ``given`` is the model before them."""

    model: Model
    layout: Layout
    values: Values
    edits: dict[tuple[str, int], float | str]
    given: Model


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


def load(name: str = DEFAULT, templates: Path | str | None = None, sets: Mapping[str, str | float] | None = None) -> Book:
    """Read templates, apply ``sets`` (input id to value), place and evaluate.

    Raises WorkbookError with every problem found: in templates, in ``sets``, or cells that would hold an error.
    """
    model = compile_model(declarations(directory(templates), name))
    layout = place(model)
    check_charts(layout)
    edits = parse_sets(model, sets or {})
    return evaluated(model, layout, edits)


def evaluated(model: Model, layout: Layout, edits: dict[tuple[str, int], float | str]) -> Book:
    """Evaluate a placed model with edits; raises WorkbookError when a cell would hold an error value.

    In the book an edited cell that took over a parent's value is an input.
    """
    given, model = model, model.overridden(edits)
    layout = replace(layout, model=model)
    values = evaluate(model, edits)
    check_values(layout, values)
    return Book(model, layout, values, edits, given)


def parse_sets(
    model: Model, sets: Mapping[str, str | float], place_of: Callable[[str, int], Place] | None = None
) -> dict[tuple[str, int], float | str]:
    """Turn ``id=value`` pairs into edits; raises WorkbookError for unknown ids and impossible values.

    ``place_of`` gives the place of a quantity's row for messages; without it they speak of --set.
    """
    sign = "" if place_of else "--set "
    problems = Problems()
    edits: dict[tuple[str, int], float | str] = {}
    inputs = {cell_id: (name, row) for cell_id, name, row in model.cells() if model.quantities[name].is_settable(row)}
    for cell_id, given in sets.items():
        where = inputs.get(cell_id)
        if where is None:
            known = model.find(cell_id)
            hint = (
                "it is a formula or a constant; only inputs can be set"
                if known
                else suggest(cell_id, inputs) or "list them with: workbook inputs"
            )
            problems.add(None, f"{sign}{cell_id}: there is no such input", hint)
            continue
        value = _set_value(model, f"{sign}{cell_id}", where[0], given, place_of(*where) if place_of else None, problems)
        if value is not None:
            edits[where] = value
    for name in dict.fromkeys(name for name, _ in edits):
        quantity = model.quantities[name]
        if model.tables[quantity.table].kind != "list":
            continue
        values = [float(edits.get((name, row), figure.value)) for row, figure in quantity.inputs.items()]
        for row, (earlier, later) in enumerate(pairwise(values), 1):
            if not earlier < later:
                what = f"{sign}{model.cell_id(name, row)}"
                problems.add(place_of(name, row) if place_of else None, f"{what}: the values of list '{quantity.table}' must increase")
    problems.raise_if_any()
    return edits


def _set_value(
    model: Model, what: str, quantity_id: str, given: str | float, place: Place | None, problems: Problems
) -> float | str | None:
    quantity = model.quantities[quantity_id]
    if quantity.is_text:
        choices = model.choices(quantity.bounds)
        if not choices:
            check_bounds(str(given), quantity.bounds, place, what, problems)
            return str(given)
        by_name = {name.lower(): name for name in choices.values()}
        shown = choices.get(str(given)) or by_name.get(str(given).lower())
        if shown is None:
            catalogue = model.declared.catalogues.get(quantity.bounds.key)
            kind = catalogue.title.lower() if catalogue else f"rows of '{quantity.bounds.key}'"
            problems.add(place, f"{what}: '{given}' is not one of the {kind}", suggest(str(given), choices.values() if place else choices))
        return shown
    try:
        number = quantise(float(given))
    except (ValueError, OverflowError):
        number = float("nan")
    if not np.isfinite(number):
        problems.add(place, f"{what}: '{given}' is not a finite number", f"give it in {quantity.unit}")
        return None
    check_bounds(number, quantity.bounds, place, what, problems)
    return number


def check_values(layout: Layout, values: Values) -> None:
    """Raise WorkbookError for every formula cell that would hold an error, earliest causes first."""
    problems: list[Diagnostic] = []
    for name in (name for group in layout.model.order for name in group):
        quantity = layout.model.quantities[name]
        array = values[name]
        bad = [
            row
            for row in {**quantity.formula_rows(), **quantity.links}
            if (array[row] is None if quantity.is_text else not (np.isfinite(array[row]) or array[row] == EMPTY))
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


def _check_target(path: Path) -> None:
    """Refuse to put a workbook in the place of a directory or a device."""
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return
    if not regular:
        message = "cannot be written: it is not a regular file"
        raise WorkbookError([Diagnostic(Place(str(path)), message, "choose another place with --out")])


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
    out: Path | str | None = None,
    *,
    templates: Path | str | None = None,
    sets: Mapping[str, str | float] | None = None,
    progress: Callable[[str], None] | None = None,
) -> BuildReport:
    """Write a workbook and return what was written; raises WorkbookError. The file appears whole or not at all."""
    start = time.perf_counter()
    tell = progress or (lambda _: None)
    tell("reading templates and evaluating")
    path = Path(out) if out else Path("output") / f"{name}.xlsx"
    _check_target(path)
    with _without_collector():
        book = load(name, templates, sets)
        tell(f"writing {path}")
        counts = write(book.layout, book.values, path, package_version(), book.given)
    return BuildReport(path, counts["sheets"], counts["inputs"], counts["formulas"], time.perf_counter() - start)
