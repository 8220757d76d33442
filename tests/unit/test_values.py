"""The spreadsheet's semantics of each NumPy form, one rule a test."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from workbook.expr import values
from workbook.expr.functions import AGGREGATES, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

NAN = float("nan")


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Compute as ``evaluate`` does: an error is a value, not a warning."""
    with np.errstate(all="ignore"):
        yield


def array(*items: float) -> Any:
    return np.array(items)


def texts(*items: str | None) -> Any:
    return np.array(items, dtype=object)


def call(name: str, *arguments: Any) -> Any:
    """Apply a function of the registry to numbers, and return a number or list; None for an error."""
    result = np.asarray(FUNCTIONS[name].value(*(np.asarray(argument) for argument in arguments)))
    return _plain(result.tolist())


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 what tells NaN


# Errors


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add", (NAN, 1.0)),
        ("subtract", (1.0, NAN)),
        ("multiply", (0.0, NAN)),
        ("divide", (0.0, NAN)),
        ("power", (NAN, 2.0)),
        ("negative", (NAN,)),
        ("abs", (NAN,)),
        ("exp", (NAN,)),
        ("ln", (NAN,)),
        ("log2", (NAN,)),
        ("log10", (NAN,)),
        ("sqrt", (NAN,)),
        ("min", (1.0, NAN)),
        ("min", (NAN, 1.0, 2.0)),
        ("max", (1.0, NAN)),
        ("max", (NAN, 1.0, 2.0)),
        ("round", (NAN, 2.0)),
        ("round", (2.5, NAN)),
        ("floor", (NAN,)),
        ("ceiling", (NAN,)),
        ("truncate", (NAN,)),
        ("indicator", (NAN,)),
        ("not", (NAN,)),
        ("locate", (NAN, [1.0, 2.0, 3.0])),
    ],
)
def test_an_error_spreads(name: str, arguments: tuple[Any, ...]) -> None:
    assert call(name, *arguments) is None


@pytest.mark.parametrize("name", ["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"])
def test_an_error_on_either_side_of_a_comparison_spreads(name: str) -> None:
    assert call(name, [NAN, 1.0, NAN], [1.0, NAN, NAN]) == [None, None, None]


def test_an_error_to_the_power_of_zero_and_one_to_the_power_of_an_error_are_errors() -> None:
    # NumPy, as C does, gives 1 for both.
    assert call("power", NAN, 0.0) is None
    assert call("power", 1.0, NAN) is None


def test_an_error_is_not_equal_to_itself_and_not_unequal_either() -> None:
    assert call("equal", NAN, NAN) is None
    assert call("not_equal", NAN, NAN) is None


# Arithmetic


@pytest.mark.parametrize("left", [1.0, -1.0, 0.0])
def test_division_by_zero_is_an_error(left: float) -> None:
    assert call("divide", left, 0.0) is None
    assert call("divide", left, -0.0) is None


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [
        (0.0, 0.0, None),
        (0.0, -1.0, None),
        (0.0, 2.0, 0.0),
        (-2.0, 0.0, 1.0),
        (-2.0, 3.0, -8.0),
        (-2.0, -2.0, 0.25),
        (-8.0, 1 / 3, None),
        (-2.0, 0.5, None),
        (1e200, 2.0, None),
        (10.0, -400.0, 0.0),
    ],
)
def test_powers(base: float, exponent: float, expected: float | None) -> None:
    assert call("power", base, exponent) == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("add", (1.7e308, 1.7e308)),
        ("subtract", (-1.7e308, 1.7e308)),
        ("multiply", (1e200, 1e200)),
        ("divide", (1e200, 1e-200)),
        ("exp", (710.0,)),
        ("interpolate", (3.0, 1.0, [0.0, 1.0], [0.0, 1.7e308])),
        ("intercept", ([1e308, -1e308], [1.0, 1.0000001])),
    ],
)
def test_a_result_too_large_for_a_cell_is_an_error(name: str, arguments: tuple[Any, ...]) -> None:
    assert call(name, *arguments) is None


