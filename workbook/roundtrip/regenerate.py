"""Building a workbook again from a file that users edited: their edits stay, all else is as the templates have it now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workbook.api import BuildReport, evaluated, parse_sets, prepared, save
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.files import check_target
from workbook.names import quoted
from workbook.overlay import Given
from workbook.record import given_value
from workbook.roundtrip.merge import MergeResult, State, States, merge
from workbook.roundtrip.pull import edits_of
from workbook.verification.baseline import baseline, overlays, read
from workbook.verification.findings import Finding
from workbook.verification.located import Located

if TYPE_CHECKING:
    from workbook.api import Files
    from workbook.layout import Layout
    from workbook.model import Model
    from workbook.roundtrip.merge import Conflict
    from workbook.roundtrip.pull import Edits

Choice = Literal["theirs", "ours", "fail"]


@dataclass(frozen=True, slots=True)
class Regeneration:
    """What was written, what became of the inputs, and what of the file could not be carried."""

    report: BuildReport
    merge: MergeResult
    left: list[Finding]

    @property
    def is_whole(self) -> bool:
        """Whether all that users changed is in the new file."""
        return not self.left and not self.merge.removed


def states(model: Model) -> States:
    """Return what templates give each input; of cells that take a value over, that they do."""
    found = {}
    for cell_id, name, row in model.cells():
        quantity = model.quantities[name]
        if quantity.is_settable(row):
            value = None if quantity.takes_over(row) else given_value(model, quantity, row)
            found[cell_id] = State(value, quantity.unit)
    return found


def regenerate(
    path: Path | str,
    out: Path | str | None = None,
    *,
    templates: Path | str | None = None,
    overlay: Files = None,
    prefer: Choice = "theirs",
) -> Regeneration:
    """Build the workbook of an edited file again from today's templates, and keep its edits.

    The file tells itself which cases overlays added to the templates, unless ``overlay`` gives others. Their values are in
    the file, but for inputs that it does not have.

    The new file is written to ``out`` (output/NAME.xlsx by default; in place of the edited one only when that is said).
    Where users and templates changed the same input to different values the users' is kept, or the templates' with
    ``prefer="ours"``; with "fail" WorkbookError names them all and nothing is written. Raises WorkbookError too for files
    that cannot be read and for edits that the templates now refuse.
    """
    start, path = time.perf_counter(), Path(path)
    contents = read(path)
    known = baseline(path, contents)
    target = Path(out) if out else Path("output") / f"{known.workbook}.xlsx"
    check_target(target)
    if out is None and target.exists() and target.samefile(path):
        raise WorkbookError([Diagnostic(Place(str(path)), "would be replaced by what is built from it", "choose another place with --out")])
    located = Located(known, contents)
    edits = edits_of(path, located)
    layout, given = prepared(known.workbook, templates, overlay=overlay or overlays(path, known))
    base = {item.id: State(None if item.taken else item.value, item.unit) for item in known.inputs.values()}
    theirs = base | {name: State(value, base[name].unit) for name, value in edits.sets.items()}
    ours = states(layout.model)
    result = merge(base, theirs, ours, "ours" if prefer == "ours" else "theirs")
    places = _places(path, located)
    if prefer == "fail" and result.conflicts:
        raise WorkbookError([Diagnostic(places[item.id], told(item), "choose with --ours or --theirs") for item in result.conflicts])
    changed = {name: state.value for name, state in result.merged.items() if state.value is not None and not state.is_like(ours[name])}
    new = {layout.model.cell_id(*where): value for where, value in given.items()}
    sets = {name: Given(value) for name, value in new.items() if name not in base}
    sets |= {name: Given(value, places.get(name)) for name, value in changed.items()}
    lost = _take_notes(layout, located, edits)
    merged = evaluated(layout.model, layout, parse_sets(layout.model, sets))
    return Regeneration(save(merged, target, start), result, [*edits.left, *lost])


def _places(path: Path, located: Located) -> dict[str, Place]:
    """Return where each input stands in the edited file, for messages."""
    found = {}
    for item in located.baseline.inputs.values():
        spot = located.input(item) or item.spot
        found[item.id] = Place(f"{path}: {quoted(spot.sheet)}!{spot.address}")
    return found


def _take_notes(layout: Layout, located: Located, edits: Edits) -> list[Finding]:
    """Take users' notes, and return those for which templates no longer have a place."""
    lost = []
    for name, edit in edits.edits.items():
        if edit.note is None:
            continue
        where = layout.model.find(name)
        place = layout.note_place(*where) if where else None
        if place:
            layout.notes[place] = edit.note
        elif edit.note:
            given = located.baseline.inputs[name]
            spot = located.input(given) or given.spot
            lost.append(
                Finding(spot.sheet, spot.address, name, f"has the note {edit.note!r}, for which the templates no longer have a place")
            )
    return lost


def told(item: Conflict) -> str:
    """Say in one sentence what a conflict is about."""
    unit = "" if item.ours.unit in {"text", "1"} else f" {item.ours.unit}"
    was, now, edited = (_value(state, item) for state in (item.base, item.ours, item.theirs))
    if item.of_units:
        return f"{item.id} was edited to {edited} {item.theirs.unit}, but the templates now have it in {item.ours.unit}: {now}"
    return f"{item.id} was edited from {was} to {edited}{unit}, but the templates now give {now}{unit}"


def _value(state: State, item: Conflict) -> str:
    if state.value is None:
        return "what it took over" if state is item.base else "nothing of its own"
    return repr(state.value) if isinstance(state.value, str) else f"{state.value:.15g}"
