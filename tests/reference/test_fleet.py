"""Table 3 to its printed digits, the exact expectation behind its draws, and nodes in place of both."""

import math
import random
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.reference.equations import cards, fleet, paper, replay, workload
from tests.reference.equations.fleet import Fleet, Policy, Pool, SizedPool
from tests.reference.equations.replay import Server
from tests.reference.equations.workload import AGENT, AZURE, LMSYS, Cdf
from tests.reference.printed import deviation, half_unit
from tests.reference.printed_fleet import COLUMNS, PRINTED_FLEET, PRINTED_RATIOS, number_text

H100 = cards.H100_CALIBRATED
AZURE_HOMO = "Azure | Homo 64K | H100"
AZURE_POOL = "Azure | Pool 4K | H100"
AZURE_FLEETOPT = "Azure | FleetOpt 4K gamma 2 | H100"
MISPRINTED = {"2.44": "2.43"}
"""A ratio of the text, and the one that its own table gives."""

EXACT_TOK_PER_W = {
    ("Azure", "H100"): (5.42, 9.28, 13.73),
    ("Azure", "B200"): (9.54, 15.39, 22.32),
    ("LMSYS", "H100"): (5.22, 7.71, 9.55),
    ("LMSYS", "B200"): (9.12, 11.07, 13.86),
}

ROWS = list(dict.fromkeys(row for row, _ in PRINTED_FLEET))
POOLS = [(row, index) for row in ROWS for index in range(1 if "Homo" in row else 2)]


@cache
def fleets(mode: str, *, long_from_split: bool = False) -> dict[str, Fleet]:
    return fleet.fleets(mode, long_from_split=long_from_split)


def deviations(mode: str, row: str, index: int) -> tuple[float, float, float]:
    """Relative deviation of (mu, cv2, E[S^2]) of a pool from the sum over whole lengths."""
    found, exact = (fleets(each)[row].pools[index] for each in (mode, "integer"))
    second = found.moments.second / exact.moments.second - 1
    return found.mu / exact.mu - 1, found.moments.cv2 / exact.moments.cv2 - 1, second


# Printed


def test_every_printed_cell_has_a_computed_one() -> None:
    computed = {key for key in fleet.table_3() if key[1] in COLUMNS}
    assert computed == PRINTED_FLEET.keys()
    assert len(computed) == 12 * 4


@pytest.mark.parametrize(("key", "text"), PRINTED_FLEET.items(), ids=str)
def test_cell_matches_its_printed_digits(key: tuple[str, str], text: str) -> None:
    totals = fleets("replay")[key[0]]
    base = fleets("replay")[f"{key[0].partition(' ')[0]} | Homo 64K | H100"]
    percent = 100 * (totals.tok_per_w / base.tok_per_w - 1)
    value = percent if key[1] == "vs_h100_homo" else float(getattr(totals, key[1]))
    assert fleet.table_3()[key] == value
    number = number_text(text)
    assert deviation(value, number) <= half_unit(number), f"computed {value!r}, printed {text}"


@pytest.mark.parametrize(("rows", "text"), PRINTED_RATIOS.items(), ids=str)
def test_ratio_of_the_text(rows: tuple[str, str], text: str) -> None:
    above, below = (fleets("replay")[row].tok_per_w for row in rows)
    right = MISPRINTED.get(text, text)
    assert deviation(above / below, right) <= half_unit(right)


@pytest.mark.parametrize(("lengths", "tokens", "percent"), [(AZURE, 4096, "89.8"), (LMSYS, 1536, "90.9")])
def test_share_of_short_requests_in_the_text(lengths: Cdf, tokens: int, percent: str) -> None:
    assert deviation(100 * float(workload.share_below(lengths, tokens)), percent) <= half_unit(percent)


# The reproduction's own run


def test_intermediate_values_of_the_homogeneous_h100_fleet() -> None:
    (pool,) = fleets("replay")[AZURE_HOMO].pools
    assert (pool.slots, pool.instances, pool.credited) == (16, 141, 325)
    assert (pool.mu, pool.moments.cv2, pool.rho) == pytest.approx((8.371, 1.646, 0.847), abs=5e-4)
    assert pool.watts == pytest.approx(413.3, abs=0.05)


