"""Building a workbook again from a file that users edited: their edits stay, all else is as the templates have it now."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from workbook.account import carried_account
from workbook.account_sheets import is_of_account, telling
from workbook.api import BuildReport, prepared, save
from workbook.errors import Diagnostic, Place, WorkbookError
from workbook.files import check_target
from workbook.names import quoted
from workbook.overlay import Given
from workbook.record import given_value
from workbook.roundtrip.merge import MergeResult, State, States, merge
from workbook.roundtrip.opened import edited
from workbook.roundtrip.pull import edits_of
from workbook.roundtrip.sides import side_of_file
from workbook.roundtrip.update import updated
from workbook.verification.baseline import baseline, overlays, read
from workbook.verification.findings import Finding
from workbook.verification.located import Located

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from workbook.account import Account
    from workbook.api import Files
    from workbook.layout import Layout
    from workbook.model import Model
    from workbook.roundtrip.pull import Edits

Choice = Literal["theirs", "ours", "fail"]


@dataclass(frozen=True, slots=True)
class Regeneration:
    """What was written, what became of the inputs, what of the file could not be carried, and what the update changed.

    ``account`` is that of an earlier update unless ``is_update``.
    """

    report: BuildReport
    merge: MergeResult
    left: list[Finding]
    account: Account | None
    is_update: bool

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
    progress: Callable[[str], None] | None = None,
) -> Regeneration:
    """Build the workbook of an edited file again from today's templates, and keep its edits.

    The file tells itself which cases overlays added to the templates, unless ``overlay`` gives others. Their values are in
    the file, but for inputs that it does not have.

    The new file is written to ``out`` (output/NAME.xlsx by default; in place of the edited one only when that is said).
    Where users and templates changed the same input to different values the users' is kept, or the templates' with
    ``prefer="ours"``; with "fail" WorkbookError names them all and nothing is written. Raises WorkbookError too for files
    that cannot be read and for edits that the templates now refuse.

    Where templates or package changed anything, sheets of the new file tell it (``account``); else those of the edited file
    stay, so that a second time changes nothing.
    """
    start, path = time.perf_counter(), Path(path)
    tell = progress or (lambda _: None)
    tell(f"reading {path}")
    contents = read(path)
    known = baseline(path, contents)
    target = Path(out) if out else Path("output") / f"{known.workbook}.xlsx"
    check_target(target)
    if out is None and target.exists() and target.samefile(path):
        raise WorkbookError([Diagnostic(Place(str(path)), "would be replaced by what is built from it", "choose another place with --out")])
    located = Located(known, contents)
    edits = edits_of(path, located)
    cases = overlay or overlays(path, known)
    layout, given = prepared(known.workbook, templates, overlay=cases)
    base = {item.id: State(None if item.taken else item.value, item.unit) for item in known.inputs.values() if not is_of_account(item.id)}
    theirs = base | {name: State(value, base[name].unit) for name, value in edits.sets.items() if name in base}
    ours = states(layout.model)
    result = merge(base, theirs, ours, "ours" if prefer == "ours" else "theirs")
    places = _places(path, located)
    if prefer == "fail" and result.conflicts:
        raise WorkbookError([Diagnostic(places[item.id], item.told(), "choose with --ours or --theirs") for item in result.conflicts])
    new = {layout.model.cell_id(*where): value for where, value in given.items()}
    sets = {name: Given(value) for name, value in new.items() if name not in base} | _changed(result, ours, places)
    book = edited(layout, sets, edits)
    tell("finding what moved")
    # An update that changed nothing leaves the account of the one before.
    update = updated(side_of_file(located, edits), book, result, base)
    told_of = update or carried_account(path, known.carried)
    if told_of:
        layout, _ = prepared(known.workbook, templates, overlay=cases, extend=telling(told_of))
        book = edited(layout, sets | _picked(layout, edits, places), edits)
    tell(f"writing {target}")
    left = [*edits.left, *_lost_notes(layout, located, edits)]
    return Regeneration(save(book, target, start), result, left, told_of, is_update=update is not None)


def _changed(result: MergeResult, ours: States, places: Mapping[str, Place]) -> dict[str, Given]:
    """Return the values of inputs that are not as the templates have them."""
    return {
        name: Given(state.value, places.get(name))
        for name, state in result.merged.items()
        if state.value is not None and not state.is_like(ours[name])
    }


def _picked(layout: Layout, edits: Edits, places: Mapping[str, Place]) -> dict[str, Given]:
    """Return what users chose on the sheets of an account, where the new one has it too."""
    found = {}
    for name, value in edits.sets.items():
        where = layout.model.find(name) if is_of_account(name) else None
        if where and value in layout.model.choices(layout.model.quantities[where[0]].bounds).values():
            found[name] = Given(value, places.get(name))
    return found


def _places(path: Path, located: Located) -> dict[str, Place]:
    """Return where each input stands in the edited file, for messages."""
    found = {}
    for item in located.baseline.inputs.values():
        spot = located.input(item) or item.spot
        found[item.id] = Place(f"{path}: {quoted(spot.sheet)}!{spot.address}")
    return found


def _lost_notes(layout: Layout, located: Located, edits: Edits) -> list[Finding]:
    """Return users' notes for which templates no longer have a place."""
    lost = []
    for name, edit in edits.edits.items():
        where = layout.model.find(name)
        if edit.note and not (where and layout.note_place(*where)):
            given = located.baseline.inputs[name]
            spot = located.input(given) or given.spot
            text = f"has the note {edit.note!r}, for which the templates no longer have a place"
            lost.append(Finding(spot.sheet, spot.address, name, text))
    return lost
