"""Sized pools simulated request by request: how busy they are, and whether anybody waits longer than planned.

Utilisation and objective. Every pool of Table 3's topologies (1,000 requests/s; agent traffic in the same: 100) is
as busy as the model says within 1.1 %, where the simulation's own standard error is 0.5 %, and fewer than one request
in a hundred waits at all: the cap on utilisation decides there, not the wait. In homogeneous pools whose objective
does decide (5 to 50 requests/s, 2 to 20 slots an instance, 50 or 500 ms) it is met as well.

Where the model's P99 wait is off: the chance to wait is Erlang C, and the wait of those who do an exponential one
of (1 + cv2) / 2 times the mean of exponential service times (Kimura 1994). Simulated over predicted (`MEASURED`):

- Even service times (cv2 below 1: long pools): right within 5 % where many wait, and too short where few do: 1.13
  (16 slots, rho 0.7), 1.30 (64, 0.8), 1.29 (256, 0.9), 1.43 at the most (75 slots, rho 0.79, cv2 0.01: Erlang C is
  3 %). So a pool sized to within a third of its objective can miss it, and does (`EVEN`); none of Table 3 is near.
- Ordinary ones (cv2 1.7): 0.82 to 1.01, the more on the safe side the more slots there are and the fewer wait.
- Uneven ones (cv2 of 5 to 62: agent, LMSYS): for 64 and 256 slots 0.6 (cv2 4.6), 0.28 (9.8), 0.06 (62) where few
  wait, towards 1 near saturation: one very long request blocks one slot, not the line. For as few as 4 slots up to
  1.07, 1.12 and 1.23: the tail is thicker than exponential there.
- The chance to wait is Erlang C's within 12 %: less of it for even service times, more for uneven ones.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from tests.reference.equations import cards, fleet, paper, queueing, simulation
from tests.reference.equations.fleet import Policy, Pool, SizedPool
from tests.reference.equations.queueing import WAIT_TAIL
from tests.reference.equations.simulation import Observed, Queue
from tests.reference.equations.workload import AGENT, AZURE, LMSYS, Cdf

EXACT = "gauss_whole"
"""The model's own moments: nodes in each bin, allowing for whole tokens; the simulation draws whole tokens."""

PROFILES = {"H100": cards.H100_CALIBRATED, "B200": paper.calibrated_b200()}
WORKLOADS: dict[str, tuple[Cdf, int, float]] = {
    "Azure": (AZURE, 4096, 1000.0),
    "LMSYS": (LMSYS, 1536, 1000.0),
    "Agent": (AGENT, 8192, 100.0),
}
"""Lengths, boundary (tokens), requests/s of the whole fleet."""

STANDARD_ERROR = 0.005
"""Of a simulated utilisation: sqrt((1 + cv2) / n) for n requests, while nobody waits (M/G/infinity)."""

LEAST_REQUESTS = 100_000
TOLERANCE = 0.03
SEED = 20260318


@dataclass(frozen=True, slots=True)
class Planned:
    """A pool as it is sized, with its own limit on the P99 wait, s."""

    gpu: str
    sized: SizedPool
    objective: float

    def queue(self, fewer: int = 0) -> Queue:
        """Return the pool to simulate, with so many instances fewer than planned."""
        window = self.sized.pool.window
        servers = (self.sized.instances - fewer) * self.sized.slots
        return Queue(self.sized.rate, servers, self.sized.pool.lengths, fleet.server_of(PROFILES[self.gpu], window))


def planned(gpu: str, pool: Pool, rate: float, objective: float = 0.5, mode: str = EXACT) -> Planned:
    return Planned(gpu, fleet.sized_pool(pool, PROFILES[gpu], mode, Policy(rate=rate, slo=objective)), objective)


# The simulation itself


