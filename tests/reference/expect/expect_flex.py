"""Expectations of sheet Grid flex: the chosen case when the grid asks for less power.

A cap on power is a cap on the sequences in flight (`power.logistic_concurrency`), and so on the
slots of an instance. Instances stay; requests that find no slot are shed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from tests.reference.equations import metrics, power
from tests.reference.equations.rounding import floor, trunc
from tests.reference.expect import chain, search
from tests.reference.expect.expect_topologies import OK
from tests.reference.expect.expect_topology_pools import POOLS, as_sized, over_pools, served, total_state
from tests.reference.expect.expect_whatif import chosen
from tests.reference.expect.pools import KILO, Board, Run, Served
from tests.reference.expect.search import Wanted, reaches
from tests.reference.expect.shared_columns import expect_board, expect_columns, expect_queue, expect_service
from tests.reference.quantities import DIFFERENCES, PAPER, Inputs, Value, expect

UNLIMITED = 1e6
"""Sequences in flight at the nominal power, which no number of them reaches."""

# Caps


@dataclass(frozen=True, slots=True)
class Cap:
    """Power that a GPU of a pool may draw and that of one sequence, W, and the sequences in flight that the former permits."""

    cut: float
    target: float
    alone: float
    fit: float

    def permitted(self, fitting: float) -> float:
        """Return the sequences that an instance may take of those that fit; without a cut, all."""
        return max(1.0, min(fitting, float(floor(self.fit)))) if self.cut else fitting

    @property
    def is_possible(self) -> bool:
        """Whether one sequence may be in flight."""
        return not self.cut or self.fit >= 1.0


def curve(i: Inputs, sized: Run) -> chain.Curve:
    """Return the power curve of a pool."""
    return chain.profile_curve(i, sized.profile)


@cache
def cap(i: Inputs, cut: str, pool: str) -> Cap:
    """Return the cap of a pool."""
    sized, share = as_sized(i, chosen(i), pool), i[f"cuts.{cut}"]
    item, target = curve(i, sized), sized.board.watts(i) * (1.0 - share)
    parameters = item.p_idle, item.p_nominal, item.k, item.x0
    alone = float(power.logistic_power(1.0, *parameters))
    if target < alone:
        return Cap(share, target, alone, 0.0)
    return Cap(share, target, alone, float(power.logistic_concurrency(target, *parameters)) if target < item.p_nominal else UNLIMITED)


# Pools


@dataclass(frozen=True, slots=True)
class Capped:
    """A pool under a cap: what it must serve with the slots permitted, its instances (at least one), and what it asks for."""

    sized: Run
    wanted: Wanted
    instances: float

    @property
    def servers(self) -> float:
        """Slots of all instances."""
        return self.instances * self.wanted.n_slots

    @property
    def part_served(self) -> float:
        """Part of the pool's traffic that finds a slot."""
        offered = self.wanted.offered
        return 1.0 if not offered or reaches(self.servers, offered) else self.servers / offered

    @property
    def board(self) -> Board:
        """What draws power; every slot is taken where traffic is shed."""
        full = self.part_served < 1.0
        in_flight = self.wanted.n_slots if full else self.wanted.offered / self.instances
        return Board(self.sized.profile, max(1.0, float(trunc(in_flight))), self.sized.used)


@cache
def throttled(i: Inputs, cut: str, pool: str) -> Served:
    """Return the requests of a pool on an instance with as many slots as permitted."""
    item = served(i, chosen(i), pool)
    slots, profile = cap(i, cut, pool).permitted(item.server.n_slots), chain.calibrated(i, item.server.profile)
    h_full = item.server.h_one * slots / profile.calibration_length
    return replace(item, server=replace(item.server, by_slots=slots, by_blocks=slots, h_full=h_full))


@cache
def capped(i: Inputs, cut: str, pool: str) -> Capped:
    """Return a pool under a cap."""
    sized = as_sized(i, chosen(i), pool)
    return Capped(sized, throttled(i, cut, pool).wanted(i, i["traffic.rate"]), max(1.0, sized.used))


def wait(i: Inputs, cut: str, pool: str) -> float:
    """Return the P99 wait of a pool, ms, 0 where it serves nothing or sheds traffic."""
    item = capped(i, cut, pool)
    if not item.sized.share or not item.servers or reaches(item.wanted.offered, item.servers):
        return 0.0
    return search.queue(item.wanted, i["traffic.objective"], item.instances).wait


def share_served(i: Inputs, cut: str, pool: str) -> float:
    """Return the share of all requests that a pool serves."""
    return capped(i, cut, pool).sized.share * capped(i, cut, pool).part_served


