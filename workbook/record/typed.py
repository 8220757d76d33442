"""Formulas that were typed into the inputs of a file, as formulas of constants and of cells by id; see ``expr.typed``."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from workbook.expr.nodes import Fixed
from workbook.expr.typed import NotKeptError, parse, resolved, value_of
from workbook.record import entries
from workbook.record.fingerprints import GONE, Spot, pieces
from workbook.record.read import cell_ids
from workbook.xlsx.cells import CellError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.expr.nodes import Tree
    from workbook.record.fingerprints import Reference
    from workbook.record.located import Located

_WORD = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.\\]*(?P<call>\s*\()?")


class TypedFormulas:
    """Reads the formulas in the inputs of a file by the ids of the cells that they refer to."""

    def __init__(self, located: Located) -> None:
        """Take a file as saved."""
        self.located = located
        self._followed: set[str] = set()  # the inputs whose formulas are being followed

    @cached_property
    def _ids(self) -> dict[Spot, str]:
        """Return the ids of cells by where they stand in the file; an input that was moved goes before what stood there."""
        located = self.located
        found = {spot: cell_id for built, cell_id in cell_ids(located.baseline).items() if (spot := located.place(built))}
        return found | {spot: given.id for given in located.baseline.inputs.values() if (spot := located.input(given))}

    @cached_property
    def _spots(self) -> dict[str, Spot]:
        return {cell_id: spot for spot, cell_id in self._ids.items()}

    @cached_property
    def _names(self) -> dict[str, str]:
        """Return the ids by the defined names of their cells, in lower case."""
        return {cell_id.replace(".", "_"): cell_id for cell_id in self._ids.values()}

    def by_ids(self, spot: Spot) -> str:
        """Return the formula of a cell with ids in place of references; raises NotKeptError."""
        formula = self.located.formula(spot)
        if not formula:
            raise NotKeptError("it is part of an array formula or of a data table")
        if GONE in formula.upper():
            raise NotKeptError(f"it refers to cells that were deleted, {GONE}")
        text = "".join(self._by_id(spot, *piece) for piece in pieces(formula))
        resolved(parse(text), lambda name: Fixed(name, 0), self._between)
        return text

    def _by_id(self, home: Spot, kind: str, text: str, reference: Reference | None) -> str:
        if kind == "other":
            return _WORD.sub(self._word, text)
        if reference is None:
            return text
        sheet = reference.sheet or home.sheet
        if "[" in sheet:
            raise NotKeptError("it refers to another file")
        cell_id = self._ids.get(Spot(sheet, reference.row, reference.column))
        if cell_id is None:
            where = Spot(sheet, reference.row, reference.column).address
            raise NotKeptError(f"{f'{sheet}!' if sheet != home.sheet else ''}{where} is neither an input nor a result that has an id")
        return _marked(cell_id, column=reference.column_fixed, row=reference.row_fixed)

    def _word(self, match: re.Match[str]) -> str:
        """Return a function as it is, and a defined name as the id of its cell."""
        if match["call"]:
            return match[0]
        cell_id = self._names.get(match[0].lower())
        if cell_id is None:
            raise NotKeptError(f"'{match[0]}' is no cell that is known")
        return _marked(cell_id, column=True, row=True)

    def _between(self, first: str, last: str) -> Iterator[Tree]:
        """Yield the cells of a range of the file."""
        one, other = self._spots[first], self._spots[last]
        for row in range(min(one.row, other.row), max(one.row, other.row) + 1):
            for column in range(min(one.column, other.column), max(one.column, other.column) + 1):
                cell_id = self._ids.get(Spot(one.sheet, row, column))
                if cell_id is None or one.sheet != other.sheet:
                    raise NotKeptError("a range in it holds more than inputs and results")
                yield Fixed(cell_id, 0)

    def value(self, text: str) -> float | str | None:
        """Return what a formula by ids comes to with what its cells hold in the file; None where that is not known, or an error."""
        return value_of(resolved(parse(text), lambda name: Fixed(name, 0), self._between), self._held)

    def _held(self, node: Fixed) -> float | str | None:
        given = self.located.baseline.inputs.get(node.quantity)
        cell = self.located.cell(self._spots.get(node.quantity))
        if given is not None and (cell is None or not cell.is_formula or cell.value is not None):
            return entries.read(given, cell).value
        if given is not None:
            return self._followed_by(given.id)
        value = cell.value if cell else None
        return None if value is None or isinstance(value, bool | CellError) else value

    def _followed_by(self, cell_id: str) -> float | str | None:
        """Return what the formula of an input comes to that has no result in the file."""
        if cell_id in self._followed:
            return None
        self._followed.add(cell_id)
        try:
            return self.value(self.by_ids(self._spots[cell_id]))
        except NotKeptError:
            return None
        finally:
            self._followed.discard(cell_id)


def _marked(cell_id: str, *, column: bool, row: bool) -> str:
    return f"{'$' * column}{cell_id}{'$' * row}"
