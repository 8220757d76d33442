"""Expectations of sheet FleetOpt, and of Table 3 on sheets Paper and Checks.

Printed figures come from `printed_fleet`, never from the workbook.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests.reference import chain, metrics, search
from tests.reference.expect_paper_sheet import failing
from tests.reference.expect_sizing import demand, wanted
from tests.reference.expect_workloads import POOLS, pool
from tests.reference.printed import deviation, half_unit
from tests.reference.printed_fleet import PRINTED_FLEET, PRINTED_RATIOS, number_text
from tests.reference.quantities import Inputs, expect, number
from tests.reference.rounding import trunc

KILO = 1e3
MODES = ("exact", "replay")
TOPOLOGIES = {
    "azure": {"homo": "Homo 64K", "pool": "Pool 4K", "fleetopt": "FleetOpt 4K gamma 2"},
    "lmsys": {"homo": "Homo 64K", "pool": "Pool 1.5K", "fleetopt": "FleetOpt 1.5K gamma 2"},
}
WORKLOADS = {"azure": "Azure", "lmsys": "LMSYS"}
COLUMNS = {"instances": "instances", "power": "kw", "tok_per_w": "tok_per_w", "gain": "vs_h100_homo"}
PERCENT = 100.0

# Pools


@dataclass(frozen=True, slots=True)
class Sized:
    """A pool as it is run: instances, sequences of an instance, W and GPUs of an instance, token/s."""

    instances: float
    utilisation: float
    in_flight: float
    watts: float
    tp: float
    tokens: float

    @property
    def counted(self) -> float:
        """Sequences that the power is taken at; see `fleet.watts_at`."""
        return max(1.0, float(trunc(self.in_flight)))

    @property
    def power(self) -> float:
        """Power of one GPU of each instance, kW."""
        return self.instances * self.watts / KILO

    @property
    def gpus(self) -> float:
        """GPUs of all instances."""
        return self.instances * self.tp

    @property
    def power_all(self) -> float:
        """Power of all GPUs, kW."""
        return self.gpus * self.watts / KILO


@cache
def sized(i: Inputs, mode: str, key: str, side: str) -> Sized:
    """Return a pool as it is run; one without requests needs no instance."""
    item, profile = demand(i, mode, key, side), chain.calibrated(i, pool(i, key, side).profile)
    if not item.share:
        return Sized(0.0, 0.0, 0.0, chain.curve_watts(i, profile.curve, 1.0), profile.tp, 0.0)
    queue = wanted(i, mode, key, side)
    count = search.instances(i, queue)
    in_flight = queue.offered / count
    watts = chain.curve_watts(i, profile.curve, max(1.0, float(trunc(in_flight))))
    return Sized(count, in_flight / item.n_slots, in_flight, watts, profile.tp, item.rate * item.output)


def expect_of_pool(column: str, of: Callable[[Sized], float]) -> None:
    """Register a number of a pool as it is run."""

    @expect(f"outcome_pools.{column}")
    def of_pool(i: Inputs, mode: str, key: str, side: str) -> float:
        return of(sized(i, mode, key, side))


expect_of_pool("instances", lambda item: item.instances)
expect_of_pool("utilisation", lambda item: item.utilisation)
expect_of_pool("in_flight", lambda item: item.in_flight)
expect_of_pool("counted", lambda item: item.counted)
expect_of_pool("board", lambda item: item.watts)
expect_of_pool("power", lambda item: item.power)
expect_of_pool("gpus", lambda item: item.gpus)
expect_of_pool("power_all", lambda item: item.power_all)
expect_of_pool("tokens", lambda item: item.tokens)


def expect_of_curve(column: str, of: Callable[[chain.Curve], float]) -> None:
    """Register a parameter of the power curve of a pool's profile."""

    @expect(f"outcome_pools.{column}")
    def of_curve(i: Inputs, _mode: str, key: str, side: str) -> float:
        return of(chain.curve(i, chain.calibrated(i, pool(i, key, side).profile).curve))


