"""Expectations of sheets Workloads, Pools and Service times: what each pool of a fleet sees, and for how long.

A pool is (fleet, "short" or "long"). Every request goes to one of the two: to the long one
of a homogeneous fleet, else by the split; a length beyond a pool's window counts as the window.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.reference import chain, fleet, rounding, slots, workload
from tests.reference.chain import MILLI
from tests.reference.quantities import Inputs, expect

POOLS = ("short", "long")
WITHIN_ONE = 1e-9
"""How near to 1 the shares of a distribution must add up."""

DIGITS = 9
"""Decimals of a prompt, which ends at the edge of a chunk on paper where the middle of a bin does."""

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
    return workload.mean_length(cdf(i, card))


@expect("loads.mean_output")
def mean_output(i: Inputs, card: str) -> float:
    return i[f"workloads.{card}.output_share"] * mean_length(i, card)


@expect("loads.ends")
def ends(i: Inputs, card: str) -> float:
    return float(abs(i[f"knots.{card}.{points(i, card)[-1]}.cumulative"] - 1.0) < WITHIN_ONE)


@expect("checks.distributions")
def wrong_distributions(i: Inputs) -> float:
    cards = i.members("knots")
    return sum(1.0 - ends(i, card) + sum(1.0 - rises(i, card, point) for point in points(i, card)) for card in cards)


# Pools


@dataclass(frozen=True, slots=True)
class Pool:
    """What a pool takes and what serves it: tokens, times in ms; ``h_full`` for a token with all slots in use."""

    workload: str
    profile: str
    window: float
    lowest: float
    highest: float
    by_slots: float
    by_blocks: float
    w: float
    h_full: float
    h_one: float
    chunk: float
    output_share: float

    @property
    def n_slots(self) -> float:
        """The tighter of the two limits."""
        return min(self.by_slots, self.by_blocks)


@expect("fleets.short_window")
def short_window(i: Inputs, key: str) -> float:
    return i[f"workloads.{i.text(f'fleets.{key}.workload')}.short_window"]


@expect("fleets.split")
def split(i: Inputs, key: str) -> float:
    card, window = f"workloads.{i.text(f'fleets.{key}.workload')}", short_window(i, key)
    return {"homo": 0.0, "pool": window, "fleetopt": i[f"{card}.band"] * window}[i.text(f"fleets.{key}.topology")]


@cache
def pool(i: Inputs, key: str, side: str) -> Pool:
    """Return a pool of a fleet; the long one takes every request above the split, as `fleet.two_pools`."""
    name, profile = i.text(f"fleets.{key}.workload"), i.text(f"fleets.{key}.{side}_profile")
    window = short_window(i, key) if side == "short" else i["traffic.long_window"]
    longest = max(i[f"knots.{name}.{points(i, name)[-1]}.upper"], i["traffic.long_window"])
    reach = 0.0, split(i, key), longest
    item = chain.calibrated(i, profile)
    by_slots = float(slots.scheduled_slots(item.max_slots, item.calibration_length, window))
    by_blocks = float(slots.block_slots(item.blocks, slots.window_blocks(window, item.block_size)))
    return Pool(
        workload=name,
        profile=profile,
        window=window,
        lowest=reach[POOLS.index(side)],
        highest=reach[POOLS.index(side) + 1],
        by_slots=by_slots,
        by_blocks=by_blocks,
        w=item.w / MILLI,
        h_full=item.h / MILLI * min(by_slots, by_blocks) / item.calibration_length,
        h_one=item.h / MILLI,
        chunk=i[f"profiles.{profile}.prefill_chunk"],
        output_share=i[f"workloads.{name}.output_share"],
    )


def expect_pool(column: str) -> None:
    """Register a number of a pool."""

    @expect(f"pools.{column}")
    def of_pool(i: Inputs, key: str, side: str) -> float:
        return float(getattr(pool(i, key, side), column))


for each in ("window", "lowest", "highest", "by_slots", "by_blocks", "n_slots", "w", "h_full", "h_one", "chunk", "output_share"):
    expect_pool(each)


@expect("pools.profile")
def profile_of_pool(i: Inputs, key: str, side: str) -> str:
    return i.shown(pool(i, key, side).profile)


# Service times


@dataclass(frozen=True, slots=True)
class Bin:
    """A pool's part of a bin: share of all requests, tokens; for each node tokens, prefill steps and ms."""

    upper: float
    lower: float
    start: float
    stop: float
    mass: float
    drawn_from: float
    lengths: tuple[float, ...]
    prefills: tuple[float, ...]
    times: tuple[float, ...]

    @property
    def half(self) -> float:
        """Half of what the lengths spread over."""
        return (self.stop - self.drawn_from) / 2.0

    @property
    def length(self) -> float:
        """The share times the mean length."""
        return self.mass * (self.drawn_from + self.stop) / 2.0

    def weighed(self, values: tuple[float, ...]) -> float:
        """Return the share times a mean over the nodes."""
        return self.mass * sum(weight * each for weight, each in zip(fleet.WEIGHTS, values, strict=True))


