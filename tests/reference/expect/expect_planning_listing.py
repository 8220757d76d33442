"""Expectations of sheet Results: which cases it lists, in which order, and what it says of them."""

from collections.abc import Callable
from functools import cache

from tests.reference.expect.expect_planning_results import remark_of
from tests.reference.expect.planning_cases import SERVICES, STEPS
from tests.reference.expect.planning_columns import expect_rows
from tests.reference.expect.planning_declared import CASES, PARENTS
from tests.reference.expect.planning_money import totals
from tests.reference.expect.planning_pools import POOLS, tpot
from tests.reference.expect.planning_ranges import evidence
from tests.reference.expect.pools import OK
from tests.reference.quantities import Inputs, Value

COMPARED = {
    "same_power": ("wall", "average", "carbon", "tokens"),
    "same_cost": ("rent", "own", "racks"),
    "same_state": ("first_token", "state"),
}
"""Figures that an own case has in common with its parent as long as nobody changed it."""


@cache
def figures(i: Inputs, case: str) -> dict[str, float | str]:
    """Return what is compared of a case, 0 without an answer."""
    item = totals(i, case)
    names = [name for part in COMPARED.values() for name in part if name != "state"]
    return {"state": item.state, **{name: getattr(item, name) if item.state == OK else 0.0 for name in names}}


def same(part: str) -> Callable[[Inputs, str], bool]:
    """Return the rule of whether a case has figures of its parent."""
    return lambda i, case: all(figures(i, case)[name] == figures(i, PARENTS[case])[name] for name in COMPARED[part])


def own(case: str) -> float:
    """Return the number of a case among one's own, 0 for others."""
    return float(case.removeprefix("mine_")) if case.startswith("mine_") else 0.0


def late(case: str) -> bool:
    """Tell whether a case stands after one's own and those of sheet Plan."""
    return not own(case) and case not in SERVICES


def used(i: Inputs, case: str) -> bool:
    """Tell whether a case is used: one of one's own has another name, or other figures."""
    renamed = i.shown(f"cases.{case}") != f"Your case {case.removeprefix('mine_')}"
    return not own(case) or renamed or not all(same(part)(i, case) for part in COMPARED)


@cache
def listed(i: Inputs) -> tuple[str, ...]:
    """Return the cases that are used, in order; steps from the paper are none."""
    return tuple(sorted((case for case in LISTED if used(i, case)), key=late))


LISTED = tuple(case for case in CASES if case not in {"published", *STEPS})


def at(i: Inputs, place: str) -> str | None:
    """Return the case at a place."""
    number = int(place.removeprefix("n"))
    return listed(i)[number - 1] if number <= len(listed(i)) else None


def if_any(value: Callable[[Inputs, str], Value], otherwise: Value = "") -> Callable[[Inputs, str], Value]:
    """Return the rule of what stands at a place if there is a case."""
    return lambda i, place: value(i, case) if (case := at(i, place)) else otherwise


def slowest(i: Inputs, case: str) -> float | None:
    """Return the time per output token of the slowest pool, blank without an answer."""
    return max(tpot(i, case, pool) for pool in POOLS) if totals(i, case).state == OK else None


expect_rows("own_cases", {**{part: same(part) for part in COMPARED}, "used": used})
expect_rows("listing", {"number": lambda _, case: LISTED.index(case) + 1.0, "own": lambda _, case: own(case), "used": used})
expect_rows("listing", {"late": lambda _, case: late(case)})
expect_rows("listing", {"place": lambda i, case: listed(i).index(case) + 1.0 if used(i, case) else 0.0, "has_room": lambda *_: 1.0})
expect_rows("ranking", {"case": if_any(lambda i, case: i.shown(f"cases.{case}")), "state": if_any(lambda i, case: totals(i, case).state)})
expect_rows("ranking", {"remark": if_any(remark_of), "word": if_any(lambda i, case: evidence(i, case).word), "tpot": if_any(slowest, None)})
for _cost in ("rent", "own", "cost_rented", "cost_bought"):
    expect_rows("ranking", {_cost: if_any(lambda i, case, name=_cost: getattr(totals(i, case), name) or None, None)})  # type: ignore[misc]
    expect_rows("results", {_cost: lambda i, case, name=_cost: getattr(totals(i, case), name) or None})
expect_rows("ranking", {"number": if_any(lambda _, case: LISTED.index(case) + 1.0, 0.0)})
expect_rows("ranking", {"answered": if_any(lambda i, case: float(totals(i, case).state == OK), 0.0)})
expect_rows("ranking", {"found": lambda i, place: i.shown(f"cases.{at(i, place) or LISTED[0]}")})
