"""Expectations of sheet Growth, of budgets, of constants, and of sheet Checks."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

from tests.reference.equations.queueing import WAIT_TAIL
from tests.reference.equations.replay import LOWEST_CV2
from tests.reference.equations.rounding import ceil
from tests.reference.expect.expect_planning_measured import output_agrees, power_agrees, tdp_agrees
from tests.reference.expect.expect_planning_results import left, product, remark_of_chosen, state_of
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.expect.planning_load import profile
from tests.reference.expect.planning_money import MILLION, SECONDS, Totals, totals
from tests.reference.expect.planning_requests import WHOLE_PROMPT, distribution
from tests.reference.expect.planning_sensitivity import LEAST
from tests.reference.expect.planning_shapes import shape
from tests.reference.expect.planning_study import CASES, LIKE, RANGED, chosen, is_sound, number_of, studies
from tests.reference.expect.pools import KILO, OK
from tests.reference.expect.search import NEVER
from tests.reference.quantities import Inputs, Value

# Growth and budgets


@cache
def chosen_totals(i: Inputs) -> Totals:
    """Return the fleet of the chosen case."""
    return totals(i, chosen(i, "chosen"))


HORIZON = 120.0
"""Months that growth is looked ahead."""

expect_rows(
    "constants",
    {
        "alike": lambda _: LIKE,
        "late": lambda _: WAIT_TAIL,
        "least_cv2": lambda _: LOWEST_CV2,
        "idle_slots": lambda _: 1000.0,
        "never": lambda _: NEVER,
        "whole_prompt": lambda _: WHOLE_PROMPT,
        "close": lambda _: 0.25,
        "horizon": lambda _: HORIZON,
        "nothing": lambda _: LEAST,
    },
)


def growth(i: Inputs, quarter: str) -> float:
    """Return the traffic of a quarter over that of now."""
    return float((1.0 + i["plan.growth"]) ** (int(quarter[1:]) / 4))


def months(i: Inputs, room: float) -> float:
    """Return the months until traffic has grown to so many times that of now, at most as many as are looked ahead."""
    if room <= 1:
        return 0.0
    return min(HORIZON, math.log(room) / (math.log1p(i["plan.growth"]) / 12)) if i["plan.growth"] > 0 else HORIZON


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
    return lambda i: months(i, room(i, of)) if state_of(i, "chosen") == OK and months(i, room(i, of)) < HORIZON else None


expect_rows(
    "budget",
    {
        "tokens": if_answered(carried),
        "revenue": if_answered(lambda i: carried(i) * SECONDS / MILLION * i["plan.price"]),
        "power_lasts": lasts("power"),
        "nodes_last": lasts("node"),
        "power_room": if_answered(lambda i: room(i, "power")),
        "node_room": if_answered(lambda i: room(i, "node")),
        "power_months": if_answered(lambda i: months(i, room(i, "power"))),
        "node_months": if_answered(lambda i: months(i, room(i, "node"))),
        "remark": lambda i: remark_of_chosen(i, "chosen"),
    },
)


def nodes_needed(i: Inputs, quarter: str) -> float:
    """Return the nodes of a quarter; those of whole years exactly, since they may be a whole number."""
    years, rest = divmod(int(quarter[1:]), 4)
    year_by_year = Fraction(str(i["plan.growth"])) + 1
    exact = Fraction(chosen_totals(i).provisioned) * year_by_year**years
    return float(math.ceil(exact)) if not rest else float(ceil(float(exact) * (1.0 + i["plan.growth"]) ** (rest / 4)))


def grown(value: Callable[[Inputs], float]) -> Callable[[Inputs, str], Value]:
    """Return the rule of a need that grows with traffic, blank without an answer."""
    return lambda i, quarter: value(i) * growth(i, quarter) if state_of(i, "chosen") == OK else None


expect_rows(
    "quarters",
    {
        "factor": growth,
        "rate": lambda i, quarter: number_of(i, chosen(i, "chosen"), "rate") * growth(i, quarter),
        "wall": grown(lambda i: chosen_totals(i).wall / KILO),
        "budget": lambda i, _: i["plan.megawatts"],
        "nodes": lambda i, quarter: nodes_needed(i, quarter) if state_of(i, "chosen") == OK else None,
        "rent": grown(lambda i: chosen_totals(i).rent),
        "own": grown(lambda i: chosen_totals(i).own),
    },
)

# Checks

CHECKS: dict[str, Callable[[Inputs], float]] = {
    "distributions": lambda i: sum(distribution(i, card) != OK for card in i.members("traces")),
    "cases_answered": lambda i: sum(totals(i, case).state != OK for case in CASES),
    "shares": lambda i: sum(not totals(i, key).all_requests for key in studies()),
    "ranges_sound": lambda i: sum(not is_sound(i, name) for name in RANGED),
    "middle": lambda _: 0.0,
    "bridge_closes": lambda i: float(bool(left(i, "wall")) and not product(i, "fitted")),
    "load_hours": lambda i: sum(abs(profile(i, name).hours - 8760.0) >= 0.5 for name in i.members("load_profiles")),
    "caches": lambda i: sum((not shape(i, key).kv_agrees) + (not shape(i, key).window_agrees) for key in i.members("models")),
    "parameters": lambda i: sum((not shape(i, key).total_agrees) + (not shape(i, key).active_agrees) for key in i.members("models")),
    "nameplates": lambda i: sum(not power_agrees(i, key) for key in i.members("servers")),
    "saturated": lambda i: sum(not tdp_agrees(i, key) for key in i.members("hardware")),
    "output_shares": lambda i: sum(not output_agrees(i, key) for key in i.members("traces")),
    "cases_known": lambda _: 0.0,
}


expect_rows("checks", dict(CHECKS))
