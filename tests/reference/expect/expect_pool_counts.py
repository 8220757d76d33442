"""Expectations of the search over the number of pools on sheet Optimizer: every way to choose the windows, tried in turn.

A way is a row of marks, 0 first (no tokens) and 5 last (the longest request); each step from one to the next is a
pool. A step that does not rise is no pool, so that it counts a billion, as one without an answer does.
"""

from collections.abc import Callable
from functools import cache, partial
from itertools import pairwise, product

from tests.reference.equations import grid
from tests.reference.expect import lengths, pools, shared_columns
from tests.reference.expect.expect_optimizer import distribution, tokens_per_second
from tests.reference.expect.expect_optimizer_pools import longest, places, profile, upto, workload
from tests.reference.expect.pools import KILO, OK, Run, Served
from tests.reference.expect.search import expect_search
from tests.reference.expect.shared_columns import End
from tests.reference.quantities import Inputs, Value, expect

INNER = (1, 2, 3, 4)
"""Marks that the list gives."""

LAST = 5
"""Mark of the longest request."""

NONE = 1e9
"""Power of a pool that does not compete."""

FEASIBLE = 1e8
NO_CHOICE = "no choice has an answer"

# Marks and the pools between them


def number(key: str) -> int:
    """Return the number in a key such as b3."""
    return int(key[1:])


def mark(i: Inputs, place: int) -> float:
    """Return the tokens at a mark."""
    return (0.0, *(i[f"marks.m{inner}"] for inner in INNER), longest(i))[place]


def ends_of(span: str) -> tuple[int, int]:
    """Return the marks that a pool lies between."""
    return int(span[1]), int(span[2])


def side(high: int) -> str:
    """Return whose profile a pool has that ends at a mark."""
    return "long" if high == LAST else "short"


def share_sum(i: Inputs, low: int, high: int) -> float:
    """Return the share of requests between two marks, negative where they fall."""
    return lengths.share_upto(i, workload(i), mark(i, high)) - lengths.share_upto(i, workload(i), mark(i, low))


@cache
def served(i: Inputs, low: int, high: int) -> Served:
    """Return the pool between two marks; one of next to no requests is not used."""
    share, window = share_sum(i, low, high), i["traffic.long_window"] if high == LAST else mark(i, high)
    requests = lengths.minus(*(upto(i, side(high), mark(i, place)) for place in (high, low)))
    instance = pools.server(i, profile(i, side(high)), window)
    return Served(instance, share if share > grid.NOTHING else 0.0, requests)


@cache
def run(i: Inputs, low: int, high: int) -> Run:
    """Return the pool between two marks as it runs."""
    return pools.run(i, served(i, low, high), i["traffic.rate"])


@cache
def power(i: Inputs, low: int, high: int) -> float:
    """Return the power of a pool, kW; that of none for marks that do not rise, or without an answer."""
    rises = low < high and mark(i, low) < mark(i, high)
    return run(i, low, high).board.power(i) if rises and run(i, low, high).is_sound(i) else NONE


def expect_span(column: str, of: Callable[[Inputs, int, int], Value]) -> None:
    """Register a column of the pools that two marks can make."""

    @expect(f"spans.{column}")
    def of_span(i: Inputs, span: str) -> Value:
        return of(i, *ends_of(span))


shared_columns.expect_server("spans", lambda i, span: served(i, *ends_of(span)).server)
shared_columns.expect_service("spans", lambda i, span: served(i, *ends_of(span)))
shared_columns.expect_run("spans", lambda i, span: run(i, *ends_of(span)))
expect_search("spans", lambda i, span: served(i, *ends_of(span)).wanted(i, i["traffic.rate"]))
expect_span("side", lambda _i, _low, high: 2.0 if high == LAST else 1.0)
expect_span("share_sum", share_sum)
expect_span("score", power)
expect("boundaries.tokens")(lambda i, key: mark(i, number(key)))
shared_columns.expect_end("boundary_ends", lambda i, pool, key: End(workload(i), profile(i, pool), mark(i, number(key))))

