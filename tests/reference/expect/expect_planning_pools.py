"""Expectations of sheet Case pools."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.reference.equations import fleet, grid, step_time
from tests.reference.equations.grid import Requests
from tests.reference.equations.step_time import Model, Served
from tests.reference.expect import planning_instances as instances
from tests.reference.expect import planning_pools as pools
from tests.reference.expect import planning_states as states
from tests.reference.expect.chain import MILLI
from tests.reference.expect.expect_planning_studies import sums_of
from tests.reference.expect.expect_steps import (
    expect_choices,
    expect_hardware_terms,
    expect_instance,
    expect_lengths,
    expect_model,
    expect_power,
    expect_step,
)
from tests.reference.expect.planning_columns import expect_columns, expect_fields, expect_rows, expect_steps, expect_sums, pool_of
from tests.reference.expect.planning_hardware import (
    Asked,
    Memory,
    band_prompt,
    billions,
    hardware,
    installed,
    model,
    prefill_board,
    prefill_raw,
    prefill_time,
    prompts,
    served,
    squared_length,
)
from tests.reference.expect.planning_hardware import Requests as LengthsOf
from tests.reference.expect.planning_hardware import requests as lengths_of
from tests.reference.expect.planning_instances import Instance
from tests.reference.expect.planning_long import Long, long_request, prompt_of_cut
from tests.reference.expect.planning_pools import Run, Service
from tests.reference.expect.planning_requests import (
    TO,
    Bounds,
    Cut,
    End,
    Taken,
    band,
    band_cut,
    band_output_share,
    bounds,
    cut_to_window,
    drawn,
    end_of,
    nodes,
    pieces,
    prefill_of_cut,
    requests_of,
    taken,
    total_length,
    upto,
    upto_end,
)
from tests.reference.expect.planning_steps import apart
from tests.reference.expect.planning_study import DECODE, assumed, role, study
from tests.reference.expect.planning_traces import KNOTS
from tests.reference.expect.search import Wanted, expect_search
from tests.reference.expect.shared_columns import expect_nodes
from tests.reference.quantities import PLANNING, Inputs, Value

# The model and the hardware

expect_model("case_models", lambda i, key: model(i, key).model)
expect_fields("case_models", model, Asked, "card", "precision", "model")
expect_columns("case_models", model, {"embedding": lambda i, item: billions(apart(i, item.card))})


def hardware_of(i: Inputs, key: str, pool: str) -> Memory:
    """Return what the memory of a pool's GPUs holds, by the pool's key."""
    return hardware(i, key, pool_of(pool))


def instance_of_pool(i: Inputs, key: str, pool: str) -> tuple[Model, step_time.Instance]:
    """Return the model of a study and the instance of a pool, by its key."""
    return model(i, key).model, installed(i, key, pool_of(pool))


def choices_of(i: Inputs, key: str, pool: str) -> tuple[str, str, Model]:
    """Return the GPU, the precision and the model of a pool, by its key."""
    return assumed(i, key).of_pool("gpu", pool_of(pool)), model(i, key).precision, model(i, key).model


def more_carry(i: Inputs, engine: str) -> float:
    """Return by how much the engine's time of a step with a prefill is longer as fitted to TPOT, ms."""
    return i[f"engines.{engine}.tpot_carry_time"] - i[f"engines.{engine}.carry_time"]


expect_fields("case_hardware", hardware_of, Memory)
expect_instance("case_hardware", lambda i, *keys: instance_of_pool(i, *keys)[1])
expect_choices("case_hardware", choices_of)
expect_hardware_terms("case_hardware", instance_of_pool)
expect_rows(
    "case_hardware",
    {
        "more_fixed": lambda i, key, pool: pools.more(i, key, pool_of(pool))[0],
        "more_each": lambda i, key, pool: pools.more(i, key, pool_of(pool))[1],
        "more_carry": lambda i, key, _: more_carry(i, assumed(i, key).texts["engine"]),
    },
)

# Steps


def served_by(i: Inputs, key: str, pool: str) -> Served:
    """Return what an instance of a pool serves, by the pool's key."""
    return served(i, key, pool_of(pool))


