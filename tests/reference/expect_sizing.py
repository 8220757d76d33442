"""Expectations of sheet Sizing: what every pool asks for, and the search for the fewest instances.

The answer comes from counting instances up one by one (`queueing.fewest_instances`); the
steps towards it from a plain bisection. Erlang's formula is the recursion of `queueing`,
carried once along all server counts of a pool.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.reference import queueing, replay
from tests.reference.chain import MILLI
from tests.reference.domain import FloatArray
from tests.reference.expect_draws import CHUNKS, drawn, sample_name, sample_of
from tests.reference.expect_workloads import Pool, bins, pool
from tests.reference.quantities import Inputs, expect
from tests.reference.rounding import ceil, floor, trunc

STEPS = 14
HALVED_FROM = 2
NEVER = 1e9
"""Milliseconds that stand for a queue without end."""

# Demand


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

    @property
    def offered(self) -> float:
        """Slots in use on average."""
        return self.rate * self.mean * MILLI


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
expect_demand("demand.rate", "search.rate", of=lambda item: item.rate)
expect_demand("demand.mean", "search.mean", of=lambda item: item.mean)
expect_demand("demand.mean_square", of=lambda item: item.mean_square)
expect_demand("demand.cv2", of=lambda item: item.cv2)
expect_demand("demand.n_slots", "search.n_slots", of=lambda item: item.n_slots)
expect_demand("demand.service_rate", of=lambda item: item.service_rate)
expect_demand("demand.bound", of=lambda item: item.bound)
expect_demand("demand.prefill", of=lambda item: item.prefill)
expect_demand("demand.output", of=lambda item: item.output)
expect_demand("search.offered", of=lambda item: item.offered)
expect_demand("search.spread", of=lambda item: (1.0 + item.cv2) / 2.0)
expect("demand.floor", "search.least")(least)


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


# Search


@dataclass(frozen=True, slots=True)
class Queue:
    """Requests that meet so many servers: chance to wait, P99 wait (ms), and whether it meets the objective."""

    servers: float
    waits: float
    wait: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the search: instances tried, most that fall short, fewest that do."""

    trial: float
    queue: Queue
    low: float
    high: float


def reaches(value: float, limit: float) -> bool:
    """Tell whether a value is not below a limit > 0; a tie but for rounding is noted as an edge."""
    return bool(floor(np.clip(value / limit, 0.5, 1.5)))


@cache
def inverse_losses(load: float) -> tuple[float, ...]:
    """Return the inverse of Erlang's loss formula for 0, 1, 2 ... servers until it overflows."""
    found = [1.0]
    while not math.isinf(found[-1]):
        found.append(1.0 + found[-1] * (len(found) / load))
    return tuple(found)


def chance_to_wait(servers: float, load: float) -> float:
    """Return `queueing.erlang_c`."""
    if load == 0.0:
        return 0.0
    inverses, rho = inverse_losses(load), load / servers
    return 1.0 / (rho + (1.0 - rho) * inverses[min(int(servers), len(inverses) - 1)])


@cache
def queue(i: Inputs, mode: str, key: str, side: str, instances: float) -> Queue:
    """Return what requests of a pool meet with so many instances; see `queueing.wait_quantile`."""
    item = demand(i, mode, key, side)
    servers = instances * item.n_slots
    if not servers or reaches(item.offered, servers):
        return Queue(servers, 1.0, NEVER, holds=False)
    waits = chance_to_wait(servers, item.offered)
    late = reaches(waits, queueing.WAIT_TAIL)
    spare = (servers - item.offered) / item.mean if late else math.inf
    wait = math.log(waits / queueing.WAIT_TAIL) / (2.0 * spare / (1.0 + item.cv2)) if late else 0.0
    return Queue(servers, waits, wait, holds=not (late and reaches(wait, i["traffic.objective"])))


@cache
def steps(i: Inputs, mode: str, key: str, side: str) -> tuple[Step, ...]:
    """Return the steps of the search: the fewest instances, its reach, and twelve halvings."""
    fewest = least(i, mode, key, side)
    furthest = fewest + i["traffic.reach"]
    first, second = (queue(i, mode, key, side, trial) for trial in (fewest, furthest))
    low, high = (fewest - 1.0, fewest) if first.holds else (fewest, furthest)
    found = [Step(fewest, first, math.nan, math.nan), Step(furthest, second, low, high)]
    while len(found) < STEPS:
        trial = max(low, (low + high) // 2.0)
        tried = queue(i, mode, key, side, trial)
        low, high = (low, min(high, max(fewest, trial))) if tried.holds else (trial, high)
        found.append(Step(trial, tried, low, high))
    return tuple(found)


def expect_step(step: int) -> None:
    """Register the columns of a step."""

    def expect_column(name: str, of: Callable[[Step], float], *, tiny: bool = False) -> None:
        @expect(f"search.{name}_{step}", tiny=tiny)
        def of_step(i: Inputs, mode: str, key: str, side: str) -> float:
            return of(steps(i, mode, key, side)[step])

    expect_column("trial", lambda item: item.trial)
    expect_column("servers", lambda item: item.queue.servers)
    expect_column("waits", lambda item: item.queue.waits, tiny=True)
    expect_column("wait", lambda item: item.queue.wait)
    expect_column("holds", lambda item: float(item.queue.holds))
    if step:
        expect_column("low", lambda item: item.low)
        expect_column("high", lambda item: item.high)


for number in range(STEPS):
    expect_step(number)


@cache
def fewest_instances(i: Inputs, mode: str, key: str, side: str) -> float:
    """Return the fewest instances, found by counting up."""
    item = demand(i, mode, key, side)
    if not item.share:
        return 1.0
    wanted = queueing.Demand(item.rate, item.n_slots, item.mean * MILLI, item.cv2, i["traffic.objective"] * MILLI)
    return float(queueing.fewest_instances(wanted, cap=i["traffic.cap"]).instances)


@expect("search.found", "outcome_pools.sound")
def found(i: Inputs, mode: str, key: str, side: str) -> float:
    return float(fewest_instances(i, mode, key, side) <= least(i, mode, key, side) + i["traffic.reach"])


@expect("search.instances")
def instances(i: Inputs, mode: str, key: str, side: str) -> float:
    return min(fewest_instances(i, mode, key, side), least(i, mode, key, side) + i["traffic.reach"])


def answer(i: Inputs, mode: str, key: str, side: str) -> Queue:
    """Return what requests of a pool meet with the answer."""
    return queue(i, mode, key, side, instances(i, mode, key, side))


@expect("search.servers")
def servers_of_answer(i: Inputs, mode: str, key: str, side: str) -> float:
    return answer(i, mode, key, side).servers


@expect("search.waits", tiny=True)
def chance_at_answer(i: Inputs, mode: str, key: str, side: str) -> float:
    return answer(i, mode, key, side).waits


@expect("search.wait", "outcome_pools.wait")
def wait_at_answer(i: Inputs, mode: str, key: str, side: str) -> float:
    return answer(i, mode, key, side).wait
