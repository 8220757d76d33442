"""The workbook's search for the fewest instances against counting them up one by one, over thousands of random pools."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from tests.reference import draws
from tests.reference.equations import queueing
from tests.reference.expect.search import FURTHEST
from tests.reference.test_every_quantity import calculated, inputs

DRAWS = 64
ROWS = 2000
BOUND_BY_OBJECTIVE = 500
OUT_OF_REACH = 50
KILO = 1e3
REACHES = (1, 2, 3, 5, 16, 100, 4096)
COLUMNS = ("rate", "mean", "cv2", "n_slots", "least", "instances", "found", "wait")
DIFFERENT = 2.0
"""How many times over each of a pool's six numbers must range, at least."""


@dataclass(frozen=True, slots=True)
class Searched:
    """A pool and what the workbook finds; times in s."""

    rate: float
    mean: float
    cv2: float
    slots: float
    objective: float
    cap: float
    least: float
    reach: float
    instances: float
    found: bool
    wait: float

    def counted(self) -> queueing.Sizing:
        """Return what counting up finds."""
        return queueing.fewest_instances(queueing.Demand(self.rate, self.slots, self.mean, self.cv2, self.objective), cap=self.cap)


def edited(random: np.random.Generator) -> draws.Values:
    """Return random edits: a few slots an instance, so that one to spare is often not enough."""
    given = inputs()
    edits: draws.Values = {
        "traffic.rate": float(10 ** random.uniform(-1.0, 2.0)),
        "traffic.objective": float(10 ** random.uniform(-2.0, 3.5)),
        "traffic.cap": float(1.0 - 10 ** random.uniform(-2.0, -0.1)),
        "traffic.long_window": float(random.integers(65536, 131073)),
        "traffic.reach": float(random.choice(REACHES, p=[0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0.6])),
        "traffic.from_zero": float(random.integers(2)),
        "profiles.h100_calibrated.w": float(4.0 * 10 ** random.uniform(-0.7, 0.7)),
        "profiles.h100_calibrated.h": float(0.32 * 10 ** random.uniform(-0.7, 0.7)),
        "profiles.h100_calibrated.max_slots": float(random.integers(16, 33)),
        "profiles.h100_calibrated.blocks": float(random.integers(8192, 32769)),
    }
    for fleet in given.members("fleets"):
        edits[f"fleets.{fleet}.topology"] = str(random.choice(["pool", "fleetopt"]))
        edits[f"fleets.{fleet}.workload"] = str(random.choice(given.members("knots")))
        for side in ("short", "long"):
            edits[f"fleets.{fleet}.{side}_profile"] = str(random.choice(given.members("profiles")))
    for card in given.members("knots"):
        points = given.members(f"knots.{card}")
        shares = np.sort(random.uniform(0.0, 1.0, len(points)))
        edits[f"workloads.{card}.short_window"] = float(10 ** random.uniform(3.0, 4.5) // 1)
        edits[f"workloads.{card}.band"] = float(random.uniform(1.0, 3.0))
        edits[f"workloads.{card}.output_share"] = float(random.uniform(0.02, 0.6))
        scale = random.uniform(0.5, 1.0)
        for point, share in zip(points, [*shares[:-1], 1.0], strict=True):
            edits[f"knots.{card}.{point}.upper"] = float(f"{scale * given[f'knots.{card}.{point}.upper']:.12g}")
            edits[f"knots.{card}.{point}.cumulative"] = float(f"{share:.12g}")
    return edits


@cache
def searched() -> tuple[Searched, ...]:
    """Return pools with requests, each set of numbers once."""
    random = np.random.default_rng(20261123)
    pools: dict[tuple[float, ...], Searched] = {}
    for _ in range(DRAWS):
        edits = edited(random)
        values = calculated(edits)
        objective, cap, reach = (float(edits[f"traffic.{name}"]) for name in ("objective", "cap", "reach"))
        for row in np.flatnonzero(values["search.rate"]):
            rate, mean, cv2, slots, least, instances, found, wait = (float(values[f"search.{column}"][row]) for column in COLUMNS)
            decisive = rate, mean / KILO, cv2, slots, objective / KILO, cap
            pools[decisive] = Searched(*decisive, least, reach, instances, found == 1.0, wait / KILO)
    return tuple(pools.values())


def test_search_begins_at_the_floor_and_the_cap() -> None:
    assert [pool for pool in searched() if pool.least != max(pool.counted().floor, pool.counted().capped)] == []


def test_search_finds_what_counting_up_finds() -> None:
    within = [pool for pool in searched() if pool.counted().instances <= pool.least + pool.reach]
    assert len(within) >= ROWS
    assert [pool for pool in within if not pool.found or pool.instances != pool.counted().instances] == []


def test_search_tells_what_is_out_of_its_reach() -> None:
    beyond = [pool for pool in searched() if pool.counted().instances > pool.least + pool.reach]
    assert len(beyond) >= OUT_OF_REACH
    assert [pool for pool in beyond if pool.found or pool.instances != min(pool.counted().instances, pool.least + FURTHEST)] == []


def test_objective_decides_in_many_pools_and_is_kept_in_all() -> None:
    found = [pool for pool in searched() if pool.found]
    bound = [pool for pool in found if pool.instances > pool.least]
    assert len(bound) >= BOUND_BY_OBJECTIVE
    assert max(pool.instances - pool.least for pool in bound) > 3
    assert [pool for pool in found if pool.wait > pool.objective] == []


@pytest.mark.parametrize("field", ["rate", "mean", "cv2", "slots", "objective", "cap"])
def test_random_pools_differ_in_every_number(field: str) -> None:
    numbers = [float(getattr(pool, field)) for pool in searched()]
    assert max(numbers) > DIFFERENT * min(numbers) >= 0
    assert len(set(numbers)) >= min(ROWS // 100, DRAWS)
