"""Expectations of sheet Topologies: how each case cuts its workload, what it needs in sum, and which topology is best.

A case is one to four pools. What its pools take is in `expect_topology_pools`.
"""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tests.reference.expect import lengths
from tests.reference.expect.search import reaches
from tests.reference.quantities import EMPTY, Inputs, Value, expect, expected, number

MOST_POOLS = 4
OK = "ok"
UNORDERED = "windows out of order"
OUTGROWN = "requests exceed the last window"


@dataclass(frozen=True, slots=True)
class Case:
    """A way of cutting a workload into pools; series are over four pools, of which so many are in use. Lengths are tokens.

    ``highs`` are the lengths up to which the first three pools take requests, ``edge`` is where the band ends that
    is cut to fit the first.
    """

    workload: str
    pools: int
    windows: tuple[float, ...]
    profiles: tuple[str, ...]
    longest: float
    highs: tuple[float, ...]
    edge: float
    compressible: float
    accepted: float

    @property
    def window_sizes(self) -> tuple[float, ...]:
        """Windows of the pools, the last of those in use and the unused ones with the long window."""
        return tuple(self.windows[place] if place < self.pools - 1 else self.windows[-1] for place in range(MOST_POOLS))

    @property
    def lows(self) -> tuple[float, ...]:
        """Tokens above which the requests of each pool begin."""
        return (0.0, *self.highs)

    @property
    def ends(self) -> tuple[float, ...]:
        """Tokens up to which each pool takes requests."""
        return (*self.highs, self.longest)

    @property
    def cut(self) -> float:
        """Share of the band that is cut to fit the first pool; a single pool has no band."""
        return self.compressible if self.pools > 1 else 0.0

    @property
    def kept(self) -> float:
        """Share of its own requests that the first pool answers; a single pool answers them all."""
        return self.accepted if self.pools > 1 else 1.0

    @property
    def rises(self) -> bool:
        """Whether the windows in use rise, to the last at most."""
        inner = self.windows[: self.pools - 1]
        return all(lower < upper for lower, upper in pairwise(inner)) and all(size <= self.windows[-1] for size in inner)


@cache
def case(i: Inputs, key: str) -> Case:
    """Return a case."""
    card, pools = i.text(f"designs.{key}.workload"), int(i[f"designs.{key}.pools"])
    longest = lengths.longest(i, card)
    windows = tuple(i[f"designs.{key}.window_{pool}"] for pool in range(1, MOST_POOLS))
    highs = tuple(min(window, longest) if place < pools - 1 else longest for place, window in enumerate(windows))
    return Case(
        workload=card,
        pools=pools,
        windows=(*windows, i["traffic.long_window"]),
        profiles=tuple(i.text(f"designs.{key}.profile_{pool}") for pool in range(1, MOST_POOLS + 1)),
        longest=longest,
        highs=highs,
        edge=max(highs[0], min(highs[0] * i[f"designs.{key}.band"], highs[1])),
        compressible=i[f"designs.{key}.compressible"],
        accepted=i[f"designs.{key}.accepted"],
    )


# Cases


def distribution(i: Inputs, key: str) -> Value:
    """Return whether the case's workload is a distribution, in words."""
    return expected(i, "loads.state", (case(i, key).workload,))


@expect("designs.state")
def state(i: Inputs, key: str) -> Value:
    if distribution(i, key) != OK:
        return distribution(i, key)
    if not case(i, key).rises:
        return UNORDERED
    return OUTGROWN if case(i, key).longest > i["traffic.long_window"] else OK


expect("designs.design")(lambda i, key: i.text(f"designs.{key}.name"))
expect("designs.named")(lambda *_: 1.0)
expect("designs.edge")(lambda i, key: case(i, key).edge)
expect("designs.rises")(lambda i, key: float(case(i, key).rises))
expect("designs.high_1")(lambda i, key: case(i, key).highs[0])
expect("designs.high_2")(lambda i, key: case(i, key).highs[1])
expect("designs.high_3")(lambda i, key: case(i, key).highs[2])


