"""Waiting in a pool of servers, and the instances it takes to keep it short.

An instance brings ``slots`` servers, each holding one request for ``service_time`` s on
average. ``load`` is the mean number of busy servers, rate x service_time (erlang).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tests.reference.equations.domain import FloatArray, at_least, finite, not_negative, positive, share
from tests.reference.equations.rounding import ceil

WAIT_TAIL = 0.01
"""Share of requests that may wait longer than the quantile: 0.01 is a P99."""

UTILISATION_CAP = 0.85
"""Share of the capacity a pool is planned to use at most (reproduction)."""

WholeArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Demand:
    """What a pool must serve; of one pool, or of many in arrays of one shape.

    rate: requests/s, >= 0. slots: of an instance, whole, >= 1. service_time: mean, s, > 0.
    cv2: squared coefficient of variation of the service time, >= 0. slo: limit of the
    waiting time's quantile, s, >= 0.
    """

    rate: ArrayLike
    slots: ArrayLike
    service_time: ArrayLike
    cv2: ArrayLike
    slo: ArrayLike


@dataclass(frozen=True, slots=True)
class Sizing:
    """Instances that each of three demands asks for; the greatest decides."""

    floor: int
    """One more than keeps the queue stable: where the search begins."""
    waiting: int
    """The fewest from the floor on that keep the wait within its limit."""
    capped: int
    """The fewest that are used no more than the cap allows."""

    @property
    def instances(self) -> int:
        """Instances to run."""
        return max(self.waiting, self.capped)


def erlang_c(servers: int, load: float) -> float:
    """Probability that a request finds every server busy (Erlang's delay formula).

    1 / (rho + (1 - rho) I), rho = load / servers, where I = 1/B is the inverse of Erlang's
    loss formula: I_0 = 1, I_k = 1 + I_(k-1) k / load. Every term is positive, so nothing
    cancels; where I overflows, the probability is 0.

    Args:
        servers: whole, >= 1.
        load: erlang, 0 <= load < servers.

    Source: Erlang 1917; recursion: Jagers and van Doorn 1986.
    """
    _stable(servers, load)
    return _delayed(_inverse_loss(1.0, load, 0, servers), servers, load)


def erlang_c_of(servers: ArrayLike, load: ArrayLike) -> FloatArray:
    """Return `erlang_c` for arrays, in their broadcast shape; same domains and source."""
    count, erlangs = np.broadcast_arrays(*_stable(servers, load))
    inverse = np.ones(count.shape)
    with np.errstate(over="ignore", divide="ignore"):
        for step in range(1, int(count.max(initial=0)) + 1):
            inverse = np.where(count >= step, 1.0 + inverse * (step / erlangs), inverse)
    rho = erlangs / count
    return np.asarray(1.0 / (rho + (1.0 - rho) * inverse), dtype=np.float64)


def wait_quantile(
    delayed: ArrayLike, servers: ArrayLike, load: ArrayLike, service_time: ArrayLike, cv2: ArrayLike, tail: ArrayLike = WAIT_TAIL
) -> FloatArray:
    """Waiting time that a share ``tail`` of requests exceeds, s.

    0 if delayed <= tail, else ln(delayed / tail) / (2 (servers - load) / service_time / (1 + cv2))

    Args:
        delayed: probability of waiting at all, `erlang_c`, 0..1.
        servers: >= 1.
        load: erlang, 0 <= load < servers.
        service_time: mean time a request holds a server, s, > 0.
        cv2: squared coefficient of variation of that time, >= 0.
        tail: 0 < tail <= 1.

    Source: Kimura 1994, exponential tail of the M/G/c queue; reproduction.
    """
    count, erlangs = _stable(servers, load)
    exceeded = np.maximum(not_negative("delayed", delayed) / share("tail", tail), 1.0)
    spare = (count - erlangs) / positive("service_time", service_time)
    return np.log(exceeded) / (2.0 * spare / (1.0 + not_negative("cv2", cv2)))


def fewest_instances(demand: Demand, tail: float = WAIT_TAIL, cap: float = UTILISATION_CAP) -> Sizing:
    """Count instances up one by one until the wait is within its limit.

    Args:
        demand: of one pool.
        tail: share of requests that may wait longer than the limit, 0 < tail <= 1.
        cap: share of the capacity to use at most, 0 < cap <= 1.

    Returns:
        The three counts: max(1, ceil(rate/mu) + 1), with mu = slots / service_time; the
        smallest from there whose wait is within the limit; ceil(rate / (cap mu)).

    Source: reproduction, sizing of a pool.
    """
    slots = int(_whole("slots", demand.slots))
    service_time = float(positive("service_time", demand.service_time))
    slo = float(not_negative("slo", demand.slo))
    floor, capped = (int(count) for count in _bounds(demand, cap))
    load = float(not_negative("rate", demand.rate)) * service_time
    inverse, done, count = 1.0, 0, floor
    while True:
        servers = count * slots
        inverse, done = _inverse_loss(inverse, load, done, servers), servers
        delayed = _delayed(inverse, servers, load)
        if wait_quantile(delayed, servers, load, service_time, demand.cv2, tail) <= slo:
            return Sizing(floor, count, capped)
        count += 1


def fewest_instances_of(demand: Demand, tail: float = WAIT_TAIL, cap: float = UTILISATION_CAP) -> WholeArray:
    """Instances of many pools by bisection, the wait falling with every instance.

    Args:
        demand: of the pools, arrays that broadcast.
        tail: share of requests that may wait longer than the limit, 0 < tail <= 1.
        cap: share of the capacity to use at most, 0 < cap <= 1.

    Returns:
        Instances (whole), in the broadcast shape; what `fewest_instances` finds.

    Source: as `fewest_instances`.
    """
    floor, capped = np.broadcast_arrays(*_bounds(demand, cap))
    slo = not_negative("slo", demand.slo)
    # ``high`` keeps the limit and ``low`` does not, or lies below the floor
    low, high = floor - 1, floor.copy()
    while np.any(late := _wait(demand, high, tail) > slo):
        low, high = np.where(late, high, low), np.where(late, 2 * high, high)
    while np.any(high - low > 1):
        middle = np.where(high - low > 1, (low + high) // 2, high)
        late = _wait(demand, middle, tail) > slo
        low, high = np.where(late, middle, low), np.where(late, high, middle)
    return np.asarray(np.maximum(high, capped), dtype=np.int64)


def _wait(demand: Demand, instances: WholeArray, tail: float) -> FloatArray:
    """Return the waiting times' quantile with so many instances of each pool, s."""
    servers = instances * _whole("slots", demand.slots)
    load = not_negative("rate", demand.rate) * positive("service_time", demand.service_time)
    return wait_quantile(erlang_c_of(servers, load), servers, load, demand.service_time, demand.cv2, tail)


def _bounds(demand: Demand, cap: float) -> tuple[WholeArray, WholeArray]:
    """Return the floor of the search and the instances that the cap on utilisation asks for."""
    rate = not_negative("rate", demand.rate)
    mu = _whole("slots", demand.slots) / positive("service_time", demand.service_time)
    floor = np.maximum(1, ceil(rate / mu).astype(np.int64) + 1)
    return floor, ceil(rate / (share("cap", cap) * mu)).astype(np.int64)


def _inverse_loss(inverse: float, load: float, done: int, servers: int) -> float:
    """Carry the inverse of Erlang's loss formula on from ``done`` to ``servers`` servers."""
    if load == 0.0:
        return math.inf
    for step in range(done + 1, servers + 1):
        inverse = 1.0 + inverse * (step / load)
    return inverse


def _delayed(inverse: float, servers: int, load: float) -> float:
    rho = load / servers
    return 1.0 / (rho + (1.0 - rho) * inverse)


def _stable(servers: ArrayLike, load: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return both as floats; raises ValueError unless 0 <= load < servers, servers whole."""
    count, erlangs = _whole("servers", servers), not_negative("load", load)
    positive("servers - load", count - erlangs)
    return count.astype(np.float64), erlangs


def _whole(name: str, value: ArrayLike) -> WholeArray:
    """Return whole numbers of at least 1; raises ValueError for others."""
    array = at_least(name, value, 1)
    if np.any(array != np.round(finite(name, value))):
        raise ValueError(f"{name} must be whole, got {array}")
    return array.astype(np.int64)
