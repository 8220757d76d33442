"""What must be read back of random edits of every kind, and what must become of each when a file is built again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tests.roundtrip.storm import Change, Made, Structure, digits
from workbook import api
from workbook.errors import WorkbookError, visible
from workbook.record.read import baseline, read
from workbook.roundtrip.regenerate import regenerate
from workbook.xlsx.cells import cell_position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from workbook.layout.plan import Layout
    from workbook.model.graph import Model
    from workbook.record.read import Given
    from workbook.roundtrip.pull import Edits
    from workbook.roundtrip.regenerate import Regeneration


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


def emptied_zeros(made: Made, change: Change) -> set[str]:
    """Give the input that a change empties where it held 0, which it is to every formula then, too."""
    given = made.known.inputs.get(change.id)
    return {change.id} if given and change.kind == "clear" and given.value == 0 and not given.taken else set()


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
            found.ids.update({change.id} - emptied_zeros(made, change))
        elif at is None or change.kind == "scratch":
            continue  # a build carries it, or tells it: test_storm_added
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
