"""Copies of one file that several people edited: their edits made one, and what they do not agree on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from workbook.changes.sheets import is_of_account
from workbook.errors import Diagnostic, Place, WorkbookError, as_typed
from workbook.record import edited
from workbook.record.choices import choices_of
from workbook.record.edited import BuiltWith
from workbook.record.findings import arranged
from workbook.record.inherited import Inherited
from workbook.record.located import locate
from workbook.record.read import offered, overlays
from workbook.roundtrip.looked import look_at
from workbook.roundtrip.merge import State
from workbook.roundtrip.own_cells import own_cells
from workbook.roundtrip.pull import edits_of
from workbook.roundtrip.refuse import given_back, shown
from workbook.roundtrip.uncarried import uncarried
from workbook.xlsx.a1 import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from workbook.changes.differences import Loss
    from workbook.record.fingerprints import Spot
    from workbook.record.located import Located
    from workbook.record.read import Given
    from workbook.roundtrip.looked import Looked
    from workbook.roundtrip.pull import Edit, Edits
    from workbook.roundtrip.uncarried import Kept
    from workbook.xlsx.cells import Cell

NAMED = 3  # inputs that a message names
ONE_BUILD = "build each again with --from on the same templates and overlays, then merge those"


@dataclass(frozen=True)
class Copy:
    """An edited file, opened; ``name`` tells it from the others, and is empty where it is alone."""

    path: Path
    located: Located
    edits: Edits
    name: str = ""

    def place(self, spot: Spot) -> Place:
        """Return a cell for messages."""
        return Place(f"{self.path}: {quoted(spot.sheet)}!{spot.address}")

    @cached_property
    def looked(self) -> Looked:
        """Return how it looks, beside how it was built to look."""
        return look_at(self.path, self.located)

    @cached_property
    def own_cells(self) -> dict[Spot, Cell]:
        """Return the cells on sheets of the model that its people filled."""
        return own_cells(self.located, self.looked)

    def losses(self, kept: Kept = frozenset()) -> list[Loss]:
        """Return what a build leaves behind of it besides entries, where it keeps some kinds on some cells."""
        found = uncarried(self.path, self.located, self.looked, kept)
        return [replace(item, place=f"{self.name}: {item.place}" if item.place else self.name) for item in found] if self.name else found


def read_copies(paths: Sequence[Path]) -> list[Copy]:
    """Open edited files, in the order of their names, so that it does not matter in which they are given.

    Raises WorkbookError for what cannot be read, and for files that are not copies of one build.
    """
    ordered = sorted(dict.fromkeys(paths), key=lambda path: (path.name, str(path)))
    if len(ordered) == 1:
        located = locate(ordered[0])
        return [Copy(ordered[0], located, edits_of(ordered[0], located))]
    names = _names(ordered)
    copies = []
    for path, name in zip(ordered, names, strict=True):
        located = locate(path)
        edits = edits_of(path, located)
        edits.edits = {item: replace(edit, files=(name,)) for item, edit in edits.edits.items()}
        edits.left, edits.remarks = ([replace(item, file=name) for item in of] for of in (edits.left, edits.remarks))
        copies.append(Copy(path, located, edits, name))
    _refuse_others(copies)
    return copies


def _names(paths: Sequence[Path]) -> list[str]:
    """Return what files are called: their names, numbered where two have the same; no folders, which would be in the file for good."""
    found: list[str] = []
    for path in paths:
        names = [path.name, *(f"{path.name} ({number})" for number in range(2, len(paths) + 1))]
        found.append(next(name for name in names if name not in found))
    return found


def _refuse_others(copies: Sequence[Copy]) -> None:
    """Raise WorkbookError for files that were not built as the first was."""
    first, *others = copies
    problems = [
        Diagnostic(Place(str(copy.path)), f"is no copy of the file that {first.name} is one of: {why}", ONE_BUILD)
        for copy in others
        if (why := _difference(first, copy))
    ]
    if problems:
        raise WorkbookError(problems)


def _difference(one: Copy, other: Copy) -> str:
    """Say how two files were built otherwise; what an earlier update or an overlay told the one alone does not count."""
    first, second = one.located.baseline, other.located.baseline
    if (first.workbook, first.version) != (second.workbook, second.version):
        return f"it was built from {second.workbook} {second.version}, not from {first.workbook} {first.version}".rstrip()
    if [(item.name, item.text) for item in overlays(one.path, first)] != [(item.name, item.text) for item in overlays(other.path, second)]:
        return "it was built with other overlays"
    names = dict.fromkeys([*first.inputs, *second.inputs])
    unlike = [name for name in names if not is_of_account(name) and not _is_alike(first.inputs.get(name), second.inputs.get(name))]
    values, value_of = offered(one.path, first)[0], offered(other.path, second)[0]
    unlike += [name for name in values if name in value_of and values[name] != value_of[name]]
    if not unlike:
        return ""
    more = f" and {len(unlike) - NAMED:,} more" if len(unlike) > NAMED else ""
    return f"the build gave it other inputs ({', '.join(unlike[:NAMED])}{more})"


def _is_alike(one: Given | None, other: Given | None) -> bool:
    """Whether a build gave an input the same, as all programs save it."""
    if one is None or other is None:
        return one is other
    is_noted_alike = one.note.replace("\r", "") == other.note.replace("\r", "")
    return one.taken == other.taken and is_noted_alike and State(one.value, one.unit).is_like(State(other.value, other.unit))


def merge_copies(copies: Sequence[Copy], prefer: Path | None = None) -> Copy:
    """Return the first copy with the edits of all.

    What one edited, or several alike, is taken. What they edited otherwise is in conflict: that of the copy ``prefer`` is
    taken, with a remark on the others; without one none is, and all are among what is left. The same holds for notes, and
    for the parents of pasted cases.
    """
    first, *others = copies
    if not others:
        return first
    preferred = next((copy.name for copy in copies if copy.path == prefer), "")
    merged = replace(first.edits, edits={}, left=[], remarks=[], choices=choices_of(first.located.baseline.carried))
    _inherit(merged, copies, preferred)
    for copy in copies:
        merged.left += copy.edits.left
        merged.remarks += copy.edits.remarks
    found: dict[str, list[Edit]] = {}
    for copy in copies:
        for name, edit in copy.edits.edits.items():
            found.setdefault(name, []).append(replace(edit, value=copy.edits.choices.as_built(name, edit.value)))
    built = _built_with(copies)
    for name, edits in found.items():
        _take(merged, edits, preferred, _Before(built.get(name, BuiltWith()), _given_back(copies, name)))
    merged.choices.rename(merged.sets)
    merged.left = arranged(merged.left)
    return replace(first, edits=merged)


class _Before(NamedTuple):
    """What an input was built with, as far as that is known, and the copies in which it is as templates give it again."""

    built: BuiltWith
    given_back: tuple[str, ...]

    def is_as_built(self, edit: Edit) -> bool:
        """Whether an edit was there when the file was built, and nobody changed it since."""
        value, formula, _ = self.built
        return value is not None and not State(edit.value, edit.unit, edit.ids).differs(State(value, edit.unit, formula))

    def again(self, found: list[Edit]) -> Edit | None:
        """Return the edit with which the file was built."""
        value, formula, _ = self.built
        old = next((edit for edit in found if self.is_as_built(edit)), None)
        if value is None or old:
            return old
        return replace(found[0], value=value, held=shown(value), formula=formula.removeprefix("="), ids=formula)


def _built_with(copies: Sequence[Copy]) -> dict[str, BuiltWith]:
    """Return what inputs were built with in all copies alike, in place of what templates give."""
    first, *others = (edited.read(copy.located.baseline.carried) for copy in copies)
    return {name: item for name, item in first.items() if all(other.get(name) == item for other in others)}


def _given_back(copies: Sequence[Copy], name: str) -> tuple[str, ...]:
    """Return the copies in which an input is as templates give it."""
    wrong = ({item.id for item in copy.edits.left} for copy in copies)
    kept = ((copy.name, copy.edits.edits.get(name)) for copy, left in zip(copies, wrong, strict=True) if name not in left)
    return tuple(file for file, edit in kept if edit is None or not edit.is_of_value)


def _take(merged: Edits, found: list[Edit], preferred: str, before: _Before) -> None:
    """Take what copies made of one input: what some of them left as it was built counts where no other changed it."""
    entered = [edit for edit in found if edit.is_of_value]
    changed = [edit for edit in entered if not before.is_as_built(edit)]
    is_back = before.built.value is not None and bool(before.given_back) and not changed
    values = _groups([] if is_back else changed or entered, lambda edit: State(edit.value, edit.unit, edit.ids))
    noted = [edit for edit in found if edit.note is not None]
    notes = _groups([edit for edit in noted if edit.note != before.built.note] or noted, lambda edit: State(edit.note, "text"))
    value = _chosen(values, preferred)
    note = _chosen(notes, preferred)
    old = before.again(changed) if values and not value else None
    _tell(merged, values, value, "holds", lambda edit: edit.told, old)
    _tell(merged, notes, note, "has the note", lambda edit: as_typed(edit.note))
    value = value or ([old] if old else [])
    if before.built.value is not None and before.given_back and value and changed:
        others = " and ".join(before.given_back)
        said = f"holds {value[0].told}; that it is as the templates give it in {others} was not taken"
        merged.remarks.append(value[0].finding(said, value[0].told))
    text = note[0].note if note else None
    if value:
        merged.edits[value[0].id] = replace(value[0], note=text, files=tuple(edit.file for edit in value))
    elif note and (blank := note[0].without_value()):
        merged.edits[blank.id] = replace(blank, note=text, files=tuple(edit.file for edit in note))
    elif note:
        merged.left.append(note[0].finding(f"has the note {as_typed(text)}, but no value of its own to go with it"))


def _groups(edits: list[Edit], state: Callable[[Edit], State]) -> list[list[Edit]]:
    """Return edits in groups of those that are alike."""
    found: list[list[Edit]] = []
    for edit in edits:
        for group in found:
            if not state(group[0]).differs(state(edit)):
                group.append(edit)
                break
        else:
            found.append([edit])
    return found


def _chosen(groups: list[list[Edit]], preferred: str) -> list[Edit]:
    """Return the group that is taken: the only one, or that of the preferred copy; else none."""
    if len(groups) == 1:
        return groups[0]
    return next((group for group in groups if any(edit.file == preferred for edit in group)), [])


def _tell(
    merged: Edits, groups: list[list[Edit]], chosen: list[Edit], what: str, held: Callable[[Edit], str], old: Edit | None = None
) -> None:
    """Say of each edit that is not taken what others hold, and what was taken instead: ``old`` is what the file was built with."""
    for group in groups:
        if group is chosen:
            continue
        for edit in group:
            if chosen:
                text = f"{what} {held(edit)}; that of {chosen[0].file} was taken: {held(chosen[0])}"
                merged.remarks.append(edit.finding(text, held(edit)))
                continue
            others = ", ".join(f"{other.file} {held(other)}" for rest in groups if rest is not group for other in rest)
            instead = f"it stays {held(old)}" if old else given_back(edit.given, taken=edit.taken)
            text = f"{what} {held(edit)}, and {others}: none was taken; {instead}"
            merged.left.append(edit.finding(text, held(edit)))


def _inherit(merged: Edits, copies: Sequence[Copy], preferred: str) -> None:
    """Take the parents that pasted cases inherit from in any copy; where copies disagree the preferred one's, else as declared."""
    merged.inherited = Inherited()
    votes: dict[str, dict[str, str]] = {}
    for copy in copies:
        for member, parent in copy.edits.inherited.parents.items():
            votes.setdefault(".".join(member), {})[copy.name] = parent
    for copy in copies:
        for item in copy.edits.inherited.findings:
            parents = votes[item.id]
            taken = min(parents.values()) if len({*parents.values()}) == 1 else parents.get(preferred, "")
            said = replace(item, file=copy.name)
            if not taken:
                merged.left.append(replace(said, text=f"{item.text}; copies disagree, so it inherits as declared"))
            elif parents[copy.name] == taken:
                table, _, name = item.id.partition(".")
                merged.inherited.parents[table, name] = taken
                merged.inherited.findings.append(said)
            else:
                merged.remarks.append(replace(said, text=f"{item.text}; that of {preferred} was taken: {taken}"))
