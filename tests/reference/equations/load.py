"""Load over the year: sequences in flight at a share of the peak rate, and what a GPU draws then.

Source: Little's law; a fleet of fixed size at share s of its peak rate holds n = s n_1 step(n) / step(n_1) sequences.
"""

from collections.abc import Callable
from dataclasses import dataclass

Steps = Callable[[float], float]
LEAST = 1e-6
"""Sequences in flight below which no trial goes."""


@dataclass(frozen=True, slots=True)
class Peak:
    """An instance at its peak: sequences in flight, and the time of a step with so many and of one with none, all weights read."""

    n: float
    step: Steps
    empty: float


def residual(peak: Peak, share: float, n: float) -> float:
    """Return sequences in flight less those that Little's law gives for steps with so many, at a share of the peak rate."""
    return n - share * peak.n * peak.step(n) / peak.step(peak.n)


def in_flight(peak: Peak, share: float) -> float:
    """Return the sequences in flight at a share of the peak rate: Little's law, by halving an interval that holds the answer."""
    low, high = 0.0, peak.n
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if residual(peak, share, middle) < 0.0 else (low, middle)
    return (low + high) / 2.0


def trials(peak: Peak, share: float) -> tuple[float, ...]:
    """Return four trials for `in_flight`: on the line from an empty step to the peak, then by three secants, the first from the peak."""
    first = share * peak.n * peak.empty / (peak.step(peak.n) * (1.0 - share) + share * peak.empty)
    found = [peak.n, first]
    for _ in range(3):
        before, last = found[-2:]
        off, now_off = (share_left(peak, share) if each is peak.n else residual(peak, share, each) for each in (before, last))
        secant = last if now_off == off else (before * now_off - last * off) / (now_off - off)
        found.append(min(peak.n, max(LEAST, secant)))
    return tuple(found[1:])


def share_left(peak: Peak, share: float) -> float:
    """Return the residual at the peak itself."""
    return peak.n * (1.0 - share)


def with_idle(n: float, watts: float, idle: float) -> float:
    """Return the mean W of a GPU with ``n`` sequences in flight, from its W with at least one: below one, idle in the rest of the time."""
    return idle + min(1.0, n) * (watts - idle)
