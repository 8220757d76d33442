"""Expectations of sheet Optimizer: what every split and band of a workload gives, and which of them is best.

Pools are those of `expect_optimizer_pools`. On sheet What-if the splits without a band are held against each other.
"""

from collections.abc import Callable
from functools import cache

from tests.reference.equations import grid, metrics
from tests.reference.equations.grid import SUMS
from tests.reference.equations.rounding import nearest
from tests.reference.expect.expect_optimizer_pools import POOLS, cell, cut_power, cut_wait, longest, places, run, upto, workload
from tests.reference.expect.pools import KILO, OK, Run, usd_per_hour
from tests.reference.expect.search import reaches
from tests.reference.quantities import Inputs, Value, expect, expected

NO_CELL = "no cell has an answer"
BILLION = 1e9
TOO_LONG = "requests exceed the last window"
ROUNDED = 1.0 + 1e-9
"""How far two numbers may be apart that are equal but for rounding."""


@expect("optimum.distribution")
def distribution(i: Inputs) -> Value:
    found = expected(i, "loads.state", (workload(i),))
    return TOO_LONG if found == OK and longest(i) > i["traffic.long_window"] else found


# Outcome


def total(i: Inputs, split: str, band: str, of: Callable[[Run], float]) -> float:
    """Return a sum over both pools."""
    return sum(of(run(i, split, band, pool)) for pool in POOLS)


@expect("grid_outcome.tokens")
def tokens_per_second(i: Inputs, _split: str, _band: str) -> float:
    return i["traffic.rate"] * SUMS["output"](upto(i, "short", longest(i)))


@expect("grid_outcome.power")
def power(i: Inputs, split: str, band: str) -> float:
    return total(i, split, band, lambda item: item.board.power(i)) + cut_power(i, split, band)


@expect("grid_outcome.power_one")
def power_one(i: Inputs, split: str, band: str) -> float:
    return total(i, split, band, lambda item: item.board.power_one(i))


@expect("grid_outcome.tok_per_j")
def tok_per_j(i: Inputs, split: str, band: str) -> float:
    return float(metrics.tok_per_joule(tokens_per_second(i, split, band), KILO * power(i, split, band), 1))


@expect("grid_outcome.tok_per_w")
def tok_per_w(i: Inputs, split: str, band: str) -> float:
    return float(metrics.paper_tok_per_watt(tokens_per_second(i, split, band), KILO * power_one(i, split, band)))


@expect("grid_outcome.first_token")
def first_token(i: Inputs, split: str, band: str) -> float:
    short, long = (run(i, split, band, pool).first_token for pool in POOLS)
    return max(short + cut_wait(i, split, band), long)


@expect("grid_outcome.sound")
def sound(i: Inputs, split: str, band: str) -> float:
    pools = all(run(i, split, band, pool).is_sound(i) for pool in POOLS)
    return float(pools and distribution(i) == OK and reaches(longest(i), cell(i, split, band).edge))


def to_nine_decimals(value: float) -> float:
    """Round, so that equal figures of two fleets tie although they were added up in another order."""
    return float(nearest(value * BILLION)) / BILLION


@expect("grid_outcome.score")
def score(i: Inputs, split: str, band: str) -> float:
    competes = sound(i, split, band) and i[f"bands.{band}"] <= i["optimise.widest"]
    return to_nine_decimals(tok_per_j(i, split, band)) if competes else 0.0


@expect("grid_outcome.cost")
def cost(i: Inputs, split: str, band: str) -> float:
    hourly = total(i, split, band, lambda item: usd_per_hour(i, item))
    if not score(i, split, band):
        return grid.UNMET
    return to_nine_decimals(grid.usd_per_million_tokens(hourly, tokens_per_second(i, split, band)))


@expect("grid_outcome.paper")
def is_papers(i: Inputs, split: str, band: str) -> float:
    card = f"workloads.{workload(i)}"
    same_band = abs(i[f"bands.{band}"] - i[f"{card}.band"]) < grid.NOTHING
    return float(i[f"splits.{split}"] == i[f"{card}.short_window"] and same_band)


@expect("grid_outcome.paper_tok_per_j")
def papers_tok_per_j(i: Inputs, split: str, band: str) -> float:
    return to_nine_decimals(tok_per_j(i, split, band)) * is_papers(i, split, band) * sound(i, split, band)


