"""The best windows of one to four pools of the workbook against every choice of them, summed over every whole length."""

from itertools import combinations, pairwise

import numpy as np
import pytest

from tests.reference.draws import Values as Edits
from tests.reference.equations import fleet, grid
from tests.reference.equations.whole_lengths import WORKLOADS, Outcome, between, outcome
from tests.reference.expect.expect_pool_counts import NO_CHOICE
from tests.reference.test_every_quantity import book, calculated
from tests.reference.test_optimizer import UNSOUND, edited, row, shown


def chosen(workload: str, windows: tuple[int, ...]) -> Outcome:
    """Return the fleet of pools with these windows and one of 64K."""
    return outcome(workload, [between(workload, *ends) for ends in pairwise((0, *windows, fleet.WINDOW))])


@pytest.mark.parametrize("workload", WORKLOADS)
def test_least_power_is_that_of_the_best_of_all_rising_windows(workload: str) -> None:
    values, marks = edited(workload), [int(mark) for mark in book().values["marks.value"]]
    for count in range(1, 5):
        ways = {inner: chosen(workload, inner) for inner in combinations(marks, count - 1)}
        best = min(ways, key=lambda inner: ways[inner].kw)
        windows = [shown(values, f"pool_counts.window_{place}")[count - 1] for place in (1, 2, 3)]
        assert windows == [*best, None, None, None][:3]
        assert values["pool_counts.power"][count - 1] == pytest.approx(ways[best].kw, rel=1e-3)
        assert values["pool_counts.tok_per_j"][count - 1] == pytest.approx(ways[best].tok_per_j, rel=1e-3)


@pytest.mark.parametrize("workload", ["azure", "lmsys", "agent"])
def test_two_pools_are_the_best_split_of_the_grid_without_a_band(workload: str) -> None:
    values = edited(workload)
    on_grid = [values["grid_outcome.power"][row(int(mark), int(mark))] for mark in book().values["marks.value"]]
    assert values["pool_counts.power"][1] == pytest.approx(min(on_grid), rel=1e-12)


def test_another_pool_at_the_end_never_takes_less_than_the_best_way_up_to_there() -> None:
    values = edited()
    for count in (2, 3, 4):
        for last in range(5):
            fewer = [values[f"plans.best_{count - 1}"][inner] + values[f"plans.pool_{inner + 1}"][last] for inner in range(4)]
            assert values[f"plans.best_{count}"][last] == min(grid.UNMET, *fewer)


def test_every_pool_more_costs_power_where_requests_are_few() -> None:
    assert np.all(np.diff(calculated({"traffic.rate": 0.01})["pool_counts.power"]) > 0)


def test_windows_beyond_the_longest_request_are_not_chosen() -> None:
    values, all_marks = calculated({"marks.m3": 70000, "marks.m4": 80000}), edited()
    assert values["pool_counts.state"].tolist() == ["ok", "ok", "ok", NO_CHOICE]
    assert values["pool_counts.power"][0] == all_marks["pool_counts.power"][0]
    assert [shown(values, f"pool_counts.window_{place}")[2:] for place in (1, 2, 3)] == [[1024, None], [2048, None], [None, None]]
    assert shown(values, "pool_counts.power")[3] is shown(values, "pool_counts.tok_per_j")[3] is None


@pytest.mark.parametrize("edits", UNSOUND.values(), ids=UNSOUND)
def test_a_number_of_pools_without_an_answer_says_so_and_leaves_its_cells_empty(edits: Edits) -> None:
    values = calculated(edits)
    assert set(values["pool_counts.state"]) == {NO_CHOICE}
    for column in ("power", "tok_per_j", "window_1", "window_2", "window_3"):
        assert set(shown(values, f"pool_counts.{column}")) == {None}
