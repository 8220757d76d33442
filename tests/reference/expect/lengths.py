"""Requests of a workload up to a length, as the groups of equal requests that stand for them.

A bin of the distribution is three groups, at its Gauss-Legendre nodes. A length inside a bin
cuts off a piece with three nodes of its own, so that requests between two lengths are those up
to the upper one and, with a negative share, those up to the lower one (`minus`): groups that do
not cancel where steps are not smooth, which is part of the approximation being checked.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from tests.reference.equations import grid
from tests.reference.equations.grid import Bin, Requests, Tokens
from tests.reference.quantities import Inputs


@cache
def bins(i: Inputs, card: str) -> list[Bin]:
    """Return the bins of a workload."""
    return bins_upto(i, card, math.inf)


@cache
def knots(i: Inputs, card: str) -> tuple[tuple[float, float], ...]:
    """Return (tokens, cumulative share) of a workload's knots, from (0, 0)."""
    points = i.members(f"knots.{card}")
    return ((0.0, 0.0), *((i[f"knots.{card}.{point}.upper"], i[f"knots.{card}.{point}.cumulative"]) for point in points))


def longest(i: Inputs, card: str) -> float:
    """Return the first knot that no request exceeds, tokens; the last where there is none."""
    return next((length for length, share in knots(i, card)[1:] if share >= 1.0), knots(i, card)[-1][0])


def tokens(i: Inputs, card: str) -> Tokens:
    """Return what becomes of a length of a workload."""
    return Tokens(i[f"workloads.{card}.output_share"], i["traffic.lost"], i["traffic.half_token"], i["decode.tokens_per_step"])


def share_upto(i: Inputs, card: str, limit: float) -> float:
    """Return the share of requests of at most ``limit`` tokens, straight between knots, 1 beyond the last."""
    pieces = bins_upto(i, card, limit)
    return sum(piece.mass for piece in pieces)


def bins_upto(i: Inputs, card: str, limit: float) -> list[Bin]:
    """Return the bins of a workload up to a length, the last one cut there."""
    found = []
    for (lower, below), (upper, upto) in zip(knots(i, card), knots(i, card)[1:], strict=False):
        if limit >= upper:
            found.append(Bin(lower, upper, upto - below))
        elif limit > lower:
            found.append(Bin(lower, limit, (upto - below) * (limit - lower) / (upper - lower)))
    return found


class Place:
    """Where a length stands among the bins of a workload, and what is added there to the sums up to a knot: tokens, shares.

    ``from_zero``: the requests of its bin that are longer than it are drawn from token 0, as coded. ``inside``, the part of its bin
    below it, is 0 for a length beyond the last.
    """

    def __init__(self, bins: Sequence[Bin], limit: float, *, from_zero: bool) -> None:
        self.limit, self.from_zero = limit, from_zero
        self.below = sum(piece.upper <= limit for piece in bins)
        self.knot = min(self.below + 1, len(bins))
        piece = bins[self.knot - 1]
        self.lower, self.upper, self.mass = piece.lower, piece.upper, piece.mass
        self.inside = (limit - piece.lower) / (piece.upper - piece.lower) if self.below < len(bins) else 0.0
        self.start = 0.0 if from_zero else piece.lower
        self.half = piece.upper / 2.0 if from_zero else self.inside * (piece.upper - piece.lower) / 2.0
        self.weight = piece.mass * (self.inside - from_zero)
        self.base = self.below + from_zero


@cache
def upto(i: Inputs, card: str, profile: str, limit: float) -> Requests:
    """Return the requests of a workload of at most ``limit`` tokens, with the prefill steps of a profile."""
    chunk = i[f"profiles.{profile}.prefill_chunk"]
    return grid.joined(grid.nodes(piece, tokens(i, card), chunk) for piece in bins_upto(i, card, limit))


def times(requests: Requests, weight: float) -> Requests:
    """Return requests with their shares multiplied, by a negative number too."""
    return replace(requests, share=requests.share * weight)


def plus(parts: Iterable[tuple[float, Requests]]) -> Requests:
    """Return weighted requests in one."""
    return grid.joined(times(requests, weight) for weight, requests in parts)


def minus(more: Requests, less: Requests) -> Requests:
    """Return requests without those that are also in ``less``."""
    return plus([(1.0, more), (-1.0, less)])
