"""Expectations of sheet FleetOpt, and of Table 3 on sheets Paper and Checks.

Printed figures come from `printed_fleet`, never from the workbook.
"""

from collections.abc import Callable
from functools import cache

from tests.reference.equations import metrics
from tests.reference.expect import shared_columns
from tests.reference.expect.expect_moments import served
from tests.reference.expect.expect_paper_sheet import failing
from tests.reference.expect.expect_sizing import UNDRAWN, is_drawn, output, sized
from tests.reference.expect.expect_workloads import POOLS
from tests.reference.expect.expect_workloads import state as state_of_fleet
from tests.reference.expect.pools import KILO, OK, Run
from tests.reference.expect.shared_columns import expect_columns
from tests.reference.printed import deviation, half_unit
from tests.reference.printed_fleet import PRINTED_FLEET, PRINTED_RATIOS, number_text
from tests.reference.quantities import Inputs, expect, expect_rows

MODES = ("exact", "replay")
TOPOLOGIES = {
    "azure": {"homo": "Homo 64K", "pool": "Pool 4K", "fleetopt": "FleetOpt 4K gamma 2"},
    "lmsys": {"homo": "Homo 64K", "pool": "Pool 1.5K", "fleetopt": "FleetOpt 1.5K gamma 2"},
}
WORKLOADS = {"azure": "Azure", "lmsys": "LMSYS"}
COLUMNS = {"instances": "instances", "power": "kw", "tok_per_w": "tok_per_w", "gain": "vs_h100_homo"}
PERCENT = 100.0

# Pools

shared_columns.expect_run("outcome_pools", sized)
expect_columns("outcome_pools", sized, {"found": lambda _, item: float(item.found)})


@expect("outcome_pools.tokens")
def tokens_of_pool(i: Inputs, mode: str, key: str, side: str) -> float:
    return i["traffic.rate"] * sized(i, mode, key, side).share * output(i, mode, key, side)


# Fleets


def both(i: Inputs, mode: str, key: str) -> list[Run]:
    """Return the two pools of a fleet."""
    return [sized(i, mode, key, side) for side in POOLS]


def expect_total(column: str, of: Callable[[Inputs, str, str], float]) -> None:
    """Register a figure of a fleet, which the outcome shows where the fleet has an answer."""
    expect(f"totals.{column}", difference=column == "gain")(of)

    @expect(f"outcome.{column}", difference=column == "gain")
    def shown(i: Inputs, mode: str, key: str) -> float | None:
        if state(i, mode, key) != OK or (column == "gain" and of(i, mode, key) == -1.0):
            return None
        return of(i, mode, key)


def instances(i: Inputs, mode: str, key: str) -> float:
    """Return the instances of a fleet."""
    return sum(item.used for item in both(i, mode, key))


def gpus(i: Inputs, mode: str, key: str) -> float:
    """Return the GPUs of a fleet."""
    return sum(item.board.gpus(i) for item in both(i, mode, key))


def power_one(i: Inputs, mode: str, key: str) -> float:
    """Return the power of one GPU of each instance, kW."""
    return sum(item.board.power_one(i) for item in both(i, mode, key))


def power(i: Inputs, mode: str, key: str) -> float:
    """Return the power of all GPUs, kW."""
    return sum(item.board.power(i) for item in both(i, mode, key))


def tokens(i: Inputs, mode: str, key: str) -> float:
    """Return the credited output, token/s."""
    return sum(tokens_of_pool(i, mode, key, side) for side in POOLS)


@expect("totals.sound")
def sound(i: Inputs, mode: str, key: str) -> float:
    return float(all(item.is_sound(i) for item in both(i, mode, key)))


@expect("totals.state", "outcome.state")
def state(i: Inputs, mode: str, key: str) -> str:
    if state_of_fleet(i, key) != OK:
        return state_of_fleet(i, key)
    if not all(is_drawn(i, mode, key, side) for side in POOLS):
        return UNDRAWN
    return OK if sound(i, mode, key) else "a pool has no answer"


