"""Expectations of sheets Workloads and Pools: distributions, the fleets of Table 3, and what each of their pools takes.

A pool is (fleet, "short" or "long"). Every request goes to one of the two: to the long one
of a homogeneous fleet, else by the split.
"""

from functools import cache

from tests.reference.equations import workload
from tests.reference.expect import lengths, shared_columns
from tests.reference.expect.pools import OK, Server, server
from tests.reference.expect.shared_columns import expect_columns
from tests.reference.quantities import Inputs, expect

POOLS = ("short", "long")
WITHIN_ONE = 1e-9
"""How near to 1 the shares of a distribution must add up."""

# Distributions


@cache
def points(i: Inputs, card: str) -> tuple[str, ...]:
    """Return the knots of a workload, in order."""
    return i.members(f"knots.{card}")


@cache
def cdf(i: Inputs, card: str) -> workload.Cdf:
    """Return a workload's distribution; raises ValueError where its knots or shares fall, or do not end at one."""
    columns = ([i[f"knots.{card}.{point}.{column}"] for point in points(i, card)] for column in ("upper", "cumulative"))
    return workload.cdf(*columns)


def above(i: Inputs, card: str, point: str, column: str) -> float:
    """Return a column of the knot before, 0 before the first."""
    place = points(i, card).index(point)
    return i[f"knots.{card}.{points(i, card)[place - 1]}.{column}"] if place else 0.0


@expect("knots.lower")
def lower(i: Inputs, card: str, point: str) -> float:
    return above(i, card, point, "upper")


@expect("knots.mass")
def mass(i: Inputs, card: str, point: str) -> float:
    return i[f"knots.{card}.{point}.cumulative"] - above(i, card, point, "cumulative")


@expect("knots.middle")
def middle(i: Inputs, card: str, point: str) -> float:
    return (lower(i, card, point) + i[f"knots.{card}.{point}.upper"]) / 2.0


@expect("knots.rises")
def rises(i: Inputs, card: str, point: str) -> float:
    return float(i[f"knots.{card}.{point}.upper"] > lower(i, card, point) and mass(i, card, point) >= 0)


@expect("loads.mean_length")
def mean_length(i: Inputs, card: str) -> float:
    return sum(mass(i, card, point) * middle(i, card, point) for point in points(i, card))


expect("loads.mean_output")(lambda i, card: i[f"workloads.{card}.output_share"] * mean_length(i, card))


@expect("loads.longest")
def longest(i: Inputs, card: str) -> float:
    return lengths.longest(i, card)


@expect("loads.falls")
def falls(i: Inputs, card: str) -> float:
    return sum(1.0 - rises(i, card, point) for point in points(i, card))


@expect("loads.ends")
def ends(i: Inputs, card: str) -> float:
    last = i[f"knots.{card}.{points(i, card)[-1]}.cumulative"]
    return float(min(abs(last - whole) for whole in (0.0, 1.0)) < WITHIN_ONE)


@expect("loads.state")
def state_of_distribution(i: Inputs, card: str) -> str:
    if falls(i, card):
        return "knots out of order"
    if not any(i[f"knots.{card}.{point}.cumulative"] for point in points(i, card)):
        return "no requests"
    return OK if ends(i, card) else "shares must end at 1"


expect("checks.distributions")(lambda i: float(sum(state_of_distribution(i, card) != OK for card in i.members("knots"))))


# Fleets


def workload_of(i: Inputs, key: str) -> str:
    """Return the workload of a fleet."""
    return i.text(f"fleets.{key}.workload")


def topology(i: Inputs, key: str) -> str:
    """Return the topology of a fleet: homo, pool or fleetopt."""
    return i.text(f"fleets.{key}.topology")


@cache
def short_window(i: Inputs, key: str) -> float:
    return i[f"workloads.{workload_of(i, key)}.short_window"]


@expect("fleets.split")
def split(i: Inputs, key: str) -> float:
    card, window = f"workloads.{workload_of(i, key)}", short_window(i, key)
    return {"homo": 0.0, "pool": window, "fleetopt": i[f"{card}.band"] * window}[topology(i, key)]


@cache
def distribution(i: Inputs, key: str) -> str:
    return state_of_distribution(i, workload_of(i, key))


@expect("fleets.state")
def state(i: Inputs, key: str) -> str:
    if distribution(i, key) != OK:
        return distribution(i, key)
    outside = topology(i, key) != "homo" and short_window(i, key) > i["traffic.long_window"]
    return "split out of range" if outside else OK


@expect("fleets.remark")
def remark(i: Inputs, key: str) -> str:
    """Return that a split beyond all requests leaves the long pool without any."""
    alone = topology(i, key) != "homo" and split(i, key) >= longest(i, workload_of(i, key))
    return "no request is longer than the split: the long pool is not used" if alone and state(i, key) == OK else ""


# Pools


def profile_of(i: Inputs, key: str, side: str) -> str:
    """Return the profile of a pool."""
    return i.text(f"fleets.{key}.{side}_profile")


@expect("pools.lowest")
def lowest(i: Inputs, key: str, side: str) -> float:
    return split(i, key) if side == "long" else 0.0


@expect("pools.highest")
def highest(i: Inputs, key: str, side: str) -> float:
    return lengths.knots(i, workload_of(i, key))[-1][0] if side == "long" else split(i, key)


def instance(i: Inputs, key: str, side: str) -> Server:
    """Return an instance of a pool."""
    window = i["traffic.long_window"] if side == "long" else short_window(i, key)
    return server(i, profile_of(i, key, side), window)


shared_columns.expect_server("pools", instance)
expect_columns("pools", instance, {"n_slots": lambda _, item: item.n_slots})
expect("pools.output_share")(lambda i, key, _side: lengths.tokens(i, workload_of(i, key)).output_share)
