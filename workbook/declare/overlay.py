"""Overlays: cards, cases and inputs from files of one's own, laid over the templates before they are compiled.

An overlay adds cases to a table whose members have parents (members, parents, names), and gives values by cell id, alone
or with what was pulled from a workbook with them. The values are checked with those of the command line, when the model
is known. An overlay may be a card, such as that of a GPU, in the words of the templates. A file that is built with
cases or cards of overlays carries these, so that it can be read without them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Figure
from workbook.declare.members import USABLE, is_usable, same_name
from workbook.declare.names import check_name
from workbook.declare.overlay_files import MOST_CASES, UTMOST_CASES, Carried, mendable, open_overlay, overlays_of
from workbook.declare.own_cards import is_card, replaced
from workbook.declare.schema import Parent, TableBlock
from workbook.declare.yaml import MAXIMUM_BYTES, Mapping, Node, Reader, Scalar, stray
from workbook.errors import Place, Problems, WorkbookError, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from workbook.declare.overlay_files import Files, Opened
    from workbook.declare.schema import Column, Declarations

OVERLAYS, OFFERED = "overlays", "offered"  # the parts of the record of a build that carry them, and the values that they gave
SETS, LABEL, PARENT, NAME = "sets", "label", "parent", "name"
WORKBOOK, TOLD = "workbook", ("version", "left", "remarks")  # TOLD is for the reader of a file that was pulled
STRANGE = 4  # keys of a file, none of which is known: it is another file, not one with mistakes
VALUE, UNIT, NOTE, FORMULA, OF_EDIT = "value", "unit", "note", "formula", ("was", "took_over", "shown")  # OF_EDIT is for readers, too


@dataclass(frozen=True, slots=True)
class Given:
    """A value for an input, and where it and its name stand; no places for those of the command line.

    ``formula`` is what gives the value, if anything does, with ids in place of references.
    """

    value: float | str
    place: Place | None = None
    name_place: Place | None = None
    formula: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What an overlay says of an input beside its value: the unit it was given in, and a note; None where it says nothing."""

    place: Place
    unit: str | None = None
    note: str | None = None


@dataclass(slots=True)
class Overlaid:
    """Declarations with the cases of overlays, the values and remarks by cell id, and the mistakes found so far."""

    declared: Declarations
    sets: dict[str, Given] = field(default_factory=dict)
    remarks: dict[str, Remark] = field(default_factory=dict)
    problems: Problems = field(default_factory=Problems)
    most_cases: int = MOST_CASES
    added: int = 0


def overlaid(read: Callable[[Sequence[Node]], Declarations], files: Files) -> Overlaid:
    """Lay overlays over declarations, later files over earlier ones; those that say which cards and cases there are will be carried.

    ``read`` gives the declarations with some cards beside those of the templates; it raises WorkbookError for mistakes in these.
    Mistakes elsewhere in overlays are recorded, not raised, and what is wrong is left out, so that those in values can be told
    with them.
    """
    given, problems = overlays_of(files), Problems()
    opened = [found for file in given.files if (found := open_overlay(file, problems))]
    result = Overlaid(_declared(read, opened, problems), problems=problems, most_cases=given.most_cases)
    left = replaced(result.declared, opened, problems)
    carried: list[Carried] = []
    for item, node, was_carried in opened:
        if item.shown_as in left:
            continue
        before, known = result.declared, len(problems.found)
        if not is_card(node):
            _Overlay(result, node, only_cases=was_carried).lay()
        if was_carried:
            problems.found[known:] = [mendable(found, item.name) for found in problems.found[known:]]
        if is_card(node) or result.declared != before:
            carried.append(item)
    if carried:
        _check_size(carried, result.problems)
        told = [{"name": item.name, "text": item.text} for item in carried]
        result.declared = replace(result.declared, carried={**result.declared.carried, OVERLAYS: told})
    return result


def cards_of(files: Files, read: Callable[[Sequence[Node]], Declarations]) -> Declarations:
    """Return declarations with the cards that overlays give; raises WorkbookError for overlays that are no cards, too."""
    problems = Problems()
    opened = [found for file in overlays_of(files).files if (found := open_overlay(file, problems))]
    for found in opened:
        if not is_card(found.node):
            problems.add(found.node.place, "holds no card", "cases and inputs are for workbook build; give files of cards here")
    declared = _declared(read, opened, problems)
    replaced(declared, opened, problems)
    problems.raise_if_any()
    return declared


