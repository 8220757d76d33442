"""Requests and hours pasted on sheet Own traffic, and the cells of cards and load profiles that follow from them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.reference.quantities import Inputs

CARDS = {"own_traffic_1": "first", "own_traffic_2": "second"}
LENGTHS = (64, 128, 256, 512, 768, 1024, 1536, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 24576, 32768, 49152, 65536, 98304, 131072)
LEVELS = (0.95, 0.75, 0.55, 0.3, 0.0)
"""Shares of the busiest hour from which on an hour belongs to a level."""

ON_THE_EDGE = 1e-9  # so that an hour on the edge of two levels is in the higher one, whatever the last digit says
YEAR = 8760.0


@cache
def requests(i: Inputs, which: str) -> NDArray[np.float64]:
    """Return (2, n) input and output tokens of the requests that count: those with any."""
    rows = [[i[f"pasted.{row}.{part}_{which}"] for part in ("input", "output")] for row in i.members("pasted")]
    found = np.array(rows).T
    return found[:, found.sum(axis=0) > 0]


@cache
def lengths(i: Inputs) -> tuple[float, ...]:
    """Return the lengths at which requests are counted: the last takes the longest of all that were pasted."""
    return (*LENGTHS[:-1], max(LENGTHS[-1], *(longest(i, which) for which in CARDS.values())))


def longest(i: Inputs, which: str) -> float:
    """Return the tokens of the longest request, 0 without any."""
    return float(requests(i, which).sum(axis=0).max(initial=0.0))


def share_up_to(i: Inputs, which: str, length: float) -> float:
    """Return the share of requests of at most so many tokens, 0 without any."""
    found = requests(i, which).sum(axis=0)
    return float(np.mean(found <= length)) if len(found) else 0.0


def means(i: Inputs, which: str) -> tuple[float, float]:
    """Return the mean input and output tokens, 0 without requests."""
    found = requests(i, which)
    return (float(found[0].mean()), float(found[1].mean())) if found.size else (0.0, 0.0)


def output_share(i: Inputs, which: str) -> float:
    """Return the share of all tokens that are output."""
    found = requests(i, which)
    return float(found[1].sum() / found.sum()) if found.size else 0.0


def edges(i: Inputs, number: int) -> tuple[float, float]:
    """Return the tokens above which and up to which requests are in a bin, 0 to 19."""
    ends = (0.0, *lengths(i))
    return ends[number], ends[number + 1]


def in_bin(i: Inputs, which: str, number: int) -> NDArray[np.float64]:
    """Return (2, n) input and output tokens of the requests of a bin."""
    (above, upto), found = edges(i, number), requests(i, which)
    total = found.sum(axis=0)
    kept: NDArray[np.float64] = found[:, (total > above) & (total <= upto)]
    return kept


def output_scale(i: Inputs, which: str, number: int) -> float:
    """Return the share of output of the requests of a bin divided by the share of all; 1 where there are none, or no output."""
    found, share = in_bin(i, which, number), output_share(i, which)
    return float(found[1].sum() / found.sum()) / share if found.size and share else 1.0


@cache
def hours(i: Inputs) -> NDArray[np.float64]:
    """Return (168,) the requests of each hour of the week."""
    return np.array([i[f"week.{day}.{hour}.requests"] for day in i.members("week") for hour in i.members(f"week.{day}")])


def of_level(i: Inputs, level: int) -> NDArray[np.float64]:
    """Return the requests of the hours of a level, 1 to 5."""
    week = hours(i)
    edges = [np.inf, *((share - ON_THE_EDGE) * week.max() for share in LEVELS)]
    found: NDArray[np.float64] = week[(week >= edges[level]) & (week < edges[level - 1])]
    return found


def hours_of_year(i: Inputs, level: int) -> float:
    """Return how many hours of the year have the load of a level."""
    return YEAR * len(of_level(i, level)) / len(hours(i))


def load(i: Inputs, level: int) -> float:
    """Return the mean load of a level over the peak, at least a hundredth, where it has hours and the week any requests."""
    found, busiest = of_level(i, level), hours(i).max()
    return max(0.01, float(found.mean() / busiest)) if len(found) and busiest else 0.01


def _of_card(which: str) -> dict[str, Callable[[Inputs], float]]:
    return {
        "output_share": lambda i: output_share(i, which),
        "mean_input": lambda i: means(i, which)[0],
        "mean_output": lambda i: means(i, which)[1],
        "requests": lambda i: float(requests(i, which).shape[1]),
    }


def _of_knot(which: str, number: int) -> dict[str, Callable[[Inputs], float]]:
    return {
        "upper": lambda i: lengths(i)[number],
        "cumulative": lambda i: share_up_to(i, which, lengths(i)[number]),
        "output_scale": lambda i: output_scale(i, which, number),
    }


def _of_profile(level: int) -> dict[str, Callable[[Inputs], float]]:
    found: dict[str, Callable[[Inputs], float]] = {f"hours_{level}": lambda i: hours_of_year(i, level)}
    return found | ({f"share_{level}": lambda i: load(i, level)} if level > 1 else {})


OF_OWN_TRAFFIC: dict[str, Callable[[Inputs], float]] = {
    **{f"traces.{card}.{field}": rule for card, which in CARDS.items() for field, rule in _of_card(which).items()},
    **{
        f"trace_knots.{card}.p{number + 1}.{field}": rule
        for card, which in CARDS.items()
        for number in range(len(LENGTHS))
        for field, rule in _of_knot(which, number).items()
    },
    **{f"load_profiles.own.{field}": rule for level in range(1, 6) for field, rule in _of_profile(level).items()},
}
"""What the cells of the two cards and of the load profile hold, by id, unless they are overwritten."""
