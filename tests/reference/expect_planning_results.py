"""Expectations of sheets Results, Bridge, Growth and Checks, and of what the Dashboard shows of single cases."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

from tests.reference.planning_columns import expect_rows
from tests.reference.planning_money import HOURS, MILLION, SECONDS, Totals, totals
from tests.reference.planning_requests import distribution
from tests.reference.planning_sensitivity import figure
from tests.reference.planning_study import CASES, RANGED, chosen, number_of, studies
from tests.reference.pools import KILO, OK
from tests.reference.quantities import PLANNING, Inputs, Value
from tests.reference.rounding import ceil

# Results and the Dashboard

SHOWN_IF_OK = (
    *("instances", "gpus", "provisioned", "racks", "tokens", "board_power", "wall", "tok_per_w", "per_board_joule", "per_node_joule"),
    *("per_wall_joule", "first_token", "energy", "carbon", "rent", "own", "cost_rented", "cost_bought"),
)
SHOWN = ("state", "inside", "miss", "trust", "kin")
MORE = ("tokens", "instances", "provisioned", "racks", "board_power", "per_board_joule")


def expect_totals(table: str, if_ok: tuple[str, ...], case: Callable[[Inputs, str], str]) -> None:
    """Register columns that show a case's totals, some only if it has an answer; ``case`` gives the case of a row."""

    def column(name: str, *, always: bool) -> Callable[..., Value]:
        def value(i: Inputs, key: str) -> Value:
            item = totals(i, case(i, key))
            found: Value = getattr(item, name)
            return found if always or item.state == OK else None

        return value

    expect_rows(table, {name: column(name, always=False) for name in if_ok})
    expect_rows(table, {name: column(name, always=True) for name in SHOWN})


def named(i: Inputs, which: str) -> str:
    """Return the name of one of the two cases."""
    return i.shown(f"cases.{chosen(i, which)}")


def electricity(i: Inputs, which: str, kilowatts: Callable[[Totals], float]) -> float:
    """Return the yearly price of a part of the power of one of the two cases."""
    case = chosen(i, which)
    return kilowatts(totals(i, case)) * HOURS * number_of(i, case, "electricity")


expect_totals("results", SHOWN_IF_OK, lambda _, case: case)
expect_totals("more_figures", MORE, chosen)
expect_rows(
    "more_figures",
    {
        "case": named,
        "electricity_gpus": lambda i, which: electricity(i, which, lambda item: item.board_power),
        "electricity_hosts": lambda i, which: electricity(i, which, lambda item: item.host_power),
        "electricity_building": lambda i, which: electricity(i, which, lambda item: item.wall - item.board_power - item.host_power),
        "servers": lambda i, which: totals(i, chosen(i, which)).capex * totals(i, chosen(i, which)).annuity,
    },
)
expect_rows("choose_states", {"case": lambda i: state_of(i, "chosen"), "comparison": lambda i: state_of(i, "comparison")})
PLANNING.differences.add("more_figures.electricity_building")


def state_of(i: Inputs, which: str) -> str:
    """Return the state of one of the two cases."""
    return totals(i, chosen(i, which)).state


def lever(i: Inputs, generation: str, topology: str) -> Totals:
    """Return the fleet of a lever."""
    return totals(i, i.text(f"lever_cases.{generation}.{topology}.case"))


def gain(i: Inputs, *keys: str) -> float:
    """Return tok/J over that of one pool of H100."""
    base = lever(i, "h100", "homo").per_wall_joule
    return lever(i, *keys).per_wall_joule / base if base else 0.0


expect_rows(
    "levers",
    {
        "per_wall_joule": lambda i, *keys: lever(i, *keys).per_wall_joule,
        "gain": gain,
        "cost": lambda i, *keys: lever(i, *keys).cost_rented,
        "rent": lambda i, *keys: lever(i, *keys).rent,
        "saved": lambda i, *keys: lever(i, "h100", "homo").rent - lever(i, *keys).rent,
        "power_saved": lambda i, *keys: lever(i, "h100", "homo").wall - lever(i, *keys).wall,
    },
)

# The bridge

PRINTED = "printed"
BRIDGE: dict[str, tuple[str, str]] = {
    "exact": ("published", "tok_per_w"),
    "unit": ("published", "per_board_joule"),
    **{case: (case, "per_board_joule") for case in CASES[1:10]},
    "host": ("corrected", "per_node_joule"),
    "pue": ("corrected", "per_wall_joule"),
}
"""The case and the figure of each correction after the printed one."""

CORRECTIONS = (PRINTED, *BRIDGE)


def left(i: Inputs, step: str) -> float:
    """Return what is left after a correction."""
    return i["headline.printed"] if step == PRINTED else figure(totals(i, BRIDGE[step][0]), BRIDGE[step][1])


