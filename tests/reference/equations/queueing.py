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


@dataclass(frozen=True, slots=True)
class Demand:
    """What a pool must serve.

    rate: requests/s, >= 0. slots: of an instance, whole, >= 1. service_time: mean, s, > 0.
    cv2: squared coefficient of variation of the service time, >= 0. slo: limit of the
    waiting time's quantile, s, >= 0.
    """

    rate: float
    slots: float
    service_time: float
    cv2: float
    slo: float


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
        demand: of the pool.
        tail: share of requests that may wait longer than the limit, 0 < tail <= 1.
        cap: share of the capacity to use at most, 0 < cap <= 1.

    Returns:
        The three counts: max(1, ceil(rate/mu) + 1), with mu = slots / service_time; the
        smallest from there whose wait is within the limit; ceil(rate / (cap mu)).

    Source: reproduction, sizing of a pool.
    """
    slots, slo = int(_whole("slots", demand.slots)), float(not_negative("slo", demand.slo))
    service_time, rate = float(positive("service_time", demand.service_time)), float(not_negative("rate", demand.rate))
    load, mu = rate * service_time, slots / service_time
    floor, capped = max(1, int(ceil(rate / mu)) + 1), int(ceil(rate / (share("cap", cap) * mu)))
    inverse, done, count = 1.0, 0, floor
    while True:
        servers = count * slots
        inverse, done = _inverse_loss(inverse, load, done, servers), servers
        delayed = _delayed(inverse, servers, load)
        if wait_quantile(delayed, servers, load, service_time, demand.cv2, tail) <= slo:
            return Sizing(floor, count, capped)
        count += 1


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


def _whole(name: str, value: ArrayLike) -> NDArray[np.int64]:
    """Return whole numbers of at least 1; raises ValueError for others."""
    array = at_least(name, value, 1)
    if np.any(array != np.round(finite(name, value))):
        raise ValueError(f"{name} must be whole, got {array}")
    return array.astype(np.int64)