expect_of_curve("k", lambda curve: curve.k)
expect_of_curve("x0", lambda curve: curve.x0)
expect_of_curve("p_idle", lambda curve: curve.p_idle)
expect_of_curve("p_range", lambda curve: curve.p_nominal - curve.p_idle)


@expect("outcome_pools.profile")
def profile(i: Inputs, _mode: str, key: str, side: str) -> str:
    return i.shown(pool(i, key, side).profile)


@expect("outcome_pools.wait")
def wait(i: Inputs, mode: str, key: str, side: str) -> float:
    return search.answer(i, wanted(i, mode, key, side)).wait


@expect("outcome_pools.first_token")
def first_token(i: Inputs, mode: str, key: str, side: str) -> float:
    return demand(i, mode, key, side).prefill + wait(i, mode, key, side)


@expect("outcome_pools.sound")
def pool_is_sound(i: Inputs, mode: str, key: str, side: str) -> float:
    return float(search.is_found(i, wanted(i, mode, key, side)))


@expect("checks.fleets_sized")
def out_of_reach(i: Inputs) -> float:
    rows = [(mode, key, side) for mode in MODES for key in i.members("fleets") for side in POOLS]
    return sum(failing(i, "outcome_pools.sound", row, 1.0) for row in rows)


# Fleets


def both(i: Inputs, mode: str, key: str) -> list[Sized]:
    """Return the two pools of a fleet."""
    return [sized(i, mode, key, side) for side in POOLS]


def expect_total(column: str, of: Callable[[Sized], float]) -> Callable[[Inputs, str, str], float]:
    """Register a sum over the pools of a fleet."""

    @expect(f"outcome.{column}")
    def total(i: Inputs, mode: str, key: str) -> float:
        return sum(of(item) for item in both(i, mode, key))

    return total


expect_total("instances", lambda item: item.instances)
expect_total("gpus", lambda item: item.gpus)
power = expect_total("power", lambda item: item.power)
power_all = expect_total("power_all", lambda item: item.power_all)
tokens = expect_total("tokens", lambda item: item.tokens)


@expect("outcome.tok_per_w")
def tok_per_w(i: Inputs, mode: str, key: str) -> float:
    return float(metrics.paper_tok_per_watt(tokens(i, mode, key), KILO * power(i, mode, key)))


@expect("outcome.tok_per_j")
def tok_per_j(i: Inputs, mode: str, key: str) -> float:
    return float(metrics.tok_per_joule(tokens(i, mode, key), KILO * power_all(i, mode, key), 1))


@expect("outcome.sampling", difference=True)
def sampling(i: Inputs, mode: str, key: str) -> float:
    return float(printed_text(key, "tok_per_w")) / tok_per_w(i, mode, key) - 1.0


@expect("outcome.gain", difference=True)
def gain(i: Inputs, mode: str, key: str) -> float:
    return tok_per_w(i, mode, key) / tok_per_w(i, mode, f"{key.partition('_')[0]}_homo_h100") - 1.0


@expect("outcome.sound")
def sound(i: Inputs, mode: str, key: str) -> float:
    return float(all(pool_is_sound(i, mode, key, side) for side in POOLS))


# Claims

RATIOS = {
    "topology_h100": ("azure_fleetopt_h100", "azure_homo_h100"),
    "topology_b200": ("azure_fleetopt_b200", "azure_homo_b200"),
    "generation_homo": ("azure_homo_b200", "azure_homo_h100"),
    "generation_fleetopt": ("azure_fleetopt_b200", "azure_fleetopt_h100"),
    "both": ("azure_fleetopt_b200", "azure_homo_h100"),
}
"""Claims that compare tok/W of two fleets, as (above, below)."""

SHARES = {"short_azure": ("azure_pool_h100", "0.898"), "short_lmsys": ("lmsys_pool_h100", "0.909")}
"""Claims on the share of short requests: a fleet that splits there, and the text's figure."""

