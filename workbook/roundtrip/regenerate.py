"""Building a workbook again from a file that users edited: their edits stay, all else is as templates and overlays have it now."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from workbook.api import BuildReport, offering, placed, save
from workbook.changes.differences import carried_account
from workbook.changes.sheets import is_of_account, telling
from workbook.collector import without_collector
from workbook.declare.origin import templates_of
from workbook.declare.overlay import Given, overlaid
from workbook.declare.overlay_files import Carried, overlays_of
from workbook.errors import Diagnostic, Place, WorkbookError, visible
from workbook.files import WORKBOOK_SUFFIX, check_target
from workbook.record.findings import Finding
from workbook.record.read import declared_for, offered, overlays
from workbook.roundtrip.added import read_added
from workbook.roundtrip.contents import EDITED_IN, side_of_file
from workbook.roundtrip.copies import merge_copies, read_copies
from workbook.roundtrip.formulas import calculate_formulas, keep_formulas, refuse_formulas, wrong_formulas
from workbook.roundtrip.gone import gone
from workbook.roundtrip.inputs import edited
from workbook.roundtrip.merge import NOTE_OF
from workbook.roundtrip.outcomes import updated
from workbook.roundtrip.parties import merged_notes, merged_values, values_to_set
from workbook.roundtrip.pull import without_results
from workbook.roundtrip.refuse import refusals, refuse, refused_by
from workbook.roundtrip.restore import inherit_again, like_parents
from workbook.roundtrip.together import erring

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from workbook.changes.differences import Account, Loss
    from workbook.declare.overlay import Overlaid
    from workbook.declare.overlay_files import Files
    from workbook.layout.book import Book
    from workbook.layout.plan import Layout
    from workbook.record.located import Located
    from workbook.record.read import Baseline
    from workbook.roundtrip.added import Added
    from workbook.roundtrip.copies import Copy
    from workbook.roundtrip.merge import MergeResult, Preference
    from workbook.roundtrip.parties import Merged
    from workbook.roundtrip.pull import Edits

Choice = Literal["theirs", "ours", "fail"]
PARENTS = "parents.yaml"  # the overlay in which a file carries what its pasted cases inherit from


class Keeping(NamedTuple):
    """What of an edited file is handled otherwise than usual.

    With ``restore`` cells that hold their parent's value inherit it again; with ``active`` formulas of own sheets that call what
    is outside of the file, and links to it, are kept.
    """

    restore: bool = False
    active: bool = False


AS_USUAL = Keeping()


@dataclass(frozen=True, slots=True)
class Regeneration:
    """What was written, what became of inputs and notes, what of the file could not be carried, and what the update changed.

    ``lost`` lists what people added besides entries, ``remarks`` says which entries were not taken quite as they stand in the
    file. ``gone`` lists what the templates do not have, ``templates`` says how they differ from those that built the file, if
    they do. ``account`` is that of an earlier update unless ``is_update``. ``pasted`` lists cells that hold their parent's value;
    where ``is_restored`` they inherit it again. ``active`` lists what reaches outside and was kept.
    """

    report: BuildReport
    merge: MergeResult
    notes: MergeResult
    left: list[Finding]
    lost: list[Loss]
    remarks: list[Finding]
    gone: list[str]
    templates: str
    account: Account | None
    is_update: bool
    pasted: list[str]
    is_restored: bool
    active: list[Loss]

    @property
    def is_whole(self) -> bool:
        """Whether all that users changed, and all sheets, cards and inputs, are in the new file."""
        return not self.left and not self.lost and not self.merge.removed and not self.gone


@without_collector()
def regenerate(
    paths: Path | str | Sequence[Path | str],
    out: Path | str | None = None,
    *,
    templates: Path | str | None = None,
    overlay: Files = None,
    prefer: Choice = "theirs",
    prefer_copy: Path | str | None = None,
    keeping: Keeping = AS_USUAL,
    progress: Callable[[str], None] | None = None,
) -> Regeneration:
    """Build the workbook of an edited file again from today's templates, and keep its edits.

    Of several copies the edits of all are kept, in any order. Where two hold different edits of an input, that of ``prefer_copy`` is taken;
    without it neither is, and both are listed. Overlays are laid over the templates and over those that the file carries.

    The new file is written to ``out`` (output/NAME.xlsx by default; in place of the edited one only when that is said). Where users
    changed an input, and templates or an overlay give it another value now, the users' is kept, or the other with ``prefer="ours"``;
    with "fail" WorkbookError names them all and nothing is written. Entries that inputs cannot take, one by one or together, are
    left out, and listed with the reason. ``keeping`` says what is handled otherwise than usual. Raises WorkbookError too for files
    that cannot be read.

    What templates or package changed is on sheets of the new file (``account``); else those of the edited file stay, so that a
    second time changes nothing.
    """
    start, tell = time.perf_counter(), progress or (lambda _: None)
    files = list(map(Path, [paths] if isinstance(paths, Path | str) else paths))
    tell(f"reading {', '.join(map(str, files))}")
    copies = read_copies(files)
    merged = merge_copies(copies, None if prefer_copy is None else Path(prefer_copy))
    known, edits, places = merged.located.baseline, merged.edits, _places(copies, merged.edits)
    target = _target(files, out, known.workbook)
    laid = _laid(merged, templates, overlay)
    settled = _settled(merged, laid, "ours" if prefer == "ours" else "theirs", places, restore=keeping.restore)
    values, notes = settled.values, settled.notes
    if prefer == "fail":
        _refuse_conflicts(values.result, notes.result, places)
    tell("finding what moved")
    made = _with_account(copies, edits, settled, laid, places, keep_active=keeping.active)
    book, added = made.book, made.added
    tell(f"writing {target}")
    book.layout.comments = added.comments
    left, going = [*edits.left, *_lost_notes(merged.located, notes.result)], gone(known, book.layout, values.result.removed)
    differing = templates_of(known.carried).differences(templates_of(laid.declared.carried))
    report = save(book, target, start, added.grafting)
    fate = values.result, notes.result, left, made.lost, edits.remarks, going, differing, made.account
    return Regeneration(
        report, *fate, is_update=made.is_update, pasted=settled.pasted, is_restored=keeping.restore, active=added.own.active
    )


def _laid(merged: Copy, templates: Path | str | None, overlay: Files) -> Overlaid:
    """Return today's templates with the overlays of a file, and those given now, laid over them."""
    path, known = merged.path, merged.located.baseline
    cases = overlays_of(overlay).beside([*overlays(path, known), *_parents(merged.edits)])
    return overlaid(lambda cards: declared_for(path, known, templates, cards), cases)


