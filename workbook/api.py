"""The public operations: load, build, and tables of what is in a workbook."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbook.check.warnings import check
from workbook.collector import without_collector
from workbook.declare.limits import check_bounds
from workbook.declare.overlay import OFFERED, Given, overlaid
from workbook.declare.packaged import directory
from workbook.declare.sheets import declarations
from workbook.errors import Diagnostic, Place, Problems, WorkbookError, as_typed, suggest
from workbook.expr.values import EMPTY
from workbook.files import WORKBOOK_SUFFIX, check_target, open_elsewhere
from workbook.layout.book import Book
from workbook.layout.place import place
from workbook.layout.typed import with_formulas
from workbook.model.compile import compile_model
from workbook.model.evaluate import Values, evaluate, quantise
from workbook.model.graph import CellRef
from workbook.model.shared_names import shared_names
from workbook.record.limits import plain
from workbook.write.charts import check_charts
from workbook.write.writer import write

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from workbook.declare.overlay import Overlaid, Remark
    from workbook.declare.overlay_files import Files
    from workbook.declare.schema import Declarations
    from workbook.layout.plan import Layout
    from workbook.model.graph import Model, Quantity

DEFAULT = "planning"
__all__ = [
    "DEFAULT",
    "Book",
    "BuildReport",
    "build",
    "check_taken",
    "check_values",
    "checked_sets",
    "evaluated",
    "load",
    "offering",
    "package_version",
    "parse_sets",
    "placed",
    "prepared",
    "save",
]


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build wrote; ``warnings`` are for who may lose something by it, or may trust it too much: see ``check``."""

    path: Path
    sheets: int
    inputs: int
    formulas: int
    seconds: float
    warnings: tuple[str, ...] = ()


def package_version() -> str:
    """Return the installed version of the package."""
    try:
        return version("inference-workbook")
    except PackageNotFoundError:
        return "0"


def load(
    name: str = DEFAULT,
    templates: Path | str | None = None,
    sets: Mapping[str, str | float] | None = None,
    overlay: Files = None,
) -> Book:
    """Read templates, lay ``overlay`` (one file or several) over them, apply ``sets`` (input id to value), place and evaluate.

    Later overlays win over earlier ones, and ``sets`` over all. Raises WorkbookError with every problem found: in
    templates, in overlays, in ``sets``, or cells that would hold an error.
    """
    layout, edits = prepared(name, templates, sets, overlay)
    book = evaluated(layout.model, layout, edits)
    check_formulas(book)
    return book


def prepared(
    name: str,
    templates: Path | str | None,
    sets: Mapping[str, str | float] | None = None,
    overlay: Files = None,
    extend: Callable[[Declarations], Declarations] | None = None,
) -> tuple[Layout, dict[CellRef, float | str]]:
    """Return the placed model with the cases of overlays, and the edits of overlays and ``sets``; see ``load``.

    With ``extend`` the workbook is what that function makes of the declarations, such as one with more sheets.
    """
    return placed(overlaid(lambda cards: declarations(directory(templates), name, cards=cards), overlay), sets, extend)


def placed(
    laid: Overlaid,
    sets: Mapping[str, str | float] | None = None,
    extend: Callable[[Declarations], Declarations] | None = None,
) -> tuple[Layout, dict[CellRef, float | str]]:
    """Place declarations with their overlays; see ``prepared``. The values of overlays are among what the file carries."""
    layout = place(compile_model(extend(laid.declared) if extend else laid.declared))
    check_charts(layout)
    edits = parse_sets(layout.model, {**laid.sets, **(sets or {})}, laid.problems)
    layout.notes.update(_notes(layout, laid.remarks))
    layout.formulas.update({name: given.formula for name, given in laid.sets.items() if given.formula and name not in (sets or {})})
    values = {cell_id: value for at, value in edits.items() if (cell_id := layout.model.cell_id(*at)) in laid.sets}
    notes = {cell_id: remark.note for cell_id, remark in laid.remarks.items() if remark.note is not None}
    return offering(layout, values, notes), edits