def in_full(i: Inputs, key: str, pool: str) -> tuple[Served, float]:
    """Return what is served with all slots in use."""
    return served_by(i, key, pool), instances.instance(i, key, pool_of(pool)).n_slots


def in_flight(i: Inputs, key: str, pool: str) -> tuple[Served, float]:
    """Return what is served with the sequences in flight on average, at least one."""
    return served_by(i, key, pool), max(1.0, pools.run(i, key, pool_of(pool)).in_flight)


expect_fields("case_steps", lambda i, key, pool: lengths_of(i, key, pool_of(pool)), LengthsOf, "output", "prompt", "prompt_2", "length")
expect_lengths("case_steps", served_by)
expect_rows(
    "case_steps",
    {
        "carries": lambda i, key, pool: float(role(i, key, pool_of(pool)) != DECODE),
        "hit": lambda i, key, pool: served(i, key, pool_of(pool)).work.hit,
        "prefill_time": lambda i, key, pool: prefill_time(i, key, pool_of(pool)) / MILLI,
        "prefill_own": lambda i, key, pool: prefill_raw(i, key, pool_of(pool)),
        "prefill_board": lambda i, key, pool: prefill_board(i, key, pool_of(pool)),
    },
)
expect_step("case_full", in_full)
expect_step("case_flight", in_flight)
expect_power("case_flight", in_flight)
expect_rows(
    "case_flight",
    {
        "tpot": lambda i, *of: pools.tpot(i, of[0], pool_of(of[1])),
        "engine_more": lambda i, *of: pools.engine_more(i, of[0], pool_of(of[1])),
    },
)

# Bounds, windows and bands


def of_trace(i: Inputs, key: str) -> float:
    """Return the share of output of a trace's tokens as the case multiplies it."""
    return assumed(i, key)["output_scale"] * i[f"traces.{assumed(i, key).texts['workload']}.output_share"]


def is_assumed(i: Inputs, key: str) -> bool:
    """Tell whether the share of output is assumed, and not that of the trace."""
    return assumed(i, key).says("output_rule", "assumed share")


def expect_chunk(table: str) -> None:
    """Register the column that says in which chunks prompts are read."""
    expect_columns(table, lambda i, key, *_: drawn(i, key), {"chunk": lambda _, item: item.chunk_shown})


expect_fields("case_bounds", bounds, Bounds)
expect_rows(
    "case_bounds",
    {
        "before": lambda i, key: float(KNOTS * list(i.members("traces")).index(assumed(i, key).texts["workload"])),
        "assumed_share": lambda i, key: assumed(i, key)["output_scale"] * (is_assumed(i, key) and assumed(i, key)["assumed_output"]),
        "trace_share": lambda i, key: 0.0 if is_assumed(i, key) else of_trace(i, key),
    },
)
expect_chunk("case_bounds")
expect_fields("case_windows", lambda i, key, pool: cut_to_window(i, key, pool_of(pool)), Cut, "window")
expect_fields("case_windows", lambda i, key, pool: long_request(i, key, pool_of(pool)), Long, "taken")


expect_rows(
    "case_bands",
    {
        "band_share": lambda i, key: band(i, key).total(),
        "band_length": lambda i, key: band(i, key).total(band(i, key).length),
        "band_squared": lambda i, key: band(i, key).total(band(i, key).length, band(i, key).length),
        "band_output": lambda i, key: band(i, key).total(band(i, key).output),
        "band_output_2": lambda i, key: band(i, key).total(band(i, key).output, band(i, key).output),
        "band_output_share": lambda i, key: band_output_share(i, band(i, key)),
        "band_prompt_2": lambda i, key: band(i, key).total() * band_prompt(i, key) ** 2,
        "cut_prefill": prefill_of_cut,
        "band_prompt": prompt_of_cut,
        "band_steps": lambda i, key: band_cut(i, key).total(band_cut(i, key).steps),
        "band_steps_2": lambda i, key: band_cut(i, key).total(band_cut(i, key).steps, band_cut(i, key).steps),
    },
)

