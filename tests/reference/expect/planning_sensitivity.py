"""What moves a case's figures: ends of ranges, intervals, the order of assumptions, and the grid of two of them."""

import math
from dataclasses import dataclass
from functools import cache

from tests.reference.expect.planning_cases import HIGH, LOW
from tests.reference.expect.planning_declared import RANGED, SCENARIOS
from tests.reference.expect.planning_money import Totals, totals
from tests.reference.expect.planning_study import VARIANTS, study
from tests.reference.expect.pools import OK
from tests.reference.quantities import Inputs

HEADLINES = ("gpus", "wall", "per_wall_joule", "first_token", "energy", "carbon", "rent", "own", "cost_rented", "cost_bought")
LEAST = 0.001
"""What a figure that falls to nothing counts as."""

WITHOUT = 1.0
"""Size of what has no answer at an end of its range: greater than any move."""

DIGITS = 9


def figure(item: Totals, headline: str) -> float:
    """Return a figure of a fleet."""
    return float(getattr(item, headline))


def headline_of(i: Inputs, key: str, headline: str) -> float:
    """Return a figure of a study."""
    return figure(totals(i, key), headline)


@dataclass(frozen=True, slots=True)
class Effect:
    """What a figure becomes at an end of a range; fields as columns of `effects`."""

    value: float
    base: float
    answered: bool
    infeasible: bool
    move: float

    @property
    def shift(self) -> float:
        """Logarithm of the figure over that of the case."""
        return math.log(max(LEAST, 1.0 + self.move))

    @property
    def rounded(self) -> float:
        """Size of the move as it decides an order, m / (1 + m): below 1, and equal where only rounding differs."""
        return round(abs(self.move) / (1 + abs(self.move)), DIGITS)


@cache
def effect(i: Inputs, headline: str, variant: str) -> Effect:
    """Return what a figure becomes in a variant."""
    changed, case = totals(i, variant), totals(i, study(i, variant).base)
    answered = changed.state == OK and case.state == OK
    value, base = figure(changed, headline), figure(case, headline)
    return Effect(value, base, answered, case.state == OK != changed.state, value / base - 1.0 if answered and base > 0 else 0.0)


def effects(i: Inputs, headline: str, which: str) -> dict[str, Effect]:
    """Return the effects on a figure of one of the two cases, in the order of the variants."""
    return {key: effect(i, headline, key) for key, item in VARIANTS.items() if item.which == which}


def counts(variant: str) -> bool:
    """Tell whether a variant counts in intervals: demand is a scenario, and an objective a decision."""
    return VARIANTS[variant].name not in SCENARIOS


def interval(i: Inputs, headline: str, which: str) -> tuple[float, float]:
    """Return how far a figure may be off (downwards, upwards): the root of the sum of the squares of the moves' logarithms."""
    shifts = [item.shift for key, item in effects(i, headline, which).items() if counts(key)]
    below, above = (math.sqrt(math.fsum(shift * shift for shift in shifts if sign * shift > 0)) for sign in (-1, 1))
    return 1.0 - math.exp(-below), math.exp(above) - 1.0


WORSE_BELOW = ("per_wall_joule",)
"""Figures of which less is worse."""


def infeasible(i: Inputs, which: str, *names: str) -> list[str]:
    """Return the variants of one of the two cases that have no answer though the case has one: of all assumptions, or of some."""
    return [key for key, item in effects(i, HEADLINES[0], which).items() if item.infeasible and VARIANTS[key].name in (names or RANGED)]


def opening(i: Inputs, which: str) -> list[str]:
    """Return the variants of uncertain assumptions that leave intervals open: without an answer though the case has one."""
    return [key for key in infeasible(i, which) if counts(key)]


def weight(i: Inputs, headline: str, which: str, name: str) -> float:
    """Return the rounded size of the larger move of an assumption, 0 for what counts in no interval."""
    if name in SCENARIOS:
        return 0.0
    return max(effect(i, headline, f"{which}_{name}_{side}").rounded for side in (LOW, HIGH))


@cache
def drivers(i: Inputs, headline: str, which: str) -> list[str]:
    """Return the assumptions by how far they move a figure of one of the cases compared, the first of equals first.

    Demand and decisions are varied for the chosen case alone.
    """
    varied = [name for name in RANGED if which == "chosen" or name not in SCENARIOS]
    return sorted(varied, key=lambda name: -weight(i, headline, which, name))


def order(i: Inputs) -> list[str]:
    """Return the assumptions by how far they move the chosen figure of the chosen case, the first of equals first."""
    headline = i.text("look.headline")
    found = effects(i, headline, "chosen")
    sizes = dict.fromkeys(RANGED, 0.0)
    for key, item in found.items():
        sizes[VARIANTS[key].name] = max(sizes[VARIANTS[key].name], WITHOUT if item.infeasible else item.rounded)
    return sorted(RANGED, key=lambda name: -sizes[name])


def moves(i: Inputs, name: str) -> tuple[float, float]:
    """Return how far the chosen figure moves at (the low end, the high end) of an assumption."""
    return moves_of(i, i.text("look.headline"), name)


def moves_of(i: Inputs, headline: str, name: str) -> tuple[float, float]:
    """Return how far a figure of the chosen case moves at (the low end, the high end) of an assumption."""
    low, high = (effect(i, headline, f"chosen_{name}_{side}").move for side in (LOW, HIGH))
    return low, high


def hair(size: float, behind: float) -> float:
    """Return a rounded size less a hair for what stands behind others."""
    return round(size - behind, 12)


def open_ends(i: Inputs, headline: str, which: str) -> tuple[bool, bool]:
    """Tell whether the interval of a figure has no (lower, upper) limit: the side on which a fleet that does not exist would be."""
    none, below = bool(opening(i, which)), headline in WORSE_BELOW
    return none and below, none and not below