def offering(layout: Layout, values: Mapping[str, float | str], notes: Mapping[str, str]) -> Layout:
    """Return a layout whose file carries what overlays gave, by input; nothing where they gave nothing."""
    declared = layout.model.declared
    carried: dict[str, object] = {name: part for name, part in declared.carried.items() if name != OFFERED}
    if values or notes:
        carried[OFFERED] = {"values": dict(values), "notes": dict(notes)}
    return replace(layout, model=replace(layout.model, declared=replace(declared, carried=carried)))


def _notes(layout: Layout, remarks: Mapping[str, Remark]) -> dict[tuple[str, int], str]:
    """Return the notes of overlays by the sheet and row they belong to; raises WorkbookError.

    Units must be those of today: a number in another one would be another value.
    """
    problems, found = Problems(), {}
    for cell_id, remark in remarks.items():
        where = layout.model.find(cell_id)
        if where is None:
            # A value for an id that does not exist has been refused before.
            problems.add(remark.place, f"{cell_id}: there is no such input", "remove the note")
            continue
        unit = layout.model.quantities[where[0]].unit
        if remark.unit not in {None, unit}:
            problems.add(remark.place, f"{cell_id} is given in {remark.unit}, the templates have it in {unit}", "convert the value")
        if remark.note is not None:
            place = layout.note_place(*where)
            if place is None:
                problems.add(remark.place, f"{cell_id} has no cell for a note beside it", "remove the note, or write it as a comment")
            else:
                found[place] = remark.note
    problems.raise_if_any()
    return found


def evaluated(model: Model, layout: Layout, edits: dict[CellRef, float | str], wanted: Collection[str] | None = None) -> Book:
    """Evaluate a placed model with edits; raises WorkbookError when a cell would hold an error, or take over what it may not hold.

    In the book an edited cell that inherited a value is an input; among its edits are the values of the layout's formulas
    in inputs that can be kept. With ``wanted`` the book holds the values of those quantities and of what they need.
    """
    given = model
    model, lost = with_formulas(layout, model.overridden(edits), layout.formulas)
    kept = {name: text for name, text in layout.formulas.items() if name not in lost}
    layout = replace(layout, model=model, formulas=kept, lost=lost)
    values = evaluate(model, edits, wanted)
    check_taken(layout, values)
    check_values(layout, values)
    return Book(model, layout, values, edits | formula_values(model, values), given)


def formula_values(model: Model, values: Values) -> dict[CellRef, float | str]:
    """Return the values of inputs that hold formulas."""
    typed = [CellRef(quantity.id, row) for quantity in model.quantities.values() if quantity.id in values for row in quantity.typed]
    return {at: values[at.quantity].tolist()[at.row] for at in typed}


def check_formulas(book: Book) -> None:
    """Raise WorkbookError for formulas in inputs whose values the inputs cannot take."""
    model, values = book.model, formula_values(book.model, book.values)
    _, wrong = checked_sets(model, {model.cell_id(*at): value for at, value in (book.edits | values).items()} if values else {})
    found = [item for name in book.layout.formulas for item in wrong.get(name, ())]
    if found:
        raise WorkbookError([replace(item, message=item.message.removeprefix("--set ")) for item in found])


def parse_sets(model: Model, sets: Mapping[str, str | float | Given], problems: Problems | None = None) -> dict[CellRef, float | str]:
    """Turn ``id=value`` pairs into edits; raises WorkbookError for unknown ids and impossible values.

    Messages on a value without a place speak of --set. ``problems`` holds mistakes to raise with those found here.
    """
    problems = problems or Problems()
    edits, wrong = checked_sets(model, sets)
    for found in wrong.values():
        problems.found.extend(found)
    problems.raise_if_any()
    return edits


