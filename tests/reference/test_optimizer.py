"""The best split and band of the workbook against a fleet summed over every whole length, and against FleetOpt as coded.

A request of L tokens has trunc(0.8 L) of prompt and the rest of output. Of the band above the
split a share is cut: each request of it to the split's length, its own output kept.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from tests.reference import cards, draws, fleet, grid, paper, queueing, replay, rounding
from tests.reference.domain import FloatArray
from tests.reference.expect_optimizer import PLACES
from tests.reference.fleet import Policy
from tests.reference.quantities import expected
from tests.reference.test_every_quantity import agree, book, calculated, formula_quantities, inputs
from tests.reference.workload import AZURE, KNOTS, LMSYS, bins
from workbook.evaluate import Values

H100 = cards.H100_CALIBRATED
POLICY = Policy()
WORKLOADS = {"azure": AZURE, "lmsys": LMSYS}
TABLES = ("moments", "grid", "grid_pools", "grid_outcome", "by_band", "optimum")


@dataclass(frozen=True, slots=True)
class Lengths:
    """Every whole length, arrays of shape (n,): share of the requests; tokens of request, prompt and output."""

    share: FloatArray
    total: FloatArray
    prompt: FloatArray
    output: FloatArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fleet: instances, W of one GPU of each, physical output token/s and token/J."""

    instances: float
    watts: float
    tokens: float

    @property
    def tok_per_j(self) -> float:
        """Tokens per joule of all GPUs."""
        return self.tokens / (POLICY.gpus * self.watts)


@cache
def lengths_of(workload: str) -> Lengths:
    """Return every whole length of a workload, each as likely as the others of its bin."""
    edges = [0, *KNOTS]
    mass = bins(WORKLOADS[workload])[2]
    total = np.arange(1.0, edges[-1] + 1.0)
    weight = np.concatenate([np.full(high - low, each / (high - low)) for low, high, each in zip(edges[:-1], edges[1:], mass, strict=True)])
    return Lengths(weight, total, *replay.prompt_and_output(total, POLICY.input_share))


def pool(weight: FloatArray, steps: FloatArray, total: FloatArray, window: int) -> tuple[int, float]:
    """Return the instances of a pool and the W of one GPU of each."""
    slots, mass = paper.calibrated_slots(H100, window), float(np.sum(weight))
    if mass < 1e-12:
        return 0, 0.0
    times = steps * (H100.w + H100.h * total / H100.calibration_length * slots)
    mean, second = (float(np.sum(weight * each)) / mass for each in (times, times**2))
    demand = queueing.Demand(POLICY.rate * mass, slots, mean, max(replay.LOWEST_CV2, second / mean**2 - 1.0), POLICY.slo)
    count = queueing.fewest_instances(demand).instances
    return count, count * fleet.watts_at(H100, POLICY.rate * mass * mean / count)


def steps_of(prompt: FloatArray, output: FloatArray) -> FloatArray:
    """Return one step for each prompt chunk and each output token."""
    return np.asarray(np.ceil(prompt / H100.prefill_chunk) + output)


@cache
def summed(workload: str, at: int, edge: int, share: float) -> Outcome:
    """Return the fleet of two pools with a share of the band cut."""
    given = lengths_of(workload)
    inside = (given.total > at) & (given.total <= edge)
    went = np.where(inside, share, given.total <= at)
    prompt = np.where(inside, np.maximum(0.0, at - given.output), given.prompt)
    short = pool(given.share * went, steps_of(prompt, given.output), np.minimum(given.total, at), at)
    long = pool(given.share * (1.0 - went), steps_of(given.prompt, given.output), given.total, fleet.WINDOW)
    tokens = POLICY.rate * float(np.sum(given.share * given.output))
    return Outcome(short[0] + long[0], short[1] + long[1], tokens)


@cache
def homogeneous(workload: str) -> Outcome:
    """Return the fleet of one pool."""
    given = lengths_of(workload)
    count, watts = pool(given.share, steps_of(given.prompt, given.output), given.total, fleet.WINDOW)
    return Outcome(count, watts, POLICY.rate * float(np.sum(given.share * given.output)))