def test_power_is_taken_at_truncated_concurrency() -> None:
    (homo,) = fleets("replay")[AZURE_HOMO].pools
    assert homo.rho * homo.slots == pytest.approx(13.56, abs=5e-3)
    assert homo.watts == fleet.watts_at(H100, 13) < fleet.watts_at(H100, 14)
    long = fleets("replay")[AZURE_FLEETOPT].pools[1]
    assert long.rho * long.slots == pytest.approx(0.67, abs=5e-3)
    assert long.watts == fleet.watts_at(H100, 0.0) == fleet.watts_at(H100, 1.9)


def test_cap_and_floor_decide_and_never_the_limit_on_the_wait() -> None:
    pools = [pool for totals in fleets("replay").values() for pool in totals.pools]
    assert all(pool.wait == 0 and pool.sizing.waiting <= max(pool.sizing.floor, pool.sizing.capped) for pool in pools)
    assert (1e3 * min(pool.ttft for pool in pools), 1e3 * max(pool.ttft for pool in pools)) == pytest.approx((3, 51), abs=0.5)


def test_gpus_that_the_printed_figures_leave_out() -> None:
    homo = fleets("replay")[AZURE_HOMO]
    assert (homo.instances, homo.gpus) == (141, 1128)
    assert homo.gpu_kw == pytest.approx(466, abs=0.5)
    physical = [fleets("replay")[row].tok_per_j for row in (AZURE_HOMO, AZURE_POOL, AZURE_FLEETOPT)]
    assert physical == pytest.approx([0.70, 1.15, 1.76], abs=5e-3)
    assert fleets("replay")["Azure | FleetOpt 4K gamma 2 | B200"].tok_per_j == pytest.approx(2.96, abs=5e-3)


def test_gains_of_routing_and_generation_do_not_multiply() -> None:
    efficiency = {row: totals.tok_per_w for row, totals in fleets("replay").items()}
    topology = efficiency[AZURE_FLEETOPT] / efficiency[AZURE_HOMO]
    generation = efficiency["Azure | Homo 64K | B200"] / efficiency[AZURE_HOMO]
    both = efficiency["Azure | FleetOpt 4K gamma 2 | B200"] / efficiency[AZURE_HOMO]
    assert (topology * generation, both) == pytest.approx((4.41, 4.25), abs=5e-3)


# Exact expectation


@pytest.mark.parametrize(("names", "efficiencies"), EXACT_TOK_PER_W.items(), ids=str)
def test_exact_efficiency(names: tuple[str, str], efficiencies: tuple[float, ...]) -> None:
    source, gpu = names
    rows = [row for row in ROWS if row.startswith(source) and row.endswith(gpu)]
    assert [fleets("integer")[row].tok_per_w for row in rows] == pytest.approx(efficiencies, abs=5.01e-3)


def test_draws_are_up_to_fourteen_percent_off() -> None:
    off = [abs(fleets("integer")[row].tok_per_w / fleets("replay")[row].tok_per_w - 1) for row in ROWS]
    assert 0.14 <= max(off) < 0.15


def plain_time(length: int, server: Server) -> float:
    """Service time of one request in plain arithmetic."""
    prompt = max(1, int(0.8 * length))
    steps = math.ceil(prompt / server.prefill_chunk) + max(1, length - prompt)
    return steps * (server.w + server.h * length / server.calibration_length * server.slots)


def test_moments_agree_with_a_loop_over_requests() -> None:
    lengths = Cdf((3, 10, 5000, 9000, 12_000), (0.125, 0.25, 0.75, 0.875, 1.0))
    server = fleet.server_of(H100, 8192)
    shares = dict.fromkeys(range(1, 4), 0.125 / 3) | dict.fromkeys(range(4, 11), 0.125 / 7)
    shares |= dict.fromkeys(range(11, 5001), 0.5 / 4990) | dict.fromkeys(range(5001, 8193), 0.125 / 3192)
    shares[8192] += 0.125
    times = {length: plain_time(length, server) for length in shares}
    found = fleet.integer_moments(lengths, server)
    assert found.mean == pytest.approx(math.fsum(shares[each] * times[each] for each in shares), rel=1e-12)
    assert found.second == pytest.approx(math.fsum(shares[each] * times[each] ** 2 for each in shares), rel=1e-12)


