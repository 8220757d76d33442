"""The registry of functions: each computes what its documentation says, is described, and has prose."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbook.expr.functions import AGGREGATES, FUNCTIONS, RANGES
from workbook.expr.values import EMPTY

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.language import Desk

KNOTS, LEVELS = np.array([1.0, 2.0, 4.0]), np.array([10.0, 30.0, 20.0])
EXAMPLES: dict[str, tuple[tuple[Any, ...], float]] = {
    "add": ((2.0, 3.0), 5.0),
    "subtract": ((2.0, 3.0), -1.0),
    "multiply": ((2.0, 3.0), 6.0),
    "divide": ((3.0, 2.0), 1.5),
    "power": ((2.0, 3.0), 8.0),
    "negative": ((2.0,), -2.0),
    "only": ((2.0, 1.0), 2.0),
    "filled": ((EMPTY, 3.0), 3.0),
    "join": (("1", "2"), 12.0),
    "text": ((11.5,), 12.0),
    "decimals": ((11.25, 1.0), 11.3),
    "equal": ((2.0, 2.0), 1.0),
    "not_equal": ((2.0, 2.0), 0.0),
    "less": ((2.0, 3.0), 1.0),
    "less_equal": ((3.0, 3.0), 1.0),
    "greater": ((2.0, 3.0), 0.0),
    "greater_equal": ((3.0, 3.0), 1.0),
    "if": ((0.0, 5.0, 6.0), 6.0),
    "and": ((1.0, 0.0), 0.0),
    "or": ((1.0, 0.0), 1.0),
    "not": ((1.0,), 0.0),
    "abs": ((-2.5,), 2.5),
    "exp": ((1.0,), math.e),
    "ln": ((math.e,), 1.0),
    "log2": ((8.0,), 3.0),
    "log10": ((1000.0,), 3.0),
    "sqrt": ((2.25,), 1.5),
    "min": ((3.0, 1.0, 2.0), 1.0),
    "max": ((3.0, 1.0, 2.0), 3.0),
    "round": ((2.345, 1.0), 2.3),
    "floor": ((-2.5,), -3.0),
    "ceiling": ((-2.5,), -2.0),
    "truncate": ((-2.5,), -2.0),
    "indicator": ((1.0,), 1.0),
    "otherwise": ((math.nan, 4.0), 4.0),
    "locate": ((3.0, KNOTS), 2.0),
    "interpolate": ((3.0, 2.0, KNOTS, LEVELS), 25.0),
    "position": ((4.0, KNOTS), 3.0),
    "item": ((LEVELS, 2.0), 30.0),
    "slope": ((np.array([5.0, 7.0, 11.0]), KNOTS), 2.0),
    "intercept": ((np.array([5.0, 7.0, 11.0]), KNOTS), 3.0),
    "poisson": ((2.0, 3.0), 4.5 * math.exp(-3.0)),
    "poisson_cumulative": ((2.0, 3.0), 8.5 * math.exp(-3.0)),
    "convert": ((2.0, "s"), 2.0),
    "value_of": ((2.0,), 2.0),
}

# What spreadsheets since Excel 2010 share.
PORTABLE = {"ABS", "AND", "EXP", "IF", "IFERROR", "INT", "LN", "LOG", "LOG10", "MAX", "MIN", "NOT", "OR", "POISSON", "ROUND", "SQRT"}
PORTABLE |= {"CONCATENATE", "TEXT", "FIXED", "LARGE", "SMALL"}
PORTABLE |= {"AVERAGE", "AVERAGEIFS", "COUNTIFS", "INDEX", "INTERCEPT", "MATCH", "ROWS", "SLOPE", "SUM", "SUMIFS", "SUMPRODUCT", "TRUNC"}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_computes_what_its_documentation_says(name: str) -> None:
    entry = FUNCTIONS[name]
    arguments, expected = EXAMPLES[name]
    with np.errstate(all="ignore"):
        assert float(entry.value(*arguments)) == pytest.approx(expected, rel=1e-14)
    assert entry.arity[0] <= len(arguments) <= entry.arity[1]


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_every_function_is_described_and_can_be_written(name: str) -> None:
    entry = FUNCTIONS[name]
    assert entry.name == name
    assert entry.doc.endswith(".")
    assert len(entry.doc) > 8
    low, high = entry.arity
    assert 1 <= low <= high
    assert callable(entry.value)
    assert callable(entry.rule)
    if not entry.excel and not entry.is_infix:
        assert entry.lower  # it is gone before a formula is written
    elif entry.is_infix:
        assert entry.operator is not None
        assert not entry.excel
    else:
        assert set(re.findall(r"[A-Z0-9]+(?=\()", entry.excel)) <= PORTABLE
        placed = {int(number) for number in re.findall(r"\{(?:cells|size)?(\d)\}", entry.excel)}
        placed |= {0, 1} if entry.excel == "{at0}" else set()  # INDEX, or CHOOSE in a range of one cell
        assert "{*}" in entry.excel or placed == set(range(low))


def test_no_example_is_left_over() -> None:
    assert set(EXAMPLES) == set(FUNCTIONS)
    assert set(RANGES) <= set(FUNCTIONS)


@pytest.mark.parametrize("name", sorted(AGGREGATES))
def test_every_aggregate_is_portable(name: str) -> None:
    entry = AGGREGATES[name]
    assert entry.excel in PORTABLE
    assert (entry.conditional or entry.ranked[0]) in PORTABLE
    assert "{0}" in entry.prose


# Readable mathematics


@pytest.mark.parametrize(
    ("text", "prose"),
    [
        ("x.a - (x.b - x.c)", "a − (b − c)"),
        ("-x.a ** 2", "−(a^2)"),
        ("(-x.a) ** 2", "(−a)^2"),
        ("x.a * x.b / x.c", "a × b / c"),
        ("x.a / (x.b * x.c)", "a / (b × c)"),
        ("floor(x.a / x.b)", "⌊a / b⌋"),
        ("x.a if x.b > 0 else x.c", "if b > 0 then a, else c"),
        ("indicator(x.a < x.b < x.c)", "[a < b and b < c]"),
        ("x.a * 1 [s]", "a"),
        ("1 [s] / (x.a * 2 [s])", "1 s / (a × 2 s)"),
        ("sum(r.c for r in t if r.g == 'one')", "sum of c where g = “One”"),
        ("sum(r.c for r in t if r.d < x.a + 1 and r.g == 'one')", "sum of c where g = “One” and d < a + 1"),
        ("count(r.c for r in t if x.b >= r.d)", "number of c where d ≤ b"),
        ("only(x.a, x.b > 0)", "if b > 0 then a, else empty"),
        ("join('at ', text(x.a), text(x.word))", "“at ” & a & word"),
        ("max(x.a, 1)", "max(a, 1)"),
    ],
)
def test_prose(desk: Desk, text: str, prose: str) -> None:
    assert desk.prose(text) == prose


def test_every_function_has_prose(desk: Desk) -> None:
    written: dict[str, Callable[[], str]] = {
        name: lambda name=name: f"{name}({', '.join(['x.a'] * FUNCTIONS[name].arity[0])})"  # type: ignore[misc]
        for name in ("abs", "exp", "ln", "log2", "log10", "sqrt", "min", "max", "round", "floor", "ceiling", "truncate", "otherwise")
    }
    for name, text in written.items():
        prose = desk.prose(text())
        assert "a" in prose, name
        assert "{" not in prose, name
