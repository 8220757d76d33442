"""The search for the fewest instances as the workbook shows it, step by step, for every table that has one.

The answer comes from counting instances up one by one (`queueing.fewest_instances`); the
steps towards it from powers of two. Erlang's formula is the recursion of `queueing`,
carried once along all server counts of a pool.
"""

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from tests.reference.equations import queueing
from tests.reference.equations.rounding import floor
from tests.reference.expect.chain import MILLI
from tests.reference.quantities import PAPER, Inputs, Registry

STEPS = 13
FURTHEST = 2.0**STEPS - 1.0
"""Instances beyond the fewest that the steps can reach."""

NEVER = 1e9
"""Milliseconds that stand for a queue without end."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a pool must serve: requests/s, slots of an instance, ms, and the instances to start from."""

    rate: float
    n_slots: float
    mean: float
    cv2: float
    least: float

    @property
    def offered(self) -> float:
        """Slots in use on average."""
        return self.rate * self.mean * MILLI


@dataclass(frozen=True, slots=True)
class Queue:
    """Requests that meet so many servers: chance to wait, P99 wait (ms), and whether it meets the objective."""

    servers: float
    waits: float
    wait: float
    holds: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the search: what the most instances that may fall short give, and how many are known to fall short."""

    queue: Queue
    fails: float


def reaches(value: float, limit: float) -> bool:
    """Tell whether a value of 0 or more is not below a limit; a tie but for rounding is noted as an edge."""
    if not limit:
        return True
    return bool(floor(np.clip(value / limit, 0.5, 1.5)))


@lru_cache(maxsize=512)
def inverse_losses(load: float) -> Sequence[float]:
    """Return the inverse of Erlang's loss formula for 0, 1, 2 ... servers until it overflows."""
    inverse, servers, found = 1.0, 0, array("d", [1.0])
    while inverse < math.inf:
        servers += 1
        inverse = 1.0 + inverse * (servers / load)
        found.append(inverse)
    return found


def chance_to_wait(servers: float, load: float) -> float:
    """Return `queueing.erlang_c`."""
    if load == 0.0:
        return 0.0
    inverses, rho = inverse_losses(load), load / servers
    return 1.0 / (rho + (1.0 - rho) * inverses[min(int(servers), len(inverses) - 1)])


@cache
def queue(wanted: Wanted, objective: float, instances: float) -> Queue:
    """Return what requests meet with so many instances; see `queueing.wait_quantile`. The objective is in ms."""
    servers = instances * wanted.n_slots
    if not servers or reaches(wanted.offered, servers):
        return Queue(servers, 1.0, NEVER, holds=False)
    waits = chance_to_wait(servers, wanted.offered)
    if not reaches(waits, queueing.WAIT_TAIL):
        return Queue(servers, waits, 0.0, holds=True)
    drain = 2.0 * (servers - wanted.offered) / wanted.mean / (1.0 + wanted.cv2)
    wait = math.log(waits / queueing.WAIT_TAIL) / drain
    return Queue(servers, waits, wait, holds=not reaches(wait, objective))


@cache
def steps(i: Inputs, wanted: Wanted) -> tuple[Step, ...]:
    """Return the steps of the search: whether 4096 numbers of instances from the fewest on fall short, then 2048 more, down to 1."""
    found, fails = [], 0.0
    for number in range(1, STEPS + 1):
        more = 2.0 ** (STEPS - number)
        tried = queue(wanted, i["traffic.objective"], wanted.least + fails + more - 1.0)
        fails += 0.0 if tried.holds else more
        found.append(Step(tried, fails))
    return tuple(found)


@cache
def fewest(i: Inputs, wanted: Wanted) -> float:
    """Return the fewest instances, found by counting up; a pool without work keeps where it starts.

    No number of instances without slots is enough.
    """
    if not wanted.n_slots:
        return math.inf
    if not wanted.offered:
        return wanted.least
    demand = queueing.Demand(wanted.rate, wanted.n_slots, wanted.mean * MILLI, wanted.cv2, i["traffic.objective"] * MILLI)
    return float(queueing.fewest_instances(demand, cap=i["traffic.cap"]).instances)


def is_found(i: Inputs, wanted: Wanted) -> bool:
    """Tell whether the answer is within reach."""
    return fewest(i, wanted) <= wanted.least + i["traffic.reach"]


def instances(i: Inputs, wanted: Wanted) -> float:
    """Return the answer, or the last instances that the steps can try."""
    return min(fewest(i, wanted), wanted.least + FURTHEST)


def answer(i: Inputs, wanted: Wanted) -> Queue:
    """Return what requests meet with the answer."""
    return queue(wanted, i["traffic.objective"], instances(i, wanted))


def expect_search(
    table: str, wanted: Callable[..., Wanted], registry: Registry = PAPER, limits: Callable[..., Inputs] = lambda i, *_: i
) -> None:
    """Register every column of a table's search; ``wanted`` takes inputs and a row's keys, and ``limits`` gives those that hold there."""

    def expect_column(name: str, of: Callable[[Inputs, Wanted], float], *, tiny: bool = False) -> None:
        @registry.expect(f"{table}.{name}", tiny=tiny)
        def of_row(i: Inputs, *keys: str) -> float:
            return of(limits(i, *keys), wanted(i, *keys))

    def expect_step(step: int) -> None:
        expect_column(f"servers_{step}", lambda i, item: steps(i, item)[step - 1].queue.servers)
        expect_column(f"waits_{step}", lambda i, item: steps(i, item)[step - 1].queue.waits, tiny=True)
        expect_column(f"fails_{step}", lambda i, item: steps(i, item)[step - 1].fails)

    expect_column("fails_0", lambda _i, _item: 0.0)
    for number in range(1, STEPS + 1):
        expect_step(number)
    registry.attributes(table, wanted, "rate", "n_slots", "mean", "cv2", "least", "offered")
    expect_column("spread", lambda _, item: (1.0 + item.cv2) / 2.0)
    expect_column("instances", instances)
    expect_column("found", lambda i, item: float(is_found(i, item)))
    expect_column("servers", lambda i, item: answer(i, item).servers)
    expect_column("waits", lambda i, item: answer(i, item).waits, tiny=True)
    expect_column("wait", lambda i, item: answer(i, item).wait)
    registry.differences.add(f"{table}.wait")  # a wait just above 0 is the logarithm of a quotient just above 1
