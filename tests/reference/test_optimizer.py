"""The best split and band of the workbook against fleets summed over every whole length, and against FleetOpt as coded."""

from functools import cache

import numpy as np
import pytest

from tests.reference import draws
from tests.reference.equations import fleet, grid, replay, rounding
from tests.reference.equations.grid import Requests, Tokens
from tests.reference.equations.whole_lengths import H100, POLICY, WORKLOADS, homogeneous, steps_of, summed
from tests.reference.equations.workload import AZURE
from tests.reference.expect import lengths, pools
from tests.reference.expect.expect_optimizer import NO_CELL
from tests.reference.expect.expect_optimizer_pools import places
from tests.reference.quantities import EMPTY, PAPER, expected
from tests.reference.test_every_quantity import book, calculated, computed_quantities, inputs
from workbook.model.evaluate import Values

GRID = ("split_ends", "band_ends", "whole", "grid", "grid_pools", "grid_outcome", "by_band", "best", "optimum", "pareto")
COUNTS = ("boundaries", "boundary_ends", "spans", "plans", "pool_counts")


def splits_and_edges() -> list[tuple[int, int]]:
    """Return split and band edge of every row of the grid, tokens."""
    given = inputs()
    return [(int(given[f"splits.{split}"]), int(given[f"splits.{split}"] * given[f"bands.{band}"])) for split, band in places(given)]


def row(at: int, edge: int) -> int:
    """Return the row of the grid with a split and a band edge."""
    return splits_and_edges().index((at, edge))


@cache
def edited(workload: str = "azure", share: float = 0.75, as_coded: int = 0, widest: float = 2.0) -> Values:
    """Return the workbook's values for a question."""
    question: draws.Values = {"workload": workload, "compressible": share, "as_coded": as_coded, "widest": widest}
    return calculated({f"optimise.{name}": value for name, value in question.items()})


def shown(values: Values, quantity: str) -> list[object]:
    """Return the cells of a column, None for empty ones."""
    return [None if value == EMPTY else value for value in values[quantity].tolist()]


# Best


@pytest.mark.parametrize("share", [0.0, 0.4, 0.75, 1.0])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_optimum_is_the_best_of_all_sums_over_whole_lengths(workload: str, share: float) -> None:
    tried = [summed(workload, *place, share).tok_per_j for place in splits_and_edges()]
    values, best = edited(workload, share), tried.index(max(tried))
    at, edge = splits_and_edges()[best]
    assert values["best.place"][0] == best + 1
    assert (values["optimum.short_window"][0], values["optimum.gamma"][0]) == (at, edge / at)
    assert values["optimum.most_tok_per_j"][0] == pytest.approx(tried[best], rel=1e-3)
    assert values["optimum.state"].tolist() == ["ok"]


@pytest.mark.parametrize("workload", WORKLOADS)
def test_least_cost_is_that_of_the_fewest_instances(workload: str) -> None:
    counts = [summed(workload, *place, 0.75).instances for place in splits_and_edges()]
    values, price = edited(workload), POLICY.gpus * inputs()["hardware.h100_sxm.price"]
    usd_per_token = price * min(counts) / 3600.0 / homogeneous(workload).tokens
    assert values["best.cost_place"][0] == counts.index(min(counts)) + 1
    assert values["optimum.least_cost"][0] == pytest.approx(1e6 * usd_per_token, rel=1e-4)


@pytest.mark.parametrize("share", [0.4, 0.75, 1.0])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_split_and_band_is_near_its_sum_over_whole_lengths(workload: str, share: float) -> None:
    values, off = edited(workload, share), 0.0
    for place, found, count in zip(splits_and_edges(), values["grid_outcome.tok_per_j"], values["grid_outcome.instances"], strict=True):
        exact = summed(workload, *place, share)
        other = abs(count - exact.instances)
        assert found == pytest.approx(exact.tok_per_j, rel=1e-3 if not other else 2e-2)
        off += other
    assert off <= 1  # where one more is just about needed


@pytest.mark.parametrize(("workload", "at"), [("azure", 4096), ("lmsys", 1536)])
def test_papers_choice_is_marked_and_no_other(workload: str, at: int) -> None:
    values, place = edited(workload), row(at, 2 * at)
    assert np.flatnonzero(values["grid_outcome.paper"]).tolist() == [place]
    assert values["optimum.paper_tok_per_j"][0] == values["grid_outcome.score"][place]
    assert values["optimum.gain"][0] == values["optimum.most_tok_per_j"][0] / values["grid_outcome.score"][place] >= 1.0


