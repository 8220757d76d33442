"""How much of a move each of several changes brought, whatever their order: Shapley values.

Source: L. S. Shapley, A value for n-person games, 1953.
"""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbook.expr.values import Array

MOST_GROUPS = 6
REST = "all others"


def shapley(value: Callable[[frozenset[str]], Array], groups: Sequence[str]) -> dict[str, Array]:
    """Return for each group its share of ``value(all groups) - value(no group)``: its mean addition over all orders.

    ``value`` gives figures of shape (figures,) with some groups changed; it is asked once for each of the 2 ** n sets. The
    last group's share is what the others leave, so that the shares add up to the whole move to the last digit.
    """
    known = {chosen: value(chosen) for size in range(len(groups) + 1) for chosen in map(frozenset, combinations(groups, size))}
    whole = known[frozenset(groups)] - known[frozenset()]
    shares: dict[str, Array] = {}
    for group in groups[:-1]:
        others = [other for other in groups if other != group]
        share = np.zeros_like(whole)
        for size in range(len(groups)):
            weight = 1.0 / (len(groups) * comb(len(others), size))
            for chosen in map(frozenset, combinations(others, size)):
                share = share + weight * (known[chosen | {group}] - known[chosen])
        shares[group] = share
    for group in groups[-1:]:
        shares[group] = whole - sum(shares.values())
    return shares


def merged(value: Callable[[frozenset[str]], Array], groups: Sequence[str], most: int = MOST_GROUPS) -> dict[str, frozenset[str]]:
    """Return at most ``most`` groups: those that move the figures most by themselves, largest first, and all others as one.

    A group's size is the largest of its moves over the figures, each relative to the figure before. Each key names the
    groups that it stands for.
    """
    before = value(frozenset())
    scale = np.where(before == 0, 1.0, np.abs(before))

    def size(group: str) -> float:
        return float(np.max(np.nan_to_num(np.abs(value(frozenset({group})) - before) / scale), initial=0.0))

    ordered = sorted(groups, key=lambda group: -size(group))
    if len(ordered) <= most:
        return {group: frozenset({group}) for group in ordered}
    return {**{group: frozenset({group}) for group in ordered[: most - 1]}, REST: frozenset(ordered[most - 1 :])}


def attribution(
    value: Callable[[frozenset[str]], Array], groups: Sequence[str], most: int = MOST_GROUPS
) -> tuple[dict[str, Array], dict[str, frozenset[str]]]:
    """Return each group's share, the smallest together where there are more than ``most``, and what each stands for; see ``shapley``."""
    known: dict[frozenset[str], Array] = {}

    def asked_once(chosen: frozenset[str]) -> Array:
        if chosen not in known:
            known[chosen] = value(chosen)
        return known[chosen]

    parts = merged(asked_once, groups, most)
    return shapley(lambda chosen: asked_once(frozenset().union(*(parts[part] for part in chosen))), list(parts)), parts
