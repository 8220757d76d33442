"""Expectations of sheet Sizing: what every pool of Table 3 asks for, and the search for the fewest instances (`search`)."""

from dataclasses import replace
from functools import cache

import numpy as np

from tests.reference.equations.grid import Requests
from tests.reference.equations.rounding import trunc
from tests.reference.expect import expect_moments, pools, shared_columns
from tests.reference.expect.chain import MILLI
from tests.reference.expect.expect_draws import CHUNKS, drawn, sample_of
from tests.reference.expect.expect_workloads import workload_of
from tests.reference.expect.pools import Run, Served, chunk
from tests.reference.expect.search import Wanted, expect_search
from tests.reference.expect.shared_columns import expect_columns
from tests.reference.quantities import Inputs, expect

UNDRAWN = "no draws for this prefill chunk"


@cache
def served(i: Inputs, mode: str, key: str, side: str) -> Served:
    """Return the requests of a pool: over its lengths, or those that the reference drew, none for a chunk that was not drawn."""
    exact = expect_moments.served(i, key, side)
    if mode == "exact" or not exact.share:
        return exact
    if not is_drawn(i, mode, key, side):
        return replace(exact, requests=Requests(*np.zeros((4, 0))))
    sample = drawn(sample_of(key, side))
    each = np.full(sample.lengths.shape, exact.share / sample.lengths.size)
    steps = sample.steps[int(chunk(i, exact.server.profile))]
    return replace(exact, requests=Requests(each, sample.lengths, np.zeros(each.shape), steps))


@expect("demand.drawn")
def is_drawn(i: Inputs, mode: str, key: str, side: str) -> bool:
    pool = expect_moments.served(i, key, side)
    return mode == "exact" or not pool.share or chunk(i, pool.server.profile) in CHUNKS


@expect("demand.prefill")
def prefill(i: Inputs, _mode: str, key: str, side: str) -> float:
    return expect_moments.served(i, key, side).prefill(i)


@expect("demand.output")
def output(i: Inputs, _mode: str, key: str, side: str) -> float:
    if not expect_moments.served(i, key, side).share:
        return 0.0
    mean = i[f"workloads.{workload_of(i, key)}.output_share"] * expect_moments.length(i, key, side)
    return max(1.0, float(trunc(mean)))


def service_rate(item: Served) -> float:
    """Return the requests/s that an instance can serve, 0 without any."""
    return item.server.n_slots / (item.time(1) * MILLI) if item.time(1) else 0.0


expect_columns(
    "demand", lambda i, _mode, key, side: expect_moments.served(i, key, side), {"rate": lambda i, item: item.rate(i["traffic.rate"])}
)
shared_columns.expect_means("demand", served)
expect_columns(
    "demand",
    served,
    {
        "mean": lambda _, item: item.time(1),
        "mean_square": lambda _, item: item.time(2),
        "cv2": lambda _, item: item.cv2,
        "bound": lambda i, item: item.bound(i["traffic.rate"]),
        "least": lambda i, item: pools.least(i, item.bound(i["traffic.rate"])),
        "service_rate": lambda _, item: service_rate(item),
    },
)


@cache
def wanted(i: Inputs, mode: str, key: str, side: str) -> Wanted:
    """Return what the search of a pool starts from."""
    return served(i, mode, key, side).wanted(i, i["traffic.rate"])


@cache
def sized(i: Inputs, mode: str, key: str, side: str) -> Run:
    """Return a pool as it runs; its prefill is that of all its requests, drawn or not. Without draws there is no answer."""
    found = replace(pools.run(i, served(i, mode, key, side), i["traffic.rate"]), prefill=prefill(i, mode, key, side))
    return found if is_drawn(i, mode, key, side) else replace(found, found=False, missing=UNDRAWN)


expect_search("search", wanted)
