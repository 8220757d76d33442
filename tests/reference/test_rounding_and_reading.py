"""Rounding near its edges, and curves read between their knots."""

import numpy as np
import pytest

from tests.reference.equations import metrics, power, roofline, rounding, slots

HALVING = ([1024.0, 2048.0, 4096.0, 16384.0], [16.0, 8.0, 4.0, 1.0])


@pytest.mark.parametrize(("value", "noted"), [(7.0, 0), (7.3, 0), (7.0 - 1e-9, 1), (7.0 + 1e-9, 1), (-2.0 - 1e-9, 1)])
def test_only_arguments_beside_a_whole_number_are_noted(value: float, noted: int) -> None:
    for rounded in (rounding.floor, rounding.ceil, rounding.trunc):
        with rounding.watched() as edges:
            rounded(value)
        assert len(edges) == noted


@pytest.mark.parametrize(("value", "noted"), [(93.5, 1), (93.5 + 1e-9, 1), (93.0, 0), (93.4, 0)])
def test_halves_are_noted_when_the_nearest_whole_number_is_asked_for(value: float, noted: int) -> None:
    with rounding.watched() as edges:
        rounding.nearest(value)
    assert len(edges) == noted


def test_watching_ends_with_its_block() -> None:
    with rounding.watched() as outer:
        with rounding.watched() as inner:
            rounding.floor([1.0 - 1e-12, 2.5])
        rounding.floor(2.5)
    rounding.floor(3.0 - 1e-12)
    assert (inner, outer) == ([1.0 - 1e-12], [])


@pytest.mark.parametrize(("x", "segment"), [(10, 1), (1024, 1), (2047, 1), (2048, 2), (16383, 3), (16384, 3), (10**6, 3)])
def test_the_segment_of_a_knot_is_the_one_it_begins(x: float, segment: int) -> None:
    assert metrics.knot_segment(x, HALVING[0]) == segment


@pytest.mark.parametrize(("x", "y"), [(2048, 8), (3000, 16384 / 3000), (8192, 2), (512, 32), (65536, 0.25)])
def test_a_power_law_is_read_off_exactly(x: float, y: float) -> None:
    assert metrics.log_log_reading(x, *HALVING) == pytest.approx(y, rel=1e-12)


def test_slots_without_blocks() -> None:
    np.testing.assert_array_equal(slots.window_slots([0, 999, 1000, 2500], 10, 100), [0, 0, 1, 2])


def test_slots_of_a_calibrated_profile_are_the_tighter_of_its_two_limits() -> None:
    assert slots.scheduled_slots(256, 8192, 4096) == 512
    assert slots.window_blocks(4097, 16) == 257
    assert slots.block_slots(65_536, 257) == 255
    assert slots.calibrated_slots(256, 8192, 65_536, 4097) == 255


def test_ridge_point_of_h100() -> None:
    assert roofline.ridge_point(989e12, 3.35e12) == pytest.approx(295.2, abs=0.05)


def test_expert_time_follows_bandwidth_by_its_exponent() -> None:
    assert roofline.expert_layers_time(94, 0.48e-3, 3.35e12) == pytest.approx(45.12e-3)
    assert roofline.expert_layers_time(94, 0.48e-3, 6.7e12, 3.35e12, 1) == pytest.approx(22.56e-3)
    assert roofline.expert_layers_time(94, 0.48e-3, 6.7e12, 3.35e12, 0) == pytest.approx(45.12e-3)


def test_power_shares_and_operations_can_be_set() -> None:
    assert power.roofline_power(1000, 0.25, 0.25, 0.2, 0.6) == pytest.approx(500)
    assert power.arithmetic_share(10, 2e9, 1e-3, 1e15) == pytest.approx(0.02)
    assert roofline.throughput(10, 0.02, 2.5) == pytest.approx(1250)
