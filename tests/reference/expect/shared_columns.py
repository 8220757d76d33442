"""Expectations of columns that several tables share: sums up to a length, instances, service times, queues, sized pools.

Every ``expect_*`` registers one shared part for a table. It takes the table's name and a
function from the inputs and a row's keys to the domain object of that part. A column that
more than one part would bring is registered by one of them only, named in its docstring.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from tests.reference.equations import fleet, grid
from tests.reference.equations.grid import SUMS, Requests
from tests.reference.equations.rounding import ceil
from tests.reference.expect import lengths, search
from tests.reference.expect.lengths import Place
from tests.reference.expect.pools import Band, Board, Run, Served, Server, chunk
from tests.reference.expect.search import Wanted
from tests.reference.quantities import DIFFERENCES, PAPER, TINY, Inputs, Registry, Value

MEANS = ("steps", "steps_length", "steps_2", "steps_2_length", "steps_2_length_2")
"""What a service time needs of the requests of a pool."""


expect_columns = PAPER.columns

# Sums up to a length


@dataclass(frozen=True, slots=True)
class End:
    """A length of a workload (tokens) as a profile takes its requests.

    ``from_zero``: the requests of its bin that are longer than it are drawn from token 0, as coded.
    """

    workload: str
    profile: str
    limit: float
    from_zero: bool = False


@cache
def place(i: Inputs, end: End) -> Place:
    """Return where a length stands among the bins of its workload."""
    return Place(lengths.bins(i, end.workload), end.limit, from_zero=end.from_zero)


@cache
def nodes(i: Inputs, workload: str, profile: str, begin: float, width: float) -> Requests:
    """Return three requests at the nodes of the lengths from ``begin`` over twice ``width``, 0 or more tokens."""
    tokens = lengths.tokens(i, workload)
    length = begin + width * (1.0 + np.asarray(fleet.NODES)) + tokens.half_token
    output = tokens.output_share * length + tokens.lost
    steps = ceil((length - output) / chunk(i, profile)) + output / tokens.per_step
    return Requests(np.asarray(fleet.WEIGHTS), length, output, steps)


@cache
def requests_upto(i: Inputs, end: End) -> Requests:
    """Return the requests up to a length; those of its bin that are longer taken off where they are drawn from 0."""
    if not end.from_zero:
        return lengths.upto(i, end.workload, end.profile, end.limit)
    part = place(i, end)
    drawn = nodes(i, end.workload, end.profile, 0.0, part.upper / 2.0)
    longer = part.mass * (1.0 - part.inside)
    return lengths.minus(lengths.upto(i, end.workload, end.profile, part.upper), lengths.times(drawn, longer))


def total_length(i: Inputs, requests: Requests) -> float:
    """Return the sum of the lengths, without the half token that stands for whole ones."""
    return requests.total(requests.length - i["traffic.half_token"])


def expect_nodes(registry: Registry, table: str, of: Callable[..., Requests]) -> None:
    """Register the columns of parts/nodes.yaml; ``of`` gives the three requests."""

    def node(column: str, number: int) -> Callable[[Inputs, Requests], Value]:
        return lambda _, item: float(getattr(item, column)[number])

    columns = [(name, column, number) for name, column in (("length", "length"), ("node_steps", "steps")) for number in range(3)]
    registry.columns(table, of, {f"{name}_{number + 1}": node(column, number) for name, column, number in columns})


def prefill(i: Inputs, requests: Requests) -> float:
    """Return the prefill steps of requests, summed: what each takes besides its decode steps."""
    return requests.total(requests.steps - requests.output / i["decode.tokens_per_step"])


def sum_rule(name: str) -> Callable[[Inputs, Requests], Value]:
    """Return the rule of a sum over requests."""
    return lambda _, item: SUMS[name](item)


def expect_sums(table: str, of: Callable[..., Requests]) -> None:
    """Register the sums over requests."""
    expect_columns(table, of, {name: sum_rule(name) for name in SUMS})
    expect_columns(table, of, {"length": total_length, "prefill": prefill})


def expect_end(table: str, of: Callable[..., End]) -> None:
    """Register what place.yaml, piece.yaml, nodes.yaml and upto.yaml give, and what they are given; ``of`` gives the length."""
    columns = ("limit", "below", "knot", "inside", "start", "half", "weight", "base")
    PAPER.attributes(table, lambda i, *keys: place(i, of(i, *keys)), *columns)
    expect_nodes(PAPER, table, lambda i, *keys: nodes_of(i, of(i, *keys)))
    expect_columns(table, of, {"piece_prefill": lambda i, end: place(i, end).weight * prefill(i, nodes_of(i, end))})
    expect_sums(table, lambda i, *keys: requests_upto(i, of(i, *keys)))


def nodes_of(i: Inputs, end: End) -> Requests:
    """Return the nodes of the piece that is added to the sums up to a knot."""
    return nodes(i, end.workload, end.profile, place(i, end).start, place(i, end).half)


# Instances and service times


def expect_server(table: str, of: Callable[..., Server]) -> None:
    """Register the window and the columns of server.yaml but ``n_slots``, which `search.expect_search` brings."""
    PAPER.attributes(table, of, "window", "by_slots", "by_blocks", "h_full", "h_one")


def expect_means(table: str, of: Callable[..., Served]) -> None:
    """Register the five means over the requests of a pool that its service time needs."""

    def mean(column: str) -> Callable[[Inputs, Served], Value]:
        return lambda _, item: item.mean_of(column)

    expect_columns(table, of, {column: mean(column) for column in MEANS})


def expect_service(table: str, of: Callable[..., Served]) -> None:
    """Register what service.yaml is given of the requests of a pool, and ``mean_square``.

    ``mean`` and ``cv2`` come with `search.expect_search` or `expect_queue`, ``prefill`` with `expect_run`.
    """
    expect_means(table, of)
    expect_columns(table, of, {"prefill_steps": lambda i, item: item.prefill_steps(i), "mean_square": lambda _, item: item.time(2)})


# Queues and pools as they run


def expect_queue(table: str, of: Callable[..., tuple[Wanted, float]]) -> None:
    """Register load.yaml and queue.yaml and what they are given but ``instances``; ``of`` gives a pool and its instances."""

    def queue(i: Inputs, *keys: str) -> search.Queue:
        wanted, instances = of(i, *keys)
        return search.queue(wanted, i["traffic.objective"], instances)

    PAPER.attributes(table, lambda i, *keys: of(i, *keys)[0], "rate", "n_slots", "mean", "cv2", "offered")
    PAPER.attributes(table, queue, "servers", "waits", "wait")
    expect_columns(table, of, {"spread": lambda _, item: (1.0 + item[0].cv2) / 2.0})
    TINY.add(f"{table}.waits")
    DIFFERENCES.add(f"{table}.wait")


def expect_board(table: str, of: Callable[..., Board]) -> None:
    """Register the profile, ``counted``, ``used`` and the columns of board.yaml."""
    PAPER.attributes(table, of, "counted", "used")
    expect_columns(
        table,
        of,
        {
            "profile": lambda i, item: i.shown(item.profile),
            "p_range": lambda i, item: item.curve(i).p_nominal - item.curve(i).p_idle,
            "board": lambda i, item: item.watts(i),
            "power_one": lambda i, item: item.power_one(i),
            "gpus": lambda i, item: item.gpus(i),
            "power": lambda i, item: item.power(i),
        },
    )


def expect_run(table: str, of: Callable[..., Run]) -> None:
    """Register run.yaml and board.yaml, and of what they are given the profile, ``share``, ``bound`` and ``prefill``."""
    expect_board(table, lambda i, *keys: of(i, *keys).board)
    PAPER.attributes(table, of, "share", "bound", "prefill", "utilisation", "in_flight", "first_token")
    expect_columns(
        table,
        of,
        {
            "state": lambda i, item: item.state(i),
            "sound": lambda i, item: float(item.is_sound(i)),
        },
    )


# Bands


def expect_band(table: str, of: Callable[..., Band]) -> None:
    """Register band.yaml and what it is given but ``as_coded``."""
    expect_columns(
        table,
        of,
        {
            "chunk": lambda _, item: item.chunk,
            "output_share": lambda _, item: item.tokens.output_share,
            "band_share": lambda _, item: item.requests.total(),
            "band_output": lambda _, item: SUMS["output"](item.requests),
            "band_output_2": lambda _, item: SUMS["output_2"](item.requests),
            "cut_prefill": lambda _, item: grid.prefill_of_cut(item.requests, item.cut_to, item.chunk),
            "coded_prompt": lambda _, item: (1.0 - item.tokens.output_share) * item.cut_to - item.tokens.lost,
            "coded_steps": lambda _, item: grid.coded_steps(item.cut_to, item.tokens, item.chunk),
            "band_steps": lambda _, item: SUMS["steps"](item.cut),
            "band_steps_2": lambda _, item: SUMS["steps_2"](item.cut),
            "band_prefill": lambda _, item: SUMS["steps"](item.cut) - SUMS["output"](item.cut) / item.tokens.per_step,
        },
    )
