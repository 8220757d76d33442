"""Fits to one's own points recover what was planted, within the errors that they state."""

import numpy as np

from tests.reference.equations.calibration import errors_left_out, fit_line, heights, misfits

N = np.array([1.0, 2, 4, 8, 16, 32, 64, 128])
T_95 = 2.447
"""Student's t with 6 degrees of freedom, 95% (two sides)."""


def test_step_times_lie_within_their_stated_interval() -> None:
    random = np.random.default_rng(1)
    within = []
    for _ in range(500):
        start, slope = random.uniform(3, 40), random.uniform(0.02, 0.8)
        fit = fit_line(N, (start + slope * N) * (1 + 0.03 * random.standard_normal(len(N))))
        within.append((abs(fit.start - start) < T_95 * fit.start_error, abs(fit.slope - slope) < T_95 * fit.slope_error))
    assert np.all(np.mean(within, axis=0) > 0.93)


def test_points_on_a_line_leave_no_error_and_one_off_it_does_when_left_out() -> None:
    times = 10 + 0.1 * N
    assert np.allclose(errors_left_out(N, times), 0, atol=1e-12)
    times[7] *= 1.2
    assert np.isclose(errors_left_out(N, times)[7], 1 / 1.2 - 1)


def test_the_curve_of_the_paper_is_found_to_half_a_step_of_its_half_way_point() -> None:
    watts = 300 + 300 * heights(N, 1.0, 4.2)
    best = min(misfits(N, watts, 1.0), key=lambda curve: curve.within)
    assert best.half in {4.0, 4.5}
    assert abs(best.idle - 300) < 20
    assert abs(best.idle + best.power_range - 600) < 20