PRODUCT = "4.41"
"""The text's product of the gains of routing and of generation."""


def claim_text(claim: str) -> str:
    """Return a claim's figure as the text gives it."""
    if claim in SHARES:
        return SHARES[claim][1]
    above, below = (fleet_row(key) for key in RATIOS.get(claim, ("", "")))
    return PRINTED_RATIOS.get((above, below), PRODUCT)


def claimed(i: Inputs, mode: str, claim: str) -> float:
    """Return a claim's figure by service times of a mode."""
    if claim in SHARES:
        return demand(i, mode, SHARES[claim][0], "short").share
    if claim == "product":
        return claimed(i, mode, "topology_h100") * claimed(i, mode, "generation_homo")
    above, below = RATIOS[claim]
    return tok_per_w(i, mode, above) / tok_per_w(i, mode, below)


@expect("claims.replayed")
def replayed(i: Inputs, claim: str) -> float:
    return claimed(i, "replay", claim)


@expect("claims.exact")
def exact(i: Inputs, claim: str) -> float:
    return claimed(i, "exact", claim)


@expect("claims.ok")
def claim_holds(i: Inputs, claim: str) -> float:
    return rounds_to(replayed(i, claim), claim_text(claim))


def rounds_to(value: float, text: str) -> float:
    """Return 1 where a figure rounds to a printed one, give or take a billionth of the last digit."""
    return float(float(deviation(value, text)) <= float(half_unit(text)) * (1 + 1e-9))


# Table 3


def fleet_row(key: str) -> str:
    """Return the row of the printed table that is a fleet's."""
    card, _, rest = key.partition("_")
    topology, _, gpu = rest.partition("_")
    return f"{WORKLOADS[card]} | {TOPOLOGIES[card][topology]} | {gpu.upper()}" if card else ""


def printed_text(key: str, quantity: str) -> str:
    """Return a fleet's figure as the paper prints it, without its percent sign."""
    return number_text(PRINTED_FLEET[fleet_row(key), COLUMNS[quantity]])


def figure(i: Inputs, mode: str, key: str, quantity: str) -> float:
    """Return a fleet's figure in the unit of the printed table."""
    return number(i, f"outcome.{quantity}", mode, key) * (PERCENT if quantity == "gain" else 1.0)


@expect("printed_3.live", difference=True)
def live(i: Inputs, key: str, quantity: str) -> float:
    return figure(i, "replay", key, quantity)


@expect("printed_3.exact", difference=True)
def by_integral(i: Inputs, key: str, quantity: str) -> float:
    return figure(i, "exact", key, quantity)


@expect("printed_3.deviation", difference=True)
def less_printed(i: Inputs, key: str, quantity: str) -> float:
    return live(i, key, quantity) - float(printed_text(key, quantity))


@expect("printed_3.relative", difference=True)
def relative(i: Inputs, key: str, quantity: str) -> float:
    text = float(printed_text(key, quantity))
    return less_printed(i, key, quantity) / text if text else 0.0


@expect("printed_3.ok")
def at_printed_digits(i: Inputs, key: str, quantity: str) -> float:
    return rounds_to(live(i, key, quantity), printed_text(key, quantity))


@expect("printed_3.physical")
def physical(i: Inputs, key: str, quantity: str) -> float | None:
    return tok_per_j(i, "replay", key) if quantity == "tok_per_w" else None


def rows() -> list[tuple[str, str]]:
    """Return the keys of every printed figure."""
    keys = [f"{card}_{topology}_{gpu}" for card, names in TOPOLOGIES.items() for gpu in ("h100", "b200") for topology in names]
    return [(key, quantity) for key in keys for quantity in COLUMNS]


@expect("checks.table_3")
def failures(i: Inputs) -> float:
    return sum(failing(i, "printed_3.ok", row, 1.0) for row in rows())
