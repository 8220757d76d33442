"""The keys and rows of tables: members of catalogues, lists and other tables, members written out, combinations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from workbook.declare.schema import TableBlock
from workbook.errors import suggest
from workbook.model.graph import CellRef, Key

if TYPE_CHECKING:
    from workbook.declare.schema import RowKey, Sheet, ValuesBlock
    from workbook.errors import Place, Problems
    from workbook.model.graph import Model

Shown = dict[str, str | float]
Cells = dict[str, CellRef]
Declared = tuple["TableBlock | ValuesBlock", "Sheet"]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a key that is made of several: the member of the part for each member of the key."""

    key: Key
    owner: int
    members: dict[str, str]


def in_order_of_rows(blocks: list[Declared], made: set[str], problems: Problems) -> list[Declared]:
    """Return blocks so that those whose rows run over another table's come after it; their order is else as given.

    Catalogues and tables in ``made`` are there already. Raises WorkbookError for tables that run over one another.
    """
    ordered: list[Declared] = []
    waiting = blocks
    while waiting:
        awaited = {block.name for block, _ in waiting} - made
        ready = [item for item in waiting if awaited.isdisjoint(_tables_run_over(item[0]))]
        if not ready:
            cycle = _cycle({block.name: _tables_run_over(block) & awaited for block, _ in waiting})
            place = next(block.place for block, _ in waiting if block.name == cycle[0])
            problems.add(place, f"a cycle: the rows of {' -> '.join(cycle)}", "write the members of one of them out")
            problems.raise_if_any()
        # One at a time, so that a block that could start moves no further than it must.
        ordered.append(ready[0])
        waiting = [item for item in waiting if item is not ready[0]]
    return ordered


def _tables_run_over(block: TableBlock | ValuesBlock) -> set[str]:
    rows = block.rows if isinstance(block, TableBlock) else ()
    return {of for row in rows for part in (row, *row.parts) for of in part.of}


def _cycle(awaited: dict[str, set[str]]) -> list[str]:
    """Return tables each of which waits for the next, from one back to itself, where every table waits for some."""
    path = [next(iter(awaited))]
    while path[-1] not in path[:-1]:
        path.append(min(awaited[path[-1]]))
    return path[path.index(path[-1]) :]


