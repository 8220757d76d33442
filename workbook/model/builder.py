"""Adding tables and columns to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.catalogues import Bounds, Figure, Formula
from workbook.declare.limits import within
from workbook.model.graph import Quantity, Table

if TYPE_CHECKING:
    from workbook.declare.schema import Column
    from workbook.errors import Problems
    from workbook.model.graph import Key, Model
    from workbook.model.rows import Part

NAME, NAMED = "name", "named"  # the columns of a table in which users name its members, and that say whether they did
OF_ITS_OWN = "name != '' and count(r.name for r in {table} if r.name == name) == 1"
SHOWN = "The name, where it is given and no other's; else the key of commands and overlays. Lookups go by it."


class Maker:
    """Adds tables and quantities; until all are known expressions are kept in ``pending``, columns that show cells in ``showing``."""

    def __init__(self, model: Model, problems: Problems) -> None:
        """Fill ``model``; record what is wrong in ``problems``."""
        self.model = model
        self.problems = problems
        self.pending: list[tuple[Quantity, Formula, tuple[int, ...]]] = []
        self.showing: list[tuple[Column, Quantity]] = []

    def add_table(self, table: Table) -> Table | None:
        """Add a table under a name of its own; None, and a problem, where the name is taken."""
        if table.name in self.model.tables:
            first = self.model.tables[table.name].place
            self.problems.add(table.place, f"'{table.name}' is declared twice (first at {first})", "choose another name")
            return None
        self.model.tables[table.name] = table
        return table

    def add(self, quantity: Quantity) -> Quantity:
        """Add a column to its table."""
        table = self.model.tables[quantity.table]
        if quantity.id in self.model.quantities:
            self.problems.add(quantity.place, f"'{quantity.id}' is declared twice", "choose another name")
        self.model.quantities[quantity.id] = quantity
        table.columns.append(quantity.id)
        quantity.bounds = within(quantity.bounds, self.model.declared.limits.get(quantity.unit))
        return quantity

    def key_column(self, table: Table, key: Key) -> None:
        """A key's column shows names, or links to the cells that name its members."""
        position = table.keys.index(key)
        if key.renamable:
            self._names(table, key)
            return
        source = self.model.tables.get(key.of)
        if source and source.kind == "list":
            values = self.model.quantities[f"{key.of}.value"]
            label = key.label or values.label
            quantity = self.add(Quantity(table.name, key.name, label, values.unit, len(table.rows), table.place, format=values.format))
            quantity.links = {number: key.cells[row[position]] for number, row in enumerate(table.rows)}
            return
        self._shown(table, key, [row[position] for row in table.rows])

    def part_column(self, table: Table, part: Part) -> None:
        """A part of a key has a column of names, too."""
        self._shown(table, part.key, [part.members[row[part.owner]] for row in table.rows])

    def _names(self, table: Table, key: Key) -> None:
        """The names of members that users may rename, and the column that tables and lookups go by.

        Two members of one name, or one without, could not be told apart: they go by their keys until each has its own.
        """
        size, label = len(table.rows), key.label or key.name.capitalize()
        names = self.add(Quantity(table.name, NAME, label, "text", size, table.place, bounds=Bounds(names=True)))
        names.inputs = {number: Figure(key.shown[member], "text", table.place) for number, (member,) in enumerate(table.rows)}
        named = self.add(Quantity(table.name, NAMED, f"{label} has a name of its own", "1", size, table.place, format="pass"))
        self.pending.append((named, Formula(f"indicator({OF_ITS_OWN.format(table=table.name)})", table.place), tuple(range(size))))
        known = self.add(Quantity(table.name, key.name, f"{label}, as other sheets show it", "text", size, table.place, SHOWN))
        for number, (member,) in enumerate(table.rows):
            self.pending.append((known, Formula(f"name if {NAMED} == 1 else '{member}'", table.place), (number,)))

    def _shown(self, table: Table, key: Key, members: list[str]) -> None:
        catalogue = self.model.declared.catalogues.get(key.of)
        label = key.label or (catalogue.label if catalogue else key.name.capitalize())
        numeric = all(isinstance(value, float) for value in key.shown.values())
        unit = (key.unit or "1") if numeric and key.shown else "text"
        quantity = self.add(Quantity(table.name, key.name, label, unit, len(table.rows), table.place))
        for number, member in enumerate(members):
            if member in key.cells:
                quantity.links[number] = key.cells[member]
            else:
                quantity.constants[number] = key.shown[member]
