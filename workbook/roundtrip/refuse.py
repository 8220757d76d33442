"""Edits that inputs cannot take: they are set aside with the reason, and all others are carried on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from workbook.api import checked_sets
from workbook.changes.differences import Refusal
from workbook.declare.overlay import Given as Value
from workbook.errors import Diagnostic, Place, WorkbookError, as_typed
from workbook.record import limits as carried_limits
from workbook.record.choices import by_key
from workbook.record.findings import arranged
from workbook.record.read import KEEP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from workbook.model.graph import Model
    from workbook.record.findings import Finding
    from workbook.record.read import Baseline, Given
    from workbook.roundtrip.pull import Edit, Edits


def given_back(given: float | str | None, *, taken: bool) -> str:
    """Say what an input holds where an entry is not taken: what the templates gave, or the value that it inherits."""
    return "it inherits its value again" if taken else f"the templates give {shown(given)}"


def shown(value: float | str | None) -> str:
    """Return a value as messages show it."""
    return f"{value:.15g}" if isinstance(value, float) else as_typed(value)


def refuse(found: Edits, reasons: Mapping[str, str]) -> None:
    """Move edits that inputs cannot take, with the reasons by id, to what is left; their notes stay."""
    for name, reason in reasons.items():
        edit = found.edits.pop(name)
        text = f"{reason}; {given_back(edit.given, taken=edit.taken)}"
        blank = edit.without_value() if edit.note is not None else None
        if blank:
            found.edits[name] = blank
        elif edit.note is not None:
            text = f"{text}; it has the note {as_typed(edit.note)}"
        found.left.append(edit.finding(text, edit.told))
    found.left = arranged(found.left)


def out_of_limits(path: Path, found: Edits, known: Baseline) -> dict[str, str]:
    """Return by id why edits are not within the limits that the file carries; raises WorkbookError for damaged ones."""
    try:
        carried = carried_limits.read(known.carried)
    except (AttributeError, KeyError, TypeError, ValueError):
        message = "the limits of inputs in the record of the build are damaged"
        raise WorkbookError([Diagnostic(Place(str(path)), message, KEEP)]) from None
    inputs = {given.spot: given for given in known.inputs.values()}
    members: dict[str, list[Given]] = {name: [] for name in carried}
    for block in known.blocks:
        if block.id in carried:
            members[block.id] += [inputs[spot] for spot in map(block.at, range(block.size)) if spot in inputs]
    free = found.sets.keys() - {given.id for name, of in members.items() if not carried[name].is_free for given in of}
    wrong: dict[str, str] = {}
    for name, of in members.items():
        # Rows that are chosen from may have been given other names.
        named = [str(found.sets[cell_id]) for cell_id in free if cell_id.startswith(f"{carried[name].bounds.key}.")]
        told = {given.id: carried[name].wrong(found.sets[given.id], named) for given in of if given.id in found.sets}
        wrong |= {cell_id: reason for cell_id, reason in told.items() if reason}
        if carried[name].increases:
            wrong |= _unordered({given.id: found.sets.get(given.id, given.value) for given in of if given.id not in wrong}, found)
    return wrong


def _unordered(values: Mapping[str, float | str | None], found: Edits) -> dict[str, str]:
    """Return the edited members of a list that keep it from increasing."""
    wrong = {}
    for (name, value), (following, after) in pairwise(values.items()):
        if isinstance(value, float) and isinstance(after, float) and not value < after:
            wrong[following if following in found.sets else name] = f"the values of list '{name.partition('.')[0]}' must increase"
    return wrong


def refused_by(model: Model, found: Edits, places: Mapping[str, Place]) -> dict[str, str]:
    """Return by id why inputs of a model cannot take edits: those that remain can be taken together.

    An edit of an input that the model has not, or has in another unit, is not judged; nor is a formula that can be kept: what
    it comes to follows from the others.
    """
    own = {name: value for name, value in found.sets.items() if name not in found.formulas and is_of(model, found.edits[name])}
    values = {name: Value(by_key(model, name, value), places.get(name)) for name, value in own.items()}
    reasons: dict[str, str] = {}
    while True:
        _, wrong = checked_sets(model, {name: value for name, value in values.items() if name not in reasons})
        if not wrong:
            return reasons
        reasons |= {name: carried_limits.reason(first, name) for name, (first, *_) in wrong.items()}


def is_of(model: Model, edit: Edit) -> bool:
    """Whether a model has the input that was edited, in its unit."""
    where = model.find(edit.id)
    return where is not None and model.quantities[where[0]].is_settable(where[1]) and model.quantities[where[0]].unit == edit.unit


def refusals(left: Iterable[Finding]) -> tuple[Refusal, ...]:
    """Return what was entered and not taken, for an account."""
    return tuple(Refusal(item.place, item.id, item.entry, item.text) for item in left if item.entry)
