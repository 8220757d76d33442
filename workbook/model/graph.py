"""The model graph: quantities (columns of cells), tables (rows by keys), and the order of calculation."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import pairwise, product
from typing import TYPE_CHECKING, NamedTuple

from workbook.declare.catalogues import Bounds, Figure
from workbook.expr.nodes import Cell, Fixed, Lookup, Neighbour, Number, Recorded, Text, Tree, quantities
from workbook.model.order import calculation_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from workbook.declare.catalogues import Formula
    from workbook.declare.schema import Declarations
    from workbook.errors import Place
    from workbook.expr.units import Units


class CellRef(NamedTuple):
    """One cell of the model: a quantity, and the 0-based row of its table."""

    quantity: str
    row: int


@dataclass(frozen=True, slots=True)
class Variant:
    """An expression of a quantity and the rows it holds for: as written (``tree``) and without unit functions.

    ``refers`` gives what the latter refers to, each with the node that does.
    """

    tree: Tree
    lowered: Tree
    rows: tuple[int, ...]
    formula: Formula
    refers: tuple[tuple[str, Tree], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Work out once what is asked for again and again."""
        object.__setattr__(self, "refers", tuple(quantities(self.lowered)))


@dataclass(frozen=True, slots=True)
class Typed:
    """A formula that was typed into an input: with ids in place of references (``expr.typed``), and as a tree of Fixed cells."""

    text: str
    tree: Tree