# Ways to choose the marks


@cache
def ways(i: Inputs, count: int, last: int) -> dict[tuple[int, ...], float]:
    """Return the power of every way to serve the requests up to a mark, by the marks in between, the last of them first."""
    found = {}
    for inner in product(INNER, repeat=count - 1):
        way = (0, *reversed(inner), last)
        found[inner] = sum(power(i, low, high) for low, high in pairwise(way))
    return found


def least(i: Inputs, count: int, last: int) -> float:
    """Return the least power of all ways, a billion where none competes."""
    return min(NONE, *ways(i, count, last).values())


@cache
def chosen(i: Inputs, count: int, last: int) -> tuple[int, ...]:
    """Return the marks of the best way, the last of them first; of equals the one with the lowest last mark."""
    found = ways(i, count, last)
    if least(i, count, last) < FEASIBLE:
        return list(found)[grid.first_of(list(found.values()), min)]
    return (INNER[0],) * (count - 1)


def expect_plan(column: str, of: Callable[[Inputs, int], float]) -> None:
    """Register a column of the plans of the requests up to a mark."""

    @expect(f"plans.{column}")
    def of_mark(i: Inputs, key: str) -> float:
        return of(i, number(key))


def expect_pools(count: int, name: str) -> None:
    """Register the best of so many pools up to a mark, and the best of them whose last pool begins at each mark."""
    expect_plan(f"best_{count}", lambda i, last: least(i, count, last))
    expect_plan(f"last_{count}", lambda i, last: chosen(i, count, last)[0])
    for inner in INNER:
        expect_plan(f"{name}_{inner}", partial(least_from, count, inner))


def least_from(count: int, inner: int, i: Inputs, last: int) -> float:
    """Return the least power of the ways whose last pool begins at a mark."""
    return min(NONE, *(power for way, power in ways(i, count, last).items() if way[0] == inner))


def power_from(low: int, i: Inputs, last: int) -> float:
    """Return the power of a pool between two marks, kW."""
    return power(i, low, last)


for each in range(LAST):
    expect_plan(f"pool_{each}", partial(power_from, each))
expect_plan("best_1", lambda i, last: least(i, 1, last))
for how_many, in_words in ((2, "two"), (3, "three"), (4, "four")):
    expect_pools(how_many, in_words)

# Pool counts


@cache
def least_of(i: Inputs, count: str) -> float:
    return least(i, number(count), LAST)


@expect("pool_counts.state")
def state(i: Inputs, count: str) -> Value:
    if distribution(i) != OK:
        return distribution(i)
    return OK if least_of(i, count) < FEASIBLE else NO_CHOICE


def marks_of(i: Inputs, count: str) -> tuple[int, ...]:
    """Return the marks of the best way, the first of them first, and 0 for those that it has not."""
    inner = tuple(reversed(chosen(i, number(count), LAST)))
    return inner + (0,) * (len(INNER) - 1 - len(inner))


def expect_mark(place: int, ordinal: str) -> None:
    """Register a mark of the best way and the window that it gives, empty where there is none."""
    expect(f"pool_counts.{ordinal}")(lambda i, count: marks_of(i, count)[place])

    @expect(f"pool_counts.window_{place + 1}")
    def window(i: Inputs, count: str) -> float | None:
        return mark(i, marks_of(i, count)[place]) if state(i, count) == OK and marks_of(i, count)[place] else None


for position, nth in enumerate(("first", "second", "third")):
    expect_mark(position, nth)


expect("pool_counts.power")(lambda i, count: least_of(i, count) if state(i, count) == OK else None)


@expect("pool_counts.tok_per_j")
def tok_per_j(i: Inputs, count: str) -> float | None:
    return tokens_per_second(i, *places(i)[0]) / (KILO * least_of(i, count)) if state(i, count) == OK else None
