"""What users changed in a workbook since it was built, told by the record of the build that the file carries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from workbook.changes.sheets import is_account_sheet, is_of_account
from workbook.collector import without_collector
from workbook.errors import as_typed
from workbook.expr.typed import NotKeptError
from workbook.record import entries
from workbook.record.choices import Choices, choices_of
from workbook.record.findings import Finding, arranged, changed_formulas, changed_texts, structure
from workbook.record.fingerprints import NONE
from workbook.record.inherited import Inherited, inherited
from workbook.record.located import locate
from workbook.record.read import overlays
from workbook.record.typed import TypedFormulas
from workbook.roundtrip.refuse import given_back, out_of_limits, refuse

if TYPE_CHECKING:
    from workbook.layout.plan import Layout
    from workbook.model.graph import Model
    from workbook.record.fingerprints import Spot
    from workbook.record.located import Located
    from workbook.record.read import Given


@dataclass(frozen=True, slots=True)
class Edit:
    """An input that has another value than the templates gave it, or a note of its own.

    ``given`` is what the templates gave (None where that is not known); with ``taken`` the cell took that over from
    another. ``formula`` is what the user wrote to get the value, if it was a formula, and ``ids`` the same with ids in place
    of references where it can be kept: its value is NaN where the file holds no result. ``note`` is None where the note
    stands as it was. ``spot`` is the cell, and ``held`` what it holds as messages show it; ``files`` names the
    copies that have it, where several are merged.
    """

    id: str
    value: float | str
    given: float | str | None
    unit: str
    spot: Spot
    held: str
    taken: bool = False
    formula: str = ""
    note: str | None = None
    ids: str = ""
    files: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether the value is that of a formula without a result."""
        return self.value != self.value

    @property
    def file(self) -> str:
        """Return the copies as messages name them."""
        return " and ".join(self.files)

    @property
    def is_of_value(self) -> bool:
        """Whether the value is edited, and not the note alone."""
        return self.value != self.given or self.taken or bool(self.ids)

    @property
    def told(self) -> str:
        """Return what was entered, as messages show it."""
        return f"={self.formula}" if self.formula else self.held

    def without_value(self) -> Edit | None:
        """Return the edit of the note alone; None where the input has no value to go with it."""
        return None if self.given is None or self.taken else replace(self, value=self.given, formula="", ids="")

    def finding(self, text: str, entry: str = "") -> Finding:
        """Return what there is to say of its cell."""
        return Finding(self.spot.sheet, self.spot.address, self.id, text, entry, file=self.file)


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
        return {name: edit.value for name, edit in self.edits.items() if edit.is_of_value}

    @property
    def formulas(self) -> dict[str, str]:
        """Return the formulas that can be kept, by id, with ids in place of references."""
        return {name: edit.ids for name, edit in self.edits.items() if edit.ids}

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


@without_collector()
def pull(path: Path | str) -> Edits:
    """Return what was changed in a file since it was built, by its own record; needs no templates.

    Raises WorkbookError when the file cannot be read, was not written by this package, or had cells moved by a program
    that adjusts no formulas.
    """
    path = Path(path)
    located = locate(path)
    found = edits_of(path, located)
    without_results(found, located)
    refuse(found, out_of_limits(path, found, located.baseline))
    # What is chosen on the sheets of an account is none of the templates' inputs.
    found.edits = {name: edit for name, edit in found.edits.items() if not is_of_account(name)}
    return found


def edits_of(path: Path, located: Located) -> Edits:
    """Return what was changed in a file; see ``pull``."""
    names = tuple(item.name for item in overlays(path, located.baseline))
    choices = choices_of(located.baseline.carried)
    found = Edits(located.baseline.workbook, located.baseline.version, overlays=names, choices=choices)
    if not located.is_sealed:
        found.left += [item for item in structure(located) if not (item.is_gone and is_account_sheet(item.sheet))]
        found.left += changed_texts(path, located, located.own)  # a build carries what people added beside tables
        found.inherited = inherited(located)
    mine, places = {}, {}
    formulas = TypedFormulas(located)
    for given in located.baseline.inputs.values():
        spot = located.input(given)
        if spot is not None:
            if not found.inherited.is_carried(given.id):
                _take(found, formulas, given, spot, located.as_built.get(given.spot, NONE))
            mine[spot.sheet, spot.address] = given.id
            places[given.id] = (spot.sheet, spot.address)
    found.choices.rename(found.sets)
    former = found.choices.renamed(found.sets)
    found.remarks += [Finding(*places[name], name, f"{text}: that was taken") for name, text in former.items()]
    changed = [] if located.is_sealed else changed_formulas(located)
    found.left += [item for item in changed if (item.sheet, item.address) not in mine]
    found.left = arranged(found.left)
    return found


def without_results(found: Edits, located: Located) -> None:
    """Move formulas of which neither the file nor its inputs tell the result to what is left."""
    inputs, opened = located.baseline.inputs, {name: edit.formula for name, edit in found.edits.items() if edit.is_open}
    wanted = {name: f"holds nothing, where {entries.wanted(inputs[name])} is expected" for name in opened}
    refuse(found, {name: f"{wanted[name]}: the result of ={formula}" for name, formula in opened.items()})


def _take(found: Edits, formulas: TypedFormulas, given: Given, spot: Spot, wanted: str) -> None:
    """Take the edit of one input, or say why there is none to carry."""
    located = formulas.located
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
    entry, ids, why = entries.read(given, cell), "", ""
    if cell is not None and is_formula:
        entry, ids, why = _formula(formulas, given, spot, entry)
    if entry.remark:
        found.remarks.append(Finding(spot.sheet, spot.address, given.id, entry.remark))
    if entry.value is None:
        result = f": the result of ={formula}{f', which is not kept ({why})' if why else ''}" if formula else ""
        text = f"{entry.reason}{result}; {given_back(given.value, taken=given.taken)}"
        if note is not None and given.value is not None and not given.taken:
            found.edits[given.id] = Edit(given.id, given.value, given.value, given.unit, spot, entries.held(cell), note=note)
        elif note is not None:
            text = f"{text}; it has the note {as_typed(note)}"
        found.left.append(Finding(spot.sheet, spot.address, given.id, text, f"={formula}" if formula else entries.held(cell)))
        return
    if why:
        text = not_kept(formula, entries.held(cell), why)
        found.remarks.append(Finding(spot.sheet, spot.address, given.id, text, f"={formula}"))
    if given.taken or formula or entry.value != given.value or note is not None:
        found.edits[given.id] = Edit(
            given.id, entry.value, given.value, given.unit, spot, entries.held(cell), given.taken, formula, note, ids
        )


def _formula(formulas: TypedFormulas, given: Given, spot: Spot, entry: entries.Entry) -> tuple[entries.Entry, str, str]:
    """Return what an input with a formula holds, the formula by ids, and why it cannot be kept; a value of NaN is not known yet."""
    cell = formulas.located.cell(spot)
    try:
        ids = formulas.by_ids(spot)
    except NotKeptError as error:
        return entry, "", str(error)
    if cell is None or cell.value is not None:
        return entry, ids, ""
    value = formulas.value(ids)
    if value is not None and isinstance(value, str) != given.is_text:
        return entry, "", "it gives a text" if isinstance(value, str) else "it gives a number"
    return entries.Entry(float("nan") if value is None else value), ids, ""


def not_kept(formula: str, value: str, why: str) -> str:
    """Say that an input's formula was not kept, with its value as a text, and why not."""
    what = f"the formula ={formula}" if formula else "a formula"
    return f"holds {what}: its value {value} was taken, the formula was not ({why})"


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