def splits_and_bands() -> list[tuple[int, int]]:
    """Return split and band edge of every row of the grid, tokens."""
    return [(KNOTS[int(split[1:]) - 1], KNOTS[min(len(KNOTS), int(split[1:]) + int(band[1:])) - 1]) for split, band in PLACES]


def row(at: int, edge: int) -> int:
    """Return the row of the grid with a split and a band edge."""
    return splits_and_bands().index((at, edge))


@cache
def edited(workload: str = "azure", share: float = 0.75, as_coded: int = 0, widest: float = 100.0) -> Values:
    """Return the workbook's values for a question; bands of any width compete unless said otherwise."""
    question = {"workload": workload, "compressible": share, "as_coded": as_coded, "widest": widest}
    return calculated({f"optimise.{name}": value for name, value in question.items()})


# Best


@pytest.mark.parametrize("share", [0.0, 0.4, 0.75, 1.0])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_optimum_is_the_best_of_all_sums_over_whole_lengths(workload: str, share: float) -> None:
    tried = [summed(workload, *place, share).tok_per_j for place in splits_and_bands()]
    values, best = edited(workload, share), tried.index(max(tried))
    at, edge = splits_and_bands()[best]
    assert values["optimum.place"][0] == best + 1
    assert (values["optimum.short_window"][0], values["optimum.gamma"][0]) == (at, edge / at)
    assert values["optimum.most_tok_per_j"][0] == pytest.approx(tried[best], rel=1e-4)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_least_cost_is_that_of_the_fewest_instances(workload: str) -> None:
    counts = [summed(workload, *place, 0.75).instances for place in splits_and_bands()]
    values, price = edited(workload), POLICY.gpus * inputs()["hardware.h100_sxm.price"]
    usd_per_token = price * min(counts) / 3600.0 / homogeneous(workload).tokens
    assert values["optimum.cost_place"][0] == counts.index(min(counts)) + 1
    assert values["optimum.least_cost"][0] == pytest.approx(1e6 * usd_per_token, rel=1e-4)


@pytest.mark.parametrize("share", [0.75, 1.0])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_every_split_and_band_is_near_its_sum_over_whole_lengths(workload: str, share: float) -> None:
    values = edited(workload, share)
    for place, found, count in zip(splits_and_bands(), values["grid_outcome.tok_per_j"], values["grid_outcome.instances"], strict=True):
        exact = summed(workload, *place, share)
        assert (place, count) == (place, exact.instances)
        assert found == pytest.approx(exact.tok_per_j, rel=1e-3)


def test_optimum_lies_at_the_widest_band_tried_and_the_papers_choice_at_twice_the_split() -> None:
    values = edited()
    assert (values["optimum.short_window"][0], values["optimum.gamma"][0]) == (2048, 4)
    narrow = values["grid_outcome.gamma"] <= fleet.GAMMA
    best = int(np.argmax(np.where(narrow, values["grid_outcome.score"], 0.0)))
    assert splits_and_bands()[best] == (4096, 8192)
    assert values["optimum.paper_tok_per_j"][0] == values["grid_outcome.tok_per_j"][best]
    bounded = edited(widest=fleet.GAMMA)
    assert (bounded["optimum.short_window"][0], bounded["optimum.gamma"][0]) == (4096, 2)
    assert bounded["optimum.gain"][0] == 1.0


# Gains


@pytest.mark.parametrize(("share", "gain"), [(0.75, 1.962), (1.0, 2.154)])
def test_gain_of_the_papers_split_over_one_pool(share: float, gain: float) -> None:
    found = edited(share=share)["optimum.paper_tok_per_j"][0] / homogeneous("azure").tok_per_j
    assert found == pytest.approx(gain, abs=1e-3)
    assert summed("azure", 4096, 8192, share).tok_per_j / homogeneous("azure").tok_per_j == pytest.approx(gain, abs=1e-3)


