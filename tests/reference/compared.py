"""The cells of a workbook that are compared with the reference: which they are, and which of them differ after edits."""

import math
from dataclasses import dataclass
from functools import cached_property

from tests.reference import draws
from tests.reference.passed_on import passed_on
from tests.reference.quantities import EMPTY, Inputs, Registry, Value
from tests.support import shipped
from workbook.api import Book, parse_sets
from workbook.model.evaluate import Values, evaluate
from workbook.model.graph import Quantity


@dataclass(frozen=True, slots=True)
class Difference:
    """A row on which workbook and reference do not agree."""

    cell: str
    value: object
    wanted: Value


@dataclass(frozen=True)
class Compared:
    """A workbook of the package's templates, and the expectations of its quantities."""

    name: str
    registry: Registry

    def book(self) -> Book:
        """Return the workbook at the inputs of its templates."""
        return shipped(self.name)

    def calculated(self, edits: draws.Values) -> Values:
        """Return the workbook's values after edits."""
        return evaluate(self.book().model, parse_sets(self.book().model, edits))

    def formula_quantities(self) -> dict[str, Quantity]:
        """Return the quantities that hold formulas."""
        return {name: quantity for name, quantity in self.book().model.quantities.items() if quantity.variants}

    def computed_quantities(self) -> dict[str, Quantity]:
        """Return the quantities that compute something: for those that pass another cell's value on see `test_passed_on`."""
        return self._computed

    @cached_property
    def _computed(self) -> dict[str, Quantity]:
        passing = passed_on(self.book())
        return {name: quantity for name, quantity in self.formula_quantities().items() if name not in passing}

    def differences(self, given: Inputs, values: Values) -> list[Difference]:
        """Return the rows that differ: calculated rows, and those that must stay blank; an assumption that is overwritten is its own."""
        found, model = [], self.book().model
        for name, quantity in self._computed.items():
            for row, keys in enumerate(model.tables[quantity.table].rows):
                if row in quantity.inputs or row in quantity.links or row in quantity.constants:
                    continue
                value, wanted = values[name][row], self.registry.expected(given, name, keys)
                if not self.registry.agree(name, value, wanted):
                    found.append(Difference(model.cell_id(name, row), value, wanted))
        return found

    def errors(self, values: Values) -> list[str]:
        """Return the formula cells that hold an error."""
        found = []
        for name, quantity in self.formula_quantities().items():
            for row in quantity.formula_rows():
                value = values[name][row]
                if value is None or (isinstance(value, float) and not math.isfinite(value) and value != EMPTY):
                    found.append(self.book().model.cell_id(name, row))
        return found