def exponential_waits(servers: int, load: float, requests: int) -> Observed:
    """Simulate exponential service times of 1 s, for which Erlang C and its tail are exact."""
    random = np.random.default_rng(SEED)
    arrived = np.cumsum(random.exponential(1.0 / load, requests))
    started = np.asarray(simulation.starts(arrived.tolist(), random.exponential(1.0, requests).tolist(), [0.0] * servers))
    return Observed(0.0, (started - arrived)[requests // 10 :], np.ones(requests - requests // 10))


def test_line_of_one_and_of_two_servers() -> None:
    assert simulation.starts([0.0, 1.0, 7.0], [5.0, 2.0, 1.0], [0.0]) == [0.0, 5.0, 7.0]
    assert simulation.starts([0.0, 1.0, 2.0, 3.0], [5.0, 3.0, 1.0, 1.0], [0.0, 0.0]) == [0.0, 1.0, 4.0, 5.0]
    free = [0.0]
    assert [simulation.starts([arrival], [4.0], free)[0] for arrival in (0.0, 1.0)] == [0.0, 4.0]


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (8, 6.4), (64, 56.0)])
def test_simulated_exponential_queue_is_the_textbook_one(servers: int, load: float) -> None:
    seen = exponential_waits(servers, load, 2_000_000)
    delayed = queueing.erlang_c(servers, load)
    assert seen.delayed == pytest.approx(delayed, rel=0.03)
    assert seen.wait_quantile(WAIT_TAIL) == pytest.approx(float(queueing.wait_quantile(delayed, servers, load, 1.0, 1.0)), rel=0.05)


@pytest.mark.parametrize("window", [65_536, 4096, 1000])
@pytest.mark.parametrize("lengths", [AZURE, LMSYS, AGENT])
def test_drawn_requests_have_the_moments_of_all_whole_lengths(lengths: Cdf, window: int) -> None:
    drawn = simulation.drawn_lengths(lengths, window, 2_000_000, np.random.default_rng(SEED))
    assert drawn.min() >= 1
    assert drawn.max() <= window
    assert np.all(drawn == np.round(drawn))
    server = fleet.server_of(cards.H100_CALIBRATED, window)
    exact = fleet.integer_moments(lengths, server)
    times = simulation.service_times(drawn, server)
    assert float(times.mean()) == pytest.approx(exact.mean, rel=0.02)
    assert float(np.mean(times**2)) == pytest.approx(exact.second, rel=0.05)


# Table 3


def table_pools() -> dict[str, Planned]:
    """Return every pool of the topologies of Table 3, and of agent traffic in the same."""
    return {
        f"{name} {gpu} {plan} {pool.name}": planned(gpu, pool, rate)
        for name, (lengths, boundary, rate) in WORKLOADS.items()
        for gpu in PROFILES
        for plan, pools in fleet.topologies(lengths, boundary).items()
        for pool in pools
    }


TABLE = table_pools()


@cache
def seen_in_table(name: str) -> Observed:
    plan = TABLE[name]
    requests = max(LEAST_REQUESTS, int((1.0 + plan.sized.moments.cv2) / STANDARD_ERROR**2))
    return simulation.observed(plan.queue(), requests, SEED + list(TABLE).index(name))


@pytest.mark.parametrize("name", TABLE)
def test_pool_of_the_table_is_as_busy_as_planned(name: str) -> None:
    assert seen_in_table(name).utilisation == pytest.approx(TABLE[name].sized.rho, rel=TOLERANCE)


@pytest.mark.parametrize("name", TABLE)
def test_fewer_than_one_in_a_hundred_wait_in_a_pool_of_the_table(name: str) -> None:
    assert TABLE[name].sized.wait == 0.0
    assert seen_in_table(name).delayed < WAIT_TAIL


def test_utilisation_tells_right_service_times_from_wrong_ones() -> None:
    name = "LMSYS H100 homo all"
    pool = TABLE[name].sized.pool
    drawn = planned("H100", pool, 1000.0, mode="replay").sized
    load = seen_in_table(name).utilisation * TABLE[name].queue().servers
    assert drawn.rate * drawn.moments.mean == pytest.approx(1.09 * load, rel=0.01)  # 3,000 draws: 9 % too long


# Objective


BOUND: dict[tuple[str, str, int, float, float], int] = {
    ("Azure", "H100", 262_144, 10.0, 0.50): 2,
    ("Azure", "H100", 262_144, 20.0, 0.50): 2,
    ("Azure", "H100", 262_144, 20.0, 0.05): 2,
    ("Azure", "H100", 524_288, 20.0, 0.50): 2,
    ("Azure", "H100", 524_288, 50.0, 0.05): 2,
    ("Azure", "B200", 524_288, 50.0, 0.05): 2,
    ("LMSYS", "H100", 262_144, 50.0, 0.50): 2,
    ("LMSYS", "H100", 524_288, 50.0, 0.50): 3,
    ("LMSYS", "H100", 131_072, 50.0, 0.05): 2,
    ("LMSYS", "B200", 524_288, 20.0, 0.05): 2,
    ("Agent", "H100", 262_144, 5.0, 0.50): 2,
    ("Agent", "H100", 524_288, 10.0, 0.50): 2,
    ("Agent", "H100", 131_072, 10.0, 0.05): 2,
    ("Agent", "B200", 524_288, 10.0, 0.50): 2,
    ("Agent", "B200", 131_072, 10.0, 0.05): 2,
}
"""Homogeneous pools sized by their objective (workload, GPU, window, requests/s, s): the instances without which they miss it."""

