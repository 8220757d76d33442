"""The order of calculation: quantities sorted so that each comes after what it needs.

Columns of one table may need each other's earlier rows (a search that halves an interval step by step). Such columns
form a group that is calculated row by row; within a row the order is again that of need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class CycleError(Exception):
    """Quantities that need each other on the same row: ``chain`` begins and ends with the same one."""

    def __init__(self, chain: list[str]) -> None:
        """Keep the chain for the message."""
        super().__init__(" -> ".join(chain))
        self.chain = chain


def calculation_order(needs: Mapping[str, Iterable[str]], same_row: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return groups of quantities in order of calculation; most groups hold one.

    ``needs`` maps each quantity to all that it refers to, ``same_row`` to those it refers to other than through
    earlier rows. Raises CycleError.
    """
    rank = {name: number for number, name in enumerate(_sorted(same_row))}
    return [tuple(sorted(group, key=rank.__getitem__)) for group in _components(needs)]


def _sorted(needs: Mapping[str, Iterable[str]]) -> list[str]:
    """Depth first, without recursion: chains can be longer than Python's stack."""
    result: list[str] = []
    state: dict[str, bool] = {}  # False while its needs are being visited
    for start in needs:
        if start in state:
            continue
        stack = [(start, iter(needs[start]))]
        state[start] = False
        while stack:
            name, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[name] = True
                result.append(name)
                stack.pop()
            elif following not in state:
                state[following] = False
                stack.append((following, iter(needs[following])))
            elif not state[following]:
                chain = [item for item, _ in stack]
                raise CycleError([*chain[chain.index(following) :], following])
    return result


def _components(needs: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Tarjan's strongly connected components, in order of need, without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_names: list[str] = []
    is_open: set[str] = set()
    result: list[list[str]] = []
    for start in needs:
        stack = [] if start in index else [(start, iter(needs[start]))]
        while stack:
            name, rest = stack[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                open_names.append(name)
                is_open.add(name)
            following = next(rest, None)
            if following is not None:
                if following not in index:
                    stack.append((following, iter(needs[following])))
                elif following in is_open:
                    low[name] = min(low[name], index[following])
                continue
            stack.pop()
            if stack:
                low[stack[-1][0]] = min(low[stack[-1][0]], low[name])
            if low[name] == index[name]:
                position = open_names.index(name)
                result.append(open_names[position:])
                is_open.difference_update(open_names[position:])
                del open_names[position:]
    return result
