"""Fleets summed over every whole length of a workload.

A request of L tokens has trunc(0.8 L) of prompt and the rest of output. Of the band above the
split a share is cut: each request of it to the split's length, its own output kept.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.reference.equations import cards, fleet, paper, queueing, replay
from tests.reference.equations.domain import FloatArray
from tests.reference.equations.fleet import Policy
from tests.reference.equations.workload import AZURE, KNOTS, LMSYS, bins

H100 = cards.H100_CALIBRATED
POLICY = Policy()
WORKLOADS = {"azure": AZURE, "lmsys": LMSYS}
CUT_KWS = 3e-3 * 10.0 / 1e3
"""Work of a processor on cutting a prompt: 3 ms at 10 W, kW s."""


@dataclass(frozen=True, slots=True)
class Lengths:
    """Every whole length, arrays of shape (n,): share of the requests; tokens of request, prompt and output."""

    share: FloatArray
    total: FloatArray
    prompt: FloatArray
    output: FloatArray


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fleet: instances, kW of all GPUs and of cutting prompts, physical output token/s and token/J."""

    instances: float
    kw: float
    tokens: float

    @property
    def tok_per_j(self) -> float:
        """Tokens per joule."""
        return self.tokens / (1e3 * self.kw)


@cache
def lengths_of(workload: str) -> Lengths:
    """Return every whole length of a workload, each as likely as the others of its bin."""
    edges = [0, *KNOTS]
    mass = bins(WORKLOADS[workload])[2]
    total = np.arange(1.0, edges[-1] + 1.0)
    weight = np.concatenate([np.full(high - low, each / (high - low)) for low, high, each in zip(edges[:-1], edges[1:], mass, strict=True)])
    return Lengths(weight, total, *replay.prompt_and_output(total, POLICY.input_share))


def pool(weight: FloatArray, steps: FloatArray, total: FloatArray, window: int) -> tuple[int, float]:
    """Return the instances of a pool and the kW of all its GPUs."""
    slots, mass = paper.calibrated_slots(H100, window), float(np.sum(weight))
    if mass < 1e-12:
        return 0, 0.0
    times = steps * (H100.w + H100.h * total / H100.calibration_length * slots)
    mean, second = (float(np.sum(weight * each)) / mass for each in (times, times**2))
    demand = queueing.Demand(POLICY.rate * mass, slots, mean, max(replay.LOWEST_CV2, second / mean**2 - 1.0), POLICY.slo)
    count = queueing.fewest_instances(demand).instances
    return count, POLICY.gpus * count * fleet.watts_at(H100, POLICY.rate * mass * mean / count) / 1e3


def steps_of(prompt: FloatArray, output: FloatArray) -> FloatArray:
    """Return one step for each prompt chunk and each output token."""
    return np.asarray(np.ceil(prompt / H100.prefill_chunk) + output)


def outcome(workload: str, parts: Iterable[tuple[int, float]], cut: float = 0.0) -> Outcome:
    """Return pools as a fleet that cuts a share of the requests."""
    given, counts = lengths_of(workload), list(parts)
    tokens = POLICY.rate * float(np.sum(given.share * given.output))
    power = sum(each for _, each in counts) + POLICY.rate * cut * CUT_KWS
    return Outcome(sum(count for count, _ in counts), power, tokens)


@cache
def summed(workload: str, at: int, edge: int, share: float) -> Outcome:
    """Return the fleet of two pools with a share of the band cut."""
    given = lengths_of(workload)
    inside = (given.total > at) & (given.total <= edge)
    went = np.where(inside, share, given.total <= at)
    prompt = np.where(inside, np.maximum(0.0, at - given.output), given.prompt)
    short = pool(given.share * went, steps_of(prompt, given.output), np.minimum(given.total, at), at)
    long = pool(given.share * (1.0 - went), steps_of(given.prompt, given.output), given.total, fleet.WINDOW)
    return outcome(workload, [short, long], share * float(np.sum(given.share * inside)))


@cache
def between(workload: str, low: int, high: int) -> tuple[int, float]:
    """Return the instances and the kW of the pool of requests above a length and up to another, its window; the last has 64K."""
    given = lengths_of(workload)
    weight = given.share * ((given.total > low) & (given.total <= high))
    return pool(weight, steps_of(given.prompt, given.output), given.total, min(high, fleet.WINDOW))


def homogeneous(workload: str) -> Outcome:
    """Return the fleet of one pool."""
    return outcome(workload, [between(workload, 0, fleet.WINDOW)])