REQUESTS = 1_000_000


def bound_pool(workload: str, gpu: str, window: int, rate: float, objective: float) -> Planned:
    return planned(gpu, Pool("all", 1.0, WORKLOADS[workload][0], window), rate, objective)


@pytest.mark.parametrize("case", BOUND, ids=str)
def test_objective_that_decides_is_met(case: tuple[str, str, int, float, float]) -> None:
    plan = bound_pool(*case)
    assert plan.sized.instances == plan.sized.sizing.waiting > max(plan.sized.sizing.floor, plan.sized.sizing.capped)
    assert plan.sized.wait <= plan.objective
    seen = simulation.observed(plan.queue(), REQUESTS, SEED)
    assert seen.utilisation == pytest.approx(plan.sized.rho, rel=TOLERANCE)
    assert seen.wait_quantile(WAIT_TAIL) <= plan.objective


@pytest.mark.parametrize(("case", "fewer"), BOUND.items(), ids=str)
def test_objective_is_missed_with_a_few_instances_fewer(case: tuple[str, str, int, float, float], fewer: int) -> None:
    plan = bound_pool(*case)
    assert simulation.observed(plan.queue(fewer), LEAST_REQUESTS, SEED).wait_quantile(WAIT_TAIL) > plan.objective


EVEN: dict[tuple[str, bool, int, float], float] = {
    ("H100", False, 524_288, 10.0): 1.19,
    ("H100", True, 524_288, 10.0): 1.29,
    ("B200", False, 524_288, 5.0): 1.43,
}
"""Long pools of Azure whose plan is just within 500 ms (GPU, long from the split, window, requests/s), and by what factor they wait longer.

The last is FleetOpt's, of nearly equal requests; the others are cut at the boundary.
"""


@pytest.mark.parametrize(("case", "factor"), EVEN.items(), ids=str)
def test_objective_is_missed_where_service_times_are_even_and_the_plan_is_tight(case: tuple[str, bool, int, float], factor: float) -> None:
    gpu, from_split, window, rate = case
    plans = fleet.topologies(AZURE, 4096, long_from_split=from_split)
    lengths = plans["fleetopt" if gpu == "B200" else "pool"][1].lengths
    plan = planned(gpu, Pool("long", 1.0, lengths, window), rate)
    assert plan.sized.moments.cv2 < 0.5
    assert 0.85 * plan.objective < plan.sized.wait <= plan.objective
    seen = simulation.observed(plan.queue(), 2 * REQUESTS, SEED)
    assert seen.utilisation == pytest.approx(plan.sized.rho, rel=TOLERANCE)
    wait = seen.wait_quantile(WAIT_TAIL)
    assert plan.objective < wait == pytest.approx(factor * plan.sized.wait, rel=0.08)


# Where the predicted wait is off


SPREAD = {
    "even": fleet.topologies(AZURE, 4096, long_from_split=True)["pool"][1],
    "ordinary": fleet.topologies(AZURE, 4096)["homo"][0],
    "agent": fleet.topologies(AGENT, 8192)["homo"][0],
    "uneven": fleet.topologies(LMSYS, 1536)["fleetopt"][1],
    "wild": fleet.topologies(LMSYS, 1536)["homo"][0],
}
"""Pools of 64K slots on H100 by their cv2: 0.08, 1.7, 4.6, 9.8 and 62."""

QUEUES = (
    *((4, 0.70), (4, 0.80), (4, 0.90), (4, 0.95), (4, 0.98), (16, 0.70), (16, 0.80), (16, 0.90), (16, 0.95), (16, 0.98)),
    *((64, 0.80), (64, 0.90), (64, 0.95), (64, 0.98), (256, 0.90), (256, 0.95), (256, 0.98)),
)
"""Slots and utilisation; with less of it the predicted wait is 0."""

