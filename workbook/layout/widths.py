"""Columns wide enough for the numbers that they show: where one has no room, programs show #### in its place."""

from __future__ import annotations

import re
from dataclasses import replace
from math import isfinite
from typing import TYPE_CHECKING

from workbook.expr.values import shown
from workbook.layout.across import frozen
from workbook.layout.paper import height_of, lines, paginate
from workbook.layout.plan import DEFAULT_WIDTH, INDENT, LINE
from workbook.layout.style import number_format, printed_format, sized_format

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbook.layout.plan import Layout
    from workbook.model.evaluate import Values
    from workbook.model.graph import Quantity

MARGIN, BORDERS = 1.15, 1.0  # for other fonts, whose digits are wider, and for what surrounds the number in its cell
SLIM = dict.fromkeys(",. ", 0.5) | dict.fromkeys("-'", 0.7)  # in widths of a digit; other signs of numbers take up to 1.5
WIDE = 1.5
_CONDITION = re.compile(r"\[(=|>=)([\d.]+)\]")
_DIGITS = re.compile(r"(?P<whole>[#,]*0)(?:\.(?P<decimals>0*)(?P<optional>#*))?(?P<power>E\+0+)?")


def fitted(layout: Layout, values: Values) -> Layout:
    """Return a layout with columns wide enough for their numbers, and with pages that follow from the widths."""
    plans = {name: replace(plan, widths=dict(plan.widths), heights=dict(plan.heights), breaks=[]) for name, plan in layout.sheets.items()}
    result = replace(layout, sheets=plans)
    for (sheet, column), width in _needed(layout, values).items():
        if width > plans[sheet].widths.get(column, DEFAULT_WIDTH):
            plans[sheet].widths[column] = width
    for (sheet, row, column), text in _wrapped(layout, values):
        needed = height_of(lines(text, plans[sheet].widths.get(column, DEFAULT_WIDTH) - INDENT))
        plans[sheet].heights[row] = max(plans[sheet].heights.get(row, LINE), needed)
    for plan in plans.values():
        plan.frozen = frozen(result, plan)
        paginate(plan)
    return result


def _wrapped(layout: Layout, values: Values) -> Iterator[tuple[tuple[str, int, int], str]]:
    """Yield the texts that formulas come to in columns with a width of their own and beside labels, each with its place."""
    merged = {(plan.name, label.row, label.column) for plan in layout.sheets.values() for label in plan.merged}
    for name, segments in layout.segments.items():
        quantity = layout.model.quantities[name]
        wraps = quantity.is_text and (quantity.width or layout.model.tables[quantity.table].kind == "single")
        for segment in segments if wraps else ():
            for row in segment.rows:
                if (place := (segment.sheet, *segment.cell(row))) not in merged:
                    yield place, str(values[name][row])


def _needed(layout: Layout, values: Values) -> dict[tuple[str, int], float]:
    """Return by sheet and column the characters that its numbers need."""
    found: dict[tuple[str, int], float] = {}
    numbers = dict.fromkeys((at, code, value) for at, code, value in numbers_shown(layout, values))
    for at, code, value in numbers:
        found[at] = max(found.get(at, 0.0), MARGIN * _characters(display(code, value)) + BORDERS)
    return found


def numbers_shown(layout: Layout, values: Values) -> Iterator[tuple[tuple[str, int], str, float]]:
    """Yield the numbers of cells, each with its sheet and column and the format that shows it."""
    for name, segments in layout.segments.items():
        quantity = layout.model.quantities[name]
        column = [] if quantity.is_text else shown(values[name])
        for segment in segments if column else ():
            for row in segment.rows:
                if isinstance(column[row], float) and isfinite(column[row]):
                    yield (segment.sheet, segment.cell(row)[1]), _format(quantity, row, column[row]), column[row]
    for plan in layout.sheets.values():
        for label in plan.labels:
            if not isinstance(label.text, str):
                given, _, unit = label.style.partition("|")[2].rpartition("|")
                yield (plan.name, label.column), number_format(given, unit), float(label.text)


def _format(quantity: Quantity, row: int, value: float) -> str:
    """Return the number format of a cell, as the writer chooses it."""
    printed = quantity.evidence.get(row) if row in quantity.constants else None
    given = quantity.formats.get(row) or (printed_format(printed.raw, quantity.format) if printed else quantity.format)
    return sized_format(given, value) or number_format(given, quantity.unit)


def display(code: str, value: float) -> str:
    """Return a number as a number format shows it; formats hold what those of the templates do."""
    section, value = _section(code, value)
    digits = _DIGITS.search(section)
    if digits is None:  # only a text, or the format that leaves the decimals to the room
        return section.strip('"') if "General" not in section else f"{value:.0f}"
    if "%" in section:
        value *= 100
    thousands = section[digits.end() :].partition('"')[0].count(",")  # commas behind the digits show thousands, millions, ...
    value /= 1000.0**thousands
    decimals, optional = digits["decimals"] or "", digits["optional"] or ""
    kind = "E" if digits["power"] else "f"
    value *= 1 + 1e-15  # halves are rounded away from zero, as spreadsheets do with 15 digits
    text = f"{value:{',' if ',' in digits['whole'] else ''}.{len(decimals) + len(optional)}{kind}}"
    for _ in optional:
        text = text.removesuffix("0")
    return section.replace(digits[0] + "," * thousands, text).replace('"', "")


def _section(code: str, value: float) -> tuple[str, float]:
    """Return the part of a format that shows a number, and the number that it shows: parts for negative ones have the sign."""
    parts = code.split(";")
    for part in parts:
        condition = _CONDITION.match(part)
        if condition is None and "[" in code:
            return part, value
        if condition and (value == float(condition[2]) or (condition[1] == ">=" and value > float(condition[2]))):
            return part[condition.end() :], value
    if len(parts) == 1 or value > 0 or "[" in code:
        return parts[0], value
    return (parts[1], -value) if value < 0 else (parts[-1] if len(parts) > 2 else parts[0], value)  # noqa: PLR2004 more than two


def _characters(text: str) -> float:
    """Return how many digits are as wide as a text."""
    return sum(1.0 if sign.isdigit() else SLIM.get(sign, WIDE if sign == "%" else 1.1) for sign in text)