@dataclass(frozen=True, slots=True)
class _Finished:
    """A book to write, what people added to it and what of that is lost, and the account that it holds, which may be an earlier one's."""

    book: Book
    added: Added
    lost: list[Loss]
    account: Account | None
    is_update: bool


def _with_account(
    copies: Sequence[Copy], edits: Edits, settled: _Settled, laid: Overlaid, places: Mapping[str, Place], *, keep_active: bool
) -> _Finished:
    """Return the book with what people added, and with the account on its sheets."""
    book, added = settled.book, read_added(copies, settled.book, keep_active=keep_active)
    lost = added.lost(copies)
    update, told_of = _told(copies, edits, settled, lost, added.own.active)
    for _ in range(2):
        if told_of is None:
            break
        layout, _ = placed(laid, extend=telling(told_of))
        book = edited(*_noted(layout, settled.values, settled.notes, settled.sets | _picked(layout, edits, places)))
        added = read_added(copies, book, keep_active=keep_active)
        if (now := added.lost(copies)) == lost:
            break
        # Sheets that list what the book holds are longer with the account: other cells of people's may have no place on them.
        lost, told_of = now, replace(told_of, lost=tuple(now))
    return _Finished(book, added, lost, told_of, is_update=update is not None)


def _told(
    copies: Sequence[Copy], edits: Edits, settled: _Settled, lost: list[Loss], active: list[Loss]
) -> tuple[Account | None, Account | None]:
    """Return the account of what this update changed, if it changed anything, and the one to tell: this, or that of the one before.

    Of several copies it is from the first as it was saved, so that the edits of the others are among what moved headlines.
    """
    copy, is_merge = copies[0], len(copies) > 1
    earlier, refused = carried_account(copy.path, copy.located.baseline.carried), refusals(edits.left)
    if is_merge:
        copy.edits.follow(settled.layout.model)
        without_results(copy.edits, copy.located)
    first = side_of_file(copy.located, copy.edits)
    first.findings = [item for item in first.findings if not item.entry]
    remarks = tuple(map(str, edits.remarks))
    whose = {name: f"{EDITED_IN} {edit.file}" for name, edit in edits.edits.items() if is_merge}
    is_new = is_merge or (bool(refused or remarks or lost or active) and earlier is None)
    update = updated(first, settled.book, settled.values, settled.notes, whose, always=is_new)
    told_of = update or earlier
    if told_of and (update or refused or remarks or lost or active):
        told_of = replace(told_of, refused=refused, remarks=remarks, lost=tuple(lost), active=tuple(active))
    return update, told_of


@dataclass(frozen=True, slots=True)
class _Settled:
    """What inputs and notes come to between users, templates and overlays, and the workbook that they make."""

    layout: Layout
    values: Merged
    notes: Merged
    sets: dict[str, Given]
    book: Book
    pasted: list[str]


