"""Members whose names users changed to one that another has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbook.declare.members import same_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbook.model.graph import CellRef, Model


def shared_names(model: Model, edits: Iterable[CellRef]) -> Iterator[tuple[str, str]]:
    """Yield the ids of edited names that are another member's, too, and what is wrong; ``model`` has the names already."""
    for quantity, row in edits:
        if model.quantities[quantity].bounds.names:
            table = model.tables[model.quantities[quantity].table]
            known, (member,) = table.keys[0].shown, table.rows[row]
            other = same_name(known, member, str(known[member]))
            if other is not None:
                yield model.cell_id(quantity, row), f"'{known[member]}' is the name or the key of '{other}' already"