def test_one_pool_is_the_homogeneous_fleet_but_for_tokens_cut_off_its_credit() -> None:
    other = fleet.fleet(fleet.homogeneous(AZURE), H100, "integer")
    assert (homogeneous("azure").instances, POLICY.gpus * homogeneous("azure").watts / 1e3) == pytest.approx(
        (other.instances, other.gpu_kw)
    )
    assert homogeneous("azure").tokens / other.tokens_per_second == pytest.approx(325.85 / 325, abs=1e-5)


# FleetOpt as coded, and plain pools


@pytest.mark.parametrize(("workload", "at"), [("azure", 4096), ("lmsys", 1536)])
def test_fleetopt_as_coded_with_a_long_pool_from_its_split(workload: str, at: int) -> None:
    name = {"azure": "Azure | FleetOpt 4K gamma 2 | H100", "lmsys": "LMSYS | FleetOpt 1.5K gamma 2 | H100"}[workload]
    exact, values, place = fleet.fleets("integer", long_from_split=True)[name], edited(workload, as_coded=1), row(at, 2 * at)
    assert values["grid_outcome.tok_per_w"][place] == pytest.approx(exact.tok_per_w, rel=5e-3)
    assert values["grid_outcome.instances"][place] == exact.instances
    assert values["grid_outcome.power"][place] == pytest.approx(exact.gpu_kw, rel=1e-3)
    assert values["grid_outcome.paper"][place] == 1


def test_azure_as_coded_is_the_exact_fleet_of_table_3() -> None:
    exact = fleet.fleets("integer")["Azure | FleetOpt 4K gamma 2 | H100"]
    assert edited(as_coded=1)["grid_outcome.tok_per_w"][row(4096, 8192)] == pytest.approx(exact.tok_per_w, rel=5e-3)


def test_compressible_share_does_not_enter_as_coded() -> None:
    some, none = (edited(share=share, as_coded=1)["grid_outcome.tok_per_j"].tolist() for share in (0.75, 0.0))
    assert some == none


@pytest.mark.parametrize("workload", WORKLOADS)
def test_without_a_band_pools_are_plain_and_the_long_one_begins_at_the_split(workload: str) -> None:
    values = edited(workload)
    for at in KNOTS[3:13]:
        pools = fleet.two_pools(WORKLOADS[workload], at, at, long_from_split=True)
        exact, place = fleet.fleet(pools, H100, "integer"), row(at, at)
        times = [1e3 * each.moments.mean for each in exact.pools]
        assert values["grid_outcome.instances"][place] == exact.instances
        assert values["grid_outcome.power"][place] == pytest.approx(exact.gpu_kw, rel=1e-3)
        assert values["grid_pools.mean"][2 * place : 2 * place + 2] == pytest.approx(times, rel=2e-3)


def test_without_compressible_requests_no_band_matters() -> None:
    found = np.reshape(edited(share=0.0)["grid_outcome.tok_per_j"], (-1, 5))
    assert found == pytest.approx(np.repeat(found[:, :1], 5, axis=1), rel=1e-12)


# Edits that change what is calculated

EDITS: dict[str, draws.Values] = {
    "as coded": {"optimise.as_coded": 1},
    "as coded, every length at half a token less": {"optimise.as_coded": 1, "traffic.half_token": 0, "traffic.lost": 0},
    "all of the band": {"optimise.compressible": 1},
    "none of the band": {"optimise.compressible": 0},
    "agents": {"optimise.workload": "agent"},
    "agents as coded": {"optimise.workload": "agent", "optimise.as_coded": 1},
    "two generations": {"optimise.long_profile": "b200_projected", "optimise.workload": "lmsys"},
    "two generations the other way": {"optimise.short_profile": "b200_projected"},
    "a paper's choice off the grid": {"workloads.azure.short_window": 5000},
    "another band of the paper": {"workloads.azure.band": 3},
    "more output than the split holds": {"workloads.azure.output_share": 0.6},
    "tokens in pairs": {"decode.tokens_per_step": 2},
    "small chunks": {"profiles.h100_calibrated.prefill_chunk": 512},
    "some in reach": {"traffic.reach": 8, "traffic.cap": 0.95, "traffic.objective": 1, "profiles.h100_calibrated.max_slots": 8},
    "none in reach": {"traffic.reach": 2, "traffic.cap": 0.99, "traffic.objective": 1, "profiles.h100_calibrated.max_slots": 8},
    "few requests": {"traffic.rate": 0.01},
    "a short window": {"traffic.long_window": 40000},
}


