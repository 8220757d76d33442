"""The parties of a merge: an edited file, today's templates and the overlays given now, for the values of inputs and for notes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.changes.sheets import is_of_account
from workbook.declare.overlay import Given
from workbook.declare.overlay_files import bare
from workbook.record.choices import by_key
from workbook.record.write import given_value
from workbook.roundtrip.merge import MergeResult, Offer, State, States, merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbook.declare.overlay import Overlaid
    from workbook.errors import Place
    from workbook.layout.plan import Layout
    from workbook.model.graph import CellRef, Model
    from workbook.record.read import Baseline
    from workbook.roundtrip.merge import Preference
    from workbook.roundtrip.pull import Edits


def states(model: Model) -> States:
    """Return what templates give each input; of cells that take a value over, that they do."""
    found = {}
    for cell_id, name, row in model.settable():
        quantity = model.quantities[name]
        value = None if quantity.takes_over(row) else given_value(model, quantity, row)
        found[cell_id] = State(value, quantity.unit)
    return found


@dataclass(slots=True)
class Merged:
    """One merge of values or notes: what the edited file's templates gave, what today's give, and the outcome.

    ``offered`` is what overlays gave, now or when the file was built; ``givers`` names those of now.
    """

    base: States
    ours: States
    offered: States
    result: MergeResult
    givers: dict[str, str]

    def own(self) -> States:
        """Return what is not as the templates have it."""
        merged = self.result.merged.items()
        return {name: state for name, state in merged if state.value is not None and (state.formula or not state.is_like(self.ours[name]))}

    def formulas(self) -> dict[str, str]:
        """Return the formulas of inputs that have one, by id."""
        return {name: state.formula for name, state in self.result.merged.items() if state.formula}

    def theirs(self, edits: Edits) -> list[str]:
        """Return the inputs that hold what users entered."""
        merged = self.result.merged
        return [name for name, value in edits.sets.items() if name in merged and merged[name].is_like(merged[name]._replace(value=value))]

    def offers(self) -> dict[str, float | str]:
        """Return the values of overlays, of this build or an earlier one, that are what the inputs hold now."""
        merged = self.result.merged
        return {
            name: state.value
            for name, state in self.offered.items()
            if state.value is not None and name in merged and merged[name].is_like(state)
        }


def merged_values(
    known: Baseline,
    edits: Edits,
    layout: Layout,
    given: Mapping[CellRef, float | str],
    laid: Overlaid,
    before: Mapping[str, float | str],
    prefer: Preference,
) -> Merged:
    """Merge the inputs of an edited file into placed templates; ``given`` are the values of overlays, ``before`` those of its build."""
    shown = edits.choices.shown
    values = {item.id: None if item.taken else shown(item.id, item.value) for item in known.inputs.values() if not is_of_account(item.id)}
    base = {name: State(value, known.inputs[name].unit) for name, value in values.items()}
    theirs = base | {name: State(value, base[name].unit, edits.edits[name].ids) for name, value in edits.sets.items() if name in base}
    ours = states(layout.model)
    offers = {}
    for at, value in given.items():
        name = layout.model.cell_id(*at)
        offers[name] = Offer(State(value, ours[name].unit, laid.sets[name].formula), _name_of(laid.sets[name].place))
    offered = {name: State(shown(name, value), ours[name].unit) for name, value in before.items() if name in ours}
    result = merge(base, theirs, ours, prefer, offers, offered)
    return _merged(base, ours, offers, offered, result)


def merged_notes(known: Baseline, edits: Edits, layout: Layout, laid: Overlaid, before: Mapping[str, str], prefer: Preference) -> Merged:
    """Merge the notes beside inputs as their values are merged."""

    def told(notes: Mapping[str, str | None]) -> States:
        return {name: State(text, "text") for name, text in notes.items() if text is not None}

    base = told({item.id: item.note for item in known.inputs.values() if item.note_spot and not is_of_account(item.id)})
    theirs = base | told({name: edit.note for name, edit in edits.edits.items() if name in base})
    ours = told(layout.noted_inputs(as_given=True))
    offers = {
        name: Offer(State(remark.note, "text"), _name_of(remark.place)) for name, remark in laid.remarks.items() if remark.note is not None
    }
    result = merge(base, theirs, ours, prefer, offers, told(before))
    return _merged(base, ours, offers, told(before), result)


def _merged(base: States, ours: States, offers: Mapping[str, Offer], before: States, result: MergeResult) -> Merged:
    offered = before | {name: offer.state for name, offer in offers.items()}
    return Merged(base, ours, offered, result, {name: offer.overlay for name, offer in offers.items()})


def _name_of(place: Place | None) -> str:
    """Return the name by which messages call the overlay at a place: no folders, which would be in the file for good."""
    return f"overlay {bare(Path(place.file).name)}" if place else "--set"


def values_to_set(values: Merged, laid: Overlaid, places: Mapping[str, Place], model: Model) -> dict[str, Given]:
    """Return the inputs that are not as the templates have them, each with its place in the overlay or in the edited file.

    Choices are given by key, whatever the cases among them are called in the end.
    """
    of_overlay = {*values.result.given, *(item.id for item in values.result.conflicts if item.overlay and item.kept == item.ours)}
    return {
        name: Given(by_key(model, name, state.value), laid.sets[name].place if name in of_overlay else places.get(name))
        for name, state in values.own().items()
        if state.value is not None
    }