# Sums up to the ends of pools, and up to the knots

COUNTED = ("counts", "from_zero", "start", "half", "weight", "base")
"""What `case_ends` says of an end besides where it stands."""


def pool_and_end(end: str) -> tuple[int, str]:
    """Return the pool and which of its ends a row is: ``from_2``; the edge is that above the first pool, which the second one lacks."""
    name, _, pool = end.partition("_")
    return int(pool or 2), name


def end_at(i: Inputs, key: str, end: str) -> End:
    """Return an end of a pool."""
    return end_of(i, key, *pool_and_end(end))


def end_nodes(i: Inputs, key: str, end: str) -> Requests:
    """Return the nodes of the piece that is added to the sums up to a knot."""
    item = end_at(i, key, end)
    return nodes(i, drawn(i, key), item.knot, item.start, item.half)


expect_fields("case_ends", end_at, End)
expect_nodes(PLANNING, "case_ends", end_nodes)
expect_sums("case_ends", lambda i, key, end: upto_end(i, key, *pool_and_end(end)))


def squared(i: Inputs, requests: Requests) -> float:
    """Return the sum of the squared lengths, without the half token that stands for whole ones."""
    length = requests.length - i["whole_tokens.half_token"]
    return requests.total(length, length)


expect_fields("case_windows", lambda i, key, pool: end_of(i, key, pool_of(pool), TO), End, *COUNTED)
expect_rows("case_windows", {"length": lambda i, key, pool: total_length(i, upto_end(i, key, pool_of(pool), TO))})


def share_of(i: Inputs, key: str, knot: int) -> float:
    """Return the share of output of the requests in the bin below a knot."""
    return drawn(i, key).output_shares[knot - 1]


def sum_of_squared_prompts(i: Inputs, requests: Requests) -> float:
    """Return the sum of the squared prompts of requests as drawn."""
    return float(requests.share @ prompts(i, requests) ** 2)


expect_rows(
    "case_ends",
    {
        "squared_length": lambda i, key, end: squared(i, upto_end(i, key, *pool_and_end(end))),
        "output_share": lambda i, key, end: share_of(i, key, end_at(i, key, end).knot),
        "squared_prompt": lambda i, key, end: sum_of_squared_prompts(i, upto_end(i, key, *pool_and_end(end))),
    },
)


def bin_of(i: Inputs, key: str, knot: str) -> grid.Bin:
    """Return the bin below a knot."""
    return pieces(i, drawn(i, key).card)[pool_of(knot) - 1]


def half_of(item: grid.Bin) -> float:
    """Return half of what the lengths of a bin spread over."""
    return (item.upper - item.lower) / 2.0


def mean_square(item: grid.Bin) -> float:
    """Return the mean square of lengths that spread evenly over a bin: the integral of their square over its width."""
    return (item.upper**2 + item.upper * item.lower + item.lower**2) / 3.0


expect_columns("case_moments", bin_of, {"weight": lambda _, item: item.mass})


def bin_nodes(i: Inputs, key: str, knot: str) -> Requests:
    """Return the nodes of the bin below a knot."""
    item = bin_of(i, key, knot)
    return nodes(i, drawn(i, key), pool_of(knot), item.lower, half_of(item))


expect_nodes(PLANNING, "case_moments", bin_nodes)
expect_steps("case_moments", lambda i, key, knot: upto(i, drawn(i, key), bin_of(i, key, knot).upper))
expect_rows(
    "case_moments",
    {
        "output_share": lambda i, key, knot: share_of(i, key, pool_of(knot)),
        "squared_prompt": lambda i, *of: bin_of(i, *of).mass * sum_of_squared_prompts(i, bin_nodes(i, *of)),
    },
)


def bins_below(i: Inputs, card: str, knot: str) -> tuple[grid.Bin, ...]:
    """Return the bins of a trace up to a knot."""
    return tuple(pieces(i, card)[: pool_of(knot)])