@pytest.mark.parametrize("edits", EDITS.values(), ids=EDITS)
def test_sheet_agrees_after_edits_that_change_what_is_calculated(edits: draws.Values) -> None:
    values, given, model = calculated(edits), inputs(edits), book().model
    names = [name for name in formula_quantities() if name.partition(".")[0] in TABLES]
    wrong = []
    with rounding.watched() as edges:
        for name in names:
            for place, keys in enumerate(model.tables[model.quantities[name].table].rows):
                wanted = expected(given, name, keys)
                if not agree(name, values[name][place], wanted):
                    wrong.append((name, keys, values[name][place], wanted))
    assert edges == []
    assert wrong == []


def test_splits_that_miss_the_objective_do_not_compete() -> None:
    values = calculated(EDITS["some in reach"])
    assert np.sum(values["grid_outcome.sound"]) == 10
    assert np.sum(calculated(EDITS["none in reach"])["grid_outcome.sound"]) == 0
    missed = (values["grid_outcome.sound"] == 0) | (values["grid_outcome.gamma"] > fleet.GAMMA)
    assert np.all(values["grid_outcome.score"][missed] == 0)
    assert np.all(values["grid_outcome.score"][~missed] > 0)
    assert np.all(values["grid_outcome.cost"][missed] == grid.UNMET)


# Plain functions


def test_nodes_have_the_moments_of_the_whole_lengths_between_two_knots() -> None:
    tokens = grid.Tokens(output_share=0.2, lost=0.4, half_token=0.5, per_step=1.0)
    found = grid.service_moments(grid.nodes(grid.Bin(6144, 8192, 0.3), tokens, 1024), grid.Server(4.0, 0.01, 1024))
    whole = np.arange(6145.0, 8193.0)
    prompt, output = replay.prompt_and_output(whole)
    times = steps_of(prompt, output) * (4.0 + 0.01 * whole)
    assert found == pytest.approx((np.mean(times), np.mean(times**2)), rel=2e-4)


def test_cut_requests_keep_their_output() -> None:
    tokens = grid.Tokens(output_share=0.2, lost=0.4, half_token=0.5, per_step=2.0)
    band = grid.nodes(grid.Bin(4096, 8192, 0.1), tokens, 1024)
    cut = grid.compressed(band, 4096, tokens, 1024)
    assert cut.output.tolist() == band.output.tolist()
    assert cut.length.tolist() == [4096] * 3
    assert (cut.steps - band.output / 2).tolist() == pytest.approx([3] * 3)
    assert grid.prefill_of_cut(band, 900, 1024) == 0
    assert grid.prefill_of_cut(grid.thinned(band, 0.0), 4096, 1024) == 0


def test_what_has_no_answer_is_refused() -> None:
    tokens = grid.Tokens(output_share=0.2, lost=0.4, half_token=0.5, per_step=1.0)
    band = grid.nodes(grid.Bin(10, 20, 0.5), tokens, 8)
    for bad in (grid.Bin(20, 20, 0.5), grid.Bin(20, 30, -0.1)):
        with pytest.raises(ValueError, match="must"):
            grid.nodes(bad, tokens, 8)
    with pytest.raises(ValueError, match="kept must"):
        grid.thinned(band, 1.5)
    with pytest.raises(ZeroDivisionError):
        grid.service_moments(grid.joined([]), grid.Server(4.0, 0.01, 8))
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