def factor(i: Inputs, step: str) -> float:
    """Return what a correction leaves of the step before it."""
    return 1.0 if step == PRINTED else left(i, step) / left(i, CORRECTIONS[CORRECTIONS.index(step) - 1])


expect_rows("bridge", {"left": left, "factor": factor, "product": lambda i, step: left(i, step) / left(i, PRINTED)})

# Growth and budgets


@cache
def chosen_totals(i: Inputs) -> Totals:
    """Return the fleet of the chosen case."""
    return totals(i, chosen(i, "chosen"))


def growth(i: Inputs, quarter: str) -> float:
    """Return the traffic of a quarter over that of now."""
    return float((1.0 + i["plan.growth"]) ** (int(quarter[1:]) / 4))


def months(i: Inputs, room: float) -> float:
    """Return the months until traffic has grown to so many times that of now, 1200 for never."""
    if room <= 1:
        return 0.0
    return min(1200.0, math.log(room) / (math.log1p(i["plan.growth"]) / 12)) if i["plan.growth"] > 0 else 1200.0


def room(i: Inputs, of: str) -> float:
    """Return how many times the traffic of now the power or the nodes carry."""
    had, taken = {
        "power": (i["plan.megawatts"] * KILO, chosen_totals(i).wall),
        "node": (i["plan.nodes"], chosen_totals(i).provisioned),
    }[of]
    return had / taken if taken else 0.0


def carried(i: Inputs) -> float:
    """Return the tokens/s that the power carries."""
    return chosen_totals(i).per_wall_joule * i["plan.megawatts"] * MILLION


def if_answered(value: Callable[[Inputs], float]) -> Callable[[Inputs], Value]:
    """Return the rule of a figure that stands only where the chosen case has an answer."""
    return lambda i: value(i) if state_of(i, "chosen") == OK else None


def lasts(of: str) -> Callable[[Inputs], Value]:
    """Return the rule of the months until the power or the nodes run out, blank where they do not."""
    return lambda i: months(i, room(i, of)) if state_of(i, "chosen") == OK and months(i, room(i, of)) < 1200 else None


expect_rows(
    "budget",
    {
        "state": lambda i: state_of(i, "chosen"),
        "tokens": if_answered(carried),
        "revenue": if_answered(lambda i: carried(i) * SECONDS / MILLION * i["plan.price"]),
        "carried": carried,
        "power_lasts": lasts("power"),
        "nodes_last": lasts("node"),
        "power_room": lambda i: room(i, "power"),
        "node_room": lambda i: room(i, "node"),
        "power_months": lambda i: months(i, room(i, "power")),
        "node_months": lambda i: months(i, room(i, "node")),
    },
)


def nodes_needed(i: Inputs, quarter: str) -> float:
    """Return the nodes of a quarter; those of whole years exactly, since they may be a whole number."""
    years, rest = divmod(int(quarter[1:]), 4)
    year_by_year = Fraction(str(i["plan.growth"])) + 1
    exact = Fraction(chosen_totals(i).provisioned) * year_by_year**years
    return float(math.ceil(exact)) if not rest else float(ceil(float(exact) * (1.0 + i["plan.growth"]) ** (rest / 4)))


expect_rows(
    "quarters",
    {
        "factor": growth,
        "rate": lambda i, quarter: number_of(i, chosen(i, "chosen"), "rate") * growth(i, quarter),
        "wall": lambda i, quarter: chosen_totals(i).wall / KILO * growth(i, quarter),
        "budget": lambda i, _: i["plan.megawatts"],
        "nodes": nodes_needed,
        "rent": lambda i, quarter: chosen_totals(i).rent * growth(i, quarter),
        "own": lambda i, quarter: chosen_totals(i).own * growth(i, quarter),
    },
)

# Checks

CHECKS: dict[str, Callable[[Inputs], float]] = {
    "distributions": lambda i: sum(distribution(i, card) != OK for card in i.members("traces")),
    "cases_answered": lambda i: sum(totals(i, key).state != OK for key in studies()),
    "shares": lambda i: sum(not totals(i, key).all_requests for key in studies()),
    "ranges_sound": lambda i: sum(i[f"ranges.{name}.low"] > i[f"ranges.{name}.high"] for name in RANGED),
    "middle": lambda _: 0.0,
    "bridge_closes": lambda _: 0.0,
}


def failures(i: Inputs) -> float:
    """Return the failures of all checks."""
    return sum(check(i) for check in CHECKS.values())


expect_rows("checks", dict(CHECKS))
expect_rows("checks", {"failures": failures, "status": lambda i: "CHECK FAILS: see sheet Checks" if failures(i) else "All checks hold"})