@cache
def tok_per_w(i: Inputs, mode: str, key: str) -> float:
    """Return tok/W as the paper counts it, 0 for a fleet without an answer."""
    if state(i, mode, key) != OK:
        return 0.0
    return float(metrics.paper_tok_per_watt(tokens(i, mode, key), KILO * power_one(i, mode, key)))


@cache
def tok_per_j(i: Inputs, mode: str, key: str) -> float:
    """Return tok/J of all GPUs, 0 for a fleet without an answer."""
    if state(i, mode, key) != OK:
        return 0.0
    return float(metrics.tok_per_joule(tokens(i, mode, key), KILO * power(i, mode, key), 1))


def gain(i: Inputs, mode: str, key: str) -> float:
    """Return what a fleet's tok/W exceeds that of its workload's homogeneous H100 fleet by, -1 where that has no answer."""
    base = tok_per_w(i, mode, f"{key.partition('_')[0]}_homo_h100")
    return tok_per_w(i, mode, key) / base - 1.0 if base else -1.0


expect_total("instances", instances)
expect_total("gpus", gpus)
expect_total("power_one", power_one)
expect_total("power", power)
expect_total("tokens", tokens)
expect_total("tok_per_w", tok_per_w)
expect_total("tok_per_j", tok_per_j)
expect_total("gain", gain)


@expect("outcome.sampling", difference=True)
def sampling(i: Inputs, mode: str, key: str) -> float | None:
    if (fleet_row(key), COLUMNS["tok_per_w"]) not in PRINTED_FLEET or state(i, mode, key) != OK:
        return None
    return float(printed_text(key, "tok_per_w")) / tok_per_w(i, mode, key) - 1.0


@expect("checks.fleets_sized")
def without_answer(i: Inputs) -> float:
    rows = [(mode, key) for mode in MODES for key in i.members("fleets")]
    return sum(failing(i, "outcome.state", row, OK) for row in rows)


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
    """Return a claim's figure by service times of a mode, 0 where the fleet to compare with has no answer."""
    if claim in SHARES:
        return served(i, SHARES[claim][0], "short").share
    if claim == "product":
        return claimed(i, mode, "topology_h100") * claimed(i, mode, "generation_homo")
    above, below = (tok_per_w(i, mode, key) for key in RATIOS[claim])
    return above / below if below else 0.0


@expect("claims.replayed")
def replayed(i: Inputs, claim: str) -> float:
    return claimed(i, "replay", claim)


@expect("claims.exact")
def exact(i: Inputs, claim: str) -> float:
    return claimed(i, "exact", claim)


expect("claims.ok")(lambda i, claim: rounds_to(replayed(i, claim), claim_text(claim)))


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
    """Return a fleet's figure in the unit of the printed table, as summed where the fleet has no answer."""
    of: dict[str, Callable[[Inputs, str, str], float]] = {"instances": instances, "power": power_one, "tok_per_w": tok_per_w, "gain": gain}
    return of[quantity](i, mode, key) * (PERCENT if quantity == "gain" else 1.0)


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


expect_rows(
    "printed_3",
    {
        "ok": lambda i, key, quantity: rounds_to(live(i, key, quantity), printed_text(key, quantity)),
        "physical": lambda i, key, quantity: tok_per_j(i, "replay", key) if quantity == "tok_per_w" else None,
    },
)


def rows() -> list[tuple[str, str]]:
    """Return the keys of every printed figure."""
    keys = [f"{card}_{topology}_{gpu}" for card, names in TOPOLOGIES.items() for gpu in ("h100", "b200") for topology in names]
    return [(key, quantity) for key in keys for quantity in COLUMNS]


expect("checks.table_3")(lambda i: sum(failing(i, "printed_3.ok", row, 1.0) for row in rows()))