@pytest.mark.parametrize(("name", "wrong", "edge"), [("ln", -1.0, 0.0), ("log2", -1.0, 0.0), ("log10", -1.0, 0.0), ("sqrt", -1.0, -1e-300)])
def test_logarithms_and_roots_outside_their_domain_are_errors(name: str, wrong: float, edge: float) -> None:
    assert call(name, wrong) is None
    assert call(name, edge) is None
    assert call(name, 1.0) == (1.0 if name == "sqrt" else 0.0)


# Rounding


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        (2.5, 0, 3.0),
        (-0.5, 0, -1.0),
        (-2.5, 0, -3.0),
        (2.4999, 0, 2.0),
        (0.125, 2, 0.13),
        (1250.0, -2, 1300.0),
        (1249.0, -2, 1200.0),
        (-1250.0, -2, -1300.0),
        (49.0, -2, 0.0),
        (5.0, -308, 0.0),
        (5.0, -400, 0.0),
        (5.0, 400, 5.0),
        (0.0, 3, 0.0),
        (6.02e23, 2, 6.02e23),
        (1e300, 9, 1e300),
        (1e-300, 9, 0.0),
    ],
)
def test_round_takes_halves_away_from_zero(value: float, digits: int, expected: float) -> None:
    assert call("round", value, float(digits)) == expected


@pytest.mark.parametrize(
    ("value", "digits", "expected"),
    [(1.005, 2, 1.01), (2.675, 2, 2.68), (-1.005, 2, -1.01), (8.345, 2, 8.35), (0.285, 2, 0.29), (1.0049999, 2, 1.0)],
)
def test_round_tells_halves_by_their_decimal_digits(value: float, digits: int, expected: float) -> None:
    # As floats all but the last lie just below the half.
    assert call("round", value, float(digits)) == expected


@pytest.mark.parametrize(("digits", "expected"), [(1.9, 1234.6), (0.9, 1235.0), (-1.9, 1230.0)])
def test_round_takes_the_whole_part_of_its_digits(digits: float, expected: float) -> None:
    assert call("round", 1234.567, digits) == expected


def test_round_leaves_whole_numbers_alone() -> None:
    numbers = [2.0**53 - 1, 2.0**52 + 1, 123456789012345.0, -(2.0**50)]
    assert call("round", numbers, 9.0) == numbers


@pytest.mark.parametrize(
    ("value", "down", "up", "cut"),
    [
        (2.5, 2.0, 3.0, 2.0),
        (-2.5, -3.0, -2.0, -2.0),
        (-0.1, -1.0, 0.0, 0.0),
        (3.0, 3.0, 3.0, 3.0),
        (-3.0, -3.0, -3.0, -3.0),
        (0.0, 0.0, 0.0, 0.0),
        ((0.1 + 0.7) * 10, 8.0, 8.0, 8.0),
        (-(0.1 + 0.7) * 10, -8.0, -8.0, -8.0),
        (127.9999999999, 128.0, 128.0, 128.0),
        (128.0000000001, 128.0, 128.0, 128.0),
        (4.35 * 100, 435.0, 435.0, 435.0),
        (1.1 + 2.2 - 0.3, 3.0, 3.0, 3.0),
        (127.999999999, 127.0, 128.0, 127.0),
        (128.000000001, 128.0, 129.0, 128.0),
        (89999999.99999999, 90000000.0, 90000000.0, 90000000.0),
        (89999999.9999, 89999999.0, 90000000.0, 89999999.0),
        (2.0**52 + 1, 2.0**52 + 1, 2.0**52 + 1, 2.0**52 + 1),
        (1e100, 1e100, 1e100, 1e100),
    ],
)
def test_floor_ceiling_and_truncate(value: float, down: float, up: float, cut: float) -> None:
    assert call("floor", value) == down
    assert call("ceiling", value) == up
    assert call("truncate", value) == cut


# Conditions