def test_bands_wider_than_allowed_do_not_compete() -> None:
    values = edited(widest=1.25)
    wide = values["grid_outcome.gamma"] > 1.25
    assert np.all(values["grid_outcome.score"][wide] == 0)
    assert np.all(values["grid_outcome.cost"][wide] == grid.UNMET)
    best = float(np.max(values["grid_outcome.tok_per_j"][~wide]))
    assert values["optimum.most_tok_per_j"][0] == round(best, 9) < edited()["optimum.most_tok_per_j"][0]


# Gains


@pytest.mark.parametrize(("share", "gain"), [(0.75, 1.962), (1.0, 2.154)])
def test_gain_of_the_papers_split_over_one_pool(share: float, gain: float) -> None:
    found = edited(share=share)["optimum.paper_tok_per_j"][0] / homogeneous("azure").tok_per_j
    assert found == pytest.approx(gain, abs=1e-3)
    assert summed("azure", 4096, 8192, share).tok_per_j / homogeneous("azure").tok_per_j == pytest.approx(gain, abs=1e-3)


def test_one_pool_is_the_homogeneous_fleet_but_for_tokens_cut_off_its_credit() -> None:
    other = fleet.fleet(fleet.homogeneous(AZURE), H100, "integer")
    assert (homogeneous("azure").instances, homogeneous("azure").kw) == pytest.approx((other.instances, other.gpu_kw))
    assert homogeneous("azure").tokens / other.tokens_per_second == pytest.approx(325.85 / 325, abs=1e-5)


# FleetOpt as coded, and plain pools


@pytest.mark.parametrize(("workload", "at"), [("azure", 4096), ("lmsys", 1536)])
def test_fleetopt_as_coded_with_a_long_pool_from_its_split(workload: str, at: int) -> None:
    name = {"azure": "Azure | FleetOpt 4K gamma 2 | H100", "lmsys": "LMSYS | FleetOpt 1.5K gamma 2 | H100"}[workload]
    exact, values, place = fleet.fleets("integer", long_from_split=True)[name], edited(workload, as_coded=1), row(at, 2 * at)
    assert values["grid_outcome.tok_per_w"][place] == pytest.approx(exact.tok_per_w, rel=5e-3)
    assert values["grid_outcome.instances"][place] == exact.instances
    assert values["grid_outcome.power"][place] - values["grid.cut_power"][place] == pytest.approx(exact.gpu_kw, rel=1e-3)


def test_azure_as_coded_is_the_exact_fleet_of_table_3() -> None:
    exact = fleet.fleets("integer")["Azure | FleetOpt 4K gamma 2 | H100"]
    assert edited(as_coded=1)["grid_outcome.tok_per_w"][row(4096, 8192)] == pytest.approx(exact.tok_per_w, rel=5e-3)


def test_compressible_share_does_not_enter_as_coded() -> None:
    some, none = (edited(share=share, as_coded=1)["grid_outcome.tok_per_j"].tolist() for share in (0.75, 0.0))
    assert some == none


@pytest.mark.parametrize("workload", WORKLOADS)
def test_without_a_band_pools_are_plain_and_the_long_one_begins_at_the_split(workload: str) -> None:
    values = edited(workload)
    for at in dict.fromkeys(split for split, _ in splits_and_edges()):
        exact = fleet.fleet(fleet.two_pools(WORKLOADS[workload], at, at, long_from_split=True), H100, "integer")
        place = row(at, at)
        times = [1e3 * each.moments.mean for each in exact.pools]
        assert values["grid_outcome.instances"][place] == exact.instances
        assert values["grid_outcome.power"][place] == pytest.approx(exact.gpu_kw, rel=1e-3)
        assert values["grid_pools.mean"][2 * place : 2 * place + 2] == pytest.approx(times, rel=2e-3)


def test_without_compressible_requests_no_band_matters() -> None:
    found = np.reshape(edited(share=0.0)["grid_outcome.tok_per_j"], (-1, 5))
    assert found == pytest.approx(np.repeat(found[:, :1], 5, axis=1), rel=1e-12)


# Questions without an answer

UNSOUND: dict[str, draws.Values] = {
    "an objective shorter than any prefill": {"traffic.objective": 5},
    "windows that hold no sequence": {"traffic.long_window": 1e8},
    "none in reach": {"traffic.reach": 2, "traffic.cap": 0.99, "traffic.objective": 100, "profiles.h100_calibrated.max_slots": 8},
}
"""Questions to which no pool has an answer, or none that every fleet needs."""

