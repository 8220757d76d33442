"""Columns, texts and number formats of the sheets on which an account is told."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from workbook.declare.catalogues import Figure, Formula
from workbook.declare.names import sheet_names
from workbook.declare.schema import Column, RowKey
from workbook.declare.shown_units import UNIT
from workbook.declare.yaml import UNUSABLE
from workbook.errors import Place
from workbook.model.evaluate import quantise
from workbook.xlsx.a1 import sheet_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from workbook.changes.differences import Value
    from workbook.declare.schema import Declarations

HERE = Place("the account of an update")
LONGEST, LONGEST_LABEL = 500, 120  # characters shown of notes and formulas, and of labels
WIDE_NUMBER, NARROWEST = 1e12, 11.0  # from there on numbers are shown by their digits and power of ten
SIGNIFICANT, MOST_DECIMALS = 5, 9
CLOSE = 1e-9  # relative difference that is none
PERCENT = "+0.00%;-0.00%;0.00%"
NOTHING = 9e299  # stands for an empty cell where numbers are compared
_ESCAPE = re.compile(r"_x(?=[0-9A-Fa-f]{4}_)")  # programs take _x0041_ for the escape of a character


def clean(text: str, longest: int = LONGEST) -> str:
    """Return a text as cells can hold it, cut where it is too long to be read there."""
    text = _ESCAPE.sub("~x", UNUSABLE.sub("\N{REPLACEMENT CHARACTER}", text))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def number(value: Value) -> float | None:
    """Return a number as a cell shows it, or None where it can show none."""
    return quantise(value) if isinstance(value, float | int) and math.isfinite(value) else None


def words(value: Value) -> str:
    """Return a value as a text: nothing for None."""
    return "" if value is None else clean(value) if isinstance(value, str) else f"{value:.15g}"


def number_format(values: Iterable[float | None], move: float = 0.0) -> str:
    """Return a format that shows numbers to some five digits, and that they differ where they do (by ``move``)."""
    sizes = [abs(value) for value in values if value]
    top = max(sizes, default=0.0)
    if sizes and (top >= WIDE_NUMBER or top < 10.0**-MOST_DECIMALS):
        return "0.0000E+00"
    needed = max((_decimals(size, SIGNIFICANT) for size in sizes), default=0)
    if move:
        needed = max(needed, min(_decimals(abs(move), 1), SIGNIFICANT + _decimals(abs(move), 2)))
    return "#,##0" + ("." + "0" * min(needed, MOST_DECIMALS) if needed else "")


def _decimals(size: float, digits: int) -> int:
    """Return the decimals that a number is told with to so many digits, without zeros at the end."""
    power = math.floor(math.log10(size))
    text = f"{size:.{max(0, digits - 1 - power)}f}"
    return len(text.partition(".")[2].rstrip("0"))


def width_of(formats: Mapping[str, str], rows: Mapping[str, Iterable[float | None]]) -> float:
    """Return the characters that a column of numbers needs."""
    longest = NARROWEST
    for member, values in rows.items():
        text = formats.get(member, "")
        decimals = 0 if "E" in text else len(text.partition(".")[2])
        longest = max([longest, *(14.0 if "E" in text else len(f"{value:,.{decimals}f}") + 3 for value in values if value is not None)])
    return longest


def rows_of(name: str, label: str, shown: Iterable[str]) -> RowKey:
    """Return a key whose rows are r1, r2 and so on, shown as texts."""
    return RowKey(name=name, label=label, place=HERE, members={f"r{n}": text for n, text in enumerate(shown, 1)})


def members(items: Sequence[object]) -> list[str]:
    """Return the members of such a key."""
    return [f"r{n}" for n in range(1, len(items) + 1)]


def expression(text: str) -> Formula:
    """Return an expression of the package's own."""
    return Formula(text, HERE)


def texts(name: str, label: str, values: Iterable[str], width: float, doc: str = "") -> Column:
    """Return a column of texts, one a row."""
    figures: dict[tuple[str, ...], Figure] = {(f"r{n}",): Figure(text, "text", HERE) for n, text in enumerate(values, 1)}
    return Column(name, label, "text", HERE, figures=figures, constants=True, doc=doc, width=width)


def numbers(name: str, label: str, values: Mapping[str, float | None], formats: dict[str, str], width: float) -> Column:
    """Return a column of constants by row, blank where there is none."""
    figures: dict[tuple[str, ...], Figure] = {
        (member,): Figure(value, "mixed", HERE, repr(value)) for member, value in values.items() if value is not None
    }
    return Column(name, label, "mixed", HERE, figures=figures, constants=True, formats=formats, width=width)


def units(given: Sequence[str]) -> Column:
    """Return a column of units, as cells show them."""
    told = {"1": "–", "mixed": "–"}
    return replace(texts("unit", "Unit", [told.get(unit) or clean(unit, 60) or "–" for unit in given], 19.0), format=UNIT)


def free_name(declared: Declarations, wanted: str) -> str:
    """Return a sheet name that no sheet has: the one wanted, if it can be."""
    taken = {sheet_key(name) for name, _, _ in sheet_names(declared)}
    names = [wanted, *(f"{wanted} ({n})" for n in range(2, len(taken) + 3))]
    return next(name for name in names if sheet_key(name) not in taken)
