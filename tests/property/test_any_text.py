"""Whatever is typed: a clear refusal or a working formula, never a crash; and numbers that survive being written."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.language import Desk
from workbook.expr.functions import AGGREGATES, FUNCTIONS, RANGES
from workbook.expr.parse import ExpressionError, parse
from workbook.expr.rules import UnitError
from workbook.expr.values import ceiling, floor, round_half_away, truncate
from workbook.layout.formula import number_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbook.expr.nodes import Tree

# The same examples in every run.
repeatable = settings(max_examples=400, derandomize=True, deadline=None, database=None)

NAMES = ("x.a", "x.b", "x.zero", "x.word", "x.nothing", "nothing", "t.c", "r.c", "r.w", "r")
CALLED = [name for name, entry in FUNCTIONS.items() if not entry.is_infix] + [*AGGREGATES, "previous", "exec"]
TOKENS = [
    *"+-*/<()[],.#1≤\0\\",
    "'",
    '"',
    "**",
    "//",
    "==",
    "!=",
    ":=",
    "0.1",
    "1e400",
    "'s'",
    "and",
    "or",
    "not",
    "if",
    "else",
    "for",
    "in",
]


def result_of(attempt: Callable[[str], Tree], text: str) -> Tree | None:
    """Return what becomes of a text, or None where it is refused, which must be at a place within it."""
    try:
        return attempt(text)
    except (ExpressionError, UnitError) as caught:
        refusal = caught
    assert 0 <= refusal.at <= len(text)
    assert refusal.message
    return None


@repeatable
@given(st.text(max_size=80))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    result_of(parse, text)


@repeatable
@given(st.lists(st.sampled_from([*TOKENS, *NAMES, *CALLED]), max_size=25).map(" ".join))
def test_any_row_of_tokens_is_parsed_or_refused(text: str) -> None:
    result_of(parse, text)


def one_of(*texts: str) -> st.SearchStrategy[str]:
    """Draw one of a few texts."""
    return st.sampled_from(texts)


# Rows of the table t have the keys g and n; k has n. One leaf in ten is of the wrong kind, or does not exist.
CONDITION = one_of(
    "",
    "",
    " if r.n == n",
    " if r.g == g",
    " if r.g == 'one'",
    " if r.n == x.a",
    " if r.n == 1 and r.g == g",
    " if r.d <= d",
    " if x.zero < r.c and r.g == g",
)
ELEMENT = one_of("r.c", "r.c * r.d", "r.c - x.b", "r.d ** 2", "r.broken", "r.broken + 1", "r.n", "r.w", "x.a", "1", "k[r.n].v", "abs(r.c)")
SUM = st.tuples(st.sampled_from(list(AGGREGATES)), ELEMENT, CONDITION).map(lambda parts: "{}({} for r in t{})".format(*parts))
RANGE = one_of("[r.n for r in k]", "[r.v for r in k]", "[r.c for r in t]", "[r.d for r in t if r.g == g]", "[r.w for r in t]")
CELL = one_of("x.a", "x.b", "x.zero", "c", "d", "n", "previous(c)", "previous(rise)", "k['n1'].v", "t['one', 'n2'].c")
LEAF = st.one_of(CELL, CELL, one_of("1", "0", "2.5", "[r.c for r in t]", "w"))
TEXT = one_of("x.word", "w", "'p'", "'one'", "g", "previous(w)", "t['one', 'n2'].w", "x.a")
PLAIN = sorted(set(CALLED) - set(RANGES) - {"if", "and", "or", "not", "previous"})


def expressions() -> st.SearchStrategy[str]:
    """Draw expressions that Python can read, with all functions; most of them make sense."""

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        compared = st.tuples(inner, one_of("<", "<=", "==", "!=", ">"), inner).map("({0[0]} {0[1]} {0[2]})".format)
        condition = st.one_of(
            compared,
            st.tuples(TEXT, one_of("==", "!="), TEXT).map("({0[0]} {0[1]} {0[2]})".format),
            st.tuples(compared, one_of("and", "or"), compared).map("({0[0]} {0[1]} {0[2]})".format),
            compared.map("(not {})".format),
        )
        return st.one_of(
            st.tuples(inner, one_of("+", "-", "*", "/", "**"), inner).map("({0[0]} {0[1]} {0[2]})".format),
            inner.map("(-{})".format),
            st.tuples(inner, condition, inner).map("({0[0]} if {0[1]} else {0[2]})".format),
            condition.map("indicator({})".format),
            st.tuples(one_of(*PLAIN), inner).map("{0[0]}({0[1]})".format),
            st.tuples(one_of(*PLAIN), inner, inner).map("{0[0]}({0[1]}, {0[2]})".format),
            SUM,
            inner.map("k[{}].v".format),
            st.tuples(TEXT, inner).map("t[{0[0]}, {0[1]}].c".format),
            st.tuples(one_of("slope", "intercept"), RANGE, RANGE).map("{0[0]}({0[1]}, {0[2]})".format),
            st.tuples(one_of("locate", "position"), inner, RANGE).map("{0[0]}({0[1]}, {0[2]})".format),
            st.tuples(RANGE, inner).map("item({0[0]}, {0[1]})".format),
            st.tuples(inner, inner, RANGE, RANGE).map("interpolate({0[0]}, {0[1]}, {0[2]}, {0[3]})".format),
        )

    return st.recursive(LEAF, grow, max_leaves=8)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Set up a small workbook."""
    return Desk(tmp_path_factory.mktemp("desk"))


def test_what_passes_the_checks_can_be_computed_written_and_explained(desk: Desk) -> None:
    where, rows = "t.rise", tuple(range(6))
    passed = 0

    @settings(repeatable, max_examples=1_500)
    @given(expressions())
    def attempt(text: str) -> None:
        nonlocal passed
        tree = result_of(lambda given: desk.put(given, where, rows), text)
        if tree is None:
            return
        passed += 1
        assert desk.prose_of(tree)
        desk.model.quantities[where].unit = "text" if desk.kind(tree) == "text" else "1"
        desk.value(text, where, rows)
        assert desk.excel(text, where, rows)

    attempt()
    assert passed >= 500


@repeatable
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_survive_being_written(value: float) -> None:
    assert float(number_text(value)) == value


@repeatable
@given(st.integers(-(10**9), 10**9), st.integers(0, 8), st.integers(0, 6))
def test_round_agrees_with_decimal_arithmetic(units: int, places: int, digits: int) -> None:
    written = Decimal(units).scaleb(-places)
    wanted = written.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    with np.errstate(all="ignore"):
        found = float(round_half_away(np.asarray(float(written)), digits))
    assert found == pytest.approx(float(wanted), rel=1e-15, abs=1e-300)


@repeatable
@given(st.integers(-(10**12), 10**12), st.integers(1, 999), st.integers(1, 999))
def test_a_whole_quotient_is_never_cut_to_the_number_below(whole: int, above: int, below: int) -> None:
    # Rounded at every step, as a chain of cells is.
    quotient = np.asarray(whole * (above / below) * (below / above))
    assert math.isclose(quotient, whole, rel_tol=1e-15)
    with np.errstate(all="ignore"):
        assert float(floor(quotient)) == float(ceiling(quotient)) == float(truncate(quotient)) == whole
