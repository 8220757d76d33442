"""Expectations of sheet Sizing: what every pool asks for, and the search for the fewest instances (`search`)."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.reference import replay
from tests.reference.chain import MILLI
from tests.reference.domain import FloatArray
from tests.reference.expect_draws import CHUNKS, drawn, sample_name, sample_of
from tests.reference.expect_workloads import Pool, bins, pool
from tests.reference.quantities import Inputs, expect
from tests.reference.rounding import ceil, trunc
from tests.reference.search import Wanted, expect_search


@dataclass(frozen=True, slots=True)
class Demand:
    """What a pool must serve: share of all requests, requests/s, ms and ms^2, tokens of a request."""

    share: float
    rate: float
    mean: float
    mean_square: float
    prefill: float
    output: float
    n_slots: float

    @property
    def cv2(self) -> float:
        """Squared coefficient of variation; 0 for a pool without requests."""
        return replay.Moments(self.mean, self.mean_square, self.prefill).cv2 if self.share else 0.0

    @property
    def service_rate(self) -> float:
        """Requests/s of an instance."""
        return self.n_slots / (self.mean * MILLI) if self.share else 0.0

    @property
    def bound(self) -> float:
        """Instances at full use."""
        return self.rate / self.service_rate if self.share else 0.0


def drawn_times(seen: Pool, sample: str) -> FloatArray:
    """Return the service times of the reference's draws in a pool, ms; raises ValueError for a chunk that was not drawn."""
    if seen.chunk not in CHUNKS:
        raise ValueError(f"no draws with a prefill chunk of {seen.chunk}")
    requests = drawn(sample)
    return requests.steps[int(seen.chunk)] * (seen.w + seen.h_full * requests.lengths)


@cache
def demand(i: Inputs, mode: str, key: str, side: str) -> Demand:
    """Return what a pool must serve."""
    seen, parts = pool(i, key, side), bins(i, key, side)
    share = sum(part.mass for part in parts)
    if not share:
        return Demand(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, seen.n_slots)
    if mode == "exact":
        mean, square = (sum(part.weighed(tuple(time**power for time in part.times)) for part in parts) / share for power in (1, 2))
    else:
        times = drawn_times(seen, sample_of(key, side))
        mean, square = float(np.mean(times)), float(np.mean(times**2))
    prefill = sum(part.weighed(part.prefills) for part in parts) / share * (seen.w + seen.h_one)
    output = max(1.0, float(trunc(seen.output_share * sum(part.length for part in parts) / share)))
    return Demand(share, i["traffic.rate"] * share, mean, square, prefill, output, seen.n_slots)


@cache
def least(i: Inputs, mode: str, key: str, side: str) -> float:
    """Return where the search begins: one instance to spare, and the utilisation cap."""
    bound = demand(i, mode, key, side).bound
    return max(1.0, float(ceil(bound)) + 1.0, float(ceil(bound / i["traffic.cap"])))


def expect_demand(*quantities: str, of: Callable[[Demand], float]) -> None:
    """Register a number of a pool's demand."""

    @expect(*quantities)
    def of_demand(i: Inputs, mode: str, key: str, side: str) -> float:
        return of(demand(i, mode, key, side))


expect_demand("demand.share", "outcome_pools.share", of=lambda item: item.share)
expect_demand("demand.rate", of=lambda item: item.rate)
expect_demand("demand.mean", of=lambda item: item.mean)
expect_demand("demand.mean_square", of=lambda item: item.mean_square)
expect_demand("demand.cv2", of=lambda item: item.cv2)
expect_demand("demand.n_slots", of=lambda item: item.n_slots)
expect_demand("demand.service_rate", of=lambda item: item.service_rate)
expect_demand("demand.bound", of=lambda item: item.bound)
expect_demand("demand.prefill", of=lambda item: item.prefill)
expect_demand("demand.output", of=lambda item: item.output)
expect("demand.floor")(least)


def expect_pool_of_demand(column: str) -> None:
    """Register a number of a pool that its demand repeats."""

    @expect(f"demand.{column}")
    def of_pool(i: Inputs, _mode: str, key: str, side: str) -> float:
        return float(getattr(pool(i, key, side), column))


for each in ("w", "h_full", "chunk"):
    expect_pool_of_demand(each)


@expect("demand.sample")
def sample(_i: Inputs, _mode: str, key: str, side: str) -> str:
    return sample_name(sample_of(key, side))


@cache
def wanted(i: Inputs, mode: str, key: str, side: str) -> Wanted:
    """Return what the search of a pool starts from."""
    item = demand(i, mode, key, side)
    return Wanted(item.rate, item.n_slots, item.mean, item.cv2, least(i, mode, key, side))


expect_search("search", wanted)