expect("grid_outcome.instances")(lambda i, split, band: total(i, split, band, lambda item: item.used))

# Optimum


@cache
def best(i: Inputs) -> tuple[str, str]:
    """Return the split and band of most tok/J, the first of the grid where none competes."""
    return places(i)[grid.first_of([score(i, *place) for place in places(i)], max)]


@cache
def cheapest(i: Inputs) -> tuple[str, str]:
    """Return the split and band of least cost, the first of the grid where none competes."""
    return places(i)[grid.first_of([cost(i, *place) for place in places(i)], min)]


@expect("best.paper")
def tok_per_j_of_paper(i: Inputs) -> float:
    return sum(papers_tok_per_j(i, *place) for place in places(i))


def most(i: Inputs) -> float:
    """Return the most tok/J that competes, 0 if none does."""
    return score(i, *best(i))


def expect_answer(column: str, of: Callable[[Inputs], float]) -> None:
    """Register a part of the answer, empty where no cell of the grid competes."""

    @expect(f"optimum.{column}")
    def of_optimum(i: Inputs) -> float | None:
        return of(i) if most(i) else None


@expect("optimum.state")
def state(i: Inputs) -> Value:
    return (OK if most(i) else NO_CELL) if distribution(i) == OK else distribution(i)


expect("optimum.paper_tok_per_j")(lambda i: tok_per_j_of_paper(i) or None)


@expect("optimum.gain")
def gain(i: Inputs) -> float | None:
    return most(i) / tok_per_j_of_paper(i) if most(i) and tok_per_j_of_paper(i) else None


expect("best.tok_per_j")(most)
expect("best.place")(lambda i: places(i).index(best(i)) + 1)
expect("best.cost")(lambda i: cost(i, *cheapest(i)))
expect("best.cost_place")(lambda i: places(i).index(cheapest(i)) + 1)
expect_answer("most_tok_per_j", most)
expect_answer("short_window", lambda i: i[f"splits.{best(i)[0]}"])
expect_answer("gamma", lambda i: i[f"bands.{best(i)[1]}"])
expect_answer("tok_per_w", lambda i: tok_per_w(i, *best(i)))
expect_answer("least_cost", lambda i: cost(i, *cheapest(i)))
expect_answer("cost_window", lambda i: i[f"splits.{cheapest(i)[0]}"])
expect_answer("cost_gamma", lambda i: i[f"bands.{cheapest(i)[1]}"])

# Splits against each other, without a band


def no_band(i: Inputs) -> str:
    """Return the first band of the list, which is none unless edited."""
    return i.members("bands")[0]


@expect("pareto.joule")
def joule(i: Inputs, split: str) -> float:
    return tok_per_j(i, split, no_band(i)) * sound(i, split, no_band(i))


@expect("pareto.better")
def dominating(i: Inputs, split: str) -> float:
    return sum(dominates(i, other, split) for other in i.members("splits"))


def dominates(i: Inputs, other: str, split: str) -> bool:
    """Tell whether another split has an answer, more tok/J, and no longer time to first token, all but for rounding."""
    if not sound(i, other, no_band(i)) or joule(i, other) <= joule(i, split) * ROUNDED:
        return False
    # two short pools that take one prefill step and do not wait are equally fast
    return first_token(i, other, no_band(i)) <= first_token(i, split, no_band(i)) * ROUNDED


@expect("pareto.verdict")
def verdict(i: Inputs, split: str) -> str:
    if not sound(i, split, no_band(i)):
        return "no answer"
    return "dominated" if dominating(i, split) else "efficient"


def expect_of_split(column: str, of: Callable[[Inputs, str, str], float]) -> None:
    """Register a number of the outcome without a band, empty for a split without an answer."""

    @expect(f"pareto.{column}")
    def of_split(i: Inputs, split: str) -> float | None:
        return of(i, split, no_band(i)) if sound(i, split, no_band(i)) else None


expect_of_split("tok_per_j", tok_per_j)


expect("pareto.cost")(lambda i, split: cost(i, split, no_band(i)) if score(i, split, no_band(i)) else None)


expect_of_split("first_token", first_token)


@expect("constants.late")
@expect("constants.least_cv2")
def hundredth(_: Inputs) -> float:
    return 0.01


expect("constants.idle_slots")(lambda _: 1000.0)


@expect("constants.never")
@expect("constants.beyond")
def billion(_: Inputs) -> float:
    return BILLION