def _settled(merged: Copy, laid: Overlaid, prefer: Preference, places: Mapping[str, Place], *, restore: bool) -> _Settled:
    """Merge edits with templates and overlays; what cannot be built is left out of the edits. Raises WorkbookError for errors of others."""
    path, known, edits = merged.path, merged.located.baseline, merged.edits
    layout, given = placed(laid)
    _judge(edits, known, layout, places)
    pasted = like_parents(edits, known, layout)
    if restore:
        inherit_again(edits, pasted)
    before, notes_before = offered(path, known)
    while True:
        values = merged_values(known, edits, layout, given, laid, before, prefer)
        sets = values_to_set(values, laid, places, layout.model)
        if wrong := wrong_formulas(layout, sets, values.formulas(), places):
            refuse_formulas(edits, layout, wrong, sets)
            continue
        notes = merged_notes(known, edits, layout, laid, notes_before, prefer)
        try:
            return _Settled(layout, values, notes, sets, edited(*_noted(layout, values, notes, sets)), pasted)
        except WorkbookError:
            wrong = erring(layout, sets, values.formulas(), values.theirs(edits))
            if not wrong:
                raise
            refuse(edits, wrong)


def _judge(edits: Edits, known: Baseline, layout: Layout, places: Mapping[str, Place]) -> None:
    """Set aside what inputs of a placed model cannot take, and calculate what has no result in the file."""
    edits.follow(layout.model)
    keep_formulas(edits, layout)
    refuse(edits, refused_by(layout.model, edits, places))
    calculate_formulas(edits, known, layout)


def _target(files: Sequence[Path], out: Path | str | None, workbook: str) -> Path:
    """Return where to write; raises WorkbookError where that cannot be, or would replace an edited file unsaid."""
    target = Path(out) if out else Path("output") / f"{workbook}.xlsx"
    check_target(target, WORKBOOK_SUFFIX)
    for path in files if out is None and target.exists() else ():
        if target.samefile(path):
            raise WorkbookError(
                [Diagnostic(Place(str(path)), "would be replaced by what is built from it", "choose another place with --out")]
            )
    return target


def _refuse_conflicts(values: MergeResult, notes: MergeResult, places: Mapping[str, Place]) -> None:
    told = [(item.id, item.told()) for item in values.conflicts] + [(item.id, item.told(NOTE_OF)) for item in notes.conflicts]
    if told:
        raise WorkbookError([Diagnostic(places.get(name), text, "choose with --ours or --theirs") for name, text in told])


def _noted(
    layout: Layout, values: Merged, notes: Merged, sets: dict[str, Given]
) -> tuple[Layout, dict[str, Given], dict[tuple[str, int], str]]:
    """Return what ``edited`` takes, with a layout that carries what overlays gave."""
    layout.notes.clear()  # those of overlays are among the merged ones
    found = {name: str(state.value) for name, state in notes.own().items()}
    offers = {name: str(text) for name, text in notes.offers().items()}
    layout.formulas = values.formulas()
    return offering(layout, values.offers(), offers), sets, layout.notes_at(found)


def _parents(edits: Edits) -> list[Carried]:
    """Return the overlay that gives members the parents which they inherit from in the edited file, if they do from others."""
    return [Carried(PARENTS, edits.parents, PARENTS)] if edits.parents else []


def _picked(layout: Layout, edits: Edits, places: Mapping[str, Place]) -> dict[str, Given]:
    """Return what users chose on the sheets of an account, where the new one has it too."""
    found = {}
    for name, value in edits.sets.items():
        where = layout.model.find(name) if is_of_account(name) else None
        if where and value in layout.model.choices(layout.model.quantities[where[0]].bounds).values():
            found[name] = Given(value, places.get(name))
    return found


def _places(copies: Sequence[Copy], edits: Edits) -> dict[str, Place]:
    """Return where each input stands in the first copy, or in the one that edited it, for messages."""
    first, by_name = copies[0], {copy.name: copy for copy in copies}
    inputs = first.located.baseline.inputs.values()
    found = {item.id: first.place(first.located.input(item) or item.spot) for item in inputs}
    return found | {name: by_name[edit.files[0]].place(edit.spot) for name, edit in edits.edits.items() if edit.files}


def _lost_notes(located: Located, notes: MergeResult) -> list[Finding]:
    """Return users' notes for which templates no longer have a place."""
    lost = []
    for name, note in notes.removed.items():
        given = located.baseline.inputs[name]
        spot = located.input(given) or given.spot
        if note.value:
            text = f"has the note '{visible(str(note.value))}', for which the templates no longer have a place"
            lost.append(Finding(spot.sheet, spot.address, name, text))
    return lost
