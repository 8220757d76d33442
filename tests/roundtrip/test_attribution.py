"""Attribution of a move to changes: against all orders one by one, and its sum."""

from collections.abc import Callable
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from workbook.roundtrip.shapley import REST, attribution, shapley

Figures = npt.NDArray[np.float64]
Game = Callable[[frozenset[str]], Figures]


def game(seed: int, players: int) -> Game:
    """Return figures that depend on every set of changes in a way of their own."""
    random = np.random.default_rng(seed)
    known: dict[frozenset[str], Figures] = {}
    weights = {f"g{number}": random.normal(size=3) for number in range(players)}

    def value(chosen: frozenset[str]) -> Figures:
        if chosen not in known:
            product = np.prod([1.0 + 0.5 * np.abs(weights[name]) for name in sorted(chosen)], axis=0) if chosen else np.ones(3)
            known[chosen] = product + sum((weights[name] for name in sorted(chosen)), np.zeros(3)) ** 2
        return known[chosen]

    return value


def by_orders(value: Game, groups: list[str]) -> dict[str, Figures]:
    """Return each group's mean addition over all orders, one by one."""
    orders = list(permutations(groups))
    shares = {group: np.zeros(3) for group in groups}
    for order in orders:
        for place, group in enumerate(order):
            before = frozenset(order[:place])
            shares[group] += (value(before | {group}) - value(before)) / len(orders)
    return shares


@pytest.mark.parametrize("players", range(1, 7))
@pytest.mark.parametrize("seed", range(5))
def test_shares_are_the_mean_over_all_orders(seed: int, players: int) -> None:
    value, groups = game(seed, players), [f"g{number}" for number in range(players)]
    found, wanted = shapley(value, groups), by_orders(value, groups)
    assert list(found) == groups
    for group in groups:
        assert found[group] == pytest.approx(wanted[group], rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("seed", range(200))
def test_shares_add_up_to_the_move(seed: int) -> None:
    players = 1 + seed % 9
    value, groups = game(seed, players), [f"g{number}" for number in range(players)]
    found, parts = attribution(value, groups)
    assert sorted(name for part in parts.values() for name in part) == groups
    move = value(frozenset(groups)) - value(frozenset())
    assert sum(found.values()) == pytest.approx(move, rel=1e-9, abs=1e-12)
    assert len(found) == min(players, 6)
    assert (REST in found) == (players > 6)


def test_the_small_changes_are_put_together() -> None:
    sizes = {"a": 5.0, "b": 0.1, "c": 4.0, "d": 0.2}
    found, _ = attribution(lambda chosen: np.array([10.0 + sum(sizes[name] for name in chosen)]), list(sizes), most=3)
    assert {name: round(float(share[0]), 9) for name, share in found.items()} == {"a": 5.0, "c": 4.0, REST: 0.3}


def test_a_change_that_moves_nothing_has_no_share_and_equals_share_alike() -> None:
    def value(chosen: frozenset[str]) -> Figures:
        return np.array([float("x" in chosen and "y" in chosen)])

    found = shapley(value, ["x", "y", "idle"])
    assert [float(found[name][0]) for name in ("x", "y", "idle")] == [0.5, 0.5, 0.0]


def test_no_change_has_no_shares() -> None:
    assert shapley(lambda _: np.array([1.0]), []) == {}