MEASURED = {
    "even": (0.96, 0.97, 0.99, 0.99, 0.98, 1.13, 1.02, 1.00, 0.99, 0.98, 1.30, 1.05, 1.00, 0.98, 1.29, 1.05, 0.98),
    "ordinary": (1.01, 1.01, 1.00, 0.98, 0.95, 0.94, 1.00, 0.99, 0.98, 0.95, 0.85, 0.97, 0.97, 0.94, 0.82, 0.95, 0.94),
    "agent": (1.06, 1.07, 1.04, 1.01, 0.94, 0.77, 0.92, 1.00, 1.00, 0.93, 0.61, 0.88, 0.96, 0.91, 0.58, 0.84, 0.87),
    "uneven": (1.12, 1.09, 1.05, 1.02, 0.87, 0.51, 0.86, 1.00, 1.00, 0.86, 0.28, 0.77, 0.94, 0.85, 0.28, 0.72, 0.82),
    "wild": (1.07, 1.23, 1.11, 0.95, 0.69, 0.14, 0.46, 0.86, 0.87, 0.66, 0.06, 0.29, 0.67, 0.60, 0.07, 0.32, 0.43),
}
"""Simulated P99 wait over the predicted one, by pool, in the order of `QUEUES`: mean of 20 runs of 2 million requests.

The standard error of the mean is at most 2 % for the first two pools up to rho 0.9, 7 % elsewhere; of the wild pool
3 % to 10 %, with 256 slots up to 18 %. At rho 0.98 the runs are short for so slow a queue, and err on the low side.
"""

TESTED = {
    "even": ((16, 0.7), (16, 0.98), (64, 0.8)),
    "ordinary": ((4, 0.8), (64, 0.8), (256, 0.9)),
    "agent": ((4, 0.7), (16, 0.7), (64, 0.8)),
    "uneven": ((4, 0.7), (16, 0.7)),
    "wild": ((16, 0.7), (64, 0.8)),
}
"""Queues that one run of 2 to 4 million requests is enough for."""

POINTS = [(name, *queue) for name, queues in TESTED.items() for queue in queues]

SPARE_ERROR = 0.025
"""Standard error of a run's load over what is spare of the servers: a queue near saturation needs many requests."""

ORDINARY, WILD = 0.25, 0.6
"""How far one run may lie from the mean of many: three times its standard deviation or more."""

PROMISED_TOO_MUCH = 1.5
"""A P99 wait, over long enough a run, is never longer than this many times the predicted one where that is above 1 ms."""


@cache
def against_prediction(name: str, servers: int, rho: float, requests: int = 0, seed: int = SEED) -> tuple[float, float]:
    """Return simulated over predicted: P99 wait, and the chance to wait at all."""
    server = fleet.server_of(cards.H100_CALIBRATED, SPREAD[name].window)
    found, load = fleet.MODES[EXACT](SPREAD[name].lengths, server, 0.8), rho * servers
    delayed = queueing.erlang_c(servers, load)
    predicted = float(queueing.wait_quantile(delayed, servers, load, found.mean, found.cv2))
    assert predicted > 1e-3
    enough = max(2 * REQUESTS, int((1.0 + found.cv2) / (SPARE_ERROR * (1.0 - rho)) ** 2))
    seen = simulation.observed(Queue(load / found.mean, servers, SPREAD[name].lengths, server), requests or enough, seed)
    return seen.wait_quantile(WAIT_TAIL) / predicted, seen.delayed / delayed


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_predicted_wait_is_off_as_measured(point: tuple[str, int, float]) -> None:
    name, *queue = point
    ratio, _ = against_prediction(*point)
    assert ratio == pytest.approx(MEASURED[name][QUEUES.index(tuple(queue))], rel=WILD if name == "wild" else ORDINARY)


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_predicted_wait_is_never_much_too_short(point: tuple[str, int, float]) -> None:
    ratio, delayed = against_prediction(*point)
    assert ratio <= PROMISED_TOO_MUCH
    assert 0.85 < delayed < 1.25


@pytest.mark.parametrize(("name", "most"), [("agent", 1.0), ("uneven", 0.7)])
def test_wait_for_many_slots_is_on_the_safe_side_where_service_times_are_uneven(name: str, most: float) -> None:
    assert against_prediction(name, 256, 0.9)[0] < most


def test_measured_waits_are_never_much_longer_than_predicted() -> None:
    assert all(len(row) == len(QUEUES) and max(row) <= PROMISED_TOO_MUCH for row in MEASURED.values())