def test_drawn_moments_agree_with_a_loop_over_draws() -> None:
    server = fleet.server_of(H100, 4096)
    generator = random.Random(42)  # noqa: S311  the published sequence
    times = []
    for _ in range(3000):
        share = generator.random()
        index = min(i for i, fraction in enumerate(LMSYS.fractions) if share <= fraction)
        low, high = (workload.KNOTS[index - 1] if index else 0) + 1, min(4096, workload.KNOTS[index])
        times.append(plain_time(generator.randint(low, high) if low <= high else 4096, server))
    found = replay.drawn_moments(LMSYS, server)
    assert found.mean == pytest.approx(math.fsum(times) / 3000, rel=1e-12)
    assert found.second == pytest.approx(math.fsum(time**2 for time in times) / 3000, rel=1e-12)


def test_more_draws_approach_the_expectation() -> None:
    drawn = np.array(replay.drawn_lengths(AZURE, 65_536, 200_000, 7))
    assert drawn.mean() == pytest.approx(workload.mean_length(AZURE) + 0.5, rel=5e-3)
    assert np.mean(drawn <= 4096) == pytest.approx(0.8982, abs=3e-3)


# Nodes


@pytest.mark.parametrize(("row", "index"), POOLS)
def test_nodes_are_within_half_a_percent_of_whole_lengths(row: str, index: int) -> None:
    mu, cv2, second = deviations("gauss", row, index)
    assert 0 < mu < 0.005
    assert 0 < cv2 < (0.006 if row.startswith("LMSYS | Homo") else 0.005)
    assert -0.007 < second < 0


def test_nodes_err_most_where_requests_are_shortest() -> None:
    assert max(deviations("gauss", *pool)[0] for pool in POOLS) == pytest.approx(0.0047, abs=5e-5)
    assert max(deviations("gauss", *pool)[1] for pool in POOLS) == pytest.approx(0.0055, abs=5e-5)
    assert min(deviations("gauss", *pool)[2] for pool in POOLS) == pytest.approx(-0.0067, abs=5e-5)


@pytest.mark.parametrize(("row", "index"), POOLS)
def test_nodes_that_allow_for_whole_tokens_are_nearer(row: str, index: int) -> None:
    mu, cv2, second = deviations("gauss_whole", row, index)
    assert abs(mu) < 0.001
    assert abs(cv2) < 0.0015
    assert abs(second) < 0.0025


@pytest.mark.parametrize(("row", "index"), POOLS)
def test_three_nodes_are_near_the_integral(row: str, index: int) -> None:
    pool = fleets("gauss")[row].pools[index]
    profile = paper.calibrated_b200() if row.endswith("B200") else H100
    places, weights = np.polynomial.legendre.leggauss(400)
    rule = tuple(places.tolist()), tuple((weights / 2).tolist())
    integral = fleet.continuous_moments(pool.pool.lengths, fleet.server_of(profile, pool.pool.window), rule=rule)
    assert pool.moments.mean == pytest.approx(integral.mean, rel=1e-3)
    assert pool.moments.second == pytest.approx(integral.second, rel=1.5e-3)


def test_fleets_by_nodes_are_those_by_whole_lengths_but_for_one_on_an_edge() -> None:
    counts = {mode: [fleets(mode)[row].instances for row in ROWS] for mode in ("integer", "gauss", "gauss_whole")}
    assert counts["gauss_whole"] == counts["integer"]
    differing = [row for row, one, other in zip(ROWS, counts["gauss"], counts["integer"], strict=True) if one != other]
    assert differing == ["LMSYS | FleetOpt 1.5K gamma 2 | H100"]
    short = [fleets(mode)[differing[0]].pools[0] for mode in ("gauss", "integer")]
    assert [pool.instances for pool in short] == [5, 6]
    assert [pool.rate / pool.mu for pool in short] == pytest.approx([3.9936, 4.0096], abs=5e-5)


# Splits


