"""What two workbooks are compared by, be they files or templates: inputs, expressions, shape, headlines."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from workbook.api import package_version
from workbook.changes.differences import PART, Origin
from workbook.changes.sheets import is_account_sheet, is_of_account
from workbook.declare.origin import templates_of
from workbook.expr.values import shown
from workbook.record.fingerprints import NONE
from workbook.record.write import given_value, says, told, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from workbook.changes.differences import Value
    from workbook.layout.book import Book
    from workbook.record.findings import Finding
    from workbook.record.located import Located
    from workbook.record.read import Baseline
    from workbook.roundtrip.pull import Edits

EDITED, FORMULA = "typed into the file", "a formula"
EDITED_IN = "typed into"  # before the name of a copy


class Held(NamedTuple):
    """What an input holds (None: it inherits the value ``inherited``, None where that is not known), its unit and its source.

    ``given`` is the templates' figure and ``given_behind`` its source, also where users typed another.
    """

    value: Value
    unit: str
    behind: str
    given_behind: str
    note: str = ""
    inherited: Value = None
    given: Value = None

    @property
    def shows(self) -> Value:
        """Return what the cell shows."""
        return self.inherited if self.value is None else self.value


class Told(NamedTuple):
    """A headline: label, unit, and value (None: no answer)."""

    label: str
    unit: str
    value: Value


@dataclass(slots=True)
class Side:
    """One of two workbooks. ``rows`` counts those of each table; ``notes`` are those beside inputs.

    ``computed`` are the fields of cards that are formulas. ``is_calculated`` is False where headlines are not known.
    """

    origin: Origin
    inputs: dict[str, Held]
    says: dict[str, str]
    rows: dict[str, int]
    sheets: list[str]
    headlines: dict[str, Told]
    computed: dict[str, Held]
    notes: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    is_calculated: bool = True

    def held(self, name: str) -> Held | None:
        """Return what an input holds, or a field of a card that is a formula; None where there is neither."""
        return self.inputs.get(name) or self.computed.get(name)


def sheets_of(known: Baseline) -> set[str]:
    """Return the sheets of a file as built that ``side_of_file`` reads: those with inputs, headlines and fields of cards."""
    cards = templates_of(known.carried).cards
    fields = (block for block in known.blocks if block.id.partition(".")[0] in cards)
    return {item.spot.sheet for of in (known.inputs.values(), known.headlines.values(), fields) for item in of}


def side_of_file(located: Located, edits: Edits) -> Side:
    """Return what a file holds, as it was saved; sheets that tell an earlier account count for nothing."""
    known = located.baseline
    inputs = {}
    for given in known.inputs.values():
        if is_of_account(given.id):
            continue
        edit = edits.edits.get(given.id)
        is_own = given.id in edits.sets
        built: Value = None if given.taken else edits.choices.shown(given.id, given.value)
        value = edits.sets[given.id] if is_own else built
        note = edit.note if edit is not None and edit.note is not None else ""
        typed = f"{EDITED}: ={edit.formula}" if edit is not None and edit.formula else EDITED
        inherited = located.cell(located.input(given)) if value is None else None
        shows = inherited.value if inherited and isinstance(inherited.value, float | str) else None
        inputs[given.id] = Held(value, given.unit, typed if is_own else given.behind, given.behind, note, shows, built)
    blocks = [block for block in known.blocks if not is_of_account(block.id)]
    says_of = {block.id: block.says for block in reversed(blocks) if block.says}
    rows = _rows((block.id, block.size) for block in blocks)
    values = {item.id: located.cell(located.input(item)) for item in known.headlines.values()}
    is_calculated = any(cell is not None and cell.value is not None for cell in values.values())
    is_as_built = not (edits.sets or edits.left)
    headlines = {}
    for item in known.headlines.values():
        cell = values[item.id]
        # A program that does not calculate drops results; without edits they are those of the build.
        told_there = (cell.value if cell else None) if is_calculated else item.value if is_as_built else None
        answer = told_there if isinstance(told_there, str | float) and told_there != "" else None
        headlines[item.id] = Told(item.label, item.unit, answer)
    noted = {item.id: item.note for item in known.inputs.values() if item.note_spot and not is_of_account(item.id)}
    noted |= {name: edit.note for name, edit in edits.edits.items() if edit.note is not None and name in noted}
    findings = list(dict.fromkeys([*edits.left, *edits.inherited.findings]))
    sheets = _sheets(located.sheets, known.carried)
    origin = Origin(known.workbook, known.version, known.package)
    computed = dict(_computed_in_file(located))
    return Side(origin, inputs, says_of, rows, sheets, headlines, computed, noted, findings, is_calculated or is_as_built)


def _computed_in_file(located: Located) -> Iterator[tuple[str, Held]]:
    """Yield the fields of cards that are formulas, as the file was saved; none where it does not name its cards."""
    cards = {name: list(keys) for name, keys in templates_of(located.baseline.carried).cards.items()}
    for block in located.baseline.blocks:
        table, _, field_name = block.id.partition(".")
        for step, print_of in enumerate(block.prints if table in cards else ()):
            spot = located.place(block.at(step)) if print_of != NONE and block.first_row + step < len(cards[table]) else None
            cell = located.cell(spot) if spot else None
            if cell is not None and isinstance(cell.value, str if block.unit == "text" else float):
                yield f"{table}.{cards[table][block.first_row + step]}.{field_name}", Held(cell.value, block.unit, FORMULA, FORMULA)


def side_of_book(book: Book) -> Side:
    """Return what a build holds; sheets that tell an account count for nothing."""
    layout, given = book.layout, book.given
    inputs = {}
    for cell_id, name, row in given.settable():
        quantity = given.quantities[name]
        if name not in layout.segments or is_of_account(name):
            continue
        if (name, row) in book.edits:
            sheet, line, _ = layout.cell(name, row)
            value: Value = shown(book.values[name])[row]
            figure = quantity.inputs.get(row)
            inputs[cell_id] = Held(value, quantity.unit, EDITED, told(figure) if figure else "", layout.notes.get((sheet, line), ""))
        elif quantity.takes_over(row):
            inputs[cell_id] = Held(None, quantity.unit, "", "", inherited=shown(book.values[name])[row])
        else:
            behind = told(quantity.inputs[row])
            inputs[cell_id] = Held(given_value(given, quantity, row), quantity.unit, behind, behind)
    placed = {name: segments for name, segments in layout.segments.items() if not is_of_account(name)}
    says_of = {name: text for name in placed if (text := says(given.quantities[name]))}
    rows = _rows((name, len(segment.rows)) for name, segments in placed.items() for segment in segments)
    headlines = {}
    for cell_id, name, row in book.model.headlines():
        if name in layout.segments:
            value = shown(book.values[name])[row]
            unit = unit_of(book.model, book.values, name, row)
            headlines[cell_id] = Told(book.model.label(name, row), unit, None if value == "" else value)
    origin = Origin(given.declared.name, given.declared.version, package_version())
    noted = {name: text for name, text in layout.noted_inputs().items() if not is_of_account(name)}
    return Side(origin, inputs, says_of, rows, _sheets(layout.sheets, given.declared.carried), headlines, dict(_computed(book)), noted)


def _computed(book: Book) -> Iterator[tuple[str, Held]]:
    """Yield the fields of cards that are formulas."""
    for name in book.layout.segments:
        quantity = book.model.quantities[name]
        values = shown(book.values[name]) if quantity.variants and book.model.tables[quantity.table].kind == "cards" else []
        for row in quantity.formula_rows() if values else ():
            if isinstance(values[row], str if quantity.is_text else float):
                yield book.model.cell_id(name, row), Held(values[row], quantity.unit, FORMULA, FORMULA)


def _sheets(names: Iterable[str], carried: Mapping[str, object]) -> list[str]:
    return [name for name in names if PART not in carried or not is_account_sheet(name)]


def _rows(blocks: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Count the rows of each table: those of its longest quantity."""
    sizes: dict[str, int] = defaultdict(int)
    for name, size in blocks:
        sizes[name] += size
    rows: dict[str, int] = defaultdict(int)
    for name, size in sizes.items():
        table = name.partition(".")[0]
        rows[table] = max(rows[table], size)
    return dict(rows)