@dataclass(slots=True)
class Quantity:
    """One column of cells. Each row is an input, a formula, a link to another cell, a constant, or blank.

    ``parents`` gives for rows of inputs the row of the member that theirs descends from. Where such a row is a link, it
    takes over its parent's value until it is given one of its own; where it is an input, it has one (an override).
    With ``takes`` the rows that are formulas take over the formula's value in the same way. ``leads`` gives for rows that
    are links to click the cell they lead to; ``formats`` and ``width`` are as in ``schema.Column``, by row. No result depends on inputs for
    ``reference``. ``typed`` gives for rows of inputs the formulas that give them their values, if any do.
    Rows that are ``entered`` in another table are links to it, and take no value of their own.
    """

    table: str
    name: str
    label: str
    unit: str
    size: int
    place: Place
    doc: str = ""
    source: str = ""
    format: str = ""
    headline: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    inputs: dict[int, Figure] = field(default_factory=dict)
    alternates: dict[int, tuple[str, Figure]] = field(default_factory=dict)
    evidence: dict[int, Figure] = field(default_factory=dict)
    links: dict[int, CellRef] = field(default_factory=dict)
    constants: dict[int, float | str] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    section: str = ""
    takes: bool = False
    leads: dict[int, CellRef] = field(default_factory=dict)
    formats: dict[int, str] = field(default_factory=dict)
    width: float = 0.0
    reference: bool = False
    variants: list[Variant] = field(default_factory=list)
    typed: dict[int, Typed] = field(default_factory=dict)
    entered: set[int] = field(default_factory=set)
    needed: dict[tuple[bool, bool], dict[str, None]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )  # see ``Model.needs``

    @property
    def id(self) -> str:
        """The dotted id of the quantity; a cell's id adds the row's keys."""
        return f"{self.table}.{self.name}"

    @property
    def is_text(self) -> bool:
        """Whether the cells hold text."""
        return self.unit == "text"

    def takes_over(self, row: int) -> bool:
        """Whether a row shows the value of its parent, a name or an expression's value, and may be given one of its own."""
        if row in self.links:
            return row not in self.entered and (row in self.parents or bool(self.bounds.key))
        return self.takes and any(row in variant.rows for variant in self.variants)

    def is_settable(self, row: int) -> bool:
        """Whether a row can be given a value: it is an input, or takes one over."""
        return row in self.inputs or self.takes_over(row)

    def filled(self) -> list[int]:
        """Return the rows that hold something."""
        return sorted({*self.inputs, *self.links, *self.constants, *self.formula_rows()})

    def settable(self) -> list[int]:
        """Return the rows that can be given a value."""
        taken = [row for row in self.links if self.takes_over(row)]
        return sorted({*self.inputs, *taken, *(self.formula_rows() if self.takes else ())})

    def with_own(self, row: int, value: float | str) -> Quantity:
        """Return the quantity with an input in a row that took a value over."""
        inputs = {**self.inputs, row: Figure(value, self.unit, self.place)}
        links = {other: target for other, target in self.links.items() if other != row}
        variants = [replace(variant, rows=tuple(other for other in variant.rows if other != row)) for variant in self.variants]
        return replace(self, inputs=dict(sorted(inputs.items())), links=links, variants=variants)

    def formula_rows(self) -> dict[int, Variant]:
        """Return the variant of each row that holds a formula."""
        return {row: variant for variant in self.variants for row in variant.rows}


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table's rows. ``of`` names the catalogue or list, ``quantity`` the column that shows it.

    ``cells`` gives the cells that members are named by, where cells name them: those of a list, and of a table that is
    ``renamable``, in which the names are inputs of a column of their own. ``shares`` gives members that have no row of
    their own the member whose row is theirs.
    """

    name: str
    of: str
    quantity: str
    shown: dict[str, str | float]
    label: str = ""
    unit: str = ""
    cells: dict[str, CellRef] = field(default_factory=dict)
    renamable: bool = False
    shares: dict[str, str] = field(default_factory=dict)

    def sharing(self, member: str) -> list[str]:
        """Return the members whose row is that of a member: itself, and those that share it."""
        return [member, *(other for other, owner in self.shares.items() if owner == member)]


@dataclass(slots=True)
class Table:
    """Rows by keys. ``rows`` holds the member keys of each row; ``split`` names the catalogue whose sheets share it.

    With ``across`` the rows run to the right. ``parents`` gives the parent's row of rows that take over values, ``parts``
    what the members of a key are made of, each shown in a column of its own.
    """

    name: str
    kind: str
    keys: tuple[Key, ...]
    rows: list[tuple[str, ...]]
    place: Place
    split: str = ""
    across: bool = False
    parents: dict[int, int] = field(default_factory=dict)
    parts: tuple[Key, ...] = ()
    columns: list[str] = field(default_factory=list)
    _index: dict[tuple[str, ...], int] = field(default_factory=dict, init=False, repr=False, compare=False)
    _rows_with: dict[tuple[int, ...], dict[tuple[str, ...], list[int]]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _groups: list[range] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def index(self) -> dict[tuple[str, ...], int]:
        """Return the row of each tuple of member keys; rows are as they were when a table was made."""
        if len(self._index) < len(self.rows):
            shared = any(key.shares for key in self.keys)
            of_row = (lambda row: product(*map(Key.sharing, self.keys, row))) if shared else lambda row: (row,)
            self._index = {members: number for number, row in enumerate(self.rows) for members in of_row(row)}
        return self._index

    def rows_with(self, positions: tuple[int, ...]) -> dict[tuple[str, ...], list[int]]:
        """Return the rows that have the same members of the keys at some positions, by these members."""
        if positions not in self._rows_with:
            found: dict[tuple[str, ...], list[int]] = {}
            for number, keys in enumerate(self.rows):
                found.setdefault(tuple(keys[position] for position in positions), []).append(number)
            self._rows_with[positions] = found
        return self._rows_with[positions]

    def groups(self) -> list[range]:
        """Return the runs of rows that share all keys but the last: the reach of previous() and next()."""
        if not self._groups:
            starts = [number for number, row in enumerate(self.rows) if number == 0 or row[:-1] != self.rows[number - 1][:-1]]
            self._groups = [range(start, stop) for start, stop in pairwise([*starts, len(self.rows)])]
        return self._groups


@dataclass(slots=True)
class Model:
    """Everything known about one workbook before it is placed or evaluated.

    ``recurring`` names the quantities that use their own earlier rows.
    """

    declared: Declarations
    units: Units
    tables: dict[str, Table]
    quantities: dict[str, Quantity]
    collected: dict[str, str]
    order: list[tuple[str, ...]] = field(default_factory=list)
    recurring: set[str] = field(default_factory=set)

    def choices(self, bounds: Bounds) -> dict[str, str]:
        """Return what a keyed input may be: the names that cells show, by card, or by row of a table with one key."""
        catalogue = self.declared.catalogues.get(bounds.key)
        if catalogue:
            return {card.key: card.name for card in catalogue.cards.values()}
        table = self.tables.get(bounds.key)
        return {row[0]: str(table.keys[0].shown[row[0]]) for row in table.rows} if table and len(table.keys) == 1 else {}

    def cell_id(self, quantity: str, row: int) -> str:
        """Return the stable dotted id of one cell: table, the row's keys, column."""
        item = self.quantities[quantity]
        table = self.tables[item.table]
        if table.kind == "list":
            return ".".join((item.table, *table.rows[row]))
        return ".".join((item.table, *table.rows[row], item.name))

    def label(self, quantity: str, row: int) -> str:
        """Return what a person calls a cell: what its row shows, and the label of its column."""
        item = self.quantities[quantity]
        table = self.tables[item.table]
        shown = [key.shown[member] for key, member in zip(table.keys, table.rows[row], strict=True)]
        of = ", ".join(value if isinstance(value, str) else f"{value:g}" for value in shown)
        return f"{of}: {item.label}" if of else item.label

    def cells(self) -> Iterator[tuple[str, str, int]]:
        """Yield (cell id, quantity id, row) for every cell that holds something."""
        for name, quantity in self.quantities.items():
            yield from ((self.cell_id(name, row), name, row) for row in quantity.filled())

    def settable(self) -> Iterator[tuple[str, str, int]]:
        """Yield what ``cells`` does for inputs, and for cells that take a value over until one is given to them."""
        for name, quantity in self.quantities.items():
            yield from ((self.cell_id(name, row), name, row) for row in quantity.settable())

    def headlines(self) -> Iterator[tuple[str, str, int]]:
        """Yield what ``cells`` does for headlines."""
        for name, quantity in self.quantities.items():
            if quantity.headline:
                yield from ((self.cell_id(name, row), name, row) for row in quantity.filled())

    def overridden(self, edits: Mapping[CellRef, float | str], *, formulas: bool = False) -> Model:
        """Return the model in which edited cells that took over a value are inputs of their own; with ``formulas`` any formula is."""
        renamed = self.renamed(edits)
        if renamed is not self:
            others = {cell: value for cell, value in edits.items() if not self.quantities[cell[0]].bounds.names}
            return renamed.overridden(others, formulas=formulas)
        changed: dict[str, Quantity] = {}
        for (name, row), value in edits.items():
            quantity = changed.get(name, self.quantities[name])
            if quantity.takes_over(row) or (formulas and row not in quantity.inputs):
                changed[name] = quantity.with_own(row, value)
        return replace(self, quantities={**self.quantities, **changed}) if changed else self

    def renamed(self, edits: Mapping[CellRef, float | str]) -> Model:
        """Return the model in which members are shown by the names that edits give them."""
        names: dict[CellRef, str] = {}
        for (name, row), value in edits.items():
            if self.quantities[name].bounds.names:
                names[CellRef(self.tables[self.quantities[name].table].keys[0].quantity, row)] = str(value)
        if not names:
            return self
        tables = {
            table.name: replace(table, keys=tuple(replace(key, shown=_renamed(key, names)) for key in table.keys))
            for table in self.tables.values()
        }
        return replace(self, tables=tables)

    def find(self, cell_id: str) -> CellRef | None:
        """Return the quantity and row of a cell id, or None."""
        parts = cell_id.split(".")
        table = self.tables.get(parts[0])
        if table is None:
            return None
        name, keys = ("value", tuple(parts[1:])) if table.kind == "list" else (parts[-1], tuple(parts[1:-1]))
        row = table.index.get(keys)
        quantity = f"{parts[0]}.{name}"
        return CellRef(quantity, row) if row is not None and quantity in self.quantities else None

    def static_rows(self, table: Table, conditions: tuple[tuple[str, Tree], ...], home: Table, row: int) -> list[int] | None:
        """Return the rows of ``table`` whose keys meet the conditions for one row of ``home``, by member keys.

        None when a condition depends on more than keys, so that only the spreadsheet can tell.
        """
        wanted: dict[int, str] = {}
        for quantity, value in conditions:
            position = next((number for number, key in enumerate(table.keys) if key.quantity == quantity), None)
            member = self.static_member(value, home, row, table.keys[position]) if position is not None else None
            if position is None or member is None:
                return None
            if wanted.setdefault(position, member) != member:
                return []
        return table.rows_with(tuple(wanted)).get(tuple(wanted.values()), [])

    def static_member(self, tree: Tree, home: Table, row: int, key: Key) -> str | None:
        """Return the member key that a tree stands for on a row of ``home``, or None."""
        if isinstance(tree, Cell):
            position = next((number for number, own in enumerate(home.keys) if own.quantity == tree.quantity), None)
            return None if position is None else home.rows[row][position]
        if isinstance(tree, Fixed):
            return next((member for member, cell in key.cells.items() if cell == (tree.quantity, tree.row)), None)
        if isinstance(tree, Text | Number):
            return next((member for member, shown in key.shown.items() if shown == tree.value), None)
        return None

    def beside(self, home: Table, table: Table, keys: tuple[Tree, ...]) -> int | tuple[int, ...] | None:
        """Return how many rows below each row of ``home`` that of ``table`` with these keys is; where rows are shared, which row it is.

        None where it differs, where users may sort the rows of one of them, or its rows run to the right: those are found by keys.
        """
        if {home.kind, table.kind} != {"table"} or home.across or table.across or home.split or table.split:
            return None
        if any(self.quantities[name].takes or self.quantities[name].inputs for name in (*home.columns, *table.columns)):
            return None
        members = [
            tuple(self.static_member(tree, home, row, key) or "" for tree, key in zip(keys, table.keys, strict=True))
            for row in range(len(home.rows))
        ]
        rows = tuple(table.index.get(own, len(table.rows)) for own in members)
        found = {other - row for row, other in enumerate(rows)}
        if len(found) == 1 and members[0] in table.index:
            return found.pop()
        return rows if any(key.shares for key in table.keys) and len(table.rows) not in rows else None

    def watching(self) -> set[str]:
        """Return the quantities that show what the record of the build watches, and those that follow from them."""
        variants = {name: quantity.variants for name, quantity in self.quantities.items()}
        return self.following({name for name, of in variants.items() if any(isinstance(variant.tree, Recorded) for variant in of)})

    def following(self, first: Collection[str]) -> set[str]:
        """Return quantities and all that follow from them."""
        found = set(first)
        for group in self.order if first else ():
            if any(not found.isdisjoint(self.needs(self.quantities[name])) for name in group):
                found.update(group)
        return found

    def sorted(self) -> list[tuple[str, ...]]:
        """Return the order of calculation; raises CycleError."""
        needs = {name: self.needs(quantity) for name, quantity in self.quantities.items()}
        same_row = {name: self.needs(quantity, earlier_rows=False, typed=False) for name, quantity in self.quantities.items()}
        return calculation_order(needs, same_row)

    def declared_order(self, names: Collection[str]) -> list[tuple[str, ...]]:
        """Return the order of calculation of some quantities by what templates declare, whatever was typed into their inputs."""

        def needs(*, earlier_rows: bool) -> dict[str, list[str]]:
            found = {name: self.needs(self.quantities[name], earlier_rows=earlier_rows, typed=False) for name in names}
            return {name: [other for other in used if other in found] for name, used in found.items()}

        return calculation_order(needs(earlier_rows=True), needs(earlier_rows=False))

    def needs(self, quantity: Quantity, *, earlier_rows: bool = True, typed: bool = True) -> Collection[str]:
        """Return what a quantity refers to, worked out once: one with other formulas is another quantity.

        With ``earlier_rows`` false not what it takes from the row above, with ``typed`` false not what formulas in its inputs
        refer to. Inputs among its own rows, and links to them, do not count.
        """
        if (known := quantity.needed.get((earlier_rows, typed))) is not None:
            return known
        found = dict.fromkeys(target for target, _ in quantity.links.values() if target != quantity.id)
        for formula in quantity.typed.values() if typed else ():
            found.update((name, None) for name, _ in quantities(formula.tree) if name != quantity.id)
        for name, node in (reference for variant in quantity.variants for reference in variant.refers):
            is_input = isinstance(node, Fixed) and name == quantity.id and node.row in quantity.inputs
            if is_input or (isinstance(node, Neighbour) and not earlier_rows):
                continue
            found[name] = None
            if isinstance(node, Lookup) and node.beside is None:
                found.update((key.quantity, None) for key in self.tables[self.quantities[name].table].keys if key.quantity)
        quantity.needed[earlier_rows, typed] = found
        return found


def _renamed(key: Key, names: Mapping[CellRef, str]) -> dict[str, str | float]:
    """Return what the members of a key are shown as when cells hold other names."""
    return {member: names.get(key.cells[member], shown) if member in key.cells else shown for member, shown in key.shown.items()}
