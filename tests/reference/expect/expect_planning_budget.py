"""Expectations of sheet Budget, of constants, and of sheet Checks."""

import math
from collections.abc import Callable
from fractions import Fraction
from functools import cache

from tests.reference.equations.queueing import WAIT_TAIL
from tests.reference.equations.replay import LOWEST_CV2
from tests.reference.equations.rounding import ceil, floor
from tests.reference.expect.expect_planning_calibration import is_fitted
from tests.reference.expect.expect_planning_measured import output_agrees, power_agrees, scale_agrees, tdp_agrees
from tests.reference.expect.expect_planning_money import money
from tests.reference.expect.expect_planning_plan import rounded
from tests.reference.expect.expect_planning_results import left, product, remark_of_chosen, state_of
from tests.reference.expect.planning_cases import chosen, number_of
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.expect.planning_declared import CASES, RANGED
from tests.reference.expect.planning_load import profile, rated_power
from tests.reference.expect.planning_money import Totals, totals
from tests.reference.expect.planning_needs import whole
from tests.reference.expect.planning_ranges import LIKE, is_sound
from tests.reference.expect.planning_requests import WHOLE_PROMPT, distribution
from tests.reference.expect.planning_sensitivity import LEAST
from tests.reference.expect.planning_shapes import Shape
from tests.reference.expect.planning_study import assumed, studies
from tests.reference.expect.pools import KILO, OK
from tests.reference.expect.search import NEVER
from tests.reference.own_points import OWN
from tests.reference.quantities import Inputs, Value

# Growth and budgets


def takes_own_points(i: Inputs) -> int:
    """Return how many curves of cases are the one that is fitted to points of one's own."""
    return sum(assumed(i, case).of_pool("curve", pool) == OWN for case in CASES for pool in (1, 2))


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
        "same_bytes": lambda _: 0.25,
        "horizon": lambda _: HORIZON,
        "nothing": lambda _: LEAST,
        "resale": lambda _: 3.0,
        "worthless": lambda _: 5.0,
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


LIMITS = ("power", "servers", "capital")


def limit(i: Inputs, of: str) -> tuple[float, float]:
    """Return what a limit makes available, and what the chosen case needs of it: kW at the wall as provisioned, servers, USD."""
    return {
        "power": (i["plan.megawatts"] * KILO, rated_power(i, chosen(i, "chosen"))["facility"]),
        "servers": (i["plan.nodes"], chosen_totals(i).provisioned),
        "capital": (i["plan.capital"], chosen_totals(i).capex),
    }[of]


def room(i: Inputs, of: str) -> float:
    """Return how many times the traffic of now a limit allows."""
    available, needed = limit(i, of)
    return available / needed if needed else 0.0


def is_known(i: Inputs, of: str) -> bool:
    """Tell whether it is known what the chosen case needs of a limit: no capital without a purchase price."""
    return of != "capital" or chosen_totals(i).capex > 0


def known_limits(i: Inputs) -> tuple[str, ...]:
    """Return the limits of which it is known what the chosen case needs."""
    return tuple(of for of in LIMITS if is_known(i, of))


def least_room(i: Inputs) -> float:
    """Return how many times the traffic of now all limits allow."""
    return min(room(i, of) for of in known_limits(i))


def if_answered(value: Callable[[Inputs], float], cost: str = "") -> Callable[[Inputs], Value]:
    """Return the rule of a figure that stands only where the chosen case has an answer, or a cost."""
    return lambda i: value(i) if state_of(i, "chosen", cost) == OK else None


def carried(name: str, cost: str = "") -> Callable[[Inputs], Value]:
    """Return the rule of a total of the chosen case in the size that all limits allow."""
    return if_answered(lambda i: float(getattr(chosen_totals(i), name)) * least_room(i), cost)


def in_words(i: Inputs, of: str) -> str:
    """Return when a limit is reached."""
    if state_of(i, "chosen") != OK:
        return ""
    if not is_known(i, of):
        return "no purchase price"
    if room(i, of) < 1:
        return "short today"
    found = months(i, room(i, of))
    return "not within 10 years" if found >= HORIZON else f"in {math.floor(found + 0.5)} months"


def lasts(i: Inputs, of: str) -> float | None:
    """Return the months until a limit is reached; nothing without an answer, nor beyond those looked ahead."""
    found = months(i, room(i, of))
    return found if state_of(i, "chosen") == OK and is_known(i, of) and found < HORIZON else None


def binding(i: Inputs) -> str:
    """Return the limit that is reached first."""
    return next(of for of in known_limits(i) if room(i, of) <= least_room(i)) if state_of(i, "chosen") == OK else ""


def year_in(i: Inputs) -> float:
    """Return the million input tokens of a year of the chosen case, as served."""
    return money(i, chosen(i, "chosen")).in_tokens


def sold(i: Inputs) -> float:
    """Return the USD of a year for output tokens, at today's traffic."""
    return chosen_totals(i).year_tokens * i["plan.price"]


def of_gpus(i: Inputs, whole: float) -> float:
    """Return the part of something that the GPUs to look at carry."""
    return whole / max(1.0, chosen_totals(i).gpus) * i["plan.gpus"]


