"""Random edits of every kind, what must be read back of them, and what must become of them when templates change.

A case is one file: edited and saved by a program, pulled, built again and built a second time. Nothing here asks the
package what an edit is: that is told by what was done to which cell.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest

from tests.roundtrip.edits import place
from tests.support import copy_of, plant
from workbook import api
from workbook.declare.limits import LONGEST_TEXT
from workbook.declare.sheets import declarations
from workbook.errors import WorkbookError, visible
from workbook.record.read import baseline, read
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import cell_position, cell_reference

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from workbook.layout.plan import Layout
    from workbook.model.graph import Model
    from workbook.record.read import Given
    from workbook.roundtrip.pull import Edits
    from workbook.roundtrip.regenerate import Regeneration

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
            given = dice.choice([item for item in self.inputs if item.note_spot])
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
        return Change(kind, sheet, f"Z{dice.randint(30, 90)}", dice.choice([1.0, "mine", "=1+1"]))

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
                found.told.append("was added")
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


# Checking.


@dataclass
class Expected:
    """What must be read back: values, formulas and notes by id; ids, cells and rows that are told."""

    sets: dict[str, Any] = field(default_factory=dict)
    formulas: set[str] = field(default_factory=set)
    notes: dict[str, str] = field(default_factory=dict)
    ids: set[str] = field(default_factory=set)
    cells: set[tuple[str, str]] = field(default_factory=set)
    rows: set[tuple[str, int]] = field(default_factory=set)

    def without(self, refused: set[str]) -> Expected:
        """Give the same with some values told, not read back."""
        sets = {name: value for name, value in self.sets.items() if name not in refused}
        return replace(self, sets=sets, formulas=self.formulas - refused, ids=self.ids | refused)


def expected(made: Made, changes: Sequence[Change], structure: Structure) -> Expected:
    """Tell what must be read back of edits: of formulas, too, which are those of constants."""
    gone = {name for name, given in made.known.inputs.items() if structure.now(given.spot.sheet, given.spot.address) is None}
    found = Expected({name: value for name, value in made.standing.items() if name not in gone}, ids=set(gone))
    for change in changes:
        at = structure.now(change.sheet, change.address)
        given = made.known.inputs.get(change.id)
        if change.id in gone:
            continue  # told as deleted
        if change.kind != "note":
            found.sets.pop(change.id, None)
        if change.kind == "note" and given is not None:
            if (change.value or "") != given.note:
                found.notes[change.id] = change.value or ""
        elif change.kind in {"value", "formula"}:
            assert given
            # Blanks around a text are not taken.
            value = change.value.strip() if isinstance(change.value, str) else digits(change.value)
            if given.taken or value != digits(given.value) or change.kind == "formula":
                found.sets[change.id] = value
            if change.kind == "formula":
                found.formulas.add(change.id)
        elif change.id:
            found.ids.add(change.id)
        elif at is None:
            continue
        elif change.kind == "over":
            found.cells.add(at)
        else:
            found.rows.add((at[0], cell_position(at[1])[0]))
    return found.without(_out_of_order(made, found.sets))


def _out_of_order(made: Made, sets: Mapping[str, Any]) -> set[str]:
    """Tell which edited members of lists keep their list from increasing: the later of two, where it was edited."""
    told = set()
    for table in (table for table in made.book.model.tables.values() if table.kind == "list"):
        names = [f"{table.name}.{keys[0]}" for keys in table.rows]
        values = {name: sets.get(name, made.known.inputs[name].value) for name in names if name in made.known.inputs}
        for (name, value), (following, after) in pairwise(values.items()):
            if not value < after:
                told.add(following if following in sets else name)
    return told


def check_pulled(made: Made, changes: Sequence[Change], structure: Structure, found: Edits) -> Expected:
    """Check that each edit is read back or told, and that nothing else is."""
    wanted = expected(made, changes, structure)
    assert {name: digits(value) for name, value in found.sets.items()} == wanted.sets
    assert {name: edit.note for name, edit in found.edits.items() if edit.note is not None} == wanted.notes
    assert {name for name, edit in found.edits.items() if edit.formula} == wanted.formulas
    ids, cells, rows, told = set(wanted.ids), set(wanted.cells), set(wanted.rows), list(structure.told)
    for item in found.left:
        is_row = ":" in item.address
        line = int(item.address.partition(":")[0]) if is_row else cell_position(item.address)[0] if item.address else 0
        if (item.sheet, item.address) in wanted.cells:
            cells.discard((item.sheet, item.address))
        elif item.id in wanted.ids:
            ids.discard(item.id)
        elif (item.sheet, line) in wanted.rows:
            rows.discard((item.sheet, line))
        elif any(text in item.text for text in structure.told):
            told = [text for text in told if text not in item.text]
        else:
            # Lines of texts alone are told one by one: nothing says where they went.
            texts = (" more ", " fewer ", "which stood in", "has other texts", "which the build did not write")
            lines = any(step[0].startswith("insert") for step in structure.steps) and any(text in item.text for text in texts)
            assert lines or structure.breaks, str(item)
    assert (ids, cells, rows, told) == (set(), set(), set(), []), [str(item) for item in found.left]
    return wanted


@cache
def given_by(name: str, root: Path, overlay: tuple[Path, ...]) -> tuple[dict[str, tuple[Any, str]], Layout]:
    """Give by id the value (None where another's is taken over) and the unit that templates give, and the places."""
    book = api.load(name, root, overlay=list(overlay))
    found = {}
    for cell_id, quantity_id, row in book.given.cells():
        quantity = book.given.quantities[quantity_id]
        if quantity.is_settable(row):
            # What an overlay gave is an edit.
            taken = quantity.takes_over(row)
            found[cell_id] = (None if taken else digits(given_value_of(book, quantity_id, row)), quantity.unit)
    return found, book.layout


def given_value_of(book: api.Book, quantity_id: str, row: int) -> Any:
    """Give the value in the templates themselves."""
    figure = book.given.quantities[quantity_id].inputs[row]
    value = figure.value
    return book.given.choices(book.given.quantities[quantity_id].bounds).get(value, value) if isinstance(value, str) else value


def check_built(made: Made, path: Path, pulled: Edits, root: Path, prefer: Any, *, twice: bool = True) -> Regeneration | None:
    """Build again (``twice``: and once more) with other templates and check what became of each edit; None when it was refused."""
    target, second = path.with_name("new.xlsx"), path.with_name("second.xlsx")
    target.unlink(missing_ok=True)
    try:
        result = regenerate(path, target, templates=root, prefer=prefer)
    except WorkbookError as error:
        assert not target.exists()
        for item in error.diagnostics:
            assert item.place or "would be an error" in item.message or "takes over" in item.message, str(item)
        return None
    now, layout = given_by(made.name, root, tuple(made.overlay))
    cells = read(target)
    conflicts = {item.id: item for item in result.merge.conflicts}
    outcomes = dict(_outcomes(made, pulled, now, layout.model, prefer))
    refused = {item.id for item in result.left}
    for name in [item.id for item in result.left if "makes an error" in item.text]:
        outcomes[name] = (now[name][0], "refused")  # an input could take it, but not with the others
    for name, (wanted, outcome) in outcomes.items():
        assert (outcome == "conflict") == (name in conflicts), name
        assert (outcome == "removed") == (name in result.merge.removed), name
        assert outcome != "refused" or name in refused, name
        if outcome == "removed":
            assert digits(result.merge.removed[name].value) == wanted
        else:
            assert digits(_held(layout, cells, name, result.merge.merged[name].formula)) == wanted, (name, list(map(str, result.left)))
    for name, (value, _) in now.items():
        if name not in outcomes:
            assert digits(_held(layout, cells, name)) == value, f"{name} was not edited"
    _check_notes(cells, baseline(target, cells).inputs, pulled, result)
    # What limits refused is judged again by those of the new templates.
    told = refused | set(result.merge.removed) | set(result.merge.kept)
    assert all(item in result.left or (item.entry and item.id in told) for item in pulled.left)
    if twice:
        again = regenerate(target, second, templates=root, prefer=prefer)
        assert second.read_bytes() == target.read_bytes()
        assert (again.left, again.merge.conflicts, again.merge.removed, again.merge.updated) == ([], [], {}, [])
    return result


def _outcomes(
    made: Made, pulled: Edits, now: dict[str, tuple[Any, str]], model: Model, prefer: str
) -> Iterator[tuple[str, tuple[Any, str]]]:
    """Yield for each edit what the new file must hold, and how it came to that: a choice goes by its key, whatever its name is now."""
    for name, value in pulled.sets.items():
        given = made.known.inputs[name]
        mine, before = (_called(name, each, made.book.model, model) for each in (value, given.value))
        base, mine = (None if given.taken else digits(given.value if before is None else before), given.unit), (digits(mine), given.unit)
        if name not in now:
            yield name, (digits(value), "removed")
        elif mine[0] is None or not _admits(model, name, mine[0]):
            yield name, (now[name][0], "refused")
        elif mine == now[name] or now[name] == base:
            yield name, (mine[0], "kept")
        elif mine[1] != now[name][1] or prefer == "ours":
            yield name, (now[name][0], "conflict")
        else:
            yield name, (mine[0], "conflict")


def _admits(model: Model, name: str, value: Any) -> bool:
    """Tell whether a number is within what templates declare."""
    bounds = model.quantities[(model.find(name) or ("", 0))[0]].bounds
    ends = (bounds.minimum, bounds.maximum)
    return not isinstance(value, float) or all(end is None or sign * value >= sign * end for sign, end in zip((1, -1), ends, strict=True))


def _called(name: str, value: Any, then: Model, now: Model) -> Any:
    """Give the name that a choice has in the templates of now: None where its card is gone; other values are as they are."""
    found = [(model.quantities[at[0]].bounds, model) for model in (then, now) if (at := model.find(name))]
    choices = [model.choices(bounds) for bounds, model in found]
    key = next((key for key, shown in choices[0].items() if shown == value), None)
    return value if key is None or len(found) == 1 else choices[1].get(key)


def _held(layout: Layout, cells: Any, name: str, formula: str = "") -> Any:
    """Give what a cell of the new file holds: None for a formula, but the value of one that was kept."""
    sheet, _, address = layout.address(*(layout.model.find(name) or ("", 0))).rpartition("!")
    cell = cells[sheet.strip("'")][address]
    assert cell.is_formula or not formula, name
    return cell.value if formula or not cell.is_formula else None


def _check_notes(contents: Any, new: Mapping[str, Given], pulled: Edits, result: Regeneration) -> None:
    """Each note stands beside its input, or is told."""
    for name, edit in pulled.edits.items():
        if edit.note is None:
            continue
        spot = new[name].note_spot if name in new else None
        if spot is None:
            assert not edit.note or any(item.id == name and f"'{visible(edit.note)}'" in item.text for item in result.left), name
        else:
            cell = contents[spot.sheet].get(spot.address)
            assert (str(cell.value) if cell and cell.value is not None else "") == edit.note, name