def node_of(number: int) -> Callable[..., float]:
    """Return the rule of the length at a node of the bin below a knot: Gauss and Legendre's of three points."""

    def length(i: Inputs, card: str, knot: str) -> float:
        item = bins_below(i, card, knot)[-1]
        return item.lower + half_of(item) * (1.0 + fleet.NODES[number]) + i["whole_tokens.half_token"]

    return length


expect_rows(
    "trace_knots",
    {
        **{f"length_{number + 1}": node_of(number) for number in range(3)},
        "length": lambda i, *keys: sum(item.mass * (item.lower + item.upper) / 2.0 for item in bins_below(i, *keys)),
        "squared_length": lambda i, *keys: sum(item.mass * mean_square(item) for item in bins_below(i, *keys)),
    },
)

# Pools


@dataclass(frozen=True, slots=True)
class Place:
    """A pool of a study."""

    key: str
    pool: int


def place(_: Inputs, key: str, pool: str) -> Place:
    """Return a pool by its key."""
    return Place(key, pool_of(pool))


def expect_pools(columns: dict[str, Callable[[Inputs, str, int], Value]]) -> None:
    """Register columns of `case_pools`, functions of the inputs, the study and the pool's number."""

    def column(value: Callable[[Inputs, str, int], Value]) -> Callable[[Inputs, Place], Value]:
        return lambda i, item: value(i, item.key, item.pool)

    expect_columns("case_pools", place, {name: column(value) for name, value in columns.items()})


MEANS = ("steps", "steps_length", "steps_2", "steps_2_length", "steps_2_length_2", "output")


def mean_rule(name: str) -> Callable[[Inputs, str, int], float]:
    """Return the rule of a mean over a pool's requests."""

    def rule(i: Inputs, key: str, pool: int) -> float:
        item = taken(i, key, pool)
        return item.mean(grid.SUMS[name](item.requests))

    return rule


expect_columns("case_pools", lambda i, key, _: study(i, key), {"sums": sums_of})
expect_fields("case_pools", lambda i, key, pool: taken(i, key, pool_of(pool)), Taken, "own", "requests", "is_own")
expect_fields("case_pools", lambda i, key, pool: cut_to_window(i, key, pool_of(pool)), Cut, "window", "cut_prefill")
expect_pools({name: mean_rule(name) for name in MEANS})
expect_pools({"squared_length": squared_length, "prompt_2": lambda i, *of: lengths_of(i, *of).prompt_2})
expect_fields("case_pools", lambda i, key, pool: instances.instance(i, key, pool_of(pool)), Instance, "n_slots")
expect_pools({"patience": pools.patience, "role": role, "requests_of": lambda i, *of: float(requests_of(i, *of))})
expect_pools({"first_step": pools.first_step, "sent": pools.sent, "before": pools.before_prefill})
expect_fields("case_pools", lambda i, key, pool: pools.service(i, key, pool_of(pool)), Service, "mean", "cv2")


def wanted(i: Inputs, key: str, pool: str) -> Wanted:
    """Return what the search for a pool's instances starts from."""
    return pools.wanted(i, key, pool_of(pool))


expect_search("case_pools", wanted, PLANNING, lambda i, key, pool: pools.limits(i, key, pool_of(pool)))
expect_pools({"bound": pools.bound})
expect_fields("case_pools", lambda i, key, pool: pools.run(i, key, pool_of(pool)), Run)


expect_pools(
    {
        "curve_scale": lambda i, key, pool: pools.curve_scale(i, assumed(i, key), pool),
        "same_setup": lambda i, key, pool: float(all(instances.sameness(i, key, pool)[:2])),
        "same_parallel": lambda i, key, pool: float(all(instances.sameness(i, key, pool)[:3])),
        "same_weights": lambda i, key, pool: float(all(instances.sameness(i, key, pool)[:4])),
        "same": lambda i, key, pool: float(all(instances.sameness(i, key, pool))),
        "first_token": pools.first_token,
        "credited": pools.credited,
        "tokens": pools.tokens,
        "state": states.state,
        "trouble": states.trouble,
    }
)


# Shares as summed are differences of sums near 1: what is left of nothing is its rounding
PLANNING.differences.update({"case_pools.share_sum", "case_pools.beyond", "case_bands.band_share"})