def test_if_does_not_see_an_error_in_the_other_branch() -> None:
    assert call("if", [1.0, 0.0], [5.0, NAN], [NAN, 6.0]) == [5.0, 6.0]


def test_if_shows_an_error_in_its_branch_or_condition() -> None:
    assert call("if", [1.0, 0.0, NAN], [NAN, 5.0, 5.0], [6.0, NAN, 6.0]) == [None, None, None]


def test_if_between_texts_spreads_an_error_in_its_condition() -> None:
    assert values.choose(array(1.0, 0.0, NAN), texts("yes"), texts("no")).tolist() == ["yes", "no", None]


@pytest.mark.parametrize(
    ("left", "right", "both", "either"),
    [
        (1.0, 1.0, 1.0, 1.0),
        (1.0, 0.0, 0.0, 1.0),
        (0.0, 1.0, 0.0, 1.0),
        (0.0, 0.0, 0.0, 0.0),
        (NAN, 1.0, None, None),
        (NAN, 0.0, None, None),
        (0.0, NAN, None, None),
        (1.0, NAN, None, None),
    ],
)
def test_and_and_or_see_an_error_in_any_part(left: float, right: float, both: float | None, either: float | None) -> None:
    assert call("and", left, right) == both
    assert call("or", left, right) == either


def test_and_and_or_take_many_parts() -> None:
    assert call("and", 1.0, 1.0, 1.0, 1.0) == 1.0
    assert call("and", 1.0, 1.0, 0.0, 1.0) == 0.0
    assert call("or", 0.0, 0.0, 0.0, 1.0) == 1.0
    assert call("or", 0.0, 0.0, 0.0, 0.0) == 0.0


def test_not_turns_a_condition_round() -> None:
    assert call("not", [0.0, 1.0]) == [1.0, 0.0]


def test_texts_compare_without_case() -> None:
    left, right = texts("H100", "h100", "b200"), texts("h100")
    assert values.compare(operator.eq)(left, right).tolist() == [1.0, 1.0, 0.0]
    assert values.compare(operator.ne)(left, right).tolist() == [0.0, 0.0, 1.0]


def test_a_missing_text_spreads_and_is_not_the_word_none() -> None:
    result = values.compare(operator.eq)(texts(None, "None"), texts("none"))
    assert _plain(result.tolist()) == [None, 1.0]


def test_otherwise_replaces_errors_only() -> None:
    assert call("otherwise", [NAN, 2.0, 0.0], [7.0, 7.0, NAN]) == [7.0, 2.0, 0.0]
    assert call("otherwise", NAN, NAN) is None


def test_otherwise_replaces_missing_texts() -> None:
    assert values.otherwise(texts(None, "fits"), texts("unknown")).tolist() == ["unknown", "fits"]


# Tables

KNOTS = [1.0, 2.0, 4.0, 8.0]
LEVELS = [10.0, 30.0, 20.0, 60.0]


@pytest.mark.parametrize(
    ("value", "segment"), [(-5.0, 1.0), (0.999, 1.0), (1.0, 1.0), (1.5, 1.0), (2.0, 2.0), (3.9, 2.0), (4.0, 3.0), (8.0, 3.0), (100.0, 3.0)]
)
def test_locate_finds_the_segment_at_below_and_above_the_knots(value: float, segment: float) -> None:
    assert call("locate", value, KNOTS) == segment


def test_locate_in_a_single_knot_gives_the_first_segment() -> None:
    assert call("locate", [0.0, 5.0], [3.0]) == [1.0, 1.0]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1.0, 10.0), (1.5, 20.0), (2.0, 30.0), (3.0, 25.0), (4.0, 20.0), (6.0, 40.0), (8.0, 60.0), (0.0, -10.0), (10.0, 80.0)],
)
def test_interpolate_goes_through_the_knots_and_on_straight_outside(value: float, expected: float) -> None:
    assert call("interpolate", value, call("locate", value, KNOTS), KNOTS, LEVELS) == pytest.approx(expected, rel=1e-14)


