"""Time to first token of a pool, s: P99 of the wait, P99 of the prefill, and both together as simulated."""

from dataclasses import dataclass

import numpy as np

from tests.reference.equations import fleet, queueing, simulation
from tests.reference.equations.domain import FloatArray
from tests.reference.equations.queueing import WAIT_TAIL
from tests.reference.equations.replay import INPUT_SHARE, Server
from tests.reference.equations.simulation import Queue
from tests.reference.equations.workload import Cdf, bins


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool: lengths, an instance, slots of all instances, and the share of them in use."""

    lengths: Cdf
    server: Server
    slots: int
    load: float


@dataclass(frozen=True, slots=True, eq=False)
class Waited:
    """A simulated pool: waits, s, and tokens of its requests; as planned the P99 wait, s, and the chance to wait.

    ``emptying`` is the mean wait of those who wait, s, and ``cv2`` that of the service times.
    """

    waits: FloatArray
    lengths: FloatArray
    planned: float
    chance: float
    emptying: float
    cv2: float


def p99_length(lengths: Cdf, window: float) -> float:
    """Return the tokens that a hundredth of the requests exceed, counted from the longest bin down; longer ones are cut to the window."""
    left = WAIT_TAIL
    for lower, upper, mass in reversed(list(zip(*bins(lengths), strict=True))):
        if mass > left:
            return float(min(window, upper - (upper - lower) * left / mass))
        left -= mass
    raise ValueError("lengths have no mass")


def waited(pool: Pool, requests: int, seed: int) -> Waited:
    """Simulate a pool and plan it: Erlang C and Kimura's wait (see `queueing`)."""
    moments = fleet.integer_moments(pool.lengths, pool.server)
    rate = pool.load * pool.slots / moments.mean
    seen = simulation.observed(Queue(rate, pool.slots, pool.lengths, pool.server), requests, seed)
    offered = rate * moments.mean
    chance = float(queueing.erlang_c(pool.slots, offered))
    emptying = moments.mean * (1.0 + moments.cv2) / 2.0 / (pool.slots - offered)
    planned = float(queueing.wait_quantile(chance, pool.slots, offered, moments.mean, moments.cv2))
    return Waited(seen.waits, seen.lengths, planned, chance, emptying, moments.cv2)


def simulated(seen: Waited, window: float, per_token: float) -> float:
    """Return the P99 of wait and prefill together, s, where a prompt takes so long a token."""
    prompts = INPUT_SHARE * np.minimum(seen.lengths, window)
    return float(np.quantile(seen.waits + per_token * prompts, 1.0 - WAIT_TAIL))
