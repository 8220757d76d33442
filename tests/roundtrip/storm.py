"""Random edits of every kind, what must be read back of them, and what must become of them when templates change.

A case is one file: edited and saved by a program, pulled, built again and built a second time. Nothing here asks the
package what an edit is: that is told by what was done to which cell.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import place
from tests.support import copy_of, plant
from workbook import api
from workbook.declare.limits import LONGEST_TEXT
from workbook.declare.sheets import declarations
from workbook.errors import WorkbookError
from workbook.record.read import baseline, read
from workbook.xlsx.a1 import column_letters
from workbook.xlsx.cells import cell_position, cell_reference

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from workbook.record.read import Given

Plants = dict[str, list[tuple[str, str, str | None]]]  # changes of templates by name: file, old text, new text; None removes the file
TEXTS = ["red", "Ärger & <b>", '"quoted"', "two\nlines", "=1+1", "'", "1.5", "TRUE", "🙂", "x" * 300, " blanks "]
NONE: Mapping[str, Any] = MappingProxyType({})
BOOKS = ("tiny", "across", "takes", "across with cases")
COUNTS = {"values": 100, "templates": 90, "office": 64}  # files of each book by module: a thousand in all, two hundred by LibreOffice
SAMPLE = 4  # the share of them that each run of the tests takes: one in so many
CELL_KINDS = {"value": 12, "note": 4, "formula": 2, "clear": 1, "wrong": 1, "over": 2, "label": 1, "scratch": 1}


@dataclass(frozen=True)
class Change:
    """What was done to a cell of the file as built: ``id`` of an input, or empty; ``value`` None clears it."""

    kind: str
    sheet: str
    address: str
    value: Any
    id: str = ""


@dataclass
class Structure:
    """What was done to rows, columns and sheets after all cells were edited, and where cells went."""

    steps: list[list[Any]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def now(self, sheet: str, address: str) -> tuple[str, str] | None:
        """Tell where a cell went; None when it was deleted."""
        row, column = cell_position(address)
        for what, *rest in self.steps:
            if rest[0] != sheet:
                continue
            if what == "rename":
                sheet = rest[1]
            elif what == "move" and cell_reference(row, column) == rest[1]:
                row, column = cell_position(rest[2])
            elif what == "insert rows":
                row += rest[2] if row > rest[1] else 0
            elif what == "insert columns":
                column += rest[2] if column > rest[1] else 0
            elif what == "delete rows":
                if rest[1] < row <= rest[1] + rest[2]:
                    return None
                row -= rest[2] if row > rest[1] else 0
        return sheet, cell_reference(row, column)

    @property
    def breaks(self) -> bool:
        """Whether formulas may have lost what they refer to."""
        return any(step[0] in {"delete rows", "move"} for step in self.steps)


def storms(kind: str) -> list[Any]:
    """Give name and number of files of each book: a sample for each run, all on demand."""
    few = [pytest.param(name, COUNTS[kind] // SAMPLE, id=name) for name in BOOKS]
    return few + [pytest.param(name, COUNTS[kind], id=f"{name}, all", marks=pytest.mark.storm) for name in BOOKS]


@pytest.fixture
def templates_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read each set of templates once: nothing here changes them after they were read."""
    monkeypatch.setattr(api, "declarations", cache(declarations))


def digits(value: Any) -> Any:
    """Give a number to the digits that every program keeps."""
    return float(f"{value:.15G}") if isinstance(value, float | int) else value