def test_interpolate_agrees_with_numpy_between_the_knots() -> None:
    points = np.linspace(1.0, 8.0, 57)
    found = values.interpolate(points, values.locate(points, array(*KNOTS)), array(*KNOTS), array(*LEVELS))
    np.testing.assert_allclose(found, np.interp(points, KNOTS, LEVELS), rtol=1e-13)


@pytest.mark.parametrize("segment", [0.0, -1.0, 4.0, 99.0, NAN])
def test_interpolate_on_a_segment_that_does_not_exist_is_an_error(segment: float) -> None:
    assert call("interpolate", 3.0, segment, KNOTS, LEVELS) is None
    assert call("interpolate", [3.0, 3.0], [segment, 2.0], KNOTS, LEVELS) == [None, 25.0]


def test_interpolate_between_equal_knots_is_an_error() -> None:
    assert call("interpolate", 1.0, 1.0, [1.0, 1.0], [1.0, 2.0]) is None


def test_interpolate_of_an_error_is_an_error() -> None:
    assert call("interpolate", NAN, 2.0, KNOTS, LEVELS) is None


@pytest.mark.parametrize(
    ("place", "number", "text"),
    [
        (1.0, 10.0, "a"),
        (3.0, 30.0, "c"),
        (2.9, 20.0, "b"),
        (0.9, None, None),
        (0.0, None, None),
        (-1.0, None, None),
        (4.0, None, None),
        (NAN, None, None),
    ],
)
def test_at_gives_the_number_or_the_text_at_a_place(place: float, number: float | None, text: str | None) -> None:
    assert call("item", array(10, 20, 30), place) == number
    assert call("item", texts("a", "b", "c"), place) == text


def test_at_gives_one_for_each_place_and_spreads_an_error_of_the_cell_only() -> None:
    assert call("item", array(10, NAN), array(2, 1, 1)) == [None, 10.0, 10.0]
    assert call("item", texts("a", None), array(1, 2, 1)) == ["a", None, "a"]


def test_slope_and_intercept_agree_with_a_polynomial_fit() -> None:
    chance = np.random.default_rng(20260318)
    for size in (2, 3, 10, 200):
        xs = chance.uniform(-5, 20, size)
        ys = 3.5 * xs - 7 + chance.normal(0, 2, size)
        slope, intercept = np.polyfit(xs, ys, 1)
        assert call("slope", ys, xs) == pytest.approx(slope, rel=1e-9)
        assert call("intercept", ys, xs) == pytest.approx(intercept, rel=1e-9)


def test_slope_and_intercept_without_a_line_are_errors() -> None:
    for ys, xs in (([1.0, 2.0], [3.0, 3.0]), ([1.0], [1.0]), ([1.0, 2.0, 3.0], [1.0, 2.0]), ([1.0, NAN], [1.0, 2.0])):
        assert call("slope", ys, xs) is None
        assert call("intercept", ys, xs) is None


# Aggregates


@pytest.mark.parametrize(
    ("name", "some", "none"), [("sum", 6.0, 0.0), ("count", 3.0, 0.0), ("mean", 2.0, None), ("min", 1.0, None), ("max", 3.0, None)]
)
def test_aggregates_of_some_rows_and_of_no_rows(name: str, some: float, none: float | None) -> None:
    reduce = AGGREGATES[name].value
    assert float(reduce(array(1.0, 3.0, 2.0))) == some
    assert _plain(float(reduce(array()))) == none


@pytest.mark.parametrize("name", ["sum", "mean", "min", "max"])
def test_an_error_in_any_row_spreads_to_the_aggregate(name: str) -> None:
    assert _plain(float(AGGREGATES[name].value(array(1.0, NAN)))) is None


@pytest.mark.parametrize("name", ["sum", "mean"])
def test_an_aggregate_too_large_for_a_cell_is_an_error(name: str) -> None:
    assert _plain(float(AGGREGATES[name].value(array(1.7e308, 1.7e308)))) is None
