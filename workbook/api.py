"""The public operations: load, build, and tables of what is in a workbook."""

from __future__ import annotations

import gc
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
from workbook.files import check_target
from workbook.packaged import directory
from workbook.place import place
from workbook.roundtrip.file import read_edits
from workbook.write import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from workbook.layout import Layout
    from workbook.model import Model
    from workbook.roundtrip.file import EditsFile

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


def load(
    name: str = DEFAULT,
    templates: Path | str | None = None,
    sets: Mapping[str, str | float] | None = None,
    edits: Path | str | None = None,
) -> Book:
    """Read templates, apply a file of ``edits`` and then ``sets`` (input id to value), place and evaluate.

    Raises WorkbookError with every problem found: in templates, in edits and ``sets``, or cells that would hold an error.
    """
    file = read_edits(edits) if edits else None
    if file and file.workbook not in {"", name}:
        message = f"holds edits of the workbook '{file.workbook}', not of '{name}'"
        raise WorkbookError([Diagnostic(Place(file.path), message, f"build that one: workbook build {file.workbook} --edits {file.path}")])
    model = compile_model(declarations(directory(templates), name))
    layout = place(model)
    check_charts(layout)
    if file is None:
        return evaluated(model, layout, parse_sets(model, sets or {}))
    places = {cell_id: at for cell_id, at in file.places.items() if cell_id not in (sets or {})}
    given = parse_sets(model, {**file.sets, **(sets or {})}, places)
    layout.notes.update(_notes(layout, file))
    return evaluated(model, layout, given)


def _notes(layout: Layout, file: EditsFile) -> dict[tuple[str, int], str]:
    """Return the notes of an edits file by the sheet and row they belong to; raises WorkbookError.

    Units must be those of today: a number in another one would be another value.
    """
    problems, found = Problems(), {}
    for cell_id, place_of in file.places.items():
        where = layout.model.find(cell_id)
        if where is None:
            # A value for an id that does not exist has been refused before.
            problems.add(place_of, f"{cell_id}: there is no such input", "remove the note")
            continue
        unit = layout.model.quantities[where[0]].unit
        if file.units.get(cell_id, unit) != unit:
            problems.add(place_of, f"{cell_id} is given in {file.units[cell_id]}, the templates have it in {unit}", "convert the value")
        if cell_id in file.notes:
            sheet, row, _ = layout.cell(*where)
            found[sheet, row] = file.notes[cell_id]
    problems.raise_if_any()
    return found


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
    model: Model, sets: Mapping[str, str | float], places: Mapping[str, Place] | None = None
) -> dict[tuple[str, int], float | str]:
    """Turn ``id=value`` pairs into edits; raises WorkbookError for unknown ids and impossible values.

    ``places`` gives the places of ids for messages; those of other ids speak of --set.
    """
    places = places or {}
    problems = Problems()
    edits: dict[tuple[str, int], float | str] = {}
    inputs = {cell_id: (name, row) for cell_id, name, row in model.cells() if model.quantities[name].is_settable(row)}
    for cell_id, given in sets.items():
        where, place = inputs.get(cell_id), places.get(cell_id)
        what = cell_id if place else f"--set {cell_id}"
        if where is None:
            known = model.find(cell_id)
            hint = (
                "it is a formula or a constant; only inputs can be set"
                if known
                else suggest(cell_id, inputs) or "list them with: workbook inputs"
            )
            problems.add(place, f"{what}: there is no such input", hint)
            continue
        value = _set_value(model, what, where[0], given, place, problems)
        if value is not None:
            edits[where] = value
    for name in dict.fromkeys(name for name, _ in edits):
        quantity = model.quantities[name]
        if model.tables[quantity.table].kind != "list":
            continue
        values = [float(edits.get((name, row), figure.value)) for row, figure in quantity.inputs.items()]
        for row, (earlier, later) in enumerate(pairwise(values), 1):
            if not earlier < later:
                cell_id = model.cell_id(name, row)
                edited = (model.cell_id(name, other) for other in quantity.inputs if (name, other) in edits)
                place = places.get(cell_id) or next((places[item] for item in edited if item in places), None)
                what = cell_id if place else f"--set {cell_id}"
                problems.add(place, f"{what}: the values of list '{quantity.table}' must increase")
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
    edits: Path | str | None = None,
    progress: Callable[[str], None] | None = None,
) -> BuildReport:
    """Write a workbook and return what was written; raises WorkbookError. The file appears whole or not at all."""
    start = time.perf_counter()
    tell = progress or (lambda _: None)
    tell("reading templates and evaluating")
    path = Path(out) if out else Path("output") / f"{name}.xlsx"
    check_target(path)
    with _without_collector():
        book = load(name, templates, sets, edits)
        tell(f"writing {path}")
        return save(book, path, start)


def save(book: Book, path: Path, start: float) -> BuildReport:
    """Write a book, whole or not at all, and return what was written since ``start`` (seconds of time.perf_counter)."""
    counts = write(book.layout, book.values, path, package_version(), book.given)
    return BuildReport(path, counts["sheets"], counts["inputs"], counts["formulas"], time.perf_counter() - start)
