"""A workbook ready to be written, or to be asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbook.layout.plan import Layout
    from workbook.model.evaluate import Values
    from workbook.model.graph import CellRef, Model


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """A workbook ready to be written: model, placement, and values with the edits applied; ``given`` is the model before them."""

    model: Model
    layout: Layout
    values: Values
    edits: dict[CellRef, float | str]
    given: Model