def _declared(read: Callable[[Sequence[Node]], Declarations], opened: Sequence[Opened], problems: Problems) -> Declarations:
    """Return the declarations with the cards among overlays; raises WorkbookError with what is wrong in these, too."""
    try:
        return read(tuple(found.node for found in opened if is_card(found.node)))
    except WorkbookError as error:
        names = {found.item.shown_as: found.item.name for found in opened if found.was_carried}
        found = [mendable(item, names[item.place.file]) if item.place and item.place.file in names else item for item in error.diagnostics]
        raise WorkbookError([*found, *problems.found]) from None


def _check_size(carried: Sequence[Carried], problems: Problems) -> None:
    """Refuse more than what is read back from a file."""
    size = sum(len(item.text.encode()) for item in carried)
    if size > MAXIMUM_BYTES:
        message = f"the overlays with cases and cards are {size:,} bytes together; a workbook carries at most {MAXIMUM_BYTES:,}"
        problems.add(Place(carried[-1].shown_as), message, "leave out comments and values that are not needed")


def tables_of_cases(declared: Declarations) -> dict[str, TableBlock]:
    """Return the tables whose members are written out and have parents."""
    return {block.name: block for block in _tables(declared) if block.parents and len(block.rows) == 1 and block.rows[0].members}


def _tables(declared: Declarations) -> Iterator[TableBlock]:
    return (block for sheet in declared.sheets for block in sheet.blocks if isinstance(block, TableBlock))


def _ancestors(block: TableBlock, case: str) -> list[str]:
    """Return the cases that one inherits from, the nearest first."""
    parents, found = {item.member: item.parent for item in block.parents}, [case]
    while (parent := parents.get(found[-1])) is not None and parent not in found:
        found.append(parent)
    return found[1:]


def _assumptions(block: TableBlock) -> dict[str, Column]:
    """Return the columns whose cells are inputs, or may be overwritten with one."""
    return {column.name: column for column in block.columns if column.default or (column.figures and not column.constants)}


def _settable(block: TableBlock) -> set[str]:
    """Return the names of what can be given for each case: its assumptions, and its name where that is an input."""
    return {*_assumptions(block), *((NAME,) if block.rows[0].renamable else ())}