class RowKeys:
    """The keys of a block, its rows as tuples of member keys, and the parts that keys are made of."""

    def __init__(self, model: Model, problems: Problems, block: TableBlock | ValuesBlock, sheet: Sheet) -> None:
        """Find the keys of ``block``; record what is wrong in ``problems``."""
        self.model, self.problems, self.block = model, problems, block.name
        self.keys: list[Key] = []
        self.rows: list[tuple[str, ...]] = []
        self.parts: list[Part] = []
        if isinstance(block, TableBlock) and block.points:
            self._points(block)
            return
        members: list[list[str]] = []
        if sheet.each:
            shown, _ = self._named(sheet.each, sheet.place)
            self.keys.append(Key(sheet.each_key, sheet.each, f"{block.name}.{sheet.each_key}", shown))
            members.append(list(shown))
        for row in block.rows if isinstance(block, TableBlock) else ():
            key, kept = self._key(row)
            members.append(kept)
            if row.parts:
                self._split(row, len(self.keys), kept)
            self.keys.append(key)
        if isinstance(block, TableBlock) and not self.keys:
            problems.add(block.place, f"table '{block.name}' has no row keys")
        self.rows = list(product(*members))

    def _points(self, block: TableBlock) -> None:
        """The rows of a table of curves: each card's points, numbered."""
        catalogue = self.model.declared.catalogues.get(block.points)
        if catalogue is None or catalogue.points is None or block.rows:
            self.problems.add(block.place, f"'points: {block.points}' needs a catalogue whose cards have points, and no 'rows'")
            return
        spec = catalogue.points
        numbers: Shown = {f"p{number}": float(number) for number in range(1, spec.count + 1)}
        shown, _ = self._named(catalogue.name, block.place)
        card = Key("card", catalogue.name, f"{block.name}.card", shown, catalogue.label)
        self.keys = [card, Key(spec.key, "", f"{block.name}.{spec.key}", numbers, spec.label)]
        self.rows = [(key, number) for key in catalogue.cards for number in numbers]

    def _key(self, row: RowKey) -> tuple[Key, list[str]]:
        """Return a key and those of its members that the rows have."""
        shown, cells = self._shown(row)
        for member in (*row.only, *row.without):
            if member not in shown:
                self.problems.add(row.place, f"'{member}' is not a member of '{' or '.join(row.of)}'", suggest(member, shown))
        for member in (*row.shares, *row.shares.values()):
            if member not in shown or (member in row.shares.values() and member in row.shares):
                self.problems.add(row.place, f"'{member}' is not a member of '{row.name}' with a row", suggest(member, shown))
        of = row.of[0] if len(row.of) == 1 else ""
        if row.renamable:
            cells = {member: CellRef(f"{self.block}.{row.name}", number) for number, member in enumerate(shown)}
        key = Key(row.name, of, f"{self.block}.{row.name}", shown, row.label, row.unit, cells, row.renamable, row.shares)
        return key, [member for member in (row.only or shown) if member in shown and member not in (*row.without, *row.shares)]

    def _shown(self, row: RowKey) -> tuple[Shown, Cells]:
        """Return what each member of a key is shown as, and of those that cells name, the cell."""
        if row.members:
            return dict(row.members), {}
        if row.parts:
            parts = [self._key(part) for part in row.parts]
            every = product(*(kept for _, kept in parts))
            shown = [
                tuple(_text(key.shown[name]) for (key, _), name in zip(parts, names, strict=True))
                for names in product(*(k for _, k in parts))
            ]
            return {"_".join(names): ", ".join(texts) for names, texts in zip(every, shown, strict=True)}, {}
        found: Shown = {}
        cells: Cells = {}
        for of in row.of:
            named, cells_of = self._named(of, row.place)
            cells |= cells_of
            for member, name in named.items():
                if member in found:
                    self.problems.add(row.place, f"'{member}' is a member of '{of}' and of one before it in 'of'", "rename one of them")
                found[member] = name
        return found, cells

    def _split(self, row: RowKey, owner: int, kept: list[str]) -> None:
        """Note for each part of a key which of its members each member of the key is made of."""
        parts = [self._key(part) for part in row.parts]
        combined = {"_".join(names): names for names in product(*(members for _, members in parts))}
        for number, (key, _) in enumerate(parts):
            self.parts.append(Part(key, owner, {member: combined[member][number] for member in kept}))

    def _named(self, of: str, place: Place) -> tuple[Shown, Cells]:
        """Return the members of a catalogue, list or table, what they are shown as, and the cells that name them, if such do."""
        if of in self.model.declared.catalogues:
            return {key: card.name for key, card in self.model.declared.catalogues[of].cards.items()}, {}
        table = self.model.tables.get(of)
        if table and table.kind == "list":
            return {row[0]: row[0] for row in table.rows}, {row[0]: CellRef(f"{of}.value", number) for number, row in enumerate(table.rows)}
        if table and table.kind == "table" and len(table.keys) == 1:
            key = table.keys[0]
            members = [row[0] for row in table.rows]
            return {member: key.shown[member] for member in members}, {m: key.cells[m] for m in members if m in key.cells}
        known = [*self.model.declared.catalogues, *(name for name, item in self.model.tables.items() if item.kind == "list")]
        self.problems.add(place, f"'{of}' is neither a catalogue nor a list nor a table with one key", suggest(of, known))
        return {}, {}


def _text(shown: str | float) -> str:
    return shown if isinstance(shown, str) else f"{shown:g}"