def checked_sets(model: Model, sets: Mapping[str, str | float | Given]) -> tuple[dict[CellRef, float | str], dict[str, list[Diagnostic]]]:
    """Return ``id=value`` pairs as edits, and by id what is wrong with those that inputs cannot take; see ``parse_sets``."""
    edits: dict[CellRef, float | str] = {}
    wrong: dict[str, list[Diagnostic]] = {}
    found = {cell_id: model.find(cell_id) for cell_id in sets}
    inputs = {cell_id: at for cell_id, at in found.items() if at and model.quantities[at[0]].is_settable(at[1])}
    named = {cell_id for cell_id, (name, _) in inputs.items() if model.quantities[name].bounds.names}
    # Names come first: choices go by them.
    for cell_id in sorted(sets, key=lambda cell_id: cell_id not in named):
        item = sets[cell_id]
        given = item if isinstance(item, Given) else Given(item)
        what = f"{'' if given.place else '--set '}{cell_id}"
        problems = Problems()
        if cell_id in inputs:
            value = _set_value(model, what, inputs[cell_id][0], given.value, given.place, problems)
            if value is not None:
                edits[inputs[cell_id]] = value
                model = model.renamed({inputs[cell_id]: value})
        else:
            problems.add(given.name_place, f"{what}: there is no such input", _instead(model, cell_id, found[cell_id]))
        if problems.found:
            wrong[cell_id] = problems.found
    for cell_id, text in [*_unordered(model, edits), *shared_names(model, edits)]:
        item = sets[cell_id]
        place = item.place if isinstance(item, Given) else None
        wrong.setdefault(cell_id, []).append(Diagnostic(place, f"{'' if place else '--set '}{cell_id}: {text}"))
    return edits, wrong


def _instead(model: Model, cell_id: str, at: tuple[str, int] | None) -> str:
    """Return what to set in place of an id that is no input."""
    if at is None:
        return suggest(cell_id, [known for known, _, _ in model.settable()]) or "list them with: workbook inputs"
    quantity, row = model.quantities[at[0]], at[1]
    if row in quantity.entered and model.quantities[quantity.links[row].quantity].is_settable(quantity.links[row].row):
        return f"it is entered as {model.cell_id(*quantity.links[row])}; set that"
    return "it is a formula or a constant; only inputs can be set"


def _unordered(model: Model, edits: Mapping[CellRef, float | str]) -> Iterator[tuple[str, str]]:
    """Yield ids of members of lists that edits do not let increase: the edited one of two."""
    for name in dict.fromkeys(name for name, _ in edits):
        quantity = model.quantities[name]
        if model.tables[quantity.table].kind != "list":
            continue
        values = [float(edits.get(CellRef(name, row), figure.value)) for row, figure in quantity.inputs.items()]
        for row, (earlier, later) in enumerate(pairwise(values), 1):
            if not earlier < later:
                edited = row if (name, row) in edits else row - 1
                yield model.cell_id(name, edited), f"the values of list '{quantity.table}' must increase"


def _set_value(
    model: Model, what: str, quantity_id: str, given: str | float, place: Place | None, problems: Problems
) -> float | str | None:
    quantity = model.quantities[quantity_id]
    if quantity.is_text:
        choices = model.choices(quantity.bounds)
        if not choices:
            check_bounds(str(given), quantity.bounds, place, what, problems)
            return str(given)
        by_name = {plain(name): name for name in choices.values()}
        shown = choices.get(str(given)) or by_name.get(plain(str(given)))
        if shown is None:
            shown_there = choices.values() if place and not place.line else choices  # cells show names; files and commands hold keys
            hint = _elsewhere(model, quantity, str(given)) or suggest(str(given), shown_there)
            problems.add(place, f"{what}: {as_typed(given)} is not one of the {_kind(model, quantity)}", hint)
        return shown
    try:
        number = quantise(float(given))
    except (ValueError, OverflowError):
        number = float("nan")
    if not np.isfinite(number):
        problems.add(
            place,
            f"{what}: {as_typed(given)} is not a finite number",
            "give a number" if quantity.unit == "1" else f"give it in {quantity.unit}",
        )
        return None
    check_bounds(number, quantity.bounds, place, what, problems)
    return number


