"""The inputs of a file as Python takes them to recompute its formulas, and what is wrong with those that it cannot take."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbook.api import checked_sets
from workbook.declare.overlay import Given as Value
from workbook.errors import Place, Problems
from workbook.expr.typed import NotKeptError
from workbook.layout.typed import with_formulas
from workbook.model.graph import CellRef
from workbook.record import entries
from workbook.record.choices import choices_of
from workbook.record.findings import Finding
from workbook.record.fingerprints import Spot
from workbook.record.inherited import inherited
from workbook.record.limits import reason
from workbook.record.typed import TypedFormulas
from workbook.xlsx.a1 import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbook.layout.book import Book
    from workbook.record.located import Located

Edits = dict[CellRef, float | str]


@dataclass(slots=True)
class Inputs:
    """The inputs of a file that differ from the templates'.

    ``beyond`` holds numbers that are out of limits: formulas calculate with them all the same. ``unread`` names quantities
    with cells that hold something else than Python calculates with. ``findings`` says what is wrong with both. ``formulas``
    are those in inputs that Python calculates, by id.
    """

    edits: Edits = field(default_factory=dict)
    beyond: Edits = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)
    formulas: dict[str, str] = field(default_factory=dict)


def inputs_of(path: Path, located: Located, book: Book) -> Inputs:
    """Return the inputs of a file; raises WorkbookError naming each whose cell was deleted.

    A cell that takes a value over holds a formula; a value in its place is one of its own.
    """
    found, problems, model = Inputs(), Problems(), book.model
    sets: dict[str, Value] = {}
    spots: dict[str, Spot] = {}
    from_others, found.formulas = inherited(located).cells, _formulas(located, book)
    for cell_id, name, row in model.settable():
        if name not in book.layout.segments:
            continue
        built = Spot(*book.layout.cell(name, row))
        spot, takes_over = located.place(built), model.quantities[name].takes_over(row)
        if spot is None:
            place = Place(f"{path}: {quoted(built.sheet)}!{built.address}")
            problems.add(place, f"the cell of {cell_id} was deleted", "take another copy of the file, or build it again")
            continue
        cell = located.cell(spot)
        is_kept = cell_id in found.formulas
        if takes_over and not is_kept and cell is not None and cell.is_formula and (cell_id not in from_others or cell.value is None):
            continue
        entry = entries.read(located.baseline.inputs[cell_id], cell)
        if is_kept and cell is not None and cell.value is None:
            continue  # it is calculated
        if entry.reason or entry.remark:
            found.unread.add(name)
            found.findings.append(Finding(spot.sheet, spot.address, cell_id, entry.reason or entry.remark))
        if entry.value is not None and (takes_over or entry.value != book.values[name][row]):
            spots[cell_id] = spot
            sets[cell_id] = Value(entry.value, Place(f"{path}: {quoted(spot.sheet)}!{spot.address}"))
    problems.raise_if_any()
    names = choices_of(located.baseline.carried)
    typed = {cell_id: given.value for cell_id, given in sets.items()}
    names.rename(typed)
    _check(found, book, sets, spots, names.renamed(typed))
    return found


def _formulas(located: Located, book: Book) -> dict[str, str]:
    """Return the formulas in inputs that Python calculates, by id, with ids in place of references."""
    found, prints, reader = {}, located.as_built, TypedFormulas(located)
    for given in located.baseline.inputs.values():
        spot = located.input(given)
        cell = located.cell(spot)
        if spot is None or cell is None or not cell.is_formula or located.print(spot) == prints.get(given.spot, ""):
            continue
        with suppress(NotKeptError):
            found[given.id] = reader.by_ids(spot)
    _, lost = with_formulas(book.layout, book.model, found)
    return {name: text for name, text in found.items() if name not in lost}


def _check(found: Inputs, book: Book, sets: dict[str, Value], spots: dict[str, Spot], former: Mapping[str, str]) -> None:
    """Take values that inputs can have, and set those beyond their limits apart; ``former`` says which choices go by former names."""
    edits, wrong = checked_sets(book.model, sets)
    refused = {at: cell_id for cell_id in wrong if (at := book.model.find(cell_id))}
    for at, value in edits.items():
        if at not in refused:
            found.edits[at] = value
        elif isinstance(value, float):
            found.beyond[at] = value
    for at, cell_id in refused.items():
        text = f"{former[cell_id]}: pick it from the list" if cell_id in former else reason(wrong[cell_id][0], cell_id)
        found.findings.append(Finding(spots[cell_id].sheet, spots[cell_id].address, cell_id, text))
        if at not in found.beyond:
            found.unread.add(at[0])