def tokens(i: Inputs, cut: str, pool: str) -> float:
    """Return the output tokens/s of a pool."""
    return i["traffic.rate"] * share_served(i, cut, pool) * throttled(i, cut, pool).mean_of("output")


def is_possible(i: Inputs, cut: str, pool: str) -> bool:
    """Tell whether a pool can follow, or is not used."""
    return not as_sized(i, chosen(i), pool).share or cap(i, cut, pool).is_possible


expect_service("flex_pools", throttled)
expect_queue("flex_pools", lambda i, cut, pool: (capped(i, cut, pool).wanted, capped(i, cut, pool).instances))
expect_board("flex_pools", lambda i, cut, pool: capped(i, cut, pool).board)
DIFFERENCES.add("flex_pools.cv2")
PAPER.attributes("flex_pools", cap, "target", "alone", "fit")
expect_columns("flex_pools", capped, {"instances": lambda _, item: item.instances, "served": lambda _, item: item.part_served})
expect_columns("flex_pools", throttled, {"h_full": lambda _, item: item.server.h_full, "prefill": lambda i, item: item.prefill(i)})
expect("flex_pools.possible")(lambda i, cut, pool: float(is_possible(i, cut, pool)))
expect("flex_pools.served_share")(share_served)
expect("flex_pools.tokens")(tokens)
expect("flex_pools.pool_wait", difference=True)(wait)

# The case


def lowest_served(i: Inputs, cut: str) -> float:
    """Return the part served of the pool that sheds most."""
    return min(capped(i, cut, pool).part_served for pool in POOLS)


def longest(i: Inputs, cut: str) -> float:
    """Return the P99 wait of the slowest pool, ms."""
    return max(wait(i, cut, pool) for pool in POOLS)


def drawn(i: Inputs, cut: str) -> float:
    """Return the power of the GPUs, kW."""
    return sum(capped(i, cut, pool).board.power(i) for pool in POOLS)


def as_planned(i: Inputs) -> float:
    """Return the power of the GPUs as sized, kW."""
    return over_pools(i, chosen(i), i["traffic.rate"], lambda item: item.board.power(i))


def able(i: Inputs, cut: str) -> bool:
    """Tell whether the case has an answer and every pool can follow."""
    return total_state(i, chosen(i)) == OK and all(is_possible(i, cut, pool) for pool in POOLS)


@expect("flex.verdict")
def verdict(i: Inputs, cut: str) -> Value:
    if total_state(i, chosen(i)) != OK:
        return total_state(i, chosen(i))
    if not able(i, cut):
        return "cannot: switch instances off"
    if lowest_served(i, cut) < 1.0:
        return "overloaded: traffic is shed"
    return "objective met" if longest(i, cut) <= i["traffic.objective"] else "objective missed"


def tok_per_j(i: Inputs, cut: str) -> float:
    """Return the tok/J of the GPUs, 0 where none draws power."""
    speed = sum(tokens(i, cut, pool) for pool in POOLS)
    return float(metrics.tok_per_joule(speed, KILO * drawn(i, cut), 1)) if drawn(i, cut) else 0.0


def expect_of_case(column: str, of: Callable[[Inputs, str], float], *, difference: bool = False) -> None:
    """Register a number of the case, shown where it can follow."""

    @expect(f"flex.{column}", difference=difference)
    def of_cut(i: Inputs, cut: str) -> float | None:
        return of(i, cut) if able(i, cut) else None


@expect("flex.wait", difference=True)
def shown_wait(i: Inputs, cut: str) -> float | None:
    return longest(i, cut) if able(i, cut) and lowest_served(i, cut) == 1.0 else None


expect_of_case("drawn_share", lambda i, cut: drawn(i, cut) / as_planned(i) if as_planned(i) else 0.0)
expect_of_case("power", drawn)
expect_of_case("served", lambda i, cut: sum(share_served(i, cut, pool) for pool in POOLS))
expect_of_case("tok_per_j", tok_per_j)
expect("flex.able")(lambda i, cut: float(able(i, cut)))
expect("flex.state")(lambda i, _cut: total_state(i, chosen(i)))
expect("flex.possible")(lambda i, cut: sum(is_possible(i, cut, pool) for pool in POOLS))
expect("flex.asked_from")(lambda i, _cut: as_planned(i))
expect("flex.drawn")(drawn)
expect("flex.longest", difference=True)(longest)
expect("flex.lowest_served")(lowest_served)