def expect_shown(column: str) -> None:
    """Register a sum over a case's pools that is shown where the case has an answer."""

    @expect(f"cases.{column}")
    def shown(i: Inputs, key: str) -> Value:
        return expected(i, f"design_totals.{column}", (key,)) if total_state(i, key) == OK else None


@cache
def total_state(i: Inputs, key: str) -> Value:
    return expected(i, "design_totals.state", (key,))


@expect("design_totals.used")
def used_pools(i: Inputs, key: str) -> float:
    return float(sum(number(i, "design_pools.share", key, f"p{pool}") > 0 for pool in range(1, MOST_POOLS + 1)))


@expect("designs.spare")
def spare(i: Inputs, key: str) -> str:
    """Return how many pools receive requests where it is not all of them."""
    item, used = case(i, key), int(used_pools(i, key))
    return "" if used >= item.pools else f"{used} of {item.pools} pools in use (longest request: {item.longest:.0f} tokens)"


expect("cases.remark")(lambda i, key: spare(i, key) if total_state(i, key) == OK else "")


for each in ("instances", "gpus", "power", "tokens", "tok_per_j", "tok_per_w", "cost", "first_token"):
    expect_shown(each)

# Archetypes

TOPOLOGIES = {"homogeneous": "homo", "two pools": "two", "FleetOpt": "fleetopt"}
"""Names of the three topologies, and how the keys of their cases end."""

NO_ANSWER = "none has an answer"


def tok_per_j(i: Inputs, card: str, topology: str) -> float:
    """Return the tok/J of a workload's case, 0 without an answer."""
    return number(i, "design_totals.tok_per_j", f"{card}_{TOPOLOGIES[topology]}")


def expect_topology(topology: str) -> None:
    """Register the tok/J of a topology on every workload."""

    @expect(f"archetypes.{TOPOLOGIES[topology]}")
    def of_topology(i: Inputs, card: str) -> float:
        return tok_per_j(i, card, topology)


for each in TOPOLOGIES:
    expect_topology(each)


@cache
def below(i: Inputs, card: str) -> float:
    item = case(i, f"{card}_two")
    return lengths.share_upto(i, item.workload, item.highs[0])


@expect("archetypes.archetype")
def archetype(i: Inputs, card: str) -> str:
    share = below(i, card)
    if at_least(share, i["archetype.mostly"]):
        return "I"
    # upside down, so that a share on the limit counts as below it
    return "III" if at_least(i["archetype.rarely"], share) else "II"


def at_least(value: float, limit: float) -> bool:
    """Tell whether a value >= 0 is not below a limit >= 0."""
    return reaches(value, limit) if limit else True


@expect("archetypes.recommended")
def recommended(i: Inputs, card: str) -> str:
    return i.text({"I": "archetype.first", "II": "archetype.second", "III": "archetype.third"}[archetype(i, card)])


@expect("archetypes.best")
def best(i: Inputs, card: str) -> str:
    homo, two, fleetopt = (tok_per_j(i, card, topology) for topology in TOPOLOGIES)
    if not max(homo, two, fleetopt):
        return NO_ANSWER
    if at_least(fleetopt, max(homo, two)):
        return "FleetOpt"
    return "two pools" if at_least(two, homo) else "homogeneous"


@expect("archetypes.verdict")
def verdict(i: Inputs, card: str) -> str:
    if best(i, card) == NO_ANSWER:
        return NO_ANSWER
    return "yes" if recommended(i, card) == best(i, card) else "no"


@expect("archetypes.joule")
def joule(i: Inputs, card: str) -> float:
    return tok_per_j(i, card, recommended(i, card))


@expect("archetypes.lead")
def lead(i: Inputs, card: str) -> float:
    return max(tok_per_j(i, card, topology) for topology in TOPOLOGIES) / joule(i, card) if joule(i, card) else EMPTY