def test_long_pool_that_starts_at_token_0_is_credited_less_work() -> None:
    coded = fleets("replay")
    assert coded[AZURE_HOMO].tokens_per_second == pytest.approx(325_000)
    assert coded[AZURE_POOL].tokens_per_second == pytest.approx(293_428, abs=0.5)
    corrected = fleets("integer", long_from_split=True)
    assert corrected[AZURE_POOL].tokens_per_second == pytest.approx(325_000, rel=2e-3)
    gain = corrected[AZURE_POOL].tok_per_w / corrected[AZURE_HOMO].tok_per_w
    assert gain == pytest.approx(1.51, abs=0.01)


@pytest.mark.parametrize("lengths", [AZURE, LMSYS, AGENT])
@pytest.mark.parametrize("at", [64, 900, 1536, 4096, 8192, 12_000])
def test_corrected_split_leaves_the_distribution_as_it_was(lengths: Cdf, at: int) -> None:
    parts = workload.split(lengths, at, long_from_split=True)
    mean = parts.short_share * workload.mean_length(parts.short) + parts.long_share * workload.mean_length(parts.long)
    # a share within 1e-6 of 0 is a pool of next to nothing, scaled by 1e-6
    assert mean == pytest.approx(workload.mean_length(lengths), rel=1e-9 if parts.short_share > 0 else 1e-3)
    tokens = np.array([10.0, 64, 700, 1536, 5000, 9000, 30_000])
    whole = parts.short_share * workload.share_below(parts.short, tokens) + parts.long_share * workload.share_below(parts.long, tokens)
    np.testing.assert_allclose(whole, workload.share_below(lengths, tokens), atol=2e-6)


def test_sub_distributions_meet_at_the_split() -> None:
    coded, corrected = (workload.split(AZURE, 4096, long_from_split=choice) for choice in (False, True))
    assert coded.short == corrected.short
    assert coded.short.knots[-1] == 4096
    assert (coded.long.start, corrected.long.start) == (0, 4096)
    assert coded.long.knots == corrected.long.knots == AZURE.knots[10:]
    assert workload.mean_length(coded.long) < workload.mean_length(corrected.long)


def test_split_where_everything_is_short_leaves_a_pool_without_traffic() -> None:
    parts = workload.split(AZURE, 16_384)
    assert (parts.short_share, parts.long_share) == (1.0, 0.0)
    empty: SizedPool = fleet.sized_pool(Pool("long", 0.0, parts.long, 65_536), H100, "integer")
    assert (empty.instances, empty.rho, empty.wait) == (1, 0, 0)


def test_shares_between_knots_lie_on_a_line() -> None:
    lengths = workload.cdf([100, 300], [0.5, 1])
    np.testing.assert_allclose(workload.share_below(lengths, [-1, 0, 50, 100, 200, 300, 900]), [0, 0, 0.25, 0.5, 0.75, 1, 1])
    assert workload.mean_length(lengths) == 125


# Variants


@pytest.mark.parametrize("mode", fleet.MODES)
def test_agent_workload_has_fleets_too(mode: str) -> None:
    plans = fleet.topologies(AGENT, 8192)
    sizes = {name: fleet.fleet(pools, H100, mode).instances for name, pools in plans.items()}
    assert sizes["homo"] > sizes["pool"] > sizes["fleetopt"] > 0


def test_limit_on_the_wait_binds_without_the_cap() -> None:
    (pool,) = fleet.homogeneous(LMSYS)
    sized = fleet.sized_pool(pool, H100, "integer", Policy(cap=1.0))
    assert sized.instances == sized.sizing.waiting > max(sized.sizing.floor, sized.sizing.capped)
    assert 0 < sized.wait <= 0.5
    assert sized.ttft == sized.wait + sized.moments.prefill


def test_modes_windows_and_lengths_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="mode must be one of"):
        fleet.table_3("guess")
    with pytest.raises(ValueError, match="slots must be at least 1"):
        fleet.sized_pool(Pool("all", 1.0, AZURE, 2**22), H100)
    broken = Cdf((100.5, 2000), (0.5, 1.0))
    server = fleet.server_of(H100, 8192)
    for moments in (replay.drawn_moments, fleet.integer_moments):
        with pytest.raises(ValueError, match="knots must be whole"):
            moments(broken, server)
        with pytest.raises(ValueError, match="window must be whole"):
            moments(AZURE, replace(server, window=100.5))
        with pytest.raises(ValueError, match="input_share must"):
            moments(AZURE, server, 1.2)
    assert fleet.continuous_moments(broken, server).mean > 0
