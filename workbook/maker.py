"""Adding tables and columns to a model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.limits import within
from workbook.model import Quantity, Table

if TYPE_CHECKING:
    from workbook.errors import Problems
    from workbook.keys import Part
    from workbook.model import Key, Model
    from workbook.schema import Column, Formula


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
        """A key's column shows names, or links to the cells of the list it runs over."""
        position = table.keys.index(key)
        source = self.model.tables.get(key.of)
        if source and source.kind == "list":
            values = self.model.quantities[f"{key.of}.value"]
            label = key.label or values.label
            quantity = self.add(Quantity(table.name, key.name, label, values.unit, len(table.rows), table.place, format=values.format))
            quantity.links = {number: (values.id, source.index[row[position],]) for number, row in enumerate(table.rows)}
            return
        self._constants(table, key, [row[position] for row in table.rows])

    def part_column(self, table: Table, part: Part) -> None:
        """A part of a key has a column of names, too."""
        self._constants(table, part.key, [part.members[row[part.owner]] for row in table.rows])

    def _constants(self, table: Table, key: Key, members: list[str]) -> None:
        catalogue = self.model.declared.catalogues.get(key.of)
        label = key.label or (catalogue.label if catalogue else key.name.capitalize())
        numeric = all(isinstance(value, float) for value in key.shown.values())
        unit = (key.unit or "1") if numeric and key.shown else "text"
        quantity = self.add(Quantity(table.name, key.name, label, unit, len(table.rows), table.place))
        quantity.constants = {number: key.shown[member] for number, member in enumerate(members)}
