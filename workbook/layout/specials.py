"""Blocks that the program fills: contents, colours, equations, sources, and figures of which a card holds two."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from workbook.layout.canvas import LABEL_WIDTH, UNIT_WIDTH, VALUE_WIDTH, Canvas, unit_text
from workbook.layout.plan import TEXT_COLUMNS, Label
from workbook.model.equations import equation, row_label

if TYPE_CHECKING:
    from collections.abc import Callable


TAKEN = "Black on pale blue: inherits a value. Overwrite it to give it a value of its own."
MANY_EXPRESSIONS = 5  # a quantity whose rows have so many expressions is told by its description


def fill(canvas: Canvas, kind: str) -> None:
    """Write the block of a kind at the canvas's current row."""
    _KINDS[kind](canvas)


def _contents(canvas: Canvas) -> None:
    canvas.header(("Sheet", "Question it answers"), (LABEL_WIDTH, 0.0), (1, TEXT_COLUMNS - 1))
    for plan in canvas.layout.sheets.values():
        if plan.name == canvas.plan.name:
            continue
        canvas.plan.labels.append(Label(canvas.row, 0, plan.name, "link", link=f"internal:'{plan.name}'!A1"))
        card = canvas.layout.model.declared.catalogues[plan.declared.each].cards[plan.member] if plan.member else None
        text = plan.declared.answers.replace(f"{{{plan.declared.each_key}}}", card.name if card else "")
        canvas.wide(1, text, TEXT_COLUMNS - 1)
        canvas.row += 1


def _colours(canvas: Canvas) -> None:
    takes_over = any(quantity.parents or quantity.takes for quantity in canvas.layout.model.quantities.values())
    rows = (
        ("input", "1.23", "Blue on pale yellow: an input. Edit it; everything that depends on it moves."),
        *((("taken", "1.23", TAKEN),) if takes_over else ()),
        ("formula", "1.23", "Black: a formula. Locked (no password) so that it is not overwritten by accident."),
        ("linked", "1.23", "Green: shows a cell of another sheet."),
        ("reference", "1.23", "Grey: for reference; no result depends on it."),
        ("passed", "pass", "Green fill: a check that passes."),
        ("failed", "FAIL", "Red fill: a check that fails."),
    )
    for style, sample, text in rows:
        canvas.label(0, sample, f"sample_{style}")
        canvas.wide(1, text, TEXT_COLUMNS - 1)
        canvas.row += 1


def _equations(canvas: Canvas) -> None:
    """Every formula column of the model as readable mathematics; columns that differ in a number only, once."""
    canvas.header(("Quantity", "Unit", "Identifier", "Equation"), (LABEL_WIDTH, UNIT_WIDTH, 0.0, 0.0), (1, 1, 2, 6))
    told: set[str] = set()
    for quantity in canvas.layout.model.quantities.values():
        if not quantity.variants:
            continue
        text = equation(canvas.layout.model, quantity) if len(quantity.variants) < MANY_EXPRESSIONS else ""
        text = text or quantity.doc or "An expression for each row: see the formulas."
        shape = re.sub(r"\d+", "#", f"{quantity.id} {text}")
        if shape in told:
            continue
        told.add(shape)
        canvas.label(0, quantity.label, "label")
        canvas.label(1, unit_text(canvas.layout.model, quantity), "unit")
        canvas.wide(2, quantity.id, 2, "code")
        canvas.wide(4, text, 6)
        canvas.row += 1


def _sources(canvas: Canvas) -> None:
    canvas.header(("Source", "Date", "Publisher", "Reference"), (LABEL_WIDTH, 0.0, 0.0, 0.0), (1, 1, 2, 6))
    declared = canvas.layout.model.declared
    for source in (source for source in declared.sources.values() if source.basis in {"", declared.basis}):
        canvas.label(0, source.title, "label")
        canvas.label(1, source.date, "provenance")
        canvas.wide(2, source.publisher, 2)
        canvas.wide(4, source.reference + (f"; licence {source.licence}" if source.licence else ""), 6)
        canvas.row += 1


def _alternates(canvas: Canvas) -> None:
    """Every figure of which a card holds two."""
    canvas.header(
        ("Figure", "Used here", "Unit", "Other", "Basis of the other, and why"),
        (LABEL_WIDTH, VALUE_WIDTH, UNIT_WIDTH, VALUE_WIDTH, 0.0),
        (1, 1, 1, 1, 6),
    )
    for quantity in canvas.layout.model.quantities.values():
        for row, (basis, other) in quantity.alternates.items():
            used = quantity.inputs[row]
            canvas.label(0, f"{row_label(canvas.layout.model, quantity.id, row)}: {quantity.label}", "label")
            canvas.label(1, used.value, f"muted_value|{quantity.format}|{quantity.unit}")
            canvas.label(2, unit_text(canvas.layout.model, quantity), "unit")
            canvas.label(3, other.value, f"muted_value|{quantity.format}|{quantity.unit}")
            canvas.wide(4, f"{basis}: {other.note}", 6)
            canvas.row += 1


def _versions(canvas: Canvas) -> None:
    """The version of the templates, the date of the newest data, and what changed."""
    declared = canvas.layout.model.declared
    newest = max((source.date for source in declared.sources.values() if source.basis in {"", declared.basis}), default="")
    for label, text in (("Version", declared.version), ("Newest source", newest)):
        canvas.label(0, label, "label", LABEL_WIDTH)
        canvas.wide(1, text, TEXT_COLUMNS - 1)
        canvas.row += 1
    for version, text in declared.log.items():
        canvas.label(0, f"Changed in {version}", "label")
        canvas.wide(1, text, TEXT_COLUMNS - 1)
        canvas.row += 1


_KINDS: dict[str, Callable[[Canvas], None]] = {
    "contents": _contents,
    "colours": _colours,
    "equations": _equations,
    "sources": _sources,
    "alternates": _alternates,
    "versions": _versions,
}