BEYOND: draws.Values = {f"splits.s{number}": 65000 + 1000 * number for number in range(1, 9)}
"""Splits above the longest request."""


def assert_no_errors(values: Values) -> None:
    """Check that no formula of the sheet, nor of the comparison of its splits, gives an error."""
    names = [name for name in computed_quantities() if name.partition(".")[0] in GRID + COUNTS]
    found = [value for name in names for value in values[name].tolist()]
    assert [value for value in found if value is None or (isinstance(value, float) and not np.isfinite(value) and value != EMPTY)] == []


@pytest.mark.parametrize("edits", [*UNSOUND.values(), BEYOND], ids=[*UNSOUND, "splits above the longest request"])
def test_a_grid_without_an_answer_says_so_and_leaves_its_cells_empty(edits: draws.Values) -> None:
    values = calculated(edits)
    assert_no_errors(values)
    assert values["optimum.state"].tolist() == [NO_CELL]
    columns = ("most_tok_per_j", "short_window", "gamma", "tok_per_w", "paper_tok_per_j", "gain", "least_cost", "cost_window", "cost_gamma")
    assert [shown(values, f"optimum.{column}") for column in columns] == [[None]] * len(columns)
    assert set(values["pareto.verdict"]) == {"no answer"}
    assert [set(shown(values, f"pareto.{column}")) for column in ("tok_per_j", "cost", "first_token")] == [{None}] * 3


def test_a_band_beyond_the_longest_request_does_not_compete() -> None:
    values = calculated({"splits.s8": 10_000})
    longest = next(knot for knot, share in zip(AZURE.knots, AZURE.fractions, strict=True) if share == 1.0)
    beyond = np.flatnonzero(values["grid.edge"] > longest).tolist()
    assert beyond == [38, 39]
    assert np.flatnonzero(values["grid_outcome.sound"] == 0).tolist() == beyond
    assert values["grid_outcome.score"][beyond].tolist() == [0.0] * 2


# Edits that change what is calculated

