"""Expectations of sheets Moments and Service times: sums over requests up to a length, and means over those of a pool.

Requests are groups of equal ones (`lengths`). A pool takes those up to its upper end without
those up to its lower end, and what is longer than its window as though it filled the window.
"""

from functools import cache

import numpy as np

from tests.reference.equations import grid
from tests.reference.equations.grid import Requests, Tokens
from tests.reference.equations.rounding import ceil
from tests.reference.expect import lengths, shared_columns
from tests.reference.expect.expect_workloads import highest, instance, lower, lowest, points, profile_of, workload_of
from tests.reference.expect.pools import Served, chunk
from tests.reference.expect.shared_columns import End, expect_columns, requests_upto, total_length
from tests.reference.quantities import PAPER, Inputs, expect

# Sums up to each knot


def upto_knot(i: Inputs, card: str, profile: str, point: str) -> Requests:
    """Return the requests of a workload up to a knot."""
    return lengths.upto(i, card, profile, i[f"knots.{card}.{point}.upper"])


@expect("moments.half")
def half(i: Inputs, card: str, _profile: str, point: str) -> float:
    return (i[f"knots.{card}.{point}.upper"] - lower(i, card, point)) / 2.0


def nodes(i: Inputs, card: str, profile: str, point: str) -> Requests:
    """Return the three requests that stand for a bin."""
    return shared_columns.nodes(i, card, profile, lower(i, card, point), half(i, card, profile, point))


shared_columns.expect_nodes(PAPER, "moments", nodes)
shared_columns.expect_sums("moments", upto_knot)

# Ends of a pool


def end(i: Inputs, key: str, side: str, name: str) -> End:
    """Return an end of a pool: "from", "window" or "to"; as coded, its first bin is drawn from token 0."""
    limit = lowest(i, key, side) if name == "from" else highest(i, key, side)
    limit = limit if name == "to" else min(limit, instance(i, key, side).window)
    card = workload_of(i, key)
    last = i[f"knots.{card}.{points(i, card)[-1]}.upper"]
    from_zero = name == "from" and i["traffic.from_zero"] == 1.0 and 0.0 < limit < last
    return End(card, profile_of(i, key, side), limit, from_zero)


shared_columns.expect_end("ends", end)
expect("ends.from_zero")(lambda i, key, side, name: float(end(i, key, side, name).from_zero))

# Means over a pool


def share_between(i: Inputs, key: str, side: str, low: str, high: str) -> float:
    """Return the share of all requests between two ends of a pool."""
    shares = (lengths.share_upto(i, workload_of(i, key), end(i, key, side, name).limit) for name in (high, low))
    return next(shares) - next(shares)


@expect("pool_means.beyond")
def beyond(i: Inputs, key: str, side: str) -> float:
    return share_between(i, key, side, "window", "to")


def tokens(i: Inputs, key: str) -> Tokens:
    """Return what becomes of a length in a fleet."""
    return lengths.tokens(i, workload_of(i, key))


@expect("pool_means.cut_prefill")
def cut_prefill(i: Inputs, key: str, side: str) -> float:
    prompt = (1.0 - tokens(i, key).output_share) * instance(i, key, side).window - tokens(i, key).lost
    return float(ceil(prompt / chunk(i, profile_of(i, key, side))))


@expect("pool_means.cut_steps")
def cut_steps(i: Inputs, key: str, side: str) -> float:
    return grid.coded_steps(instance(i, key, side).window, tokens(i, key), chunk(i, profile_of(i, key, side)))


def filling(i: Inputs, key: str, side: str) -> Requests:
    """Return the requests of a pool that are longer than its window as one group that fills it."""
    window = instance(i, key, side).window
    output = tokens(i, key).output_share * window + tokens(i, key).lost
    return Requests(*(np.array([each]) for each in (beyond(i, key, side), window, output, cut_steps(i, key, side))))


@cache
def served(i: Inputs, key: str, side: str) -> Served:
    """Return the requests of a pool and its instance."""
    within = lengths.minus(*(requests_upto(i, end(i, key, side, name)) for name in ("window", "from")))
    return Served(instance(i, key, side), share_between(i, key, side, "from", "to"), grid.joined([within, filling(i, key, side)]))


@expect("pool_means.length")
def length(i: Inputs, key: str, side: str) -> float:
    share = served(i, key, side).share
    upper, under = (total_length(i, requests_upto(i, end(i, key, side, name))) for name in ("to", "from"))
    return (upper - under) / share if share else 0.0


expect_columns(
    "pool_means",
    served,
    {
        "share": lambda _, item: item.share,
        "output": lambda _, item: item.mean_of("output"),
        "prefill_steps": lambda i, item: item.prefill_steps(i),
    },
)
expect("pool_means.prompt")(lambda i, key, side: instance(i, key, side).window * (1.0 - tokens(i, key).output_share) - tokens(i, key).lost)
shared_columns.expect_means("pool_means", served)