expect_rows(
    "budget",
    {
        "binding": binding,
        "room": least_room,
        "growth_months": lambda i: months(i, least_room(i)),
        "tokens": carried("tokens"),
        "gpus": if_answered(lambda i: float(floor(chosen_totals(i).gpus * least_room(i)))),
        "capex": carried("capex", "own"),
        "cost": carried("own", "own"),
        "revenue": if_answered(lambda i: sold(i) * least_room(i)),
        "revenue_in": if_answered(lambda i: year_in(i) * i["plan.price_in"] * least_room(i)),
        "margin": if_answered(lambda i: (sold(i) + year_in(i) * i["plan.price_in"] - chosen_totals(i).own) * least_room(i), "own"),
        "share": if_answered(lambda i: min(1.0, least_room(i) / (1.0 + i["plan.growth"]) ** (i["plan.months"] / 12.0))),
        "by_gpus": if_answered(lambda i: of_gpus(i, chosen_totals(i).tokens)),
        "rate_by_gpus": if_answered(lambda i: of_gpus(i, number_of(i, chosen(i, "chosen"), "rate"))),
        "remark": lambda i: remark_of_chosen(i, "chosen"),
    },
)
expect_rows(
    "budget_limits",
    {
        "available": lambda i, of: limit(i, of)[0],
        "room": lambda i, of: room(i, of) if is_known(i, of) else -1.0,
        "months": lambda i, of: months(i, room(i, of)),
        "lasts": lasts,
        "words": in_words,
    },
)


def finding(i: Inputs) -> str:
    """Return the sentence on top: which limit is reached first, and what it carries."""
    if state_of(i, "chosen") != OK:
        return f"No answer: {state_of(i, 'chosen')}."
    return f"The limit is {binding(i)}: it carries {rounded(least_room(i), 2)} times the traffic of today."


def until(i: Inputs) -> str:
    """Return in a sentence when growth reaches the first limit."""
    if state_of(i, "chosen") != OK:
        return ""
    if least_room(i) < 1:
        return "Short today."
    found = months(i, least_room(i))
    return "Growth does not use it up within 10 years." if found >= HORIZON else f"Growth uses it up in {whole(found)} months."


expect_rows("finding_budget", {"answer": finding, "remark": until})


def nodes_needed(i: Inputs, quarter: str) -> float:
    """Return the nodes of a quarter; those of whole years exactly, since they may be a whole number."""
    years, rest = divmod(int(quarter[1:]), 4)
    year_by_year = Fraction(str(i["plan.growth"])) + 1
    exact = Fraction(chosen_totals(i).provisioned) * year_by_year**years
    return float(math.ceil(exact)) if not rest else float(ceil(float(exact) * (1.0 + i["plan.growth"]) ** (rest / 4)))


def grown(value: Callable[[Inputs], float], cost: str = "") -> Callable[[Inputs, str], Value]:
    """Return the rule of a need that grows with traffic, blank without an answer, or a cost."""
    return lambda i, quarter: value(i) * growth(i, quarter) if state_of(i, "chosen", cost) == OK else None


expect_rows(
    "quarters",
    {
        "factor": growth,
        "rate": lambda i, quarter: number_of(i, chosen(i, "chosen"), "rate") * growth(i, quarter),
        "wall": grown(lambda i: limit(i, "power")[1] / KILO),
        "budget": lambda i, _: i["plan.megawatts"],
        "nodes": lambda i, quarter: nodes_needed(i, quarter) if state_of(i, "chosen") == OK else None,
        "rent": grown(lambda i: chosen_totals(i).rent, "rent"),
        "own": grown(lambda i: chosen_totals(i).own, "own"),
    },
)

# Checks

CHECKS: dict[str, Callable[[Inputs], float]] = {
    "distributions": lambda i: sum(distribution(i, card) not in {OK, "no requests"} for card in i.members("traces")),
    "shares": lambda i: sum(not totals(i, key).all_requests for key in studies()),
    "ranges_sound": lambda i: sum(not is_sound(i, name) for name in RANGED),
    "middle": lambda _: 0.0,
    "bridge_closes": lambda i: float(bool(left(i, "wall")) and not product(i, "fitted")),
    "load_hours": lambda i: sum(abs(profile(i, name).hours - 8760.0) >= 0.5 for name in {*i.members("load_profiles"), "own"}),
    "caches": lambda i: sum((not Shape(i, key).kv_agrees) + (not Shape(i, key).window_agrees) for key in i.members("models")),
    "parameters": lambda i: sum((not Shape(i, key).total_agrees) + (not Shape(i, key).active_agrees) for key in i.members("models")),
    "nameplates": lambda i: sum(not power_agrees(i, key) for key in i.members("servers")),
    "saturated": lambda i: sum(not tdp_agrees(i, key) for key in i.members("hardware")),
    "own_fits": lambda i: takes_own_points(i) * (not is_fitted(i)),
    "output_shares": lambda i: sum(not output_agrees(i, key) for key in i.members("traces")),
    "output_scales": lambda i: sum(not scale_agrees(i, key) for key in i.members("traces")),
    "cases_known": lambda _: 0.0,
}


expect_rows("checks", dict(CHECKS))
expect_rows("unanswered", {"cases": lambda i: sum(totals(i, case).state != OK for case in CASES)})