class Made:
    """A workbook that was built, and what can be edited in it; ``parents`` are those of added cases, ``standing`` their values."""

    def __init__(self, name: str, root: Path, folder: Path, parents: Mapping[str, str] = NONE, standing: Mapping[str, Any] = NONE) -> None:
        self.name, self.root, self.folder, self.standing = name, root, folder, standing
        self.overlay = [folder / "cases.yaml"] if parents else []
        own = {case: "".join(f", {name[2]}: {value}" for name, value in self._parts() if name[1] == case) for case in parents}
        for file, values in (("own.yaml", own), ("cases.yaml", {})):
            lines = [f"  {case}: {{parent: {parent}{values.get(case, '')}}}\n" for case, parent in parents.items()]
            (folder / file).write_text("cases:\n" + "".join(lines), "utf-8")
        self.path = folder / "built.xlsx"
        api.build(name, self.path, templates=root, overlay=[folder / "own.yaml"] if parents else None)
        self.book = api.load(name, root, overlay=self.overlay)
        self.known = baseline(self.path, read(self.path))
        self.opened = openpyxl.load_workbook(self.path)
        self.inputs = list(self.known.inputs.values())
        self.own = set(self.known.inputs)
        taken = {place(self.book, name) for name in self.own}
        model = self.book.model
        cells = [
            place(self.book, cell_id)
            for cell_id, name, row in model.cells()
            if name in self.book.layout.segments and row in {**model.quantities[name].formula_rows(), **model.quantities[name].links}
        ]
        self.formulas = [at for at in cells if at not in taken]
        self.labels = [
            (plan.name, cell_reference(label.row + 1, label.column + 1))
            for plan in self.book.layout.sheets.values()
            for label in plan.labels
            if label.style != "note" and isinstance(label.text, str) and not label.link
        ]
        self.rows = {(sheet, cell_position(address)[0]) for sheet, address in self.labels}

    def _parts(self) -> Iterator[tuple[list[str], Any]]:
        return ((name.split("."), value) for name, value in self.standing.items())

    # Drawing.

    def draw(self, dice: random.Random, most: int) -> list[Change]:
        """Draw edits of cells, no cell twice; rows that hold a changed text hold no other such."""
        found: dict[tuple[str, str], Change] = {}
        rows = set()
        for kind in dice.choices(list(CELL_KINDS), list(CELL_KINDS.values()), k=dice.randint(1, most)):
            change = self._one(kind, dice)
            at = (change.sheet, change.address)
            row = (change.sheet, cell_position(change.address)[0])
            if at in found or (kind in {"label", "scratch"} and row in rows):
                continue
            found[at] = change
            if kind in {"label", "scratch"}:
                rows.add(row)
        return list(found.values())

    def _one(self, kind: str, dice: random.Random) -> Change:
        given = dice.choice(self.inputs)
        sheet, address = given.spot.sheet, given.spot.address
        if kind == "note":
            given = dice.choice([item for item in self.inputs if item.note_spot and not item.taken])  # of a formula it is told only
            assert given.note_spot
            text = dice.choice(["", *TEXTS])
            return Change(kind, given.spot.sheet, given.note_spot.address, text or None, given.id)
        if kind in {"value", "formula"}:
            value = self.value(given, dice)
            # Not more digits than are left after a calculation.
            if kind == "formula":
                value = value.strip() if given.is_text else float(f"{value:.12G}")
            return Change(kind, sheet, address, value, given.id)
        if kind == "clear":
            return Change(kind, sheet, address, None, given.id)
        if kind == "wrong":
            return Change(kind, sheet, address, 5.0 if given.is_text else dice.choice(["many", "1,5", "-"]), given.id)
        if kind == "over":
            return Change(kind, *dice.choice(self.formulas), dice.choice([None, 5.0, "text", "=1+1"]))
        if kind == "label":
            return Change(kind, *dice.choice(self.labels), f"Our text {dice.randint(1, 9)}")
        free = column_letters(self.book.layout.sheets[sheet].last_column + 2)
        return Change(kind, sheet, f"{free}{dice.randint(30, 90)}", dice.choice([1.0, "mine", "=1+1"]))

    def value(self, given: Given, dice: random.Random) -> Any:
        """Draw what an input can hold: near what it is, at its limits, or another choice."""
        name, row = self.book.model.find(given.id) or ("", 0)
        quantity, now = self.book.model.quantities[name], self.book.values[name][row]
        limits = quantity.bounds
        if given.is_text:
            allowed = [text for text in TEXTS if len(text) <= LONGEST_TEXT]
            return dice.choice(list(self.book.model.choices(limits).values()) or list(limits.choices) or allowed)
        if limits.choices:
            return float(dice.choice(limits.choices))
        low = limits.minimum if limits.minimum is not None else limits.above
        near = float(now) * dice.uniform(0.9, 1.1)
        ends = [limits.minimum, limits.maximum, float(now), None if limits.above is None else float(now) / 2]
        value = float(dice.choice([near] * 4 + [end for end in ends if end is not None]))
        value = float(round(value)) if limits.whole else float(f"{value:.{dice.randint(3, 16)}G}")
        refused = low is not None and (value < low or (limits.minimum is None and value <= low))
        return float(now) if refused or (limits.maximum is not None and value > limits.maximum) else value

    def structure(self, dice: random.Random) -> Structure:
        """Draw what happens to rows, columns, sheets and one input, which is moved to where nothing stands."""
        found = Structure()
        sheets = list(self.book.layout.sheets)
        for kind in dice.sample(
            ["insert rows", "insert columns", "rename", "add sheet", "order", "delete rows", "move"], dice.randint(0, 2)
        ):
            sheet = dice.choice(sheets)
            if any(step[0] == "rename" and step[1] == sheet for step in found.steps):
                continue
            if kind == "add sheet":
                found.steps.append([kind, "Scratch"])
            elif kind == "order":
                found.steps.append([kind, sheet, dice.randrange(len(sheets))])
            elif kind == "rename":
                found.steps.append([kind, sheet, dice.choice(["Ours", "R&D (x)", "It's ours", "Übersicht 2"])])
                found.told.append("was called")
            elif kind == "move":
                given = dice.choice(self.inputs)
                if any(step[0] in {"insert rows", "insert columns", "delete rows"} for step in found.steps):
                    continue
                found.steps.append([kind, given.spot.sheet, given.spot.address, f"Y{dice.randint(20, 60)}"])
                found.told.append("was moved here")
            else:
                found.steps.append([kind, sheet, dice.randint(3, 40) if kind.endswith("rows") else dice.randint(1, 9), dice.randint(1, 3)])
        return found

    # Saving.

    def saved(self, changes: Sequence[Change], target: Path, order: int = 0) -> Path:
        """Save a file with edits as openpyxl does; ``order`` puts its last sheet further to the front."""
        before = []
        for change in changes:
            cell = self.opened[change.sheet][change.address]
            before.append((cell, cell.value, cell.data_type))
            value = self._typed(change)
            cell.value = value
            if isinstance(value, str) and not (value.startswith("=") and change.kind in {"formula", "over", "scratch"}):
                cell.data_type = "s"
        order_of_sheets: list[object] = vars(self.opened)["_sheets"]  # openpyxl offers no other way to undo what was done
        sheets = list(order_of_sheets)
        self.opened.move_sheet(self.opened.sheetnames[-1], -order)
        self.opened.save(target)
        order_of_sheets[:] = sheets
        for cell, value, kind in before:
            cell.value = value
            cell.data_type = kind
        return target

    @staticmethod
    def _typed(change: Change) -> Any:
        """Give what is typed into a cell."""
        if change.kind != "formula":
            return change.value
        quoted = str(change.value).replace('"', '""')
        return f'="{quoted}"' if isinstance(change.value, str) else f"={change.value / 2!r}*2"

    def steps(self, changes: Sequence[Change], structure: Structure) -> list[list[Any]]:
        """Give the same for LibreOffice."""
        found: list[list[Any]] = []
        for change in changes:
            value = self._typed(change)
            is_formula = isinstance(value, str) and value.startswith("=") and change.kind in {"formula", "over", "scratch"}
            what = "clear" if value is None else "formula" if is_formula else "value"
            found.append([what, change.sheet, change.address, *([] if value is None else [value])])
        return [*found, *structure.steps]


# Templates that change.


class Templates:
    """Copies of templates, each with some changes."""

    def __init__(self, made: Made, plants: Plants) -> None:
        self.made, self.plants = made, plants
        self._roots: dict[tuple[str, ...], Path | None] = {}

    def draw(self, dice: random.Random) -> Path:
        """Give templates with one to three changes that go together."""
        while True:
            names = tuple(sorted(dice.sample(sorted(self.plants), dice.randint(1, 3))))
            if names not in self._roots:
                self._roots[names] = self._planted(names)
            if (root := self._roots[names]) is not None:
                return root

    def _planted(self, names: tuple[str, ...]) -> Path | None:
        root = copy_of(self.made.root, self.made.folder / f"templates-{len(self._roots)}")
        for file, old, new in (item for name in names for item in self.plants[name]):
            if new is None:
                (root / file).unlink()
            elif old and (not (root / file).exists() or (root / file).read_text("utf-8").count(old) != 1):
                shutil.rmtree(root)
                return None  # another change was made in the same place
            else:
                plant(root, file, old, new)
        try:
            api.load(self.made.name, root, overlay=self.made.overlay)
        except WorkbookError:
            assert len(names) > 1, names
            return None  # they do not go together
        return root
