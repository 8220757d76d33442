"""The usual sizes of figures on cards: a table of them and a check in the workbook, and messages on those that slipped.

A catalogue's field says once between which values its figures usually lie. What lies outside is as a rule a figure in
another multiple of its unit: kW for W, GB for TB, a count for billions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Field, Figure, Formula
from workbook.declare.schema import Column, RowKey, TableBlock, ValuesBlock
from workbook.declare.shown_units import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.declare.catalogues import Catalogue
    from workbook.declare.schema import Block, Declarations, Sheet
    from workbook.errors import Place, Problems

USUAL = "usual"
SLIPS = (1e3, 1e-3, 1e6, 1e-6, 1e9, 1e-9, 10.0, 0.1, 100.0, 0.01)
SLIPS_OF_BYTES = (1024.0, 1 / 1024, 1024.0**2, 1024.0**-2, 1024.0**3, 1024.0**-3)


def with_usual(declared: Declarations) -> Declarations:
    """Return the declarations with a table of usual sizes below the checks, and a check on it; unchanged without either."""
    lists = {block.collect: block.name for sheet in declared.sheets for block in sheet.blocks if isinstance(block, TableBlock)}
    fields = {
        f"{catalogue.name}_{field.name}": (catalogue, lists[catalogue.name], field)
        for catalogue in declared.catalogues.values()
        for field in catalogue.fields.values()
        if catalogue.name in lists and field.usual and not field.optional
    }
    return replace(declared, sheets=tuple(_with_check(sheet, fields) for sheet in declared.sheets)) if fields else declared


def _with_check(sheet: Sheet, fields: dict[str, tuple[Catalogue, str, Field]]) -> Sheet:
    blocks: list[Block] = []
    for block in sheet.blocks:
        if isinstance(block, ValuesBlock) and block.checks:
            check = Column(
                USUAL,
                "Figures on cards are of a usual size",
                "1",
                block.place,
                expr=Formula(f"sum(u.outside for u in {USUAL})", block.place),
                format="failures",
            )
            blocks += [replace(block, items=(*block.items, check)), _table(fields, block.place)]
        else:
            blocks.append(block)
    return replace(sheet, blocks=tuple(blocks))


def _table(fields: dict[str, tuple[Catalogue, str, Field]], place: Place) -> TableBlock:
    """Return the table: a row for each field, with its limits and how many cards lie outside."""

    def constants(name: str, label: str, unit: str, values: dict[str, float | str], shown_as: str = "") -> Column:
        figures: dict[tuple[str, ...], Figure] = {
            (key,): Figure(value, unit, place, "" if isinstance(value, str) else f"{value:g}") for key, value in values.items()
        }
        return Column(name, label, unit, place, figures=figures, constants=True, format=shown_as)

    def formulas(name: str, label: str, unit: str, text: str, shown_as: str) -> Column:
        cases = {key: Formula(text.format(table=table, field=field.name), place) for key, (_, table, field) in fields.items()}
        return Column(name, label, unit, place, switch="figure", case=cases, format=shown_as)

    members: dict[str, str | float] = {key: f"{catalogue.label}: {field.label}" for key, (catalogue, _, field) in fields.items()}
    above = "{table} if r.{field} > 0 and r.{field}"
    outside = f"count(r.{{field}} for r in {above} < low) + count(r.{{field}} for r in {above} > high)"
    columns = (
        constants("unit", "Unit", "text", {key: field.unit for key, (_, _, field) in fields.items()}, UNIT),
        constants("low", "Usually from", "mixed", {key: field.usual[0] for key, (_, _, field) in fields.items()}),
        constants("high", "Usually to", "mixed", {key: field.usual[1] for key, (_, _, field) in fields.items()}),
        formulas("least", "Lowest on a card", "mixed", "min(r.{field} for r in {table})", "#,##0.####"),
        formulas("most", "Highest on a card", "mixed", "max(r.{field} for r in {table})", "#,##0.####"),
        formulas("outside", "Cards outside", "1", outside, "failures"),
    )
    doc = "A figure far outside is as a rule in another multiple of its unit. 0 stands for none, and is not counted."
    rows = (RowKey(name="figure", label="Figure", place=place, members=members),)
    return TableBlock(USUAL, "Usual sizes of figures on cards", rows, columns, place, doc)


def check_usual(declared: Declarations, problems: Problems) -> None:
    """Record the figures on cards, and the points of their curves, that lie outside the usual."""
    for catalogue in declared.catalogues.values():
        for what, field, figure in _figures(catalogue):
            value = figure.value
            if not field.usual or isinstance(value, str) or value == 0 or field.usual[0] <= abs(value) <= field.usual[1]:
                continue
            unit = "" if field.unit == "1" else f" {field.unit}"
            low, high = field.usual
            message = f"{what} is {value:,.10g}{unit}; usual figures lie between {low:,.10g} and {high:,.10g}{unit}"
            meant = _meant(value, field)
            found = f"did you mean {meant:,.6g}{unit}? If it is right" if meant else "check its unit; if it is right"
            problems.add(figure.place, message, f"{found}, widen 'usual' of '{field.name}' in catalogues/{catalogue.name}.yaml")


def _figures(catalogue: Catalogue) -> Iterator[tuple[str, Field, Figure]]:
    """Yield the figures of all cards with what to call them, and their fields."""
    points = catalogue.points.fields if catalogue.points else {}
    for card in catalogue.cards.values():
        for name, entry in card.entries.items():
            if entry.figure and not entry.formula:
                yield f"{card.key}.{name}", catalogue.fields[name], entry.figure
        for number, point in enumerate(card.points, start=1):
            for name, entry in point.items():
                if entry.figure and not entry.formula:
                    yield f"'{name}' of point {number} of {card.key}", points[name], entry.figure


def _meant(value: float, field: Field) -> float | None:
    """Return the figure in the multiple of the unit that makes it usual, the likeliest first; None where none does."""
    slips = (*SLIPS_OF_BYTES, *SLIPS) if field.unit.startswith("byte") else (*SLIPS, *SLIPS_OF_BYTES)
    return next((value * slip for slip in slips if field.usual[0] <= abs(value * slip) <= field.usual[1]), None)
