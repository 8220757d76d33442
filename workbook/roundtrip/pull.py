"""What users changed in a workbook since it was built, told by the record of the build that the file carries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.account_sheets import is_account_sheet, is_of_account
from workbook.choices import Choices, choices_of
from workbook.errors import as_typed
from workbook.record import NONE
from workbook.roundtrip.refuse import given_back, out_of_limits, refuse
from workbook.verification import entries
from workbook.verification.baseline import baseline, overlays, read
from workbook.verification.findings import Finding, arranged, changed_formulas, changed_texts, structure
from workbook.verification.inherited import Inherited, inherited
from workbook.verification.located import Located

if TYPE_CHECKING:
    from workbook.layout import Layout
    from workbook.model import Model
    from workbook.relative import Spot
    from workbook.verification.baseline import Baseline, Given


@dataclass(frozen=True, slots=True)
class Edit:
    """An input that has another value than the templates gave it, or a note of its own.

    ``given`` is what the templates gave (None where that is not known); with ``taken`` the cell took that over from
    another. ``formula`` is what the user wrote to get the value, if it was a formula. ``note`` is None where the note
    stands as it was.
    """

    id: str
    value: float | str
    given: float | str | None
    unit: str
    taken: bool = False
    formula: str = ""
    note: str | None = None


@dataclass(slots=True)
class Edits:
    """All that was changed in a file: by input id what a build can take, and in ``left`` what it cannot.

    ``remarks`` says which entries were not taken quite as they stand. ``overlays`` names those that gave the file its
    cases: a build that takes the edits needs them too. ``inherited`` tells of members that inherit from other parents than
    declared, ``choices`` the keys of what was chosen.
    """

    workbook: str
    version: str
    edits: dict[str, Edit] = field(default_factory=dict)
    left: list[Finding] = field(default_factory=list)
    remarks: list[Finding] = field(default_factory=list)
    overlays: tuple[str, ...] = ()
    inherited: Inherited = field(default_factory=Inherited)
    choices: Choices = field(default_factory=Choices)

    @property
    def sets(self) -> dict[str, float | str]:
        """Return the values by id, as ``load`` and ``build`` take them."""
        return {name: edit.value for name, edit in self.edits.items() if edit.value != edit.given or edit.taken}

    @property
    def parents(self) -> str:
        """Return the parents of members that inherit from others than declared, as an overlay; empty where there are none."""
        tables: dict[str, list[str]] = {}
        for (table, member), parent in sorted(self.inherited.parents.items()):
            tables.setdefault(table, [f"{table}:"]).append(f"  {member}: {{parent: {parent}}}")
        return "".join(f"{line}\n" for lines in tables.values() for line in lines)

    def follow(self, model: Model) -> None:
        """Show choices by the names that they have in today's templates."""
        self.choices.follow(model)
        shown = self.choices.shown
        for name, edit in self.edits.items():
            value = shown(name, edit.value)
            self.edits[name] = replace(edit, value=edit.value if value is None else value, given=shown(name, edit.given))

    def notes(self, layout: Layout) -> dict[tuple[str, int], str]:
        """Return users' notes by the sheet and row of inputs that a layout still has a place for."""
        return layout.notes_at({name: edit.note for name, edit in self.edits.items() if edit.note is not None})


def pull(path: Path | str) -> Edits:
    """Return what was changed in a file since it was built, by its own record; needs no templates.

    Raises WorkbookError when the file cannot be read, was not written by this package, or had cells moved by a program
    that adjusts no formulas.
    """
    path = Path(path)
    contents = read(path)
    located = Located(baseline(path, contents), contents)
    found = edits_of(path, located)
    refuse(found, located, out_of_limits(path, found, located.baseline))
    # What is chosen on the sheets of an account is none of the templates' inputs.
    found.edits = {name: edit for name, edit in found.edits.items() if not is_of_account(name)}
    return found