class _Overlay:
    """One overlay; with ``only_cases`` its values, and what else it says of inputs, are left aside."""

    def __init__(self, result: Overlaid, node: Node, *, only_cases: bool = False) -> None:
        self.result, self.problems, self.only_cases = result, result.problems, only_cases
        self.reader = Reader(node, self.problems, "an overlay")
        self.own: dict[str, Place] = {}  # the cells that this file gives values to

    def lay(self) -> None:
        """Add the cases of the file, and take its values."""
        known = tables_of_cases(self.result.declared)
        keys = self.reader.node.keys
        if len(keys) >= STRANGE and not set(keys) & {*known, SETS, WORKBOOK, *TOLD}:
            fix = "measurements, traces and configurations of models are read by: workbook import"
            self.problems.add(self.reader.node.place, "is no overlay: it holds no cases, no inputs and no card", fix)
            return
        self._check_workbook()
        for name, place in self.reader.node.keys.items():
            if name in {SETS, WORKBOOK, *TOLD}:
                continue
            if name not in known:
                fix = suggest(name, [*known, SETS]) if known else f"it has none; give its inputs under '{SETS}'"
                self.problems.add(place, f"there is no table of cases '{name}' in this workbook", fix)
                continue
            cases = self.reader.mapping(name)
            if not self._are_few(known[name], cases):
                continue
            for case, node in cases:
                self._case(tables_of_cases(self.result.declared)[name], case, node, cases)
        if self.only_cases:
            return
        given = self.reader.mapping(SETS)
        for cell_id, node in given:
            place = given.keys[cell_id]
            value, formula = self._remark(cell_id, node, place) if isinstance(node, Mapping) else (node, "")
            if value is not None:
                self._take(cell_id, value, place, formula)

    def _are_few(self, block: TableBlock, cases: Mapping) -> bool:
        """Refuse more new cases than a workbook takes before any is laid: each is a column of formulas in every table."""
        most, before = self.result.most_cases, self.result.added
        self.result.added += sum(1 for case in cases.items if case not in block.rows[0].members)
        if before < self.result.added > most:
            message = f"overlays add {self.result.added:,} cases; a workbook takes {most:,}"
            enough = self.result.added <= UTMOST_CASES
            fix = f"leave some out, or allow them with --most-cases {self.result.added}" if enough else f"take {UTMOST_CASES:,} at most"
            self.problems.add(self.reader.node.keys[block.name], message, fix)
            return False
        return True

    def _check_workbook(self) -> None:
        """Refuse what was pulled from another workbook."""
        name, here = self.reader.text(WORKBOOK), self.result.declared.name
        if name not in {"", here}:
            message = f"holds edits of the workbook '{name}', not of '{here}'"
            self.problems.add(self.reader.place_of(WORKBOOK), message, f"build that one: workbook build {name}")

    def _remark(self, cell_id: str, node: Mapping, name_place: Place) -> tuple[Node | None, str]:
        """Take what was pulled with a value, and return the value and its formula; None where there is a note alone."""
        reader = Reader(node, self.problems, f"the edit of '{cell_id}'")
        value = node.items.get(VALUE)
        unit, note, formula = (reader.text(key) if key in node.items else None for key in (UNIT, NOTE, FORMULA))
        reader.check_known({VALUE, UNIT, NOTE, FORMULA, *OF_EDIT})
        self.result.remarks[cell_id] = Remark(name_place, unit, note)
        if value is None and note is None:
            self.problems.add(node.place, f"the edit of '{cell_id}' has neither '{VALUE}' nor '{NOTE}'", "give it a value")
        return value, (formula or "").removeprefix("=")

    def _take(self, cell_id: str, node: Node, name_place: Place, formula: str = "") -> None:
        if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
            self.problems.add(node.place, f"the value of '{cell_id}' must be a number or a text")
        elif cell_id in self.own:
            self.problems.add(name_place, f"'{cell_id}' is given twice (first on line {self.own[cell_id].line})", "keep one")
        else:
            self.own[cell_id] = name_place
            self.result.sets[cell_id] = Given(node.text, node.place, name_place, formula)

    def _case(self, block: TableBlock, case: str, node: Node, cases: Mapping) -> None:
        """Take the values of one case, which is added to the table where it is new."""
        reader = Reader(node, self.problems, f"case '{case}'")
        place = cases.keys[case]
        before = len(self.problems.found)
        if case not in block.rows[0].members:
            check_name(case, place, "case", self.problems)
        if len(self.problems.found) > before:
            return
        assumed = _settable(block)
        if isinstance(node, Mapping):
            self._declare(block, case, reader, cases)
        for name, value in reader.node:
            if self.only_cases or name in {LABEL, PARENT}:
                continue
            if name in assumed:
                self._take(f"{block.name}.{case}.{name}", value, reader.node.keys[name])
                continue
            worked_out = any(column.name == name for column in block.columns)
            message = (
                f"'{name}' of '{block.name}' is worked out, not assumed" if worked_out else f"'{block.name}' has no assumption '{name}'"
            )
            alone = isinstance(value, Scalar) and value.value is None
            fix = "give what it is worked out from" if worked_out else stray(name) if alone else suggest(name, [*assumed, LABEL, PARENT])
            self.problems.add(reader.node.keys[name], message, fix)

    def _declare(self, block: TableBlock, case: str, reader: Reader, cases: Mapping) -> None:
        """Put a case's name and parent into the declarations; a new one becomes the last of its table."""
        (row,) = block.rows
        new = case not in row.members
        label = self._label(block, case, reader, cases.keys[case])
        parent = self._parent(block, case, reader, cases)
        columns = block.columns
        if new:
            self._check_written_out(block, case, cases.keys[case])
            if parent is None:
                columns = tuple(_with_root(column, case) for column in columns)
        parents = block.parents
        if parent:
            given = Parent(case, parent, cases.keys[case], reader.place_of(PARENT))
            parents = (*(item for item in parents if item.member != case), given)
            columns = tuple(replace(column, parents=(given, *column.parents)) if column.parents else column for column in columns)
        changed = replace(block, rows=(replace(row, members={**row.members, case: label}),), parents=parents, columns=columns)
        self.result.declared = _with_table(self.result.declared, changed)

    def _label(self, block: TableBlock, case: str, reader: Reader, place: Place) -> str:
        """Return the name that cells show; lookups find the case by it."""
        members = block.rows[0].members
        known = str(members.get(case, case.replace("_", " ")))
        if case in members and LABEL not in reader.node.items:
            return known
        label = reader.text(LABEL, known)
        at = reader.place_of(LABEL) if LABEL in reader.node.items else place
        if not is_usable(label):
            self.problems.add(at, f"'{label}' cannot be the label of a case", USABLE)
            return known
        same = same_name(members, case, label)
        if same:
            self.problems.add(at, f"case '{same}' has the label '{label}' already", f"give '{case}' another label")
            return known if case in members else case
        return label

    def _parent(self, block: TableBlock, case: str, reader: Reader, cases: Mapping) -> str | None:
        """Return the case that one takes over from; a new one without has a value for every assumption that follows from no other."""
        members = list(block.rows[0].members)
        others = [member for member in members if member != case]
        parent, place = reader.text(PARENT), reader.place_of(PARENT)
        named = next((key for key, shown in block.rows[0].members.items() if str(shown).lower() == parent.lower()), "")
        others += [member for member in cases.items if member not in members and member != case]
        if parent in others and case not in _ancestors(block, parent):
            return parent
        if parent in others:
            self.problems.add(place, f"'{case}' cannot inherit from '{parent}', which inherits from '{case}'", "name another parent")
        elif parent:
            message = f"'{case}' cannot inherit from '{parent}', which is no case"
            self.problems.add(place, message, suggest(named or parent, others))
        elif case not in members:
            lacking = [name for name, column in _assumptions(block).items() if name not in reader.node.items and not column.default]
            if not lacking:
                return None
            such = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")  # noqa: PLR2004 as shown before
            hint = suggest(case, members)
            hint = f"{hint} Or add" if hint.startswith("did you mean") else "add"
            self.problems.add(
                cases.keys[case],
                f"'{case}' is no case of '{block.name}'; a new one needs a parent, or a value of its own for {such}",
                f"{hint} a parent, such as 'parent: {block.parents[-1].parent}'",
            )
        return None if case in members else members[0]

    def _check_written_out(self, block: TableBlock, case: str, place: Place) -> None:
        """Refuse a new case where another table over the cases says something for each of them by name."""
        over = {block.name}
        for table in _tables(self.result.declared):
            for position, key in enumerate(table.rows):
                own = table.name == block.name
                if not own and (over.isdisjoint(key.of) or key.only):
                    continue
                if len(table.rows) == 1:
                    over.add(table.name)
                for column in table.columns:
                    last = position == len(table.rows) - 1
                    figures = not own and not column.constants and any(len(path) > 1 or last for path in column.figures)
                    if column.switch == key.name or figures:
                        message = f"'{case}' cannot be added to '{block.name}': '{table.name}.{column.name}' is written out case by case"
                        self.problems.add(place, message, "change a case that the templates have")


def _with_root(column: Column, case: str) -> Column:
    """Return a column of assumptions with a figure for a case without parent, which stands for the value given to it."""
    if column.constants or column.default or not column.figures:
        return column
    like = next(iter(column.figures.values()))
    return replace(column, figures={**column.figures, (case,): Figure(like.value, like.unit, like.place)})


def _with_table(declared: Declarations, table: TableBlock) -> Declarations:
    """Return the declarations with a table in place of the one of its name."""

    def other(block: object) -> bool:
        return not (isinstance(block, TableBlock) and block.name == table.name)

    sheets = tuple(replace(sheet, blocks=tuple(block if other(block) else table for block in sheet.blocks)) for sheet in declared.sheets)
    return replace(declared, sheets=sheets)