@cache
def bin_(i: Inputs, key: str, side: str, point: str) -> Bin:
    """Return a bin of a workload as a pool sees it."""
    seen = pool(i, key, side)
    upper, low = i[f"knots.{seen.workload}.{point}.upper"], lower(i, seen.workload, point)
    start = max(low, seen.lowest)
    stop = max(start, min(upper, seen.highest))
    shares = [float(workload.share_below(cdf(i, seen.workload), edge)) for edge in (start, stop)]
    first_of_long = side == "long" and 0 < seen.lowest < upper and low <= seen.lowest
    drawn_from = 0.0 if first_of_long and i["traffic.from_zero"] else start
    centre, half = (drawn_from + stop) / 2.0, (stop - drawn_from) / 2.0
    lengths = tuple(min(seen.window, centre + half * place + i["traffic.half_token"]) for place in fleet.NODES)
    prompts = (round((1.0 - seen.output_share) * each - i["traffic.lost"], DIGITS) for each in lengths)
    prefills = tuple(float(rounding.ceil(prompt / seen.chunk)) for prompt in prompts)
    outputs = ((seen.output_share * each + i["traffic.lost"]) / i["decode.tokens_per_step"] for each in lengths)
    steps = (sum(parts) for parts in zip(prefills, outputs, strict=True))
    times = tuple(count * (seen.w + seen.h_full * each) for count, each in zip(steps, lengths, strict=True))
    return Bin(upper, low, start, stop, shares[1] - shares[0], drawn_from, lengths, prefills, times)


def bins(i: Inputs, key: str, side: str) -> list[Bin]:
    """Return all bins of a pool."""
    return [bin_(i, key, side, point) for point in points(i, i.text(f"fleets.{key}.workload"))]


def expect_of_bin(column: str, found: Callable[[Bin], float]) -> None:
    """Register a number that a bin holds."""

    @expect(f"bins.{column}")
    def of_bin(i: Inputs, key: str, side: str, point: str) -> float:
        return found(bin_(i, key, side, point))


def expect_pool_of_bin(column: str) -> None:
    """Register a number of a pool that its bins repeat."""

    @expect(f"bins.{column}")
    def of_bin(i: Inputs, key: str, side: str, _point: str) -> float:
        return float(getattr(pool(i, key, side), column))


def expect_node(node: int) -> None:
    """Register the columns of one of the three nodes."""
    expect_of_bin(f"length_{node}", lambda item: item.lengths[node - 1])
    expect_of_bin(f"prefill_{node}", lambda item: item.prefills[node - 1])
    expect_of_bin(f"time_{node}", lambda item: item.times[node - 1])


for each in ("window", "lowest", "chunk", "output_share", "w", "h_full"):
    expect_pool_of_bin(each)
for number in (1, 2, 3):
    expect_node(number)
expect_of_bin("upper", lambda item: item.upper)
expect_of_bin("lower", lambda item: item.lower)
expect_of_bin("start", lambda item: item.start)
expect_of_bin("stop", lambda item: item.stop)
expect_of_bin("mass", lambda item: item.mass)
expect_of_bin("drawn_from", lambda item: item.drawn_from)
expect_of_bin("half", lambda item: item.half)
expect_of_bin("length", lambda item: item.length)
expect_of_bin("first_moment", lambda item: item.weighed(item.times))
expect_of_bin("second_moment", lambda item: item.weighed(tuple(each**2 for each in item.times)))
expect_of_bin("prefill_steps", lambda item: item.weighed(item.prefills))


@expect("bins.workload")
def workload_of_bin(i: Inputs, key: str, side: str, _point: str) -> str:
    return i.shown(pool(i, key, side).workload)
