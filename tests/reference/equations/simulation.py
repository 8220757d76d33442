"""Simulation of a pool, request by request, with none of the queueing formulas.

Requests arrive at random (Poisson), wait in one line for any of equal slots, first come first served, and hold
it for a service time drawn from the pool's own distribution of lengths, in whole tokens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapreplace

import numpy as np

from tests.reference.equations.domain import FloatArray, positive
from tests.reference.equations.replay import INPUT_SHARE, Server
from tests.reference.equations.workload import Cdf, bins

BLOCK = 1 << 17
"""Requests drawn at a time."""

SETTLING = 1.5
"""Warm-up in longest service times: a pool that never queues is stationary after one, however heavy the tail."""

SETTLING_SHARE = 0.2
"""Warm-up as a share of the time observed, where that is longer: a queue near saturation settles slowly."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What is simulated: requests/s, slots of all instances, and whose requests.

    ``server`` is an instance; its own ``slots`` lengthen every step, as though all were taken.
    """

    rate: float
    servers: int
    lengths: Cdf
    server: Server


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """What was seen after the warm-up: the time-average share of busy slots, and the requests' waits, s, and tokens, shape (n,)."""

    utilisation: float
    waits: FloatArray
    lengths: FloatArray

    @property
    def delayed(self) -> float:
        """Share of the requests that waited at all."""
        return float(np.mean(self.waits > 0))

    def wait_quantile(self, tail: float) -> float:
        """Wait that a share ``tail`` of the requests exceeds, s."""
        return float(np.quantile(self.waits, 1.0 - tail))


def drawn_lengths(lengths: Cdf, window: int, count: int, random: np.random.Generator) -> FloatArray:
    """Draw total tokens, whole, 1..window, shape (count,).

    A bin is picked by its share, then any whole number of it that the window leaves; the
    window where none is left. Source: reproduction, calibration of a pool.
    """
    lower, upper, mass = bins(lengths)
    chosen = random.choice(mass.size, count, p=mass)
    low, high = np.minimum(lower, window)[chosen], np.minimum(upper, window)[chosen]
    return high - np.floor((high - low) * random.random(count))


def service_times(total: FloatArray, server: Server) -> FloatArray:
    """Return the s that requests of so many tokens hold a slot, in the shape of ``total``.

    (ceil(prompt / chunk) + output) (W + H (L / L_cal) slots), with trunc(0.8 L) tokens of
    prompt, and at least one of prompt and of output. Source: reproduction, service time of a request.
    """
    prompt = np.maximum(1.0, np.trunc(INPUT_SHARE * total))
    steps = np.ceil(prompt / server.prefill_chunk) + np.maximum(1.0, total - prompt)
    return steps * (server.w + server.h * server.slots * total / server.calibration_length)


def longest_service(queue: Queue) -> float:
    """Return the longest time that a request of the pool can hold a slot, s."""
    _, upper, mass = bins(queue.lengths)
    return float(service_times(np.minimum(upper[mass > 0].max(), queue.server.window), queue.server))


def observed(queue: Queue, requests: int, seed: int) -> Observed:
    """Simulate a pool that starts empty.

    Args:
        queue: rate > 0, and of less load than servers.
        requests: how many to observe, >= 1, after those of the warm-up.
        seed: of `numpy.random.default_rng`.

    Returns:
        The utilisation from the warm-up to the last arrival, and the waits of those who came between.

    Raises:
        ValueError: if no request arrives.

    """
    random, free = np.random.default_rng(seed), [0.0] * queue.servers
    span = float(positive("requests", requests) / positive("rate", queue.rate))
    warm_up = max(SETTLING * longest_service(queue), SETTLING_SHARE * span)
    blocks = _blocks(queue, requests + int(queue.rate * warm_up), random, free)
    arrived, started, times, lengths = (np.concatenate(each) for each in zip(*blocks, strict=True))
    end = arrived[-1]
    begin = end - span
    busy = np.clip(started + times, begin, end) - np.clip(started, begin, end)
    seen = arrived >= begin
    return Observed(float(busy.sum() / span / queue.servers), (started - arrived)[seen], lengths[seen])


def _blocks(queue: Queue, count: int, random: np.random.Generator, free: list[float]) -> Iterator[tuple[FloatArray, ...]]:
    """Yield arrivals, starts and service times, s, and tokens of ``count`` requests in blocks; ``free`` is a heap, see `starts`."""
    clock = 0.0
    for first in range(0, count, BLOCK):
        size = min(BLOCK, count - first)
        arrived = clock + np.cumsum(random.exponential(1.0 / queue.rate, size))
        clock = float(arrived[-1])
        lengths = drawn_lengths(queue.lengths, int(queue.server.window), size, random)
        times = service_times(lengths, queue.server)
        yield arrived, np.asarray(starts(arrived.tolist(), times.tolist(), free)), times, lengths


def starts(arrived: list[float], times: list[float], free: list[float]) -> list[float]:
    """Return when each request starts, s: when it arrives, or else when the first slot is free.

    Args:
        arrived: s, rising.
        times: how long each holds its slot, s, >= 0.
        free: when each slot is free, s, a heap; carried on to the requests that follow.

    Source: first come, first served by many servers; Kiefer and Wolfowitz 1955.
    """
    found = []
    for arrival, time in zip(arrived, times, strict=True):
        start = free[0]
        if start < arrival:  # noqa: PLR1730  max() takes twice as long, tens of millions of times
            start = arrival
        heapreplace(free, start + time)
        found.append(start)
    return found
