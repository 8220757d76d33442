"""Sequences in flight at which a time per output token is just met: by halving, and by the three trials of the cells."""

import math
from collections.abc import Callable
from dataclasses import dataclass

Times = Callable[[float], float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Trials:
    """Sequences and times of the trials of a search for times of ``left``; fields as columns of `load_pools`."""

    tpot_one: float
    tpot_full: float
    tpot_try: float
    tpot_tried: float
    tpot_again: float
    tpot_retried: float
    tpot_far: float
    tpot_exact: float
    tpot_slots: float


def parabola(left: float, *points: Point) -> float:
    """Return the sequences at a time on the parabola of sequences by time through three points (Lagrange)."""
    found = 0.0
    for n, time in points:
        others = [other for _, other in points if other != time]
        found += n * math.prod((left - other) / (time - other) for other in others)
    return found


def trials(times: Times, left: float, most: float) -> Trials:
    """Return the trials for the most sequences, up to ``most``, whose times are at most ``left``."""
    one, full = times(1.0), times(most)
    first = 1.0 + (most - 1.0) * (left - one) / (full - one) if full > left > one else most
    tried = times(first)
    second = first
    if full > tried > one:
        second = max(1.0, min(most, parabola(left, (1.0, one), (first, tried), (most, full))))
    retried = times(second)
    end = (most, full) if tried <= left else (1.0, one)
    apart = len({retried, tried, end[1]}) == 3
    third = parabola(left, end, (first, tried), (second, retried)) if apart else second
    slots = most if full <= left else 0.0 if one > left else max(1.0, min(most, float(math.floor(third))))
    return Trials(one, full, first, tried, second, retried, end[1], third, slots)


def most_sequences(times: Times, left: float, most: float) -> float:
    """Return the most sequences, a real number up to ``most``, whose times are at most ``left``; times grow with sequences."""
    low, high = 0.0, most
    if times(most) <= left:
        return most
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if times(middle) <= left else (low, middle)
    return low