EDITS: dict[str, draws.Values] = {
    **UNSOUND,
    "splits above the longest request": BEYOND,
    "as coded": {"optimise.as_coded": 1},
    "as coded, every length at half a token less": {"optimise.as_coded": 1, "traffic.half_token": 0, "traffic.lost": 0},
    "all of the band": {"optimise.compressible": 1},
    "none of the band": {"optimise.compressible": 0},
    "agents": {"optimise.workload": "agent"},
    "agents as coded": {"optimise.workload": "agent", "optimise.as_coded": 1},
    "two generations": {"optimise.long_profile": "b200_projected", "optimise.workload": "lmsys"},
    "two generations the other way": {"optimise.short_profile": "b200_projected"},
    "a small model for short requests": {"optimise.short_profile": "h100_llama_8b"},
    "a paper's choice off the grid": {"workloads.azure.short_window": 5000},
    "another band of the paper": {"workloads.azure.band": 1.5},
    "more output than the split holds": {"workloads.azure.output_share": 0.6},
    "nothing but output": {"workloads.azure.output_share": 1},
    "tokens in pairs": {"decode.tokens_per_step": 2},
    "small chunks": {"profiles.h100_calibrated.prefill_chunk": 512},
    "some in reach": {"traffic.reach": 30, "traffic.cap": 0.99, "traffic.objective": 100, "profiles.h100_calibrated.max_slots": 8},
    "some shorter than prefill": {"traffic.objective": 22},
    "few requests": {"traffic.rate": 2},
    "a short window": {"traffic.long_window": 40000},
    "no band of 1": {"bands.b1": 1.1, "optimise.widest": 1.05},
    "an unused short pool": {"optimise.workload": "agent", "splits.s1": 100, "marks.m1": 128},
    "an unused long pool": {"splits.s8": 60000},
    "windows beyond the longest request": {"marks.m3": 70000, "marks.m4": 80000},
    "lengths between knots": {"splits.s4": 1999.5, "bands.b2": 1.3, "marks.m2": 3000.25},
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_sheet_agrees_after_edits_that_change_what_is_calculated(edits: draws.Values) -> None:
    values, given, model = calculated(edits), inputs(edits), book().model
    names = [name for name in computed_quantities() if name.partition(".")[0] in GRID + COUNTS]
    wrong = []
    with rounding.watched() as edges:
        for name in names:
            quantity = model.quantities[name]
            for place in quantity.formula_rows():
                keys = model.tables[quantity.table].rows[place]
                wanted = expected(given, name, keys)
                if not PAPER.agree(name, values[name][place], wanted):
                    wrong.append((name, keys, values[name][place], wanted))
    assert edges == []
    assert wrong == []
    assert_no_errors(values)


@pytest.mark.parametrize("edits", [EDITS["some in reach"], EDITS["some shorter than prefill"]], ids=["reach", "prefill"])
def test_splits_without_an_answer_do_not_compete(edits: draws.Values) -> None:
    values = calculated(edits)
    missed = values["grid_outcome.sound"] == 0
    assert 0 < np.sum(missed) < missed.size
    assert np.all(values["grid_outcome.score"][missed] == 0)
    assert np.all(values["grid_outcome.score"][~missed] > 0)
    assert np.all(values["grid_outcome.cost"][missed] == grid.UNMET)
    assert [verdict == "no answer" for verdict in values["pareto.verdict"]] == missed[::5].tolist()


# Splits against each other


@pytest.mark.parametrize("workload", ["azure", "lmsys", "agent"])
def test_a_split_is_efficient_unless_another_is_better_and_no_slower(workload: str) -> None:
    values = edited(workload)
    ways = list(zip(values["pareto.tok_per_j"], values["pareto.first_token"], strict=True))
    dominated = [any(other > mine and wait <= longer for other, wait in ways) for mine, longer in ways]
    assert values["pareto.verdict"].tolist() == ["dominated" if each else "efficient" for each in dominated]
    assert "efficient" in values["pareto.verdict"]


# Plain functions

TOKENS = Tokens(output_share=0.2, lost=0.4, half_token=0.5, per_step=1.0)


def band_of(tokens: Tokens) -> Requests:
    """Return the requests of 4,096 to 8,192 tokens."""
    return grid.nodes(grid.Bin(4096, 8192, 0.1), tokens, 1024)


def test_nodes_have_the_moments_of_the_whole_lengths_between_two_knots() -> None:
    server = pools.Server("", 8192, 1.0, 1.0, w=4.0, h_full=0.01, h_one=0.0)
    served = pools.Served(server, 0.3, grid.nodes(grid.Bin(6144, 8192, 0.3), TOKENS, 1024))
    whole = np.arange(6145.0, 8193.0)
    times = steps_of(*replay.prompt_and_output(whole)) * (4.0 + 0.01 * whole)
    assert (served.time(1), served.time(2)) == pytest.approx((np.mean(times), np.mean(times**2)), rel=2e-4)


def test_cut_requests_keep_their_output() -> None:
    tokens = Tokens(output_share=0.2, lost=0.4, half_token=0.5, per_step=2.0)
    band = band_of(tokens)
    cut = grid.compressed(band, 4096, tokens, 1024)
    assert cut.output.tolist() == band.output.tolist()
    assert cut.length.tolist() == [4096] * 3
    assert (cut.steps - band.output / 2).tolist() == pytest.approx([3] * 3)
    assert grid.prefill_of_cut(band, 900, 1024) == 0


def test_requests_taken_from_themselves_leave_nothing() -> None:
    nothing = lengths.minus(band_of(TOKENS), band_of(TOKENS))
    assert [total(nothing) for total in grid.SUMS.values()] == [0.0] * len(grid.SUMS)
    assert grid.prefill_of_cut(nothing, 4096, 1024) == 0


def test_what_has_no_answer_is_refused() -> None:
    for bad in (grid.Bin(20, 20, 0.5), grid.Bin(20, 30, -0.1)):
        with pytest.raises(ValueError, match="must"):
            grid.nodes(bad, TOKENS, 8)
    with pytest.raises(ValueError, match="must be at least 1"):
        grid.first_of([], max)


def test_first_of_equals_is_taken_and_near_ties_are_noted() -> None:
    with rounding.watched() as edges:
        assert grid.first_of([1.0, 3.0, 3.0, 2.0], max) == 1
        assert grid.first_of([2.0, 1.0, 1.0], min) == 1
        assert grid.first_of([0.0, 0.0], max) == 0
    assert edges == []
    with rounding.watched() as edges:
        assert grid.first_of([1.0, 1.0 + 1e-12], max) == 1
    assert edges