def _elsewhere(model: Model, quantity: Quantity, given: str) -> str:
    """Return of which other catalogue of such cards a card is, as one that lacks a figure; an empty text for the name of no card."""
    catalogues = model.declared.catalogues
    own = catalogues[quantity.bounds.key].fields.keys() if quantity.bounds.key in catalogues else set()
    alike = (other for other in catalogues.values() if len(other.fields.keys() & own) * 2 > len(other.fields))
    return next((f"it is one of: {other.title}" for other in alike if given in other.cards), "")


def _kind(model: Model, quantity: Quantity) -> str:
    """Return what a keyed input chooses from, as messages say it."""
    catalogue = model.declared.catalogues.get(quantity.bounds.key)
    return catalogue.title.lower() if catalogue else f"rows of '{quantity.bounds.key}'"


def check_taken(layout: Layout, values: Values) -> None:
    """Raise WorkbookError for every cell that takes over from an expression what it would refuse as an input, errors aside."""
    model, problems = layout.model, Problems()
    for quantity in model.quantities.values():
        for row, variant in quantity.formula_rows().items() if quantity.takes and quantity.id in values else ():
            value, place = values[quantity.id][row], variant.formula.place
            if value is None or (not quantity.is_text and np.isnan(value)):
                continue
            what = f"{layout.address(quantity.id, row)} ({model.cell_id(quantity.id, row)})"
            choices = model.choices(quantity.bounds).values()
            if choices and value not in choices:
                problems.add(place, f"{what} inherits '{value}', not one of the {_kind(model, quantity)}", suggest(str(value), choices))
            else:
                check_bounds(value, quantity.bounds, place, what, problems)
    problems.raise_if_any()


def check_values(layout: Layout, values: Values) -> None:
    """Raise WorkbookError for the formula cells among ``values`` that would hold an error, earliest causes first."""
    problems: list[Diagnostic] = []
    for name in (name for group in layout.model.order for name in group if name in values):
        quantity = layout.model.quantities[name]
        array = values[name]
        if not quantity.is_text and np.isfinite(array).all():
            continue
        bad = [
            row
            for row in {**quantity.formula_rows(), **quantity.links, **quantity.typed}
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


@without_collector()
def build(
    name: str = DEFAULT,
    out: Path | str | None = None,
    *,
    templates: Path | str | None = None,
    sets: Mapping[str, str | float] | None = None,
    overlay: Files = None,
    progress: Callable[[str], None] | None = None,
) -> BuildReport:
    """Write a workbook and return what was written; raises WorkbookError. The file appears whole or not at all."""
    start = time.perf_counter()
    tell = progress or (lambda _: None)
    tell("reading templates and evaluating")
    path = Path(out) if out else Path("output") / f"{name}.xlsx"
    check_target(path, WORKBOOK_SUFFIX)
    book = load(name, templates, sets, overlay)
    tell(f"writing {path}")
    return save(book, path, start)


def save(book: Book, path: Path, start: float, finish: Callable[[dict[str, bytes]], dict[str, bytes]] | None = None) -> BuildReport:
    """Write a book, whole or not at all, and return what was written since ``start`` (seconds of time.perf_counter).

    ``finish`` adds to the file what is not of the book.
    """
    warnings = open_elsewhere(path)
    counts = write(book.layout, book.values, path, package_version(), book.given, finish)
    return BuildReport(
        path, counts["sheets"], counts["inputs"], counts["formulas"], time.perf_counter() - start, (*warnings, *map(str, check(book)))
    )