def edits_of(path: Path, located: Located) -> Edits:
    """Return what was changed in a file; see ``pull``."""
    names = tuple(item.name for item in overlays(path, located.baseline))
    choices = choices_of(located.baseline.carried)
    found = Edits(located.baseline.workbook, located.baseline.version, overlays=names, choices=choices)
    found.left += [item for item in structure(located) if not (item.is_gone and is_account_sheet(item.sheet))]
    found.left += changed_texts(path, located)
    prints = _prints(located.baseline)
    links = inherited(located)
    found.inherited = links
    found.left += [item for item in links.findings if tuple(item.id.split(".")) not in links.parents]
    mine, places = {}, {}
    for given in located.baseline.inputs.values():
        spot = located.input(given)
        if spot is not None:
            if not links.is_carried(given.id):
                _take(found, located, given, spot, prints.get(given.spot, NONE))
            mine[spot.sheet, spot.address] = given.id
            places[given.id] = (spot.sheet, spot.address)
    found.choices.rename(found.sets)
    former = found.choices.renamed(found.sets)
    found.remarks += [Finding(*places[name], name, f"{text}: that was taken") for name, text in former.items()]
    found.left += [item for item in changed_formulas(located) if (item.sheet, item.address) not in mine]
    found.left = arranged(found.left)
    return found


def _prints(known: Baseline) -> dict[Spot, str]:
    """Return the fingerprint of the formula of each cell that takes a value over."""
    wanted = {given.spot for given in known.inputs.values() if given.taken}
    return {spot: text for block in known.blocks for step, text in enumerate(block.prints) if (spot := block.at(step)) in wanted}


def _take(found: Edits, located: Located, given: Given, spot: Spot, wanted: str) -> None:
    """Take the edit of one input, or say why there is none to carry."""
    cell = located.cell(spot)
    note = _note(found, located, given)
    is_formula = cell is not None and cell.is_formula
    formula = located.formula(spot)
    if given.taken and is_formula and located.print(spot) == wanted:
        if note is not None:
            found.left.append(
                Finding(spot.sheet, spot.address, given.id, f"has the note {as_typed(note)}, but no value of its own to go with it")
            )
        return
    entry = entries.read(given, cell)
    if entry.remark:
        found.remarks.append(Finding(spot.sheet, spot.address, given.id, entry.remark))
    if entry.value is None:
        text = f"{entry.reason}{f': the result of ={formula}' if formula else ''}; {given_back(given)}"
        if note is not None and given.value is not None and not given.taken:
            found.edits[given.id] = Edit(given.id, given.value, given.value, given.unit, note=note)
        elif note is not None:
            text = f"{text}; it has the note {as_typed(note)}"
        found.left.append(Finding(spot.sheet, spot.address, given.id, text, f"={formula}" if formula else entries.held(cell)))
        return
    if formula:
        text = f"holds the formula ={formula}: its value {entries.held(cell)} was taken, the formula was not"
        found.remarks.append(Finding(spot.sheet, spot.address, given.id, text, f"={formula}"))
    if is_formula and not formula:
        text = "is part of an array formula or of a data table: its value was taken"
        found.remarks.append(Finding(spot.sheet, spot.address, given.id, text))
    if given.taken or formula or entry.value != given.value or note is not None:
        found.edits[given.id] = Edit(given.id, entry.value, given.value, given.unit, given.taken, formula, note)


def _note(found: Edits, located: Located, given: Given) -> str | None:
    """Return the note beside an input if it was changed (empty when it was removed), else None, also where its column was deleted."""
    spot = located.now(given.note_spot) if given.note_spot else None
    if spot is None:
        return None
    entry = entries.read_note(located.cell(spot))
    if entry.remark:
        found.remarks.append(Finding(spot.sheet, spot.address, given.id, entry.remark))
    if not isinstance(entry.value, str):
        found.left.append(Finding(spot.sheet, spot.address, given.id, entry.reason, entries.held(located.cell(spot))))
        return None
    return None if entry.value.replace("\r", "") == given.note.replace("\r", "") else entry.value
